"""A plugin of pytest for the runs of mutants: what each test takes, and a limit for each.

MEASURED    a file: a line of JSON is added for each test, and coverage is told which test is running
LIMITED     a file {test: processor seconds}: these tests run, in its order, each within its own limit

A limit is in processor time, of this process and of each process that a test starts; ten times as long on the clock on the wall
ends what sleeps.  RUNNING and SLEPT are files in the working folder: the test that is running, and what was seen of a sleeper.
"""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

import pytest

MEASURED, LIMITED = "MUTANTS_MEASURED", "MUTANTS_LIMITED"
RUNNING, SLEPT = ".running", ".slept"
WALL = 10
BETWEEN = 60  # processor seconds for what is no test


def spent() -> float:
    """Processor seconds of this process and of all that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


@cache
def limits() -> dict[str, float]:
    """The limits, in the order in which the tests are to run; none where nobody asks for it."""
    path = os.environ.get(LIMITED)
    return json.loads(Path(path).read_text("utf8")) if path else {}


def pytest_configure(config: pytest.Config) -> None:
    """A mutant that never ends while it is imported ends before the first test has a limit."""
    if limits():
        within(BETWEEN)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One that is asked for and not there (its name is made from what the mutant computes) is left out: that is no failure."""
    order = {test: n for n, test in enumerate(limits())}
    if order:
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in order])
        items[:] = sorted((i for i in items if i.nodeid in order), key=lambda item: order[item.nodeid])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Any:
    with limited(limits().get(item.nodeid), item.nodeid), measured(item.nodeid):
        return (yield)


failed: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        failed.add(report.nodeid)


@contextmanager
def limited(seconds: float | None, test: str) -> Iterator[None]:
    """Past so many processor seconds the process is ended by SIGXCPU; past ten times as many on the wall it ends, too."""
    if seconds is None:
        yield
        return
    Path(RUNNING).write_text(test, "utf8")
    with open(SLEPT, "w", encoding="utf8") as slept:
        within(seconds)
        faulthandler.dump_traceback_later(WALL * seconds, exit=True, file=slept)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            within(BETWEEN)


def within(seconds: float) -> None:
    """Let this process use so many processor seconds more, and each process that it starts at least so many."""
    used = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (ceil(used + seconds), resource.getrlimit(resource.RLIMIT_CPU)[1]))


@contextmanager
def measured(test: str) -> Iterator[None]:
    """Say what the test took; lines that it executes are put down to it."""
    path = os.environ.get(MEASURED)
    if not path:
        yield
        return
    import coverage

    running, before, start = coverage.Coverage.current(), spent(), time.monotonic()
    if running:
        running.switch_context(test)
    try:
        yield
    finally:
        if running:
            running.switch_context("")
        row = {"test": test, "processor": spent() - before, "wall": time.monotonic() - start, "failed": test in failed}
        with open(path, "a", encoding="utf8") as out:
            out.write(json.dumps(row) + "\n")
