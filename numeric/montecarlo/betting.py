"""Intervals by betting: whoever doubles the stake again and again against a mean has refuted that mean.

The fixed bet (`half_width`), a confidence sequence
---------------------------------------------------
Samples y_1, y_2, ... lie in [low, high], R = high - low, and have mean mu.  Fix a bet b in (0, 1/2] and a centre c in
[low, high] before the first draw, and let x_i = b (y_i - c) / R.  A gambler who stakes 1 and multiplies it by

    (1 + x_i) / (1 + b (mu - c) / R)       at each draw

plays a fair game: each factor is nonnegative and has mean 1.  Ville's inequality (1939): the chance that the capital *ever*
reaches 2/alpha is at most alpha/2.  Since 1 + m <= exp(m), and since (log(1 + x) - x) / x^2 grows with x, so that

    log(1 + x) >= x - kappa x^2    for x >= -b,    kappa = (-log(1 - b) - b) / b^2        (Fan, Grama, Liu 2015, Lemma 4.1)

the capital is at least exp(sum x_i - kappa sum x_i^2 - n b (mu - c) / R).  So, at all n at once but for alpha/2,

    mu > mean - h,     h = R (L + kappa Q) / (n b),     L = ln(2/alpha),     Q = sum x_i^2 = (b/R)^2 sum (y_i - c)^2,

and the same game on -y gives mu < mean + h.  The interval mean +- h holds mu at every stopping time, with probability at
least 1 - alpha; count, mean and variance are all that it needs, so memory is constant, and there is no grid of candidate
means and no discretisation error.  A poor bet or centre makes it long, never wrong.  b near R sqrt(2L/n) / sigma is best.

This is the predictable plug-in empirical-Bernstein sequence of Waudby-Smith and Ramdas, "Estimating means of bounded random
variables by betting", JRSS B 86 (2024), Theorem 2, with the two predictable sequences constant; Howard, Ramdas, McAuliffe
and Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49 (2021), Theorem 4.

The hedged capital (`hedged_capital`), for stored samples
---------------------------------------------------------
Bets that learn from what was seen are the tightest at small n, but need the samples themselves, in order.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from numeric.montecarlo.bounds import Interval, require_range, require_rate

LARGEST_BET = 0.5
"""A bet risks at most this share of the capital, so that the capital stays positive."""


def kappa(bet: float) -> float:
    """(-log(1 - b) - b) / b^2, rounded up: a little above 1/2, and 0.7726 at b = 1/2.  By its series where b is small."""
    if bet < 1e-3:  # 1/2 + b/3 + b^2/4 + ...
        return (0.5 + bet / 3 + bet * bet / 3) * (1 + 2.0**-40)
    return (-math.log1p(-bet) - bet) / (bet * bet) * (1 + 2.0**-30)


def half_width(n: int, square: float, span: float, bet: float, alpha: float) -> float:
    """R (L + kappa Q) / (n b), with `square` = sum (y_i - c)^2 / n.

    Error model: mean +- this misses the true mean at any n whatever with probability at most alpha; bet and centre are
    fixed before the first draw.
    """
    return (span * math.log(2 / alpha) / n + kappa(bet) * bet * bet * square / span) / bet


def best_bet(n: int, deviation: float, span: float, alpha: float) -> float:
    """The bet that makes the half width at n shortest, nearly: a / (1 + a), a = R sqrt(2L/n) / sigma; at most 1/2."""
    if deviation == 0:
        return LARGEST_BET
    slope = span * math.sqrt(2 * math.log(2 / alpha) / n) / deviation
    return min(LARGEST_BET, slope / (1 + slope))


def hedged_capital(samples: NDArray[np.float64], low: float, high: float, alpha: float) -> Interval:
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
        largest = LARGEST_BET / mean if mean > 0 else math.inf
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
