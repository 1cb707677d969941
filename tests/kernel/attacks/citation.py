"""Citations of true lemmas at instances, names and shapes at which they say nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from proofs.kernel.statement import Statement
from proofs.kernel.terms import Term, abstract, mk, num
from proofs.language import All, Eq, Ge, Le, Lt, Sum, Vocabulary
from proofs.tactics.proof import Proof
from tests.kernel.attacks.base import (
    CHAIN,
    PLAIN,
    PMF,
    Attack,
    Instance,
    N,
    S,
    T,
    f,
    g,
    h,
    i,
    k,
    m,
    mean,
    n,
    p,
    p0,
    s,
    x,
    y,
)

Pairs = Callable[[], list[list[Any]]]


@dataclass(frozen=True)
class Citation:
    """A lemma with its proof, and a false statement that cites it."""

    name: str
    why: str
    lemma: Statement
    lemma_proof: Callable[[Proof, Term], Any]
    top: Attack
    pairs: list[list[Any]] = field(default_factory=list)

    def proof(self) -> Proof:
        """The certificate of the false statement.  Raises where the judge refuses."""
        pf = Proof(self.top.statement(), [("lemma", self.lemma)])
        step = pf.rule("cite", [], self.lemma.hash(), *self.pairs)
        pf.prove(
            self.top.claim,
            by=[f"h{a}" for a in range(len(self.top.hyps))]
            + [pf.settle(step, by=[f"h{a}" for a in range(len(self.top.hyps))])],
        )
        return pf

    def base(self) -> Proof:
        """The lemma's own certificate."""
        pf = Proof(self.lemma)
        self.lemma_proof(pf, self.lemma.claim)
        return pf


def sym(name: str, value: Any, sort: str = "Int") -> list[Any]:
    return ["sym", mk("Sym", name, sort), value if isinstance(value, Term) else num(value)]


def fn(name: str, *params: Term, body: Term) -> list[Any]:
    for a, v in enumerate(reversed(params)):
        body = abstract(body, v, a)
    return ["fn", name, body]


def without(decls: list[Any], name: str, *new: list[Any]) -> list[Any]:
    return [*[d for d in decls if d[1] != name], *new]


def exchanged(decls: list[Any], name: str, new: list[Any]) -> list[Any]:
    return [new if d[1] == name else d for d in decls]


MASS = Statement(PMF, [], Eq(Sum(i, 0, N, p(i)), 1))
HALF = Statement(PLAIN, [("a", Lt(0, m))], Le(1, m))
SIGN = Statement(PLAIN, [("a", All(i, 0, n, Ge(f(i), 0))), ("b", Ge(m, 0)), ("c", Lt(m, n))], Ge(f(m), 0))
ROW = Statement(
    CHAIN, [("a", All(i, 0, S, Eq(mean(g(i, s(0))), x))), ("b", Ge(m, 0)), ("c", Lt(m, S))], Eq(mean(g(m, s(0))), x)
)
LEAST = Statement([["Size", "N", 2]], [], Ge(N, 2))
FLAT = Statement(PLAIN, [("a", All(i, 0, n, Eq(f(i), x))), ("b", Ge(n, 0))], Eq(Sum(i, 0, n, f(i)), n * x))
LINEAR = Statement(CHAIN, [], Eq(mean(x * h(s(0))), x * mean(h(s(0)))))
START = Statement(CHAIN, [], Eq(mean(h(s(0))), Sum(i, 0, S, p0(i) * h(i))))
LATE = Statement(CHAIN, [("a", Ge(k, 0)), ("b", Le(k, T))], Eq(mean(mean(h(s(k)), k, 1)), mean(h(s(k)))))

_two = Vocabulary()
_two.decls.update({d[1]: d for d in CHAIN})
_two.size("R"), _two.pmf("r0", mk("Sym", "R", "Int")), _two.kernel("Q", [S], S), _two.pmf("q0", S)
_two.kernel("long", [S, S], S)
_two.process("X2", T, [["s", S, "q0", [], "Q", [["s", -1]]]])
_two.process("X3", T, [["s", S, "p0", [], "p0", []]])
_two.process("X4", T + 1, [["s", S, "p0", [], "P", [["s", -1]]]])
_two.process("X5", T, [["s", S, "p0", [], "P", [["s", -1]]], ["b", S, "p0", [], "p0", []]])
_two.process("X6", T, [["z", S, "p0", [], "P", [["z", -1]]]])
TWO = list(_two.decls.values())
UNFOLD = lambda pf, c: pf.prove(c, by=[pf.rule("next_draws", [], c.args[0], 1)])  # noqa: E731
DECIDED = lambda pf, c: pf.prove(c)  # noqa: E731
BY = lambda *names: lambda pf, c: pf.prove(c, by=list(names))  # noqa: E731


def draw(process: str, name: str = "s", time: Any = 0) -> Term:
    return mk("Draw", process, mk("Path", process, "w"), name, num(time))


def over(process: str, body: Term) -> Term:
    return mk("E", process, abstract(body, mk("Path", process, "w")))


def cite(
    name, why, lemma, lemma_proof, decls, hyps, claim, pairs=(), at: Instance | str | None = None, says=""
) -> Citation:
    return Citation(
        name, why, lemma, lemma_proof, Attack(name, why, decls, tuple(hyps), claim, None, at, says), list(pairs)
    )


SHAPE, DRAWS = "not a kernel of that shape", "not a process with these draws"
ATTACKS = [
    cite(
        "a-pmf-for-any-function",
        "f has no mass 1",
        MASS,
        DECIDED,
        exchanged(without(PMF, "Y"), "p", ["Fn", "p", 1]),
        [],
        Eq(Sum(i, 0, N, p(i)), 1),
        says=SHAPE,
    ),
    cite(
        "another-size",
        "p has size N, not N + 1",
        MASS,
        DECIDED,
        PMF,
        [],
        Eq(Sum(i, 0, N + 1, p(i)), 1),
        [sym("N", N + 1)],
        at="p(N) is outside every table",
        says=SHAPE,
    ),
    cite(
        "a-real-for-an-index",
        "1/2 lies between 0 and 1",
        HALF,
        BY("a"),
        PLAIN,
        [Lt(0, x)],
        Le(1, x),
        [sym("m", x)],
        says="an index is expected",
    ),
    cite(
        "a-half-for-an-index",
        "1/2 lies between 0 and 1",
        HALF,
        BY("a"),
        PLAIN,
        [],
        Le(1, num("1/2")),
        [sym("m", num("1/2"))],
        says="an index is expected",
    ),
    cite(
        "a-value-for-an-index",
        "f(0) is real",
        HALF,
        BY("a"),
        PLAIN,
        [Lt(0, f(0))],
        Le(1, f(0)),
        [sym("m", f(0))],
        says="an index is expected",
    ),
    cite(
        "a-mean-for-an-index",
        "a mean is real",
        HALF,
        BY("a"),
        CHAIN,
        [Lt(0, mean(s(0)))],
        Le(1, mean(s(0))),
        [sym("m", mean(s(0))), sym("N", 1), sym("n", 0), sym("k", 0)],
        says="an index is expected",
    ),
    cite(
        "drops-a-hypothesis",
        "m > 0 comes back as a hypothesis",
        HALF,
        BY("a"),
        PLAIN,
        [],
        Le(1, m),
        says="rests on what is not",
    ),
    cite(
        "with-a-draw",
        "the row at a random state: the lemma speaks of fixed rows",
        ROW,
        lambda pf, c: pf.rule("cut", [pf.rule("at", ["a"], m), "b", "c"]),
        CHAIN,
        [All(i, 0, S, Eq(mean(g(i, s(0))), x))],
        Eq(mean(g(s(0), s(0))), x),
        [sym("m", s(0))],
        at={
            "ints": {"S": 2, "T": 1, "m": 0, "k": 0},
            "reals": {"x": "1", "y": "0"},
            "tables": {"g": [["0", "2"], ["2", "0"]], "p0": ["1/2", "1/2"], "P": [["1", "0"], ["0", "1"]]},
        },
        says="not decided: ",
    ),
    cite(
        "with-a-random-time",
        "a time may not be random",
        LATE,
        DECIDED,
        CHAIN,
        [],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        [sym("k", s(0))],
        says="it is not random",
    ),
    cite(
        "a-size-below-its-bound",
        "a size of the lemma is at least 2",
        LEAST,
        DECIDED,
        PLAIN,
        [],
        Ge(m, 2),
        [sym("N", m)],
        says="rests on what is not",
    ),
    cite(
        "a-size-by-its-namesake",
        "N is at least 2 there, at least 1 here",
        LEAST,
        DECIDED,
        PLAIN,
        [],
        Ge(N, 2),
        says="rests on what is not",
    ),
    cite(
        "two-values-for-one-name",
        "a name has one value",
        HALF,
        BY("a"),
        PLAIN,
        [Lt(0, m)],
        Le(1, k),
        [sym("m", m), sym("m", k)],
        says="instantiated twice",
    ),
    cite(
        "a-name-that-is-none",
        "the lemma has no z",
        HALF,
        BY("a"),
        PLAIN,
        [Lt(0, m)],
        Le(1, k),
        [sym("z", k)],
        says="not a name of the cited",
    ),
    cite(
        "a-name-of-another-sort",
        "m is an index there",
        HALF,
        BY("a"),
        PLAIN,
        [Lt(0, m)],
        Le(1, k),
        [sym("m", k, "Real")],
        says="not a name of the cited",
    ),
    cite(
        "a-term-for-a-term",
        "only names are instantiated",
        HALF,
        BY("a"),
        PLAIN,
        [Lt(0, m)],
        Le(num(1), k),
        [["sym", num(1), k]],
        says="not a name of the cited",
    ),
    cite(
        "a-kind-that-is-none",
        "only four kinds of names are instantiated",
        HALF,
        BY("a"),
        PLAIN,
        [Lt(0, m)],
        Le(1, k),
        [["decls", "m", k]],
        says="a kind, a name and a value",
    ),
    cite(
        "undeclared-here",
        "m is not declared here",
        HALF,
        BY("a"),
        [["Int", "k"]],
        [Lt(0, k)],
        Le(2, k),
        says="declared otherwise or not at all",
    ),
    cite(
        "declared-otherwise",
        "m is a real here",
        HALF,
        BY("a"),
        [["Int", "k"], ["Real", "m"]],
        [Lt(0, k)],
        Le(2, k),
        says="declared otherwise or not at all",
    ),
    cite(
        "symbol-undeclared-here",
        "m is not declared here",
        Statement([["Int", "m"]], [("a", Lt(0, m))], Le(1, m)),
        BY("a"),
        [["Int", "k"]],
        [Lt(0, k)],
        Le(2, k),
        says="declared otherwise or not at all: m",
    ),
    cite(
        "function-undeclared-here",
        "f is not declared here",
        Statement([["Fn", "f", 1]], [("a", Lt(0, f(0)))], Le(0, f(0))),
        BY("a"),
        [["Real", "x"]],
        [Lt(0, x)],
        Le(1, x),
        says="declared otherwise or not at all: f",
    ),
    cite(
        "function-by-its-namesake",
        "f takes two arguments here",
        Statement([["Fn", "f", 1]], [("a", Lt(0, f(0)))], Le(0, f(0))),
        BY("a"),
        [["Real", "x"], ["Fn", "f", 2]],
        [Lt(0, x)],
        Le(1, x),
        says="declared otherwise or not at all: f",
    ),
    cite(
        "function-by-a-number",
        "a function is replaced by a term",
        SIGN,
        lambda pf, c: pf.rule("cut", [pf.rule("at", ["a"], m), "b", "c"]),
        PLAIN,
        [Ge(m, 0), Lt(m, n)],
        Ge(f(m), 0),
        [["fn", "f", 3]],
        says="replaced by a term with parameters",
    ),
    # ---- functions
    cite(
        "function-of-other-arity",
        "f takes one argument",
        SIGN,
        lambda pf, c: pf.rule("cut", [pf.rule("at", ["a"], m), "b", "c"]),
        PLAIN,
        [Ge(m, 0), Lt(m, n)],
        Ge(g(m, m), 0),
        [["fn", "f", g(0, mk("Bound", 1))]],
        says="expected here",
    ),
    cite(
        "function-that-captures",
        "x := a function of the summation index is no real",
        FLAT,
        lambda pf, c: pf.prove(c, by=[pf.rule("sum_order", ["a"]), "b"]),
        PLAIN,
        [],
        Eq(0, 1),
        [sym("x", mk("Bound", 0), "Real")],
        says="replaced by a term",
    ),
    cite(
        "function-keeps-its-hypothesis",
        "the hypothesis on f becomes one on the body",
        SIGN,
        lambda pf, c: pf.rule("cut", [pf.rule("at", ["a"], m), "b", "c"]),
        PLAIN,
        [Ge(m, 0), Lt(m, n)],
        Ge(f(m) - 1, 0),
        [fn("f", k, body=f(k) - 1)],
        says="rests on what is not",
    ),
    cite(
        "function-of-an-outcome",
        "h := a constant of this outcome, then the mean over another",
        LINEAR,
        DECIDED,
        CHAIN,
        [],
        Eq(mean(h(s(0)) * h(s(0))), mean(h(s(0))) ** 2),
        [sym("x", h(s(0)), "Real")],
        says="not decided: ",
    ),
    cite(
        "function-of-an-outcome-by-body",
        "h := a function that speaks of a free outcome",
        START,
        UNFOLD,
        CHAIN,
        [],
        Eq(mean(g(s(0), s(0))), Sum(i, 0, S, p0(i) * mean(g(i, s(0))))),
        [fn("h", k, body=g(k, s(0)))],
        at={
            "ints": {"S": 2, "T": 1, "m": 0, "k": 0},
            "reals": {"x": "1", "y": "0"},
            "tables": {"g": [["0", "2"], ["2", "0"]], "p0": ["1/2", "1/2"], "P": [["1", "0"], ["0", "1"]]},
        },
        says="not decided: ",
    ),
    cite(
        "function-with-a-time",
        "a parameter may not become a time: the lemma applies it to a state",
        START,
        UNFOLD,
        CHAIN,
        [],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        [fn("h", k, body=h(s(k)))],
        says="it is not random",
    ),
    cite(
        "function-with-a-range",
        "a parameter may not become a range's end",
        START,
        UNFOLD,
        CHAIN,
        [],
        Eq(mean(h(s(0))), mean(h(s(1)))),
        [fn("h", k, body=Sum(i, 0, k, h(i)))],
        says="it is not random",
    ),
    cite(
        "function-that-is-a-proposition",
        "a function is real",
        SIGN,
        lambda pf, c: pf.rule("cut", [pf.rule("at", ["a"], m), "b", "c"]),
        PLAIN,
        [Ge(m, 0), Lt(m, n)],
        Ge(f(m), 0),
        [["fn", "f", Eq(x, x)]],
        says="a real is expected",
    ),
    # ---- kernels and processes
    cite(
        "kernel-of-another-size",
        "r0 is a pmf on R outcomes",
        Statement(TWO, [], Eq(Sum(i, 0, S, p0(i)), 1)),
        DECIDED,
        TWO,
        [],
        Eq(Sum(i, 0, S, mk("App", "r0", i)), 1),
        [["kernel", "p0", "r0"]],
        says=SHAPE,
        at="r0 outside its range is outside every table",
    ),
    cite(
        "kernel-of-more-arguments",
        "long has two arguments",
        Statement(TWO, [], All(i, 0, 1, Eq(x, x))),
        lambda pf, c: pf.every(k, 0, 1, pf.prove(Eq(x, x))),
        TWO,
        [],
        Eq(x, y),
        [["kernel", "P", "long"]],
        says=SHAPE,
    ),
    cite(
        "kernel-that-is-a-function",
        "h is no kernel",
        Statement(TWO, [], Eq(Sum(i, 0, S, p0(i)), 1)),
        DECIDED,
        TWO,
        [],
        Eq(Sum(i, 0, S, h(i)), 1),
        [["kernel", "p0", "h"]],
        says=SHAPE,
    ),
    cite(
        "kernel-without-its-process",
        "X is drawn from p0, not from q0",
        Statement(CHAIN, [], START.claim),
        UNFOLD,
        TWO,
        [],
        Eq(mean(h(s(0))), Sum(i, 0, S, mk("App", "q0", i) * h(i))),
        [["kernel", "p0", "q0"]],
        says=DRAWS,
    ),
    cite(
        "process-without-its-kernel",
        "X2 is drawn from q0, not from p0",
        START,
        UNFOLD,
        TWO,
        [],
        Eq(over("X2", h(draw("X2"))), Sum(i, 0, S, p0(i) * h(i))),
        [["process", "X", "X2"]],
        says=DRAWS,
    ),
    cite(
        "process-of-independent-draws",
        "X3 draws each state afresh",
        Statement(CHAIN, [], Eq(mean(h(s(1)) * f(s(0))), mean(mean(h(s(1)), 0, 1) * f(s(0))))),
        DECIDED,
        TWO,
        [],
        Eq(over("X3", h(draw("X3"))), mean(h(s(1)))),
        [["process", "X", "X3"]],
        says=DRAWS,
    ),
    cite(
        "process-that-is-longer",
        "X4 has another slot",
        LATE,
        DECIDED,
        TWO,
        [Ge(k, 0), Le(k, T)],
        Eq(over("X4", h(draw("X4"))), mean(h(s(1)))),
        [["process", "X", "X4"]],
        says="not a process of that length",
    ),
    cite(
        "process-with-more-draws",
        "X5 draws twice a slot",
        LATE,
        DECIDED,
        TWO,
        [Ge(k, 0), Le(k, T)],
        Eq(over("X5", h(draw("X5"))), mean(h(s(1)))),
        [["process", "X", "X5"]],
        says=DRAWS,
    ),
    cite(
        "process-with-other-names",
        "X6 has no draw s",
        LATE,
        DECIDED,
        TWO,
        [Ge(k, 0), Le(k, T)],
        Eq(over("X6", h(draw("X6", "z"))), mean(h(s(1)))),
        [["process", "X", "X6"]],
        says=DRAWS,
    ),
    cite(
        "process-that-is-none",
        "h is no process",
        LATE,
        DECIDED,
        TWO,
        [Ge(k, 0), Le(k, T)],
        Eq(over("X2", h(draw("X2"))), mean(h(s(1)))),
        [["process", "X", "h"]],
        says="not a process of that length",
    ),
    cite(
        "horizon-by-another",
        "X has horizon T, not T + 1",
        LATE,
        DECIDED,
        CHAIN,
        [Ge(k, 0), Le(k, T + 1)],
        Eq(mean(h(s(k))), x),
        [sym("T", T + 1)],
        says="not a process of that length",
    ),
    cite(
        "number-for-a-name",
        "a kernel is replaced by a name",
        START,
        UNFOLD,
        TWO,
        [],
        Eq(mean(h(s(0))), Sum(i, 0, S, mk("App", "q0", i) * h(i))),
        [["kernel", "p0", 3]],
        says="replaced by a name",
    ),
    cite(
        "function-for-a-kernel",
        "p is a pmf, not any function: 7 N is not 1",
        MASS,
        DECIDED,
        PMF,
        [],
        Eq(N * 7, 1),
        [["fn", "p", num(7)]],
        says="not a name of the cited",
    ),
    cite(
        "kernel-for-a-function",
        "h is a function there",
        LINEAR,
        DECIDED,
        CHAIN,
        [],
        Eq(mean(p0(s(0))), x),
        [["kernel", "h", "p0"]],
        says="not a name of the cited",
    ),
    cite(
        "process-for-a-kernel",
        "P is a kernel there",
        LATE,
        DECIDED,
        TWO,
        [Ge(k, 0), Le(k, T)],
        Eq(over("X2", h(draw("X2"))), mean(h(s(1)))),
        [["process", "P", "X2"]],
        says="not a name of the cited",
    ),
    cite(
        "symbol-for-a-process",
        "X is a process there",
        LATE,
        DECIDED,
        CHAIN,
        [Ge(k, 0), Le(k, T)],
        Eq(mean(h(s(k))), x),
        [sym("X", 1)],
        says="not a name of the cited",
    ),
    # ---- definitions
    cite(
        "definition-of-another-meaning",
        "d means x there and 2 x here",
        Statement([["Real", "x"], ["Def", "d", ["Real"], mk("Bound", 0)]], [], Eq(mk("Def", "d", x), x)),
        DECIDED,
        [["Real", "x"], ["Def", "d", ["Real"], mk("Bound", 0) * 2]],
        [],
        Eq(mk("Def", "d", x), x),
        says="not decided: ",
    ),
    cite(
        "definition-by-a-symbol",
        "y stands in the body",
        Statement(
            [["Real", "x"], ["Real", "y"], ["Def", "d", ["Real"], mk("Bound", 0) * y]], [], Eq(mk("Def", "d", x), x * y)
        ),
        DECIDED,
        [["Real", "x"], ["Real", "y"], ["Def", "d", ["Real"], mk("Bound", 0) * y]],
        [],
        Eq(mk("Def", "d", x), x),
        [sym("y", 1, "Real")],
        says="not decided: ",
    ),
    cite(
        "definition-instantiated",
        "a definition is no function to be replaced",
        Statement([["Real", "x"], ["Def", "d", ["Real"], mk("Bound", 0)]], [], Eq(mk("Def", "d", x), x)),
        DECIDED,
        [["Real", "x"], ["Def", "d", ["Real"], mk("Bound", 0)]],
        [],
        Eq(x, 7),
        [["fn", "d", num(7)]],
        says="not a name of the cited",
    ),
]
