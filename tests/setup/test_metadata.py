"""pyproject.toml, constraints.txt and what stands beside them say the same, and a wheel works outside the checkout."""

import importlib
import itertools
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [*PROJECT["dependencies"], *itertools.chain(*PROJECT["optional-dependencies"].values())]
GROUPS = [PROJECT["scripts"], *PROJECT["entry-points"].values()]
ENTRY_POINTS = [target for group in GROUPS for target in group.values()]


def key(requirement: str) -> str:
    """The distribution's name as an index compares it: `mkdocstrings[python]>=1` is `mkdocstrings`."""
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def pins() -> dict[str, str]:
    """name -> version of every line of constraints.txt that is not a comment; another form of line is a failure."""
    found = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            assert re.fullmatch(r"[A-Za-z0-9_-]+==[0-9][0-9a-z.]*", line), f"not a plain pin: {line}"
            found[key(line)] = line.partition("==")[2]
    return found


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_each_dependency_has_a_reason_beside_it_and_a_pin_that_it_allows(requirement: str) -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(rf'"{re.escape(requirement)}", +# \S+ \S+', text), f"no reason beside {requirement}"
    floor = requirement.partition("=")[2].lstrip("=")
    pinned = pins()[key(requirement)]
    assert [int(n) for n in pinned.split(".")] >= [int(n) for n in floor.split(".")]


@pytest.mark.parametrize("target", ENTRY_POINTS)
def test_each_entry_point_names_something_that_exists(target: str) -> None:
    module, _, attribute = target.partition(":")
    found = importlib.import_module(module)
    assert not attribute or hasattr(found, attribute)


def test_the_citation_and_the_package_agree_on_version_and_licence() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {PROJECT['version']}\n" in citation
    assert f"\nlicense: {PROJECT['license']}\n" in citation
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_a_wheel_holds_every_tracked_file_of_both_packages_and_lists_the_claims_outside_the_checkout(
    tmp_path: Path,
) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "site")
        names = set(packed.namelist())
    listed = subprocess.run(
        ["git", "ls-files", "proofs", "numeric"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert set(listed.stdout.split()) <= names

    (tmp_path / "elsewhere").mkdir()
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "import proofs; print(proofs.__file__); from proofs.runner.cli import main; main()",
            "list",
            "--json",
        ],
        cwd=tmp_path / "elsewhere",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    where, _, rows = run.stdout.partition("\n")
    assert where.startswith(str(tmp_path / "site"))
    assert {"hw14a", "hw14b", "hw11d", "hw23c", "hw23d", "hw10a.2"} <= {row["id"] for row in json.loads(rows)}
