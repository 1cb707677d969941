"""Any finite MDP, batched: the next state is drawn from a table of successors.

A table lists for each state and action the K successors that are possible, with their probabilities and rewards, so that memory
is linear in the transitions that exist.  An action in a terminal state is never taken: episodes end on arrival.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from numeric.envs.base import BatchedEnv

if TYPE_CHECKING:
    from numeric.mdp.model import FiniteMDP


class Table(NamedTuple):
    """A finite MDP: S states, A actions, up to K successors each.

    successor: integers [S, A, K].  probability: [S, A, K], each row sums to 1 (fewer successors: probability 0).  reward:
    [S, A, K], paid on the way to that successor.  start: [S], the law of the first state.  terminal: bool [S].
    """

    successor: Tensor
    probability: Tensor
    reward: Tensor
    start: Tensor
    terminal: Tensor


def table_of(mdp: FiniteMDP) -> Table:
    """The table of an MDP of rationals, in float64; K is the largest number of outcomes of a row."""
    most = max(len(row) for rows in mdp.rows for row in rows)
    shape = len(mdp.states), len(mdp.actions), most
    successor = torch.zeros(shape, dtype=torch.int64)
    probability, reward = torch.zeros(2, *shape, dtype=torch.float64)
    for s, rows in enumerate(mdp.rows):
        probability[s, :, 0] = 1.0  # of a terminal state, from which nothing is drawn
        successor[s] = s
        for a, row in enumerate(rows):
            for k, (following, chance, paid) in enumerate(row):
                successor[s, a, k], probability[s, a, k], reward[s, a, k] = following, float(chance), float(paid)
    start = torch.tensor([float(p) for p in mdp.start], dtype=torch.float64)
    return Table(successor, probability, reward, start, torch.tensor([not rows for rows in mdp.rows]))


ROUNDING = 1e-6  # by which a row of floats may miss the sum 1


class Tabular(BatchedEnv):
    """N copies of a table's MDP.  Observations: the state's number [N] (int64), or its one-hot vector [N, S] with one_hot.

    Raises ValueError for a table that is not an MDP: it names the first row that is wrong and the number found.
    """

    def __init__(
        self,
        table: Table,
        num_envs: int,
        *,
        max_steps: int | None,
        one_hot: bool = False,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
        check_actions: bool | None = None,
    ) -> None:
        super().__init__(
            num_envs, max_steps=max_steps, device=device, dtype=dtype, seed=seed, check_actions=check_actions
        )
        require_table(table)
        self.num_states, self.num_actions = table.successor.shape[:2]
        self.one_hot = one_hot
        self.observation_shape = (self.num_states,) if one_hot else ()
        self.observation_dtype = dtype if one_hot else torch.int64
        self.table = Table(*[t.to(self.device) for t in table])
        # Cumulated in float64, the last possible entry raised to 1: a uniform number below 1 always finds a successor.
        self._below = _cumulated(self.table.probability).flatten(0, 1)
        self._start_below = _cumulated(self.table.start)
        self._reward = self.table.reward.to(dtype).flatten()
        self._next = self.table.successor.flatten()

    def starts(self, count: int) -> Tensor:
        """[count] states of the starting law."""
        return torch.searchsorted(self._start_below, self._uniform(count), right=True)

    def advance(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One draw for each environment."""
        row = state * self.num_actions + action
        if self._below.shape[1] == 1:
            place = row
        else:
            drawn = torch.searchsorted(self._below[row], self._uniform(len(row))[:, None], right=True).squeeze(1)
            place = row * self._below.shape[1] + drawn
        following = self._next[place]
        return following, self._reward[place], self.table.terminal[following]

    def observe(self, state: Tensor) -> Tensor:
        """The state's number, or its one-hot vector."""
        return torch.nn.functional.one_hot(state, self.num_states).to(self.dtype) if self.one_hot else state

    def _uniform(self, count: int) -> Tensor:
        return torch.rand(count, generator=self.generator, dtype=torch.float64, device=self.device)


def _cumulated(probability: Tensor) -> Tensor:
    """Cumulative sums along the last axis, exactly 1 from the last positive entry on."""
    total = probability.to(torch.float64).cumsum(-1)
    last = (probability > 0).to(torch.int64).cumsum(-1)
    return torch.where(last == last[..., -1:], torch.ones_like(total), total)


def require_table(table: Table) -> None:
    """Raise ValueError where a table is not a finite MDP, with the row and the number."""
    shape = table.successor.shape
    if len(shape) != 3 or 0 in shape:
        raise ValueError(f"successor must have shape [S, A, K] with each at least 1; got {tuple(shape)}")
    for name in ("probability", "reward"):
        found = getattr(table, name)
        if found.shape != shape or not found.is_floating_point():
            raise ValueError(
                f"{name} must be floating, of successor's shape {tuple(shape)}; got {found.dtype}, {tuple(found.shape)}"
            )
    if table.start.shape != shape[:1] or table.terminal.shape != shape[:1] or table.terminal.dtype != torch.bool:
        raise ValueError(f"start and terminal must have shape ({shape[0]},), terminal boolean")
    _require_rows("probability", table.probability)
    _require_rows("start", table.start)
    if not bool(table.reward.isfinite().all()):
        raise ValueError(f"reward must be finite; got {_first(table.reward, ~table.reward.isfinite())}")
    odd = (table.successor < 0) | (table.successor >= shape[0])
    if bool(odd.any()):
        raise ValueError(f"successor must lie in [0, {shape[0]}); got {_first(table.successor, odd)}")
    if bool((table.terminal & (table.start > 0)).any()):
        raise ValueError(f"no episode starts in a terminal state; got start {_first(table.start, table.terminal)}")


def _require_rows(name: str, rows: Tensor) -> None:
    """Each row is a probability vector."""
    if bool((rows < 0).any()) or not bool(rows.isfinite().all()):
        raise ValueError(f"{name} must be at least 0; got {_first(rows, ~(rows >= 0))}")
    off = (rows.to(torch.float64).sum(-1) - 1).abs() > ROUNDING
    if bool(off.any()):
        at = tuple(off.nonzero()[0].tolist()) if off.ndim else ()
        total = rows[at].to(torch.float64).sum().item()
        where = f" at [{', '.join(map(str, at))}]" if at else ""
        raise ValueError(f"{name} must sum to 1{where}; got {total:.9g}")


def _first(values: Tensor, wrong: Tensor) -> str:
    """The first wrong entry and its place."""
    at = tuple(wrong.nonzero()[0].tolist())
    return f"{values[at].item()} at [{', '.join(map(str, at))}]"
