"""The table of algorithms is looked up by name, and what is not finite stops a run with its name."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
import torch

from numeric.algorithms.learner import ALGORITHMS, algorithm, named, rate_left, require_finite, restore, saved
from numeric.training.environments import TASKS
from proofs.runner.sources import Sources


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    code = "import sys, numeric.algorithms.learner as l; print(sorted(set(l.ALGORITHMS.values()) & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="unknown algorithm 'ppo'; the nearest: ppo-clip, grpo"):
        algorithm("ppo")
    with pytest.raises(ValueError, match="there are a2c-disc, grpo, k-step-q"):
        algorithm("zzzz")
    assert named("word", "b", {"a": 1, "b": 2}) == 2


def test_an_algorithm_stands_on_no_other_because_of_the_table() -> None:
    stands_on = Sources().closure(["numeric.algorithms.learner"]).files
    assert not set(stands_on) & set(ALGORITHMS.values())


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_has_a_learner_and_recipes_of_known_environments(name: str) -> None:
    module = algorithm(name)
    assert callable(module.learner)
    assert module.RECIPES and set(module.RECIPES) <= set(TASKS)
    assert all(settings.num_envs >= 1 for settings in module.RECIPES.values())


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_figure_that_is_not_finite_is_named_with_its_step(wrong: float) -> None:
    require_finite(7, {"loss": 1.0})
    with pytest.raises(FloatingPointError, match=f"loss must be finite; got {wrong} at environment step 4096"):
        require_finite(4096, {"entropy": 0.5, "loss": wrong})


# ------------------------------------------------------------------------------------- shared by the learners
class Walker:
    """A weight that Adam moves along random numbers."""

    PARTS = ("weight", "optimiser", "generator", "seen", "steps")

    def __init__(self, seed: int) -> None:
        self.weight = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.constant_(self.weight.weight, float(seed))
        self.optimiser = torch.optim.Adam(self.weight.parameters(), lr=0.1)
        self.generator = torch.Generator().manual_seed(seed)
        self.seen, self.steps = torch.zeros(2), 0

    def walk(self) -> list[float]:
        self.optimiser.zero_grad()
        self.seen += torch.rand(2, generator=self.generator)
        (self.weight.weight * self.seen.sum()).sum().backward()
        self.optimiser.step()
        self.steps += 1
        return [self.weight.weight.item(), *self.seen.tolist(), self.steps]


def test_what_is_restored_goes_on_as_what_was_saved_and_both_are_copies() -> None:
    first = Walker(1)
    first.walk()
    state = saved(first, first.PARTS)
    wanted = [first.walk() for _ in range(3)]
    for seed in (2, 3):  # the second time, too: neither walk has changed the state
        other = Walker(seed)
        restore(other, other.PARTS, state)
        assert [other.walk() for _ in range(3)] == wanted


def test_a_state_without_a_part_is_refused_and_changes_nothing() -> None:
    one, other = Walker(1), Walker(2)
    state = saved(one, one.PARTS)
    del state["seen"]
    with pytest.raises(ValueError, match="state must hold weight, optimiser, generator, seen, steps; missing: seen"):
        restore(other, other.PARTS, state)
    assert other.walk() == Walker(2).walk()


def test_a_rate_falls_linearly_to_zero_or_stays() -> None:
    assert [rate_left(steps, 8) for steps in (0, 2, 8, 9)] == [1.0, 0.75, 0.0, 0.0] and rate_left(9, None) == 1.0
