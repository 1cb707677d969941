"""The table of algorithms: every cell comes from ledger, tree and pages, and one for which there is nothing is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from proofs.runner.catalogue import current_inputs
from proofs.runner.site.algorithms import CELLS, missing, rows, shown_curves, without_gradients
from proofs.runner.site.data import StaleLedger, load_ledger, site_data
from proofs.runner.site.inputs import gather
from proofs.runner.site.pages import fill
from tests.site.helpers import ROOT
from tests.site.test_contracts import data

WANTED = [
    f"alg-{name}" for name in ("pi", "kstep-q", "reinforce", "a2c-disc", "ppo-clip", "gae", "grpo", "drgrpo", "rloo")
]


def real() -> list[dict[str, Any]]:
    """The table of the last run; skipped where there is no ledger of the tree as it is."""
    try:
        ledger = load_ledger(ROOT / ".rlproofs/ledger.json")
        found: list[dict[str, Any]] = site_data(ledger, *gather(ROOT, ledger))["algorithms"]
        return found
    except StaleLedger as error:
        pytest.skip(f"no ledger of this tree: {error}")


def test_every_algorithm_has_a_row_and_no_cell_is_empty() -> None:
    table = real()
    assert sorted(row["id"] for row in table) == sorted(WANTED)
    assert missing(table) == []
    assert all((ROOT / file).is_file() for row in table for file in row["files"])


def test_the_table_names_what_the_catalogue_lists() -> None:
    listed = {name for name in current_inputs() if name.startswith("alg-")}
    assert listed == set(WANTED)


def contract(**changed: Any) -> dict[str, Any]:
    claim = data()["claims"]["hw14a"] | {"id": "alg-t"}
    found = {
        "name": "gradients",
        "verdict": "confirmed",
        "rows": 2,
        "detail": "; ".join(f"{x} receives no gradient" for x in ("value", "advantage")),
    }
    claim["channels"]["reference"] = claim["channels"]["reference"] | {"promises": [found]} | changed
    return claim


def table(claim: dict[str, Any], **extras: Any) -> list[dict[str, Any]]:
    topic = {claim["topic"]: {"title": "T", "page": "topics/t.html"}}
    shown = {"curves": {claim["topic"]: [{"algorithm": "t", "environment": "e", "recorded": True}]}, **extras}
    return rows({"alg-t": claim}, topic, shown)


def test_a_row_says_what_the_ledger_says() -> None:
    (row,) = table(contract())
    assert (row["promises"], row["bugs"], row["gradients"]) == ("1 of 1", "1 of 1", ["value", "advantage"])
    said = "what the rewards receive receives no gradient; the critic, through returns, receives no gradient"
    (row,) = table(contract(promises=[{"name": "gradients", "verdict": "confirmed", "rows": 2, "detail": said}]))
    assert row["gradients"] == ["the rewards", "the critic, through returns"]
    (row,) = table(contract())
    assert row["files"] == ["numeric/primitives/gae.py"] and missing([row]) == []


@pytest.mark.parametrize("cell", CELLS)
def test_an_empty_cell_is_found(cell: str) -> None:
    claim = contract()
    if cell == "bugs":
        claim["counts"] = {"planted": 1, "refuted": 0}
    if cell == "promises":
        claim = contract(
            promises=[{"name": "gradients", "verdict": "refuted", "rows": 1, "detail": "v receives no gradient"}]
        )
    if cell == "gradients":
        claim = contract(promises=[{"name": "value", "verdict": "confirmed", "rows": 1, "detail": "exact"}])
    if cell == "files":
        claim["channels"]["reference"]["modules"] = []
    found = table(claim, **({"curves": {}} if cell == "curves" else {}))
    if cell == "page":
        found = rows({"alg-t": claim}, {claim["topic"]: {"title": "T", "page": "claims/index.html#t"}}, {"curves": {
            claim["topic"]: [{"algorithm": "t", "environment": "e", "recorded": True}]}})  # fmt: skip
    assert missing(found) == [f"alg-t: {cell}"]


def test_code_without_gradients_needs_no_contract_about_them() -> None:
    silent = contract(promises=[{"name": "value", "verdict": "confirmed", "rows": 1, "detail": "exact"}])
    (row,) = table(silent, without_gradients=["numeric.primitives.gae"])
    assert row["gradients"] == ["takes none"]
    assert without_gradients(ROOT, ["numeric.mdp.solve", "numeric.reference"]) == ["numeric.mdp.solve"]


def test_a_curve_without_a_run_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "docs/topics").mkdir(parents=True)
    (tmp_path / "docs/recorded/runs").mkdir(parents=True)
    (tmp_path / "docs/topics/t.md").write_text(
        "<!-- claims: t -->\n\n<!-- curves: a e -->\n\n<!-- curves: a f -->\n", "utf8"
    )
    (tmp_path / "docs/recorded/runs/a-f.json").write_text(json.dumps({}), "utf8")
    found = shown_curves(tmp_path)["t"]
    assert [(one["environment"], one["recorded"]) for one in found] == [("e", False), ("f", True)]


def test_the_page_prints_the_table() -> None:
    made = data() | {"algorithms": table(contract())}
    text = fill("<!-- algorithms: -->", made, "algorithms.md")
    assert "1 of 1 promises kept" in text and "value, advantage" in text and 'href="topics/t.html"' in text
