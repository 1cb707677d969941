"""One run of `rlproofs verify`: what is asked for, what recorded results still stand, what runs, what the ledger then holds."""

from __future__ import annotations

import platform
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import proofs
from proofs.claims import Claim
from proofs.runner import ids, ledger, pool, verdicts, withdrawn
from proofs.runner.catalogue import static
from proofs.runner.discovery import Catalogue, NotFound, catalogue, load
from proofs.runner.inputs import Sources, digest, inputs, installed, versions
from proofs.runner.limits import Limits
from proofs.runner.readings import latex
from proofs.runner.work import Settings, devices

Data = dict[str, Any]
FIRST = ("reference", "montecarlo", "proof", "sympy", "exact")  # long jobs before short ones
NO_BUDGET: Data = {"limit": 1e-6, "alpha": 1e-9, "most": 1000, "checks": 0, "spent": 0.0, "lifetime": {}, "draws": []}


@dataclass(frozen=True)
class Request:
    """What was asked for.  channels: None for all; else the records are shown and not kept.  limits: for a claim's channel."""

    words: Sequence[str] = ()
    channels: tuple[str, ...] | None = None
    device: str = "auto"
    jobs: int = 2
    nonce: str = "0"
    cache: bool = True
    limits: Limits = Limits()


class Listener(Protocol):
    """Who watches a run."""

    def begin(self, claims: int, cached: int, jobs: int) -> None: ...
    def job(self, claim: str, channel: str, result: Data) -> None: ...
    def claim(self, record: Data) -> None: ...


@dataclass
class Outcome:
    """What a run found.  records: of the selected claims; problems: of the run itself; ran_because: id -> why it ran."""

    records: dict[str, Data]
    budget: Data
    environment: Data
    problems: list[str]
    seconds: float
    partial: bool
    ran_because: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.problems and all(r["ok"] for r in self.records.values())


class NoBudget:
    """Where no engine samples, nothing can be charged."""

    def charge(self, *_: Any) -> None:
        raise RuntimeError("no engine for montecarlo is installed, so that there is no budget to charge")

    def record(self) -> Data:
        return dict(NO_BUDGET)


class Run:
    """A run in the making."""

    def __init__(self, request: Request, listener: Listener, found: Catalogue | None = None) -> None:
        self.request, self.listener, self.start = request, listener, time.perf_counter()
        self.stamps, self.lines = stamps(), ledger.Lines()
        self.found = found or catalogue()
        self.ids, self.gaps, self.sources = ids.read_ids(), ids.read_gaps(), Sources()
        self.claims = self.found.select(request.words)
        for word in request.words:
            self._at_version(word)
        self.records: dict[str, Data] = {}
        self.because: dict[str, str] = {}
        self.parts: dict[str, dict[str, str]] = {}

    def _at_version(self, word: str) -> None:
        name, at, number = word.rpartition("@")
        if at and number.isdigit():
            now = ids.number(self.found.claim(name), self.ids)
            if int(number) != now:
                raise NotFound(f"{word} is not in this tree: {name} is at version {now}")

    def verify(self) -> Outcome:
        """Run what must run.  Raises ledger.Trouble where the ledger is damaged, cannot be written, or another run holds it."""
        with ledger.locked():
            self.old = ledger.read_checked() or {}
            self.kept = {k: r for k, r in self.old.get("claims", {}).items() if k in self.found.claims}
            todo = [c for c in self.claims if not self._stands(c)]
            for claim in todo:
                self.kept.pop(claim.id, None)
            self.budget = self._budget()
            channels = {c.id: self._channels(c) for c in todo}
            self.listener.begin(len(self.claims), len(self.records), sum(map(len, channels.values())))
            for record in self.records.values():
                self.listener.claim(record)
            with closing(self._results(todo, channels)) as answers:  # an interrupt ends the workers
                for claim, results in answers:
                    self._finish(claim, channels[claim.id], results)
            return self._outcome()

    # --------------------------------------------------------------------------------- recorded results
    def _stands(self, claim: Claim) -> bool:
        """Take the record over where nothing that it depends on has changed; else say why the claim must run."""
        parts = inputs(self.found, claim, self.ids, self.sources)
        self.parts[claim.id] = parts
        old = self.kept.get(claim.id)
        why = self._why(claim, old, parts)
        if why or old is None:
            self.because[claim.id] = why
            return False
        self.records[claim.id] = self.kept[claim.id] = self._judged(claim, {**old, "cached": True})
        return True

    def _why(self, claim: Claim, old: Data | None, parts: dict[str, str]) -> str:
        if not self.request.cache or self.request.channels is not None:
            return "it was asked for"
        if old is None:
            return "no result is recorded"
        changed = [k for k in {**old["inputs"], **parts} if old["inputs"].get(k) != parts.get(k)]
        if changed or old["inputs_hash"] != digest(parts):
            return f"changed since: {', '.join(sorted(changed))}"
        if "montecarlo" in old["channels"] and old["nonce"] != self.request.nonce:
            return f"recorded with nonce {old['nonce']}"
        elsewhere = of_device(old, self.request.device)
        return elsewhere or ("" if old["ok"] else "the recorded result is not as expected")

    def _budget(self) -> Any:
        """One budget for all evidence that the ledger will hold: what stands is charged again, what runs is charged anew."""
        if "montecarlo" not in self.found.engines:
            return NoBudget()
        earlier = self.old.get("budget")
        budget = load(self.found.engines["montecarlo"]).new_budget(earlier)
        for draw in (earlier or {}).get("draws", []):
            if draw["claim"] in self.kept:
                budget.charge(**draw)
        return budget

    # --------------------------------------------------------------------------------- what runs
    def _channels(self, claim: Claim) -> list[str]:
        asked = self.request.channels
        return [c for c in self.found.channels(claim) if asked is None or c in asked]

    def _results(self, todo: list[Claim], channels: dict[str, list[str]]) -> Generator[tuple[Claim, dict[str, Data]]]:
        """Each claim when all its channels have answered."""
        got: dict[str, dict[str, Data]] = {c.id: {} for c in todo}
        for claim in todo:
            if not channels[claim.id]:
                yield claim, {}
        jobs = sorted(
            [(c, name) for c, names in channels.items() for name in names], key=lambda job: FIRST.index(job[1])
        )
        numbers = {name: ids.number(c, self.ids) for name, c in self.found.claims.items()}
        limits = self.request.limits
        settings = asdict(Settings(numbers, self.request.nonce, self.request.device, limits.seconds))
        with closing(pool.run_all(jobs, self.request.jobs, settings, self.budget, limits)) as answers:
            for (name, channel), result in answers:
                got[name][channel] = result
                self.listener.job(name, channel, result)
                if len(got[name]) == len(channels[name]):
                    yield self.found.claims[name], got[name]

    def _finish(self, claim: Claim, channels: list[str], results: dict[str, Data]) -> None:
        """Put the record down, then say so: what a run has printed is recorded, however the run ends."""
        record = self._record(claim, channels, results)
        self.records[claim.id] = record
        if self.request.channels is None and not self._touched(claim):
            self.kept[claim.id] = record
            self._write()
        self.listener.claim(record)

    def _record(self, claim: Claim, channels: list[str], results: dict[str, Data]) -> Data:
        """The claim's record.  Where the channels answered in another form than the ledger's, they are errors."""
        try:
            record = self._assembled(claim, channels, results)
            fault = ledger.fault(record)
        except Exception as error:  # what a channel says is not trusted to be of any form
            fault = f"{type(error).__name__}: {error}"
        if not fault:
            return record
        why = f"what the channels answered is no record ({fault})"
        return self._assembled(claim, channels, {name: pool.lost(why, None) for name in results})

    def _assembled(self, claim: Claim, channels: list[str], results: dict[str, Data]) -> Data:
        partial = self.request.channels is not None
        version, mutants = ids.number(claim, self.ids), self.found.mutants(claim)
        seen = verdicts.assemble(claim, mutants, channels, results, partial=partial)
        for h, given in zip(seen["hypotheses"], claim.given, strict=True):
            h["latex"] = latex(claim, given.prop)
        parts = self.parts[claim.id]
        made = {
            "inputs": parts,
            "inputs_hash": digest(parts),
            "nonce": self.request.nonce,
            "device": self.request.device,
        }
        seconds = round(sum(r["seconds"] for r in results.values()), 3)
        return self._judged(claim, {**static(claim, version), **seen, **made, "seconds": seconds, "cached": False})

    def _judged(self, claim: Claim, record: Data) -> Data:
        partial = self.request.channels is not None
        out = verdicts.judge(record, gap=self.gaps.get(claim.id), partial=partial)
        wrong = ids.problem(claim, self.ids)
        return {**out, "problems": [*out["problems"], wrong], "ok": False} if wrong else out

    # --------------------------------------------------------------------------------- the ledger
    def _write(self) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        records = {name: self.kept[name] for name in self.found.claims if name in self.kept}
        ledger.write({
            "schema": ledger.SCHEMA, "rlproofs": installed("rlproofs"), "created": self.old.get("created", now), "updated": now,
            "environment": environment(self.request.device), "budget": account(self.budget),
            "totals": totals(records.values(), time.perf_counter() - self.start), "gaps": gaps(records), "claims": records,
        }, lines=self.lines)  # fmt: skip

    def _touched(self, claim: Claim) -> bool:
        """Whether a source of the claim is another one than when the run began: a run that is killed never says so at its end."""
        return stamps() != self.stamps and self._changed(claim, Sources())

    def _changed(self, claim: Claim, now: Sources) -> bool:
        return inputs(self.found, claim, self.ids, now) != self.parts[claim.id]

    def _moved(self) -> list[str]:
        """Claims whose sources changed while they were being verified; nobody knows which ones were read, so nothing stands."""
        now, ran = Sources(), [c for c in self.claims if c.id in self.because]
        moved = [c.id for c in ran if self._changed(c, now)]
        for name in moved:
            self.kept.pop(name, None)
        return (
            [f"sources changed while this ran, and nothing is recorded of {', '.join(moved)}: run it again"]
            if moved
            else []
        )

    def _lost(self) -> list[str]:
        """Ids that were given once and lead nowhere now; asked of a run over everything."""
        if self.request.words:
            return []
        return withdrawn.lost(self.found.claims.values(), self.ids, withdrawn.read_withdrawn())

    def _outcome(self) -> Outcome:
        partial, moved = self.request.channels is not None, self._moved()
        if not partial:
            self._write()
        elif self.old and account(self.budget)["lifetime"] != self.old["budget"]["lifetime"]:
            lifetime = account(self.budget)["lifetime"]  # samples were drawn: a claim's life remembers them
            ledger.write({**self.old, "budget": {**self.old["budget"], "lifetime": lifetime}})
        unknown = [name for name in self.gaps if name not in self.found.claims]
        return Outcome(
            {c.id: self.records[c.id] for c in self.claims},
            account(self.budget),
            environment(self.request.device),
            [*moved, *[f"gaps.toml lists {name}, which is no claim" for name in unknown], *self._lost()],
            time.perf_counter() - self.start,
            partial,
            self.because,
        )


def of_device(old: Data, asked: str) -> str:
    """Why a record does not answer for the device that is asked for, or "".  A claim that no engine looks at has no device."""
    found = [channel for channel in old["channels"].values() if channel.get("device")]
    if any(channel.get("needs") == "gpu" for channel in found) and "cuda" in devices(asked):
        return "a GPU was missing, and there may be one now"
    elsewhere = any(channel["device"] != "cpu" for channel in found) if asked == "cpu" else old["device"] != asked
    return f"recorded with device {old['device']}" if found and asked != "auto" and elsewhere else ""


def verify(request: Request, listener: Listener) -> Outcome:
    """Verify what the request names and bring the ledger up to date."""
    return Run(request, listener).verify()


def account(budget: Any) -> Data:
    """What the budget says, its draws in an order that does not tell which worker came first."""
    said = dict(budget.record())
    return {**said, "draws": sorted(said["draws"], key=lambda d: (d["claim"], d["version"], d["nonce"], d["check"]))}


def stamps() -> dict[str, tuple[int, int]]:
    """When each source was last written, and its size: a quick sign that one was touched."""
    out, roots = {}, [Path(inner).parent for inner in proofs.__path__]
    for path in (p for root in roots for name in ("proofs", "numeric") for p in root.glob(f"{name}/**/*.py")):
        with suppress(OSError):
            out[str(path)] = (path.stat().st_mtime_ns, path.stat().st_size)
    return out


def environment(device: str) -> Data:
    """Where the evidence is made."""
    said = dict(versions())
    return {
        "python": said.pop("python"),
        "platform": f"{platform.system()} {platform.machine()}",
        "versions": said,
        "commit": commit(),
        "device": device,
    }


def commit() -> str | None:
    """The checkout's commit, or None outside one."""
    root = Path(next(iter(proofs.__path__))).parent
    if not (root / ".git").exists():
        return None
    done = subprocess.run(["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or None


def totals(records: Any, seconds: float) -> Data:
    """Counts for the summary.  Mutants that agree on every instance count once."""
    records = list(records)
    mutants = [m for r in records for m in verdicts.distinct(r["mutants"])]
    controls = [c for r in records for c in r["controls"].values()]
    return {
        "claims": len(records),
        "by_verdict": count(r["verdict"] for r in records),
        "by_scope": count(r["scope"].partition(" (")[0] for r in records if r["scope"] and r["verdict"] == "proved"),
        "mutants": {"planted": len(mutants), "refuted": sum(m["outcome"] == "refuted" for m in mutants)},
        "controls": {"planted": len(controls), "confirmed": sum(c["outcome"] == "confirmed" for c in controls)},
        "seconds": round(seconds, 3),
        "cached": sum(r["cached"] for r in records),
    }


def gaps(records: Data) -> list[Data]:
    return [{"id": name, "missing": r["gap"]["missing"]} for name, r in records.items() if r["gap"]]


def count(words: Any) -> dict[str, int]:
    out: dict[str, int] = {}
    for word in words:
        out[word] = out.get(word, 0) + 1
    return dict(sorted(out.items(), key=lambda pair: (-pair[1], pair[0])))
