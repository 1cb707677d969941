"""Several means in one check: each coordinate at its share of alpha, the whole alpha charged.

With m coordinates each has an interval at alpha/m.  The chance that any of them misses its mean is at most alpha (union bound; no
independence is needed, and there is none: all coordinates draw from the same seeds).  So

    confirmed    all coordinates are.  Where one is off by more than its delta this has probability at most alpha
    refuted      one coordinate is.    Where each is within its delta this has probability at most alpha
    else         underpowered

and with power 1 - (1 - power)/m each, a true statement is confirmed with probability at least the power.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from numeric.montecarlo.budget import Budget
from numeric.montecarlo.check import check
from numeric.montecarlo.estimate import Sampler
from numeric.montecarlo.plan import Plan, plan
from numeric.montecarlo.verdicts import Target, as_ball

COMMON = ("check", "nonce", "device", "chunk")  # of all coordinates: said once


@dataclass(frozen=True)
class Coordinate:
    """One mean of several: its name and what `check` needs of it.  delta: None, or the claim's plan for it."""

    name: str
    sampler: Sampler
    low: float
    high: float
    sd: float | None
    target: Target
    effects: Mapping[str, float]
    delta: Plan | None = None
    bias: float = 0.0
    mean: float | None = None
    two_valued: bool = False

    def facts(self) -> dict[str, Any]:
        """What `plan` and `check` both take."""
        names = ("low", "high", "sd", "effects", "delta", "bias", "mean", "two_valued")
        return {name: getattr(self, name) for name in names}


def share(alpha: float, count: int) -> float:
    """A coordinate's alpha: alpha / count, rounded down in decimals too, so that `count` of them never pass alpha."""
    each = alpha / count
    while count * Fraction(repr(each)) > Fraction(repr(alpha)):
        each = math.nextafter(each, 0.0)
    return each


def share_of_power(power: float, count: int) -> float:
    """A coordinate's power: all of them together miss with probability at most 1 - power."""
    return 1 - (1 - power) / count


def plans(coordinates: Sequence[Coordinate], alpha: float, power: float, rate: float = 5e6) -> dict[str, Plan]:
    """How each coordinate is drawn, by its name."""
    count = len(coordinates)
    settings: dict[str, Any] = {"alpha": share(alpha, count), "power": share_of_power(power, count)}
    return {c.name: plan(**c.facts(), rate=rate, **settings) for c in coordinates}


def check_all(
    coordinates: Sequence[Coordinate],
    *,
    claim: str,
    version: int | str,
    nonce: str,
    budget: Any,
    label: str = "statement",
    alpha: float = 1e-9,
    power: float = 0.999,
    **settings: Any,
) -> dict[str, Any]:
    """Check all coordinates, in their order; the first that is refuted decides.

    The record is that of the coordinate that decides (where all are confirmed: the one that comes closest to failing), with
    `coordinate` its name, `alpha` what was charged, and `coordinates`: all that were drawn.  Raises what `check` raises.
    """
    count = len(coordinates)
    if not count or len({c.name for c in coordinates}) < count:
        raise ValueError(f"coordinates must have names of their own; got {[c.name for c in coordinates]}")
    planned = plans(coordinates, alpha, power)
    budget.charge(claim, version, nonce, label, alpha, sum(p.n for p in planned.values()))
    paid = Budget(limit=alpha, alpha=share(alpha, count), most=count)
    found: dict[str, dict[str, Any]] = {}
    for c in coordinates:
        found[c.name] = check(
            c.sampler, **c.facts(), target=c.target, claim=claim, version=version, nonce=nonce, budget=paid, label=c.name,
            alpha=planned[c.name].alpha, power=planned[c.name].power, **settings,
        )  # fmt: skip
        if found[c.name]["verdict"] == "refuted":
            break
    name = max(found, key=lambda n: urgency(found[n], targets(coordinates)[n]))
    return {
        **found[name], "check": label, "coordinate": name, "count": count, "alpha": alpha, "power": power,
        "alpha_each": planned[name].alpha, "seconds": sum(one["seconds"] for one in found.values()),
        "coordinates": [{"name": n, **{k: x for k, x in one.items() if k not in COMMON}} for n, one in found.items()],
    }  # fmt: skip


def targets(coordinates: Sequence[Coordinate]) -> dict[str, Target]:
    return {c.name: c.target for c in coordinates}


def urgency(record: Mapping[str, Any], target: Target) -> tuple[int, bool, float]:
    """Refuted before underpowered before confirmed, what varies before what is constant; then by how far, in deltas, the interval
    reaches from the target."""
    middle = float(as_ball(target)[0])
    reach = max(abs(end - middle) for end in record["interval"]) / record["delta"]
    return ("confirmed", "underpowered", "refuted").index(record["verdict"]), bool(record["sd"]), reach
