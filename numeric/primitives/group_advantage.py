"""Advantages within groups of answers to one prompt: GRPO, Dr. GRPO and RLOO are one function with two switches.

    baseline_i = mean of all rewards of the group        (GRPO, Dr. GRPO)      or of the other members'      (RLOO)
    advantage_i = (reward_i - baseline_i) / (deviation + epsilon)  (GRPO)      or undivided        (Dr. GRPO, RLOO)

    name        baseline   scale        ddof   epsilon      the expected gradient is
    GRPO        "mean"     "deviation"  0, 1   > 0          biased, and no multiple of the true one
    Dr. GRPO    "mean"     "none"       -      -            (N - 1) / N of the true one (hw28b)
    RLOO        "others"   "none"       -      -            the true one (hw28b-loo)

With divisor N (`ddof` = 0) and rewards of which a fraction f is 1 and the others are 0, GRPO's advantages are sqrt((1 - f)/f) and
-sqrt(f/(1 - f)) at epsilon = 0 (hw19-fraction).  TRL divides by the estimate (`ddof` = 1) plus 1e-4, verl plus 1e-6.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from numeric.primitives.checks import at_least_zero, described, flags, floating, not_empty
from numeric.primitives.masks import zero_dead

Baseline = Literal["mean", "others"]
Scale = Literal["deviation", "none"]


def group_advantage(
    reward: Tensor,
    *,
    baseline: Baseline = "mean",
    scale: Scale = "deviation",
    ddof: int = 0,
    epsilon: float = 1e-4,
    dim: int = -1,
    mask: Tensor | None = None,
) -> Tensor:
    """The advantage of each member of each group, in units of reward, or of deviations where scale is "deviation".

    reward: [..., N] of a floating dtype, a group of N answers to one prompt along `dim`; the other axes are groups.  baseline,
    scale: see the module's docstring.  ddof: the divisor of the variance is N - ddof.  epsilon: added to the deviation, at least
    0.  mask: True in live slots, for groups of different sizes; dead ones count for nothing and give 0.  Returns the shape of
    reward.  The result is data: it has no gradient.

    A group whose rewards are all equal has advantages of exactly 0, also in floats and with epsilon = 0, where the formula says
    0/0 (ch1-grpo-adv-equal); so has a group of one with baseline "mean".
    Raises ValueError on a live reward that is not floating or not finite, an empty batch, a group of one with baseline "others",
    an unknown switch, a ddof other than 0 and 1, a negative epsilon, and a mask of another shape.
    """
    live = _check(reward, baseline, scale, ddof, epsilon, dim, mask)
    reward = zero_dead(reward, mask).detach()
    count = live.sum(dim, keepdim=True).clamp(min=1).to(reward.dtype)
    centred = reward - reward.sum(dim, keepdim=True) / count
    centred = zero_dead(centred, mask)
    if scale == "deviation":
        variance = centred.square().sum(dim, keepdim=True) / (count - ddof).clamp(min=1)
        centred = centred / (variance.sqrt() + epsilon)
    if baseline == "others":  # r - (S - r)/(N - 1) = (r - S/N) N/(N - 1)
        centred = centred * (count / (count - 1).clamp(min=1))
    return torch.where(_agree(reward, live, dim), torch.zeros_like(reward), centred)


def _agree(reward: Tensor, live: Tensor, dim: int) -> Tensor:
    """The groups whose live rewards are all equal."""
    top = reward.masked_fill(~live, -torch.inf).amax(dim, keepdim=True)
    bottom = reward.masked_fill(~live, torch.inf).amin(dim, keepdim=True)
    return top <= bottom


def _check(
    reward: Tensor, baseline: str, scale: str, ddof: int, epsilon: float, dim: int, mask: Tensor | None
) -> Tensor:
    """The live slots."""
    floating(reward=reward)
    if isinstance(dim, bool) or not isinstance(dim, int):
        raise ValueError(f"dim must be an integer; got {described(dim)}")
    if reward.ndim == 0 or not -reward.ndim <= dim < reward.ndim or reward.shape[dim] == 0:
        raise ValueError(
            f"reward must have an axis dim = {dim} with at least one member; got shape {tuple(reward.shape)}"
        )
    not_empty(reward=reward)
    if mask is not None:
        flags(reward, mask=mask)
    live = torch.ones_like(reward, dtype=torch.bool) if mask is None else mask
    odd = ~reward.isfinite() & live
    if bool(odd.any()):
        at = odd.nonzero()[0].tolist()
        raise ValueError(f"reward must be finite; got {reward[tuple(at)].item()} at {at}")
    for name, value, allowed in (("baseline", baseline, ("mean", "others")), ("scale", scale, ("deviation", "none"))):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")
    if ddof not in (0, 1) or isinstance(ddof, bool):
        raise ValueError(f"ddof must be 0 or 1; got {ddof!r}")
    at_least_zero(epsilon=epsilon)
    if baseline == "others" and bool((live.sum(dim) == 1).any()):
        raise ValueError("reward must have 2 members or more for the baseline of the others; got a group of 1")
    return live
