"""Fitted k-step TD for Q: two tables' targets come closer by gamma^k, for all sizes (hw17-contraction); and as contracts its
targets, updates and loop (alg-kstep-q) and its fixed points (hw17).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework, lemma, slides
from proofs.gae import hw11d
from proofs.instances import small
from proofs.kernel.terms import Term, num
from proofs.language import All, And, Eq, Le, Lt, Sum, Surely
from proofs.targets import steps
from proofs.theory.given_action import (
    ACTION,
    at,
    chain,
    concluded,
    exact,
    given,
    mean_is,
    now,
    other_policy,
    script,
    tables,
    wrong_actions,
    wrong_values,
)
from proofs.theory.policy_evaluation import (
    NOTATION,
    A,
    Q,
    S,
    T,
    X,
    a,
    gamma,
    i,
    j,
    k,
    reward,
    state_value,
    t,
    vocabulary,
)

TOPIC = Topic("k_step_q", "Fitted k-step TD for Q")
MEAN = r"(\mathcal T^\pi)^kQ"
NAMES = vocabulary()
B, U = NAMES.real("B"), NAMES.function("U", 3)
rewards = Sum(j, 0, k, gamma**j * reward(t + j))
gap = gamma**k * B
last = Q(t + k, X.s(t + k), X.a(t + k))
KNOWN = ["start", "steps", "horizon"]


# ------------------------------------------------------------------------------------- the contraction
def ending(table: Any) -> Term:
    """The k-step target from time t whose bootstrap is this table's entry at (s_{t+k}, a_{t+k})."""
    return rewards + gamma**k * table(t + k, X.s(t + k), X.a(t + k))


def closer(by: Term) -> Term:
    """Given everything up to a_t, the mean targets of Q and U differ by this at most."""
    one, other = now(ending(Q)), now(ending(U))
    return Surely(And(Le(one, other + by), Le(other, one + by)))


def two_tables(start: int = 0, count: int = 2, *, horizon: int = 2, bound: str = "5", **more: Any) -> Instance:
    """Generic laws and rewards, two tables that differ by 5 at most."""
    data = small(count, t=start, horizon=horizon, **more)
    q = [
        [["1", "-2"], ["3/2", "4"]],
        [["0", "5/3"], ["-1", "2"]],
        [["7/2", "1/3"], ["-3", "1"]],
        [["2", "-1"], ["1/5", "6"]],
    ]
    apart = [
        [["5", "4"], ["9/2", "17/4"]],
        [["21/5", "5"], ["13/3", "4"]],
        [["9/2", "22/5"], ["5", "41/10"]],
        [["4", "5"]] * 2,
    ]
    u = [
        [[str(Fraction(x) - Fraction(d)) for x, d in zip(*rows, strict=True)] for rows in zip(*both, strict=True)]
        for both in zip(q, apart, strict=True)
    ]
    made = {name: table for name, table in data["tables"].items() if name != "V"}  # which takes no part
    return {
        **data,
        "tables": {**made, "Q": q[: horizon + 1], "U": u[: horizon + 1]},
        "reals": {**data["reals"], "B": bound},
    }


NEAR = All(
    j, t, T + 1, All(i, 0, S, All(a, 0, A, And(Le(-B, Q(j, i, a) - U(j, i, a)), Le(Q(j, i, a) - U(j, i, a), B))))
)
contraction = TOPIC.claim(
    "hw17-contraction",
    "k-step targets of two tables differ by gamma^k times what the tables do",
    kind="inequality",
    source=lemma("hw17"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=[
        Hypothesis("start", Le(0, t), "t is a time", "before time 0 there is no state"),
        Hypothesis(
            "steps", Le(0, k), "the number of rewards is not negative", "a sum of fewer than no rewards is no target"
        ),
        Hypothesis("horizon", Le(t + k, T), "the bootstrap lies within the horizon", two_tables(1, 2)),
        Hypothesis("discount", Le(0, gamma), "the discount is not negative", two_tables(0, 1, gamma="-1/2")),
        Hypothesis("near", NEAR, "|Q - U| <= B from time t on", two_tables(bound="1/100")),
    ],
    says=closer(gap),
    witness=two_tables(),
    instances={"one-step": two_tables(0, 1), "later": two_tables(1, 2, horizon=3), "no-step": two_tables(0, 0)},
    script_at=two_tables(),
)


@contraction.proof
def only_the_ends_differ(pf: Any, claim: Term) -> None:
    """Both targets have the same rewards; gamma^k times the tables' difference is all that is left."""
    weight = pf.prove(Le(0, gamma**k), by=[*KNOWN, "discount"])
    within = pf.at("near", t + k, X.s(t + k), X.a(t + k), by=KNOWN)
    low, high = (
        pf.mean(pf.scale(pf.prove(side, by=[within]), weight), X, X.path, t, ACTION) for side in within.prop.args
    )
    concluded(pf, claim, [*KNOWN, low, high])


contraction.mutant("one-power-more", closer(gamma * gap), title="gamma^(k+1) B")
contraction.mutant("equal", Surely(Eq(now(ending(Q)), now(ending(U)))), title="no difference at all")
contraction.mutant("far", without=["near"], at=two_tables(bound="1/100"), title="for any two tables")
contraction.control(
    "other-way-round",
    Surely(And(Le(now(ending(U)) - gap, now(ending(Q))), Le(now(ending(Q)), now(ending(U)) + gap))),
    title="one mean between two bounds",
)


# ------------------------------------------------------------------------------------- the fixed point
BEYOND = tables(at(0, 2), Q=[*at(0, 2)["tables"]["Q"], [["1", "2"], ["3", "4"]]])
fixed = TOPIC.claim(
    "hw17-fixed-point",
    "Q of the policy is the mean of its own k-step targets, for every k",
    kind="expectation",
    source=homework(17),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[steps],
    given=[
        Hypothesis("steps", Le(1, k), "at least one reward is sampled", "without any the target is Q itself"),
        *given(t + k + 1, BEYOND, wrong_values(at(0, 1)), wrong_actions(at(0, 1))),
    ],
    says=mean_is(ending(Q)),
    witness=at(0, 1),
    instances={"M2": chain(0, 1), "later": at(1, 1, horizon=3)},
    script_at=script(1),
)


@fixed.proof
def last_action_averaged(pf: Any, claim: Term) -> None:
    """Given s_{t+k}, Q of the sampled action has mean V: what is left is the target with V, whose mean is Q."""
    value = pf.put(state_value(pf, ["start"], [Le(t + 1, j), Lt(j, T)]), j, t + k, by=KNOWN)
    inner = pf.times(pf.mean(value, X, X.path, t, ACTION), gamma**k)
    mean = pf.on_path(pf.cite("ch1-tdk-mean", by=[*KNOWN, "bellman", "action-value"], k=k), X)
    concluded(pf, claim, [*KNOWN, inner, mean])


fixed.mutant("power-too-high", mean_is(rewards + gamma ** (k + 1) * last), title="gamma^(k+1) on the bootstrap")
fixed.mutant("undiscounted", mean_is(rewards + last), title="no discount on the bootstrap")
fixed.mutant("one-reward-more", mean_is(Sum(j, 0, k + 1, gamma**j * reward(t + j)) + gamma**k * last), title="r_{t+k}, too",
             seen_in="chapter slides, line 988")  # fmt: skip
fixed.mutant("off-policy", without=["bellman"], at=other_policy(at(0, 1)), title="later actions from another policy")
fixed.control("difference", mean_is(ending(Q) - exact, num(0)), title="minus Q, it has mean 0")


# ------------------------------------------------------------------------------------- the contracts
alg_kstep_q = TOPIC.contract(
    "alg-kstep-q",
    "Fitted k-step TD learns Q of its policy",
    source=slides("980-1098"),
    promises={
        "target": r"every entry of a batch is $\sum_{j<m}\gamma^jr_{t+j}+\gamma^mQ(s_{t+m},a_{t+m})$, where $m$ is $k$ or the"
        " steps that there are, without the last term after an end",
        "expected": rf"the mean target given $(s,a)$, over all trajectories, is ${MEAN}$ for every $Q$ and $k=1,2,3$",
        "update": rf"the expected gradient of an episode is the number of visits of $(s,a)$ times $Q-{MEAN}$",
        "gradient": r"$Q(s_t,a_t)$ has the gradient $w_t(Q-y)$, other actions 0; rewards and bootstrap receive none",
        "terminal": "what stands behind an end is never read, and may be NaN",
        "explored": r"a target ends before an action that $\pi$ did not choose: where each is drawn at random with probability"
        r" $h$, the mean is $\sum_{m<k}h(1-h)^{m-1}(\mathcal T^\pi)^mQ+(1-h)^{k-1}" + MEAN + "$",
        "weights": "weighed by the pair, a step of size 1 puts each visited entry of a table at the mean of its targets",
        "learns": r"the loop ends at $Q^\star$ in every entry, on a small cliff walk whose time limit cuts most episodes",
    },
    uses=[steps, hw11d],
)

hw17 = TOPIC.contract(
    "hw17",
    "The fixed point of k-step TD is Q of the policy, for every k",
    source=homework(17),
    promises={
        "fixed-point": r"the table that equals its mean targets is $Q^\pi$, for $k=1,2,3$",
        "contraction": r"two tables come closer by $\gamma^k$ at least in the largest entry, by just that where they differ by a"
        r" constant and nothing ends",
        "residual": r"on SPLIT the gradient through the target, too, vanishes at $(V_A,V_B,V_C)=(\frac12,\frac34,\frac14)$, and"
        r" without it at $(\frac12,1,0)=V^\pi$",
        "cliff-walk": r"on the cliff walk all 148 entries of the table are those of $Q^\star$ after 60 iterations, 88 at the"
        " start",
    },
    uses=[alg_kstep_q, fixed, contraction],
)
