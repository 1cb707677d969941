"""The strict build: what is on the pages, and what stops it."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.site.helpers import ROOT, build, fixture, prepare

BLOCKS = (
    "statement",
    "verdict",
    "hypotheses",
    "derivation",
    "check-it-with-sympy",
    "exact-instances",
    "statistical-record",
    "kill-matrix",
    "implementation",
    "uses-and-used-by",
    "trust-base",
    "wrong-variants-in-print",
    "how-to-cite",
)
LOADED = re.compile(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="(?:https?:)?//[^"]+')
CLAIMS = sorted(fixture("ledger")["claims"])


class Page(HTMLParser):
    """Ids, and addresses in src and href, of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.addresses += [found[key] or "" for key in ("src", "href") if key in found]


def pages(built: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text("utf8")) for path in built.rglob("*.html")}


def test_every_claim_has_a_page_with_all_blocks_in_order(built: Path) -> None:
    for name in CLAIMS:
        ids = Page((built / f"claims/{name}.html").read_text("utf8")).ids
        assert [one for one in ids if one in BLOCKS] == list(BLOCKS), name


def test_a_page_prints_hashes_script_and_command_of_its_record(built: Path) -> None:
    for name, record in fixture("ledger")["claims"].items():
        text = (built / f"claims/{name}.html").read_text("utf8")
        assert (f"s:{record['statement_hash']}" in text) == (record["statement_hash"] is not None)
        assert (f"e:{record['evidence_hash']}" in text) == (record["evidence_hash"] is not None)
        assert ("--sympy" in text) == ("sympy" in record["channels"])


def test_a_gap_is_said_before_the_statement(built: Path) -> None:
    text = (built / "claims/hw10a.2-limit.html").read_text("utf8")
    assert 0 < text.index("<strong>Gap.</strong>") < text.index('id="statement"')
    assert ">proved</span>" not in text.split('id="statement"')[0]


def test_no_page_refers_to_another_host(built: Path) -> None:
    for path, page in pages(built).items():
        outside = [a for a in page.addresses if urlsplit(a).netloc and not a.startswith("https://squidfunk.github.io")]
        assert outside == [], path.name
        assert LOADED.findall(path.read_text("utf8")) == [], path.name


def test_every_link_leads_somewhere(built: Path) -> None:
    all_pages = pages(built)
    for path, page in all_pages.items():
        if path.name == "404.html":
            continue
        for address in page.addresses:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not (parts.path or parts.fragment):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{path.name}: {address}"
            if parts.fragment and target in all_pages and not parts.fragment.startswith(("__", "only-")):
                assert unquote(parts.fragment) in all_pages[target].ids, f"{path.name}: {address}"


def test_no_raw_tex_is_left_and_no_placeholder(built: Path) -> None:
    for path in built.rglob("*.html"):
        text = path.read_text("utf8")
        assert r">\(" not in text and r">\[" not in text, path.name
        assert not re.search(r"<!-- \w+: ?\S* -->", text), path.name


def test_a_bad_formula_and_a_broken_link_fail_the_build_and_name_the_page(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(ROOT / "docs", docs)
    with (docs / "index.md").open("a", encoding="utf8") as page:
        page.write("\n$\\frobnicate$ and [nowhere](topics/nowhere.md)\n")
    done = build(prepare(tmp_path, docs=docs))
    assert done.returncode != 0
    assert "index.md: bad formula" in done.stderr and "frobnicate" in done.stderr
    assert "'topics/nowhere.md', but the target is not found" in done.stderr


def test_a_ledger_of_other_inputs_fails_the_build(tmp_path: Path) -> None:
    folder = prepare(tmp_path)
    ledger = fixture("ledger")
    ledger["claims"]["hw23c"]["inputs_hash"] = "0" * 64
    (folder / "fixture_ledger.json").write_text(json.dumps(ledger), "utf8")
    done = build(folder)
    assert done.returncode != 0
    assert "the ledger is of other inputs" in done.stderr and "hw23c" in done.stderr
    assert not (folder / "out/index.html").exists()


@pytest.mark.parametrize("case", ["missing", "fixture as real"])
def test_a_missing_ledger_and_a_fixture_without_its_inputs_fail_the_build(tmp_path: Path, case: str) -> None:
    folder = prepare(tmp_path, inputs=case == "missing")
    if case == "missing":
        (folder / "fixture_ledger.json").unlink()
    done = build(folder)
    assert done.returncode != 0
    assert ("there is no ledger" if case == "missing" else "a test's fixture") in done.stderr
