"""The data object: what it refuses, and that it says no more than the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from proofs.runner.site.data import StaleLedger, load_ledger, site_data
from proofs.runner.verdicts import FATES
from tests.site.helpers import fixture


def made(ledger: Any = None, inputs: Any = None) -> dict[str, Any]:
    inputs = inputs or fixture("inputs")
    return site_data(ledger or fixture("ledger"), inputs["current"], inputs["extras"])


def test_the_object_is_json() -> None:
    assert json.loads(json.dumps(made())) == made()


def test_every_claim_of_the_ledger_is_shown_once() -> None:
    data = made()
    assert sorted(data["order"]) == sorted(fixture("ledger")["claims"])


@pytest.mark.parametrize("key", ["statement_hash", "inputs_hash"])
def test_a_ledger_of_other_inputs_is_refused(key: str) -> None:
    ledger = fixture("ledger")
    ledger["claims"]["hw14a"][key] = "0" * 64
    with pytest.raises(StaleLedger, match=f"hw14a: {key.replace('_', ' ')} is 000000000000 in the ledger"):
        made(ledger)


def test_a_ledger_of_another_version_is_refused() -> None:
    ledger = fixture("ledger")
    ledger["claims"]["hw14a"]["version"] = 2
    with pytest.raises(StaleLedger, match="hw14a: the ledger has version 2, the catalogue 1"):
        made(ledger)


def test_a_claim_that_was_not_run_is_refused() -> None:
    ledger = fixture("ledger")
    del ledger["claims"]["hw23d"]
    with pytest.raises(StaleLedger, match="hw23d: not in the ledger"):
        made(ledger)


def test_a_record_of_no_claim_is_refused() -> None:
    inputs = fixture("inputs")
    del inputs["current"]["hw23d"]
    with pytest.raises(StaleLedger, match="hw23d: in the ledger, but no claim"):
        made(inputs=inputs)


def test_a_claim_without_a_hash_is_refused() -> None:
    inputs = fixture("inputs")
    inputs["current"]["hw23d"]["inputs_hash"] = None
    with pytest.raises(StaleLedger, match="hw23d: inputs hash"):
        made(inputs=inputs)


@pytest.mark.parametrize(
    ("text", "says"),
    [(None, "there is no ledger"), ("{", "is not JSON"), ('{"schema": "x"}', "schema must be"), ("[]", "got 'list'")],
)
def test_a_ledger_that_cannot_be_read_is_refused(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "ledger.json"
    if text is not None:
        path.write_text(text, "utf8")
    with pytest.raises(StaleLedger, match=says):
        load_ledger(path)


def test_a_gap_without_a_statement_has_no_hash_to_cite() -> None:
    cite = made()["claims"]["hw10a.2-limit"]["cite"]
    assert cite["statement"] is None and "--expect-hash" not in cite["command"]


def test_uses_and_used_by_are_two_sides_of_one_relation() -> None:
    claims = made()["claims"]
    assert claims["hw10a.2"]["uses"] == ["hw10a.2-step"]
    assert claims["hw10a.2-step"]["used_by"] == ["hw10a.2"]
    assert claims["hw11d"]["used_by"] == ["hw10a.2-step"]


def test_a_channel_that_a_mutant_names_but_that_did_not_run_reads_not_run() -> None:
    ledger = fixture("ledger")
    del ledger["claims"]["hw23c"]["mutants"]["ratio-upside-down"]["evidence"]["sympy"]
    row = made(ledger)["claims"]["hw23c"]["kill"]["rows"][0]
    assert {c["channel"]: c["word"] for c in row["cells"]}["SymPy"] == "not run"


def test_a_survivor_is_not_counted_as_refuted() -> None:
    ledger = fixture("ledger")
    ledger["claims"]["hw23c"]["mutants"]["ratio-upside-down"]["outcome"] = "survived"
    assert made(ledger)["claims"]["hw23c"]["counts"] == {"planted": 2, "refuted": 1}


def test_a_variant_that_does_not_count_as_refuted_says_why() -> None:
    ledger = fixture("ledger")
    row = ledger["claims"]["hw23c"]["mutants"]["ratio-upside-down"]
    for word, said in FATES.items():
        row["outcome"] = word
        shown = made(ledger)["claims"]["hw23c"]["kill"]["rows"][0]
        assert shown["outcome"] == word and shown["fate"] == ("" if word == "refuted" else said)


def test_variants_that_are_worth_the_same_count_once_and_say_so() -> None:
    ledger = fixture("ledger")
    first, second, *_ = ledger["claims"]["hw23c"]["mutants"].values()
    first["values"] = second["values"] = "v"
    shown = made(ledger)["claims"]["hw23c"]
    assert shown["counts"] == {"planted": 1, "refuted": 1}
    assert [row["alike"] for row in shown["kill"]["rows"]][:2] == ["", shown["kill"]["rows"][0]["id"]]


def test_a_channel_that_refutes_without_being_named_is_told_apart() -> None:
    ledger = fixture("ledger")
    row = ledger["claims"]["hw23c"]["mutants"]["ratio-upside-down"]
    row |= {"also_refuted_by": ["proof"], "channels": ["exact"], "refuted_by": [], "outcome": "refuted only by others"}
    cells = {c["channel"]: c["word"] for c in made(ledger)["claims"]["hw23c"]["kill"]["rows"][0]["cells"]}
    assert cells["Proof"] == "also refutes"


def test_a_function_without_source_is_an_error() -> None:
    inputs = fixture("inputs")
    inputs["extras"]["functions"] = {}
    with pytest.raises(ValueError, match="functions must have a source"):
        made(inputs=inputs)


def test_engines_are_those_of_the_channels_that_ran() -> None:
    assert made()["claims"]["hw10a.2-limit"]["engines"] == []
    assert made()["claims"]["hw11d"]["engines"] == ["python-flint 0.fixture", "sympy 0.fixture", "torch 0.fixture"]
