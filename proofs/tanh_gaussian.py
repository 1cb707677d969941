"""The density of a squashed Gaussian action a = tanh(u), u ~ N(mu, Sigma) in n dimensions.

The density of a is what the change of variables gives: the density of u at artanh(a), times the slopes of artanh at the
coordinates of a.  artanh(t) = log((1 + t) / (1 - t)) / 2 is strictly increasing from (-1, 1) onto the reals, and smooth.
The Gaussian enters by its precision matrix P, the logarithm of det P and the number 2 pi.

Nothing below needs to know that P is symmetric and positive definite, that `logdet` is the logarithm of its determinant, or
which number 2 pi is: the identities hold for all reals in their places (a positive one for 2 pi).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework, lemma, slides
from proofs.kernel.terms import Term, num
from proofs.language import All, And, D, Eq, Exp, Gt, Le, Ln, Lt, Sum, Vocabulary, local_index, local_real
from proofs.tanh_jacobian import EPSILON, LIBRARIES, cancelled, positive
from proofs.tanh_jacobian import slope as artanh_slope

TOPIC = Topic("tanh_gaussian", "Squashed Gaussian policies")
CIRCLE = "14885392687/2369083826"  # 2 pi to twenty digits
t, v = local_real("t"), local_real("v")


# ------------------------------------------------------------------------------------- n dimensions
NAMES = Vocabulary()
n = NAMES.size("n")
i, j, k = local_index("i"), local_index("j"), local_index("k")
x, two_pi, logdet = NAMES.real("x"), NAMES.real("two_pi"), NAMES.real("logdet")
a, mu, P, Sigma = NAMES.function("a"), NAMES.function("mu"), NAMES.function("P", 2), NAMES.function("Sigma", 2)
artanh = NAMES.define("artanh", Ln((1 + x) / (1 - x)) / 2, x)


HALF_LOGDET, CONSTANT = logdet / 2, n * Ln(two_pi) / 2


def gaussian(precision: Any = P, determinant: Term = HALF_LOGDET, constant: Term = CONSTANT, mean: Any = mu) -> Term:
    """log N(artanh a; mu, P^-1), or a variant of it."""

    def gap(k: Any) -> Term:
        return artanh(a(k)) - mean(k)

    return determinant - constant - Sum(i, 0, n, Sum(j, 0, n, gap(i) * precision(i, j) * gap(j))) / 2


def correction(f: Any) -> Term:
    """The sum of log f over the coordinates of the action."""
    return Sum(i, 0, n, Ln(f(a(i))))


log_gaussian = NAMES.define("log_gaussian", gaussian())
jacobian = NAMES.define("jacobian", Exp(Sum(i, 0, n, Ln(D(artanh(t), t, a(i))))))
density = NAMES.define("density", Exp(log_gaussian()) * jacobian())
ROOM = correction(lambda c: 1 - c**2)
NOTATION = {
    "two_pi": r"2\pi", "logdet": r"\log\det P", "artanh": r"\operatorname{{artanh}}\left({0}\right)", "mu": r"\mu_{{{0}}}",
    "a": "a_{{{0}}}", "P": "P_{{{0}{1}}}", "density": r"\pi(a)", "log_gaussian": r"\log\mathcal{N}(\operatorname{artanh} a)",
    "jacobian": r"\textstyle\prod_i \operatorname{artanh}'(a_i)", "Sigma": r"\Sigma_{{{0}{1}}}",
}  # fmt: skip


def action(*values: str, reals: dict[str, str] | None = None, **tables: Any) -> Instance:
    """Sigma = [[1, 1/2], [1/2, 1]] in two dimensions, 9/4 in one; another positive number for 2 pi."""
    size = len(values)
    matrix, precision = [["1", "1/2"], ["1/2", "1"]], [["4/3", "-2/3"], ["-2/3", "4/3"]]
    if size == 1:
        matrix, precision = [["9/4"]], [["4/9"]]
    given = {"a": list(values), "mu": ["1/3", "-1/5"][:size], "P": precision, "Sigma": matrix} | tables
    determinant = "ln(4/3)" if size == 2 else "ln(4/9)"
    return {"ints": {"n": size}, "reals": {"two_pi": "44/7", "logdet": determinant} | (reals or {}), "tables": given}


INSIDE = [
    Hypothesis("below", All(i, 0, n, Lt(a(i), 1)), "each coordinate lies below 1", action("1/2", "3/2")),
    Hypothesis("above", All(i, 0, n, Lt(-1, a(i))), "each coordinate lies above -1", action("-3/2", "1/2")),
    Hypothesis("circle", Gt(two_pi, 0), "2 pi is positive", action("1/2", "-1/5", reals={"two_pi": "-1"})),
]
THREE = action(
    "1/2", "-1/5", "0", mu=["1/2", "0", "-1"], reals={"logdet": "ln(4)"},
    P=[["2", "-1", "0"], ["-1", "2", "-1"], ["0", "-1", "2"]],
    Sigma=[["3/4", "1/2", "1/4"], ["1/2", "1", "1/2"], ["1/4", "1/2", "3/4"]],
)  # fmt: skip
hw13 = TOPIC.claim(
    "hw13",
    "The log-density of a = tanh(u) is that of u minus the sum of log(1 - a^2)",
    kind="identity",
    source=homework(13),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[artanh_slope],
    given=INSIDE,
    says=Eq(Ln(density()), log_gaussian() - ROOM),
    witness=action("1/2", "-1/5"),
    instances={
        "one-dimension": action("-1/2"),
        "catalogue": action("1/2", "-1/2", mu=["0", "0"], reals={"two_pi": CIRCLE}),
        "three-dimensions": THREE,
    },
    about="In the instances 2 pi is 44/7; in the catalogue's it is a fraction that agrees with 2 pi to twenty digits.",
)


@hw13.proof
def change_of_variables(pf: Any, claim: Term) -> None:
    here = [Le(0, k), Lt(k, n)]
    room, odds = positive(pf, a(k), ["below", "above"], here)
    cited = pf.cite("artanh-slope", by=["below", "above"], under=here, a=a(k))
    steep = pf.prove(Eq(D(artanh(t), t, a(k)), 1 / (1 - a(k) ** 2)), ["below", "above", room, odds, cited], here)
    up = pf.prove(Lt(0, steep.right), by=[room], under=here)
    rises = pf.prove(Lt(0, steep.left), by=["below", "above", room, odds, steep, up], under=here)
    inside = [pf.every(k, 0, n, one) for one in (room, odds, rises)]
    pf.defined += [one.n for one in inside]
    each = (
        pf.chain(Ln(steep.left), "the slope at one coordinate")
        .then(pf.rule("inside", [steep], v, Ln(v)), "the slope of artanh")
        .eq(-Ln(1 - a(k) ** 2), "the logarithm of a reciprocal", by=[room], under=here)
        .done()
    )
    total = pf.rule("sum_order", [pf.every(k, 0, n, each)])
    slopes = pf.prove(Eq(Ln(jacobian()), -ROOM), by=["below", *inside, total])
    (
        pf.chain(Ln(density()))
        .eq(log_gaussian() + Ln(jacobian()), "the logarithm of a product", by=["below", "circle", *inside[1:]])
        .then(pf.rule("inside", [slopes], v, log_gaussian() + v), "the slope at each coordinate is 1 / (1 - a^2)")
        .done()
    )


def squashed(u: Term) -> Term:
    """tanh(u)."""
    return (Exp(u) - Exp(-u)) / (Exp(u) + Exp(-u))


def wrong(*, gauss: Term | None = None, rest: Term = -ROOM) -> Term:
    """The claim with another Gaussian or another correction."""
    return Eq(Ln(density()), (log_gaussian() if gauss is None else gauss) + rest)


SIGN = "a sign slip that no run notices: the policy still trains"
hw13.mutant("plus", wrong(rest=ROOM), title="plus the sum for minus", seen_in=SIGN)
hw13.mutant("no-jacobian", Eq(Ln(density()), log_gaussian()), title="the density of u, without the slopes")
hw13.mutant("determinant-not-halved", wrong(gauss=gaussian(determinant=logdet)), title="log det P without its half")
hw13.mutant("one-minus-a", wrong(rest=-correction(lambda c: 1 - c)), title="1 - a for 1 - a^2")
hw13.mutant("no-two-pi", wrong(gauss=gaussian(constant=num(0))), title="without (n/2) log 2 pi")
hw13.mutant("covariance-for-precision", wrong(gauss=gaussian(Sigma)), title="Sigma for its inverse")
hw13.mutant(
    "epsilon",
    wrong(rest=-correction(lambda c: 1 - c**2 + EPSILON)),
    title="1 - a^2 + 10^-6",
    seen_in=LIBRARIES,
)
hw13.mutant(
    "mean-squashed", wrong(gauss=gaussian(mean=lambda k: squashed(mu(k)))), title="tanh(mu) for mu", seen_in="rlax"
)
hw13.mutant("closed-cube", without=["below", "above"], at=action("1", "1/2"), title="at the edge of the cube, too")
FACTORS = correction(lambda c: 1 - c) + correction(lambda c: 1 + c)


def in_two_factors(pf: Any, claim: Term) -> None:
    """The same, and log(1 - a^2) = log(1 - a) + log(1 + a) at each coordinate."""
    change_of_variables(pf, claim)
    known, here, given = pf.last(), [Le(0, k), Lt(k, n)], ["below", "above"]
    parts = Ln(1 - a(k)) + Ln(1 + a(k))
    room = pf.rule("scale", [pf.prove(Lt(0, c), given, here) for c in (1 - a(k), 1 + a(k))])
    logs = pf.put(pf.prove(Eq(Ln(Exp(v)), v)), v, parts)
    each = pf.prove(Eq(Ln(1 - a(k) ** 2), parts), by=[*given, room, logs], under=here)
    total = pf.rule("sum_order", [pf.every(k, 0, n, each)])
    split = pf.prove(Eq(ROOM, FACTORS), by=[*given, pf.every(k, 0, n, room), total])
    pf.rule("chain", [known, pf.rule("inside", [split], v, log_gaussian() - v)])


hw13.control(
    "two-factors", Eq(Ln(density()), log_gaussian() - FACTORS), derive=in_two_factors, title="1 - a^2 in two factors"
)

TOPIC.claim(
    "hw13-normalised",
    "The density of tanh(u) has integral 1 over the open cube",
    kind="identity",
    source=homework(13),
    vocabulary=NAMES,
    says=None,
    about="By the substitution u = artanh a the integral over (-1, 1)^n is that of the Gaussian over R^n, for Sigma positive "
    "definite.",
)

# ------------------------------------------------------------------------------------- one dimension, standard deviation e^tau
LINE = Vocabulary()
c, m, tau, circle = LINE.real("a"), LINE.real("mu"), LINE.real("tau"), LINE.real("two_pi")
of_line = LINE.define("artanh", Ln((1 + c) / (1 - c)) / 2, c)


def exponent(variance: Term) -> Term:
    """-(u - mu)^2 / (2 variance) at u = artanh a."""
    return -((of_line(c) - m) ** 2) / (2 * variance)


score_part = LINE.define("g", -tau + exponent(Exp(2 * tau)), m, tau)
normal = Exp(exponent(Exp(2 * tau))) / (Exp(tau) * Exp(Ln(circle) / 2))
policy = LINE.define("pi", normal * D(of_line(t), t, c), m, tau)
C = LINE.define("C", -Ln(circle) / 2 - Ln(1 - c**2))
LINE_NOTATION = {
    "two_pi": r"2\pi", "artanh": r"\operatorname{{artanh}}\left({0}\right)", "mu": r"\mu", "tau": r"\tau", "g": "g({0}, {1})",
    "pi": r"\pi_{{{0},{1}}}(a)",
}  # fmt: skip


def on_line(a: str, mu: str = "1/3", tau: str = "ln(3/2)", two_pi: str = "44/7") -> Instance:
    return {"reals": {"a": a, "mu": mu, "tau": tau, "two_pi": two_pi}}


def both(*parts: Term) -> Term:
    first, *rest = parts
    return And(first, both(*rest)) if rest else first


def in_mean(f: Any) -> Term:
    return D(f(t, tau), t, m)


def in_tau(f: Any) -> Term:
    return D(f(m, t), t, tau)


def log_policy(mean: Any, log_std: Any) -> Term:
    return Ln(policy(mean, log_std))


MU_SLOPE, TAU_SLOPE = in_mean(score_part), in_tau(score_part)


def row(value: Term, in_mu: Term = MU_SLOPE, in_log_std: Term = TAU_SLOPE) -> Term:
    """The log-density, and its slopes in mu and tau."""
    return both(Eq(log_policy(m, tau), value), Eq(in_mean(log_policy), in_mu), Eq(in_tau(log_policy), in_log_std))


OPEN = [
    Hypothesis("below", Lt(c, 1), "the action lies below 1", on_line("3/2")),
    Hypothesis("above", Lt(-1, c), "the action lies above -1", on_line("-3/2")),
    Hypothesis("circle", Gt(circle, 0), "2 pi is positive", on_line("1/2", two_pi="-1")),
]
LINES = {
    "standard": on_line("1/2", "0", "0", CIRCLE),
    "narrow": on_line("-2/7", "-1/5", "ln(1/3)"),
    "rational-tau": on_line("1/2", "3/10", "-7/10"),
}
ch1 = TOPIC.claim(
    "ch1-tanh-gaussian",
    "With standard deviation e^tau the log-density is -tau - (artanh a - mu)^2 / (2 e^(2 tau)) + C",
    kind="identity",
    source=slides("1635-1649"),
    vocabulary=LINE,
    notation=LINE_NOTATION,
    uses=[artanh_slope],
    given=OPEN,
    says=row(score_part(m, tau) + C()),
    witness=on_line("-2/7"),
    instances=LINES,
    about="C does not depend on mu and tau, so the slopes in them are those of the first part.  It does depend on a.",
)


def on_the_line(pf: Any) -> tuple[Any, list[Any]]:
    """The density in a form whose logarithm splits, and what makes all terms defined."""
    given = ["below", "above", "circle"]
    room, odds = positive(pf, c, given)
    cited = pf.cite("artanh-slope", by=given, a=c)
    steep = pf.prove(Eq(D(of_line(t), t, c), 1 / (1 - c**2)), by=[*given, room, odds, cited])
    known = [*given, room, odds, steep]
    rises = pf.prove(Lt(0, steep.left), by=[*known, pf.prove(Lt(0, steep.right), by=[room])])
    some = pf.rule("scale", [rises, pf.prove(Lt(0, normal), by=[*given, odds])])
    pf.defined += [room.n, odds.n, some.n]
    return pf.prove(Eq(policy(m, tau), normal / (1 - c**2)), by=[*known, pf.times(steep, normal)]), [*known, some]


@ch1.proof
def in_one_dimension(pf: Any, claim: Term) -> None:
    whole, given = on_the_line(pf)
    value = (
        pf.chain(log_policy(m, tau), "the log-density")
        .then(pf.rule("inside", [whole], v, Ln(v)), "the slope of artanh")
        .eq(score_part(m, tau) + C(), "the logarithm of a product", by=given)
        .done()
    )
    slopes = [same_slope(pf, along, given, f"the slope in {x}") for along, x in ((in_mean, "mu"), (in_tau, "tau"))]
    as_stated(pf, claim, [value, *slopes], given)


def same_slope(pf: Any, along: Any, given: Sequence[Any], title: str) -> Any:
    """The slope of log pi is that of its first part: the density's own slope is a multiple of it."""
    part, here = along(score_part), policy(m, tau)
    multiple = pf.prove(Eq(along(policy), part * here), by=given)
    return (
        pf.chain(along(log_policy), title)
        .eq(multiple.left / here, "the slope of a logarithm", by=given)
        .then(pf.rule("inside", [multiple], v, v / here), "the slope of an exponential")
        .then(cancelled(pf, part, here, given), "pi > 0")
        .done()
    )


def as_stated(pf: Any, p: Any, parts: Sequence[Any], given: Sequence[Any]) -> None:
    """The conjunction of the parts, the right side of each as the proposition has it."""
    first, (second, third) = p.args[0], p.args[1].args
    one, two, three = (
        part if part.right is wanted.args[1] else pf.chain(part.left).then(part).eq(wanted.args[1], by=given).done()
        for part, wanted in zip(parts, (first, second, third), strict=True)
    )
    pf.rule("both", [one, pf.rule("both", [two, three])])


GAP = of_line(c) - m
ch1.mutant("no-jacobian", row(score_part(m, tau) - Ln(circle) / 2), title="C without log(1 - a^2)")
ch1.mutant("jacobian-sign", row(score_part(m, tau) - Ln(circle) / 2 + Ln(1 - c**2)), title="plus log(1 - a^2)")
ch1.mutant("variance-exp-tau", row(-tau + exponent(Exp(tau)) + C()), title="variance e^tau")
ch1.mutant("log-variance", row(-tau / 2 + exponent(Exp(tau)) + C()), title="tau as the logarithm of the variance")
ch1.mutant("no-tau", row(exponent(Exp(2 * tau)) + C()), title="without -tau")
ch1.mutant("score-of-exp-tau", row(score_part(m, tau) + C(), GAP / Exp(tau)), title="the slope in mu divided by e^tau")
ch1.mutant(
    "score-without-one",
    row(score_part(m, tau) + C(), in_log_std=GAP**2 / Exp(2 * tau)),
    title="the slope in tau without -1",
)
ch1.mutant(
    "constant-in-a",
    both(row(score_part(m, tau) + C()), Eq(D(-Ln(circle) / 2 - Ln(1 - t**2), t, c), 0)),
    title="C independent of a, too",
)
ch1.control(
    "slopes-written-out",
    row(C() + score_part(m, tau), GAP / Exp(2 * tau), GAP**2 / Exp(2 * tau) - 1),
    title="the slopes as they are computed",
)

TOPIC.claim(
    "tanh-entropy",
    "The entropy of tanh(u) is that of u plus the mean of sum log(1 - a^2)",
    kind="expectation",
    source=lemma("hw13"),
    vocabulary=NAMES,
    says=None,
    about="For u ~ N(mu, Sigma): E[-log pi(a)] = n/2 log(2 pi e) + log(det Sigma)/2 + E[sum log(1 - tanh(u)^2)].  The last "
    "term is negative and has no closed form.",
)
