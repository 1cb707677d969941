"""Finite MDPs as checks need them: every trajectory as tensors, generic policies, and exact gradients in rationals.

Two oracles that share nothing with code under test, nor with each other: `gradient` by linear solves, from the policy gradient
theorem, and `limited_gradient` by recursions over the steps that are left.  A softmax policy has a logit for each pair of a state
and an action; it is given by its probabilities, so that gradients are rational,

    d log pi(b | s) / d logit(s, a) = 1{a = b} - pi(a | s).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import log
from typing import NamedTuple

import torch
from torch import Tensor

from numeric.mdp.model import FiniteMDP, Policy
from numeric.mdp.paths import Path, paths
from numeric.mdp.reading import from_data
from numeric.mdp.solve import Vector, evaluate, visits

Table = list[list[Fraction]]  # an entry for each state and action
PAYOFF = ((2, -1), (3, 7))


class Batch(NamedTuple):
    """B trajectories side by side, T steps: observation (a state's number), action, reward, terminated, truncated: [T, B].

    final_observation: where each step led, [T, B].  probability: [B], sums to 1.  What lies beyond an end is filler: the last
    state, action 0, reward FILLER, neither flag.
    """

    observation: Tensor
    action: Tensor
    reward: Tensor
    terminated: Tensor
    truncated: Tensor
    final_observation: Tensor
    probability: Tensor


FILLER = 50.0


def tree2(discount: Fraction | int = 1) -> FiniteMDP:
    """TREE2 of the catalogue: s0, then a state that remembers the first action, then a payoff of both."""
    moves = {"s0": {"0": {"after 0": 1}, "1": {"after 1": 1}}}
    pays: dict[str, dict[str, int]] = {"s0": {"0": 0, "1": 0}}
    for first in (0, 1):
        moves[f"after {first}"] = {"0": {"end": 1}, "1": {"end": 1}}
        pays[f"after {first}"] = {str(second): PAYOFF[first][second] for second in (0, 1)}
    return from_data(_data(["s0", "after 0", "after 1", "end"], "01", {"s0": 1}, moves, pays, discount))


def layers(discount: Fraction | int = Fraction(2, 3)) -> FiniteMDP:
    """Three layers of two states, three actions; any step may end the episode, and rewards depend on where it leads."""
    states = ["a0", "a1", "b0", "b1", "c0", "c1", "end"]
    moves: dict[str, dict[str, dict[str, str]]] = {}
    pays: dict[str, dict[str, dict[str, str]]] = {}
    for n, state in enumerate(states[:-1]):
        following = states[2 * (n // 2) + 2 : 2 * (n // 2) + 4]
        moves[state], pays[state] = {}, {}
        for a in range(3):
            shares = [1 + (n + a) % 3, 2 + (2 * n + a) % 2, 1 + a]  # to the next layer's states, and to the end
            law = dict(zip((*following, "end"), shares, strict=True)) if n < 4 else {"end": 1}
            total = sum(law.values())
            moves[state][str(a)] = {y: f"{share}/{total}" for y, share in law.items()}
            pays[state][str(a)] = {y: f"{3 * n - 4 * a + 5 * m}/2" for m, y in enumerate(law)}
    start = {"a0": "1/3", "a1": "2/3"}
    return from_data(_data(states, "012", start, moves, pays, discount))


def _data(
    states: list[str], actions: str, start: object, moves: object, pays: object, discount: Fraction | int
) -> object:
    names = {"states": states, "actions": list(actions), "terminal": states[-1:], "start": start}
    return {"format": "rlproofs-mdp/1", **names, "discount": str(discount), "transition": moves, "reward": pays}


def generic(mdp: FiniteMDP) -> Policy:
    """A policy with other probabilities in every state: weights 2, 3, 4, ... begun elsewhere in each."""
    rows = []
    for s, row in enumerate(mdp.rows):
        weights = [2 + (2 * s + 3 * a) % 5 for a in range(len(mdp.actions))]
        rows.append(tuple(Fraction(w, sum(weights)) for w in weights) if row else ())
    return Policy(mdp, tuple(rows))


def logits(policy: Policy, device: str = "cpu") -> Tensor:
    """log pi(a | s), [S, A], a leaf; 0 in terminal states."""
    rows = [[log(p) for p in row] if row else [0.0] * len(policy.mdp.actions) for row in policy.rows]
    return torch.tensor(rows, dtype=torch.float64, device=device, requires_grad=True)


def table(values: Sequence[Fraction | int], device: str = "cpu") -> Tensor:
    """Numbers as a float64 leaf."""
    return torch.tensor([float(v) for v in values], dtype=torch.float64, device=device, requires_grad=True)


def enumerated(policy: Policy, horizon: int, device: str = "cpu") -> Batch:
    """Every trajectory from the start law, cut by a time limit after `horizon` steps."""
    return batch([(path.probability, [path]) for path in paths(policy, horizon)], horizon, device)


def windows(policy: Policy, law: Sequence[Fraction], steps: int, device: str = "cpu") -> Batch:
    """Every stretch of exactly `steps` steps from a state of `law`, a new episode from the start law following each end."""
    return batch(list(_windows(policy, law, steps)), steps, device, cut=False)


def _windows(policy: Policy, law: Sequence[Fraction], steps: int) -> Iterator[tuple[Fraction, list[Path]]]:
    for s, p in enumerate(law):
        for path in paths(policy, steps, state=s) if p else ():
            left = steps - len(path)
            tails = _windows(policy, policy.mdp.start, left) if left else [(Fraction(1), [])]
            for chance, tail in tails:
                yield p * path.probability * chance, [path, *tail]


def batch(found: list[tuple[Fraction, list[Path]]], steps: int, device: str, *, cut: bool = True) -> Batch:
    """Trajectories, each a probability and its episodes one after the other.  cut: one that has not terminated is truncated."""
    columns = [_column(episodes, steps, cut=cut) for _, episodes in found]
    kinds = (torch.int64, torch.int64, torch.float64, torch.bool, torch.bool, torch.int64)
    made = [torch.tensor([c[n] for c in columns], dtype=kind, device=device).mT for n, kind in enumerate(kinds)]
    weight = torch.tensor([float(p) for p, _ in found], dtype=torch.float64, device=device)
    return Batch(*[part.contiguous() for part in [*made, weight]])


def _column(episodes: list[Path], steps: int, *, cut: bool) -> list[list[float]]:
    rows: list[tuple[float, ...]] = []
    for path in episodes:
        for t in range(len(path)):
            last = t == len(path) - 1
            ends = last and path.terminated, last and cut and not path.terminated
            rows.append((path.states[t], path.actions[t], float(path.rewards[t]), *ends, path.states[t + 1]))
    state = episodes[-1].states[-1]
    rows += [(state, 0, FILLER, False, False, state)] * (steps - len(rows))
    return [list(part) for part in zip(*rows, strict=True)]


# ------------------------------------------------------------------------------------- oracles
def gradient(policy: Policy, often: Sequence[Fraction] | None = None) -> Table:
    """dJ/d logit(s, a) = d(s) pi(a | s) A(s, a), by linear solves; d the discounted visits, or `often` in their place."""
    advantage = evaluate(policy).advantage
    often = visits(policy) if often is None else often
    return weighted(policy, often, advantage)


def weighted(policy: Policy, often: Sequence[Fraction], signal: Sequence[Vector]) -> Table:
    """often(s) pi(a | s) (signal(s, a) - its mean under pi): the mean of sum score * signal where s is visited `often`."""
    out = []
    for s, row in enumerate(policy.rows):
        mean = sum((p * x for p, x in zip(row, signal[s], strict=True)), Fraction(0))
        found = [often[s] * p * (x - mean) for p, x in zip(row, signal[s], strict=True)]
        out.append(found or [Fraction(0)] * len(policy.mdp.actions))
    return out


def added(tables: Iterable[Table]) -> Table:
    """Entry by entry."""
    return [[sum(cells, Fraction(0)) for cells in zip(*rows, strict=True)] for rows in zip(*tables, strict=True)]


def scaled(factor: Fraction | int, one: Table) -> Table:
    return [[factor * x for x in row] for row in one]


def to_go(policy: Policy, last: Sequence[Fraction], steps: int) -> tuple[Vector, tuple[Vector, ...]]:
    """(v, q) of `steps` >= 1 steps with the value `last` after them: v[s], q[s][a]; by recursion, terminal states worth 0."""
    mdp = policy.mdp
    v = tuple(x if row else Fraction(0) for x, row in zip(last, mdp.rows, strict=True))
    for _ in range(steps):
        q = tuple(
            tuple(sum((o.probability * (o.reward + mdp.discount * v[o.state]) for o in r), Fraction(0)) for r in rows)
            for rows in mdp.rows
        )
        pairs = zip(policy.rows, q, strict=True)
        v = tuple(sum((p * x for p, x in zip(row, xs, strict=True)), Fraction(0)) for row, xs in pairs)
    return v, q


def pushed(policy: Policy, law: Sequence[Fraction], *, restart: bool = False) -> Vector:
    """The law of the next state from that of a state; restart: what arrives at a terminal state begins anew."""
    mdp, out = policy.mdp, [Fraction(0)] * len(law)
    for (s, p), a in product(enumerate(law), range(len(mdp.actions))):
        for o in mdp.row(s, a):
            share = p * policy.rows[s][a] * o.probability
            for y, chance in enumerate(mdp.start) if restart and not mdp.rows[o.state] else [(o.state, Fraction(1))]:
                out[y] += share * chance
    return tuple(out)


def limited_gradient(policy: Policy, horizon: int, step_discount: Fraction | int) -> Table:
    """The mean of sum_{t < horizon} step_discount^t score_t G_t, where a time limit ends the episode after `horizon` steps."""
    law, parts = tuple(policy.mdp.start), []
    nothing = [Fraction(0)] * len(law)
    for t in range(horizon):
        _, q = to_go(policy, nothing, horizon - t)
        parts.append(weighted(policy, [Fraction(step_discount) ** t * p for p in law], q))
        law = pushed(policy, law)
    return added(parts)


# ------------------------------------------------------------------------------------- what a loop has recorded
def impossible(mdp: FiniteMDP, found: Batch, live: Tensor) -> int:
    """How many live steps of a record are none of this MDP: from s by a to y for that reward, terminated where y is terminal."""
    known = {
        (s, a, float(o.reward), not mdp.rows[o.state], o.state)
        for s, rows in enumerate(mdp.rows)
        for a, row in enumerate(rows)
        for o in row
    }
    parts = (found.observation, found.action, found.reward, found.terminated, found.final_observation)
    steps = zip(*[part[live].tolist() for part in parts], strict=True)
    return sum(step not in known for step in steps)
