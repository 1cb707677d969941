"""A polynomial in expectations as the mean of one number, read off independent copies of a path.

    E[f]      f on one copy                        Var[f]     (f - f')^2 / 2 on two
    a + b     both on the same copies, so that a difference of variances is sampled in pairs
    a b       on disjoint copies, which are independent: E[f] E[g] is the mean of f g'

Each body is read once on every outcome, and looked up from then on: a sample costs its draws and a few look-ups.  A statistic
knows a bound of its size, and one of the rounding error that it can have on any outcome, by the usual model: u = 2^-53 a step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from numeric.montecarlo.float64 import enclosed, nearest
from proofs.kernel.statement import Decls
from proofs.kernel.terms import Term, show, subterms, want

if TYPE_CHECKING:
    from numeric.montecarlo.sampler import Sampler

Codes = NDArray[np.intp]  # shape [n]: the number of an outcome of all draws
Env = tuple[Any, ...]
Values = NDArray[np.float64]
UNIT = 2.0**-53
OUTWARD = 1 + 2.0**-30  # of the bounds below, themselves computed in float64
MEANS = ("E", "CondE", "Var")
MOST_POWER = 8


@dataclass(frozen=True)
class Statistic:
    """copies: how many paths it looks at.  read(codes, first): its value on copies first, first + 1, ...

    size: a bound of |value|.  lost: a bound of |value - exact value|.
    """

    copies: int
    read: Callable[[Sequence[Codes], int], Any]
    size: float
    lost: float


def averaged(t: Term, decls: Decls) -> bool:
    """Does a term average over paths?"""
    found = subterms(t)
    return any(s.op in MEANS or (s.op == "Def" and averaged(decls.defs[s.args[0]][1], decls)) for s in found)


def statistic(sampler: Sampler, t: Term, env: Env) -> Statistic:
    """The statistic whose mean is the term.  Raises ValueError where the term is no polynomial in expectations."""
    if not averaged(t, sampler.exact.decls):
        return _constant(sampler, t, env)
    if t.op not in FORMS:
        raise ValueError(f"a mean is sampled as a polynomial in expectations; got {t.op} of one: {show(t):.80}")
    return FORMS[t.op](sampler, t, env)


def _constant(sampler: Sampler, t: Term, env: Env) -> Statistic:
    middle, radius = enclosed(sampler.exact.number(t, env))
    value = float(middle)
    return Statistic(0, lambda codes, first: value, abs(value), (abs(value) * UNIT + float(radius)) * OUTWARD)


def _mean(sampler: Sampler, t: Term, env: Env) -> Statistic:
    sampler.require_known(t, env)
    table, lost = sampler.tabulated(t.args[-1], env)
    size = float(np.nanmax(np.abs(table)))
    return Statistic(1, lambda codes, first: table.take(codes[first]), size, lost)


def _variance(sampler: Sampler, t: Term, env: Env) -> Statistic:
    sampler.require_known(t, env)
    table, lost = sampler.tabulated(t.args[-1], env)
    span = float(np.nanmax(table) - np.nanmin(table))
    gap = 2 * lost + UNIT * span  # of a difference

    def read(codes: Sequence[Codes], first: int) -> Values:
        out: Values = table.take(codes[first]) - table.take(codes[first + 1])
        out *= out
        out *= 0.5
        return out

    return Statistic(2, read, span**2 / 2, (span * gap + gap**2 + 2 * UNIT * span**2) * OUTWARD)


def _sum_of(a: Statistic, b: Statistic) -> Statistic:
    size = a.size + b.size
    lost = (a.lost + b.lost + UNIT * size) * OUTWARD
    return Statistic(
        max(a.copies, b.copies), lambda codes, first: a.read(codes, first) + b.read(codes, first), size, lost
    )


def _product_of(a: Statistic, b: Statistic) -> Statistic:
    size = a.size * b.size
    lost = (a.size * b.lost + b.size * a.lost + a.lost * b.lost + UNIT * size) * OUTWARD
    return Statistic(
        a.copies + b.copies,
        lambda codes, first: a.read(codes, first) * b.read(codes, first + a.copies),
        size,
        lost,
    )


def _two(join: Callable[[Statistic, Statistic], Statistic]) -> Callable[[Sampler, Term, Env], Statistic]:
    return lambda sampler, t, env: join(*[statistic(sampler, a, env) for a in t.args])


def _power(sampler: Sampler, t: Term, env: Env) -> Statistic:
    k = sampler.exact.index(t.args[1], env)
    want(0 <= k <= MOST_POWER, f"a power of a mean is sampled up to {MOST_POWER}: {show(t):.80}")
    out = Statistic(0, lambda codes, first: 1.0, 1.0, 0.0)
    for _ in range(k):
        out = _product_of(out, statistic(sampler, t.args[0], env))
    return out


def _quotient(sampler: Sampler, t: Term, env: Env) -> Statistic:
    if averaged(t.args[1], sampler.exact.decls):
        raise ValueError(f"a quotient of means is no mean; it is sampled as a ratio: {show(t):.80}")
    top, bottom = statistic(sampler, t.args[0], env), nearest(sampler.exact.number(t.args[1], env))
    want(bottom, f"division by zero: {show(t):.80}")
    size = top.size / abs(bottom)
    return Statistic(
        top.copies,
        lambda codes, first: top.read(codes, first) / bottom,
        size,
        (top.lost / abs(bottom) + 3 * UNIT * size) * OUTWARD,
    )


def _range(sampler: Sampler, t: Term, env: Env) -> Statistic:
    out = Statistic(0, lambda codes, first: 0.0, 0.0, 0.0)
    for i in sampler.exact.reach(t, env):
        if sampler.exact.value(t.args[2], (i, *env)):
            out = _sum_of(out, statistic(sampler, t.args[3], (i, *env)))
    return out


def _unfolded(sampler: Sampler, t: Term, env: Env) -> Statistic:
    return statistic(sampler, sampler.exact.decls.unfold(t), env)


FORMS: dict[str, Callable[[Sampler, Term, Env], Statistic]] = {
    "E": _mean, "CondE": _mean, "Var": _variance, "Add": _two(_sum_of), "Mul": _two(_product_of), "Pow": _power,
    "Div": _quotient, "Sum": _range, "Def": _unfolded,
}  # fmt: skip
