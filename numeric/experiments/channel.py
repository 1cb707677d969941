"""The reference channel: torch code against the exact value of the term that it computes, and its wrong variants.

For each reference of a claim, at its points and on the boundary grid:

    value      within a bound that ball arithmetic gives for the point (numeric.experiments.rounding)
    slopes     what autograd gives in float64 is the stated slope wherever one is stated: {where: slope} leaves kinks out;
               None: the argument must receive no gradient at all
    dead       where the function takes a mask: dead entries, a dead row and a dead tail, filled with NaN, infinities and
               1e300, change no bit of what is live.  Where it is told that a step `terminated`: so with `next_value` there

Of a contract (`Evidence.promise`) every promise is checked, as numeric.contract says; each row that it yields is one point.

A mutant is a patch of the real source of a module (`Evidence.patch`), run by this very code on a fresh copy.  One promise that
it breaks is enough: those after it are not run, and the record ends with it.  A promise that crashes, or compares nothing,
refutes nothing, and the next one is asked.  A mutant's record has `values`, a hash that it shares with another patch of the
evidence only if both compute the same outputs and gradients at every point, so that the two count once (`Alike`); and a `fault`
where it is no wrong variant: those of `numeric.reference`, or `changes nothing` where it computes what the real code does.
"""

from __future__ import annotations

import hashlib
import inspect
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from proofs.claims import Control, Evidence, Mutant

Record = dict[str, Any]
Variant = Literal["claim"] | Mutant | Control
Patch = tuple[str, str] | None
CHANGES_NOTHING = "changes nothing"


class Reference:
    """The engine behind the entry point `reference` of the group `rlproofs.channels`."""

    name = "reference"

    def __init__(self) -> None:
        self._prepared: dict[int, tuple[dict[str, Any], list[Any]]] = {}
        self._alike: dict[int, tuple[Evidence, Alike]] = {}

    def wants(self, evidence: Evidence) -> bool:
        return bool(evidence.references or evidence.promised)

    def check(
        self,
        evidence: Evidence,
        variant: Variant,
        *,
        version: int = 0,
        budget: Any = None,
        nonce: str = "",
        device: str = "cpu",
        seconds: float = 60.0,
        claim_record: Mapping[str, Any] | None = None,
    ) -> Record:
        """The record of all that the evidence says of code, or of what a patch touches.  Nothing is random here."""
        started = time.perf_counter()
        if isinstance(variant, str):
            unchecked(evidence)
            found = list(self._all(evidence, None, None, device))
            return summary(found, time.perf_counter() - started)
        patch = getattr(variant, "patch", None)
        if patch is None:
            raise ValueError(f"{variant.id} must be a patch of source to be run as code; it has none")
        module, old, new = patch
        if module not in modules(evidence):
            raise ValueError(f"{variant.id} must patch a module that the evidence of the claim names; got {module}")
        sought = Sought(self._all(evidence, module, (old, new), device))
        seen = list(sought.seen)
        refuted = [n for n, one in enumerate(seen) if one["verdict"] == "refuted"]
        record = summary(seen[: refuted[0] + 1] if refuted else seen, time.perf_counter() - started)
        _, alike = self._alike.setdefault(id(evidence), (evidence, Alike()))  # it is kept, so that its id is
        record["values"] = alike.values((module, old, new, device), sought)
        if record["verdict"] == "confirmed" and computed(self._all(evidence, module, None, device)) == computed(seen):
            record |= {"fault": CHANGES_NOTHING, "detail": "the changed code gives the same bits at every point"}
        return record

    def plan(self, evidence: Evidence, *, version: int = 0) -> list[Record]:
        """The functions, with how many points each is compared at; nothing is run."""
        promised = [{"function": one["of"], "promise": one["name"]} for one in evidence.promised]
        return [
            {"function": entry["function"], "points": len(entry["points"])} for entry in evidence.references
        ] + promised

    def _all(self, evidence: Evidence, module: str | None, patch: Patch, device: str) -> Iterator[Record]:
        """Every comparison that runs the module (None: any): values first, so that a wrong variant is met soon, then slopes,
        dead slots and promises."""
        entries = [one for one in evidence.references if module in (None, one["function"].partition(":")[0])]
        yield from self._referred(evidence, entries, patch, device)
        for one in evidence.promised:
            if module in (None, one["of"], *one["also"]):
                yield kept(one, None if patch is None or module is None else (module, *patch), device)

    def _referred(
        self, evidence: Evidence, entries: list[dict[str, Any]], patch: Patch, device: str
    ) -> Iterator[Record]:
        for what, compare in COMPARISONS.items():
            for entry in entries:
                function, seen = entry["function"], 0
                for group in self._groups(evidence, entry):
                    run = {"patch": patch, "call": group.call, "device": device}
                    for one in compare(function, group, run):
                        seen += 1
                        yield {"function": function, "what": what, "boundary": 0, **one}
                if what == "gradients" and not seen:
                    raise ValueError(f"{function} must state slopes and have a point off their kinks; got none")

    def _groups(self, evidence: Evidence, entry: dict[str, Any]) -> list[Any]:
        """The points of a reference, evaluated once for the claim and all patches."""
        from numeric.experiments.points import groups
        from numeric.reference import BOUNDARY

        if id(entry) not in self._prepared:
            self._prepared[id(entry)] = entry, groups(evidence, entry, BOUNDARY)  # the entry is kept, so that its id is
        return self._prepared[id(entry)][1]


def modules(evidence: Evidence) -> set[str]:
    """Every module that the evidence runs by name, and that a patch may change."""
    referred = {one["function"].partition(":")[0] for one in evidence.references}
    return referred | {name for one in evidence.promised for name in (one["of"], *one["also"])}


def unchecked(evidence: Evidence) -> None:
    """Raise ValueError where a promise of the contract is not checked by anything."""
    missing = set(evidence.claim.promises) - {one["name"] for one in evidence.promised}
    if missing:
        raise ValueError(
            f"every promise of {evidence.claim.id} must be checked; these are not: {', '.join(sorted(missing))}"
        )


def kept(one: Mapping[str, Any], patch: tuple[str, str, str] | None, device: str) -> Record:
    """What is found of one promise."""
    from numeric.contract import run

    found = run(one["check"], one["of"], also=one["also"], patch=patch, device=device)
    return {"function": one["of"], "what": "promise", "promise": one["name"], "boundary": 0, **found}


def far_enough(found: Iterator[Record]) -> Iterator[Record]:
    """All values and slopes, and all dead slots where these do not refute it; of a patch that is none, the first."""
    refuted = False
    for one in found:
        if refuted and one["what"] == "dead":
            return
        yield one
        refuted |= one["verdict"] == "refuted" and one["what"] != "dead"
        if "fault" in one:
            return


class Sought:
    """What is found of a patch: up to the first promise that it breaks, and further only where somebody asks."""

    def __init__(self, found: Iterator[Record]) -> None:
        self.seen: list[Record] = []
        self._rest = far_enough(found)
        for one in self._rest:
            self.seen.append(one)
            if one["what"] == "promise" and one["verdict"] == "refuted":
                break

    def whole(self) -> str:
        """A hash of all that is computed; runs what has not been run yet."""
        self.seen += self._rest
        return computed(self.seen)


class Alike:
    """Which patches of one evidence compute the same everywhere.  They are run to the end only where they agree so far."""

    def __init__(self) -> None:
        self._known: dict[str, dict[tuple[str, ...], tuple[Sought, str]]] = {}

    def values(self, patch: tuple[str, ...], sought: Sought) -> str:
        """A hash.  Two patches have the same one where they compute the same throughout, and only there."""
        begun = computed(sought.seen)
        agree = self._known.setdefault(begun, {})
        if patch not in agree:
            own = sought.whole() if agree else begun
            same = [said for other, said in agree.values() if other.whole() == own]
            agree[patch] = sought, same[0] if same else own
        return agree[patch][1]


def computed(found: Iterable[Record]) -> str:
    """A hash of all that was computed."""
    return hashlib.sha256("\n".join(one["bits"] for one in found).encode()).hexdigest()


# ------------------------------------------------------------------------------------- one group of points
def values(function: str, group: Any, run: dict[str, Any]) -> Iterator[Record]:
    from numeric.reference import check

    yield {**check(function, group.arguments, group.values, group.bounds, **run), "boundary": group.boundary}


def slopes(function: str, group: Any, run: dict[str, Any]) -> Iterator[Record]:
    """Unless an argument's slopes all lie on kinks."""
    from numeric.reference import gradients

    stated = [column for column in group.slopes.values() if column is not None]
    if group.slopes and all(any(s is not None for s in _flat(column)) for column in stated):
        yield gradients(function, group.arguments, group.slopes, group.slope_bounds, **run)


def dead(function: str, group: Any, run: dict[str, Any]) -> Iterator[Record]:
    """Dead slots by mask, and by `terminated`."""
    from numeric.reference import dead_slots

    real = [n for n, column in group.arguments.items() if not any(isinstance(x, bool) for x in _flat(column))]
    if "mask" in _parameters(function):
        hole = holes(group.values if group.last else next(iter(group.arguments.values())))
        columns = {name: copies(column, len(COPIES), group.last) for name, column in group.arguments.items()}
        filled = {name: spread(hole, columns[name]) if group.last else hole for name in real}
        columns["mask"] = _mapped(hole, lambda x: not x)
        yield dead_slots(function, columns, filled, silent=hole, **run)
    if {"terminated", "next_value"} <= set(group.arguments):
        ends = _mapped(group.arguments["terminated"], lambda x: True)
        ends = [*_mapped(ends[:-1], lambda x: False), ends[-1]]
        yield dead_slots(function, {**group.arguments, "terminated": ends}, {"next_value": ends}, **run)


COMPARISONS = {"points": values, "gradients": slopes, "dead": dead}
COPIES = ("live", "a dead row", "a dead tail")


def copies(column: list[Any], count: int, last: bool = False) -> list[Any]:
    """The points several times over, side by side.  last: a list is one point with its components."""
    return [row * count for row in column] if isinstance(column[0], list) and not last else column * count


def spread(hole: list[bool], column: list[Any]) -> list[Any]:
    """Each point's flag at all its components."""
    return [_mapped(point, lambda _, flag=flag: flag) for flag, point in zip(hole, column, strict=True)]


def holes(column: list[Any]) -> list[Any]:
    """True in dead slots of `copies(column, 3)`: no point of the first copy, all of the second, a tail of the third."""
    if not isinstance(column[0], list):
        return [n >= len(column) for n in range(3 * len(column))]
    width = len(column[0])
    return [[False] * width + [True] * width + [2 * t >= len(column)] * width for t in range(len(column))]


def _parameters(function: str) -> Mapping[str, Any]:
    from numeric.reference import fresh_copy

    module, _, name = function.partition(":")
    return inspect.signature(getattr(fresh_copy(module), name)).parameters


def _flat(x: Any) -> Iterator[Any]:
    if isinstance(x, list):
        for y in x:
            yield from _flat(y)
    else:
        yield x


def _mapped(x: Any, f: Any) -> Any:
    return [_mapped(y, f) for y in x] if isinstance(x, list) else f(x)


# ------------------------------------------------------------------------------------- the record
RANK = ("confirmed", "not run", "error", "refuted")


def summary(found: list[Record], seconds: float) -> Record:
    """One record of many comparisons: the worst verdict, and the comparison that decided it."""
    if not found:
        raise ValueError("a reference must have points to be compared at; got none")
    worst = max(found, key=lambda one: RANK.index(one["verdict"]))
    total = {what: sum(f["points"] for f in found if f["what"] == what) for what in ("points", "gradients", "dead")}
    near = [f["worst"] for f in found if f["what"] in ("points", "promise") and f["worst"] is not None]
    promised = [promise_record(one) for one in found if one["what"] == "promise"]
    rows = sum(one["rows"] for one in promised)
    detail = worst["detail"] if "promise" not in worst else f"{worst['promise']}: {worst['detail']}"
    if worst["verdict"] == "confirmed" and promised:
        detail = f"{len(promised)} promises are kept, in {rows:,} comparisons with exact values"
    elif worst["verdict"] == "confirmed":
        detail = (
            f"exact values at {total['points']:,} points, {total['gradients']:,} slopes and {total['dead']:,} comparisons"
            " of dead slots agree"
        )
    return {
        "verdict": worst["verdict"],
        "seconds": seconds,
        "functions": list(dict.fromkeys(f["function"] for f in found if f["what"] != "promise")),
        "modules": list(dict.fromkeys(f["function"] for f in found if f["what"] == "promise")),
        "promises": promised,
        **{**total, "points": total["points"] + rows},
        "boundary": sum(f["boundary"] for f in found),
        "worst": worst["worst"] if worst["verdict"] == "refuted" else max(near, key=share, default=None),
        "detail": detail,
        **({"fault": worst["fault"]} if "fault" in worst else {}),
    }


def promise_record(found: Record) -> Record:
    """A promise as the ledger keeps it."""
    worst = found["worst"] or {}
    return {
        "name": found["promise"],
        "verdict": found["verdict"],
        "rows": found["points"],
        "detail": found["detail"],
        **{key: worst[key] for key in ("error", "bound") if key in worst},
    }


def share(worst: Mapping[str, Any]) -> float:
    """How much of its bound an error takes."""
    error, bound = float(worst["error"]), float(worst["bound"])
    return error / bound if bound else float("inf") * error if error else 0.0


CHANNEL = Reference()
