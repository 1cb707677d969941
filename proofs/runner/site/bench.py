"""Benchmarks on a page: `<!-- bench: NAME -->` shows one bench of docs/recorded/bench.json, which `rlproofs bench --json` wrote.

Nothing is typed and nothing is measured here: a bench without a record says `not run`, and so does a library that was not
installed when the others ran.  A ratio is of two medians of one run, on one machine, which stands below the table.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Data = dict[str, Any]
ROOT = Path(__file__).resolve().parents[3]
RECORD = "docs/recorded/bench.json"
NAMES = ("gae", "returns", "cartpole", "dp", "ppo", "processes", "compile")
OURS = "rlproofs"
NEEDED = (
    "problem",
    "who",
    "library",
    "median",
    "least",
    "most",
    "n",
    "error",
    "dtype",
    "device",
    "figures",
    "note",
    "version",
)


def read(root: Path, name: str) -> Data | None:
    """The bench, None where it was never recorded.  Raises ValueError where the file is something else."""
    path = root / RECORD
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text("utf8"))
    except ValueError as error:
        raise ValueError(f"{path.name} is no record of benches: {error}") from error
    bench = found.get(name) if isinstance(found, dict) else {}
    if bench is None:
        return None
    if not isinstance(bench, dict) or {"machine", "seconds", "rows"} - bench.keys():
        raise ValueError(f"{path.name} must have machine, seconds and rows under {name!r}")
    for row in bench["rows"]:
        if missing := [key for key in NEEDED if key not in row]:
            raise ValueError(f"{path.name}: a row of {name!r} lacks {', '.join(missing)}")
    return bench


def part_bench(data: Data, name: str, root: Path = ROOT) -> tuple[str, Data]:
    """The part of a page: (template, what it prints).  Raises ValueError for an unknown bench."""
    if name not in NAMES:
        raise ValueError(f"bench must be one of {', '.join(NAMES)}; got {name!r}")
    found = read(root, name)
    values: Data = {"name": name, "record": found}
    if found is not None:
        values |= {"groups": groups(found["rows"]), "about": about(found), "figures": figures(found["rows"])}
    return "part_bench.md.j2", values


def groups(rows: list[Data]) -> list[tuple[str, list[Data]]]:
    """[(problem, rows)] in the order of the record, each row as it is printed."""
    by_problem: dict[str, list[Data]] = {}
    for row in rows:
        by_problem.setdefault(row["problem"], []).append(row)
    return [(problem, [printed(row, ours(some)) for row in some]) for problem, some in by_problem.items()]


def ours(rows: list[Data]) -> float | None:
    """The median of our first row; None where it was not run."""
    return next((row["median"] for row in rows if row["library"] == OURS and row["median"]), None)


def printed(row: Data, own: float | None) -> Data:
    """One row in words."""
    ran, is_own = row["median"] is not None, row["library"] == OURS
    return {
        "who": row["who"],
        "library": " ".join(part for part in (row["library"], row["version"]) if part),
        "ours": is_own,
        "median": seconds(row["median"]),
        "range": f"{seconds(row['least'])} to {seconds(row['most'])}, n {row['n']}" if ran else "",
        "ratio": f"{row['median'] / own:.3g}" if ran and own else "",
        "error": "" if row["error"] is None else f"{row['error']:.1e}",
        "dtype": f"{row['dtype']}, {row['device']}",
        "figures": {name: f"{value:.3g}" for name, value in row["figures"].items()},
        "note": row["note"] if ran or row["note"].startswith("not run") else f"not run: {row['note']}".rstrip(": "),
    }


def figures(rows: list[Data]) -> list[str]:
    """The names of what else is reported, in order."""
    return list(dict.fromkeys(name for row in rows for name in row["figures"]))


def seconds(x: float | None) -> str:
    """A time in the unit that suits it."""
    if x is None:
        return "not run"
    unit, factor = next(((u, f) for u, f in (("s", 1.0), ("ms", 1e3)) if x * f >= 1), ("µs", 1e6))
    return f"{x * factor:.3g} {unit}"


def about(found: Data) -> str:
    """The machine, the day and the load in one sentence."""
    machine = found["machine"]
    held = " on one of them" if machine.get("held to one core") else ""
    parts = [
        f"{machine['processor']}, {machine['cores']} cores, one thread{held}",
        f"{machine['memory_gib']} GiB" if machine.get("memory_gib") else "",
        f"GPU {machine['gpu']}" if machine.get("gpu") else "no GPU (figures on one: not run)",
        f"{machine['system']}, Python {machine['python']}",
        ", ".join(f"{name} {version}" for name, version in machine["versions"].items()),
        f"load before {before(machine['load_before'])}, after {before(machine['load_after'])} (1, 5, 15 minutes)",
        f"recorded {machine['date']} at {str(machine['commit'])[:10]}"
        + (" with changes" if str(machine["commit"]).endswith("+") else ""),
        f"{found['seconds']:.0f} s in all",
    ]  # fmt: skip
    return "; ".join(part for part in parts if part)


def before(load: list[float]) -> str:
    """The three loads."""
    return ", ".join(f"{x:.1f}" for x in load) or "unknown"
