"""Advantages: ours beside Stable-Baselines3, TorchRL, rlax and loops as CleanRL writes them.

Each gets its own layout and its own kind of flags before the clock starts.  What differs: Stable-Baselines3 and the loops write
into memory that is there (Stable-Baselines3 also the returns), rlax takes a ready discount and is compiled beforehand, TorchRL's
and the first of ours make a new result; ours takes both flags apart and a value that may be NaN after a terminal step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from numeric.bench.rows import OURS, Row, missing, size
from numeric.bench.timing import interleaved
from numeric.bench.trajectories import DISCOUNT, LAMBDA, SHAPES, Problem, advantages, error, problem
from numeric.primitives.gae import gae

Call = Callable[[], Any]
Peer = Callable[[Problem], tuple[Call, Callable[[Any], np.ndarray]]]
COPY = "copy of one [T, B]"


def run() -> Iterator[Row]:
    yield from compared("gae", PEERS, advantages)


def compared(
    bench: str, peers: dict[str, tuple[str, Peer]], exact: Callable[[Problem], np.ndarray], shapes: Any = SHAPES
) -> Iterator[Row]:
    """Every shape: ours first, then all that are installed, then those that are not."""
    absent = {who: missing(library) for who, (library, _) in peers.items()}
    for shape in shapes:
        p, target = problem(shape), torch.empty(shape)
        built = {who: make(p) for who, (_, make) in peers.items() if not absent[who]}
        truth = exact(p)
        errors = {who: error(read(call()), truth) for who, (call, read) in built.items()}
        calls = {COPY: lambda p=p, target=target: target.copy_(p.reward)} | {
            who: call for who, (call, _) in built.items()
        }
        times = interleaved(calls, seconds=0.5)
        move = times[COPY].median
        for who, (library, _) in peers.items():
            if absent[who]:
                yield Row(bench, size(shape), who, library, note=absent[who])
                continue
            share = (("share of copy bandwidth", 2 * move / times[who].median),)
            yield Row(bench, size(shape), who, library, *times[who], error=errors[who], figures=share)
        yield Row(bench, size(shape), COPY, "torch", *times[COPY])


# ------------------------------------------------------------------------------------- ours, and others
def ours(p: Problem) -> tuple[Call, Callable[[Any], np.ndarray]]:
    arguments = p.ours()
    return lambda: gae(*arguments, discount=DISCOUNT, lambda_=LAMBDA), lambda found: found.numpy()


def ours_into(p: Problem) -> tuple[Call, Callable[[Any], np.ndarray]]:
    """The same, into memory that is there, as the loops and the copy are timed."""
    arguments, out = p.ours(), torch.empty_like(p.reward)
    return lambda: gae(*arguments, discount=DISCOUNT, lambda_=LAMBDA, out=out), lambda found: found.numpy()


def plain_torch(p: Problem) -> tuple[Call, Callable[[Any], np.ndarray]]:
    """One step after the other, as in CleanRL's scripts."""
    going, out = 1.0 - p.done.float(), torch.zeros_like(p.reward)

    def call() -> torch.Tensor:
        following: Any = 0.0
        for t in reversed(range(len(p.reward))):
            delta = p.reward[t] + DISCOUNT * p.value[t + 1] * going[t] - p.value[t]
            out[t] = following = delta + DISCOUNT * LAMBDA * going[t] * following
        return out

    return call, lambda found: found.numpy()


def plain_numpy(p: Problem) -> tuple[Call, Callable[[Any], np.ndarray]]:
    """The same in numpy."""
    reward, value, going = p.reward.numpy(), p.value.numpy(), 1.0 - p.done.float().numpy()
    out, gamma, both = np.zeros_like(reward), np.float32(DISCOUNT), np.float32(DISCOUNT * LAMBDA)

    def call() -> np.ndarray:
        following: Any = np.float32(0.0)
        for t in reversed(range(len(reward))):
            delta = reward[t] + gamma * value[t + 1] * going[t] - value[t]
            out[t] = following = delta + both * going[t] * following
        return out

    return call, lambda found: found


def stable_baselines3(p: Problem) -> tuple[Call, Callable[[Any], np.ndarray]]:
    buffer, last = rollout_buffer(p)

    def call() -> np.ndarray:
        buffer.compute_returns_and_advantage(*last)
        return buffer.advantages  # type: ignore[no-any-return]

    return call, lambda found: found


def rollout_buffer(p: Problem) -> tuple[Any, tuple[Any, Any]]:
    """Its buffer with the problem in it, and what it is asked with."""
    from gymnasium import spaces
    from stable_baselines3.common.buffers import RolloutBuffer

    steps, width = p.reward.shape
    space = spaces.Box(-1.0, 1.0, (1,))
    buffer = RolloutBuffer(steps, space, spaces.Discrete(2), "cpu", gae_lambda=LAMBDA, gamma=DISCOUNT, n_envs=width)
    buffer.rewards, buffer.values = p.reward.numpy().copy(), p.value[:-1].numpy().copy()
    buffer.episode_starts[1:] = p.done[:-1].numpy()
    return buffer, (p.value[-1], p.done[-1].numpy())


def torchrl(name: str, time_major: bool) -> Peer:
    """One of TorchRL's functions; time_major: [T, B, 1], as ours lie; else [B, T, 1]."""

    def make(p: Problem) -> tuple[Call, Callable[[Any], np.ndarray]]:
        from torchrl.objectives.value import functional

        function, swap = getattr(functional, name), (lambda x: x) if time_major else (lambda x: x.mT.contiguous())
        value, after, reward, done = (swap(x)[..., None] for x in (p.value[:-1], p.value[1:], p.reward, p.done))
        where = {"time_dim": 0} if time_major else {}

        def call() -> torch.Tensor:
            return function(DISCOUNT, LAMBDA, value, after, reward, done, done, **where)[0]  # type: ignore[no-any-return]

        return call, lambda found: swap(found[..., 0]).numpy()

    return make


def rlax(p: Problem) -> tuple[Call, Callable[[Any], np.ndarray]]:
    import jax
    import jax.numpy as jnp
    from rlax import truncated_generalized_advantage_estimation as estimate

    one = jax.jit(jax.vmap(lambda r, d, v: estimate(r, d, LAMBDA, v), in_axes=1, out_axes=1))
    arguments = [jnp.asarray(x.numpy()) for x in (p.reward, DISCOUNT * (1.0 - p.done.float()), p.value)]
    return lambda: one(*arguments).block_until_ready(), np.asarray


PEERS: dict[str, tuple[str, Peer]] = {
    "ours": (OURS, ours),
    "ours, into memory that is there": (OURS, ours_into),
    "Stable-Baselines3, numpy": ("stable-baselines3", stable_baselines3),
    "a loop in numpy": ("numpy", plain_numpy),
    "a loop in torch": ("torch", plain_torch),
    "TorchRL, loop": ("torchrl", torchrl("generalized_advantage_estimate", False)),
    "TorchRL, loop, time first": ("torchrl", torchrl("generalized_advantage_estimate", True)),
    "TorchRL, vectorised": ("torchrl", torchrl("vec_generalized_advantage_estimate", False)),
    "rlax, compiled": ("rlax", rlax),
}
