"""Rollouts follow each other, say where each step led and how old its episode was, and returns are added up across them."""

from __future__ import annotations

import torch
from torch import Tensor

from numeric.algorithms.rollout import Rollout, collect, episode_returns
from numeric.envs.cartpole import CartPole

F64 = torch.float64


def logits(observation: Tensor) -> Tensor:
    """Some policy that looks at the state."""
    return torch.stack([observation[..., 2], -observation[..., 3]], -1)


def played(*lengths: int) -> tuple[list[Rollout], Tensor]:
    """Rollouts of these lengths, one after the other, in three environments with a time limit of four steps."""
    environment, generator = CartPole(3, max_steps=4, dtype=F64, seed=1), torch.Generator().manual_seed(2)
    observation, found = environment.reset(), []
    for length in lengths:
        rollout, observation = collect(environment, logits, observation, length=length, generator=generator)
        found.append(rollout)
    return found, observation


def test_two_rollouts_are_one_of_both_lengths() -> None:
    (whole,), last = played(9)
    (first, second), same = played(4, 5)
    assert torch.equal(last, same)
    for name, one, a, b in zip(Rollout._fields, whole, first, second, strict=True):
        assert one.shape[:2] == (9, 3) and torch.equal(one, torch.cat([a, b])), name


def test_each_step_follows_the_last_one_unless_an_episode_ended() -> None:
    (found,), last = played(9)
    assert found.time[:, 0].tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0] and not found.terminated.any()
    assert found.truncated[:, 0].tolist() == [False, False, False, True] * 2 + [False]
    following = torch.cat([found.observation[1:], last[None]])
    goes_on = ~found.truncated
    assert torch.equal(following[goes_on], found.final_observation[goes_on])
    assert not (following == found.final_observation).all(-1)[found.truncated].any(), "there another episode begins"


def test_actions_are_drawn_from_the_policy_and_no_graph_is_built() -> None:
    graphs = []
    environment, generator = CartPole(64, dtype=F64), torch.Generator().manual_seed(0)

    def sure(observation: Tensor) -> Tensor:
        graphs.append(torch.is_grad_enabled())
        return torch.tensor([0.0, 100.0], dtype=F64).expand(64, 2)

    found, _ = collect(environment, sure, environment.reset(), length=3, generator=generator)
    assert bool((found.action == 1).all()) and graphs == [False] * 3
    even, _ = collect(environment, lambda x: 0 * x[..., :2], environment.reset(), length=50, generator=generator)
    assert 0.45 < float(even.action.double().mean()) < 0.55


def test_returns_are_told_where_an_episode_ends_with_what_was_paid_before() -> None:
    reward = torch.tensor([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0], [8.0, 80.0]])
    over = torch.tensor([[0, 0], [1, 0], [0, 0], [0, 0]], dtype=torch.bool)
    cut = torch.tensor([[0, 0], [0, 1], [0, 1], [0, 0]], dtype=torch.bool)
    nothing = torch.zeros_like(reward)
    rollout = Rollout(nothing, nothing, reward, over, cut, nothing, nothing)
    returns, paid = episode_returns(rollout, torch.tensor([100.0, 0.0]))
    assert returns.tolist() == [103.0, 30.0, 40.0] and paid.tolist() == [12.0, 80.0]
    none, paid = episode_returns(Rollout(*[x[3:] for x in rollout]), paid)
    assert none.tolist() == [] and paid.tolist() == [20.0, 160.0]
