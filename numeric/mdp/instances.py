"""The instance of a claim about policy evaluation as an MDP with its policy.

Such an instance (plain data, see proofs.instances) tells a process by tables over time: p0, pi[t], W[t] (the law of the reward's
outcome w), R[t] (the reward at w), P[t] (the next state given w), and the reals gamma.  It is an MDP where the tables are the
same at every time.  The reward of (s, a, y) is then its mean over the outcomes that lead to y.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from numeric.mdp.model import FiniteMDP, Outcome, Policy, Row, exact

NEEDED = ("p0", "pi", "W", "P", "R")


def from_instance(data: Mapping[str, Any]) -> tuple[FiniteMDP, Policy]:
    """States and actions are named by their numbers.  Raises ValueError where the tables are no MDP's."""
    tables, reals = data.get("tables", {}), data.get("reals", {})
    lacking = [name for name in NEEDED if name not in tables] + [name for name in ("gamma",) if name not in reals]
    if lacking:
        raise ValueError(
            f"an instance must have the tables {', '.join(NEEDED)} and the real gamma; it lacks {lacking[0]}"
        )
    start = tuple(exact(f"p0[{s}]", p) for s, p in enumerate(tables["p0"]))
    pi, law, move, pay = (_constant(name, tables[name]) for name in ("pi", "W", "P", "R"))
    size, actions = range(len(start)), range(len(pi[0]))
    try:
        rows = tuple(tuple(_row(law[s][a], move[s][a], pay[s][a], f"[{s}][{a}]") for a in actions) for s in size)
    except (IndexError, TypeError) as error:
        raise ValueError(f"the tables W, P and R must have an entry for each state and action; {error}") from error
    names = tuple(map(str, size)), tuple(map(str, actions))
    mdp = FiniteMDP(*names, rows, start, exact("gamma", reals["gamma"]))
    chosen = tuple(tuple(exact(f"pi[{s}][{a}]", p) for a, p in enumerate(pi[s])) for s in size)
    return mdp, Policy(mdp, chosen)


def _constant(name: str, rows: Any) -> Any:
    """The table of every time, which must be the same."""
    odd = next((t for t, row in enumerate(rows) if row != rows[0]), None)
    if odd is not None or not rows:
        raise ValueError(f"{name} must be the same at every time; it differs at time {odd}")
    return rows[0]


def _row(law: Any, move: Any, pay: Any, where: str) -> Row:
    """Sum over the outcomes of the reward."""
    often: dict[int, Fraction] = {}
    earned: dict[int, Fraction] = {}
    for w, share in enumerate(law):
        for y, p in enumerate(move[w]):
            both = exact(f"W{where}[{w}]", share) * exact(f"P{where}[{w}][{y}]", p)
            often[y] = often.get(y, Fraction(0)) + both
            earned[y] = earned.get(y, Fraction(0)) + both * exact(f"R{where}[{w}]", pay[w])
    return tuple(Outcome(y, p, earned[y] / p) for y, p in often.items() if p)
