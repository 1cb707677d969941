"""How far a proof reaches: which sizes stay symbolic, and which caps the hypotheses put on them.  Computed, never typed."""

from __future__ import annotations

from fractions import Fraction

from proofs.kernel.context import Ctx, integral
from proofs.kernel.forms import context
from proofs.kernel.poly import MAX_ROWS, ONE, Monomial, Poly, Row, Undecided, gen, is_const, neg, unique, without_one
from proofs.kernel.statement import Statement
from proofs.kernel.terms import KINDS, TRUE, Term, mk, num, subterms


def scope(statement: Statement) -> str:
    """'all sizes (n, T)', 'n <= 4 (T)', 'all reals', or 'unknown (...)' where a bound is not understood."""
    ctx = context(statement.decls, [h for _, h in statement.hyps])
    symbols = [mk("Sym", d[1], "Int") for d in statement.raw if d[0] in ("Size", "Int")]
    caps, free = [], []
    for n in symbols:
        found = _cap(n, statement, ctx)
        if found == "":
            free.append(n.args[0])
        else:
            caps.append(found)
    caps += _literals(statement)
    if any(c.startswith("unknown") for c in caps):
        return f"unknown ({', '.join(c.removeprefix('unknown ') for c in caps if c.startswith('unknown'))})"
    tail = f" ({', '.join(free)})" if free else ""
    if caps:
        return f"{', '.join(caps)}{tail}"
    return f"all sizes{tail}" if free else "all reals" if any(d[0] == "Real" for d in statement.raw) else "instance"


def _cap(n: Term, statement: Statement, ctx: Ctx) -> str:
    """'' where nothing bounds n from above, else the bound."""
    name = n.args[0]
    rows: list[Row] = list(ctx.rows)
    declared = context(statement.decls, []).rows  # pmfs and processes exist at every size
    said = [(p, r) for p, r in rows if (p, r) not in declared]
    easy = [_from_a_real_on(p, r, n) or _free_sum(p, statement, ctx) for p, r in said]
    if any(_twisted(p, n) and not ok for (p, _), ok in zip(said, easy, strict=True)) or any(
        _hidden(h, n, ctx) for _, h in statement.hyps
    ):
        return f"unknown {name}"
    linear = [(p, r) for p, r in rows if integral(p)]
    try:
        top = ceiling(linear, next(iter(gen(n))))
    except Undecided:
        return f"unknown {name}"
    if any(n in subterms(q) for p in ctx.apart for q in _atoms(p) if not _one_of_two(p, statement)):
        return f"unknown {name}"
    return "" if top is None else f"{name} <= {top.numerator // top.denominator}"


def _one_of_two(p: Poly, statement: Statement) -> bool:
    """p != 0 leaves every value of each symbol possible: another one in it, of which nothing else is said, can give way."""
    linear = integral(p) and all(len(m) < 2 and all(k == 1 for _, k in m) for m in p)
    symbols = {a for a in _atoms(p) if a.op == "Sym"}
    speaking = [h for _, h in statement.hyps if not symbols.isdisjoint(subterms(h))]
    return linear and len(symbols) > 1 and len(speaking) == 1


def ceiling(rows: list[Row], keep: Monomial) -> Fraction | None:
    """The least upper bound of one monomial that the rows imply, or None where they imply none."""
    left = [(p, ">=" if r == "=" else r) for p, r in rows] + [(neg(p), ">=") for p, r in rows if r == "="]
    while len(left) <= MAX_ROWS:
        left = unique([(p, r) for p, r in left if not is_const(p)])
        names = {m for p, _ in left for m in p if m} - {keep}
        if not names:
            caps = [p.get(ONE, Fraction(0)) / -p[keep] for p, _ in left if p.get(keep, 0) < 0]
            return min(caps, default=None)
        left = without_one(left, names)
    raise Undecided("too many rows to bound a size")


def _from_a_real_on(p: Poly, relation: str, n: Term) -> bool:
    """x <= n for a number x that depends on no size: it holds for every larger n, too."""
    alone = next(iter(gen(n)))
    others = [a for m in p if m != alone for b, _ in m for a in subterms(b)]
    return (
        relation in (">=", ">")
        and p.get(alone, 0) > 0
        and all(a.op != "Bound" and a.args[1:] != ("Int",) for a in others)
    )


def _free_sum(p: Poly, statement: Statement, ctx: Ctx) -> bool:
    """A multiple of sum f(i) over a range that is not empty, and a number: some f has any sum, if nothing else is said of f."""
    rest = [m for m in p if m]
    atoms = [a for m in rest for a, k in m if k == 1 and a.op == "Sum"]
    if len(rest) != 1 or len(atoms) != 1 or len(rest[0]) != 1 or atoms[0].args[2] is not TRUE:
        return False
    body, high = atoms[0].args[3], ctx.nf(atoms[0].args[1])
    plain = body.op == "App" and body.args[0] not in statement.decls.kernels and body.args[1:] == (mk("Bound", 0),)
    if not plain or not ctx.positive(high):
        return False
    speaking = [h for _, h in statement.hyps if _mentions(h, body.args[0], ctx)]
    return len(speaking) == 1 and speaking[0].op in ("Eq", "Le", "Lt")


def _mentions(t: Term, function: str, ctx: Ctx) -> bool:
    """A value of the function stands in t, or in a definition that t uses."""
    inner = subterms(t)
    used = [ctx.decls.unfold(d) for d in inner if d.op == "Def"]
    here = any(a.op == "App" and a.args[0] == function for a in inner)
    return here or any(_mentions(d, function, ctx) for d in used)


def _twisted(p: Poly, n: Term) -> bool:
    """n stands in a row as more than a linear integer term."""
    return any(n in subterms(a) and (not integral(p) or len(m) > 1 or k != 1 or a is not n) for m in p for a, k in m)


def _hidden(h: Term, n: Term, ctx: Ctx) -> bool:
    """A quantified hypothesis that speaks of n other than as a range end, or that fails wherever its range is not empty."""
    if h.op == "And":
        return any(_hidden(a, n, ctx) for a in h.args)
    if h.op not in ("All", "Implies"):
        return h.op == "Surely"
    if h.op == "Implies":
        return n in subterms(h)
    if n not in subterms(h):
        return False
    if any(_bare(q.args[2], 0) for q in subterms(h) if q.op == "All"):
        return True
    inner, (body,) = ctx.open(h)
    while body.op == "All":
        inner, (body,) = inner.open(body)
    if inner.holds(mk("Le", num(1), num(0))):
        return False  # the range is empty whatever n is
    heavy = any(_heavy(q, ctx) for q in subterms(body) if q.op in ("Eq", "Le", "Lt", "Ne"))
    return heavy or _speaks(body, n) or inner.know(body).holds(mk("Le", num(1), num(0)))


def _heavy(comparison: Term, ctx: Ctx) -> bool:
    """A probability is compared with other than 0: its sum is 1, so that may bound how many outcomes there are."""
    return num(0) not in comparison.args and any(_probability(a, ctx) for a in comparison.args)


def _probability(t: Term, ctx: Ctx) -> bool:
    """A kernel's value stands in t, other than under a sum."""
    return (
        t.op == "App" and t.args[0] in ctx.decls.kernels or t.op != "Sum" and any(_probability(a, ctx) for a in t.terms)
    )


def _bare(t: Term, k: int) -> bool:
    """The bound variable stands for its own value (`i <= 5` for all i < n), not as an argument, a range end or an exponent."""
    if t.op in ("Bound", "App"):
        return t.op == "Bound" and t.args[0] == k
    kind = KINDS[t.op]
    real = [(n, a) for n, a in enumerate(t.args) if isinstance(a, Term) and kind.args[n : n + 1] != "i"]
    return any(_bare(a, k + (n in kind.binds)) for n, a in real)


def _speaks(t: Term, n: Term) -> bool:
    if t is n:
        return True
    parts = t.args[2:] if t.op in ("Sum", "All") else t.terms
    return any(_speaks(a, n) for a in parts)


def _literals(statement: Statement) -> list[str]:
    """Sizes of kernels and horizons that are numbers; a process of one slot is a plain sample."""
    out = []
    for name, (sizes, size) in statement.decls.kernels.items():
        out += [f"{name} has {s.args[0]} values" for s in (*sizes, size) if s.op == "Num"]
    slots = [(name, p.last) for name, p in statement.decls.processes.items()]
    return out + [f"{name} ends at {t.args[0]}" for name, t in slots if t.op == "Num" and t.args[0] > 0]


def _atoms(p: Poly) -> list[Term]:
    return [a for m in p for a, _ in m]
