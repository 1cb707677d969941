"""A plan is a pure function, and its n is enough: by an exact computation where there is one."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from numeric.montecarlo.bounds import Interval
from numeric.montecarlo.estimate import interval_of
from numeric.montecarlo.methods import METHODS, MOST_SAMPLES, Bounded, first_true
from numeric.montecarlo.moments import Drawn, Moments, Rounding
from numeric.montecarlo.plan import Plan, plan
from numeric.montecarlo.question import Question
from numeric.montecarlo.verdicts import Verdict, judge


def test_delta_is_at_most_half_the_smallest_effect_and_two_percent_of_the_standard_deviation() -> None:
    assert plan(0, 1, 0.25, {"small": -0.004, "large": 0.3}).delta <= 0.002
    assert plan(0, 1, 0.25, {"small": -0.004}).delta_from == "half the effect of mutant small"
    assert plan(0, 1, 0.25, {"large": 0.3}).delta <= Fraction(2, 100) * Fraction(0.25)
    assert plan(0, 1, None, {"large": 0.3}).delta <= Fraction(2, 100)
    assert plan(0, 1, 0.0, {"large": 0.3}).delta_from == "2 % of the range"
    assert plan(0, 1, 0.25, {}).delta == pytest.approx(0.005)


def test_a_plan_is_pure() -> None:
    assert plan(0, 1, 0.2, {"m": 0.1}) == plan(0, 1, 0.2, {"m": 0.1})


def question(low: float, high: float, sd: float | None, delta: float, **changed: object) -> Question:
    known: dict[str, object] = {
        "mean": None, "proved_sd": None, "two_valued": False, "bias": 0.0, "alpha": 1e-9, "power": 0.999,
    }  # fmt: skip
    return Question(low, high, sd, delta=delta, **(known | changed))  # type: ignore[arg-type]


def reach(bound: str, n: int, low: float, high: float, sd: float, **changed: object) -> float:
    """The left side of (*) by a bound's formula."""
    method = METHODS[bound]
    assert isinstance(method, Bounded)
    return method.reach(question(low, high, sd, 0.01, **changed), n)


class Throws:
    """n throws of a coin, where a plan's rules would ask for too many outcomes: delta = 1/16, alpha = 0.05, power = 0.9."""

    def __init__(self, bound: str, n: int | None, p: Fraction, planned_at: Fraction) -> None:
        self.p, self.target = p, planned_at
        sd = math.sqrt(planned_at * (1 - planned_at))
        two = {"mean": float(planned_at), "two_valued": bound == "binomial", "alpha": 0.05, "power": 0.9}
        q, self.method = question(0.0, 1.0, sd, 1 / 16, **two), METHODS[bound]
        self.n = n or first_true(lambda n: n > 1 and self.method.enough(q, n), 10_000)
        known = [getattr(q, field) for field in Question.__dataclass_fields__]
        self.plan = Plan(*known, (), "", bound, tuple(self.method.settings(q, self.n).items()), self.n, 65536, 0.0)

    def interval(self, heads: int) -> Interval:
        n = self.n
        moments = Moments(n, heads / n, heads * (n - heads) / n, 0.0, 1.0)
        return interval_of(Drawn(moments, (float(heads),) if self.plan.bound == "binomial" else ()), self.plan)

    def chance(self, verdict: Verdict) -> Fraction:
        """P(another verdict than this one), summed over all outcomes at the chance p."""
        top, bottom = self.p.numerator, self.p.denominator
        weight = sum(
            math.comb(self.n, k) * top**k * (bottom - top) ** (self.n - k)
            for k in range(self.n + 1)
            if judge(self.interval(k), self.target, self.plan.delta) != verdict
        )
        return Fraction(weight, bottom**self.n)


COINS = [Fraction(1, 2), Fraction(3, 8), Fraction(13, 16)]
OF_COINS = ["binomial", "hoeffding", "betting", "empirical-bernstein"]


@pytest.mark.parametrize("bound", OF_COINS)
@pytest.mark.parametrize("p", COINS)
def test_n_is_enough_for_a_coin_by_enumeration_and_a_third_of_it_is_not(bound: str, p: Fraction) -> None:
    """The planner's formula at delta = 1/16: two percent of a standard deviation would be too many outcomes."""
    throws = Throws(bound, None, p, p)
    assert throws.chance("confirmed") <= Fraction(1, 10)
    assert Throws(bound, throws.n // 3, p, p).chance("confirmed") > Fraction(1, 10)


@pytest.mark.parametrize("bound", OF_COINS)
@pytest.mark.parametrize("p", COINS)
def test_n_is_enough_for_a_mutant_two_deltas_away_by_enumeration(bound: str, p: Fraction) -> None:
    """On the side where the standard deviation is no larger, which is what a plan promises; and much further away, too."""
    throws = Throws(bound, None, p, p)
    side = 1 if p >= Fraction(1, 2) else -1
    for away in (Fraction(1, 8), Fraction(3, 16)):
        assert Throws(bound, throws.n, p + side * away, p).chance("refuted") <= Fraction(1, 10)
    assert Throws(bound, throws.n // 6, p + side * Fraction(1, 8), p).chance("refuted") > Fraction(1, 10)


@pytest.mark.parametrize("p", COINS)
def test_the_binomials_n_is_hardly_more_than_it_must_be(p: Fraction) -> None:
    """A tenth fewer throws, and the statement or the mutant on the worse side lacks its power."""
    n = Throws("binomial", None, p, p).n * 9 // 10
    near = Throws("binomial", n, p, p).chance("confirmed")
    far = [Throws("binomial", n, p + side * Fraction(1, 8), p).chance("refuted") for side in (-1, 1)]
    assert max(near, *far) > Fraction(1, 10)


def test_n_is_the_smallest_that_the_formula_allows() -> None:
    for bound in ("empirical-bernstein", "hoeffding", "betting"):
        planned = plan(-1.0, 2.0, 0.3, {"m": 0.05}, bound=bound, mean=0.25)
        method = METHODS[bound]
        assert isinstance(method, Bounded)
        assert method.enough(planned, planned.n)
        assert method.reach(planned, planned.n - 1) * (1 + 1e-8) > planned.delta


def test_the_formulas_are_those_of_the_docstrings() -> None:
    """By hand, without the allowances for rounding, which are far smaller than the tolerance."""
    n, span, sd, log_a, log_b = 400_000, 3.0, 0.3, math.log(3e9), math.log(3000)
    by_hand = sd * math.sqrt(2 * log_b / n) + span * log_b / (3 * n)
    by_hand += (sd + span * math.sqrt(2 * log_b / (n - 1))) * math.sqrt(2 * log_a / n)
    by_hand += 7 * span * log_a / (3 * (n - 1))
    assert reach("empirical-bernstein", n, -1.0, 2.0, sd) == pytest.approx(by_hand, rel=1e-3)
    by_hand = span * math.sqrt(math.log(2e9) / (2 * n)) + sd * math.sqrt(2 * math.log(2000) / n) + math.log(2000) / n
    assert reach("hoeffding", n, -1.0, 2.0, sd) == pytest.approx(by_hand, rel=1e-6)
    slope = span * math.sqrt(2 * math.log(2e9) / n) / sd
    bet, square = slope / (1 + slope), sd**2 + 0.02**2
    seen = square + span * math.sqrt(2 * square * log_b / n) + span**2 * log_b / (3 * n)
    by_hand = sd * math.sqrt(2 * log_b / n) + span * log_b / (3 * n)
    by_hand += span * math.log(2e9) / (n * bet) + (-math.log(1 - bet) - bet) / bet * seen / span
    assert reach("betting", n, -1.0, 2.0, sd, mean=0.0) == pytest.approx(by_hand, rel=1e-6)


def test_the_bound_with_the_smaller_n_is_taken() -> None:
    assert plan(0, 1, 0.5, {}).bound == "hoeffding"
    assert plan(0, 1, 0.1, {}).bound == "empirical-bernstein"
    for sd in (0.1, 0.5):
        sizes = [
            plan(0, 1, sd, {}, bound=bound, mean=0.5).n for bound in ("empirical-bernstein", "hoeffding", "betting")
        ]
        assert plan(0, 1, sd, {}, mean=0.5).n == min(sizes)


def test_certainty_costs_little_more_than_a_normal_approximation_would() -> None:
    """The normal approximation at alpha = 1e-9, power 0.999 needs ((6.109 + 3.291) / 0.02)^2 = 220,900."""
    assert plan(0, 1, 0.2, {}).n < 2 * 220_900
    assert plan(0, 1, 0.2, {}, mean=0.5).n < 1.4 * 220_900
    assert plan(0, 1, 0.5, {}, mean=0.5, two_valued=True).n < 1.02 * 220_900


def test_a_known_mean_and_two_values_can_only_spare_samples() -> None:
    for sd in (0.05, 0.2, 0.45):
        sizes = [plan(0, 1, sd, {}, **more).n for more in ({}, {"mean": 0.5})]  # type: ignore[arg-type]
        assert sizes[1] <= sizes[0]


def test_a_bias_and_rounding_are_paid_for_with_samples() -> None:
    without = plan(0, 1, 0.2, {}, bound="empirical-bernstein")
    assert plan(0, 1, 0.2, {}, bound="empirical-bernstein", bias=0.0005).n > 1.5 * without.n
    far_away = plan(1e6, 1e6 + 1, 0.2, {}, bound="empirical-bernstein")
    assert far_away.n > without.n
    assert Rounding.of(far_away.n, 1e6, 1e6 + 1).mean > 1e-6
    with pytest.raises(ValueError, match="delta must be reachable"):
        plan(0, 1, 0.2, {}, bias=0.002)


def test_rounding_counts_twice_as_it_moves_the_mean_and_widens_the_interval() -> None:
    n, shift = 10**6, 2.0**20
    for bound in ("empirical-bernstein", "hoeffding", "betting"):
        rounding = Rounding.of(n, shift, shift + 1)
        extra = reach(bound, n, shift, shift + 1, 0.2, mean=shift) - reach(bound, n, 0.0, 1.0, 0.2, mean=0.0)
        assert extra >= 2 * (rounding.mean + rounding.sample)


def test_betting_allows_for_rounding_in_every_term() -> None:
    """By hand, where rounding is no trifle: values far from zero.  Without either allowance it would be 1 % off, or more."""
    n, low, width, sd = 400_000, 2.0**26, 3.0, 0.3
    one, log_a, log_b = Rounding.of(n, low, low + width), math.log(2e9), math.log(3000)
    span, spread, away = width + 2 * one.sample, sd + one.sample, 0.02 + one.sample
    slope = width * math.sqrt(2 * log_a / n) / sd
    bet, square = slope / (1 + slope), spread**2 + away**2
    seen = square + span * math.sqrt(2 * square * log_b / n) + span**2 * log_b / (3 * n)
    seen += 2 * one.variance + 3 * span * one.mean
    by_hand = spread * math.sqrt(2 * log_b / n) + span * log_b / (3 * n) + 2 * (one.sample + one.mean)
    by_hand += span * log_a / (n * bet) + (-math.log(1 - bet) - bet) / bet * seen / span
    assert reach("betting", n, low, low + width, sd, mean=low) == pytest.approx(by_hand, rel=1e-8)


def test_a_mutant_is_judged_at_the_statements_delta() -> None:
    statement = plan(0, 1, 0.4, {"m": 0.1})
    mutant = plan(0, 2, 0.1, {"m": 0.1}, delta=statement)
    assert mutant.delta == statement.delta and mutant.delta_from.startswith("the statement's")


def test_a_plan_explains_itself() -> None:
    text = plan(0, 1, None, {"m": 0.02}).explain()
    assert "half the effect of mutant m" in text and "standard deviation unknown" in text
    assert "in {0, 1}" in plan(0, 1, 0.5, {}, mean=0.5, two_valued=True).explain()
    assert "in [0, inf], of standard deviation at most 2" in plan(0, math.inf, None, {}, proved_sd=2.0).explain()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"high": math.inf}, "low and high must be finite.*heavy tail"),
        ({"low": -math.inf}, "low and high must be finite"),
        ({"low": 2.0}, "low must be at most high"),
        ({"sd": 0.6}, r"sd must lie in \[0, 0.5\]"),
        ({"sd": math.nan}, "sd must lie in"),
        ({"mean": 1.5}, r"mean must lie in \[0.0, 1.0\]; got 1.5"),
        ({"mean": math.nan}, "mean must lie in"),
        ({"high": math.inf, "sd": 0.3, "proved_sd": 0.2}, r"sd must lie in \[0, 0.2\]"),
        ({"bound": "median-of-means"}, "'median-of-means' does not"),
        ({"effects": {"m": 0.0}}, r"effects\['m'\] must be finite and not 0"),
        ({"effects": {"m": math.nan}}, "must be finite and not 0"),
        ({"alpha": 0.0}, r"alpha must lie in \(0, 1\); got 0"),
        ({"power": 1.0}, r"power must lie in \(0, 1\); got 1"),
        ({"delta": 0.5}, r"delta must lie in \(0, "),
        ({"delta": 0.0}, "delta must lie in"),
        (
            {"bound": "normal"},
            "bound must be auto, binomial, hoeffding, betting, empirical-bernstein or median-of-means; got 'normal'",
        ),
        ({"bias": -1.0}, "bias must be finite and at least 0"),
        ({"rate": 0.0}, "rate must be positive"),
        ({"effects": {"m": 1e-9}}, f"reachable with {MOST_SAMPLES:,} samples"),
        ({"low": 1.0, "sd": 0.0, "effects": {}}, "effects must name a mutant where the statistic is constant"),
    ],
)
def test_what_cannot_be_planned_is_refused_by_name(changed: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"low": 0.0, "high": 1.0, "sd": 0.2, "effects": {"m": 0.1}} | changed
    with pytest.raises(ValueError, match=message):
        plan(**arguments)  # type: ignore[arg-type]


def test_a_constant_statistic_needs_one_sample() -> None:
    planned: Plan = plan(1.0, 1.0, 0.0, {"m": 0.25})
    assert planned.n == 1 and planned.bound == "hoeffding"
