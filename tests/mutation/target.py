"""A target of the mutants: its files, what is tried on each mutant in its order, and a file that explains its survivors."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mutation.population import Mutant

if TYPE_CHECKING:
    from tests.mutation.bench import Bench, End

Commands = dict[str, list[str]]
QUIET = [
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:rlproofs",
    "--hypothesis-profile=ci",
    "-m",
    "not nightly and not gpu",
]
NO_TESTS = 5  # pytest's exit code where none is selected: all of a file need a GPU, or the night
VERIFY = ["-m", "proofs.runner", "verify", "--no-cache", "--jobs", "1"]


def pytest(*paths: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *QUIET, *paths]


def names(folder: Path) -> list[str]:
    """a_b of every tests file test_a_b.py of a folder."""
    return [p.stem.removeprefix("test_") for p in sorted(folder.glob("test_*.py"))]


class Target(ABC):
    """name: as it is asked for.  folders: whose files are mutated."""

    name: str
    folders: tuple[str, ...]
    kept: Path | None = None  # a file for what `begin` measures, to try a few mutants again without it

    @property
    def survivors(self) -> Path:
        """The file with a line for each mutant that lives, and why it does no harm."""
        return Path(__file__).with_name("survivors.toml" if self.name == "kernel" else f"survivors_{self.name}.toml")

    def path(self, file: str) -> str:
        """The path of a file by the name that its mutants bear."""
        return file if len(self.folders) > 1 else f"{self.folders[0]}/{file}"

    def files(self, root: Path) -> list[tuple[str, Path]]:
        """(name, path) of every file."""
        found = [p.relative_to(root) for f in self.folders for p in sorted((root / f).glob("*.py"))]
        return [(p.name if len(self.folders) == 1 else p.as_posix(), root / p) for p in found]

    @abstractmethod
    def begin(self, made: Sequence[Bench]) -> None:
        """The untouched copies are green, and what that takes sets the limits.  Raises SystemExit."""

    @abstractmethod
    def tries(self, bench: Bench, mutant: Mutant) -> Iterator[tuple[str, list[str], float]]:
        """Name, command and limit (processor seconds) of what is tried on a mutant, one after the other."""

    @abstractmethod
    def importing(self, file: str) -> list[str]:
        """The command that imports a file."""

    @abstractmethod
    def learn(self, end: End) -> None:
        """What the end of a mutant says about what to try first on the next."""

    @abstractmethod
    def end(self, made: Sequence[Bench], ends: Sequence[End]) -> None:
        """The copies are as they were: what was green is green.  Raises SystemExit."""
