"""What the verdict logic makes of channels that say this or that, on plain data."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, get_args

import pytest

from proofs.ppo_clip import hw14a
from proofs.runner.channels import proof
from proofs.runner.discovery import catalogue
from proofs.runner.schema import Fate, Fault, faults
from proofs.runner.verdicts import FATES, assemble, distinct, judge
from tests.runner.tree import ROOT, Tree

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
        ("confirmed", "refuted in part"),
        ("undecided", "refuted in part"),
        ("underpowered", "refuted in part"),
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


def variant(named: tuple[str, ...], **seen: dict[str, Any]) -> dict[str, Any]:
    """The row of a mutant of hw14a that names these channels, of each of which `seen` says what it saw."""
    one = replace(hw14a.mutants["clip-alone"], channels=named)
    ran = {c: {"claim": {"verdict": "confirmed"}, "mutants": {one.id: found}} for c, found in seen.items()}
    return assemble(hw14a, {one.id: one}, (*CHANNELS, "montecarlo"), ran)["mutants"][one.id]


REFUTED, TRUE, UNSURE, BROKE = ({"verdict": word} for word in ("refuted", "confirmed", "undecided", "error"))
STEADY = {"verdict": "confirmed", "same": True, "values": "a"}
FAULTS = ("changes nothing", "same code", "does not apply", "not importable", "no effect")


@pytest.mark.parametrize(
    ("named", "seen", "outcome"),
    [
        (("proof", "exact"), {"proof": REFUTED, "exact": REFUTED, "sympy": TRUE}, "refuted"),
        (("proof", "exact"), {"proof": REFUTED, "exact": TRUE}, "refuted in part"),
        (("exact",), {"exact": TRUE, "sympy": REFUTED}, "refuted only by others"),
        (("exact",), {"exact": UNSURE, "sympy": REFUTED}, "refuted only by others"),
        ((), {"sympy": REFUTED}, "refuted only by others"),
        (("exact", "proof"), {"exact": TRUE, "proof": UNSURE}, "survived"),
        (("proof",), {"proof": UNSURE, "exact": TRUE}, "undecided"),
        (("montecarlo",), {"montecarlo": {"verdict": "underpowered"}}, "undecided"),
        (("proof", "exact"), {"proof": REFUTED}, "never ran"),
        (("proof",), {"proof": {"verdict": "not run"}, "exact": REFUTED}, "never ran"),
        ((), {"exact": TRUE}, "never ran"),
        (("proof", "exact"), {"proof": REFUTED, "exact": BROKE}, "crashed"),
        (("sympy",), {"sympy": BROKE, "exact": REFUTED}, "crashed"),
        (("proof", "exact"), {"proof": REFUTED, "exact": {**REFUTED, "same": True}}, "equal to the claim"),
        (("proof",), {"proof": UNSURE, "exact": STEADY}, "equal to the claim"),
        *[(("proof", "exact"), {"proof": REFUTED, "exact": {**BROKE, "fault": f}}, f) for f in FAULTS],
    ],
)
def test_each_case_has_its_own_word(named: tuple[str, ...], seen: dict[str, Any], outcome: str) -> None:
    row = variant(named, **seen)
    assert row["outcome"] == outcome
    made = judge({**assemble(hw14a, {}, (), {}), "mutants": {"m": row}, "expected": "proved"}, gap=None)
    assert [p for p in made["problems"] if p.startswith(f"the mutant m {FATES[outcome]}")] or outcome == "refuted"


def test_the_words_are_those_of_the_schema_and_only_one_of_them_counts() -> None:
    assert (
        set(FATES) == set(get_args(Fate))
        and set(FAULTS) == set(get_args(Fault))
        and len(set(FATES.values())) == len(FATES)
    )
    row = variant(("exact",), exact=TRUE, sympy=REFUTED)
    assert (
        row["refuted_by"] == [] and row["also_refuted_by"] == ["sympy"] and set(row["evidence"]) == {"exact", "sympy"}
    )


def test_what_a_channel_that_is_not_named_does_not_refute_is_not_kept() -> None:
    row = variant(("proof",), proof=REFUTED, exact={**TRUE, "values": "v"}, sympy=BROKE)
    assert set(row["evidence"]) == {"proof"} and row["values"] == "v"


def test_the_claim_itself_is_no_mutant_whatever_refutes_it() -> None:
    one = replace(hw14a.mutants["clip-alone"], statement=hw14a.statement)
    seen = results()
    row = assemble(hw14a, {one.id: one}, CHANNELS, seen)
    assert row["mutants"][one.id]["outcome"] == "equal to the claim"
    problems = judge({**row, "expected": "proved"}, gap=None)["problems"]
    assert "the mutant clip-alone is equal to the claim on every instance" in problems
    assert "exact refutes no mutant of this claim" in problems, "refuting the claim itself shows nothing"


def test_mutants_of_equal_worth_count_once_also_those_of_source_and_hide_no_survivor() -> None:
    rows = {
        "a": {"outcome": "refuted", "values": "v"}, "b": {"outcome": "survived", "values": "v"},
        "c": {"outcome": "refuted", "values": "w"}, "d": {"outcome": "refuted", "values": None},
        "e": {"outcome": "refuted", "values": None},
    }  # fmt: skip
    assert sorted(str(m["outcome"]) for m in distinct(rows)) == ["refuted", "refuted", "refuted", "survived"]


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


# ------------------------------------------------------------------------------------- the same in whole runs
FATEFUL = '''
"""Mutants that come to different ends."""
from proofs.claims import Claim, Mutant, Topic, lemma
from proofs.language import Eq, Le, Vocabulary

TOPIC = Topic("fateful", "Ends of mutants")
NAMES = Vocabulary()
a = NAMES.real("a")
claim = TOPIC.claim("ends", "a double", kind="identity", source=lemma("tests"), vocabulary=NAMES, says=Eq(2 * a, a + a),
                    witness={"reals": {"a": "2/3"}})
claim.proof(lambda pf, goal: pf.prove(goal))
three = {"reals": {"a": "3"}}
claim.mutant("refuted", Eq(2 * a, a))
claim.mutant("refuted-too", Eq(2 * a, 1 * a), at=three, title="the same again")
claim.mutant("equal-here", Eq(2 * a, a + a + (3 * a - 2) * (3 * a - 2)))
claim.mutant("others", Eq(2 * a, 3 * a), channels=("montecarlo",))
claim.mutant("in-part", Eq(2 * a, 4 * a), channels=("exact", "montecarlo"))
claim.mutant("survivor", Le(2 * a, a + a + 1))
claim.mutant("unsure", Le(2 * a, a + a + 2), channels=("proof",))
claim.mutants["itself"] = Mutant("itself", "the claim", ("proof", "exact"), claim.statement, claim.witness)
'''
SAMPLED = """
from proofs.fateful import claim as fateful
SECOND = Evidence(fateful)
SECOND.montecarlo({}, estimand=fateful.says, target=fateful.says)
EVIDENCE = [EVIDENCE, SECOND]
"""


def ends(tree: Tree, name: str, **environment: str) -> tuple[dict[str, Any], dict[str, str], str]:
    """The claim's record in the ledger, what became of each mutant, and what the run printed."""
    done = tree.command("verify", name, "--explain", **environment)
    assert done.returncode == 1, done.stdout + done.stderr
    assert faults(tree.ledger()) == []
    record = tree.ledger()["claims"][name]
    return record, {k: m["outcome"] for k, m in record["mutants"].items()}, done.stdout


def test_a_run_gives_each_statement_its_own_word(fresh: Tree) -> None:
    fresh.write("proofs/fateful.py", FATEFUL)
    fresh.write("fake_evidence.py", (fresh.folder / "fake_evidence.py").read_text() + SAMPLED)
    fresh.command("ids", "--update")
    record, found, text = ends(fresh, "ends", FAKE="credulous")
    assert found == {
        "refuted": "refuted", "refuted-too": "refuted", "equal-here": "equal to the claim", "others": "refuted only by others",
        "in-part": "refuted in part", "survivor": "survived", "unsure": "undecided", "itself": "equal to the claim",
    }  # fmt: skip
    assert record["mutants"]["others"]["refuted_by"] == [] and record["mutants"]["others"]["also_refuted_by"] == [
        "proof", "exact", "sympy",
    ]  # fmt: skip
    assert "1 of 6 refuted" in text and "(of 8 planted, 2 are worth the same as another and count once)" in text
    assert "others is refuted only by a channel that it does not name" in text


def test_a_run_gives_a_crash_and_an_effect_that_is_too_small_their_own_word(fresh: Tree) -> None:
    old, new = (
        'raise OverflowError("too far")',
        'return {"verdict": "error", "fault": "no effect", "detail": "below 2 delta"}',
    )
    assert ends(fresh, "two", FAKE="crash")[1] == {"wrong": "crashed"}
    fresh.edit("fake_engine.py", old, new)
    record, found, text = ends(fresh, "two", FAKE="crash")
    assert found == {
        "wrong": "no effect"
    } and "has too small an effect to be seen (montecarlo: below 2 delta)" in " ".join(record["problems"])


TINY = '''
"""One product."""
from __future__ import annotations

from torch import Tensor


def product(a: Tensor, b: Tensor) -> Tensor:
    """a (b + 1)."""
    return a * (b + 1)  # in one piece


def spare(x: Tensor) -> Tensor:
    return x
'''
CODE = """
from proofs.tiny import a, b, three
from proofs.tiny import at as place

CODE, MODULE = Evidence(three), "numeric.primitives.tiny"
CODE.reference(MODULE + ":product", arguments={"a": a, "b": b}, value=three.says.args[1], slopes={"a": b + 1, "b": a},
               points=[place("2/3", "7/5")])
CODE.patch("refuted", MODULE, "(b + 1)  #", "(b - 1)  #")
CODE.patch("refuted-too", MODULE, "a * (b + 1)  #", "a * (b - 1.0)  #")
CODE.patch("nowhere", MODULE, "(b + 2)", "(b - 2)")
CODE.patch("twice", MODULE, "(b + 1)", "(b - 1)")
CODE.patch("remark", MODULE, "in one piece", "at once")
CODE.patch("docstring", MODULE, "One product", "A product")
CODE.patch("syntax", MODULE, "(b + 1)  #", "(b + 1 #")
CODE.patch("import", MODULE, "from torch import", "from no_torch import")
CODE.patch("renamed", MODULE, "def product(", "def renamed(")
CODE.patch("elsewhere", MODULE, "return x", "return -x")
CODE.patch("rewritten", MODULE, "a * (b + 1)  #", "(b + 1) * a  #")
CODE.patch("crash", MODULE, "a * (b + 1)  #", "a.nothing(b + 1)  #")
EVIDENCE = [EVIDENCE, CODE]
"""
CODE_OF_NUMERIC = ("__init__", "reference", "experiments/__init__", "experiments/channel", "experiments/points")


def test_a_run_gives_each_patch_of_source_its_own_word(fresh: Tree) -> None:
    for folder in ("numeric/experiments", "numeric/primitives"):
        (fresh.folder / folder).mkdir(parents=True)
    for name in (*CODE_OF_NUMERIC, "experiments/rounding", "primitives/__init__"):
        fresh.write(f"numeric/{name}.py", (ROOT / "numeric" / f"{name}.py").read_text("utf8"))
    fresh.write("numeric/primitives/tiny.py", TINY)
    fresh.write("fake_evidence.py", (fresh.folder / "fake_evidence.py").read_text() + CODE)
    fresh.edit("rlproofs-0.0.0.dist-info/entry_points.txt", "montecarlo =",
               "reference = numeric.experiments.channel:CHANNEL\nmontecarlo =")  # fmt: skip
    record, found, text = ends(fresh, "three")
    assert record["channels"]["reference"]["verdict"] == "confirmed", record["channels"]["reference"]
    assert found == {
        "wrong": "refuted", "refuted": "refuted", "refuted-too": "refuted", "nowhere": "does not apply",
        "twice": "does not apply", "remark": "same code", "docstring": "same code", "syntax": "not importable",
        "import": "not importable", "renamed": "not importable", "elsewhere": "changes nothing",
        "rewritten": "changes nothing", "crash": "crashed",
    }  # fmt: skip
    values = {name: m["values"] for name, m in record["mutants"].items()}
    assert values["refuted"] == values["refuted-too"] != values["elsewhere"] == values["rewritten"]
    assert re.search(r"reference +product is 0\.26\d+ where the exact value is 1\.6 ", text)


def test_a_step_that_cites_names_the_one_claim_that_it_cites() -> None:
    found = catalogue().claims["hw08f"]
    steps = [
        s for line in proof.run(found, versions={}, seconds=100, made={})["claim"]["derivation"] for s in line["small"]
    ]
    assert [s["cites"] for s in steps if s["rule"] == "cite"] == ["hw08f-step"]
    assert not any("cites" in s for s in steps if s["rule"] != "cite")
    with pytest.raises(ValueError, match="none of the claims used; got 000000000000"):
        proof.cited(found, "0" * 64)
