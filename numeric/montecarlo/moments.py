"""Streaming mean and variance, and how far rounding can move them.

A chunk of samples becomes ``Moments(count, mean, m2, ...)``; two of them merge by the update of Chan, Golub and LeVeque
(1979), so that memory does not grow with the number of samples:

    n = n_a + n_b        d = mean_b - mean_a        mean = mean_a + d n_b / n        m2 = m2_a + m2_b + d^2 n_a n_b / n

Rounding is bounded, not ignored.  With u = 2^-53, B = max(|low|, |high|), range R, chunks of at most CHUNK samples, k
of them:

* a chunk's mean is off by at most (CHUNK + 1) u B, in whatever order it is summed; a merge averages the errors of its
  two sides and adds at most 7 u B.  So the mean is off by at most ``e = 2^-52 (CHUNK + 8 k) B`` (the factor 2 covers
  the second order);
* a chunk's m2 about its rounded mean is off by n_i e^2, and by the relative error (CHUNK + 3) u; a merge's d is off
  by at most 3 e, its m2 therefore by n_b (6 e R + 9 e^2), and by the relative error 5 u.  Summed, with m2 <= n R^2 /
  4, and divided by n - 1 >= n / 2, the variance is off by at most ``20 e (R + e)``.

The sampler's own arithmetic is allowed FLOAT_SLACK * B a sample: it may leave [low, high] by that much, and the
interval for the mean is widened by it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHUNK = 1 << 16
"""Samples in a chunk: 512 KiB of float64.  Recorded with every check; another value draws other samples."""

FLOAT_SLACK = 2.0**-40
"""Largest rounding error of one sample, relative to max(|low|, |high|): some 10^4 units in the last place."""


class SampleError(ValueError):
    """What a sampler returned is no sample of the statistic: an error of the code, never a verdict."""


@dataclass(frozen=True)
class Moments:
    """Count, mean, sum of squared deviations, smallest and largest of some samples."""

    count: int
    mean: float
    m2: float
    smallest: float
    largest: float

    @classmethod
    def of(cls, samples: NDArray[np.float64]) -> Moments:
        """The moments of one non-empty chunk, shape [n], by two passes."""
        if samples.ndim != 1 or samples.size == 0:
            raise ValueError(f"samples must have shape [n] with n >= 1; got shape {list(samples.shape)}")
        mean = float(samples.mean())
        deviations = samples - mean
        return cls(samples.size, mean, float(np.square(deviations).sum()), float(samples.min()), float(samples.max()))

    def merge(self, other: Moments) -> Moments:
        """The moments of both sets of samples (Chan, Golub, LeVeque 1979)."""
        count = self.count + other.count
        difference = other.mean - self.mean
        share = other.count / count
        return Moments(
            count,
            self.mean + difference * share,
            self.m2 + other.m2 + difference * difference * (self.count * share),
            min(self.smallest, other.smallest),
            max(self.largest, other.largest),
        )

    @property
    def variance(self) -> float:
        """The unbiased sample variance, m2 / (n - 1).  Raises ValueError where n < 2."""
        if self.count < 2:
            raise ValueError(f"a variance needs at least 2 samples; got {self.count}")
        return self.m2 / (self.count - 1)


@dataclass(frozen=True)
class Drawn:
    """What is kept of all samples so far: their moments, and the sums that the chosen bound asks for."""

    moments: Moments
    sums: tuple[float, ...] = ()

    def merge(self, other: Drawn) -> Drawn:
        """Of both sets of samples."""
        return Drawn(
            self.moments.merge(other.moments), tuple(a + b for a, b in zip(self.sums, other.sums, strict=True))
        )


@dataclass(frozen=True)
class Rounding:
    """How far floating point can move a sample, the mean and the variance of n samples in [low, high]."""

    sample: float
    mean: float
    variance: float

    @classmethod
    def of(cls, n: int, low: float, high: float) -> Rounding:
        """The bounds of the module's docstring, for n samples in chunks of CHUNK."""
        size = max(abs(low), abs(high))
        sample = FLOAT_SLACK * size
        mean = 2.0**-52 * (min(n, CHUNK) + 8 * math.ceil(n / CHUNK)) * (size + sample)
        return cls(sample, mean, 20 * mean * (high - low + 2 * sample + mean))
