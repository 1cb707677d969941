"""Confidence intervals for the mean of n independent, identically distributed samples in [low, high].

Every bound here holds at every n, for every such distribution: with probability at least 1 - alpha the interval
contains the mean.  None uses a normal approximation; none holds for an unbounded statistic.

    hoeffding            half width  R sqrt(ln(2/alpha) / 2n),                                    R = high - low
    empirical-bernstein  half width  sqrt(2 V ln(3/alpha) / n) + 7 R ln(3/alpha) / (3 (n - 1)),   V = sample variance
    betting              the means against which neither of two gamblers has multiplied the stake by 2/alpha

Which one is used (the only place that says so): a check uses `hoeffding` or `empirical-bernstein`, which need no more
than the streamed moments, and of the two the one whose planned n is smaller (`numeric.montecarlo.plan`).  Empirical
Bernstein wins as soon as the standard deviation is well below half the range, Hoeffding near a fair coin.  The choice
is made from the plan, before anything is drawn: taking the shorter of two intervals afterwards would cost a second
alpha.  `betting` is the tightest at small n, but needs the samples themselves, in order: it is for a few thousand
stored samples, never for a stream.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BOUNDS = ("empirical-bernstein", "hoeffding")
"""The bounds a streamed check may use."""

_OUTWARD = 1 + 2.0**-40
"""Half widths are computed to some 2^-50; this rounds them outward."""

_LARGEST_STAKE = 0.5
"""A bet risks at most this share of the capital, so that the capital stays positive (their c = 1/2)."""


@dataclass(frozen=True)
class Interval:
    """A closed interval [low, high] for a mean."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise ValueError(f"an interval needs finite low <= high; got [{self.low!r}, {self.high!r}]")

    def widened(self, by: float) -> Interval:
        """The interval with `by` >= 0 added on both sides."""
        if not by >= 0:
            raise ValueError(f"by must be at least 0; got {by!r}")
        return Interval(math.nextafter(self.low - by, -math.inf), math.nextafter(self.high + by, math.inf))


def require_range(low: float, high: float) -> None:
    """Refuse a range that is not finite: a statistic without a bound has no finite-sample interval here."""
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(
            f"low and high must be finite, a proved bound of the statistic; got [{low!r}, {high!r}]."
            " A heavy tail without a bound has no finite-sample guarantee: bound it, or truncate it and give the bias"
        )
    if low > high:
        raise ValueError(f"low must be at most high; got [{low!r}, {high!r}]")


def require_rate(name: str, value: float) -> None:
    """Refuse a probability that does not lie in (0, 1)."""
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie in (0, 1); got {value!r}")


def hoeffding_half_width(n: int, span: float, alpha: float) -> float:
    """R sqrt(ln(2/alpha) / 2n): Hoeffding (1963), Theorem 2, alpha/2 on each side."""
    return span * math.sqrt(math.log(2 / alpha) / (2 * n))


def empirical_bernstein_half_width(n: int, sd: float, span: float, alpha: float) -> float:
    """sd sqrt(2 L / n) + 7 R L / (3 (n - 1)) with L = ln(3/alpha); infinite at n = 1.

    Maurer and Pontil (2009), "Empirical Bernstein bounds and sample variance penalization": their Theorem 4 made
    two-sided.  With sigma the true and sd the sample standard deviation, three events have probability at most alpha/3
    each:

        mean - mu > sigma sqrt(2L/n) + R L/(3n)    and the same for mu - mean      (Bennett, their Theorem 3)
        sigma > sd + R sqrt(2L/(n-1))                                              (their Theorem 10)

    Outside them |mean - mu| <= sd sqrt(2L/n) + 2 R L/sqrt(n(n-1)) + R L/(3n), at most the half width.
    """
    if n < 2:
        return math.inf
    log_term = math.log(3 / alpha)
    return sd * math.sqrt(2 * log_term / n) + 7 * span * log_term / (3 * (n - 1))


def hoeffding(n: int, mean: float, low: float, high: float, alpha: float) -> Interval:
    """Hoeffding's two-sided interval.

    Error model: misses the mean with probability at most alpha, for n fixed in advance.
    """
    _require_sample(n, mean, low, high, alpha)
    return _around(mean, hoeffding_half_width(n, high - low, alpha), low, high)


def empirical_bernstein(n: int, mean: float, variance: float, low: float, high: float, alpha: float) -> Interval:
    """Maurer and Pontil's two-sided interval.

    Error model: misses the mean with probability at most alpha, for n fixed in advance.
    variance: the unbiased sample variance (divisor n - 1).  One sample says nothing: the interval is then [low, high].
    """
    _require_sample(n, mean, low, high, alpha)
    if n > 1 and not (math.isfinite(variance) and variance >= 0):
        raise ValueError(f"variance must be finite and at least 0; got {variance!r}")
    sd = math.sqrt(variance) if n > 1 else 0.0
    return _around(mean, empirical_bernstein_half_width(n, sd, high - low, alpha), low, high)


def betting(samples: NDArray[np.float64], low: float, high: float, alpha: float) -> Interval:
    """The hedged-capital interval of Waudby-Smith and Ramdas.

    Source: "Estimating means of bounded random variables by betting", JRSS B 86 (2024), section 4.
    Error model: misses the mean with probability at most alpha.  samples: shape [n], in the order they were drawn in.

    For samples y scaled to [0, 1] and a candidate mean m, a gambler who bets that the mean is above m holds

        K(m) = prod_t (1 + min(l_t, c/m) (y_t - m)),    c = 1/2,    l_t = sqrt(2 ln(2/alpha) / (n v_{t-1})),

    where v_{t-1} estimates the variance from y_1 .. y_{t-1}: a bet is placed before y_t is seen.  If m is the mean, K
    is a nonnegative martingale that starts at 1, so that K(m) >= 2/alpha has probability at most alpha/2 (Ville).  K
    falls as m grows: bisection finds where it crosses 2/alpha, and the end at which m is rejected is returned.  The
    other end is the same game on 1 - y.
    """
    require_range(low, high)
    require_rate("alpha", alpha)
    if samples.ndim != 1 or samples.size == 0:
        raise ValueError(f"samples must have shape [n] with n >= 1; got shape {list(samples.shape)}")
    if not bool(np.all((samples >= low) & (samples <= high))):
        raise ValueError(f"samples must lie in [{low!r}, {high!r}]; got {samples.min()!r} to {samples.max()!r}")
    span = high - low
    if span == 0:
        return Interval(low, high)
    scaled = np.clip((samples - low) / span, 0.0, 1.0)
    bottom = _betting_lower_end(scaled, alpha)
    top = 1 - _betting_lower_end(1 - scaled, alpha)
    slack = 2.0**-48 * max(abs(low), abs(high))  # scaling to [0, 1] and back
    return Interval(max(low, low + bottom * span - slack), min(high, low + top * span + slack))


def _betting_lower_end(scaled: NDArray[np.float64], alpha: float) -> float:
    """A rejected m (or 0) such that every larger m within 2^-40 of the crossing, or beyond it, is kept."""
    n = scaled.size
    counts = np.arange(1, n + 1)
    means = (0.5 + np.cumsum(scaled)) / (counts + 1)
    variances = (0.25 + np.cumsum(np.square(scaled - means))) / (counts + 1)
    before = np.concatenate([[0.25], variances[:-1]])  # a bet uses only what was seen earlier
    bets = np.sqrt(2 * math.log(2 / alpha) / (n * before))
    # A factor's logarithm is computed to some 10 u; fsum adds no more: 2^-48 n is above what rounding can do.
    threshold = math.log(2 / alpha) + 2.0**-48 * n

    def rejected(mean: float) -> bool:
        largest = _LARGEST_STAKE / mean if mean > 0 else math.inf
        return math.fsum(np.log1p(np.minimum(bets, largest) * (scaled - mean))) >= threshold

    return _last_true(rejected, 0.0, 1.0)


def _last_true(holds: Callable[[float], bool], start: float, stop: float) -> float:
    """For a predicate true, then false: a point where it holds, 2^-40 from the change or nearer; else `start`."""
    if not holds(start):
        return start
    if holds(stop):
        return stop
    for _ in range(40):
        middle = (start + stop) / 2
        start, stop = (middle, stop) if holds(middle) else (start, middle)
    return start


def _require_sample(n: int, mean: float, low: float, high: float, alpha: float) -> None:
    require_range(low, high)
    require_rate("alpha", alpha)
    if n < 1:
        raise ValueError(f"n must be at least 1; got {n!r}")
    if not low <= mean <= high:
        raise ValueError(f"mean must lie in [{low!r}, {high!r}]; got {mean!r}")


def _around(mean: float, half: float, low: float, high: float) -> Interval:
    """mean plus or minus half, rounded outward, cut to [low, high]: the mean of samples in a range lies in it."""
    half *= _OUTWARD
    return Interval(
        max(low, math.nextafter(mean - half, -math.inf)),
        min(high, math.nextafter(mean + half, math.inf)),
    )
