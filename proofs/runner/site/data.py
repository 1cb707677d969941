"""Everything the site shows, computed once from the ledger and what the catalogue says now.

`site_data(ledger, current, extras)` returns a plain dict; templates print it and compute nothing.

ledger    what `rlproofs verify` wrote (schema rlproofs-ledger/1)
current   {claim id: {"version", "statement_hash", "inputs_hash"}} of the catalogue as it is now
extras    {"rules": [{"name", "doc"}], "trusted": {...}, "topics": {topic: title},
          "topic_pages": {topic: the page in docs/topics that lists its claims}, "functions": {dotted: {...}},
          "symbols": {claim id: rows of symbols.py},
          "withdrawn": [{"id", "reason", "instead", "versions": [{"version", "statement"}]}]}
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proofs.runner.bounded import read_json
from proofs.runner.site import algorithms
from proofs.runner.site.errata import errata
from proofs.runner.site.graph import claim_map
from proofs.runner.site.status import status_table
from proofs.runner.site.urls import addresses
from proofs.runner.verdicts import FATES, distinct

SCHEMA = "rlproofs-ledger/1"
CHANNELS = ("proof", "sympy", "exact", "montecarlo", "reference")
CHANNEL_TITLES = {
    "proof": "Proof",
    "sympy": "SymPy",
    "exact": "Exact",
    "montecarlo": "Monte Carlo",
    "reference": "Reference",
}
ENGINES = {
    "proof": ("python-flint",),
    "sympy": ("sympy",),
    "exact": ("python-flint",),
    "montecarlo": ("numpy",),
    "reference": ("torch",),
}
# What a template may ask of a channel's record; a key that the run did not write is None.
CHANNEL_KEYS = {
    "proof": "verdict seconds scope steps bytes rules axioms claims derivation reason",
    "sympy": "verdict seconds sizes symbolic lines exit output script reason",
    "exact": "verdict seconds instances reason",
    "montecarlo": "verdict seconds instance estimand bound low high n chunk nonce device alpha power delta estimate "
    "interval target target_exact effects reason coordinates coordinate count alpha_each ratio_delta copies",
    "reference": "verdict seconds functions modules promises points worst gradients boundary reason",
}
HASHES = ("statement_hash", "inputs_hash")

Record = dict[str, Any]


class StaleLedger(ValueError):
    """The ledger is missing, unreadable, or was written for other inputs than the catalogue's."""


def load_ledger(path: Path) -> Record:
    """The ledger at `path`. Raises StaleLedger with what to type where there is none, or one of another schema."""
    if not path.is_file():
        raise StaleLedger(f"there is no ledger at {path}; run `rlproofs verify` first, then build the site")
    try:
        ledger = read_json(path)
    except ValueError as error:
        raise StaleLedger(f"the ledger at {path} is not JSON: {error}") from error
    found = ledger.get("schema") if isinstance(ledger, dict) else type(ledger).__name__
    if found != SCHEMA:
        raise StaleLedger(f"the ledger's schema must be {SCHEMA!r}; got {found!r}")
    return ledger


def check_inputs(ledger: Record, current: dict[str, Record]) -> None:
    """Raise StaleLedger, naming each claim, unless the ledger holds exactly the current claims with the same hashes."""
    claims = ledger["claims"]
    faults = [f"{name}: not in the ledger" for name in current if name not in claims]
    faults += [f"{name}: in the ledger, but no claim of the catalogue" for name in claims if name not in current]
    for name in sorted(set(current) & set(claims)):
        faults += mismatches(name, claims[name], current[name])
    if faults:
        raise StaleLedger("the ledger is of other inputs; run `rlproofs verify`:\n  " + "\n  ".join(faults))


def mismatches(name: str, record: Record, now: Record) -> list[str]:
    """A sentence for each of version, statement and inputs in which the record is not of the claim as it is now.

    A gap may have no formal statement yet, and then no statement hash; an inputs hash it must have.
    """
    found = []
    if record["version"] != now["version"]:
        found.append(f"{name}: the ledger has version {record['version']}, the catalogue {now['version']}")
    for key in HASHES:
        if key not in now or (record.get(key) or "") != (now[key] or "") or not (now[key] or key == "statement_hash"):
            words = key.replace("_", " ")
            found.append(f"{name}: {words} is {short(record.get(key))} in the ledger, {short(now.get(key))} now")
    return found


def short(digest: str | None) -> str:
    """The first twelve digits of a hash, for a sentence."""
    return digest[:12] if digest else "none"


def site_data(ledger: Record, current: dict[str, Record], extras: Record) -> Record:
    """The object that the templates print. Raises StaleLedger if the ledger does not belong to the catalogue."""
    check_inputs(ledger, current)
    stands_on = extras.get("stands_on", {})  # what a contract's code is built on; a proof says itself what it cites
    uses = {name: stands_on.get(name) or claims_used(record) for name, record in ledger["claims"].items()}
    claims = {name: claim_data(record, uses, ledger, extras) for name, record in ledger["claims"].items()}
    topics = topic_data(claims, extras)
    withdrawn = [{"slug": slug(row["id"]), **row} for row in extras.get("withdrawn", [])]
    return {
        "fixture": bool(ledger.get("fixture")),
        "channel_titles": CHANNEL_TITLES,
        "claims": claims,
        "topics": topics,
        "order": [name for topic in topics.values() for name in topic["claims"]],
        "status": status_data(ledger),
        "map": claim_map(claims, topics),
        "table": status_table(claims, topics),
        "algorithms": algorithms.rows(claims, topics, extras),
        "errata": errata(claims, extras.get("errata", [])),
        "withdrawn": withdrawn,
        "aliases": addresses(claims, withdrawn),
        "environment": ledger["environment"],
        "budget": ledger["budget"],
        "created": ledger.get("updated") or ledger.get("created"),
        "version": ledger["rlproofs"],
        "rules": [{"name": rule["name"], "line": first_sentence(rule["doc"])} for rule in extras.get("rules", [])],
        "trusted": extras.get("trusted"),
        "nightly": extras.get("nightly", []),
    }


def first_sentence(doc: str) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join(doc.strip().split("\n\n")[0].split())


def slug(name: str) -> str:
    """The id as it stands in addresses: `hw08d+` is `hw08d-plus`."""
    return name.replace("+", "-plus")


def claims_used(record: Record) -> list[str]:
    """Ids of the claims that the record's proof cites, without their versions."""
    return [name.split("@")[0] for name in (record["channels"].get("proof") or {}).get("claims", [])]


def claim_data(record: Record, uses: dict[str, list[str]], ledger: Record, extras: Record) -> Record:
    """One claim's record with what its page needs beside it."""
    name = record["id"]
    return {
        **record,
        "channels": {channel: completed(record, channel) for channel in CHANNELS},
        "promises": record.get("promises", {}),
        "slug": slug(name),
        "alias_slugs": [slug(alias) for alias in record["aliases"]],
        "symbols": extras.get("symbols", {}).get(name, []),
        "uses": uses[name],
        "used_by": sorted(other for other, names in uses.items() if name in names),
        "kill": kill_matrix(record),
        "controls_table": controls(record),
        "functions": functions(record, extras),
        "engines": engines(record, ledger["environment"]),
        "seen": [{"id": key, **m} for key, m in record["mutants"].items() if m.get("seen_in")],
        "cite": citation(record, ledger),
        "counts": mutant_counts(record),
        "record": f"record-{slug(name)}" if (record["channels"].get("montecarlo") or {}).get("n") else None,
    }


def completed(record: Record, channel: str) -> Record | None:
    """A channel's record with None for what the run did not write; None where the channel has no record."""
    found = record["channels"].get(channel)
    return {**dict.fromkeys(CHANNEL_KEYS[channel].split()), **found} if found else None


def topic_data(claims: dict[str, Record], extras: Record) -> dict[str, Record]:
    """Topics that a page lists first, page by page, each with its claims in the ledger's order; `page` is its address."""
    pages, titles = extras.get("topic_pages", {}), extras.get("topics", {})
    names = dict.fromkeys(claim["topic"] for claim in claims.values())
    first = {page: n for n, page in reversed(list(enumerate(pages.get(name) for name in names)))}
    return {
        name: {
            "title": titles.get(name, name.replace("_", " ")),
            "claims": [key for key, claim in claims.items() if claim["topic"] == name],
            "page": f"topics/{pages[name]}.html" if name in pages else f"claims/index.html#{name}",
        }
        for name in sorted(
            names, key=lambda name: (name not in pages, first.get(pages.get(name)), name != pages.get(name))
        )
    }


def kill_matrix(record: Record) -> Record:
    """Mutants against channels: `columns` are the channels that some mutant names or that refuted one.

    A row says, by `fate`, what became of a mutant that does not count as refuted, and by `alike` whose values it has.
    """
    mutants = record["mutants"]
    first: dict[str, str] = {}
    for key, m in mutants.items():
        first.setdefault(m.get("values") or key, key)
    named = {channel for m in mutants.values() for channel in (*m["channels"], *m["evidence"])}
    columns = [channel for channel in CHANNELS if channel in named]
    rows = []
    for key, m in mutants.items():
        fate = "" if m["outcome"] == "refuted" else FATES[m["outcome"]]
        alike = first[m.get("values") or key]
        told = {"fate": fate, "alike": alike if alike != key else ""}
        rows.append({"id": key, **m, **told, "cells": [cell(m, channel) for channel in columns]})
    return {"columns": [CHANNEL_TITLES[c] for c in columns], "rows": rows}


def cell(mutant: Record, channel: str) -> Record:
    """One cell of the kill matrix: the verdict's word and its evidence; `not asked` where the channel is not named.

    A channel that refutes it without being named is said to: it counts for nothing.
    """
    found = mutant["evidence"].get(channel)
    title = CHANNEL_TITLES[channel]
    if channel in mutant.get("also_refuted_by", []):
        return {"channel": title, "word": "also refutes", "detail": found.get("detail", "")}
    if found is None:
        word = "not run" if channel in mutant["channels"] else "not asked"
        return {"channel": title, "word": word, "detail": ""}
    return {"channel": title, "word": found["verdict"], "detail": found.get("detail", "")}


def controls(record: Record) -> list[Record]:
    """Controls as rows: what each channel said of a true re-wording."""
    rows = []
    for key, control in record["controls"].items():
        cells = [{"channel": CHANNEL_TITLES[c], **evidence} for c, evidence in control["evidence"].items()]
        rows.append({"id": key, "title": control.get("title"), "outcome": control["outcome"], "cells": cells})
    return rows


def mutant_counts(record: Record) -> Record:
    """How many wrong variants were planted and how many were refuted; those that are equal on every instance count once."""
    outcomes = [m["outcome"] for m in distinct(record["mutants"])]
    return {"planted": len(outcomes), "refuted": outcomes.count("refuted")}


def functions(record: Record, extras: Record) -> list[Record]:
    """The implementations that the reference channel ran, with their source; a name without source is an error."""
    names = (record["channels"].get("reference") or {}).get("functions", [])
    known = extras.get("functions", {})
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(f"{record['id']}: functions must have a source in extras['functions']; got none for {missing}")
    return [{"name": name, **known[name]} for name in names]


def engines(record: Record, environment: Record) -> list[str]:
    """The engines behind the channels that ran, with the versions that the ledger recorded."""
    versions = environment.get("versions", {})
    ran = [c for c in CHANNELS if (record["channels"].get(c) or {}).get("verdict", "not run") != "not run"]
    names = dict.fromkeys(name for channel in ran for name in ENGINES.get(channel, ()))
    return [f"{name} {versions[name]}" for name in names if name in versions]


def citation(record: Record, ledger: Record) -> Record:
    """How to cite the claim: id with version, statement and evidence hash, the command that runs it again, BibTeX."""
    name = f"{record['id']}@{record['version']}"
    statement = f"s:{record['statement_hash']}" if record["statement_hash"] else None
    evidence = f"e:{record['evidence_hash']}" if record["evidence_hash"] else None
    lines = (
        f"@misc{{rlproofs-{slug(record['id'])},",
        f"  title = {{{record['title']}}},",
        f"  howpublished = {{rlproofs {ledger['rlproofs']}, claim {name}}},",
        f"  note = {{{f'statement {statement[:18]}, ' if statement else ''}verdict: {record['verdict']}}}",
        "}",
    )
    return {
        "name": name,
        "statement": statement,
        "evidence": evidence,
        "command": f"rlproofs verify {name}" + (f" --expect-hash {statement}" if statement else ""),
        "bibtex": "\n".join(lines),
    }


def status_data(ledger: Record) -> Record:
    """The status in figures: gaps first, then verdicts and scopes, wrong variants, error budget."""
    totals = ledger["totals"]
    return {
        "gaps": ledger["gaps"],
        "failed": [record["id"] for record in ledger["claims"].values() if not record["ok"]],
        "claims": totals["claims"],
        "verdicts": totals["by_verdict"],
        "scopes": totals["by_scope"],
        "mutants": totals["mutants"],
        "seconds": totals["seconds"],
    }
