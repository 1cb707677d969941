"""Quotients, logarithms, powers, clips and draws without their condition; the door at which definedness is asked."""

from proofs.kernel.terms import num
from proofs.language import All, And, Clip, E, Eq, Ge, Gt, Implies, Le, Ln, Lt, Max, Min, Ne, Sum
from tests.kernel.attacks.base import (
    CHAIN,
    PLAIN,
    PMF,
    N,
    S,
    T,
    X,
    Y,
    f,
    finish,
    g,
    h,
    i,
    k,
    m,
    mean,
    n,
    p,
    q,
    s,
    u,
    v,
    wrong,
    x,
    y,
)


def same(at=y):
    """t = t by congruence, where the normal form has no say."""
    return lambda pf, c: pf.rule("inside", [pf.prove(Eq(at, at))], at, c.args[0])


def assumed_for_definedness(pf, claim):
    pf.defined = [pf.step(Gt(x, 0)).n]
    return pf.rule("inside", [pf.prove(Eq(y, y))], y, claim.args[0])


ONCE = "not known to be nonzero"
DOOR = "not known to be defined"
ATTACKS = [
    # ---- quotients
    wrong("x-over-x", "0/0 is undefined", PLAIN, [], Eq(x / x, 1), says=ONCE),
    wrong("zero-over-x", "0 times an undefined term is undefined", PLAIN, [], Eq(0 * (1 / x), 0), says=ONCE),
    wrong("divide-by-hidden-zero", "x - y may be 0", PLAIN, [], Eq((x - y) / (x - y), 1), says=ONCE),
    wrong("divide-by-nonneg", "x may be 0", PLAIN, [Ge(x, 0)], Eq(x / x, 1), says=ONCE),
    wrong("divide-by-constant-zero", "1/0 is undefined", PLAIN, [], Eq(num(1) / 0, num(1) / 0), says=ONCE),
    wrong("sum-of-two-may-vanish", "x + y may be 0 where neither is", PLAIN, [Ne(x, 0), Ne(y, 0)], Eq((x + y) / (x + y), 1), says=ONCE),
    wrong("product-nonzero", "y may be 0", PLAIN, [Ne(x, 0)], Eq((x * y) / (x * y), 1), says=ONCE),
    wrong("every-atom-is-nonzero", "f(0) may be 0", PLAIN, [], Eq(f(0) / f(0), 1), says=ONCE),
    wrong("nested-quotient", "1/x is never 0, but x may be", PLAIN, [], Eq(1 / (1 / x), x), says=ONCE),
    wrong("quotient-by-a-draw", "the state may be 0", CHAIN, [], Eq(mean(s(0) / s(0)), 1), says=ONCE),
    wrong("quotient-by-a-weight", "q may be 0 where p is not", PMF, [], Eq(E(q(Y.z()) / q(Y.z())), 1), says=ONCE),
    wrong("quotient-at-another-time", "the weight of another outcome may be 0", PMF, [Ge(m, 0), Lt(m, N)], Eq(E(p(m) / p(m) * p(Y.z())), E(p(Y.z()))), says=ONCE),
    # ---- logarithms
    wrong("log-of-product", "both factors may be negative", PLAIN, [Gt(x * y, 0)], Eq(Ln(x * y), Ln(x) + Ln(y)), says="logarithm"),
    wrong("log-of-square", "x may be negative", PLAIN, [Ne(x, 0)], Eq(Ln(x * x), 2 * Ln(x)), says="logarithm"),
    wrong("log-of-zero", "x may be 0", PLAIN, [Ge(x, 0)], Eq(Ln(x) - Ln(x), 0), says="logarithm"),
    wrong("log-of-nothing", "ln 0 is undefined", PLAIN, [], Eq(Ln(x - x), Ln(num(0))), says="logarithm"),
    wrong("log-of-minus-one", "ln -1 is undefined", PLAIN, [], Eq(Ln(num(-1)), Ln(num(-1))), says="logarithm"),
    wrong("log-of-a-sum", "ln(x + y) is not ln x + ln y", PLAIN, [Gt(x, 0), Gt(y, 0)], Eq(Ln(x + y), Ln(x) + Ln(y))),
    wrong("log-of-a-fraction", "ln(1/2) is not ln 2", PLAIN, [], Eq(Ln(num("1/2")), Ln(num(2)))),
    wrong("log-of-six", "ln 6 is ln 2 + ln 3", PLAIN, [], Eq(Ln(num(6)), Ln(num(2)) * Ln(num(3)))),
    wrong("log-is-positive", "ln(1/2) is negative", PLAIN, [Gt(x, 0)], Ge(Ln(x), 0)),
    wrong("log-under-another-guard", "q may be 0 where p is not", PMF, [], Eq(Sum(i, 0, N, p(i) * Ln(q(i)), where=Gt(p(i), 0)), Sum(i, 0, N, p(i) * Ln(q(i)), where=Gt(p(i), 0))),
          says="logarithm"),
    # ---- powers
    wrong("power-without-sign", "the exponent may be negative", PLAIN, [], Eq(x**m * x, x ** (m + 1)), says="natural number"),
    wrong("negative-power", "at n = 0 the exponent is -1", PLAIN, [Ge(n, 0)], Eq(x ** (n - 1) * x, x**n), says="natural number"),
    wrong("power-of-sum", "k may be negative", PLAIN, [Ge(m, 0), Ge(m + k, 0)], Eq(x ** (m + k), x**m * x**k), says="natural number"),
    wrong("zero-to-the-zero", "0^0 is 1", PLAIN, [Ge(m, 0)], Eq(num(0) ** m, 0)),
    wrong("power-leaves-sum", "at n = 0 the exponent is -1 where the sum is empty", PLAIN, [Ge(n, 0)], Eq(x * Sum(i, 0, n, x ** (n - 1) * f(i)), x**n * Sum(i, 0, n, f(i))),
          at="true where it is defined, and defined: only the route is barred"),
    wrong("power-of-a-product-of-exponents", "x^(2 m) is (x^m)^2, not x^m 2", PLAIN, [Ge(m, 0)], Eq(x ** (2 * m), 2 * x**m)),
    wrong("power-is-positive", "an odd power of a negative number is negative", PLAIN, [Ge(m, 0)], Ge(x**m, 0)),
    wrong("power-of-a-negative-base-grows", "x^m <= x^(m+1) fails for 0 < x < 1", PLAIN, [Ge(m, 0), Gt(x, 0)], Le(x**m, x ** (m + 1))),
    # ---- clip
    wrong("clip-to-nothing", "the interval is empty", PLAIN, [], Eq(Clip(x, 1, 0), Min(Max(x, 1), 0)), says="interval that may be empty"),
    wrong("clip-between-unordered", "x may exceed y", PLAIN, [], Ge(Clip(f(0), x, y), x), says="interval that may be empty"),
    # ---- the door: equal by congruence, but undefined
    wrong("undefined-is-equal-to-itself", "1/0 has no value", PLAIN, [], Eq(1 / x, 1 / x), same(), says=DOOR),
    wrong("log-undefined-but-equal", "ln 0 has no value", PLAIN, [], Eq(Ln(x), Ln(x)), same(), says=DOOR),
    wrong("power-undefined-but-equal", "x^-1 has no value", PLAIN, [], Eq(x**m, x**m), same(), says=DOOR),
    wrong("clip-undefined-but-equal", "the interval is empty", PLAIN, [], Eq(Clip(x, 1, 0), Clip(x, 1, 0)), same(), says=DOOR),
    wrong("draw-undefined-but-equal", "there is no state at time -1", CHAIN, [], Eq(mean(h(s(m))), mean(h(s(m)))), same(), says=DOOR),
    wrong("late-draw-undefined-but-equal", "there is no state at time T + 1", CHAIN, [], Eq(mean(h(s(T + 1))), mean(h(s(T + 1)))), same(), says=DOOR),
    wrong("level-undefined-but-equal", "there is no level T + 2", CHAIN, [], Eq(mean(mean(h(s(0)), T + 2)), mean(mean(h(s(0)), T + 2))), same(), says=DOOR),
    wrong("level-before-the-start", "there is no level -1", CHAIN, [], Eq(mean(mean(h(s(0)), m)), mean(mean(h(s(0)), m))), same(), says=DOOR),
    wrong("undefined-under-a-sum", "1/i at i = 0", PLAIN, [Ge(n, 1)], Eq(Sum(i, 0, n, 1 / i) + y, Sum(i, 0, n, 1 / i) + y), same(), says=DOOR),
    wrong("undefined-in-a-guard", "the guard asks for 1/x", PLAIN, [Ge(n, 1)], Eq(Sum(i, 0, n, y, where=Gt(1 / x, 0)), Sum(i, 0, n, y, where=Gt(1 / x, 0))), same(), says=DOOR),
    wrong("undefined-under-a-quantifier", "1/i at i = 0", PLAIN, [Ge(n, 1)], All(i, 0, n, Eq(1 / i, 1 / i)),
          lambda pf, c: pf.every(v, 0, n, pf.rule("inside", [pf.prove(Eq(y, y))], y, 1 / v)), says=DOOR),
    wrong("undefined-in-a-premise", "the premise asks for 1/x", PLAIN, [], Implies(Gt(1 / x, 0), Eq(y, y)), lambda pf, c: pf.rule("imply", [pf.prove(Eq(y, y))], Gt(1 / x, 0)),
          says=DOOR),
    wrong("undefined-in-a-conclusion", "the premise does not save 1/x", PLAIN, [], Implies(Ge(x, 0), Eq(1 / x, 1 / x)),
          lambda pf, c: pf.rule("imply", [pf.rule("inside", [pf.prove(Eq(y, y))], y, 1 / x)], Ge(x, 0)), says=DOOR),
    wrong("undefined-in-a-conjunction", "the first half does not save the second", PLAIN, [], And(Ne(x, 0), Eq(1 / x, 1 / x)), lambda pf, c: pf.rule("both", [pf.step(Ne(x, 0)), pf.rule("inside", [pf.prove(Eq(y, y))], y, 1 / x)]),
          says="rests on what is not among the hypotheses"),
    wrong("undefined-under-a-mean", "h(s) may be 0", CHAIN, [], Eq(mean(1 / h(s(0)) + x), mean(1 / h(s(0)) + x)), same(x), says=DOOR),
    wrong("definedness-assumed", "a lemma for definedness must itself be proved", PLAIN, [], Eq(1 / x, 1 / x), assumed_for_definedness, says="hypotheses of its own"),
    wrong("dead-branch-is-not-defined", "Min is evaluated on both sides", PLAIN, [], Eq(Min(1 / x, 1 / x), 1 / x), same(), says="the last step is not the claim"),
    wrong("power-below-zero", "0^-1 stands in the derivation as a number", PLAIN, [Eq(x, 0), Eq(m, -1)], Eq(num(0), 1),
          lambda pf, c: finish(pf, pf.rule("inside", [pf.prove(Eq(m + 1, 0), by=["h1"])], v, x**v), pf.times(pf.step("h0"), x**m))),
    wrong("log-of-zero-doubles", "ln 0 = ln 0 + ln 2 would be a contradiction", PLAIN, [Eq(x, 0)], Eq(Ln(num(2)), 0),
          lambda pf, c: finish(pf, pf.rule("inside", [pf.prove(Eq(x * 2, x), by=["h0"])], u, Ln(u)))),
    wrong("quotient-of-zero-doubles", "1/0 = 1/(2 0) would make 1/0 equal to 0, then 0 (1/0) = 1", PLAIN, [Eq(x, 0)], Eq(num(0), 1),
          lambda pf, c: finish(pf, pf.rule("inside", [pf.prove(Eq(x * 2, x), by=["h0"])], u, 1 / u), pf.times(pf.step("h0"), 1 / x))),
    wrong("zero-times-one-over-zero", "0 (1/0) is 0 inside a proof, never 1", PLAIN, [Eq(x, 0)], Eq(num(0), 1),
          lambda pf, c: finish(pf, pf.times(pf.step("h0"), 1 / x))),
    wrong("early-draw", "no state before time 0", CHAIN, [], Eq(mean(h(s(m)) - h(s(m))), 0), says=DOOR),
    wrong("late-draw", "no state after time T", CHAIN, [], Eq(mean(h(s(T + 1)) - h(s(T + 1))), 0), says=DOOR),
    wrong("late-index-in-range", "s(T + 1) is no state, so not below S", CHAIN, [], Lt(mean(s(T + 1)), S)),
    wrong("path-of-the-undefined", "conditioning at a level beyond the end", CHAIN, [], Eq(mean(mean(num(1), T + 2)), 1), says=DOOR),
    wrong("guard-does-not-reach-out", "the guard holds inside its sum only", PLAIN, [], Eq(Sum(i, 0, N, num(1), where=Gt(x, 0)) * (x / x), Sum(i, 0, N, num(1), where=Gt(x, 0))), says=ONCE),
    wrong("fact-that-is-itself-undefined", "the hypothesis 1/x > 0 says nothing of x = 0", PLAIN, [Ge(1 / x, 1), Ne(f(0), 1)], Gt(x, 0),
          at="an instance that leaves a hypothesis undefined is not admissible; x > 0 would need 1/x to be normalised"),
    wrong("square-root-of-a-square", "there is no root: x^2 / x is not |x|", PLAIN, [Ne(x, 0)], Eq(x * x / x, Max(x, -x))),
    wrong("g-of-a-half", "a function takes integers; 1/2 + 1/2 is one only as a real", PLAIN, [Ge(m, 0)], Eq(g(m, 0), g(0, m))),
    wrong("mean-over-nothing-known", "X at time T is not h(0)", CHAIN, [], Eq(mean(h(X.s(T))), h(0))),
]
