"""Real certificates, mutated at random: whatever the judge still calls proved must be true wherever it can be evaluated."""

from __future__ import annotations

import copy
import functools
import json
import os
import random
import subprocess
import sys
from typing import Any

import pytest

from proofs.kernel.check import check
from proofs.kernel.poly import Undecided
from proofs.kernel.statement import load
from proofs.kernel.terms import Malformed
from proofs.kernel.value import outcome
from tests.kernel.attacks.base import instances
from tests.kernel.bundles import ROOT, claims, everything, judge, proved

Item = dict[str, Any]
KINDS = {
    "Le": ["Lt", "Eq"], "Lt": ["Le", "Ne"], "Eq": ["Le"], "Add": ["Mul"], "Mul": ["Add"], "Min": ["Max"], "Max": ["Min"],
    "Div": ["Mul"], "E": ["Var"], "Var": ["E"],
}  # fmt: skip
NUMBERS = ["0", "1", "2", "-1", "1/2", "3"]


# ------------------------------------------------------------------------------------- edits of one item
def drop_step(it: Item, r: random.Random) -> None:
    steps = it["certificate"]["steps"]
    at = r.randrange(len(steps))
    steps.pop(at)
    for s in steps[at:]:
        s[1] = [p - (p > at) for p in s[1]]


def swap_steps(it: Item, r: random.Random) -> None:
    steps = it["certificate"]["steps"]
    a, b = r.randrange(len(steps)), r.randrange(len(steps))
    steps[a], steps[b] = steps[b], steps[a]


def change_premise(it: Item, r: random.Random) -> None:
    steps = it["certificate"]["steps"]
    at = r.randrange(1, len(steps))
    steps[at][1] = [r.randrange(at) if r.random() < 0.5 else p for p in steps[at][1]][: r.randint(0, 9)]


def change_argument(it: Item, r: random.Random) -> None:
    cert = it["certificate"]
    step = r.choice([s for s in cert["steps"] if s[2]])
    at = r.randrange(len(step[2]))
    other = r.choice([{"t": r.randrange(len(cert["nodes"]))}, r.randint(0, 3), *r.choice(cert["steps"])[2]])
    step[2][at] = other if r.random() < 0.7 else step[2][r.randrange(len(step[2]))]


def change_rule(it: Item, r: random.Random) -> None:
    step, other = (r.choice(it["certificate"]["steps"]) for _ in "ab")
    step[0] = other[0]


def _both(it: Item) -> list[list[Any]]:
    return [it["statement"]["nodes"], it["certificate"]["nodes"]]


def change_kind(it: Item, r: random.Random) -> None:
    """One kind for another, everywhere or at one node of the proof."""
    found = sorted({n[0] for nodes in _both(it) for n in nodes} & set(KINDS))
    old = r.choice(found)
    new, some = r.choice(KINDS[old]), r.random()
    for nodes in _both(it):
        for n in nodes:
            if n[0] == old and (some < 0.6 or r.random() < 0.3):
                n[0] = new


def change_number(it: Item, r: random.Random) -> None:
    """One number for another, everywhere."""
    numbers = sorted({n[1] for nodes in _both(it) for n in nodes if n[0] == "Num"})
    if numbers:
        old, new = r.choice(numbers), r.choice(NUMBERS)
        for nodes in _both(it):
            nodes[:] = [["Num", new] if n == ["Num", old] else n for n in nodes]


def swap_arguments(it: Item, r: random.Random) -> None:
    """The two sides of every node of one kind, or of a single node."""
    nodes = r.choice(_both(it))
    wide = [n for n in nodes if len(n) >= 3 and n[0] in ("Add", "Mul", "Div", "Le", "Lt", "Eq", "Min", "App")]
    n = r.choice(wide)
    if len(n) > 3 or n[0] != "App":
        n[-1], n[-2] = n[-2], n[-1]


def redirect(it: Item, r: random.Random) -> None:
    """An argument of a node points to another node."""
    nodes = r.choice(_both(it))
    at = r.randrange(1, len(nodes))
    places = [a for a, x in enumerate(nodes[at]) if type(x) is int and a > 0]
    if places:
        nodes[at][r.choice(places)] = r.randrange(at)


def drop_hypothesis(it: Item, r: random.Random) -> None:
    hyps = it["statement"]["hyps"]
    if hyps:
        dropped = hyps.pop(r.randrange(len(hyps)))
        if r.random() < 0.5:
            it["certificate"]["steps"] = [
                ["assume", [], s[2]] if s[0] == "given" and s[2] == [dropped[0]] else s
                for s in it["certificate"]["steps"]
            ]


def other_claim(it: Item, r: random.Random) -> None:
    """Another node as the claim."""
    it["statement"]["claim"] = r.randrange(len(it["statement"]["nodes"]))


EDITS = [
    drop_step,
    swap_steps,
    change_premise,
    change_argument,
    change_rule,
    change_kind,
    change_number,
    swap_arguments,
    redirect,
    drop_hypothesis,
    other_claim,
]


# ------------------------------------------------------------------------------------- what must hold of whatever is proved
@functools.cache
def _known() -> dict[str, list[Any]]:
    """The named instances of each claim."""
    return {
        c.id: [
            c.witness,
            *c.instances.values(),
            *[m.at for m in c.mutants.values() if m.at],
            *[h.without for h in c.given if isinstance(h.without, dict)],
        ]
        for c in claims()
    }


def falsified(it: Item) -> str | None:
    """An instance on which the statement is false or undefined, as text, or None."""
    statement = load(it["statement"])
    for data in _known()[it["id"]] + instances(statement.raw)[:60]:
        try:
            found, why = outcome(statement, data)
        except (Undecided, Malformed):
            continue
        if found in ("false", "undefined"):
            return f"{found} {why} at {data}"
    return None


def mutated_run(topic: str, rounds: int, seed: int) -> tuple[int, int]:
    """(mutated items, still proved); fails on one that is proved and false."""
    r, kept = random.Random(seed), 0
    for _ in range(rounds):
        bundle = proved(topic)
        at = r.randrange(len(bundle["items"]))
        before = copy.deepcopy(bundle["items"][at])
        for _ in range(r.choice([1, 1, 2, 3])):
            r.choice(EDITS)(bundle["items"][at], r)
        items = bundle["items"][: at + 1] if before != bundle["items"][at] else []
        report = check({"items": items})["reports"][at] if items else {"verdict": "same"}
        if report["verdict"] == "proved":
            kept += 1
            bad = falsified(items[at])
            assert bad is None, f"proved and false: {load(items[at]['statement']).claim!r}\n{bad}\n{items[at]}"
    return rounds, kept


@pytest.mark.parametrize(("topic", "rounds"), [("ppo_clip", 60), ("gae", 120), ("kl", 60), ("td_variance", 4)])
def test_a_mutated_certificate_that_still_proves_proves_something_true(topic: str, rounds: int) -> None:
    tried, kept = mutated_run(topic, rounds, 1)
    assert 0 <= kept < tried, "most mutations must break the proof"


@pytest.mark.nightly
@pytest.mark.parametrize(("topic", "rounds"), [("ppo_clip", 1500), ("gae", 3000), ("kl", 1500), ("td_variance", 150)])
def test_many_mutated_certificates(topic: str, rounds: int) -> None:
    tried, kept = mutated_run(topic, rounds, 2)
    assert kept < tried


# ------------------------------------------------------------------------------------- the same everywhere
def test_verdicts_and_hashes_are_the_same_under_other_hash_seeds_in_fresh_processes() -> None:
    def stable(done: subprocess.CompletedProcess[str]) -> Any:
        answer = json.loads(done.stdout)
        return answer["evidence"], [{key: v for key, v in r.items() if key != "ms"} for r in answer["reports"]]

    text = json.dumps(everything("ppo_clip", "gae", "kl"))
    first, second = (stable(judge(text, seed=s)) for s in ("0", "42"))
    assert first == second
    assert {r["verdict"] for r in first[1]} == {"proved", "refuted"}


BUILD = """
import hashlib, json, sys
from tests.kernel.bundles import everything
sys.setrecursionlimit(20_000)
print(hashlib.sha256(json.dumps(everything("gae", "kl")).encode()).hexdigest())
"""


def test_certificates_are_built_alike_under_other_hash_seeds() -> None:
    def built(seed: str) -> str:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-c", BUILD], capture_output=True, text=True, env=env, cwd=ROOT, check=True
        )
        return run.stdout

    assert built("0") == built("42") != ""
