"""Along trajectories: the TD error, the k-step advantage, GAE (Schulman et al. 2016, arXiv:1506.02438), the lambda-return.

    delta_t = r_t + discount V(s_{t+1}) - V(s_t)
    A^(k)_t = sum_{j<k} discount^j r_{t+j} + discount^k V(s_{t+k}) - V(s_t)
    A_t     = delta_t + discount lambda A_{t+1}
    G_t     = r_t + discount ((1 - lambda) V(s_{t+1}) + lambda G_{t+1})

Inside an episode A^(k)_t = sum_{j<k} discount^j delta_{t+j} (hw11d) and A_t = sum_l (discount lambda)^l delta_{t+l}.

Arguments shared by all functions, each of shape [T, ...], time first, usually [T, B]:

    reward      r_t
    value       V(s_t), in units of reward
    next_value  V of the state that step t really led to.  At a truncation that is the last state of the episode, not
                the first of the next one.  Inside an episode it equals value[t + 1]; hw11d needs that.
    terminated  True where step t ended in a terminal state: nothing follows, next_value is not read and may be NaN
    truncated   True where the episode was cut at step t for another reason (a time limit): V(s_{t+1}) is still worth
                next_value.  Where both flags are set, terminated counts.
    mask        True in live slots; dead ones give 0.  None: all are live

The trajectory of step t runs to the first step that is terminated or truncated, that is followed by a dead slot, or
that is the last of the array.  Nothing beyond it is read, so no episode leaks into another.  All functions are linear
in reward, value and next_value and differentiate in all three; where the advantage is data, detach it (`ppo_clip`
does).  They raise ValueError on unequal shapes, dtypes or devices, on T = 0 or an empty batch, on flags that are
not boolean, on a discount or lambda_ outside [0, 1], and on a k that is not a positive integer.  A NaN in a live slot that is
read makes every result NaN that depends on it.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from numeric.primitives.checks import flags, has_time, not_empty, positive_integer, same_shape, unit_interval
from numeric.primitives.masks import followed, zero_dead
from numeric.primitives.recurrence import in_pieces
from numeric.primitives.wide import in_chunks, is_chunked, is_wide, row_by_row


def td_error(
    reward: Tensor,
    value: Tensor,
    next_value: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    *,
    discount: float,
    mask: Tensor | None = None,
) -> Tensor:
    """delta_t = r_t + discount V(s_{t+1}) - V(s_t), without the middle term where step t terminated.

    Shapes [T, ...], units and errors as in the module's docstring.  A truncation changes nothing here; the flag is
    asked for so that all functions of this module are called alike.
    """
    unit_interval(discount=discount)
    steps = _steps(reward, value, next_value, terminated, truncated, mask)
    return _td_error(steps, discount)


def k_step_advantage(
    reward: Tensor,
    value: Tensor,
    next_value: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    *,
    discount: float,
    k: int,
    mask: Tensor | None = None,
) -> Tensor:
    """The k-step advantage at every t, by its definition: discounted rewards, one bootstrap, minus the value.

        A_t = sum_{j<m} discount^j r_{t+j} + discount^m V(s_{t+m}) - V(s_t),      m = min(k, steps left from t)

    The steps left from t are counted to the end of its trajectory, that end included.  V(s_{t+m}) is next_value at step
    t + m - 1, or 0 if that step terminated: so at a truncation, and at the end of the array, the m steps that there are
    bootstrap with discount^m.  Shapes [T, ...], units and errors as in the module's docstring.
    Takes min(k, T) passes over the batch.
    """
    unit_interval(discount=discount)
    positive_integer(k=k)
    steps = _steps(reward, value, next_value, terminated, truncated, mask)
    total = -steps.value
    reached = steps.live  # True where step t + j is live and on the trajectory of t
    for j in range(min(k, len(reward))):
        last = reached if j == k - 1 else reached & ~steps.goes_on[j:]
        rewards = discount**j * zero_dead(steps.reward[j:], reached)
        bootstrap = discount ** (j + 1) * zero_dead(steps.next_value[j:], last)
        total[: len(reward) - j] += rewards + bootstrap
        reached = (reached & steps.goes_on[j:])[:-1]
    return total


def gae(
    reward: Tensor,
    value: Tensor,
    next_value: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    *,
    discount: float,
    lambda_: float,
    mask: Tensor | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Generalised advantage: A_t = delta_t + discount lambda A_{t+1} inside a trajectory, A_t = delta_t at its end.

    lambda_ = 0 gives the TD error, lambda_ = 1 the return (with the bootstrap at its end) minus the value; the return
    that a value function is fitted to is A_t + V(s_t).  Shapes [T, ...], units and errors as in the module's docstring.
    out: contiguous memory for the result, which is then returned, like reward and apart from all arguments; ValueError where it
    is not, or where autograd follows.  For large batches most of the time goes into fresh memory.
    How it is computed depends on the shape: `numeric.primitives.recurrence` decides and says why.
    """
    unit_interval(discount=discount, lambda_=lambda_)
    same_shape(reward=reward, value=value, next_value=next_value)
    _ends(reward, terminated, truncated, mask)
    _fits(out, reward, value, next_value, terminated, truncated)
    if mask is None:
        wide = _wide(reward, value, next_value, terminated, truncated, discount, lambda_, out)
        if wide is not None:
            return wide

    def piece(rows: slice) -> tuple[Tensor, Tensor]:
        steps = _clean(reward, value, next_value, terminated, truncated, mask, rows)
        delta = _td_error(steps, discount)
        return delta, steps.goes_on

    found = in_pieces(piece, reward, value, next_value, weight=discount * lambda_)
    return found if out is None else out.copy_(found)


def lambda_returns(
    reward: Tensor,
    next_value: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    *,
    discount: float,
    lambda_: float,
    mask: Tensor | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The lambda-return: G_t = r_t + discount ((1 - lambda) V(s_{t+1}) + lambda G_{t+1}) inside a trajectory; at its end
    G_t = r_t + discount V(s_{t+1}), without the second term where step t terminated.

    It is the mixture of all k-step returns with weights (1 - lambda) lambda^(k-1), the last with what is left of them, and
    `gae` + value wherever next_value[t] is value[t + 1] inside an episode.  lambda_ = 0 gives the target of TD(1), lambda_ = 1
    the return.  Shapes [T, ...], units and errors as in the module's docstring; linear, and differentiable in both.
    out: as in `gae`.
    """
    unit_interval(discount=discount, lambda_=lambda_)
    same_shape(reward=reward, next_value=next_value)
    _ends(reward, terminated, truncated, mask)
    _fits(out, reward, next_value, terminated, truncated)
    if mask is None:
        wide = _wide(reward, None, next_value, terminated, truncated, discount, lambda_, out)
        if wide is not None:
            return wide

    def piece(rows: slice) -> tuple[Tensor, Tensor]:
        steps = _clean(reward, reward, next_value, terminated, truncated, mask, rows)
        bootstrap = torch.sub(steps.next_value, zero_dead(steps.next_value, steps.goes_on), alpha=lambda_)
        return torch.add(steps.reward, bootstrap, alpha=discount), steps.goes_on

    found = in_pieces(piece, reward, next_value, weight=discount * lambda_)
    return found if out is None else out.copy_(found)


def _wide(
    reward: Tensor,
    value: Tensor | None,
    next_value: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    discount: float,
    lambda_: float,
    out: Tensor | None,
) -> Tensor | None:
    """What `gae`, or without a value `lambda_returns`, gives for a wide batch; None where another method must do."""
    read = [x for x in (reward, value, next_value) if x is not None]
    method = row_by_row if is_wide(*read) else in_chunks if is_chunked(*read) else None
    if method is None:
        return None
    return method(reward, value, next_value, terminated, truncated, discount=discount, lambda_=lambda_, out=out)


def _fits(out: Tensor | None, *read: Tensor) -> None:
    """Check that the result can be written into out."""
    if out is None:
        return
    same_shape(reward=read[0], out=out)
    if not out.is_contiguous():
        raise ValueError(f"out must be contiguous; got strides {out.stride()}")
    if out.requires_grad or followed(*(x for x in read if x.is_floating_point())):
        raise ValueError("out must be None where autograd, a transform or the compiler follows the arguments")
    if any(x.untyped_storage().data_ptr() == out.untyped_storage().data_ptr() for x in read):
        raise ValueError("out must share no memory with the arguments; got a part of one of them")


class _Steps(NamedTuple):
    """The arguments with their unread slots set to 0, and where a trajectory goes on.  All of shape [T, ...]."""

    reward: Tensor
    value: Tensor
    next_value: Tensor
    live: Tensor
    goes_on: Tensor


def _steps(
    reward: Tensor, value: Tensor, next_value: Tensor, terminated: Tensor, truncated: Tensor, mask: Tensor | None
) -> _Steps:
    """Check the arguments and clean them."""
    same_shape(reward=reward, value=value, next_value=next_value)
    _ends(reward, terminated, truncated, mask)
    return _clean(reward, value, next_value, terminated, truncated, mask, slice(0, len(reward)))


def _ends(reward: Tensor, terminated: Tensor, truncated: Tensor, mask: Tensor | None) -> None:
    """Check that there is a step, and that what ends trajectories are flags of the same shape."""
    has_time(reward=reward)
    not_empty(reward=reward)
    flags(reward, terminated=terminated, truncated=truncated)
    if mask is not None:
        flags(reward, mask=mask)


def _clean(
    reward: Tensor,
    value: Tensor,
    next_value: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    mask: Tensor | None,
    rows: slice,
) -> _Steps:
    """These rows: dead slots are 0 and so is the value after a terminal step; where a trajectory goes on to the next row."""
    more = rows.stop < len(reward)
    reward, value, next_value = reward[rows], value[rows], next_value[rows]
    terminated, truncated = terminated[rows], truncated[rows]
    live = torch.ones_like(terminated) if mask is None else mask[rows]
    goes_on = live & ~(terminated | truncated)
    if mask is not None:
        goes_on[:-1] &= live[1:]
        reward, value = zero_dead(reward, live), zero_dead(value, live)
        if more:
            goes_on[-1] &= mask[rows.stop]
    if not more:
        goes_on[-1] = False
    return _Steps(reward, value, zero_dead(next_value, live & ~terminated), live, goes_on)


def _td_error(steps: _Steps, discount: float) -> Tensor:
    return torch.add(steps.reward, steps.next_value, alpha=discount) - steps.value
