"""Exact values of a statement on an instance, as text, and tables that hypotheses define."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

from proofs.kernel.poly import Poly, is_const
from proofs.kernel.poly import value as constant
from proofs.kernel.statement import Statement
from proofs.kernel.terms import Term, show
from proofs.kernel.value import Instance, Undefined, ball, outcome, rational
from proofs.readings.free import defining, environments
from proofs.readings.spans import cells, index

DIGITS = 12
BITS = 256
COMPARISONS = ("Eq", "Le", "Lt", "Ne")


def sides(statement: Statement, instance: Any) -> dict[str, Any]:
    """{"outcome", "why", "sides": [[exact text, decimal text], ...]} of a statement on an instance.

    outcome: true, false, undefined or not admissible; the two sides where the claim is a comparison and they are defined.
    Raises Malformed or Undecided where the data do not serve.
    """
    found, why = outcome(statement, instance)
    shown: list[list[str]] = []
    if found in ("true", "false") and statement.claim.op in COMPARISONS:
        inst = Instance(statement, instance)
        values = [inst.number(t, ()) for t in statement.claim.args]
        shown = [[exact_text(p), decimal_text(p)] for p in values]
    return {"outcome": found, "why": why, "sides": shown}


def exact_text(p: Poly) -> str:
    """A rational as 36463/10952; a polynomial in logarithms of primes as 1/3*ln 2 - ln 5."""
    out = ""
    for m, c in sorted(p.items(), key=lambda x: sorted((_rank(a), k) for a, k in x[0])):
        powers = sorted(((_rank(a), a), k) for a, k in m)
        logs = "*".join(_atom_text(a) if k == 1 else f"({_atom_text(a)})^{k}" for (_, a), k in powers)
        size = str(abs(c)) if not logs else logs if abs(c) == 1 else f"{abs(c)}*{logs}"
        out += f"{' - ' if c < 0 else ' + '}{size}" if out else f"-{size}" if c < 0 else size
    return out or "0"


def _rank(a: Term) -> tuple[int, str]:
    """Logarithms of primes in the order of the primes, then the rest."""
    prime = a.op == "Ln" and a.args[0].op == "Num"
    return (int(a.args[0].args[0]), "") if prime else (10**9, a.key)


def _atom_text(a: Term) -> str:
    return f"ln {a.args[0].args[0]}" if _rank(a)[1] == "" else show(a)


def decimal_text(p: Poly) -> str:
    """12 significant digits: of a rational by division, of logarithms from a ball that contains the value."""
    if is_const(p):
        c = constant(p)
        return str(Context(prec=DIGITS).divide(Decimal(c.numerator), Decimal(c.denominator)))
    return str(ball(p, BITS).str(DIGITS, radius=False))


def solve(statement: Statement, instance: Mapping[str, Any]) -> dict[str, Any]:
    """The instance with each entry None computed from the hypothesis that defines it, last index first.

    Raises ValueError where no hypothesis defines an entry, Undecided where its right side needs an entry not yet known.
    """
    tables = {name: _copied(rows) for name, rows in instance.get("tables", {}).items()}
    inst = Instance(statement, {**instance, "tables": {name: _filled(rows) for name, rows in tables.items()}})
    missing = {(name, at) for name, rows in tables.items() for at, x in cells(rows) if x is None}
    for name, at in missing:
        _put(inst.tables[name], at, None)  # a premature look at it is an error of the judge's own code
    for d in defining(statement, inst.ints):
        ranges = list(d.ranges)
        for env in reversed(list(environments(ranges, inst.ints))):
            at = tuple(index(a, inst.ints, env) for a in d.equation.args[0].args[1:])
            if (d.name, at) in missing:
                try:
                    found = rational(inst.number(d.equation.args[1], env))
                except Undefined as why:
                    raise ValueError(f"{d.name}{list(at)} must have a value; {why}") from why
                _put(inst.tables[d.name], at, found)
                _put(tables[d.name], at, str(found))
                missing.remove((d.name, at))
    if missing:
        name, at = min(missing)
        raise ValueError(f"{name} must have an entry at {list(at)}: no hypothesis defines it")
    return {**instance, "tables": tables}


def _copied(rows: Any) -> Any:
    return [_copied(x) for x in rows] if isinstance(rows, list) else rows


def _filled(rows: Any) -> Any:
    return [_filled(x) for x in rows] if isinstance(rows, list) else "0" if rows is None else rows


def _put(rows: Any, at: tuple[int, ...], x: Fraction | str | None) -> None:
    for n in at[:-1]:
        rows = rows[n]
    rows[at[-1]] = x


__all__ = ["decimal_text", "exact_text", "sides", "solve"]
