"""Bundles of the real claims, and small helpers that the tests of the judge share."""

from __future__ import annotations

import functools
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from proofs.claims import Claim, bundle_order
from proofs.kernel.statement import Statement
from proofs.tactics.proof import Proof
from proofs.writing import statement_data

ROOT = Path(__file__).resolve().parents[2]
TOPICS = ("ppo_clip", "gae", "kl", "td_variance")
Item = dict[str, Any]


def claims(topics: tuple[str, ...] = TOPICS) -> list[Claim]:
    """The claims that have a statement, each after what it cites."""
    found = [c for t in topics for c in importlib.import_module(f"proofs.{t}").TOPIC.claims]
    return [c for c in bundle_order(found) if c.statement is not None and c.derive is not None]


def item(c: Claim, statement: Statement | None = None, derive: Any = None, name: str = "") -> Item:
    """A claim, or a variant of it, with its certificate."""
    pf = Proof(statement or c.statement, [(u.id, u.statement) for u in bundle_order(c.uses)])
    (derive or c.derive)(pf, pf.statement.claim)
    return plain(
        {
            "id": name or c.id,
            "statement": statement_data(pf.statement),
            "witness": c.witness,
            "certificate": pf.certificate(),
        }
    )


def against(name: str, statement: Statement, instance: Any) -> Item:
    """An item that offers a counterexample."""
    return plain(
        {
            "id": name,
            "statement": statement_data(statement),
            "witness": None,
            "certificate": {"counterexample": instance},
        }
    )


def plain(x: Any) -> Any:
    """As it is read back from a file."""
    return json.loads(json.dumps(x))


@functools.cache
def _proved(topics: tuple[str, ...]) -> str:
    return json.dumps({"items": [item(c) for c in claims(topics)]})


def proved(*topics: str) -> dict[str, Any]:
    """A fresh copy of the bundle of these topics' claims."""
    return json.loads(_proved(topics or TOPICS))


def everything(*topics: str) -> dict[str, Any]:
    """Claims, controls, mutants and necessity instances."""
    items: list[Item] = []
    for c in claims(topics or TOPICS):
        items.append(item(c))
        items += [item(c, k.statement, k.derive, f"{c.id}+{k.id}") for k in c.controls.values() if k.derive]
        items += [against(f"{c.id}!{m.id}", m.statement, m.at) for m in c.mutants.values() if m.statement]
        items += [
            against(f"{c.id}~{h.name}", c.variant(without=[h.name]), h.without)
            for h in c.given
            if isinstance(h.without, dict)
        ]
    return plain({"items": items})


def judge(text: str, *, seed: str = "0", timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """The judge in a fresh process."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
    return subprocess.run(
        [sys.executable, "-m", "proofs.kernel.check"],
        input=text,
        capture_output=True,
        text=True,
        env=env,
        cwd=ROOT,
        timeout=timeout,
    )
