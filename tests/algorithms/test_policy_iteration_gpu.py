"""Policy iteration on a CUDA device: the policy and the values of the CPU."""

import pytest

from numeric.algorithms.policy_iteration import Settings, policy_iteration
from numeric.envs.cliff_walk import Cliff
from numeric.envs.tabular import Table


@pytest.mark.gpu
@pytest.mark.parametrize("discount", [0.99, 1.0])
def test_cpu_and_cuda_find_the_same_policy(discount: float) -> None:
    table = Cliff().table()
    here = policy_iteration(table, Settings(discount))
    there = policy_iteration(Table(*[t.cuda() for t in table]), Settings(discount))
    assert there.values.is_cuda and (here.values - there.values.cpu()).abs().max() <= 1e-9
    gained = (here.action_values * (here.policy - there.policy.cpu())).sum(-1)
    assert gained.abs().max() <= 1e-9, "where two actions are equally good, either may be taken"
