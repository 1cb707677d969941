"""td_target against its definition, on the boundary grid, with dead and terminal slots, and by its missing gradient."""

import pytest
import torch

from numeric.primitives.gae import k_step_advantage, td_error
from numeric.primitives.targets import td_target
from tests.primitives.trajectories import batch

NAN = float("nan")
UNIT = (0.0, 1e-9, 0.5, 1.0)


def arguments(b):
    return b.reward, b.next_value, b.terminated


@pytest.mark.parametrize("discount", UNIT)
def test_a_target_is_the_reward_and_the_discounted_value_of_what_follows(device, discount):
    b = batch(device)
    following = torch.where(b.terminated, 0.0, b.next_value)
    assert torch.equal(td_target(*arguments(b), discount=discount), b.reward + discount * following)


def test_a_target_minus_the_value_is_the_td_error_and_the_one_step_advantage(device):
    b = batch(device)
    target = td_target(*arguments(b), discount=0.5)
    assert torch.allclose(target - b.value, td_error(*b.arguments(), discount=0.5), rtol=0, atol=1e-12)
    assert torch.allclose(target - b.value, k_step_advantage(*b.arguments(), discount=0.5, k=1), rtol=0, atol=1e-12)


def test_a_target_is_data(device):
    b = batch(device)
    value = b.next_value.clone().requires_grad_()
    assert not td_target(b.reward, value, b.terminated, discount=0.5).requires_grad


def test_the_value_after_a_terminal_step_is_not_read(device):
    b = batch(device)
    poisoned = b.next_value.masked_fill(b.terminated, NAN)
    assert b.terminated.any()
    target = td_target(b.reward, poisoned, b.terminated, discount=0.5)
    assert torch.equal(target, td_target(*arguments(b), discount=0.5))


def test_dead_slots_give_zero_whatever_they_hold(device):
    b = batch(device, masked=True)
    dead = ~b.mask
    reward, value = (x.masked_fill(dead, NAN) for x in (b.reward, b.next_value))
    target = td_target(reward, value, b.terminated, discount=0.5, mask=b.mask)
    assert dead.any()
    assert torch.equal(target, td_target(*arguments(b), discount=0.5).masked_fill(dead, 0.0))


def test_dtype_and_shape_follow_the_inputs(device):
    b = batch(device, dtype=torch.float32)
    assert td_target(*arguments(b), discount=0.5).dtype == torch.float32
    column = b.part(slice(None), 1)
    assert torch.equal(td_target(*arguments(column), discount=0.5), td_target(*arguments(b), discount=0.5)[:, 1])


def test_refusals_name_the_argument(device):
    b = batch(device)
    with pytest.raises(ValueError, match="discount must"):
        td_target(*arguments(b), discount=1.1)
    with pytest.raises(ValueError, match="next_value must have the shape"):
        td_target(b.reward, b.next_value[:-1], b.terminated, discount=0.5)
    with pytest.raises(ValueError, match="terminated must be a boolean tensor"):
        td_target(b.reward, b.next_value, b.reward, discount=0.5)
