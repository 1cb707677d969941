"""Draw the samples of a plan, chunk by chunk, and turn their moments into an interval.

The seed of a chunk is a hash of (claim, version, nonce, chunk number) and of nothing else, and chunks are merged in
order: any number of workers gives the same bits.  At most two chunks a worker are alive at a time, so memory does not
grow with n.
"""

from __future__ import annotations

import hashlib
import json
import math
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from numeric.montecarlo.bounds import Interval
from numeric.montecarlo.methods import METHODS
from numeric.montecarlo.moments import CHUNK, Drawn, Moments, SampleError
from numeric.montecarlo.plan import Plan

Sampler = Callable[[np.random.Generator, int], NDArray[np.float64]]
"""sampler(rng, n) -> n independent samples, shape [n], float64.  It reads all its randomness from rng and keeps no
state."""

FIXED_NONCE = "fixed"
"""The default nonce: every run draws the same samples.  A fresh one is new evidence, and pays a new budget."""

_SCHEME = "rlproofs-chunk/1"


@dataclass(frozen=True)
class Estimate:
    """The moments of what was drawn and the 1 - alpha interval for the mean."""

    moments: Moments
    interval: Interval
    plan: Plan
    seconds: float


def fresh_nonce() -> str:
    """A nonce nobody has used: 16 hexadecimal digits from the operating system."""
    return secrets.token_hex(8)


def chunk_generator(claim: str, version: int | str, nonce: str, chunk: int) -> np.random.Generator:
    """The generator of one chunk: SHA-256 of the four names, through SeedSequence, into PCG64."""
    name = json.dumps([_SCHEME, claim, str(version), nonce, chunk], ensure_ascii=True, separators=(",", ":"))
    seed = int.from_bytes(hashlib.sha256(name.encode("ascii")).digest(), "big")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))


def run(sampler: Sampler, plan: Plan, *, claim: str, version: int | str, nonce: str, jobs: int = 1) -> Estimate:
    """Draw plan.n samples and return their moments and interval.

    Raises SampleError on a wrong shape or dtype, on a value that is not finite, and on one outside [low, high] by
    more than FLOAT_SLACK; ValueError on jobs < 1.  An exception of the sampler itself passes through.
    """
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1; got {jobs!r}")
    started = time.perf_counter()

    def drawn_in(chunk: int) -> Drawn:
        return draw_chunk(sampler, plan, claim, version, nonce, chunk)

    return estimated(_in_order(drawn_in, math.ceil(plan.n / CHUNK), jobs), plan, started)


def draw_chunk(sampler: Sampler, plan: Plan, claim: str, version: int | str, nonce: str, chunk: int) -> Drawn:
    """What is kept of one chunk of a plan's samples; it depends on nothing else."""
    size = min(CHUNK, plan.n - chunk * CHUNK)
    samples = sampler(chunk_generator(claim, version, nonce, chunk), size)
    require_samples(samples, size, plan, chunk)
    return kept(samples, plan, chunk * CHUNK)


def estimated(chunks: Iterator[Drawn], plan: Plan, started: float) -> Estimate:
    """All chunks of a plan, merged in their order: whoever drew them, the bits are the same."""
    drawn = reduce(Drawn.merge, chunks)
    return Estimate(drawn.moments, interval_of(drawn, plan), plan, time.perf_counter() - started)


def kept(samples: NDArray[np.float64], plan: Plan, start: int = 0) -> Drawn:
    """What is kept of samples number `start` and following: moments, and the sums of the plan's bound."""
    return Drawn(Moments.of(samples), METHODS[plan.bound].sums(samples, start, plan, dict(plan.settings)))


def interval_of(drawn: Drawn, plan: Plan) -> Interval:
    """The plan's 1 - alpha interval, widened by all rounding and by the plan's bias."""
    return METHODS[plan.bound].interval(drawn, plan, dict(plan.settings)).widened(plan.bias)


def require_samples(samples: NDArray[np.float64], size: int, plan: Plan, chunk: int) -> None:
    """Refuse what is no chunk of `size` finite float64 samples in the plan's range."""
    if not isinstance(samples, np.ndarray) or samples.dtype != np.float64 or samples.shape != (size,):
        kind = f"{samples.dtype} {list(samples.shape)}" if isinstance(samples, np.ndarray) else type(samples).__name__
        raise SampleError(f"a sampler must return a float64 array of shape [{size}]; got {kind} in chunk {chunk}")
    slack = plan.slack
    inside = np.isfinite(samples) & (samples >= plan.low - slack) & (samples <= plan.high + slack)
    if not inside.all():
        at = int(np.argmin(inside))
        raise SampleError(
            f"samples must be finite and lie in [{plan.low!r}, {plan.high!r}] (slack {slack:.2g});"
            f" got {float(samples[at])!r} at {at} of chunk {chunk}"
        )


def _in_order(work: Callable[[int], Drawn], chunks: int, jobs: int) -> Iterator[Drawn]:
    """work(0), work(1), ..., in this order, by `jobs` threads, with at most two chunks a thread under way."""
    if jobs == 1:
        yield from map(work, range(chunks))
        return
    with ThreadPoolExecutor(jobs) as pool:
        waiting: deque[Future[Drawn]] = deque()
        try:
            for chunk in range(chunks):
                waiting.append(pool.submit(work, chunk))
                if len(waiting) >= 2 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
