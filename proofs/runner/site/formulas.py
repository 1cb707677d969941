"""TeX to HTML at build time, with KaTeX in a V8 engine: a page needs no script, and a bad formula fails the build.

A renderer keeps what it has rendered in a JSON file, by a hash of KaTeX, options, source and display.  Letters that are
tied to a page's list of symbols (marks.py) carry `data-s`; the TeX that a reader copies is that of the formula alone.
"""

from __future__ import annotations

import atexit
import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any

from proofs.runner.site.marks import WRAP, unmark

MACROS = {r"\E": r"\mathbb{E}", r"\Var": r"\operatorname{Var}", r"\KL": r"D_{\mathrm{KL}}"}
OPTIONS: dict[str, Any] = {"throwOnError": True, "macros": MACROS}
MARKS_ONLY = """
options.strict = code => code === "htmlExtension" ? "ignore" : "error";
options.trust = context => {
  if (context.command === "\\\\htmlData") return true;
  throw new Error("KaTeX parse error: " + context.command + " is not allowed");
};
"""  # every departure from LaTeX is an error, but for the marks of symbols
RENDER = "(() => {{ const options = {options}; {marks} return katex.renderToString({source}, options); }})()"
SOURCE = re.compile(r'(<annotation encoding="application/x-tex">).*?(</annotation>)', re.S)
MATHS = re.compile(r'<(span|div) class="arithmatex"([^>]*)>\s*\\[(\[](.*?)\\[)\]]\s*</\1>', re.S)


class BadFormula(ValueError):
    """A formula that KaTeX refuses; the message names the page and the formula."""


class Formulas:
    """Renders formulas; `save` writes the cache.

    katex: path of katex.min.js.  cache: path of a JSON file, made where it is missing; an unreadable one is ignored.
    """

    def __init__(self, katex: Path, cache: Path) -> None:
        self.script = katex.read_text("utf8")
        self.stamp = hashlib.sha256(
            (self.script + json.dumps(OPTIONS, sort_keys=True) + MARKS_ONLY).encode()
        ).hexdigest()
        self.cache_file = cache
        self.known = read_cache(cache)
        self.used: dict[str, str] = {}
        self.engine: Any = None

    def render(self, source: str, display: bool) -> str:
        """HTML and MathML of one formula. Raises ValueError with KaTeX's message if it does not parse."""
        key = hashlib.sha256(f"{self.stamp}{display}{source}".encode()).hexdigest()
        if key not in self.used:
            self.used[key] = self.known.get(key) or self.ask_katex(source, display)
        return self.used[key]

    def ask_katex(self, source: str, display: bool) -> str:
        """One call of katex.renderToString; the engine starts with the first."""
        from py_mini_racer import JSEvalException, MiniRacer

        if self.engine is None:
            self.engine = MiniRacer()
            # A build that fails never saves, and an open engine may keep Python from ending.
            atexit.register(self.close)
            self.engine.eval(self.script)
        options = json.dumps({**OPTIONS, "displayMode": display})
        try:
            call = RENDER.format(options=options, marks=MARKS_ONLY, source=json.dumps(source))
            return with_source(str(self.engine.eval(call)), source)
        except JSEvalException as error:
            raise ValueError(first_line(error)) from error

    def render_page(self, output: str, page: str) -> str:
        """`output` with each formula rendered. Raises BadFormula naming `page` and the formula."""

        def one(found: re.Match[str]) -> str:
            tag, attributes, source = found[1], found[2], html.unescape(found[3]).strip()
            try:
                return f'<{tag} class="arithmatex"{attributes}>{self.render(source, tag == "div")}</{tag}>'
            except ValueError as error:
                raise BadFormula(f"{page}: bad formula {source[:120]!r}: {error}") from error

        return MATHS.sub(one, output)

    def save(self) -> None:
        """Write what this build used, so that the cache does not grow for ever, and let the engine go."""
        self.cache_file.parent.mkdir(parents=True, exist_ok=True)
        part = self.cache_file.with_suffix(".part")
        part.write_text(json.dumps(self.used), "utf8")
        part.replace(self.cache_file)
        self.close()

    def close(self) -> None:
        """Let the engine go."""
        if self.engine is not None:
            self.engine.close()
            self.engine = None


def with_source(rendered: str, source: str) -> str:
    """The rendered formula with the TeX without marks as the text to be copied."""
    if WRAP not in source:
        return rendered
    clean = html.escape(unmark(source), quote=False)
    return SOURCE.sub(lambda found: f"{found[1]}{clean}{found[2]}", rendered)


def read_cache(path: Path) -> dict[str, str]:
    """What an earlier build rendered, or nothing."""
    try:
        known = json.loads(path.read_text("utf8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def first_line(error: Exception) -> str:
    """The sentence of a JavaScript error, without its stack."""
    lines = [line.strip() for line in str(error).splitlines() if "KaTeX parse error" in line or "ParseError" in line]
    return lines[0] if lines else str(error).strip().splitlines()[-1]
