"""Evaluating a policy over a finite horizon: the process, its returns and TD errors, Bellman's equation for V and for Q.

A slot of the process: state s_j, action a_j ~ pi(j, s_j), outcome w_j ~ W(j, s_j, a_j) of the reward r_j = R(j, s_j, a_j, w_j);
then s_{j+1} ~ P(j, s_j, a_j, w_j), so reward and next state have any joint law.  Everything may depend on time.  V(T, .) is
arbitrary, and the equations are asked for from a first time on: what was done before need not have been the policy's doing.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from proofs.claims import Instance
from proofs.kernel.terms import Term
from proofs.language import All, Eq, Le, Lt, Sum, Vocabulary, local_index

NAMES = Vocabulary()
S, A, M, T = NAMES.size("S"), NAMES.size("A"), NAMES.size("M"), NAMES.size("T")
k, m, gamma = NAMES.integer("k"), NAMES.integer("m"), NAMES.real("gamma")
x, y = NAMES.real("x"), NAMES.real("y")
R, V = NAMES.function("R", 4), NAMES.function("V", 2)
p0, pi = NAMES.pmf("p0", S), NAMES.kernel("pi", [T + 1, S], A)
W, P = NAMES.kernel("W", [T + 1, S, A], M), NAMES.kernel("P", [T, S, A, M], S)
POLICY, PAY = ["pi", [["@", 0], ["s", 0]]], ["W", [["@", 0], ["s", 0], ["a", 0]]]
MOVE = ["P", [["@", -1], ["s", -1], ["a", -1], ["w", -1]]]
X = NAMES.process("X", T, [["s", S, "p0", [], *MOVE], ["a", A, *POLICY, *POLICY], ["w", M, *PAY, *PAY]])
t, Q = NAMES.integer("t"), NAMES.function("Q", 3)
j, i, a, w, z, n = (local_index(c) for c in "jiawzn")


def reward(j: Any) -> Term:
    return R(j, X.s(j), X.a(j), X.w(j))


_td = NAMES.define("td", Sum(j, 0, k, gamma**j * reward(j)) + gamma**k * V(k, X.s(k)), X.path, k)
_returned = NAMES.define(
    "target", Sum(j, 0, k, gamma**j * reward(t + j)) + gamma**k * V(t + k, X.s(t + k)), X.path, t, k
)


def one_step(j: Any) -> Term:
    """The reward at time j and the discounted value of the next state: the TD(1) target at time j."""
    return reward(j) + gamma * V(j + 1, X.s(j + 1))


def error(k: Any) -> Term:
    """The TD error at time k, written out."""
    return one_step(k) - V(k, X.s(k))


_delta = NAMES.define("delta", error(k), X.path, k)
NOTATION = {"td": "X_{{{1}}}", "target": "X_{{{2}}}^{{({1})}}", "delta": r"\delta_{{{1}}}", "p0": "p_0"}


def td(k: Any) -> Term:
    """The k-step return with bootstrap from time 0, X_k."""
    return _td(X.path, k)


def target(t: Any, k: Any) -> Term:
    """The k-step return with bootstrap from time t: k rewards and gamma^k V(t + k, s_{t+k})."""
    return _returned(X.path, t, k)


def delta(k: Any) -> Term:
    """The TD error at time k, by name."""
    return _delta(X.path, k)


def expected(j: Any, i: Any, a: Any) -> Term:
    """E[r_j + gamma V(j + 1, s_{j+1}) | s_j = i, a_j = a] as a sum over the outcomes and next states."""
    after = Sum(z, 0, S, P(j, i, a, w, z) * (R(j, i, a, w) + gamma * V(j + 1, z)))
    return Sum(w, 0, M, W(j, i, a, w) * after)


def bellman(first: Any) -> Term:
    """V(j, s) = E[r_j + gamma V(j + 1, s_{j+1}) | s_j = s] for first <= j < T."""
    return All(j, first, T, All(i, 0, S, Eq(V(j, i), Sum(a, 0, A, pi(j, i, a) * expected(j, i, a)))))


def action_value(first: Any) -> Term:
    """Q(j, s, a) = E[r_j + gamma V(j + 1, s_{j+1}) | s_j = s, a_j = a] for first <= j < T."""
    return All(j, first, T, All(i, 0, S, All(a, 0, A, Eq(Q(j, i, a), expected(j, i, a)))))


def vocabulary() -> Vocabulary:
    """A vocabulary of one's own that begins with all these names."""
    own = Vocabulary()
    own.decls = dict(NAMES.decls)
    return own


# ------------------------------------------------------------------------------------- in derivations
def no_drift(pf: Any, by: Sequence[Any], under: Sequence[Term]) -> Any:
    """E[delta_j | s_j] = 0 for the local index j, from the hypothesis `bellman`; by, under: why j lies in its range."""
    now, steps = X.given(error(j), j, "s"), [pf.step(h) for h in by]
    value = pf.at("bellman", j, X.s(j), by=steps, under=under)
    target = X.given(one_step(j), j, "s")
    draws = pf.rule("next_draws", steps, target, 3, *under)
    return (
        pf.chain(now, "given the state, the TD error has mean zero")
        .eq(target - V(j, X.s(j)), "V(j, s_j) is known", by=steps, under=under)
        .eq(value.right - V(j, X.s(j)), "the mean over action, reward and next state", by=[*steps, draws], under=under)
        .eq(0, "Bellman's equation", by=[*steps, value], under=under)
        .done()
    )


def one_step_mean(pf: Any, by: Sequence[Any], under: Sequence[Term]) -> Any:
    """E[r_j + gamma V(j + 1, s_{j+1}) | s_j, a_j] = Q(j, s_j, a_j) for the local index j, from `action-value`."""
    now, steps, value = X.given(one_step(j), j, "a"), [pf.step(h) for h in by], Q(j, X.s(j), X.a(j))
    defined = pf.at("action-value", j, X.s(j), X.a(j), by=steps, under=under)
    return (
        pf.chain(now, "Q is the mean of one step")
        .then(pf.rule("next_draws", steps, now, 2, *under), "the mean over reward and next state")
        .eq(value, "the definition of Q", by=[*steps, defined], under=under)
        .done()
    )


def state_value(pf: Any, by: Sequence[Any], under: Sequence[Term]) -> Any:
    """E[Q(j, s_j, a_j) | s_j] = V(j, s_j) for the local index j, from the hypotheses `bellman` and `action-value`."""
    now, steps, state = X.given(Q(j, X.s(j), X.a(j)), j, "s"), [pf.step(h) for h in by], X.s(j)
    value = pf.at("bellman", j, state, by=steps, under=under)
    one = pf.at("action-value", j, state, a, by=steps, under=[*under, Le(0, a), Lt(a, A)])
    each = pf.rule("sum_order", [pf.every(a, 0, A, pf.times(one, pi(j, state, a)))])
    return (
        pf.chain(now, "V is the mean of Q over the policy's actions")
        .then(pf.rule("next_draws", steps, now, 1, *under), "the mean over the action")
        .eq(value.right, "the definition of Q", by=[*steps, each], under=under)
        .eq(V(j, state), "Bellman's equation", by=[*steps, value], under=under)
        .done()
    )


# ------------------------------------------------------------------------------------- instances
def with_action_values(data: Instance) -> Instance:
    """The instance with a table of Q(j, s, a) for j < T: computed from V, or left for the hypothesis where V is."""
    times = range(data["ints"]["T"])
    rows = [_action_values(data, j, data["tables"]["V"][j + 1]) for j in times]
    return {**data, "tables": {**data["tables"], "Q": rows}}


def solved(data: Instance, last: Sequence[str]) -> Instance:
    """The instance with this V(T, .), and with the V and Q of its policy for j < T."""
    values, rows = [list(last)], list[list[list[str | None]]]()
    for j in reversed(range(data["ints"]["T"])):
        rows.insert(0, _action_values(data, j, values[0]))
        policy = data["tables"]["pi"][j]
        values.insert(0, [_mean(row, q) for row, q in zip(policy, rows[0], strict=True)])
    return {**data, "tables": {**data["tables"], "V": values, "Q": rows}}


def _action_values(data: Instance, j: int, later: Sequence[str | None]) -> list[list[str | None]]:
    """Q(j, ., .) from V(j + 1, .)."""
    tables, discount = data["tables"], Fraction(data["reals"]["gamma"])

    def value(i: int, a: int) -> str | None:
        if None in later:
            return None
        moves, gains = tables["P"][j][i][a], tables["R"][j][i][a]
        after = [str(Fraction(r) + discount * Fraction(_mean(row, later))) for row, r in zip(moves, gains, strict=True)]
        return _mean(tables["W"][j][i][a], after)

    return [[value(i, a) for a in range(data["ints"]["A"])] for i in range(data["ints"]["S"])]


def _mean(weights: Sequence[str], values: Sequence[Any]) -> str:
    return str(sum((Fraction(p) * Fraction(v) for p, v in zip(weights, values, strict=True)), Fraction(0)))
