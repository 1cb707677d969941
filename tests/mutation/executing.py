"""Of some thousand tests a mutant meets those that execute its line; what killed others comes first, then the quickest.

    the untouched copy    every test, and claims (`verify`), with coverage: what executes which line, and what it takes
    a mutant              the tests that execute its line: the most promising in one process of pytest, the rest in another;
                          then `verify`, where that executes it, too; of a line that no test executes, the tests nearest to its
                          file, and `verify`
    after the last        what killed a mutant passes on the untouched copy

So a survivor is a mutant that passed every test that executes its line.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from tests.mutation import watch
from tests.mutation.covered import SAVING, Measured, Source, environment, met_by, rows
from tests.mutation.population import Mutant
from tests.mutation.target import NO_TESTS, VERIFY, Commands, Target, pytest

if TYPE_CHECKING:
    from tests.mutation.bench import Bench, End

T = TypeVar("T")
VERIFIED = "verify"
COVERAGE = "coverage"  # the folder in a copy where coverage writes
WATCHED = ("-p", "tests.mutation.watch")
SLACK, LEAST = 4, 10  # processor seconds for a test: so many times what it takes, and at least so many
BEFORE = 60  # for pytest itself, and to collect
LOADING = 0.1  # seconds that each test is taken to need at least
FIRST = 40  # tests that are tried before the rest is collected


class Executing(Target):
    """TESTS: folders of tests.  NOT_BEHAVIOUR: files of tests that read the text of what is mutated; a mutant must be noticed
    by what it does.  WHOLE: files of tests that are taken to execute every line (to measure them would take too long); so is
    `verify` where VERIFIES_ALL.  CLAIMS: what `verify` is asked for.

    `measured` is set by `begin`; `kills` grows from mutant to mutant.
    """

    TESTS: tuple[str, ...]
    NOT_BEHAVIOUR: tuple[str, ...] = ()
    WHOLE: tuple[str, ...] = ()
    VERIFIES_ALL = False
    CLAIMS: tuple[str, ...]

    def __init__(self) -> None:
        self.measured = Measured()
        self.sources: dict[str, Source] = {}
        self.kills: Counter[str] = Counter()

    def every(self, root: Path) -> list[str]:
        """The files of tests."""
        found = [p for f in self.TESTS for p in sorted((root / f).glob("test_*.py"))]
        return [p.relative_to(root).as_posix() for p in found if p.stem.removeprefix("test_") not in self.NOT_BEHAVIOUR]

    def near(self, root: Path, file: str) -> list[str]:
        """The files of tests that bear the name of a file, or name it."""
        path = Path(self.path(file))
        stem, dotted = path.stem.strip("_"), path.with_suffix("").as_posix().replace("/", ".")
        tests = self.every(root)
        named = [p for p in tests if stem in Path(p).stem.removeprefix("test_")]
        return [*named, *[p for p in tests if p not in named and dotted in (root / p).read_text("utf8")]]

    def commands(self, root: Path) -> Commands:
        """Each file of tests by itself, and the claims."""
        tests = {path: pytest(path) for path in self.every(root)}
        return {**tests, VERIFIED: [sys.executable, *VERIFY, *self.CLAIMS]}

    def importing(self, file: str) -> list[str]:
        module = Path(self.path(file)).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        return [sys.executable, "-c", f"import {module}"]

    def everywhere(self, test: str) -> bool:
        """Is it taken to execute every line?"""
        return self.VERIFIES_ALL if test == VERIFIED else test.partition("::")[0] in self.WHOLE

    # --------------------------------------------------------------------------------- before
    def begin(self, made: Sequence[Bench]) -> None:
        """Every command is green, with coverage or else without; what each test takes and executes is kept."""
        start = time.monotonic()
        self.sources = {name: Source(path.read_text("utf8")) for name, path in self.files(made[0].folder)}
        if self.kept and self.kept.exists():
            self.measured = Measured.read(self.kept)
            return
        todo = list(self.commands(made[0].folder).items())
        todo.sort(key=lambda command: "runner" not in command[0] and command[0] != VERIFIED)  # the long ones first
        shared(made, todo, self._green)
        for bench in made:
            self.measured.add(bench.folder / COVERAGE, self.sources)
            shutil.rmtree(bench.folder / COVERAGE)
        print(f"{len(self.measured.seconds)} tests measured in {time.monotonic() - start:.0f} s", flush=True)
        if self.kept:
            self.measured.write(self.kept)

    def _green(self, bench: Bench, todo: tuple[str, list[str]]) -> None:
        """One command with coverage; what fails then must pass without, for some tests measure time and memory."""
        name, command = todo
        told = environment(bench.folder / COVERAGE, [f"{folder}/*.py" for folder in self.folders])
        if self.everywhere(name):
            del told["COVERAGE_PROCESS_START"]
        words = [*[w for w in command if w != "-x"], *WATCHED] if name != VERIFIED else command
        start = time.monotonic()
        with saving(bench.folder):
            code, _ = bench.ran(words, 600, **told, PYTEST_CURRENT_TEST=f"{name} (call)" if name == VERIFIED else "")
        seconds = time.monotonic() - start
        if name == VERIFIED:
            self.measured.seconds[name] = (seconds, seconds)  # the processor's time of its workers is not to be had
        failed = [r["test"] for r in rows(bench.folder / COVERAGE) if r["failed"] and r["test"].startswith(f"{name}::")]
        if code not in (0, NO_TESTS):
            print(f"failed with coverage, once more without: {name} {' '.join(failed)}", flush=True)
            bench.green(name, self._chosen(bench, dict.fromkeys(failed, 300.0)) if failed else command)

    # --------------------------------------------------------------------------------- one mutant
    def tries(self, bench: Bench, mutant: Mutant) -> Iterator[tuple[str, list[str], float]]:
        """The tests that execute the line, then `verify`, if it does; the nearest ones where none does."""
        found = met_by(self.measured, self.sources, mutant.name.file, mutant.number)
        found |= {test for test in self.measured.seconds if self.everywhere(test)}
        tests, kind = self.ordered(found - {VERIFIED}), "tests"
        if not tests:
            near = tuple(f"{path}::" for path in self.near(bench.folder, mutant.name.file))
            tests = self.ordered(t for t in self.measured.seconds if t.startswith(near)) if near else []
            kind = "nearest tests"
        for part in (tests[:FIRST], tests[FIRST:]):
            if part:
                limits = {test: max(LEAST, SLACK * self.measured.seconds[test][0]) for test in part}
                yield f"{len(part)} {kind}", self._chosen(bench, limits), BEFORE + sum(limits.values())
        if VERIFIED in found or not found:
            command = self.commands(bench.folder)[VERIFIED]
            yield VERIFIED, command, max(BEFORE, SLACK * self.measured.seconds[VERIFIED][0])

    def ordered(self, tests: Iterable[str]) -> list[str]:
        """What killed most in its time comes first, then the quickest."""
        return sorted(
            tests,
            key=lambda t: (-self.kills[t] / (LOADING + self.measured.seconds[t][1]), self.measured.seconds[t][1], t),
        )

    def learn(self, end: End) -> None:
        self.kills[end.by] += end.outcome != "survived"

    def _chosen(self, bench: Bench, limits: dict[str, float]) -> list[str]:
        """The command for these tests, each within its limit."""
        files = dict.fromkeys(test.partition("::")[0] for test in limits)
        (bench.folder / "chosen").write_text("\n".join(files), "utf8")
        (bench.folder / "limits.json").write_text(json.dumps(limits), "utf8")
        return ["env", f"{watch.LIMITED}={bench.folder / 'limits.json'}", *pytest("@chosen"), *WATCHED]

    # --------------------------------------------------------------------------------- after the last
    def end(self, made: Sequence[Bench], ends: Sequence[End]) -> None:
        """Every test that killed, and the claims where they did, on the copies as they were."""
        killers = sorted({end.by for end in ends} & set(self.measured.seconds) - {VERIFIED})
        shares = [killers[n :: len(made)] for n in range(len(made))]

        def again(bench: Bench, tests: list[str]) -> None:
            bench.green("what killed", self._chosen(bench, dict.fromkeys(tests, 600.0)))

        shared(made, [s for s in shares if s], again)
        if any(end.outcome != "survived" and end.by.startswith(VERIFIED) for end in ends):
            made[0].green(VERIFIED, self.commands(made[0].folder)[VERIFIED])


@contextmanager
def saving(folder: Path) -> Iterator[None]:
    """Workers write what they executed while they run."""
    init = folder / "proofs" / "__init__.py"
    original = init.read_text("utf8")
    init.write_text(original + SAVING, "utf8")
    try:
        yield
    finally:
        init.write_text(original, "utf8")


def shared(made: Sequence[Bench], todo: Sequence[T], does: Callable[[Bench, T], None]) -> None:
    """Each thing done in one of the copies, as they become free.  Raises what `does` raises."""
    left: SimpleQueue[T] = SimpleQueue()
    for one in todo:
        left.put(one)

    def serve(bench: Bench) -> None:
        while True:
            try:
                one = left.get_nowait()
            except Empty:
                return
            does(bench, one)

    with ThreadPoolExecutor(len(made)) as pool:
        try:
            for served in [pool.submit(serve, bench) for bench in made]:
                served.result()
        except BaseException:  # what waits is not begun, and what runs ends now
            while not left.empty():
                left.get()
            for bench in made:
                bench.stop()
            raise
