"""list, show, cite, plan: what they print, in which shape, and what they import."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from proofs.runner.discovery import NotFound, catalogue
from tests.runner.tree import ROOT, Tree

ROW = {
    "id", "aliases", "kind", "title", "topic", "source", "statement", "hypotheses", "scope", "verdict", "channels", "mutants"
}  # fmt: skip
QUIET = """
import sys
from proofs.runner.cli import app
try:
    app(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
print("IMPORTED", sorted({name.partition(".")[0] for name in sys.modules} & {"sympy", "torch", "numpy", "mpmath"}))
"""


@pytest.mark.parametrize("words", [["list"], ["list", "--json"], ["cite", "hw23c"], ["show", "hw23c"]])
def test_reading_imports_neither_sympy_nor_torch(words: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", QUIET, *words], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "IMPORTED []", done.stdout + done.stderr


def test_list_as_json(tree: Tree, fresh: Tree) -> None:
    rows = json.loads(fresh.command("list", "--json").stdout)
    assert [r["id"] for r in rows] == ["one", "two", "three", "open"] and all(set(r) == ROW for r in rows)
    assert (
        rows[0]["scope"] is None and rows[0]["verdict"] is None and rows[0]["channels"] == ["proof", "exact", "sympy"]
    )


def test_hypotheses_in_list_have_text_witness_and_necessity() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "proofs.runner", "list", "--json"], capture_output=True, text=True, cwd=ROOT
    )
    rows = {r["id"]: r for r in json.loads(done.stdout)}
    for h in rows["hw23c"]["hypotheses"]:
        assert {"id", "text", "witness", "necessity"} <= set(h) and h["witness"] and h["necessity"]


def test_list_filters(tree: Tree) -> None:
    proved = tree.command("list", "--verdict", "proved").stdout.splitlines()
    assert [line.split()[0] for line in proved] == ["one", "two", "three"]
    assert tree.command("list", "--scope", "n <=").stdout == ""
    assert len(tree.command("list", "--source", "this project").stdout.splitlines()) == 4
    assert tree.command("list", "--topic", "nope").returncode == 2


@pytest.mark.parametrize("words", [["verify", "thre"], ["show", "thre"], ["cite", "thre"], ["plan", "thre"]])
def test_an_unknown_id_exits_2_and_names_the_nearest(tree: Tree, words: list[str]) -> None:
    done = tree.command(*words)
    assert done.returncode == 2 and "the nearest: three" in done.stderr and "Traceback" not in done.stderr


def test_the_script_is_printed_alone_and_exits_as_it_should(tree: Tree) -> None:
    for words, code in ((["one"], 0), (["one", "--mutant", "wrong"], 3), (["one", "--mutant", "turned"], 0)):
        script = tree.command("show", *words, "--sympy").stdout
        done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr


def test_a_citation_with_and_without_a_ledger(tree: Tree) -> None:
    record = tree.ledger()["claims"]["one"]
    said = tree.command("cite", "one").stdout
    assert f"e:{record['evidence_hash']}" in said and "all reals" in said
    command = said.strip().splitlines()[-1].split()
    assert command[:3] == ["rlproofs", "verify", "one@1"] and tree.command(*command[1:]).returncode == 0
    (tree.folder / ".rlproofs/ledger.json").unlink()
    for style in ("plain", "bibtex"):
        bare = tree.command("cite", "one@1", "--format", style).stdout
        assert "evidence: not run here" in bare and f"s:{record['statement_hash'][:16]}" in bare
        assert record["evidence_hash"][:16] not in bare


def test_another_hash_than_expected_fails(tree: Tree) -> None:
    record = tree.ledger()["claims"]["one"]
    assert tree.command("verify", "one", "--expect-hash", f"e:{record['evidence_hash']}").returncode == 0
    done = tree.command("verify", "one", "--expect-hash", "s:" + "0" * 64)
    assert done.returncode == 1 and "was expected" in done.stdout
    assert tree.command("verify", "--expect-hash", f"s:{record['statement_hash']}").returncode == 2


def test_plan_draws_nothing(tree: Tree) -> None:
    assert "one sample" in tree.command("plan", "two").stdout
    assert "not sampled" in tree.command("plan", "one").stdout


def test_an_entry_point_that_does_not_load_is_one_sentence(tree: Tree) -> None:
    tree.edit("rlproofs-0.0.0.dist-info/entry_points.txt", "fake_engine:CHANNEL", "fake_engine:NOTHING")
    done = tree.command("verify")
    assert done.returncode == 2 and "does not load" in done.stderr and "Traceback" not in done.stderr


def test_a_withdrawn_id_says_why_and_what_to_read_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    from proofs.runner import cli, withdrawn

    monkeypatch.setattr(
        withdrawn, "read_withdrawn", lambda: {"hw99": withdrawn.Withdrawn("hw99", "was wrong", ("hw23c",))}
    )
    assert cli.gone("hw99") == "hw99 was withdrawn: was wrong; instead: hw23c" and cli.gone("hw23c") == ""
    with pytest.raises(NotFound) as error:
        catalogue().claim("hw99@1")
    assert error.value.word == "hw99"
