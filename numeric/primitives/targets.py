"""One-step targets of temporal-difference learning: r_t + discount * (value of what follows).

What follows is valued by `next_value`, and the name of the method is the choice of it:

    TD(1)            V(s_{t+1})                                 mean Q(s_t, a_t)         hw09c
    SARSA, TD(1.5)   Q(s_{t+1}, a_{t+1}), a_{t+1} ~ pi          the same mean            hw09b
                                                                at least TD(1)'s noise   hw10b.2
    Q-learning       max_a Q(s_{t+1}, a)                        the optimal policy's target, not pi's

Targets of several steps are `numeric.primitives.gae.k_step_advantage` plus V(s_t).
"""

from __future__ import annotations

from torch import Tensor

from numeric.primitives.checks import flags, not_empty, same_shape, unit_interval
from numeric.primitives.masks import zero_dead


def td_target(
    reward: Tensor, next_value: Tensor, terminated: Tensor, *, discount: float, mask: Tensor | None = None
) -> Tensor:
    """r_t + discount * next_value, without the second term where step t terminated.  A target is data: it has no gradient.

    reward, next_value: equal shapes, in units of reward; next_value values what step t really led to, so at a truncation the
    last state of the episode and not the first of the next one.  terminated: True where step t ended in a terminal state:
    next_value is not read there and may be NaN.  mask: True in live slots; dead ones give 0.  Returns that shape, detached.
    Raises ValueError on unequal shapes, dtypes or devices, an empty batch, flags that are not boolean, and a discount outside
    [0, 1].  A NaN in a live reward, or in a next_value that is read, gives NaN.
    """
    unit_interval(discount=discount)
    same_shape(reward=reward, next_value=next_value)
    not_empty(reward=reward)
    flags(reward, terminated=terminated)
    following = zero_dead(zero_dead(next_value, ~terminated), mask)
    return (zero_dead(reward, mask) + discount * following).detach()
