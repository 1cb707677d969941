"""Small networks whose first weights come from a generator, a policy and a critic made of them, and how an action is drawn.

No function here touches torch's global random state: one seed gives the same weights on every device, in every dtype up to
rounding, whatever ran before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from numeric.primitives.checks import (
    at_least_zero,
    described,
    floating,
    generator_on,
    not_empty,
    positive_integer,
    random_source,
)

if TYPE_CHECKING:
    from numeric.envs.base import BatchedEnv

HIDDEN_GAIN = math.sqrt(2.0)


def mlp(
    sizes: Sequence[int],
    *,
    generator: torch.Generator,
    gain_last: float,
    gain: float = HIDDEN_GAIN,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> nn.Sequential:
    """Linear layers with tanh between them: [..., sizes[0]] -> [..., sizes[-1]], no tanh at the end.

    sizes: widths from the observation to the output, two or more.  Weights are random orthogonal matrices (rows or columns
    orthonormal, whichever fit) times `gain`, in the last layer times `gain_last`; biases are 0.  The usual choices: gain sqrt(2);
    gain_last 0.01 for the logits of a policy, so that it begins almost uniform, and 1 for a value (Andrychowicz et al. 2021,
    arXiv:2006.05990; orthogonal weights: Saxe, McClelland and Ganguli 2014, arXiv:1312.6120).
    Raises ValueError for fewer than two sizes or one that is not a positive integer, a generator that is none, a gain that is
    negative or not finite, and a dtype that is not floating.
    """
    if not isinstance(sizes, Sequence) or len(sizes) < 2:
        raise ValueError(f"sizes must hold at least the input's and the output's; got {described(sizes)}")
    for at, size in enumerate(sizes):
        positive_integer(**{f"sizes[{at}]": size})
    at_least_zero(gain_last=gain_last, gain=gain)
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise ValueError(f"dtype must be a real floating dtype; got {dtype!r}")
    layers: list[nn.Module] = []
    last = len(sizes) - 2
    for at, (wide, narrow) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        weight = orthogonal(narrow, wide, generator=generator) * (gain_last if at == last else gain)
        layer = nn.Linear(wide, narrow, device="meta", dtype=dtype).to_empty(device=device)  # draws nothing
        with torch.no_grad():
            layer.weight.copy_(weight)
            layer.bias.zero_()
        layers += [layer] if at == last else [layer, nn.Tanh()]
    return nn.Sequential(*layers)


def orthogonal(rows: int, columns: int, *, generator: torch.Generator) -> Tensor:
    """A [rows, columns] matrix, uniform among those whose shorter side is orthonormal; float64, on the generator's device.

    The Q of a normal matrix, its columns' signs taken from R's diagonal (Mezzadri 2007, arXiv:math-ph/0609050): without that it
    would depend on how the factorisation is computed.
    Raises ValueError unless both are integers, 1 or more, and the generator is one.
    """
    positive_integer(rows=rows, columns=columns)
    random_source(generator=generator)
    tall = torch.randn(
        max(rows, columns), min(rows, columns), generator=generator, dtype=torch.float64, device=generator.device
    )
    q, r = torch.linalg.qr(tall)
    q *= torch.diagonal(r).sign()
    square: Tensor = q if rows >= columns else q.mT
    return square


class ActorCritic(nn.Module):
    """Two networks that share nothing: [..., inputs] -> logits [..., actions] and values [...].

    hidden: widths of the hidden layers of each.  gain_value: of the critic's last layer, see `mlp`.  where: generator, from which
    the policy's weights are drawn first, device and dtype.
    """

    def __init__(
        self, inputs: int, actions: int, hidden: Sequence[int], *, gain_value: float = 0.01, **where: Any
    ) -> None:
        super().__init__()
        self.policy = mlp([inputs, *hidden, actions], gain_last=0.01, **where)
        self.critic = mlp([inputs, *hidden, 1], gain_last=gain_value, **where)

    def value(self, observation: Tensor) -> Tensor:
        values: Tensor = self.critic(observation)
        return values.squeeze(-1)

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        return self.policy(observation), self.value(observation)

    @torch.no_grad()
    def act(self, observation: Tensor) -> Tensor:
        """The most probable action."""
        logits: Tensor = self.policy(observation)
        return logits.argmax(-1)


def actor_critic(
    environment: BatchedEnv, hidden: Sequence[int], *, gain_value: float, generator: torch.Generator
) -> ActorCritic:
    """Networks for an environment, on its device and in its dtype.  Raises ValueError unless observations are vectors."""
    if len(environment.observation_shape) != 1:
        raise ValueError(f"observations must be vectors; got shape {environment.observation_shape}")
    inputs = environment.observation_shape[0]
    where: dict[str, Any] = {"generator": generator, "device": environment.device, "dtype": environment.dtype}
    return ActorCritic(inputs, environment.num_actions, hidden, gain_value=gain_value, **where)


def draw(logits: Tensor, generator: torch.Generator) -> Tensor:
    """One action for each row of logits [..., A], with probabilities softmax(logits): integers of shape [...].

    By inverting the cumulative probabilities, one uniform number a row; on the device of `logits`, which must be the generator's.
    A row with a NaN gets action 0: to look for one would wait for a GPU, and the loss is then NaN, which stops the loop
    (`require_finite`).  Raises ValueError on logits that are not floating, have no action or are none at all, and on a generator
    of another device.
    """
    floating(logits=logits)
    if logits.ndim == 0:
        raise ValueError(f"logits must have shape [..., A]; got {tuple(logits.shape)}")
    not_empty(logits=logits)
    generator_on(logits.device, generator=generator)
    below = logits.softmax(-1).cumsum(-1)[..., :-1]  # the last entry is 1 up to rounding and is not asked
    unit = torch.rand(logits.shape[:-1], generator=generator, dtype=logits.dtype, device=logits.device)
    return (unit.unsqueeze(-1) >= below).sum(-1)
