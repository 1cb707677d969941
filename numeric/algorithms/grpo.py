"""GRPO, and with two switches Dr. GRPO and RLOO: policy gradients from groups of answers to one prompt.

    repeat
        for each of G prompts: write N answers o_1 .. o_N with the policy pi_old <- pi; answer i gets one reward r_i
        A_i <- (r_i - baseline_i) / (deviation + epsilon)                    one number, the same for every token of the answer
        repeat `epochs` times
            ratio_it <- pi(o_it | prompt, o_i<t) / pi_old(o_it | prompt, o_i<t)
            C_it <- min(ratio_it A_i, clip(ratio_it, 1 - clip, 1 + clip) A_i) - kl_weight k3_it
            step up the gradient of the aggregate of C_it over the tokens of all answers

There is no value function: the group is the baseline.  The switches, and what the step is on average in the first epoch:

    name       baseline   scale         aggregation           a token's weight    the mean of the step
    GRPO       "mean"     "deviation"   "sequence"            1 / (answers |o_i|)     no multiple of the gradient of J
    Dr. GRPO   "mean"     "none"        "constant", length L  1 / (answers L)         (N - 1)/(N L) of it       (hw28b)
    RLOO       "others"   "none"        "constant", length 1  1 / answers             the gradient itself       (hw28b-loo)

J is the mean reward of an answer.  A group of equal rewards teaches nothing: all its advantages are exactly 0.
Claims: alg-grpo, alg-drgrpo, alg-rloo, hw19; they stand on hw28b, hw28b-loo, hw28-0, hw28a, hw19-fraction, ch1-grpo-adv, hw14a,
hw14b, hw23c.  Sources: GRPO: Shao et al. 2024 (arXiv:2402.03300); Dr. GRPO: Liu et al. 2025 (arXiv:2503.20783); RLOO: Ahmadian et
al. 2024 (arXiv:2402.14740); aggregation "token": DAPO, Yu et al. 2025 (arXiv:2503.14476).
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from numeric.algorithms.answers import collect, log_probabilities, policy_for
from numeric.algorithms.learner import require_envs, require_finite, restore, saved
from numeric.algorithms.networks import draw
from numeric.envs.base import BatchedEnv
from numeric.envs.tabular import Tabular
from numeric.primitives.checks import at_least_zero, described, flags, floating, positive_integer, same_shape
from numeric.primitives.group_advantage import Baseline, Scale, group_advantage
from numeric.primitives.kl import kl_k3
from numeric.primitives.masks import zero_dead
from numeric.primitives.ppo_clip import ppo_clip

Aggregation = Literal["sequence", "token", "constant"]
SWITCHES: dict[str, tuple[object, ...]] = {
    "baseline": get_args(Baseline),
    "scale": get_args(Scale),
    "aggregation": get_args(Aggregation),
    "ddof": (0, 1),
}


@dataclass(frozen=True)
class Settings:
    """Every choice, with its unit and source.

    num_envs        answers of an iteration: G groups of N; a multiple of group_size
    group_size      N, answers to one prompt; 64 in GRPO's paper, 8 in many libraries
    baseline        "mean" of the whole group (GRPO, Dr. GRPO) or of the "others" (RLOO)
    scale           "deviation" of the group's rewards, or "none" (Dr. GRPO, RLOO)
    ddof            the variance's divisor is N - ddof; GRPO's paper does not say, libraries take 1
    epsilon         added to the deviation, in units of reward; 1e-4 as in TRL.  No relation to `clip`
    aggregation     the mean over each answer's tokens, then over answers ("sequence"; GRPO, eq. 3); over all tokens of the batch
                    ("token"; DAPO); or the sum over an answer's tokens divided by `length` ("constant"; Dr. GRPO)
    length          for "constant": tokens, the longest answer in Dr. GRPO, 1 in RLOO
    clip            of the ratio, without unit; 0.2 (PPO's paper).  In the first epoch all ratios are 1 and nothing is clipped
    kl_weight       of k3 to the first policy, reward per nat; 0.04 in GRPO's paper, 0 in Dr. GRPO's and in homework problem 19
    epochs          steps on one batch of answers; 1 in GRPO's paper
    learning_rate   of Adam (Kingma and Ba 2015), or of plain gradient steps; depends on the task
    optimizer       "adam" or "sgd".  Where no group teaches anything the gradient is 0; Adam's momentum moves on all the same
    truncated_reward    added to the reward of an answer that the time limit cut off, in units of reward; hw19 leaves it open
    temperature     of the policy as it is evaluated: 0 takes the most probable action, 1 samples as in training.  Where nothing
                    hurries, as in hw19, a policy that arrives for sure may still go in circles if it may not sample
    hidden          widths of hidden layers for vectors; none: one logit for each state and action, a table
    width, layers   of the transformer that reads tokens
    """

    num_envs: int
    group_size: int = 8
    baseline: Baseline = "mean"
    scale: Scale = "deviation"
    ddof: int = 0
    epsilon: float = 1e-4
    aggregation: Aggregation = "sequence"
    length: int = 1
    clip: float = 0.2
    kl_weight: float = 0.0
    epochs: int = 1
    learning_rate: float = 1e-3
    optimizer: Literal["adam", "sgd"] = "adam"
    truncated_reward: float = 0.0
    temperature: float = 0.0
    hidden: tuple[int, ...] = ()
    width: int = 32
    layers: int = 2

    def __post_init__(self) -> None:
        positive_integer(num_envs=self.num_envs, group_size=self.group_size, length=self.length, epochs=self.epochs)
        at_least_zero(clip=self.clip, kl_weight=self.kl_weight, learning_rate=self.learning_rate)
        at_least_zero(temperature=self.temperature, epsilon=self.epsilon)
        positive_integer(width=self.width, layers=self.layers)
        for name, allowed in SWITCHES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}; got {getattr(self, name)!r}")
        if not math.isfinite(self.truncated_reward):
            raise ValueError(f"truncated_reward must be finite; got {self.truncated_reward}")
        if self.num_envs % self.group_size:
            raise ValueError(f"num_envs must be a multiple of group_size, {self.group_size}; got {self.num_envs}")
        if self.optimizer not in ("adam", "sgd"):
            raise ValueError(f"optimizer must be 'adam' or 'sgd'; got {self.optimizer!r}")


def dr_grpo(settings: Settings, length: int) -> Settings:
    """The same task without the group's deviation and the answer's length: Dr. GRPO.  length: tokens of the longest answer."""
    return replace(settings, baseline="mean", scale="none", aggregation="constant", length=length)


def rloo(settings: Settings) -> Settings:
    """The same task with the mean of the others as the baseline, and nothing divided: RLOO."""
    return replace(settings, baseline="others", scale="none", aggregation="constant", length=1)


# ------------------------------------------------------------------------------------- the update
def advantages(reward: Tensor, settings: Settings) -> Tensor:
    """A_i of every answer: [B], in units of reward, or of deviations.

    reward: [B], B a multiple of N; answers of one group stand side by side.  The result is data and has no gradient.
    Raises ValueError on another shape, a dtype that is not floating, a live reward that is not finite, and, with the baseline
    "others", groups of one.
    """
    floating(reward=reward)
    if reward.ndim != 1 or len(reward) == 0 or len(reward) % settings.group_size:
        raise ValueError(
            f"reward must have shape [B], B a multiple of {settings.group_size}; got {tuple(reward.shape)}"
        )
    return group_advantage(
        reward.view(-1, settings.group_size),
        baseline=settings.baseline,
        scale=settings.scale,
        ddof=settings.ddof,
        epsilon=settings.epsilon,
    ).flatten()


def loss(
    logp: Tensor,
    behaviour_logp: Tensor,
    advantage: Tensor,
    mask: Tensor,
    *,
    clip: float = 0.2,
    aggregation: Aggregation = "sequence",
    length: int = 1,
    kl_weight: float = 0.0,
    reference_logp: Tensor | None = None,
    count: float | None = None,
) -> Tensor:
    """What is minimised: minus the aggregate of C_it, a scalar in units of advantage.

    logp, behaviour_logp: log pi and log pi_old of each token written, [T, B] in nats.  advantage: [B].  mask: bool [T, B], True
    on the tokens of answers, False behind their end.  clip, aggregation, length, kl_weight: as in Settings.  reference_logp:
    [T, B], of the policy that k3 keeps close to; needed if kl_weight > 0 and not read otherwise.  count: what the sum over
    answers (over tokens, with "token") is divided by; None: this batch's own.  With the count of a whole batch the losses of its
    parts add up to its loss.

    Gradient: in logp only; behaviour_logp, advantage and reference_logp are data.  Where mask is False nothing is read, and the
    slope is 0; an answer without any token adds nothing and counts as an answer.  With ratios of 1 the value tells nothing (0 in
    GRPO, whatever is learnt); the gradient does.
    Raises ValueError on unequal shapes, dtypes or devices, an empty batch, an unknown aggregation, a negative clip or
    kl_weight, and a count that is not positive.
    """
    _check(logp, behaviour_logp, advantage, mask, aggregation, length)
    at_least_zero(clip=clip)
    at_least_zero(kl_weight=kl_weight)
    if count is not None:
        _require_positive(count)
    ratio = zero_dead(logp - behaviour_logp.detach(), mask).exp()
    term = ppo_clip(ratio, advantage.expand_as(logp), clip, mask=mask)
    if kl_weight:
        if reference_logp is None:
            raise ValueError("reference_logp must be given where kl_weight is positive; got None")
        same_shape(logp=logp, reference_logp=reference_logp)
        term = term - kl_weight * kl_k3(logp, reference_logp.detach(), mask=mask)
    if aggregation == "token":
        return -term.sum() / (int(mask.sum()) if count is None else count)
    share = mask.sum(0).clamp(min=1) if aggregation == "sequence" else length
    return -(term.sum(0) / share).sum() / (len(advantage) if count is None else count)


def _check(logp: Tensor, old: Tensor, advantage: Tensor, mask: Tensor, aggregation: str, length: int) -> None:
    same_shape(logp=logp, behaviour_logp=old)
    flags(logp, mask=mask)
    floating(advantage=advantage)
    if advantage.dtype != logp.dtype or advantage.device != logp.device:
        wanted, found = (f"{x.dtype} on {x.device}" for x in (logp, advantage))
        raise ValueError(f"advantage must be of logp's dtype and device, {wanted}; got {found}")
    positive_integer(length=length)
    if logp.ndim != 2 or advantage.shape != logp.shape[1:]:
        wanted = "logp must have shape [T, B] and advantage shape [B]"
        raise ValueError(f"{wanted}; got {tuple(logp.shape)} and {tuple(advantage.shape)}")
    if aggregation not in ("sequence", "token", "constant"):
        raise ValueError(f"aggregation must be one of sequence, token, constant; got {aggregation!r}")
    if not bool(mask.any()):
        raise ValueError(f"mask must be True for some token; got {tuple(mask.shape)}, all False")


def _require_positive(count: float) -> None:
    if isinstance(count, bool) or not isinstance(count, (int, float)) or not 0 < count < math.inf:
        raise ValueError(f"count must be None, or positive and finite; got {described(count)}")


# ------------------------------------------------------------------------------------- the loop
class GroupLearner:
    """The loop of the pseudo-code in one environment; see numeric.algorithms.learner.  steps: tokens (actions) of answers."""

    def __init__(self, environment: BatchedEnv, settings: Settings, *, seed: int) -> None:
        require_envs(environment, settings.num_envs)
        if isinstance(environment, Tabular) and environment.max_steps is None:
            raise ValueError("environment must have a time limit, since an answer must end; got max_steps = None")
        self.environment, self.settings, self.steps = environment, settings, 0
        self.generator = torch.Generator(device=environment.device).manual_seed(seed)
        self.evaluator = torch.Generator(device=environment.device).manual_seed(seed)  # so that looking changes nothing
        self.policy = policy_for(environment, settings.hidden, settings.width, settings.layers, self.generator)
        self.reference = copy.deepcopy(self.policy).requires_grad_(False)
        kind = torch.optim.Adam if settings.optimizer == "adam" else torch.optim.SGD
        self.optimizer = kind(self.policy.parameters(), lr=settings.learning_rate)

    def iterate(self) -> dict[str, float]:
        """Write answers, judge each by its group, take `epochs` steps."""
        use = self.settings
        answers = collect(self.environment, self.policy, self.generator, use.group_size)
        self.steps += len(answers.action)
        reward = answers.reward + use.truncated_reward * answers.truncated
        advantage = advantages(reward, use)
        figures = {}
        for _ in range(use.epochs):
            logp, entropy = log_probabilities(self.policy, answers)
            reference = log_probabilities(self.reference, answers)[0] if use.kl_weight else None
            value = loss(
                logp,
                answers.behaviour_logp,
                advantage,
                answers.mask,
                clip=use.clip,
                aggregation=use.aggregation,
                length=use.length,
                kl_weight=use.kl_weight,
                reference_logp=reference,
            )
            self.optimizer.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            figures = {"loss": value.item(), "entropy": entropy.item(), "gradient_norm": self._gradient_norm()}
            require_finite(self.steps, figures)
            self.optimizer.step()
        flat = (advantage.view(-1, use.group_size) == 0).all(-1)
        told = {"mean_return": answers.reward, "tokens": answers.mask.sum(0), "flat_groups": flat}
        return figures | {name: found.double().mean().item() for name, found in told.items()}

    def _gradient_norm(self) -> float:
        slopes = [p.grad.flatten() for p in self.policy.parameters() if p.grad is not None]
        return float(torch.cat(slopes).norm())

    @torch.no_grad()
    def act(self, observation: Tensor) -> Tensor:
        """The most probable action, or a draw at the settings' temperature."""
        logits: Tensor = self.policy(observation)
        heat = self.settings.temperature
        return draw(logits / heat, self.evaluator) if heat else logits.argmax(-1)

    def state_dict(self) -> dict[str, Any]:
        """Both policies, the optimiser, the environment, the generators and the counter, as copies."""
        return saved(self, _PARTS)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from such a state."""
        restore(self, _PARTS, state)


_PARTS = ("policy", "reference", "optimizer", "environment", "generator", "evaluator", "steps")


def learner(environment: BatchedEnv, settings: Settings, *, seed: int) -> GroupLearner:
    """What `rlproofs train grpo` drives.  Raises ValueError where the environment has another number of copies than the settings,
    or where an answer may go on for ever: a table without a time limit.
    """
    return GroupLearner(environment, settings, seed=seed)


RECIPES = {
    "bandit": Settings(num_envs=64, learning_rate=0.5, optimizer="sgd"),
    "digit-sum": Settings(num_envs=512, group_size=32, learning_rate=2e-3, layers=1),
    "cliff-walk-sparse": Settings(num_envs=64, learning_rate=0.1, truncated_reward=-100.0, temperature=1.0),
}
