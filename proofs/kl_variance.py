"""k1 and k3 compared by their variance: neither is always less noisy, and k3 is wherever q is at most 3 p.

k1 = -log r        k3 = r - 1 - log r        r = q(x) / p(x),  x ~ p
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework, lemma
from proofs.kernel.terms import Term, num
from proofs.kl import REALS, at, tangent_log, u
from proofs.kl_positivity import gap
from proofs.language import All, E, Eq, Ge, Gt, Implies, Le, Ln, Lt, Sum, Var, Vocabulary, local_index

TOPIC = Topic("kl_variance", "Variance of KL estimators")
NAMES = Vocabulary()
n, N = NAMES.size("n"), NAMES.size("N")
p, q = NAMES.pmf("p", n), NAMES.pmf("q", n)
X = NAMES.process("X", N + num(-1), [["x", n, "p", [], "p", []]])
a, i = local_index("a"), local_index("i")
x = X.x(0)  # one of the samples
r = NAMES.define("r", q(x) / p(x), X.path)(X.path)
NOTATION = {"x": "x", "r": "r"}
k1, k3 = -Ln(r), r - 1 - Ln(r)


def pmfs(p: str, q: str) -> Instance:
    """Two pmfs on the same outcomes."""
    return {"ints": {"n": len(p.split()), "N": 1}, "tables": {"p": p.split(), "q": q.split()}}


COIN = pmfs("9/10 1/10", "1/2 1/2")
RARE = pmfs("99/100 1/100", "1/2 1/2")
OUTSIDE = pmfs("1/4 3/4 0", "1/8 1/8 3/4")
EVEN = pmfs("1/2 1/4 1/4", "1/4 1/4 1/2")
BOTH = [
    Hypothesis(
        "p-in-q",
        All(a, 0, n, Implies(Gt(p(a), 0), Gt(q(a), 0))),
        "where p is positive, so is q",
        pmfs("1/3 2/3", "1 0"),
    ),
    Hypothesis(
        "q-in-p",
        All(a, 0, n, Implies(Gt(q(a), 0), Gt(p(a), 0))),
        "where q is positive, so is p",
        OUTSIDE,
    ),
]
excess = E((r - 1) * (2 * Ln(r) - r + 1))
increment = TOPIC.claim(
    "hw23+-increment",
    "The mean of (r - 1)(2 log r - r + 1) is Var k1 - Var k3",
    kind="expectation",
    source=lemma("hw23+"),
    vocabulary=NAMES,
    given=BOTH,
    says=Eq(excess, Var(k1) - Var(k3)),
    witness=pmfs("2/9 3/9 4/9", "1/2 1/3 1/6"),
    instances={"coin": COIN, "rare": RARE, "even": EVEN, "with-a-zero": pmfs("1/4 3/4 0", "2/5 3/5 0")},
    script_at=COIN,
)


@increment.proof
def _(pf: Any, claim: Term) -> None:
    given = ["p-in-q", "q-in-p"]
    mass = pf.prove(Eq(E(r), 1), by=[*given, pf.rule("next_draws", given, E(r), 1), mass_of_q(pf)])
    pf.prove(claim, by=[*given, pf.times(mass, E(Ln(r))), pf.times(mass, E(r)), mass])


def mass_of_q(pf: Any) -> Any:
    """The sum of q(a) over the a with p(a) > 0 is 1: elsewhere q vanishes too."""
    here = [Le(0, i), Lt(i, n)]

    def vanishes(h: Term) -> Any:
        return pf.prove(Eq(q(i), 0), by=["q-in-p"], under=[*here, Le(p(i), 0), h])

    gone = pf.rule("imply", [pf.cases(q(i), 0, vanishes, vanishes)], Le(p(i), 0))
    outside = pf.rule("sum_order", [pf.every(i, 0, n, gone)])
    parts = pf.rule("sieve", [], Sum(a, 0, n, q(a)), i, Gt(p(i), 0))
    return pf.prove(Eq(Sum(a, 0, n, q(a), where=Gt(p(a), 0)), 1), by=[outside, parts])


SAMPLED = ("proof", "exact", "sympy", "montecarlo")
increment.mutant("no-covariance", Eq(excess, -Var(r)), title="the variances of k1 and r added", channels=SAMPLED)
increment.mutant(
    "log-once", Eq(E((r - 1) * (Ln(r) - r + 1)), Var(k1) - Var(k3)), title="log r for 2 log r", channels=SAMPLED
)
increment.mutant(
    "corrected-twice",
    Eq(excess, Var(k1) - Var(2 * (r - 1) - Ln(r))),
    title="2 (r - 1) - log r for k3: the same mean, another variance",
    channels=SAMPLED,
)
increment.mutant("minus", Eq(excess, Var(k3) - Var(k1)), title="the difference turned round", channels=SAMPLED)
increment.mutant("any-q", without=["q-in-p"], at=OUTSIDE, title="for all supports")
increment.control(
    "covariance",
    Eq(2 * (E(r * Ln(r)) - E(r) * E(Ln(r))) - Var(r), Var(k1) - Var(k3)),
    title="as a covariance less a variance",
)

CHORD = (u - 1) * (u - 1 - 2 * Ln(u))
chord = TOPIC.claim(
    "log-chord",
    "2 log u lies on the same side of u - 1 as u of 1, up to u = 3",
    kind="inequality",
    source=lemma("hw23+"),
    vocabulary=REALS,
    uses=[tangent_log, gap],
    given=[
        Hypothesis("positive", Gt(u, 0), "the logarithm is defined", at("-1/2")),
        Hypothesis("at-most-3", Le(u, 3), "beyond 3.52 the line overtakes 2 log u", at("4")),
    ],
    says=Le(CHORD, 0),
    witness=at("7/3"),
    instances={"touches": at("1"), "below": at("2/7"), "end": at("3")},
)


@chord.proof
def two_sides(pf: Any, claim: Term) -> None:
    def below(h: Term) -> Any:
        log = pf.cite("log-tangent", by=["positive"], u=u)
        room = pf.scale(pf.prove(Le(0, 1 - u), under=[h]), pf.prove(Le(0, u - 1 - 2 * Ln(u)), by=["positive", log, h]))
        return pf.prove(claim, by=["positive", room])

    def above(h: Term) -> Any:
        """From the bound at 1/u: the difference is (u - 1)(1 + 3 u - u^2) / (u (u + 2)) or more."""
        known, low = ["positive", "at-most-3"], 1 / (u + 2)
        log = pf.cite("log-tangent-gap", by=["positive"], u=1 / u)
        inverse = pf.inverse(u + 2, by=["positive"])
        bend = pf.prove(Le(0, 1 + 3 * u - u * u), by=["positive", pf.product(u, 3 - u, by=known)])
        rise, factors = inverse, low
        for factor, why in ((1 / u, ["positive"]), (1 + 3 * u - u * u, [bend]), (u - 1, [pf.step(h)])):
            rise = pf.rule("scale", [rise, pf.prove(Le(0, factor), by=why)])
            factors = factor * factors
            rise = pf.prove(Le(0, factors), by=["positive", rise])
        bound = 3 * (1 / u - 1) ** 2 / (2 * (2 * (1 / u) + 1))
        same = pf.prove(Eq(2 * (1 - 1 / u + bound), u - 1 + factors), by=["positive"])
        room = pf.prove(Le(0, 2 * Ln(u) - (u - 1)), by=["positive", log, same, rise])
        room = pf.rule("scale", [room, pf.prove(Le(0, u - 1), under=[h])])
        return pf.prove(claim, by=["positive", room])

    pf.cases(u, 1, below, above)


chord.mutant("strict", Lt(CHORD, 0), at=at("1"), title="strictly, also at 1")
chord.mutant("without-end", without=["at-most-3"], at=at("4"), title="for all u > 0")
chord.mutant("log-once", Le((u - 1) * (u - 1 - Ln(u)), 0), title="log u for 2 log u")
chord.mutant("other-way", Ge(CHORD, 0), title="the other way round")
chord.control("multiplied-out", Le((u - 1) ** 2, 2 * Ln(u) * (u - 1)), title="multiplied out")

# ------------------------------------------------------------------------------------- a condition for k3
calmer = TOPIC.claim(
    "hw23+-calmer",
    "Where q is at most 3 p, k3 has no more variance than k1",
    kind="variance ordering",
    source=lemma("hw23+"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[increment, chord],
    given=[
        Hypothesis("p-in-q", BOTH[0].prop, BOTH[0].text, pmfs("1/2 1/2", "1 0")),
        Hypothesis(
            "q-at-most-3p",
            All(a, 0, n, Ge(3 * p(a) - q(a), 0)),
            "no outcome is more than three times as frequent under q",
            COIN,
        ),
    ],
    says=Le(Var(k3), Var(k1)),
    witness=EVEN,
    instances={
        "equal": pmfs("1/3 2/3", "1/3 2/3"),
        "at-3": pmfs("1/6 5/6", "1/2 1/2"),
        "near": pmfs("1/3 2/3", "1/2 1/2"),
    },
)


@calmer.proof
def less_spread(pf: Any, claim: Term) -> None:
    given, here = ["p-in-q", "q-at-most-3p"], [Le(0, i), Lt(i, n)]
    inside = pf.prove(Gt(p(i), 0), by=["q-at-most-3p"], under=[*here, Gt(q(i), 0)])
    inside = pf.every(i, 0, n, pf.rule("imply", [inside], Gt(q(i), 0)))
    ratio = pf.scale(pf.prove(Le(q(x), 3 * p(x)), by=given), pf.prove(Le(0, 1 / p(x))))
    bent = pf.cite("log-chord", by=[*given, ratio], u=q(x) / p(x))
    gap = pf.mean(bent, X)
    known = pf.cite("hw23+-increment", by=[*given, inside])
    known = pf.rule("cut", [known, inside])
    (
        pf.chain(claim.args[0])
        .le(Var(k3) + excess, "2 log r lies on the same side of r - 1 as r of 1", by=["p-in-q", gap])
        .eq(claim.args[1], "the increment", by=["p-in-q", known])
        .done()
    )


calmer.mutant("strict", Lt(Var(k3), Var(k1)), at=pmfs("1/3 2/3", "1/3 2/3"), title="strictly, also for p = q")
calmer.mutant("reversed", Ge(Var(k3), Var(k1)), title="the order reversed", channels=SAMPLED)
calmer.mutant("any-q", without=["q-at-most-3p"], at=COIN, title="for every q", channels=SAMPLED)
calmer.mutant(
    "a-tenth", Le(Var(k3), Var(k1) / 10), at=pmfs("1/6 5/6", "1/2 1/2"), title="a tenth of it", channels=SAMPLED
)


def moved_over(pf: Any, claim: Term) -> None:
    less_spread(pf, Le(Var(k3), Var(k1)))
    pf.prove(claim, by=["p-in-q", pf.last()])


calmer.control(
    "difference", Ge(Var(k1) - Var(k3), 0), derive=moved_over, title="the difference is not negative", channels=SAMPLED
)

# ------------------------------------------------------------------------------------- neither order is a theorem
FREE = "the sentence is false with it"
SUPPORTS = [Hypothesis(h.name, h.prop, h.text, FREE) for h in BOTH]
never_more = TOPIC.claim(
    "hw23+",
    "k3 never has more variance than k1",
    kind="false sentence",
    source=homework(23),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[calmer],
    given=SUPPORTS,
    says=Le(Var(k3), Var(k1)),
    witness=COIN,
    instances={"rare": RARE},
    about="One rare outcome with a large ratio is enough: (1 - e, e) against a fair coin.",
)
never_more.mutant(
    "strict",
    Lt(Var(k3), Var(k1)),
    at=pmfs("1/3 2/3", "1/3 2/3"),
    title="k3 always has less, also for p = q",
    channels=SAMPLED,
)
never_more.mutant("mean-square", Le(E(k3 * k3), E(k1 * k1)), title="the same of the mean squares")
never_more.mutant("twice", Le(Var(k3), 2 * Var(k1)), at=RARE, title="at most twice as much")
CLOSE = All(a, 0, n, Ge(3 * p(a) - q(a), 0))


def where_close(pf: Any, claim: Term) -> None:
    less = pf.cite("hw23+-calmer", by=["p-in-q"], under=[CLOSE])
    pf.rule("imply", [pf.prove(claim.args[1], by=["p-in-q", "q-in-p", less], under=[CLOSE])], CLOSE)


never_more.control(
    "where-close", Implies(CLOSE, Le(Var(k3), Var(k1))), derive=where_close, title="where q is at most 3 p"
)
never_less = TOPIC.claim(
    "hw23+.2",
    "k3 never has less variance than k1",
    kind="false sentence",
    source=homework(23),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[increment],
    given=SUPPORTS,
    says=Ge(Var(k3), Var(k1)),
    witness=EVEN,
    about="Where no ratio is large, r - 1 cancels most of what moves -log r.",
)


never_less.mutant(
    "strict",
    Gt(Var(k3), Var(k1)),
    at=pmfs("1/3 2/3", "1/3 2/3"),
    title="k3 always has more, also for p = q",
    channels=SAMPLED,
)
never_less.mutant("mean-square", Ge(E(k3 * k3), E(k1 * k1)), title="the same of the mean squares", channels=SAMPLED)
never_less.mutant("half", Ge(Var(k3), Var(k1) / 2), title="at least half as much", channels=SAMPLED)


def with_increment(pf: Any, claim: Term) -> None:
    pf.prove(claim, by=["p-in-q", pf.cite("hw23+-increment", by=["p-in-q", "q-in-p"])])


never_less.control(
    "increment",
    Ge(Var(k3), Var(k1) - excess),
    derive=with_increment,
    title="less the mean of (r - 1)(2 log r - r + 1)",
    channels=SAMPLED,
)
