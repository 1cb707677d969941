"""Small trajectories for the tests, and what td_error, k_step_advantage and gae must give on them, by definition.

The references work on rationals, one step at a time: they list the steps of a trajectory, then sum.  No recursion.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import torch


@dataclass(frozen=True)
class Batch:
    """The tensors of shape [T, B] that the functions take, in their order; `mask` may be None."""

    reward: torch.Tensor
    value: torch.Tensor
    next_value: torch.Tensor
    terminated: torch.Tensor
    truncated: torch.Tensor
    mask: torch.Tensor | None = None

    def arguments(self):
        return self.reward, self.value, self.next_value, self.terminated, self.truncated

    def numbers(self):
        return self.reward, self.value, self.next_value

    def part(self, steps, columns=slice(None)):
        """The same trajectories restricted to some steps and columns."""
        mask = None if self.mask is None else self.mask[steps, columns]
        return Batch(*(x[steps, columns] for x in self.arguments()), mask)

    def with_numbers(self, reward, value, next_value):
        return replace(self, reward=reward, value=value, next_value=next_value)


def batch(device="cpu", dtype=torch.float64, masked=False, consistent=True, seed=0):
    """Six steps of seven trajectories; the numbers are eighths: sums and halvings of them are exact in float64.

    Columns: plain; terminated inside; truncated inside; both inside; terminated and truncated at one step; terminated
    at the last step; an episode at every step.  consistent: next_value is value[t + 1] wherever an episode goes on.
    """
    terminated = _flags(6, {1: [2], 3: [1], 4: [2], 5: [5], 6: [0, 2, 4]})
    truncated = _flags(6, {2: [2], 3: [3], 4: [2], 6: [1, 3, 5]})
    reward, value, next_value = torch.randint(-16, 17, (3, 6, 7), generator=torch.Generator().manual_seed(seed)) / 8
    if consistent:
        inside = ~(terminated | truncated)[:-1]
        next_value[:-1] = torch.where(inside, value[1:], next_value[:-1])
    mask = ~_flags(6, {0: [4, 5], 1: [3, 4, 5], 2: [0, 1], 4: [3], 5: range(6)}).to(device) if masked else None
    numbers = (x.to(device, dtype) for x in (reward, value, next_value))
    return Batch(*numbers, terminated.to(device), truncated.to(device), mask)


def _flags(steps, true):
    """A boolean [steps, 7] that is True at the listed steps of each column."""
    flags = torch.zeros(steps, 7, dtype=torch.bool)
    for column, rows in true.items():
        flags[list(rows), column] = True
    return flags


def trajectory(b, t, i):
    """The steps from t to the end of the trajectory of column i, both included; empty for a dead slot."""
    live = torch.ones_like(b.terminated) if b.mask is None else b.mask
    steps = []
    for s in range(t, len(b.reward)):
        if not live[s, i]:
            break
        steps.append(s)
        if b.terminated[s, i] or b.truncated[s, i]:
            break
    return steps


def after(b, s, i):
    """V of the state that follows step s: nothing follows a terminated step."""
    return Fraction(0) if b.terminated[s, i] else Fraction(b.next_value[s, i].item())


def td_error_at(b, t, i, discount):
    if not trajectory(b, t, i):
        return Fraction(0)
    return Fraction(b.reward[t, i].item()) + Fraction(discount) * after(b, t, i) - Fraction(b.value[t, i].item())


def k_step_at(b, t, i, discount, k):
    """Discounted rewards of the first k steps (or as many as there are), the bootstrap after them, minus the value."""
    steps, discount = trajectory(b, t, i)[:k], Fraction(discount)
    if not steps:
        return Fraction(0)
    rewards = sum(discount**j * Fraction(b.reward[s, i].item()) for j, s in enumerate(steps))
    return rewards + discount ** len(steps) * after(b, steps[-1], i) - Fraction(b.value[t, i].item())


def gae_at(b, t, i, discount, lambda_):
    """sum_l (discount lambda)^l delta_{t+l} over the trajectory."""
    weight = Fraction(discount) * Fraction(lambda_)
    return sum((weight**n * td_error_at(b, s, i, discount) for n, s in enumerate(trajectory(b, t, i))), Fraction(0))


def table(b, reference, *arguments):
    """`reference` at every step and column, as nested lists of rationals."""
    steps, columns = b.reward.shape
    return [[reference(b, t, i, *arguments) for i in range(columns)] for t in range(steps)]


def assert_equals(got, b, reference, *arguments):
    """Every entry is the exact one: bit for bit where all arguments are dyadic, else within a bound that is derived.

    Each term of a sum over at most T steps is rounded at most three times a step (weight, product, sum) and four times
    at its own step, each time by at most half a unit of the sum of the absolute values of the terms.
    """
    assert got.shape == b.reward.shape and got.dtype == b.reward.dtype and got.device == b.reward.device
    dyadic = all(Fraction(x).denominator <= 2 for x in arguments)
    unit = Fraction(torch.finfo(got.dtype).eps) / 2 * (4 * len(got) + 4)
    size = b.with_numbers(b.reward.abs(), -b.value.abs(), b.next_value.abs())
    exact, sizes = table(b, reference, *arguments), table(size, reference, *arguments)
    for t, row in enumerate(got.tolist()):
        for i, entry in enumerate(row):
            bound = 0 if dyadic else unit * sizes[t][i]
            assert abs(Fraction(entry) - exact[t][i]) <= bound, (t, i, entry, float(exact[t][i]))
