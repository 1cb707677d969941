"""What is mutated, and what must notice: the judge, and what turns evidence into verdicts."""

from __future__ import annotations

from tests.mutation.executing import Executing
from tests.mutation.target import Target


class Kernel(Executing):
    """The judge: its own tests, then every claim proved again and every wrong variant refuted again."""

    name, folders = "kernel", ("proofs/kernel",)
    TESTS = ("tests/kernel", "tests/tactics")
    NOT_BEHAVIOUR = ("trusted_base", "guards")
    WHOLE, VERIFIES_ALL = ("tests/kernel/test_fuzz.py",), True
    CLAIMS = ("--channel", "proof")


class EvidenceCode(Executing):
    """Statistics and the runner: their tests, and a few claims through every channel."""

    name, folders = "evidence", ("numeric/montecarlo", "proofs/runner", "proofs/runner/channels")
    TESTS = ("tests/montecarlo", "tests/experiments", "tests/runner")
    CLAIMS = ("hw23c", "hw10a.2", "cs4789-1b.2", "hw14a")  # a mean, an ordering, a false sentence, code


TARGETS: dict[str, Target] = {target.name: target for target in (Kernel(), EvidenceCode())}
"""A target of the mutants: its files, what is tried on each mutant in its order, and a file that explains its survivors."""
