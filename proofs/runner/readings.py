"""The readings of a claim as the runner asks for them: what is printed needs its notation, a script its variant."""

from __future__ import annotations

from typing import Any

from proofs.claims import Claim, Control, Instance, Mutant
from proofs.kernel.statement import Statement
from proofs.kernel.terms import Term
from proofs.kernel.value import outcome
from proofs.readings.latex import draw_names
from proofs.readings.latex import latex as tex
from proofs.readings.latex import text as plain


def latex(claim: Claim, t: Term) -> str:
    """TeX of a term in the claim's notation."""
    return tex(t, claim.notation, _draws(claim))


def text(claim: Claim, t: Term) -> str:
    """One line of plain text."""
    return plain(t, _draws(claim))


def _draws(claim: Claim) -> dict[str, list[str]]:
    return draw_names(claim.statement.raw) if claim.statement else {}


def sides(statement: Statement, point: Instance) -> dict[str, Any]:
    """{"outcome", "sides": [[exact text, decimal], ...], "why"?} of a statement at an instance."""
    try:
        from proofs.readings import exact
    except ImportError:
        found, why = outcome(statement, point)
        return {"outcome": found, "sides": [], "why": why}
    return exact.sides(statement, point)


def script(claim: Claim, variant: Mutant | Control | None = None) -> Any:
    """The stand-alone SymPy script (source, sizes, symbolic) of a claim, step by step, or of a variant of it.

    A mutant is run at the instance that refutes it.  Raises ValueError where the statement has no form in a script.
    """
    from proofs.readings import sympy_script

    statement = claim.statement if variant is None else variant.statement
    if statement is None:
        raise ValueError(f"{claim.id} has no formal statement to make a script of")
    own = variant.at if isinstance(variant, Mutant) else None
    at = own or claim.script_at or claim.witness
    story = None if variant is not None else _story(claim)
    name = claim.id if variant is None else f"{claim.id}, {variant.id}"
    return sympy_script.script(name, claim.title if variant is None else variant.title, statement, at, story)


def _story(claim: Claim) -> Any:
    """The chain that leads from one side of the claim to the other, or None."""
    from proofs.readings.sympy_script import main_story
    from proofs.runner.bundle import NoCertificate, derived

    if claim.statement is None:
        return None
    try:
        proof = derived(claim, claim.statement, claim.derive, {})
    except NoCertificate:
        return None
    return main_story(proof.stories, claim.statement.claim)
