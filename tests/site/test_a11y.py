"""axe-core in Chromium: no violation of WCAG 2.1 A and AA on the main pages, in both themes; and the keyboard's ways."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.site.conftest import screen
from tests.site.helpers import ROOT
from tests.site.measure import write_report

pytestmark = pytest.mark.browser
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
VISITS = (
    ("index.html", 1366, False),
    ("claims/hw23d.html", 1366, False),
    ("claims/hw23d.html", 390, True),
    ("topics/kl.html", 390, False),
)
MORE = tuple(
    (page, width, dark)
    for page in (
        "index.html",
        "claims/index.html",
        "claims/hw23c.html",
        "topics/ppo_clip.html",
        "how-it-is-checked.html",
    )
    for width in (1366, 390)
    for dark in (False, True)
)
RUN = "axe.run(document, {runOnly: arguments[0], resultTypes: ['violations']}).then(arguments[1])"


def violations(browser: webdriver.Chrome, url: str, width: int, dark: bool) -> list[str]:
    """What axe finds on a page, a line for each rule and place."""
    screen(browser, width, 800, dark=dark)
    browser.get(url)
    browser.execute_script("localStorage.clear()")
    browser.refresh()
    browser.execute_async_script("document.fonts.ready.then(() => setTimeout(arguments[0], 200))")
    browser.execute_script((files("axe_core_python") / "axe.min.js").read_text("utf8"))
    found: list[dict[str, Any]] = browser.execute_async_script(RUN, RULES)["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def test_axe_finds_nothing(browser: webdriver.Chrome, address: str) -> None:
    found = {visit: violations(browser, f"{address}/{visit[0]}", *visit[1:]) for visit in VISITS}
    count = sum(map(len, found.values()))
    write_report(ROOT / "build/site-report.json", axe={"violations": count, "pages": len(VISITS), "rules": RULES})
    assert {visit: lines for visit, lines in found.items() if lines} == {}


@pytest.mark.nightly
def test_axe_finds_nothing_on_more_pages(browser: webdriver.Chrome, address: str) -> None:
    found = {visit: violations(browser, f"{address}/{visit[0]}", *visit[1:]) for visit in MORE}
    assert {visit: lines for visit, lines in found.items() if lines} == {}


def test_axe_would_find_a_fault(browser: webdriver.Chrome, address: str) -> None:
    browser.get(f"{address}/404.html")
    browser.execute_script("document.body.innerHTML = '<p style=\"color:#999;background:#fff\">faint</p><img src=x>'")
    browser.execute_script((files("axe_core_python") / "axe.min.js").read_text("utf8"))
    found = browser.execute_async_script(RUN, RULES)["violations"]
    assert {"color-contrast", "image-alt"} <= {one["id"] for one in found}


TIP = "const t = document.querySelector('#rl-tip'); return t && !t.hidden ? t.innerText : null"


def test_pointing_at_a_letter_tells_what_it_is(browser: webdriver.Chrome, address: str) -> None:
    browser.get(f"{address}/claims/hw23c.html")
    point = "document.querySelector(arguments[0]).dispatchEvent(new PointerEvent('pointerover', {bubbles: true}))"
    assert browser.execute_script(TIP) is None
    browser.execute_script(point, ".rl-statement [data-s]")
    first = browser.execute_script(TIP)
    line = browser.execute_script(
        "return document.getElementById('symbol-' + document.querySelector('.rl-on').dataset.s.split(' ')[0]).innerText"
    )
    assert first and first.strip() == line.strip()
    browser.execute_script(point, "h1")
    assert browser.execute_script(TIP) is None


def test_the_arrow_keys_walk_through_a_formula(browser: webdriver.Chrome, address: str) -> None:
    browser.get(f"{address}/claims/hw23c.html")
    box = browser.find_element(By.CSS_SELECTOR, ".rl-statement div.arithmatex")
    assert box.get_attribute("tabindex") == "0" and "arrow keys" in box.get_attribute("aria-label")
    box.send_keys(Keys.ARROW_RIGHT)
    WebDriverWait(browser, 5).until(lambda b: b.execute_script(TIP))
    told = set()
    for _ in range(browser.execute_script("return document.querySelectorAll('.rl-statement [data-s]').length")):
        told.add(browser.execute_script(TIP))
        box.send_keys(Keys.ARROW_RIGHT)
    assert len(told) >= 2
    box.send_keys(Keys.ESCAPE)
    assert browser.execute_script(TIP) is None


def test_formulas_are_there_for_a_screen_reader(browser: webdriver.Chrome, address: str) -> None:
    browser.get(f"{address}/claims/hw23c.html")
    places = [".katex", ".katex .katex-mathml math", ".katex > [aria-hidden=true]"]
    counts = browser.execute_script("return arguments[0].map(s => document.querySelectorAll(s).length)", places)
    assert counts[0] > 0 and len(set(counts)) == 1


def test_all_steps_unfold_and_fold_at_once(browser: webdriver.Chrome, address: str) -> None:
    browser.get(f"{address}/claims/hw23c.html")
    state = "return [...document.querySelectorAll('.rl-chain details')].map(d => d.open)"
    button = browser.find_element(By.CSS_SELECTOR, ".rl-folds button")
    for expected in (True, False):
        button.click()
        assert set(browser.execute_script(state)) == {expected}
