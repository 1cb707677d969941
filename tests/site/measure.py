"""What a built site weighs and how fast it shows its formulas, measured the same way for tests and for the report."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver

LOADED = re.compile(r'(?:href|src)="([^"]*assets/(?:katex/)?[\w.-]+\.(?:css|js))"')
LIGHT = re.compile(r'src="([^"]+-light\.svg)#only-light"')
EMPTY = "empty.html"
SHOWN = """
addEventListener("load", () => document.fonts.ready.then(
  () => requestAnimationFrame(() => requestAnimationFrame(() => { window.shownAfter = performance.now(); }))
));
"""
ARTICLE = re.compile(r"(<article\b[^>]*>).*(</article>)", re.S)


def gzipped(path: Path) -> int:
    """Bytes of a file as a server sends it."""
    return len(gzip.compress(path.read_bytes(), 6))


def weight(site: Path, page: str) -> int:
    """Gzipped bytes of a page with what it loads of ours: styles and scripts, KaTeX's too, pictures of one theme; no fonts.

    The theme's own style and script, the same for every page, are not counted: `theme_weight`.
    """
    path = site / page
    text = path.read_text("utf8")
    loaded = {(path.parent / found).resolve() for found in LIGHT.findall(text) + LOADED.findall(text)}
    return gzipped(path) + sum(gzipped(one) for one in loaded if one.is_file())


def theme_weight(site: Path) -> int:
    """Gzipped bytes of the theme's style and script."""
    names = ("stylesheets/main.*.css", "stylesheets/palette.*.css", "javascripts/bundle.*.js")
    return sum(gzipped(path) for name in names for path in (site / "assets").glob(name))


def empty_page(site: Path, like: str) -> str:
    """Write a page of the same theme whose article holds a heading alone, beside `like`; returns its address."""
    text = (site / like).read_text("utf8")
    page = (Path(like).parent / EMPTY).as_posix()
    (site / page).write_text(ARTICLE.sub(r"\1<h1>Empty</h1>\2", text), "utf8")
    return page


def milliseconds(browser: webdriver.Chrome, *urls: str, times: int = 5) -> list[float]:
    """For each address, the time from the request to two frames after everything, fonts too, is there; cold cache.

    The pages take turns, and the best of several times counts: other work of the machine only adds to a time.
    """
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": True})
    script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": SHOWN})
    found: dict[str, list[float]] = {url: [] for url in urls}
    for url in urls * times:
        browser.get(url)
        wait = (
            "const done = arguments[0]; (function f() { window.shownAfter ? done(shownAfter) : setTimeout(f, 5); })()"
        )
        found[url].append(float(browser.execute_async_script(wait)))
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    browser.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": False})
    return [min(found[url]) for url in urls]


def outside(messages: list[dict[str, Any]]) -> list[str]:
    """Addresses on other hosts than this machine among a log's requests."""
    urls = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [u for u in urls if not u.startswith(("data:", "blob:")) and urlsplit(u).hostname not in ("127.0.0.1", None)]


def clicks(site: Path, start: str, end: str) -> int | None:
    """The fewest links from one page to another; None where no way leads there."""
    seen, layer, count = {start}, [start], 0
    while layer:
        if end in layer:
            return count
        layer, count = [p for page in layer for p in links(site, page) if not (p in seen or seen.add(p))], count + 1  # type: ignore[func-returns-value]
    return None


def links(site: Path, page: str) -> list[str]:
    """Pages of the site that a page links to, as addresses from its root."""
    path = site / page
    found = [urlsplit(href) for href in re.findall(r'href="([^"]+)"', path.read_text("utf8"))]
    targets = [(path.parent / f.path).resolve() for f in found if f.path.endswith(".html") and not f.netloc]
    root = site.resolve()
    return [t.relative_to(root).as_posix() for t in targets if t.is_file() and t.is_relative_to(root)]


def write_report(path: Path, **figures: Any) -> None:
    """Add figures to the JSON report, which is made where it is missing."""
    known = json.loads(path.read_text("utf8")) if path.is_file() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known | figures, indent=1, sort_keys=True) + "\n", "utf8")
