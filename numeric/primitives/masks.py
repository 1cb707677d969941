"""Dead slots: padding, and whatever lies beyond the end of a trajectory."""

from __future__ import annotations

from torch import Tensor

from numeric.primitives.checks import flags


def zero_dead(tensor: Tensor, mask: Tensor | None) -> Tensor:
    """`tensor` with 0 where `mask` is False; the tensor itself where there is no mask.

    tensor, mask: equal shapes.  The fill replaces, it does not multiply (0 * NaN is NaN), and it stands before any
    arithmetic that is not linear: a fill after that would send 0 * NaN back through the gradient.
    Raises ValueError if mask is not boolean or not of tensor's shape and device.
    """
    if mask is None:
        return tensor
    flags(tensor, mask=mask)
    return tensor.masked_fill(~mask, 0.0)
