"""An MDP as arrays: transition [S, A, S], reward [S, A, S], start [S], terminal [S], discount; and a policy as [S, A].

Rows of terminal states are 0, so that I - gamma P stays invertible at discount 1; `absorbing=True` makes them loops of
probability 1 and reward 0, which is what a sampler needs.  Each number is the nearest one of its dtype.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from numeric.mdp.model import FiniteMDP, Policy

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Arrays:
    """transition, reward: [S, A, S]; start: [S]; terminal: [S], boolean; discount: a float."""

    transition: Any
    reward: Any
    start: Any
    terminal: Any
    discount: float


def as_numpy(mdp: FiniteMDP, *, absorbing: bool = False) -> Arrays:
    """float64 arrays."""
    size, actions = len(mdp.states), len(mdp.actions)
    transition, reward = np.zeros((2, size, actions, size))
    for s, rows in enumerate(mdp.rows):
        for a, row in enumerate(rows):
            for one in row:
                transition[s, a, one.state], reward[s, a, one.state] = float(one.probability), float(one.reward)
        if not rows and absorbing:
            transition[s, :, s] = 1.0
    start, terminal = np.array([float(p) for p in mdp.start]), np.array([not rows for rows in mdp.rows])
    return Arrays(transition, reward, start, terminal, float(mdp.discount))


def as_torch(
    mdp: FiniteMDP, *, absorbing: bool = False, device: str = "cpu", dtype: torch.dtype | None = None
) -> Arrays:
    """The same as torch tensors; dtype: float64 unless another floating one is given."""
    import torch

    found, kind = as_numpy(mdp, absorbing=absorbing), dtype or torch.float64
    if not kind.is_floating_point:
        raise ValueError(f"dtype must be a real floating one; got {kind}")

    def moved(array: Any) -> Any:
        return torch.from_numpy(array).to(device=device, dtype=None if array.dtype == bool else kind)

    real = moved(found.transition), moved(found.reward), moved(found.start)
    return Arrays(*real, moved(found.terminal), found.discount)


def policy_array(policy: Policy) -> Any:
    """[S, A] in float64; rows of terminal states are 0."""
    blank = (0,) * len(policy.mdp.actions)
    return np.array([[float(p) for p in row or blank] for row in policy.rows])
