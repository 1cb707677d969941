"""The rules.  A theorem is (hypotheses, proposition); its free symbols, functions and paths are universally quantified.

A rule takes the declarations, its premises (theorems) and its arguments (terms, names, numbers), and returns a theorem or
ends Undecided.  A free path stands for any outcome of positive probability.  Only `prove` searches; all else is syntactic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from proofs.kernel.context import Ctx, Level, Origin, fresh, fresh_path, in_range, integral
from proofs.kernel.forms import FORMS, context, opposite
from proofs.kernel.poly import Undecided, add, back, const, need
from proofs.kernel.statement import Decls
from proofs.kernel.terms import TRUE, Term, abstract, mentions, mk, num, opened, replaced, show


class Thm(NamedTuple):
    """hyps |- prop."""

    hyps: frozenset[Term]
    prop: Term


Rule = Callable[..., Thm]
RULES: dict[str, Rule] = {}
ORDER = {"Eq": 0, "Le": 1, "Lt": 2}
MOST_DRAWS = 20


def rule(f: Rule) -> Rule:
    """Enter a function into the table of rules under its name."""
    RULES[f.__name__] = f
    return f


def facts(d: Decls, hyps: Iterable[Term], premises: Sequence[Thm] = ()) -> Ctx:
    return context(d, [*hyps, *[t.prop for t in premises]])


def union(hyps: Iterable[Term], premises: Sequence[Thm]) -> frozenset[Term]:
    return frozenset(hyps).union(*[t.hyps for t in premises])


def only(premises: Sequence[Thm], count: int = 1) -> Sequence[Thm]:
    need(len(premises) == count, f"the rule takes {count} premise{'s' * (count != 1)}, not {len(premises)}")
    return premises


def index_symbol(v: Term, d: Decls) -> None:
    """v may be generalised or replaced: an integer symbol that no declaration mentions."""
    need(v.op == "Sym" and v.args[1] == "Int", f"not an integer symbol: {show(v)}")
    need(v not in d.fixed, f"a declaration mentions the symbol: {show(v)}")


def whole(d: Decls, t: Term) -> bool:
    """Surely an integer, by its form alone."""
    return integral(Ctx(d, FORMS).nf(t))


# ------------------------------------------------------------------------------------- logic
@rule
def assume(d: Decls, premises: Sequence[Thm], p: Term) -> Thm:
    """p |- p."""
    only(premises, 0)
    return Thm(frozenset([p]), p)


@rule
def prove(d: Decls, premises: Sequence[Thm], p: Term, *hyps: Term) -> Thm:
    """A comparison, or a conjunction of them, by normal form and linear arithmetic from hypotheses and premises."""
    need(facts(d, hyps, premises).holds(p), f"not decided: {show(p)}")
    return Thm(union(hyps, premises), p)


@rule
def both(d: Decls, premises: Sequence[Thm]) -> Thm:
    """p and q give (p and q)."""
    s, t = only(premises, 2)
    return Thm(s.hyps | t.hyps, mk("And", s.prop, t.prop))


@rule
def at(d: Decls, premises: Sequence[Thm], *values: Term) -> Thm:
    """A quantified theorem at values; the ranges and conditions become hypotheses."""
    (t,) = only(premises)
    hyps, p = set(t.hyps), t.prop
    for x in values:
        need(p.op == "All", f"not a quantifier: {show(p)}")
        need(whole(d, x), f"a quantifier takes an index: {show(x)}")
        hyps |= {mk("Le", p.args[0], x), mk("Lt", x, p.args[1])}
        p = opened(p.args[2], x)
    while p.op == "Implies":
        hyps, p = hyps | {p.args[0]}, p.args[1]
    return Thm(frozenset(hyps), p)


@rule
def cut(d: Decls, premises: Sequence[Thm]) -> Thm:
    """Discharge hypotheses of the first theorem that the others prove."""
    need(premises, "the rule takes a premise")
    t, *proofs = premises
    return Thm((t.hyps - {s.prop for s in proofs}).union(*[s.hyps for s in proofs]), t.prop)


@rule
def imply(d: Decls, premises: Sequence[Thm], h: Term) -> Thm:
    """From h |- p: h implies p."""
    (t,) = only(premises)
    return Thm(t.hyps - {h}, mk("Implies", h, t.prop))


@rule
def every(d: Decls, premises: Sequence[Thm], v: Term, low: Term, high: Term) -> Thm:
    """From low <= v < high |- p: p for all v in [low, high)."""
    (t,) = only(premises)
    index_symbol(v, d)
    need(not mentions(low, [v]) and not mentions(high, [v]), f"the range mentions its own variable {show(v)}")
    rest = t.hyps - {mk("Le", low, v), mk("Lt", v, high)}
    need(not any(mentions(h, [v]) for h in rest), f"{show(v)} occurs in a hypothesis")
    return Thm(rest, mk("All", low, high, abstract(t.prop, v)))


@rule
def put(d: Decls, premises: Sequence[Thm], x: Term, value: Term) -> Thm:
    """A free symbol replaced by a term everywhere: an index by an index, a real by any term."""
    (t,) = only(premises)
    need(x.op == "Sym" and x not in d.fixed, f"not a symbol, or a declaration mentions it: {show(x)}")
    need(x.args[1] == "Real" or whole(d, value), f"an index is replaced by an index: {show(value)}")
    return Thm(frozenset(replaced(h, {x: value}) for h in t.hyps), replaced(t.prop, {x: value}))


@rule
def chain(d: Decls, premises: Sequence[Thm]) -> Thm:
    """a R b, b S c, ...: the first and the last term in the strongest relation that follows."""
    need(premises and all(t.prop.op in ORDER for t in premises), "a chain is made of =, <= and <")
    first, *rest = premises
    rel, right = first.prop.op, first.prop.args[1]
    for t in rest:
        need(t.prop.args[0] is right, f"the steps do not join: {show(right)} and {show(t.prop.args[0])}")
        rel, right = max(rel, t.prop.op, key=ORDER.__getitem__), t.prop.args[1]
    return Thm(union((), premises), mk(rel, first.prop.args[0], right))


@rule
def inside(d: Decls, premises: Sequence[Thm], x: Term, template: Term) -> Thm:
    """a = b gives template(a) = template(b), where x marks the place."""
    (t,) = only(premises)
    need(t.prop.op == "Eq" and x.op == "Sym", "the rule takes an equation and a symbol")
    need(x.args[1] == "Real" or all(whole(d, a) for a in t.prop.args), "an index is replaced by an index")
    return Thm(t.hyps, mk("Eq", *[replaced(template, {x: a}) for a in t.prop.args]))


@rule
def cases(d: Decls, premises: Sequence[Thm], a: Term, b: Term) -> Thm:
    """One theorem from a <= b, the other from b < a (or b <= a): together they cover everything."""
    s, t = only(premises, 2)
    need(s.prop is t.prop, f"the cases prove different things: {show(s.prop)} and {show(t.prop)}")
    return Thm((s.hyps - {mk("Le", a, b)}) | (t.hyps - {mk("Lt", b, a), mk("Le", b, a)}), s.prop)


@rule
def induct(d: Decls, premises: Sequence[Thm], n: Term, start: Term, *end: Term) -> Thm:
    """p(start); p(n) and start <= n (< end) give p(n + 1): p(n) for n >= start (and n <= end)."""
    base, step = only(premises, 2)
    index_symbol(n, d)
    need(not mentions(start, [n]) and whole(d, start), f"induction starts at an integer free of {show(n)}")
    need(len(end) < 2 and not any(mentions(e, [n]) for e in end), f"the end mentions {show(n)}")
    likely = [h for h in sorted(step.hyps, key=lambda h: h.key) if mentions(h, [n])]
    likely = [h for h in likely if replaced(h, {n: n + num(1)}) is step.prop]
    goal = next((h for h in likely if replaced(h, {n: start}) is base.prop), None)
    if goal is None:
        raise Undecided("base and step do not prove one statement")
    lower = mk("Le", start, n)
    rest = (step.hyps - {goal, lower, *[mk("Lt", n, e) for e in end]}) | base.hyps
    need(not any(mentions(h, [n]) for h in rest), f"{show(n)} occurs in another hypothesis")
    return Thm(rest | {lower, *[mk("Le", n, e) for e in end]}, goal)


# ------------------------------------------------------------------------------------- order
@rule
def scale(d: Decls, premises: Sequence[Thm]) -> Thm:
    """f R g and 0 <= c give c f R c g."""
    t, w = only(premises, 2)
    need(t.prop.op in ORDER, f"not =, <= or <: {show(t.prop)}")
    need(w.prop.op in ("Le", "Lt") and w.prop.args[0] is num(0), f"not 0 <= c: {show(w.prop)}")
    rel = "Eq" if t.prop.op == "Eq" else "Lt" if (t.prop.op, w.prop.op) == ("Lt", "Lt") else "Le"
    return Thm(t.hyps | w.hyps, mk(rel, *[mk("Mul", w.prop.args[1], a) for a in t.prop.args]))


@rule
def square(d: Decls, premises: Sequence[Thm], f: Term) -> Thm:
    """0 <= f f."""
    only(premises, 0)
    return Thm(frozenset(), mk("Le", num(0), mk("Mul", f, f)))


@rule
def sum_order(d: Decls, premises: Sequence[Thm]) -> Thm:
    """For all i in [a, b), where g(i): f <= h.  Then the sums over these i are in that order.  (= likewise; < is lost.)"""
    (t,) = only(premises)
    need(t.prop.op == "All", f"not a quantifier: {show(t.prop)}")
    low, high, body = t.prop.args
    guard, body = body.args if body.op == "Implies" else (TRUE, body)
    need(body.op in ("Eq", "Le"), f"neither = nor <=: {show(body)}")
    return Thm(t.hyps, mk(body.op, *[mk("Sum", low, high, guard, a) for a in body.args]))


@rule
def mean_order(d: Decls, premises: Sequence[Thm], w: Term, *given: Any) -> Thm:
    """f R g for every path w of positive probability gives E f R E g; with a path, a time and a level: given that path so far."""
    (t,) = only(premises)
    need(t.prop.op in ORDER, f"not =, <= or <: {show(t.prop)}")
    on_any_path(t, w, d)
    kind = "CondE" if given else "E"
    return Thm(t.hyps, mk(t.prop.op, *[mk(kind, w.args[0], *given, abstract(a, w)) for a in t.prop.args]))


def on_any_path(t: Thm, w: Term, d: Decls) -> None:
    """The theorem holds whatever the outcome w is."""
    need(w.op == "Path" and w.args[0] in d.processes, f"not a path: {show(w)}")
    need(not any(mentions(h, [w]) for h in t.hyps), "a hypothesis speaks of this one outcome")


@rule
def surely(d: Decls, premises: Sequence[Thm], w: Term) -> Thm:
    """p for every path w of positive probability: surely p."""
    (t,) = only(premises)
    on_any_path(t, w, d)
    return Thm(t.hyps, mk("Surely", w.args[0], abstract(t.prop, w)))


@rule
def on_path(d: Decls, premises: Sequence[Thm], w: Term) -> Thm:
    """Surely p: p on the path w."""
    (t,) = only(premises)
    same = t.prop.op == "Surely" and w.op == "Path" and w.args[0] == t.prop.args[0]
    need(same, f"not sure on this path: {show(t.prop)}")
    return Thm(t.hyps, opened(t.prop.args[1], w))


@rule
def tangent(d: Decls, premises: Sequence[Thm], f: Term, x: Term, a: Term) -> Thm:
    """0 <= f'(x) (x - a) for x > 0 gives f(a) <= f(x) for x > 0 and a > 0 (mean value theorem)."""
    (t,) = only(premises)
    need(x.op == "Sym" and x.args[1] == "Real" and x not in d.fixed, f"not a free real symbol: {show(x)}")
    need(not mentions(a, [x]), f"the point moves with {show(x)}")
    side, slope = mk("Lt", num(0), x), mk("D", x, abstract(f, x))
    need(t.prop is mk("Le", num(0), slope * (x - a)), f"not the derivative condition: {show(t.prop)}")
    rest = t.hyps - {side}
    need(not any(mentions(h, [x]) for h in rest), f"{show(x)} occurs in another hypothesis")
    facts(d, [*rest, side]).nf(slope)  # f is differentiable at every x > 0
    return Thm(rest | {side, mk("Lt", num(0), a)}, mk("Le", replaced(f, {x: a}), f))


# ------------------------------------------------------------------------------------- sums
@rule
def split(d: Decls, premises: Sequence[Thm], s: Term, m: Term) -> Thm:
    """The sum over [a, b) is the sum over [a, m) plus the sum over [m, b), for a <= m <= b."""
    only(premises, 0)
    need(s.op == "Sum" and whole(d, m), "the rule takes a sum and an index")
    a, b, *rest = s.args
    parts = mk("Sum", a, m, *rest) + mk("Sum", m, b, *rest)
    return Thm(frozenset([mk("Le", a, m), mk("Le", m, b)]), mk("Eq", s, parts))


@rule
def swap(d: Decls, premises: Sequence[Thm], s: Term) -> Thm:
    """sum_i sum_j f = sum_j sum_i f for rectangular, unguarded ranges."""
    only(premises, 0)
    need(s.op == "Sum" and s.args[3].op == "Sum", "the rule takes a double sum")
    need(s.args[2] is TRUE and s.args[3].args[2] is TRUE, "a guarded sum is not swapped")
    a, b, _, inner = s.args
    need(not inner.args[0].loose and not inner.args[1].loose, "the inner range depends on the outer variable")
    u, v = fresh(), fresh()
    f = opened(opened(inner, u).args[3], v)
    columns = abstract(mk("Sum", a, b, TRUE, abstract(f, u)), v)
    return Thm(frozenset(), mk("Eq", s, mk("Sum", *inner.args[:2], TRUE, columns)))


@rule
def sieve(d: Decls, premises: Sequence[Thm], s: Term, i: Term, g: Term) -> Thm:
    """A sum is the sum over the i at which g holds plus the sum over those at which it fails."""
    only(premises, 0)
    need(s.op == "Sum" and i.op == "Sym", "the rule takes a sum, a symbol and a comparison of it")
    low, high, guard, body = s.args
    parts = [abstract(c, i) for c in (g, opposite(g))]
    parts = [c if guard is TRUE else mk("And", guard, c) for c in parts]
    return Thm(frozenset(), mk("Eq", s, mk("Sum", low, high, parts[0], body) + mk("Sum", low, high, parts[1], body)))


# ------------------------------------------------------------------------------------- expectation
@rule
def tower(d: Decls, premises: Sequence[Thm], e: Term, time: Term, pos: int) -> Thm:
    """E[f | now] = E[E[f | later] | now]."""
    only(premises, 0)
    need(e.op in ("E", "CondE") and type(pos) is int and whole(d, time), "the rule takes an expectation and a level")
    now, at_pos = (e.args[2], e.args[3]) if e.op == "CondE" else (num(0), 0)
    process, w = e.args[0], fresh_path(e.args[0])
    later = mk("CondE", process, w, time, pos, e.args[-1])
    hyp = mk("Le", now, time) if at_pos <= pos else mk("Lt", now, time)
    return Thm(frozenset([hyp]), mk("Eq", e, mk(e.op, *e.args[:-1], abstract(later, w))))


@rule
def next_draws(d: Decls, premises: Sequence[Thm], e: Term, n: int, *hyps: Term) -> Thm:
    """E[f | now] as a sum over the next n draws, where f is known after them."""
    fits = e.op in ("E", "CondE") and type(n) is int and 0 < n <= MOST_DRAWS
    need(fits, "the rule takes an expectation and how many draws")
    ctx = facts(d, hyps, premises)
    w, process = fresh_path(e.args[0]), d.processes[e.args[0]]
    origin = Origin(e.args[1], Level(ctx.nf(e.args[2]), e.args[3])) if e.op == "CondE" else None
    level = origin.level if origin else Level({}, 0)
    inner = ctx.on(w, origin)
    body = back(inner.nf(opened(e.args[-1], w)))
    total = unfolded(process.name, w, level, n, body, inner)
    need(not mentions(total, [w]), f"not known after these draws: {show(total)}")
    return Thm(union(hyps, premises), mk("Eq", e, total))


def unfolded(process: str, w: Term, level: Level, n: int, body: Term, ctx: Ctx) -> Term:
    """The sum over the next n draws of w, those of positive probability."""
    proc = ctx.decls.processes[process]
    if level.pos == len(proc.draws):
        level = Level(add(level.time, const(1)), 0)
    if n == 0:
        return body
    time, draw = back(level.time), proc.draws[level.pos]
    need(in_range(time, num(0), proc.last + 1, ctx), f"a draw outside the time of the process: {show(time)}")
    y = fresh()
    this = mk("Draw", process, w, draw.name, time)
    weight = ctx.law(w, process, draw.name, time, y)
    if weight is None:
        raise Undecided(f"first draw or later draw? {show(this)}")
    weight = back(ctx.nf(weight))  # its parents in the form in which they are replaced
    rest = unfolded(process, w, Level(level.time, level.pos + 1), n - 1, body, ctx)
    f = replaced(mk("Mul", weight, rest), {this: y})
    guard = replaced(mk("Lt", num(0), weight), {this: y})
    return mk("Sum", num(0), draw.size, abstract(guard, y), abstract(f, y))
