"""What fitted k-step TD for Q promises: alg-kstep-q, targets, updates and the loop; hw17, its fixed points.

The oracle enumerates: numeric.mdp.paths lists every trajectory of a policy with its probability, and the exact mean is
(T^pi)^k Q, the backup of numeric.mdp.solve applied k times in rationals, where

    (T^pi Q)(s, a) = sum_y P(y | s, a) (r(s, a, y) + discount sum_b pi(b | y) Q(y, b)).

Trajectories reach one step further than k, and what lies behind an episode's end is filled with numbers that must not be read.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, partial
from types import ModuleType

import torch
from torch import Tensor

from numeric.contract import NO_GRADIENT, Row, rounding
from numeric.contracts.policy_iteration import exact_v, generic, skew
from numeric.envs.cliff_walk import Cliff, CliffWalk
from numeric.mdp import solve
from numeric.mdp.model import FiniteMDP, Policy
from numeric.mdp.paths import paths
from numeric.mdp.reading import named

F = Fraction
Table = tuple[tuple[Fraction, ...], ...]  # q[s][a]; rows of terminal states are there, and must not be read
UNREAD = 1e3  # in slots behind an end
STEPS = (1, 2, 3)


# ------------------------------------------------------------------------------------- the promises of alg-kstep-q
def target(module: ModuleType, device: str) -> Iterator[Row]:
    """Every entry of a batch with ends of all kinds, by the definition in rationals, for k from 1 to beyond the array."""
    length, width, actions = 6, 40, 3
    draw = random.Random(7)
    rewards = [[F(draw.randint(-9, 9), 4) for _ in range(width)] for _ in range(length)]
    values = [[[F(draw.randint(-9, 9), 8) for _ in range(actions)] for _ in range(width)] for _ in range(length)]
    taken = [[draw.randrange(actions) for _ in range(width)] for _ in range(length)]
    stop = [[draw.random() < 0.2 for _ in range(width)] for _ in range(length)]
    cut = [[draw.random() < 0.2 for _ in range(width)] for _ in range(length)]
    for discount in (F(0), F(1, 2), F(1)):
        for k in (1, 2, 3, 6, 9):
            columns = [real(x, device) for x in (rewards, values)]
            flags = [torch.tensor(x, device=device) for x in (taken, stop, cut)]
            got = module.k_step_target(*columns, *flags, discount=float(discount), k=k)
            exact = [[F(0)] * width for _ in range(length)]
            for b in range(width):
                for t in range(length):
                    last = next(j for j in range(t, length) if j == min(t + k, length) - 1 or stop[j][b] or cut[j][b])
                    total = sum((discount ** (j - t) * rewards[j][b] for j in range(t, last + 1)), F(0))
                    follows = F(0) if stop[last][b] else values[last][b][taken[last][b]]
                    exact[t][b] = total + discount ** (last - t + 1) * follows
            yield Row(f"the {k}-step target at discount {discount}", got, exact, rounding(3 * length, 32))


def expected(module: ModuleType, device: str) -> Iterator[Row]:
    """The mean target given state and action, over all trajectories, is (T^pi)^k Q, whatever Q."""
    for title, policy in processes():
        q = some_values(policy.mdp, 1)
        for k in STEPS:
            got = mean_target(module, device, policy, k, q)
            yield Row(
                f"the mean {k}-step target on {title}", got, live(policy, applied(policy, q, k)), bound(policy, k, q)
            )


def update(module: ModuleType, device: str) -> Iterator[Row]:
    """The expected gradient of an episode: its visits of (s, a) times (Q - (T^pi)^k Q)(s, a)."""
    for name in ("ep", "treasure", "xor"):
        policy = skew(named(name))
        q = some_values(policy.mdp, 2)
        often = solve.visits(policy)
        for k in STEPS:
            got = expected_gradient(module, device, policy, k, q, through=False)
            ahead = applied(policy, q, k)
            exact = [
                [often[s] * policy.rows[s][a] * (q[s][a] - ahead[s][a]) for a in range(2)] for s in policy.mdp.live
            ]
            yield Row(f"the mean gradient of an episode of {name}, k = {k}", got, exact, bound(policy, k, q))


def gradient(module: ModuleType, device: str) -> Iterator[Row]:
    """Q(s_t, a_t) has the gradient w_t (Q - y), all other actions 0; rewards and the bootstrap have none at all."""
    generator = torch.Generator().manual_seed(3)
    number = torch.randn(3, 2, 4, 2, generator=generator, dtype=torch.float64).to(device)
    values, following = (number[..., i].contiguous().requires_grad_() for i in (0, 1))
    reward = torch.tensor(
        [[1.0, -2.0], [0.5, 3.0], [0.25, -1.0]], dtype=torch.float64, device=device, requires_grad=True
    )
    action, after = torch.tensor([[0, 3], [1, 1], [2, 0]]), torch.tensor([[2, 1], [0, 3], [1, 2]])
    ends = torch.zeros(3, 2, dtype=torch.bool, device=device)
    for title, weight in (("equal weights", None), ("weights", torch.arange(1.0, 7.0, dtype=torch.float64).view(3, 2))):
        values.grad = reward.grad = following.grad = None
        aimed = module.k_step_target(reward, following, after.to(device), ends, ends, discount=0.5, k=2)
        module.squared_error(values, action.to(device), aimed, None if weight is None else weight.to(device)).backward()
        share = [[F(1, 6)] * 2] * 3 if weight is None else [[F(2 * t + b + 1) for b in range(2)] for t in range(3)]
        old, later = values.tolist(), following.tolist()
        exact = [[[F(0)] * 4 for _ in range(2)] for _ in range(3)]
        for t in range(3):
            for b in range(2):
                m = min(2, 3 - t)
                paid = sum((F(1, 2) ** j * F(reward[t + j, b].item()) for j in range(m)), F(0))
                y = paid + F(1, 2) ** m * F(later[t + m - 1][b][int(after[t + m - 1, b])])
                a = int(action[t, b])
                exact[t][b][a] = share[t][b] * (F(old[t][b][a]) - y)
        yield Row(f"the gradient in Q(s, .) with {title}", values.grad, exact, rounding(12, 64))
        yield Row("next_values", following.grad, NO_GRADIENT)
        yield Row("reward", reward.grad, NO_GRADIENT)


def terminal(module: ModuleType, device: str) -> Iterator[Row]:
    """Nothing follows an end: what stands there for the next state's values may be NaN, and what comes after is another's."""
    policy = skew(named("ep").at(F(1, 2)))
    q = some_values(policy.mdp, 3)
    for k in STEPS:
        batch = trajectories(policy, k + 1)
        steps = batch.steps(q, device)
        steps["next_values"][batch.terminated.to(device)] = torch.nan
        dead = ~batch.alive.to(device)
        steps["next_values"][dead] = torch.nan
        got = by_pair(policy, batch, module.k_step_target(**steps, discount=0.5, k=k)[0])
        yield Row(
            f"the mean {k}-step target with NaN behind ends",
            got,
            live(policy, applied(policy, q, k)),
            bound(policy, k, q),
        )


def explored(module: ModuleType, device: str) -> Iterator[Row]:
    """Where every action but the first may be one that pi did not choose, with probability h, targets end before it:
    their mean is sum_{m<k} h (1 - h)^(m-1) (T^pi)^m Q + (1 - h)^(k-1) (T^pi)^k Q."""
    h = F(1, 4)
    policy = skew(named("m2"))
    q = some_values(policy.mdp, 4)
    for k in (2, 3):
        batch = wandering(policy, k, h)
        columns = batch.steps(q, device)
        columns["cut"] = module.beyond(columns["cut"], batch.explored.to(device))
        got = by_pair(policy, batch, module.k_step_target(**columns, discount=0.5, k=k)[0])
        share = [h * (1 - h) ** (m - 1) for m in range(1, k)] + [(1 - h) ** (k - 1)]
        tables = [live(policy, applied(policy, q, m)) for m in range(1, k + 1)]
        exact = [
            [sum((w * x[s][a] for w, x in zip(share, tables, strict=True)), F(0)) for a in range(2)] for s in range(2)
        ]
        yield Row(f"the mean {k}-step target with exploration", got, exact, bound(policy, k, q) * 8)


def weights(module: ModuleType, device: str) -> Iterator[Row]:
    """Weighed by the pair, a step of size 1 puts every visited entry of a table at the mean of its targets."""
    state, action = torch.tensor([[0, 0, 2], [0, 1, 2]]), torch.tensor([[1, 0, 1], [1, 0, 1]])
    aims = torch.tensor([[4.0, 3.0, 1.0], [6.0, -5.0, 2.0]], dtype=torch.float64)
    share = module.one_per_pair(state.to(device), action.to(device)).double()
    yield Row("the weights", share, [[F(1, 2), 1, F(1, 2)], [F(1, 2), 1, F(1, 2)]])
    table = torch.ones(3, 2, dtype=torch.float64, device=device, requires_grad=True)
    module.squared_error(table[state.to(device)], action.to(device), aims.to(device), share).backward()
    moved = table.detach() - table.grad if table.grad is not None else table
    yield Row("the table after a step", moved, [[3, 5], [-5, 1], [1, F(3, 2)]], rounding(8, 8))


def learns(module: ModuleType, device: str) -> Iterator[Row]:
    """The loop reaches Q* of a cliff walk of 3 x 4 cells in every entry, though a time limit of 7 steps cuts most episodes."""
    yield from _learned(module, device, Cliff(height=3, width=4), most=30, num_envs=16, rollout=12, max_steps=7, k=3)


# ------------------------------------------------------------------------------------- the promises of hw17
def fixed_point(module: ModuleType, device: str) -> Iterator[Row]:
    """The mean target is affine in Q, and Q^pi is the only table that it leaves as it is."""
    for title, policy in processes():
        exact = live(policy, solve.evaluate(policy).q)
        for k in STEPS:
            got = stationary(partial(moved, module, device, policy, k), policy)
            yield Row(
                f"the fixed point on {title}, k = {k}", got, exact, bound(policy, k, exact) * norm_of_inverse(policy)
            )


def contraction(module: ModuleType, device: str) -> Iterator[Row]:
    """Two tables come closer by gamma^k at least, in the largest entry; by just that where they differ by a constant and no
    episode ends."""
    m2 = skew(named("m2"))
    q = some_values(m2.mdp, 5)
    higher = tuple(tuple(x + 3 for x in row) for row in q)
    for k in STEPS:
        gap = mean_target(module, device, m2, k, higher) - mean_target(module, device, m2, k, q)
        yield Row(f"the gap after {k} steps on M2", gap, [[3 * F(1, 2) ** k] * 2] * 2, 2 * bound(m2, k, higher))
        for title, policy in processes():
            for seed in range(3):
                one, other = some_values(policy.mdp, 10 + seed), some_values(policy.mdp, 20 + seed)
                gap = mean_target(module, device, policy, k, one) - mean_target(module, device, policy, k, other)
                apart = max(abs(a - b) for r, s in zip(live(policy, one), live(policy, other), strict=True)
                            for a, b in zip(r, s, strict=True))  # fmt: skip
                excess = max(0.0, float(gap.abs().max()) - float(policy.mdp.discount**k * apart))
                yield Row(f"how much too far apart {title} leaves them, k = {k}", excess, 0, 2 * bound(policy, k, one))


def residual(module: ModuleType, device: str) -> Iterator[Row]:
    """SPLIT: the gradient through the target, too, vanishes at (1/2, 3/4, 1/4); without it, at Q^pi = (1/2, 1, 0)."""
    policy = named("split").uniform()
    for title, through, exact in (
        ("alone", False, (F(1, 2), 1, 0)),
        ("and the target", True, (F(1, 2), F(3, 4), F(1, 4))),
    ):
        got = stationary(partial(expected_gradient, module, device, policy, 1, through=through), policy)
        yield Row(f"where the gradient through Q(s, a) {title} vanishes", got, [[x] for x in exact], rounding(100, 8))


def cliff_walk(module: ModuleType, device: str) -> Iterator[Row]:
    """With the recipe, all 148 entries are those of Q* after 60 iterations; the start is worth 88."""
    yield from _learned(module, device, Cliff(), most=60)


# ------------------------------------------------------------------------------------- trajectories as columns
@dataclass(frozen=True)
class Batch:
    """Trajectories as columns [T, B]; probability [B].  Behind an end all is filler, and `alive` is False."""

    probability: tuple[Fraction, ...]
    state: Tensor
    action: Tensor
    reward: Tensor
    following: Tensor
    next_action: Tensor
    terminated: Tensor
    alive: Tensor
    explored: Tensor

    def steps(self, q: Table, device: str) -> dict[str, Tensor]:
        """The arguments of a target, with Q for the values that follow."""
        columns = {
            "reward": self.reward,
            "next_values": real(q)[self.following],
            "next_action": self.next_action,
            "terminated": self.terminated,
            "cut": torch.zeros_like(self.terminated),
        }
        return {name: column.to(device) for name, column in columns.items()}


Way = tuple[Fraction, tuple[int, ...], tuple[int, ...], tuple[Fraction, ...], tuple[bool, ...]]


@cache
def trajectories(policy: Policy, horizon: int) -> Batch:
    """From every state, by every action that the policy takes there, to the horizon; at it an action is drawn once more."""
    mdp = policy.mdp
    ways: list[Way] = []
    for s in mdp.live:
        for path in paths(policy, horizon, state=s):
            ends = path.states[-1]
            for a, p in enumerate(policy.rows[ends]) if not path.terminated else ((0, F(1)),):
                if p:
                    ways.append((path.probability * p, path.states, (*path.actions, a), path.rewards, ()))
    return columns(mdp, ways, horizon)


@cache
def wandering(policy: Policy, horizon: int, h: Fraction) -> Batch:
    """Trajectories of M2 in which each action but the first is, with probability h, not the policy's but any, all alike.

    next_action is what the policy would have taken; where it is followed, it is the action taken.
    """
    mdp = policy.mdp
    size = range(len(mdp.actions))
    ways: list[Way] = []

    def extend(
        p: Fraction, states: tuple[int, ...], acts: tuple[int, ...], own: tuple[int, ...], odd: tuple[bool, ...]
    ) -> None:
        """states: s_0..s_t.  acts: taken.  own: a_0 and what the policy would have taken since.  odd: which explored."""
        if len(states) == horizon + 1:
            pay = tuple(mdp.reward(s, a, y) for s, a, y in zip(states, acts, states[1:], strict=False))
            ways.append((p, states, own, pay, odd))
            return
        for one in mdp.rows[states[-1]][acts[-1]]:
            for mine in size:
                chance, onward = p * one.probability * policy.rows[one.state][mine], (*states, one.state)
                extend(chance * (1 - h), onward, (*acts, mine), (*own, mine), (*odd, False))
                for other in size:
                    extend(chance * h / len(size), onward, (*acts, other), (*own, mine), (*odd, True))

    for s in mdp.live:
        for a in size:
            extend(policy.rows[s][a], (s,), (a,), (a,), (False,))
    return columns(mdp, ways, horizon)


def columns(mdp: FiniteMDP, ways: list[Way], length: int) -> Batch:
    """(probability, states, actions, rewards, flags) of each as columns of one length."""

    def column(at: Callable[[Way, int], float], filler: float, dtype: torch.dtype) -> Tensor:
        rows = [[at(w, t) if t < len(w[3]) else filler for w in ways] for t in range(length)]
        return torch.tensor(rows, dtype=dtype)

    whole, flag = torch.int64, torch.bool
    return Batch(
        probability=tuple(w[0] for w in ways),
        state=column(lambda w, t: w[1][t], 0, whole),
        action=column(lambda w, t: w[2][t], 0, whole),
        reward=column(lambda w, t: float(w[3][t]), UNREAD, torch.float64),
        following=column(lambda w, t: w[1][t + 1], 0, whole),
        next_action=column(lambda w, t: w[2][t + 1], 0, whole),
        terminated=column(lambda w, t: not mdp.rows[w[1][t + 1]], False, flag),
        alive=column(lambda w, t: True, False, flag),
        explored=column(lambda w, t: bool(w[4]) and w[4][t], False, flag),
    )


def by_pair(policy: Policy, batch: Batch, found: Tensor) -> Tensor:
    """The mean of `found` [B] given the first state and action, [live states, A]."""
    mass: dict[tuple[int, int], Fraction] = {}
    firsts = list(zip(batch.state[0].tolist(), batch.action[0].tolist(), strict=True))
    for pair, p in zip(firsts, batch.probability, strict=True):
        mass[pair] = mass.get(pair, F(0)) + p
    share = [float(p / mass[pair]) for pair, p in zip(firsts, batch.probability, strict=True)]
    out = torch.zeros(len(policy.mdp.states), len(policy.mdp.actions), dtype=torch.float64, device=found.device)
    place = batch.state[0].to(found.device), batch.action[0].to(found.device)
    out.index_put_(place, torch.tensor(share, dtype=torch.float64, device=found.device) * found, accumulate=True)
    return out[torch.tensor(policy.mdp.live, device=found.device)]


def mean_target(module: ModuleType, device: str, policy: Policy, k: int, q: Table) -> Tensor:
    """The code's k-step target, averaged over every trajectory that begins with (s, a): [live states, A]."""
    batch = trajectories(policy, k + 1)
    found = module.k_step_target(**batch.steps(q, device), discount=float(policy.mdp.discount), k=k)
    return by_pair(policy, batch, found[0])


def moved(module: ModuleType, device: str, policy: Policy, k: int, q: Table) -> Tensor:
    """How far the mean target is from the table."""
    return mean_target(module, device, policy, k, q) - real(live(policy, q), device)


def expected_gradient(module: ModuleType, device: str, policy: Policy, k: int, q: Table, *, through: bool) -> Tensor:
    """The code's gradient in the table, averaged over all episodes from the start, each of at most four steps."""
    mdp = policy.mdp
    ways: list[Way] = [(p.probability, p.states, (*p.actions, 0), p.rewards, ()) for p in paths(policy, 4)]
    batch = columns(mdp, ways, max(len(w[3]) for w in ways))
    table = real(q, device).requires_grad_()
    steps = batch.steps(q, device) | {"next_values": table[batch.following.to(device)]}
    aimed = module.k_step_target(**steps, discount=float(mdp.discount), k=k, through=through)
    chance = torch.tensor([float(p) for p in batch.probability], dtype=torch.float64) * batch.alive
    values = table[batch.state.to(device)]
    module.squared_error(values, batch.action.to(device), aimed, chance.to(device)).backward()
    assert table.grad is not None
    return table.grad[torch.tensor(mdp.live, device=device)]


def stationary(slope: Callable[[Table], Tensor], policy: Policy) -> Tensor:
    """Where an affine function of the table vanishes; it is probed at 0 and at each unit table."""
    mdp = policy.mdp
    blank = [[F(0) if row else F(7)] * len(mdp.actions) for row in mdp.rows]  # what stands at an end must not be read
    start = slope(tuple(map(tuple, blank)))
    columns_ = []
    for s in mdp.live:
        for a in range(len(mdp.actions)):
            unit = [list(row) for row in blank]
            unit[s][a] = F(1)
            columns_.append((slope(tuple(map(tuple, unit))) - start).flatten())
    found: Tensor = torch.linalg.lstsq(torch.stack(columns_, 1), -start.flatten()[:, None]).solution
    return found.view(start.shape)


def _learned(
    module: ModuleType, device: str, walk: Cliff, *, most: int, max_steps: int = 500, **changes: int
) -> Iterator[Row]:
    exact = solve.optimum(walk.exact(1)).values
    settings = module.Settings(**changes)
    environment = CliffWalk(
        settings.num_envs, cliff=walk, max_steps=max_steps, device=device, dtype=torch.float64, seed=1
    )
    learner = module.learner(environment, settings, seed=1)
    for _ in range(most):
        learner.iterate()
    states = torch.eye(len(exact.v), dtype=torch.float64, device=device)
    with torch.no_grad():
        got = learner.q(states)
    wanted = [list(row) if row else [None] * 4 for row in exact.q]
    yield Row(f"Q after {learner.steps} steps", got, wanted, rounding(settings.rollout * settings.num_envs, 200))


# ------------------------------------------------------------------------------------- the oracle
@cache
def processes() -> tuple[tuple[str, Policy], ...]:
    """M2, EP and a random MDP that ends now and then, each with an uneven policy."""
    given = named("m2").policy({"1": {"a": F(2, 3), "b": F(1, 3)}, "2": {"a": F(1, 4), "b": F(3, 4)}})
    ends = generic(5, F(9, 10), size=2, actions=2)
    return (("M2", given), ("EP", skew(named("ep"))), ("a random MDP with an end", skew(ends)))


@cache
def some_values(mdp: FiniteMDP, seed: int) -> Table:
    """A table without pattern; rows of terminal states, too, which must not be read."""
    draw = random.Random(seed)
    return tuple(tuple(F(draw.randint(-99, 99), 16) for _ in mdp.actions) for _ in mdp.states)


def applied(policy: Policy, q: Table, k: int) -> Table:
    """(T^pi)^k Q."""
    mdp = policy.mdp
    for _ in range(k):
        v = tuple(sum((p * x for p, x in zip(policy.rows[s], q[s], strict=True)), F(0)) if row else F(0)
                  for s, row in enumerate(mdp.rows))  # fmt: skip
        q = tuple(tuple(solve.backup(mdp, s, a, v) for a in range(len(mdp.actions))) for s in range(len(mdp.states)))
    return q


def live(policy: Policy, q: Table) -> list[list[Fraction]]:
    return [list(q[s]) for s in policy.mdp.live]


def real(values: object, device: str = "cpu") -> Tensor:
    """Nested rationals as float64."""

    def number(x: object) -> object:
        return float(x) if isinstance(x, Fraction | int) else [number(y) for y in x]  # type: ignore[attr-defined]

    return torch.tensor(number(values), dtype=torch.float64, device=device)


def bound(policy: Policy, k: int, q: object) -> Fraction:
    """Rounding of one target, 3 (k + 1) operations, and of a mean over all trajectories."""
    rows: Table = q  # type: ignore[assignment]
    many = len(trajectories(policy, k + 1).probability)
    size = max(F(1), *(abs(x) for row in rows for x in row)) + (k + 1) * max(
        F(1), *(abs(o.reward) for rows_ in policy.mdp.rows for row in rows_ for o in row)
    )
    return rounding(3 * (k + 1) + many, size)


def norm_of_inverse(policy: Policy) -> Fraction:
    """Bounds the error of a solve of I - (discount P)^k per unit of its entries: the time to the end, for k = 1, and its size."""
    ones = tuple(tuple(tuple(o._replace(reward=F(1)) for o in row) for row in rows) for rows in policy.mdp.rows)
    time = max(exact_v(Policy(replace(policy.mdp, rows=ones), policy.rows)))
    return 8 * len(policy.mdp.live) * (time + 1)
