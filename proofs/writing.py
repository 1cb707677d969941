"""Terms and statements as plain data: the way in which bundles are written.  `proofs.kernel` reads them back and trusts none."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from proofs.kernel.statement import Statement
from proofs.kernel.terms import Term


class Writer:
    """Terms as a list of nodes, each written once."""

    def __init__(self) -> None:
        self.nodes: list[list[Any]] = []
        self.at: dict[Term, int] = {}

    def __call__(self, t: Term) -> int:
        if t not in self.at:
            node = [t.op] + [
                self(a) if isinstance(a, Term) else str(a) if isinstance(a, Fraction) else a for a in t.args
            ]
            self.at[t] = len(self.nodes)
            self.nodes.append(node)
        return self.at[t]


def statement_data(statement: Statement) -> dict[str, Any]:
    """What `proofs.kernel.statement.load` reads."""
    w = Writer()

    def put(x: Any) -> Any:
        return {"t": w(x)} if isinstance(x, Term) else [put(y) for y in x] if isinstance(x, (list, tuple)) else x

    out = {"decls": put(statement.raw), "hyps": [[n, w(h)] for n, h in statement.hyps], "claim": w(statement.claim)}
    return {**out, "nodes": w.nodes}
