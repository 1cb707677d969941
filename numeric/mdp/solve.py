"""Exact solutions: values of a policy and its visits by linear solves over the rationals, optimal values by policy iteration.

    V = r_pi + gamma P_pi V          d = p0 + gamma P_pi' d          (states that are not terminal)
    Q(s, a) = sum_y P(y | s, a) (r(s, a, y) + gamma V(y))            A = Q - V

Values are tuples by state, of Fractions; terminal states have 0.  At discount 1 a policy must end with probability 1 from
every state (be proper); one that does not is refused by the name of a state where it goes on for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq, fmpq_mat

from numeric.mdp.model import FiniteMDP, Policy

Vector = tuple[Fraction, ...]
MOST_SOLVED = 400  # states of one exact solve: fractions grow with every row


@dataclass(frozen=True)
class Values:
    """v[s], q[s][a], advantage[s][a]; q and advantage of a terminal state are ()."""

    v: Vector
    q: tuple[Vector, ...]
    advantage: tuple[Vector, ...]


@dataclass(frozen=True)
class Optimum:
    """Optimal values, every optimal action of each state (by number, lowest first), a policy, and how often it improved."""

    values: Values
    actions: tuple[tuple[int, ...], ...]
    policy: Policy
    improvements: int


def evaluate(policy: Policy) -> Values:
    """V, Q and A of a policy.  Raises ValueError where it is not proper at discount 1."""
    mdp = policy.mdp
    _proper(policy)
    live = mdp.live
    pays = [sum((policy.rows[s][a] * mdp.reward(s, a) for a in _actions(mdp)), Fraction(0)) for s in live]
    return values_of(mdp, _spread(mdp, _solved(_system(policy), pays)), policy)


def visits(policy: Policy) -> Vector:
    """Expected discounted number of visits of each state, sum_t gamma^t P(s_t = s); 0 for terminal ones."""
    mdp = policy.mdp
    _proper(policy)
    return _spread(mdp, _solved(_system(policy).transpose(), [mdp.start[s] for s in mdp.live]))


def arrivals(policy: Policy) -> Vector:
    """Expected discounted arrival at each terminal state, sum_t gamma^{t+1} P(s_{t+1} = s, s_t not terminal), and gamma^0 of a
    start in it; at discount 1 the probability that an episode ends there.  0 for the other states."""
    mdp = policy.mdp
    often = visits(policy)
    out = [mdp.start[s] if not mdp.rows[s] else Fraction(0) for s in range(len(mdp.states))]
    for s in mdp.live:
        for a in _actions(mdp):
            for one in mdp.rows[s][a]:
                if not mdp.rows[one.state]:
                    out[one.state] += mdp.discount * often[s] * policy.rows[s][a] * one.probability
    return tuple(out)


def optimum(mdp: FiniteMDP) -> Optimum:
    """Optimal values by policy iteration; an action is changed only for a strictly better one, so that ties end it.

    At discount 1 it begins with a policy that ends.  Raises ValueError where going on for ever is at least as good as ending:
    Bellman's equation then does not decide the optimum.
    """
    choice, improvements = _ending_choice(mdp), 0
    while True:
        policy = mdp.greedy(choice)
        found = evaluate(policy)
        better = {s: max(_actions(mdp), key=lambda a, s=s: found.q[s][a]) for s in mdp.live}  # type: ignore[misc]
        better = {s: a for s, a in better.items() if found.q[s][a] > found.v[s]}
        if not better:
            break
        choice, improvements = choice | better, improvements + 1
    best = tuple(
        tuple(a for a in _actions(mdp) if found.q[s][a] == found.v[s]) if row else () for s, row in enumerate(mdp.rows)
    )
    _decided(mdp, best)
    return Optimum(found, best, policy, improvements)


def values_of(mdp: FiniteMDP, v: Vector, policy: Policy | None = None) -> Values:
    """Q and A that belong to any v; the baseline of A is v itself."""
    q = tuple(tuple(backup(mdp, s, a, v) for a in _actions(mdp)) if row else () for s, row in enumerate(mdp.rows))
    return Values(v, q, tuple(tuple(x - v[s] for x in row) for s, row in enumerate(q)))


def backup(mdp: FiniteMDP, s: int, a: int, v: Vector) -> Fraction:
    """sum_y P(y | s, a) (r(s, a, y) + gamma v(y)).  v of a terminal state counts as 0."""
    ahead = (
        one.probability * (one.reward + mdp.discount * (v[one.state] if mdp.rows[one.state] else 0))
        for one in mdp.row(s, a)
    )
    return sum(ahead, Fraction(0))


# ------------------------------------------------------------------------------------- parts
def _actions(mdp: FiniteMDP) -> range:
    return range(len(mdp.actions))


def _proper(policy: Policy) -> None:
    mdp = policy.mdp
    if mdp.discount == 1:
        stays = [mdp.states[s] for s in range(len(mdp.states)) if s not in mdp.ending(policy)]
        if stays:
            raise ValueError(f"policy must end with probability 1 at discount 1; it goes on for ever from {stays[0]}")


def _system(policy: Policy) -> fmpq_mat:
    """I - gamma P_pi on the states that are not terminal."""
    mdp = policy.mdp
    place = {s: n for n, s in enumerate(mdp.live)}
    if len(place) > MOST_SOLVED:
        raise ValueError(f"an exact solve takes at most {MOST_SOLVED} states that are not terminal; got {len(place)}")
    rows = [[Fraction(int(n == m)) for m in range(len(place))] for n in range(len(place))]
    for s, n in place.items():
        for a in _actions(mdp):
            for one in mdp.rows[s][a]:
                if one.state in place:
                    rows[n][place[one.state]] -= mdp.discount * policy.rows[s][a] * one.probability
    return _matrix(rows)


def _matrix(rows: list[list[Fraction]]) -> fmpq_mat:
    width = len(rows[0]) if rows else 0
    return fmpq_mat(len(rows), width, [fmpq(x.numerator, x.denominator) for row in rows for x in row])


def _solved(system: fmpq_mat, right: list[Fraction]) -> list[Fraction]:
    if not right:
        return []
    found = system.solve(_matrix([[x] for x in right]))
    return [Fraction(int(found[n, 0].p), int(found[n, 0].q)) for n in range(len(right))]


def _spread(mdp: FiniteMDP, found: list[Fraction]) -> Vector:
    out = [Fraction(0)] * len(mdp.states)
    for s, x in zip(mdp.live, found, strict=True):
        out[s] = x
    return tuple(out)


def _ending_choice(mdp: FiniteMDP) -> dict[int, int]:
    """In each state an action that may bring the end nearer: with these the policy ends, where any policy does."""
    reached = {s for s, row in enumerate(mdp.rows) if not row}
    choice: dict[int, int] = {}
    while True:
        near = {
            s: a
            for s in mdp.live
            if s not in reached
            for a in reversed(_actions(mdp))
            if any(one.state in reached for one in mdp.rows[s][a])
        }
        if not near:
            return {**dict.fromkeys(mdp.live, 0), **choice}
        choice |= near
        reached |= set(near)


def _decided(mdp: FiniteMDP, best: tuple[tuple[int, ...], ...]) -> None:
    """At discount 1 optimal actions must lead to an end: no set of states may be closed under some of them."""
    if mdp.discount < 1:
        return
    closed = set(mdp.live)
    while closed:
        kept = {s for s in closed if any(all(one.state in closed for one in mdp.rows[s][a]) for a in best[s])}
        if kept == closed:
            name = mdp.states[min(closed)]
            raise ValueError(
                f"at discount 1 going on for ever must be worse than ending; from {name} it costs nothing, and Bellman's"
                " equation does not decide the optimum"
            )
        closed = kept
