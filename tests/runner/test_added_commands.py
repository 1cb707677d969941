"""Commands that entry points add: found by name, loaded when asked for, and one that does not load harms no other."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest
from typer.testing import CliRunner

from proofs.runner import commands
from proofs.runner.cli import app
from tests.runner.tree import ROOT

LOADED = """
import sys
from importlib.metadata import EntryPoint
from proofs.runner import commands
from proofs.runner.cli import app
commands.added = lambda: {"train": EntryPoint("train", "numeric.training.command:train", commands.GROUP)}
try:
    app(sys.argv[1:])
except SystemExit:
    pass
print("LOADED", sorted(n for n in sys.modules if n.split(".")[0] in ("torch", "sympy", "numeric", "gymnasium")))
"""


def greet(name: str, twice: bool = False) -> None:
    """Say hello."""
    print(f"hello {name}" * (1 + twice))


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """An application with a command that works, one without its module, one that fails, and one named like a built-in."""
    points = {
        "greet": f"{__name__}:greet",
        "gone": "numeric.of_next_year:main",
        "broken": "tests.runner.test_added_commands:none_of_this_name",
        "verify": f"{__name__}:greet",
    }
    monkeypatch.setattr(
        commands, "added", lambda: {name: EntryPoint(name, value, commands.GROUP) for name, value in points.items()}
    )
    return CliRunner()


def test_an_added_command_takes_arguments_and_has_help(runner: CliRunner) -> None:
    assert runner.invoke(app, ["greet", "you", "--twice"]).stdout == "hello youhello you\n"
    assert "Say hello." in runner.invoke(app, ["greet", "--help"]).stdout
    assert runner.invoke(app, ["greet"]).exit_code == 2


@pytest.mark.parametrize("words", [["gone"], ["gone", "x", "--some", "option"], ["broken"]])
def test_one_that_does_not_load_says_so_in_one_line_and_exits_2(words: list[str], runner: CliRunner) -> None:
    out = runner.invoke(app, words)
    assert out.exit_code == 2 and out.stderr.count("\n") == 1
    assert f"rlproofs: the entry point rlproofs.commands: {'numeric' if words[0] == 'gone' else 'tests'}" in out.stderr


def test_one_that_does_not_load_is_listed_and_harms_no_other(runner: CliRunner) -> None:
    out = runner.invoke(app, ["--help"])
    assert out.exit_code == 0 and "Say hello." in out.stdout and "not available" in out.stdout
    assert runner.invoke(app, ["greet", "you"]).exit_code == 0


def test_a_built_in_command_is_never_replaced(runner: CliRunner) -> None:
    assert "Verify claims" in runner.invoke(app, ["verify", "--help"]).stdout


def test_a_typing_error_finds_its_neighbour(runner: CliRunner) -> None:
    assert "Did you mean 'greet'?" in re.sub(r"\s+", " ", runner.invoke(app, ["gret"]).stderr)


@pytest.mark.parametrize(
    ("words", "loaded"),
    [
        (["--help"], ["numeric", "numeric.training", "numeric.training.command"]),
        (["schema", "--help"], []),
        (["train", "--help"], ["numeric", "numeric.training", "numeric.training.command"]),
    ],
)
def test_nothing_slow_is_imported_and_nothing_before_it_is_asked_for(words: list[str], loaded: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", LOADED, *words], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == f"LOADED {loaded}", done.stdout + done.stderr


def test_an_unknown_algorithm_is_answered_without_torch() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED, "train", "ppo", "x"], capture_output=True, text=True, cwd=ROOT)
    assert "torch" not in done.stdout.splitlines()[-1] and "the nearest: ppo-clip" in done.stderr
