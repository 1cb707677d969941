"""The map: arrows run to the right from what is used, the layout is the same every time, and the page can be worked by keys."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from proofs.runner.site.data import site_data
from proofs.runner.site.graph import MANY, MARKS, claim_map
from proofs.runner.site.pages import environment, fill
from tests.site.conftest import screen
from tests.site.helpers import ROOT, fixture

Data = dict[str, Any]


def data() -> Data:
    inputs = fixture("inputs")
    return site_data(fixture("ledger"), inputs["current"], inputs["extras"])


def claim(name: str, topic: str, uses: tuple[str, ...] = (), **more: Any) -> Data:
    said = {"id": name, "slug": name, "title": name, "verdict": "proved", "scope": None, "ok": True, "gap": None}
    return {**said, "topic": topic, "uses": list(uses), "used_by": [], **more}


def parts(*claims: Data) -> tuple[dict[str, Data], dict[str, Data]]:
    """These claims, and their topics, each on a page of its own."""
    names = dict.fromkeys(one["topic"] for one in claims)
    topics = {t: {"title": t, "page": t, "claims": [c["id"] for c in claims if c["topic"] == t]} for t in names}
    return {one["id"]: one for one in claims}, topics


def made(*claims: Data) -> Data:
    """A map of these claims."""
    return claim_map(*parts(*claims))


def many(size: int) -> list[Data]:
    """`size` claims in topics of seven, each with a few uses among those before it, here and in other topics."""
    return [
        claim(f"c{n}", f"t{n // 7}", tuple(f"c{m}" for m in (n - 1, n // 2, n - 19) if 0 <= m < n and n % 3))
        for n in range(size)
    ]


def test_every_claim_is_a_row_and_every_use_an_arrow() -> None:
    claims, found = data()["claims"], data()["map"]
    rows = [row["id"] for box in found["boxes"] for row in box["rows"]]
    assert sorted(rows) == sorted(claims)
    arrows = {(arrow["from"], arrow["to"]) for arrow in found["arrows"]}
    assert arrows == {(claims[used]["slug"], one["slug"]) for one in claims.values() for used in one["uses"]}
    assert ("hw11d", "hw10a.2-step") in arrows


def test_a_claim_that_is_used_stands_to_the_left_of_its_users() -> None:
    found = made(*many(140))
    column = {row["id"]: box["column"] for box in found["boxes"] for row in box["rows"]}
    box = {row["id"]: box["id"] for box in found["boxes"] for row in box["rows"]}
    across = [(a["from"], a["to"]) for a in found["arrows"] if box[a["from"]] != box[a["to"]]]
    assert len(across) > 50 and all(column[a] <= column[b] for a, b in across)


@pytest.mark.parametrize(("first", "second"), [("one", "two"), ("two", "one")])
def test_of_two_topics_that_use_each_other_the_one_that_is_used_more_stands_left(first: str, second: str) -> None:
    users = [claim(f"u{n}", second, ("a",)) for n in range(3)]
    found = made(claim("a", first), *users, claim("c", first, ("u0",)))
    assert {box["id"]: box["column"] for box in found["boxes"]} == {first: 0, second: 1}
    assert len(found["arrows"]) == 4


def test_a_layer_that_is_too_high_is_broken_into_columns() -> None:
    users = [claim(f"c{n}", f"t{n // 7}", ("a",)) for n in range(280)]
    found = made(claim("a", "first"), *users)
    assert len({box["column"] for box in found["boxes"]}) >= 4
    assert found["height"] < 0.4 * sum(box["height"] for box in found["boxes"])


@pytest.mark.parametrize("size", [1, 140, 400])
def test_no_two_boxes_overlap_and_all_lie_within_the_picture(size: int) -> None:
    found = made(*many(size))
    width = found["box"]["width"]
    for n, a in enumerate(found["boxes"]):
        assert a["x"] >= 0 and a["x"] + width <= found["width"] and a["y"] + a["height"] <= found["height"]
        for b in found["boxes"][:n]:
            apart = a["x"] + width <= b["x"] or b["x"] + width <= a["x"]
            assert apart or a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"], (a["id"], b["id"])


def test_columns_of_four_hundred_claims_are_of_like_height_and_the_map_opens_folded() -> None:
    found = made(*(claim(f"c{n}", f"t{n // 7}") for n in range(400)))
    bottoms: dict[int, int] = {}
    for box in found["boxes"]:
        bottoms[box["column"]] = max(bottoms.get(box["column"], 0), box["y"] + box["height"])
    assert len(bottoms) == 5 and min(bottoms.values()) > 0.8 * max(bottoms.values())
    assert found["folded"] and not made(*many(MANY))["folded"]


SEEDED = """
import json, sys
from proofs.runner.site.graph import claim_map
print(json.dumps(claim_map(*json.load(sys.stdin))))
"""


def test_the_layout_does_not_depend_on_the_hash_seed() -> None:
    given = json.dumps(parts(claim("a", "first"), *(claim(f"c{n}", f"t{n}", ("a",)) for n in range(9))))
    answers = set()
    for seed in "12":
        variables = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
        command = [sys.executable, "-c", SEEDED]
        done = subprocess.run(command, input=given, capture_output=True, text=True, env=variables, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        answers.add(done.stdout)
    assert len(answers) == 1


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({}, "proved"),
        ({"verdict": "refuted"}, "refuted"),
        ({"gap": {"missing": "x"}, "verdict": "undecided"}, "gap"),
        ({"ok": False}, "failed"),
        ({"verdict": "underpowered"}, "failed"),
    ],
)
def test_a_gap_and_a_failure_have_marks_of_their_own(more: Data, word: str) -> None:
    assert made(claim("a", "t", **more))["boxes"][0]["rows"][0]["mark"] == word
    assert len({shape for shape, _ in MARKS.values()}) == len(MARKS)


def picture() -> ElementTree.Element:
    found = re.search(r"<svg xmlns.*?</svg>", fill("<!-- map: -->", data(), "map.md"), re.S)
    assert found
    return ElementTree.fromstring(found[0])


def test_the_picture_is_described_and_each_row_leads_to_its_claim() -> None:
    svg = picture()
    names = [child.tag.rpartition("}")[2] for child in svg][:2]
    assert names == ["title", "desc"] and "8 claims" in (svg[1].text or "")
    links = {a.get("href") for a in svg.iter("{http://www.w3.org/2000/svg}a")}
    assert links == {f"claims/{one['slug']}.html" for one in data()["claims"].values()}


def test_the_list_below_the_map_says_the_same() -> None:
    text = fill("<!-- used: -->", data(), "map.md")
    assert text.count("<li>") == len(data()["claims"])
    assert re.search(r'hw10a.2-step</code>.*?uses <a href="claims/hw11d.html">hw11d</a>', text)


@pytest.fixture
def opened(browser: webdriver.Chrome, address: str) -> webdriver.Chrome:
    browser.get(f"{address}/map.html")
    return browser


DRAWN = "return [...document.querySelectorAll('.rl-arrows path')].map(p => p.getAttribute('d'))"


@pytest.mark.browser
def test_the_script_draws_the_arrows_that_the_build_drew(browser: webdriver.Chrome, tmp_path: Path) -> None:
    drawn = {"map": made(*many(140)), "claims": dict.fromkeys(range(140))}
    page = environment().get_template("part_map.md.j2").render(data=drawn, root="")
    (tmp_path / "assets").mkdir()
    shutil.copy(ROOT / "docs/assets/map.js", tmp_path / "assets/map.js")
    (tmp_path / "map.html").write_text(f"<!doctype html><meta charset=utf-8>{page}", "utf8")
    browser.get((tmp_path / "map.html").as_uri())
    assert browser.find_element(By.CSS_SELECTOR, ".rl-map-bar").is_displayed()  # the script has run
    assert browser.execute_script(DRAWN) == [arrow["path"] for arrow in drawn["map"]["arrows"]]


@pytest.mark.browser
def test_a_topic_folds_by_key_and_its_arrows_end_at_its_title(opened: webdriver.Chrome) -> None:
    before = opened.execute_script(DRAWN)
    name = opened.find_element(By.CSS_SELECTOR, "#map-topic-td_variance .rl-name")
    row = opened.find_element(By.CSS_SELECTOR, '[data-slug="hw10a.2-step"]')
    assert name.get_attribute("aria-expanded") == "true" and row.is_displayed()
    name.send_keys(Keys.ENTER)
    assert name.get_attribute("aria-expanded") == "false" and not row.is_displayed()
    assert opened.execute_script(DRAWN) != before
    name.send_keys(Keys.SPACE)
    assert row.is_displayed() and opened.execute_script(DRAWN) == before


@pytest.mark.browser
def test_focus_tells_what_a_claim_rests_on_and_enter_opens_its_page(opened: webdriver.Chrome) -> None:
    row = opened.find_element(By.CSS_SELECTOR, '[data-slug="hw10a.2"]')
    opened.execute_script("arguments[0].focus()", row)
    lit = opened.execute_script("return [...document.querySelectorAll('.rl-row.rl-on')].map(r => r.dataset.slug)")
    assert set(lit) == {"hw10a.2", "hw10a.2-step", "hw11d"}
    assert "It rests on 2 other claims" in opened.find_element(By.CSS_SELECTOR, ".rl-map-said").text
    opened.switch_to.active_element.send_keys(Keys.ENTER)
    assert opened.current_url.endswith("claims/hw10a.2.html")


@pytest.mark.browser
def test_plus_and_minus_zoom_and_the_map_moves_in_its_own_box(opened: webdriver.Chrome) -> None:
    view = opened.find_element(By.CSS_SELECTOR, ".rl-map-view")
    width = "return document.querySelector('.rl-map-view svg').getBoundingClientRect().width"
    before = opened.execute_script(width)
    view.send_keys("+")
    assert opened.execute_script(width) == pytest.approx(1.25 * before, rel=1e-3)
    view.send_keys("-")
    assert opened.execute_script(width) == pytest.approx(before, rel=1e-3)


@pytest.mark.browser
def test_an_address_with_a_claim_opens_its_topic_and_a_phone_begins_folded(
    browser: webdriver.Chrome, address: str
) -> None:
    screen(browser, 390, 844)
    browser.get("about:blank")  # else only the part after # would change
    browser.get(f"{address}/map.html#map-hw23d")
    shown = browser.execute_script("return [...document.querySelectorAll('.rl-box:not(.rl-folded)')].map(b => b.id)")
    assert shown == ["map-topic-kl"]
    assert browser.switch_to.active_element.get_attribute("data-slug") == "hw23d"


def test_the_map_needs_no_script(built: Path) -> None:
    text = (built / "map.html").read_text("utf8")
    assert '<div class="rl-map-bar" hidden>' in text and text.count('class="rl-row"') == len(data()["claims"])
