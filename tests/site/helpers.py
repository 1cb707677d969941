"""Builds the site from the fixture ledger, in a folder of its own. Nothing of the fixture can reach the real site."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FIXTURES = ("fixture_ledger.json", "fixture_inputs.json")
LISTS = re.compile(r"<!-- claims: (\w+) -->")
CLAIMS = re.compile(r"<!-- kill: (\S+) -->")
CONFIG = """\
INHERIT: {root}/mkdocs.yml
docs_dir: {docs}
site_dir: {folder}/out
hooks: [{root}/proofs/runner/site/hooks.py]
extra:
  ledger: {folder}/fixture_ledger.json
{inputs}
"""


def fixture(name: str) -> Any:
    """The fixture `ledger` or `inputs`, read anew."""
    return json.loads((HERE / f"fixture_{name}.json").read_text("utf8"))


def prepare(folder: Path, *, docs: Path = ROOT / "docs", inputs: bool = True) -> Path:
    """A folder with both fixtures and a configuration that inherits the real one; returns the folder.

    The pages are the real ones, less the lists of topics that the fixture does not know.
    """
    for name in FIXTURES:
        shutil.copy(HERE / name, folder / name)
    docs = known_topics(docs, folder / "pages")
    given = f"  site_inputs: {folder}/fixture_inputs.json" if inputs else ""
    (folder / "mkdocs.yml").write_text(CONFIG.format(root=ROOT, docs=docs, folder=folder, inputs=given), "utf8")
    return folder


def known_topics(docs: Path, copy: Path) -> Path:
    """A copy of the pages without the lists of other topics than the fixture's."""
    shutil.copytree(docs, copy)
    known, claims = fixture("inputs")["extras"]["topics"], fixture("ledger")["claims"]
    for page in (copy / "topics").glob("*.md"):
        text = page.read_text("utf8")
        text = LISTS.sub(lambda m: m[0] if m[1] in known else "", text)
        page.write_text(CLAIMS.sub(lambda m: m[0] if m[1] in claims else "", text), "utf8")
    return copy


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """`mkdocs build --strict` of a prepared folder, in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if k != "RLPROOFS_LEDGER"}
    environment |= {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(folder / "mkdocs.yml")]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, timeout=300)
