"""Two files of the catalogue: `ids.toml` (id -> version and statement hash, append-only), `gaps.toml` (id -> what is missing)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import proofs
from proofs.claims import Claim
from proofs.runner.discovery import Broken

HEAD = "# id -> version and statement hash. Append-only: `rlproofs ids --update` adds what is new or changed.\n"


@dataclass(frozen=True)
class Entry:
    """One line of ids.toml; the last one of an id counts."""

    id: str
    version: int
    statement: str  # hash, or "" while there is no formal statement


def folder() -> Path:
    """Where the catalogue's files lie."""
    return Path(next(iter(proofs.__path__)))


def read_ids(path: Path | None = None) -> dict[str, Entry]:
    """The current entry of each id.  Raises Broken where the file is not a list of entries with rising versions."""
    path = path or folder() / "ids.toml"
    out: dict[str, Entry] = {}
    for row in _rows(path, "claim", {"id": str, "version": int, "statement": str}):
        entry = Entry(row["id"], row["version"], row["statement"])  # type: ignore[arg-type]
        before = out[entry.id].version if entry.id in out else 0
        if entry.version != before + 1:
            raise Broken(f"{path.name}: {entry.id} has version {entry.version} after {before}; versions rise by one")
        out[entry.id] = entry
    return out


def read_gaps(path: Path | None = None) -> dict[str, str]:
    """id -> what is missing.  Raises Broken."""
    path = path or folder() / "gaps.toml"
    rows = _rows(path, "gap", {"id": str, "missing": str})
    return {str(row["id"]): str(row["missing"]) for row in rows}


def _rows(path: Path, key: str, fields: dict[str, type]) -> list[dict[str, object]]:
    try:
        data = tomllib.loads(path.read_text("utf8")) if path.is_file() else {}
    except tomllib.TOMLDecodeError as error:
        raise Broken(f"{path.name} is not TOML: {error}") from error
    rows = data.get(key, [])
    for row in rows:
        if set(row) != set(fields) or any(type(row[name]) is not kind for name, kind in fields.items()):
            raise Broken(f"{path.name}: an entry [[{key}]] has {', '.join(fields)}; got {row}")
    return list(rows)


def hash_of(claim: Claim) -> str:
    return claim.statement.hash() if claim.statement else ""


def problem(claim: Claim, known: dict[str, Entry]) -> str | None:
    """Why ids.toml and the statement do not agree, or None."""
    entry = known.get(claim.id)
    if entry is None:
        return f"{claim.id} has no line in ids.toml; `rlproofs ids --update` adds it"
    if entry.statement != hash_of(claim):
        return (
            f"the statement of {claim.id}@{entry.version} has hash {hash_of(claim)[:12] or 'none'}, but ids.toml records"
            f" {entry.statement[:12] or 'none'}; if the change is meant, `rlproofs ids --update` makes it version"
            f" {entry.version + 1}"
        )
    return None


def number(claim: Claim, known: dict[str, Entry]) -> int:
    """The claim's version: 1 before it is listed."""
    return known[claim.id].version if claim.id in known else 1


def update(claims: list[Claim], path: Path | None = None) -> list[Entry]:
    """Append a line for each new or changed statement; the lines appended."""
    path = path or folder() / "ids.toml"
    known = read_ids(path)
    added = [
        Entry(c.id, number(c, known) + (c.id in known), hash_of(c)) for c in claims if problem(c, known) is not None
    ]
    lines = [f'\n[[claim]]\nid = "{e.id}"\nversion = {e.version}\nstatement = "{e.statement}"\n' for e in added]
    if added:
        before = path.read_text("utf8") if path.is_file() else HEAD
        path.write_text(before + "".join(lines), "utf8")
    return added
