"""For every rule a true use and a mutant of its own: a use that is wrong in the one way that the rule guards against.

A true use gives a theorem that is evaluated on instances; a false use must end with a sentence that holds `says`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from proofs.kernel.statement import Statement
from proofs.kernel.terms import Term, mk, num
from proofs.language import All, And, Eq, Ge, Gt, Implies, Le, Ln, Lt, Ne, Sum, Surely
from proofs.tactics.proof import Proof, Step
from tests.kernel.attacks.base import CHAIN, PLAIN, S, T, W, X, f, g, h, i, j, k, m, mean, n, p0, s, slope, u, v, x, y

Use = Callable[[Proof], Step]


@dataclass(frozen=True)
class Example:
    """A use of one rule.  gives: the proposition of a true use.  says: what the refusal of a false one holds."""

    rule: str
    use: Use
    decls: list[Any]
    hyps: tuple[Term, ...] = ()
    gives: Term | None = None
    says: str = ""

    def run(self) -> tuple[Proof, Step]:
        pf = Proof(Statement(self.decls, [(f"h{a}", b) for a, b in enumerate(self.hyps)], Eq(0, 0)), [("lemma", LEMMA)])
        return pf, self.use(pf)


LEMMA = Statement([["Size", "N", 2], ["Int", "m"], ["Fn", "f", 1]], [("a", Ge(m, 0))], Ge(num(0) + m + f(0) * f(0), 0))
LEMMA_SIZE = ["sym", mk("Sym", "N", "Int"), num(3)]


def given(t: Term) -> Term:
    """E[t | the first state of the path `other`]."""
    return mk("CondE", "X", W.path, num(0), 1, mean(t).args[1])


def true(rule: str, use: Use, gives: Term, *hyps: Term, decls: list[Any] = PLAIN) -> Example:
    return Example(rule, use, decls, hyps, gives)


def false(rule: str, use: Use, says: str, *hyps: Term, decls: list[Any] = PLAIN) -> Example:
    return Example(rule, use, decls, hyps, None, says)


def rule(name: str, premises: tuple[Any, ...] = (), *args: Any) -> Use:
    return lambda pf: pf.rule(name, list(premises), *args)


RANGE = All(i, 0, n, Le(f(i), 1))
DOUBLE = Sum(i, 0, n, Sum(j, 0, m, g(i, j)))
FALL = Implies(Le(f(i), 0), Eq(g(i, i), 0))
IN_K = (Ge(k, 0), Lt(k, T))
COUNT = lambda a: Eq(Sum(i, 0, a, num(1)), a)  # noqa: E731


def counted(pf: Proof, *local: Term, start: Any = 0) -> tuple[Step, Step]:
    """sum_{i<m} 1 = m: base and step of the induction."""
    return pf.prove(COUNT(num(start))), pf.prove(COUNT(v + 1), by=[COUNT(v)], under=[Le(start, v), *local])


def rising(pf: Proof) -> Step:
    """0 <= (1 - 1/u) (u - 1) for u > 0."""
    here = [Gt(u, 0)]
    return pf.prove(
        Le(0, slope(u - 1 - Ln(u), u) * (u - 1)), by=[pf.scale(pf.square(u - 1), 1 / u, under=here)], under=here
    )


EXAMPLES = [
    # ---- steps that are not in the table
    true("given", rule("given", (), "h0"), Gt(x, 0), Gt(x, 0)),
    false("given", rule("given", (), "h1"), "no such hypothesis", Gt(x, 0)),
    true(
        "cite",
        lambda pf: pf.rule("cite", [], LEMMA.hash(), LEMMA_SIZE, ["fn", "f", f(n)]),
        Ge(num(0) + m + f(n) * f(n), 0),
    ),
    false("cite", lambda pf: pf.rule("cite", [], "0" * 64), "not an earlier item"),
    false("cite", lambda pf: pf.rule("cite", [], LEMMA.hash(), ["sym", x, num(0)]), "not a name of the cited"),
    # ---- logic
    true("assume", rule("assume", (), Gt(x, 0)), Gt(x, 0)),
    false("assume", lambda pf: pf.rule("assume", ["h0"], Gt(y, 0)), "takes 0 premises", Gt(x, 0)),
    true("prove", lambda pf: pf.prove(Gt(x + 1, 1), by=["h0"]), Gt(x + 1, 1), Gt(x, 0)),
    true(
        "prove",
        lambda pf: pf.prove(Eq(Sum(i, 0, n + 1, f(i)), Sum(i, 0, n, f(i)) + f(n)), by=["h0"]),
        Eq(Sum(i, 0, n + 1, f(i)), Sum(i, 0, n, f(i)) + f(n)),
        Ge(n, 0),
    ),
    false("prove", lambda pf: pf.prove(Gt(x, 1), by=["h0"]), "not decided: ", Gt(x, 0)),
    true("both", rule("both", ("h0", "h1")), And(Gt(x, 0), Gt(y, 0)), Gt(x, 0), Gt(y, 0)),
    false("both", rule("both", ("h0",)), "takes 2 premises", Gt(x, 0)),
    true("at", lambda pf: pf.rule("at", ["h0"], m), Le(f(m), 1), RANGE),
    false("at", lambda pf: pf.rule("at", ["h0"], x), "takes an index", RANGE),
    false("at", lambda pf: pf.rule("at", ["h0"], m, m), "not a quantifier", RANGE),
    true(
        "cut", lambda pf: pf.rule("cut", [pf.rule("at", ["h0"], m), "h1", "h2"]), Le(f(m), 1), RANGE, Le(0, m), Lt(m, n)
    ),
    false("cut", rule("cut", ()), "takes a premise"),
    true(
        "imply",
        lambda pf: pf.rule("imply", [pf.prove(Gt(x + 1, 1), under=[Gt(x, 0)])], Gt(x, 0)),
        Implies(Gt(x, 0), Gt(x + 1, 1)),
    ),
    false("imply", rule("imply", (), Gt(x, 0)), "takes 1 premise"),
    true("every", lambda pf: pf.every(v, 0, n, pf.prove(Ge(v + 1, 1), under=[Le(0, v)])), All(i, 0, n, Ge(i + 1, 1))),
    false("every", lambda pf: pf.every(v, 0, n, pf.step(Eq(f(v), 0))), "occurs in a hypothesis"),
    false("every", lambda pf: pf.every(v, 0, v, pf.prove(Eq(v, v))), "mentions its own variable"),
    true("put", lambda pf: pf.rule("put", [pf.prove(Ge(u * u, 0), by=[pf.square(u)])], u, f(m)), Ge(f(m) * f(m), 0)),
    false(
        "put",
        lambda pf: pf.rule("put", [pf.prove(Le(1, v), under=[Lt(0, v)])], v, x),
        "an index is replaced by an index",
    ),
    false("put", lambda pf: pf.rule("put", [pf.prove(Le(1, S))], S, m), "a declaration mentions it", decls=CHAIN),
    true("chain", rule("chain", ("h0", "h1")), Lt(x, 1), Le(x, y), Lt(y, 1)),
    false("chain", rule("chain", ("h1", "h0")), "do not join: 1 and x", Le(x, y), Lt(y, 1)),
    true("inside", rule("inside", ("h0",), u, f(0) * u), Eq(f(0) * x, f(0) * y), Eq(x, y)),
    false("inside", rule("inside", ("h0",), u, f(0) * u), "takes an equation", Le(x, y)),
    false("inside", rule("inside", ("h0",), v, f(v)), "an index is replaced by an index", Eq(x, y)),
    true(
        "cases",
        lambda pf: pf.cases(
            x,
            0,
            lambda a: pf.prove(Ge(x * x, 0), by=[pf.square(x)], under=[a]),
            lambda a: pf.prove(Ge(x * x, 0), by=[pf.square(x)], under=[a]),
        ),
        Ge(x * x, 0),
    ),
    false(
        "cases",
        lambda pf: pf.rule("cases", [pf.step(Le(x, 0)), pf.step(Lt(0, x))], x, num(0)),
        "prove different things",
    ),
    true("induct", lambda pf: pf.rule("induct", counted(pf), v, num(0)), COUNT(v)),
    false("induct", lambda pf: pf.rule("induct", counted(pf)[::-1], v, num(0)), "do not prove one statement"),
    false("induct", lambda pf: pf.rule("induct", counted(pf, Lt(v, 5)), v, num(0)), "occurs in another hypothesis"),
    false("induct", lambda pf: pf.rule("induct", counted(pf), v, num("1/2")), "starts at an integer"),
    true("induct", lambda pf: pf.rule("induct", counted(pf, Lt(v, n)), v, num(0), n), COUNT(v)),
    false("induct", lambda pf: pf.rule("induct", counted(pf, Lt(v, v)), v, num(0), v), "the end mentions"),
    false(
        "induct",
        lambda pf: pf.rule("induct", counted(pf, Lt(v, 5)), v, num(0), n),
        "occurs in another hypothesis",
    ),
    # ---- order
    true("scale", rule("scale", ("h0", "h1")), Le(y * x, y * num(1)), Le(x, 1), Le(0, y)),
    false("scale", rule("scale", ("h0", "h1")), "not 0 <= c", Le(x, 1), Le(y, 0)),
    false("scale", rule("scale", ("h0", "h1")), "not =, <= or <", Ne(x, 1), Le(0, y)),
    true("square", rule("square", (), x - y), Le(0, (x - y) * (x - y))),
    false("square", rule("square", ("h0",), x), "takes 0 premises", Gt(x, 0)),
    true("sum_order", rule("sum_order", ("h0",)), Le(Sum(i, 0, n, f(i)), Sum(i, 0, n, num(1))), RANGE),
    false("sum_order", rule("sum_order", ("h0",)), "neither = nor <=", All(i, 0, n, Lt(f(i), 1))),
    false("sum_order", rule("sum_order", ("h0",)), "not a quantifier", Le(f(0), 1)),
    true(
        "mean_order",
        lambda pf: pf.mean(pf.prove(Ge(h(s(0)) * h(s(0)), 0), by=[pf.square(h(s(0)))]), X),
        Ge(mean(h(s(0)) * h(s(0))), mean(num(0))),
        decls=CHAIN,
    ),
    false("mean_order", lambda pf: pf.mean(pf.step(Ge(h(s(0)), 0)), X), "speaks of this one outcome", decls=CHAIN),
    false("mean_order", lambda pf: pf.mean(pf.prove(Ne(s(0), -1)), X), "not =, <= or <", decls=CHAIN),
    true(
        "mean_order",
        lambda pf: pf.mean(pf.prove(Ge(h(s(0)) * h(s(0)), 0), by=[pf.square(h(s(0)))]), X, W.path, num(0), 1),
        Ge(given(h(s(0)) * h(s(0))), given(num(0))),
        decls=CHAIN,
    ),
    false(
        "mean_order",
        lambda pf: pf.rule("mean_order", [pf.prove(Le(0, 1))], X.path, W.path, s(0), 0),
        "it is not random",
        decls=CHAIN,
    ),
    true("surely", lambda pf: pf.rule("surely", [pf.prove(Lt(s(0), S))], X.path), Surely(Lt(s(0), S)), decls=CHAIN),
    false("surely", lambda pf: pf.rule("surely", ["h0"], x), "not a path", Le(x, y)),
    false(
        "surely",
        lambda pf: pf.rule("surely", [pf.step(Ge(h(s(0)), 0))], X.path),
        "speaks of this one outcome",
        decls=CHAIN,
    ),
    true(
        "on_path",
        lambda pf: pf.rule("on_path", ["h0"], W.path),
        Ge(h(W.s(0)), 0),
        Surely(Ge(h(s(0)), 0)),
        decls=CHAIN,
    ),
    false(
        "on_path",
        lambda pf: pf.rule("on_path", ["h0"], W.path),
        "not sure on this path",
        Ge(mean(h(s(0))), 0),
        decls=CHAIN,
    ),
    true(
        "tangent",
        lambda pf: pf.rule("tangent", [rising(pf)], u - 1 - Ln(u), u, num(1)),
        Le(num(1) - 1 - Ln(num(1)), u - 1 - Ln(u)),
    ),
    false("tangent", lambda pf: pf.rule("tangent", [pf.square(u)], u * u, u, num(1)), "not the derivative condition"),
    false("tangent", lambda pf: pf.rule("tangent", [pf.square(u)], Ln(u), u, u), "moves with"),
    # ---- sums
    true(
        "split",
        rule("split", (), Sum(i, 0, n, f(i)), m),
        Eq(Sum(i, 0, n, f(i)), Sum(i, 0, m, f(i)) + Sum(i, m, n, f(i))),
    ),
    false("split", rule("split", (), Sum(i, 0, n, f(i)), x), "takes a sum and an index"),
    false("split", rule("split", (), f(0), m), "takes a sum and an index"),
    true("swap", rule("swap", (), DOUBLE), Eq(DOUBLE, Sum(j, 0, m, Sum(i, 0, n, g(i, j))))),
    false("swap", rule("swap", (), Sum(i, 0, n, Sum(j, 0, i, g(i, j)))), "depends on the outer"),
    false("swap", rule("swap", (), Sum(i, 0, n, f(i))), "takes a double sum"),
    true(
        "sieve",
        rule("sieve", (), Sum(i, 0, n, f(i)), v, Lt(0, g(v, v))),
        Eq(Sum(i, 0, n, f(i)), Sum(i, 0, n, f(i), where=Lt(0, g(i, i))) + Sum(i, 0, n, f(i), where=Le(g(i, i), 0))),
    ),
    true(
        "sieve",
        rule("sieve", (), Sum(i, 0, n, f(i), where=Lt(i, m)), v, Eq(v, k)),
        Eq(
            Sum(i, 0, n, f(i), where=Lt(i, m)),
            Sum(i, 0, n, f(i), where=And(Lt(i, m), Eq(i, k))) + Sum(i, 0, n, f(i), where=And(Lt(i, m), Ne(i, k))),
        ),
    ),
    false("sieve", rule("sieve", (), f(0), v, Lt(0, g(v, v))), "takes a sum"),
    false("sieve", rule("sieve", (), Sum(i, 0, n, f(i)), v, All(i, 0, n, Lt(0, f(i)))), "not a comparison"),
    # ---- expectation
    true(
        "tower",
        rule("tower", (), mean(h(s(k))), k, 0),
        Eq(mean(h(s(k))), mean(mean(h(s(k)), k, 0))),
        *IN_K,
        decls=CHAIN,
    ),
    false("tower", rule("tower", (), h(0), num(0), 0), "an expectation and a level", decls=CHAIN),
    false("tower", rule("tower", (), mean(h(s(k))), s(0), 0), "it is not random", decls=CHAIN),
    true(
        "next_draws",
        rule("next_draws", (), mean(h(s(0))), 1),
        Eq(mean(h(s(0))), Sum(i, 0, S, p0(i) * h(i), where=Lt(0, p0(i)))),
        decls=CHAIN,
    ),
    false("next_draws", rule("next_draws", (), mean(h(s(1))), 1), "not known after these draws", decls=CHAIN),
    false("next_draws", rule("next_draws", (), mean(h(W.s(0)) * h(s(0)), k, 0), 1), "outside the time", decls=CHAIN),
    false(
        "next_draws",
        lambda pf: pf.rule("next_draws", ["h0", "h1"], mean(h(s(k)), k, 0), 1),
        "first draw or later draw",
        *IN_K,
        decls=CHAIN,
    ),
]
