"""Which hypotheses define a function, and which names may be symbols because no hypothesis restricts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from proofs.kernel.statement import Decls, Process, Statement
from proofs.kernel.terms import Term, applied, num, rebuild, subterms
from proofs.readings.spans import cells, index

MOST_SYMBOLS = 60  # of one table
MOST_OUTCOMES = 100  # of a process; beyond, sums of symbols take too long


@dataclass(frozen=True)
class Defining:
    """A hypothesis `for all ... : f(...) = term`, and the entries of f that it defines at these sizes."""

    hypothesis: str
    name: str
    ranges: tuple[tuple[Term, Term], ...]
    equation: Term
    cells: tuple[tuple[int, ...], ...]


def defining(statement: Statement, ints: Mapping[str, int]) -> list[Defining]:
    """The hypotheses that define a function, each entry once."""
    out: list[Defining] = []
    for name, h in statement.hyps:
        ranges: list[tuple[Term, Term]] = []
        while h.op == "All":
            ranges.append((h.args[0], h.args[1]))
            h = h.args[2]
        if h.op != "Eq" or h.args[0].op != "App" or h.args[0].args[0] in statement.decls.kernels:
            continue
        f = h.args[0]
        at = [tuple(index(a, ints, env) for a in f.args[1:]) for env in environments(ranges, ints)]
        taken = {c for d in out if d.name == f.args[0] for c in d.cells}
        if len(set(at)) == len(at) and taken.isdisjoint(at):
            out.append(Defining(name, f.args[0], tuple(ranges), h, tuple(at)))
    return out


def environments(
    ranges: Sequence[tuple[Term, Term]], ints: Mapping[str, int], env: tuple[int, ...] = ()
) -> Iterator[tuple[int, ...]]:
    """The values of the quantified indices, innermost first."""
    if not ranges:
        yield env
        return
    low, high = (index(t, ints, env) for t in ranges[0])
    for i in range(low, high):
        yield from environments(ranges[1:], ints, (i, *env))


# ------------------------------------------------------------------------------------- symbols
def signed(t: Term) -> tuple[Term, str] | None:
    """(x, its sign) for the comparison of a name with 0."""
    a, b = t.args[:2] if t.op in ("Le", "Lt") else (None, None)
    if a is num(0) and b is not None and b.op in ("App", "Sym"):
        return b, "positive" if t.op == "Lt" else "nonnegative"
    if b is num(0) and a is not None and a.op in ("App", "Sym"):
        return a, "negative" if t.op == "Lt" else "nonpositive"
    return None


def written_out(t: Term, decls: Decls) -> Term:
    """t without definitions."""
    if t.op == "Def":
        return written_out(applied(decls.defs[t.args[0]][1], t.args[1:]), decls)
    return rebuild(t, lambda a, _: written_out(a, decls)) if t.terms else t


def outside_exp(t: Term) -> Iterator[Term]:
    """The subterms of t that are not within an exponential: e to a real number is positive, whatever that is."""
    yield t
    for a in t.terms if t.op != "Exp" else ():
        yield from outside_exp(a)


def conditions(t: Term) -> Iterator[Term]:
    """What guards a sum and what an implication assumes."""
    for s in subterms(t):
        at = {"Sum": 2, "Implies": 0}.get(s.op)
        if at is not None:
            yield s.args[at]


def names(t: Term, decls: Decls) -> set[str]:
    """The reals, functions and kernels on which the value of t depends."""
    found = {s.args[0] for s in subterms(t) if s.op == "App" or (s.op == "Sym" and s.args[1] == "Real")}
    for s in subterms(t):
        if s.op == "Def":
            found |= names(decls.defs[s.args[0]][1], decls)
        if s.op in ("E", "CondE", "Var", "Surely", "Draw"):
            found |= {kernel for d in decls.processes[s.args[0]].draws for kernel in (d.first[0], d.later[0])}
    return found


class Freedom:
    """What stands in the way of a symbol: comparisons other than with 0, and logarithms of what may be negative."""

    def __init__(self, statement: Statement, terms: Sequence[Term], solved: Sequence[Defining]) -> None:
        self.decls = statement.decls
        done = {d.hypothesis for d in solved}
        given = [written_out(h, self.decls) for n, h in statement.hyps if n not in done]
        terms = [written_out(t, self.decls) for t in terms]
        self.signs: dict[str, set[str]] = {}
        self.fixed: set[str] = {
            n for t in [*given, *[c for t in terms for c in conditions(t)]] for n in self.compared(t)
        }
        found = [s for t in terms for s in subterms(t)]
        logs = [s for s in found if s.op == "Ln"]
        slopes = [s for s in found if s.op == "D"]  # the point enters the body's logarithms and indicators
        asked = [s for s in found if s.op == "Ind"]
        asked += [s.args[0] for s in slopes if any(a.op == "Ind" for a in subterms(s.args[1]))]
        self.fixed |= {n for s in asked for n in self.names(s)}
        points = [(s.args[0], ln) for s in slopes for ln in subterms(s.args[1]) if ln.op == "Ln" and self.bound_in(ln)]
        self.logs = {n for s in [*logs, *[x for x, _ in points]] for n in self.bare(s)}
        self.lifted = {n for s in logs if self.differs(s) for n in self.bare(s)}
        self.lifted |= {n for x, ln in points if self.differs(ln) for n in self.names(x)}
        self.real = "real" if any(s.op == "Exp" for s in found) else ""

    @staticmethod
    def bound_in(t: Term) -> bool:
        return any(s.op == "Bound" for s in outside_exp(t))

    def bare(self, t: Term) -> set[str]:
        """The names that stand in t outside of exponentials."""
        own = {s.args[0] for s in outside_exp(t) if s.op == "App" or (s.op == "Sym" and s.args[1] == "Real")}
        return own | {n for s in outside_exp(t) if s.op in ("E", "CondE", "Var", "Draw") for n in self.names(s)}

    def names(self, t: Term) -> set[str]:
        return names(t, self.decls)

    def compared(self, t: Term) -> set[str]:
        """Names of which t says more than a sign, or a sign under a condition other than a sign."""
        found = signed(t)
        if found is not None and not any(self.names(a) for a in found[0].terms):
            self.signs.setdefault(found[0].args[0], set()).add(found[1])
            return set()
        if t.op in ("Eq", "Ne", "Le", "Lt"):
            return self.names(t)
        return {n for a in t.terms for n in self.compared(a)}

    @staticmethod
    def differs(t: Term) -> bool:
        """Positive entries may still make it negative, or that cannot be seen."""
        return any(s.op in ("E", "CondE", "Var") or (s.op == "Num" and s.args[0] < 0) for s in outside_exp(t))

    def sort(self, name: str) -> str | None:
        """An assumption of SymPy for a real or a function, "" for none, None for no symbol."""
        signs = self.signs.get(name, set())
        if name in self.fixed | self.lifted or len(signs) > 1 or (name in self.logs and signs != {"positive"}):
            return None
        return next(iter(signs), self.real)

    def allows_pmf(self, name: str) -> bool:
        return name not in self.fixed | self.lifted and self.signs.get(name, set()) <= {"positive"}


def sorts_of_symbols(
    statement: Statement,
    ints: Mapping[str, int],
    tables: Mapping[str, Any],
    terms: Sequence[Term],
    solved: Sequence[Defining],
    renamed: Callable[[str], str],
) -> dict[str, str]:
    """name -> the Python expression of its symbol or table of symbols.  renamed: how the script spells a name."""
    free, decls, out = Freedom(statement, terms, solved), statement.decls, dict[str, str]()
    used = {n for t in [*terms, *[b for _, b in decls.defs.values()]] for n in names(t, decls)}
    small = all(outcomes(p, ints) <= MOST_OUTCOMES for p in decls.processes.values())
    for name in [d[1] for d in statement.raw if d[0] in ("Real", "Fn", "Kernel") and d[1] in used]:
        assumption = free.sort(name)
        sort = f", {assumption}=True" if assumption else ""
        entries = [x for _, x in cells(tables.get(name, []))]
        if name in decls.kernels:
            if drawn_once(statement, name) and free.allows_pmf(name):
                out[name] = f'pmf("{name}", {renamed(name)})'
        elif assumption is not None and name not in decls.arity:
            out[name] = f'sp.Symbol("{name}"{sort})'
        elif assumption is not None and small and len(entries) <= MOST_SYMBOLS and fits(assumption, entries):
            out[name] = f'symbols("{name}", {renamed(name)}{sort})'
    return out


def fits(assumption: str, entries: Sequence[Any]) -> bool:
    """Symbols of this sign stand for entries like these."""
    return assumption in ("", "real") or (
        assumption == "positive" and all(x is not None and "ln" not in str(x) and Fraction(str(x)) > 0 for x in entries)
    )


def outcomes(process: Process, ints: Mapping[str, int]) -> int:
    """At most so many outcomes has the process."""
    out = 1
    for d in process.draws:
        out *= index(d.size, ints) ** (index(process.last, ints) + 1)
    return out


def drawn_once(statement: Statement, name: str) -> bool:
    """A kernel without arguments, from which at most one slot draws."""
    slots = {p.last for p in statement.decls.processes.values() for d in p.draws if name in (d.first[0], d.later[0])}
    return not statement.decls.kernels[name][0] and slots <= {num(0)}
