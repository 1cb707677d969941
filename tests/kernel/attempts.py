"""One attempt for each attack: what the judge says to it.  Used by the tests, and by `guards.py` without pytest."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from proofs.kernel.check import CRASHES, Replay, check
from proofs.kernel.poly import Undecided
from proofs.kernel.terms import Malformed
from tests.kernel.attacks import citation, forgery, malformed
from tests.kernel.attacks.base import Attack
from tests.kernel.attacks.citation import Citation
from tests.kernel.attacks.families import FAMILIES
from tests.kernel.attacks.forgery import Forgery
from tests.kernel.attacks.malformed import IllFormed


@dataclass(frozen=True)
class Attempt:
    """How an attack ended: accepted (it succeeded), refused with a sentence, or a crash."""

    verdict: str
    message: str

    def as_it_should(self, says: str) -> bool:
        return self.verdict == "refused" and says in self.message


def attempt(run: Callable[[], object]) -> Attempt:
    """Accepted if it runs through."""
    try:
        run()
    except (Undecided, Malformed) as why:
        return Attempt("refused", str(why))
    except CRASHES as why:
        return Attempt("crash", f"{type(why).__name__}: {why}")
    return Attempt("accepted", "")


def by_statement(a: Attack) -> Attempt:
    """The derivation, replayed from its certificate without the witness's protection."""
    return attempt(lambda: Replay(a.statement(), a.proof().certificate(), {}).run())


def by_citation(c: Citation) -> Attempt:
    earlier = {c.lemma.hash(): ("lemma", c.lemma)}
    return attempt(lambda: Replay(c.top.statement(), c.proof().certificate(), earlier).run())


def by_forgery(f: Forgery) -> Attempt:
    try:
        report = check(f.bundle())["reports"][f.at]
    except CRASHES as why:
        return Attempt("crash", f"{type(why).__name__}: {why}")
    return Attempt("accepted", "") if report["verdict"] == f.verdict else Attempt("refused", report.get("reason", ""))


def by_building(m: IllFormed) -> Attempt:
    return attempt(m.build)


def all_attempts() -> Iterator[tuple[str, str, str, Callable[[], Attempt]]]:
    """(family, name, what the refusal must say, the attempt)."""
    for family, attacks in FAMILIES.items():
        for a in attacks:
            yield family, a.name, a.says, functools.partial(by_statement, a)
    for c in citation.ATTACKS:
        yield "citation", c.name, c.top.says, functools.partial(by_citation, c)
    for f in forgery.ATTACKS:
        yield "forgery", f.name, f.says, functools.partial(by_forgery, f)
    for m in malformed.ATTACKS:
        yield "malformed", m.name, m.says, functools.partial(by_building, m)
