"""An evaluation is the mean over episodes that were chosen before they were seen."""

from __future__ import annotations

from types import SimpleNamespace

import gymnasium
import pytest
import torch
from torch import Tensor

from numeric.training.environments import TASKS, Budget, budget, task
from numeric.training.evaluate import Evaluation, evaluate, seed_of

UP, RIGHT, DOWN = 0, 1, 2


def along_the_edge(observation: Tensor) -> Tensor:
    """Up from the start, right along the cliff, down at its end: the best walk."""
    cell = observation.argmax(-1)
    return torch.where(cell == 36, UP, torch.where(cell % 12 == 11, DOWN, RIGHT))


def leaning(observation: Tensor) -> Tensor:
    """Push the cart to where its pole falls: some tens of steps."""
    return (observation[:, 2] > 0).long()


def test_the_best_walk_has_its_known_return() -> None:
    found = evaluate(task("cliff-walk"), along_the_edge, episodes=7, seed=0)
    assert found == Evaluation(88.0, 88.0, 88.0, 0.0, 13.0, 7)
    sparse = evaluate(task("cliff-walk-sparse"), along_the_edge, episodes=7, seed=0)
    assert sparse.mean == 100.0 and sparse.length == 13


def test_a_walk_that_never_ends_is_cut_and_paid_for() -> None:
    found = evaluate(task("cliff-walk"), lambda o: torch.full((len(o),), UP), episodes=3, seed=0)
    assert found == Evaluation(-500.0, -500.0, -500.0, 0.0, 500.0, 3)


def test_cartpole_is_evaluated_in_gymnasium_one_whole_episode_each() -> None:
    returns = []
    for n in range(25):
        env = gymnasium.make("CartPole-v1")
        observation, over, total = env.reset(seed=40 + n)[0], False, 0.0
        while not over:
            action = int(observation[2] > 0)
            observation, reward, terminated, truncated, _ = env.step(action)
            total, over = total + float(reward), terminated or truncated
        returns.append(total)
    found = evaluate(task("CartPole-v1"), leaning, episodes=25, seed=40)
    assert (found.mean, found.least, found.most) == (sum(returns) / 25, min(returns), max(returns))
    assert found.length == found.mean and found.least < found.most


def test_the_time_limit_ends_an_episode_in_gymnasium() -> None:
    def balancing(o: Tensor) -> Tensor:
        return (o @ torch.tensor([0.1, 0.3, 1.0, 1.0]) > 0).long()

    assert evaluate(task("CartPole-v1"), balancing, episodes=4, seed=0).most == 500


def test_episodes_of_our_own_kind_are_first_ones_whole() -> None:
    """A policy that falls at once in some environments: the short episodes count once, however often they come again."""
    falls = torch.tensor([True] * 3 + [False] * 2)

    def some_fall(observation: Tensor) -> Tensor:
        return torch.where(falls, RIGHT, along_the_edge(observation))

    found = evaluate(task("cliff-walk"), some_fall, episodes=5, seed=0)
    assert (found.mean, found.least, found.most, found.length) == ((3 * -100 + 2 * 88) / 5, -100, 88, (3 + 26) / 5)


def test_the_same_seed_gives_the_same_evaluation_and_another_one_another() -> None:
    def first(o: Tensor) -> Tensor:
        return torch.ones(len(o), dtype=torch.int64)

    a, b, c = (evaluate(task("bandit"), first, episodes=50, seed=seed) for seed in (1, 1, 2))
    assert a == b != c
    assert seed_of(1, "evaluation", 23) != seed_of(12, "evaluation", 3) != seed_of(1, "evaluation", 2)


@pytest.mark.parametrize("name", TASKS)
def test_every_task_makes_its_environment_and_has_a_budget(name: str) -> None:
    env = task(name).make(3, "cpu", 5)
    assert env.num_envs == 3 and len(env.reset()) == 3
    assert 0 < budget("any", name).every < budget("any", name).steps


def test_a_run_is_as_long_as_its_learning_rate_decays() -> None:
    assert budget("any", "CartPole-v1", SimpleNamespace(decay_steps=60_000)) == Budget(60_000, 6_000)
    assert budget("any", "CartPole-v1", SimpleNamespace(decay_steps=None)) == task("CartPole-v1").budget
    assert budget("policy-iteration", "cliff-walk").every == 192, "an evaluation of every policy on the way"


def test_an_unknown_environment_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="unknown environment 'cliffwalk'; the nearest: cliff-walk"):
        task("cliffwalk")
