"""The exact binomial is exact: tails and ends against integers and fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from numeric.montecarlo import binomial
from numeric.montecarlo.binomial import at_least, first_rejected, lower, quick_tail, upper
from numeric.montecarlo.bounds import Interval
from tests.montecarlo import exactly
from tests.montecarlo.exactly import miss_probability

CHANCES = [Fraction(1, 3), Fraction(1, 10), Fraction(99, 100), Fraction(1, 2**40), Fraction(0), Fraction(1)]


@pytest.mark.parametrize("n", [1, 2, 5, 17, 60])
def test_a_tail_is_certified_from_above_and_hardly_more_than_it_is(n: int) -> None:
    for p in CHANCES:
        for k in range(n + 1):
            exact = exactly.at_least(k, n, p)
            assert exact <= at_least(k, n, p)
            if k > n * p:
                assert at_least(k, n, p) <= exact * (1 + Fraction(1, 2**58))
                assert quick_tail(k, n, float(p)) == pytest.approx(float(exact), rel=1e-9)
            else:
                assert at_least(k, n, p) == quick_tail(k, n, float(p)) == 1


@pytest.mark.parametrize(("n", "level"), [(1, 0.025), (10, 0.25), (35, 0.025), (60, 5e-10)])
def test_an_end_is_where_the_tail_reaches_the_level(n: int, level: float) -> None:
    """Exact probabilities at the computed end, and at the same a little further in."""
    for k in range(1, n + 1):
        end = Fraction(lower(k, n, level))
        further_in = end + (Fraction(k, n) - end) / 2**17
        assert exactly.at_least(k, n, end) <= Fraction(level) < exactly.at_least(k, n, further_in)
        assert upper(n - k, n, level) >= 1 - end
    assert lower(0, n, level) == 0.0 and upper(n, n, level) == 1.0


def test_an_end_that_is_guessed_too_far_in_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Floats guess, certified arithmetic decides."""
    honest = binomial._guess
    monkeypatch.setattr(binomial, "_guess", lambda k, n, level: (honest(k, n, level) + k / n) / 2)
    binomial._lower.cache_clear()
    assert exactly.at_least(30, 100, Fraction(lower(30, 100, 0.01))) <= Fraction(0.01)
    monkeypatch.setattr(binomial, "_guess", lambda k, n, level: math.nextafter(k / n, 0))
    binomial._lower.cache_clear()
    assert exactly.at_least(29, 100, Fraction(lower(29, 100, 0.01))) <= Fraction(0.01)
    binomial._lower.cache_clear()


def ends(n: int, alpha: float) -> list[Interval]:
    return [Interval(lower(k, n, alpha / 2), upper(k, n, alpha / 2)) for k in range(n + 1)]


@pytest.mark.parametrize(("n", "alpha"), [(2, 0.5), (10, 0.05), (30, 0.2), (60, 0.05), (90, 0.01)])
def test_the_interval_misses_with_probability_at_most_alpha_where_that_is_hardest(n: int, alpha: float) -> None:
    """Just outside each interval's ends the chance of a miss jumps up."""
    found = ends(n, alpha)
    step = Fraction(1, 2**30)
    hard = {e for one in found for e in (Fraction(one.low) - step, Fraction(one.high) + step) if 0 < e < 1}
    worst = max(miss_probability(n, Fraction(round(p * 2**31), 2**31), lambda k: found[k]) for p in hard)
    assert Fraction(repr(alpha)) * 2 / 5 < worst <= Fraction(repr(alpha))


def test_no_interval_of_the_inequalities_is_shorter() -> None:
    from numeric.montecarlo.bounds import hoeffding

    for k, one in enumerate(ends(60, 1e-3)):
        other = hoeffding(60, k / 60, 0.0, 1.0, 1e-3)
        assert other.low <= one.low and one.high <= other.high


@pytest.mark.parametrize("n", [10**5, 10**7])
def test_large_numbers_of_throws_are_certified_too(n: int) -> None:
    """Six standard deviations, and less than the normal approximation's seven."""
    low, high = lower(3 * n // 8, n, 5e-10), upper(3 * n // 8, n, 5e-10)
    sd = math.sqrt(15 / 64 / n)
    assert low < 3 / 8 - 5.9 * sd < 3 / 8 + 5.9 * sd < high and high - low < 14 * sd
    assert at_least(3 * n // 8, n, Fraction(low)) <= Fraction(5e-10)


def test_the_first_rejected_number_of_heads() -> None:
    for n, p, level in ((50, 0.3, 0.01), (7, 0.9, 1e-3), (1000, 0.5, 5e-10)):
        k = first_rejected(n, p, level)
        assert quick_tail(k, n, p) <= level < quick_tail(k - 1, n, p)
    assert first_rejected(7, 0.9, 1e-3) == 8  # not even seven heads


@pytest.mark.parametrize(("k", "n", "level"), [(-1, 5, 0.1), (6, 5, 0.1), (0, 0, 0.1), (1, 5, 0.0), (1, 5, 1.0)])
def test_what_is_no_number_of_heads_or_no_level_is_refused(k: int, n: int, level: float) -> None:
    with pytest.raises(ValueError, match="are needed; got"):
        lower(k, n, level)
    with pytest.raises(ValueError, match="k must lie in"):
        at_least(3, 2, Fraction(1, 2))
