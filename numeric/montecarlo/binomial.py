"""The exact binomial: certified tails and Clopper-Pearson intervals for k heads in n throws.

    lower end = the largest p at which P(Binomial(n, p) >= k) <= level,   and the upper end by exchanging the faces

Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
Biometrika 26 (1934).  If p is the chance of heads, the lower end exceeds p only where k is so large that its own tail
has probability at most `level`: so it does with probability at most `level`, at every n and p.

Nothing here is hoped of floating point.  The probability of exactly k heads is enclosed by ball arithmetic; the tail
beyond it is summed in integers, every division rounded up, and what is left out is bounded by a geometric series.  An
end is a float at which the tail has been certified to be small enough.  (`quick_tail`, in plain floats, is for plans
alone: it can cost power, never an error rate.)
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
from flint import arb, ctx, fmpq

_SHIFT = 128
"""Terms of a tail are integers over 2^128."""

_BITS = 192
"""Precision of the ball that holds the first term; n up to 10^10 loses some 40 bits."""

_STEP = 2.0**-20
"""An end is certified this share of its distance from 0 and from k/n further out than it is guessed."""

_ENOUGH = 40.0
"""A tail's terms below e^-40 of the first are left out of a quick tail."""


def at_least(k: int, n: int, p: Fraction) -> Fraction:
    """An upper bound of P(Binomial(n, p) >= k), 2^-60 of itself too high at most; 1 where k does not exceed n p."""
    if not (0 <= k <= n and 0 <= p <= 1):
        raise ValueError(f"k must lie in [0, n] and p in [0, 1]; got k = {k!r}, n = {n!r}, p = {p!r}")
    if k <= n * p:
        return Fraction(1)
    return _exactly_k(k, n, p) * Fraction(_series(k, n, p), 1 << _SHIFT) if p else Fraction(0)


def lower(k: int, n: int, level: float) -> float:
    """Clopper and Pearson's lower end for k heads in n throws, a millionth of its distance from k/n further out at most.

    Error model: it exceeds the chance of heads with probability at most `level`.
    """
    if not (n >= 1 and 0 <= k <= n and 0 < level < 1):
        raise ValueError(
            f"0 <= k <= n, n >= 1 and 0 < level < 1 are needed; got k = {k!r}, n = {n!r}, level = {level!r}"
        )
    return _lower(k, n, level)


def upper(k: int, n: int, level: float) -> float:
    """The upper end: one minus the lower end for tails, rounded up."""
    return min(1.0, math.nextafter(1 - lower(n - k, n, level), math.inf))


@lru_cache(maxsize=4096)
def _lower(k: int, n: int, level: float) -> float:
    """Guessed in floats, then certified a little further out; further and further out where that fails."""
    guess, step = _guess(k, n, level), _STEP
    while guess > 0 and step < 1:
        end = guess - step * min(k / n - guess, guess)
        if end > 0 and at_least(k, n, Fraction(end)) <= Fraction(level):
            return end
        step *= 8
    return 0.0


def _guess(k: int, n: int, level: float) -> float:
    """The lower end as floats see it."""
    kept, rejected = k / n, 0.0
    for _ in range(50):
        middle = (kept + rejected) / 2
        if quick_tail(k, n, middle) <= level:
            rejected = middle
        else:
            kept = middle
    return rejected


def _exactly_k(k: int, n: int, p: Fraction) -> Fraction:
    """An upper bound of the probability of exactly k heads, by ball arithmetic."""
    with ctx.workprec(_BITS):
        ways = arb(n + 1).lgamma() - arb(k + 1).lgamma() - arb(n - k + 1).lgamma()
        heads, tails = arb(fmpq(p.numerator, p.denominator)), arb(fmpq(p.denominator - p.numerator, p.denominator))
        last = (n - k) * tails.log() if n > k else arb(0)  # 0 log 0 at p = 1
        bound = (ways + k * heads.log() + last).exp().upper()
        mantissa, exponent = bound.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _series(k: int, n: int, p: Fraction) -> int:
    """Above (P(>= k) / P(k)) 2^128: each term is the one before, times (n - j) p / ((j + 1)(1 - p)) < 1, rounded up."""
    top, bottom = p.numerator, p.denominator - p.numerator
    term = total = 1 << _SHIFT
    for j in range(k, n):
        above, below = (n - j) * top, (j + 1) * bottom
        term = -(-term * above // below)
        total += term
        if term * above << 60 < total * (
            below - above
        ):  # what is left is below a geometric series, from the next term on
            return total - (-term * above // (below - above))
    return total


# ------------------------------------------------------------------------------------- for plans
def quick_tail(k: int, n: int, p: float) -> float:
    """P(Binomial(n, p) >= k) in floats, to a relative 1e-4 up to n = 10^10; 1 where k does not exceed n p."""
    if k <= n * p:
        return 1.0
    if p <= 0 or k > n:
        return 0.0
    width = math.sqrt(n * p * (1 - p)) + 1
    count = min(n - k, int(min(_ENOUGH * width * width / (k - n * p), 12 * width)) + 64)
    j = np.arange(k, k + count, dtype=np.float64)
    terms = np.cumprod((n - j) * p / ((j + 1) * (1 - p)))
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    first = ways + k * math.log(p) + (n - k) * math.log1p(-p)
    return math.exp(first) * (1 + float(terms.sum()))


def first_rejected(n: int, p: float, level: float) -> int:
    """The smallest k with quick_tail(k, n, p) <= level; n + 1 where there is none."""
    kept, rejected = math.floor(n * p), n + 1
    while rejected - kept > 1:
        middle = (kept + rejected) // 2
        if quick_tail(middle, n, p) <= level:
            rejected = middle
        else:
            kept = middle
    return rejected
