"""Workers: a few processes that run jobs side by side.  What they find does not depend on how many there are or on the order.

A job is (claim id, channel).  A worker that dies or takes too long costs its job, which becomes an "error", and nothing else.
The run keeps the one error budget; workers ask it to pay.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Sequence
from typing import IO, Any

from proofs.runner.channels import Budget

Job = tuple[str, str]
Result = dict[str, Any]
MOST_SECONDS = 900.0  # for one job, with all its variants


class Jobs:
    """What is still to do.  A worker goes on with the channel whose engine it has loaded, where it can."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.left, self.lock, self.busy = list(jobs), threading.Lock(), dict[object, str]()

    def take(self, worker: object) -> Job | None:
        with self.lock:
            mine, others = self.busy.get(worker), {c for w, c in self.busy.items() if w is not worker}
            ranks = [(job[1] != mine, job[1] in others, n) for n, job in enumerate(self.left)]
            job = self.left.pop(min(ranks)[2]) if ranks else None
            self.busy[worker] = job[1] if job else ""
            return job


class Worker:
    """One process, with a thread of this one that talks to it."""

    def __init__(self, settings: dict[str, Any], budget: Budget, lock: threading.Lock) -> None:
        self.settings, self.budget, self.lock = settings, budget, lock
        self.process: subprocess.Popen[str] | None = None
        self.errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `close`)
        self.stopped = False

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "proofs.runner.worker"]
        self.errors.truncate(0)
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self.errors}
        process = subprocess.Popen(command, text=True, encoding="utf8", start_new_session=True, **pipes)
        self.process = process
        self._say(process, {"settings": self.settings})
        return process

    def run(self, job: Job) -> Result:
        """The job's result; a worker that dies or hangs is a result, too."""
        process = self.process if self.process and self.process.poll() is None else self.start()
        timer = threading.Timer(MOST_SECONDS, self.kill)
        timer.start()
        try:
            self._say(process, {"claim": job[0], "channel": job[1]})
            return self._answer(process)
        except OSError:
            return self._lost(process)
        finally:
            timer.cancel()

    def _answer(self, process: subprocess.Popen[str]) -> Result:
        while line := process.stdout.readline():  # type: ignore[union-attr]
            message = json.loads(line)
            if "done" in message:
                return message["done"]  # type: ignore[no-any-return]
            self._say(process, self._pay(message["charge"]))
        return self._lost(process)

    def _pay(self, charge: list[Any]) -> dict[str, Any]:
        try:
            with self.lock:
                self.budget.charge(*charge)
        except (ValueError, RuntimeError) as error:
            return {"refused": str(error)}
        return {"paid": True}

    def _lost(self, process: subprocess.Popen[str]) -> Result:
        process.wait()
        self.errors.seek(0)
        said = self.errors.read().decode("utf8", "replace").strip().splitlines()
        why = f"the worker ended (exit {process.returncode}): {(said or ['it said nothing'])[-1][:300]}"
        return {
            "claim": {"verdict": "error", "reason": why, "seconds": 0.0},
            "mutants": {},
            "controls": {},
            "seconds": 0.0,
        }

    @staticmethod
    def _say(process: subprocess.Popen[str], message: dict[str, Any]) -> None:
        process.stdin.write(json.dumps(message) + "\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]

    def kill(self) -> None:
        """End the process and whatever it started."""
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        self.stopped = True
        self.kill()
        if self.process is not None:
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]
        self.errors.close()


def run_all(jobs: Sequence[Job], count: int, settings: dict[str, Any], budget: Budget) -> Generator[tuple[Job, Result]]:
    """Each job with its result, as they finish.  Leaving the loop, by an interrupt too, ends the workers."""
    left, lock = Jobs(jobs), threading.Lock()
    done: queue.Queue[tuple[Job, Result] | BaseException] = queue.Queue()
    workers = [Worker(settings, budget, lock) for _ in range(min(count, len(jobs)))]

    def serve(worker: Worker) -> None:
        try:
            while not worker.stopped and (job := left.take(worker)) is not None:
                done.put((job, worker.run(job)))
        except BaseException as error:  # of this thread: the run must not wait for it
            done.put(error)

    threads = [threading.Thread(target=serve, args=(worker,), daemon=True) for worker in workers]
    try:
        for thread in threads:
            thread.start()
        for _ in jobs:
            found = done.get()
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        for worker in workers:
            worker.close()
