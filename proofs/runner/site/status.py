"""All claims in one table, with what the page filters by: topic, source, verdict, scope. What is not as expected comes first."""

from __future__ import annotations

import re
from typing import Any

from proofs.runner.site.graph import mark

Data = dict[str, Any]

FILTERS = {"topic": "Topic", "source": "Source", "verdict": "Verdict", "scope": "Scope"}
NO_SCOPE = "none"
FIRST = {"failed": 0, "gap": 1}  # the rest stands in reading order


def status_table(claims: dict[str, Data], topics: dict[str, Data]) -> Data:
    """`rows`, the filters with their values and counts, and how many claims of each source have which verdict."""
    order = [name for topic in topics.values() for name in topic["claims"]]
    rows = [row(claims[name], topics[claims[name]["topic"]], place) for place, name in enumerate(order)]
    rows.sort(key=lambda one: (FIRST.get(one["mark"], 2), one["place"]))
    words = list(dict.fromkeys(one["mark"] for one in rows))
    return {
        "rows": rows,
        "filters": [{"key": key, "title": title, "values": counted(rows, key)} for key, title in FILTERS.items()],
        "sources": sources(rows, words),
        "words": words,
    }


def row(claim: Data, topic: Data, place: int) -> Data:
    """One claim as it stands in the table; lists hold the values that a filter may ask for."""
    kept = ("id", "slug", "title", "verdict", "scope", "gap", "counts")
    return {
        **{key: claim[key] for key in kept},
        "mark": mark(claim),
        "place": place,
        "topic_title": topic["title"],
        "topic_page": topic["page"],
        "source_text": claim["source"],
        "values": {
            "topic": [topic["title"]],
            "source": documents(claim["source"]),
            "verdict": [mark(claim)],
            "scope": [reach(claim["scope"])],
        },
    }


def documents(source: str) -> list[str]:
    """The documents of a source's text: `chapter slides, line 1806; assignment 5, question 7` names two."""
    return [part.split(",")[0].strip() for part in source.split(";")]


def reach(scope: str | None) -> str:
    """A scope without its symbols: `all sizes (n, m)` is `all sizes`."""
    return re.sub(r"\s*\(.*\)$", "", scope) if scope else NO_SCOPE


def counted(rows: list[Data], key: str) -> list[Data]:
    """The values of a filter in the order of the table, each with the number of rows that have it."""
    found: dict[str, int] = {}
    for one in rows:
        for value in one["values"][key]:
            found[value] = found.get(value, 0) + 1
    return [{"value": value, "count": count} for value, count in found.items()]


def sources(rows: list[Data], words: list[str]) -> list[Data]:
    """For each document how many claims have which of `words`; a claim of two documents counts in both."""
    found: dict[str, list[str]] = {}
    for one in rows:
        for document in one["values"]["source"]:
            found.setdefault(document, []).append(one["mark"])
    return [
        {"document": name, "counts": [found[name].count(word) for word in words], "claims": len(found[name])}
        for name in sorted(found)
    ]
