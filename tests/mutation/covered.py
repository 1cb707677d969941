"""Which tests execute which line, and what each takes: measured once on the untouched copy, with coverage.

Lines are put down to the test that is running, in pytest's own process and in every process that the test starts; a command that
is no test counts like a test of its name.  Of the lines that are executed when a module is imported (a constant, a default, a
decorator) that says nothing: their tests are those that execute what stands on them (`met_by`).
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.mutation import watch

Lines = dict[str, dict[int, set[str]]]  # file -> line -> tests
Span = range  # of lines
PHASE = re.compile(r" \((?:setup|call|teardown)\)$")

RC = """
[run]
data_file = {folder}/lines
parallel = true
context = ${{PYTEST_CURRENT_TEST-}}
disable_warnings = no-data-collected, module-not-measured, include-ignored, couldnt-parse
include =
{patterns}
"""
# A worker is ended by SIGKILL, which leaves coverage no time to write: it writes while it runs, and whoever kills waits for that.
SAVING = """
import os as _os, sys as _sys

if "COVERAGE_PROCESS_START" in _os.environ:
    import threading as _threading, time as _time

    def _waiting(group, number, kill=_os.killpg):
        _time.sleep(0.4)
        kill(group, number)

    def _saving():
        import coverage

        while True:
            _time.sleep(0.1)
            try:
                coverage.Coverage.current().save()
            except Exception:
                pass

    _os.killpg = _waiting
    if "proofs.runner.worker" in _sys.orig_argv:
        _threading.Thread(target=_saving, daemon=True).start()
"""


@dataclass
class Measured:
    """seconds: test -> processor and wall.  here: lines that pytest's own process executed; elsewhere: its children."""

    seconds: dict[str, tuple[float, float]] = field(default_factory=dict)
    here: Lines = field(default_factory=dict)
    elsewhere: Lines = field(default_factory=dict)

    def on(self, file: str, lines: Iterable[int], *, imported: bool = False) -> set[str]:
        """The tests that execute one of the lines.  imported: it is executed on import, too, so that children say nothing."""
        maps = (self.here,) if imported else (self.here, self.elsewhere)
        return {t for found in maps for n in lines for t in found.get(file, {}).get(n, ()) if t in self.seconds}

    def quickest_first(self, tests: Iterable[str]) -> list[str]:
        return sorted(tests, key=lambda test: (self.seconds[test][1], test))

    def add(self, folder: Path, files: Iterable[str]) -> None:
        """What the runs left in a folder: `tests`, a line for each test, and coverage's files."""
        from coverage import CoverageData
        from coverage.exceptions import DataError

        names = list(files)
        self.seconds |= {row["test"]: (row["processor"], row["wall"]) for row in rows(folder)}
        for path in folder.glob("lines.*"):
            data = CoverageData(str(path))
            try:
                data.read()
            except DataError:  # its process was killed before it had written anything
                continue
            for measured in data.measured_files():
                name = next((n for n in names if measured.endswith("/" + n)), None)
                if name is not None:
                    self._put_down(name, data.contexts_by_lineno(measured))

    def _put_down(self, file: str, contexts: Mapping[int, Iterable[str]]) -> None:
        for line, said in contexts.items():
            for context in said:
                found = (
                    self.elsewhere if PHASE.search(context) else self.here
                )  # a child has the name from its environment
                found.setdefault(file, {}).setdefault(line, set()).add(PHASE.sub("", context))

    # --------------------------------------------------------------------------------- as a file
    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), default=sorted), "utf8")

    @classmethod
    def read(cls, path: Path) -> Measured:
        data = json.loads(path.read_text("utf8"))
        maps = [
            {f: {int(n): set(tests) for n, tests in lines.items()} for f, lines in data[part].items()}
            for part in ("here", "elsewhere")
        ]
        return cls({test: (a, b) for test, (a, b) in data["seconds"].items()}, *maps)


def environment(folder: Path, patterns: Iterable[str]) -> dict[str, str]:
    """What makes every Python process write into the folder what it executes of the files."""
    folder.mkdir(exist_ok=True)
    (folder / "tests").touch()
    told = RC.format(folder=folder, patterns="\n".join(f"    */{p}" for p in patterns))
    (folder / "rc").write_text(told, "utf8")
    return {"COVERAGE_PROCESS_START": str(folder / "rc"), watch.MEASURED: str(folder / "tests")}


def rows(folder: Path) -> list[dict[str, Any]]:
    """What the plugin wrote of each test."""
    return [json.loads(line) for line in (folder / "tests").read_text("utf8").splitlines()]


# ------------------------------------------------------------------------------------- the lines that a change concerns
class Source:
    """The text of a file, and where its statements stand."""

    def __init__(self, text: str) -> None:
        self.text, self.tree = text, ast.parse(text)

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def innermost(self) -> dict[int, ast.stmt]:
        """Line -> the innermost statement that holds it; outer ones come first in the walk."""
        statements = [n for n in ast.walk(self.tree) if isinstance(n, ast.stmt)]
        by_size = sorted(statements, key=lambda n: len(whole(n)), reverse=True)
        return {line: node for node in by_size for line in whole(node)}

    def on_import(self, node: ast.stmt) -> bool:
        """Does it stand in no function?"""
        above: ast.AST | None = node
        while (above := self.parents.get(above)) is not None:  # type: ignore[arg-type]
            if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef):
                return False
        return True

    def in_functions(self, lines: Iterable[int]) -> list[int]:
        """Those of the lines that are executed when a function is called."""
        return [n for n in lines if (node := self.innermost.get(n)) is not None and not self.on_import(node)]

    def mentions(self, names: Iterable[str]) -> list[int]:
        """The lines that hold one of the names as a word."""
        word = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
        return [n for n, line in enumerate(self.text.split("\n"), 1) if word.search(line)]


def whole(node: ast.stmt) -> Span:
    """All lines of a statement, decorators included."""
    first = min([node.lineno, *[d.lineno for d in getattr(node, "decorator_list", ())]])
    return range(first, (node.end_lineno or node.lineno) + 1)


def head(node: ast.stmt) -> Span:
    """The lines of a statement without the statements in it."""
    inner = [n for part in ("body", "handlers", "cases") for n in getattr(node, part, ())][:1]
    return range(whole(node).start, max(inner[0].lineno, node.lineno + 1)) if inner else whole(node)


def bound(node: ast.stmt) -> set[str]:
    """The names that a statement at the top of a file or class binds."""
    stored = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    imported = {
        a.asname or a.name for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names
    }
    return stored | imported


def met_by(measured: Measured, sources: Mapping[str, Source], file: str, line: int) -> set[str]:
    """The tests that execute the statement of the line; where it is executed on import, those that execute what stands on it."""
    source = sources[file]
    node = source.innermost.get(line)
    if node is None:
        return set()
    if not source.on_import(node):
        return measured.on(file, head(node))
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return measured.on(file, source.in_functions(whole(node)))
    names = bound(node)
    if not names:
        return measured.on(file, head(node))
    tests = measured.on(file, whole(node), imported=True)  # of a lambda in it
    for other, its in sources.items():
        tests |= measured.on(other, its.in_functions(its.mentions(names)))
    return tests
