"""The Monte Carlo channel: sampled means against their exact targets, for a claim and for its wrong variants.

What is sampled is read off the statement that is checked (`numeric.montecarlo.cases`), often several coordinates of it, which are
one check (`numeric.montecarlo.vector`): the budget pays the whole alpha for all of them.  Every target is an exact value; every
range, effect and standard deviation comes from enumeration, before anything is drawn (`numeric.montecarlo.known`).

Nothing but the standard library is imported before something runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from numeric.montecarlo.cases import Case, Variant, cases_of, only_sample, sampled
from numeric.montecarlo.known import (
    ALPHA,
    NO_EFFECT,
    POWER,
    Known,
    by_effect,
    claims_plans,
    coordinate,
    looked_at,
    problem,
)
from proofs.claims import Claim, Evidence
from proofs.kernel.poly import Poly, back, is_const
from proofs.kernel.terms import Term, mk, show
from proofs.kernel.value import sign

if TYPE_CHECKING:
    from numeric.montecarlo.budget import Budget
    from numeric.montecarlo.estimate import Estimate
    from numeric.montecarlo.plan import Plan
    from numeric.montecarlo.sampler import Sampler
    from numeric.montecarlo.vector import Coordinate

Record = dict[str, Any]
DRAWS_PER_SECOND = 1e8  # for a plan's forecast: measured on one core, the evaluation of the term included
MOST_WORDS = 300  # characters of an exact target in words


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
        draw: Callable[..., Estimate] | None = None,
    ) -> Record:
        """Plan, pay, draw and judge; see proofs.runner.channels.  draw: what spreads chunks over processes, if not `run`."""
        from numeric.montecarlo.vector import check_all

        claim = evidence.claim
        seen = looked_at(cases_of(claim, only_sample(evidence), variant))
        planned = claims_plans(evidence, claim_record, seen if isinstance(variant, str) else None)
        asked = by_effect([coordinate(known, planned, variant) for known in seen], seen)
        asked, device = placed(asked, device)
        first = seen[0].case
        record = {"instance": first.instance, "estimand": tex(claim, first)}
        fault = problem(seen, asked, planned, variant)
        if fault is not None:
            word = {"fault": "no effect"} if fault.startswith(NO_EFFECT) else {}
            return {**record, "verdict": "error", "detail": fault, **word}
        names = {"claim": claim.id, "version": version, "nonce": nonce, "budget": budget, "label": first.label}
        settings: dict[str, Any] = {} if draw is None else {"draw": draw}
        found = check_all(asked, **names, alpha=ALPHA, power=POWER, **settings)
        known = next(k for k in seen if k.case.name == found["coordinate"])
        if found["verdict"] == "confirmed" and known.case.ordering and sign(known.exact_target) < 0:
            found["verdict"] = "refuted"  # the difference is what it is said to be, and it is negative
        found |= ratio(found, seen)
        found["target_exact"] = exact_text(known.exact_target, found["target_exact"])
        if found["count"] == 1:
            found = {key: x for key, x in found.items() if key not in ("coordinate", "coordinates", "alpha_each")}
        drawn = {"distance": float(known.sampler.distance), "copies": known.sampler.statistic.copies}
        here = {"instance": known.case.instance, "estimand": tex(claim, known.case)}
        return {**here, **found, **drawn, "device": device, "detail": sentence(found, known.case)}

    def plan(self, evidence: Evidence, *, version: int) -> list[Record]:
        """What would be drawn for the claim and for each variant, coordinate by coordinate; draws and charges nothing."""
        entry, claim = only_sample(evidence), evidence.claim
        whole = looked_at(cases_of(claim, entry, "claim"))
        planned, out = claims_plans(evidence, known=whole), list[Record]()
        for variant in ("claim", *sampled(claim.mutants), *sampled(claim.controls)):
            seen = whole if isinstance(variant, str) else looked_at(cases_of(claim, entry, variant))
            out += self._planned(claim, version, seen, planned, variant)
        return out

    def _planned(
        self, claim: Claim, version: int, seen: list[Known], planned: dict[str, Plan], variant: Variant
    ) -> list[Record]:
        from dataclasses import asdict

        from numeric.montecarlo.vector import plans

        asked = [coordinate(known, planned, variant) for known in seen]
        fault = problem(seen, asked, planned, variant)
        rate = DRAWS_PER_SECOND / max(1, seen[0].sampler.draws)  # none are left where all is known
        own = plans(asked, ALPHA, POWER, rate)
        return [
            {
                "check": known.case.label + (f", {known.case.name}" if known.case.name else ""), "claim": claim.id,
                "variant": known.case.label, "alpha_all": ALPHA, "power_all": POWER,
                "version": version, "estimand": tex(claim, known.case), "words": words(known.case),
                "target": float(middle(known.target)), "effect": known.effect, "instance": known.case.instance,
                **asdict(one), "effects": dict(one.effects), "problem": fault, "explained": one.explain(),
            }
            for known, one in zip(seen, own.values(), strict=True)
        ]  # fmt: skip


CHANNEL = MonteCarlo()


def ratio(found: Record, seen: list[Known]) -> Record:
    """Of a ratio: what `confirmed` says of it, |ratio - target| <= ratio_delta; underpowered where the denominator may be 0."""
    if not any(k.case.ratio for k in seen):
        return {}
    delta = {one["name"].rpartition(": ")[2]: one["delta"] for one in found["coordinates"]}
    target = next(k.target for k in seen if k.case.ratio == "denominator")
    room = abs(float(middle(target))) - delta.get("denominator", math.inf)
    if found["verdict"] == "confirmed":
        return {"verdict": "underpowered"} if room <= 0 else {"ratio_delta": delta["numerator"] / room}
    return {}


def placed(asked: list[Coordinate], device: str) -> tuple[list[Coordinate], str]:
    """The coordinates with samplers on the device, where there is one; else on the processor."""
    if device == "cpu":
        return asked, device
    from numeric.montecarlo.device import OnDevice, available

    if not available(device):
        return asked, "cpu"
    return [replace(c, sampler=OnDevice(cast("Sampler", c.sampler), device)) for c in asked], device


def middle(target: int | Fraction | tuple[Fraction, Fraction]) -> Fraction:
    return target[0] if isinstance(target, tuple) else Fraction(target)


# ------------------------------------------------------------------------------------- in words
def tex(claim: Claim, case: Case) -> str:
    """The estimand as LaTeX; of a mean given the past, its own body alone can be written without that past."""
    from proofs.readings.latex import draw_names, latex

    return latex(_written(case), claim.notation, draw_names(case.statement.raw))


def words(case: Case) -> str:
    """The same in one line of plain text."""
    from proofs.readings.latex import draw_names, text

    return text(_written(case), draw_names(case.statement.raw))


def _written(case: Case) -> Term:
    from proofs.kernel.terms import opened

    estimand = case.estimand
    for x in case.env:
        estimand = opened(estimand, path_or_number(estimand, x))
    return estimand


def path_or_number(t: Term, x: Any) -> Term:
    """What stands for the value of a bound variable in a formula."""
    from proofs.kernel.terms import num, subterms

    if not isinstance(x, tuple):
        return num(x)
    names = {s.args[0] for s in subterms(t) if s.op in ("CondE", "Draw")}
    return mk("Path", min(names), "w")


def exact_text(target: Poly, otherwise: str) -> str:
    """A target with logarithms as they stand, where that is short."""
    words = show(back(target))
    return otherwise if is_const(target) or len(words) > MOST_WORDS else words


def sentence(found: Mapping[str, Any], case: Case) -> str:
    """What was seen."""
    low, high = found["interval"]
    what = "the share of paths that break it, in" if case.share else "the mean of"
    among = f"all {found['count']} coordinates were drawn; of {case.name}, " if found["count"] > 1 else ""
    return (
        f"{among}{what} {found['n']:,} samples lies in [{low:.6g}, {high:.6g}] but for a chance of {found['alpha']:g};"
        f" the target is {found['target']:.6g}, delta {found['delta']:.3g}"
    )
