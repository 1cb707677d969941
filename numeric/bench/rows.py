"""What one measurement is."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

OURS = "rlproofs"


@dataclass(frozen=True)
class Row:
    """One implementation on one problem.

    bench, problem: such as "gae" and "128 x 1024".  who: the implementation in words.  library: the package it comes from.
    median, least, most: seconds of one call, None where it was not run; n: how many calls.  error: largest distance from float64
    by definition, in the unit of the result.  figures: what else is reported, by name.  note: the sentence for a row that was not
    run, or what one should know.
    """

    bench: str
    problem: str
    who: str
    library: str
    median: float | None = None
    least: float | None = None
    most: float | None = None
    n: int = 0
    error: float | None = None
    dtype: str = "float32"
    device: str = "cpu"
    figures: tuple[tuple[str, float], ...] = ()
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As it is recorded."""
        return {**asdict(self), "version": version(self.library), "figures": dict(self.figures)}


def version(library: str) -> str | None:
    """The installed version; None where it is not installed."""
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None


def missing(*libraries: str) -> str:
    """The sentence for a row that was not run, or nothing where all of them are installed."""
    gone = [name for name in libraries if version(name) is None]
    return f"not run: {' and '.join(gone)} not installed" if gone else ""


def ratios(rows: Iterable[dict[str, Any]]) -> dict[tuple[str, str, str], float]:
    """(bench, problem, who) -> how many times as long as ours it took, for every row that ran beside one of ours."""
    ran = [row for row in rows if row["median"]]
    ours = {(row["bench"], row["problem"]): row["median"] for row in reversed(ran) if row["library"] == OURS}
    return {
        (row["bench"], row["problem"], row["who"]): row["median"] / ours[row["bench"], row["problem"]]
        for row in ran
        if (row["bench"], row["problem"]) in ours
    }


def size(shape: Sequence[int]) -> str:
    """[128, 1024] as it is written in a table."""
    return " x ".join(str(n) for n in shape)
