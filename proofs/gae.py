"""Multi-step advantages: the k-step advantage is a discounted sum of TD errors, for any values and any rewards."""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework
from proofs.kernel.terms import Term
from proofs.language import Eq, Le, Sum, Vocabulary, local_index
from proofs.theory.sums import telescope

TOPIC = Topic("gae", "k-step advantages and GAE")
NAMES = Vocabulary()
k, t, gamma = NAMES.integer("k"), NAMES.integer("t"), NAMES.real("gamma")
r, V = NAMES.function("r"), NAMES.function("V")
j = local_index("j")
NOTATION = {"r": "r_{{{0}}}", "V": "V_{{{0}}}", "delta": r"\delta_{{{0}}}", "advantage": r"\hat A^{{({0})}}_{{{1}}}"}

delta = NAMES.define("delta", r(t) + gamma * V(t + 1) - V(t), t)
advantage = NAMES.define("advantage", Sum(j, 0, k, gamma**j * r(t + j)) + gamma**k * V(t + k) - V(t), k, t)
telescoped = Sum(j, 0, k, gamma**j * delta(t + j))


def instance(steps: int, start: int) -> Instance:
    rewards, values = ["3", "-2", "5", "7/2", "-4", "1", "2/7"], ["1/2", "4", "-3", "2", "9/4", "6", "-5/3"]
    return {"ints": {"k": steps, "t": start}, "reals": {"gamma": "2/3"}, "tables": {"r": rewards, "V": values}}


hw11d = TOPIC.claim(
    "hw11d",
    "The k-step advantage is a discounted sum of TD errors",
    kind="identity",
    source=homework(11, "d"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[telescope],
    given=[Hypothesis("steps", Le(1, k), "at least one step", instance(-1, 2))],
    says=Eq(advantage(k, t), telescoped),
    witness=instance(3, 2),
    instances={"one-step": instance(1, 0), "two-steps": instance(2, 1), "to-the-end": instance(6, 0)},
)


@hw11d.proof
def _(pf: Any, claim: Term) -> None:
    discounted = Sum(j, 0, k, gamma**j * r(t + j))
    gains = Sum(j, 0, k, gamma ** (j + 1) * V(t + j + 1) - gamma**j * V(t + j))
    ends = pf.cite("sum-telescope", by=["steps"], a=0, b=k, f=lambda i: gamma**i * V(t + i))
    start, end = claim.args
    (
        pf.chain(start)
        .eq(discounted + (gamma**k * V(t + k) - V(t)), "the definition", by=["steps"])
        .eq(discounted + gains, "the discounted values telescope", by=["steps", ends])
        .eq(end, "one TD error for each step", by=["steps"])
        .done()
    )


hw11d.mutant(
    "one-power-too-few",
    Eq(Sum(j, 0, k, gamma**j * r(t + j)) + gamma ** (k - 1) * V(t + k) - V(t), telescoped),
    title="gamma^(k-1) on the last value",
)
hw11d.mutant(
    "one-reward-too-many",
    Eq(Sum(j, 0, k + 1, gamma**j * r(t + j)) + gamma**k * V(t + k) - V(t), telescoped),
    title="rewards up to k inclusive",
)
hw11d.mutant(
    "plus-V", Eq(Sum(j, 0, k, gamma**j * r(t + j)) + gamma**k * V(t + k) + V(t), telescoped), title="+V for -V"
)
hw11d.mutant(
    "delta-unweighted", Eq(advantage(k, t), Sum(j, 0, k, delta(t + j))), title="TD errors without their discount"
)
hw11d.mutant(
    "delta-of-the-wrong-time",
    Eq(advantage(k, t), Sum(j, 0, k, gamma**j * delta(t + j + 1))),
    at=instance(2, 1),
    title="TD errors one step late",
)
hw11d.control(
    "shifted-range",
    Eq(advantage(k, t), Sum(j, t, t + k, gamma ** (j - t) * delta(j))),
    title="the sum over absolute times",
)
