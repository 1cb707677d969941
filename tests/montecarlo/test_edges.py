"""Where a formula or a comparison turns: the places at which a small change of the code would go unnoticed elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Future
from fractions import Fraction
from typing import Any

import pytest

from numeric.montecarlo import estimate, heavy, workers
from numeric.montecarlo.binomial import at_least, quick_tail
from numeric.montecarlo.bounds import Interval
from numeric.montecarlo.check import target_text
from numeric.montecarlo.estimate import fresh_nonce
from numeric.montecarlo.methods import METHODS, MOST_SAMPLES, MedianOfMeans, first_true, size, widened_range
from numeric.montecarlo.moments import CHUNK, Rounding
from numeric.montecarlo.plan import plan
from numeric.montecarlo.question import Question
from numeric.montecarlo.verdicts import judge


def question(**changed: Any) -> Question:
    facts: dict[str, Any] = {
        "low": 0.0, "high": 1.0, "sd": 0.25, "mean": 0.5, "proved_sd": None, "two_valued": False, "delta": 0.1, "bias": 0.0,
        "alpha": 1e-3, "power": 0.9,
    }  # fmt: skip
    return Question(**facts | changed)


def heavy_tail(**changed: Any) -> Question:
    return question(**{"low": -math.inf, "high": math.inf, "proved_sd": 0.25} | changed)


# ------------------------------------------------------------------------------------- verdicts
@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.75, 1.25, "confirmed"),
        (1.1, 1.3, "underpowered"),
        (1.25, 1.5, "underpowered"),  # the two have one point in common
        (0.5, 0.75, "underpowered"),
        (math.nextafter(1.25, 2), 1.5, "refuted"),
        (0.5, math.nextafter(0.75, 0), "refuted"),
    ],
)
def test_an_interval_is_judged_to_the_last_digit_at_the_ends_of_what_is_allowed(
    low: float, high: float, verdict: str
) -> None:
    assert judge(Interval(low, high), 1, Fraction(1, 4)) == verdict


def test_an_interval_has_its_ends_in_order_and_may_be_one_point() -> None:
    assert Interval(1.0, 1.0) == Interval(1.0, float("1"))
    with pytest.raises(ValueError):
        Interval(2.0, 1.0)


def test_a_delta_below_one_may_be_asked_for() -> None:
    assert plan(0.0, 1.0, 0.25, {"m": 0.5}, delta=0.004).delta == 0.004


def test_a_ball_is_told_with_its_radius() -> None:
    assert target_text((Fraction(1, 4), 1e-60)) == "1/4 +- 1e-60" and target_text(Fraction(3, 8)) == "3/8"


# ------------------------------------------------------------------------------------- plans
@pytest.mark.parametrize(("n", "k"), [(1444, 723), (1444, 800), (404, 203), (1684, 843)])
def test_a_quick_tail_has_all_the_terms_that_count(n: int, k: int) -> None:
    """Standard deviations of 19, 10 and 20.5: the tail reaches beyond the 64 terms that are always there."""
    assert quick_tail(k, n, 0.5) == pytest.approx(float(at_least(k, n, Fraction(1, 2))), rel=1e-4)


def test_computed_samples_may_leave_the_range_on_both_sides() -> None:
    assert widened_range(question(), Rounding(0.125, 0.0, 0.0), 5.0) == (-0.125, 1.125, 1.125)
    assert widened_range(question(), Rounding(0.125, 0.0, 0.0), -5.0) == (-0.125, 1.125, -0.125)


@pytest.mark.parametrize(
    ("asked", "bias", "smaller"),
    [
        ({}, 0.01, 0.08),  # it moves the mean, and the interval is widened by it
        ({"mean": None, "sd": None}, 0.01, 0.08),
        ({"low": -math.inf, "high": math.inf, "proved_sd": 0.25}, 0.01, 0.08),
        ({"two_valued": True, "mean": 0.3, "delta": 0.01}, 2.5e-5, 0.0099),  # four times: both ends of both
    ],
    ids=["empirical-bernstein", "hoeffding", "median-of-means", "binomial"],
)
def test_a_bias_costs_what_a_smaller_delta_would(
    asked: dict[str, Any], bias: float, smaller: float, request: pytest.FixtureRequest
) -> None:
    method = METHODS[request.node.callspec.id]
    plain, biased, less = (size(method, question(**asked | c)) for c in ({}, {"bias": bias}, {"delta": smaller}))
    assert plain < biased == pytest.approx(less, rel=5e-3)


def test_a_biased_coin_is_planned_for_what_must_be_refuted_too() -> None:
    """Of delta = 0.1 a bias of 0.01 leaves 0.02 between what is still allowed and a mean two deltas away."""
    coin = METHODS["binomial"]
    biased, narrow = (question(two_valued=True, mean=0.3, **c) for c in ({"bias": 0.01}, {"delta": 0.02}))
    assert size(coin, biased) == pytest.approx(size(coin, narrow), rel=0.2)


@pytest.mark.parametrize("n", [5, 50, 10_000])
def test_the_median_of_means_plans_for_rounding_of_each_blocks_mean_absolute_value(n: int) -> None:
    """E|y| lies between the mean and the mean plus S; of a block's mean it is at most S sqrt(2 K / (b miss)) more."""
    method, asked, blocks = MedianOfMeans(), heavy_tail(mean=3.0), 5
    share = method._rounding_planned(heavy_tail(mean=1.0, proved_sd=0.0), n, blocks)  # of a mean absolute value of 1
    more = 0.25 * math.sqrt(2 * blocks / (n // blocks * asked.miss))
    assert 3 + 0.25 + more <= method._rounding_planned(asked, n, blocks) / share <= 3 + 2 * 0.25 + more + 1e-9


def test_betting_needs_an_expected_mean() -> None:
    assert METHODS["betting"].applies(question()) and not METHODS["betting"].applies(question(mean=None))
    assert not METHODS["betting"].applies(heavy_tail())


def test_the_smallest_n_is_found_and_what_takes_more_than_the_most_is_refused() -> None:
    for wanted in (1, 2, 3, 5, 6, 7, 1000, 1025):
        assert first_true(lambda n, least=wanted: n >= least, 10**6) == wanted  # type: ignore[misc]
    assert first_true(lambda n: n >= 900, 600) == 601
    for delta, enough in ((1e-4, True), (2.5e-5, False)):  # some 3e9 samples, and some 5e10
        effects = {"m": 2 * delta}
        if enough:
            assert plan(0.0, 1.0, None, effects, bound="hoeffding").n <= MOST_SAMPLES
        else:
            with pytest.raises(ValueError, match="reachable with 10,000,000,000 samples"):
                plan(0.0, 1.0, None, effects, bound="hoeffding")


def test_the_number_of_blocks_is_the_best_of_all_odd_ones() -> None:
    for alpha, miss in ((1e-9, 5e-4), (0.05, 0.05)):
        width = {b: (heavy.spread(b, alpha) + heavy.spread(b, miss)) * math.sqrt(b) for b in range(1, 202, 2)}
        assert width[heavy.best_blocks(alpha, miss)] == min(width.values())


@pytest.mark.parametrize("n", [1, 7, 100, CHUNK, CHUNK + 1, 10 * CHUNK])
def test_rounding_of_a_mean_is_that_of_its_chunks_and_of_their_merging(n: int) -> None:
    found, chunks = Rounding.of(n, -3.0, 2.0), math.ceil(n / CHUNK)
    assert found.mean == pytest.approx(2.0**-52 * (min(n, CHUNK) + 8 * chunks) * 3, rel=1e-9)
    assert found.variance == pytest.approx(20 * found.mean * 5, rel=1e-6)


# ------------------------------------------------------------------------------------- who draws
def test_a_fresh_nonce_has_sixteen_digits() -> None:
    assert len(fresh_nonce()) == 16 and int(fresh_nonce(), 16) >= 0


class Pool:
    """An executor that does each thing as it is handed in, and remembers how many were."""

    def __init__(self, jobs: int) -> None:
        self.taken = 0
        Pool.last = self

    last: Pool

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing waits."""

    def submit(self, work: Callable[[Any], Any], one: Any) -> Future[Any]:
        self.taken += 1
        out: Future[Any] = Future()
        out.set_result(work(one))
        return out


def test_at_most_two_chunks_a_thread_are_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "ThreadPoolExecutor", Pool)
    found = estimate._in_order(lambda chunk: chunk, 20, 3)  # type: ignore[arg-type, return-value]
    for n in range(20):
        assert next(found) == n and Pool.last.taken == min(n + 6, 20)  # type: ignore[comparison-overlap]


def test_at_most_two_batches_a_process_are_under_way() -> None:
    pool = Pool(2)
    drawn = workers._batches(pool, 100, 2)  # type: ignore[arg-type]
    workers._here[:] = [lambda chunk: chunk]  # type: ignore[list-item, return-value]
    try:
        assert [next(drawn), pool.taken] == [0, 4]  # type: ignore[comparison-overlap]
        assert list(drawn) == list(range(1, 100)) and pool.taken == 13  # type: ignore[comparison-overlap]
    finally:
        workers._here.clear()


@pytest.mark.parametrize(("ranks", "chunks"), [(1, 20), (2, 16), (2, 17), (3, 71)])
def test_ranks_hand_in_every_chunk_once_and_in_order_over_several_rounds(
    ranks: int, chunks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = plan(0.0, 1.0, None, {"m": 1.0})
    object.__setattr__(planned, "n", (chunks - 1) * CHUNK + 1)
    monkeypatch.setattr(workers, "draw_chunk", lambda *names: names[-1])
    monkeypatch.setattr(workers, "estimated", lambda drawn, *_: list(drawn))
    shares: list[list[list[int]]] = [[] for _ in range(ranks)]

    def as_rank(rank: int, gather: Callable[[list[Any]], list[list[Any]]]) -> Any:
        return workers.run_in_ranks(
            lambda rng, n: rng.random(n),
            planned,
            claim="c",
            version=1,
            nonce="n",
            rank=rank,
            ranks=ranks,
            gather=gather,
        )

    for rank in range(1, ranks):  # what the others would hand in, round by round

        def noted(mine: list[int], rank: int = rank) -> list[list[int]]:
            shares[rank].append(mine)
            return [mine + [0] * workers.BATCH for _ in range(ranks)]

        as_rank(rank, noted)
    rounds = iter(range(chunks))

    def gathered(mine: list[int]) -> list[list[int]]:
        turn = next(rounds)
        return [mine, *[shares[rank][turn] for rank in range(1, ranks)]]

    assert as_rank(0, gathered) == list(range(chunks))
