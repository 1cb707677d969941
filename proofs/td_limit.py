"""The variance of a k-step return settles: how little further steps add, and from which k on it is at most epsilon.

On every horizon T, and with any values V(T, .), so that the values of an endless problem serve, too.  There TD(m) tends to
the full return in mean square, and Var TD(k) increases to its variance.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework, lemma
from proofs.instances import m2, trajectory, with_values
from proofs.kernel.terms import Term, replaced
from proofs.language import All, And, E, Eq, Ge, Le, Lt, Var
from proofs.td_variance import ORDER, increment
from proofs.theory.limits import enough, vanishes
from proofs.theory.policy_evaluation import (
    NOTATION,
    A,
    M,
    R,
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
    m,
    n,
    no_drift,
    one_step,
    solved,
    td,
    vocabulary,
    w,
    x,
    y,
)

TOPIC = Topic("td_limit", "Limit of the variance of multi-step returns")
SAMPLED = ("proof", "exact", "sympy", "montecarlo")
NAMES = vocabulary()
K, eps = NAMES.real("K"), NAMES.real("epsilon")
WORDS = {**NOTATION, "epsilon": r"\varepsilon"}
# ------------------------------------------------------------------------------------- how little is left after k steps
top = x + gamma * y
LEFT = (1 - gamma**2) * (Var(td(m)) - Var(td(k)))


def within(f: Term, bound: Term) -> Term:
    return And(Le(-bound, f), Le(f, bound))


def coin(
    reward: str, second: list[str], last: list[str], *, gamma: str = "1/2", x: str = "1", y: str = "1"
) -> Instance:
    """A fair coin is the next state; time 0 pays +-reward by it, a later one the same or, in state s, second[s]."""
    first = [[[reward, f"-{reward}"]]] * 2
    later = [[[c, c]] for c in second] or first
    tables = {
        "p0": ["1/2", "1/2"], "pi": [[["1"]] * 2] * 3, "W": [[[["1/2", "1/2"]]] * 2] * 3,
        "P": [[[[["1", "0"], ["0", "1"]]]] * 2] * 2, "R": [first, later, later],
    }  # fmt: skip
    ints = {"S": 2, "A": 1, "M": 2, "T": 2, "k": 1, "m": 2}
    return solved({"ints": ints, "reals": {"gamma": gamma, "x": x, "y": y}, "tables": tables}, last)


def bounded(data: Instance) -> Instance:
    """Rewards within 4, and values within 6."""
    return {**data, "reals": {**data["reals"], "x": "4", "y": "6"}}


STALE = with_values(coin("1", ["1", "-1"], ["0", "0"], y="0"), {0: ["0", "0"], 1: ["0", "0"]})
OWN: dict[str, Instance | str] = {
    "from": "it holds for k = 0, too, where Var X_1 <= C^2; the cited claim begins at k = 1",
    "order": bounded(trajectory(2, 1)),
    "horizon": bounded(with_values(trajectory(1, 3), {}, 1)),
    "bellman": STALE,
}
REWARDS = All(j, 0, T, All(i, 0, S, All(a, 0, A, All(w, 0, M, within(R(j, i, a, w), x)))))
VALUES = All(j, 1, T + 1, All(i, 0, S, within(V(j, i), y)))
tail = TOPIC.claim(
    "hw10a.2-tail",
    "Beyond k steps there is little variance left",
    kind="inequality",
    source=lemma("hw10a.2-limit"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[increment],
    given=[
        *[replace(h, without=OWN[h.name]) for h in ORDER],
        Hypothesis("discount", Le(0, gamma), "the discount is not negative", coin("1", [], ["-1", "1"], gamma="-1/2")),
        Hypothesis("contracts", Le(gamma, 1), "the discount is at most 1", coin("1", [], ["0", "0"], gamma="2")),
        Hypothesis("rewards", REWARDS, "|R| <= x", coin("9", [], ["0", "0"])),
        Hypothesis("values", VALUES, "|V| <= y from time 1 on", coin("0", [], ["10", "-10"], x="0", y="0")),
    ],
    says=Le(LEFT, top**2 * (gamma ** (2 * k) - gamma ** (2 * m))),
    witness=bounded(trajectory(1, 2)),
    instances={"M2": bounded(m2(1, 2)), "tight": coin("1", [], ["1", "-1"]), "equal": bounded(trajectory(2, 2))},
)


@tail.proof
def shrinking(pf: Any, claim: Term) -> None:
    """By induction on m: one more TD error has mean square at most C^2, C = x + gamma y."""
    under = [Le(k, n), Lt(n, T)]
    goal = replaced(claim, {m: n})
    more = pf.cite("hw10a.2-increment", by=["from", "bellman"], under=under, k=n, m=n + 1)
    drift = pf.put(no_drift(pf, [], [Le(1, j), Lt(j, T)]), j, n, by=["from"], under=under)
    mixed = pf.mean(pf.times(drift, V(n, X.s(n))), X)
    rest = pf.mean(pf.square(V(n, X.s(n))), X)
    pay = pf.at("rewards", n, X.s(n), X.a(n), X.w(n), by=["from"], under=under)
    value = pf.at("values", n + 1, X.s(n + 1), by=["from"], under=under)
    low, high = (pf.scale(pf.prove(side, by=[value]), gamma, by=["discount"]) for side in value.prop.args)
    room = pf.product(top - one_step(n), top + one_step(n), by=[pay, low, high])
    small = pf.prove(Le(E(error(n) ** 2), top**2), by=["from", mixed, rest, pf.mean(room, X)], under=under)
    below = pf.prove(Le(0, 1 - gamma**2), by=[pf.product(1 - gamma, 1 + gamma, by=["discount", "contracts"])])
    share = pf.scale(pf.scale(small, gamma ** (2 * n), by=["from"], under=under), below)
    step = pf.prove(replaced(goal, {n: n + 1}), by=["from", goal, pf.times(more, 1 - gamma**2), share], under=under)
    pf.put(pf.induct(n, k, pf.prove(replaced(goal, {n: k}), by=["from"]), step, end=T), n, m)


tight, span = tail.instances["tight"], gamma ** (2 * k) - gamma ** (2 * m)
tail.mutant(
    "geometric",
    Le(LEFT, top**2 * (gamma ** (4 * k) - gamma ** (4 * m))),
    at=tight,
    title="gamma^(4k) for gamma^(2k)",
    channels=SAMPLED,
)
tail.mutant("rewards-alone", Le(LEFT, x**2 * span), at=tight, title="C = x, the values forgotten", channels=SAMPLED)
tail.mutant("not-squared", Le(LEFT, top * span), at=tight, title="C for C^2", channels=SAMPLED)
tail.mutant("strict", Lt(LEFT, top**2 * span), at=tight, title="strictly")
tail.mutant("any-V", without=["bellman"], at=STALE, title="for any value function", channels=SAMPLED)


def other_side(pf: Any, claim: Term) -> None:
    shrinking(pf, Le(LEFT, top**2 * span))
    pf.prove(claim, by=["from", "order", pf.last()])


tail.control("difference", Le(LEFT - top**2 * span, 0), derive=other_side, title="all on one side", channels=SAMPLED)

# ------------------------------------------------------------------------------------- the limit
gap = td(m) - td(k)


def settled(data: Instance, K: str = "2/3", epsilon: str = "2000") -> Instance:
    """From K on, no number of further steps adds more than epsilon."""
    return {**data, "reals": {**data["reals"], "K": K, "epsilon": epsilon}}


def never(k: int = 1, m: int = 2, **more: Any) -> Instance:
    """A fair coin pays +-1 at times 0, 1 and 2, the values are 0: Var TD(k) is the sum of gamma^(2j) over j < k."""
    data = coin("1", [], ["0", "0"], **({"y": "0"} | more))
    return {**data, "ints": {**data["ints"], "k": k, "m": m}}


LATE: dict[str, Instance | str] = {
    "from": "it holds for k = 0, too; the cited claims begin at k = 1",
    "order": settled(bounded(trajectory(2, 1))),
    "horizon": settled(bounded(with_values(trajectory(1, 3), {}, 1))),
    "bellman": settled(STALE, "1", "2/3"),
    "rewards": settled(coin("9", [], ["0", "0"]), "1", "3/2"),
    "values": settled(coin("0", [], ["10", "-10"], x="0", y="0"), "1", "0"),
}
UP, ABOVE, NEAR = Le(Var(td(k)), Var(td(m))), Le(Var(td(m)), Var(td(k)) + eps), Le(E(gap**2), eps)
SETTLED = And(UP, And(ABOVE, NEAR))
limit = TOPIC.claim(
    "hw10a.2-limit",
    "TD(k) converges in mean square, and Var TD(k) increases to the variance of the limit",
    kind="limit",
    source=homework(10, "a"),
    vocabulary=NAMES,
    notation=WORDS,
    uses=[increment, tail, vanishes],
    given=[
        *[replace(h, without=LATE[h.name]) for h in ORDER],
        Hypothesis(
            "discount",
            Le(0, gamma),
            "the discount is not negative",
            settled(coin("1", [], ["-1", "1"], gamma="-1/2"), "1", "1/12"),
        ),
        Hypothesis(
            "contracts",
            Lt(gamma, 1),
            "the discount is below 1",
            settled(coin("1", [], ["0", "0"], gamma="2"), "1", "3"),
        ),
        *[replace(h, without=LATE[h.name]) for h in tail.given if h.name in ("rewards", "values")],
        Hypothesis("late", Le(K, k), "k is at least K", settled(never(), "100", "4/303")),
        Hypothesis("epsilon", Le(0, eps), "epsilon is not negative", settled(never(), "-3", "-1")),
        Hypothesis(
            "enough",
            enough(top**2, eps * (1 - gamma**2), 2 * K, gamma),
            "K is large enough",
            settled(never(), "1", "1/5"),
        ),
    ],
    says=SETTLED,
    witness=settled(bounded(trajectory(1, 2))),
    instances={
        "M2": settled(bounded(m2(1, 2))),
        "coin": settled(never(), "1", "2/3"),
        "equal": settled(bounded(trajectory(2, 2))),
    },
    about="For epsilon > 0 there is such a K: its condition is linear in K, with a positive slope.",
)


@limit.proof
def settles(pf: Any, claim: Term) -> Any:
    given = ["from", "order", "discount", "contracts", "late", "epsilon"]
    known = [*given, "horizon", "bellman", "rewards", "values"]
    share = pf.rule("scale", [pf.prove(Lt(0, f), by=given) for f in (1 - gamma, 1 + gamma)])
    spread = pf.cite("hw10a.2-increment", by=known)
    values = {"n": 2 * k, "K": 2 * K, "q": gamma, "C": top**2, "epsilon": eps * (1 - gamma**2)}
    wide = pf.scale(pf.prove(Le(0, 1 - gamma**2), by=[share]), eps, by=given)
    last = pf.cite("limit-geometric", by=[*given, "enough", share, wide], **values)
    over = pf.scale(pf.square(gamma**m), top**2, by=[*given, pf.square(top)])
    small = pf.prove(Le(LEFT, eps * (1 - gamma**2)), by=[*given, pf.cite("hw10a.2-tail", by=known), last, over])
    inside = pf.scale(small, pf.inverse(1 - gamma**2, by=[share]))
    grows = pf.mean(pf.square(gap), X)
    low, rest = claim.args
    known = [*given, share]
    wide = pf.prove(Eq(inside.left, Var(td(m)) - Var(td(k))), by=known)
    thin = pf.prove(Eq(inside.right, eps), by=known)
    parts = [pf.prove(p, by=[*known, wide, thin, inside, spread, grows]) for p in (low, *rest.args)]
    pf.rule("both", [parts[0], pf.rule("both", parts[1:])])
    return parts


QUIET = settled(coin("1/3", [], ["0", "0"], x="1/3", y="0"), "1", "2/27")
limit.mutant(
    "reversed", And(Ge(Var(td(k)), Var(td(m))), And(ABOVE, NEAR)), title="the variance falls", channels=SAMPLED
)
limit.mutant(
    "reached", And(Le(Var(td(m)), Var(td(k))), And(ABOVE, NEAR)), title="from K on the variance stays", channels=SAMPLED
)
limit.mutant(
    "squared",
    And(UP, And(ABOVE, Le(E(gap**2), eps**2))),
    at=QUIET,
    title="a distance of epsilon, taken as its square",
    channels=SAMPLED,
)
limit.mutant(
    "early",
    without=["late"],
    at=settled(never(), "100", "4/303"),
    title="from the start, not from K on",
    channels=SAMPLED,
)
limit.mutant(
    "any-V", without=["bellman"], at=settled(STALE, "1", "2/3"), title="for any value function", channels=SAMPLED
)


def one_interval(pf: Any, claim: Term) -> None:
    rises, above, _ = settles(pf, SETTLED)
    pf.rule("both", [rises, pf.prove(claim.args[1], by=["from", "order", above])])


limit.control(
    "one-interval",
    And(UP, Le(Var(td(m)) - Var(td(k)), eps)),
    derive=one_interval,
    title="Var TD(m) - Var TD(k) in [0, epsilon]",
    channels=SAMPLED,
)
