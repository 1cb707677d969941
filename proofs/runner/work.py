"""One job: one channel of one claim, with the mutants and controls that name the channel.  Runs in a worker.

Its result is plain data: {"claim": record, "mutants": {id: evidence}, "controls": {id: evidence}} and, from the judge,
"hypotheses", "used", "evidence_hash", from exact "witness".  A crash is a result, too: "error", which refutes nothing.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from proofs.claims import STATEMENT_CHANNELS, Claim
from proofs.runner.channels import Budget, Channel, Record
from proofs.runner.discovery import Catalogue, load
from proofs.runner.verdicts import CRASHED


@dataclass
class Settings:
    """What a run was asked for, as far as a channel needs it."""

    versions: Mapping[str, int] = field(default_factory=dict)
    nonce: str = "0"
    device: str = "auto"
    seconds: float = 300.0  # for one call of a channel


class Work:
    """Runs jobs against a catalogue; an engine is loaded once."""

    def __init__(self, catalogue: Catalogue, settings: Settings, budget: Budget) -> None:
        self.catalogue, self.settings, self.budget = catalogue, settings, budget
        self._loaded: dict[str, Channel] = {}

    def run(self, claim: Claim, channel: str) -> dict[str, Any]:
        """The channel's result; whatever goes wrong is in the record, with a sentence."""
        start = time.perf_counter()
        try:
            out = self._statement(claim, channel) if channel in STATEMENT_CHANNELS else self._engine(claim, channel)
        except Exception as error:
            out = {"claim": failed(error), "mutants": {}, "controls": {}}
        out["claim"].setdefault("seconds", round(time.perf_counter() - start, 3))
        out["seconds"] = round(time.perf_counter() - start, 3)
        return out

    def _statement(self, claim: Claim, channel: str) -> dict[str, Any]:
        return self._own[channel](claim)

    @cached_property
    def _own(self) -> dict[str, Callable[[Claim], dict[str, Any]]]:
        from proofs.runner.channels import exact, proof, sympy

        s, made = self.settings, dict[str, Any]()
        return {
            "proof": lambda claim: proof.run(claim, versions=s.versions, seconds=s.seconds, made=made),
            "exact": exact.run,
            "sympy": sympy.Scripts(s.seconds).run,
        }

    def _engine(self, claim: Claim, channel: str) -> dict[str, Any]:
        """An engine on the claim, then on every variant that names the channel: the same call for all of them.

        What cannot look at the claim is not asked about its variants, which then never ran.
        """
        if channel not in self._loaded:
            if channel not in self.catalogue.engines:
                raise ValueError(
                    f"no engine is installed for the channel {channel} (entry-point group rlproofs.channels)"
                )
            self._loaded[channel] = load(self.catalogue.engines[channel])
        for device in devices(self.settings.device):
            record = self._check(claim, channel, "claim", None, device)
            if record["verdict"] != "not run":
                break

        def against(variants: Mapping[str, Any]) -> dict[str, Record]:
            named = [v for v in variants.values() if channel in v.channels and record["verdict"] not in CRASHED]
            return {v.id: self._check(claim, channel, v, record, device) for v in named}

        return {"claim": record, "mutants": against(self.catalogue.mutants(claim)), "controls": against(claim.controls)}

    def _check(self, claim: Claim, channel: str, variant: Any, record: Record | None, device: str) -> Record:
        s, start = self.settings, time.perf_counter()
        try:
            out = self._loaded[channel].check(
                self.catalogue.evidence[claim.id],
                variant,
                version=s.versions.get(claim.id, 1),
                budget=self.budget,
                nonce=s.nonce,
                device=device,
                seconds=s.seconds,
                claim_record=record,
            )
        except Exception as error:
            out = failed(error)
        return {"device": device, "seconds": round(time.perf_counter() - start, 3), **out}


def devices(asked: str) -> tuple[str, ...]:
    """What "auto" means: the GPU where the machine has a driver and the engine finds it, else the processor."""
    if asked != "auto":
        return (asked,)
    return ("cuda", "cpu") if Path("/proc/driver/nvidia/version").exists() else ("cpu",)


def failed(error: Exception) -> Record:
    """An exception as a record; the place in the code is kept for whoever mends it."""
    if isinstance(error, ModuleNotFoundError) and error.name in ("torch", "numpy"):
        why = f"{error.name} is not installed: pip install 'rlproofs[torch]'"
        return {"verdict": "not run", "reason": why, "detail": why}
    why = f"{type(error).__name__}: {error}"
    place = traceback.extract_tb(error.__traceback__)[-1:]
    at = "".join(f" ({frame.name}, line {frame.lineno} of {frame.filename.rpartition('/')[2]})" for frame in place)
    return {"verdict": "error", "reason": why + at, "detail": why}
