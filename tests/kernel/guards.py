"""Delete each guard of the judge in turn, in a copy, and see an attack succeed: `make guards`.

A guard is a `need(...)`, a `want(...)`, a `raise` of one of the judge's refusals, or an `if` that does nothing but raise.
Without it the attacks and rule examples run again in a process of their own.  Four ends:

    needed     an attack succeeds, or a true use fails
    noticed    no attack succeeds, but one is refused by another sentence, or crashes: something behind the guard holds
    explained  nothing changes, and `guards_explained.toml` says why the guard is there all the same
    open       nothing changes, and nobody has said why

    python -m tests.kernel.guards [file of the kernel ...]      prints `k of n needed, m explained`
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
KERNEL = ROOT / "proofs" / "kernel"
EXPLAINED = Path(__file__).with_name("guards_explained.toml")
REFUSALS = {"SideCondition", "Undecided", "Undefined", "Malformed", "TooLong", "TypeError", "AttributeError"}
SECONDS = 120  # of the processor, so that a busy machine makes no guard look needed
WAITING = 10  # and so many times as long on the clock on the wall, for what sleeps


class Guard(NamedTuple):
    """Lines first..last of a file of the kernel, and the first line's text, by which it is known."""

    file: str
    first: int
    last: int
    text: str

    @property
    def name(self) -> str:
        return f"{self.file}: {self.text}"


# ------------------------------------------------------------------------------------- finding guards
def guards(path: Path) -> list[Guard]:
    """In the order in which they stand."""
    source = path.read_text()
    found = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.stmt) and _is_guard(n)]
    lines, seen = source.split("\n"), set()
    out = []
    for node in sorted(found, key=lambda n: n.lineno):
        if node.lineno not in seen:
            last = node.end_lineno or node.lineno
            seen |= set(range(node.lineno, last + 1))
            out.append(Guard(path.name, node.lineno, last, _text(path.name, lines, node.lineno, last, out)))
    return out


def _text(file: str, lines: list[str], first: int, last: int, before: list[Guard]) -> str:
    text = " ".join(line.strip() for line in lines[first - 1 : last])[:160]
    twins = sum(g.text.partition(" #")[0] == text for g in before)
    return f"{text} #{twins + 1}" if twins else text


def _is_guard(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
        return node.value.func.id in ("need", "want")
    if isinstance(node, ast.If) and not node.orelse:
        return all(map(_refuses, node.body))
    return _refuses(node)


def _refuses(node: ast.stmt) -> bool:
    call = node.exc if isinstance(node, ast.Raise) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in REFUSALS


def without(source: str, guard: Guard) -> str:
    """The file with `pass` in the guard's place."""
    lines = source.split("\n")
    indent = lines[guard.first - 1][: -len(lines[guard.first - 1].lstrip())]
    return "\n".join([*lines[: guard.first - 1], f"{indent}pass", *lines[guard.last :]])


# ------------------------------------------------------------------------------------- what the attacks say
def survey() -> dict[str, str]:
    """The end of every attack and rule example in this process, by name."""
    from tests.kernel import value_examples
    from tests.kernel.attempts import all_attempts
    from tests.kernel.rule_examples import EXAMPLES

    sys.setrecursionlimit(20_000)
    out = {}
    for family, name, says, run in all_attempts():
        ended = run()
        out[f"{family}/{name}"] = "ok" if ended.as_it_should(says) else ended.verdict
    for n, e in enumerate(EXAMPLES):
        out[f"rule/{e.rule}/{n}"] = _example(e)
    for w in value_examples.EXAMPLES:
        out[f"value/{w.name}"] = "ok" if w.as_it_should() else "accepted"
    return out


def exhausted() -> dict[str, str]:
    """The end of every quick hostile input, each in a process of its own; runs only where the survey saw nothing."""
    from tests.kernel.attacks.hostile import ATTACKS
    from tests.kernel.bundles import judge

    out = {}
    for h in ATTACKS:
        if not h.slow:
            done = judge(h.text(), timeout=SECONDS)
            out[h.name] = "ok" if h.says in done.stdout and not done.stderr else "accepted"
    return out


def _example(e: object) -> str:
    from proofs.kernel.poly import Undecided
    from proofs.kernel.terms import Malformed

    try:
        _, step = e.run()  # type: ignore[attr-defined]
    except (Undecided, Malformed) as why:
        return "ok" if e.says and e.says in str(why) else "refused"  # type: ignore[attr-defined]
    except Exception as why:
        return f"crash: {type(why).__name__}"
    return "ok" if step.prop is e.gives else "accepted"  # type: ignore[attr-defined]


def snapshot(root: Path, folder: Path) -> None:
    """The judge, what the attacks stand on, and the attacks."""
    for part in ("proofs", "tests/kernel"):
        shutil.copytree(root / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))


def judged(guard: Guard, root: Path = ROOT) -> str:
    """needed, noticed or silent."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        snapshot(root, copy)
        target = copy / "proofs" / "kernel" / guard.file
        target.write_text(without(target.read_text(), guard))
        end = _asked(folder, "--survey")
        return _asked(folder, "--hostile") if end == "silent" else end


def _asked(folder: str, what: str) -> str:
    env = {**os.environ, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [
        "sh",
        "-c",
        f'ulimit -S -t {SECONDS}; exec "$@"',
        "sh",
        sys.executable,
        "-m",
        "tests.kernel.guards",
        what,
    ]
    try:
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=WAITING * SECONDS)
        return "needed" if done.returncode == -signal.SIGXCPU else verdict(json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        return "needed"
    except ValueError:
        return "noticed"  # the copy does not even start


def verdict(ends: dict[str, str]) -> str:
    if any(e == "accepted" for e in ends.values()):
        return "needed"
    return "noticed" if any(e != "ok" for e in ends.values()) else "silent"


def explanations() -> dict[str, str]:
    """Guard -> why it is there although no attack needs it."""
    rows = tomllib.loads(EXPLAINED.read_text())["guard"]
    return {f"{r['file']}: {r['text']}": r["why"] for r in rows}


def main(names: list[str]) -> int:
    """0 where every guard is needed, noticed or explained."""
    base = survey()
    if any(e != "ok" for e in base.values()):
        print(
            "the attacks do not end as they should before anything is deleted:",
            {k: v for k, v in base.items() if v != "ok"},
        )
        return 2
    with tempfile.TemporaryDirectory() as folder:  # the files may change while this runs
        root = Path(folder)
        snapshot(ROOT, root)
        paths = sorted((root / "proofs" / "kernel").glob("*.py"))
        found = [g for p in paths if not names or p.name in names for g in guards(p)]
        with ThreadPoolExecutor(max(1, os.cpu_count() or 2)) as pool:
            ends = dict(zip(found, pool.map(lambda g: judged(g, root), found), strict=True))
    why = explanations()
    open_ = [g for g, e in ends.items() if e == "silent" and g.name not in why]
    stale = [
        name for name in why if name not in {g.name for g in found} and (not names or name.partition(":")[0] in names)
    ]
    count = {e: sum(x == e for x in ends.values()) for e in ("needed", "noticed", "silent")}
    rest = f"{count['noticed']} noticed, {count['silent'] - len(open_)} explained, {len(open_)} open"
    print(f"{count['needed']} of {len(found)} needed, {rest}")
    for n, g in enumerate(open_, 1):
        print(f"  open {n}: {g.file}:{g.first}: {g.text}")
    for name in stale:
        print(f"  explained, but no longer there: {name}")
    return int(bool(open_ or stale))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))  # started as a file, too
    if sys.argv[1:] in (["--survey"], ["--hostile"]):
        json.dump(survey() if sys.argv[1] == "--survey" else exhausted(), sys.stdout)
        sys.exit(0)
    sys.exit(main(sys.argv[1:]))
