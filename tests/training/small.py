"""The smallest learner that is one: a linear softmax policy and the score-function gradient of what follows in a short window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from numeric.algorithms.learner import require_finite
from numeric.envs.base import BatchedEnv


@dataclass(frozen=True)
class Settings:
    """horizon: steps of an iteration.  learning_rate: of Adam.  ends: iterations after which there is nothing left to do."""

    num_envs: int = 8
    horizon: int = 4
    learning_rate: float = 0.05
    ends: int | None = None
    widths: tuple[int, ...] = (1,)
    greedy: bool = False


RECIPES = {
    "bandit": Settings(num_envs=16, horizon=1),
    "cliff-walk": Settings(),
    "CartPole-v1": Settings(horizon=16),
}


class Small:
    def __init__(self, environment: BatchedEnv, settings: Settings, *, seed: int) -> None:
        self.env, self.settings, self.steps, self.iterations = environment, settings, 0, 0
        self.generator = torch.Generator().manual_seed(seed)
        wide = environment.observation_shape[0]
        self.weight = torch.zeros(wide, environment.num_actions, requires_grad=True)
        self.optimiser = torch.optim.Adam([self.weight], settings.learning_rate)
        self.observation = environment.reset()

    def iterate(self) -> dict[str, float]:
        if self.settings.ends is not None and self.iterations >= self.settings.ends:
            return {"loss": 0.0}
        logp, rewards, ended = [], [], [float("nan")]
        for _ in range(self.settings.horizon):
            law = (self.observation @ self.weight).log_softmax(-1)
            action = torch.multinomial(law.detach().exp(), 1, generator=self.generator).squeeze(1)
            out = self.env.step(action)
            logp.append(law.gather(1, action[:, None]).squeeze(1))
            rewards.append(out.reward)
            self.observation = out.observation
        follows = torch.stack(rewards).flip(0).cumsum(0).flip(0)
        loss = -(torch.stack(logp) * (follows - follows.mean())).mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.steps += self.settings.horizon * self.env.num_envs
        self.iterations += 1
        figures = {"loss": float(loss.detach()), "size": float(self.weight.detach().norm())}
        require_finite(self.steps, figures)
        return figures | {"mean_return": ended[0]}

    def act(self, observation: Tensor) -> Tensor:
        return (observation @ self.weight).argmax(-1)

    def state_dict(self) -> dict[str, Any]:
        return {
            "weight": self.weight.detach().clone(),
            "optimiser": self.optimiser.state_dict(),
            "environment": self.env.state_dict(),
            "generator": self.generator.get_state(),
            "observation": self.observation.clone(),
            "counts": [self.steps, self.iterations],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        with torch.no_grad():
            self.weight.copy_(state["weight"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.env.load_state_dict(state["environment"])
        self.generator.set_state(state["generator"])
        self.observation = state["observation"]
        self.steps, self.iterations = state["counts"]


def learner(environment: BatchedEnv, settings: Settings, *, seed: int) -> Small:
    return Small(environment, settings, seed=seed)
