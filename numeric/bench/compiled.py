"""Whether torch.compile pays: the same function as it is, and compiled, on one core of the processor.

Compiling takes seconds, and its time is a figure of its own: "calls until it pays" is that time by what one call saves.
Compiled, the methods of `numeric.primitives.recurrence` and numpy's arithmetic are not taken: the compiler sees the plain loop
over steps.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from numeric.bench.rows import OURS, Row
from numeric.bench.timing import interleaved
from numeric.bench.trajectories import DISCOUNT, LAMBDA, problem

CACHE = "TORCHINDUCTOR_CACHE_DIR"
COMPILERS = ("g++", "c++", "clang++")
Made = tuple[Callable[..., Any], tuple[Any, ...]]


def run() -> Iterator[Row]:
    """Each function, as it is first."""
    absent = "" if any(shutil.which(name) for name in COMPILERS) else "not run: no C++ compiler"
    with nothing_kept():
        for what, make in FUNCTIONS.items():
            yield from compared(what, *make(), absent)


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Compilers keep what they made, also from run to run: with a folder of its own, this run compiles everything itself."""
    before = os.environ.get(CACHE)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[CACHE] = folder
        try:
            yield
        finally:
            os.environ.pop(CACHE)
            if before is not None:
                os.environ[CACHE] = before


def compared(what: str, function: Callable[..., Any], arguments: tuple[Any, ...], absent: str) -> Iterator[Row]:
    """Two rows, the second with the largest distance between both results."""
    calls, figures, error = {"as it is": lambda: function(*arguments)}, {}, None
    if not absent:
        torch._dynamo.reset()
        quick = torch.compile(function, dynamic=False)
        start = time.perf_counter()
        found = quick(*arguments)
        figures["seconds to compile"] = time.perf_counter() - start
        error = float((found - function(*arguments)).abs().max())
        calls["compiled"] = lambda: quick(*arguments)
    times = interleaved(calls, seconds=0.5)
    yield Row("compile", what, "ours, as it is", OURS, *times["as it is"])
    if absent:
        yield Row("compile", what, "ours, compiled", OURS, note=absent)
        return
    saved = times["as it is"].median - times["compiled"].median
    if saved > 0:
        figures["calls until it pays"] = figures["seconds to compile"] / saved
    yield Row("compile", what, "ours, compiled", OURS, *times["compiled"], error=error, figures=tuple(figures.items()))


def gae_of(shape: tuple[int, int]) -> Made:
    from numeric.primitives.gae import gae

    def advantage(*steps: Tensor) -> Tensor:
        return gae(*steps, discount=DISCOUNT, lambda_=LAMBDA)

    return advantage, problem(shape).ours()


def cartpole(count: int) -> Made:
    from numeric.envs.cartpole import stepped

    generator = torch.Generator().manual_seed(0)
    state = torch.rand(4, count, generator=generator) / 10 - 0.05
    return stepped, (state, torch.randint(2, (count,), generator=generator))


def ppo_step(samples: int) -> Made:
    """The gradient of the clipped objective for the logits; value and entropy are left out."""
    from numeric.primitives.ppo_clip import ppo_clip
    from numeric.primitives.softmax import log_softmax

    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(samples, 2, generator=generator, requires_grad=True)
    action = torch.randint(2, (samples, 1), generator=generator)
    old, advantage = torch.randn(2, samples, generator=generator)

    def total(logits: Tensor) -> Tensor:
        logp = log_softmax(logits).gather(-1, action).squeeze(-1)
        return -ppo_clip((logp - 0.1 * old + 0.7).exp(), advantage, 0.2).mean()

    def loss(logits: Tensor) -> Tensor:
        return torch.autograd.grad(total(logits), logits)[0]

    return loss, (logits,)


FUNCTIONS: dict[str, Callable[[], Made]] = {
    "GAE, 32 x 1024": lambda: gae_of((32, 1024)),
    "a step of 4096 cart-poles": lambda: cartpole(4096),
    "a step of 65536 cart-poles": lambda: cartpole(65536),
    "slope of PPO's clipped objective, 16384 samples": lambda: ppo_step(16384),
}
