"""Discounted sums backward in time, and the one place that decides how they are computed.

    y_t = x_t + weight y_{t+1}   where step t goes on,     y_t = x_t   where it does not, and at the last step

With x the TD errors and weight = discount * lambda this is GAE; with rewards in x it is the return.

Which method, by what was measured on a processor with 2 MiB of L2 cache and one thread:

    loop     Differentiable: one new tensor a step.  Whenever autograd, `torch.func` or `torch.compile` follows what is done;
             the compiler merges the steps.
    wide     `numeric.primitives.wide`, on a processor, for GAE and lambda-returns without a mask.  From CHUNK_WIDTH entries a row
             on: a chunk of rows at a time, and two operations of numpy a row, whose calls cost half of what torch's do.  From
             WIDTH on time goes into moving memory, and one row is finished at a time, four operations each.
    rows     One row after the other.  Pieces of at most SHORT steps: short rollouts, wide batches with a mask.  What is summed
             is asked for in pieces of PIECE entries, last steps first, so that it is still in the cache when it is summed.
    blocks   Everything else.  The steps in blocks of LENGTH.  All blocks at once go back through their own steps, which gives y
             up to what follows the block, and the product of weights to its end; the first steps of the blocks are a recurrence
             LENGTH times shorter, solved in the same way; one more product adds what follows to the rest.  That is
             2 LENGTH log(T) / log(LENGTH) operations for T of them, so it wins wherever an operation costs its call and not
             its arithmetic: narrow batches, and any batch on a GPU.  A step that does not go on has weight 0 here.  0 times
             infinity or NaN is NaN, so a result that is not finite is thrown away and computed by rows, where nothing passes
             from one episode to another whatever it holds.  (That question waits for a GPU once.)

All agree up to rounding: blocks add in another order, and their error is no larger than the loop's.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from numeric.primitives.checks import flags, floating, has_time, unit_interval
from numeric.primitives.masks import followed, zeroed
from numeric.primitives.wide import empty

METHODS = ("loop", "rows", "blocks")
PIECE = 2**18  # entries of one piece on a processor: 1 MiB in float32
SHORT = 16  # steps up to which rows are taken one by one
LENGTH = 8  # steps of a block; 4 to 32 cost the same within a fifth

Piece = Callable[[slice], tuple[Tensor, Tensor]]  # steps -> (x, goes_on) of these steps; x may be written over


def discounted_sums(x: Tensor, goes_on: Tensor, *, weight: float, method: str | None = None) -> Tensor:
    """y_t = x_t + weight y_{t+1} where goes_on_t, else x_t; goes_on is not read at the last step.

    x: [T, ...], any unit.  goes_on: bool, of the same shape.  method: one of METHODS; None: by shape.  Where autograd follows x
    the loop is taken whatever is asked for.  Raises ValueError on integers, other shapes or devices, T = 0, a weight outside
    [0, 1] and an unknown method; a batch of width 0 has sums of width 0.
    """
    floating(x=x)
    has_time(x=x)
    flags(x, goes_on=goes_on)
    unit_interval(weight=weight)
    if method is not None and method not in METHODS:
        raise ValueError(f"method must be None or one of {', '.join(METHODS)}; got {method!r}")
    return in_pieces(lambda rows: (x[rows].clone(), goes_on[rows]), x, weight=weight, method=method)


def in_pieces(piece: Piece, *read: Tensor, weight: float, method: str | None = None) -> Tensor:
    """The same, of an x that is computed piece by piece, from the last steps to the first.

    piece(rows): x and goes_on of the steps of a slice.  read: what x is computed from; the first has its shape and dtype.
    """
    like, whole = read[0], slice(0, len(read[0]))
    if method == "loop" or followed(*read):
        return _loop(*piece(whole), weight)
    parts = _parts(like)
    if len(parts) == 1:
        x, goes_on = piece(whole)
        return _solved(piece, whole, x.contiguous(), goes_on, weight, None, method)
    out, after = empty(like), None
    for rows in reversed(parts):
        x, goes_on = piece(rows)
        if method == "rows" or (method is None and len(x) <= SHORT):
            _rows(x, goes_on, weight, after, out[rows])
        else:
            out[rows] = _solved(piece, rows, x.contiguous(), goes_on, weight, after, method)
        after = out[rows.start]
    return out


def _parts(like: Tensor) -> list[slice]:
    """The steps in pieces that fit into a processor's cache; all at once on a GPU."""
    steps, width = len(like), max(1, math.prod(like.shape[1:]))
    most = steps if like.device.type != "cpu" else max(1, PIECE // width)
    return [slice(start, min(start + most, steps)) for start in range(0, steps, most)]


def _solved(
    piece: Piece, rows: slice, x: Tensor, goes_on: Tensor, weight: float, after: Tensor | None, method: str | None
) -> Tensor:
    """y of one piece, written over x."""
    if method == "rows" or (method is None and len(x) <= SHORT):
        return _rows(x, goes_on, weight, after, x)
    y = _blocks(x, goes_on, weight, after)
    if math.isfinite(y.sum().item()):
        return y
    x, goes_on = piece(rows)
    return _rows(x, goes_on, weight, after, x)


def _loop(x: Tensor, goes_on: Tensor, weight: float) -> Tensor:
    """Differentiable; nothing is written over."""
    following, stops, found = x[-1], ~goes_on, [x[-1]]
    for t in reversed(range(len(x) - 1)):
        following = x[t] + weight * following.masked_fill(stops[t], 0.0)
        found.append(following)
    return torch.stack(found[::-1])


def _rows(x: Tensor, goes_on: Tensor, weight: float, after: Tensor | None, out: Tensor) -> Tensor:
    """out, which may be x; after: y of the step that follows."""
    for now, goes, row in zip(reversed(x.unbind()), reversed(goes_on.unbind()), reversed(out.unbind()), strict=True):
        if after is not None:
            torch.add(now, zeroed(after, goes), alpha=weight, out=row)
        elif out is not x:
            row.copy_(now)
        after = row
    return out


def _blocks(x: Tensor, goes_on: Tensor, weight: float, after: Tensor | None) -> Tensor:
    """y, written over x, which is contiguous; after: y of the step that follows."""
    if after is not None:
        x[-1].add_(zeroed(after, goes_on[-1]), alpha=weight)
    factor = goes_on.reshape(len(x), -1).view(torch.int8).to(x.dtype).mul_(weight)
    _by_blocks(x.view(len(x), -1), factor)
    return x


def _by_blocks(y: Tensor, factor: Tensor) -> None:
    """Solve y_t += factor_t y_{t+1} in place; both are [T, N] and contiguous, and factor is written over."""
    blocks = len(y) // LENGTH
    if len(y) <= SHORT:
        return _steps_back(y.unbind(), factor.unbind())
    head = len(y) - blocks * LENGTH
    inside, weights = (z[head:].view(blocks, LENGTH, -1) for z in (y, factor))
    each, to_end = inside.unbind(1), weights.unbind(1)
    for n in range(LENGTH - 2, -1, -1):
        each[n].addcmul_(to_end[n], each[n + 1])
        to_end[n].mul_(to_end[n + 1])
    first, over = each[0].contiguous(), to_end[0].contiguous()
    _by_blocks(first, over)
    inside[:-1].addcmul_(weights[:-1], first[1:, None])
    if head:
        _steps_back(y[: head + 1].unbind(), factor[: head + 1].unbind())


def _steps_back(y: tuple[Tensor, ...], factor: tuple[Tensor, ...]) -> None:
    for t in range(len(y) - 2, -1, -1):
        y[t].addcmul_(factor[t], y[t + 1])
