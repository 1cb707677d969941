"""Frozen terms: operators build nodes and evaluate nothing; equal terms are one object; bound variables are numbers.

A binder stores its body with `Bound(0)` for its own variable and `Bound(1)` for the next one out: there are no bound
names, so nothing can be captured, and equality up to renaming is identity.  `E`, `CondE` and `Var` bind a *path* of a
process (one outcome of all its draws), so a random value can neither wander into an expectation nor out of it.

The list of kinds is closed: `KINDS` holds for each one its signature, its sort and its templates; the readings that need
more than a template (normal form, value, LaTeX, code) call `covered` on import, so no reading can forget a kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

MAX_SIZE = 20_000  # nodes of one term, counted as a tree: bounds every key and every walk
MAX_TEXT = 200  # characters of a term in a message
MAX_DEPTH = 250
MAX_BITS = 14_000  # of a numerator or denominator: Python prints no integer of more than 4,300 digits


class Malformed(Exception):
    """Not a term, statement or certificate of the closed language."""


def want(ok: object, why: str, *shown: Term) -> None:
    """Refuse malformed data with a sentence; the terms to be shown in it follow."""
    if not ok:
        raise Malformed(why.format(*[show(t)[:MAX_TEXT] for t in shown]) if shown else why)


class Kind(NamedTuple):
    """One row of the table.

    args: a letter for each argument: r real, x index (may be random), i deterministic index (a time, a range end, an
    exponent), w path, p proposition, n name, q rational, k natural number; `*` as the last letter: any number of terms.
    binds: which arguments lie under the binder, which binds an index ("Int"), a real ("Real") or a path ("Path").
    text, latex, code: templates over the arguments; None where the reading needs a function of its own.
    """

    args: str
    sort: str
    binds: tuple[int, ...] = ()
    bound: str = "Int"
    text: str | None = None
    latex: str | None = None
    code: str | None = None


KINDS: dict[str, Kind] = {
    "Num": Kind("q", "Number"),
    "Sym": Kind("nn", "Symbol", text="{0}"),
    "Path": Kind("nn", "Path", text="{1}"),
    "Bound": Kind("k", "Bound"),
    "App": Kind("n*", "Real"),
    "Def": Kind("n*", "Real"),
    "Draw": Kind("nwni", "Index", text="{2}[{3}]"),
    "Add": Kind("rr", "Arith", text="({0} + {1})", code="({0} + {1})"),
    "Mul": Kind("rr", "Arith", text="({0} * {1})", code="({0} * {1})"),
    "Div": Kind("rr", "Real", text="({0} / {1})", latex=r"\frac{{{0}}}{{{1}}}", code="({0} / {1})"),
    "Pow": Kind("ri", "Real", text="({0}^{1})", code="({0} ** {1})"),
    "Ln": Kind("r", "Real", text="ln({0})", latex=r"\ln\left({0}\right)", code="Ln({0})"),
    "Exp": Kind("r", "Real", text="exp({0})", latex=r"e^{{{0}}}", code="Exp({0})"),
    "Ind": Kind("p", "Real", text="[{0}]", latex=r"\mathbf{{1}}\left[{0}\right]", code="Ind({0})"),
    "D": Kind("rr", "Real", binds=(1,), bound="Real"),
    "Min": Kind("rr", "Real", text="min({0}, {1})", latex=r"\min\left({0},\, {1}\right)", code="Min({0}, {1})"),
    "Max": Kind("rr", "Real", text="max({0}, {1})", latex=r"\max\left({0},\, {1}\right)", code="Max({0}, {1})"),
    "Clip": Kind("rrr", "Real", text="clip({0}, {1}, {2})", code="Clip({0}, {1}, {2})"),
    "Sum": Kind("iipr", "Real", binds=(2, 3)),
    "E": Kind("nr", "Real", binds=(1,), bound="Path", text="E[{1}]", latex=r"\mathbb{{E}}\left[{1}\right]"),
    "CondE": Kind("nwikr", "Real", binds=(4,), bound="Path", text="E[{4} | {1}@{2},{3}]"),
    "Var": Kind("nr", "Real", binds=(1,), bound="Path", text="Var[{1}]"),
    "True": Kind("", "Prop", text="true", latex=r"\top", code="True"),
    "Eq": Kind("rr", "Prop", text="{0} = {1}", latex="{0} = {1}", code="zero({0} - {1})"),
    "Le": Kind("rr", "Prop", text="{0} <= {1}", latex=r"{0} \le {1}", code="({0} <= {1})"),
    "Lt": Kind("rr", "Prop", text="{0} < {1}", latex="{0} < {1}", code="({0} < {1})"),
    "Ne": Kind("rr", "Prop", text="{0} != {1}", latex=r"{0} \ne {1}", code="(not zero({0} - {1}))"),
    "And": Kind("pp", "Prop", text="({0} and {1})", code="({0} and {1})"),
    "Implies": Kind("pp", "Prop", text="({0} implies {1})", code="(not {0} or {1})"),
    "All": Kind("iip", "Prop", binds=(2,)),
    "Surely": Kind("np", "Prop", binds=(1,), bound="Path", text="surely {1}"),
}
PROPS = tuple(name for name, kind in KINDS.items() if kind.sort == "Prop")
_POOL: dict[tuple[Any, ...], Term] = {}


def covered(reading: str, table: Mapping[str, Callable[..., Any]]) -> None:
    """A reading must know every kind, and no other."""
    odd = set(KINDS) ^ set(table)
    if odd:
        raise TypeError(f"the reading {reading!r} and the table of kinds differ on {sorted(odd)}")


class Term:
    """A node.  Made only by `mk`; compared by identity."""

    __slots__ = ("__weakref__", "_key", "args", "depth", "loose", "op", "random", "size")

    op: str
    args: tuple[Any, ...]
    loose: int  # how many binders the term still needs around it
    size: int
    depth: int
    random: bool  # mentions a draw
    _key: str | None

    def __setattr__(self, *_: object) -> None:
        raise AttributeError("terms do not change")

    @property
    def key(self) -> str:
        """Canonical text: no bound names, no layout."""
        if self._key is None:
            parts = [a.key if isinstance(a, Term) else str(a) for a in self.args]
            object.__setattr__(self, "_key", f"({' '.join([self.op, *parts])})")
        return self._key  # type: ignore[return-value]

    @property
    def terms(self) -> tuple[Term, ...]:
        return tuple(a for a in self.args if isinstance(a, Term))

    # fmt: off
    def __add__(self, b: Any) -> Term: return mk("Add", self, term(b))
    def __radd__(self, b: Any) -> Term: return mk("Add", term(b), self)
    def __sub__(self, b: Any) -> Term: return mk("Add", self, -term(b))
    def __rsub__(self, b: Any) -> Term: return term(b) - self
    def __mul__(self, b: Any) -> Term: return mk("Mul", self, term(b))
    def __rmul__(self, b: Any) -> Term: return mk("Mul", term(b), self)
    def __truediv__(self, b: Any) -> Term: return mk("Div", self, term(b))
    def __rtruediv__(self, b: Any) -> Term: return mk("Div", term(b), self)
    def __pow__(self, b: Any) -> Term: return mk("Pow", self, term(b))
    def __neg__(self) -> Term: return mk("Mul", num(-1), self)
    def __repr__(self) -> str: return show(self)
    # fmt: on

    def __bool__(self) -> bool:
        raise TypeError(f"a term has no truth value: {self!r}")


def mk(op: str, *args: Any) -> Term:
    """The one way to make a term.  Raises Malformed where the signature or a bound is violated."""
    found = _POOL.get((op, args))
    if found is not None and all(a is b or type(a) is type(b) for a, b in zip(args, found.args, strict=True)):
        return found  # equal and of one type: 1.0 and True equal 1, and must be refused whatever was made before
    kind = KINDS.get(op)
    want(kind is not None, f"no such kind of term: {op!r}")
    letters = _letters(kind, len(args))  # type: ignore[arg-type]
    for letter, a in zip(letters, args, strict=True):
        if not _fits(letter, a):
            raise Malformed(f"{op} cannot take {brief(a)} here ({LETTERS[letter]})")
    return _POOL.setdefault((op, args), _new(op, args))


def _new(op: str, args: tuple[Any, ...]) -> Term:
    under, parts = KINDS[op].binds, [(n, a) for n, a in enumerate(args) if isinstance(a, Term)]
    size = 1 + sum(a.size for _, a in parts)
    depth = 1 + max([a.depth for _, a in parts], default=0)
    want(size <= MAX_SIZE and depth <= MAX_DEPTH, "a term has more nodes or levels than allowed")
    t = object.__new__(Term)
    loose = args[0] + 1 if op == "Bound" else max([a.loose - (n in under) for n, a in parts], default=0)
    values = dict(op=op, args=args, loose=max(loose, 0), size=size, depth=depth, _key=None)
    for name, value in (values | {"random": op == "Draw" or any(a.random for _, a in parts)}).items():
        object.__setattr__(t, name, value)
    return t


LETTERS = {
    "r": "a term is expected", "x": "a term is expected", "w": "a path is expected", "p": "a proposition is expected",
    "i": "a time, range end or exponent is expected, and it is not random", "n": "a name is expected",
    "q": "a rational of bounded size is expected", "k": "a natural number is expected", "a": "a term or a path is expected",
}  # fmt: skip


def _letters(kind: Kind, count: int) -> str:
    s = kind.args
    s = s[:-1] + "a" * (count - len(s) + 1) if s.endswith("*") else s
    want(len(s) == count, f"a kind of term takes {len(s)} arguments, not {count}")
    return s


def _fits(letter: str, a: Any) -> bool:
    if letter in "rxipwa":
        if not isinstance(a, Term):
            return False
        path = a.op in ("Path", "Bound")
        term_like = a.op not in (*PROPS, "Path")
        table = {"p": a.op in PROPS, "w": path, "a": a.op not in PROPS, "i": term_like and not a.random}
        return table.get(letter, term_like)
    if letter == "n":
        return type(a) is str and 0 < len(a) <= 80 and a.isascii() and a.replace("_", "a").replace("#", "a").isalnum()
    if letter == "q":
        return type(a) is Fraction and max(a.numerator.bit_length(), a.denominator.bit_length()) <= MAX_BITS
    return type(a) is int and 0 <= a <= MAX_DEPTH


def brief(a: Any) -> str:
    """For messages: Python prints no integer of more than 4,300 digits."""
    long = isinstance(a, (int, Fraction)) and max(abs(a.numerator), a.denominator) > 10**60
    return "a long number" if long else f"{a!r:.200}"


def num(c: int | str | Fraction) -> Term:
    """A rational constant."""
    want(isinstance(c, (int, str, Fraction)) and not isinstance(c, bool), f"not a rational: {c!r}")
    return mk("Num", Fraction(c))


def term(x: Any) -> Term:
    return x if isinstance(x, Term) else num(x)


TRUE = mk("True")


# ------------------------------------------------------------------------------------- binding and substitution
def rebuild(t: Term, f: Callable[[Term, int], Term]) -> Term:
    """t with f(child, number of binders crossed) in the place of each child."""
    under = KINDS[t.op].binds
    return mk(t.op, *[f(a, int(n in under)) if isinstance(a, Term) else a for n, a in enumerate(t.args)])


def abstract(t: Term, v: Term, k: int = 0) -> Term:
    """The free atom v becomes Bound(k)."""
    if t is v:
        return mk("Bound", k)
    return rebuild(t, lambda a, d: abstract(a, v, k + d)) if t.terms else t


def opened(t: Term, x: Term, k: int = 0) -> Term:
    """The closed term x for Bound(k), whose binder is gone."""
    if t.loose <= k:
        return t
    if t.op == "Bound":
        want(t.args[0] == k and not x.loose, "a loose bound variable")
        return x
    return rebuild(t, lambda a, d: opened(a, x, k + d))


def lifted(t: Term, by: int, k: int = 0) -> Term:
    """t under `by` more binders: every bound variable that points past k of its own binders points further out."""
    if t.loose <= k or not by:
        return t
    if t.op == "Bound":
        return mk("Bound", t.args[0] + by)
    return rebuild(t, lambda a, d: lifted(a, by, k + d))


def applied(body: Term, args: tuple[Term, ...], k: int = 0) -> Term:
    """A body with parameters Bound(n-1) ... Bound(0) at its arguments, all at once; the arguments may be under binders."""
    if body.loose <= k:
        return body
    if body.op == "Bound":
        want(body.args[0] - k < len(args), "a loose bound variable")
        return lifted(args[len(args) - 1 - (body.args[0] - k)], k)
    return rebuild(body, lambda a, d: applied(a, args, k + d))


def replaced(t: Term, table: Mapping[Term, Term]) -> Term:
    """Closed subterms (symbols, paths, draws) replaced by closed terms, all at once."""
    if t in table:
        return table[t]
    return rebuild(t, lambda a, _: replaced(a, table)) if t.terms else t


def subterms(t: Term) -> dict[Term, bool]:
    """Every subterm once, in a fixed order."""
    seen: dict[Term, bool] = {}
    todo = [t]
    while todo:
        s = todo.pop()
        if s not in seen:
            seen[s] = True
            todo += s.terms
    return seen


def mentions(t: Term, atoms: Iterable[Term]) -> bool:
    return not subterms(t).keys().isdisjoint(atoms)


def free_paths(t: Term) -> set[Term]:
    return {s for s in subterms(t) if s.op == "Path"}


# ------------------------------------------------------------------------------------- for messages
def show(t: Term, env: tuple[str, ...] = ()) -> str:
    """Plain text for messages; bound variables get letters by depth."""
    kind = KINDS[t.op]
    if t.op == "Num":
        return str(t.args[0]) if t.args[0].denominator == 1 else f"({t.args[0]})"
    if t.op == "Bound":
        return env[t.args[0]] if t.args[0] < len(env) else f"?{t.args[0]}"
    inner = ({"Path": "w", "Real": "x"}.get(kind.bound, "ijklmnuv"[len(env) % 8]), *env)

    def part(n: int, a: Any) -> str:
        return show(a, inner if n in kind.binds else env) if isinstance(a, Term) else str(a)

    parts = [part(n, a) for n, a in enumerate(t.args)]
    if t.op in ("App", "Def"):
        return f"{parts[0]}({', '.join(p for p, a in zip(parts[1:], t.terms, strict=True) if a.op != 'Path')})"
    if t.op in ("Sum", "All"):
        where = f" | {parts[2]}" if t.op == "Sum" and t.args[2] is not TRUE else ""
        return f"{'sum' if t.op == 'Sum' else 'for all'}({parts[0]} <= {inner[0]} < {parts[1]}{where}: {parts[-1]})"
    if t.op == "D":
        return f"d/d{inner[0]}({parts[1]} at {inner[0]} = {parts[0]})"
    return kind.text.format(*parts)  # type: ignore[union-attr]


# ------------------------------------------------------------------------------------- plain data
MAX_NODES = 60_000
MAX_TOTAL = 3_000_000  # tree sizes of all nodes of one item together


def read(nodes: Any) -> list[Term]:
    """Terms from a list of nodes; a node may refer only to earlier ones.  Names with # are the judge's own."""
    want(type(nodes) is list and len(nodes) <= MAX_NODES, "nodes are a list of bounded length")
    out: list[Term] = []
    total = 0
    for node in nodes:
        known = type(node) is list and node and type(node[0]) is str and node[0] in KINDS
        want(known, f"no such node: {str(node)[:80]}")
        letters = _letters(KINDS[node[0]], len(node) - 1)
        out.append(mk(node[0], *[_read_arg(s, a, out) for s, a in zip(letters, node[1:], strict=True)]))
        total += out[-1].size
        want(total <= MAX_TOTAL, "the terms together have more nodes than allowed")
    return out


def _read_arg(letter: str, a: Any, out: list[Term]) -> Any:
    if letter in "rxipwa":
        want(type(a) is int and 0 <= a < len(out), f"no earlier node: {str(a)[:40]}")
        return out[a]
    if letter == "q":
        return rational_text(a)
    want(letter != "n" or (type(a) is str and "#" not in a), f"not a name: {str(a)[:40]}")
    return a


def rational_text(a: Any) -> Fraction:
    """A rational from text like -3/7; no exponents, no floats, bounded length."""
    fits = type(a) is str and 0 < len(a) <= 12_000 and all(c in "0123456789/-" for c in a)
    want(fits, f"not a rational: {str(a)[:40]}")
    top, _, bottom = a.partition("/")
    digits = len(top.lstrip("-")), len(bottom)
    fits = top.removeprefix("-").isdigit() and (bottom.isdigit() or "/" not in a) and max(digits) <= 4_000
    want(fits, "not a rational")
    want(not bottom or int(bottom) != 0, f"not a rational: {a[:40]}")
    return Fraction(int(top), int(bottom or 1))
