"""Kill a run of real claims at random moments, go on, and compare with a run that nobody disturbed.  `python tests/kill9.py`

    python tests/kill9.py [--moments 50] [--seed 0] [--jobs 2] [ID|TOPIC ...]     prints what was killed when; exit 0: all holds

A chain is one verification: a run is killed with SIGKILL, started again, killed again, until one ends by itself; then the next
chain begins without a ledger.  A third of the moments lie in the start-up, a third anywhere, a third within a write of the
ledger; each time either the run's own process is killed or every process of the run.  After each kill:

    the ledger is absent or valid: checksum and schema; every claim that any run of the chain has printed is in it, as in the
    undisturbed run, with all its draws paid for; no claim's life is charged more than in the undisturbed run; within three
    seconds no process of the run is left; the next run takes over exactly what is recorded

and at the end of a chain the ledger, the error budget included, is that of the undisturbed run in everything but times.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from proofs.runner import ledger  # noqa: E402  (of this tree, whatever is installed)

WORDS = (
    "kl",
    "rao_blackwell",
    "gae",
    "logistic",
    "softmax",
)  # some twenty seconds of work; three topics are sampled, too
TIMES = ("created", "updated", "seconds", "check_ms", "cached")  # cached: in which run of the chain a record was made
LINE = re.compile(r"^[a-z ]+? +(\S+) .*\[[\d.]+ s\]", re.MULTILINE)
BEGIN = re.compile(r"^\d+ claims: (\d+) from recorded results", re.MULTILINE)
KINDS = ("start", "anywhere", "write")
GONE = 3.0  # seconds
Data = dict[str, Any]


def timeless(data: Any) -> Any:
    """Plain data without its times."""
    if isinstance(data, dict):
        return {key: timeless(value) for key, value in data.items() if key not in TIMES}
    return [timeless(value) for value in data] if isinstance(data, list) else data


def processes(folder: Path) -> list[int]:
    """Processes that work in a folder: those of a run in it, judges and scripts included."""
    out = []
    for entry in Path("/proc").iterdir():
        try:
            if (
                entry.name.isdigit()
                and (entry / "cwd").readlink() == folder
                and b"State:\tZ" not in (entry / "status").read_bytes()
            ):
                out.append(int(entry.name))
        except OSError:
            continue
    return out


@dataclass
class Seen:
    """What a trial has seen.  late: the longest time until the last process was gone; torn: kills in the middle of a write."""

    moments: Counter[str] = field(default_factory=Counter)
    fell: Counter[str] = field(default_factory=Counter)
    chains: int = 0
    late: float = 0.0
    torn: int = 0
    faults: list[str] = field(default_factory=list)


class Trial:
    """Chains of killed runs of the same claims, in one folder."""

    def __init__(self, folder: Path, words: tuple[str, ...] = WORDS, jobs: int = 2, seed: int = 0) -> None:
        self.folder, self.words, self.jobs = folder.resolve(), words, jobs
        self.path, self.said = folder / ".rlproofs/ledger.json", folder / "said.txt"
        self.random, self.seen = random.Random(seed), Seen()
        self.printed: set[str] = set()
        self.loud, self.last = False, ""

    # --------------------------------------------------------------------------------- runs
    def start(self) -> subprocess.Popen[bytes]:
        kept = {k: v for k, v in os.environ.items() if k != "RLPROOFS_LEDGER"}
        command = [sys.executable, "-m", "proofs.runner", "verify", *self.words, "--jobs", str(self.jobs)]
        with open(self.said, "wb") as out:
            return subprocess.Popen(
                command, cwd=self.folder, env={**kept, "PYTHONPATH": str(ROOT)}, stdout=out, stderr=out, start_new_session=True
            )  # fmt: skip

    def undisturbed(self) -> None:
        """The run to compare with, and how long it takes to begin and to end."""
        began, start = 0.0, time.monotonic()
        run = self.start()
        while run.poll() is None:
            if not began and BEGIN.search(self.text()):
                began = time.monotonic() - start
            time.sleep(0.02)
        self.begins, self.ends = began or 1.0, time.monotonic() - start
        self.whole = self.recorded() or {}
        if run.returncode or not self.whole:
            raise SystemExit(f"the undisturbed run failed:\n{self.text()}")

    def text(self) -> str:
        return self.said.read_text("utf8", "replace")

    def recorded(self) -> Data | None:
        """The ledger without its times.  Raises ledger.Trouble where it is damaged."""
        return timeless(ledger.read_checked(self.path))  # type: ignore[no-any-return]

    # --------------------------------------------------------------------------------- moments
    def kill_at(self, kind: str, span: float) -> bool:
        """Start a run and kill it at a moment of this kind; False where it ended first.  span: share of the run's length."""
        write = self.random.randint(1, 3)
        delay = self.random.uniform(0, self.begins) if kind == "start" else self.random.uniform(0, self.ends * span)
        everything, start = self.random.random() < 0.5, time.monotonic()
        half, run = self.half(), self.start()
        if not (self.writing(run, write) if kind == "write" else self.waited(run, start + delay)):
            return False
        own = [run.pid] if not everything else processes(self.folder)
        for number in {run.pid, *own}:
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                continue
        run.wait()
        self.gone()
        self.last = f"{kind}, {'every process' if everything else 'the run alone'}"
        self.seen.moments[self.last] += 1
        self.seen.torn += self.half() not in (None, half)  # what an earlier run left behind counts once
        return True

    def half(self) -> int | None:
        """When the ledger that has not taken its place yet was last written; None where there is none."""
        try:
            return ledger.waiting(self.path).stat().st_mtime_ns
        except FileNotFoundError:
            return None

    @staticmethod
    def waited(run: subprocess.Popen[bytes], until: float) -> bool:
        while time.monotonic() < until:
            if run.poll() is not None:
                return False
            time.sleep(0.005)
        return run.poll() is None

    def writing(self, run: subprocess.Popen[bytes], nth: int) -> bool:
        """Wait until the run writes the ledger for the nth time."""
        new, there, seen = (
            str(ledger.waiting(self.path)),
            False,
            -1,
        )  # the first is the trial whether it could be written
        while run.poll() is None:
            now = os.path.exists(new)
            seen += now and not there
            if now and seen == nth:
                return True
            there = now
            time.sleep(0.0003)
        return False

    def gone(self) -> None:
        """Every process of a killed run ends soon."""
        start = time.monotonic()
        while left := processes(self.folder):
            if time.monotonic() - start > GONE:
                self.fault(f"{len(left)} processes are left {GONE:g} s after the run was killed: {left}")
                for number in left:
                    os.kill(number, signal.SIGKILL)
                return
            time.sleep(0.02)
        self.seen.late = max(self.seen.late, time.monotonic() - start)

    def told(self, now: Data | None) -> None:
        """Where the last moment fell."""
        said = self.text()
        begun = "running" if BEGIN.search(said) else "starting"
        count, whole = len(now["claims"]) if now else 0, len(self.whole["claims"])
        self.seen.fell[begun if count < whole else "ending"] += 1
        if self.loud:
            print(
                f"{self.seen.moments.total():>3}  {self.last}: {begun}, {count} of {whole} claims recorded", flush=True
            )

    # --------------------------------------------------------------------------------- what must hold
    def fault(self, why: str) -> None:
        self.seen.faults.append(f"moment {self.seen.moments.total()}: {why}")

    def check(self, before: Data | None) -> Data | None:
        """The ledger after a kill.  before: the one that the killed run found."""
        said = self.text()
        self.printed |= set(LINE.findall(said))
        took = BEGIN.search(said)
        if took and int(took[1]) != len((before or {"claims": {}})["claims"]):
            self.fault(
                f"{took[1]} records were taken over; {len((before or {'claims': {}})['claims'])} were in the ledger"
            )
        try:
            now = self.recorded()
        except ledger.Trouble as error:
            self.fault(str(error))
            return None
        claims = now["claims"] if now else {}
        if lost := sorted(self.printed - set(claims)):
            self.fault(f"finished and lost: {', '.join(lost)}")
        if other := sorted(name for name, record in claims.items() if record != self.whole["claims"][name]):
            self.fault(f"not as in the undisturbed run: {', '.join(other)}")
        if now:
            self.check_budget(now["budget"], set(claims))
        return now

    def check_budget(self, budget: Data, claims: set[str]) -> None:
        whole = self.whole["budget"]
        unpaid = [d["claim"] for d in whole["draws"] if d["claim"] in claims and d not in budget["draws"]]
        if unpaid:
            self.fault(f"recorded and not paid for: {unpaid}")
        if more := [name for name, spent in budget["lifetime"].items() if spent > whole["lifetime"][name]]:
            self.fault(f"charged twice: {more}")

    def compare(self, before: Data | None) -> None:
        """The ledger at the end of a chain, whose last run ended by itself."""
        if "All as expected." not in self.text():
            self.fault(f"the last run of the chain failed: {self.text()[-500:]}")
        now = self.check(before) or {}
        for key, value in self.whole.items():
            if now.get(key) != value:
                self.fault(f"at the end, another {key} than in the undisturbed run: {differing(value, now.get(key))}")
        self.seen.chains += 1

    # --------------------------------------------------------------------------------- chains
    def go(self, moments: int, span: float = 1.0) -> Seen:
        """Kill so many times; then let the last chain end."""
        self.undisturbed()
        while self.seen.moments.total() < moments:
            shutil.rmtree(self.path.parent)
            self.printed, before = set(), None
            while self.seen.moments.total() < moments:
                if not self.kill_at(KINDS[self.seen.moments.total() % 3], span):
                    break
                before = self.check(before)
                self.told(before)
            else:
                self.start().wait()
            self.compare(before)
            if self.seen.chains > moments + 5:
                self.fault("too many chains ended by themselves: their moments never came")
                break
        return self.seen


def differing(one: Any, other: Any, place: str = "") -> str:
    """The first place where plain data differ, and how."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *[k for k in other if k not in one]]:
            if one.get(key) != other.get(key):
                return differing(one.get(key), other.get(key), f"{place}.{key}")
    return f"{place or 'all'}: {json.dumps(one)[:200]} against {json.dumps(other)[:200]}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill runs at random moments and see that nothing is lost.")
    parser.add_argument("words", nargs="*", default=WORDS, help="ids or topics")
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Path(folder), tuple(asked.words), asked.jobs, asked.seed)
        trial.loud = True
        seen = trial.go(asked.moments)
    took = f"undisturbed {trial.ends:.1f} s, of which {trial.begins:.1f} s start-up"
    print(f"kill -9 at {seen.moments.total()} moments in {seen.chains} chains of runs ({took})")
    for kind, count in sorted(seen.moments.items()):
        print(f"  {count:>3} {kind}")
    print(f"  they fell on {', '.join(f'{count} {when}' for when, count in sorted(seen.fell.items()))}")
    print(f"  {seen.torn} of them left half a ledger beside the whole one; no process was left after {seen.late:.2f} s")
    print("\n".join(seen.faults) or "nothing was lost, and every chain ended as the undisturbed run", end=" ")
    print(f"({time.monotonic() - start:.0f} s)")
    return 1 if seen.faults else 0


if __name__ == "__main__":
    sys.exit(main())
