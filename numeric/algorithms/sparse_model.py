"""A finite MDP made ready for sweeps: a sparse matrix of discounted probabilities, memory linear in the transitions.

    Q = reward + rows V      [A * S]; row a * S + s belongs to action a in state s: max_a is over the first axis of [A, S]

Made from the table of `numeric.envs.tabular`: `model_of`; the model of one action that follows a policy: `under`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from numeric.envs.tabular import ROUNDING, Table, require_table
from numeric.primitives.checks import described, unit_interval

CHUNK = 4096  # states that are converted at a time: what is in between stays in the cache


class Rows(NamedTuple):
    """A matrix of M rows with K entries each.  columns, weights: [M, K]; matrix: the same as CSR where that is faster."""

    columns: Tensor
    weights: Tensor
    matrix: Tensor | None


@dataclass(frozen=True)
class Model:
    """rows: discount P(y | s, a), 0 in terminal states.  reward: [A * S], the expected one.  live: [S], 1, or 0 in terminal
    states.  slow, fast: least and largest discount * (sum of a live row), outward by their rounding.  size: at least the
    expected |reward| of any row.  horizon: at discount 1 the longest that an episode can last on average, rounded up, once known.
    """

    rows: Rows
    reward: Tensor
    live: Tensor
    discount: float
    slow: float
    fast: float
    size: float
    horizon: float | None = None

    @property
    def actions(self) -> int:
        """How many there are."""
        return len(self.reward) // len(self.live)


def model_of(table: Table, discount: float, *, dtype: torch.dtype | None = None) -> Model:
    """The table's model, on its device, in `dtype` (that of table.probability where None).

    Raises ValueError for a table that is none, a discount outside [0, 1], a dtype other than float32 and float64, and, below
    discount 1, rows whose sum times the discount is 1 or more.
    """
    require_table(table)
    unit_interval(discount=discount)
    dtype = table.probability.dtype if dtype is None else dtype
    if dtype not in (torch.float32, torch.float64):
        raise ValueError(f"dtype must be torch.float32 or torch.float64; got {dtype}")
    states, actions, width = table.successor.shape
    device = table.successor.device
    kind = torch.int32 if table.successor.numel() < 2**31 else torch.int64
    columns = torch.empty(actions, states, width, dtype=kind, device=device)
    weights = torch.empty(actions, states, width, dtype=dtype, device=device)
    reward, live, sums = torch.empty(actions, states, dtype=dtype, device=device), (~table.terminal).double(), []
    for first in range(0, states, CHUNK):
        at = slice(first, first + CHUNK)
        chance = table.probability[at].double() * live[at, None, None]
        columns[:, at] = table.successor[at].transpose(0, 1)
        weights[:, at] = (chance * discount).transpose(0, 1)
        reward[:, at] = (chance * table.reward[at].double()).sum(-1).t()
        sums.append(chance.sum(-1)[~table.terminal[at]])
    slow, fast = _factors(torch.cat(sums), width, discount)
    low, high = table.reward.aminmax()
    return Model(
        rows=rows_of(columns.flatten(0, 1), weights.flatten(0, 1), states),
        reward=reward.flatten(),
        live=live.to(dtype),
        discount=discount,
        slow=slow,
        fast=fast,
        size=(1 + ROUNDING) * max(-low.item(), high.item()),
    )


def under(model: Model, policy: Tensor) -> Model:
    """The model with one action, that of `policy`; its optimal values are the policy's.

    policy: actions [S] of an integer dtype, or probabilities [S, A].  Raises ValueError for a policy that is neither, and below
    discount 1 for probabilities whose sum, within rounding of 1, times the discount is 1 or more.
    """
    if not isinstance(model, Model):
        raise ValueError(f"model must be a Model, as model_of gives it; got {described(model)}")
    if not isinstance(policy, Tensor):
        raise ValueError(f"policy must be a tensor; got {described(policy)}")
    states, actions = len(model.live), model.actions
    if policy.device != model.live.device:
        raise ValueError(f"policy must be on the device of the model, {model.live.device}; got {policy.device}")
    if policy.shape == (states,) and policy.dtype in (torch.int64, torch.int32, torch.int16, torch.uint8, torch.int8):
        wrong = (policy < 0) | (policy >= actions)
        if bool(wrong.any()):
            at = int(wrong.nonzero()[0])
            raise ValueError(f"policy must lie in [0, {actions}); got {policy[at].item()} at [{at}]")
        rows, reward = follow(model, policy.long())
        return replace(model, rows=rows, reward=reward, horizon=None)
    if policy.shape != (states, actions) or not policy.is_floating_point():
        allowed = f"integers ({states},) or probabilities ({states}, {actions})"
        raise ValueError(f"policy must be {allowed}; got {policy.dtype}, {tuple(policy.shape)}")
    return _mixed(model, policy)


def follow(model: Model, action: Tensor) -> tuple[Rows, Tensor]:
    """The rows [S, K] and rewards [S] of one action a state, [S]."""
    if model.actions == 1:
        return model.rows, model.reward
    which = action * len(action) + torch.arange(len(action), device=action.device)
    columns, weights = (part.index_select(0, which) for part in model.rows[:2])
    return rows_of(columns, weights, len(which)), model.reward.index_select(0, which)


def apply(rows: Rows, add: Tensor, values: Tensor, *, sign: int = 1, out: Tensor | None = None) -> Tensor:
    """add + sign * (the matrix times values), [M]."""
    if rows.matrix is not None:
        return torch.addmv(add, rows.matrix, values, alpha=sign, out=out)
    gathered = values.index_select(0, rows.columns.view(-1)).view_as(rows.weights)
    return torch.add(add, gathered.mul_(rows.weights).sum(1), alpha=sign, out=out)


def rows_of(columns: Tensor, weights: Tensor, states: int) -> Rows:
    """The choice of method: on a CPU with MKL its CSR product, a third of the time of gather and sum; else gather and sum."""
    columns, weights = columns.contiguous(), weights.contiguous()
    if columns.device.type != "cpu" or not torch.backends.mkl.is_available():  # type: ignore[no-untyped-call]
        return Rows(columns, weights, None)
    count, width = columns.shape
    ends = torch.arange(0, count * width + 1, width, dtype=columns.dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "Sparse CSR tensor support is in beta state"
        matrix = torch.sparse_csr_tensor(
            ends, columns.view(-1), weights.view(-1), (count, states), check_invariants=False
        )
    return Rows(columns, weights, matrix)


def require_ends(model: Model) -> None:
    """At discount 1 no set of states may be closed under some of its actions; ValueError names a state of one that is.

    Takes as many passes over the transitions as the longest way to the end has steps.
    """
    shape = model.actions, len(model.live), -1
    possible = (model.rows.weights > 0).view(shape)
    columns = model.rows.columns.view(shape).long()
    closed = model.live > 0
    while True:
        kept = closed & (closed[columns] | ~possible).all(-1).any(0)
        if torch.equal(kept, closed):
            break
        closed = kept
    if bool(closed.any()):
        lost = int(closed.nonzero()[0])
        raise ValueError(f"at discount 1 every policy must end; from state {lost} one never does")


def _mixed(model: Model, policy: Tensor) -> Model:
    """The model of a policy of probabilities [S, A]: A * K entries a row."""
    states, actions = policy.shape
    sums = policy.double().sum(-1)
    wrong = ~((sums - 1).abs() <= ROUNDING) | (policy < 0).any(-1)
    if bool(wrong.any()):
        at = int(wrong.nonzero()[0])
        raise ValueError(f"policy must be a probability vector in every state; got {policy[at].tolist()} at [{at}]")
    share = policy.to(model.live.dtype).t()[:, :, None]  # [A, S, 1]
    weights = (model.rows.weights.view(actions, states, -1) * share).transpose(0, 1).flatten(1)
    columns = model.rows.columns.view(actions, states, -1).transpose(0, 1).flatten(1)
    spread = actions * torch.finfo(torch.float64).eps  # of sums
    slow, fast = model.slow * (sums.amin().item() - spread), model.fast * (sums.amax().item() + spread)
    return replace(
        model,
        rows=rows_of(columns, weights, states),
        reward=(model.reward.view(actions, states) * share[:, :, 0]).sum(0),
        slow=slow,
        fast=_below_one(fast, model.discount),
        size=model.size * (1 + ROUNDING),
        horizon=None,
    )


def _factors(sums: Tensor, width: int, discount: float) -> tuple[float, float]:
    """Least and largest discount * sum of a row, outward by the rounding of the sum and of the product."""
    if not sums.numel():
        return 0.0, 0.0
    unit = torch.finfo(torch.float64).eps
    slow = discount * (sums.amin().item() - width * unit) * (1 - 2 * unit)
    fast = discount * (sums.amax().item() + width * unit) * (1 + 2 * unit)
    return max(slow, 0.0), _below_one(fast, discount)


def _below_one(fast: float, discount: float) -> float:
    """fast, where sweeps contract by it; 1 at discount 1, where the horizon stands for it."""
    if discount == 1:
        return 1.0
    if fast >= 1:
        raise ValueError(f"discount times a row's sum must be below 1; got {fast} with discount {discount}")
    return fast
