"""A claim as plain data: what stands in its record before anything runs, in `list --json`, and on the site."""

from __future__ import annotations

from typing import Any

from proofs.claims import Claim
from proofs.runner import ids
from proofs.runner.discovery import Catalogue, catalogue
from proofs.runner.inputs import Sources, digest, inputs
from proofs.runner.readings import latex, text

Data = dict[str, Any]


def static(claim: Claim, version: int) -> Data:
    """What a record says of a claim itself."""
    says = claim.says
    return {
        "id": claim.id,
        "version": version,
        "title": claim.title,
        "kind": claim.kind,
        "topic": claim.topic.id,
        "source": str(claim.source),
        "aliases": list(claim.aliases),
        "expected": claim.expected,
        "statement": said(claim),
        "latex": None if says is None else latex(claim, says),
        "promises": dict(claim.promises),
        "statement_hash": claim.hash() or None,
    }


def said(claim: Claim) -> str:
    """The formula as text; of a contract its promises; the title while there is neither."""
    if claim.promises:
        return " ".join(claim.promises.values())
    return claim.title if claim.says is None else text(claim, claim.says)


def row(found: Catalogue, claim: Claim, record: Data | None) -> Data:
    """One object of `list --json`.  record: the ledger's, or None; scope and verdict are null without it."""
    given = [
        {
            "id": h.name,
            "text": h.text,
            "statement": text(claim, h.prop),
            "witness": claim.witness,
            "necessity": h.without,
        }
        for h in claim.given
    ]
    return {
        "id": claim.id,
        "aliases": list(claim.aliases),
        "kind": claim.kind,
        "title": claim.title,
        "topic": claim.topic.id,
        "source": str(claim.source),
        "statement": said(claim),
        "hypotheses": given,
        "scope": record and record["scope"],
        "verdict": record and record["verdict"],
        "channels": list(found.channels(claim)),
        "mutants": [
            {"id": m.id, "title": m.title, "channels": list(m.channels)} for m in found.mutants(claim).values()
        ],
    }


def current_inputs() -> dict[str, Data]:
    """For each claim what a ledger must agree with: version, statement hash, inputs hash; and its topic."""
    found, known, sources = catalogue(), ids.read_ids(), Sources()
    out = {}
    for claim in found.claims.values():
        version = ids.number(claim, known)
        out[claim.id] = {
            "version": version,
            "statement_hash": claim.hash() or None,
            "inputs_hash": digest(inputs(found, claim, known, sources)),
            "topic": claim.topic.id,
            "topic_title": claim.topic.title,
        }
    return out
