"""What a run ran on."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from numeric.bench.rows import version

LIBRARIES = (
    "torch", "numpy", "scipy", "gymnasium", "stable-baselines3", "torchrl", "tensordict", "quantecon", "numba", "rlax", "jax",
)  # fmt: skip


def machine(core: int | None) -> dict[str, Any]:
    """Processor, memory, system, versions, load.  core: the one that the process is held to."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "held to one core": core is not None,
        "memory_gib": memory(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "gpu": gpu(),
        "versions": {name: found for name in LIBRARIES if (found := version(name)) is not None},
        "load_before": load(),
    }


def load() -> list[float]:
    """How many processes wanted to run over the last 1, 5 and 15 minutes; a core each would be the number of cores."""
    return [round(x, 2) for x in os.getloadavg()] if hasattr(os, "getloadavg") else []


def processor() -> str:
    """Its name."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def memory() -> float | None:
    """GiB of main memory."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None


def gpu() -> str | None:
    """The name of the CUDA device, None where there is none."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def commit() -> str | None:
    """The commit of the checkout, with `+` where files differ from it; None outside of one."""
    root = Path(__file__).resolve().parents[2]
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True)
        changed = subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")
