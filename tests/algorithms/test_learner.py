"""The table of algorithms is looked up by name, and what is not finite stops a run with its name."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from numeric.algorithms.learner import ALGORITHMS, algorithm, named, require_finite
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
