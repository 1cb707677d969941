"""The SymPy channel: the stand-alone script, run in a process that knows SymPy and nothing of this project."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from proofs.claims import Claim, Control, Mutant
from proofs.runner.channels import Record
from proofs.runner.readings import script

Exit = int | str
VERDICTS: dict[Exit, str] = {0: "confirmed", 3: "refuted"}


class Scripts:
    """Runs scripts; `seconds` is the limit of each."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._process: subprocess.Popen[str] | None = None

    def run(self, claim: Claim) -> dict[str, Any]:
        """{"claim", "mutants", "controls"}.  A mutant that does not name this channel is tried, too: its script is short."""
        mutants = [m for m in claim.mutants.values() if m.statement is not None]
        controls = [c for c in claim.controls.values() if "sympy" in c.channels]
        return {
            "claim": self.check(claim, None),
            "mutants": {m.id: short(self.check(claim, m)) for m in mutants},
            "controls": {c.id: short(self.check(claim, c)) for c in controls},
        }

    def check(self, claim: Claim, variant: Mutant | Control | None) -> Record:
        """Write the script and run it: exit 0 confirms, 3 refutes, and anything else is an error that refutes nothing."""
        start = time.perf_counter()
        try:
            written = script(claim, variant)
        except Exception as error:  # the writer of scripts has no form for this statement, or fails
            return {"verdict": "error", "reason": f"no script: {type(error).__name__}: {error}", "seconds": 0.0}
        code, output = self.execute(written.source)
        record = {"sizes": written.sizes, "symbolic": written.symbolic, "lines": written.lines, "exit": code}
        record |= {"output": output[-4000:], "script": written.source, "seconds": round(time.perf_counter() - start, 3)}
        verdict = VERDICTS.get(code, "error")
        return {"verdict": verdict, **record, **({"reason": last(output, code)} if verdict == "error" else {})}

    def execute(self, source: str) -> tuple[Exit, str]:
        """(exit code or "timeout", what it printed)."""
        process = self._alive()
        try:
            process.stdin.write(json.dumps({"source": source, "seconds": self.seconds}) + "\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            line = process.stdout.readline()  # type: ignore[union-attr]
        except OSError:
            line = ""
        if not line:
            return "lost", f"the process that runs the scripts ended (exit {process.wait()})"
        answer = json.loads(line)
        return answer["exit"], answer["output"]

    def _alive(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            source = Path(__file__).with_name("preloaded.py").read_text("utf8")
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self._process = subprocess.Popen([sys.executable, "-c", source], text=True, encoding="utf8", **pipes)
        return self._process


def last(output: str, code: Exit) -> str:
    return f"exit {code}: {(output.strip().splitlines() or ['no output'])[-1][:300]}"


def short(record: Record) -> Record:
    """A variant's record: the verdict and the script's last line."""
    detail = record.get("reason") or last(record.get("output", ""), record.get("exit", "?"))
    said = detail.partition("REFUTED: ")[2]
    why = {"why": said} if record["verdict"] == "refuted" and said else {}
    return {"verdict": record["verdict"], "detail": detail, "seconds": record["seconds"], **why}
