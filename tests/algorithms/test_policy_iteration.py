"""Policy iteration against exact rational values, on the catalogue's MDPs and random ones; ties, ends, refusals."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from numeric.algorithms.policy_iteration import Settings, evaluate, improve, policy_iteration
from numeric.envs.cliff_walk import Cliff
from numeric.envs.tabular import Table, table_of

solve = pytest.importorskip("numeric.mdp.solve")
reading = pytest.importorskip("numeric.mdp.reading")
F64 = torch.float64


def floats(values) -> torch.Tensor:
    return torch.tensor([float(v) for v in values], dtype=F64)


@pytest.mark.parametrize("name", ["m2", "m2_tie", "ep", "treasure", "chain5"])
def test_the_optimum_is_the_exact_one(name: str) -> None:
    mdp = reading.named(name)
    found = policy_iteration(table_of(mdp), Settings(float(mdp.discount)))
    assert (found.values - floats(solve.optimum(mdp).values.v)).abs().max() <= 1e-12


@pytest.mark.parametrize(("discount", "wanted"), [(1, 88.0), (Fraction(99, 100), 77.277)])
def test_the_cliff_walk(discount: Fraction | int, wanted: float) -> None:
    cliff = Cliff()
    found = policy_iteration(cliff.table(), Settings(float(discount)))
    exact = floats(solve.optimum(cliff.exact(discount)).values.v)
    assert (found.values - exact).abs().max() <= 1e-10 and found.values[cliff.start].item() == pytest.approx(
        wanted, abs=5e-4
    )
    assert (found.history[1:] >= found.history[:-1] - 1e-9).all(), "no state gets worse"
    uniform = solve.evaluate(cliff.exact(discount).uniform()).v[cliff.start]
    assert found.history[0, cliff.start].item() == pytest.approx(float(uniform), rel=1e-12)


def test_m2_is_solved_in_one_improvement() -> None:
    mdp = reading.named("m2")
    table = table_of(mdp)
    given = torch.tensor([[2 / 3, 1 / 3], [1 / 4, 3 / 4]], dtype=F64)
    assert evaluate(table, given, 0.5).tolist() == pytest.approx([57 / 37, -43 / 37], rel=1e-14)
    found = policy_iteration(table, Settings(0.5), given)
    assert found.policy.argmax(1).tolist() == [1, 0] and len(found.history) == 2
    assert found.values.tolist() == pytest.approx([8 / 3, 8 / 9], rel=1e-14)


def test_tied_actions_do_not_alternate() -> None:
    mdp = reading.named("m2_tie")
    table = table_of(mdp)
    for first in (0, 1):
        start = torch.nn.functional.one_hot(torch.tensor([first, 0]), 2).double()
        found = policy_iteration(table, Settings(0.5), start)
        assert int(found.policy[0].argmax()) == first, "the first of two equal actions is kept"
        assert found.action_values[0].tolist() == pytest.approx([8 / 3, 8 / 3], rel=1e-14)


def random_table(states: int, actions: int, seed: int) -> Table:
    generator = torch.Generator().manual_seed(seed)
    successor = torch.randint(states, (states, actions, 3), generator=generator)
    probability = torch.rand(states, actions, 3, generator=generator, dtype=F64)
    reward = torch.randn(states, actions, 3, generator=generator, dtype=F64)
    terminal = torch.zeros(states, dtype=torch.bool)
    terminal[-1] = True
    start = torch.zeros(states, dtype=F64)
    start[0] = 1
    return Table(successor, probability / probability.sum(-1, keepdim=True), reward, start, terminal)


@pytest.mark.parametrize("seed", range(5))
def test_the_result_satisfies_the_optimality_equation(seed: int) -> None:
    """V = max_a Q and Q from V: a fixed point of a contraction, which is unique."""
    table = random_table(40, 4, seed)
    found = policy_iteration(table, Settings(0.95))
    assert (found.action_values.max(1).values - found.values).abs().max() <= 1e-8
    assert (found.values[-1], found.action_values[-1].abs().max()) == (0, 0)


def test_a_policy_that_never_ends_is_refused_at_discount_1() -> None:
    cliff = Cliff()
    up = torch.zeros(48, 4, dtype=F64)
    up[:, 0] = 1
    with pytest.raises(ValueError, match="never does from state 0"):
        policy_iteration(cliff.table(), Settings(1.0), up)
    assert policy_iteration(cliff.table(), Settings(0.9), up).values[cliff.start] > 0


def test_improvement_keeps_terminal_rows_and_equal_actions() -> None:
    values = torch.tensor([[1.0, 1.0 + 1e-12], [0.0, 5.0], [2.0, 1.0]], dtype=F64)
    old = torch.tensor([[1.0, 0], [1, 0], [0.5, 0.5]], dtype=F64)
    new, changed = improve(values, old, torch.tensor([False, True, False]), 1e-9)
    assert changed and new.tolist() == [[1, 0], [1, 0], [1, 0]]


WRONG = [
    ({"settings": Settings(1.5)}, r"discount must lie in \[0, 1\]; got 1.5"),
    ({"policy": torch.ones(2, 2)}, "policy must be a probability vector"),
    ({"policy": torch.ones(3, 2) / 2}, r"policy must have shape \(2, 2\)"),
    ({"policy": torch.tensor([[1.5, -0.5], [0.5, 0.5]])}, r"got \[1.5, -0.5\] at \[0\]"),
]


@pytest.mark.parametrize(("changes", "says"), WRONG, ids=[s for _, s in WRONG])
def test_wrong_input_is_named(changes: dict, says: str) -> None:
    table = table_of(reading.named("m2"))
    with pytest.raises(ValueError, match=says):
        policy_iteration(**{"table": table, "settings": Settings(0.5), **changes})


def test_too_few_iterations_are_said() -> None:
    with pytest.raises(RuntimeError, match="within 1 iterations"):
        policy_iteration(Cliff().table(), Settings(1.0, most=1))
