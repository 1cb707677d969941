"""Homework pages: they print what the record says and no more, say what is missing, and come out of a printer whole."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from proofs.runner.discovery import catalogue
from proofs.runner.site.data import site_data
from proofs.runner.site.homework import (
    SOLUTION,
    canonical,
    conjuncts,
    fill_sheet,
    homework_data,
    parts,
    reading_order,
    sheet,
)
from proofs.runner.site.pages import fill
from proofs.runner.site.solutions import NotPrinted, main, print_page
from tests.site.conftest import screen
from tests.site.helpers import ROOT, fixture
from tests.site.measure import write_report

REPORT = ROOT / "build/site-report.json"
PAGES = sorted((ROOT / "docs/homework").glob("*.md"))
SHEETS = [page for page in PAGES if page.stem != "index"]
SECTIONS = ["The question", "The idea", "Solution", "Where people go wrong", "Run it again", "Cite it"]
WIDTH = "return document.documentElement.scrollWidth"  # may be more for a moment, until the fonts are there
PROBLEM = """\
---
title: "Problem 10: a test"
---

# Problem 10

<!-- sheet: -->

<!-- letters: -->

## Solution

### (a) The order

<!-- solution: hw10a.2-step -->

<!-- solution: hw10a.2 -->

### (b) The limit

<!-- solution: hw10a.2-limit -->

### (c) Something else

### (d) Not known

<!-- solution: hw99z -->

## Where people go wrong

<!-- wrong: -->

<!-- rerun: -->

<!-- citation: -->
"""


def made(ledger: Any = None, inputs: Any = None, text: str = PROBLEM) -> dict[str, Any]:
    """The data object with one homework page."""
    inputs = inputs or fixture("inputs")
    data = site_data(ledger or fixture("ledger"), inputs["current"], inputs["extras"])
    data["homework"] = {"hw10": sheet(data, "hw10", text)}
    return data


def filled(data: dict[str, Any], text: str = PROBLEM, page: str = "homework/hw10.md") -> str:
    return fill(fill_sheet(text, data, page), data, page)


def words(html: str) -> str:
    """The text of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# ------------------------------------------------------------------------------------- the pages that are written by hand
@pytest.mark.parametrize("page", SHEETS, ids=lambda page: page.stem)
def test_every_claim_of_a_homework_page_is_in_the_catalogue_and_every_part_has_one(page: Path) -> None:
    found = parts(page.read_text("utf8"))
    assert [name for part in found for name in part["claims"] if name not in catalogue().claims] == []
    assert [part["title"] for part in found if not part["claims"]] == []


@pytest.mark.parametrize("page", SHEETS, ids=lambda page: page.stem)
def test_a_homework_page_has_all_sections_in_order_and_leaves_verdicts_to_the_record(page: Path) -> None:
    text = page.read_text("utf8")
    assert re.findall(r"^## (.+)$", text, re.M) == SECTIONS
    assert not re.search(r"\b(proved|confirmed|refuted|verified)\b", text)
    for word in ("sheet", "letters", "wrong", "rerun", "citation"):
        assert text.count(f"<!-- {word}: -->") == 1, word


def test_the_problems_of_the_six_topics_have_pages() -> None:
    wanted = {"hw07", "hw08", "hw09", "hw10", "hw11", "hw13", "hw14", "hw23", "epfl-2024-3", "cs4789-1"}
    assert wanted <= {page.stem for page in SHEETS}


def test_the_index_lists_every_page_in_reading_order() -> None:
    data = made()
    listed = list(homework_data(data, ROOT / "docs/homework"))
    assert sorted(listed) == [page.stem for page in SHEETS]
    assert listed.index("hw09") < listed.index("hw10") < listed.index("epfl-2024-3") < listed.index("cs4789-1")
    assert sorted(map(Path, ("hw10.md", "hw9.md")), key=reading_order) == [Path("hw9.md"), Path("hw10.md")]
    data["homework"] = homework_data(data, ROOT / "docs/homework")
    text = filled(data, "<!-- sheets: -->\n", "homework/index.md")
    assert [text.count(f'<a href="{name}.html">') for name in listed] == [1] * len(listed)


def test_a_name_of_no_source_is_an_error() -> None:
    with pytest.raises(ValueError, match="must begin with one of"):
        reading_order(Path("exercise7.md"))


# ------------------------------------------------------------------------------------- parts
def test_a_part_is_a_heading_with_the_claims_below_it() -> None:
    found = parts(PROBLEM)
    assert [part["title"] for part in found] == [
        "(a) The order",
        "(b) The limit",
        "(c) Something else",
        "(d) Not known",
    ]
    assert [part["claims"] for part in found] == [["hw10a.2-step", "hw10a.2"], ["hw10a.2-limit"], [], ["hw99z"]]


def test_a_problem_without_parts_is_one_part() -> None:
    assert parts("## Solution\n\n<!-- solution: hw07 -->\n") == [{"title": "", "claims": ["hw07"]}]
    assert parts("## Solution\n\nnothing\n") == [{"title": "", "claims": []}]


def test_a_part_without_a_claim_is_said_to_have_none() -> None:
    text = filled(made())
    after = words(text.split("### (c) Something else")[1].split("###")[0])
    assert after == "No claim yet for this part."
    assert "no claim yet: (c) Something else" in words(text.split("## Solution")[0])
    assert text.count("<strong>No claim yet</strong>") == 1


def test_a_claim_that_the_last_run_does_not_know_is_said_to_be_missing() -> None:
    text = filled(made())
    assert "No claim yet: the last run knows no claim hw99z ." in words(text)
    assert "not in the last run: hw99z" in words(text)
    assert "hw99z" not in made()["homework"]["hw10"]["rerun"]


def test_a_gap_is_said_at_the_top_and_at_its_claim() -> None:
    text = filled(made())
    top, rest = text.split("## Solution")
    assert "Gap: hw10a.2-limit" in words(top)
    missing = fixture("ledger")["claims"]["hw10a.2-limit"]["gap"]["missing"]
    assert f"Gap. Missing: {missing}" in words(rest)


# ------------------------------------------------------------------------------------- what a solution prints
def test_a_solution_has_the_statement_every_line_of_the_derivation_and_a_link_to_the_claim() -> None:
    record = fixture("ledger")["claims"]["hw10a.2"]
    block = fill_sheet("<!-- solution: hw10a.2 -->", made(), "homework/hw10.md")
    assert record["latex"] in block and "all sizes (n, T)" in block and ">proved</span>" in block
    for line in record["channels"]["proof"]["derivation"]:
        assert line["latex"] in block and line["reason"] in block
    assert 'href="../claims/hw10a.2.html"' in block
    assert 'href="#step-hw10a.2-step"' in block  # the lemma is on the same page


@pytest.mark.parametrize("verdict", ["undecided", "not run", "refuted"])
def test_a_page_says_no_more_than_the_ledger(verdict: str) -> None:
    ledger = fixture("ledger")
    record = ledger["claims"]["hw10a.2"]
    record["verdict"] = record["channels"]["proof"]["verdict"] = verdict
    data = made(ledger)
    block = words(fill_sheet("<!-- solution: hw10a.2 -->", data, "homework/hw10.md"))
    assert verdict in block and "proved" not in block.split("Uses")[0]
    assert "did not accept this derivation" in block
    assert data["homework"]["hw10"]["verdicts"]["proved"] == 1  # the step before it


def test_chains_that_stop_short_of_the_statement_are_said_to() -> None:
    ledger = fixture("ledger")
    said = "The steps that lead from them to the statement"
    assert said not in filled(made(ledger))
    ledger["claims"]["hw10a.2"]["channels"]["proof"]["derivation"][0]["title"] = "a lemma"
    assert filled(made(ledger)).count(said) == 1


def test_a_false_sentence_is_shown_with_its_counterexample() -> None:
    ledger = fixture("ledger")
    ledger["claims"]["hw10a.2"] |= {"expected": "refuted", "verdict": "refuted"}
    block = words(fill_sheet("<!-- solution: hw10a.2 -->", made(ledger), "homework/hw10.md"))
    assert "The sentence is false. At name = M2 T = 3 it is true: 36463/10952 against 3.715165." in block
    assert "a mean of squares" not in block


# ------------------------------------------------------------------------------------- letters and assumptions
def with_symbols(**rows: list[dict[str, Any]]) -> dict[str, Any]:
    inputs = fixture("inputs")
    inputs["extras"]["symbols"] = {name.replace("_", "."): found for name, found in rows.items()}
    return inputs


def row(latex: str, text: str = "", *, defines: bool = False) -> dict[str, Any]:
    return {"latex": [latex], "words": text, "tail": "", "defines": defines}


def test_a_letter_that_means_one_thing_is_explained_once() -> None:
    both = {
        "hw10a.2": [row("S", "a size"), row("V(j)", "any function")],
        "hw10a.2-step": [row("S", "a size"), row("V(m)", "any function")],
    }
    found = made(inputs=with_symbols(**both))["homework"]["hw10"]["letters"]
    assert [(one["latex"], one["words"], one["only"]) for one in found] == [
        (["S"], "a size", []),
        (["V(m)"], "any function", []),
    ]


def test_a_letter_that_means_two_things_names_the_claims() -> None:
    two = {"hw10a.2": [row("x", "a real number")], "hw10a.2-step": [row("x", "an outcome")]}
    found = made(inputs=with_symbols(**two))["homework"]["hw10"]["letters"]
    assert {one["words"]: one["only"] for one in found} == {
        "an outcome": ["hw10a.2-step"],
        "a real number": ["hw10a.2"],
    }
    text = words(filled(made(inputs=with_symbols(**two))))
    assert "an outcome (in hw10a.2-step)" in text


def test_a_long_assumption_is_displayed_once_and_cited_by_its_number() -> None:
    ledger = fixture("ledger")
    given = ledger["claims"]["hw10a.2"]["hypotheses"][0]
    ledger["claims"]["hw10a.2-step"]["hypotheses"] = [
        given,
        {**given, "id": "short", "text": "there is a step", "latex": r"1 \le k"},
    ]
    text = filled(made(ledger))
    assert len(given["latex"]) > 70 and text.count(given["latex"]) == 1
    assert words(text).count(f"{given['text']} (A1)") == 2
    assert r"there is a step <span>(<span class=\"arithmatex\">\(1 \le k\)</span>)</span>".replace('\\"', '"') in text


# ------------------------------------------------------------------------------------- wrong variants
def test_a_wrong_variant_comes_with_its_smallest_counterexample() -> None:
    ledger = fixture("ledger")
    seen = {"verdict": "refuted", "detail": "false at witness, index 2: 1/2 against 3", "instance": {"ints": {"k": 1}}}
    seen |= {"outcome": "false", "where": "index 2", "sides": [["1/2", "0.5"], ["3141592653589793/1000", "3.14e12"]]}
    ledger["claims"]["hw10a.2"]["mutants"]["reversed"]["evidence"]["exact"] = seen
    text = words(filled(made(ledger)).split("## Where people go wrong")[1])
    assert "the ordering the other way round hw10a.2 1/2 against 3.14e12, at index 2, for k = 1" in text


def test_sides_that_look_equal_are_said_to_differ_where_they_do() -> None:
    ledger = fixture("ledger")
    seen = {"verdict": "refuted", "detail": "", "instance": {"ints": {"k": 1}}, "outcome": "false"}
    evidence = ledger["claims"]["hw10a.2"]["mutants"]["reversed"]["evidence"]
    evidence["exact"] = seen | {"sides": [["1" * 20, "1.1e19"], ["1" * 19 + "2", "1.1e19"]]}
    assert "1.1e19 against 1.1e19 (they differ beyond these digits), for k = 1" in words(filled(made(ledger)))
    evidence["exact"] = seen | {"sides": [["1" * 20, "1.1e19"]] * 2}
    assert "1.1e19 against 1.1e19, for k = 1" in words(filled(made(ledger)))


def test_without_an_instance_the_words_of_the_channel_stand() -> None:
    ledger = fixture("ledger")
    evidence = ledger["claims"]["hw10a.2"]["mutants"]["reversed"]["evidence"]
    text = words(filled(made(ledger)))
    assert evidence["exact"]["detail"].replace("<", "&lt;") in text
    evidence["exact"]["detail"] = "false at witness: no sides"
    evidence["sympy"]["detail"] = "exit 3: REFUTED: right - left = -1 at k = 1"
    assert "hw10a.2 3.7152" not in words(filled(made(ledger)))
    assert "hw10a.2 counterexample on M2, k = 1" in words(filled(made(ledger)))


def test_a_variant_that_is_not_refuted_is_said_to_have_survived() -> None:
    ledger = fixture("ledger")
    ledger["claims"]["hw10a.2"]["mutants"]["reversed"]["outcome"] = "survived"
    assert "survived : it " in words(filled(made(ledger)).split("## Where people go wrong")[1])


def test_variants_of_code_are_counted_and_equal_ones_listed_once() -> None:
    ledger = fixture("ledger")
    mutants = ledger["claims"]["hw10a.2"]["mutants"]
    mutants["in-code"] = {**mutants["reversed"], "title": "turned round in code", "channels": ["reference"]}
    mutants["again"] = {**mutants["reversed"], "title": "the same again", "values": "v"}
    mutants["reversed"]["values"] = "v"
    one = made(ledger)["homework"]["hw10"]
    assert [found["id"] for found in one["wrong"] if found["claim"] == "hw10a.2"] == ["reversed"]
    assert one["in_code"] == 1


# ------------------------------------------------------------------------------------- rerun and citation
def test_the_sheet_ends_with_the_command_and_all_hashes() -> None:
    text, claims = filled(made()), fixture("ledger")["claims"]
    assert "rlproofs verify hw10a.2-step hw10a.2 hw10a.2-limit\n" in text
    for name in ("hw10a.2-step", "hw10a.2"):
        assert f"s:{claims[name]['statement_hash']}" in text and f"e:{claims[name]['evidence_hash']}" in text
    assert "claims hw10a.2-step@1, hw10a.2@1, hw10a.2-limit@1" in words(text)
    assert "no formal statement yet" in text


def test_other_pages_and_other_placeholders_are_left_alone() -> None:
    text = "<!-- sheet: -->\n\n<!-- live: hw23c -->\n"
    assert fill_sheet(text, made(), "topics/kl.md") == text
    assert "<!-- live: hw23c -->" in fill_sheet(text, made(), "homework/hw10.md")
    with pytest.raises(ValueError, match="must be one of"):
        filled(made(), "<!-- sheets: -->\n")


# ------------------------------------------------------------------------------------- in the browser and on paper
@pytest.mark.browser
def test_from_the_landing_page_to_the_printed_solution_it_takes_three_clicks(
    browser: webdriver.Chrome, address: str
) -> None:
    browser.get(f"{address}/index.html")
    steps = (
        "//nav[contains(@class, 'md-tabs')]//a[contains(., 'Homework')]",
        "//article//a[contains(., 'Problem 10')]",
    )
    for step in steps:
        browser.find_element(By.XPATH, step).click()
    browser.execute_script("window.print = () => { window.printed = (window.printed || 0) + 1; }")
    browser.find_element(By.CSS_SELECTOR, "[data-rl-print]").click()
    assert browser.current_url.endswith("/homework/hw10.html")
    assert browser.execute_script("return window.printed") == 1
    write_report(REPORT, clicks_to_printed_problem_10=len(steps) + 1)
    assert len(steps) + 1 <= 4


@pytest.mark.browser
def test_homework_pages_show_their_formulas_and_do_not_scroll_sideways(browser: webdriver.Chrome, address: str) -> None:
    for page in PAGES:
        browser.get(f"{address}/homework/{page.stem}.html")
        boxes, rendered = browser.execute_script(
            "return ['.arithmatex', '.arithmatex .katex'].map(s => document.querySelectorAll(s).length)"
        )
        assert boxes == rendered, page.stem
        for width in (1366, 390):
            screen(browser, width, 844, dark=width < 500)
            WebDriverWait(browser, 5).until(lambda b, most=width: b.execute_script(WIDTH) <= most, page.stem)


@pytest.fixture(scope="module")
def printed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Problem 10 of the fixture site as a PDF."""
    try:
        return print_page(built / "homework/hw10.html", tmp_path_factory.mktemp("solutions") / "hw10.pdf")
    except NotPrinted as reason:
        pytest.skip(str(reason))


def read(pdf: Path, *options: str) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("no pdftotext: apt-get install poppler-utils")
    done = subprocess.run(["pdftotext", *options, str(pdf), "-"], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.browser
def test_the_printed_solution_has_the_statement_each_step_and_the_hashes(printed: Path) -> None:
    text = read(printed)
    spaced, packed = " ".join(text.split()), re.sub(r"[\s\u200b]+", "", text)
    record = fixture("ledger")["claims"]["hw10a.2"]
    assert record["title"] in spaced and "proved" in spaced
    assert "VarXk≤VarXk+1" in packed  # the statement
    assert "≤VarXk+γ2kE[δ" in packed and "=VarXk+1" in packed  # the lines of the derivation
    for line in record["channels"]["proof"]["derivation"]:
        assert line["reason"] in spaced
    assert f"s:{record['statement_hash']}" in packed and f"e:{record['evidence_hash']}" in packed
    assert f"A1 {record['hypotheses'][0]['text']}" in spaced  # folded on the screen
    assert "rlproofs verify hw10a.2" in spaced


@pytest.mark.browser
def test_the_printed_solution_has_no_navigation_and_no_address_of_this_machine(printed: Path) -> None:
    text = read(printed)
    for word in ("Search", "Add a claim", "Print as a solution sheet", "Table of contents"):
        assert word not in text
    assert "How it is checked" not in text
    assert b"file:///" not in printed.read_bytes()


def test_printing_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    assert main(str(tmp_path), str(tmp_path / "out")) == 1
    assert "run `make site` first" in capsys.readouterr().err
    (tmp_path / "homework").mkdir()
    (tmp_path / "homework/hw10.html").write_text("<p>x</p>", "utf8")
    monkeypatch.setattr("proofs.runner.site.solutions.BROWSERS", ("no-such-browser",))
    assert main(str(tmp_path), str(tmp_path / "out")) == 1
    assert "apt-get install chromium" in capsys.readouterr().err


def test_solution_placeholders_stand_alone_on_their_line() -> None:
    for page in SHEETS:
        text = page.read_text("utf8")
        assert len(SOLUTION.findall(text)) == text.count("<!-- solution:"), page.stem


# ------------------------------------------------------------------------------------- long statements
@pytest.mark.parametrize(
    ("latex", "lines"),
    [
        (r"a \;\text{and}\; \left(b \;\text{and}\; c\right)", ["a", "b", "c"]),
        (r"\left(a \Rightarrow b\right) \;\text{and}\; (c \Rightarrow d)", [r"a \Rightarrow b", r"c \Rightarrow d"]),
        (r"a \Rightarrow b \;\text{and}\; c", [r"a \Rightarrow b \;\text{and}\; c"]),
        (r"\forall j:\; a \;\text{and}\; b", [r"\forall j:\; a \;\text{and}\; b"]),
        (r"\text{surely}:\; a \;\text{and}\; b", [r"\text{surely}:\; a \;\text{and}\; b"]),
        (r"(a) < (b) \;\text{and}\; c", ["(a) < (b)", "c"]),
        (r"E\left[x \;\text{and}\; y\right] = 1", [r"E\left[x \;\text{and}\; y\right] = 1"]),
        (r"a", ["a"]),
    ],
)
def test_a_conjunction_is_split_into_lines_and_nothing_else_is(latex: str, lines: list[str]) -> None:
    assert conjuncts(latex) == lines


def test_definitions_that_differ_by_the_names_of_their_arguments_alone_are_one() -> None:
    first, second = r"A_{k} = \sum_{j=0}^{k - 1} r_{j}", r"A_{n} = \sum_{i=0}^{n - 1} r_{i}"
    assert canonical(first) == canonical(second)
    assert canonical(first) != canonical(r"A_{k} = \sum_{j=0}^{k - 1} q_{j}")
    assert canonical(first)[0] == canonical(r"A_{m} = \sum_{j=0}^{m} r_{j}")[0]
