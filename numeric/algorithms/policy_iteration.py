"""Policy iteration on a finite MDP (Howard 1960): evaluate exactly, improve greedily, until nothing gets better.

    pi <- a policy under which every episode ends, or any policy if discount < 1
    repeat
        V <- the solution of V = r_pi + discount P_pi V                      evaluation, by one linear solve
        Q(s, a) <- r(s, a) + discount sum_y P(y | s, a) V(y)
        for each s: if some action beats pi's by more than `tie`, take the best one; else keep pi(s)
    until no state has changed

Every iterate is at least as good as the one before in every state, and there are finitely many policies, so it ends; then V
satisfies the optimality equation.  Five details decide whether code does that:

    ties         an action that is merely as good must not replace the current one, or two equal policies alternate for ever
    terminal     a terminal state is worth 0 and has no row of its own: with a loop, I - discount P is singular at discount 1
    proper       at discount 1 a policy that never ends from some state has no finite values; it is refused, state named
    undecided    at discount 1 going on for ever may be better than ending, and no equation tells; refused, state named
    available    an action that cannot be taken in a state may have any row there; it is never looked at

Verified as the contracts alg-pi, on finite MDPs, and hw15, on the cliff walk.
Source: homework problem 15 (hw15), chapter slides lines 449-469 (alg-pi).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from numeric.envs.base import BatchedEnv
from numeric.envs.tabular import ROUNDING, Table, Tabular, require_table
from numeric.primitives.checks import at_least_zero, described, flags, floating, positive_integer, unit_interval
from numeric.primitives.masks import zero_dead


@dataclass(frozen=True)
class Settings:
    """discount: in [0, 1], per step (the sheet has none: 1).  tie: in units of reward; an action counts as better only if its
    value is larger by more than this, which must exceed the rounding of a solve (chosen here; a solve of the cliff walk is off
    by 1e-13).  most: iterations after which RuntimeError is raised; there can be as many as there are policies, and there are a
    few dozen.  num_envs: environments in which the policy is looked at while `rlproofs train` runs; the algorithm takes no step.
    """

    discount: float
    tie: float = 1e-9
    most: int = 1000
    num_envs: int = 1


RECIPES = {"cliff-walk": Settings(discount=1.0)}


class Result(NamedTuple):
    """values: [S].  action_values: [S, A]; 0 in terminal states.  policy: [S, A], each row one 1 (the first policy's row where
    it was never improved).  history: the values of every policy on the way, [K, S]; each row is at least the one before.
    """

    values: Tensor
    action_values: Tensor
    policy: Tensor
    history: Tensor


def policy_iteration(
    table: Table, settings: Settings, policy: Tensor | None = None, *, available: Tensor | None = None
) -> Result:
    """An optimal policy of the table's MDP and its values, in float64, on the table's device.

    policy: the first one, probabilities [S, A]; None: all available actions alike.  available: bool [S, A], at least one action
    for each state that is not terminal; None: all.  Raises ValueError for a table, policy or `available` that is none, for a
    discount outside [0, 1], a tie below 0, and at discount 1 where a policy on the way has no finite values or where going on for
    ever may be better than to end; RuntimeError after `most` iterations.
    """
    require_table(table)
    positive_integer(most=settings.most)  # discount and tie are checked where they are used
    available = _require_available(available, table)
    policy = _share(available) if policy is None else _double(policy)
    _require_policy(policy, available, table.terminal)
    history: list[Tensor] = []
    while len(history) < settings.most:
        history.append(evaluate(table, policy, settings.discount))
        values = action_values(table, history[-1], settings.discount)
        policy, changed = improve(values, policy, table.terminal, settings.tie, available)
        if not changed:
            if settings.discount == 1:
                _require_decided(table, history[-1], values, settings.tie, available)
            return Result(history[-1], values, policy, torch.stack(history))
    raise RuntimeError(f"policy iteration must end within {settings.most} iterations; raise `most` or `tie`")


def evaluate(table: Table, policy: Tensor, discount: float) -> Tensor:
    """V of the policy, [S]: the solution of (I - discount P_pi) V = r_pi, where terminal states have no row in P_pi.

    policy: probabilities [S, A]; rows of terminal states are not read.  Raises ValueError for a table or policy that is none, a
    discount outside [0, 1], and at discount 1 where the policy never ends from some state.
    """
    require_table(table)
    unit_interval(discount=discount)
    _require_weights(policy, table)
    if discount == 1:
        _require_proper(table, policy)
    states = len(table.terminal)
    live = ~table.terminal
    weight = policy[:, :, None] * table.probability.double()  # [S, A, K]
    move = torch.zeros(states, states, dtype=torch.float64, device=weight.device)
    rows = torch.arange(states, device=weight.device)[:, None].expand(states, table.successor[0].numel())
    move.index_put_((rows, table.successor.flatten(1)), weight.flatten(1), accumulate=True)
    reward = (weight * table.reward.double()).sum((1, 2))
    system = torch.eye(states, dtype=torch.float64, device=weight.device) - discount * move * live[:, None]
    solved: Tensor = torch.linalg.solve(system, torch.where(live, reward, 0.0))
    return solved


def action_values(table: Table, values: Tensor, discount: float) -> Tensor:
    """Q(s, a) = r(s, a) + discount sum_y P(y | s, a) V(y): [S, A], 0 in terminal states.

    values: [S], floating; a NaN in a state's value gives NaN to every action whose row lists it.  Raises ValueError for a table
    that is none, values of another shape, dtype or device, and a discount outside [0, 1].
    """
    require_table(table)
    unit_interval(discount=discount)
    floating(values=values)
    _require_shape("values", values, table.terminal)
    following = table.reward.double() + discount * values[table.successor]
    found: Tensor = (table.probability.double() * following).sum(-1)
    return found.masked_fill(table.terminal[:, None], 0.0)


def improve(
    values: Tensor, policy: Tensor, terminal: Tensor, tie: float, available: Tensor | None = None
) -> tuple[Tensor, bool]:
    """The greedy policy [S, A], the old rows kept where no action is better by more than `tie`; and whether any row changed.

    values: Q, [S, A]; not read for actions that are not available.  policy: [S, A].  terminal: bool [S].  available: bool [S, A];
    None: all.  Raises ValueError on other shapes, dtypes or devices, a tie below 0, and values that are read and not finite: no
    comparison with NaN is true, so the old policy would pass for the best.
    """
    at_least_zero(tie=tie)
    floating(values=values)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"values must have shape [S, A] with each at least 1; got {tuple(values.shape)}")
    _require_shape("policy", policy, values)
    flags(values[:, 0], terminal=terminal)
    if available is not None:
        flags(values, available=available)
    open_ = torch.ones_like(values, dtype=torch.bool) if available is None else available
    _require_numbers(values, open_ & ~terminal[:, None])
    current = (policy * zero_dead(values, open_)).sum(-1)
    best, action = values.masked_fill(~open_, -torch.inf).max(-1)
    better = (best > current + tie) & ~terminal
    greedy = torch.nn.functional.one_hot(action, values.shape[1]).to(policy.dtype)
    return torch.where(better[:, None], greedy, policy), bool(better.any())


# ------------------------------------------------------------------------------------- what `rlproofs train` drives
class Planner:
    """One evaluation and improvement at a time.  No environment step is taken: `steps` counts the S A pairs looked at."""

    def __init__(self, environment: Tabular, settings: Settings) -> None:
        self.table, self.settings, self.one_hot = environment.table, settings, environment.one_hot
        self.policy = _share(torch.ones_like(environment.table.reward[:, :, 0], dtype=torch.bool))
        self.steps = 0

    def iterate(self) -> dict[str, float]:
        """`value`: of the first state under the policy before this improvement.  `changed`: states whose action is new; where
        there is none, nothing is counted as a step, and nothing is left to do."""
        values = evaluate(self.table, self.policy, self.settings.discount)
        found = action_values(self.table, values, self.settings.discount)
        before = self.policy
        self.policy, _ = improve(found, before, self.table.terminal, self.settings.tie)
        changed = (self.policy != before).any(-1).sum().item()
        self.steps += self.policy.numel() if changed else 0
        return {"value": (self.table.start.double() * values).sum().item(), "changed": float(changed)}

    def act(self, observation: Tensor) -> Tensor:
        """The most probable action; observations are states' numbers [N], or one-hot vectors [N, S]."""
        return self.policy[observation.argmax(-1) if self.one_hot else observation].argmax(-1)

    def state_dict(self) -> dict[str, Any]:
        return {"policy": self.policy.clone(), "steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.policy, self.steps = state["policy"].to(self.policy.device, copy=True), state["steps"]


def learner(environment: BatchedEnv, settings: Settings, *, seed: int) -> Planner:
    """Nothing here is random, so the seed changes nothing.  Raises ValueError for an environment that has no table."""
    if not isinstance(environment, Tabular):
        raise ValueError(f"environment must be tabular, since its table is read; got {type(environment).__name__}")
    return Planner(environment, settings)


# ------------------------------------------------------------------------------------- refusals
def _share(available: Tensor) -> Tensor:
    """All available actions alike; rows of terminal states, where none may be, are alike, too."""
    count = available.double().sum(-1, keepdim=True)
    return torch.where(count > 0, available / count, 1 / available.shape[1])


def _require_available(available: Tensor | None, table: Table) -> Tensor:
    shape = table.successor.shape[:2]
    if available is None:
        return torch.ones(shape, dtype=torch.bool, device=table.successor.device)
    device = table.successor.device
    if not isinstance(available, Tensor):
        raise ValueError(f"available must be a boolean tensor; got {described(available)}")
    if available.shape != shape or available.dtype != torch.bool or available.device != device:
        found = f"{available.dtype}, {tuple(available.shape)} on {available.device}"
        raise ValueError(f"available must be boolean of shape {tuple(shape)} on {device}; got {found}")
    stuck = ~available.any(-1) & ~table.terminal
    if bool(stuck.any()):
        raise ValueError(f"available must leave an action in every state; got none in state {int(stuck.nonzero()[0])}")
    return available


def _double(policy: Tensor) -> Tensor:
    if not isinstance(policy, Tensor):
        raise ValueError(f"policy must be a tensor of probabilities; got {described(policy)}")
    return policy.double()


def _require_weights(policy: Tensor, table: Table) -> None:
    """A probability vector in every state that is not terminal, within the rounding of float32."""
    _require_shape("policy", policy, table.successor[:, :, 0])
    sums = policy.double().sum(-1)
    off = (~((sums - 1).abs() <= ROUNDING) | (policy < 0).any(-1)) & ~table.terminal
    if bool(off.any()):
        at = int(off.nonzero()[0])
        raise ValueError(f"policy must be a probability vector in every state; got {policy[at].tolist()} at [{at}]")


def _require_shape(name: str, found: Tensor, like: Tensor) -> None:
    if not isinstance(found, Tensor):
        raise ValueError(f"{name} must be a tensor; got {described(found)}")
    if found.shape != like.shape or found.device != like.device:
        wanted, got = (f"{tuple(x.shape)} on {x.device}" for x in (like, found))
        raise ValueError(f"{name} must have shape {wanted}; got {got}")


def _require_numbers(values: Tensor, read: Tensor) -> None:
    odd = ~values.isfinite() & read
    if bool(odd.any()):
        at = odd.nonzero()[0].tolist()
        raise ValueError(f"values must be finite; got {values[tuple(at)].item()} at {at}")


def _require_policy(policy: Tensor, available: Tensor, terminal: Tensor) -> None:
    if policy.shape != available.shape or policy.device != available.device:
        wanted, found = (f"{tuple(x.shape)} on {x.device}" for x in (available, policy))
        raise ValueError(f"policy must have shape {wanted}; got {found}")
    off = ((policy.sum(-1) - 1).abs() > 1e-9) | (policy < 0).any(-1) | ~policy.isfinite().all(-1)
    if bool(off.any()):
        at = int(off.nonzero()[0])
        raise ValueError(f"policy must be a probability vector in every state; got {policy[at].tolist()} at [{at}]")
    shut = ((policy > 0) & ~available).any(-1) & ~terminal
    if bool(shut.any()):
        at = int(shut.nonzero()[0])
        raise ValueError(f"policy must take available actions only; got {policy[at].tolist()} at [{at}]")


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


def _require_decided(table: Table, values: Tensor, ahead: Tensor, tie: float, available: Tensor) -> None:
    """No state of negative value V lies in a set that optimal actions (by Q = `ahead`) need never leave.

    To go on in it pays V(s) - V(s_n) in n steps from s, which is V(s) or less unless V(s_n) < 0.
    """
    best = (ahead >= values[:, None] - tie) & available
    inside = ~table.terminal
    while True:
        stays = (inside[table.successor] | (table.probability == 0)).all(-1)
        kept = inside & (stays & best).any(-1)
        if torch.equal(kept, inside):
            break
        inside = kept
    lost = inside & (values < -tie)
    if bool(lost.any()):
        at = int(lost.nonzero()[0])
        raise ValueError(
            f"ending must be better than to go on for ever at discount 1; from state {at}, worth {values[at]:.9g}, it is not"
        )
