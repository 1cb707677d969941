"""PPO on CartPole-v1: seconds until the first evaluation of 475 or more, ours beside Stable-Baselines3, and what comes after.

Both train for STEPS steps with the same five seeds, Stable-Baselines3 with the settings that its zoo tuned for this task, ours
with its recipe.  Every 2048 steps, or when the iteration that holds them ends: 100 episodes of the greedy policy in Gymnasium's
own environment; the clock stands still meanwhile.  A first pass is no convergence, so the share of later evaluations that reach
475 is a figure of its own.  A row's median is over seeds, not over repeated calls.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import torch

from numeric.bench.rows import OURS, Row, missing

SEEDS, STEPS, EVERY, EPISODES, GOAL = (0, 1, 2, 3, 4), 100_000, 2048, 100, 475.0
Act = Callable[[np.ndarray], np.ndarray]


class Trained(NamedTuple):
    """One seed.  steps, seconds: at the first evaluation that reached GOAL, None where none did.  later: evaluations after it;
    again: how many of them reached it."""

    steps: int | None
    seconds: float | None
    later: int
    again: int


def run(seeds: tuple[int, ...] = SEEDS, steps: int = STEPS) -> Iterator[Row]:
    """Both, seed by seed in turn."""
    if absent := missing("gymnasium"):
        yield Row("ppo", PROBLEM, "ours", OURS, note=absent)
        return
    names = {who: entry for who, entry in PEERS.items() if not missing(entry[0])}
    found: dict[str, list[Trained]] = {who: [] for who in names}
    for seed in seeds:
        for who, (_, train) in names.items():
            found[who].append(train(seed, steps))
    for who, (library, _) in PEERS.items():
        yield (
            row(who, library, found[who]) if who in found else Row("ppo", PROBLEM, who, library, note=missing(library))
        )


PROBLEM = f"CartPole-v1 to {GOAL:.0f}"


def row(who: str, library: str, found: list[Trained]) -> Row:
    """Median, least and most seconds over seeds; a seed that never reached the goal is told, and left out."""
    passed = [one for one in found if one.seconds is not None and one.steps is not None]
    if not passed:
        return Row("ppo", PROBLEM, who, library, n=len(found), note="no seed reached the goal")
    seconds = [one.seconds for one in passed if one.seconds is not None]
    later = sum(one.later for one in passed)
    figures = (
        ("environment steps", float(median(one.steps for one in passed if one.steps is not None))),
        ("seeds that reached it", float(len(passed))),
        ("later evaluations", float(later)),
        ("share of them that reach it", sum(one.again for one in passed) / later if later else 0.0),
    )
    return Row("ppo", PROBLEM, who, library, median(seconds), min(seconds), max(seconds), len(found), figures=figures)


class Watch:
    """Counts seconds of training, and evaluates at every EVERY steps."""

    def __init__(self, seed: int) -> None:
        self.seed, self.spent, self.since = seed, 0.0, time.perf_counter()
        self.next, self.scores = EVERY, list[tuple[int, float, float]]()

    def see(self, steps: int, act: Act) -> None:
        """After an iteration: evaluate if the next multiple of EVERY is reached."""
        if steps < self.next:
            return
        self.spent += time.perf_counter() - self.since
        self.scores.append((steps, self.spent, score(act, self.seed * 1000 + len(self.scores))))
        self.next = (steps // EVERY + 1) * EVERY
        self.since = time.perf_counter()

    def found(self) -> Trained:
        first = next((n for n, (_, _, mean) in enumerate(self.scores) if mean >= GOAL), None)
        if first is None:
            return Trained(None, None, 0, 0)
        rest = self.scores[first + 1 :]
        return Trained(*self.scores[first][:2], len(rest), sum(mean >= GOAL for _, _, mean in rest))


def score(act: Act, seed: int) -> float:
    """Mean return of the first episode of each of EPISODES environments, Gymnasium's own."""
    import gymnasium

    env = gymnasium.make_vec("CartPole-v1", num_envs=EPISODES, vectorization_mode="vector_entry_point")
    observation, _ = env.reset(seed=seed)
    live, total = np.ones(EPISODES, bool), np.zeros(EPISODES)
    while live.any():
        observation, reward, terminated, truncated, _ = env.step(act(observation))
        total += live * reward
        live &= ~(terminated | truncated)
    env.close()
    return float(total.mean())


def ours(seed: int, steps: int) -> Trained:
    from numeric.algorithms.ppo import RECIPES, learner
    from numeric.envs.cartpole import CartPole

    settings, watch = RECIPES["CartPole-v1"], Watch(seed)
    agent = learner(CartPole(settings.num_envs), settings, seed=seed)
    while agent.steps < steps:
        agent.iterate()
        watch.see(agent.steps, lambda seen: agent.act(torch.as_tensor(seen, dtype=torch.float32)).numpy())
    return watch.found()


def stable_baselines3(seed: int, steps: int) -> Trained:
    """With rl-baselines3-zoo's settings for CartPole-v1: 8 environments, 32 steps, batches of 256, 20 epochs, gamma .98,
    lambda .8, learning rate and clip falling linearly from .001 and .2 to 0."""
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env

    watch = Watch(seed)

    class Seen(BaseCallback):
        def _on_rollout_start(self) -> None:
            watch.see(self.num_timesteps, lambda seen: self.model.predict(seen, deterministic=True)[0])

        def _on_step(self) -> bool:
            return True

    env: Any = make_vec_env("CartPole-v1", n_envs=8, seed=seed)
    model = PPO(
        "MlpPolicy", env, n_steps=32, batch_size=256, n_epochs=20, gamma=0.98, gae_lambda=0.8, ent_coef=0.0,
        learning_rate=lambda left: 1e-3 * left, clip_range=lambda left: 0.2 * left, seed=seed, device="cpu",
    )  # fmt: skip
    model.learn(steps, callback=Seen())
    return watch.found()


PEERS: dict[str, tuple[str, Callable[[int, int], Trained]]] = {
    "ours": (OURS, ours),
    "Stable-Baselines3, the zoo's settings": ("stable-baselines3", stable_baselines3),
}
