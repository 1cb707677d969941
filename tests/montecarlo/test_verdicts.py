"""Three outcomes, decided in exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from numeric.montecarlo.bounds import Interval
from numeric.montecarlo.verdicts import Target, Verdict, judge


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.375, 0.625, "confirmed"),  # the borders belong to the inside
        (0.45, 0.55, "confirmed"),
        (0.625, 0.7, "underpowered"),  # touches
        (0.6250000000000001, 0.7, "refuted"),
        (0.1, 0.3749999999999999, "refuted"),
        (0.3749999999999999, 0.5, "underpowered"),
        (0.5, 0.6250000000000001, "underpowered"),
        (0.0, 1.0, "underpowered"),
    ],
)
def test_an_interval_against_one_half_plus_or_minus_an_eighth(low: float, high: float, verdict: Verdict) -> None:
    assert judge(Interval(low, high), Fraction(1, 2), Fraction(1, 8)) == verdict


def test_a_verdict_holds_for_every_target_in_a_ball() -> None:
    """The radius counts against both: what is decided with it is decided for each end of the ball."""
    radius = Fraction(1, 64)
    for low in range(0, 128, 3):
        for high in range(low, 128, 5):
            interval = Interval(low / 128, high / 128)
            verdict = judge(interval, (Fraction(1, 2), radius), Fraction(1, 8))
            ends = {judge(interval, Fraction(1, 2) + sign * radius, Fraction(1, 8)) for sign in (-1, 1)}
            assert verdict == "underpowered" or ends == {verdict}


def test_a_ball_wider_than_delta_confirms_nothing() -> None:
    assert judge(Interval(0.5, 0.5), (0.5, 0.2), 0.125) == "underpowered"
    assert judge(Interval(0.5, 0.5), (0.5, 0.0), 0.125) == "confirmed"


@pytest.mark.parametrize("target", [0.5, True, "1/2", None])
def test_a_target_that_is_not_known_to_be_exact_is_refused(target: Target) -> None:
    with pytest.raises(TypeError, match="target must be an int, a Fraction or a ball"):
        judge(Interval(0.0, 1.0), target, 0.1)


@pytest.mark.parametrize("target", [(math.nan, 0.0), (0.5, math.inf), (0.5, -0.1)])
def test_a_ball_that_is_none_is_refused(target: Target) -> None:
    with pytest.raises(ValueError, match="target's"):
        judge(Interval(0.0, 1.0), target, 0.1)


@pytest.mark.parametrize("delta", [0.0, -0.1, math.nan])
def test_delta_must_be_positive(delta: float) -> None:
    with pytest.raises(ValueError, match="delta must be"):
        judge(Interval(0.0, 1.0), 0, delta)


@pytest.mark.parametrize(("low", "high"), [(1.0, 0.0), (math.nan, 1.0), (0.0, math.inf)])
def test_an_interval_must_be_finite_and_ordered(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="finite low <= high"):
        Interval(low, high)
