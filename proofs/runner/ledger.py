"""The ledger: one JSON file in `.rlproofs/`, written whole or not at all, by one run at a time.

One line a claim.  The last line is a checksum of all before it, so that a file that was cut off, overwritten in part or edited
is never taken for a record.  (It guards against accidents; whoever wants to cheat can compute it, and a citation says how to run
the claim again.)
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proofs.runner.bounded import MOST_JSON, parse_json, read_bytes

SCHEMA = "rlproofs-ledger/1"  # proofs.runner.schema says the same; that module is slow to import
CHECKSUM = ',\n "checksum": "'
Data = dict[str, Any]


class Trouble(Exception):
    """The ledger cannot be read or written, or another run holds it; the message says how to mend that."""


def where() -> Path:
    """`.rlproofs/ledger.json` in the working directory; RLPROOFS_LEDGER in the environment goes first."""
    return Path(os.environ.get("RLPROOFS_LEDGER", ".rlproofs/ledger.json"))


def waiting(path: Path) -> Path:
    """Where the next ledger is written before it takes the place of the last one; a killed run may leave it behind."""
    return path.with_name(f".{path.name}.new")


# ------------------------------------------------------------------------------------- reading
def read(path: Path | None = None) -> Data | None:
    """The ledger, or None where there is none.  Raises Trouble where it is damaged or of another version."""
    path = path or where()
    try:
        raw = read_bytes(path, MOST_JSON)
        data, text = parse_json(raw), raw.decode("utf8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Trouble(f"the ledger {path} cannot be read ({why(error)}); {_elsewhere()}") from error
    except ValueError as error:
        raise Trouble(f"the ledger {path} is damaged ({error}); {_mend(path)}") from error
    _this_version(data.get("schema") if isinstance(data, dict) else type(data).__name__, path)
    body, found, tail = text.rpartition(CHECKSUM)
    if not found:
        raise Trouble(f"the ledger {path} has no checksum: an older rlproofs wrote it, or it is damaged; {_mend(path)}")
    if tail != f'{_sum(body)}"\n}}\n':
        raise Trouble(f"the ledger {path} is damaged or was edited (its checksum is of another text); {_mend(path)}")
    del data["checksum"]
    return data  # type: ignore[no-any-return]


def _this_version(found: Any, path: Path) -> None:
    number = re.fullmatch(r"rlproofs-ledger/(\d{1,6})", str(found))
    ours = int(SCHEMA.rpartition("/")[2])
    if number and int(number[1]) > ours:
        raise Trouble(
            f"the ledger {path} was written by a newer rlproofs (its schema is {found}, this one reads {SCHEMA}): "
            f"install that one, or {_mend(path)}"
        )
    if number and int(number[1]) < ours:
        raise Trouble(f"the ledger {path} was written by an older rlproofs (its schema is {found}); {_mend(path)}")
    if found != SCHEMA:
        raise Trouble(f"the ledger {path} must have the schema {SCHEMA!r}; got {str(found)[:80]!r}; {_mend(path)}")


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


def fault(record: Data) -> str:
    """Where one claim's record breaks the schema, or an empty text."""
    from pydantic import ValidationError

    from proofs.runner.schema import Record

    try:
        Record.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return ""


def _mend(path: Path) -> str:
    return f"move it away (mv {path} {path}.old) and run `rlproofs verify` again; nothing but recorded results is lost"


def _elsewhere() -> str:
    return "mend that, or name another place with RLPROOFS_LEDGER=FILE"


def why(error: OSError) -> str:
    return error.strerror or str(error)


# ------------------------------------------------------------------------------------- writing
class Lines:
    """The text of a ledger.  What has been put into words once is kept: most records are the same from one write to the next."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Data, str]] = {}

    def text(self, data: Data) -> str:
        """One line a claim, the checksum at the end.  data: with "claims", whose records nobody changes in place."""
        rows = [f"  {_json(name)}: {self._record(name, record)}" for name, record in data["claims"].items()]
        parts = [f" {_json(key)}: {_json(value)}" for key, value in data.items() if key != "claims"]
        parts.append(' "claims": {\n' + ",\n".join(rows) + "\n }")
        body = "{\n" + ",\n".join(parts)
        return f'{body}{CHECKSUM}{_sum(body)}"\n}}\n'

    def _record(self, name: str, record: Data) -> str:
        if name not in self._kept or self._kept[name][0] is not record:
            self._kept[name] = record, _json(record)
        return self._kept[name][1]


def _json(value: Any) -> str:
    """No NaN, which is no JSON.  A lone surrogate, which UTF-8 cannot hold, becomes the escape that JSON has for it."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf8", "backslashreplace").decode("utf8")


def _sum(body: str) -> str:
    return hashlib.sha256(body.encode("utf8")).hexdigest()


def write(data: Data, path: Path | None = None, lines: Lines | None = None) -> None:
    """Replace the ledger in one move: a reader, a crash or a full disk never sees half of it.  Raises Trouble where it cannot."""
    path, text = path or where(), (lines or Lines()).text(data)
    new = waiting(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(new, "w", encoding="utf8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.replace(new, path)
    except OSError as error:
        _drop(new)
        raise _unwritable(path, error) from error
    except BaseException:
        _drop(new)
        raise


def _drop(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _unwritable(path: Path, error: OSError) -> Trouble:
    held = "; what it held before still stands" if path.exists() else ""
    return Trouble(f"the ledger {path} cannot be written ({why(error)}){held}; {_elsewhere()}")


# ------------------------------------------------------------------------------------- one run at a time
@contextlib.contextmanager
def locked(path: Path | None = None) -> Iterator[None]:
    """Hold the ledger for one run.  Raises Trouble where another run holds it, or where nothing could be recorded.

    The system lets go of the lock when the process ends, however it ends.
    """
    path = path or where()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        _take(lock, path)
        yield
    finally:
        os.close(lock)


def _take(lock: int, path: Path) -> None:
    """Lock the file, write this process's number into it, and see that a ledger could be written beside it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        waiting(path).touch()
        _drop(waiting(path))
    except BlockingIOError as error:
        who = os.read(lock, 20).decode("ascii", "replace").strip() or "unknown"
        raise Trouble(f"another run (process {who}) is writing {path}; wait for it, or end it") from error
    except OSError as error:
        raise _unwritable(path, error) from error
