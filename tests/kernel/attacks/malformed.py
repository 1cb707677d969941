"""What is no statement at all: sorts, arities, names, processes whose kernels do not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from proofs.kernel.statement import Statement
from proofs.kernel.terms import Malformed, Term, mk, num
from proofs.language import All, E, Eq, Sum
from tests.kernel.attacks.base import CHAIN, PLAIN, S, T, X, f, g, h, i, m, mean, n, s, u, x, y


@dataclass(frozen=True)
class IllFormed:
    """Building it must end in Malformed, with a sentence that holds `says`."""

    name: str
    why: str
    build: Callable[[], Any]
    says: str


def ill(name: str, why: str, claim: Callable[[], Term], says: str, decls: list[Any] = PLAIN) -> IllFormed:
    return IllFormed(name, why, lambda: Statement(decls, [], claim()), says)


def bad(name: str, why: str, says: str, *more: list[Any], decls: list[Any] = PLAIN) -> IllFormed:
    """A declaration that is none."""
    return IllFormed(name, why, lambda: Statement([*decls, *more], [], Eq(num(0), 0)), says)


def _assigned() -> None:
    try:
        x.op = "Sym"
    except AttributeError as why:
        raise Malformed(str(why)) from why


def _truth() -> None:
    try:
        bool(Eq(x, x))
    except TypeError as why:
        raise Malformed(str(why)) from why


P0, MOVE = ["Kernel", "p0", [], S], ["Kernel", "P", [S], S]


def process(name: str, why: str, says: str, kernels: list[Any], draws: list[Any], last: Any = T) -> IllFormed:
    decls = [["Size", "S", 1], ["Size", "T", 1], *kernels, ["Process", "X", last, draws]]
    return IllFormed(name, why, lambda: Statement(decls, [], Eq(num(0), 0)), says)


def before(draw: str = "s", by: int = -1) -> list[Any]:
    return [draw, S, "p0", [], "P", [[draw, by]]]


INDEX, REAL, RANDOM = "an index is expected", "a real is expected", "it is not random"
ATTACKS = [
    ill("real-index", "f takes an index", lambda: Eq(f(x), 0), INDEX),
    ill("half-index", "1/2 is no index", lambda: Eq(f(num("1/2")), 0), INDEX),
    ill("real-range", "a range ends at an index", lambda: Eq(Sum(i, 0, x, num(1)), 0), INDEX),
    ill("half-range", "a range ends at an index", lambda: Eq(Sum(i, 0, num("1/2"), num(1)), 0), INDEX),
    ill("real-exponent", "an exponent is an index", lambda: Eq(x**y, x**y), INDEX),
    ill("half-exponent", "there are no roots", lambda: Eq(x ** num("1/2"), x), INDEX),
    ill("quotient-as-index", "n / 2 is no index", lambda: Eq(f(n / 2), 0), INDEX),
    ill("value-as-index", "f(0) is real", lambda: Eq(f(f(0)), 0), INDEX),
    ill("sum-as-index", "a sum is real", lambda: Eq(f(Sum(i, 0, n, i)), 0), INDEX),
    ill("power-as-index", "a power is real", lambda: Eq(f(n**m), 0), INDEX),
    ill("mean-as-index", "a mean is real", lambda: Eq(h(mean(s(0))), 0), INDEX, CHAIN),
    ill("arity", "f takes one argument", lambda: Eq(f(0, 1), 0), "not a function of 2 arguments"),
    ill("unknown-function", "h is not declared", lambda: Eq(h(0), 0), "not a function"),
    ill("unknown-symbol", "z is not declared", lambda: Eq(mk("Sym", "z", "Real"), 0), REAL),
    ill("local-symbol", "a variable of a proof is none of a statement", lambda: Eq(u - u, 0), REAL),
    ill("judge-s-own-symbol", "a name with # is the judge's", lambda: Eq(mk("Sym", "#1", "Real"), 0), REAL),
    ill("other-sort", "x is real", lambda: Eq(mk("Sym", "x", "Int"), 0), REAL),
    ill("no-sort", "Odd is no sort", lambda: Eq(mk("Sym", "x", "Odd"), 0), REAL),
    ill("loose-variable", "no binder stands around it", lambda: Eq(mk("Bound", 0), 0), REAL),
    ill(
        "loose-under-one-binder",
        "one binder stands around it, not two",
        lambda: Eq(mk("Sum", num(0), n, mk("True"), mk("Bound", 1)), 0),
        REAL,
    ),
    ill("term-for-a-proposition", "x is no proposition", lambda: x, "a proposition is expected"),
    ill("proposition-for-a-term", "x = x is no number", lambda: Eq(Eq(x, x), 0), "a term is expected"),
    ill(
        "unknown-draw",
        "X draws s alone",
        lambda: Eq(E(h(mk("Draw", "X", X.path, "a", num(0))), X), 0),
        "not a draw",
        CHAIN,
    ),
    ill("unknown-process", "there is no Y", lambda: Eq(mk("E", "Y", num(1)), 1), "not a process", CHAIN),
    ill("random-time", "a time is deterministic", lambda: Eq(mean(h(s(s(0)))), 0), RANDOM, CHAIN),
    ill("random-time-by-arithmetic", "a time is deterministic", lambda: Eq(mean(h(s(2 - s(0)))), 0), RANDOM, CHAIN),
    ill("random-level", "a level is deterministic", lambda: Eq(mean(mean(h(s(1)), s(0))), 0), RANDOM, CHAIN),
    ill("random-range", "a range is deterministic", lambda: Eq(mean(Sum(i, 0, s(0), h(i))), 0), RANDOM, CHAIN),
    ill("random-start", "a range is deterministic", lambda: Eq(mean(Sum(i, s(0), S, h(i))), 0), RANDOM, CHAIN),
    ill("random-exponent", "an exponent is deterministic", lambda: Eq(mean(x ** s(0)), 0), RANDOM, CHAIN),
    ill("random-quantifier", "a range is deterministic", lambda: All(i, 0, s(0), Eq(x, x)), RANDOM, CHAIN),
    ill("draw-outside-a-mean", "a path outside an expectation", lambda: Eq(s(0), s(0)), "not declared so", CHAIN),
    ill(
        "conditional-mean-outside",
        "what is known of no outcome?",
        lambda: Eq(mean(h(s(0)), 0, 1), 0),
        "not declared so",
        CHAIN,
    ),
    ill(
        "index-for-a-path",
        "a sum binds an index",
        lambda: Eq(mk("Sum", num(0), S, mk("True"), h(mk("Draw", "X", mk("Bound", 0), "s", num(0)))), 0),
        "not declared so",
        CHAIN,
    ),
    ill(
        "path-for-an-index",
        "an expectation binds a path",
        lambda: Eq(mk("E", "X", h(mk("Bound", 0))), 0),
        "not declared so",
        CHAIN,
    ),
    ill(
        "path-of-another-process",
        "the path is one of X",
        lambda: Eq(mk("E", "X", h(mk("Draw", "Y", mk("Bound", 0), "s", num(0)))), 0),
        "not declared so",
        [*CHAIN, ["Process", "Y", T, [before()]]],
    ),
    ill(
        "level-beyond-the-slot",
        "a slot of X has one draw",
        lambda: Eq(mean(mean(h(s(1)), 0, 2)), 0),
        "a level lies within a slot",
        CHAIN,
    ),
    ill("path-as-a-number", "a path is no number", lambda: Eq(X.path, 0), "a term is expected", CHAIN),
    ill(
        "kernel-by-its-size",
        "P takes a state and an outcome",
        lambda: Eq(mk("App", "P", num(0)), 0),
        "not a function of 1 arguments",
        CHAIN,
    ),
    ill("undefined-definition", "there is no d", lambda: Eq(mk("Def", "d", x), 0), "not a definition"),
    ill(
        "definition-with-other-arguments",
        "d takes one",
        lambda: Eq(mk("Def", "d", x, x), 0),
        "not a definition",
        [*PLAIN, ["Def", "d", ["Real"], mk("Bound", 0)]],
    ),
    ill(
        "real-for-an-index-of-a-definition",
        "d takes an index",
        lambda: Eq(mk("Def", "d", x), 0),
        INDEX,
        [*PLAIN, ["Def", "d", ["Int"], f(mk("Bound", 0))]],
    ),
    ill(
        "random-for-a-time-of-a-definition",
        "d takes a time",
        lambda: Eq(mean(mk("Def", "d", s(0))), 0),
        "a random argument",
        [*CHAIN, ["Def", "d", ["Int"], h(mk("Bound", 0))]],
    ),
    # ---- terms that cannot be made
    IllFormed("unknown-kind", "there is no cosine", lambda: mk("Cos", x), "no such kind"),
    IllFormed("too-many-arguments", "a sum has two ends", lambda: mk("Add", x, y, x), "takes 2 arguments"),
    IllFormed("float", "0.1 is no rational", lambda: mk("Num", 0.1), "a rational of bounded size"),
    IllFormed(
        "integer-that-is-no-rational", "numbers are fractions", lambda: mk("Num", 7), "a rational of bounded size"
    ),
    IllFormed("empty-name", "a name is a word", lambda: mk("Sym", "", "Real"), "a name is expected"),
    IllFormed("name-with-a-bracket", "a name is a word", lambda: mk("Sym", "x) (Sym y", "Real"), "a name is expected"),
    IllFormed("name-with-a-break", "a name is a word", lambda: mk("Sym", "x\ny", "Real"), "a name is expected"),
    IllFormed(
        "name-in-another-alphabet",
        "a name is ASCII: two names that look alike",
        lambda: mk("Sym", "х", "Real"),
        "a name is expected",
    ),
    IllFormed("negative-bound", "binders are counted from 0", lambda: mk("Bound", -1), "a natural number"),
    IllFormed(
        "huge-level",
        "a level is a small number",
        lambda: mk("CondE", "X", X.path, num(0), 10**6, num(0)),
        "a natural number",
    ),
    IllFormed(
        "number-with-a-million-digits",
        "numbers are bounded",
        lambda: mk("Num", num(2).args[0] ** 20_001),
        "a rational of bounded size",
    ),
    IllFormed(
        "denominator-with-many-digits",
        "numbers are bounded",
        lambda: mk("Num", 1 / num(2).args[0] ** 20_001),
        "a rational of bounded size",
    ),
    # ---- declarations
    bad("twice", "x is declared", "declared twice", ["Fn", "x", 1]),
    bad(
        "definition-twice",
        "a definition does not change after its use",
        "declared twice",
        ["Def", "d", [], x],
        ["Def", "d", [], y],
    ),
    bad("definition-of-a-function", "f is declared", "declared twice", ["Def", "f", ["Int"], x]),
    bad("reserved", "a name begins with a letter", "a word that begins with a letter", ["Real", "_z"]),
    bad("judge-s-own", "a name begins with a letter", "a word that begins with a letter", ["Real", "#z"]),
    bad("negative-size", "a size is at least 1", "at least a natural number", ["Size", "z", -1]),
    bad(
        "size-zero",
        "a size is at least 1: a pmf on nothing proves anything",
        "at least a natural number",
        ["Size", "z", 0],
    ),
    bad("size-true", "True is no bound", "at least a natural number", ["Size", "z", True]),
    bad("no-arguments", "a function takes an argument", "takes between 1 and 20", ["Fn", "z", 0]),
    bad("many-arguments", "a function takes at most 20", "takes between 1 and 20", ["Fn", "z", 1000]),
    bad(
        "recursive-definition",
        "a definition stands on earlier ones",
        "not a definition",
        ["Def", "d", ["Real"], mk("Def", "d", mk("Bound", 0))],
    ),
    bad("definition-that-is-a-proposition", "a definition is real", REAL, ["Def", "d", [], Eq(x, x)]),
    bad("definition-with-a-loose-variable", "one parameter, not two", REAL, ["Def", "d", ["Real"], mk("Bound", 1)]),
    bad("definition-of-another-sort", "Odd is no sort", "bad sorts", ["Def", "d", ["Odd"], x]),
    bad("definition-on-an-unknown-process", "there is no process Q", "bad sorts", ["Def", "d", ["Path Q"], x]),
    bad("kernel-of-size-zero", "a pmf has an outcome", "at least one outcome", ["Kernel", "K", [], num(0)]),
    bad("kernel-of-size-minus-three", "a pmf has an outcome", "at least one outcome", ["Kernel", "K", [], num(-3)]),
    bad(
        "kernel-of-size-n-minus-one",
        "N - 1 may be 0",
        "at least one outcome",
        ["Kernel", "K", [], mk("Sym", "N", "Int") + num(-1)],
        decls=[["Size", "N", 1]],
    ),
    bad(
        "kernel-on-minus-one-arguments",
        "a range has no negative length",
        "at least one outcome",
        ["Kernel", "K", [num(-1)], num(2)],
    ),
    bad("kernel-of-an-integer-size", "n may be -5", "a size is a declared size", ["Kernel", "K", [], n]),
    bad("kernel-of-a-product-size", "a size is a sum", "a size is a declared size", ["Kernel", "K", [], n * n]),
    bad("kernel-of-a-real-size", "x is no size", INDEX, ["Kernel", "K", [], x]),
    bad("kernel-of-a-half-size", "1/2 is no size", INDEX, ["Kernel", "K", [], num("1/2")]),
    bad(
        "kernel-of-a-random-size", "a size is deterministic", "not declared so", ["Kernel", "K", [], s(0)], decls=CHAIN
    ),
    bad(
        "kernel-of-a-later-size",
        "a size is declared first",
        INDEX,
        ["Kernel", "K", [], mk("Sym", "late", "Int")],
        ["Size", "late", 1],
    ),
    bad(
        "horizon-below-zero",
        "a process has slot 0",
        "at least slot 0",
        P0,
        MOVE,
        ["Process", "X", num(-1), [before()]],
        decls=[["Size", "S", 1]],
    ),
    process(
        "kernel-does-not-cover",
        "P has no row for the last state",
        "every value of its parent",
        [P0, ["Kernel", "P", [S + num(-1)], S]],
        [before()],
    ),
    process(
        "time-not-covered",
        "P has no row for time T",
        "every time",
        [P0, ["Kernel", "P", [T], S]],
        [["s", S, "p0", [], "P", [["@", 0]]]],
    ),
    process(
        "time-covered-by-more",
        "the sizes must be the same term",
        "every time",
        [P0, ["Kernel", "P", [T + 2], S]],
        [["s", S, "p0", [], "P", [["@", 0]]]],
    ),
    process(
        "parent-after-child",
        "a is drawn after s",
        "not drawn before",
        [P0, MOVE],
        [["s", S, "P", [["a", 0]], "P", [["a", 0]]], ["a", S, "p0", [], "p0", []]],
    ),
    process(
        "own-parent",
        "s is not drawn before itself",
        "not drawn before",
        [P0, MOVE],
        [["s", S, "p0", [], "P", [["s", 0]]]],
    ),
    process(
        "slot-before-the-first",
        "nothing is before slot 0",
        "in this slot or in the one before",
        [P0, MOVE],
        [["s", S, "P", [["s", -1]], "P", [["s", -1]]]],
    ),
    process(
        "time-before-the-first",
        "nothing is before slot 0",
        "in this slot or in the one before",
        [P0, ["Kernel", "P", [T], S]],
        [["s", S, "P", [["@", -1]], "P", [["@", -1]]]],
    ),
    process("two-slots-back", "one slot of memory", "in this slot or in the one before", [P0, MOVE], [before(by=-2)]),
    process(
        "parent-from-the-future",
        "no draw depends on the next slot",
        "in this slot or in the one before",
        [P0, MOVE],
        [before(by=1)],
    ),
    process("unknown-parent", "there is no z", "not drawn before", [P0, MOVE], [["s", S, "p0", [], "P", [["z", -1]]]]),
    process(
        "other-size",
        "the kernel is on S outcomes",
        "does not fit",
        [P0, MOVE],
        [["s", S + 1, "p0", [], "P", [["s", -1]]]],
    ),
    process(
        "kernel-with-more-arguments",
        "P takes one parent",
        "does not fit",
        [P0, MOVE],
        [["s", S, "p0", [], "P", [["s", -1], ["s", -1]]]],
    ),
    process("not-a-kernel", "P is a function", "not a kernel", [P0, ["Fn", "P", 2]], [before()]),
    process("two-draws-one-name", "names of draws differ", "names of their own", [P0, MOVE], [before(), before()]),
    process("no-draws", "a process draws", "a process has draws", [P0, MOVE], []),
    process("draw-named-as-the-time", "@ is the time", "names of their own", [P0, MOVE], [before("@")]),
    process(
        "integer-horizon",
        "k may be -1",
        "a size is a declared size",
        [P0, MOVE, ["Int", "k"]],
        [before()],
        mk("Sym", "k", "Int"),
    ),
    process("parents-as-text", "parents are pairs", "parents are pairs", [P0, MOVE], [["s", S, "p0", [], "P", ["s-"]]]),
    process(
        "parents-of-three",
        "parents are pairs",
        "parents are pairs",
        [P0, MOVE],
        [["s", S, "p0", [], "P", [["s", -1, 0]]]],
    ),
    IllFormed("assignment", "terms do not change", lambda: _assigned(), "terms do not change"),
    IllFormed("truth-of-a-term", "a term has no truth value", lambda: _truth(), "no truth value"),
    IllFormed("true-is-no-number", "True is no rational", lambda: num(True), "not a rational"),
    IllFormed(
        "free-path",
        "a path outside an expectation",
        lambda: Statement(CHAIN, [("a", Eq(h(s(0)), 0))], Eq(x, x)),
        "not declared so",
    ),
    IllFormed(
        "two-hypotheses-one-name",
        "names of hypotheses differ",
        lambda: Statement(PLAIN, [("a", Eq(x, 0)), ("a", Eq(y, 0))], Eq(x, y)),
        "two hypotheses have one name",
    ),
    IllFormed(
        "one-hypothesis-twice",
        "one hypothesis, two names: one of them is idle",
        lambda: Statement(PLAIN, [("a", Eq(x, 0)), ("b", Eq(x, 0))], Eq(x, 0)),
        "two hypotheses are the same",
    ),
    IllFormed(
        "hypothesis-that-is-a-term",
        "g(0, 0) is no proposition",
        lambda: Statement(PLAIN, [("a", g(0, 0))], Eq(x, 0)),
        "a proposition is expected",
    ),
]
