"""Curves, figures, formulas, placeholders and the count of the trusted base, each by itself."""

from __future__ import annotations

import re
from fractions import Fraction as F
from pathlib import Path
from xml.etree import ElementTree

import pytest

from proofs.claims import Topic, homework
from proofs.language import Eq, Sum, Vocabulary, local_index
from proofs.runner.site import curves
from proofs.runner.site.data import site_data
from proofs.runner.site.figures import FIGURES, THEMES, save, write_figures
from proofs.runner.site.formulas import BadFormula, Formulas
from proofs.runner.site.pages import code, fill, instance, navigation
from proofs.runner.site.symbols import symbols
from proofs.runner.site.trusted import code_lines, function_source, kernel_rules, trusted_base
from tests.site.helpers import ROOT, fixture

KATEX = ROOT / "docs/assets/katex/katex.min.js"


def data() -> dict:
    inputs = fixture("inputs")
    return site_data(fixture("ledger"), inputs["current"], inputs["extras"])


def test_variances_of_the_two_state_example_are_those_of_a_full_enumeration() -> None:
    value, (found, limit) = curves.values(), curves.td_variances(3)
    for k in (1, 2, 3):
        law = [(weight, F(0), state) for state, weight in curves.START.items()]
        for j in range(k):
            law = [(w * p, g + curves.DISCOUNT**j * r, t) for w, g, s in law for p, r, t in curves.branches(s)]
        targets = [(w, g + curves.DISCOUNT**k * value[s]) for w, g, s in law]
        mean = sum(w * x for w, x in targets)
        assert sum(w * (x - mean) ** 2 for w, x in targets) == found[k - 1]
    assert (found[0], limit) == (F(36463, 10952), F(268489, 69819))  # as the catalogue of claims has them


def test_slopes_of_the_clip_are_flat_on_one_side_only() -> None:
    assert [round(s, 9) for _, _, s in curves.clip_slopes(1)] == [1, 1, 0]
    assert [round(s, 9) for _, _, s in curves.clip_slopes(-1)] == [0, -1, -1]


def test_only_k2_is_biased_and_k3_has_the_largest_spread_where_p_is_rare() -> None:
    _, bias = curves.kl_bias()
    assert max(map(abs, bias["k1"] + bias["k3"])) < 1e-12 < 1e-2 < max(map(abs, bias["k2"]))
    _, spread = curves.kl_spread_rare()
    assert spread["k3"][0] > 10 * spread["k1"][0]


def test_figures_are_described_in_both_themes_and_the_same_each_time(tmp_path: Path) -> None:
    first = write_figures(data(), tmp_path)
    panels = sum(len(figure.panels) for figure in FIGURES.values())
    assert len(first) == len(THEMES) * (panels + 2 * 3)  # three claims of the fixture have a statistical record
    name, figure = "gae-weights-2-dark.svg", FIGURES["gae-weights"]
    again = save(figure.title, figure.panels[1], "dark", tmp_path / "again" / name)
    assert again.read_bytes() == (tmp_path / name).read_bytes()
    for one in first:
        root = ElementTree.fromstring(one.read_text("utf8"))
        names = [child.tag.rpartition("}")[2] for child in root][:2]
        assert names == ["title", "desc"] and all(child.text for child in list(root)[:2])


def test_a_bad_formula_names_page_and_formula(tmp_path: Path) -> None:
    formulas = Formulas(KATEX, tmp_path / "cache.json")
    html = r'<span class="arithmatex">\(\frobnicate x\)</span>'
    with pytest.raises(BadFormula, match=re.escape(r"claims/x.md: bad formula '\\frobnicate x'")):
        formulas.render_page(html, "claims/x.md")


def test_formulas_come_from_the_cache_the_second_time(tmp_path: Path) -> None:
    first = Formulas(KATEX, tmp_path / "cache.json")
    html = first.render(r"\frac{a}{b}", display=True)
    first.save()
    second = Formulas(KATEX, tmp_path / "cache.json")
    assert second.render(r"\frac{a}{b}", display=True) == html and second.engine is None
    assert second.render(r"\frac{a}{b}", display=False) != html


def test_tex_with_angle_brackets_survives_the_way_through_html(tmp_path: Path) -> None:
    page = '<div class="arithmatex">\\[0 \\le i &lt; n,\\ a &amp;= b\\]</div>'.replace("&amp;=", "=")
    assert "katex-display" in Formulas(KATEX, tmp_path / "cache.json").render_page(page, "p")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<!-- nonsense: x -->", "placeholder must be one of"),
        ("<!-- claims: nothing -->", "topic must be one of"),
        ("<!-- live: hw99 -->", "claim must be one of"),
        ("<!-- figure: none -->", "figure must be one of"),
        ("<!-- status: x -->", "takes no argument"),
    ],
)
def test_a_placeholder_that_means_nothing_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        fill(text, data(), "index.md")


def test_pages_of_a_fixture_say_so() -> None:
    assert "made up for a test" in fill("Text.", data(), "index.md")
    assert "made up for a test" not in fill("Text.", {**data(), "fixture": False}, "index.md")


def test_links_of_a_part_go_up_as_many_folders_as_its_page_lies_deep() -> None:
    assert 'href="claims/hw23c.html"' in fill("<!-- live: hw23c -->", data(), "index.md")
    assert 'href="../claims/hw23c.html"' in fill("<!-- live: hw23c -->", data(), "topics/kl.md")


def test_code_that_holds_a_fence_gets_a_longer_one() -> None:
    assert str(code("a\n````\nb", "text")).startswith("`````{ .text }")


def test_text_of_a_claim_cannot_become_markup() -> None:
    assert "<b>" not in str(instance({"n": "<b>3</b>"}))


def test_a_long_instance_is_folded_under_its_short_entries() -> None:
    text = str(instance({"ints": {"n": 2}, "tables": {"p": ["1/2"] * 99}}))
    assert "<summary>n = 2, …</summary>" in text and "<code>p = (1/2, 1/2" in text
    assert "details" not in str(instance({"n": "3"}))


def test_a_fold_has_no_full_stop_behind_it_and_a_short_instance_has() -> None:
    assert instance({"n": 3}, ".") == "<code>n = 3</code>." and instance(3, ".") == "<code>3</code>."
    assert instance({"p": ["1/3"] * 99}, ".").endswith("</details>")


def test_claims_are_put_into_the_navigation_by_topic() -> None:
    nav = navigation([{"Home": "index.md"}, {"Claims": "claims/index.md"}], data())
    assert nav[1]["Claims"][:2] == ["claims/index.md", {"PPO clip": ["claims/hw14a.md", "claims/hw14b.md"]}]


def test_lines_of_code_leave_out_docstrings_comments_and_blanks(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    text = '"""Doc\nstring."""\n\n# why\ndef f():\n    """Doc."""\n    return (1,  # one\n            2)\n'
    path.write_text(text, "utf8")
    assert code_lines(path) == 3


def kernel(root: Path) -> Path:
    folder = root / "proofs/kernel"
    folder.mkdir(parents=True)
    (root / "proofs/__init__.py").write_text("", "utf8")
    (folder / "__init__.py").write_text("", "utf8")
    (folder / "check.py").write_text("import json\nfrom proofs.kernel import rules\nfrom flint import fmpq\n", "utf8")
    text = "from .terms import T\n@rule\ndef both():\n    '''Both sides.\n\n    More.'''\ndef no():\n    '''No.'''\n"
    (folder / "rules.py").write_text(text, "utf8")
    (folder / "terms.py").write_text("import math\nT = 1\n", "utf8")
    (folder / "unused.py").write_text("import os\n", "utf8")
    return root


def test_the_trusted_base_is_the_import_closure_of_check(tmp_path: Path) -> None:
    found = trusted_base(kernel(tmp_path))
    packages, modules = ["__init__.py", "__init__.py"], ["check.py", "rules.py", "terms.py"]
    assert [Path(name).name for name in found["files"]] == packages + modules
    assert (found["standard"], found["other"]) == (["json", "math"], ["flint"])
    assert kernel_rules(tmp_path, found["files"]) == [{"name": "both", "doc": "Both sides.\n\nMore."}]


def test_a_rule_without_a_docstring_is_an_error(tmp_path: Path) -> None:
    (kernel(tmp_path) / "proofs/kernel/rules.py").write_text("@rule\ndef both():\n    pass\n", "utf8")
    with pytest.raises(ValueError, match="rule both must have a docstring"):
        kernel_rules(tmp_path, ["proofs/kernel/rules.py"])


def test_symbols_and_definitions_are_read_off_the_declarations() -> None:
    names = Vocabulary()
    n, m, c = names.size("n"), names.size("m"), names.real("c")
    p, f, i = names.pmf("p", n), names.function("f", 1), local_index("i")
    mean = names.define("mean", Sum(i, 0, n, p(i) * f(i)))
    topic = Topic("t", "Topic")
    notation = {"mean": r"\bar f"}
    claim = topic.claim(
        "x", "x", kind="identity", source=homework(1), vocabulary=names, notation=notation, says=Eq(mean() * c * m, c)
    )
    rows = [(row["latex"], row["words"], row["tail"]) for row in symbols(claim)]
    assert rows == [
        (["n", "m"], "a size, at least 1", ""),
        (["c"], "a real number", ""),
        (["p(j)"], "probabilities; number of outcomes:", "n"),
        (["f(j)"], "any function of an integer, with real values", ""),
        ([r"\bar f = \sum_{j=0}^{n - 1} p(j)\, f(j)"], "", ""),
    ]


@pytest.mark.parametrize("dotted", ["proofs.runner.site.data:slug", "proofs.runner.site.data.slug"])
def test_source_of_a_function_is_read_without_importing_it(dotted: str) -> None:
    found = function_source(ROOT, dotted)
    assert found["path"] == "proofs/runner/site/data.py" and found["source"].startswith("def slug(name: str)")


def test_a_function_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="has no function 'nothing'"):
        function_source(ROOT, "proofs.runner.site.data:nothing")
