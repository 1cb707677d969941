"""What on-policy algorithms learn from: a rollout of T steps in each of N environments, which begins where the last one ended.

    repeat T times, in every environment
        a ~ pi(. | s);  write down s, a, r, how the step ended, the state that it led to, and how old the episode was in s
        s <- that state, or the first one of a new episode where the step was the last

Arrays are time-major, [T, N]; an episode may end anywhere in a column, and the next one follows it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from numeric.algorithms.networks import draw
from numeric.envs.base import BatchedEnv
from numeric.primitives.checks import flags, floating, has_time, not_empty, positive_integer, same_shape


class Rollout(NamedTuple):
    """observation, final_observation: [T, N, ...]; the others [T, N].

    final_observation: what a step led to; at an end the last state of the episode, not the first of the next one.
    time: how many steps of its episode came before, from 0.
    """

    observation: Tensor
    action: Tensor
    reward: Tensor
    terminated: Tensor
    truncated: Tensor
    final_observation: Tensor
    time: Tensor


@torch.no_grad()
def collect(
    environment: BatchedEnv,
    policy: Callable[[Tensor], Tensor],
    observation: Tensor,
    *,
    length: int,
    generator: torch.Generator,
) -> tuple[Rollout, Tensor]:
    """`length` steps in every environment from `observation` on, and the observation after them, [N, ...].

    policy: observations [N, ...] to logits [N, A].  observation: what the environment showed last.  Actions are drawn with the
    generator, one number for each environment and step; nothing else is random here.
    Raises ValueError on a length that is not an integer, 1 or more, and as `draw` does.
    """
    positive_integer(length=length)
    steps = []
    for _ in range(length):
        time = environment.steps.clone()
        action = draw(policy(observation), generator)
        made = environment.step(action)
        ends = (made.terminated, made.truncated, made.final_observation)
        steps.append(Rollout(observation, action, made.reward, *ends, time))
        observation = made.observation
    return Rollout(*[torch.stack(part) for part in zip(*steps, strict=True)]), observation


def episode_returns(rollout: Rollout, paid: Tensor) -> tuple[Tensor, Tensor]:
    """The undiscounted returns of the episodes that ended in a rollout, earlier ones first; and what the others have paid so far.

    paid: [N], what the episodes that the rollout goes on with had paid before it; the second of what is returned is of that kind.
    Raises ValueError on unequal shapes, dtypes or devices, flags that are not boolean, and no steps.
    """
    reward = rollout.reward
    floating(reward=reward)
    has_time(reward=reward)
    not_empty(reward=reward)
    flags(reward, terminated=rollout.terminated, truncated=rollout.truncated)
    same_shape(reward_of_a_step=reward[0], paid=paid)
    done, totals = rollout.terminated | rollout.truncated, []
    for now, ended in zip(reward, done, strict=True):
        totals.append(paid + now)
        paid = totals[-1].masked_fill(ended, 0.0)
    return torch.stack(totals)[done], paid
