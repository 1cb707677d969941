"""Gradients of the KL estimators: the mean of the gradient over samples, as an automatic differentiation computes it.

k1 = -log r        k2 = (log r)^2 / 2        k3 = r - 1 - log r        r = q(x) / p(x),  x ~ p

A smooth family p_theta is written by its first order, p + t d at t = 0: the derivative of anything smooth along a path of
pmfs depends on the point p and on the velocity d alone.  Where p is positive everywhere any d is c m + e p for a pmf m and
numbers c and e; the mass stays 1 where c + e = 0.  The samples stay those of p: nothing is differentiated through the
sampling.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proofs.claims import Claim, Hypothesis, Instance, Source, Topic
from proofs.kernel.terms import Term
from proofs.language import All, D, E, Eq, Gt, Ln, Sum, Vocabulary, local_index, local_real

TOPIC = Topic("kl_gradients", "Gradients of KL estimators")
SAMPLED = ("proof", "exact", "sympy", "montecarlo")
NAMES = Vocabulary()
n = NAMES.size("n")
p, q, m = NAMES.pmf("p", n), NAMES.pmf("q", n), NAMES.pmf("m", n)
c, e = NAMES.real("c"), NAMES.real("e")
X = NAMES.sample("X", "x", "p")
a, i, t = local_index("a"), local_index("i"), local_real("t")
NOTATION = {"x": "x"}
ISSUES = Source("issues of RL libraries", "TRL 4967, open-instruct 534, verl 2953")
x = X.x()


def k1(r: Any) -> Term:
    return -Ln(r)


def k2(r: Any) -> Term:
    return Ln(r) ** 2 / 2


def k3(r: Any) -> Term:
    return r - 1 - Ln(r)


def moving(f: Any) -> Any:
    """The family through f with velocity c m + e f."""
    return lambda i: f(i) + t * (c * m(i) + e * f(i))


def slope(f: Term) -> Term:
    return D(f, t, 0)


def divergence(p: Any, q: Any) -> Term:
    """KL(p || q) of positive pmfs."""
    return Sum(a, 0, n, p(a) * Ln(p(a) / q(a)))


def point(p: str, q: str, m: str, c: str = "-3/2", e: str = "3/2") -> Instance:
    tables = {"p": p.split(), "q": q.split(), "m": m.split()}
    return {"ints": {"n": len(p.split())}, "reals": {"c": c, "e": e}, "tables": tables}


PT, QT = moving(p), moving(q)
FORWARD, REVERSE = slope(divergence(PT, q)), slope(divergence(q, PT))  # when p moves
FORWARD_Q, REVERSE_Q = slope(divergence(p, QT)), slope(divergence(QT, p))  # when q moves
ratio = q(x) / p(x)
POSITIVE = [
    Hypothesis("p-positive", All(a, 0, n, Gt(p(a), 0)), "p is positive everywhere", point("1 0", "1/2 1/2", "1/3 2/3")),
    Hypothesis("q-positive", All(a, 0, n, Gt(q(a), 0)), "q is positive everywhere", point("1/2 1/2", "1 0", "1/3 2/3")),
]
HEAVIER = point("1/3 2/3", "1/2 1/2", "1/7 6/7", "2", "1")
MASS = Hypothesis("mass", Eq(c + e, 0), "the family keeps its mass", HEAVIER)


def mean_slope(k: Any, p: Any, q: Any, weight: Any = None) -> Term:
    """E of the derivative of k(q / p), times a weight if there is one; the samples are those of p at t = 0."""
    f = k(q(x) / p(x))
    return E(slope(f if weight is None else weight * f))


def claim(id: str, title: str, says: Term, why: str, given: Sequence[Hypothesis] = (*POSITIVE, MASS)) -> Claim:
    made = TOPIC.claim(
        id,
        title,
        kind="expectation",
        source=ISSUES,
        vocabulary=NAMES,
        notation=NOTATION,
        given=given,
        says=says,
        witness=point("1/2 1/3 1/6", "1/5 2/5 2/5", "1/7 2/7 4/7"),
        instances={
            "coin": point("9/10 1/10", "1/2 1/2", "1/10 9/10", "-5/4", "5/4"),  # velocity (1, -1) where p moves
            "equal": point("1/3 2/3", "1/3 2/3", "1 0"),
        },
    )
    made.script_at = made.instances["coin"]
    made.proof(by_sums(why))
    if MASS in given:
        made.mutant(
            "any-velocity", without=["mass"], at=HEAVIER, title="a family that does not keep its mass", channels=SAMPLED
        )
    return made


POSITIVITY = ["p-positive", "q-positive"]


def by_sums(why: str) -> Any:
    """The mean as a sum over all outcomes, none of which has probability 0."""

    def derive(pf: Any, claim: Term) -> None:
        start, end = claim.args
        given = [h for h, _ in pf.statement.hyps]
        mean = pf.rule("next_draws", given, start, 1)
        all_of_them = pf.everywhere(mean.right, by=POSITIVITY)
        (
            pf.chain(start)
            .then(mean, "the mean over x ~ p")
            .then(all_of_them, "every outcome has positive probability")
            .eq(end, why, by=[*given, *masses(pf, given)])
            .done()
        )

    return derive


def masses(pf: Any, given: Sequence[str]) -> list[Any]:
    """The sums of p, q and m, times c and e; and that c + e = 0."""
    sums = [pf.times(pf.prove(Eq(Sum(a, 0, n, f(a)), 1)), v) for f in (p, q, m) for v in (c, e)]
    return [*sums, *[pf.step("mass") for h in given if h == "mass"]]


# ------------------------------------------------------------------------------------- p moves
grad_k1 = claim(
    "kl-grad-k1",
    "The mean gradient of k1 is 0",
    Eq(mean_slope(k1, PT, q), 0),
    "what is left is the sum of the velocity",
)
grad_k1.mutant("forward", Eq(mean_slope(k1, PT, q), FORWARD), title="the gradient of KL(p || q)", channels=SAMPLED)
grad_k1.mutant("reverse", Eq(mean_slope(k1, PT, q), REVERSE), title="the gradient of KL(q || p)", channels=SAMPLED)
grad_k1.control("score", Eq(E(slope(Ln(PT(x) / q(x)))), 0), title="the score has mean zero", channels=SAMPLED)

grad_k2 = claim(
    "kl-grad-k2",
    "The mean gradient of k2 is that of KL(p || q)",
    Eq(mean_slope(k2, PT, q), FORWARD),
    "the slope of KL(p + t d || q), in which the sum of the velocity drops out",
)
grad_k2.mutant("reverse", Eq(mean_slope(k2, PT, q), REVERSE), title="the gradient of KL(q || p)", channels=SAMPLED)
grad_k2.mutant(
    "not-halved", Eq(mean_slope(lambda r: Ln(r) ** 2, PT, q), FORWARD), title="(log r)^2 for k2", channels=SAMPLED
)
grad_k2.mutant("zero", Eq(mean_slope(k2, PT, q), 0), title="mean zero, as for k1", channels=SAMPLED)
grad_k2.control(
    "in-the-reward",
    Eq(E(k1(ratio) * slope(Ln(PT(x)))), FORWARD),
    title="k1 held fixed, times the score: KL in the reward",
    channels=SAMPLED,
)

grad_k3 = claim(
    "kl-grad-k3",
    "The mean gradient of k3 is that of KL(q || p)",
    Eq(mean_slope(k3, PT, q), REVERSE),
    "the slope of KL(q || p + t d), and the sum of the velocity",
)
grad_k3.mutant(
    "forward",
    Eq(mean_slope(k3, PT, q), FORWARD),
    title="the gradient of KL(p || q)",
    seen_in="k3 as a KL penalty in the loss",
    channels=SAMPLED,
)
grad_k3.mutant("upside-down", Eq(E(slope(k3(PT(x) / q(x)))), REVERSE), title="p/q for q/p")
grad_k3.mutant("zero", Eq(mean_slope(k3, PT, q), 0), title="mean zero, as for k1", channels=SAMPLED)
grad_k3.control(
    "ratio-alone",
    Eq(mean_slope(lambda r: r, PT, q), REVERSE),
    title="r alone: the rest of k3 has mean zero",
    channels=SAMPLED,
)

ratio_k3 = claim(
    "kl-grad-ratio",
    "With the importance ratio in front, the mean gradient of k3 is that of KL(p || q)",
    Eq(mean_slope(k3, PT, q, PT(x) / p(x)), FORWARD),
    "the slope of KL(p + t d || q): the sum of q stays 1",
)
ratio_k3.mutant("no-ratio", Eq(mean_slope(k3, PT, q), FORWARD), title="without the ratio", channels=SAMPLED)
ratio_k3.mutant(
    "ratio-detached",
    Eq(E(p(x) / p(x) * slope(k3(q(x) / PT(x)))), FORWARD),
    title="the ratio is not differentiated",
    channels=SAMPLED,
)
ratio_k3.mutant(
    "reverse", Eq(mean_slope(k3, PT, q, PT(x) / p(x)), REVERSE), title="the gradient of KL(q || p)", channels=SAMPLED
)
ratio_k3.mutant("k2-too", Eq(mean_slope(k2, PT, q, PT(x) / p(x)), FORWARD), title="the same of k2")
ratio_k3.control("k1-too", Eq(mean_slope(k1, PT, q, PT(x) / p(x)), FORWARD), title="the same of k1", channels=SAMPLED)

# ------------------------------------------------------------------------------------- q moves
grad_k1_q = claim(
    "kl-grad-k1-q",
    "In q, the mean gradient of k1 is that of KL(p || q)",
    Eq(mean_slope(k1, p, QT), FORWARD_Q),
    "the slope of KL(p || q + t d)",
    given=POSITIVE,
)
grad_k1_q.mutant("reverse", Eq(mean_slope(k1, p, QT), REVERSE_Q), title="the gradient of KL(q || p)", channels=SAMPLED)
grad_k1_q.mutant("zero", Eq(mean_slope(k1, p, QT), 0), title="mean zero, as in p", channels=SAMPLED)
grad_k1_q.mutant("sign", Eq(mean_slope(Ln, p, QT), FORWARD_Q), title="+log r for k1", channels=SAMPLED)
grad_k1_q.control(
    "likelihood", Eq(E(slope(-Ln(QT(x)))), FORWARD_Q), title="the likelihood of the samples", channels=SAMPLED
)

grad_k2_q = claim(
    "kl-grad-k2-q",
    "In q, the mean gradient of k2 weights each outcome by (p/q) log(q/p)",
    Eq(mean_slope(k2, p, QT), Sum(a, 0, n, p(a) / q(a) * Ln(q(a) / p(a)) * (c * m(a) + e * q(a)))),
    "the slope of (log r)^2 / 2 is log r times that of log r",
    given=POSITIVE,
)
grad_k2_q.mutant("forward", Eq(mean_slope(k2, p, QT), FORWARD_Q), title="the gradient of KL(p || q)", channels=SAMPLED)
grad_k2_q.mutant("reverse", Eq(mean_slope(k2, p, QT), REVERSE_Q), title="the gradient of KL(q || p)")
grad_k2_q.mutant("zero", Eq(mean_slope(k2, p, QT), 0), title="mean zero", channels=SAMPLED)
grad_k2_q.control(
    "of-its-mean",
    Eq(mean_slope(k2, p, QT), slope(Sum(a, 0, n, p(a) * k2(QT(a) / p(a))))),
    title="the gradient of its mean",
    channels=SAMPLED,
)

grad_k3_q = claim(
    "kl-grad-k3-q",
    "In q, the mean gradient of k3 is that of KL(p || q)",
    Eq(mean_slope(k3, p, QT), FORWARD_Q),
    "the slope of KL(p || q + t d), and the sum of the velocity",
)
grad_k3_q.mutant("reverse", Eq(mean_slope(k3, p, QT), REVERSE_Q), title="the gradient of KL(q || p)", channels=SAMPLED)
grad_k3_q.mutant("zero", Eq(mean_slope(k3, p, QT), 0), title="mean zero", channels=SAMPLED)
grad_k3_q.mutant(
    "forgets-r", Eq(mean_slope(lambda r: r, p, QT), FORWARD_Q), title="r alone, as suffices in p", channels=SAMPLED
)
grad_k3_q.control(
    "of-its-mean",
    Eq(mean_slope(k3, p, QT), slope(Sum(a, 0, n, p(a) * k3(QT(a) / p(a))))),
    title="the gradient of its mean",
    channels=SAMPLED,
)
