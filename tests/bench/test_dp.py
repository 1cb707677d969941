"""The bench of dynamic programming gives a row for each implementation, with errors that are what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch

from numeric.algorithms import policy_iteration as dense
from numeric.bench import dp, timing
from numeric.bench.rows import OURS


@pytest.fixture(autouse=True)
def no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The protocol has tests of its own; here each is called twice, and no time is taken."""

    def called(calls: Mapping[str, Callable[[], object]], **_: object) -> dict[str, timing.Times]:
        return {name: timing.Times(1.0, 1.0, 1.0, len([call(), call()])) for name, call in calls.items()}

    monkeypatch.setattr(dp, "interleaved", called)


def test_rows_of_a_small_run_have_times_and_errors() -> None:
    rows = list(dp.run((30,)))
    ours = [row for row in rows if row.library == OURS]
    assert len(ours) == 2 * (len(dp.METHODS) + 2) and all(row.n == 2 and row.median for row in ours)
    solved = [row for row in ours if row.error is not None]
    assert len(solved) == 2 * (len(dp.METHODS) + 1)
    assert all(row.error <= dict(row.figures)["proved error"] <= dp.EPSILON for row in solved if row.error is not None)
    assert {row.problem.split(",")[0] for row in rows} == {"optimum", "evaluation", "set-up"}
    assert len({row.problem for row in rows}) == 6


def test_a_library_that_is_not_installed_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dp, "missing", lambda *names: f"not run: {names[0]} not installed")
    others = [row for row in dp.run((20,)) if row.library != OURS]
    assert len(others) == 6 and all(row.median is None and row.note.startswith("not run: quantecon") for row in others)


@pytest.mark.parametrize("banded", [False, True])
def test_errors_are_against_the_exact_values(banded: bool) -> None:
    """A dense solve agrees with what errors are measured against; a wrong answer has the error that was put in."""
    table = dp.problem(60, banded=banded)
    wanted = dense.policy_iteration(table, dense.Settings(dp.DISCOUNT)).values
    wrong = dp.Entry("wrong", OURS, lambda: wanted + 0.25, lambda found: found)
    (row,) = [r for r in dp.compared("optimum", [wrong], wanted) if r.who == "wrong"]
    assert row.error == pytest.approx(0.25)
    found = dp.solve(dp.model_of(table, dp.DISCOUNT), epsilon=1e-10).values
    assert (found - wanted).abs().max() <= 1e-10


def test_the_peer_is_given_the_same_problem() -> None:
    pytest.importorskip("quantecon", reason="not run: quantecon not installed")
    table = dp.problem(60, banded=True)
    found = torch.from_numpy(dp.quantecon(table).solve("pi").v)
    assert (found - dense.policy_iteration(table, dense.Settings(dp.DISCOUNT)).values).abs().max() <= 1e-10
