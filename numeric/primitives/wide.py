"""GAE and lambda-returns of very wide batches on a processor: four operations a row, in the row of the result.

    A_t = (r_t - v_t) + discount (V(s_{t+1}) + lambda A_{t+1})                       advantages
    G_t =  r_t        + discount ((1 - lambda) V(s_{t+1}) + lambda G_{t+1})          lambda-returns

where a trajectory goes on; the bracket is 0 where step t terminated, and V(s_{t+1}) alone where it was cut.  Here time goes into
moving memory, so each row of the result is built in its own place, and the only other array of that size is one row of 0 and 1 to
multiply with, as integers, so that a NaN becomes 0.
`numeric.primitives.recurrence` says where this is worth it.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from numeric.primitives.masks import INTEGERS, followed

WIDTH = 2**14  # entries of a row from which this is faster than pieces of several rows
SELDOM = 50  # entries for each that is written alone
HUGE = 2**22  # bytes from which numpy asks the system for large pages


def is_wide(*read: Tensor) -> bool:
    """Whether these, of shape [T, ...], are on a processor, wide enough, and followed by nothing that wants its steps."""
    like = read[0]
    return like.device.type == "cpu" and math.prod(like.shape[1:]) >= WIDTH and not followed(*read)


def row_by_row(
    reward: Tensor,
    value: Tensor | None,
    next_value: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    *,
    discount: float,
    lambda_: float,
) -> Tensor:
    """Advantages; without a value, lambda-returns.  [T, ...] each, no dead slots; the caller has checked everything."""
    out = empty(reward)
    keep = torch.empty_like(reward[0], dtype=INTEGERS[reward.dtype.itemsize], memory_format=torch.contiguous_format)
    following: Tensor | None = None
    for t in reversed(range(len(reward))):
        row, then, cut = out[t], next_value[t], truncated[t]
        if following is None:
            row.copy_(then)
        elif value is None:
            torch.lerp(then, following, lambda_, out=row)
        else:
            torch.add(then, following, alpha=lambda_, out=row)
        if following is not None and np.count_nonzero(cut.numpy()):
            torch.where(cut, then, row, out=row)
        _zero(row.view(keep.dtype), terminated[t], keep)
        torch.add(reward[t], row, alpha=discount, out=row)
        following = row if value is None else row.sub_(value[t])
    return out


def _zero(row: Tensor, where: Tensor, keep: Tensor) -> None:
    """0 into a row of integers, in place; keep: memory of its size.

    numpy writes where it must and nowhere else, which costs least where that is seldom; else the row is multiplied.
    """
    count = np.count_nonzero(where.numpy())
    if count * SELDOM > row.numel():
        row.mul_(keep.copy_(~where))
    elif count:
        np.copyto(row.numpy(), 0, where=where.numpy())


def empty(like: Tensor) -> Tensor:
    """Memory for a result.  A processor's large ones come from numpy, which asks for large pages: the first write to fresh
    small ones costs more than all the rest."""
    size = like.numel() * like.element_size()
    if like.device.type != "cpu" or size < HUGE:
        return torch.empty(like.shape, dtype=like.dtype, device=like.device)
    return torch.from_numpy(np.empty(size, np.uint8)).view(like.dtype).view(like.shape)
