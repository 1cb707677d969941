"""The Bernoulli policy: two actions, of which action 1 has the probability sigma(h) = 1 / (1 + exp(-h)).

    log pi(1) = -log(1 + exp(-h))      log pi(0) = -log(1 + exp(h))      d/dh log pi(a) = a - sigma(h)

With two actions the softmax of preferences h_0 and h_1 is this policy at h = h_1 - h_0 (epfl-2024-3.1).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from numeric.primitives.checks import not_empty, same_shape
from numeric.primitives.masks import zero_dead


def bernoulli_logp(logit: Tensor, action: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """log pi(action), elementwise, in nats (epfl-2024-3.2.log).

    logit: the preference for action 1 over action 0.  action: 0.0 or 1.0, of the same shape.  mask: True in live slots; dead
    ones give 0.  Returns that shape; finite for every finite logit, where log(sigmoid(h)) is -inf from h = -710 on.
    Slope in logit: action - sigma(logit) (epfl-2024-3.2.final).  The action is data and receives no gradient.
    Raises ValueError on unequal shapes, dtypes or devices, a dtype that is not floating, an empty batch, or a live action that
    is neither 0 nor 1.  A NaN in a live logit gives NaN.
    """
    logit, action = _checked(logit, action, mask)
    return zero_dead(logsigmoid((2.0 * action - 1.0) * logit), mask)


def bernoulli_score(logit: Tensor, action: Tensor, feature: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """The gradient of log pi(action) along the weight of this feature, (action - sigma(logit)) feature (epfl-2024-3.2.final).

    logit, action, feature: of one shape; logit = theta . x, and feature the coordinate of x that belongs to the weight.
    mask: True in live slots; dead ones give 0.  Returns that shape.
    Slopes: action - sigma in feature, -sigma (1 - sigma) feature in logit.
    Raises ValueError as `bernoulli_logp` does.
    """
    same_shape(logit=logit, feature=feature)
    logit, action = _checked(logit, action, mask)
    return (action - torch.sigmoid(logit)) * zero_dead(feature, mask)


def _checked(logit: Tensor, action: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Both with 0 in dead slots, and the action cut off from gradients."""
    same_shape(logit=logit, action=action)
    not_empty(logit=logit)
    logit, action = zero_dead(logit, mask), zero_dead(action, mask).detach()
    odd = action[(action != 0) & (action != 1)]
    if odd.numel():
        raise ValueError(f"action must be 0 or 1; got {odd[0].item()}")
    return logit, action
