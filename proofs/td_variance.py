"""Longer bootstraps have more variance: X_k = sum_{j<k} gamma^j r_j + gamma^k V(k, s_k), V exact for the policy.

A slot of the process: state s_j, action a_j ~ pi(j, s_j), outcome w_j ~ W(j, s_j, a_j) of the reward r_j = R(j, s_j, a_j, w_j);
then s_{j+1} ~ P(j, s_j, a_j, w_j), so reward and next state have any joint law.  V(T, .) is arbitrary, and the first action need
not be the policy's: Bellman's equation is asked for from time 1 on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from proofs.claims import Hypothesis, Topic, homework, lemma
from proofs.instances import m2, small, trajectory, with_values
from proofs.kernel.terms import Term, replaced
from proofs.language import E, Eq, Ge, Le, Lt, Sum, Var
from proofs.targets import steps
from proofs.theory.given_action import ANY_STEPS, at, chain, script, wrong_values
from proofs.theory.policy_evaluation import (
    NAMES,
    NOTATION,
    Q,
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
    one_step,
    reward,
    t,
    target,
    td,
    x,
    y,
)

TOPIC = Topic("td_variance", "Variance of multi-step returns")
WRONG = {time: ["10", "-10"] for time in range(4)}
START = {0: ["10", "-10"]}


def hypotheses(first: Any, last: Any, *, step: bool) -> list[Hypothesis]:
    """1 <= first <= last <= T (last < T for a step), and Bellman's equation.  The instances violate one each."""
    ks = {"k": 1, "m": 2} if not step else {"k": 1, "m": 1}
    extra = {"x": "2/3", "y": "-3/5"} if step else {}

    def at(values: dict[int, list[str]], more: int = 0, **ints: int) -> Any:
        now = ks | ints
        data = with_values(trajectory(now["k"], now["m"]), values, more)
        return {**data, "reals": {**data["reals"], **extra}}

    return [
        Hypothesis("from", Le(1, first), "at least one reward is sampled", at(START, k=0, m=0 if step else 1)),
        Hypothesis("order", Le(first, last), "the second bootstrap is not the shorter one", at({}, k=2, m=1)),
        Hypothesis(
            "horizon",
            Lt(last, T) if step else Le(last, T),
            "both lie within the horizon",
            at({}, 2 if step else 1, m=2 if step else 3),
        ),
        Hypothesis("bellman", bellman(1), "V is the policy's value from time 1 on", at(WRONG)),
    ]


def with_reals(data: Any) -> Any:
    return {**data, "reals": {**data["reals"], "x": "2/3", "y": "-3/5"}}


# ------------------------------------------------------------------------------------- one mean
SAMPLED = ("proof", "exact", "sympy", "montecarlo")
SOME_STEPS = replace(ANY_STEPS[0], without=with_values(at(0, 0), START))  # for k = 0 the start's own value would count
hw10a1 = TOPIC.claim(
    "hw10a.1",
    "Every k-step return has the mean of Q",
    kind="expectation",
    source=homework(10, "a"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[steps],
    given=[SOME_STEPS, *ANY_STEPS[1:]],
    says=Eq(E(target(t, k)), E(Q(t, X.s(t), X.a(t)))),
    witness=at(),
    instances={"one-step": chain(0, 1, horizon=1), "two-steps": chain(0, 2), "later": at(1, horizon=3)},
    script_at=script(2),
)


@hw10a1.proof
def averaged(pf: Any, claim: Term) -> None:
    """The mean over the pairs (s_t, a_t) of what is true of each."""
    known = ["start", "steps", "horizon"]
    each = pf.on_path(pf.cite("ch1-tdk-mean", by=[*known, "bellman", "action-value"]), X)
    pf.prove(claim, by=[*known, pf.mean(each, X)])


undiscounted = Sum(j, 0, k, gamma**j * reward(t + j)) + V(t + k, X.s(t + k))
hw10a1.mutant(
    "no-discount", Eq(E(undiscounted), E(Q(t, X.s(t), X.a(t)))), title="V without its discount", channels=SAMPLED
)
hw10a1.mutant(
    "any-V", without=["bellman"], at=wrong_values(chain()), title="V = (10, -10): -7/9 is not -7/6", channels=SAMPLED
)
hw10a1.mutant(
    "two-lengths",
    Eq(E(target(t, k)), E(target(t, k + 1))),
    without=["bellman"],
    at=wrong_values(chain(0, 1)),
    title="one mean for k and k + 1, whatever V is",
)
hw10a1.control(
    "difference",
    Eq(E(target(t, k)) - E(Q(t, X.s(t), X.a(t))), 0),
    title="the difference of the means",
    channels=SAMPLED,
)

# ------------------------------------------------------------------------------------- a TD error is orthogonal to the past
orthogonal = TOPIC.claim(
    "hw10a.2-orthogonal",
    "A TD error is orthogonal to constants and to shorter returns",
    kind="expectation",
    source=lemma("hw10a.2"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=hypotheses(k, m, step=True),
    says=Eq(E((x + y * td(k)) * delta(m)), 0),
    witness=with_reals(trajectory(1, 1)),
    instances={"M2": with_reals(m2(1, 1))},
    script_at=with_reals(small(1, 1)),
)


@orthogonal.proof
def _(pf: Any, claim: Term) -> None:
    given = ["from", "order", "horizon"]
    steps = [pf.step(h) for h in given]

    def now(f: Term) -> Term:
        return X.given(f, m, through="s")

    target, past = one_step(m), x + y * td(k)
    value = pf.at("bellman", m, X.s(m), by=steps)
    drift = (
        pf.chain(now(delta(m)), "given the state at time m, the TD error has mean zero")
        .eq(now(target) - V(m, X.s(m)), "V(m, s_m) is known", by=steps)
        .eq(
            value.right - V(m, X.s(m)),
            "the mean over action, reward and next state",
            by=[*steps, pf.rule("next_draws", steps, now(target), 3)],
        )
        .eq(0, "Bellman's equation", by=[*steps, value])
        .done()
    )
    (
        pf.chain(claim.args[0])
        .eq(E(past * now(delta(m))), "tower: the past is known at time m", by=steps)
        .then(pf.mean(pf.times(drift, past), X), "the TD error has mean zero given the past")
        .eq(0, "the mean of 0", by=steps)
        .done()
    )


orthogonal.mutant(
    "any-V",
    without=["bellman"],
    at=with_reals(with_values(trajectory(1, 1), WRONG)),
    title="for any value function",
    channels=SAMPLED,
)
orthogonal.mutant(
    "same-time",
    Eq(E((x + y * td(k)) * delta(0)), 0),
    at=with_reals(with_values(trajectory(1, 1), START)),
    title="the TD error at time 0",
    channels=SAMPLED,
)
orthogonal.mutant(
    "no-discount",
    Eq(E((x + y * td(k)) * (reward(m) + V(m + 1, X.s(m + 1)) - V(m, X.s(m)))), 0),
    title="a TD error without gamma",
)
orthogonal.control(
    "two-means", Eq(x * E(delta(m)) + y * E(td(k) * delta(m)), 0), title="two expectations", channels=SAMPLED
)

# ------------------------------------------------------------------------------------- Pythagoras
ORDER = hypotheses(k, m, step=False)
increment = TOPIC.claim(
    "hw10a.2-increment",
    "Var X_m - Var X_k is the mean square of X_m - X_k",
    kind="expectation",
    source=lemma("hw10a.2"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[orthogonal],
    given=ORDER,
    says=Eq(Var(td(m)), Var(td(k)) + E((td(m) - td(k)) ** 2)),
    witness=trajectory(1, 2),
    instances={"M2": m2(1, 2), "equal": trajectory(2, 2)},
    script_at=small(1, 2),
)


@increment.proof
def pythagoras(pf: Any, claim: Term) -> None:
    """By induction on m: X_{n+1} = X_n + gamma^n delta_n, and delta_n is orthogonal to X_n, to X_k and to constants."""
    under = [Le(k, n), Lt(n, T)]
    goal = replaced(claim, {m: n})
    flat = {
        name: pf.cite("hw10a.2-orthogonal", by=["from", "bellman"], under=under, k=first, m=n, x=c, y=d)
        for name, first, c, d in (("drift", k, 1, 0), ("past", n, 0, 1), ("start", k, 0, 1))
    }
    products = [pf.times(flat["drift"], gamma**n * f) for f in (E(td(n)), gamma**n * E(error(n)))]
    products += [pf.times(flat[name], gamma**n) for name in ("past", "start")]
    base = pf.prove(replaced(goal, {n: k}), by=["from"])
    left, right = goal.args
    gain = gamma ** (2 * n) * E(error(n) ** 2)
    step = (
        pf.chain(replaced(left, {n: n + 1}), "from n to n + 1; for n = k the last term is 0")
        .eq(left + gain, "the TD error at n is orthogonal to X_n", by=[*products, "from"], under=under)
        .eq(right + gain, "the induction hypothesis", by=[goal, "from"], under=under)
        .eq(replaced(right, {n: n + 1}), "it is orthogonal to X_n - X_k, too", by=[*products, "from"], under=under)
        .done()
    )
    pf.put(pf.induct(n, k, base, step, end=T), n, m)


increment.mutant(
    "any-V",
    without=["bellman"],
    at=with_values(trajectory(1, 2), WRONG),
    title="for any value function",
    channels=SAMPLED,
)
increment.mutant(
    "minus", Eq(Var(td(m)), Var(td(k)) - E((td(m) - td(k)) ** 2)), title="minus for plus", channels=SAMPLED
)
increment.mutant(
    "geometric",
    Eq(Var(td(m)), Var(td(k)) + gamma**k * E(delta(k) ** 2)),
    title="gamma^k for gamma^(2k)",
    channels=SAMPLED,
)


def as_difference(pf: Any, claim: Term) -> None:
    pythagoras(pf, Eq(Var(td(m)), Var(td(k)) + E((td(m) - td(k)) ** 2)))
    pf.prove(claim, by=[pf.last(), "from", "order"])


increment.control(
    "difference",
    Eq(Var(td(m)) - Var(td(k)), E((td(k) - td(m)) ** 2)),
    derive=as_difference,
    title="the difference of the variances",
    channels=SAMPLED,
)

# ------------------------------------------------------------------------------------- the ordering
hw10a2 = TOPIC.claim(
    "hw10a.2",
    "Var TD(1) <= Var TD(2) <= ... <= Var TD(T)",
    kind="variance ordering",
    source=homework(10, "a"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[increment],
    given=ORDER,
    says=Le(Var(td(k)), Var(td(m))),
    witness=trajectory(1, 2),
    instances={"M2": m2(1, 2), "equal": trajectory(2, 2)},
    script_at=small(1, 2),
)


@hw10a2.proof
def ordered(pf: Any, claim: Term) -> None:
    gap = td(m) - td(k)
    spread = pf.cite("hw10a.2-increment", by=["from", "order", "horizon", "bellman"])
    gain = pf.mean(pf.square(gap), X)
    (
        pf.chain(claim.args[0])
        .le(Var(td(k)) + E(gap**2), "a mean square is not negative", by=["from", "order", gain])
        .eq(claim.args[1], "Pythagoras: the increment is orthogonal to the past", by=["from", "order", spread])
        .done()
    )


hw10a2.mutant("reversed", Ge(Var(td(k)), Var(td(m))), title="the order reversed", channels=SAMPLED)
hw10a2.mutant("strict", Lt(Var(td(k)), Var(td(m))), at=trajectory(2, 2), title="strictly, also for k = m")
hw10a2.mutant("geometric", Eq(Var(td(m)), Var(td(k)) / (1 - gamma**2)), title="Var X_1 / (1 - gamma^2) as the limit")
hw10a2.mutant(
    "weight",
    Eq(Var(td(m)), Var(td(k)) + gamma**k * E(delta(k) ** 2)),
    title="increments gamma^k for gamma^(2k)",
    channels=SAMPLED,
)
hw10a2.mutant(
    "any-V",
    without=["bellman"],
    at=with_values(trajectory(1, 2), WRONG),
    title="for any value function",
    channels=SAMPLED,
)


def moved_over(pf: Any, claim: Term) -> None:
    ordered(pf, Le(Var(td(k)), Var(td(m))))
    pf.prove(claim, by=["from", "order", pf.last()])


hw10a2.control(
    "difference",
    Ge(Var(td(m)) - Var(td(k)), 0),
    derive=moved_over,
    title="the difference is not negative",
    channels=SAMPLED,
)
