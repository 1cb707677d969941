"""Ties the letters of a formula to the lines of a page's list of symbols, in TeX.

`\\gamma^{k} V(s)` becomes `\\htmlData{s=2}{\\gamma^{\\htmlData{s=0}{k}}} ...`: KaTeX turns that into `data-s="2"`, and the
page's script shows line 2 to whoever points at the letter.  Nothing else about the formula changes: `unmark` gives it back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

WRAP = r"\htmlData{s="
BOUND = "bound"  # what a letter that a sum or a quantifier binds is tied to
BINDERS = re.compile(r"(?:\\sum_\{(?:\\substack\{)?|\\forall )([A-Za-z])\b|\\frac\{d\}\{d([a-z])\}")
COMMAND = re.compile(r"\\[A-Za-z]+|\\.", re.S)
VERBATIM = re.compile(
    r"\\(?:begin|end|text|operatorname|math(?:bb|bf|cal|rm|it|tt))\*?\{[^{}]*\}|\\frac\{d\}\{d|\\textstyle\\[a-z]+"
    r"|\\(?:hat|bar|tilde)\s*(?:\{[^{}]*\}|\\?[A-Za-z]+)"
)
ATOM = re.compile(r"\\(?:hat|bar|tilde|mathrm|mathit|mathtt)\s*(?:\{[^{}]*\}|[A-Za-z])|\\[A-Za-z]+|[A-Za-z]")
NO_SYMBOLS = ("frac", "tfrac", "mathbb", "operatorname", "nabla", "textstyle", "left", "sum", "log", "partial")
PLACE = re.compile(r"\{\d+\}")


def head(given: str) -> str | None:
    """What a name looks like in a formula, less its arguments: `V` for `V_{{{0}}}`; None where there is no such thing."""
    place = PLACE.search(given)
    if place is None:
        return given or None
    before = re.sub(r"(?:\\left)?[\s_^({\[]+$", "", given[: place.start()].replace("{{", "{").replace("}}", "}"))
    if balanced(before) and not re.search(r"[()\[\]]|(?<!hat)(?<!bar)\s", before):
        return before or None
    found = ATOM.match(before)
    return found[0] if found and not found[0].lstrip("\\").startswith(NO_SYMBOLS) else None


def balanced(tex: str) -> bool:
    """As many closing braces as opening ones."""
    return tex.count("{") == tex.count("}")


def mark(tex: str, heads: Mapping[str, str]) -> str:
    """`tex` with each known letter wrapped.  heads: what a symbol looks like -> the line, or lines, that tell of it."""
    letters = {a or b for a, b in BINDERS.findall(tex)}
    known = {**{letter: BOUND for letter in letters}, **heads}
    return Marker(known).walk(tex)


class Marker:
    """Reads TeX from left to right; the longest symbol that begins at a place is taken."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.known, self.order = known, sorted(known, key=len, reverse=True)

    def walk(self, tex: str) -> str:
        out, at = [], 0
        while at < len(tex):
            found = next((s for s in self.order if tex.startswith(s, at) and ends(tex, at + len(s), s)), None)
            if found is None:
                end = skip(tex, at)
                out.append(tex[at:end])
            else:
                scripts, end = self.scripts(tex, at + len(found))
                out.append(f"{WRAP}{self.known[found]}}}{{{found}{scripts}}}")
            at = end
        return "".join(out)

    def scripts(self, tex: str, at: int) -> tuple[str, int]:
        """The primes, subscript and superscript that follow, symbols in them wrapped too; and where they end."""
        out = ""
        while at < len(tex) and tex[at] in "_^'":
            if tex[at] == "'":
                out, at = out + "'", at + 1
            elif tex[at + 1] == "{":
                end = closing(tex, at + 1)
                out, at = f"{out}{tex[at]}{{{self.walk(tex[at + 2 : end])}}}", end + 1
            else:
                end = skip(tex, at + 1)
                out, at = out + tex[at:end], end
        return out, at


def ends(tex: str, at: int, symbol: str) -> bool:
    """A symbol whose last part is a command ends where no letter follows: `\\pi` is not in `\\pitch`."""
    return not (re.search(r"\\[A-Za-z]+$", symbol) and tex[at : at + 1].isalpha())


def skip(tex: str, at: int) -> int:
    """Where what begins here ends: a command, a command with a name in braces, a script without braces, one character."""
    if tex[at] in "_^" and at + 1 < len(tex) and tex[at + 1] != "{":
        return skip(tex, at + 1)
    found = VERBATIM.match(tex, at) or COMMAND.match(tex, at)
    return found.end() if found else at + 1


def closing(tex: str, at: int) -> int:
    """The brace that closes the one at `at`.  Raises ValueError where there is none."""
    depth = 0
    for place in range(at, len(tex)):
        escaped = place > 0 and tex[place - 1] == "\\"
        depth += 0 if escaped else {"{": 1, "}": -1}.get(tex[place], 0)
        if depth == 0:
            return place
    raise ValueError(f"a brace is not closed in {tex[:80]!r}")


def unmark(tex: str) -> str:
    """The formula without its marks."""
    while (at := tex.find(WRAP)) >= 0:
        begin = tex.index("}", at) + 1
        end = closing(tex, begin)
        tex = tex[:at] + tex[begin + 1 : end] + tex[end + 1 :]
    return tex
