"""From an interval to a verdict: one comparison, in exact arithmetic, with three outcomes."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from numeric.montecarlo.bounds import Interval

Verdict = Literal["confirmed", "refuted", "underpowered"]
Number = int | float | Fraction
Target = int | Fraction | tuple[Number, Number]
"""An exact rational, or a ball (middle, radius) that holds the target.  A float means exactly its own value."""


def judge(interval: Interval, target: Target, delta: Number) -> Verdict:
    """Compare a confidence interval with target plus or minus delta (delta > 0).

    confirmed: the interval lies inside.  refuted: the two are disjoint.  underpowered: neither, which is no pass.
    A ball's radius is added to the interval on both sides, so that the verdict holds for every target in the ball.
    """
    middle, radius = as_ball(target)
    allowed = _exactly("delta", delta)
    if allowed <= 0:
        raise ValueError(f"delta must be positive; got {delta!r}")
    low, high = Fraction(interval.low) - radius, Fraction(interval.high) + radius
    if middle - allowed <= low and high <= middle + allowed:
        return "confirmed"
    if high < middle - allowed or middle + allowed < low:
        return "refuted"
    return "underpowered"


def as_ball(target: Target) -> tuple[Fraction, Fraction]:
    """The target as exact (middle, radius); a rational has radius 0.

    Raises TypeError on a bare float (is it exact?  say (value, 0.0)), ValueError on one that is not finite.
    """
    if isinstance(target, tuple):
        middle, radius = _exactly("target's middle", target[0]), _exactly("target's radius", target[1])
        if radius < 0:
            raise ValueError(f"target's radius must be at least 0; got {target[1]!r}")
        return middle, radius
    if isinstance(target, bool) or not isinstance(target, (int, Fraction)):
        raise TypeError(f"target must be an int, a Fraction or a ball (middle, radius); got {target!r}")
    return Fraction(target), Fraction(0)


def _exactly(name: str, value: Number) -> Fraction:
    try:
        return Fraction(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{name} must be finite; got {value!r}") from None
