"""Learning curves on pages: drawn from the record alone, and where there is none the page says so."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from proofs.runner.site import learning
from proofs.runner.site.pages import environment
from tests.site.helpers import ROOT

RECORD: dict[str, Any] = {
    "schema": "rlproofs-curves/1",
    "algorithm": "ppo-clip",
    "environment": "CartPole-v1",
    "goal": {"value": 475.0, "is": "475, where CartPole-v1 counts as solved"},
    "config": {"device": "cpu", "threads": 1, "every": 5000, "episodes": 100, "settings": {"num_envs": 8, "rate": 0.0025}},
    "runs": [
        {"seed": s, "steps": [0, 5000, 10000], "mean": [20.0 + s, 480.0 - 9 * s, 500.0], "reached": 5000 if s == 0 else 10000,
         "seconds": 12.5 + s, "ended": "as planned"}
        for s in (0, 1)
    ],
    "band": {"steps": [0, 5000, 9999], "low": [20.2, 473.2, 500.0], "median": [20.5, 475.5, 500.0], "high": [20.7, 477.7, 500.0]},
    "later": {"evaluations": 40, "reached": 39},
    "provenance": {
        "command": "rlproofs train ppo-clip CartPole-v1 --seed SEED",
        "began": "2026-01-02T03:04:05+00:00",
        "versions": {"python": "3.11.7", "torch": "2.13.0"},
        "commit": "0123456789abcdef",
        "changed": False,
        "module": "numeric.training.environments",
        "code": "not the code as it is",
        "machine": {"processor": "P", "threads": 1},
        "processes": 2,
    },
}  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, RECORD)
    return tmp_path


def write(root: Path, record: dict[str, Any]) -> None:
    folder = root / learning.RUNS
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{record['algorithm']}-{record['environment']}.json").write_text(json.dumps(record), "utf8")


def page(root: Path, argument: str) -> str:
    template, values = learning.part_curves({}, argument, root)
    return environment().get_template(template).render(data={}, root="../", **values)


def test_a_curve_has_picture_caption_and_folded_provenance(root: Path) -> None:
    html = page(root, "ppo-clip CartPole-v1")
    for theme in ("light", "dark"):
        assert f'src="../figures/learning-ppo-clip-CartPole-v1-1-{theme}.svg#only-{theme}"' in html
    assert "2 of 2 seeds reach it, first after 5,000 to 10,000 steps" in html
    assert "Of the 40 evaluations that follow, 39 (98\u00a0%) reach it again." in html
    inside = html[html.index("<details") : html.index("</details>")]
    for text in (
        "rlproofs train ppo-clip CartPole-v1 --seed SEED", "Seeds: 0, 1", "num_envs 8, rate 0.0025", "every 5,000 steps",
        "12.5 to 13.5 s a seed, 1 thread", "commit 0123456789;", "torch 2.13.0", "processor P", "2026-01-02",
        "../recorded/runs/ppo-clip-CartPole-v1.json",
    ):  # fmt: skip
        assert text in inside, text


def test_without_a_record_the_page_says_not_run_and_draws_nothing(root: Path) -> None:
    html = page(root, "grpo bandit")
    assert "grpo in bandit: not run" in html and "rlproofs train grpo bandit" in html
    assert "<img" not in html and "figure" not in html


def test_both_themes_are_drawn_with_title_and_description(root: Path) -> None:
    paths = learning.write_figures(root / "figures", root)
    assert [path.name for path in paths] == [
        f"learning-ppo-clip-CartPole-v1-1-{theme}.svg" for theme in ("light", "dark")
    ]
    for path in paths:
        tree = ElementTree.fromstring(path.read_text("utf8"))
        title, description = (tree.find(f"{{http://www.w3.org/2000/svg}}{name}") for name in ("title", "desc"))
        assert title is not None and title.text == "Learning curves of ppo-clip in CartPole-v1"
        assert description is not None and "for 2 seeds: from 20 to 21 before training to 500 after 10,000" in str(
            description.text
        )
    assert paths[0].read_bytes() != paths[1].read_bytes()


def test_the_same_record_gives_the_same_bytes(root: Path) -> None:
    first = [path.read_bytes() for path in learning.write_figures(root / "a", root)]
    assert first == [path.read_bytes() for path in learning.write_figures(root / "b", root)]


def curves_of(path: Path) -> list[str]:
    """The paths that are drawn, as they stand in the file."""
    return re.findall(r' d="([^"]+)"', path.read_text("utf8"))


def test_what_is_drawn_comes_from_the_record(root: Path) -> None:
    before = curves_of(learning.write_figures(root / "a", root)[0])
    other = copy.deepcopy(RECORD)
    other["runs"][1]["mean"][1] = 100.0
    write(root, other)
    assert curves_of(learning.write_figures(root / "a", root)[0]) != before


def test_a_seed_that_diverged_or_never_arrived_is_said() -> None:
    other = copy.deepcopy(RECORD)
    other["runs"][1] |= {"reached": None, "ended": "loss must be finite; got nan at environment step 512"}
    assert "1 of 2 seeds reach it, first after 5,000 steps." in learning.said(other)
    assert "1 run diverged" in learning.said(other)
    assert "The one seed reaches it, first after 5,000 steps." in learning.said({**other, "runs": other["runs"][:1]})
    other["runs"][0]["reached"] = None
    assert "None of 2 seeds reaches it." in learning.said(other)


def test_code_that_changed_since_is_said_and_code_that_did_not_is_too() -> None:
    assert "the code has changed since" in dict(learning.rows(RECORD))["Code"]
    same = copy.deepcopy(RECORD)
    same["provenance"]["code"] = learning.code(RECORD)
    assert "as it is now" in dict(learning.rows(same))["Code"]


def test_the_hash_of_the_code_is_the_one_that_a_run_records() -> None:
    from numeric.training.provenance import code

    assert learning.code(RECORD) == code(RECORD["provenance"]["module"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is no record of runs"),
        ("[]", "must have the schema"),
        ('{"schema": "rlproofs-curves/0"}', "must have the schema"),
        (json.dumps({k: v for k, v in RECORD.items() if k != "later"}), "lacks later"),
        (json.dumps({**RECORD, "algorithm": "grpo"}), "is not of ppo-clip"),
    ],
)
def test_a_file_that_is_no_record_fails_the_build(text: str, says: str, root: Path) -> None:
    (root / learning.RUNS / "ppo-clip-CartPole-v1.json").write_text(text, "utf8")
    with pytest.raises(ValueError, match=says):
        learning.part_curves({}, "ppo-clip CartPole-v1", root)


@pytest.mark.parametrize("argument", ["", "ppo-clip", "ppo-clip CartPole-v1 0"])
def test_a_placeholder_takes_two_words(argument: str) -> None:
    with pytest.raises(ValueError, match="curves takes an algorithm and an environment"):
        learning.part_curves({}, argument)


def test_every_committed_record_is_drawn_and_named_by_its_file() -> None:
    for path in (ROOT / learning.RUNS).glob("*.json"):
        found = json.loads(path.read_text("utf8"))
        assert path.stem == f"{found['algorithm']}-{found['environment']}"
        assert learning.part_curves({}, f"{found['algorithm']} {found['environment']}")[1]["record"] == found
        assert path.stat().st_size < 60_000
