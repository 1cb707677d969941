"""The exponential function: it lies above its tangent and is monotone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, lemma
from proofs.kernel.terms import Term, num
from proofs.language import D, Exp, Gt, Le, Ln, Lt, Vocabulary, local_real

TOPIC = Topic("theory_exponential", "The exponential function")


def concluded(pf: Any, claim: Term, why: str, by: Sequence[Any]) -> Any:
    """The claim's two sides in one line with its reason."""
    return pf.chain(claim.args[0]).link(claim.op, claim.args[1], why, by=by).done()


REALS = Vocabulary()
x, y = REALS.real("x"), REALS.real("y")


def at(x: str, y: str | None = None) -> Instance:
    return {"reals": {"x": x, **({} if y is None else {"y": y})}}


tangent = TOPIC.claim(
    "exp-tangent",
    "The exponential lies above its tangent at 0",
    kind="inequality",
    source=lemma("hw08d"),
    vocabulary=REALS,
    says=Le(1 + x, Exp(x)),
    witness=at("-2/7"),
    instances={"touches": at("0"), "far-below": at("-5"), "above": at("3/2")},
)


@tangent.proof
def _(pf: Any, claim: Term) -> None:
    """u - 1 - log u is least at u = 1; u = exp(x)."""
    v = local_real("v")
    f, here = v - 1 - Ln(v), [Gt(v, 0)]
    rises = pf.prove(Le(0, D(f, v) * (v - 1)), by=[pf.scale(pf.square(v - 1), 1 / v, under=here)], under=here)
    bound = pf.settle(pf.rule("tangent", [rises], f, v, num(1)), under=here)
    concluded(pf, claim, "u - 1 - log u is least at u = 1, where it is 0; u = exp(x)", [pf.put(bound, v, Exp(x))])


tangent.mutant("strict", Lt(1 + x, Exp(x)), at=at("0"), title="strictly above")
tangent.mutant("other-way", Le(Exp(x), 1 + x), title="below the tangent")
tangent.mutant("quadratic", Le(1 + x + x**2 / 2, Exp(x)), title="above the second Taylor polynomial, too")
tangent.control("moved-over", Le(0, Exp(x) - 1 - x), title="all on one side")


def monotone(id: str, title: str, relation: Callable[[Any, Any], Term], swapped: Instance) -> Any:
    """exp x R exp y from x R y."""
    made = TOPIC.claim(
        id,
        title,
        kind="inequality",
        source=lemma("hw08d"),
        vocabulary=REALS,
        uses=[tangent],
        given=[Hypothesis("order", relation(x, y), "the first exponent is the smaller one", swapped)],
        says=relation(Exp(x), Exp(y)),
        witness=at("-3/5", "2/7"),
        instances={"far": at("-4", "3"), "close": at("1/10", "1/9")},
    )

    def derive(pf: Any, claim: Term) -> None:
        above = pf.scale(pf.cite("exp-tangent", x=y - x), pf.prove(Lt(0, Exp(x))))
        gain = pf.scale(pf.step("order"), pf.prove(Lt(0, Exp(x))))
        (
            pf.chain(claim.args[0])
            .link(claim.op, Exp(x) * (1 + (y - x)), "the exponents in order", by=[gain])
            .le(Exp(x) * Exp(y - x), "the exponential of y - x lies above its tangent", by=[above])
            .eq(claim.args[1], "a product of powers")
            .done()
        )

    made.proof(derive)
    made.mutant("decreasing", relation(Exp(y), Exp(x)), title="the order turned round")
    made.mutant("reciprocal", relation(Exp(-x), Exp(-y)), title="for exp(-x), too")
    made.control("ratio", relation(1, Exp(y - x)), derive=as_ratio(relation), title="the ratio against 1")
    return made


def as_ratio(relation: Callable[[Any, Any], Term]) -> Any:
    def derive(pf: Any, claim: Term) -> None:
        concluded(
            pf, claim, "the exponential of y - x lies above its tangent", ["order", pf.cite("exp-tangent", x=y - x)]
        )

    return derive


increasing = monotone("exp-monotone", "The exponential is monotone", Le, at("2/7", "-3/5"))
strictly = monotone("exp-strict", "The exponential is strictly monotone", Lt, at("2/7", "2/7"))

balance = TOPIC.claim(
    "exp-balance",
    "A short rise against a longer fall: exp(x) + exp(-y) < 2",
    kind="inequality",
    source=lemma("hw08h"),
    vocabulary=REALS,
    uses=[tangent],
    given=[
        Hypothesis("falls", Gt(y, 0), "the second exponent is negative", at("1", "-2")),
        Hypothesis("small", Lt(2 * x * y, y - x), "x is small against y, and both are small", at("1", "2")),
    ],
    says=Lt(Exp(x) + Exp(-y), 2),
    witness=at("1/6", "3/4"),
    instances={"both-fall": at("-1/2", "2/7"), "one-moves": at("0", "1/9")},
)


@balance.proof
def _(pf: Any, claim: Term) -> None:
    """exp(x) (1 - x) <= 1 and exp(-y) (1 + y) <= 1; so (1 - x) (1 + y) (exp(x) + exp(-y)) < 2 (1 - x) (1 + y)."""
    wide = pf.prove(Lt(0, 1 + y), by=["falls"])

    def far(side: Term) -> Any:
        return pf.prove(Lt(0, 1 - x), by=["small", pf.scale(pf.prove(Lt(1, 2 * x), under=[side]), pf.step("falls"))])

    narrow = pf.cases(2 * x, 1, lambda side: pf.prove(Lt(0, 1 - x), under=[side]), far)
    rise = pf.scale(pf.scale(pf.cite("exp-tangent", x=-x), pf.prove(Lt(0, Exp(x)))), wide)
    fall = pf.scale(pf.scale(pf.cite("exp-tangent", x=y), pf.prove(Lt(0, Exp(-y)))), narrow)
    total, goal, weight = Exp(x) + Exp(-y), claim, (1 - x) * (1 + y)
    bound = (
        pf.chain(weight * total, "both sides times (1 - x) (1 + y), which is positive")
        .le((1 + y) + (1 - x), "exp(x) (1 - x) <= 1 and exp(-y) (1 + y) <= 1", by=[rise, fall])
        .link("Lt", weight * 2, "2 x y < y - x", by=["small"])
        .done()
    )

    def too_much(side: Term) -> Any:
        most = pf.scale(pf.scale(pf.prove(Le(2, total), under=[side]), wide), narrow)
        return pf.prove(goal, by=[pf.prove(Le(1, 0), by=[most, bound])])

    pf.cases(2, total, too_much, lambda side: pf.prove(goal, under=[side]))


balance.mutant("any-size", without=["small"], at=at("1", "2"), title="whenever x < y")
balance.mutant("both-rise", Lt(Exp(x) + Exp(y), 2), title="also where both rise")
balance.mutant("below-one", Lt(Exp(x) + Exp(-y), 1), title="less than 1")
balance.control("mean", Lt((Exp(x) + Exp(-y)) / 2, 1), title="the mean of the two against 1")

quadratic = TOPIC.claim(
    "exp-quadratic",
    "Near 0 the exponential lies below a parabola: exp(-y) <= 1 - y + 2 y^2 for y >= -1/2",
    kind="inequality",
    source=lemma("hw08d-small"),
    vocabulary=REALS,
    uses=[tangent],
    given=[Hypothesis("near", Le(num("-1/2"), y), "y is at least -1/2", {"reals": {"y": "-5"}})],
    says=Le(Exp(-y), 1 - y + 2 * y**2),
    witness={"reals": {"y": "-1/3"}},
    instances={
        "touches": {"reals": {"y": "0"}},
        "far": {"reals": {"y": "7/2"}},
        "at-the-end": {"reals": {"y": "-1/2"}},
    },
)


@quadratic.proof
def _(pf: Any, claim: Term) -> None:
    """exp(-y) (1 + y) <= 1 <= (1 + y) (1 - y + 2 y^2), because the product on the right is 1 + y^2 (1 + 2 y)."""
    wide = pf.prove(Lt(0, 1 + y), by=["near"])
    above = pf.scale(pf.cite("exp-tangent", x=y), pf.prove(Lt(0, Exp(-y))))
    room = pf.scale(pf.prove(Le(0, 1 + 2 * y), by=["near"]), pf.square(y))
    parabola = 1 - y + 2 * y**2
    bound = (
        pf.chain((1 + y) * Exp(-y), "both sides times 1 + y, which is positive")
        .le(1, "the exponential of y lies above its tangent", by=[above])
        .le((1 + y) * parabola, "the product is 1 + y^2 (1 + 2 y)", by=[room])
        .done()
    )

    def too_much(side: Term) -> Any:
        more = pf.scale(pf.prove(Lt(parabola, Exp(-y)), under=[side]), wide)
        return pf.prove(claim, by=[pf.prove(Le(1, 0), by=[more, bound])])

    pf.cases(Exp(-y), parabola, lambda side: pf.prove(claim, under=[side]), too_much)


quadratic.mutant("taylor", Le(Exp(-y), 1 - y + y**2 / 2), title="the second Taylor polynomial")
quadratic.mutant("anywhere", without=["near"], at={"reals": {"y": "-5"}}, title="for every y")
quadratic.mutant("strict", Lt(Exp(-y), 1 - y + 2 * y**2), at={"reals": {"y": "0"}}, title="strictly below")
quadratic.control("moved-over", Le(Exp(-y) + y, 1 + 2 * y**2), title="y on the other side")
