"""The named instances of the claims are the same MDPs: their values, by another road."""

from __future__ import annotations

from fractions import Fraction

import pytest

from numeric.mdp.instances import from_instance
from numeric.mdp.paths import expected_k_step
from numeric.mdp.reading import named
from numeric.mdp.solve import evaluate
from proofs import instances

F = Fraction


def test_the_instance_m2_of_the_claims_is_the_table_m2() -> None:
    mdp, policy = from_instance(instances.m2(1, 1))
    table = named("m2")
    mean = [[[table.probability(s, a, y) for y in (0, 1)] + [table.reward(s, a)] for a in (0, 1)] for s in (0, 1)]
    assert [[[mdp.probability(s, a, y) for y in (0, 1)] + [mdp.reward(s, a)] for a in (0, 1)] for s in (0, 1)] == mean
    assert evaluate(policy).v == (F(57, 37), F(-43, 37)) and mdp.discount == table.discount and mdp.start == table.start


def test_values_of_the_generic_instance_are_its_expected_targets() -> None:
    """`backward` solves Bellman's equation in proofs.instances; here the same numbers come from trajectories."""
    horizon = 3
    data = instances.trajectory(1, horizon=horizon)
    mdp, policy = from_instance(data)
    last = [F(x) for x in instances.LAST_VALUE]
    for t in range(horizon):
        found = [expected_k_step(policy, last, horizon - t, state=s) for s in (0, 1)]
        assert found == [F(x) for x in data["tables"]["V"][t]]


def test_one_outcome_of_the_reward_keeps_the_mean_rewards_that_it_has() -> None:
    mdp, _ = from_instance(instances.small(1))
    assert mdp.reward(0, 1) == 3 and mdp.probability(1, 0, 0) == F(1, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"W": [[[["1/2", "1/3"]] * 2] * 2] * 3}, "must sum to 1; got"),
        ({"pi": [[["1", "0"]] * 2, [["0", "1"]] * 2]}, "pi must be the same at every time; it differs at time 1"),
        ({"p0": ["1/2", "1/3"]}, "start must sum to 1; got 5/6"),
        ({"R": [[[["x", "y"]] * 2] * 2] * 3}, 'R[0][0][0] must be a whole number, "p/q" or a decimal'),
        ({"R": [[[["1", "2"]]]] * 3}, "the tables W, P and R must have an entry for each state and action"),
    ],
)
def test_tables_that_are_no_mdp_are_refused(change: dict[str, object], said: str) -> None:
    data = instances.m2(1, 1)
    with pytest.raises(ValueError) as caught:
        from_instance({**data, "tables": {**data["tables"], **change}})
    assert said in str(caught.value)


def test_an_instance_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="it lacks p0"):
        from_instance({"reals": {"a": "1"}})
