"""How good a policy is: the mean return of the first episodes of fresh environments, acted in by `Learner.act`.

It is one number with a meaning only if the episodes are chosen before they are seen.  So each of the N environments gives its
first episode, whole; the first N that end, whichever environment they come from, would be the short ones.
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from numeric.training.environments import Task

Act = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Evaluation:
    """Undiscounted returns of the episodes: their mean, smallest, largest and population deviation; mean length in steps."""

    mean: float
    least: float
    most: float
    deviation: float
    length: float
    episodes: int

    @staticmethod
    def of(returns: list[float], lengths: list[int]) -> Evaluation:
        """From one return and one length an episode."""
        mean = statistics.fmean(returns)
        spread = statistics.pstdev(returns, mean)
        return Evaluation(mean, min(returns), max(returns), spread, statistics.fmean(lengths), len(returns))


def seed_of(*words: object) -> int:
    """31 bits from words such as (seed, "evaluation", step): streams that are not to overlap take different words."""
    return int.from_bytes(hashlib.sha256(" ".join(map(str, words)).encode()).digest()[:4], "big") >> 1


@torch.no_grad()
def evaluate(task: Task, act: Act, *, episodes: int, seed: int, device: str = "cpu") -> Evaluation:
    """`episodes` first episodes of the task under `act`.  The same seed gives the same starting states."""
    if task.gymnasium is not None:
        return in_gymnasium(task.gymnasium, act, episodes, seed, device)
    env = task.make(episodes, device, seed)
    observation = env.reset()
    live = torch.ones(episodes, dtype=torch.bool, device=env.device)
    returns = torch.zeros(episodes, dtype=torch.float64, device=env.device)
    lengths = torch.zeros(episodes, dtype=torch.int64, device=env.device)
    while bool(live.any()):
        out = env.step(act(observation))
        returns += torch.where(live, out.reward.double(), 0.0)
        lengths += live
        live &= ~(out.terminated | out.truncated)
        observation = out.observation
    return Evaluation.of(returns.tolist(), lengths.tolist())


def in_gymnasium(name: str, act: Act, episodes: int, seed: int, device: str) -> Evaluation:
    """The same in Gymnasium's own environment, time limit included; environments whose episode is over are not stepped."""
    import gymnasium
    import numpy as np

    envs = [gymnasium.make(name, disable_env_checker=True) for _ in range(episodes)]
    seen = [env.reset(seed=seed + n)[0] for n, env in enumerate(envs)]
    returns, lengths, live = [0.0] * episodes, [0] * episodes, list(range(episodes))
    while live:
        actions = act(torch.as_tensor(np.stack([seen[n] for n in live])).to(device)).tolist()
        going = []
        for n, action in zip(live, actions, strict=True):
            seen[n], reward, terminated, truncated, _ = envs[n].step(action)
            returns[n] += float(reward)
            lengths[n] += 1
            if not (terminated or truncated):
                going.append(n)
        live = going
    for env in envs:
        env.close()
    return Evaluation.of(returns, lengths)
