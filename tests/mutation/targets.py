"""What is mutated, and what must notice: the judge, and what turns evidence into verdicts."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.mutation.evidence import EvidenceCode
from tests.mutation.target import VERIFY, Commands, Target, names, pytest


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


TARGETS: dict[str, Target] = {target.name: target for target in (Kernel(), EvidenceCode())}
