"""A term as a Python expression: tables are indexed, definitions called, `div`, `ln` and `power` check what they are given."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Callable, Mapping

from proofs.kernel.statement import Decls
from proofs.kernel.terms import TRUE, Term, covered, num, subterms
from proofs.readings.free import written_out
from proofs.readings.layout import ADD, ATOM, COMPARE, FACTOR, MUL, NEGATED, POWER, WHOLE, mentions_bound, negated

HELPERS = {
    "E", "Var", "given", "draws", "row", "div", "ln", "power", "least", "greatest", "clip", "table", "symbols", "pmf", "draw",
    "residual", "sign", "link", "refuted", "check", "around", "sp", "sys", "Q", "product", "start", "left", "right", "entries",
    "count", "outside", "gap", "slope", "step", "still", "exp", "indicator",
}  # fmt: skip
RESERVED = {*keyword.kwlist, *dir(builtins), *HELPERS}
BINDINGS = {"Add": ADD, "Mul": MUL, "Pow": POWER, **dict.fromkeys(("Eq", "Le", "Lt", "Ne", "Implies"), COMPARE)}
TRANSCENDENTAL = ("Ln", "Exp", "D")
Env = tuple[str, ...]


class Code:
    """Prints terms of one statement.  `needs` collects the helper functions that the printed code calls."""

    def __init__(self, decls: Decls, used: set[str], unsafe: set[Term]) -> None:
        self.decls, self.unsafe = decls, unsafe
        self.needs: set[str] = set()
        self.moving: set[str] = set()  # letters of reals by which something is differentiated
        taken = {*used, *RESERVED}
        self.letters = [c for c in [*"jihluvxyzabcdefgmnopqrst", *(f"i{n}" for n in range(99))] if c not in taken]
        self.samples = {n: p.draws[0].name for n, p in decls.processes.items() if self.is_sample(n)}
        self.paths = [
            c for c in ["w", "v", "o", *(f"w{n}" for n in range(99))] if c not in taken and c not in self.letters[:12]
        ]

    def is_sample(self, process: str) -> bool:
        """One draw in one slot, never looked at elsewhere: an outcome is that draw."""
        proc = self.decls.processes[process]
        once = (
            len(proc.draws) == 1 and proc.last is num(0) and proc.draws[0].name not in {*self.decls.names(), *RESERVED}
        )
        return once and not any(t.op == "Draw" and t.args[0] == process for t in self.unsafe)

    # --------------------------------------------------------------------------------- layout
    def show(self, t: Term, least: int = WHOLE, env: Env = ()) -> str:
        out = HANDLERS[t.op](self, t, env)
        return f"({out})" if self.binding(t) < least else out

    def binding(self, t: Term) -> int:
        if t.op == "Num":
            return NEGATED if t.args[0] < 0 and t.args[0].denominator == 1 else ATOM
        return NEGATED if negated(t) is not None else BINDINGS.get(t.op, ATOM)

    def name(self, name: str) -> str:
        return f"{name}_" if name in RESERVED else name

    def letter(self, env: Env, first: str = "") -> str:
        """A letter for one more index, or for a real where `first` names better ones."""
        return next(c for c in (*[c for c in first if c in self.letters], *self.letters) if c not in env)

    def path(self, process: str, env: Env) -> str:
        """A name for an outcome."""
        if process in self.samples and self.samples[process] not in env:
            return self.samples[process]
        return next(c for c in self.paths if c not in env)

    def call(self, helper: str, *args: str) -> str:
        if helper not in vars(builtins):
            self.needs.add(helper)
        return f"{helper}({', '.join(args)})"

    # --------------------------------------------------------------------------------- kinds
    def number(self, t: Term, env: Env) -> str:
        c = t.args[0]
        return str(c) if c.denominator == 1 else f"Q({c.numerator}, {c.denominator})"

    def symbol(self, t: Term, env: Env) -> str:
        return self.name(t.args[0])

    def bound(self, t: Term, env: Env) -> str:
        return env[t.args[0]]

    def free_path(self, t: Term, env: Env) -> str:
        raise ValueError(f"a path outside of an expectation has no form in a script: {t!r}")

    def indexed(self, t: Term, env: Env) -> str:
        return f"{self.name(t.args[0])}[{', '.join(self.show(a, WHOLE, env) for a in t.args[1:])}]"

    def defined(self, t: Term, env: Env) -> str:
        return f"{self.name(t.args[0])}({', '.join(self.show(a, WHOLE, env) for a in t.args[1:])})"

    def draw(self, t: Term, env: Env) -> str:
        path, time = self.show(t.args[1], ATOM, env), self.show(t.args[3], WHOLE, env)
        if t.args[0] in self.samples:
            return path
        return self.call("draw", path, f'"{t.args[2]}"', time) if t in self.unsafe else f'{path}["{t.args[2]}", {time}]'

    def add(self, t: Term, env: Env) -> str:
        left, minus = self.show(t.args[0], ADD, env), negated(t.args[1])
        return (
            f"{left} + {self.show(t.args[1], MUL, env)}" if minus is None else f"{left} - {self.show(minus, MUL, env)}"
        )

    def mul(self, t: Term, env: Env) -> str:
        if negated(t) is not None:
            return f"-{self.show(t.args[1], MUL, env)}"
        return f"{self.show(t.args[0], MUL, env)} * {self.show(t.args[1], FACTOR, env)}"

    def quotient(self, t: Term, env: Env) -> str:
        return self.call("div", *[self.show(a, WHOLE, env) for a in t.args])

    def power(self, t: Term, env: Env) -> str:
        if t in self.unsafe:
            return self.call("power", *[self.show(a, WHOLE, env) for a in t.args])
        return f"{self.show(t.args[0], ATOM, env)}**{self.show(t.args[1], ATOM, env)}"

    def checked(self, helper: str) -> Callable[[Term, Env], str]:
        return lambda t, env: self.call(helper, *[self.show(a, WHOLE, env) for a in t.args])

    def indicator(self, t: Term, env: Env) -> str:
        return self.call("indicator", self.show(t.args[0], WHOLE, env))

    def reach(self, t: Term, env: Env) -> str:
        low, high = (self.show(a, WHOLE, env) for a in t.args[:2])
        return f"range({high})" if low == "0" else f"range({low}, {high})"

    def sum(self, t: Term, env: Env) -> str:
        v = self.letter(env)
        guard = "" if t.args[2] is TRUE else f" if {self.show(t.args[2], WHOLE, (v, *env))}"
        return f"sum({self.show(t.args[3], WHOLE, (v, *env))} for {v} in {self.reach(t, env)}{guard})"

    def every(self, t: Term, env: Env) -> str:
        v = self.letter(env)
        return f"all([{self.show(t.args[2], WHOLE, (v, *env))} for {v} in {self.reach(t, env)}])"

    def mean(self, t: Term, env: Env) -> str:
        w = self.path(t.args[0], env)
        return self.call(t.op, self.name(t.args[0]), f"lambda {w}: {self.show(t.args[1], WHOLE, (w, *env))}")

    def surely(self, t: Term, env: Env) -> str:
        w = self.path(t.args[0], env)
        return f"all([{self.show(t.args[1], WHOLE, (w, *env))} for _, {w} in {self.name(t.args[0])}])"

    def slope(self, t: Term, env: Env) -> str:
        v = self.letter(env, "tuvxy")
        self.moving.add(v)
        return self.call(
            "slope", f"lambda {v}: {self.show(t.args[1], WHOLE, (v, *env))}", self.show(t.args[0], WHOLE, env)
        )

    def conditional(self, t: Term, env: Env) -> str:
        w = self.path(t.args[0], env)
        if t.args[0] in self.samples:
            raise ValueError(f"a conditional expectation over one draw has no form in a script: {t!r}")
        known = [self.show(a, WHOLE, env) for a in t.args[1:3]]
        body = self.show(t.args[4], WHOLE, (w, *env))
        return self.call("given", self.name(t.args[0]), f"lambda {w}: {body}", *known, str(t.args[3]))

    def compare(self, sign: str) -> Callable[[Term, Env], str]:
        def shown(t: Term, env: Env) -> str:
            moves = any(mentions_bound(t, n) for n, v in enumerate(env) if v in self.moving)
            if moves or any(s.op in TRANSCENDENTAL for s in subterms(written_out(t, self.decls))):
                gap = self.call("residual", self.show(t.args[0] - t.args[1], WHOLE, env))
                return f"{self.call('sign', gap)} {sign} 0"
            return f"{self.show(t.args[0], ADD, env)} {sign} {self.show(t.args[1], ADD, env)}"

        return shown

    def both(self, t: Term, env: Env) -> str:
        return f"all([{', '.join(self.show(a, WHOLE, env) for a in t.args)}])"

    def implies(self, t: Term, env: Env) -> str:
        return f"not ({self.show(t.args[0], WHOLE, env)}) or {self.show(t.args[1], ATOM, env)}"


def _via(method: Callable[..., Callable[[Term, Env], str]], word: str) -> Callable[[Code, Term, Env], str]:
    return lambda code, t, env: method(code, word)(t, env)


HANDLERS: Mapping[str, Callable[[Code, Term, Env], str]] = {
    "Num": Code.number, "Sym": Code.symbol, "Path": Code.free_path, "Bound": Code.bound, "App": Code.indexed,
    "Def": Code.defined, "Draw": Code.draw, "Add": Code.add, "Mul": Code.mul, "Div": Code.quotient, "Pow": Code.power,
    "Ln": _via(Code.checked, "ln"), "Exp": _via(Code.checked, "exp"), "Ind": Code.indicator,
    "D": Code.slope, "Surely": Code.surely, "Min": _via(Code.checked, "least"), "Max": _via(Code.checked, "greatest"),
    "Clip": _via(Code.checked, "clip"), "Sum": Code.sum, "E": Code.mean, "CondE": Code.conditional, "Var": Code.mean,
    "True": lambda code, t, env: "True", "Eq": _via(Code.compare, "=="), "Ne": _via(Code.compare, "!="),
    "Le": _via(Code.compare, "<="), "Lt": _via(Code.compare, "<"), "And": Code.both, "Implies": Code.implies,
    "All": Code.every,
}  # fmt: skip
covered("SymPy script", HANDLERS)
