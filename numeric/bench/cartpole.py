"""Steps of CartPole a second: ours beside Gymnasium's `CartPoleVectorEnv` (arrays, float64) and its `SyncVectorEnv` (a loop).

Actions are drawn before the clock starts.  A call is one step of all environments; the figure is environments / seconds.  Error:
the largest distance of one step from the same state, 2^17 states, to Gymnasium's own equations in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import torch

from numeric.bench.rows import OURS, Row, missing
from numeric.bench.timing import interleaved
from numeric.envs.cartpole import CartPole, stepped

COUNTS = (1, 64, 4096, 65536)
MOST_OBJECTS = 4096  # a Python object each: 65536 of them take minutes to make, and a step of them seconds
STATES = 2**17
FIGURE = "steps a second"


def run(counts: tuple[int, ...] = COUNTS) -> Iterator[Row]:
    """Every number of environments."""
    for count in counts:
        why = {who: missing(library) or too_many(who, count) for who, (library, _, _) in PEERS.items()}
        made = {who: make(count) for who, (_, make, _) in PEERS.items() if not why[who]}
        times = interleaved(made, seconds=0.5)
        for who, (library, _, dtype) in PEERS.items():
            problem = f"{count} environments"
            if who not in times:
                yield Row("cartpole", problem, who, library, dtype=dtype, note=why[who])
                continue
            speed = ((FIGURE, count / times[who].median),)
            wrong = error() if library == OURS and not missing("gymnasium") else None
            yield Row("cartpole", problem, who, library, *times[who], error=wrong, dtype=dtype, figures=speed)


def too_many(who: str, count: int) -> str:
    """The sentence for what is not run because it would not end."""
    return f"not run beyond {MOST_OBJECTS} objects" if PEERS[who][1] is one_by_one and count > MOST_OBJECTS else ""


def actions(count: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randint(2, (count,), generator=generator) for _ in range(16)]


def ours(count: int) -> Callable[[], Any]:
    env = CartPole(count)
    env.reset(seed=0)
    drawn = cycle(actions(count))
    return lambda: env.step(next(drawn))


def arrays(count: int) -> Callable[[], Any]:
    from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv

    env = CartPoleVectorEnv(num_envs=count)
    env.reset(seed=0)
    drawn = cycle([x.numpy() for x in actions(count)])
    return lambda: env.step(next(drawn))


def one_by_one(count: int) -> Callable[[], Any]:
    import gymnasium

    env = gymnasium.vector.SyncVectorEnv([lambda: gymnasium.make("CartPole-v1")] * count)
    env.reset(seed=0)
    drawn = cycle([x.numpy() for x in actions(count)])
    return lambda: env.step(next(drawn))


def error() -> float:
    """Of one step in float32; the states are those that Gymnasium starts from, rounded before."""
    from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv

    generator = torch.Generator().manual_seed(1)
    states = torch.rand(4, STATES, generator=generator) * 2 - 1
    states *= torch.tensor([[2.4], [3.0], [0.21], [3.0]])
    chosen = torch.randint(2, (STATES,), generator=generator)
    env: Any = CartPoleVectorEnv(num_envs=STATES)
    env.reset(seed=0)
    env.state, env.prev_done = states.double().numpy(), torch.zeros(STATES, dtype=torch.bool).numpy()
    env.step(chosen.numpy())
    return float((stepped(states, chosen).double() - torch.from_numpy(env.state)).abs().max())


PEERS: dict[str, tuple[str, Callable[[int], Callable[[], Any]], str]] = {
    "ours": (OURS, ours, "float32"),
    "Gymnasium, CartPoleVectorEnv": ("gymnasium", arrays, "float64"),
    "Gymnasium, SyncVectorEnv": ("gymnasium", one_by_one, "float64"),
}
