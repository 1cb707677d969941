"""Exact probabilities for the tests of the tester: integers and fractions, no float."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import comb

from numeric.montecarlo.bounds import Interval


def miss_probability(n: int, p: Fraction, interval: Callable[[int], Interval]) -> Fraction:
    """P(p lies outside interval(K)) for K ~ Binomial(n, p): every outcome is visited, nothing is drawn."""
    top, bottom = p.numerator, p.denominator
    weight = sum(
        comb(n, k) * top**k * (bottom - top) ** (n - k)
        for k in range(n + 1)
        if not Fraction(interval(k).low) <= p <= Fraction(interval(k).high)
    )
    return Fraction(weight, bottom**n)


def at_most(k: int, n: int, p: Fraction) -> Fraction:
    """P(Binomial(n, p) <= k)."""
    top, bottom = p.numerator, p.denominator
    return Fraction(sum(comb(n, i) * top**i * (bottom - top) ** (n - i) for i in range(k + 1)), bottom**n)


def at_least(k: int, n: int, p: Fraction) -> Fraction:
    """P(Binomial(n, p) >= k)."""
    return 1 - at_most(k - 1, n, p) if k > 0 else Fraction(1)


def excludes_rate_at_most(seen: int, runs: int, rate: Fraction, level: Fraction = Fraction(1, 10**6)) -> bool:
    """Do `seen` events in `runs` exclude, at this level, a probability of at most `rate`?  (Clopper-Pearson.)"""
    return at_least(seen, runs, rate) <= level


def excludes_rate_at_least(seen: int, runs: int, rate: Fraction, level: Fraction = Fraction(1, 10**6)) -> bool:
    """Do `seen` events in `runs` exclude, at this level, a probability of at least `rate`?"""
    return at_most(seen, runs, rate) <= level
