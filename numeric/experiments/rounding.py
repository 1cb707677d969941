"""How far float64 code may be from the exact value of a term: a bound computed by ball arithmetic, point by point.

The term's tree is evaluated in balls at 48 bits, every rational in it (numbers, reals, entries of tables) known only to
within a relative slack of 2^-48 max(1, a), a being the largest logarithm that the code is given: an argument that is
rational is rounded by 2^-53 of itself, while a logarithm a = log p rounded by 2^-53 |a| stands for a p that is off by this
factor.  The bound is the largest distance between that ball and the exact value.  It covers code that computes the tree's
operations, or as many others that are as well conditioned, in float64 (53 bits) with a loss of five bits; code that loses
more is refuted.  Comparisons and indices are exact.

A ball that is too wide to say anything (a relative error beyond 2^-20) is an error, never a bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from flint import arb, fmpq
from flint import ctx as flint_context

from proofs.kernel.poly import Poly
from proofs.kernel.statement import Process
from proofs.kernel.terms import Term, covered, show
from proofs.kernel.value import Instance, ball

BITS = 48
FINE = 256  # of the exact value
WIDEST = Fraction(1, 2**20)
Env = tuple[Any, ...]


class Rounded:
    """Terms on an instance, in balls."""

    def __init__(self, exact: Instance, largest: Fraction) -> None:
        """largest: the size of the largest logarithm among the code's arguments."""
        self.exact = exact
        self.slack = max(Fraction(1), largest) / 2**BITS

    def bound(self, t: Term, env: Env = ()) -> Fraction:
        """The largest error allowed of float64 code that computes t.  Raises ValueError where it would be vacuous."""
        true = self.exact.number(t, env)
        with precision(BITS):
            rough = self.number(t, env)
        with precision(FINE):
            gap = abs(rough - ball(true, FINE))
            size = abs(ball(true, FINE))
            good = gap.is_finite() and gap.abs_upper() <= arb(fmpq(1, 2**20)) * (1 + size)
        if not good:
            raise ValueError(f"a point must be well conditioned; float64 cannot say much of {show(t):.120} there")
        return upper(gap)

    def number(self, t: Term, env: Env) -> arb:
        return BALLS[t.op](self, t, env)

    def leaf(self, t: Term, env: Env) -> arb:
        """An exact rational, known to within the slack."""
        return self.known(self.exact.number(t, env))

    def known(self, value: Poly) -> arb:
        return ball(value, BITS) * arb(1, float(self.slack))

    def mean(self, process: Process, known: tuple[int, ...], body: Term, env: Env) -> arb:
        out = arb(0)
        for weight, path in self.exact.continuations(process, known):
            out += (
                arb(fmpq(weight.numerator, weight.denominator))
                * arb(1, float(self.slack))
                * self.number(body, (path, *env))
            )
        return out


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Flint's working precision, put back afterwards."""
    before, flint_context.prec = flint_context.prec, bits
    try:
        yield
    finally:
        flint_context.prec = before


def upper(x: arb) -> Fraction:
    """The upper end of a ball of a size, as a rational that a float64 holds, rounded up."""
    mantissa, exponent = x.abs_upper().man_exp()
    exact = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    near = float(exact)
    return Fraction(near) if Fraction(near) >= exact else Fraction(math.nextafter(near, math.inf))


def _no_number(reader: Rounded, t: Term, env: Env) -> arb:
    raise TypeError(f"{t.op} is not a number: {show(t):.80}")


def _index(reader: Rounded, t: Term, env: Env) -> arb:
    return ball(reader.exact.number(t, env), BITS)


def _def(reader: Rounded, t: Term, env: Env) -> arb:
    sorts, body = reader.exact.decls.defs[t.args[0]]
    if "Real" in sorts:
        return reader.number(reader.exact.decls.unfold(t), env)
    given = [
        reader.exact.index(a, env) if s == "Int" else env[a.args[0]] for a, s in zip(t.args[1:], sorts, strict=True)
    ]
    return reader.number(body, tuple(reversed(given)))


def _pow(reader: Rounded, t: Term, env: Env) -> arb:
    base, out = reader.number(t.args[0], env), arb(1)
    for _ in range(reader.exact.index(t.args[1], env)):  # flint's own power is a logarithm, and loses a ball around 0
        out *= base
    return out


def _clip(reader: Rounded, t: Term, env: Env) -> arb:
    x, low, high = (reader.number(a, env) for a in t.args)
    return x.max(low).min(high)


def _sum(reader: Rounded, t: Term, env: Env) -> arb:
    out = arb(0)
    for i in reader.exact.reach(t, env):
        if reader.exact.value(t.args[2], (i, *env)):
            out += reader.number(t.args[3], (i, *env))
    return out


def _e(reader: Rounded, t: Term, env: Env) -> arb:
    return reader.mean(reader.exact.decls.processes[t.args[0]], (), t.args[1], env)


def _conde(reader: Rounded, t: Term, env: Env) -> arb:
    process, exact = reader.exact.decls.processes[t.args[0]], reader.exact
    known = exact.prefix(process, exact.value(t.args[1], env), exact.index(t.args[2], env), t.args[3])
    return reader.mean(process, known, t.args[4], env)


def _var(reader: Rounded, t: Term, env: Env) -> arb:
    process, out = reader.exact.decls.processes[t.args[0]], arb(0)
    centre = reader.mean(process, (), t.args[1], env)
    for weight, path in reader.exact.continuations(process, ()):
        out += arb(fmpq(weight.numerator, weight.denominator)) * (reader.number(t.args[1], (path, *env)) - centre) ** 2
    return out


def _two(f: Callable[[arb, arb], arb]) -> Callable[[Rounded, Term, Env], arb]:
    return lambda reader, t, env: f(reader.number(t.args[0], env), reader.number(t.args[1], env))


BALLS: dict[str, Callable[[Rounded, Term, Env], arb]] = {
    "Num": Rounded.leaf, "Sym": Rounded.leaf, "App": Rounded.leaf, "Bound": _index, "Draw": _index, "Path": _no_number,
    "Def": _def, "Clip": _clip, "Sum": _sum, "E": _e, "CondE": _conde, "Var": _var,
    "Add": _two(lambda a, b: a + b), "Mul": _two(lambda a, b: a * b), "Div": _two(lambda a, b: a / b),
    "Min": _two(lambda a, b: a.min(b)), "Max": _two(lambda a, b: a.max(b)),
    "Pow": _pow,
    "Ln": lambda reader, t, env: reader.number(t.args[0], env).log(),
    "Exp": lambda reader, t, env: reader.number(t.args[0], env).exp(),
    "Ind": lambda reader, t, env: arb(int(reader.exact.value(t.args[0], env))),
    **dict.fromkeys(("D", "True", "Eq", "Ne", "Le", "Lt", "And", "Implies", "All", "Surely"), _no_number),
}  # fmt: skip
covered("ball", BALLS)
