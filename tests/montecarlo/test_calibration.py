"""The tester is tested at rates that can be seen: alpha = 0.05, power = 0.9, hundreds of null and planted runs.

The counts are judged by exact binomial tails at 1e-6, so that these tests, too, state how often they would be wrong.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from numeric.montecarlo.bounds import Interval, betting
from numeric.montecarlo.estimate import Sampler, chunk_generator, run
from numeric.montecarlo.plan import Plan, plan
from numeric.montecarlo.verdicts import judge
from tests.montecarlo.exactly import at_most, excludes_rate_at_least, excludes_rate_at_most

ALPHA, POWER = Fraction(1, 20), Fraction(9, 10)


def coin(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return (rng.random(n) < 0.5).astype(np.float64)


def rare(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """10 with probability 1/16, else 0: mean 5/8, skewed."""
    return np.where(rng.random(n) < 1 / 16, 10.0, 0.0)


def smooth(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """U^2: mean 1/3, variance 1/5 - 1/9."""
    return rng.random(n) ** 2


LAWS: dict[str, tuple[Sampler, Fraction, Plan]] = {
    "coin": (coin, Fraction(1, 2), plan(0.0, 1.0, 0.5, {}, 0.05, 0.9)),
    "rare": (rare, Fraction(5, 8), plan(0.0, 10.0, 10 * math.sqrt(15) / 16, {}, 0.05, 0.9)),
    "smooth": (smooth, Fraction(1, 3), plan(0.0, 1.0, math.sqrt(4 / 45), {}, 0.05, 0.9)),
}


def verdicts(law: str, bias: int, runs: int, shrink: float = 1.0) -> Counter[str]:
    """How `runs` checks end whose target is off by `bias` times delta; "missed" counts intervals without the mean."""
    sampler, mean, planned = LAWS[law]
    target = mean + bias * Fraction(planned.delta)
    seen: Counter[str] = Counter()
    for number in range(runs):
        estimate = run(sampler, planned, claim=law, version=1, nonce=f"calibration {number}")
        middle, interval = estimate.moments.mean, estimate.interval
        interval = Interval(middle - shrink * (middle - interval.low), middle + shrink * (interval.high - middle))
        seen[judge(interval, target, planned.delta)] += 1
        seen["missed"] += not Fraction(interval.low) <= mean <= Fraction(interval.high)
    return seen


def calibrate(law: str, runs: int) -> None:
    null, planted = verdicts(law, 0, runs), verdicts(law, 2, runs)
    assert not excludes_rate_at_most(null["missed"], runs, ALPHA)
    assert not excludes_rate_at_most(null["refuted"], runs, ALPHA)
    assert not excludes_rate_at_most(planted["confirmed"], runs, ALPHA)
    assert not excludes_rate_at_least(null["confirmed"], runs, POWER)
    assert not excludes_rate_at_least(planted["refuted"], runs, POWER)
    # and by evidence for it, not merely by the lack of evidence against it: at 99 %, power >= 0.85 and misses <= 0.1
    assert excludes_rate_at_most(null["confirmed"], runs, Fraction(85, 100), Fraction(1, 100))
    assert excludes_rate_at_most(planted["refuted"], runs, Fraction(85, 100), Fraction(1, 100))
    assert at_most(null["missed"], runs, Fraction(1, 10)) <= Fraction(1, 100)


@pytest.mark.parametrize("law", LAWS)
def test_null_and_planted_runs_end_as_planned(law: str) -> None:
    calibrate(law, 200)


@pytest.mark.nightly
@pytest.mark.parametrize("law", LAWS)
def test_null_and_planted_runs_end_as_planned_thousands_of_times(law: str) -> None:
    calibrate(law, 2000)


def test_the_calibration_sees_an_interval_that_is_too_short() -> None:
    """Two fifths of the length miss more than one run in twenty."""
    seen = verdicts("smooth", 0, 200, shrink=0.4)
    assert excludes_rate_at_most(seen["missed"], 200, ALPHA)


def test_the_calibration_sees_a_plan_that_is_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    sampler, mean, planned = LAWS["smooth"]
    monkeypatch.setitem(LAWS, "smooth", (sampler, mean, replace(planned, n=planned.n // 3)))
    assert excludes_rate_at_least(verdicts("smooth", 0, 200)["confirmed"], 200, POWER)
    assert excludes_rate_at_least(verdicts("smooth", 2, 200)["refuted"], 200, POWER)


def betting_misses(draw: Sampler, mean: float, high: float, runs: int) -> int:
    missed = 0
    for number in range(runs):
        interval = betting(draw(chunk_generator("betting", 1, "calibration", number), 100), 0.0, high, 0.05)
        missed += not interval.low <= mean <= interval.high
    return missed


@pytest.mark.parametrize(("draw", "mean", "high"), [(coin, 1 / 2, 1.0), (rare, 5 / 8, 10.0), (smooth, 1 / 3, 1.0)])
def test_betting_intervals_miss_as_rarely_as_they_say(draw: Sampler, mean: float, high: float) -> None:
    assert not excludes_rate_at_most(betting_misses(draw, mean, high, 400), 400, ALPHA)
