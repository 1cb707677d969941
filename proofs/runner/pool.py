"""Workers: a few processes that run jobs side by side.  What they find does not depend on how many there are or on the order.

A job is (claim id, channel).  A worker that dies, or passes the job's limits, costs its job, which becomes an "error", and no
other.  The run keeps the one error budget; workers ask it to pay.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Sequence
from typing import IO, Any

from proofs.runner.channels import Budget
from proofs.runner.limits import TICK, Limits, Meter, memory

Job = tuple[str, str]
Result = dict[str, Any]
Message = dict[str, Any]
GROWN = 0.25  # of the limit: a worker that holds more gets no further job, so that no job pays for those before it
SAID = 1 << 16  # bytes of what a worker wrote to stderr


class Gone(Exception):
    """No answer will come; the message says why, or is empty where the worker ended by itself."""


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

    def __init__(self, settings: dict[str, Any], budget: Budget, limits: Limits, lock: threading.Lock) -> None:
        self.settings, self.budget, self.limits, self.lock = settings, budget, limits, lock
        self.process: subprocess.Popen[bytes] | None = None
        self.heard = b""  # of a line that has not ended
        self.errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `close`)
        self.stopped = False

    def run(self, job: Job) -> Result:
        """The job's result; a worker that dies or passes a limit is a result, too."""
        meter = None
        try:
            process = self._ready()
            meter = Meter(process.pid, self.limits)
            self._say(process, {"claim": job[0], "channel": job[1]})
            while "done" not in (message := self._hear(process, meter)):
                self._say(process, self._pay(message["charge"]))
            return message["done"]  # type: ignore[no-any-return]
        except Gone as error:
            why = str(error) or self._last_words(self.process)
        except OSError as error:  # a process that does not start, or that ended before it was asked
            why = self._last_words(self.process) if self.process else f"no worker could be started: {error}"
        except (ValueError, KeyError, TypeError) as error:
            why = f"what the worker said is no answer ({type(error).__name__}: {error})"
        self._end()
        return lost(why, meter)

    # --------------------------------------------------------------------------------- the process
    def _ready(self) -> subprocess.Popen[bytes]:
        """The process, started anew where it has ended or has grown."""
        if self.process and self.process.poll() is None and memory(self.process.pid) < GROWN * self.limits.memory:
            return self.process
        self._end()
        process = self._start()
        meter = Meter(process.pid, Limits())  # the imports are no job's
        self._say(process, {"settings": self.settings})
        self._hear(process, meter)
        return process

    def _start(self) -> subprocess.Popen[bytes]:
        self.errors.seek(0)  # the process shares the place where this file is written
        self.errors.truncate()
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self.errors}
        command = [sys.executable, "-m", "proofs.runner.worker"]
        self.heard, self.process = b"", None
        self.process = subprocess.Popen(command, start_new_session=True, bufsize=0, **pipes)
        if self.stopped:  # between the order to start and the start
            self.kill()
        return self.process

    def kill(self) -> None:
        """End the process and whatever it started.  One that has been waited for may have lent its number to another."""
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def _end(self) -> None:
        """The same, and wait for it."""
        self.kill()
        if self.process is not None:
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]

    def close(self) -> None:
        self._end()
        self.errors.close()

    # --------------------------------------------------------------------------------- the conversation
    def _hear(self, process: subprocess.Popen[bytes], meter: Meter) -> Message:
        """The next message.  Raises Gone where there will be none."""
        pipe = process.stdout.fileno()  # type: ignore[union-attr]
        waiting = select.poll()
        waiting.register(pipe, select.POLLIN)
        while b"\n" not in self.heard:
            if over := meter.over():
                raise Gone(over)
            if waiting.poll(1000 * TICK):
                more = os.read(pipe, 1 << 20)
                if not more:
                    raise Gone
                self.heard += more
        line, _, self.heard = self.heard.partition(b"\n")
        return json.loads(line)  # type: ignore[no-any-return]

    @staticmethod
    def _say(process: subprocess.Popen[bytes], message: Message) -> None:
        process.stdin.write(json.dumps(message).encode() + b"\n")  # type: ignore[union-attr]

    def _pay(self, charge: list[Any]) -> Message:
        try:
            with self.lock:
                self.budget.charge(*charge)
        except Exception as error:  # a charge of another form is refused like one that is too high
            return {"refused": str(error)}
        return {"paid": True}

    def _last_words(self, process: subprocess.Popen[bytes] | None) -> str:
        """Why a worker ended, as it said itself."""
        if process is None:
            return "there is no worker"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2)
        self._end()
        size = self.errors.seek(0, os.SEEK_END)
        self.errors.seek(max(0, size - SAID))
        said = self.errors.read().decode("utf8", "replace").strip().splitlines()
        return f"the worker ended (exit {process.returncode}): {(said or ['it said nothing'])[-1][:300]}"


def lost(why: str, meter: Meter | None) -> Result:
    """The result of a job whose worker is gone."""
    seconds = round(meter.seconds, 3) if meter else 0.0
    return {
        "claim": {"verdict": "error", "reason": why, "seconds": seconds},
        "mutants": {},
        "controls": {},
        "seconds": seconds,
    }


def run_all(
    jobs: Sequence[Job], count: int, settings: dict[str, Any], budget: Budget, limits: Limits
) -> Generator[tuple[Job, Result]]:
    """Each job with its result, as they finish.  Leaving the loop, by an interrupt too, ends the workers."""
    left, lock = Jobs(jobs), threading.Lock()
    done: queue.Queue[tuple[Job, Result] | BaseException] = queue.Queue()
    workers = [Worker(settings, budget, limits, lock) for _ in range(min(count, len(jobs)))]

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
            worker.stopped = True
            worker.kill()
        for thread in threads:
            if thread.ident is not None:
                thread.join(10)
        for worker in workers:
            worker.close()
