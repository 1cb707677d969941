"""Enumeration: probabilities sum to 1, targets have their expectations, and each agrees with Bellman's operator."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from numeric.mdp.paths import (
    Path,
    _ways,
    expected_k_step,
    expected_lambda,
    expected_return,
    k_step_target,
    lambda_target,
    paths,
    returned,
)
from numeric.mdp.reading import named
from numeric.mdp.solve import evaluate, optimum
from numeric.mdp.tensors import as_numpy, as_torch, policy_array
from tests.mdp.test_solve import M2_POLICY, mixed, step, table

F = Fraction


def test_every_trajectory_of_a_short_episode() -> None:
    p, q = F(1, 3), F(3, 4)
    mdp = named("ep")
    policy = mdp.policy({"s0": {"1": p, "0": 1 - p}, "s1": {"1": q, "0": 1 - q}})
    found = {(one.states, one.actions, one.rewards): (one.probability, one.terminated) for one in paths(policy, 5)}
    assert found == {
        ((0, 2), (0,), (F(0),)): (F(2, 3), True),
        ((0, 1, 2), (1, 0), (F(0), F(1))): (F(1, 12), True),
        ((0, 1, 2), (1, 1), (F(0), F(3))): (F(1, 4), True),
    }
    cut = list(paths(policy, 1))
    assert [(one.states, one.terminated) for one in cut] == [((0, 2), True), ((0, 1), False)], "the horizon is no end"


@pytest.mark.parametrize("horizon", range(5))
def test_probabilities_sum_to_one_at_every_horizon(horizon: int) -> None:
    found = list(paths(mixed(table(3)), horizon))
    assert sum(one.probability for one in found) == 1 and max(map(len, found)) == horizon
    assert len({(one.states, one.actions) for one in found}) == len(found)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize("discount", ["3/4", "1", "0"])
def test_the_k_step_target_has_the_mean_of_k_bellman_steps(k: int, discount: str) -> None:
    policy = mixed(table(2, discount=discount))
    values = [F(2), F(-5, 3), F(1, 7), F(99)]  # the last is of the end: it must not count
    swept = [*values[:3], F(0)]
    for _ in range(k):
        swept = step(policy, swept)
    assert [expected_k_step(policy, values, k, state=s) for s in range(3)] == swept[:3]


@pytest.mark.parametrize("weight", ["0", "1/3", "1"])
def test_the_lambda_target_has_the_mean_of_its_mixture_of_bellman_steps(weight: str) -> None:
    policy, lam, horizon = mixed(table(4)), F(weight), 4
    values = [F(2), F(-5, 3), F(1, 7), F(0)]
    swept, steps = values, []
    for _ in range(horizon):
        swept = step(policy, swept)
        steps.append(swept)
    for s in range(3):
        mixture = [(1 - lam) * lam**n * steps[n][s] for n in range(horizon - 1)] + [lam ** (horizon - 1) * steps[-1][s]]
        assert expected_lambda(policy, values, weight, horizon, state=s) == sum(mixture)


def test_the_values_of_the_policy_are_a_fixed_point_of_both_targets() -> None:
    policy = named("m2").policy(M2_POLICY)
    v = evaluate(policy).v
    assert all(expected_k_step(policy, v, k, state=s) == v[s] for k in (1, 2, 3) for s in (0, 1))
    assert all(expected_lambda(policy, v, "2/3", 3, state=s) == v[s] for s in (0, 1))


def test_lambda_zero_and_one_are_the_one_step_target_and_the_return() -> None:
    path = Path(F(1), (0, 1, 2), (1, 1), (F(5), F(3)), True)
    mdp, v = named("ep"), (F(2), F(7), F(0))
    assert lambda_target(path, mdp, v, F(0), 4) == k_step_target(path, mdp, v, 1) == 5 + 7
    assert lambda_target(path, mdp, v, F(1), 4) == returned(path, F(1)) == 8 and returned(path, F(1, 2), first=1) == 3
    assert k_step_target(path, mdp, v, 9) == 8, "no bootstrap after the end"


def test_an_episodic_return_is_its_value_once_the_horizon_is_long_enough() -> None:
    for name, horizon in (("ep", 2), ("xor", 2), ("cancel", 2), ("signflip", 2), ("split", 2)):
        mdp = named(name)
        policy = mdp.uniform()
        v = sum(p * x for p, x in zip(mdp.start, evaluate(policy).v, strict=True))
        assert expected_return(policy, horizon) == v


def test_trajectories_are_counted_before_any_is_made() -> None:
    for name, horizon in (("chain5", 7), ("ep", 3), ("xor", 1), ("m2", 4)):
        policy = named(name).uniform()
        many = _ways(policy, horizon)
        assert many == [sum(1 for _ in paths(policy, horizon, state=s)) for s in range(len(many))]
    stay = named("stay").at("1/2")
    assert [len(one) for one in paths(stay.policy({"here": "stay"}), 2_000)] == [2_000], "one long way is no crowd"


def test_arguments_are_refused_by_name() -> None:
    policy = mixed(table(0))
    for horizon in (-1, 2.0, True, 10_001):
        with pytest.raises(ValueError, match="horizon must be a whole number from 0 to 10000; got"):
            list(paths(policy, horizon))  # type: ignore[arg-type]
    for state in (-1, 4, 1.0, True, "a"):
        with pytest.raises(ValueError, match=f"state must be a whole number from 0 to 3, or None; got {state!r}"):
            paths(policy, 1, state=state)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="horizon must leave at most 200000 trajectories; 30 has more"):
        expected_return(policy, 30)
    with pytest.raises(ValueError, match="k must be a whole number, 1 or more; got 0"):
        expected_k_step(policy, [F(0)] * 4, 0, state=0)
    with pytest.raises(ValueError, match="values must have one entry for each of the 4 states; got 3"):
        expected_k_step(policy, [F(0)] * 3, 1, state=0)
    with pytest.raises(ValueError, match=r"lambda_ must lie in \[0, 1\]; got 3/2"):
        expected_lambda(policy, [F(0)] * 4, "3/2", 2, state=0)
    with pytest.raises(ValueError, match="horizon must be a whole number, 1 or more; got 0"):
        expected_lambda(policy, [F(0)] * 4, "1/2", 0, state=0)


# ------------------------------------------------------------------------------------- tensors
def test_arrays_hold_the_same_numbers_and_solve_to_the_same_values() -> None:
    mdp = table(2)
    policy, arrays = mixed(mdp), as_numpy(mdp)
    assert arrays.transition.shape == arrays.reward.shape == (4, 2, 4) and arrays.terminal.tolist() == [False] * 3 + [
        True
    ]
    for s in range(4):
        for a in range(2):
            for y in range(4):
                assert arrays.transition[s, a, y] == float(mdp.probability(s, a, y))
                assert arrays.reward[s, a, y] == float(mdp.reward(s, a, y))
    pi = policy_array(policy)
    chain, pay = (
        np.einsum("sa,say->sy", pi, arrays.transition),
        np.einsum("sa,say,say->s", pi, arrays.transition, arrays.reward),
    )
    v = np.linalg.solve(np.eye(4) - arrays.discount * chain, pay)
    assert np.abs(v - [float(x) for x in evaluate(policy).v]).max() < 1e-12
    assert arrays.start.tolist() == [1 / 7, 2 / 7, 4 / 7, 0] and as_numpy(mdp, absorbing=True).transition[
        3, :, 3
    ].tolist() == [1, 1]


def test_torch_tensors_are_the_numpy_arrays() -> None:
    torch = pytest.importorskip("torch")
    mdp = named("cliff_walk")
    one, other = as_torch(mdp), as_numpy(mdp)
    assert one.transition.dtype == torch.float64 and np.array_equal(one.transition.numpy(), other.transition)
    assert np.array_equal(one.reward.numpy(), other.reward) and one.terminal.dtype == torch.bool and one.discount == 1.0
    assert as_torch(mdp, dtype=torch.float32).reward.dtype == torch.float32
    with pytest.raises(ValueError, match="dtype must be a real floating one; got torch.int64"):
        as_torch(mdp, dtype=torch.int64)


def test_value_iteration_on_the_tensors_reaches_the_exact_optimum() -> None:
    mdp = named("cliff_walk").at("99/100")
    arrays = as_numpy(mdp)
    v = np.zeros(48)
    for _ in range(60):
        v = (arrays.transition * (arrays.reward + arrays.discount * v)).sum(axis=2).max(axis=1)
    assert np.abs(v - [float(x) for x in optimum(mdp).values.v]).max() < 1e-9


def test_reading_and_solving_need_no_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from numeric.mdp import paths, reading, schema, solve, tensors; reading.named('m2');"
        "assert 'torch' not in sys.modules and not any(m.startswith('proofs') for m in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
