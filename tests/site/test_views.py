"""Map, status, errata, citing and reference in the browser: no error, nothing from elsewhere, and they fit a phone."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from selenium import webdriver

from tests.site.test_browser import events, visit

PAGES = ("map", "status", "errata", "cite", "api/primitives", "api/command")


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_and_fits_a_phone(browser: webdriver.Chrome, address: str, page: str) -> None:
    browser.get("about:blank")
    seen = visit(browser, f"{address}/{page}.html")
    assert seen["console"] == []
    assert [e for e in events(seen, "loadingFailed") if not e.get("canceled")] == []
    urls = [e["request"]["url"] for e in events(seen, "requestWillBeSent")]
    assert {urlsplit(url).hostname for url in urls if not url.startswith(("data:", "blob:"))} == {"127.0.0.1"}
    boxes, rendered = seen["formulas"]
    assert boxes == rendered and seen["width"] <= 390
    assert page == "map" or seen["too wide"] == []  # the map scrolls in its own box
