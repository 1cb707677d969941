"""The points at which code is compared with a statement: terms evaluated exactly, gathered into columns of equal shape.

A reference names, for each argument of the function, a term (one entry at each point) or a list of terms (a column along
time).  Where it says `last`, lists run along the last axis instead, as the components of an action or the rows of a matrix
do, and the value is one number for each point.  A term that mentions a draw is taken on every path of positive
probability.  What the function takes as a plain number (`call`: epsilon, discount, k) is the same for all entries of a
column, so points are grouped by it.

Every point satisfies the hypotheses of the claim.  The boundary grid is added here: each real that the function is called
with takes each value of `numeric.reference.BOUNDARY`, and rewards are made constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from numeric.experiments.rounding import FINE, Rounded
from proofs.claims import Claim, Evidence, Instance
from proofs.kernel.poly import Poly, is_const
from proofs.kernel.poly import value as constant_value
from proofs.kernel.statement import Statement
from proofs.kernel.terms import PROPS, Term, abstract, free_paths, show
from proofs.kernel.value import Instance as Exact
from proofs.kernel.value import ball

Column = list[Any]


@dataclass
class Group:
    """Columns over the points that share a call; a column along time has shape [T, points], one of components [points, n].

    slopes: by argument; None where it must receive no gradient, and None for an entry on a kink.
    """

    call: dict[str, Any]
    arguments: dict[str, Column] = field(default_factory=dict)
    values: Column = field(default_factory=list)
    bounds: Column = field(default_factory=list)
    slopes: dict[str, Column | None] = field(default_factory=dict)
    slope_bounds: dict[str, Column] = field(default_factory=dict)
    points: int = 0
    boundary: int = 0
    last: bool = False


def groups(evidence: Evidence, entry: Mapping[str, Any], grid: Iterable[Fraction]) -> list[Group]:
    """All points of a reference, its own and those of the boundary grid."""
    claim, statement = evidence.claim, statement_of(evidence.claim, entry)
    found: dict[tuple[Any, ...], Group] = {}
    for data, is_boundary in distinct(entry, list(grid)):
        exact = Exact(statement, data)
        bad = exact.violated()
        if bad is not None and is_boundary:
            continue
        if bad is not None:
            raise ValueError(f"{claim.id}: a point must satisfy the hypotheses; one violates {bad}: {data!r:.200}")
        for row in rows(exact, entry):
            key = tuple(sorted(row.call.items()))
            unmoved = dict.fromkeys(name for name, s in entry.get("slopes", {}).items() if s is None)
            fresh = Group(row.call, slopes=unmoved, last=entry.get("last", False))
            gather(found.setdefault(key, fresh), row, is_boundary)
    return list(found.values())


def distinct(entry: Mapping[str, Any], grid: list[Fraction]) -> Iterator[tuple[Instance, bool]]:
    """Each point once, and whether it comes from the grid."""
    seen: list[Instance] = []
    for is_boundary, points in ((False, entry["points"]), (True, boundary(entry, grid))):
        for point in points:
            if point not in seen:
                seen.append(point)
                yield point, is_boundary


def statement_of(claim: Claim, entry: Mapping[str, Any]) -> Statement:
    """The claim's hypotheses, with the declarations that the reference's terms need too."""
    if claim.statement is None:
        raise ValueError(f"{claim.id} must have a statement to compare code with; got none")
    parts = [entry["arguments"], entry["value"], entry.get("call", {}), entry.get("slopes", {})]
    terms = [*_terms(parts), claim.statement.claim, *[h for _, h in claim.statement.hyps]]
    return Statement(claim.vocabulary.needed(terms), claim.statement.hyps, claim.statement.claim)


def _terms(x: Any) -> Iterator[Term]:
    if isinstance(x, Term):
        yield x
    elif isinstance(x, Mapping):
        yield from _terms([*x.keys(), *x.values()])
    elif isinstance(x, (list, tuple)):
        for y in x:
            yield from _terms(y)


# ------------------------------------------------------------------------------------- one point
@dataclass
class Row:
    call: dict[str, Any]
    arguments: dict[str, Any]
    value: Any
    bound: Any
    slopes: dict[str, Any]
    slope_bounds: dict[str, Any]


def rows(exact: Exact, entry: Mapping[str, Any]) -> Iterator[Row]:
    """The point on each path of positive probability; once, where nothing is drawn."""
    paths = {p for t in _terms([entry["arguments"], entry["value"], entry.get("slopes", {})]) for p in free_paths(t)}
    if len(paths) > 1:
        raise ValueError(f"a reference must mention one path; got {len(paths)}")
    if not paths:
        yield row(exact, entry, None, ())
    for path in paths:
        for _, drawn in exact.continuations(exact.decls.processes[path.args[0]], ()):
            yield row(exact, entry, path, (drawn,))


def row(exact: Exact, entry: Mapping[str, Any], path: Term | None, env: tuple[Any, ...]) -> Row:
    """The terms of a reference on one path (or none)."""

    def close(t: Term) -> Term:
        return t if path is None else abstract(t, path)

    def at(t: Any) -> Any:
        return entry_of(exact, close(t), env) if isinstance(t, Term) else t

    arguments = {name: _each(at, t) for name, t in entry["arguments"].items()}
    call = {name: number(at(t)) for name, t in entry.get("call", {}).items()}
    logarithms = [abs(x[0]) for x in _flat(list(arguments.values())) if isinstance(x, tuple)]
    rounded = Rounded(exact, max(logarithms, default=Fraction(0)))

    def allowed(t: Any) -> Any:
        return rounded.bound(close(t), env) if isinstance(t, Term) else 0

    slopes, limits = {}, {}
    for name, slope in entry.get("slopes", {}).items():
        if slope is not None:
            chosen = _each(lambda s: choose(exact, s, close, env), slope)
            slopes[name], limits[name] = _each(at, chosen), _each(allowed, chosen)
    return Row(call, arguments, _each(at, entry["value"]), _each(allowed, entry["value"]), slopes, limits)


def choose(exact: Exact, slope: Any, close: Callable[[Term], Term], env: tuple[Any, ...]) -> Any:
    """A slope given by cases {where: slope}: the one that holds here; None on a kink, where none does."""
    if not isinstance(slope, Mapping):
        return slope
    return next((t for where, t in slope.items() if exact.value(close(where), env)), None)


def entry_of(exact: Exact, t: Term, env: tuple[Any, ...]) -> Any:
    """True or False, a rational, or a ball (middle, radius)."""
    if t.op in PROPS:
        return bool(exact.value(t, env))
    found: Poly = exact.number(t, env)
    if is_const(found):
        return constant_value(found)
    enclosure = ball(found, FINE)
    return _fraction(enclosure.mid()), _fraction(enclosure.rad())


def number(x: Any) -> Any:
    """What the function is called with: a flag or whole number as it is, anything else rounded to a float."""
    if isinstance(x, (bool, int)):
        return x
    return float(x[0] if isinstance(x, tuple) else x)


def _fraction(x: Any) -> Fraction:
    mantissa, exponent = x.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _each(f: Callable[[Any], Any], x: Any) -> Any:
    return [_each(f, y) for y in x] if isinstance(x, list) else f(x)


def _flat(x: Any) -> Iterator[Any]:
    if isinstance(x, list):
        for y in x:
            yield from _flat(y)
    else:
        yield x


# ------------------------------------------------------------------------------------- columns
def gather(group: Group, new: Row, is_boundary: bool) -> None:
    """Append a point to the columns of its group."""
    first = not group.points

    def longer(columns: dict[str, Any], name: str, x: Any) -> None:
        columns[name] = _append(None if first else columns[name], x, group.last)

    for name, x in new.arguments.items():
        longer(group.arguments, name, _each(lambda y: y[0] if isinstance(y, tuple) else y, x))
    group.values = _append(None if first else group.values, new.value, group.last)
    group.bounds = _append(None if first else group.bounds, new.bound, group.last)
    for name, x in new.slopes.items():
        longer(group.slopes, name, x)
        longer(group.slope_bounds, name, new.slope_bounds[name])
    group.points += 1
    group.boundary += is_boundary


def _append(column: Column | None, x: Any, last: bool) -> Column:
    if last or not isinstance(x, list):
        return [*(column or []), x]
    return [[*(column[t] if column else []), y] for t, y in enumerate(x)]


# ------------------------------------------------------------------------------------- the boundary grid
def boundary(entry: Mapping[str, Any], grid: list[Fraction]) -> Iterator[Instance]:
    """Points beside those that are given: reals of the call on the grid, and constant rewards."""
    for name, t in entry.get("call", {}).items():
        if isinstance(t, Term):
            if t.op != "Sym":
                raise ValueError(f"{name} must be called with a symbol or a number; got {show(t):.80}")
            yield from ({**p, "reals": {**p["reals"], t.args[0]: str(c)}} for p in entry["points"] for c in grid)
    for name in {t.args[0] for t in _terms(entry["arguments"].get("reward", [])) if t.op == "App"}:
        for p in entry["points"]:
            yield {**p, "tables": {**p["tables"], name: [p["tables"][name][0]] * len(p["tables"][name])}}
