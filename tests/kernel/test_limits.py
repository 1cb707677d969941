"""Every budget of the judge at its edge: the largest input that it takes, and the next one, which it refuses with a sentence.

The numbers are written out here a second time.  A limit that moves by accident, by one even, turns this file red; who moves
one on purpose changes it in both places.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from proofs.kernel import check as judge
from proofs.kernel import forms, poly, rules, terms
from proofs.kernel import value as exact
from proofs.kernel.check import check
from proofs.kernel.poly import Undecided
from proofs.kernel.statement import Statement, load
from proofs.kernel.terms import Malformed, mk, num, rational_text, read
from proofs.kernel.value import outcome
from proofs.language import Eq, Ge, Le, Sum
from proofs.tactics.proof import Proof
from proofs.writing import statement_data
from tests.kernel.attacks.base import PLAIN, f, i, k, n, x
from tests.kernel.bundles import plain

LIMITS = {
    judge: {"MOST_STEPS": 5_000, "SECONDS": 10, "MEMORY": 2**30, "MOST_BYTES": 2**24, "MOST_ITEMS": 1_000, "MOST_TEXT": 20_000},
    terms: {
        "MAX_SIZE": 20_000, "MAX_TEXT": 200, "MAX_DEPTH": 250, "MAX_BITS": 14_000, "MAX_NODES": 60_000, "MAX_TOTAL": 3_000_000,
    },
    poly: {"MAX_TERMS": 20_000, "MAX_ROWS": 600},
    forms: {"MOST_PEELED": 12, "MOST_POWER": 40, "MOST_PRIME": 10**6},
    rules: {"MOST_DRAWS": 20},
    exact: {"MOST_OUTCOMES": 200_000, "MOST_RANGE": 100_000, "MOST_STEPS": 5_000_000, "BITS": (128, 512, 2_048)},
}  # fmt: skip
TRUE = Eq(num(0), 0)
SAME = Eq(x, x)


@pytest.fixture(autouse=True)
def _deep() -> Iterator[None]:
    """The depth of recursion that the judge's own process has."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.parametrize("module", LIMITS, ids=lambda m: m.__name__.rpartition(".")[2])
def test_each_named_limit_is_what_is_written_here(module: Any) -> None:
    assert {name: getattr(module, name) for name in LIMITS[module]} == LIMITS[module]


# ------------------------------------------------------------------------------------- the last that fits, and the next
def declares(*decls: Any) -> Callable[[], Any]:
    return lambda: Statement([["Size", "S", 1], *decls], [], TRUE)


def is_named(length: int) -> Callable[[], Any]:
    return declares(["Int", "a" * length])


def loads(**changed: Any) -> Callable[[], Any]:
    """The statement x = x as plain data, with parts of it changed."""
    return lambda: load({**plain(statement_data(Statement([["Real", "x"]], [], SAME))), **changed})


def supposes(count: int) -> Callable[[], Any]:
    return lambda: load(
        plain(statement_data(Statement([["Real", "x"]], [(f"h{c}", Le(x, c)) for c in range(count)], SAME)))
    )


def reads(text: str) -> Callable[[], Any]:
    return lambda: rational_text(text)


def proves(claim: Any, *hyps: Any) -> Callable[[], Any]:
    def run() -> Any:
        pf = Proof(Statement(PLAIN, [(f"h{a}", h) for a, h in enumerate(hyps)], claim))
        return pf.prove(claim, by=[f"h{a}" for a in range(len(hyps))])

    return run


def is_worth(claim: Any, **ints: int) -> Callable[[], Any]:
    data = {
        "ints": {"n": 0, "N": 1, "m": 0, "k": 0, **ints},
        "reals": {"x": "1", "y": "1"},
        "tables": {"f": ["1"], "g": [["1"]]},
    }
    return lambda: outcome(Statement(PLAIN, [], claim), data)


def nested(depth: int) -> Any:
    t: Any = "1"
    for _ in range(depth):
        t = [t]
    return t


def has_table(depth: int) -> Callable[[], Any]:
    return lambda: outcome(Statement([["Fn", "f", 1]], [], TRUE), {"tables": {"f": nested(depth)}})


def tower(depth: int) -> Any:
    t = x
    for _ in range(depth):
        t = mk("Ln", t)
    return t


def bushy(size: int) -> Any:
    """A term of this many nodes and little depth."""
    t = x
    while 2 * t.size + 1 <= size:
        t = t + t
    while t.size < size:
        rest = x
        while 2 * rest.size + 1 <= size - t.size - 1:
            rest = rest + rest
        t = t + rest if t.size + 1 + rest.size <= size else mk("Ln", t)
    assert t.size == size
    return t


def peels(last: int) -> Callable[[], Any]:
    """So many last terms of a sum split off one by one."""
    whole, apart = Sum(i, 0, n + last, f(i)), Sum(i, 0, n, f(i))
    return proves(Eq(whole, apart + sum((f(n + c) for c in range(1, last)), f(n))), Ge(n, 0))


HUGE, COUNT = Le(0, num(2**100) ** k), Eq(Sum(i, 0, k, num(1)), k)
KERNEL = ["Kernel", "K", [mk("Sym", "S", "Int")] * 19, mk("Sym", "S", "Int")]
PAIRS: dict[str, tuple[Callable[[], Any], Callable[[], Any], str]] = {
    "a least size": (declares(["Size", "a", 10**6]), declares(["Size", "a", 10**6 + 1]), "at least a natural number"),
    "a least size of 0": (declares(["Size", "a", 1]), declares(["Size", "a", 0]), "at least a natural number"),
    "arguments of a function": (declares(["Fn", "a", 20]), declares(["Fn", "a", 21]), "between 1 and 20 arguments"),
    "no argument": (declares(["Fn", "a", 1]), declares(["Fn", "a", 0]), "between 1 and 20 arguments"),
    "arguments of a kernel": (declares(KERNEL), declares([*KERNEL[:2], [*KERNEL[2], KERNEL[3]], KERNEL[3]]), "sizes of a kernel"),
    "sorts of a definition": (
        declares(["Def", "d", ["Int"] * 10, num(1)]), declares(["Def", "d", ["Int"] * 11, num(1)]), "a definition has sorts",
    ),
    "letters of a name": (is_named(60), is_named(61), "a declared name is a word"),
    "letters of a name in a term": (lambda: mk("Sym", "a" * 80, "Int"), lambda: mk("Sym", "a" * 81, "Int"), "Sym"),
    "declarations": (
        loads(decls=[["Real", "x"], *[["Real", f"a{c}"] for c in range(199)]]),
        loads(decls=[["Real", "x"], *[["Real", f"a{c}"] for c in range(200)]]), "declaration",
    ),
    "hypotheses": (
        supposes(200), supposes(201), "not a list of hypotheses",
    ),
    "parts of a hypothesis": (loads(hyps=[["h", 1]]), loads(hyps=[["h", 1, 1]]), "a hypothesis is a name and a proposition"),
    "digits above the line": (reads("9" * 4_000), reads("9" * 4_001), "not a rational"),
    "digits below the line": (reads("1/" + "9" * 4_000), reads("1/" + "9" * 4_001), "not a rational"),
    "signs before the line": (reads("-" * 1 + "1"), reads("-" * 2 + "1"), "not a rational"),
    "nodes of a term": (lambda: bushy(20_000), lambda: mk("Ln", bushy(20_000)), "more nodes or levels than allowed"),
    "levels of a term": (lambda: tower(249), lambda: tower(250), "more nodes or levels than allowed"),
    "bits of a number": (lambda: num(2**14_000 - 1), lambda: num(2**14_000), "Num"),
    "nodes of an item": (
        lambda: read([["Num", "1"]] * 60_000), lambda: read([["Num", "1"]] * 60_001), "a list of bounded length",
    ),
    "a power": (proves(Eq(x**40, x * x**39)), proves(Eq(x**41, x * x**40)), "an exponent is larger than allowed"),
    "a power of a power": (
        proves(Eq(x ** (40 * n), x ** (39 * n) * x**n), Ge(n, 0)), proves(Eq(x ** (41 * n), x ** (40 * n) * x**n), Ge(n, 0)),
        "an exponent is larger than allowed",
    ),
    "a prime": (
        proves(Eq(mk("Ln", num(999_983 * 1_000_003)), mk("Ln", num(999_983)) + mk("Ln", num(1_000_003)))),
        proves(Eq(mk("Ln", num(1_000_003 * 1_000_033)), 0)), "a number is too large to factor",
    ),
    "last terms of a sum": (peels(12), peels(13), "not decided"),
    "the value of a power": (
        is_worth(Eq(num(1) ** k, 1), k=10_000), is_worth(Eq(num(1) ** k, 1), k=10_001), "an exponent is larger than allowed",
    ),
    "digits of a power": (is_worth(HUGE, k=1_980), is_worth(HUGE, k=1_981), "a number has more digits than allowed"),
    "terms of a sum": (is_worth(COUNT, k=100_000), is_worth(COUNT, k=100_001), "a range is longer than allowed"),
    "an integer of an instance": (is_worth(Eq(k, k), k=10**9), is_worth(Eq(k, k), k=10**9 + 1), "an integer of moderate size"),
    "levels of a table": (has_table(20), has_table(21), "a table is nested too deeply"),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_the_last_that_fits_is_taken_and_the_next_is_refused(name: str) -> None:
    fits, does_not, says = PAIRS[name]
    fits()
    with pytest.raises((Undecided, Malformed)) as why:
        does_not()
    assert says in str(why.value)


# ------------------------------------------------------------------------------------- of a whole item
def item(steps: int, name: str = "long") -> dict[str, Any]:
    """x = x in so many steps, each but the last an idle assumption."""
    pf = Proof(Statement([["Real", "x"]], [], SAME))
    claim = {"t": pf.write(SAME)}
    idle = [["assume", [], [claim]]] * (steps - 1)
    certificate = {
        "nodes": pf.write.nodes,
        "steps": [*idle, ["prove", [], [claim]]][-steps:] if steps else [],
        "defined": [],
    }
    statement = plain(statement_data(pf.statement))
    return {"id": name, "statement": statement, "witness": {"reals": {"x": "1"}}, "certificate": plain(certificate)}


@pytest.mark.parametrize(
    ("steps", "verdict"), [(0, "undecided"), (1, "proved"), (5_000, "proved"), (5_001, "undecided")]
)
def test_a_certificate_has_between_1_and_5000_steps(steps: int, verdict: str) -> None:
    (report,) = check({"items": [item(steps)]})["reports"]
    assert report["verdict"] == verdict
    assert report.get("steps", steps) == steps
    assert verdict == "proved" or "a certificate has between 1 and 5000 steps" in report["reason"]


@pytest.mark.parametrize(("length", "verdict"), [(200, "proved"), (201, "undecided")])
def test_an_id_is_short(length: int, verdict: str) -> None:
    (report,) = check({"items": [item(1, "a" * length)]})["reports"]
    assert report["verdict"] == verdict and report["id"] == "a" * 200


def test_a_reason_is_cut_off_where_it_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    def talks(*_: Any) -> Any:
        raise Undecided("a" * 30_000)

    monkeypatch.setattr(judge, "check_item", talks)
    (report,) = check({"items": [item(1)]})["reports"]
    assert report["reason"] == "a" * 20_000
