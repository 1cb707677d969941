"""Which tests a mutant meets: those that execute its line; and that each of them is held to its own limit."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.mutation import watch
from tests.mutation.bench import CLOCK, Bench, End, spent
from tests.mutation.covered import SAVING, Measured, Source, environment, met_by, rows
from tests.mutation.executing import FIRST, VERIFIED, saving, shared
from tests.mutation.population import ROOT, Mutant, Name
from tests.mutation.target import NO_TESTS
from tests.mutation.targets import EvidenceCode, Kernel

ONE = '''\
"""A module."""
from functools import cache

LIMIT = 5
TABLE = {"a": lambda x: x + 1,
         "b": lambda x: x - 1}


class Pair:
    size = 2

    @property
    def both(self):
        return (self.size +
                LIMIT)


@cache
def short(x, most=LIMIT):
    if x > most:
        return most
    return x


if __name__ == "__main__":
    short(1)
'''
TWO = """\
from one import LIMIT, short


def twice(x):
    return short(2 * x)


def limit():
    return LIMIT
"""
SOURCES = {"one.py": Source(ONE), "two.py": Source(TWO)}


def measured() -> Measured:
    """t1 reads a pair; t2 asks `short` in a child; t3 asks `limit`; t4 calls the second entry of the table."""
    seconds = {f"t{n}": (float(n), 5.0 - n) for n in range(1, 5)}
    here = {"one.py": {14: {"t1"}, 15: {"t1"}, 6: {"t4"}, 4: {""}}, "two.py": {9: {"t3"}}}
    children = {"one.py": {4: {"t2"}, 20: {"t2"}, 22: {"t2"}, 25: {"t2"}}, "two.py": {5: {"t2"}}}
    return Measured(seconds, here, children)


@pytest.mark.parametrize(
    ("file", "line", "tests"),
    [
        ("one.py", 14, {"t1"}),  # a statement of two lines
        ("one.py", 15, {"t1"}),
        ("one.py", 20, {"t2"}),  # in a child
        ("one.py", 21, set()),  # nobody goes there
        ("one.py", 4, {"t1", "t3"}),  # a constant: who executes a function's line that names it, in any file
        ("one.py", 6, {"t4"}),  # a function without a name
        ("one.py", 10, {"t1"}),  # a name of a class
        ("one.py", 12, {"t1"}),  # a decorator, and a head: who executes the body
        ("one.py", 18, {"t2"}),
        ("one.py", 19, {"t2"}),
        ("one.py", 9, {"t1"}),  # a class: who executes its functions
        ("one.py", 25, {"t2"}),  # no name is bound: who executes it
        ("one.py", 1, set()),
        ("two.py", 5, {"t2"}),
    ],
)
def test_the_met_by_a_line_are_those_that_execute_it_or_what_stands_on_it(
    file: str, line: int, tests: set[str]
) -> None:
    assert met_by(measured(), SOURCES, file, line) == tests


def test_the_quickest_comes_first_and_what_is_measured_can_be_kept(tmp_path: Path) -> None:
    one = measured()
    assert one.quickest_first(["t1", "t2", "t3"]) == ["t3", "t2", "t1"]
    one.write(tmp_path / "kept")
    assert Measured.read(tmp_path / "kept") == one


TEST = """
import subprocess, sys
import pytest
from proofs import one

@pytest.fixture(scope="module")
def made():
    return one.made()

def test_here(made):
    assert one.here(1) == 1

def test_child():
    subprocess.run([sys.executable, "-c", "from proofs import one; one.child()"], check=True)

def test_wrong():
    assert one.here(1) == 2
"""
MODULE = """
def here(x):
    return x

def child():
    return 1

def made():
    return 2

def nobody():
    return 3
"""


def tree(folder: Path, test: str = TEST) -> Path:
    """A package with a test, and the plugin."""
    for name, text in {"proofs/__init__.py": "", "proofs/one.py": MODULE, "test_one.py": test}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text), "utf8")
    return folder


def pytest_in(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """pytest with the plugin in a folder."""
    env = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "PYTEST_CURRENT_TEST": "", **more}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:rlproofs",
        "-p",
        "tests.mutation.watch",
    ]
    return subprocess.run([*command, *words], cwd=folder, env=env, capture_output=True, text=True, timeout=60)


def test_lines_are_put_down_to_tests_and_to_their_children(tmp_path: Path) -> None:
    pytest.importorskip("coverage")
    folder = tree(tmp_path)
    with saving(folder):
        assert SAVING in (folder / "proofs/__init__.py").read_text("utf8")
        done = pytest_in(folder, "test_one.py", **environment(folder / "coverage", ["proofs/*.py"]))
    assert done.returncode == 1 and (folder / "proofs/__init__.py").read_text("utf8") == "", done.stdout
    with closing(sqlite3.connect(folder / "coverage/lines.half")) as half:  # its process was killed while it began
        half.execute("CREATE TABLE coverage_schema (version INTEGER)")
    found = Measured()
    found.add(folder / "coverage", ["proofs/one.py"])
    sources = {"proofs/one.py": Source((folder / "proofs/one.py").read_text("utf8"))}
    of = {n: met_by(found, sources, "proofs/one.py", n) for n in (3, 6, 9, 12)}
    names = {n: {t.partition("::")[2] for t in tests} for n, tests in of.items()}
    assert names == {3: {"test_here", "test_wrong"}, 6: {"test_child"}, 9: {"test_here"}, 12: set()}
    assert {row["test"].partition("::")[2]: row["failed"] for row in rows(folder / "coverage")} == {
        "test_here": False, "test_child": False, "test_wrong": True,
    }  # fmt: skip
    assert found.elsewhere["proofs/one.py"][6] == {"test_one.py::test_child"}


ENDLESS = """
import time

def test_quick():
    pass

def test_endless():
    while True:
        pass

def test_sleeps():
    time.sleep(60)
"""


@pytest.mark.parametrize(("name", "code"), [("test_endless", CLOCK), ("test_sleeps", CLOCK), ("test_quick", 0)])
def test_each_test_has_a_limit_of_its_own(name: str, code: int, tmp_path: Path) -> None:
    """One that never ends is stopped by the processor's time, one that sleeps by the clock on the wall; neither is `killed`."""
    folder = tree(tmp_path, ENDLESS)
    limits = {f"test_one.py::{test}": 0.3 for test in ("test_quick", name)}
    (folder / "limits.json").write_text(json.dumps(limits), "utf8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:rlproofs",
        "-p",
        "tests.mutation.watch",
    ]
    one = object.__new__(Bench)
    one.folder, one.process, one.stopped = folder, None, False
    both = {watch.LIMITED: str(folder / "limits.json"), "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    assert one.ran([*command, *limits], 30, **both)[0] == code
    assert one.running() == f"test_one.py::{name}"


def test_what_never_ends_before_the_first_test_is_stopped(tmp_path: Path) -> None:
    """A mutant may loop while it is imported; the limit of pytest's whole run is the sum over its tests, which may be long."""
    folder = tree(tmp_path, "while True:\n    pass\n")
    (folder / "limits.json").write_text(json.dumps({"test_one.py::test_a": 0.3}), "utf8")
    (folder / "sooner.py").write_text("from tests.mutation import watch\nwatch.BETWEEN = 1\n", "utf8")
    one = object.__new__(Bench)
    one.folder, one.process, one.stopped = folder, None, False
    told = {watch.LIMITED: str(folder / "limits.json"), "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    plugins = [
        word for name in ("no:cacheprovider", "no:rlproofs", "sooner", "tests.mutation.watch") for word in ("-p", name)
    ]
    before = spent()
    assert one.ran([sys.executable, "-m", "pytest", "-q", *plugins, "test_one.py"], 30, **told)[0] == CLOCK
    assert spent() - before < 15


ORDERED = """
import pytest

@pytest.mark.parametrize("n", range(5))
def test_n(n):
    print("n is", n)
"""


def test_tests_run_in_the_order_of_their_limits(tmp_path: Path) -> None:
    folder, order = tree(tmp_path, ORDERED), [3, 0, 4, 1]
    (folder / "limits.json").write_text(json.dumps({f"test_one.py::test_n[{n}]": 20.0 for n in order}), "utf8")
    said = pytest_in(folder, "-s", "test_one.py", **{watch.LIMITED: str(folder / "limits.json")}).stdout
    assert [int(line.split()[-1]) for line in said.splitlines() if "n is" in line] == order


def test_a_test_whose_name_a_mutant_changes_kills_nothing_by_its_name(tmp_path: Path) -> None:
    """Names may be made from what is mutated; the test itself, of whatever name, is not what was measured."""
    folder, one = tree(tmp_path, ORDERED), object.__new__(Bench)
    one.folder, one.process, one.stopped = folder, None, False
    one.target = evidence({}, set())
    seen: list[int] = []

    def tries(bench: Bench, mutant: Mutant) -> Any:
        for numbers in ([7], [7, 0]):
            command = one.target._chosen(one, {f"test_one.py::test_n[{n}]": 20.0 for n in numbers})  # type: ignore[attr-defined]
            seen.append(one.ran(command, 60)[0])
            yield f"{numbers}", command, 60

    one.target.tries = tries  # type: ignore[method-assign]
    assert one._first_failure(Mutant(Name("one.py", "f", "op", "x", 1), "core/op", 0, 2)) == ("survived", "[7, 0]")
    assert seen == [NO_TESTS, 0]


# ------------------------------------------------------------------------------------- what is tried
def evidence(lines: dict[int, set[str]], tests: set[str]) -> EvidenceCode:
    one = EvidenceCode()
    one.sources = {"numeric/montecarlo/bounds.py": Source("def f(x):\n    y = x\n    return y\n")}
    one.measured = Measured(dict.fromkeys(tests, (1.0, 2.0)), {}, {"numeric/montecarlo/bounds.py": lines})
    return one


NEAR, FAR = "tests/montecarlo/test_bounds.py::test_a", "tests/runner/test_seeds.py::test_b"


@pytest.mark.parametrize(
    ("lines", "tried"),
    [
        ({2: {FAR}}, {"1 tests": {FAR: 10.0}}),
        ({2: {FAR, VERIFIED}}, {"1 tests": {FAR: 10.0}, VERIFIED: None}),
        ({2: {VERIFIED}}, {"1 nearest tests": {NEAR: 10.0}, VERIFIED: None}),
        ({}, {"1 nearest tests": {NEAR: 10.0}, VERIFIED: None}),
        ({3: {FAR}}, {"1 nearest tests": {NEAR: 10.0}, VERIFIED: None}),
    ],
)
def test_a_mutant_meets_the_met_by_its_line_or_the_nearest_ones(
    lines: dict[int, set[str]], tried: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "tests/montecarlo").mkdir(parents=True)
    (tmp_path / "tests/montecarlo/test_bounds.py").touch()
    mutant = Mutant(Name("numeric/montecarlo/bounds.py", "f", "op", "y = x", 1), "core/op", 0, 2)
    found = {}
    for name, _, _ in evidence(lines, {NEAR, FAR, VERIFIED}).tries(SimpleNamespace(folder=tmp_path), mutant):  # type: ignore[arg-type]
        found[name] = json.loads((tmp_path / "limits.json").read_text("utf8")) if name != VERIFIED else None
    assert found == tried


def test_what_killed_is_asked_once_more_of_the_untouched_copy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def green(name: str, command: list[str]) -> float:
        asked.extend(json.loads((tmp_path / "limits.json").read_text("utf8")) if name != VERIFIED else [name])
        return 0.0

    one: Any = SimpleNamespace(folder=tmp_path, green=green)
    ends = [
        End("killed", FAR, 1.0),
        End("killed", FAR, 1.0),
        End("survived", "2 tests", 1.0),
        End("killed", "import", 1.0),
    ]
    evidence({}, {NEAR, FAR, VERIFIED}).end([one], ends)
    assert asked == [FAR]
    evidence({}, {NEAR, FAR, VERIFIED}).end([one], [*ends, End("killed", "verify, exit 1: NOT as expected", 1.0)])
    assert asked == [FAR, FAR, VERIFIED]


def test_what_killed_comes_first_then_the_quickest() -> None:
    one = EvidenceCode()
    one.measured.seconds = {"slow": (9.0, 9.0), "quick": (0.01, 0.01), "middle": (1.0, 1.0), "other": (1.0, 1.0)}
    assert one.ordered(one.measured.seconds) == ["quick", "middle", "other", "slow"]
    for by, outcome in [("slow", "killed"), ("other", "killed by the clock"), ("middle", "survived")]:
        one.learn(End(outcome, by, 1.0))
    assert one.ordered(one.measured.seconds) == ["other", "slow", "quick", "middle"]


def test_the_most_promising_run_before_the_rest_is_collected(tmp_path: Path) -> None:
    tests = {f"tests/montecarlo/test_bounds.py::test_{n}" for n in range(FIRST + 3)}
    mutant = Mutant(Name("numeric/montecarlo/bounds.py", "f", "op", "y = x", 1), "core/op", 0, 2)
    tried = [
        (name, list(json.loads((tmp_path / "limits.json").read_text("utf8"))))
        for name, *_ in evidence({2: tests}, tests).tries(SimpleNamespace(folder=tmp_path), mutant)  # type: ignore[arg-type]
    ]
    assert [name for name, _ in tried] == [f"{FIRST} tests", "3 tests"]
    assert sorted(tried[0][1] + tried[1][1]) == sorted(tests)


def test_a_kernel_mutant_meets_fuzz_and_claims_on_whatever_line_it_stands(tmp_path: Path) -> None:
    """They are not measured with coverage, and count as executing every line."""
    one, fuzz = Kernel(), "tests/kernel/test_fuzz.py::test_a"
    one.sources = {"check.py": Source("def f(x):\n    y = x\n    return y\n")}
    other = "tests/kernel/test_values.py::test_b"
    one.measured = Measured(dict.fromkeys([fuzz, other, VERIFIED], (1.0, 2.0)), {"check.py": {3: {other}}}, {})
    mutant = Mutant(Name("check.py", "f", "op", "y = x", 1), "core/op", 0, 2)
    tried = []
    for name, *_ in one.tries(SimpleNamespace(folder=tmp_path), mutant):  # type: ignore[arg-type]
        tried.append(list(json.loads((tmp_path / "limits.json").read_text("utf8"))) if name != VERIFIED else name)
    assert tried == [[fuzz], VERIFIED]


def test_each_thing_is_done_once_by_whoever_is_free_and_an_error_stops_all() -> None:
    done: list[int] = []
    benches: Any = [SimpleNamespace(stop=lambda: done.append(-1)) for _ in range(3)]
    shared(benches, range(20), lambda bench, n: done.append(n))
    assert sorted(done) == list(range(20))

    def fails(bench: Any, n: int) -> None:
        raise SystemExit(f"not green: {n}")

    with pytest.raises(SystemExit, match="not green: 0"):
        shared(benches[:1], range(20), fails)
    assert done.count(-1) == 1
