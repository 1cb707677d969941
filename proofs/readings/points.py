"""Statements on reals alone with kinks or inequalities: exact points on and between the kinks, then symbols by region.

Where `clip(x, low, high)` has two ends that are linear in another real e, three substitutions cover everything, with
d, u >= 0:  x = low - d;   x = high + d;   and e such that high - low = d + u, with x = low + d.
"""

from __future__ import annotations

from fractions import Fraction

from proofs.kernel.terms import Term, subterms
from proofs.readings.code import Code
from proofs.readings.free import Freedom
from proofs.readings.layout import ADD, WHOLE
from proofs.readings.script_writer import Writer, wrapped

VALUES = "-2 -1/3 0 1/5 1 7/3"
FEWER = "-1/3 1/5 7/3"  # where more than three reals vary beside the one with kinks
Linear = dict[str, Fraction]  # the coefficients of a linear form; "" is the constant


def linear(t: Term) -> Linear | None:
    """The coefficients of a linear form in reals, or None."""
    if t.op == "Num":
        return {"": t.args[0]}
    if t.op == "Sym":
        return {t.args[0]: Fraction(1)}
    if t.op not in ("Add", "Mul"):
        return None
    a, b = (linear(x) for x in t.args)
    if a is None or b is None:
        return None
    if t.op == "Mul":
        a, b = (a, b) if set(a) <= {""} else (b, a)
        return {n: c * a.get("", Fraction(0)) for n, c in b.items()} if set(a) <= {""} else None
    return {n: c for n in {*a, *b} if (c := a.get(n, Fraction(0)) + b.get(n, Fraction(0)))}


class Kinks:
    """The real x at whose breakpoints the terms have kinks.  low, high: the ends of a clip of x, where there is one."""

    def __init__(self, terms: list[Term]) -> None:
        found = [s for t in terms for s in subterms(t)]
        clips = [s for s in found if s.op == "Clip" and s.args[0].op == "Sym"]
        sides = [pair for s in found if s.op in ("Min", "Max") for pair in (s.args, s.args[::-1])]
        pairs = [(a, b) for a, b in sides if a.op == "Sym" and a not in subterms(b) and not b.loose]
        pairs += [
            (s.args[0], end) for s in clips for end in s.args[1:] if s.args[0] not in subterms(end) and not end.loose
        ]
        first = [s.args[0] for s in clips] + [a for a, _ in pairs]
        self.x: Term | None = first[0] if first else None
        self.ends = list(dict.fromkeys(b for a, b in pairs if a is self.x))
        self.clip: tuple[Term, Term] | None = next((s.args[1:] for s in clips if s.args[0] is self.x), None)  # type: ignore[assignment]

    def middle(self) -> str | None:
        """The real for which high - low = d + u can be solved."""
        if self.clip is None or not set(self.ends) <= set(self.clip):
            return None
        width = linear(self.clip[1] - self.clip[0])
        return next((n for n in sorted(width or {}) if n), None)


def points_body(w: Writer, symbolic: bool, numbers: bool) -> tuple[list[str], bool]:
    """The lines after the helpers, and whether symbols are among them."""
    reals = [n for n in w.reals if w.decls.sorts.get(n) == "Real"]
    kinks = Kinks(w.terms[:1])
    regions = region_lines(w, kinks, reals) if symbolic else []
    points = point_lines(w, kinks, reals) if numbers else []
    return [*w.definitions(), *check_lines(w, reals), *points, *regions], bool(regions)


def check_lines(w: Writer, reals: list[str]) -> list[str]:
    """A function that checks the claim at one point: numbers, or symbols with known signs."""
    code = w.code
    given = " and ".join(code.show(h, ADD if h.op == "Implies" else WHOLE) for _, h in w.statement.hyps)
    where = ", ".join(f"{n} = {{{code.name(n)}}}" for n in reals)
    lowest = "residual" if w.has("Div", "Ln", "Exp") else "sp.expand"
    code.needs |= {"refuted", lowest} - {"sp.expand"}

    def tested(left: str, relation: str, right: str) -> list[str]:
        gap = code.call("sign", "gap") if w.has("Ln", "Exp") and relation in ("<=", "<") else "gap"
        fails = {"=": "gap != 0", "!=": "gap == 0", "<=": f"{gap} < 0", "<": f"{gap} <= 0"}[relation]
        return [
            f"gap = {lowest}({right} - {left})",
            f"if {fails}:",
            f'    refuted(f"right - left = {{gap}} at {where}")',
        ]

    inner = w.prove(w.statement.claim, (), tested)
    guard = [*[f"    {x}" for x in wrapped(f"if not ({given}):")], "        return 0"] if given else []
    return [f"def check({', '.join(map(code.name, reals))}):", *guard, *[f"    {x}" for x in inner], "    return 1"]


def point_lines(w: Writer, kinks: Kinks, reals: list[str]) -> list[str]:
    """All combinations of a few values; the real with kinks takes each kink, and points beside and between them."""
    x = kinks.x.args[0] if kinks.x is not None and kinks.ends else None
    others = [n for n in reals if n != x]
    values = (VALUES if len(others) <= 3 else FEWER).split()
    out, indent = ["count = 0"], ""
    for n in others:
        out.append(
            f'{indent}for {w.code.name(n)} in map(Q, "{" ".join(dict.fromkeys([*values, w.reals[n]]))}".split()):'
        )
        indent += "    "
    if x is not None:
        ends = ", ".join(w.code.show(e) for e in kinks.ends)
        out.append(f'{indent}for {w.code.name(x)} in [Q("{w.reals[x]}"), *{w.code.call("around", ends)}]:')
        indent += "    "
    out.append(f"{indent}count += check({', '.join(map(w.code.name, reals))})")
    return [*out, 'print("holds at", count, "exact points")', 'count or sys.exit("no point satisfies the hypotheses")']


def region_lines(w: Writer, kinks: Kinks, reals: list[str]) -> list[str]:
    """One check for each region, with symbols; none where the kinks do not lie as the three substitutions need them."""
    solved = kinks.middle()
    if kinks.x is None or kinks.clip is None or solved is None or w.statement.claim.op != "Eq" or w.has("Ind"):
        return []
    free = Freedom(w.statement, w.terms[:1], [])
    sorts = {n: free.sort(n) for n in reals}
    if any(s is None for s in sorts.values()) or sorts.pop(kinks.x.args[0]):
        return []
    if not all(sorts.values()):  # the lesser of two products is known only where their factors have signs
        return []
    code, low, high = w.code, *(w.code.show(t) for t in kinks.clip)
    d, u = (next(c for c in (c, f"{c}0", f"{c}1") if c not in reals) for c in "du")
    out = [
        f"# symbols: {kinks.x.args[0]} at a distance {d} outside of the interval, or at distances {d} and {u} from its ends"
    ]
    out += [f'{code.name(n)} = sp.Symbol("{n}", {s or "real"}=True)' for n, s in sorts.items()]
    out.append(f'{d}, {u} = sp.symbols("{d} {u}", nonnegative=True)')
    calls = [
        f"check({_call(code, reals, kinks.x, value)})" for value in (f"{low} - {d}", f"{high} + {d}", f"{low} + {d}")
    ]
    return [*out, f"outside = {calls[0]} + {calls[1]}", f"{code.name(solved)} = {solution(kinks.clip, solved, d, u)}",
            f'print("holds with symbols in", outside + {calls[2]}, "of 3 regions")']  # fmt: skip


def _call(code: Code, reals: list[str], x: Term, value: str) -> str:
    return ", ".join(value if n == x.args[0] else code.name(n) for n in reals)


def solution(ends: tuple[Term, Term], name: str, d: str, u: str) -> str:
    """name = ... from high - low = d + u."""
    width = linear(ends[1] - ends[0]) or {}
    rest = "".join(f" - {c} * {n}" if n else f" - {c}" for n, c in sorted(width.items()) if n != name and c)
    c = width[name]
    return f"({d} + {u}{rest}) / {c if c.denominator == 1 else f'Q({c.numerator}, {c.denominator})'}"


__all__ = ["Kinks", "linear", "points_body"]
