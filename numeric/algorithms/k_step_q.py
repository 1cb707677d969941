"""Fitted k-step TD for Q: the action values of a policy, from k rewards at a time and a bootstrap (chapter slides 980-1098).

    Q, a network or a table; pi, the policy whose Q is wanted: epsilon-greedy for a frozen copy of Q
    repeat
        act for T steps: with probability `explore` any action, else a_t ~ pi(. | s_t); draw a'_t ~ pi(. | s_{t+1}) in any case
        y_t <- sum_{j<m} discount^j r_{t+j} + discount^m Q(s_{t+m}, a'_{t+m-1})           data: it has no gradient
               m = k, or fewer steps where the array or the episode ends, or where the next action is one that pi did not choose;
               no bootstrap where the episode terminated
        step along the gradient of 1/2 sum_t w_t (Q(s_t, a_t) - y_t)^2                     only Q(s_t, a_t) has one
        now and then: the frozen copy <- Q                                                 pi gets better

The mean of y_t given (s_t, a_t) is ((T^pi)^m Q)(s_t, a_t), so that Q^pi is the fixed point for every k, and the first action may
be anybody's.  The second may not: an action that pi would not take puts another policy's rewards into the target.  That is why
the target ends before it.  With explore = 0 and no improvement this is the slides' algorithm, on policy.

Verified as the contracts alg-kstep-q and hw17; stands on hw17-fixed-point, hw17-contraction, ch1-tdk-mean and hw11d.
Source: chapter slides lines 980-1098 (alg-kstep-q), homework problem 17 (hw17).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from numeric.algorithms.learner import require_envs, require_finite, restore, saved
from numeric.algorithms.networks import mlp
from numeric.envs.base import BatchedEnv
from numeric.envs.tabular import Tabular
from numeric.primitives.checks import (
    at_least_zero,
    described,
    flags,
    floating,
    generator_on,
    has_time,
    integers,
    not_empty,
    one_of,
    positive_integer,
    same_shape,
    switch,
    unit_interval,
)
from numeric.primitives.gae import k_step_advantage


@dataclass(frozen=True)
class Settings:
    """Source of a default: the homework where it names one, else chosen here.

    discount: in [0, 1], per step; the cliff walk of the homework is undiscounted.  k: rewards before the bootstrap, in steps; the
    slides call 5 a good choice.  num_envs, rollout: environments and steps of each in one iteration.  hidden: widths of the
    network's hidden layers; () is a table, for one-hot observations.  optimizer: "sgd" or
    "adam".  learning_rate: of the optimiser; with a table, sgd and `per_pair` it is the part of the way to the mean target that a
    visited entry goes in one iteration.  decay: the learning rate of iteration n is divided by 1 + n / decay; None: constant.
    per_pair: w_t is 1 / (number of times the pair (s_t, a_t) was seen), so that rare pairs learn as fast as others; it needs
    one-hot observations.  Else w_t = 1 / N.  epsilon: of the policy whose Q is wanted, in [0, 1]; 1 is the uniform policy.
    explore: the share of actions that are drawn from all alike instead of from that policy.  improve_every: iterations between
    copies of Q into the policy; None: never, the first policy is evaluated.
    """

    discount: float = 1.0
    k: int = 5
    num_envs: int = 64
    rollout: int = 32
    hidden: Sequence[int] = ()
    optimizer: str = "sgd"
    learning_rate: float = 1.0
    decay: float | None = None
    per_pair: bool = True
    epsilon: float = 0.0
    explore: float = 0.3
    improve_every: int | None = 1

    def __post_init__(self) -> None:
        unit_interval(discount=self.discount, epsilon=self.epsilon, explore=self.explore)
        positive_integer(k=self.k, num_envs=self.num_envs, rollout=self.rollout)
        at_least_zero(learning_rate=self.learning_rate)
        one_of(("sgd", "adam"), optimizer=self.optimizer)
        if self.improve_every is not None:
            positive_integer(improve_every=self.improve_every)
        if self.decay is not None and not self.decay > 0:
            raise ValueError(f"decay must be positive, or None; got {self.decay}")


RECIPES = {"cliff-walk": Settings()}


# ------------------------------------------------------------------------------------- targets and loss
def taken(values: Tensor, action: Tensor) -> Tensor:
    """values[..., action]: Q(s, a) [T, B] from Q(s, .) [T, B, A].

    Raises ValueError unless the actions are integers in [0, A), one for each row of values.
    """
    _require_choices(values, action=action)
    return values.gather(-1, action.unsqueeze(-1)).squeeze(-1)


def k_step_target(
    reward: Tensor,
    next_values: Tensor,
    next_action: Tensor,
    terminated: Tensor,
    cut: Tensor,
    *,
    discount: float,
    k: int,
    through: bool = False,
) -> Tensor:
    """y_t = sum_{j<m} discount^j r_{t+j} + discount^m Q(s_{t+m}, a'_{t+m-1}), [T, B]; m = k or the steps that there are.

    reward: [T, B].  next_values: Q(s', .) [T, B, A] of the state that step t really led to; not read where it terminated, and may
    be NaN there.  next_action: what the policy takes in that state, [T, B].  terminated: bool [T, B], nothing follows step t.
    cut: bool [T, B], no target reaches beyond step t, but those that reach it bootstrap there: a time limit, or `beyond`.
    through: let gradients flow through the bootstrap (the residual gradient, whose fixed point is not Q^pi); else y has none.
    """
    floating(next_values=next_values)
    floating(reward=reward)
    flags(reward, terminated=terminated, cut=cut)
    _require_choices(next_values, next_action=next_action)
    switch(through=through)
    following = taken(next_values, next_action)
    same_shape(reward=reward, following=following)
    nothing = torch.zeros_like(reward)
    target = k_step_advantage(reward, nothing, following, terminated, cut, discount=discount, k=k)
    return target if through else target.detach()


def beyond(truncated: Tensor, explored: Tensor) -> Tensor:
    """Where a target ends but bootstraps: at a truncation, and before an action that the policy did not choose.  bool [T, B]."""
    flags(truncated, truncated=truncated, explored=explored)
    has_time(truncated=truncated)
    not_empty(truncated=truncated)
    cut = truncated.clone()
    cut[:-1] |= explored[1:]
    return cut


def squared_error(values: Tensor, action: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """1/2 sum_t w_t (Q(s_t, a_t) - y_t)^2, a scalar.

    values: Q(s_t, .) [T, B, A].  action: [T, B].  target: [T, B].  weight: [T, B]; None: 1 / (T B) each.
    Its gradient in values is w_t (Q - y) at the action taken, and 0 at the others.
    """
    floating(values=values)
    found = taken(values, action)
    same_shape(found=found, target=target)
    not_empty(target=target)
    weight = torch.full_like(found, 1 / found.numel()) if weight is None else weight
    same_shape(found=found, weight=weight)
    return (weight * (found - target).square()).sum() / 2


def one_per_pair(state: Tensor, action: Tensor) -> Tensor:
    """1 / (how often this state was seen with this action); state, action: integers [T, B].  The weights of a pair sum to 1.

    Raises ValueError on another dtype than int64, unequal shapes or devices, numbers below 0, and none at all.
    """
    if not isinstance(state, Tensor):
        raise ValueError(f"state must be a tensor; got {described(state)}")
    integers(state.shape, state.device, state=state, action=action)
    not_empty(state=state)
    pair = state * (action.max() + 1) + action
    _, place, count = torch.unique(pair, return_inverse=True, return_counts=True)
    weight: Tensor = count.double().reciprocal()[place]
    return weight


def epsilon_greedy(values: Tensor, epsilon: float, generator: torch.Generator) -> Tensor:
    """With probability epsilon any action, all alike, else the one of the largest value: [...] from values [..., A].

    A NaN counts as the largest value: to look for one would wait for a GPU, and a loss of NaN stops the loop anyway.
    Raises ValueError on values that are not floating or empty, an epsilon outside [0, 1], and a generator of another device.
    """
    floating(values=values)
    _require_some(values)
    unit_interval(epsilon=epsilon)
    generator_on(values.device, generator=generator)
    shape, device = values.shape[:-1], values.device
    anything = torch.randint(values.shape[-1], shape, generator=generator, device=device)
    unit = torch.rand(shape, generator=generator, device=device)
    return torch.where(unit < epsilon, anything, values.argmax(-1))


# ------------------------------------------------------------------------------------- the loop
class Rollout(NamedTuple):
    """T steps of B environments, each [T, B] but the two observations [T, B, ...].  next_action: the policy's in `reached`."""

    observation: Tensor
    action: Tensor
    reward: Tensor
    terminated: Tensor
    truncated: Tensor
    reached: Tensor
    next_action: Tensor
    explored: Tensor


class KStepQ:
    """The loop of the module's docstring.  `q` is the network, `frozen` the copy that the policy is greedy for."""

    def __init__(self, environment: BatchedEnv, settings: Settings, seed: int) -> None:
        self.environment, self.settings = environment, settings
        self.generator = torch.Generator(device=environment.device).manual_seed(seed)
        self.q = network(environment, settings, seed)
        self.frozen = copy.deepcopy(self.q).requires_grad_(False)
        kind = torch.optim.SGD if settings.optimizer == "sgd" else torch.optim.Adam
        self.optimizer = kind(self.q.parameters(), lr=settings.learning_rate)
        self.steps = self.iterations = 0
        self.observation = environment.reset(seed)
        self.running = torch.zeros(environment.num_envs, dtype=environment.dtype, device=environment.device)
        self.choice = self._chosen(self.observation)

    def iterate(self) -> dict[str, float]:
        """Collect, one step of the optimiser, and now and then a better policy.  mean_return: of the episodes that ended."""
        s = self.settings
        rollout, returns = self._collect()
        with torch.no_grad():
            following = self.q(rollout.reached)
        cut = beyond(rollout.truncated, rollout.explored)
        step = rollout.reward, following, rollout.next_action, rollout.terminated, cut
        target = k_step_target(*step, discount=s.discount, k=s.k)
        values = self.q(rollout.observation)
        weight = one_per_pair(rollout.observation.argmax(-1), rollout.action).to(values) if s.per_pair else None
        loss = squared_error(values, rollout.action, target, weight)
        require_finite(self.steps, {"loss": loss.item()})
        for group in self.optimizer.param_groups:
            group["lr"] = s.learning_rate / (1 + self.iterations / s.decay if s.decay else 1)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.iterations += 1
        if s.improve_every is not None and self.iterations % s.improve_every == 0:
            self.frozen.load_state_dict(self.q.state_dict())
        mean = torch.cat(returns).mean().item() if returns else float("nan")
        return {"loss": loss.item(), "mean_return": mean}

    def act(self, observation: Tensor) -> Tensor:
        """The action of the largest value."""
        with torch.no_grad():
            return self.q(observation).argmax(-1)  # type: ignore[no-any-return]

    def _chosen(self, observation: Tensor) -> Tensor:
        """What the policy takes."""
        with torch.no_grad():
            return epsilon_greedy(self.frozen(observation), self.settings.epsilon, self.generator)

    def _collect(self) -> tuple[Rollout, list[Tensor]]:
        """A rollout, and the returns of the episodes that ended in it."""
        rows, returns, shape = [], [], self.choice.shape
        for _ in range(self.settings.rollout):
            explored = torch.rand(shape, generator=self.generator, device=self.choice.device) < self.settings.explore
            anything = torch.randint(
                self.environment.num_actions, shape, generator=self.generator, device=self.choice.device
            )
            action = torch.where(explored, anything, self.choice)
            step = self.environment.step(action)
            ended = step.terminated | step.truncated
            following = self._chosen(step.observation)
            next_action = torch.where(ended, self._chosen(step.final_observation), following)
            what = self.observation, action, step.reward, step.terminated, step.truncated
            rows.append((*what, step.final_observation, next_action, explored))
            self.running += step.reward
            if bool(ended.any()):
                returns.append(self.running[ended])
                self.running = self.running.masked_fill(ended, 0.0)
            self.observation, self.choice = step.observation, following
        self.steps += self.settings.rollout * len(self.choice)
        return Rollout(*[torch.stack(column) for column in zip(*rows, strict=True)]), returns

    def state_dict(self) -> dict[str, Any]:
        """Copies of everything."""
        return saved(self, _PARTS)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict` of the same environment and settings."""
        restore(self, _PARTS, state)


_NUMBERS = ("steps", "iterations", "observation", "running", "choice")
_PARTS = (*_NUMBERS, "environment", "q", "frozen", "optimizer", "generator")


def network(environment: BatchedEnv, settings: Settings, seed: int) -> nn.Module:
    """Q: observations [..., D] to action values [..., A].  A table begins at 0, above every value of a task that only costs."""
    if len(environment.observation_shape) != 1 or not environment.observation_dtype.is_floating_point:
        raise ValueError(f"environment must have vectors as observations; got shape {environment.observation_shape}")
    wide, actions = environment.observation_shape[0], environment.num_actions
    device, dtype = environment.device, environment.dtype
    if settings.hidden:
        generator = torch.Generator().manual_seed(seed)
        return mlp((wide, *settings.hidden, actions), generator=generator, gain_last=1.0, device=device, dtype=dtype)
    return Table(torch.zeros(wide, actions, device=device, dtype=dtype))


class Table(nn.Module):
    """Q of one-hot observations [..., S]: the row of the state, [..., A]."""

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.values = nn.Parameter(values)

    def forward(self, observation: Tensor) -> Tensor:
        found: Tensor = observation @ self.values
        return found


def _require_choices(values: Tensor, **numbers: Tensor) -> None:
    """Each is an action for each row of values [..., A]."""
    if not isinstance(values, Tensor):
        raise ValueError(f"values must be a tensor; got {described(values)}")
    _require_some(values)
    integers(values.shape[:-1], values.device, below=values.shape[-1], **numbers)


def _require_some(values: Tensor) -> None:
    if values.ndim == 0 or values.shape[-1] == 0:
        raise ValueError(f"values must have shape [..., A] with A >= 1; got {tuple(values.shape)}")


def learner(environment: BatchedEnv, settings: Settings, *, seed: int) -> KStepQ:
    """Raises ValueError for an environment whose observations do not fit the settings, or that has not num_envs copies."""
    if settings.per_pair and not isinstance(environment, Tabular):
        raise ValueError(f"per_pair needs one-hot observations; got those of {type(environment).__name__}")
    require_envs(environment, settings.num_envs)
    return KStepQ(environment, settings, seed)
