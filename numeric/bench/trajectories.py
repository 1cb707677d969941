"""The problem of the benches of GAE and lambda-returns, and its answer by definition."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

DISCOUNT, LAMBDA, ENDS = 0.99, 0.95, 0.01  # gamma, lambda, the share of steps that end an episode
SHAPES = ((512, 1), (512, 32), (128, 1024), (128, 65536), (16384, 8))
LAGS, COLUMNS = 1200, 2048  # (gamma lambda)^1200 = 1e-32; columns whose error is looked at


class Problem(NamedTuple):
    """T steps of B trajectories in float32.  value: [T + 1, B], the last row of what follows.  done: bool [T, B], terminated:
    the other libraries have one flag, so nothing is truncated."""

    reward: Tensor
    value: Tensor
    done: Tensor

    def ours(self) -> tuple[Tensor, ...]:
        """The arguments of `numeric.primitives.gae.gae`."""
        return self.reward, self.value[:-1], self.value[1:], self.done, torch.zeros_like(self.done)


def problem(shape: tuple[int, int], seed: int = 0) -> Problem:
    """Normal rewards and values; an episode ends at a step with probability ENDS."""
    generator = torch.Generator().manual_seed(seed)
    steps, width = shape
    value = torch.randn(steps + 1, width, generator=generator)
    reward = torch.randn(shape, generator=generator)
    return Problem(reward, value, torch.rand(shape, generator=generator) < ENDS)


def advantages(p: Problem) -> np.ndarray:
    """sum_l (gamma lambda)^l delta_{t+l} up to the end of the trajectory: float64, lag by lag, the first COLUMNS columns."""
    reward, value, done = (x[:, :COLUMNS].numpy() for x in p)
    reward, value = reward.astype(np.float64), value.astype(np.float64)
    delta = reward + DISCOUNT * np.where(done, 0.0, value[1:]) - value[:-1]
    total, reached = np.zeros_like(delta), np.ones_like(done)
    for lag in range(min(LAGS, len(delta))):
        rows = len(delta) - lag
        total[:rows] += np.where(reached[:rows], (DISCOUNT * LAMBDA) ** lag * delta[lag:], 0.0)
        reached = reached[:rows] & ~done[lag:]
    return total


def error(found: np.ndarray, exact: np.ndarray) -> float:
    """The largest distance over the columns of `exact`."""
    return float(np.abs(np.asarray(found, np.float64)[:, : exact.shape[1]] - exact).max())
