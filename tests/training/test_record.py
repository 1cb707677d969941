"""A record says what the runs said, all of them, and the committed ones still hold for the code as it is."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from numeric.algorithms import learner
from numeric.training import curves, environments, folder, record
from numeric.training.record import again, band, between, compact, compared, elsewhere, later, main, recorded
from tests.runner.tree import ROOT
from tests.training.conftest import go

COMMITTED = sorted((ROOT / record.RUNS).glob("*.json"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three seeds of the small learner."""
    top = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(learner.ALGORITHMS, "small", "tests.training.small")
        for seed in (2, 0, 1):
            go(top / f"seed{seed}", 1000, seed=seed)
    return [top / f"seed{seed}" for seed in (2, 0, 1)]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (path / folder.METRICS).read_text().splitlines()]


def test_a_record_holds_every_evaluation_of_every_seed(runs: list[Path]) -> None:
    found = recorded(runs)
    assert [run["seed"] for run in found["runs"]] == [0, 1, 2]
    for run, path in zip(found["runs"], (runs[1], runs[2], runs[0]), strict=True):
        said = [line for line in lines(path) if "evaluation" in line]
        assert run["steps"] == [line["steps"] for line in said] and run["mean"] == [line["mean"] for line in said]
        assert run["ended"] == "as planned"
        first = [line["steps"] for line in said if line["mean"] >= 0.65]
        assert run["reached"] == (first[0] if first else None)
    assert (found["algorithm"], found["environment"], found["goal"]["value"]) == ("small", "bandit", 0.65)
    assert found["config"]["settings"]["num_envs"] == 16 and "seed" not in found["config"]
    told = found["provenance"]
    assert told["command"] == "rlproofs train small bandit --seed SEED" and told["processes"] == 3
    assert {"torch", "python", "numpy", "gymnasium"} <= set(told["versions"]) and told["machine"]["threads"] == 1
    assert len(told["code"]) == 64


def test_the_seconds_of_a_run_are_those_of_all_its_sessions(runs: list[Path], tmp_path: Path) -> None:
    """A run of the small learner may take less than the tenth of a second to which they are rounded."""
    path = Path(shutil.copytree(runs[0], tmp_path / "run"))
    (session,) = json.loads((path / folder.PROVENANCE).read_text())["sessions"]
    two = [{**session, "seconds": seconds} for seconds in (1.04, 2.33)]
    (path / folder.PROVENANCE).write_text(json.dumps({"sessions": two}))
    assert session["seconds"] > 0 and recorded([path])["runs"][0]["seconds"] == 3.4


def test_a_record_names_no_path_and_no_machine(runs: list[Path]) -> None:
    text = compact(recorded(runs)).decode()
    assert str(runs[0].parent) not in text and "/" not in json.loads(text)["provenance"]["command"]


def test_a_band_holds_the_quartiles_at_multiples_of_every() -> None:
    flat = [{"steps": [0, 95, 200 + k], "mean": [float(k)] * 3, "ended": "as planned"} for k in (5, 1, 4, 2, 3)]
    wanted = {"steps": [0, 100, 200, 201], "low": [2.0] * 4, "median": [3.0] * 4, "high": [4.0] * 4}
    assert band(flat, 100) == wanted
    assert band(flat[:1], 100) is None
    diverged = {"steps": [0, 95], "mean": [5.0, 5.0], "ended": "loss must be finite"}
    assert band([diverged, *flat[1:]], 100) == wanted, "it counts with its last figure"


def test_between_evaluations_a_curve_is_a_line_and_after_the_last_it_stays() -> None:
    assert [between([0, 10, 30], [0.0, 1.0, 5.0], at) for at in (0, 5, 10, 20, 30, 99)] == [
        0.0,
        0.5,
        1.0,
        3.0,
        5.0,
        5.0,
    ]


def test_later_counts_what_follows_the_first_success_of_each_seed() -> None:
    runs = [
        {"steps": [0, 1, 2, 3, 4], "mean": [0.0, 9.0, 3.0, 9.0, 8.0], "reached": 1},
        {"steps": [0, 1], "mean": [0.0, 1.0], "reached": None},
    ]
    assert later(runs, 8.0) == {"evaluations": 3, "reached": 2}


def test_a_file_is_written_and_read_and_small(runs: list[Path], tmp_path: Path) -> None:
    assert main([*map(str, runs), "--out", str(tmp_path)]) == 0
    path = tmp_path / "small-bandit.json"
    assert json.loads(path.read_text()) == json.loads(json.dumps(recorded(runs)))
    assert path.stat().st_size < 20_000


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": 0}, "every run must have a seed of its own; got [0, 0]"),
        ({"seed": 7, "change": ["learning_rate=0.5"]}, "settings.learning_rate is 0.5 there and 0.05 here"),
        ({"seed": 7, "steps": 600}, "the same number of steps"),
    ],
)
def test_runs_of_different_kinds_are_not_put_together(
    change: dict, says: str, runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    go(tmp_path / "other", **{"steps": 1000, **change})
    assert main([str(runs[1]), str(tmp_path / "other"), "--out", str(tmp_path)]) == 2
    assert says in capsys.readouterr().err and not list(tmp_path.glob("*.json"))


def test_a_run_that_is_not_finished_or_of_other_code_is_refused(runs: list[Path], tmp_path: Path) -> None:
    one = Path(shutil.copytree(runs[0], tmp_path / "one"))
    told = json.loads((one / folder.PROVENANCE).read_text())
    (one / folder.PROVENANCE).write_text(json.dumps({"sessions": [{**told["sessions"][0], "code": "0" * 64}]}))
    with pytest.raises(ValueError, match="the code changed between the runs"):
        recorded([one, runs[1]])
    del told["sessions"][0]["ended"]
    (one / folder.PROVENANCE).write_text(json.dumps(told))
    with pytest.raises(ValueError, match="is not finished"):
        recorded([one])
    (one / folder.METRICS).write_text("{}")
    with pytest.raises(ValueError, match="metrics.jsonl is damaged"):
        recorded([one])
    with pytest.raises(ValueError, match="is not a run"):
        recorded([tmp_path])


# ------------------------------------------------------------------------------------- run again
def test_the_first_steps_run_again_are_the_same_bit_for_bit(runs: list[Path]) -> None:
    assert again(json.loads(compact(recorded(runs)))) == record.Again("same", "")


def changed(found: dict[str, Any]) -> dict[str, Any]:
    """The smallest change of one figure."""
    line = next(line for line in found["again"]["lines"] if "loss" in line)
    line["loss"] = math.nextafter(line["loss"], 9.0)
    return found


def test_a_figure_off_by_a_bit_is_a_difference(runs: list[Path]) -> None:
    out = again(changed(json.loads(compact(recorded(runs)))))
    assert out.verdict == "differs" and "at step 16: loss is" in out.detail


def test_on_another_machine_a_difference_is_said_to_be_one_of_the_machine(runs: list[Path]) -> None:
    found = changed(json.loads(compact(recorded(runs))))
    found["provenance"]["versions"]["torch"] = "2.10.0"
    out = again(found)
    assert out.verdict == "elsewhere" and out.detail.startswith("torch 2.10.0 there and ") and "loss is" in out.detail
    found["provenance"] |= {"versions": recorded(runs)["provenance"]["versions"], "machine": {"instructions": "NEON"}}
    assert elsewhere(found["provenance"]).startswith("instructions NEON there and ")


def test_a_recipe_that_is_not_the_recorded_one_is_a_difference(runs: list[Path]) -> None:
    found = recorded(runs)
    found["config"]["settings"]["horizon"] = 9
    assert again(found) == record.Again("differs", "the recipe is not the recorded one: horizon is 9 there and 1 here")


def test_a_missing_line_is_a_difference() -> None:
    assert compared([{"steps": 1}, {"steps": 2}], [{"steps": 1}]) == "2 lines there and 1 here"
    assert compared([{"steps": 1, "a": None}], [{"steps": 1, "a": 0.5}]) == "at step 1: a is null there and 0.5 here"


@pytest.mark.parametrize("path", COMMITTED, ids=[path.stem for path in COMMITTED])
def test_a_committed_run_begins_as_the_code_does_now(path: Path) -> None:
    """The first steps of one seed: bitwise on the versions and the processor of the record, else said to be elsewhere."""
    out = again(json.loads(path.read_text("utf8")))
    if out.verdict == "elsewhere":
        pytest.skip(f"not comparable bit for bit: {out.detail}")
    assert out.verdict == "same", f"{path.stem}: {out.detail}; record it anew"


def test_curves_trains_what_is_named_and_records_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = ["--runs", str(tmp_path / "runs"), "--out", str(tmp_path)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(environments.BUDGETS, ("small", "bandit"), environments.Budget(400, 200))
        assert curves.main(["small/bandit", "--seeds", "2", *places]) == 0
        before = {p: p.read_bytes() for p in tmp_path.rglob("*.json*")}
        assert curves.main(["small/bandit", "--seeds", "2", *places]) == 0
        assert before == {p: p.read_bytes() for p in tmp_path.rglob("*.json*")}, "finished runs are not run again"
    found = json.loads((tmp_path / "small-bandit.json").read_text())
    assert [run["steps"] for run in found["runs"]] == [[0, 208, 400]] * 2
    assert curves.main(["smal/bandit", *places]) == 2 and "the nearest: small" in capsys.readouterr().err
