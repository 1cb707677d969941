"""A derivation as it is being written: how far it comes, and the goal at which it stops."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proofs.claims import Claim, bundle_order
from proofs.kernel.poly import Undecided
from proofs.kernel.statement import Decls
from proofs.kernel.terms import Malformed
from proofs.tactics.proof import Chain, Proof, Step

HERE = Path(__file__).resolve().parents[1]
OURS = [
    HERE / name for name in ("tactics", "kernel", "runner", "readings")
]  # lines in these folders are not the author's


@dataclass(frozen=True)
class Refusal:
    """What was asked of the judge when it refused: a rule, the steps it was to stand on, its arguments, and the sentence."""

    rule: str
    premises: Sequence[Step]
    args: tuple[Any, ...]
    said: str
    decls: Decls


class Attempt(Proof):
    """A proof that remembers its chains, the unfinished one included, and the last refusal."""

    def __init__(self, claim: Claim) -> None:
        if claim.statement is None:
            raise ValueError(f"{claim.id} has no formal statement yet")
        self.chains: list[Chain] = []
        self.refusal: Refusal | None = None
        self.error: Exception | None = None
        super().__init__(claim.statement, [(u.id, u.statement) for u in bundle_order(claim.uses) if u.statement])

    def rule(self, name: str, premises: Sequence[Any] = (), *args: Any) -> Step:
        steps = [self.step(p) for p in premises]
        try:
            return super().rule(name, steps, *args)
        except (Undecided, Malformed) as why:
            self.refusal = Refusal(name, steps, args, str(why), self.statement.decls)
            raise

    def chain(self, start: Any, title: str = "") -> Chain:
        self.chains.append(super().chain(start, title))
        return self.chains[-1]

    # --------------------------------------------------------------------------------- where it stopped
    @property
    def goal(self) -> Refusal | None:
        """The refusal that ended the derivation; none where it ended by itself, or by a slip of the author's."""
        mine = self.refusal if isinstance(self.error, (Undecided, Malformed)) else None
        return mine if mine and str(self.error).startswith(mine.said) else None

    @property
    def unfinished(self) -> Chain | None:
        """The chain whose next line did not come about."""
        last = self.chains[-1] if self.error and self.chains else None
        return None if last is None or any(s is last.story for s in self.stories) else last

    @property
    def place(self) -> str:
        """`kl.py, line 52`: the author's own line, innermost."""
        frames = traceback.extract_tb(self.error.__traceback__) if self.error else []
        mine = [f for f in frames if Path(f.filename).resolve().parent not in OURS]
        return f"{Path(mine[-1].filename).name}, line {mine[-1].lineno}" if mine else ""


def attempted(claim: Claim) -> Attempt | None:
    """The derivation carried out, whatever comes of it; None where there is none."""
    if claim.statement is None or claim.derive is None:
        return None
    proof = Attempt(claim)
    try:
        claim.derive(proof, claim.statement.claim)
    except Exception as error:  # an author's slip is reported like a step that fails
        proof.error = error
    return proof
