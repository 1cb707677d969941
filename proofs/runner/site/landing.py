"""What the first page says of the last run, in figures: computed from the site's data, so that the template only prints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Data = dict[str, Any]
AS_EXPECTED = "refuted as expected"  # a false sentence of a source: its refutation is the success


def tiles(data: Data) -> list[Data]:
    """Gaps first, then claims by verdict, by scope, wrong variants, error budget: {"figure", "label", "rows"} each.

    A row is {"count", "text"}; text is a verdict's word, a scope, or a line of the budget.
    """
    claims, status, budget = data["claims"].values(), data["status"], data["budget"]
    gaps = [
        {"count": "", "text": gap["id"], "claim": gap["id"] if gap["id"] in data["claims"] else None}
        for gap in status["gaps"]
    ]
    mutants = status["mutants"]
    return [
        tile(len(status["gaps"]), "listed gap" if len(gaps) == 1 else "listed gaps", gaps),
        tile(len(claims), "claims, by verdict", counted(verdict(c) for c in claims)),
        tile(
            sum(bool(c["scope"]) for c in claims),
            "with a scope",
            counted(reach(c["scope"]) for c in claims if c["scope"]),
        ),
        tile(f"{mutants['refuted']} of {mutants['planted']}", "wrong variants refuted", []),
        tile(
            f"{budget['spent']:.2g}",
            "rate of false alarms spent",
            [{"count": "", "text": f"of {budget['limit']:.2g}, on {budget['checks']} statistical checks"}],
        ),
    ]


def tile(figure: Any, label: str, rows: list[Data]) -> Data:
    return {"figure": str(figure), "label": label, "rows": [{"claim": None, **row} for row in rows]}


def verdict(claim: Data) -> str:
    """The verdict's word; a refuted sentence that was to be refuted is told from one that was not."""
    expected = claim["verdict"] == claim["expected"] == "refuted"
    return AS_EXPECTED if expected else str(claim["verdict"])


def reach(scope: str) -> str:
    """A scope without its list of symbols: `all sizes (n)` is `all sizes`."""
    return scope.split(" (")[0]


def counted(words: Iterable[str]) -> list[Data]:
    """Rows with how often each word occurs, the most frequent first."""
    found: dict[str, int] = {}
    for word in words:
        found[word] = found.get(word, 0) + 1
    return [{"count": n, "text": word} for word, n in sorted(found.items(), key=lambda item: -item[1])]
