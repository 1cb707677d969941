"""What is known of a check before it is drawn: the question that a bound must answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from numeric.montecarlo.moments import FLOAT_SLACK, Rounding


@dataclass(frozen=True)
class Question:
    """Is the mean within delta of its target?

    Proved, and what the error rate rests on: low, high, a range of one sample (infinite where there is none); proved_sd, an
    upper bound of its standard deviation, or None; two_valued, that a sample is `low` or `high` and nothing between (each
    sample is looked at); bias, a bound of |mean of a sample - what it estimates|.
    Expected, and what only the sample size rests on: sd, the standard deviation, and mean; None where they are not known.
    delta: the deviation to be seen.  alpha: chance of a false alarm.  power: chance of the right verdict.
    """

    low: float
    high: float
    sd: float | None
    mean: float | None
    proved_sd: float | None
    two_valued: bool
    delta: float
    bias: float
    alpha: float
    power: float

    @property
    def miss(self) -> float:
        """The chance of no verdict that is allowed, 1 - power."""
        return 1 - self.power

    @property
    def bounded(self) -> bool:
        """Is the range finite?"""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def spread(self) -> float:
        """The standard deviation to plan with: as expected, else the largest there is (Popoviciu: half the range)."""
        largest = min((self.high - self.low) / 2, math.inf if self.proved_sd is None else self.proved_sd)
        return largest if self.sd is None else self.sd

    @property
    def slack(self) -> float:
        """How far rounding may move one sample: FLOAT_SLACK of the larger finite end of the range."""
        return FLOAT_SLACK * max((abs(end) for end in (self.low, self.high) if math.isfinite(end)), default=0.0)

    def rounding(self, n: int) -> Rounding:
        """What floating point can do to n samples of a finite range."""
        return Rounding.of(n, self.low, self.high)
