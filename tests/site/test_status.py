"""The table of all claims: complete, what is missing first, and filters that show just what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from proofs.runner.site.data import site_data
from proofs.runner.site.status import documents, reach
from tests.site.helpers import fixture

Data = dict[str, Any]


def table(ledger: Data | None = None) -> Data:
    inputs = fixture("inputs")
    return site_data(ledger or fixture("ledger"), inputs["current"], inputs["extras"])["table"]


def test_every_claim_stands_in_the_table_once() -> None:
    assert sorted(row["id"] for row in table()["rows"]) == sorted(fixture("ledger")["claims"])


def test_failures_come_first_then_gaps_then_the_order_of_reading() -> None:
    ledger = fixture("ledger")
    ledger["claims"]["hw23d"]["ok"] = False
    names = [row["id"] for row in table(ledger)["rows"]]
    assert names[:2] == ["hw23d", "hw10a.2-limit"]
    assert names.index("hw14a") < names.index("hw14b") < names.index("hw10a.2-step")


def test_a_failed_claim_is_counted_as_failed_whatever_its_verdict() -> None:
    ledger = fixture("ledger")
    ledger["claims"]["hw23d"]["ok"] = False
    verdicts = {one["value"]: one["count"] for one in table(ledger)["filters"][2]["values"]}
    assert verdicts == {"failed": 1, "gap": 1, "proved": 6}


def test_counts_of_a_filter_sum_to_the_claims() -> None:
    found = table()
    for one in found["filters"]:
        assert sum(value["count"] for value in one["values"]) == len(found["rows"]), one["key"]
    assert sum(line["claims"] for line in found["sources"]) == len(found["rows"])


def test_a_claim_of_two_documents_is_found_under_both() -> None:
    text = "chapter slides, line 1806; assignment 5, question 7"
    assert documents(text) == ["chapter slides", "assignment 5"]
    assert documents("EPFL revision, part 2, 2024, exercise 3.1") == ["EPFL revision"]


@pytest.mark.parametrize(
    ("scope", "word"),
    [("all sizes (n, m)", "all sizes"), ("n <= 3 (n)", "n <= 3"), ("all reals", "all reals"), (None, "none")],
)
def test_a_scope_is_filtered_by_without_its_symbols(scope: str | None, word: str) -> None:
    assert reach(scope) == word


def test_the_whole_table_is_there_without_a_script(built: Path) -> None:
    text = (built / "status.html").read_text("utf8")
    assert '<form class="rl-filters" hidden>' in text
    assert text.count('data-label="Verdict"') == len(fixture("ledger")["claims"])
    assert text.index("Missing: a limit in T") < text.index("hw14a.html")


SHOWN = """
const rows = [...document.querySelectorAll(".rl-all tbody tr")].filter(row => !row.hidden);
return rows.map(row => row.querySelector("code").textContent)
"""


@pytest.fixture
def opened(browser: webdriver.Chrome, address: str) -> webdriver.Chrome:
    browser.get("about:blank")
    browser.get(f"{address}/status.html")
    return browser


def choose(browser: webdriver.Chrome, name: str, value: str) -> None:
    Select(browser.find_element(By.CSS_SELECTOR, f".rl-filters [name={name}]")).select_by_value(value)


@pytest.mark.browser
def test_filters_act_together_and_say_how_many_are_left(opened: webdriver.Chrome) -> None:
    choose(opened, "topic", "KL estimators")
    assert opened.execute_script(SHOWN) == ["hw23c", "hw23d"]
    opened.find_element(By.CSS_SELECTOR, "[name=word]").send_keys("never")
    left = opened.execute_script(SHOWN)
    assert len(left) < 2 and opened.find_element(By.CSS_SELECTOR, ".rl-shown").text == f"{len(left)} of 8 claims"
    opened.find_element(By.CSS_SELECTOR, ".rl-filters [type=reset]").click()
    opened.execute_async_script("setTimeout(arguments[0], 50)")
    assert len(opened.execute_script(SHOWN)) == 8


@pytest.mark.browser
def test_an_address_may_hold_the_filters(browser: webdriver.Chrome, address: str) -> None:
    browser.get("about:blank")
    browser.get(f"{address}/status.html#verdict=gap")
    assert browser.execute_script(SHOWN) == ["hw10a.2-limit"]


@pytest.mark.browser
def test_a_head_sorts_by_key_and_back(opened: webdriver.Chrome) -> None:
    before = opened.execute_script(SHOWN)
    button = opened.find_element(By.CSS_SELECTOR, ".rl-all th button")
    button.send_keys(Keys.ENTER)
    up = opened.execute_script(SHOWN)
    assert up[0].startswith("hw10a") and up[-1] == "hw23d" and sorted(up) == sorted(before)
    assert opened.find_element(By.CSS_SELECTOR, ".rl-all th").get_attribute("aria-sort") == "ascending"
    button.send_keys(Keys.ENTER)
    assert opened.execute_script(SHOWN) == up[::-1]
