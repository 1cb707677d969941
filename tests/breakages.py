"""Deliberate breakages: each one is applied to a copy of the tree, and what it names must go red.  `make breakages`

tests/breakages.toml holds the list.  A breakage is a textual change of one file (`old` must occur exactly once), a command, and a
piece of text that the failing command must print: red for another reason does not count.  Before anything is broken, every
command is run on an untouched copy, and must be green there.
"""

from __future__ import annotations

import argparse
import compileall
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parent.parent
COPIED = (
    "proofs",
    "numeric",
    "tests",
    "docs",
    "pyproject.toml",
    "mkdocs.yml",
    "README.md",
    "constraints.txt",
    "Makefile",
)
LEFT = (".rlproofs", ".hypothesis", "build", "site", "out")  # what commands write
SECONDS = 600


@dataclass(frozen=True)
class Breakage:
    """One row of the list."""

    id: str
    kind: str
    file: str
    old: str
    new: str
    run: list[str]
    prints: str

    def command(self) -> list[str]:
        """`verify ...` and `pytest ...` run by module, so that the copy is what is imported."""
        module = {
            "verify": ["proofs.runner", "verify", "--no-cache"],
            "pytest": ["pytest", "-q", "-p", "no:cacheprovider"],
        }
        return [sys.executable, "-m", *module[self.run[0]], *self.run[1:]]


def load() -> list[Breakage]:
    with (ROOT / "tests" / "breakages.toml").open("rb") as f:
        return [Breakage(**row) for row in tomllib.load(f)["breakage"]]


class Copies:
    """As many copies of the tree as there are jobs; each is as it was before the next command runs in it."""

    def __init__(self, count: int, where: Path) -> None:
        self.free: SimpleQueue[Path] = SimpleQueue()
        for n in range(count):
            copied(where / str(n))
            self.free.put(where / str(n))

    def run(self, command: list[str], change: Breakage | None) -> tuple[int, str]:
        """Exit code and output of a command in a copy, with one change or none.  LookupError: the text is not there."""
        folder = self.free.get()
        try:
            with changed(folder, change):
                return ended(command, folder)
        finally:
            for left in LEFT:
                shutil.rmtree(folder / left, ignore_errors=True)
            self.free.put(folder)


def copied(folder: Path) -> None:
    """The tree, compiled.  A file is known by its text: what is changed may have the size and the time of the original."""
    for name in COPIED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            compileall.compile_dir(target, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
        elif source.exists():
            shutil.copy(source, target)


@contextmanager
def changed(folder: Path, change: Breakage | None) -> Iterator[None]:
    if change is None:
        yield
        return
    path = folder / change.file
    text = path.read_text("utf8")
    apply(change, path)
    try:
        yield
    finally:
        path.write_text(text, "utf8")


def ended(command: list[str], folder: Path) -> tuple[int, str]:
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
    return done.returncode, done.stdout + done.stderr


def apply(change: Breakage, path: Path) -> None:
    text = path.read_text()
    if text.count(change.old) != 1:
        raise LookupError(f"the text to break occurs {text.count(change.old)} times in {change.file}, not once")
    path.write_text(text.replace(change.old, change.new))


def judged(b: Breakage, copies: Copies) -> str:
    """'red', or why it is not."""
    try:
        code, output = copies.run(b.command(), b)
    except (LookupError, subprocess.TimeoutExpired) as error:
        return str(error)
    if code == 0:
        return "still green"
    return "red" if b.prints in output else f"red for another reason (exit {code}):\n{output[-1500:]}"


def main() -> int:
    """Print one line a breakage, then `k of k red`; exit 0 only then."""
    parser = argparse.ArgumentParser(description="Apply each deliberate breakage and see it go red.")
    parser.add_argument("only", nargs="*", help="ids of breakages; all of them if none is given")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    rows = [b for b in load() if not options.only or b.id in options.only]
    commands = {tuple(b.command()) for b in rows}
    with tempfile.TemporaryDirectory() as where, ThreadPoolExecutor(options.jobs) as pool:
        copies = Copies(options.jobs, Path(where))
        clean = dict(zip(commands, pool.map(lambda c: copies.run(list(c), None), commands), strict=True))
        broken = [(c, out) for c, (code, out) in clean.items() if code != 0]
        for c, out in broken:
            print(f"not green before anything is broken: {' '.join(c[2:])}\n{out[-1500:]}")
        if broken:
            return 1
        verdicts = []
        for b, verdict in zip(rows, pool.map(lambda b: judged(b, copies), rows), strict=True):
            print(f"{verdict.splitlines()[0]:12} {b.kind}: {b.id}", flush=True)
            if verdict != "red":
                print(verdict, flush=True)
            verdicts.append(verdict)
    red = sum(v == "red" for v in verdicts)
    print(f"{red} of {len(rows)} red")
    return 0 if red == len(rows) and rows else 1


if __name__ == "__main__":
    sys.exit(main())
