"""The page `docs/add-a-claim.md` does what it says: its code is run, and what it prints of the tools is what they print.

python tests/tutorial/test_tutorial.py       writes what the tools print now into the page
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from os import environ
from pathlib import Path
from typing import NamedTuple

import pytest

from proofs.runner.discovery import DECLARES

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "add-a-claim.md"
CLAIM = "forgotten-guess"
FENCE = re.compile(r'^```(\w+)(?: title="([^"]*)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
TRY = "a first try"


class Block(NamedTuple):
    """A fenced block of the page."""

    language: str
    title: str
    text: str


def blocks() -> list[Block]:
    return [Block(*m.groups(default="")) for m in FENCE.finditer(PAGE.read_text("utf8"))]


class Tutorial:
    """A copy of the package without topics, evidence and ledger, to which the page's file is added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        left_out = shutil.ignore_patterns("__pycache__", "ids.toml", "gaps.toml")
        shutil.copytree(ROOT / "proofs", folder / "proofs", ignore=left_out)
        for path in [*folder.glob("proofs/*.py"), *folder.glob("proofs/theory/*.py")]:
            if DECLARES.search(path.read_text("utf8")):
                path.unlink()
        info = folder / "rlproofs-0.0.0.dist-info"  # found before an installed one, whose evidence is of other claims
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rlproofs\nVersion: 0.0.0\n")
        python = [b for b in blocks() if b.language == "python"]
        tried = next(n for n, b in enumerate(python) if TRY in b.title)
        self.failing = python[: tried + 1]
        self.whole = python[:tried] + python[tried + 1 :]

    def holds(self, code: list[Block]) -> None:
        """The topic's file is these blocks."""
        (self.folder / "proofs" / "tutorial.py").write_text(
            "\n\n".join(b.text.strip("\n") for b in code) + "\n", "utf8"
        )

    def says(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`rlproofs ...` in the copy."""
        kept = {k: v for k, v in environ.items() if not k.startswith("RLPROOFS")}
        return subprocess.run(
            [sys.executable, "-m", "proofs.runner", *words],
            cwd=self.folder, env={**kept, "PYTHONPATH": str(self.folder)}, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    def printed(self) -> list[str]:
        """What the page's three empty blocks of text hold: the goal, the derivation, the summary."""
        self.holds(self.failing)
        goal = derivation(self.says("show", CLAIM))
        self.holds(self.whole)
        shown = derivation(self.says("show", CLAIM))
        self.says("ids", "--update")
        return [goal, shown, summary(self.says("verify", CLAIM, "--no-cache"))]


def derivation(done: subprocess.CompletedProcess[str]) -> str:
    """The part of `show` under its title.  The line is of a file which a reader may have laid out otherwise."""
    found = re.search(r"\n(Derivation\n.*?)\n\nRecorded\n", done.stdout, re.DOTALL)
    assert found, done.stdout + done.stderr
    return re.sub(r", line \d+", "", found[1]) + "\n"


def summary(done: subprocess.CompletedProcess[str]) -> str:
    """Verdict, gaps, mutants and controls: the lines of the summary without times and places."""
    kept = ("All as expected", "  gaps", "  claims", "  scope", "  mutants", "  controls")
    lines = [line for line in done.stdout.split("\n") if line.startswith(kept)]
    assert lines, done.stdout + done.stderr
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tutorial]:
    yield Tutorial(tmp_path_factory.mktemp("tutorial"))


def test_the_first_try_is_undecided_and_shows_the_goal(tutorial: Tutorial) -> None:
    tutorial.holds(tutorial.failing)
    done = tutorial.says("verify", CLAIM, "--channel", "proof")
    assert done.returncode == 1 and "undecided" in done.stdout, done.stdout + done.stderr
    goal = tutorial.says("show", CLAIM).stdout
    assert "It stops after" in goal and re.search(r"goal +V\(0\) - v = γ\^n·\(V\(n\) - v\)", goal)


def test_the_code_of_the_page_proves_the_claim_with_all_mutants_refuted(tutorial: Tutorial) -> None:
    tutorial.holds(tutorial.whole)
    assert tutorial.says("ids", "--update").stdout.startswith(f"{CLAIM}@1 ")
    done = tutorial.says("verify", CLAIM)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 proved" in done.stdout and "1 all sizes" in done.stdout
    assert "4 of 4 refuted" in done.stdout and "1 of 1 confirmed" in done.stdout
    assert "It stops" not in tutorial.says("show", CLAIM).stdout


def test_the_script_of_the_page_runs_and_that_of_a_mutant_refutes_it(tutorial: Tutorial) -> None:
    tutorial.holds(tutorial.whole)
    for words, code in ([], 0), (["--mutant", "one-step-more"], 3):
        script = tutorial.says("show", CLAIM, "--sympy", *words).stdout
        assert subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True).returncode == code


def test_the_page_prints_what_the_tools_print(tutorial: Tutorial) -> None:
    """To bring the page up to date: `python tests/tutorial/test_tutorial.py`."""
    assert [b.text for b in blocks() if b.language == "text"] == tutorial.printed()


def test_every_file_command_and_link_that_the_page_names_is_there() -> None:
    text = PAGE.read_text("utf8")
    named = set(re.findall(r"`((?:proofs|numeric|docs|tests)/[\w/.]+)`", text)) - {"proofs/tutorial.py"}
    assert len(named) > 3 and [name for name in named if not (ROOT / name).exists()] == []
    heading = "## The judge's rules"
    assert heading in (ROOT / "docs" / "how-it-is-checked.md").read_text("utf8")
    assert "how-it-is-checked.md#the-judges-rules" in text


def refresh() -> None:
    """Write what the tools print into the page's blocks of text."""
    with tempfile.TemporaryDirectory() as folder:
        printed = iter(Tutorial(Path(folder)).printed())
    text = FENCE.sub(
        lambda m: m[0] if m[1] != "text" else f'```text title="{m[2]}"\n{next(printed)}```', PAGE.read_text("utf8")
    )
    PAGE.write_text(text, "utf8")


if __name__ == "__main__":
    refresh()
