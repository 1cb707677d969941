"""`make nightly`: every step names what exists, runs whatever became of the others, and is recorded."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests import nightly


def test_every_step_names_what_exists() -> None:
    for command in nightly.STEPS.values():
        for word in command:
            assert not word.startswith("tests/") or (nightly.ROOT / word).exists(), word


def test_every_nightly_test_lies_where_a_step_looks() -> None:
    roots = {word for command in nightly.STEPS.values() for word in command if word.startswith("tests/")}
    marked = [p for p in (nightly.ROOT / "tests").rglob("test_*.py") if "mark.nightly" in p.read_text("utf8")]
    lost = [p for p in marked if p != Path(__file__) and not any((nightly.ROOT / root) in p.parents for root in roots)]
    assert marked and lost == []


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    codes = {"good": "print('1 passed')", "bad": "print('1 failed'); raise SystemExit(1)", "late": "print('2 passed')"}
    monkeypatch.setattr(nightly, "STEPS", {name: ["-c", code] for name, code in codes.items()})
    monkeypatch.setattr(nightly, "RECORD", tmp_path / "nightly.json")
    return tmp_path / "nightly.json"


def test_each_step_runs_and_is_recorded_whatever_became_of_the_others(
    steps: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert nightly.main([]) == 1
    record = json.loads(steps.read_text("utf8"))
    assert [(r["step"], r["exit"], r["last_line"]) for r in record["steps"]] == [
        ("good", 0, "1 passed"), ("bad", 1, "1 failed"), ("late", 0, "2 passed"),
    ]  # fmt: skip
    for row in record["steps"]:
        assert row["python"] == ".".join(map(str, sys.version_info[:3])) and len(row["commit"]) == 40
    said = capfd.readouterr().out
    assert "FAILED" in said and "3 steps" in said.splitlines()[-1]


def test_a_step_that_runs_again_takes_the_place_of_its_last_record(steps: Path) -> None:
    assert nightly.main(["--only", "late", "good"]) == 0
    nightly.STEPS["good"] = ["-c", "print('9 passed')"]
    assert nightly.main(["--only", "good"]) == 0
    rows = json.loads(steps.read_text("utf8"))["steps"]
    assert [(r["step"], r["last_line"]) for r in rows] == [("good", "9 passed"), ("late", "2 passed")]


@pytest.mark.parametrize(
    ("said", "closing"),
    [
        ("160 claims\nAll as expected.\n  claims 160\nnext: this\n", "All as expected."),
        ("NOT as expected: 1 claim.\nnext: that\n", "NOT as expected: 1 claim."),
        ("a line\nan error\n\n", "an error"),
    ],
)
def test_the_closing_line_is_the_one_that_says_how_it_ended(
    said: str, closing: str, steps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "STEPS", {"claims": ["-c", f"print({said!r})"], "other": ["-c", f"print({said!r})"]})
    assert nightly.main([]) == 0
    rows = json.loads(steps.read_text("utf8"))["steps"]
    assert [r["last_line"] for r in rows] == [closing, said.strip().splitlines()[-1]]


def test_steps_that_may_stand_side_by_side_do_and_the_others_run_alone(
    steps: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each of a pair waits until the other has begun; one that runs alone finds nothing begun and not ended."""
    meet = (
        "import pathlib, time; me, other = {!r}, {!r}; pathlib.Path(me).touch()\n"
        "while not pathlib.Path(other).exists(): time.sleep(0.01)"
    )
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    codes = {"first": "print('alone')", "one": meet.format(one, two), "two": meet.format(two, one)}
    monkeypatch.setattr(nightly, "STEPS", {name: ["-c", code] for name, code in codes.items()})
    monkeypatch.setattr(nightly, "SIDE_BY_SIDE", ("two", "one"))
    assert nightly.main([]) == 0
    assert {r["step"] for r in json.loads(steps.read_text("utf8"))["steps"]} == set(codes)


def test_the_steps_side_by_side_are_steps() -> None:
    assert set(nightly.SIDE_BY_SIDE) < set(nightly.STEPS) and nightly.AT_ONCE > 1
