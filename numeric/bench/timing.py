"""How things are timed.

One process on one core, one thread.  All implementations of a problem are called in turn, again and again, in an order that moves
on by one each round, so that whatever else the machine does falls on all of them alike.  The first calls are thrown away.  Each
is called at least 20 times, and more while it is quick, up to 300.  What is kept: the median, the least, the most, and how many.
A ratio is of two medians of one run.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import NamedTuple

LEAST, MOST, WARM = 20, 300, 3
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}


class Times(NamedTuple):
    """Seconds of one call, and how many calls were timed."""

    median: float
    least: float
    most: float
    n: int


def interleaved(
    functions: Mapping[str, Callable[[], object]], *, seconds: float = 2.0, least: int = LEAST, warm: int = WARM
) -> dict[str, Times]:
    """The times of each.  seconds: how long one of them is called beyond the least number of calls."""
    for function in functions.values():
        for _ in range(warm):
            function()
    taken: dict[str, list[float]] = {name: [] for name in functions}
    order = list(functions)
    with _no_collection():
        while order:
            for name in order:
                start = time.perf_counter()
                functions[name]()
                taken[name].append(time.perf_counter() - start)
            order = [name for name in order[1:] + order[:1] if not _enough(taken[name], seconds, least)]
    return {name: Times(median(found), min(found), max(found), len(found)) for name, found in taken.items()}


def _enough(found: list[float], seconds: float, least: int) -> bool:
    return len(found) >= MOST or (len(found) >= least and sum(found) >= seconds)


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def one_core() -> Iterator[int | None]:
    """This process on one core with one thread, before anything that makes threads is imported; the core, None where the system
    cannot say."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    core = max(allowed) if allowed else None
    try:
        if core is not None:
            os.sched_setaffinity(0, {core})
        yield core
    finally:
        if allowed:
            os.sched_setaffinity(0, allowed)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
