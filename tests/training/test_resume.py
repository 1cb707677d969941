"""A run that is killed and goes on is the run that nobody disturbed, in every figure and every weight."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from numeric.algorithms import learner as table
from numeric.training import folder
from tests.runner.tree import ROOT
from tests.training.conftest import go, kept, killed, same

STEPS = 800


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that nobody disturbs."""
    path = tmp_path_factory.mktemp("runs") / "calm"
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(table.ALGORITHMS, "small", "tests.training.small")
        go(path, STEPS)
    return path


def dying(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, at: int, torn: bool = False) -> None:
    """From now on the `at`-th call of a function kills the process; torn: after half of the work, where that is a write."""
    real, calls = getattr(owner, name), [0]

    def instead(*args: object, **options: object) -> object:
        calls[0] += 1
        if calls[0] == at:
            if torn:
                self, line = args
                raw = (json.dumps(line) + "\n").encode()
                self._open().write(raw[: len(raw) // 2])  # type: ignore[attr-defined]
                self._open().flush()  # type: ignore[attr-defined]
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **options)

    monkeypatch.setattr(owner, name, instead)


MOMENTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "before the settings": lambda m: dying(m, Path, "replace", 1),
    "before the first checkpoint": lambda m: dying(m, Path, "replace", 2),
    "before the first provenance": lambda m: dying(m, Path, "replace", 3),
    "before the third checkpoint": lambda m: dying(m, Path, "replace", 6),
    "while a line is written": lambda m: dying(m, folder.Folder, "write", 30, torn=True),
    "between lines": lambda m: dying(m, folder.Folder, "write", 41),
    "before the figures are on disk": lambda m: dying(m, folder.os, "fsync", 9),
    "while a checkpoint is made": lambda m: dying(m, folder, "sealed", 4),
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    moment: Callable[[pytest.MonkeyPatch], None], calm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        moment(patched)
        assert killed(lambda: go(tmp_path / "killed", STEPS)), "the moment never came"
    go(tmp_path / "killed", STEPS)
    (figures, state), (again, other) = kept(calm), kept(tmp_path / "killed")
    assert figures == again and same(state, other)


def test_lines_behind_the_last_checkpoint_are_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        dying(patched, folder.Folder, "write", 41, torn=True)
        assert killed(lambda: go(tmp_path / "killed", STEPS))
    assert (tmp_path / "killed" / folder.METRICS).read_bytes()[-1:] != b"\n"
    go(tmp_path / "killed", 400)  # as far as the checkpoint: nothing is written over them
    go(tmp_path / "calm", 400)
    assert kept(tmp_path / "killed")[0] == kept(tmp_path / "calm")[0]


def test_a_run_killed_after_every_few_checkpoints_is_still_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, often: None
) -> None:
    go(tmp_path / "calm", STEPS, task="CartPole-v1", every=256)
    kills = 0
    for at in (8, 5, 7):
        with monkeypatch.context() as patched:
            dying(patched, Path, "replace", at)
            kills += killed(lambda: go(tmp_path / "killed", STEPS, task="CartPole-v1", every=256))
    go(tmp_path / "killed", STEPS, task="CartPole-v1", every=256)
    (figures, state), (again, other) = kept(tmp_path / "calm"), kept(tmp_path / "killed")
    assert kills == 3 and figures == again and same(state, other)


@pytest.mark.parametrize("after", [0.02, 0.1, 0.3])
def test_a_kill_at_any_time_leaves_a_folder_that_goes_on(after: float, tmp_path: Path) -> None:
    killed(lambda: go(tmp_path / "killed", 10**9), after)
    done = (tmp_path / "killed" / folder.CHECKPOINT).is_file() and kept(tmp_path / "killed")[0].count(b"iteration")
    steps = 200 * (done * 16 // 200 + 2)  # beyond what was done, at a step that is evaluated in any case
    go(tmp_path / "killed", steps)
    go(tmp_path / "calm", steps)
    assert kept(tmp_path / "calm")[0] == kept(tmp_path / "killed")[0]
    assert same(kept(tmp_path / "calm")[1], kept(tmp_path / "killed")[1])


def test_the_command_is_killed_from_outside_and_goes_on(tmp_path: Path) -> None:
    code = (
        "from numeric.algorithms import learner; learner.ALGORITHMS['small'] = 'tests.training.small'; "
        "from numeric.training import run; run.SECONDS = 0.0; from proofs.runner.cli import main; main()"
    )
    words = ["train", "small", "CartPole-v1", "--every", "1000", "--episodes", "5", "--folder"]
    command = [sys.executable, "-c", code, *words]
    killed_at = tmp_path / "killed"
    first = subprocess.Popen([*command, str(killed_at), "--steps", "9999999"], cwd=ROOT, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while time.monotonic() < until and not (
        (killed_at / folder.METRICS).is_file() and (killed_at / folder.METRICS).read_bytes().count(b"\n") > 5
    ):
        time.sleep(0.05)
    first.kill()
    first.wait()
    reached = folder.loaded((killed_at / folder.CHECKPOINT).read_bytes())["learner"]["counts"][0]
    more = str(reached + 2000)
    again = subprocess.run([*command, str(killed_at), "--steps", more], cwd=ROOT, capture_output=True, text=True)
    assert again.returncode == 0 and f"going on from step {reached} of {more}" in again.stdout, (
        again.stdout + again.stderr
    )
    calm = subprocess.run([*command, str(tmp_path / "calm"), "--steps", more], cwd=ROOT, capture_output=True, text=True)
    assert calm.returncode == 0
    assert kept(killed_at)[0] == kept(tmp_path / "calm")[0] and same(kept(killed_at)[1], kept(tmp_path / "calm")[1])
