"""The bandit's chances and the digit sums' counts are what they are said to be."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from numeric.envs.bandit import BernoulliBandit
from numeric.envs.tokens import DigitSum, answers


def far(count: int) -> float:
    return math.sqrt(math.log(2e11) / (2 * count))


def test_an_arm_pays_as_often_as_its_chance_says(device: str) -> None:
    chance, count = torch.tensor([0.0, 0.3, 1.0]), 100_000
    env = BernoulliBandit(chance, count, lose=-1.0, device=device)
    env.reset()
    for arm, c in enumerate(chance.tolist()):
        out = env.step(torch.full((count,), arm, device=device))
        won = out.reward == 1
        assert bool(((out.reward == -1) | won).all()) and bool(out.terminated.all())
        assert abs(won.double().mean().item() - c) <= far(count) * (0 < c < 1)


@pytest.mark.parametrize("chance", [torch.tensor([0.5, 1.2]), torch.tensor([-0.1]), torch.tensor([math.nan])])
def test_a_chance_is_a_probability(chance: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"chance must lie in \[0, 1\]; got"):
        BernoulliBandit(chance, 2)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_answers_are_counted_as_a_brute_force_does(length: int) -> None:
    sums = [sum(digits) for digits in itertools.product(range(10), repeat=length)]
    assert answers(length).tolist() == [sums.count(t) for t in range(9 * length + 1)]


def test_a_right_answer_pays_one_at_its_last_digit() -> None:
    env = DigitSum(2, length=3, targets=torch.tensor([12]))
    assert env.reset().tolist() == [[12, -1, -1, -1]] * 2
    first = env.step(torch.tensor([7, 7]))
    assert first.observation.tolist() == [[12, 7, -1, -1]] * 2 and not first.terminated.any() and not first.reward.any()
    env.step(torch.tensor([0, 5]))
    last = env.step(torch.tensor([5, 5]))
    assert last.terminated.all() and last.reward.tolist() == [1, 0]
    assert last.final_observation.tolist() == [[12, 7, 0, 5], [12, 7, 5, 5]]
    assert last.observation.tolist() == [[12, -1, -1, -1]] * 2


def test_a_uniform_policy_succeeds_as_often_as_the_counts_say() -> None:
    count, length = 100_000, 3
    env = DigitSum(count, length=length)
    env.reset()
    generator = torch.Generator().manual_seed(4)
    for _ in range(length):
        out = env.step(torch.randint(10, (count,), generator=generator))
    exact = (answers(length).double() / 10**length).mean().item()
    assert abs(out.reward.double().mean().item() - exact) <= far(count)


@pytest.mark.parametrize("targets", [torch.tensor([28]), torch.tensor([-1]), torch.tensor([], dtype=torch.int64)])
def test_a_target_that_cannot_be_reached_is_refused(targets: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="targets"):
        DigitSum(2, length=3, targets=targets)
