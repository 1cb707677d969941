"""From what the channels saw to a claim's record: verdict, kill matrix, and every reason why it is not as expected.

`assemble` puts the channels' results together, `judge` says what is wrong with them.  Pure functions on plain data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proofs.claims import CHANNELS, STATEMENT_CHANNELS, Claim, Control, Mutant

Record = dict[str, Any]
PASSES = {"proved": "proved", "confirmed": "confirmed", "refuted": "refuted", "demonstrated": "demonstrated"}
CRASHED = ("error", "not run")
FATES = {  # what becomes of a mutant -> how it is said of it; only the first counts as refuted
    "refuted": "is refuted by every channel that it names",
    "refuted in part": "is not refuted by every channel that it names",
    "refuted only by others": "is refuted only by a channel that it does not name",
    "survived": "survives",
    "undecided": "is not decided",
    "never ran": "never ran",
    "crashed": "crashed, which refutes nothing",
    "equal to the claim": "is equal to the claim on every instance",
    "changes nothing": "changes the code and nothing that it computes",
    "same code": "leaves the compiled code as it is",
    "does not apply": "does not apply: its text is not found exactly once",
    "not importable": "leaves a module that cannot be imported",
    "no effect": "has too small an effect to be seen",
}


def assemble(
    claim: Claim,
    mutants: Mapping[str, Mutant],
    channels: Sequence[str],
    results: Mapping[str, Record],
    *,
    partial: bool = False,
) -> Record:
    """verdict, scope, hashes, channels, mutants, controls, hypotheses and witness of a claim, from its channels' results.

    channels: those that should have run, in their order; one without a result is "not run".  partial: only these were asked
    for, and nothing is said of variants that name none of them.
    """
    controls = dict(claim.controls)
    if partial:
        mutants = {k: m for k, m in mutants.items() if set(m.channels) & set(channels)}
        controls = {k: c for k, c in controls.items() if set(c.channels) & set(channels)}
    asked = channels if partial else CHANNELS
    ran = {name: results.get(name, {"claim": {"verdict": "not run"}}) for name in channels}
    records = {name: dict(out["claim"]) for name, out in ran.items()}
    proof = ran.get("proof", {})
    return {
        "verdict": verdict(claim.expected, records),
        "scope": records.get("proof", {}).get("scope"),
        "evidence_hash": proof.get("evidence_hash"),
        "hypotheses": hypotheses(claim, proof),
        "witness": witness(claim, ran),
        "channels": records,
        "mutants": {m.id: mutant(claim, m, asked, ran) for m in mutants.values()},
        "controls": {c.id: control(c, asked, ran) for c in controls.values()},
    }


def verdict(expected: str, records: Mapping[str, Record]) -> str:
    """The judge's word where it may prove or refute; else that of all channels together: the worst one counts."""
    if expected in ("proved", "refuted"):
        return str(records["proof"]["verdict"]) if "proof" in records else "not run"
    words = [str(r["verdict"]) for r in records.values()]
    odd = [w for w in words if w not in PASSES or w == "refuted"]
    return odd[0] if odd else words[0] if words else "not run"


def expected_of(channel: str, expected: str) -> str:
    """What a channel says where all is well: the judge proves, the others confirm.

    Who looks at a false sentence refutes it; code and samples beside it are still what they are said to be.
    """
    if expected == "proved":
        return "proved" if channel == "proof" else "confirmed"
    if expected == "refuted":
        return "refuted" if channel in STATEMENT_CHANNELS else "confirmed"
    return expected


def hypotheses(claim: Claim, proof: Record) -> list[Record]:
    seen = proof.get("hypotheses", {})
    return [
        {
            "id": h.name,
            "text": h.text,
            "used": h.name in proof.get("used", []),
            "necessity": seen.get(h.name, without(h)),
        }
        for h in claim.given
    ]


def without(h: Any) -> Record:
    return {"instance": h.without, "outcome": "not run"} if isinstance(h.without, dict) else {"reason": h.without}


def witness(claim: Claim, ran: Mapping[str, Record]) -> Record | None:
    if claim.statement is None:
        return None
    return {"instance": claim.witness, "outcome": ran.get("exact", {}).get("witness", "not run")}


# ------------------------------------------------------------------------------------- wrong variants, true re-wordings
def mutant(claim: Claim, m: Mutant, asked: Sequence[str], ran: Mapping[str, Record]) -> Record:
    """A row of the kill matrix: refuted only if every channel that it names (of those asked) refutes it.

    What a channel that it does not name says of it counts for nothing, and is kept where it refutes.
    """
    named = [c for c in m.channels if c in asked]
    looked = {c: ran[c]["mutants"][m.id] for c in ran if m.id in ran[c].get("mutants", {})}
    refuting = [c for c, found in looked.items() if found.get("verdict") == "refuted"]
    by, others = [c for c in named if c in refuting], [c for c in refuting if c not in m.channels]
    return {
        "title": m.title,
        "channels": list(m.channels),
        "refuted_by": by,
        "also_refuted_by": others,
        "outcome": fate(claim, m, named, looked, others),
        "values": next((found["values"] for found in looked.values() if "values" in found), None),
        "evidence": {c: found for c, found in looked.items() if c in (*named, *others)},
        "seen_in": m.seen_in,
    }


def fate(claim: Claim, m: Mutant, named: Sequence[str], looked: Mapping[str, Record], others: Sequence[str]) -> str:
    """One of FATES.  A mutant that is none comes first, whatever refuted it; then the first named channel that did not."""
    if itself(claim, m) or any(found.get("same") for found in looked.values()):
        return "equal to the claim"
    words = {c: str(looked.get(c, {}).get("verdict", "not run")) for c in named}
    left = {c: word for c, word in words.items() if word != "refuted"}
    faults = [looked[c]["fault"] for c in left if looked.get(c, {}).get("fault")]
    if faults:
        return str(faults[0])
    if words and not left:
        return "refuted"
    if "error" in left.values():
        return "crashed"
    if "not run" in left.values() or not (words or others):
        return "never ran"
    if left and len(left) < len(words):
        return "refuted in part"
    if others:
        return "refuted only by others"
    return "survived" if "confirmed" in left.values() else "undecided"


def itself(claim: Claim, m: Mutant) -> bool:
    """The mutant's statement is the claim's."""
    return m.statement is not None and claim.statement is not None and m.statement.hash() == claim.statement.hash()


def distinct(mutants: Mapping[str, Record]) -> list[Record]:
    """One of those that are worth the same on every instance; one that is not refuted is never hidden by another."""
    keys = {name: m.get("values") or name for name, m in mutants.items()}
    ordered = sorted(mutants, key=lambda name: mutants[name]["outcome"] == "refuted", reverse=True)
    return list({keys[name]: mutants[name] for name in ordered}.values())


def control(c: Control, asked: Sequence[str], ran: Mapping[str, Record]) -> Record:
    """Confirmed only if every channel that it names (of those asked) proves or confirms it."""
    named = [name for name in c.channels if name in asked]
    seen = {n: ran[n]["controls"][c.id] for n in named if c.id in ran.get(n, {}).get("controls", {})}
    by = [n for n in named if seen.get(n, {}).get("verdict") in ("proved", "confirmed")]
    missing = [n for n in named if n not in by]
    words = [f"{n}: {seen.get(n, {}).get('verdict', 'not run')}" for n in missing]
    outcome = "confirmed" if named and not missing else ", ".join(words) or "never ran"
    return {"title": c.title, "channels": list(c.channels), "confirmed_by": by, "outcome": outcome, "evidence": seen}


# ------------------------------------------------------------------------------------- what is wrong
def judge(record: Record, *, gap: str | None, partial: bool = False) -> Record:
    """The record with `gap`, `problems` and `ok`.  gap: what gaps.toml says is missing.  partial: not all channels were asked."""
    as_expected = record["verdict"] == record["expected"]
    problems = [*of_channels(record, gap is not None), *of_variants(record), *of_hypotheses(record, partial)]
    if not as_expected and gap is None and not partial:
        problems.insert(0, f"the verdict is {record['verdict']}, not {record['expected']}{reason(record)}")
    if as_expected and gap is not None:
        problems.append(f"gaps.toml lists it, but it is {record['verdict']}: remove the entry")
    open_gap = {"missing": gap} if gap is not None and not as_expected else None
    return {**record, "gap": open_gap, "problems": problems, "ok": not problems}


def reason(record: Record) -> str:
    why = record["channels"].get("proof", {}).get("reason")
    return f": {why}" if why else ""


def of_channels(record: Record, listed: bool) -> list[str]:
    """A channel with an unexpected word; the judge's own is the claim's, and is said once."""
    out = []
    for name, found in record["channels"].items():
        wanted, word = expected_of(name, record["expected"]), found["verdict"]
        is_gap = listed and (name == "proof" or word == "not run")
        no_gpu = word == "not run" and found.get("needs") == "gpu"
        if word != wanted and not is_gap and not no_gpu and (name != "proof" or word == record["expected"]):
            why = found.get("reason") or found.get("detail")
            out.append(f"{name} says {word}, not {wanted}{f': {why}' if why else ''}")
    return out


def of_variants(record: Record) -> list[str]:
    """Mutants that are not refuted, channels that refute none, controls that are not confirmed."""
    mutants, controls = record["mutants"], record["controls"]
    dead = {name for name, found in record["channels"].items() if found["verdict"] in CRASHED}
    left = {k: m for k, m in mutants.items() if m["outcome"] != "refuted"}
    idle = [k for k, m in left.items() if m["outcome"] == "never ran" and missing(m) and missing(m) <= dead]
    out = [f"the mutant {k} {told(m)}" for k, m in left.items() if k not in idle]
    out += [f"{len(idle)} mutants never ran in {' and '.join(sorted(dead))}: {', '.join(idle)}"] if idle else []
    for name, found in record["channels"].items():
        if found["verdict"] not in CRASHED and not any(name in m["refuted_by"] for m in mutants.values() if counts(m)):
            out.append(f"{name} refutes no mutant of this claim")
    return out + [
        f"the control {k} is not confirmed: {c['outcome']}" for k, c in controls.items() if c["outcome"] != "confirmed"
    ]


def missing(m: Record) -> set[str]:
    """The channels that a mutant names and that did not refute it."""
    return set(m["channels"]) - set(m["refuted_by"])


def counts(m: Record) -> bool:
    """Refuting it shows that a channel can refute."""
    return m["outcome"] in ("refuted", "refuted in part", "crashed", "never ran")


def told(m: Record) -> str:
    """One sentence on a mutant that was not refuted: what became of it, and what each channel that it names said instead."""
    why = [f"{c}: {m['evidence'].get(c, {}).get('detail') or 'no result'}" for c in m["channels"] if c in missing(m)]
    why += [f"{c}, which it does not name, refutes it" for c in m["also_refuted_by"]]
    found = f" ({'; '.join(why)})" if why else ""
    return f"{FATES[m['outcome']]}{found}"


def of_hypotheses(record: Record, partial: bool) -> list[str]:
    """Every hypothesis is used by the proof and shown to be needed; the witness is true, or breaks a false sentence."""
    out = []
    if record["verdict"] == "proved":
        idle = [h["id"] for h in record["hypotheses"] if not h["used"]]
        out += [f"the proof does not use the hypothesis {name}" for name in idle]
        kept = [h for h in record["hypotheses"] if h["necessity"].get("outcome", "false") not in ("false", "undefined")]
        out += [f"the instance without {h['id']} does not break the statement" for h in kept]
    wanted = "false" if record["expected"] == "refuted" else "true"
    seen = (record["witness"] or {}).get("outcome", wanted)
    if seen != wanted and not (partial and seen == "not run"):
        out.append(f"the witness makes the statement {seen}")
    return out


__all__ = ["FATES", "assemble", "distinct", "judge"]
