"""Hypotheses, quantifiers, substitution, induction and case splits."""

from proofs.kernel.terms import num, replaced
from proofs.language import All, And, Eq, Ge, Gt, Implies, Le, Lt, Ne, Sum
from tests.kernel.attacks.base import CHAIN, PLAIN, PMF, N, S, T, X, by, f, finish, g, h, i, j, k, m, mean, n, p, s, u, v, wrong, x, y

HALF = num("1/2")
ZERO = All(i, 0, n, Eq(f(i), 0))
RESTS, CLAIM, FIXED = "rests on what is not among the hypotheses", "the last step is not the claim", "a declaration mentions"


def up(pf, base, step, var, start):
    return pf.rule("induct", [base, step], var, start)


def below(pf, base, step, var, start, end):
    return pf.rule("induct_below", [base, step], var, start, end)


def count(a):
    return Eq(Sum(i, 0, a, f(i)), a)


def from_a_half(pf, claim):
    """1/2 < 1; no integer v has 1/2 <= v < 1, so the step holds; hence v < 1 for every v >= 1/2."""
    local = [Lt(v, 1), Le(HALF, v)]
    step = pf.rule("chain", [pf.prove(Lt(v + 1, x), under=local), pf.prove(Le(x, 1), under=local)])
    return pf.every(v, 1, 2, pf.settle(up(pf, pf.prove(Lt(HALF, 1)), step, v, HALF), under=[Le(1, v), Lt(v, 2)]))


def idle(pf, claim):
    return pf.prove(claim)


ATTACKS = [
    # ---- hypotheses
    wrong("assume-the-claim", "an assumption remains one", PLAIN, [], Gt(x, 0), lambda pf, c: pf.step(c), says=RESTS),
    wrong("cut-another", "1 > 0 does not discharge x > 0", PLAIN, [], Gt(x, 0), lambda pf, c: pf.rule("cut", [pf.step(c), pf.prove(Gt(num(1), 0))]), says=RESTS),
    wrong("cut-by-itself", "x > 0 proves x > 0 from x > 0", PLAIN, [], Gt(x, 0), lambda pf, c: pf.rule("cut", [pf.step(c), pf.step(c)]), says=RESTS),
    wrong("cut-in-a-circle", "each of two assumptions proves the other", PLAIN, [], Gt(x, 0),
          lambda pf, c: pf.rule("cut", [pf.prove(c, under=[Gt(2 * x, 0)]), pf.prove(Gt(2 * x, 0), under=[c])]), says=RESTS),
    wrong("cut-of-nothing", "a cut takes a theorem", PLAIN, [], Gt(x, 0), lambda pf, c: pf.rule("cut", []), says="takes a premise"),
    wrong("local-hypothesis-of-prove", "what prove assumes stays a hypothesis", PLAIN, [], Gt(x, 0), lambda pf, c: pf.prove(c, under=[Gt(x, 1)]), says=RESTS),
    wrong("premise-brings-its-hypotheses", "a premise proved under x > 1 stays so", PLAIN, [], Gt(x, 0), lambda pf, c: pf.prove(c, by=[pf.step(Gt(x, 1))]), says=RESTS),
    wrong("contradictory-premise", "0 = 1 was assumed", PLAIN, [], Gt(x, 0), lambda pf, c: pf.prove(c, by=[pf.step(Eq(0, 1))]), says=RESTS),
    wrong("idle-hypothesis", "x > 0 is not used: the claim is stronger without it", PLAIN, [Gt(x, 0)], Eq(y, y), idle, at="true, but its hypothesis is idle", says="nothing uses"),
    wrong("idle-among-used", "y > 0 is not used", PLAIN, [Gt(x, 0), Gt(y, 0)], Gt(2 * x, 0), lambda pf, c: pf.prove(c, by=["h0"]), at="true, but a hypothesis is idle", says="nothing uses"),
    wrong("imply-drops", "modus ponens brings its premise back", PLAIN, [], Eq(x, 0), lambda pf, c: pf.rule("at", [pf.rule("imply", [pf.step(c)], c)]), says=RESTS),
    wrong("imply-something-else", "an implication from another premise keeps the hypothesis", PLAIN, [], Implies(Gt(y, 0), Gt(x, 0)), lambda pf, c: pf.rule("imply", [pf.step(Gt(x, 0))], Gt(y, 0)),
          says=RESTS),
    wrong("both-for-one", "one half is not both", PLAIN, [Gt(x, 0)], And(Gt(x, 0), Gt(y, 0)), lambda pf, c: pf.rule("both", ["h0", "h0"]), says=CLAIM),
    wrong("both-of-three", "the rule takes two", PLAIN, [Gt(x, 0)], And(Gt(x, 0), Gt(y, 0)), lambda pf, c: pf.rule("both", ["h0", "h0", "h0"]), says="takes 2 premises"),
    wrong("given-by-another-name", "there is no hypothesis h7", PLAIN, [Gt(x, 0)], Gt(y, 0), lambda pf, c: pf.step("h7"), says="no such hypothesis"),
    wrong("unknown-relation", "a quantified statement is not decided", PLAIN, [], All(i, 0, n, Eq(f(i), 0)), lambda pf, c: pf.prove(c), says="only comparisons are decided"),
    # ---- quantifiers
    wrong("every-over-hypothesis", "f(m) = 0 is assumed for one m", PLAIN, [Eq(f(m), 0)], All(i, 0, n, Eq(f(i), 0)), lambda pf, c: pf.every(m, 0, n, pf.step("h0")), says="occurs in a hypothesis"),
    wrong("every-keeps-range", "v < m is assumed, not v < n", PLAIN, [], All(i, 0, n, Lt(i, m)), lambda pf, c: pf.every(v, 0, n, pf.prove(Lt(v, m), under=[Lt(v, m)])), says="occurs in a hypothesis"),
    wrong("every-below-its-start", "0 <= v is assumed, the range begins at -1", PLAIN, [], All(i, -1, n, Ge(i, 0)), lambda pf, c: pf.every(v, -1, n, pf.prove(Ge(v, 0), under=[Ge(v, 0)])),
          says="occurs in a hypothesis"),
    wrong("every-over-its-end", "m < m would be a range", PLAIN, [], All(i, 0, m, Lt(i, m - 1)), lambda pf, c: pf.every(m, 0, m, pf.prove(Lt(m, m), under=[Lt(m, m)])), says="mentions its own variable"),
    wrong("every-from-itself", "the range may not begin at its variable", PLAIN, [], All(i, m, n, Lt(i, 0)), lambda pf, c: pf.every(v, v, n, pf.prove(Lt(v, v), under=[Lt(v, v)])),
          says="mentions its own variable"),
    wrong("every-over-a-size", "a size is at least 1, an index is not", PLAIN, [], All(i, 0, 5, Le(1, i)), lambda pf, c: pf.every(N, 0, 5, pf.prove(Le(1, N))), says=FIXED),
    wrong("every-over-a-horizon", "the horizon is declared", CHAIN, [], All(i, 0, 5, Le(1, i)), lambda pf, c: pf.every(T, 0, 5, pf.prove(Le(1, T))), says=FIXED),
    wrong("every-over-a-real", "a quantifier binds an index", PLAIN, [Gt(x, 0)], Gt(y, 0), lambda pf, c: pf.every(x, 0, n, pf.step("h0")), says="not an integer symbol"),
    wrong("every-over-a-value", "f(0) is no variable", PLAIN, [], All(i, 0, n, Eq(i, 0)), lambda pf, c: pf.rule("every", [pf.prove(Eq(f(0), f(0)))], f(0), num(0), n), says="not an integer symbol"),
    wrong("every-over-a-draw", "a draw is no variable", CHAIN, [], All(i, 0, S + 1, Lt(i, S)), lambda pf, c: pf.rule("every", [pf.prove(Lt(s(0), S))], s(0), num(0), S + 1), says="not an integer symbol"),
    wrong("at-out-of-range", "the range becomes a hypothesis", PLAIN, [ZERO], Eq(f(m), 0), lambda pf, c: pf.rule("at", ["h0"], m), says=RESTS),
    wrong("at-the-end", "the range ends before n", PLAIN, [ZERO, Ge(n, 0)], Eq(f(n), 0), lambda pf, c: finish(pf, pf.at("h0", n, by=["h1"])), says=RESTS),
    wrong("at-not-a-quantifier", "f(0) = 0 is no quantifier", PLAIN, [Eq(f(0), 0)], Eq(f(m), 0), lambda pf, c: pf.rule("at", ["h0"], m), says="not a quantifier"),
    wrong("at-a-real", "x is no index", PLAIN, [ZERO], Eq(f(0), 0), lambda pf, c: pf.rule("at", ["h0"], x), says="takes an index"),
    wrong("at-a-half", "i (i - 1) = 0 at i = 0 and 1, not at 1/2", PLAIN, [All(i, 0, 2, Eq(i * (i - 1), 0))], Eq(0, 1), lambda pf, c: finish(pf, pf.at("h0", HALF)), says="takes an index"),
    wrong("at-a-quotient", "n / 2 is no index", PLAIN, [ZERO], Eq(f(0), 0), lambda pf, c: pf.rule("at", ["h0"], n / 2), says="takes an index"),
    wrong("at-drops-the-premise", "the premise becomes a hypothesis", PLAIN, [All(i, 0, n, Implies(Gt(g(i, i), 0), Eq(f(i), 0))), Ge(m, 0), Lt(m, n)], Eq(f(m), 0),
          lambda pf, c: finish(pf, pf.at("h0", m, by=["h1", "h2"])), says=RESTS),
    wrong("at-too-deep", "the inner range depends on the outer index", PLAIN, [All(i, 0, n, All(j, 0, i, Eq(g(i, j), 0))), Ge(n, 1)], Eq(g(0, 0), 0), lambda pf, c: pf.at("h0", 0, 0, by=["h1"]), says=RESTS),
    # ---- substitution
    wrong("put-a-size", "the pmf stands on its size", PMF, [], Eq(Sum(i, 0, N + 1, p(i)), 1), lambda pf, c: pf.rule("put", [pf.prove(Eq(Sum(i, 0, N, p(i)), 1))], N, N + 1), says=FIXED,
          at="p(N) is outside every table"),
    wrong("put-a-horizon", "the process stands on its horizon", CHAIN, [], Le(2, T), lambda pf, c: pf.rule("put", [pf.prove(Le(1, T))], T, T - 1), says=FIXED),
    wrong("put-a-bare-size", "a size is at least 1", PLAIN, [], Le(1, m), lambda pf, c: pf.rule("put", [pf.prove(Le(1, N))], N, m), says=FIXED),
    wrong("put-a-real-for-an-index", "2 m is never 1, 2 x is for x = 1/2", PLAIN, [], Ne(x, HALF), lambda pf, c: finish(pf, pf.rule("put", [pf.prove(Ge(m, 1), under=[Gt(m, 0)])], m, x)),
          says="an index is replaced by an index"),
    wrong("put-a-real", "an integer above 0 is at least 1, a real is not", PLAIN, [Lt(0, x)], Le(1, x), lambda pf, c: pf.rule("put", [pf.prove(Le(1, m), under=[Lt(0, m)])], m, x),
          says="an index is replaced by an index"),
    wrong("put-a-mean-for-an-index", "a mean is no index", CHAIN, [Lt(0, x)], Le(1, x), lambda pf, c: pf.rule("put", [pf.prove(Le(1, m), under=[Lt(0, m)])], m, mean(s(0))),
          says="an index is replaced by an index"),
    wrong("put-a-function", "f(0) is no symbol", PLAIN, [Eq(f(0), 0)], Eq(f(1), 0), lambda pf, c: pf.rule("put", ["h0"], f(0), f(1)), says="not a symbol"),
    wrong("put-a-draw-away", "a draw is no symbol", CHAIN, [], Eq(mean(h(s(0))), mean(h(s(1)))), lambda pf, c: pf.rule("put", [pf.prove(Eq(h(s(0)), h(s(0))))], s(0), s(1)), says="not a symbol"),
    wrong("put-a-path", "a path is no symbol", CHAIN, [], Eq(mean(h(s(0))), mean(h(s(1)))), lambda pf, c: pf.rule("put", [pf.prove(Eq(h(s(0)), h(s(0))))], X.path, x), says="not a symbol"),
    wrong("put-leaves-hypotheses", "the hypothesis is replaced, too", PLAIN, [Gt(x, 0)], Gt(y, 0), lambda pf, c: pf.rule("cut", [pf.rule("put", ["h0"], x, y), pf.step("h0")]), says=RESTS),
    # ---- induction
    wrong("induct-without-step", "the step is assumed", PLAIN, [Eq(f(0), 0)], Eq(f(m), 0), lambda pf, c: up(pf, pf.step("h0"), pf.step(Eq(f(m + 1), 0)), m, num(0)), says="do not prove one statement"),
    wrong("induct-without-base", "0 = 1 follows from 0 = 1", PLAIN, [], Gt(m, 5),
          lambda pf, c: up(pf, pf.prove(Gt(num(6), 5)), pf.prove(Gt(m + 1, 5), by=[Gt(m, 5)]), m, num(0)), says="do not prove one statement"),
    wrong("induct-by-itself", "base and step are one theorem", PLAIN, [], Eq(f(m) * 0, 1), lambda pf, c: up(pf, pf.step(c), pf.step(c), m, num(0)), says="do not prove one statement"),
    wrong("induct-from-later", "the base stands at 1", PLAIN, [Eq(f(1), 0), All(i, 1, n, Implies(Eq(f(i), 0), Eq(f(i + 1), 0)))], Eq(f(0), 0),
          lambda pf, c: up(pf, pf.step("h0"), pf.prove(Eq(f(v + 1), 0), under=[Eq(f(v + 1), 0), Eq(f(v), 0)]), v, num(0)), says="do not prove one statement"),
    wrong("induct-step-too-late", "the step holds from 1 on", PLAIN, [], Le(m, 0), lambda pf, c: up(pf, pf.prove(Le(num(0), 0)), pf.prove(Le(m + 1, 0), under=[Le(m, 0), Le(1, m)]), m, num(0)),
          says="occurs in another hypothesis"),
    wrong("induct-from-a-half-on", "no integer lies between 1/2 and 1", PLAIN, [], All(i, 1, 2, Lt(i, 1)), from_a_half, says="starts at an integer"),
    wrong("induct-from-a-real", "the base holds at 1/2 alone", PLAIN, [], All(i, 1, 2, Eq(i * 2, 1)),
          lambda pf, c: pf.every(v, 1, 2, pf.settle(up(pf, pf.prove(Eq(HALF * 2, 1)), pf.prove(Eq((v + 1) * 2, 1), by=[Eq(v * 2, 1)], under=[Le(HALF, v), Lt(v, v)]), v, HALF), under=[Le(1, v)])),
          says="starts at an integer"),
    wrong("induct-from-a-moving-start", "the start moves with the variable", PLAIN, [Ge(m, 0)], Le(m, 0), lambda pf, c: up(pf, pf.prove(Le(m, m)), pf.prove(Le(m + 1, m), under=[Le(m, m), Lt(m, m)]), m, m),
          says="free of m"),
    wrong("induct-over-reals", "a step of 1 does not reach 1/2", PLAIN, [Ge(x, 0)], Ne(2 * x, 1),
          lambda pf, c: pf.put(up(pf, pf.prove(Ne(2 * num(0), 1)), pf.step(Ne(2 * (u + 1), 1)), u, num(0)), u, x), says="not an integer symbol"),
    wrong("induct-over-hypothesis", "m <= 3 is assumed beside the induction", PLAIN, [Le(m, 3), Ge(k, 4)], Le(k, 3),
          lambda pf, c: pf.put(up(pf, pf.prove(Le(num(0), 3)), pf.prove(Le(m + 1, 3), by=[Le(m, 3), Le(m + 1, 3)]), m, num(0)), m, k), says="occurs in another hypothesis",
          at={"ints": {"N": 1, "n": 0, "m": 0, "k": 5}, "reals": {"x": "0", "y": "0"}, "tables": {}}),
    wrong("induct-a-horizon", "the horizon is declared", CHAIN, [], Eq(mean(h(s(T)) - h(s(T))), x), lambda pf, c: up(pf, pf.step(replaced(c, {T: num(0)})), pf.step(replaced(c, {T: T + 1})), T, num(0)),
          says=FIXED),
    wrong("induct-over-a-size", "the size is declared", CHAIN, [], Le(S, 0), lambda pf, c: up(pf, pf.prove(Le(num(0), 0)), pf.prove(Le(S + 1, 0), under=[Le(S, 0)]), S, num(0)), says=FIXED),
    wrong("induct-with-a-local-fact", "f(m) = 1 is assumed for one m", PLAIN, [Eq(f(m), 1), Ge(m, 0)], count(m),
          lambda pf, c: up(pf, pf.prove(count(num(0))), pf.prove(count(m + 1), under=[count(m), Eq(f(m), 1), Le(0, m)]), m, num(0)), says="occurs in another hypothesis"),
    wrong("induct-below-the-start", "the conclusion begins at the start", PLAIN, [], Ge(m, 0), lambda pf, c: up(pf, pf.prove(Ge(num(0), 0)), pf.prove(Ge(m + 1, 0), under=[Ge(m, 0)]), m, num(0)), says=RESTS),
    wrong("induct-too-far", "the conclusion ends at n", PLAIN, [Ge(n, 0)], Le(m, n),
          lambda pf, c: finish(pf, below(pf, pf.prove(Le(num(0), n), by=["h0"]), pf.prove(Le(m + 1, n), under=[Le(m, n), Le(num(0), m), Lt(m, n)]), m, num(0), n)), says=RESTS),
    wrong("induct-to-a-moving-end", "the end moves with the variable", PLAIN, [Ge(m, 0)], Le(m, 0),
          lambda pf, c: pf.settle(below(pf, pf.prove(Le(num(0), 0)), pf.prove(Le(m + 1, 0), under=[Le(m, 0), Le(num(0), m), Lt(m, m)]), m, num(0), m), by=["h0"]), says="the end mentions"),
    wrong("induct-past-the-end", "the step may use n < m, not n <= m", PLAIN, [Ge(k, 0)], Le(m, k),
          lambda pf, c: below(pf, pf.prove(Le(num(0), k), by=["h0"]), pf.prove(Le(m + 1, k + 1), under=[Le(m, k)]), m, num(0), k), says="do not prove one statement"),
    # ---- case splits
    wrong("cases-of-two-claims", "the cases prove different things", PLAIN, [Ge(x, 0)], Ge(x, 1),
          lambda pf, c: pf.rule("cases", [pf.prove(c, under=[Le(1, x)]), pf.prove(Ge(x, 0), by=["h0"])], num(1), x), says="prove different things"),
    wrong("cases-with-a-gap", "between 1 and 2 nothing is proved", PLAIN, [], Ge(x, 1), lambda pf, c: pf.rule("cases", [pf.prove(c, under=[Le(1, x)]), pf.prove(c, under=[Lt(2, x)])], num(1), x), says=RESTS),
    wrong("cases-without-the-border", "x = 0 is in neither case", PLAIN, [], Ne(x, 0), lambda pf, c: pf.rule("cases", [pf.prove(c, under=[Lt(x, 0)]), pf.prove(c, under=[Gt(x, 0)])], x, num(0)), says=RESTS),
    wrong("cases-same-side", "both cases are x <= 0", PLAIN, [], Le(x, 0), lambda pf, c: pf.rule("cases", [pf.prove(c, under=[Le(x, 0)]), pf.prove(c, under=[Le(x, 0)])], x, num(0)), says=RESTS),
    wrong("cases-of-something-else", "the split is on y, the cases on x", PLAIN, [], Le(x, 0), lambda pf, c: pf.rule("cases", [pf.prove(c, under=[Le(x, 0)]), pf.prove(c, under=[Le(x, 0)])], y, num(0)),
          says=RESTS),
    wrong("one-case", "one case is no split", PLAIN, [], Le(x, 0), lambda pf, c: pf.rule("cases", [pf.prove(c, under=[Le(x, 0)])], x, num(0)), says="takes 2 premises"),
    # ---- congruence
    wrong("inside-a-real-for-an-index", "x is no index of f", PLAIN, [Eq(x, y)], Eq(f(0), f(1)), lambda pf, c: pf.rule("inside", ["h0"], v, f(v)), says="an index is replaced by an index"),
    wrong("inside-a-half", "1/2 = 1/2 in the place of an index", PLAIN, [], Eq(f(0), f(1)), lambda pf, c: pf.rule("inside", [pf.prove(Eq(HALF, HALF))], v, f(v)), says="an index is replaced by an index"),
    wrong("inside-another-place", "the template marks y", PLAIN, [Eq(x, 1)], Eq(y, 1), lambda pf, c: finish(pf, pf.rule("inside", ["h0"], y, y))),
    wrong("inside-marks-a-term", "a mark is a symbol", PLAIN, [Eq(x, 1)], Eq(f(0), 1), lambda pf, c: pf.rule("inside", ["h0"], f(0), f(0)), says="an equation and a symbol"),
    wrong("assume-with-a-premise", "assume takes none", PLAIN, [], Gt(x, 0), lambda pf, c: pf.rule("assume", [pf.step(c)], c), says="takes 0 premises"),
    wrong("square-with-a-premise", "square takes none", PLAIN, [], Gt(x, 0), lambda pf, c: pf.rule("square", [pf.step(c)], x), says="takes 0 premises"),
    wrong("not-a-rule", "there is no such rule", PLAIN, [], Gt(x, 0), by("trust_me", ()), says="no such rule"),
    wrong("python-name-as-rule", "there is no such rule", PLAIN, [], Gt(x, 0), by("__class__", ()), says="no such rule"),
]
