"""The ledger: one JSON file in `.rlproofs/`, written whole or not at all, by one run at a time."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMA = "rlproofs-ledger/1"  # proofs.runner.schema says the same; that module is slow to import
Data = dict[str, Any]


class Trouble(Exception):
    """The ledger cannot be read, or another run holds it; the message says how to mend that."""


def where() -> Path:
    """`.rlproofs/ledger.json` in the working directory; RLPROOFS_LEDGER in the environment goes first."""
    return Path(os.environ.get("RLPROOFS_LEDGER", ".rlproofs/ledger.json"))


def read(path: Path | None = None) -> Data | None:
    """The ledger, or None where there is none.  Raises Trouble where it is damaged or of another version."""
    path = path or where()
    try:
        data = json.loads(path.read_text("utf8"))
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        raise Trouble(f"the ledger {path} is damaged ({error}); {_mend(path)}") from error
    found = data.get("schema") if isinstance(data, dict) else type(data).__name__
    if found != SCHEMA:
        raise Trouble(f"the ledger {path} must have the schema {SCHEMA!r}; got {found!r}; {_mend(path)}")
    return data  # type: ignore[no-any-return]


def read_checked(path: Path | None = None) -> Data | None:
    """The same, every field checked against the schema."""
    path, data = path or where(), read(path)
    if data is not None:
        from proofs.runner.schema import faults

        found = faults(data)
        if found:
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            raise Trouble(f"the ledger {path} breaks its schema ({found[0]}{more}); {_mend(path)}")
    return data


def _mend(path: Path) -> str:
    return f"move it away (mv {path} {path}.old) and run `rlproofs verify` again; nothing but recorded results is lost"


def write(data: Data, path: Path | None = None) -> None:
    """Replace the ledger in one move: a reader, a crash or a full disk never sees half of it."""
    path = path or where()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".ledger-", suffix=".json")
    try:
        with os.fdopen(handle, "w", encoding="utf8") as out:
            json.dump(data, out, indent=1, ensure_ascii=False)
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


@contextlib.contextmanager
def locked(path: Path | None = None) -> Iterator[None]:
    """Hold the ledger for one run.  Raises Trouble where another run holds it; a killed run holds nothing."""
    path = path or where()
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_suffix(".lock"), "a+", encoding="utf8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            who = lock.read().strip() or "unknown"
            raise Trouble(f"another run (process {who}) is writing {path}; wait for it, or end it") from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
