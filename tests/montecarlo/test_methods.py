"""Each bound keeps its word, whatever the outcome: coverage at small n by enumeration, through the code that a check runs."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from numeric.montecarlo.estimate import kept
from numeric.montecarlo.methods import METHODS, MOST_SAMPLES, choose, size
from numeric.montecarlo.moments import SampleError
from numeric.montecarlo.plan import Plan, plan
from numeric.montecarlo.question import Question
from tests.montecarlo.exactly import Law, chance_of_a_miss, coin, holds, interval_after, law, small_plan

COINS = [coin(Fraction(1, 2)), coin(Fraction(1, 7)), coin(Fraction(1, 20)), coin(Fraction(29, 30))]
THREE = [
    law("0 1/2 1", "1/4 1/2 1/4"),
    law("0 1/4 1", "17/20 1/10 1/20"),
    law("-1/8 0 8", "1/2 59/128 5/128"),
    law("-1 1/8 1/4", "1/16 7/16 1/2"),
]
LAWS: dict[str, list[Law]] = {
    "binomial": COINS,
    "hoeffding": [*COINS, *THREE],
    "betting": [*COINS, *THREE],
    "empirical-bernstein": [*COINS, *THREE],
    "median-of-means": THREE,
}


def test_no_bound_is_left_out() -> None:
    assert set(LAWS) == set(METHODS) and all(name == one.name for name, one in METHODS.items())


def planned(bound: str, pmf: Law, alpha: float) -> Plan:
    """60 coins, 40 draws of three values, or 6 draws dealt to 3 blocks: up to 1,000 outcomes."""
    if bound == "median-of-means":
        return small_plan(bound, pmf, 6, alpha, blocks=3)
    return small_plan(bound, pmf, 60 if len(pmf.values) == 2 else 40, alpha)


@pytest.mark.parametrize("alpha", [0.5, 0.2, 0.05])
@pytest.mark.parametrize("bound", METHODS)
def test_the_mean_is_missed_with_probability_at_most_alpha(bound: str, alpha: float) -> None:
    worst = max(chance_of_a_miss(planned(bound, pmf, alpha), pmf) for pmf in LAWS[bound])
    assert 0 < worst <= Fraction(repr(alpha))


@pytest.mark.parametrize("bound", METHODS)
def test_the_enumeration_sees_an_interval_that_promises_too_much(bound: str) -> None:
    """What is right 5 times in 100 is not what is right 99 times."""
    assert max(chance_of_a_miss(planned(bound, pmf, 0.95), pmf) for pmf in LAWS[bound]) > Fraction(1, 100)


# ------------------------------------------------------------------------------------- at every stopping time
def chance_of_ever_missing(one: Plan, pmf: Law, until: int) -> Fraction:
    """P(for some n <= until the interval of the first n draws does not hold the mean), outcome counts by outcome counts."""
    bottom = math.lcm(*[c.denominator for c in pmf.chances])
    weights, values = [int(c * bottom) for c in pmf.chances], [float(v) for v in pmf.values]
    alive, missed = {(0,) * len(weights): 1}, Fraction(0)
    for n in range(1, until + 1):
        reached: dict[tuple[int, ...], int] = {}
        for counts, ways in alive.items():
            for i, weight in enumerate(weights):
                after = (*counts[:i], counts[i] + 1, *counts[i + 1 :])
                reached[after] = reached.get(after, 0) + ways * weight
        inside = {counts: holds(interval_after(one, np.repeat(values, counts)), pmf.mean()) for counts in reached}
        alive = {counts: ways for counts, ways in reached.items() if inside[counts]}
        missed += Fraction(sum(ways for counts, ways in reached.items() if not inside[counts]), bottom**n)
    return missed


@pytest.mark.parametrize("alpha", [0.5, 0.2, 0.05])
@pytest.mark.parametrize(("pmf", "until"), [(COINS[0], 150), (COINS[1], 150), (THREE[1], 25)])
def test_betting_misses_at_any_time_with_probability_at_most_alpha(pmf: Law, until: int, alpha: float) -> None:
    """Whoever looks after every draw and stops when it suits him is not deceived more often than alpha."""
    assert 0 < chance_of_ever_missing(small_plan("betting", pmf, 60, alpha), pmf, until) <= Fraction(repr(alpha))


@pytest.mark.parametrize("alpha", [0.5, 0.2, 0.05])
def test_whoever_looks_after_every_draw_deceives_himself_with_hoeffding(alpha: float) -> None:
    """The same enumeration, of an interval that holds at an n fixed in advance and not at all n at once."""
    fair = COINS[0]
    assert chance_of_ever_missing(small_plan("hoeffding", fair, 60, alpha), fair, 150) > Fraction(repr(alpha))


@pytest.mark.parametrize("factor", [0.5, 0.25])
def test_a_bet_won_too_early_is_found_out(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    honest = math.log
    monkeypatch.setattr("numeric.montecarlo.betting.math.log", lambda x: factor * honest(x) if x > 2 else honest(x))
    fair = COINS[0]
    assert chance_of_ever_missing(small_plan("betting", fair, 60, 0.05), fair, 150) > Fraction(1, 20)


def test_a_poor_bet_and_a_wrong_centre_make_it_longer_and_not_wrong() -> None:
    rare = COINS[1]
    for poor in ({"bet": 0.01}, {"centre": 1.0}):
        one = small_plan("betting", rare, 60, 0.2, **poor)
        assert chance_of_a_miss(one, rare) <= Fraction(1, 5)
        best = interval_after(small_plan("betting", rare, 60, 0.2), [0.0] * 51 + [1.0] * 9)
        long = interval_after(one, [0.0] * 51 + [1.0] * 9)
        assert long.high - long.low > best.high - best.low


# ------------------------------------------------------------------------------------- which is used
def question(**changed: object) -> Question:
    known: dict[str, object] = {
        "low": 0.0, "high": 1.0, "sd": 0.3, "mean": 0.5, "proved_sd": None, "two_valued": False,
        "delta": 0.005, "bias": 0.0, "alpha": 1e-9, "power": 0.999,
    }  # fmt: skip
    return Question(**(known | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "bound"),
    [
        ({}, "betting"),
        ({"mean": None}, "empirical-bernstein"),
        ({"sd": 0.5}, "hoeffding"),
        ({"sd": 0.5, "two_valued": True}, "binomial"),
        ({"sd": 0.3, "mean": 0.1, "two_valued": True}, "binomial"),
        ({"high": math.inf, "proved_sd": 0.3}, "median-of-means"),
        ({"low": -math.inf, "high": math.inf, "proved_sd": 0.3}, "median-of-means"),
    ],
)
def test_which_bound_is_used_when(changed: dict[str, object], bound: str) -> None:
    q = question(**changed)
    best, n = choose(q)
    assert best.name == bound
    assert n == min(size(one, q) for one in METHODS.values() if one.applies(q)) <= MOST_SAMPLES
    assert best.enough(q, n)


def test_the_module_says_which_is_used_and_names_every_bound() -> None:
    import numeric.montecarlo.methods as module

    assert module.__doc__ is not None and all(f"    {name} " in module.__doc__ for name in METHODS)


def test_a_heavy_tail_without_a_bound_has_no_plan() -> None:
    with pytest.raises(ValueError, match="A heavy tail without a bound has no finite-sample guarantee"):
        choose(question(high=math.inf))
    with pytest.raises(ValueError, match="'binomial' does not"):
        choose(question(), "binomial")


def test_two_values_are_looked_at_one_by_one() -> None:
    one = plan(0.0, 1.0, 0.5, {}, mean=0.5, two_valued=True)
    assert one.bound == "binomial" and kept(np.array([0.0, 1.0, 1.0 - 1e-13]), one).sums == (2.0,)
    with pytest.raises(SampleError, match=r"samples must be 0.0 or 1.0 .* the two values; got 0.25"):
        kept(np.array([0.0, 0.25, 1.0]), one)


def test_the_deal_to_blocks_goes_on_from_chunk_to_chunk() -> None:
    """A stream cut anywhere gives the same blocks as the whole."""
    one = replace(plan(0.0, math.inf, 1.0, {}, proved_sd=1.0), settings=(("blocks", 7.0),))
    samples = np.random.default_rng(5).exponential(size=1000)
    whole = kept(samples, one)
    parts = kept(samples[:123], one).merge(kept(samples[123:600], one, 123)).merge(kept(samples[600:], one, 600))
    assert parts.sums == pytest.approx(whole.sums, rel=1e-12) and len(whole.sums) == 14
    assert whole.sums[3] == pytest.approx(samples[3::7].sum(), rel=1e-12)
