"""Bandits: an episode is one action and its reward."""

from __future__ import annotations

import torch
from torch import Tensor

from numeric.envs.base import BatchedEnv


class BernoulliBandit(BatchedEnv):
    """N bandits whose arm a pays 1 with probability chance[a], else 0 (or `lose`).

    chance: [A], each in [0, 1].  Observations: [N, 1], always 1.  Every step terminates, so that a batch of N steps is N
    episodes.  With chance c and logits theta the gradient of the mean reward is known exactly: softmax(theta)_a (c_a - mean).
    """

    observation_shape = (1,)

    def __init__(
        self,
        chance: Tensor,
        num_envs: int,
        *,
        lose: float = 0.0,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
        check_actions: bool | None = None,
    ) -> None:
        super().__init__(num_envs, max_steps=None, device=device, dtype=dtype, seed=seed, check_actions=check_actions)
        if chance.ndim != 1 or len(chance) == 0:
            raise ValueError(f"chance must have shape [A] with A >= 1; got {tuple(chance.shape)}")
        odd = ~((chance >= 0) & (chance <= 1))
        if bool(odd.any()):
            raise ValueError(f"chance must lie in [0, 1]; got {chance[odd][0].item()} at [{int(odd.nonzero()[0])}]")
        self.num_actions, self.lose = len(chance), lose
        self.chance = chance.to(self.device, torch.float64)
        self._over = torch.ones(num_envs, dtype=torch.bool, device=self.device)

    def starts(self, count: int) -> Tensor:
        """[1, count] of ones: a bandit has one state."""
        return torch.ones(1, count, dtype=self.dtype, device=self.device)

    def advance(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Pull one arm each."""
        drawn = torch.rand(len(action), generator=self.generator, dtype=torch.float64, device=self.device)
        won = (drawn < self.chance[action]).to(self.dtype)
        return state, won * (1 - self.lose) + self.lose, self._over

    def observe(self, state: Tensor) -> Tensor:
        """[N, 1]."""
        return state.mT
