"""The errata say no more than the ledger: every entry has its counterexample there, or stands apart."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from proofs.runner.discovery import catalogue
from proofs.runner.site.data import site_data
from proofs.runner.site.errata import BadErratum, errata, plainly
from proofs.runner.site.inputs import errata_rows
from proofs.runner.site.pages import fill
from tests.site.helpers import ROOT, fixture

Data = dict[str, Any]
TEXT = {"where": "homework, problem 0", "says": "A thing.", "why": "", "instead": []}


def ledger() -> Data:
    """The fixture with one claim made a false sentence that the run refuted."""
    found = fixture("ledger")
    found["claims"]["hw14b"].update(kind="false sentence", expected="refuted", verdict="refuted")
    return found


def data(rows: list[Data], book: Data | None = None) -> Data:
    inputs = fixture("inputs")
    return site_data(book or ledger(), inputs["current"], {**inputs["extras"], "errata": rows})


def only(row: Data, book: Data | None = None) -> Data:
    """The entry that a row makes, wherever it stands."""
    found = data([row], book)["errata"]
    entries = [one for document in found["documents"] for one in document["entries"]] + found["open"]
    return next(one for one in entries if one["where"] == row["where"])


SENTENCE = {**TEXT, "sentence": "hw14b", "instead": ["hw14a"]}
HYPOTHESIS = {**TEXT, "hypothesis": "hw14a:sign"}
MUTANT = {**TEXT, "mutant": "hw23c:ratio-upside-down"}
CONTRARY = {**TEXT, "contrary": "hw23d"}


def test_a_false_sentence_is_shown_with_its_counterexample_and_the_corrected_claim() -> None:
    one = only(SENTENCE)
    assert one["backed"] and one["at"] == ledger()["claims"]["hw14b"]["witness"]["instance"]
    text = fill("<!-- errata: -->", data([SENTENCE]), "errata.md")
    assert "counterexample" in text and 'href="claims/hw14a.html"' in text


def test_a_missing_hypothesis_is_shown_with_the_instance_that_needs_it() -> None:
    one = only(HYPOTHESIS)
    assert one["backed"] and one["at"]["reals"]["A"] == "-1" and one["needs"] == "A >= 0"


def test_a_wrong_variant_and_a_contrary_claim_are_evidence_too() -> None:
    assert only(MUTANT)["backed"] and only(MUTANT)["found"]
    assert only(CONTRARY)["backed"] and only(CONTRARY)["claim"] == "hw23d"


def test_what_was_found_is_told_in_words() -> None:
    assert plainly("false at its own: no sides") == "false at an instance of its own"
    assert plainly("false at witness: 1 against 2") == "false at the claim's witness: 1 against 2"


def unrefuted(book: Data, row: Data) -> None:
    """Take the evidence of a row away."""
    claims = book["claims"]
    claims["hw14a"]["hypotheses"][0]["necessity"]["verdict"] = "undecided"
    claims["hw23c"]["mutants"]["ratio-upside-down"]["outcome"] = "survived"
    claims["hw23d"]["verdict"] = "undecided"
    claims["hw14b"]["verdict"] = "undecided"


@pytest.mark.parametrize("row", [SENTENCE, HYPOTHESIS, MUTANT, CONTRARY])
def test_an_entry_that_the_run_does_not_back_stands_apart(row: Data) -> None:
    book = ledger()
    unrefuted(book, row)
    assert row["where"] in [one["where"] for one in data([row], book)["errata"]["open"]]
    text = fill("<!-- errata: -->", data([row], book), "errata.md")
    assert "not backed by this run" in text and "It says:" not in text.split('id="not-backed"')[1]


def test_a_false_sentence_without_an_entry_is_shown_all_the_same() -> None:
    found = data([])["errata"]
    assert [one["claim"] for one in found["documents"][0]["entries"]] == ["hw14b"]
    assert "No corrected claim is named yet" in fill("<!-- errata: -->", data([]), "errata.md")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({**TEXT, "sentence": "hw99"}, "names hw99, which is no claim"),
        ({**SENTENCE, "instead": ["hw99"]}, "names hw99, which is no claim"),
        ({**TEXT, "sentence": "hw14a"}, "must be a false sentence"),
        ({**TEXT, "hypothesis": "hw14a:none"}, "has none of that name"),
        ({**TEXT, "mutant": "hw23c:none"}, "has none of that name"),
        (TEXT, "one of sentence"),
        ({**SENTENCE, "contrary": "hw23d"}, "one of sentence"),
        ({**SENTENCE, "remark": "x"}, "one of sentence"),
    ],
)
def test_a_slip_in_the_file_is_an_error(row: Data, says: str) -> None:
    with pytest.raises(BadErratum, match=says):
        data([row])


def test_every_false_sentence_of_the_catalogue_has_an_entry() -> None:
    named = {row.get("sentence") for row in errata_rows(ROOT)}
    assert [c.id for c in catalogue().claims.values() if c.kind == "false sentence" and c.id not in named] == []


def test_every_entry_names_claims_hypotheses_and_variants_that_there_are() -> None:
    found = catalogue()
    claims = {
        name: {
            "id": name,
            **dict.fromkeys(("title", "source"), ""),
            "kind": claim.kind,
            "verdict": "",
            "ok": True,
            "latex": "",
            "witness": None,
            "hypotheses": [{"id": h.name, "text": h.text, "latex": ""} for h in claim.given],
            "mutants": {m: {"evidence": {}, "outcome": ""} for m in found.mutants(claim)},
        }
        for name, claim in found.claims.items()
    }
    assert len(errata(claims, errata_rows(ROOT))["open"]) >= len(errata_rows(ROOT)) > 10
    assert tomllib.loads((ROOT / "proofs/errata.toml").read_text("utf8"))["erratum"] == errata_rows(ROOT)
