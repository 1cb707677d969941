"""One statistical check from plan to record: plan, pay, draw, judge."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from numeric.montecarlo.budget import Budget
from numeric.montecarlo.estimate import Estimate, Sampler, run
from numeric.montecarlo.plan import Plan, plan
from numeric.montecarlo.verdicts import Target, as_ball, judge


def check(
    sampler: Sampler,
    *,
    low: float,
    high: float,
    sd: float | None,
    target: Target,
    effects: Mapping[str, float],
    claim: str,
    version: int | str,
    nonce: str,
    budget: Budget,
    label: str = "statement",
    alpha: float = 1e-9,
    power: float = 0.999,
    mean: float | None = None,
    two_valued: bool = False,
    proved_sd: float | None = None,
    delta: float | Plan | None = None,
    bias: float = 0.0,
    bound: str = "auto",
    jobs: int = 1,
    draw: Callable[..., Estimate] = run,
) -> dict[str, Any]:
    """Check that the mean of `sampler` is `target`; return the `montecarlo` record of the ledger (without its TeX).

    label: this check's name within the claim (say "statement", "mutant forgets-gamma", "control written-out"); the
    budget pays for each name once.  A mutant is checked at the statement's delta (delta=plan(...) of the statement),
    with its own range and sd where they differ.  draw: `run`, or what spreads its chunks over processes
    (`numeric.montecarlo.workers`).  All other arguments are those of `plan`, `run` and `judge`.  The budget is charged
    before anything is drawn; a check that then fails stays paid.  Raises what those raise, BudgetExceeded above all.
    """
    aim = _what_was_aimed_at(target)
    facts: dict[str, Any] = {"mean": mean, "two_valued": two_valued, "proved_sd": proved_sd, "bias": bias}
    planned = plan(low, high, sd, effects, alpha, power, bound=bound, delta=delta, **facts)
    budget.charge(claim, version, nonce, label, planned.alpha, planned.n)
    estimate = draw(sampler, planned, claim=claim, version=version, nonce=nonce, jobs=jobs)
    verdict = judge(estimate.interval, target, planned.delta)
    names = {"check": label, "nonce": nonce, "device": "cpu"}
    return {"verdict": verdict, **names, **_what_was_planned(planned), **_what_was_seen(estimate), **aim}


def target_text(target: Target) -> str:
    """The target as exact text: `3/8`, or `0.25 +- 1e-60` for a ball."""
    if isinstance(target, tuple):
        return f"{target[0]} +- {target[1]}"
    return str(target)


def _what_was_planned(planned: Plan) -> dict[str, Any]:
    """The plan as JSON; an infinite end of the range is None."""
    said = asdict(planned) | {"effects": dict(planned.effects), "settings": dict(planned.settings)}
    del said["expected_seconds"]
    return said | {end: said[end] if math.isfinite(said[end]) else None for end in ("low", "high")}


def _what_was_aimed_at(target: Target) -> dict[str, Any]:
    return {"target": float(as_ball(target)[0]), "target_exact": target_text(target)}


def _what_was_seen(estimate: Estimate) -> dict[str, Any]:
    moments = estimate.moments
    return {
        "seconds": estimate.seconds,
        "estimate": moments.mean,
        "sample_sd": math.sqrt(moments.variance) if moments.count > 1 else None,
        "interval": [estimate.interval.low, estimate.interval.high],
    }
