"""Two processes take the gradient that one takes of all samples; one process sends nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import torch

from numeric.algorithms.parallel import all_reduce_gradients, mean_over_processes, processes, rank
from tests.algorithms.two_processes import updated

WORKER = str(Path(__file__).with_name("two_processes.py"))
ROOT = str(Path(__file__).parents[2])


def under_torchrun(ranks: int) -> dict:
    """What two_processes.py prints when that many processes share its samples."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks), WORKER]
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ROOT}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=surroundings)
    assert done.returncode == 0, done.stderr[-2000:]
    (line,) = [text for text in done.stdout.splitlines() if text.startswith("{")]
    return json.loads(line)


def test_two_processes_take_the_same_gradients_as_one_batch() -> None:
    """Three steps, each changing the weights; advantages normalised, gradients cut: float64, a few hundred roundings."""
    one, two = updated(), under_torchrun(2)
    assert len(one["gradients"]) == len(two["gradients"]) == 3
    first, second = (torch.tensor(found["gradients"], dtype=torch.float64) for found in (one, two))
    assert (first - second).abs().max() <= 1e-13
    assert abs(one["kl"] - two["kl"]) <= 1e-13 and one["kl"] > 0
    assert first.norm(dim=1).min() > 0.04, "there is a gradient, and it was cut to 0.05"


def test_one_process_sends_nothing_and_changes_nothing() -> None:
    weight = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    weight.grad = torch.tensor([3.0, 4.0])
    alone = torch.nn.Parameter(torch.zeros(1))
    all_reduce_gradients([weight, alone])
    assert weight.grad.tolist() == [3.0, 4.0] and alone.grad is None
    assert processes() == 1 and rank() == 0
    assert mean_over_processes(weight) is weight
