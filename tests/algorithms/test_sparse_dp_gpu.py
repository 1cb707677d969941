"""The sparse solvers on a GPU: the values of the CPU, within both proved errors."""

from __future__ import annotations

import pytest
import torch

from numeric.algorithms.sparse_dp import evaluate, solve
from numeric.algorithms.sparse_model import model_of
from numeric.envs.tabular import Table

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("bands", [False, True])
@pytest.mark.parametrize(("dtype", "epsilon"), [(torch.float32, 5e-3), (torch.float64, 1e-8)])
def test_cuda_gives_what_the_cpu_gives(dtype: torch.dtype, epsilon: float, bands: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    shape = 3000, 4, 8
    step = torch.randint(-10, 11, shape, generator=generator)
    near = (torch.arange(3000)[:, None, None] + step).clamp(0, 2999)
    successor = near if bands else torch.randint(3000, shape, generator=generator)
    chance = torch.rand(shape, generator=generator, dtype=torch.float64)
    reward = torch.rand(shape, generator=generator, dtype=torch.float64)
    start, terminal = torch.full((3000,), 1 / 2999, dtype=torch.float64), torch.arange(3000) == 2999
    start[-1] = 0
    here = Table(successor, chance / chance.sum(-1, keepdim=True), reward, start, terminal)
    there = Table(*[part.cuda() for part in here])
    one, other = model_of(here, 0.95, dtype=dtype), model_of(there, 0.95, dtype=dtype)
    for method in ("auto", "value", "modified", "policy"):
        cpu, cuda = solve(one, epsilon=epsilon, method=method), solve(other, epsilon=epsilon, method=method)
        assert cuda.values.is_cuda and cuda.values.dtype == dtype
        assert (cpu.values - cuda.values.cpu()).abs().max() <= cpu.error + cuda.error
    policy = torch.full((3000, 4), 0.25, dtype=torch.float64)
    cpu, cuda = evaluate(one, policy, epsilon=epsilon), evaluate(other, policy.cuda(), epsilon=epsilon)
    assert (cpu.values - cuda.values.cpu()).abs().max() <= cpu.error + cuda.error
