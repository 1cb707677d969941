"""Valid targets: estimators whose mean, given the past, the state and the action, is Q(t, s_t, a_t).

E[f | everything up to a_t] is a function of that past; the claims say that only (s_t, a_t) counts.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from proofs.claims import Hypothesis, Instance, Source, Topic, homework, lemma
from proofs.instances import LAST_VALUE, small, with_values
from proofs.kernel.terms import Term, num
from proofs.language import All, And, E, Eq, Le, Lt, Sum, Surely
from proofs.theory.given_action import (
    ACTION,
    ANY_STEPS,
    KNOWN,
    a_t,
    after,
    at,
    chain,
    concluded,
    exact,
    first_step,
    given,
    mean_is,
    now,
    other_policy,
    s_t,
    script,
    tables,
    wrong_actions,
    wrong_values,
)
from proofs.theory.policy_evaluation import (
    NOTATION,
    A,
    S,
    T,
    V,
    X,
    a,
    error,
    gamma,
    i,
    j,
    k,
    n,
    no_drift,
    one_step,
    pi,
    reward,
    solved,
    t,
    target,
    vocabulary,
    with_action_values,
)

TOPIC = Topic("targets", "Valid targets")
SAMPLED = ("proof", "exact", "sympy", "montecarlo")
NAMES = vocabulary()
B = NAMES.real("B")
score, b, c = NAMES.function("score", 2), NAMES.function("b", 2), NAMES.function("c")


# ------------------------------------------------------------------------------------- instances
def optimal() -> Instance:
    """M2 with the policy's Q and the optimal V."""
    return with_values(chain(0, 1), {n: ["8/3", "8/9"] for n in range(3)})


def undiscounted() -> Instance:
    """V as it would be without a discount, Q with it."""
    data = at(0, 1)
    return tables(data, V=solved({**data, "reals": {"gamma": "1"}}, LAST_VALUE)["tables"]["V"])


def ended(data: Instance) -> Instance:
    """Nothing is earned after the horizon."""
    return solved(data, ["0"] * data["ints"]["S"])


def bounded(data: Instance, bound: str = "6") -> Instance:
    return {**data, "reals": {**data["reals"], "B": bound}}


def negative() -> Instance:
    """One step with a negative discount."""
    return bounded(solved(small(1, t=0, horizon=1, gamma="-1/2"), LAST_VALUE), "2")


def scored(data: Instance, baseline: Any = (("1", "2"), ("-1", "1/3"))) -> Instance:
    """The first coordinate of a softmax policy's score, and baselines b(s, a) and c(s)."""
    rows = [[str((n == 0) - Fraction(row[0])) for n in range(len(row))] for row in data["tables"]["pi"][0]]
    return tables(data, score=rows, b=[list(row) for row in baseline], c=["3", "-1/2"])


def shifted(data: Instance) -> Instance:
    """The score of another policy."""
    return tables(scored(data), score=[["1", "-2"], ["1/2", "3"]])


# ------------------------------------------------------------------------------------- any number of steps
steps = TOPIC.claim(
    "ch1-tdk-mean",
    "k-step advantages have one mean for all k",
    kind="expectation",
    source=Source("chapter slides", "lines 1820-1830"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=ANY_STEPS,
    says=mean_is(target(t, k) - V(t, s_t), exact - V(t, s_t)),
    witness=at(),
    instances={"M2": chain(), "one-step": at(1, 1), "later": at(1, horizon=3)},
    script_at=script(2),
)


@steps.proof
def by_induction(pf: Any, claim: Term) -> None:
    """On k: the next TD error has mean zero given the state in which it begins, and so given (s_t, a_t)."""
    known, under = ["start", "steps", "horizon"], [Le(1, n), Lt(n, T - t)]
    base, left = first_step(pf, known), now(target(t, n))
    base = pf.prove(Eq(now(target(t, num(1))), exact), by=[*known, base])
    drift = pf.put(no_drift(pf, ["start"], [Le(t + 1, j), Lt(j, T)]), j, t + n, by=["start"], under=under)
    zero = pf.times(pf.mean(drift, X, X.path, t, ACTION), gamma**n)
    later = now(X.given(error(t + n), t + n, "s"))
    step = (
        pf.chain(now(target(t, n + 1)), "from n to n + 1 steps")
        .eq(left + gamma**n * later, "one more TD error, averaged in two stages", by=["start"], under=under)
        .eq(exact, "its mean is zero", by=["start", Eq(left, exact), zero], under=under)
        .done()
    )
    mean = pf.put(pf.induct(n, 1, base, step, end=T - t), n, k, by=known)
    concluded(pf, claim, [*known, mean])


steps.mutant(
    "undiscounted-V",
    without=["bellman", "action-value"],
    at=undiscounted(),
    title="V without Q's discount",
    channels=SAMPLED,
)
steps.mutant(
    "greedy",
    without=["bellman"],
    at=other_policy(at()),
    title="a_{t+1} from a policy that V does not belong to",
    channels=SAMPLED,
)
steps.mutant("no-steps", without=["steps"], at=at(0, 0), title="also where no reward is sampled", channels=SAMPLED)
steps.mutant(
    "no-baseline", mean_is(target(t, k), exact - V(t, s_t)), title="the target for the advantage", channels=SAMPLED
)
steps.control("target", mean_is(target(t, k)), title="the target has mean Q", channels=SAMPLED)


def case_of(pf: Any, count: Any, known: list[str]) -> Any:
    """E[X_t^{(count)} - V(t, s_t) | ...] = Q - V(t, s_t) on this path."""
    return pf.on_path(pf.cite("ch1-tdk-mean", by=[*known, "bellman", "action-value"], k=count), X)


# ------------------------------------------------------------------------------------- the whole return
END = Hypothesis(
    "end", All(j, T, T + 1, All(i, 0, S, Eq(V(j, i), 0))), "V(T, s) = 0: nothing is earned after the horizon", at()
)
BEYOND = tables(ended(at(2)), Q=[[["1", "2"], ["3", "4"]]] * 3)
ret = Sum(j, 0, T - t, gamma**j * reward(t + j))
carlo = TOPIC.claim(
    "hw09a",
    "The Monte Carlo return",
    kind="expectation",
    source=homework(9, "a"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[steps],
    given=[END, *given(t + 1, BEYOND, wrong_values(ended(at()), ["0", "0"]), wrong_actions(ended(at())))],
    says=mean_is(ret),
    witness=ended(at()),
    instances={"M2": ended(chain()), "later": ended(at(1, horizon=3)), "last": ended(at(1))},
    script_at=with_action_values(with_values(script(2), {2: ["0", "0"]})),
)


@carlo.proof
def to_the_end(pf: Any, claim: Term) -> None:
    """The case k = T - t, whose bootstrap is 0."""
    nothing = pf.at("end", T, X.s(T), by=KNOWN)
    zero = pf.mean(pf.times(nothing, gamma ** (T - t)), X, X.path, t, ACTION)
    concluded(pf, claim, [*KNOWN, case_of(pf, T - t, KNOWN), zero])


carlo.mutant(
    "from-next",
    mean_is(Sum(j, 0, T - t - 1, gamma**j * reward(t + 1 + j))),
    title="rewards from r_{t+1} on",
    channels=SAMPLED,
)
carlo.mutant(
    "extra-discount", mean_is(gamma**t * ret), at=ended(at(1, horizon=3)), title="gamma^t too much", channels=SAMPLED
)
carlo.mutant(
    "other-policy",
    without=["bellman"],
    at=other_policy(ended(at())),
    title="the future follows another policy",
    channels=SAMPLED,
)
carlo.control("difference", mean_is(ret - exact, num(0)), title="the return minus Q has mean 0", channels=SAMPLED)

BOUND = All(j, T, T + 1, All(i, 0, S, And(Le(-B, V(j, i)), Le(V(j, i), B))))
rest = gamma ** (T - t) * B
remainder = TOPIC.claim(
    "hw09a-remainder",
    "A return cut off after n steps is off by at most gamma^n B",
    kind="inequality",
    source=lemma("hw09a"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[steps],
    given=[
        *given(
            t + 1, bounded(BEYOND, "1/100"), bounded(wrong_values(at(), LAST_VALUE), "2"), bounded(wrong_actions(at()))
        ),
        Hypothesis("discount", Le(0, gamma), "the discount is not negative", negative()),
        Hypothesis("bound", BOUND, "|V(T, s)| <= B", bounded(at(), "1/100")),
    ],
    says=Surely(And(Le(now(ret), exact + rest), Le(exact, now(ret) + rest))),
    witness=bounded(at()),
    instances={"M2": bounded(chain()), "later": bounded(at(1, horizon=3))},
    script_at=bounded(script(2)),
)


@remainder.proof
def cut_off(pf: Any, claim: Term) -> None:
    """The bootstrap gamma^n V(T, s_T) is all that is missing."""
    weight = pf.prove(Le(0, gamma ** (T - t)), by=[*KNOWN, "discount"])
    within = pf.at("bound", T, X.s(T), by=KNOWN)
    low, high = (
        pf.mean(pf.scale(pf.prove(side, by=[within]), weight), X, X.path, t, ACTION) for side in within.prop.args
    )
    concluded(pf, claim, [*KNOWN, case_of(pf, T - t, KNOWN), low, high])


tight = Surely(And(Le(now(ret), exact + gamma * rest), Le(exact, now(ret) + gamma * rest)))
remainder.mutant("tighter", tight, at=bounded(solved(at(), ["2", "2"]), "2"), title="gamma^(n+1) B", channels=SAMPLED)
remainder.mutant("none", mean_is(ret), title="no error at all", channels=SAMPLED)
remainder.mutant(
    "any-V",
    without=["bellman"],
    at=bounded(wrong_values(at(), LAST_VALUE), "2"),
    title="for any values",
    channels=SAMPLED,
)
remainder.control(
    "both-sides",
    Surely(And(Le(exact - rest, now(ret)), Le(now(ret), exact + rest))),
    title="the return between two bounds",
    channels=SAMPLED,
)

# ------------------------------------------------------------------------------------- the homework's targets
# ------------------------------------------------------------------------------------- the homework's targets
one = TOPIC.claim(
    "hw09c",
    "The TD(1) target",
    kind="expectation",
    source=homework(9, "c"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=given(t + 1, BEYOND),
    says=mean_is(one_step(t)),
    witness=at(0, 1),
    instances={"M2": chain(0, 1, horizon=1), "later": at(1, 1)},
    script_at=with_values(script(1), {1: ["3", "-1"]}),
)


@one.proof
def definition(pf: Any, claim: Term) -> None:
    """Q is by definition the mean of this target."""
    concluded(pf, claim, [*KNOWN, first_step(pf, KNOWN)])


one.mutant("same-state", mean_is(reward(t) + gamma * V(t, s_t)), title="V(s_t) for V(s_{t+1})", channels=SAMPLED)
one.mutant(
    "gamma-squared", mean_is(reward(t) + gamma**2 * V(t + 1, after)), title="gamma^2 for gamma", channels=SAMPLED
)
one.mutant(
    "optimal-V", without=["action-value"], at=optimal(), title="the optimal value for the policy's", channels=SAMPLED
)
one.control("difference", mean_is(one_step(t) - exact, num(0)), title="the target minus Q has mean 0", channels=SAMPLED)

first, second, last = reward(t), gamma * reward(t + 1), V(t + 2, X.s(t + 2))
two = TOPIC.claim(
    "hw09d",
    "The TD(2) target",
    kind="expectation",
    source=homework(9, "d"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[steps],
    given=given(t + 2, at(1), wrong_values(at())),
    says=mean_is(first + second + gamma**2 * last),
    witness=at(),
    instances={"M2": chain(), "later": at(1, horizon=3)},
    script_at=script(2),
)


@two.proof
def two_steps(pf: Any, claim: Term) -> None:
    """The case k = 2."""
    concluded(pf, claim, [*KNOWN, case_of(pf, 2, KNOWN)])


two.mutant(
    "gamma-on-V",
    mean_is(first + second + gamma * last),
    title="gamma for gamma^2 on V",
    seen_in="FastTD3 #6",
    channels=SAMPLED,
)
two.mutant(
    "earlier-state",
    mean_is(first + second + gamma**2 * V(t + 1, after)),
    title="V(s_{t+1}) for V(s_{t+2})",
    channels=SAMPLED,
)
two.mutant(
    "off-policy", without=["bellman"], at=other_policy(at()), title="a_{t+1} from another policy", channels=SAMPLED
)
two.control(
    "difference",
    mean_is(first + second + gamma**2 * last - exact, num(0)),
    title="minus Q, it has mean 0",
    channels=SAMPLED,
)

# ------------------------------------------------------------------------------------- times the score
weight = score(s_t, a_t) * gamma**t
product = weight * (target(t, k) - b(s_t, a_t))
vector = TOPIC.claim(
    "hw09e",
    "The score times any k-step target",
    kind="expectation",
    source=homework(9, "e"),
    vocabulary=NAMES,
    notation=NOTATION | {"score": r"\nabla\log\pi({0}, {1})"},
    uses=[steps],
    given=[h if isinstance(h.without, str) else replace(h, without=scored(h.without)) for h in ANY_STEPS],
    says=mean_is(product, weight * (exact - b(s_t, a_t))),
    witness=scored(at()),
    instances={"M2": scored(chain()), "later": scored(at(1, horizon=3))},
    script_at=scored(script(2)),
)


@vector.proof
def pulled_out(pf: Any, claim: Term) -> None:
    """The score and the baseline are known once the action is."""
    concluded(pf, claim, [*KNOWN, "steps", pf.times(case_of(pf, k, [*KNOWN, "steps"]), weight)])


vector.mutant(
    "next-state-baseline",
    mean_is(weight * (target(t, k) - c(after)), weight * (exact - c(s_t))),
    title="b(s_{t+1}) for b(s_t)",
    channels=SAMPLED,
)
vector.mutant(
    "later-discount",
    mean_is(gamma * product, weight * (exact - b(s_t, a_t))),
    title="gamma^(t+1) for gamma^t",
    channels=SAMPLED,
)
vector.mutant("any-V", without=["bellman"], at=scored(wrong_values(at())), title="for any values", channels=SAMPLED)
vector.control(
    "two-terms",
    mean_is(weight * target(t, k), weight * exact),
    title="without a baseline",
    channels=SAMPLED,
)

ZERO = All(j, t, t + 1, All(i, 0, S, Eq(Sum(a, 0, A, pi(j, i, a) * score(i, a)), 0)))
SAME_GRADIENT = Eq(E(weight * (target(t, k) - c(s_t))), E(weight * exact))
outer = TOPIC.claim(
    "hw09e-gradient",
    "A baseline that knows only the state leaves the gradient alone",
    kind="expectation",
    source=lemma("hw09e"),
    vocabulary=NAMES,
    notation=vector.notation,
    uses=[steps],
    given=[*vector.given, Hypothesis("score", ZERO, "the score has mean zero in each state", shifted(at()))],
    says=SAME_GRADIENT,
    witness=scored(at()),
    instances={"M2": scored(chain()), "later": scored(at(1, horizon=3))},
    script_at=scored(script(2)),
)


@outer.proof
def two_stages(pf: Any, claim: Term) -> None:
    """Given everything up to a_t the target has mean Q; given the state the score has mean zero."""
    known = [*KNOWN, "steps"]
    goes = pf.mean(pf.times(case_of(pf, k, known), weight), X)
    slope = X.given(score(s_t, a_t), t, "s")
    state = pf.at("score", t, s_t, by=known)
    draws = pf.rule("next_draws", [pf.step(h) for h in known], slope, 1)
    zero = pf.prove(Eq(slope, 0), by=[*known, draws, state])
    flat = pf.mean(pf.times(zero, gamma**t * c(s_t)), X)
    drop = pf.mean(pf.times(zero, gamma**t * V(t, s_t)), X)
    start, end = claim.args
    (
        pf.chain(start)
        .eq(E(weight * target(t, k)), "the score has mean zero given the state", by=[*known, flat])
        .eq(end, "the target has mean Q given the action", by=[*known, goes, drop])
        .done()
    )


OWN = scored(at(), at()["tables"]["Q"][0])  # the action value itself as a baseline leaves nothing
outer.mutant("action-baseline", Eq(E(product), E(weight * exact)), at=OWN, title="a baseline b(s, a)", channels=SAMPLED)
outer.mutant(
    "next-state-baseline",
    Eq(E(weight * (target(t, k) - c(after))), E(weight * exact)),
    title="b(s_{t+1})",
    channels=SAMPLED,
)
outer.mutant(
    "later-discount",
    Eq(E(gamma * weight * (target(t, k) - c(s_t))), E(weight * exact)),
    title="gamma^(t+1)",
    channels=SAMPLED,
)
outer.mutant("any-score", without=["score"], at=shifted(at()), title="for any weights in place of a score")


def moved_over(pf: Any, claim: Term) -> None:
    two_stages(pf, SAME_GRADIENT)
    pf.prove(claim, by=[*KNOWN, "steps", pf.last()])


outer.control(
    "difference",
    Eq(E(weight * (target(t, k) - c(s_t))) - E(weight * exact), 0),
    derive=moved_over,
    title="as a difference",
    channels=SAMPLED,
)
