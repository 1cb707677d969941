"""The Bernoulli policy: two actions, of which action 1 has the probability sigma(h), h = theta . x.

With two actions the softmax is the logistic function of the difference of the two preferences.
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Source, Topic
from proofs.kernel.terms import Term, num, replaced
from proofs.language import And, D, Eq, Exp, Ind, Le, Ln, Sum, Vocabulary, local_index, local_real
from proofs.theory.softmax import softmax

TOPIC = Topic("logistic", "The Bernoulli policy")
NAMES = Vocabulary()
d, a, j, base = NAMES.size("d"), NAMES.integer("a"), NAMES.integer("j"), NAMES.real("c")
theta, x = NAMES.function("theta"), NAMES.function("x")
i, b, t, u = local_index("i"), local_index("b"), local_real("t"), local_real("u")
sigma = NAMES.define("sigma", 1 / (1 + Exp(-u)), u)
h = NAMES.define("h", Sum(i, 0, d, (theta(i) + t * Ind(Eq(i, j))) * x(i)), t)  # theta moved by t along coordinate j
NOTATION = {
    "theta": r"\theta_{{{0}}}",
    "x": "x_{{{0}}}",
    "sigma": r"\sigma({0})",
    "s": r"\theta^\top x",
    "p": r"\pi({0})",
    "h": r"h_{{\theta + {0} e_j}}",
    "pi": r"\pi_{{\theta + {1} e_j}}({0})",
}


def exam(exercise: str) -> Source:
    return Source("EPFL revision, part 2", f"2024, exercise {exercise}")


def weights(theta: str, x: str, **more: Any) -> Instance:
    """Weights and features; the integers a and j, and the real c, by name."""
    tables = {"theta": theta.split(), "x": x.split()}
    reals = {"c": more.pop("c")} if "c" in more else {}
    return {"ints": {"d": len(tables["x"]), **more}, "reals": reals, "tables": tables}


# ------------------------------------------------------------------------------------- softmax of two actions
SCORE = NAMES.define("s", Sum(i, 0, d, theta(i) * x(i)))()


def preference(action: Any) -> Term:
    """h_0 = c and h_1 = c + theta . x."""
    return base + action * SCORE


p = NAMES.define("p", softmax(num(2), preference, b), b)
FIRST = p(1)
binary = TOPIC.claim(
    "epfl-2024-3.1",
    "The softmax of two actions is the logistic function of the difference of their preferences",
    kind="identity",
    source=exam("3.1"),
    vocabulary=NAMES,
    notation=NOTATION,
    says=Eq(FIRST, sigma(SCORE)),
    witness=weights("1/2 -1/5", "2 3/2", c="1/10"),
    instances={"even": weights("0 0", "2 3", c="-1"), "log-odds": weights("ln(3)", "2", c="0")},
)


@binary.proof
def _(pf: Any, claim: Term) -> None:
    start, end = claim.args
    middle = Exp(base + SCORE) / (Exp(base) + Exp(base + SCORE))
    pf.chain(start).eq(middle, "two terms").eq(end, "divided by exp(c + theta . x)").done()


binary.mutant("other-action", Eq(FIRST, 1 / (1 + Exp(SCORE))), title="exp(+theta . x): the probability of action 0")
binary.mutant("not-normalised", Eq(FIRST, Exp(SCORE)), title="exp(theta . x), not normalised")
binary.mutant(
    "three-actions", Eq(softmax(num(3), preference, num(1)), sigma(SCORE)), title="the same with three actions"
)
binary.control("other-way", Eq(1 - p(0), sigma(SCORE)), title="1 less the other probability")

# ------------------------------------------------------------------------------------- both actions in one formula
TAKEN = weights("1/2 -1/5", "2 3/2", c="1/10", a=1)
LEFT_OUT = weights("1/2 -1/5", "2 3/2", c="1/10", a=0)
EVEN = weights("0 0", "2 3", c="-1", a=1)
UP, DOWN = sigma(SCORE), sigma(-SCORE)


def third(a: int) -> Instance:
    """No action of the two."""
    return weights("1/2 -1/5", "2 3/2", c="1/10", a=a)


ACTION = [
    Hypothesis("from-zero", Le(0, a), "actions are 0 and 1", third(-1)),
    Hypothesis("to-one", Le(a, 1), "actions are 0 and 1", third(2)),
]


def for_both(pf: Any, claim: Term) -> None:
    """An equation for each of the two actions, from what it says at 0 and at 1."""
    place = local_index("place")
    left, right = (replaced(side, {a: place}) for side in claim.args)

    def at(value: int, *why: Any) -> Any:
        here = pf.prove(Eq(a, value), why)
        there, plain = pf.prove(Eq(num(value), a), [here]), at_action(pf, claim, value)
        return pf.rule(
            "chain", [pf.rule("inside", [here], place, left), plain, pf.rule("inside", [there], place, right)]
        )

    pf.cases(a, 0, lambda h: at(0, "from-zero", h), lambda h: at(1, "to-one", h))


def at_action(pf: Any, claim: Term, value: int) -> Any:
    others = [h for h, _ in pf.statement.hyps if h not in ("from-zero", "to-one")]
    return pf.prove(replaced(claim, {a: num(value)}), others)


form = TOPIC.claim(
    "epfl-2024-3.2.form",
    "The policy as a Bernoulli law",
    kind="identity",
    source=exam("3.2"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=ACTION,
    says=Eq(p(a), UP**a * (1 - UP) ** (1 - a)),
    witness=TAKEN,
    instances={"left-out": LEFT_OUT, "even": EVEN},
)
form.proof(for_both)
form.mutant("exponents-swapped", Eq(p(a), UP ** (1 - a) * (1 - UP) ** a), title="the exponents swapped")
form.mutant("even-function", Eq(1 - UP, UP), title="1 - sigma(h) = sigma(h)")
form.control("minus-h", Eq(p(a), UP**a * DOWN ** (1 - a)), title="sigma(-h) for 1 - sigma(h)")

# ------------------------------------------------------------------------------------- its logarithm and the gradient of that
ODDS = weights("ln(2) ln(3/5)", "2 1", c="ln(7)", a=1)  # h = ln(12/5)
ODDS_OUT = weights("ln(2) ln(3/5)", "2 1", c="ln(7)", a=0)
LOG = -a * Ln(1 + Exp(-SCORE)) + (a - 1) * Ln(1 + Exp(SCORE))
log = TOPIC.claim(
    "epfl-2024-3.2.log",
    "The logarithm of the policy",
    kind="identity",
    source=exam("3.2"),
    vocabulary=NAMES,
    notation=NOTATION,
    says=Eq(Ln(p(a)), LOG),
    witness=ODDS,
    instances={"left-out": ODDS_OUT, "even": EVEN},
    about="As a formula in a it holds for every integer; it is a probability for 0 and 1.",
)


@log.proof
def split(pf: Any, claim: Term) -> None:
    """1 + exp(-h) = exp(-h) (1 + exp h), of which the logarithm splits."""
    start, end = claim.args
    shifted = pf.prove(Eq(p(a), Exp(a * SCORE) / (1 + Exp(SCORE))))
    inner = pf.rule("inside", [shifted], u, Ln(u))
    factors = pf.prove(Eq(1 + Exp(-SCORE), Exp(-SCORE) / (1 / (1 + Exp(SCORE)))))
    other = pf.rule("inside", [factors], u, Ln(u))
    (
        pf.chain(start)
        .then(inner, "the constant c cancels")
        .eq(a * SCORE - Ln(1 + Exp(SCORE)), "the logarithm of a quotient")
        .eq(end, "h = log(1 + exp h) - log(1 + exp(-h))", by=[pf.times(other, a)])
        .done()
    )


log.mutant(
    "sign",
    Eq(Ln(p(a)), -a * Ln(1 + Exp(-SCORE)) - (a - 1) * Ln(1 + Exp(SCORE))),
    at=ODDS_OUT,
    title="the sign of a - 1",
)
log.mutant(
    "minus-h-twice",
    Eq(Ln(p(a)), -a * Ln(1 + Exp(-SCORE)) + (a - 1) * Ln(1 + Exp(-SCORE))),
    at=ODDS_OUT,
    title="exp(-h) in both",
)


def sides_exchanged(pf: Any, claim: Term) -> None:
    split(pf, log.says)  # type: ignore[arg-type]
    pf.prove(claim, [pf.last()])


log.control("sides-exchanged", Eq(-LOG, Ln(1 / p(a))), derive=sides_exchanged, title="of the reciprocal")

pi = NAMES.define("pi", softmax(num(2), lambda k: base + k * h(t), b), b, t)
score = D(Ln(pi(a, t)), t, 0)


def features(a: int, j: int, theta: str = "1/2 -1/5", x: str = "1 -1", **more: Any) -> Instance:
    """h = 7/10 with features (1, -1)."""
    return weights(theta, x, **{"c": "1/10", **more}, a=a, j=j)


BEYOND = {**features(1, 2, x="1 -1 3"), "ints": {"d": 2, "a": 1, "j": 2}}
COORDINATE = [
    Hypothesis(
        "from-first", Le(0, j), "a coordinate of theta", "before the first there is no entry of x to compare with"
    ),
    Hypothesis("to-last", Le(j, d - 1), "a coordinate of theta", BEYOND),
]
grad = TOPIC.claim(
    "epfl-2024-3.2.grad",
    "The gradient of the log-probability, action by action",
    kind="identity",
    source=exam("3.2"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=COORDINATE,
    says=Eq(score, a * x(j) * pi(0, 0) + (a - 1) * x(j) * pi(1, 0)),
    witness=features(1, 0),
    instances={"left-out": features(0, 0), "second": features(1, 1), "both": features(0, 1)},
    about="The derivative along each coordinate of theta.",
)


@grad.proof
def _(pf: Any, claim: Term) -> None:
    """Only h depends on theta, and its derivative along coordinate j is x_j."""
    start, end = claim.args
    known = ["from-first", "to-last"]
    moved = a * x(j) - x(j) * pi(1, 0)
    pf.chain(start).eq(moved, "a h less log(1 + exp h)", by=known).eq(
        end, "the two probabilities sum to 1", by=known
    ).done()


grad.mutant("exchanged", Eq(score, a * x(j) * pi(1, 0) + (a - 1) * x(j) * pi(0, 0)), title="pi(0) and pi(1) exchanged")
grad.mutant("no-features", Eq(score, a * pi(0, 0) + (a - 1) * pi(1, 0)), at=features(1, 1), title="without x")
grad.mutant(
    "sum",
    Eq(score, a * x(j) * pi(0, 0) + (1 - a) * x(j) * pi(1, 0)),
    at=features(0, 0),
    title="+ for the action left out",
)
grad.control("x-taken-out", Eq(score, x(j) * (a * pi(0, 0) - (1 - a) * pi(1, 0))), title="x taken out")

SIGNED = num(-1) ** (1 - a) * x(j) * (1 - pi(a, 0))
RESIDUAL = (a - pi(1, 0)) * x(j)
SHEET = {"theta": "1/2 1/10", "x": "1 2"}
CHOICE = [Hypothesis(g.name, g.prop, g.text, features(out, 0, **SHEET)) for g, out in zip(ACTION, (-1, 2), strict=True)]
final = TOPIC.claim(
    "epfl-2024-3.2.final",
    "The gradient is the action less its probability, times the features",
    kind="identity",
    source=exam("3.2"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=[*CHOICE, *COORDINATE],
    says=And(Eq(score, SIGNED), Eq(SIGNED, RESIDUAL)),
    witness=features(1, 1, **SHEET),
    instances={f"action-{n}-coordinate-{m}": features(n, m, **SHEET) for n in (0, 1) for m in (0, 1)},
)


@final.proof
def both_forms(pf: Any, claim: Term) -> None:
    parts = []
    for part in claim.args:
        for_both(pf, part)
        parts.append(pf.last())
    pf.rule("both", parts)


final.mutant("sign", Eq(score, num(-1) ** a * x(j) * (1 - pi(a, 0))), title="(-1)^a")
final.mutant("own-probability", Eq(score, x(j) * pi(a, 0)), title="x pi(a)")
final.mutant(
    "taken-either-way",
    Eq(score, (1 - pi(1, 0)) * x(j)),
    at=features(0, 1, **SHEET),
    title="(1 - pi(1)) x for both actions",
)
final.mutant("turned-round", Eq(score, (pi(1, 0) - a) * x(j)), title="(pi(1) - a) x")
final.control("by-the-action", And(Eq(RESIDUAL, score), Eq(RESIDUAL, SIGNED)), title="sides exchanged")

centred = TOPIC.claim(
    "epfl-2024-3.2.mean",
    "Under the policy the gradient of the log-probability has mean 0",
    kind="expectation",
    source=exam("3.2"),
    vocabulary=NAMES,
    notation=NOTATION,
    says=Eq(Sum(b, 0, 2, pi(b, 0) * D(Ln(pi(b, t)), t, 0)), 0),
    witness=features(0, 1, **SHEET),
    instances={"first": features(0, 0, **SHEET), "even": features(0, 0, theta="0 0")},
)


@centred.proof
def _(pf: Any, claim: Term) -> None:
    start, end = claim.args
    slopes = Sum(b, 0, 2, D(pi(b, t), t, 0))
    pf.chain(start).eq(slopes, "pi times the slope of log pi is the slope of pi").eq(end, "they sum to 1").done()


centred.mutant("not-weighted", Eq(Sum(b, 0, 2, D(Ln(pi(b, t)), t, 0)), 0), title="not weighted by the policy")
centred.mutant("one-action", Eq(pi(1, 0) * D(Ln(pi(1, t)), t, 0), 0), title="action 1 alone")
centred.mutant("times-action", Eq(Sum(b, 0, 2, pi(b, 0) * b * D(Ln(pi(b, t)), t, 0)), 0), title="times the action")
centred.control(
    "written-out",
    Eq(pi(0, 0) * D(Ln(pi(0, t)), t, 0) + pi(1, 0) * D(Ln(pi(1, t)), t, 0), 0),
    title="the two terms",
)
