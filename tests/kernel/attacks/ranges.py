"""Sums: their ranges, guards and what may leave them; quantified facts and where they reach; capture."""

from proofs.kernel.terms import num
from proofs.language import All, Eq, Ge, Gt, Implies, Le, Lt, Sum
from tests.kernel.attacks.base import PLAIN, PMF, N, by, f, finish, g, i, j, k, m, n, p, q, v, wrong, x

NONNEG, ZERO = Ge(n, 0), All(i, 0, n, Eq(f(i), 0))
INSIDE = (Ge(m, 0), Lt(m, n))


def total(body, low=0, high=n, **where):
    return Sum(i, low, high, body, **where)


def sieved(pf, claim):
    """The two parts of the sum over all i, the second by the hypothesis."""
    parts = pf.rule("sieve", [], total(g(i, i)), v, Gt(f(v), 0))
    pf.prove(claim, by=[parts, pf.rule("sum_order", ["h0"])])


def square(body):
    return total(Sum(j, 0, n, body))


ATTACKS = [
    # ---- ends of a range
    wrong(
        "off-by-one",
        "the last term is f(n), not f(n + 1)",
        PLAIN,
        [NONNEG],
        Eq(total(f(i), 0, n + 1), total(f(i)) + f(n + 1)),
    ),
    wrong(
        "peel-without-sign",
        "for m = -1 there is no last term",
        PLAIN,
        [],
        Eq(total(f(i), 0, m + 1), total(f(i), 0, m) + f(m)),
        at="f(-1) is outside every table",
    ),
    wrong(
        "peel-at-the-start",
        "for m = 0 there is nothing to peel",
        PLAIN,
        [Ge(m, 0)],
        Eq(total(f(i), 0, m), total(f(i), 1, m) + f(0)),
    ),
    wrong("negative-length-counts", "an empty range has no elements", PLAIN, [], Eq(total(num(1), 0, m), m)),
    wrong("empty-sum-is-not-karr", "a reversed range is empty", PLAIN, [], Eq(total(num(1), 5, 2), -3)),
    wrong(
        "empty-sum-is-two-wrong",
        "a reversed range is empty, not negative",
        PLAIN,
        [],
        Eq(total(f(i), 3, 1), -f(1) - f(2)),
    ),
    wrong(
        "shift-changes-length",
        "the shifted range has one element fewer",
        PLAIN,
        [Ge(n, 1)],
        Eq(total(f(i + 1)), total(f(i), 1, n)),
    ),
    wrong(
        "shift-of-the-index-alone",
        "the summand must be shifted with the range",
        PLAIN,
        [Ge(n, 0)],
        Eq(total(f(i), 1, n + 1), total(f(i))),
    ),
    wrong("start-at-one", "f(0) is missing", PLAIN, [Ge(n, 1)], Eq(total(f(i)), total(f(i), 1, n))),
    wrong("sum-of-indices", "0 + 1 + ... + (n - 1) is n (n - 1) / 2", PLAIN, [Ge(n, 1)], Eq(total(i), n * (n + 1) / 2)),
    wrong("count-from-m", "the range m..n may be empty", PLAIN, [], Eq(total(num(1), m, n), n - m)),
    wrong(
        "split-outside",
        "m may lie beyond n",
        PLAIN,
        [],
        Eq(total(f(i)), total(f(i), 0, m) + total(f(i), m, n)),
        by("split", (), total(f(i)), m),
        says="rests on what is not among the hypotheses",
    ),
    wrong("split-unordered", "m may lie beyond n", PLAIN, [], Eq(total(f(i)), total(f(i), 0, m) + total(f(i), m, n))),
    wrong(
        "split-with-overlap",
        "f(m) is counted twice",
        PLAIN,
        [Ge(m, 0), Lt(m, n)],
        Eq(total(f(i)), total(f(i), 0, m + 1) + total(f(i), m, n)),
    ),
    # ---- what leaves a sum
    wrong("constant-leaves-empty-sum", "at n = 0 the sum is 0", PLAIN, [NONNEG], Eq(total(1 / n), 1)),
    wrong(
        "condition-borrowed-from-sum",
        "x may be 0",
        PLAIN,
        [Ge(n, 1)],
        Eq(total(x / x * f(i)), total(f(i))),
        says="not known to be nonzero",
    ),
    wrong(
        "independent-sums-share-range",
        "at m = 0 the inner sum is empty",
        PLAIN,
        [NONNEG, Ge(m, 0)],
        Eq(total(Sum(j, 0, m, f(i) * (1 / m))), total(f(i))),
    ),
    wrong(
        "quotient-outside-its-sum",
        "the fact x > 0 holds only where the range is not empty",
        PLAIN,
        [NONNEG, All(i, 0, n, Gt(x, 0))],
        Eq(x * (1 / x) + total(f(i)), 1 + total(f(i))),
        says="not known to be nonzero",
    ),
    wrong(
        "log-outside-its-sum",
        "x may be negative when the range is empty",
        PLAIN,
        [NONNEG, All(i, 0, n, Gt(x, 0))],
        Lt(0, x + total(num(1))),
    ),
    # ---- products and double sums
    wrong("square-of-sum", "cross terms are missing", PLAIN, [], Eq(total(f(i)) ** 2, total(f(i) ** 2))),
    wrong(
        "product-of-sums-diagonal",
        "cross terms are missing",
        PLAIN,
        [Ge(n, 1)],
        Eq(total(f(i)) * total(g(i, i)), total(f(i) * g(i, i))),
    ),
    wrong("row-is-column", "g is not symmetric", PLAIN, [INSIDE[0], INSIDE[1]], Eq(total(g(i, m)), total(g(m, i)))),
    wrong(
        "diagonal", "the inner sum is not n times the diagonal", PLAIN, [Ge(n, 1)], Eq(square(g(i, j)), square(g(i, i)))
    ),
    wrong(
        "triangle-is-square",
        "the triangle has fewer terms",
        PLAIN,
        [Ge(n, 1)],
        Eq(total(Sum(j, 0, i, g(i, j))), square(g(i, j))),
    ),
    wrong(
        "triangle-turned",
        "the lower triangle is not the upper one",
        PLAIN,
        [NONNEG],
        Eq(total(Sum(j, 0, i, g(i, j))), total(Sum(j, 0, i, g(j, i)))),
    ),
    wrong(
        "swap-a-triangle",
        "the inner range depends on the outer variable",
        PLAIN,
        [],
        Eq(total(Sum(j, 0, i, g(i, j))), Sum(j, 0, n, total(g(i, j)))),
        by("swap", (), total(Sum(j, 0, i, g(i, j)))),
        says="depends on the outer",
    ),
    wrong(
        "swap-a-triangle-from-below",
        "the inner range depends on the outer variable",
        PLAIN,
        [],
        Eq(total(Sum(j, i, n, g(i, j))), Sum(j, 0, n, total(g(i, j)))),
        by("swap", (), total(Sum(j, i, n, g(i, j)))),
        says="depends on the outer",
    ),
    wrong(
        "swap-with-a-guard",
        "the guard is dropped",
        PLAIN,
        [],
        Eq(total(Sum(j, 0, n, g(i, j), where=Gt(f(j), 0))), Sum(j, 0, n, total(g(i, j)))),
        by("swap", (), total(Sum(j, 0, n, g(i, j), where=Gt(f(j), 0)))),
        says="guarded sum",
    ),
    wrong(
        "swap-with-an-outer-guard",
        "the guard is dropped",
        PLAIN,
        [],
        Eq(total(Sum(j, 0, n, g(i, j)), where=Gt(f(i), 0)), Sum(j, 0, n, total(g(i, j)))),
        by("swap", (), total(Sum(j, 0, n, g(i, j)), where=Gt(f(i), 0))),
        says="guarded sum",
    ),
    wrong(
        "swap-forgets-to-transpose",
        "the ranges change places with the sums",
        PLAIN,
        [],
        Eq(total(Sum(j, 0, m, g(i, j))), Sum(i, 0, m, Sum(j, 0, n, g(i, j)))),
        by("swap", (), total(Sum(j, 0, m, g(i, j)))),
        says="the last step is not the claim",
    ),
    # ---- guards
    wrong(
        "guard-without-sign",
        "negative f are left out on one side",
        PLAIN,
        [],
        Eq(total(f(i), where=Gt(f(i), 0)), total(f(i))),
    ),
    wrong(
        "guard-on-other-weight", "q may be positive where p is 0", PMF, [], Eq(Sum(i, 0, N, q(i), where=Gt(p(i), 0)), 1)
    ),
    wrong("guard-counts-all", "only positive f are counted", PLAIN, [NONNEG], Eq(total(num(1), where=Gt(f(i), 0)), n)),
    wrong(
        "guards-differ",
        "f = 0 is in one range only",
        PLAIN,
        [],
        Eq(total(num(1), where=Gt(f(i), 0)), total(num(1), where=Ge(f(i), 0))),
    ),
    wrong(
        "guard-of-the-double",
        "f > 1 is not f > 0",
        PLAIN,
        [],
        Eq(total(num(1), where=Gt(f(i), 1)), total(num(1), where=Gt(f(i), 0))),
    ),
    wrong(
        "guarded-sum-keeps-top",
        "the top term stands under the guard",
        PLAIN,
        [NONNEG],
        Eq(total(f(i), 0, n + 1, where=Gt(g(i, i), 0)), total(f(i), where=Gt(g(i, i), 0)) + f(n)),
    ),
    wrong(
        "guard-of-a-power",
        "the guarded mass of a square is not the mass",
        PMF,
        [],
        Eq(Sum(i, 0, N, p(i) * p(i), where=Gt(p(i), 0)), 1),
    ),
    wrong(
        "guard-dropped-under-a-quotient",
        "where p = 0, q / p is undefined",
        PMF,
        [],
        Eq(Sum(i, 0, N, p(i) * (q(i) / p(i))), 1),
        says="not known to be nonzero",
    ),
    wrong(
        "unguarded-quotient",
        "where p = 0, q / p is undefined",
        PMF,
        [],
        Eq(Sum(i, 0, N, p(i) * q(i) / p(i)), 1),
        says="not known to be nonzero",
    ),
    wrong(
        "unguard-where-it-holds",
        "f vanishes inside the guard, not outside",
        PLAIN,
        [All(i, 0, n, Implies(Gt(f(i), 0), Eq(g(i, i), 0)))],
        Eq(total(g(i, i), where=Gt(f(i), 0)), total(g(i, i))),
        sieved,
        says="not decided",
    ),
    wrong(
        "unguard-not-zero",
        "the summand is 1 outside the guard",
        PLAIN,
        [All(i, 0, n, Implies(Le(f(i), 0), Eq(g(i, i), 1)))],
        Eq(total(g(i, i), where=Gt(f(i), 0)), total(g(i, i))),
        sieved,
        says="not decided",
    ),
    wrong(
        "unguard-of-unequal",
        "g <= 0 outside the guard is not g = 0",
        PLAIN,
        [All(i, 0, n, Implies(Le(f(i), 0), Le(g(i, i), 0)))],
        Eq(total(g(i, i), where=Gt(f(i), 0)), total(g(i, i))),
        sieved,
        says="not decided",
    ),
    # ---- where facts reach
    wrong("range-of-fact", "f(n) is outside the range", PLAIN, [ZERO], Eq(f(n), 0)),
    wrong(
        "range-of-fact-below",
        "f(-1) is outside the range",
        PLAIN,
        [ZERO],
        Eq(f(-1 * n - 1), 0),
        at="f at a negative index is outside every table",
    ),
    wrong(
        "rule-used-out-of-range",
        "the fact ends at n - 1, the sum at n",
        PLAIN,
        [NONNEG, ZERO],
        Eq(total(f(i), 0, n + 1), 0),
    ),
    wrong("free-is-not-bound", "one value of f is not all", PLAIN, [Eq(f(m), 0)], Eq(total(f(i)), 0)),
    wrong(
        "premise-of-fact",
        "the premise need not hold at m",
        PLAIN,
        [All(i, 0, n, Implies(Gt(f(i), 0), Eq(g(i, i), 1))), *INSIDE],
        Eq(g(m, m), 1),
    ),
    wrong(
        "converse",
        "an implication is not its converse",
        PLAIN,
        [All(i, 0, n, Implies(Gt(f(i), 0), Gt(g(i, i), 0))), *INSIDE, Gt(g(m, m), 0)],
        Gt(f(m), 0),
    ),
    wrong(
        "premise-of-a-premise",
        "both premises are needed",
        PLAIN,
        [All(i, 0, n, Implies(Gt(f(i), 0), Implies(Gt(x, 0), Eq(g(i, i), 1)))), *INSIDE, Gt(f(m), 0)],
        Eq(g(m, m), 1),
    ),
    wrong(
        "probability-out-of-range",
        "p(m) is a probability only for m in range",
        PMF,
        [],
        Ge(p(m), 0),
        at="p outside its range is outside every table",
    ),
    wrong("mass-of-part", "the last outcome is missing", PMF, [], Eq(Sum(i, 0, N - 1, p(i)), 1)),
    wrong(
        "mass-of-more", "one index too many", PMF, [], Eq(Sum(i, 0, N + 1, p(i)), 1), at="p(N) is outside every table"
    ),
    wrong("probability-is-positive", "an outcome may have probability 0", PMF, [Ge(m, 0), Lt(m, N)], Gt(p(m), 0)),
    wrong("probability-is-small", "with one outcome it has probability 1", PMF, [Ge(m, 0), Lt(m, N)], Lt(p(m), 1)),
    wrong(
        "two-quantifiers-one-index",
        "the second index may be out of range",
        PLAIN,
        [All(i, 0, n, All(j, 0, n, Eq(g(i, j), f(i)))), Ge(m, 0), Lt(m, n), Ge(k, 0)],
        Eq(g(m, k), f(m)),
    ),
    wrong(
        "two-quantifiers-exchanged",
        "the roles of the indices are exchanged",
        PLAIN,
        [All(i, 0, n, All(j, 0, n, Eq(g(i, j), f(i)))), *INSIDE, Ge(k, 0), Lt(k, n)],
        Eq(g(m, k), f(k)),
        at={
            "ints": {"N": 1, "n": 2, "m": 0, "k": 1},
            "reals": {"x": "0", "y": "0"},
            "tables": {"f": ["1", "2"], "g": [["1", "1"], ["2", "2"]]},
        },
    ),
    wrong(
        "inner-range-of-a-fact",
        "the inner range ends at the outer variable",
        PLAIN,
        [All(i, 0, n, All(j, 0, i, Eq(g(i, j), 0))), *INSIDE],
        Eq(g(m, m), 0),
    ),
    wrong(
        "fact-at-a-loose-variable",
        "the fact speaks of rows, not of the diagonal",
        PLAIN,
        [All(j, 0, n, Eq(total(g(i, j)), f(j))), Ge(n, 1)],
        Eq(total(g(i, i)), f(0)),
    ),
    wrong(
        "division-cancelled-by-context",
        "f(n) is outside the range",
        PLAIN,
        [NONNEG, All(i, 0, n, Lt(0, f(i)))],
        Eq(f(n) / f(n), 1),
        says="not known to be nonzero",
    ),
    wrong(
        "divide-by-index",
        "i is 0 at the first term",
        PLAIN,
        [Ge(n, 1)],
        Eq(total(i / i), total(num(1))),
        says="not known to be nonzero",
    ),
    wrong(
        "average-of-nothing", "0/0 at n = 0", PLAIN, [NONNEG], Eq(total(num(1)) / n, 1), says="not known to be nonzero"
    ),
    wrong(
        "empty-sum-positive", "at n = 0 the sum is 0", PLAIN, [NONNEG, All(i, 0, n, Gt(f(i), 0))], Gt(total(f(i)), 0)
    ),
    # ---- capture
    wrong(
        "capture-by-sum",
        "the summand must not be captured: x := f(j) for another j",
        PLAIN,
        [Ge(m, 0), Lt(m, n)],
        Eq(total(f(i) * f(i)), f(m) * total(f(i))),
        lambda pf, c: finish(pf, pf.rule("put", [pf.prove(Eq(total(f(i) * x), x * total(f(i))))], x, f(m))),
    ),
    wrong(
        "every-over-a-captured-index",
        "f(v) for one v, then summed over all",
        PLAIN,
        [],
        Eq(total(f(i)), n * f(0)),
        lambda pf, c: pf.rule("sum_order", [pf.every(v, 0, n, pf.prove(Eq(f(v), f(v))))]),
        at=None,
        says="the last step is not the claim",
    ),
]
