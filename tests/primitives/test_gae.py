"""td_error, k_step_advantage and gae against their definitions, their gradients, and the laws between them."""

from fractions import Fraction
from itertools import product

import pytest
import torch

from numeric.primitives.gae import gae, k_step_advantage, td_error
from tests.primitives.trajectories import assert_equals, batch, gae_at, k_step_at, table, td_error_at, trajectory

NAN = float("nan")
UNIT = (0.0, 1e-9, 0.5, 1.0)
KINDS = list(product((False, True), repeat=2))  # masked, consistent
FUNCTIONS = {
    "td_error": lambda b, mask=None: td_error(*b.arguments(), discount=0.5, mask=mask),
    "k_step_advantage": lambda b, mask=None: k_step_advantage(*b.arguments(), discount=0.5, k=3, mask=mask),
    "gae": lambda b, mask=None: gae(*b.arguments(), discount=0.5, lambda_=0.5, mask=mask),
}
each_function = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)


@pytest.mark.parametrize(("masked", "consistent"), KINDS)
def test_every_function_is_its_definition_on_the_boundary_grid(device, masked, consistent):
    b = batch(device, masked=masked, consistent=consistent)
    for discount in UNIT:
        assert_equals(td_error(*b.arguments(), discount=discount, mask=b.mask), b, td_error_at, discount)
        for k in (1, 2, 3, 6, 50):
            got = k_step_advantage(*b.arguments(), discount=discount, k=k, mask=b.mask)
            assert_equals(got, b, lambda b, t, i, discount, k=k: k_step_at(b, t, i, discount, k), discount)
        for lambda_ in UNIT:
            got = gae(*b.arguments(), discount=discount, lambda_=lambda_, mask=b.mask)
            assert_equals(got, b, gae_at, discount, lambda_)


@each_function
def test_dtype_and_shape_follow_the_inputs(device, function):
    b = batch(device, dtype=torch.float32)
    assert function(b).dtype == torch.float32
    assert torch.equal(function(b).double(), function(batch(device)))  # the points are exact in float32, too
    column = b.part(slice(None), 1)
    assert torch.equal(function(column), function(b)[:, 1])
    pairs = [torch.stack([x, x], -1) for x in b.arguments()]
    assert torch.equal(function(type(b)(*pairs)), torch.stack([function(b)] * 2, -1))


@each_function
def test_a_batch_of_one_and_a_single_step(device, function):
    b = batch(device, consistent=False)
    for i in range(b.reward.shape[1]):
        assert torch.equal(function(b.part(slice(None), slice(i, i + 1))), function(b)[:, i : i + 1])
    one = b.part(slice(2, 3))
    assert_equals(function(one), one, td_error_at, 0.5)


def test_the_k_step_advantage_telescopes_into_td_errors(device):
    b = batch(device)  # hw11d; inside an episode next_value is the next value
    delta = table(b, td_error_at, 0.5)
    for k in (1, 2, 4, 9):
        got = k_step_advantage(*b.arguments(), discount=0.5, k=k).tolist()
        for t, i in product(range(6), range(7)):
            steps = trajectory(b, t, i)[:k]
            assert Fraction(got[t][i]) == sum(Fraction(1, 2**j) * delta[s][i] for j, s in enumerate(steps))


def test_gae_with_lambda_zero_is_the_td_error(device):
    for masked, consistent in KINDS:
        b = batch(device, masked=masked, consistent=consistent)
        got = gae(*b.arguments(), discount=0.5, lambda_=0.0, mask=b.mask)
        assert torch.equal(got, td_error(*b.arguments(), discount=0.5, mask=b.mask))


def test_gae_with_lambda_one_is_the_return_minus_the_value(device):
    b = batch(device)
    whole = k_step_advantage(*b.arguments(), discount=0.5, k=6)
    assert torch.equal(gae(*b.arguments(), discount=0.5, lambda_=1.0), whole)


@pytest.mark.parametrize("lambda_", [0.0, 0.5, 1.0])
def test_gae_is_the_geometric_mix_of_k_step_advantages_with_the_last_carrying_the_rest(device, lambda_):
    # (1 - lambda) sum_{k<n} lambda^(k-1) A^(k) + lambda^(n-1) A^(n), n the steps left: hw11e for finite n
    b = batch(device)
    got = gae(*b.arguments(), discount=0.5, lambda_=lambda_).tolist()
    x = Fraction(lambda_)
    for t, i in product(range(6), range(7)):
        n = len(trajectory(b, t, i))
        mix = sum((1 - x) * x ** (k - 1) * k_step_at(b, t, i, 0.5, k) for k in range(1, n))
        assert Fraction(got[t][i]) == mix + x ** (n - 1) * k_step_at(b, t, i, 0.5, n)


@each_function
def test_cutting_a_trajectory_at_its_end_changes_nothing(device, function):
    b = batch(device, consistent=False)
    for i, end in [(1, 3), (2, 3), (3, 2), (3, 4), (4, 3), (6, 1)]:  # just after a terminated or a truncated step
        parts = [function(b.part(steps, slice(i, i + 1))) for steps in (slice(0, end), slice(end, 6))]
        assert torch.equal(torch.cat(parts), function(b)[:, i : i + 1])


@each_function
def test_nothing_leaks_from_the_next_episode(device, function):
    b = batch(device, consistent=False)
    for i, end in [(1, 3), (2, 3), (4, 3)]:
        numbers = [x.clone() for x in b.numbers()]
        for x in numbers:
            x[end:, i] = NAN
        assert torch.equal(function(b.with_numbers(*numbers))[:end], function(b)[:end])


@each_function
def test_a_truncated_step_bootstraps_and_a_terminated_one_does_not(device, function):
    b = batch(device, consistent=False)
    numbers = [torch.full_like(x, n) for x, n in zip(b.numbers(), (0.0, 0.0, 8.0), strict=True)]
    got = function(b.with_numbers(*numbers))
    assert got[2, 1].item() == 0.0  # terminated
    assert got[2, 2].item() == 4.0  # truncated: discount * next_value
    assert got[2, 4].item() == 0.0  # both: terminated counts
    assert got[5, 0].item() == 4.0  # the end of the array is a truncation
    assert got[5, 5].item() == 0.0  # ... unless it terminated


def test_in_an_endless_task_only_truncation_gives_the_true_advantage(device):
    value = torch.full((4, 1), 2.0, dtype=torch.float64, device=device)  # reward 1 for ever, discount 1/2: V = 2
    end = torch.tensor([[False], [False], [False], [True]], device=device)
    nowhere = torch.zeros_like(end)
    right = gae(value / 2, value, value, nowhere, end, discount=0.5, lambda_=1.0)
    wrong = gae(value / 2, value, value, end, nowhere, discount=0.5, lambda_=1.0)
    assert right.flatten().tolist() == [0.0] * 4
    assert wrong.flatten().tolist() == [-0.125, -0.25, -0.5, -1.0]


@each_function
def test_the_value_after_a_terminal_step_is_never_read(device, function):
    b = batch(device, consistent=False)
    numbers = [x.clone().requires_grad_() for x in b.numbers()]
    poisoned = [*numbers[:2], b.next_value.masked_fill(b.terminated, NAN).requires_grad_()]
    clean, dirty = function(b.with_numbers(*numbers)), function(b.with_numbers(*poisoned))
    assert torch.equal(clean, dirty)
    slopes = [torch.autograd.grad(out.sum(), x) for out, x in ((clean, numbers), (dirty, poisoned))]
    assert all(torch.equal(x, y) for x, y in zip(*slopes, strict=True))
    assert not slopes[1][2][b.terminated].any()


@each_function
def test_dead_slots_change_no_bit_of_the_live_ones(device, function):
    b = batch(device, masked=True, consistent=False)
    results = []
    for filling in (1.0, NAN, float("inf")):
        numbers = [x.masked_fill(~b.mask, filling).requires_grad_() for x in b.numbers()]
        flags = [x | (~b.mask & (filling != 1.0)) for x in (b.terminated, b.truncated)]  # nor do dead flags matter
        got = function(type(b)(*numbers, *flags), b.mask)
        results.append(torch.stack([got.detach(), *torch.autograd.grad(got.sum(), numbers)]))
    assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])
    assert not results[0][:, ~b.mask].any()


@each_function
def test_a_masked_tail_is_as_good_as_no_tail(device, function):
    b = batch(device, consistent=False)
    mask = torch.ones_like(b.terminated)
    mask[4:] = False
    assert torch.equal(function(b, mask)[:4], function(b.part(slice(0, 4))))


@each_function
def test_an_all_masked_column_is_zero_with_zero_gradient(device, function):
    b = batch(device)
    mask = torch.ones_like(b.terminated)
    mask[:, 3] = False
    numbers = [x.index_fill(1, torch.tensor([3], device=device), NAN).requires_grad_() for x in b.numbers()]
    got = function(b.with_numbers(*numbers), mask)
    assert not got[:, 3].any() and torch.equal(got[:, :3], function(b)[:, :3])
    assert not any(slope[:, 3].any() for slope in torch.autograd.grad(got.sum(), numbers))


@each_function
def test_constant_rewards_and_no_values_give_the_geometric_series(device, function):
    b = batch(device)
    numbers = [torch.full_like(x, n) for x, n in zip(b.numbers(), (1.0, 0.0, 0.0), strict=True)]
    reached = {"td_error": 1, "k_step_advantage": 3, "gae": 6}[_name(function)]
    weight = 0.25 if _name(function) == "gae" else 0.5
    got = function(b.with_numbers(*numbers))[:, 0].tolist()
    assert got == [sum(weight**j for j in range(min(reached, 6 - t))) for t in range(6)]


@each_function
def test_a_live_nan_reaches_its_own_episode_and_no_other(device, function):
    b = batch(device)
    reward = b.reward.clone()
    reward[2, :3] = NAN
    bad = function(b.with_numbers(reward, b.value, b.next_value)).isnan()
    assert bad[2, :3].all() and not bad[3:].any() and not bad[:, 3:].any()
    if _name(function) != "td_error":
        assert bad[:3, :3].all()


@pytest.mark.parametrize("masked", [False, True])
def test_the_gradients_are_the_weights_of_the_definition(device, masked):
    b = batch(device, masked=masked, consistent=False)
    exact = {"td_error": (td_error_at, 0.5), "k_step_advantage": (k_step_at, 0.5, 3), "gae": (gae_at, 0.5, 0.5)}
    for name, (reference, *arguments) in exact.items():
        for t, i in [(0, 0), (1, 1), (1, 2), (2, 3), (3, 4), (5, 6)]:
            numbers = [x.clone().requires_grad_() for x in b.numbers()]
            slopes = torch.autograd.grad(FUNCTIONS[name](b.with_numbers(*numbers), b.mask)[t, i], numbers)
            for which, slope in enumerate(slopes):  # the definition is linear: its slope is its value on a unit vector
                for s in range(6):
                    assert Fraction(slope[s, i].item()) == _weight(b, which, s, i, reference, t, arguments)
                assert not slope[:, torch.arange(7, device=device) != i].any()  # no column sees another


@each_function
def test_the_gradients_agree_with_finite_differences(device, function):
    b = batch(device, masked=True, consistent=False)
    numbers = tuple(x.clone().requires_grad_() for x in b.numbers())
    assert torch.autograd.gradcheck(lambda *xs: function(b.with_numbers(*xs), b.mask), numbers)


@each_function
def test_the_arguments_are_left_as_they_were(device, function):
    b = batch(device, masked=True)
    before = [x.clone() for x in (*b.arguments(), b.mask)]
    function(b, b.mask)
    assert all(torch.equal(x, y) for x, y in zip(before, (*b.arguments(), b.mask), strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": torch.zeros(3)}, r"value must have the shape of reward, \(3, 2\); got \(3,\)"),
        ({"reward": torch.zeros(3, 2).int()}, "reward must have a real floating dtype; got torch.int32"),
        ({"terminated": torch.zeros(3, 2)}, "terminated must be a boolean tensor; got torch.float32"),
        ({"truncated": None}, "truncated must be a boolean tensor; got NoneType"),
        ({"truncated": torch.zeros(2, 3, dtype=torch.bool)}, r"truncated must have shape \(3, 2\); got \(2, 3\)"),
        ({"discount": 1.2}, r"discount must lie in \[0, 1\]; got 1.2"),
        ({"discount": torch.tensor(0.5)}, "discount must be an int or a float; got Tensor"),
        ({"discount": NAN}, r"discount must lie in \[0, 1\]; got nan"),
    ],
)
def test_wrong_arguments_are_named(change, message):
    flag = torch.zeros(3, 2, dtype=torch.bool)
    good = {"reward": torch.zeros(3, 2), "value": torch.zeros(3, 2), "next_value": torch.zeros(3, 2)}
    good |= {"terminated": flag, "truncated": flag, "discount": 0.5}
    for function, extra in ((td_error, {}), (k_step_advantage, {"k": 2}), (gae, {"lambda_": 0.5})):
        with pytest.raises(ValueError, match=message):
            function(**(good | change), **extra)


def test_wrong_numbers_are_named():
    b = batch()
    for k in (0, -1, 1.5, True):
        with pytest.raises(ValueError, match=f"k must be an integer, 1 or more; got {k}"):
            k_step_advantage(*b.arguments(), discount=0.5, k=k)
    with pytest.raises(ValueError, match=r"lambda_ must lie in \[0, 1\]; got -0.1"):
        gae(*b.arguments(), discount=0.5, lambda_=-0.1)
    with pytest.raises(ValueError, match=r"reward must have shape \[T, ...\] with T >= 1; got \(0, 7\)"):
        td_error(*b.part(slice(0, 0)).arguments(), discount=0.5)


def _name(function):
    return next(name for name, known in FUNCTIONS.items() if known is function)


def _weight(b, which, s, i, reference, t, arguments):
    """The definition at (t, i) on numbers that are 0 but for a 1 in argument `which` at (s, i)."""
    numbers = [torch.zeros_like(x) for x in b.numbers()]
    numbers[which][s, i] = 1.0
    return reference(b.with_numbers(*numbers), t, i, *arguments)
