"""The numbers behind the pictures: what the primitives return, or exact values of the two-state example in fractions.

No result of the ledger is used here and none is made: these curves explain, they confirm nothing.  The code is named by
a dotted string and loaded where a picture needs it, so that nothing here imports torch.

    python -m proofs.runner.site.curves clip-objective        prints the numbers of a picture as JSON
"""

from __future__ import annotations

import importlib
import json
import math
import sys
from collections.abc import Callable
from fractions import Fraction as F
from functools import cache
from typing import Any

PICTURES = "numeric.experiments.pictures"
EPSILON = 0.2
GAMMA = 0.99
LAMBDAS = (0.0, 0.5, 0.9, 0.97)
DISCOUNTS = ("1", "99/100")  # of the cliff walk
FORMATS = ("float64", "float32", "bfloat16")
Curve = tuple[list[float], dict[str, list[float]]]

# The two-state example: probability of state 1 after (state, action), mean reward, policy; rewards carry a fair +-1.
TO_FIRST = {(1, "a"): F(3, 4), (1, "b"): F(1, 4), (2, "a"): F(1, 2), (2, "b"): F(0)}
REWARD = {(1, "a"): F(1), (1, "b"): F(2), (2, "a"): F(0), (2, "b"): F(-1)}
POLICY = {(1, "a"): F(2, 3), (1, "b"): F(1, 3), (2, "a"): F(1, 4), (2, "b"): F(3, 4)}
DISCOUNT, START, STATES = F(1, 2), {1: F(1, 2), 2: F(1, 2)}, (1, 2)


def computed(function: str, *arguments: Any) -> Any:
    """What a function of numeric.experiments.pictures returns."""
    return getattr(importlib.import_module(PICTURES), function)(*arguments)


@cache
def clip_objective(advantage: int) -> tuple[list[float], list[float]]:
    """The primitive's objective for ratios from 0 to 2, kinks included."""
    ratios = sorted({i / 50 for i in range(101)} | {1 - EPSILON, 1 + EPSILON})
    return ratios, computed("clip", ratios, float(advantage), EPSILON)[0]


@cache
def clip_slopes(advantage: int) -> list[tuple[float, float, float]]:
    """(from, to, slope) for the three zones, the primitive's by autograd; both of two points inside agree."""
    edges = (0.0, 1 - EPSILON, 1 + EPSILON, 2.0)
    zones = []
    for left, right in zip(edges, edges[1:], strict=False):
        inner = [left + (right - left) * part for part in (0.25, 0.75)]
        slopes = set(computed("clip", inner, float(advantage), EPSILON)[1])
        if len(slopes) != 1:
            raise ValueError(f"the slope must be one number between {left} and {right}; got {sorted(slopes)}")
        zones.append((left, right, slopes.pop()))
    return zones


@cache
def gae_weights(lam: float, steps: int = 20) -> tuple[list[int], list[float], list[float]]:
    """(l, weight (1 - lambda) lambda^l of the (l+1)-step advantage, the primitive's weight of the TD error l steps on)."""
    index = list(range(steps))
    return index, [(1 - lam) * lam**i for i in index], computed("gae_on_errors", GAMMA, lam, steps)


def branches(state: int) -> list[tuple[F, F, int]]:
    """(probability, reward, next state) of everything that can happen in one step from `state`."""
    found = []
    for action in "ab":
        for noise in (F(1), F(-1)):
            for after in STATES:
                to = TO_FIRST[state, action] if after == 1 else 1 - TO_FIRST[state, action]
                found.append((POLICY[state, action] * to / 2, REWARD[state, action] + noise, after))
    return found


def solve(matrix: list[list[F]], right: list[F]) -> dict[int, F]:
    """The solution of two linear equations, by Cramer's rule."""
    (a, b), (c, d) = matrix
    det = a * d - b * c
    return {1: (right[0] * d - b * right[1]) / det, 2: (a * right[1] - right[0] * c) / det}


def fixed_point(source: dict[int, F], factor: F) -> dict[int, F]:
    """x with x(s) = source(s) + factor E[x(s') | s]."""
    to = {s: {t: sum((p for p, _, after in branches(s) if after == t), F(0)) for t in STATES} for s in STATES}
    matrix = [[(1 if s == t else 0) - factor * to[s][t] for t in STATES] for s in STATES]
    return solve(matrix, [source[s] for s in STATES])


def values() -> dict[int, F]:
    """The policy's value function, from Bellman's equation."""
    return fixed_point({s: sum((p * r for p, r, _ in branches(s)), F(0)) for s in STATES}, DISCOUNT)


@cache
def td_variances(most: int) -> tuple[list[F], F]:
    """Var TD(k) of r_0 + ... + gamma^k V(s_k) for k = 1..most, and its limit; exact.

    First and second moments of the discounted sum are carried backward from V, with no use of the claim's own identity.
    """
    mean = values()
    second = {s: mean[s] ** 2 for s in STATES}  # E of the square of the 0-step target from s
    found = []
    average = sum((START[s] * mean[s] for s in STATES), F(0))
    for _ in range(most):
        second = {s: sum((p * square(r, mean, second, t) for p, r, t in branches(s)), F(0)) for s in STATES}
        found.append(sum((START[s] * second[s] for s in STATES), F(0)) - average**2)
    rest = {s: sum((p * (r * r + 2 * DISCOUNT * r * mean[t]) for p, r, t in branches(s)), F(0)) for s in STATES}
    last = fixed_point(rest, DISCOUNT**2)
    return found, sum((START[s] * last[s] for s in STATES), F(0)) - average**2


def square(reward: F, mean: dict[int, F], second: dict[int, F], after: int) -> F:
    """E (r + gamma G)^2 for a reward and a rest G from `after` with these moments."""
    return reward**2 + 2 * DISCOUNT * reward * mean[after] + DISCOUNT**2 * second[after]


@cache
def kl_curves() -> Curve:
    """The estimators over log r from -2 to 1.5."""
    logs = [-2 + 3.5 * i / 140 for i in range(141)]
    return logs, computed("estimators", logs)


def moments(p: list[float], q: list[float]) -> dict[str, tuple[float, float]]:
    """(mean, standard deviation) of each estimator for x ~ p, by summing over the outcomes."""
    found = {}
    for name, values in computed("estimators", [math.log(b / a) for a, b in zip(p, q, strict=True)]).items():
        mean = sum(a * value for a, value in zip(p, values, strict=True))
        spread = sum(a * (value - mean) ** 2 for a, value in zip(p, values, strict=True))
        found[name] = (mean, math.sqrt(spread))
    return found


FROM, TO = [2 / 9, 3 / 9, 4 / 9], [1 / 2, 1 / 3, 1 / 6]


def mixture(part: float) -> list[float]:
    """q on the way from p (0) to the far distribution (1)."""
    return [(1 - part) * a + part * b for a, b in zip(FROM, TO, strict=True)]


@cache
def kl_bias() -> Curve:
    """Mean of each estimator minus KL(p || q), over the distance between p and q."""
    grid = [i / 40 for i in range(41)]
    curves: dict[str, list[float]] = {"k1": [], "k2": [], "k3": []}
    for part in grid:
        q = mixture(part)
        exact = sum(a * math.log(a / b) for a, b in zip(FROM, q, strict=True))
        for name, (mean, _) in moments(FROM, q).items():
            curves[name].append(mean - exact)
    return grid, curves


@cache
def kl_spread_near() -> Curve:
    """Standard deviations over the distance between p and q, from 1/40 (at 0 all are 0)."""
    grid = [i / 40 for i in range(1, 41)]
    return grid, {name: [moments(FROM, mixture(x))[name][1] for x in grid] for name in ("k1", "k2", "k3")}


@cache
def kl_spread_rare() -> Curve:
    """Standard deviations for p = (1 - x, x), q = (1/2, 1/2), over x from 1/1000 to 1/2."""
    grid = [0.001 * 480 ** (i / 60) for i in range(61)]
    return grid, {name: [moments([1 - x, x], [0.5, 0.5])[name][1] for x in grid] for name in ("k1", "k2", "k3")}


KL_ALONG, KL_TO = [1.0, 0.0, -1.0], [0.2, 0.3, 0.5]


@cache
def kl_slopes() -> Curve:
    """Mean slopes of the estimators and slopes of both divergences, over theta in a policy with logits theta (1, 0, -1)."""
    grid = [-1.5 + 3 * i / 60 for i in range(61)]
    logits = [[theta * g for g in KL_ALONG] for theta in grid]
    return grid, computed("kl_slopes", logits, KL_ALONG, KL_TO)


LOGITS = [math.log(1 / 6), math.log(1 / 3), math.log(1 / 2)]  # the policy (1/6, 1/3, 1/2)
ABOVE = [1.0, 3.0, -4.0]  # above the average at the first action, and not the largest there


@cache
def simplex_paths() -> list[list[list[float]]]:
    """For each sampled action, the policies after a step of length 0 to 12 along its score."""
    steps = [12 * (i / 60) ** 2 for i in range(61)]
    return [computed("policy_along", LOGITS, computed("score_of", LOGITS, action), steps) for action in range(3)]


@cache
def above_average() -> tuple[list[float], list[list[float]]]:
    """(step, probabilities of three actions after it) from equal logits along (1, 3, -4)."""
    steps = [i / 50 for i in range(61)]
    return steps, [list(one) for one in zip(*computed("policy_along", [0.0] * 3, ABOVE, steps), strict=True)]


@cache
def tanh_errors(name: str) -> Curve:
    """The largest error in nats of each form in a format around each size of u, from 1/50 to 20."""
    grid = [0.02 * 1000 ** (i / 480) for i in range(481)]
    found = computed("tanh_errors", name, grid)
    return grid[8::16], {form: [max(values[k : k + 16]) for k in range(0, 480, 16)] for form, values in found.items()}


@cache
def tanh_slopes() -> Curve:
    """The slope of -log(1 - tanh(u)^2) in float32 for each form, u from 0 to 12."""
    grid = [12 * i / 60 for i in range(61)]
    return grid, computed("tanh_slopes", grid)


@cache
def cliff(discount: str) -> dict[str, Any]:
    """Optimal values and moves on the cliff walk, exact and then rounded."""
    found: dict[str, Any] = computed("cliff", discount)
    return found


NUMBERS: dict[str, Callable[[], Any]] = {
    "clip-objective": lambda: {a: {"objective": clip_objective(a), "slopes": clip_slopes(a)} for a in (1, -1)},
    "gae-weights": lambda: {lam: gae_weights(lam) for lam in LAMBDAS},
    "td-variance": lambda: [str(x) for x in (*td_variances(8)[0], td_variances(8)[1])],
    "kl-curves": lambda: {"values": kl_curves(), "bias": kl_bias()},
    "kl-spread": lambda: {"near": kl_spread_near(), "rare": kl_spread_rare()},
    "kl-gradients": kl_slopes,
    "softmax-step": lambda: {"simplex": simplex_paths(), "above average": above_average()},
    "cliff-walk": lambda: {discount: cliff(discount) for discount in DISCOUNTS},
    "tanh-error": lambda: {**{name: tanh_errors(name) for name in FORMATS}, "slope": tanh_slopes()},
}


def main(arguments: list[str]) -> int:
    """Print a picture's numbers; an unknown name prints the known ones."""
    if len(arguments) != 1 or arguments[0] not in NUMBERS:
        print("one of:", *NUMBERS, file=sys.stderr)
        return 2
    print(json.dumps(NUMBERS[arguments[0]]()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
