"""The sampled reading is the exact one on every outcome, and its paths have the law of the process: no luck involved."""

import math
from fractions import Fraction

import numpy as np
import pytest

from numeric.montecarlo.float64 import GRID, cumulated, worst_row
from numeric.montecarlo.sampler import Sampler
from proofs.instances import m2, trajectory
from proofs.kernel.statement import Statement
from proofs.kernel.terms import Malformed
from proofs.kernel.value import Undefined, rational
from proofs.language import And, Clip, E, Eq, Gt, Implies, Le, Ln, Lt, Max, Min, Sum, Vocabulary, local_index
from proofs.td_variance import NAMES, ORDER, delta, k, m, reward, td

F = Fraction
W = Vocabulary()
n = W.size("n")
p, kernel, f = W.pmf("p", n), W.kernel("K", [n], n), W.function("f")
Y = W.process("Y", 1, [["x", n, "p", [], "K", [["x", -1]]]])
i = local_index("i")
square = W.define("square", f(Y.x(1)) * f(Y.x(1)), Y.path)
KERNEL = [["1/3", "0", "2/3"], ["0", "1/2", "1/2"], ["1/7", "2/7", "4/7"]]
DATA = {"ints": {"n": 3}, "tables": {"p": ["1/6", "1/2", "1/3"], "K": KERNEL, "f": ["0", "-3/2", "5/7"]}}
TINY = 2.0**-45  # of the values below, all of size at most 32


def sampler(body, data=DATA, vocabulary=W, hyps=()):
    estimand = E(body)
    decls = vocabulary.needed([estimand, *[h.prop for h in hyps]])
    return Sampler(Statement(decls, [(h.name, h.prop) for h in hyps], Eq(estimand, 0)), data, estimand)


BODIES = {
    "draw": Y.x(0) + 2 * Y.x(1),
    "table": f(Y.x(1)) * f(Y.x(0)),
    "index arithmetic": f(2 * Y.x(0) + 1 - 2 * Y.x(0)) + f(Y.x(1) + 1 - 1),
    "definition of a path": square(Y.path),
    "constant inside": f(Y.x(0)) * Ln(n) + E(square(Y.path)),
    "clip, min, max": Clip(f(Y.x(0)), -1, F(1, 3)) + Min(f(Y.x(1)), 0) * Max(f(Y.x(0)), Ln(2)),
    "powers": (1 + f(Y.x(0))) ** 3 + f(Y.x(1)) ** 0,
    "range and random body": Sum(i, 0, n, f(i) * f(Y.x(0)) ** i),
    "guard on a draw": Sum(i, 0, n, Ln(f(i) + 2) / (1 + i), where=Eq(Y.x(1), i)),
    "guard that protects": Sum(i, 0, 1, Ln(f(Y.x(0))) / f(Y.x(0)), where=Gt(f(Y.x(0)), 0)),
    "guard of two": Sum(i, 0, n, 1 / f(Y.x(0)), where=And(Lt(0, Y.x(0)), Le(i, Y.x(1)))),
    "guard that implies": Sum(i, 0, n, f(i), where=Implies(Lt(0, f(Y.x(0))), Lt(Ln(f(Y.x(0))), i))),
    "quotient": f(Y.x(0)) / (Y.x(1) + 1),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_the_sampled_value_is_the_exact_one_on_every_outcome(name):
    assert sampler(BODIES[name]).worst_rounding() <= TINY


@pytest.mark.parametrize("data", [m2(1, 2), trajectory(1, 2)], ids=["M2", "generic"])
@pytest.mark.parametrize("body", [(td(m) - td(k)) ** 2, delta(k) * reward(1), td(m)])
def test_returns_on_every_trajectory(body, data):
    assert sampler(body, data, NAMES, ORDER).worst_rounding() <= TINY


def test_a_wrong_table_is_seen_on_some_outcome():
    one = sampler(BODIES["table"])
    one.entry("f", [0])
    one._tables["f"][2] += 1e-9
    assert one.worst_rounding() > 1e-10


def test_thresholds_are_the_exact_sums_rounded_once():
    for row in (["1/3", "1/3", "1/3"], ["1/7"] * 7, ["1/1000003", "1000002/1000003"], ["0", "1", "0"]):
        exact = [F(c) for c in row]
        for end, found in enumerate(cumulated([exact])[0], start=1):
            assert abs(F(found) - sum(exact[:end])) <= F(math.ulp(found)) / 2


def test_each_draw_is_the_outcome_whose_interval_holds_the_uniform_number():
    one = sampler(BODIES["draw"])
    ends = {c for row in [DATA["tables"]["p"], *KERNEL] for c in np.cumsum([F(c) for c in row])}
    edges = sorted({min(max(float(c) + shift, 0), 1 - 2.0**-53) for c in ends for shift in (-(2.0**-53), 0, 2.0**-53)})
    uniform = np.array([[a, b] for a in edges for b in edges]).T
    for (u, v), (x, y) in zip(uniform.T.tolist(), one.paths(uniform).T.tolist(), strict=True):
        assert x == outcome(DATA["tables"]["p"], u) and y == outcome(KERNEL[x], v)


def outcome(row, u):
    """By definition: the first y with u < c(y)."""
    sums = [float(sum(F(c) for c in row[: y + 1])) for y in range(len(row))]
    return next(y for y, c in enumerate(sums) if u < c)


def test_an_outcome_of_probability_zero_is_never_drawn():
    one = sampler(BODIES["draw"])
    allowed = {path for _, path in one.outcomes()}
    grid = np.linspace(0, 1, 401)[:-1]
    uniform = np.array([[a, b] for a in grid for b in grid]).T
    assert {tuple(path) for path in one.paths(uniform).T.tolist()} == allowed


def test_the_distance_is_that_of_the_law_on_the_grid():
    assert worst_row([[F(1, 2), F(1, 4), F(1, 4)]]) == 0
    third = worst_row([[F(1, 3), F(2, 3)]])
    assert third == abs(F(math.ceil(F(1 / 3) * GRID), GRID) - F(1, 3)) and 0 < third < F(1, GRID)
    lost = worst_row([[F(1, 2**60), 1 - F(1, 2**60)]])
    assert lost == F(1, GRID) - F(1, 2**60)  # the smallest step of the grid stands for a smaller probability
    assert sampler(BODIES["draw"]).distance == worst_row([[F(c) for c in DATA["tables"]["p"]]]) + max(
        worst_row([[F(c) for c in row]]) for row in KERNEL
    )


def test_the_spread_is_exact():
    one = sampler(BODIES["table"])
    f = lambda i: rational(one.exact.entry("f", [i]))  # noqa: E731
    values = {path: f(path[0]) * f(path[1]) for _, path in one.outcomes()}
    mean = sum(w * values[path] for w, path in one.outcomes())
    variance = sum(w * (values[path] - mean) ** 2 for w, path in one.outcomes())
    spread = one.spread()
    assert F(spread.low) <= min(values.values()) and max(values.values()) <= F(spread.high)
    assert F(spread.high) - max(values.values()) < F(1, 10**15)
    assert abs(spread.sd**2 - float(variance)) < 1e-15
    assert one.exact.number(E(BODIES["table"]), ()) == spread.mean


def test_samples_are_one_column_and_follow_from_the_generator():
    one = sampler(BODIES["quotient"])
    first, again = one(np.random.default_rng(3), 1000), one(np.random.default_rng(3), 1000)
    assert first.shape == (1000,) and first.dtype == np.float64 and np.array_equal(first, again)
    constant = sampler(E(f(Y.x(0))) + 0 * Y.x(0))
    assert np.array_equal(constant(np.random.default_rng(0), 5), [float(F(-43, 84))] * 5)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (1 / f(Y.x(0)), Undefined),  # f(0) = 0 has positive probability
        (Ln(f(Y.x(1))), Undefined),
        (Clip(f(Y.x(0)), f(Y.x(1)), 0), Undefined),
        (Y.given(f(Y.x(1)), 0, "x") * f(Y.x(0)), ValueError),  # depends on the path
    ],
)
def test_what_has_no_value_on_a_live_path_is_refused(body, error):
    with pytest.raises(error):
        sampler(body)(np.random.default_rng(0), 100)


def test_an_index_beyond_a_table_is_refused_and_not_counted_from_the_end():
    with pytest.raises(Exception, match="does not reach so far"):
        sampler(f(Y.x(0) - 1))(np.random.default_rng(0), 100)


def test_an_instance_that_violates_a_sort_or_hypothesis_is_refused():
    bad = {**DATA, "tables": {**DATA["tables"], "p": ["1/2", "1/2", "1/2"]}}
    with pytest.raises(ValueError, match="violates p"):
        sampler(BODIES["draw"], bad)
    with pytest.raises(ValueError, match="violates order"):
        sampler(td(m), {**m2(1, 2), "ints": {**m2(1, 2)["ints"], "k": 2, "m": 1}}, NAMES, ORDER)


def test_only_an_expectation_is_sampled():
    statement = Statement(W.needed([Eq(f(0), 0)]), [], Eq(f(0), 0))
    with pytest.raises(Malformed, match="expectation"):
        Sampler(statement, DATA, f(0))
