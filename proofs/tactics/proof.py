"""How authors write a proof: each method records one application of a rule and shows what it gives.

    pf.chain(start).eq(middle, "why", by=["support"]).le(end, "why").done()

Errors come from the judge's own code, at the step where it would refuse, with its sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from proofs.kernel.check import Replay
from proofs.kernel.context import Ctx
from proofs.kernel.forms import context, opposite
from proofs.kernel.poly import Undecided, add, back, order
from proofs.kernel.rules import Thm
from proofs.kernel.statement import Statement
from proofs.kernel.terms import TRUE, Term, abstract, mk, opened, show, term
from proofs.language import Eq, Ge, Le, Lt, local_index, local_real
from proofs.writing import Writer

Premise = "Step | str | Term"


@dataclass(frozen=True)
class Step:
    """The number of a step of the certificate, and the theorem that it gives."""

    n: int
    thm: Thm

    @property
    def prop(self) -> Term:
        return self.thm.prop

    @property
    def left(self) -> Term:
        return self.thm.prop.args[0]  # type: ignore[no-any-return]

    @property
    def right(self) -> Term:
        return self.thm.prop.args[1]  # type: ignore[no-any-return]


@dataclass
class Line:
    """One line of the derivation that a reader sees; `steps` are the certificate's steps behind it."""

    relation: str
    term: Term
    reason: str
    steps: range


@dataclass
class Story:
    """A chain as it was written."""

    start: Term
    lines: list[Line] = field(default_factory=list)
    title: str = ""


class Proof:
    """A certificate in the making.  earlier: (id, statement) of what may be cited."""

    def __init__(self, statement: Statement, earlier: Sequence[tuple[str, Statement]] = ()) -> None:
        self.statement, self.write = statement, Writer()
        self.steps: list[list[Any]] = []
        self.defined: list[int] = []
        self.stories: list[Story] = []
        self.replay = Replay(statement, {"nodes": [], "steps": []}, {s.hash(): (i, s) for i, s in earlier})
        self.named = {i: s for i, s in earlier}

    # --------------------------------------------------------------------------------- one rule
    def rule(self, name: str, premises: Sequence[Any] = (), *args: Any) -> Step:
        """Apply a rule of the judge.  Raises Undecided with the judge's reason."""
        steps = [self.step(p) for p in premises]
        data = [name, [p.n for p in steps], [self._arg(a) for a in args]]
        self.replay.nodes = list(self.write.at)
        thm = self.replay.step(data)
        self.replay.done.append(thm)
        self.steps.append(data)
        return Step(len(self.steps) - 1, thm)

    def _arg(self, a: Any) -> Any:
        if isinstance(a, (list, tuple)):
            return [self._arg(x) for x in a]
        return {"t": self.write(a)} if isinstance(a, Term) else a

    def step(self, x: Any) -> Step:
        """A step, a hypothesis by name, or a proposition assumed for now."""
        if isinstance(x, Step):
            return x
        return self.rule("given", [], x) if isinstance(x, str) else self.rule("assume", [], x)

    # --------------------------------------------------------------------------------- conveniences
    def prove(self, p: Term, by: Sequence[Any] = (), under: Sequence[Term] = ()) -> Step:
        """A comparison from premises (`by`) and local hypotheses (`under`), by normal form and linear arithmetic."""
        premises = [self.step(x) for x in by]
        try:
            return self.rule("prove", premises, p, *under)
        except Undecided as refusal:
            facts = context(self.statement.decls, [*under, *[s.prop for s in premises]])
            raise Undecided(f"{refusal}{difference(p, facts)}") from None

    def settle(self, t: Step, by: Sequence[Any] = (), under: Sequence[Term] = ()) -> Step:
        """Cut every hypothesis of t that follows from `by`, `under` and the sorts."""
        local = set(under) | {h for _, h in self.statement.hyps}
        proofs = []
        for h in sorted(t.thm.hyps - local, key=lambda h: h.key):
            try:
                proofs.append(self.prove(h, by, under))
            except Undecided:
                continue
        return self.rule("cut", [t, *proofs]) if proofs else t

    def at(self, t: Any, *values: Any, by: Sequence[Any] = (), under: Sequence[Term] = ()) -> Step:
        """A quantified theorem at values, its ranges and premises proved."""
        return self.settle(self.rule("at", [t], *map(term, values)), by, under)

    def put(self, t: Step, x: Term, value: Any, by: Sequence[Any] = (), under: Sequence[Term] = ()) -> Step:
        """A free symbol replaced."""
        return self.settle(self.rule("put", [t], x, term(value)), by, under)

    def every(self, v: Term, low: Any, high: Any, t: Step) -> Step:
        return self.rule("every", [t], v, term(low), term(high))

    def cases(self, a: Any, b: Any, low: Callable[[Term], Step], high: Callable[[Term], Step]) -> Step:
        """From a <= b by `low` and from b < a by `high`."""
        a, b = term(a), term(b)
        return self.rule("cases", [low(Le(a, b)), high(Lt(b, a))], a, b)

    def equal(self, a: Any, b: Any, how: Callable[[Term], Step]) -> Step:
        """a = b from a <= b and b <= a, each proved by `how`."""
        return self.prove(mk("Eq", term(a), term(b)), [how(Le(a, b)), how(Ge(a, b))])

    def product(self, a: Any, b: Any, by: Sequence[Any] = (), under: Sequence[Term] = ()) -> Step:
        """0 <= a b from 0 <= a and 0 <= b."""
        return self.rule("scale", [self.prove(Le(0, b), by, under), self.prove(Le(0, a), by, under)])

    def times(self, t: Step, c: Any) -> Step:
        """t, an equation, multiplied by any c."""
        place = local_real("place")
        return self.rule("inside", [t], place, term(c) * place)

    def square(self, f: Any) -> Step:
        return self.rule("square", [], term(f))

    def scale(self, t: Step, c: Any, by: Sequence[Any] = (), under: Sequence[Term] = ()) -> Step:
        """t multiplied by c, where 0 <= c."""
        return self.rule("scale", [t, c if isinstance(c, Step) else self.prove(Le(0, c), by, under)])

    def inverse(self, f: Any, by: Sequence[Any] = (), under: Sequence[Term] = ()) -> Step:
        """0 <= 1/f for f > 0."""
        square = self.scale(self.square(1 / term(f)), f, by, under)  # f (1/f)^2
        return self.prove(Le(0, 1 / term(f)), [*by, square], under)

    def everywhere(self, s: Term, by: Sequence[Any] = (), under: Sequence[Term] = ()) -> Step:
        """A guarded sum as the sum over its whole range, where its terms are 0 wherever the guard fails, or it never does."""
        i, (low, high, guard, body) = local_index("everywhere"), s.args
        here, whole = opened(guard, i), mk("Sum", low, high, TRUE, body)
        fails = opposite(here)
        empty = self.prove(Eq(opened(body, i), 0), by, [*under, Le(low, i), Lt(i, high), fails])
        rest = self.rule("sum_order", [self.every(i, low, high, self.rule("imply", [empty], fails))])
        return self.prove(Eq(s, whole), [*by, rest, self.rule("sieve", [], whole, i, here)], under)

    def mean(self, t: Step, trajectory: Any, *given: Any) -> Step:
        """The expectation of both sides of a comparison that holds on every path; given: another path, a time and a level."""
        return self.rule("mean_order", [t], trajectory.path, *given)

    def surely(self, t: Step, trajectory: Any) -> Step:
        """What holds on every path holds surely."""
        return self.rule("surely", [t], trajectory.path)

    def on_path(self, t: Any, trajectory: Any) -> Step:
        """What holds surely holds on this path."""
        return self.rule("on_path", [t], trajectory.path)

    def induct(self, n: Term, start: Any, base: Step, step: Step, end: Any = None) -> Step:
        """By induction from `start`, up to `end` where one is given."""
        if end is None:
            return self.rule("induct", [base, step], n, term(start))
        return self.rule("induct", [base, step], n, term(start), term(end))

    def cite(self, name: str, by: Sequence[Any] = (), under: Sequence[Term] = (), **values: Any) -> Step:
        """An earlier claim, its names instantiated: symbols and kernels by keyword, functions by a Python function."""
        other = self.named[name]
        pairs = [self._pair(other, k, v) for k, v in values.items()]
        return self.settle(self.rule("cite", [], other.hash(), *pairs), by, under)

    @staticmethod
    def _pair(other: Statement, name: str, value: Any) -> list[Any]:
        d = next((d for d in other.raw if d[1] == name), None)
        if d is None:
            raise ValueError(f"the cited statement has no name {name}")
        if d[0] in ("Size", "Int", "Real"):
            return ["sym", mk("Sym", name, "Real" if d[0] == "Real" else "Int"), term(value)]
        if d[0] == "Fn":
            params = [local_index(f"argument{n}") for n in range(d[2])]
            body = term(value(*params))
            for k, p in enumerate(reversed(params)):
                body = abstract(body, p, k)
            return ["fn", name, body]
        return [d[0].lower(), name, value]

    def last(self) -> Step:
        """The step made last."""
        return Step(len(self.steps) - 1, self.replay.done[-1])

    # --------------------------------------------------------------------------------- the derivation as it is read
    def chain(self, start: Any, title: str = "") -> Chain:
        return Chain(self, term(start), title)

    def certificate(self) -> dict[str, Any]:
        return {"nodes": self.write.nodes, "steps": self.steps, "defined": self.defined}


def difference(p: Term, ctx: Ctx) -> str:
    """Where a comparison fails: both sides in normal form, and the first term of their difference."""
    try:
        if p.op == "And":
            return difference(p.args[0] if not ctx.holds(p.args[0]) else p.args[1], ctx)
        left, right = (ctx.nf(a) for a in p.args)
    except Undecided:
        return ""
    gap = add(right, left, -1)
    first = show(back({m: gap[m] for m in sorted(gap, key=order)[:1]}))
    sides = f"\n  left in normal form:  {show(back(left))}\n  right in normal form: {show(back(right))}"
    return f"{sides}\n  first term of right - left: {first}"


class Chain:
    """start = ... <= ...: each link a comparison decided from its own premises, or a step that another rule made."""

    def __init__(self, proof: Proof, start: Term, title: str) -> None:
        self.proof, self.last, self.links = proof, start, list[Step]()
        self.story = Story(start, title=title)
        self.from_step = len(proof.steps)

    def link(
        self, op: str, t: Any, why: str, by: Sequence[Any] = (), under: Sequence[Term] = (), step: Step | None = None
    ) -> Chain:
        made = step if step is not None else self.proof.prove(mk(op, self.last, term(t)), by, under)
        self.links.append(made)
        first, self.from_step = self.from_step, len(self.proof.steps)
        self.story.lines.append(Line(op, term(t), why, range(min(first, made.n), made.n + 1)))
        self.last = term(t)
        return self

    def eq(self, t: Any, why: str = "", **kw: Any) -> Chain:
        return self.link("Eq", t, why, **kw)

    def le(self, t: Any, why: str = "", **kw: Any) -> Chain:
        return self.link("Le", t, why, **kw)

    def then(self, step: Step, why: str = "") -> Chain:
        """A step that another rule made, as the next link."""
        return self.link(step.prop.op, step.right, why, step=step)

    def done(self) -> Step:
        """The first term against the last."""
        self.proof.stories.append(self.story)
        return self.proof.rule("chain", self.links) if len(self.links) > 1 else self.links[0]


__all__ = ["Proof", "Step", "Story"]
