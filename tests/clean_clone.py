"""The newest user: clone HEAD into a temporary folder without a venv, and run the two commands of the README there.

    make verify        sets everything up
    make verify        nothing has changed: recorded results
    make test          the extras, and everything

What they print goes to standard error as it comes. The result, one JSON object, goes to standard output and to a file
(`--json`, by default .rlproofs/clean-clone.json): {commit, python, uncommitted, commands: [{command, exit, seconds,
last_line}], ok}. It stops at the first command that fails; the exit status is 0 only if none did. Only the standard
library is used, so that it runs before anything is installed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ("make verify", "make verify", "make test")
# Set by the make that called this script, or by an activated venv; a stranger's shell has none of them.
FOREIGN = (
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
    "MAKE_TERMOUT",
    "MAKE_TERMERR",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
)


def output(*command: str, cwd: Path = ROOT) -> str:
    """What a command prints, stripped.  Raises CalledProcessError where it fails."""
    return subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def newcomer() -> dict[str, str]:
    """This environment without what only a developer's shell holds; PYTHON stays and names the interpreter."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    venv = os.environ.get("VIRTUAL_ENV")
    if venv:
        kept["PATH"] = os.pathsep.join(p for p in kept.get("PATH", "").split(os.pathsep) if p != f"{venv}/bin")
    return kept


def run(command: str, folder: Path) -> dict[str, object]:
    """Run one command in the clone; its lines go to standard error, its exit status and seconds are returned."""
    print(f"\n$ {command}", file=sys.stderr, flush=True)
    started, last = time.monotonic(), ""
    with subprocess.Popen(
        command.split(),
        cwd=folder,
        env=newcomer(),
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        for line in process.stdout or ():
            print(line, end="", file=sys.stderr, flush=True)
            last = line.strip() or last
    seconds = round(time.monotonic() - started, 2)
    return {"command": command, "exit": process.returncode, "seconds": seconds, "last_line": last}


def clean_clone() -> dict[str, object]:
    """Clone, run the commands up to the first that fails, remove the clone."""
    commands: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="rlproofs-", ignore_cleanup_errors=True) as parent:
        folder = Path(parent) / "rlproofs"
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)], check=True)
        for command in COMMANDS:
            commands.append(run(command, folder))
            if commands[-1]["exit"] != 0:
                break
        return {
            "commit": output("git", "rev-parse", "HEAD", cwd=folder),
            "python": output(os.environ.get("PYTHON", "python3"), "--version").removeprefix("Python "),
            "uncommitted": len(output("git", "status", "--porcelain").splitlines()),
            "commands": commands,
            "ok": len(commands) == len(COMMANDS) and all(row["exit"] == 0 for row in commands),
        }


def main() -> int:
    """Parse the arguments, run, write the JSON; 0 only if every command exited 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=ROOT / ".rlproofs" / "clean-clone.json", help="where to write it")
    arguments = parser.parse_args()
    result = clean_clone()
    text = json.dumps(result, indent=2)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
