"""What test_parallel runs under torchrun: a PPO update of twelve samples, by one process or shared; prints the gradients."""

from __future__ import annotations

import json

import torch
import torch.distributed as group

from numeric.algorithms.networks import ActorCritic
from numeric.algorithms.parallel import processes, rank
from numeric.algorithms.ppo import Batch, Settings, update


class Noted:
    """Gradient descent that keeps the gradients it was given.  (torch.optim would load the compiler in every process.)"""

    def __init__(self, parameters: list[torch.nn.Parameter], rate: float) -> None:
        self.parameters, self.rate = parameters, rate
        self.seen: list[list[float]] = []

    def zero_grad(self, set_to_none: bool = True) -> None:
        for one in self.parameters:
            one.grad = None

    @torch.no_grad()
    def step(self) -> None:
        self.seen.append([x for one in self.parameters for x in one.grad.flatten().tolist()])
        for one in self.parameters:
            one -= self.rate * one.grad


def updated() -> dict[str, object]:
    """The gradients of three epochs on this process's share of the samples, and the KL that is told."""
    generator = torch.Generator().manual_seed(8)
    model = ActorCritic(3, 2, (5,), generator=generator, device="cpu", dtype=torch.float64)
    real = {"generator": generator, "dtype": torch.float64}
    own = slice(rank(), None, processes())  # every second sample, where there are two
    batch = Batch(
        observation=torch.randn(12, 3, **real)[own],
        action=torch.randint(2, (12,), generator=generator)[own],
        behaviour_logp=torch.log(torch.rand(12, **real) * 0.5 + 0.25)[own],
        old_value=torch.randn(12, **real)[own],
        advantage=torch.randn(12, **real)[own],
        returns=torch.randn(12, **real)[own],
        weight=torch.ones(12, dtype=torch.float64)[own],
    )
    optimiser = Noted(list(model.parameters()), 0.5)
    settings = Settings(
        minibatch=12, epochs=3, normalise="minibatch", entropy_coefficient=0.1, max_norm=0.05, target_kl=1e9
    )
    figures = update(model, optimiser, batch, settings, generator=torch.Generator().manual_seed(rank()))
    return {"gradients": optimiser.seen, "kl": figures["kl"]}


def main() -> None:
    torch.set_num_threads(1)
    group.init_process_group("gloo")
    found = updated()
    if rank() == 0:
        print(json.dumps(found))
    group.destroy_process_group()


if __name__ == "__main__":
    main()
