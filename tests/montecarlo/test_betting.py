"""Intervals by betting: the hedged capital of stored samples, and the fixed bet's constants."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from numeric.montecarlo.betting import LARGEST_BET, best_bet, half_width, hedged_capital, kappa
from numeric.montecarlo.bounds import Interval, empirical_bernstein


class Games:
    """The betting interval of each of the 2^n orders of n throws."""

    def __init__(self, n: int, alpha: float) -> None:
        throws = np.array(list(itertools.product((0.0, 1.0), repeat=n)))
        intervals = [hedged_capital(row, 0.0, 1.0, alpha) for row in throws]
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
    monkeypatch.setattr("numeric.montecarlo.betting.np.log1p", lambda x: honest(np.where(x > 0, 2 * x, x)))
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
def test_a_hedged_interval_ends_where_a_gambler_has_multiplied_the_stake(n: int) -> None:
    samples = (0.2 + 0.6 * np.random.default_rng(n).random(n)).tolist()
    interval, alpha = hedged_capital(np.array(samples), 0.0, 1.0, 0.1), 0.1
    assert 0 < interval.low < interval.high < 1
    mirrored = [1 - sample for sample in samples]
    for played, end in ((samples, interval.low), (mirrored, 1 - interval.high)):
        assert capital(played, end - 1e-10, alpha) >= 2 / alpha > capital(played, end + 1e-10, alpha)


def test_intervals_scale_and_shift_with_the_samples() -> None:
    samples = np.random.default_rng(1).random(200) ** 3
    unit = hedged_capital(samples, 0.0, 1.0, 1e-3)
    moved = hedged_capital(4 * samples - 3, -3.0, 1.0, 1e-3)
    assert [moved.low, moved.high] == pytest.approx([4 * unit.low - 3, 4 * unit.high - 3], abs=1e-9)


def test_betting_is_tighter_than_empirical_bernstein_on_few_samples_of_small_variance() -> None:
    samples = 0.3 + 0.05 * np.random.default_rng(2).random(300)
    bet = hedged_capital(samples, 0.0, 1.0, 1e-3)
    other = empirical_bernstein(300, float(samples.mean()), float(samples.var(ddof=1)), 0.0, 1.0, 1e-3)
    assert bet.high - bet.low < (other.high - other.low) / 2


def test_one_sample_or_none_of_them_different() -> None:
    assert hedged_capital(np.array([0.3]), 0.0, 1.0, 0.05) == Interval(0.0, 1.0)
    assert hedged_capital(np.full(50, 2.0), 2.0, 2.0, 0.05) == Interval(2.0, 2.0)


def test_samples_outside_their_range_are_refused() -> None:
    with pytest.raises(ValueError, match="low and high must be finite"):
        hedged_capital(np.array([0.5]), 0.0, math.inf, 0.05)
    for wrong in (1.5, math.nan):
        with pytest.raises(ValueError, match=r"samples must lie in \[0.0, 1.0\]"):
            hedged_capital(np.array([0.5, wrong]), 0.0, 1.0, 0.05)


# ------------------------------------------------------------------------------------- the fixed bet
@pytest.mark.parametrize("bet", [1e-9, 1e-4, 0.9999e-3, 1e-3, 0.03, 0.2, 0.5])
def test_a_logarithm_is_at_least_what_the_interval_takes_for_it(bet: float) -> None:
    """log(1 + x) >= x - kappa x^2 down to x = -b, where equality holds but for rounding: kappa is neither less nor more."""
    for x in (-bet, -bet / 2, -bet / 100, bet / 3, bet):
        exact = sum(Fraction((-1) ** (i + 1), i) * Fraction(x) ** i for i in range(1, 150)) if bet < 0.3 else None
        log = exact if exact is not None else Fraction(math.log1p(x)) + Fraction(1, 10**15)
        assert log >= Fraction(x) - Fraction(kappa(bet)) * Fraction(x) ** 2
    assert 0.5 <= kappa(bet) <= (0.5 + bet / 3 + bet**2 / 2) * (1 + 1e-8)
    assert kappa(0.5) == pytest.approx(4 * (math.log(2) - 0.5), rel=1e-8)


def test_the_half_width_is_the_formula_of_the_docstring() -> None:
    log_term, n, span, bet, square = math.log(40), 1000, 3.0, 0.1, 0.25
    by_hand = (log_term + kappa(bet) * n * square * (bet / span) ** 2) * span / (n * bet)
    assert half_width(n, square, span, bet, 0.05) == pytest.approx(by_hand, rel=1e-12)


def test_the_best_bet_is_nearly_the_best_of_all() -> None:
    for n, deviation in ((50, 0.5), (1000, 0.2), (10**6, 0.05)):
        best = min(half_width(n, deviation**2, 1.0, bet / 2000, 0.05) for bet in range(1, 1001))
        assert half_width(n, deviation**2, 1.0, best_bet(n, deviation, 1.0, 0.05), 0.05) <= 1.02 * best
    assert best_bet(10, 0.0, 1.0, 0.05) == best_bet(1, 0.5, 1.0, 1e-9) == LARGEST_BET
