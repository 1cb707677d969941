"""One marked `gpu` is skipped where there is no CUDA device; tests that share a file, or the built site, share a worker."""

from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if getattr(config.option, "loadgroup", False):  # set in the workers of pytest-xdist
        for item in items:
            item.add_marker(pytest.mark.xdist_group(group(item.path)))
    skip_without_device([item for item in items if item.get_closest_marker("gpu")])


def skip_without_device(marked: list[pytest.Item]) -> None:
    """Skip these tests on a machine without a device; torch is imported only where there are any."""
    if not marked:
        return
    import torch

    if not torch.cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="not run: no CUDA device"))


def group(path: Path) -> str:
    """Tests of one group run in one worker: a file's; all that read the built site; the claims, which share the ledger."""
    inside = path.relative_to(HERE).parts if path.is_relative_to(HERE) else ("claims",)
    return inside[0] if inside[0] in ("site", "claims") else "-".join(inside)
