"""The sampled reading of a term: its float64 value on many outcomes at once.

    Reading(exact, process).number(body, (paths,))      outcomes of all draws of a path, shape [slots, n] -> [n]

What does not depend on the path is its exact value, rounded once; so is a derivative, on each outcome.  Where a sum has a
guard, its body is evaluated on the paths where the guard holds and nowhere else, so that a term which is undefined elsewhere
cannot poison a sample.  An expectation inside the body must not depend on the path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numeric.montecarlo.float64 import floats, nearest
from proofs.kernel.poly import need
from proofs.kernel.statement import Process
from proofs.kernel.terms import KINDS, Term, covered, show, want
from proofs.kernel.value import Instance, Undefined

Paths = NDArray[np.intp]  # shape [draws of a path, n]
Env = tuple[Any, ...]  # values of the bound variables, innermost first: an integer, one path as a tuple, or many paths


class Reading:
    """Terms of one instance on many paths of one process."""

    def __init__(self, exact: Instance, process: Process) -> None:
        self.exact, self.process = exact, process
        self._tables: dict[str, NDArray[np.float64]] = {}
        self._constants: dict[tuple[Term, Env], float] = {}

    def number(self, t: Term, env: Env) -> Any:
        """A float, or float64 of shape [n].  Raises Undefined where a live path leaves the term undefined."""
        if not any(isinstance(env[k], np.ndarray) for k in free(t)):
            return self.constant(t, env)
        return SAMPLED[t.op](self, t, env)

    def constant(self, t: Term, env: Env) -> float:
        """The exact value of a term that does not depend on the path, rounded once."""
        known = _settled(t, env)
        if (t, known) not in self._constants:
            self._constants[t, known] = nearest(self.exact.number(t, known))
        return self._constants[t, known]

    def holds(self, t: Term, env: Env) -> Any:
        """True or False, or booleans of shape [n]."""
        if not any(isinstance(env[k], np.ndarray) for k in free(t)):
            return bool(self.exact.value(t, _settled(t, env)))
        return SAMPLED[t.op](self, t, env)

    def index(self, t: Term, env: Env) -> Any:
        """An integer, or integers of shape [n]."""
        if not any(isinstance(env[k], np.ndarray) for k in free(t)):
            return self.exact.index(t, _settled(t, env))
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


def _settled(t: Term, env: Env) -> Env:
    """The environment of a term that depends on no path of many."""
    return tuple(() if isinstance(x, np.ndarray) else x for x in env[: t.loose])


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
def _never(reader: Reading, t: Term, env: Env) -> Any:
    raise TypeError(f"{t.op} does not depend on a path: {show(t):.80}")


def _refused(reader: Reading, t: Term, env: Env) -> Any:
    raise ValueError(f"{t.op} inside a sampled term must not depend on the path: {show(t):.80}")


def _exactly(reader: Reading, t: Term, env: Env) -> NDArray[np.float64]:
    """The exact value on each distinct outcome, rounded once.  There are few: a body is read on outcomes, not on samples."""
    stacked = np.vstack([x for x in env if isinstance(x, np.ndarray)])
    outcomes, place = np.unique(stacked, axis=1, return_inverse=True)
    values = [nearest(reader.exact.number(t, _env_at(env, column))) for column in outcomes.T.tolist()]
    return np.array(values, dtype=np.float64)[place.reshape(-1)]


def _env_at(env: Env, column: list[int]) -> Env:
    """The values of the bound variables on one outcome, given as one column below the other."""
    out: list[Any] = []
    for x in env:
        out.append(tuple(column[: len(x)]) if isinstance(x, np.ndarray) else x)
        column = column[len(x) :] if isinstance(x, np.ndarray) else column
    return tuple(out)


def _bound(reader: Reading, t: Term, env: Env) -> Any:
    return env[t.args[0]]


def _app(reader: Reading, t: Term, env: Env) -> Any:
    return reader.entry(t.args[0], [reader.index(a, env) for a in t.args[1:]])


def _def(reader: Reading, t: Term, env: Env) -> Any:
    sorts, body = reader.exact.decls.defs[t.args[0]]
    if "Real" in sorts:
        return reader.number(reader.exact.decls.unfold(t), env)
    given = [reader.index(a, env) if s == "Int" else env[a.args[0]] for a, s in zip(t.args[1:], sorts, strict=True)]
    return reader.number(body, tuple(reversed(given)))


def _drawn(reader: Reading, t: Term, env: Env) -> Any:
    want(t.args[0] == reader.process.name, f"a draw of another process: {show(t):.80}")
    paths, time = env[t.args[1].args[0]], reader.index(t.args[3], env)
    at = time * len(reader.process.draws) + reader.process.position(t.args[2])
    if time < 0 or at >= len(paths):
        raise Undefined(f"no such draw: {show(t):.80}")
    return paths[at]


def _draw(reader: Reading, t: Term, env: Env) -> Any:
    return _drawn(reader, t, env).astype(np.float64)


def _div(reader: Reading, t: Term, env: Env) -> Any:
    a, b = (reader.number(x, env) for x in t.args)
    if np.any(b == 0):
        raise Undefined(f"division by zero: {show(t):.80}")
    return a / b


def _pow(reader: Reading, t: Term, env: Env) -> Any:
    base, k = reader.number(t.args[0], env), reader.index(t.args[1], env)
    if k < 0:
        raise Undefined(f"negative exponent: {show(t):.80}")
    return base**k


def _ln(reader: Reading, t: Term, env: Env) -> Any:
    x = reader.number(t.args[0], env)
    if np.any(x <= 0):
        raise Undefined(f"logarithm of a number that is not positive: {show(t):.80}")
    return np.log(x)


def _clip(reader: Reading, t: Term, env: Env) -> Any:
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


def _sum(reader: Reading, t: Term, env: Env) -> Any:
    out: Any = 0.0
    for i in range(reader.index(t.args[0], env), reader.index(t.args[1], env)):
        here = (i, *env)
        out = out + _where(reader.holds(t.args[2], here), reader.number, t.args[3], here, 0.0)
    return out


def _implies(reader: Reading, t: Term, env: Env) -> Any:
    return _where(reader.holds(t.args[0], env), reader.holds, t.args[1], env, True)


def _all(reader: Reading, t: Term, env: Env) -> Any:
    out: Any = True
    for i in range(reader.index(t.args[0], env), reader.index(t.args[1], env)):
        out = np.logical_and(out, reader.holds(t.args[2], (i, *env)))
    return out


def _two(f: Callable[[Any, Any], Any]) -> Callable[[Reading, Term, Env], Any]:
    return lambda reader, t, env: f(reader.number(t.args[0], env), reader.number(t.args[1], env))


SAMPLED: dict[str, Callable[[Reading, Term, Env], Any]] = {
    "Num": _never, "Sym": _never, "Path": _never, "True": _never, "Bound": _bound,
    "App": _app, "Def": _def, "Draw": _draw, "Div": _div, "Pow": _pow, "Ln": _ln, "Clip": _clip, "Sum": _sum,
    "E": _refused, "CondE": _refused, "Var": _refused, "Surely": _refused, "D": _exactly,
    "Exp": lambda reader, t, env: np.exp(reader.number(t.args[0], env)),
    "Ind": lambda reader, t, env: np.asarray(reader.holds(t.args[0], env), dtype=float),
    "Add": _two(np.add), "Mul": _two(np.multiply), "Min": _two(np.minimum), "Max": _two(np.maximum),
    "Eq": _two(np.equal), "Ne": _two(np.not_equal), "Le": _two(np.less_equal), "Lt": _two(np.less),
    "And": lambda reader, t, env: np.logical_and(*[reader.holds(a, env) for a in t.args]),
    "Implies": _implies, "All": _all,
}  # fmt: skip
covered("sampled", SAMPLED)
