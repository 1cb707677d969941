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

import copy
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from numeric.algorithms.learner import require_finite
from numeric.algorithms.networks import draw, mlp
from numeric.algorithms.parallel import all_reduce_gradients, mean_over_processes, rank
from numeric.envs.base import BatchedEnv
from numeric.primitives.checks import at_least_zero, flags, positive_integer, same_shape, unit_interval
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
        for name, allowed in (("normalise", get_args(Normalise)), ("value_clip_form", get_args(ValueClip))):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {getattr(self, name)!r}")


RECIPES = {
    "CartPole-v1": Settings(
        num_envs=16, horizon=128, epochs=6, minibatch=256, learning_rate=1.5e-3, decay_steps=100_000, discount=0.995,
        lambda_=0.98, decay_epsilon=True, max_norm=10.0, reward_scale=0.01,
    )
}  # fmt: skip


class Rollout(NamedTuple):
    """T steps in N environments, [T, N, ...] each; time: how many steps of its episode came before, from 0."""

    observation: Tensor
    action: Tensor
    reward: Tensor
    terminated: Tensor
    truncated: Tensor
    final_observation: Tensor
    time: Tensor


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
    advantage = gae(
        rollout.reward * settings.reward_scale,
        value,
        model.value(rollout.final_observation),
        rollout.terminated,
        rollout.truncated,
        discount=settings.discount,
        lambda_=settings.lambda_,
    )
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

    There the quotient would be rounding divided by epsilon: -0.41 for eight times 0.1 in float32.
    """
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
    """L of the module's docstring, to be minimised.  logits: [M, A].  value: [M].  Gradients reach these two alone."""
    require_samples(logits, value, batch)
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
    """
    same_shape(value=value, old_value=old_value, returns=returns)
    old_value, returns = old_value.detach(), returns.detach()
    error = (value - returns).square() / 2
    if clip is None:
        return error
    moved = (old_value + (value - old_value).clamp(-clip, clip) - returns).square() / 2
    return torch.maximum(error, moved) if form == "max" else moved


@torch.no_grad()
def kl_of_policies(behaviour_logp: Tensor, logp: Tensor) -> Tensor:
    """An estimate of KL(old policy, new policy) from actions of the old one, in nats: the mean of k3, never negative."""
    return mean_over_processes(kl_k3(behaviour_logp, logp).mean())


def require_samples(logits: Tensor, value: Tensor, batch: Batch) -> None:
    """Raise ValueError unless all have the same M >= 1 samples and actions are integers in [0, A)."""
    real = {n: getattr(batch, n) for n in ("behaviour_logp", "old_value", "advantage", "returns", "weight")}
    same_shape(value=value, **real)
    flags(value, action=torch.zeros_like(batch.action, dtype=torch.bool))
    if logits.ndim != 2 or logits.shape[:1] != value.shape or not len(value):
        found = f"{tuple(logits.shape)}, {tuple(value.shape)}"
        raise ValueError(f"logits must have shape [M, A] and value [M], M >= 1; got {found}")
    if batch.action.dtype != torch.int64:
        raise ValueError(f"action must have dtype int64; got {batch.action.dtype}")
    if batch.action.device.type == "cpu":  # elsewhere it would wait for the device
        low, high = (int(x) for x in batch.action.aminmax())
        if low < 0 or high >= logits.shape[1]:
            raise ValueError(f"action must lie in [0, {logits.shape[1]}); got {low if low < 0 else high}")


# ------------------------------------------------------------------------------------- the update
def update(
    model: ActorCritic,
    optimiser: torch.optim.Optimizer,
    batch: Batch,
    settings: Settings,
    *,
    generator: torch.Generator,
    epsilon: float | None = None,
) -> dict[str, float]:
    """All epochs: epochs * ceil(M / minibatch) steps (ch1-ppo-defaults), fewer where the KL ends them.

    Changes the model's parameters and the optimiser's state.  epsilon: in place of the settings'.  Returns the figures of the
    last minibatch, and the KL over all samples.
    """
    parameters, kl = list(model.parameters()), torch.zeros(())
    for _ in range(settings.epochs):
        order = torch.randperm(len(batch.action), generator=generator, device=batch.action.device)
        for rows in torch.split(order, settings.minibatch):
            part = Batch(*[x[rows] for x in batch])
            if settings.normalise == "minibatch":
                part = part._replace(advantage=normalised(part.advantage))
            logits, value = model(part.observation)
            loss = ppo_loss(
                logits,
                value,
                part,
                epsilon=settings.epsilon if epsilon is None else epsilon,
                value_coefficient=settings.value_coefficient,
                entropy_coefficient=settings.entropy_coefficient,
                value_clip=settings.value_clip,
                value_clip_form=settings.value_clip_form,
            )
            optimiser.zero_grad(set_to_none=True)
            loss.total.backward()  # type: ignore[no-untyped-call]
            all_reduce_gradients(parameters)
            nn.utils.clip_grad_norm_(parameters, settings.max_norm)
            optimiser.step()
        with torch.no_grad():
            kl = kl_of_policies(batch.behaviour_logp, log_probability(model.policy(batch.observation), batch.action))
        if settings.target_kl is not None and kl > settings.target_kl:
            break
    names = ("loss", "policy_loss", "value_loss", "entropy", "kl")
    return {name: figure.item() for name, figure in zip(names, (*loss, kl), strict=True)}


# ------------------------------------------------------------------------------------- networks and loop
class ActorCritic(nn.Module):
    """Two networks that share nothing: [..., inputs] -> logits [..., actions] and values [...]."""

    def __init__(self, inputs: int, actions: int, hidden: tuple[int, ...], **where: Any) -> None:
        super().__init__()
        self.policy = mlp([inputs, *hidden, actions], gain_last=0.01, **where)
        self.critic = mlp([inputs, *hidden, 1], gain_last=0.01, **where)  # begins near 0: noise in V is noise in A

    def value(self, observation: Tensor) -> Tensor:
        values: Tensor = self.critic(observation)
        return values.squeeze(-1)

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        return self.policy(observation), self.value(observation)


class PPO:
    """PPO in one environment; numeric.algorithms.learner says what each method does."""

    def __init__(self, environment: BatchedEnv, settings: Settings, *, seed: int) -> None:
        if environment.num_envs != settings.num_envs:
            raise ValueError(f"environment must have num_envs {settings.num_envs}; got {environment.num_envs}")
        if len(environment.observation_shape) != 1:
            raise ValueError(f"observations must be vectors; got shape {environment.observation_shape}")
        self.environment, self.settings, self.steps = environment, settings, 0
        device, dtype = environment.device, environment.dtype
        first = torch.Generator().manual_seed(seed)  # the same weights on every device and in every process
        self.generator = torch.Generator(device).manual_seed(seed + 1_000_003 * (rank() + 1))
        inputs, actions = environment.observation_shape[0], environment.num_actions
        self.model = ActorCritic(inputs, actions, settings.hidden, generator=first, device=device, dtype=dtype)
        self.optimiser = torch.optim.Adam(
            self.model.parameters(), lr=settings.learning_rate, eps=settings.adam_epsilon, fused=True
        )
        start = torch.randint(2**62, (), generator=self.generator, device=device)
        self.observation = environment.reset(int(start))
        self.paid = torch.zeros(environment.num_envs, dtype=dtype, device=device)  # in the episodes that go on

    def iterate(self) -> dict[str, float]:
        settings = self.settings
        left = 1.0 if settings.decay_steps is None else max(0.0, 1.0 - self.steps / settings.decay_steps)
        for one in self.optimiser.param_groups:
            one["lr"] = settings.learning_rate * left
        rollout, returns = self.collect()
        batch = prepared(self.model, rollout, settings)
        epsilon = settings.epsilon * (left if settings.decay_epsilon else 1.0)
        found = update(self.model, self.optimiser, batch, settings, generator=self.generator, epsilon=epsilon)
        require_finite(self.steps, found)
        return {**found, "mean_return": returns.mean().item()}

    @torch.no_grad()
    def collect(self) -> tuple[Rollout, Tensor]:
        """`horizon` steps in every environment, and the returns of the episodes that ended meanwhile."""
        steps, totals = [], []
        for _ in range(self.settings.horizon):
            time = self.environment.steps.clone()
            action = draw(self.model.policy(self.observation), self.generator)
            made = self.environment.step(action)
            done = made.terminated | made.truncated
            ends = (made.terminated, made.truncated, made.final_observation)
            steps.append(Rollout(self.observation, action, made.reward, *ends, time))
            totals.append(self.paid + made.reward)
            self.paid = totals[-1].masked_fill(done, 0.0)
            self.observation = made.observation
        self.steps += self.settings.horizon * self.environment.num_envs
        rollout = Rollout(*[torch.stack(part) for part in zip(*steps, strict=True)])
        return rollout, torch.stack(totals)[rollout.terminated | rollout.truncated]

    @torch.no_grad()
    def act(self, observation: Tensor) -> Tensor:
        logits: Tensor = self.model.policy(observation)
        return logits.argmax(-1)

    def state_dict(self) -> dict[str, Any]:
        own = {"observation": self.observation.clone(), "paid": self.paid.clone(), "steps": self.steps}
        parts = {name: getattr(self, name).state_dict() for name in ("model", "optimiser", "environment")}
        return copy.deepcopy({**own, **parts, "generator": self.generator.get_state()})

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name in ("model", "optimiser", "environment"):
            getattr(self, name).load_state_dict(state[name])
        self.generator.set_state(state["generator"].cpu())
        self.observation, self.paid = (state[name].clone().to(self.paid.device) for name in ("observation", "paid"))
        self.steps = state["steps"]


def learner(environment: BatchedEnv, settings: Settings, *, seed: int) -> PPO:
    """A learner whose weights, actions and episodes all follow from the seed."""
    return PPO(environment, settings, seed=seed)
