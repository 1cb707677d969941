"""What A2C with discrete actions promises (alg-a2c-disc), on enumerated windows against exact recursions and linear solves.

A window of k steps begins in a state of some law; episodes that end inside it are followed by new ones.  Every such window of a
small task is a column of one batch.  Each column has logits and values of its own, so that the gradient of the batch's mean loss
splits into those of single windows, and their sum with exact probabilities is the mean over all that can happen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from types import ModuleType
from typing import Any

import torch
from flint import arb
from torch import Tensor

from numeric.contract import NO_GRADIENT, Row, rounding
from numeric.contracts.trajectories import (
    Batch,
    Table,
    added,
    batch,
    generic,
    gradient,
    impossible,
    layers,
    logits,
    pushed,
    scaled,
    table,
    to_go,
    tree2,
    weighted,
    windows,
)
from numeric.envs.tabular import Tabular, table_of
from numeric.mdp.model import FiniteMDP, Policy
from numeric.mdp.paths import paths
from numeric.mdp.reading import named
from numeric.mdp.solve import evaluate, visits

F = Fraction
HALF = F(1, 2)
TERMINAL = F(1000)  # what the critic says of a terminal state, which nobody may ask
F64 = torch.float64


def tasks() -> list[tuple[str, Policy, int]]:
    """(name, policy, the longest window)."""
    found = [("EP", named("ep"), 4), ("TREE2", tree2(), 4), ("LAYERS", layers(1), 2)]
    return [(name, generic(mdp), most) for name, mdp, most in found]


def guess(mdp: FiniteMDP) -> list[Fraction]:
    """A critic that is wrong everywhere, and absurd in terminal states."""
    return [F(3 * s * s - 7, 2) if row else TERMINAL for s, row in enumerate(mdp.rows)]


def bound(found: Batch, size: float | Fraction) -> Fraction:
    """For a mean over the columns of a batch: each step takes some 40 operations on numbers up to `size`, and all are added."""
    return rounding(40 * found.reward.numel(), size)


def slopes(
    module: ModuleType, policy: Policy, values: Sequence[Fraction], found: Batch, device: str, **settings: Any
) -> tuple[Tensor, Tensor]:
    """(g_theta, g_phi): the means over the columns, weighted by their probabilities."""
    count, column = found.reward.shape[1], torch.arange(found.reward.shape[1], device=device)
    theta = logits(policy, device).detach().repeat(count, 1, 1).requires_grad_()
    phi = table(values, device).detach().repeat(count, 1).requires_grad_()
    given = {"discount": float(policy.mdp.discount), "entropy_coefficient": 0.0, **settings}
    total, _ = module.loss(
        lambda s: theta[column, s], lambda s: phi[column, s], window_of(module, *found[:-1]), module.Settings(**given)
    )
    total.backward()
    assert theta.grad is not None and phi.grad is not None
    weight = found.probability * count
    return torch.einsum("n,nsa->sa", weight, theta.grad), torch.einsum("n,ns->s", weight, phi.grad)


def window_of(module: ModuleType, *parts: Tensor) -> Any:
    """A rollout of the six parts that the loss reads; it does not ask for the time."""
    return module.Rollout(*parts, time=torch.zeros_like(parts[1]))


def expected(
    policy: Policy, law: Sequence[Fraction], values: Sequence[Fraction], steps: int
) -> tuple[Table, list[Fraction]]:
    """The exact means of g_theta and g_phi (at coefficient 1/2) of windows of k steps that begin in `law`, by recursion:

    step t is at s with probability law_t(s), and its target has k - t steps before the critic is asked.
    """
    parts, critic = [], [F(0)] * len(values)
    for t in range(steps):
        v, q = to_go(policy, values, steps - t)
        parts.append(weighted(policy, law, q))
        critic = [x - p * (a - b) / steps for x, p, a, b in zip(critic, law, v, values, strict=True)]
        law = pushed(policy, law, restart=True)
    return scaled(-F(1, steps), added(parts)), critic


# ------------------------------------------------------------------------------------- the promises
def returns(module: ModuleType, device: str) -> Iterator[Row]:
    """By definition, three columns of six steps: ends of both kinds in the middle, and at the end of the window."""
    reward = [[3, -2, 5], [7, 4, -1], [2, 6, 8], [-3, 1, 9], [5, 2, -4], [1, -6, 3]]
    after: list[list[Any]] = [
        [11, 13, None],
        [None, 17, 19],
        [23, -29, 31],
        [37, None, 41],
        [43, 47, -53],
        [59, None, 61],
    ]
    over = [[0, 0, 1], [1, 0, 0], [0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 1, 0]]  # where `after` is None, and never read
    cut = [[0, 0, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]]
    seen = [[float("nan") if x is None else float(x) for x in row] for row in after]
    tensors = [torch.tensor(x, dtype=F64, device=device) for x in (reward, seen)]
    flags = [torch.tensor(x, dtype=torch.bool, device=device) for x in (over, cut)]
    for discount in (F(0), F(1e-9), HALF, F(1)):
        got = module.n_step_returns(*tensors, *flags, discount=float(discount))
        exact = [[defined(reward, after, over, cut, discount, t, n) for n in range(3)] for t in range(6)]
        yield Row(f"Q_t at discount {float(discount)}", got, exact, rounding(20, 100))
        one = module.n_step_returns(*[x[:1] for x in (*tensors, *flags)], discount=float(discount))
        exact = [[defined(reward[:1], after, over, cut, discount, 0, n) for n in range(3)]]
        yield Row(f"Q_t of a window of one step at discount {float(discount)}", one, exact, rounding(20, 100))


def defined(
    reward: list[list[int]], after: list[list[Any]], over: Any, cut: Any, discount: Fraction, t: int, n: int
) -> Fraction:
    """The rewards up to the first end or to the end of the window, then what the last state is worth, all discounted."""
    ends = (i for i in range(t, len(reward)) if over[i][n] or cut[i][n])
    last = next(ends, len(reward) - 1)
    total = sum((discount ** (i - t) * reward[i][n] for i in range(t, last + 1)), F(0))
    return total if over[last][n] else total + discount ** (last + 1 - t) * after[last][n]


def forever(module: ModuleType, device: str) -> Iterator[Row]:
    """A reward of 1 for ever, cut by a time limit, is worth 1/(1 - discount) at every step; only a termination makes it less."""
    ones, never = torch.ones(4, 1, dtype=F64, device=device), torch.zeros(4, 1, dtype=torch.bool, device=device)
    limit = torch.tensor([[0], [1], [0], [1]], dtype=torch.bool, device=device)
    worth = module.n_step_returns(ones, 4 * ones, never, limit, discount=0.75)
    yield Row("Q_t where a time limit cuts a task without end", worth, [[4]] * 4)
    ended = module.n_step_returns(ones, 4 * ones, limit, never, discount=0.75)
    yield Row("Q_t where the task itself ends", ended, [[F(7, 4)], [1], [F(7, 4)], [1]])


def exact(module: ModuleType, device: str) -> Iterator[Row]:
    """V_phi = V^pi, discount 1, windows from the law of long runs: - grad J / E[T], for every k."""
    for name, policy, most in tasks():
        often, values = visits(policy), list(evaluate(policy).v)
        length = sum(often, F(0))
        law = [p / length for p in often]
        values = [v if row else TERMINAL for v, row in zip(values, policy.mdp.rows, strict=True)]
        for steps in range(1, most + 1):
            found = windows(policy, law, steps, device)
            got, _ = slopes(module, policy, values, found, device)
            wanted = scaled(-1 / length, gradient(policy))
            yield Row(f"the mean of g_theta on {name} with k = {steps}", got, wanted, bound(found, 100))


def biased(module: ModuleType, device: str) -> Iterator[Row]:
    """Any V_phi, discounts of 1 and less, windows from the start law: both means, the bias included."""
    for (name, policy, most), discount in ((task, d) for task in tasks() for d in (F(1), F(2, 3))):
        policy = Policy(policy.mdp.at(discount), policy.rows)
        values = guess(policy.mdp)
        for steps in range(1, most + 1):
            found = windows(policy, policy.mdp.start, steps, device)
            theta, phi = slopes(module, policy, values, found, device)
            wanted, critic = expected(policy, policy.mdp.start, values, steps)
            title = f"on {name} at discount {discount} with k = {steps}"
            yield Row(f"the mean of g_theta {title}", theta, wanted, bound(found, 1000))
            yield Row(f"the mean of g_phi {title}", phi, critic, bound(found, 1000))


def limited(module: ModuleType, device: str) -> Iterator[Row]:
    """M2 cut every two steps: with V^pi a time limit costs nothing, the mean is that of the states' law times pi A."""
    policy = generic(named("m2"))
    twice = [(p.probability * q.probability, [p, q]) for p in paths(policy, 2) for q in paths(policy, 2)]
    found = batch(twice, 4, device)
    solved = evaluate(policy)
    law = policy.mdp.start
    often = [2 * (a + b) for a, b in zip(law, pushed(policy, law), strict=True)]
    got, critic = slopes(module, policy, solved.v, found, device)
    wanted = scaled(-F(1, 4), weighted(policy, often, solved.advantage))
    yield Row("the mean of g_theta on M2 under a time limit", got, wanted, bound(found, 10))
    yield Row("the mean of g_phi there, at V^pi", critic, [0, 0], bound(found, 10))


def entropy(module: ModuleType, device: str) -> Iterator[Row]:
    """The bonus: - c grad H, for H = - sum pi log pi: pi_a (log pi_a + H) in logit a.  It flattens the policy."""
    rows = [(F(1, 6), F(1, 3), HALF), (F(3, 5), F(3, 10), F(1, 10))]
    theta = torch.tensor([[float(p) for p in row] for row in rows], dtype=F64, device=device).log().requires_grad_()
    zero, step = torch.zeros(1, 2, dtype=F64, device=device), torch.zeros(1, 2, dtype=torch.bool, device=device)
    state = torch.tensor([[0, 1]], device=device)
    window = window_of(module, state, state, zero, ~step, step, state)
    settings = module.Settings(entropy_coefficient=0.25, value_coefficient=0.0)
    total, parts = module.loss(lambda s: theta[s], lambda s: 0.0 * s.double(), window, settings)
    total.backward()
    spread = [-sum((mul(p, log(p)) for p in row), arb(0)) for row in rows]
    slope = [[mul(F(1, 8) * p, log(p) + h) for p in row] for row, h in zip(rows, spread, strict=True)]
    yield Row("the entropy", parts.entropy, ball((spread[0] + spread[1]) / 2), rounding(40, 2))
    yield Row(
        "the gradient of the entropy bonus", theta.grad, [[ball(x) for x in row] for row in slope], rounding(80, 2)
    )


def log(p: Fraction) -> arb:
    return arb(p.numerator).log() - arb(p.denominator).log()


def mul(p: Fraction, x: arb) -> arb:
    return x * p.numerator / p.denominator


def ball(x: arb) -> tuple[Fraction, Fraction]:
    """(middle, radius) of a ball, rational."""
    (middle, twos), (radius, fine) = x.mid().man_exp(), x.rad().man_exp()
    return int(middle) * F(2) ** int(twos), int(radius) * F(2) ** int(fine)


def weights(module: ModuleType, device: str) -> Iterator[Row]:
    """How the three parts are added, and what is descended: coefficients 1/4 and 0, two steps by hand."""
    theta = torch.zeros(1, 2, dtype=F64, device=device, requires_grad=True)
    phi = torch.tensor([3.0], dtype=F64, device=device, requires_grad=True)
    nought, reward = (
        torch.zeros(2, 1, dtype=torch.int64, device=device),
        torch.tensor([[5.0], [1]], dtype=F64, device=device),
    )
    over = torch.ones(2, 1, dtype=torch.bool, device=device)
    window = window_of(module, nought, nought, reward, over, ~over, nought)
    settings = module.Settings(value_coefficient=0.25, entropy_coefficient=0.0)
    total, parts = module.loss(lambda s: theta[s], lambda s: phi[s], window, settings)
    total.backward()
    yield Row("the value part", parts.value, 4)
    yield Row("g_phi at value_coefficient 1/4", phi.grad, [F(1, 4) * F(-2 * (5 - 3) - 2 * (1 - 3), 2)])
    yield Row("g_theta of advantages 2 and -2", theta.grad, [[0, 0]])
    theta.grad, window = None, window._replace(reward=reward + 1)
    module.loss(lambda s: theta[s], lambda s: phi[s], window, settings)[0].backward()
    yield Row("g_theta of advantages 3 and -1", theta.grad, [[-HALF, HALF]])


def detached(module: ModuleType, device: str) -> Iterator[Row]:
    """The policy's loss sends nothing to critic or target, the critic's nothing to policy or target; the bootstrap is data."""
    action = torch.zeros(3, 2, dtype=torch.int64, device=device)

    def leaves() -> tuple[Tensor, Tensor, Tensor]:
        start = torch.linspace(-1, 1, 6, dtype=F64, device=device).reshape(3, 2)
        theta = torch.stack([start, -start], -1).requires_grad_()
        return theta, start.clone().requires_grad_(), (2 * start).requires_grad_()

    for part, closed in (("policy", (1, 2)), ("value", (0, 2)), ("entropy", (1, 2))):
        given = leaves()
        getattr(module.losses(given[0], action, *given[1:]), part).backward()
        for n in closed:
            yield Row(f"the {('policy', 'critic', 'target')[n]} in the {part} loss", given[n].grad, NO_GRADIENT)
    states = torch.tensor([[0], [1]], device=device)
    theta, phi = torch.zeros(3, 2, dtype=F64, device=device, requires_grad=True), table([1, 2, 5], device)
    no = torch.zeros(2, 1, dtype=torch.bool, device=device)
    window = window_of(module, states, 0 * states, torch.ones(2, 1, dtype=F64, device=device), no, no, states + 1)
    settings = module.Settings(discount=1.0, entropy_coefficient=0.0)
    module.loss(lambda s: theta[s], lambda s: phi[s], window, settings)[0].backward()
    # Q = (7, 6), V = (1, 2): - (Q - V) / 2 in each, and nothing in the state that is only bootstrapped from
    yield Row("the critic's gradient, with the bootstrapped state", phi.grad, [-3, -2, 0])


def steep(module: ModuleType, device: str) -> Iterator[Row]:
    """Logits so far apart that exp of one is 0 in float64: log pi is still right, and no gradient is NaN."""
    theta = torch.tensor([[[0.0, -2000.0]], [[900.0, 0.0]]], dtype=F64, device=device, requires_grad=True)
    action = torch.tensor([[1], [0]], device=device)
    value, target = torch.zeros(2, 1, dtype=F64, device=device), torch.tensor([[3.0], [5.0]], dtype=F64, device=device)
    parts = module.losses(theta, action, value, target)
    (parts.policy - parts.entropy).backward()
    yield Row("the policy's loss at log pi = -2000", parts.policy, 3000)
    yield Row("the entropy of a policy that is certain", parts.entropy, 0)
    yield Row("the gradient there", theta.grad, [[[F(3, 2), -F(3, 2)]], [[0, 0]]])


def played(module: ModuleType, device: str) -> Iterator[Row]:
    """What the loop records: every step is one that the task has, windows follow each other, a time limit sets its flag alone."""
    mdp = layers(1)
    environment = Tabular(table_of(mdp), 64, max_steps=2, one_hot=True, device=device, dtype=F64, seed=5)
    learner = module.learner(environment, module.Settings(num_envs=64, window=3, hidden=(4,)), seed=7)
    first, second = learner.collect()[0], learner.collect()[0]
    rows = [torch.cat([a, b]) for a, b in zip(first, second, strict=True)]
    state, action, reward, over, cut, after, _ = rows
    found = Batch(state.argmax(-1), action, reward, over, cut, after.argmax(-1), reward[0])
    everywhere = torch.ones_like(over)
    yield Row("the number of steps that the task does not have", impossible(mdp, found, everywhere), 0)
    goes_on, starts = ~(over | cut)[:-1], found.observation[1:]
    yield Row(
        "the number of steps that do not follow the last",
        int((goes_on & (starts != found.final_observation[:-1])).sum()),
        0,
    )
    yield Row("the number of episodes that begin elsewhere", int((~goes_on & (starts > 1)).sum()), 0)
    yield Row("the number of steps beyond the limit", int((goes_on[1:] & goes_on[:-1]).sum()), 0)
    yield Row("whether some step is cut", bool((cut & ~over).any()), True)
    yield Row("whether every action is drawn", len(set(action.flatten().tolist())), 3)
