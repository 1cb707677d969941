"""What a sentence asks to be sampled: one coordinate for each comparison of means in it.

    E[f] = t, Var[f] = t, any polynomial in expectations on a side      its mean against the exact value of the other side
    a <= b                                                               the mean of b - a against its exact value, or against 0
                                                                         where that is negative: the nearest value that is allowed
    surely  E[f | what is known] = g                                     one coordinate for each past of positive probability
    surely  p                                                            the share of paths on which p fails, against 0
    a / b = t, b a mean                                                  two coordinates: the mean of a - t b against 0, and b.
                                                                         Where they are within d and e of their targets, the ratio
                                                                         is within d / (|b| - e) of t
    p and q, for all i < n: p, p implies q                               all parts; q where p holds on the instance

A sentence holds only if all of its coordinates do.  A part that averages nothing is decided exactly and must hold: sampling has
nothing to say of it.  That an estimator has the mean that it should follows from how it is read (`numeric.montecarlo.statistic`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from numeric.montecarlo.statistic import averaged
from proofs.kernel.statement import Process, Statement
from proofs.kernel.terms import Term, mk, num, show, subterms
from proofs.kernel.value import Instance

Env = tuple[Any, ...]


@dataclass(frozen=True)
class Part:
    """A comparison: its coordinate's name, what is estimated, the term of its target, and the binders around both.

    order: the target is that term where it is not negative, else 0.  share: the estimand is a probability.  ratio: it is the
    numerator or the denominator of a ratio, so called.
    """

    name: str
    estimand: Term
    target: Term
    env: Env = ()
    order: bool = False
    share: bool = False
    ratio: str = ""


def parts(statement: Statement, data: dict[str, Any]) -> list[Part]:
    """The coordinates of a statement on an instance.  Raises ValueError where a part of it cannot be sampled."""
    return settled(statement, list(Forms(statement, data).walk(statement.claim, (), "")))


def broken(statement: Statement, data: dict[str, Any]) -> list[Part]:
    """What fails of a false sentence a <= b or a < b where it is refuted: a - b against its exact value."""
    if statement.claim.op not in ("Le", "Lt"):
        raise ValueError(f"a false sentence is sampled where it is a <= b or a < b; got {show(statement.claim):.80}")
    b, a = statement.claim.args
    return settled(statement, list(Forms(statement, data).comparison(mk("Le", a, b), (), "")))


def settled(statement: Statement, found: list[Part]) -> list[Part]:
    """The coordinates with names of their own."""
    if not found:
        raise ValueError(f"a sentence must compare a mean to be sampled; got {show(statement.claim):.80}")
    if len({p.name for p in found}) < len(found):  # two comparisons of one past
        found = [replace(p, name=joined(str(n + 1), p.name)) for n, p in enumerate(found)]
    return found


class Forms:
    """The walk through one sentence."""

    def __init__(self, statement: Statement, data: dict[str, Any]) -> None:
        self.exact = Instance(statement, data)

    def walk(self, p: Term, env: Env, name: str) -> Iterator[Part]:
        if p.op == "And":
            for side in p.args:
                yield from self.walk(side, env, name)
        elif p.op == "All":
            for i in self.exact.reach(p, env):
                yield from self.walk(p.args[2], (i, *env), f"{name}, {i}" if name else str(i))
        elif p.op == "Implies" and not any(isinstance(x, tuple) for x in env):
            if self.exact.value(p.args[0], env):
                yield from self.walk(p.args[1], env, name)
        elif p.op == "Surely":
            yield from self.surely(p, env, name)
        elif any(averaged(side, self.exact.decls) for side in p.terms):
            yield from self.comparison(p, env, name)
        elif any(isinstance(x, tuple) for x in env):
            raise ValueError(
                f"each comparison that holds surely, beside means given the past, must average; got {show(p):.80}"
            )
        elif not self.exact.value(p, env):
            raise ValueError(f"a part that averages nothing must hold; this one does not: {show(p):.80}")

    def comparison(self, p: Term, env: Env, name: str) -> Iterator[Part]:
        if p.op in ("Le", "Lt"):
            gap = p.args[1] - p.args[0]
            yield Part(name, gap, gap, env, order=True)
            return
        if p.op != "Eq":
            raise ValueError(f"a comparison of means is sampled for =, <= and <; got {show(p):.80}")
        a, b = p.args if averaged(p.args[0], self.exact.decls) else reversed(p.args)
        if a.op == "Div" and averaged(a.args[1], self.exact.decls):
            top, bottom = a.args
            yield Part(joined(name, "numerator"), top - b * bottom, num(0), env, ratio="numerator")
            yield Part(joined(name, "denominator"), bottom, bottom, env, ratio="denominator")
            return
        yield Part(name, a, b, env)

    # --------------------------------------------------------------------------------- surely
    def surely(self, p: Term, env: Env, name: str) -> Iterator[Part]:
        """Means given the past for each past; else the share of paths that break the sentence."""
        process, body = self.exact.decls.processes[p.args[0]], p.args[1]
        levels = {(t.args[2], t.args[3]) for t in subterms(body) if t.op == "CondE"}
        if not levels:
            fails = num(1) - mk("Ind", body)
            yield Part(name or "share", mk("E", process.name, fails), num(0), env, share=True)
            return
        if len(levels) > 1:
            raise ValueError(f"all means given the past must be given the same past: {show(p):.80}")
        (time, pos), whole = levels.pop(), self.exact.continuations(process, ())
        pasts: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        for _, path in whole:
            known = self.exact.prefix(process, path, self.exact.index(time, env), pos)
            pasts.setdefault(known, []).append(path)
        for known, paths in pasts.items():
            here = called(process, known)
            for part in self.walk(body, (paths[0], *env), joined(name, here)):
                self.require_known(part, paths)
                yield part

    def require_known(self, part: Part, paths: list[tuple[int, ...]]) -> None:
        """What a mean given the past is compared with must be a function of that past."""
        sides = [part.target] if not part.order else list(part.target.args)
        for side in (s for s in sides if not averaged(s, self.exact.decls)):
            first = self.exact.number(side, part.env)
            if any(self.exact.number(side, (path, *part.env[1:])) != first for path in paths[1:]):
                raise ValueError(f"the target of a mean given the past must be known by then: {show(side):.80}")


def joined(*names: str) -> str:
    """Of coordinates within coordinates."""
    return ": ".join(filter(None, names))


def called(process: Process, known: tuple[int, ...]) -> str:
    """A past in words: `s_0 = 1, a_0 = 0`."""
    width = len(process.draws)
    return (
        ", ".join(f"{process.draws[n % width].name}_{n // width} = {y}" for n, y in enumerate(known)) or "at the start"
    )
