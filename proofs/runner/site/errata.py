"""The errata: what proofs/errata.toml says of a source's sentence, beside what the ledger has against it.

The file names the evidence; verdict, counterexample and formula come from the ledger. An entry whose evidence did not
refute in this run is listed apart and proves nothing.
"""

from __future__ import annotations

import re
from typing import Any

Data = dict[str, Any]

EVIDENCE = ("sentence", "hypothesis", "mutant", "contrary")
TEXTS = ("where", "says", "why")


class BadErratum(ValueError):
    """An entry that no ledger could back: a slip in the file."""


def errata(claims: dict[str, Data], rows: list[Data]) -> Data:
    """`entries` by document, each with its evidence; `open` holds those that this run does not back.

    A false sentence that the file leaves out is shown as the claim itself tells it.
    """
    found = [entry(claims, row) for row in rows]
    told = {one["claim"] for one in found if one["kind"] == "sentence"}
    alone = [name for name, claim in claims.items() if claim["kind"] == "false sentence" and name not in told]
    found += [entry(claims, untold(claims[name])) for name in alone]
    documents: dict[str, list[Data]] = {}
    for one in found:
        if one["backed"]:
            documents.setdefault(one["where"].split(",")[0], []).append(one)
    return {
        "documents": [{"name": name, "entries": documents[name]} for name in sorted(documents)],
        "open": [one for one in found if not one["backed"]],
        "count": sum(map(len, documents.values())),
    }


def untold(claim: Data) -> Data:
    """The entry of a false sentence that the file does not hold."""
    return {"where": claim["source"], "says": claim["title"], "why": "", "instead": [], "sentence": claim["id"]}


def entry(claims: dict[str, Data], row: Data) -> Data:
    """One entry with its evidence.  Raises BadErratum for unknown ids and keys."""
    kinds = [kind for kind in EVIDENCE if kind in row]
    if len(kinds) != 1 or set(row) != {*TEXTS, "instead", *kinds}:
        raise BadErratum(
            f"an erratum has {', '.join(TEXTS)}, instead, and one of {', '.join(EVIDENCE)}; got {sorted(row)}"
        )
    name, _, part = row[kinds[0]].partition(":")
    for one in (name, *row["instead"]):
        if one not in claims:
            raise BadErratum(f"the erratum at {row['where']!r} names {one}, which is no claim")
    against = {"sentence": sentence, "hypothesis": hypothesis, "mutant": mutant, "contrary": contrary}[kinds[0]]
    said = {key: row[key] for key in (*TEXTS, "instead")}
    return {**said, "kind": kinds[0], "claim": name, "part": part, **against(claims[name], part)}


def sentence(claim: Data, part: str) -> Data:
    """The counterexample of a false sentence."""
    if claim["kind"] != "false sentence":
        raise BadErratum(
            f"the erratum's sentence {claim['id']} must be a false sentence; it is of kind {claim['kind']}"
        )
    backed = claim["verdict"] == "refuted" and claim["ok"]
    witness = claim["witness"] or {"instance": None, "outcome": "not recorded"}
    return {"backed": backed, "latex": claim["latex"], "at": witness["instance"], "found": witness["outcome"]}


def hypothesis(claim: Data, part: str) -> Data:
    """The instance that lacks this hypothesis alone, and at which the statement breaks."""
    chosen = next((one for one in claim["hypotheses"] if one["id"] == part), None)
    if chosen is None:
        raise BadErratum(f"the erratum names the hypothesis {part} of {claim['id']}, which has none of that name")
    necessity = chosen.get("necessity") or {}
    backed = necessity.get("verdict") == "refuted" and claim["ok"]
    found = {"at": necessity.get("instance"), "found": necessity.get("outcome"), "needs": chosen["text"]}
    return {"backed": backed, "latex": chosen["latex"], **found}


def mutant(claim: Data, part: str) -> Data:
    """What refuted a wrong variant."""
    if part not in claim["mutants"]:
        raise BadErratum(f"the erratum names the wrong variant {part} of {claim['id']}, which has none of that name")
    chosen = claim["mutants"][part]
    exact = chosen["evidence"].get("exact", {})
    detail = exact.get("detail") or next((e["detail"] for e in chosen["evidence"].values() if e.get("detail")), "")
    backed = chosen["outcome"] == "refuted" and claim["ok"]
    return {"backed": backed, "latex": None, "at": None, "found": plainly(detail)}


def plainly(detail: str) -> str:
    """What the exact channel found of a wrong variant, in words: which instance, and both sides where there are two."""
    named = re.sub(
        r" at its own\b", " at an instance of its own", re.sub(r" at witness\b", " at the claim's witness", detail)
    )
    return named.removesuffix(": no sides")


def contrary(claim: Data, part: str) -> Data:
    """A proved claim that says the opposite."""
    backed = claim["verdict"] == "proved" and claim["ok"]
    return {"backed": backed, "latex": claim["latex"], "at": None, "found": claim["title"]}
