"""Dead slots: padding, and whatever lies beyond the end of a trajectory."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd import forward_ad

from numeric.primitives.checks import described, flags

INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}  # by bytes


def zero_dead(tensor: Tensor, mask: Tensor | None) -> Tensor:
    """`tensor` with 0 where `mask` is False; the tensor itself where there is no mask.

    tensor, mask: equal shapes.  The fill replaces, it does not multiply (0 * NaN is NaN), and it stands before any
    arithmetic that is not linear: a fill after that would send 0 * NaN back through the gradient.
    Raises ValueError if mask is not boolean or not of tensor's shape and device.  What is empty stays empty.
    """
    if not isinstance(tensor, Tensor):
        raise ValueError(f"tensor must be a tensor; got {described(tensor)}")
    if mask is None:
        return tensor
    flags(tensor, mask=mask)
    if tensor.is_floating_point() and not followed(tensor):
        return zeroed(tensor, mask)
    return tensor.masked_fill(~mask, 0.0)


def followed(*tensors: Tensor) -> bool:
    """Whether autograd (backward or forward), a transform of `torch.func` or the compiler follows what is done with these.

    Where nothing does, memory may be written over and read as integers.
    """
    return (
        (torch.is_grad_enabled() and any(x.requires_grad for x in tensors))
        or forward_ad._current_level >= 0
        or torch._C._are_functorch_transforms_active()
        or torch.compiler.is_compiling()
    )


def zeroed(tensor: Tensor, keep: Tensor) -> Tensor:
    """`zero_dead` for what nothing follows, checking nothing: the bits times 1 or 0, read as integers, so that a NaN becomes 0.

    On a processor this is four times as fast as a fill, which takes one entry after the other.
    """
    bits = as_integers(keep, tensor.dtype)
    return bits.mul_(tensor.view(bits.dtype)).view(tensor.dtype)


def as_integers(keep: Tensor, dtype: torch.dtype) -> Tensor:
    """1 where `keep`, else 0, as integers of the size of `dtype`."""
    return keep.to(INTEGERS[dtype.itemsize])
