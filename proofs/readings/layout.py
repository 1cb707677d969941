"""A term as a line of symbols: brackets, letters of bound variables, primes of paths.  What LaTeX and plain text share.

Different terms are printed differently.  Sums and products lean to the left without brackets, `-1 * x` is `-x`, and a
bound variable has a letter that no free name of the term uses.  A path is marked by primes where it must differ from an
outer one that its body mentions; the expectation that averages over it carries the same primes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import ClassVar

from proofs.kernel.terms import KINDS, TRUE, Term, num, subterms

REALS = "tuvxy"  # first choices for a real variable
LETTERS = "jihluvxyzabcdefgmnopqrstwABCDFGHIJKLMNOPQRSTUVWXYZ"
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ", "iota": "ι",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ",
    "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
WORD = re.compile(r"([A-Za-z]+?)(\d*)((?:_[A-Za-z]+)*)")
PLACE = re.compile(r"\{\d+\}")
COMMAND = re.compile(r"\\[a-zA-Z]+|\{[A-Za-z]{2,}\}")
PATH = "~"  # begins the entry of a bound path in an environment
WHOLE, IMPLIES, AND, COMPARE, ADD, NEGATED, MUL, FACTOR, POWER, ATOM = range(10)  # how tightly a term holds together
BINDINGS = {"All": WHOLE, "Implies": IMPLIES, "And": AND, "Add": ADD, "Mul": MUL, "Sum": FACTOR, "Pow": POWER}
BINDINGS |= {"Surely": WHOLE}
BINDINGS |= dict.fromkeys(("Eq", "Le", "Lt", "Ne"), COMPARE)


def negated(t: Term) -> Term | None:
    """x, where t is -1 * x."""
    return t.args[1] if t.op == "Mul" and t.args[0] is num(-1) else None


def open_ended(t: Term) -> bool:
    """Ends in a sum, which would swallow what follows."""
    return t.op == "Sum" or (t.op == "Mul" and open_ended(t.args[1]))


def mentions_bound(t: Term, k: int) -> bool:
    """The k-th variable from outside occurs in t."""
    if t.loose <= k:
        return False
    if t.op == "Bound":
        return bool(t.args[0] == k)
    under = KINDS[t.op].binds
    return any(mentions_bound(a, k + (n in under)) for n, a in enumerate(t.args) if isinstance(a, Term))


Env = tuple[str, ...]  # letters of bound indices and primes of bound paths, innermost first


class Printer:
    """One reading of one term.  draws: the names of a process's draws, to say what a level knows."""

    HANDLERS: ClassVar[Mapping[str, Callable[..., str]]] = {}

    def __init__(self, whole: Term, notation: Mapping[str, str], draws: Mapping[str, Sequence[str]]) -> None:
        self.notation, self.draws = notation, draws
        found = subterms(whole)
        named = {n for s in found for n in self.names_in(s)}
        self.free = {n for n in named if not n.startswith("_")}
        self.processes = {s.args[0] for s in found if s.op in ("E", "CondE", "Var", "Surely", "Draw", "Path")}
        shown = " ".join(n.lstrip("_") + " " + COMMAND.sub(" ", PLACE.sub("", notation.get(n, ""))) for n in named)
        self.letters = [c for c in LETTERS if not re.search(rf"(?<![A-Za-z]){c}(?![A-Za-z])", shown)]

    @staticmethod
    def names_in(t: Term) -> list[str]:
        at = {"Sym": [0], "App": [0], "Def": [0], "Draw": [2]}.get(t.op, [])
        return [t.args[k] for k in at]

    # --------------------------------------------------------------------------------- brackets
    def show(self, t: Term, least: int = WHOLE, env: Env = ()) -> str:
        """t, in brackets where it holds together less tightly than `least`."""
        out = self.HANDLERS[t.op](self, t, env)
        return self.bracketed(out) if self.binding(t) < least else out

    def binding(self, t: Term) -> int:
        if t.op == "Num":
            return NEGATED if t.args[0] < 0 else ATOM if t.args[0].denominator == 1 else self.fraction_binding
        return NEGATED if negated(t) is not None else BINDINGS.get(t.op, ATOM)

    fraction_binding = POWER

    def bracketed(self, text: str) -> str:
        return f"({text})"

    # --------------------------------------------------------------------------------- arithmetic
    def number(self, t: Term, env: Env) -> str:
        c: Fraction = t.args[0]
        size = str(abs(c)) if c.denominator == 1 else self.fraction(abs(c).numerator, c.denominator)
        return f"-{size}" if c < 0 else size

    def fraction(self, top: int, bottom: int) -> str:
        raise NotImplementedError

    def add(self, t: Term, env: Env) -> str:
        left, minus = self.show(t.args[0], ADD, env), negated(t.args[1])
        if minus is not None:
            return f"{left} - {self.show(minus, MUL, env)}"
        return f"{left} + {self.show(t.args[1], MUL, env)}"

    def mul(self, t: Term, env: Env) -> str:
        a, b = t.args
        if negated(t) is not None:
            text = self.show(b, MUL, env)
            return f"-{self.bracketed(text) if b.op == 'Num' and b.args[0] >= 0 else text}"
        left = self.show(a, MUL, env)
        return self.product(self.bracketed(left) if open_ended(a) else left, self.show(b, FACTOR, env))

    def product(self, left: str, right: str) -> str:
        raise NotImplementedError

    def last(self, high: Term, env: Env) -> str:
        """high - 1: the last index of a range."""
        if high.op == "Num":
            return self.show(num(high.args[0] - 1), WHOLE, env)
        if high.op == "Add" and high.args[1] is num(1):
            below = high.args[0]
            minus = negated(below.args[1]) if below.op == "Add" else None
            if below.op != "Num" and minus is not num(1):
                return self.show(below, WHOLE, env)
        return self.show(high - 1, WHOLE, env)

    # --------------------------------------------------------------------------------- binders
    def inner(self, t: Term, env: Env) -> Env:
        """The environment of the body: a new letter, or the fewest primes that no outer path in the body has."""
        if KINDS[t.op].bound != "Path":
            real = [c for c in REALS if c in self.letters] if KINDS[t.op].bound == "Real" else []
            return (next(c for c in (*real, *self.letters) if c not in env), *env)
        body = t.args[-1]
        outer = {e for k, e in enumerate(env) if mentions_bound(body, k + 1)}
        outer |= {PATH + self.mark(s, env) for s in subterms(body) if s.op == "Path"}
        return (next(m for m in (PATH + "'" * k for k in range(len(outer) + 1)) if m not in outer), *env)

    def mark(self, path: Term, env: Env) -> str:
        """The primes of a path, or the name of a free one."""
        if path.op == "Bound":
            return env[path.args[0]].removeprefix(PATH) if path.args[0] < len(env) else f"?{path.args[0]}"
        return "" if path.args[1] == "w" else self.name(path.args[1])

    def is_path(self, t: Term, env: Env) -> bool:
        return t.op == "Path" or (t.op == "Bound" and t.args[0] < len(env) and env[t.args[0]].startswith(PATH))

    def letter(self, t: Term, env: Env) -> str:
        return env[t.args[0]] if t.args[0] < len(env) else f"?{t.args[0]}"

    # --------------------------------------------------------------------------------- names
    def symbol(self, t: Term, env: Env) -> str:
        return self.notation.get(t.args[0]) or self.name(t.args[0])

    def name(self, name: str) -> str:
        """A name as it is printed; a local one loses its underscore, unless that is a name of the term."""
        local = name.lstrip("_")
        if local != name:
            return self.name(local) if local and local not in self.free else self.verbatim(name)
        parts = WORD.fullmatch(name)
        return (
            self.verbatim(name)
            if parts is None
            else self.word(parts[1], [p for p in (parts[2], *parts[3].split("_")) if p])
        )

    def word(self, head: str, below: list[str]) -> str:
        raise NotImplementedError

    def verbatim(self, name: str) -> str:
        raise NotImplementedError

    def called(self, t: Term, env: Env) -> str:
        """A function or definition at its arguments, in the claim's notation where there is one."""
        paths = [self.is_path(a, env) for a in t.args[1:]]
        args = [
            self.mark(a, env) if path else self.show(a, WHOLE, env) for a, path in zip(t.args[1:], paths, strict=True)
        ]
        marks = "".join(a for a, path in zip(args, paths, strict=True) if path)
        shown = [a for a, path in zip(args, paths, strict=True) if not path]
        given = self.notation.get(t.args[0], "")
        if PLACE.search(given):
            hidden = [n for n, path in enumerate(paths) if not path and f"{{{n}}}" not in given]
            if hidden:
                raise ValueError(f"notation of {t.args[0]} must show each argument; got {given!r} without {hidden[0]}")
            return self.marked(given.format(*args), marks)
        head = self.marked(given or self.name(t.args[0]), marks)
        return head + self.bracketed(", ".join(shown)) if shown else head

    def marked(self, text: str, marks: str) -> str:
        raise NotImplementedError

    def guard(self, t: Term) -> Term | None:
        return None if t.args[2] is TRUE else t.args[2]
