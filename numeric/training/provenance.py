"""Where a run's numbers come from: command, versions, commit, sources, machine.  No name of a machine and no path of one."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

Data = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("rlproofs", "torch", "numpy", "gymnasium")


def session(device: str) -> Data:
    """What one process of a run says of itself when it begins; the device as torch names it."""
    return {
        "began": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": ["rlproofs", *sys.argv[1:]],
        "versions": versions(),
        **commit(),
        "machine": machine(device),
    }


def versions() -> dict[str, str]:
    """Python and the packages that decide what a run computes."""
    out = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            out[name] = "not installed"
    return out


def machine(device: str) -> Data:
    """Processor, the instructions that torch takes on it, cores and threads; the accelerator where the run is on one."""
    import torch

    out: Data = {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
    }
    return out | ({"accelerator": torch.cuda.get_device_name(device)} if device.startswith("cuda") else {})


def processor() -> str:
    """The model as the system names it."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf8", errors="replace")
    except OSError:
        text = ""
    found = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return found[0] if found else platform.processor() or "unknown"


def commit() -> Data:
    """The commit of the checkout, and whether the code differs from it; None where there is no checkout."""

    def git(*words: str) -> str | None:
        try:
            done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, timeout=30)
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout if done.returncode == 0 else None

    head = git("rev-parse", "HEAD")
    if head is None:
        return {"commit": None, "changed": None}
    return {"commit": head.strip(), "changed": bool((git("status", "--porcelain", "--", "numeric") or "").strip())}


def code(module: str) -> str:
    """A hash of the algorithm's source, of the environments' and of all that they import: equal means the same code ran."""
    from proofs.runner.sources import Sources

    files = Sources().closure([module, "numeric.training.environments", "numeric.training.evaluate"]).files
    return hashlib.sha256("".join(f"{name} {digest}\n" for name, digest in files.items()).encode()).hexdigest()
