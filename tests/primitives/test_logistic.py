"""The Bernoulli policy's log-probability and gradient against long decimals: epfl-2024-3.1 and 3.2."""

from decimal import Decimal, getcontext

import pytest
import torch

from numeric.primitives.logistic import bernoulli_logp, bernoulli_score

getcontext().prec = 350  # 1 + exp(-700) is not 1
NAN, INF = float("nan"), float("inf")
LOGITS = (-700.0, -40.0, -2.0, -(2.0**-30), 0.0, 2.0**-30, 0.5, 3.0, 40.0, 700.0)


def columns(device, dtype=torch.float64):
    """Each logit with each action."""
    logit = torch.tensor(LOGITS, dtype=dtype, device=device).repeat(2)
    action = torch.tensor([0.0] * len(LOGITS) + [1.0] * len(LOGITS), dtype=dtype, device=device)
    return logit, action


def probability(h, a):
    """1 / (1 + exp(-h)) for action 1, 1 / (1 + exp(h)) for action 0."""
    return 1 / (1 + (-Decimal(h) if a else Decimal(h)).exp())


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_log_probability_is_that_of_its_logistic(device, dtype):
    logit, action = columns(device, dtype)
    got = bernoulli_logp(logit, action)
    assert (got.dtype, got.device.type, got.shape) == (dtype, device, logit.shape)
    unit, least = Decimal(torch.finfo(dtype).eps), Decimal(torch.finfo(dtype).tiny)
    for value, h, a in zip(got.tolist(), logit.tolist(), action.tolist(), strict=True):
        exact = probability(h, a).ln()
        assert abs(Decimal(value) - exact) <= 4 * unit * abs(exact) + least, (h, a)


def test_the_two_probabilities_sum_to_one(device):
    logit, _ = columns(device)
    one = torch.ones_like(logit)
    total = bernoulli_logp(logit, one).exp() + bernoulli_logp(logit, 0 * one).exp()
    assert (total - 1).abs().max() <= 2.0**-50


def test_it_is_the_log_softmax_of_two_preferences(device):
    logit, action = columns(device)
    preferences = torch.stack([torch.full_like(logit, 0.25), logit + 0.25], dim=-1)
    wanted = preferences.log_softmax(-1).gather(-1, action.long().unsqueeze(-1)).squeeze(-1)
    assert (bernoulli_logp(logit, action) - wanted).abs().max() <= 2.0**-40  # the sums round at the size of 700


def test_the_slope_in_the_logit_is_the_action_less_its_probability(device):
    logit, action = columns(device)
    logit.requires_grad_()
    (slope,) = torch.autograd.grad(bernoulli_logp(logit, action).sum(), logit)
    for got, h, a in zip(slope.tolist(), logit.tolist(), action.tolist(), strict=True):
        assert abs(Decimal(got) - (Decimal(a) - probability(h, 1))) <= Decimal(2.0**-51)


def test_the_score_is_the_gradient_along_each_weight(device):
    features = torch.tensor([1.0, 2.0, -0.5], dtype=torch.float64, device=device)
    theta = torch.tensor([0.5, 0.1, -0.2], dtype=torch.float64, device=device, requires_grad=True)
    for a in (0.0, 1.0):
        logit = (theta * features).sum()
        (wanted,) = torch.autograd.grad(bernoulli_logp(logit, torch.full_like(logit, a)), theta)
        got = bernoulli_score(logit.detach().expand(3), torch.full_like(features, a), features)
        assert (got - wanted).abs().max() <= 2.0**-50


def test_the_score_has_mean_zero_under_the_policy(device):
    logit = torch.tensor([-3.0, 0.7, 5.0], dtype=torch.float64, device=device)
    x, p = torch.full_like(logit, 1.5), torch.sigmoid(logit)
    mean = p * bernoulli_score(logit, torch.ones_like(p), x) + (1 - p) * bernoulli_score(logit, torch.zeros_like(p), x)
    assert mean.abs().max() <= 2.0**-50


def test_finite_where_the_probability_underflows(device):
    logit = torch.tensor([-1e4, 1e4], dtype=torch.float64, device=device)
    action = torch.tensor([1.0, 0.0], dtype=torch.float64, device=device)
    assert bernoulli_logp(logit, action).tolist() == [-1e4, -1e4]
    assert torch.sigmoid(logit[0]).log().item() == -INF


def test_the_action_receives_no_gradient(device):
    logit, action = columns(device)
    action.requires_grad_()
    assert not bernoulli_logp(logit, action).requires_grad


def test_dead_slots_change_no_bit_of_the_live_ones(device):
    logit, action = columns(device)
    mask = torch.arange(len(logit), device=device) % 3 != 1
    results = []
    for filling in (0.0, NAN, INF):
        h = logit.masked_fill(~mask, filling).requires_grad_()
        a, x = action.masked_fill(~mask, filling), torch.ones_like(logit).masked_fill(~mask, filling)
        value, score = bernoulli_logp(h, a, mask=mask), bernoulli_score(h, a, x, mask=mask)
        (slope,) = torch.autograd.grad(value.sum() + score.sum(), h)
        results.append(torch.stack([value.detach(), score.detach(), slope]))
    assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])
    assert not results[0][:, ~mask].any()


def test_wrong_arguments_are_named():
    logit = torch.zeros(2, 3)
    for action, message in [
        (torch.zeros(3), r"action must have the shape of logit, \(2, 3\); got \(3,\)"),
        (torch.zeros(2, 3, dtype=torch.float64), "action must have the dtype of logit"),
        (torch.zeros(2, 3, dtype=torch.long), "action must have a real floating dtype; got torch.int64"),
        (torch.full((2, 3), 0.5), "action must be 0 or 1; got 0.5"),
        (torch.full((2, 3), NAN), "action must be 0 or 1; got nan"),
    ]:
        with pytest.raises(ValueError, match=message):
            bernoulli_logp(logit, action)
    with pytest.raises(ValueError, match=r"feature must have the shape of logit, \(2, 3\); got \(3,\)"):
        bernoulli_score(logit, logit, torch.zeros(3))
