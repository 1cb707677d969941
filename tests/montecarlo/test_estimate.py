"""Streams: the same bits for any number of workers, moments that are exact to the stated rounding, refusals."""

from __future__ import annotations

import math
import threading
import weakref
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from numeric.montecarlo.estimate import Sampler, chunk_generator, fresh_nonce, interval_of, kept, run
from numeric.montecarlo.moments import CHUNK, FLOAT_SLACK, Drawn, Moments, Rounding, SampleError
from numeric.montecarlo.plan import Plan, plan

PLAN = plan(0.0, 1.0, math.sqrt(1 / 12), {"m": 0.5})


def uniform(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.random(n)


def draw(sampler: Sampler = uniform, planned: Plan = PLAN, nonce: str = "fixed", jobs: int = 1) -> Moments:
    return run(sampler, planned, claim="c", version=1, nonce=nonce, jobs=jobs).moments


def test_the_plan_has_several_chunks_and_an_odd_last_one() -> None:
    assert PLAN.n > 3 * CHUNK and PLAN.n % CHUNK != 0


@pytest.mark.parametrize("jobs", [2, 3, 7])
def test_any_number_of_workers_gives_the_same_bits(jobs: int) -> None:
    assert draw(jobs=jobs) == draw(jobs=1)
    alone, together = (run(uniform, PLAN, claim="c", version=1, nonce="n", jobs=j).interval for j in (1, jobs))
    assert alone == together


def test_the_workers_are_really_several() -> None:
    """Two chunks wait for each other: one worker alone would wait in vain."""
    meeting = threading.Barrier(2, timeout=20)
    twice = plan(0.0, 1.0, 0.5, {"m": 1.0})

    def meet(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        if n == CHUNK and meetings and meetings.pop():
            meeting.wait()
        return rng.random(n)

    meetings = [True, True]
    assert draw(meet, twice, jobs=2).count == twice.n


def test_a_chunks_seed_is_its_claim_version_nonce_and_number() -> None:
    names = [("c", 1, "n", 0), ("d", 1, "n", 0), ("c", 2, "n", 0), ("c", 1, "m", 0), ("c", 1, "n", 1), ("c1", 1, "", 0)]
    first = [float(chunk_generator(*name).random()) for name in names]
    assert len(set(first)) == len(names)
    assert first == [float(chunk_generator(*name).random()) for name in names]
    assert chunk_generator("c", "1", "n", 0).random() == first[0]


def test_the_stream_of_a_seed_never_changes() -> None:
    """Recorded: if this changes, every recorded check draws other samples, and the scheme needs a new name."""
    raw = chunk_generator("hw23c", 1, "fixed", 0).bit_generator.random_raw(2)
    assert raw.tolist() == [11315014167929420231, 14930213126388188083]


def test_a_fresh_nonce_is_new_evidence() -> None:
    assert fresh_nonce() != fresh_nonce()
    assert draw(nonce="a") != draw(nonce="b")


def exact_moments(samples: NDArray[np.float64]) -> tuple[Fraction, Fraction]:
    values = [Fraction(float(x)) for x in samples]
    mean = sum(values, Fraction(0)) / len(values)
    return mean, sum(((x - mean) ** 2 for x in values), Fraction(0)) / (len(values) - 1)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.0, -2.5), (1e8, 1e8 + 1), (-1e-3, 1e6)])
def test_merged_moments_are_exact_to_the_stated_rounding(low: float, high: float) -> None:
    """Against fractions, for chunks of unequal sizes."""
    rng = np.random.default_rng(3)
    samples = low + (high - low) * rng.random(6000) ** 5
    parts = np.split(samples, [1, 7, 8, 2000, 2001, 4500])
    merged = Moments.of(parts[0])
    for part in parts[1:]:
        merged = merged.merge(Moments.of(part))
    mean, variance = exact_moments(samples)
    rounding = Rounding.of(len(samples), low, high)
    assert merged.count == 6000 and merged.smallest == samples.min() and merged.largest == samples.max()
    assert abs(Fraction(merged.mean) - mean) <= Fraction(rounding.mean)
    assert abs(Fraction(merged.variance) - variance) <= Fraction(rounding.variance)


def test_the_interval_holds_the_mean_and_is_widened_by_the_bias() -> None:
    moments = draw()
    narrow = interval_of(Drawn(moments), PLAN)
    assert narrow.low < 0.5 < narrow.high and narrow.high - narrow.low < 2 * PLAN.delta
    wide = interval_of(Drawn(moments), plan(0.0, 1.0, PLAN.sd, {"m": 0.5}, bias=1e-4))
    assert [wide.low, wide.high] == pytest.approx([narrow.low - 1e-4, narrow.high + 1e-4], abs=1e-12)


def test_constant_samples_have_variance_zero_and_an_interval() -> None:
    planned = plan(0.0, 1.0, 0.0, {"m": 0.5})
    estimate = run(lambda _, n: np.full(n, 0.1), planned, claim="c", version=1, nonce="n")
    assert estimate.moments.variance <= Rounding.of(planned.n, 0.0, 1.0).variance
    assert 0.1 - planned.delta < estimate.interval.low <= 0.1 <= estimate.interval.high < 0.1 + planned.delta


def test_one_sample_has_no_variance_and_still_an_interval() -> None:
    planned = plan(1.0, 1.0, 0.0, {"m": 0.25})
    estimate = run(lambda _, n: np.ones(n), planned, claim="c", version=1, nonce="n")
    assert estimate.moments.count == 1 and estimate.interval.low <= 1.0 <= estimate.interval.high
    assert estimate.interval.high - estimate.interval.low < 1e-9
    with pytest.raises(ValueError, match="at least 2 samples; got 1"):
        _ = estimate.moments.variance
    short = plan(0.0, 1.0, 0.1, {"m": 0.25}, bound="empirical-bernstein")
    assert interval_of(kept(np.array([0.5]), short), short).low <= 0.0
    bet = plan(0.0, 1.0, 0.1, {"m": 0.25}, bound="betting", mean=0.5)
    assert interval_of(kept(np.array([0.5]), bet), bet).low <= 0.0


@pytest.mark.parametrize(
    ("bound", "planned"),
    [
        ("binomial", plan(0.0, 1.0, 0.5, {"m": 0.5}, mean=0.5, two_valued=True)),
        ("betting", plan(0.0, 1.0, 0.1, {"m": 0.5}, mean=0.5)),
        ("median-of-means", plan(0.0, math.inf, 0.5, {"m": 0.5}, proved_sd=0.5)),
    ],
    ids=["binomial", "betting", "median-of-means"],
)
def test_any_number_of_workers_gives_the_same_interval_by_every_bound(bound: str, planned: Plan) -> None:
    def flip(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        return (rng.random(n) < 0.5).astype(np.float64)

    found = [run(flip, planned, claim="c", version=1, nonce="n", jobs=jobs) for jobs in (1, 3)]
    assert found[0].interval == found[1].interval and found[0].moments == found[1].moments
    assert planned.n > CHUNK and planned.bound == bound


def spoiled(value: float) -> Sampler:
    def sampler(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        samples = rng.random(n)
        if n < CHUNK:
            samples[-1] = value
        return samples

    return sampler


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1.0 + 1e-9, -1e-9])
@pytest.mark.parametrize("jobs", [1, 2])
def test_one_sample_that_is_not_finite_or_out_of_range_is_an_error(value: float, jobs: int) -> None:
    with pytest.raises(SampleError, match=r"samples must be finite and lie in \[0.0, 1.0\]"):
        draw(spoiled(value), jobs=jobs)


def test_a_sample_may_leave_the_range_by_rounding() -> None:
    assert draw(spoiled(1.0 + FLOAT_SLACK / 2)).largest > 1.0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda rng, n: rng.random(n).astype(np.float32),
        lambda rng, n: rng.random(n - 1),
        lambda rng, n: rng.random((n, 1)),
        lambda rng, n: list(rng.random(n)),
        lambda rng, n: np.float64(0.5),
    ],
)
def test_what_is_no_array_of_n_float64_samples_is_an_error(wrong: Sampler) -> None:
    with pytest.raises(SampleError, match="must return a float64 array of shape"):
        draw(wrong)


def test_an_error_of_the_sampler_passes_through() -> None:
    def broken(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        raise ZeroDivisionError("mine")

    for jobs in (1, 2):
        with pytest.raises(ZeroDivisionError, match="mine"):
            draw(broken, jobs=jobs)
    with pytest.raises(ValueError, match="jobs must be at least 1; got 0"):
        draw(jobs=0)


def test_memory_does_not_grow_with_the_number_of_samples() -> None:
    """However many chunks there are, at most two a worker are alive."""
    alive, most, lock = 0, 0, threading.Lock()
    planned = plan(0.0, 1.0, 0.1, {"m": 0.5}, delta=0.0005)
    assert planned.n > 60 * CHUNK

    def gone() -> None:
        nonlocal alive
        with lock:
            alive -= 1

    def sampler(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        nonlocal alive, most
        with lock:
            alive += 1
            most = max(most, alive)
        samples = np.full(n, 0.5)
        weakref.finalize(samples, gone)
        return samples

    draw(sampler, planned, jobs=2)
    assert most <= 4
