"""The bounds keep their word: coverage by full enumeration of the outcomes, at the means that are hardest to cover."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache

import pytest

from numeric.montecarlo.bounds import Interval, empirical_bernstein, hoeffding
from tests.montecarlo.exactly import miss_probability

Bound = Callable[[int, int, float], Interval]  # (n, heads, alpha)


def hoeffding_of_coins(n: int, heads: int, alpha: float) -> Interval:
    return hoeffding(n, heads / n, 0.0, 1.0, alpha)


def bernstein_of_coins(n: int, heads: int, alpha: float) -> Interval:
    return empirical_bernstein(n, heads / n, heads * (n - heads) / (n * (n - 1)), 0.0, 1.0, alpha)


def hardest_means(n: int, interval: Callable[[int], Interval]) -> list[Fraction]:
    """Rationals just outside each interval's ends, where the chance of a miss jumps up, and a few plain ones."""
    step = Fraction(1, 2**30)
    ends = {
        end
        for k in range(n + 1)
        for end in (Fraction(interval(k).low) - step, Fraction(interval(k).high) + step)
        if 0 < end < 1
    }
    rounded = {Fraction(round(end * 2**31), 2**31) for end in ends}
    return sorted(rounded | {Fraction(k, 17) for k in range(1, 17)})


def worst_miss(bound: Bound, n: int, alpha: float) -> Fraction:
    @cache
    def interval(k: int) -> Interval:
        return bound(n, k, alpha)

    return max(miss_probability(n, p, interval) for p in hardest_means(n, interval))


@pytest.mark.parametrize("bound", [hoeffding_of_coins, bernstein_of_coins])
@pytest.mark.parametrize(("n", "alpha"), [(2, 0.5), (10, 0.05), (30, 0.2), (60, 0.05), (90, 0.01)])
def test_an_interval_misses_a_coins_mean_with_probability_at_most_alpha(bound: Bound, n: int, alpha: float) -> None:
    assert worst_miss(bound, n, alpha) <= Fraction(repr(alpha))


def shrunk(bound: Bound, factor: float) -> Bound:
    def interval(n: int, heads: int, alpha: float) -> Interval:
        whole, mean = bound(n, heads, alpha), heads / n
        return Interval(mean - factor * (mean - whole.low), mean + factor * (whole.high - mean))

    return interval


@pytest.mark.parametrize(("bound", "factor"), [(hoeffding_of_coins, 0.6), (bernstein_of_coins, 0.35)])
def test_the_enumeration_sees_a_bound_that_is_too_short(bound: Bound, factor: float) -> None:
    assert worst_miss(shrunk(bound, factor), 90, 0.2) > Fraction(1, 5)


@pytest.mark.parametrize("bound", [hoeffding_of_coins, bernstein_of_coins])
def test_the_enumeration_is_not_vacuous(bound: Bound) -> None:
    assert worst_miss(bound, 60, 0.2) > 0


def test_empirical_bernstein_covers_three_valued_samples_exactly() -> None:
    """Every multinomial outcome of n draws from {0, 1/2, 1}."""
    n, alpha = 40, 0.2
    for percent in [(90, 5, 5), (33, 33, 34), (2, 96, 2)]:
        p0, p1, p2 = (Fraction(x, 100) for x in percent)
        mean = p1 / 2 + p2
        missed = Fraction(0)
        for a in range(n + 1):
            for b in range(n + 1 - a):
                c = n - a - b
                average = (b / 2 + c) / n
                variance = (a * average**2 + b * (0.5 - average) ** 2 + c * (1 - average) ** 2) / (n - 1)
                interval = empirical_bernstein(n, average, variance, 0.0, 1.0, alpha)
                if not Fraction(interval.low) <= mean <= Fraction(interval.high):
                    missed += math.comb(n, a) * math.comb(n - a, b) * p0**a * p1**b * p2**c
        assert missed <= Fraction(1, 5)


def test_the_half_widths_are_the_published_formulas() -> None:
    """Values computed by hand from the formulas of the docstrings, n = 1000, range 2, variance 1/16, alpha = 0.05."""
    half = 2 * math.sqrt(math.log(40) / 2000)
    interval = hoeffding(1000, 0.25, -1.0, 1.0, 0.05)
    assert [interval.low, interval.high] == pytest.approx([0.25 - half, 0.25 + half], rel=1e-11)
    half = math.sqrt(2 * math.log(60) / 1000 / 16) + 14 * math.log(60) / 2997
    interval = empirical_bernstein(1000, 0.25, 1 / 16, -1.0, 1.0, 0.05)
    assert [interval.low, interval.high] == pytest.approx([0.25 - half, 0.25 + half], rel=1e-11)


def test_one_sample_says_nothing_about_a_variance() -> None:
    assert empirical_bernstein(1, 0.3, math.nan, 0.0, 1.0, 0.05) == Interval(0.0, 1.0)
    assert hoeffding(1, 0.3, 0.0, 1.0, 0.05) == Interval(0.0, 1.0)


def test_constant_samples_still_leave_an_interval() -> None:
    interval = empirical_bernstein(1000, 0.5, 0.0, 0.0, 1.0, 1e-9)
    assert interval.low < 0.5 - 0.05 and interval.high > 0.5 + 0.05


@pytest.mark.parametrize(("low", "high"), [(-math.inf, 1.0), (0.0, math.inf), (math.nan, 1.0)])
def test_a_heavy_tail_without_a_bound_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="low and high must be finite"):
        hoeffding(10, 0.5, low, high, 0.05)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"alpha must lie in \(0, 1\); got 0"):
        hoeffding(10, 0.5, 0.0, 1.0, 0)
    with pytest.raises(ValueError, match=r"mean must lie in \[0.0, 1.0\]; got nan"):
        hoeffding(10, math.nan, 0.0, 1.0, 0.05)
    with pytest.raises(ValueError, match="variance must be finite"):
        empirical_bernstein(10, 0.5, math.nan, 0.0, 1.0, 0.05)
