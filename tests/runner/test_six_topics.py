"""The first six topics: every row has a claim, and of those that are not about an instance at least 85 % reach all sizes.

Whether a claim is proved is the run's own verdict; here a claim counts if it has a statement and a derivation, is no listed
gap, and its statement bounds no size.
"""

from __future__ import annotations

from pathlib import Path

from proofs.claims import Claim
from proofs.runner.discovery import catalogue
from proofs.runner.ids import read_gaps
from proofs.scope import scope

ROWS = Path(__file__).with_name("six_topics.txt").read_text("utf8").split()
ABOUT_AN_INSTANCE = {
    "hw08g", "hw08h", "hw23b", "hw23+", "ch1-ppo-clip-escape", "a5-q7-clip-claim", "cs4789-1b.2",
}  # fmt: skip
LEAST = 0.85


def claims() -> dict[str, Claim]:
    """By id and by alias."""
    found = catalogue()
    return {name: found.claims[id] for name, id in found.names.items()}


def reaches_all_sizes(claim: Claim, gaps: dict[str, str]) -> bool:
    if claim.statement is None or claim.derive is None or claim.id in gaps:
        return False
    return scope(claim.statement).startswith("all")


def test_every_row_has_a_claim() -> None:
    known = claims()
    assert [row for row in ROWS if row not in known] == []
    assert set(ROWS) >= ABOUT_AN_INSTANCE and len(ROWS) == len(set(ROWS)) == 64


def test_most_rows_are_proved_for_all_sizes() -> None:
    known, gaps = claims(), read_gaps()
    general = [row for row in ROWS if row not in ABOUT_AN_INSTANCE]
    short = [row for row in general if row not in known or not reaches_all_sizes(known[row], gaps)]
    assert len(short) <= (1 - LEAST) * len(general), f"not for all sizes: {', '.join(short)}"
