"""A claim that states a false sentence: what refutes it, and what passes for a refutation but is none."""

from __future__ import annotations

from typing import Any

import pytest

from proofs.runner.schema import faults
from proofs.runner.verdicts import expected_of
from tests.runner.tree import Tree, claims

TOPIC = '''
"""Sentences that are false."""
from proofs.claims import Hypothesis, Topic, lemma
from proofs.language import Eq, Gt, Le, Vocabulary

TOPIC = Topic("wrong", "False sentences")
NAMES = Vocabulary()
a = NAMES.real("a")


def at(x):
    return {"reals": {"a": x}}


grows = TOPIC.claim(
    "grows", "a positive number is at most its square", kind="false sentence", source=lemma("tests"), vocabulary=NAMES,
    given=[Hypothesis("positive", Gt(a, 0), "a is positive", "it is false with it")],
    says=Le(a, a * a), witness=at("2/3"), instances={"large": at("3")},
)
grows.mutant("cube", Le(a, a * a * a), title="its cube")
grows.control("twice", Le(a, 2 * a), derive=lambda pf, goal: pf.prove(goal, ["positive"]))
'''
CITES = """
cites = TOPIC.claim(
    "cites", "what cites it", kind="identity", source=lemma("tests"), vocabulary=NAMES, uses=[grows], says=Eq(2 * a, a + a),
    witness=at("2/3"),
)
cites.proof(lambda pf, goal: pf.prove(goal))
cites.mutant("wrong", Eq(2 * a, a), title="halved")
"""


def verified(tree: Tree, old: str = "", new: str = "", more: str = "", name: str = "grows") -> tuple[int, Any]:
    """Exit status and report of a tree with this topic, one change made in it."""
    assert not old or TOPIC.count(old) == 1
    tree.write("proofs/wrong.py", TOPIC.replace(old, new) + more)
    tree.command("ids", "--update")
    code, report = tree.verify(name)
    return code, claims(report)[name]


def test_a_false_sentence_is_refuted_by_every_channel_that_looks_at_it(fresh: Tree) -> None:
    code, found = verified(fresh)
    assert code == 0 and found["verdict"] == "refuted" and found["scope"] is None
    assert {name: channel["verdict"] for name, channel in found["channels"].items()} == dict.fromkeys(
        ("proof", "exact", "sympy"), "refuted"
    )
    assert found["mutants"] == {"cube": ["proof", "exact", "sympy"]}
    assert found["controls"] == {"twice": ["proof", "exact", "sympy"]}
    assert len(found["evidence_hash"]) == 64 and faults(fresh.ledger()) == []
    assert "counterexample" in fresh.command("show", "grows").stdout


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Le(a, a * a),", "Le(a, a + a),"),  # the sentence is true
        ('witness=at("2/3")', 'witness=at("3")'),  # no counterexample
        ('witness=at("2/3")', 'witness=at("-2")'),  # false there, but a hypothesis is violated
    ],
)
def test_what_the_judge_does_not_refute_is_no_false_sentence(fresh: Tree, old: str, new: str) -> None:
    code, found = verified(fresh, old, new)
    assert code == 1 and found["verdict"] == "undecided" and not found["ok"] and found["evidence_hash"] is None


def test_a_true_sentence_beside_it_must_still_be_confirmed(fresh: Tree) -> None:
    code, found = verified(fresh, "Le(a, 2 * a),", "Le(2 * a, a),")
    assert code == 1 and any("the control twice is not confirmed" in p for p in found["problems"])


def test_a_false_sentence_proves_nothing(fresh: Tree) -> None:
    code, found = verified(fresh, more=CITES, name="cites")
    assert code == 1 and "which proves nothing" in found["channels"]["proof"]["reason"]


@pytest.mark.parametrize("channel", ["montecarlo", "reference"])
def test_code_and_samples_beside_a_false_sentence_are_confirmed(channel: str) -> None:
    assert expected_of(channel, "refuted") == "confirmed" and expected_of("sympy", "refuted") == "refuted"
