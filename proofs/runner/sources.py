"""What a module is made of, read and never imported: its text, what it imports, the data files that it names.

A record of a claim stands on files.  Those are found here, from the modules that a claim names and all that these import:
every parent package (its `__init__` runs first), relative imports, imports inside functions, code named by a dotted text
(`"numeric.primitives.kl:kl_k3"`), and data files beside a module that it names by a literal (`"mdps"`, `"rows.json"`).
What is installed from elsewhere is not read: it counts by the version of its distribution.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

OURS = ("proofs", "numeric")
FILE = re.compile(r"\w[\w.-]*(/\w[\w.-]*)*")
CODE = (".py", ".pyc")
KINDS = (ast.Import, ast.ImportFrom, ast.Constant)


@dataclass(frozen=True)
class Read:
    """One source: its hash, every dotted name that it imports, and the data files that it names, with their hashes."""

    hash: str
    names: frozenset[str]
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Closure:
    """What some modules stand on.  files: dotted module or path of a data file -> hash.  foreign: packages of others."""

    files: dict[str, str]
    foreign: frozenset[str]


class Sources:
    """Files of `proofs` and `numeric`, and of whatever else an entry point names; each is read once."""

    def __init__(self) -> None:
        self._files: dict[str, Path | None] = {}
        self._read: dict[str, Read] = {}
        self._folders: dict[Path, frozenset[str]] = {}

    def closure(self, modules: Iterable[str]) -> Closure:
        """These modules and all that they import; one without a source counts by the version of its distribution."""
        todo = list(modules)
        ours = {*OURS, *map(top, todo)}
        files: dict[str, str] = {}
        foreign: set[str] = set()
        while todo:
            name = todo.pop()
            if top(name) not in ours or (self.file(name) is None and self.file(top(name)) is None):
                foreign.add(top(name))
            elif name not in files and self.file(name):
                read = self.read(name)
                files |= {name: read.hash, **read.data}
                todo += [*parents(name), *read.names]
        return Closure(dict(sorted(files.items())), frozenset(foreign - sys.stdlib_module_names - {""}))

    def file(self, module: str) -> Path | None:
        """The source of a dotted module, or None (an attribute, a folder without `__init__`, compiled code)."""
        if module not in self._files:
            inner = module.split(".")[1:]
            tries = [place.joinpath(*inner[:-1], f"{inner[-1]}.py") for place in self._places(module)] if inner else []
            tries += [place.joinpath(*inner, "__init__.py") for place in self._places(module)]
            tries += [] if inner else [place for place in self._places(module) if place.suffix == ".py"]
            self._files[module] = next((path for path in tries if path.is_file()), None)
        return self._files[module]

    @staticmethod
    def _places(module: str) -> list[Path]:
        """The folders of a module's top package, or the one file that it is.  Finding a top package imports nothing."""
        try:
            spec = find_spec(top(module))
        except (ImportError, ValueError):
            return []
        if spec is None:
            return []
        inside = spec.submodule_search_locations
        return [Path(p) for p in inside] if inside is not None else [Path(spec.origin)] if spec.origin else []

    def read(self, module: str) -> Read:
        """What a module of its own source holds."""
        if module not in self._read:
            path = self.file(module)
            if path is None:
                raise ValueError(f"module must have a source; got {module!r}")
            text = path.read_bytes()
            package = module if path.name == "__init__.py" else module.rpartition(".")[0]
            nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, KINDS)]
            names = [name for name in imports(nodes, package) if self.file(name) or top(name) not in OURS]
            self._read[module] = Read(hashed(text), frozenset(names), self._data(nodes, path, module))
        return self._read[module]

    def _data(self, nodes: Iterable[ast.AST], path: Path, module: str) -> dict[str, str]:
        """Files that a literal names, from the module's folder or from its top package; of a folder all that is no code."""
        out: dict[str, str] = {}
        package = next((place for place in self._places(module) if place in path.parents), path.parent)
        above = package.parent if package.name == top(module) else package
        texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        for text in filter(plain, texts):
            for folder in dict.fromkeys([path.parent, package]):
                if text.partition("/")[0] in self._listed(folder) and (folder / text) != path:
                    out |= {found.relative_to(above).as_posix(): mark for found, mark in hashes(folder / text)}
        return out

    def _listed(self, folder: Path) -> frozenset[str]:
        if folder not in self._folders:
            self._folders[folder] = frozenset(p.name for p in folder.iterdir())
        return self._folders[folder]


def imports(nodes: Iterable[ast.AST], package: str) -> Iterator[str]:
    """Dotted names that a source imports; `from a import b` gives a and a.b, whichever of them is a module."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, package)
            yield from (base, *[f"{base}.{alias.name}" for alias in node.names])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and dotted(node.value):
            yield node.value.partition(":")[0]


def absolute(node: ast.ImportFrom, package: str) -> str:
    """The module of `from ..x import y` in `package`."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    above = parts[: len(parts) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def dotted(text: str) -> bool:
    """Does a text name code, as `numeric.x:f` does?"""
    head = text.partition(":")[0]
    return head.startswith(tuple(f"{name}." for name in OURS)) and head.replace(".", "a").isidentifier()


def plain(text: str) -> bool:
    """May a literal be the name of a file?"""
    return len(text) < 200 and FILE.fullmatch(text) is not None and ".." not in text


def hashes(path: Path) -> Iterator[tuple[Path, str]]:
    """(file, hash) of a data file, or of each one in a folder; a package is no data."""
    if path.is_file():
        yield path, hashed(path.read_bytes())
    elif path.is_dir() and not (path / "__init__.py").exists():
        for found in sorted(path.rglob("*")):
            if found.is_file() and found.suffix not in CODE:
                yield found, hashed(found.read_bytes())


def hashed(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def top(module: str) -> str:
    return module.partition(".")[0]


def parents(module: str) -> list[str]:
    """`a.b`, `a` of `a.b.c`."""
    parts = module.split(".")
    return [".".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]
