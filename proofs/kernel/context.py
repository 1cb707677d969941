"""What is known: facts in force, and the decisions that follow from them by linear arithmetic.

A context is immutable.  It holds linear rows (from equations and inequalities), quantified facts that are instantiated on
demand, inequations, and the paths that expectations have opened.  A fact about a path speaks of that one outcome; an
expectation opens a path of its own, so such a fact is of no use inside it and can do no harm there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import count
from typing import Any, NamedTuple

# isort: off
from proofs.kernel.poly import (
    Monomial, Poly, Row, Undecided, add, const, gen, infeasible, is_const, mul, need, neg, power, value,
)  # fmt: skip
from proofs.kernel.statement import Decls
from proofs.kernel.terms import Malformed, Term, abstract, mk, opened, replaced, show, subterms
# isort: on

_FRESH = count()


class SideCondition(Undecided):
    """A denominator, logarithm, exponent or level whose condition is not known."""


def fresh(sort: str = "Int") -> Term:
    """A symbol that occurs nowhere else; later ones sort after earlier ones."""
    return mk("Sym", f"#{next(_FRESH):09d}", sort)


def fresh_path(process: str) -> Term:
    return mk("Path", process, f"#{next(_FRESH):09d}")


def variance(t: Term) -> Term:
    """Var f as E (f - E f)^2."""
    w = fresh_path(t.args[0])
    gap = opened(t.args[1], w) - mk("E", t.args[0], t.args[1])
    return mk("E", t.args[0], abstract(gap * gap, w))


def integral(p: Poly) -> bool:
    """Surely an integer: integer coefficients, integer symbols and draws only."""
    return all(c.denominator == 1 and all(k > 0 and _whole(a) for a, k in m) for m, c in p.items())


def _whole(a: Term) -> bool:
    return a.op == "Draw" or (a.op == "Sym" and a.args[1] == "Int")


class Level(NamedTuple):
    """How much of a path is known: the slots before `time`, and the first `pos` draws of slot `time`."""

    time: Poly
    pos: int


class Origin(NamedTuple):
    """An opened path agrees with `path` up to `level`."""

    path: Term
    level: Level


class Ctx:
    """Declarations and facts in force."""

    def __init__(self, decls: Decls, table: dict[str, Callable[[Term, Ctx], Poly]], **known: Any) -> None:
        self.decls, self.table = decls, table
        self.rows: tuple[Row, ...] = known.get("rows", ())
        self.quant: tuple[Pattern, ...] = known.get("quant", ())
        self.apart: tuple[Poly, ...] = known.get("apart", ())
        self.paths: dict[Term, Origin] = known.get("paths", {})
        self.depth: int = known.get("depth", 0)
        self._decided: dict[tuple[Any, bool], bool] = {}
        self._forms: dict[Term, Poly] = {}

    def plus(self, **more: Any) -> Ctx:
        now = dict(rows=self.rows, quant=self.quant, apart=self.apart, paths=self.paths, depth=self.depth)
        return Ctx(self.decls, self.table, **{**now, **more})

    def nf(self, t: Term) -> Poly:
        """The normal form of a closed term."""
        if t not in self._forms:
            self._forms[t] = self.table[t.op](t, self)
        return self._forms[t]

    # --------------------------------------------------------------------------------- facts
    def know(self, p: Term) -> Ctx:
        """p as one more fact."""
        if p.op == "And":
            return self.know(p.args[0]).know(p.args[1])
        if p.op in ("All", "Implies"):
            return self.plus(quant=(*self.quant, Pattern(p)))
        if p.op == "Surely":
            return self  # the rule on_path tells what it says of one outcome
        rows = self.rows_of(p)
        if p.op == "Ne":
            return self.plus(apart=(*self.apart, *[d for d, _ in rows]))
        return self.plus(rows=self.rows + tuple(r for r in rows if r not in self.rows))

    def rows_of(self, p: Term) -> list[Row]:
        """A comparison as rows; none where it is not yet known to be well defined."""
        if p.op == "True":
            return []
        try:
            d = self.gap(p)
        except SideCondition:
            return []
        if p.op == "Lt" and integral(d):
            return [(add(d, const(-1)), ">=")]
        return [(d, {"Eq": "=", "Le": ">=", "Lt": ">", "Ne": "!="}[p.op])]

    def gap(self, p: Term) -> Poly:
        """Right side minus left side."""
        return add(self.nf(p.args[1]), self.nf(p.args[0]), -1)

    def within(self, v: Term, low: Poly, high: Poly) -> Ctx:
        """low <= v < high."""
        return self.plus(rows=(*self.rows, (add(gen(v), low, -1), ">="), (add(add(high, gen(v), -1), const(-1)), ">=")))

    def on(self, w: Term, origin: Origin | None) -> Ctx:
        """A path w is open; it continues its origin, if it has one."""
        return self.plus(paths={**self.paths, w: origin}) if origin else self

    def open(self, t: Term) -> tuple[Ctx, tuple[Term, ...]]:
        """Inside a Sum or All: the context with the variable's range, and the parts under the binder."""
        v = fresh()
        return self.within(v, self.nf(t.args[0]), self.nf(t.args[1])), tuple(opened(a, v) for a in t.args[2:])

    # --------------------------------------------------------------------------------- decisions
    def holds(self, p: Term) -> bool:
        """Surely p, for a comparison or a conjunction of comparisons."""
        if p.op == "True":
            return True
        if p.op == "And":
            return self.holds(p.args[0]) and self.holds(p.args[1])
        need(p.op in ("Eq", "Le", "Lt", "Ne"), f"only comparisons are decided, not: {show(p)}")
        d = self.gap(p)
        if p.op == "Eq":
            return not d or not self.cleared(d) or (self.nonneg(d) and self.nonneg(neg(d)))
        return self.nonzero(d) if p.op == "Ne" else self._sign(d, p.op == "Lt")

    def cleared(self, p: Poly) -> Poly:
        """p times the denominators in it that are sums and that are not 0."""
        for a in sorted({a for m in p for a, _ in m if a.op == "Div"}, key=lambda a: a.key):
            bottom, parts = self.nf(a.args[1]), [(m, dict(m).get(a, 0)) for m in p]
            most, whole = max([k for _, k in parts], default=0), Poly()
            if not self.nonzero(bottom):
                continue
            for m, k in parts:
                whole = add(whole, mul({m - {(a, k)}: p[m]}, power(bottom, most - k)))
            p = whole
        return p

    # fmt: off
    def nonneg(self, p: Poly) -> bool: return self._sign(p, False)
    def positive(self, p: Poly) -> bool: return self._sign(p, True)
    # fmt: on

    def nonzero(self, p: Poly) -> bool:
        if not p:
            return False
        if self.positive(p) or self.positive(neg(p)) or any(d in (p, neg(p)) for d in self.apart):
            return True
        if len(p) != 1:
            return False
        (m,) = p  # a product is nonzero if each of several factors is
        return (len(m) > 1 or any(k != 1 for _, k in m)) and all(self.nonzero(gen(a)) for a, _ in m)

    def _sign(self, p: Poly, strict: bool) -> bool:
        if is_const(p) and (value(p) > 0 or (value(p) == 0 and not strict)):
            return True
        if p and all(c > 0 and all(self.plainly(a) for a, _ in m) for m, c in p.items()):
            return True
        tag = (frozenset(p.items()), strict)
        if tag not in self._decided:
            self._decided[tag] = False  # cuts circular searches
            self._decided[tag] = self._decide(p, strict)
        return self._decided[tag]

    def plainly(self, a: Term) -> bool:
        """An exponential, or the reciprocal of something positive."""
        return a.op == "Exp" or (a.op == "Div" and self.positive(self.nf(a.args[1])))

    def _decide(self, p: Poly, strict: bool) -> bool:
        whole = integral(p) and not is_const(p)  # a constant asks whether the facts contradict each other
        goal: Row = (add(neg(p), const(-1)) if whole and not strict else neg(p), ">=" if strict or whole else ">")
        rows = [r for r in self.rows if integral(r[0])] if whole else list(self.rows)
        if infeasible([*rows, goal]):
            return True
        rows += self._on_demand([goal, *rows], whole)
        if whole:
            rows = [r for r in rows if integral(r[0])]
        return infeasible([*rows, goal])

    def _on_demand(self, rows: Iterable[Row], whole: bool) -> list[Row]:
        """Instances of quantified facts and of declarations for what the rows mention, and signs of their monomials."""
        if self.depth > 2:
            return []
        inner = self.plus(depth=self.depth + 1)
        rows = list(rows)
        closed = {s for p, _ in rows for m in p for a, _ in m for s in subterms(a) if not s.loose}
        atoms = sorted(closed, key=lambda s: s.key)
        out = [r for a in atoms if a.op == "Draw" for r in inner.of_draw(a, whole)]
        out += [r for a in atoms if a.op == "Ind" for r in ((gen(a), ">="), (add(const(1), gen(a), -1), ">="))]
        for q in () if whole else self.quant:
            out += q.instances(atoms, inner)
        if whole:
            return out
        known = self.plus(rows=self.rows + tuple(out), depth=3)
        monomials = {m: True for p, _ in rows + out for m in p if m}
        return out + [r for m in monomials for r in known.of_monomial(m)]

    def of_monomial(self, m: Monomial) -> list[Row]:
        """m >= 0 where every factor is a square or nonnegative; m > 0 where every factor is positive."""
        p: Poly = {m: Fraction(1)}
        if all(k % 2 == 0 for _, k in m):
            return [(p, ">" if all(k < 0 or self.positive(gen(a)) for a, k in m) else ">=")]
        if len(m) == 1 and next(iter(m))[1] == 1:
            ((a, _),) = m
            if self.plainly(a):
                return [(p, ">")]
            return [(p, ">=")] if a.op == "Pow" and self.nonneg(self.nf(a.args[0])) else []
        if all(self.positive(gen(a)) for a, _ in m):
            return [(p, ">")]
        return [(p, ">=")] if all(k % 2 == 0 or self.nonneg(gen(a)) for a, k in m) else []

    def of_draw(self, d: Term, whole: bool) -> list[Row]:
        """A draw on a path of positive probability: 0 <= d < size, and its kernel is positive there."""
        process, path, name, time = d.args
        proc = self.decls.processes[process]
        t = self.nf(time)
        if not (self.nonneg(t) and self.nonneg(add(self.nf(proc.last), t, -1))):
            return []
        size = self.nf(proc.draws[proc.position(name)].size)
        out: list[Row] = [(gen(d), ">="), (add(add(size, gen(d), -1), const(-1)), ">=")]
        k = None if whole else self.law(path, process, name, time, d)
        return out if k is None else [*out, (self.nf(k), ">")]

    def law(self, path: Term, process: str, name: str, time: Term, outcome: Term) -> Term | None:
        """The probability of an outcome of this draw given its parents; None where it is not known which kernel rules."""
        proc = self.decls.processes[process]
        draw, t = proc.draws[proc.position(name)], self.nf(time)
        rule = draw.first if draw.first == draw.later or not t else draw.later if self.positive(t) else None
        return None if rule is None else mk("App", rule[0], *proc.parents(rule, path, time), outcome)

    # --------------------------------------------------------------------------------- levels
    def before(self, a: Level, b: Level) -> bool:
        """Surely everything known at level a is known at level b."""
        d = add(b.time, a.time, -1)
        return self.nonneg(d) if a.pos <= b.pos else self.nonneg(add(d, const(-1)))

    def known_at(self, t: Term, w: Term, level: Level) -> bool:
        """Surely the value of t depends on the path w by draws before the level alone."""
        if w not in subterms(t) and not any(self._comes_from(p, w) for p in subterms(t) if p.op == "Path"):
            return True
        if t.op == "Path":
            return False
        if t.op == "Draw":
            at = self.decls.processes[t.args[0]].position(t.args[2]) + 1
            return t.args[1] is w and self.before(Level(self.nf(t.args[3]), at), level)
        if t.op in ("Sum", "All"):
            inner, parts = self.open(t)
            return all(inner.known_at(a, w, level) for a in parts)
        if t.op in ("E", "Var", "CondE", "Surely"):
            seen = t.op != "CondE" or self._path_known(t, w, level)
            return seen and self.known_at(opened(t.args[-1], fresh_path(t.args[0])), w, level)
        if t.op == "D":
            return all(self.known_at(a, w, level) for a in (t.args[0], opened(t.args[1], fresh("Real"))))
        return all(self.known_at(a, w, level) for a in t.terms)

    def _path_known(self, t: Term, w: Term, level: Level) -> bool:
        """Of the path that a conditional expectation continues, no more than the level enters."""
        if t.args[1] is not w:
            return self.known_at(t.args[1], w, level)
        return self.before(Level(self.nf(t.args[2]), t.args[3]), level)

    def _comes_from(self, p: Term, w: Term) -> bool:
        while p in self.paths:
            p = self.paths[p].path
            if p is w:
                return True
        return False


class Pattern:
    """A quantified or conditional fact: variables with ranges, premises, conclusion, and the subterm that triggers it."""

    def __init__(self, p: Term) -> None:
        self.vars: list[tuple[Term, Term, Term]] = []
        self.premises: list[Term] = []
        while p.op in ("All", "Implies"):
            if p.op == "All":
                v = fresh()
                self.vars.append((v, p.args[0], p.args[1]))
                p = opened(p.args[2], v)
            else:
                self.premises.append(p.args[0])
                p = p.args[1]
        self.claim = p
        self.names = {v for v, _, _ in self.vars}
        found = [s for s in subterms(p) if s.op in ("App", "Sum") and self.names <= set(subterms(s)) and not s.loose]
        self.trigger = sorted(found, key=lambda s: (s.op == "App" and len(s.args), s.key))

    def instances(self, atoms: list[Term], ctx: Ctx) -> list[Row]:
        out: list[Row] = []
        for env in self._matches(atoms):
            if self.claim.op not in ("Eq", "Le", "Lt") or len(env) < len(self.vars):
                continue
            try:
                out += self._at(env, ctx)
            except Malformed:  # a random value in the place of a time: no instance
                continue
        return out

    def _at(self, env: dict[Term, Term], ctx: Ctx) -> list[Row]:
        inside = all(in_range(env[v], replaced(a, env), replaced(b, env), ctx) for v, a, b in self.vars)
        if inside and all(_holds(replaced(h, env), ctx) for h in self.premises):
            return ctx.rows_of(replaced(self.claim, env))
        return []

    def _matches(self, atoms: list[Term]) -> list[dict[Term, Term]]:
        if not self.vars:
            return [{}]
        found = [match(self.trigger[0], a, self.names, {}) for a in atoms] if self.trigger else []
        return [e for e in found if e is not None]


def _holds(p: Term, ctx: Ctx) -> bool:
    """A premise that cannot be decided does not hold."""
    try:
        return ctx.holds(p)
    except SideCondition:
        return False


def in_range(x: Term, low: Term, high: Term, ctx: Ctx) -> bool:
    """Surely an integer with low <= x < high."""
    p = ctx.nf(x)
    above, below = add(p, ctx.nf(low), -1), add(add(ctx.nf(high), p, -1), const(-1))
    return integral(p) and ctx.nonneg(above) and ctx.nonneg(below)


def match(pat: Term, t: Term, names: set[Term], env: dict[Term, Term]) -> dict[Term, Term] | None:
    """One-way structural match; a pattern variable stands for a closed term."""
    if pat in names:
        if pat in env:
            return env if env[pat] is t else None
        return None if t.loose or t.op == "Path" else {**env, pat: t}
    if pat is t:
        return env
    if pat.op != t.op or len(pat.args) != len(t.args):
        return None
    found: dict[Term, Term] | None = env
    for p, x in zip(pat.args, t.args, strict=True):
        if isinstance(p, Term) and isinstance(x, Term):
            found = match(p, x, names, found) if found is not None else None
        elif p != x:
            return None
    return found
