"""One process or several, on one machine or under torchrun: the same samples, the same moments, the same bits."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from numeric.experiments import covariance
from numeric.montecarlo.cases import cases_of
from numeric.montecarlo.estimate import Estimate, run
from numeric.montecarlo.known import look
from numeric.montecarlo.moments import CHUNK, Drawn
from numeric.montecarlo.plan import plan
from numeric.montecarlo.sampler import Sampler
from numeric.montecarlo.workers import BATCH, Task, main, run_in_processes, run_in_ranks

PLAN = plan(0.0, 1.0, math.sqrt(1 / 12), {"m": 0.0038}, alpha=1e-6)
NAMES: dict[str, Any] = {"claim": "c", "version": 1, "nonce": "n"}


def uniform(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.random(n)


def plain() -> Any:
    """What a worker builds."""
    return uniform


def along_a_direction() -> Sampler:
    """A sampler of the catalogue, with two copies of a path, as each worker builds it anew."""
    evidence = covariance.order
    return look(cases_of(evidence.claim, evidence.samples[0], "claim")[-1]).sampler


def broken(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return np.full(n, 2.0)


def out_of_range() -> Any:
    return broken


def same(a: Estimate, b: Estimate) -> bool:
    return (a.moments, a.interval) == (b.moments, b.interval)


def test_the_plan_has_more_than_two_rounds_for_two_and_an_odd_last_chunk() -> None:
    assert math.ceil(PLAN.n / CHUNK) > 2 * 2 * BATCH and PLAN.n % CHUNK


# ------------------------------------------------------------------------------------- processes
def test_two_processes_draw_what_one_draws() -> None:
    assert same(run_in_processes(Task(plain, PLAN, **NAMES), 2), run(uniform, PLAN, **NAMES))


def test_two_processes_draw_what_one_draws_of_a_claim() -> None:
    known = look(cases_of(covariance.vector, covariance.order.samples[0], "claim")[-1])
    planned = plan(known.low, known.high, known.sd, {}, 1e-6)
    task = Task(along_a_direction, planned, **NAMES)
    assert same(run_in_processes(task, 2), run(known.sampler, planned, **NAMES))


def test_what_a_worker_refuses_is_refused() -> None:
    with pytest.raises(ValueError, match="must be finite and lie in"):
        run_in_processes(Task(out_of_range, PLAN, **NAMES), 2)
    with pytest.raises(ValueError, match="workers must be at least 1"):
        run_in_processes(Task(plain, PLAN, **NAMES), 0)


# ------------------------------------------------------------------------------------- ranks
class Meeting:
    """Ranks as threads; `gather` returns once all have come."""

    def __init__(self, ranks: int) -> None:
        self.barrier, self.brought = threading.Barrier(ranks, timeout=60), [list[Drawn]() for _ in range(ranks)]

    def gather(self, mine: list[Drawn], rank: int) -> list[list[Drawn]]:
        self.brought[rank] = mine
        self.barrier.wait()
        found = list(self.brought)
        self.barrier.wait()
        return found


def in_ranks(ranks: int, sampler: Any = uniform) -> list[tuple[Estimate, list[int]]]:
    """Each rank's estimate, and the sizes of the chunks that it drew."""
    meeting, found = Meeting(ranks), dict[int, Any]()

    def work(rank: int) -> None:
        sizes: list[int] = []

        def counted(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
            sizes.append(n)
            out: NDArray[np.float64] = sampler(rng, n)
            return out

        gather = partial(meeting.gather, rank=rank)
        found[rank] = run_in_ranks(counted, PLAN, **NAMES, rank=rank, ranks=ranks, gather=gather), sizes

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(ranks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[rank] for rank in range(ranks)]


@pytest.mark.parametrize("ranks", [1, 2, 3, 5])
def test_every_rank_has_the_estimate_of_one_process_and_draws_its_share(ranks: int) -> None:
    alone, found = run(uniform, PLAN, **NAMES), in_ranks(ranks)
    assert all(same(one, alone) for one, _ in found)
    shares = [len(sizes) for _, sizes in found]
    assert sum(shares) == math.ceil(PLAN.n / CHUNK) and max(shares) - min(shares) <= 1
    assert sum(sum(sizes) for _, sizes in found) == PLAN.n


# ------------------------------------------------------------------------------------- torchrun
def record(claim: str, ranks: int, device: str = "cpu") -> dict[str, Any]:
    """The record of a claim's check, by torchrun where there are several ranks, without what the clock says."""
    launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks), "-m"] if ranks > 1 else []
    command = [sys.executable, "-m", *launcher, "numeric.montecarlo.workers", claim, "fixed", device]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    (line,) = [text for text in done.stdout.splitlines() if text.startswith("{")]  # rank 0 alone speaks
    return untimed(json.loads(line))


def untimed(found: Any) -> Any:
    if isinstance(found, list):
        return [untimed(x) for x in found]
    if isinstance(found, dict):
        return {key: untimed(x) for key, x in found.items() if key != "seconds"}
    return found


def test_two_ranks_of_torchrun_write_the_record_of_one_process() -> None:
    pytest.importorskip("torch")
    found = main("hw09-r", "fixed")
    assert record("hw09-r", 2) == untimed(json.loads(json.dumps(found)))
    assert found["verdict"] == "confirmed" and max(part["n"] for part in found["coordinates"]) > 2 * CHUNK


@pytest.mark.gpu
def test_two_ranks_of_torchrun_on_one_gpu_write_the_record_of_one_process() -> None:
    one, two = (record("hw09-r", ranks, "cuda") for ranks in (1, 2))
    assert one == two and one["device"] == "cuda" and one["verdict"] == "confirmed"
