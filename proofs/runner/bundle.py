"""Bundles for the judge: a claim with what it cites, its controls, its mutants and the necessity of its hypotheses.

Items are named id@version, id@version+control, id@version!mutant and id@version~hypothesis.  Nothing here decides anything: the
tactics propose, and `python -m proofs.kernel.check` replays the bundle in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from proofs.claims import Claim, Control, Derivation, Instance, bundle_order
from proofs.kernel.poly import Undecided
from proofs.kernel.statement import Statement
from proofs.kernel.terms import Malformed
from proofs.tactics.proof import Proof
from proofs.writing import statement_data

Item = dict[str, Any]
Versions = Mapping[str, int]


class NoCertificate(Exception):
    """A derivation that does not reach its claim; the message is the judge's."""


def named(claim: Claim, versions: Versions) -> str:
    return f"{claim.id}@{versions.get(claim.id, 1)}"


def derived(claim: Claim, statement: Statement, derive: Derivation | None, versions: Versions) -> Proof:
    """The finished proof of a statement.  Raises NoCertificate with the judge's sentence or the author's error."""
    if derive is None:
        raise NoCertificate("no derivation is written yet")
    earlier = [(named(u, versions), u.statement) for u in bundle_order(claim.uses) if u.statement]
    proof = Proof(statement, earlier)
    proof.named = {name.rpartition("@")[0]: found for name, found in earlier}
    try:
        derive(proof, statement.claim)
    except (Undecided, Malformed) as error:
        raise NoCertificate(f"after {len(proof.steps)} steps: {error}") from error
    except Exception as error:  # an author's slip is reported like a step that fails, and hides no other claim
        raise NoCertificate(f"after {len(proof.steps)} steps: {type(error).__name__}: {error}") from error
    return proof


def claim_item(claim: Claim, proof: Proof, name: str) -> Item:
    return {
        "id": name,
        "statement": statement_data(proof.statement),
        "witness": claim.witness,
        "certificate": proof.certificate(),
    }


def core(claim: Claim, versions: Versions, made: dict[str, tuple[Item, Proof]]) -> tuple[list[Item], Proof | None]:
    """What a citation's evidence hash is of: the claims used, then the claim; and the proof of the last.

    A false sentence has no proof: its item is the counterexample, and nothing may cite it.
    made: what was derived before, by id; it grows.
    """
    order = bundle_order([claim])
    false = [used for used in order if used.expected == "refuted"]
    if false and false != [claim]:
        raise NoCertificate(f"{false[0].id} is a false sentence, which proves nothing")
    if false and claim.statement is not None:
        items, _ = core_of(order[:-1], versions, made)
        return [*items, counterexample(named(claim, versions), claim.statement, claim.witness)], None
    return core_of(order, versions, made)


def core_of(
    order: list[Claim], versions: Versions, made: dict[str, tuple[Item, Proof]]
) -> tuple[list[Item], Proof | None]:
    """An item for each of these claims, and the proof of the last."""
    for used in order:
        if used.statement is None:
            raise NoCertificate(f"{used.id} has no formal statement yet")
        if used.id not in made:
            proof = derived(used, used.statement, used.derive, versions)
            made[used.id] = claim_item(used, proof, named(used, versions)), proof
    return [made[used.id][0] for used in order], made[order[-1].id][1] if order else None


def control_item(claim: Claim, control: Control, versions: Versions) -> Item:
    proof = derived(claim, control.statement, control.derive, versions)
    return claim_item(claim, proof, f"{named(claim, versions)}+{control.id}")


def counterexample(name: str, statement: Statement, at: Instance | None) -> Item:
    return {"id": name, "statement": statement_data(statement), "witness": None, "certificate": {"counterexample": at}}


def replay(items: list[Item], seconds: float) -> dict[str, Any]:
    """The judge's answer, from a fresh process that has seen no topic.  Raises RuntimeError where there is none."""
    command = [sys.executable, "-m", "proofs.kernel.check"]
    try:
        done = subprocess.run(command, input=text(items), capture_output=True, text=True, timeout=seconds)
        out: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"the judge did not answer within {seconds:.0f} s") from error
    except ValueError as error:
        raise RuntimeError(f"the judge crashed (exit {done.returncode}): {done.stderr.strip()[-300:]}") from error
    if done.returncode or len(out["reports"]) != len(items):
        raise RuntimeError(f"the judge refused the bundle: {out.get('reason', f'exit {done.returncode}')}")
    return out


def text(items: list[Item]) -> str:
    """Canonical text of a bundle: the judge hashes the same."""
    return json.dumps({"items": items}, sort_keys=True, separators=(",", ":"))
