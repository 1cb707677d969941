"""The size of the trusted base, counted in the kernel's source: nothing here is typed by hand."""

from __future__ import annotations

import ast
import sys
import tokenize
from pathlib import Path
from typing import Any

PACKAGE = "proofs.kernel"


def trusted_base(root: Path, start: str = "proofs.kernel.check") -> dict[str, Any]:
    """Import closure of `start` inside the kernel: its files, lines of code, longest function and outside imports.

    The packages that Python runs on the way to a module belong to it.
    """
    todo, seen, outside = [start], dict[str, Path](), set[str]()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen[name] = module_path(root, name)
        todo += filter(None, [name.rpartition(".")[0]])
        for used in imported(name, seen[name], root):
            if used.startswith(PACKAGE):
                todo.append(used)
            else:
                outside.add(used.split(".")[0])
    outside -= {"__future__", "proofs"}
    return {
        "files": sorted(path.relative_to(root).as_posix() for path in seen.values()),
        "lines": sum(code_lines(path) for path in seen.values()),
        "longest": max(longest_function(path) for path in seen.values()),
        "standard": sorted(name for name in outside if name in sys.stdlib_module_names),
        "other": sorted(name for name in outside if name not in sys.stdlib_module_names),
    }


def module_path(root: Path, name: str) -> Path:
    """The file of a module. Raises FileNotFoundError with the module's name."""
    base = root.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    raise FileNotFoundError(f"module {name} has no file under the project's root")


def imported(name: str, path: Path, root: Path) -> set[str]:
    """Dotted names of the modules that a file imports, relative ones resolved, submodules told from names."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            found |= {member(root, base, alias.name) for alias in node.names}
    return found


def member(root: Path, base: str, name: str) -> str:
    """`base.name` where that is a module of the kernel, else `base`."""
    inside = base.startswith(PACKAGE)
    folder = root.joinpath(*base.split("."), name)
    return f"{base}.{name}" if inside and (folder.with_suffix(".py").is_file() or folder.is_dir()) else base


def code_lines(path: Path) -> int:
    """Lines that hold code: blank lines, comments and docstrings do not count."""
    source = path.read_text("utf8")
    docs = docstring_lines(ast.parse(source))
    skip = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines: set[int] = set()
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type not in skip and token.type != tokenize.ENCODING:
                lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - docs)


def docstring_lines(tree: ast.Module) -> set[int]:
    """Numbers of the lines that belong to docstrings."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            first = node.body[0]
            found |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return found


def longest_function(path: Path) -> int:
    """Length in lines of the longest function of a file, 0 where there is none."""
    nodes = ast.walk(ast.parse(path.read_text("utf8")))
    return max(((n.end_lineno or n.lineno) - n.lineno + 1 for n in nodes if isinstance(n, ast.FunctionDef)), default=0)


def function_source(root: Path, dotted: str) -> dict[str, Any]:
    """Path, line and source of a function named `package.module:function` or `package.module.function`.

    The file is read, not imported, so that building the site needs no torch.
    """
    module, _, function = dotted.partition(":") if ":" in dotted else dotted.rpartition(".")
    path = module_path(root, module)
    source = path.read_text("utf8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == function:
            text = ast.get_source_segment(source, node) or ""
            return {"path": path.relative_to(root).as_posix(), "line": node.lineno, "source": text}
    raise ValueError(f"{dotted}: {path.relative_to(root).as_posix()} has no function {function!r}")


def kernel_rules(root: Path, files: list[str]) -> list[dict[str, str]]:
    """Name and docstring of each function of the trusted files that is decorated as a rule, in the order of the source.

    Raises ValueError for a rule without a docstring.
    """
    found = []
    for name in files:
        for node in ast.parse((root / name).read_text("utf8")).body:
            if isinstance(node, ast.FunctionDef) and any(is_rule(d) for d in node.decorator_list):
                doc = ast.get_docstring(node)
                if not doc:
                    raise ValueError(f"rule {node.name} must have a docstring; {name}, line {node.lineno} has none")
                found.append({"name": node.name, "doc": doc})
    return found


def is_rule(decorator: ast.expr) -> bool:
    """`@rule` or `@rule(...)`."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Name) and called.id == "rule"
