"""The exact channel: the statement evaluated by definition on its witness and on every named instance."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from proofs.claims import Claim, Instance, Mutant
from proofs.kernel.poly import Undecided
from proofs.kernel.statement import Statement
from proofs.kernel.terms import Malformed
from proofs.runner.channels import Record
from proofs.runner.readings import sides

BAD = ("false", "undefined")


def run(claim: Claim) -> dict[str, Any]:
    """{"claim", "mutants", "controls", "witness"}."""
    points = {"witness": claim.witness, **claim.instances}
    statement = claim.statement
    if statement is None:
        raise ValueError(f"{claim.id} has no formal statement to evaluate")
    rows = table(statement, points)
    mutants = [m for m in claim.mutants.values() if "exact" in m.channels]
    controls = [c for c in claim.controls.values() if "exact" in c.channels]
    return {
        "claim": confirmed(rows),
        "mutants": {m.id: attacked(statement, m, {**points, "its own": m.at or claim.witness}) for m in mutants},
        "controls": {c.id: confirmed(table(c.statement, points)) for c in controls},
        "witness": rows[0]["outcome"],
    }


def table(statement: Statement, points: dict[str, Instance]) -> list[Record]:
    """Each instance with its outcome and its sides; 'undecided' where no sign is decided or the data do not serve."""
    return [{"name": name, **value(statement, point)} for name, point in points.items()]


def value(statement: Statement, point: Instance) -> Record:
    try:
        return sides(statement, point)
    except (Undecided, Malformed) as error:
        return {"outcome": "undecided", "sides": [], "why": str(error)}


def confirmed(rows: list[Record]) -> Record:
    """All must be true: false or undefined refutes, anything else is undecided."""
    seen = [row["outcome"] for row in rows]
    verdict = "refuted" if any(s in BAD for s in seen) else "confirmed" if set(seen) == {"true"} else "undecided"
    odd = next((row for row in rows if row["outcome"] != "true"), None)
    detail = f"true on {len(rows)} instances" if odd is None else f"{odd['outcome']} at {odd['name']}: {told(odd)}"
    return {"verdict": verdict, "detail": detail, "instances": rows}


def attacked(claim: Statement, m: Mutant, points: dict[str, Instance]) -> Record:
    """A mutant at every instance.  False refutes it; undefined only where the claim itself is defined.

    values: a hash of what it is worth on all of them; mutants with equal values count once.
    """
    if m.statement is None:
        return {"verdict": "not run", "detail": "a change of code has no exact value"}
    rows = table(m.statement, points)
    mark = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
    for row in rows:
        bad = row["outcome"] == "false"
        bad |= row["outcome"] == "undefined" and value(claim, points[row["name"]])["outcome"] != "undefined"
        if bad:
            detail = f"{row['outcome']} at {row['name']}: {told(row)}"
            return {"verdict": "refuted", "detail": detail, "at": row["name"], "values": mark}
    verdict = "confirmed" if any(row["outcome"] == "true" for row in rows) else "undecided"
    return {"verdict": verdict, "detail": "no instance refutes it", "values": mark}


def told(row: Record) -> str:
    """Both sides in decimals, or why there are none."""
    return row.get("why") or " against ".join(decimal for _, decimal in row["sides"]) or "no sides"
