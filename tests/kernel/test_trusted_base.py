"""What must be trusted: the import closure of `check`, its size, and what it may not hold."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

from tests.kernel.bundles import ROOT

KERNEL = ROOT / "proofs" / "kernel"
MOST_LINES, MOST_IN_A_FUNCTION = 2_000, 40
FORBIDDEN = {
    "random",
    "math",
    "cmath",
    "statistics",
    "secrets",
    "numpy",
    "sympy",
    "pickle",
    "marshal",
    "importlib",
    "subprocess",
    "socket",
    "os",
}
PROBE = """
import sys
before = set(sys.modules)
import proofs.kernel.check
print("\\n".join(sorted(set(sys.modules) - before)))
"""


def loaded() -> set[str]:
    """The modules that a fresh process has loaded after it imported the judge."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{PROBE}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def files() -> list[Path]:
    return [KERNEL / f"{name.rpartition('.')[2]}.py" for name in sorted(loaded()) if name.startswith("proofs.kernel.")]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def code_lines(path: Path) -> int:
    """Lines that hold code: no docstrings, comments or blank lines."""
    text, skip = path.read_text(), set()
    for node in ast.walk(ast.parse(text)):
        body = getattr(node, "body", None)
        if (
            isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            skip |= set(range(body[0].lineno, (body[0].end_lineno or 0) + 1))
    blank = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return len({n for t in tokens if t.type not in blank for n in range(t.start[0], t.end[0] + 1)} - skip)


def test_check_imports_the_kernel_the_standard_library_and_flint_alone() -> None:
    ours = {m for m in loaded() if m.partition(".")[0] in ("proofs", "numeric", "tests")}
    assert {m for m in ours if not (m in ("proofs", "proofs.kernel") or m.startswith("proofs.kernel."))} == set()
    foreign = {m.partition(".")[0] for m in loaded() - ours} - set(sys.stdlib_module_names)
    assert {m for m in foreign if "cython" not in m} == {"flint"}, (
        "flint is compiled by Cython, whose runtime shows up as modules"
    )


def test_nothing_in_the_kernel_is_outside_the_closure() -> None:
    """The folder holds the judge and nothing else."""
    assert {p.name for p in KERNEL.glob("*.py")} - {"__init__.py"} == {p.name for p in files()}


def test_trusted_base_has_at_most_2000_lines_of_code() -> None:
    assert sum(map(code_lines, files())) <= MOST_LINES


@pytest.mark.parametrize("path", files(), ids=lambda p: p.stem)
def test_no_function_is_longer_than_a_screen(path: Path) -> None:
    long = [
        (n.name, (n.end_lineno or 0) - n.lineno + 1)
        for n in ast.walk(tree(path))
        if isinstance(n, ast.FunctionDef) and (n.end_lineno or 0) - n.lineno >= MOST_IN_A_FUNCTION
    ]
    assert long == []


@pytest.mark.parametrize("path", files(), ids=lambda p: p.stem)
def test_nothing_that_decides_uses_a_float_or_a_random_number(path: Path) -> None:
    """Floats may stand in `check` alone, where seconds are counted."""
    nodes = list(ast.walk(tree(path)))
    literals = [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, (float, complex))]
    calls = [
        n.func.id
        for n in nodes
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Name)
        and n.func.id in ("float", "eval", "exec", "compile", "__import__", "hash", "id")
    ]
    roots = {a.name.partition(".")[0] for n in nodes if isinstance(n, ast.Import) for a in n.names}
    roots |= {(n.module or "").partition(".")[0] for n in nodes if isinstance(n, ast.ImportFrom)}
    assert literals == [] and calls == [] and roots & FORBIDDEN == set()


def test_the_judge_says_nothing_when_it_is_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import proofs.kernel.check"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == done.stderr == ""


def test_guard_against_a_check_that_cannot_fail() -> None:
    """The tools above see what they look for."""
    here = Path(__file__)
    assert code_lines(here) > 30
    assert any(isinstance(n, ast.Constant) and n.value == "kernel" for n in ast.walk(tree(here)))
