"""Multi-step advantages: the k-step advantage is a discounted sum of TD errors, for any values and any rewards."""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework, slides
from proofs.kernel.terms import Term
from proofs.language import All, Eq, Le, Lt, Sum, Vocabulary, local_index
from proofs.theory.sums import telescope

TOPIC = Topic("gae", "k-step advantages and GAE")
NAMES = Vocabulary()
k, t, gamma = NAMES.integer("k"), NAMES.integer("t"), NAMES.real("gamma")
r, V = NAMES.function("r"), NAMES.function("V")
j, i = local_index("j"), local_index("i")
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

# ------------------------------------------------------------------------------------- with terminations
d, live = NAMES.function("d"), NAMES.function("live")
MASKS = {**NOTATION, "d": "d_{{{0}}}", "live": r"c_{{{0}}}"}


def masked(s: Any) -> Term:
    """The TD error at time s, in which nothing follows a terminal step."""
    return r(s) + gamma * (1 - d(s)) * V(s + 1) - V(s)


# rewards while the episode lives, and the bootstrap if it still does after k steps
masked_advantage = Sum(j, 0, k, gamma**j * live(t + j) * r(t + j)) + gamma**k * live(t + k) * V(t + k) - live(t) * V(t)
discount = gamma**j * live(t + j)


def of_errors(weight: Term, error: Term, count: Term = k) -> Term:
    """The masked advantage as a sum of these errors."""
    return Eq(masked_advantage, Sum(j, 0, count, weight * error))


def ended(steps: int, terminal: str, alive: str) -> Instance:
    """Some steps from time 1 on; d and live at the times 0, 1, ..."""
    data = instance(steps, 1)
    return {**data, "tables": {**data["tables"], "d": terminal.split(), "live": alive.split()}}


ALIVE = ended(2, "0 0 0 0 0 0 0", "1 1 1 1 1 1")
with_mask = TOPIC.claim(
    "ch1-gae-telescope",
    "With terminal steps masked the k-step advantage is a discounted sum of TD errors",
    kind="identity",
    source=slides("1886-1892"),
    vocabulary=NAMES,
    notation=MASKS,
    uses=[telescope],
    given=[
        Hypothesis("steps", Le(0, k), "k counts steps", "for k < 0 the discount gamma^k has no meaning"),
        Hypothesis(
            "mask",
            All(j, t, t + k, Eq(live(j) * (1 - d(j)), live(j + 1))),
            "what follows a terminal step is dead",
            ended(4, "0 0 0 1 0 0 0", "1 1 1 1 1 1"),
        ),
    ],
    says=of_errors(discount, masked(t + j)),
    witness=ended(4, "0 0 0 1 0 0 0", "1 1 1 1 0 0"),
    instances={
        "no-steps": ended(0, "0 0 0 1 0 0 0", "1 1 1 1 0 0"),
        "no-end": ended(3, "0 0 0 0 0 0 0", "1 1 1 1 1 1"),
        "at-the-end": ended(1, "0 1 0 0 0 0 0", "1 1 0 0 0 0"),
        "by-chance": ended(2, "0 1/3 1/2 0 0 0 0", "1 1 2/3 1/3 1/3 1/3"),
    },
)


@with_mask.proof
def while_alive(pf: Any, claim: Term) -> None:
    def value(i: Any) -> Term:
        return gamma**i * live(t + i) * V(t + i)

    here = [Le(0, i), Lt(i, k)]
    next_mask = pf.times(pf.at("mask", t + i, under=here), gamma ** (i + 1) * V(t + i + 1))
    gain = gamma**i * live(t + i) * r(t + i) + (value(i + 1) - value(i))
    each = pf.prove(Eq(gain, gamma**i * live(t + i) * masked(t + i)), by=[next_mask], under=here)
    errors = pf.rule("sum_order", [pf.every(i, 0, k, each)])
    ends = pf.cite("sum-telescope", by=["steps"], a=0, b=k, f=value)
    start, end = claim.args
    (
        pf.chain(start)
        .eq(errors.left, "the masked values telescope", by=["steps", ends])
        .eq(end, "one TD error for each live step", by=[errors])
        .done()
    )


with_mask.mutant("power-one-high", of_errors(gamma * discount, masked(t + j)), title="gamma^(l+1)")
with_mask.mutant("one-too-many", of_errors(discount, masked(t + j), k + 1), at=ALIVE, title="errors up to k inclusive")
with_mask.mutant(
    "bootstraps-at-the-end", of_errors(discount, delta(t + j)), title="the value after a terminal step read"
)
with_mask.mutant("reads-on", of_errors(gamma**j, masked(t + j)), title="the TD errors of the next episode, too")
with_mask.control("factors-exchanged", of_errors(live(t + j) * gamma**j, masked(t + j)), title="factors exchanged")
