"""A claim's own time and memory: what passes a limit is an error, and the others go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from proofs.runner.limits import Limits, Meter, memory
from tests.runner.tree import Tree, claims

# Sizes lie above the limits of these tests and below the address space of a run of mutants (tests/mutation/bench.py).
HUNGRY = """
from flint import fmpz


def spin(pf, goal):
    while True:
        pass


def eat(pf, goal):
    held = []
    while True:
        held.append(bytearray(b"x" * 10_000_000))


def power(pf, goal):
    fmpz(3) ** (10**10)


def shift(pf, goal):
    spin(pf, fmpz(1) << (2 * 8 * 2**30))  # held until somebody looks


for name, derive in {"spins": spin, "eats": eat, "powers": power, "shifts": shift}.items():
    identity(name, Eq(a + b, b + a), Eq(a + b, a), Eq(b + a, a + b), ("proof", "exact")).derive = derive
"""
GIB = "import sys, time; held = bytearray(b'x' * (300 * 2**20)); print('here', flush=True); time.sleep(60)"


def test_a_claim_without_end_or_measure_is_an_error_and_the_others_are_proved(fresh: Tree) -> None:
    fresh.write("proofs/tiny.py", (fresh.folder / "proofs/tiny.py").read_text("utf8") + HUNGRY)
    start = time.monotonic()
    code, report = fresh.verify("one", "spins", "eats", "powers", "shifts", "three", "--limit", "4", "--memory", "0.5")
    found = claims(report)
    reasons = {name: found[name]["channels"]["proof"]["reason"] for name in ("spins", "eats", "powers", "shifts")}
    assert code == 1 and {name: c["verdict"] for name, c in found.items()} == {
        "one": "proved", "three": "proved", "spins": "error", "eats": "error", "powers": "error", "shifts": "error"
    }  # fmt: skip
    assert reasons["spins"] == "over its limit: 4 s"
    assert reasons["eats"] == reasons["shifts"] == "over its limit: 0.5 GiB of memory"
    assert all(why.startswith("over its limit: ") for why in reasons.values()), reasons
    assert found["spins"]["problems"][0] == "the verdict is error, not proved: over its limit: 4 s"
    assert all(c["channels"]["exact"]["verdict"] == "confirmed" for c in found.values())
    assert not fresh.processes() and time.monotonic() - start < 60


def test_a_script_or_an_engine_that_does_not_end_is_over_the_limit_too(fresh: Tree) -> None:
    code, report = fresh.verify("two", "one", "--limit", "3", FAKE="slow")
    two = claims(report)["two"]
    assert code == 1 and claims(report)["one"]["ok"] and two["verdict"] == "proved" and not two["ok"]
    assert two["channels"]["montecarlo"]["verdict"] == "error"
    assert two["channels"]["montecarlo"]["reason"] == "over its limit: 3 s"


HOARDERS = """
HELD = []


def hoard(pf, goal):
    if HELD:
        raise ValueError("this worker holds what an earlier claim left behind")
    HELD.append(bytearray(b"x") * 300_000_000)
    return pf.prove(goal)


for name in ("hoards", "hoards-too"):
    identity(name, Eq(a + b, b + a), Eq(a + b, a), Eq(b + a, a + b), ("proof", "exact")).derive = hoard
"""


def test_no_claim_pays_for_what_an_earlier_one_left_behind(fresh: Tree) -> None:
    fresh.write("proofs/tiny.py", (fresh.folder / "proofs/tiny.py").read_text("utf8") + HOARDERS)
    fresh.command("ids", "--update")
    _, report = fresh.verify("hoards", "hoards-too", "--jobs", "1", "--channel", "proof", "--memory", "0.5")
    assert {c["channels"]["proof"]["verdict"] for c in report["claims"]} == {"proved"}, report["claims"]


@pytest.mark.parametrize("words", [("--limit", "0"), ("--limit", "nan"), ("--memory", "-1"), ("--memory", "inf")])
def test_a_limit_that_is_none_is_refused(tree: Tree, words: tuple[str, ...]) -> None:
    done = tree.command("verify", *words)
    assert done.returncode == 2 and "must be a positive number" in done.stderr and "Traceback" not in done.stderr


# ------------------------------------------------------------------------------------- what is measured
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="no /proc: memory is not limited here")
def test_memory_is_what_a_process_and_its_children_hold_and_not_what_they_map() -> None:
    def holding(source: str) -> tuple[subprocess.Popen[str], float]:
        run = subprocess.Popen(
            [sys.executable, "-c", source], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert run.stdout is not None and run.stdout.readline() == "here\n"
        return run, memory(run.pid)

    child = f"import subprocess, sys; run = subprocess.Popen([sys.executable, '-c', {GIB!r}]); run.wait()"
    untouched = "import mmap, time; m = mmap.mmap(-1, 2**31); print('here', flush=True); time.sleep(60)"
    runs = [holding(source) for source in (GIB, child, untouched)]
    for run, _ in runs:
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
    own, of_child, mapped = (held for _, held in runs)
    assert 0.29 < own < 0.4 and 0.29 < of_child < 0.45 and mapped < 0.1
    assert memory(runs[0][0].pid) == 0.0


def test_a_meter_counts_from_where_it_begins() -> None:
    held: Any = bytearray(b"x" * (200 * 2**20))
    meter = Meter(os.getpid(), Limits(seconds=60, memory=0.1))
    time.sleep(0.15)
    assert meter.over() == "" and len(held)
    more = bytearray(b"x" * (200 * 2**20))
    time.sleep(0.15)
    assert meter.over() == "over its limit: 0.1 GiB of memory" and len(more)
    assert Meter(os.getpid(), Limits(seconds=0.0)).over() == "over its limit: 0 s"
