"""A sampler draws at no less than half the rate of a bare generator of the same distribution, in memory that does not grow.

The bare generator is numpy's own `Generator.choice` over the outcomes with their probabilities, one call a copy, side by side
with the sampler on the same core: medians of pairs, in time that the thread itself has used.  A machine may be busy all
through one series, so the best of three counts; a sampler that has become slow fails all of them.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from numeric.experiments import covariance, gae_mean, kl, kl_gradients, td_variance
from numeric.montecarlo.cases import cases_of
from numeric.montecarlo.estimate import run
from numeric.montecarlo.known import looked_at, ranges
from numeric.montecarlo.moments import CHUNK
from numeric.montecarlo.plan import plan
from numeric.montecarlo.sampler import Sampler

LEAST = 0.5  # of the bare generator's rate
EVIDENCE = {
    "one draw": kl.unbiased,
    "a gradient": kl_gradients.third,
    "a trajectory": td_variance.ordering,
    "a trajectory from a state on": gae_mean.one,
    "a trajectory twice": td_variance.gap,
    "a covariance": covariance.order,
}


def sampler(name: str) -> Sampler:
    evidence = EVIDENCE[name]
    return looked_at(cases_of(evidence.claim, evidence.samples[0], "claim"))[0].sampler


def bare(one: Sampler) -> Callable[[np.random.Generator, int], object]:
    """The same distribution from numpy: a path's outcome for each copy, and nothing else."""
    chances = np.array([float(weight) for weight, _ in one.weighted])
    chances /= chances.sum()
    return lambda rng, n: [rng.choice(len(chances), size=n, p=chances) for _ in range(one.statistic.copies)]


def seconds(draw: Callable[[np.random.Generator, int], object]) -> float:
    rng, begun = np.random.default_rng(0), time.thread_time()
    draw(rng, CHUNK)
    return time.thread_time() - begun


def share_of_rate(one: Callable[..., object], other: Callable[..., object], pairs: int = 11) -> float:
    """How many times `other` is faster: the median over pairs of one after the other."""
    seconds(one), seconds(other)
    return statistics.median(seconds(other) / seconds(one) for _ in range(pairs))


@pytest.mark.parametrize("name", EVIDENCE)
def test_at_least_half_the_bare_generators_rate(name: str) -> None:
    one = sampler(name)
    found = [share_of_rate(one, bare(one))]
    while found[-1] < LEAST and len(found) < 3:
        found.append(share_of_rate(one, bare(one)))
    assert found[-1] >= LEAST, f"samples come at {found} of the bare generator's rate"


@pytest.mark.parametrize("jobs", [1, 2])
def test_memory_does_not_grow_with_the_number_of_samples(jobs: int) -> None:
    one = looked_at(cases_of(td_variance.gap.claim, td_variance.gap.samples[0], "claim"))[0]
    facts = ranges(one)
    peaks = []
    for chunks in (4, 24):
        planned = planned_for(chunks, facts)
        run(one.sampler, planned, claim="c", version=1, nonce="n", jobs=jobs)  # tables and imports
        tracemalloc.start()
        run(one.sampler, planned, claim="c", version=1, nonce="n", jobs=jobs)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.25 * peaks[0], f"4 chunks take {peaks[0]:,} bytes, 24 chunks {peaks[1]:,}"
    assert peaks[0] < 12 * 8 * CHUNK * jobs


def planned_for(chunks: int, facts: dict[str, object]):  # noqa: ANN201
    """A plan whose number of samples is that many chunks."""
    from dataclasses import replace

    return replace(plan(**facts, effects={}), n=chunks * CHUNK)  # type: ignore[arg-type]
