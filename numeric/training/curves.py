"""All learning curves anew: every algorithm in every environment that it has a recipe for, five seeds each, then the record.

    python -m numeric.training.curves                               all of them; hours on a busy machine
    python -m numeric.training.curves ppo-clip/CartPole-v1          these; `--seeds 3` for fewer

Runs that are finished are not run again, and one that was killed goes on, as with `rlproofs train`, whose folders these are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from numeric.algorithms.learner import ALGORITHMS, named
from numeric.training import record
from numeric.training.command import RUNS, imported, run
from numeric.training.environments import TASKS, budget
from numeric.training.progress import say
from numeric.training.run import Plan
from numeric.training.settings import recipe


def pairs() -> list[str]:
    """Every algorithm/environment with a recipe."""
    return [f"{name}/{environment}" for name in ALGORITHMS for environment in imported(name).RECIPES]


def trained(algorithm: str, environment: str, seeds: int, runs: Path) -> list[Path]:
    """The run folders of seeds 0, 1, ...; each is finished when this returns."""
    settings = recipe(imported(algorithm).RECIPES, algorithm, environment)
    usual = budget(algorithm, environment, settings)
    folders = [runs / f"{algorithm}-{environment}-seed{seed}" for seed in range(seeds)]
    for seed, path in enumerate(folders):
        out = run(algorithm, environment, Plan(seed, usual.steps, usual.every), settings, path, 1, record.Silent())
        last = out.evaluations[-1]
        say(
            f"{algorithm} {environment} seed {seed}: {last['mean']:.4g} after {last['steps']:,} steps {out.diverged}".rstrip()
        )
    return folders


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and record; 2 where something cannot be."""
    parser = argparse.ArgumentParser(
        prog="python -m numeric.training.curves", description="Train and record learning curves."
    )
    parser.add_argument("pairs", nargs="*", metavar="ALGORITHM/ENVIRONMENT")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--runs", type=Path, default=RUNS, metavar="DIR", help=f"of the run folders; else {RUNS}")
    parser.add_argument(
        "--out", type=Path, default=record.RUNS, metavar="DIR", help=f"of the records; else {record.RUNS}"
    )
    given = parser.parse_args(arguments)
    worst = 0
    try:
        for pair in given.pairs or pairs():
            algorithm, _, environment = pair.partition("/")
            named("algorithm", algorithm, ALGORITHMS)
            named("environment", environment, TASKS)
            folders = trained(algorithm, environment, given.seeds, given.runs)
            worst = max(worst, record.main([*map(str, folders), "--out", str(given.out)]))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return worst


if __name__ == "__main__":
    sys.exit(main())
