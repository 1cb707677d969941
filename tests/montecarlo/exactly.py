"""Exact probabilities for the tests of the tester: every outcome is visited, in integers and fractions, and nothing is drawn."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import comb

import numpy as np

from numeric.montecarlo.bounds import Interval
from numeric.montecarlo.estimate import interval_of, kept
from numeric.montecarlo.methods import METHODS
from numeric.montecarlo.plan import Plan, plan
from numeric.montecarlo.question import Question


@dataclass(frozen=True)
class Law:
    """A small pmf: rational values, each a float64, with rational probabilities."""

    values: tuple[Fraction, ...]
    chances: tuple[Fraction, ...]

    def mean(self) -> Fraction:
        return sum((v * c for v, c in zip(self.values, self.chances, strict=True)), Fraction(0))

    def variance(self) -> Fraction:
        mean = self.mean()
        return sum((c * (v - mean) ** 2 for v, c in zip(self.values, self.chances, strict=True)), Fraction(0))

    def sequences(self, n: int) -> Iterator[tuple[list[float], Fraction]]:
        """Every sequence of n draws, with its probability."""
        for drawn in itertools.product(range(len(self.values)), repeat=n):
            yield [float(self.values[i]) for i in drawn], math.prod((self.chances[i] for i in drawn), start=Fraction(1))

    def multisets(self, n: int) -> Iterator[tuple[list[float], Fraction]]:
        """Every n draws in order of size, with the probability of all their orders."""
        for drawn in itertools.combinations_with_replacement(range(len(self.values)), n):
            counts = [drawn.count(i) for i in range(len(self.values))]
            orders = math.factorial(n) // math.prod(map(math.factorial, counts))
            chance = math.prod((p**k for p, k in zip(self.chances, counts, strict=True)), start=Fraction(orders))
            yield [float(self.values[i]) for i in drawn], chance


def law(values: str, chances: str) -> Law:
    """law("0 1/2 1", "1/4 1/4 1/2")"""
    return Law(tuple(map(Fraction, values.split())), tuple(map(Fraction, chances.split())))


def coin(p: Fraction) -> Law:
    """1 with probability p, else 0."""
    return Law((Fraction(0), Fraction(1)), (1 - p, p))


def small_plan(bound: str, pmf: Law, n: int, alpha: float, **settings: float) -> Plan:
    """A plan of n draws, as small as wanted: what the rules of delta ask for would be too many outcomes to visit."""
    low, high, sd = float(min(pmf.values)), float(max(pmf.values)), math.sqrt(pmf.variance())
    known = {"mean": float(pmf.mean()), "two_valued": len(pmf.values) == 2, "proved_sd": None}
    if bound == "median-of-means":
        low, high, sd = -math.inf, math.inf, sd * (1 - 1e-12)
        known = {
            "mean": float(pmf.mean()),
            "two_valued": False,
            "proved_sd": math.nextafter(math.sqrt(pmf.variance()), 9),
        }
    large = plan(low, high, sd, {}, alpha, 0.9, bound=bound, **known)
    q = Question(*[getattr(large, f) for f in Question.__dataclass_fields__])
    return replace(large, n=n, settings=tuple((dict(METHODS[bound].settings(q, n)) | settings).items()))


def interval_after(planned: Plan, samples: Sequence[float]) -> Interval:
    """The interval of these samples, by the code that a check runs."""
    return interval_of(kept(np.array(samples, dtype=np.float64), planned), planned)


def holds(interval: Interval, mean: Fraction) -> bool:
    return Fraction(interval.low) <= mean <= Fraction(interval.high)


def chance_of_a_miss(planned: Plan, pmf: Law) -> Fraction:
    """P(the interval of n draws does not hold the mean), over every outcome: a deal to blocks depends on the order."""
    outcomes = pmf.sequences(planned.n) if planned.bound == "median-of-means" else pmf.multisets(planned.n)
    mean = pmf.mean()
    return sum((c for drawn, c in outcomes if not holds(interval_after(planned, drawn), mean)), Fraction(0))


def miss_probability(n: int, p: Fraction, interval: Callable[[int], Interval]) -> Fraction:
    """P(p lies outside interval(K)) for K ~ Binomial(n, p)."""
    top, bottom = p.numerator, p.denominator
    weight = sum(
        comb(n, k) * top**k * (bottom - top) ** (n - k) for k in range(n + 1) if not holds(interval(k), p)
    )  # fmt: skip
    return Fraction(weight, bottom**n)


def at_most(k: int, n: int, p: Fraction) -> Fraction:
    """P(Binomial(n, p) <= k)."""
    top, bottom = p.numerator, p.denominator
    return Fraction(sum(comb(n, i) * top**i * (bottom - top) ** (n - i) for i in range(k + 1)), bottom**n)


def at_least(k: int, n: int, p: Fraction) -> Fraction:
    """P(Binomial(n, p) >= k)."""
    return 1 - at_most(k - 1, n, p) if k > 0 else Fraction(1)
