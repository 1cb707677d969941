"""What the site shows of a contract: its promises and what was found of each, no theorem; and code pulled from the tree."""

from __future__ import annotations

from typing import Any

import pytest

from proofs.runner.site.data import site_data
from proofs.runner.site.homework import step, wrong
from proofs.runner.site.listing import source
from proofs.runner.site.pages import environment, fill, prose
from tests.site.helpers import ROOT, fixture

NAME = "hw14a"
FOUND = {
    "name": "mean-update",
    "verdict": "confirmed",
    "rows": 12,
    "detail": "the mean is the exact value at 12 points",
}


def data() -> dict[str, Any]:
    """The fixture, one claim of it made a contract."""
    ledger, inputs = fixture("ledger"), fixture("inputs")
    record = ledger["claims"][NAME]
    seen = {
        "verdict": "confirmed",
        "seconds": 0.1,
        "functions": [],
        "modules": ["numeric.primitives.gae"],
        "points": 12,
    }
    refuted = {"verdict": "refuted", "detail": "mean update: the mean is -1.0"}
    patch = {"title": "wrong sign", "channels": ["reference"], "refuted_by": ["reference"], "also_refuted_by": []}
    record |= {
        "kind": "contract",
        "expected": "confirmed",
        "verdict": "confirmed",
        "scope": None,
        "latex": None,
        "promises": {"mean-update": "The mean of the update is $\\nabla J < 1$, by `gae`."},
        "hypotheses": [],
        "witness": None,
        "channels": {"reference": {**seen, "promises": [FOUND], "worst": None, "gradients": 0, "boundary": 0}},
        "mutants": {
            "sign": {**patch, "outcome": "refuted", "values": None, "evidence": {"reference": refuted}, "seen_in": None}
        },
        "controls": {},
    }
    return site_data(ledger, inputs["current"], inputs["extras"])


def page(name: str = NAME) -> str:
    made = data()
    return environment().get_template("claim.md.j2").render(data=made, claim=made["claims"][name])


def test_a_contract_shows_its_promises_and_what_was_found_of_each() -> None:
    text = page()
    assert "<strong>mean update</strong>: The mean of the update is" in text
    assert r"\(\nabla J &lt; 1\)" in text and "<code>gae</code>" in text
    assert "the mean is the exact value at 12 points" in text and "<code>numeric.primitives.gae</code>" in text


def test_a_contract_has_no_derivation_and_says_of_no_statement_that_it_is_missing() -> None:
    text = page()
    for heading in (
        "## Derivation",
        "## Hypotheses",
        "## Check it with SymPy",
        "No formal statement yet",
        "Lemmas",
        "Judge",
    ):
        assert heading not in text
    assert "## Derivation" in page("hw23d")  # what is no contract keeps them


def test_its_wrong_variants_are_those_of_code() -> None:
    claim = data()["claims"][NAME]
    assert [(row["id"], row["told"]) for row in wrong(claim)] == [("sign", "mean update: the mean is -1.0")]
    made = data()
    shown = step(made["claims"][NAME], [NAME], made, {})
    text = (
        environment().get_template("sheet_solution.md.j2").render(data=made, root="../", sheet={}, id=NAME, step=shown)
    )
    assert "This is a contract: it is about code" in text and "mean update" in text


def test_a_topic_page_shows_code_and_kill_matrix() -> None:
    text = fill("<!-- code: numeric/primitives/gae.py:td_error -->\n\n<!-- kill: hw14a -->", data(), "topics/gae.md")
    assert "def td_error(" in text and "numeric/primitives/gae.py, line " in text
    assert "wrong sign" in text and "1 of 1" in " ".join(text.replace("<strong>", "").replace("</strong>", "").split())


@pytest.mark.parametrize(
    ("name", "first"),
    [("numeric/envs/base.py:Step", "class Step"), ("numeric/envs/base.py:BatchedEnv.step", "    def step"),
     ("numeric/reference.py:BOUNDARY", "BOUNDARY ="), ("numeric/mdp/model.py:FiniteMDP", "@dataclass")],
)  # fmt: skip
def test_code_is_the_text_of_the_file(name: str, first: str) -> None:
    found = source(ROOT, name)
    assert found["source"].startswith(first) and found["source"] in (ROOT / found["path"]).read_text("utf8")


def test_a_whole_file_may_be_shown() -> None:
    assert source(ROOT, "numeric/primitives/kl.py")["source"] == (ROOT / "numeric/primitives/kl.py").read_text("utf8")


@pytest.mark.parametrize("name", ["numeric/none.py", "../secret.py:x", "README.md", "numeric/primitives/kl.py:nothing"])
def test_code_that_is_not_there_fails_the_build(name: str) -> None:
    with pytest.raises(ValueError, match="code must"):
        source(ROOT, name)


def test_a_sentence_is_escaped_around_its_formulas() -> None:
    assert prose("a < $b < c$ & `d < e`") == (
        'a &lt; <span class="arithmatex">\\(b &lt; c\\)</span> &amp; <code>d &lt; e</code>'
    )


def test_a_contract_uses_the_claims_that_its_code_stands_on() -> None:
    ledger, inputs = fixture("ledger"), fixture("inputs")
    made = site_data(ledger, inputs["current"], inputs["extras"] | {"stands_on": {NAME: ["hw23d"]}})
    assert made["claims"][NAME]["uses"] == ["hw23d"] and NAME in made["claims"]["hw23d"]["used_by"]
