"""Our environments as Gymnasium's, and Gymnasium's as ours.  Needs gymnasium (extra `envs`).

SingleEnv(env)       one of ours (num_envs = 1) as a gymnasium.Env
VectorEnv(env)       one of ours as a gymnasium.vector.VectorEnv that resets in the same step
FromGymnasium(name)  N copies of one of Gymnasium's, with our `reset` and `step`
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.vector import VectorEnv as GymnasiumVectorEnv
from torch import Tensor

from numeric.envs.base import BatchedEnv, Step
from numeric.primitives.checks import positive_integer


def observation_space(env: BatchedEnv) -> spaces.Space[Any]:
    """Box for vectors of numbers, Discrete for a state's number."""
    if env.observation_shape == () and not env.observation_dtype.is_floating_point:
        return spaces.Discrete(env.num_states)  # type: ignore[attr-defined]
    if not env.observation_dtype.is_floating_point:
        limits = np.iinfo(np.int64)
        return spaces.Box(limits.min, limits.max, env.observation_shape, np.int64)
    return spaces.Box(-np.inf, np.inf, env.observation_shape, as_numpy(env.observation_dtype))


def as_numpy(dtype: torch.dtype) -> Any:
    """The numpy dtype of the same name."""
    return torch.empty(0, dtype=dtype).numpy().dtype.type


class SingleEnv(gymnasium.Env[Any, Any]):
    """One copy of an environment.  `env` must have num_envs = 1; it is reset by whoever calls `reset`, not by itself."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 8}

    def __init__(self, env: BatchedEnv, render_mode: str | None = None) -> None:
        if env.num_envs != 1:
            raise ValueError(f"env must have num_envs = 1; got {env.num_envs}")
        if render_mode not in (None, "rgb_array"):
            raise ValueError(f"render_mode must be None or 'rgb_array'; got {render_mode!r}")
        self.env, self.render_mode = env, render_mode
        self.observation_space, self.action_space = observation_space(env), spaces.Discrete(env.num_actions)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """A new episode."""
        super().reset(seed=seed)
        return self._shown(self.env.reset(seed)), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One step; the observation is the one that the step led to, also at an end."""
        out = self.env.step(torch.tensor([int(action)], device=self.env.device))
        return self._shown(out.final_observation), float(out.reward), bool(out.terminated), bool(out.truncated), {}

    def render(self) -> Any:
        """A picture, for environments that have one."""
        if not hasattr(self.env, "rgb") or self.env.state is None:
            raise NotImplementedError(f"{type(self.env).__name__} has no picture")
        return self.env.rgb(int(self.env.state)).numpy()

    def _shown(self, observation: Tensor) -> Any:
        found = observation[0].cpu().numpy()
        return found if self.env.observation_shape else np.int64(found)


class VectorEnv(GymnasiumVectorEnv[Any, Any, Any]):
    """N copies; where an episode ends, `infos["final_obs"]` holds what the step led to."""

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, env: BatchedEnv) -> None:
        self.env, self.num_envs = env, env.num_envs
        self.single_observation_space = observation_space(env)
        self.single_action_space = spaces.Discrete(env.num_actions)
        self.observation_space = gymnasium.vector.utils.batch_space(self.single_observation_space, env.num_envs)
        self.action_space = gymnasium.vector.utils.batch_space(self.single_action_space, env.num_envs)

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """A new episode in every environment."""
        return self.env.reset(seed).cpu().numpy(), {}

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """One step in every environment."""
        out = self.env.step(torch.as_tensor(np.asarray(actions), device=self.env.device))
        done = out.terminated | out.truncated
        infos: dict[str, Any] = {}
        if bool(done.any()):
            ended = done.cpu().numpy()
            final = np.empty(self.num_envs, dtype=object)
            for n in ended.nonzero()[0]:
                final[n] = out.final_observation[n].cpu().numpy()
            infos = {"final_obs": final, "_final_obs": ended}
        seen, reward, over, cut = (
            t.cpu().numpy() for t in (out.observation, out.reward, out.terminated, out.truncated)
        )
        return seen, reward, over, cut, infos


class FromGymnasium:
    """N copies of an environment of Gymnasium with a discrete action space, stepped one after the other.

    name: as for `gymnasium.make`.  Observations come as tensors of their space's dtype, rewards in float32.  The time limit is
    that of the environment.
    """

    def __init__(self, name: str, num_envs: int, *, seed: int = 0, **options: Any) -> None:
        positive_integer(num_envs=num_envs)
        make = [lambda: gymnasium.make(name, **options)] * num_envs
        self.env = SyncVectorEnv(make, autoreset_mode=AutoresetMode.SAME_STEP)
        space = self.env.single_action_space
        if not isinstance(space, spaces.Discrete) or space.start != 0:
            raise ValueError(f"name must be of an environment with actions 0, 1, ...; {name} has {space}")
        self.num_envs, self.num_actions, self._seed = num_envs, int(space.n), seed
        self.observation_shape = tuple(self.env.single_observation_space.shape or ())
        self.device, self.dtype = torch.device("cpu"), torch.float32

    def reset(self, seed: int | None = None) -> Tensor:
        """A new episode in every environment; observations [N, ...]."""
        observation, _ = self.env.reset(seed=self._seed if seed is None else seed)
        return torch.as_tensor(observation)

    def step(self, action: Tensor) -> Step:
        """As `BatchedEnv.step`."""
        if action.shape != (self.num_envs,) or action.is_floating_point():
            raise ValueError(
                f"action must be integers of shape ({self.num_envs},); got {action.dtype}, {tuple(action.shape)}"
            )
        observation, reward, terminated, truncated, infos = self.env.step(action.numpy())
        final = np.array(observation)
        for n in np.flatnonzero(terminated | truncated):
            final[n] = infos["final_obs"][n]
        flags = torch.as_tensor(terminated), torch.as_tensor(truncated)
        return Step(
            torch.as_tensor(observation), torch.as_tensor(reward, dtype=torch.float32), *flags, torch.as_tensor(final)
        )

    def close(self) -> None:
        """Release what the environments hold."""
        self.env.close()
