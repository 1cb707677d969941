"""Three estimators of KL(p || q) from samples of p, and what can be said of the third.

k1 = -log r        k2 = (log r)^2 / 2        k3 = r - 1 - log r        r = q(x) / p(x),  x ~ p
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework, lemma
from proofs.kernel.terms import Term, num
from proofs.language import All, D, E, Eq, Ge, Gt, Implies, Le, Ln, Lt, Sum, Vocabulary, local_index, local_real

TOPIC = Topic("kl", "KL estimators")
NAMES = Vocabulary()
n = NAMES.size("n")
p, q = NAMES.pmf("p", n), NAMES.pmf("q", n)
X = NAMES.sample("X", "x", "p")
a, i = local_index("a"), local_index("i")
KL = NAMES.define("KL", Sum(a, 0, n, p(a) * Ln(p(a) / q(a)), where=Gt(p(a), 0)))
NOTATION = {"KL": r"D_{\mathrm{KL}}(p \,\|\, q)", "x": "x"}
x = X.x()
ratio = q(x) / p(x)


def k3(r: Any) -> Term:
    return r - 1 - Ln(r)


def pair(p: str, q: str) -> Instance:
    """Two pmfs on the same outcomes."""
    return {"ints": {"n": len(p.split())}, "tables": {"p": p.split(), "q": q.split()}}


SUPPORT = [
    Hypothesis(
        "p-in-q",
        All(a, 0, n, Implies(Gt(p(a), 0), Gt(q(a), 0))),
        "where p is positive, so is q",
        pair("1/3 2/3", "1 0"),
    ),
    Hypothesis(
        "q-in-p",
        All(a, 0, n, Implies(Gt(q(a), 0), Gt(p(a), 0))),
        "where q is positive, so is p",
        pair("1 0", "1/2 1/2"),
    ),
]
hw23c = TOPIC.claim(
    "hw23c",
    "k3 is unbiased for KL(p || q)",
    kind="expectation",
    source=homework(23, "c"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=SUPPORT,
    says=Eq(E(k3(ratio)), KL()),
    witness=pair("2/9 3/9 4/9", "1/2 1/3 1/6"),
    instances={
        "catalogue": pair("9/10 1/10", "1/2 1/2"),
        "shared-zero": pair("1/4 3/4 0", "2/5 3/5 0"),
        "equal": pair("1/3 2/3", "1/3 2/3"),
        "one-outcome": pair("1", "1"),
    },
)


@hw23c.proof
def unbiased(pf: Any, claim: Term) -> None:
    start, end = claim.args
    (
        pf.chain(start)
        .then(pf.rule("next_draws", ["p-in-q"], start, 1), "the mean over x ~ p")
        .eq(
            Sum(a, 0, n, q(a), where=Gt(p(a), 0)) - 1 + KL(),
            "p r = q where p > 0, and the sum of p is 1",
            by=["p-in-q"],
        )
        .eq(end, "the sum of q over the support of p is 1", by=["p-in-q", mass_of_q(pf)])
        .done()
    )


def mass_of_q(pf: Any) -> Any:
    """sum of q(a) over the a with p(a) > 0 is 1: elsewhere q vanishes too."""
    here, off = [Le(0, i), Lt(i, n)], Le(p(i), 0)
    vanishes = pf.cases(
        q(i),
        0,
        lambda h: pf.prove(Eq(q(i), 0), under=[*here, off, h]),
        lambda h: pf.prove(Eq(q(i), 0), by=["q-in-p"], under=[*here, off, h]),
    )
    outside = pf.rule("sum_order", [pf.every(i, 0, n, pf.rule("imply", [vanishes], off))])
    parts = pf.rule("sieve", [], Sum(a, 0, n, q(a)), i, Gt(p(i), 0))
    return (
        pf.chain(Sum(a, 0, n, q(a), where=Gt(p(a), 0)), "q has no mass outside the support of p")
        .eq(Sum(a, 0, n, q(a)), "q = 0 where p = 0", by=[outside, parts])
        .eq(1, "q is a pmf")
        .done()
    )


hw23c.mutant(
    "ratio-upside-down",
    Eq(E(k3(p(x) / q(x))), KL()),
    title="p/q for q/p",
    channels=("proof", "exact", "sympy", "montecarlo"),
)
hw23c.mutant(
    "forgets-minus-one",
    Eq(E(ratio - Ln(ratio)), KL()),
    title="without the -1",
    channels=("proof", "exact", "sympy", "montecarlo"),
)
hw23c.mutant(
    "plus-log",
    Eq(E(ratio - 1 + Ln(ratio)), KL()),
    title="+log for -log",
    channels=("proof", "exact", "sympy", "montecarlo"),
)
hw23c.mutant(
    "other-direction",
    Eq(E(k3(ratio)), Sum(a, 0, n, q(a) * Ln(q(a) / p(a)), where=Gt(q(a), 0))),
    title="KL(q || p)",
    channels=("proof", "exact", "sympy", "montecarlo"),
)
hw23c.mutant("any-q", without=["q-in-p"], at=pair("1 0", "1/2 1/2"), title="unbiased for all p and q")


def by_parts(pf: Any, claim: Term) -> None:
    """The same derivation, each mean by itself."""
    whole = E(k3(ratio))
    unbiased(pf, Eq(whole, KL()))
    known = pf.last()
    pf.chain(claim.args[0]).eq(whole, "linearity", by=["p-in-q"]).then(known, "as above").done()


hw23c.control("three-means", Eq(E(ratio) - 1 - E(Ln(ratio)), KL()), derive=by_parts, title="three expectations")


def corrected_twice(pf: Any, claim: Term) -> None:
    """r - 1 has mean zero, so that another r - 1 changes no mean."""
    unbiased(pf, Eq(E(k3(ratio)), KL()))
    known = pf.last()
    mass = pf.prove(Eq(E(ratio), 1), by=["p-in-q", pf.rule("next_draws", ["p-in-q"], E(ratio), 1), mass_of_q(pf)])
    pf.prove(claim, by=["p-in-q", known, mass])


hw23c.control(
    "corrected-twice",
    Eq(E(2 * (ratio - 1) - Ln(ratio)), KL()),
    derive=corrected_twice,
    title="2 (r - 1) - log r: the same mean",
    channels=("proof", "exact", "sympy", "montecarlo"),
)

# ------------------------------------------------------------------------------------- never negative
REALS = Vocabulary()
u = REALS.real("u")


def at(value: str) -> Instance:
    return {"reals": {"u": value}}


tangent_log = TOPIC.claim(
    "log-tangent",
    "u - 1 - log u is never negative",
    kind="inequality",
    source=lemma("hw23d"),
    vocabulary=REALS,
    given=[Hypothesis("positive", Gt(u, 0), "the logarithm is defined", at("-1/2"))],
    says=Le(0, k3(u)),
    witness=at("7/3"),
    instances={"least": at("1"), "below": at("2/7")},
)


@tangent_log.proof
def touches(pf: Any, claim: Term) -> None:
    v = local_real("v")
    here = [Gt(v, 0)]
    below = pf.scale(pf.square(v - 1), 1 / v, under=here)
    rises = pf.prove(Le(0, D(k3(v), v) * (v - 1)), by=[below], under=here)
    bound = pf.settle(pf.rule("tangent", [rises], k3(v), v, num(1)), under=here)
    least = pf.put(bound, v, u, by=["positive"])
    pf.chain(0).eq(least.left, "log 1 = 0").then(
        least, "the tangent at 1 is flat, and the slope changes sign there once"
    ).done()


tangent_log.mutant("strict", Lt(0, k3(u)), at=at("1"), title="strictly positive")
tangent_log.mutant("plus-log", Le(0, u - 1 + Ln(u)), at=at("2/7"), title="+log for -log")
tangent_log.mutant("other-way", Le(k3(u), 0), title="the other way round")


def moved_over(pf: Any, claim: Term) -> None:
    touches(pf, Le(0, k3(u)))
    pf.prove(claim, by=[pf.last(), "positive"])


tangent_log.control("log-below-line", Le(Ln(u), u - 1), derive=moved_over, title="log u <= u - 1")

NUMBERS = Vocabulary()
N = NUMBERS.size("N")
ps, qs = NUMBERS.function("p"), NUMBERS.function("q")


def samples(p: str, q: str) -> Instance:
    """The two probabilities of each of N samples."""
    return {"ints": {"N": len(p.split())}, "tables": {"p": p.split(), "q": q.split()}}


def average(f: Any) -> Term:
    return Sum(a, 0, N, f(qs(a) / ps(a))) / N


SAMPLED = [
    Hypothesis(
        "p-positive", All(a, 0, N, Gt(ps(a), 0)), "each sample has positive probability under p", samples("0", "1/2")
    ),
    Hypothesis(
        "q-positive", All(a, 0, N, Gt(qs(a), 0)), "each sample has positive probability under q", samples("1/2", "0")
    ),
]
hw23d = TOPIC.claim(
    "hw23d",
    "The average of k3 over N samples is never negative",
    kind="inequality",
    source=homework(23, "d"),
    vocabulary=NUMBERS,
    uses=[tangent_log],
    given=SAMPLED,
    says=Ge(average(k3), 0),
    witness=samples("9/10 1/10 2/7", "1/2 1/2 3/11"),
    instances={"half": samples("2/3", "1/3"), "twice": samples("1/3", "2/3"), "equal": samples("1/3", "1/3")},
)


@hw23d.proof
def _(pf: Any, claim: Term) -> None:
    given, here = ["p-positive", "q-positive"], [Le(0, i), Lt(i, N)]
    each = pf.cite("log-tangent", by=given, under=here, u=qs(i) / ps(i))
    total = pf.rule("sum_order", [pf.every(i, 0, N, each)])
    whole = (
        pf.chain(0, "the sum over all samples")
        .eq(total.left, "a sum of zeros")
        .then(total, "log u <= u - 1 at each ratio")
        .done()
    )
    scaled = pf.scale(whole, 1 / N)
    pf.chain(0).eq(scaled.left).then(scaled, "divided by N > 0").eq(claim.args[1], "the average", by=given).done()


hw23d.mutant("strict", Gt(average(k3), 0), at=samples("1/3", "1/3"), title="strictly positive")
hw23d.mutant("k1-too", Ge(average(lambda r: -Ln(r)), 0), at=samples("1/10", "1/2"), title="the same of k1")
hw23d.mutant("sign", Ge(average(lambda r: 1 - r + Ln(r)), 0), title="the sign turned round")
hw23d.mutant("constant-off", Ge(average(lambda r: r - 2 - Ln(r)), 0), at=samples("1/3", "1/3"), title="-2 for -1")
hw23d.control(
    "terms-exchanged", Le(0, Sum(a, 0, N, qs(a) / ps(a) - Ln(qs(a) / ps(a)) - 1) / N), title="terms exchanged"
)
