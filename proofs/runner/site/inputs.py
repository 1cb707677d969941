"""What the catalogue says now, beside the ledger: hashes to compare, titles of topics, source of the code, the rules.

The one place where the site meets the runner.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from proofs.claims import Claim
from proofs.runner import ids
from proofs.runner.catalogue import current_inputs
from proofs.runner.discovery import catalogue
from proofs.runner.site.algorithms import shown_curves, without_gradients
from proofs.runner.site.symbols import symbols
from proofs.runner.site.trusted import function_source, kernel_rules, trusted_base
from proofs.runner.withdrawn import history, lost, read_withdrawn

Data = dict[str, Any]
CLAIMS = re.compile(r"<!-- claims: (\w+) -->")


def gather(root: Path, ledger: Data) -> tuple[Data, Data]:
    """(current, extras) for `site_data`, from the tree under `root`; see data.py for their keys."""
    found = catalogue()
    trusted = trusted_base(root)
    extras = {
        "topics": {topic.id: topic.title for topic in found.topics.values()},
        "topic_pages": topic_pages(root / "docs/topics"),
        "functions": {name: function_source(root, name) for name in function_names(ledger)},
        "symbols": {name: symbols(claim) for name, claim in found.claims.items()},
        "errata": errata_rows(root),
        "nightly": nightly_rows(root),
        "stands_on": {c.id: [u.id for u in c.uses] for c in found.claims.values() if c.promises},
        "curves": shown_curves(root),
        "without_gradients": without_gradients(root, module_names(ledger)),
        "withdrawn": withdrawn(list(found.claims.values())),
        "rules": kernel_rules(root, trusted["files"]),
        "trusted": trusted,
    }
    return current_inputs(), extras


def topic_pages(folder: Path) -> dict[str, str]:
    """topic -> the page that lists its claims.  A large topic is written in several files, and has one page."""
    pages = sorted(folder.glob("*.md"))
    return {name: page.stem for page in pages for name in CLAIMS.findall(page.read_text("utf8"))}


def errata_rows(root: Path) -> list[Data]:
    """The entries of proofs/errata.toml, as they are written."""
    return list(tomllib.loads((root / "proofs/errata.toml").read_text("utf8"))["erratum"])


def nightly_rows(root: Path) -> list[Data]:
    """The last record of each step of `make nightly` (tests/nightly.py); none where it was never run."""
    path = root / "docs/recorded/nightly.json"
    return list(json.loads(path.read_text("utf8"))["steps"]) if path.is_file() else []


def withdrawn(claims: list[Claim]) -> list[Data]:
    """The withdrawn ids with all their versions. Raises ValueError where an id that was once given leads nowhere."""
    gone, versions = read_withdrawn(), history()
    if faults := lost(claims, ids.read_ids(), gone):
        raise ValueError("; ".join(faults))
    return [
        {
            "id": name,
            "reason": entry.reason,
            "instead": list(entry.instead),
            "versions": [{"version": one.version, "statement": one.statement} for one in versions[name]],
        }
        for name, entry in gone.items()
    ]


def module_names(ledger: Data) -> list[str]:
    """Every module that a contract of the ledger is about."""
    channels = [record["channels"].get("reference") or {} for record in ledger["claims"].values()]
    return sorted({name for channel in channels for name in channel.get("modules") or []})


def function_names(ledger: Data) -> list[str]:
    """Dotted names of all functions that a reference channel ran."""
    channels = [record["channels"].get("reference") or {} for record in ledger["claims"].values()]
    return sorted({name for channel in channels for name in channel.get("functions") or []})
