"""The built pages in Chromium, with every name but 127.0.0.1 unresolvable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.site.conftest import screen
from tests.site.helpers import ROOT, fixture
from tests.site.measure import clicks, empty_page, milliseconds, outside, theme_weight, weight, write_report

pytestmark = pytest.mark.browser
TOPICS = ("ppo_clip", "gae", "td_variance", "kl")
PAGES = (
    "index.html",
    "how-it-is-checked.html",
    "add-a-claim.html",
    "claims/index.html",
    *(f"topics/{name}.html" for name in TOPICS),
    *(f"claims/{name}.html" for name in sorted(fixture("ledger")["claims"])),
)
WITHOUT_FORMULAS = PAGES[1:4] + ("claims/hw10a.2-limit.html",)  # the last has no statement


REPORT = ROOT / "build/site-report.json"
SLOWER = 3  # a page with all its formulas takes at most so many times as long as an empty one
PROBLEM_10 = "homework/hw10.html"  # the printed solution of problem 10


FORMULAS = "return ['.arithmatex', '.arithmatex .katex'].map(s => document.querySelectorAll(s).length)"
TOO_WIDE = """
const inside = ".arithmatex, pre, .md-typeset__scrollwrap, .md-nav";
return [...document.querySelectorAll("article *")]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(inside)).map(e => e.outerHTML)
"""


@pytest.fixture(scope="module")
def visits(chromium: webdriver.Chrome, address: str) -> dict[str, dict[str, Any]]:
    """Each page opened once on a laptop and then squeezed to a phone's width: what was asked for, said and shown."""
    chromium.get("about:blank")
    for log in ("performance", "browser"):
        chromium.get_log(log)
    return {page: visit(chromium, f"{address}/{page}") for page in PAGES}


def visit(browser: webdriver.Chrome, url: str) -> dict[str, Any]:
    """What can be seen of one page."""
    screen(browser, 1366, 768)
    browser.get(url)
    wait_for_fonts(browser)
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    found = {
        "network": messages,
        "console": [entry["message"] for entry in browser.get_log("browser")],
        "formulas": browser.execute_script(FORMULAS),
        "text": browser.execute_script("return document.querySelector('article').innerText"),
    }
    screen(browser, 390, 844, dark=True)
    found["width"] = browser.execute_script("return document.documentElement.scrollWidth")
    found["too wide"] = browser.execute_script(TOO_WIDE)
    return found


def wait_for_fonts(browser: webdriver.Chrome) -> None:
    """Formulas and fonts have arrived, and pictures too."""
    browser.execute_script("document.querySelectorAll('img[loading]').forEach(i => { i.loading = 'eager'; })")
    browser.execute_async_script("document.fonts.ready.then(arguments[0])")
    loaded = "return [...document.images].every(i => i.complete || i.offsetWidth == 0)"
    WebDriverWait(browser, 10).until(lambda b: b.execute_script(loaded))


def events(seen: dict[str, Any], method: str) -> list[dict[str, Any]]:
    """Parameters of a visit's network events of one kind."""
    return [message["params"] for message in seen["network"] if message["method"] == f"Network.{method}"]


def test_pages_load_without_an_error(visits: dict[str, dict[str, Any]]) -> None:
    for page, seen in visits.items():
        assert [e for e in events(seen, "loadingFailed") if not e.get("canceled")] == [], page
        answers = [e["response"] for e in events(seen, "responseReceived")]
        assert [a["url"] for a in answers if a["status"] >= 400] == [], page
        assert seen["console"] == [], page


def test_no_request_leaves_the_machine(visits: dict[str, dict[str, Any]]) -> None:
    urls = [e["request"]["url"] for seen in visits.values() for e in events(seen, "requestWillBeSent")]
    assert {urlsplit(url).hostname for url in urls if not url.startswith(("data:", "blob:"))} == {"127.0.0.1"}
    assert any("katex/fonts" in url for url in urls) and any("roboto" in url for url in urls)


def test_formulas_are_rendered_and_no_tex_is_to_be_seen(visits: dict[str, dict[str, Any]]) -> None:
    for page, seen in visits.items():
        boxes, rendered = seen["formulas"]
        assert boxes == rendered and (rendered > 0 or page in WITHOUT_FORMULAS), page
        assert not any(mark in seen["text"] for mark in ("\\(", "\\[", "$$")), page


def test_nothing_scrolls_sideways_on_a_phone(visits: dict[str, dict[str, Any]]) -> None:
    for page, seen in visits.items():
        assert seen["width"] <= 390, page
        assert seen["too wide"] == [], page


def test_the_theme_follows_the_system(browser: webdriver.Chrome, address: str) -> None:
    colours = set()
    for dark in (False, True):
        screen(browser, 1366, 768, dark=dark)
        browser.get(f"{address}/topics/kl.html")
        browser.execute_script("localStorage.clear()")
        browser.refresh()
        colours.add(browser.execute_script("return getComputedStyle(document.body).backgroundColor"))
        shown = "return [...document.querySelectorAll('figure img')].filter(i => i.offsetWidth).map(i => i.src)"
        pictures = browser.execute_script(shown)
        assert pictures and all(("-dark.svg" in src) == dark for src in pictures)
    assert len(colours) == 2


@pytest.mark.parametrize("scheme", ["http", "file"])
@pytest.mark.parametrize("word", ["k3", "clip", "hw10"])
def test_search_answers(browser: webdriver.Chrome, address: str, built: Path, scheme: str, word: str) -> None:
    browser.get(f"{address}/index.html" if scheme == "http" else (built / "index.html").as_uri())
    browser.execute_script("document.querySelector('#__search').click()")
    field = browser.find_element(By.CSS_SELECTOR, ".md-search__input")
    WebDriverWait(browser, 10).until(lambda b: field.is_displayed())
    field.send_keys(word)
    results = ".md-search-result__link"
    WebDriverWait(browser, 20).until(lambda b: b.find_elements(By.CSS_SELECTOR, results))
    text = " ".join(e.get_attribute("textContent") for e in browser.find_elements(By.CSS_SELECTOR, results))
    assert word.lower() in text.lower()


def test_the_landing_page_shows_claim_and_commands_on_one_laptop_screen(
    browser: webdriver.Chrome, address: str
) -> None:
    browser.get(f"{address}/index.html")
    for selector in (".rl-card", ".rl-card .rl-proved", ".rl-hero pre"):
        box = browser.execute_script(f"return document.querySelector('{selector}').getBoundingClientRect().toJSON()")
        assert 0 < box["top"] < box["bottom"] <= 768, selector
    assert "make verify" in browser.find_element(By.CSS_SELECTOR, ".rl-hero pre").text
    words = browser.find_element(By.TAG_NAME, "article").text
    assert all(word in words for word in ("listed gap", "wrong variants refuted", "false alarms", "How to cite"))
    assert len(browser.find_elements(By.CSS_SELECTOR, ".rl-topics li")) == 6


@pytest.mark.parametrize("page", ["claims/hw23c.html", "claims/hw10a.2.html"])
def test_formulas_are_shown_within_three_times_the_time_of_an_empty_page(
    browser: webdriver.Chrome, address: str, built: Path, page: str
) -> None:
    empty = empty_page(built, page)
    try:
        full, bare = milliseconds(browser, f"{address}/{page}", f"{address}/{empty}")
    finally:
        (built / empty).unlink()
    write_report(REPORT, **{f"milliseconds {page}": {"all formulas": round(full), "empty page": round(bare)}})
    assert full <= SLOWER * bare


def test_the_report_is_written(visits: dict[str, dict[str, Any]], built: Path) -> None:
    pages = {path.relative_to(built).as_posix(): path for path in built.rglob("*.html") if path.name != "404.html"}
    weights = {name: weight(built, name) for name in pages}
    heaviest = max(weights, key=lambda name: weights[name])
    seconds = built.parent / "seconds"
    write_report(
        REPORT,
        pages=len(pages),
        claims=len(fixture("ledger")["claims"]),
        build_seconds=float(seconds.read_text("utf8")) if seconds.is_file() else None,
        heaviest_page={"name": heaviest, "gzipped_bytes": weights[heaviest]},
        theme_gzipped_bytes=theme_weight(built),
        requests_to_other_hosts=sum(len(outside(seen["network"])) for seen in visits.values()),
        clicks_to_problem_10=clicks(built, "index.html", PROBLEM_10),
    )
    report = json.loads(REPORT.read_text("utf8"))
    assert report["requests_to_other_hosts"] == 0 and report["pages"] >= len(PAGES)


def test_a_step_unfolds(browser: webdriver.Chrome, address: str) -> None:
    browser.get(f"{address}/claims/hw23c.html")
    details = browser.find_element(By.CSS_SELECTOR, ".rl-chain details")
    inner = details.find_element(By.CSS_SELECTOR, "p, ul")
    assert not inner.is_displayed()
    details.find_element(By.TAG_NAME, "summary").click()
    WebDriverWait(browser, 5).until(lambda b: inner.is_displayed())


def test_copying_a_formula_gives_its_tex(browser: webdriver.Chrome, address: str) -> None:
    browser.get(f"{address}/claims/hw23d.html")
    copied = browser.execute_script(
        """
        const box = document.querySelector(".rl-statement .katex"), range = document.createRange();
        range.selectNode(box); getSelection().removeAllRanges(); getSelection().addRange(range);
        const data = new DataTransfer();
        box.dispatchEvent(new ClipboardEvent("copy", {clipboardData: data, bubbles: true, cancelable: true}));
        return data.getData("text/plain");
        """
    )
    assert fixture("ledger")["claims"]["hw23d"]["latex"] in copied
