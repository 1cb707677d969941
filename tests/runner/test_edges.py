"""Where a comparison, a count or a line of text turns: what would change without a trace elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from numeric.montecarlo.budget import Budget
from proofs.claims import Claim, Hypothesis, Topic, lemma
from proofs.language import Eq, Vocabulary
from proofs.ppo_clip import hw14a
from proofs.runner import cli, ids, ledger, run, show, told, withdrawn
from proofs.runner.attempt import Attempt, Refusal
from proofs.runner.channels.proof import necessity, small
from proofs.runner.declared import names
from proofs.runner.discovery import Broken, NotFound, catalogue
from proofs.runner.explain import number
from proofs.runner.limits import Limits
from proofs.runner.plain import WIDTH, beside
from proofs.runner.pool import SAID, Worker
from proofs.runner.readings import text
from proofs.runner.run import Run, count, of_device, totals
from proofs.runner.schema import faults
from proofs.runner.summary import attacked, head, line
from proofs.runner.verdicts import assemble, judge, of_hypotheses
from proofs.runner.work import devices
from tests.runner.test_verdicts import CHANNELS, results

FOUND = catalogue()
FIXTURE = Path(__file__).parents[1] / "site" / "fixture_ledger.json"
NAMES = Vocabulary()
a, b, c = NAMES.real("a"), NAMES.real("b"), NAMES.real("c")
V = NAMES.function("V")


def claim(**more: Any) -> Claim:
    facts: dict[str, Any] = {"kind": "identity", "source": lemma("tests"), "vocabulary": NAMES, "witness": {}}
    return Topic("test", "Test").claim("one", "a claim of the tests", **facts | {"says": Eq(a + b, b + a)} | more)


# ------------------------------------------------------------------------------------- what a file may hold
def test_a_text_of_two_thousand_characters_is_the_longest_and_so_is_a_number_of_as_many_bits() -> None:
    fields: dict[str, type] = {"id": str, "n": int}
    assert ids.fits({"id": "x" * 2000, "n": 2**2000 - 1}, fields)
    assert not ids.fits({"id": "x" * 2001, "n": 1}, fields) and not ids.fits({"id": "", "n": 2**2000}, fields)
    assert ids.fits({}, {}) and not ids.fits({"on": True}, {"on": int}) and ids.fits({"on": True}, {"on": bool})


def test_the_list_of_withdrawn_ids_is_read_and_nothing_else_is_one(tmp_path: Path) -> None:
    path = tmp_path / "withdrawn.toml"
    assert withdrawn.read_withdrawn(path) == {}
    row = '[[withdrawn]]\nid = "x"\nreason = "said twice"\ninstead = ["hw23c", "hw23d"]\n'
    path.write_text(row, "utf8")
    assert withdrawn.read_withdrawn(path) == {"x": withdrawn.Withdrawn("x", "said twice", ("hw23c", "hw23d"))}
    for old, new in [
        ("said twice", ""),
        ('"hw23d"', "4"),
        ("id =", "name ="),
        ('"x"', "7"),
        ('["hw23c", "hw23d"]', '"hw23c"'),
    ]:
        path.write_text(row.replace(old, new), "utf8")
        with pytest.raises(Broken, match=r"withdrawn.toml: an entry \[\[withdrawn\]\] has id, reason, instead"):
            withdrawn.read_withdrawn(path)
    path.write_text("[[withdrawn]]\nid =", "utf8")
    with pytest.raises(Broken, match="withdrawn.toml is not TOML"):
        withdrawn.read_withdrawn(path)


def test_a_value_that_has_no_text_is_told_by_its_type() -> None:
    assert ids.shortened(10**5000) == "a int that is too large to print"
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert ids.shortened(deep) == "a list that is too large to print"
    while deep:
        deep = deep[0]  # its end would be as deep


def recorded() -> dict[str, Any]:
    """A ledger with one record that fits its schema."""
    data = json.loads(FIXTURE.read_text("utf8"))
    del data["fixture"]
    name, record = next(iter(data["claims"].items()))
    return {**data, "claims": {name: {"inputs": {}, "nonce": "0", "device": "cpu", **record}}}


def test_a_ledger_of_another_version_is_told_which_of_the_two_is_older(tmp_path: Path) -> None:
    ours = int(ledger.SCHEMA.rpartition("/")[2])
    for other, word in ((ours - 1, "an older"), (ours + 1, "a newer")):
        with pytest.raises(ledger.Trouble, match=f"was written by {word} rlproofs"):
            ledger._this_version(f"rlproofs-ledger/{other}", tmp_path / "ledger.json")
    ledger._this_version(ledger.SCHEMA, tmp_path / "ledger.json")


@pytest.mark.parametrize(("wrong", "more"), [({"title": 3}, ""), ({"title": 3, "kind": 3, "topic": 3}, " and 2 more")])
def test_a_ledger_that_breaks_its_schema_is_told_by_its_first_fault_and_how_many_more(
    wrong: dict[str, Any], more: str, tmp_path: Path
) -> None:
    data = recorded()
    name, record = next(iter(data["claims"].items()))
    ledger.write({**data, "claims": {name: {**record, **wrong}}}, tmp_path / "ledger.json")
    with pytest.raises(ledger.Trouble) as caught:
        ledger.read_checked(tmp_path / "ledger.json")
    assert f"string{more}); " in str(caught.value)


def test_the_record_of_another_claim_is_named_by_forty_characters() -> None:
    data = recorded()
    record = next(iter(data["claims"].values()))
    assert faults(data) == []
    assert faults({**data, "claims": {"x" * 50: record}}) == [
        f"claims.{'x' * 40}.id: the record of another claim, {record['id']}"
    ]


# ------------------------------------------------------------------------------------- what is selected, and what stands
def test_list_by_verdict_is_that_verdict_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"hw14a": "proved", "hw14b": "confirmed", "hw23c": "undecided"}
    monkeypatch.setattr(cli, "recorded", lambda _: {k: {"verdict": v, "scope": None} for k, v in words.items()})
    for name, word in words.items():
        done = CliRunner().invoke(cli.app, ["list", "--verdict", word, "--json"])
        assert [row["id"] for row in json.loads(done.stdout)] == [name]
    done = CliRunner().invoke(cli.app, ["list", "--verdict", "not run", "--json"])
    assert len(json.loads(done.stdout)) == len(FOUND.claims) - len(words)


@pytest.mark.parametrize("asked", ["hw23c@2", "hw23c@4"])
def test_a_version_that_is_not_this_trees_is_refused_older_or_newer(asked: str) -> None:
    one = object.__new__(Run)
    one.found, one.ids = FOUND, {"hw23c": ids.Entry("hw23c", 3, "")}
    one._at_version("hw23c@3")
    with pytest.raises(NotFound, match="hw23c is at version 3"):
        one._at_version(asked)


def test_a_claim_is_touched_where_its_own_sources_changed_and_not_another_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    one, asked = object.__new__(Run), list[str]()
    monkeypatch.setattr(run, "stamps", lambda: {"file": 2})
    monkeypatch.setattr(Run, "_changed", lambda self, found, now: asked.append(found.id) or found.id == "hw23c")
    one.stamps = {"file": 1}  # type: ignore[assignment]
    assert one._touched(FOUND.claims["hw23c"]) and not one._touched(FOUND.claims["hw14a"])
    one.stamps, asked[:] = {"file": 2}, []  # type: ignore[assignment]
    assert not one._touched(FOUND.claims["hw23c"]) and asked == [], "nothing is read where no file changed"


def test_recorded_results_of_any_device_answer_where_none_is_asked_for() -> None:
    old = {"device": "cpu", "channels": {"montecarlo": {"device": "cpu"}}}
    assert of_device(old, "auto") == "" and of_device(old, "cpu") == ""
    assert of_device({**old, "device": "auto"}, "auto") == "" and of_device(old, "cuda") == "recorded with device cpu"
    assert of_device({"device": "cpu", "channels": {"proof": {}}}, "cuda") == ""


@pytest.mark.parametrize(("driver", "found"), [(True, ("cuda", "cpu")), (False, ("cpu",))])
def test_auto_is_the_gpu_where_there_is_a_driver(
    driver: bool, found: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "exists", lambda self: driver)
    assert devices("auto") == found and devices("cpu") == ("cpu",)


# ------------------------------------------------------------------------------------- what counts
def test_words_that_are_as_frequent_stand_in_the_order_of_the_alphabet() -> None:
    assert list(count(["b", "c", "a", "c"]).items()) == [("c", 2), ("a", 1), ("b", 1)]


def test_a_scope_counts_where_the_claim_is_proved() -> None:
    def record(verdict: str, scope: str | None) -> dict[str, Any]:
        controls = {str(n): {"outcome": "confirmed" if n else "survived"} for n in range(3)}
        return {"verdict": verdict, "scope": scope, "mutants": {}, "controls": controls, "cached": False}

    found = totals([record("proved", "all sizes (n)"), record("refuted", "instance"), record("undecided", None)], 1.0)
    assert found["by_scope"] == {"all sizes": 1} and found["controls"] == {"planted": 9, "confirmed": 6}


def test_mutants_that_are_worth_the_same_are_counted_in_words() -> None:
    def mutant(values: str) -> dict[str, Any]:
        return {"outcome": "refuted", "values": values, "evidence": {}}

    records = [{"mutants": {"a": mutant("x"), "b": mutant("x"), "c": mutant("y")}}]
    assert attacked(records) == "2 of 2 refuted (of 3 planted, 1 is worth the same as another and counts once)"


@pytest.mark.parametrize(
    ("expected", "seen", "partial", "told"),
    [
        ("proved", "true", False, []),
        ("proved", "undefined", False, ["the witness makes the statement undefined"]),
        ("proved", "false", True, ["the witness makes the statement false"]),
        ("proved", "not run", True, []),
        ("proved", "not run", False, ["the witness makes the statement not run"]),
        ("refuted", "false", False, []),
        ("refuted", "true", True, ["the witness makes the statement true"]),
        ("refuted", "error", True, ["the witness makes the statement error"]),
    ],
)
def test_a_witness_has_the_one_value_that_the_claim_expects(
    expected: str, seen: str, partial: bool, told: list[str]
) -> None:
    record = {"verdict": "undecided", "expected": expected, "witness": {"outcome": seen}, "hypotheses": []}
    assert of_hypotheses(record, partial) == told
    assert of_hypotheses({**record, "witness": None}, partial) == []


def test_a_record_is_judged_as_that_of_all_channels_unless_it_is_said_to_be_partial() -> None:
    record = {**assemble(hw14a, hw14a.mutants, CHANNELS, results(exact={"witness": "not run"})), "expected": "proved"}
    assert "the witness makes the statement not run" in judge(record, gap=None)["problems"]
    assert judge(record, gap=None) == judge(record, gap=None, partial=False) != judge(record, gap=None, partial=True)


# ------------------------------------------------------------------------------------- how it is told
@pytest.mark.parametrize(
    ("exact", "decimal", "said"),
    [
        ("12/5", "2.4", "12/5 (2.4)"),
        ("9/5·ln(3)", "1.9775", "9/5·ln(3) (1.9775)"),
        ("3", "3", "3"),
        ("1" * 90, "1e89", "1e89"),
    ],
)
def test_a_number_is_told_with_its_decimals_where_they_differ(exact: str, decimal: str, said: str) -> None:
    assert number(exact, decimal) == said


def test_columns_stand_side_by_side_as_long_as_the_left_one_leaves_two_places() -> None:
    assert beside(["12345678"], ["x"], 10) == ["12345678  x"] and beside(["1"], ["x"], 4) == ["1   x"]
    assert beside(["123456789"], ["x"], 10) == ["123456789", "          x"]


def test_like_names_are_told_once_and_one_name_by_itself() -> None:
    assert names(claim(says=Eq(a + b, V(0) + a))) == [
        ("a, b", "each a real number"), ("V", "a real function of an integer"),
    ]  # fmt: skip
    assert names(claim(says=Eq(a, a)))[0] == ("a", "a real number")


def test_a_line_ends_with_the_scope_or_with_what_is_missing() -> None:
    record = {
        "verdict": "proved",
        "id": "one",
        "scope": "all reals",
        "gap": None,
        "cached": True,
        "seconds": 1.0,
        "ok": True,
    }
    assert line(record) == f"{'proved':<10} {'one':<20} all reals [recorded]"
    gap = line({**record, "scope": None, "gap": {"missing": "a proof"}})
    assert gap == f"{'gap':<10} {'one':<20} a proof [recorded]"


def test_what_is_said_of_a_wrong_variant_fills_its_column_and_no_more() -> None:
    """32 characters are kept for the name: a line has 68, which are eleven words of five letters."""
    words = " ".join(["seven"] * 66)
    variant: Any = SimpleNamespace(id="wrong", title=words, at=None, patch=(words,))
    found: Any = SimpleNamespace(mutants=lambda _: {"wrong": variant})
    lines = show.mutants(found, claim(), None)
    assert [row.count("seven") for row in lines] == 6 * [11] + [9] + 5 * [11] + [2]
    assert lines[6].split()[:4] == ["not", "run,", "in", "seven"] and max(map(len, lines)) <= WIDTH


def test_a_witness_with_many_numbers_is_wrapped() -> None:
    many = {"reals": {name: "123456789/987654321" for name in "abc"}, "tables": {"V": ["12345678/7"] * 6}}
    assert 60 < max(map(len, show.statement(claim(witness=many)))) <= WIDTH


def test_a_hypothesis_in_many_words_is_wrapped() -> None:
    words = " ".join(["seven"] * 60)
    lines = show.hypothesis(claim(), Hypothesis("long", Eq(a, b), words, words))
    assert all(len(row) <= WIDTH - 22 for row in lines) and len(lines) == 1 + 2 * 5


def test_a_claim_without_a_script_is_not_found() -> None:
    with pytest.raises(NotFound, match="no script"):
        show.script_of(claim(kind="limit", says=None), None)


def test_a_derivation_that_stops_at_once_has_taken_no_steps() -> None:
    one = claim()
    proof = Attempt(one)
    proof.error = ValueError("a slip")
    assert told.goal(one, proof)[0].startswith("  It stops after 0 steps, at ")


def test_what_is_assumed_here_alone_is_told_where_the_judge_was_to_prove_from_it() -> None:
    one = claim()
    proof, goal = Attempt(one), Eq(a, c)
    asked = {
        rule: Refusal(rule, [], (goal, Eq(a, b)), "no", proof.statement.decls) for rule in ("prove", "rewrite", "cite")
    }
    assert told.facts(one, proof, asked["prove"]) == [("here", "a = b")]
    assert told.facts(one, proof, asked["rewrite"]) == [("rule", "rewrite")]
    assert told.facts(one, proof, asked["cite"]) == [("rule", "cite")]


def test_a_formula_stays_beside_its_reason_up_to_three_lines_and_a_longer_one_has_the_whole_width() -> None:
    one, narrow = claim(), told.REASONS - 2
    for terms in (1, 5, 40):
        term = sum([a] * terms, start=b)
        left = told._left(one, SimpleNamespace(term=term))  # type: ignore[arg-type]
        assert left == (narrow if len(text(one, term)) <= 3 * (narrow - 10) else WIDTH)
    assert (told._left(one, SimpleNamespace(term=a)), left) == (narrow, WIDTH)  # type: ignore[arg-type]


def test_a_small_step_tells_what_it_assumes_beyond_the_hypotheses() -> None:
    given, local = Eq(a, b), Eq(b, c)
    proof: Any = SimpleNamespace(
        steps=[("prove", (), ())] * 2,
        replay=SimpleNamespace(
            done=[SimpleNamespace(hyps=frozenset(hyps), prop=Eq(a, c)) for hyps in ([given, local], [given])]
        ),
        statement=SimpleNamespace(hyps=[("given", given)]),
    )
    assert [small(claim(), proof, n)["text"] for n in (0, 1)] == ["a = c   where b = c", "a = c"]


def test_a_hypothesis_of_which_no_instance_shows_anything_says_what_the_judge_said() -> None:
    assert necessity({"a": 1}, {"verdict": "undecided"})["verdict"] == "undecided"
    assert necessity({"a": 1}, None)["verdict"] == "not run"
    assert necessity("by convention", None) == {"reason": "by convention"}


def test_a_run_is_as_expected_where_it_is_and_says_what_is_not() -> None:
    def said(ok: bool, problems: list[str], wrong: int) -> str:
        return head(SimpleNamespace(ok=ok, problems=problems), [{}] * wrong)  # type: ignore[arg-type]

    assert said(True, [], 0) == "All as expected."
    assert said(False, [], 1) == "NOT as expected: 1 claim."
    assert said(False, ["p"], 2) == "NOT as expected: 2 claims, and the catalogue."


# ------------------------------------------------------------------------------------- a worker that is gone
@pytest.mark.parametrize(
    ("wrote", "said"),
    [
        ("", "it said nothing"),
        ("first\nlast\n", "last"),
        ("x\n" * SAID + "y" * 400, "y" * 300),
        ("z" * SAID, "z" * 300),
    ],
)
def test_the_last_line_of_a_worker_that_ended_is_told(wrote: str, said: str) -> None:
    worker = Worker({}, Budget(1e-6, 1), Limits(), threading.Lock())
    try:
        worker.errors.write(wrote.encode())
        worker.errors.flush()
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        worker.process = subprocess.Popen(
            [sys.executable, "-c", "raise SystemExit(7)"], start_new_session=True, **pipes
        )
        worker.process.wait()
        assert worker._last_words(worker.process) == f"the worker ended (exit 7): {said}"
    finally:
        worker.close()
