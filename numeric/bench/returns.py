"""Lambda-returns: ours beside TorchRL and rlax.  (Stable-Baselines3 has them as advantage + value: see the bench of GAE.)"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from numeric.bench.gae import Call, Peer, compared
from numeric.bench.rows import OURS, Row
from numeric.bench.trajectories import DISCOUNT, LAMBDA, Problem, advantages
from numeric.primitives.gae import lambda_returns


def run() -> Iterator[Row]:
    yield from compared("returns", PEERS, returns)


def returns(p: Problem) -> np.ndarray:
    """A_t + V(s_t) in float64."""
    exact = advantages(p)
    return exact + p.value[:-1, : exact.shape[1]].double().numpy()


def ours(p: Problem) -> tuple[Call, Callable[[Any], np.ndarray]]:
    reward, _, after, done, cut = p.ours()
    return lambda: lambda_returns(reward, after, done, cut, discount=DISCOUNT, lambda_=LAMBDA), lambda x: x.numpy()


def ours_into(p: Problem) -> tuple[Call, Callable[[Any], np.ndarray]]:
    """The same, into memory that is there, as the loops and the copy are timed."""
    (reward, _, after, done, cut), out = p.ours(), torch.empty_like(p.reward)
    return lambda: lambda_returns(
        reward, after, done, cut, discount=DISCOUNT, lambda_=LAMBDA, out=out
    ), lambda found: found.numpy()


def plain_numpy(p: Problem) -> tuple[Call, Callable[[Any], np.ndarray]]:
    """One step after the other."""
    reward, value, going = p.reward.numpy(), p.value.numpy(), 1.0 - p.done.float().numpy()
    out, gamma, lam, rest = np.zeros_like(reward), np.float32(DISCOUNT), np.float32(LAMBDA), np.float32(1 - LAMBDA)

    def call() -> np.ndarray:
        following = value[-1]
        for t in reversed(range(len(reward))):
            out[t] = following = reward[t] + gamma * going[t] * (rest * value[t + 1] + lam * following)
        return out

    return call, lambda found: found


def torchrl(name: str) -> Peer:
    def make(p: Problem) -> tuple[Call, Callable[[Any], np.ndarray]]:
        from torchrl.objectives.value import functional

        function = getattr(functional, name)
        after, reward, done = (x.mT.contiguous()[..., None] for x in (p.value[1:], p.reward, p.done))

        def call() -> torch.Tensor:
            return function(DISCOUNT, LAMBDA, after, reward, done, done)  # type: ignore[no-any-return]

        return call, lambda found: found[..., 0].mT.numpy()

    return make


def rlax(p: Problem) -> tuple[Call, Callable[[Any], np.ndarray]]:
    import jax
    import jax.numpy as jnp
    from rlax import lambda_returns as estimate

    one = jax.jit(jax.vmap(lambda r, d, v: estimate(r, d, v, LAMBDA), in_axes=1, out_axes=1))
    arguments = [jnp.asarray(x.numpy()) for x in (p.reward, DISCOUNT * (1.0 - p.done.float()), p.value[1:])]
    return lambda: one(*arguments).block_until_ready(), np.asarray


PEERS: dict[str, tuple[str, Peer]] = {
    "ours": (OURS, ours),
    "ours, into memory that is there": (OURS, ours_into),
    "a loop in numpy": ("numpy", plain_numpy),
    "TorchRL, loop": ("torchrl", torchrl("td_lambda_return_estimate")),
    "TorchRL, vectorised": ("torchrl", torchrl("vec_td_lambda_return_estimate")),
    "rlax, compiled": ("rlax", rlax),
}
