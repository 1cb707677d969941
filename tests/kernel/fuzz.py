"""Random terms: on random instances of the facts in force a normal form has the value of its term, and every decided sign
is right.

Paths nest: a term under E may speak of the outcomes of all expectations around it, and a conditional mean may continue any
of them from any level, known or not.  Run `python -m tests.kernel.fuzz 5000 7` for 5,000 terms from seed 7.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from proofs.kernel.context import Ctx
from proofs.kernel.defined import undefined
from proofs.kernel.forms import context
from proofs.kernel.poly import Undecided, add, back, const
from proofs.kernel.rules import next_draws
from proofs.kernel.rules import tower as tower_rule
from proofs.kernel.statement import Statement
from proofs.kernel.terms import TRUE, Malformed, Term, abstract, mk, num, replaced
from proofs.kernel.value import Instance, Undefined, sign
from proofs.language import All, And, Clip, D, Eq, Exp, Ge, Gt, Implies, Ind, Le, Ln, Lt, Max, Min, Ne, Sum, Vocabulary

_words = Vocabulary()
S, T = _words.size("S"), _words.size("T")
n, m, k = _words.integer("n"), _words.integer("m"), _words.integer("k")
x, y = _words.real("x"), _words.real("y")
f, g = _words.function("f"), _words.function("g", 2)
p, P = _words.pmf("p", S), _words.kernel("P", [S], S)
A = _words.kernel("A", [T + 1, S], S)
X = _words.process(
    "X", T, [["s", S, "p", [], "P", [["s", -1]]], ["a", S, "A", [["@", 0], ["s", 0]], "A", [["@", 0], ["s", 0]]]]
)
_at = _words.define("at", g(X.s(m), X.a(m)), X.path, m)
_line = _words.define("line", x * y + f(m), x, m)
DECLS = list(_words.decls.values())
FACTS = [Ge(n, 0), Ge(k, 0), Lt(k, m), Gt(x, 0), Le(x, y)]
i = mk("Sym", "_i", "Int")
FACTS += [All(i, 0, n, Gt(f(i), 0)), All(i, 0, n, Implies(Gt(g(i, i), 0), Eq(f(i), 1)))]
HEADROOM = 12  # indices reach as far as tables do


ANY = {"Draw": 1, "Div": 5, "Ln": -3, "Pow": 7, "Clip": 11, "D": 13}


class Total(Instance):
    """The meaning inside a proof: an undefined term is some number, and beyond the last slot everything is known.

    The judge promises nothing of that number, so any choice must do; a normal form must keep the value under this one.
    """

    def value(self, t: Term, env: tuple[Any, ...] = ()) -> Any:
        if t.op == "CondE":
            proc, path = self.decls.processes[t.args[0]], super().value(t.args[1], env)
            return self.mean(proc, self.prefix(proc, path, self.index(t.args[2], env), t.args[3]), t.args[4], env)
        try:
            return super().value(t, env)
        except Undefined:
            if any(type(e) is frozenset for e in env):
                raise  # within a derivative: it is the derivative that has no value
            return const(ANY[t.op])


@dataclass
class Tally:
    """What a run compared."""

    terms: int = 0
    formed: int = 0
    compared: int = 0
    signs: int = 0
    rules: int = 0
    wrong: list[str] = field(default_factory=list)


class Fuzzer:
    """A stream of random terms and instances."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.statement = Statement(DECLS, [(f"h{a}", b) for a, b in enumerate(FACTS)], Eq(x, x))

    def pick(self, *options: Callable[[], Term]) -> Term:
        return self.r.choice(options)()

    # --------------------------------------------------------------------------------- terms
    def time(self, bound: list[Term]) -> Term:
        """A deterministic index."""
        return self.pick(
            lambda: num(self.r.randint(0, 2)), lambda: m, lambda: k, lambda: T, lambda: T, lambda: n,
            lambda: self.r.choice(bound) if bound else num(0), lambda: self.time(bound) + num(self.r.choice([1, -1])),
        )  # fmt: skip

    def index(self, bound: list[Term], paths: list[Term]) -> Term:
        """An index, perhaps a draw."""
        if paths and self.r.random() < 0.6:
            return mk(
                "Draw",
                "X",
                self.r.choice(paths),
                self.r.choice("sa"),
                self.r.choice([num(0), num(1), T, k, T + num(-1)]),
            )
        return self.time(bound)

    def guard(self, v: Term, bound: list[Term], paths: list[Term]) -> Term:
        other = self.index(bound, paths)
        return self.r.choice(
            [TRUE, TRUE, TRUE, Gt(f(v), 0), Gt(p(v), 0), Lt(v, other), Gt(g(v, v), 0), Gt(P(other, v), 0)]
        )

    def total(self, depth: int, bound: list[Term], paths: list[Term]) -> Term:
        v = mk("Sym", f"_b{len(bound)}", "Int")
        inner = [*bound, v]
        body = self.value(depth - 1, inner, paths)
        forms = [
            body,
            body,
            p(v) * body,
            body / p(v),
            f(v) * body,
            body / f(v),
            f(v) * Ln(f(v)),
            body * x**v,
            P(self.index(bound, paths), v) * body,
            Ind(Eq(v, self.index(bound, paths))) * body,
            Ind(Eq(self.time(bound), v + self.r.choice([0, 1]))) * body,
            Exp(f(v)) * body,
            body / (1 + Exp(f(v))),
        ]
        low, high = (
            self.r.choice([num(0), num(0), num(1), k]),
            self.r.choice([n, m, k, num(self.r.randint(0, 3)), S, T, self.time(bound)]),
        )
        return Sum(v, low, high, self.r.choice(forms), where=self.guard(v, inner, paths))

    def mean(self, depth: int, bound: list[Term], paths: list[Term]) -> Term:
        """E, Var, or a conditional mean that continues one of the outcomes around it."""
        w = mk("Path", "X", f"w{len(paths)}")
        own = [w] if self.r.random() < 0.5 else [*paths, w]  # else the body may speak of the outcomes around it
        body = abstract(self.value(depth - 1, bound, own), w)
        if not paths or self.r.random() < 0.3:
            return mk(self.r.choice(["E", "E", "E", "Var"]), "X", body)
        return mk("CondE", "X", self.r.choice(paths), self.r.choice([num(0), num(1), k, T]), self.r.randint(0, 2), body)

    def indicator(self, a: Term, b: Term) -> Term:
        """[a compared with b], perhaps of two comparisons."""
        one = self.r.choice([Lt, Le, Eq, Ne, Gt])(a, b)
        return Ind(one if self.r.random() < 0.8 else And(one, self.r.choice([Lt, Le])(x, b)))

    def slope(self, depth: int, bound: list[Term], paths: list[Term]) -> Term:
        """The derivative of a term in which a real was replaced by the variable, or moved by it."""
        v, point = mk("Sym", f"_r{depth}", "Real"), self.r.choice([x, y, num(0), num(1), num(2)])
        body = self.value(depth - 1, bound, paths)
        if self.r.random() < 0.5:
            return D(replaced(body, {x: v}), v, x)
        forms = [body * v, v * v + body, Min(v, body), Max(v * body, 1), Clip(v, 0, x), Ln(v) * body, body / v, Exp(body * v),
                 v**3 * body, Ind(Lt(v, body)) * v, 1 / (1 + Exp(v * body)), Ln(1 + Exp(v))]  # fmt: skip
        return D(self.r.choice(forms), v, point)

    def leaf(self, bound: list[Term], paths: list[Term]) -> Term:
        deep = self.r.choice(paths) if paths else None
        return self.pick(
            lambda: num(self.r.randint(-2, 3)), lambda: x, lambda: y, lambda: f(self.index(bound, paths)),
            lambda: g(self.index(bound, paths), self.index(bound, paths)), lambda: self.index(bound, paths),
            lambda: _at(deep, self.r.choice([num(0), num(1), T])) if deep is not None else x,
        )  # fmt: skip

    def value(self, depth: int, bound: list[Term], paths: list[Term]) -> Term:
        if depth <= 0:
            return self.leaf(bound, paths)
        sub = lambda: self.value(depth - 1, bound, paths)  # noqa: E731
        mean = lambda: self.mean(depth, bound, paths) if len(paths) < 3 else x  # noqa: E731
        return self.pick(
            lambda: sub() + sub(), lambda: sub() * sub(), lambda: sub() - sub(), lambda: Min(sub(), sub()), lambda: Max(sub(), x),
            lambda: self.total(depth, bound, paths), lambda: self.total(depth, bound, paths), lambda: sub() / x,
            lambda: x ** self.time(bound), lambda: Ln(x * y) * sub(), lambda: Ln(x / (y * y)), mean, mean, mean, mean,
            lambda: Clip(sub(), x, y), lambda: _line(sub(), self.time(bound)), lambda: sub() * mean(),
            lambda: Exp(sub()), lambda: Exp(Ln(x * y)) * sub(), lambda: Ln(Exp(sub()) * x), lambda: self.indicator(sub(), sub()),
            lambda: self.indicator(x, y) * sub(), lambda: self.slope(depth, bound, paths),
            lambda: self.slope(depth, bound, paths),
            lambda: sub() / (x + y) - sub() / (y + x), lambda: sub() / (1 + Exp(x)),
        )  # fmt: skip

    def conditional(self) -> Term:
        """Conditional means within conditional means, the shape on which tower, take-out and continuation work."""
        w = mk("Path", "X", "w0")
        return mk("E", "X", abstract(self.product([w]), w))

    def product(self, paths: list[Term]) -> Term:
        """A factor that is known here or there, times means that continue the innermost outcome."""
        here = paths[-1]
        known = lambda: self.leaf([], self.r.choice([[here], [here], paths]))  # noqa: E731
        parts = [known() for _ in range(self.r.randint(0, 2))]
        for _ in range(self.r.randint(0 if parts else 1, 2) if len(paths) < 4 else 0):
            w = mk("Path", "X", f"w{len(paths)}")
            level = self.r.choice([num(0), num(1), k, k, m + num(-1), T]), self.r.randint(0, 2)
            parts.append(
                mk("CondE", "X", self.r.choice([here, here, paths[0]]), *level, abstract(self.product([*paths, w]), w))
            )
        out = parts[0] if parts else known()
        for t in parts[1:]:
            out = out * t
        return out

    # --------------------------------------------------------------------------------- instances
    def rational(self) -> str:
        return str(Fraction(self.r.randint(-4, 6), self.r.randint(1, 3)))

    def law(self, size: int) -> list[str]:
        w = [self.r.choice([0, 1, 2, 3]) for _ in range(size)]
        w[0] += not sum(w)
        return [str(Fraction(a, sum(w))) for a in w]

    def instance(self) -> Any:
        size, last, top, count = self.r.randint(1, 2), self.r.randint(1, 2), self.r.randint(1, 3), self.r.randint(0, 3)
        gs = [[self.rational() for _ in range(HEADROOM)] for _ in range(HEADROOM)]
        fs = [str(abs(Fraction(self.rational())) + 1) if a < count else self.rational() for a in range(HEADROOM)]
        fs = ["1" if a < count and Fraction(gs[a][a]) > 0 else c for a, c in enumerate(fs)]
        low = Fraction(self.r.randint(1, 5), self.r.randint(1, 4))
        return {
            "ints": {"S": size, "T": last, "n": count, "m": top, "k": self.r.randint(0, top - 1)},
            "reals": {"x": str(low), "y": str(low + self.r.randint(0, 2))},
            "tables": {
                "f": fs, "g": gs, "p": self.law(size), "P": [self.law(size) for _ in range(size)],
                "A": [[self.law(size) for _ in range(size)] for _ in range(last + 1)],
            },
        }  # fmt: skip

    # --------------------------------------------------------------------------------- one term
    def once(self, tally: Tally) -> None:
        t = self.conditional() if self.r.random() < 0.3 else self.value(self.r.choice([2, 3, 3, 4]), [], [])
        try:
            self.statement.decls.check(t, "Real")
            tally.terms += 1
            ctx = context(self.statement.decls, FACTS)
            same = [back(ctx.nf(t)), *self.by_rules(t, ctx, tally)]
            facts = [
                c
                for c in (Le(0, t), Lt(0, t), Le(t, 0), Lt(t, 0), Ne(t, 0), Le(x, t), Le(t, y), Eq(t, 0))
                if ctx.holds(c)
            ]
            always = undefined(t, ctx) is None
        except (Undecided, Malformed):
            return
        tally.formed += 1
        for _ in range(3):
            self.compare(t, same, facts, always, tally)

    def by_rules(self, t: Term, ctx: Ctx, tally: Tally) -> list[Term]:
        """What the rules of expectation say t is, where they apply without a condition."""
        out = []
        if t.op == "E":
            for rule, args in (
                (next_draws, [self.r.randint(1, 4)]),
                (tower_rule, [self.r.choice([num(0), num(1), T]), self.r.randint(0, 2)]),
            ):
                try:
                    thm = rule(self.statement.decls, [], t, *args)
                    self.statement.decls.check(thm.prop, "Prop", proof=True)
                except (Undecided, Malformed):
                    continue
                out.append(thm.prop.args[1])
                tally.rules += 1
        return out

    def compare(self, t: Term, same: list[Term], facts: list[Term], always: bool, tally: Tally) -> None:
        data = self.instance()
        total = Total(self.statement, data)
        where = f"at {data['ints']} {data['reals']}"
        if total.violated() is not None:
            return
        try:
            want = total.value(t)
            if always:
                Instance(self.statement, data).value(t)
            for form in same:
                tally.compared += 1
                if sign(add(want, total.value(form), -1)) != 0:
                    tally.wrong.append(f"another value: {t!r}\n  form {form!r}\n  {where}")
            tally.signs += len(facts)
            tally.wrong += [f"not so: {c!r}\n  {where}" for c in facts if not total.value(c)]
        except Undefined as why:
            tally.wrong.append(f"said to be defined: {t!r}\n  {why}\n  {where}")
        except Undecided:  # a table that ends too soon, a logarithm of a logarithm
            return


def run(rounds: int, seed: int) -> Tally:
    """Compare `rounds` random terms; `wrong` must come back empty."""
    fuzzer, tally = Fuzzer(seed), Tally()
    for _ in range(rounds):
        fuzzer.once(tally)
        if tally.wrong:
            break
    return tally


def main(rounds: int = 1000, seed: int = 1) -> int:
    tally = run(rounds, seed)
    for text in tally.wrong:
        print(text)
    by = f"{tally.compared} comparisons ({tally.rules} by rules), {tally.signs} decided signs"
    print(f"{tally.terms} terms, {tally.formed} with a normal form, {by}, {len(tally.wrong)} wrong")
    return bool(tally.wrong)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
