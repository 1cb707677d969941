"""An environment that stops and goes on elsewhere makes the episodes that it would have made."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch

from numeric.envs.bandit import BernoulliBandit
from numeric.envs.base import BatchedEnv
from numeric.envs.cartpole import CartPole
from numeric.envs.cliff_walk import CliffWalk
from numeric.envs.tabular import Table, Tabular
from numeric.envs.tokens import DigitSum

N = 17
COIN = Table(  # two states that a coin decides between, so that a step draws; the third ends
    successor=torch.tensor([[[0, 1, 2]], [[1, 0, 2]], [[2, 2, 2]]]),
    probability=torch.tensor([[[0.4, 0.4, 0.2]], [[0.3, 0.5, 0.2]], [[1.0, 0.0, 0.0]]]),
    reward=torch.ones(3, 1, 3),
    start=torch.tensor([0.5, 0.5, 0.0]),
    terminal=torch.tensor([False, False, True]),
)
KINDS: dict[str, Callable[..., BatchedEnv]] = {
    "cartpole": lambda **kw: CartPole(N, max_steps=12, **kw),
    "tabular": lambda **kw: Tabular(COIN, N, max_steps=7, **kw),
    "cliff": lambda **kw: CliffWalk(N, max_steps=9, **kw),
    "bandit": lambda **kw: BernoulliBandit(torch.tensor([0.2, 0.7, 0.4]), N, **kw),
    "tokens": lambda **kw: DigitSum(N, **kw),
}
EACH = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def walked(env: BatchedEnv, steps: int, seed: int = 5) -> list[torch.Tensor]:
    """Everything that some steps with actions of a fixed seed return."""
    generator = torch.Generator().manual_seed(seed)
    out: list[torch.Tensor] = []
    for _ in range(steps):
        out += env.step(torch.randint(env.num_actions, (N,), generator=generator).to(env.device))
    return out


def on_disk(state: dict[str, Any]) -> Any:
    """Written and read again; weights_only refuses anything but tensors and plain values."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


@EACH
@pytest.mark.parametrize("before", [0, 1, 6, 30])
def test_a_loaded_environment_makes_the_same_episodes(
    kind: Callable[..., BatchedEnv], before: int, device: str
) -> None:
    env, other = kind(seed=3, device=device), kind(seed=4, device=device)
    env.reset()
    walked(env, before)
    other.load_state_dict(on_disk(env.state_dict()))
    for a, b in zip(walked(env, 25, seed=6), walked(other, 25, seed=6), strict=True):
        assert torch.equal(a, b)


@EACH
def test_a_state_dict_is_a_copy_and_can_be_loaded_twice(kind: Callable[..., BatchedEnv]) -> None:
    env = kind(seed=3)
    env.reset()
    walked(env, 3)
    kept = env.state_dict()
    first = walked(env, 25)
    env.load_state_dict(kept)
    again = walked(env, 25)
    env.load_state_dict(kept)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(first, walked(env, 25), strict=True))


@EACH
def test_before_the_first_reset_there_is_a_generator_and_no_state(kind: Callable[..., BatchedEnv]) -> None:
    env, other = kind(seed=3), kind(seed=4)
    other.load_state_dict(on_disk(env.state_dict()))
    with pytest.raises(RuntimeError, match="reset"):
        other.step(torch.zeros(N, dtype=torch.int64))
    assert torch.equal(env.reset(), other.reset())
    assert all(torch.equal(a, b) for a, b in zip(walked(env, 15), walked(other, 15), strict=True))


@pytest.mark.parametrize("reset", [True, False])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"state": torch.zeros(4, N + 1)}, r"state must have shape \(4, 17\)"),
        ({"state": torch.zeros(4, N, dtype=torch.float64)}, "torch.float64"),
        ({"steps": torch.zeros(N - 1, dtype=torch.int64)}, r"steps must have shape \(17,\)"),
        ({"steps": torch.zeros(N)}, "torch.float32"),
        ({"generator": torch.zeros(16, dtype=torch.uint8)}, "generator must be of a generator on cpu; got 16 bytes"),
    ],
)
def test_the_state_of_another_environment_is_refused_and_changes_nothing(
    change: dict[str, torch.Tensor], says: str, reset: bool
) -> None:
    env, twin = KINDS["cartpole"](seed=3), KINDS["cartpole"](seed=3)
    if reset:
        assert torch.equal(env.reset(), twin.reset())
    with pytest.raises(ValueError, match=says):
        env.load_state_dict(KINDS["cartpole"](seed=9).state_dict() | change)
    assert torch.equal(env.reset(), twin.reset())


def test_a_missing_part_is_named() -> None:
    env = KINDS["cartpole"]()
    with pytest.raises(ValueError, match="missing: generator"):
        env.load_state_dict({"state": None, "steps": env.steps})
