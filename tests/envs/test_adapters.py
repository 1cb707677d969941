"""Both ways across: Gymnasium's own checkers pass on our environments, and theirs look like ours."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("gymnasium")

from gymnasium.utils.env_checker import check_env

from numeric.envs.cartpole import CartPole
from numeric.envs.cliff_walk import CliffWalk
from numeric.envs.gymnasium_adapters import FromGymnasium, SingleEnv, VectorEnv
from numeric.envs.tokens import DigitSum

SINGLE = {
    "cartpole": lambda: SingleEnv(CartPole(1)),
    "cliff": lambda: SingleEnv(CliffWalk(1, one_hot=False), render_mode="rgb_array"),
    "cliff one-hot": lambda: SingleEnv(CliffWalk(1)),
    "tokens": lambda: SingleEnv(DigitSum(1)),
}


@pytest.mark.parametrize("make", SINGLE.values(), ids=SINGLE)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_gymnasiums_checker_passes(make) -> None:
    check_env(make(), skip_render_check=True)


def test_a_picture_is_an_array() -> None:
    env = SINGLE["cliff"]()
    env.reset(seed=1)
    assert env.render().shape == (96, 288, 3)
    with pytest.raises(NotImplementedError, match="no picture"):
        SINGLE["cartpole"]().render()


def test_one_copy_is_needed() -> None:
    with pytest.raises(ValueError, match="num_envs = 1; got 2"):
        SingleEnv(CartPole(2))


def test_the_last_observation_of_an_episode_is_the_one_it_ended_in() -> None:
    env = SINGLE["cliff"]()
    env.reset(seed=1)
    observation, reward, terminated, truncated, _ = env.step(1)
    assert int(observation) == 37 and reward == -100 and terminated and not truncated


def test_a_vector_environment_resets_in_the_same_step_and_keeps_what_ended() -> None:
    env, plain = VectorEnv(CartPole(5, seed=2, max_steps=4)), CartPole(5, seed=2, max_steps=4)
    seen, _ = env.reset()
    assert torch.equal(torch.as_tensor(seen), plain.reset()) and env.observation_space.contains(seen)
    for n in range(4):
        actions = torch.tensor([0, 1, 0, 1, n % 2])
        seen, reward, terminated, truncated, infos = env.step(actions.numpy())
        out = plain.step(actions)
        assert torch.equal(torch.as_tensor(seen), out.observation) and reward.tolist() == out.reward.tolist()
        assert truncated.tolist() == [n == 3] * 5 and not terminated.any() and ("final_obs" in infos) == (n == 3)
    for row, wanted in zip(infos["final_obs"], out.final_observation, strict=True):
        assert torch.equal(torch.as_tensor(row), wanted)


def test_gymnasiums_cartpole_looks_like_ours() -> None:
    env = FromGymnasium("CartPole-v1", 3, seed=5)
    first = env.reset()
    assert first.shape == (3, 4) and env.num_actions == 2 and env.observation_shape == (4,)
    ended = 0
    for _ in range(40):
        out = env.step(torch.zeros(3, dtype=torch.int64))
        done = out.terminated | out.truncated
        assert torch.equal(out.observation[~done], out.final_observation[~done])
        assert bool((out.final_observation[done][:, 2].abs() > 0.2).all()) and bool(
            (out.observation[done].abs() <= 0.05).all()
        )
        ended += int(done.sum())
    env.close()
    assert ended >= 9


def test_actions_that_are_no_numbers_of_a_list_are_refused() -> None:
    with pytest.raises(ValueError, match="Pendulum-v1"):
        FromGymnasium("Pendulum-v1", 1)
    env = FromGymnasium("CartPole-v1", 2)
    env.reset()
    with pytest.raises(ValueError, match="shape"):
        env.step(torch.zeros(3, dtype=torch.int64))
