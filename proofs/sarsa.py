"""One more sampled action: the SARSA target r_t + gamma Q(t + 1, s_{t+1}, a_{t+1}), between TD(1) and TD(2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from proofs.claims import Instance, Topic, homework, lemma
from proofs.instances import LAST_VALUE, with_values
from proofs.kernel.terms import Term, num
from proofs.language import E, Eq, Ge, Le, Lt, Max, Var
from proofs.targets import NAMES as SCORED
from proofs.targets import b, scored, vector, weight
from proofs.theory.given_action import (
    ACTION,
    KNOWN,
    after,
    at,
    chain,
    concluded,
    exact,
    first_step,
    given,
    mean_is,
    other_policy,
    script,
    tables,
    wrong_actions,
    wrong_values,
)
from proofs.theory.policy_evaluation import (
    NOTATION,
    Q,
    T,
    V,
    X,
    gamma,
    j,
    one_step,
    one_step_mean,
    reward,
    solved,
    state_value,
    t,
    target,
    vocabulary,
)

TOPIC = Topic("sarsa", "The SARSA target")
NAMES = vocabulary()
SAMPLED = ("proof", "exact", "sympy", "montecarlo")
RLAX = "a change of rlax that its own tests let pass"
following, value = Q(t + 1, after, X.a(t + 1)), V(t + 1, after)
half, longer = reward(t) + gamma * following, target(t, num(2))  # TD(1.5) and TD(2)
BEYOND = tables(at(1), Q=[*at(1)["tables"]["Q"], [["1", "2"], ["3", "4"]]])
greedy = Max(Q(t + 1, after, num(0)), Q(t + 1, after, num(1)))


def certain() -> Instance:
    """A policy that leaves no choice: the next action costs nothing."""
    return solved(tables(at(), pi=[[["0", "1"], ["1", "0"]]] * 3), LAST_VALUE)


# ------------------------------------------------------------------------------------- unbiased
sarsa = TOPIC.claim(
    "hw09b",
    "The SARSA target",
    kind="expectation",
    source=homework(9, "b"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=given(t + 2, BEYOND, wrong_values(at())),
    says=mean_is(half),
    witness=at(),
    instances={"M2": chain(), "later": at(1, horizon=3)},
    script_at=script(2),
)


def mean_action_value(pf: Any) -> Any:
    """E[Q(t + 1, s_{t+1}, a_{t+1}) | s_{t+1}] = V(t + 1, s_{t+1})."""
    return pf.put(state_value(pf, ["start"], [Le(t + 1, j), Lt(j, T)]), j, t + 1, by=KNOWN)


@sarsa.proof
def sampled_action(pf: Any, claim: Term) -> None:
    """Given the next state, Q of the sampled action has mean V: what is left is the TD(1) target."""
    inner = pf.times(pf.mean(mean_action_value(pf), X, X.path, t, ACTION), gamma)
    concluded(pf, claim, [*KNOWN, inner, first_step(pf, KNOWN)])


sarsa.mutant(
    "max", mean_is(reward(t) + gamma * greedy), title="max over a' for the sampled a'", seen_in=RLAX, channels=SAMPLED
)
sarsa.mutant("undiscounted", mean_is(reward(t) + following), title="without gamma", channels=SAMPLED)
sarsa.mutant(
    "same-pair", mean_is(reward(t) + gamma * exact), title="Q(s_t, a_t) for Q(s_{t+1}, a_{t+1})", channels=SAMPLED
)
sarsa.mutant(
    "off-policy", without=["bellman"], at=other_policy(at()), title="a_{t+1} from another policy", channels=SAMPLED
)
sarsa.control("difference", mean_is(half - exact, num(0)), title="minus Q, it has mean 0", channels=SAMPLED)

weighted = TOPIC.claim(
    "hw09e-sarsa",
    "The score times the SARSA target",
    kind="expectation",
    source=homework(9, "e"),
    vocabulary=SCORED,
    notation=vector.notation,
    uses=[sarsa],
    given=[h if isinstance(h.without, str) else replace(h, without=scored(h.without)) for h in sarsa.given],
    says=mean_is(weight * (half - b(X.s(t), X.a(t))), weight * (exact - b(X.s(t), X.a(t)))),
    witness=scored(at()),
    instances={"M2": scored(chain())},
    script_at=scored(script(2)),
)


@weighted.proof
def pulled_out(pf: Any, claim: Term) -> None:
    """The score and the baseline are known once the action is."""
    mean = pf.on_path(pf.cite("hw09b", by=[*KNOWN, "bellman", "action-value"]), X)
    concluded(pf, claim, [*KNOWN, pf.times(mean, weight)])


weighted.mutant(
    "max", mean_is(weight * (reward(t) + gamma * greedy), weight * exact), title="max over a'", channels=SAMPLED
)
weighted.mutant("any-V", without=["bellman"], at=scored(wrong_values(at())), title="for any values", channels=SAMPLED)
weighted.control("no-baseline", mean_is(weight * half, weight * exact), title="without a baseline", channels=SAMPLED)

NOTHING = tables(at(), Q=[[["0", "0"]] * 2] * 2)
GIVEN = given(t + 2, BEYOND, wrong_values(at()), NOTHING, first=t + 1)
equal = TOPIC.claim(
    "hw10b.1",
    "TD(1) and TD(1.5) have one mean",
    kind="expectation",
    source=homework(10, "b"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=GIVEN,
    says=Eq(E(half), E(one_step(t))),
    witness=at(),
    instances={"M2": chain(), "later": at(1, horizon=3)},
    script_at=script(2),
)


@equal.proof
def same_mean(pf: Any, claim: Term) -> None:
    """Given s_{t+1}, the mean of Q over the next action is V."""
    mean = pf.mean(pf.times(mean_action_value(pf), gamma), X)
    pf.prove(claim, by=[*KNOWN, mean])


equal.mutant("max", Eq(E(reward(t) + gamma * greedy), E(one_step(t))), title="max over a'", channels=SAMPLED)
equal.mutant("any-V", without=["bellman"], at=wrong_values(chain()), title="for any values", channels=SAMPLED)
equal.control("difference", Eq(E(half) - E(one_step(t)), 0), title="the difference of the means", channels=SAMPLED)


# ------------------------------------------------------------------------------------- the cost of the sampled action
def pythagoras(pf: Any, claim: Term, short: Term, long: Term, flat: Any) -> None:
    """Var(r + gamma U) = Var(r + gamma u) + gamma^2 E(U - u)^2, from E[U | ...] = u at a level at which r and u are known."""
    r, u = reward(t), short
    products = [pf.times(pf.mean(pf.times(flat, f), X), c) for f, c in ((r, gamma), (u, gamma**2))]
    mean = pf.mean(flat, X)
    products += [pf.times(mean, gamma * E(r)), pf.times(mean, gamma**2 * (E(long) + E(u)))]
    pf.prove(claim, by=[*KNOWN, *products])


spread = TOPIC.claim(
    "hw10b.2-gap",
    "Sampling the next action costs gamma^2 E[A^2]",
    kind="expectation",
    source=lemma("hw10b.2"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=GIVEN,
    says=Eq(Var(half), Var(one_step(t)) + E((half - one_step(t)) ** 2)),
    witness=at(),
    instances={"M2": chain(), "later": at(1, horizon=3)},
    script_at=script(2),
)


@spread.proof
def advantage_squared(pf: Any, claim: Term) -> None:
    """Given s_{t+1}, the advantage of the next action has mean zero."""
    pythagoras(pf, claim, value, following, mean_action_value(pf))


advantage = following - value
spread.mutant(
    "undiscounted", Eq(Var(half), Var(one_step(t)) + E(advantage**2)), title="without gamma^2", channels=SAMPLED
)
spread.mutant("gamma", Eq(Var(half), Var(one_step(t)) + gamma * E(advantage**2)), title="gamma for gamma^2")
spread.mutant(
    "minus", Eq(Var(half), Var(one_step(t)) - E((half - one_step(t)) ** 2)), title="minus for plus", channels=SAMPLED
)
spread.mutant("any-V", without=["bellman"], at=wrong_values(at()), title="for any values", channels=SAMPLED)
spread.control(
    "advantage", Eq(Var(half), Var(one_step(t)) + gamma**2 * E(advantage**2)), title="gamma^2 E[A^2]", channels=SAMPLED
)

hw10b2 = TOPIC.claim(
    "hw10b.2",
    "Var TD(1) <= Var TD(1.5)",
    kind="variance ordering",
    source=homework(10, "b"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[spread],
    given=GIVEN,
    says=Le(Var(one_step(t)), Var(half)),
    witness=at(),
    instances={"M2": chain(), "one-action": certain()},
    script_at=script(2),
)


def ordered(gap: str, short: Term, long: Term) -> Any:
    """Var(short) <= Var(long), because the claim `gap` says that a mean square lies between them."""

    def derive(pf: Any, claim: Term) -> None:
        cited = pf.cite(gap, by=[name for name, _ in pf.statement.hyps])
        gain = pf.mean(pf.square(long - short), X)
        (
            pf.chain(Var(short))
            .le(Var(short) + E((long - short) ** 2), "a mean square is not negative", by=[*KNOWN, gain])
            .eq(Var(long), "the difference of the variances", by=[*KNOWN, cited])
            .done()
        )
        pf.prove(claim, by=[*KNOWN, pf.last()])

    return derive


hw10b2.proof(ordered("hw10b.2-gap", one_step(t), half))
hw10b2.mutant("reversed", Ge(Var(one_step(t)), Var(half)), title="the order reversed", channels=SAMPLED)
hw10b2.mutant("equal", Eq(Var(one_step(t)), Var(half)), title="one variance", channels=SAMPLED)
hw10b2.mutant(
    "strict", Lt(Var(one_step(t)), Var(half)), at=certain(), title="strictly, also where only one action is possible"
)
hw10b2.mutant("beyond-two", Ge(Var(half), Var(longer)), title="TD(1.5) at least as noisy as TD(2)")
hw10b2.mutant("any-V", without=["bellman"], at=wrong_values(at()), title="for any values", channels=SAMPLED)
hw10b2.control(
    "difference", Ge(Var(half) - Var(one_step(t)), 0), title="the difference is not negative", channels=SAMPLED
)

# ------------------------------------------------------------------------------------- and below TD(2)
NEXT = given(t + 2, BEYOND, first=t + 1)
next_spread = TOPIC.claim(
    "hw10b.2-next-gap",
    "From TD(1.5) to TD(2) the variance grows by that of the next step",
    kind="expectation",
    source=lemma("hw10b.2-next"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=NEXT,
    says=Eq(Var(longer), Var(half) + E((longer - half) ** 2)),
    witness=at(),
    instances={"M2": chain(), "later": at(1, horizon=3)},
    script_at=with_values(script(2), {1: ["0", "0"]}),
)


@next_spread.proof
def next_step(pf: Any, claim: Term) -> None:
    """Given s_{t+1} and a_{t+1}, one more step has mean Q."""
    mean = pf.put(one_step_mean(pf, ["start"], [Le(t + 1, j), Lt(j, T)]), j, t + 1, by=KNOWN)
    pythagoras(pf, claim, following, one_step(t + 1), mean)


following_step = (one_step(t + 1) - following) ** 2
next_spread.mutant(
    "undiscounted", Eq(Var(longer), Var(half) + E(following_step)), title="without gamma^2", channels=SAMPLED
)
next_spread.mutant(
    "minus", Eq(Var(longer), Var(half) - E((longer - half) ** 2)), title="minus for plus", channels=SAMPLED
)
next_spread.mutant(
    "any-Q", without=["action-value"], at=wrong_actions(at()), title="for any action values", channels=SAMPLED
)
next_spread.control(
    "written-out",
    Eq(Var(longer), Var(half) + gamma**2 * E(following_step)),
    title="gamma^2 pulled out",
    channels=SAMPLED,
)

hw10b2_next = TOPIC.claim(
    "hw10b.2-next",
    "Var TD(1.5) <= Var TD(2)",
    kind="variance ordering",
    source=lemma("hw10b.2"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[next_spread],
    given=next_spread.given,
    says=Le(Var(half), Var(longer)),
    witness=at(),
    instances={"M2": chain(), "later": at(1, horizon=3)},
    script_at=next_spread.script_at,
)
hw10b2_next.proof(ordered("hw10b.2-next-gap", half, longer))
hw10b2_next.mutant("reversed", Ge(Var(half), Var(longer)), title="the order reversed", channels=SAMPLED)
hw10b2_next.mutant("any-Q", without=["action-value"], at=wrong_actions(at()), title="for any action values")
hw10b2_next.control(
    "difference", Ge(Var(longer) - Var(half), 0), title="the difference is not negative", channels=SAMPLED
)
