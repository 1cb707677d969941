"""Whole runs on a small catalogue: what is recorded, what is run again, what a lying channel costs."""

from __future__ import annotations

import json
import signal
import time
from types import SimpleNamespace
from typing import Any

import pytest

from proofs.runner.summary import advice
from tests.runner.tree import Tree, claims


def cached(report: dict[str, Any]) -> set[str]:
    return {c["id"] for c in report["claims"] if c["cached"]}


def test_the_report_and_the_exit_status_of_a_clean_run(tree: Tree) -> None:
    code, report = tree.verify("--no-cache")
    assert code == 0 and report["ok"]
    assert {k: c["verdict"] for k, c in claims(report).items()} == {
        "one": "proved", "two": "proved", "three": "proved", "open": "not run"
    }  # fmt: skip
    assert claims(report)["two"]["mutants"] == {"wrong": ["proof", "exact", "sympy", "montecarlo"]}
    assert report["gaps"] == [{"id": "open", "missing": "a statement"}]
    assert report["totals"]["mutants"] == {"planted": 3, "refuted": 3}
    assert report["totals"]["controls"] == {"planted": 3, "confirmed": 3}
    assert report["budget"]["spent"] == pytest.approx(2e-9) and report["budget"]["limit"] == 1e-6
    assert {"python", "platform", "versions", "commit", "device"} == set(report["environment"])


def test_nothing_changed_uses_recorded_results_and_says_so(tree: Tree) -> None:
    before = tree.ledger()["claims"]
    done = tree.command("verify")
    assert done.returncode == 0 and "4 of 4 from recorded results" in done.stdout
    after = tree.ledger()["claims"]
    assert {k: r["evidence_hash"] for k, r in after.items()} == {k: r["evidence_hash"] for k, r in before.items()}
    assert tree.ledger()["budget"]["checks"] == 2, "evidence that stands stays paid for"


@pytest.mark.parametrize(
    ("name", "old", "new", "again"),
    [
        ("fake_evidence.py", "from proofs.claims", "# a remark\nfrom proofs.claims", {"two"}),
        ("proofs/tiny.py", "Three identities of reals", "Three identities", {"one", "two", "three", "open"}),
        ("proofs/kernel/rules.py", "from __future__", "# a remark\nfrom __future__", {"one", "two", "three", "open"}),
        ("proofs/runner/cli.py", "from __future__", "# a remark\nfrom __future__", set()),
    ],
)
def test_a_changed_source_runs_what_depends_on_it(tree: Tree, name: str, old: str, new: str, again: set[str]) -> None:
    tree.edit(name, old, new)
    code, report = tree.verify()
    assert code == 0 and {"one", "two", "three", "open"} - cached(report) == again


def test_a_new_nonce_draws_again_only_what_is_drawn(tree: Tree) -> None:
    code, report = tree.verify("--nonce", "fresh")
    assert code == 0 and cached(report) == {"one", "three", "open"}


def test_a_statement_that_changed_without_a_new_version_fails(tree: Tree) -> None:
    tree.edit("proofs/tiny.py", "Eq(2 * a, a + a), Eq(2 * a, a),", "Eq(3 * a, a + 2 * a), Eq(2 * a, a),")
    code, report = tree.verify("two")
    assert code == 1 and "but ids.toml records" in " ".join(claims(report)["two"]["problems"])
    assert tree.command("ids").returncode == 1
    assert "two@2" in tree.command("ids", "--update").stdout
    assert tree.verify("two")[0] == 0
    assert tree.command("verify", "two@1").returncode == 2


# ------------------------------------------------------------------------------------- channels that lie or fail
def test_a_channel_that_always_confirms_fails_the_run(fresh: Tree) -> None:
    code, report = fresh.verify("two", FAKE="credulous")
    problems = claims(report)["two"]["problems"]
    assert code == 1
    assert any("montecarlo refutes no mutant" in p for p in problems)
    assert any("the mutant wrong is not refuted by every channel that it names" in p for p in problems)


def test_a_crash_on_a_mutant_refutes_nothing(fresh: Tree) -> None:
    code, report = fresh.verify("two", FAKE="crash")
    assert code == 1 and claims(report)["two"]["mutants"] == {"wrong": ["proof", "exact", "sympy"]}
    assert any("crashed, which refutes nothing" in p for p in claims(report)["two"]["problems"])


def test_a_worker_that_dies_costs_its_job_and_no_other(fresh: Tree) -> None:
    code, report = fresh.verify(FAKE="die")
    assert code == 1 and [c["id"] for c in report["claims"] if not c["ok"]] == ["two"]
    assert any("the worker ended (exit 9)" in p for p in claims(report)["two"]["problems"])


def test_a_budget_that_is_spent_refuses_the_draw(fresh: Tree) -> None:
    code, report = fresh.verify("two", MOST="1")
    assert code == 1 and report["budget"]["checks"] == 1
    assert any("the budget is spent" in p for p in claims(report)["two"]["problems"])


def test_a_mutant_that_names_a_channel_without_evidence_never_ran(fresh: Tree) -> None:
    fresh.edit("fake_evidence.py", "EVIDENCE.montecarlo", "EVIDENCE.samples.clear  # ")
    code, report = fresh.verify("two")
    assert code == 1 and any("never ran" in p for p in claims(report)["two"]["problems"])


def test_failures_are_run_again(tree: Tree) -> None:
    tree.verify("two", "--no-cache", FAKE="credulous")
    code, report = tree.verify("two")
    assert code == 0 and cached(report) == set()


# ------------------------------------------------------------------------------------- gaps
def test_an_unlisted_gap_fails(fresh: Tree) -> None:
    fresh.write("proofs/gaps.toml", "")
    code, report = fresh.verify("open")
    assert code == 1 and "the verdict is not run, not proved" in claims(report)["open"]["problems"]


def test_a_closed_gap_that_is_still_listed_fails_also_from_recorded_results(tree: Tree) -> None:
    tree.edit("proofs/gaps.toml", "open", "one")
    code, report = tree.verify("one")
    assert code == 1 and "remove the entry" in claims(report)["one"]["problems"][0]


def test_a_gap_of_no_claim_fails(tree: Tree) -> None:
    tree.write("proofs/gaps.toml", '[[gap]]\nid = "open"\nmissing = "x"\n[[gap]]\nid = "nobody"\nmissing = "x"\n')
    code, report = tree.verify()
    assert code == 1 and "nobody" in report["problems"][0]


# ------------------------------------------------------------------------------------- the ledger (see also test_survives.py)
def test_sources_that_change_during_a_run_leave_no_record(fresh: Tree) -> None:
    run = fresh.start("verify", "two", "one", FAKE="brief")
    time.sleep(3)
    fresh.edit("proofs/tiny.py", "Three identities", "Some identities")
    said, _ = run.communicate(timeout=60)
    assert run.returncode == 1 and "sources changed while this ran" in said and fresh.ledger()["claims"] == {}


def test_some_channels_only_leave_the_ledger_as_it_is(tree: Tree) -> None:
    before = tree.ledger()
    code, report = tree.verify("one", "--channel", "exact", "--channel", "proof")
    assert code == 0 and set(claims(report)["one"]["channels"]) == {"exact", "proof"}
    assert tree.ledger()["claims"] == before["claims"]


def test_one_claim_leaves_the_records_of_the_others(tree: Tree) -> None:
    tree.verify("one", "--no-cache")
    assert set(tree.ledger()["claims"]) == {"one", "two", "three", "open"} and tree.ledger()["budget"]["checks"] == 2


def test_a_killed_run_loses_what_was_in_flight_and_the_next_one_resumes(fresh: Tree) -> None:
    run = fresh.start("verify", FAKE="slow")
    ledger, deadline = fresh.folder / ".rlproofs/ledger.json", time.monotonic() + 60
    while time.monotonic() < deadline and not (ledger.exists() and {"one", "three"} <= set(fresh.ledger()["claims"])):
        time.sleep(0.1)
    assert fresh.processes()
    run.send_signal(signal.SIGKILL)
    run.communicate()
    time.sleep(2)
    assert not fresh.processes(), "a killed run leaves no worker behind"
    code, report = fresh.verify()
    assert code == 0 and cached(report) == {"one", "three", "open"}


def test_two_runs_at_once_are_refused_with_the_process_that_holds_the_ledger(fresh: Tree) -> None:
    run = fresh.start("verify", "two", FAKE="slow")
    try:
        deadline = time.monotonic() + 30
        lock = fresh.folder / ".rlproofs/ledger.lock"
        while time.monotonic() < deadline and not (lock.exists() and lock.read_text()):
            time.sleep(0.1)
        second = fresh.command("verify", "one")
        assert second.returncode == 2 and f"another run (process {run.pid})" in second.stderr
    finally:
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=20)


def test_the_ledger_is_json_of_its_schema(tree: Tree) -> None:
    from proofs.runner.schema import faults

    assert faults(tree.ledger()) == []
    record = tree.ledger()["claims"]["one"]
    line = record["channels"]["proof"]
    assert line["steps"] > 0 and line["bytes"] > 0 and len(record["evidence_hash"]) == 64
    assert json.loads(tree.command("schema").stdout)["properties"]["schema"] == {
        "const": "rlproofs-ledger/1",
        "type": "string",
    }


def test_what_to_type_next_asks_no_contract_for_a_script() -> None:
    def outcome(**latex: str | None) -> Any:
        return SimpleNamespace(records={n: {"source": "slides", "latex": tex} for n, tex in latex.items()})

    assert "show b --sympy" in advice(outcome(a=None, b="x = x"), [], None)
    assert "--sympy" not in advice(outcome(a=None), [], None) and "cite a" in advice(outcome(a=None), [], None)
