"""What the letters of a statement mean: sorts, ranges, laws and definitions, read off its declarations and never typed.

`symbols` lists them for a claim's page; `heads` says by which letters a formula shows them, for marks.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proofs.claims import Claim
from proofs.kernel.statement import Statement
from proofs.kernel.terms import Term, mk, num, subterms
from proofs.readings.latex import draw_names, latex
from proofs.runner.site.marks import head

LETTERS = "jkmtinsxyz"
FEW = 3  # a hypothesis on at most so many names says where each of them ranges; one on more ties them to each other
Row = dict[str, Any]


class Reader:
    """Reads the declarations of one claim in its own notation."""

    def __init__(self, claim: Claim, statement: Statement) -> None:
        self.statement, self.notation = statement, claim.notation
        self.draws = draw_names(statement.raw)
        self.terms = [t for p in (statement.claim, *[h for _, h in statement.hyps]) for t in subterms(p)]
        self.free = [letter for letter in LETTERS if letter not in statement.decls.names()]
        about = {name: {n for t in subterms(h) for n in names(t)} for name, h in statement.hyps}
        self.about = {name: mentioned for name, mentioned in about.items() if len(mentioned) <= FEW}

    def tex(self, t: Term) -> str:
        return latex(t, self.notation, self.draws)

    def letters(self, count: int) -> list[Term]:
        """So many integer symbols that the statement does not use."""
        return [mk("Sym", letter, "Int") for letter in self.free[:count]]

    def rows(self) -> Iterator[Row]:
        """One row a declaration: TeX, words, what it looks like, hypotheses on it, and whether it is a definition."""
        for kind, name, *rest in self.statement.raw:
            yield from getattr(self, f"_{kind.lower()}")(name, *rest)

    def row(self, name: str, tex: str, words: str, *, tail: str = "", defines: bool = False) -> Row:
        """A line of the list; `latex` and `heads` are lists, as symbols that are said alike share a line."""
        seen = head(self.notation.get(name, "")) or self.tex(mk("Sym", name, "Int"))
        shown = self.notation.get(name) is None or head(self.notation[name]) is not None
        under = [key for key, mentioned in self.about.items() if name in mentioned and not defines]
        found = {"latex": [tex], "words": words, "tail": tail, "defines": defines}
        return {**found, "heads": [seen] if shown else [], "under": under}

    def _size(self, name: str, least: int) -> Iterator[Row]:
        yield self.row(name, self.tex(mk("Sym", name, "Int")), f"a size, at least {least}")

    def _int(self, name: str) -> Iterator[Row]:
        yield self.row(name, self.tex(mk("Sym", name, "Int")), "an integer")

    def _real(self, name: str) -> Iterator[Row]:
        yield self.row(name, self.tex(mk("Sym", name, "Real")), "a real number")

    def _fn(self, name: str, arity: int) -> Iterator[Row]:
        of = "an integer" if arity == 1 else f"{arity} integers"
        shown = self.tex(mk("App", name, *self.letters(arity)))
        yield self.row(name, shown, f"any function of {of}, with real values")

    def _kernel(self, name: str, sizes: list[Term], size: Term) -> Iterator[Row]:
        given = self.letters(len(sizes))
        shown = self.tex(mk("App", name, *self.letters(len(sizes) + 1)))
        what = "probabilities, over the last argument" if given else "probabilities"
        yield self.row(name, shown, f"{what}; number of outcomes:", tail=self.tex(size))

    def _process(self, name: str, last: Any, draws: list[list[Any]]) -> Iterator[Row]:
        """Its draws; a process that ends at time 0 has no later ones, and they are shown without a time."""
        time = num(0) if last in (0, num(0)) else self.letters(1)[0]
        for draw, size, first, first_args, later, args in draws:
            if last in (0, num(0)) or (first, first_args) == (later, args):
                yield self._drawn(name, draw, size, time, later, args)
            else:
                yield self._drawn(name, draw, size, num(0), first, first_args)
                yield self._drawn(name, draw, size, mk("Add", time, num(1)), later, args)

    def _drawn(self, process: str, draw: str, size: Term, when: Term, law: str, args: list[Any]) -> Row:
        """`s_{j+1} ~ P(j, s_j, a_j, .)`: a draw and the law that it follows, given what it depends on."""
        given = [self.tex(self._given(process, when, *arg)) for arg in args]
        shown = self.tex(mk("Draw", process, mk("Path", process, "w"), draw, when))
        law = head(self.notation.get(law, "")) or self.tex(mk("Sym", law, "Int"))
        shown = rf"{shown} \sim {law}({', '.join([*given, chr(92) + 'cdot'])})"
        return self.row(draw, shown, "a random outcome; number of outcomes:", tail=self.tex(size))

    def _given(self, process: str, when: Term, draw: str, shift: int) -> Term:
        """What a law depends on: the time (`@`) or an earlier draw."""
        at = earlier(when, shift)
        return at if draw == "@" else mk("Draw", process, mk("Path", process, "w"), draw, at)

    def _def(self, name: str, sorts: list[str], _: Term) -> Iterator[Row]:
        used = self._used(name)
        t = mk("Def", name, *self._arguments(sorts)) if used is None else used
        shown = f"{self.tex(t)} = {self.tex(self.statement.decls.unfold(t))}"
        yield {**self.row(name, shown, "", defines=True), "left": self.tex(t), "name": name}

    def _used(self, name: str) -> Term | None:
        """The definition at the letters at which the statement itself uses it."""
        plain = ("Sym", "Path")
        uses = [t for t in self.terms if t.op == "Def" and t.args[0] == name]
        return next((t for t in uses if all(a.op in plain for a in t.args[1:]) and t.loose == 0), None)

    def _arguments(self, sorts: list[str]) -> list[Term]:
        letters = iter(self.letters(len(sorts)))
        return [mk("Path", s[5:], "w") if s.startswith("Path ") else mk("Sym", next(letters).args[0], s) for s in sorts]


def earlier(when: Term, shift: int) -> Term:
    """The time `when + shift`, where j + 1 - 1 is j."""
    if when.op == "Add" and shift == -1:
        return when.args[0]  # type: ignore[no-any-return]
    return mk("Add", when, num(shift)) if shift else when


def names(t: Term) -> list[str]:
    """The declared names that a term itself has."""
    at = {"Sym": 0, "App": 0, "Def": 0, "Draw": 2}.get(t.op)
    return [] if at is None else [t.args[at]]


def symbols(claim: Claim) -> list[Row]:
    """The letters of a claim's statement, in the order of their declarations; none without a formal statement."""
    if claim.statement is None:
        return []
    rows: list[Row] = []
    for one in Reader(claim, claim.statement).rows():
        if rows and not one["defines"] and all(one[key] == rows[-1][key] for key in ("words", "tail", "under")):
            rows[-1]["latex"] += one["latex"]
            rows[-1]["heads"] += one["heads"]
        else:
            rows.append(one)
    return rows


def heads(rows: list[Row]) -> dict[str, str]:
    """What a symbol looks like -> the numbers of the lines that tell of it, with spaces."""
    found: dict[str, list[str]] = {}
    for number, one in enumerate(rows):
        for seen in one.get("heads", []):
            lines = found.setdefault(seen, [])
            lines += [str(number)] if str(number) not in lines else []
    return {seen: " ".join(lines) for seen, lines in found.items()}
