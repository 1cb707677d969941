"""Bad input, by kind: from a good argument a wrong one, and what a refusal must say about it.

A kind takes Hypothesis' draw and the good value.  `refusal` makes the call and holds the message against the promise: it names
the argument, says what is allowed ("must"), and what was found ("got").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

Draw = Callable[[st.SearchStrategy[Any]], Any]
MIXED = (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.bool, torch.complex64)


@dataclass(frozen=True)
class Bad:
    """value: the wrong argument.  got: what the message must hold of it.  shared: it disagrees with another argument, and the
    message may name that one.  names: the parts of the argument one of which is to be named in its place.
    """

    value: object
    got: str
    shared: bool = False
    names: tuple[str, ...] = ()


Kind = Callable[[Draw, Any], Bad]


def refusal(function: Callable[..., object], good: Mapping[str, object], name: str, bad: Bad) -> None:
    """Assert that the call is refused, with the argument's name, what is allowed and what was found."""
    what = f"{function.__name__}({name} = {bad.got})"
    try:
        function(**{**good, name: bad.value})
    except ValueError as error:
        text = str(error)
    except Exception as error:
        raise AssertionError(f"{what} raises {type(error).__name__} and no ValueError: {error}") from error
    else:
        raise AssertionError(f"{what} is accepted")
    others = [n for n, x in good.items() if isinstance(x, Tensor)] if bad.shared else []
    named = any(re.search(rf"\b{n}\b", text) for n in {*(bad.names or (name,)), *others})
    assert named and re.search(r"\bmust\b", text) and "got " in text and bad.got in text, f"{what} says: {text}"


# ------------------------------------------------------------------------------------- tensors
def no_tensor(draw: Draw, good: Tensor) -> Bad:
    """A number, a list or a text in the place of a tensor."""
    value = draw(st.sampled_from([1.5, [1.0, 2.0], "reward", (True, False)]))
    return Bad(value, f"{type(value).__name__} {value!r}")


def nothing(draw: Draw, good: Tensor) -> Bad:
    """None, for an argument that has no default."""
    return Bad(None, "None")


def integers(draw: Draw, good: Tensor) -> Bad:
    """The same numbers as integers, flags or complex numbers."""
    dtype = draw(st.sampled_from(MIXED))
    return Bad(good.to(dtype), str(dtype))


def other_float(draw: Draw, good: Tensor) -> Bad:
    """Another floating dtype than that of the other arguments."""
    dtype = draw(
        st.sampled_from([d for d in (torch.float16, torch.bfloat16, torch.float32, torch.float64) if d != good.dtype])
    )
    return Bad(good.to(dtype), str(dtype), shared=True)


def other_shape(draw: Draw, good: Tensor) -> Bad:
    """An axis more, an axis less, an entry more along an axis: what broadcasting would let pass, and what it would not."""
    value = draw(st.sampled_from([good[None], good[..., None], *([good[0]] if good.ndim else []), *_longer(good)]))
    return Bad(value, str(tuple(value.shape)), shared=True)


def other_rows(draw: Draw, good: Tensor) -> Bad:
    """Another shape before the last axis, which is free: the number of actions."""
    value = draw(st.sampled_from([good[None], good[0], *_longer(good)[:-1]]))
    return Bad(value, str(tuple(value.shape[:-1])), shared=True)


def other_table(draw: Draw, good: Tensor) -> Bad:
    """Logits of another shape before the last axis, or with no action along it."""
    value = draw(st.sampled_from([good[None], good[0], *_longer(good)[:-1], good[..., :0]]))
    return Bad(value, str(tuple(value.shape)), shared=True)


def _longer(good: Tensor) -> list[Tensor]:
    return [torch.cat([good, good.narrow(dim, 0, 1)], dim) for dim in range(good.ndim)]


def elsewhere(draw: Draw, good: Tensor) -> Bad:
    """On another device than the rest; "meta" stands for one where there is no GPU."""
    return Bad(good.to("meta"), "meta", shared=True)


def no_flags(draw: Draw, good: Tensor) -> Bad:
    """Flags as numbers."""
    dtype = draw(st.sampled_from([torch.float32, torch.float64, torch.int64, torch.uint8]))
    return Bad(good.to(dtype), str(dtype))


def no_index(draw: Draw, good: Tensor) -> Bad:
    """Actions of another dtype than int64."""
    dtype = draw(st.sampled_from([torch.int32, torch.uint8, torch.bool, torch.float32, torch.float64]))
    return Bad(good.to(dtype), str(dtype))


def out_of_range(count: int) -> Kind:
    """One action that is none of [0, count)."""

    def kind(draw: Draw, good: Tensor) -> Bad:
        wrong = draw(st.one_of(st.integers(-(2**40), -1), st.integers(count, 2**40)))
        return Bad(spoilt(draw, good, wrong)[0], f"got {wrong}")

    return kind


def entry(*values: float, says: str = "") -> Kind:
    """One entry with one of these values."""

    def kind(draw: Draw, good: Tensor) -> Bad:
        wrong = draw(st.sampled_from(values))
        return Bad(spoilt(draw, good, wrong)[0], says or f"{wrong}")

    return kind


def spoilt(draw: Draw, good: Tensor, value: float) -> tuple[Tensor, tuple[int, ...]]:
    """A copy with this value in one entry, and where."""
    at = tuple(draw(st.integers(0, n - 1)) for n in good.shape)
    copy = good.clone()
    copy[at] = value
    return copy, at


# ------------------------------------------------------------------------------------- numbers
NO_NUMBER = ("0.5", None, True, torch.tensor(0.5), 1j)


def _told(value: object) -> Bad:
    return Bad(value, "Tensor" if isinstance(value, Tensor) else str(value))


def no_number(draw: Draw, good: float) -> Bad:
    """A text, a flag, a tensor."""
    return _told(draw(st.sampled_from(NO_NUMBER)))


def out_of_unit(draw: Draw, good: float) -> Bad:
    """Outside [0, 1], NaN included."""
    below, above = st.floats(max_value=0, exclude_max=True), st.floats(min_value=1, exclude_min=True)
    return _told(draw(st.one_of(below, above, st.sampled_from([float("nan"), -1, 2]))))


def negative(draw: Draw, good: float) -> Bad:
    """Below 0, infinite, NaN."""
    return _told(
        draw(st.one_of(st.floats(max_value=0, exclude_max=True), st.sampled_from([float("nan"), float("inf"), -1])))
    )


def not_positive(draw: Draw, good: float) -> Bad:
    """0 or below, infinite, NaN."""
    return _told(draw(st.one_of(st.floats(max_value=0), st.sampled_from([float("nan"), float("inf"), 0]))))


def no_count(draw: Draw, good: int) -> Bad:
    """No integer, or none that is 1 or more."""
    return _told(draw(st.one_of(st.integers(max_value=0), st.floats(), st.sampled_from([True, "2", None]))))


def no_axis(axes: int) -> Kind:
    """The number of no axis of a tensor with this many."""

    def kind(draw: Draw, good: int) -> Bad:
        outside = st.one_of(st.integers(max_value=-axes - 1), st.integers(min_value=axes))
        return _told(draw(st.one_of(outside, st.sampled_from([0.0, "0", None, True]))))

    return kind


def no_switch(draw: Draw, good: bool) -> Bad:
    """Neither True nor False."""
    return _told(draw(st.sampled_from([0, 1, "no", None, 0.0])))


def no_word(draw: Draw, good: str) -> Bad:
    """A word that is none of the allowed ones, or no word."""
    return _told(draw(st.sampled_from(["", "best", "Mean", 1, (), 0.5])))


# ------------------------------------------------------------------------------------- the kinds of an argument
REAL = (no_tensor, nothing, integers, other_float, other_shape, elsewhere)  # one of several that agree
ALONE = (no_tensor, nothing, integers)  # the only floating one
FLAG = (no_tensor, nothing, no_flags, other_shape, elsewhere)
MASK = (no_tensor, no_flags, other_shape, elsewhere)  # None: there is none
UNIT = (no_number, out_of_unit)
SIZE = (no_number, negative)
