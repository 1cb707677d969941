"""What a module stands on is found in its text, and nothing that takes part in a verdict is missing from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proofs.runner import ids
from proofs.runner.discovery import Catalogue, catalogue
from proofs.runner.inputs import digest, inputs, modules
from proofs.runner.sources import Sources, absolute, dotted, parents, plain

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = {
    "plugin_of_a_test/__init__.py": "",
    "plugin_of_a_test/inner/__init__.py": "from . import near\nfrom .. import rows\n",
    "plugin_of_a_test/inner/near.py": "def f():\n    from ..far import g\n    return g\n",
    "plugin_of_a_test/far.py": "import numpy.linalg\n\nNAMED = 'proofs.scope:scope'\n",
    "plugin_of_a_test/rows.py": "WHERE = 'data'\nOTHER = '../secret.txt'\n",
    "plugin_of_a_test/data/a.csv": "1\n",
    "plugin_of_a_test/data/more/b.csv": "2\n",
    "plugin_of_a_test/data/code.py": "",
    "plugin_of_a_test/alone.py": "",
    "secret.txt": "",
}


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of somebody else that an entry point may name."""
    for name, text in PLUGIN.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return "plugin_of_a_test"


def test_a_closure_follows_packages_relative_and_late_imports_named_code_and_data(plugin: str) -> None:
    found = Sources().closure([f"{plugin}.inner"])
    own = {name.removeprefix(plugin) for name in found.files if name.startswith(plugin)}
    assert own == {"", ".inner", ".inner.near", ".far", ".rows", "/data/a.csv", "/data/more/b.csv"}
    assert {"proofs", "proofs.scope", "proofs.kernel.context"} <= set(found.files)
    assert found.foreign == {"numpy"}


def test_a_module_that_is_not_there_counts_by_its_distribution() -> None:
    assert Sources().closure(["nobody.at.home"]).foreign == {"nobody"}


def test_names_are_told_apart_from_other_texts() -> None:
    assert dotted("numeric.primitives.kl:kl_k3") and not dotted("proofs.scope is a module") and not dotted("kl.py")
    assert plain("rows.json") and plain("mdps") and not plain("../x") and not plain("/etc/hosts") and not plain("a b")
    assert parents("a.b.c") == ["a.b", "a"]


def test_a_relative_import_is_read_from_its_package() -> None:
    import ast

    node = ast.parse("from ..x import y").body[0]
    assert isinstance(node, ast.ImportFrom) and absolute(node, "a.b.c") == "a.b.x"


def test_a_changed_byte_changes_the_hash_and_no_other(plugin: str, tmp_path: Path) -> None:
    before = Sources().closure([f"{plugin}.inner"]).files
    (tmp_path / plugin / "data/a.csv").write_text("2\n")
    after = Sources().closure([f"{plugin}.inner"]).files
    assert {name for name in before if before[name] != after[name]} == {f"{plugin}/data/a.csv"}


# ------------------------------------------------------------------------------------- the real claims
READS = """
import importlib, json, os, sys
claim, topic, evidence, out = json.loads(sys.argv[1])
opened = set()
sys.addaudithook(lambda event, args: opened.add(args[0]) if event == "open" and isinstance(args[0], str) else None)
from importlib.metadata import EntryPoint
from proofs.runner import work, worker, pool
from proofs.runner.discovery import Catalogue

class One(Catalogue):
    @property
    def evidence(self):
        found = [EntryPoint(*entry).load() for entry in evidence]
        flat = [one for group in found for one in (group if isinstance(group, (list, tuple)) else [group])]
        return {one.claim.id: one for one in flat if one.claim.id == claim}

class Free:
    def charge(self, *_):
        pass

sys.setrecursionlimit(20_000)
found = importlib.import_module(topic).TOPIC
one = One({found.id: found}, {found.id: topic})
job = work.Work(one, work.Settings(device="cpu"), Free())
said = {name: job.run(one.claims[claim], name)["claim"]["verdict"] for name in one.channels(one.claims[claim])}
read = [m.__file__ for m in list(sys.modules.values()) if getattr(m, "__file__", None)] + sorted(opened)
with open(out, "w") as file:
    json.dump([said, read], file)
"""


def read_by(claim_id: str, found: Catalogue, out: Path) -> tuple[dict[str, str], set[Path]]:
    """What the channels say of a claim in a process that has imported no other topic, and the files of ours that it read."""
    claim = found.claim(claim_id)
    named = [[e.name, e.value, e.group] for e in found.evidence_entries(claim)]
    asked = [claim.id, found.modules[claim.topic.id], named, str(out)]
    done = subprocess.run(
        [sys.executable, "-B", "-c", READS, json.dumps(asked)], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said, files = json.loads(out.read_text())
    ours = [Path(os.path.abspath(name)) for name in files if not name.endswith(".pyc")]
    return said, {p for p in ours if any(p.is_relative_to(ROOT / name) for name in ("proofs", "numeric"))}


def known_files(found: Catalogue, claim_id: str) -> set[Path]:
    """The files that the claim's key holds."""
    sources = Sources()
    closure = sources.closure(modules(found, found.claim(claim_id))).files
    paths = {sources.file(name) for name in closure}
    data = [ROOT / name for name in closure if "/" in name]
    return {Path(p).resolve() for p in [*paths, *data] if p}


@pytest.mark.parametrize("claim", ["hw23d", "sum-telescope"])
def test_every_file_that_a_verdict_reads_is_in_the_key(claim: str, tmp_path: Path) -> None:
    found = catalogue()
    said, read = read_by(claim, found, tmp_path / "out.json")
    assert "error" not in said.values() and set(said) == set(found.channels(found.claim(claim)))
    assert not read - known_files(found, claim)


@pytest.mark.nightly
def test_every_file_that_any_topic_reads_is_in_its_key(tmp_path: Path) -> None:
    """One claim of each topic, those with code and samples first."""
    found = catalogue()
    missing = {}
    for topic in found.topics.values():
        formal = [c for c in topic.claims if c.statement]
        one = max(formal, key=lambda c: len(found.channels(c)), default=None)
        if one is not None:
            missing[one.id] = read_by(one.id, found, tmp_path / "out.json")[1] - known_files(found, one.id)
    assert missing and not any(missing.values()), {k: sorted(map(str, v)) for k, v in missing.items() if v}


def test_no_page_command_or_table_of_ids_is_in_any_key() -> None:
    """What only prints must not make every claim run again."""
    found, sources, known = catalogue(), Sources(), ids.read_ids()
    parts = {name: set(inputs(found, claim, known, sources)) for name, claim in found.claims.items()}
    idle = {
        f"proofs.runner.{name}" for name in ("cli", "cite", "ledger", "summary", "show", "told", "ids", "run", "inputs")
    }
    for name, keys in parts.items():
        assert not keys & idle and not any("site" in key or key.endswith(".toml") for key in keys), name


def test_a_digest_depends_on_the_parts_and_not_on_their_order() -> None:
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"}) != digest({"a": "2", "b": "1"})
