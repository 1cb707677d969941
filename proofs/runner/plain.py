"""Plain text for a terminal: lines of bounded length, formulas broken where a person would, columns side by side."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest

WIDTH = 100
GLUE = "\u00a0"  # stands for a space at which a formula must not be broken
WHOLE = re.compile(r"\{[^{}]*\}|\([^()]{0,30}\)|\[[^\[\]]{0,30}\]")  # a range, a function's arguments, short brackets
TIED = re.compile(r" ([+\-·/^]|and|implies|[=≤<≠]) ")


def paragraph(
    text: str, indent: str = "", hang: str | None = None, width: int = WIDTH, *, whole: bool = True
) -> list[str]:
    """Words wrapped; the second line on begins with `hang`, or else with the indent.

    whole: a piece without spaces stays in one, even where it is longer than a line.
    """
    after = indent if hang is None else hang
    out = textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=after, break_long_words=not whole, break_on_hyphens=False
    )
    return out or [indent.rstrip()]


def formula(text: str, indent: str = "", hang: str | None = None, width: int = WIDTH) -> list[str]:
    """A formula wrapped, an operator kept with what follows it, a range `{j=0..n - 1}` and short brackets in one piece."""
    whole = WHOLE.sub(lambda m: m[0].replace(" ", GLUE), text)
    lines = paragraph(TIED.sub(rf" \1{GLUE}", whole), indent, hang, width)
    return [line.replace(GLUE, " ") for line in lines]


def beside(left: Sequence[str], right: Sequence[str], at: int) -> list[str]:
    """Two columns; where a line of the left one is too long for its column, the right one begins below the left."""
    if any(len(line) > at - 2 for line in left):
        return [*left, *[" " * at + line for line in right]]
    return [f"{a:<{at}}{b}".rstrip() for a, b in zip_longest(left, right, fillvalue="")]


def entries(rows: Iterable[tuple[str, list[str]]], indent: str = "  ", most: int = 18) -> list[str]:
    """`name   text`, the texts (already lines, to be wrapped at WIDTH - room) one below the other."""
    rows = list(rows)
    at = room([name for name, _ in rows], indent, most)
    out = []
    for name, lines in rows:
        out += beside([indent + name], lines, at)
    return out


def room(names: Iterable[str], indent: str = "  ", most: int = 18) -> int:
    """The column at which the texts of `entries` begin."""
    return len(indent) + min(most, max([len(n) for n in names], default=0)) + 2
