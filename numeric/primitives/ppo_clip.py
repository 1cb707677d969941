"""The clipped surrogate of PPO (Schulman et al. 2017, arXiv:1707.06347, eq. 7), one term a sample.

    C = min(ratio A, clip(ratio, 1 - epsilon, 1 + epsilon) A)

For A >= 0 this is min(ratio, 1 + epsilon) A (hw14a), for A < 0 it is max(ratio, 1 - epsilon) A (hw14b).
"""

from __future__ import annotations

import torch
from torch import Tensor

from numeric.primitives.checks import at_least_zero, not_empty, same_shape, switch
from numeric.primitives.masks import zero_dead


def ppo_clip(
    ratio: Tensor, advantage: Tensor, epsilon: float, *, mask: Tensor | None = None, stop_gradient: bool = True
) -> Tensor:
    """The objective to be maximised, elementwise: no sign is changed and no mean is taken.

    ratio: pi(a|s) / pi_old(a|s).  advantage: of the same shape, in units of reward.  epsilon: at least 0 (0.2 in the
    paper).  mask: True in live slots; dead ones give 0.  Returns the shape of ratio.
    Gradient: the slope in ratio is A, except 0 where A > 0 and ratio > 1 + epsilon, or A < 0 and ratio < 1 - epsilon
    (hw14+).  The advantage is data and receives none; stop_gradient=False lets it through (rlax has the same switch and
    default: `clipped_surrogate_pg_loss(use_stop_gradient=True)`).
    Raises ValueError on unequal shapes, dtypes or devices, a dtype that is not floating, an empty batch, an epsilon that is
    negative or not finite, or a stop_gradient that is not a bool.  A NaN in a live slot gives NaN.
    """
    same_shape(ratio=ratio, advantage=advantage)
    not_empty(ratio=ratio)
    at_least_zero(epsilon=epsilon)
    switch(stop_gradient=stop_gradient)
    ratio, advantage = zero_dead(ratio, mask), zero_dead(advantage, mask)
    if stop_gradient:
        advantage = advantage.detach()
    clipped = ratio.clamp(1.0 - epsilon, 1.0 + epsilon)
    return torch.minimum(ratio * advantage, clipped * advantage)
