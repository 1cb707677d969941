"""What a record depends on: each kind of input is changed in a small tree; exactly what depends on it must run again.

The tree has a claim for each way of depending on something: on a lemma's module, on another claim, on data, on code, on
samples, on nothing but itself.  Most cases ask only what would run, and why; the last one
goes through the whole command.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runner.tree import ENGINE, Tree

CLAIM = '''
"""A topic of one claim."""
from proofs.claims import Topic, lemma
from proofs.language import Eq, Vocabulary
{imports}

TOPIC = Topic("{name}", "A topic")
NAMES = Vocabulary()
a, b = NAMES.real("a"), NAMES.real("b")
{name} = TOPIC.claim("{name}", "a title", kind="identity", source=lemma("tests"), vocabulary=NAMES,
                     says=Eq({factor} * (a + b), {factor} * a + {factor} * b), witness={witness}, uses=[{uses}])
{name}.proof(lambda pf, goal: pf.prove(goal))
{name}.mutant("wrong", Eq({factor} * (a + b), {factor} * a))
{name}.control("turned", Eq({factor} * a + {factor} * b, {factor} * (a + b)))
'''
AT = '{"reals": {"a": "2/3", "b": "7/5"}}'
FILES = {
    "proofs/theory/__init__.py": "",
    "proofs/theory/shared.py": '"""A lemma\'s module."""\nFACTOR = 3\n',
    "proofs/rows.json": '{"reals": {"a": "1/3", "b": "5/7"}}\n',
    "proofs/rows.py": "import json\nfrom pathlib import Path\n\n"
    'ROWS = json.loads(Path(__file__).with_name("rows.json").read_text("utf8"))\n',
    "proofs/lone.py": CLAIM.format(name="lone", imports="", factor=2, witness=AT, uses=""),
    "proofs/based.py": CLAIM.format(
        name="based", imports="from proofs.theory.shared import FACTOR", factor="FACTOR", witness=AT, uses=""
    ),
    "proofs/citing.py": CLAIM.format(
        name="citing", imports="from proofs.based import based", factor=5, witness=AT, uses="based"
    ),
    "proofs/fed.py": CLAIM.format(
        name="fed", imports="from proofs.rows import ROWS", factor=7, witness="ROWS", uses=""
    ),
    "proofs/coded.py": CLAIM.format(name="coded", imports="", factor=11, witness=AT, uses=""),
    "numeric/__init__.py": "",
    "numeric/primitives/__init__.py": "",
    "numeric/primitives/plain.py": "from importlib.resources import files\n\n\ndef plain():\n"
    '    return files("numeric").joinpath("tables", "plain.json")\n',
    "numeric/tables/plain.json": "[1]\n",
    "numeric/experiments/__init__.py": "",
    "numeric/experiments/coded.py": "from proofs.claims import Evidence\nfrom proofs.coded import coded\n\n"
    "EVIDENCE = Evidence(coded)\n"
    'EVIDENCE.reference("numeric.primitives.plain:plain", arguments={}, value=coded.says, points=[])\n'
    'EVIDENCE.patch("patched", "numeric.primitives.plain", "plain.json", "other.json")\nSAME = EVIDENCE\n',
    "numeric/engine.py": '"""An engine that would use torch."""\n\n\nclass Channel:\n    name = "reference"\n\n'
    "    def check(self, evidence, variant, **more):\n"
    '        return {"verdict": "confirmed" if variant == "claim" else "refuted", "detail": "seen"}\n\n'
    "    def unused(self):\n        import torch\n\n\nCHANNEL = SAME = Channel()\n",
    "fake_engine.py": ENGINE + "\n\ndef unused():\n    import numpy\n",
    "docs/kl.md": "a page\n",
}
POINTS = """[rlproofs.evidence]
coded = numeric.experiments.coded:EVIDENCE
tiny = fake_evidence:EVIDENCE
[rlproofs.channels]
montecarlo = fake_engine:CHANNEL
reference = numeric.engine:CHANNEL
"""
POINTS_AT = "rlproofs-0.0.0.dist-info/entry_points.txt"
ALL = {"one", "two", "three", "open", "lone", "based", "citing", "fed", "coded"}
STATED = ALL - {"open"}  # with a statement, so that a script is run
WOULD = """
import json, os, sys
if os.environ.get("PYTHON"):
    import platform
    platform.python_version = lambda: os.environ["PYTHON"]
if os.environ.get("FLINT"):
    import flint
    flint.__FLINT_VERSION__ = os.environ["FLINT"]
from proofs.runner import ledger
from proofs.runner.run import Request, Run
run = Run(Request(**json.loads(sys.argv[1])), None)
run.kept = ledger.read()["claims"]
print(json.dumps({c.id: run.because[c.id] for c in run.claims if not run._stands(c)}))
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """The tree, verified once."""
    made = Tree(tmp_path_factory.mktemp("inputs"))
    for name, text in FILES.items():
        (made.folder / name).parent.mkdir(parents=True, exist_ok=True)
        made.write(name, text)
    made.write(POINTS_AT, POINTS)
    made.command("ids", "--update")
    code, report = made.verify()
    assert code == 0, [c["problems"] for c in report["claims"]]
    return made


@pytest.fixture
def tree(tmp_path: Path, recorded: Tree) -> Tree:
    """A copy of it."""
    shutil.copytree(recorded.folder, tmp_path / "tree", ignore=shutil.ignore_patterns("__pycache__"))
    copy = object.__new__(Tree)
    copy.folder = tmp_path / "tree"
    return copy


def would_run(tree: Tree, environment: dict[str, str] | None = None, **request: object) -> dict[str, str]:
    """claim -> why it would run."""
    done = subprocess.run(
        [sys.executable, "-c", WOULD, json.dumps(request)],
        cwd=tree.folder, env=tree.environment(**environment or {}), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def remark(tree: Tree, name: str) -> None:
    """One more line at the end of a file."""
    with (tree.folder / name).open("a", encoding="utf8") as file:
        file.write("\n" if name.endswith(".json") else "\n# a remark\n")


def release(tree: Tree, distribution: str) -> None:
    """Another version of a distribution, found before the installed one."""
    info = tree.folder / f"{distribution.replace('-', '_')}-99.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 99.9\n")


def why(found: dict[str, str]) -> dict[str, set[str]]:
    """claim -> the parts that changed."""
    return {claim: set(said.removeprefix("changed since: ").split(", ")) for claim, said in found.items()}


def by_claim(changed: dict[str, set[str]]) -> dict[str, set[str]]:
    """part -> claims, turned round."""
    return {
        claim: {part for part, claims in changed.items() if claim in claims} for claim in set().union(*changed.values())
    }


# ------------------------------------------------------------------------------------- sources
def test_each_changed_file_runs_what_stands_on_it_and_is_named_as_the_reason(tree: Tree) -> None:
    """All are changed at once; a claim's reasons are exactly the files that it stands on."""
    changed = {
        "proofs/lone.py": {"lone"},  # a topic: statement, derivation, mutants
        "proofs/theory/shared.py": {"based", "citing"},  # a theory, by import and by the import of a cited claim
        "proofs/rows.json": {"fed"},  # an instance read from a file
        "numeric/primitives/plain.py": {"coded"},
        "numeric/primitives/__init__.py": {"coded"},  # it runs before what it holds
        "numeric/tables/plain.json": {"coded"},  # data that code names
        "numeric/experiments/coded.py": {"coded"},
        "numeric/engine.py": {"coded"},
        "fake_evidence.py": {"two"},  # evidence and an engine that lie in no package of ours
        "fake_engine.py": {"two"},
        **dict.fromkeys((
            "proofs/kernel/rules.py", "proofs/kernel/__init__.py", "proofs/tactics/proof.py", "proofs/readings/spans.py",
            "proofs/runner/verdicts.py", "proofs/runner/bundle.py", "proofs/runner/discovery.py", "proofs/runner/pool.py",
            "proofs/runner/worker.py", "proofs/runner/channels/exact.py",
            "proofs/theory/__init__.py",  # the package in which topics are looked for
        ), ALL),
    }  # fmt: skip
    for name in changed:
        remark(tree, name)
    named = {name.removesuffix(".py").removesuffix("/__init__"): claims for name, claims in changed.items()}
    data = {name: claims for name, claims in named.items() if name.endswith(".json")}
    modules = {name.replace("/", "."): claims for name, claims in named.items() if name not in data}
    assert why(would_run(tree)) == by_claim(modules | data)


def test_what_no_verdict_stands_on_runs_nothing(tree: Tree) -> None:
    """Pages, the site's generator, what is printed, citations, the ledger, gaps, ids of other claims."""
    inner = ("cli", "cite", "ledger", "pytest_plugin", "summary", "show", "told", "plain", "site/pages", "site/data")
    for name in ("docs/kl.md", "proofs/gaps.toml", "proofs/ids.toml", *[f"proofs/runner/{name}.py" for name in inner]):
        remark(tree, name)
    assert would_run(tree) == {}


# ------------------------------------------------------------------------------------- what is declared
def test_a_statement_runs_its_claim_and_those_that_cite_it(tree: Tree) -> None:
    tree.edit("proofs/based.py", "says=Eq(FACTOR * (a + b), FACTOR * a", "says=Eq(FACTOR * (b + a), FACTOR * a")
    tree.edit("proofs/based.py", "+ FACTOR * b), witness", "+ FACTOR * b + 0 * a), witness")
    assert why(would_run(tree)) == {"based": {"statement", "proofs.based"}, "citing": {"proofs.based"}}


def test_a_derivation_runs_its_claim_and_those_that_cite_it(tree: Tree) -> None:
    tree.edit("proofs/based.py", "lambda pf, goal: pf.prove(goal)", "lambda proof, goal: proof.prove(goal)")
    assert why(would_run(tree)) == {"based": {"proofs.based"}, "citing": {"proofs.based"}}


def test_an_instance_runs_its_claim_and_says_that_what_is_declared_changed(tree: Tree) -> None:
    tree.write("proofs/rows.json", '{"reals": {"a": "1/3", "b": "5/9"}}\n')
    assert why(would_run(tree)) == {"fed": {"declared", "proofs/rows.json"}}


def test_a_new_version_of_a_cited_claim_runs_those_that_cite_it(tree: Tree) -> None:
    """Its number is in the name under which a bundle cites it, and so in the evidence hash."""
    text = (tree.folder / "proofs/ids.toml").read_text("utf8")
    row = next(part for part in text.split("[[claim]]") if 'id = "based"' in part)
    tree.write("proofs/ids.toml", f"{text}\n[[claim]]{row.replace('version = 1', 'version = 2')}")
    assert why(would_run(tree)) == {"based": {"version"}, "citing": {"uses"}}


# ------------------------------------------------------------------------------------- entry points
def test_an_entry_point_runs_the_claims_that_it_speaks_of(tree: Tree) -> None:
    """Another object of the same module, another engine, evidence that was not there."""
    tree.write(
        "more.py", "from proofs.claims import Evidence\nfrom proofs.lone import lone\nEVIDENCE = Evidence(lone)\n"
    )
    points = POINTS.replace("coded:EVIDENCE", "coded:SAME").replace("numeric.engine:CHANNEL", "numeric.engine:SAME")
    tree.write(POINTS_AT, points.replace("tiny =", "more = more:EVIDENCE\ntiny ="))
    assert why(would_run(tree)) == {"coded": {"evidence", "engine reference"}, "lone": {"evidence", "more"}}


def test_evidence_that_is_gone_runs_its_claim(tree: Tree) -> None:
    tree.write(POINTS_AT, POINTS.replace("coded = numeric.experiments.coded:EVIDENCE\n", ""))
    found = why(would_run(tree))
    assert set(found) == {"coded"} and {"evidence", "declared", "engine reference", "torch"} <= found["coded"]


# ------------------------------------------------------------------------------------- what is installed
def test_another_release_runs_what_imports_it(tree: Tree) -> None:
    imported = {"sympy": STATED, "mpmath": STATED, "python-flint": ALL, "numpy": {"two"}, "torch": {"coded"}}
    for distribution in (*imported, "pydantic", "typer", "mkdocs"):
        release(tree, distribution)
    assert why(would_run(tree)) == by_claim(imported)


def test_another_python_and_another_bundled_flint_run_all(tree: Tree) -> None:
    assert why(would_run(tree, {"PYTHON": "99.9", "FLINT": "99.9"})) == dict.fromkeys(ALL, {"python", "FLINT"})


# ------------------------------------------------------------------------------------- what a run is asked for
def test_a_nonce_runs_what_is_drawn_and_a_device_what_an_engine_looks_at(tree: Tree) -> None:
    assert would_run(tree, nonce="1") == {"two": "recorded with nonce 0"}
    assert set(would_run(tree, device="cuda")) == {"two", "coded"}
    assert would_run(tree, device="cpu") == {}, "what `auto` did on the processor stands for the processor"


def test_a_check_that_wanted_a_gpu_runs_where_there_may_be_one() -> None:
    from proofs.runner.run import of_device

    old = {"device": "auto", "channels": {"reference": {"verdict": "not run", "needs": "gpu", "device": "cpu"}}}
    assert of_device(old, "cuda") and not of_device(old, "cpu")


# ------------------------------------------------------------------------------------- the whole command
def test_the_command_runs_exactly_that_and_says_why(tree: Tree) -> None:
    remark(tree, "proofs/theory/shared.py")
    done = tree.command("verify", "--explain", "--json", "out.json")
    ran = {c["id"] for c in json.loads((tree.folder / "out.json").read_text())["claims"] if not c["cached"]}
    assert done.returncode == 0 and ran == {"based", "citing"}, done.stderr
    assert done.stdout.count("ran: changed since: proofs.theory.shared") == 2
    assert would_run(tree) == {}
