"""A worker process: jobs come in as lines of JSON, results go out as lines of JSON.  `python -m proofs.runner.worker`

in:  {"settings": {...}} once, then {"claim", "channel"} each; the end of input ends the worker, so that none outlives its run
out: {"ready": true} once, then {"done": result}, or {"charge": [...]}, answered by {"paid": true} or {"refused": sentence}
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn, TextIO

from proofs.runner.discovery import catalogue
from proofs.runner.work import Settings, Work, failed


class Refused(RuntimeError):
    """The run's error budget does not pay for a check."""


class Line:
    """Both directions of the conversation."""

    def __init__(self, incoming: TextIO, outgoing: TextIO) -> None:
        self.incoming, self.outgoing = incoming, outgoing

    def say(self, message: dict[str, Any]) -> None:
        self.outgoing.write(json.dumps(message, allow_nan=False) + "\n")
        self.outgoing.flush()

    def done(self, result: dict[str, Any]) -> None:
        """Hand a result in.  One that is no plain data, or holds a NaN, is an error of its channel."""
        try:
            self.say({"done": result})
        except (TypeError, ValueError, RecursionError) as error:
            self.say({"done": {"claim": failed(error), "mutants": {}, "controls": {}, "seconds": result["seconds"]}})

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


def guard() -> None:
    """Fork a process that ends this group as soon as the run, or this worker, is gone.

    A thread could not do that while code in C keeps the interpreter to itself.  The run holds the only other end of the input.
    """
    worker = os.getpid()
    if os.fork() == 0:
        _watch(worker)


def _watch(worker: int) -> NoReturn:
    try:
        os.close(1)  # else the run would wait for what a dead worker might still say
        run = select.poll()
        run.register(0, 0)  # nothing is read here: only the end of the input is told
        while os.getppid() == worker and not run.poll(500):
            pass
    finally:
        os.killpg(os.getpgrp(), signal.SIGKILL)
    raise AssertionError("a process that has killed itself")


def give_way() -> None:
    """Where the machine runs out of memory, the system takes a worker, not the run that records what is finished."""
    with contextlib.suppress(OSError):  # there is no /proc
        Path("/proc/self/oom_score_adj").write_text("1000")


def main() -> None:
    """Serve until the input ends.  What code prints goes to stderr, so that it cannot be taken for an answer."""
    guard()
    give_way()
    outgoing = os.fdopen(os.dup(1), "w", encoding="utf8")
    os.dup2(2, 1)
    line = Line(sys.stdin, outgoing)
    sys.setrecursionlimit(20_000)  # as the judge's own process: terms are deep
    opening = line.hear()
    if opening is None:
        return
    found = catalogue()
    work = Work(found, Settings(**opening["settings"]), line)
    line.say({"ready": True})
    while (job := line.hear()) is not None:
        line.done(work.run(found.claims[job["claim"]], job["channel"]))


if __name__ == "__main__":
    main()
