"""The mean of a group's step, exactly, and that of the code: for alg-grpo, alg-drgrpo, alg-rloo and hw19.

The oracle is rational.  Outcomes (whole answers) are enumerated with their probabilities.  A group's members are independent and
its advantages are functions of its rewards alone, so that with X the sum of an answer's weighted scores

    E[step] = E[A_1 X_1] = sum over rewards r_1 .. r_N of A_1(r) E[X; r_1] P(r_2) .. P(r_N)

Square roots are taken to 200 bits.  The code is given every group at once: its loss is the mean of the groups' losses, so a
group's share of the slopes times the number of groups and its probability, summed, is the step's mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from numeric.contract import Row, rounding
from numeric.mdp.model import FiniteMDP, Policy
from numeric.mdp.paths import paths
from numeric.mdp.reading import named

F64, BITS = torch.float64, 200
TINY = Fraction(1, 2 ** (BITS // 2))  # far above what the roots' errors amount to, far below float64's
HALF, TENTH = Fraction(1, 2), Fraction(1, 10)
TERM = 60  # roundings on the way of one token's term: softmax, ratio, clip, advantage, aggregate, and back
Judge = Callable[[Sequence[Fraction]], list[Fraction]]


# ------------------------------------------------------------------------------------- the oracle
class Outcome(NamedTuple):
    """One answer: its probability, what it pays, the state and the action of each token."""

    probability: Fraction
    reward: Fraction
    states: tuple[int, ...]
    actions: tuple[int, ...]


class Task(NamedTuple):
    """All answers of a policy, rows[s][a]; () for a state without actions."""

    rows: tuple[tuple[Fraction, ...], ...]
    outcomes: tuple[Outcome, ...]


def bandit(p: Fraction, win: int = 1) -> Task:
    """One token, which is right (1) with probability p and pays `win`; 0 is wrong and pays nothing."""
    return Task(((1 - p, p),), (Outcome(1 - p, Fraction(0), (0,), (0,)), Outcome(p, Fraction(win), (0,), (1,))))


def walks(policy: Policy, horizon: int, truncated: int = 0) -> Task:
    """All trajectories up to a time limit; those that it cuts off are paid `truncated` on top."""
    found = [
        Outcome(
            one.probability,
            sum(one.rewards, Fraction(0 if one.terminated else truncated)),
            one.states[:-1],
            one.actions,
        )
        for one in paths(policy, horizon)
    ]
    return Task(policy.rows, tuple(found))


def two_lengths(p: Fraction, q: Fraction) -> Task:
    """EP: one token or two, and what they pay at the end (0; 1 or 3)."""
    mdp: FiniteMDP = named("ep")
    return walks(mdp.policy({"s0": {"0": 1 - p, "1": p}, "s1": {"0": 1 - q, "1": q}}), 2)


def root(x: Fraction) -> Fraction:
    """The square root, to 2^-200 of the next power of 2."""
    return Fraction(math.isqrt((x.numerator << 2 * BITS) // x.denominator), 1 << BITS)


def judge(others: bool = False, deviation: bool = False, ddof: int = 0, epsilon: Fraction | int = 0) -> Judge:
    """Advantages by definition: of a group's rewards."""

    def of(rewards: Sequence[Fraction]) -> list[Fraction]:
        total, n = sum(rewards, Fraction(0)), len(rewards)
        if len(set(rewards)) == 1:
            return [Fraction(0)] * n
        centred = [r - ((total - r) / (n - 1) if others else total / n) for r in rewards]
        spread = sum(((r - total / n) ** 2 for r in rewards), Fraction(0)) / (n - ddof)
        return [c / (root(spread) + epsilon) for c in centred] if deviation else centred

    return of


def mean_step(task: Task, members: int, advantage: Judge, weight: Callable[[int], Fraction]) -> list[list[Fraction]]:
    """E[A_1 X_1] by state and action.  weight: of each token of an answer of that many tokens."""
    chance: dict[Fraction, Fraction] = {}
    score: dict[Fraction, list[list[Fraction]]] = {}
    for one in task.outcomes:
        chance[one.reward] = chance.get(one.reward, Fraction(0)) + one.probability
        table = score.setdefault(one.reward, [[Fraction(0)] * len(row) for row in task.rows])
        for s, chosen in zip(one.states, one.actions, strict=True):
            for a, p in enumerate(task.rows[s]):
                table[s][a] += one.probability * weight(len(one.actions)) * ((a == chosen) - p)
    step = [[Fraction(0)] * len(row) for row in task.rows]
    for rewards in product(chance, repeat=members):
        factor = advantage(rewards)[0] * math.prod((chance[r] for r in rewards[1:]), start=Fraction(1))
        for s, row in enumerate(score[rewards[0]]):
            for a, x in enumerate(row):
                step[s][a] += factor * x
    return step


def gradient(task: Task) -> list[list[Fraction]]:
    """Of the mean reward, by the logits: E[r X]."""
    return mean_step(task, 1, lambda rewards: list(rewards), lambda _: Fraction(1))


def per_token(length: int) -> Fraction:
    return Fraction(1, length)


def once(_: int) -> Fraction:
    return Fraction(1)


def balls(table: Any) -> Any:
    """Each number with the roots' error."""
    return [balls(row) for row in table] if isinstance(table, list) else (table, TINY)


def times(factor: Fraction | int, table: list[list[Fraction]]) -> list[list[Fraction]]:
    return [[factor * x for x in row] for row in table]


# ------------------------------------------------------------------------------------- the code
class Batch(NamedTuple):
    """Every group of a task: logits [S, A], log-probabilities and mask [T, B], rewards and weights [B]."""

    logits: Tensor
    logp: Tensor
    mask: Tensor
    reward: Tensor
    weight: Tensor


def every_group(task: Task, members: int, device: str) -> Batch:
    """weight: how many groups there are times the group's probability."""
    groups = list(product(task.outcomes, repeat=members))
    answers = [one for group in groups for one in group]
    steps = max(len(one.actions) for one in answers)
    share = [len(groups) * math.prod((one.probability for one in g), start=Fraction(1)) for g in groups]
    rows = [[math.log(p) for p in row] or [0.0] * len(task.rows[0]) for row in task.rows]
    logits = torch.tensor(rows, dtype=F64, device=device).requires_grad_()

    def table(field: str) -> Tensor:
        padded = [[*getattr(one, field), *[0] * (steps - len(one.actions))] for one in answers]
        return torch.tensor(padded, device=device).T

    length = torch.tensor([len(one.actions) for one in answers], device=device)
    mask = torch.arange(steps, device=device)[:, None] < length
    logp = logits.log_softmax(-1)[table("states"), table("actions")]
    reward = torch.tensor([float(one.reward) for one in answers], dtype=F64, device=device)
    weight = torch.tensor([float(x) for x in share], dtype=F64, device=device).repeat_interleave(members)
    return Batch(logits, torch.where(mask, logp, 0.0), mask, reward, weight)


def code_step(module: ModuleType, task: Task, settings: Any, device: str, **more: Any) -> Tensor:
    """The mean of the code's step, [S, A]."""
    batch = every_group(task, settings.group_size, device)
    slopes = step_slopes(module, batch.logp, batch.mask, batch.reward, settings, **more)
    (found,) = torch.autograd.grad(batch.logp, batch.logits, slopes * batch.weight)
    return found


def step_slopes(module: ModuleType, logp: Tensor, mask: Tensor, reward: Tensor, settings: Any, **more: Any) -> Tensor:
    """Minus the slopes of the code's loss by log-probabilities that are the behaviour's, too."""
    advantage = module.advantages(reward, settings)
    value = loss_of(module, logp, logp.detach(), advantage, mask, settings, **more)
    (slopes,) = torch.autograd.grad(value, logp, retain_graph=True)
    return -slopes


def loss_of(
    module: ModuleType, logp: Tensor, old: Tensor, advantage: Tensor, mask: Tensor, settings: Any, **more: Any
) -> Tensor:
    use = {name: getattr(settings, name) for name in ("clip", "aggregation", "length", "kl_weight")}
    found: Tensor = module.loss(logp, old, advantage, mask, **use | more)
    return found


def bound(task: Task, members: int, size: float | Fraction = 4) -> Fraction:
    """Of the mean of a step: TERM roundings for each token of each group."""
    longest = max(len(one.actions) for one in task.outcomes)
    return rounding(TERM * members * longest * len(task.outcomes) ** members, size)


def plain(module: ModuleType, members: int, **more: Any) -> Any:
    """Settings of GRPO."""
    return module.Settings(num_envs=members, group_size=members, **more)


def compared(module: ModuleType, device: str, what: str, task: Task, settings: Any, exact: list[list[Fraction]]) -> Row:
    got = code_step(module, task, settings, device)
    wanted = [balls(row) or [0] * got.shape[1] for row in exact]  # a state without actions has no gradient
    return Row(f"the mean step of {what}", got, wanted, bound(task, settings.group_size))


def vector(numbers: Sequence[Fraction | int], device: str) -> Tensor:
    return torch.tensor([float(x) for x in numbers], dtype=F64, device=device)
