"""The normal form of terms: a polynomial over opaque atoms, computed under the facts in force.

Undefined terms (1/0, the logarithm of -1) are unknown numbers.  So a quotient, a logarithm, a power or a clip is computed
with only where its condition follows from what is known; elsewhere a SideCondition says which condition is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

# isort: off
from proofs.kernel.context import Ctx, Level, Origin, SideCondition, fresh, fresh_path, integral, variance
from proofs.kernel.poly import (
    ONE, Monomial, Poly, Undecided, add, back, const, gen, is_const, mul, need, neg, order, power, scaled, term_of,
    value,
)  # fmt: skip
from proofs.kernel.slope import Slope
from proofs.kernel.statement import Decls
from proofs.kernel.terms import (
    TRUE, Malformed, Term, abstract, covered, mk, num, opened, rebuild, replaced, show, subterms,
)  # fmt: skip
# isort: on

MOST_PEELED = 12
MOST_POWER = 40
MOST_PRIME = 10**6


def context(decls: Decls, props: list[Term]) -> Ctx:
    """The facts of the sorts, and these propositions."""
    ctx = Ctx(decls, FORMS)
    for p in [*decls.facts, *sorted(props, key=lambda p: p.key)]:
        ctx = ctx.know(p)
    for p in props:  # again: a fact may need another one to be well defined
        if p.op in ("Eq", "Le", "Lt"):
            ctx = ctx.know(p)
    return ctx


def once(p: Poly) -> Poly:
    """[c] [c] is [c]."""
    out: Poly = {}
    for m, c in p.items():
        out = add(out, {frozenset((a, 1 if a.op == "Ind" else k) for a, k in m): c})
    return out


def nf_div(t: Term, ctx: Ctx) -> Poly:
    top, bottom = ctx.nf(t.args[0]), ctx.nf(t.args[1])
    if not ctx.nonzero(bottom):
        raise SideCondition(f"not known to be nonzero: {show(back(bottom))}")
    if len(bottom) == 1:
        ((m, c),) = bottom.items()
        return mul(top, {frozenset((a, -k) for a, k in m): 1 / c})
    return mul(top, gen(mk("Div", num(1), back(bottom))))


def nf_ln(t: Term, ctx: Ctx) -> Poly:
    p = ctx.nf(t.args[0])
    if not ctx.positive(p):
        raise SideCondition(f"logarithm of what is not known to be positive: {show(back(p))}")
    if len(p) != 1:
        return gen(mk("Ln", back(p)))
    ((m, c),) = p.items()
    good = frozenset((a, k) for a, k in m if ctx.positive(gen(a)))
    out = gen(mk("Ln", term_of(m - good, c))) if m - good else ln_number(c)
    for a, k in sorted(good, key=lambda x: x[0].key):
        bottom = a.args[1] if a.op == "Div" else None  # ln(1/b) = -ln b
        part = (
            ctx.nf(a.args[0])
            if a.op == "Exp"
            else gen(mk("Ln", a))
            if bottom is None
            else neg(ctx.nf(mk("Ln", bottom)))
        )
        out = add(out, part, k)
    return out


def ln_number(c: Fraction) -> Poly:
    """The logarithm of a positive rational over logarithms of primes."""
    out: Poly = {}
    for n, s in ((c.numerator, 1), (c.denominator, -1)):
        for p, k in factors(n):
            out = add(out, gen(mk("Ln", num(p))), s * k)
    return out


def factors(n: int) -> Iterator[tuple[int, int]]:
    """(prime, multiplicity) of n >= 1."""
    p = 2
    while n > 1:
        p = n if p * p > n else p
        need(p < MOST_PRIME or p == n, "a number is too large to factor")
        k = 0
        while n % p == 0:
            n, k = n // p, k + 1
        if k:
            yield p, k
        p += 1


def nf_exp(t: Term, ctx: Ctx) -> Poly:
    """A factor for each monomial: e^(c m) is (e^(m / n))^k for c = k / n, and e^(k ln a) is a^k."""
    out = const(1)
    for m, c in sorted(ctx.nf(t.args[0]).items(), key=lambda x: order(x[0])):
        need(abs(c.numerator) <= MOST_POWER, "an exponent is larger than allowed")
        inner = next((a.args[0] for a, k in m if len(m) == 1 and k == 1 and a.op == "Ln"), None)
        if inner is not None and c.denominator == 1 and ctx.positive(ctx.nf(inner)):
            out = mul(out, power(ctx.nf(inner if c > 0 else num(1) / inner), abs(c.numerator)))
        else:
            out = mul(out, gen(mk("Exp", term_of(m, Fraction(1, c.denominator))), c.numerator))
    return out


def nf_ind(t: Term, ctx: Ctx) -> Poly:
    """1 or 0 where it is decided; else over the atoms [0 < d] and [0 = d]."""
    p = t.args[0]
    if p.op == "And":
        return once(mul(*[ctx.nf(mk("Ind", a)) for a in p.args]))
    no = opposite(p)
    if ctx.holds(p) or ctx.holds(no):
        return const(int(ctx.holds(p)))
    if p.op in ("Ne", "Le"):
        return add(const(1), ctx.nf(mk("Ind", no)), -1)
    d = ctx.gap(p)
    first = d[min(d, key=order)]
    return gen(mk("Ind", mk(p.op, num(0), back(scaled(d, 1 / (first if p.op == "Eq" else abs(first)))))))


def opposite(p: Term) -> Term:
    """A comparison that holds where p fails."""
    need(p.op in ("Eq", "Ne", "Le", "Lt", "True"), f"not a comparison: {show(p)}")
    if p.op == "True":
        return mk("Ne", num(0), num(0))
    return mk({"Eq": "Ne", "Ne": "Eq", "Le": "Lt", "Lt": "Le"}[p.op], *p.args[:: 1 if p.op in ("Eq", "Ne") else -1])


def nf_d(t: Term, ctx: Ctx) -> Poly:
    """The slope of the body at the point, at which the body has a value."""
    v = fresh("Real")
    f = opened(t.args[1], v)
    ctx.nf(replaced(f, {v: t.args[0]}))
    return ctx.nf(Slope(v, t.args[0], ctx)(f))


def nf_pow(t: Term, ctx: Ctx) -> Poly:
    b, e = ctx.nf(t.args[0]), ctx.nf(t.args[1])
    if not (integral(e) and ctx.nonneg(e)):
        raise SideCondition(f"exponent not known to be a natural number: {show(back(e))}")
    if is_const(e):
        need(value(e) <= MOST_POWER, "an exponent is larger than allowed")
        return once(power(b, int(value(e))))
    base = back(b)
    if not all(c > 0 and (not m or ctx.nonneg({m: Fraction(1)})) for m, c in e.items()):
        return gen(mk("Pow", base, back(e)))
    out = const(1)
    for m, c in sorted(e.items(), key=lambda x: sorted((a.key, k) for a, k in x[0])):
        need(c <= MOST_POWER, "an exponent is larger than allowed")
        out = mul(out, power(gen(mk("Pow", base, term_of(m))) if m else b, int(c)))
    return out


def least(a: Poly, b: Poly, ctx: Ctx) -> Poly:
    if ctx.nonneg(add(b, a, -1)):
        return a
    if ctx.nonneg(add(a, b, -1)):
        return b
    return gen(mk("Min", *sorted((back(a), back(b)), key=lambda t: t.key)))


def most(a: Poly, b: Poly, ctx: Ctx) -> Poly:
    return add(add(a, b), least(a, b, ctx), -1)


def nf_clip(t: Term, ctx: Ctx) -> Poly:
    x, lo, hi = (ctx.nf(a) for a in t.args)
    if not ctx.nonneg(add(hi, lo, -1)):
        raise SideCondition(f"clip to an interval that may be empty: {show(back(lo))} to {show(back(hi))}")
    return least(most(x, lo, ctx), hi, ctx)


# ------------------------------------------------------------------------------------- sums
def nf_sum(t: Term, ctx: Ctx) -> Poly:
    """Shift to start at 0, drop if empty, peel constant tops, expand, take out what does not depend on the variable."""
    low, high = ctx.nf(t.args[0]), ctx.nf(t.args[1])
    n = add(high, low, -1)
    need(integral(n) and integral(low), "the ends of a range are integers")
    if ctx.nonneg(neg(n)):
        return {}
    out: Poly = {}
    peeled = 0
    while t.args[2] is TRUE and peeled < MOST_PEELED and n.get(ONE, 0) > 0 and ctx.nonneg(add(n, const(-1))):
        n, peeled = add(n, const(-1)), peeled + 1
        out = add(out, ctx.nf(opened(t.args[3], back(add(low, n)))))
    if not n:
        return out
    j = fresh()
    where, body = (opened(a, back(add(gen(j), low))) for a in t.args[2:])
    free = ctx.within(j, {}, n)
    guard = guard_form(where, free)
    for m, c in free.know(where).nf(body).items():
        out = add(out, close_sum(j, n, guard, m, ctx), c)
    return out


def guard_form(g: Term, ctx: Ctx) -> Term:
    """A comparison as 0 R difference, in normal form without the guard's own fact."""
    if g.op in ("Lt", "Le", "Eq", "Ne"):
        try:
            return mk(g.op, num(0), back(ctx.gap(g)))
        except SideCondition:
            return g
    return g


def close_sum(j: Term, n: Poly, guard: Term, m: Monomial, ctx: Ctx) -> Poly:
    """The sum of one monomial over 0 <= j < n, where the guard holds."""
    out = outside(m, j, ctx)
    rest = m - out
    if guard.op == "Lt" and guard.args[0] is num(0) and (guard.args[1], 1) in rest:
        free = ctx.within(j, {}, n)  # where the guard fails the weight is 0
        guard = TRUE if free.nonneg(gen(guard.args[1])) and fits(rest, free) else guard
    found = sift(j, n, rest, ctx) if guard is TRUE else None
    if found is not None:
        total = found
    elif not rest and guard is TRUE and ctx.nonneg(n):
        total = n
    else:
        total = gen(mk("Sum", num(0), back(n), abstract(guard, j), abstract(term_of(rest), j)))
    return mul(total, {out: Fraction(1)})


def sift(j: Term, n: Poly, m: Monomial, ctx: Ctx) -> Poly | None:
    """The sum of [j = x] f(j) over 0 <= j < n is f(x) for an integer x in that range, and 0 for one outside."""
    for a, k in sorted(m, key=lambda x: x[0].key):
        d = ctx.nf(a.args[0].args[1]) if a.op == "Ind" and a.args[0].op == "Eq" else {}
        sole = [c for mono, c in d.items() if any(j in subterms(b) for b, _ in mono)]
        if len(sole) != 1 or d.get(frozenset([(j, 1)])) != sole[0]:
            continue
        x = scaled(add(d, gen(j), -sole[0]), -1 / sole[0])
        over = add(add(x, n, -1), const(1))
        if integral(x) and ctx.nonneg(x) and ctx.nonneg(neg(over)):
            return ctx.nf(replaced(term_of(m - {(a, k)}), {j: back(x)}))
        if integral(x) and (ctx.positive(neg(x)) or ctx.positive(over)):
            return {}
    return None


def outside(m: Monomial, v: Term, ctx: Ctx) -> Monomial:
    """The factors that may leave the binder of v: free of v, and their own normal form without the facts in force there."""
    out = frozenset((a, k) for a, k in m if v not in subterms(a))
    return out if all(k > 0 for _, k in out) or fits(out, ctx) else ONE


def fits(m: Monomial, ctx: Ctx) -> bool:
    """The monomial is its own normal form here."""
    try:
        return ctx.nf(term_of(m)) == {m: Fraction(1)}
    except (Undecided, Malformed):
        return False


# ------------------------------------------------------------------------------------- draws and expectation
def nf_draw(t: Term, ctx: Ctx) -> Poly:
    """A draw of a path that continues another one, and that lies before the branching, is the other one's."""
    process, path, name, time = t.args
    at = Level(ctx.nf(time), ctx.decls.processes[process].position(name) + 1)
    while path in ctx.paths and ctx.before(at, ctx.paths[path].level):
        path = ctx.paths[path].path
    return gen(mk("Draw", process, path, name, back(at.time)))


def nf_conde(t: Term, ctx: Ctx) -> Poly:
    """E[f | path up to the level]; nothing known is the plain expectation."""
    process, path, time, pos, body = t.args
    level = Level(ctx.nf(time), pos)
    if pos == len(ctx.decls.processes[process].draws):
        level = Level(add(level.time, const(1)), 0)
    if not level.time and not level.pos:
        return mean(process, body, None, ctx)
    while path in ctx.paths and ctx.before(level, ctx.paths[path].level):
        path = ctx.paths[path].path
    return mean(process, body, Origin(path, level), ctx)


def mean(process: str, body: Term, origin: Origin | None, ctx: Ctx) -> Poly:
    """Linear; takes out what does not depend on the path."""
    w = fresh_path(process)
    inner = ctx.on(w, origin)
    out: Poly = {}
    for m, c in inner.nf(opened(body, w)).items():
        out = add(out, scaled(mean_of(w, origin, m, ctx, inner), c))
    return out


def mean_of(w: Term, origin: Origin | None, m: Monomial, ctx: Ctx, inner: Ctx) -> Poly:
    """The expectation of one monomial over the path w."""
    out = outside(m, w, ctx)
    rest = m - out
    if not rest:
        return {out: Fraction(1)}
    merged = tower(w, origin, rest, inner)
    if merged is not None:
        total: Poly = {}
        for n, c in merged.items():
            total = add(total, scaled(mean_of(w, origin, n, ctx, inner), c))
        return mul({out: Fraction(1)}, total)
    body = abstract(term_of(rest), w)
    if origin is None:
        return mul({out: Fraction(1)}, gen(mk("E", w.args[0], body)))
    level = origin.level
    return mul({out: Fraction(1)}, gen(mk("CondE", w.args[0], origin.path, back(level.time), level.pos, body)))


def tower(w: Term, origin: Origin | None, rest: Monomial, ctx: Ctx) -> Poly | None:
    """c(w) E[f | w up to later] as c(w) f(w), where c is known later and later is not before the origin's level."""
    now = origin.level if origin else Level({}, 0)
    for a, k in sorted(rest, key=lambda x: x[0].key):
        if a.op != "CondE" or a.args[1] is not w or k != 1:
            continue
        later, others = Level(ctx.nf(a.args[2]), a.args[3]), rest - {(a, k)}
        probe = opened(a.args[4], fresh_path(w.args[0]))
        if ctx.before(now, later) and all(ctx.known_at(b, w, later) for b in [probe, *[b for b, _ in others]]):
            body = ctx.nf(opened(a.args[4], w))
            return mul(body, {others: Fraction(1)})
    return None


def refuse(t: Term, ctx: Ctx) -> Poly:
    raise Undecided(f"not a value: {show(t)}")


FORMS: dict[str, Callable[[Term, Ctx], Poly]] = {
    "Num": lambda t, ctx: const(t.args[0]), "Sym": lambda t, ctx: gen(t), "Draw": nf_draw, "Div": nf_div,
    "App": lambda t, ctx: gen(rebuild(t, lambda a, _: back(ctx.nf(a)))),
    "Def": lambda t, ctx: ctx.nf(ctx.decls.unfold(t)), "Add": lambda t, ctx: add(ctx.nf(t.args[0]), ctx.nf(t.args[1])),
    "Mul": lambda t, ctx: once(mul(ctx.nf(t.args[0]), ctx.nf(t.args[1]))), "Pow": nf_pow, "Ln": nf_ln,
    "Exp": nf_exp, "Ind": nf_ind, "D": nf_d, "Clip": nf_clip,
    "Min": lambda t, ctx: least(ctx.nf(t.args[0]), ctx.nf(t.args[1]), ctx),
    "Max": lambda t, ctx: most(ctx.nf(t.args[0]), ctx.nf(t.args[1]), ctx),
    "Sum": nf_sum, "E": lambda t, ctx: mean(t.args[0], t.args[1], None, ctx), "CondE": nf_conde,
    "Var": lambda t, ctx: ctx.nf(variance(t)), **dict.fromkeys(
        ("Path", "Bound", "True", "Eq", "Le", "Lt", "Ne", "And", "Implies", "All", "Surely"), refuse),
}  # fmt: skip
covered("normal form", FORMS)
