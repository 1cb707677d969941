"""The page on citing prints what the ledger holds of its example, and nothing that could grow stale."""

from __future__ import annotations

import re
from pathlib import Path

from proofs.runner.site.data import site_data
from proofs.runner.site.pages import fill
from tests.site.helpers import ROOT, fixture


def test_no_hash_is_typed_into_the_page() -> None:
    assert re.findall(r"\b[se]:[0-9a-f]{6,}", (ROOT / "docs/cite.md").read_text("utf8")) == []


def test_hashes_and_commands_are_those_of_the_ledger(built: Path) -> None:
    text = re.sub(r"<[^>]+>", "", (built / "cite.html").read_text("utf8"))
    record = fixture("ledger")["claims"]["hw23c"]
    for hash_ in (f"s:{record['statement_hash']}", f"e:{record['evidence_hash']}"):
        assert hash_ in text and f"rlproofs verify hw23c@1 --expect-hash {hash_[:14]}\n" in text


def test_a_claim_that_is_not_proved_is_not_quoted_as_proved() -> None:
    ledger, inputs = fixture("ledger"), fixture("inputs")
    ledger["claims"]["hw23c"].update(verdict="undecided", scope=None, evidence_hash=None)
    data = site_data(ledger, inputs["current"], inputs["extras"])
    assert "hw23c@1, undecided, s:" in fill("<!-- quote: hw23c -->", data, "cite.md")
    assert "e:" not in fill("<!-- again: hw23c -->", data, "cite.md").replace("fixture", "")
