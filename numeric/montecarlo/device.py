"""A sampler's draws on a GPU: the same thresholds, outcomes and tables, with the device's own random numbers.

    OnDevice(sampler, "cuda")(rng, n)       n samples, as `sampler(rng, n)` gives them on the processor

The seed of the device's generator is the first number that rng yields, so a chunk still depends on its seed and on nothing
else: any number of workers draws the same samples on one kind of device.  Uniform numbers are k / 2^53 for k uniform on
0 ... 2^53 - 1, as on the processor, so that the law of a draw is the same to the last bit.  Look-ups are the processor's: a
path's number comes back, and its value is read from the same table.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from numeric.montecarlo.float64 import GRID
from numeric.montecarlo.sampler import Sampler
from numeric.montecarlo.statistic import Codes

if TYPE_CHECKING:
    import torch


def available(device: str) -> bool:
    """Can torch compute on this device here?"""
    try:
        import torch
    except ModuleNotFoundError:
        return False
    return device.partition(":")[0] != "cuda" or torch.cuda.is_available()


class OnDevice:
    """A sampler whose paths are drawn by torch on a device."""

    def __init__(self, sampler: Sampler, device: str) -> None:
        import torch

        self.torch, self.sampler, self.device = torch, sampler, torch.device(device)
        self.rows = [
            (torch.from_numpy(columns).to(self.device), parents, first) for columns, parents, first in sampler.rows
        ]

    def __call__(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        """n independent samples, shape [n]."""
        generator = self.torch.Generator(self.device)
        generator.manual_seed(int(rng.integers(2**63)))
        copies = [self.codes(self.uniform(generator, n)) for _ in range(self.sampler.statistic.copies)]
        return self.sampler.values(copies)

    def uniform(self, generator: torch.Generator, n: int) -> torch.Tensor:
        """Multiples of 2^-53 in [0, 1), shape [draws, n]."""
        shape = (self.sampler.drawn, n)
        whole = self.torch.randint(0, GRID, shape, generator=generator, device=self.device, dtype=self.torch.int64)
        return whole.to(self.torch.float64) / GRID

    def codes(self, uniform: torch.Tensor) -> Codes:
        """The number of each path's outcome, [draws, n] -> [n]; see `Sampler.paths` and `Sampler.codes`."""
        torch, sampler = self.torch, self.sampler
        n = uniform.shape[1]
        drawn: list[Any] = [torch.full((n,), y, dtype=torch.int64, device=self.device) for y in sampler.known]
        for u, (columns, parents, first) in zip(uniform, self.rows[len(drawn) : sampler.needed], strict=True):
            row = torch.full((n,), first, dtype=torch.int64, device=self.device)
            for parent, stride in parents:
                row += drawn[parent] * stride
            drawn.append(sum(((u >= column[row]).long() for column in columns), torch.zeros_like(row)))
        out = drawn[0].clone()
        for size, y in zip(sampler.sizes[1:], drawn[1:], strict=False):
            out = out * size + y
        out *= math.prod(sampler.sizes[len(drawn) :])
        return out.cpu().numpy()  # type: ignore[no-any-return]
