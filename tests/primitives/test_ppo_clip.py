"""ppo_clip against min(r A, clip(r) A) in rational arithmetic, and its slope against the zones of hw14+."""

from fractions import Fraction
from itertools import product

import pytest
import torch

from numeric.primitives.ppo_clip import ppo_clip

NAN = float("nan")
EPSILON = 0.25  # dyadic, like all points below: float64 is exact on them, so values and slopes are compared with ==
RATIOS = (0.0, 0.5, 0.75, 0.875, 1.0, 1.125, 1.25, 1.5, 64.0)
ADVANTAGES = (-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0)


def by_definition(ratio, advantage, epsilon):
    """min(r A, clip(r, 1 - epsilon, 1 + epsilon) A) on rationals."""
    r, a, e = Fraction(ratio), Fraction(advantage), Fraction(epsilon)
    return min(r * a, max(1 - e, min(1 + e, r)) * a)


def grid(device, dtype=torch.float64):
    points = list(product(RATIOS, ADVANTAGES))
    ratio, advantage = torch.tensor(points, dtype=dtype, device=device).unbind(1)
    return points, ratio, advantage


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("epsilon", [0.0, EPSILON, 1.0, 2.0])
def test_the_value_is_the_definition(device, dtype, epsilon):
    points, ratio, advantage = grid(device, dtype)
    got = ppo_clip(ratio, advantage, epsilon)
    assert (got.dtype, got.device.type, got.shape) == (dtype, device, ratio.shape)
    assert [Fraction(x) for x in got.tolist()] == [by_definition(*point, epsilon) for point in points]


def test_for_a_positive_advantage_it_is_the_smaller_of_ratio_and_upper_edge(device):
    _, ratio, advantage = grid(device)
    a = advantage.abs()
    assert torch.equal(ppo_clip(ratio, a, EPSILON), ratio.clamp(max=1 + EPSILON) * a)


def test_for_a_negative_advantage_it_is_the_larger_of_ratio_and_lower_edge(device):
    _, ratio, advantage = grid(device)
    a = -advantage.abs()
    assert torch.equal(ppo_clip(ratio, a, EPSILON), ratio.clamp(min=1 - EPSILON) * a)


def test_the_slope_is_the_advantage_except_in_the_clipped_zones(device):
    points, ratio, advantage = grid(device)
    ratio.requires_grad_()
    (slope,) = torch.autograd.grad(ppo_clip(ratio, advantage, EPSILON).sum(), ratio)
    inside = [(r, a, s) for (r, a), s in zip(points, slope.tolist(), strict=True) if r not in (0.75, 1.25)]
    for r, a, got in inside:
        clipped = (a > 0 and r > 1 + EPSILON) or (a < 0 and r < 1 - EPSILON)
        assert got == (0 if clipped else a), (r, a)
    assert {got for _, a, got in inside if a != 0} == {0.0, *(a for a in ADVANTAGES if a)}  # both zones were visited


def test_the_slope_agrees_with_finite_differences(device):
    ratio = torch.tensor([0.5, 0.9, 1.1, 1.6] * 2, dtype=torch.float64, device=device, requires_grad=True)
    advantage = torch.tensor([2.0] * 4 + [-2.0] * 4, dtype=torch.float64, device=device, requires_grad=True)
    assert torch.autograd.gradcheck(lambda r: ppo_clip(r, advantage.detach(), EPSILON), (ratio,))
    assert torch.autograd.gradcheck(lambda r, a: ppo_clip(r, a, EPSILON, stop_gradient=False), (ratio, advantage))


def test_the_advantage_receives_no_gradient_unless_it_is_let_through(device):
    _, ratio, advantage = grid(device)
    advantage.requires_grad_()
    assert not ppo_clip(ratio, advantage, EPSILON).requires_grad
    ratio.requires_grad_()
    total = ppo_clip(ratio, advantage, EPSILON).sum()
    assert torch.autograd.grad(total, advantage, allow_unused=True) == (None,)
    (through,) = torch.autograd.grad(ppo_clip(ratio, advantage, EPSILON, stop_gradient=False).sum(), advantage)
    assert bool(through.any())


def test_dead_slots_change_no_bit_of_the_live_ones(device):
    _, ratio, advantage = grid(device)
    mask = torch.arange(len(ratio), device=device) % 3 != 1
    results = []
    for filling in (1.0, NAN, float("inf")):
        r = ratio.masked_fill(~mask, filling).requires_grad_()
        a = advantage.masked_fill(~mask, filling)
        objective = ppo_clip(r, a, EPSILON, mask=mask)
        (slope,) = torch.autograd.grad(objective.sum(), r)
        results.append(torch.stack([objective.detach(), slope]))
    assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])
    assert not results[0][:, ~mask].any()
    assert torch.equal(results[0][0][mask], ppo_clip(ratio, advantage, EPSILON)[mask])


def test_an_all_masked_batch_is_zero_with_zero_gradient(device):
    ratio = torch.full((3,), NAN, dtype=torch.float64, device=device, requires_grad=True)
    dead = torch.zeros(3, dtype=torch.bool, device=device)
    objective = ppo_clip(ratio, ratio.detach(), EPSILON, mask=dead)
    assert objective.tolist() == [0.0] * 3
    assert torch.autograd.grad(objective.sum(), ratio)[0].tolist() == [0.0] * 3


def test_a_nan_in_a_live_slot_is_never_swallowed(device):
    bad = torch.tensor([NAN, 1.0, NAN], dtype=torch.float64, device=device)
    for advantage in (1.0, -1.0, 0.0):
        good = torch.full_like(bad, advantage)
        assert ppo_clip(bad, good, EPSILON).isnan().tolist() == [True, False, True]
        assert ppo_clip(good.abs(), bad, EPSILON).isnan().tolist() == [True, False, True]


def test_a_huge_ratio_is_worth_the_edge(device):
    ratio = torch.tensor([1e308, float("inf")], dtype=torch.float64, device=device, requires_grad=True)
    objective = ppo_clip(ratio, torch.full_like(ratio, 64.0), EPSILON)
    assert objective.tolist() == [80.0, 80.0]
    assert torch.autograd.grad(objective.sum(), ratio)[0].tolist() == [0.0, 0.0]


def test_wrong_arguments_are_named():
    ratio = torch.ones(2, 3)
    for arguments, message in [
        ((ratio, torch.ones(3), 0.2), r"advantage must have the shape of ratio, \(2, 3\); got \(3,\)"),
        ((ratio, torch.ones(2, 3, dtype=torch.float64), 0.2), "advantage must have the dtype of ratio"),
        ((ratio.long(), ratio, 0.2), "ratio must have a real floating dtype; got torch.int64"),
        ((1.0, ratio, 0.2), "ratio must be a tensor; got float"),
        ((ratio, ratio, -0.2), "epsilon must be finite and at least 0; got -0.2"),
        ((ratio, ratio, NAN), "epsilon must be finite and at least 0; got nan"),
    ]:
        with pytest.raises(ValueError, match=message):
            ppo_clip(*arguments)
    with pytest.raises(ValueError, match="mask must be a boolean tensor; got torch.float32"):
        ppo_clip(ratio, ratio, 0.2, mask=ratio)
    with pytest.raises(ValueError, match=r"mask must have shape \(2, 3\); got \(2,\)"):
        ppo_clip(ratio, ratio, 0.2, mask=torch.ones(2, dtype=torch.bool))


def ascent(multiples, advantages, steps, rate, device):
    """Ratios after plain gradient ascent on the mean objective; two actions, logits `multiples` of one weight, from 1/2 each."""
    c, a = (torch.tensor(x, dtype=torch.float64, device=device) for x in (multiples, advantages))
    theta = torch.zeros((), dtype=torch.float64, device=device, requires_grad=True)
    for _ in range(steps):
        total = ppo_clip(2 * torch.sigmoid(c * theta), a, 0.2).sum()
        (slope,) = torch.autograd.grad(total, theta)
        theta = (theta + rate * slope).detach().requires_grad_()
    return (2 * torch.sigmoid(c * theta)).tolist()


@pytest.mark.parametrize(("size", "wanted"), [(1.0, 1.244919), (4.0, 1.761594), (0.8, 1.197375)])
def test_one_long_step_leaves_the_interval(device, size, wanted):
    (ratio,) = ascent([1.0], [1.0], 1, size, device)
    assert abs(ratio - wanted) <= 1e-6  # cs4789-1b.2: the printed digits of 2 sigma(size / 2)
    assert (ratio > 1.2) == (size > 0.810930)  # cs4789-1b.2-overshoot: 2 ln(3/2)


def test_small_steps_on_a_shared_weight_lead_one_ratio_out(device):
    first, second = ascent([1.0, 3.0], [1.0, 0.01], 5000, 1e-2, device)
    assert first >= 1.2 and second >= 54 / 35  # ch1-ppo-clip-escape
    first, second = ascent([2.0, 1.0], [1.0, 1.0], 5000, 1e-3, device)
    assert second == pytest.approx(1.2, abs=1e-3) and first == pytest.approx(18 / 13, abs=1e-3)  # cs4789-1b.2-end
