"""Rao-Blackwell for vectors: Cov(E[Z | Y]) <= Cov(Z) in Loewner's order, that is, along every direction u.

Y and W are those of `rao_blackwell`; Z_d = z(y, w, d) for d < D are any real random variables, the coordinates of an estimator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proofs.claims import Instance, Topic, homework, lemma
from proofs.kernel.terms import Term, num
from proofs.language import E, Eq, Ge, Implies, Le, Lt, Sum, Var, Vocabulary, local_index
from proofs.rao_blackwell import blackwell

TOPIC = Topic("covariance", "Rao-Blackwell for vectors")
SAMPLED = ("proof", "exact", "sympy", "montecarlo")
NAMES = Vocabulary()
n, m, D = NAMES.size("n"), NAMES.size("m"), NAMES.size("D")
p, K = NAMES.pmf("p", n), NAMES.kernel("K", [n], m)
J = NAMES.process("J", num(0), [["y", n, "p", [], "p", []], ["w", m, "K", [["y", 0]], "K", [["y", 0]]]])
z, u, g, h = NAMES.function("z", 3), NAMES.function("u"), NAMES.function("g", 3), NAMES.function("h", 2)
i, j, k, v, w, y = (local_index(c) for c in "ijkvwy")
Y, W = J.y(), J.w()
NOTATION = {"best": r"\mathbb{{E}}[Z_{{{1}}} \mid Y]", "z": "Z_{{{2}}}({0}, {1})", "u": "u_{{{0}}}", "y": "Y", "w": "W"}
Vector = Callable[[Any], Term]


def Z(d: Any) -> Term:
    """The coordinate d of Z."""
    return z(Y, W, d)


_best = NAMES.define("best", Sum(v, 0, m, K(Y, v) * z(Y, v, k)), J.path, k)


def best(d: Any) -> Term:
    """The coordinate d of E[Z | Y]."""
    return _best(J.path, d)


def covariance(a: Term, b: Term) -> Term:
    return E(a * b) - E(a) * E(b)


def along_u(F: Vector) -> Term:
    """The sum over d of u_d F_d."""
    return Sum(i, 0, D, u(i) * F(i))


def form(F: Vector) -> Term:
    """The quadratic form of the covariance matrix of F at u."""
    return Sum(i, 0, D, Sum(j, 0, D, u(i) * u(j) * covariance(F(i), F(j))))


def instance(p: str, K: str, z: Any, u: str, **tables: Any) -> Instance:
    """Rows of K by y, separated by semicolons."""
    rows = [row.split() for row in K.split(";")]
    ints = {"n": len(rows), "m": len(rows[0]), "D": len(u.split())}
    return {"ints": ints, "tables": {"p": p.split(), "K": rows, "z": z, "u": u.split(), **tables}}


# The catalogue's episode: a first action 0 ends it; after 1 the second action 0 or 1 earns 1 or 3.  Z is the return times the
# score in the two logits, Y the first action; policies 1/2.
SCORES = [[["0", "0"], ["0", "0"]], [["1/2", "-1/2"], ["3/2", "3/2"]]]
TREE = instance("1/2 1/2", "1/2 1/2; 1/2 1/2", SCORES, "1 -1")
ONE = instance("1/3 2/3", "1/2 1/2; 1/4 3/4", [[["1"], ["-2"]], [["3"], ["5"]]], "2")
OPPOSITE = instance("1/2 1/2", "1/2 1/2; 1/2 1/2", [[["0", "0"]] * 2, [["1/2", "1/2"], ["3/2", "-3/2"]]], "1 -1")
LONG = {**TREE, "tables": {**TREE["tables"], "h": [["0", "0"], ["9", "0"]]}}  # far along one axis, flat along the other
KNOWN = instance("1/3 2/3", "1/2 1/2; 1/4 3/4", [[["1", "2"]] * 2, [["3", "-1"]] * 2], "1 1")

# ------------------------------------------------------------------------------------- the mean of a sum
LINEAR = Eq(E(Sum(i, 0, D, g(Y, W, i))), Sum(i, 0, D, E(g(Y, W, i))))
mean_of_sum = TOPIC.claim(
    "mean-of-sum",
    "The mean of a sum is the sum of the means",
    kind="expectation",
    source=lemma("hw09-r"),
    vocabulary=NAMES,
    notation=NOTATION,
    says=LINEAR,
    witness={
        "ints": {"n": 2, "m": 2, "D": 2},
        "tables": {
            "p": ["1/3", "2/3"],
            "K": [["1/2", "1/2"], ["1/4", "3/4"]],
            "g": [[["1", "-2"], ["3", "5"]], [["0", "7"], ["-1", "2"]]],
        },
    },
)


@mean_of_sum.proof
def exchanged(pf: Any, claim: Term) -> None:
    """The sum over d exchanged with the sums over w and y."""
    inner = pf.rule("swap", [], Sum(w, 0, m, Sum(i, 0, D, K(y, w) * g(y, w, i))))
    rows = pf.rule("sum_order", [pf.every(y, 0, n, pf.times(inner, p(y)))])
    outer = pf.rule("swap", [], Sum(y, 0, n, Sum(i, 0, D, p(y) * Sum(w, 0, m, K(y, w) * g(y, w, i)))))
    one = pf.rule("next_draws", [], E(g(Y, W, i)), 2, Le(0, i), Lt(i, D))
    means = pf.rule("sum_order", [pf.every(i, 0, D, one)])
    start, end = claim.args
    (
        pf.chain(start)
        .then(pf.rule("next_draws", [], start, 2), "the mean over y and w")
        .eq(outer.left, "the sum over d before that over w", by=[rows])
        .then(outer, "and before that over y")
        .eq(end, "the means one by one", by=[means])
        .done()
    )


mean_of_sum.mutant(
    "one-term", Eq(E(Sum(i, 0, D, g(Y, W, i))), D * E(g(Y, W, 0))), title="D times the first mean", channels=SAMPLED
)


def moved_over(pf: Any, claim: Term) -> None:
    exchanged(pf, LINEAR)
    pf.prove(claim, by=[pf.last()])


mean_of_sum.control(
    "difference",
    Eq(E(Sum(i, 0, D, g(Y, W, i))) - Sum(i, 0, D, E(g(Y, W, i))), 0),
    derive=moved_over,
    title="as a difference",
    channels=SAMPLED,
)

# ------------------------------------------------------------------------------------- along a direction
quadratic = TOPIC.claim(
    "covariance-form",
    "The covariance matrix at u is the variance along u",
    kind="identity",
    source=lemma("hw09-r"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[mean_of_sum],
    says=Eq(form(Z), Var(along_u(Z))),
    witness=TREE,
    instances={"one-coordinate": ONE},
)


@quadratic.proof
def bilinear(pf: Any, claim: Term) -> None:
    """The mean of a sum three times: for the mean of the sum, and for both factors of its square."""
    whole, parts = along_u(Z), Sum(i, 0, D, u(i) * E(Z(i)))
    mean = pf.cite("mean-of-sum", g=lambda y, w, d: u(d) * z(y, w, d))
    outer = pf.cite("mean-of-sum", g=lambda y, w, d: u(d) * z(y, w, d) * Sum(j, 0, D, u(j) * z(y, w, j)))
    inner = pf.cite("mean-of-sum", g=lambda y, w, d: u(k) * z(y, w, k) * u(d) * z(y, w, d))
    each = pf.rule("sum_order", [pf.every(k, 0, D, inner)])
    square = pf.times(mean, E(whole) + parts)
    pf.prove(claim, by=[mean, outer, each, square])


diagonal = Sum(i, 0, D, u(i) ** 2 * Var(Z(i)))
quadratic.mutant("diagonal", Eq(diagonal, Var(along_u(Z))), title="the variances alone", channels=SAMPLED)
quadratic.mutant(
    "not-centred",
    Eq(Sum(i, 0, D, Sum(j, 0, D, u(i) * u(j) * E(Z(i) * Z(j)))), Var(along_u(Z))),
    title="mean products for covariances",
    channels=SAMPLED,
)
quadratic.control("difference", Eq(Var(along_u(Z)) - form(Z), 0), title="as a difference", channels=SAMPLED)

# ------------------------------------------------------------------------------------- Loewner's order
vector = TOPIC.claim(
    "hw09-r",
    "Cov(E[Z | Y]) <= Cov(Z) along every direction",
    kind="variance ordering",
    source=homework(9, "remark"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[quadratic, blackwell],
    says=Le(form(best), form(Z)),
    witness=TREE,
    instances={"one-coordinate": ONE, "known": KNOWN},
)


@vector.proof
def direction(pf: Any, claim: Term) -> None:
    """Along u both sides are variances, of u Z and of E[u Z | Y]."""
    left = pf.cite("covariance-form", z=lambda y, w, d: Sum(v, 0, m, K(y, v) * z(y, v, d)))
    right = pf.cite("covariance-form")
    less = pf.cite("ch1-rao-blackwell", x=lambda y, w: Sum(i, 0, D, u(i) * z(y, w, i)))
    same = pf.rule("swap", [], Sum(v, 0, m, Sum(i, 0, D, K(Y, v) * (u(i) * z(Y, v, i)))))
    means = [pf.mean(same, J), pf.mean(pf.times(same, same.left + same.right), J)]
    squares = pf.times(means[0], E(same.left) + E(same.right))
    pf.prove(claim, by=[left, right, less, *means, squares])


def determinant(F: Vector) -> Term:
    """The determinant of the covariance matrix of two coordinates."""
    first, second = num(0), num(1)
    both = covariance(F(first), F(second))
    return covariance(F(first), F(first)) * covariance(F(second), F(second)) - both**2


def other(d: Any) -> Term:
    """The coordinate d of some other function of Y."""
    return h(Y, d)


off_diagonal = Le(covariance(best(num(0)), best(num(1))), covariance(Z(num(0)), Z(num(1))))
by_determinant = Implies(Le(determinant(other), determinant(Z)), Le(form(other), form(Z)))
vector.mutant("reversed", Ge(form(best), form(Z)), title="the order reversed", channels=SAMPLED)
vector.mutant("strict", Lt(form(best), form(Z)), at=KNOWN, title="strictly, also where Z is a function of Y")
vector.mutant("entrywise", off_diagonal, at=OPPOSITE, title="every entry of the matrix is smaller")
vector.mutant("determinants", by_determinant, at=LONG, title="a smaller determinant is enough")
vector.control("difference", Ge(form(Z) - form(best), 0), title="the difference is not negative", channels=SAMPLED)

below, above = (Sum(i, 0, D, Var(F(i))) for F in (best, Z))
trace = TOPIC.claim(
    "hw09-r-trace",
    "The coordinates' variances add up to no more",
    kind="variance ordering",
    source=homework(9, "remark"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[blackwell],
    says=Le(below, above),
    witness=TREE,
    instances={"one-coordinate": ONE, "known": KNOWN},
)


@trace.proof
def one_by_one(pf: Any, claim: Term) -> None:
    """Coordinate by coordinate."""
    less = pf.cite("ch1-rao-blackwell", x=lambda y, w: z(y, w, k))
    total = pf.rule("sum_order", [pf.every(k, 0, D, less)])
    pf.prove(claim, by=[total])


trace.mutant("reversed", Ge(below, above), title="the order reversed", channels=SAMPLED)
trace.mutant("strict", Lt(below, above), at=KNOWN, title="strictly, also where Z is a function of Y")
trace.control("difference", Le(below - above, 0), title="the difference", channels=SAMPLED)
