"""Mechanical mutants: does a test notice each one?  `make mutants`

cosmic-ray makes the mutants of a target (targets.py: the judge, or the code that turns evidence into verdicts); a seeded sample
of 300 is tried, each in a private copy of the tree.  A mutant is killed by the first test or command of its target that fails, or
by the clock (processor time, several times what the untouched copy takes), which is said apart.  What lives has a line in the
target's survivors file that says why it does no harm; such a mutant is not tried again, except with --recheck.  What kills is
green on the untouched copy, before the first mutant and after the last, so that nothing is called killed because of the machine.

    python -m tests.mutation.run [kernel|evidence] [--sample N] [--seed N] [--jobs N] [--only TEXT] [--recheck] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from typing import Any

if __package__ in (None, ""):  # started as a file
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.mutation.bench import Bench, End
from tests.mutation.population import ROOT, Mutant, Name, population, sample
from tests.mutation.target import Target
from tests.mutation.targets import TARGETS

SIZE, SEED, ENOUGH = 300, 1, 0.95
JOBS = (os.cpu_count() or 1) + 1  # tests that wait leave a core idle


# ------------------------------------------------------------------------------------- the copies
@contextmanager
def benches(count: int, target: Target) -> Iterator[list[Bench]]:
    """Copies of one and the same state of the tree: the files may change while this runs."""
    with tempfile.TemporaryDirectory() as folder:
        made = [Bench(Path(folder) / "0", target)]
        made += [Bench(Path(folder) / str(n), target, made[0].folder) for n in range(1, count)]
        try:
            yield made
        finally:
            for bench in made:
                bench.stop()


def tried(mutants: list[Mutant], made: list[Bench]) -> dict[Mutant, End]:
    """Every mutant with its end; one line each while it runs."""
    free: SimpleQueue[Bench] = SimpleQueue()
    for bench in made:
        free.put(bench)

    def one(mutant: Mutant) -> End:
        bench = free.get()
        try:
            end = bench.judged(mutant)
        finally:
            free.put(bench)
        name = mutant.name
        told = f"{end.outcome:20} {end.seconds:6.1f} s  {name.file}:{mutant.number} {name.operator}  {end.by}"
        print(told, flush=True)
        return end

    with ThreadPoolExecutor(len(made)) as pool:
        try:
            return dict(zip(mutants, pool.map(one, mutants), strict=True))
        except BaseException:  # stopped: what waits is not begun, and what runs ends now
            pool.shutdown(wait=False, cancel_futures=True)
            for bench in made:
                bench.stop()
            raise


# ------------------------------------------------------------------------------------- survivors
def explanations(path: Path) -> dict[Name, str]:
    """Survivor -> why it does no harm.  Raises ValueError where the file is not a list of such rows."""
    rows = tomllib.loads(path.read_text("utf8")).get("survivor", []) if path.exists() else []
    out: dict[Name, str] = {}
    for row in rows:
        given = {"where": "", "nth": 1, **row}
        if set(given) != {*Name._fields, "change", "why"} or not str(given["why"]).strip():
            raise ValueError(f"a survivor has {', '.join(Name._fields)}, change and why; got {row}")
        name = Name(*[given[f] for f in Name._fields])
        if name in out:
            raise ValueError(f"explained twice: {name}")
        out[name] = str(given["why"])
    return out


def row(mutant: Mutant, original: str) -> str:
    """A survivor as it is entered in survivors.toml, the reason left open."""
    name = mutant.name
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in name._asdict().items()]
    return "\n".join(["[[survivor]]", *lines, f"change = {json.dumps(mutant.change(original))}", 'why = ""', ""])


def summary(ends: dict[Mutant, End], why: dict[Name, str], files: dict[str, str]) -> tuple[str, bool]:
    """The closing lines, and whether all is well: enough killed, and a reason for each that lives."""
    alive = [m for m, end in ends.items() if end.outcome == "survived"]
    unexplained = [m for m in alive if m.name not in why]
    killed, total = len(ends) - len(alive), len(ends)
    count = {o: sum(e.outcome == o for e in ends.values()) for o in ("killed on import", "killed by the clock")}
    rows = [row(m, files[m.name.file]) for m in unexplained]
    rows += [
        f"explained, though killed by {e.by}: {m.name}" for m, e in ends.items() if m.name in why and m not in alive
    ]
    apart = f"  of these {count['killed on import']} on import, {count['killed by the clock']} by the clock"
    share = killed / max(1, total)
    closing = (
        f"{killed} of {total} killed ({100 * share:.1f} %), "
        f"{len(alive) - len(unexplained)} survivors explained, {len(unexplained)} unexplained"
    )
    return "\n".join([*rows, apart, closing]), total > 0 and share >= ENOUGH and not unexplained


def written(path: Path, options: Any, ends: dict[Mutant, End], all_of_them: int) -> None:
    """The result as JSON."""
    rows = [{**m.name._asdict(), "number": m.number, **asdict(end)} for m, end in ends.items()]
    head = {"target": options.target, "seed": options.seed, "sample": len(rows), "population": all_of_them}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**head, "mutants": rows}, indent=1, ensure_ascii=False) + "\n", "utf8")


def main(arguments: list[str] | None = None) -> int:
    """0 where at least 95 % are killed and each survivor is explained."""
    parser = argparse.ArgumentParser(description="Try mechanical mutants of a target.")
    parser.add_argument("target", nargs="?", choices=sorted(TARGETS), default="kernel", help="what is mutated")
    parser.add_argument("--sample", type=int, default=SIZE, help="how many")
    parser.add_argument("--seed", type=int, default=SEED, help="which")
    parser.add_argument("--jobs", type=int, default=JOBS, help="copies of the tree side by side")
    parser.add_argument("--recheck", action="store_true", help="try the explained survivors, too")
    parser.add_argument(
        "--only", default="", help="of the sample, those whose file, function or operator holds this text"
    )
    parser.add_argument("--out", type=Path, help="where the result goes; .rlproofs/mutants-TARGET.json")
    parser.add_argument(
        "--measured", type=Path, help="which test executes what (evidence): read, or written if not there"
    )
    options = parser.parse_args(arguments)
    target = TARGETS[options.target]
    target.kept = options.measured
    why = explanations(target.survivors)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with benches(options.jobs, target) as made:
        folder = made[0].folder
        every = population(target.files(folder))
        chosen = [m for m in sample(every, options.sample, options.seed) if options.only in " ".join(map(str, m.name))]
        files = {name: path.read_text("utf8") for name, path in target.files(folder)}
        known = [] if options.recheck else [m for m in chosen if m.name in why]
        target.begin(made)
        ends = tried([m for m in chosen if m not in known], made)
        target.end(made, list(ends.values()))
        ends |= {m: End("survived", "as explained", 0.0) for m in known}
    written(options.out or ROOT / ".rlproofs" / f"mutants-{target.name}.json", options, ends, len(every))
    told, well = summary(ends, why, files)
    print(told)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
