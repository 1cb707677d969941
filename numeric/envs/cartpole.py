"""CartPole: keep a pole upright on a cart that is pushed left or right (Barto, Sutton and Anderson 1983).

The equations, constants and thresholds are those of Gymnasium's CartPole-v1; in float64 one step from the same state agrees to a
few units in the last place (a test says how many).  State: cart position x (m) and
velocity (m/s), pole angle theta (rad, 0 upright) and angular velocity (rad/s).  Actions: 0 pushes left, 1 right, with 10 N for
0.02 s.  An episode terminates where |x| > 2.4 or |theta| > 12 degrees, and every step pays 1; CartPole-v1 truncates after 500.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from numeric.envs.base import BatchedEnv

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
        return following, self._pays, (following[0].abs() > FARTHEST).logical_or_(following[2].abs() > STEEPEST)

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
    velocity, theta, turning = state[1], state[2], state[3]
    force = action.to(state.dtype).mul_(2 * FORCE).sub_(FORCE)
    cos, sin = theta.cos(), theta.sin()
    push = turning.square().mul_(POLE_MOMENT).mul_(sin).add_(force).div_(TOTAL_MASS)
    inertia = cos.square().mul_(POLE_MASS).div_(TOTAL_MASS).neg_().add_(4.0 / 3.0).mul_(HALF_LENGTH)
    bend = sin.mul_(GRAVITY).sub_(cos * push).div_(inertia)
    speedup = push.sub_((bend * POLE_MOMENT).mul_(cos).div_(TOTAL_MASS))
    return state + torch.stack([velocity, speedup, turning, bend]).mul_(SECONDS)
