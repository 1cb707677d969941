"""The bound of ball arithmetic covers honest float64 code, vanishes where nothing is rounded, and is never vacuous."""

import math
from fractions import Fraction

import pytest

from numeric.experiments.gae import steps
from numeric.experiments.points import boundary, groups, statement_of
from numeric.experiments.ppo_clip import positive
from numeric.experiments.rounding import Rounded
from proofs.kernel.forms import ln_number
from proofs.kernel.statement import Statement
from proofs.kernel.value import Instance, ball
from proofs.language import Clip, E, Eq, Ln, Max, Min, Sum, Var, Vocabulary, local_index

F = Fraction
W = Vocabulary()
n, x, y = W.size("n"), W.real("x"), W.real("y")
p = W.pmf("p", n)
Y = W.sample("Y", "z", "p")
i = local_index("i")
half = W.define("half", x / 2, x)


def at(term, x_="7/5", y_="-3", pmf=("1/3", "2/3"), largest=0):
    data = {"ints": {"n": len(pmf)}, "reals": {"x": x_, "y": y_}, "tables": {"p": list(pmf)}}
    exact = Instance(Statement(W.needed([Eq(term, 0)]), [], Eq(term, 0)), data)
    return Rounded(exact, F(largest)).bound(term)


X, Z = 7 / 5, -3.0
TERMS = [
    (x + y, X + Z, F(7, 5) - 3),
    (x * y - x / y, X * Z - X / Z, F(-21, 5) + F(7, 15)),
    ((x + 1) ** 5, (X + 1) ** 5, F(12, 5) ** 5),
    (Min(x, y) * Max(x, 1) + Clip(x, 0, 1), Z * X + 1, F(-21, 5) + 1),
    (Sum(i, 0, n, p(i) * x**i), 1 / 3 + 2 / 3 * X, F(1, 3) + F(2, 3) * F(7, 5)),
    (half(x + 1), (X + 1) / 2, F(6, 5)),
    (E(p(Y.z()) * x), (1 / 9 + 4 / 9) * X, F(5, 9) * F(7, 5)),
    (Var(p(Y.z())), 1 / 9 * 1 / 3 + 4 / 9 * 2 / 3 - (5 / 9) ** 2, F(1, 27) + F(8, 27) - F(25, 81)),
]


@pytest.mark.parametrize(("term", "computed", "exact"), TERMS)
def test_the_bound_covers_straightforward_float64_and_not_much_more(term, computed, exact):
    bound = at(term)
    assert abs(F(computed) - exact) <= bound < F(1, 2**40) * max(1, abs(exact))


@pytest.mark.parametrize("odds", ["1000000000/1000000001", "1/3", "1/1000000000000"])
def test_the_bound_covers_a_logarithm_of_a_rounded_argument(odds):
    exact = ball(ln_number(F(odds)), 256)
    middle = float(exact.mid())
    assert abs(math.log(float(F(odds))) - middle) <= at(Ln(x), x_=odds) < 2.0**-40 * max(1, abs(middle))


def test_nothing_is_allowed_where_nothing_is_rounded():
    assert at(x * 0) == 0 and at(x + y, "0", "0") == 0


def test_a_larger_logarithm_allows_more():
    assert at(x * y, largest=1000) > 100 * at(x * y, largest=1)


def test_a_point_at_which_float64_says_nothing_is_refused():
    with pytest.raises(ValueError, match="well conditioned"):
        at(1 / (x - y), "1", "99999999999999999/100000000000000000")
    with pytest.raises(ValueError, match="well conditioned"):
        at((x - y) * 10**12, "1", "99999999999999999/100000000000000000")


# ------------------------------------------------------------------------------------- points
def test_the_boundary_grid_is_added_for_every_real_of_the_call():
    entry = positive.references[0]
    widths = {point["reals"]["epsilon"] for point in boundary(entry, [F(0), F(1, 2)])}
    assert widths == {"0", "1/2"}
    found = groups(positive, entry, [F(0), F(1, 2), F(1)])
    assert {group.call["epsilon"] for group in found} == {0.0, 0.2, 0.5, 1.0}
    own = [point for n, point in enumerate(entry["points"]) if point not in entry["points"][:n]]
    assert len({(p["reals"]["l"], p["reals"]["A"]) for p in own}) == sum(group.boundary for group in found) / 3
    assert sum(group.points for group in found) == len(own) + sum(group.boundary for group in found)


def test_rewards_are_made_constant_and_columns_run_along_time():
    entry = steps.references[-1]
    constant = [point for point in boundary(entry, []) if len(set(point["tables"]["r"])) == 1]
    assert len(constant) == len(entry["points"])
    for group in groups(steps, entry, [F(0), F(1)]):
        assert len(group.arguments["reward"]) == len(entry["arguments"]["reward"]) >= 4
        assert len(group.arguments["reward"][0]) == group.points
        assert len(group.values) == len(group.arguments["reward"]) and group.call["discount"] in (0.0, 2 / 3, 0.99, 1.0)


def test_a_reference_is_evaluated_under_the_claims_hypotheses():
    statement = statement_of(positive.claim, positive.references[0])
    assert [name for name, _ in statement.hyps] == ["sign", "width"]
