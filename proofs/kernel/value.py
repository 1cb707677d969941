"""The exact value of a statement on an instance, by definition: every sum and every path is enumerated.

A value is a rational or a polynomial in logarithms, exponentials and reciprocals of such, whose sign is decided by balls.
The variable of a derivative has the value x + e for an infinitesimal e; a quotient, a logarithm or an exponential keeps the
part of order e and adds an unknown multiple of e^2.  An instance is plain data: {"ints": {n: 3}, "reals": {x: "1/2"},
"tables": {f: nested lists of numbers as text, indexed from 0}}; "ln(3)" is a number, too, but not a probability.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flint import arb, fmpq
from flint import ctx as flint_context

# isort: off
from proofs.kernel.forms import ln_number
from proofs.kernel.poly import (
    Monomial, Poly, Undecided, add, back, const, gen, is_const, mul, need, neg, power, term_of, value,
)  # fmt: skip
from proofs.kernel.statement import Process, Statement
from proofs.kernel.terms import Malformed, Term, brief, covered, mk, num, rational_text, show, want
# isort: on

MOST_POWER = 1_000
MOST_OUTCOMES = 200_000
MOST_RANGE = 100_000
MOST_STEPS = 5_000_000
BITS = (128, 512, 2048)
Env = tuple[Any, ...]  # values of the bound variables, innermost first: an integer, or the outcome of a path


class Undefined(Exception):
    """A term has no value on this instance."""


class Instance:
    """Values for the declared names.  Raises Malformed or Undecided where the data do not serve."""

    def __init__(self, statement: Statement, data: Any) -> None:
        want(type(data) is dict and set(data) <= {"ints", "reals", "tables"}, "an instance has ints, reals and tables")
        want(all(type(part) is dict for part in data.values()), "ints, reals and tables are objects")
        self.statement, self.decls = statement, statement.decls
        self.ints = {k: _int(v) for k, v in data.get("ints", {}).items()}
        self.reals = {k: _number(v) for k, v in data.get("reals", {}).items()}
        self.tables = {k: _table(v) for k, v in data.get("tables", {}).items()}
        self.steps = 0
        self._memo: dict[Any, Any] = {}
        self._paths: dict[Any, list[tuple[Fraction, tuple[int, ...]]]] = {}

    def value(self, t: Term, env: Env = ()) -> Any:
        """A Poly for a term, True or False for a proposition.  Raises Undefined."""
        tag = (t, env[: t.loose])
        if tag not in self._memo:
            self.steps += 1
            need(self.steps <= MOST_STEPS, "the instance takes more steps than allowed")
            self._memo[tag] = VALUES[t.op](self, t, env)
        return self._memo[tag]

    def number(self, t: Term, env: Env) -> Poly:
        out: Poly = self.value(t, env)
        return out

    def index(self, t: Term, env: Env) -> int:
        c = rational(self.number(t, env))
        if c.denominator != 1:
            raise Undecided(f"an index is an integer: {show(t)}")
        return int(c)

    def reach(self, t: Term, env: Env) -> range:
        low, high = self.index(t.args[0], env), self.index(t.args[1], env)
        need(high - low <= MOST_RANGE, "a range is longer than allowed")
        return range(low, high)

    def entry(self, name: str, at: list[int]) -> Poly:
        need(name in self.tables, f"no table for {name}")
        out = self.tables[name]
        for i in at:
            need(type(out) is list and 0 <= i < len(out), f"the table of {name} does not reach so far")
            out = out[i]
        need(type(out) in (Fraction, dict), f"the table of {name} has another shape")
        return const(out) if type(out) is Fraction else out

    def around(self, p: Poly, slope: Poly, of: Poly) -> Poly:
        """p + slope e + an unknown multiple of e^2, where the argument `of` moves."""
        if not moving(of):
            return p
        self.steps += 1
        unknown = gen(mk("Sym", f"#{self.steps}", "Real"))
        return add(p, mul(gen(STEP), add(slope, mul(gen(STEP), unknown))))

    # --------------------------------------------------------------------------------- paths
    def prefix(self, proc: Process, path: tuple[int, ...], time: int, pos: int) -> tuple[int, ...]:
        return path[: max(0, time * len(proc.draws) + pos)]

    def mean(self, proc: Process, known: tuple[int, ...], body: Term, env: Env) -> Poly:
        """Over every continuation of positive probability."""
        out: Poly = {}
        for weight, path in self.continuations(proc, known):
            out = add(out, self.number(body, (path, *env)), weight)
        return out

    def continuations(self, proc: Process, known: tuple[int, ...]) -> list[tuple[Fraction, tuple[int, ...]]]:
        tag = (proc.name, known)
        if tag not in self._paths:
            todo = [(Fraction(1), known)]
            for n in range(len(known), (self.index(proc.last, ()) + 1) * len(proc.draws)):
                todo = [(w * p, (*d, y)) for w, d in todo for y, p in enumerate(self.law(proc, n, d)) if p > 0]
                need(len(todo) <= MOST_OUTCOMES, "a process has more outcomes than allowed")
            self._paths[tag] = todo
        return self._paths[tag]

    def law(self, proc: Process, n: int, path: tuple[int, ...]) -> list[Fraction]:
        """The pmf of the n-th draw after these."""
        time, pos = divmod(n, len(proc.draws))
        kernel, parents = proc.draws[pos].first if time == 0 else proc.draws[pos].later
        out = self.tables[kernel]
        for p, c in parents:
            out = out[time + c if p == "@" else path[(time + c) * len(proc.draws) + proc.position(p)]]
        return out  # type: ignore[no-any-return]

    # --------------------------------------------------------------------------------- sorts and hypotheses
    def violated(self) -> str | None:
        """The first declaration or hypothesis that the instance violates, or None."""
        for d in self.statement.raw:
            if d[0] in ("Size", "Int"):
                need(d[1] in self.ints, f"no value for {d[1]}")
            if d[0] == "Real":
                need(d[1] in self.reals, f"no value for {d[1]}")
            if d[0] == "Size" and self.ints[d[1]] < d[2]:
                return str(d[1])
            if d[0] == "Kernel" and not self._is_kernel(*d[1:]):
                return str(d[1])
        for name, h in self.statement.hyps:
            try:
                if not self.value(h):
                    return name
            except Undefined:
                return name
        return None

    def _is_kernel(self, name: str, sizes: list[Term], size: Term) -> bool:
        shape = [self.index(s, ()) for s in (*sizes, size)]
        rows: list[Any] = [self.tables.get(name)]
        for n in shape[:-1]:
            if any(type(r) is not list or len(r) != n for r in rows):
                return False
            rows = [x for r in rows for x in r]
        full = all(type(r) is list and len(r) == shape[-1] for r in rows)
        return full and all(all(type(x) is Fraction and x >= 0 for x in r) and sum(r) == 1 for r in rows)


# ------------------------------------------------------------------------------------- values by kind
def _symbol(inst: Instance, t: Term, env: Env) -> Poly:
    where: dict[str, Any] = inst.ints if t.args[1] == "Int" else inst.reals
    need(t.args[0] in where, f"no value for {t.args[0]}")
    found = where[t.args[0]]
    return found if type(found) is dict else const(found)


def _bound(inst: Instance, t: Term, env: Env) -> Any:
    found = env[t.args[0]]
    return const(found) if type(found) is int else dict(found) if type(found) is frozenset else found


def _app(inst: Instance, t: Term, env: Env) -> Poly:
    return inst.entry(t.args[0], [inst.index(a, env) for a in t.args[1:]])


def _def(inst: Instance, t: Term, env: Env) -> Poly:
    sorts, body = inst.decls.defs[t.args[0]]
    if "Real" in sorts:  # a real need not be rational, so it cannot stand in the environment
        return inst.number(inst.decls.unfold(t), env)
    values = [inst.index(a, env) if s == "Int" else inst.value(a, env) for a, s in zip(t.args[1:], sorts, strict=True)]
    return inst.number(body, tuple(reversed(values)))


def _draw(inst: Instance, t: Term, env: Env) -> Poly:
    proc = inst.decls.processes[t.args[0]]
    path, time = inst.value(t.args[1], env), inst.index(t.args[3], env)
    at = time * len(proc.draws) + proc.position(t.args[2])
    if time < 0 or at >= len(path):
        raise Undefined(f"no such draw: {show(t)}")
    return const(path[at])


def _div(inst: Instance, t: Term, env: Env) -> Poly:
    bottom = inst.number(t.args[1], env)
    b, db = first_order(bottom)
    if sign(b) == 0:
        raise Undefined(f"division by zero: {show(t)}")
    return mul(inst.number(t.args[0], env), inst.around(inverse(b), neg(mul(db, power(inverse(b), 2))), bottom))


def _pow(inst: Instance, t: Term, env: Env) -> Poly:
    b, k = inst.number(t.args[0], env), inst.index(t.args[1], env)
    if k < 0:
        raise Undefined(f"negative exponent: {show(t)}")
    need(k <= 10_000, "an exponent is larger than allowed")
    if not is_const(b):
        return power(b, k)
    c = value(b)
    bits = k * max(c.numerator.bit_length(), c.denominator.bit_length())
    need(bits <= 200_000, "a number has more digits than allowed")
    return const(c**k)


def _ln(inst: Instance, t: Term, env: Env) -> Poly:
    inner = inst.number(t.args[0], env)
    x, dx = first_order(inner)
    if sign(x) <= 0:
        raise Undefined(f"logarithm of a number that is not positive: {show(t)}")
    return inst.around(logarithm(x), mul(dx, inverse(x)), inner)


def _exp(inst: Instance, t: Term, env: Env) -> Poly:
    """e^(k ln p) is p^k for an integer k."""
    inner = inst.number(t.args[0], env)
    x, dx = first_order(inner)
    out = const(1)
    for m, c in x.items():
        need(abs(c.numerator) <= MOST_POWER, "an exponent is larger than allowed")
        primes = [a.args[0].args[0] for a, k in m if (len(m), k, a.op, a.args[0].op) == (1, 1, "Ln", "Num")]
        root = mk("Exp", term_of(m, Fraction(1, c.denominator)))
        INNER[root] = {m: Fraction(1, c.denominator)}
        whole = primes and c.denominator == 1
        out = mul(out, const(primes[0] ** int(c)) if whole else gen(root, c.numerator))
    return inst.around(out, mul(dx, out), inner)


def _d(inst: Instance, t: Term, env: Env) -> Poly:
    x = inst.number(t.args[0], env)
    need(not any(type(e) is frozenset for e in env[: t.loose]), "a derivative within a derivative")
    return first_order(inst.number(t.args[1], (frozenset(add(x, gen(STEP)).items()), *env)))[1]


def _extreme(inst: Instance, t: Term, env: Env) -> Poly:
    return inst.number(t.args[(_compare(inst, t, env) >= 0) == (t.op == "Max")], env)


def _clip(inst: Instance, t: Term, env: Env) -> Poly:
    x, lo, hi = (inst.number(a, env) for a in t.args)
    if sign(add(hi, lo, -1)) < 0:
        raise Undefined(f"clip to an empty interval: {show(t)}")
    x = lo if sign(add(lo, x, -1)) > 0 else x
    return hi if sign(add(x, hi, -1)) > 0 else x


def _sum(inst: Instance, t: Term, env: Env) -> Poly:
    out: Poly = {}
    for i in inst.reach(t, env):
        if inst.value(t.args[2], (i, *env)):
            out = add(out, inst.number(t.args[3], (i, *env)))
    return out


def _conde(inst: Instance, t: Term, env: Env) -> Poly:
    proc, time = inst.decls.processes[t.args[0]], inst.index(t.args[2], env)
    last = inst.index(proc.last, ())
    if not (0 <= time <= last and t.args[3] <= len(proc.draws)):
        raise Undefined(f"a level outside the time of the process: {show(t)}")
    return inst.mean(proc, inst.prefix(proc, inst.value(t.args[1], env), time, t.args[3]), t.args[4], env)


def _var(inst: Instance, t: Term, env: Env) -> Poly:
    proc = inst.decls.processes[t.args[0]]
    centre = inst.mean(proc, (), t.args[1], env)
    out: Poly = {}
    for weight, path in inst.continuations(proc, ()):
        gap = add(inst.number(t.args[1], (path, *env)), centre, -1)
        out = add(out, mul(gap, gap), weight)
    return out


def _compare(inst: Instance, t: Term, env: Env) -> int:
    return sign(add(inst.number(t.args[1], env), inst.number(t.args[0], env), -1))


def _unbound(inst: Instance, t: Term, env: Env) -> Any:
    raise Malformed(f"a free path has no value: {show(t)}")


VALUES: dict[str, Callable[[Instance, Term, Env], Any]] = {
    "Num": lambda inst, t, env: const(t.args[0]), "Sym": _symbol, "Bound": _bound, "Path": _unbound, "App": _app, "Def": _def,
    "Draw": _draw, "Div": _div, "Pow": _pow, "Ln": _ln, "Exp": _exp, "D": _d,
    "Min": _extreme, "Max": _extreme, "Clip": _clip, "Sum": _sum, "CondE": _conde, "Var": _var,
    "E": lambda inst, t, env: inst.mean(inst.decls.processes[t.args[0]], (), t.args[1], env),
    "Add": lambda inst, t, env: add(inst.number(t.args[0], env), inst.number(t.args[1], env)),
    "Mul": lambda inst, t, env: mul(inst.number(t.args[0], env), inst.number(t.args[1], env)),
    "Ind": lambda inst, t, env: const(int(inst.value(t.args[0], env))),
    "True": lambda inst, t, env: True,
    "Eq": lambda inst, t, env: _compare(inst, t, env) == 0,
    "Ne": lambda inst, t, env: _compare(inst, t, env) != 0,
    "Le": lambda inst, t, env: _compare(inst, t, env) >= 0,
    "Lt": lambda inst, t, env: _compare(inst, t, env) > 0,
    "And": lambda inst, t, env: all([inst.value(a, env) for a in t.args]),
    "Implies": lambda inst, t, env: not inst.value(t.args[0], env) or inst.value(t.args[1], env),
    "All": lambda inst, t, env: all([inst.value(t.args[2], (i, *env)) for i in inst.reach(t, env)]),
    "Surely": lambda inst, t, env: all(
        [inst.value(t.args[1], (w, *env)) for _, w in inst.continuations(inst.decls.processes[t.args[0]], ())]),
}  # fmt: skip
covered("value", VALUES)


def outcome(statement: Statement, data: Any) -> tuple[str, str]:
    """('true' | 'false' | 'undefined' | 'not admissible', what or why)."""
    inst = Instance(statement, data)
    bad = inst.violated()
    if bad is not None:
        return "not admissible", f"the instance violates {bad}"
    try:
        return ("true" if inst.value(statement.claim) else "false"), ""
    except Undefined as why:
        return "undefined", str(why)


def _int(v: Any) -> int:
    want(type(v) is int and abs(v) <= 10**9, f"an integer of moderate size is needed; got {brief(v):.40}")
    return int(v)


def _rational(v: Any) -> Fraction:
    return Fraction(_int(v)) if type(v) is int else rational_text(v)


def _number(v: Any) -> Fraction | Poly:
    """A rational, or the logarithm of one: "ln(3)"."""
    if type(v) is not str or not (v.startswith("ln(") and v.endswith(")")):
        return _rational(v)
    x = rational_text(v[3:-1])
    want(x > 0, f"no logarithm: {v[:40]}")
    return ln_number(x)


def _table(v: Any, depth: int = 0) -> Any:
    want(depth <= 20, "a table is nested too deeply")
    return [_table(x, depth + 1) for x in v] if type(v) is list else _number(v)


def rational(p: Poly) -> Fraction:
    need(is_const(p), "not a rational number")
    return value(p)


# ------------------------------------------------------------------------------------- infinitesimals
STEP, E = mk("Sym", "#step", "Real"), mk("Sym", "#e", "Real")
INNER: dict[Term, Poly] = {}  # what the atom is the reciprocal or the exponential of


def moving(p: Poly) -> bool:
    return any(a is STEP for m in p for a, _ in m)


def first_order(p: Poly) -> tuple[Poly, Poly]:
    """p without its infinitesimal part, and the coefficient of the first order."""
    degree = {m: sum(k for a, k in m if a is STEP) for m in p}
    return {m: c for m, c in p.items() if not degree[m]}, {m - {(STEP, 1)}: c for m, c in p.items() if degree[m] == 1}


def logarithm(x: Poly) -> Poly:
    """Of a positive number; split where it is a rational times powers of e."""
    ((m, c), *rest) = x.items()
    if rest or any(a.op != "Exp" for a, _ in m):
        return gen(mk("Ln", back(x)))
    out = ln_number(c)
    for a, k in m:
        out = add(out, INNER[a], k)
    return out


def inverse(p: Poly) -> Poly:
    if len(p) == 1:
        ((m, c),) = p.items()
        return {frozenset((a, -k) for a, k in m): 1 / c}
    out = mk("Div", num(1), back(p))
    INNER[out] = p
    return gen(out)


def vanishes(p: Poly) -> bool:
    """Surely 0: over one denominator, and powers of one root of e."""
    low = next((a for m in p for a, _ in m if a.op == "Div"), None)
    if low is not None:
        most = max(k for m in p for a, k in m if a is low)
        parts = [(c, m, dict(m).get(low, 0)) for m, c in p.items()]
        whole: Poly = {}
        for c, m, k in parts:
            whole = add(whole, mul({m - {(low, k)}: c}, power(INNER[low], most - k)))
        return vanishes(whole)
    roots = {a: a.args[0].args[0].denominator for m in p for a, _ in m if a.op == "Exp" and a.args[0].op == "Num"}
    root, out = 1, dict[Monomial, Fraction]()
    for d in roots.values():
        root *= d
    for m, c in p.items():
        power_of_e = sum(k * root // roots[a] for a, k in m if a in roots)
        rest = frozenset((a, k) for a, k in m if a not in roots)
        out = add(out, mul({rest: c}, gen(E, power_of_e) if power_of_e else const(1)))
    return not out


def sign(p: Poly) -> int:
    """The sign, also around a point.  Raises Undecided where balls do not separate it from 0, Undefined at a kink or a jump."""
    if moving(p):
        at, by = first_order(p)
        found = sign(at)
        if not found and sign(by):
            raise Undefined("a kink or a jump")
        need(found, "two pieces touch")
        return found
    if is_const(p):
        c = value(p)
        return (c > 0) - (c < 0)
    if vanishes(p):
        return 0
    for bits in BITS:
        x = ball(p, bits)
        if x > 0 or x < 0:
            return 1 if x > 0 else -1
    raise Undecided("balls do not separate a value from zero")


def ball(p: Poly, bits: int) -> arb:
    """An enclosure at this working precision."""
    before, flint_context.prec = flint_context.prec, bits
    try:
        out = arb(0)
        for m, c in p.items():
            part = arb(fmpq(c.numerator, c.denominator))
            for a, k in m:
                part *= enclosure(a) ** k
            out += part
        return out
    finally:
        flint_context.prec = before


def enclosure(t: Term) -> arb:
    """A ball around a number that is written with these operations."""
    if t.op == "Num":
        return arb(fmpq(t.args[0].numerator, t.args[0].denominator))
    x, *rest = [enclosure(a) for a in t.args]
    table = {"Ln": lambda: x.log(), "Exp": lambda: x.exp(), "Add": lambda: x + rest[0], "Mul": lambda: x * rest[0],
             "Div": lambda: x / rest[0], "Pow": lambda: x ** int(t.args[1].args[0])}  # fmt: skip
    return table[t.op]()
