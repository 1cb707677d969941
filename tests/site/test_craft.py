"""Weight, links of pictures, marked symbols, the first page's figures: what a browser is not needed for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from proofs.runner.site import curves
from proofs.runner.site.data import site_data
from proofs.runner.site.formulas import BadFormula, Formulas
from proofs.runner.site.landing import AS_EXPECTED, tiles
from proofs.runner.site.marks import head, mark, unmark
from tests.site.helpers import ROOT, fixture
from tests.site.measure import weight

KATEX = ROOT / "docs/assets/katex/katex.min.js"
MOST = 60_000  # bytes, gzipped, without fonts


def data(ledger: Any = None) -> dict[str, Any]:
    inputs = fixture("inputs")
    return site_data(ledger or fixture("ledger"), inputs["current"], inputs["extras"])


def test_no_page_weighs_more_than_sixty_kilobytes(built: Path) -> None:
    weights = {page.name: weight(built, page.relative_to(built).as_posix()) for page in built.rglob("*.html")}
    assert {name: bytes for name, bytes in weights.items() if bytes > MOST} == {}


def test_pictures_say_where_they_come_from_and_load_when_they_are_seen(built: Path) -> None:
    for page in (*built.glob("topics/*.html"), *built.glob("claims/*.html")):
        text = page.read_text("utf8")
        figures = re.findall(r"<figure.*?</figure>", text, re.S)
        assert all("Where it comes from" in one and "commit" in one for one in figures), page.name
        assert all('loading="lazy"' in image for image in re.findall(r"<img[^>]*only-[^>]*>", text)), page.name


def test_every_topic_page_says_what_libraries_do_differently() -> None:
    for page in (ROOT / "docs/topics").glob("*.md"):
        assert "\n## What libraries do differently\n" in page.read_text("utf8"), page.name


@pytest.mark.parametrize(
    ("tex", "heads", "marked"),
    [
        (r"\gamma^{k} V(s)", {r"\gamma": "2", "k": "0", "V": "1"}, r"[2:\gamma^{[0:k]}] [1:V](s)"),
        (r"\pitch + \pi", {r"\pi": "1"}, r"\pitch + [1:\pi]"),
        (r"\sum_{j=0}^{n - 1} p(j)", {"n": "0", "p": "1"}, r"\sum_{[bound:j]=0}^{[0:n] - 1} [1:p]([bound:j])"),
        (r"A_1 + A", {"A_1": "0", "A": "1"}, "[0:A_1] + [1:A]"),
        (r"\operatorname{Var}\left[a\right]", {"a": "0", "r": "9"}, r"\operatorname{Var}\left[[0:a]\right]"),
        (r"\pi_{z + t e_j}(a)", {r"\pi": "4 7", "j": "2"}, r"[4 7:\pi_{z + t e_j}](a)"),
    ],
)
def test_letters_are_tied_to_the_lines_that_tell_of_them(tex: str, heads: dict[str, str], marked: str) -> None:
    found = mark(tex, heads)
    assert re.sub(r"\\htmlData\{s=([^}]*)\}\{", r"[\1:", found).count("[") >= 1
    assert found == expanded(marked)
    assert unmark(found) == tex


def expanded(short: str) -> str:
    """`[2:x]` written out as a mark."""
    while re.search(r"\[(bound|[\d ]+):", short):
        short = re.sub(r"\[(bound|[\d ]+):((?:[^\[\]]|\[(?!(?:bound|[\d ]+):))*?)\]", r"\\htmlData{s=\1}{\2}", short)
    return short


@pytest.mark.parametrize(
    ("notation", "looks"),
    [
        ("V_{{{0}}}", "V"),
        (r"\hat A^{{({0})}}_{{{1}}}", r"\hat A"),
        (r"\pi_w({0})", r"\pi_w"),
        (r"\pi_{{z + {1} v}}({0})", r"\pi"),
        (r"\frac{{\partial \mu_{{{0}}}}}{{\partial z_{{{1}}}}}", None),
        (r"D_{\mathrm{KL}}(p \,\|\, q)", r"D_{\mathrm{KL}}(p \,\|\, q)"),
    ],
)
def test_what_a_name_looks_like_is_read_off_its_notation(notation: str, looks: str | None) -> None:
    assert head(notation) == looks


def test_marks_change_nothing_of_a_formula_but_its_attributes(tmp_path: Path) -> None:
    formulas = Formulas(KATEX, tmp_path / "cache.json")
    tex = r"\sum_{j=0}^{n - 1} \gamma^{j}\, \hat A_{t + j}"
    plain, marked = (
        formulas.render(tex, True),
        formulas.render(mark(tex, {"n": "0", r"\gamma": "1", r"\hat A": "2"}), True),
    )
    assert marked.count("data-s=") == 6 and "data-s" not in plain
    assert re.findall(r"<annotation[^>]*>(.*?)</annotation>", marked) == [tex]
    assert re.sub(r"<[^>]*>", "", marked) == re.sub(r"<[^>]*>", "", plain)
    formulas.save()


@pytest.mark.parametrize("tex", [r"\htmlClass{x}{a}", r"\href{https://example.org}{a}", r"\includegraphics{a.png}"])
def test_no_other_command_may_write_html(tmp_path: Path, tex: str) -> None:
    formulas = Formulas(KATEX, tmp_path / "cache.json")
    with pytest.raises(BadFormula, match="is not allowed"):
        formulas.render_page(f'<span class="arithmatex">\\({tex}\\)</span>', "p")
    formulas.save()


def test_a_false_sentence_is_said_to_be_refuted_as_expected_on_the_first_page() -> None:
    ledger = fixture("ledger")
    ledger["claims"]["hw14a"] |= {"expected": "refuted", "verdict": "refuted"}
    ledger["claims"]["hw14b"] |= {"expected": "proved", "verdict": "refuted"}
    claims = next(tile for tile in tiles(data(ledger)) if "verdict" in tile["label"])
    words = {row["text"]: row["count"] for row in claims["rows"]}
    assert words[AS_EXPECTED] == 1 and words["refuted"] == 1
    assert sum(words.values()) == int(claims["figure"]) == len(ledger["claims"])


def test_gaps_come_first_on_the_first_page() -> None:
    first = tiles(data())[0]
    assert first["figure"] == str(len(fixture("ledger")["gaps"])) and "gap" in first["label"]


def test_the_numbers_of_every_picture_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert curves.main(["td-variance"]) == 0 and "36463/10952" in capsys.readouterr().out
    assert curves.main(["nothing"]) == 2
