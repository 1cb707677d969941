"""The derivative of a term at a point, by the rules of the calculus; never through a kink or a jump.

Each condition is asked for at the point alone, and strictly: what is built from continuous functions keeps a strict
inequality in a neighbourhood, so the branch that is taken at the point is the one that is taken around it.
"""

from __future__ import annotations

from typing import Any

from proofs.kernel.context import Ctx, Level, Origin, SideCondition, fresh, fresh_path, variance
from proofs.kernel.poly import need, neg
from proofs.kernel.terms import Term, abstract, mentions, mk, num, opened, replaced, show


class Slope:
    """f -> f'(x) for terms f in the real symbol v.  Whoever asks makes sure that f has a value at x."""

    def __init__(self, v: Term, x: Term, ctx: Ctx) -> None:
        self.v, self.x, self.ctx = v, x, ctx

    def __call__(self, f: Term) -> Term:
        if not self.moves(f):
            return num(0)
        rule = getattr(self, f"_{f.op.lower()}", None)
        need(rule, f"no derivative of {f.op}: {show(f)}")
        out: Term = rule(*f.args)  # type: ignore[misc]
        return out

    def moves(self, f: Term) -> bool:
        return mentions(f, [self.v])

    def at(self, f: Term) -> Term:
        return replaced(f, {self.v: self.x})

    def below(self, a: Term, b: Term) -> bool:
        """a < b at x, or else b < a, and around x: both have slopes.  A SideCondition where neither is known."""
        _ = self(a), self(b)
        gap = self.ctx.gap(mk("Lt", self.at(a), self.at(b)))
        if not self.ctx.positive(gap) and not self.ctx.positive(neg(gap)):
            raise SideCondition(
                f"a kink or a jump unless it is known which is less: {show(self.at(a))} or {show(self.at(b))}"
            )
        return self.ctx.positive(gap)

    # --------------------------------------------------------------------------------- one kind each
    # fmt: off
    def _sym(self, *_: object) -> Term: return num(1)
    def _add(self, a: Term, b: Term) -> Term: return self(a) + self(b)
    def _mul(self, a: Term, b: Term) -> Term: return self(a) * self.at(b) + self.at(a) * self(b)
    def _div(self, a: Term, b: Term) -> Term: return (self(a) - self.at(a) * self(b) / self.at(b)) / self.at(b)
    def _ln(self, a: Term) -> Term: return self(a) / self.at(a)
    def _exp(self, a: Term) -> Term: return self(a) * mk("Exp", self.at(a))
    def _def(self, *args: Term) -> Term: return self(self.ctx.decls.unfold(mk("Def", *args)))
    def _var(self, *args: Any) -> Term: return self(variance(mk("Var", *args)))
    # fmt: on

    def _pow(self, a: Term, n: Term) -> Term:
        """n >= 1 is asked for by the power n - 1."""
        need(not self.moves(n), "an exponent does not move")
        return n * mk("Pow", self.at(a), n + num(-1)) * self(a)

    def _min(self, a: Term, b: Term) -> Term:
        return self(a if self.touch(a, b) or self.below(a, b) else b)

    def _max(self, a: Term, b: Term) -> Term:
        return self(a if self.touch(a, b) or not self.below(a, b) else b)

    def touch(self, a: Term, b: Term) -> bool:
        """Equal at x, with equal slopes: so is whatever lies between them."""
        return all(self.ctx.nf(g(a)) == self.ctx.nf(g(b)) for g in (self.at, self))

    def _clip(self, a: Term, low: Term, high: Term) -> Term:
        need(not self.moves(low) and not self.moves(high), "no derivative of a clip to an interval that moves")
        return self(mk("Min", mk("Max", a, low), high))

    def _ind(self, p: Term) -> Term:
        """Constant around x: both sides are continuous there, and they differ."""
        need(p.op in ("Lt", "Le", "Eq", "Ne"), f"no derivative of [{show(p)}]")
        self.below(*p.args)
        return num(0)

    def _sum(self, low: Term, high: Term, guard: Term, body: Term) -> Term:
        """A finite sum, over a range and under a guard that do not move."""
        need(not any(map(self.moves, (low, high, guard))), "no derivative of a sum whose range or guard moves")
        j = fresh()
        inner = self.ctx.within(j, self.ctx.nf(low), self.ctx.nf(high)).know(opened(guard, j))
        return mk("Sum", low, high, guard, self.under(inner, body, j))

    def under(self, inner: Ctx, body: Term, bound: Term) -> Term:
        """The derivative of a body, its bound variable free for the while."""
        return abstract(Slope(self.v, self.x, inner)(opened(body, bound)), bound)

    def _e(self, process: str, body: Term) -> Term:
        """The paths are finitely many, and their law does not move."""
        return mk("E", process, self.under(self.ctx, body, fresh_path(process)))

    def _conde(self, process: str, path: Term, time: Term, pos: int, body: Term) -> Term:
        w = fresh_path(process)
        inner = self.ctx.on(w, Origin(path, Level(self.ctx.nf(time), pos)))
        return mk("CondE", process, path, time, pos, self.under(inner, body, w))
