"""`rlproofs plan`: what Monte Carlo would draw for a claim and why just so much, in plain text; nothing is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from proofs.claims import Claim
from proofs.runner.declared import instance
from proofs.runner.plain import entries, formula, paragraph

Data = dict[str, Any]
NEEDED = ("variant", "words", "target", "effect", "delta", "alpha_all", "power_all", "n", "bound", "expected_seconds")
RUN = 1e-6  # what a run may charge; numeric.montecarlo.budget holds it to that


def planned(claim: Claim, records: Sequence[Data]) -> str:
    """The engine's plans of a claim's check and of its variants' checks, coordinate by coordinate."""
    if not all(set(NEEDED) <= set(one) for one in records):  # another engine than numeric.montecarlo
        return "\n".join(f"{one['check']}: {one.get('explained', one)}" for one in records)
    checks = {name: list(rows) for name, rows in groupby(records, lambda one: one["variant"])}
    own = checks.pop("statement")
    out = paragraph(f"{claim.id}@{records[0]['version']}  {claim.title}", hang="  ")
    out += ["  what Monte Carlo would draw; nothing is drawn now", ""]
    out += said_once(own) + _coordinates(claim, own) + _variants(checks) + [_price([own, *checks.values()])]
    return "\n".join(out)


def said_once(rows: Sequence[Data]) -> list[str]:
    """The error model of the claim's own check, all its coordinates together."""
    first, count = rows[0], len(rows)
    each = f"; {first['alpha']:.3g} for each of {count} means" if count > 1 else ""
    alpha, power = first["alpha_all"], first["power_all"]
    return entries([
        ("alpha", paragraph(f"{alpha:g}: the chance of a wrong verdict, whatever the truth is{each}")),
        ("power", paragraph(f"{power:g}: the chance of `confirmed` if the claim is true, of `refuted` for each mutant below")),
    ])  # fmt: skip


def _coordinates(claim: Claim, rows: Sequence[Data]) -> list[str]:
    """Each mean: what is averaged, where, what is known of one sample, how close it must come, and the n that follows."""
    out: list[str] = []
    for one in rows:
        name = one["check"].removeprefix("statement").removeprefix(", ")
        out += ["", *([f"  {name}"] if name else [])]
        out += entries([
            ("estimand", formula(one["words"], width=80)),
            ("target", [f"{one['target']:.6g}, exactly known"]),
            ("instance", paragraph(instance(claim, one["instance"]), width=80)),
            ("one sample", paragraph(known(one), width=80)),
            ("delta", paragraph(f"{one['delta']:.6g}: {one['delta_from']}", width=80)),
            ("bound", [bound(one)]),
            ("n", [f"{one['n']:,} samples, about {one['expected_seconds']:.2g} s"]),
        ])  # fmt: skip
    return out


def known(one: Data) -> str:
    """`in [0.1, 2.3] on every outcome; standard deviation 0.45`."""
    low, high = (f"{one[end]:.6g}" for end in ("low", "high"))
    span = f"is {low} or {high}" if one["two_valued"] else f"lies in [{low}, {high}]"
    sd = "standard deviation unknown" if one["sd"] is None else f"standard deviation {one['sd']:.6g}"
    proved = "" if one["proved_sd"] is None else f", proved to be at most {one['proved_sd']:.6g}"
    off = f"; drawing moves its mean by {one['bias']:.2g} at most" if one["bias"] else ""
    return f"{span} on every outcome; {sd}{proved}{off}"


def bound(one: Data) -> str:
    """`betting (bet 0.057, centre 0.386)`."""
    settings = ", ".join(f"{name} {value:.6g}" for name, value in dict(one["settings"]).items())
    return f"{one['bound']} ({settings})" if settings else str(one["bound"])


def _variants(checks: dict[str, list[Data]]) -> list[str]:
    """A line for each mutant and control: how far its mean lies from its target, and what drawing it costs."""
    if not checks:
        return []
    width = max(len(name) for name in checks)
    head = f"  {'':<{width}}  {'effect':>11}  {'deltas':>9}  {'samples':>13}  {'seconds':>7}  bound"
    return ["", "  wrong variants and re-wordings, judged at the same delta", head, *_lines(checks, width)]


def _lines(checks: dict[str, list[Data]], width: int) -> Iterator[str]:
    for name, rows in checks.items():
        far = max(rows, key=lambda one: one["effect"] / one["delta"])
        n, seconds = sum(one["n"] for one in rows), sum(one["expected_seconds"] for one in rows)
        bounds = ", ".join(dict.fromkeys(one["bound"] for one in rows))
        away = f"{far['effect'] / far['delta']:.1f}"
        yield f"  {name:<{width}}  {far['effect']:>11.6g}  {away:>9}  {n:>13,}  {seconds:>7.2g}  {bounds}"
        yield from paragraph(f"not drawn: {far['problem']}", "      ") if far["problem"] else []


def _price(checks: Sequence[list[Data]]) -> str:
    spent = sum(rows[0]["alpha_all"] for rows in checks)
    seconds = sum(one["expected_seconds"] for rows in checks for one in rows)
    return (
        f"\n  {len(checks)} checks charge {spent:.3g} of the {RUN:g} that a run may spend; all together about {seconds:.2g} s."
        "\n  How the sample size follows: docs/how-statistics-work.md"
    )
