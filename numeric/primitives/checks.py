"""Checks of arguments.  Each raises a ValueError that names the argument, what is allowed and what was found.

The keyword is the argument's name: `same_shape(ratio=ratio, advantage=advantage)`.
"""

from __future__ import annotations

import math
from numbers import Integral

import torch
from torch import Tensor


def floating(**tensors: Tensor) -> None:
    """Each is a real floating tensor (integers would be divided or rounded silently)."""
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            raise ValueError(f"{name} must be a tensor; got {type(tensor).__name__}")
        if not tensor.is_floating_point():
            raise ValueError(f"{name} must have a real floating dtype; got {tensor.dtype}")


def same_shape(**tensors: Tensor) -> None:
    """All are floating, of one shape, dtype and device: broadcasting [N, 1] with [N] is the classic silent error."""
    floating(**tensors)
    (first, model), *others = tensors.items()
    for name, tensor in others:
        if tensor.shape != model.shape:
            raise ValueError(f"{name} must have the shape of {first}, {tuple(model.shape)}; got {tuple(tensor.shape)}")
        if tensor.dtype != model.dtype:
            raise ValueError(f"{name} must have the dtype of {first}, {model.dtype}; got {tensor.dtype}")
        if tensor.device != model.device:
            raise ValueError(f"{name} must be on the device of {first}, {model.device}; got {tensor.device}")


def flags(like: Tensor, **tensors: Tensor) -> None:
    """Each is a boolean tensor of the shape and device of `like`."""
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            raise ValueError(f"{name} must be a boolean tensor; got {type(tensor).__name__}")
        if tensor.dtype != torch.bool:
            raise ValueError(f"{name} must be a boolean tensor; got {tensor.dtype}")
        if tensor.shape != like.shape:
            raise ValueError(f"{name} must have shape {tuple(like.shape)}; got {tuple(tensor.shape)}")
        if tensor.device != like.device:
            raise ValueError(f"{name} must be on device {like.device}; got {tensor.device}")


def has_time(**tensors: Tensor) -> None:
    """Each has a first axis, time, with at least one step."""
    for name, tensor in tensors.items():
        if tensor.ndim == 0 or tensor.shape[0] == 0:
            raise ValueError(f"{name} must have shape [T, ...] with T >= 1; got {tuple(tensor.shape)}")


def unit_interval(**numbers: object) -> None:
    """Each is a number in [0, 1]."""
    for name, number in numbers.items():
        if not 0 <= _float(name, number) <= 1:
            raise ValueError(f"{name} must lie in [0, 1]; got {number}")


def at_least_zero(**numbers: object) -> None:
    """Each is a finite number, 0 or more."""
    for name, number in numbers.items():
        if not 0 <= _float(name, number) < math.inf:
            raise ValueError(f"{name} must be finite and at least 0; got {number}")


def positive_integer(**numbers: object) -> None:
    """Each is an integer, 1 or more."""
    for name, number in numbers.items():
        if isinstance(number, bool) or not (isinstance(number, Integral) and int(number) >= 1):
            raise ValueError(f"{name} must be an integer, 1 or more; got {number}")


def _float(name: str, number: object) -> float:
    """The number itself.  A tensor would broadcast, and torch does not know fractions: both are refused."""
    if not isinstance(number, (int, float)):
        raise ValueError(f"{name} must be an int or a float; got {type(number).__name__}")
    return number
