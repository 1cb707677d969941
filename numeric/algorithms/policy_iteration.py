"""Policy iteration on a finite MDP (Howard 1960): evaluate exactly, improve greedily, until nothing gets better.

    pi <- a policy under which every episode ends, or any policy if discount < 1
    repeat
        V <- the solution of V = r_pi + discount P_pi V                      evaluation, by one linear solve
        Q(s, a) <- r(s, a) + discount sum_y P(y | s, a) V(y)
        for each s: if some action beats pi's by more than `tie`, take the best one; else keep pi(s)
    until no state has changed

Every iterate is at least as good as the one before in every state, and there are finitely many policies, so it ends; then V
satisfies the optimality equation.  Three details decide whether code does that:

    ties        an action that is merely as good must not replace the current one, or two equal policies alternate for ever
    terminal    a terminal state is worth 0 and has no row of its own: with a loop, I - discount P is singular at discount 1
    proper      at discount 1 a policy that never ends from some state has no finite values; it is refused, state named

Source: homework problem 15 (hw15), chapter slides lines 449-469 (alg-pi).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from numeric.envs.tabular import Table, require_table


@dataclass(frozen=True)
class Settings:
    """discount: in [0, 1], per step.  tie: in units of reward; an action counts as better only if its value is larger by more
    than this, which must exceed the rounding of a solve.  most: iterations after which RuntimeError is raised; there can be
    as many as there are policies, and there are a few dozen.
    """

    discount: float
    tie: float = 1e-9
    most: int = 1000


class Result(NamedTuple):
    """values: [S].  action_values: [S, A]; 0 in terminal states.  policy: [S, A], each row one 1 (the first policy's row where
    it was never improved).  history: the values of every policy on the way, [K, S]; each row is at least the one before.
    """

    values: Tensor
    action_values: Tensor
    policy: Tensor
    history: Tensor


def policy_iteration(table: Table, settings: Settings, policy: Tensor | None = None) -> Result:
    """An optimal policy of the table's MDP and its values, in float64.

    policy: the first one, probabilities [S, A]; None: all actions alike.  Raises ValueError for a table or policy that is none, a
    discount outside [0, 1], and a policy without finite values; RuntimeError after `most` iterations.
    """
    require_table(table)
    if not 0 <= settings.discount <= 1:
        raise ValueError(f"discount must lie in [0, 1]; got {settings.discount}")
    states, actions = table.successor.shape[:2]
    policy = torch.full((states, actions), 1 / actions, dtype=torch.float64) if policy is None else policy.double()
    _require_policy(policy, states, actions)
    history: list[Tensor] = []
    while len(history) < settings.most:
        history.append(evaluate(table, policy, settings.discount))
        values = action_values(table, history[-1], settings.discount)
        policy, changed = improve(values, policy, table.terminal, settings.tie)
        if not changed:
            return Result(history[-1], values, policy, torch.stack(history))
    raise RuntimeError(f"policy iteration must end within {settings.most} iterations; raise `most` or `tie`")


def evaluate(table: Table, policy: Tensor, discount: float) -> Tensor:
    """V of the policy, [S]: the solution of (I - discount P_pi) V = r_pi, where terminal states have no row in P_pi.

    Raises ValueError at discount 1 where the policy never ends from some state.
    """
    if discount == 1:
        _require_proper(table, policy)
    states = len(table.terminal)
    live = ~table.terminal
    weight = policy[:, :, None] * table.probability.double()  # [S, A, K]
    move = torch.zeros(states, states, dtype=torch.float64)
    rows = torch.arange(states)[:, None].expand(states, table.successor[0].numel())
    move.index_put_((rows, table.successor.flatten(1)), weight.flatten(1), accumulate=True)
    reward = (weight * table.reward.double()).sum((1, 2))
    system = torch.eye(states, dtype=torch.float64) - discount * move * live[:, None]
    solved: Tensor = torch.linalg.solve(system, reward * live)
    return solved


def action_values(table: Table, values: Tensor, discount: float) -> Tensor:
    """Q(s, a) = r(s, a) + discount sum_y P(y | s, a) V(y): [S, A], 0 in terminal states."""
    following = table.reward.double() + discount * values[table.successor]
    found: Tensor = (table.probability.double() * following).sum(-1) * ~table.terminal[:, None]
    return found


def improve(values: Tensor, policy: Tensor, terminal: Tensor, tie: float) -> tuple[Tensor, bool]:
    """The greedy policy [S, A], the old rows kept where no action is better by more than `tie`; and whether any row changed."""
    current = (policy * values).sum(-1)
    best, action = values.max(-1)
    better = (best > current + tie) & ~terminal
    greedy = torch.nn.functional.one_hot(action, values.shape[1]).to(policy.dtype)
    return torch.where(better[:, None], greedy, policy), bool(better.any())


def _require_policy(policy: Tensor, states: int, actions: int) -> None:
    if policy.shape != (states, actions):
        raise ValueError(f"policy must have shape ({states}, {actions}); got {tuple(policy.shape)}")
    off = ((policy.sum(-1) - 1).abs() > 1e-9) | (policy < 0).any(-1) | ~policy.isfinite().all(-1)
    if bool(off.any()):
        at = int(off.nonzero()[0])
        raise ValueError(f"policy must be a probability vector in every state; got {policy[at].tolist()} at [{at}]")


def _require_proper(table: Table, policy: Tensor) -> None:
    """From every state a terminal one can be reached under the policy."""
    step = (policy[:, :, None] > 0) & (table.probability > 0)
    ends = table.terminal
    while True:
        reached = ends | (step & ends[table.successor]).flatten(1).any(1)
        if torch.equal(reached, ends):
            break
        ends = reached
    if not bool(ends.all()):
        lost = int((~ends).nonzero()[0])
        raise ValueError(f"policy must end from every state at discount 1; it never does from state {lost}")
