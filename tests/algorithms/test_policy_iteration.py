"""Policy iteration against exact rational values, on the catalogue's MDPs and random ones; ties, ends, refusals."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from numeric.algorithms.policy_iteration import RECIPES, Settings, evaluate, improve, learner, policy_iteration
from numeric.envs.cartpole import CartPole
from numeric.envs.cliff_walk import Cliff, CliffWalk
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
    ({"policy": torch.ones(2, 2, device="meta") / 2}, r"policy must have shape \(2, 2\) on cpu; got \(2, 2\) on meta"),
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


# ------------------------------------------------------------------------------------- actions that are not available
def test_the_best_available_action_is_taken_where_a_better_one_is_not() -> None:
    table = table_of(reading.named("treasure"))  # stop for 1, or go on to 0 or 10
    available = torch.tensor([[True, True], [True, False], [False, False]])
    found = policy_iteration(table, Settings(1.0), available=available)
    assert found.values.tolist() == [1, 0, 0] and found.policy[:2].tolist() == [[1, 0], [1, 0]]
    assert policy_iteration(table, Settings(1.0)).values.tolist() == [10, 10, 0]


SHUT = torch.tensor([[True, False], [True, True]])
NOT_AVAILABLE = [
    ({"available": torch.ones(3, 2, dtype=torch.bool)}, r"available must be boolean of shape \(2, 2\) on cpu; got torch.bool"),
    ({"available": torch.ones(2, 2)}, "available must be boolean"),
    ({"available": torch.tensor([[True, True], [False, False]])}, "leave an action in every state; got none in state 1"),
    ({"available": SHUT, "policy": torch.ones(2, 2) / 2}, r"policy must take available actions only; got \[0.5, 0.5\] at \[0\]"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "says"), NOT_AVAILABLE, ids=[s for _, s in NOT_AVAILABLE])
def test_a_wrong_mask_is_named(changes: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        policy_iteration(table_of(reading.named("m2")), Settings(0.5), **changes)


# ------------------------------------------------------------------------------------- discount 1
def test_where_never_to_end_is_better_there_is_no_optimum_at_discount_1() -> None:
    leave = torch.tensor([[0.0, 1], [1, 0]], dtype=F64)
    for first in (None, leave):
        with pytest.raises(ValueError, match="ending must be better .* from state 0, worth -1, it is not"):
            policy_iteration(table_of(reading.named("stay_exit")), Settings(1.0), first)
    assert policy_iteration(table_of(reading.named("stay_exit")), Settings(0.9)).values.tolist() == [0, 0]


def test_where_never_to_end_is_free_but_worse_the_optimum_is_given() -> None:
    """STAY, and the walk in which moves are free: an improper policy is worth 0, the optimum is more."""
    assert policy_iteration(table_of(reading.named("stay")), Settings(1.0)).values.tolist() == [1, 0]
    free = policy_iteration(Cliff(move=0).table(), Settings(1.0))
    assert free.values[36].item() == pytest.approx(100, rel=1e-9)


def test_a_cycle_that_pays_is_refused_at_discount_1() -> None:
    table = table_of(reading.named("stay"))
    reward = table.reward.clone()
    reward[0, 0] = 1.0
    with pytest.raises(ValueError, match="never does from state 0"):
        policy_iteration(table._replace(reward=reward), Settings(1.0))


# ------------------------------------------------------------------------------------- what `rlproofs train` drives
def test_the_planner_ends_where_policy_iteration_ends() -> None:
    environment = CliffWalk(1, dtype=F64)
    planner = learner(environment, RECIPES["cliff-walk"], seed=0)
    figures = []
    while not figures or figures[-1]["changed"]:
        figures.append(planner.iterate())
    found = policy_iteration(Cliff().table(), RECIPES["cliff-walk"])
    assert [one["value"] for one in figures] == pytest.approx(found.history[:, 36].tolist(), rel=1e-12)
    assert torch.equal(planner.policy, found.policy) and planner.steps == 192 * (len(figures) - 1)
    observation, total = environment.reset(), 0.0
    for _ in range(13):
        step = environment.step(planner.act(observation))
        observation, total = step.observation, total + step.reward.item()
    assert total == 88 and bool(step.terminated)


def test_the_planner_goes_on_from_what_it_saved() -> None:
    environment = CliffWalk(2, one_hot=False)
    whole, first = (learner(environment, Settings(0.99), seed=0) for _ in range(2))
    for planner in (whole, first):
        planner.iterate()
    state = first.state_dict()
    first.iterate()
    again = learner(environment, Settings(0.99), seed=5)
    again.load_state_dict(state)
    assert whole.iterate() == again.iterate() and torch.equal(whole.policy, again.policy)
    assert whole.steps == again.steps
    assert again.act(torch.tensor([36, 0])).shape == (2,)


def test_an_environment_without_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="environment must be tabular, since its table is read; got CartPole"):
        learner(CartPole(1), Settings(0.99), seed=0)
