"""Source that a page shows: a function, class or assignment of a file of the tree, or the whole file, with its place."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

FOLDERS = ("numeric", "proofs")


def source(root: Path, name: str) -> dict[str, Any]:
    """{"source", "path", "line", "title"} of `path/file.py` or `path/file.py:Name` (`Class.method`, too).

    Raises ValueError where there is no such file under numeric/ or proofs/, or no such name in it.
    """
    path, _, wanted = name.partition(":")
    file = (root / path).resolve()
    if not any(file.is_relative_to(root / folder) for folder in FOLDERS) or not file.is_file():
        raise ValueError(f"code must be a file under {' or '.join(FOLDERS)}; got {path!r}")
    text = file.read_text("utf8")
    if not wanted:
        return {"source": text, "path": path, "line": 1, "title": path}
    lines = text.splitlines()
    node = _found(ast.parse(text), wanted.split("."))
    if node is None:
        raise ValueError(f"code must name a function, class or constant of {path}; got {wanted!r}")
    first = min([node.lineno, *[d.lineno for d in getattr(node, "decorator_list", [])]])
    cut = "\n".join(lines[first - 1 : node.end_lineno])
    return {"source": cut, "path": path, "line": first, "title": f"{path}, line {first}"}


def _found(tree: ast.Module, names: list[str]) -> ast.stmt | None:
    body: list[ast.stmt] = tree.body
    node = None
    for name in names:
        node = next((one for one in body if name in _names(one)), None)
        body = getattr(node, "body", [])
    return node


def _names(node: ast.stmt) -> list[str]:
    """What a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [node.target.id] if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) else []
