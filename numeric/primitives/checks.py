"""Checks of arguments.  Each raises a ValueError that names the argument, what is allowed and what was found.

The keyword is the argument's name: `same_shape(ratio=ratio, advantage=advantage)`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral

import torch
from torch import Tensor


def floating(**tensors: Tensor) -> None:
    """Each is a real floating tensor (integers would be divided or rounded silently)."""
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            raise ValueError(f"{name} must be a tensor; got {described(tensor)}")
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
            raise ValueError(f"{name} must be a boolean tensor; got {described(tensor)}")
        if tensor.dtype != torch.bool:
            raise ValueError(f"{name} must be a boolean tensor; got {tensor.dtype}")
        if tensor.shape != like.shape:
            raise ValueError(f"{name} must have shape {tuple(like.shape)}; got {tuple(tensor.shape)}")
        if tensor.device != like.device:
            raise ValueError(f"{name} must be on device {like.device}; got {tensor.device}")


def not_empty(**tensors: Tensor) -> None:
    """Each has at least one entry: the mean of none is NaN, and an empty batch is a filter that let nothing through."""
    for name, tensor in tensors.items():
        if tensor.numel() == 0:
            raise ValueError(f"{name} must have at least one entry; got shape {tuple(tensor.shape)}")


def samples(**tensors: Tensor) -> None:
    """All are floating, of one shape, dtype and device, and have at least one entry."""
    same_shape(**tensors)
    not_empty(**tensors)


def choices(logits: Tensor, action: Tensor, **values: Tensor) -> None:
    """logits: [..., A], A >= 1; action: integers in [0, A), [...]; each value: [...], floating like the logits, of one dtype."""
    floating(logits=logits, **values)
    for name, value in values.items():
        if logits.ndim != value.ndim + 1 or logits.shape[:-1] != value.shape or logits.shape[-1] == 0:
            wanted = ", ".join([*map(str, value.shape), "A"])
            raise ValueError(f"logits must have shape [{wanted}] with A >= 1; got {tuple(logits.shape)}")
        if logits.dtype != value.dtype or logits.device != value.device:
            pair = (f"{x.dtype} on {x.device}" for x in (value, logits))
            raise ValueError("logits must be of {}'s dtype and device, {}; got {}".format(name, *pair))
    integers(logits.shape[:-1], logits.device, below=logits.shape[-1], action=action)


def integers(shape: Sequence[int], device: torch.device, *, below: int | None = None, **numbers: Tensor) -> None:
    """Each is a tensor of int64 of this shape and device, with entries in [0, below); None: 0 or more.

    The range is asked on a processor only: elsewhere it would wait for the device.
    """
    for name, number in numbers.items():
        if not isinstance(number, Tensor) or number.dtype != torch.int64:
            found = getattr(number, "dtype", described(number))
            raise ValueError(f"{name} must be a tensor of dtype int64; got {found}")
        if number.shape != tuple(shape):
            raise ValueError(f"{name} must have shape {tuple(shape)}; got {tuple(number.shape)}")
        if number.device != device:
            raise ValueError(f"{name} must be on {device}; got {number.device}")
        if number.device.type == "cpu" and number.numel():
            low, high = (int(x) for x in number.aminmax())
            if low < 0 or (below is not None and high >= below):
                allowed = "be at least 0" if below is None else f"lie in [0, {below})"
                raise ValueError(f"{name} must {allowed}; got {low if low < 0 else high}")


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


def switch(**values: object) -> None:
    """Each is True or False: a text such as "no" would count as True."""
    for name, value in values.items():
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be True or False; got {described(value)}")


def one_of(allowed: Sequence[str], **words: object) -> None:
    """Each is one of the allowed words."""
    for name, word in words.items():
        if not isinstance(word, str) or word not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {word!r}")


def random_source(**generators: object) -> None:
    """Each is a generator.  None would be torch's global one, whose state is everybody's."""
    for name, generator in generators.items():
        if not isinstance(generator, torch.Generator):
            raise ValueError(f"{name} must be a torch.Generator; got {described(generator)}")


def generator_on(device: torch.device, **generators: torch.Generator) -> None:
    """Each is a generator on such a device."""
    random_source(**generators)
    for name, generator in generators.items():
        if generator.device.type != device.type:
            raise ValueError(f"{name} must be on {device.type}; got one on {generator.device}")


def described(value: object) -> str:
    """The type and the value in at most 60 characters; of a tensor its dtype, shape and device."""
    kind = type(value).__name__
    if isinstance(value, Tensor):
        return f"{kind} of {value.dtype}, {tuple(value.shape)} on {value.device}"
    return f"{kind} {repr(value)[:60]}"


def _float(name: str, number: object) -> float:
    """The number itself.  A tensor would broadcast, and torch does not know fractions: both are refused, and so is a flag."""
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise ValueError(f"{name} must be an int or a float; got {described(number)}")
    return number
