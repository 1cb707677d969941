"""Where what is sampled turns: rounding that is charged, pasts by name, the order in which coordinates are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from numeric.montecarlo import known
from numeric.montecarlo.channel import path_or_number
from numeric.montecarlo.forms import called
from numeric.montecarlo.known import Known, by_effect, looked_at
from numeric.montecarlo.sampler import Sampler
from numeric.montecarlo.statistic import UNIT
from proofs.kernel.statement import Statement
from proofs.kernel.terms import Term, num
from proofs.kernel.value import Undefined
from proofs.language import All, Clip, E, Eq, Ind, Le, Var, Vocabulary, local_index

W = Vocabulary()
n = W.size("n")
p, f = W.pmf("p", n), W.function("f")
Y = W.sample("Y", "y", "p")
y = f(Y.y())


def sampler(term: Term, values: list[str]) -> Sampler:
    data = {"ints": {"n": len(values)}, "tables": {"p": [f"1/{len(values)}"] * len(values), "f": values}}
    claim = Eq(term, 0)
    return Sampler(Statement(W.needed([claim, term]), [], claim), data, term, ())


@pytest.mark.parametrize("width", [1, 10, 1000])
def test_a_squared_difference_is_charged_three_roundings_at_least(width: int) -> None:
    """Half the square of a difference that is rounded once: u + u, and u for the square, each of half the square."""
    one = sampler(Var(y), ["0", str(width)])
    assert 1.5 * UNIT * width**2 <= one.statistic.lost <= 10 * UNIT * width**2


@pytest.mark.parametrize("bottom", [3, 300])
def test_a_quotient_is_charged_the_rounding_of_a_division(bottom: int) -> None:
    one = sampler(E(y) / bottom, ["0", "600"])
    assert UNIT * 600 / bottom <= one.statistic.lost <= 10 * UNIT * 600 / bottom


@pytest.mark.parametrize(("last", "most"), [(19, True), (20, False)])
def test_a_path_has_two_to_the_twentieth_outcomes_at_most(last: int, most: bool) -> None:
    V = Vocabulary()
    size = V.size("n")
    V.pmf("p", size)
    g = V.function("g")
    X = V.process("X", last, [["x", size, "p", [], "p", []]])
    claim = Eq(E(g(X.x(0))), 0)
    data = {"ints": {"n": 2}, "tables": {"p": ["1/2", "1/2"], "g": ["5", "7"]}}
    one = Sampler(Statement(V.needed([claim]), [], claim), data, E(g(X.x(0))), ())
    if most:
        assert one.sizes == [2] * 20
    else:
        with pytest.raises(ValueError, match="at most 1,048,576 outcomes; got 2,097,152"):
            _ = one.sizes


@pytest.mark.parametrize("beyond", [-1, -2, 2])
def test_a_table_is_not_read_from_its_end(beyond: int) -> None:
    one = sampler(E(y), ["1", "5"])
    assert one.entry("f", [np.array([1, 0])]).tolist() == [5.0, 1.0]
    with pytest.raises(Exception, match="does not reach so far"):
        one.entry("f", [np.array([0, beyond])])


def test_a_sentence_about_all_indices_is_read_for_each_of_them() -> None:
    one, i = sampler(E(y), ["1", "5", "3"]), local_index("i")
    for first, last, holds in ((0, 3, [0, 1, 0]), (2, 3, [0, 1, 1]), (0, 1, [1, 1, 1])):
        body = E(Ind(All(i, first, last, Le(f(i), y)))).args[-1]
        assert one.on(one.columns, body, ()).tolist() == holds


def test_a_draw_with_two_parents_follows_both_at_their_times() -> None:
    V = Vocabulary()
    size = V.size("n")
    V.pmf("p", size), V.kernel("K", [size, size], size), V.kernel("L", [size], size)
    g = V.function("g")
    later = [["x", size, "p", [], "K", [["x", -1], ["z", -1]]], ["z", size, "L", [["x", 0]], "L", [["x", 0]]]]
    X = V.process("X", 2, later)

    def sure(n: int) -> list[str]:
        return ["1" if k == n % 3 else "0" for k in range(3)]

    tables = {
        "p": ["1/3"] * 3, "g": ["5", "7", "9"], "L": [sure(x * x + 1) for x in range(3)],
        "K": [[sure(x + 2 * z + 1) for z in range(3)] for x in range(3)],
    }  # fmt: skip
    body = E(g(X.x(2)) + g(X.z(2)))
    claim = Eq(body, 0)
    one = Sampler(Statement(V.needed([claim]), [], claim), {"ints": {"n": 3}, "tables": tables}, body, ())
    x0, z0, x1, z1, x2, z2 = one.paths(np.random.default_rng(0).random((6, 300)))
    for x, z in ((x0, z0), (x1, z1), (x2, z2)):
        assert np.array_equal(z, (x * x + 1) % 3)
    assert np.array_equal(x1, (x0 + 2 * z0 + 1) % 3) and np.array_equal(x2, (x1 + 2 * z1 + 1) % 3)
    assert len(set(x0.tolist())) == 3


def test_clipping_to_one_point_is_that_point_and_to_nothing_is_undefined() -> None:
    one = sampler(E(y), ["1", "5"])
    for low, high, clipped in ((2, 2, {2.0}), (2, 3, {2.0, 3.0}), (0, 9, {1.0, 5.0})):
        assert set(one.on(one.columns, E(Clip(y, low, high)).args[-1], ()).tolist()) == clipped
    with pytest.raises(Undefined, match="empty interval"):
        one.on(one.columns, E(Clip(y, 3, 2)).args[-1], ())


def test_a_path_is_known_by_its_draws_and_their_times() -> None:
    two: Any = SimpleNamespace(draws=[SimpleNamespace(name="s"), SimpleNamespace(name="a")])
    assert called(two, (1, 0, 2)) == "s_0 = 1, a_0 = 0, s_1 = 2" and called(two, ()) == "at the start"


def test_what_stands_for_a_path_in_a_formula_is_named_after_its_process() -> None:
    path = path_or_number(E(y), (0,))
    assert (path.op, path.args[0]) == ("Path", "Y") and path_or_number(E(y), 3) == num(3)


@dataclass
class Drawn:
    name: str
    delta: Any


def test_what_shows_most_in_its_own_deltas_is_drawn_first() -> None:
    """Effects of 3, 2 and 100 at deltas of 3, 1/2 and 50: 1, 4 and 2 deltas."""
    effects, deltas = {"a": 3.0, "b": 2.0, "c": 100.0}, {"a": 3.0, "b": 0.5, "c": 50.0}
    seen: Any = [SimpleNamespace(case=SimpleNamespace(name=k), effect=x) for k, x in effects.items()]
    asked: Any = [Drawn(k, SimpleNamespace(delta=x)) for k, x in deltas.items()]
    assert [c.name for c in by_effect(asked, seen)] == ["b", "c", "a"]
    own: Any = [Drawn(k, None) for k in deltas]
    assert [c.name for c in by_effect(own, seen)] == ["c", "a", "b"]


def test_a_constant_coordinate_gets_the_widest_range_of_the_others_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    exact: Any = SimpleNamespace(worst_rounding=lambda: 0.0)
    empty: Any = None

    def seen(low: float, high: float) -> Known:
        return Known(empty, exact, empty, {}, 0, 0.0, 0.0, low, high, (high - low) / 2, True)

    monkeypatch.setattr(known, "look", lambda case: case)
    cases: Any = [seen(0.0, 1.0), seen(7.0, 7.0), seen(-1.0, 5.0)]
    found = looked_at(cases)
    assert [(k.low, k.high, k.sd, k.two_valued) for k in found] == [
        (0, 1, 0.5, True),
        (4, 10, 0, False),
        (-1, 5, 3, True),
    ]
    assert [(k.low, k.high) for k in looked_at(cases[1:2])] == [(6.5, 7.5)], "alone: a range of 1"


def test_a_body_that_looks_at_the_first_draw_alone_is_read_on_every_first_outcome() -> None:
    """The second draw is not made; where its first outcome has no probability, the number of the path still has a value."""
    V = Vocabulary()
    size = V.size("n")
    V.pmf("p", size), V.kernel("K", [size], size)
    g = V.function("g")
    X = V.process("X", 1, [["x", size, "p", [], "K", [["x", -1]]]])
    data = {
        "ints": {"n": 2},
        "tables": {"p": ["1/3", "2/3"], "K": [["0", "1"], ["1/2", "1/2"]], "g": ["5", "7"]},
    }
    claim = Eq(E(g(X.x(0))), 0)
    one = Sampler(Statement(V.needed([claim]), [], claim), data, E(g(X.x(0))), ())
    assert one.needed == 1
    drawn = one(np.random.default_rng(0), 1000)
    assert set(drawn.tolist()) == {5.0, 7.0}
