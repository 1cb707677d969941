"""Runs of several seeds in one small file, which is committed, drawn on the algorithm's page, and re-run in part by a test.

    rlproofs train ppo-clip CartPole-v1 --seed 0      and so on, without --until: a curve that ends where it looks best is none
    python -m numeric.training.record .rlproofs/runs/ppo-clip-CartPole-v1-seed*

The file, docs/recorded/runs/ALGORITHM-ENVIRONMENT.json, holds every evaluation of every seed, their quartiles, the settings,
where it comes from, and the first lines of one run, so that `again` can compare what the code does now.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from numeric.algorithms.learner import ALGORITHMS
from numeric.training.environments import task
from numeric.training.folder import Folder, different
from numeric.training.run import PLANNED, Plan

Data = dict[str, Any]
SCHEMA = "rlproofs-curves/1"
RUNS = Path("docs/recorded/runs")
SECONDS, MOST = 1.0, 20  # of training that a re-run may cost, and its iterations at most
DECIDE = ("python", "torch", "numpy", "gymnasium")  # whose versions decide bits


def recorded(paths: Sequence[Path]) -> Data:
    """The record of these run folders.  Raises ValueError where one is damaged or unfinished, or two are not of one kind."""
    if not paths:
        raise ValueError("there must be at least one run folder; got none")
    folders = sorted((Folder.read(path) for path in paths), key=lambda one: one.config["seed"])
    for one in folders:
        require_alike(one, folders[0])
    seeds = [one.config["seed"] for one in folders]
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"every run must have a seed of its own; got {seeds}")
    runs = [run_of(one) for one in folders]
    ends = [run["steps"][-1] for run in runs if run["ended"] == PLANNED]
    if (
        ends and max(ends) - min(ends) > folders[0].config["every"]
    ):  # an iteration of whole episodes overshoots a little
        raise ValueError(f"all runs must have the same number of steps (and none an --until); got {sorted(ends)}")
    config = {name: value for name, value in folders[0].config.items() if name not in ("schema", "seed")}
    goal = task(config["environment"])
    return {
        "schema": SCHEMA,
        "algorithm": config.pop("algorithm"),
        "environment": config.pop("environment"),
        "goal": {"value": goal.goal, "is": goal.goal_is},
        "config": config,
        "runs": runs,
        "band": band(runs, config["every"]),
        "later": later(runs, goal.goal),
        "provenance": provenance(folders),
        "again": {"seed": seeds[0], "lines": first_lines(folders[0])},
    }


def require_alike(one: Folder, model: Folder) -> None:
    """Of the same configuration but for the seed, by the same code, and finished."""
    differ = different({**one.config, "seed": None}, {**model.config, "seed": None})
    if differ:
        raise ValueError(f"the runs must differ in nothing but their seed; {one.path}: {differ} ({model.path})")
    if not one.sessions or "ended" not in one.sessions[-1]:
        raise ValueError(f"{one.path} is not finished; the command that began it goes on")
    codes = {session["code"] for folder in (one, model) for session in folder.sessions}
    if len(codes) > 1:
        raise ValueError(
            f"the code changed between the runs {model.path} and {one.path}, or during one; begin them again"
        )


def run_of(folder: Folder) -> Data:
    """The evaluations of one seed, and the first step at which the goal was reached."""
    lines = [line for line in folder.lines if "evaluation" in line]
    goal = task(folder.config["environment"]).goal
    return {
        "seed": folder.config["seed"],
        "steps": [line["steps"] for line in lines],
        "mean": [line["mean"] for line in lines],
        "reached": next((line["steps"] for line in lines if line["mean"] >= goal), None),
        "seconds": round(sum(session.get("seconds", 0.0) for session in folder.sessions), 1),
        "ended": folder.sessions[-1]["ended"],
    }


def band(runs: Sequence[Data], every: int) -> Data | None:
    """Quartiles over the seeds at multiples of `every` (a line between evaluations); None for one seed.

    It ends where the first of them does; a run that diverged counts from its end on with its last figure.
    """
    if len(runs) < 2:
        return None
    ends = [run["steps"][-1] for run in runs]
    last = min([end for end, run in zip(ends, runs, strict=True) if run["ended"] == PLANNED], default=max(ends))
    steps = [*range(0, last, every), last]
    at = [[between(run["steps"], run["mean"], step) for run in runs] for step in steps]
    low, median, high = zip(*[statistics.quantiles(values, n=4, method="inclusive") for values in at], strict=True)
    return {"steps": steps, "low": list(low), "median": list(median), "high": list(high)}


def between(steps: Sequence[int], values: Sequence[float], at: int) -> float:
    """The value at a step, by a line between its neighbours; the last value after the last step."""
    for (a, x), (b, y) in zip(zip(steps, values, strict=True), zip(steps[1:], values[1:], strict=True), strict=False):
        if a <= at <= b:
            return float(x + (y - x) * (at - a) / (b - a))
    return float(values[-1])


def later(runs: Sequence[Data], goal: float) -> Data:
    """Of the evaluations after the first that reaches the goal, over all seeds: how many there are, and how many reach it."""
    means = [
        mean
        for run in runs
        if run["reached"] is not None
        for step, mean in zip(run["steps"], run["mean"], strict=True)
        if step > run["reached"]
    ]
    return {"evaluations": len(means), "reached": sum(mean >= goal for mean in means)}


def provenance(folders: Sequence[Folder]) -> Data:
    """Where it all comes from.  Where the processes differ, everything that was found is listed."""
    sessions = [session for one in folders for session in one.sessions]
    config = folders[0].config
    return {
        "command": f"rlproofs train {config['algorithm']} {config['environment']} --seed SEED",
        "began": min(session["began"] for session in sessions),
        "versions": distinct(session["versions"] for session in sessions),
        "commit": distinct(session["commit"] for session in sessions),
        "changed": any(session["changed"] for session in sessions),
        "module": ALGORITHMS[config["algorithm"]],
        "code": sessions[0]["code"],
        "machine": distinct(session["machine"] for session in sessions),
        "processes": len(sessions),
    }


def distinct(values: Any) -> Any:
    """The one value, or a list of the different ones."""
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found[0] if len(found) == 1 else found


def first_lines(folder: Folder) -> list[Data]:
    """What a test re-runs: the lines up to an iteration that was reached in about a second of training, two at least."""
    iterations = sum("iteration" in line for line in folder.lines)
    seconds = sum(session.get("seconds", 0.0) for session in folder.sessions)
    most = max(2, min(MOST, int(SECONDS * iterations / seconds) if seconds else MOST))
    end = next((n for n, line in enumerate(folder.lines) if line.get("iteration") == most), len(folder.lines) - 1)
    return folder.lines[: end + 1]


# ------------------------------------------------------------------------------------- run it again
@dataclass(frozen=True)
class Again:
    """What came of a re-run.  verdict: "same" (every figure, bit for bit), "differs", or "elsewhere": other versions or another
    processor, where bits may differ.  detail: what differs; empty where nothing does.
    """

    verdict: str
    detail: str


def again(record: Data) -> Again:
    """Run the first steps of a recorded run with the code as it is now, and compare."""
    from numeric.training.command import imported, run
    from numeric.training.settings import recipe

    algorithm, environment, config = record["algorithm"], record["environment"], record["config"]
    settings = recipe(imported(algorithm).RECIPES, algorithm, environment)
    differ = different(config["settings"], json.loads(json.dumps(asdict(settings), default=str)))
    if differ:
        return Again("differs", f"the recipe is not the recorded one: {differ}")
    lines = record["again"]["lines"]
    steps = lines[-1]["steps"] + 1  # the last iteration of a run that has nothing left to do takes none
    plan = Plan(record["again"]["seed"], steps, config["every"], config["episodes"], None, config["device"])
    with tempfile.TemporaryDirectory() as place:
        run(algorithm, environment, plan, settings, Path(place) / "run", config["threads"], Silent())
        found = Folder.read(Path(place) / "run").lines[: len(lines)]
    detail = compared(lines, found)
    other = elsewhere(record["provenance"])
    if detail and other:
        return Again("elsewhere", f"{other}; {detail}")
    return Again("differs" if detail else "same", detail)


class Silent:
    """Tells nobody."""

    def began(self, steps: int, of: int, evaluations: list[Data]) -> None: ...

    def iterated(self, steps: int, figures: dict[str, float]) -> None: ...

    def evaluated(self, line: Data) -> None: ...

    def ended(self) -> None: ...


def compared(wanted: Sequence[Data], found: Sequence[Data]) -> str:
    """The first figure that is not the recorded one, or an empty text."""
    for old, new in zip(wanted, found, strict=False):
        differ = different(old, new)
        if differ:
            return f"at step {old['steps']}: {differ}"
    return "" if len(wanted) == len(found) else f"{len(wanted)} lines there and {len(found)} here"


def elsewhere(told: Data) -> str:
    """In what this machine is another one than the recorded, as far as bits may depend on it; empty where in nothing."""
    from numeric.training.provenance import machine, versions

    now, here = versions(), machine("cpu")
    for name in DECIDE:
        before = told["versions"].get(name) if isinstance(told["versions"], dict) else told["versions"]
        if before != now[name]:
            return f"{name} {before} there and {now[name]} here"
    for name in ("instructions", "processor"):
        before = told["machine"].get(name) if isinstance(told["machine"], dict) else told["machine"]
        if before != here[name]:
            return f"{name} {before} there and {here[name]} here"
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the record of the folders; 2 where they cannot be recorded."""
    parser = argparse.ArgumentParser(
        prog="python -m numeric.training.record", description="Gather runs into one record."
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="RUN_FOLDER")
    parser.add_argument("--out", type=Path, default=RUNS, metavar="DIR", help=f"where it is written; else {RUNS}")
    given = parser.parse_args(arguments)
    try:
        record = recorded(given.folders)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    path = given.out / f"{record['algorithm']}-{record['environment']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(compact(record))
    reached = [run["reached"] for run in record["runs"]]
    print(f"{path}: {len(reached)} seeds; {record['goal']['value']:g} reached at {reached}; later {record['later']}")
    return 0


def compact(record: Data) -> bytes:
    """JSON with a line for each part, and for each run and each line of the re-run."""
    parts = []
    for name, value in record.items():
        inner = value["lines"] if name == "again" else value if name == "runs" else None
        if inner is None:
            parts.append(f' "{name}": {json.dumps(value)}')
            continue
        rows = ",\n".join(f"  {json.dumps(row)}" for row in inner)
        head = f' "again": {{"seed": {value["seed"]}, "lines": [\n' if name == "again" else f' "{name}": [\n'
        parts.append(f"{head}{rows}\n ]{'}' if name == 'again' else ''}")
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


if __name__ == "__main__":
    sys.exit(main())
