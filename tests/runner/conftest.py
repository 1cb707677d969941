"""A fresh small catalogue, and one that has been verified once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.runner.tree import Tree


@pytest.fixture(scope="session")
def _verified(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    made = Tree(tmp_path_factory.mktemp("verified"))
    code, report = made.verify()
    assert code == 0, report
    return made


@pytest.fixture
def tree(tmp_path: Path, _verified: Tree) -> Tree:
    """A catalogue whose claims have been verified, in a folder of its own."""
    shutil.copytree(_verified.folder, tmp_path / "tree")
    copy = object.__new__(Tree)
    copy.folder = tmp_path / "tree"
    return copy


@pytest.fixture
def fresh(tree: Tree) -> Tree:
    """The same, with no ledger."""
    shutil.rmtree(tree.folder / ".rlproofs")
    return tree
