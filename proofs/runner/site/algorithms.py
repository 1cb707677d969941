"""The table of algorithms: file, contract, bugs refuted, gradient contracts, page and curves of each; it is their index page.

A row is a contract whose id begins with `alg-`.  Everything in it comes from the ledger, from the tree, and from the pages that
list the topic's claims: nothing is typed, and `missing` names each cell for which there is nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

Data = dict[str, Any]
PREFIX = "alg-"
CURVES = re.compile(r"^<!-- curves: (\S+) (\S+) -->$", re.M)
CLAIMS = re.compile(r"^<!-- claims: (\w+) -->$", re.M)
NOTHING_ARRIVES = re.compile(r"(?:^|; )(?:what )?([^;]+?)(?: receives?)?,? receives no gradient")
TAKES_GRADIENTS = re.compile(r"\bautograd\b|\.backward\(|requires_grad")
CELLS = ("files", "promises", "bugs", "gradients", "page", "curves")


def shown_curves(root: Path) -> dict[str, list[Data]]:
    """topic -> the curves that its page shows: {"algorithm", "environment", "recorded"}; recorded: whether there is a run."""
    out: dict[str, list[Data]] = {}
    for page in sorted((root / "docs/topics").glob("*.md")):
        text = page.read_text("utf8")
        rows = [curve(root, *found) for found in CURVES.findall(text)]
        out |= {topic: rows for topic in CLAIMS.findall(text)}
    return out


def curve(root: Path, algorithm: str, environment: str) -> Data:
    recorded = (root / f"docs/recorded/runs/{algorithm}-{environment}.json").is_file()
    return {"algorithm": algorithm, "environment": environment, "recorded": recorded}


def without_gradients(root: Path, modules: list[str]) -> list[str]:
    """Those of the modules whose source takes no gradient."""
    texts = {name: (root / f"{name.replace('.', '/')}.py").read_text("utf8") for name in modules}
    return [name for name, text in texts.items() if not TAKES_GRADIENTS.search(text)]


def rows(claims: dict[str, Data], topics: dict[str, Data], extras: Data) -> list[Data]:
    """A row for each algorithm, in the order of the topics."""
    found = [claim for claim in claims.values() if claim["id"].startswith(PREFIX) and claim["promises"]]
    return [row(claim, topics, extras) for claim in found]


def row(claim: Data, topics: Data, extras: Data) -> Data:
    """One algorithm.  A cell for which there is nothing is empty: "", [] or 0."""
    reference = claim["channels"]["reference"] or {}
    promises, modules = reference.get("promises") or [], reference.get("modules") or []
    kept = [one for one in promises if one["verdict"] == "confirmed"]
    page = topics[claim["topic"]]["page"]
    return {
        "id": claim["id"],
        "slug": claim["slug"],
        "title": claim["title"],
        "verdict": claim["verdict"],
        "files": [f"{name.replace('.', '/')}.py" for name in modules],
        "promises": f"{len(kept)} of {len(claim['promises'])}" if kept else "",
        "bugs": f"{claim['counts']['refuted']} of {claim['counts']['planted']}" if claim["counts"]["refuted"] else "",
        "gradients": gradients(promises, modules, extras.get("without_gradients", [])),
        "page": page if page.startswith("topics/") else "",
        "curves": [one for one in extras.get("curves", {}).get(claim["topic"], []) if one["recorded"]],
    }


def gradients(promises: list[Data], modules: list[str], none: list[str]) -> list[str]:
    """What must receive no gradient and receives none; or that the code takes none at all."""
    found = [name for one in promises for name in NOTHING_ARRIVES.findall(one["detail"])]
    if found or not modules or not set(modules) <= set(none):
        return list(dict.fromkeys(found))
    return ["takes none"]


def missing(table: list[Data]) -> list[str]:
    """`id: cell` of every empty cell."""
    return [f"{one['id']}: {cell}" for one in table for cell in CELLS if not one[cell]]
