"""The same verdicts and hashes in fresh processes, whatever the hash seed, the locale and the time zone."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.runner.tree import Tree, claims

ROOT = Path(__file__).resolve().parents[2]
ASCII = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
WORLDS: list[dict[str, str]] = [  # a locale that is not installed is the C locale
    {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", **ASCII},
    {"PYTHONHASHSEED": "42", "LC_ALL": "tr_TR.UTF-8", "TZ": "America/St_Johns"},
    {"PYTHONHASHSEED": "123456", "LC_ALL": "de_DE.UTF-8", "PYTHONUTF8": "1", "TZ": "Pacific/Kiritimati"},
    {"PYTHONHASHSEED": "random", "LC_ALL": "C", "TZ": "Etc/GMT+12"},
]
SAID = """
import hashlib, json, sys
sys.setrecursionlimit(20_000)
from proofs.runner import bundle, ids
from proofs.runner.catalogue import static
from proofs.runner.discovery import catalogue
from proofs.runner.inputs import Sources, digest, inputs
from proofs.runner.readings import script

names, judged = json.loads(sys.argv[1]), sys.argv[2] == "judged"
found, known, sources, made, out = catalogue(), ids.read_ids(), Sources(), {}, {}
numbers = {name: ids.number(c, known) for name, c in found.claims.items()}
hashed = lambda text: hashlib.sha256(text.encode()).hexdigest()
for name in names or found.claims:
    claim = found.claim(name)
    row = {"static": digest(static(claim, numbers[claim.id])), "inputs": digest(inputs(found, claim, known, sources))}
    row["statement"] = claim.statement.hash() if claim.statement else None
    try:
        items, _ = bundle.core(claim, numbers, made)
        row["evidence"] = hashed(bundle.text(items))
        if judged:
            reports = bundle.replay(items, 300)["reports"]
            row["verdicts"] = [(r["verdict"], r.get("reason"), r.get("rules"), r.get("hypotheses")) for r in reports]
            row["script"] = hashed(script(claim).source)
    except bundle.NoCertificate as error:
        row["evidence"] = str(error)
    out[name] = row
print(json.dumps(out))
"""
FEW = ["sum-telescope", "hw23d", "hw14a", "hw08d", "hw11d"]  # topics: finite sums, KL, PPO clip, softmax, GAE


def said(tree: Tree, names: list[str], how: str, world: dict[str, str]) -> dict[str, Any]:
    """What a fresh process says of the claims."""
    clean = {k: v for k, v in tree.environment().items() if not k.startswith(("LC_", "LANG", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-c", SAID, json.dumps(names), how],
        cwd=ROOT, env={**clean, **world}, capture_output=True, text=True, timeout=3_000,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def differing(answers: list[dict[str, Any]]) -> list[str]:
    """The claims, and what of them, that is not the same in all answers."""
    return [
        f"{name}: {part}"
        for name, row in answers[0].items()
        for part in row
        if any(a[name][part] != row[part] for a in answers)
    ]


def everywhere(tree: Tree, names: list[str], how: str) -> list[dict[str, Any]]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda world: said(tree, names, how, world), WORLDS))


def test_a_few_claims_of_five_topics_are_the_same_in_five_worlds(tree: Tree) -> None:
    answers = everywhere(tree, FEW, "judged")
    assert set(answers[0]) == set(FEW) and differing(answers) == []
    assert all(row["verdicts"][-1][0] == "proved" for row in answers[0].values())


@pytest.mark.nightly
def test_every_claim_has_the_same_hashes_in_five_worlds(tree: Tree) -> None:
    """Statement, evidence, inputs, and what is printed of it."""
    answers = everywhere(tree, [], "derived")
    assert len(answers[0]) > 100 and differing(answers) == []


def test_a_difference_would_be_named() -> None:
    one = {"x": {"statement": "a", "evidence": "b"}}
    assert (
        differing([one, {"x": {"statement": "a", "evidence": "c"}}]) == ["x: evidence"] and differing([one, one]) == []
    )


@pytest.mark.parametrize("world", WORLDS[1:3], ids=["ascii", "turkish"])
def test_a_whole_run_ends_alike(tree: Tree, world: dict[str, str]) -> None:
    keys = ("verdict", "scope", "statement_hash", "evidence_hash", "inputs_hash", "statement", "problems")
    before = {k: [r[key] for key in keys] for k, r in tree.ledger()["claims"].items()}
    code, report = tree.verify("--no-cache", **world)
    assert code == 0 and claims(report)["two"]["verdict"] == "proved"
    assert {k: [r[key] for key in keys] for k, r in tree.ledger()["claims"].items()} == before


def test_every_command_speaks_where_the_locale_knows_ascii_alone(tree: Tree) -> None:
    for words in ("show two", "cite two", "list", "verify two --explain", "show two --sympy"):
        done = tree.command(*words.split(), **ASCII)
        assert done.returncode == 0 and done.stdout and "Traceback" not in done.stderr, (words, done.stderr[-500:])
