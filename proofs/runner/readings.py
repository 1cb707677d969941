"""The readings of a claim as the runner asks for them: what is printed needs its notation, a script its variant."""

from __future__ import annotations

from typing import Any

from proofs.claims import Claim, Control, Instance, Mutant
from proofs.kernel.poly import Poly, back
from proofs.kernel.statement import Statement
from proofs.kernel.terms import Term
from proofs.kernel.value import Instance as Values
from proofs.kernel.value import Undefined, ball
from proofs.readings.latex import draw_names
from proofs.readings.latex import latex as tex
from proofs.readings.latex import text as plain

COMPARISONS = ("Eq", "Le", "Lt", "Ne")


def latex(claim: Claim, t: Term) -> str:
    """TeX of a term in the claim's notation."""
    return tex(t, claim.notation, _draws(claim))


def text(claim: Claim, t: Term) -> str:
    """One line of plain text."""
    return plain(t, _draws(claim))


def _draws(claim: Claim) -> dict[str, list[str]]:
    return draw_names(claim.statement.raw) if claim.statement else {}


def sides(statement: Statement, point: Instance) -> dict[str, Any]:
    """{"outcome", "sides": [[exact text, decimal], ...], "why"?} of a statement at an instance, both sides by definition.

    Raises Undecided or Malformed where no sign is decided or the instance does not serve.
    """
    at = Values(statement, point)
    bad = at.violated()
    if bad is not None:
        return {"outcome": "not admissible", "sides": [], "why": f"the instance violates {bad}"}
    try:
        holds = at.value(statement.claim)
        compared = statement.claim.args if statement.claim.op in COMPARISONS else ()
        return {"outcome": "true" if holds else "false", "sides": [written(at.value(side)) for side in compared]}
    except Undefined as why:
        return {"outcome": "undefined", "sides": [], "why": str(why)}


def written(p: Poly) -> list[str]:
    """[exact text, decimal] of a rational, or of a polynomial in logarithms of primes."""
    near = ball(p, 128)
    middle = 0.0 if near.contains(0) else float(near.mid())  # of a zero it is noise, and another in each process
    return [plain(back(p)), f"{middle:.6g}"]


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
