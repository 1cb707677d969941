"""What `rlproofs train` drives: one interface for every algorithm, and the table of those that there are.

An algorithm's module has `learner(environment, settings, *, seed)`, which returns a `Learner`, and `RECIPES`, its settings by the
environment's name.  A module is imported when its algorithm is asked for, and not before.

    learner = algorithm("ppo-clip").learner(environment, settings, seed=0)
    while learner.steps < 100_000:
        print(learner.steps, learner.iterate())
"""

from __future__ import annotations

import difflib
import importlib
import math
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor

FILES = {
    "a2c-disc": "a2c",
    "grpo": "grpo",
    "k-step-q": "k_step_q",
    "policy-iteration": "policy_iteration",
    "ppo-clip": "ppo",
    "reinforce": "reinforce",
}
ALGORITHMS = {
    name: f"{__package__}.{file}" for name, file in FILES.items()
}  # put together here: none stands on the others

T = TypeVar("T")


@runtime_checkable
class Learner(Protocol):
    """One algorithm in one environment.  Its random numbers all come from generators that the seed made.

    steps: environment steps taken so far, all parallel environments counted.  Where an iteration leaves it as it was, there is
    nothing left to do, and the run ends.
    """

    steps: int

    def iterate(self) -> dict[str, float]:
        """One iteration: collect experience, update.  Returns figures of interest by name (loss, entropy, mean_return of the
        episodes that ended; NaN where there is nothing to say).  Raises FloatingPointError, naming the step and the
        quantity, where a loss or a weight stops being finite.
        """
        ...

    def act(self, observation: Tensor) -> Tensor:
        """The policy as it is evaluated: observations [N, ...] to actions [N].  The greedy or most probable action as a rule; one
        that is drawn comes from a generator of its own, so that an evaluation leaves no trace in the training.
        """
        ...

    def state_dict(self) -> dict[str, Any]:
        """Everything that the future depends on: networks, optimiser, environment, generators, counters."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict` of the same algorithm, environment and settings: on CPU, bit for bit as if uninterrupted."""
        ...


def algorithm(name: str) -> ModuleType:
    """The module of an algorithm, with `learner` and `RECIPES`.  Raises ValueError for an unknown name; it names the nearest."""
    return importlib.import_module(named("algorithm", name, ALGORITHMS))


def named(kind: str, name: str, known: Mapping[str, T]) -> T:
    """`known[name]`.  Raises ValueError that says which names there are, the nearest first."""
    if name not in known:
        begins = [one for one in known if name and one.startswith(name)]
        near = list(dict.fromkeys([*begins, *difflib.get_close_matches(name, known, n=3, cutoff=0.5)]))[:3]
        hint = f"the nearest: {', '.join(near)}" if near else f"there are {', '.join(sorted(known))}"
        raise ValueError(f"unknown {kind} {name!r}; {hint}")
    return known[name]


def require_finite(step: int, figures: Mapping[str, float]) -> None:
    """Raise FloatingPointError, naming the environment step and the quantity, for the first figure that is not finite."""
    for name, figure in figures.items():
        if not math.isfinite(figure):
            raise FloatingPointError(f"{name} must be finite; got {figure} at environment step {step}")
