"""LaTeX of a term, for KaTeX in strict mode, and one line of plain text for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from proofs.kernel.terms import KINDS, Term, covered
from proofs.readings.layout import ADD, AND, ATOM, COMPARE, FACTOR, GREEK, MUL, POWER, WHOLE, Env, Printer

NOTHING: Mapping[str, str] = {}
NO_DRAWS: Mapping[str, Sequence[str]] = {}
TALL = (r"\frac", r"\sum", r"\left", r"\tfrac")


def latex(t: Term, notation: Mapping[str, str] = NOTHING, draws: Mapping[str, Sequence[str]] = NO_DRAWS) -> str:
    """TeX of a term or proposition.

    notation: name -> TeX (r"\\gamma"), or a template over all arguments ("V_{{{0}}}"; {0} is the first argument).
    A draw with a plain TeX name loses its time 0: "x" for x_0.  draws: process -> names of its draws, for the levels.
    Raises ValueError where a template leaves out an argument, which would make two terms look alike.
    """
    return Latex(t, notation, draws).show(t)


def text(t: Term, draws: Mapping[str, Sequence[str]] = NO_DRAWS) -> str:
    """One line of plain Unicode."""
    return Text(t, NOTHING, draws).show(t)


def draw_names(declarations: Sequence[Sequence[object]]) -> dict[str, list[str]]:
    """process -> the names of its draws, from a statement's declarations."""
    return {str(d[1]): [draw[0] for draw in d[3]] for d in declarations if d[0] == "Process"}  # type: ignore[attr-defined]


def template(p: Printer, t: Term, env: Env) -> str:
    """By the table of kinds; the arguments are delimited."""
    form = KINDS[t.op].latex or ""
    return form.format(*[p.show(a, WHOLE, env) if isinstance(a, Term) else a for a in t.args])


def spoken(op: str) -> Callable[[Printer, Term, Env], str]:
    form = KINDS[op].text or ""
    return lambda p, t, env: form.format(*[p.show(a, WHOLE, env) for a in t.args])


def infix(sign: str, left: int, right: int) -> Callable[[Printer, Term, Env], str]:
    return lambda p, t, env: f"{p.show(t.args[0], left, env)} {sign} {p.show(t.args[1], right, env)}"


class Latex(Printer):
    """Fractions, subscripts, limits above and below."""

    def bracketed(self, text: str) -> str:
        return rf"\left({text}\right)" if any(mark in text for mark in TALL) else f"({text})"

    def fraction(self, top: int, bottom: int) -> str:
        return rf"\tfrac{{{top}}}{{{bottom}}}"

    def product(self, left: str, right: str) -> str:
        return rf"{left} \cdot {right}" if right[0].isdigit() or right.startswith(r"\tfrac") else rf"{left}\, {right}"

    def power(self, t: Term, env: Env) -> str:
        base, shown = t.args[0], self.show(t.args[0], ATOM, env)
        raised = base.op in ("Ln", "Exp", "Ind", "D", "Div", "Draw", "App", "Def") and (
            base.op in ("Ln", "Exp", "Ind", "D", "Div") or "^" in shown or "'" in shown
        )
        return f"{self.bracketed(shown) if raised else shown}^{{{self.show(t.args[1], WHOLE, env)}}}"

    def word(self, head: str, below: list[str]) -> str:
        shown = "\\" + head if head in GREEK else head if len(head) == 1 else rf"\mathit{{{head}}}"
        under = ",".join(part if len(part) == 1 or part.isdigit() else rf"\mathrm{{{part}}}" for part in below)
        return f"{shown}_{{{under}}}" if below else shown

    def verbatim(self, name: str) -> str:
        return rf"\mathtt{{{name.replace('_', chr(92) + '_').replace('#', chr(92) + '#')}}}"

    def marked(self, text: str, marks: str) -> str:
        if not marks:
            return text
        return (
            text + marks
            if marks.strip("'") == "" and "^" not in text
            else f"{{{text}}}^{{{marks}}}".replace("'", r"\prime")
        )

    def draw(self, t: Term, env: Env) -> str:
        _, path, name, time = t.args
        given, mark = self.notation.get(name, ""), self.mark(path, env)
        if "{0}" in given:
            return self.marked(given.format(self.show(time, WHOLE, env)), mark)
        head = self.marked(given or self.name(name), mark)
        return head if given and time.key == "(Num 0)" else f"{head}_{{{self.show(time, WHOLE, env)}}}"

    def sum(self, t: Term, env: Env) -> str:
        inner = self.inner(t, env)
        start = f"{inner[0]}={self.show(t.args[0], WHOLE, env)}"
        guard = self.guard(t)
        below = start if guard is None else rf"\substack{{{start}\\ {self.show(guard, WHOLE, inner)}}}"
        return rf"\sum_{{{below}}}^{{{self.last(t.args[1], env)}}} {self.show(t.args[3], MUL, inner)}"

    def every(self, t: Term, env: Env) -> str:
        inner = self.inner(t, env)
        where = rf"\{{{self.show(t.args[0], WHOLE, env)},\dots,{self.last(t.args[1], env)}\}}"
        return rf"\forall {inner[0]} \in {where}:\; {self.show(t.args[2], WHOLE, inner)}"

    def operator(self, t: Term, inner: Env) -> str:
        """E or Var, with the primes of its path, and its process where the term has several."""
        sign = r"\operatorname{Var}" if t.op == "Var" else r"\mathbb{E}"
        which = f"_{{{self.name(t.args[0])}}}" if len(self.processes) > 1 else ""
        return sign + which + inner[0][1:]

    def mean(self, t: Term, env: Env) -> str:
        inner = self.inner(t, env)
        return rf"{self.operator(t, inner)}\left[{self.show(t.args[1], WHOLE, inner)}\right]"

    def clip(self, t: Term, env: Env) -> str:
        x, low, high = (self.show(a, WHOLE, env) for a in t.args)
        return rf"\operatorname{{clip}}\left({x},\, {low},\, {high}\right)"

    def slope(self, t: Term, env: Env) -> str:
        """d/dt of the body, at t = the point."""
        inner = self.inner(t, env)
        v, point = inner[0], self.show(t.args[0], WHOLE, env)
        return rf"\left.\frac{{d}}{{d{v}}}\, {self.show(t.args[1], MUL, inner)}\right|_{{{v}={point}}}"

    def indicator(self, t: Term, env: Env) -> str:
        return rf"\mathbf{{1}}\{{{self.show(t.args[0], WHOLE, env)}\}}"

    def surely(self, t: Term, env: Env) -> str:
        return rf"\text{{surely}}:\; {self.show(t.args[1], WHOLE, self.inner(t, env))}"

    def given(self, t: Term, env: Env) -> str:
        inner = self.inner(t, env)
        body, time = self.show(t.args[4], WHOLE, inner), self.show(t.args[2], WHOLE, env)
        known = r"\mathcal{F}" + self.mark(t.args[1], env)
        known = f"{{{known}}}" if "'" in known or "_" in known else known
        return rf"{self.operator(t, inner)}\left[{body} \mid {known}_{{{time}}}^{{({self.level(t)})}}\right]"

    def level(self, t: Term) -> str:
        """What is known of the slot: the names of its draws, or their number."""
        names = self.draws.get(t.args[0])
        return str(t.args[3]) if names is None or not t.args[3] else ", ".join(map(self.name, names[: t.args[3]]))


class Text(Latex):
    """The same in one line."""

    fraction_binding = MUL

    def bracketed(self, text: str) -> str:
        return f"({text})"

    def fraction(self, top: int, bottom: int) -> str:
        return f"{top}/{bottom}"

    def product(self, left: str, right: str) -> str:
        return f"{left}·{right}"

    def quotient(self, t: Term, env: Env) -> str:
        return f"{self.show(t.args[0], POWER, env)} / {self.show(t.args[1], POWER, env)}"

    def binding(self, t: Term) -> int:
        return MUL if t.op == "Div" else super().binding(t)

    def mul(self, t: Term, env: Env) -> str:
        a, b = t.args
        if a.op != "Div":
            return super().mul(t, env)
        return self.product(self.bracketed(self.show(a, WHOLE, env)), self.show(b, FACTOR, env))

    def power(self, t: Term, env: Env) -> str:
        return f"{self.show(t.args[0], ATOM, env)}^{self.show(t.args[1], ATOM, env)}"

    def word(self, head: str, below: list[str]) -> str:
        return (
            GREEK.get(head, head)
            + (below.pop(0) if below and below[0].isdigit() else "")
            + "".join(f"_{b}" for b in below)
        )

    def verbatim(self, name: str) -> str:
        return name

    def marked(self, text: str, marks: str) -> str:
        return text + marks if marks.strip("'") == "" else f"{text}{{{marks}}}"

    def draw(self, t: Term, env: Env) -> str:
        _, path, name, time = t.args
        return f"{self.marked(self.name(name), self.mark(path, env))}[{self.show(time, WHOLE, env)}]"

    def sum(self, t: Term, env: Env) -> str:
        inner, guard = self.inner(t, env), self.guard(t)
        where = f"{inner[0]}={self.show(t.args[0], WHOLE, env)}..{self.last(t.args[1], env)}"
        where += "" if guard is None else f", {self.show(guard, WHOLE, inner)}"
        return f"Σ_{{{where}}} {self.show(t.args[3], MUL, inner)}"

    def every(self, t: Term, env: Env) -> str:
        inner = self.inner(t, env)
        where = f"{self.show(t.args[0], WHOLE, env)}..{self.last(t.args[1], env)}"
        return f"for all {inner[0]} in {where}: {self.show(t.args[2], WHOLE, inner)}"

    def operator(self, t: Term, inner: Env) -> str:
        which = f"_{self.name(t.args[0])}" if len(self.processes) > 1 else ""
        return ("Var" if t.op == "Var" else "E") + which + inner[0][1:]

    def mean(self, t: Term, env: Env) -> str:
        inner = self.inner(t, env)
        return f"{self.operator(t, inner)}[{self.show(t.args[1], WHOLE, inner)}]"

    def slope(self, t: Term, env: Env) -> str:
        inner = self.inner(t, env)
        return f"d/d{inner[0]}[{self.show(t.args[1], WHOLE, inner)}]({inner[0]} = {self.show(t.args[0], WHOLE, env)})"

    def surely(self, t: Term, env: Env) -> str:
        return f"surely: {self.show(t.args[1], WHOLE, self.inner(t, env))}"

    def given(self, t: Term, env: Env) -> str:
        inner = self.inner(t, env)
        known = f"F{self.mark(t.args[1], env)}[{self.show(t.args[2], WHOLE, env)}; {self.level(t)}]"
        return f"{self.operator(t, inner)}[{self.show(t.args[4], WHOLE, inner)} | {known}]"


SHARED: dict[str, Callable[..., str]] = {
    "Num": Latex.number, "Sym": Latex.symbol, "Path": Latex.mark, "Bound": Latex.letter, "Add": Latex.add,
    "App": Latex.called, "Def": Latex.called,
}  # fmt: skip
Latex.HANDLERS = {
    **SHARED, "Draw": Latex.draw, "Mul": Latex.mul, "Pow": Latex.power, "Sum": Latex.sum, "All": Latex.every,
    "E": Latex.mean, "Var": Latex.mean, "CondE": Latex.given, "D": Latex.slope, "Surely": Latex.surely,
    "Ind": Latex.indicator,
    **dict.fromkeys(("Div", "Ln", "Exp", "Min", "Max", "True"), template), "Clip": Latex.clip,
    "Eq": infix("=", ADD, ADD), "Le": infix(r"\le", ADD, ADD), "Lt": infix("<", ADD, ADD), "Ne": infix(r"\ne", ADD, ADD),
    "And": infix(r"\;\text{and}\;", AND, COMPARE), "Implies": infix(r"\Rightarrow", AND, AND),
}  # fmt: skip
Text.HANDLERS = {
    **SHARED, "Draw": Text.draw, "Mul": Text.mul, "Pow": Text.power, "Sum": Text.sum, "All": Text.every,
    "E": Text.mean, "Var": Text.mean, "CondE": Text.given, "Div": Text.quotient,
    "D": Text.slope, "Surely": Text.surely,
    **{op: spoken(op) for op in ("Ln", "Exp", "Ind", "Min", "Max", "Clip", "True")},
    "Eq": infix("=", ADD, ADD), "Le": infix("≤", ADD, ADD), "Lt": infix("<", ADD, ADD), "Ne": infix("≠", ADD, ADD),
    "And": infix("and", AND, COMPARE), "Implies": infix("implies", AND, AND),
}  # fmt: skip
covered("latex", Latex.HANDLERS)
covered("text", Text.HANDLERS)
