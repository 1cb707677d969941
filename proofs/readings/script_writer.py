"""Writes the parts of one stand-alone SymPy script; `sympy_script` puts them together."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proofs.kernel.statement import Statement
from proofs.kernel.terms import Term, subterms
from proofs.readings.code import Code, Env
from proofs.readings.free import defining, sorts_of_symbols
from proofs.readings.helpers import needed
from proofs.readings.layout import ADD, WHOLE
from proofs.readings.spans import Walk, cells, index, span

SIGNS = {"Eq": "=", "Le": "<=", "Lt": "<", "Ne": "!="}
WIDTH = 100
RATIONAL = "Q = sp.Rational"
LOGS = 'Q = lambda *x: sp.S(x[0]) if "ln" in str(x[0]) else sp.Rational(*x)  # a rational, or the logarithm of one'


@dataclass(frozen=True)
class Script:
    """source: the script.  sizes: at which sizes it runs, in words.  symbolic: it also runs with symbols."""

    source: str
    sizes: str
    symbolic: bool

    @property
    def lines(self) -> int:
        return sum(bool(line.strip()) for line in self.source.splitlines())


class Writer:
    """Writes one script."""

    def __init__(
        self, claim_id: str, title: str, statement: Statement, instance: Mapping[str, Any], story: Any
    ) -> None:
        self.id, self.title = " ".join(claim_id.split()), " ".join(title.split())
        self.statement, self.story = statement, story
        self.decls = statement.decls
        self.ints: dict[str, int] = {n: v for n, v in instance.get("ints", {}).items() if n in self.decls.sorts}
        self.reals: dict[str, str] = {n: str(v) for n, v in instance.get("reals", {}).items() if n in self.decls.sorts}
        self.tables: dict[str, Any] = dict(instance.get("tables", {}))
        self.terms = [statement.claim, *([story.start, *[line.term for line in story.lines]] if story else [])]
        walk = Walk(self.decls, self.ints)
        for t in [*self.terms, *[h for _, h in statement.hyps]]:
            walk.visit(t)
        self.code = Code(self.decls, self.decls.names(), walk.unsafe)
        self.defining = defining(statement, self.ints)
        self.link: list[str] = []
        self.relations: set[str] = set()

    # --------------------------------------------------------------------------------- the whole
    def at_sizes(self, symbolic: bool, numbers: bool) -> Script:
        """The statement at the instance's sizes: with its numbers, and with symbols for what may vary."""
        sorts = self.symbols() if symbolic and self.equations() else {}
        ints = ", ".join(f"{n} = {v}" for n, v in self.ints.items())
        free = ", ".join(sorts)
        modes = [m for m, on in (("exact numbers", numbers), (f"symbols for {free}", bool(sorts))) if on]
        sizes = " ".join(s for s in (f"at {ints}:" if ints else "at", " and ".join(modes)) if s)
        body = [*self.data(), *self.processes(False, sorts), *self.definitions(), *self.runs(sorts, numbers)]
        return self.assembled(sizes, body, bool(sorts))

    def on_points(self) -> bool:
        """Reals alone, with kinks or an inequality: there is more to see than one instance."""
        if self.ints or self.tables or self.decls.processes:
            return False
        return self.has("Min", "Max", "Clip") or self.statement.claim.op in ("Le", "Lt", "Ne")

    def has(self, *ops: str) -> bool:
        bodies = [body for _, body in self.decls.defs.values()]
        return any(s.op in ops for t in [*self.terms, *bodies] for s in subterms(t))

    def equations(self) -> bool:
        """Is there an equation that could be decided with symbols?"""
        relations = [line.relation for line in self.story.lines] if self.story else []
        equation = "Eq" in {*relations, *concluded(self.statement.claim)}
        return equation and not self.has("Min", "Max", "Clip")

    def symbols(self) -> dict[str, str]:
        return sorts_of_symbols(self.statement, self.ints, self.tables, self.terms, self.defining, self.code.name)

    def assembled(self, sizes: str, body: list[str], symbolic: bool) -> Script:
        code = [*needed(self.code.needs), *self.link, *body]
        imports = ["import sys", *(["from itertools import product"] if "table" in self.code.needs else [])]
        q = [RATIONAL if not any("ln(" in line for line in self.data()) else LOGS]
        q = q if any(re.search(r"\bQ\b", line) for line in code) else []
        lines = [f"# {self.id}, {sizes}", f"# {self.title}", *imports, "", "import sympy as sp", "", *q, *spaced(code)]
        return Script("\n".join(lines) + "\n", sizes, symbolic)

    # --------------------------------------------------------------------------------- declarations
    def data(self) -> list[str]:
        """Sizes, reals and tables with the instance's numbers."""
        ints = [self.code.name(n) for n in self.ints]
        out = [f"{', '.join(ints)} = {', '.join(map(str, self.ints.values()))}"] if ints else []
        out += [f'{self.code.name(n)} = Q("{v}")' for n, v in self.reals.items()]
        return out + [
            line for name, rows in self.tables.items() if name in self.decls.arity for line in self.table(name, rows)
        ]

    def table(self, name: str, rows: Any) -> list[str]:
        """A table in one call; equal parts along the first index are written once."""
        undefined = {at for d in self.defining if d.name == name for at in d.cells}
        entries = [(at, "-" if at in undefined or x is None else str(x)) for at, x in cells(rows)]
        shape = [max(at[k] for at, _ in entries) + 1 for k in range(len(entries[0][0]))]
        if len(entries) != _volume(shape):
            raise ValueError(
                f"the table of {name} must be rectangular; got {len(entries)} entries for the shape {shape}"
            )
        words, parts = [x for _, x in entries], shape[0]
        if len(shape) == 1 and "-" not in words:
            return [f"{self.code.name(name)} = {self.code.call('row', chr(34) + ' '.join(words) + chr(34))}"]
        size = len(words) // parts
        repeated = parts > 1 and size > 1 and all(words[n] == words[n % size] for n in range(len(words)))
        lines = textwrap.wrap(" ".join(words[:size] if repeated else words), WIDTH - 25, break_on_hyphens=False)
        if repeated:
            text = " ".join(f'"{line} "' for line in lines) + f" * {parts}"
        else:
            text = " ".join(f'"{line}"' for line in joined(lines))
        whole = f"{self.code.name(name)} = {self.code.call('table', text, *map(str, shape))}"
        return whole.replace('" "', '"\n    "').split("\n")

    def processes(self, inside: bool, sorts: Mapping[str, str]) -> list[str]:
        """X = [(probability, outcome), ...]; inside the loop over the entries where a law is symbolic."""
        out = []
        for name, proc in self.decls.processes.items():
            laws = {kernel for d in proc.draws for kernel in (d.first[0], d.later[0])}
            if inside == any(kernel in sorts for kernel in laws):
                out += self.sample(name) if name in self.code.samples else self.slots(name)
        return out

    def sample(self, name: str) -> list[str]:
        draw = self.decls.processes[name].draws[0]
        x, pmf = self.code.samples[name], self.code.name(draw.first[0])
        size = self.code.show(draw.size)
        return [f"{self.code.name(name)} = [({pmf}[{x}], {x}) for {x} in range({size}) if {pmf}[{x}] != 0]  # outcomes"]

    def slots(self, name: str) -> list[str]:
        proc, x = self.decls.processes[name], self.code.name(name)
        self.code.needs.add("draws")
        w, time, value = (next(c for c in (c, f"{c}0", f"{c}1") if c not in self.decls.names()) for c in "wty")

        def law(rule: tuple[str, tuple[tuple[str, int], ...]]) -> str:
            at = [f"{time} - {-c}" if c else time for _, c in rule[1]]
            parents = [a if p == "@" else f'{w}["{p}", {a}]' for (p, _), a in zip(rule[1], at, strict=True)]
            return f"{self.code.name(rule[0])}[{', '.join([*parents, value])}]"

        last = index(proc.last, self.ints)
        out = [f"{x} = [(1, {{}})]  # outcomes of all draws, with their probabilities"]
        out.append(f"for {time} in range({self.code.show(proc.last + 1)}):")
        for d in proc.draws:
            first, later = law(d.first), law(d.later)
            whole = first if first == later or last == 0 else f"{first} if {time} == 0 else {later}"
            out.append(
                f'    {x} = draws({x}, "{d.name}", {time}, {self.code.show(d.size)}, lambda {w}, {value}: {whole})'
            )
        return out

    def definitions(self) -> list[str]:
        used = {s.args[0] for t in self.reached() for s in subterms(t) if s.op == "Def"}
        out = []
        for name, (sorts, body) in self.decls.defs.items():
            if name in used:
                env: Env = ()
                for sort in sorts:
                    path = sort.startswith("Path")
                    env = (self.code.path(sort[5:], env) if path else self.code.letter(env), *env)
                out.append(f"def {self.code.name(name)}({', '.join(reversed(env))}):")
                out += [f"    {line}" for line in wrapped(f"return {self.code.show(body, WHOLE, env)}")]
        return out

    def reached(self) -> list[Term]:
        """What is printed, with the bodies of definitions that it mentions."""
        out = [*self.terms, *[h for _, h in self.statement.hyps]]
        for t in out:
            bodies = [self.decls.defs[s.args[0]][1] for s in subterms(t) if s.op == "Def"]
            out += [b for b in bodies if b not in out]
        return out

    # --------------------------------------------------------------------------------- what is run
    def runs(self, sorts: Mapping[str, str], numbers: bool) -> list[str]:
        """The links, with numbers and then with symbols."""
        steps = [*self.processes(True, sorts), *self.solved(), *self.admissible(), *self.links(bool(sorts))]
        if not sorts:
            return steps
        self.code.needs |= {s.partition("(")[0] for s in sorts.values()} & {"symbols", "pmf"}
        modes = '("numbers", "symbols")' if numbers else '("symbols",)'
        chosen = wrapped(f"{', '.join(map(self.code.name, sorts))} = {', '.join(sorts.values())}")
        head = [f"for entries in {modes}:", '    print(f"with {entries}:")', '    if entries == "symbols":']
        return [*head, *[f"        {line}" for line in chosen], *[f"    {line}" for line in steps]]

    def solved(self) -> list[str]:
        """Loops that solve the equations which define a function."""
        out = []
        for d in self.defining:
            env: Env = ()
            for n, reach in enumerate(d.ranges):
                low, high = (self.code.show(t, WHOLE, env) for t in reach)
                env = (self.code.letter(env), *env)
                why = f"  # this hypothesis defines {d.name}" if not n else ""
                out.append(
                    "    " * n + f"for {env[0]} in reversed(range({high if low == '0' else f'{low}, {high}'})):{why}"
                )
            left, right = (self.code.show(t, WHOLE, env) for t in d.equation.args)
            out += ["    " * len(d.ranges) + line for line in wrapped(f"{left} = sp.expand({right})")]
        return out

    def admissible(self) -> list[str]:
        """The other hypotheses: the script says nothing of entries that violate one.  Those on sizes alone are looked at here."""
        solved = {d.hypothesis for d in self.defining}
        given = [h for n, h in self.statement.hyps if n not in solved and not self.surely(h)]
        if not given:
            return []
        shown = " and ".join(self.code.show(h, ADD if h.op == "Implies" else WHOLE) for h in given)
        return [*wrapped(f"if not ({shown}):"), '    sys.exit("these entries violate a hypothesis")']

    def surely(self, h: Term) -> bool:
        """A comparison of indices that holds at these sizes."""
        if h.op not in ("Le", "Lt"):
            return False
        a, b = (span(t, self.ints) for t in h.args)
        return a is not None and b is not None and (a[1] <= b[0] if h.op == "Le" else a[1] < b[0])

    def links(self, symbols: bool) -> list[str]:
        self.code.needs |= {"residual", "refuted"}
        claim, lines = self.statement.claim, []
        self.link_helper(symbols)
        if self.story is None:
            return self.prove(claim, (), lambda a, sign, b: [self.linked(a, sign, b, "the claim")])
        names = ["start", *[f"line{n + 1}" for n in range(len(self.story.lines))]]
        start = self.code.show(self.story.start)
        lines = wrapped(f"start = {start}")
        for line, before, name in zip(self.story.lines, names, names[1:], strict=False):
            shown, why = self.code.show(line.term), line.reason or f"{before} {SIGNS[line.relation]} {name}"
            if start.startswith(("E(", "Var(")):
                shown = shown.replace(start, "start")  # computed once
            lines += [*wrapped(f"{name} = {shown}"), self.linked(before, SIGNS[line.relation], name, why)]
        return [*lines, self.linked("start", SIGNS[claim.op], names[-1], "the claim")]

    def linked(self, a: str, sign: str, b: str, why: str) -> str:
        middle = "" if self.relations == {"Eq"} else f'"{sign}", '
        return f"link({a}, {middle}{b}, {json.dumps(why, ensure_ascii=False)})"

    def prove(self, p: Term, env: Env, checked: Callable[[str, str, str], list[str]]) -> list[str]:
        """Lines that check a proposition: a loop for a quantifier or over outcomes, `checked` for a comparison."""
        if p.op == "All":
            v = self.code.letter(env)
            return [
                f"for {v} in {self.code.reach(p, env)}:",
                *[f"    {x}" for x in self.prove(p.args[2], (v, *env), checked)],
            ]
        if p.op == "Surely":
            w = self.code.path(p.args[0], env)
            each = self.prove(p.args[1], (w, *env), checked)
            return [f"for _, {w} in {self.code.name(p.args[0])}:", *[f"    {x}" for x in each]]
        if p.op == "And":
            return [x for a in p.args for x in self.prove(a, env, checked)]
        if p.op == "Implies":
            return [
                f"if {self.code.show(p.args[0], WHOLE, env)}:",
                *[f"    {x}" for x in self.prove(p.args[1], env, checked)],
            ]
        if p.op not in SIGNS:
            raise ValueError(f"a proposition without a form in a script: {p!r:.80}")
        left, right = (self.code.show(a, WHOLE, env) for a in p.args)
        return [*wrapped(f"left = {left}"), *wrapped(f"right = {right}"), *checked("left", SIGNS[p.op], "right")]

    def link_helper(self, symbols: bool) -> None:
        """Which cases `link` must tell apart in this script."""
        lines = [line.relation for line in self.story.lines] if self.story else []
        self.relations = {*lines, *concluded(self.statement.claim)}
        powers, logs = self.has("Exp"), self.has("Ln", "Exp", "D")
        self.code.needs |= {"sign"} if powers or (self.relations != {"Eq"} and logs) else set()
        self.link = link_text(self.relations, symbols, logs, powers)


def concluded(p: Term) -> set[str]:
    """The relations that a proposition concludes."""
    if p.op in SIGNS:
        return {p.op}
    parts = {"And": p.args, "Implies": p.args[1:], "All": p.args[2:], "Surely": p.args[1:]}.get(p.op, ())
    return {r for a in parts for r in concluded(a)}


def link_text(relations: set[str], symbols: bool, logs: bool, powers: bool = False) -> list[str]:
    """The function that checks one step; it knows the relations that occur.

    Powers of e: SymPy may leave a difference that is 0 in two pieces, so that one must be told from 0 by its digits.
    """
    if relations == {"Eq"}:
        out, test = ["def link(a, b, why):", "    gap = residual(b - a)"], "gap != 0"
        if powers:
            test += f" and ({'gap.free_symbols or ' if symbols else ''}sign(gap) != 0)"
    else:
        gap = "sign(gap)" if logs else "gap"
        tests = {"Eq": "gap != 0", "Ne": "gap == 0", "Le": f"{gap} < 0", "Lt": f"{gap} <= 0"}
        test = " or ".join(f'relation == "{SIGNS[r]}" and {tests[r]}' for r in SIGNS if r in relations)
        test = tests[min(relations)] if len(relations) == 1 else test
        out = ["def link(a, relation, b, why):", "    gap = residual(b - a)"]
    if symbols and relations != {"Eq"}:
        out.append('    if relation != "=" and gap.free_symbols:')
        out.append('        return print(f"  {why}: {relation} is left to the numbers")')
    told = "residual {gap}" if relations == {"Eq"} else "{relation} with difference {gap}"
    return [*out, f"    if {test}:", f'        refuted(f"{{why}}: {told}")', f'    print(f"  {{why}}: {told}")']


def spaced(code: list[str]) -> list[str]:
    """A blank line before and after each function."""
    out: list[str] = []
    inside = False
    for line in code:
        begins = line.startswith("def ")
        out += ["", line] if begins or (inside and not line.startswith((" ", ")"))) else [line]
        inside = begins or (inside and line.startswith((" ", ")")))
    return out


def joined(lines: Sequence[str]) -> list[str]:
    """Pieces of one text: all but the last end in a space."""
    return [f"{line} " for line in lines[:-1]] + [lines[-1]]


def _volume(shape: Sequence[int]) -> int:
    out = 1
    for n in shape:
        out *= n
    return out


def wrapped(line: str) -> list[str]:
    """A long line of code in several, broken where it holds together least; it has no text with spaces."""
    if len(line) <= WIDTH:
        return [line]
    if line.startswith("return "):
        return ["return (", *[f"    {part}" for part in pieces(line.removeprefix("return "), WIDTH - 4)], ")"]
    head, found, rest = line.partition(" = ")
    if not found or line.startswith("if "):
        first, *others = pieces(line, WIDTH)
        return [first, *[f"        {part}" for part in others]]
    return [f"{head} = (", *[f"    {part}" for part in pieces(rest, WIDTH - 4)], ")"]


def pieces(text: str, width: int) -> list[str]:
    """Parts of at most this width where that can be: each ends at the outermost space of its second half."""
    out: list[str] = []
    while len(text) > width:
        depth, breaks = 0, []
        for n, c in enumerate(text):
            depth += (c in "([{") - (c in ")]}")
            good = text[n - 1] == "," or text[n + 1 :].startswith(("+ ", "- ", "* ", "for ", "and "))
            if c == " " and width // 3 < n <= width and good:
                breaks.append((depth, -n))
        if not breaks:
            breaks = [(0, -(text.find(" ", width // 3) if " " in text[width // 3 :] else len(text)))]
        at = -min(breaks)[1]
        out.append(text[:at])
        text = text[at + 1 :]
    return [*out, text] if text else out
