"""CartPole is Gymnasium's: one step from the same state, whole trajectories, where episodes end, how they start."""

from __future__ import annotations

import math

import pytest
import torch

from numeric.envs.cartpole import FARTHEST, START, STEEPEST, CartPole, stepped

np = pytest.importorskip("numpy")
STATES = 100_000


def random_states(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """States well beyond what an episode visits, and actions."""
    generator = torch.Generator().manual_seed(11)
    unit = torch.rand(4, count, generator=generator, dtype=torch.float64) * 2 - 1
    return unit * torch.tensor([[2.4], [3.0], [0.21], [3.0]]), torch.randint(2, (count,), generator=generator)


def by_hand(state: list[float], action: int) -> list[float]:
    """One step in plain Python, from the equations (Florian 2007, equations 23 and 24, without friction)."""
    x, velocity, theta, turning = state
    force, cos, sin = 10.0 if action else -10.0, math.cos(theta), math.sin(theta)
    push = (force + 0.1 * 0.5 * turning**2 * sin) / 1.1
    bend = (9.8 * sin - cos * push) / (0.5 * (4 / 3 - 0.1 * cos**2 / 1.1))
    speedup = push - 0.1 * 0.5 * bend * cos / 1.1
    return [x + 0.02 * velocity, velocity + 0.02 * speedup, theta + 0.02 * turning, turning + 0.02 * bend]


def gymnasiums(state: torch.Tensor, action: torch.Tensor):
    cartpole = pytest.importorskip("gymnasium.envs.classic_control.cartpole")
    env = cartpole.CartPoleVectorEnv(num_envs=state.shape[1])
    env.reset(seed=0)
    env.state, env.prev_done = state.numpy().copy(), np.zeros(state.shape[1], bool)
    return env, env.step(action.numpy())


def test_one_step_is_that_of_the_equations(device: str) -> None:
    states, actions = random_states(200)
    found = stepped(states.to(device), actions.to(device)).cpu()
    for n in range(200):
        wanted = by_hand(states[:, n].tolist(), int(actions[n]))
        assert found[:, n].tolist() == pytest.approx(wanted, rel=1e-14, abs=1e-14)


def test_one_step_is_gymnasiums_within_4_ulp() -> None:
    """In units in the last place of the larger of the old and the new number: a sum cannot be better than its terms."""
    states, actions = random_states(STATES)
    env, _ = gymnasiums(states, actions)
    found = stepped(states, actions).numpy()
    unit = np.spacing(np.maximum(np.abs(env.state), np.abs(states.numpy())))
    assert (np.abs(found - env.state) / unit).max() <= 4


def test_float32_is_the_same_step_rounded() -> None:
    states, actions = random_states(STATES)
    wanted, found = stepped(states, actions), stepped(states.float(), actions)
    assert found.dtype == torch.float32
    assert (found.double() - wanted).abs().max() <= 8 * 2**-24 * 3.3  # eight roundings of numbers up to 3.3


def test_episodes_end_where_gymnasiums_do() -> None:
    states, actions = random_states(STATES)
    states[0] *= 1.05
    states[2] *= 1.05
    _, (_, _, terminated, _, _) = gymnasiums(states, actions)
    env = CartPole(STATES, dtype=torch.float64, max_steps=None)
    env.reset()
    env.state = states.clone()
    out = env.step(actions)
    assert torch.equal(out.terminated, torch.from_numpy(terminated)) and 0.01 < terminated.mean() < 0.5


def test_whole_episodes_agree_with_gymnasiums() -> None:
    """By a policy that keeps the pole up for a while, in float64, from the same starts."""
    gymnasium = pytest.importorskip("gymnasium")
    theirs, ours = gymnasium.make("CartPole-v1").unwrapped, CartPole(1, dtype=torch.float64, max_steps=None)
    for seed in range(20):
        theirs.reset(seed=seed)
        ours.reset()
        ours.state = torch.tensor(theirs.state)[:, None]
        for n in range(200):
            action = int(theirs.state[2] + 0.3 * theirs.state[3] > 0) if n % 7 else n % 2
            _, reward, terminated, _, _ = theirs.step(action)
            out = ours.step(torch.tensor([action]))
            assert bool(out.terminated) == terminated and float(out.reward) == reward == 1
            assert out.final_observation[0].tolist() == pytest.approx(theirs.state.tolist(), rel=1e-11, abs=1e-11)
            if terminated:
                break


def test_starts_are_uniform_in_the_box(device: str) -> None:
    """Each number by a Kolmogorov-Smirnov bound that fails once in 10^9 runs, and the numbers of a state by their products."""
    count = 200_000
    starts = CartPole(count, dtype=torch.float64, device=device).reset().cpu()
    assert starts.abs().max() < START
    far = math.sqrt(math.log(2e9) / (2 * count))  # Dvoretzky, Kiefer, Wolfowitz, Massart
    ranks = torch.arange(1, count + 1) / count
    for column in (starts / (2 * START) + 0.5).T:
        assert (column.sort().values - ranks).abs().max() <= far + 1 / count
    products = torch.cov(starts.T / START)
    apart = products - torch.diag(products.diag())
    assert apart.abs().max() <= 2 * math.sqrt(math.log(2e9) / (2 * count))  # Hoeffding for products in [-1, 1]


def test_thresholds_are_those_of_the_task() -> None:
    assert FARTHEST == 2.4 and pytest.approx(math.radians(12), rel=1e-15) == STEEPEST
    env = CartPole(2, max_steps=None, dtype=torch.float64)
    env.reset()
    env.state = torch.tensor([[2.39, 2.41], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    assert env.step(torch.tensor([0, 0])).terminated.tolist() == [False, True]


def test_cartpole_v1_is_cut_after_500_steps() -> None:
    env = CartPole(3)
    env.reset()
    env.steps.fill_(499)
    env.state = torch.zeros(4, 3)
    out = env.step(torch.tensor([0, 1, 0]))
    assert out.truncated.all() and not out.terminated.any() and not env.steps.any()
    assert out.final_observation[:, 1].tolist() == pytest.approx([-0.19512, 0.19512, -0.19512], abs=1e-4)
    assert out.observation.abs().max() <= START
