"""Median of means: the formula, the law for which it is nearly exact, and what a heavy tail must bring along."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from numeric.montecarlo.budget import Budget
from numeric.montecarlo.check import check
from numeric.montecarlo.estimate import SampleError
from numeric.montecarlo.heavy import best_blocks, dealt, half_width, sizes, spread
from numeric.montecarlo.plan import plan
from tests.montecarlo.exactly import at_least, coin


@pytest.mark.parametrize("alpha", [0.5, 0.05, 1e-9])
@pytest.mark.parametrize("blocks", [1, 3, 41])
def test_the_spread_is_the_one_of_the_docstring(blocks: int, alpha: float) -> None:
    """At p = 1 / (1 + spread^2) the tail of the majority is alpha/2, in exact fractions."""
    p = 1 / (1 + Fraction(spread(blocks, alpha)) ** 2)
    majority = (blocks + 1) // 2
    assert at_least(majority, blocks, p * (1 - Fraction(1, 10**12))) <= Fraction(alpha) / 2
    assert at_least(majority, blocks, p * (1 + Fraction(1, 10**4))) > Fraction(alpha) / 2


def test_cantellis_own_law_is_missed_nearly_as_often_as_is_allowed() -> None:
    """One draw a block, one value: mu + r with probability p*.  A thousandth less, and alpha/2 would be passed."""
    blocks, alpha = 5, 0.2
    p = 1 / (1 + Fraction(spread(blocks, alpha)) ** 2)
    law = coin(p)
    deviation = math.sqrt(law.variance())
    assert half_width(blocks, blocks, deviation, alpha) == pytest.approx(float(1 - law.mean()), rel=1e-9)
    above = at_least(3, blocks, p)  # the median is 1, which lies r above the mean
    assert Fraction(999, 1000) * Fraction(1, 10) < above <= Fraction(1, 10) * (1 + Fraction(1, 10**9))


def test_the_number_of_blocks_is_the_best_odd_one() -> None:
    for alpha, miss in ((1e-9, 1e-3), (0.05, 0.1)):
        chosen = best_blocks(alpha, miss)
        width = {k: (spread(k, alpha) + spread(k, miss)) * math.sqrt(k) for k in range(1, 100, 2)}
        assert chosen % 2 == 1 and width[chosen] == min(width.values())
    with pytest.raises(ValueError, match="blocks must be odd and at least 1; got 4"):
        spread(4, 0.1)


def test_a_deal() -> None:
    sums, absolute = dealt(np.array([1.0, -2.0, 4.0, 8.0]), 5, 3)  # samples 5, 6, 7, 8 go to blocks 2, 0, 1, 2
    assert sums.tolist() == [-2.0, 4.0, 9.0] and absolute.tolist() == [2.0, 4.0, 9.0]
    assert sizes(11, 3).tolist() == [4.0, 4.0, 3.0] and half_width(2, 3, 1.0, 0.1) == math.inf


# ------------------------------------------------------------------------------------- a check of an unbounded statistic
def pareto(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """P(Y > y) = y^-3: mean 3/2, variance 3/4, no third moment."""
    return np.asarray((1 - rng.random(n)) ** (-1 / 3), dtype=np.float64)


def ask(budget: Budget | None = None, **changed: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "low": 1.0, "high": math.inf, "sd": None, "target": Fraction(3, 2), "effects": {"half": 0.5}, "alpha": 1e-9,
        "proved_sd": math.sqrt(0.75), "claim": "pareto", "version": 1, "nonce": "n", "budget": budget or Budget(),
    }  # fmt: skip
    return check(known.pop("sampler", pareto), **(known | changed))


def test_with_a_proved_standard_deviation_a_heavy_tail_has_a_verdict() -> None:
    record = ask()
    assert record["verdict"] == "confirmed" and record["bound"] == "median-of-means"
    assert record["low"] == 1.0 and record["high"] is None and record["proved_sd"] == math.sqrt(0.75)
    assert record["settings"] == {"blocks": best_blocks(1e-9, 5e-4)}
    assert ask(target=Fraction(3, 2) - 2 * Fraction(record["delta"]))["verdict"] == "refuted"


def test_without_one_there_is_no_verdict_and_nothing_is_paid() -> None:
    budget = Budget()
    with pytest.raises(ValueError, match="A heavy tail without a bound has no finite-sample guarantee"):
        ask(budget, proved_sd=None)
    with pytest.raises(ValueError, match="A heavy tail without a bound"):
        ask(budget, proved_sd=None, sd=0.8)  # an expected deviation is no bound
    assert budget.checks == 0


@pytest.mark.parametrize("wrong", [math.inf, math.nan, 0.5])
def test_a_sample_that_is_not_finite_or_below_the_range_is_an_error(wrong: float) -> None:
    def spoiled(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        return np.where(np.arange(n) == n - 1, wrong, pareto(rng, n))

    planned = plan(1.0, math.inf, None, {}, 0.05, 0.9, proved_sd=math.sqrt(0.75))
    from numeric.montecarlo.estimate import run

    with pytest.raises(SampleError, match="samples must be finite and lie in"):
        run(spoiled, planned, claim="c", version=1, nonce="n")


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
def test_a_bound_of_the_deviation_must_be_positive_and_finite(wrong: float) -> None:
    with pytest.raises(ValueError, match="proved_sd must be positive and finite"):
        plan(0.0, math.inf, None, {}, proved_sd=wrong)
