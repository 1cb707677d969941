"""KL(p || q) from N independent samples of p: the average of k1 = -log q(x)/p(x) is unbiased, and may be negative."""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework
from proofs.kernel.terms import Term, abstract, mk, num, opened, replaced
from proofs.kl import tangent_log
from proofs.language import All, And, E, Eq, Ge, Gt, Implies, Ind, Le, Ln, Lt, Ne, Sum, Surely, Vocabulary, local_index

TOPIC = Topic("kl_samples", "KL from samples")
NAMES = Vocabulary()
n, N = NAMES.size("n"), NAMES.size("N")
p, q = NAMES.pmf("p", n), NAMES.pmf("q", n)
X = NAMES.process("X", N + num(-1), [["x", n, "p", [], "p", []]])
a, b, i, m = (local_index(c) for c in "abim")
KL = NAMES.define("KL", Sum(a, 0, n, p(a) * Ln(p(a) / q(a)), where=Gt(p(a), 0)))
HERE = [Le(0, m), Lt(m, N)]
NOTATION = {"KL": r"D_{\mathrm{KL}}(p \,\|\, q)"}


def k1(j: Any) -> Term:
    """k1 of sample j."""
    return -Ln(q(X.x(j)) / p(X.x(j)))


def total(count: Any, f: Any = k1) -> Term:
    """The sum of f over the first samples."""
    return Sum(i, 0, count, f(i))


def samples(p: str, q: str, N: int) -> Instance:
    """Two pmfs on the same outcomes, and the number of samples."""
    return {"ints": {"n": len(p.split()), "N": N}, "tables": {"p": p.split(), "q": q.split()}}


COIN = ("9/10 1/10", "1/2 1/2")
SUPPORT = Hypothesis(
    "p-in-q",
    All(a, 0, n, Implies(Gt(p(a), 0), Gt(q(a), 0))),
    "where p is positive, so is q",
    samples("1/3 1/3 1/3", "2/3 1/3 0", 1),
)
hw23a = TOPIC.claim(
    "hw23a",
    "The average of k1 over N samples is unbiased for KL(p || q)",
    kind="expectation",
    source=homework(23, "a"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=[SUPPORT],
    says=Eq(E(total(N) / N), KL()),
    witness=samples("2/9 3/9 4/9", "1/2 1/3 1/6", 2),
    instances={
        "catalogue": samples(*COIN, 1),
        "three": samples(*COIN, 3),
        "with-a-zero": samples("1/4 0 3/4", "1/5 2/5 2/5", 2),
        "equal": samples("1/3 2/3", "1/3 2/3", 2),
    },
)


@hw23a.proof
def unbiased(pf: Any, claim: Term) -> None:
    """By induction on the number of samples."""
    each = one_mean(pf, k1(m), KL())
    goal = Eq(E(total(m)), m * KL())
    step = (
        pf.chain(E(total(m + 1)), "from m samples to m + 1")
        .eq(E(total(m)) + E(k1(m)), "the last term split off", by=["p-in-q"], under=HERE)
        .eq(
            (m + 1) * KL(),
            "the induction hypothesis, and the mean of one sample",
            by=["p-in-q", goal, each],
            under=HERE,
        )
        .done()
    )
    sums = pf.put(pf.induct(m, 0, pf.prove(replaced(goal, {m: num(0)}), by=["p-in-q"]), step, end=N), m, N)
    start, end = claim.args
    divided = pf.times(sums, 1 / N)
    pf.chain(start).eq(E(total(N)) / N, "linearity", by=["p-in-q"]).eq(
        end, "N equal means", by=["p-in-q", divided]
    ).done()


def law(pf: Any, f: Term, *more: Term) -> tuple[Term, Any]:
    """E[f | all samples before m] for a function f of sample m, and the step that takes it over p."""
    before = mk("CondE", "X", X.path, m, 0, abstract(f, X.path))
    return before, pf.rule("next_draws", ["p-in-q", *more], before, 1, *HERE)


def one_mean(pf: Any, f: Term, value: Term, *more: Term) -> Any:
    """E f for a function f of sample m: its law is p, whatever came before."""
    before, drawn = law(pf, f, *more)
    given = ["p-in-q", *more]
    return (
        pf.chain(E(f), "the mean of one sample")
        .eq(E(before), "tower: before the sample is drawn", by=given, under=HERE)
        .then(pf.mean(drawn, X), "its law is p")
        .eq(value, "the sum over the outcomes", by=given, under=HERE)
        .done()
    )


average = total(N) / N
SAMPLED = ("proof", "exact", "sympy", "montecarlo")
hw23a.mutant("sign", Eq(E(-average), KL()), title="log q/p", channels=SAMPLED)
hw23a.mutant(
    "other-direction",
    Eq(E(average), Sum(a, 0, n, q(a) * Ln(q(a) / p(a)), where=Gt(q(a), 0))),
    at=samples(*COIN, 1),
    title="KL(q || p)",
    channels=SAMPLED,
)
hw23a.mutant("squared", Eq(E(total(N, lambda j: k1(j) ** 2 / 2) / N), KL()), title="k2 for k1", channels=SAMPLED)
hw23a.mutant("sum", Eq(E(total(N)), KL()), title="the sum for the average")
hw23a.control(
    "linear",
    Eq(E(total(N, lambda j: Ln(p(X.x(j)) / q(X.x(j))))) / N, KL()),
    title="N outside, the ratio turned round",
    channels=SAMPLED,
)

# ------------------------------------------------------------------------------------- below zero
OUTCOME = [Le(0, b), Lt(b, n)]
POSSIBLE, RARER = Lt(0, p(b)), Lt(p(b), q(b))


def wherever_rarer(conclusion: Term, rarer: Term = RARER) -> Term:
    """The conclusion for every outcome b with 0 < p(b) < q(b)."""
    return All(b, 0, n, Implies(POSSIBLE, Implies(rarer, conclusion)))


chance, all_b = E(Ind(Lt(average, 0))), p(b) ** N
hw23b = TOPIC.claim(
    "hw23b",
    "If 0 < p(b) < q(b), the average of k1 is negative with probability p(b)^N or more",
    kind="existence",
    source=homework(23, "b"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[tangent_log],
    given=[SUPPORT],
    says=wherever_rarer(And(Lt(0, all_b), Le(all_b, chance))),
    witness=samples("2/9 3/9 4/9", "1/2 1/3 1/6", 2),
    instances={"catalogue": samples(*COIN, 1), "three": samples(*COIN, 3), "nowhere": samples("1 0", "1/2 1/2", 1)},
)


def won(count: Any) -> Term:
    """1 where the first samples sum to less than 0."""
    return Ind(Lt(total(count), 0))


hit = Ind(Eq(X.x(m), b))


@hw23b.proof
def all_alike(pf: Any, claim: Term) -> None:
    """All samples are b with probability p(b)^N; by induction on their number."""
    goal, given = Le(p(b) ** m, E(won(m))), ["p-in-q", *OUTCOME]
    below, later = pf.mean(pointwise(pf, won(m)), X), [Le(1, m), Lt(m, N)]
    held = pf.scale(pf.step(goal), p(b), by=[POSSIBLE])
    step = (
        pf.chain(p(b) ** (m + 1), "one sample more")
        .le(p(b) * E(won(m)), "the induction hypothesis", by=[*given, held], under=later)
        .eq(E(won(m) * hit), "the new sample is independent of the others", by=[*given, after(pf)], under=later)
        .le(E(won(m + 1)), "a negative sum, and one more negative term", by=[*given, below], under=later)
        .done()
    )
    alone = pf.put(pf.mean(pointwise(pf, Ind(Le(total(m), 0))), X), m, num(0))
    base = pf.prove(Le(p(b) ** 1, E(won(1))), by=[*given, alone, pf.put(one_mean(pf, hit, p(b), *OUTCOME), m, num(0))])
    bound = pf.put(pf.induct(m, 1, base, pf.settle(step, under=later), end=N), m, N)
    grown = pf.rule("scale", [pf.step(Lt(0, p(b) ** m)), pf.step(POSSIBLE)])
    grown = pf.prove(Lt(0, p(b) ** (m + 1)), by=[grown], under=[Le(0, m)])
    power = pf.put(pf.induct(m, 0, pf.prove(Lt(0, p(b) ** 0)), grown), m, N)
    wins = pf.mean(averaged(pf), X)
    likely = opened(claim.args[2], b).args[1].args[1].args[1]
    done = pf.rule("both", [power, pf.prove(likely, by=["p-in-q", bound, wins])])
    done = pf.rule("imply", [pf.rule("imply", [done], RARER)], POSSIBLE)
    pf.every(b, 0, n, done)


def after(pf: Any) -> Any:
    """E([x_0 + ... < 0] [x_m = b]) = p(b) E[x_0 + ... < 0]."""
    before, drawn = law(pf, hit, *OUTCOME)
    given = ["p-in-q", *OUTCOME]
    return (
        pf.chain(E(won(m) * hit), "independence")
        .eq(E(won(m) * before), "tower: before the sample is drawn", by=given, under=HERE)
        .then(pf.mean(pf.times(drawn, won(m)), X), "its law is p")
        .eq(p(b) * E(won(m)), "the mass at b", by=given, under=HERE)
        .done()
    )


def averaged(pf: Any) -> Any:
    """A negative sum has a negative average."""
    goal = Le(won(N), Ind(Lt(average, 0)))

    def negative_sum(h: Term) -> Any:
        part = pf.rule("scale", [pf.step(h), pf.prove(Lt(0, 1 / N))])
        return pf.prove(goal, by=["p-in-q", pf.prove(Lt(average, 0), by=["p-in-q", part]), h])

    return pf.cases(0, total(N), lambda h: pf.prove(goal, by=["p-in-q", h]), negative_sum)


def negative(pf: Any) -> Any:
    """log p(b)/q(b) < 0."""
    known = {"by": [POSSIBLE, RARER]}
    ratio = pf.scale(pf.step(RARER), pf.prove(Lt(0, 1 / q(b)), **known))
    log = pf.cite("log-tangent", by=[*known["by"], ratio], u=p(b) / q(b))
    return pf.prove(Lt(-Ln(q(b) / p(b)), 0), by=[*known["by"], ratio, log])


def pointwise(pf: Any, so_far: Term) -> Any:
    """so_far [x_m = b] <= [x_0 + ... + x_m < 0] on every path; so_far is 1 only where the earlier samples sum to at most 0."""
    goal, x, low, place = Le(so_far * hit, won(m + 1)), X.x(m), negative(pf), local_index("place")

    def other(h: Term) -> Any:
        return pf.prove(goal, by=["p-in-q"], under=[*HERE, h])

    def same(up: Term, down: Term) -> Any:
        logs = pf.rule("inside", [pf.prove(Eq(x, b), under=[up, down])], place, -Ln(q(place) / p(place)))
        less = pf.prove(Lt(k1(m), 0), by=[logs, low, "p-in-q", POSSIBLE, RARER], under=HERE)
        return pf.cases(total(m), 0, *[lambda h: pf.prove(goal, by=["p-in-q", less], under=[*HERE, up, down, h])] * 2)

    return pf.cases(x, b, lambda up: pf.cases(b, x, lambda down: same(up, down), other), other)


hw23b.mutant(
    "every-pair",
    wherever_rarer(And(Lt(0, all_b), Le(all_b, chance)), Ne(p(b), q(b))),
    at=samples("1 0", "1/2 1/2", 1),
    title="for every p other than q",
    channels=SAMPLED,
)
hw23b.mutant(
    "same-pmf",
    wherever_rarer(And(Lt(0, all_b), Le(all_b, chance)), Eq(p(b), q(b))),
    at=samples("1/3 2/3", "1/3 2/3", 1),
    title="for p = q",
    channels=SAMPLED,
)
hw23b.mutant("always", wherever_rarer(And(Lt(0, all_b), Eq(chance, 1))), title="always", channels=SAMPLED)
hw23b.mutant(
    "exactly",
    wherever_rarer(And(Lt(0, all_b), Eq(chance, all_b))),
    title="with that probability and no more",
    channels=SAMPLED,
)
K3 = total(N, lambda j: q(X.x(j)) / p(X.x(j)) - 1 + k1(j)) / N
hw23b.mutant(
    "k3-too", wherever_rarer(And(Lt(0, all_b), Le(all_b, E(Ind(Lt(K3, 0)))))), title="the same of k3", channels=SAMPLED
)
hw23b.control(
    "difference", wherever_rarer(And(Lt(0, all_b), Ge(chance - all_b, 0))), title="as a difference", channels=SAMPLED
)

hw23b_only = TOPIC.claim(
    "hw23b-only",
    "Where q is nowhere above p > 0, the average of k1 is never negative",
    kind="inequality",
    source=homework(23, "b"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[tangent_log],
    given=[
        Hypothesis("p-in-q", SUPPORT.prop, SUPPORT.text, samples("1/2 1/2 0", "1/2 0 1/2", 1)),
        Hypothesis(
            "nowhere-rarer",
            All(a, 0, n, Implies(Gt(p(a), 0), Ge(p(a) - q(a), 0))),
            "no outcome that p can produce is more frequent under q",
            samples(*COIN, 1),
        ),
    ],
    says=Surely(Ge(average, 0)),
    witness=samples("1/2 1/2 0", "1/3 1/2 1/6", 2),
    instances={"catalogue": samples("1 0", "1/2 1/2", 1), "equal": samples("1/3 2/3", "1/3 2/3", 3)},
)


@hw23b_only.proof
def term_by_term(pf: Any, claim: Term) -> None:
    given, x = ["p-in-q", "nowhere-rarer"], X.x(m)
    ratio = pf.scale(pf.prove(Le(q(x), p(x)), by=given, under=HERE), pf.prove(Le(0, 1 / p(x)), under=HERE))
    log = pf.cite("log-tangent", by=given, under=HERE, u=q(x) / p(x))
    each = pf.prove(Le(0, k1(m)), by=[*given, ratio, log], under=HERE)
    sum_ = pf.rule("sum_order", [pf.every(m, 0, N, each)])
    pf.surely(pf.prove(opened(claim.args[1], X.path), by=["p-in-q", sum_, pf.scale(sum_, 1 / N)]), X)


hw23b_only.mutant(
    "strict", Surely(Gt(average, 0)), at=samples("1/3 2/3", "1/3 2/3", 1), title="always positive", channels=SAMPLED
)
hw23b_only.mutant("any-q", without=["nowhere-rarer"], at=samples(*COIN, 1), title="for every q", channels=SAMPLED)
hw23b_only.mutant("other-sign", Surely(Le(average, 0)), title="never positive", channels=SAMPLED)
hw23b_only.control("sum", Surely(Ge(total(N), 0)), title="the sum for the average", channels=SAMPLED)
