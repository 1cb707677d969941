"""A stand-alone SymPy script for a statement: the second engine, which shares no code with the judge.

The script exits with 0 if every residual is 0 and every comparison holds, and with 3 if one does not or a term is
undefined.  Any other exit refutes nothing.  It runs at the sizes of an instance: with the instance's exact numbers, then,
where the statement has equations, with symbols for the reals, functions and pmfs that no hypothesis restricts.  Equations
among the hypotheses that define a function are solved, last index first.  Statements on reals alone with kinks or
inequalities are compared at exact points (see proofs.readings.points).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proofs.kernel.statement import Statement
from proofs.kernel.terms import Term, free_paths, subterms
from proofs.readings.points import points_body
from proofs.readings.script_writer import Script, Writer


def main_story(stories: Sequence[Any], claim: Term) -> Any:
    """The last chain from the claim's left side to its right side, without names of its own, or None.

    A chain with a title is about one case or one step, and may hold there alone.
    """
    for story in (s for s in reversed(stories) if not s.title):
        ends = (story.start, story.lines[-1].term) if story.lines else None
        if ends == claim.args[:2] and all(map(_plain, [story.start, *[line.term for line in story.lines]])):
            return story
    return None


def _plain(t: Term) -> bool:
    local = any(s.op == "Sym" and s.args[0].startswith(("_", "#")) for s in subterms(t))
    return not local and not free_paths(t)


def script(
    claim_id: str,
    title: str,
    statement: Statement,
    instance: Mapping[str, Any],
    story: Any = None,
    symbolic: bool = True,
    numbers: bool = True,
) -> Script:
    """The script of a statement at an instance.

    story: a chain (start, and lines with relation, term and reason) that is replayed step by step.  symbolic=False leaves
    out the symbols, numbers=False the numbers.  Raises ValueError where the statement has no form in a script.
    """
    writer = Writer(claim_id, title, statement, instance, story)
    if not writer.on_points():
        return writer.at_sizes(symbolic, numbers)
    body, regions = points_body(writer, symbolic, numbers)
    where = "exact points" if numbers else ""
    sizes = " and ".join(s for s in (where, "symbols in each region" if regions else "") if s)
    return writer.assembled(f"at {sizes}", body, regions)


__all__ = ["Script", "main_story", "script"]
