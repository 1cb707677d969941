"""Group advantages against the formula in rationals, the conventions of libraries, groups that agree, wrong input."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from numeric.primitives.group_advantage import group_advantage

F64 = torch.float64
REWARDS = st.lists(st.integers(-64, 64).map(lambda k: k / 8), min_size=1, max_size=9)
EPS = 2.0**-53


def exactly(rewards: list[float], baseline: str, ddof: int | None, epsilon: float) -> list[float]:
    """The formula, centred in rationals; the root in floats."""
    r = [Fraction(x) for x in rewards]
    n, total = len(r), sum(r)
    centred = [x - (total / n if baseline == "mean" else (total - x) / (n - 1)) for x in r]
    if len(set(r)) == 1:
        return [0.0] * n
    if ddof is None:
        return [float(x) for x in centred]
    variance = sum((x - total / n) ** 2 for x in r) / (n - ddof)
    return [float(x) / (math.sqrt(variance) + epsilon) for x in centred]


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("epsilon", [0.0, 1e-4, 0.5])
@given(rewards=REWARDS)
def test_grpo_is_the_formula(rewards: list[float], ddof: int, epsilon: float) -> None:
    found = group_advantage(torch.tensor(rewards, dtype=F64), ddof=ddof, epsilon=epsilon).tolist()
    wanted = exactly(rewards, "mean", ddof, epsilon)
    assert found == pytest.approx(wanted, rel=64 * EPS, abs=64 * EPS * max(map(abs, wanted)))


@given(rewards=REWARDS.filter(lambda r: len(r) > 1))
def test_rloo_is_the_formula(rewards: list[float]) -> None:
    found = group_advantage(torch.tensor(rewards, dtype=F64), baseline="others", scale="none").tolist()
    assert found == pytest.approx(exactly(rewards, "others", None, 0), rel=64 * EPS, abs=64 * EPS * 8)


@given(rewards=REWARDS)
def test_dr_grpo_is_the_formula_and_sums_to_zero(rewards: list[float]) -> None:
    found = group_advantage(torch.tensor(rewards, dtype=F64), scale="none")
    assert found.tolist() == pytest.approx(exactly(rewards, "mean", None, 0), abs=64 * EPS * 8)
    assert abs(found.sum().item()) <= 64 * EPS * 8 * len(rewards)


def test_the_catalogues_numbers(device: str) -> None:
    """hw19: 3 successes of 8 give +1.290994 and -0.774597; with the other divisor both times sqrt(7/8) = 0.935414."""
    reward = torch.tensor([1.0, 0, 0, 1, 0, 0, 1, 0], dtype=F64, device=device)
    found = group_advantage(reward, epsilon=0.0)
    assert sorted({round(x, 6) for x in found.tolist()}) == [-0.774597, 1.290994]
    assert (group_advantage(reward, epsilon=0.0, ddof=1) / found - 0.935414).abs().max() <= 5e-7


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("value", [0.1, 1.0, -3.7, 0.0, 1e-30])
@pytest.mark.parametrize("count", [1, 3, 8])
def test_a_group_that_agrees_gets_exactly_zero(dtype: torch.dtype, value: float, count: int, device: str) -> None:
    reward = torch.full((2, count), value, dtype=dtype, device=device)
    for epsilon in (0.0, 1e-8):
        assert not group_advantage(reward, epsilon=epsilon).any()
        assert not group_advantage(reward, scale="none").any()


def test_groups_do_not_mix() -> None:
    generator = torch.Generator().manual_seed(1)
    reward = torch.rand(5, 7, generator=generator, dtype=F64)
    whole = group_advantage(reward)
    for row, group in zip(whole, reward, strict=True):
        assert torch.equal(row, group_advantage(group))
    assert torch.allclose(group_advantage(reward.T, dim=0).T, whole, rtol=1e-14, atol=1e-14)


@given(rewards=REWARDS, extra=st.integers(0, 3))
def test_dead_slots_count_for_nothing(rewards: list[float], extra: int) -> None:
    group = torch.tensor(rewards, dtype=F64)
    padded = torch.cat([group, torch.full((extra,), math.nan, dtype=F64)])
    mask = torch.arange(len(padded)) < len(group)
    for options in ({}, {"ddof": 1}, {"scale": "none"}):
        found = group_advantage(padded, mask=mask, **options)
        alone = group_advantage(group, **options)
        assert not found[len(group) :].any() and (found[: len(group)] - alone).abs().max() <= 64 * EPS * 8


def test_groups_of_different_sizes_and_an_empty_one() -> None:
    reward = torch.tensor([[1.0, 3.0, 9.0], [2.0, 5.0, 8.0], [4.0, 4.0, 4.0]], dtype=F64)
    mask = torch.tensor([[True, True, False], [True, True, True], [False, False, False]])
    found = group_advantage(reward, scale="none", mask=mask)
    assert found.tolist() == [[-1, 1, 0], [-3, 0, 3], [0, 0, 0]]
    two = group_advantage(reward[:2], baseline="others", scale="none", mask=mask[:2])
    assert two.tolist() == [[-2, 2, 0], [-4.5, 0, 4.5]]


def test_rewards_are_data() -> None:
    reward = torch.tensor([1.0, 2.0, 4.0], requires_grad=True)
    assert not group_advantage(reward).requires_grad


WRONG = [
    ({"reward": torch.tensor([1, 0])}, "reward must have a real floating dtype"),
    ({"reward": torch.tensor([1.0, math.nan])}, r"reward must be finite; got nan at \[1\]"),
    ({"reward": torch.tensor([[1.0], [math.inf]])}, r"got inf at \[1, 0\]"),
    ({"reward": torch.zeros(3, 0)}, "at least one member"),
    ({"reward": torch.tensor(1.0)}, "axis dim = -1"),
    ({"dim": 2}, "axis dim = 2"),
    ({"reward": torch.ones(3, 1), "baseline": "others"}, "2 members or more"),
    ({"baseline": "median"}, "baseline must be one of mean, others; got 'median'"),
    ({"scale": "batch"}, "scale must be one of deviation, none"),
    ({"mask": torch.ones(3, dtype=torch.bool)}, "mask must have shape"),
    ({"baseline": "others", "mask": torch.tensor([True, False])}, "got a group of 1"),
    ({"ddof": 2}, "ddof must be 0 or 1; got 2"),
    ({"epsilon": -1e-8}, "epsilon must be finite and at least 0"),
]


@pytest.mark.parametrize(("changes", "says"), WRONG, ids=[s for _, s in WRONG])
def test_wrong_input_is_named(changes: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        group_advantage(**{"reward": torch.tensor([1.0, 2.0]), **changes})
