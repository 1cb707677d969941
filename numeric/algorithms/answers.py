"""Answers: one episode in each environment of a batch, padded to the longest; and the policies that write them.

An answer is what a language model writes to a prompt, token by token; or the walk from a start until it ends, action by action.
Groups of N environments that stand side by side begin in the same state, since their answers are compared with each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from numeric.algorithms.networks import draw, mlp
from numeric.algorithms.transformer import Decoder
from numeric.envs.base import BatchedEnv
from numeric.envs.tabular import Tabular
from numeric.envs.tokens import DIGITS, DigitSum
from numeric.primitives.softmax import log_probability, log_softmax


class Answers(NamedTuple):
    """One episode of each of B environments, padded to the longest, T steps.

    observation: [tokens, ...], of the live slots, in the order of mask (time first).  action: [tokens].  behaviour_logp: [T, B].
    mask: bool [T, B].  reward: [B], summed over the episode.  truncated: bool [B], cut off by the time limit.
    """

    observation: Tensor
    action: Tensor
    behaviour_logp: Tensor
    mask: Tensor
    reward: Tensor
    truncated: Tensor


@torch.no_grad()
def collect(environment: BatchedEnv, policy: nn.Module, generator: torch.Generator, group_size: int) -> Answers:
    """One episode in each environment; those of a group begin in the same state."""
    observation = same_prompts(environment, group_size)
    reward = torch.zeros(environment.num_envs, dtype=environment.dtype, device=environment.device)
    live = torch.ones_like(reward, dtype=torch.bool)
    cut, seen, done, logps, masks = ~live, [], [], [], []
    while bool(live.any()):
        logits = policy(observation[live])
        action = torch.zeros_like(live, dtype=torch.int64)
        action[live] = draw(logits, generator)
        seen.append(observation[live])
        done.append(action[live])
        logps.append(torch.zeros_like(reward).masked_scatter(live, log_probability(logits, action[live])))
        masks.append(live)
        step = environment.step(action)
        reward = reward + torch.where(live, step.reward, 0)
        cut = cut | (live & step.truncated & ~step.terminated)
        live = live & ~(step.terminated | step.truncated)
        observation = step.observation
    return Answers(torch.cat(seen), torch.cat(done), torch.stack(logps), torch.stack(masks), reward, cut)


def same_prompts(environment: BatchedEnv, group_size: int) -> Tensor:
    """New episodes, in which the members of a group begin in the state of the first of them; observations."""
    environment.reset()
    state = environment.state
    assert state is not None  # after a reset
    environment.state = state[..., ::group_size].repeat_interleave(group_size, -1)
    return environment.observe(environment.state)


def log_probabilities(policy: nn.Module, answers: Answers) -> tuple[Tensor, Tensor]:
    """log pi of every token of the answers, [T, B], 0 behind their ends; and the policy's mean entropy over them, in nats."""
    logits = policy(answers.observation)
    logp = torch.zeros_like(answers.behaviour_logp).masked_scatter(
        answers.mask, log_probability(logits, answers.action)
    )
    whole = log_softmax(logits.detach())
    return logp, -(whole.exp() * whole).sum(-1).mean()


# ------------------------------------------------------------------------------------- policies
def policy_for(
    environment: BatchedEnv, hidden: Sequence[int], width: int, layers: int, generator: torch.Generator
) -> nn.Module:
    """A policy that begins uniform and maps observations [n, ...] to logits [n, A].

    Tokens are read by a transformer (width, layers), vectors by a network with these hidden layers, and, where there are none,
    vectors and numbers of states by a table.  Raises ValueError for an environment with other observations.
    """
    shape, actions = environment.observation_shape, environment.num_actions
    device, dtype = environment.device, environment.dtype
    if isinstance(environment, DigitSum):
        return Writer(environment.length, width, layers, generator, device=device, dtype=dtype)
    if len(shape) == 1 and environment.observation_dtype.is_floating_point:
        sizes = (shape[0], *hidden, actions)
        if hidden:
            return mlp(sizes, generator=generator, gain_last=0.0, device=device, dtype=dtype)
        return Table(shape[0], actions, device=device, dtype=dtype)
    if isinstance(environment, Tabular):
        return Table(environment.num_states, actions, device=device, dtype=dtype)
    raise ValueError(f"environment must show vectors, states or tokens; got {environment.observation_dtype}, {shape}")


class Table(nn.Module):
    """A logit for each state and action, all 0 at first: numbers of states [n], or one-hot vectors [n, S], to logits [n, A]."""

    def __init__(self, states: int, actions: int, *, device: torch.device, dtype: torch.dtype) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(states, actions, device=device, dtype=dtype))

    def forward(self, observation: Tensor) -> Tensor:
        return observation @ self.logits if observation.is_floating_point() else self.logits[observation]


class Writer(nn.Module):
    """A transformer for the digit sums: [n, 1 + length], the sum asked for and the digits so far, to logits of the next digit."""

    def __init__(
        self,
        length: int,
        width: int,
        layers: int,
        generator: torch.Generator,
        *,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        sums = (DIGITS - 1) * length + 1
        self.decoder = Decoder(
            DIGITS + sums,
            DIGITS,
            length=length,
            width=width,
            layers=layers,
            generator=generator,
            device=device,
            dtype=dtype,
        )

    def forward(self, observation: Tensor) -> Tensor:
        place = (observation[:, 1:] >= 0).sum(-1)
        # Digits are tokens 0 .. 9, sums come behind them.  What stands behind `place` is not read: the decoder looks back only.
        tokens = torch.cat([DIGITS + observation[:, :1], observation[:, 1:-1].clamp(min=0)], -1)
        logits: Tensor = self.decoder(tokens)[torch.arange(len(tokens), device=tokens.device), place]
        return logits
