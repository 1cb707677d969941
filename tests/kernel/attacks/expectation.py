"""Expectations: what is known when, which outcome is meant, and every door by which a random value could reach a time."""

from proofs.kernel.terms import Term, abstract, mk, num
from proofs.language import All, E, Eq, Ge, Gt, Le, Lt, Max, Min, Ne, Sum, Var
from tests.kernel.attacks.base import (
    CHAIN,
    PAIR,
    PMF,
    N,
    P,
    S,
    T,
    W,
    X,
    Y,
    Z,
    f,
    finish,
    g,
    h,
    i,
    k,
    m,
    mean,
    p,
    p0,
    pi,
    q,
    s,
    u,
    v,
    wrong,
    x,
    y,
)

IN = (Ge(k, 0), Lt(k, T))
LEVEL = "a time, range end or exponent is expected, and it is not random"


def given_path(body: Term, time, pos: int = 1) -> Term:
    """E[body | X up to a level], where the body may also speak of X itself: the inner outcome is W."""
    return mk("CondE", "X", X.path, time, pos, abstract(body, W.path))


def two(t: Term) -> Term:
    """The mean over X, then over an independent copy W."""
    return E(E(t, W), X)


def pair(t: Term, time, pos: int) -> Term:
    """E[t | Z up to `pos` draws of slot `time`]."""
    return mk("CondE", "Z", Z.path, time, pos, abstract(t, Z.path))


def averaged(rule: str, *args) -> object:
    """The claim from next_draws or another rule, applied to its left side."""
    return lambda pf, c: pf.prove(c, by=[pf.rule(rule, [], c.args[0], *args)])


def under_mean(pf, step):
    """An equation under the mean over X."""
    return pf.mean(step, X)


FLAT = {"ints": {"S": 2, "T": 2, "m": 0, "k": 0}, "reals": {"x": "1", "y": "0"}}


def chain(g_table, p0_law=("1/2", "1/2"), move=(("1/3", "2/3"), ("1/2", "1/2")), **ints) -> dict:
    """Two states, a generic move."""
    return {
        "ints": {**FLAT["ints"], **ints},
        "reals": FLAT["reals"],
        "tables": {"g": g_table, "p0": list(p0_law), "P": [list(r) for r in move], "h": ["1", "3"], "f": ["2", "5"]},
    }


FIX = All(i, 0, S, Eq(mean(g(i, s(0))), x))  # every row of g has mean x
ROWS = chain([["0", "2"], ["2", "0"]])  # and the diagonal has mean 0
PARTS = Eq(mean(Min(h(s(0)), 0)) * mean(Max(h(s(0)), 0)), 0)


def by_random_case(use):
    """min(f, 0) or max(f, 0) is 0 on each outcome; neither is on all of them."""

    def at(pf, claim, hyp, dead):
        zero = use(pf, pf.prove(Eq(dead, 0), under=[hyp]))
        rest = mean(high if dead is low else low)
        return pf.prove(claim, by=[pf.times(zero, rest)], under=[hyp])

    low, high = Min(h(s(0)), 0), Max(h(s(0)), 0)
    return lambda pf, c: pf.cases(h(s(0)), 0, lambda a: at(pf, c, a, high), lambda a: at(pf, c, a, low))


ONE_OUTCOME = "a hypothesis speaks of this one outcome"
ATTACKS = [
    # ---- laws of the mean
    wrong(
        "product-of-means",
        "s0 and s1 depend on each other",
        CHAIN,
        [],
        Eq(mean(h(s(0)) * h(s(1))), mean(h(s(0))) * mean(h(s(1)))),
    ),
    wrong("stationary", "the law of s1 is another", CHAIN, [], Eq(mean(h(s(0))), mean(h(s(1))))),
    wrong("mean-of-square", "a variance is missing", CHAIN, [], Eq(mean(h(s(0)) ** 2), mean(h(s(0))) ** 2)),
    wrong(
        "ratio-of-means",
        "a mean of a ratio is no ratio of means",
        PMF,
        [All(i, 0, N, Gt(q(i), 0))],
        Eq(E(p(Y.z()) / q(Y.z())), E(p(Y.z())) / E(q(Y.z()))),
        says="not known to be nonzero",
    ),
    wrong("draw-is-zero", "the state is random", CHAIN, [], Eq(mean(h(s(0))), h(0))),
    wrong(
        "draw-is-its-mean",
        "h(s) is no linear function",
        CHAIN,
        [],
        Eq(mean(s(0) * h(s(0))), mean(s(0)) * mean(h(s(0)))),
    ),
    wrong("indicator-mean", "max is not linear", CHAIN, [], Eq(mean(Max(h(s(0)), 0)), Max(mean(h(s(0))), 0))),
    wrong(
        "unknown-is-constant",
        "the mean of h(s) is not h(s) for an s of another mean",
        CHAIN,
        [],
        Eq(two(h(s(0)) * h(W.s(0))), mean(h(s(0)) ** 2)),
    ),
    wrong("copies-are-one", "W is independent of X", CHAIN, [], Eq(two(g(s(0), W.s(0))), mean(g(s(0), s(0))))),
    wrong("copies-exchanged", "g is not symmetric", CHAIN, [], Eq(two(g(s(0), W.s(1))), two(g(W.s(0), s(0))))),
    wrong(
        "copy-at-another-time",
        "the copy is taken at time 1",
        CHAIN,
        [],
        Eq(two(h(s(0)) * h(W.s(1))), mean(h(s(0))) ** 2),
    ),
    wrong(
        "path-used-in-two-means",
        "each E has an outcome of its own",
        CHAIN,
        [],
        Eq(mean(h(s(0)) * mean(h(s(0)))), mean(h(s(0)) * h(s(0)))),
    ),
    wrong(
        "inner-mean-by-the-outer-outcome",
        "the inner E binds its own path",
        CHAIN,
        [],
        Eq(mean(mean(h(s(0))) - h(s(0))) + mean(h(s(0)) ** 2), mean(h(s(0))) ** 2),
    ),
    wrong(
        "variance-is-additive",
        "s0 and s1 depend on each other",
        CHAIN,
        [],
        Eq(Var(h(s(0)) + h(s(1))), Var(h(s(0))) + Var(h(s(1)))),
    ),
    wrong("variance-is-linear", "Var(2 f) is 4 Var f", CHAIN, [], Eq(Var(2 * h(s(0))), 2 * Var(h(s(0))))),
    wrong("variance-is-the-square", "the mean is not 0", CHAIN, [], Eq(Var(h(s(0))), mean(h(s(0)) ** 2))),
    wrong("variance-is-positive", "a constant has variance 0", CHAIN, [], Gt(Var(h(s(0))), 0)),
    wrong(
        "variance-by-an-independent-copy",
        "E(f - f')^2 is twice the variance",
        CHAIN,
        [],
        Eq(two((h(s(0)) - h(W.s(0))) ** 2), Var(h(s(0)))),
    ),
    wrong("variance-grows-with-time", "the law at time 1 may have less", CHAIN, [], Le(Var(h(s(0))), Var(h(s(1))))),
    # ---- what is known when
    wrong(
        "future-is-known",
        "s_{k+1} is not known at time k",
        CHAIN,
        IN,
        Eq(mean(mean(h(s(k + 1)), k, 1) * h(s(k + 1))), mean(h(s(k + 1)) * h(s(k + 1)))),
    ),
    wrong(
        "collapse-upward",
        "s1 is not known at time 0",
        CHAIN,
        [],
        Eq(mean(mean(h(s(1)), 0, 1) * h(s(1))), mean(h(s(1)) * h(s(1)))),
    ),
    wrong(
        "present-is-known-before",
        "s_k is drawn in slot k, not before it",
        CHAIN,
        IN,
        Eq(mean(mean(h(s(k)), k, 0) * h(s(k))), mean(h(s(k)) * h(s(k)))),
    ),
    wrong(
        "future-taken-out",
        "s_{k+1} is not known at time k",
        CHAIN,
        IN,
        Eq(mean(mean(h(s(k + 1)), k, 1) * f(s(0))), mean(h(s(k + 1))) * mean(f(s(0)))),
    ),
    wrong(
        "known-by-a-weaker-level",
        "k <= m says nothing of m <= k",
        CHAIN,
        [Ge(k, 0), Le(k, m), Lt(m, T)],
        Eq(mean(mean(h(s(m)), k, 1) * h(s(m))), mean(h(s(m)) ** 2)),
    ),
    wrong(
        "perhaps-later",
        "nothing is known of the order of m and k",
        CHAIN,
        [Ge(k, 0), Lt(k, T), Ge(m, 0), Lt(m, T)],
        Eq(mean(mean(h(s(m)), k, 1) * h(s(m))), mean(h(s(m)) ** 2)),
    ),
    wrong(
        "reverse-tower",
        "a coarser mean is not a finer one",
        CHAIN,
        IN,
        Eq(mean(h(s(k)) * mean(mean(h(s(k)), k, 1), 0, 1)), mean(h(s(k)) * mean(h(s(k)), k, 1))),
    ),
    wrong(
        "tower-through-the-future",
        "the outer body is not known at the inner level",
        CHAIN,
        [Ge(T, 2)],
        Eq(mean(mean(h(s(1)), 0, 1) * h(s(2))), mean(h(s(1)) * h(s(2)))),
    ),
    wrong(
        "sum-over-the-future",
        "the last term of the sum is not known",
        CHAIN,
        [Ge(T, 2)],
        Eq(mean(Sum(i, 0, 3, h(s(i))) * mean(h(s(2)), 1, 1)), mean(Sum(i, 0, 3, h(s(i))) * h(s(2)))),
    ),
    wrong(
        "sum-that-ends-at-the-level",
        "s_k itself is known, s_{k+1} is not",
        CHAIN,
        IN,
        Eq(mean(Sum(i, 0, k + 2, h(s(i))) * mean(h(s(k + 1)), k, 1)), mean(Sum(i, 0, k + 2, h(s(i))) * h(s(k + 1)))),
    ),
    wrong(
        "action-known-with-the-state",
        "a_k is the second draw of its slot",
        PAIR,
        IN,
        Eq(E(pair(h(Z.a(k)), k, 1) * h(Z.a(k)), Z), E(h(Z.a(k)) * h(Z.a(k)), Z)),
    ),
    wrong(
        "next-state-known-with-the-action",
        "s_{k+1} is drawn after a_k",
        PAIR,
        IN,
        Eq(E(pair(h(Z.s(k + 1)), k, 2) * h(Z.s(k + 1)), Z), E(h(Z.s(k + 1)) * h(Z.s(k + 1)), Z)),
    ),
    wrong(
        "state-and-action-independent",
        "the action depends on the state",
        PAIR,
        IN,
        Eq(E(h(Z.a(k)) * h(Z.s(k)), Z), E(h(Z.a(k)), Z) * E(h(Z.s(k)), Z)),
    ),
    wrong(
        "policy-of-another-time",
        "pi depends on the time",
        PAIR,
        [Ge(T, 1)],
        Eq(E(pair(h(Z.a(1)), num(1), 1), Z), E(Sum(i, 0, S, pi(0, Z.s(1), i) * h(i)), Z)),
        lambda pf, c: finish(pf, pf.mean(pf.rule("next_draws", [], pair(h(Z.a(1)), num(1), 1), 1), Z)),
    ),
    # ---- an inner mean that speaks of the outer outcome
    wrong(
        "outer-future-inside",
        "s1 of the outer outcome is not s1 of the inner one",
        CHAIN,
        [],
        Eq(mean(given_path(g(W.s(1), s(1)), num(0))), mean(g(s(1), s(1)))),
    ),
    wrong(
        "outer-future-as-a-factor",
        "the outer s1 is not known at time 0",
        CHAIN,
        [],
        Eq(mean(given_path(h(W.s(1)) * h(s(1)), num(0))), mean(h(s(1)) ** 2)),
    ),
    wrong(
        "outer-future-in-a-minimum",
        "the outer s1 is not known at time 0",
        CHAIN,
        [],
        Eq(mean(given_path(Min(h(W.s(1)), f(s(1))), num(0))), mean(Min(h(s(1)), f(s(1))))),
    ),
    wrong(
        "outer-future-in-a-sum",
        "the last term is not known at time k",
        CHAIN,
        IN,
        Eq(mean(given_path(Sum(i, 0, k + 2, g(W.s(k + 1), s(i))), k)), mean(Sum(i, 0, k + 2, g(s(k + 1), s(i))))),
    ),
    wrong(
        "outer-future-in-an-inner-mean",
        "the innermost mean continues the outer outcome beyond the level",
        CHAIN,
        [Ge(T, 2)],
        Eq(mean(given_path(h(W.s(1)) * mean(h(s(2)), 1, 1), num(0))), mean(h(s(1)) * mean(h(s(2)), 1, 1))),
    ),
    wrong(
        "inner-continues-too-far",
        "the inner outcome shares only slot 0 with the outer one",
        CHAIN,
        [Ge(T, 2)],
        Eq(
            mean(
                given_path(
                    E(h(W.s(1)), W) * 0 + mk("CondE", "X", W.path, num(1), 1, abstract(h(X.s(2)), X.path)), num(0)
                )
                * h(s(1))
            ),
            mean(h(s(2)) * h(s(1))),
        ),
    ),
    wrong(
        "stale-path",
        "a fact of one outcome, used for all",
        CHAIN,
        [],
        Eq(mean(h(s(0))), 0),
        lambda pf, c: pf.mean(pf.step(Eq(h(s(0)), 0)), X),
        says=ONE_OUTCOME,
    ),
    wrong(
        "stale-path-by-range",
        "s0 = 0 for this outcome only",
        CHAIN,
        [],
        Eq(mean(s(0)), 0),
        lambda pf, c: pf.mean(pf.prove(Eq(s(0), 0), under=[Le(s(0), 0)]), X),
        says=ONE_OUTCOME,
    ),
    wrong(
        "another-path",
        "a fact about W says nothing of X",
        CHAIN,
        [],
        Eq(mean(h(s(0))), 0),
        lambda pf, c: pf.mean(pf.prove(Eq(h(s(0)), 0), under=[Eq(h(W.s(0)), 0)]), X),
    ),
    wrong(
        "mean-over-another-path",
        "the mean over W of a fact about X",
        CHAIN,
        [],
        Eq(mean(h(s(0))), 0),
        lambda pf, c: pf.mean(pf.step(Eq(h(s(0)), 0)), W),
        says="not the claim",
    ),
    wrong(
        "mean-over-a-real",
        "x is no path",
        CHAIN,
        [],
        Eq(mean(x), 0),
        lambda pf, c: pf.rule("mean_order", [pf.prove(Eq(x, x))], x),
        says="not a path",
    ),
    # ---- a case split on a random sign
    wrong(
        "random-case-mean",
        "the sign is that of one outcome",
        CHAIN,
        [],
        PARTS,
        by_random_case(lambda pf, z: pf.mean(z, X)),
        says=ONE_OUTCOME,
    ),
    wrong(
        "random-case-inside",
        "the equation holds on one outcome",
        CHAIN,
        [],
        PARTS,
        by_random_case(lambda pf, z: pf.rule("inside", [z], u, mean(u))),
    ),
    wrong(
        "random-case-row",
        "a fact about one outcome is of no use inside E",
        CHAIN,
        [],
        PARTS,
        lambda pf, c: pf.cases(h(s(0)), 0, lambda a: pf.prove(c, under=[a]), lambda a: pf.prove(c, under=[a])),
    ),
    wrong(
        "random-case-draws",
        "the hypothesis speaks of one outcome",
        CHAIN,
        [],
        PARTS,
        lambda pf, c: pf.cases(
            h(s(0)),
            0,
            lambda a: pf.prove(c, by=[pf.rule("next_draws", [a], c.args[0].args[0], 1)]),
            lambda a: pf.prove(c, under=[a]),
        ),
    ),
    # ---- a random value at the place of an index or a time
    wrong(
        "random-index-by-at",
        "the row at this outcome's state, not at the inner one's",
        CHAIN,
        [FIX],
        Eq(mean(g(s(0), s(0))), x),
        lambda pf, c: finish(pf, pf.mean(pf.at("h0", s(0)), X)),
        at=ROWS,
    ),
    wrong(
        "random-index-by-fact", "the fact speaks of fixed rows", CHAIN, [FIX], Eq(mean(g(s(0), s(0)) * 1), x), at=ROWS
    ),
    wrong(
        "random-index-by-put",
        "m is fixed where the inner mean is taken",
        CHAIN,
        [FIX, Ge(m, 0), Lt(m, S)],
        Eq(mean(g(s(0), s(0))), x),
        lambda pf, c: finish(pf, pf.mean(pf.put(pf.rule("at", ["h0"], m), m, s(0)), X)),
        at=ROWS,
    ),
    wrong(
        "random-index-by-inside",
        "an index replaced inside the template",
        CHAIN,
        [FIX],
        Eq(mean(g(s(0), s(0))), x),
        lambda pf, c: finish(pf, pf.mean(pf.rule("inside", [pf.prove(Eq(s(0), s(0) + 0))], v, mean(g(v, W.s(0)))), X)),
        at=ROWS,
    ),
    wrong(
        "random-index-by-every",
        "a quantifier over fixed indices",
        CHAIN,
        [FIX],
        Eq(mean(g(s(0), s(0))), x),
        lambda pf, c: finish(
            pf, pf.mean(pf.at(pf.every(v, 0, S, pf.at("h0", v, under=[Ge(v, 0), Lt(v, S)])), s(0)), X)
        ),
        at=ROWS,
    ),
    wrong(
        "random-end-by-put",
        "the range may not end at a draw",
        CHAIN,
        [],
        Eq(mean(Sum(i, 0, m, h(i))), mean(h(0) * s(0))),
        lambda pf, c: pf.put(pf.prove(Eq(Sum(i, 0, m, h(i)), Sum(i, 0, m, h(i)))), m, s(0)),
        says=LEVEL,
    ),
    wrong(
        "random-exponent-by-put",
        "an exponent may not be a draw",
        CHAIN,
        [],
        Eq(mean(x**0), x),
        lambda pf, c: pf.put(pf.prove(Eq(x**m, x**m), under=[Ge(m, 0)]), m, s(0)),
        says=LEVEL,
    ),
    wrong(
        "random-time-by-put",
        "a time may not be a draw",
        CHAIN,
        [],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        lambda pf, c: pf.put(pf.prove(Eq(h(s(m)), h(s(m)))), m, s(0)),
        says=LEVEL,
    ),
    wrong(
        "random-time-by-at",
        "a quantified time instantiated at a draw",
        CHAIN,
        [],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        lambda pf, c: pf.rule("at", [pf.every(v, 0, T, pf.prove(Eq(h(s(v)), h(s(v)))))], s(0)),
        says=LEVEL,
    ),
    wrong(
        "random-time-by-inside",
        "a template with a time at the marked place",
        CHAIN,
        [],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        lambda pf, c: pf.rule("inside", [pf.prove(Eq(s(0), s(0) + 0))], v, h(s(v))),
        says=LEVEL,
    ),
    wrong(
        "random-level-by-put",
        "a level may not be a draw",
        CHAIN,
        [],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        lambda pf, c: pf.put(pf.prove(Eq(mean(h(s(1)), m, 1), mean(h(s(1)), m, 1))), m, s(0)),
        says=LEVEL,
    ),
    wrong(
        "random-level-by-tower",
        "a level may not be a draw",
        CHAIN,
        [],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        lambda pf, c: pf.rule("tower", [], mean(h(s(1))), s(0), 1),
        says=LEVEL,
    ),
    wrong(
        "random-start-of-an-induction",
        "an induction starts at a fixed index",
        CHAIN,
        [],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        lambda pf, c: pf.rule("induct", [pf.prove(Ge(s(0), 0)), pf.prove(Ge(v + 1, 0), under=[Ge(v, 0)])], v, s(0)),
        says="the last step is not the claim",
    ),
    wrong(
        "random-split",
        "a sum may not be split at a draw",
        CHAIN,
        [],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        lambda pf, c: pf.rule("split", [], Sum(i, 0, S, h(i)), s(0)),
        says=LEVEL,
    ),
    wrong(
        "random-range-of-every",
        "a quantifier may not end at a draw",
        CHAIN,
        [],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        lambda pf, c: pf.every(v, 0, s(0), pf.prove(Lt(v, s(0)), under=[Lt(v, s(0))])),
        says=LEVEL,
    ),
    # ---- next_draws
    wrong(
        "inner-mean-unfolded",
        "the inner mean is over an outcome of its own",
        CHAIN,
        [],
        Eq(mean(h(s(0)) * mean(h(s(0)))), Sum(i, 0, S, p0(i) * h(i) * h(i))),
        averaged("next_draws", 1),
    ),
    wrong(
        "two-draws-by-one",
        "s1 is not known after one draw",
        CHAIN,
        [],
        Eq(mean(h(s(1))), Sum(i, 0, S, p0(i) * h(i))),
        averaged("next_draws", 1),
        says="not known after these draws",
    ),
    wrong(
        "later-draw-in-a-sum",
        "the sum runs over later states",
        CHAIN,
        [],
        Eq(mean(Sum(i, 0, T + 1, h(s(i)))), Sum(i, 0, S, p0(i) * h(i)) * (T + 1)),
        averaged("next_draws", 1),
        says="not known after these draws",
    ),
    wrong(
        "no-draws",
        "zero draws are no draws",
        CHAIN,
        [],
        Eq(mean(h(s(0))), h(0)),
        averaged("next_draws", 0),
        says="how many draws",
    ),
    wrong(
        "minus-one-draws",
        "draws are counted upward",
        CHAIN,
        [],
        Eq(mean(h(s(0))), h(0)),
        averaged("next_draws", -1),
        says="how many draws",
    ),
    wrong(
        "later-kernel-at-the-start",
        "at k = 0 the first kernel rules",
        CHAIN,
        IN,
        Eq(mean(mean(h(s(k)), k, 0)), mean(Sum(i, 0, S, P(s(k - 1), i) * h(i)))),
        lambda pf, c: finish(pf, "h0", "h1", pf.mean(pf.rule("next_draws", ["h0", "h1"], mean(h(s(k)), k, 0), 1), X)),
        says="first draw or later draw",
    ),
    wrong(
        "first-kernel-later",
        "s1 is drawn by P, not by p0",
        CHAIN,
        [],
        Eq(mean(h(s(1))), Sum(i, 0, S, p0(i) * h(i))),
        averaged("next_draws", 2),
    ),
    wrong(
        "kernel-transposed",
        "P(i, j), not P(j, i)",
        CHAIN,
        [],
        Eq(mean(h(s(1))), Sum(i, 0, S, p0(i) * Sum(v, 0, S, P(v, i) * h(v)))),
        averaged("next_draws", 2),
        at=chain([["0"]], move=(("1/4", "3/4"), ("1/2", "1/2"))),
    ),
    wrong(
        "draw-beyond-the-end",
        "no draw after time T",
        CHAIN,
        [],
        Eq(mean(mean(h(s(T + 1)), T + 1, 0)), mean(Sum(i, 0, S, P(s(T), i) * h(i)))),
        lambda pf, c: finish(pf, pf.mean(pf.rule("next_draws", [], mean(h(s(T + 1)), T + 1, 0), 1), X)),
        says="outside the time",
    ),
    wrong(
        "draw-before-the-start",
        "no draw before time 0",
        CHAIN,
        [],
        Eq(mean(h(s(0))), h(0)),
        lambda pf, c: pf.rule("next_draws", [], mean(h(s(m)), m, 0), 1),
        says="outside the time",
    ),
    wrong(
        "kernel-after-the-end",
        "P has no row for time T",
        PAIR,
        [],
        Eq(E(Sum(i, 0, S, P(T, Z.s(T), Z.a(T), i), where=Gt(P(T, Z.s(T), Z.a(T), i), 0)), Z), 1),
        lambda pf, c: finish(pf, pf.mean(pf.rule("next_draws", [], pair(num(1), T + 1, 0), 1), Z)),
        says="outside the time",
        at="P(T, ...) is outside every table",
    ),
    wrong(
        "perhaps-the-same-draw",
        "s_k is s_0 if k = 0",
        CHAIN,
        [Ge(k, 0), Le(k, T)],
        Eq(mean(g(s(0), s(k))), Sum(i, 0, S, p0(i) * mean(g(i, s(k))))),
        lambda pf, c: finish(pf, "h0", pf.rule("next_draws", ["h0"], c.args[0], 1)),
        says="not known after these draws",
    ),
    wrong(
        "certainly-the-same-draw",
        "m = 0 by its bounds, but the draw is another term",
        CHAIN,
        [Ge(m, 0), Le(m, 0)],
        Eq(mean(g(s(0), s(m))), mean(Sum(i, 0, S, p0(i) * g(i, s(m))))),
        lambda pf, c: finish(pf, "h0", "h1", pf.rule("next_draws", ["h0", "h1"], c.args[0], 1)),
        says="not known after these draws",
        at=chain([["1", "2"], ["3", "9"]]),
    ),
    wrong(
        "guarded-by-nothing",
        "the weights are missing",
        CHAIN,
        [],
        Eq(mean(mean(h(s(1)), 0, 1)), mean(Sum(i, 0, S, h(i)))),
        lambda pf, c: finish(pf, pf.mean(pf.rule("next_draws", [], mean(h(s(1)), 0, 1), 1), X)),
    ),
    wrong(
        "support-is-everything",
        "an outcome of probability 0 is not drawn",
        PMF,
        [],
        Eq(E(num(1) + 0 * p(Y.z())), Sum(i, 0, N, num(1))),
    ),
    wrong(
        "positive-everywhere",
        "p is positive where it is drawn, not everywhere",
        PMF,
        [Ge(m, 0), Lt(m, N)],
        Gt(p(m), 0),
        lambda pf, c: pf.put(pf.prove(Gt(p(Y.z()), 0)), m, Y.z()),
        says="not the claim",
    ),
    wrong("positive-under-another-law", "q may vanish where p does not", PMF, [], Gt(E(q(Y.z())), 0)),
    wrong(
        "supported-mean-of-a-ratio",
        "E_p[q/p] is the q-mass of the support",
        PMF,
        [],
        Eq(E(q(Y.z()) / p(Y.z())), 1),
        lambda pf, c: finish(pf, pf.rule("next_draws", [], c.args[0], 1)),
    ),
    # ---- tower
    wrong(
        "tower-downward",
        "k is not after k + 1",
        CHAIN,
        IN,
        Eq(mean(h(s(k + 1)) * mean(h(s(k + 1)), k, 1)), mean(h(s(k + 1)) * h(s(k + 1)))),
        lambda pf, c: pf.settle(pf.rule("tower", [], mean(h(s(k + 1)), k + 1, 1), k, 1), by=["h0", "h1"]),
        says="not the claim",
    ),
    wrong(
        "tower-downward-cut",
        "k + 1 <= k is not so",
        CHAIN,
        IN,
        Eq(
            mean(mean(h(s(k + 1)), k + 1, 1) * h(s(k + 1))), mean(mean(mean(h(s(k + 1)), k, 1), k + 1, 1) * h(s(k + 1)))
        ),
        lambda pf, c: finish(
            pf, pf.mean(pf.times(pf.rule("tower", [], mean(h(s(k + 1)), k + 1, 1), k, 1), h(s(k + 1))), X)
        ),
        says="rests on what is not",
    ),
    wrong(
        "tower-within-a-slot",
        "the state alone is known before the action",
        PAIR,
        IN,
        Eq(E(h(Z.a(k)) * pair(h(Z.a(k)), k, 2), Z), E(h(Z.a(k)) * pair(pair(h(Z.a(k)), k, 1), k, 2), Z)),
        lambda pf, c: finish(
            pf,
            pf.mean(
                pf.times(pf.settle(pf.rule("tower", [], pair(h(Z.a(k)), k, 2), k, 1), by=["h0", "h1"]), h(Z.a(k))), Z
            ),
        ),
        says="rests on what is not",
    ),
    wrong(
        "tower-beyond-the-slot",
        "a slot of the chain has one draw",
        CHAIN,
        [],
        Eq(mean(h(s(0))), h(0)),
        lambda pf, c: pf.rule("tower", [], mean(h(s(1))), 0 * num(0), 2),
        says="a level lies within a slot",
    ),
    wrong(
        "tower-at-a-real",
        "x is no time",
        CHAIN,
        [],
        Eq(mean(h(s(0))), h(0)),
        lambda pf, c: pf.rule("tower", [], mean(h(s(1))), x, 0),
        says="an expectation and a level",
    ),
    wrong(
        "tower-at-a-half",
        "1/2 is no time",
        CHAIN,
        [],
        Eq(mean(h(s(0))), h(0)),
        lambda pf, c: pf.rule("tower", [], mean(h(s(1))), num("1/2"), 0),
        says="an expectation and a level",
    ),
    wrong(
        "tower-of-no-mean",
        "h(0) is no expectation",
        CHAIN,
        [],
        Eq(h(0), h(1)),
        lambda pf, c: pf.rule("tower", [], h(0), num(0), 0),
        says="an expectation and a level",
    ),
    wrong(
        "tower-of-a-variance",
        "a variance has no tower: Var f is not E Var(f | ...)",
        CHAIN,
        [],
        Eq(Var(h(s(1))), mean(h(s(1)) ** 2) - mean(mean(h(s(1)), 0, 1) ** 2)),
        lambda pf, c: pf.rule("tower", [], c.args[0], num(0), 1),
        says="an expectation and a level",
    ),
    wrong(
        "unequal-levels",
        "levels 0 and 1 differ",
        CHAIN,
        [Ge(T, 2)],
        Eq(mean(mean(h(s(2)), 0, 1) ** 2), mean(mean(h(s(2)), 1, 1) ** 2)),
    ),
    wrong(
        "orthogonal-to-the-future",
        "the drift is orthogonal to the past only",
        CHAIN,
        [Ge(T, 2)],
        Eq(mean((h(s(1)) - mean(h(s(1)), 0, 1)) * h(s(2))), 0),
    ),
    wrong(
        "nothing-known-is-no-mean",
        "level (0, 1) knows s0",
        CHAIN,
        [],
        Eq(mean(mean(h(s(0)), 0, 1) ** 2), mean(h(s(0))) ** 2),
    ),
    wrong(
        "full-slot-is-the-next",
        "(k, 1) is (k + 1, 0), not (k + 1, 1)",
        CHAIN,
        IN,
        Eq(mean(mean(h(s(k + 1)), k, 1) ** 2), mean(mean(h(s(k + 1)), k + 1, 1) ** 2)),
    ),
    wrong("draws-are-large", "a state is below S", CHAIN, [Ge(y, 0)], Ge(mean(s(0)), S)),
    wrong(
        "draws-are-equal-when-means-are",
        "equal means, different outcomes",
        CHAIN,
        [Eq(mean(h(s(0))), x)],
        Eq(mean(h(s(0)) * h(s(0))), x * x),
    ),
    wrong(
        "nonzero-mean",
        "positive and negative parts may cancel",
        CHAIN,
        [All(i, 0, S, Ne(h(i), 0))],
        Ne(mean(h(s(0))), 0),
    ),
]
