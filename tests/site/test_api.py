"""The reference pages hold every public name with its docstring, and a name without one stops the build."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from proofs.runner.site.api import Undocumented, commands, joined, module, paragraphs, reference, signature
from proofs.runner.site.pages import linked
from tests.site.helpers import ROOT, fixture, prepare

CLI = '''"""The commands."""
class Style(StrEnum):
    plain = "plain"
    bibtex = "bibtex"
Name = Annotated[str, typer.Argument(metavar="ID", help="a claim")]
@app.command("do-it")
def do_it(name: Name, style: Annotated[Style, typer.Option("--format", help="how", metavar="STYLE")] = Style.plain,
          all_: Annotated[bool, typer.Option({help})] = False) -> None:
    """Do it."""
'''


def test_every_public_function_of_the_primitives_is_on_the_page(built: Path) -> None:
    text = (built / "api/primitives.html").read_text("utf8")
    for name in ("kl", "gae", "softmax", "ppo_clip"):
        tree = ast.parse((ROOT / f"numeric/primitives/{name}.py").read_text("utf8"))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                assert f'id="numeric.primitives.{name}.{node.name}"' in text, node.name


def test_ids_of_claims_in_a_docstring_lead_to_their_pages(built: Path) -> None:
    assert '<a href="../claims/hw23d.html">hw23d</a>' in (built / "api/primitives.html").read_text("utf8")
    claims = fixture("ledger")["claims"]
    known = {name: {"slug": name} for name in claims}
    assert str(linked("hw10a.2 and hw10a.2-step, not hw10a.20", known, "")).count("<a ") == 2
    assert str(linked("`a < b`", known, "")) == "<code>a &lt; b</code>"


def write(root: Path, text: str) -> Path:
    (root / "mine.py").write_text(text, "utf8")
    return root


MODULE = '"""Doc."""\n'
TOLD = MODULE + 'class C:\n    """C."""\n    def m(self):\n        """M."""\n'
HEIR = 'class D(C):\n    """D."""\n    def m(self):\n        pass\n'


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("def f():\n    pass\n", ["mine", "mine.f"]),
        (MODULE + "def f():\n    pass\n", ["mine.f"]),
        (MODULE + "def _f():\n    pass\n", []),
        (TOLD.replace('"""M."""', "pass"), ["mine.C.m"]),
        (TOLD + HEIR, []),
        (TOLD.replace("C:", "C(Protocol):") + HEIR.replace("(C)", ""), []),
        (TOLD + HEIR.replace("(C)", ""), ["mine.D.m"]),
    ],
)
def test_what_has_no_docstring_is_found(tmp_path: Path, text: str, missing: list[str]) -> None:
    assert module(write(tmp_path, text), "mine")["missing"] == missing


BARE = """
import sys
import proofs.runner.site.api as api
from mkdocs.__main__ import cli
read = api.module
api.module = lambda root, name: read(root, name) | ({"missing": [f"{name}.Ln"]} if name == "proofs.language" else {})
cli(["build", "--strict", "-f", sys.argv[1]])
"""


def test_an_undocumented_public_name_fails_the_build(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BARE, str(prepare(tmp_path) / "mkdocs.yml")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode != 0 and "these have none: proofs.language.Ln" in done.stderr


def test_no_public_name_of_this_project_is_undocumented() -> None:
    found = reference(ROOT)
    assert set(found) == {"primitives", "montecarlo", "claims", "language", "command"}
    names = {one["anchor"] for page in found.values() for m in page.get("modules", []) for one in m["items"]}
    assert {"numeric.primitives.kl.kl_k3", "proofs.language.Vocabulary", "numeric.montecarlo.check.check"} <= names


def test_commands_are_read_as_they_are_declared(tmp_path: Path) -> None:
    path = tmp_path / "cli.py"
    path.write_text(CLI.format(help='help="everything"'), "utf8")
    (found,) = commands(path)
    assert found["usage"] == "rlproofs do-it [OPTIONS] ID"
    assert [one["names"] for one in found["options"]] == ["ID", "--format STYLE", "--all-, --no-all-"]
    assert (found["options"][1]["choices"], found["options"][1]["default"]) == (["plain", "bibtex"], "plain")


def test_an_option_that_says_nothing_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "cli.py"
    path.write_text(CLI.format(help=""), "utf8")
    with pytest.raises(Undocumented, match="rlproofs do-it --all-"):
        commands(path)


def test_the_commands_page_names_what_help_names(built: Path) -> None:
    from proofs.runner.cli import app

    text = (built / "api/command.html").read_text("utf8")
    names = {one.name or one.callback.__name__ for one in app.registered_commands if one.callback}
    assert names and all(f'id="rlproofs-{name}"' in text for name in names)
    assert "--expect-hash" in text


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (
            "def f(a: int, /, b=1, *, c: str = 'x', **d) -> None: pass",
            "f(a: int, /, b=1, *, c: str = 'x', **d) -> None",
        ),
        ("def f(self, *args): pass", "f(*args)"),
        ("@dataclass(frozen=True)\nclass C:\n    a: int\n    b: str = 'x'", "class C(a: int, b: str = 'x')"),
        ("@property\ndef f(self) -> str: pass", "f: str"),
        ("class C(Base): pass", "class C"),
    ],
)
def test_a_signature_is_that_of_the_source(source: str, says: str) -> None:
    assert signature(ast.parse(source).body[0]) == says  # type: ignore[arg-type]


def test_a_docstring_falls_into_text_code_and_lists() -> None:
    doc = "One line,\nwrapped.\nlogp: a tensor.\nRaises ValueError.\n\n    a = b\n\n- first\n  more\n- second\n\n>>> f(1)\n2"
    assert [block["kind"] for block in paragraphs(doc)] == ["text", "code", "list", "code"]
    assert joined(doc.split("\n\n")[0].split("\n")) == ["One line, wrapped.", "logp: a tensor.", "Raises ValueError."]
    assert joined(["It is so by", "default: 1."]) == ["It is so by default: 1."]
    assert paragraphs(doc)[2]["lines"] == ["first more", "second"]


def test_the_source_is_read_and_never_imported() -> None:
    code = "import sys; from pathlib import Path; from proofs.runner.site.api import reference; reference(Path(sys.argv[1]));"
    code += "assert 'torch' not in sys.modules and 'numeric' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code, str(ROOT)], cwd=ROOT, timeout=60).returncode == 0
