"""REINFORCE with a learned baseline (Williams 1992): the policy gradient from whole episodes and their Monte Carlo returns.

    repeat
        play N episodes, a_t ~ pi_theta(. | s_t)
        in each of them, for t = 0, ..., T - 1
            G_t      <- r_t + discount r_{t+1} + ... + discount^(T-1-t) r_{T-1}
            g_theta  += - discount^t (grad log pi_theta(a_t | s_t)) (G_t - V_phi(s_t))       what is in brackets is a number
            g_phi    += grad 1/2 (G_t - V_phi(s_t))^2                                        so is G_t
        a step of theta against the mean of g_theta over the episodes, of phi against that of g_phi

Whatever V_phi is, the mean of g_theta is - grad J, J the mean of G_0 (alg-reinforce, hw18); V_phi only changes the noise, and not
always for the better.  It stands on hw08c (the score of a softmax policy), hw09a (the return's mean), hw09e-gradient (a baseline
that knows only the state) and hw07 (least squares finds the conditional mean).

Episodes lie side by side in arrays [T, N, ...], time first, one in each column; the rest of a column after its end is not read.
An episode that a time limit cut is an episode that ended: J is then the return up to that limit.  (A2C bootstraps there instead.)

Source: chapter slides lines 1140-1203 (alg-reinforce), homework problem 18 (hw18), where the discount is 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from numeric.algorithms.learner import rate_left, require_envs, require_finite, restore, saved
from numeric.algorithms.networks import actor_critic, draw
from numeric.envs.base import BatchedEnv
from numeric.primitives.checks import (
    at_least_zero,
    flags,
    floating,
    has_time,
    not_empty,
    positive_integer,
    same_shape,
    switch,
    unit_interval,
)
from numeric.primitives.masks import zero_dead
from numeric.primitives.softmax import log_probability


@dataclass(frozen=True)
class Settings:
    """num_envs: episodes of one iteration, played side by side; more of them, less noise (Spinning Up's VPG takes 4000 steps).

    discount: per step, in [0, 1]; below 1 in a task that has none it is the "gamma trick" (slides lines 1422-1438), a bias.
    discount_steps: whether step t of the loss is weighted by discount^t, which makes the mean - grad J (slides line 1174); False
    is what libraries do.  from_start: G_0 for every step instead of G_t, with the same mean (slides line 1140).
    value_coefficient: of the squared error; 1/2 makes its gradient - (G_t - V) grad V (homework problem 18).
    hidden: widths of both networks' hidden layers (CleanRL's).  policy_rate, value_rate: of Adam, per update, tuned here.
    value_updates: steps of the critic in an iteration (Spinning Up takes 80, the homework 1).  decay_steps: environment steps
    over which both rates fall linearly to 0 (as in stable-baselines3's tuned settings for CartPole); None: they stay.
    """

    num_envs: int = 32
    discount: float = 1.0
    discount_steps: bool = False
    from_start: bool = False
    value_coefficient: float = 0.5
    hidden: tuple[int, ...] = (64, 64)
    policy_rate: float = 1e-2
    value_rate: float = 1e-2
    value_updates: int = 1
    decay_steps: int | None = None

    def __post_init__(self) -> None:
        positive_integer(num_envs=self.num_envs, value_updates=self.value_updates)
        unit_interval(discount=self.discount)
        at_least_zero(
            value_coefficient=self.value_coefficient, policy_rate=self.policy_rate, value_rate=self.value_rate
        )
        if self.decay_steps is not None:
            positive_integer(decay_steps=self.decay_steps)
        if self.discount_steps and self.from_start:
            raise ValueError(
                "discount_steps must be False with from_start: G_0 carries its discounts already; got True"
            )


class Episodes(NamedTuple):
    """N episodes.  observation: [T, N, ...].  action: integers [T, N].  reward [T, N].  terminated, truncated: bool [T, N]."""

    observation: Tensor
    action: Tensor
    reward: Tensor
    terminated: Tensor
    truncated: Tensor


class Losses(NamedTuple):
    """Of each episode, [N]: `policy` in units of return, `value` in squares of them."""

    policy: Tensor
    value: Tensor


Network = Callable[[Tensor], Tensor]  # observations [T, N, ...] to logits [T, N, A], or to values [T, N]


def losses(policy: Network, critic: Network, episodes: Episodes, settings: Settings) -> Losses:
    """Both losses of each episode; their means' gradients are g_theta and g_phi.

    Raises ValueError for arrays of unequal shapes, an empty one, flags that are not boolean and an episode that does not end.
    """
    live = steps_of_episode(episodes.terminated, episodes.truncated)
    floating(reward=episodes.reward)
    flags(episodes.reward, terminated=episodes.terminated)
    observation = episodes.observation.masked_fill(~live.view(*live.shape, *[1] * (episodes.observation.ndim - 2)), 0)
    logp = log_probability(policy(observation), episodes.action)
    value = critic(observation)
    discount = settings.discount
    signal = returns(episodes.reward, live, discount=discount, from_start=settings.from_start)
    step_discount = discount if settings.discount_steps else 1.0
    return Losses(
        policy_loss(logp, signal, value, live, step_discount=step_discount),
        value_loss(value, signal, live, coefficient=settings.value_coefficient),
    )


def policy_loss(logp: Tensor, signal: Tensor, baseline: Tensor, live: Tensor, *, step_discount: float) -> Tensor:
    """- sum_t step_discount^t log pi(a_t | s_t) (signal_t - baseline_t) over the live steps: [N], differentiable in logp alone.

    logp, signal, baseline, live: [T, N]; the signal is G_t, or anything with the mean Q(s_t, a_t).  step_discount: `discount` for
    the gradient of J, 1 for what libraries call by the same name.
    """
    _time_major(logp=logp, signal=signal, baseline=baseline)
    flags(logp, live=live)
    unit_interval(step_discount=step_discount)
    advantage = zero_dead(signal - baseline, live).detach()
    time = torch.arange(len(logp), dtype=logp.dtype, device=logp.device)
    return -(step_discount ** time[:, None] * zero_dead(logp, live) * advantage).sum(0)


def value_loss(value: Tensor, signal: Tensor, live: Tensor, *, coefficient: float) -> Tensor:
    """coefficient * sum_t (signal_t - V(s_t))^2 over the live steps: [N], differentiable in `value` alone.  Arguments [T, N]."""
    _time_major(value=value, signal=signal)
    flags(value, live=live)
    at_least_zero(coefficient=coefficient)
    return coefficient * zero_dead(signal.detach() - value, live).square().sum(0)


def returns(reward: Tensor, live: Tensor, *, discount: float, from_start: bool = False) -> Tensor:
    """G_t = sum_{k >= t} discount^(k - t) r_k over the live steps: [T, N] like both arguments, 0 after the end.

    from_start: G_0 at every live step, past rewards included.
    """
    _time_major(reward=reward)
    flags(reward, live=live)
    unit_interval(discount=discount)
    switch(from_start=from_start)
    reward = zero_dead(reward, live)
    found = torch.zeros_like(reward)
    total = torch.zeros_like(reward[0])
    for t in reversed(range(len(reward))):
        total = reward[t] + discount * total
        found[t] = total
    return zero_dead(total.expand_as(reward), live) if from_start else found


def steps_of_episode(terminated: Tensor, truncated: Tensor) -> Tensor:
    """True up to and including the first end of each column: bool [T, N] like both flags."""
    flags(terminated, terminated=terminated, truncated=truncated)
    if terminated.ndim != 2 or 0 in terminated.shape:
        raise ValueError(f"terminated must have shape [T, N] with each at least 1; got {tuple(terminated.shape)}")
    ended = (terminated | truncated).long().cumsum(0)
    if not bool((ended[-1] > 0).all()):
        column = int((ended[-1] == 0).nonzero()[0])
        raise ValueError(f"every episode must end, terminated or truncated; the one in column {column} does not")
    return ended - (terminated | truncated).long() == 0


class Reinforce:
    """The loop; numeric.algorithms.learner says what each method does.  One generator for weights and actions."""

    def __init__(self, environment: BatchedEnv, settings: Settings, *, seed: int) -> None:
        require_envs(environment, settings.num_envs)
        self.environment, self.settings, self.steps = environment, settings, 0
        self.generator = torch.Generator(device=environment.device).manual_seed(seed)
        self.model = actor_critic(environment, settings.hidden, gain_value=1.0, generator=self.generator)
        self.policy_optimizer = torch.optim.Adam(self.model.policy.parameters(), lr=settings.policy_rate)
        self.value_optimizer = torch.optim.Adam(self.model.critic.parameters(), lr=settings.value_rate)

    def iterate(self) -> dict[str, float]:
        """Play one episode in every environment, then one step of the policy and `value_updates` of the critic."""
        episodes = self.collect()
        live = steps_of_episode(episodes.terminated, episodes.truncated)
        self.steps += int(live.sum())
        found = losses(self.model.policy, self.model.value, episodes, self.settings)
        policy, value = found.policy.mean(), found.value.mean()
        figures = {"policy_loss": float(policy.detach()), "value_loss": float(value.detach())}
        require_finite(self.steps, figures)
        left = rate_left(self.steps, self.settings.decay_steps)
        _step(self.policy_optimizer, policy, rate=left * self.settings.policy_rate)
        _step(self.value_optimizer, value, rate=left * self.settings.value_rate)
        for _ in range(self.settings.value_updates - 1):
            value = losses(self.model.policy, self.model.value, episodes, self.settings).value.mean()
            _step(self.value_optimizer, value, rate=left * self.settings.value_rate)
        return {**figures, "mean_return": float(zero_dead(episodes.reward, live).sum(0).mean())}

    @torch.no_grad()
    def collect(self) -> Episodes:
        """One whole episode in each environment, from its start; columns go on, unread, until the longest has ended."""
        observation, rows = self.environment.reset(), []
        ended = torch.zeros(self.environment.num_envs, dtype=torch.bool, device=self.environment.device)
        while not bool(ended.all()):
            action = draw(self.model.policy(observation), self.generator)
            step = self.environment.step(action)
            rows.append((observation, action, step.reward, step.terminated, step.truncated))
            ended |= step.terminated | step.truncated
            observation = step.observation
        return Episodes(*(torch.stack(column) for column in zip(*rows, strict=True)))

    def act(self, observation: Tensor) -> Tensor:
        return self.model.act(observation)

    def state_dict(self) -> dict[str, Any]:
        return saved(self, _PARTS)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        restore(self, _PARTS, state)


_PARTS = ("model", "policy_optimizer", "value_optimizer", "environment", "generator", "steps")


def learner(environment: BatchedEnv, settings: Settings, *, seed: int) -> Reinforce:
    """REINFORCE in `environment`, which must have `settings.num_envs` copies; the seed decides weights and actions."""
    return Reinforce(environment, settings, seed=seed)


def _step(optimizer: torch.optim.Optimizer, loss: Tensor, *, rate: float) -> None:
    optimizer.param_groups[0]["lr"] = rate
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def _time_major(**tensors: Tensor) -> None:
    """Floating, of one shape [T, N], with at least one step of one episode."""
    same_shape(**tensors)
    has_time(**tensors)
    not_empty(**tensors)
    for name, tensor in tensors.items():
        if tensor.ndim != 2:
            raise ValueError(f"{name} must have shape [T, N]; got {tuple(tensor.shape)}")


RECIPES = {
    "CartPole-v1": Settings(num_envs=32, discount=0.99, value_rate=2e-2, value_updates=10, decay_steps=300_000),
    "cliff-walk": Settings(num_envs=256, hidden=(), policy_rate=0.1, value_rate=1.0, decay_steps=2_000_000),  # a table
}
