"""What a claim's evidence and its variants ask to be sampled: read off the statement, never typed twice.

There are two ways.

Evidence that names the claim's own sentence as its estimand (`numeric.experiments.sides.as_stated`): one coordinate for each
comparison of means in it, each an expectation, a polynomial in expectations, or a mean given a past (`numeric.montecarlo.forms`).
Several coordinates are one check (`numeric.montecarlo.vector`): the budget pays the whole alpha for all of them.

Evidence with an estimand of its own, which a claim must justify:

    E[f] = t     the mean of f against t
    a <= b       the estimand of the evidence against b - a.  The evidence names, by `by`, a claim that this one cites and
                 that says b = a + estimand; so a mutant of the ordering meets the very samples that confirm the ordering

There a variant of any other form is sampled as stated, unless the evidence says what it means: `mutants={"weight": {"target":
...}}`, with any of `instance`, `estimand` and `target`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from proofs.claims import Claim, Control, Evidence, Mutant
from proofs.kernel.statement import Statement
from proofs.kernel.terms import Term, mk, show

Variant = Literal["claim"] | Mutant | Control
CHANNEL = "montecarlo"


@dataclass(frozen=True)
class Case:
    """One coordinate of a check: on this instance of this statement, the mean of the estimand is the target.

    env: the path that is known, where the statement speaks of every path.  ordering: the statement says a <= b, and the target
    is b - a.  order: so it does, and the target is b - a or, where that is negative, 0.  share: the estimand is a probability.
    ratio: the numerator or the denominator of one.  scale: the statistic is not the claim's, and its delta follows from its own
    spread and effect.
    """

    label: str
    statement: Statement
    instance: dict[str, Any]
    estimand: Term
    target: Term
    ordering: bool = False
    name: str = ""
    env: tuple[Any, ...] = ()
    order: bool = False
    share: bool = False
    ratio: str = ""
    scale: bool = False


def only_sample(evidence: Evidence) -> dict[str, Any]:
    """The evidence's one sample."""
    if len(evidence.samples) != 1:
        raise ValueError(f"{evidence.claim.id} must declare one sample; got {len(evidence.samples)}")
    return evidence.samples[0]


def sampled(variants: Mapping[str, Any]) -> list[Any]:
    """The mutants or controls that name this channel."""
    return [v for v in variants.values() if CHANNEL in v.channels]


def cases_of(claim: Claim, entry: Mapping[str, Any], variant: Variant) -> list[Case]:
    """The check that a variant asks for, coordinate by coordinate.  Raises ValueError where its statement does not say."""
    if isinstance(variant, str):
        label, says, own = "statement", claim.statement, dict[str, Any]()
    else:
        kind = "mutant" if isinstance(variant, Mutant) else "control"
        label, says = f"{kind} {variant.id}", variant.statement
        own = dict(entry.get(f"{kind}s", {}).get(variant.id, {}))
    if says is None:
        raise ValueError(f"{label} of {claim.id} must have a statement to be sampled; got none")
    if entry["estimand"] is claim.says:
        return _as_stated(claim, label, says, entry, variant, own)
    estimand, target = read_off(says.claim, entry)
    if label == "statement":
        linked(claim, entry, estimand, target)
        own = {k: entry[k] for k in ("estimand", "target")}
    estimand, target = own.get("estimand", estimand), own.get("target", target)
    if estimand is None or target is None:
        return _as_stated(claim, label, says, entry, variant, own)
    claimed = mk("Eq", estimand, target)
    decls = claim.vocabulary.needed([claimed, says.claim, *[h for _, h in says.hyps]])
    instance, ordering = own.get("instance", entry["instance"]), says.claim.op == "Le"
    return [Case(label, Statement(decls, says.hyps, claimed), instance, estimand, target, ordering)]


def _as_stated(
    claim: Claim, label: str, says: Statement, entry: Mapping[str, Any], variant: Variant, own: Mapping[str, Any]
) -> list[Case]:
    """The statement's own comparisons, on the evidence's instances; without a hypothesis, where the variant breaks it.

    Of a false sentence, what is confirmed is that it fails there; its variants are sampled as any others.
    """
    from numeric.montecarlo.forms import broken, joined, parts

    places = {"": entry["instance"], **entry.get("also", {})}
    if isinstance(variant, Mutant) and claim.statement and len(says.hyps) < len(claim.statement.hyps):
        places = {"": variant.at}
    if "instance" in own:
        places = {"": own["instance"]}
    read = broken if label == "statement" and claim.expected == "refuted" else parts
    more = {"scale": entry["estimand"] is not claim.says}
    return [
        Case(
            label, says, instance, p.estimand, p.target, name=joined(place, p.name), env=p.env, order=p.order,
            share=p.share, ratio=p.ratio, **more,
        )
        for place, instance in places.items()
        for p in read(says, instance)
    ]  # fmt: skip


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
        turned = mk("Eq", estimand, says.args[1] - says.args[0])
        if by not in claim.uses or (by.says is not link and by.says is not turned):
            raise ValueError(
                f"{claim.id}: `by` must be a claim that it uses and that says {show(link):.200}; got {by and by.id}"
            )
        missing = {h.name for h in by.given} - {h.name for h in claim.given if h in by.given}
        if missing:
            raise ValueError(f"{claim.id} must have the hypotheses of {by.id}; it lacks {', '.join(sorted(missing))}")
