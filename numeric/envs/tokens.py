"""A token task with a verifiable answer: write digits whose sum is the number asked for.

The smallest task with what makes language models different from CartPole: a prompt, an answer of several tokens, one reward
at its end, and many right answers.  A prompt is a target t; an answer is `length` digits; the reward is 1 if they
add up to t, else 0.  The number of right answers is known exactly (`answers`), so a uniform policy's chance of success is, too.
"""

from __future__ import annotations

import torch
from torch import Tensor

from numeric.envs.base import BatchedEnv
from numeric.primitives.checks import positive_integer

DIGITS = 10


def answers(length: int) -> Tensor:
    """How many digit strings of this length have each sum 0 .. 9 length: int64 [9 length + 1], by convolution."""
    positive_integer(length=length)
    counts = torch.ones(1, dtype=torch.int64)
    for _ in range(length):
        wide = torch.zeros(len(counts) + DIGITS - 1, dtype=torch.int64)
        for digit in range(DIGITS):
            wide[digit : digit + len(counts)] += counts
        counts = wide
    return counts


class DigitSum(BatchedEnv):
    """N prompts, answered digit by digit.

    length: digits of an answer.  targets: the sums that may be asked for, drawn uniformly; None: all of 0 .. 9 length.
    Observations: int64 [N, 1 + length]: the target, then the digits written so far, -1 for those to come.  Actions: the ten
    digits.  The reward is 0 until the last digit, then 1 or 0; the last digit terminates.
    """

    num_actions = DIGITS

    def __init__(
        self,
        num_envs: int,
        *,
        length: int = 3,
        targets: Tensor | None = None,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
        check_actions: bool | None = None,
    ) -> None:
        super().__init__(num_envs, max_steps=None, device=device, dtype=dtype, seed=seed, check_actions=check_actions)
        positive_integer(length=length)
        self.length, self.observation_shape, self.observation_dtype = length, (1 + length,), torch.int64
        most = (DIGITS - 1) * length
        targets = torch.arange(most + 1) if targets is None else targets
        if targets.ndim != 1 or len(targets) == 0 or int(targets.min()) < 0 or int(targets.max()) > most:
            raise ValueError(f"targets must be a list of sums in [0, {most}]; got {targets.tolist()!r:.80}")
        self.targets = targets.to(self.device)

    def starts(self, count: int) -> Tensor:
        """[1 + length, count]: a target each, and nothing written."""
        drawn = torch.randint(len(self.targets), (count,), generator=self.generator, device=self.device)
        out = torch.full((1 + self.length, count), -1, dtype=torch.int64, device=self.device)
        out[0] = self.targets[drawn]
        return out

    def advance(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Write one digit."""
        written = state[1:]
        place = (written >= 0).sum(0)
        following = state.clone()
        following[1:].scatter_(0, place[None], action[None].to(torch.int64))
        over = place == self.length - 1
        right = following[1:].sum(0) == following[0]
        return following, (over & right).to(self.dtype), over

    def observe(self, state: Tensor) -> Tensor:
        """[N, 1 + length]."""
        return state.mT
