"""Citations: the theorem of an earlier item, its names instantiated.

An instantiation is a list of ["sym", symbol, term], ["fn", name, body] (the body's parameters are Bound(n-1) ... Bound(0)),
["kernel", name, name here] and ["process", name, name here].  A name left out stands for its namesake, which must be
declared alike.  Hypotheses come back as hypotheses, and so do the least sizes.
"""

from __future__ import annotations

from typing import Any

from proofs.kernel.context import Ctx, integral
from proofs.kernel.forms import FORMS
from proofs.kernel.poly import need
from proofs.kernel.rules import Thm
from proofs.kernel.statement import Decls, Process, Statement
from proofs.kernel.terms import Term, applied, mk, num, rebuild, replaced, show


class Instantiation:
    """A checked table from the names of one statement to terms of another."""

    def __init__(self, other: Statement, here: Decls, pairs: list[Any]) -> None:
        self.other, self.here = other, here
        self.table: dict[str, dict[Any, Any]] = {"sym": {}, "fn": {}, "kernel": {}, "process": {}}
        for pair in pairs:
            fits = type(pair) is list and len(pair) == 3 and pair[0] in self.table
            need(fits, "an instantiation is a kind, a name and a value")
            kind, name, value = pair
            need(name not in self.table[kind], f"instantiated twice: {name!r:.60}")
            self.table[kind][name] = value
        self.hyps: set[Term] = set()
        self.seen: set[Any] = set()
        for d in other.raw:
            getattr(self, "_" + d[0].lower())(*d[1:])
        left = [name for kind, part in self.table.items() for name in part if (kind, name) not in self.seen]
        need(not left, f"not a name of the cited statement: {left!r:.80}")

    # --------------------------------------------------------------------------------- one declaration each
    def _symbol(self, name: str, sort: str) -> Term:
        v = mk("Sym", name, sort)
        if v not in self.table["sym"]:
            need(self.here.sorts.get(name) == sort, f"declared otherwise or not at all: {name}")
            return v
        self.seen.add(("sym", v))
        t: Term = self.table["sym"][v]
        need(isinstance(t, Term) and not t.loose, "a symbol is replaced by a term")
        self.here.check(t, sort, proof=True)
        need(sort == "Real" or integral(Ctx(self.here, FORMS).nf(t)), f"an index is replaced by an index: {show(t)}")
        return t

    def _size(self, name: str, at_least: int) -> None:
        self.hyps.add(mk("Le", num(at_least), self._symbol(name, "Int")))

    # fmt: off
    def _int(self, name: str) -> None: self._symbol(name, "Int")
    def _real(self, name: str) -> None: self._symbol(name, "Real")
    # fmt: on

    def _fn(self, name: str, arity: int) -> None:
        if name not in self.table["fn"]:
            need(self.here.arity.get(name) == arity, f"declared otherwise or not at all: {name}")
            return
        self.seen.add(("fn", name))
        body = self.table["fn"][name]
        need(isinstance(body, Term), "a function is replaced by a term with parameters")
        self.here.check(body, "Real", ("Int",) * arity, proof=True)

    def _kernel(self, name: str, sizes: list[Term], size: Term) -> None:
        mine = self._name("kernel", name)
        shape = tuple(self._shape(s) for s in sizes), self._shape(size)
        need(mine in self.here.kernels and self.here.kernels[mine] == shape, f"not a kernel of that shape: {mine}")

    def _process(self, name: str, last: Term, draws: list[Any]) -> None:
        mine = self.here.processes.get(self._name("process", name))
        need(mine is not None and mine.last is self._shape(last), f"not a process of that length: {name}")
        theirs = self.other.decls.processes[name]
        need(_form(mine, {}) == _form(theirs, self.table["kernel"]), f"not a process with these draws: {name}")  # type: ignore[arg-type]

    def _def(self, name: str, sorts: list[str], body: Term) -> None:
        """Unfolded before it travels."""

    def _name(self, kind: str, name: str) -> str:
        mine = self.table[kind].get(name, name)
        need(type(mine) is str, f"a {kind} is replaced by a name")
        self.seen.add((kind, name))
        return str(mine)

    def _shape(self, t: Term) -> Term:
        return replaced(t, self.table["sym"])

    # --------------------------------------------------------------------------------- terms
    def __call__(self, t: Term) -> Term:
        """A closed or open term of the cited statement, as one of this statement."""
        if t.op == "Def":
            return self(applied(self.other.decls.defs[t.args[0]][1], t.args[1:]))
        if t in self.table["sym"]:
            return self.table["sym"][t]  # type: ignore[no-any-return]
        if t.op == "App" and t.args[0] in self.table["fn"]:
            return applied(self.table["fn"][t.args[0]], tuple(self(a) for a in t.args[1:]))
        out = rebuild(t, lambda a, _: self(a))
        kind = "kernel" if t.op == "App" else "process" if t.op in ("Draw", "E", "CondE", "Var", "Surely") else None
        return mk(out.op, self.table[kind].get(out.args[0], out.args[0]), *out.args[1:]) if kind else out


def _form(p: Process, kernels: dict[str, str]) -> list[Any]:
    """What a process draws, and from which kernels; sizes follow from the kernels."""
    rules = [(d.name, rule) for d in p.draws for rule in (d.first, d.later)]
    return [(name, kernels.get(kernel, kernel), parents) for name, (kernel, parents) in rules]


def instantiated(other: Statement, here: Decls, pairs: list[Any]) -> Thm:
    """The hypotheses of the cited statement |- its claim, instantiated."""
    put = Instantiation(other, here, pairs)
    return Thm(frozenset(put.hyps | {put(h) for _, h in other.hyps}), put(other.claim))
