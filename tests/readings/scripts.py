"""Runs SymPy scripts: one process imports SymPy once and forks for each script, so that exit codes are real."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

FORKS = """
import json, os, sys
import sympy, itertools
sources = json.load(sys.stdin)
exits = {}
for name, source in sources.items():
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        code = 1
        try:
            exec(compile(source, name, "exec"), {"__name__": "__main__"})
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        finally:
            os._exit(code)
    exits[name] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
json.dump(exits, sys.stdout)
"""


def alone(source: str) -> tuple[int, str]:
    """Exit code and output of `python -` on a script."""
    done = subprocess.run([sys.executable, "-"], input=source, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def exits(sources: Mapping[str, str]) -> dict[str, int]:
    """Exit codes of many scripts."""
    command, text = [sys.executable, "-c", FORKS], json.dumps(dict(sources))
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=300, check=True)
    found: dict[str, int] = json.loads(done.stdout)
    return found
