"""Several processes, one gradient: what data-parallel learners exchange (torch.distributed, any backend).

Each process collects and differentiates its own samples, as many as every other; the mean of their gradients is then the
gradient of the mean over all samples.  That holds only if what stands inside the loss is over all samples, too: an advantage
that is normalised needs the mean and the deviation of every process.  Equal first weights and equal gradients keep the weights
equal.  In a single process nothing is sent and nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.distributed as group
from torch import Tensor, nn


def processes() -> int:
    """How many there are; 1 where no process group was begun."""
    return group.get_world_size() if group.is_available() and group.is_initialized() else 1


def rank() -> int:
    """The number of this process, from 0; 0 where there is one."""
    return group.get_rank() if processes() > 1 else 0


def mean_over_processes(x: Tensor) -> Tensor:
    """The mean of the processes' tensors of this shape; x itself where there is one process.  Data: no gradient passes."""
    if processes() == 1:
        return x
    total = x.detach().clone()
    group.all_reduce(total)
    return total / processes()


@torch.no_grad()
def all_reduce_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Put the mean of the processes' gradients in every `.grad`, by one message; a missing gradient counts as 0.

    To be called after `backward` and before gradients are clipped: a clipped mean is not the mean of clipped ones.
    """
    if processes() == 1:
        return
    given = list(parameters)
    for one in given:
        if one.grad is None:  # else the messages would differ in length, where one process's loss misses a parameter
            one.grad = torch.zeros_like(one)
    grads = [one.grad for one in given if one.grad is not None]
    flat = mean_over_processes(torch.cat([grad.flatten() for grad in grads]))
    for grad, mean in zip(grads, torch.split(flat, [grad.numel() for grad in grads]), strict=True):
        grad.copy_(mean.view_as(grad))
