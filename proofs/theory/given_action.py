"""Claims that look ahead from a state and an action at time t: their hypotheses, instances and first steps.

`now(f)` is E[f | everything up to a_t].  V is exact from time t + 1 on and Q is defined through V, so how the first action was
chosen plays no part.
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance
from proofs.instances import LAST_VALUE, m2, small, with_values
from proofs.kernel.terms import Term, opened
from proofs.language import Eq, Le, Lt, Surely
from proofs.theory.policy_evaluation import (
    Q,
    T,
    X,
    action_value,
    bellman,
    j,
    k,
    one_step_mean,
    solved,
    t,
    with_action_values,
)

s_t, a_t, after = X.s(t), X.a(t), X.s(t + 1)
exact = Q(t, s_t, a_t)
WRONG = ["10", "-10"]
ACTION = 2  # a slot draws state, action, outcome: the level after the action


# ------------------------------------------------------------------------------------- instances
def at(start: int = 0, steps: int = 2, *, horizon: int = 2) -> Instance:
    """Two states, two actions, generic laws and rewards, from a start time on; V and Q are the policy's."""
    return solved(small(steps, t=start, horizon=horizon), LAST_VALUE)


def chain(start: int = 0, steps: int = 2, *, horizon: int = 2) -> Instance:
    """The catalogue's M2, with Q = (53/37, 65/37; 7/74, -117/74)."""
    return with_action_values(m2(steps, steps, t=start, horizon=horizon))


def script(steps: int) -> Instance:
    """A size at which rewards and final values stay symbols; V(0, .) is asked for nowhere."""
    return with_action_values(with_values(small(steps, t=0), {0: ["0", "0"]}))


def tables(data: Instance, **new: Any) -> Instance:
    return {**data, "tables": {**data["tables"], **new}}


def wrong_values(data: Instance, last: list[str] = WRONG) -> Instance:
    """V is not the policy's; Q is what that V makes of it."""
    horizon = data["ints"]["T"]
    return with_action_values(with_values(data, {n: last if n == horizon else WRONG for n in range(1, horizon + 1)}))


def wrong_actions(data: Instance) -> Instance:
    return tables(data, Q=[[["1", "2"], ["-3", "4"]]] * data["ints"]["T"])


def other_policy(data: Instance) -> Instance:
    """The actions are drawn from a policy to which V and Q do not belong."""
    return tables(data, pi=[[["0", "1"], ["1", "0"]]] * (data["ints"]["T"] + 1))


# ------------------------------------------------------------------------------------- hypotheses
def given(
    last: Any, beyond: Instance, wrong_v: Instance | None = None, wrong_q: Instance | None = None, first: Any = t
) -> list[Hypothesis]:
    """0 <= t; `last` lies within the horizon; V is exact after t, where an instance without that is given; Q belongs to V from
    the time `first` on.  The instances violate one hypothesis each."""
    values = (
        [] if wrong_v is None else [Hypothesis("bellman", bellman(t + 1), "V is the policy's from t + 1 on", wrong_v)]
    )
    return [
        Hypothesis("start", Le(0, t), "t is a time", "before time 0 there is no state, and no table to be wrong"),
        Hypothesis("horizon", Le(last, T), "the last time that is used lies within the horizon", beyond),
        *values,
        Hypothesis("action-value", action_value(first), "Q belongs to V", wrong_q or wrong_actions(at())),
    ]


KNOWN = ["start", "horizon"]
STEPS = Hypothesis("steps", Le(1, k), "at least one reward is sampled", at(0, 0))
ANY_STEPS = [STEPS, *given(t + k, at(1, 2), wrong_values(at()))]


# ------------------------------------------------------------------------------------- in statements and derivations
def now(f: Term) -> Term:
    """E[f | everything up to a_t]."""
    return X.given(f, t, "a")


def mean_is(f: Term, value: Any = exact) -> Term:
    """Given everything up to a_t, the mean of f is this value."""
    return Surely(Eq(now(f), value))


def on_path(claim: Term) -> Term:
    """What a sure statement says of one path."""
    return opened(claim.args[1], X.path)


def first_step(pf: Any, known: list[str]) -> Any:
    """E[r_t + gamma V(t + 1, s_{t+1}) | s_t, a_t] = Q(t, s_t, a_t)."""
    return pf.put(one_step_mean(pf, ["start"], [Le(t, j), Lt(j, T)]), j, t, by=known)


def concluded(pf: Any, claim: Term, by: list[Any]) -> None:
    """The claim, from equations that hold on every path."""
    pf.surely(pf.prove(on_path(claim), by=by), X)
