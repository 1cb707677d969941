"""Slopes, exponentials and indicators: kinks, jumps, poles, the point against the variable, and sums that sift."""

from proofs.kernel.terms import Term, num
from proofs.language import (
    All,
    And,
    Clip,
    D,
    Eq,
    Exp,
    Ge,
    Gt,
    Ind,
    Le,
    Ln,
    Lt,
    Max,
    Min,
    Ne,
    Sum,
    Var,
    local_real,
)  # fmt: skip
from tests.kernel.attacks.base import (
    CHAIN,
    PLAIN,
    PMF,
    N,
    f,
    h,
    i,
    j,
    k,
    m,
    mean,
    n,
    p,
    s,
    u,
    v,
    wrong,
    x,
    y,
)  # fmt: skip

t = local_real("t")
ONE_SIDED = {
    "ints": {"N": 2, "m": 0, "k": 0},
    "reals": {"x": "0"},
    "tables": {"p": ["1", "0"], "q": ["1", "0"], "f": ["1", "-1"]},
}
KINK, JUMP = "a kink or a jump", "a kink or a jump"
IN = (Ge(m, 0), Lt(m, n))
PARTITION = Sum(i, 0, N, Exp(f(i)))


def absolute(a: Term) -> Term:
    return Max(a, -a)


def at(**reals: str) -> dict:
    return {"ints": {"N": 2, "n": 2, "m": 1, "k": 0}, "reals": {"x": "0", "y": "0", **reals}, "tables": {
        "f": ["1", "2", "3"], "g": [["1", "2", "3"]] * 3}}  # fmt: skip


def partition(pf):
    """0 < the sum of exponentials."""
    rest = pf.rule("sum_order", [pf.every(v, 1, N, pf.prove(Le(0, Exp(f(v)))))])
    return pf.prove(Gt(PARTITION, 0), by=[pf.settle(pf.rule("split", [], PARTITION, num(1))), rest])


def softmax(pf, claim):
    pf.prove(claim, by=[partition(pf), *[f"h{a}" for a in range(len(pf.statement.hyps))]])


def share(a: Term, bump: Term = j) -> Term:
    """The softmax at `a` of f moved by t in the coordinate `bump`."""
    moved = Sum(i, 0, N, Exp(f(i) + t * Ind(Eq(i, bump))))
    return Exp(f(a) + t * Ind(Eq(a, bump))) / moved


def still(a: Term) -> Term:
    return Exp(f(a)) / PARTITION


INDEX = (Ge(m, 0), Lt(m, N), Ge(k, 0), Lt(k, N))
ATTACKS = [
    # ---- kinks and jumps
    wrong("slope-of-abs-at-zero", "|x| has no slope at 0", PLAIN, [], Eq(D(absolute(t), t, 0), 1), says=KINK),
    wrong("slope-of-abs-at-zero-mean", "the mean of -1 and 1 is no slope", PLAIN, [], Eq(D(absolute(t), t, 0), 0), says=KINK),
    wrong("slope-of-min-at-the-kink", "min(t, 2) at 2", PLAIN, [], Eq(D(Min(t, 2), t, 2), 1), says=KINK),
    wrong("slope-of-max-at-the-kink", "max(t, 2) at 2", PLAIN, [], Eq(D(Max(t, 2), t, 2), 0), says=KINK),
    wrong("slope-of-min-beyond", "left of 2 the slope is 1", PLAIN, [Lt(x, 2)], Eq(D(Min(t, 2), t, x), 0)),
    wrong("slope-of-max-beyond", "left of 2 the slope is 0", PLAIN, [Lt(x, 2)], Eq(D(Max(t, 2), t, x), 1)),
    wrong("slope-of-clip-at-its-end", "the clip bends at 1", PLAIN, [], Eq(D(Clip(t, 0, 1), t, 1), 0), says=KINK),
    wrong("slope-of-clip-inside", "inside it is 1", PLAIN, [Gt(x, 0), Lt(x, 1)], Eq(D(Clip(t, 0, 1), t, x), 0)),
    wrong("slope-of-clip-outside", "outside it is 0", PLAIN, [Gt(x, 1)], Eq(D(Clip(t, 0, 1), t, x), 1)),
    wrong(
        "slope-of-a-moving-clip",
        "the upper end rises with t",
        PLAIN,
        [Gt(x, 0)],
        Eq(D(Clip(num(9) + t, 0, t), t, x), 0),
        says="an interval that moves",
    ),
    wrong(
        "slope-by-weak-inequality",
        "x <= 2 includes the kink",
        PLAIN,
        [Le(x, 2)],
        Eq(D(Min(t, 2), t, x), 1),
        at=at(x="2"),
        says=KINK,
    ),
    wrong("slope-where-branches-cross", "t^2 and t cross at 1", PLAIN, [], Eq(D(Min(t * t, t), t, 1), 2), says=KINK),
    wrong("slope-where-signs-are-unknown", "which branch?", PLAIN, [Ne(x, 2)], Eq(D(Min(t, 2), t, x), 1), says="which is less"),
    wrong("slope-of-a-step", "[t < 0] jumps at 0", PLAIN, [], Eq(D(Ind(Lt(t, 0)), t, 0), 0), says=JUMP),
    wrong("slope-of-a-spike", "[t = 0] is 1 at 0 alone", PLAIN, [], Eq(D(Ind(Eq(t, 0)), t, 0), 0), says=JUMP),
    wrong("slope-of-a-flat-spike", "[t^2 = 0], too", PLAIN, [], Eq(D(Ind(Eq(t * t, 0)), t, 0), 0), at="squares touch 0 and are not decided there", says=JUMP),
    wrong(
        "slope-of-a-conjunction",
        "[t < 1 and -1 < t] jumps at 1",
        PLAIN,
        [],
        Eq(D(Ind(And(Lt(t, 1), Lt(-1, t))), t, 1), 0),
        says="no derivative of",
    ),
    wrong("slope-under-a-guard-that-moves", "the guard t < f(i) jumps", PLAIN, [], Eq(D(Sum(i, 0, n, f(i), where=Lt(t, f(i))), t, x), 0),
          at={**at(x="2")}, says="range or guard moves"),  # fmt: skip
    wrong(
        "slope-of-a-kink-in-a-mean",
        "E|t + h| bends where some outcome has h = 0",
        CHAIN,
        [],
        Eq(D(mean(absolute(t * h(s(0)))), t, 0), 0),
        says=KINK,
    ),
    wrong("slope-past-a-jump-in-the-other-branch", "max(2 [t != 0], 1) is 1 at 0 and 2 around it", PLAIN, [],
          Eq(D(Max(2 * Ind(Ne(t, 0)), 1), t, 0), 0), says=JUMP),
    wrong("slope-past-a-spike-in-the-other-branch", "min(1 - 2 [t = 0], 0) is -1 at 0 and 0 around it", PLAIN, [],
          Eq(D(Min(1 - 2 * Ind(Eq(t, 0)), 0), t, 0), 0), says=JUMP),
    wrong("slope-of-a-step-past-a-jump", "[2 [t != 0] < 1] is a spike itself", PLAIN, [],
          Eq(D(Ind(Lt(2 * Ind(Ne(t, 0)), 1)), t, 0), 0), says=JUMP),
    wrong("score-where-the-support-moves", "the mass on {p + t d > 0} moves with t where p vanishes", PMF, [Eq(Sum(i, 0, N, f(i)), 0)],
          Eq(D(Sum(i, 0, N, p(i) + t * f(i), where=Gt(p(i) + t * f(i), 0)), t, 0), 0), at=ONE_SIDED, says="range or guard moves"),
    wrong("score-on-the-support-alone", "sum over p > 0 of d need not vanish with the sum of d", PMF, [Eq(Sum(i, 0, N, f(i)), 0)],
          Eq(D(Sum(i, 0, N, p(i) + t * f(i), where=Gt(p(i), 0)), t, 0), 0), at=ONE_SIDED),
    # ---- poles and domains
    wrong("slope-at-a-pole", "1/t at 0", PLAIN, [], Eq(D(1 / t, t, 0), 0), says="not known to be nonzero"),
    wrong("slope-of-nothing-at-a-pole", "0/t has no value at 0", PLAIN, [], Eq(D(num(0) / t, t, 0), 0), says="not known to be nonzero"),
    wrong("slope-of-a-log-at-zero", "ln 0", PLAIN, [], Eq(D(Ln(t), t, 0), 0), says="not known to be positive"),
    wrong("slope-of-a-log-on-the-left", "ln(-1)", PLAIN, [], Eq(D(Ln(t), t, -1), -1), says="not known to be positive"),
    wrong("slope-hides-a-pole", "t (1/t) is undefined at 0, though it cancels", PLAIN, [], Eq(D(t * (1 / t), t, 0), 0), says="not known to be nonzero"),
    wrong("slope-hides-an-undefined-constant", "1/0 does not move, and is still undefined", PLAIN, [], Eq(D(1 / (x - x) + t, t, 0), 1), says="not known to be nonzero"),
    wrong("slope-of-power-zero", "the rule n u^(n-1) needs n >= 1", PLAIN, [Ge(m, 0)], Eq(D(t**m, t, 0), 0), at={**at()}, says="exponent not known"),
    # ---- wrong rules
    wrong("slope-of-a-product", "(t t)' = 2 t", PLAIN, [], Eq(D(t * t, t, x), 1)),
    wrong("slope-of-a-quotient", "(1/t)' = -1/t^2", PLAIN, [Gt(x, 0)], Eq(D(1 / t, t, x), 1 / (x * x))),
    wrong("slope-of-a-cube", "3 t^2", PLAIN, [], Eq(D(t**3, t, x), 2 * x**2)),
    wrong("slope-without-inner", "the inner slope 2", PLAIN, [], Eq(D(Exp(2 * t), t, x), Exp(2 * x))),
    wrong("slope-of-a-log-without-inner", "1/t, not 1/(2t)", PLAIN, [Gt(x, 0)], Eq(D(Ln(2 * t), t, x), 1 / (2 * x))),
    wrong("slope-at-another-point", "the point is 2, not x", PLAIN, [], Eq(D(t * t, t, 2), 2 * x)),
    wrong("slope-of-a-constant-point", "at x = y the slope of t x is x", PLAIN, [Eq(x, y)], Eq(D(t * x, t, y), 2 * x)),
    wrong("fact-about-the-point-is-not-of-the-variable", "x = 2 makes x^2 = 4; its slope is still 4", PLAIN, [Eq(x, 2)], Eq(D(t * t, t, x), 0)),
    wrong("slope-of-a-sum-loses-terms", "n terms, not 1", PLAIN, [Ge(n, 0)], Eq(D(Sum(i, 0, n, t * f(i)), t, x), f(0))),
    wrong("slope-of-a-mean-is-not-of-its-square", "(E t h)^2", CHAIN, [], Eq(D(mean(t * h(s(0))) * mean(h(s(0)) * t), t, 1), mean(h(s(0)) * h(s(0))))),
    wrong("slope-of-a-variance", "Var(t h) has slope 2 t Var h", CHAIN, [], Eq(D(Var(t * h(s(0))), t, 1), Var(h(s(0))))),
    wrong("slope-of-a-slope", "a derivative within a derivative", PLAIN, [], Eq(D(D(u * t, u, 0), t, 0), 0), at="the exact value is not computed within a derivative", says="no derivative of D"),
    wrong("slope-by-a-symbol-of-a-hypothesis", "h0 speaks of x, not of the variable", PLAIN, [Eq(x, 0)], Eq(D(t * t + t, t, x), 0)),
    # ---- softmax
    wrong("score-without-own-share", "the score is [a = j] - pi(j)", PLAIN, INDEX, Eq(D(Ln(share(m, k)), t, 0), Ind(Eq(m, k))), softmax),
    wrong("score-with-the-sign-turned", "pi - u", PLAIN, INDEX, Eq(D(Ln(share(m, k)), t, 0), still(k) - Ind(Eq(m, k))), softmax),
    wrong("jacobian-is-not-diagonal", "pi(a)([a = j] - pi(j))", PLAIN, INDEX, Eq(D(share(m, k), t, 0), still(m) * Ind(Eq(m, k))), softmax),
    wrong("softmax-slope-outside-the-range", "m may be N", PLAIN, [Ge(m, 0), Ge(k, 0), Le(k, N)], Eq(D(Ln(share(m, k)), t, 0), Ind(Eq(m, k)) - still(k)), softmax,
          at={"ints": {"N": 2, "n": 2, "m": 1, "k": 2}, "reals": {"x": "0", "y": "0"}, "tables": {"f": ["0", "ln(2)", "ln(3)"], "g": [["1"]]}}),  # fmt: skip
    # ---- exponentials
    wrong("exp-of-a-product", "e^(xy) is not e^x e^y", PLAIN, [], Eq(Exp(x * y), Exp(x) * Exp(y))),
    wrong("exp-is-additive", "e^(x+y) is a product", PLAIN, [], Eq(Exp(x + y), Exp(x) + Exp(y))),
    wrong("exp-of-a-log-of-what-may-be-negative", "ln x is undefined for x <= 0", PLAIN, [], Eq(Exp(Ln(x)), x), says="not known to be positive"),
    wrong("exp-exceeds-one", "e^-1 < 1", PLAIN, [], Ge(Exp(x), 1)),
    wrong("exp-grows", "y may be less", PLAIN, [Le(x, y)], Le(Exp(y), Exp(x))),
    wrong("exp-above-two-tangents", "e^x >= 1 + 2x fails at 1/2", PLAIN, [], Ge(Exp(x), 1 + 2 * x)),
    wrong("exp-of-half-a-log", "e^(ln(x)/2) is a root", PLAIN, [Gt(x, 0)], Eq(Exp(Ln(x) / 2), x)),
    wrong(
        "exp-of-many-logs",
        "x^50 is 1 for x = 1 alone, and beyond the budget of powers",
        PLAIN,
        [Gt(x, 0)],
        Eq(Exp(50 * Ln(x)), 1),
        says="an exponent is larger than allowed",
    ),
    wrong("exp-of-minus-log", "e^(-ln x) = 1/x", PLAIN, [Gt(x, 0)], Eq(Exp(-Ln(x)), -x)),
    wrong("log-of-a-sum-of-exps", "logsumexp is not a sum", PLAIN, [], Eq(Ln(Exp(x) + Exp(y)), x + y)),
    wrong("log-of-a-difference-of-exps", "e^x - e^y may be negative", PLAIN, [], Eq(Ln(Exp(x) - Exp(y)), x - y), says="not known to be positive"),
    wrong("exp-is-zero-far-left", "e^x is never 0", PLAIN, [Le(x, -2)], Eq(Exp(x), 0)),
    wrong("exp-power-is-even", "(e^x)^2 is not e^(x^2)", PLAIN, [], Eq(Exp(x) ** 2, Exp(x * x))),
    wrong("difference-of-exps-is-positive", "e^x - e^y", PLAIN, [], Gt(Exp(x) - Exp(y), 0)),
    wrong("sum-of-exps-over-nothing", "an empty sum is 0", PLAIN, [], Gt(Sum(i, 0, n, Exp(f(i))), 0)),
    wrong("sum-of-exps-cancels", "a quotient by a sum that may be empty", PLAIN, [Ge(n, 0)], Eq(Sum(i, 0, n, Exp(f(i))) / Sum(i, 0, n, Exp(f(i))), 1), says="not known to be nonzero"),
    # ---- indicators
    wrong("indicator-is-one", "[x < y] may be 0", PLAIN, [], Eq(Ind(Lt(x, y)), 1)),
    wrong("indicator-of-the-weak", "[x < y] is not [x <= y]", PLAIN, [], Eq(Ind(Lt(x, y)), Ind(Le(x, y)))),
    wrong("indicator-complement", "x = y is left out", PLAIN, [], Eq(Ind(Lt(x, y)) + Ind(Lt(y, x)), 1)),
    wrong("indicator-of-a-conjunction-adds", "a conjunction multiplies", PLAIN, [], Eq(Ind(And(Lt(x, y), Lt(0, x))), Ind(Lt(x, y)) + Ind(Lt(0, x)))),
    wrong("indicator-squared-doubles", "[c]^2 = [c]", PLAIN, [], Eq(Ind(Lt(x, y)) * Ind(Lt(x, y)), 2 * Ind(Lt(x, y)))),
    wrong("indicator-at-least-a-half", "0 or 1", PLAIN, [], Ge(Ind(Lt(x, y)), num("1/2"))),
    wrong("indicator-divides", "[c]/[c] where c may fail", PLAIN, [], Eq(Ind(Lt(x, y)) / Ind(Lt(x, y)), 1), says="not known to be nonzero"),
    wrong("indicator-of-scaled", "[x < y] is not [y < x]", PLAIN, [], Eq(Ind(Lt(x, y)), Ind(Lt(-x, -y)))),
    wrong("indicator-of-an-equation-of-squares", "x^2 = y^2 for x = -y", PLAIN, [], Eq(Ind(Eq(x * x, y * y)), Ind(Eq(x, y)))),
    wrong("indicator-guards-nothing", "[x != 0] does not make 1/x defined", PLAIN, [], Eq(Ind(Ne(x, 0)) * (x / x), Ind(Ne(x, 0))), says="not known to be nonzero"),
    wrong("indicator-of-a-quantifier", "a quantified proposition is no comparison", PLAIN, [All(i, 0, n, Gt(f(i), 0))], Eq(Ind(All(i, 0, n, Gt(f(i), 1))), 1), says="not a comparison"),
    wrong("sift-outside", "m may be n", PLAIN, [Ge(m, 0), Le(m, n)], Eq(Sum(i, 0, n, Ind(Eq(i, m)) * f(i)), f(m))),
    wrong("sift-below", "m may be -1", PLAIN, [Lt(m, n), Ge(m, -1), Ge(n, 1)], Eq(Sum(i, 0, n, Ind(Eq(i, m)) * num(1)), 1)),
    wrong("sift-a-real", "x need not be an integer", PLAIN, [Ge(x, 0), Lt(x, n)], Eq(Sum(i, 0, n, Ind(Eq(i, x)) * num(1)), 1)),
    wrong("sift-twice-the-index", "2 i = m has a solution for even m only", PLAIN, IN, Eq(Sum(i, 0, n, Ind(Eq(2 * i, m)) * num(1)), 1)),
    wrong("sift-a-half", "i = m/2", PLAIN, IN, Eq(Sum(i, 0, n, Ind(Eq(i, num("1/2") * m)) * num(1)), 1)),
    wrong("sift-both-sides", "[i = m] and [i = k] meet for m = k only", PLAIN, [*IN, Ge(k, 0), Lt(k, n)], Eq(Sum(i, 0, n, Ind(Eq(i, m)) * Ind(Eq(i, k)) * f(i)), f(m))),
    wrong("sift-itself", "[i = i f(i)] is no delta of i", PLAIN, IN, Eq(Sum(i, 0, n, Ind(Eq(i, m * f(i))) * num(1)), 1)),
    wrong("sift-under-a-guard", "the guard leaves m out", PLAIN, IN, Eq(Sum(i, 0, n, Ind(Eq(i, m)) * f(i), where=Ne(i, m)), f(m))),
    wrong("sift-the-unequal", "[i != m] keeps the others", PLAIN, IN, Eq(Sum(i, 0, n, Ind(Ne(i, m)) * f(i)), f(m))),
    wrong("sift-the-less", "[i < m] keeps several", PLAIN, IN, Eq(Sum(i, 0, n, Ind(Lt(i, m)) * f(i)), f(m))),
    wrong("probability-is-not-the-law", "P(s = m) outside of the range is 0", CHAIN, [Ge(m, 0)], Eq(mean(Ind(Eq(s(0), m))), 1)),
    wrong("probabilities-multiply", "s is not independent of itself", CHAIN, [], Eq(mean(Ind(Eq(s(0), 0)) * Ind(Eq(s(0), 0))), mean(Ind(Eq(s(0), 0))) ** 2)),
    # ---- denominators that are sums
    wrong("clears-a-denominator-that-may-vanish", "x + y may be 0", PLAIN, [], Eq((x + y) / (x + y), 1), says="not known to be nonzero"),
    wrong("clears-the-wrong-power", "1/(1+e^x)^2", PLAIN, [], Eq(1 / (1 + Exp(x)) ** 2, 1 / (1 + Exp(x)))),
    wrong("sigmoid-sum", "s(x) + s(x) is not 1", PLAIN, [], Eq(1 / (1 + Exp(x)) + 1 / (1 + Exp(x)), 1)),
    wrong("sigmoid-slope", "s (1 - s), not s", PLAIN, [], Eq(D(1 / (1 + Exp(-t)), t, x), 1 / (1 + Exp(-x)))),
]  # fmt: skip
