"""Two files of the catalogue: `ids.toml` (id -> version and statement hash, append-only), `gaps.toml` (id -> what is missing)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import proofs
from proofs.claims import Claim
from proofs.runner.bounded import read_toml
from proofs.runner.discovery import Broken

MOST_TEXT = 2_000  # characters of a text, bits of a number
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
        data = read_toml(path) if path.is_file() else {}
    except (ValueError, OSError) as error:
        raise Broken(f"{path.name} is not TOML: {error}") from error
    rows = data.get(key, [])
    if not isinstance(rows, list) or set(data) - {key}:
        raise Broken(f"{path.name}: there is nothing but a list of entries [[{key}]]; got {', '.join(data)[:80]}")
    for row in rows:
        if not fits(row, fields):
            raise Broken(f"{path.name}: an entry [[{key}]] has {', '.join(fields)}; got {shortened(row)}")
    return list(rows)


def fits(row: object, fields: dict[str, type]) -> bool:
    """Has a row these fields and no others, each of its type and no larger than anyone needs?"""
    if not isinstance(row, dict) or set(row) != set(fields):
        return False
    sizes = (len(x) if isinstance(x, str) else x.bit_length() for x in row.values() if type(x) in (str, int))
    return all(type(row[name]) is kind for name, kind in fields.items()) and max(sizes, default=0) <= MOST_TEXT


def shortened(value: object, most: int = 200) -> str:
    """A value in a sentence; a huge number has no text in Python."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        text = f"a {type(value).__name__} that is too large to print"
    return text if len(text) <= most else f"{text[:most]}..."


def hash_of(claim: Claim) -> str:
    return claim.hash()


def problem(claim: Claim, known: Mapping[str, Entry]) -> str | None:
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


def number(claim: Claim, known: Mapping[str, Entry]) -> int:
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
