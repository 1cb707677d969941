"""`rlproofs bench`.  Everything slow is imported inside."""

from __future__ import annotations

import importlib
import importlib.util
import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

BENCHES = {
    "gae": "numeric.bench.gae",
    "returns": "numeric.bench.returns",
    "cartpole": "numeric.bench.cartpole",
    "dp": "numeric.bench.dp",
    "ppo": "numeric.bench.ppo",
    "processes": "numeric.bench.processes",
    "compile": "numeric.bench.compiled",
}


def main(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="of gae, returns, cartpole, dp, ppo, processes, compile; else all"),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="record the rows; those of other benches are kept")
    ] = None,
) -> None:
    """Time the code beside other libraries, in one process on one core with one thread.

    Every row is the median of at least 20 calls, all implementations in turn, with the largest error against float64 by
    definition.  A library that is not installed is `not run`: pip install 'rlproofs[torch,envs,bench]'.

    Exit 0: done.  2: an unknown name, or no torch.
    """
    unknown = [name for name in names or () if name not in BENCHES]
    if unknown:
        typer.echo(f"rlproofs: a bench must be one of {', '.join(BENCHES)}; got {', '.join(unknown)}", err=True)
        raise typer.Exit(2)
    if importlib.util.find_spec("torch") is None:
        typer.echo("rlproofs: timing needs torch: pip install 'rlproofs[torch,envs,bench]'", err=True)
        raise typer.Exit(2)
    record = measured(list(dict.fromkeys(names or BENCHES)))
    if json_file is not None:
        write(json_file, record)


def measured(names: list[str]) -> dict[str, Any]:
    """{bench: {"machine": ..., "seconds": ..., "rows": [...]}}, printed as it comes."""
    from numeric.bench.timing import one_core

    record = {}
    with one_core() as core:
        import torch

        from numeric.bench.machine import load, machine

        torch.set_num_threads(1)
        for name in names:
            about, start = machine(core), time.perf_counter()
            rows = [row.as_dict() for row in importlib.import_module(BENCHES[name]).run()]
            seconds = round(time.perf_counter() - start, 1)
            record[name] = {"machine": {**about, "load_after": load()}, "seconds": seconds, "rows": rows}
            show(name, record[name])
    return record


def show(name: str, found: dict[str, Any]) -> None:
    """Print the rows of one bench, each with the ratio to ours."""
    from rich.console import Console
    from rich.table import Table

    from numeric.bench.rows import ratios

    per, table = (
        ratios(found["rows"]),
        Table(title=f"{name}, {found['seconds']} s, load {found['machine']['load_before']}"),
    )
    for column in ("problem", "implementation", "median", "min", "max", "n", "x ours", "error", ""):
        table.add_column(column)
    for row in found["rows"]:
        ratio = per.get((row["bench"], row["problem"], row["who"]))
        times = [seconds(row[key]) for key in ("median", "least", "most")]
        error = "" if row["error"] is None else f"{row['error']:.1e}"
        more = ", ".join(
            [f"{key} {value:.3g}" for key, value in row["figures"].items()] + [row["note"]] * bool(row["note"])
        )
        table.add_row(row["problem"], row["who"], *times, str(row["n"]), f"{ratio:.3g}" if ratio else "", error, more)
    Console(width=170).print(table)


def seconds(x: float | None) -> str:
    """A time in the unit that suits it; `not run` without one."""
    if x is None:
        return "not run"
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if x * factor >= 1 or unit == "us":
            return f"{x * factor:.3g} {unit}"
    raise AssertionError


def write(path: Path, record: dict[str, Any]) -> None:
    """Put the benches of this run into the file, beside those of other runs."""
    before = json.loads(path.read_text("utf8")) if path.is_file() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(before | record, indent=1) + "\n", "utf8")
