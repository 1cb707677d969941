"""The ledger file: whole or not at all, one run at a time."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from proofs.runner import ids, ledger
from proofs.runner.discovery import Broken
from proofs.runner.verdicts import distinct


def test_a_failed_write_leaves_the_old_ledger_and_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.json"
    ledger.write(small(1), path)
    with pytest.raises(TypeError):
        ledger.write(small(object()), path)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(ledger.Trouble, match="No space left on device.*still stands"):
        ledger.write(small(2), path)
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ledger.write(small(2), path)
    assert ledger.read(path) == small(1) and os.listdir(tmp_path) == ["ledger.json"]


@pytest.mark.parametrize("n", [float("nan"), float("inf")])
def test_what_is_no_json_is_not_written(tmp_path: Path, n: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        ledger.write(small(n), tmp_path / "ledger.json")


def test_one_line_a_claim_and_a_last_line_that_seals_them(tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    ledger.write({**small(1), "claims": {"a": {"x": "\u00e9\n"}, "b": {"x": "\ud800"}}}, path)
    assert path.read_text("utf8").splitlines()[3:6] == [
        ' "claims": {',
        '  "a": {"x": "\u00e9\\n"},',
        '  "b": {"x": "\\ud800"}',
    ]
    assert list(json.loads(path.read_text("utf8")))[-1] == "checksum"
    assert (ledger.read(path) or {})["claims"] == {"a": {"x": "\u00e9\n"}, "b": {"x": "\ud800"}}


def test_a_record_that_changed_is_put_into_words_again(tmp_path: Path) -> None:
    lines, path = ledger.Lines(), tmp_path / "ledger.json"
    for n in (1, 2):
        ledger.write({**small(n), "claims": {"a": {"n": n}, "b": {"n": 0}}}, path, lines)
    assert (ledger.read(path) or {})["claims"] == {"a": {"n": 2}, "b": {"n": 0}}


def small(n: object) -> dict[str, Any]:
    """A ledger in its outer form."""
    return {"schema": ledger.SCHEMA, "n": n, "claims": {}}


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
        return {"outcome": outcome, "values": values, "evidence": {}}

    rows = {"a": mutant("v", "refuted"), "b": mutant("v", "survived"), "c": mutant("w", "refuted")}
    assert sorted(str(m["outcome"]) for m in distinct(rows)) == ["refuted", "survived"]
