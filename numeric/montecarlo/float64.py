"""Exact values and float64: enclosures, the nearest float, floats below and above; tables of kernels as thresholds."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proofs.kernel.poly import Poly, is_const
from proofs.kernel.poly import value as constant_value
from proofs.kernel.value import ball

BITS = 256  # of an enclosure that is to be rounded to float64
GRID = 2**53  # the generator's uniform numbers are k / GRID, 0 <= k < GRID


def enclosed(p: Poly) -> tuple[Fraction, Fraction]:
    """An exact value as a ball (middle, radius); a rational has radius 0."""
    if is_const(p):
        return constant_value(p), Fraction(0)
    x = ball(p, BITS)
    mid, rad = x.mid().man_exp(), x.rad().man_exp()
    return Fraction(int(mid[0])) * Fraction(2) ** int(mid[1]), Fraction(int(rad[0])) * Fraction(2) ** int(rad[1])


def nearest(p: Poly) -> float:
    """The float64 next to an exact value (next to the middle of its enclosure, where that has a radius)."""
    return float(enclosed(p)[0])


def below(p: Poly) -> float:
    """A float64 at most the exact value."""
    mid, rad = enclosed(p)
    x = float(mid - rad)
    return x if Fraction(x) <= mid - rad else math.nextafter(x, -math.inf)


def above(p: Poly) -> float:
    """A float64 at least the exact value."""
    mid, rad = enclosed(p)
    x = float(mid + rad)
    return x if Fraction(x) >= mid + rad else math.nextafter(x, math.inf)


def floats(table: Any, name: str) -> NDArray[np.float64]:
    """Nested lists of numbers as an array, each rounded once."""
    rows = _mapped(table, lambda x: nearest(x) if isinstance(x, dict) else float(x))
    try:
        return np.array(rows, dtype=np.float64)
    except ValueError:
        raise ValueError(f"the table of {name} must be rectangular to be sampled") from None


def cumulated(table: Any) -> NDArray[np.float64]:
    """Where one outcome of a kernel ends and the next begins, shape [..., outcomes - 1]: exact sums, rounded once."""
    return np.array(_rows(table, lambda row: [float(c) for c in _sums(row)[:-1]]), dtype=np.float64)


def worst_row(table: Any) -> Fraction:
    """The largest total variation between a row of a kernel and the law of its draw, exactly."""
    distances: list[Fraction] = []

    def collect(row: list[Fraction]) -> None:
        ends = [0, *[math.ceil(Fraction(float(c)) * GRID) for c in _sums(row)]]
        gaps = [abs(Fraction(b - a, GRID) - p) for (a, b), p in zip(pairwise(ends), row, strict=True)]
        distances.append(sum(gaps, Fraction(0)) / 2)

    _rows(table, collect)
    return max(distances)


def _sums(row: list[Fraction]) -> list[Fraction]:
    return [sum(row[: k + 1], Fraction(0)) for k in range(len(row))]


def _rows(table: Any, f: Callable[[list[Fraction]], Any]) -> Any:
    """f at each innermost row of nested lists."""
    return [_rows(x, f) for x in table] if isinstance(table[0], list) else f(table)


def _mapped(table: Any, f: Callable[[Any], Any]) -> Any:
    return [_mapped(x, f) for x in table] if isinstance(table, list) else f(table)
