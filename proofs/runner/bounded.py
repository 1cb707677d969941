"""JSON and TOML that others may have written, read within bounds: a file is refused with a sentence, never with a traceback.

A parser's memory is some hundred times the bytes of a bad file (`[[],[],...]`), and its depth that of the file.  So bytes and
values (commas and brackets) are counted before anything is parsed; a catalogue of thousands of claims stays far below.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

MOST_JSON = 64 << 20  # bytes; a claim's record has some 20 kB
VALUES, BYTES_A_VALUE = (
    500_000,
    20,
)  # so many values, and one more for so many bytes; a claim's record has some 1,500 in 20 kB
MOST_TOML = 512 << 10  # bytes: some 4,000 entries of ids.toml


def read_json(path: Path) -> Any:
    """The data of a JSON file.  Raises OSError, or ValueError with the reason."""
    return parse_json(read_bytes(path, MOST_JSON))


def parse_json(data: bytes) -> Any:
    """The data of a JSON text.  Raises ValueError with the reason."""
    most = VALUES + len(data) // BYTES_A_VALUE
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > most:
        raise ValueError(f"it holds more than {most:,} values")
    try:
        return json.loads(data.decode("utf8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_toml(path: Path) -> dict[str, Any]:
    """The data of a TOML file.  Raises OSError, or ValueError with the reason."""
    try:
        return tomllib.loads(read_bytes(path, MOST_TOML).decode("utf8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_bytes(path: Path, most: int) -> bytes:
    """The file, if it has at most so many bytes."""
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"it has more than {most:,} bytes")
    return data


def entries(value: Any, depth: int, most: int) -> int:
    """How many entries a value and the containers in it have, to a depth; counting stops above `most`."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    count = len(inner)
    for one in inner if depth and count <= most else ():
        count += entries(one, depth - 1, most)
        if count > most:
            break
    return count
