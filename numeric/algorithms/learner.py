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
from collections.abc import Mapping, Sequence
from copy import deepcopy
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor

    from numeric.envs.base import BatchedEnv

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
        quantity, where a loss or another of these figures stops being finite.
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


def require_envs(environment: BatchedEnv, num_envs: int) -> None:
    """Raise ValueError where the environment has another number of copies than the settings say."""
    if environment.num_envs != num_envs:
        raise ValueError(f"environment must have num_envs = {num_envs}; got {environment.num_envs}")


def rate_left(steps: int, decay_steps: int | None) -> float:
    """The share of a rate that is left after `steps` where it falls linearly to 0 over `decay_steps`; None: it stays."""
    return 1.0 if decay_steps is None else max(0.0, 1.0 - steps / decay_steps)


# ------------------------------------------------------------------------------------- to stop and go on later
def saved(learner: Learner, parts: Sequence[str]) -> dict[str, Any]:
    """Copies of the attributes that `parts` names: of networks, optimisers and environments what their own `state_dict` says, of
    a generator its state, of tensors and numbers themselves.
    """
    return deepcopy({name: _state(getattr(learner, name)) for name in parts})


def restore(learner: Learner, parts: Sequence[str], state: Mapping[str, Any]) -> None:
    """Put copies of what `saved` returned in place, tensors on the device where they are now.

    Raises ValueError, and changes nothing, where a part is missing.
    """
    missing = [name for name in parts if name not in state]
    if missing:
        raise ValueError(f"state must hold {', '.join(parts)}; missing: {', '.join(missing)}")
    for name in parts:
        part, kept = getattr(learner, name), deepcopy(state[name])  # an optimiser would go on with what it is given
        if hasattr(part, "load_state_dict"):
            part.load_state_dict(kept)
        elif hasattr(part, "set_state"):
            part.set_state(kept.cpu())
        else:
            setattr(learner, name, kept.to(part.device) if hasattr(part, "device") else kept)


def _state(part: Any) -> Any:
    if hasattr(part, "state_dict"):
        return part.state_dict()
    return part.get_state() if hasattr(part, "get_state") else part
