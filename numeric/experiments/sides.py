"""What is sampled of a claim, read off its statement: the two sides of an equation, or the whole sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proofs.claims import Claim, Evidence, Instance
from proofs.kernel.terms import Term, show


def sides(claim: Claim) -> tuple[Term, Term]:
    """Left and right of an equation.  Raises ValueError where the claim is no equation."""
    if claim.says is None or claim.says.op != "Eq":
        raise ValueError(f"{claim.id} must say an equation; got {claim.says and show(claim.says)}")
    left, right = claim.says.args
    return left, right


def as_stated(evidence: Evidence, instance: Instance, *, own: Sequence[str] = (), **more: Any) -> None:
    """Sample the claim's own sentence, comparison by comparison.

    also: further instances by name, each with coordinates of its own.  own: mutants that are sampled where they are planted;
    mutants: {id: {"instance": ...}} for those that are sampled elsewhere.
    """
    says, mutants = evidence.claim.says, evidence.claim.mutants
    if says is None:
        raise ValueError(f"{evidence.claim.id} must have a formal statement to be sampled; got none")
    places = {**{name: {"instance": mutants[name].at} for name in own}, **more.pop("mutants", {})}
    evidence.montecarlo(instance, estimand=says, target=says, mutants=places, **more)
