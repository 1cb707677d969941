"""Log-probabilities, scores and expected gradients of softmax policies: hw08a to hw08h, ch1-softmax-reparam."""

import math

import pytest
import torch

from numeric.primitives.softmax import expected_gradient, log_probability, log_softmax, score

NAN, INF = float("nan"), float("inf")
EPS = 2.0**-52
PI = (1 / 6, 1 / 3, 1 / 2)  # the catalogue's policy, with logits 0, log 2, log 3


def catalogue(device, dtype=torch.float64):
    return torch.tensor([0.0, math.log(2), math.log(3)], dtype=dtype, device=device)


def batch(device, dtype=torch.float64):
    """Logits of shape [5, 2, 4], actions of shape [5, 2]."""
    generator = torch.Generator().manual_seed(3)
    logits = 3 * torch.randn(5, 2, 4, generator=generator, dtype=torch.float64)
    return logits.to(device, dtype), torch.randint(4, (5, 2), generator=generator).to(device)


def close(got, wanted, bound):
    return bool((got - torch.as_tensor(wanted, dtype=got.dtype, device=got.device)).abs().max() <= bound)


def test_log_probabilities_of_the_catalogue(device):
    wanted = [-math.log(6), -math.log(3), -math.log(2)]
    assert close(log_softmax(catalogue(device)), wanted, 4 * EPS)
    for action in range(3):
        got = log_probability(catalogue(device), torch.tensor(action, device=device))
        assert got.shape == () and close(got, wanted[action], 4 * EPS)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_probabilities_add_up_to_one_along_the_axis_of_actions(device, dtype):
    logits, _ = batch(device, dtype)
    unit = torch.finfo(dtype).eps
    for dim in (0, 1, 2, -1, -2):
        got = log_softmax(logits, dim=dim)
        assert (got.dtype, got.device.type, got.shape) == (dtype, device, logits.shape)
        assert close(got.exp().sum(dim), 1.0, 16 * unit)
        assert not (got > 0).any()


def test_a_constant_in_all_logits_changes_nothing(device):
    logits = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64, device=device)
    for constant in (-512.0, 0.25, 1024.0):  # sums that float64 holds exactly
        assert torch.equal(log_softmax(logits + constant), log_softmax(logits))


def test_logits_far_apart_neither_overflow_nor_vanish(device):
    logits = torch.tensor([800.0, 0.0, -800.0], dtype=torch.float64, device=device)
    assert log_softmax(logits).tolist() == [0.0, -800.0, -1600.0]
    assert log_softmax(-logits).tolist() == [-1600.0, -800.0, 0.0]


def test_the_slopes_of_a_log_probability_are_its_score(device):
    logits, action = batch(device)
    logits.requires_grad_()
    (slopes,) = torch.autograd.grad(log_probability(logits, action).sum(), logits)
    assert close(slopes, score(logits.detach(), action), 8 * EPS)
    assert torch.autograd.gradcheck(lambda z: log_probability(z, action), logits)


def test_the_logits_of_one_state_do_not_matter_in_another(device):
    logits, action = batch(device)
    logits.requires_grad_()
    (slopes,) = torch.autograd.grad(log_probability(logits, action)[3, 1], logits)
    elsewhere = torch.ones_like(slopes, dtype=torch.bool)
    elsewhere[3, 1] = False
    assert not slopes[elsewhere].any() and slopes[3, 1].all()


def test_scores_of_the_catalogue(device):
    assert close(score(catalogue(device), torch.tensor(0, device=device)), [5 / 6, -1 / 3, -1 / 2], 4 * EPS)
    assert torch.equal(score(catalogue(device), 0), score(catalogue(device), torch.tensor(0, device=device)))


def test_a_score_adds_up_to_zero_and_has_mean_zero_under_the_policy(device):
    logits, action = batch(device)
    assert close(score(logits, action).sum(-1), 0.0, 8 * EPS)
    probability = log_softmax(logits).exp()
    mean = sum(probability[..., a, None] * score(logits, a) for a in range(4))
    assert close(mean, 0.0, 8 * EPS)


def test_the_expected_gradient_of_the_catalogue(device):
    reward = torch.tensor([3.0, 0.0, 0.0], dtype=torch.float64, device=device)
    assert close(expected_gradient(catalogue(device), reward), [5 / 12, -1 / 6, -1 / 4], 8 * EPS)


def test_the_expected_gradient_is_that_of_the_expected_reward(device):
    logits, _ = batch(device)
    reward = torch.randn(logits.shape, generator=torch.Generator().manual_seed(4), dtype=torch.float64).to(device)
    logits.requires_grad_()
    (slopes,) = torch.autograd.grad((log_softmax(logits).exp() * reward).sum(), logits)
    assert close(slopes, expected_gradient(logits.detach(), reward), 32 * EPS)
    sampled = sum(log_softmax(logits)[..., a, None].exp() * reward[..., a, None] * score(logits, a) for a in range(4))
    assert close(sampled.detach(), slopes, 32 * EPS)


@pytest.mark.parametrize(
    ("policy", "reward", "action", "rises"),
    [
        ((1 / 2, 1 / 2), (1.0, 2.0), 0, False),  # hw08g: a positive reward, and the action loses
        ((1 / 3, 1 / 3, 1 / 3), (1.0, -1.0, -10.0), 1, True),  # hw08h: a negative one, and it gains
        ((1 / 10, 1 / 2, 2 / 5), (1.0, 3.0, -3.0), 0, False),  # above the average, but not alone there
        ((1 / 6, 1 / 3, 1 / 2), (3.0, 0.0, 0.0), 0, True),  # hw08f
    ],
)
def test_a_step_along_the_expected_gradient(device, policy, reward, action, rises):
    before = torch.tensor(policy, dtype=torch.float64, device=device).log()
    after = log_softmax(
        before + 0.25 * expected_gradient(before, torch.tensor(reward, dtype=torch.float64, device=device))
    )
    assert bool(after[action] > before[action]) is rises


def test_masked_actions_have_no_probability_and_change_no_bit(device):
    logits, action = batch(device)
    mask = torch.ones_like(logits, dtype=torch.bool)
    mask[..., 2] = False
    mask[1] = False  # padding
    few, reward = logits[..., [0, 1, 3]], logits.square()
    results = []
    for filling in (0.0, NAN, INF, 1e300):
        z = logits.masked_fill(~mask, filling).requires_grad_()
        c = reward.masked_fill(~mask, filling)
        value = log_softmax(z, mask=mask)
        outputs = [value.detach(), score(z, 1, mask=mask), expected_gradient(z, c, mask=mask)]
        results.append(torch.stack([*outputs, *torch.autograd.grad(value.sum(), z)]))
    assert all(torch.equal(results[0], other) for other in results[1:])
    assert not results[0][:, ~mask].any()
    live = [0, 2, 3, 4]
    assert close(results[0][0][live][..., [0, 1, 3]], log_softmax(few)[live], 4 * EPS)
    assert log_probability(logits, action, mask=mask)[1].tolist() == [0.0, 0.0]


def test_a_nan_in_a_live_logit_is_never_swallowed(device):
    logits = torch.tensor([[0.0, NAN], [0.0, 1.0]], dtype=torch.float64, device=device)
    for got in (log_softmax(logits), score(logits, 0), expected_gradient(logits, torch.ones_like(logits))):
        assert got.isnan().tolist() == [[True, True], [False, False]]


def test_scores_and_expected_gradients_are_data(device):
    logits, action = batch(device)
    logits.requires_grad_()
    assert not score(logits, action).requires_grad
    assert not expected_gradient(logits, logits.square()).requires_grad
    assert log_probability(logits, action).requires_grad


def test_wrong_arguments_are_named():
    logits, action = torch.zeros(5, 4), torch.zeros(5, dtype=torch.int64)
    wrong = [
        (lambda: log_softmax(logits.int()), "logits must have a real floating dtype; got torch.int32"),
        (lambda: log_softmax(torch.tensor(1.0)), r"dim must lie in \[0, 0\); got -1"),
        (lambda: log_softmax(logits, dim=2), r"dim must lie in \[-2, 2\); got 2"),
        (lambda: log_softmax(torch.zeros(3, 0)), "logits must have at least one action along dim -1"),
        (lambda: log_softmax(logits, mask=torch.ones(5, 4)), "mask must be a boolean tensor; got torch.float32"),
        (
            lambda: log_softmax(logits, mask=torch.ones(5, dtype=torch.bool)),
            r"mask must have shape \(5, 4\); got \(5,\)",
        ),
        (lambda: log_probability(logits, action.float()), "action must be a tensor of dtype int64; got torch.float32"),
        (lambda: log_probability(logits, action[:, None]), r"action must have shape \(5,\); got \(5, 1\)"),
        (lambda: score(logits, action + 4), r"action must lie in \[0, 4\); got 4"),
        (lambda: score(logits, -1), r"action must lie in \[0, 4\); got -1"),
        (
            lambda: expected_gradient(logits, torch.zeros(5)),
            r"reward must have the shape of logits, \(5, 4\); got \(5,\)",
        ),
    ]
    for call, message in wrong:
        with pytest.raises(ValueError, match=message):
            call()
