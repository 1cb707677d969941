"""What a statement is about, in words: sizes, functions, processes and abbreviations, and an instance of them."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from proofs.claims import Claim, Instance
from proofs.kernel.terms import Term, applied, mk
from proofs.runner.readings import text

MOST_NUMBERS = 12  # of a table that is printed in full
Raw = list[Any]


def names(claim: Claim) -> list[tuple[str, str]]:
    """(names, what they are), in the order in which they were declared; like declarations in a row are told once."""
    if claim.statement is None:
        return []
    told = [(named(claim, d), said(claim, d)) for d in claim.statement.raw]
    out = []
    for what, group in groupby(told, key=lambda row: row[1]):
        together = [name for name, _ in group]
        out.append((", ".join(together), what if len(together) == 1 else f"each {what}"))
    return out


def named(claim: Claim, d: Raw) -> str:
    """The name as formulas print it, an abbreviation with its arguments."""
    if d[0] == "Def":
        return text(claim, _call(claim, d))
    return _symbol(claim, d[1])


def said(claim: Claim, d: Raw) -> str:
    kind, rest = d[0], d[2:]
    if kind == "Size":
        return f"an integer, at least {rest[0]}"
    if kind == "Fn":
        return f"a real function of {'an integer' if rest[0] == 1 else f'{rest[0]} integers'}"
    if kind == "Kernel":
        return _pmf(claim, *rest)
    if kind == "Process":
        return _process(claim, *rest)
    if kind == "Def":
        return f"= {text(claim, applied(rest[1], _arguments(claim, d)))}"
    return "an integer" if kind == "Int" else "a real number"


def _pmf(claim: Claim, sizes: list[Term], size: Term) -> str:
    on = f"a probability mass function on {_range(claim, size)}"
    return f"{on} for each argument in {' × '.join(_range(claim, s) for s in sizes)}" if sizes else on


def _range(claim: Claim, size: Term) -> str:
    return f"{{0..{text(claim, size - 1) if size.op != 'Add' else text(claim, size.args[0])}}}"


def _process(claim: Claim, last: Term, draws: list[Raw]) -> str:
    """`at each time t in {0..T}: s[t] from p0 at first, then P(t - 1, s[t - 1]); a[t] from pi(t, s[t])`."""
    one = last.op == "Num" and last.args[0] == 0
    told = []
    for name, _, first, parents, later, more in draws:
        opening, going_on = _from(claim, first, parents, one), _from(claim, later, more, one)
        then = "" if one or opening == going_on else f" at time 0, then from {going_on}"
        told.append(f"{name}[{'0' if one else 't'}] from {opening}{then}")
    when = "draws " if one else f"draws at each time t in {{0..{text(claim, last)}}}: "
    return when + "; ".join(told)


def _from(claim: Claim, kernel: str, parents: list[Any], one: bool) -> str:
    at = ["0" if one and not c else f"t - {-c}" if c < 0 else f"t + {c}" if c else "t" for _, c in parents]
    shown = [t if p == "@" else f"{p}[{t}]" for (p, _), t in zip(parents, at, strict=True)]
    name = _symbol(claim, kernel)
    return f"{name}({', '.join(shown)})" if shown else name


def _call(claim: Claim, d: Raw) -> Term:
    return mk("Def", d[1], *_arguments(claim, d))


def _arguments(claim: Claim, d: Raw) -> tuple[Term, ...]:
    """Names for the parameters of an abbreviation which nothing else has."""
    taken = {x[1] for x in claim.statement.raw} if claim.statement else set()
    free = {"Int": [c for c in "jihluv" if c not in taken], "Real": [c for c in "xyzuvw" if c not in taken]}
    return tuple(mk("Path", s[5:], "w") if s.startswith("Path") else mk("Sym", free[s].pop(0), s) for s in d[2])


# ------------------------------------------------------------------------------------- instances
def instance(claim: Claim, at: Instance, like: Instance | None = None) -> str:
    """`n = 3; p = 2/9, 3/9, 4/9`; a long table by its size alone.  like: an instance from which only the differences are told."""
    if like is not None:
        same = {(part, k) for part in at for k, v in at[part].items() if like.get(part, {}).get(k) == v}
        rest = {part: {k: v for k, v in values.items() if (part, k) not in same} for part, values in at.items()}
        return f"the witness with {instance(claim, rest)}" if same and any(rest.values()) else instance(claim, at)
    numbers = [(k, v) for part in ("ints", "reals") for k, v in at.get(part, {}).items()]
    parts = [", ".join(f"{_symbol(claim, k)} = {v}" for k, v in numbers)] if numbers else []
    return "; ".join([*parts, *[f"{_symbol(claim, k)} = {table(rows)}" for k, rows in at.get("tables", {}).items()]])


def _symbol(claim: Claim, name: str) -> str:
    return text(claim, mk("Sym", name, "Real"))


def table(rows: Any) -> str:
    flat, deep = _flat(rows), isinstance(rows, list) and any(isinstance(r, list) for r in rows)
    return f"{len(flat)} numbers" if len(flat) > MOST_NUMBERS // (1 + deep) else _nested(rows)


def _flat(rows: Any) -> list[Any]:
    return [x for r in rows for x in _flat(r)] if isinstance(rows, list) else [rows]


def _nested(rows: Any) -> str:
    return ", ".join(f"({_nested(r)})" if isinstance(r, list) else str(r) for r in rows)
