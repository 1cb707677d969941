"""Where PPO's clipped objective has a slope in the ratio, and where it has none."""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Topic, homework, slides
from proofs.kernel.terms import Term
from proofs.language import And, D, Eq, Ge, Gt, Implies, Le, Lt, Ne
from proofs.ppo_clip import BOTH_SIGNS, NAMES, NOTATION, A, L, e, l, point

TOPIC = Topic("ppo_clip_slope", "The slope of PPO's clipped objective")

SLOPE = D(L, l)
GOOD, BAD = Gt(A, 0), Lt(A, 0)
BELOW, ABOVE = Lt(l, 1 - e), Gt(l, 1 + e)
INSIDE = [Gt(l, 1 - e), Lt(l, 1 + e)]


def each(*parts: Term) -> Term:
    """All of these."""
    first, *rest = parts
    return And(first, each(*rest)) if rest else first


def where(*conditions: Term) -> Any:
    """p -> under these conditions p."""
    first, *rest = conditions
    return lambda p: Implies(first, where(*rest)(p) if rest else p)


def zone_words(A: Term, l: Term, e: Term) -> dict[Term, str]:  # noqa: E741
    """What the conditions are called in a derivation."""
    return {
        Gt(A, 0): "a good action",
        Lt(A, 0): "a bad action",
        Lt(l, 1 - e): "below the interval",
        Gt(l, 1 - e): "above its lower end",
        Lt(l, 1 + e): "below its upper end",
        Gt(l, 1 + e): "above the interval",
    }


def part_by_part(pf: Any, claim: Term) -> None:
    prove_parts(pf, claim, ["width", *apart(pf, A, l, e)], zone_words(A, l, e))


def apart(pf: Any, A: Term, l: Term, e: Term, by: list[Any] | None = None) -> list[Any]:  # noqa: E741
    """Outside the interval the two terms of the minimum differ: by |A| times the distance to it, which is positive."""
    out, known = [], by or []
    for size, sign in ((A, Gt(A, 0)), (-A, Lt(A, 0))):
        for distance, side in ((1 - e - l, Lt(l, 1 - e)), (l - 1 - e, Gt(l, 1 + e))):
            product = pf.rule("scale", [pf.prove(Lt(0, distance), known, [side]), pf.prove(Lt(0, size), under=[sign])])
            pf.defined.append(pf.rule("imply", [pf.rule("imply", [product], side)], sign).n)
            out.append(product)
    return out


def prove_parts(pf: Any, p: Term, by: list[Any], words: dict[Term, str], under: tuple[Term, ...] = ()) -> Any:
    """A conjunction of comparisons, some of them under conditions; a premise serves where all that it rests on holds."""
    if p.op == "And":
        return pf.rule("both", [prove_parts(pf, part, by, words, under) for part in p.args])
    if p.op == "Implies":
        return pf.rule("imply", [prove_parts(pf, p.args[1], by, words, (*under, p.args[0]))], p.args[0])
    given = {*under, *[h for _, h in pf.statement.hyps]}
    known = {"by": [x for x in by if isinstance(x, str) or x.thm.hyps <= given], "under": under}
    if p.op != "Eq":
        return pf.prove(p, **known)
    title = ", ".join(words[h] for h in under if h in words) or "everywhere"
    return pf.chain(p.args[0], title).eq(p.args[1], "by the term that is the smaller here", **known).done()


def slopes(below_good: Any, above_bad: Any) -> Term:
    """The slope in each zone off the kinks."""
    return each(
        where(*INSIDE)(Eq(SLOPE, A)),
        where(GOOD, BELOW)(Eq(SLOPE, below_good)),
        where(GOOD, ABOVE)(Eq(SLOPE, 0)),
        where(BAD, BELOW)(Eq(SLOPE, 0)),
        where(BAD, ABOVE)(Eq(SLOPE, above_bad)),
    )


zones = TOPIC.claim(
    "hw14+",
    "The slope is A, and 0 where the policy has moved far enough the right way",
    kind="identity",
    source=homework(14),
    vocabulary=NAMES,
    notation=NOTATION,
    given=[Hypothesis("width", Gt(e, 0), "the clip interval has an inside", point("1/2", "1", "-1/5"))],
    says=slopes(A, A),
    witness=point("3/2", "7/3"),
    instances={**BOTH_SIGNS, "no-advantage": point("1", "0")},
    about="At both ends of the interval nothing is said: one is a kink, and at the other the clip inside has one.",
)
zones.proof(part_by_part)
zones.mutant("flat-on-both-sides", slopes(0, 0), at=point("1/2", "1"), title="0 on both sides, for each sign")
zones.mutant("flat-below", slopes(0, A), at=point("1/2", "1"), title="0 below, whatever the sign")
zones.mutant("flat-above", slopes(A, 0), at=point("3/2", "-1"), title="0 above, whatever the sign")
zones.mutant(
    "kink-included",
    where(GOOD, Ge(l, 1 + e))(Eq(SLOPE, 0)),
    at=point("6/5", "1"),
    title="a slope on the kink",
)
zones.control(
    "plain-slope-or-none",
    each(
        where(GOOD, ABOVE)(Eq(SLOPE, 0)),
        where(GOOD, BELOW)(Eq(SLOPE, D(l * A, l))),
        where(BAD, ABOVE)(Eq(D(l * A, l), SLOPE)),
        where(BAD, BELOW)(Eq(0, SLOPE)),
    ),
    title="the slope of the plain objective, or none",
)

vanishing = TOPIC.claim(
    "ch1-ppo-clip-gradient",
    "The slope vanishes for a good action above the interval, for a bad one below it, and nowhere else",
    kind="iff",
    source=slides("1776"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=[Hypothesis("width", Gt(e, 0), "the clip interval has an inside", point("1/2", "1", "-1/5"))],
    says=each(
        where(GOOD, ABOVE)(Eq(SLOPE, 0)),
        where(BAD, BELOW)(Eq(SLOPE, 0)),
        where(GOOD, BELOW)(Ne(SLOPE, 0)),
        where(BAD, ABOVE)(Ne(SLOPE, 0)),
        where(Ne(A, 0), *INSIDE)(Ne(SLOPE, 0)),
    ),
    witness=point("3/2", "-1"),
    instances=BOTH_SIGNS,
    about="An advantage of 0 is left out: then the objective is 0 everywhere.",
)
vanishing.proof(part_by_part)
vanishing.mutant(
    "flat-outside",
    each(where(ABOVE)(Eq(SLOPE, 0)), where(BELOW)(Eq(SLOPE, 0))),
    at=point("3/2", "-1"),
    title="0 wherever the ratio lies outside the interval",
)
vanishing.mutant(
    "good-actions-everywhere",
    where(GOOD)(Ne(SLOPE, 0)),
    title="never 0 for a good action",
    at=point("3/2", "1"),
)
vanishing.mutant(
    "ratio-stays", where(GOOD)(And(Le(1 - e, l), Le(l, 1 + e))), at=point("3/2", "1"), title="the ratio stays inside"
)
vanishing.control(
    "size-of-the-slope",
    each(where(GOOD, BELOW)(Gt(SLOPE, 0)), where(BAD, ABOVE)(Lt(SLOPE, 0)), where(GOOD, ABOVE)(Le(SLOPE, 0))),
    title="the sign of the slope",
)
