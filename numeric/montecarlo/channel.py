"""The Monte Carlo channel: the mean of a sampled term against its exact target, for a claim and for its wrong variants.

What is sampled is read off the statement that is checked (the claim's, a mutant's or a control's):

    E[f] = t     the mean of f against t
    a <= b       the estimand of the evidence against b - a.  The evidence names, by `by`, a claim that this one cites and
                 that says b = a + estimand; so a mutant of the ordering meets the very samples that confirm the ordering

For any other form the evidence says for each variant what it means: `mutants={"weight": {"target": ...}}`, with any of
`instance`, `estimand` and `target`.  Every target is an exact value; every range, effect and standard deviation comes
from enumeration, before anything is drawn.  The claim is planned so that each mutant's effect is at least two deltas.

Nothing but the standard library is imported before something runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from proofs.claims import Claim, Control, Evidence, Mutant
from proofs.kernel.poly import Poly, add, back, is_const
from proofs.kernel.statement import Statement
from proofs.kernel.terms import Term, mk, show
from proofs.kernel.value import Instance, sign

if TYPE_CHECKING:
    from numeric.montecarlo.budget import Budget
    from numeric.montecarlo.plan import Plan
    from numeric.montecarlo.sampler import Sampler, Spread

Record = dict[str, Any]
Variant = Literal["claim"] | Mutant | Control
ALPHA, POWER = 1e-9, 0.999
MOST_DRAWS = 3 * 10**8  # of one check, each draw of a path counted: some ten seconds on one core
DRAWS_PER_SECOND = 3e7  # for a plan's forecast: measured on one core, the evaluation of the term included
MOST_WORDS = 300  # characters of an exact target in words
MOST_LOST = 2.0**-41  # a sample may be off by this share of its range's larger end (half of what a plan sets aside)


@dataclass(frozen=True)
class Case:
    """One check: on this instance of this statement, the mean of the estimand's body is the target."""

    label: str
    statement: Statement
    instance: dict[str, Any]
    estimand: Term
    target: Term
    ordering: bool  # the statement says a <= b, and the target is b - a


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


class MonteCarlo:
    """The engine behind the entry point `montecarlo` of the group `rlproofs.channels`."""

    name = "montecarlo"

    def wants(self, evidence: Evidence) -> bool:
        return bool(evidence.samples)

    def new_budget(self, earlier: Mapping[str, Any] | None = None) -> Budget:
        from numeric.montecarlo.budget import Budget

        return Budget(earlier=earlier)

    def check(
        self,
        evidence: Evidence,
        variant: Variant,
        *,
        version: int,
        budget: Any,
        nonce: str,
        device: str = "cpu",
        seconds: float = 60.0,
        claim_record: Mapping[str, Any] | None = None,
    ) -> Record:
        """Plan, pay, draw and judge; see proofs.runner.channels.  Samples are drawn on the processor, whatever `device`."""
        from numeric.montecarlo.check import check

        entry, claim = only_sample(evidence), evidence.claim
        known = look(case_of(claim, entry, variant))
        planned = claims_plan(evidence, claim_record, known if isinstance(variant, str) else None)
        record = {"instance": known.case.instance, "estimand": tex(claim, known.case)}
        fault = problem(known, planned, variant)
        if fault is not None:
            return {**record, "verdict": "error", "detail": fault}
        found = check(
            known.sampler,
            **ranges(known),
            target=known.target,
            effects=dict(planned.effects),
            delta=None if isinstance(variant, str) else planned,
            claim=claim.id,
            version=version,
            nonce=nonce,
            budget=budget,
            label=known.case.label,
            alpha=planned.alpha,
            power=planned.power,
        )
        if found["verdict"] == "confirmed" and known.case.ordering and sign(known.exact_target) < 0:
            found["verdict"] = "refuted"  # the difference is what it is said to be, and it is negative
        found["target_exact"] = exact_text(known.exact_target, found["target_exact"])
        return {**record, **found, "distance": float(known.sampler.distance), "detail": sentence(found)}

    def plan(self, evidence: Evidence, *, version: int) -> list[Record]:
        """What would be drawn for the claim and for each mutant; draws and charges nothing."""
        from dataclasses import asdict

        entry, claim = only_sample(evidence), evidence.claim
        whole = look(case_of(claim, entry, "claim"))
        planned = claims_plan(evidence, known=whole)
        out = []
        for variant in ("claim", *sampled(claim.mutants), *sampled(claim.controls)):
            known = whole if isinstance(variant, str) else look(case_of(claim, entry, variant))
            own = planned if isinstance(variant, str) else plan_of(known, dict(planned.effects), planned)
            out.append({
                "check": known.case.label, "claim": claim.id, "version": version,
                "estimand": tex(claim, known.case), "target": float(middle(known.target)),
                "effect": known.effect, "instance": known.case.instance, **asdict(own), "effects": dict(own.effects),
                "problem": problem(known, planned, variant), "explained": own.explain(),
            })  # fmt: skip
        return out


CHANNEL = MonteCarlo()


# ------------------------------------------------------------------------------------- what a variant says
def only_sample(evidence: Evidence) -> dict[str, Any]:
    """The evidence's one sample."""
    if len(evidence.samples) != 1:
        raise ValueError(f"{evidence.claim.id} must declare one sample; got {len(evidence.samples)}")
    return evidence.samples[0]


def sampled(variants: Mapping[str, Any]) -> list[Any]:
    """The mutants or controls that name this channel."""
    return [v for v in variants.values() if MonteCarlo.name in v.channels]


def case_of(claim: Claim, entry: Mapping[str, Any], variant: Variant) -> Case:
    """The check that a variant asks for.  Raises ValueError where its statement does not say."""
    if isinstance(variant, str):
        return _case(claim, "statement", claim.statement, entry, {k: entry[k] for k in ("estimand", "target")})
    kind = "mutants" if isinstance(variant, Mutant) else "controls"
    own = dict(entry.get(kind, {}).get(variant.id, {}))
    return _case(claim, f"{kind[:-1]} {variant.id}", variant.statement, entry, own)


def _case(claim: Claim, label: str, says: Statement | None, entry: Mapping[str, Any], own: dict[str, Any]) -> Case:
    if says is None:
        raise ValueError(f"{label} of {claim.id} must have a statement to be sampled; got none")
    estimand, target = read_off(says.claim, entry)
    if label == "statement":
        linked(claim, entry, estimand, target)
    estimand, target = own.get("estimand", estimand), own.get("target", target)
    if estimand is None or target is None:
        raise ValueError(
            f"{label} of {claim.id}: say what is sampled, by estimand and target; got {show(says.claim):.80}"
        )
    claimed = mk("Eq", estimand, target)
    decls = claim.vocabulary.needed([claimed, says.claim, *[h for _, h in says.hyps]])
    instance, ordering = own.get("instance", entry["instance"]), says.claim.op == "Le"
    return Case(label, Statement(decls, says.hyps, claimed), instance, estimand, target, ordering)


def read_off(says: Term, entry: Mapping[str, Any]) -> tuple[Term | None, Term | None]:
    """Estimand and target of a statement, where its form tells them."""
    if says.op == "Eq" and says.args[0].op == "E":
        return says.args[0], says.args[1]
    if says.op == "Le":
        return entry["estimand"], says.args[1] - says.args[0]
    return entry["estimand"], None


def linked(claim: Claim, entry: Mapping[str, Any], estimand: Term | None, target: Term | None) -> None:
    """What the evidence samples is what the claim says: by its form, or by a claim that it cites."""
    says: Any = claim.says
    if entry["estimand"] is not estimand or entry["target"] is not target:
        raise ValueError(
            f"{claim.id}: estimand and target must be those of the statement; got {show(entry['target']):.80}"
        )
    if says.op == "Le":
        by = entry.get("by")
        link = mk("Eq", says.args[1], says.args[0] + estimand)
        if by not in claim.uses or by.says is not link:
            raise ValueError(
                f"{claim.id}: `by` must be a claim that it uses and that says {show(link):.200}; got {by and by.id}"
            )
        missing = {h.name for h in by.given} - {h.name for h in claim.given if h in by.given}
        if missing:
            raise ValueError(f"{claim.id} must have the hypotheses of {by.id}; it lacks {', '.join(sorted(missing))}")


# ------------------------------------------------------------------------------------- what is known beforehand
def look(case: Case) -> Known:
    """Enumerate a case: what a plan needs, exactly."""
    import math

    from numeric.montecarlo.sampler import Sampler, enclosed

    sampler = Sampler(case.statement, case.instance, case.estimand)
    spread = sampler.spread()
    target = sampler.exact.number(case.target, ())
    mid, rad = enclosed(target)
    gap = enclosed(add(spread.mean, target, -1))[0]
    bias = float(sampler.distance * (Fraction(spread.high) - Fraction(spread.low)))
    known = mid if not rad else (mid, rad)
    return Known(case, sampler, spread, target, known, abs(float(gap)), math.nextafter(bias, math.inf) if bias else 0.0)


def effect(case: Case) -> float:
    """|mean - target|, exactly, rounded once: 0 where the case is true."""
    from numeric.montecarlo.sampler import nearest

    return abs(nearest(Instance(case.statement, case.instance).number(case.estimand - case.target, ())))


def claims_plan(evidence: Evidence, record: Mapping[str, Any] | None = None, known: Known | None = None) -> Plan:
    """The plan of the claim's own check: from its record, or made anew from all its mutants' effects."""
    from numeric.montecarlo.plan import plan

    if record is not None and "delta" in record:
        low, high, sd, bias = (record[name] for name in ("low", "high", "sd", "bias"))
        return plan(low, high, sd, record["effects"], record["alpha"], record["power"], bias=bias)
    entry, claim = only_sample(evidence), evidence.claim
    effects = {m.id: effect(case_of(claim, entry, m)) for m in sampled(claim.mutants)}
    seen = {name: size for name, size in effects.items() if size > 0}
    return plan_of(known or look(case_of(claim, entry, "claim")), seen, None)


def plan_of(known: Known, effects: Mapping[str, float], claims: Plan | None) -> Plan:
    """A plan of this case, at the claim's delta if that is given."""
    from numeric.montecarlo.plan import plan

    rate = DRAWS_PER_SECOND / known.sampler.slots
    return plan(**ranges(known), effects=effects, alpha=ALPHA, power=POWER, delta=claims, rate=rate)


def ranges(known: Known) -> dict[str, Any]:
    """low, high, sd and bias of a case; the standard deviation is at most half the range, whatever rounding says."""
    spread = known.spread
    sd = min(spread.sd, (spread.high - spread.low) / 2)
    return {"low": spread.low, "high": spread.high, "sd": sd, "bias": known.bias}


def problem(known: Known, planned: Plan, variant: Variant) -> str | None:
    """Why a check must not be drawn, as a sentence; None if it may."""
    if isinstance(variant, Mutant) and known.effect < 2 * planned.delta:
        return (
            f"the mutant's effect must be at least 2 delta = {2 * planned.delta:.6g}; its exact mean and target differ by"
            f" {known.effect:.6g}, so no sampling is planned to see it"
        )
    own = plan_of(known, dict(planned.effects), planned)
    draws = own.n * known.sampler.slots
    if draws > MOST_DRAWS:
        asked = f"{own.n:,} samples of {known.sampler.slots} draws each (delta {own.delta:.3g}, {own.delta_from})"
        return f"a check takes at most {MOST_DRAWS:,} draws; got {asked}"
    lost, allowed = known.sampler.worst_rounding(), MOST_LOST * max(abs(own.low), abs(own.high))
    if lost > allowed:
        return f"a sample must be its exact value to within {allowed:.3g} on every outcome; it is off by {lost:.3g}"
    return None


def middle(target: int | Fraction | tuple[Fraction, Fraction]) -> Fraction:
    return target[0] if isinstance(target, tuple) else Fraction(target)


# ------------------------------------------------------------------------------------- in words
def tex(claim: Claim, case: Case) -> str:
    """The estimand as LaTeX."""
    from proofs.readings.latex import draw_names, latex

    return latex(case.estimand, claim.notation, draw_names(case.statement.raw))


def exact_text(target: Poly, otherwise: str) -> str:
    """A target with logarithms as they stand, where that is short."""
    words = show(back(target))
    return otherwise if is_const(target) or len(words) > MOST_WORDS else words


def sentence(found: Mapping[str, Any]) -> str:
    """What was seen."""
    low, high = found["interval"]
    return (
        f"the mean of {found['n']:,} samples lies in [{low:.6g}, {high:.6g}] but for a chance of {found['alpha']:g};"
        f" the target is {found['target']:.6g}, delta {found['delta']:.3g}"
    )
