"""Fitted k-step TD for Q: the loop reaches exact values, goes on after a stop, and refuses what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from numeric.algorithms.k_step_q import (
    RECIPES,
    KStepQ,
    Settings,
    beyond,
    epsilon_greedy,
    k_step_target,
    learner,
    one_per_pair,
    squared_error,
)
from numeric.envs.cartpole import CartPole
from numeric.envs.cliff_walk import Cliff, CliffWalk

F64 = torch.float64
SMALL = Settings(num_envs=4, rollout=8)


def walk(settings: Settings, cliff: Cliff | None = None, seed: int = 0, dtype: torch.dtype = F64) -> CliffWalk:
    return CliffWalk(settings.num_envs, cliff=cliff, max_steps=60, dtype=dtype, seed=seed)


def exact(values: tuple[tuple, ...], actions: int = 4) -> Tensor:
    return torch.tensor([[float(x) for x in row] or [0.0] * actions for row in values], dtype=F64)


# ------------------------------------------------------------------------------------- targets
def test_with_all_steps_the_target_of_an_episode_is_its_return() -> None:
    reward = torch.tensor([[1.0], [2.0], [4.0]], dtype=F64)
    ends = torch.tensor([[False], [False], [True]])
    next_values = torch.full((3, 1, 2), torch.nan, dtype=F64)
    next_values[:2] = 1e6
    step = reward, next_values, torch.zeros(3, 1, dtype=torch.int64), ends, torch.zeros_like(ends)
    assert k_step_target(*step, discount=0.5, k=3).flatten().tolist() == [3.0, 4.0, 4.0]


def test_one_step_is_sarsa_s_target() -> None:
    next_values = torch.tensor([[[8.0, -4.0]], [[2.0, 6.0]]], dtype=F64)
    flags = torch.zeros(2, 1, dtype=torch.bool)
    reward, action = torch.ones(2, 1, dtype=F64), torch.tensor([[1], [0]])
    assert k_step_target(reward, next_values, action, flags, flags, discount=0.5, k=1).flatten().tolist() == [-1.0, 2.0]


def test_a_target_ends_before_an_explored_action_and_at_a_time_limit() -> None:
    explored = torch.tensor([[True], [False], [True], [False]])
    truncated = torch.tensor([[False], [False], [False], [True]])
    assert beyond(truncated, explored).flatten().tolist() == [False, True, False, True]


def test_pairs_weigh_the_same() -> None:
    state, action = torch.tensor([[0, 0, 1], [0, 0, 1]]), torch.tensor([[1, 1, 0], [0, 1, 2]])
    third = 1 / 3
    assert one_per_pair(state, action).tolist() == [[third, third, 1], [1, third, 1]]


def test_epsilon_is_the_share_of_actions_that_are_drawn_from_all() -> None:
    values = torch.tensor([0.0, 3.0, 1.0]).expand(30_000, 3)
    generator = torch.Generator().manual_seed(5)
    assert (epsilon_greedy(values, 0.0, generator) == 1).all()
    share = epsilon_greedy(values, 0.6, generator).bincount() / len(values)
    # Hoeffding: off by more than 0.02 with probability below 2 exp(-2 * 30000 * 0.02^2) < 1e-10
    assert (share - torch.tensor([0.2, 0.6, 0.2])).abs().max() < 0.02


# ------------------------------------------------------------------------------------- the loop
@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_the_recipe_reaches_every_exact_value_of_the_cliff_walk(dtype: torch.dtype) -> None:
    solve = pytest.importorskip("numeric.mdp.solve")
    settings = RECIPES["cliff-walk"]
    found = learner(walk(settings, seed=3, dtype=dtype), settings, seed=3)
    for _ in range(60):
        found.iterate()
    optimum = solve.optimum(Cliff().exact(1)).values
    live = torch.tensor([bool(row) for row in optimum.q])
    values = found.q(torch.eye(48, dtype=dtype)).detach().double()
    assert (values - exact(optimum.q))[live].abs().max() <= (1e-9 if dtype == F64 else 1e-3)
    assert found.steps == 60 * settings.rollout * settings.num_envs
    assert played(found.act, dtype) == 88


def played(act: Callable[[Tensor], Tensor], dtype: torch.dtype) -> float:
    environment = CliffWalk(1, dtype=dtype, max_steps=60)
    observation, total = environment.reset(), 0.0
    while True:
        step = environment.step(act(observation))
        observation, total = step.observation, total + step.reward.item()
        if bool(step.terminated | step.truncated):
            return total


@pytest.mark.parametrize("k", [1, 3])
def test_the_values_of_a_fixed_policy_are_learned_from_exploring_behaviour(k: int) -> None:
    """The policy that goes right along the edge but falls in the middle: Q^pi, and not Q*, in every entry."""
    solve = pytest.importorskip("numeric.mdp.solve")
    cliff = Cliff(height=3, width=4)
    settings = Settings(k=k, num_envs=16, rollout=10, explore=0.5, improve_every=None)
    choice = {s: 2 if s == 5 else (0 if s == 8 else 1 if s % 4 < 3 else 2) for s in range(12)}
    found = learner(walk(settings, cliff), settings, seed=1)
    with torch.no_grad():
        found.frozen.values.copy_(torch.nn.functional.one_hot(torch.tensor(list(choice.values())), 4))
    found.choice = found.frozen(found.observation).argmax(-1)
    for _ in range(60):
        found.iterate()
    mdp = cliff.exact(1)
    wanted = solve.evaluate(mdp.greedy(choice))
    live = torch.tensor([bool(row) for row in wanted.q])
    assert (found.q.values.detach() - exact(wanted.q))[live].abs().max() <= 1e-9
    assert wanted.v[8] < -90, "this policy is a bad one"


def test_an_interrupted_run_goes_on_bit_for_bit() -> None:
    def fresh() -> KStepQ:
        settings = Settings(num_envs=4, rollout=8, hidden=(8,), optimizer="adam", learning_rate=1e-2, per_pair=False)
        return learner(walk(settings, dtype=torch.float32), settings, seed=2)

    whole, first = fresh(), fresh()
    for _ in range(6):
        whole.iterate()
    for _ in range(3):
        first.iterate()
    state = first.state_dict()
    first.iterate()  # must not reach into what was saved
    again = fresh()
    again.load_state_dict(state)
    for _ in range(3):
        figures = again.iterate()
    assert all(torch.equal(a, b) for a, b in zip(whole.q.parameters(), again.q.parameters(), strict=True))
    assert again.steps == whole.steps and figures["loss"] == figures["loss"]


def test_global_random_numbers_are_neither_read_nor_moved() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    one = learner(walk(SMALL), SMALL, seed=7).iterate()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)
    assert learner(walk(SMALL), SMALL, seed=7).iterate()["loss"] == one["loss"]


def test_a_run_that_diverges_names_step_and_quantity() -> None:
    settings = Settings(num_envs=4, rollout=8, learning_rate=1e200)
    found = learner(walk(settings), settings, seed=0)
    with pytest.raises(FloatingPointError, match=r"loss must be finite; got (inf|nan) at environment step \d+"):
        for _ in range(10):
            found.iterate()


def test_the_learning_rate_decays() -> None:
    settings = Settings(num_envs=4, rollout=8, decay=2.0)
    found = learner(walk(settings), settings, seed=0)
    rates = []
    for _ in range(3):
        found.iterate()
        rates.append(found.optimizer.param_groups[0]["lr"])
    assert rates == [1.0, pytest.approx(2 / 3), 0.5]


# ------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"discount": 1.2}, r"discount must lie in \[0, 1\]; got 1.2"),
        ({"epsilon": -0.1}, "epsilon must lie"),
        ({"explore": float("nan")}, "explore must lie"),
        ({"k": 0}, "k must be an integer, 1 or more; got 0"),
        ({"rollout": 0}, "rollout must be an integer"),
        ({"num_envs": 2.5}, "num_envs must be an integer"),
        ({"learning_rate": float("inf")}, "learning_rate must be finite"),
        ({"optimizer": "rmsprop"}, "optimizer must be one of sgd, adam; got 'rmsprop'"),
        ({"improve_every": 0}, "improve_every must be an integer"),
        ({"decay": 0.0}, "decay must be positive, or None; got 0.0"),
    ],
)
def test_wrong_settings_are_named(changes: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Settings(**changes)


def good() -> dict:
    flags = torch.zeros(3, 2, dtype=torch.bool)
    values, action = torch.zeros(3, 2, 4, dtype=F64), torch.zeros(3, 2, dtype=torch.int64)
    return {"reward": torch.zeros(3, 2, dtype=F64), "next_values": values, "next_action": action,
            "terminated": flags, "cut": flags}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"reward": torch.zeros(3, 2, dtype=torch.int64)}, "reward must have a real floating dtype; got torch.int64"),
        ({"reward": torch.zeros(2, 2, dtype=F64)}, r"terminated must have shape \(2, 2\); got \(3, 2\)"),
        ({"next_action": torch.zeros(3, 1, dtype=torch.int64)}, r"next_action must have shape \(3, 2\); got \(3, 1\)"),
        ({"next_action": torch.zeros(3, 2, dtype=F64)}, "next_action must be a tensor of dtype int64; got torch.float64"),
        ({"next_action": torch.full((3, 2), 4)}, r"next_action must lie in \[0, 4\); got 4"),
        (
            {"next_action": torch.zeros(3, 2, dtype=torch.int64, device="meta")},
            "next_action must be on cpu; got meta",
        ),
        ({"cut": torch.zeros(3, 2)}, "cut must be a boolean tensor"),
        ({"discount": 2.0}, "discount must lie"),
        ({"k": 0}, "k must be"),
    ],
)
def test_wrong_steps_are_named(changes: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        k_step_target(**{**good(), "discount": 0.5, "k": 2, **changes})


def test_no_steps_at_all_are_refused() -> None:
    empty = {name: column[:0] for name, column in good().items()}
    with pytest.raises(ValueError, match="T >= 1"):
        k_step_target(**empty, discount=0.5, k=2)
    with pytest.raises(ValueError, match="T >= 1"):
        beyond(empty["cut"], empty["cut"])


def test_a_loss_of_unequal_shapes_is_refused() -> None:
    values, action = torch.zeros(3, 2, 4), torch.zeros(3, 2, dtype=torch.int64)
    with pytest.raises(ValueError, match="target must have the shape of found"):
        squared_error(values, action, torch.zeros(3, 1))
    with pytest.raises(ValueError, match="weight must have the shape of found"):
        squared_error(values, action, torch.zeros(3, 2), torch.zeros(2))


def test_environments_that_do_not_fit_are_refused() -> None:
    numbers = CliffWalk(4, one_hot=False)
    with pytest.raises(ValueError, match=r"environment must have vectors as observations; got shape \(\)"):
        learner(numbers, SMALL, seed=0)
    with pytest.raises(ValueError, match="environment must have num_envs = 4; got 2"):
        learner(CliffWalk(2), SMALL, seed=0)
    with pytest.raises(ValueError, match="per_pair needs one-hot observations"):
        learner(CartPole(4), SMALL, seed=0)


# ------------------------------------------------------------------------------------- devices
@pytest.mark.gpu
def test_cpu_and_cuda_compute_the_same_targets_and_gradients() -> None:
    generator = torch.Generator().manual_seed(1)
    reward = torch.randn(64, 32, generator=generator, dtype=F64)
    values = torch.randn(64, 32, 4, generator=generator, dtype=F64)
    action = torch.randint(4, (64, 32), generator=generator)
    flags = torch.rand(64, 32, generator=generator) < 0.1
    out = []
    for device in ("cpu", "cuda"):
        q = values.to(device).requires_grad_()
        step = [x.to(device) for x in (reward, values.roll(-1, 0), action.roll(1, 0), flags, flags.roll(3, 0))]
        target = k_step_target(*step, discount=0.9, k=5)
        squared_error(q, action.to(device), target).backward()
        out.append((target.cpu(), q.grad.cpu()))
    assert all((a - b).abs().max() <= 1e-12 for a, b in zip(*out, strict=True))


@pytest.mark.gpu
def test_the_loop_runs_on_cuda() -> None:
    environment = CliffWalk(64, device="cuda", max_steps=60, dtype=F64)
    found = learner(environment, Settings(), seed=3)
    for _ in range(60):
        found.iterate()
    assert found.q(torch.eye(48, dtype=F64, device="cuda"))[36].tolist() == pytest.approx([88, -100, 87, 87])
