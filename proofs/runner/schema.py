"""The ledger's schema, `rlproofs-ledger/1`: what is written is checked against it, and `rlproofs schema` prints it.

Channels and variants may carry more figures than are named here; the rest of the ledger is closed.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from proofs.runner.bounded import entries

SCHEMA = "rlproofs-ledger/1"
MOST_ENTRIES = 20_000  # of one part of a ledger, to a depth: more than any has, and few enough to be all wrong
DEPTH = 4
Verdict = Literal["proved", "confirmed", "refuted", "demonstrated", "undecided", "underpowered", "not run", "error"]
Channel = Literal["proof", "sympy", "exact", "montecarlo", "reference"]
Fate = Literal[  # proofs.runner.verdicts.FATES says what each means
    "refuted", "refuted in part", "refuted only by others", "survived", "undecided", "never ran", "crashed", "equal to the claim",
    "changes nothing", "same code", "does not apply", "not importable", "no effect",
]  # fmt: skip
Fault = Literal["changes nothing", "same code", "does not apply", "not importable", "no effect"]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)


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
    """What one channel says of a claim or of one variant of it.

    fault: why a mutant is none.  Of a mutant: instance, where it was looked at; from exact sides, both with their decimals,
    values and same (it equals the claim); from sympy why, the residual; from reference worst, with what was got and is exact.
    """

    verdict: Verdict
    fault: Fault | None = None
    seconds: float | None = None
    detail: str | None = None
    reason: str | None = None


class Instance(Closed):
    """Where a variant was looked at: rationals as text, tables as nested lists."""

    ints: dict[str, int] = {}
    reals: dict[str, str | int | None] = {}
    tables: dict[str, list[Any]] = {}


class Seen(Evidence):
    """What one channel says of a variant: the figures that are printed, each of its own kind."""

    instance: Instance | None = None
    outcome: str | None = None
    sides: list[tuple[str, str]] | None = None
    values: str | None = None
    why: str | None = None


class Mutant(Closed):
    """A row of the kill matrix: what a wrong variant names, what refuted it, and what became of it.

    also_refuted_by: channels that it does not name; they count for nothing.  values: a hash of what it is worth on every
    instance; mutants with equal hashes count once.  evidence: of a channel that refutes, with what it saw.
    """

    title: str
    channels: list[Channel]
    refuted_by: list[Channel]
    also_refuted_by: list[Channel] = []
    outcome: Fate
    values: str | None = None
    evidence: dict[Channel, Seen]
    seen_in: str | None


class Control(Closed):
    """A true re-wording."""

    title: str
    channels: list[Channel]
    confirmed_by: list[Channel]
    outcome: str
    evidence: dict[Channel, Seen]


class Record(Closed):
    """A claim as it was verified.  inputs: the hash of each thing that the record depends on."""

    id: str
    version: int = Field(ge=1)
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
    promises: dict[str, str] = {}
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

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True, serialize_by_alias=True)

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
    out["properties"]["checksum"] = {"type": "string"}  # of the file up to this line: see proofs.runner.ledger
    out["required"] = ["schema", *out["required"], "checksum"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **out}


def faults(data: dict[str, Any]) -> list[str]:
    """Where a ledger breaks the schema, a sentence each; none where it does not.

    Part by part, and no further than the first part that is wrong: what a bad file costs does not grow with its faults.
    """
    if data.get("schema") != SCHEMA:
        return [f"schema must be {SCHEMA!r}; got {str(data.get('schema'))[:40]!r}"]
    claims = data.get("claims")
    shell = {key: value for key, value in data.items() if key not in ("schema", "checksum")}
    records = claims if isinstance(claims, dict) else {}
    found = _faults("", Ledger, shell | ({"claims": {}} if records else {}))
    for name, record in records.items():
        found = found or _faults(f"claims.{name[:40]}", Record, record)
        if not found and record["id"] != name:
            found = [f"claims.{name[:40]}.id: the record of another claim, {record['id'][:40]}"]
    return found


def _faults(where: str, model: type[BaseModel], part: Any) -> list[str]:
    """What is wrong with one part; its size first, since each entry may be a fault."""
    from pydantic import ValidationError

    prefix = f"{where}." if where else ""
    if entries(part, DEPTH, MOST_ENTRIES) > MOST_ENTRIES:
        return [f"{prefix.rstrip('.') or 'the head'}: more than {MOST_ENTRIES:,} entries"]
    try:
        model.model_validate(part)
    except ValidationError as error:
        told = error.errors(include_url=False, include_context=False, include_input=False)
        return [f"{prefix}{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in told]
    return []
