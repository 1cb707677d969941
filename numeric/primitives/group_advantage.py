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

from numeric.primitives.checks import at_least_zero, floating

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
) -> Tensor:
    """The advantage of each member of each group, in units of reward, or of deviations where scale is "deviation".

    reward: [..., N] of a floating dtype, a group of N answers to one prompt along `dim`; the other axes are groups.  baseline,
    scale: see the module's docstring.  ddof: the divisor of the variance is N - ddof.  epsilon: added to the deviation, at least
    0.  Returns the shape of reward.  The result is data: it has no gradient.

    A group whose rewards are all equal has advantages of exactly 0, also in floats and with epsilon = 0, where the formula says
    0/0 (ch1-grpo-adv-equal); so has a group of one with baseline "mean".
    Raises ValueError on a reward that is not floating or not finite, an empty group, a group of one with baseline "others", an
    unknown switch, a ddof other than 0 and 1, and a negative epsilon.
    """
    _check(reward, baseline, scale, ddof, epsilon, dim)
    reward = reward.detach()
    count = reward.shape[dim]
    centred = reward - reward.mean(dim, keepdim=True)
    agree = reward.amax(dim, keepdim=True) == reward.amin(dim, keepdim=True)
    if scale == "deviation":
        variance = centred.square().sum(dim, keepdim=True) / max(1, count - ddof)
        centred = centred / (variance.sqrt() + epsilon)
    if baseline == "others":  # r - (S - r)/(N - 1) = (r - S/N) N/(N - 1)
        centred = centred * (count / (count - 1))
    return torch.where(agree, torch.zeros_like(reward), centred)


def _check(reward: Tensor, baseline: str, scale: str, ddof: int, epsilon: float, dim: int) -> None:
    floating(reward=reward)
    if reward.ndim == 0 or not -reward.ndim <= dim < reward.ndim or reward.shape[dim] == 0:
        raise ValueError(
            f"reward must have an axis dim = {dim} with at least one member; got shape {tuple(reward.shape)}"
        )
    if not bool(reward.isfinite().all()):
        odd = (~reward.isfinite()).nonzero()[0].tolist()
        raise ValueError(f"reward must be finite; got {reward[tuple(odd)].item()} at {odd}")
    for name, value, allowed in (("baseline", baseline, ("mean", "others")), ("scale", scale, ("deviation", "none"))):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")
    if ddof not in (0, 1) or isinstance(ddof, bool):
        raise ValueError(f"ddof must be 0 or 1; got {ddof!r}")
    at_least_zero(epsilon=epsilon)
    if baseline == "others" and reward.shape[dim] < 2:
        raise ValueError(f"reward must have 2 members or more for the baseline of the others; got {reward.shape[dim]}")
