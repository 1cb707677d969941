"""What every environment does: shapes, flags, resetting itself, the same episodes for the same seed, clear refusals."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from numeric.envs.bandit import BernoulliBandit
from numeric.envs.base import BatchedEnv
from numeric.envs.cartpole import CartPole
from numeric.envs.cliff_walk import CliffWalk
from numeric.envs.tokens import DigitSum

N = 33
KINDS: dict[str, Callable[..., BatchedEnv]] = {
    "cartpole": lambda **kw: CartPole(N, max_steps=12, **kw),
    "cliff": lambda **kw: CliffWalk(N, max_steps=9, **kw),
    "cliff numbers": lambda **kw: CliffWalk(N, max_steps=9, one_hot=False, **kw),
    "bandit": lambda **kw: BernoulliBandit(torch.tensor([0.2, 0.7, 0.4]), N, **kw),
    "tokens": lambda **kw: DigitSum(N, **kw),
}
EACH = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def actions(env: BatchedEnv, seed: int = 5) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(env.num_actions, (env.num_envs,), generator=generator).to(env.device)


@EACH
def test_shapes_dtypes_and_device(kind: Callable[..., BatchedEnv], device: str) -> None:
    env = kind(device=device)
    first = env.reset()
    shape = (N, *env.observation_shape)
    for _ in range(15):
        out = env.step(actions(env))
        assert out.observation.shape == out.final_observation.shape == first.shape == shape
        assert out.observation.dtype == out.final_observation.dtype == first.dtype == env.observation_dtype
        assert out.reward.shape == out.terminated.shape == out.truncated.shape == (N,)
        assert out.reward.dtype == env.dtype and out.terminated.dtype == out.truncated.dtype == torch.bool
        assert {t.device.type for t in out} == {torch.device(device).type}


@EACH
def test_the_observation_is_of_a_new_episode_exactly_where_one_ended(kind: Callable[..., BatchedEnv]) -> None:
    env = kind()
    env.reset()
    ended = 0
    for _ in range(30):
        before = env.steps.clone()
        out = env.step(actions(env))
        done = out.terminated | out.truncated
        same = (out.observation == out.final_observation).flatten(1).all(1) if out.observation.ndim > 1 else None
        same = out.observation == out.final_observation if same is None else same
        assert bool(same[~done].all()), "an episode that goes on shows one and the same state"
        assert bool((env.steps == torch.where(done, 0, before + 1)).all())
        limit = env.max_steps
        assert bool((out.truncated == (before + 1 >= limit)).all()) if limit else not bool(out.truncated.any())
        ended += int(done.sum())
    assert ended > 0


@EACH
def test_a_seed_makes_the_same_episodes_and_another_seed_others(kind: Callable[..., BatchedEnv]) -> None:
    def history(env: BatchedEnv, seed: int | None) -> list[torch.Tensor]:
        out = [env.reset(seed)]
        for n in range(20):
            step = env.step(actions(env, n))
            out += [step.observation, step.reward, step.final_observation]
        return out

    env = kind(seed=3)
    first, again, fresh = history(env, 7), history(env, 7), history(kind(seed=7), None)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(first, fresh, strict=True))
    other = history(env, 8)
    alike = all(torch.equal(a, b) for a, b in zip(first, other, strict=True))
    assert alike == isinstance(env, CliffWalk), "the cliff walk alone draws nothing"


@EACH
def test_a_step_changes_nothing_that_was_returned_before(kind: Callable[..., BatchedEnv]) -> None:
    env = kind()
    kept = [env.reset()]
    copies = [kept[0].clone()]
    for n in range(15):
        out = env.step(actions(env, n))
        kept += list(out)
        copies += [t.clone() for t in out]
    assert all(torch.equal(a, b) for a, b in zip(kept, copies, strict=True))


@EACH
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda env: actions(env)[:-1], "shape \\(33,\\)"),
        (lambda env: actions(env).float(), "integer dtype"),
        (lambda env: actions(env) > 0, "integer dtype"),
        (lambda env: [0] * N, "got list"),
        (lambda env: torch.full((N,), env.num_actions), "action must lie in \\[0, "),
        (lambda env: torch.full((N,), -1), "got -1"),
    ],
    ids=["shape", "float", "bool", "list", "high", "low"],
)
def test_a_wrong_action_is_refused_and_changes_nothing(kind: Callable[..., BatchedEnv], wrong, says: str) -> None:
    env = kind()
    env.reset()
    state, steps = env.state.clone(), env.steps.clone()
    with pytest.raises(ValueError, match=says):
        env.step(wrong(env))
    assert torch.equal(env.state, state) and torch.equal(env.steps, steps)


@EACH
def test_a_step_before_the_first_reset_is_refused(kind: Callable[..., BatchedEnv]) -> None:
    env = kind()
    with pytest.raises(RuntimeError, match="reset"):
        env.step(actions(env))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"num_envs": 0}, "num_envs"),
        ({"num_envs": 2.0}, "num_envs"),
        ({"num_envs": 2, "max_steps": 0}, "max_steps"),
        ({"num_envs": 2, "dtype": torch.int64}, "dtype"),
    ],
)
def test_wrong_options_are_named(options: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        CartPole(**options)
