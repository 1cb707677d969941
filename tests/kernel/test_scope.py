"""How far a proof reaches is computed: a bound on a size that hides in a hypothesis is named, or the scope is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from proofs.kernel.statement import Statement
from proofs.kernel.terms import Term, mk, num
from proofs.language import All, And, Eq, Ge, Gt, Implies, Le, Ln, Lt, Min, Ne, Sum
from proofs.scope import scope
from tests.kernel.attacks.base import CHAIN, PLAIN, N, S, f, g, i, j, m, mean, s, x

SIZED = [d for d in PLAIN if d[1] in ("N", "m", "x", "f", "g")]
ONE_SLOT = ["Process", "Y", num(0), [["s", S, "p0", [], "p0", []]]]
THREE_SLOTS = ["Process", "Y", num(2), [["s", S, "p0", [], "P", [["s", -1]]]]]


def of(decls: list[Any], *hyps: Term) -> str:
    return scope(Statement(decls, [(f"h{a}", b) for a, b in enumerate(hyps)], Eq(num(0), num(0))))


ROWS = [
    ("nothing said", [], "all sizes (N, m)"),
    ("a cap", [Le(N, 100)], "N <= 100 (m)"),
    ("one size", [Eq(N, 2)], "N <= 2 (m)"),
    ("a cap on the double", [Le(2 * N, 7)], "N <= 3 (m)"),
    ("a cap by another", [Le(N, m), Le(m, 5)], "N <= 5, m <= 5"),
    ("in a conjunction", [And(Le(N, 4), Ge(x, 0))], "N <= 4 (m)"),
    ("as a count", [Le(Sum(i, 0, N, num(1)), 5)], "N <= 5 (m)"),
    ("as a square", [Le(N * N, 4)], "unknown (N)"),
    ("by a real", [Le(N, x), Le(x, 5)], "unknown (N)"),
    ("from a real on", [Le(x, N)], "all sizes (N, m)"),
    ("strictly above a real", [Lt(x * x, 2 * N), Ge(x, 7)], "all sizes (N, m)"),
    ("from a real on, and a cap", [Le(x, N), Le(N, 4)], "N <= 4 (m)"),
    ("between reals", [Le(x, N), Le(N, x + 3)], "unknown (N)"),
    ("from a value of itself on", [Le(f(N), N)], "unknown (N)"),
    ("from a value of another on", [Le(f(m), N)], "unknown (N, m)"),
    ("above a product with a real", [Le(x * m, N)], "unknown (N, m)"),
    ("by an equation with a real", [Eq(x, N), Le(x, 3)], "unknown (N)"),
    ("as a half", [Le(N / 2, 3)], "unknown (N)"),
    ("as a sum of indices", [Le(Sum(i, 0, N, i), 5)], "unknown (N)"),
    ("as a sum of values", [All(i, 0, N, Ge(f(i), 1)), Le(Sum(i, 0, N, f(i)), 5)], "unknown (N)"),
    ("as a sum of free values", [Eq(Sum(i, 0, N, f(i)), 3)], "all sizes (N, m)"),
    ("as a sum of free values over a range that may be empty", [Eq(Sum(i, 0, N + -1, f(i)), 3)], "unknown (N)"),
    ("as a sum of free values, twice", [Eq(Sum(i, 0, N, f(i)), 3), Le(Sum(i, 0, N, f(i)), x)], "unknown (N)"),
    ("as a sum of free values and a bound of one", [Eq(Sum(i, 0, N, f(i)), 3), Le(f(2), 0)], "unknown (N)"),
    ("as a sum of weighted values", [Eq(Sum(i, 0, N, i * f(i)), 3)], "unknown (N)"),
    ("as a sum of values and a size", [Eq(Sum(i, 0, N, f(i)), N)], "unknown (N)"),
    ("as an exponent", [Le(num(2) ** N, 9)], "unknown (N)"),
    ("under a logarithm", [Le(Ln(N), 2)], "unknown (N)"),
    ("under a minimum", [Le(N, Min(x, 4))], "unknown (N)"),
    ("as an inequation", [Ne(N, 3)], "unknown (N)"),
    ("as an inequation of two", [Ne(N, m)], "all sizes (N, m)"),
    ("as an inequation of two, one of them capped", [Ne(N, m), Le(m, 5)], "unknown (N, m)"),
    ("as an inequation of values", [Ne(f(N), f(m))], "unknown (N, m)"),
    ("as an inequation of squares", [Ne(N * N, m)], "unknown (N, m)"),
    ("in a premise", [Implies(Gt(N, 3), Eq(1, 0))], "unknown (N)"),
    ("by a range that must be empty", [All(i, 5, N, Eq(1, 0))], "unknown (N)"),
    ("by the last index", [All(i, 0, N, Le(i, 5))], "unknown (N)"),
    ("by the last index in a premise", [All(i, 0, N, Implies(Gt(i, 3), Eq(1, 0)))], "unknown (N)"),
    ("by the last index, nested", [All(i, 0, N, All(j, 0, 2, Le(i, 3)))], "unknown (N)"),
    ("by values that grow", [All(i, 0, N, Eq(f(i), i)), All(i, 0, N, Le(f(i), 5))], "unknown (N)"),
    ("on values alone", [All(i, 0, N, Gt(f(i), 0))], "all sizes (N, m)"),
    ("on a triangle", [All(i, 0, N, All(j, 0, i, Lt(g(i, j), 1)))], "all sizes (N, m)"),
    ("on powers", [All(i, 0, N, Le(f(i), x**i))], "all sizes (N, m)"),
]


@pytest.mark.parametrize(("hyps", "wanted"), [pytest.param(h, w, id=a) for a, h, w in ROWS])
def test_scope_names_what_bounds_a_size(hyps: list[Term], wanted: str) -> None:
    assert of(SIZED, *hyps) == wanted


def test_literal_sizes_and_horizons_are_no_sizes() -> None:
    base = [d for d in CHAIN if d[1] in ("S", "p0", "P")]
    assert of(base) == "all sizes (S)"
    assert of([*base, ["Kernel", "q", [], num(3)]]) == "q has 3 values (S)"
    assert of([*base, ONE_SLOT]) == "all sizes (S)"
    assert of([*base, THREE_SLOTS]) == "Y ends at 2 (S)"


def test_statements_without_sizes() -> None:
    assert of([["Real", "x"]], Gt(x, 0)) == "all reals"
    assert of([["Fn", "f", 1]], Gt(f(0), 0)) == "instance"


def test_hypotheses_on_a_process_leave_its_sizes_free() -> None:
    fact = All(i, 0, S, Eq(mean(mk("App", "g", i, s(0))), x))
    assert of([d for d in CHAIN if d[1] in ("S", "T", "p0", "P", "X", "g", "x")], fact) == "all sizes (S, T)"


def test_a_bound_on_probabilities_may_bound_the_number_of_outcomes() -> None:
    """p(i) >= 1/4 for all i < S leaves room for four outcomes; p(i) > 0 does not bound them."""
    base = [d for d in CHAIN if d[1] in ("S", "p0", "P", "x", "g")]
    p = mk("App", "p0", i)
    assert of(base, All(i, 0, S, Ge(p, num(1) / 4))) == "unknown (S)"
    assert of(base, All(i, 0, S, Ge(p, x))) == "unknown (S)"
    assert of(base, All(i, 0, S, Implies(Gt(p, 0), Eq(mk("App", "g", i, i), p)))) == "unknown (S)"
    assert of(base, All(i, 0, S, Gt(p, 0))) == "all sizes (S)"
    bellman = Eq(mk("App", "g", i, i), Sum(j, 0, S, mk("App", "P", i, j) * mk("App", "g", j, j)))
    assert of(base, All(i, 0, S, bellman)) == "all sizes (S)"


def test_a_value_in_a_definition_is_a_value() -> None:
    """f(0) is pinned by a name: the sum of f is no longer free."""
    named = [*SIZED, ["Def", "d", [], f(num(0))]]
    free = Eq(Sum(i, 0, N, f(i)), num(3))
    assert of(named, free) == "all sizes (N, m)"
    assert of(named, free, Le(mk("Def", "d"), num(0))) == "unknown (N)"
