"""A process that has imported SymPy and nothing else, and forks once for each script.

Run as `python -c SOURCE`, so that nothing of this project is on its path.  A line of JSON {"source", "seconds"} is answered
by a line {"exit", "output"}.  A script meets what `python -` would give it: a fresh `__main__`, no arguments.  That saves the
import, which takes longer than most scripts; `rlproofs show ID --sympy | python -` runs the same text without it.
"""

import json
import os
import signal
import sys
import tempfile
import traceback

import sympy  # noqa: F401  (what every script imports first)


def child(source: str, seconds: int, output: int) -> None:
    """Run the script as the main module, then end."""
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.alarm(seconds)
    code: object = 0
    try:
        exec(compile(source, "<stdin>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    if not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code & 0xFF)


def main() -> None:
    for line in sys.stdin:
        job = json.loads(line)
        with tempfile.TemporaryFile() as output:
            one = os.fork()
            if one == 0:
                child(job["source"], max(1, int(job["seconds"])), output.fileno())
            code = os.waitstatus_to_exitcode(os.waitpid(one, 0)[1])
            output.seek(0)
            text = output.read(1 << 20).decode("utf8", "replace")
        print(json.dumps({"exit": "timeout" if code == -signal.SIGALRM else code, "output": text}), flush=True)


if __name__ == "__main__":
    main()
