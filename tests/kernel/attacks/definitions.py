"""Definitions: unfolded under binders, with paths, indices and reals as parameters."""

from proofs.kernel.terms import num
from proofs.language import All, E, Eq, Ge, Gt, Le, Ln, Lt, Min, Sum, Var, Vocabulary
from tests.kernel.attacks.base import CHAIN, PLAIN, W, X, f, g, h, i, j, k, m, mean, n, s, slope, u, v, wrong, x, y

_words = Vocabulary()
_words.decls.update({d[1]: d for d in PLAIN})
row = _words.define("row", Sum(j, 0, n, g(m, j)), m)  # one row; n is free in the body
part = _words.define("part", Sum(j, 0, m, f(j) * x), m, x)  # an index and a real
shift = _words.define("shift", f(m + k), m, k)
inverse = _words.define("inverse", 1 / x, x)
log = _words.define("log", Ln(x), x)
twice = _words.define("twice", shift(m, m) + shift(m, 0), m)
power = _words.define("power", x**m, x, m)
fixed = _words.define("fixed", Sum(j, 0, 2, y), x)  # does not use its parameter
WORDS = list(_words.decls.values())

_paths = Vocabulary()
_paths.decls.update({d[1]: d for d in CHAIN})
at = _paths.define("at", h(X.s(m)), X.path, m)
gain = _paths.define("gain", Sum(i, 0, m, h(X.s(i))) + at(X.path, m), X.path, m)
ahead = _paths.define("ahead", X.given(h(X.s(m + 1)), m, "s"), X.path, m)
PATHS = list(_paths.decls.values())
ATTACKS = [
    wrong(
        "definition-captures-its-sum",
        "the body's own j is not the outer j",
        WORDS,
        [Ge(n, 1)],
        Eq(Sum(j, 0, n, row(j)), Sum(j, 0, n, Sum(i, 0, n, g(i, i)))),
    ),
    wrong(
        "definition-transposed",
        "row is no column",
        WORDS,
        [Ge(n, 1), Ge(m, 0), Lt(m, n)],
        Eq(row(m), Sum(j, 0, n, g(j, m))),
    ),
    wrong(
        "arguments-exchanged",
        "shift(m, k) is f(m + k), twice(m) is f(2 m) + f(m)",
        WORDS,
        [Ge(m, 0)],
        Eq(twice(m), 2 * shift(m, m)),
    ),
    wrong(
        "real-argument-captured",
        "the argument f(j) belongs to the outer sum",
        WORDS,
        [Ge(n, 2)],
        Eq(Sum(j, 0, n, part(n, f(j))), Sum(j, 0, n, Sum(i, 0, n, f(i) * f(i)))),
    ),
    wrong(
        "definition-is-not-its-namesake",
        "part(n, x) is not part(x, n) up to order",
        WORDS,
        [Ge(n, 0)],
        Eq(part(n, x), part(n, y)),
    ),
    wrong(
        "definition-hides-a-quotient",
        "1/0 inside a definition",
        WORDS,
        [],
        Eq(inverse(x) * x, 1),
        says="not known to be nonzero",
    ),
    wrong(
        "definition-hides-a-quotient-from-itself",
        "1/0 inside a definition",
        WORDS,
        [],
        Eq(inverse(x), inverse(x)),
        lambda pf, c: pf.rule("inside", [pf.prove(Eq(y, y))], y, c.args[0]),
        says="not known to be defined",
    ),
    wrong(
        "definition-hides-a-log",
        "ln -1 inside a definition",
        WORDS,
        [],
        Eq(log(x), log(x)),
        lambda pf, c: pf.rule("inside", [pf.prove(Eq(y, y))], y, c.args[0]),
        says="not known to be defined",
    ),
    wrong(
        "definition-hides-a-power",
        "0^-1 inside a definition",
        WORDS,
        [],
        Eq(power(x, m), power(x, m)),
        lambda pf, c: pf.rule("inside", [pf.prove(Eq(y, y))], y, c.args[0]),
        says="not known to be defined",
    ),
    wrong(
        "definition-hides-a-slope",
        "1/u falls",
        WORDS,
        [Gt(x, 0)],
        Ge(inverse(x), 1),
        lambda pf, c: pf.prove(Le(0, slope(inverse(u), u) * (u - 1)), under=[Gt(u, 0)]),
    ),
    wrong(
        "symbol-hidden-in-a-definition",
        "n stands in the body of row",
        WORDS,
        [Ge(m, 0)],
        Eq(row(m), 0),
        lambda pf, c: pf.put(pf.prove(Eq(row(m), row(m))), n, num(0)),
        says="a declaration mentions",
    ),
    wrong(
        "induct-on-a-hidden-symbol",
        "n stands in the body of row",
        WORDS,
        [Ge(n, 0)],
        Eq(row(m) * n, 0),
        lambda pf, c: pf.rule("induct", [pf.prove(Eq(row(m) * 0, 0)), pf.step(Eq(row(m) * (n + 1), 0))], n, num(0)),
        says="a declaration mentions",
    ),
    wrong(
        "every-over-a-hidden-symbol",
        "n stands in the body of row",
        WORDS,
        [],
        All(i, 0, 3, Eq(row(m), 0)),
        lambda pf, c: pf.every(n, 0, 3, pf.prove(Eq(row(m), row(m)))),
        says="a declaration mentions",
    ),
    wrong(
        "real-hidden-in-a-definition",
        "y stands in the body of fixed",
        WORDS,
        [],
        Eq(fixed(x), 0),
        lambda pf, c: pf.put(pf.prove(Eq(fixed(x), fixed(x))), y, num(0)),
        says="a declaration mentions",
    ),
    wrong("unused-parameter-is-used", "fixed(x) is 2 y, not 2 x", WORDS, [], Eq(fixed(x), 2 * x)),
    wrong(
        "definition-under-a-guard",
        "inverse(f(i)) is asked for outside the guard, too",
        WORDS,
        [Ge(n, 0)],
        Eq(Sum(i, 0, n, f(i) * inverse(f(i)), where=Ge(f(i), 0)), Sum(i, 0, n, num(1), where=Ge(f(i), 0))),
        says="not known to be nonzero",
    ),
    # ---- paths
    wrong(
        "definition-of-another-path",
        "W is an independent copy",
        PATHS,
        [],
        Eq(E(E(at(X.path, 0) * at(W.path, 0), W), X), mean(at(X.path, 0) ** 2)),
    ),
    wrong(
        "definition-of-a-stale-path",
        "the inner mean binds its own path",
        PATHS,
        [],
        Eq(mean(at(X.path, 0) * mean(at(X.path, 0))), mean(at(X.path, 0) ** 2)),
    ),
    wrong(
        "definition-knows-the-future",
        "ahead is known at m, gain(m + 1) is not",
        PATHS,
        [Ge(m, 0), Lt(m, 1)],
        Eq(mean(ahead(X.path, m) * at(X.path, m + 1)), mean(at(X.path, m + 1) ** 2)),
    ),
    wrong(
        "gain-is-known-too-early",
        "gain(m + 1) is not known at m",
        PATHS,
        [Ge(m, 0), Lt(m, 1)],
        Eq(mean(gain(X.path, m + 1) * ahead(X.path, m)), mean(gain(X.path, m + 1) * at(X.path, m + 1))),
    ),
    wrong(
        "random-time-in-a-definition",
        "a random index may not become a time by a definition",
        PATHS,
        [],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        lambda pf, c: pf.put(pf.prove(Eq(at(X.path, m), at(X.path, m))), m, s(0)),
        says="a random argument of at",
    ),
    wrong(
        "random-time-by-a-quantified-definition",
        "a random index may not become a time by a definition",
        PATHS,
        [Ge(m, 0)],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        lambda pf, c: pf.rule("at", [pf.every(v, 0, 2, pf.prove(Eq(at(X.path, v), at(X.path, v))))], s(0)),
        says="a random argument of at",
    ),
    wrong(
        "random-time-by-a-definition-inside",
        "a random index may not become a time by a definition",
        PATHS,
        [],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        lambda pf, c: pf.rule("inside", [pf.prove(Eq(s(0), s(0)))], v, at(X.path, v)),
        says="a random argument of at",
    ),
    wrong(
        "definition-as-a-time",
        "a defined term is real, no time",
        PATHS,
        [],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        lambda pf, c: pf.prove(Eq(h(s(at(X.path, 0))), h(s(at(X.path, 0))))),
        says="an index is expected",
    ),
    wrong(
        "definition-as-a-level",
        "a defined term is real, no level",
        PATHS,
        [],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        lambda pf, c: pf.rule("tower", [], mean(h(s(1))), at(X.path, 0), 1),
        says="an expectation and a level",
    ),
    wrong(
        "definition-as-a-start",
        "a defined term is real, no start",
        PATHS,
        [Ge(m, 0)],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        lambda pf, c: pf.rule("split", [], Sum(i, 0, m, h(i)), at(X.path, 0)),
        says="takes a sum and an index",
    ),
    wrong(
        "fact-through-a-definition",
        "the fact holds on one path",
        PATHS,
        [],
        Eq(mean(at(X.path, 0)), 0),
        lambda pf, c: pf.mean(pf.step(Eq(at(X.path, 0), 0)), X),
        says="speaks of this one outcome",
    ),
    wrong(
        "variance-of-a-definition",
        "gain depends on time",
        PATHS,
        [],
        Eq(Var(gain(X.path, 1)), Var(at(X.path, 0)) + Var(at(X.path, 1))),
    ),
    wrong(
        "minimum-through-definitions",
        "the minimum of two outcomes is no outcome",
        PATHS,
        [],
        Eq(E(E(Min(at(X.path, 0), at(W.path, 0)), W), X), mean(at(X.path, 0))),
    ),
]
