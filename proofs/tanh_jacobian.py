"""tanh, its inverse, and log(1 - tanh(u)^2): the logarithm of the slope of tanh, in the forms in which libraries compute it.

    tanh(u) = (e^u - e^-u) / (e^u + e^-u)          artanh(a) = log((1 + a) / (1 - a)) / 2,  -1 < a < 1

A policy that squashes a Gaussian u to a = tanh(u) needs this logarithm in its density: see `proofs.tanh_gaussian`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, lemma
from proofs.kernel.terms import Term, num
from proofs.language import D, Eq, Exp, Le, Ln, Lt, Max, Vocabulary, local_real
from proofs.theory.exponential import tangent as exp_tangent

TOPIC = Topic("tanh_jacobian", "tanh and the logarithm of its slope")
EPSILON = num("1/1000000")
LIBRARIES = "Stable-Baselines3; CleanRL, with the scale of the action inside"
t, v = local_real("t"), local_real("v")

# ------------------------------------------------------------------------------------- tanh and its inverse
REALS = Vocabulary()
u, a = REALS.real("u"), REALS.real("a")
tanh = REALS.define("tanh", (Exp(u) - Exp(-u)) / (Exp(u) + Exp(-u)), u)
artanh = REALS.define("artanh", Ln((1 + a) / (1 - a)) / 2, a)
SHOWN = {"tanh": r"\tanh\left({0}\right)", "artanh": r"\operatorname{{artanh}}\left({0}\right)"}


def at(value: str, name: str = "u") -> Instance:
    return {"reals": {name: value}}


UNIT = [
    Hypothesis("below", Lt(a, 1), "the action lies below 1", at("3/2", "a")),
    Hypothesis("above", Lt(-1, a), "the action lies above -1", at("-3/2", "a")),
]


def positive(pf: Any, c: Term, by: Sequence[Any], under: Sequence[Term] = ()) -> tuple[Any, Any]:
    """0 < 1 - c^2 and 0 < (1 + c) / (1 - c), both being products of positive numbers; `by` says that -1 < c < 1."""
    below, above = pf.prove(Lt(0, 1 - c), by, under), pf.prove(Lt(0, 1 + c), by, under)
    reciprocal = pf.prove(Lt(0, 1 / (1 - c)), by=[below], under=under)
    return pf.rule("scale", [below, above]), pf.rule("scale", [above, reciprocal])


def cancelled(pf: Any, f: Term, g: Term, by: Sequence[Any]) -> Any:
    """f g / g = f, where g > 0 follows from `by`."""
    return pf.put(pf.prove(Eq(f * v / v, f), by, [Lt(0, v)]), v, g, by=by)


back = TOPIC.claim(
    "tanh-artanh",
    "tanh takes artanh a back to a",
    kind="identity",
    source=lemma("hw13"),
    vocabulary=REALS,
    notation=SHOWN,
    given=UNIT,
    says=Eq(tanh(artanh(a)), a),
    witness=at("-5/13", "a"),
    instances={"double": at("3/5", "a"), "near-the-edge": at("-99/101", "a")},
    about="In the instances (1 + a) / (1 - a) is the square of a rational number, so that every exponential is rational.",
)


@back.proof
def _(pf: Any, claim: Term) -> None:
    room, odds = positive(pf, a, ["below", "above"])
    pf.defined.append(odds.n)
    doubled = pf.put(pf.prove(Eq(tanh(v), (Exp(2 * v) - 1) / (Exp(2 * v) + 1))), v, artanh(a))
    (
        pf.chain(tanh(artanh(a)))
        .then(doubled, "multiplied by e^u above and below, u = artanh a")
        .eq(a, "e^(2 artanh a) = (1 + a) / (1 - a)", by=["below", "above", room, odds])
        .done()
    )
    pf.prove(claim, by=["below", "above", odds, pf.last()])


back.mutant("not-halved", Eq(tanh(Ln((1 + a) / (1 - a))), a), title="the logarithm without its half")
back.mutant("upside-down", Eq(tanh(Ln((1 - a) / (1 + a)) / 2), a), title="the fraction upside down")
back.mutant("slope-for-value", Eq(tanh(artanh(a)), 1 - a**2), title="the slope for the value")
back.control("on-one-side", Eq(tanh(artanh(a)) - a, 0), title="all on one side")

slope = TOPIC.claim(
    "artanh-slope",
    "The slope of artanh is 1 / (1 - a^2)",
    kind="identity",
    source=lemma("hw13"),
    vocabulary=REALS,
    notation=SHOWN,
    given=UNIT,
    says=Eq(D(artanh(t), t, a), 1 / (1 - a**2)),
    witness=at("-2/7", "a"),
    instances={"catalogue": at("1/2", "a"), "near-the-edge": at("-99/100", "a"), "centre": at("0", "a")},
)


@slope.proof
def _(pf: Any, claim: Term) -> None:
    room, odds = positive(pf, a, ["below", "above"])
    pf.defined += [room.n, odds.n]
    pf.prove(claim, by=["below", "above", room, odds])


slope.mutant("one-minus-a", Eq(D(artanh(t), t, a), 1 / (1 - a)), title="1 - a for 1 - a^2")
slope.mutant("plus", Eq(D(artanh(t), t, a), 1 / (1 + a**2)), title="the slope of arctan")
slope.mutant("slope-of-tanh", Eq(D(artanh(t), t, a), 1 - a**2), title="the slope of tanh")
slope.control("without-fraction", Eq((1 - a**2) * D(artanh(t), t, a), 1), title="the slopes of inverse functions")

steepness = TOPIC.claim(
    "tanh-slope",
    "The slope of tanh is 1 - tanh^2",
    kind="identity",
    source=lemma("hw13"),
    vocabulary=REALS,
    notation=SHOWN,
    says=Eq(D(tanh(t), t, u), 1 - tanh(u) ** 2),
    witness=at("ln(3/2)"),
    instances={"negative": at("ln(2/7)"), "zero": at("0")},
)


@steepness.proof
def _(pf: Any, claim: Term) -> None:
    pf.prove(claim)


steepness.mutant("one-minus-tanh", Eq(D(tanh(t), t, u), 1 - tanh(u)), title="1 - tanh for 1 - tanh^2")
steepness.mutant("plus", Eq(D(tanh(t), t, u), 1 + tanh(u) ** 2), title="the slope of the tangent")
steepness.control("moved-over", Eq(D(tanh(t), t, u) + tanh(u) ** 2, 1), title="tanh^2 on the left")

# ------------------------------------------------------------------------------------- log(1 - tanh(u)^2)
SIZE = Max(u, -u)
FAR = {"negative": at("ln(2/7)"), "saturated": at("ln(100)"), "zero": at("0")}
CORRECTION = Ln(1 - tanh(u) ** 2)


def stable(x: Any) -> Term:
    """2 (log 2 - x - softplus(-2 x)) with softplus(y) = log(1 + e^y)."""
    return 2 * (Ln(num(2)) - x - Ln(1 + Exp(-2 * x)))


def as_square(pf: Any, root: Any) -> tuple[Any, Any]:
    """1 - tanh(u)^2 = root^2, and that it is positive."""
    squared = pf.prove(Eq(1 - tanh(u) ** 2, root**2))
    room = pf.prove(Lt(0, squared.left), by=[squared, pf.prove(Lt(0, root**2))])
    pf.defined.append(room.n)
    return squared, room


def softplus_form(pf: Any, x: Any) -> Any:
    """The logarithm with x in its stable form, for x = u and x = -u."""
    squared, _ = as_square(pf, 2 * Exp(-x) / (1 + Exp(-2 * x)))
    return (
        pf.chain(CORRECTION)
        .then(pf.rule("inside", [squared], v, Ln(v)), "1 - tanh^2 is a square")
        .eq(stable(x), "the logarithm of a product")
        .done()
    )


def as_stated(pf: Any, claim: Term, known: Any) -> None:
    """The claim, or a re-wording of it with terms moved to the other side."""
    if claim is not known.prop:
        _, room = as_square(pf, 2 / (Exp(u) + Exp(-u)))
        pf.prove(claim, by=[room, known])


stable_form = TOPIC.claim(
    "tanh-jacobian-stable",
    "log(1 - tanh(u)^2) = 2 (log 2 - u - log(1 + e^(-2u)))",
    kind="identity",
    source=lemma("hw13"),
    vocabulary=REALS,
    notation=SHOWN,
    says=Eq(CORRECTION, stable(u)),
    witness=at("ln(3/2)"),
    instances=FAR,
    about="With softplus(x) = log(1 + e^x) it is 2 (log 2 - u - softplus(-2u)).  The right side needs no action.",
)


@stable_form.proof
def _(pf: Any, claim: Term) -> None:
    as_stated(pf, claim, softplus_form(pf, u))


stable_form.mutant(
    "epsilon", Eq(Ln(1 - tanh(u) ** 2 + EPSILON), stable(u)), title="1 - tanh^2 + 10^-6", seen_in=LIBRARIES
)
stable_form.mutant("plus-u", Eq(CORRECTION, stable(u) + 4 * u), title="+u for -u")
stable_form.mutant("not-doubled", Eq(CORRECTION, stable(u) / 2), title="without the factor 2")
stable_form.mutant("exponent-u", Eq(CORRECTION, 2 * (Ln(num(2)) - u - Ln(1 + Exp(-u)))), title="softplus(-u)")
stable_form.mutant("exponent-sign", Eq(CORRECTION, 2 * (Ln(num(2)) - u - Ln(1 + Exp(2 * u)))), title="softplus(2u)")
stable_form.control(
    "moved-over", Eq(CORRECTION + 2 * u, 2 * Ln(num(2)) - 2 * Ln(1 + Exp(-2 * u))), title="u on the left"
)

even_form = TOPIC.claim(
    "tanh-jacobian-even",
    "The same with |u|, where no exponential overflows",
    kind="identity",
    source=lemma("hw13"),
    vocabulary=REALS,
    notation=SHOWN,
    says=Eq(CORRECTION, stable(SIZE)),
    witness=at("ln(2/7)"),
    instances={"positive": at("ln(3/2)"), "saturated": at("ln(1/100)"), "zero": at("0")},
    about="|u| is the larger one of u and -u.",
)


@even_form.proof
def _(pf: Any, claim: Term) -> None:
    def half(x: Any) -> Any:
        return lambda h: pf.rule("chain", [softplus_form(pf, x), pf.prove(Eq(stable(x), stable(SIZE)), under=[h])])

    as_stated(pf, claim, pf.cases(0, u, half(u), half(-u)))


even_form.mutant(
    "half-even",
    Eq(CORRECTION, 2 * (Ln(num(2)) - SIZE - Ln(1 + Exp(-2 * u)))),
    title="|u| outside the exponential alone",
)
even_form.mutant(
    "other-half-even",
    Eq(CORRECTION, 2 * (Ln(num(2)) - u - Ln(1 + Exp(-2 * SIZE)))),
    title="|u| in the exponential alone",
)
even_form.mutant("odd", Eq(CORRECTION, -stable(SIZE)), title="the other sign for negative u")
even_form.control(
    "moved-over",
    Eq(CORRECTION + 2 * Ln(1 + Exp(-2 * SIZE)), 2 * (Ln(num(2)) - SIZE)),
    title="two logarithms on the left",
)


def push_of(f: Term) -> Term:
    """The slope of log f(t) at u."""
    return D(Ln(f), t, u)


push = TOPIC.claim(
    "tanh-jacobian-slope",
    "The slope of log(1 - tanh(u)^2) is -2 tanh(u)",
    kind="identity",
    source=lemma("hw13"),
    vocabulary=REALS,
    notation=SHOWN,
    uses=[steepness],
    says=Eq(push_of(1 - tanh(t) ** 2), -2 * tanh(u)),
    witness=at("ln(3/2)"),
    instances=FAR,
)


@push.proof
def _(pf: Any, claim: Term) -> None:
    _, room = as_square(pf, 2 / (Exp(u) + Exp(-u)))
    steep = pf.prove(Eq(D(tanh(t), t, u), room.right), by=[pf.cite("tanh-slope")])
    known = (
        pf.chain(push_of(1 - tanh(t) ** 2))
        .eq(-2 * tanh(u) * steep.left / room.right, "the chain rule", by=[room])
        .then(pf.rule("inside", [steep], v, -2 * tanh(u) * v / room.right), "the slope of tanh")
        .then(cancelled(pf, -2 * tanh(u), room.right, [room]), "1 - tanh^2 > 0")
        .done()
    )
    if claim is not known.prop:
        pf.prove(claim, by=[room, known])


push.mutant("one-tanh", Eq(push_of(1 - tanh(t) ** 2), -tanh(u)), title="without the factor 2")
push.mutant("sign", Eq(push_of(1 - tanh(t) ** 2), 2 * tanh(u)), title="the other sign")
push.mutant(
    "epsilon",
    Eq(push_of(1 - tanh(t) ** 2 + EPSILON), -2 * tanh(u)),
    title="the slope of log(1 - tanh^2 + 10^-6)",
    at=at("ln(100)"),
    seen_in=LIBRARIES,
)
push.control("on-one-side", Eq(push_of(1 - tanh(t) ** 2) + 2 * tanh(u), 0), title="all on one side")

# ------------------------------------------------------------------------------------- an epsilon in the logarithm
epsilon = REALS.real("epsilon")
ROOM, MORE = 1 - a**2, 1 - a**2 + epsilon
RAISED = Ln(MORE) - Ln(ROOM)


def with_epsilon(value: str, size: str = "1/1000000") -> Instance:
    return {"reals": {"a": value, "epsilon": size}}


raised = TOPIC.claim(
    "tanh-epsilon",
    "An epsilon raises log(1 - a^2) by eps / (1 - a^2 + eps) and more",
    kind="inequality",
    source=lemma("hw13"),
    vocabulary=REALS,
    notation={"epsilon": r"\varepsilon"},
    uses=[exp_tangent],
    given=[
        Hypothesis("below", Lt(a, 1), "the action lies below 1", with_epsilon("3/2")),
        Hypothesis("above", Lt(-1, a), "the action lies above -1", with_epsilon("-3/2")),
        Hypothesis("positive", Lt(0, epsilon), "epsilon is positive", with_epsilon("-2/7", "-1")),
    ],
    says=Le(epsilon / MORE, RAISED),
    witness=with_epsilon("-2/7", "1/100"),
    instances={"library": with_epsilon("999999/1000000"), "large": with_epsilon("1/2", "3")},
    about="Where 1 - a^2 is small beside epsilon this is nearly 1 already, and the error itself grows without bound.",
)


@raised.proof
def _(pf: Any, claim: Term) -> None:
    given = ["below", "above", "positive"]
    room = pf.rule("scale", [pf.prove(Lt(0, x), by=given) for x in (1 - a, 1 + a)])
    more = pf.prove(Lt(0, MORE), by=[room, "positive"])
    pf.defined += [room.n, more.n]
    tangent = pf.cite("exp-tangent", x=-RAISED)
    bound = (
        pf.chain(epsilon / MORE)
        .eq(1 - ROOM / MORE, "the quotient is 1 less the ratio", by=[room, more])
        .le(RAISED, "1 + x <= e^x at the logarithm of the ratio", by=[room, more, tangent])
        .done()
    )
    if claim is not bound.prop:
        gain = pf.rule("scale", [pf.prove(Lt(0, 1 / MORE), by=[more]), pf.step("positive")])
        pf.prove(claim, by=[room, more, bound, gain])


raised.mutant("harmless", Le(RAISED, epsilon), title="it moves the logarithm by epsilon at most", seen_in=LIBRARIES)
raised.mutant("at-least-epsilon", Le(epsilon, RAISED), at=with_epsilon("0", "1/100"), title="by epsilon at least")
raised.mutant("lowers", Lt(RAISED, 0), title="it lowers the logarithm")
raised.control("larger", Lt(Ln(ROOM), Ln(MORE)), title="it is larger")
