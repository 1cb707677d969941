"""`rlproofs train`.  Everything slow is imported inside."""

from __future__ import annotations

from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from proofs.runner.cli import Device, plainly
from proofs.runner.discovery import NotFound

if TYPE_CHECKING:
    from numeric.training.run import Listener, Outcome, Plan

RUNS = Path(".rlproofs/runs")


def train(
    algorithm: Annotated[str, typer.Argument(metavar="ALGORITHM", help="such as ppo-clip")],
    environment: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="such as CartPole-v1")],
    device: Annotated[Device, typer.Option(help="where networks and environments live")] = Device.cpu,
    seed: Annotated[int, typer.Option(min=0, help="of everything that is drawn")] = 0,
    steps: Annotated[int | None, typer.Option(min=1, help="environment steps; else the recipe's number")] = None,
    until: Annotated[
        float | None,
        typer.Option(metavar="SCORE", help="end at the first evaluation whose mean return is this or more"),
    ] = None,
    every: Annotated[int | None, typer.Option(min=1, metavar="STEPS", help="from one evaluation to the next")] = None,
    episodes: Annotated[int, typer.Option(min=1, help="of an evaluation")] = 100,
    change: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="a setting other than the recipe's")
    ] = None,
    folder: Annotated[Path | None, typer.Option(metavar="DIR", help="of the run; else below .rlproofs/runs")] = None,
    threads: Annotated[int, typer.Option(min=1, help="of torch; small networks are fastest with one")] = 1,
) -> None:
    """Train an algorithm in an environment, evaluate it as it learns, and keep all of it in a folder.

    An evaluation is 100 episodes of the policy (mostly the greedy one; its algorithm says so where it draws), in Gymnasium's own
    environment where there is one.  The same command goes on from the last checkpoint, on CPU with the results of a run that was
    never interrupted.

    Exit 0: done, and the score reached, where one is asked for.  1: not reached, or the run diverged; what was written is kept.
    2: the request is at fault (an unknown name, whose nearest ones are named; a folder that is damaged or of another run).
    """
    path = folder or RUNS / f"{algorithm}-{environment}-seed{seed}"
    with plainly(f"the same command goes on from the last checkpoint in {path}"):
        missing = [name for name in ("torch", "gymnasium") if find_spec(name) is None]
        try:
            from numeric.algorithms.learner import ALGORITHMS, named
            from numeric.training.environments import budget, task

            named("algorithm", algorithm, ALGORITHMS)
            goal = task(environment)
            if missing:
                raise ValueError(f"training needs {' and '.join(missing)}: pip install 'rlproofs[torch,envs]'")
            from numeric.training.run import Plan
            from numeric.training.settings import changed, recipe

            settings = changed(recipe(imported(algorithm).RECIPES, algorithm, environment), change or [])
            usual = budget(algorithm, environment, settings)
            plan = Plan(seed, steps or usual.steps, every or usual.every, episodes, until, chosen(device.value))
            outcome = run(algorithm, environment, plan, settings, path, threads)
        except ValueError as error:
            raise NotFound(str(error)) from error
        typer.echo(summary(algorithm, environment, plan, outcome, path, goal.goal))
    raise typer.Exit(1 if outcome.diverged or outcome.reached is False else 0)


def chosen(device: str) -> str:
    """cpu or cuda.  Raises ValueError where there is no CUDA device."""
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("--device cuda needs a CUDA device; torch.cuda.is_available() is False")
    return device


def run(
    algorithm: str,
    environment: str,
    plan: Plan,
    settings: Any,
    path: Path,
    threads: int,
    listener: Listener | None = None,
) -> Outcome:
    """Make learner and folder, and work until the plan is done.  Raises ValueError for what a person can mend.

    settings: of the algorithm.  listener: who is told of it; the terminal where none is named.
    """
    import torch

    from numeric.algorithms import learner as table
    from numeric.training.environments import task
    from numeric.training.evaluate import seed_of
    from numeric.training.folder import Folder
    from numeric.training.progress import watching
    from numeric.training.provenance import code, session
    from numeric.training.run import Run

    torch.set_num_threads(threads)
    module, goal = imported(algorithm), task(environment)
    config = configuration(algorithm, environment, plan, settings, threads)
    # It asks git, in a process of its own: begun before the folder is locked, it can never hold the lock of a killed run.
    said = session(plan.device) | {"code": code(table.ALGORITHMS[algorithm])}
    with Folder(path, config) as folder:
        env = goal.make(settings.num_envs, plan.device, seed_of(plan.seed, "environment"))
        made: table.Learner = module.learner(env, settings, seed=plan.seed)
        return Run(made, goal, plan, folder, listener or watching(goal.goal, plan.until), said).go()


def imported(algorithm: str) -> Any:
    """The algorithm's module.  Raises ValueError where its code is not there yet."""
    from numeric.algorithms.learner import ALGORITHMS
    from numeric.algorithms.learner import algorithm as load

    try:
        module = load(algorithm)
    except ModuleNotFoundError as error:
        if error.name != ALGORITHMS[algorithm]:
            raise
        raise ValueError(f"{algorithm} cannot be trained yet: {error.name} is not written") from error
    if not hasattr(module, "learner") or not hasattr(module, "RECIPES"):
        raise ValueError(f"{algorithm} cannot be trained yet: {ALGORITHMS[algorithm]} has no learner")
    return module


def configuration(algorithm: str, environment: str, plan: Plan, settings: Any, threads: int) -> dict[str, Any]:
    """What must be equal for a run to go on."""
    return {
        "algorithm": algorithm,
        "environment": environment,
        "seed": plan.seed,
        "device": plan.device,
        "threads": threads,
        "every": plan.every,
        "episodes": plan.episodes,
        "settings": asdict(settings),
    }


def summary(algorithm: str, environment: str, plan: Plan, outcome: Outcome, path: Path, goal: float) -> str:
    """What came out, where it lies, and what to type next."""
    last = outcome.evaluations[-1]
    wanted = goal if plan.until is None else plan.until
    first = next((line for line in outcome.evaluations if line["mean"] >= wanted), None)
    best = max(line["mean"] for line in outcome.evaluations)
    rows = [
        (
            "last",
            f"mean return {last['mean']:.4g} of {last['episodes']} episodes at step {last['steps']:,}; best {best:.4g}",
        ),
        ("reached", f"{wanted:g} at step {first['steps']:,}" if first else f"{wanted:g} not reached"),
        ("time", f"{outcome.seconds:.1f} s"),
        ("folder", str(path)),
    ]
    if about := topics(algorithm):
        rows.append(("verify", f"rlproofs verify {' '.join(about)}"))
    if outcome.diverged:
        rows.insert(0, ("diverged", outcome.diverged))
    head = f"{algorithm} in {environment}, seed {plan.seed}"
    return "\n".join(["", head, *[f"  {name:<9} {said}" for name, said in rows]])


def topics(algorithm: str) -> list[str]:
    """Topics with a claim about the algorithm's code or about code that it calls; none where the claims cannot be read."""
    from numeric.algorithms.learner import ALGORITHMS
    from proofs.runner.discovery import Broken, catalogue
    from proofs.runner.sources import Sources

    module = ALGORITHMS[algorithm]
    ran = set(Sources().closure([module]).files)
    out: dict[str, bool] = {}
    try:
        found = catalogue()
        known = found.evidence
    except Broken:  # `rlproofs verify` says what is wrong; the run just made is none the worse
        return []
    for name, evidence in known.items():
        about = {r["function"].partition(":")[0] for r in evidence.references} | {p["of"] for p in evidence.promised}
        if about & ran:
            out[found.claims[name].topic.id] = module in about
    return sorted(out, key=lambda topic: (not out[topic], topic))
