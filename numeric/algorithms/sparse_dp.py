"""Value iteration, modified policy iteration, policy iteration and policy evaluation with memory linear in the transitions.

    V <- max_a r(., a)
    repeat
        TV, pi <- max_a and argmax_a of r(s, a) + discount sum_y P(y | s, a) V(y)       one sweep over all transitions
        stop if the bound below is at most epsilon: return TV + shift
        V <- TV                                                                         "value"
        V <- `sweeps` times V <- r_pi + discount P_pi V, from TV on                     "modified"
        V <- V + e, where (I - discount P_pi) e = TV - V up to `forcing`, by BiCGStab   "policy"; with one action at once
        "auto": "modified" while a sweep shrinks the span to SLOW or less, "policy" from the first time that it does not
        after PATIENCE rounds without a bound that is lower by the factor discount:     V <- TV of the V that had the lowest

The stopping rule.  Let b = TV - V lie in [low, high] and let every row sum to 1.  T is monotone and T(V + c) = TV + discount c
for a constant c, so T^{n+1} V - T^n V lies in discount^n [low, high]; summed over n >= 1,

    TV + discount low / (1 - discount)  <=  V*  <=  TV + discount high / (1 - discount)

for every V, however it was found.  So TV plus the midpoint is within half the width of the exact V* in every state: the error
that is returned is proved, not estimated.  The greedy policy's values obey the same lower bound: it loses at most twice the
error.  The width belongs to the span of b, which falls faster than b where states mix; to stop on it and return V without the
shift is wrong by any amount.  A terminal state is worth 0: its b is 0, so that low <= 0 <= high, and it gets no shift.  Three
things widen the interval, so that it holds for the table in memory, and for the rationals it was rounded from: the rounding of
a sweep (`noise`), rows that do not quite sum to 1 (`slow` and `fast` of the model in place of discount), that of the bound.
An epsilon that the dtype cannot prove is refused, with the smallest that it can.

At discount 1 a constant does not shrink.  With w >= theta + max_a sum_y P(y | s, a) w(y), theta > 0, which exists where every
policy ends, |V* - V| <= max |b| w / theta: the same proof with w in the place of the constant.  Where some policy never ends
the problem is refused by the name of a state; `numeric.algorithms.policy_iteration` takes such a problem.

Source: Puterman, Markov Decision Processes, 1994, 6.3-6.6 (value and modified policy iteration, spans and bounds); van der
Vorst 1992 (BiCGStab).  Other libraries stop by other rules: docs/conventions.md.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from numeric.algorithms.sparse_model import Model, Rows, apply, follow, require_ends, rows_of, under
from numeric.primitives.checks import at_least_zero, described, positive_integer

Method = Literal["auto", "value", "modified", "policy"]
SLOW = (
    0.6  # of the span left by a sweep: below it five sweeps beat BiCGStab (.25-.4 on random successors, .75 on bands)
)
PATIENCE = 10  # policy iteration need not lower the bound at each step; a sweep does, by the factor discount
MOST_PRODUCTS = 200  # with P_pi in one solve; beyond them an improvement comes first


class Solution(NamedTuple):
    """values: [S], each within `error` of the exact one.  policy: [S], greedy in them, worth within 2 * error of the optimum;
    0 in terminal states.  backups: sweeps over all actions.  products: sweeps over the rows of one policy.
    """

    values: Tensor
    policy: Tensor
    error: float
    backups: int
    products: int


def solve(
    model: Model,
    *,
    epsilon: float = 1e-6,
    method: Method = "auto",
    sweeps: int = 5,
    forcing: float = 0.03,
    most: int = 100_000,
) -> Solution:
    """Optimal values, each within epsilon of the exact one, and a greedy policy.

    epsilon: in units of reward.  method, sweeps, forcing: see the module's docstring; the values are within epsilon with any of
    them.  most: backups.  Raises ValueError on an unknown method, numbers out of range, an epsilon that the dtype cannot
    prove, and at discount 1 where some policy never ends; RuntimeError after `most` backups; FloatingPointError on overflow.
    """
    if not isinstance(model, Model):
        raise ValueError(f"model must be a Model, as model_of gives it; got {described(model)}")
    at_least_zero(epsilon=epsilon, forcing=forcing)
    positive_integer(sweeps=sweeps, most=most)
    if method not in ("auto", "value", "modified", "policy"):
        raise ValueError(f"method must be one of auto, value, modified, policy; got {method!r}")
    if model.discount == 1 and model.horizon is None:
        model = replace(model, horizon=_horizon(model))
    return _iterate(model, epsilon, method, sweeps, forcing, most)


def evaluate(model: Model, policy: Tensor, *, epsilon: float = 1e-6) -> Solution:
    """The policy's values, each within epsilon of the exact one.

    policy: actions [S] or probabilities [S, A].  Raises ValueError as `solve` and `sparse_model.under` do; at discount 1 it is
    this policy that must end from every state.
    """
    return solve(under(model, policy), epsilon=epsilon)


def _iterate(model: Model, epsilon: float, method: str, sweeps: int, forcing: float, most: int) -> Solution:
    """The loop of the module's docstring."""
    values, buffer = model.reward.view(model.actions, -1).amax(0), torch.empty_like(model.reward)
    good, least, waited = values, math.inf, 0
    policy: Tensor | None = None
    products, error = 0, math.inf
    gain = _series(model.fast) if model.horizon is None else model.horizon
    enough = (
        epsilon / (2 * gain) if gain else math.inf
    )  # of a residual: the bound is then half of epsilon, and rounding
    forcing = forcing if model.actions > 1 else 0.0  # a linear problem is solved at once
    for backups in range(1, most + 1):
        best, action = _backup(model, values, buffer, greedy=method != "value")
        change = best - values
        low, high = _ends(change)
        error, shift = _bound(model, low, high, best, epsilon)
        if error <= epsilon:
            action = buffer.view(model.actions, -1).argmax(0) if method == "value" else action
            return Solution(best + shift * model.live, action * (model.live > 0), error, backups, products)
        if error == math.inf and (method == "value" or waited > PATIENCE or least == math.inf):
            raise FloatingPointError(f"values must stay finite; after backup {backups} one is not")
        if error <= model.fast * least or waited > PATIENCE:
            good, least, waited = best, error, 0
        else:
            waited += 1
        if method == "value":
            values = best
        elif waited > PATIENCE:
            values = good
        else:
            if policy is None or not torch.equal(action, policy):
                policy = action
                rows, reward = follow(model, action)
            if method == "policy":
                values, count = _corrected(rows, values, change, max(forcing * max(-low, high), enough))
            else:
                values, count, slow = _swept(rows, reward, best, sweeps, high - low)
                method = "policy" if method == "auto" and slow else method
            products += count
    raise RuntimeError(f"the error must fall to epsilon = {epsilon} within {most} backups; it is {error:.3g}")


def _backup(model: Model, values: Tensor, buffer: Tensor, *, greedy: bool) -> tuple[Tensor, Tensor]:
    """TV and, with greedy, the first best action of each state.  buffer: [A * S], overwritten by the action values."""
    found = apply(model.rows, model.reward, values, out=buffer).view(model.actions, -1)
    if model.actions == 1:
        return found[0].clone(), torch.zeros_like(found[0], dtype=torch.int64)
    if not greedy:  # the maximum alone takes an eighth of the time
        return found.amax(0), found
    best, action = found.max(0)
    return best, action


def _swept(rows: Rows, reward: Tensor, values: Tensor, sweeps: int, span: float) -> tuple[Tensor, int, bool]:
    """values after `sweeps` sweeps, how many, and whether each left more than SLOW of the span of the change on average."""
    before = values
    for _ in range(sweeps):
        before, values = values, apply(rows, reward, values)
    low, high = _ends(values - before)
    return values, sweeps, high - low > SLOW**sweeps * span


def _corrected(rows: Rows, values: Tensor, change: Tensor, goal: float) -> tuple[Tensor, int]:
    """values + e with |change - (I - P) e| <= goal in every state, by BiCGStab, and the products taken.

    It may end earlier, by a breakdown or at MOST_PRODUCTS, and its residual is updated, so wrong by rounding: neither matters,
    because the next backup's bound does not ask how a V was found.
    """
    values, residual, shadow, direction = values.clone(), change.clone(), change, change.clone()
    rho, products = torch.dot(shadow, residual).item(), 0
    while products < MOST_PRODUCTS:
        image = apply(rows, direction, direction, sign=-1)
        along = torch.dot(shadow, image).item()
        if rho == 0 or along == 0:
            break
        alpha = rho / along
        residual.add_(image, alpha=-alpha)
        other = apply(rows, residual, residual, sign=-1)
        norm = torch.dot(other, other).item()
        omega = torch.dot(other, residual).item() / norm if norm else 0.0
        values.add_(direction, alpha=alpha).add_(residual, alpha=omega)
        residual.add_(other, alpha=-omega)
        products += 2
        if omega == 0 or not torch.linalg.vector_norm(residual, torch.inf).item() > goal:
            break
        rho, before = torch.dot(shadow, residual).item(), rho
        direction.add_(image, alpha=-omega).mul_(rho / before * alpha / omega).add_(residual)
    return values, products


def _bound(model: Model, low: float, high: float, best: Tensor, epsilon: float) -> tuple[float, float]:
    """(error, shift): exact values lie within error of best + shift in live states, and are 0 in terminal ones.

    A sweep rounds a reward at most 2 K + 3 times, a product with a value K + 5 times (a table of rationals that were rounded
    to floats included), and `change` once more: each by half an eps of the terms' magnitudes, so 2 K + 6 halves cover all.
    Raises ValueError where error is above epsilon and rounding alone could keep it there.
    """
    unit = torch.finfo(best.dtype).eps / 2
    bottom, top = _ends(best)
    magnitude = max(-bottom, top) + max(-low, high)
    if not math.isfinite(magnitude):
        return math.inf, 0.0
    noise = (2 * model.rows.columns.shape[1] + 6) * unit * (model.size + magnitude)
    low, high = low - noise, high + noise
    if model.horizon is None:
        gain = _series(model.fast)
        upper = high * (gain if high > 0 else _series(model.slow))
        lower = low * (gain if low < 0 else _series(model.slow))
        width, shift = (upper - lower) / 2, (upper + lower) / 2
    else:
        gain = model.horizon
        width, shift = max(-low, high) * gain, 0.0
    error = width + noise + 4 * unit * (magnitude + abs(shift))
    reach = (4 * gain + 2) * noise
    if epsilon < error <= reach:
        raise ValueError(
            f"epsilon must be at least {reach:.2g} for values up to {magnitude:.3g} in {best.dtype}; got {epsilon}"
        )
    return error, shift


def _series(factor: float) -> float:
    """factor + factor^2 + ..."""
    return factor / (1 - factor)


def _horizon(model: Model) -> float:
    """max w / theta for w = the most steps that an episode can last on average, in float64; ValueError if one need not end."""
    require_ends(model)
    rows, live = rows_of(model.rows.columns, model.rows.weights.double(), len(model.live)), model.live.double()
    steps = replace(model, rows=rows, reward=live.repeat(model.actions), live=live, size=1.0, horizon=1.0)
    longest = _iterate(steps, 0.25, "policy", 5, 0.03, 100_000).values
    following, _ = _backup(steps, longest, torch.empty_like(steps.reward), greedy=False)
    most, change = _ends(longest)[1], _ends(following - longest)[1]
    theta = 1 - change - (2 * rows.columns.shape[1] + 6) * torch.finfo(model.live.dtype).eps * (1 + most)
    if theta <= 0:
        raise ValueError(
            f"at discount 1 episodes must be shorter in {model.live.dtype}; got {most:.3g} steps on average"
        )
    return most / theta


def _ends(values: Tensor) -> tuple[float, float]:
    """Least and largest entry; NaN where there is one."""
    low, high = torch.stack(values.aminmax()).tolist()
    return low, high
