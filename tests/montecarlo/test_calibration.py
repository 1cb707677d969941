"""The tester is tested at rates that can be seen: alpha = 0.05, power = 0.9, hundreds of runs here and thousands at night.

For every bound that a check may use, and for each law that it applies to, three kinds of runs through the code of a check:

    null     the target is the mean: it should be confirmed (power); the interval may miss the mean (alpha)
    border   the target is one delta off: confirmed is wrong as soon as it is more, refuted as long as it is not (alpha each)
    planted  the target is two deltas off, as a mutant's: it should be refuted (power)

The counts are judged by the exact binomial (`numeric.montecarlo.binomial`), so that these tests, too, say how often they
would be wrong.  `pytest tests/montecarlo/test_calibration.py -m nightly -s` prints the table of docs/how-statistics-work.md.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from numeric.montecarlo.betting import hedged_capital
from numeric.montecarlo.binomial import lower, upper
from numeric.montecarlo.bounds import Interval
from numeric.montecarlo.estimate import Sampler, chunk_generator, run
from numeric.montecarlo.methods import METHODS, Method
from numeric.montecarlo.plan import Plan, plan
from numeric.montecarlo.verdicts import judge

ALPHA, POWER = 0.05, 0.9
HARDLY_EVER = 1e-6  # how often a test of these would be red for an honest bound
SELDOM = 1e-3  # the same, where thousands of runs give evidence and not merely none against it
NULL, BORDER, PLANTED = 0, 1, 2


def coin(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return (rng.random(n) < 0.5).astype(np.float64)


def rare(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """10 with probability 1/16, else 0: skewed."""
    return np.where(rng.random(n) < 1 / 16, 10.0, 0.0)


def smooth(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """U^2: mean 1/3, variance 1/5 - 1/9."""
    return rng.random(n) ** 2


def pareto(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """P(Y > y) = y^-3 from 1 on: mean 3/2, variance 3/4, no third moment."""
    return np.asarray((1 - rng.random(n)) ** (-1 / 3), dtype=np.float64)


LAWS: dict[str, tuple[Sampler, Fraction, dict[str, Any]]] = {
    "coin": (coin, Fraction(1, 2), {"low": 0.0, "high": 1.0, "sd": 0.5, "two_valued": True}),
    "rare": (rare, Fraction(5, 8), {"low": 0.0, "high": 10.0, "sd": 10 * math.sqrt(15) / 16, "two_valued": True}),
    "smooth": (smooth, Fraction(1, 3), {"low": 0.0, "high": 1.0, "sd": math.sqrt(4 / 45)}),
    "pareto": (pareto, Fraction(3, 2), {"low": 1.0, "high": math.inf, "sd": None, "proved_sd": math.sqrt(0.75)}),
}
DEAR = 300_000
"""Plans of more samples are left out: Hoeffding's for a statistic far from a fair coin."""


def planned(bound: str, law: str) -> Plan:
    _, mean, known = LAWS[law]
    return plan(effects={}, alpha=ALPHA, power=POWER, mean=float(mean), bound=bound, **known)


def fits(bound: str, law: str) -> bool:
    """Does the bound apply, at a bearable price?"""
    try:
        return planned(bound, law).n <= DEAR
    except ValueError:
        return False


def cases(methods: dict[str, Method]) -> list[tuple[str, str]]:
    """Every bound that a check may use, with each law that it applies to: nobody can forget to enter one."""
    return [(bound, law) for bound in methods for law in LAWS if fits(bound, law)]


CASES = cases(METHODS)


def test_every_bound_that_a_check_may_use_is_calibrated() -> None:
    assert {bound for bound, _ in CASES} == set(METHODS)
    assert {law for _, law in CASES} == set(LAWS)


def test_a_bound_without_a_law_is_noticed() -> None:
    class New(type(METHODS["hoeffding"])):  # type: ignore[misc]
        name = "new"

    more = {**METHODS, "new": New()}
    assert {bound for bound, _ in cases(more)} != set(more)


def verdicts(
    law: str, one: Plan, off: int, runs: int, change: Callable[[Interval, float], Interval] | None = None
) -> Counter[str]:
    """How `runs` checks end whose target is off by `off` deltas; "missed" counts intervals without the mean."""
    sampler, mean, _ = LAWS[law]
    target = mean + off * Fraction(one.delta)
    seen: Counter[str] = Counter()
    for number in range(runs):
        estimate = run(sampler, one, claim=f"{one.bound} {law}", version=1, nonce=f"calibration {off} {number}")
        interval = change(estimate.interval, estimate.moments.mean) if change else estimate.interval
        seen[judge(interval, target, one.delta)] += 1
        seen["missed"] += not Fraction(interval.low) <= mean <= Fraction(interval.high)
    return seen


def at_most(count: int, runs: int, rate: float) -> bool:
    """Are so many events compatible with this rate or less?  (The exact binomial's lower end does not exceed it.)"""
    return lower(count, runs, HARDLY_EVER) <= rate


def at_least(count: int, runs: int, rate: float) -> bool:
    """Are so many events compatible with this rate or more?"""
    return upper(count, runs, HARDLY_EVER) >= rate


def counts(bound: str, law: str, runs: int) -> dict[str, int]:
    one = planned(bound, law)
    null, border, wrong = (verdicts(law, one, off, runs) for off in (NULL, BORDER, PLANTED))
    return {
        "missed": null["missed"] + border["missed"],  # of twice as many
        "confirmed": null["confirmed"], "refuted": wrong["refuted"],
        "falsely confirmed": border["confirmed"], "falsely refuted": border["refuted"], "beyond": wrong["confirmed"],
    }  # fmt: skip


def compatible(seen: dict[str, int], runs: int) -> None:
    """Nothing is seen that alpha and power, as they are stated, would exclude."""
    assert at_most(seen["missed"], 2 * runs, ALPHA)
    assert at_most(seen["falsely confirmed"], runs, ALPHA) and at_most(seen["falsely refuted"], runs, ALPHA)
    assert at_most(seen["beyond"], runs, ALPHA)
    assert at_least(seen["confirmed"], runs, POWER) and at_least(seen["refuted"], runs, POWER)


def shown(seen: dict[str, int], runs: int) -> None:
    """By evidence for it: false alarms, which stand for alpha/2 each, stay below alpha, and power is hardly below 0.9."""
    for name in ("falsely confirmed", "falsely refuted", "beyond"):
        assert upper(seen[name], runs, SELDOM) <= ALPHA
    assert upper(seen["missed"], 2 * runs, SELDOM) <= ALPHA + 0.02
    for name in ("confirmed", "refuted"):
        assert lower(seen[name], runs, SELDOM) >= POWER - 0.05


def row(bound: str, law: str, seen: dict[str, int], runs: int) -> str:
    """A line of the documentation's table: counts, and exact 99.8 % intervals of the rates."""

    def rate(count: int, of: int) -> str:
        return f"{count} [{lower(count, of, SELDOM):.4f}, {upper(count, of, SELDOM):.4f}]"

    names = ("falsely confirmed", "falsely refuted", "confirmed", "refuted")
    told = [rate(seen["missed"], 2 * runs), *[rate(seen[name], runs) for name in names]]
    return f"| {bound} | {law} | {planned(bound, law).n:,} | {' | '.join(told)} |"


@pytest.mark.parametrize(("bound", "law"), CASES)
def test_runs_end_as_planned(bound: str, law: str) -> None:
    runs = 200 if planned(bound, law).n < 100_000 else 100
    compatible(counts(bound, law, runs), runs)


@pytest.mark.nightly
@pytest.mark.parametrize(("bound", "law"), CASES)
def test_runs_end_as_planned_thousands_of_times(bound: str, law: str) -> None:
    runs = 2000
    seen = counts(bound, law, runs)
    print("\n" + row(bound, law, seen, runs))
    compatible(seen, runs)
    shown(seen, runs)


@pytest.mark.parametrize("bound", ["betting", "empirical-bernstein", "hoeffding"])
def test_the_calibration_sees_an_interval_that_is_too_short(bound: str) -> None:
    """A quarter of the length misses more than one run in twenty."""

    def shrunk(interval: Interval, mean: float) -> Interval:
        return Interval(mean - (mean - interval.low) / 4, mean + (interval.high - mean) / 4)

    seen = verdicts("smooth", planned(bound, "smooth"), NULL, 150, shrunk)
    assert not at_most(seen["missed"], 150, ALPHA)


def test_the_calibration_sees_an_error_rate_that_is_not_the_plans() -> None:
    """The exact binomial at alpha = 0.2 misses too often for 0.05, and draws false conclusions at the border."""
    one = replace(planned("binomial", "coin"), alpha=0.3)
    assert not at_most(verdicts("coin", one, NULL, 300)["missed"], 300, ALPHA)
    seen = verdicts("coin", one, BORDER, 300)
    assert not at_most(seen["confirmed"] + seen["refuted"], 300, ALPHA)


def test_the_calibration_sees_a_plan_that_is_too_small() -> None:
    one = planned("empirical-bernstein", "smooth")
    one = replace(one, n=one.n // 3)
    assert not at_least(verdicts("smooth", one, NULL, 150)["confirmed"], 150, POWER)
    assert not at_least(verdicts("smooth", one, PLANTED, 150)["refuted"], 150, POWER)


def hedged_misses(draw: Sampler, mean: float, high: float, runs: int) -> int:
    missed = 0
    for number in range(runs):
        samples = draw(chunk_generator("betting", 1, "calibration", number), 100)
        interval = hedged_capital(samples, 0.0, high, ALPHA)
        missed += not interval.low <= mean <= interval.high
    return missed


@pytest.mark.parametrize(("draw", "mean", "high"), [(coin, 1 / 2, 1.0), (rare, 5 / 8, 10.0), (smooth, 1 / 3, 1.0)])
def test_hedged_intervals_miss_as_rarely_as_they_say(draw: Sampler, mean: float, high: float) -> None:
    assert at_most(hedged_misses(draw, mean, high, 200), 200, ALPHA)


@pytest.mark.nightly
@pytest.mark.parametrize(("draw", "mean", "high"), [(coin, 1 / 2, 1.0), (rare, 5 / 8, 10.0), (smooth, 1 / 3, 1.0)])
def test_hedged_intervals_miss_as_rarely_as_they_say_thousands_of_times(
    draw: Sampler, mean: float, high: float
) -> None:
    missed = hedged_misses(draw, mean, high, 2000)
    assert at_most(missed, 2000, ALPHA) and upper(missed, 2000, SELDOM) <= ALPHA + 0.02
