"""The mechanical mutants of some files, as cosmic-ray's operators make them, and a seeded sample of them.

A mutant is known by its file, function, operator, the text of its line and its number among equals, never by a line number.  The
sample is the mutants whose names hash lowest under the seed, so that an edit of the files leaves most of the sample as it was.

Two kinds of mutants are left out, because they are no mutants:

    annotations         never evaluated (`from __future__ import annotations`)
    == for is, is for ==    types, None and terms: there is one object of each, so that both mean the same
"""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SAME = ("Eq_Is", "Is_Eq", "NotEq_IsNot", "IsNot_NotEq")
Place = tuple[int, int]  # line from 1, column from 0


class Name(NamedTuple):
    """What a mutant is known by; `nth` counts equal ones of one function from 1, in the order in which they stand.

    file: the file's name where all files lie in one folder, else its path.
    """

    file: str
    where: str  # qualified name of the function or class, "" at the top of the file
    operator: str
    line: str
    nth: int

    def rank(self, seed: int) -> str:
        return hashlib.sha256(repr((seed, *self)).encode()).hexdigest()


class Mutant(NamedTuple):
    """occurrence: cosmic-ray's number of the place, among all places of this operator in the file."""

    name: Name
    plugin: str
    occurrence: int
    number: int  # of the line, to find it again while reading a result

    def source(self, original: str) -> str:
        """The file with this one change."""
        from cosmic_ray.mutating import mutate_code

        out: str | None = mutate_code(original, operators()[self.plugin], self.occurrence)
        if out is None or out == original:
            raise ValueError(f"the operator changes nothing: {self}")
        return out

    def change(self, original: str) -> str:
        """The first line that differs, as it becomes."""
        before, after = original.split("\n"), self.source(original).split("\n")
        return next((new.strip() for old, new in zip(before, after, strict=False) if old != new), "")


@cache
def operators() -> dict[str, Any]:
    """Every operator of cosmic-ray that needs no arguments, by its plugin name."""
    from cosmic_ray.plugins import get_operator, operator_names

    found = {name: get_operator(name) for name in operator_names()}
    return {name: kind() for name, kind in sorted(found.items()) if not kind.arguments() and not name.endswith(SAME)}


def population(files: Iterable[tuple[str, Path]]) -> list[Mutant]:
    """Every mutant of every one of these files, each given by the name that its mutants bear and its path."""
    return [m for name, path in files for m in of_file(name, path)]


def sample(mutants: list[Mutant], size: int, seed: int) -> list[Mutant]:
    """The `size` mutants that rank lowest, in the order of the files."""
    kept = sorted(mutants, key=lambda m: m.name.rank(seed))[:size]
    return sorted(kept, key=lambda m: (m.name.file, m.number, m.plugin, m.occurrence))


def of_file(name: str, path: Path) -> Iterator[Mutant]:
    from cosmic_ray.ast import ast_nodes, get_ast

    text = path.read_text("utf8")
    nodes, lines, silent = list(ast_nodes(get_ast(text))), text.split("\n"), annotations(text)
    found = []
    for plugin, operator in operators().items():
        places = [(node, n, p) for node in nodes for n, p in enumerate(operator.mutation_positions(node))]
        for occurrence, (node, n, (start, _)) in enumerate(places):
            if not any(a <= start < b for a, b in silent):
                found.append((start, plugin, occurrence, _said(plugin, n), _where(node)))
    seen: Counter[tuple[str, ...]] = Counter()
    for start, plugin, occurrence, said, where in sorted(found, key=lambda f: f[:3]):
        equal = name, where, said, lines[start[0] - 1].strip()
        seen[equal] += 1
        yield Mutant(Name(*equal, seen[equal]), plugin, occurrence, start[0])


def _said(plugin: str, n: int) -> str:
    """`ReplaceBinaryOperator_Add_Sub`, or `NumberReplacer +1`: the only operator with several changes of one place."""
    plain = plugin.rpartition("/")[2]
    return f"{plain} {'-' if n else '+'}1" if plain == "NumberReplacer" else plain


def _where(node: Any) -> str:
    """The qualified name of the innermost function or class around a node of the tree."""
    names = []
    while node is not None:
        if node.type in ("funcdef", "classdef"):
            names.append(node.name.value)
        node = node.parent
    return ".".join(reversed(names))


def annotations(text: str) -> list[tuple[Place, Place]]:
    """Where the annotations stand, in a file that does not evaluate them; none in another."""
    tree = ast.parse(text)
    if not any(isinstance(n, ast.ImportFrom) and n.module == "__future__" for n in tree.body):
        return []
    out = []
    for node in ast.walk(tree):
        found = getattr(node, "returns", None) if not isinstance(node, ast.arg) else node.annotation
        found = node.annotation if isinstance(node, ast.AnnAssign) else found
        if isinstance(found, ast.expr):
            out.append(((found.lineno, found.col_offset), (found.end_lineno or 0, found.end_col_offset or 0)))
    return out
