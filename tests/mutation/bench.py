"""A private copy of the tree, in which one mutant after the other is tried."""

from __future__ import annotations

import compileall
import os
import py_compile
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mutation.population import ROOT, Mutant
from tests.mutation.target import NO_TESTS
from tests.mutation.watch import RUNNING, SLEPT

if TYPE_CHECKING:
    from tests.mutation.targets import Target

COPIED = ("proofs", "numeric", "tests", "docs", "pyproject.toml")
# KiB of address space for one test run: a mutant that never stops collecting must not take the machine along.
MEMORY = 4 << 20
LEAST = 20  # processor seconds for an import
# A limit is in processor seconds, so that a busy machine kills no mutant; one that sleeps ends after so many times its limit.
WAITING = 10
CLOCK = 124  # the exit code of what passed a limit


@dataclass
class End:
    """killed, killed on import, killed by the clock, or survived; `by` is the test that failed, or all that passed."""

    outcome: str
    by: str
    seconds: float


class Stopped(Exception):
    """A bench that was told to stop runs nothing more."""


class Bench:
    """The copy; what runs in it ends with it."""

    def __init__(self, folder: Path, target: Target, source: Path = ROOT) -> None:
        self.folder, self.target = folder, target
        for name in COPIED:
            if (source / name).is_dir():
                shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
                compiled(folder / name)
            else:
                shutil.copy(source / name, folder / name)
        self.process: subprocess.Popen[bytes] | None = None
        self.stopped = False

    def ran(self, command: list[str], limit: float, **environment: str) -> tuple[int, str]:
        """Exit code and output; 124 past the limit in processor seconds.  Whatever it started ends with it."""
        env = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
        limited = ["sh", "-c", f'ulimit -v {MEMORY}; ulimit -S -t {ceil(limit)}; exec "$@"', "sh", *command]
        for name in (RUNNING, SLEPT):
            (self.folder / name).unlink(missing_ok=True)
        if self.stopped:
            raise Stopped
        with tempfile.TemporaryFile("w+", encoding="utf8", errors="replace") as out:
            self.process = process = subprocess.Popen(
                limited, cwd=self.folder, env=env | environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
            try:
                code = process.wait(WAITING * limit)
                code = CLOCK if code == -signal.SIGXCPU or holds_something(self.folder / SLEPT) else code
            except subprocess.TimeoutExpired:
                code = CLOCK
            finally:
                self.end()
                process.wait()
                self.process = None
            if self.stopped:
                raise Stopped
            out.seek(0)
            return code, out.read()

    def stop(self) -> None:
        """End what runs here, children included, for it has a session of its own; nothing more is begun."""
        self.stopped = True
        self.end()

    def end(self) -> None:
        """End what runs here."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def green(self, name: str, command: list[str]) -> float:
        """The processor seconds of a command that passes on the untouched copy.  Raises SystemExit."""
        start = spent()
        code, output = self.ran(command, 600)
        if code:
            raise SystemExit(f"{name} is not green on the untouched copy (exit {code}):\n{output[-2000:]}")
        return spent() - start

    def judged(self, mutant: Mutant) -> End:
        """The end of one mutant; the copy is put back as it was."""
        path, start = self.folder / self.target.path(mutant.name.file), time.monotonic()
        original = path.read_text("utf8")
        path.write_text(mutant.source(original), "utf8")
        try:
            outcome, by = self._first_failure(mutant)
        finally:
            path.write_text(original, "utf8")
        end = End(outcome, by, round(time.monotonic() - start, 1))
        self.target.learn(end)
        return end

    def _first_failure(self, mutant: Mutant) -> tuple[str, str]:
        passed = []
        for name, command, limit in self.target.tries(self, mutant):
            code, output = self.ran(command, limit)
            if code == NO_TESTS:
                continue
            if code == CLOCK:
                return "killed by the clock", self.running() or name
            if code:
                on_import = name == "import" or self._does_not_import(mutant.name.file, code)
                return ("killed on import" if on_import else "killed"), self.running() or by(name, code, output)
            passed.append(name)
        return "survived", ", ".join(passed)

    def running(self) -> str:
        """The last test that was begun, where the plugin watches; that is the one that failed, for it ends a run."""
        path = self.folder / RUNNING
        return path.read_text("utf8") if path.exists() else ""

    def _does_not_import(self, file: str, code: int) -> bool:
        """Where pytest could not even collect (exit 2 to 4): because the mutant does not import?"""
        found = self.target.importing(file) if 2 <= code <= 4 else None
        return found is not None and self.ran(found, LEAST)[0] not in (0, CLOCK)


def spent() -> float:
    """Processor seconds of all processes that have ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compiled(folder: Path) -> None:
    """Compile what will not change.  A file is known by its text: a mutant may have the size and the time of another."""
    checked = py_compile.PycInvalidationMode.CHECKED_HASH
    compileall.compile_dir(folder, quiet=2, invalidation_mode=checked)


def holds_something(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def by(name: str, code: int, output: str) -> str:
    """The first test that failed, as pytest names it; else the command, its exit code and the last line."""
    for line in output.splitlines():
        if line.startswith(("FAILED ", "ERROR ")):
            return line.partition(" ")[2].partition(" - ")[0][:160]
    last = output.strip().splitlines()[-1:] or [""]
    return f"{name}, exit {code}: {last[0][:120]}"
