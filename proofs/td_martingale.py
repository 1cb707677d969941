"""The k-step advantages A_k = X_t^(k) - V(t, s_t) in the order of k: each is the best guess of all later ones.

A_k is a discounted sum of TD errors.  From time t + 1 on each error has mean zero given the state in which it begins, so a longer
advantage adds noise that the shorter one knows nothing of, and the variances of the errors add up.
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Source, Topic
from proofs.instances import with_values
from proofs.kernel.terms import Term, num, opened, replaced
from proofs.language import E, Eq, Ge, Le, Lt, Sum, Surely, Var
from proofs.theory.given_action import WRONG, at, chain, other_policy, script, wrong_values
from proofs.theory.policy_evaluation import (
    NOTATION,
    T,
    V,
    X,
    bellman,
    delta,
    error,
    gamma,
    j,
    k,
    m,
    n,
    no_drift,
    t,
    target,
    vocabulary,
)

TOPIC = Topic("td_martingale", "k-step advantages as a martingale")
SAMPLED = ("proof", "exact", "sympy", "montecarlo")
NAMES = vocabulary()
NOTATION_HERE = NOTATION | {"advantage": r"A_{{{2}}}^{{({1})}}"}
SLIDES = Source("chapter slides", "lines 1832-1834")


_advantage = NAMES.define("advantage", target(t, k) - V(t, X.s(t)), X.path, t, k)


def advantage(k: Any) -> Term:
    """A_k, at time t."""
    return _advantage(X.path, t, k)


def with_m(data: Instance, m: int) -> Instance:
    return {**data, "ints": {**data["ints"], "m": m}}


def given(last: Any, beyond: Instance, wrong: Instance) -> list[Hypothesis]:
    """0 <= t, the last time lies within the horizon, and V is exact after t."""
    return [
        Hypothesis("start", Le(0, t), "t is a time", "before time 0 there is no state, and no table to be wrong"),
        Hypothesis("horizon", Le(last, T), "the last time that is used lies within the horizon", beyond),
        Hypothesis("bellman", bellman(t + 1), "V is the policy's from t + 1 on", wrong),
    ]


def next_error(pf: Any, known: list[str], under: list[Term]) -> Any:
    """E[delta_{t+n} | s_{t+n}] = 0 for 1 <= n < T - t."""
    drift = no_drift(pf, ["start"], [Le(t + 1, j), Lt(j, T)])
    return pf.put(drift, j, t + n, by=known, under=under)


# ------------------------------------------------------------------------------------- a martingale
BEST_GUESS = Surely(Eq(X.given(advantage(m), t + k, "s"), advantage(k)))
martingale = TOPIC.claim(
    "ch1-tdk-var-martingale",
    "A shorter advantage is the conditional mean of a longer one",
    kind="expectation",
    source=SLIDES,
    vocabulary=NAMES,
    notation=NOTATION_HERE,
    given=[
        Hypothesis("steps", Le(1, k), "at least one reward is sampled", with_m(with_values(at(0, 0), {0: WRONG}), 1)),
        Hypothesis("order", Le(k, m), "the second advantage is not the shorter one", with_m(at(0, 2), 1)),
        *given(t + m, with_m(at(1, 1), 2), with_m(wrong_values(at(0, 1)), 2)),
    ],
    says=BEST_GUESS,
    witness=with_m(at(0, 1), 2),
    instances={"M2": with_m(chain(0, 1), 2), "equal": with_m(at(0, 2), 2), "later": with_m(at(1, 1, horizon=3), 2)},
    script_at=with_m(script(1), 2),
)


@martingale.proof
def by_induction(pf: Any, claim: Term) -> None:
    """On m: the next TD error has mean zero given a state that comes no earlier than s_{t+k}."""
    known, under = ["start", "steps"], [Le(k, n), Lt(n, T - t)]

    def now(f: Term) -> Term:
        return X.given(f, t + k, "s")

    goal = Eq(now(advantage(n)), advantage(k))
    base = pf.prove(replaced(goal, {n: k}), by=[*known, "order", "horizon"])
    zero = pf.times(pf.mean(next_error(pf, known, under), X, X.path, t + k, 1), gamma**n)
    later = now(X.given(error(t + n), t + n, "s"))
    step = (
        pf.chain(now(advantage(n + 1)), "from n to n + 1 steps")
        .eq(now(advantage(n)) + gamma**n * later, "one more TD error, averaged in two stages", by=known, under=under)
        .eq(advantage(k), "its mean is zero", by=[*known, goal, zero], under=under)
        .done()
    )
    pf.surely(pf.put(pf.induct(n, k, base, step, end=T - t), n, m, by=["order", "horizon"]), X)


def as_difference(pf: Any, claim: Term) -> None:
    by_induction(pf, BEST_GUESS)
    on_this = pf.on_path(pf.last(), X)
    pf.surely(pf.prove(opened(claim.args[1], X.path), by=["start", "steps", "order", "horizon", on_this]), X)


early = X.given(advantage(m), t + k - 1, "s")
martingale.mutant("too-early", Surely(Eq(early, advantage(k))), title="given what is known one step before")
martingale.mutant(
    "any-V", without=["bellman"], at=with_m(wrong_values(at(0, 1)), 2), title="for any values", channels=SAMPLED
)
martingale.mutant(
    "off-policy",
    without=["bellman"],
    at=with_m(other_policy(at(0, 1)), 2),
    title="actions of another policy",
    channels=SAMPLED,
)
martingale.control(
    "difference",
    Surely(Eq(X.given(advantage(m) - advantage(k), t + k, "s"), 0)),
    derive=as_difference,
    title="as a difference",
    channels=SAMPLED,
)

# ------------------------------------------------------------------------------------- the variances add up
COUNT = Hypothesis(
    "steps", Le(0, k), "k counts steps", "for k < 0 the discount gamma^k of the last value has no meaning"
)
ADDED_UP = Eq(Var(advantage(k)), Sum(j, 0, k, gamma ** (2 * j) * Var(delta(t + j))))
total = TOPIC.claim(
    "ch1-tdk-var",
    "The variance of a k-step advantage is a sum over its TD errors",
    kind="expectation",
    source=SLIDES,
    vocabulary=NAMES,
    notation=NOTATION_HERE,
    given=[
        COUNT,
        *given(t + k, at(1), wrong_values(at())),
    ],
    says=ADDED_UP,
    witness=at(),
    instances={"M2": chain(), "no-steps": at(0, 0), "later": at(1, horizon=3)},
    script_at=script(2),
)


@total.proof
def errors_add(pf: Any, claim: Term) -> None:
    """By induction on k >= 1: the next TD error is orthogonal to everything before it."""
    under = [Le(1, n), Lt(n, T - t)]
    goal = replaced(claim, {k: n})
    base = pf.prove(replaced(goal, {n: num(1)}), by=["start"], under=[Lt(t, T)])
    drift = next_error(pf, ["start"], under)
    mean, cross = (pf.mean(pf.times(drift, f), X) for f in (gamma**n, gamma**n * advantage(n)))
    products = [cross, *[pf.times(mean, c) for c in (E(advantage(n)), gamma**n * E(error(t + n)))]]
    left, right = goal.args
    step = (
        pf.chain(replaced(left, {n: n + 1}), "from n to n + 1 steps")
        .eq(left + gamma ** (2 * n) * Var(error(t + n)), "no correlation", by=["start", *products], under=under)
        .eq(right + gamma ** (2 * n) * Var(error(t + n)), "the induction hypothesis", by=["start", goal], under=under)
        .eq(replaced(right, {n: n + 1}), "one more term", by=["start"], under=under)
        .done()
    )
    some = pf.put(pf.induct(n, 1, base, step, end=T - t), n, k, by=["horizon"])
    pf.cases(1, k, lambda h: pf.settle(some, by=["start", "horizon"], under=[h]), lambda h: no_steps(pf, claim, h))


def no_steps(pf: Any, claim: Term, few: Term) -> Any:
    """For k = 0 both sides are 0."""
    known = ["start", "steps", "horizon"]
    none = pf.prove(Eq(k, 0), by=["steps"], under=[few])
    nothing = pf.rule("inside", [none], n, replaced(claim.args[0], {k: n}))
    return pf.prove(claim, by=[*known, nothing], under=[few])


total.mutant(
    "geometric",
    Eq(Var(advantage(k)), Sum(j, 0, k, gamma**j * Var(delta(t + j)))),
    title="gamma^j for gamma^(2j)",
    channels=SAMPLED,
)
total.mutant(
    "one-too-many",
    Eq(Var(advantage(k)), Sum(j, 0, k + 1, gamma ** (2 * j) * Var(delta(t + j)))),
    at=at(0, 1),
    title="one error too many",
    channels=SAMPLED,
)
total.mutant("any-V", without=["bellman"], at=wrong_values(at()), title="for any values", channels=SAMPLED)
total.mutant(
    "off-policy",
    without=["bellman"],
    at=other_policy(at()),
    title="the policy is not the one that V belongs to",
    channels=SAMPLED,
)


def from_time_t(pf: Any, claim: Term) -> None:
    errors_add(pf, ADDED_UP)
    pf.prove(claim, by=["start", "steps", "horizon", pf.last()])


total.control(
    "absolute-times",
    Eq(Var(advantage(k)), Sum(j, t, t + k, gamma ** (2 * (j - t)) * Var(delta(j)))),
    derive=from_time_t,
    title="the sum over absolute times",
    channels=SAMPLED,
)

# ------------------------------------------------------------------------------------- the ordering
GROWS = Le(Var(advantage(k)), Var(advantage(m)))
ordering = TOPIC.claim(
    "ch1-tdk-var-order",
    "Longer advantages have at least as much variance",
    kind="variance ordering",
    source=SLIDES,
    vocabulary=NAMES,
    notation=NOTATION_HERE,
    uses=[total],
    given=[
        COUNT,
        Hypothesis("order", Le(k, m), "the second advantage is not the shorter one", with_m(at(0, 2), 1)),
        *given(t + m, with_m(at(1, 1), 2), with_m(wrong_values(at(0, 1)), 2)),
    ],
    says=GROWS,
    witness=with_m(at(0, 1), 2),
    instances={"M2": with_m(chain(0, 1), 2), "equal": with_m(at(), 2), "nothing-against-one": with_m(at(0, 0), 1)},
    script_at=with_m(script(1), 2),
)


@ordering.proof
def more_terms(pf: Any, claim: Term) -> None:
    """The longer sum has more terms, and none is negative."""
    known = ["start", "steps", "order", "horizon"]
    short, long = (pf.cite("ch1-tdk-var", by=[*known, "bellman"], k=c) for c in (k, m))
    under = [Le(k, j), Lt(j, m)]
    spread = error(t + j) - E(error(t + j))
    square = pf.mean(pf.square(spread), X)
    term = pf.scale(square, gamma ** (2 * j), by=known, under=under)
    more = pf.rule("sum_order", [pf.every(j, k, m, term)])
    parts = pf.settle(pf.rule("split", [], long.right, k), by=known)
    pf.prove(claim, by=[*known, short, long, more, parts])


ordering.mutant("reversed", Ge(Var(advantage(k)), Var(advantage(m))), title="the order reversed", channels=SAMPLED)
ordering.mutant(
    "strict", Lt(Var(advantage(k)), Var(advantage(m))), at=with_m(at(), 2), title="strictly, also for k = m"
)
ordering.mutant(
    "any-V", without=["bellman"], at=with_m(wrong_values(at(0, 1)), 2), title="for any values", channels=SAMPLED
)


def moved_over(pf: Any, claim: Term) -> None:
    more_terms(pf, GROWS)
    pf.prove(claim, by=["start", "steps", "order", "horizon", pf.last()])


ordering.control(
    "difference",
    Ge(Var(advantage(m)) - Var(advantage(k)), 0),
    derive=moved_over,
    title="the difference is not negative",
    channels=SAMPLED,
)
