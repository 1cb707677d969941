"""Ids that were once given and are no claim any more: `withdrawn.toml` says why, and none may be lost without an entry."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proofs.claims import Claim
from proofs.runner.discovery import Broken
from proofs.runner.ids import Entry, folder

FIELDS = {"id": str, "reason": str, "instead": list}


@dataclass(frozen=True)
class Withdrawn:
    """An id that no topic declares any more, why, and which claims to read instead."""

    id: str
    reason: str
    instead: tuple[str, ...]


def read_withdrawn(path: Path | None = None) -> dict[str, Withdrawn]:
    """The withdrawn ids.  Raises Broken where the file is not a list of such entries."""
    path = path or folder() / "withdrawn.toml"
    out = {}
    for row in rows(path, "withdrawn"):
        fits = set(row) == set(FIELDS) and all(isinstance(row[name], kind) for name, kind in FIELDS.items())
        if not fits or not row["reason"] or any(not isinstance(one, str) for one in row["instead"]):
            raise Broken(f"{path.name}: an entry [[withdrawn]] has {', '.join(FIELDS)}; got {str(row)[:200]}")
        out[row["id"]] = Withdrawn(row["id"], row["reason"], tuple(row["instead"]))
    return out


def history(path: Path | None = None) -> dict[str, list[Entry]]:
    """All versions of each id in ids.toml, the oldest first."""
    out: dict[str, list[Entry]] = {}
    for row in rows(path or folder() / "ids.toml", "claim"):
        out.setdefault(row["id"], []).append(Entry(row["id"], row["version"], row["statement"]))
    return out


def rows(path: Path, key: str) -> list[dict[str, Any]]:
    """The entries [[key]] of a file, none where it is not there.  Raises Broken."""
    try:
        return list(tomllib.loads(path.read_text("utf8")).get(key, [])) if path.is_file() else []
    except (OSError, ValueError) as error:
        raise Broken(f"{path.name} is not TOML: {error}") from error


def lost(claims: Iterable[Claim], known: Mapping[str, Entry], withdrawn: Mapping[str, Withdrawn]) -> list[str]:
    """A sentence for each id that was once given and now leads nowhere, and for each withdrawal that is not one."""
    held = list(claims)
    names = {claim.id for claim in held}
    ways = names | {alias for claim in held for alias in claim.aliases}
    out = [
        f"{name} stands in ids.toml, but no topic declares it; an id is permanent: bring the claim back, make the id an"
        " alias, or add an entry to withdrawn.toml"
        for name in known
        if name not in ways and name not in withdrawn
    ]
    for name, entry in withdrawn.items():
        if name in ways or name not in known:
            said = "is a claim" if name in ways else "was never listed in ids.toml"
            out.append(f"{name} stands in withdrawn.toml, but {said}")
        out += [f"{name} is withdrawn for {one}, which is no claim" for one in entry.instead if one not in names]
    return out
