"""Three estimators of KL(p || q) from samples of p (J. Schulman, "Approximating KL divergence", 2020).

    k1 = -log r      k2 = (log r)^2 / 2      k3 = r - 1 - log r         r = q(x) / p(x),  x ~ p

Each is elementwise: the mean over samples is the caller's.  All three take logp and logq, the log-probabilities of the
same samples under p and q, in nats, and differentiate in both; which one is held fixed is the caller's choice, and the
gradient of an estimator need not estimate the gradient of the KL (with samples from p = p_theta and q fixed, that of k3
has the mean of the gradient of KL(q || p_theta)).
"""

from __future__ import annotations

from torch import Tensor

from numeric.primitives.checks import not_empty, same_shape
from numeric.primitives.masks import zero_dead


def kl_k1(logp: Tensor, logq: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """k1 = -log r = logp - logq, whose mean is KL(p || q) (hw23a); a single sample may be negative (hw23b).

    logp, logq: equal shapes.  mask: True in live slots; dead ones give 0.  Returns that shape.
    Slopes: 1 in logp, -1 in logq.
    Raises ValueError on unequal shapes, dtypes or devices, a dtype that is not floating, or an empty batch.
    """
    return -_log_ratio(logp, logq, mask)


def kl_k2(logp: Tensor, logq: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """k2 = (log r)^2 / 2: never negative, biased, right to second order where q is close to p.

    logp, logq: equal shapes.  mask: True in live slots; dead ones give 0.  Returns that shape.
    Slopes: -log r in logp, log r in logq.
    Raises ValueError on unequal shapes, dtypes or devices, a dtype that is not floating, or an empty batch.
    """
    return _log_ratio(logp, logq, mask).square() / 2


def kl_k3(logp: Tensor, logq: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """k3 = r - 1 - log r: never negative (hw23d), with mean KL(p || q) where p and q share their support (hw23c).

    logp, logq: equal shapes.  mask: True in live slots; dead ones give 0.  Returns that shape; +inf where q(x) = 0.
    Slopes: 1 - r in logp, r - 1 in logq.
    r - 1 is expm1(log r): exp(log r) - 1 loses all digits, and its sign, where q is close to p.
    Raises ValueError on unequal shapes, dtypes or devices, a dtype that is not floating, or an empty batch.
    """
    log_ratio = _log_ratio(logp, logq, mask)
    return log_ratio.expm1() - log_ratio


def _log_ratio(logp: Tensor, logq: Tensor, mask: Tensor | None) -> Tensor:
    """log r = logq - logp; 0 in dead slots."""
    same_shape(logp=logp, logq=logq)
    not_empty(logp=logp)
    return zero_dead(logq - logp, mask)
