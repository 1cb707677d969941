"""The ledger's schema, `rlproofs-ledger/1`: what is written is checked against it, and `rlproofs schema` prints it.

Channels and variants may carry more figures than are named here; the rest of the ledger is closed.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

SCHEMA = "rlproofs-ledger/1"
Verdict = Literal["proved", "confirmed", "refuted", "demonstrated", "undecided", "underpowered", "not run", "error"]
Channel = Literal["proof", "sympy", "exact", "montecarlo", "reference"]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Environment(Closed):
    """Where the evidence was made."""

    python: str
    platform: str
    versions: dict[str, str]
    commit: str | None
    device: str


class Draw(Closed):
    """One statistical check that was paid for."""

    claim: str
    version: str
    nonce: str
    check: str
    alpha: float
    n: int


class Budget(Closed):
    """The error budget of all evidence in this ledger, and the sums over each claim's life."""

    limit: float
    alpha: float
    most: int
    checks: int
    spent: float
    lifetime: dict[str, float]
    draws: list[Draw]


class Totals(Closed):
    """What the summary prints."""

    claims: int
    by_verdict: dict[str, int]
    by_scope: dict[str, int]
    mutants: dict[str, int]
    controls: dict[str, int]
    seconds: float
    cached: int


class Gap(Closed):
    id: str
    missing: str


class Missing(Closed):
    missing: str


class Hypothesis(Closed):
    """necessity: {"instance", "outcome", "verdict"} as executed, or {"reason"}."""

    id: str
    text: str
    latex: str | None = None
    used: bool
    necessity: dict[str, Any]


class Witness(Closed):
    instance: dict[str, Any]
    outcome: str


class Evidence(Open):
    """What one channel says of a claim or of one variant of it."""

    verdict: Verdict
    seconds: float | None = None
    detail: str | None = None
    reason: str | None = None


class Mutant(Closed):
    """A row of the kill matrix."""

    title: str
    channels: list[Channel]
    refuted_by: list[Channel]
    outcome: Literal["refuted", "survived", "never ran", "crashed", "equal to the claim", "refuted only by others"]
    evidence: dict[Channel, Evidence]
    seen_in: str | None


class Control(Closed):
    """A true re-wording."""

    title: str
    channels: list[Channel]
    confirmed_by: list[Channel]
    outcome: str
    evidence: dict[Channel, Evidence]


class Record(Closed):
    """A claim as it was verified.  inputs: the hash of each thing that the record depends on."""

    id: str
    version: int
    title: str
    kind: str
    topic: str
    source: str
    aliases: list[str]
    expected: Verdict
    verdict: Verdict
    scope: str | None
    gap: Missing | None
    ok: bool
    problems: list[str]
    statement: str
    latex: str | None
    statement_hash: str | None
    evidence_hash: str | None
    inputs_hash: str
    inputs: dict[str, str]
    nonce: str
    device: str
    hypotheses: list[Hypothesis]
    witness: Witness | None
    channels: dict[Channel, Evidence]
    mutants: dict[str, Mutant]
    controls: dict[str, Control]
    seconds: float
    cached: bool


class Ledger(Closed):
    """`.rlproofs/ledger.json`."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    rlproofs: str
    created: str
    updated: str
    environment: Environment
    budget: Budget
    totals: Totals
    gaps: list[Gap]
    claims: dict[str, Record]


def json_schema() -> dict[str, Any]:
    """The published JSON schema; the constant `schema` stands beside the model's own fields."""
    out = Ledger.model_json_schema()
    out["properties"] = {"schema": {"const": SCHEMA, "type": "string"}, **out["properties"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **out, "required": ["schema", *out["required"]]}


def faults(data: dict[str, Any]) -> list[str]:
    """Where a ledger breaks the schema, a sentence each; none where it does not."""
    from pydantic import ValidationError

    rest = {key: value for key, value in data.items() if key != "schema"}
    found = [] if data.get("schema") == SCHEMA else [f"schema must be {SCHEMA!r}; got {data.get('schema')!r}"]
    try:
        Ledger.model_validate(rest)
    except ValidationError as error:
        found += [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    return found
