"""Mechanical mutants: does a test notice each one?  `make mutants`

cosmic-ray makes the mutants of a target (targets.py: the judge, or the code that turns evidence into verdicts); a seeded sample
of 300 is tried, each in a private copy of the tree.  A mutant is killed by the first of the target's commands that fails, or by
the clock, which is said apart.  What lives has a line in the target's survivors file that says why it does no harm; such a
mutant is not tried again, except with --recheck.  Before the first mutant and after the last, the untouched copy must be green,
so that nothing is called killed because of the machine.

    python -m tests.mutation.run [kernel|evidence] [--sample N] [--seed N] [--jobs N] [--only TEXT] [--recheck] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from queue import SimpleQueue
from typing import Any

if __package__ in (None, ""):  # started as a file
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.mutation.population import ROOT, Mutant, Name, population, sample
from tests.mutation.targets import TARGETS, Target

COPIED = ("proofs", "numeric", "tests", "pyproject.toml")
SIZE, SEED, ENOUGH = 300, 1, 0.95
# KiB of address space for one test run: a mutant that never stops collecting must not take the machine along.
MEMORY = 4 << 20
SLACK, LEAST = 4, 20  # processor seconds: so many times what the untouched copy takes, and at least so many
WAITING = 10  # and so many times more on the clock on the wall: a busy machine kills no mutant, one that sleeps ends all the same


@dataclass
class End:
    """killed, killed on import, killed by the clock, or survived; `by` is the test that failed."""

    outcome: str
    by: str
    seconds: float


# ------------------------------------------------------------------------------------- one mutant
class Bench:
    """A private copy of the tree, in which one mutant after the other is tried."""

    def __init__(self, folder: Path, target: Target, source: Path = ROOT) -> None:
        self.folder, self.target = folder, target
        for name in COPIED:
            if (source / name).is_dir():
                shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source / name, folder / name)
        self.limits = dict.fromkeys(target.commands(folder, None), 600.0)
        self.process: subprocess.Popen[bytes] | None = None

    def ran(self, command: list[str], limit: float) -> tuple[int, str]:
        """Exit code and output; 124 past the limit in processor seconds.  Whatever it started ends with it."""
        env = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
        limited = ["sh", "-c", f'ulimit -v {MEMORY}; ulimit -S -t {ceil(limit)}; exec "$@"', "sh", *command]
        with tempfile.TemporaryFile("w+", encoding="utf8", errors="replace") as out:
            self.process = process = subprocess.Popen(
                limited, cwd=self.folder, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )  # fmt: skip
            try:
                code = process.wait(WAITING * limit)
                code = 124 if code == -signal.SIGXCPU else code
            except subprocess.TimeoutExpired:
                code = 124
            finally:
                self.stop()
                process.wait()
                self.process = None
            out.seek(0)
            return code, out.read()

    def stop(self) -> None:
        """End what runs here, children included: it has a session of its own."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def untouched(self) -> None:
        """Every command is green; how long each takes sets its limit.  Raises SystemExit."""
        for name, command in self.target.commands(self.folder, None).items():
            start = spent()
            code, output = self.ran(command, 600)
            if code:
                raise SystemExit(f"{name} is not green on the untouched copy (exit {code}):\n{output[-2000:]}")
            self.limits[name] = max(LEAST, SLACK * (spent() - start))

    def judged(self, mutant: Mutant) -> End:
        """The end of one mutant; the copy is put back as it was."""
        path, start = self.folder / self.target.path(mutant.name.file), time.monotonic()
        original = path.read_text("utf8")
        path.write_text(mutant.source(original), "utf8")
        try:
            outcome, by = self._first_failure(mutant.name.file)
        finally:
            path.write_text(original, "utf8")
        return End(outcome, by, round(time.monotonic() - start, 1))

    def _first_failure(self, file: str) -> tuple[str, str]:
        for name, command in self.target.commands(self.folder, file).items():
            code, output = self.ran(command, self.limits[name])
            if code == 124:
                return "killed by the clock", name
            if code:
                return ("killed on import" if name == "import" else "killed"), by(name, code, output)
        return "survived", ""


def spent() -> float:
    """Processor seconds of all processes that have ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def by(name: str, code: int, output: str) -> str:
    """The first test that failed, as pytest names it; else the command, its exit code and the last line."""
    for line in output.splitlines():
        if line.startswith(("FAILED ", "ERROR ")):
            return line.partition(" ")[2].partition(" - ")[0][:160]
    last = output.strip().splitlines()[-1:] or [""]
    return f"{name}, exit {code}: {last[0][:120]}"


@contextmanager
def benches(count: int, target: Target) -> Iterator[list[Bench]]:
    """Copies of one and the same state of the tree: the files may change while this runs."""
    with tempfile.TemporaryDirectory() as folder:
        made = [Bench(Path(folder) / "0", target)]
        made += [Bench(Path(folder) / str(n), target, made[0].folder) for n in range(1, count)]
        try:
            made[0].untouched()
            for bench in made:
                bench.limits = made[0].limits
            yield made
            for bench in made:
                bench.untouched()
        finally:
            for bench in made:
                bench.stop()


def tried(mutants: list[Mutant], made: list[Bench]) -> dict[Mutant, End]:
    """Every mutant with its end; one line each while it runs."""
    free: SimpleQueue[Bench] = SimpleQueue()
    for bench in made:
        free.put(bench)

    def one(mutant: Mutant) -> End:
        bench = free.get()
        try:
            end = bench.judged(mutant)
        finally:
            free.put(bench)
        name = mutant.name
        told = f"{end.outcome:20} {end.seconds:6.1f} s  {name.file}:{mutant.number} {name.operator}  {end.by}"
        print(told, flush=True)
        return end

    with ThreadPoolExecutor(len(made)) as pool:
        try:
            return dict(zip(mutants, pool.map(one, mutants), strict=True))
        except BaseException:  # stopped: what waits is not begun, and what runs ends now
            pool.shutdown(wait=False, cancel_futures=True)
            for bench in made:
                bench.stop()
            raise


# ------------------------------------------------------------------------------------- survivors
def explanations(path: Path) -> dict[Name, str]:
    """Survivor -> why it does no harm.  Raises ValueError where the file is not a list of such rows."""
    rows = tomllib.loads(path.read_text("utf8")).get("survivor", []) if path.exists() else []
    out: dict[Name, str] = {}
    for row in rows:
        given = {"where": "", "nth": 1, **row}
        if set(given) != {*Name._fields, "change", "why"} or not str(given["why"]).strip():
            raise ValueError(f"a survivor has {', '.join(Name._fields)}, change and why; got {row}")
        name = Name(*[given[f] for f in Name._fields])
        if name in out:
            raise ValueError(f"explained twice: {name}")
        out[name] = str(given["why"])
    return out


def row(mutant: Mutant, original: str) -> str:
    """A survivor as it is entered in survivors.toml, the reason left open."""
    name = mutant.name
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in name._asdict().items()]
    return "\n".join(["[[survivor]]", *lines, f"change = {json.dumps(mutant.change(original))}", 'why = ""', ""])


def summary(ends: dict[Mutant, End], why: dict[Name, str], files: dict[str, str]) -> tuple[str, bool]:
    """The closing lines, and whether all is well: enough killed, and a reason for each that lives."""
    alive = [m for m, end in ends.items() if end.outcome == "survived"]
    unexplained = [m for m in alive if m.name not in why]
    killed, total = len(ends) - len(alive), len(ends)
    count = {o: sum(e.outcome == o for e in ends.values()) for o in ("killed on import", "killed by the clock")}
    rows = [row(m, files[m.name.file]) for m in unexplained]
    rows += [
        f"explained, though killed by {e.by}: {m.name}" for m, e in ends.items() if m.name in why and m not in alive
    ]
    apart = f"  of these {count['killed on import']} on import, {count['killed by the clock']} by the clock"
    share = killed / max(1, total)
    closing = (
        f"{killed} of {total} killed ({100 * share:.1f} %), "
        f"{len(alive) - len(unexplained)} survivors explained, {len(unexplained)} unexplained"
    )
    return "\n".join([*rows, apart, closing]), total > 0 and share >= ENOUGH and not unexplained


def written(path: Path, options: Any, ends: dict[Mutant, End], all_of_them: int) -> None:
    """The result as JSON."""
    rows = [{**m.name._asdict(), "number": m.number, **asdict(end)} for m, end in ends.items()]
    head = {"target": options.target, "seed": options.seed, "sample": len(rows), "population": all_of_them}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**head, "mutants": rows}, indent=1, ensure_ascii=False) + "\n", "utf8")


def main(arguments: list[str] | None = None) -> int:
    """0 where at least 95 % are killed and each survivor is explained."""
    parser = argparse.ArgumentParser(description="Try mechanical mutants of a target.")
    parser.add_argument("target", nargs="?", choices=sorted(TARGETS), default="kernel", help="what is mutated")
    parser.add_argument("--sample", type=int, default=SIZE, help="how many")
    parser.add_argument("--seed", type=int, default=SEED, help="which")
    parser.add_argument("--jobs", type=int, default=2, help="copies of the tree side by side")
    parser.add_argument("--recheck", action="store_true", help="try the explained survivors, too")
    parser.add_argument(
        "--only", default="", help="of the sample, those whose file, function or operator holds this text"
    )
    parser.add_argument("--out", type=Path, help="where the result goes; .rlproofs/mutants-TARGET.json")
    options = parser.parse_args(arguments)
    target = TARGETS[options.target]
    why = explanations(target.survivors)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with benches(options.jobs, target) as made:
        folder = made[0].folder
        every = population(target.files(folder))
        chosen = [m for m in sample(every, options.sample, options.seed) if options.only in " ".join(map(str, m.name))]
        files = {name: path.read_text("utf8") for name, path in target.files(folder)}
        known = [] if options.recheck else [m for m in chosen if m.name in why]
        ends = tried([m for m in chosen if m not in known], made)
        ends |= {m: End("survived", "as explained", 0.0) for m in known}
    written(options.out or ROOT / ".rlproofs" / f"mutants-{target.name}.json", options, ends, len(every))
    told, well = summary(ends, why, files)
    print(told)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
