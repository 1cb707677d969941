"""What is too long for every day, one step after the other, with a record.  `make nightly`

    claims        every claim again, without recorded results, with fresh random numbers
    calibration   the statistics' own error rates, over thousands of runs
    kill -9       at fifty moments of a run: nothing finished is lost, and the end is that of an undisturbed run
    survival      every claim under several hash seeds, locales and time zones; one and three workers
    fuzz          the judge on many more random terms and certificates
    algorithms    each learns what its page says, from several seeds
    mutants       300 mechanical changes of the judge, and 300 of statistics and runner: does a test notice?
    browser       every page of the site

Steps that leave a part of the machine idle (one process, or many starts and waits) run side by side, each line of what they print
after the step's name; the others have the machine for themselves.  Each step runs whatever became of the others, and is recorded
as it ends (docs/recorded/nightly.json: command, exit code, seconds, closing line, day, commit and versions); the site shows the
last record of each step.  Breakages and guards take half an hour more: `make breakages guards`.

    python tests/nightly.py [--only STEP ...] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = "docs/recorded/nightly.json"
RECORD = ROOT / KEPT
PACKAGES = ("numpy", "sympy", "python-flint", "torch")
PYTEST = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
STEPS: dict[str, list[str]] = {
    "claims": ["-m", "proofs.runner", "verify", "--no-cache", "--nonce", "fresh"],
    "calibration": [*PYTEST, "tests/montecarlo", "tests/experiments", "-m", "nightly"],
    "kill -9": ["tests/kill9.py"],
    "survival": [*PYTEST, "tests/runner", "-m", "nightly"],
    "fuzz": [*PYTEST, "tests/kernel", "tests/readings", "tests/tactics", "tests/definitions", "-m", "nightly"],
    "algorithms": [*PYTEST, "tests/algorithms", "tests/training", "tests/bench", "-m", "nightly"],
    "mutants of the judge": ["tests/mutation/run.py", "kernel"],
    "mutants of the evidence": ["tests/mutation/run.py", "evidence"],
    "browser": [*PYTEST, "tests/site", "tests/tutorial", "-m", "nightly or browser"],
}
SIDE_BY_SIDE, AT_ONCE = ("fuzz", "kill -9", "algorithms", "survival", "calibration"), 3  # the longest first
CLOSING = {"claims": ("All as expected", "NOT as expected")}  # how a closing line begins where more is said after it
NOTHING = 5  # pytest's exit code where no test was selected


def run(name: str, before: str = "") -> dict[str, object]:
    """One step: what was typed, its exit code, seconds and closing line.  Its output is shown as it comes, after `before`."""
    print(f"\n== {name}", flush=True)
    start, last, about = time.monotonic(), "", head()
    command = [sys.executable, *STEPS[name]]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            print(before + line, end="", flush=True)
            last = line.strip() if closing(name, line, last) else last
        code = process.wait()
    seconds, typed = round(time.monotonic() - start, 1), " ".join(["python", *STEPS[name]])
    return {"step": name, "command": typed, "exit": code, "seconds": seconds, "last_line": last, **about}


def closing(name: str, line: str, last: str) -> bool:
    """Is this the closing line so far: the last one that says something, or the last that begins as the step's does?"""
    begins = CLOSING.get(name, ("",))
    return bool(line.strip()) and (line.startswith(begins) or not last.startswith(begins))


def in_turn(names: list[str]) -> Iterator[dict[str, object]]:
    """The steps' rows as they end: those that may stand side by side in the place of the first of them."""
    together = [name for name in SIDE_BY_SIDE if name in names]
    for name in names:
        if name not in together:
            yield run(name)
        elif name == next(n for n in names if n in together):
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for ended in as_completed(pool.submit(run, one, f"{one}: ") for one in together):
                    yield ended.result()


def recorded(path: Path, row: dict[str, object]) -> None:
    """The record with this step's row in the place of its last one, steps in the order in which they run."""
    rows = {r["step"]: r for r in json.loads(path.read_text("utf8"))["steps"]} if path.exists() else {}
    rows[row["step"]] = row
    path.parent.mkdir(parents=True, exist_ok=True)
    steps = [rows[name] for name in STEPS if name in rows]
    path.write_text(json.dumps({"steps": steps}, indent=1, ensure_ascii=False) + "\n", "utf8")


def told(rows: list[dict[str, object]]) -> str:
    """A line for each step."""
    return "\n".join(
        f"{'ok' if r['exit'] == 0 else 'no tests' if r['exit'] == NOTHING else 'FAILED':9} {r['seconds']:7} s  "
        f"{r['step']}: {r['last_line']}"
        for r in rows
    )


def head() -> dict[str, object]:
    """The day, the commit, Python and the packages."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{KEPT}")

    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": git("rev-parse", "HEAD"),
        "uncommitted": len(changed.splitlines()),  # but for the record itself
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def main(arguments: list[str] | None = None) -> int:
    """0 where every step passes."""
    parser = argparse.ArgumentParser(description="Run what is too long for every day.")
    parser.add_argument("--only", nargs="+", choices=sorted(STEPS), default=[], help="these steps")
    parser.add_argument("--out", type=Path, default=None, help="where the record goes")
    options = parser.parse_args(arguments)
    rows, start = [], time.monotonic()
    for row in in_turn([name for name in STEPS if not options.only or name in options.only]):
        rows.append(row)
        if int(str(row["exit"])) >= 0:  # one that was killed from outside says nothing
            recorded(options.out or RECORD, row)
    print(f"\n{told(rows)}\n{len(rows)} steps, {(time.monotonic() - start) / 60:.1f} minutes")
    return 0 if all(r["exit"] == 0 for r in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
