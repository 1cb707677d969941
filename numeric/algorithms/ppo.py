"""PPO with the clipped objective (Schulman et al. 2017, arXiv:1707.06347) and GAE (Schulman et al. 2016, arXiv:1506.02438).

    repeat
        take T steps in each of N environments with pi; log pi(a | s) stays as it was then
        V <- values of the states, and of those that steps led to;  A <- GAE(r, V);  R <- A + V
        A <- (A - mean A) / std A, over all T N samples                              once, not in every epoch
        repeat `epochs` times, over the samples in a new order, `minibatch` at a time
            ratio <- exp(log pi_theta(a | s) - log pi(a | s))
            L <- -mean C(ratio, A) + c_V mean (V_phi(s) - R)^2 / 2 - c_H mean entropy(pi_theta(. | s))
            step theta, phi against the gradient of L, its norm cut;  stop where KL(pi, pi_theta) is too large
        pi <- pi_theta

C(ratio, A) = min(ratio A, clip(ratio, 1 - epsilon, 1 + epsilon) A): by cases ch1-ppo-clip-equal (hw14a, hw14b), its slope
ch1-ppo-clip-gradient (hw14+).  It bounds ratio A from below and touches it at ratio 1 (ch1-ppo-clip-bound): the first step is the
policy gradient's.  It does not keep ratios inside the interval (ch1-ppo-clip-escape).  GAE: ch1-gae-geometric and
ch1-gae-delta-mean.  The KL is estimated by k3 (hw23c), never negative (hw23d).  Source: chapter slides, lines 1756-1818.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from numeric.algorithms.learner import rate_left, require_envs, require_finite, restore, saved
from numeric.algorithms.networks import ActorCritic, actor_critic
from numeric.algorithms.parallel import all_reduce_gradients, mean_over_processes, rank
from numeric.algorithms.rollout import Rollout, collect, episode_returns
from numeric.envs.base import BatchedEnv
from numeric.primitives.checks import at_least_zero, choices, one_of, positive_integer, samples, unit_interval
from numeric.primitives.gae import gae
from numeric.primitives.kl import kl_k3
from numeric.primitives.ppo_clip import ppo_clip
from numeric.primitives.softmax import log_probability, log_softmax

ValueClip = Literal["max", "clipped_only"]
Normalise = Literal["batch", "minibatch", "none"]


@dataclass(frozen=True)
class Settings:
    """Defaults: the paper's table 3 (MuJoCo) where nothing else is said.

    num_envs: N, parallel environments.  horizon: T, steps of each between two updates.
    epochs: passes over the samples of an update.  minibatch: samples of one gradient step.
    learning_rate: Adam's, at the start.  adam_epsilon: its epsilon (CleanRL: 1e-5).
    decay_steps: environment steps after which the rate has fallen linearly to 0 (the paper's Atari); None: it stays.
    discount: gamma, per step.  lambda_: of GAE.
    epsilon: half width of the clip interval of ratios.  decay_epsilon: whether it falls like the rate (the paper's Atari).
    normalise: advantages over the update's samples, over each minibatch (Stable-Baselines3), or not at all.
    value_coefficient: c_V (CleanRL: 0.5; the networks share no weights, so it matters only to the cut of the norm).
    value_clip: how far V may move in an update, in units of scaled reward; None: anywhere.  value_clip_form: see `value_loss`.
    entropy_coefficient: c_H, per nat (the paper: 0 but for Atari).
    max_norm: to which the gradient of both networks together is cut (CleanRL, Stable-Baselines3: 0.5).
    target_kl: nats; the update ends after the epoch in which the estimate exceeds it.  None: never (the paper).
    discounted: weigh step t of an episode by gamma^t, as the policy gradient does; False, as it is used: all alike.
    reward_scale: a factor on rewards; 1 - gamma keeps values near 1, where a new critic's outputs are.
    hidden: widths of the hidden layers of each network (the paper: 64, 64).
    """

    num_envs: int = 8
    horizon: int = 256
    epochs: int = 10
    minibatch: int = 64
    learning_rate: float = 3e-4
    adam_epsilon: float = 1e-5
    decay_steps: int | None = None
    discount: float = 0.99
    lambda_: float = 0.95
    epsilon: float = 0.2
    decay_epsilon: bool = False
    normalise: Normalise = "batch"
    value_coefficient: float = 0.5
    value_clip: float | None = None
    value_clip_form: ValueClip = "max"
    entropy_coefficient: float = 0.0
    max_norm: float = 0.5
    target_kl: float | None = None
    discounted: bool = False
    reward_scale: float = 1.0
    hidden: tuple[int, ...] = (64, 64)

    def __post_init__(self) -> None:
        whole = ("num_envs", "horizon", "epochs", "minibatch", "decay_steps")
        real = ("learning_rate", "adam_epsilon", "epsilon", "value_coefficient", "entropy_coefficient", "value_clip")
        positive_integer(**{n: x for n in whole if (x := getattr(self, n)) is not None})
        unit_interval(discount=self.discount, lambda_=self.lambda_)
        names = (*real, "max_norm", "target_kl", "reward_scale")
        at_least_zero(**{n: x for n in names if (x := getattr(self, n)) is not None})
        one_of(get_args(Normalise), normalise=self.normalise)
        one_of(get_args(ValueClip), value_clip_form=self.value_clip_form)


RECIPES = {
    "CartPole-v1": Settings(
        num_envs=16, horizon=128, epochs=6, minibatch=256, learning_rate=1.5e-3, decay_steps=100_000, discount=0.995,
        lambda_=0.98, decay_epsilon=True, max_norm=10.0, reward_scale=0.01,
    )
}  # fmt: skip


class Batch(NamedTuple):
    """M samples, [M, ...] each.  All are data: no gradient goes back through them.

    behaviour_logp: log pi(a | s) of the policy that acted.  old_value: its V(s).  returns: advantage + old_value, before
    advantages were normalised.  weight: gamma^t or 1.
    """

    observation: Tensor
    action: Tensor
    behaviour_logp: Tensor
    old_value: Tensor
    advantage: Tensor
    returns: Tensor
    weight: Tensor


class Loss(NamedTuple):
    """total = policy + c_V value - c_H entropy, each a mean over the samples."""

    total: Tensor
    policy: Tensor
    value: Tensor
    entropy: Tensor


# ------------------------------------------------------------------------------------- from steps to samples
@torch.no_grad()
def prepared(model: ActorCritic, rollout: Rollout, settings: Settings) -> Batch:
    """The M = T N samples of an update.  Where a step terminated nothing follows; where it was cut, V of where it led to."""
    logits, value = model(rollout.observation)
    reward, following = rollout.reward * settings.reward_scale, model.value(rollout.final_observation)
    ends = rollout.terminated, rollout.truncated
    advantage = gae(reward, value, following, *ends, discount=settings.discount, lambda_=settings.lambda_)
    returns = advantage + value
    if settings.normalise == "batch":
        advantage = normalised(advantage)
    time = rollout.time.to(value.dtype)
    weight = torch.pow(settings.discount, time) if settings.discounted else torch.ones_like(time)
    logp = log_probability(logits, rollout.action)
    parts = (rollout.observation, rollout.action, logp, value, advantage, returns, weight)
    return Batch(*[part.flatten(0, 1) for part in parts])


def normalised(advantage: Tensor, *, epsilon: float = 1e-8) -> Tensor:
    """(A - mean) / (std + epsilon) over all entries of all processes, std with divisor M; exactly 0 where all are equal.

    There the quotient would be rounding divided by epsilon: -0.41 for eight times 0.1 in float32.  A NaN in it makes all NaN.
    Raises ValueError on a dtype that is not floating, an empty batch, and an epsilon that is negative or not finite.
    """
    samples(advantage=advantage)
    at_least_zero(epsilon=epsilon)
    mean = mean_over_processes(advantage.mean())
    centred = advantage - mean
    deviation = mean_over_processes(centred.square().mean()).sqrt()
    rounding = 4 * torch.finfo(advantage.dtype).eps * mean.abs()
    return torch.where(deviation <= rounding, 0.0, centred / (deviation + epsilon))


# ------------------------------------------------------------------------------------- the loss
def ppo_loss(
    logits: Tensor,
    value: Tensor,
    batch: Batch,
    *,
    epsilon: float,
    value_coefficient: float,
    entropy_coefficient: float,
    value_clip: float | None = None,
    value_clip_form: ValueClip = "max",
) -> Loss:
    """L of the module's docstring, to be minimised.  logits: [M, A].  value: [M].  Gradients reach these two alone.

    Raises ValueError on unequal shapes, dtypes or devices, no samples, actions that are no integers in [0, A), another form, and
    numbers that are negative or not finite.
    """
    require_samples(logits, value, batch)
    at_least_zero(value_coefficient=value_coefficient, entropy_coefficient=entropy_coefficient)
    at_least_zero(value_clip=0.0 if value_clip is None else value_clip)
    one_of(get_args(ValueClip), value_clip_form=value_clip_form)
    everything = log_softmax(logits)
    logp = everything.gather(-1, batch.action.unsqueeze(-1)).squeeze(-1)
    ratio = (logp - batch.behaviour_logp.detach()).exp()
    policy = -(batch.weight.detach() * ppo_clip(ratio, batch.advantage, epsilon)).mean()
    error = value_loss(value, batch.old_value, batch.returns, clip=value_clip, form=value_clip_form).mean()
    spread = -(everything.exp() * everything).sum(-1).mean()
    total = policy + value_coefficient * error - entropy_coefficient * spread
    return Loss(total, policy, error, spread)


def value_loss(
    value: Tensor, old_value: Tensor, returns: Tensor, *, clip: float | None = None, form: ValueClip = "max"
) -> Tensor:
    """Half the squared error, elementwise; old_value and returns are data.

    clip: V counts as moved from old_value by at most this.  form: "max" takes the larger of both errors (CleanRL, TRL, TorchRL);
    "clipped_only" the clipped one, whose slope beyond is 0 (Stable-Baselines3).
    Raises ValueError on unequal shapes, dtypes or devices, no samples, another form, and a clip that is negative or not finite.
    """
    samples(value=value, old_value=old_value, returns=returns)
    one_of(get_args(ValueClip), form=form)
    old_value, returns = old_value.detach(), returns.detach()
    error = (value - returns).square() / 2
    if clip is None:
        return error
    at_least_zero(clip=clip)
    moved = (old_value + (value - old_value).clamp(-clip, clip) - returns).square() / 2
    return torch.maximum(error, moved) if form == "max" else moved


@torch.no_grad()
def kl_of_policies(behaviour_logp: Tensor, logp: Tensor) -> Tensor:
    """An estimate of KL(old policy, new policy) from actions of the old one, in nats: the mean of k3, never negative.

    Raises ValueError on unequal shapes, dtypes or devices, and on no actions.
    """
    samples(behaviour_logp=behaviour_logp, logp=logp)
    return mean_over_processes(kl_k3(behaviour_logp, logp).mean())


def require_samples(logits: Tensor, value: Tensor, batch: Batch) -> None:
    """Raise ValueError unless all have the same M >= 1 samples and actions are integers in [0, A)."""
    real = {n: getattr(batch, n) for n in ("behaviour_logp", "old_value", "advantage", "returns", "weight")}
    samples(value=value, **real)
    if value.ndim != 1:
        raise ValueError(f"value must have shape [M]; got {tuple(value.shape)}")
    choices(logits, batch.action, value=value)


# ------------------------------------------------------------------------------------- the update
def update(
    model: ActorCritic, optimiser: Optimizer, batch: Batch, settings: Settings, *, generator: torch.Generator
) -> dict[str, float]:
    """All epochs: epochs * ceil(M / minibatch) steps (ch1-ppo-defaults), fewer where the KL ends them.

    Changes the model's parameters and the optimiser's state.  Returns the figures of the last minibatch, and the KL over all
    samples.
    """
    names = ("epsilon", "value_coefficient", "entropy_coefficient", "value_clip", "value_clip_form")
    conventions: dict[str, Any] = {name: getattr(settings, name) for name in names}
    parameters, kl = list(model.parameters()), torch.zeros(())
    for _ in range(settings.epochs):
        order = torch.randperm(len(batch.action), generator=generator, device=batch.action.device)
        for rows in torch.split(order, settings.minibatch):
            part = Batch(*[x[rows] for x in batch])
            if settings.normalise == "minibatch":
                part = part._replace(advantage=normalised(part.advantage))
            logits, value = model(part.observation)
            loss = ppo_loss(logits, value, part, **conventions)
            optimiser.zero_grad(set_to_none=True)
            loss.total.backward()  # type: ignore[no-untyped-call]
            all_reduce_gradients(parameters)
            nn.utils.clip_grad_norm_(parameters, settings.max_norm)
            optimiser.step()
        with torch.no_grad():
            kl = kl_of_policies(batch.behaviour_logp, log_probability(model.policy(batch.observation), batch.action))
        if settings.target_kl is not None and kl > settings.target_kl:
            break
    told = ("loss", "policy_loss", "value_loss", "entropy", "kl")
    return {name: figure.item() for name, figure in zip(told, (*loss, kl), strict=True)}


# ------------------------------------------------------------------------------------- the loop
class PPO:
    """PPO in one environment; numeric.algorithms.learner says what each method does."""

    def __init__(self, environment: BatchedEnv, settings: Settings, *, seed: int) -> None:
        require_envs(environment, settings.num_envs)
        self.environment, self.settings, self.steps = environment, settings, 0
        device, dtype = environment.device, environment.dtype
        first = torch.Generator().manual_seed(seed)  # the same weights on every device and in every process
        self.generator = torch.Generator(device).manual_seed(seed + 1_000_003 * (rank() + 1))
        # values begin near 0: noise in V is noise in A
        self.model = actor_critic(environment, settings.hidden, gain_value=0.01, generator=first)
        self.optimiser = Adam(self.model.parameters(), lr=settings.learning_rate, eps=settings.adam_epsilon, fused=True)
        self.observation = environment.reset(int(torch.randint(2**62, (), generator=self.generator, device=device)))
        self.paid = torch.zeros(environment.num_envs, dtype=dtype, device=device)  # in the episodes that go on

    def iterate(self) -> dict[str, float]:
        settings, left = self.settings, rate_left(self.steps, self.settings.decay_steps)
        for one in self.optimiser.param_groups:
            one["lr"] = settings.learning_rate * left
        if settings.decay_epsilon:
            settings = replace(settings, epsilon=settings.epsilon * left)
        rollout, returns = self.collect()
        batch = prepared(self.model, rollout, settings)
        found = update(self.model, self.optimiser, batch, settings, generator=self.generator)
        require_finite(self.steps, found)
        return {**found, "mean_return": returns.mean().item()}

    def collect(self) -> tuple[Rollout, Tensor]:
        """`horizon` steps in every environment, and the returns of the episodes that ended meanwhile."""
        policy, length, generator = self.model.policy, self.settings.horizon, self.generator
        rollout, self.observation = collect(
            self.environment, policy, self.observation, length=length, generator=generator
        )
        self.steps += rollout.reward.numel()
        returns, self.paid = episode_returns(rollout, self.paid)
        return rollout, returns

    def act(self, observation: Tensor) -> Tensor:
        return self.model.act(observation)

    def state_dict(self) -> dict[str, Any]:
        return saved(self, _PARTS)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        restore(self, _PARTS, state)


_PARTS = ("model", "optimiser", "environment", "generator", "observation", "paid", "steps")


def learner(environment: BatchedEnv, settings: Settings, *, seed: int) -> PPO:
    """A learner whose weights, actions and episodes all follow from the seed."""
    return PPO(environment, settings, seed=seed)
