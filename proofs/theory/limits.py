"""Limits, each with the index from which it is within epsilon.

"a_n tends to L" is written out: for every epsilon and every real K that is large enough, in a way that the statement spells
out, a_n is within epsilon of L for all n >= K.  What is left over is a bound C q^n, and the condition on K is linear in K:

    C <= epsilon (1 + K (1 - q))

For q < 1 and epsilon > 0 it holds from K = (C / epsilon - 1) / (1 - q) on; nothing else is left to the reader.
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, lemma
from proofs.kernel.terms import Term, num, replaced
from proofs.language import Ge, Le, Lt, Vocabulary, local_index

TOPIC = Topic("theory_limits", "Limits")
NAMES = Vocabulary()
n, K, q = NAMES.integer("n"), NAMES.real("K"), NAMES.real("q")
C, epsilon = NAMES.real("C"), NAMES.real("epsilon")
WORDS = {"epsilon": r"\varepsilon"}
i = local_index("i")


def enough(bound: Any, eps: Any, index: Any, ratio: Any) -> Term:
    """The index is so large that bound ratio^index <= eps: by Bernoulli's inequality it is enough that this holds."""
    return Le(bound, eps * (1 + index * (1 - ratio)))


def at(n: int, q: str, **more: str) -> Instance:
    return {"ints": {"n": n}, "reals": {"q": q, **more}}


bernoulli = TOPIC.claim(
    "power-vanishes",
    "A power falls at least as fast as one over a linear function",
    kind="inequality",
    source=lemma("hw10a.2-limit"),
    vocabulary=NAMES,
    given=[
        Hypothesis("natural", Le(0, n), "n counts factors", "for n < 0 the power has no meaning"),
        Hypothesis("ratio", Le(0, q), "q is not negative", at(2, "-5/2")),
    ],
    says=Le(q**n * (1 + n * (1 - q)), 1),
    witness=at(3, "4/7"),
    instances={
        "none": at(0, "4/7"),
        "one": at(1, "4/7"),
        "constant": at(5, "1"),
        "zero": at(2, "0"),
        "grows": at(4, "8/5"),
    },
)


@bernoulli.proof
def by_induction(pf: Any, claim: Term) -> None:
    """By induction: q (1 + (n+1)(1-q)) = 1 + n (1-q) - (n+1)(1-q)^2."""
    under = [Le(0, i)]
    goal = replaced(claim, {n: i})
    power = pf.prove(Le(0, q**i), by=["ratio"], under=under)
    lost = pf.scale(pf.scale(pf.square(1 - q), i + 1, under=under), q**i, by=[power], under=under)
    step = (
        pf.chain(replaced(goal.args[0], {i: i + 1}), "from n to n + 1")
        .eq(goal.args[0] - q**i * ((i + 1) * (1 - q) ** 2), "multiplied out", under=under)
        .le(goal.args[0], "a square is not negative", by=[lost], under=under)
        .le(1, "the induction hypothesis", by=[goal], under=under)
        .done()
    )
    pf.put(pf.induct(i, 0, pf.prove(replaced(goal, {i: num(0)})), step), i, n, by=["natural"])


bernoulli.mutant(
    "one-more", Le(q**n * (1 + (n + 1) * (1 - q)), 1), at=at(0, "4/7"), title="n + 1 for n in the linear function"
)
bernoulli.mutant("other-way", Ge(q**n * (1 + n * (1 - q)), 1), title="the other way round")
bernoulli.mutant("strict", Lt(q**n * (1 + n * (1 - q)), 1), at=at(0, "4/7"), title="strictly")
bernoulli.mutant(
    "quadratic",
    Le(q**n * (1 + n**2 * (1 - q)), 1),
    at=at(3, "4/5"),
    title="one over a quadratic function, the factor forgotten",
)


def one_side(pf: Any, claim: Term) -> None:
    by_induction(pf, Le(q**n * (1 + n * (1 - q)), 1))
    pf.prove(claim, by=["natural", pf.last()])


bernoulli.control("moved-over", Ge(1 - q**n * (1 + n * (1 - q)), 0), derive=one_side, title="all on one side")

vanishes = TOPIC.claim(
    "limit-geometric",
    "A bound C q^n is at most epsilon from an index on that can be named",
    kind="limit",
    source=lemma("hw10a.2-limit"),
    vocabulary=NAMES,
    notation=WORDS,
    uses=[bernoulli],
    given=[
        Hypothesis("natural", Le(0, n), "n counts steps", "for n < 0 the power has no meaning"),
        Hypothesis("from", Le(K, n), "n is at least K", at(1, "1/2", K="6", C="4", epsilon="1")),
        Hypothesis("ratio", Le(0, q), "q is not negative", at(2, "-3", K="2", C="8", epsilon="1")),
        Hypothesis("falls", Le(q, 1), "q is at most 1", at(3, "3/2", K="-1", C="3/2", epsilon="1")),
        Hypothesis("epsilon", Le(0, epsilon), "epsilon is not negative", at(3, "1/2", K="0", C="-1", epsilon="-1")),
        Hypothesis("enough", enough(C, epsilon, K, q), "K is large enough", at(2, "1/2", K="2", C="7", epsilon="1")),
    ],
    says=Le(C * q**n, epsilon),
    witness=at(9, "2/3", K="17/2", C="11/3", epsilon="6/5"),
    instances={
        "at-K": at(6, "1/2", K="6", C="4", epsilon="1"),
        "constant": at(4, "1", K="2", C="3/7", epsilon="3/7"),
        "negative": at(1, "1/2", K="0", C="-3", epsilon="0"),
    },
    about="For q < 1 and epsilon > 0 there is such a K: (C / epsilon - 1) / (1 - q), and every larger one.",
)


@vanishes.proof
def below(pf: Any, claim: Term) -> None:
    given = ["natural", "from", "ratio", "falls", "epsilon"]
    power = pf.prove(Le(0, q**n), by=given)
    first = pf.scale(pf.step("enough"), q**n, by=[*given, power])
    later = pf.scale(pf.scale(pf.product(n - K, 1 - q, by=given), epsilon, by=given), q**n, by=[*given, power])
    small = pf.scale(pf.cite("power-vanishes", by=given), epsilon, by=given)
    (
        pf.chain(claim.args[0])
        .le(q**n * (epsilon * (1 + K * (1 - q))), "K is large enough", by=["natural", first])
        .le(q**n * (epsilon * (1 + n * (1 - q))), "n is at least K", by=["natural", later])
        .le(claim.args[1], "a power falls at least so fast", by=["natural", small])
        .done()
    )


vanishes.mutant(
    "too-early", Le(C * q ** (n - 1), epsilon), at=at(1, "1/5", K="1", C="9/5", epsilon="1"), title="one index earlier"
)
vanishes.mutant(
    "strict", Lt(C * q**n, epsilon), at=at(4, "1", K="2", C="3/7", epsilon="3/7"), title="strictly below epsilon"
)
vanishes.mutant("lower", Le(epsilon, C * q**n), title="at least epsilon")
vanishes.mutant("first-only", without=["from"], at=at(1, "1/2", K="6", C="4", epsilon="1"), title="before K, too")


def difference(pf: Any, claim: Term) -> None:
    below(pf, Le(C * q**n, epsilon))
    pf.prove(claim, by=["natural", pf.last()])


vanishes.control("moved-over", Ge(epsilon - C * q**n, 0), derive=difference, title="all on one side")
