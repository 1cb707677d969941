"""Several means in one check: the whole alpha is paid once, each coordinate gets its share, one refuted coordinate refutes."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from numeric.montecarlo.budget import Budget, BudgetExceeded
from numeric.montecarlo.plan import plan
from numeric.montecarlo.vector import Coordinate, check_all, plans, share, share_of_power, urgency


def coin(part: int, chance: float, parts: int = 4):  # noqa: ANN201
    """A coin of its own part of the stream, so that coordinates are independent."""

    def throw(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        return (rng.random((parts, n))[part] < chance).astype(np.float64)

    return throw


def coordinate(
    name: str, chance: float = 0.5, target: Fraction = Fraction(1, 2), part: int = 0, **more: object
) -> Coordinate:
    sd = math.sqrt(chance * (1 - chance))
    facts = {"mean": chance, "two_valued": True, "effects": {}, **more}
    return Coordinate(name, coin(part, chance), 0.0, 1.0, sd, target, **facts)  # type: ignore[arg-type]


def run(coordinates: list[Coordinate], budget: Budget | None = None, **more: object) -> dict[str, object]:
    settings = {"claim": "c", "version": 1, "nonce": "n", "budget": budget or Budget(), **more}
    return check_all(coordinates, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 10, 49, 100])
@pytest.mark.parametrize("alpha", [1e-9, 0.05, 1 / 3])
def test_the_shares_never_pass_the_whole(count: int, alpha: float) -> None:
    """In decimals, as a budget counts, and as binary fractions."""
    each = share(alpha, count)
    assert count * Fraction(repr(each)) <= Fraction(repr(alpha))
    assert each > alpha / count * (1 - 1e-15)
    assert count * (1 - share_of_power(0.999, count)) <= 0.001 * (1 + 1e-9)


def test_all_coordinates_are_confirmed_and_the_whole_alpha_is_paid_once() -> None:
    budget = Budget()
    names = ["first", "second", "third"]
    found = run([coordinate(n, 0.3 + 0.1 * k, Fraction(3 + k, 10), k) for k, n in enumerate(names)], budget)
    assert found["verdict"] == "confirmed" and found["count"] == 3
    parts = found["coordinates"]
    assert [p["name"] for p in parts] == names and all(p["verdict"] == "confirmed" for p in parts)  # type: ignore
    assert (budget.checks, budget.spent, found["alpha"]) == (1, 1e-9, 1e-9)
    assert sum(Fraction(p["alpha"]) for p in parts) <= Fraction("1e-9")  # type: ignore[index]
    assert all(p["alpha"] == found["alpha_each"] for p in parts)  # type: ignore[index]
    assert budget.record()["draws"][0]["n"] == sum(p["n"] for p in parts)  # type: ignore[index]


def test_one_coordinate_off_refutes_and_is_named() -> None:
    wrong = coordinate("wrong", 0.5, Fraction(6, 10), 2)
    found = run([coordinate("a"), coordinate("b", part=1), wrong])
    assert found["verdict"] == "refuted" and found["coordinate"] == "wrong"
    assert [p["verdict"] for p in found["coordinates"]] == ["confirmed", "confirmed", "refuted"]  # type: ignore


def test_the_first_refuted_coordinate_ends_the_check() -> None:
    found = run([coordinate("wrong", 0.5, Fraction(6, 10)), coordinate("a")])
    assert found["verdict"] == "refuted" and len(found["coordinates"]) == 1  # type: ignore[arg-type]


def test_an_undecided_coordinate_leaves_the_whole_underpowered() -> None:
    off = 0.5 + 1.5 * 0.01  # one delta and a half
    near = coordinate("near", 0.5, Fraction(off), 1)
    found = run([coordinate("a"), near])
    assert found["verdict"] == "underpowered" and found["coordinate"] == "near"


def test_where_all_are_confirmed_the_record_is_that_of_the_closest_call() -> None:
    found = run([coordinate(str(k), part=k) for k in range(4)])
    reach = {
        p["name"]: max(abs(end - 0.5) for end in p["interval"]) / p["delta"]  # type: ignore
        for p in found["coordinates"]  # type: ignore[attr-defined]
    }
    assert found["coordinate"] == max(reach, key=lambda name: reach[name])


def test_what_decides_is_the_worst_verdict_and_no_constant_where_something_varies() -> None:
    refuted = {"verdict": "refuted", "interval": [1, 2], "delta": 9.0, "sd": 1.0}
    near, constant = ({"verdict": "confirmed", "interval": [0, 1], "delta": 9.0 - 8 * k, "sd": 1.0 - k} for k in (0, 1))
    assert urgency(refuted, 0) > urgency(near, 0) > urgency(constant, 0)


def test_a_budget_without_the_whole_alpha_draws_nothing() -> None:
    def never(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        raise AssertionError("drawn without being paid for")

    with pytest.raises(BudgetExceeded):
        run([Coordinate("a", never, 0.0, 1.0, 0.5, Fraction(1, 2), {})], Budget(limit=5e-10))


@pytest.mark.parametrize("names", [[], ["a", "a"]])
def test_coordinates_have_names_of_their_own(names: list[str]) -> None:
    with pytest.raises(ValueError, match="names of their own"):
        run([coordinate(name) for name in names])


def test_a_variant_is_judged_at_the_claims_deltas() -> None:
    claims = plans([coordinate("a", effects={"close": 0.004})], 1e-9, 0.999)["a"]
    assert claims.delta < 0.003 < plans([coordinate("a")], 1e-9, 0.999)["a"].delta
    wide = Coordinate("a", coin(0, 0.5), -5.0, 5.0, 0.5, Fraction(6, 10), {}, claims)
    found = run([wide])
    assert found["delta"] == claims.delta and found["verdict"] == "refuted"


def test_together_they_miss_at_most_as_often_as_said() -> None:
    """Independent coordinates at rates that can be seen: unshared, four would miss in more than half of the runs."""
    alpha, missed, runs = 0.3, 0, 400
    settings = {"mean": 0.5, "two_valued": True, "power": 0.6}
    planned = plan(0.0, 1.0, 0.5, {"m": 0.5}, share(alpha, 4), **settings)  # type: ignore[arg-type]
    alone = plan(0.0, 1.0, 0.5, {"m": 0.5}, alpha, **settings)  # type: ignore[arg-type]
    from numeric.montecarlo.estimate import run as draw

    unshared = 0
    for nonce in range(runs):
        for chosen in (planned, alone):
            each = [draw(coin(k, 0.5), chosen, claim="c", version=1, nonce=str(nonce)).interval for k in range(4)]
            outside = any(not i.low <= 0.5 <= i.high for i in each)
            missed, unshared = missed + (outside and chosen is planned), unshared + (outside and chosen is alone)
    assert missed <= alpha * runs + 4 * math.sqrt(alpha * (1 - alpha) * runs)
    assert unshared > missed
