"""Learning curves: recorded runs as a picture on an algorithm's page, with all that a reader needs to make them again.

`<!-- curves: ALGORITHM ENVIRONMENT -->` shows docs/recorded/runs/ALGORITHM-ENVIRONMENT.json; numeric.training.record made it of
run folders.  Nothing is computed here but what is drawn; where there is no record, the page says `not run` and how to run it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from proofs.runner.site.figures import THEMES, Panel, Theme, save

Data = dict[str, Any]
ROOT = Path(__file__).resolve().parents[3]
RUNS = "docs/recorded/runs"
SCHEMA = "rlproofs-curves/1"
NEEDED = ("algorithm", "environment", "goal", "config", "runs", "later", "provenance")
STANDS_ON = ("numeric.training.environments", "numeric.training.evaluate")


def read(root: Path, algorithm: str, environment: str) -> Data | None:
    """The record, or None where there is none.  Raises ValueError where the file is something else."""
    path = root / RUNS / f"{algorithm}-{environment}.json"
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text("utf8"))
    except ValueError as error:
        raise ValueError(f"{path.name} is no record of runs: {error}") from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ValueError(f"{path.name} must have the schema {SCHEMA!r}; got {str(found)[:60]!r}")
    missing = [name for name in NEEDED if name not in found]
    if missing or (found["algorithm"], found["environment"]) != (algorithm, environment):
        raise ValueError(
            f"{path.name} is not of {algorithm} in {environment}, or lacks {', '.join(missing) or 'nothing'}"
        )
    return found


def part_curves(data: Data, argument: str, root: Path = ROOT) -> tuple[str, Data]:
    """The part of a page: (template, what it prints).  Raises ValueError where the argument is not two words."""
    words = argument.split()
    if len(words) != 2:
        raise ValueError(f"curves takes an algorithm and an environment; got {argument!r}")
    record = read(root, *words)
    values: Data = {"algorithm": words[0], "environment": words[1], "record": record}
    if record is not None:
        values |= {
            "name": name_of(record),
            "description": description(record),
            "said": said(record),
            "rows": rows(record),
        }
    return "part_curves.md.j2", values


def write_figures(folder: Path, root: Path = ROOT) -> list[Path]:
    """Draw every record in both themes; returns the files."""
    records = (read(root, *name) for name in names(root))
    return [
        save(
            title(record),
            Panel(description(record), partial(draw, record=record)),
            theme,
            folder / file_of(record, theme),
        )
        for record in records
        if record is not None
        for theme in THEMES
    ]


def names(root: Path) -> Iterator[tuple[str, str]]:
    """(algorithm, environment) of every record, as it says itself."""
    for path in sorted((root / RUNS).glob("*.json")):
        found = json.loads(path.read_text("utf8"))
        yield str(found.get("algorithm")), str(found.get("environment"))


def name_of(record: Data) -> str:
    return f"learning-{record['algorithm']}-{record['environment']}"


def file_of(record: Data, theme: str) -> str:
    return f"{name_of(record)}-1-{theme}.svg"


# ------------------------------------------------------------------------------------- the picture
def draw(figure: Figure, theme: Theme, record: Data) -> None:
    """Each seed as a thin line, the quartiles as a band, their median as a thick line, and the goal."""
    axes = figure.subplots()
    alone = record["band"] is None
    for number, run in enumerate(record["runs"]):
        label = ("one seed" if alone else "one seed each") if number == 0 else None
        axes.plot(
            run["steps"], run["mean"], color=theme["one"], linewidth=2.2 if alone else 0.8, alpha=0.8, label=label
        )
        if run["ended"] != "as planned":
            axes.plot(run["steps"][-1], run["mean"][-1], "x", color=theme["two"], label="diverged")
    if band := record["band"]:
        axes.fill_between(
            band["steps"], band["low"], band["high"], color=theme["band"], alpha=0.6, linewidth=0, label="quartiles"
        )
        axes.plot(band["steps"], band["median"], color=theme["one"], linewidth=2.2, label="median")
    goal = record["goal"]["value"]
    axes.axhline(goal, color=theme["ink"], linewidth=1, linestyle="--", label=f"{goal:g}")
    axes.set(xlabel="environment steps", ylabel=f"mean return, {record['config']['episodes']} episodes")
    axes.ticklabel_format(axis="x", style="plain")
    axes.locator_params(axis="x", nbins=4)
    axes.xaxis.set_major_formatter(lambda x, _: short(x))
    axes.legend(loc="best")


def short(steps: float) -> str:
    """300 k for 300,000, so that the numbers below the axis do not touch."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if steps >= size:
            return f"{steps / size:.3g} {letter}"
    return f"{steps:.3g}"


# ------------------------------------------------------------------------------------- the words
def title(record: Data) -> str:
    return f"Learning curves of {record['algorithm']} in {record['environment']}"


def description(record: Data) -> str:
    """What a screen reader says of the picture."""
    runs = record["runs"]
    first, last = ([run["mean"][place] for run in runs] for place in (0, -1))
    return (
        f"Mean return over environment steps for {plural(len(runs), 'seed')}: from {spread(first)} before training to "
        f"{spread(last)} after {runs[0]['steps'][-1]:,} steps. The goal is {record['goal']['value']:g}."
    )


def said(record: Data) -> str:
    """The caption: what to see."""
    runs, goal, later = record["runs"], record["goal"], record["later"]
    reached = [run["reached"] for run in runs if run["reached"] is not None]
    text = f"Does it learn, and does it keep what it has learnt? The goal is a mean return of {goal['is']}. "
    if not reached:
        return f"{text}None of {plural(len(runs), 'seed')} reaches it."
    who = "The one seed reaches" if len(runs) == 1 else f"{len(reached)} of {len(runs)} seeds reach"
    text += f"{who} it, first after {steps_between(reached)} steps. "
    if later["evaluations"]:
        share = 100 * later["reached"] / later["evaluations"]
        text += f"Of the {later['evaluations']} evaluations that follow, {later['reached']} ({share:.0f}\u00a0%) reach it again."
    diverged = sum(run["ended"] != "as planned" for run in runs)
    return f"{text} {plural(diverged, 'run')} diverged." if diverged else text.rstrip()


def steps_between(steps: list[int]) -> str:
    low, high = min(steps), max(steps)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def spread(values: list[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"


def plural(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def rows(record: Data) -> list[tuple[str, str]]:
    """Where it comes from: (what, how it was), in the order of a reader's questions."""
    told, config = record["provenance"], record["config"]
    now = code(record)
    same = "as it is now" if now == told["code"] else "the code has changed since; a test re-runs the first steps"
    commits = ", ".join(str(one)[:10] for one in listed(told["commit"]))
    seconds = [run["seconds"] for run in record["runs"]]
    settings = ", ".join(f"{name} {plainly(value)}" for name, value in config["settings"].items())
    return [
        ("Command", told["command"]),
        ("Seeds", ", ".join(str(run["seed"]) for run in record["runs"])),
        ("Settings", settings),
        ("Evaluation", f"every {config['every']:,} steps, {config['episodes']} episodes"),
        ("Time", f"{spread(seconds)} s a seed, {plural(config['threads'], 'thread')}"),
        ("Code", f"commit {commits}{' with changes' if told['changed'] else ''}; {same}"),
        ("Versions", "; ".join(pairs(one) for one in listed(told["versions"]))),
        ("Machine", "; ".join(pairs(one) for one in listed(told["machine"]))),
        ("Day", told["began"][:10]),
    ]


def code(record: Data) -> str:
    """The hash of the sources as they are now; see numeric.training.provenance.code, which made the recorded one."""
    from proofs.runner.sources import Sources

    module = record["provenance"]["module"]
    files = Sources().closure([module, *STANDS_ON]).files
    return hashlib.sha256("".join(f"{name} {digest}\n" for name, digest in files.items()).encode()).hexdigest()


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def pairs(values: Data) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def plainly(value: Any) -> str:
    """A setting as a person writes it."""
    if isinstance(value, float):
        return f"{value:g}"
    return json.dumps(value).strip('"')
