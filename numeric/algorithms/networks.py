"""Small networks whose first weights come from a generator, and how an action is drawn.

No function here touches torch's global random state: one seed gives the same weights on every device, in every dtype up to
rounding, whatever ran before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from numeric.primitives.checks import floating, positive_integer

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
    Raises ValueError for fewer than two sizes or one that is not a positive integer, and a dtype that is not floating.
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes must hold at least the input's and the output's; got {list(sizes)}")
    for at, size in enumerate(sizes):
        positive_integer(**{f"sizes[{at}]": size})
    if not dtype.is_floating_point:
        raise ValueError(f"dtype must be a real floating dtype; got {dtype}")
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
    """
    tall = torch.randn(
        max(rows, columns), min(rows, columns), generator=generator, dtype=torch.float64, device=generator.device
    )
    q, r = torch.linalg.qr(tall)
    q *= torch.diagonal(r).sign()
    square: Tensor = q if rows >= columns else q.mT
    return square


def draw(logits: Tensor, generator: torch.Generator) -> Tensor:
    """One action for each row of logits [..., A], with probabilities softmax(logits): integers of shape [...].

    By inverting the cumulative probabilities, one uniform number a row; on the device of `logits`, which must be the generator's.
    """
    floating(logits=logits)
    below = logits.softmax(-1).cumsum(-1)[..., :-1]  # the last entry is 1 up to rounding and is not asked
    unit = torch.rand(logits.shape[:-1], generator=generator, dtype=logits.dtype, device=logits.device)
    return (unit.unsqueeze(-1) >= below).sum(-1)
