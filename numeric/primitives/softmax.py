"""Softmax policies: log-probabilities, scores, and the exact gradient of a one-step expected reward.

    log pi(a) = z_a - log sum_b exp(z_b)                      (hw08a)
    score     = one_hot(a) - pi,   the gradient of log pi(a) by the logits        (hw08c)
    gradient  = pi * (C - sum_b pi_b C_b),   that of sum_b pi_b C_b               (hw08f-gradient)

Arguments shared by all functions:

    logits  z, any shape; the actions lie along the axis `dim` (the last one unless it is said otherwise)
    mask    of the shape of logits, True where an action is available.  The policy gives the others probability 0; their
            own output and gradient are 0 (not -inf: p log p is 0 there), whatever their logits hold.  A row without any
            available action is padding, and all 0.  None: all are available

Logits may be shifted by a constant without any effect (ch1-softmax-reparam): the largest is taken off first, so that no
exponential overflows.  All functions raise ValueError on logits that are not floating or have no action, an empty
batch, a dim that is out of range, and a mask that is not boolean or not of the shape of logits.  A NaN in the logits of an
available action gives NaN for every available action of its row.
"""

from __future__ import annotations

import torch
from torch import Tensor

from numeric.primitives.checks import described, flags, floating, not_empty, same_shape
from numeric.primitives.masks import zero_dead


def log_softmax(logits: Tensor, *, dim: int = -1, mask: Tensor | None = None) -> Tensor:
    """log pi for every action, in nats; the shape of logits.  Differentiates in the logits.

    Slopes: d log pi_a / d z_b = 1{a = b} - pi_b, so that each row of the sum over actions has 1 - k pi_b.
    """
    _actions(logits, dim)
    if mask is None:
        return torch.log_softmax(logits, dim)
    flags(logits, mask=mask)
    return zero_dead(torch.log_softmax(logits.masked_fill(~mask, -torch.inf), dim), mask)


def log_probability(logits: Tensor, action: Tensor, *, dim: int = -1, mask: Tensor | None = None) -> Tensor:
    """log pi(action); the shape of logits without `dim`.  Differentiates in the logits.

    action: indices of dtype int64, of that shape.  Where the action is masked, 0.
    Raises ValueError on actions of another dtype or shape, or outside of [0, k).
    """
    everything = log_softmax(logits, dim=dim, mask=mask)
    return everything.gather(dim, _indices(logits, action, dim)).squeeze(dim)


def score(logits: Tensor, action: Tensor | int, *, dim: int = -1, mask: Tensor | None = None) -> Tensor:
    """one_hot(action) - pi, the gradient of `log_probability` by the logits; the shape of logits.

    action: as in `log_probability`, or one int for all rows.  The score is data: no gradient flows through it.  Its entries
    add up to 0 along `dim`, and its mean over actions drawn from the policy is 0.
    Raises ValueError as `log_probability` does.
    """
    probability = zero_dead(log_softmax(logits, dim=dim, mask=mask).exp(), mask).detach()
    shape = list(logits.shape)
    del shape[dim]
    if isinstance(action, int) and not 0 <= action < logits.shape[dim]:  # 2**63 fits into no tensor
        raise ValueError(f"action must lie in [0, {logits.shape[dim]}); got {action}")
    chosen = torch.full(shape, action, device=logits.device) if isinstance(action, int) else action
    one_hot = torch.zeros_like(probability).scatter(dim, _indices(logits, chosen, dim), 1.0)
    return zero_dead(one_hot - probability, mask)


def expected_gradient(logits: Tensor, reward: Tensor, *, dim: int = -1, mask: Tensor | None = None) -> Tensor:
    """The gradient of sum_a pi_a reward_a by the logits: pi * (reward - mean reward), with the mean under pi.

    reward: what each action pays, of the shape of logits; that of a masked action is not read.  Returns that shape, in
    units of reward.  It is data: no gradient flows through it.
    Raises ValueError on unequal shapes, dtypes or devices.
    """
    same_shape(logits=logits, reward=reward)
    probability = zero_dead(log_softmax(logits, dim=dim, mask=mask).exp(), mask).detach()
    reward = zero_dead(reward, mask).detach()
    mean = (probability * reward).sum(dim, keepdim=True)
    return probability * (reward - mean)


def _actions(logits: Tensor, dim: int) -> None:
    """There is an axis of actions, and it is not empty."""
    floating(logits=logits)
    if isinstance(dim, bool) or not isinstance(dim, int):
        raise ValueError(f"dim must be an integer; got {described(dim)}")
    if not -logits.ndim <= dim < logits.ndim:
        raise ValueError(f"dim must lie in [{-logits.ndim}, {logits.ndim}); got {dim}")
    if logits.shape[dim] == 0:
        raise ValueError(f"logits must have at least one action along dim {dim}; got shape {tuple(logits.shape)}")
    not_empty(logits=logits)


def _indices(logits: Tensor, action: Tensor, dim: int) -> Tensor:
    """The actions with an axis of length 1 at dim."""
    shape = list(logits.shape)
    count = shape.pop(dim)
    if not isinstance(action, Tensor) or action.dtype != torch.int64:
        raise ValueError(f"action must be a tensor of dtype int64; got {getattr(action, 'dtype', described(action))}")
    if list(action.shape) != shape:
        raise ValueError(f"action must have shape {tuple(shape)}; got {tuple(action.shape)}")
    if action.device != logits.device:
        raise ValueError(f"action must be on the device of logits, {logits.device}; got {action.device}")
    outside = action[(action < 0) | (action >= count)]
    if outside.numel():
        raise ValueError(f"action must lie in [0, {count}); got {outside[0].item()}")
    return action.unsqueeze(dim)
