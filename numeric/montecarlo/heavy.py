"""Median of means: an interval for the mean of an unbounded statistic whose standard deviation is proved to be at most S.

Deal n samples like cards to K blocks (K odd), so that each holds b = floor(n / K) or one more; take the mean of each block
and then the median of the means.  One block's mean lies above mu + r with probability at most

    p(r) = 1 / (1 + b r^2 / S^2)                                                       (Cantelli's inequality)

and the median only if (K + 1) / 2 blocks do, which are independent: with probability at most P(Binomial(K, p) >= (K+1)/2).
Let p* be the largest p at which that tail is at most alpha/2 (the exact binomial, `numeric.montecarlo.binomial`).  Then

    |median - mu| <= S sqrt(1/p* - 1) / sqrt(b)      but for a chance of alpha,

for every law with that standard deviation, at this n.  No fourth moment, no normal approximation.  The price is known:
at alpha = 1e-9 the width is some 19 S / sqrt(n), three times that of a bounded statistic.

Sources: Nemirovsky and Yudin (1983); Alon, Matias and Szegedy (1999); Lugosi and Mendelson, "Mean estimation and regression
under heavy-tailed distributions: a survey", Foundations of Computational Mathematics 19 (2019), Theorem 2, here with
Cantelli's inequality and the exact tail in the place of Chebyshev's and Hoeffding's.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from numeric.montecarlo.binomial import lower

MOST_BLOCKS = 201
"""Numbers of blocks beyond this are not tried: alpha = 1e-9 takes some 40."""


@lru_cache(maxsize=4096)
def spread(blocks: int, alpha: float) -> float:
    """sqrt(1/p* - 1): with r = S spread / sqrt(b), the median of `blocks` (odd) means misses by r or less but for alpha."""
    if blocks < 1 or blocks % 2 == 0:
        raise ValueError(f"blocks must be odd and at least 1; got {blocks!r}")
    most = lower((blocks + 1) // 2, blocks, alpha / 2)
    return math.inf if most == 0 else math.sqrt(1 / most - 1)


def half_width(n: int, blocks: int, deviation: float, alpha: float) -> float:
    """S spread / sqrt(b) with b = floor(n / blocks); infinite where a block is empty."""
    each = n // blocks
    return deviation * spread(blocks, alpha) / math.sqrt(each) if each else math.inf


@lru_cache(maxsize=256)
def best_blocks(alpha: float, miss: float) -> int:
    """The number of blocks with the smallest sum of the half widths at alpha (of the interval) and at `miss` (its power)."""

    def width(blocks: int) -> float:
        return (spread(blocks, alpha) + spread(blocks, miss)) * math.sqrt(blocks)

    return min(range(1, MOST_BLOCKS + 1, 2), key=width)


def dealt(samples: NDArray[np.float64], start: int, blocks: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum and sum of absolute values in each block, shapes [blocks]; the first sample is number `start` of the stream."""
    before = start % blocks  # cards of the round that is under way; empty places hold 0
    after = -(before + samples.size) % blocks
    rounds = np.concatenate([np.zeros(before), samples, np.zeros(after)]).reshape(-1, blocks)
    return rounds.sum(axis=0), np.abs(rounds).sum(axis=0)


def sizes(n: int, blocks: int) -> NDArray[np.float64]:
    """How many of n samples each block holds."""
    return np.array([n // blocks + (block < n % blocks) for block in range(blocks)], dtype=np.float64)
