"""Channels: kinds of evidence, and the protocol of those that live outside `proofs`.

proof, exact and sympy look at the statement itself and are modules of this package.  montecarlo and reference are found
by the entry-point group `rlproofs.channels`: `montecarlo = "numeric.montecarlo.channel:CHANNEL"`, an object with

    name: str                                     the channel's word, "montecarlo" or "reference"

    check(evidence, variant, *, version, budget, nonce, device, seconds, claim_record) -> dict
    plan(evidence, *, version) -> list[dict]      what would be drawn, for `rlproofs plan`; draws and charges nothing

`check` is called for "claim" first, then with each Mutant and each Control that names the channel: one code path confirms
the claim and refutes its wrong variants.  It returns the channel's record, a JSON-able dict with at least

    {"verdict": "confirmed" | "refuted" | "underpowered" | "undecided" | "not run" | "error", "detail": sentence}

and the channel's figures (for montecarlo: instance, estimand, bound, low, high, n, chunk, nonce, device, alpha, power, delta,
estimate, interval, target, target_exact, effects; for reference: functions, points, worst, gradients, boundary).
"detail" says what was seen: the statistic, or the point at which code and value differ.  An exception refutes nothing: the
runner records it as "error".  Several samples or functions of one claim are one record: its verdict is "confirmed" only if all
are (for the claim and a control); a mutant is "refuted" as soon as one of them refutes it.  Of a mutant that is none a record
says why by "fault", one of the words of verdicts.FATES; by "values", a hash, it says what a mutant is worth on all instances:
those with equal hashes count once.

version: the claim's number in ids.toml; samples derive from (claim, version, nonce, chunk).
budget: one for the whole run.  `budget.charge(claim, version, nonce, check, alpha, n)` pays for a check before it is drawn and
raises where the budget would be overdrawn.  The process that keeps it may be another one.
device: "cpu" or "cuda"; for "auto" the runner asks for "cuda" where the machine has a driver, and for "cpu" if that says
"not run".  A record "not run" for want of a GPU says "needs": "gpu": it is the one "not run" that does not fail the run.
seconds: a soft limit for this call; the runner ends a whole job that takes many times longer.
claim_record: None for the claim, else the record that "claim" got, so that a mutant is judged at the claim's delta.

The montecarlo engine also gives `new_budget(earlier: dict | None) -> Budget` (numeric.montecarlo.budget), from the `budget`
object of the last ledger; the runner keeps that object and writes its `record()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from proofs.claims import Control, Evidence, Mutant

Record = dict[str, Any]
Variant = Literal["claim"] | Mutant | Control


class Budget(Protocol):
    """The error budget of a run, as an engine sees it."""

    def charge(self, claim: str, version: int | str, nonce: str, check: str, alpha: float, n: int) -> None:
        """Pay for one check before it is drawn.  Raises where the budget would be overdrawn."""


class Channel(Protocol):
    """What an entry point of the group `rlproofs.channels` names."""

    name: str

    def check(
        self,
        evidence: Evidence,
        variant: Variant,
        *,
        version: int,
        budget: Budget,
        nonce: str,
        device: str,
        seconds: float,
        claim_record: Mapping[str, Any] | None,
    ) -> Record:
        """The channel's record for the claim, or for a wrong variant or a re-wording of it."""

    def plan(self, evidence: Evidence, *, version: int) -> list[Record]:
        """What `check` would draw."""
