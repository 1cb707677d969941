"""`rlproofs plan`: every word that a reader needs to judge a sample size, and no draw."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from proofs.runner.cli import app
from proofs.runner.discovery import catalogue, load
from proofs.runner.planned import planned

FOUND = catalogue()
ENGINE = load(FOUND.engines["montecarlo"])


def printed(name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the command prints; whoever draws a number in it is an error."""

    def drew(*_: Any) -> None:
        raise AssertionError("a plan draws nothing")

    monkeypatch.setattr("numeric.montecarlo.estimate.chunk_generator", drew)
    monkeypatch.setattr("numeric.montecarlo.budget.Budget.charge", drew)
    done = CliRunner().invoke(app, ["plan", name])
    assert done.exit_code == 0, done.output
    return done.output


def records(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ENGINE.plan(FOUND.evidence[name], version=1)
    return found


def test_the_plan_of_an_ordering_says_all_that_its_sample_size_rests_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """estimand, range, delta, alpha, power, n, expected seconds, and the effect of each mutant."""
    text, (claim, *variants) = printed("hw10a.2", monkeypatch), records("hw10a.2")
    lines = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert "E[(td(m) - td(k))^2]" in lines["estimand"] and "0.385819" in lines["target"]
    assert f"[{claim['low']:.6g}, {claim['high']:.6g}] on every outcome" in text and f"{claim['sd']:.6g}" in text
    assert f"{claim['delta']:.6g}: 2 % of the standard deviation" in lines["delta"]
    assert "1e-09: the chance of a wrong verdict" in lines["alpha"] and "0.999" in lines["power"]
    assert lines["n"].split()[1] == f"{claim['n']:,}" and f"{claim['expected_seconds']:.2g} s" in lines["n"]
    assert claim["bound"] in lines["bound"] and all(name in lines["bound"] for name in dict(claim["settings"]))
    for one in variants:
        row = next(line for line in text.splitlines() if line.strip().startswith(one["check"]))
        assert f"{one['effect']:.6g}" in row and f"{one['effect'] / one['delta']:.1f}" in row and one["bound"] in row
    assert "5 checks charge 5e-09" in text and len(text.splitlines()[0]) <= 100


def test_several_means_are_planned_one_by_one_and_charged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text, own = printed("hw11b", monkeypatch), [r for r in records("hw11b") if r["variant"] == "statement"]
    assert len(own) == text.count("  estimand ") == 2
    assert "5e-10 for each of 2 means" in text and "6 checks charge 6e-09" in text


def test_two_values_are_said_to_be_two(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed("hw23a", monkeypatch)
    assert "is -1.60944 or 0.587787 on every outcome" in text and "bound       binomial" in text


def test_a_check_that_would_not_be_drawn_says_why() -> None:
    claim, found = FOUND.claims["hw10a.2"], records("hw10a.2")
    found[1] = {**found[1], "problem": "the mutant's effect must be at least 2 delta"}
    assert "not drawn: the mutant's effect must be at least 2 delta" in planned(claim, found)


def test_another_engines_plan_is_printed_as_it_explains_itself() -> None:
    assert (
        planned(FOUND.claims["hw10a.2"], [{"check": "statement", "explained": "one sample"}]) == "statement: one sample"
    )


def test_a_claim_that_is_not_sampled_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    name = next(c for c in FOUND.claims if "montecarlo" not in FOUND.channels(FOUND.claims[c]))
    assert f"{name} is not sampled" in printed(name, monkeypatch)
