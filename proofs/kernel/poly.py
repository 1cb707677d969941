"""Polynomials over opaque atoms, and linear arithmetic over their monomials.

A polynomial is {monomial: Fraction}; a monomial is a frozenset of (atom, exponent other than 0); an atom is a term in
normal form.  Nothing here knows what an atom means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from proofs.kernel.terms import MAX_BITS, Malformed, Term, mk, num

Monomial = frozenset[tuple[Term, int]]
Poly = dict[Monomial, Fraction]
Row = tuple[Poly, str]  # p = 0, p >= 0 or p > 0

ONE: Monomial = frozenset()
MAX_TERMS = 20_000
MAX_ROWS = 600


class Undecided(Exception):
    """No route to a verdict.  Never means false."""


def need(ok: object, why: str) -> None:
    """End without a verdict, with a sentence."""
    if not ok:
        raise Undecided(why)


def short(numbers: Iterable[Fraction]) -> None:
    """No number grows beyond its budget, above or below the line."""
    fits = all(max(c.numerator.bit_length(), c.denominator.bit_length()) <= MAX_BITS for c in numbers)
    need(fits, "a number has more digits than allowed")


# fmt: off
def const(c: int | Fraction) -> Poly: return {ONE: Fraction(c)} if c else {}
def gen(atom: Term, k: int = 1) -> Poly: return {frozenset([(atom, k)]): Fraction(1)}
def neg(p: Poly) -> Poly: return {m: -c for m, c in p.items()}
def scaled(p: Poly, c: Fraction) -> Poly: return {m: x * c for m, x in p.items()} if c else {}
def order(m: Monomial) -> list[tuple[str, int]]: return sorted((a.key, k) for a, k in m)
def is_const(p: Poly) -> bool: return p.keys() <= {ONE}
# fmt: on


def add(p: Poly, q: Poly, c: int | Fraction = 1) -> Poly:
    """p + c q."""
    out = dict(p)
    for m, x in q.items():
        out[m] = out.get(m, Fraction(0)) + c * x
        if not out[m]:
            del out[m]
    return out


def mono_mul(m: Monomial, n: Monomial) -> Monomial:
    out = dict(m)
    for a, k in n:
        out[a] = out.get(a, 0) + k
    return frozenset((a, k) for a, k in out.items() if k)


def mul(p: Poly, q: Poly) -> Poly:
    need(len(p) * len(q) <= MAX_TERMS, "a product has more terms than allowed")
    out: Poly = {}
    for m, x in p.items():
        for n, y in q.items():
            mn = mono_mul(m, n)
            out[mn] = out.get(mn, Fraction(0)) + x * y
    short(out.values())
    return {m: c for m, c in out.items() if c}


def power(p: Poly, k: int) -> Poly:
    out = const(1)
    for _ in range(k):
        out = mul(out, p)
    return out


def term_of(m: Monomial, c: Fraction | int = 1) -> Term:
    """A monomial as a term, its factors in a fixed order."""
    out = None if c == 1 and m else num(Fraction(c))
    for a, k in sorted(m, key=lambda t: (t[0].key, t[1])):
        f = a if abs(k) == 1 else mk("Pow", a, num(abs(k)))
        f = f if k > 0 else mk("Div", num(1), f)
        out = f if out is None else mk("Mul", out, f)
    return num(1) if out is None else out


def back(p: Poly) -> Term:
    """The polynomial as a term, in a fixed order."""
    out = None
    for m in sorted(p, key=order):
        t = term_of(m, p[m])
        out = t if out is None else mk("Add", out, t)
    return num(0) if out is None else out


def value(p: Poly) -> Fraction:
    """The number that a constant polynomial is."""
    if not is_const(p):
        raise Malformed("not a constant")
    return p.get(ONE, Fraction(0))


# ------------------------------------------------------------------------------------- linear arithmetic
def infeasible(rows: list[Row]) -> bool:
    """Surely no values satisfy every row.  Gauss on the equations, then Fourier-Motzkin; False where it gives up."""
    left = eliminate(rows)
    while left is not None:
        if any(is_const(p) and (value(p) < 0 or (r == ">" and not p)) for p, r in left):
            return True
        left = unique([(p, r) for p, r in left if not is_const(p)])
        names = {m for p, _ in left for m in p if m}
        if not names or len(left) > MAX_ROWS:
            return False
        left = without_one(left, names)
    return True


def without_one(rows: list[Row], names: set[Monomial]) -> list[Row]:
    """The rows that follow for the other monomials, one monomial eliminated: the one that makes the fewest."""
    v = min(names, key=lambda m: (cost(rows, m), order(m)))
    up = [x for x in rows if x[0].get(v, 0) > 0]
    down = [x for x in rows if x[0].get(v, 0) < 0]
    return [x for x in rows if v not in x[0]] + [combine(v, a, b) for a in up for b in down]


def cost(rows: list[Row], v: Monomial) -> int:
    return sum(p.get(v, 0) > 0 for p, _ in rows) * sum(p.get(v, 0) < 0 for p, _ in rows)


def combine(v: Monomial, a: Row, b: Row) -> Row:
    (p, r), (q, s) = a, b
    short((*p.values(), *q.values()))
    return add({m: -q[v] * c for m, c in p.items()}, q, p[v]), ">" if ">" in (r, s) else ">="


def unique(rows: list[Row]) -> list[Row]:
    return list({(frozenset(p.items()), r): (p, r) for p, r in rows}.values())


def eliminate(rows: list[Row]) -> list[Row] | None:
    """Solve each equation for one monomial; None where one of them says c = 0 for a number c other than 0."""
    out = [x for x in rows if x[1] != "="]
    equations = [p for p, r in rows if r == "="]
    while equations:
        p = equations.pop()
        if is_const(p):
            if p:
                return None
            continue
        v = min((m for m in p if m), key=order)
        swap = _solved_for(v, p)
        equations = [swap(q) for q in equations]
        out = [(swap(q), r) for q, r in out]
    return out


def _solved_for(v: Monomial, p: Poly) -> Callable[[Poly], Poly]:
    return lambda q: add(q, p, -q[v] / p[v]) if v in q else q
