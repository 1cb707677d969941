"""The contract of GAE's code holds, and its oracle says what a hand computes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from numeric.contract import run
from numeric.contracts.gae_code import Steps, defined, steps_of
from numeric.experiments.gae_code import EVIDENCE

F = Fraction
HALF = F(1, 2)


def steps(terminated: tuple[bool, bool] = (False, False), truncated: tuple[bool, bool] = (False, False)) -> Steps:
    """Rewards 1, 2; values 3, 4; the second step leads to a value of 5.  delta = 0, 1/2 at gamma = 1/2 where nothing ends."""
    return steps_of(
        reward=[F(1), F(2)], value=[F(3), F(4)], next_value=[F(4), F(5)], terminated=terminated, truncated=truncated
    )


def test_the_oracle_by_hand() -> None:
    """delta_0 = 1 + 4/2 - 3 = 0 and delta_1 = 2 + 5/2 - 4 = 1/2; A_0 = delta_0 + delta_1 / 4 at gamma = lambda = 1/2."""
    assert defined(steps(), HALF, HALF) == [F(1, 8), HALF]
    assert defined(steps(), HALF, F(1)) == [F(1, 4), HALF]
    assert defined(steps(), HALF, F(0)) == [F(0), HALF]


def test_the_oracle_by_hand_where_an_episode_ends() -> None:
    """Terminated, the second step is worth 2 - 4; cut after the first step, the first is alone with its bootstrap."""
    assert defined(steps(terminated=(False, True)), HALF, HALF) == [F(-1, 2), F(-2)]
    assert defined(steps(truncated=(True, False)), HALF, HALF) == [F(0), HALF]
    assert defined(steps(terminated=(True, False), truncated=(True, False)), HALF, HALF) == [F(-2), HALF]


@pytest.mark.parametrize("promise", EVIDENCE.promised, ids=lambda one: one["name"])
def test_the_promise_is_kept(promise: dict) -> None:
    found = run(promise["check"], promise["of"], also=promise["also"])
    assert found["verdict"] == "confirmed", found["detail"]


def test_each_promise_is_broken_by_some_bug() -> None:
    """No promise is empty: for each one of the bugs refutes it."""
    for promise in EVIDENCE.promised:
        modules = (promise["of"], *promise["also"])
        found = (
            run(promise["check"], promise["of"], also=promise["also"], patch=bug.patch)["verdict"]
            for bug in EVIDENCE.patches
            if bug.patch[0] in modules
        )
        assert "refuted" in found, promise["name"]
