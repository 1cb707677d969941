"""Contracts: what an algorithm promises, checked on the real code against an exact oracle, and on each patch of its source.

A contract has promises.  A promise is checked by a function of `numeric.contracts` that takes a fresh copy of the algorithm's
module (the very source, or a wrong variant of it) and a device, computes with it on a finite MDP, and yields rows:

    Row(what, got, exact, bound)        got, a float64 tensor or a number, lies within `bound` of the exact value
    Row(what, got, NO_GRADIENT)         got, what autograd left in `.grad`, is None: nothing may arrive there

`exact` is a number (int, Fraction, float taken at its exact value, bool), a ball (middle, radius), None for a slot that is not
compared, or nested lists of them in the shape of `got`.  It must come from an oracle that shares no code with what it checks:
a linear solve in rationals, an enumeration, a closed form.  The bound is stated before anything runs; `rounding` gives it.

Verdicts are those of `numeric.reference`: a row outside its bound refutes, a crash is an `error` and refutes nothing.  So a
wrong variant must compute a wrong number, not merely fail to run.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from numeric.reference import Column, Finding, Seen, Verdict, attempted, compare, fresh_copy, no_gradient, targets

Patch = tuple[str, str, str]  # dotted module, old text, new text
NO_GRADIENT = "no gradient"
UNIT = Fraction(1, 2**52)


@dataclass(frozen=True)
class Row:
    """One comparison; see the module's docstring.  what: what is compared, as it stands in a sentence before "is"."""

    what: str
    got: Any
    exact: Any
    bound: float | Fraction | Column = 0


Check = Callable[[ModuleType, str], Iterable[Row]]


def rounding(operations: int, size: float | Fraction) -> Fraction:
    """What `operations` roundings in float64 can amount to, where nothing on the way is larger than `size`.

    operations: how many additions, products, divisions, exponentials and logarithms lead to one entry, each off by at most two
    units in the last place of `size`.  An upper bound of first order, with a factor of 2 for all higher ones.
    """
    if operations < 1 or not size > 0:
        raise ValueError(f"operations must be at least 1 and size positive; got {operations} and {size}")
    return 4 * operations * UNIT * Fraction(size)


def run(
    check: str, module: str, *, also: Sequence[str] = (), patch: Patch | None = None, device: str = "cpu"
) -> Verdict:
    """The verdict of one promise.

    check: "module:function".  module: what it is run on.  also: modules that `module` imports and that a patch may change, those
    that others import first.  Raises ValueError where the patch names another module, or where nothing is compared.
    """
    names = [*also, module]
    if patch is not None and patch[0] not in names:
        raise ValueError(f"the patch must change one of {', '.join(names)}; got {patch[0]}")

    def attempt(seen: Seen) -> list[Finding]:
        findings = []
        for row in _function(check)(_fresh(names, patch), device):
            seen.append(row.got)
            findings.append(_found(row))
        if not findings:
            raise ValueError(f"{check} must compare something; it yields no row")
        return findings

    return attempted(check.rpartition(":")[2].replace("_", " "), attempt, device)


def _function(name: str) -> Check:
    module, _, function = name.partition(":")
    found: Check = getattr(importlib.import_module(module), function)
    return found


def _found(row: Row) -> Finding:
    if row.exact is NO_GRADIENT:
        return no_gradient(row.what, row.got)
    got = row.got.detach() if isinstance(row.got, Tensor) else torch.tensor(row.got, dtype=torch.float64)
    if not got.is_floating_point():
        got = got.double()
    exact, bound = row.exact, row.bound
    if not isinstance(exact, list):
        got, exact = got.reshape(1) if got.ndim == 0 else got, [exact]
    return compare(row.what, got.cpu(), targets(exact, bound), {})


def _fresh(names: Sequence[str], patch: Patch | None) -> ModuleType:
    """The last of the modules, made anew from its source on top of new copies of the others."""
    with _installed() as install:
        copy = None
        for name in names:
            change = patch[1:] if patch is not None and patch[0] == name else None
            copy = fresh_copy(name, change, install=install)
        assert copy is not None
        return copy


@contextmanager
def _installed() -> Iterator[Callable[[str, ModuleType], None]]:
    """Modules put in place of those that everybody imports, for as long as copies are made of what imports them."""
    before: dict[str, ModuleType | None] = {}

    def install(name: str, copy: ModuleType) -> None:
        before.setdefault(name, sys.modules.get(name))
        sys.modules[name] = copy

    try:
        yield install
    finally:
        for name, old in before.items():
            if old is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = old
