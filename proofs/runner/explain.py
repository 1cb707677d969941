"""`rlproofs verify ... --explain`: why each claim ran, what each channel saw, and the kill matrix with what refuted each mutant.

Everything is read from the records: what is cached is explained without being run again.  Plain text, at most 100 columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from proofs.claims import CHANNELS, Claim, Instance
from proofs.runner.declared import instance
from proofs.runner.discovery import Catalogue
from proofs.runner.plain import paragraph
from proofs.runner.verdicts import FATES, counts, distinct, missing

Data = dict[str, Any]
MOST_NAME = 30  # characters of a mutant's id that share a line with its cells
MOST_EXACT = 30  # characters of an exact value that stands before its decimals
MARKS = {
    "x": "refutes it",
    "(x)": "refutes it, though the variant does not name it",
    "NO": "looked, and does not refute it",
    "crash": "broke on it, which refutes nothing",
    "none": "has not looked at it",
    ".": "is not named",
}


def explained(found: Catalogue, records: Mapping[str, Data], ran_because: Mapping[str, str]) -> str:
    """All claims of a run, one below the other."""
    parts = [claim(found.claims[name], record, ran_because.get(name, "")) for name, record in records.items()]
    return "\n\n".join("\n".join(line.rstrip() for line in lines) for lines in parts)


def claim(c: Claim, record: Data, why: str) -> list[str]:
    """One claim: head, channels, matrix, what is empty in it, and a block for each mutant."""
    out = paragraph(f"{record['id']}@{record['version']}  {record['title']}", hang="  ")
    ran = f"ran: {why}" if why else "from recorded results"
    out += paragraph("; ".join(filter(None, (record["verdict"], record["scope"], ran))), "  ", "    ")
    for name, seen in record["channels"].items():
        tail = seen.get("reason") or seen.get("detail") or seen.get("scope") or seen.get("sizes") or ""
        out += row(name, f"{seen['verdict']:<10} {tail}", 11)
    if not record["mutants"]:
        return [*out, "", "  no wrong variant is planted"]
    if c.statement is not None:
        out += row("witness", instance(c, c.witness))
    out += ["", *matrix(record), "", *score(record), *empty(record)]
    for name, m in record["mutants"].items():
        out += ["", *block(c, name, m)]
    return out


def row(name: str, text: str, deeper: int = 0) -> list[str]:
    """`    name        text`, the text wrapped below itself; a piece without spaces is broken rather than let out."""
    return paragraph(f"    {name:<11} {text}", hang=" " * (16 + deeper), whole=False)


# ------------------------------------------------------------------------------------- the matrix
def matrix(record: Data) -> list[str]:
    """A row for each mutant, a column for each channel, and what became of the mutant."""
    mutants = record["mutants"]
    named = {c for m in mutants.values() for c in (*m["channels"], *also(m))} | set(record["channels"])
    columns = [c for c in CHANNELS if c in named]
    at = min(MOST_NAME, max(map(len, [*mutants, "wrong variant"])))
    out = [f"  {'wrong variant':<{at}}  {'  '.join(columns)}  outcome"]
    for name, m in mutants.items():
        cells = "  ".join(f"{mark(m, c):^{len(c)}}" for c in columns)
        out += [f"  {name}"] if len(name) > at else []
        out.append(f"  {name if len(name) <= at else '':<{at}}  {cells}  {m['outcome']}")
    seen = {mark(m, c) for m in mutants.values() for c in columns}
    return [*out, "", *paragraph("; ".join(f"{k} {text}" for k, text in MARKS.items() if k in seen), "  ", "  ")]


def mark(m: Data, channel: str) -> str:
    """A cell of the matrix."""
    if channel in m["refuted_by"]:
        return "x"
    if channel in also(m):
        return "(x)"
    if channel not in m["channels"]:
        return "."
    word = m["evidence"].get(channel, {}).get("verdict", "not run")
    return {"error": "crash", "not run": "none"}.get(word, "NO")


def also(m: Data) -> list[str]:
    """Channels that refute a mutant and that it does not name."""
    return m.get("also_refuted_by") or []


def score(record: Data) -> list[str]:
    """`13 of 14 wrong variants refuted; of 15, 1 is worth the same as another and counts once`."""
    mutants = record["mutants"]
    each = distinct(mutants)
    refuted = sum(m["outcome"] == "refuted" for m in each)
    twice = len(mutants) - len(each)
    same = (
        "is worth the same as another and counts once" if twice == 1 else "are worth the same as another and count once"
    )
    more = f"; of {len(mutants)}, {twice} {same}"
    controls = [f"{k} {c['outcome']}" for k, c in record["controls"].items()]
    out = paragraph(f"{refuted} of {len(each)} wrong variants refuted{more if twice else ''}", "  ", "    ")
    return [*out, *(paragraph(f"true re-wordings: {', '.join(controls)}", "  ", "    ") if controls else [])]


def empty(record: Data) -> list[str]:
    """Which cells of the matrix are empty, and why; which column is, and which row is no wrong variant."""
    found = [line for text in _empty(record) for line in paragraph(text, "    ", "      ", whole=False)]
    return ["", "  empty cells", *found] if found else []


def _empty(record: Data) -> Iterator[str]:
    for name, m in record["mutants"].items():
        if m["outcome"] == "refuted":
            continue
        yield f"{name} {FATES[m['outcome']]}"
        for channel in (c for c in m["channels"] if c in missing(m)):
            seen = m["evidence"].get(channel)
            why = f"{seen['verdict']}: {seen.get('detail') or seen.get('reason') or ''}" if seen else "no result"
            yield f"  {name}, {channel}: {why}"
    for channel, seen in record["channels"].items():
        if not any(channel in m["refuted_by"] for m in record["mutants"].values() if counts(m)):
            yield f"the column {channel}: it refutes no wrong variant of this claim (it says {seen['verdict']} of the claim)"


# ------------------------------------------------------------------------------------- one mutant
def block(c: Claim, name: str, m: Data) -> list[str]:
    """What the mutant is, where it is printed, and what each channel saw that refuted it."""
    out = paragraph(f"{name}: {m['title']}", "  ", "    ", whole=False)
    out += row("seen in", m["seen_in"]) if m["seen_in"] else []
    told = {"proof": proof, "exact": exact, "sympy": sympy, "montecarlo": montecarlo, "reference": reference}
    for channel in CHANNELS:
        seen = m["evidence"].get(channel)
        if seen is not None and seen["verdict"] == "refuted":
            out += row(channel, told[channel](c, name, seen))
    return out


def proof(c: Claim, name: str, seen: Data) -> str:
    """The instance of the certificate that the judge accepted."""
    return f"{seen.get('outcome') or 'false'} at {place(c, seen.get('instance'))}, by the rule counterexample"


def exact(c: Claim, name: str, seen: Data) -> str:
    """The smallest instance that refutes it, with both sides."""
    where = f", {seen['where']}" if seen.get("where") else ""
    at = f"{seen.get('outcome') or 'false'} at {place(c, seen.get('instance'))}{where}"
    values = " against ".join(number(*side) for side in seen.get("sides") or [])
    return f"{at}: {seen.get('why') or values or 'no two sides to compare'}"


def sympy(c: Claim, name: str, seen: Data) -> str:
    """The residual that is not 0."""
    return str(seen.get("why") or seen.get("detail") or "refuted")


def montecarlo(c: Claim, name: str, seen: Data) -> str:
    """The interval against the target, the smallest effect that was planned for, and the mutant's own."""
    if "interval" not in seen:
        return str(seen.get("detail") or "refuted")
    low, high = seen["interval"]
    size = seen.get("effects", {}).get(name)
    effect = f", effect {size:.4g}" if size is not None else ""
    return f"mean in [{low:.6g}, {high:.6g}], target {seen['target']:.6g}; delta {seen['delta']:.3g}{effect}, n {seen['n']:,}"


def reference(c: Claim, name: str, seen: Data) -> str:
    """The input, and both numbers."""
    return str(seen.get("detail") or "refuted")


def place(c: Claim, at: Instance | None) -> str:
    if not at:
        return "an instance that is not recorded"
    return "the witness" if at == c.witness else instance(c, at, c.witness)


def number(exact: str, decimal: str) -> str:
    """`9/5·ln(3) (1.9775)`; the decimals alone where the exact value is long or is a whole number."""
    return decimal if len(exact) > MOST_EXACT or exact == decimal else f"{exact} ({decimal})"
