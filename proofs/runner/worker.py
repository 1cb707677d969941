"""A worker process: jobs come in as lines of JSON, results go out as lines of JSON.  `python -m proofs.runner.worker`

in:  {"settings": {...}} once, then {"claim", "channel"} each; the end of input ends the worker, so that none outlives its run
out: {"done": result}, or {"charge": [...]}, which is answered by {"paid": true} or {"refused": sentence}
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from typing import Any, TextIO

from proofs.runner.discovery import catalogue
from proofs.runner.work import Settings, Work


class Refused(RuntimeError):
    """The run's error budget does not pay for a check."""


class Line:
    """Both directions of the conversation."""

    def __init__(self, incoming: TextIO, outgoing: TextIO) -> None:
        self.incoming, self.outgoing = incoming, outgoing

    def say(self, message: dict[str, Any]) -> None:
        self.outgoing.write(json.dumps(message) + "\n")
        self.outgoing.flush()

    def hear(self) -> dict[str, Any] | None:
        line = self.incoming.readline()
        return json.loads(line) if line.endswith("\n") else None

    def charge(self, claim: str, version: int | str, nonce: str, check: str, alpha: float, n: int) -> None:
        """Ask the run to pay; it keeps the one budget."""
        self.say({"charge": [claim, version, nonce, check, alpha, n]})
        answer = self.hear()
        if answer is None:
            sys.exit(1)
        if "refused" in answer:
            raise Refused(answer["refused"])


def end_with(parent: int) -> None:
    """End this process and what it started as soon as the run is gone: a killed run leaves nothing behind."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.killpg(os.getpgid(0), signal.SIGKILL)


def main() -> None:
    """Serve until the input ends.  What code prints goes to stderr, so that it cannot be taken for an answer."""
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    outgoing = os.fdopen(os.dup(1), "w", encoding="utf8")
    os.dup2(2, 1)
    line = Line(sys.stdin, outgoing)
    sys.setrecursionlimit(20_000)  # as the judge's own process: terms are deep
    opening = line.hear()
    if opening is None:
        return
    found = catalogue()
    work = Work(found, Settings(**opening["settings"]), line)
    while (job := line.hear()) is not None:
        line.say({"done": work.run(found.claims[job["claim"]], job["channel"])})


if __name__ == "__main__":
    main()
