"""`rlproofs show`: a claim in plain text, or its SymPy script."""

from __future__ import annotations

import json
from typing import Any

from proofs.claims import Claim, Control, Mutant
from proofs.runner.discovery import Catalogue, NotFound
from proofs.runner.readings import script, text

Data = dict[str, Any]


def script_of(claim: Claim, variant: str | None) -> str:
    """The script of a claim, or of one of its mutants or controls.  Raises NotFound."""
    variants: dict[str, Mutant | Control] = {**claim.mutants, **claim.controls}
    if variant is not None and variant not in variants:
        raise NotFound(
            f"{claim.id} has no mutant or control {variant!r} with a statement; it has {', '.join(variants)}"
        )
    try:
        source: str = script(claim, None if variant is None else variants[variant]).source
    except ValueError as error:
        raise NotFound(f"no script: {error}") from error
    return source if source.endswith("\n") else f"{source}\n"


def shown(found: Catalogue, claim: Claim, record: Data | None) -> str:
    """Statement, hypotheses, what is recorded, and what attacks the claim."""
    out = [f"{claim.id}  {claim.title}", f"  {claim.kind}; {claim.source}; topic {claim.topic.id}"]
    if claim.says is None:
        out.append(f"  no formal statement yet. {claim.about}".rstrip())
    else:
        out += ["", f"  {text(claim, claim.says)}", ""]
    for h in claim.given:
        out.append(f"  given {h.name}: {text(claim, h.prop)}   ({h.text})")
    if claim.says is not None:
        out.append(f"  witness {json.dumps(claim.witness)}")
    if claim.uses:
        out.append(f"  uses {', '.join(u.id for u in claim.uses)}")
    return "\n".join([*out, "", *state(record), *variants(found, claim, record)])


def state(record: Data | None) -> list[str]:
    if record is None:
        return ["  not run here: `rlproofs verify` records a verdict", ""]
    gap = [f"  GAP: {record['gap']['missing']}"] if record["gap"] else []
    out = [*gap, f"  {', '.join(filter(None, (record['verdict'], record['scope'])))}"]
    for name, found in record["channels"].items():
        out.append(f"    {name:<11} {found['verdict']:<10} {found.get('reason') or found.get('detail') or ''}".rstrip())
    return [*out, *[f"  PROBLEM: {p}" for p in record["problems"]], ""]


def variants(found: Catalogue, claim: Claim, record: Data | None) -> list[str]:
    """Wrong variants with what became of them."""
    fates = (record or {}).get("mutants", {})
    out = []
    for m in found.mutants(claim).values():
        by = ", ".join(fates[m.id]["refuted_by"]) if m.id in fates else "not run"
        out.append(f"  mutant {m.id}: {m.title} [{by}]")
    return out + [f"  control {c.id}: {c.title}" for c in claim.controls.values()]
