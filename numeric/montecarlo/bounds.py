"""Confidence intervals for the mean of n independent, identically distributed samples in [low, high], by formula.

Both hold at every n, for every such distribution: with probability at least 1 - alpha the interval contains the mean.
Neither uses a normal approximation; neither holds for an unbounded statistic.

    hoeffding            half width  R sqrt(ln(2/alpha) / 2n),                                    R = high - low
    empirical-bernstein  half width  sqrt(2 V ln(3/alpha) / n) + 7 R ln(3/alpha) / (3 (n - 1)),   V = sample variance

Betting, the exact binomial and median of means have modules of their own (`betting`, `binomial`, `heavy`).  Which bound a
check uses is said in `numeric.montecarlo.methods` and nowhere else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_OUTWARD = 1 + 2.0**-40
"""Half widths are computed to some 2^-50; this rounds them outward."""


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
            " A heavy tail without a bound has no finite-sample guarantee: give a proved bound of its range, or of its standard"
            " deviation (proved_sd), or truncate it and give the bias"
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
    return around(mean, hoeffding_half_width(n, high - low, alpha), low, high)


def empirical_bernstein(n: int, mean: float, variance: float, low: float, high: float, alpha: float) -> Interval:
    """Maurer and Pontil's two-sided interval.

    Error model: misses the mean with probability at most alpha, for n fixed in advance.
    variance: the unbiased sample variance (divisor n - 1).  One sample says nothing: the interval is then [low, high].
    """
    _require_sample(n, mean, low, high, alpha)
    if n > 1 and not (math.isfinite(variance) and variance >= 0):
        raise ValueError(f"variance must be finite and at least 0; got {variance!r}")
    sd = math.sqrt(variance) if n > 1 else 0.0
    return around(mean, empirical_bernstein_half_width(n, sd, high - low, alpha), low, high)


def _require_sample(n: int, mean: float, low: float, high: float, alpha: float) -> None:
    require_range(low, high)
    require_rate("alpha", alpha)
    if n < 1:
        raise ValueError(f"n must be at least 1; got {n!r}")
    if not low <= mean <= high:
        raise ValueError(f"mean must lie in [{low!r}, {high!r}]; got {mean!r}")


def around(mean: float, half: float, low: float, high: float) -> Interval:
    """mean plus or minus half (computed to some 2^-50), rounded outward and cut to [low, high], where the mean lies."""
    half *= _OUTWARD
    return Interval(
        max(low, math.nextafter(mean - half, -math.inf)),
        min(high, math.nextafter(mean + half, math.inf)),
    )
