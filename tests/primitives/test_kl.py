"""k1, k2, k3 against fifty-digit decimals, their slopes against r, and their laws: hw23a, hw23c, hw23d."""

import math
from decimal import Decimal, getcontext

import pytest
import torch

from numeric.primitives.kl import kl_k1, kl_k2, kl_k3

getcontext().prec = 50
NAN, INF = float("nan"), float("inf")
ESTIMATORS = (kl_k1, kl_k2, kl_k3)
LOGP = -0.5  # log r = logq - logp is exact for the dyadic points below
LOG_RATIOS = (-700.0, -40.0, -2.0, -0.5, -(2.0**-10), -(2.0**-30), 0.0, 2.0**-30, 2.0**-10, 0.5, 2.0, 40.0, 700.0)


def columns(device, dtype=torch.float64, log_ratios=LOG_RATIOS):
    log_ratio = torch.tensor(log_ratios, dtype=dtype, device=device)
    logp = torch.full_like(log_ratio, LOGP)
    return logp, logp + log_ratio


def exact_log_ratios(logp, logq):
    return [Decimal(q) - Decimal(p) for p, q in zip(logp.tolist(), logq.tolist(), strict=True)]


def test_k1_is_minus_the_log_ratio(device):
    logp, logq = columns(device)
    assert [Decimal(v) for v in kl_k1(logp, logq).tolist()] == [-x for x in exact_log_ratios(logp, logq)]


def test_k2_is_half_the_squared_log_ratio(device):
    logp, logq = columns(device, log_ratios=LOG_RATIOS[1:-1])  # dyadic with few bits: the squares are exact
    got = kl_k2(logp, logq).tolist()
    for value, x in zip(got, exact_log_ratios(logp, logq), strict=True):
        assert abs(Decimal(value) - x * x / 2) <= Decimal(2.0**-52) * x * x


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_k3_is_r_minus_one_minus_log_r(device, dtype):
    logp, logq = columns(device, dtype, [x for x in LOG_RATIOS if abs(x) <= 40])
    unit = Decimal(torch.finfo(dtype).eps)
    got = kl_k3(logp, logq)
    assert (got.dtype, got.device.type, got.shape) == (dtype, device, logp.shape)
    for value, x in zip(got.tolist(), exact_log_ratios(logp, logq), strict=True):
        r = x.exp()
        # expm1 is good to two units of its last place, and the difference rounds once more
        assert abs(Decimal(value) - (r - 1 - x)) <= unit * (2 * abs(r - 1) + abs(r - 1 - x)), x


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_k2_and_k3_are_never_negative(device, dtype):
    size = torch.logspace(-12, 1, 20_001, dtype=torch.float64, device=device).to(dtype)
    log_ratio = torch.cat([size, -size])
    for estimator in (kl_k2, kl_k3):
        assert not (estimator(torch.zeros_like(log_ratio), log_ratio) < 0).any()
    assert (kl_k1(torch.zeros_like(log_ratio), log_ratio) < 0).any()


def test_the_mean_of_k1_and_k3_under_p_is_the_divergence_and_that_of_k2_is_not(device):
    p = torch.tensor([9 / 10, 1 / 10], dtype=torch.float64, device=device)
    q = torch.tensor([1 / 2, 1 / 2], dtype=torch.float64, device=device)
    k1, k2, k3 = ((p * estimator(p.log(), q.log())).sum().item() for estimator in ESTIMATORS)
    divergence = 9 / 5 * math.log(3) - math.log(5)  # claims hw23a, hw23c: 0.368064
    assert abs(k1 - divergence) <= 16 * 2.0**-53  # ten roundings of numbers below 1.7
    assert abs(k3 - divergence) <= 16 * 2.0**-53
    assert abs(k2 - 0.284986) <= 1e-6  # its printed digits; the half of E log^2, a mutant of hw23a


def test_the_mean_of_k3_loses_mass_where_q_has_more_support_than_p():
    logp, logq = torch.tensor([0.0], dtype=torch.float64), torch.tensor([-math.log(2)], dtype=torch.float64)
    assert abs(kl_k3(logp, logq).item() - (math.log(2) - 0.5)) <= 4 * 2.0**-53  # hw23c without its hypothesis


def test_the_slopes_are_those_of_the_formulas(device):
    logp, logq = columns(device, log_ratios=[x for x in LOG_RATIOS if abs(x) <= 40])
    xs = exact_log_ratios(logp, logq)
    one = [Decimal(1)] * len(xs)
    slopes_in_logq = {kl_k1: [-v for v in one], kl_k2: xs, kl_k3: [x.exp() - 1 for x in xs]}
    for estimator, wanted in slopes_in_logq.items():
        p, q = logp.clone().requires_grad_(), logq.clone().requires_grad_()
        in_p, in_q = torch.autograd.grad(estimator(p, q).sum(), (p, q))
        assert torch.equal(in_p, -in_q)
        for got, slope in zip(in_q.tolist(), wanted, strict=True):
            # autograd forms r - 1 as (expm1 + 1) - 1: four roundings at the size of r + 1
            assert abs(Decimal(got) - slope) <= 4 * Decimal(2.0**-53) * (abs(slope) + 2), (estimator.__name__, slope)


def test_the_slopes_agree_with_finite_differences(device):
    logp, logq = columns(device, log_ratios=[-2.0, -0.5, 0.25, 1.5])
    for estimator in ESTIMATORS:
        assert torch.autograd.gradcheck(estimator, (logp.clone().requires_grad_(), logq.clone().requires_grad_()))


def test_each_argument_can_be_held_fixed(device):
    for estimator in ESTIMATORS:
        logp, logq = columns(device)
        assert not estimator(logp, logq).requires_grad
        logp.requires_grad_()
        total = estimator(logp, logq.clone().requires_grad_().detach()).sum()
        assert torch.autograd.grad(total, logp)[0].shape == logp.shape


def test_extreme_log_probabilities_overflow_to_infinity_and_not_to_nan(device):
    logp = torch.tensor([-1.0, -1e4, -1.0], dtype=torch.float64, device=device)
    logq = torch.tensor([-1e4, -1.0, -INF], dtype=torch.float64, device=device)
    assert kl_k3(logp, logq).tolist() == [9998.0, INF, INF]
    assert kl_k1(logp, logq).tolist() == [9999.0, -9999.0, INF]


def test_dead_slots_change_no_bit_of_the_live_ones(device):
    logp, logq = columns(device)
    mask = torch.arange(len(logp), device=device) % 2 == 0
    for estimator in ESTIMATORS:
        results = []
        for filling in (-1.0, NAN, -INF):
            p, q = (x.masked_fill(~mask, filling).requires_grad_() for x in (logp, logq))
            value = estimator(p, q, mask=mask)
            results.append(torch.stack([value.detach(), *torch.autograd.grad(value.sum(), (p, q))]))
        assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])
        assert not results[0][:, ~mask].any()
        assert torch.equal(results[0][0][mask], estimator(logp, logq)[mask])


def test_a_nan_in_a_live_slot_is_never_swallowed(device):
    good = torch.tensor([-1.0, -2.0], dtype=torch.float64, device=device)
    bad = torch.tensor([NAN, -3.0], dtype=torch.float64, device=device)
    for estimator in ESTIMATORS:
        assert estimator(good, bad).isnan().tolist() == estimator(bad, good).isnan().tolist() == [True, False]


def test_wrong_arguments_are_named():
    logp = torch.zeros(4, 1)
    for estimator in ESTIMATORS:
        with pytest.raises(ValueError, match=r"logq must have the shape of logp, \(4, 1\); got \(4,\)"):
            estimator(logp, torch.zeros(4))
        with pytest.raises(ValueError, match="logp must have a real floating dtype; got torch.int32"):
            estimator(logp.int(), logp)
