"""The account of the error budget, through the real command: every draw of a run, and the sum over each claim's life."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.runner.tree import ROOT, Tree, claims

ENGINE = '''
import os

import numpy as np

from numeric.montecarlo.budget import Budget
from numeric.montecarlo.check import check


class Channel:
    """The real budget and the real check, of a statistic that is always 1: one sample each, CHECKS of them for the claim."""

    name = "montecarlo"

    def new_budget(self, earlier):
        return Budget(earlier=earlier)

    def check(self, evidence, variant, *, version, budget, nonce, device, seconds, claim_record):
        labels = [f"statement {i}" for i in range(int(os.environ.get("CHECKS", "1")))] if variant == "claim" else [variant.id]
        names = dict(claim=evidence.claim.id, version=version, nonce=nonce, budget=budget)
        one = dict(low=1.0, high=1.0, sd=0.0, effects={"wrong": 1.0}, target=1 if variant == "claim" else 2)
        found = [check(lambda rng, n: np.ones(n), label=label, **one, **names) for label in labels]
        return {"verdict": found[-1]["verdict"], "detail": f"{len(found)} checks", "n": found[-1]["n"]}


CHANNEL = Channel()
'''
EVIDENCE = """
from proofs.claims import Evidence
from proofs.tiny import three, two

EVIDENCE = [Evidence(two), Evidence(three)]
for one in EVIDENCE:
    one.montecarlo({}, estimand=one.claim.says, target=one.claim.says)
"""
ALL = '("proof", "exact", "sympy", "montecarlo")'


class Account(Tree):
    """A tree with the statistics of this checkout, and not of an installed one."""

    def environment(self, **more: str) -> dict[str, str]:
        return super().environment(PYTHONPATH=f"{self.folder}{os.pathsep}{ROOT}", **more)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    made = Account(tmp_path_factory.mktemp("account"))
    made.write("fake_engine.py", ENGINE)
    return made


@pytest.fixture
def tree(tmp_path: Path, untouched: Tree) -> Tree:
    """A catalogue without a ledger, in a folder of its own."""
    copy = object.__new__(Account)
    copy.folder = tmp_path / "tree"
    shutil.copytree(untouched.folder, copy.folder)
    return copy


def account(tree: Tree) -> dict[str, Any]:
    budget: dict[str, Any] = tree.ledger()["budget"]
    return budget


def test_a_thousand_checks_are_paid_and_stand_in_the_ledger(tree: Tree) -> None:
    code, report = tree.verify("two", CHECKS="999")
    assert code == 0 and report["budget"]["spent"] == 1e-6
    found = account(tree)
    assert found["checks"] == len(found["draws"]) == found["most"] == 1000 and found["spent"] == found["limit"] == 1e-6
    assert found["lifetime"] == {"two": 1e-6}
    assert {(d["claim"], d["version"], d["nonce"]) for d in found["draws"]} == {("two", "1", "0")}
    assert {d["check"] for d in found["draws"]} == {*(f"statement {i}" for i in range(999)), "wrong"}
    assert all(d["alpha"] == 1e-9 and d["n"] == 1 for d in found["draws"])


def test_the_1001st_check_of_a_run_is_refused(tree: Tree) -> None:
    """It is the mutant's: no draw, no verdict, and the run fails."""
    code, report = tree.verify("two", CHECKS="1000")
    two = claims(report)["two"]
    assert code == 1 and "montecarlo" not in two["mutants"]["wrong"]
    assert "a run has at most 1000 checks; this is number 1001" in str(
        tree.ledger()["claims"]["two"]["mutants"]["wrong"]
    )
    assert account(tree)["checks"] == 1000 and account(tree)["spent"] == 1e-6


def test_recorded_results_have_paid_for_a_thousand_and_another_claim_finds_nothing_left(tree: Tree) -> None:
    """Evidence that stands stays charged."""
    tree.edit("proofs/tiny.py", "Eq(a * b + a, (b + 1) * a))", f"Eq(a * b + a, (b + 1) * a), {ALL})")
    tree.write("fake_evidence.py", EVIDENCE)
    assert tree.verify("two", CHECKS="999")[0] == 0
    code, report = tree.verify("two", "three")
    assert code == 1 and claims(report)["two"]["cached"] and claims(report)["two"]["verdict"] == "proved"
    assert "this is number 1001" in str(tree.ledger()["claims"]["three"]["channels"]["montecarlo"])
    assert account(tree)["checks"] == 1000 and "three" not in account(tree)["lifetime"]


def test_a_fresh_nonce_is_a_new_run_and_a_claims_life_goes_on(tree: Tree) -> None:
    tree.verify("two", CHECKS="99")
    first = account(tree)
    assert first["spent"] == 1e-7 and first["lifetime"] == {"two": 1e-7}
    tree.verify(
        "two", "--channel", "montecarlo", "--nonce", "other", CHECKS="9"
    )  # shown and not kept; the life remembers
    assert account(tree)["draws"] == first["draws"] and account(tree)["lifetime"] == {"two": 1.1e-7}
    tree.verify("two", "--nonce", "fresh", CHECKS="99")
    found = account(tree)
    assert found["spent"] == 1e-7 and found["checks"] == 100 and found["lifetime"] == {"two": 2.1e-7}
    assert len({d["nonce"] for d in found["draws"]}) == 1 and found["draws"][0]["nonce"] not in ("0", "other")
    nonce = found["draws"][0]["nonce"]
    tree.verify("two", "--nonce", nonce, "--no-cache", CHECKS="99")  # the same samples once more: nothing new was seen
    assert account(tree)["lifetime"] == found["lifetime"] and account(tree)["draws"] == found["draws"]
