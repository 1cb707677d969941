"""`rlproofs verify ... --explain`: the kill matrix, what stands behind each cell, and why a cell is empty."""

from __future__ import annotations

import re
from typing import Any

import pytest

from proofs.claims import Claim, Topic, lemma
from proofs.kernel.poly import need
from proofs.language import All, Le, Lt, Vocabulary, local_index
from proofs.runner.channels import exact
from proofs.runner.discovery import catalogue
from proofs.runner.explain import explained, mark, score
from proofs.runner.plain import WIDTH
from proofs.runner.summary import line
from tests.runner.tree import Tree

FOUND = catalogue()
HW23C = FOUND.claims["hw23c"]
SMALL = {"ints": {"n": 1}, "tables": {"p": ["1"], "q": ["1"]}}
SEEN: dict[str, Any] = {
    "proof": {"verdict": "refuted", "detail": "counterexample: ...", "outcome": "false", "instance": HW23C.witness},
    "sympy": {"verdict": "refuted", "detail": "exit 3: ...", "why": "the claim: residual -1"},
    "exact": {
        "verdict": "refuted", "detail": "...", "at": "small", "instance": SMALL, "outcome": "false",
        "sides": [["1 + ln(2)", "1.69315"], ["0", "0"]], "values": "a",
    },
    "montecarlo": {
        "verdict": "refuted", "detail": "...", "interval": [1.25, 1.26], "target": 0.2557, "delta": 0.00367, "n": 300186,
        "effects": {"wrong": 1.0},
    },
    "reference": {"verdict": "refuted", "detail": "kl_k3 is 1.0 where the exact value is 0.0 at logp = 0.0"},
}  # fmt: skip


def mutant(*named: str, **more: Any) -> dict[str, Any]:
    """A row that all that it names refute."""
    evidence = {c: SEEN[c] for c in named}
    row = {"title": "without the -1", "channels": list(named), "refuted_by": list(named), "also_refuted_by": []}
    return {**row, "outcome": "refuted", "values": None, "evidence": evidence, "seen_in": None, **more}


def record(**mutants: Any) -> dict[str, Any]:
    """A record of hw23c, as a ledger holds it."""
    channels = {c: {"verdict": "proved" if c == "proof" else "confirmed", "detail": "as said"} for c in SEEN}
    head = {"id": "hw23c", "version": 1, "title": HW23C.title, "verdict": "proved", "scope": "all sizes (n)"}
    return {**head, "channels": channels, "mutants": mutants, "controls": {"three-means": {"outcome": "confirmed"}}}


def told(**mutants: Any) -> str:
    return explained(FOUND, {"hw23c": record(**mutants)}, {})


def test_the_matrix_has_a_row_for_each_mutant_and_a_column_for_each_channel() -> None:
    text = told(wrong=mutant("proof", "sympy", "exact", "montecarlo"), code=mutant("reference"))
    assert re.search(r"(?m)^  wrong variant  proof  sympy  exact  montecarlo  reference  outcome$", text)
    assert re.search(r"(?m)^  wrong +x +x +x +x +\. +refuted$", text)
    assert re.search(r"(?m)^  code +\. +\. +\. +\. +x +refuted$", text)
    assert "2 of 2 wrong variants refuted" in text and "true re-wordings: three-means confirmed" in text
    assert "empty cells" not in text


def test_each_mutant_is_told_with_what_refuted_it() -> None:
    text = told(wrong=mutant("proof", "sympy", "exact", "montecarlo", "reference", seen_in="a library"))
    said = {line.split()[0]: line for line in text.partition("  wrong: without the -1")[2].splitlines() if line.strip()}
    assert said["proof"].endswith("false at the witness, by the rule counterexample")
    assert said["sympy"].endswith("the claim: residual -1")
    assert said["exact"].endswith("false at n = 1; p = 1; q = 1: 1 + ln(2) (1.69315) against 0")
    assert said["montecarlo"].endswith(
        "mean in [1.25, 1.26], target 0.2557; delta 0.00367, effect 1, n 300,186"
    ) and said["reference"].endswith("kl_k3 is 1.0 where the exact value is 0.0 at logp = 0.0")
    assert said["seen"].endswith("a library")


@pytest.mark.parametrize(
    ("found", "sign"),
    [
        ({"verdict": "confirmed"}, "NO"),
        ({"verdict": "undecided"}, "NO"),
        ({"verdict": "error"}, "crash"),
        (None, "none"),
    ],
)
def test_an_empty_cell_is_marked_and_told_with_its_reason(found: dict[str, Any] | None, sign: str) -> None:
    seen = {"proof": SEEN["proof"]} | ({"exact": {**found, "detail": "why not"}} if found else {})
    row = mutant("proof", outcome="refuted in part", evidence=seen) | {"channels": ["proof", "exact"]}
    assert mark(row, "exact") == sign and mark(row, "proof") == "x" and mark(row, "sympy") == "."
    text = told(wrong=row)
    assert "  empty cells\n    wrong is not refuted by every channel that it names\n" in text
    assert f"wrong, exact: {found['verdict']}: why not" in text if found else "wrong, exact: no result" in text
    assert "the column exact: it refutes no wrong variant of this claim" in text


def test_a_channel_that_is_not_named_has_a_mark_of_its_own() -> None:
    row = mutant("exact", refuted_by=[], also_refuted_by=["proof"], outcome="refuted only by others", evidence=SEEN)
    assert mark(row, "proof") == "(x)"
    text = told(wrong=row)
    assert "(x) refutes it, though the variant does not name it" in text and "0 of 1 wrong variants refuted" in text


def test_mutants_that_are_worth_the_same_are_counted_once_and_said_to_be() -> None:
    rows = {name: mutant("exact", values="a" if name != "c" else "b") for name in "abc"}
    assert (
        score(record(**rows))[0]
        == "  2 of 2 wrong variants refuted; of 3, 1 is worth the same as another and counts once"
    )


def test_no_line_is_longer_than_a_terminal_and_nothing_is_coloured() -> None:
    long = mutant("sympy", "reference", evidence={
        "sympy": {"verdict": "refuted", "detail": "", "why": "residual-" + "7" * 300},
        "reference": {"verdict": "error", "detail": "x" * 250},
    }, refuted_by=["sympy"], outcome="crashed", title="t" * 130)  # fmt: skip
    text = told(**{"a-name-that-is-much-longer-than-its-column": long})
    assert max(map(len, text.splitlines())) <= WIDTH and "\x1b" not in text
    assert "7" * 60 in text, "broken, not left out"


def test_a_claim_without_a_wrong_variant_says_so() -> None:
    assert "no wrong variant is planted" in told()


# ------------------------------------------------------------------------------------- what the exact channel finds out
NAMES = Vocabulary()
n, x = NAMES.size("n"), NAMES.real("x")
f = NAMES.function("f")
i = local_index("i")


def at(x: str, *values: str) -> dict[str, Any]:
    return {"ints": {"n": len(values)}, "reals": {"x": x}, "tables": {"f": list(values)}}


def bounded(**mutants: Any) -> Claim:
    """x is at least each f(i), with mutants that say other things; (what it says, its instance)."""
    claim = Topic("test", "Test").claim(
        "bounded", "a bound", kind="inequality", source=lemma("tests"), vocabulary=NAMES, says=All(i, 0, n, Le(f(i), x)),
        witness=at("9", "2", "3", "5"), instances={"small": at("8", "3", "7"), "one": at("4", "4")},
    )  # fmt: skip
    for name, (says, own) in mutants.items():
        claim.mutant(name, says, at=own)
    return claim


def test_the_smallest_instance_is_told_with_the_index_and_both_sides() -> None:
    found = exact.run(bounded(strict=(All(i, 0, n, Lt(f(i), x)), None), most=(All(i, 0, n, Le(f(i), 4)), None)))[
        "mutants"
    ]
    assert (found["strict"]["at"], found["strict"]["instance"], found["strict"]["where"]) == (
        "one",
        at("4", "4"),
        "index 0",
    )
    assert found["strict"]["sides"] == [["4", "4"], ["4", "4"]]
    assert (found["most"]["at"], found["most"]["where"], found["most"]["sides"]) == (
        "small",
        "index 1",
        [["7", "7"], ["4", "4"]],
    )
    assert found["most"]["detail"] == "false at small, index 1: 7 against 4"


def test_two_mutants_are_equal_only_where_every_comparison_within_them_is() -> None:
    found = exact.run(bounded(
        a=(All(i, 0, n, Le(f(i), x - 6)), None), b=(All(i, 0, n, Le(f(i), x - 7)), None),
        c=(All(i, 0, n, Le(f(i), x - 8 + 2)), None),
    ))["mutants"]  # fmt: skip
    assert found["a"]["values"] == found["c"]["values"] != found["b"]["values"]


def test_mutants_that_agree_at_the_claims_instances_are_seen_at_each_others_too() -> None:
    far = (x - 9) * (x - 8) * (x - 4)  # 0 at all of the claim's instances
    found = exact.run(bounded(
        a=(All(i, 0, n, Le(f(i) + far, x)), at("10", "1")), b=(All(i, 0, n, Le(f(i) + far * (x - 10), x)), at("12", "1")),
    ))["mutants"]  # fmt: skip
    assert [m["verdict"] for m in found.values()] == ["refuted"] * 2 and found["a"]["values"] != found["b"]["values"]
    assert found["a"]["at"] == "the instance of a" and "same" not in found["a"]


def test_a_mutant_that_is_worth_the_same_as_the_claim_everywhere_says_so() -> None:
    far = (x - 9) * (x - 8) * (x - 4)
    found = exact.run(bounded(a=(All(i, 0, n, Le(f(i) + far, x)), None)))["mutants"]["a"]
    assert found["same"] and found["verdict"] == "confirmed"
    found = exact.run(bounded(a=(All(i, 0, n, Le(f(i) + far, x)), at("10", "1"))))["mutants"]["a"]
    assert "same" not in found and found["verdict"] == "refuted" and found["at"] == "its own"


def test_what_is_not_decided_is_equal_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    far = (x - 9) * (x - 8) * (x - 4)
    like = {name: (All(i, 0, n, Le(f(i) + k * far, x)), None) for name, k in (("a", 1), ("b", 2))}
    assert all(m.get("same") for m in exact.run(bounded(**like))["mutants"].values())
    monkeypatch.setattr(exact, "MOST_PARTS", 1)
    few = exact.run(bounded(**like))["mutants"]
    monkeypatch.setattr(exact, "Values", lambda *_: need(False, "it takes too long"))
    none = exact.run(bounded(**like))["mutants"]
    for found in (few, none):
        assert found["a"]["values"] != found["b"]["values"] and not any(m.get("same") for m in found.values())
    assert [m["verdict"] for m in none.values()] == ["undecided"] * 2


# ------------------------------------------------------------------------------------- the command
def test_the_command_explains_recorded_results_without_running_anything(tree: Tree) -> None:
    done = tree.command("verify", "two", "--explain", FAKE="die")
    assert done.returncode == 0 and "4 of 4" not in done.stdout and "two@1  identity two\n" in done.stdout
    assert "proved; all reals; from recorded results" in done.stdout
    assert re.search(r"(?m)^  wrong +x +x +x +x +refuted$", done.stdout)
    assert re.search(r"exact +false at the witness: 4/3 \(1.33333\) against 2/3 \(0.666667\)", done.stdout)
    assert max(map(len, done.stdout.splitlines())) <= WIDTH and "\x1b" not in done.stdout


def test_a_topic_and_a_source_are_explained_claim_by_claim(tree: Tree) -> None:
    for words in (["tiny"], ["this project"], []):
        text = tree.command("verify", *words, "--explain").stdout
        assert [f"{name}@" in text for name in ("one", "two", "three", "open")] == [True] * 4


def test_a_failing_claim_is_told_which_cell_is_empty_and_why(fresh: Tree) -> None:
    done = fresh.command("verify", "two", "--explain", FAKE="crash")
    assert done.returncode == 1
    assert (
        "    wrong crashed, which refutes nothing\n      wrong, montecarlo: error: OverflowError: too far\n"
        in done.stdout
    )
    assert "the column montecarlo: it refutes no wrong variant" in done.stdout
    assert re.search(r"(?m)^  wrong +x +x +x +crash +crashed$", done.stdout)
    assert max(map(len, done.stdout.splitlines())) <= WIDTH


def test_the_line_of_a_claim_fits_whatever_its_scope_is() -> None:
    long = {
        "gap": None,
        "verdict": "proved",
        "scope": "all sizes (" + "n, " * 60 + ")",
        "cached": False,
        "seconds": 12345.6,
    }
    for ok in (True, False):
        said = line({**long, "id": "an-id-that-is-long-enough-for-anyone", "ok": ok})
        assert len(said) == WIDTH and said.startswith("proved ") and ok is not said.endswith("NOT AS EXPECTED")
