"""What is mutated, and what must notice: the judge, and what turns evidence into verdicts.

A target has its files, the commands that are tried on each mutant in their order, and a file that explains its survivors.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from pathlib import Path

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
    def commands(self, root: Path, file: str | None) -> Commands:
        """Name -> command, in the order in which they are tried on a mutant of the file; None: on the untouched copy."""


class Kernel(Target):
    """The judge: its own tests, then every claim proved again and every wrong variant refuted again."""

    name, folders = "kernel", ("proofs/kernel",)
    # What kills most in a second, and ends an endless mutant soonest; then what comes first of the rest.
    QUICK, FIRST = ("rules", "values", "noticed", "scope", "limits"), ("certificates", "fuzz", "attacks")
    NOT_BEHAVIOUR = (
        "trusted_base",
        "guards",
    )  # these read the judge's text, and a mutant must be noticed by what it does

    def commands(self, root: Path, file: str | None) -> Commands:
        known = (*self.QUICK, *self.FIRST, *self.NOT_BEHAVIOUR)
        rest = [*self.FIRST, *[n for n in names(root / "tests" / "kernel") if n not in known]]
        path = "tests/kernel/test_{}.py".format
        return {
            "import": [sys.executable, "-c", "import proofs.kernel.check"],
            "quick": pytest(*map(path, self.QUICK)),
            "pytest": pytest(*map(path, rest), "tests/tactics"),
            "verify": [sys.executable, *VERIFY, "--channel", "proof"],
        }


class EvidenceCode(Target):
    """Statistics and the runner: the nearest tests, a few claims through every channel, then the other tests."""

    name, folders = "evidence", ("numeric/montecarlo", "proofs/runner", "proofs/runner/channels")
    TESTS = ("tests/montecarlo", "tests/experiments", "tests/runner")
    CLAIMS = ("hw23c", "hw10a.2", "cs4789-1b.2", "hw14a")  # a mean, an ordering, a false sentence, code

    def near(self, root: Path, file: str) -> list[str]:
        """Tests that name the file, or its folder, those of the name first."""
        stem = Path(file).stem.strip("_")
        found = [p for folder in self.TESTS for p in sorted((root / folder).glob("test_*.py"))]
        named = [p for p in found if stem in p.stem.removeprefix("test_")]
        said = [
            p
            for p in found
            if p not in named and Path(file).with_suffix("").as_posix().replace("/", ".") in p.read_text("utf8")
        ]
        return [p.relative_to(root).as_posix() for p in (*named, *said)]

    def commands(self, root: Path, file: str | None) -> Commands:
        every = [p.relative_to(root).as_posix() for f in self.TESTS for p in sorted((root / f).glob("test_*.py"))]
        near = every if file is None else self.near(root, file)
        module = (
            "proofs.runner.cli"
            if file is None
            else Path(file).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        )
        verify = [sys.executable, *VERIFY, *self.CLAIMS]
        rest = [p for p in every if p not in near or file is None]
        tried = {
            "import": [sys.executable, "-c", f"import {module}"],
            "near": pytest(*near),
            "verify": verify,
            "pytest": pytest(*rest),
        }
        return {name: command for name, command in tried.items() if name != "near" or near}


TARGETS: dict[str, Target] = {target.name: target for target in (Kernel(), EvidenceCode())}
