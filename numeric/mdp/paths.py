"""Trajectories to a horizon with their exact probabilities, and what follows by definition: returns, k-step and lambda targets.

Nothing here uses Bellman's equation or a linear solve: sums over trajectories alone, so that it can check both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from numeric.mdp.model import FiniteMDP, Policy, exact

MOST_PATHS = 200_000
MOST_STEPS = 10_000


@dataclass(frozen=True)
class Path:
    """states has one entry more than actions and rewards.  terminated: the last state is terminal, not merely the horizon's."""

    probability: Fraction
    states: tuple[int, ...]
    actions: tuple[int, ...]
    rewards: tuple[Fraction, ...]
    terminated: bool

    def __len__(self) -> int:
        return len(self.actions)


def paths(policy: Policy, horizon: int, *, state: int | None = None) -> Iterator[Path]:
    """Every trajectory of positive probability, stopped at a terminal state or after `horizon` actions.

    From the start law, or from one state.  Raises ValueError on a horizon below 0 or above MOST_STEPS, a state that is none, and
    where there are more than MOST_PATHS.
    """
    if isinstance(horizon, bool) or not isinstance(horizon, int) or not 0 <= horizon <= MOST_STEPS:
        raise ValueError(f"horizon must be a whole number from 0 to {MOST_STEPS}; got {horizon!r}")
    mdp = policy.mdp
    if state is not None and (
        isinstance(state, bool) or not isinstance(state, int) or not 0 <= state < len(mdp.states)
    ):
        raise ValueError(f"state must be a whole number from 0 to {len(mdp.states) - 1}, or None; got {state!r}")
    law = list(enumerate(mdp.start)) if state is None else [(state, Fraction(1))]
    many = _ways(policy, horizon)
    if sum(many[s] for s, p in law if p) > MOST_PATHS:
        raise ValueError(f"horizon must leave at most {MOST_PATHS} trajectories; {horizon} has more")
    return _walked(policy, horizon, [Path(p, (s,), (), (), not mdp.rows[s]) for s, p in law if p])


def _walked(policy: Policy, horizon: int, first: list[Path]) -> Iterator[Path]:
    todo = first[::-1]
    while todo:
        path = todo.pop()
        if path.terminated or len(path) == horizon:
            yield path
        else:
            todo += list(_extended(policy, path))[::-1]


def _ways(policy: Policy, horizon: int) -> list[int]:
    """How many trajectories leave each state, counted before any is made; no further than to one too many."""
    mdp = policy.mdp
    ways = [1] * len(mdp.states)
    for _ in range(horizon):
        ahead = [
            sum(ways[one.state] for a, chosen in enumerate(policy.rows[s]) if chosen for one in mdp.rows[s][a])
            for s in mdp.live
        ]
        after = ways.copy()
        for s, count in zip(mdp.live, ahead, strict=True):
            after[s] = min(count, MOST_PATHS + 1)
        if after == ways:
            break
        ways = after
    return ways


def _extended(policy: Policy, path: Path) -> Iterator[Path]:
    mdp, s = policy.mdp, path.states[-1]
    for a, chosen in enumerate(policy.rows[s]):
        for one in mdp.rows[s][a] if chosen else ():
            yield Path(
                path.probability * chosen * one.probability,
                (*path.states, one.state),
                (*path.actions, a),
                (*path.rewards, one.reward),
                not mdp.rows[one.state],
            )


def returned(path: Path, discount: Fraction, first: int = 0) -> Fraction:
    """sum_{t >= first} discount^(t - first) r_t."""
    return sum((discount**n * r for n, r in enumerate(path.rewards[first:])), Fraction(0))


def expected_return(policy: Policy, horizon: int, *, state: int | None = None) -> Fraction:
    """E of the discounted rewards of the first `horizon` actions."""
    found = paths(policy, horizon, state=state)
    return sum((p.probability * returned(p, policy.mdp.discount) for p in found), Fraction(0))


def k_step_target(path: Path, mdp: FiniteMDP, values: Sequence[Fraction], k: int) -> Fraction:
    """sum_{j < k} gamma^j r_j + gamma^k V(s_k) from time 0; where the episode ends before, its return and no bootstrap."""
    steps = min(k, len(path))
    rewards = sum((mdp.discount**j * path.rewards[j] for j in range(steps)), Fraction(0))
    last = path.states[steps]
    return rewards + (mdp.discount**steps * values[last] if mdp.rows[last] else 0)


def expected_k_step(policy: Policy, values: Sequence[Fraction], k: int, *, state: int) -> Fraction:
    """E of the k-step target from a state, by enumeration."""
    _valued(policy.mdp, values)
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise ValueError(f"k must be a whole number, 1 or more; got {k!r}")
    found = paths(policy, k, state=state)
    return sum((p.probability * k_step_target(p, policy.mdp, values, k) for p in found), Fraction(0))


def lambda_target(path: Path, mdp: FiniteMDP, values: Sequence[Fraction], lambda_: Fraction, horizon: int) -> Fraction:
    """(1 - lambda) sum_{k < T} lambda^(k-1) G_k + lambda^(T-1) G_T, with G_k the k-step target and T the horizon."""
    short = [lambda_ ** (k - 1) * k_step_target(path, mdp, values, k) for k in range(1, horizon)]
    return (1 - lambda_) * sum(short, Fraction(0)) + lambda_ ** (horizon - 1) * k_step_target(
        path, mdp, values, horizon
    )


def expected_lambda(
    policy: Policy, values: Sequence[Fraction], lambda_: Fraction | int | str, horizon: int, *, state: int
) -> Fraction:
    """E of the lambda target of `horizon` steps from a state, by enumeration.  lambda_ in [0, 1], horizon at least 1."""
    _valued(policy.mdp, values)
    weight = exact("lambda_", lambda_)
    if not 0 <= weight <= 1:
        raise ValueError(f"lambda_ must lie in [0, 1]; got {weight}")
    found = list(paths(policy, horizon, state=state))
    if horizon < 1:
        raise ValueError(f"horizon must be a whole number, 1 or more; got {horizon}")
    return sum((p.probability * lambda_target(p, policy.mdp, values, weight, horizon) for p in found), Fraction(0))


def _valued(mdp: FiniteMDP, values: Sequence[Fraction]) -> None:
    if len(values) != len(mdp.states):
        raise ValueError(f"values must have one entry for each of the {len(mdp.states)} states; got {len(values)}")
