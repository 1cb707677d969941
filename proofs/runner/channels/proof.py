"""The judge's channel: a bundle is proposed here and replayed in a process of its own, which alone decides."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from proofs.claims import Claim, Control, Mutant, bundle_order
from proofs.kernel.statement import Statement
from proofs.runner import bundle
from proofs.runner.channels import Record
from proofs.runner.readings import latex, text
from proofs.scope import scope
from proofs.tactics.proof import Proof, Story

Made = dict[str, tuple[bundle.Item, Proof]]
RELATIONS = {"Eq": "=", "Le": "<=", "Lt": "<", "Ne": "!="}
KEPT = ("steps", "rules", "axioms", "claims")


def run(claim: Claim, *, versions: Mapping[str, int], seconds: float, made: Made) -> dict[str, Any]:
    """{"claim", "mutants", "controls", "hypotheses", "used", "evidence_hash"}: the judge on the claim and on all around it.

    made: items of claims that this process has derived before, for those that cite them.
    """
    items: list[bundle.Item] = []
    proof, refused = None, ""
    try:
        items, proof = bundle.core(claim, versions, made)
    except bundle.NoCertificate as error:
        refused = str(error)
    cited, failed = len(items), {}
    for control in _naming(claim.controls):
        try:
            items.append(bundle.control_item(claim, control, versions))
        except bundle.NoCertificate as error:
            failed[control.id] = {"verdict": "undecided", "detail": str(error)}
    items += counterexamples(claim, versions)  # last: a citation's evidence hash is of what stands before
    answer = bundle.replay(items, seconds) if items else {"reports": []}
    reports = {r["id"]: r for r in answer["reports"]}
    name = bundle.named(claim, versions)
    same_statements(claim, name, reports)
    core = bundle.text(items[:cited])
    if refused:
        record = {"verdict": "undecided", "reason": refused}
    elif proof is None:
        record = denied(reports[name], len(core))
    else:
        record = accepted(reports[name], proof.statement, len(core))
    decided = record["verdict"] in ("proved", "refuted")
    return {
        "claim": record | ({"derivation": derivation(claim, proof)} if proof else {}),
        "mutants": {m.id: against(reports[f"{name}!{m.id}"]) | {"instance": m.at} for m in stated(claim)},
        "controls": failed | {k: said(reports[f"{name}+{k}"]) for k in claim.controls if f"{name}+{k}" in reports},
        "hypotheses": {h.name: necessity(h.without, reports.get(f"{name}~{h.name}")) for h in claim.given},
        "used": met(claim, record) if proof is None else reports[name].get("hypotheses", []),
        "evidence_hash": hashlib.sha256(core.encode()).hexdigest() if decided else None,
    }


def same_statements(claim: Claim, name: str, reports: Mapping[str, Record]) -> None:
    """What the judge ruled on are the statements that were declared, each by its hash.  Raises RuntimeError."""
    declared = {name: claim.statement, **{f"{name}~{h.name}": claim.variant(without=[h.name]) for h in claim.given}}
    declared |= {f"{name}!{m.id}": m.statement for m in claim.mutants.values()}
    declared |= {f"{name}+{c.id}": c.statement for c in claim.controls.values()}
    for item, statement in declared.items():
        found = reports.get(item, {}).get("statement")
        if found is not None and (statement is None or found != statement.hash()):
            raise RuntimeError(f"the judge ruled on another statement than the one declared: {item}")


def _naming(controls: Mapping[str, Control]) -> list[Control]:
    return [c for c in controls.values() if "proof" in c.channels]


def stated(claim: Claim) -> list[Mutant]:
    """Every mutant that has a statement, whether it names this channel or not: a counterexample costs next to nothing."""
    return [m for m in claim.mutants.values() if m.statement is not None]


def counterexamples(claim: Claim, versions: Mapping[str, int]) -> list[bundle.Item]:
    """Each mutant at its instance, and the claim without each hypothesis at the instance that violates it."""
    name = bundle.named(claim, versions)
    out = [bundle.counterexample(f"{name}!{m.id}", s, m.at) for m in stated(claim) if (s := m.statement)]
    for h in claim.given:
        if isinstance(h.without, dict):
            out.append(bundle.counterexample(f"{name}~{h.name}", claim.variant(without=[h.name]), h.without))
    return out


def accepted(report: Record, statement: Statement, size: int) -> Record:
    """The judge's report as the channel's record, with how far the statement reaches; size: bytes of the bundle."""
    if report["verdict"] != "proved":
        return {"verdict": report["verdict"], "reason": report.get("reason", "")}
    found = {"verdict": "proved", "scope": scope(statement), "bytes": size, "check_ms": report["ms"]}
    return found | {k: report[k] for k in KEPT}


def denied(report: Record, size: int) -> Record:
    """The judge's report on the counterexample to a false sentence; size: bytes of the bundle."""
    found = against(report)
    return {"verdict": found["verdict"], "reason": found["detail"], "bytes": size, "check_ms": report["ms"]}


def met(claim: Claim, record: Record) -> list[str]:
    """The hypotheses that a counterexample meets: all of them, or it is none."""
    return [h.name for h in claim.given] if record["verdict"] == "refuted" else []


def said(report: Record) -> Record:
    """What the judge said of a control."""
    return {"verdict": report["verdict"], "detail": report.get("reason") or f"{report.get('steps', 0)} steps replayed"}


def against(report: Record) -> Record:
    """What the judge said of a mutant: refuted by its rule `counterexample`, or not."""
    if report["verdict"] != "refuted":
        return {"verdict": report["verdict"], "detail": report.get("reason", "")}
    why = f": {report['detail']}" if report.get("detail") else ""
    detail = f"counterexample: the instance makes it {report['reason']}{why}"
    return {"verdict": "refuted", "detail": detail, "outcome": f"{report['reason']}{why}"}


def necessity(without: Any, report: Record | None) -> Record:
    """Why a hypothesis is needed, as the judge saw it; or the author's line that says why no instance shows it."""
    if not isinstance(without, dict):
        return {"reason": str(without)}
    if report is None or report["verdict"] != "refuted":
        return {"instance": without, "outcome": "true", "verdict": (report or {}).get("verdict", "not run")}
    return {"instance": without, "outcome": report["reason"], "verdict": "refuted"}


# ------------------------------------------------------------------------------------- the derivation as it is read
def derivation(claim: Claim, proof: Proof) -> list[Record]:
    """The chains as they were written, each line with the certificate's small steps behind it."""
    return [line for story in proof.stories for line in told(claim, proof, story)]


def told(claim: Claim, proof: Proof, story: Story) -> list[Record]:
    rows = [("start", story.start, "", range(0))]
    rows += [(RELATIONS[line.relation], line.term, line.reason, line.steps) for line in story.lines]
    out = []
    for relation, t, reason, steps in rows:
        record = {"relation": relation, "latex": latex(claim, t), "text": text(claim, t), "reason": reason}
        out.append(record | {"steps": list(steps), "small": [small(claim, proof, n) for n in steps]})
    out[0]["title"] = story.title
    return out


def small(claim: Claim, proof: Proof, n: int) -> Record:
    """One step of the certificate: its rule, the steps that it stands on, what it gives, and which claim it cites."""
    rule, premises, args = proof.steps[n]
    thm = proof.replay.done[n]
    local = sorted(text(claim, h) for h in thm.hyps - {h for _, h in proof.statement.hyps})
    where = f"   where {', '.join(local)}" if local else ""
    found = {"n": n, "rule": rule, "premises": premises, "text": f"{text(claim, thm.prop)}{where}"}
    return found | ({"cites": cited(claim, args[0])} if rule == "cite" else {})


def cited(claim: Claim, digest: str) -> str:
    """The id of the claim, among those that this one stands on, whose statement has the hash.  Raises ValueError."""
    for one in bundle_order(claim.uses):
        if one.statement is not None and one.statement.hash() == digest:
            return one.id
    raise ValueError(f"a step cites a statement that is of none of the claims used; got {digest[:12]}")
