"""The tanh-Gaussian log-density against fifty digits, its slopes, its integral, and the wrong variants: hw13."""

import math

import mpmath as mp
import pytest
import torch

from numeric.primitives import tanh_gaussian as tg
from numeric.reference import fresh_copy

MODULE = "numeric.primitives.tanh_gaussian"
NAN, INF = float("nan"), float("inf")
F64, F32, BF16 = torch.float64, torch.float32, torch.bfloat16
DIGITS, ULPS, UNITS = 50, 4, 4  # ULPS of the Jacobian term, UNITS of eps times the magnitudes of a log-density
LOG_TWO_PI = math.log(2 * math.pi)
DENSITIES = (tg.tanh_gaussian_log_density, tg.tanh_gaussian_log_density_of_action)
FULL = (tg.tanh_gaussian_log_density_full, tg.tanh_gaussian_log_density_full_of_action)


# --- fifty digits ---


def jacobian_exact(u):
    """log(1 - tanh(u)^2) = -2 log cosh u."""
    return -2 * mp.log(mp.cosh(u))


def ulps(got, exact, dtype):
    """Distance in units of the last place that the format has at the exact value."""
    place = torch.finfo(dtype).eps * 2.0 ** (math.frexp(float(exact))[1] - 1)
    return float(abs(mp.mpf(got) - exact) / place)


def uniform(generator, *shape):
    return torch.rand(shape, generator=generator, dtype=F64)


def jacobian_points(dtype=F64, count=2000):
    """|u| from 1e-6 to 40, spaced in log and drawn, both signs, and the neighbours of the place where the form changes."""
    g = torch.Generator().manual_seed(13)
    spaced = torch.logspace(-6, math.log10(40), count, dtype=F64)
    drawn = torch.cat([10 ** (uniform(g, count) * math.log10(4e7) - 6), uniform(g, count) * 2])
    switch = torch.tensor([math.nextafter(1, 0), 1.0, math.nextafter(1, 2)], dtype=F64)
    sizes = torch.cat([spaced, drawn, switch]).to(dtype)
    sizes = sizes[(sizes >= 1e-6) & (sizes <= 40)].unique()
    return torch.cat([-sizes, sizes])


def worst_ulps(function, exact, dtype=F64, device="cpu", count=2000):
    """The largest error of `function` over the points; infinite where it is not finite."""
    u = jacobian_points(dtype, count)
    got = function(u.to(device)).tolist()
    with mp.workdps(DIGITS):
        return max(
            ulps(y, exact(mp.mpf(x)), dtype) if math.isfinite(y) else INF for x, y in zip(u.tolist(), got, strict=True)
        )


def slope_of(function):
    def slope(u):
        u = u.clone().requires_grad_()
        return torch.autograd.grad(function(u).sum(), u)[0]

    return slope


def arguments(n, count, dtype=F64, seed=0):
    """u of all sizes up to 40, near its mean and far from it, with deviations from exp(-5) to exp(2)."""
    g = torch.Generator().manual_seed(seed + n)
    sign = torch.where(uniform(g, count, n) < 0.5, -1.0, 1.0)
    u = sign * 10 ** (uniform(g, count, n) * 7.6 - 6)
    near = u * (1 + uniform(g, count, n) / 10)
    mean = torch.where(uniform(g, count, n) < 0.5, near, uniform(g, count, n) * 6 - 3)
    log_std = uniform(g, count, n) * 7 - 5
    return tuple(x.to(dtype) for x in (u, mean, log_std))


def factors(n, count, dtype=F64, seed=0):
    """Cholesky factors with a diagonal from 1/4 to 2 and entries from -1 to 1 below it."""
    g = torch.Generator().manual_seed(seed + n)
    below = (uniform(g, count, n, n) * 2 - 1).tril(-1)
    return (below + torch.diag_embed(uniform(g, count, n) * 1.75 + 0.25)).to(dtype)


def density_exact(u, mean, log_std):
    """The log-density of one action and the sum of its terms' magnitudes."""
    total = magnitudes = mp.mpf(0)
    for x, m, t in zip(u, mean, log_std, strict=True):
        x, m, t = mp.mpf(x), mp.mpf(m), mp.mpf(t)
        terms = [-(((x - m) / mp.exp(t)) ** 2) / 2, -t, -mp.log(2 * mp.pi) / 2, -jacobian_exact(x)]
        total, magnitudes = total + sum(terms), magnitudes + sum(map(abs, terms))
    return total, magnitudes


def density_full_exact(u, mean, cholesky):
    """The same for a full Sigma.  The quadratic form's magnitude is that of the triangular system, |L^-1| |L| |L^-1| |d|."""
    n, z = len(u), []
    d = [mp.mpf(x) - mp.mpf(m) for x, m in zip(u, mean, strict=True)]
    for i in range(n):
        z.append((d[i] - sum(mp.mpf(cholesky[i][j]) * z[j] for j in range(i))) / mp.mpf(cholesky[i][i]))
    lower = torch.tensor(cholesky, dtype=F64)
    inverse = lower.inverse().abs()
    sizes = inverse @ lower.abs() @ inverse @ torch.tensor([float(abs(x)) for x in d], dtype=F64)
    rest = [-mp.log(mp.mpf(cholesky[i][i])) - mp.log(2 * mp.pi) / 2 - jacobian_exact(mp.mpf(u[i])) for i in range(n)]
    sizes_of_rest = [
        abs(mp.log(mp.mpf(cholesky[i][i]))) + mp.log(2 * mp.pi) / 2 + abs(jacobian_exact(mp.mpf(u[i])))
        for i in range(n)
    ]
    return -sum(x * x for x in z) / 2 + sum(rest), float(sizes.square().sum()) / 2 + sum(sizes_of_rest)


def worst_units(function, exact, columns, device="cpu"):
    """The largest error of a log-density, in eps of its format times the sum of the terms' magnitudes."""
    got = function(*(x.to(device) for x in columns))
    assert (got.dtype, got.device.type, got.shape) == (columns[0].dtype, device, columns[0].shape[:-1])
    eps, worst = torch.finfo(got.dtype).eps, 0.0
    with mp.workdps(DIGITS):
        for value, *point in zip(got.tolist(), *(x.tolist() for x in columns), strict=True):
            true, magnitudes = exact(*point)
            worst = max(worst, float(abs(mp.mpf(value) - true) / magnitudes / eps)) if math.isfinite(value) else INF
    return worst


# --- the Jacobian term ---


@pytest.mark.parametrize("dtype", [F64, F32, BF16], ids=str)
def test_the_jacobian_is_within_4_ulp_of_fifty_digits(device, dtype):
    assert worst_ulps(tg.log_one_minus_tanh_squared, jacobian_exact, dtype, device) <= ULPS


@pytest.mark.parametrize("dtype", [F64, F32, BF16], ids=str)
def test_its_slope_is_within_4_ulp_of_minus_two_tanh(device, dtype):
    assert worst_ulps(slope_of(tg.log_one_minus_tanh_squared), lambda u: -2 * mp.tanh(u), dtype, device) <= ULPS


def test_a_number_alone_is_as_good_as_one_in_a_batch(device):
    def one_by_one(u):  # torch takes them from the library of C, whose sinh has twice the error of the vectorised one
        return torch.stack([tg.log_one_minus_tanh_squared(x) for x in u])

    assert worst_ulps(one_by_one, jacobian_exact, device=device, count=200) <= ULPS


@pytest.mark.parametrize(
    ("form", "at_least"),
    [
        (lambda u: (1 - u.tanh().square() + 1e-6).log(), 1e21),
        (lambda u: 2 * (math.log(2) - u - torch.nn.functional.softplus(-2 * u)), 1e12),
        (lambda u: (1 - u.tanh().square()).log(), INF),
        (lambda u: (1 - u.tanh().square()).clamp_min(1e-6).log(), 1e15),
    ],
    ids=["epsilon", "softplus", "from-the-action", "clamped"],
)
def test_the_forms_in_use_fail_the_same_test(form, at_least):
    assert worst_ulps(form, jacobian_exact) >= at_least


def test_the_epsilon_form_has_lost_its_slope_where_the_action_is_saturated(device):
    u = torch.tensor([8.0, 10.0], device=device)  # float32, as policies are trained
    right = slope_of(tg.log_one_minus_tanh_squared)(u)
    wrong = slope_of(lambda u: (1 - u.tanh().square() + 1e-6).log())(u)
    assert ((right + 2 * u.tanh()).abs() <= 4 * torch.finfo(F32).eps).all()
    assert wrong[0] > -1.2 and wrong[1] == 0


def test_the_jacobian_at_zero_far_out_and_at_infinity(device):
    u = torch.tensor([0.0, 1e-300, 800.0, -1e308, INF, -INF], dtype=F64, device=device)
    far = 2 * (math.log(2) - 800)
    assert tg.log_one_minus_tanh_squared(u).tolist() == [0.0, 0.0, far, -INF, -INF, -INF]
    assert slope_of(tg.log_one_minus_tanh_squared)(u).tolist() == [0.0, -2e-300, -2.0, 2.0, -2.0, 2.0]


def test_the_jacobian_can_be_differentiated_twice(device):
    u = torch.tensor([-3.0, -0.7, 0.0, 1e-3, 0.9, 1.1, 4.0], dtype=F64, device=device, requires_grad=True)
    assert torch.autograd.gradcheck(tg.log_one_minus_tanh_squared, (u,))
    assert torch.autograd.gradgradcheck(tg.log_one_minus_tanh_squared, (u,))


def test_the_slope_can_be_taken_sample_by_sample(device):
    u, mean, log_std = (x.to(device) for x in arguments(2, 5))
    slopes = torch.func.vmap(torch.func.grad(tg.tanh_gaussian_log_density))(u, mean, log_std)
    u.requires_grad_()
    assert torch.equal(slopes, torch.autograd.grad(tg.tanh_gaussian_log_density(u, mean, log_std).sum(), u)[0])


# --- the log-density ---


@pytest.mark.parametrize("dtype", [F64, F32, BF16], ids=str)
@pytest.mark.parametrize(("n", "count"), [(1, 2000), (3, 500), (17, 50), (256, 4)])
def test_the_log_density_is_within_4_eps_of_its_terms(device, dtype, n, count):
    columns = arguments(n, count, dtype)
    assert worst_units(tg.tanh_gaussian_log_density, density_exact, columns, device) <= UNITS


@pytest.mark.parametrize("dtype", [F64, F32, BF16], ids=str)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_log_density_with_a_full_sigma_is_within_4_eps_of_its_terms(device, dtype, n):
    u, mean, _ = arguments(n, 300, dtype)
    columns = (u, mean, factors(n, 300, dtype))
    assert worst_units(tg.tanh_gaussian_log_density_full, density_full_exact, columns, device) <= UNITS


def test_from_the_action_it_is_within_the_rounding_of_artanh(device):
    u, mean, log_std = arguments(2, 500)
    action = u.clamp(-9, 9).tanh()
    got = tg.tanh_gaussian_log_density_of_action(*(x.to(device) for x in (action, mean, log_std))).tolist()
    cholesky = torch.diag_embed(log_std.exp())
    full = tg.tanh_gaussian_log_density_full_of_action(*(x.to(device) for x in (action, mean, cholesky))).tolist()
    eps = torch.finfo(F64).eps
    with mp.workdps(DIGITS):
        for value, other, a, m, t in zip(got, full, action.tolist(), mean.tolist(), log_std.tolist(), strict=True):
            x = [mp.atanh(mp.mpf(y)) for y in a]
            true, magnitudes = density_exact(x, m, t)
            slopes = [abs(2 * mp.tanh(y) - (y - c) * mp.exp(-2 * s)) for y, c, s in zip(x, m, t, strict=True)]
            moved = sum(
                abs(y) * s for y, s in zip(x, slopes, strict=True)
            )  # artanh is good to 2 units of its last place
            assert abs(value - true) <= eps * (UNITS * magnitudes + 2 * moved)
            assert abs(other - true) <= eps * (UNITS * magnitudes + 2 * moved)


def test_a_diagonal_factor_gives_the_density_of_independent_components(device):
    u, mean, log_std = (x.to(device) for x in arguments(3, 200))
    full = tg.tanh_gaussian_log_density_full(u, mean, torch.diag_embed(log_std.exp()))
    diagonal = tg.tanh_gaussian_log_density(u, mean, log_std)
    assert torch.allclose(full, diagonal, rtol=1e-14, atol=1e-13)


def test_batch_axes_are_kept_and_only_the_components_are_summed(device):
    u, mean, log_std = (x.reshape(2, 3, 4).to(device) for x in arguments(4, 6))
    got = tg.tanh_gaussian_log_density(u, mean, log_std)
    one_by_one = sum(tg.tanh_gaussian_log_density(*(x[..., i : i + 1] for x in (u, mean, log_std))) for i in range(4))
    assert got.shape == (2, 3) and tg.tanh_gaussian_log_density(u[0, 0], mean[0, 0], log_std[0, 0]).shape == ()
    assert torch.allclose(got, one_by_one, rtol=1e-14)
    cholesky = torch.diag_embed(log_std.exp())
    assert tg.tanh_gaussian_log_density_full(u, mean, cholesky).shape == (2, 3)
    assert tg.tanh_gaussian_log_density_full(u[0, 0], mean[0, 0], cholesky[0, 0]).shape == ()


# --- the catalogue's numbers ---


def correlated(module, device="cpu"):
    """hw13: mu = 0, Sigma = [[1, 1/2], [1/2, 1]], a = (1/2, -1/2), three ways round the same exact value."""
    action = torch.tensor([0.5, -0.5], dtype=F64, device=device)
    cholesky = torch.tensor([[1.0, 0.0], [0.5, math.sqrt(0.75)]], dtype=F64, device=device)
    return module.tanh_gaussian_log_density_full_of_action(action, torch.zeros_like(action), cholesky).item()


def integral(module, device="cpu"):
    """hw13: the integral of the density over (-1, 1) for n = 1, mu = 3/10, sigma = 7/10.

    The trapezoidal rule in u with da = du / cosh(u)^2.  At this step it is exact to exp(-2 pi^2 sigma^2 / step^2), and
    beyond |u| = 7 lies less than 1e-20: what is left is rounding, below 100 eps.
    """
    step = 1 / 16
    u = torch.arange(-7, 7 + step, step, dtype=F64, device=device)[:, None]
    density = module.tanh_gaussian_log_density(u, torch.full_like(u, 0.3), torch.full_like(u, math.log(0.7))).exp()
    return (density * step / u[:, 0].cosh().square()).sum().item()


def integral_full(module):
    """The same over (-1, 1)^2 for mu = (3/10, -1/5) and a Sigma that is neither the identity nor its own inverse."""
    step = 1 / 8
    axis = torch.arange(-8, 8 + step, step, dtype=F64)
    u = torch.cartesian_prod(axis, axis)
    mean = torch.tensor([0.3, -0.2], dtype=F64).expand_as(u)
    cholesky = torch.tensor([[0.7, 0.0], [0.4, 0.9]], dtype=F64).expand(len(u), 2, 2)
    density = module.tanh_gaussian_log_density_full(u, mean, cholesky).exp()
    return (density * step**2 / u.cosh().square().prod(-1)).sum().item()


def test_the_catalogues_example(device):
    closed = math.log(16 * math.sqrt(3) / (27 * math.pi)) - math.log(3) ** 2 / 2
    assert abs(closed - -1.7221464) <= 5e-8  # the printed digits
    assert abs(correlated(tg, device) - closed) <= 16 * 2.0**-53  # ten roundings of numbers below 2


def test_the_density_integrates_to_one(device):
    assert abs(integral(tg, device) - 1) <= 100 * 2.0**-52
    assert abs(integral_full(tg) - 1) <= 100 * 2.0**-52


def test_the_variance_is_that_of_exp_of_the_log_standard_deviation(device):
    a, mean, tau = 0.5, 0.3, -0.7  # ch1-tanh-gaussian, with the constant that does not depend on mean and tau
    columns = (torch.tensor([x], dtype=F64, device=device) for x in (a, mean, tau))
    constant = -LOG_TWO_PI / 2 - math.log(1 - a * a)
    by_hand = -tau - (math.atanh(a) - mean) ** 2 / (2 * math.exp(2 * tau)) + constant
    assert abs(tg.tanh_gaussian_log_density_of_action(*columns).item() - by_hand) <= 16 * 2.0**-53


# --- wrong variants ---

JACOBIAN = "- log_one_minus_tanh_squared(u)"
Z, INVERSE = "(u - mean) * (-log_std).exp()", "_forward_substitution(cholesky, u - mean)"
BOTH = {"density", "full density"}
MUTANTS = {  # patch of the module; the checks that must fail; the numbers of the catalogue: the example, the integral
    "jacobian-sign": ((JACOBIAN, "+ log_one_minus_tanh_squared(u)"), BOTH, -2.872875, 0.5629),
    "no-jacobian": ((JACOBIAN, ""), BOTH, -2.297511, 0.7006),
    "log-determinant-not-halved": (("- log_scale -", "- 2 * log_scale -"), BOTH, -1.578305, None),
    "one-minus-a": ((JACOBIAN, "- (1 - u.tanh()).log()"), BOTH, -2.009828, None),
    "no-two-pi": (("- HALF_LOG_TWO_PI ", ""), BOTH, -1.7221464 + LOG_TWO_PI, math.sqrt(2 * math.pi)),
    "sigma-for-its-inverse": (
        (INVERSE, "(cholesky.mT @ (u - mean)[..., None])[..., 0]"),
        {"full density"},
        -1.7221464 + 1.5 * math.atanh(0.5) ** 2,
        None,
    ),
    "factor-transposed": (("lower[..., i, j] * z", "lower[..., j, i] * z"), {"full density"}, None, None),
    "variance-exp-tau": ((Z, "(u - mean) * (-log_std / 2).exp()"), {"density"}, None, None),
    "square-not-halved": (("-z.square() / 2", "-z.square()"), BOTH, None, None),
    "mean-squashed": ((Z, "(u - mean.tanh()) * (-log_std).exp()"), {"density"}, None, None),
    "mean-left-out": ((Z, "u * (-log_std).exp()"), {"density"}, None, None),
    "epsilon": ((JACOBIAN, "- (1 - u.tanh().square() + 1e-6).log()"), BOTH, None, None),
    "softplus": (("torch.where(size < 1.0, _cosh_minus_one(u).log1p(), far)", "far"), {"jacobian"}, None, None),
    "series-for-all": (
        ("torch.where(size < 1.0, _cosh_minus_one(u).log1p(), far)", "_cosh_minus_one(u).log1p()"),
        {"jacobian"},
        None,
        None,
    ),
    "series-too-short": (("range(17, 1, -2)", "range(13, 1, -2)"), {"jacobian"}, None, None),
    "series-of-sinh": (("m * (m + 1)", "m * (m - 1)"), {"jacobian"}, None, None),
    "halved": (("return -2.0 * torch.where", "return -torch.where"), {"jacobian"} | BOTH, None, None),
    "slope-of-one-tanh": (("return -2.0 * u.tanh()", "return -u.tanh()"), {"slope"}, None, None),
    "slope-sign": (("return -2.0 * u.tanh()", "return 2.0 * u.tanh()"), {"slope"}, None, None),
}


def failures(module):
    """The checks that a copy of the module fails."""
    jacobian, slope = module.log_one_minus_tanh_squared, slope_of(module.log_one_minus_tanh_squared)
    columns = arguments(2, 150)
    full = (*columns[:2], factors(2, 150))
    checks = {
        "jacobian": worst_ulps(jacobian, jacobian_exact, count=200) <= ULPS,
        "slope": worst_ulps(slope, lambda u: -2 * mp.tanh(u), count=200) <= ULPS,
        "density": worst_units(module.tanh_gaussian_log_density, density_exact, columns) <= UNITS,
        "full density": worst_units(module.tanh_gaussian_log_density_full, density_full_exact, full) <= UNITS,
    }
    return {name for name, passed in checks.items() if not passed}


def test_an_unchanged_copy_passes_every_check():
    assert failures(fresh_copy(MODULE)) == set()


@pytest.mark.parametrize(("patch", "refuted_by", "example", "mass"), MUTANTS.values(), ids=MUTANTS)
def test_every_mutant_fails_its_checks_and_has_the_catalogues_number(patch, refuted_by, example, mass):
    module = fresh_copy(MODULE, patch)
    assert failures(module) >= refuted_by
    if example is not None:
        assert abs(correlated(module) - example) <= 1.1e-6  # the catalogue cuts off after six digits
        assert abs(correlated(module) - correlated(tg)) > 0.1
    if mass is not None:
        assert abs(integral(module) - mass) <= 5e-5


# --- slopes ---


def test_the_slopes_are_those_of_the_formulas(device):
    columns = [x.to(device).requires_grad_() for x in arguments(2, 500)]
    slopes = torch.autograd.grad(tg.tanh_gaussian_log_density(*columns).sum(), columns)
    rows = [x.flatten().tolist() for x in (*columns, *slopes)]
    eps = torch.finfo(F64).eps
    with mp.workdps(DIGITS):
        for u, mean, log_std, in_u, in_mean, in_log_std in zip(*rows, strict=True):
            score = (mp.mpf(u) - mp.mpf(mean)) * mp.exp(-2 * mp.mpf(log_std))
            square = score * (mp.mpf(u) - mp.mpf(mean))
            push = 2 * mp.tanh(mp.mpf(u))
            assert abs(in_u - (push - score)) <= UNITS * eps * (abs(push) + abs(score))
            assert abs(in_mean - score) <= UNITS * eps * abs(score)
            assert abs(in_log_std - (square - 1)) <= UNITS * eps * (square + 1)


def test_the_slopes_agree_with_finite_differences(device):
    u, mean, log_std = (x.clamp(-3, 1).to(device).requires_grad_() for x in arguments(2, 4, seed=5))
    action = u.detach().tanh().requires_grad_()
    below = factors(2, 4).to(device).requires_grad_()
    for density, start in zip(DENSITIES, (u, action), strict=True):
        assert torch.autograd.gradcheck(density, (start, mean, log_std))
    for density, start in zip(FULL, (u, action), strict=True):

        def of_triangle(x, m, triangle, density=density):
            return density(x, m, torch.diag_embed(log_std.detach().exp()) + triangle.tril())

        assert torch.autograd.gradcheck(of_triangle, (start, mean, below))


def test_a_reparametrised_samples_path_has_the_slope_two_tanh(device):
    zeros = torch.zeros(2, dtype=F32, device=device)
    mean = torch.tensor([8.0, 10.0], device=device, requires_grad=True)  # where the epsilon form has 0.65 and 0
    log_std = zeros.clone().requires_grad_()
    u = mean + log_std.exp() * zeros
    in_mean, in_log_std = torch.autograd.grad(tg.tanh_gaussian_log_density(u, mean, log_std), (mean, log_std))
    assert ((in_mean - 2 * mean.tanh()).abs() <= 4 * torch.finfo(F32).eps).all()
    assert in_log_std.tolist() == [-1.0, -1.0]  # the entropy's slope: the noise was 0


def test_each_argument_can_be_held_fixed(device):
    u, mean, log_std = (x.to(device) for x in arguments(2, 5))
    assert not tg.tanh_gaussian_log_density(u, mean, log_std).requires_grad
    mean.requires_grad_()
    score = torch.autograd.grad(tg.tanh_gaussian_log_density(u, mean, log_std).sum(), mean)[0]
    assert torch.allclose(score, (u - mean) / (2 * log_std).exp(), rtol=1e-14)


# --- samples ---


def test_a_sample_is_tanh_of_mean_plus_deviation_times_noise(device):
    _, mean, log_std = (x.to(device) for x in arguments(3, 50))
    generator = torch.Generator(device).manual_seed(1)
    action, u = tg.tanh_gaussian_sample(mean, log_std, generator=generator)
    noise = torch.randn(mean.shape, generator=torch.Generator(device).manual_seed(1), dtype=F64, device=device)
    assert torch.equal(u, mean + log_std.exp() * noise) and torch.equal(action, u.tanh())


def test_a_samples_gradient_flows_through_mean_and_deviation(device):
    mean, log_std = (x.clamp(-2, 1).to(device).requires_grad_() for x in arguments(3, 50)[1:])
    action, u = tg.tanh_gaussian_sample(mean, log_std, generator=torch.Generator(device).manual_seed(1))
    in_mean, in_log_std = torch.autograd.grad(action.sum(), (mean, log_std))
    slope = 1 / u.cosh().square()
    assert torch.allclose(in_mean, slope, rtol=1e-9, atol=1e-15)
    assert torch.allclose(in_log_std, slope * (u - mean), rtol=1e-9, atol=1e-15)


def test_the_density_of_a_saturated_action_needs_u(device):
    u = torch.tensor([10.0], device=device)
    zero = torch.zeros_like(u)
    assert abs(tg.tanh_gaussian_log_density(u, zero, zero).item() - -32.3052328) <= 4 * torch.finfo(F32).eps * 70
    with pytest.raises(ValueError, match=r"action must lie in \(-1, 1\); got 1.0"):
        tg.tanh_gaussian_log_density_of_action(u.tanh(), zero, zero)


# --- dead slots ---


def test_dead_slots_change_no_bit_of_the_live_ones(device):
    u, mean, log_std = (x.to(device) for x in arguments(2, 6))
    cholesky, mask = factors(2, 6).to(device), torch.arange(6, device=device) % 3 != 1
    cases = [
        *((density, (x, mean, log_std)) for density, x in zip(DENSITIES, (u, u.clamp(-9, 9).tanh()), strict=True)),
        *((density, (x, mean, cholesky)) for density, x in zip(FULL, (u, u.clamp(-9, 9).tanh()), strict=True)),
    ]
    for density, columns in cases:
        results = []
        for filling in (0.5, NAN, INF, -INF, 1e300):
            filled = [x.clone() for x in columns]
            for x in filled:
                x[~mask] = filling
                x.requires_grad_()
            value = density(*filled, mask=mask)
            slopes = torch.autograd.grad(value.sum(), filled)
            results.append(torch.cat([value.detach()[:, None], *(x.reshape(6, -1) for x in slopes)], 1))
        assert all(torch.equal(results[0], result) for result in results)
        assert not results[0][~mask].any()
        assert torch.equal(results[0][mask][:, 0], density(*columns)[mask])


def test_dead_slots_of_the_jacobian_and_of_a_sample(device):
    u = torch.tensor([NAN, 2.0, INF], dtype=F64, device=device, requires_grad=True)
    mask = torch.tensor([False, True, False], device=device)
    value = tg.log_one_minus_tanh_squared(u, mask=mask)
    assert value.tolist() == [0.0, tg.log_one_minus_tanh_squared(u[1]).item(), 0.0]
    assert torch.autograd.grad(value.sum(), u)[0][~mask].tolist() == [0.0, 0.0]
    mean = u.detach()[:, None].requires_grad_()
    generator = torch.Generator(device).manual_seed(0)
    action, before = tg.tanh_gaussian_sample(mean, torch.zeros_like(mean), generator=generator, mask=mask)
    assert not action[~mask].any() and not before[~mask].any()
    assert torch.autograd.grad(action.sum(), mean)[0][~mask].tolist() == [[0.0], [0.0]]


def test_an_all_masked_batch_is_zero_with_zero_gradient(device):
    u = torch.full((3, 2), NAN, dtype=F64, device=device, requires_grad=True)
    dead = torch.zeros(3, dtype=torch.bool, device=device)
    for density in DENSITIES:
        value = density(u, u.detach(), u.detach(), mask=dead)
        assert value.tolist() == [0.0] * 3
        assert not torch.autograd.grad(value.sum(), u)[0].any()


def test_a_nan_in_a_live_slot_is_never_swallowed(device):
    good = torch.tensor([[0.1, 0.2], [0.3, 0.4]], dtype=F64, device=device)
    bad = torch.tensor([[0.1, NAN], [0.3, 0.4]], dtype=F64, device=device)
    cholesky = torch.diag_embed(good)
    assert tg.log_one_minus_tanh_squared(bad).isnan().tolist() == bad.isnan().tolist()
    for density in DENSITIES:
        for columns in ((bad, good, good), (good, bad, good), (good, good, bad)):
            assert density(*columns).isnan().tolist() == [True, False]
    for density in FULL:
        for columns in ((bad, good, cholesky), (good, bad, cholesky), (good, good, torch.diag_embed(bad))):
            assert density(*columns).isnan().tolist() == [True, False]


# --- wrong arguments ---


def test_wrong_arguments_are_named():
    u = torch.zeros(4, 2)
    for density in DENSITIES:
        name = "action" if density is DENSITIES[1] else "u"
        for columns, message in [
            ((u, torch.zeros(2), u), rf"mean must have the shape of {name}, \(4, 2\); got \(2,\)"),
            ((u, u, torch.zeros(4, 1)), rf"log_std must have the shape of {name}, \(4, 2\); got \(4, 1\)"),
            ((u, u.double(), u), f"mean must have the dtype of {name}"),
            ((u.int(), u, u), f"{name} must have a real floating dtype; got torch.int32"),
            ((0.5, u, u), f"{name} must be a tensor; got float"),
            ((torch.zeros(()),) * 3, rf"{name} must have shape \[..., n\] with n >= 1; got \(\)"),
            ((torch.zeros(4, 0),) * 3, rf"{name} must have shape \[..., n\] with n >= 1; got \(4, 0\)"),
        ]:
            with pytest.raises(ValueError, match=message):
                density(*columns)
        with pytest.raises(ValueError, match=r"mask must have shape \(4,\); got \(4, 2\)"):
            density(u, u, u, mask=torch.ones(4, 2, dtype=torch.bool))
        with pytest.raises(ValueError, match="mask must be a boolean tensor; got torch.float32"):
            density(u, u, u, mask=torch.ones(4))


@pytest.mark.parametrize("value", [1.0, -1.0, 1.5, INF])
def test_an_action_outside_the_open_interval_is_refused(device, value):
    zero = torch.zeros(3, 2, device=device)
    action = zero.clone()
    action[1, 1] = value
    message = rf"action must lie in \(-1, 1\); got {value}"
    with pytest.raises(ValueError, match=message):
        tg.tanh_gaussian_log_density_of_action(action, zero, zero)
    with pytest.raises(ValueError, match=message):
        tg.tanh_gaussian_log_density_full_of_action(action, zero, torch.eye(2, device=device).expand(3, 2, 2))


def test_a_factor_that_is_none_is_refused():
    u = torch.zeros(3, 2)
    eye = torch.eye(2).repeat(3, 1, 1)
    sigma, singular = eye.clone(), eye.clone()
    sigma[1] = torch.tensor([[1.0, 0.5], [0.5, 1.0]])
    singular[2, 1, 1] = 0
    for cholesky, message in [
        (eye[0], r"cholesky must have shape \(3, 2, 2\); got \(2, 2\)"),
        (eye.double(), "cholesky must have the dtype of u, torch.float32; got torch.float64"),
        (eye.int(), "cholesky must have a real floating dtype; got torch.int32"),
        (sigma, "cholesky must be lower triangular; got 0.5 above the diagonal"),
        (singular, "cholesky must have a positive diagonal; got 0.0"),
        (-eye, "cholesky must have a positive diagonal; got -1.0"),
    ]:
        with pytest.raises(ValueError, match=message):
            tg.tanh_gaussian_log_density_full(u, u, cholesky)
