"""Between which integers an index lies at given sizes; which exponents and times the script must check as it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from proofs.kernel.statement import Decls
from proofs.kernel.terms import Term

Span = tuple[int, int] | None  # least and greatest value; None where that is not known


def span(t: Term, ints: Mapping[str, int], env: tuple[Span, ...] = ()) -> Span:
    """The least and the greatest value of an index."""
    if t.op == "Num" and t.args[0].denominator == 1:
        return int(t.args[0]), int(t.args[0])
    if t.op == "Sym" and t.args[0] in ints:
        return ints[t.args[0]], ints[t.args[0]]
    if t.op == "Bound":
        return env[t.args[0]] if t.args[0] < len(env) else None
    if t.op not in ("Add", "Mul"):
        return None
    a, b = (span(x, ints, env) for x in t.args)
    if a is None or b is None:
        return None
    ends = [x + y for x, y in zip(a, b, strict=True)] if t.op == "Add" else [x * y for x in a for y in b]
    return min(ends), max(ends)


def index(t: Term, ints: Mapping[str, int], env: tuple[int, ...] = ()) -> int:
    """The value of an index without draws.  Raises ValueError where it has none at these sizes."""
    found = span(t, ints, tuple((i, i) for i in env))
    if found is None:
        raise ValueError(f"an index must be a number at these sizes; got {t!r}")
    return found[0]


class Walk:
    """Collects in `unsafe` the powers whose exponent may be negative, and the draws whose time may lie outside."""

    def __init__(self, decls: Decls, ints: Mapping[str, int]) -> None:
        self.decls, self.ints = decls, ints
        self.unsafe: set[Term] = set()
        self.seen: set[tuple[Term, tuple[Span, ...]]] = set()

    def visit(self, t: Term, env: tuple[Span, ...] = ()) -> None:
        if (t, env) in self.seen:
            return
        self.seen.add((t, env))
        if t.op == "Pow" and not self.within(t.args[1], env, 0, None):
            self.unsafe.add(t)
        if t.op == "Draw":
            last = span(self.decls.processes[t.args[0]].last, self.ints)
            if last is None or not self.within(t.args[3], env, 0, last[0]):
                self.unsafe.add(t)
        if t.op == "Def":
            sorts, body = self.decls.defs[t.args[0]]
            spans = [span(a, self.ints, env) if s == "Int" else None for a, s in zip(t.args[1:], sorts, strict=True)]
            self.visit(body, tuple(reversed(spans)))
        if t.op in ("Sum", "All"):
            self.visit_range(t, env)
        else:
            for a in t.terms:
                self.visit(a, (None, *env) if t.op in ("E", "CondE", "Var", "Surely", "D") and a is t.args[-1] else env)

    def visit_range(self, t: Term, env: tuple[Span, ...]) -> None:
        low, high = (span(a, self.ints, env) for a in t.args[:2])
        if low is not None and high is not None and low[0] >= high[1]:
            return  # the range is empty: the body is not looked at
        inner = None if low is None or high is None else (low[0], high[1] - 1)
        for a in t.args[2:]:
            self.visit(a, (inner, *env))

    def within(self, t: Term, env: tuple[Span, ...], low: int, high: int | None) -> bool:
        found = span(t, self.ints, env)
        return found is not None and found[0] >= low and (high is None or found[1] <= high)


def cells(table: Any, at: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    """(index, entry) of nested lists, in order."""
    for n, x in enumerate(table):
        yield from cells(x, (*at, n)) if isinstance(x, list) else [((*at, n), x)]
