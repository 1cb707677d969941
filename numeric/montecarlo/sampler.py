"""The sampled reading of a statement's tree: paths of its process from the kernels' tables, and a term on each path.

    Sampler(statement, instance, estimand)(rng, n)      n independent samples of the body of `estimand`, an expectation

Each draw of a path takes one uniform number u and the outcome y with c(y-1) <= u < c(y), c being the cumulated row of
the kernel, each entry the float64 nearest to the exact sum.  An outcome of probability zero has an empty interval and
is never drawn.  The generator's u are multiples of 2^-53, so the law of a draw is known exactly; how far it is from the
kernel, summed over a path, is `distance`, a bound of the total variation: the mean of a statistic in [low, high] is off
by at most (high - low) distance.

A body is evaluated on all paths at once, in float64.  What does not depend on the path is its exact value, rounded
once.  Where a sum has a guard, its body is evaluated on the paths where the guard holds and nowhere else, so that a term
which is undefined elsewhere cannot poison a sample.  An expectation inside the body must not depend on the path.

`spread` gives what a plan needs (range, mean, standard deviation), exactly, by enumeration of all outcomes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proofs.kernel.poly import Poly, is_const, need
from proofs.kernel.poly import value as constant_value
from proofs.kernel.statement import Process, Statement
from proofs.kernel.terms import KINDS, Term, covered, mk, show, want
from proofs.kernel.value import Instance, Undefined, ball

Paths = NDArray[np.intp]  # shape [draws of a path, n]
Env = tuple[Any, ...]  # values of the bound variables, innermost first: an integer, or paths
BITS = 256  # of an enclosure that is to be rounded to float64
GRID = 2**53  # the generator's uniform numbers are k / GRID, 0 <= k < GRID


class Sampler:
    """Samples of the body of `estimand` (an E term of the statement) on an instance that satisfies its hypotheses."""

    def __init__(self, statement: Statement, data: dict[str, Any], estimand: Term) -> None:
        want(estimand.op == "E", f"estimand must be an expectation; got {show(estimand):.80}")
        statement.decls.check(estimand, "Real")
        self.exact = Instance(statement, data)
        bad = self.exact.violated()
        if bad is not None:
            raise ValueError(f"instance must satisfy the sorts and hypotheses; it violates {bad}")
        self.statement, self.estimand, self.body = statement, estimand, estimand.args[1]
        self.process: Process = statement.decls.processes[estimand.args[0]]
        self.slots = (self.exact.index(self.process.last, ()) + 1) * len(self.process.draws)
        self._tables: dict[str, NDArray[np.float64]] = {}
        self._constants: dict[tuple[Term, Env], float] = {}
        self.steps = {name: cumulated(self.exact.tables[name]) for name in _kernels(self.process)}

    def __call__(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        """n independent samples, shape [n]."""
        return self.on(self.paths(rng.random((self.slots, n))))

    def paths(self, uniform: NDArray[np.float64]) -> Paths:
        """Inverse-CDF paths from numbers in [0, 1), shape [slots, n], one row a draw."""
        drawn = np.zeros(uniform.shape, dtype=np.intp)
        for slot in range(self.slots):
            steps, at = self._row(slot, drawn)
            for step in range(steps.shape[-1]):
                drawn[slot] += uniform[slot] >= steps[(*at, step)]
        return drawn

    def on(self, paths: Paths) -> NDArray[np.float64]:
        """The body on given paths, shape [slots, n] -> [n]."""
        return np.full(paths.shape[1], self.number(self.body, (paths,)), dtype=np.float64)

    def _row(self, slot: int, drawn: Paths) -> tuple[NDArray[np.float64], list[Any]]:
        """The cumulated table of a draw's kernel, and the values of its parents on each path."""
        width = len(self.process.draws)
        time, pos = divmod(slot, width)
        draw = self.process.draws[pos]
        kernel, parents = draw.first if time == 0 else draw.later
        at = [time + c if p == "@" else drawn[(time + c) * width + self.process.position(p)] for p, c in parents]
        return self.steps[kernel], at

    @property
    def distance(self) -> Fraction:
        """A bound of the total variation between the law of `paths` and the process."""
        width = len(self.process.draws)
        worst = {name: worst_row(self.exact.tables[name]) for name in self.steps}
        slots = [(slot // width, self.process.draws[slot % width]) for slot in range(self.slots)]
        return sum((worst[(d.first if time == 0 else d.later)[0]] for time, d in slots), Fraction(0))

    # --------------------------------------------------------------------------------- terms on paths
    def number(self, t: Term, env: Env) -> Any:
        """A float, or float64 of shape [n].  Raises Undefined where a live path leaves the term undefined."""
        if not any(isinstance(env[k], np.ndarray) for k in free(t)):
            return self.constant(t, env)
        return SAMPLED[t.op](self, t, env)

    def constant(self, t: Term, env: Env) -> float:
        """The exact value of a term that does not depend on the path, rounded once."""
        known = tuple(x if isinstance(x, int) else () for x in env[: t.loose])
        if (t, known) not in self._constants:
            self._constants[t, known] = nearest(self.exact.number(t, known))
        return self._constants[t, known]

    def holds(self, t: Term, env: Env) -> Any:
        """True or False, or booleans of shape [n]."""
        if not any(isinstance(env[k], np.ndarray) for k in free(t)):
            return bool(self.exact.value(t, tuple(x if isinstance(x, int) else () for x in env[: t.loose])))
        return SAMPLED[t.op](self, t, env)

    def index(self, t: Term, env: Env) -> Any:
        """An integer, or integers of shape [n]."""
        if not any(isinstance(env[k], np.ndarray) for k in free(t)):
            return self.exact.index(t, tuple(x if isinstance(x, int) else () for x in env[: t.loose]))
        if t.op == "Draw":
            return _drawn(self, t, env)
        want(t.op in ("Add", "Mul"), f"not an index: {show(t):.80}")
        a, b = (self.index(x, env) for x in t.args)
        return a + b if t.op == "Add" else a * b

    def entry(self, name: str, at: list[Any]) -> Any:
        """A table's entry, in float64, at integers or arrays of them."""
        if name not in self._tables:
            need(name in self.exact.tables, f"no table for {name}")
            self._tables[name] = floats(self.exact.tables[name], name)
        table = self._tables[name]
        need(len(at) == table.ndim, f"the table of {name} has another shape")
        for size, i in zip(table.shape, at, strict=True):  # a negative index would count from the end
            inside = bool(np.all(np.greater_equal(i, 0) & np.less(i, size)))
            need(inside, f"the table of {name} does not reach so far")
        return table[tuple(at)]

    # --------------------------------------------------------------------------------- against the exact value
    def outcomes(self) -> list[tuple[Fraction, tuple[int, ...]]]:
        """All paths of positive probability."""
        return self.exact.continuations(self.process, ())

    def spread(self) -> Spread:
        """Range, mean and standard deviation of the body, by enumeration."""
        values = [self.exact.number(self.body, (path,)) for _, path in self.outcomes()]
        sd = nearest(self.exact.number(mk("Var", self.process.name, self.body), ())) ** 0.5
        return Spread(
            min(below(v) for v in values), max(above(v) for v in values), self.exact.number(self.estimand, ()), sd
        )

    def worst_rounding(self) -> float:
        """The largest |sampled - exact| value of the body over all outcomes, rounded up."""
        outcomes = [path for _, path in self.outcomes()]
        got = self.on(np.array(outcomes, dtype=np.intp).T)
        exact = [enclosed(self.exact.number(self.body, (path,))) for path in outcomes]
        errors = [abs(Fraction(g) - mid) + rad for g, (mid, rad) in zip(got.tolist(), exact, strict=True)]
        return math.nextafter(float(max(errors)), math.inf) if any(errors) else 0.0


@dataclass(frozen=True)
class Spread:
    """A statistic's smallest and largest value (rounded outward), its exact mean, its standard deviation."""

    low: float
    high: float
    mean: Poly
    sd: float


# ------------------------------------------------------------------------------------- exact to float64 and back
def enclosed(p: Poly) -> tuple[Fraction, Fraction]:
    """An exact value as a ball (middle, radius); a rational has radius 0."""
    if is_const(p):
        return constant_value(p), Fraction(0)
    x = ball(p, BITS)
    mid, rad = x.mid().man_exp(), x.rad().man_exp()
    return Fraction(int(mid[0])) * Fraction(2) ** int(mid[1]), Fraction(int(rad[0])) * Fraction(2) ** int(rad[1])


def nearest(p: Poly) -> float:
    """The float64 next to an exact value (next to the middle of its enclosure, where that has a radius)."""
    return float(enclosed(p)[0])


def below(p: Poly) -> float:
    """A float64 at most the exact value."""
    mid, rad = enclosed(p)
    x = float(mid - rad)
    return x if Fraction(x) <= mid - rad else math.nextafter(x, -math.inf)


def above(p: Poly) -> float:
    """A float64 at least the exact value."""
    mid, rad = enclosed(p)
    x = float(mid + rad)
    return x if Fraction(x) >= mid + rad else math.nextafter(x, math.inf)


def floats(table: Any, name: str) -> NDArray[np.float64]:
    """Nested lists of rationals as an array, each rounded once."""
    rows = _mapped(table, float)
    try:
        return np.array(rows, dtype=np.float64)
    except ValueError:
        raise ValueError(f"the table of {name} must be rectangular to be sampled") from None


def cumulated(table: Any) -> NDArray[np.float64]:
    """Where one outcome of a kernel ends and the next begins, shape [..., outcomes - 1]: exact sums, rounded once."""
    return np.array(_rows(table, lambda row: [float(c) for c in _sums(row)[:-1]]), dtype=np.float64)


def worst_row(table: Any) -> Fraction:
    """The largest total variation between a row of a kernel and the law of its draw, exactly."""
    distances: list[Fraction] = []

    def collect(row: list[Fraction]) -> None:
        ends = [0, *[math.ceil(Fraction(float(c)) * GRID) for c in _sums(row)]]
        gaps = [abs(Fraction(b - a, GRID) - p) for (a, b), p in zip(pairwise(ends), row, strict=True)]
        distances.append(sum(gaps, Fraction(0)) / 2)

    _rows(table, collect)
    return max(distances)


def _sums(row: list[Fraction]) -> list[Fraction]:
    return [sum(row[: k + 1], Fraction(0)) for k in range(len(row))]


def _rows(table: Any, f: Callable[[list[Fraction]], Any]) -> Any:
    """f at each innermost row of nested lists."""
    return [_rows(x, f) for x in table] if isinstance(table[0], list) else f(table)


def _mapped(table: Any, f: Callable[[Any], Any]) -> Any:
    return [_mapped(x, f) for x in table] if isinstance(table, list) else f(table)


def _kernels(process: Process) -> set[str]:
    return {rule[0] for draw in process.draws for rule in (draw.first, draw.later)}


def free(t: Term) -> frozenset[int]:
    """Which binders outside a term it refers to: 0 is the innermost."""
    if not t.loose:
        return frozenset()
    if t.op == "Bound":
        return frozenset((t.args[0],))
    under = KINDS[t.op].binds
    parts = [(free(a), int(n in under)) for n, a in enumerate(t.args) if isinstance(a, Term)]
    return frozenset(k - crossed for found, crossed in parts for k in found if k >= crossed)


# ------------------------------------------------------------------------------------- kinds
def _never(reader: Sampler, t: Term, env: Env) -> Any:
    raise TypeError(f"{t.op} does not depend on a path: {show(t):.80}")


def _refused(reader: Sampler, t: Term, env: Env) -> Any:
    raise ValueError(f"{t.op} inside a sampled term must not depend on the path: {show(t):.80}")


def _bound(reader: Sampler, t: Term, env: Env) -> Any:
    return env[t.args[0]]


def _app(reader: Sampler, t: Term, env: Env) -> Any:
    return reader.entry(t.args[0], [reader.index(a, env) for a in t.args[1:]])


def _def(reader: Sampler, t: Term, env: Env) -> Any:
    sorts, body = reader.statement.decls.defs[t.args[0]]
    if "Real" in sorts:
        return reader.number(reader.statement.decls.unfold(t), env)
    given = [reader.index(a, env) if s == "Int" else env[a.args[0]] for a, s in zip(t.args[1:], sorts, strict=True)]
    return reader.number(body, tuple(reversed(given)))


def _drawn(reader: Sampler, t: Term, env: Env) -> Any:
    want(t.args[0] == reader.process.name, f"a draw of another process: {show(t):.80}")
    paths, time = env[t.args[1].args[0]], reader.index(t.args[3], env)
    at = time * len(reader.process.draws) + reader.process.position(t.args[2])
    if time < 0 or at >= len(paths):
        raise Undefined(f"no such draw: {show(t):.80}")
    return paths[at]


def _draw(reader: Sampler, t: Term, env: Env) -> Any:
    return _drawn(reader, t, env).astype(np.float64)


def _div(reader: Sampler, t: Term, env: Env) -> Any:
    a, b = (reader.number(x, env) for x in t.args)
    if np.any(b == 0):
        raise Undefined(f"division by zero: {show(t):.80}")
    return a / b


def _pow(reader: Sampler, t: Term, env: Env) -> Any:
    base, k = reader.number(t.args[0], env), reader.index(t.args[1], env)
    if k < 0:
        raise Undefined(f"negative exponent: {show(t):.80}")
    return base**k


def _ln(reader: Sampler, t: Term, env: Env) -> Any:
    x = reader.number(t.args[0], env)
    if np.any(x <= 0):
        raise Undefined(f"logarithm of a number that is not positive: {show(t):.80}")
    return np.log(x)


def _clip(reader: Sampler, t: Term, env: Env) -> Any:
    x, low, high = (reader.number(a, env) for a in t.args)
    if np.any(low > high):
        raise Undefined(f"clip to an empty interval: {show(t):.80}")
    return np.minimum(np.maximum(x, low), high)


def _where(guard: Any, read: Callable[[Term, Env], Any], t: Term, env: Env, otherwise: float | bool) -> Any:
    """The term where the guard holds, read on those paths alone; `otherwise` elsewhere."""
    if not isinstance(guard, np.ndarray):
        return read(t, env) if guard else otherwise
    out = np.full(guard.shape, otherwise)
    if guard.any():
        out[guard] = read(t, tuple(x[:, guard] if isinstance(x, np.ndarray) else x for x in env))
    return out


def _sum(reader: Sampler, t: Term, env: Env) -> Any:
    out: Any = 0.0
    for i in range(reader.index(t.args[0], env), reader.index(t.args[1], env)):
        here = (i, *env)
        out = out + _where(reader.holds(t.args[2], here), reader.number, t.args[3], here, 0.0)
    return out


def _implies(reader: Sampler, t: Term, env: Env) -> Any:
    return _where(reader.holds(t.args[0], env), reader.holds, t.args[1], env, True)


def _all(reader: Sampler, t: Term, env: Env) -> Any:
    out: Any = True
    for i in range(reader.index(t.args[0], env), reader.index(t.args[1], env)):
        out = np.logical_and(out, reader.holds(t.args[2], (i, *env)))
    return out


def _two(f: Callable[[Any, Any], Any]) -> Callable[[Sampler, Term, Env], Any]:
    return lambda reader, t, env: f(reader.number(t.args[0], env), reader.number(t.args[1], env))


SAMPLED: dict[str, Callable[[Sampler, Term, Env], Any]] = {
    "Num": _never, "Sym": _never, "Path": _never, "True": _never, "Bound": _bound,
    "App": _app, "Def": _def, "Draw": _draw, "Div": _div, "Pow": _pow, "Ln": _ln, "Clip": _clip, "Sum": _sum,
    "E": _refused, "CondE": _refused, "Var": _refused, "D": _refused, "Surely": _refused,
    "Exp": lambda reader, t, env: np.exp(reader.number(t.args[0], env)),
    "Ind": lambda reader, t, env: np.asarray(reader.holds(t.args[0], env), dtype=float),
    "Add": _two(np.add), "Mul": _two(np.multiply), "Min": _two(np.minimum), "Max": _two(np.maximum),
    "Eq": _two(np.equal), "Ne": _two(np.not_equal), "Le": _two(np.less_equal), "Lt": _two(np.less),
    "And": lambda reader, t, env: np.logical_and(*[reader.holds(a, env) for a in t.args]),
    "Implies": _implies, "All": _all,
}  # fmt: skip
covered("sampled", SAMPLED)
