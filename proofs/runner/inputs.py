"""What a claim's verdict depends on, as hashes: a record whose inputs hash the same stands.

The sources are read, never imported: the claim's topic, the judge, the readings and tactics, the channels, the code that its
evidence names, and whatever these import within `proofs` and `numeric`.
"""

from __future__ import annotations

import ast
import hashlib
import json
import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import proofs
from proofs.claims import Claim
from proofs.runner.discovery import Catalogue

PACKAGES = ("sympy", "numpy", "python-flint", "torch")
ALWAYS = ("proofs.kernel.check", "proofs.runner.work", "proofs.runner.verdicts", "proofs.runner.channels.preloaded")


class Sources:
    """Files of `proofs` and `numeric`, what each imports and how it hashes; each file is read once."""

    def __init__(self, roots: Iterable[Path] = ()) -> None:
        self.roots = list(roots) or [Path(p).parent for p in proofs.__path__]
        self._files: dict[str, Path | None] = {}
        self._read: dict[str, tuple[str, set[str]]] = {}

    def file(self, module: str) -> Path | None:
        """The source of a dotted module of the two packages, or None."""
        if module not in self._files:
            inner = module.replace(".", "/")
            tries = [root / f"{inner}{end}" for root in self.roots for end in (".py", "/__init__.py")]
            self._files[module] = next((path for path in tries if path.is_file()), None)
        return self._files[module]

    def read(self, module: str) -> tuple[str, set[str]]:
        """(hash of the source, modules of the two packages that it imports)."""
        if module not in self._read:
            text = self.file(module).read_bytes()  # type: ignore[union-attr]
            self._read[module] = hashlib.sha256(text).hexdigest(), self._imports(module, ast.parse(text))
        return self._read[module]

    def _imports(self, module: str, tree: ast.AST) -> set[str]:
        """Also those inside functions, and every parent package; a dotted text `numeric.x:f` counts as an import."""
        found: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found |= {node.module, *[f"{node.module}.{alias.name}" for alias in node.names]}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _dotted(node.value):
                found.add(node.value.partition(":")[0])
        return {name for name in found if name.split(".")[0] in ("proofs", "numeric") and self.file(name)} - {module}

    def closure(self, modules: Iterable[str]) -> dict[str, str]:
        """dotted module -> hash, for these and all that they import."""
        out: dict[str, str] = {}
        todo = [m for m in modules if self.file(m)]
        while todo:
            module = todo.pop()
            if module not in out:
                out[module], imports = self.read(module)
                todo += imports
        return dict(sorted(out.items()))


def _dotted(text: str) -> bool:
    head = text.partition(":")[0]
    return head.startswith(("numeric.", "proofs.")) and head.replace(".", "a").isidentifier()


def modules(catalogue: Catalogue, claim: Claim) -> list[str]:
    """Where the closure of a claim starts."""
    out = [*ALWAYS, *[f"proofs.runner.channels.{name}" for name in claim.channels], catalogue.modules[claim.topic.id]]
    asked = [name for name in catalogue.channels(claim) if name not in claim.channels]
    out += [catalogue.engines[name].module for name in asked if name in catalogue.engines]
    if claim.id in catalogue.evidence:
        one = catalogue.evidence[claim.id]
        out += [r["function"].partition(":")[0] for r in one.references]
        out += catalogue.evidence_modules(claim)
    return out


@cache
def versions() -> dict[str, str]:
    """The packages that decide verdicts, and Python."""
    return {"python": platform.python_version(), **{name: installed(name) for name in PACKAGES}}


def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def inputs(catalogue: Catalogue, claim: Claim, number: int, sources: Sources) -> dict[str, str]:
    """Everything that the record of a claim depends on, each part by name."""
    said = {"statement": claim.statement.hash() if claim.statement else "", "version": str(number)}
    return said | versions() | sources.closure(modules(catalogue, claim))


def digest(parts: dict[str, Any]) -> str:
    """One hash of the parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
