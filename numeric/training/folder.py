"""A run on disk.  What is read again is checked first, and nothing that is damaged or of another run is ever overwritten.

    config.json       what the run is: algorithm, environment, seed, device, settings.  Written once
    metrics.jsonl     a line an iteration and a line an evaluation.  No times, so that a resumed run writes the same bytes
    checkpoint.pt     the learner's whole state, and how much of metrics.jsonl belongs to it; torch.load reads it
    provenance.json   one entry for each process that worked on the run: command, versions, commit, machine, seconds
    lock              held while a process works on the run

Kill -9 at any moment leaves files that a next run goes on from.  A checkpoint takes the place of the last one whole or not at
all, after the lines that belong to it are on disk; lines behind it are cut off and made again, the same.  Its last 64 bytes, the
comment of the archive that it is, are a checksum of all before: torch itself does not notice a flipped bit.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import torch

Data = dict[str, Any]
SCHEMA = "rlproofs-run/1"
CONFIG, METRICS, CHECKPOINT, PROVENANCE, LOCK = (
    "config.json", "metrics.jsonl", "checkpoint.pt", "provenance.json", "lock"
)  # fmt: skip
DIGEST = 64


class Refused(ValueError):
    """The folder is another run's, damaged, or in use; the message says how to go on."""


class Folder:
    """The folder of one run, locked: `with Folder(path, config) as folder`.

    config: plain data that says what the run is.  Raises Refused where the folder holds anything else, or is held.
    """

    def __init__(self, path: Path, config: Data) -> None:
        self.path, self.config = path, {"schema": SCHEMA, **json.loads(json.dumps(config, default=str))}
        self._lock: IO[str] | None = None
        self._metrics: IO[bytes] | None = None
        self._sum, self._bytes = hashlib.sha256(), 0
        self.lines: list[Data] = []  # of metrics.jsonl, as far as they count
        self.checkpoint: Data | None = None
        self.sessions: list[Data] = []

    # --------------------------------------------------------------------------------- open and close
    def __enter__(self) -> Folder:
        self._require_ours()
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = open(self.path / LOCK, "w")  # noqa: SIM115  (held until __exit__)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise Refused(f"another process works on {self.path}; wait for it, or name another --folder") from None
        try:
            self._read()
            self._begin()
        except BaseException:
            self._lock.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._metrics:
            self._metrics.close()
        if self._lock:
            self._lock.close()

    def _require_ours(self) -> None:
        """The path is free, or holds a run; asked before the lock is made, so that a foreign folder is left as it is."""
        if self.path.exists() and not self.path.is_dir():
            raise Refused(f"{self.path} is a file; name another --folder")
        if (self.path / CONFIG).is_file() or not self.path.is_dir():
            return
        others = [p.name for p in self.path.iterdir() if p.name not in (LOCK, f".{CONFIG}.new")]
        if others:
            raise Refused(
                f"{self.path} is not a run: it has no {CONFIG}, but {sorted(others)[0]}; name another --folder"
            )

    @classmethod
    def read(cls, path: Path) -> Folder:
        """A run as it is on disk, checked and not opened for writing.  Raises Refused where it is none, or damaged."""
        found = cls(path, {})
        if not (path / CONFIG).is_file():
            raise Refused(f"{path} is not a run: it has no {CONFIG}")
        found.config = found._json(CONFIG)
        found._read()
        return found

    def _read(self) -> None:
        if (self.path / CONFIG).is_file():
            self._require_same(self._json(CONFIG))
        if (self.path / PROVENANCE).is_file():
            self.sessions = list(self._json(PROVENANCE)["sessions"])
        if (self.path / CHECKPOINT).is_file():
            self.checkpoint = self._read_checkpoint()
            self._read_metrics(self.checkpoint["metrics"])
        elif (self.path / METRICS).is_file() and (self.path / METRICS).stat().st_size:
            raise self._damaged(CHECKPOINT, "it is missing")

    def _begin(self) -> None:
        """Ready to be written: what stands behind the checkpoint is cut off."""
        if not (self.path / CONFIG).is_file():
            self._replace(CONFIG, text(self.config))
        self._metrics = open(self.path / METRICS, "r+b" if self.checkpoint else "wb")  # noqa: SIM115  (open until __exit__)
        self._metrics.truncate(self._bytes)
        self._metrics.seek(self._bytes)

    def _require_same(self, found: Data) -> None:
        if found.get("schema") != SCHEMA:
            raise Refused(
                f"{self.path} was written by another rlproofs: schema {found.get('schema')!r}, this one has {SCHEMA!r}"
            )
        differ = different(found, self.config)
        if differ:
            raise Refused(f"{self.path} holds another run: {differ}; name another --folder, or ask for the same run")

    def _json(self, name: str) -> Data:
        try:
            found = json.loads((self.path / name).read_text("utf8"))
            if not isinstance(found, dict) or (name == PROVENANCE and not isinstance(found.get("sessions"), list)):
                raise ValueError(f"got {type(found).__name__}")
        except ValueError as error:
            raise self._damaged(name, str(error)) from error
        return found

    def _read_checkpoint(self) -> Data:
        try:
            found = loaded((self.path / CHECKPOINT).read_bytes())
        except ValueError as error:
            raise self._damaged(CHECKPOINT, str(error)) from error
        if found.get("config") != self.config:
            raise self._damaged(
                CHECKPOINT, f"it is of another run: {different(found.get('config') or {}, self.config)}"
            )
        return found

    def _read_metrics(self, mark: Data) -> None:
        try:
            with open(self.path / METRICS, "rb") as file:
                raw = file.read(mark["bytes"])
        except FileNotFoundError as error:
            raise self._damaged(METRICS, "it is missing") from error
        self._sum.update(raw)
        self._bytes = len(raw)
        if self._bytes != mark["bytes"] or self._sum.hexdigest() != mark["sha256"]:
            raise self._damaged(METRICS, "it is not what the checkpoint stands on")
        self.lines = [json.loads(line) for line in raw.splitlines()]

    def _damaged(self, name: str, why: str) -> Refused:
        mend = f"move the folder away (mv {self.path} {self.path}.old) to begin again, or name another --folder"
        return Refused(f"{self.path / name} is damaged ({why}); nothing was changed; {mend}")

    # --------------------------------------------------------------------------------- writing
    def write(self, line: Mapping[str, Any]) -> None:
        """Append a line to metrics.jsonl.  It counts from the next `save` on."""
        raw = (json.dumps(line, allow_nan=False) + "\n").encode()
        self._open().write(raw)
        self._sum.update(raw)
        self._bytes += len(raw)
        self.lines.append(dict(line))

    def save(self, state: Data) -> None:
        """Write a checkpoint of `state` (tensors and plain data), the figures so far with it; and the provenance."""
        self._open().flush()
        os.fsync(self._open().fileno())
        mark = {"bytes": self._bytes, "sha256": self._sum.hexdigest()}
        self._replace(CHECKPOINT, sealed({"config": self.config, "metrics": mark, **state}))
        self.say()

    def say(self) -> None:
        """Write the provenance."""
        self._replace(PROVENANCE, text({"sessions": self.sessions}))

    def _open(self) -> IO[bytes]:
        if self._metrics is None:
            raise RuntimeError("a folder is written inside `with`")
        return self._metrics

    def _replace(self, name: str, raw: bytes) -> None:
        waiting = self.path / f".{name}.new"
        with open(waiting, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(self.path / name)


def text(data: Data) -> bytes:
    """JSON as a person reads it."""
    return (json.dumps(data, indent=1) + "\n").encode()


def sealed(state: Data) -> bytes:
    """What torch.save writes, closed by a checksum of all before it in the archive's comment."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    raw = buffer.getvalue()[:-2] + DIGEST.to_bytes(
        2, "little"
    )  # the last two bytes of a zip archive: how long its comment is
    return raw + hashlib.sha256(raw).hexdigest().encode()


def loaded(raw: bytes) -> Data:
    """What `sealed` was given.  Nothing but tensors and plain data is read, no code is run.  Raises ValueError."""
    body, digest = raw[:-DIGEST], raw[-DIGEST:]
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise ValueError("its checksum is of other bytes")
    try:
        found = torch.load(io.BytesIO(raw), weights_only=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        raise ValueError(f"torch does not read it: {str(error).splitlines()[0]}") from error
    if not isinstance(found, dict):
        raise ValueError(f"it must hold a dict; got {type(found).__name__}")
    return found


def different(found: Data, wanted: Data, above: str = "") -> str:
    """The first field in which two configurations differ, with both values; empty where they are equal."""
    for name in dict.fromkeys([*wanted, *found]):
        a, b = found.get(name), wanted.get(name)
        if isinstance(a, dict) and isinstance(b, dict):
            inner = different(a, b, f"{name}.")
            if inner:
                return inner
        elif a != b:
            return f"{above}{name} is {json.dumps(a)} there and {json.dumps(b)} here"
    return ""
