"""What a run prints: one line a claim while it works, then a summary that is read in five seconds; and `--json FILE`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from proofs.runner import ledger
from proofs.runner.run import Outcome, gaps, totals

Data = dict[str, Any]
GOOD = ("proved", "confirmed", "demonstrated", "refuted")  # as expected: a false sentence is refuted
STYLES = {**dict.fromkeys(GOOD, "green"), "gap": "yellow", "wrong": "bold red"}


class Plain:
    """Lines for a pipe or a file."""

    def __init__(self, explain: bool = False) -> None:
        self.explain = explain

    def begin(self, claims: int, cached: int, jobs: int) -> None:
        say(f"{claims} claims: {cached} from recorded results, {claims - cached} to verify ({jobs} jobs)")

    def job(self, claim: str, channel: str, result: Data) -> None:
        if self.explain:
            say(f"  {claim}: {channel} {result['claim']['verdict']}, {result['seconds']:.1f} s")

    def claim(self, record: Data) -> None:
        if not record["cached"] or self.explain:
            say(line(record))

    def end(self) -> None: ...


class Terminal(Plain):
    """A bar that moves, with the lines above it."""

    def __init__(self, explain: bool = False) -> None:
        super().__init__(explain)
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.bar = Progress(*parts, transient=True)
        self.task = self.bar.add_task("verifying", total=None)

    def begin(self, claims: int, cached: int, jobs: int) -> None:
        super().begin(claims, cached, jobs)
        if jobs:
            self.bar.update(self.task, total=jobs)
            self.bar.start()

    def job(self, claim: str, channel: str, result: Data) -> None:
        self.bar.update(self.task, advance=1, description=f"{claim} {channel}")

    def claim(self, record: Data) -> None:
        if not record["cached"] or self.explain:
            self.bar.console.print(line(record), style=STYLES.get(state(record)), markup=False, highlight=False)

    def end(self) -> None:
        self.bar.stop()


def watching(explain: bool) -> Plain:
    """A bar on a terminal, plain lines where the output goes elsewhere."""
    return Terminal(explain) if sys.stdout.isatty() else Plain(explain)


def say(text: str) -> None:
    print(text, flush=True)


def state(record: Data) -> str:
    return "gap" if record["gap"] else str(record["verdict"]) if record["ok"] else "wrong"


def line(record: Data) -> str:
    """One claim in one line."""
    word = "gap" if record["gap"] else record["verdict"]
    tail = record["scope"] or (record["gap"] or {}).get("missing", "")
    took = "recorded" if record["cached"] else f"{record['seconds']:.1f} s"
    return f"{word:<10} {record['id']:<20} {tail[:70]} [{took}]{'' if record['ok'] else '  NOT AS EXPECTED'}"


# ------------------------------------------------------------------------------------- the summary
def summary(outcome: Outcome) -> str:
    """Gaps first, then what stands, what was attacked, what it cost, and what to type next."""
    records = list(outcome.records.values())
    t, open_gaps = totals(records, outcome.seconds), gaps(outcome.records)
    wrong = [r for r in records if not r["ok"]]
    rows = [("gaps", said_gaps(open_gaps))]
    rows.append(("claims", f"{t['claims']}: {words(t['by_verdict'])}"))
    rows.append(("scope", words(t["by_scope"]) or "none proved"))
    rows.append(("mutants", f"{t['mutants']['refuted']} of {t['mutants']['planted']} refuted"))
    rows.append(("controls", f"{t['controls']['confirmed']} of {t['controls']['planted']} confirmed"))
    budget = outcome.budget
    rows.append(
        ("budget", f"{budget['spent']:.2g} of {budget['limit']:.0e} spent, {budget['checks']} statistical checks")
    )
    rows.append(
        ("time", f"{outcome.seconds:.1f} s; {t['cached']} of {t['claims']} from recorded results{slowest(records)}")
    )
    kept = "not written (only some channels ran)" if outcome.partial else str(ledger.where())
    rows.append(("ledger", kept))
    body = "\n".join(f"  {name:<9} {text}" for name, text in rows)
    problems = [*map(trouble, wrong), *[f"problem: {p}" for p in outcome.problems]]
    return "\n".join(["", *problems, head(outcome, wrong), body, advice(outcome, wrong)])


def head(outcome: Outcome, wrong: list[Data]) -> str:
    if outcome.ok:
        return "All as expected."
    count = len(wrong)
    return (
        f"NOT as expected: {count} claim{'s' if count != 1 else ''}{', and the catalogue' if outcome.problems else ''}."
    )


def said_gaps(found: list[Data]) -> str:
    listed = "".join(f"\n            {g['id']}: {g['missing']}" for g in found)
    return f"{len(found) or 'none'}{listed}"


def words(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {word}" for word, n in counts.items())


def slowest(records: list[Data]) -> str:
    ran = sorted((r for r in records if not r["cached"]), key=lambda r: -r["seconds"])[:3]
    listed = ", ".join(f"{r['id']} {r['seconds']:.1f} s" for r in ran)
    return f"; slowest {listed}" if listed else ""


def trouble(record: Data) -> str:
    """Every reason why a claim is not as expected."""
    reasons = "".join(f"  - {p}\n" for p in record["problems"])
    return f"{record['id']} ({record['title']}): {record['verdict']}\n{reasons}\n"


def advice(outcome: Outcome, wrong: list[Data]) -> str:
    """What to type next."""
    if wrong:
        return f"next: mend it, then `{command()} verify {wrong[0]['id']} --explain`"
    ours = [name for name, record in outcome.records.items() if not record["source"].startswith("this project")]
    one = next(iter([*ours, *outcome.records]), "ID")
    python = str(Path(command()).with_name("python")) if "/" in command() else "python"
    return f"next: `{command()} show {one}`, `{command()} show {one} --sympy | {python} -`, `{command()} cite {one}`"


def command() -> str:
    """The command as a person in this folder types it: `.venv/bin/rlproofs` where no activated environment has it."""
    called = Path(sys.argv[0])
    if called.name != "rlproofs" or shutil.which("rlproofs") == str(called):
        return "rlproofs"
    return str(called.relative_to(Path.cwd())) if called.is_relative_to(Path.cwd()) else str(called)


def explained(outcome: Outcome) -> str:
    """For each claim: why it ran, what each channel said, and where each mutant fell."""
    parts = []
    for record in outcome.records.values():
        why = outcome.ran_because.get(record["id"])
        out = [f"{record['id']}@{record['version']}: {f'ran: {why}' if why else 'from recorded results'}"]
        for name, found in record["channels"].items():
            tail = found.get("reason") or found.get("detail") or found.get("scope") or found.get("sizes") or ""
            out.append(f"    {name:<11} {found['verdict']:<10} {tail}")
        out += [f"    mutant {k}: {m['outcome']} by {', '.join(m['refuted_by'])}" for k, m in record["mutants"].items()]
        parts.append("\n".join(out))
    return "\n".join(parts)


def report(outcome: Outcome) -> Data:
    """What `--json FILE` holds."""
    records = list(outcome.records.values())
    keys = (
        "id",
        "version",
        "verdict",
        "expected",
        "scope",
        "ok",
        "problems",
        "channels",
        "statement_hash",
        "evidence_hash",
    )
    return {
        "environment": outcome.environment,
        "budget": outcome.budget,
        "totals": totals(records, outcome.seconds),
        "gaps": gaps(outcome.records),
        "problems": outcome.problems,
        "ok": outcome.ok,
        "claims": [
            {
                **{key: r[key] for key in keys},
                "mutants": {k: m["refuted_by"] for k, m in r["mutants"].items()},
                "controls": {k: c["confirmed_by"] for k, c in r["controls"].items()},
                "seconds": r["seconds"],
                "cached": r["cached"],
            }
            for r in records
        ],
    }
