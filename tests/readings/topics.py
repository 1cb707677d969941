"""The claims whose readings are tested, and the chain of each."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from typing import Any

from proofs.claims import Claim, bundle_order
from proofs.kernel.statement import Statement
from proofs.readings.sympy_script import main_story
from proofs.tactics.proof import Proof

MODULES = ("proofs.ppo_clip", "proofs.gae", "proofs.kl", "proofs.td_variance", "proofs.theory.sums")


def claims(module: str) -> list[Claim]:
    return [c for c in importlib.import_module(module).TOPIC.claims if c.statement is not None]


ALL = [c for m in MODULES for c in claims(m)]


@cache
def story(id: str) -> Any:
    """The chain of a claim's derivation, or None."""
    claim = next(c for c in ALL if c.id == id)
    proof = Proof(claim.statement, [(u.id, u.statement) for u in bundle_order(claim.uses)])
    claim.derive(proof, claim.statement.claim)
    return main_story(proof.stories, claim.statement.claim)


def statements(claim: Claim) -> Iterator[tuple[str, Statement]]:
    """The claim and its variants that are statements."""
    yield claim.id, claim.statement
    yield from ((f"{claim.id}+{k.id}", k.statement) for k in claim.controls.values())
    yield from ((f"{claim.id}!{m.id}", m.statement) for m in claim.mutants.values() if m.statement)
