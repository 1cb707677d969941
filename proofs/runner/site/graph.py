"""The map: which claim uses which, laid out in columns of topics, so that an arrow runs to the right from what is used.

Each topic page is a box, each claim a row of it. No library: what crosses is decided by the order of at most some sixty
boxes, and both networkx and grandalf would place hundreds of loose points, in which no reader finds a topic again.
The layout depends on nothing but the claims and their order. map.js folds boxes and draws the arrows anew by `arrow`'s
formula; a test holds the two together.
"""

from __future__ import annotations

from math import ceil
from typing import Any

Data = dict[str, Any]

WIDTH, GAP, MARGIN = 198, 34, 10  # of a box, between columns, around the whole; in pixels at zoom 1
HEAD, ROW, SPACE = 30, 20, 16  # heights: of a box's title, of a row; between two boxes of a column
COLUMNS, LEAST = 5, 640  # a layer higher than this share of all boxes is broken into several columns
MANY = 250  # from so many claims on the map opens folded
SWEEPS = 6
TITLE, NAME = 22, 24  # characters that fit into a box's title and into a row
MARKS = {  # verdict -> (shape, colour); the shape tells it without the colour
    "proved": ("tick", "good"),
    "confirmed": ("ring", "good"),
    "demonstrated": ("dot", "good"),
    "refuted": ("cross", "bad"),
    "gap": ("query", "open"),
    "failed": ("alarm", "bad"),
}


def claim_map(claims: dict[str, Data], topics: dict[str, Data]) -> Data:
    """Boxes with their rows, and arrows, all with coordinates; `folded` says whether the map opens with its boxes folded."""
    boxes = gathered(claims, topics)
    home = {row["id"]: box for box in boxes.values() for row in box["rows"]}
    uses = [(used, name) for name in home for used in claims[name]["uses"] if used in home]
    height = place(boxes, columns(boxes, links(uses, home)))
    arrows = [
        {"from": claims[a]["slug"], "to": claims[b]["slug"], "path": arrow(port(home[a], a), port(home[b], b))}
        for a, b in uses
    ]
    last = max((box["column"] for box in boxes.values()), default=0)
    return {
        "width": MARGIN + (last + 1) * (WIDTH + GAP),
        "height": height,
        "box": {"width": WIDTH, "gap": GAP, "head": HEAD, "row": ROW, "space": SPACE, "margin": MARGIN},
        "boxes": list(boxes.values()),
        "arrows": arrows,
        "marks": {word: {"shape": shape, "colour": colour} for word, (shape, colour) in MARKS.items()},
        "folded": len(home) > MANY,
    }


def gathered(claims: dict[str, Data], topics: dict[str, Data]) -> dict[str, Data]:
    """address of a topic page -> its box, with all claims of the topics that it lists."""
    boxes: dict[str, Data] = {}
    for name, topic in topics.items():
        new = {
            "id": name,
            "title": topic["title"],
            "short": cut(topic["title"], TITLE),
            "page": topic["page"],
            "rows": [],
        }
        box = boxes.setdefault(topic["page"], new)
        for key in topic["claims"]:
            claim = claims[key]
            shown = {part: claim[part] for part in ("id", "slug", "title", "verdict", "scope", "uses", "used_by")}
            y = HEAD + ROW * len(box["rows"])
            box["rows"].append(shown | {"mark": mark(claim), "short": cut(key, NAME), "y": y})
    return boxes


def cut(text: str, most: int) -> str:
    """The text, or its beginning with an ellipsis where it does not fit."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def mark(claim: Data) -> str:
    """The key of MARKS: a listed gap and a failure go before the verdict's word."""
    if claim["gap"]:
        return "gap"
    return claim["verdict"] if claim["ok"] and claim["verdict"] in MARKS else "failed"


def links(uses: list[tuple[str, str]], home: dict[str, Data]) -> dict[tuple[str, str], int]:
    """(page used, page that uses it) -> how many arrows run between the two boxes."""
    count: dict[tuple[str, str], int] = {}
    for used, name in uses:
        pair = home[used]["page"], home[name]["page"]
        if pair[0] != pair[1]:
            count[pair] = count.get(pair, 0) + 1
    return count


def columns(boxes: dict[str, Data], count: dict[tuple[str, str], int]) -> list[list[str]]:
    """Pages by column. Layers from left to right; one that is too high is broken; a box without arrows fills a short column."""
    edges = acyclic(count)
    layer = layers(list(boxes), edges)
    alone = [page for page in boxes if page not in layer]
    limit = max(LEAST, sum(map(tall, boxes.values())) / COLUMNS)
    stacks = [sorted((p for p in layer if layer[p] == n), key=list(boxes).index) for n in sorted(set(layer.values()))]
    found = [stack for layer_ in in_order(stacks, edges) for stack in broken(layer_, boxes, limit)]
    for page in sorted(alone, key=lambda page: -tall(boxes[page])):
        heights = [sum(tall(boxes[p]) for p in stack) for stack in found]
        lowest = min(range(len(found)), key=heights.__getitem__, default=None)
        if lowest is None or (heights[lowest] + tall(boxes[page]) > limit and len(found) < COLUMNS):
            found.append([page])
        else:
            found[lowest].append(page)
    return found


def acyclic(count: dict[tuple[str, str], int]) -> list[tuple[str, str]]:
    """The links without those that would close a circle of topics, the strongest ones kept."""
    kept: list[tuple[str, str]] = []
    for used, user in sorted(count, key=lambda pair: (-count[pair], pair)):
        if used not in reached(user, kept):
            kept.append((used, user))
    return sorted(kept)


def reached(start: str, edges: list[tuple[str, str]]) -> set[str]:
    """All that can be reached from `start`, itself included."""
    seen, todo = {start}, [start]
    while todo:
        here = todo.pop()
        new = {b for a, b in edges if a == here} - seen
        seen |= new
        todo += sorted(new)
    return seen


def layers(pages: list[str], edges: list[tuple[str, str]]) -> dict[str, int]:
    """page -> layer, for pages with a link: one more than the last page that it uses, then as close to its users as can be."""
    linked = [page for page in pages if any(page in edge for edge in edges)]
    layer = dict.fromkeys(linked, 0)
    for _ in linked:
        for a, b in edges:
            layer[b] = max(layer[b], layer[a] + 1)
    for page in sorted(linked, key=lambda page: -layer[page]):
        users = [layer[b] for a, b in edges if a == page]
        layer[page] = min(users) - 1 if users else layer[page]
    return layer


def in_order(stacks: list[list[str]], edges: list[tuple[str, str]]) -> list[list[str]]:
    """Each layer sorted by where its neighbours lie in the others, a few times to and fro."""
    near: dict[str, list[str]] = {}
    for a, b in edges:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    for sweep in range(SWEEPS):
        for stack in stacks if sweep % 2 else reversed(stacks):
            at = {page: (n + 0.5) / len(other) for other in stacks for n, page in enumerate(other)}
            mean = {page: sum(at[other] for other in near[page]) / len(near[page]) for page in stack}
            stack.sort(key=lambda page: (mean[page], page))
    return stacks


def broken(stack: list[str], boxes: dict[str, Data], limit: float) -> list[list[str]]:
    """A layer as columns of about equal height, none of them much higher than `limit`."""
    whole = sum(tall(boxes[page]) for page in stack)
    share = whole / max(1, ceil(whole / (1.35 * limit)))
    parts: list[list[str]] = [[]]
    height = 0.0
    for page in stack:
        if parts[-1] and height + tall(boxes[page]) / 2 > share * len(parts):
            parts.append([])
        parts[-1].append(page)
        height += tall(boxes[page])
    return parts


def tall(box: Data) -> int:
    """Height of a box with the space beneath it."""
    return HEAD + ROW * len(box["rows"]) + SPACE


def place(boxes: dict[str, Data], stacks: list[list[str]]) -> int:
    """Give each box its column and corner; returns the height of the whole."""
    bottom = 0
    for column, stack in enumerate(stacks):
        y = MARGIN
        for page in stack:
            x = MARGIN + column * (WIDTH + GAP)
            boxes[page].update(column=column, x=x, y=y, height=tall(boxes[page]) - SPACE)
            y += tall(boxes[page])
        bottom = max(bottom, y)
    return bottom - SPACE + MARGIN


def port(box: Data, name: str) -> tuple[int, int]:
    """The left end of the middle of a row."""
    row = next(row for row in box["rows"] if row["id"] == name)
    return box["x"], box["y"] + row["y"] + ROW // 2


def arrow(a: tuple[int, int], b: tuple[int, int]) -> str:
    """SVG path from the row at `a` to the one at `b`: to the right from side to side, else an arc beside the boxes."""
    (x, y), (u, v) = a, b
    if u > x:
        bend = max(GAP, (u - x - WIDTH) // 3)
        return f"M{x + WIDTH} {y}C{x + WIDTH + bend} {y} {u - bend} {v} {u} {v}"
    bend = min(GAP - 8, 12 + abs(v - y) // 8)
    return f"M{x + WIDTH} {y}C{x + WIDTH + bend} {y} {u + WIDTH + bend} {v} {u + WIDTH} {v}"
