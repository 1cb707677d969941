"""PPO's clipped objective for one sample, min(l A, clip(l, 1 - e, 1 + e) A), for every ratio l, advantage A and e >= 0."""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Source, Topic, homework, slides
from proofs.kernel.terms import Term, replaced
from proofs.language import And, Clip, D, Eq, Ge, Gt, Implies, Ind, Le, Lt, Max, Min, Vocabulary, local_real

TOPIC = Topic("ppo_clip", "PPO's clipped objective")
NAMES = Vocabulary()
l, A, e = NAMES.real("l"), NAMES.real("A"), NAMES.real("epsilon")  # noqa: E741
NOTATION = {"l": r"\ell", "epsilon": r"\varepsilon"}
CLIPPED = Clip(l, 1 - e, 1 + e) * A
L = Min(l * A, CLIPPED)


def problem_set(part: str) -> Source:
    return Source("CS4789 problem set 4", f"problem {part}")


def point(ratio: str, advantage: str, width: str = "1/5") -> Instance:
    return {"reals": {"l": ratio, "A": advantage, "epsilon": width}}


def regions(advantage: str) -> dict[str, Instance]:
    """A point in each region and on each kink."""
    where = {"below": "1/3", "lower-kink": "4/5", "inside": "1", "upper-kink": "6/5", "above": "3/2"}
    return {name: point(ratio, advantage) for name, ratio in where.items()}


width = Hypothesis("width", Ge(e, 0), "the clip interval is not empty", point("3/2", "7/3", "-1/5"))
hw14a = TOPIC.claim(
    "hw14a",
    "For A >= 0 the clipped objective is min(l, 1 + e) A",
    kind="identity",
    source=homework(14, "a"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=[Hypothesis("sign", Ge(A, 0), "the advantage is not negative", point("3/2", "-7/3")), width],
    says=Eq(L, Min(l, 1 + e) * A),
    witness=point("3/2", "7/3"),
    instances={**regions("7/3"), "catalogue": point("1/2", "1"), "no-advantage": point("3/2", "0")},
)
hw14b = TOPIC.claim(
    "hw14b",
    "For A < 0 the clipped objective is max(l, 1 - e) A",
    kind="identity",
    source=homework(14, "b"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=[
        Hypothesis("sign", Lt(A, 0), "the advantage is negative", point("2/3", "7/3")),
        Hypothesis("width", Ge(e, 0), "the clip interval is not empty", point("2/3", "-7/3", "-1/5")),
    ],
    says=Eq(L, Max(l, 1 - e) * A),
    witness=point("2/3", "-7/3"),
    instances={**regions("-7/3"), "catalogue": point("1/2", "-1")},
)


def by_region(size: Term, below: Term, above: Term) -> Any:
    """Ratio below, inside or above the interval; outside it the sign of A decides which of the two terms is smaller.

    size: |A|.  below, above: the objective in the outer regions.
    """

    def derive(pf: Any, claim: Term) -> None:
        start, end = claim.args
        given = ["sign", "width"]

        def region(title: str, clipped: Term, value: Term, distance: Term | None, *where: Term) -> Any:
            """One region: what the clip is there, which term is smaller, and that the closed form says the same."""
            known = {"by": given, "under": where}
            wider = [] if distance is None else [pf.product(distance, size, **known)]
            return (
                pf.chain(start, title)
                .eq(Min(l * A, clipped * A), "the clip on this region", **known)
                .eq(value, "the smaller of the two", by=[*given, *wider], under=where)
                .eq(end, "the closed form on this region", **known)
                .done()
            )

        def not_below(low: Term) -> Any:
            return pf.cases(
                l,
                1 + e,
                lambda high: region("inside the interval", l, l * A, None, low, high),
                lambda high: region("above the interval", 1 + e, above, l - 1 - e, low, high),
            )

        pf.cases(l, 1 - e, lambda low: region("below the interval", 1 - e, below, 1 - e - l, low), not_below)

    return derive


hw14a.proof(by_region(A, below=l * A, above=(1 + e) * A))
hw14b.proof(by_region(-A, below=(1 - e) * A, above=l * A))

LIBRARY = "a sign or side slip that the tests of several RL libraries let through"
hw14a.mutant(
    "clip-alone",
    Eq(Clip(l, 1 - e, 1 + e) * A, Min(l, 1 + e) * A),
    at=point("1/2", "1"),
    title="the outer min forgotten",
)
hw14a.mutant(
    "three-terms", Eq(Min(L, (1 - e) * A), Min(l, 1 + e) * A), at=point("1", "1"), title="the least of all three terms"
)
hw14a.mutant("lower-side", Eq(L, Max(l, 1 - e) * A), title="the formula for negative advantages", seen_in=LIBRARY)
hw14a.mutant("outer-max", Eq(Max(l * A, Clip(l, 1 - e, 1 + e) * A), Min(l, 1 + e) * A), title="max for the outer min")
hw14a.control(
    "in-or-out", Eq(Min(Clip(l, 1 - e, 1 + e) * A, A * l), A * Min(1 + e, l)), title="factors and terms exchanged"
)

hw14b.mutant(
    "upper-side",
    Eq(L, Min(l, 1 + e) * A),
    at=point("1/2", "-1"),
    title="the formula for positive advantages",
    seen_in=LIBRARY,
)
hw14b.mutant(
    "clip-alone",
    Eq(Clip(l, 1 - e, 1 + e) * A, Max(l, 1 - e) * A),
    at=point("3/2", "-1"),
    title="the outer min forgotten",
)
hw14b.mutant("min-for-max", Eq(L, Min(l, 1 - e) * A), at=point("1", "-1"), title="min for max")
hw14b.mutant("size-of-A", Eq(L, Max(l, 1 - e) * Max(A, -A)), title="|A| for A")
hw14b.control(
    "in-or-out", Eq(Min(Clip(l, 1 - e, 1 + e) * A, A * l), A * Max(1 - e, l)), title="factors and terms exchanged"
)

# ------------------------------------------------------------------------------------- both signs at once
anywhere = Hypothesis("width", Ge(e, 0), "the clip interval is not empty", point("3/2", "7/3", "-1/5"))
BOTH_SIGNS = {f"{name}-{word}": at for word, A in (("good", "1"), ("bad", "-1")) for name, at in regions(A).items()}
NO_ADVANTAGE = point("3/2", "0")
CASES = Ind(Ge(A, 0)) * (Min(l, 1 + e) * A) + Ind(Lt(A, 0)) * (Max(l, 1 - e) * A)
equal = TOPIC.claim(
    "ch1-ppo-clip-equal",
    "The form by cases is the form with a minimum",
    kind="identity",
    source=slides("1768-1780"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[hw14a, hw14b],
    aliases=("a5-q7-clip",),
    given=[anywhere],
    says=Eq(L, CASES),
    witness=point("3/2", "7/3"),
    instances={**BOTH_SIGNS, "wide": point("-1/2", "2", "3"), "no-advantage": NO_ADVANTAGE},
)


def by_sign(pf: Any, claim: Term) -> None:
    """hw14a where the advantage is not negative, hw14b where it is."""
    start, end = claim.args

    def case(title: str, cited: str, sign: Term) -> Any:
        known = pf.cite(cited, by=["width"], under=[sign])
        return (
            pf.chain(start, title).eq(known.right, cited, by=["width", known]).eq(end, "its case", under=[sign]).done()
        )

    pf.cases(
        0,
        A,
        lambda sign: case("not negative", "hw14a", sign),
        lambda sign: case("negative", "hw14b", sign),
    )


equal.proof(by_sign)
equal.mutant("outer-max", Eq(Max(l * A, CLIPPED), CASES), title="max for the outer min")
equal.mutant("clip-on-both-sides", Eq(CLIPPED, CASES), at=point("1/2", "1"), title="the outer min dropped")
equal.mutant(
    "max-for-bad-actions",
    Eq(Ind(Ge(A, 0)) * L + Ind(Lt(A, 0)) * Max(l * A, CLIPPED), CASES),
    at=point("3/2", "-1"),
    title="the outer max where the advantage is negative",
)


def both_signs_turned(pf: Any, claim: Term) -> None:
    """From the claim: sides exchanged, and A = 0, where both cases are 0, counted with the negative advantages."""
    by_sign(pf, Eq(L, CASES))
    known = pf.last()

    def signed(h: Term) -> Any:
        return pf.prove(claim, ["width", known], [h])

    def at_most_zero(low: Term) -> Any:
        return pf.cases(0, A, lambda zero: without_advantage(pf, claim, [low, zero]), signed)

    pf.cases(A, 0, at_most_zero, signed)


def without_advantage(pf: Any, claim: Term, zero: list[Term]) -> Any:
    """An equation that holds with 0 in the place of A, at A = 0."""
    none = pf.prove(Eq(A, 0), under=zero)
    left, right = (pf.rule("inside", [none], local_real("A"), replaced(t, {A: local_real("A")})) for t in claim.args)
    plain = pf.prove(Eq(left.right, right.right), by=["width"])
    return pf.prove(claim, by=["width", left, plain, right])


equal.control(
    "zero-with-the-negative",
    Eq(Ind(Gt(A, 0)) * (Min(l, 1 + e) * A) + Ind(Le(A, 0)) * (Max(l, 1 - e) * A), L),
    derive=both_signs_turned,
    title="sides exchanged, A = 0 in the other case",
)

# ------------------------------------------------------------------------------------- which term is the smaller
TABLE = (
    Ind(Ge(A, 0)) * (Ind(Le(l, 1 + e)) * l + Ind(Lt(1 + e, l)) * (1 + e)) * A
    + Ind(Lt(A, 0)) * (Ind(Le(1 - e, l)) * l + Ind(Lt(l, 1 - e)) * (1 - e)) * A
)
table = TOPIC.claim(
    "cs4789-1a.3",
    "Which of the terms is the minimum",
    kind="identity",
    source=problem_set("1a"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[hw14a, hw14b],
    given=[anywhere],
    says=Eq(L, TABLE),
    witness=point("3/2", "7/3"),
    instances={**BOTH_SIGNS, "no-advantage": NO_ADVANTAGE},
    about="At a tie, with the ratio on a kink, both entries of the table are the same number.",
)


@table.proof
def by_table(pf: Any, claim: Term) -> None:
    start, end = claim.args

    def case(title: str, cited: str, sign: Term, low: Term, high: Term) -> Any:
        known = pf.cite(cited, by=["width"], under=[sign])

        def side(h: Term) -> Any:
            here = {"by": ["width"], "under": [sign, h]}
            return (
                pf.chain(start, title).eq(known.right, cited, by=["width", known]).eq(end, "the table", **here).done()
            )

        return pf.cases(low, high, side, side)

    pf.cases(
        0,
        A,
        lambda sign: case("not negative", "hw14a", sign, l, 1 + e),
        lambda sign: case("negative", "hw14b", sign, 1 - e, l),
    )


table.mutant(
    "three-terms",
    Eq(Min(Min(l * A, (1 - e) * A), (1 + e) * A), TABLE),
    at=point("1", "1"),
    title="the least of all three terms",
    seen_in="CS4789 problem set 4, problem 1a: three terms are listed, and `the min` is taken",
)
table.mutant(
    "floor-for-good-actions",
    Eq(
        L, Ind(Ge(A, 0)) * (Ind(Le(1 - e, l)) * l + Ind(Lt(l, 1 - e)) * (1 - e)) * A + Ind(Lt(A, 0)) * Max(l, 1 - e) * A
    ),
    at=point("1/2", "1"),
    title="(1 - e) A active where A > 0",
)


def table_first(pf: Any, claim: Term) -> None:
    by_table(pf, Eq(L, TABLE))
    pf.prove(claim, ["width", pf.last()])


table.control("table-first", Eq(TABLE, Min(CLIPPED, A * l)), derive=table_first, title="sides and terms exchanged")

# ------------------------------------------------------------------------------------- what the outer minimum is for
EXCESS = Max(A, 0) * Max(1 - e - l, 0) + Max(-A, 0) * Max(l - 1 - e, 0)
without_min = TOPIC.claim(
    "cs4789-1c+",
    "Without the minimum the objective is larger, and on two zones only",
    kind="identity",
    source=problem_set("1c"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=[anywhere],
    says=Eq(CLIPPED - L, EXCESS),
    witness=point("1/2", "2"),
    instances={**BOTH_SIGNS, "bad-and-frequent": point("3/2", "-3"), "no-advantage": NO_ADVANTAGE},
    about="The difference is |A| times the distance to the interval: below it where A > 0, above it where A < 0.",
)


@without_min.proof
def by_distance(pf: Any, claim: Term) -> None:
    """For each sign of A, in each region: the product of |A| and the distance has a sign."""
    given = ["width"]

    def region(sign: Term, size: Term, distance: Term | None, *where: Term) -> Any:
        under = [sign, *where]
        known = [] if distance is None else [pf.product(distance, size, by=given, under=under)]
        return pf.prove(claim, by=[*given, *known], under=under)

    def signed(size: Term) -> Any:
        def regions(sign: Term) -> Any:
            return pf.cases(
                l,
                1 - e,
                lambda low: region(sign, size, 1 - e - l, low),
                lambda low: pf.cases(
                    l,
                    1 + e,
                    lambda high: region(sign, size, None, low, high),
                    lambda high: region(sign, size, l - 1 - e, low, high),
                ),
            )

        return regions

    pf.cases(0, A, signed(A), signed(-A))


def either_term(pf: Any, claim: Term) -> None:
    """A minimum is one of its terms."""
    pf.cases(l * A, CLIPPED, *[lambda h: pf.prove(claim, ["width"], [h])] * 2)


without_min.mutant("equal-everywhere", Eq(CLIPPED, L), title="the two agree everywhere")
without_min.mutant("other-way", Le(CLIPPED, L), title="the inequality turned round")
without_min.mutant(
    "one-zone", Eq(CLIPPED - L, Max(A, 0) * Max(1 - e - l, 0)), at=point("3/2", "-3"), title="one zone only"
)
without_min.control("hence-larger", Le(L, CLIPPED), derive=either_term, title="hence never less")

# ------------------------------------------------------------------------------------- a lower bound that touches at 1
open_width = Hypothesis("width", Gt(e, 0), "the clip interval has an inside", point("1", "1", "0"))
BOUND = Le(L, l * A)
bound = TOPIC.claim(
    "ch1-ppo-clip-bound",
    "The clipped objective lies below the plain one and touches it at ratio 1",
    kind="inequality",
    source=slides("1776-1780"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=[open_width],
    says=And(BOUND, And(Implies(And(Le(1 - e, l), Le(l, 1 + e)), Eq(L, l * A)), Eq(D(L, l, 1), D(l * A, l, 1)))),
    witness=point("3/2", "7/3"),
    instances={**BOTH_SIGNS, "no-advantage": NO_ADVANTAGE},
    about="At ratio 1, where training on a batch starts, the clip changes neither value nor slope.",
)


@bound.proof
def touches(pf: Any, claim: Term) -> None:
    band, tangent = claim.args[1].args
    either_term(pf, BOUND)
    below = pf.last()
    inside = pf.rule("imply", [pf.prove(band.args[1], ["width"], [band.args[0]])], band.args[0])
    pf.rule("both", [below, pf.rule("both", [inside, pf.prove(tangent, ["width"])])])


bound.mutant("upper-bound", Le(l * A, L), at=point("3/2", "1"), title="an upper bound")
bound.mutant(
    "equal-outside",
    And(Implies(Lt(l, 1 - e), Eq(L, l * A)), Implies(Lt(1 + e, l), Eq(L, l * A))),
    at=point("3/2", "1"),
    title="equal outside the band, on both sides",
)
bound.mutant("flat-at-one", Eq(D(L, l, 1), 0), title="no slope at ratio 1")
bound.control("moved-over", Le(L - l * A, 0), derive=either_term, title="the first part, everything on one side")
