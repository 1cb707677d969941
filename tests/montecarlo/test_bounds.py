"""The bounds keep their word: coverage by full enumeration of the outcomes, at the means that are hardest to cover."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from numeric.montecarlo.bounds import Interval, betting, empirical_bernstein, hoeffding
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


class Games:
    """The betting interval of each of the 2^n orders of n throws."""

    def __init__(self, n: int, alpha: float) -> None:
        throws = np.array(list(itertools.product((0.0, 1.0), repeat=n)))
        intervals = [betting(row, 0.0, 1.0, alpha) for row in throws]
        self.n, self.heads = n, throws.sum(axis=1).astype(int)
        self.low, self.high = np.array([i.low for i in intervals]), np.array([i.high for i in intervals])

    def miss_probability(self, p: float) -> Fraction:
        """The exact chance that the interval misses p, a float taken at its own value; floats compare exactly."""
        missed = np.bincount(self.heads[(p < self.low) | (p > self.high)], minlength=self.n + 1)
        exact = Fraction(p)
        return sum((int(m) * exact**k * (1 - exact) ** (self.n - k) for k, m in enumerate(missed)), Fraction(0))

    def worst(self) -> Fraction:
        ends = np.unique(np.concatenate([self.low, self.high]))
        outside = np.unique(np.round(np.concatenate([ends - 2**-20, ends + 2**-20, np.arange(1, 16) / 16]), 9))
        return max(self.miss_probability(float(p)) for p in outside if 0 < p < 1)


@pytest.mark.parametrize("alpha", [0.3, 0.05])
def test_a_betting_interval_misses_a_coins_mean_with_probability_at_most_alpha(alpha: float) -> None:
    """All 2^10 orders of the throws: a bet depends on what came before it."""
    assert 0 < Games(10, alpha).worst() <= Fraction(repr(alpha))


def test_a_game_that_is_not_fair_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is paid too much for a win soon owns 2/alpha, whatever the mean."""
    honest = np.log1p
    monkeypatch.setattr("numeric.montecarlo.bounds.np.log1p", lambda x: honest(np.where(x > 0, 2 * x, x)))
    assert Games(8, 0.3).worst() > Fraction(3, 10)


def capital(samples: list[float], mean: float, alpha: float) -> float:
    """What a gambler who bets on a mean above `mean` holds after all samples, stake 1: the definition, step by step."""
    n, holds, seen, squares = len(samples), 1.0, [0.5], [0.25]
    for sample in samples:
        variance = sum(squares) / len(squares)  # of what was seen before this sample
        bet = min(math.sqrt(2 * math.log(2 / alpha) / (n * variance)), 0.5 / mean)
        holds *= 1 + bet * (sample - mean)
        seen.append(sample)
        squares.append((sample - sum(seen) / len(seen)) ** 2)
    return holds


@pytest.mark.parametrize("n", [12, 150])
def test_a_betting_interval_ends_where_a_gambler_has_multiplied_the_stake(n: int) -> None:
    samples = (0.2 + 0.6 * np.random.default_rng(n).random(n)).tolist()
    interval, alpha = betting(np.array(samples), 0.0, 1.0, 0.1), 0.1
    assert 0 < interval.low < interval.high < 1
    mirrored = [1 - sample for sample in samples]
    for played, end in ((samples, interval.low), (mirrored, 1 - interval.high)):
        assert capital(played, end - 1e-10, alpha) >= 2 / alpha > capital(played, end + 1e-10, alpha)


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


def test_intervals_scale_and_shift_with_the_samples() -> None:
    samples = np.random.default_rng(1).random(200) ** 3
    unit = betting(samples, 0.0, 1.0, 1e-3)
    moved = betting(4 * samples - 3, -3.0, 1.0, 1e-3)
    assert [moved.low, moved.high] == pytest.approx([4 * unit.low - 3, 4 * unit.high - 3], abs=1e-9)


def test_betting_is_tighter_than_empirical_bernstein_on_few_samples_of_small_variance() -> None:
    samples = 0.3 + 0.05 * np.random.default_rng(2).random(300)
    bet = betting(samples, 0.0, 1.0, 1e-3)
    other = empirical_bernstein(300, float(samples.mean()), float(samples.var(ddof=1)), 0.0, 1.0, 1e-3)
    assert bet.high - bet.low < (other.high - other.low) / 2


def test_one_sample_says_nothing_about_a_variance() -> None:
    assert empirical_bernstein(1, 0.3, math.nan, 0.0, 1.0, 0.05) == Interval(0.0, 1.0)
    assert hoeffding(1, 0.3, 0.0, 1.0, 0.05) == Interval(0.0, 1.0)
    assert betting(np.array([0.3]), 0.0, 1.0, 0.05) == Interval(0.0, 1.0)


def test_constant_samples_still_leave_an_interval() -> None:
    interval = empirical_bernstein(1000, 0.5, 0.0, 0.0, 1.0, 1e-9)
    assert interval.low < 0.5 - 0.05 and interval.high > 0.5 + 0.05
    assert betting(np.full(50, 2.0), 2.0, 2.0, 0.05) == Interval(2.0, 2.0)


@pytest.mark.parametrize(("low", "high"), [(-math.inf, 1.0), (0.0, math.inf), (math.nan, 1.0)])
def test_a_heavy_tail_without_a_bound_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="low and high must be finite"):
        hoeffding(10, 0.5, low, high, 0.05)
    with pytest.raises(ValueError, match="low and high must be finite"):
        betting(np.array([0.5]), low, high, 0.05)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"alpha must lie in \(0, 1\); got 0"):
        hoeffding(10, 0.5, 0.0, 1.0, 0)
    with pytest.raises(ValueError, match=r"mean must lie in \[0.0, 1.0\]; got nan"):
        hoeffding(10, math.nan, 0.0, 1.0, 0.05)
    with pytest.raises(ValueError, match="variance must be finite"):
        empirical_bernstein(10, 0.5, math.nan, 0.0, 1.0, 0.05)
    with pytest.raises(ValueError, match=r"samples must lie in \[0.0, 1.0\]"):
        betting(np.array([0.5, 1.5]), 0.0, 1.0, 0.05)
    with pytest.raises(ValueError, match="samples must lie in"):
        betting(np.array([0.5, math.nan]), 0.0, 1.0, 0.05)
