"""What one channel of one claim may take: wall-clock time, and memory of its own.  What passes a limit is an "error".

Memory is what a worker and its children hold and cannot give back: anonymous and shared pages, in memory or swapped out, counted
from what the worker held when the job began.  The address space would be no honest measure, for torch maps gigabytes that it
never touches; nor are the pages of mapped files, which the system drops when it needs the room.  Where there is no /proc (macOS),
only the time is limited.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 300.0  # the slowest job of the catalogue takes some ten seconds on one core
MEMORY = 4.0  # GiB
TICK = 0.1  # seconds between two looks at a job
OWN = ("RssAnon:", "RssShmem:", "VmSwap:")
KIB = 1 / (1 << 20)  # of a GiB


@dataclass(frozen=True)
class Limits:
    """seconds: wall-clock, for one channel of one claim with all its variants.  memory: GiB, for the same."""

    seconds: float = SECONDS
    memory: float = MEMORY


@dataclass
class Meter:
    """What a process has taken since this was made.  process: its number."""

    process: int
    limits: Limits
    start: float = field(default_factory=time.monotonic)
    base: float = field(init=False)
    looked: float = field(init=False)

    def __post_init__(self) -> None:
        self.base, self.looked = memory(self.process), self.start

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.start

    def over(self) -> str:
        """A sentence where a limit is passed, else an empty text.  The memory is looked at once a tick."""
        now = time.monotonic()
        if now - self.start > self.limits.seconds:
            return f"over its limit: {self.limits.seconds:g} s"
        if now - self.looked < TICK:
            return ""
        self.looked = now
        taken = memory(self.process) - self.base
        return f"over its limit: {self.limits.memory:g} GiB of memory" if taken > self.limits.memory else ""


def memory(process: int) -> float:
    """GiB of its own that a process and all its descendants hold; 0 of one that is gone."""
    total, todo = 0.0, [str(process)]
    while todo:
        folder = Path("/proc", todo.pop())
        try:
            lines = (folder / "status").read_text("ascii", "replace").splitlines()
            for task in os.listdir(folder / "task"):
                todo += (folder / "task" / task / "children").read_text("ascii").split()
        except OSError:  # it has ended since, or the system has no /proc
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith(OWN)) * KIB
    return total
