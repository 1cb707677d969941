"""Gradient steps of PPO and A2C: two processes that share the samples, beside one that has them all.

The processes are those of torchrun, with gloo, one core and one thread each; what they exchange is one message a step
(`numeric.algorithms.parallel`).  They cannot be called in turn with the process that has all samples, so both kinds are started
ROUNDS times, one after the other, and the calls of all starts are taken together.  A call is one step: forward, backward, the
exchange, the clip, Adam; PPO's also looks at the KL.  Data are made before the clock starts, and all processes begin a call
together.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from numeric.bench.rows import OURS, Row

SAMPLES = (2**12, 2**16)  # of one step, over all processes
CALLS, WARM, ROUNDS, LIMIT = 20, 3, 2, 600  # LIMIT: seconds of one start
WORDS = {1: "one process, all samples", 2: "two processes, half each"}
FIGURE = "times as fast"


def run(samples: tuple[int, ...] = SAMPLES, rounds: int = ROUNDS) -> Iterator[Row]:
    """Every step and number of samples, one process first."""
    absent = why()
    found: dict[str, dict[int, list[float]]] = {}
    for count in (() if absent else (1, 2)) * rounds:
        for problem, seconds in started(count, samples).items():
            found.setdefault(problem, {}).setdefault(count, []).extend(seconds)
    if absent:
        yield Row("processes", "PPO and A2C", WORDS[2], OURS, note=absent)
    for problem, each in found.items():
        yield from rows(problem, each)


def rows(problem: str, seconds: dict[int, list[float]]) -> Iterator[Row]:
    """One for each number of processes; the second with the ratio of both medians."""
    alone = median(seconds[1])
    for count, taken in sorted(seconds.items()):
        figures = ((FIGURE, alone / median(taken)),) if count > 1 else ()
        times = median(taken), min(taken), max(taken), len(taken)
        yield Row("processes", problem, WORDS[count], OURS, *times, figures=figures)


def why() -> str:
    """The sentence where two processes have no two cores, or no way to talk."""
    import torch.distributed as group

    if not group.is_available() or not group.is_gloo_available():
        return "not run: this torch has no gloo"
    return "" if len(cores()) > 1 else "not run: two processes want two cores"


def started(count: int, samples: tuple[int, ...]) -> dict[str, list[float]]:
    """{problem: seconds of each call} of that many processes under torchrun.  RuntimeError with the end of what they said if they
    fail."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    command += ["-m", "numeric.bench.processes", *map(str, samples)]
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, env=surroundings)
    if done.returncode:
        raise RuntimeError(f"{count} processes must end well; they ended with {done.returncode}: {done.stderr[-1500:]}")
    (line,) = [text for text in done.stdout.splitlines() if text.startswith("{")]
    found: dict[str, list[float]] = json.loads(line)
    return found


def cores() -> list[int]:
    """Those that a process may be put on, also where this one is held to one of them."""
    if not hasattr(os, "sched_setaffinity"):
        return list(range(os.cpu_count() or 1))
    held = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    found = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, held)
    return found


# ------------------------------------------------------------------------------------- what each process does
def ppo(samples: int) -> Callable[[], Any]:
    """One step of PPO on this many samples of CartPole's size."""
    import torch

    from numeric.algorithms.networks import ActorCritic
    from numeric.algorithms.ppo import Batch, Settings, update

    generator = torch.Generator().manual_seed(0)
    model = ActorCritic(4, 2, (64, 64), generator=generator, device="cpu", dtype=torch.float32)
    real = [torch.randn(samples, generator=generator) for _ in range(4)]
    batch = Batch(
        observation=torch.randn(samples, 4, generator=generator),
        action=torch.randint(2, (samples,), generator=generator),
        behaviour_logp=torch.full((samples,), -0.7),
        old_value=real[0],
        advantage=real[1],
        returns=real[2],
        weight=torch.ones(samples),
    )
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    settings = Settings(minibatch=samples, epochs=1, target_kl=None)
    return lambda: update(model, optimiser, batch, settings, generator=generator)


def a2c(samples: int) -> Callable[[], Any]:
    """One step of A2C on a window of that many steps of CartPole, collected before."""
    from numeric.algorithms.a2c import A2C, Settings, loss
    from numeric.envs.cartpole import CartPole

    settings = Settings(num_envs=samples // 4, window=4)
    agent = A2C(CartPole(settings.num_envs), settings, seed=0)
    window, _ = agent.collect()
    return lambda: agent.update(loss(agent.model.policy, agent.model.value, window, settings)[0])


STEPS: dict[str, Callable[[int], Callable[[], Any]]] = {"PPO": ppo, "A2C": a2c}


def main(samples: list[int]) -> None:
    """One of the processes: time every step on its share; the first one prints."""
    import torch
    import torch.distributed as group

    group.init_process_group("gloo")
    count, own = group.get_world_size(), group.get_rank()
    allowed = cores()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {allowed[-1 - own % len(allowed)]})
    torch.set_num_threads(1)
    found = {f"{name}, {n} samples": timed(make(n // count)) for n in samples for name, make in STEPS.items()}
    if own == 0:
        print(json.dumps(found))
    group.destroy_process_group()


def timed(call: Callable[[], Any]) -> list[float]:
    """Seconds of each call, from when all processes are there."""
    import torch.distributed as group

    found = []
    for _ in range(WARM + CALLS):
        group.barrier()
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return found[WARM:]


if __name__ == "__main__":
    main([int(n) for n in sys.argv[1:]])
