"""GAE and lambda-returns of wide batches on a processor, with as few passes over memory and as few calls as there can be.

Very wide (`row_by_row`), four operations a row, the last of which writes the row of the result:

    A_t = (r_t - v_t) + discount (V(s_{t+1}) + lambda A_{t+1})                       advantages
    G_t =  r_t        + discount ((1 - lambda) V(s_{t+1}) + lambda G_{t+1})          lambda-returns

where a trajectory goes on; the bracket is 0 where step t terminated, and V(s_{t+1}) alone where it was cut.  Here time goes into
moving memory, so each row of the result is built in its own place, and the only other array of that size is one row of 0 and 1 to
multiply with, as integers, so that a NaN becomes 0.  What is not finished stays in one row of memory that is in the cache: memory
of the result is touched once.

Wide (`in_chunks`), where a call costs as much as its arithmetic: the sums without what follows are made for as many rows at
once as the cache holds,

    x_t = r_t + discount keep_t V(s_{t+1}) - v_t                     keep: 0 where step t terminated, else 1
    y_t = x_t + discount lambda goes_on_t y_{t+1}                    two operations a row, by numpy: half the price of a call

with 0 and 1 as floats, so a NaN or an infinity does pass an end, and then reaches the first row of the result, because nothing
that is added or multiplied makes it finite again.  If that row is not finite, this was the wrong method, and the caller takes
another.

`numeric.primitives.recurrence` says where each is worth it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from numeric.primitives.masks import INTEGERS, followed

WIDTH = 2**14  # entries of a row from which one row at a time is faster than chunks of several
CHUNK_WIDTH = 2**9  # and from which chunks are faster than `recurrence`
CHUNK = 2**16  # entries of a chunk: 256 KiB in float32
Array = np.ndarray[Any, Any]
SELDOM = 50  # entries for each that is written alone
HUGE = 2**22  # bytes from which numpy asks the system for large pages


def is_wide(*read: Tensor) -> bool:
    """Whether these, of shape [T, ...], are on a processor, wide enough, and followed by nothing that wants its steps."""
    return _at_least(WIDTH, *read)


def is_chunked(*read: Tensor) -> bool:
    """The same for `in_chunks`, which wants a dtype that numpy has, too."""
    return read[0].dtype in (torch.float32, torch.float64) and _at_least(CHUNK_WIDTH, *read)


def _at_least(width: int, *read: Tensor) -> bool:
    like = read[0]
    return like.device.type == "cpu" and math.prod(like.shape[1:]) >= width and not followed(*read)


def row_by_row(
    reward: Tensor,
    value: Tensor | None,
    next_value: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    *,
    discount: float,
    lambda_: float,
    out: Tensor | None = None,
) -> Tensor:
    """Advantages; without a value, lambda-returns.  [T, ...] each, no dead slots; the caller has checked everything.

    out: memory for the result, of its shape.
    """
    out = empty(reward) if out is None else out
    row = torch.empty_like(reward[0], memory_format=torch.contiguous_format)
    keep = torch.empty_like(reward[0], dtype=INTEGERS[reward.dtype.itemsize], memory_format=torch.contiguous_format)
    following: Tensor | None = None
    for t in reversed(range(len(reward))):
        then, cut = next_value[t], truncated[t]
        if following is None:
            row.copy_(then)
        elif value is None:
            torch.lerp(then, following, lambda_, out=row)
        else:
            torch.add(then, following, alpha=lambda_, out=row)
        if following is not None and np.count_nonzero(cut.numpy()):
            torch.where(cut, then, row, out=row)
        _zero(row.view(keep.dtype), terminated[t], keep)
        if value is None:
            following = torch.add(reward[t], row, alpha=discount, out=out[t])
        else:
            torch.add(reward[t], row, alpha=discount, out=row)
            following = torch.sub(row, value[t], out=out[t])
    return out


def in_chunks(
    reward: Tensor,
    value: Tensor | None,
    next_value: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    *,
    discount: float,
    lambda_: float,
    out: Tensor | None = None,
) -> Tensor | None:
    """The same in another way; None where an entry of the first row is not finite, which says nothing of the right result."""
    result, steps = empty(reward) if out is None else out, len(reward)
    v = None if value is None else _matrix(value)
    read = _Chunk(_matrix(reward), v, _matrix(next_value), _matrix(terminated), _matrix(truncated))
    sums, rows = _matrix(result), max(1, CHUNK * steps // reward.numel())
    after: Array | None = None
    with np.errstate(invalid="ignore", over="ignore"):
        for start in range((steps - 1) // rows * rows, -1, -rows):
            part = slice(start, start + rows)
            x, chunk = sums[part], _Chunk(*(None if y is None else y[part] for y in read))
            _unfinished(x, chunk, discount, lambda_, last=after is None)
            after = _back(x, _going(chunk, discount * lambda_), after)
        return result if np.isfinite(sums[0]).all() else None


def _matrix(x: Tensor) -> Array:
    """[T, ...] as [T, B] of numpy, on the same memory where that is possible."""
    return x.numpy(force=True).reshape(len(x), -1)


class _Chunk(NamedTuple):
    """The arguments of the same names, [T, B]; value may be None."""

    reward: Any
    value: Any
    next_value: Any
    terminated: Any
    truncated: Any


def _unfinished(x: Array, chunk: _Chunk, discount: float, lambda_: float, *, last: bool) -> None:
    """x of a chunk.  last: whether it ends the array."""
    reward, value, next_value, terminated, truncated = chunk
    number = x.dtype.type
    np.multiply(next_value, number(discount if value is not None else discount * (1 - lambda_)), out=x)
    if value is None:  # lambda-returns: nothing but V follows an end
        if np.count_nonzero(truncated):
            np.multiply(next_value, number(discount), out=x, where=truncated)
        if last:
            np.multiply(next_value[-1], number(discount), out=x[-1])
    np.copyto(x, 0, where=terminated)
    np.add(x, reward, out=x)
    if value is not None:
        np.subtract(x, value, out=x)


def _going(chunk: _Chunk, weight: float) -> Array:
    """weight where a step goes on, else 0.  numpy turns small integers into floats six times as fast as flags."""
    goes_on = np.logical_or(chunk.terminated, chunk.truncated)
    np.logical_not(goes_on, out=goes_on)
    found: Array = goes_on.view(np.int8).astype(chunk.reward.dtype)
    found *= chunk.reward.dtype.type(weight)
    return found


def _back(x: Array, weights: Array, after: Array | None) -> Array:
    """x_t += weights_t x_{t+1} in place, from the last row to the first, which is returned; after: what follows."""
    added = np.empty_like(x[0])
    for row, weight in zip(x[::-1], weights[::-1], strict=True):
        if after is not None:
            np.multiply(after, weight, out=added)
            np.add(row, added, out=row)
        after = row
    first: Array = x[0]
    return first


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
