"""KL(p || q) is not negative, is 0 only where p = q, and is at least half the squared distance of p and q."""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Topic, homework, lemma
from proofs.kernel.terms import Term, num, opened
from proofs.kl import KL, NAMES, NOTATION, REALS, SUPPORT, a, at, i, k3, n, p, pair, q, tangent_log, u
from proofs.language import All, And, D, Eq, Ge, Gt, Implies, Ind, Le, Ln, Lt, Max, Ne, Sum, local_index, local_real

TOPIC = Topic("kl_positivity", "KL is never negative")
SUPPORTED = [SUPPORT[0]]
CATALOGUE, NEAR = pair("9/10 1/10", "1/2 1/2"), pair("1/3 2/3", "1/2 1/2")
HERE = [Le(0, i), Lt(i, n)]

# ------------------------------------------------------------------------------------- one logarithm
gap = TOPIC.claim(
    "log-tangent-gap",
    "How far log u lies below its tangent at 1",
    kind="inequality",
    source=lemma("kl-distance"),
    vocabulary=REALS,
    given=[Hypothesis("positive", Gt(u, 0), "the logarithm is defined", at("-1/3"))],
    says=Le(3 * (u - 1) ** 2 / (2 * (2 * u + 1)), k3(u)),
    witness=at("7/3"),
    instances={"least": at("1"), "below": at("2/7"), "far": at("1000")},
)


@gap.proof
def _(pf: Any, claim: Term) -> None:
    v = local_real("v")
    here = [Gt(v, 0)]
    f = k3(v) - 3 * (v - 1) ** 2 / (2 * (2 * v + 1))
    fourth = pf.scale(pf.square((v - 1) ** 2 / (2 * v + 1)), 1 / v, under=here)
    rises = (
        pf.chain(0, "the slope changes sign at 1 alone")
        .le(fourth.right, "a square", by=[fourth], under=here)
        .eq(D(f, v) * (v - 1), "the slope of the difference", under=here)
        .done()
    )
    bound = pf.settle(pf.rule("tangent", [rises], f, v, num(1)), under=here)
    least = pf.put(bound, v, u, by=["positive"])
    pf.prove(claim, by=[least, "positive"])


below_tangent = 3 * (u - 1) ** 2 / (2 * (2 * u + 1))
gap.mutant("strict", Lt(below_tangent, k3(u)), at=at("1"), title="strictly, also at 1")
gap.mutant("parabola", Le((u - 1) ** 2 / 2, k3(u)), title="the parabola (u - 1)^2 / 2")
gap.mutant("constant", Le(2 * (u - 1) ** 2 / (2 * u + 1), k3(u)), title="2 for 3/2")
gap.mutant("other-way", Le(k3(u), below_tangent), title="the other way round")
gap.control("log-below", Le(Ln(u), u - 1 - below_tangent), title="a bound on log u")

# ------------------------------------------------------------------------------------- two pmfs
squares = Sum(a, 0, n, (p(a) - q(a)) ** 2)
distance = TOPIC.claim(
    "kl-distance",
    "KL(p || q) is at least half the squared distance of p and q",
    kind="inequality",
    source=lemma("hw23-0"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[gap],
    given=SUPPORTED,
    says=Le(squares / 2, KL()),
    witness=pair("2/9 3/9 4/9", "1/2 1/3 1/6"),
    instances={"equal": pair("1/3 2/3", "1/3 2/3"), "outside": pair("1 0", "1/2 1/2"), "one-outcome": pair("1", "1")},
)


@distance.proof
def _(pf: Any, claim: Term) -> None:
    cases = {Gt(p(i), 0): where_positive(pf), Le(p(i), 0): where_zero(pf)}
    parts = [pf.rule("sum_order", [pf.every(i, 0, n, pf.rule("imply", [t], g))]) for g, t in cases.items()]
    sieved = [pf.rule("sieve", [], s, i, Gt(p(i), 0)) for s in (squares, Sum(a, 0, n, q(a)))]
    pf.prove(claim, by=["p-in-q", *parts, *sieved])


def at_most_one(pf: Any, f: Any) -> Any:
    """f(i) <= 1 for a pmf f: no term is more than the sum."""
    j = local_index("j")
    kept = pf.product(1 - Ind(Eq(j, i)), f(j), under=[Le(0, j), Lt(j, n)])
    below = pf.prove(Le(Ind(Eq(j, i)) * f(j), f(j)), by=[kept])
    total = pf.rule("sum_order", [pf.every(j, 0, n, below)])
    return pf.prove(Le(f(i), 1), by=[total], under=HERE)


def where_positive(pf: Any) -> Any:
    """(p - q)^2 / 2 <= p log(p / q) + q - p at an outcome that p can produce."""
    known = {"by": ["p-in-q"], "under": [*HERE, Gt(p(i), 0)]}
    low = p(i) + 2 * q(i)
    tangent = pf.scale(pf.cite("log-tangent-gap", u=q(i) / p(i), **known), p(i), **known)
    inverse = pf.inverse(low, **known)
    room = pf.prove(Le(0, 3 - low), by=[at_most_one(pf, p), at_most_one(pf, q)], under=HERE)
    factor = pf.prove(Le(0, (3 - low) / low), by=["p-in-q", pf.rule("scale", [inverse, room])], under=known["under"])
    half, more = (p(i) - q(i)) ** 2 / 2, 3 * (p(i) - q(i)) ** 2 / (2 * low)
    shrunk = pf.scale(pf.square(p(i) - q(i)), factor)
    gain = pf.prove(Eq((3 - low) / low * (p(i) - q(i)) ** 2, 2 * (more - half)), **known)
    return (
        pf.chain(half, "an outcome that p can produce")
        .le(more, "p + 2 q is at most 3", by=["p-in-q", shrunk, gain], under=known["under"])
        .eq(tangent.left, "in terms of q/p", **known)
        .then(tangent, "the logarithm lies that far below its tangent")
        .eq(p(i) * Ln(p(i) / q(i)) + q(i) - p(i), "multiplied out", **known)
        .done()
    )


def where_zero(pf: Any) -> Any:
    """(p - q)^2 / 2 <= q at an outcome that p cannot produce."""
    under = [*HERE, Le(p(i), 0)]
    zero = pf.prove(Eq(p(i), 0), under=under)
    gone = [pf.times(zero, p(i)), pf.times(zero, q(i))]
    small = pf.product(q(i), 1 - q(i), by=[at_most_one(pf, q)], under=HERE)
    return pf.prove(Le((p(i) - q(i)) ** 2 / 2, q(i)), by=[*gone, small], under=under)


distance.mutant("four-times", Le(2 * squares, KL()), at=NEAR, title="four times as much")
distance.mutant("strict", Lt(squares / 2, KL()), at=pair("1/3 2/3", "1/3 2/3"), title="strictly, also for p = q")
distance.mutant(
    "unsquared", Le(Sum(a, 0, n, Max(p(a) - q(a), q(a) - p(a))) / 2, KL()), at=NEAR, title="the distance for its square"
)
distance.mutant("reversed", Ge(squares / 2, KL()), title="the order reversed")
distance.control("doubled", Le(Sum(a, 0, n, (q(a) - p(a)) ** 2), 2 * KL()), title="both sides doubled")

# ------------------------------------------------------------------------------------- never negative, 0 only at p = q
REVERSED = Sum(a, 0, n, q(a) * Ln(q(a) / p(a)), where=Gt(q(a), 0))
hw230 = TOPIC.claim(
    "hw23-0",
    "KL(p || q) is never negative",
    kind="inequality",
    source=homework(23),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[tangent_log],
    given=SUPPORTED,
    says=Le(0, KL()),
    witness=pair("2/9 3/9 4/9", "1/2 1/3 1/6"),
    instances={
        "catalogue": CATALOGUE,
        "catalogue-reversed": pair("1/2 1/2", "9/10 1/10"),
        "outside": pair("1 0", "1/2 1/2"),
        "equal": pair("1/3 2/3", "1/3 2/3"),
    },
)


@hw230.proof
def never_negative(pf: Any, claim: Term) -> None:
    known = {"by": ["p-in-q"], "under": [*HERE, Gt(p(i), 0)]}
    tangent = pf.scale(pf.cite("log-tangent", u=q(i) / p(i), **known), p(i), **known)
    each = pf.prove(Le(p(i) - q(i), p(i) * Ln(p(i) / q(i))), by=["p-in-q", tangent], under=known["under"])
    total = pf.rule("sum_order", [pf.every(i, 0, n, pf.rule("imply", [each], Gt(p(i), 0)))])
    missed = pf.rule("imply", [pf.prove(Le(0, q(i)), under=HERE)], Le(p(i), 0))
    missed = pf.rule("sum_order", [pf.every(i, 0, n, missed)])
    mass = Sum(a, 0, n, q(a), where=Gt(p(a), 0))
    (
        pf.chain(0)
        .le(1 - mass, "q has at most mass 1 on the support of p",
            by=[missed, pf.rule("sieve", [], Sum(a, 0, n, q(a)), i, Gt(p(i), 0))])
        .eq(total.left, "p has mass 1 there")
        .then(total, "log u <= u - 1 at u = q/p, times p")
        .eq(KL(), "the definition", by=["p-in-q"])
        .done()
    )  # fmt: skip


def twice(pf: Any, claim: Term) -> None:
    never_negative(pf, Le(0, KL()))
    pf.prove(claim, by=[pf.last(), "p-in-q"])


hw230.mutant("symmetric", Eq(KL(), REVERSED), at=CATALOGUE, title="symmetric in p and q")
hw230.mutant("at-most-log-n", Le(KL(), Ln(n)), at=pair("9/10 1/10", "1/100 99/100"), title="at most log n")
hw230.mutant(
    "unnormalised",
    Le(0, Sum(a, 0, n, p(a) * Ln(p(a) / (2 * q(a))), where=Gt(p(a), 0))),
    at=pair("1/3 2/3", "1/3 2/3"),
    title="for any positive weights q",
)
hw230.mutant("strict", Lt(0, KL()), at=pair("1/3 2/3", "1/3 2/3"), title="strictly, also for p = q")
hw230.control("doubled", Le(0, 2 * KL()), derive=twice, title="the same of 2 KL")

SAME = All(a, 0, n, Eq(p(a), q(a)))
zero = TOPIC.claim(
    "hw23-0-zero",
    "KL(p || q) is 0 exactly where p = q",
    kind="iff",
    source=homework(23),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[distance],
    given=SUPPORTED,
    says=And(Implies(Eq(KL(), 0), SAME), Implies(SAME, Eq(KL(), 0))),
    witness=pair("1/3 2/3", "1/3 2/3"),
    instances={"apart": CATALOGUE, "with-a-zero": pair("1/3 2/3 0", "1/3 2/3 0"), "outside": pair("1 0", "1/2 1/2")},
)


@zero.proof
def both_ways(pf: Any, claim: Term) -> None:
    vanishes, same = claim.args[0].args
    pf.rule("both", [together(pf, vanishes, same), apart(pf, same, vanishes)])


def together(pf: Any, vanishes: Term, same: Term) -> Any:
    """KL = 0 leaves no square that is not 0."""
    j, gap, goal = local_index("j"), p(i) - q(i), opened(same.args[2], i)
    kept = pf.scale(pf.square(p(j) - q(j)), 1 - Ind(Eq(j, i)), under=[Le(0, j), Lt(j, n)])
    below = pf.prove(Le(Ind(Eq(j, i)) * (p(j) - q(j)) ** 2, (p(j) - q(j)) ** 2), by=[kept])
    total = pf.rule("sum_order", [pf.every(j, 0, n, below)])
    far = pf.cite("kl-distance", by=["p-in-q"])
    flat = pf.prove(Le(gap**2, 0), by=[total, far, vanishes, "p-in-q"], under=HERE)

    def side(d: Term, positive: Term) -> Any:
        """0 < d contradicts d^2 <= 0."""
        above = pf.prove(Lt(0, d), under=[positive])
        return pf.prove(goal, by=[flat, pf.rule("scale", [above, above])], under=HERE)

    def not_above(low: Term) -> Any:
        return pf.cases(0, gap, lambda up: pf.prove(goal, under=[low, up]), lambda h: side(-gap, h))

    each = pf.cases(gap, 0, not_above, lambda h: side(gap, h))
    return pf.rule("imply", [pf.every(i, 0, n, each)], vanishes)


def apart(pf: Any, same: Term, vanishes: Term) -> Any:
    """log 1 = 0."""
    known, place = {"by": ["p-in-q"], "under": [*HERE, Gt(p(i), 0)]}, local_real("place")
    scaled = pf.times(pf.at(same, i, under=HERE), 1 / q(i))
    one = pf.rule(
        "inside", [pf.prove(Eq(p(i) / q(i), 1), by=["p-in-q", scaled], under=known["under"])], place, Ln(place)
    )
    each = pf.prove(Eq(p(i) * Ln(p(i) / q(i)), 0), by=["p-in-q", pf.times(one, p(i))], under=known["under"])
    total = pf.rule("sum_order", [pf.every(i, 0, n, pf.rule("imply", [each], Gt(p(i), 0)))])
    return pf.rule("imply", [pf.prove(vanishes, by=[total, "p-in-q"])], same)


zero.mutant(
    "same-support",
    And(Implies(Eq(KL(), 0), SAME), Implies(SUPPORTED[0].prop, Eq(KL(), 0))),
    at=CATALOGUE,
    title="0 wherever the supports agree",
)
zero.mutant(
    "one-outcome-agrees",
    And(Implies(Eq(KL(), 0), SAME), Implies(Eq(p(0), q(0)), Eq(KL(), 0))),
    at=pair("1/3 1/3 1/3", "1/3 1/2 1/6"),
    title="0 where p and q agree on one outcome",
)
zero.mutant(
    "far-at-0",
    And(Implies(Eq(KL(), 0), Ne(p(0), q(0))), Implies(SAME, Eq(KL(), 0))),
    title="0 only where p and q differ",
)
BACKWARD = All(a, 0, n, Eq(q(a), p(a)))
zero.control("exchanged", And(Implies(Eq(0, KL()), BACKWARD), Implies(BACKWARD, Eq(0, KL()))), title="sides exchanged")
