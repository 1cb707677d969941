"""The two sides of a claim, read off its statement."""

from __future__ import annotations

from proofs.claims import Claim
from proofs.kernel.terms import Term, show


def sides(claim: Claim) -> tuple[Term, Term]:
    """Left and right of an equation.  Raises ValueError where the claim is no equation."""
    if claim.says is None or claim.says.op != "Eq":
        raise ValueError(f"{claim.id} must say an equation; got {claim.says and show(claim.says)}")
    left, right = claim.says.args
    return left, right
