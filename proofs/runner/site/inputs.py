"""What the catalogue says now, beside the ledger: hashes to compare, titles of topics, source of the code, the rules.

The one place where the site meets the runner.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proofs.runner.catalogue import current_inputs
from proofs.runner.discovery import catalogue
from proofs.runner.site.symbols import symbols
from proofs.runner.site.trusted import function_source, kernel_rules, trusted_base

Data = dict[str, Any]


def gather(root: Path, ledger: Data) -> tuple[Data, Data]:
    """(current, extras) for `site_data`, from the tree under `root`; see data.py for their keys."""
    found = catalogue()
    trusted = trusted_base(root)
    extras = {
        "topics": {topic.id: topic.title for topic in found.topics.values()},
        "topic_pages": sorted(path.stem for path in (root / "docs/topics").glob("*.md")),
        "functions": {name: function_source(root, name) for name in function_names(ledger)},
        "symbols": {name: symbols(claim) for name, claim in found.claims.items()},
        "rules": kernel_rules(root, trusted["files"]),
        "trusted": trusted,
    }
    return current_inputs(), extras


def function_names(ledger: Data) -> list[str]:
    """Dotted names of all functions that a reference channel ran."""
    channels = [record["channels"].get("reference") or {} for record in ledger["claims"].values()]
    return sorted({name for channel in channels for name in channel.get("functions") or []})
