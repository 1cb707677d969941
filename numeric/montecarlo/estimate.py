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

from numeric.montecarlo.bounds import Interval, empirical_bernstein, hoeffding
from numeric.montecarlo.moments import CHUNK, Moments, Rounding
from numeric.montecarlo.plan import Plan

Sampler = Callable[[np.random.Generator, int], NDArray[np.float64]]
"""sampler(rng, n) -> n independent samples, shape [n], float64.  It reads all its randomness from rng and keeps no
state."""

FIXED_NONCE = "fixed"
"""The default nonce: every run draws the same samples.  A fresh one is new evidence, and pays a new budget."""

_SCHEME = "rlproofs-chunk/1"


class SampleError(ValueError):
    """What a sampler returned is no sample of the statistic: an error of the code, never a verdict."""


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

    def moments_of(chunk: int) -> Moments:
        size = min(CHUNK, plan.n - chunk * CHUNK)
        samples = sampler(chunk_generator(claim, version, nonce, chunk), size)
        require_samples(samples, size, plan, chunk)
        return Moments.of(samples)

    moments = reduce(Moments.merge, _in_order(moments_of, math.ceil(plan.n / CHUNK), jobs))
    return Estimate(moments, interval_of(moments, plan), plan, time.perf_counter() - started)


def interval_of(moments: Moments, plan: Plan) -> Interval:
    """The plan's 1 - alpha interval from streamed moments, widened by all rounding and by the plan's bias.

    The bound is taken at the computed samples, which lie in the range widened by FLOAT_SLACK; their mean is within
    that slack of the statistic's.
    """
    n = moments.count
    rounding = Rounding.of(n, plan.low, plan.high)
    low, high = plan.low - rounding.sample, plan.high + rounding.sample
    mean = min(max(moments.mean, low), high)
    if plan.bound == "hoeffding":
        interval = hoeffding(n, mean, low, high, plan.alpha)
    else:
        variance = moments.variance + rounding.variance if n > 1 else math.nan
        interval = empirical_bernstein(n, mean, variance, low, high, plan.alpha)
    return interval.widened(rounding.mean + rounding.sample + plan.bias)


def require_samples(samples: NDArray[np.float64], size: int, plan: Plan, chunk: int) -> None:
    """Refuse what is no chunk of `size` finite float64 samples in the plan's range."""
    if not isinstance(samples, np.ndarray) or samples.dtype != np.float64 or samples.shape != (size,):
        kind = f"{samples.dtype} {list(samples.shape)}" if isinstance(samples, np.ndarray) else type(samples).__name__
        raise SampleError(f"a sampler must return a float64 array of shape [{size}]; got {kind} in chunk {chunk}")
    slack = Rounding.of(size, plan.low, plan.high).sample
    inside = (samples >= plan.low - slack) & (samples <= plan.high + slack)  # False for NaN
    if not inside.all():
        at = int(np.argmin(inside))
        raise SampleError(
            f"samples must be finite and lie in [{plan.low!r}, {plan.high!r}] (slack {slack:.2g});"
            f" got {float(samples[at])!r} at {at} of chunk {chunk}"
        )


def _in_order(work: Callable[[int], Moments], chunks: int, jobs: int) -> Iterator[Moments]:
    """work(0), work(1), ..., in this order, by `jobs` threads, with at most two chunks a thread under way."""
    if jobs == 1:
        yield from map(work, range(chunks))
        return
    with ThreadPoolExecutor(jobs) as pool:
        waiting: deque[Future[Moments]] = deque()
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
