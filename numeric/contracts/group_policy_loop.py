"""Checks of hw19 and of the loop around the loss: answers as they are collected, whole iterations, the trap of the cliff walk."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from types import ModuleType
from typing import Any

import torch

from numeric.contract import Row, rounding
from numeric.contracts.group_policy_oracle import (
    F64,
    balls,
    compared,
    judge,
    mean_step,
    per_token,
    plain,
    root,
    vector,
    walks,
)
from numeric.envs.bandit import BernoulliBandit
from numeric.envs.cliff_walk import Cliff, CliffWalk
from numeric.envs.tabular import Table, Tabular
from numeric.envs.tokens import DigitSum
from numeric.mdp.reading import named
from numeric.mdp.solve import arrivals, visits

SMALL = Cliff(height=2, width=3, move=0)  # start, one cell of cliff, goal; four moves lead around it
MOVES = {0: (-1, 0), 1: (0, 1), 2: (1, 0), 3: (0, -1)}  # up, right, down, left


# ------------------------------------------------------------------------------------- homework problem 19
def fraction(module: ModuleType, device: str) -> Iterator[Row]:
    """With k of N rewards 100 and the others -100: sqrt((N - k)/k) and -sqrt(k/(N - k)); 3 of 8 as printed."""
    for members in (2, 8):
        for k in range(1, members):
            rewards = vector([100] * k + [-100] * (members - k), device)
            won, lost = root(Fraction(members - k, k)), -root(Fraction(k, members - k))
            for ddof, factor in ((0, Fraction(1)), (1, root(Fraction(members - 1, members)))):
                got = module.advantages(rewards, plain(module, members, epsilon=0.0, ddof=ddof))
                wanted = [factor * x for x in [won] * k + [lost] * (members - k)]
                yield Row(f"an advantage with {k} of {members}, ddof = {ddof}", got, balls(wanted), rounding(40, 200))
    printed = vector([100] * 3 + [-100] * 5, device)
    for ddof, figures in ((0, ("1.290994", "-0.774597")), (1, ("1.207614", "-0.724569"))):
        got = module.advantages(printed, plain(module, 8, epsilon=0.0, ddof=ddof))[[0, 7]]
        yield Row("the advantages at 3 of 8", got, [Fraction(x) for x in figures], Fraction(1, 1_000_000))


def flat(module: ModuleType, device: str) -> Iterator[Row]:
    """A group that fails as one, or succeeds as one: advantages and slopes are exactly 0, with epsilon = 0, too."""
    for pay in (-100, 100):
        for epsilon, ddof in ((1e-4, 0), (0.0, 0), (0.0, 1)):
            settings = plain(module, 8, epsilon=epsilon, ddof=ddof)
            advantage = module.advantages(vector([pay] * 8, device), settings)
            yield Row(f"an advantage where all rewards are {pay}", advantage, [0] * 8, 0)
            logp = torch.full((3, 8), -1.0, dtype=F64, device=device, requires_grad=True)
            value = module.loss(logp, logp.detach(), advantage, torch.ones_like(logp, dtype=torch.bool))
            (slopes,) = torch.autograd.grad(value, logp)
            yield Row(f"the slope where all rewards are {pay}", slopes, [[0] * 8] * 3, 0)


def trap(module: ModuleType, device: str) -> Iterator[Row]:
    """How often not one walk of a group from the uniform policy arrives at the goal: by the environment's own table.

    Exactly: the probability of the goal by a linear solve over all lengths, and within 500 moves by counting the sequences of
    moves, of which there are 4^500.  The two differ by no more than what is still walking then.
    """
    uniform = named("cliff_walk").uniform()
    goal, length = arrivals(uniform)[-1], sum(visits(uniform), Fraction(0))
    exact, walking = _counted(500)
    found, left, moves = _walked(module, 500)
    bound = rounding(48 * 500, 1)
    yield Row("the probability of the goal within 500 moves", found, exact, bound)
    yield Row("the probability of walking longer", left, walking, bound)
    yield Row("the probability of the goal", found, goal, bound + walking)
    for members, printed in ((8, "0.98666"), (64, "0.89813")):
        none = (1 - found) ** members
        yield Row(
            f"the probability that none of {members} arrives", none, (1 - goal) ** members, members * (bound + walking)
        )
        yield Row(f"that figure for {members}", none, Fraction(printed), Fraction(1, 200_000))
    yield Row("the moves of a walk on average", moves, length, rounding(48 * 500, 500) + 1000 * walking)
    wait = 1 / (1 - (1 - found) ** 8)
    yield Row("the groups of 8 until one teaches something, on average", wait, Fraction("74.96"), Fraction(1, 200))
    yield Row("their moves", 8 * wait * moves, 6491, Fraction(1, 2))
    kinds = module.Cliff(move=0).table().reward.unique()
    yield Row("the rewards that are left without the price of a move", kinds, [-100, 0, 100], 0)


def _counted(steps: int) -> tuple[Fraction, Fraction]:
    """(P(goal), P(still walking)) after that many moves, all alike: by counting, in integers, with the sheet's table."""
    mdp = named("cliff_walk")
    ways, goal = [int(p) for p in mdp.start], 0
    for _ in range(steps):
        after, goal = [0] * len(ways), 4 * goal
        for s in mdp.live:
            for a in range(4):
                after[mdp.rows[s][a][0].state] += ways[s]
        goal += after[-1]
        ways = [count if row else 0 for count, row in zip(after, mdp.rows, strict=True)]
    return Fraction(goal, 4**steps), Fraction(sum(ways), 4**steps)


def _walked(module: ModuleType, steps: int) -> tuple[float, float, float]:
    """The same in floats, by the environment's table, and the mean number of moves."""
    table = module.Cliff(move=0).table()
    law, moves = table.start.clone(), 0.0
    for _ in range(steps):
        moves += law[~table.terminal].sum().item()
        following = torch.zeros_like(law)
        for action in range(4):
            following.index_add_(0, table.successor[:, action, 0], law / 4)
        law = following
    return law[-1].item(), law[~table.terminal].sum().item(), moves


def small_cliff(module: ModuleType, device: str) -> Iterator[Row]:
    """GRPO's mean step on the smallest cliff walk, over all pairs of walks of at most four moves; a cut one is paid -100."""
    mdp = SMALL.exact()
    law = {"up": Fraction(3, 8), "right": Fraction(3, 8), "down": Fraction(1, 6), "left": Fraction(1, 12)}
    task = walks(mdp.policy({mdp.states[s]: law for s in mdp.live}), 4, truncated=-100)
    settings = plain(module, 2)
    of = judge(deviation=True, epsilon=Fraction(settings.epsilon))
    wanted = mean_step(task, 2, of, per_token)
    yield compared(module, device, "GRPO on the smallest cliff walk", task, settings, wanted)


# ------------------------------------------------------------------------------------- the loop
def collected(module: ModuleType, device: str) -> Iterator[Row]:
    """Groups share their prompt; rewards, ends and log-probabilities are those of the answer and of nothing behind its end."""
    environment = DigitSum(24, length=2, seed=3, dtype=F64, device=device, targets=torch.tensor([7, 9, 11]))
    policy = module.policy_for(environment, (), 8, 1, torch.Generator(device).manual_seed(1))
    with torch.no_grad():
        policy.decoder.head.bias.copy_(torch.arange(10, dtype=F64, device=device) / 5)
    found = module.collect(environment, policy, torch.Generator(device).manual_seed(2), 4)
    digits, asked = found.action.view(2, 24), found.observation[:24, 0]
    yield Row("the prompts of a group less the first's", asked.view(6, 4) - asked.view(6, 4)[:, :1], [[0] * 4] * 6, 0)
    different = (asked.view(6, 4)[:, 0].unique().numel() > 1) * 1.0
    yield Row("whether different groups have different prompts", different, 1, 0)
    right = [int(sum(pair) == t) for pair, t in zip(digits.T.tolist(), asked.tolist(), strict=True)]
    yield Row("the reward", found.reward, right, 0)
    chance = torch.softmax(torch.arange(10, dtype=F64) / 5, 0).log().tolist()
    wanted = [[chance[d] for d in row] for row in digits.tolist()]
    yield Row("log pi of the digit that was written", found.behaviour_logp, wanted, rounding(400, 4))
    yield from _walks_collected(module, device)
    yield from _ends_collected(module, device)


def _ends_collected(module: ModuleType, device: str) -> Iterator[Row]:
    """Action 0 ends at once and costs 1, action 1 leads to a second step that pays 2 or 3: a next episode would pay, too."""
    successor = torch.tensor([[[2], [1]], [[2], [2]], [[2], [2]]])
    pays = torch.tensor([[[-1.0], [0]], [[2], [3]], [[0], [0]]], dtype=F64)
    start, terminal = torch.tensor([1.0, 0, 0], dtype=F64), torch.tensor([False, False, True])
    table = Table(successor, torch.ones_like(pays), pays, start, terminal)
    environment = Tabular(table, 32, max_steps=5, seed=1, dtype=F64, device=device)
    policy = module.policy_for(environment, (), 8, 1, torch.Generator(device).manual_seed(1))
    found = module.collect(environment, policy, torch.Generator(device).manual_seed(2), 4)
    wanted = [-1 if column[0] == 0 else 2 + column[1] for column in _columns(found)]
    yield Row("what an answer of one or two steps is paid", found.reward, wanted, 0)
    yield Row("how many lengths were seen", float(found.mask.sum(0).unique().numel()), 2, 0)


def _walks_collected(module: ModuleType, device: str) -> Iterator[Row]:
    """On the smallest cliff walk with a limit of four moves: each walk is replayed by hand."""
    environment = CliffWalk(64, cliff=SMALL, max_steps=4, seed=5, dtype=F64, device=device)
    policy = module.policy_for(environment, (), 8, 1, torch.Generator(device).manual_seed(1))
    with torch.no_grad():
        policy.logits.copy_(torch.tensor([[0.0, 2, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0], [2, 0, 0, 0], [0] * 4, [0] * 4]))
    found = module.collect(environment, policy, torch.Generator(device).manual_seed(2), 8)
    replayed = [_replayed(column) for column in _columns(found)]
    yield Row("what a walk is paid", found.reward, [r for r, _, _ in replayed], 0)
    yield Row("whether the limit cut a walk", found.truncated.double(), [int(cut) for _, cut, _ in replayed], 0)
    yield Row("the moves of a walk", found.mask.sum(0), [n for _, _, n in replayed], 0)
    kinds = {(r, cut) for r, cut, _ in replayed}
    yield Row("the kinds of end that were seen", float(len(kinds)), 3, 0)


def _columns(found: Any) -> list[list[int]]:
    """The actions of each answer, in order."""
    table = torch.full(found.mask.shape, -1, device=found.mask.device)
    table[found.mask] = found.action
    return [[a for a in column if a >= 0] for column in table.T.tolist()]


def _replayed(actions: list[int]) -> tuple[int, bool, int]:
    """(reward, cut, moves) of a walk on two rows and three columns, from (1, 0) to (1, 2) around (1, 1), at most four moves."""
    row, column = 1, 0
    for moves, action in enumerate(actions, 1):
        down, right = MOVES[action]
        row, column = min(max(row + down, 0), 1), min(max(column + right, 0), 2)
        if row == 1 and column:
            return (-100 if column == 1 else 100), False, moves
        if moves == 4:
            return 0, True, moves
    return 0, True, -1  # the record ends before the walk does: no such number is right


def iteration(module: ModuleType, device: str) -> Iterator[Row]:
    """One iteration moves the table by learning_rate times the step that follows from its answers, by hand and in rationals."""
    base = module.Settings(num_envs=64, group_size=8, learning_rate=0.5, optimizer="sgd", truncated_reward=-40.0)
    for settings in (base, module.dr_grpo(base, 4), module.rloo(base), replace(base, aggregation="token", ddof=1)):
        first, second = (module.learner(_small(device), settings, seed=7) for _ in range(2))
        answers = module.collect(second.environment, second.policy, second.generator, settings.group_size)
        figures = first.iterate()
        columns = _columns(answers)
        wanted = _stepped(answers, columns, settings)
        got = first.policy.logits.detach()
        yield Row("the table after one iteration", got, balls(wanted), rounding(64 * 4 * 60, 4))
        replayed = [_replayed(column) for column in columns]
        yield Row(
            "mean_return", figures["mean_return"], Fraction(sum(r for r, _, _ in replayed), 64), rounding(80, 200)
        )
        yield Row("steps", float(first.steps), sum(n for _, _, n in replayed), 0)


def _small(device: str) -> CliffWalk:
    return CliffWalk(64, cliff=SMALL, max_steps=4, seed=5, dtype=F64, device=device)


def _stepped(answers: Any, columns: list[list[int]], settings: Any) -> list[list[Fraction]]:
    """learning_rate times the weighted scores of the uniform table, by state and action."""
    rate, pi = Fraction(settings.learning_rate), Fraction(1, 4)
    of = judge(settings.baseline == "others", settings.scale == "deviation", settings.ddof, Fraction(settings.epsilon))
    replayed = [_replayed(column) for column in columns]
    paid = [Fraction(r) + Fraction(settings.truncated_reward) * cut for r, cut, _ in replayed]
    n, tokens = settings.group_size, sum(len(column) for column in columns)
    advantage = [x for k in range(0, len(paid), n) for x in of(paid[k : k + n])]
    step = [[Fraction(0)] * 4 for _ in range(6)]
    for a, column in zip(advantage, columns, strict=True):
        share = {"sequence": len(column) * len(paid), "token": tokens, "constant": settings.length * len(paid)}
        row, place = 1, 0
        for action in column:
            for b in range(4):
                step[3 * row + place][b] += rate * a / share[settings.aggregation] * ((b == action) - pi)
            down, right = MOVES[action]
            row, place = min(max(row + down, 0), 1), min(max(place + right, 0), 2)
    return step


def second_epoch(module: ModuleType, device: str) -> Iterator[Row]:
    """Two epochs with a reference: ratios, the clip and k3 in the second step, by hand in Python's floats."""
    settings = module.Settings(
        num_envs=8, group_size=4, epochs=2, clip=0.1, kl_weight=0.5, learning_rate=2.0, optimizer="sgd", epsilon=0.75
    )
    chance = torch.tensor([0.0, 1.0])
    for seed in range(4):
        first, second = (
            module.learner(BernoulliBandit(chance, 8, dtype=F64, device=device), settings, seed=seed) for _ in range(2)
        )
        arms = module.collect(second.environment, second.policy, second.generator, 4).action.tolist()
        first.iterate()
        wanted = _two_steps(arms, settings)
        yield Row("the logits after two epochs", first.policy.logits.detach(), [wanted], rounding(2000, 4))


def _two_steps(arms: list[int], settings: Any) -> list[float]:
    """Arm 1 pays 1, arm 0 nothing."""
    of = judge(deviation=True, epsilon=Fraction(settings.epsilon))
    advantage = [float(x) for k in (0, 4) for x in of([Fraction(a) for a in arms[k : k + 4]])]
    logits = [0.0, 0.0]
    for _ in range(2):
        total = sum(math.exp(x) for x in logits)
        pi = [math.exp(x) / total for x in logits]
        slope = [0.0, 0.0]
        for a, arm in zip(advantage, arms, strict=True):
            ratio, back = pi[arm] / 0.5, 0.5 / pi[arm]
            stopped = (a > 0 and ratio > 1 + settings.clip) or (a < 0 and ratio < 1 - settings.clip)
            token = (0.0 if stopped else ratio * a) - settings.kl_weight * (1 - back)
            for b in range(2):
                slope[b] += token / len(arms) * ((b == arm) - pi[b])
        logits = [x + settings.learning_rate * s for x, s in zip(logits, slope, strict=True)]
    return logits
