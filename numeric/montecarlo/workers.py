"""The chunks of a check, drawn by several processes: on one machine, or one process a rank under torchrun.

A chunk depends on (claim, version, nonce, chunk number) and on nothing else, and whoever draws them, chunks are merged in their
order, one after the other.  So any number of processes gives the same bits as one.  What is kept of a chunk is a few numbers; a
process is never more than a few batches ahead, so that memory does not grow with n.

    torchrun --nproc-per-node 2 -m numeric.montecarlo.workers hw10a.2        the check of a claim, with all ranks at work
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

from numeric.montecarlo.estimate import Estimate, Sampler, draw_chunk, estimated
from numeric.montecarlo.moments import CHUNK, Drawn
from numeric.montecarlo.plan import Plan

BATCH = 8  # chunks that a process draws before it says what it has
Gather = Callable[[list[Drawn]], list[list[Drawn]]]
"""gather(mine): what each rank has, in the order of the ranks; every rank calls it together with the others."""


@dataclass(frozen=True)
class Task:
    """A plan's samples by name.  build() makes the sampler, in each process anew: terms do not travel."""

    build: Callable[[], Sampler]
    plan: Plan
    claim: str
    version: int | str
    nonce: str

    @property
    def chunks(self) -> int:
        return math.ceil(self.plan.n / CHUNK)


# ------------------------------------------------------------------------------------- processes of one machine
def run_in_processes(task: Task, workers: int) -> Estimate:
    """What `estimate.run` returns, drawn by this many processes.  build must be a function of a module, or a partial of one."""
    if workers < 1:
        raise ValueError(f"workers must be at least 1; got {workers!r}")
    started = time.perf_counter()
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (task,)) as pool:
        return estimated(_batches(pool, task.chunks, workers), task.plan, started)


def _batches(pool: ProcessPoolExecutor, chunks: int, workers: int) -> Iterator[Drawn]:
    """All chunks in their order, with at most two batches a process under way."""
    waiting: deque[Future[list[Drawn]]] = deque()
    try:
        for start in range(0, chunks, BATCH):
            waiting.append(pool.submit(_draw, range(start, min(start + BATCH, chunks))))
            if len(waiting) >= 2 * workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


_here: list[Callable[[int], Drawn]] = []  # of a worker process: how it draws a chunk


def _begin(task: Task) -> None:
    _here[:] = [partial(draw_chunk, task.build(), task.plan, task.claim, task.version, task.nonce)]


def _draw(chunks: range) -> list[Drawn]:
    return [_here[0](chunk) for chunk in chunks]


# ------------------------------------------------------------------------------------- ranks
def run_in_ranks(
    sampler: Sampler,
    plan: Plan,
    *,
    claim: str,
    version: int | str,
    nonce: str,
    rank: int,
    ranks: int,
    gather: Gather,
    jobs: int = 1,
) -> Estimate:
    """What `estimate.run` returns, on every rank: each draws its share of the chunks, and all merge all of them.

    A round is BATCH chunks a rank, dealt out one by one.  jobs: accepted for `check`; a rank is one thread.
    """
    started = time.perf_counter()

    def rounds() -> Iterator[Drawn]:
        chunks = math.ceil(plan.n / CHUNK)
        for start in range(0, chunks, BATCH * ranks):
            stop = min(start + BATCH * ranks, chunks)
            mine = [draw_chunk(sampler, plan, claim, version, nonce, c) for c in range(start + rank, stop, ranks)]
            all_of_them = gather(mine)
            yield from (all_of_them[n % ranks][n // ranks] for n in range(stop - start))

    return estimated(rounds(), plan, started)


def among_ranks() -> Callable[..., Estimate]:
    """`run_in_ranks` for the process group of torch.distributed, which is begun with gloo where there is none."""
    import torch.distributed as group

    if not group.is_initialized():
        group.init_process_group("gloo")
    ranks = group.get_world_size()

    def gather(mine: list[Drawn]) -> list[list[Drawn]]:
        found: list[Any] = [None] * ranks
        group.all_gather_object(found, mine)
        return found

    return partial(run_in_ranks, rank=group.get_rank(), ranks=ranks, gather=gather)


def main(claim: str, nonce: str = "0", device: str = "cpu") -> dict[str, Any]:
    """The claim's record, from all ranks, with the samples of `rlproofs verify`; rank 0 prints it."""
    from numeric.montecarlo.channel import CHANNEL
    from proofs.runner import ids
    from proofs.runner.discovery import catalogue

    found = catalogue()
    one = found.claim(claim)
    evidence, version = found.evidence[one.id], ids.number(one, ids.read_ids())
    draw = among_ranks() if "RANK" in os.environ else None
    record = CHANNEL.check(
        evidence, "claim", version=version, budget=CHANNEL.new_budget(), nonce=nonce, device=device, draw=draw
    )
    if os.environ.get("RANK", "0") == "0":
        print(json.dumps(record), flush=True)
    return record


if __name__ == "__main__":
    main(*sys.argv[1:])
