"""Addresses that last: aliases redirect, withdrawn ids keep their page, formulas have anchors and give their TeX."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from typer.testing import CliRunner

from proofs.runner import ids
from proofs.runner.cli import app
from proofs.runner.discovery import Broken, catalogue
from proofs.runner.site.data import site_data
from proofs.runner.site.marks import mark
from proofs.runner.site.pages import environment, navigation
from proofs.runner.site.urls import anchor, anchored, lasting
from proofs.runner.withdrawn import lost, read_withdrawn
from tests.site.helpers import fixture

Data = dict[str, Any]
GONE = {
    "id": "hw99+",
    "reason": "It was said twice.",
    "instead": ["hw23c"],
    "versions": [{"version": 1, "statement": "ab12"}],
}


def made(ledger: Data | None = None, **extras: Any) -> Data:
    inputs = fixture("inputs")
    return site_data(ledger or fixture("ledger"), inputs["current"], {**inputs["extras"], **extras})


def renamed(*aliases: str) -> Data:
    ledger = fixture("ledger")
    ledger["claims"]["hw23c"]["aliases"] = list(aliases)
    return ledger


def test_an_alias_redirects_to_its_claim(built: Path) -> None:
    text = (built / "claims/ppo-clip-a.html").read_text("utf8")
    assert 'content="0; url=hw14a.html"' in text and '<link rel="canonical" href="hw14a.html">' in text
    assert '<a href="hw14a.html">' in text  # for a browser that does not follow


@pytest.mark.browser
def test_a_browser_that_asks_for_an_alias_ends_at_the_claim(browser: webdriver.Chrome, address: str) -> None:
    browser.get(f"{address}/claims/ppo-clip-a.html")
    WebDriverWait(browser, 5).until(lambda b: b.current_url.endswith("/claims/hw14a.html"))


def test_an_alias_has_a_slug_too() -> None:
    assert made(renamed("k3+"))["aliases"]["k3-plus"] == "hw23c"


@pytest.mark.parametrize("alias", ["hw14a", "ppo-clip-a"])
def test_two_claims_at_one_address_are_refused(alias: str) -> None:
    with pytest.raises(
        ValueError, match=f"claims/{alias}.html must be the address of one id; it is that of hw14a and hw23c"
    ):
        made(renamed(alias))


def test_a_withdrawn_id_keeps_its_page_with_reason_successor_and_hashes() -> None:
    data = made(withdrawn=[GONE])
    text = lasting(data, environment())["claims/hw99-plus.md"]
    assert "It was said twice." in text and "hw23c.html" in text and "s:ab12" in text and "hw99+@1" in text
    assert {"Withdrawn": ["claims/hw99-plus.md"]} in navigation([{"Claims": "claims/index.md"}], data)[0]["Claims"]


def test_an_alias_cannot_take_the_address_of_a_withdrawn_id() -> None:
    with pytest.raises(ValueError, match="hw99-plus.html must be the address of one id"):
        made(renamed("hw99+"), withdrawn=[GONE])


CLAIM = '[[claim]]\nid = "{0}"\nversion = 1\nstatement = ""\n'
AWAY = '[[withdrawn]]\nid = "{0}"\nreason = "why"\ninstead = ["{1}"]\n'


def faults(tmp_path: Path, listed: str, away: str = "") -> list[str]:
    (tmp_path / "ids.toml").write_text(listed, "utf8")
    (tmp_path / "withdrawn.toml").write_text(away, "utf8")
    claims = [c for c in catalogue().claims.values() if c.id in ("hw23c", "ch1-ppo-clip-equal")]
    known = ids.read_ids(tmp_path / "ids.toml")
    return lost(claims, known, read_withdrawn(tmp_path / "withdrawn.toml"))


def test_an_id_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    assert "hw99 stands in ids.toml, but no topic declares it" in faults(tmp_path, CLAIM.format("hw99"))[0]
    assert faults(tmp_path, CLAIM.format("hw99"), AWAY.format("hw99", "hw23c")) == []
    assert faults(tmp_path, CLAIM.format("a5-q7-clip")) == []  # an alias leads somewhere


def test_a_withdrawal_must_be_of_a_listed_id_that_is_no_claim_and_point_to_a_claim(tmp_path: Path) -> None:
    assert "was never listed" in faults(tmp_path, "", AWAY.format("hw99", "hw23c"))[0]
    assert faults(tmp_path, CLAIM.format("hw23c"), AWAY.format("hw23c", "hw23c"))[0].endswith("but is a claim")
    away = faults(tmp_path, CLAIM.format("x"), AWAY.format("x", "y"))
    assert away == ["x is withdrawn for y, which is no claim"]
    with pytest.raises(Broken, match="id, reason, instead"):
        faults(tmp_path, "", '[[withdrawn]]\nid = "x"\n')


def test_the_command_line_reports_a_lost_id(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {**ids.read_ids(), "hw99": ids.Entry("hw99", 1, "")}
    monkeypatch.setattr(ids, "read_ids", lambda: known)
    done = CliRunner().invoke(app, ["ids"])
    assert done.exit_code == 1 and "hw99 stands in ids.toml" in done.output


def test_no_id_of_the_real_catalogue_leads_nowhere() -> None:
    assert lost(catalogue().claims.values(), ids.read_ids(), read_withdrawn()) == []


def test_an_anchor_depends_on_the_formula_alone() -> None:
    page = '<div class="arithmatex">\\[a &lt; b\\]</div>'
    first, moved = anchored(page), anchored('<div class="arithmatex">\\[c\\]</div><p>' + page)
    name = anchor("a < b")
    assert f'id="{name}"' in first and f'id="{name}"' in moved and anchor(" a <\n b") == name != anchor("a < c")


def test_the_marks_of_symbols_do_not_change_the_address_of_a_formula() -> None:
    marked = mark("a < b", {"a": "0"})
    assert marked != "a < b"
    assert f'id="{anchor("a < b")}"' in anchored(f'<div class="arithmatex">\\[{html.escape(marked)}\\]</div>')


def test_two_equal_formulas_of_a_page_have_two_anchors() -> None:
    ids_ = re.findall(r'id="(f-[^"]+)"', anchored('<div class="arithmatex">\\[a\\]</div>\n' * 2))
    assert ids_ == [anchor("a"), f"{anchor('a')}-2"]


def test_a_formula_within_a_line_has_no_anchor() -> None:
    page = '<span class="arithmatex">\\(a\\)</span>'
    assert anchored(page) == page


def test_every_displayed_formula_of_the_site_has_one(built: Path) -> None:
    for path in built.rglob("*.html"):
        text = path.read_text("utf8")
        boxes, names = text.count('<div class="arithmatex"'), re.findall(r'id="(f-[0-9a-f]{8}(?:-\d+)?)"', text)
        assert boxes == len(names) == len(set(names)), path.name
    assert f'id="{anchor(fixture("ledger")["claims"]["hw23c"]["latex"])}"' in (built / "claims/hw23c.html").read_text(
        "utf8"
    )


@pytest.mark.browser
def test_the_tex_of_a_formula_is_copied_by_key(browser: webdriver.Chrome, address: str) -> None:
    grant = {"origin": address, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    browser.execute_cdp_cmd("Browser.grantPermissions", grant)
    browser.get(f"{address}/claims/hw23d.html")
    box = browser.find_element(By.CSS_SELECTOR, ".rl-statement .rl-formula")
    tools, button = (box.find_element(By.CSS_SELECTOR, name) for name in (".rl-tools", "button"))
    assert tools.value_of_css_property("opacity") == "0"
    browser.execute_script("arguments[0].querySelector('a').focus()", box)
    assert tools.value_of_css_property("opacity") == "1"
    browser.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.switch_to.active_element == button
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    WebDriverWait(browser, 5).until(lambda b: button.text == "copied")
    copied = browser.execute_async_script(
        "navigator.clipboard.readText().then(arguments[0], e => arguments[0](String(e)))"
    )
    assert copied == fixture("ledger")["claims"]["hw23d"]["latex"]


def test_the_object_with_a_withdrawn_id_is_json() -> None:
    data = made(withdrawn=[GONE])
    assert json.loads(json.dumps(data))["withdrawn"][0]["slug"] == "hw99-plus"
