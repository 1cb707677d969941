"""What there is to learn, by name: the batched environment to train in, the one to evaluate in, and how long a run is.

    CartPole-v1         numeric.envs.cartpole to train in; Gymnasium's own at evaluation
    cliff-walk          the walk with its goal at +100, the cliff at -100 and -1 a move; best return 88
    cliff-walk-sparse   the same with nothing for a move: only arriving and falling say anything; best return 100
    bandit              three arms that pay 1 with probability 1/4, 1/2 and 3/4
    digit-sum           write three digits that add up to the number asked for

Nothing here imports torch or gymnasium before an environment is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from numeric.algorithms.learner import named

if TYPE_CHECKING:
    from numeric.envs.base import BatchedEnv


@dataclass(frozen=True)
class Budget:
    """steps: environment steps of a run.  every: steps from one evaluation to the next."""

    steps: int
    every: int


@dataclass(frozen=True)
class Task:
    """make: (num_envs, device, seed) to the environment.  goal: the mean return that counts as solved, and why in `goal_is`.

    budget: of a run that does not say.  gymnasium: the name of Gymnasium's own environment for evaluation, where there is one.
    """

    make: Callable[[int, str, int], BatchedEnv]
    goal: float
    goal_is: str
    budget: Budget
    gymnasium: str | None = None


def cartpole(num_envs: int, device: str, seed: int) -> BatchedEnv:
    """CartPole-v1: 500 steps at most, observations in float32."""
    from numeric.envs.cartpole import CartPole

    return CartPole(num_envs, device=device, seed=seed)


def cliff_walk(num_envs: int, device: str, seed: int) -> BatchedEnv:
    """4 x 12 cells, one-hot; a walk is cut after 500 moves."""
    from numeric.envs.cliff_walk import CliffWalk

    return CliffWalk(num_envs, device=device, seed=seed)


def cliff_walk_sparse(num_envs: int, device: str, seed: int) -> BatchedEnv:
    """The same, a move pays nothing."""
    from numeric.envs.cliff_walk import Cliff, CliffWalk

    return CliffWalk(num_envs, cliff=Cliff(move=0), device=device, seed=seed)


def bandit(num_envs: int, device: str, seed: int) -> BatchedEnv:
    """Three arms."""
    import torch

    from numeric.envs.bandit import BernoulliBandit

    return BernoulliBandit(torch.tensor([0.25, 0.5, 0.75]), num_envs, device=device, seed=seed)


def digit_sum(num_envs: int, device: str, seed: int) -> BatchedEnv:
    """Three digits; the sum asked for is uniform on 0 .. 27."""
    from numeric.envs.tokens import DigitSum

    return DigitSum(num_envs, device=device, seed=seed)


BEST_ARM = "which only the best arm reaches: its mean is 3/4, the next one's 1/2, and 100 pulls scatter by 0.04"
TASKS = {
    "CartPole-v1": Task(
        cartpole, 475.0, "475, where CartPole-v1 counts as solved", Budget(300_000, 10_000), "CartPole-v1"
    ),
    "cliff-walk": Task(cliff_walk, 88.0, "88, the best there is", Budget(200_000, 5_000)),
    "cliff-walk-sparse": Task(cliff_walk_sparse, 100.0, "100, the best there is", Budget(500_000, 10_000)),
    "bandit": Task(bandit, 0.65, f"0.65, {BEST_ARM}", Budget(20_000, 1_000)),
    "digit-sum": Task(digit_sum, 0.9, "0.9; always right is 1", Budget(1_000_000, 20_000)),
}


def task(name: str) -> Task:
    """The task of an environment's name.  Raises ValueError for an unknown one; it names the nearest."""
    return named("environment", name, TASKS)


BUDGETS = {  # of algorithms whose steps are something else: policy iteration looks at all 192 pairs in one
    ("policy-iteration", "cliff-walk"): Budget(20 * 192, 192),
}


def budget(algorithm: str, environment: str, settings: object = None) -> Budget:
    """How long a run is that does not say: until the settings' learning rate has decayed, where it does; else the task's own."""
    usual = BUDGETS.get((algorithm, environment), task(environment).budget)
    steps = getattr(settings, "decay_steps", None)
    return Budget(steps, min(usual.every, max(1, steps // 10))) if steps else usual
