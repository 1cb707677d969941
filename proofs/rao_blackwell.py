"""The conditional mean: the best prediction of X from Y, and an estimator that is never worse than X.

A joint law of (Y, W) on finitely many outcomes: y ~ p, then w ~ K(y).  X = x(y, w) is any real random variable on it, and f(y)
any prediction.  Everything rests on one fact: X - E[X | Y] is orthogonal to every function of Y.
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Instance, Topic, homework, lemma, slides
from proofs.kernel.terms import Term, num, opened
from proofs.language import All, E, Eq, Ge, Implies, Ind, Le, Lt, Sum, Surely, Var, Vocabulary, local_index, local_real

TOPIC = Topic("rao_blackwell", "Conditional means and Rao-Blackwell")
NAMES = Vocabulary()
n, m = NAMES.size("n"), NAMES.size("m")
p, K = NAMES.pmf("p", n), NAMES.kernel("K", [n], m)
J = NAMES.process("J", num(0), [["y", n, "p", [], "p", []], ["w", m, "K", [["y", 0]], "K", [["y", 0]]]])
x, f, h = NAMES.function("x", 2), NAMES.function("f"), NAMES.function("h")
i, j, v, e = local_index("i"), local_index("j"), local_index("v"), local_real("e")
Y, X = J.y(), x(J.y(), J.w())
best = NAMES.define("best", Sum(i, 0, m, K(Y, i) * x(Y, i)), J.path)(J.path)
NOTATION = {"best": r"\mathbb{E}[X \mid Y]", "x": "x({0}, {1})", "y": "Y", "w": "W"}
SLIDES = slides("1247-1267")
SAMPLED = ("proof", "exact", "sympy", "montecarlo")


def risk(guess: Term) -> Term:
    """The mean squared error of a prediction of X."""
    return E((X - guess) ** 2)


def joint(p: str, K: str, x: str, **tables: str) -> Instance:
    """Rows of K and x by y, separated by semicolons."""
    rows = {name: [row.split() for row in text.split(";")] for name, text in (("K", K), ("x", x))}
    return {
        "ints": {"n": len(p.split()), "m": len(rows["K"][0])},
        "tables": {"p": p.split(), **rows, **{name: text.split() for name, text in tables.items()}},
    }


def catalogue(**tables: str) -> Instance:
    """Its E[X | Y] is (1, 4), with risk 2."""
    return joint("1/2 1/2", "1/2 1/2; 1/4 3/4", "0 2; 1 5", **tables)


THREE = joint("1/5 0 4/5", "1/3 2/3; 1/2 1/2; 1 0", "3 -1; 2 7; 1/2 4", f="1 2 -1")
KNOWN = joint("1/3 2/3", "1/2 1/2; 1/4 3/4", "3 3; -1 -1", f="3 -1")  # X is a function of Y
SWAPPED = joint(
    "1/2 1/2", "9/10 1/10; 9/10 1/10", "0 1; 0 1"
)  # X = W is nearly always 0, while Y is 1 half of the time

# ------------------------------------------------------------------------------------- the conditional mean as a sum
as_sum = TOPIC.claim(
    "conditional-mean",
    "The conditional mean as a sum",
    kind="expectation",
    source=lemma("hw07"),
    vocabulary=NAMES,
    notation=NOTATION,
    says=Surely(Eq(J.given(X, 0, "y"), best)),
    witness=catalogue(),
    instances={"a-dead-row": THREE},
)


@as_sum.proof
def one_draw(pf: Any, claim: Term) -> None:
    """Given Y, only W is left to average."""
    now = J.given(X, 0, "y")
    draws = pf.rule("next_draws", [], now, 1)
    equal = pf.chain(now).then(draws, "the mean over w").eq(best, "the definition").done()
    pf.surely(pf.prove(opened(claim.args[1], J.path), by=[equal]), J)


as_sum.mutant("plain-mean", Surely(Eq(J.given(X, 0, "y"), E(X))), title="the plain mean", channels=SAMPLED)
as_sum.mutant(
    "unweighted",
    Surely(Eq(J.given(X, 0, "y"), Sum(i, 0, m, x(Y, i)) / m)),
    title="all outcomes alike",
    channels=SAMPLED,
)


as_sum.control("centred", Surely(Eq(J.given(X - best, 0, "y"), 0)), title="what is left has mean 0", channels=SAMPLED)


def orthogonal(pf: Any, *functions_of_y: Term) -> list[Any]:
    """E[X g] = E[E[X | Y] g] for functions g of Y."""
    equal = pf.on_path(pf.cite("conditional-mean"), J)
    return [pf.mean(pf.times(equal, g), J) for g in functions_of_y]


# ------------------------------------------------------------------------------------- the best prediction
split = TOPIC.claim(
    "hw07-split",
    "A prediction's risk is the least risk plus its distance from the conditional mean",
    kind="expectation",
    source=homework(7),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[as_sum],
    says=Eq(risk(f(Y)), risk(best) + E((f(Y) - best) ** 2)),
    witness=catalogue(f="1 5"),
    instances={"constant": catalogue(f="5/2 5/2"), "a-dead-row": THREE, "known": KNOWN},
)


@split.proof
def pythagoras(pf: Any, claim: Term) -> None:
    """X - E[X | Y] is orthogonal to f(Y) and to E[X | Y]."""
    pf.prove(claim, by=orthogonal(pf, f(Y), best))


split.mutant("minus", Eq(risk(f(Y)), risk(best) - E((f(Y) - best) ** 2)), title="minus for plus", channels=SAMPLED)
split.mutant(
    "cross-term",
    Eq(risk(f(Y)), risk(best) + E(f(Y) - best) ** 2),
    title="the square of the mean distance",
    channels=SAMPLED,
)
split.control(
    "with-cross-term",
    Eq(risk(f(Y)), risk(best) + E((f(Y) - best) ** 2) - 2 * E((X - best) * (f(Y) - best))),
    title="with the cross term, which is 0",
    channels=SAMPLED,
)

hw07 = TOPIC.claim(
    "hw07",
    "The conditional mean is the best prediction",
    kind="argmin",
    source=homework(7),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[split],
    says=Le(risk(best), risk(f(Y))),
    witness=catalogue(f="1 5"),
    instances={"itself": catalogue(f="1 4"), "a-dead-row": THREE},
)


@hw07.proof
def least(pf: Any, claim: Term) -> None:
    distance = pf.mean(pf.square(f(Y) - best), J)
    (
        pf.chain(risk(best))
        .le(risk(best) + E((f(Y) - best) ** 2), "a mean square is not negative", by=[distance])
        .eq(risk(f(Y)), "the decomposition", by=[pf.cite("hw07-split")])
        .done()
    )
    pf.prove(claim, by=[pf.last()])


same = Ind(Eq(x(i, j), X))
mean_of_y = Sum(i, 0, n, Sum(j, 0, m, p(i) * K(i, j) * same * i)) / Sum(i, 0, n, Sum(j, 0, m, p(i) * K(i, j) * same))
MEAN = catalogue(f="1 4", h="1 5")
hw07.mutant("median", Le(risk(h(Y)), risk(f(Y))), at=MEAN, title="the conditional median: risk 5/2")
hw07.mutant("mode", Le(risk(h(Y)), risk(f(Y))), at=catalogue(f="1 4", h="0 5"), title="a conditional mode: risk 3")
hw07.mutant("plain-mean", Le(risk(E(X)), risk(f(Y))), at=MEAN, title="E[X]: risk 17/4", channels=SAMPLED)
hw07.mutant("mean-of-Y", Le(risk(mean_of_y), risk(f(Y))), at=MEAN, title="E[Y | X] for E[X | Y]")
hw07.control("difference", Ge(risk(f(Y)) - risk(best), 0), title="the difference of the risks")

unique = TOPIC.claim(
    "hw07-unique",
    "Only the conditional mean is best",
    kind="argmin",
    source=homework(7),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[split],
    says=Implies(Le(risk(f(Y)), risk(best)), Surely(Eq(f(Y), best))),
    witness=catalogue(f="1 4"),
    instances={"a-dead-row": joint("1/5 0 4/5", "1/3 2/3; 1/2 1/2; 1 0", "3 -1; 2 7; 1/2 4", f="1/3 100 1/2")},
)


@unique.proof
def no_distance(pf: Any, claim: Term) -> None:
    """The mean square distance is at most 0, so each of its terms is, and where p > 0 so is the square itself."""
    premise, here = claim.args[0], [Le(0, i), Lt(i, n)]
    gap = f(i) - Sum(j, 0, m, K(i, j) * x(i, j))
    far = E((f(Y) - best) ** 2)
    total = pf.rule("next_draws", [], far, 1)
    none = pf.prove(Le(far, 0), by=[pf.cite("hw07-split")], under=[premise])
    term = pf.scale(pf.square(gap), p(i), under=here)
    others = pf.rule("scale", [term, pf.prove(Le(0, 1 - Ind(Eq(i, Y))))])
    below = pf.rule("sum_order", [pf.every(i, 0, n, others)])
    at_y = pf.prove(Le(p(Y) * (f(Y) - best) ** 2, 0), by=[below, total, none])
    square = pf.prove(Le((f(Y) - best) ** 2, 0), by=[pf.scale(at_y, 1 / p(Y))])
    zero = pf.settle(pf.put(no_square(pf), e, f(Y) - best), by=[square])
    goal = opened(claim.args[1].args[1], J.path)
    pf.rule("imply", [pf.surely(pf.prove(goal, by=[zero]), J)], premise)


def no_square(pf: Any) -> Any:
    """e = 0 from e^2 <= 0."""
    small = Le(e**2, 0)
    low = pf.cases(e, 0, lambda h: pf.prove(Le(e, 0), under=[h, small]), lambda h: pf.prove(Le(e, 0), under=[h, small]))
    high = pf.put(low, e, -e, under=[small])
    return pf.prove(Eq(e, 0), by=[low, high])


everywhere = All(i, 0, n, Eq(f(i), Sum(j, 0, m, K(i, j) * x(i, j))))
unique.mutant(
    "everywhere",
    Implies(Le(risk(f(Y)), risk(best)), everywhere),
    at=unique.instances["a-dead-row"],
    title="also at values of Y that never occur",
)
unique.mutant("any-f", Surely(Eq(f(Y), best)), at=catalogue(f="1 5"), title="for any prediction", channels=SAMPLED)
unique.mutant(
    "nearly",
    Implies(Le(risk(f(Y)), risk(best) + 1), Surely(Eq(f(Y), best))),
    at=catalogue(f="1 5"),
    title="nearly best",
    channels=SAMPLED,
)
unique.control(
    "equal-risk",
    Implies(Eq(risk(f(Y)), risk(best)), Surely(Eq(best, f(Y)))),
    title="from equal risks",
    channels=SAMPLED,
)

# ------------------------------------------------------------------------------------- Rao-Blackwell
gap = TOPIC.claim(
    "ch1-rao-blackwell-gap",
    "The variance splits into that of E[X | Y] and the mean of Var(X | Y)",
    kind="expectation",
    source=SLIDES,
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[as_sum],
    says=Eq(Var(X), Var(best) + risk(best)),
    witness=catalogue(),
    instances={"a-dead-row": THREE, "known": KNOWN},
)


@gap.proof
def total_variance(pf: Any, claim: Term) -> None:
    """X - E[X | Y] has mean zero and is orthogonal to E[X | Y]."""
    mean, cross = orthogonal(pf, num(1), best)
    pf.prove(claim, by=[mean, cross, pf.times(mean, E(X) + E(best))])


gap.mutant("minus", Eq(Var(X), Var(best) - risk(best)), title="minus for plus", channels=SAMPLED)
gap.mutant("one-part", Eq(Var(X), risk(best)), title="the mean of Var(X | Y) alone", channels=SAMPLED)
gap.control(
    "squares",
    Eq(Var(X) - Var(best), E(X**2) - E(best**2)),
    title="the difference of the mean squares",
    channels=SAMPLED,
)

unbiased = TOPIC.claim(
    "ch1-rao-blackwell-mean",
    "E[X | Y] has the mean of X",
    kind="expectation",
    source=SLIDES,
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[as_sum],
    says=Eq(E(best), E(X)),
    witness=catalogue(),
    instances={"a-dead-row": THREE, "known": KNOWN},
)


@unbiased.proof
def tower(pf: Any, claim: Term) -> None:
    pf.prove(claim, by=orthogonal(pf, num(1)))


at_w = Sum(i, 0, n, p(i) * K(i, Y) * x(i, Y)) / Sum(i, 0, n, p(i) * K(i, Y))
unbiased.mutant("wrong-way", Eq(E(at_w), E(X)), title="E[X | W], evaluated at Y", channels=SAMPLED)
unbiased.mutant("unweighted", Eq(E(Sum(i, 0, m, x(Y, i)) / m), E(X)), title="all outcomes alike", channels=SAMPLED)
unbiased.control("difference", Eq(E(X) - E(best), 0), title="the difference of the means", channels=SAMPLED)

blackwell = TOPIC.claim(
    "ch1-rao-blackwell",
    "Var E[X | Y] <= Var X",
    kind="variance ordering",
    source=SLIDES,
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[gap],
    says=Le(Var(best), Var(X)),
    witness=catalogue(),
    instances={"a-dead-row": THREE, "known": KNOWN},
)


@blackwell.proof
def less_noise(pf: Any, claim: Term) -> None:
    rest = pf.mean(pf.square(X - best), J)
    (
        pf.chain(Var(best))
        .le(Var(best) + risk(best), "a mean square is not negative", by=[rest])
        .eq(Var(X), "the law of total variance", by=[pf.cite("ch1-rao-blackwell-gap")])
        .done()
    )
    pf.prove(claim, by=[pf.last()])


blackwell.mutant("reversed", Ge(Var(best), Var(X)), title="the order reversed", channels=SAMPLED)
blackwell.mutant("strict", Lt(Var(best), Var(X)), at=KNOWN, title="strictly, also where X is a function of Y")
blackwell.mutant("wrong-way", Le(Var(at_w), Var(X)), at=SWAPPED, title="E[X | W], evaluated at Y")
blackwell.control("difference", Ge(Var(X) - Var(best), 0), title="the difference is not negative", channels=SAMPLED)
