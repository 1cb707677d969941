"""What a run prints: one line a claim while it works, then a summary that is read in five seconds; and `--json FILE`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from proofs.runner import ledger
from proofs.runner.plain import WIDTH, paragraph
from proofs.runner.run import Outcome, count, gaps, totals
from proofs.runner.verdicts import distinct

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
    head, end = f"{word:<10} {record['id']:<20} ", f" [{took}]{'' if record['ok'] else '  NOT AS EXPECTED'}"
    return f"{head}{tail[: max(0, WIDTH - len(head) - len(end))]}{end}"


# ------------------------------------------------------------------------------------- the summary
def summary(outcome: Outcome, width: int | None = None) -> str:
    """Gaps first, then what stands, what was attacked, what it cost, and what to type next.

    width: of all lines; None leaves each problem in one line, so that a search finds it, and the commands in one.
    """
    records = list(outcome.records.values())
    t, open_gaps = totals(records, outcome.seconds), gaps(outcome.records)
    wrong = [r for r in records if not r["ok"]]
    rows = [("gaps", said_gaps(open_gaps))]
    rows.append(("claims", f"{t['claims']}: {words(t['by_verdict'])}"))
    rows.append(("scope", words(t["by_scope"]) or "none proved"))
    rows.append(("mutants", attacked(records)))
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
    body = "\n".join(line for name, text in rows for line in wrapped(f"  {name:<9} {text}"))
    problems = [trouble(r, width) for r in wrong]
    problems += [line for p in outcome.problems for line in folded(f"problem: {p}", width)]
    return "\n".join(["", *problems, head(outcome, wrong), body, advice(outcome, wrong, width)])


def wrapped(text: str) -> list[str]:
    """Each line of a row within WIDTH, its rest below its text."""
    lines = text.split("\n")
    return [part for line in lines for part in paragraph(line, hang=" " * 12)]


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


def attacked(records: list[Data]) -> str:
    """`3 of 5 refuted, 1 crashed, 1 survived (of 6 planted, 1 is worth the same as another and counts once)`."""
    planted = sum(len(r["mutants"]) for r in records)
    found = [m["outcome"] for r in records for m in distinct(r["mutants"])]
    left = words(count(word for word in found if word != "refuted"))
    twice = planted - len(found)
    equal = (
        "is worth the same as another and counts once" if twice == 1 else "are worth the same as another and count once"
    )
    return "".join([
        f"{found.count('refuted')} of {len(found)} refuted", f", {left}" if left else "",
        f" (of {planted} planted, {twice} {equal})" if twice else "",
    ])  # fmt: skip


def folded(text: str, width: int | None) -> list[str]:
    """One line, or several that are not longer than the width."""
    return [text] if width is None else paragraph(text, hang="    ", width=width, whole=False)


def trouble(record: Data, width: int | None) -> str:
    """Every reason why a claim is not as expected."""
    said = [line for p in record["problems"] for line in folded(f"  - {p}", width)]
    return "\n".join([f"{record['id']} ({record['title']}): {record['verdict']}", *said, "\n"])


def advice(outcome: Outcome, wrong: list[Data], width: int | None) -> str:
    """What to type next."""
    if wrong:
        return f"next: mend it, then `{command()} verify {wrong[0]['id']} --explain`"
    ours = [name for name, record in outcome.records.items() if not record["source"].startswith("this project")]
    stated = [name for name in ours if outcome.records[name]["latex"]]  # a contract has no script
    one = next(iter([*stated, *ours, *outcome.records]), "ID")
    python = str(Path(command()).with_name("python")) if "/" in command() else "python"
    asked = [f"show {one}", *([f"show {one} --sympy | {python} -"] if one in stated else []), f"cite {one}"]
    commands = [f"`{command()} {words}`" for words in asked]
    return f"next: {', '.join(commands) if width is None else f',{chr(10)}      '.join(commands)}"


def command() -> str:
    """The command as a person in this folder types it: `.venv/bin/rlproofs` where no activated environment has it."""
    called = Path(sys.argv[0])
    if called.name != "rlproofs" or shutil.which("rlproofs") == str(called):
        return "rlproofs"
    return str(called.relative_to(Path.cwd())) if called.is_relative_to(Path.cwd()) else str(called)


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
