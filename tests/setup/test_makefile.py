"""The Makefile sets up once, in the right order, and stops at the first failure.

A stand-in for Python records each call and makes a stand-in venv, so that these tests install nothing.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("ruff", "mypy", "rlproofs", "mkdocs", "pytest")

# Answers `-c` (the version check) and `-m venv`; writes down what else it is asked. FAIL names a call that fails.
PYTHON = """#!/bin/sh
[ "$1" = -c ] && exit 0
echo "$(basename "$0") $*" >> "$LOG"
case "$(basename "$0") $*" in *"${FAIL:-nothing}"*) exit 7 ;; esac
if [ "$1 $2" = "-m venv" ]; then
    mkdir -p .venv/bin
    for tool in python TOOLS; do cp "$0" .venv/bin/$tool; done
fi
""".replace("TOOLS", " ".join(TOOLS))

OLD_PYTHON = """#!/bin/sh
[ "$1" = -c ] || exit 9
shift; exec python3 -c 'import sys; sys.version_info = (3, 10, 4); exec(sys.argv[1])' "$@"
"""


class Sandbox:
    """A folder with the Makefile, its inputs, and stand-ins; `make` returns the finished process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "log"
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, folder / name)
        self.write("fake", PYTHON)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path

    def make(self, *goals: str, python: str = "fake", fail: str = "") -> subprocess.CompletedProcess[str]:
        self.log.write_text("", encoding="utf-8")
        kept = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON")}
        env = {**kept, "LOG": str(self.log), "FAIL": fail or "nothing"}
        command = ["make", *goals, f"PYTHON={self.folder / python}"]
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True)

    def calls(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines()

    def touch(self, name: str) -> None:
        """Make a file newer than the stamps, as an edit would."""
        stamp = max(p.stat().st_mtime for p in (self.folder / ".venv").glob(".*")) + 5
        os.utime(self.folder / name, (stamp, stamp))


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path)


def kinds(calls: list[str]) -> list[str]:
    """The first words that matter of each call: `venv`, `install[torch]`, `verify`, `pytest`, ..."""

    def kind(call: str) -> str:
        if "pip install" in call:
            return "install" + call[call.index("[") :]
        return "venv" if "-m venv" in call else call.split()[0]

    return [kind(call) for call in calls]


CORE, ALL = "install[torch]", "install[torch,envs,test,lint,docs]"


def test_help_is_the_default_goal_and_names_every_goal(sandbox: Sandbox) -> None:
    plain = sandbox.make()
    assert plain.returncode == 0 and plain.stdout == sandbox.make("help").stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert phony
    goals = set(phony[1].split()) - {"broken"}
    assert {line.split()[1] for line in plain.stdout.splitlines()} == goals
    assert sandbox.calls() == []


def test_verify_sets_up_once_and_installs_neither_docs_nor_test_tools(sandbox: Sandbox) -> None:
    assert sandbox.make("verify").returncode == 0
    assert kinds(sandbox.calls()) == ["venv", CORE, "rlproofs"]
    assert sandbox.make("verify").returncode == 0
    assert sandbox.calls() == ["rlproofs verify"]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_input_installs_again_into_the_same_venv(sandbox: Sandbox, name: str) -> None:
    sandbox.make("verify")
    sandbox.touch(name)
    sandbox.make("verify")
    assert kinds(sandbox.calls()) == [CORE, "rlproofs"]


def test_test_runs_every_step_in_order_and_pytest_last(sandbox: Sandbox) -> None:
    assert sandbox.make("test").returncode == 0
    assert kinds(sandbox.calls()) == ["venv", ALL, "ruff", "mypy", "rlproofs", "mkdocs", "pytest"]
    assert sandbox.calls()[-1] == "pytest tests proofs -n auto --maxprocesses 4 --dist loadgroup"
    sandbox.make("verify")
    assert sandbox.calls() == ["rlproofs verify"], "the extras contain what verify needs"


def test_mutants_bring_their_own_extra_which_contains_the_others(sandbox: Sandbox) -> None:
    assert sandbox.make("mutants", "ARGS=--sample 20").returncode == 0
    assert kinds(sandbox.calls()) == ["venv", ALL.replace("docs]", "docs,nightly]"), "python"]
    assert sandbox.calls()[-1] == "python tests/mutation/run.py --sample 20"


def test_verify_first_then_test_adds_the_extras(sandbox: Sandbox) -> None:
    sandbox.make("verify")
    sandbox.make("test")
    assert kinds(sandbox.calls())[:2] == [ALL, "ruff"]


@pytest.mark.parametrize("step", ["ruff check", "mypy", "rlproofs verify", "mkdocs build", "pytest tests"])
def test_test_stops_at_the_first_step_that_fails(sandbox: Sandbox, step: str) -> None:
    done = sandbox.make("test", fail=step)
    assert done.returncode != 0
    assert step.split()[0] in sandbox.calls()[-1]


def test_a_failed_installation_is_not_taken_for_a_finished_one(sandbox: Sandbox) -> None:
    assert sandbox.make("verify", fail="pip install").returncode != 0
    assert "rlproofs verify" not in sandbox.calls()
    assert sandbox.make("verify").returncode == 0
    assert kinds(sandbox.calls()) == [CORE, "rlproofs"]


def test_a_venv_whose_python_is_gone_is_made_again(sandbox: Sandbox) -> None:
    sandbox.make("verify")
    (sandbox.folder / ".venv/bin/python").unlink()
    sandbox.make("verify")
    assert kinds(sandbox.calls()) == ["venv", CORE, "rlproofs"]


def test_arguments_reach_the_command(sandbox: Sandbox) -> None:
    sandbox.make("verify", "ARGS=hw23c --no-cache")
    assert sandbox.calls()[-1] == "rlproofs verify hw23c --no-cache"


def test_an_old_python_is_refused_in_one_line_and_nothing_is_made(sandbox: Sandbox) -> None:
    sandbox.write("old", OLD_PYTHON)
    done = sandbox.make("verify", python="old")
    assert done.returncode != 0
    said = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("make: ***")]
    old = sandbox.folder / "old"
    assert said == [f"rlproofs needs Python 3.11 or newer; {old} is 3.10. Try: make PYTHON=python3.12"]
    assert not (sandbox.folder / ".venv").exists()


def test_a_python_that_is_not_there_is_named(sandbox: Sandbox) -> None:
    done = sandbox.make("verify", python="absent")
    assert done.returncode != 0 and "absent was not found" in done.stderr
