"""How many samples a check needs, decided before anything is drawn.

Words: mu is the mean of the samples, t the target, d = |sample mean - mu|, h the half width of the 1 - alpha interval,
and ``lost`` twice what rounding and a bias (such as a truncated horizon's tail) may come to: they move the mean, and
the interval is widened by them.  The plan finds n with

    d + h + lost < delta      with probability at least the power.                                                   (*)

Under the statement (mu = t), (*) puts the interval inside target +- delta: `confirmed`.  For a mutant whose mean is
2 delta or more from t, with a standard deviation no larger than the planned one, (*) keeps the interval more than delta
away from t: `refuted`.  One inequality serves both, which is why delta is at most half of the smallest effect.

With L_a = ln(3/alpha), beta = 1 - power, L_b = ln(3/beta), R the range and sigma the standard deviation:

empirical Bernstein.  h = sqrt(V) sqrt(2 L_a/n) + 7 R L_a/(3 (n-1)) is random through the sample variance V.  Three
events have probability at most beta/3 each: the mean lies high, or it lies low, by more than the Bennett term
sigma sqrt(2 L_b/n) + R L_b/(3n); or sqrt(V) > sigma + R sqrt(2 L_b/(n-1)) (Maurer and Pontil 2009, Theorem 10).  So,
with probability at least the power,

    d + h <= sigma sqrt(2 L_b/n) + R L_b/(3n) + (sigma + R sqrt(2 L_b/(n-1))) sqrt(2 L_a/n) + 7 R L_a/(3 (n-1)).

Hoeffding.  h = R sqrt(ln(2/alpha) / 2n) is fixed; d exceeds the smaller of R sqrt(ln(2/beta) / 2n) (Hoeffding) and
sigma sqrt(2 ln(2/beta)/n) + R ln(2/beta)/(3n) (Bennett) with probability at most beta.

An unknown sigma is R/2, the largest there is (Popoviciu).  A sigma that is stated too small can only cost power: the
verdict's error rate never rests on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from numeric.montecarlo.bounds import (
    BOUNDS,
    empirical_bernstein_half_width,
    hoeffding_half_width,
    require_range,
    require_rate,
)
from numeric.montecarlo.moments import CHUNK, Rounding

SHARE_OF_SD = 0.02
"""delta is at most this share of the statistic's standard deviation (of its range where that is unknown or 0)."""

MOST_SAMPLES = 10**10
"""A check that needs more is refused: some hours on one core."""

SAMPLES_PER_SECOND = 5e6
"""What a plan assumes of a sampler nobody has timed."""


@dataclass(frozen=True)
class Plan:
    """A check as it will be drawn.  Pure data: the same arguments give the same plan."""

    low: float
    high: float
    sd: float | None
    effects: tuple[tuple[str, float], ...]
    delta: float
    delta_from: str
    bias: float
    alpha: float
    power: float
    bound: str
    n: int
    chunk: int
    expected_seconds: float

    def explain(self) -> str:
        """The plan in one sentence."""
        spread = "unknown" if self.sd is None else f"{self.sd:.6g}"
        return (
            f"draw n = {self.n:,} samples in [{self.low:.6g}, {self.high:.6g}] (standard deviation {spread}) and take"
            f" the {self.bound} interval at alpha = {self.alpha:g}: with probability at least {self.power:g} it lies"
            f" inside target +- {self.delta:.6g} ({self.delta_from}); about {self.expected_seconds:.2g} s"
        )


def plan(
    low: float,
    high: float,
    sd: float | None,
    effects: Mapping[str, float],
    alpha: float = 1e-9,
    power: float = 0.999,
    *,
    bound: str = "auto",
    delta: float | Plan | None = None,
    bias: float = 0.0,
    rate: float = SAMPLES_PER_SECOND,
) -> Plan:
    """Plan a check of a mean (see the module's docstring for the formula and its proof).

    low, high: a proved range of one sample, finite.  sd: its standard deviation under the statement, or None.
    effects: for each statistical mutant |its mean - the target| (the sign does not matter), none of them 0.
    alpha: chance of a false alarm.  power: chance of the right verdict, under the statement and under each mutant.
    bound: "auto" (the smaller n), or one of BOUNDS.  rate: samples a second, for the forecast only.
    delta: a smaller delta than the rule's; or the statement's plan, whose delta a mutant is judged with.
    bias: a proved bound of |mean of a sample - what it estimates|.
    Raises ValueError where a value is not allowed, or where no n up to MOST_SAMPLES is enough.
    """
    require_range(low, high)
    require_rate("alpha", alpha)
    require_rate("power", power)
    _require_settings(low, high, sd, bound, bias, rate)
    allowed, reason = allowed_delta(low, high, sd, effects)
    allowed, reason = _delta_asked_for(delta, allowed, reason)
    widest = (high - low) / 2 if sd is None else sd
    sizes = {
        name: _samples_needed(name, low, high, widest, allowed - 2 * bias, alpha, 1 - power)
        for name in (BOUNDS if bound == "auto" else (bound,))
    }
    chosen = min(sizes, key=lambda name: sizes[name])
    n = sizes[chosen]
    if n > MOST_SAMPLES:
        raise ValueError(f"delta must be reachable with {MOST_SAMPLES:,} samples; got {allowed!r} with bias {bias!r}")
    ordered = tuple(sorted((name, abs(float(effect))) for name, effect in effects.items()))
    return Plan(low, high, sd, ordered, allowed, reason, bias, alpha, power, chosen, n, CHUNK, n / rate)


def allowed_delta(low: float, high: float, sd: float | None, effects: Mapping[str, float]) -> tuple[float, str]:
    """The largest delta that the rules allow, rounded down, and the rule that decides it."""
    limits: list[tuple[float, str]] = []
    for name, effect in effects.items():
        size = abs(float(effect))
        if not (math.isfinite(size) and size > 0):
            raise ValueError(f"effects[{name!r}] must be finite and not 0 (no sampling could see it); got {effect!r}")
        limits.append((size / 2, f"half the effect of mutant {name}"))
    spread, what = (high - low, "range") if not sd else (sd, "standard deviation")
    if spread > 0:
        limits.append((SHARE_OF_SD * spread, f"{100 * SHARE_OF_SD:g} % of the {what}"))
    if not limits:
        raise ValueError(f"effects must name a mutant where the statistic is constant; got none for {low!r}")
    limit, reason = min(limits)
    return math.nextafter(limit, 0.0), reason


def _delta_asked_for(asked: float | Plan | None, allowed: float, reason: str) -> tuple[float, str]:
    """The delta to plan with, and why: the rule's, a smaller one, or that of the statement's plan."""
    if asked is None:
        return allowed, reason
    if isinstance(asked, Plan):
        return asked.delta, f"the statement's: {asked.delta_from}"
    if not 0 < asked <= allowed:
        raise ValueError(f"delta must lie in (0, {allowed!r}], the limit being {reason}; got {asked!r}")
    return (allowed, reason) if asked == allowed else (asked, "as asked for")


def reach(bound: str, n: int, low: float, high: float, sd: float, alpha: float, miss: float) -> float:
    """The left side of (*) without the bias: with probability at least 1 - miss, d + h + lost is at most this.

    Derived in the module's docstring; widened for the rounding of `Rounding`, by which the computed moments may be off.
    """
    rounding = Rounding.of(n, low, high)
    span = high - low + 2 * rounding.sample
    sd = sd + rounding.sample
    lost = 2 * (rounding.sample + rounding.mean)
    if bound == "hoeffding":
        log_miss = math.log(2 / miss)
        bennett = sd * math.sqrt(2 * log_miss / n) + span * log_miss / (3 * n)
        return min(hoeffding_half_width(n, span, miss), bennett) + hoeffding_half_width(n, span, alpha) + lost
    if n < 2:
        return math.inf
    log_miss = math.log(3 / miss)
    deviation = sd * math.sqrt(2 * log_miss / n) + span * log_miss / (3 * n)
    seen_sd = sd + span * math.sqrt(2 * log_miss / (n - 1)) + math.sqrt(2 * rounding.variance)
    return deviation + empirical_bernstein_half_width(n, seen_sd, span, alpha) + lost


def _samples_needed(bound: str, low: float, high: float, sd: float, delta: float, alpha: float, miss: float) -> int:
    """The smallest n with reach < delta; MOST_SAMPLES + 1 where there is none up to MOST_SAMPLES."""
    outward = 1 + 2.0**-30  # the interval's own outward rounding, and this formula's

    def enough(n: int) -> bool:
        return reach(bound, n, low, high, sd, alpha, miss) * outward < delta

    return _first_true(enough, MOST_SAMPLES)


def _first_true(holds: Callable[[int], bool], most: int) -> int:
    """The first n >= 1 from which a predicate holds, found by doubling and bisection; most + 1 where none is found.

    The answer is always one at which the predicate was seen to hold, even where rounding makes it not quite monotone.
    """
    stop = 1
    while not holds(stop):
        stop *= 2
        if stop > most:
            return most + 1
    start = stop // 2
    while stop - start > 1:
        middle = (start + stop) // 2
        start, stop = (start, middle) if holds(middle) else (middle, stop)
    return stop


def _require_settings(low: float, high: float, sd: float | None, bound: str, bias: float, rate: float) -> None:
    if bound not in ("auto", *BOUNDS):
        raise ValueError(f"bound must be auto, {' or '.join(BOUNDS)}; got {bound!r}")
    if sd is not None and not 0 <= sd <= (high - low) / 2 * (1 + 2.0**-40):
        raise ValueError(f"sd must lie in [0, {(high - low) / 2!r}], half the range; got {sd!r}")
    if not (math.isfinite(bias) and bias >= 0):
        raise ValueError(f"bias must be finite and at least 0; got {bias!r}")
    if not rate > 0:
        raise ValueError(f"rate must be positive; got {rate!r}")
