"""The exact channel: the statement evaluated by definition on its witness and on every named instance.

Every mutant that has a statement is looked at, whether it names this channel or not: here it is found out whether it equals the
claim, or another mutant, on all instances.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from proofs.claims import Claim, Instance, Mutant
from proofs.kernel.poly import Undecided
from proofs.kernel.statement import Statement
from proofs.kernel.terms import Malformed, Term
from proofs.kernel.value import Env, Undefined
from proofs.kernel.value import Instance as Values
from proofs.runner.channels import Record
from proofs.runner.readings import COMPARISONS, written

BAD = ("false", "undefined")
MOST_PARTS = 5_000  # comparisons that a statement makes at one instance; one that makes more is like no other
Sides = list[list[str]]


@dataclass(frozen=True)
class Row:
    """A statement at an instance.  sides: [exact text, decimal] of both sides of the comparison that fails, or of the only one.

    why: in place of sides.  where: the index or outcome at which it fails.  mark: all that it is worth there, as text.
    """

    outcome: str
    sides: Sides
    why: str = ""
    where: str = ""
    mark: str = ""

    def record(self, name: str) -> Record:
        more = {key: value for key, value in (("why", self.why), ("where", self.where)) if value}
        return {"name": name, "outcome": self.outcome, "sides": self.sides, **more}

    def told(self) -> str:
        """Both sides in decimals, or why there are none."""
        return self.why or " against ".join(decimal for _, decimal in self.sides) or "no sides"


def run(claim: Claim) -> dict[str, Any]:
    """{"claim", "mutants", "controls", "witness"}."""
    points = {"witness": claim.witness, **claim.instances}
    statement = claim.statement
    if statement is None:
        raise ValueError(f"{claim.id} has no formal statement to evaluate")
    rows = table(statement, points)
    controls = [c for c in claim.controls.values() if "exact" in c.channels]
    return {
        "claim": confirmed(rows),
        "mutants": attacked(claim, statement, points, rows),
        "controls": {c.id: confirmed(table(c.statement, points)) for c in controls},
        "witness": rows["witness"].outcome,
    }


# ------------------------------------------------------------------------------------- a statement at instances
def table(statement: Statement, points: Mapping[str, Instance]) -> dict[str, Row]:
    """Each instance with its outcome and its sides; 'undecided' where no sign is decided or the data do not serve."""
    return {name: row(statement, point) for name, point in points.items()}


def row(statement: Statement, point: Instance) -> Row:
    try:
        return _row(statement, point)
    except (Undecided, Malformed) as error:
        return Row("undecided", [], str(error), mark=f"undecided: {statement.hash()}")  # like no other


def _row(statement: Statement, point: Instance) -> Row:
    at = Values(statement, point)
    bad = at.violated()
    if bad is not None:
        return Row("not admissible", [], f"the instance violates {bad}", mark=f"violates {bad}")
    try:
        outcome, why = "true" if at.value(statement.claim) else "false", ""
    except Undefined as error:
        outcome, why = "undefined", str(error)
    found = list(islice(parts(at, statement.claim, (), ()), MOST_PARTS))
    all_of_it = "" if len(found) < MOST_PARTS else statement.hash()
    mark = json.dumps([outcome, [[p.where, p.holds, [exact for exact, _ in p.sides]] for p in found], all_of_it])
    if statement.claim.op in COMPARISONS:
        return Row(outcome, found[0].sides, why, mark=mark)
    broken = next((p for p in found if p.holds is not True), None)
    if outcome == "true" or broken is None:
        return Row(outcome, [], why, mark=mark)
    return Row(outcome, broken.sides, why, broken.where, mark)


@dataclass(frozen=True)
class Part:
    """One comparison within a statement, at one index and one outcome of what is drawn.  holds: None where it is undefined."""

    where: str
    holds: bool | None
    sides: Sides


def parts(at: Values, t: Term, env: Env, where: tuple[str, ...]) -> Iterator[Part]:
    """Every comparison that a proposition makes on an instance, in its order; of an implication, where the premise holds."""
    if t.op in COMPARISONS:
        yield _part(at, t, env, ", ".join(where))
    elif t.op == "And":
        for a in t.args:
            yield from parts(at, a, env, where)
    elif t.op == "All":
        for i in at.reach(t, env):
            yield from parts(at, t.args[2], (i, *env), (*where, f"index {i}"))
    elif t.op == "Surely":
        for _, drawn in at.continuations(at.decls.processes[t.args[0]], ()):
            yield from parts(at, t.args[1], (drawn, *env), (*where, f"outcome {' '.join(map(str, drawn))}"))
    elif t.op == "Implies" and _holds(at, t.args[0], env):
        yield from parts(at, t.args[1], env, where)


def _holds(at: Values, t: Term, env: Env) -> bool:
    try:
        return bool(at.value(t, env))
    except Undefined:
        return False


def _part(at: Values, t: Term, env: Env, where: str) -> Part:
    try:
        return Part(where, bool(at.value(t, env)), [written(at.value(side, env)) for side in t.args])
    except Undefined:
        return Part(where, None, [])


def confirmed(rows: Mapping[str, Row]) -> Record:
    """All must be true: false or undefined refutes, anything else is undecided."""
    seen = [found.outcome for found in rows.values()]
    verdict = "refuted" if any(s in BAD for s in seen) else "confirmed" if set(seen) == {"true"} else "undecided"
    odd = next(((name, found) for name, found in rows.items() if found.outcome != "true"), None)
    detail = f"true on {len(rows)} instances" if odd is None else said(*odd)
    return {"verdict": verdict, "detail": detail, "instances": [found.record(name) for name, found in rows.items()]}


def said(name: str, found: Row) -> str:
    """`false at witness, index 2: 3 against 4`."""
    return f"{found.outcome} at {name}{f', {found.where}' if found.where else ''}: {found.told()}"


# ------------------------------------------------------------------------------------- mutants
def attacked(
    claim: Claim, statement: Statement, points: Mapping[str, Instance], rows: Mapping[str, Row]
) -> dict[str, Record]:
    """What became of each mutant.  values: what it is worth on all instances, so that equal mutants count once.

    A mutant is seen at the claim's instances and at its own.  Those that agree at all of the claim's are seen at each other's,
    too, before they are called equal; same: so is the claim.
    """
    plain = {m.id: table(m.statement, points) for m in claim.mutants.values() if m.statement is not None}
    alike: dict[str, list[Mutant]] = {}
    for name, found in plain.items():
        alike.setdefault(digest(found.values()), []).append(claim.mutants[name])
    out: dict[str, Record] = {}
    for mark, group in alike.items():
        own = others(group, points)
        claims_own = table(statement, own)
        as_claim = mark == digest(rows.values())
        for m in group:
            assert m.statement is not None
            mine = table(m.statement, own)
            same = as_claim and digest(mine.values()) == digest(claims_own.values())
            seen = {name: (found, claims_own[name], own[name]) for name, found in mine.items() if own[name] == m.at}
            seen |= {name: (found, rows[name], points[name]) for name, found in plain[m.id].items()}
            out[m.id] = judged(seen) | {"values": digest([*plain[m.id].values(), *mine.values()])}
            out[m.id] |= {"same": True} if same else {}
    return {name: out[name] for name in plain}


def others(group: Iterable[Mutant], points: Mapping[str, Instance]) -> dict[str, Instance]:
    """The instances that these mutants have beside the claim's, each once; with one mutant, "its own"."""
    found: list[tuple[str, Instance]] = []
    for m in group:
        if m.at is not None and m.at not in points.values() and all(m.at != at for _, at in found):
            found.append((f"the instance of {m.id}", m.at))
    return {"its own": found[0][1]} if len(found) == 1 else dict(found)


def digest(rows: Iterable[Row]) -> str:
    """A hash of what a statement is worth."""
    return hashlib.sha256("\n".join(found.mark for found in rows).encode()).hexdigest()


def judged(seen: Mapping[str, tuple[Row, Row, Instance]]) -> Record:
    """A mutant at every instance, beside the claim.  False refutes it; undefined only where the claim itself is defined.

    Where several instances refute it, the smallest is told, its own first.
    """
    broken = [
        name
        for name, (found, claims, _) in seen.items()
        if found.outcome == "false" or (found.outcome == "undefined" and claims.outcome != "undefined")
    ]
    if broken:
        name = min(broken, key=lambda one: size(seen[one][2]))
        found, _, at = seen[name]
        record = {"verdict": "refuted", "detail": said(name, found), "at": name, "instance": at}
        return record | {key: value for key, value in found.record(name).items() if key != "name"}
    verdict = "confirmed" if any(found.outcome == "true" for found, _, _ in seen.values()) else "undecided"
    return {"verdict": verdict, "detail": "no instance refutes it"}


def size(at: Instance) -> int:
    """How many numbers an instance has, and how large its sizes are."""

    def numbers(x: Any) -> int:
        return sum(map(numbers, x)) if isinstance(x, list) else 1

    return sum(map(abs, at.get("ints", {}).values())) + sum(
        numbers(v) for part in ("reals", "tables") for v in at.get(part, {}).values()
    )
