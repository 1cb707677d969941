"""One check from plan to record, and the worked example of the package."""

from __future__ import annotations

import doctest
import json
import math
import threading
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import numeric.montecarlo
from numeric.montecarlo.budget import Budget, BudgetExceeded
from numeric.montecarlo.check import check
from numeric.montecarlo.estimate import Sampler
from numeric.montecarlo.moments import SampleError
from numeric.montecarlo.plan import plan

MEAN = Fraction(3, 8)
COIN: dict[str, Any] = {"low": 0.0, "high": 1.0, "sd": math.sqrt(15) / 8, "effects": {"fair": 1 / 8}}


def coin(p: Fraction) -> Sampler:
    def throw(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        return (rng.random(n) < float(p)).astype(np.float64)

    return throw


THROW = coin(MEAN)


def ask(sampler: Sampler = THROW, target: Any = MEAN, budget: Budget | None = None, **changed: Any) -> dict[str, Any]:
    names = {"claim": "coin", "version": 1, "nonce": "fixed", "budget": budget or Budget()}
    return check(sampler, target=target, **(COIN | names | changed))


def test_the_worked_example_of_the_package_runs() -> None:
    outcome = doctest.testmod(numeric.montecarlo)
    assert outcome.attempted > 10 and outcome.failed == 0


def test_a_true_statement_is_confirmed_and_its_record_is_complete() -> None:
    record = json.loads(json.dumps(ask(), allow_nan=False))
    assert record["verdict"] == "confirmed"
    promised = "verdict seconds bound low high n chunk nonce device alpha power delta effects"
    assert set(promised.split() + ["estimate", "interval", "target", "target_exact"]) <= set(record)
    assert record["target_exact"] == "3/8" and record["target"] == 0.375 and record["device"] == "cpu"
    assert record["interval"][0] <= record["estimate"] <= record["interval"][1]


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_bias_of_twice_delta_is_refuted(sign: int) -> None:
    delta = Fraction(plan(**COIN).delta)
    assert ask(coin(MEAN + 2 * sign * delta))["verdict"] == "refuted"
    assert ask(coin(MEAN), target=MEAN + 2 * sign * delta)["verdict"] == "refuted"


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_bias_of_delta_is_never_confirmed(sign: int) -> None:
    delta = Fraction(plan(**COIN).delta)
    assert ask(coin(MEAN), target=MEAN + sign * delta * Fraction(101, 100))["verdict"] != "confirmed"


@pytest.mark.parametrize("bound", ["binomial", "hoeffding", "betting", "empirical-bernstein"])
def test_all_bounds_agree(bound: str) -> None:
    known = {"bound": bound, "mean": 3 / 8, "two_valued": True}
    record = ask(**known)
    assert record["verdict"] == "confirmed" and record["bound"] == bound
    assert ask(coin(Fraction(1, 2)), **known)["verdict"] == "refuted"


def test_a_stated_deviation_that_is_too_small_can_only_cost_power() -> None:
    assert ask(sd=0.05, bound="empirical-bernstein")["verdict"] == "underpowered"


def test_a_ball_as_target() -> None:
    record = ask(target=(Fraction(3, 8), Fraction(1, 2**200)))
    assert record["verdict"] == "confirmed" and record["target_exact"].startswith("3/8 +- 1/")


def test_the_budget_is_charged_before_anything_is_drawn() -> None:
    drawn: list[int] = []

    def watched(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        drawn.append(n)
        return rng.random(n)

    with pytest.raises(BudgetExceeded):
        ask(watched, budget=Budget(limit=5e-10))
    assert drawn == []
    budget = Budget()
    with pytest.raises(SampleError):
        ask(lambda rng, n: np.full(n, math.nan), budget=budget)
    assert budget.checks == 1 and budget.spent == 1e-9


def test_the_same_check_twice_in_a_run_is_refused_and_another_label_is_not() -> None:
    budget = Budget()
    ask(budget=budget)
    with pytest.raises(ValueError, match="no retries"):
        ask(budget=budget)
    ask(budget=budget, label="control written-out")
    assert [draw["check"] for draw in budget.record()["draws"]] == ["statement", "control written-out"]


def test_any_number_of_workers_gives_the_same_record() -> None:
    one, two = ask(jobs=1), ask(jobs=2)
    assert one | {"seconds": 0} == two | {"seconds": 0}


def test_the_workers_that_were_asked_for_do_the_work() -> None:
    workers: set[int] = set()

    def watched(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        workers.add(threading.get_ident())
        return THROW(rng, n)

    ask(watched, jobs=2)
    assert threading.get_ident() not in workers


def test_a_constant_statistic_is_confirmed_or_refuted() -> None:
    constant: dict[str, Any] = {"low": 0.5, "high": 0.5, "sd": 0.0, "effects": {"m": 0.25}}
    assert ask(lambda _, n: np.full(n, 0.5), target=Fraction(1, 2), **constant)["verdict"] == "confirmed"
    assert ask(lambda _, n: np.full(n, 0.5), target=Fraction(3, 4), **constant)["verdict"] == "refuted"


def test_a_bad_target_is_refused_before_the_budget_pays() -> None:
    budget = Budget()
    with pytest.raises(TypeError, match="target must be"):
        ask(target=0.375, budget=budget)
    assert budget.checks == 0
