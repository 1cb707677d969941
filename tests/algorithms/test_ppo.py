"""PPO: its contract, what it refuses, that a seed decides everything, that it goes on after a stop, and that it learns."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from numeric.algorithms.learner import Learner
from numeric.algorithms.networks import ActorCritic
from numeric.algorithms.ppo import (
    RECIPES,
    Batch,
    Settings,
    learner,
    normalised,
    ppo_loss,
    prepared,
    value_loss,
)
from numeric.envs.cartpole import CartPole
from numeric.envs.tabular import Table, Tabular

SMALL = Settings(num_envs=4, horizon=8, epochs=2, minibatch=16, hidden=(8,), learning_rate=1e-3)


# ------------------------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_envs", 0), ("horizon", 1.5), ("epochs", -1), ("minibatch", True), ("discount", 1.01), ("lambda_", -0.1),
        ("epsilon", -0.2), ("learning_rate", math.nan), ("max_norm", -1.0), ("value_clip", -0.5), ("target_kl", math.inf),
        ("normalise", "batches"), ("value_clip_form", "min"), ("decay_steps", 0), ("reward_scale", -1.0),
    ],
)  # fmt: skip
def test_settings_are_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        Settings(**{field: value})


def batch(count: int = 3, **more: torch.Tensor) -> Batch:
    given = {name: torch.zeros(count) for name in ("behaviour_logp", "old_value", "advantage", "returns")}
    parts = {**given, "weight": torch.ones(count), "action": torch.zeros(count, dtype=torch.int64)}
    return Batch(**{"observation": torch.zeros(count, 4), **parts, **more})


def loss(samples: Batch, logits: torch.Tensor | None = None, value: torch.Tensor | None = None) -> torch.Tensor:
    logits = torch.zeros(3, 2) if logits is None else logits
    value = torch.zeros(3) if value is None else value
    return ppo_loss(logits, value, samples, epsilon=0.2, value_coefficient=0.5, entropy_coefficient=0.0).total


@pytest.mark.parametrize(
    ("name", "samples"),
    [
        ("advantage", batch(advantage=torch.zeros(3, 1))),
        ("returns", batch(returns=torch.zeros(2))),
        ("behaviour_logp", batch(behaviour_logp=torch.zeros(3, dtype=torch.float64))),
        ("old_value", batch(old_value=torch.zeros(3, dtype=torch.int64))),
        ("action", batch(action=torch.zeros(3, 1, dtype=torch.int64))),
        ("action", batch(action=torch.zeros(3))),
        ("action must lie in", batch(action=torch.tensor([0, 2, 1]))),
        ("action must lie in", batch(action=torch.tensor([0, -1, 1]))),
    ],
)
def test_samples_are_refused_by_name(name: str, samples: Batch) -> None:
    with pytest.raises(ValueError, match=name):
        loss(samples)


def test_logits_of_other_shapes_and_an_empty_batch_are_refused() -> None:
    with pytest.raises(ValueError, match="logits must have shape"):
        loss(batch(), logits=torch.zeros(3))
    with pytest.raises(ValueError, match="logits must have shape"):
        loss(batch(), logits=torch.zeros(2, 2))
    with pytest.raises(ValueError, match=r"value must have at least one entry; got shape \(0,\)"):
        loss(batch(0), torch.zeros(0, 2), torch.zeros(0))
    with pytest.raises(ValueError, match="value must be a tensor|old_value must have the shape"):
        value_loss(torch.zeros(3), torch.zeros(3, 1), torch.zeros(3))


def test_environments_are_refused() -> None:
    with pytest.raises(ValueError, match="num_envs = 4; got 3"):
        learner(CartPole(3), SMALL, seed=0)
    with pytest.raises(ValueError, match=r"observations must be vectors; got shape \(\)"):
        learner(Tabular(bandit(), 4, max_steps=None), SMALL, seed=0)


# ------------------------------------------------------------------------------------- advantages and rates
def test_rewards_are_scaled_before_anything_else() -> None:
    made = learner(CartPole(4, dtype=torch.float64), SMALL, seed=1)
    rollout, _ = made.collect()
    halved = prepared(made.model, rollout._replace(reward=rollout.reward / 2), SMALL)
    scaled = prepared(made.model, rollout, replace(SMALL, reward_scale=0.5))
    assert torch.equal(halved.returns, scaled.returns) and torch.equal(halved.advantage, scaled.advantage)
    assert not torch.equal(scaled.returns, prepared(made.model, rollout, SMALL).returns)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equal_advantages_become_zero_and_small_differences_do_not(dtype: torch.dtype) -> None:
    assert not normalised(torch.full((8,), 0.1, dtype=dtype)).any()
    small = 1.0 + 1e-3 * torch.arange(4, dtype=dtype)
    assert normalised(small).square().mean().item() == pytest.approx(1.0, abs=1e-3)


def test_rate_and_clip_width_fall_linearly_to_nothing() -> None:
    settings = replace(SMALL, decay_steps=64, decay_epsilon=True)
    made = learner(CartPole(4), settings, seed=0)
    rates = []
    for _ in range(4):
        before = [p.clone() for p in made.model.parameters()]
        made.iterate()
        rates.append(made.optimiser.param_groups[0]["lr"])
        moved = any(not torch.equal(a, b) for a, b in zip(before, made.model.parameters(), strict=True))
        assert moved == (rates[-1] > 0)
    assert rates == [1e-3, 0.5e-3, 0.0, 0.0] and made.steps == 4 * 32


# ------------------------------------------------------------------------------------- one seed, one run
def test_a_seed_decides_everything_and_nothing_global_is_drawn() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = learner(CartPole(4), SMALL, seed=5)
    figures = [first.iterate() for _ in range(3)]
    assert torch.equal(torch.get_rng_state(), before)
    again, other = learner(CartPole(4, seed=9), SMALL, seed=5), learner(CartPole(4), SMALL, seed=6)
    assert str([again.iterate() for _ in range(3)]) == str(figures), "the environment's own seed does not matter"
    assert str([other.iterate() for _ in range(3)]) != str(figures)
    assert isinstance(first, Learner)


def test_it_goes_on_after_a_stop_bit_for_bit() -> None:
    whole = learner(CartPole(4), SMALL, seed=2)
    for _ in range(2):
        whole.iterate()
    state = whole.state_dict()
    rest = [whole.iterate() for _ in range(3)]
    resumed = learner(CartPole(4), SMALL, seed=77)
    resumed.load_state_dict(state)
    assert resumed.steps == 64
    assert str([resumed.iterate() for _ in range(3)]) == str(rest), (
        "and the state was a copy, which the first run left alone"
    )
    for a, b in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_run_that_diverges_says_where_and_what() -> None:
    made = learner(CartPole(4), SMALL, seed=0)
    made.iterate()
    next(iter(made.model.policy.parameters())).data.fill_(torch.nan)
    with pytest.raises(FloatingPointError, match=r"loss must be finite; got nan at environment step 64"):
        made.iterate()


# ------------------------------------------------------------------------------------- it learns
def bandit() -> Table:
    """One state, three actions that pay 1, 3 and 2, and the end."""
    reward = torch.tensor([[[1.0], [3.0], [2.0]], [[0.0]] * 3], dtype=torch.float64)
    successor = torch.ones(2, 3, 1, dtype=torch.int64)
    terminal = torch.tensor([False, True])
    return Table(successor, torch.ones(2, 3, 1, dtype=torch.float64), reward, torch.tensor([1.0, 0.0]), terminal)


def test_it_learns_a_bandit() -> None:
    settings = Settings(num_envs=16, horizon=4, epochs=4, minibatch=32, learning_rate=0.02, hidden=(16,))
    environment = Tabular(bandit(), 16, max_steps=None, one_hot=True)
    made = learner(environment, settings, seed=0)
    first = made.iterate()["mean_return"]
    last = [made.iterate()["mean_return"] for _ in range(25)][-1]
    assert first < 2.4 and last > 2.9
    assert made.act(torch.tensor([[1.0, 0.0]])).item() == 1


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(5))
def test_it_solves_cartpole_and_stays_there(seed: int) -> None:
    """Over 475 in 40,000 steps, and in all evaluations of 10,000 more: 100 episodes each, in Gymnasium's own environment."""
    gymnasium = pytest.importorskip("gymnasium")
    made = learner(CartPole(16), RECIPES["CartPole-v1"], seed=seed)
    scores = []
    while made.steps < 50_000:
        made.iterate()
        if made.steps >= 40_000:
            scores.append(mean_return(gymnasium, made, 100))
    assert min(scores) > 475


def mean_return(gymnasium, made: Learner, episodes: int) -> float:
    environment = gymnasium.make_vec("CartPole-v1", num_envs=episodes, vectorization_mode="vector_entry_point")
    seen, _ = environment.reset(seed=1)
    alive, total = torch.ones(episodes, dtype=torch.bool), torch.zeros(episodes)
    for _ in range(500):
        seen, reward, terminated, truncated, _ = environment.step(made.act(torch.from_numpy(seen)).numpy())
        total += alive * torch.from_numpy(reward)
        alive &= ~torch.from_numpy(terminated | truncated)
    return total.mean().item()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_the_loss_and_its_gradient_on_a_gpu_are_those_of_the_processor() -> None:
    generator = torch.Generator().manual_seed(0)
    found = []
    for device in ("cpu", "cuda"):
        generator.manual_seed(0)
        model = ActorCritic(4, 3, (16, 16), generator=generator, device=device, dtype=torch.float64)
        real = {
            name: torch.randn(64, generator=generator, dtype=torch.float64)
            for name in Batch._fields
            if name != "action"
        }
        samples = Batch(**{**real, "observation": torch.randn(64, 4, generator=generator, dtype=torch.float64),
                           "action": torch.randint(3, (64,), generator=generator)})  # fmt: skip
        samples = Batch(*[x.to(device) for x in samples])
        made = ppo_loss(
            *model(samples.observation), samples, epsilon=0.2, value_coefficient=0.5, entropy_coefficient=0.1
        )
        made.total.backward()
        found.append([made.total.detach().cpu(), *[p.grad.cpu() for p in model.parameters()]])
    assert all((a - b).abs().max() <= 1e-12 * (1 + a.abs().max()) for a, b in zip(*found, strict=True))
