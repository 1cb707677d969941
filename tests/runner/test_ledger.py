"""The ledger file: whole or not at all, one run at a time."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from proofs.runner import ids, ledger
from proofs.runner.discovery import Broken
from proofs.runner.run import distinct


def test_a_failed_write_leaves_the_old_ledger_and_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.json"
    ledger.write({"schema": ledger.SCHEMA, "n": 1}, path)
    with pytest.raises(TypeError):
        ledger.write({"n": object()}, path)

    def refuse(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="no space"):
        ledger.write({"schema": ledger.SCHEMA, "n": 2}, path)
    assert json.loads(path.read_text())["n"] == 1 and os.listdir(tmp_path) == ["ledger.json"]


def test_the_lock_is_free_again_after_a_run(tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    with ledger.locked(path), pytest.raises(ledger.Trouble, match=f"process {os.getpid()}"), ledger.locked(path):
        pass
    with ledger.locked(path):
        pass


def test_versions_rise_by_one(tmp_path: Path) -> None:
    path = tmp_path / "ids.toml"
    row = '[[claim]]\nid = "x"\nversion = {}\nstatement = "00"\n'
    path.write_text(row.format(1) + row.format(2))
    assert ids.read_ids(path)["x"].version == 2
    path.write_text(row.format(1) + row.format(1))
    with pytest.raises(Broken, match="rise by one"):
        ids.read_ids(path)


@pytest.mark.parametrize(
    "text", ["[[claim]]\nid = 3\n", "not toml", '[[claim]]\nid = "x"\nversion = "1"\nstatement = ""\n']
)
def test_a_file_of_another_form_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "ids.toml").write_text(text)
    with pytest.raises(Broken, match="ids.toml"):
        ids.read_ids(tmp_path / "ids.toml")


def test_mutants_equal_on_all_instances_count_once_and_hide_no_survivor() -> None:
    def mutant(values: str, outcome: str) -> dict[str, object]:
        return {"outcome": outcome, "evidence": {"exact": {"values": values}}}

    rows = {"a": mutant("v", "refuted"), "b": mutant("v", "survived"), "c": mutant("w", "refuted")}
    assert sorted(str(m["outcome"]) for m in distinct(rows)) == ["refuted", "survived"]
