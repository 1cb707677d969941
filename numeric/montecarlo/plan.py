"""How many samples a check needs, decided before anything is drawn.

Words: mu is the mean of the samples, t the target, d = |sample mean - mu| (or |median of means - mu|), h the half width of the
1 - alpha interval, and ``lost`` twice what rounding and a bias (such as a truncated horizon's tail) may come to: they move the
mean, and the interval is widened by them.  The plan finds n with

    d + h + lost < delta      with probability at least the power.                                                   (*)

Under the statement (mu = t), (*) puts the interval inside target +- delta: `confirmed`.  For a mutant whose mean is
2 delta or more from t, with a standard deviation no larger than the planned one, (*) keeps the interval more than delta
away from t: `refuted`.  One inequality serves both, which is why delta is at most half of the smallest effect.

How large d and h can be is each bound's own: its formula and proof stand with it in `numeric.montecarlo.methods`.  For
empirical Bernstein, say, with L_a = ln(3/alpha), L_b = ln(3/(1 - power)), R the range and sigma the standard deviation,

    d + h <= sigma sqrt(2 L_b/n) + R L_b/(3n) + (sigma + R sqrt(2 L_b/(n-1))) sqrt(2 L_a/n) + 7 R L_a/(3 (n-1))

but for three events of probability (1 - power)/3 each.

An unknown sigma is the largest there is.  A sigma that is stated too small, or a mean that is stated wrongly, can only cost
power: the verdict's error rate rests on neither.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from numeric.montecarlo.bounds import require_rate
from numeric.montecarlo.methods import METHODS, MOST_SAMPLES, choose
from numeric.montecarlo.moments import CHUNK
from numeric.montecarlo.question import Question

SHARE_OF_SD = 0.02
"""delta is at most this share of the statistic's standard deviation (of its range where that is unknown or 0)."""

SAMPLES_PER_SECOND = 5e6
"""What a plan assumes of a sampler nobody has timed."""


@dataclass(frozen=True)
class Plan(Question):
    """A check as it will be drawn.  Pure data: the same arguments give the same plan.

    settings: the bound's constants, fixed before the first draw.  delta_from: the rule that decides delta.
    """

    effects: tuple[tuple[str, float], ...]
    delta_from: str
    bound: str
    settings: tuple[tuple[str, float], ...]
    n: int
    chunk: int
    expected_seconds: float

    def explain(self) -> str:
        """The plan in one sentence."""
        spread = "unknown" if self.sd is None else f"{self.sd:.6g}"
        return (
            f"draw n = {self.n:,} samples in {self.range_text()} (standard deviation {spread}) and take"
            f" the {self.bound} interval at alpha = {self.alpha:g}: with probability at least {self.power:g} it lies"
            f" inside target +- {self.delta:.6g} ({self.delta_from}); about {self.expected_seconds:.2g} s"
        )

    def range_text(self) -> str:
        """What is proved of one sample: its range, two values, or a bound of its standard deviation."""
        if self.two_valued:
            return f"{{{self.low:.6g}, {self.high:.6g}}}"
        if self.bounded:
            return f"[{self.low:.6g}, {self.high:.6g}]"
        return f"[{self.low:.6g}, {self.high:.6g}], of standard deviation at most {self.proved_sd:.6g}"


def plan(
    low: float,
    high: float,
    sd: float | None,
    effects: Mapping[str, float],
    alpha: float = 1e-9,
    power: float = 0.999,
    *,
    mean: float | None = None,
    two_valued: bool = False,
    proved_sd: float | None = None,
    bound: str = "auto",
    delta: float | Plan | None = None,
    bias: float = 0.0,
    rate: float = SAMPLES_PER_SECOND,
) -> Plan:
    """Plan a check of a mean (see the module's docstring for the formula).

    low, high: a proved range of one sample; an infinite end needs proved_sd, a proved bound of its standard deviation.
    sd, mean: its standard deviation and its mean under the statement, or None where they are not known.
    two_valued: a sample is `low` or `high` and nothing between.
    effects: for each statistical mutant |its mean - the target| (the sign does not matter), none of them 0.
    alpha: chance of a false alarm.  power: chance of the right verdict, under the statement and under each mutant.
    bound: "auto" (the smallest n), or a name of `methods.METHODS`.  rate: samples a second, for the forecast only.
    delta: a smaller delta than the rule's; or the statement's plan, whose delta a mutant is judged with.
    bias: a proved bound of |mean of a sample - what it estimates|.
    Raises ValueError where a value is not allowed, where no bound applies, or where no n up to MOST_SAMPLES is enough.
    """
    require_rate("alpha", alpha)
    require_rate("power", power)
    _require_settings(low, high, sd, mean, proved_sd, bound, bias, rate)
    allowed, reason = _delta_asked_for(delta, *allowed_delta(low, high, proved_sd if sd is None else sd, effects))
    known = (low, high, sd, mean, proved_sd, two_valued, allowed, bias, alpha, power)
    method, n = choose(Question(*known), bound)
    if n > MOST_SAMPLES:
        raise ValueError(f"delta must be reachable with {MOST_SAMPLES:,} samples; got {allowed!r} with bias {bias!r}")
    ordered = tuple(sorted((name, abs(float(effect))) for name, effect in effects.items()))
    settings = tuple(sorted(method.settings(Question(*known), n).items()))
    return Plan(*known, ordered, reason, method.name, settings, n, CHUNK, n / rate)


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


def _require_settings(
    low: float,
    high: float,
    sd: float | None,
    mean: float | None,
    proved_sd: float | None,
    bound: str,
    bias: float,
    rate: float,
) -> None:
    if math.isnan(low) or math.isnan(high) or low > high:
        raise ValueError(f"low must be at most high; got [{low!r}, {high!r}]")
    if bound not in ("auto", *METHODS):
        raise ValueError(f"bound must be auto, {', '.join([*METHODS][:-1])} or {[*METHODS][-1]}; got {bound!r}")
    if proved_sd is not None and not (math.isfinite(proved_sd) and proved_sd > 0):
        raise ValueError(f"proved_sd must be positive and finite; got {proved_sd!r}")
    most = min((high - low) / 2, math.inf if proved_sd is None else proved_sd)
    if sd is not None and not 0 <= sd <= most * (1 + 2.0**-40):
        raise ValueError(f"sd must lie in [0, {most!r}], half the range or the proved bound; got {sd!r}")
    if mean is not None and not low <= mean <= high:
        raise ValueError(f"mean must lie in [{low!r}, {high!r}]; got {mean!r}")
    if not (math.isfinite(bias) and bias >= 0):
        raise ValueError(f"bias must be finite and at least 0; got {bias!r}")
    if not rate > 0:
        raise ValueError(f"rate must be positive; got {rate!r}")
