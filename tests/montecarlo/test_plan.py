"""A plan is a pure function, and its n is enough: by an exact computation where there is one."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from numeric.montecarlo.bounds import empirical_bernstein, hoeffding
from numeric.montecarlo.moments import Rounding
from numeric.montecarlo.plan import MOST_SAMPLES, Plan, plan, reach


def test_delta_is_at_most_half_the_smallest_effect_and_two_percent_of_the_standard_deviation() -> None:
    assert plan(0, 1, 0.25, {"small": -0.004, "large": 0.3}).delta <= 0.002
    assert plan(0, 1, 0.25, {"small": -0.004}).delta_from == "half the effect of mutant small"
    assert plan(0, 1, 0.25, {"large": 0.3}).delta <= Fraction(2, 100) * Fraction(0.25)
    assert plan(0, 1, None, {"large": 0.3}).delta <= Fraction(2, 100)
    assert plan(0, 1, 0.0, {"large": 0.3}).delta_from == "2 % of the range"
    assert plan(0, 1, 0.25, {}).delta == pytest.approx(0.005)


def test_a_plan_is_pure() -> None:
    assert plan(0, 1, 0.2, {"m": 0.1}) == plan(0, 1, 0.2, {"m": 0.1})


def chance_of_no_verdict(bound: str, n: int, p: Fraction, delta: float, alpha: float) -> Fraction:
    """P(the interval of n throws of a coin does not lie inside p +- delta), summed over all outcomes."""

    def too_far(heads: int) -> bool:
        mean, variance = heads / n, heads * (n - heads) / (n * (n - 1))
        near = hoeffding(n, mean, 0.0, 1.0, alpha)
        if bound == "empirical-bernstein":
            near = empirical_bernstein(n, mean, variance, 0.0, 1.0, alpha)
        return not (p - Fraction(delta) <= Fraction(near.low) and Fraction(near.high) <= p + Fraction(delta))

    top, bottom = p.numerator, p.denominator
    weight = sum(math.comb(n, k) * top**k * (bottom - top) ** (n - k) for k in range(n + 1) if too_far(k))
    return Fraction(weight, bottom**n)


@pytest.mark.parametrize("bound", ["empirical-bernstein", "hoeffding"])
@pytest.mark.parametrize("p", [Fraction(1, 2), Fraction(3, 8), Fraction(13, 16)])
def test_n_is_enough_for_a_coin_by_enumeration_and_a_third_of_it_is_not(bound: str, p: Fraction) -> None:
    """The planner's formula at delta = 1/16: two percent of a standard deviation would be too many outcomes."""
    alpha, miss, delta = 0.05, 0.1, 1 / 16
    sd = math.sqrt(p * (1 - p))
    n = next(n for n in range(2, 10_000) if reach(bound, n, 0.0, 1.0, sd, alpha, miss) < delta)
    assert chance_of_no_verdict(bound, n, p, delta, alpha) <= Fraction(1, 10)
    assert chance_of_no_verdict(bound, n // 3, p, delta, alpha) > Fraction(1, 10)


def test_n_is_the_smallest_that_the_formula_allows() -> None:
    for bound in ("empirical-bernstein", "hoeffding"):
        planned = plan(-1.0, 2.0, 0.3, {"m": 0.05}, bound=bound)
        args = (planned.low, planned.high, 0.3, planned.alpha, 1 - planned.power)
        assert reach(bound, planned.n, *args) < planned.delta
        assert reach(bound, planned.n - 1, *args) * (1 + 1e-8) > planned.delta


def test_the_formula_is_the_one_of_the_docstring() -> None:
    """By hand, without the allowances for rounding, which are far smaller than the tolerance."""
    n, span, sd, log_a, log_b = 400_000, 3.0, 0.3, math.log(3e9), math.log(3000)
    by_hand = sd * math.sqrt(2 * log_b / n) + span * log_b / (3 * n)
    by_hand += (sd + span * math.sqrt(2 * log_b / (n - 1))) * math.sqrt(2 * log_a / n)
    by_hand += 7 * span * log_a / (3 * (n - 1))
    assert reach("empirical-bernstein", n, -1.0, 2.0, sd, 1e-9, 1e-3) == pytest.approx(by_hand, rel=1e-3)
    by_hand = span * math.sqrt(math.log(2e9) / (2 * n)) + sd * math.sqrt(2 * math.log(2000) / n) + math.log(2000) / n
    assert reach("hoeffding", n, -1.0, 2.0, sd, 1e-9, 1e-3) == pytest.approx(by_hand, rel=1e-6)


def test_the_bound_with_the_smaller_n_is_taken() -> None:
    assert plan(0, 1, 0.5, {}).bound == "hoeffding"
    assert plan(0, 1, 0.1, {}).bound == "empirical-bernstein"
    for sd in (0.1, 0.5):
        sizes = [plan(0, 1, sd, {}, bound=bound).n for bound in ("empirical-bernstein", "hoeffding")]
        assert plan(0, 1, sd, {}).n == min(sizes)


def test_certainty_costs_little_more_than_a_normal_approximation_would() -> None:
    """The normal approximation at alpha = 1e-9, power 0.999 needs ((6.109 + 3.291) / 0.02)^2 = 220,900."""
    assert plan(0, 1, 0.2, {}).n < 2 * 220_900


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
    for bound in ("empirical-bernstein", "hoeffding"):
        rounding = Rounding.of(n, shift, shift + 1)
        extra = reach(bound, n, shift, shift + 1, 0.2, 1e-9, 1e-3) - reach(bound, n, 0.0, 1.0, 0.2, 1e-9, 1e-3)
        assert extra >= 2 * (rounding.mean + rounding.sample)


def test_a_mutant_is_judged_at_the_statements_delta() -> None:
    statement = plan(0, 1, 0.4, {"m": 0.1})
    mutant = plan(0, 2, 0.1, {"m": 0.1}, delta=statement)
    assert mutant.delta == statement.delta and mutant.delta_from.startswith("the statement's")


def test_a_plan_explains_itself() -> None:
    text = plan(0, 1, None, {"m": 0.02}).explain()
    assert "half the effect of mutant m" in text and "standard deviation unknown" in text


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"high": math.inf}, "low and high must be finite.*heavy tail"),
        ({"low": -math.inf}, "low and high must be finite"),
        ({"low": 2.0}, "low must be at most high"),
        ({"sd": 0.6}, r"sd must lie in \[0, 0.5\]"),
        ({"sd": math.nan}, "sd must lie in"),
        ({"effects": {"m": 0.0}}, r"effects\['m'\] must be finite and not 0"),
        ({"effects": {"m": math.nan}}, "must be finite and not 0"),
        ({"alpha": 0.0}, r"alpha must lie in \(0, 1\); got 0"),
        ({"power": 1.0}, r"power must lie in \(0, 1\); got 1"),
        ({"delta": 0.5}, r"delta must lie in \(0, "),
        ({"delta": 0.0}, "delta must lie in"),
        ({"bound": "normal"}, "bound must be auto, empirical-bernstein or hoeffding; got 'normal'"),
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
