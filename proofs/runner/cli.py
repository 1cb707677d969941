"""The command line.  Everything slow is imported inside the command that needs it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from proofs.runner import ledger, limits
from proofs.runner.commands import Commands
from proofs.runner.discovery import Broken, Catalogue, NotFound
from proofs.runner.stopping import Stopped, stoppable

app = typer.Typer(
    cls=Commands,
    help="Reinforcement-learning mathematics that runs: claims proved, checked again, sampled, attacked and cited.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Data = dict[str, Any]


class Device(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Channel(StrEnum):
    proof = "proof"
    sympy = "sympy"
    exact = "exact"
    montecarlo = "montecarlo"
    reference = "reference"


class Style(StrEnum):
    plain = "plain"
    bibtex = "bibtex"


Words = Annotated[list[str] | None, typer.Argument(help="ids, topics or sources; all claims where none is given")]
Name = Annotated[str, typer.Argument(metavar="ID", help="a claim's id, or id@version")]


def gone(name: str) -> str:
    """Why an id is no claim any more, and what to read instead; empty for one that was never withdrawn."""
    from proofs.runner.withdrawn import read_withdrawn

    entry = read_withdrawn().get(name)
    return f"{name} was withdrawn: {entry.reason}; instead: {', '.join(entry.instead) or 'nothing'}" if entry else ""


KEPT = "what was finished is recorded, and the next run goes on from there"


@contextmanager
def plainly(kept: str = KEPT) -> Iterator[None]:
    """What a person can mend is one line and exit 2, never a traceback; 128 and the signal's number where one stopped it."""
    try:
        yield
    except (NotFound, Broken, ledger.Trouble) as error:
        say(gone(error.word) if isinstance(error, NotFound) and gone(error.word) else str(error))
        raise typer.Exit(2) from None
    except BrokenPipeError:  # `rlproofs ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else the interpreter complains once more when it ends
        say("nobody reads on; " + kept)
        raise typer.Exit(2) from None
    except OSError as error:
        say(f"{error.filename or 'a file'}: {ledger.why(error)}; {kept}")
        raise typer.Exit(2) from None
    except KeyboardInterrupt as error:
        by, status = (f" by {error}", error.status) if isinstance(error, Stopped) else ("", 130)
        say(f"stopped{by}; {kept}")
        raise typer.Exit(status) from None


def say(text: str) -> None:
    """A line on standard error; where that is closed, too, the exit status says what there is to say."""
    with suppress(OSError):
        typer.echo(f"rlproofs: {text}", err=True)


@app.command()
def verify(
    words: Words = None,
    channel: Annotated[list[Channel] | None, typer.Option(help="only these channels; nothing is recorded")] = None,
    device: Annotated[Device, typer.Option(help="where samples and code run")] = Device.auto,
    jobs: Annotated[int, typer.Option(min=1, help="processes side by side; results do not depend on it")] = 2,
    nonce: Annotated[str, typer.Option(help="of the samples: a text, or `fresh` for new evidence")] = "0",
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="write the results here")] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="do all again")] = False,
    limit: Annotated[float, typer.Option(metavar="SECONDS", help="for one channel of a claim")] = limits.SECONDS,
    memory: Annotated[float, typer.Option(metavar="GIB", help="for the same")] = limits.MEMORY,
    expect_hash: Annotated[str | None, typer.Option(help="of one claim: s:... statement, e:... evidence")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="the kill matrix: what each channel saw, and what refuted each mutant")
    ] = False,
) -> None:
    """Verify claims, bring the ledger up to date and print the summary.

    Exit 0: all as expected.  1: something is not.  2: the request or the surroundings are at fault (an unknown id, a ledger that
    is damaged, cannot be written, or that another run holds); one line says what to do.  128 and the signal's number: stopped
    (Ctrl-C 130, SIGTERM 143); what was finished is recorded.
    """
    import secrets

    from proofs.runner import summary
    from proofs.runner.explain import explained
    from proofs.runner.plain import WIDTH
    from proofs.runner.run import Request, Run

    nonce = secrets.token_hex(8) if nonce == "fresh" else nonce
    channels = tuple(c.value for c in channel) if channel else None
    watch = summary.watching(explain)
    with plainly("nothing is recorded where only some channels run" if channels else KEPT):
        most = limits.Limits(positive("--limit", limit), positive("--memory", memory))
        run = Run(Request(words or (), channels, device.value, jobs, nonce, not no_cache, most), watch)
        hashes = expected(expect_hash, len(run.claims)) if expect_hash else None
        try:
            outcome = run.verify()
        finally:
            watch.end()
        if hashes:
            outcome.problems.extend(differs(next(iter(outcome.records.values())), *hashes))
        if explain:
            typer.echo(f"\n{explained(run.found, outcome.records, outcome.ran_because)}")
        typer.echo(summary.summary(outcome, WIDTH if explain else None))
        if json_file:
            json_file.write_text(json.dumps(summary.report(outcome), indent=1, ensure_ascii=False) + "\n", "utf8")
    raise typer.Exit(0 if outcome.ok else 1)


def positive(option: str, number: float) -> float:
    """The number of an option that must be above zero, and is neither infinite nor NaN."""
    if not 0 < number < float("inf"):
        raise NotFound(f"{option} must be a positive number; got {number:g}")
    return number


def expected(text: str, claims: int) -> tuple[str, str]:
    """(key of the record, digits) of --expect-hash.  Raises NotFound on another form, or on more than one claim."""
    kind, _, digits = text.partition(":")
    keys = {"s": "statement_hash", "e": "evidence_hash"}
    if kind not in keys or len(digits) < 8 or set(digits) - set("0123456789abcdef"):
        raise NotFound(f"--expect-hash must be s: or e: and at least 8 digits of the hash; got {text!r}")
    if claims != 1:
        raise NotFound(f"--expect-hash is of exactly one claim; {claims} are named")
    return keys[kind], digits


def differs(record: Data, key: str, digits: str) -> list[str]:
    """A sentence where the record's hash does not begin with the digits."""
    found = record[key] or "none"
    words = f"{key.replace('_', ' ')} of {record['id']}@{record['version']}"
    return [] if found.startswith(digits) else [f"the {words} is {found}; {digits} was expected"]


@app.command("list")
def list_(
    topic: Annotated[str | None, typer.Option(help="only this topic")] = None,
    source: Annotated[str | None, typer.Option(help="only from this source, such as `homework 23`")] = None,
    scope: Annotated[str | None, typer.Option(help="only proved so far, such as `all sizes`")] = None,
    verdict: Annotated[str | None, typer.Option(help="only with this recorded verdict")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="an array of objects")] = False,
) -> None:
    """List claims with what is recorded of them."""
    from proofs.runner.catalogue import row
    from proofs.runner.discovery import catalogue, of_source

    with plainly():
        found = catalogue()
        records = recorded(found)
        if topic is not None and topic not in found.topics:
            raise NotFound(f"unknown topic {topic!r}; there are {', '.join(found.topics)}")
        claims = [
            c for c in found.claims.values() if topic in (None, c.topic.id) and (not source or of_source(c, source))
        ]
        rows = [row(found, c, records.get(c.id)) for c in claims]
    rows = [r for r in rows if not scope or (r["scope"] or "").startswith(scope)]
    rows = [r for r in rows if not verdict or (r["verdict"] or "not run") == verdict]
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for r in rows:
        typer.echo(f"{r['id']:<20} {r['verdict'] or 'not run':<10} {r['scope'] or '':<32} {r['title']}")


def recorded(found: Catalogue) -> dict[str, Data]:
    """The ledger's records of the statements as they are now; none without a ledger.  Raises Trouble."""
    from proofs.runner.ids import hash_of

    records = (ledger.read_checked() or {}).get("claims", {})
    return {
        c.id: r for c in found.claims.values() if (r := records.get(c.id)) and (r["statement_hash"] or "") == hash_of(c)
    }


@app.command()
def show(
    name: Name,
    sympy: Annotated[bool, typer.Option("--sympy", help="print the stand-alone SymPy script and nothing else")] = False,
    mutant: Annotated[str | None, typer.Option(help="of this wrong variant, or true re-wording")] = None,
) -> None:
    """Show a claim; with --sympy a script for `python -`."""
    from proofs.runner.discovery import catalogue
    from proofs.runner.show import script_of, shown

    with plainly():
        found = catalogue()
        claim = found.claim(name)
        if sympy or mutant:
            typer.echo(script_of(claim, mutant), nl=False)
        else:
            typer.echo(shown(found, claim, recorded(found).get(claim.id)))


@app.command()
def cite(name: Name, style: Annotated[Style, typer.Option("--format", help="how it is set")] = Style.plain) -> None:
    """Cite a claim: id@version, hashes, and the command that runs it again."""
    from proofs.runner import ids
    from proofs.runner.catalogue import static
    from proofs.runner.cite import cite as cited
    from proofs.runner.discovery import catalogue
    from proofs.runner.inputs import installed

    with plainly():
        found = catalogue()
        claim = found.claim(name)
        said = static(claim, ids.number(claim, ids.read_ids()))
        typer.echo(cited(said, recorded(found).get(claim.id), installed("rlproofs"), style.value))


@app.command()
def plan(name: Name) -> None:
    """Print what Monte Carlo would draw for a claim, and why so much; nothing is drawn."""
    from proofs.runner import ids
    from proofs.runner.discovery import catalogue, load
    from proofs.runner.planned import planned

    with plainly():
        found = catalogue()
        claim = found.claim(name)
        if "montecarlo" not in found.channels(claim) or "montecarlo" not in found.engines:
            typer.echo(f"{claim.id} is not sampled; its channels: {', '.join(found.channels(claim)) or 'none'}")
            return
        version = ids.number(claim, ids.read_ids())
        engine = load(found.engines["montecarlo"])
        typer.echo(planned(claim, engine.plan(found.evidence[claim.id], version=version)))


@app.command("ids")
def ids_(
    update: Annotated[bool, typer.Option("--update", help="append a line for each new or changed statement")] = False,
) -> None:
    """Compare the statements with ids.toml."""
    from proofs.runner import ids
    from proofs.runner.discovery import catalogue
    from proofs.runner.withdrawn import lost, read_withdrawn

    with plainly():
        claims, known = list(catalogue().claims.values()), ids.read_ids()
        problems = [p for c in claims if (p := ids.problem(c, known))]
        problems += lost(claims, known, read_withdrawn())
        if update:
            for entry in ids.update(claims):
                typer.echo(f"{entry.id}@{entry.version} {entry.statement[:12] or 'no formal statement yet'}")
            return
    typer.echo("\n".join(problems) or f"ids.toml agrees with all {len(claims)} claims")
    raise typer.Exit(1 if problems else 0)


@app.command()
def schema() -> None:
    """Print the ledger's JSON schema."""
    from proofs.runner.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=1))


def main() -> None:
    """The entry point `rlproofs`."""
    sys.setrecursionlimit(20_000)  # terms are deep
    with stoppable():
        app(prog_name="rlproofs")
