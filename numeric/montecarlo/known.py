"""What is known of a check before anything is drawn: by enumeration, exactly.  From it follow plans, and what may not be drawn.

The claim is planned so that each mutant's effect is at least two deltas in one coordinate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from numeric.montecarlo.cases import Case, Variant, cases_of, only_sample, sampled
from proofs.claims import Evidence, Mutant
from proofs.kernel.poly import Poly
from proofs.kernel.value import sign

if TYPE_CHECKING:
    from numeric.montecarlo.plan import Plan
    from numeric.montecarlo.sampler import Sampler, Spread
    from numeric.montecarlo.vector import Coordinate

ALPHA, POWER = 1e-9, 0.999
NO_EFFECT = "the mutant's effect must be at least"
MOST_DRAWS = 3 * 10**8  # of one check, each draw of a path counted: some ten seconds on one core
MOST_LOST = 2.0**-41  # a sample may be off by this share of its range's larger end (half of what a plan sets aside)


@dataclass(frozen=True)
class Known:
    """What is known of a case before it is drawn: its sampler, range, mean and spread, and the target, exactly."""

    case: Case
    sampler: Sampler
    spread: Spread
    exact_target: Poly
    target: int | Fraction | tuple[Fraction, Fraction]
    effect: float  # |mean - target|, which is 0 where the case is true
    bias: float  # of the sampler's law, rounded up
    low: float
    high: float
    sd: float  # at most half the range, whatever rounding says
    two_valued: bool


def look(case: Case) -> Known:
    """Enumerate a case: what a plan needs, exactly."""
    import math

    from numeric.montecarlo.float64 import enclosed
    from numeric.montecarlo.sampler import Sampler

    sampler = Sampler(case.statement, case.instance, case.estimand, case.env)
    spread = sampler.spread()
    target = sampler.exact.number(case.target, case.env)
    if case.order and sign(target) < 0:
        target = {}
    mid, rad = enclosed(target)
    gap = enclosed(sampler.gap(target))[0]
    low, high = (min(spread.low, 0.0), max(spread.high, 1.0)) if case.share else (spread.low, spread.high)
    bias = float(sampler.distance * (Fraction(high) - Fraction(low)))
    bias = math.nextafter(bias, math.inf) if bias else 0.0
    sd, two = min(spread.sd, (high - low) / 2), spread.two_valued or case.share
    return Known(
        case, sampler, spread, target, mid if not rad else (mid, rad), abs(float(gap)), bias, low, high, sd, two
    )


def looked_at(cases: Sequence[Case]) -> list[Known]:
    """All coordinates; one that is constant on the instance gets the widest of the others' ranges around it."""
    from dataclasses import replace

    seen = [look(case) for case in cases]
    widest = max(k.high - k.low for k in seen if not constant(k)) if not all(map(constant, seen)) else 1.0
    return [
        replace(k, low=k.low - widest / 2, high=k.high + widest / 2, sd=0.0, two_valued=False) if constant(k) else k for k in seen
    ]  # fmt: skip


def constant(known: Known) -> bool:
    """Does the statistic take one value only, but for rounding?"""
    rounding = max(4 * known.sampler.worst_rounding(), MOST_LOST * max(abs(known.low), abs(known.high)))
    return known.high - known.low <= rounding


def claims_plans(
    evidence: Evidence, record: Mapping[str, Any] | None = None, known: Sequence[Known] | None = None
) -> dict[str, Plan]:
    """The plans of the claim's own check, by coordinate: from its record, or made anew from all its mutants' effects."""
    from numeric.montecarlo.plan import plan
    from numeric.montecarlo.vector import Coordinate, plans

    if record is not None and "delta" in record:
        out = {}
        for one in record.get("coordinates", [{**record, "name": ""}]):
            facts = {name: one[name] for name in ("mean", "two_valued", "bias")}
            settings = (one["effects"], one["alpha"], one["power"])
            out[one["name"]] = plan(one["low"], one["high"], one["sd"], *settings, **facts)
        return out
    entry, claim = only_sample(evidence), evidence.claim
    seen = known or looked_at(cases_of(claim, entry, "claim"))
    effects = assigned(seen, {m.id: cases_of(claim, entry, m) for m in sampled(claim.mutants)})
    asked = [
        Coordinate(k.case.name, k.sampler, **ranges(k), target=k.target, effects=effects[k.case.name]) for k in seen
    ]
    return plans(asked, ALPHA, POWER)


def assigned(seen: Sequence[Known], mutants: Mapping[str, Sequence[Case]]) -> dict[str, dict[str, float]]:
    """For each coordinate the effects of the mutants that it is to refute: each falls to the one in which it shows most.

    A mutant with a statistic of its own has a delta of its own.
    """
    from numeric.montecarlo.plan import allowed_delta

    out: dict[str, dict[str, float]] = {k.case.name: {} for k in seen}
    spans = {k.case.name: ranges(k) for k in seen}
    deltas = {n: allowed_delta(r["low"], r["high"], r["sd"], {"": 1e300})[0] for n, r in spans.items()}
    finest = min(deltas, key=lambda n: deltas[n])
    for mutant, cases in mutants.items():
        if any(case.scale for case in cases):
            continue
        sizes = [(effect(case), case.name if case.name in out else finest) for case in cases]
        size, name = max(sizes, key=lambda one: one[0] / deltas[one[1]])
        if size > 0:
            out[name][mutant] = size
    return out


def effect(case: Case) -> float:
    """|mean - target|, exactly, rounded once: 0 where the case is true."""
    from numeric.montecarlo.float64 import nearest
    from proofs.kernel.poly import add
    from proofs.kernel.value import Instance

    exact = Instance(case.statement, case.instance)
    mean, target = exact.number(case.estimand, case.env), exact.number(case.target, case.env)
    if case.order:
        return max(0.0, -nearest(target))
    return abs(nearest(add(mean, target, -1)))


def coordinate(known: Known, planned: Mapping[str, Plan], variant: Variant) -> Coordinate:
    """A case as it will be drawn: the claim by its own plan, a variant at the claim's delta (or at its finest one)."""
    from numeric.montecarlo.vector import Coordinate

    finest = min(planned.values(), key=lambda p: p.delta)
    own = planned.get(known.case.name, finest)
    delta, effects = None if isinstance(variant, str) else own, dict(own.effects)
    if known.case.scale and not isinstance(variant, str):
        delta, effects = None, {variant.id: known.effect} if known.effect else {}
    return Coordinate(
        known.case.name, known.sampler, **ranges(known), target=known.target, effects=effects, delta=delta
    )


def by_effect(asked: list[Coordinate], seen: Sequence[Known]) -> list[Coordinate]:
    """The coordinates in which a variant shows most come first; the claim's own stay in their order."""
    effects = {k.case.name: k.effect for k in seen}
    return sorted(asked, key=lambda c: -effects[c.name] / (c.delta.delta if c.delta else 1.0))


def ranges(known: Known) -> dict[str, Any]:
    """What a plan takes of a case: range, standard deviation, mean, whether it has two values only, and bias."""
    from numeric.montecarlo.float64 import nearest

    mean = min(max(nearest(known.spread.mean), known.low), known.high)
    return {
        "low": known.low,
        "high": known.high,
        "sd": known.sd,
        "mean": mean,
        "two_valued": known.two_valued,
        "bias": known.bias,
    }


def problem(
    seen: Sequence[Known], asked: Sequence[Coordinate], planned: Mapping[str, Plan], variant: Variant
) -> str | None:
    """Why a check must not be drawn, as a sentence; None if it may."""
    from numeric.montecarlo.vector import plans

    own, by_name = plans(asked, ALPHA, POWER), {k.case.name: k for k in seen}
    deltas = {name: one.delta for name, one in own.items()}
    if isinstance(variant, Mutant) and all(k.effect < 2 * deltas[k.case.name] for k in seen):
        known = max(seen, key=lambda k: k.effect / deltas[k.case.name])
        return (
            f"{NO_EFFECT} 2 delta = {2 * deltas[known.case.name]:.6g}; its exact mean and target"
            f" differ by {known.effect:.6g}, so no sampling is planned to see it"
        )
    draws = sum(one.n * by_name[name].sampler.draws for name, one in own.items())
    if draws > MOST_DRAWS:
        name, most = max(own.items(), key=lambda one: one[1].n)
        many = f"{most.n:,} samples of {by_name[name].sampler.draws} draws each (delta {most.delta:.3g}, {most.delta_from})"
        return f"a check takes at most {MOST_DRAWS:,} draws; got {many}" + (", and others" if len(own) > 1 else "")
    for known in seen:
        lost, allowed = known.sampler.worst_rounding(), MOST_LOST * max(abs(known.low), abs(known.high))
        if lost > allowed:
            return f"a sample must be its exact value to within {allowed:.3g} on every outcome; it is off by {lost:.3g}"
    return None
