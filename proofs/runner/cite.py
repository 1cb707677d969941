"""A citation: id@version, the hashes of statement and evidence, and the command that runs it again."""

from __future__ import annotations

from typing import Any

from proofs.runner.site.data import citation

Data = dict[str, Any]
NOT_RUN = "evidence: not run here"


def cite(static: Data, record: Data | None, released: str, style: str) -> str:
    """static: what the catalogue says of the claim; record: the ledger's, if it is of this very statement.

    style: "plain" or "bibtex".
    """
    known = {"evidence_hash": None, "verdict": NOT_RUN, "scope": None}
    found = citation({**static, **(record or known)}, {"rlproofs": released})
    if style == "bibtex":
        return str(found["bibtex"]).replace(f"verdict: {NOT_RUN}", NOT_RUN)
    verdict = NOT_RUN if record is None else ", ".join(filter(None, (record["verdict"], record["scope"])))
    lines = [f"{found['name']}  {static['title']}", f"  {static['statement']}", f"  {static['source']}", f"  {verdict}"]
    lines += [f"  NOT AS EXPECTED: {p}" for p in (record or {}).get("problems", [])]
    lines += [f"  {part}" for part in (found["statement"], found["evidence"]) if part]
    return "\n".join([*lines, f"  {found['command']}"])
