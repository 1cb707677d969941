"""The words in which statements are written: names with their sorts, and the forms of the field.

A `Vocabulary` hands out names and remembers how they were declared; a statement takes along the declarations it needs.
Operators on terms build nodes and evaluate nothing: `/` keeps its condition, `Ln(p / q)` its sign.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from proofs.kernel.terms import TRUE, Term, abstract, free_paths, mk, subterms, term

Function = Callable[..., Term]


# ------------------------------------------------------------------------------------- forms
def Ln(a: Any) -> Term:
    """The natural logarithm; it asserts that a > 0."""
    return mk("Ln", term(a))


def Exp(a: Any) -> Term:
    """The exponential function."""
    return mk("Exp", term(a))


def Ind(p: Term) -> Term:
    """1 where p holds, 0 where it does not; Ind(Eq(i, j)) is Kronecker's delta, E(Ind(p)) a probability."""
    return mk("Ind", p)


def D(f: Any, v: Term, at: Any = None) -> Term:
    """The derivative of f by the real symbol v, at this point (or at v itself)."""
    return mk("D", v if at is None else term(at), abstract(term(f), v))


def Min(a: Any, b: Any) -> Term:
    """The smaller of a and b; a kink where they are equal."""
    return mk("Min", term(a), term(b))


def Max(a: Any, b: Any) -> Term:
    """The larger of a and b; a kink where they are equal."""
    return mk("Max", term(a), term(b))


def Clip(x: Any, lo: Any, hi: Any) -> Term:
    """x, but lo where it is below and hi where it is above; it asserts that lo <= hi."""
    return mk("Clip", term(x), term(lo), term(hi))


def Eq(a: Any, b: Any) -> Term:
    """The proposition a = b."""
    return mk("Eq", term(a), term(b))


def Ne(a: Any, b: Any) -> Term:
    """The proposition that a and b differ."""
    return mk("Ne", term(a), term(b))


def Le(a: Any, b: Any) -> Term:
    """The proposition a <= b."""
    return mk("Le", term(a), term(b))


def Lt(a: Any, b: Any) -> Term:
    """The proposition a < b."""
    return mk("Lt", term(a), term(b))


def Ge(a: Any, b: Any) -> Term:
    """The proposition a >= b, kept as b <= a."""
    return mk("Le", term(b), term(a))


def Gt(a: Any, b: Any) -> Term:
    """The proposition a > b, kept as b < a."""
    return mk("Lt", term(b), term(a))


def And(a: Term, b: Term) -> Term:
    """Both propositions."""
    return mk("And", a, b)


def Implies(a: Term, b: Term) -> Term:
    """b wherever a holds; terms of b need to be defined only there."""
    return mk("Implies", a, b)


def Sum(i: Term, low: Any, high: Any, body: Any, where: Term = TRUE) -> Term:
    """The sum of body over the integers low <= i < high at which `where` holds."""
    return mk("Sum", term(low), term(high), abstract(where, i), abstract(term(body), i))


def All(i: Term, low: Any, high: Any, body: Term) -> Term:
    """body for all integers low <= i < high."""
    return mk("All", term(low), term(high), abstract(body, i))


def _path_of(f: Term) -> Term:
    found = sorted(free_paths(f), key=lambda p: p.key)
    if len(found) != 1:
        raise ValueError(f"f must mention the draws of exactly one process; it mentions {len(found)}: {f!r}")
    return found[0]


def E(f: Term, over: Trajectory | None = None) -> Term:
    """The expectation of f over the process whose draws it mentions (or over this one, if it mentions none)."""
    w = over.path if over else _path_of(f)
    return mk("E", w.args[0], abstract(term(f), w))


def Surely(p: Term, over: Trajectory | None = None) -> Term:
    """p on every path of positive probability of the process whose draws it mentions (or of this one)."""
    w = over.path if over else _path_of(p)
    return mk("Surely", w.args[0], abstract(p, w))


def Var(f: Term) -> Term:
    """The variance of f over the process whose draws it mentions."""
    w = _path_of(f)
    return mk("Var", w.args[0], abstract(f, w))


class Trajectory:
    """The draws of a process on one path; `X.s(t)` is the draw named s at time t."""

    def __init__(self, name: str, draws: Sequence[str], path: Term | None = None) -> None:
        self.name, self.draws = name, tuple(draws)
        self.path = path if path is not None else mk("Path", name, "w")

    def __getattr__(self, draw: str) -> Function:
        if draw.startswith("_") or draw not in self.draws:
            raise AttributeError(f"the process {self.name} draws {', '.join(self.draws)}; not {draw}")
        return lambda time=0: mk("Draw", self.name, self.path, draw, term(time))

    def copy(self, name: str) -> Trajectory:
        """An independent copy: the same law, another path."""
        return Trajectory(self.name, self.draws, mk("Path", self.name, name))

    def given(self, f: Any, time: Any, through: str) -> Term:
        """E[f | everything up to the draw `through` of slot `time`, that draw included]."""
        pos = self.draws.index(through) + 1
        return mk("CondE", self.name, self.path, term(time), pos, abstract(term(f), self.path))


# ------------------------------------------------------------------------------------- names
class Vocabulary:
    """Names and their declarations, in the order in which they were declared."""

    def __init__(self) -> None:
        self.decls: dict[str, list[Any]] = {}

    def _declare(self, kind: str, name: str, *rest: Any) -> None:
        if name in self.decls:
            raise ValueError(f"declared twice: {name}")
        self.decls[name] = [kind, name, *rest]

    def size(self, name: str, at_least: int = 1) -> Term:
        """An integer that is at least this."""
        self._declare("Size", name, at_least)
        return mk("Sym", name, "Int")

    def integer(self, name: str) -> Term:
        """Any integer."""
        self._declare("Int", name)
        return mk("Sym", name, "Int")

    def real(self, name: str) -> Term:
        """Any real number."""
        self._declare("Real", name)
        return mk("Sym", name, "Real")

    def function(self, name: str, arity: int = 1) -> Function:
        """A real function of integers."""
        self._declare("Fn", name, arity)
        return _apply(name)

    def kernel(self, name: str, sizes: Sequence[Any], size: Any) -> Function:
        """A conditional pmf K(x..., y): nonnegative, and of sum 1 over y for arguments in range."""
        self._declare("Kernel", name, [term(s) for s in sizes], term(size))
        return _apply(name)

    def pmf(self, name: str, size: Any) -> Function:
        """A probability mass function on 0, ..., size - 1."""
        return self.kernel(name, [], size)

    def process(self, name: str, last: Any, draws: Sequence[list[Any]]) -> Trajectory:
        """Time slots 0..last with these draws in order; see proofs.kernel.statement for a draw's form."""
        self._declare("Process", name, term(last), [[d[0], term(d[1]), *d[2:]] for d in draws])
        return Trajectory(name, [d[0] for d in draws])

    def sample(self, name: str, draw: str, pmf: str) -> Trajectory:
        """One draw from a pmf."""
        size = self.decls[pmf][3]
        return self.process(name, 0, [[draw, size, pmf, [], pmf, []]])

    def define(self, name: str, body: Term, *params: Term) -> Function:
        """name(params) abbreviates the body.  A parameter is an integer or real symbol, or the path of a process."""
        sorts = [f"Path {p.args[0]}" if p.op == "Path" else p.args[1] for p in params]
        for k, p in enumerate(reversed(params)):
            body = abstract(body, p, k)
        self._declare("Def", name, sorts, body)
        return lambda *args: mk("Def", name, *map(term, args))

    def needed(self, props: Sequence[Term]) -> list[list[Any]]:
        """The declarations that these propositions stand on, in order."""
        used: set[str] = set()
        todo: list[Any] = list(props)
        while todo:
            x = todo.pop()
            if isinstance(x, Term):
                names = {
                    s.args[0]
                    for s in subterms(x)
                    if s.op in ("Sym", "App", "Def", "Draw", "E", "CondE", "Var", "Surely")
                }
            elif isinstance(x, list):
                todo += x
                continue
            else:
                names = {x} if isinstance(x, str) and x in self.decls else set()
            todo += [self.decls[n][2:] for n in names - used if n in self.decls]
            used |= names
        return [d for n, d in self.decls.items() if n in used]


def _apply(name: str) -> Function:
    return lambda *args: mk("App", name, *map(term, args))


def local_index(name: str) -> Term:
    """A variable of a proof or of a binder; never free in a statement."""
    return mk("Sym", f"_{name}", "Int")


def local_real(name: str) -> Term:
    """The same with real values; a derivative is taken by it."""
    return mk("Sym", f"_{name}", "Real")
