"""What a claim's verdict depends on, part by part, as hashes: a record whose parts are the same stands.

    statement, declared     the claim as it is declared now: its statement; witness, instances, variants, necessity, evidence
    version, uses           its number in ids.toml, and those of the claims that it cites (they are in the evidence hash)
    evidence, engine ...    the entry points behind its evidence, and the engines that look at it
    a dotted module         each source that takes part: topic, derivation, judge, readings, tactics, channels, the code that
                            its evidence names, and all that these import (proofs.runner.sources)
    a path                  each data file that one of these names
    python, a distribution  versions of what the sources import from elsewhere, and of what computes inside it

Not among them, because it is looked at anew whenever a record is taken over: `gaps.toml`, and what the record must come to
(`verdicts.judge`).  Nonce and device are compared by the run.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import Any

from proofs.claims import Claim, Control, Evidence, Mutant, bundle_order
from proofs.runner import ids
from proofs.runner.discovery import Catalogue
from proofs.runner.sources import Closure, Sources

DISTRIBUTIONS = {"flint": "python-flint", "sympy": "sympy", "mpmath": "mpmath", "numpy": "numpy", "torch": "torch"}
INSIDE = {"sympy": ("mpmath",)}  # what computes inside a package without being named by our sources
ALWAYS = (
    "proofs.kernel.check",
    "proofs.runner.pool",
    "proofs.runner.verdicts",
    "proofs.runner.work",
    "proofs.runner.worker",
)


def inputs(catalogue: Catalogue, claim: Claim, known: Mapping[str, ids.Entry], sources: Sources) -> dict[str, str]:
    """Everything that the record of a claim depends on, each part by name.  known: the entries of ids.toml."""
    stands_on = sources.closure(modules(catalogue, claim))
    cited = [u for u in bundle_order([claim]) if u is not claim]
    said = {
        "statement": claim.hash(),
        "declared": declared(catalogue, claim),
        "version": str(ids.number(claim, known)),
    }
    if cited:
        said["uses"] = " ".join(f"{u.id}@{ids.number(u, known)}" for u in cited)
    return said | entries(catalogue, claim) | releases(stands_on) | stands_on.files


def modules(catalogue: Catalogue, claim: Claim) -> list[str]:
    """Where the closure of a claim starts."""
    out = [*ALWAYS, *[f"proofs.runner.channels.{name}" for name in claim.channels], catalogue.modules[claim.topic.id]]
    if "sympy" in claim.channels:
        out.append("proofs.runner.channels.preloaded")  # its text is run in a process of its own
    out += [made.__module__ for made in derivations(claim)]
    out += [catalogue.engines[name].module for name in engines(catalogue, claim)]
    if claim.id in catalogue.evidence:
        out += [r["function"].partition(":")[0] for r in catalogue.evidence[claim.id].references]
        for one in catalogue.evidence[claim.id].promised:
            out += [one["check"].partition(":")[0], one["of"], *one["also"]]
        out += [entry.module for entry in catalogue.evidence_entries(claim)]
    return out


def derivations(claim: Claim) -> list[Any]:
    found = [claim.derive, *[control.derive for control in claim.controls.values()]]
    return [derive for derive in found if derive is not None]


def engines(catalogue: Catalogue, claim: Claim) -> list[str]:
    """Channels of a claim that are not modules of the runner and are installed."""
    return [name for name in catalogue.channels(claim) if name not in claim.channels and name in catalogue.engines]


def entries(catalogue: Catalogue, claim: Claim) -> dict[str, str]:
    """The entry points that speak of a claim, as they are written."""
    out = {f"engine {name}": catalogue.engines[name].value for name in engines(catalogue, claim)}
    found = [f"{entry.name} = {entry.value}" for entry in catalogue.evidence_entries(claim)]
    return out | ({"evidence": ", ".join(found)} if found else {})


# ------------------------------------------------------------------------------------- the claim as data
def declared(catalogue: Catalogue, claim: Claim) -> str:
    """A hash of all that is declared of a claim, whichever module declared it and wherever the values came from."""
    c = claim
    return digest({
        "said": [c.kind, c.topic.id, c.witness, c.instances, c.script_at, dict(c.notation), [u.id for u in c.uses]],
        "given": [[h.name, h.text, h.without] for h in c.given],
        "mutants": [variant(m) for m in catalogue.mutants(c).values()],
        "controls": [variant(v) for v in c.controls.values()],
        "derived": [[made.__module__, getattr(made, "__qualname__", "")] for made in derivations(c)],
        "evidence": evidence(catalogue.evidence.get(c.id)),
    })  # fmt: skip


def variant(v: Mutant | Control) -> list[Any]:
    """A wrong variant or a re-wording."""
    own = [v.at, v.patch] if isinstance(v, Mutant) else []
    return [v.id, list(v.channels), v.statement.hash() if v.statement else None, *own]


def evidence(one: Evidence | None) -> list[Any]:
    """The plain data of a claim's evidence: code and points.  Its terms stand in sources, which are hashed."""
    if one is None:
        return []
    promised = [[p["name"], p["check"], p["of"], list(p["also"])] for p in one.promised]
    return [[r["function"], r["points"]] for r in one.references] + [[s["instance"]] for s in one.samples] + promised


# ------------------------------------------------------------------------------------- what is installed
def releases(stands_on: Closure) -> dict[str, str]:
    """Python, and the version of every distribution that the sources import."""
    names = {inner for name in stands_on.foreign for inner in (name, *INSIDE.get(name, ()))}
    found = {"python": platform.python_version()}
    for name in sorted(names):
        for distribution in [DISTRIBUTIONS[name]] if name in DISTRIBUTIONS else others().get(name, [name]):
            found[distribution] = installed(distribution)
    return found | ({"FLINT": flint()} if "flint" in names else {})


def versions() -> dict[str, str]:
    """Python, and the packages that decide verdicts."""
    return {"python": platform.python_version(), **{d: installed(d) for d in DISTRIBUTIONS.values()}, "FLINT": flint()}


@cache
def others() -> Mapping[str, Iterable[str]]:
    """import name -> distributions, for packages that are not in the table; slow, and seldom asked."""
    return packages_distributions()


def flint() -> str:
    """The library that python-flint carries: one release of it may be built against several."""
    import flint as bundled

    return str(getattr(bundled, "__FLINT_VERSION__", "unknown"))


@cache
def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def digest(parts: Mapping[str, Any]) -> str:
    """One hash of the parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
