"""`rlproofs show`: a claim in plain text as a person would write it down, or its SymPy script."""

from __future__ import annotations

from typing import Any

from proofs.claims import Claim, Control, Hypothesis, Mutant
from proofs.runner.attempt import attempted
from proofs.runner.declared import instance, names
from proofs.runner.discovery import Catalogue, NotFound
from proofs.runner.plain import WIDTH, entries, formula, paragraph, room
from proofs.runner.readings import script, text
from proofs.runner.told import derivation
from proofs.runner.verdicts import FATES

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
    """Statement, derivation, what is recorded, and what attacks the claim.  record: the ledger's, or None.

    The derivation is carried out here and now, so that an author sees where it stops; no verdict comes of that.
    """
    out = paragraph(f"{claim.id}  {claim.title}", hang="  ")
    out += paragraph(f"{claim.kind}; {claim.source}; topic {claim.topic.id}", "  ")
    parts = [("Statement", statement(claim)), ("Derivation", proof(claim)), ("Recorded", state(record))]
    parts += [("Wrong variants", mutants(found, claim, record)), ("True re-wordings", controls(claim, record))]
    for title, lines in parts:
        if lines:
            out += ["", title, *lines]
    return "\n".join(_single(out))


def _single(lines: list[str]) -> list[str]:
    """Never two empty lines in a row, and none at the end."""
    out = [line.rstrip() for n, line in enumerate(lines) if line.strip() or (n and lines[n - 1].strip())]
    while out and not out[-1]:
        out.pop()
    return out


# ------------------------------------------------------------------------------------- the statement
def statement(claim: Claim) -> list[str]:
    """The formula; what its names are; each hypothesis as a formula, in words, and why it is needed; the witness."""
    if claim.promises:
        return promises(claim)
    if claim.says is None:
        return paragraph(f"no formal statement yet. {claim.about}", "  ")
    out = [*formula(text(claim, claim.says), "  ", "    "), ""]
    declared = names(claim)
    at = room([name for name, _ in declared])
    out += [*entries([(name, formula(what, width=WIDTH - at)) for name, what in declared]), ""]
    rows = [(h.name, hypothesis(claim, h)) for h in claim.given]
    label = "counterexample" if claim.expected == "refuted" else "witness"
    rows.append((label, paragraph(instance(claim, claim.witness), width=WIDTH - 22)))
    if claim.uses:
        rows.append(("uses", paragraph(", ".join(u.id for u in claim.uses), width=WIDTH - 22)))
    return [*out, *entries(rows)]


def promises(claim: Claim) -> list[str]:
    """What a contract promises, by name; and the claims that it stands on."""
    rows = [(name, paragraph(sentence, width=WIDTH - 22)) for name, sentence in claim.promises.items()]
    if claim.uses:
        rows.append(("uses", paragraph(", ".join(u.id for u in claim.uses), width=WIDTH - 22)))
    return entries(rows)


def hypothesis(claim: Claim, h: Hypothesis) -> list[str]:
    """The formula, the words, and an instance that violates it alone."""
    width = WIDTH - 22
    at = None if isinstance(h.without, str) else instance(claim, h.without, claim.witness)
    needed = str(h.without) if at is None else f"needed: the statement fails at {at}"
    words = [*paragraph(h.text, width=width), *paragraph(needed, width=width)]
    return [*formula(text(claim, h.prop), width=width), *words]


def proof(claim: Claim) -> list[str]:
    made = attempted(claim)
    if claim.expected == "refuted":
        return ["  none: the sentence is false, and the witness is a counterexample"]
    if made is None:
        return ["  none is written yet"] if claim.says is not None else []
    return derivation(claim, made)


# ------------------------------------------------------------------------------------- what is recorded
def state(record: Data | None) -> list[str]:
    if record is None:
        return ["  not run here: `rlproofs verify` records a verdict"]
    out = paragraph(f"GAP: {record['gap']['missing']}", "  ", "    ") if record["gap"] else []
    out.append(f"  {', '.join(filter(None, (record['verdict'], record['scope'])))}")
    for name, found in record["channels"].items():
        why = str(found.get("reason") or found.get("detail") or "").partition("\n")[0]
        out += paragraph(f"{name:<11} {found['verdict']:<10} {why}", "    ", " " * 27)
    problems = [str(p).partition("\n")[0] for p in record["problems"]]
    return [*out, *[line for p in problems for line in paragraph(f"PROBLEM: {p}", "  ", "    ")]]


def mutants(found: Catalogue, claim: Claim, record: Data | None) -> list[str]:
    """Each wrong variant: what it is, at which instance it is refuted, and by which channels."""
    fates = (record or {}).get("mutants", {})
    rows = []
    for m in found.mutants(claim).values():
        words = f"{fate(fates.get(m.id))}{where(claim, m)}"
        rows.append((m.id, [*paragraph(m.title, width=WIDTH - 32), *paragraph(words, width=WIDTH - 32)]))
    return entries(rows, most=28)


def fate(row: Data | None) -> str:
    """What the ledger says of a mutant; one that does not count as refuted says so first."""
    if row is None:
        return "not run"
    by = f" by {', '.join(row['refuted_by'])}" if row["refuted_by"] else ""
    return (
        f"refuted{by}"
        if row["outcome"] == "refuted"
        else f"NOT refuted: it {FATES[row['outcome']]}{by and f' (refuted{by})'}"
    )


def where(claim: Claim, m: Mutant) -> str:
    if m.at is None:
        return f", in {m.patch[0]}" if m.patch else ""
    return f", at {'the witness' if m.at == claim.witness else instance(claim, m.at, claim.witness)}"


def controls(claim: Claim, record: Data | None) -> list[str]:
    fates = (record or {}).get("controls", {})
    rows = []
    for c in claim.controls.values():
        by = fates[c.id]["confirmed_by"] if c.id in fates else None
        fate = "not run" if by is None else f"confirmed by {', '.join(by)}" if by else "NOT confirmed"
        rows.append((c.id, paragraph(f"{c.title}: {fate}", width=WIDTH - 32)))
    return entries(rows, most=28)
