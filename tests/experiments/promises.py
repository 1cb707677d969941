"""Promises that test_contract makes of a primitive: they are found by name, as those of numeric.contracts are."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from types import ModuleType

import torch

from numeric.contract import NO_GRADIENT, Row, rounding

F64 = torch.float64


def one_step(code: ModuleType, device: str) -> Iterator[Row]:
    """The TD error of one step, by hand: 1 + 1/2 * 4 - 2."""
    column = [torch.tensor([x], dtype=F64, device=device) for x in (1.0, 2.0, 4.0)]
    no = torch.tensor([False], device=device)
    found = code.td_error(*column, no, no, discount=0.5)
    yield Row("the TD error", found, [Fraction(1)], rounding(3, 4))
    yield Row("its sum", float(found.sum()), Fraction(1), rounding(3, 4))


def another_step(code: ModuleType, device: str) -> Iterator[Row]:
    """The TD error of another step: 3 + 1/2 * 8 - 1."""
    column = [torch.tensor([x], dtype=F64, device=device) for x in (3.0, 1.0, 8.0)]
    no = torch.tensor([False], device=device)
    yield Row("the TD error", code.td_error(*column, no, no, discount=0.5), [Fraction(6)], rounding(3, 8))


def through_the_clip(code: ModuleType, device: str) -> Iterator[Row]:
    """The clipped objective differentiates in the ratio, and not in the advantage."""
    ratio, advantage = (torch.tensor([x], dtype=F64, device=device, requires_grad=True) for x in (1.0, 2.0))
    code.ppo_clip(ratio, advantage, 0.2).sum().backward()
    yield Row("the slope in the ratio", ratio.grad, [2], rounding(4, 2))
    yield Row("advantage", advantage.grad, NO_GRADIENT)


def nothing(code: ModuleType, device: str) -> Iterator[Row]:
    yield from ()


def half_known(code: ModuleType, device: str) -> Iterator[Row]:
    """A ball that is too wide for its bound decides nothing."""
    yield Row("a number", 1.0, (Fraction(1), Fraction(1, 2)), Fraction(1, 4))


def crashes(code: ModuleType, device: str) -> Iterator[Row]:
    yield Row("a number", 1.0, 1)
    raise RuntimeError("no answer")


def uses_another(code: ModuleType, device: str) -> Iterator[Row]:
    """kl_k3 checks its arguments with a function of another module."""
    try:
        code.same_shape(logp=torch.zeros(1), logq=torch.zeros(2))
        refused = False
    except ValueError:
        refused = True
    yield Row("whether unequal shapes are refused", float(refused), 1)
