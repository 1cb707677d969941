"""Advantage actor-critic, A2C, with discrete actions (Mnih et al. 2016, without the asynchrony): short windows and a bootstrap.

    repeat
        from where the last window ended, act k steps in each of N environments, a_t ~ pi_theta(. | s_t)
        backward in time, in each environment:
            Q_t  <- r_t + discount Q_{t+1}           inside an episode
                    r_t + discount V_phi(s_{t+1})    at the end of the window, or where a time limit cuts the episode
                    r_t                              where the episode terminates
        g_theta  <- - mean of (grad log pi_theta(a_t | s_t)) (Q_t - V_phi(s_t)),        what is in brackets is a number
                    - entropy_coefficient * mean of grad H(pi_theta(. | s_t))
        g_phi    <- value_coefficient * mean of grad (Q_t - V_phi(s_t))^2,               so is Q_t
        a step against g_theta and g_phi

Step t of a window of k thus has a (k - t)-step target.  With V_phi = V^pi, discount 1 and windows that begin where long runs are,
the mean of g_theta is - grad J / E[T], T the length of an episode; with another V_phi it has the bias of k-step targets, and a
discount below 1 leaves out the weights discount^t of the policy gradient (alg-a2c-disc says both exactly).  It stands on hw09e
(the score times a k-step target), ch1-tdk-mean, hw09e-gradient (the baseline) and hw08c (the score of a softmax policy).

Arrays are time-major, [T, N]; an episode may end anywhere in a column, and the next one follows it.

Source: chapter slides lines 1515-1623 (alg-a2c-disc).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from numeric.algorithms.learner import rate_left, require_envs, require_finite, restore, saved
from numeric.algorithms.networks import actor_critic
from numeric.algorithms.parallel import all_reduce_gradients
from numeric.algorithms.rollout import Rollout, collect, episode_returns
from numeric.envs.base import BatchedEnv
from numeric.primitives.checks import (
    at_least_zero,
    choices,
    flags,
    floating,
    has_time,
    not_empty,
    positive_integer,
    same_shape,
    unit_interval,
)
from numeric.primitives.masks import zero_dead
from numeric.primitives.softmax import log_probability, log_softmax


@dataclass(frozen=True)
class Settings:
    """num_envs: environments side by side (16 threads in Mnih et al.).  window: k, steps in each between two updates (5 there).

    discount: per step, in [0, 1] (0.99 there).  reward_scale: what rewards are multiplied by, so that values are of the size that
    a new network gives (no source); advantages scale along, and so does what the entropy is weighed against.  value_coefficient:
    of the squared error (the slides' 1/2).  entropy_coefficient: of the mean entropy in nats, in units of advantage (0.01 there).
    hidden: widths of both networks' hidden layers (stable-baselines3's).  policy_rate, value_rate: of Adam, per update; tuned
    (Mnih et al. take RMSProp).  decay_steps: environment steps over which both rates fall linearly to 0, as in Mnih et al.; None:
    they stay.  longest_gradient: the norm beyond which a network's gradient is shortened (stable-baselines3's 0.5).
    """

    num_envs: int = 16
    window: int = 5
    discount: float = 0.99
    reward_scale: float = 1.0
    value_coefficient: float = 0.5
    entropy_coefficient: float = 0.01
    hidden: tuple[int, ...] = (64, 64)
    policy_rate: float = 1e-3
    value_rate: float = 1e-3
    decay_steps: int | None = None
    longest_gradient: float = 0.5

    def __post_init__(self) -> None:
        positive_integer(num_envs=self.num_envs, window=self.window)
        unit_interval(discount=self.discount)
        at_least_zero(value_coefficient=self.value_coefficient, entropy_coefficient=self.entropy_coefficient)
        at_least_zero(policy_rate=self.policy_rate, value_rate=self.value_rate, reward_scale=self.reward_scale)
        at_least_zero(longest_gradient=self.longest_gradient)
        if self.decay_steps is not None:
            positive_integer(decay_steps=self.decay_steps)


class Losses(NamedTuple):
    """Means over all steps, without their coefficients.  policy: in units of advantage.  value: its square.  entropy: in nats."""

    policy: Tensor
    value: Tensor
    entropy: Tensor


Network = Callable[[Tensor], Tensor]  # observations [T, N, ...] to logits [T, N, A], or to values [T, N]


def loss(policy: Network, critic: Network, window: Rollout, settings: Settings) -> tuple[Tensor, Losses]:
    """What is descended, policy + value_coefficient * value - entropy_coefficient * entropy, and its three parts.

    Raises ValueError for arrays of unequal shapes, an empty window and flags that are not boolean.
    """
    floating(reward=window.reward)
    with torch.no_grad():  # the bootstrap is data
        next_value = critic(window.final_observation)
    value = critic(window.observation)
    reward = settings.reward_scale * window.reward
    target = n_step_returns(reward, next_value, window.terminated, window.truncated, discount=settings.discount)
    parts = losses(policy(window.observation), window.action, value, target)
    total = parts.policy + settings.value_coefficient * parts.value - settings.entropy_coefficient * parts.entropy
    return total, parts


def losses(logits: Tensor, action: Tensor, value: Tensor, target: Tensor) -> Losses:
    """The three means.  logits: [T, N, A], the others [T, N].

    The policy's loss differentiates in the logits alone, the critic's in `value` alone; the target is data.
    Raises ValueError on unequal shapes, dtypes or devices, no steps, and actions that are no integers in [0, A).
    """
    same_shape(value=value, target=target)
    has_time(value=value)
    choices(logits, action, value=value)
    logp, everything = log_probability(logits, action), log_softmax(logits)
    advantage = (target - value).detach()
    entropy = -(everything.exp() * everything).sum(-1)
    return Losses(-(logp * advantage).mean(), (target.detach() - value).square().mean(), entropy.mean())


def n_step_returns(
    reward: Tensor, next_value: Tensor, terminated: Tensor, truncated: Tensor, *, discount: float
) -> Tensor:
    """Q_t of every step, as in the module's docstring: [T, N] like all arguments; differentiable in reward and next_value.

    next_value: V of what each step led to; read at truncations and in the last row, unless the step terminated, where both flags
    count as termination.  Raises ValueError on unequal shapes, no steps, flags that are not boolean, a discount outside [0, 1].
    """
    unit_interval(discount=discount)
    same_shape(reward=reward, next_value=next_value)
    has_time(reward=reward)
    not_empty(reward=reward)
    flags(reward, terminated=terminated, truncated=truncated)
    bootstrap = zero_dead(next_value, ~terminated)
    following, found = bootstrap[-1], []
    for t in reversed(range(len(reward))):
        following = torch.where(terminated[t] | truncated[t], bootstrap[t], following)
        following = reward[t] + discount * following
        found.append(following)
    return torch.stack(found[::-1])


class A2C:
    """The loop; numeric.algorithms.learner says what each method does.  Environments go on from window to window."""

    def __init__(self, environment: BatchedEnv, settings: Settings, *, seed: int) -> None:
        require_envs(environment, settings.num_envs)
        self.environment, self.settings, self.steps = environment, settings, 0
        self.generator = torch.Generator(device=environment.device).manual_seed(seed)
        self.model = actor_critic(environment, settings.hidden, gain_value=1.0, generator=self.generator)
        self.networks = (self.model.policy, self.model.critic)
        self.rates = (settings.policy_rate, settings.value_rate)
        groups = [{"params": list(n.parameters()), "lr": r} for n, r in zip(self.networks, self.rates, strict=True)]
        self.optimizer = torch.optim.Adam(groups)
        self.observation = environment.reset()
        self.paid = torch.zeros(environment.num_envs, dtype=environment.dtype, device=environment.device)

    def iterate(self) -> dict[str, float]:
        """One window in every environment and one step of both networks."""
        window, returns = self.collect()
        total, parts = loss(self.model.policy, self.model.value, window, self.settings)
        figures = {f"{name}_loss": float(x.detach()) for name, x in zip(("policy", "value"), parts[:2], strict=True)}
        figures["entropy"] = float(parts.entropy.detach())
        require_finite(self.steps, figures)
        self.update(total)
        return {**figures, "mean_return": float(returns.mean())}

    def collect(self) -> tuple[Rollout, Tensor]:
        """The next window, and the returns of the episodes that ended in it."""
        policy, length, generator = self.model.policy, self.settings.window, self.generator
        window, self.observation = collect(
            self.environment, policy, self.observation, length=length, generator=generator
        )
        self.steps += window.reward.numel()
        returns, self.paid = episode_returns(window, self.paid)
        return window, returns

    def update(self, total: Tensor) -> None:
        """One step of Adam along the loss's gradient, which several processes share (numeric.algorithms.parallel)."""
        self.optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        all_reduce_gradients(self.model.parameters())
        for network in self.networks:
            torch.nn.utils.clip_grad_norm_(network.parameters(), self.settings.longest_gradient)
        left = rate_left(self.steps, self.settings.decay_steps)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = left * rate
        self.optimizer.step()

    def act(self, observation: Tensor) -> Tensor:
        return self.model.act(observation)

    def state_dict(self) -> dict[str, Any]:
        return saved(self, _PARTS)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        restore(self, _PARTS, state)


_PARTS = ("model", "optimizer", "environment", "generator", "observation", "paid", "steps")


def learner(environment: BatchedEnv, settings: Settings, *, seed: int) -> A2C:
    """A2C in `environment`, which must have `settings.num_envs` copies; the seed decides weights and actions."""
    return A2C(environment, settings, seed=seed)


RECIPES = {
    "CartPole-v1": Settings(
        num_envs=32, window=32, reward_scale=0.02, entropy_coefficient=0.001, policy_rate=3e-3, value_rate=5e-3,
        decay_steps=300_000,
    ),
    "bandit": Settings(num_envs=64, window=1, policy_rate=1e-2, value_rate=1e-2),
}  # fmt: skip
