"""Runs of the small learner, in this process or in a forked one that is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from numeric.algorithms import learner as table
from numeric.training import command, folder, run, settings
from numeric.training.run import Outcome, Plan
from tests.training.small import RECIPES


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The algorithm `small`, and the number of threads as it was."""
    monkeypatch.setitem(table.ALGORITHMS, "small", "tests.training.small")
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def go(path: Path, steps: int = 2000, *, task: str = "bandit", change: list[str] | None = None, **plan: Any) -> Outcome:
    """A run of the small learner."""
    asked = settings.changed(RECIPES[task], change or [])
    return command.run("small", task, Plan(**{"seed": 3, "steps": steps, "every": 200, **plan}), asked, path, 1)


def kept(path: Path) -> tuple[bytes, dict[str, Any]]:
    """What must be equal of two runs: every figure, and the state of the learner at the end."""
    return (path / folder.METRICS).read_bytes(), folder.loaded((path / folder.CHECKPOINT).read_bytes())["learner"]


def same(a: Any, b: Any) -> bool:
    """Equal bit for bit."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b) and a.dtype == b.dtype
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def killed(work: Callable[[], object], after: float | None = None) -> bool:
    """Do the work in a forked process and kill it with SIGKILL: after some seconds, or when it kills itself.

    Returns whether it was killed before it was done.
    """
    child = os.fork()
    if child == 0:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        try:
            work()
        finally:
            os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint after every iteration."""
    monkeypatch.setattr(run, "SECONDS", 0.0)
