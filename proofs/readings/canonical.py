"""Canonical bytes of a statement: bound names and titles do not enter; sorts, hypotheses and definitions do."""

from __future__ import annotations

from proofs.kernel.statement import Statement


def canonical(statement: Statement) -> bytes:
    """Equal for statements that say the same in the same words."""
    return statement.canonical()


def digest(statement: Statement) -> str:
    """SHA-256 of the canonical bytes, 64 hexadecimal digits."""
    return statement.hash()
