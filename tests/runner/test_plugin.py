"""pytest as a way to verify: one test a claim, and nothing at all in other runs."""

from __future__ import annotations

import subprocess
import sys

from tests.runner.tree import Tree

PLUGIN = (
    "-p",
    "no:rlproofs",
    "-p",
    "proofs.runner.pytest_plugin",
    "-p",
    "no:cacheprovider",
)  # an installed one is another copy


def pytest_in(tree: Tree, *words: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """pytest in the small catalogue's folder.  code: run after it, in the same process."""
    run = f"import sys, pytest\nend = pytest.main({[*PLUGIN, *words]!r})\n{code}\nsys.exit(end)"
    return subprocess.run(
        [sys.executable, "-c", run],
        cwd=tree.folder,
        env=tree.environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_one_test_a_claim_and_a_broken_claim_turns_its_own_red(tree: Tree) -> None:
    done = pytest_in(tree, "proofs", "-v")
    assert done.returncode == 0 and "3 passed, 1 skipped" in done.stdout, done.stdout
    tree.edit("proofs/tiny.py", "Eq(2 * a, a), Eq(a + a, 2 * a)", "Eq(2 * a, a), Eq(a + a, 3 * a)")
    done = pytest_in(tree, "proofs")
    assert "1 failed, 2 passed, 1 skipped" in done.stdout and "the control turned is not confirmed" in done.stdout


def test_one_claim_by_its_id(tree: Tree) -> None:
    tree.write("test_other.py", "def test_other():\n    pass\n")
    done = pytest_in(tree, "--claim", "two")
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout
    done = pytest_in(tree, "--claim", "tow")
    assert done.returncode == 4 and "the nearest: two" in done.stderr


def test_other_runs_import_no_topic(tree: Tree) -> None:
    tree.write("test_other.py", "def test_other():\n    pass\n")
    look = "print([m for m in sys.modules if m in ('proofs.tiny', 'proofs.runner.discovery', 'sympy')])"
    done = pytest_in(tree, "test_other.py", code=look)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "[]", done.stdout
