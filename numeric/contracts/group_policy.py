"""Checks of alg-grpo, alg-drgrpo and alg-rloo: the mean step over all groups, and the part of each token, reward and switch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from numeric.contract import NO_GRADIENT, Row, rounding
from numeric.contracts.group_policy_oracle import (
    F64,
    HALF,
    TENTH,
    TINY,
    Task,
    balls,
    bandit,
    bound,
    code_step,
    compared,
    every_group,
    gradient,
    judge,
    loss_of,
    mean_step,
    once,
    per_token,
    plain,
    root,
    step_slopes,
    times,
    two_lengths,
    vector,
)


# ------------------------------------------------------------------------------------- GRPO
def grpo_bandit(module: ModuleType, device: str) -> Iterator[Row]:
    """The mean of s^2 / (s + epsilon), and the two figures of the catalogue."""
    for p, printed in ((HALF, "0.40392"), (TENTH, "0.15209")):
        for members in (4, 2):
            settings = plain(module, members)
            epsilon = Fraction(settings.epsilon)
            successes = [math.comb(members, k) * p**k * (1 - p) ** (members - k) for k in range(members + 1)]
            spread = [Fraction(k * (members - k), members**2) for k in range(members + 1)]
            mean = sum((c * v / (root(v) + epsilon) for c, v in zip(successes, spread, strict=True) if v), Fraction(0))
            yield compared(module, device, f"GRPO at p = {p}, N = {members}", bandit(p), settings, [[-mean, mean]])
        found = code_step(module, bandit(p), plain(module, 4), device)[0, 1]
        yield Row(f"GRPO's figure at p = {p}", found, Fraction(printed), Fraction(1, 200_000))
    for ddof in (0, 1):
        settings = plain(module, 3, ddof=ddof, epsilon=0.0)
        wanted = mean_step(bandit(TENTH), 3, judge(deviation=True, ddof=ddof), once)
        yield compared(module, device, f"GRPO with ddof = {ddof}", bandit(TENTH), settings, wanted)


def grpo_two_lengths(module: ModuleType, device: str) -> Iterator[Row]:
    """What the deviation does, what 1/|o| does, and both: EP, where an answer has one token or two."""
    task = two_lengths(HALF, HALF)
    quarter, sixteenth = Fraction(1, 4), Fraction(1, 16)
    undivided = {"scale": "none", "epsilon": 0.0}
    yield from both_actions(
        module, device, "1/|o| alone, N = 2", task, plain(module, 2, **undivided), (Fraction(3, 16), sixteenth)
    )
    deviation = {"aggregation": "constant", "epsilon": 0.0}
    yield from both_actions(
        module, device, "the deviation alone, N = 2", task, plain(module, 2, **deviation), (quarter, sixteenth)
    )
    third = mean_step(task, 3, judge(deviation=True), once)
    yield compared(module, device, "the deviation alone, N = 3", task, plain(module, 3, **deviation), third)
    for at, printed in ((0, "0.331980"), (1, "0.094306")):
        found = code_step(module, task, plain(module, 3, **deviation), device)[at, 1]
        yield Row(f"the figure of N = 3 in state {at}", found, Fraction(printed), Fraction(1, 2_000_000))
    skewed = two_lengths(Fraction(1, 3), Fraction(3, 5))
    settings = plain(module, 3)
    both = mean_step(skewed, 3, judge(deviation=True, epsilon=Fraction(settings.epsilon)), per_token)
    yield compared(module, device, "GRPO at p = 1/3, q = 3/5, N = 3", skewed, settings, both)


def both_actions(
    module: ModuleType, device: str, what: str, task: Task, settings: Any, wanted: tuple[Fraction, Fraction]
) -> Iterator[Row]:
    """The step of action 1 in both states, against numbers that are known in closed form."""
    yield compared(module, device, what, task, settings, [[-wanted[0], wanted[0]], [-wanted[1], wanted[1]], []])


def sign_flip(module: ModuleType, device: str, settings: Any) -> Tensor:
    """The mean step in theta for two prompts together: success with p = 1/2 pays 1, with p = 1/10 it costs 3."""
    theta = torch.zeros((), dtype=F64, device=device, requires_grad=True)
    steps = []
    for p, win in ((HALF, 1), (TENTH, -3)):
        task = bandit(p, win)
        batch = every_group(task, settings.group_size, device)
        shifted = batch.logits.detach() + torch.stack([torch.zeros_like(theta), theta])
        actions = (batch.reward != 0).long()
        logp = shifted.log_softmax(-1)[0, actions][None]
        slopes = step_slopes(module, logp, batch.mask, batch.reward, settings)
        (step,) = torch.autograd.grad(logp, theta, slopes * batch.weight)
        steps.append(step)
    return torch.stack(steps).sum()


def grpo_sign(module: ModuleType, device: str) -> Iterator[Row]:
    """The gradient is 1/4 - 3 * 9/100 = -1/50, and GRPO steps the other way."""
    settings = plain(module, 4)
    epsilon = Fraction(settings.epsilon)
    parts = [
        mean_step(bandit(p, w), 4, judge(deviation=True, epsilon=epsilon), once) for p, w in ((HALF, 1), (TENTH, -3))
    ]
    exact = parts[0][0][1] + parts[1][0][1]
    found = sign_flip(module, device, settings)
    yield Row("GRPO's mean step for two prompts", found, (exact, TINY), 2 * bound(bandit(HALF), 4))
    yield Row("that step", found, Fraction("0.252"), Fraction(1, 2000))


def grpo_advantages(module: ModuleType, device: str) -> Iterator[Row]:
    """By definition, on groups that differ, agree, and have one member; groups never mix."""
    rewards = [Fraction(x) for x in ("3", "-1", "1/2", "1/4", *"11110000", *"5766")]
    for ddof, epsilon in ((0, 1e-4), (1, 1e-6), (0, 0.0), (1, 0.0)):
        settings = module.Settings(num_envs=16, group_size=4, ddof=ddof, epsilon=epsilon)
        got = module.advantages(vector(rewards, device), settings)
        of = judge(deviation=True, ddof=ddof, epsilon=Fraction(epsilon))
        wanted = [x for k in range(0, 16, 4) for x in of(rewards[k : k + 4])]
        yield Row(f"an advantage with ddof = {ddof}, epsilon = {epsilon}", got, balls(wanted), rounding(30, 4))
        yield Row("the sum of a group's advantages", got.view(4, 4).sum(1), [0] * 4, rounding(30, 4))
        yield Row("an advantage in a group that agrees", got[4:12], [0] * 8, 0)
        alone = module.advantages(vector([7, -2], device), replace(settings, group_size=1, num_envs=2))
        yield Row("the advantage of a group of one", alone, [0, 0], 0)
    tenths = torch.full((8,), 0.1, dtype=torch.float32, device=device)
    flat = module.advantages(tenths, module.Settings(num_envs=8, group_size=8, epsilon=1e-8))
    yield Row("an advantage of eight rewards of 0.1 in float32", flat.double(), [0] * 8, 0)


LENGTHS = (1, 3, 2, 3)
JUDGED = (Fraction(3, 2), Fraction(-1, 4), Fraction(2), Fraction(-5, 8))


def aggregates(module: ModuleType, device: str) -> Iterator[Row]:
    """The slope of the loss in each token: minus the advantage times the token's weight, and 0 in padding whatever it holds."""
    for padding in (0, 2):
        logp, old, mask = padded(LENGTHS, padding, device)
        for way, weight in (
            ("sequence", lambda n: Fraction(1, 4 * n)),
            ("token", lambda _: Fraction(1, sum(LENGTHS))),
            ("constant", lambda _: Fraction(1, 4 * 5)),
        ):
            value = module.loss(logp, old, vector(JUDGED, device), mask, aggregation=way, length=5)
            (slopes,) = torch.autograd.grad(value, logp)
            wanted = [
                [-a * weight(n) if t < n else 0 for a, n in zip(JUDGED, LENGTHS, strict=True)] for t in range(len(mask))
            ]
            yield Row(f'the slope with "{way}" and {padding} rows of padding', slopes, wanted, rounding(20, 2))
            yield Row(
                f'the loss with "{way}"', value, sum((x for row in wanted for x in row), Fraction(0)), rounding(60, 4)
            )


def padded(lengths: Sequence[int], padding: int, device: str) -> tuple[Tensor, Tensor, Tensor]:
    """log pi = log pi_old = -1 on tokens, NaN behind them; and the mask."""
    steps = max(lengths) + padding
    mask = torch.arange(steps, device=device)[:, None] < torch.tensor(lengths, device=device)
    logp = torch.where(mask, -1.0, torch.nan).to(F64)
    return logp.clone().requires_grad_(), logp, mask


def parts(module: ModuleType, device: str) -> Iterator[Row]:
    """Losses of parts of a batch, each divided by the whole batch's count, add up to its loss."""
    logp, old, mask = padded(LENGTHS, 0, device)
    advantage = vector(JUDGED, device)
    for way, count in (("sequence", 4), ("token", sum(LENGTHS)), ("constant", 4)):
        pieces = [
            module.loss(logp[:, k], old[:, k], advantage[k], mask[:, k], aggregation=way, length=5, count=count)
            for k in ([0], [1, 2], [3])
        ]
        (slopes,) = torch.autograd.grad(torch.stack(pieces).sum(), logp)
        share = {"sequence": lambda n: 4 * n, "token": lambda _: sum(LENGTHS), "constant": lambda _: 20}[way]
        wanted = [
            [-a / share(n) if t < n else 0 for a, n in zip(JUDGED, LENGTHS, strict=True)] for t in range(len(mask))
        ]
        yield Row(f'the slope from three parts with "{way}"', slopes, wanted, rounding(20, 2))


def clipped(module: ModuleType, device: str) -> Iterator[Row]:
    """The slope in log pi is -ratio A / B, and 0 where the ratio has left the interval on the side that A asks for."""
    epsilon = Fraction(1, 5)
    grid = [(r, a) for r in (HALF, Fraction(9, 10), Fraction(1), Fraction(11, 10), Fraction(3, 2)) for a in (1, -1)]
    old = vector([Fraction(-2)] * len(grid), device)[None]
    logp = (old + vector([r for r, _ in grid], device).log()).requires_grad_()
    advantage = vector([Fraction(a) for _, a in grid], device)
    value = module.loss(logp, old, advantage, torch.ones_like(old, dtype=torch.bool), clip=float(epsilon))
    (slopes,) = torch.autograd.grad(value, logp)
    flat = [(a > 0 and r > 1 + epsilon) or (a < 0 and r < 1 - epsilon) for r, a in grid]
    wanted = [0 if stop else -r * a / len(grid) for (r, a), stop in zip(grid, flat, strict=True)]
    yield Row("the slope in a token's log pi", slopes, [wanted], rounding(40, 2))


def kl_term(module: ModuleType, device: str) -> Iterator[Row]:
    """The mean is KL(pi || reference), the mean slope that of KL(reference || pi), which is pi - reference."""
    pi, ref = [HALF, Fraction(1, 3), Fraction(1, 6)], [Fraction(1, 5), HALF, Fraction(3, 10)]
    weight, share = 0.25, vector([3 * p for p in pi], device)
    logits = vector(pi, device).log().requires_grad_()
    logp = logits.log_softmax(-1)[None]
    reference = vector(ref, device).log()[None].requires_grad_()
    zero, mask = torch.zeros(3, dtype=F64, device=device), torch.ones(1, 3, dtype=torch.bool, device=device)
    value = module.loss(logp, logp.detach(), zero, mask, kl_weight=weight, reference_logp=reference)
    (slopes,) = torch.autograd.grad(value, logp, retain_graph=True)
    (mean,) = torch.autograd.grad(logp, logits, slopes * share, retain_graph=True)
    quarter = Fraction(1, 4)
    wanted = [quarter * (p - q) for p, q in zip(pi, ref, strict=True)]
    yield Row("the mean slope of the KL term", mean, wanted, rounding(200, 2))
    alone = [
        module.loss(
            logp[:, [k]],
            logp[:, [k]].detach(),
            zero[:1],
            mask[:, :1],
            kl_weight=weight,
            reference_logp=reference[:, [k]],
        )
        for k in range(3)
    ]
    kl = sum(float(p) * math.log(p / q) for p, q in zip(pi, ref, strict=True)) / 4
    yield Row(
        "the mean of the KL term", sum(float(p) * x for p, x in zip(pi, alone, strict=True)), kl, rounding(200, 2)
    )
    value.backward()
    yield Row("what the reference receives", reference.grad, NO_GRADIENT)
    without = module.loss(logp, logp.detach(), zero, mask, kl_weight=0.0, reference_logp=reference * torch.nan)
    yield Row("the loss without a KL term, whatever the reference holds", without, 0, 0)


def gradients(module: ModuleType, device: str) -> Iterator[Row]:
    """log pi receives one; the behaviour's log-probabilities, advantages and rewards receive none."""
    for settings in (plain(module, 4), module.dr_grpo(plain(module, 4), 3), module.rloo(plain(module, 4))):
        logp, old, mask = padded(LENGTHS, 0, device)
        old = old.clone().requires_grad_()
        reward = vector([1, 0, 0, 1], device).requires_grad_()
        judged = module.advantages(reward, settings)
        if judged.requires_grad:
            judged.square().sum().backward()
        advantage = judged.detach().requires_grad_()
        loss_of(module, logp, old, advantage, mask, settings).backward()
        of = judge(settings.baseline == "others", settings.scale == "deviation", 0, Fraction(settings.epsilon))
        found = of([Fraction(r) for r in (1, 0, 0, 1)])
        weights = [Fraction(1, 4 * (n if settings.aggregation == "sequence" else settings.length)) for n in LENGTHS]
        wanted = [
            [-a * w if t < n else 0 for a, w, n in zip(found, weights, LENGTHS, strict=True)] for t in range(len(mask))
        ]
        yield Row("the slope in log pi", logp.grad, balls(wanted), rounding(60, 2))
        yield Row("what the behaviour's log-probabilities receive", old.grad, NO_GRADIENT)
        yield Row("what advantages receive", advantage.grad, NO_GRADIENT)
        yield Row("what rewards receive", reward.grad, NO_GRADIENT)


# ------------------------------------------------------------------------------------- Dr. GRPO
def dr_grpo_bandit(module: ModuleType, device: str) -> Iterator[Row]:
    """(N - 1)/N of p (1 - p)."""
    for p in (HALF, TENTH):
        for members in (2, 3, 4):
            settings = module.dr_grpo(plain(module, members), 1)
            wanted = times(Fraction(members - 1, members), gradient(bandit(p)))
            yield compared(module, device, f"Dr. GRPO at p = {p}, N = {members}", bandit(p), settings, wanted)
        printed = {HALF: "0.1875", TENTH: "0.0675"}[p]
        found = code_step(module, bandit(p), module.dr_grpo(plain(module, 4), 1), device)[0, 1]
        yield Row(f"Dr. GRPO's figure at p = {p}", found, Fraction(printed), bound(bandit(p), 4))


def dr_grpo_two_lengths(module: ModuleType, device: str) -> Iterator[Row]:
    """(N - 1)/(N L) of the gradient where answers differ in length: (1/4, 1/8)/L at N = 2, (3/8, 3/16)/L at N = 4."""
    task = two_lengths(HALF, HALF)
    for members, first in ((2, Fraction(1, 4)), (4, Fraction(3, 8))):
        settings = module.dr_grpo(plain(module, members), 2)
        closed = (first / 2, first / 4)
        yield from both_actions(module, device, f"Dr. GRPO on EP, N = {members}", task, settings, closed)
    skewed = two_lengths(Fraction(1, 3), Fraction(3, 5))
    settings = module.dr_grpo(plain(module, 3), 4)
    wanted = times(Fraction(2, 3 * 4), gradient(skewed))
    yield compared(module, device, "Dr. GRPO at p = 1/3, q = 3/5, N = 3", skewed, settings, wanted)


def dr_grpo_sign(module: ModuleType, device: str) -> Iterator[Row]:
    """3/4 of -1/50: the right way."""
    found = sign_flip(module, device, module.dr_grpo(plain(module, 4), 1))
    yield Row("Dr. GRPO's mean step for two prompts", found, Fraction(-3, 200), 2 * bound(bandit(HALF), 4))


def dr_grpo_undivided(module: ModuleType, device: str) -> Iterator[Row]:
    """Advantages are r - mean, and each token weighs 1/(B L), however long its answer is and however the rewards spread."""
    settings = replace(module.dr_grpo(plain(module, 4), 8), ddof=1, epsilon=0.5)
    rewards = [Fraction(100), Fraction(-100), Fraction(-100), Fraction(40)]
    got = module.advantages(vector(rewards, device), settings)
    wanted = judge()(rewards)
    yield Row("an advantage of Dr. GRPO", got, wanted, rounding(20, 200))
    logp, _, mask = padded(LENGTHS, 0, device)
    value = loss_of(module, logp, logp.detach(), got, mask, settings)
    (slopes,) = torch.autograd.grad(value, logp)
    rows = [[-a / 32 if t < n else 0 for a, n in zip(wanted, LENGTHS, strict=True)] for t in range(len(mask))]
    yield Row("the slope in a token of Dr. GRPO", slopes, rows, rounding(40, 200))


# ------------------------------------------------------------------------------------- RLOO
def rloo_bandit(module: ModuleType, device: str) -> Iterator[Row]:
    """p (1 - p): 1/4 and 9/100."""
    for p in (HALF, TENTH):
        for members in (2, 3, 4):
            settings = module.rloo(plain(module, members))
            wanted = p * (1 - p)
            yield compared(module, device, f"RLOO at p = {p}, N = {members}", bandit(p), settings, [[-wanted, wanted]])


def rloo_two_lengths(module: ModuleType, device: str) -> Iterator[Row]:
    """The gradient itself: (1/2, 1/4) on EP."""
    task = two_lengths(HALF, HALF)
    settings = module.rloo(plain(module, 3))
    yield from both_actions(module, device, "RLOO on EP, N = 3", task, settings, (HALF, Fraction(1, 4)))
    skewed = two_lengths(Fraction(1, 3), Fraction(3, 5))
    yield compared(module, device, "RLOO at p = 1/3, q = 3/5, N = 3", skewed, settings, gradient(skewed))


def rloo_others(module: ModuleType, device: str) -> Iterator[Row]:
    """In every sample: the reward less the mean of the others, which is N/(N - 1) of the reward less the mean of all."""
    rewards = [Fraction(x) for x in (3, -1, HALF, Fraction(1, 4), 1, 1, 1, 1)]
    settings = module.rloo(module.Settings(num_envs=8, group_size=4))
    got = module.advantages(vector(rewards, device), settings)
    wanted = [x for k in (0, 4) for x in judge(others=True)(rewards[k : k + 4])]
    yield Row("an advantage of RLOO", got, wanted, rounding(20, 4))
    mean = [x for k in (0, 4) for x in judge()(rewards[k : k + 4])]
    yield Row("an advantage of RLOO, from all members' mean", got, [x * Fraction(4, 3) for x in mean], rounding(20, 4))
    yield Row("the sum of a group's advantages", got.view(2, 4).sum(1), [0, 0], rounding(40, 4))
