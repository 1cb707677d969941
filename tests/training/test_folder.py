"""A folder that is damaged, of another run, or in use is told apart and left as it is."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import torch

from numeric.training import folder
from numeric.training.folder import Folder, Refused, different
from tests.training.conftest import go, kept, killed, same


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "one"
    with pytest.MonkeyPatch.context() as patched:
        from numeric.algorithms import learner

        patched.setitem(learner.ALGORITHMS, "small", "tests.training.small")
        go(path, 400)
    return path


@pytest.fixture
def one(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "one"))


def contents(path: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in path.iterdir()}


def flipped(path: Path, at: float) -> None:
    raw = bytearray(path.read_bytes())
    raw[int(at * (len(raw) - 1))] ^= 4
    path.write_bytes(bytes(raw))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


DAMAGE = {
    "a checkpoint that is cut off": (lambda p: cut(p / "checkpoint.pt"), "checkpoint.pt is damaged"),
    "a checkpoint that is empty": (lambda p: (p / "checkpoint.pt").write_bytes(b""), "checkpoint.pt is damaged"),
    "a checkpoint with a flipped bit": (lambda p: flipped(p / "checkpoint.pt", 0.5), "checksum"),
    "a checksum with a flipped bit": (lambda p: flipped(p / "checkpoint.pt", 1.0), "checksum"),
    "no checkpoint": (lambda p: (p / "checkpoint.pt").unlink(), "it is missing"),
    "figures that are cut off": (lambda p: cut(p / "metrics.jsonl"), "metrics.jsonl is damaged"),
    "figures that were edited": (lambda p: flipped(p / "metrics.jsonl", 0.3), "metrics.jsonl is damaged"),
    "no figures": (lambda p: (p / "metrics.jsonl").unlink(), "metrics.jsonl is damaged (it is missing)"),
    "settings that are no JSON": (lambda p: (p / "config.json").write_text("{"), "config.json is damaged"),
    "settings that are a list": (lambda p: (p / "config.json").write_text("[]"), "got list"),
    "a provenance that is no JSON": (lambda p: (p / "provenance.json").write_text("x"), "provenance.json is damaged"),
    "a provenance without sessions": (lambda p: (p / "provenance.json").write_text("{}"), "provenance.json is damaged"),
}


@pytest.mark.parametrize(("harm", "says"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_named_and_nothing_is_overwritten(harm, says: str, one: Path) -> None:
    harm(one)
    before = contents(one)
    with pytest.raises(Refused, match=re.escape(says)) as refused:
        go(one, 800)
    assert contents(one) == before
    assert "nothing was changed" in str(refused.value) and f"mv {one} {one}.old" in str(refused.value)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"seed": 4}, "seed is 3 there and 4 here"),
        ({"every": 100}, "every is 200 there and 100 here"),
        ({"episodes": 7}, "episodes is 100 there and 7 here"),
        ({"task": "cliff-walk"}, 'environment is "bandit" there and "cliff-walk" here'),
        ({"change": ["learning_rate=0.5"]}, "settings.learning_rate is 0.05 there and 0.5 here"),
    ],
)
def test_another_run_is_not_gone_on_from(other: dict, says: str, one: Path) -> None:
    before = contents(one)
    with pytest.raises(Refused, match=re.escape(f"{one} holds another run: {says}; name another --folder")):
        go(one, 800, **other)
    assert contents(one) == before


def test_a_checkpoint_of_another_run_is_refused(one: Path, tmp_path: Path) -> None:
    go(tmp_path / "other", 400, seed=4)
    shutil.copy(tmp_path / "other" / "checkpoint.pt", one)
    with pytest.raises(Refused, match="of another run: seed is 4 there and 3 here"):
        go(one, 800)


def test_a_run_of_another_version_is_refused(one: Path) -> None:
    config = json.loads((one / "config.json").read_text())
    (one / "config.json").write_text(json.dumps(config | {"schema": "rlproofs-run/9"}))
    with pytest.raises(Refused, match="rlproofs-run/9"):
        go(one, 800)


def test_a_folder_with_other_things_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(Refused, match=r"not a run: it has no config.json, but thesis.tex"):
        go(tmp_path, 400)
    assert contents(tmp_path) == {"thesis.tex": b"x"}
    with pytest.raises(Refused, match="is a file"):
        go(tmp_path / "thesis.tex", 400)


def test_two_processes_never_work_on_one_run(one: Path) -> None:
    config = json.loads((one / "config.json").read_text())
    with Folder(one, {k: v for k, v in config.items() if k != "schema"}):
        before = contents(one)
        with pytest.raises(Refused, match="another process works on"):
            go(one, 800)
        assert contents(one) == before
    go(one, 800)


def test_the_lock_of_a_killed_process_holds_nobody_up(tmp_path: Path) -> None:
    killed(lambda: go(tmp_path / "one", 10**9), after=0.3)
    go(tmp_path / "one", 400)


def test_a_checkpoint_runs_no_code(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple:
            return (tmp_path.joinpath("ran").touch, ())

    raw = folder.sealed({"learner": Evil()})  # its checksum is right
    with pytest.raises(ValueError, match="torch does not read it"):
        folder.loaded(raw)
    assert not tmp_path.joinpath("ran").exists()


def test_torch_reads_a_checkpoint_as_it_is(one: Path) -> None:
    found = torch.load(one / "checkpoint.pt", weights_only=True)
    assert same(found["learner"], kept(one)[1]) and found["config"]["algorithm"] == "small"


def test_a_difference_is_named_with_both_values() -> None:
    assert different({"a": {"b": 1}, "c": 2}, {"a": {"b": 1}, "c": 2}) == ""
    assert different({"a": {"b": 1}}, {"a": {"b": None}}) == "a.b is 1 there and null here"
    assert different({}, {"x": 1}) == "x is null there and 1 here"
