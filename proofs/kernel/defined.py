"""Definedness: does every quotient, logarithm, power, clip, draw and level of a statement have a value?

Under a guard, a premise or an expectation a condition is needed only where the guard or the premise holds, and for
outcomes of positive probability.
"""

from __future__ import annotations

from proofs.kernel.context import Ctx, SideCondition, fresh, fresh_path, integral, variance
from proofs.kernel.poly import Poly, add
from proofs.kernel.terms import Term, opened, replaced, show


def undefined(t: Term, ctx: Ctx) -> str | None:
    """The first condition under t that is not known to hold, as a sentence, or None."""
    op = t.op
    if op in ("Sum", "All"):
        inner, parts = ctx.open(t)
        ends = undefined(t.args[0], ctx) or undefined(t.args[1], ctx) or undefined(parts[0], inner)
        return ends or (undefined(parts[1], inner.know(parts[0])) if op == "Sum" else None)
    if op == "Implies":
        return undefined(t.args[0], ctx) or undefined(t.args[1], ctx.know(t.args[0]))
    if op == "And":
        return undefined(t.args[0], ctx) or undefined(t.args[1], ctx)
    if op == "Def":
        return undefined(ctx.decls.unfold(t), ctx)
    if op == "Var":
        return undefined(variance(t), ctx)
    if op == "D":
        return undefined(t.args[0], ctx) or _slope(t, ctx)
    if op in ("E", "CondE", "Surely"):
        bad = None if op != "CondE" else undefined(t.args[2], ctx) or _level(t, ctx)
        return bad or undefined(opened(t.args[-1], fresh_path(t.args[0])), ctx)
    for a in t.terms:
        bad = undefined(a, ctx)
        if bad:
            return bad
    return _own(t, ctx)


def _own(t: Term, ctx: Ctx) -> str | None:
    """The condition of the node itself; its parts are defined."""
    if t.op == "Div" and not ctx.nonzero(ctx.nf(t.args[1])):
        return f"{show(t.args[1])} != 0"
    if t.op == "Ln" and not ctx.positive(ctx.nf(t.args[0])):
        return f"{show(t.args[0])} > 0"
    if t.op == "Pow" and not _natural(ctx.nf(t.args[1]), ctx):
        return f"{show(t.args[1])} is a natural number"
    if t.op == "Clip" and not ctx.nonneg(add(ctx.nf(t.args[2]), ctx.nf(t.args[1]), -1)):
        return f"{show(t.args[1])} <= {show(t.args[2])}"
    if t.op == "Draw" and not _in_time(t.args[0], ctx.nf(t.args[3]), ctx):
        return f"{show(t.args[3])} is a time of the process {t.args[0]}"
    return None


def _natural(p: Poly, ctx: Ctx) -> bool:
    return integral(p) and ctx.nonneg(p)


def _in_time(process: str, p: Poly, ctx: Ctx) -> bool:
    return _natural(p, ctx) and ctx.nonneg(add(ctx.nf(ctx.decls.processes[process].last), p, -1))


def _level(t: Term, ctx: Ctx) -> str | None:
    fits = t.args[3] <= len(ctx.decls.processes[t.args[0]].draws)
    fits = fits and _in_time(t.args[0], ctx.nf(t.args[2]), ctx)
    return None if fits else f"{show(t.args[2])}, {t.args[3]} is a level"


def _slope(t: Term, ctx: Ctx) -> str | None:
    """The body has a value at the point, and a derivative there."""
    bad = undefined(replaced(opened(t.args[1], v := fresh("Real")), {v: t.args[0]}), ctx)
    try:
        ctx.nf(t)
    except SideCondition as why:
        bad = bad or str(why)
    return bad
