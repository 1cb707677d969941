"""The bounds that a check may use, and which of them it uses: the only place that decides it, and that says why.

    bound                needs, proved              interval                                        planned where
    binomial             two values, low and high   exact, whatever the chance of `high`            there are just two values
    hoeffding            a finite range             fixed width, from the range alone               close to a fair coin
    betting              a finite range             by a bet made beforehand, valid at every n      the mean is known: the target
    empirical-bernstein  a finite range             from the sample variance                        no mean is known beforehand
    median-of-means      a standard deviation's     from the median of some forty means             the range is infinite
                         upper bound

Of those that apply, the check uses the one whose planned n is smallest; at equal n the first of this list.  The choice is made
from the plan, before anything is drawn: taking the shortest of several intervals afterwards would cost an alpha each.

Why just these.  The leading term of a bounded statistic's half width is c sqrt(ln(2/alpha) / n).  Hoeffding has c = R/sqrt(2),
which is the truth only for a fair coin.  Empirical Bernstein (Maurer and Pontil) has c = sigma sqrt(2) without knowing sigma,
at the price of a third event and of 7/3 R ln(3/alpha) / n.  Betting has the same c and a price of some 2/3 R ln(2/alpha) / n:
it wins wherever the plan's sigma and mean are right, and where they are wrong it is longer but no less true.  Two values are
a binomial, whose tails are known exactly.  Without a finite range none of these holds: a proved standard deviation is then
enough for the median of means, and without one no finite-sample statement is possible (Bahadur and Savage 1956), so that
the check is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from numeric.montecarlo import betting, binomial, heavy
from numeric.montecarlo.bounds import (
    Interval,
    around,
    empirical_bernstein,
    empirical_bernstein_half_width,
    hoeffding,
    hoeffding_half_width,
    require_range,
)
from numeric.montecarlo.moments import FLOAT_SLACK, Drawn, Rounding, SampleError
from numeric.montecarlo.question import Question

MOST_SAMPLES = 10**10
"""A check that needs more is refused: some hours on one core."""

Settings = Mapping[str, float]
"""Constants of a bound that are fixed before the first draw, and recorded."""


class Method(Protocol):
    """A bound as a check uses it: when it applies, how many samples it takes, what it keeps of them, its interval."""

    name: str

    def applies(self, q: Question) -> bool:
        """Has the question what this bound needs?"""

    def enough(self, q: Question, n: int) -> bool:
        """Do n samples give the right verdict with probability at least the power (see `plan` for what that takes)?"""

    def settings(self, q: Question, n: int) -> Settings:
        """The constants for n samples."""

    def sums(self, samples: NDArray[np.float64], start: int, q: Question, settings: Settings) -> tuple[float, ...]:
        """What to add up beside the moments; the first sample is number `start` of the stream."""

    def interval(self, drawn: Drawn, q: Question, settings: Settings) -> Interval:
        """The 1 - alpha interval for the mean of a sample, rounding included and bias not."""


class Bounded:
    """What bounds of a finite range have in common: one formula `reach`, and nothing to add up."""

    name: str

    def applies(self, q: Question) -> bool:
        return q.bounded

    def settings(self, q: Question, n: int) -> Settings:
        return {}

    def sums(self, samples: NDArray[np.float64], start: int, q: Question, settings: Settings) -> tuple[float, ...]:
        return ()

    def reach(self, q: Question, n: int) -> float:
        """The left side of (*) in `plan`, bias included: d + h + lost is at most this with probability at least the power."""
        raise NotImplementedError

    def enough(self, q: Question, n: int) -> bool:
        outward = 1 + 2.0**-30  # the interval's own outward rounding, and this formula's
        return self.reach(q, n) * outward < q.delta


def widened_range(q: Question, rounding: Rounding, mean: float) -> tuple[float, float, float]:
    """low and high of the computed samples, which may leave the range by rounding; and their mean, which lies within."""
    low, high = q.low - rounding.sample, q.high + rounding.sample
    return low, high, min(max(mean, low), high)


def lost(q: Question, rounding: Rounding) -> float:
    """Twice what rounding and a bias may come to: they move the mean, and the interval is widened by them."""
    return 2 * (rounding.sample + rounding.mean + q.bias)


def bennett(deviation: float, span: float, miss: float, n: int) -> float:
    """sigma sqrt(2L/n) + R L/(3n), L = ln(1/miss): a mean lies this much above its expectation with probability <= miss."""
    log_miss = math.log(1 / miss)
    return deviation * math.sqrt(2 * log_miss / n) + span * log_miss / (3 * n)


class Hoeffding(Bounded):
    """Hoeffding (1963).  h is fixed; d exceeds the smaller of Hoeffding's and Bennett's terms with probability <= 1 - power."""

    name = "hoeffding"

    def reach(self, q: Question, n: int) -> float:
        rounding = q.rounding(n)
        span = q.high - q.low + 2 * rounding.sample
        d = min(hoeffding_half_width(n, span, q.miss), bennett(q.spread + rounding.sample, span, q.miss / 2, n))
        return d + hoeffding_half_width(n, span, q.alpha) + lost(q, rounding)

    def interval(self, drawn: Drawn, q: Question, settings: Settings) -> Interval:
        n, rounding = drawn.moments.count, q.rounding(drawn.moments.count)
        low, high, mean = widened_range(q, rounding, drawn.moments.mean)
        return hoeffding(n, mean, low, high, q.alpha).widened(rounding.mean + rounding.sample)


class EmpiricalBernstein(Bounded):
    """Maurer and Pontil (2009).  h is random through the sample variance V, of which their Theorem 10 says

        sqrt(V) > sigma + R sqrt(2 L / (n - 1))      with probability at most exp(-L).

    Three events of probability (1 - power)/3 each: the mean lies high, or low, by more than Bennett's term, or V does.
    """

    name = "empirical-bernstein"

    def reach(self, q: Question, n: int) -> float:
        if n < 2:
            return math.inf
        rounding = q.rounding(n)
        span, sd = q.high - q.low + 2 * rounding.sample, q.spread + rounding.sample
        seen = sd + span * math.sqrt(2 * math.log(3 / q.miss) / (n - 1)) + math.sqrt(2 * rounding.variance)
        h = empirical_bernstein_half_width(n, seen, span, q.alpha)
        return bennett(sd, span, q.miss / 3, n) + h + lost(q, rounding)

    def interval(self, drawn: Drawn, q: Question, settings: Settings) -> Interval:
        n, rounding = drawn.moments.count, q.rounding(drawn.moments.count)
        low, high, mean = widened_range(q, rounding, drawn.moments.mean)
        variance = drawn.moments.variance + rounding.variance if n > 1 else math.nan
        return empirical_bernstein(n, mean, variance, low, high, q.alpha).widened(rounding.mean + rounding.sample)


class Betting(Bounded):
    """The fixed bet of `numeric.montecarlo.betting`; settings: bet, and centre, the expected mean.

    h = R (L + kappa Q) / (n b) is random through Q = (b/R)^2 sum (y - c)^2.  With e = |mu - c| and q = sigma^2 + e^2 the
    terms (y - c)^2 lie in [0, R^2], with mean q and variance at most R^2 q, so that their average exceeds
    q + R sqrt(2 q L/n) + R^2 L/(3n) with probability at most exp(-L) (Bennett).  Three events of probability
    (1 - power)/3 each.  A mutant's mean may be far from c; the right verdict needs d + h(e) + lost < e - delta, where
    h is convex in e: it holds between 2 delta and R if it holds at both.  h(2 delta) is also the h of the statement, with
    room for a centre that is 2 delta off.
    """

    name = "betting"

    def applies(self, q: Question) -> bool:
        return q.bounded and q.mean is not None

    def settings(self, q: Question, n: int) -> Settings:
        centre = min(max(q.low if q.mean is None else q.mean, q.low), q.high)
        return {"bet": betting.best_bet(n, q.spread, q.high - q.low, q.alpha), "centre": centre}

    def enough(self, q: Question, n: int) -> bool:
        outward, span = 1 + 2.0**-30, q.high - q.low
        return self.reach(q, n) * outward < q.delta and self.reach(q, n, span) * outward < max(span - q.delta, q.delta)

    def reach(self, q: Question, n: int, away: float | None = None) -> float:
        rounding = q.rounding(n)
        span, sd = q.high - q.low + 2 * rounding.sample, q.spread + rounding.sample
        away = (2 * q.delta if away is None else away) + rounding.sample
        square = sd * sd + away * away
        seen = square + bennett(span * math.sqrt(square), span * span, q.miss / 3, n)
        h = self._half_width(n, seen + 2 * rounding.variance + 3 * span * rounding.mean, span, q, self.settings(q, n))
        return bennett(sd, span, q.miss / 3, n) + h + lost(q, rounding)

    def interval(self, drawn: Drawn, q: Question, settings: Settings) -> Interval:
        n, rounding = drawn.moments.count, q.rounding(drawn.moments.count)
        low, high, mean = widened_range(q, rounding, drawn.moments.mean)
        away = abs(mean - settings["centre"]) + rounding.mean
        about_mean = (drawn.moments.variance + rounding.variance) * (n - 1) / n if n > 1 else 0.0
        h = self._half_width(n, about_mean + away * away, high - low, q, settings)
        return around(mean, h, low, high).widened(rounding.mean + rounding.sample)

    def _half_width(self, n: int, square: float, span: float, q: Question, settings: Settings) -> float:
        return betting.half_width(n, square, span, settings["bet"], q.alpha) if span > 0 else 0.0


class Binomial:
    """Clopper and Pearson.  What is added up is the number of samples at `high`; p is its chance, mean = low + p R.

    No bound of d is needed, for the tails are the binomial's own.  With eta = delta / R (less what is lost) and p the expected
    chance, n is enough where the numbers of heads that put the interval inside p +- eta have at least the power at p, and
    those that put it beyond p + eta have it at p + 2 eta (further away even more); and the same with the faces exchanged.
    """

    name = "binomial"

    def applies(self, q: Question) -> bool:
        return q.two_valued and q.bounded and q.mean is not None and q.high - q.low > 8 * q.slack

    def settings(self, q: Question, n: int) -> Settings:
        return {}

    def enough(self, q: Question, n: int) -> bool:
        assert q.mean is not None
        span, missed = q.high - q.low, 2 * q.slack + 4 * q.bias
        p = min(max((q.mean - q.low) / span, 0.0), 1.0)
        near, border, away = ((x * q.delta + y * missed) / span for x, y in ((1, -1), (1, 1), (2, -1)))
        return near > 0 and all(
            self._confirms(q, n, face, near) and self._refutes(q, n, face + border, face + away) for face in (p, 1 - p)
        )

    def _confirms(self, q: Question, n: int, p: float, near: float) -> bool:
        """At the chance p: is the lower end at least p - near, but for half of what may be missed?"""
        least = self._least(q, n, p - near * _OUTWARD) if p > near else 0
        return self._below(least, n, p) <= q.miss / 2 * _LESS

    def _refutes(self, q: Question, n: int, border: float, p: float) -> bool:
        """At the chance p or more: is the lower end above the border, but for what may be missed?"""
        return p > 1 or self._below(self._least(q, n, border + (p - border) * (1 - _OUTWARD)), n, p) <= q.miss * _LESS

    def _least(self, q: Question, n: int, p: float) -> int:
        """The fewest heads that put the lower end above p."""
        return binomial.first_rejected(n, p, q.alpha / 2 * _LESS)

    def _below(self, heads: int, n: int, p: float) -> float:
        """The chance of fewer heads than these: of n + 1 - heads tails or more."""
        return binomial.quick_tail(n + 1 - heads, n, max(1 - p, 0.0))

    def sums(self, samples: NDArray[np.float64], start: int, q: Question, settings: Settings) -> tuple[float, ...]:
        heads = samples > (q.low + q.high) / 2
        between = np.abs(samples - np.where(heads, q.high, q.low)) > q.slack
        if between.any():
            seen = float(samples[int(np.argmax(between))])
            raise SampleError(
                f"samples must be {q.low!r} or {q.high!r} (slack {q.slack:.2g}), the two values; got {seen!r}"
            )
        return (float(np.count_nonzero(heads)),)

    def interval(self, drawn: Drawn, q: Question, settings: Settings) -> Interval:
        n, heads, span = drawn.moments.count, int(drawn.sums[0]), q.high - q.low
        low, high = binomial.lower(heads, n, q.alpha / 2), binomial.upper(heads, n, q.alpha / 2)
        return Interval(q.low + span * low, q.low + span * high).widened(q.slack)


_LESS = 1 - 2.0**-10
"""A plan's tails, in floats, must lie this share below their levels."""

_OUTWARD = 1 - 2.0**-12
"""Computed ends lie outward of the exact ones, by far less than this share leaves of a half width."""


class MedianOfMeans:
    """`numeric.montecarlo.heavy`; settings: blocks.  h and d are the same formula, at alpha and at 1 - power.

    What is added up are the sum and the sum of absolute values in each block.  A sample is computed to a relative FLOAT_SLACK,
    so that a block's mean is off by at most that share of its mean absolute value.
    """

    name = "median-of-means"

    def applies(self, q: Question) -> bool:
        return not q.bounded and q.proved_sd is not None

    def settings(self, q: Question, n: int) -> Settings:
        return {"blocks": heavy.best_blocks(q.alpha, q.miss / 2)}

    def enough(self, q: Question, n: int) -> bool:
        assert q.proved_sd is not None
        blocks = int(self.settings(q, n)["blocks"])
        if n < blocks:
            return False
        h = heavy.half_width(n, blocks, q.proved_sd, q.alpha)
        d = heavy.half_width(n, blocks, q.spread, q.miss / 2)
        return (d + h + 2 * (self._rounding_planned(q, n, blocks) + q.bias)) * (1 + 2.0**-30) < q.delta

    def _rounding_planned(self, q: Question, n: int, blocks: int) -> float:
        """Each block's mean |y| is at most E|y| + S sqrt(2 K / (b (1 - power))), but for half of what may be missed."""
        assert q.proved_sd is not None
        size = abs(q.mean or 0.0) + q.proved_sd * (2 + math.sqrt(2 * blocks / (n // blocks * q.miss)))
        return _relative_rounding(n) * size

    def sums(self, samples: NDArray[np.float64], start: int, q: Question, settings: Settings) -> tuple[float, ...]:
        sums, sizes = heavy.dealt(samples, start, int(settings["blocks"]))
        return (*sums.tolist(), *sizes.tolist())

    def interval(self, drawn: Drawn, q: Question, settings: Settings) -> Interval:
        assert q.proved_sd is not None
        n, blocks = drawn.moments.count, int(settings["blocks"])
        if n < blocks:
            raise ValueError(f"n must be at least the number of blocks, {blocks}; got {n}")
        counts = heavy.sizes(n, blocks)
        means = np.array(drawn.sums[:blocks]) / counts
        rounding = _relative_rounding(n) * float(np.max(np.array(drawn.sums[blocks:]) / counts))
        h = heavy.half_width(n, blocks, q.proved_sd, q.alpha)
        return around(float(np.median(means)), h, -math.inf, math.inf).widened(rounding)


def _relative_rounding(n: int) -> float:
    """Of a block's mean, relative to its mean absolute value: of a sample, and of adding them up."""
    return 2 * FLOAT_SLACK + Rounding.of(n, -1.0, 1.0).mean


METHODS: dict[str, Method] = {
    one.name: one for one in (Binomial(), Hoeffding(), Betting(), EmpiricalBernstein(), MedianOfMeans())
}
"""The bounds by their names, as they stand in a plan and in the ledger."""


def choose(q: Question, bound: str = "auto") -> tuple[Method, int]:
    """The bound to use and the n it takes; MOST_SAMPLES + 1 where no n is enough.  Raises ValueError where none applies."""
    fitting = [one for one in METHODS.values() if bound in ("auto", one.name) and one.applies(q)]
    if not fitting:
        require_range(q.low, q.high)
        raise ValueError(f"bound must apply to the question; {bound!r} does not (see numeric.montecarlo.methods)")
    return min(((one, size(one, q)) for one in fitting), key=lambda pair: pair[1])


def size(method: Method, q: Question) -> int:
    """The n that a bound takes; MOST_SAMPLES + 1 where no n up to MOST_SAMPLES is enough."""
    return first_true(lambda n: method.enough(q, n), MOST_SAMPLES)


def first_true(holds: Callable[[int], bool], most: int) -> int:
    """The first n >= 1 from which a predicate holds, found by doubling and bisection; most + 1 where none is found.

    The answer is always one at which the predicate was seen to hold, even where rounding makes it not quite monotone.
    """
    stop = 1
    while not holds(stop):
        stop *= 2
        if stop > most:
            return most + 1
    start = stop // 2
    while stop - start > 1:
        middle = (start + stop) // 2
        start, stop = (start, middle) if holds(middle) else (middle, stop)
    return stop
