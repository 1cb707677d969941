"""What the verdict logic makes of channels that say this or that, on plain data."""

from __future__ import annotations

from typing import Any

import pytest

from proofs.ppo_clip import hw14a
from proofs.runner.verdicts import assemble, judge

CHANNELS = ("proof", "exact", "sympy")


def results(**more: Any) -> dict[str, Any]:
    """What the three channels of hw14a say where all is well; more: channel -> changes."""
    out: dict[str, Any] = {}
    for name in CHANNELS:
        word = "proved" if name == "proof" else "confirmed"
        out[name] = {
            "claim": {"verdict": word, "scope": "all reals"},
            "mutants": {m: {"verdict": "refuted", "detail": "false"} for m in hw14a.mutants},
            "controls": {c: {"verdict": word} for c in hw14a.controls},
        }
    needed = {h.name: {"instance": {}, "outcome": "false", "verdict": "refuted"} for h in hw14a.given}
    out["proof"] |= {"hypotheses": needed, "used": [h.name for h in hw14a.given], "evidence_hash": "0" * 64}
    out["exact"]["witness"] = "true"
    return {name: {**part, **more.get(name, {})} for name, part in out.items()}


def judged(gap: str | None = None, **more: Any) -> dict[str, Any]:
    record = assemble(hw14a, hw14a.mutants, CHANNELS, results(**more))
    return judge({**record, "expected": "proved"}, gap=gap)


def mutants(**words: str) -> dict[str, Any]:
    """The evidence on the mutants of hw14a with some of them changed."""
    found = {m: {"verdict": "refuted", "detail": "false"} for m in hw14a.mutants}
    return {"mutants": {**found, **{k.replace("_", "-"): {"verdict": v, "detail": v} for k, v in words.items()}}}


def test_all_is_well() -> None:
    assert judged()["ok"] and judged()["verdict"] == "proved" and judged()["scope"] == "all reals"


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize("word", ["refuted", "undecided", "error", "not run", "underpowered"])
def test_any_channel_with_another_word_fails_the_claim(name: str, word: str) -> None:
    assert not judged(**{name: {"claim": {"verdict": word}}})["ok"]


def test_a_channel_that_did_not_answer_fails_the_claim() -> None:
    seen = results()
    del seen["sympy"]
    record = judge({**assemble(hw14a, hw14a.mutants, CHANNELS, seen), "expected": "proved"}, gap=None)
    assert not record["ok"] and record["channels"]["sympy"]["verdict"] == "not run"


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("confirmed", "refuted only by others"),
        ("undecided", "refuted only by others"),
        ("error", "crashed"),
        ("not run", "never ran"),
    ],
)
def test_a_mutant_must_be_refuted_by_each_channel_that_it_names(word: str, outcome: str) -> None:
    record = judged(exact=mutants(clip_alone=word))
    assert record["mutants"]["clip-alone"]["outcome"] == outcome and not record["ok"]


def test_a_mutant_that_no_channel_refutes_survives() -> None:
    spared = {name: mutants(clip_alone="confirmed") for name in CHANNELS}
    record = judged(**spared)
    assert record["mutants"]["clip-alone"]["outcome"] == "survived" and "survives" in record["problems"][0]


def test_a_mutant_without_a_result_never_ran() -> None:
    record = judged(exact={"mutants": {}})
    assert record["mutants"]["clip-alone"]["outcome"] == "never ran" and not record["ok"]


def test_a_channel_that_refutes_no_mutant_is_named() -> None:
    record = judged(sympy=mutants(**{m.replace("-", "_"): "confirmed" for m in hw14a.mutants}))
    assert "sympy refutes no mutant of this claim" in record["problems"]


def test_a_control_must_be_confirmed_by_each_channel_that_it_names() -> None:
    record = judged(sympy={"controls": {"in-or-out": {"verdict": "refuted"}}})
    assert record["controls"]["in-or-out"]["outcome"] == "sympy: refuted" and not record["ok"]


def test_an_idle_hypothesis_fails_the_claim() -> None:
    assert any("does not use" in p for p in judged(proof={"used": ["sign"]})["problems"])


def test_a_necessity_that_breaks_nothing_fails_the_claim() -> None:
    kept = {"sign": {"instance": {}, "outcome": "true", "verdict": "undecided"}, "width": {"reason": "said why"}}
    assert judged(proof={"hypotheses": kept})["problems"] == ["the instance without sign does not break the statement"]


def test_a_witness_that_is_not_true_fails_the_claim() -> None:
    assert not judged(exact={"witness": "undefined"})["ok"]


def test_a_listed_gap_passes_and_is_named() -> None:
    record = judged("a step", proof={"claim": {"verdict": "undecided"}})
    assert record["ok"] and record["gap"] == {"missing": "a step"} and record["verdict"] == "undecided"


def test_a_listed_gap_excuses_nothing_else() -> None:
    record = judged("a step", proof={"claim": {"verdict": "undecided"}}, exact={"claim": {"verdict": "refuted"}})
    assert not record["ok"] and record["gap"] is not None


def test_a_gap_that_is_closed_fails() -> None:
    assert "remove the entry" in judged("a step")["problems"][0]


def test_only_a_missing_gpu_excuses_a_channel_that_did_not_run() -> None:
    assert not judged(sympy={"claim": {"verdict": "not run"}})["ok"]
    record = judged(sympy={"claim": {"verdict": "not run", "needs": "gpu"}})
    assert not any("sympy says" in p for p in record["problems"])


def test_scope_and_verdict_come_from_the_judge_only() -> None:
    record = judged(sympy={"claim": {"verdict": "proved", "scope": "all"}}, proof={"claim": {"verdict": "undecided"}})
    assert record["verdict"] == "undecided" and record["scope"] is None
