"""`make clean-clone` and `.ci/run`: what they do where all goes well, and what they say where it does not."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = """
verify:
	@test ! -e .venv && test -z "$$PYTHONPATH" && test ! -e uncommitted && echo verified
test:
	@{step}; echo 3 passed
"""


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def repository(folder: Path, step: str) -> Path:
    """A repository of one commit with clean_clone.py, whose Makefile tests by `step`, and a file not committed."""
    (folder / "tests").mkdir(parents=True)
    shutil.copy(ROOT / "tests/clean_clone.py", folder / "tests")
    (folder / "Makefile").write_text(MAKEFILE.format(step=step), encoding="utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    (folder / "uncommitted").touch()
    return folder


@pytest.mark.parametrize(("step", "status"), [("true", 0), ("exit 3", 1)])
def test_clean_clone_runs_both_commands_in_a_clone_and_writes_what_happened(
    tmp_path: Path, step: str, status: int
) -> None:
    folder, temporary = repository(tmp_path / "repository", step), tmp_path / "temporary"
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, "tests/clean_clone.py", "--json", str(tmp_path / "out" / "result.json")],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": "/nowhere", "MAKELEVEL": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stderr
    result = json.loads(done.stdout)
    assert result == json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert [row["command"] for row in result["commands"]] == ["make verify", "make verify", "make test"]
    assert [row["exit"] == 0 for row in result["commands"]] == [True, True, status == 0]
    assert result["ok"] is (status == 0) and result["uncommitted"] == 1 and len(result["commit"]) == 40
    assert result["commands"][0]["last_line"] == "verified"
    assert status or result["commands"][2]["last_line"] == "3 passed"
    assert list(temporary.iterdir()) == [], "the clone is removed"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder for PATH with the few commands `.ci/run` uses, no browser, and stand-ins that write down their calls."""
    for name in ("bash", "env", "dirname"):
        (tmp_path / name).symlink_to(shutil.which(name) or f"{name} is not on PATH")
    for name in ("apt-get", "make"):
        write(tmp_path / name, f'#!/bin/sh\necho "{name} $*" >> "$LOG"\n')
    return tmp_path


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def ci_run(path: Path) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    log = path / "log"
    log.touch()
    done = subprocess.run(
        [str(ROOT / ".ci/run")], env={"PATH": str(path), "LOG": str(log)}, capture_output=True, text=True
    )
    return done, log.read_text(encoding="utf-8").splitlines()


def test_ci_installs_a_missing_browser_and_then_runs_make_test(bare: Path) -> None:
    write(bare / "id", "#!/bin/sh\necho 0\n")
    done, calls = ci_run(bare)
    assert done.returncode == 0, done.stderr
    assert calls[0].startswith("apt-get update") and calls[1].startswith("apt-get install")
    assert "chromium chromium-driver" in calls[1]
    assert calls[2:] == ["make --no-print-directory test"]


def test_ci_without_root_says_what_to_install_and_runs_nothing(bare: Path) -> None:
    write(bare / "id", "#!/bin/sh\necho 1000\n")
    done, calls = ci_run(bare)
    assert done.returncode == 1 and calls == []
    assert "chromium chromium-driver" in done.stderr and len(done.stderr.splitlines()) == 1


def test_ci_with_a_browser_installs_nothing(bare: Path) -> None:
    for name in ("chromium", "chromedriver"):
        write(bare / name, "#!/bin/sh\n")
    write(bare / "id", "#!/bin/sh\necho 0\n")
    _, calls = ci_run(bare)
    installed = [call for call in calls if call.startswith("apt-get install")]
    assert all("chromium" not in call for call in installed)
    assert calls[-1].startswith("make")


def test_every_breakage_still_applies_to_exactly_one_place() -> None:
    from tests.breakages import ROOT as top
    from tests.breakages import load

    rows = load()
    assert len({b.id for b in rows}) == len(rows) >= 150
    assert [b.id for b in rows if (top / b.file).read_text("utf8").count(b.old) != 1 or b.old == b.new] == []
