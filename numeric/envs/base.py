"""What a batched environment is: N copies that advance together, each resetting itself when its episode ends.

An episode ends in one of two ways, and they are two flags: `terminated`, where the task itself is over and nothing follows, and
`truncated`, where a time limit cuts it and what would have followed still has a value.  A learner needs the state that a step
really led to, also at an end; but the next action is taken in the first state of a new episode.  So a step returns both:

    observation        what the next action is chosen from: after an end, the first observation of the next episode
    final_observation  what this step led to: equal to `observation` wherever the episode goes on

With V the value function, the target of a step is reward + discount * V(final_observation), without the second term where
`terminated`.  (Gymnasium calls this resetting in the same step.)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from numeric.primitives.checks import positive_integer
from numeric.primitives.masks import followed


class Step(NamedTuple):
    """What one call of `step` returns; N environments.

    observation, final_observation: [N, ...], see the module's docstring.  reward: [N].  terminated, truncated: bool [N]; both may
    be set, where a task ends at its time limit, and then `terminated` counts.
    """

    observation: Tensor
    reward: Tensor
    terminated: Tensor
    truncated: Tensor
    final_observation: Tensor


class BatchedEnv(ABC):
    """N copies of one environment on a device.

    num_envs: N.  max_steps: the time limit in steps, or None.  device, dtype: of observations and rewards.  seed: of the first
    `reset` without a seed; two environments with one seed, device and dtype make the same episodes.
    check_actions: whether `step` looks at every action; None: on the processor only, since it waits for a GPU.

    A kind of environment says how many actions it has (`num_actions`), the shape of one observation (`observation_shape`), how
    episodes start (`starts`), what an action does (`advance`) and what is seen of a state (`observe`).  The last axis of a state
    runs over the environments, so that each quantity lies in one piece of memory.
    """

    num_actions: int
    observation_shape: tuple[int, ...]
    observation_dtype: torch.dtype

    def __init__(
        self,
        num_envs: int,
        *,
        max_steps: int | None,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
        check_actions: bool | None = None,
    ) -> None:
        positive_integer(num_envs=num_envs)
        if max_steps is not None:
            positive_integer(max_steps=max_steps)
        if not dtype.is_floating_point:
            raise ValueError(f"dtype must be a real floating dtype; got {dtype}")
        self.num_envs, self.max_steps = num_envs, max_steps
        self.device, self.dtype, self.observation_dtype = torch.device(device), dtype, dtype
        self.generator = torch.Generator(device=self.device)
        self.generator.manual_seed(seed)
        self.check_actions = self.device.type == "cpu" if check_actions is None else check_actions
        self.state: Tensor | None = None
        self.steps = torch.zeros(num_envs, dtype=torch.int64, device=self.device)

    # ------------------------------------------------------------------------------- a kind of environment
    @abstractmethod
    def starts(self, count: int) -> Tensor:
        """`count` states in which an episode begins, drawn with `self.generator`: shape [..., count]."""

    @abstractmethod
    def advance(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(next state [..., N], reward [N], terminated [N]) of an action in each state."""

    @abstractmethod
    def observe(self, state: Tensor) -> Tensor:
        """The observations [N, ...] of states [..., N]."""

    # ------------------------------------------------------------------------------- for whoever acts
    def reset(self, seed: int | None = None) -> Tensor:
        """Begin a new episode in every environment; observations [N, ...].  seed: restart the random numbers from it."""
        if seed is not None:
            self.generator.manual_seed(seed)
        self.state = self.starts(self.num_envs)
        self.steps.zero_()
        return self.observe(self.state)

    def step(self, action: Tensor) -> Step:
        """Take an action in every environment.

        action: integers in [0, num_actions), shape [N].  Raises ValueError for other shapes, dtypes, devices or values, and
        RuntimeError before the first `reset`.
        """
        if self.state is None:
            raise RuntimeError("reset must be called before the first step")
        self._require_actions(action)
        state, reward, terminated = self.advance(self.state, action)
        truncated = self._counted(terminated)
        final = observation = self.observe(state)
        fresh = self._restarted(state, terminated, truncated)
        if fresh is not state:
            observation = self.observe(fresh)
        self.state = fresh
        return Step(observation, reward, terminated, truncated, final)

    # ------------------------------------------------------------------------------- to stop and go on later
    def state_dict(self) -> dict[str, Any]:
        """Everything that the next steps depend on: `state` (a copy; None before the first reset), `steps`, `generator`."""
        state = None if self.state is None else self.state.clone()
        return {"state": state, "steps": self.steps.clone(), "generator": self.generator.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict` of an environment of the same kind and size: the same actions lead to the same episodes.

        Raises ValueError, and changes nothing, where a part is missing or of another shape or dtype.
        """
        missing = [name for name in ("state", "steps", "generator") if name not in state]
        if missing:
            raise ValueError(f"state must hold state, steps and generator; missing: {', '.join(missing)}")
        steps, kept, drawn = state["steps"], state["state"], state["generator"]
        _require_like("steps", steps, self.steps)
        if kept is not None:
            _require_like("state", kept, self._like())
        if drawn.shape != self.generator.get_state().shape:
            raise ValueError(f"generator must be of a generator on {self.device.type}; got {len(drawn)} bytes")
        self.generator.set_state(drawn.cpu())
        self.steps = steps.to(self.device, copy=True)
        self.state = None if kept is None else kept.to(self.device, copy=True)

    def _like(self) -> Tensor:
        """States of this environment, drawn without a trace."""
        if self.state is not None:
            return self.state
        before = self.generator.get_state()
        found = self.starts(self.num_envs)
        self.generator.set_state(before)
        return found

    def _counted(self, terminated: Tensor) -> Tensor:
        """Count a step everywhere; where the limit is reached."""
        if self.device.type == "cpu":
            steps = self.steps.numpy()
            steps += 1
            if self.max_steps is not None:
                return torch.from_numpy(steps >= self.max_steps)
        else:
            self.steps += 1
            if self.max_steps is not None:
                return self.steps >= self.max_steps
        return torch.zeros_like(terminated)

    def _restarted(self, state: Tensor, terminated: Tensor, truncated: Tensor) -> Tensor:
        """The states with new episodes where the old ones are done; the same tensor where none is."""
        if self.device.type == "cpu":  # here it costs nothing to ask how many there are
            done = terminated.numpy() | truncated.numpy()
            which = np.flatnonzero(done)  # five times as fast as torch's where few are True
            if not len(which):
                return state
            self.steps.numpy()[which] = 0
            return state.clone().index_copy_(-1, torch.from_numpy(which), self.starts(len(which)))
        ended = terminated | truncated
        self.steps.masked_fill_(ended, 0)
        return torch.where(ended, self.starts(self.num_envs), state)

    def _require_actions(self, action: Tensor) -> None:
        if not isinstance(action, Tensor) or action.shape != (self.num_envs,):
            found: object = tuple(action.shape) if isinstance(action, Tensor) else type(action).__name__
            raise ValueError(f"action must be a tensor of shape ({self.num_envs},); got {found}")
        if action.is_floating_point() or action.is_complex() or action.dtype == torch.bool:
            raise ValueError(f"action must have an integer dtype; got {action.dtype}")
        if action.device != self.device and action.device.type != self.device.type:
            raise ValueError(f"action must be on device {self.device}; got {action.device}")
        if self.check_actions:
            low, high = _extremes(action)
            if low < 0 or high >= self.num_actions:
                raise ValueError(f"action must lie in [0, {self.num_actions}); got {low if low < 0 else high}")


def in_numpy(state: Tensor) -> bool:
    """Whether arithmetic may be numpy's, on the same memory.  On a processor a call of it costs half of what torch's costs, which
    is most of a step of a few thousand environments."""
    return state.device.type == "cpu" and state.dtype in (torch.float32, torch.float64) and not followed(state)


def _extremes(action: Tensor) -> tuple[int, int]:
    """Least and largest."""
    if action.device.type == "cpu":
        array = action.numpy()
        return int(array.min()), int(array.max())
    low, high = torch.aminmax(action)
    return int(low), int(high)


def _require_like(name: str, found: Tensor, model: Tensor) -> None:
    """Of the shape and dtype of `model`."""
    if found.shape != model.shape or found.dtype != model.dtype:
        wanted = f"shape {tuple(model.shape)} and dtype {model.dtype}"
        raise ValueError(f"{name} must have {wanted}; got {tuple(found.shape)} and {found.dtype}")
