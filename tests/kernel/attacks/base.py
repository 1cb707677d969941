"""The words in which attacks are written: three vocabularies, instances to falsify with, and the record of an attack.

An attack is data: a statement that is false (or means nothing), a derivation that tries to prove it, and a line that says
why it is false.  `instances(decls)` is a fixed list of instances; the first one on which the statement fails shows that it
really is false.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from proofs.kernel.statement import Statement
from proofs.kernel.terms import Term, abstract, mk, term
from proofs.language import E, Trajectory, Vocabulary, local_index, local_real
from proofs.tactics.proof import Proof, Step

Instance = dict[str, Any]
Derive = Callable[[Proof, Term], Any]

# ------------------------------------------------------------------------------------- numbers, functions, sums
_plain = Vocabulary()
N, n, m, k = _plain.size("N"), _plain.integer("n"), _plain.integer("m"), _plain.integer("k")
x, y = _plain.real("x"), _plain.real("y")
f, g = _plain.function("f"), _plain.function("g", 2)
PLAIN = list(_plain.decls.values())

# ------------------------------------------------------------------------------------- two pmfs
_pmf = Vocabulary()
_pmf.size("N"), _pmf.integer("m"), _pmf.integer("k"), _pmf.real("x")
p, q = _pmf.pmf("p", N), _pmf.pmf("q", N)
_pmf.function("f")
Y: Trajectory = _pmf.sample("Y", "z", "p")
PMF = list(_pmf.decls.values())

# ------------------------------------------------------------------------------------- a Markov chain
_chain = Vocabulary()
S, T = _chain.size("S"), _chain.size("T")
_chain.integer("m"), _chain.integer("k"), _chain.real("x"), _chain.real("y")
h = _chain.function("h")
_chain.function("g", 2), _chain.function("f")
p0, P = _chain.pmf("p0", S), _chain.kernel("P", [S], S)
X: Trajectory = _chain.process("X", T, [["s", S, "p0", [], "P", [["s", -1]]]])
CHAIN = list(_chain.decls.values())
W = X.copy("other")  # another outcome of the same process

# ------------------------------------------------------------------------------------- two draws a slot, kernels in time
_pair = Vocabulary()
_pair.size("S"), _pair.size("T"), _pair.integer("m"), _pair.integer("k"), _pair.real("x"), _pair.function("g", 2)
_pair.function("h")
_pair.pmf("p0", S), _pair.kernel("P", [T, S, S], S)
pi = _pair.kernel("pi", [T + 1, S], S)
Z: Trajectory = _pair.process(
    "Z",
    T,
    [
        ["s", S, "p0", [], "P", [["@", -1], ["s", -1], ["a", -1]]],
        ["a", S, "pi", [["@", 0], ["s", 0]], "pi", [["@", 0], ["s", 0]]],
    ],
)
PAIR = list(_pair.decls.values())

i, j = local_index("i"), local_index("j")
v, u = local_index("v"), local_real("u")  # variables of a proof


def s(t: Any) -> Term:
    """The state at time t on the path that an expectation binds."""
    return X.s(t)


def mean(t: Any, time: Any = None, pos: int = 0) -> Term:
    """E t, or E[t | the first draws up to slot `time`, `pos` of that slot]."""
    body = E(t, X)
    return body if time is None else mk("CondE", "X", X.path, term(time), pos, body.args[1])


# ------------------------------------------------------------------------------------- an attack
@dataclass(frozen=True)
class Attack:
    """One attempt to have the judge accept what is not so.

    derive: what tries to prove the claim (None: the judge's own `prove` from all hypotheses).
    at: an instance that shows the claim false; None: one of `instances` does; a text: why no instance can show it.
    says: what the refusal must say.
    """

    name: str
    why: str
    decls: list[Any]
    hyps: tuple[Term, ...]
    claim: Term
    derive: Derive | None = None
    at: Instance | str | None = None
    says: str = "not decided: "

    def statement(self) -> Statement:
        return Statement(self.decls, [(f"h{a}", b) for a, b in enumerate(self.hyps)], self.claim)

    def proof(self) -> Proof:
        """The derivation as a certificate.  Raises Undecided or Malformed where the judge refuses a step."""
        pf = Proof(self.statement())
        by = [f"h{a}" for a in range(len(self.hyps))]
        (self.derive or (lambda pf, c: pf.prove(c, by=by)))(pf, self.claim)
        return pf


def wrong(
    name: str, why: str, decls: list[Any], hyps: Sequence[Term], claim: Term, derive: Derive | None = None, **more: Any
) -> Attack:
    return Attack(name, why, decls, tuple(hyps), claim, derive, **more)


def by(rule: str, premises: Sequence[Any] = ("h0",), *args: Any) -> Derive:
    """A derivation of one rule."""
    return lambda pf, c: pf.rule(rule, list(premises), *args)


def finish(pf: Proof, *steps: Step | str) -> Step:
    """The claim from these steps."""
    return pf.prove(pf.statement.claim, by=list(steps))


# ------------------------------------------------------------------------------------- instances
REALS = ("-2", "-1/2", "0", "1/3", "1/2", "1", "2", "3")
TABLES = (
    ["1", "2", "3", "5", "7", "11", "13", "17", "19", "23"],
    ["-1", "1/2", "0", "4", "-3", "2", "1/3", "-2", "6", "1"],
    ["0", "0", "0", "2", "1", "0", "-1", "3", "0", "5"],
)
LAWS = {
    1: [["1"]],
    2: [["1/3", "2/3"], ["1", "0"], ["0", "1"], ["1/2", "1/2"]],
    3: [["1/6", "1/3", "1/2"], ["0", "1/4", "3/4"]],
}
MOST = 400


def instances(decls: list[Any], seed: int = 0) -> list[Instance]:
    """Instances of the declared names: small sizes, signs of every kind, boundary values."""
    pick = random.Random(seed)
    return [_instance(decls, pick) for _ in range(MOST)]


def _instance(decls: list[Any], pick: random.Random) -> Instance:
    ints: dict[str, int] = {}
    out: Instance = {"ints": ints, "reals": {}, "tables": {}}
    for kind, name, *rest in decls:
        if kind == "Size":
            ints[name] = pick.choice([c for c in (1, 2, 3) if c >= rest[0]] or [rest[0]])
        elif kind == "Int":
            ints[name] = pick.choice([-1, 0, 0, 1, 1, 2, 3])
        elif kind == "Real":
            out["reals"][name] = pick.choice(REALS)
        elif kind == "Fn":
            out["tables"][name] = _table(rest[0], pick)
        elif kind == "Kernel":
            sizes = [_size(t, ints) for t in (*rest[0], rest[1])]
            out["tables"][name] = _law(sizes, pick)
    return out


def _size(t: Term, ints: dict[str, int]) -> int:
    if t.op == "Num":
        return int(t.args[0])
    return ints[t.args[0]] if t.op == "Sym" else _size(t.args[0], ints) + _size(t.args[1], ints)


def _table(arity: int, pick: random.Random) -> Any:
    row = pick.choice(TABLES)
    turn = pick.randrange(3)
    return row[turn:] + row[:turn] if arity == 1 else [_table(arity - 1, pick) for _ in range(8)]


def _law(sizes: list[int], pick: random.Random) -> Any:
    if len(sizes) == 1:
        return pick.choice(LAWS.get(sizes[0]) or [[f"1/{sizes[0]}"] * sizes[0]])
    return [_law(sizes[1:], pick) for _ in range(sizes[0])]


def slope(f: Term, x: Term) -> Term:
    """The derivative of f by x, at x."""
    return mk("D", x, abstract(f, x))
