"""What a TD error and GAE are on average, with the policy's own values: the advantage, whatever lambda."""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework, slides
from proofs.instances import LAST_VALUE, with_values
from proofs.kernel.terms import Term
from proofs.language import Eq, Le, Lt, Sum, Surely
from proofs.theory.given_action import (
    WRONG,
    at,
    chain,
    concluded,
    exact,
    first_step,
    given,
    mean_is,
    now,
    on_path,
    other_policy,
    script,
    tables,
    wrong_actions,
    wrong_values,
)
from proofs.theory.policy_evaluation import (
    NOTATION,
    S,
    T,
    V,
    X,
    bellman,
    delta,
    error,
    gamma,
    i,
    j,
    k,
    n,
    no_drift,
    one_step,
    reward,
    solved,
    t,
    vocabulary,
)

TOPIC = Topic("gae_mean", "What GAE is on average")
SAMPLED = ("proof", "exact", "sympy", "montecarlo")
NAMES = vocabulary()
lam = NAMES.real("lambda")
WORDS = {**NOTATION, "lambda": r"\lambda"}
advantage = exact - V(t, X.s(t))
START = Hypothesis("start", Le(0, t), "t is a time", "before time 0 there is no state, and no table to be wrong")


def horizon(last: Any, beyond: Instance) -> Hypothesis:
    return Hypothesis("horizon", Le(last, T), "the last time that is used lies within the horizon", beyond)


def policys(first: Any, wrong: Instance) -> Hypothesis:
    return Hypothesis("bellman", bellman(first), "V is the policy's from that time on", wrong)


UNDISCOUNTED = solved({**at(), "reals": {"gamma": "1"}}, LAST_VALUE)
LEARNED = with_values(at(), {1: WRONG})  # Q is still the policy's
BEYOND = tables(at(2), Q=[*at(2)["tables"]["Q"], [["1", "2"], ["3", "4"]]])


def with_lambda(data: Instance, value: str = "4/5") -> Instance:
    return {**data, "reals": {**data["reals"], "lambda": value}}


# ------------------------------------------------------------------------------------- one error
hw11a = TOPIC.claim(
    "hw11a",
    "Given state and action, the mean of the TD error is the advantage",
    kind="expectation",
    source=homework(11, "a"),
    vocabulary=NAMES,
    notation=WORDS,
    given=given(t + 1, BEYOND),
    says=mean_is(delta(t), advantage),
    witness=at(),
    instances={"M2": chain(), "later": at(1), "undiscounted": UNDISCOUNTED},
)


@hw11a.proof
def _(pf: Any, claim: Term) -> None:
    concluded(pf, claim, ["start", "horizon", first_step(pf, ["horizon"])])


hw11a.mutant(
    "sign", mean_is(V(t, X.s(t)) - one_step(t), advantage), title="V - r - gamma V' for the TD error", channels=SAMPLED
)
hw11a.mutant(
    "no-discount",
    mean_is(reward(t) + V(t + 1, X.s(t + 1)) - V(t, X.s(t)), advantage),
    title="no gamma",
    channels=SAMPLED,
)
hw11a.mutant(
    "learned-values", without=["action-value"], at=LEARNED, title="other values than those of Q", channels=SAMPLED
)
hw11a.mutant("zero", mean_is(delta(t), 0), title="mean zero, as given the state alone", channels=SAMPLED)
hw11a.control("target", mean_is(one_step(t), exact), title="the target alone has mean Q", channels=SAMPLED)

hw11b = TOPIC.claim(
    "hw11b",
    "Given the state, the TD error has mean zero",
    kind="expectation",
    source=homework(11, "b"),
    vocabulary=NAMES,
    notation=WORDS,
    given=[START, horizon(t + 1, at(2)), policys(t, with_values(at(), {0: WRONG}))],
    says=Surely(Eq(X.given(delta(t), t, "s"), 0)),
    witness=at(),
    instances={"M2": chain(), "later": at(1)},
    script_at=script(1),
)


@hw11b.proof
def _(pf: Any, claim: Term) -> None:
    drift = pf.put(no_drift(pf, ["start"], [Le(t, j), Lt(j, T)]), j, t, by=["horizon"])
    pf.surely(pf.prove(on_path(claim), by=["start", "horizon", drift]), X)


hw11b.mutant("given-the-action", mean_is(delta(t), 0), title="given the action, too", channels=SAMPLED)
hw11b.mutant(
    "given-the-next-state", Surely(Eq(X.given(delta(t), t + 1, "s"), 0)), title="given the next state", channels=SAMPLED
)
hw11b.mutant(
    "off-policy", without=["bellman"], at=other_policy(at()), title="actions of another policy", channels=SAMPLED
)
hw11b.mutant("any-V", without=["bellman"], at=LEARNED, title="for any values", channels=SAMPLED)
hw11b.control(
    "target", Surely(Eq(X.given(one_step(t), t, "s"), V(t, X.s(t)))), title="the target has mean V", channels=SAMPLED
)

hw11c = TOPIC.claim(
    "hw11c",
    "Given state and action, every later TD error has mean zero",
    kind="expectation",
    source=homework(11, "c"),
    vocabulary=NAMES,
    notation=WORDS,
    uses=[hw11b],
    given=[
        START,
        Hypothesis("later", Le(1, k), "the error is a later one", at(0, 0)),
        horizon(t + k + 1, at(1, 1)),
        policys(t + k, with_values(at(0, 1), {1: WRONG})),
    ],
    says=mean_is(delta(t + k), 0),
    witness=at(0, 1),
    instances={"M2": chain(0, 1), "two": at(0, 2, horizon=3), "later": at(1, 1, horizon=3)},
    script_at=script(1),
)


@hw11c.proof
def _(pf: Any, claim: Term) -> None:
    known = ["start", "later", "horizon"]
    zero = pf.on_path(pf.cite("hw11b", by=[*known, "bellman"], t=t + k), X)
    later = X.given(error(t + k), t + k, "s")
    mean = (
        pf.chain(now(delta(t + k)))
        .eq(now(later), "tower: through the state at that time", by=known)
        .then(pf.mean(zero, X, X.path, t, 2), "there its mean is zero")
        .eq(0, "the mean of 0", by=known)
        .done()
    )
    concluded(pf, claim, [*known, mean])


hw11c.mutant("at-once", without=["later"], at=at(0, 0), title="the first error, too", channels=SAMPLED)
hw11c.mutant(
    "off-policy", without=["bellman"], at=other_policy(at(0, 1)), title="actions of another policy", channels=SAMPLED
)
hw11c.mutant(
    "any-V", without=["bellman"], at=with_values(at(0, 1), {1: WRONG}), title="for any values", channels=SAMPLED
)
hw11c.mutant(
    "next-state",
    Surely(Eq(X.given(delta(t + k), t + k + 1, "s"), 0)),
    title="given the state after it",
    channels=SAMPLED,
)
hw11c.control("target", mean_is(one_step(t + k) - V(t + k, X.s(t + k)), 0), title="written out", channels=SAMPLED)


# ------------------------------------------------------------------------------------- their weighted sum
def gae(count: Any, discount: Term = gamma) -> Term:
    """The sum of (gamma lambda)^l delta_{t+l} over the first errors."""
    return Sum(j, 0, count, (gamma * lam) ** j * delta(t + j))


STEPS = Hypothesis("steps", Le(1, k), "at least one error", with_lambda(at(0, 0)))
average = TOPIC.claim(
    "ch1-gae-delta-mean",
    "With the policy's own values the mean of GAE is the advantage, whatever lambda",
    kind="expectation",
    source=slides("1910-1920"),
    vocabulary=NAMES,
    notation=WORDS,
    uses=[hw11a, hw11c],
    given=[
        STEPS,
        *given(t + k, with_lambda(at(1, 2)), with_lambda(wrong_values(at())), with_lambda(wrong_actions(at()))),
    ],
    says=mean_is(gae(k), advantage),
    witness=with_lambda(at()),
    instances={
        "M2": with_lambda(chain()),
        "one": with_lambda(at(1, 1)),
        "lambda-1": with_lambda(at(), "1"),
        "lambda-0": with_lambda(at(), "0"),
        "undiscounted": with_lambda(UNDISCOUNTED),
    },
    script_at=with_lambda(script(2)),
)


@average.proof
def by_induction(pf: Any, claim: Term) -> None:
    """On the number of errors: each later one adds nothing on average."""
    under = [Le(1, n), Lt(n, T - t)]
    goal = Eq(now(gae(n)), advantage)
    first = pf.on_path(pf.cite("hw11a", by=["start", "action-value"], under=[Lt(t, T)]), X)
    base = pf.prove(Eq(now(gae(1)), advantage), by=["start", first], under=[Lt(t, T)])
    later = pf.cite("hw11c", by=["start"], under=under, k=n)
    later = pf.on_path(pf.rule("cut", [later, from_then_on(pf, under)]), X)
    step = (
        pf.chain(now(gae(n + 1)), "one error more")
        .eq(now(gae(n)) + (gamma * lam) ** n * now(delta(t + n)), "linearity", by=["start"], under=under)
        .eq(advantage, "its mean is zero", by=["start", goal, pf.times(later, (gamma * lam) ** n)], under=under)
        .done()
    )
    concluded(pf, claim, [pf.put(pf.induct(n, 1, base, step, end=T - t), n, k, by=["start", "steps", "horizon"])])


def from_then_on(pf: Any, under: list[Term]) -> Any:
    """What holds from t + 1 on holds from t + n on."""
    here = [Le(t + n, j), Lt(j, T), Le(0, i), Lt(i, S)]
    each = pf.at("bellman", j, i, by=["start"], under=[*under, *here])
    return pf.every(j, t + n, T, pf.every(i, 0, S, each))


average.mutant(
    "any-V", without=["bellman"], at=with_lambda(wrong_values(at())), title="for any values", channels=SAMPLED
)
average.mutant(
    "off-policy",
    without=["bellman"],
    at=with_lambda(other_policy(at())),
    title="later actions of another policy",
    channels=SAMPLED,
)
undiscounted = Sum(j, 0, k, (gamma * lam) ** j * (reward(t + j) + V(t + j + 1, X.s(t + j + 1)) - V(t + j, X.s(t + j))))
average.mutant(
    "undiscounted-values",
    mean_is(undiscounted, advantage),
    title="errors with another discount than that of V",
    channels=SAMPLED,
)
average.mutant(
    "scaled", mean_is((1 - lam) * gae(k), advantage), title="weights (1 - lambda)(gamma lambda)^l", channels=SAMPLED
)
average.mutant(
    "one-late",
    mean_is(Sum(j, 0, k, (gamma * lam) ** (j + 1) * delta(t + j)), advantage),
    title="powers one too high",
    channels=SAMPLED,
)
average.control(
    "undiscounted-weights",
    mean_is(Sum(j, 0, k, (lam * gamma) ** j * error(t + j)), advantage),
    title="the errors written out",
    channels=SAMPLED,
)
