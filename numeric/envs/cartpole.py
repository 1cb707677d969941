"""CartPole: keep a pole upright on a cart that is pushed left or right (Barto, Sutton and Anderson 1983).

The equations, constants and thresholds are those of Gymnasium's CartPole-v1; in float64 one step from the same state agrees to a
few units in the last place (a test says how many).  State: cart position x (m) and
velocity (m/s), pole angle theta (rad, 0 upright) and angular velocity (rad/s).  Actions: 0 pushes left, 1 right, with 10 N for
0.02 s.  An episode terminates where |x| > 2.4 or |theta| > 12 degrees, and every step pays 1; CartPole-v1 truncates after 500.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from numeric.envs.base import BatchedEnv, in_numpy

GRAVITY, CART_MASS, POLE_MASS, HALF_LENGTH = 9.8, 1.0, 0.1, 0.5  # m/s^2, kg, kg, m
FORCE, SECONDS = 10.0, 0.02  # N; of one step
TOTAL_MASS, POLE_MOMENT = POLE_MASS + CART_MASS, POLE_MASS * HALF_LENGTH
FARTHEST, STEEPEST = 2.4, 12 * 2 * math.pi / 360  # m, rad
START = 0.05  # each number of a starting state is uniform in (-START, START)


class CartPole(BatchedEnv):
    """N cart-poles.  Observations: [N, 4] = (x, velocity, theta, angular velocity); actions 0 and 1; reward 1 a step.

    float32 is faster and is what a network sees; float64 reproduces Gymnasium's trajectories.
    """

    num_actions, observation_shape = 2, (4,)

    def __init__(
        self,
        num_envs: int,
        *,
        max_steps: int | None = 500,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
        check_actions: bool | None = None,
    ) -> None:
        super().__init__(
            num_envs, max_steps=max_steps, device=device, dtype=dtype, seed=seed, check_actions=check_actions
        )
        self._pays = torch.ones(num_envs, dtype=dtype, device=self.device)

    def starts(self, count: int) -> Tensor:
        """[4, count], uniform in (-0.05, 0.05)."""
        unit = torch.rand(4, count, generator=self.generator, dtype=self.dtype, device=self.device)
        return unit.mul_(2 * START).sub_(START)

    def advance(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One Euler step of 0.02 s."""
        following = stepped(state, action)
        at: Any = following.numpy() if in_numpy(following) else following
        return following, self._pays, torch.as_tensor((abs(at[0]) > FARTHEST) | (abs(at[2]) > STEEPEST))

    def observe(self, state: Tensor) -> Tensor:
        """All four numbers: [N, 4]."""
        return state.mT


def stepped(state: Tensor, action: Tensor) -> Tensor:
    """The state after one step, [4, N] like the state; action [N] holds 0 or 1.  A pure function of both.

    In Gymnasium's order of operations, w the angular velocity, m l the pole's moment, M the total mass:

        push = (F + m l w^2 sin) / M
        bend = (g sin - cos push) / (l (4/3 - m cos^2 / M))
        x'' = push - m l bend cos / M
    """
    theta, force = state[2], action.to(state.dtype)
    parts = state, force, theta.cos(), theta.sin()
    if in_numpy(state):
        with np.errstate(all="ignore"):  # torch says nothing of infinities
            rates = np.stack(_rates(*(x.numpy() for x in parts)))
        return torch.from_numpy(rates).mul_(SECONDS).add_(state)
    return torch.stack(_rates(*parts)).mul_(SECONDS).add_(state)


def _rates(state: Any, force: Any, cos: Any, sin: Any) -> tuple[Any, Any, Any, Any]:
    """What the state changes by in a second; force holds the actions, and is written over.  Tensors, or arrays of numpy: the same
    bits, at half the price of a call."""
    force *= 2 * FORCE
    force -= FORCE
    turning = state[3]
    push = turning * turning
    push *= POLE_MOMENT
    push *= sin
    push += force
    push /= TOTAL_MASS
    inertia = cos * cos
    inertia *= POLE_MASS
    inertia /= TOTAL_MASS
    inertia = (4.0 / 3.0) - inertia
    inertia *= HALF_LENGTH
    bend = sin * GRAVITY
    bend -= cos * push
    bend /= inertia
    back = bend * POLE_MOMENT
    back *= cos
    back /= TOTAL_MASS
    push -= back
    return state[1], push, turning, bend
