"""Pictures of the topic pages: that each shows what its caption says, from the code it names."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from proofs.runner.site import curves
from proofs.runner.site.figures import FIGURES, THEMES, save
from tests.site.helpers import ROOT


def test_every_picture_is_on_a_topic_page_and_has_numbers_to_print() -> None:
    pages = "".join(page.read_text("utf8") for page in (ROOT / "docs/topics").glob("*.md"))
    assert set(re.findall(r"<!-- figure: (\S+) -->", pages)) == set(FIGURES) == set(curves.NUMBERS)


def test_every_picture_asks_a_question_and_names_its_source() -> None:
    for name, picture in FIGURES.items():
        assert "?" in picture.caption.split(". ")[0] + "?" * (name == "") and picture.source, name


def test_weights_of_the_td_errors_are_powers_of_gamma_lambda() -> None:
    _, _, weights = curves.gae_weights(0.9, 6)
    assert weights == pytest.approx([(curves.GAMMA * 0.9) ** i for i in range(6)], rel=1e-14)


def test_mean_slopes_of_the_estimators_belong_to_the_divergences_of_the_caption() -> None:
    _, slopes = curves.kl_slopes()
    assert slopes["k2"] == pytest.approx(slopes["KL(p || q)"], abs=1e-12)
    assert slopes["k3"] == pytest.approx(slopes["KL(q || p)"], abs=1e-12)
    assert max(map(abs, slopes["k1"])) < 1e-12
    assert max(abs(a - b) for a, b in zip(slopes["k2"], slopes["k3"], strict=True)) > 0.1


def test_a_step_along_a_score_runs_into_the_corner_of_its_action() -> None:
    for action, path in enumerate(curves.simplex_paths()):
        chances = [policy[action] for policy in path]
        assert chances == sorted(chances) and chances[-1] > 0.99


def test_above_average_gains_first_and_loses_later() -> None:
    _, (first, _, _) = curves.above_average()
    assert first[0] == pytest.approx(1 / 3) and max(first) > 0.35 and first[-1] < 0.1


def test_the_primitive_has_the_smallest_error_and_the_epsilon_form_loses_nats() -> None:
    for name, digits in (("float64", 1e-13), ("float32", 1e-5)):
        grid, errors = curves.tanh_errors(name)
        assert max(errors["primitive"]) < digits
        assert max(errors["epsilon"]) > 10 and min(errors["epsilon"]) > 9e-7
        assert errors["from action"][-1] == math.inf
        assert errors["primitive"][0] < errors["softplus"][0] / 100
    grid, slopes = curves.tanh_slopes()
    far = grid.index(10.0)
    assert slopes["primitive"][far] == pytest.approx(2.0) and slopes["epsilon"][far] == 0.0


def luminance(colour: str) -> float:
    """Relative luminance by WCAG."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("theme", "ground"), [("light", "#ffffff"), ("dark", "#1e2129")])
def test_lines_stand_out_from_the_ground(theme: str, ground: str) -> None:
    back = luminance(ground)
    for name in ("one", "two", "three", "four"):
        one, other = sorted((luminance(THEMES[theme][name]), back))
        assert (other + 0.05) / (one + 0.05) >= 3, name


def test_lines_of_one_picture_differ_in_more_than_colour(tmp_path: Path) -> None:
    for name in ("kl-gradients", "tanh-error", "softmax-step", "gae-weights"):
        svg = save(name, FIGURES[name].panels[0], "light", tmp_path / "x.svg").read_text("utf8")
        assert svg.count("stroke-dasharray") >= 2, name


def test_letters_keep_their_size_when_coordinates_are_shortened(tmp_path: Path) -> None:
    svg = save("gae-weights", FIGURES["gae-weights"].panels[0], "light", tmp_path / "x.svg").read_text("utf8")
    assert "scale(0.015625)" in svg
    assert not re.search(r' d="[^"]*\d\.\d{3}', svg)


@pytest.mark.parametrize(("discount", "worth"), [("1", 88.0), ("99/100", 77.277)])
def test_the_cliff_walk_goes_along_the_edge(discount: str, worth: float) -> None:
    walk = curves.cliff(discount)
    cells = [walk["cells"][row * walk["width"] :][: walk["width"]] for row in range(walk["height"])]
    start = cells[-1][0]
    assert start["kind"] == "start" and start["moves"] == ["up"] and start["value"] == pytest.approx(worth, abs=5e-4)
    assert [cell["moves"] for cell in cells[-2]] == [["right"]] * 11 + [["down"]]
    assert [cell["kind"] for cell in cells[-1]] == ["start", *["cliff"] * 10, "goal"]
    assert all(cell["value"] is None and not cell["moves"] for cell in cells[-1][1:])
