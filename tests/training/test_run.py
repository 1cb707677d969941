"""What a run does: evaluates on time, ends when it should, says so in its exit code, and keeps what it wrote."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from numeric.training import folder, settings
from numeric.training.environments import task
from numeric.training.folder import Folder
from numeric.training.progress import Plain
from numeric.training.run import Plan, Run
from proofs.runner.cli import app
from tests.training.conftest import go, kept
from tests.training.small import RECIPES, Settings, Small

BANDIT = ["--folder", "run", "--every", "200", "--episodes", "50"]


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in (path / folder.METRICS).read_text().splitlines()]


def test_it_evaluates_before_the_first_step_where_a_multiple_is_passed_and_at_the_end(tmp_path: Path) -> None:
    out = go(tmp_path, 700, every=200)  # iterations of 16 steps
    assert [line["steps"] for line in out.evaluations] == [0, 208, 400, 608, 704]
    assert [line["evaluation"] for line in out.evaluations] == [0, 1, 2, 3, 4]
    assert [line["iteration"] for line in lines(tmp_path) if "iteration" in line] == list(range(1, 45))


def test_it_learns_the_bandit(tmp_path: Path) -> None:
    assert go(tmp_path, 3000, until=0.7).reached


def test_a_figure_without_a_value_is_null(tmp_path: Path) -> None:
    go(tmp_path, 100)
    assert {line["mean_return"] for line in lines(tmp_path) if "iteration" in line} == {None}


def test_a_longer_plan_goes_on_from_a_shorter_one(tmp_path: Path) -> None:
    go(tmp_path / "one", 400)
    go(tmp_path / "one", 800)
    go(tmp_path / "other", 800)
    assert kept(tmp_path / "one")[0] == kept(tmp_path / "other")[0]
    sessions = json.loads((tmp_path / "one" / folder.PROVENANCE).read_text())["sessions"]
    assert [(s["from"], s["to"], s["ended"]) for s in sessions] == [(0, 400, "as planned"), (400, 800, "as planned")]
    assert all({"command", "versions", "commit", "machine", "code", "seconds"} <= set(s) for s in sessions)


def test_a_run_that_is_done_is_not_gone_on_with(tmp_path: Path) -> None:
    go(tmp_path, 400)
    before = kept(tmp_path)[0]
    assert go(tmp_path, 400).evaluations[-1]["steps"] == 400
    assert kept(tmp_path)[0] == before


@pytest.mark.parametrize("left", ["a session that was killed after its last checkpoint", "nothing"])
def test_a_run_that_is_done_says_so_even_where_its_last_process_could_not(left: str, tmp_path: Path) -> None:
    go(tmp_path, 400)
    told = json.loads((tmp_path / folder.PROVENANCE).read_text())
    (tmp_path / folder.PROVENANCE).unlink()
    if left != "nothing":
        del told["sessions"][0]["ended"]
        (tmp_path / folder.PROVENANCE).write_text(json.dumps(told))
    go(tmp_path, 400)
    go(tmp_path, 400)
    (session,) = json.loads((tmp_path / folder.PROVENANCE).read_text())["sessions"]
    assert session["ended"] == "as planned"


def test_until_ends_at_the_first_evaluation_that_reaches_it(tmp_path: Path) -> None:
    whole = go(tmp_path / "whole", 2000)
    means = [line["mean"] for line in whole.evaluations]
    wanted = sorted(means)[-3]
    first = next(n for n, mean in enumerate(means) if mean >= wanted)
    out = go(tmp_path / "until", 2000, until=wanted)
    assert out.reached is True and out.evaluations == whole.evaluations[: first + 1]
    assert go(tmp_path / "until", 2000, until=wanted).evaluations == out.evaluations, "once reached, it stays so"
    assert whole.reached is None and go(tmp_path / "whole", 2000, until=1.01).reached is False


def test_a_learner_with_nothing_left_to_do_ends_the_run(tmp_path: Path) -> None:
    out = go(tmp_path, 10**6, change=["ends=3"])
    assert [line["steps"] for line in out.evaluations] == [0, 48]
    before = kept(tmp_path)[0]
    assert go(tmp_path, 10**6, change=["ends=3"]).evaluations == out.evaluations and kept(tmp_path)[0] == before


# ------------------------------------------------------------------------------------- divergence
class Diverging(Small):
    """After 20 iterations a figure is no number any more."""

    figure, value = "loss", math.nan

    def iterate(self) -> dict[str, float]:
        return super().iterate() | ({self.figure: self.value} if self.steps > 320 else {})


@pytest.mark.parametrize(("figure", "value"), [("loss", math.nan), ("entropy", math.inf), ("value_loss", -math.inf)])
def test_a_run_that_diverges_names_step_and_quantity_and_keeps_what_it_wrote(
    figure: str, value: float, tmp_path: Path
) -> None:
    plan = Plan(seed=3, steps=2000, every=200)
    env = task("bandit").make(16, "cpu", 1)
    learner = Diverging(env, RECIPES["bandit"], seed=3)
    learner.figure, learner.value = figure, value
    with Folder(tmp_path / "run", {"algorithm": "diverging"}) as kept_in:
        out = Run(learner, task("bandit"), plan, kept_in, Plain(1.0)).go()
    assert out.diverged == f"{figure} must be finite; got {value} at environment step 336"
    written = lines(tmp_path / "run")
    assert [line["steps"] for line in written if "iteration" in line] == list(range(16, 321, 16))
    assert [line["steps"] for line in written if "evaluation" in line] == [0, 208]
    (session,) = json.loads((tmp_path / "run" / folder.PROVENANCE).read_text())["sessions"]
    assert session["ended"] == out.diverged and session["to"] == 208


def test_a_learner_that_raises_diverges(tmp_path: Path) -> None:
    out = go(tmp_path, 1000, change=["learning_rate=3e37"])  # beyond float32: the weights overflow
    assert "size must be finite; got " in out.diverged and out.diverged.endswith("at environment step 16")


# ------------------------------------------------------------------------------------- the command
@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    return CliRunner()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 0),
        (["--until", "0.2"], 0),
        (["--until", "1.01"], 1),
        (["--set", "learning_rate=3e37"], 1),
        (["--set", "learning_rate=3e37", "--until", "0.9"], 1),
    ],
)
def test_exit_codes(words: list[str], code: int, cli: CliRunner) -> None:
    out = cli.invoke(app, ["train", "small", "bandit", "--steps", "400", *BANDIT, *words])
    assert out.exit_code == code, out.output
    assert "mean return" in out.output and "folder    run" in out.output and Path("run/metrics.jsonl").is_file()
    assert ("diverged" in out.output) == ("learning_rate=3e37" in words)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["smal", "bandit"], "unknown algorithm 'smal'; the nearest: small"),
        (["small", "bandits"], "unknown environment 'bandits'; the nearest: bandit"),
        (["small", "digit-sum"], "small has no recipe for digit-sum; it has bandit, cliff-walk, CartPole-v1"),
        (
            ["small", "bandit", "--set", "learning_rates=1"],
            "unknown setting 'learning_rates'; the nearest: learning_rate",
        ),
        (["small", "bandit", "--set", "horizon"], "--set must be NAME=VALUE; got 'horizon'"),
        (["small", "bandit", "--set", "horizon=long"], "horizon must be an integer; got 'long'"),
        (["small", "bandit", "--set", "num_envs=0"], "num_envs must be an integer, 1 or more; got 0"),
        (["small", "bandit", "--folder", "."], "is not a run: it has no config.json, but thesis.tex"),
    ],
)
def test_what_a_person_can_mend_is_one_line_and_exit_2(words: list[str], says: str, cli: CliRunner) -> None:
    Path("thesis.tex").touch()
    out = cli.invoke(app, ["train", *words])
    assert out.exit_code == 2 and says in out.stderr and out.stderr.count("\n") == 1


def test_without_a_cuda_device_none_can_be_asked_for(cli: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    out = cli.invoke(app, ["train", "small", "bandit", "--device", "cuda"])
    assert out.exit_code == 2 and "needs a CUDA device" in out.stderr


def test_what_is_not_written_yet_is_said(cli: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    from numeric.algorithms import learner

    monkeypatch.setitem(learner.ALGORITHMS, "later", "numeric.algorithms.of_next_year")
    out = cli.invoke(app, ["train", "later", "bandit"])
    assert out.exit_code == 2 and "later cannot be trained yet: numeric.algorithms.of_next_year" in out.stderr


def test_the_usual_folder_names_algorithm_environment_and_seed(cli: CliRunner) -> None:
    assert cli.invoke(app, ["train", "small", "bandit", "--seed", "5", "--steps", "50"]).exit_code == 0
    config = json.loads(Path(".rlproofs/runs/small-bandit-seed5/config.json").read_text())
    assert config["settings"]["num_envs"] == 16 and config["seed"] == 5 and config["threads"] == 1


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("learning_rate=1e-3", 1e-3),
        ("learning_rate=1", 1.0),
        ("horizon=32", 32),
        ("ends=7", 7),
        ("ends=null", None),
        ("widths=[64, 64]", (64, 64)),
        ("greedy=true", True),
    ],
)
def test_a_setting_takes_the_kind_it_has(word: str, value: object) -> None:
    found = getattr(settings.changed(Settings(), [word]), word.partition("=")[0])
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize("word", ["horizon=1.5", "horizon=true", "greedy=1", "learning_rate=fast", "widths=3"])
def test_a_setting_of_another_kind_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=f"{word.partition('=')[0]} must be"):
        settings.changed(Settings(), [word])
