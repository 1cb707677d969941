"""Log-density of a = tanh(u) with u Gaussian, the policy of SAC (Haarnoja et al. 2018, arXiv:1801.01290, appendix C).

    log pi(a) = log N(u; mean, Sigma) - sum_i log(1 - a_i^2),       a_i = tanh u_i,  -1 < a_i < 1       (hw13)

For n independent components with standard deviations exp(log_std), Sigma = diag(exp(2 log_std)) (ch1-tanh-gaussian):

    log pi(a) = sum_i (-((u_i - mean_i) / exp(log_std_i))^2 / 2 - log_std_i - log(2 pi) / 2 - log(1 - tanh(u_i)^2))

Arguments shared by all densities:

    u         before tanh, shape [..., n] with n >= 1.  A policy that samples has it; the action alone has lost it, since
              in float32 tanh rounds to 1 beyond u = 9.01
    action    a = tanh(u), of the shape of u, strictly between -1 and 1: outside the density is 0
    mean      of u, not of the action: same shape
    log_std   logarithms of the standard deviations of u: same shape
    cholesky  lower triangular with positive diagonal, shape [..., n, n]; Sigma = cholesky cholesky^T
    mask      True in live slots, shape [...]; dead ones give 0.  None: all are live

A log-density is in nats, of shape [...]: components are summed, batch axes are not.  An action that is scaled to
[low, high] afterwards loses another sum_i log((high_i - low_i) / 2).
All functions differentiate in all tensors.  They raise ValueError on unequal shapes, dtypes or devices, a dtype that is
not floating, an empty batch, an action outside (-1, 1), or a cholesky that is not lower triangular with positive diagonal.  A NaN
in a live slot gives NaN.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from numeric.primitives.checks import flags, floating, generator_on, not_empty, same_shape
from numeric.primitives.masks import zero_dead

LOG_TWO = math.log(2)
HALF_LOG_TWO_PI = math.log(2 * math.pi) / 2


class Sample(NamedTuple):
    """A sample before and after tanh, both of shape [..., n]."""

    action: Tensor
    u: Tensor


def log_one_minus_tanh_squared(u: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """log(1 - tanh(u)^2) = -2 log cosh u, elementwise: the logarithm of the slope of tanh.

    u: any shape.  mask: of u's shape, True in live slots; dead ones give 0.  Returns that shape.  Slope: -2 tanh u.
    Below |u| = 1 it is -2 log(1 + (cosh u - 1)), with the power series of cosh u - 1; from there on it is
    2 (log 2 - |u| - log(1 + exp(-2 |u|))).  The first keeps its digits down to 0, where the second would be the difference
    of log 2 and log 2.  In float64 the value is within 4 ulp for |u| from 1e-6 to 40, and so is the slope.
    Raises ValueError on a dtype that is not floating and on an empty batch.
    """
    floating(u=u)
    not_empty(u=u)
    result: Tensor = _LogOneMinusTanhSquared.apply(zero_dead(u, mask))  # type: ignore[no-untyped-call]
    return result


class _LogOneMinusTanhSquared(torch.autograd.Function):
    """The function with the slope -2 tanh u, which autograd would put together from thirty roundings."""

    generate_vmap_rule = True

    @staticmethod
    def forward(u: Tensor) -> Tensor:
        size = u.abs()
        far = (size - LOG_TWO) + (-2.0 * size).exp().log1p()  # the difference is exact up to 2 log 2
        return -2.0 * torch.where(size < 1.0, _cosh_minus_one(u).log1p(), far)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:  # differentiable itself
        u: Tensor = ctx.saved_tensors[0]
        return -2.0 * u.tanh() * slope


def _cosh_minus_one(u: Tensor) -> Tensor:
    """u^2/2 + u^4/24 + ... + u^18/18!, from the smallest term up: what is left out is below 1e-18 of it for |u| <= 1.

    2 sinh(u/2)^2 would double the error of sinh, which reaches 2 ulp in some libraries of C.
    """
    square = u.square()
    rest = torch.zeros_like(u)
    for m in range(17, 1, -2):
        rest = square * (1.0 + rest) / (m * (m + 1))
    return square / 2 + square / 2 * rest


def tanh_gaussian_log_density(u: Tensor, mean: Tensor, log_std: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """log pi(tanh u) for independent components.

    Shapes, units and errors as in the module's docstring.
    Slopes: 2 tanh(u) - z / std in u, z / std in mean, z^2 - 1 in log_std, where z = (u - mean) / std.  The last two are
    the score, with u held fixed.  Where u = mean + std noise is a sample that the gradient flows through, the path adds
    to them, and in all it is 2 tanh(u) in mean and 2 tanh(u) std noise - 1 in log_std.
    Rounding: within 4 eps times the sum of the terms' magnitudes.
    """
    same_shape(u=u, mean=mean, log_std=log_std)
    live = _live(mask, u=u)
    u, mean, log_std = (zero_dead(x, live) for x in (u, mean, log_std))
    z = (u - mean) * (-log_std).exp()
    return _log_density(z, log_std, u, mask)


def tanh_gaussian_log_density_full(u: Tensor, mean: Tensor, cholesky: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """log pi(tanh u) for components that are correlated before tanh, with Sigma = cholesky cholesky^T (hw13).

    Shapes, units and errors as in the module's docstring.
    Rounding: that of the triangular system cholesky z = u - mean, so a Sigma that is nearly singular costs digits.
    """
    same_shape(u=u, mean=mean)
    live = _live(mask, u=u)
    cholesky = _lower_triangular(cholesky, u, mask)
    u, mean = zero_dead(u, live), zero_dead(mean, live)
    z = _forward_substitution(cholesky, u - mean)
    return _log_density(z, cholesky.diagonal(dim1=-2, dim2=-1).log(), u, mask)


def tanh_gaussian_log_density_of_action(
    action: Tensor, mean: Tensor, log_std: Tensor, *, mask: Tensor | None = None
) -> Tensor:
    """`tanh_gaussian_log_density` at u = artanh(action), for data that kept the action only.

    Rounding: artanh moves u by about eps |u|, hence the result by eps |u| times its slope in u.
    Raises ValueError on an action outside (-1, 1), where libraries clip it and return the density of another action.
    """
    same_shape(action=action, mean=mean, log_std=log_std)
    return tanh_gaussian_log_density(_artanh(action, mask), mean, log_std, mask=mask)


def tanh_gaussian_log_density_full_of_action(
    action: Tensor, mean: Tensor, cholesky: Tensor, *, mask: Tensor | None = None
) -> Tensor:
    """`tanh_gaussian_log_density_full` at u = artanh(action); rounding and errors as in the function above."""
    same_shape(action=action, mean=mean)
    return tanh_gaussian_log_density_full(_artanh(action, mask), mean, cholesky, mask=mask)


def tanh_gaussian_sample(
    mean: Tensor, log_std: Tensor, *, generator: torch.Generator, mask: Tensor | None = None
) -> Sample:
    """action = tanh(u) with u = mean + exp(log_std) noise, the noise standard normal from `generator`.

    Reparametrised: the noise is data, the gradient flows through mean and log_std.  Returns action and u; take the
    log-density at u, because the action may have rounded to 1 or -1.  Every slot draws its noise, dead or not.
    Raises ValueError also on a generator that is none, or on another kind of device: None would be torch's global one.
    """
    same_shape(mean=mean, log_std=log_std)
    live = _live(mask, mean=mean)
    generator_on(mean.device, generator=generator)
    noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype, device=mean.device)
    u = zero_dead(mean, live) + zero_dead(log_std, live).exp() * zero_dead(noise, live)
    return Sample(action=u.tanh(), u=u)


def _log_density(z: Tensor, log_scale: Tensor, u: Tensor, mask: Tensor | None) -> Tensor:
    """From the standardised z; the log_scale of the components add up to half the logarithm of det Sigma."""
    terms = -z.square() / 2 - log_scale - HALF_LOG_TWO_PI - log_one_minus_tanh_squared(u)
    return zero_dead(terms.sum(-1), mask)


def _live(mask: Tensor | None, **vectors: Tensor) -> Tensor | None:
    """The mask of shape [...] at the shape [..., n] of the one tensor that is named."""
    ((name, tensor),) = vectors.items()
    if tensor.ndim == 0 or tensor.shape[-1] == 0:
        raise ValueError(f"{name} must have shape [..., n] with n >= 1; got {tuple(tensor.shape)}")
    not_empty(**vectors)
    if mask is None:
        return None
    flags(tensor[..., 0], mask=mask)
    return mask.unsqueeze(-1).expand_as(tensor)


def _artanh(action: Tensor, mask: Tensor | None) -> Tensor:
    """u of live actions, 0 of dead ones."""
    action = zero_dead(action, _live(mask, action=action))
    outside = action[action.abs() >= 1.0]  # a NaN is not outside: it goes through and is seen
    if outside.numel():
        raise ValueError(f"action must lie in (-1, 1); got {outside[0].item()}")
    return action.atanh()


def _lower_triangular(cholesky: Tensor, u: Tensor, mask: Tensor | None) -> Tensor:
    """The factor, checked, with the identity in dead slots."""
    floating(cholesky=cholesky)
    shape = (*u.shape, u.shape[-1])
    if cholesky.shape != shape:
        raise ValueError(f"cholesky must have shape {shape}; got {tuple(cholesky.shape)}")
    same_shape(u=u, cholesky=cholesky[..., 0])  # dtype and device
    if mask is not None:
        identity = torch.eye(shape[-1], dtype=u.dtype, device=u.device)
        cholesky = torch.where(mask[..., None, None], cholesky, identity)
    above = cholesky.triu(1)
    if bool((above != 0).any()):
        raise ValueError(f"cholesky must be lower triangular; got {above[above != 0][0].item()} above the diagonal")
    diagonal = cholesky.diagonal(dim1=-2, dim2=-1)
    if bool((diagonal <= 0).any()):
        raise ValueError(f"cholesky must have a positive diagonal; got {diagonal[diagonal <= 0][0].item()}")
    return cholesky


def _forward_substitution(lower: Tensor, right: Tensor) -> Tensor:
    """z with lower z = right, row by row: torch's triangular solver knows float32 and float64 only.  Takes n passes."""
    solved: list[Tensor] = []
    for i in range(right.shape[-1]):
        known = sum((lower[..., i, j] * z for j, z in enumerate(solved)), torch.zeros_like(right[..., i]))
        solved.append((right[..., i] - known) / lower[..., i, i])
    return torch.stack(solved, -1)
