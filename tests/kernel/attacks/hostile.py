"""Inputs that try to exhaust the judge: each must end, in a fresh process, with a sentence, in 10 s and 1 GiB."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Node = list[Any]


@dataclass(frozen=True)
class Hostile:
    """Text for the judge's standard input; the answer must hold `says` and no verdict `proved`."""

    name: str
    why: str
    text: Callable[[], str]
    says: str
    slow: bool = False  # for the nightly run


REAL: list[Any] = [["Real", "x"]]
WITNESS: dict[str, Any] = {"reals": {"x": "1/2"}}
TRIVIAL: list[Node] = [["Num", "0"], ["Eq", 0, 0]]
X: list[Node] = [["Sym", "x", "Real"]]
CHAIN: list[Any] = [
    ["Real", "x"],
    ["Size", "n", 1],
    ["Kernel", "p", [], {"t": 1}],
    ["Process", "X", {"t": 2}, [["s", {"t": 1}, "p", [], "p", []]]],
]
CHAIN_NODES: list[Node] = [["Sym", "x", "Real"], ["Sym", "n", "Int"], ["Num", "0"], ["True"], ["Num", "1"]]
CHAIN_WITNESS: dict[str, Any] = {"ints": {"n": 2}, "reals": {"x": "1/2"}, "tables": {"p": ["1/2", "1/2"]}}


def bundle(
    statement: list[Node],
    steps: list[Any],
    nodes: list[Node],
    decls: list[Any] = REAL,
    witness: Any = WITNESS,
    **more: Any,
) -> str:
    said = {"decls": decls, "hyps": [], "claim": len(statement) - 1, "nodes": statement}
    item = {"id": "x", "statement": said, "witness": witness, "certificate": {"nodes": nodes, "steps": steps}, **more}
    return json.dumps({"items": [item]})


def claimed(nodes: list[Node], **more: Any) -> str:
    """Of the last node t: t = t, as a claim, proved by normal form."""
    nodes = [*nodes, ["Eq", len(nodes) - 1, len(nodes) - 1]]
    return bundle(nodes, [["prove", [], [{"t": len(nodes) - 1}]]], nodes, **more)


def stepped(nodes: list[Node], said: list[Node] = TRIVIAL, **more: Any) -> str:
    """The same as a step of a proof of 0 = 0, which no witness evaluates."""
    nodes = [*nodes, ["Eq", len(nodes) - 1, len(nodes) - 1]]
    return bundle(said, [["prove", [], [{"t": len(nodes) - 1}]]], nodes, **more)


def grown(start: list[Node], times: int, grow: Callable[[int], Node]) -> list[Node]:
    """The last node inside another, again and again."""
    nodes = [*start]
    for _ in range(times):
        nodes.append(grow(len(nodes) - 1))
    return nodes


def tower(base: Node, exponent: int, height: int) -> list[Node]:
    return grown([["Num", str(exponent)], base], height, lambda n: ["Pow", n, 0])


def twelve(k: int) -> list[Node]:
    nodes: list[Node] = [["Num", str(k)], *[["Sym", f"x{c}", "Real"] for c in range(12)], ["Add", 1, 2]]
    for c in range(3, 13):
        nodes.append(["Add", len(nodes) - 1, c])
    return [*nodes, ["Pow", len(nodes) - 1, 0]]


DOZEN = {"decls": [["Real", f"x{c}"] for c in range(12)], "witness": {"reals": {f"x{c}": "1/3" for c in range(12)}}}


def sums(depth: int) -> list[Node]:
    """A sum of sums, each over 0 <= i < n."""
    return grown(CHAIN_NODES, depth, lambda n: ["Sum", 2, 1, 3, n])


def counterexample(instance: Any, claim: list[Node] = TRIVIAL, decls: list[Any] = REAL) -> str:
    said = {"decls": decls, "hyps": [], "claim": len(claim) - 1, "nodes": claim}
    return json.dumps(
        {"items": [{"id": "x", "statement": said, "witness": None, "certificate": {"counterexample": instance}}]}
    )


def long_sum(*ends: str) -> list[Node]:
    """Nested sums of 1 up to these numbers, as a claim."""
    nodes: list[Node] = [["Num", "0"], ["True"], ["Num", "1"]]
    for end in ends:
        nodes += [["Num", end], ["Sum", 0, len(nodes), 1, len(nodes) - 1]]
    return [*nodes, ["Eq", len(nodes) - 1, 0]]


def many_outcomes(slots: int) -> str:
    nodes: list[Node] = [
        ["Num", "2"],
        ["Num", str(slots)],
        ["Num", "0"],
        ["Bound", 0],
        ["Draw", "X", 3, "s", 2],
        ["E", "X", 4],
        ["Eq", 5, 2],
    ]
    decls = [["Kernel", "p", [], {"t": 0}], ["Process", "X", {"t": 1}, [["s", {"t": 0}, "p", [], "p", []]]]]
    return counterexample({"tables": {"p": ["1/2", "1/2"]}}, nodes, decls)


def inequalities(count: int) -> list[Node]:
    """Products of sums in a comparison: many monomials for the linear arithmetic."""
    nodes: list[Node] = [["Sym", f"x{c}", "Real"] for c in range(12)]
    last = 0
    for c in range(count):
        nodes.append(["Add", c % 12, (5 * c + 1) % 12])
        nodes.append(["Min", len(nodes) - 1, last])
        last = len(nodes) - 1
    return nodes


def deep(depth: int, before: str = "", after: str = "", opening: str = "[", closing: str = "]") -> str:
    return before + opening * depth + closing * depth + after


DIGITS = "9" * 1_000_000
ATTACKS = [
    Hostile(
        "shared-additions",
        "2^34 nodes written as 34",
        lambda: claimed(grown(X, 34, lambda n: ["Add", n, n])),
        "more nodes or levels than allowed",
    ),
    Hostile(
        "shared-products-in-a-step",
        "2^34 nodes written as 34",
        lambda: stepped(grown(X, 34, lambda n: ["Mul", n, n])),
        "more nodes or levels than allowed",
    ),
    Hostile(
        "nested-too-deeply",
        "a term of 300 levels",
        lambda: claimed(grown(X, 300, lambda n: ["Ln", n])),
        "more nodes or levels than allowed",
    ),
    Hostile(
        "many-large-nodes",
        "5,000 nodes of 16,000 nodes each",
        lambda: claimed(grown(grown(X, 13, lambda n: ["Add", n, n]), 5_000, lambda n: ["Add", 13, 0])),
        "together have more nodes",
    ),
    Hostile(
        "many-nodes", "a node list without end", lambda: stepped([["Num", "0"]] * 60_001), "a list of bounded length"
    ),
    Hostile(
        "tower-of-powers",
        "((2^40)^40)^40 ...",
        lambda: claimed(tower(["Num", "2"], 40, 100)),
        "more digits than allowed",
    ),
    Hostile(
        "tower-of-powers-of-a-half",
        "((1/2)^40)^40 ... below the line",
        lambda: stepped(tower(["Num", "1/2"], 40, 100)),
        "more digits than allowed",
    ),
    Hostile(
        "tower-of-powers-of-x",
        "((x^40)^40)^40 ...",
        lambda: claimed(tower(["Sym", "x", "Real"], 40, 100)),
        "more digits than allowed",
    ),
    Hostile(
        "huge-exponent",
        "x^1000000",
        lambda: stepped([["Sym", "x", "Real"], ["Num", "1000000"], ["Pow", 0, 1]]),
        "an exponent is larger than allowed",
    ),
    Hostile(
        "twelve-to-the-forty", "(x1 + ... + x12)^40", lambda: claimed(twelve(40), **DOZEN), "more terms than allowed"
    ),
    Hostile(
        "nested-variances",
        "each Var doubles its body",
        lambda: claimed(
            grown(
                [["Sym", "x", "Real"], ["Sym", "n", "Int"], ["Num", "0"], ["Bound", 0], ["Draw", "X", 3, "s", 2]],
                30,
                lambda n: ["Var", "X", n],
            ),
            decls=CHAIN,
            witness=CHAIN_WITNESS,
        ),
        "over the time limit",
        slow=True,
    ),
    Hostile(
        "two-hundred-sums",
        "200 nested sums",
        lambda: claimed(sums(200), decls=CHAIN, witness=CHAIN_WITNESS),
        "over the time limit",
        slow=True,
    ),
    Hostile(
        "two-hundred-sums-in-a-step",
        "200 nested sums",
        lambda: stepped(sums(200), [*CHAIN_NODES, ["Eq", 2, 2]], decls=CHAIN, witness=CHAIN_WITNESS),
        "over the time limit",
        slow=True,
    ),
    Hostile(
        "many-inequalities",
        "linear arithmetic over many minima",
        lambda: stepped(inequalities(80), **DOZEN),
        "the last step is not the claim",
    ),
    Hostile(
        "long-range",
        "a sum of 10^9 ones",
        lambda: counterexample(WITNESS, long_sum("1000000000")),
        "longer than allowed",
    ),
    Hostile(
        "long-ranges",
        "10^4 times 10^4 times 10^4 ones",
        lambda: counterexample(WITNESS, long_sum("10000", "10000", "10000")),
        "",
    ),
    Hostile(
        "huge-counterexample",
        "k = 10^9",
        lambda: counterexample(
            {"ints": {"k": 10**9}},
            [["Sym", "k", "Int"], ["Num", "0"], ["True"], ["Sum", 1, 0, 2, 0], ["Eq", 3, 1]],
            [["Int", "k"]],
        ),
        "longer than allowed",
    ),
    Hostile(
        "huge-power-on-an-instance",
        "2^(10^9)",
        lambda: counterexample(
            {"ints": {"k": 10**9}}, [["Sym", "k", "Int"], ["Num", "2"], ["Pow", 1, 0], ["Eq", 2, 1]], [["Int", "k"]]
        ),
        "an exponent is larger than allowed",
    ),
    Hostile(
        "huge-logarithm",
        "a number that is hard to factor",
        lambda: counterexample(WITNESS, [["Num", str((10**40 + 121) * (10**41 + 37))], ["Ln", 0], ["Eq", 1, 0]]),
        "too large to factor",
    ),
    Hostile("many-outcomes", "2^31 outcomes", lambda: many_outcomes(30), "more outcomes than allowed"),
    Hostile(
        "outcomes-without-end", "10^6 slots", lambda: many_outcomes(10**6), "more outcomes than allowed", slow=True
    ),
    Hostile("json-9000-deep", "nested lists", lambda: deep(9_000), "a bundle is an object"),
    Hostile("json-9000-deep-item", "nested lists", lambda: deep(9_000, '{"items":[', "]}"), "not an item"),
    Hostile(
        "json-9000-deep-id",
        "nested lists for an id",
        lambda: deep(9_000, '{"items":[{"id":', ',"statement":1,"witness":1,"certificate":1}]}'),
        "an id is a short text",
    ),
    Hostile(
        "json-9000-deep-witness",
        "nested lists for a table",
        lambda: bundle(TRIVIAL, [["prove", [], [{"t": 1}]]], TRIVIAL, witness="@").replace(
            '"@"', deep(9_000, '{"tables":{"f":', "}}")
        ),
        "nested too deeply",
    ),
    Hostile(
        "json-9000-deep-argument",
        "nested lists for an argument",
        lambda: bundle(TRIVIAL, [["prove", [], ["@"]]], TRIVIAL).replace('"@"', deep(9_000)),
        "nested too deeply",
    ),
    Hostile(
        "json-a-million-deep", "nested objects", lambda: deep(1_000_000, opening='{"a":', closing="}"), "not a bundle"
    ),
    Hostile(
        "five-million-items",
        "each of them empty",
        lambda: '{"items":[' + "{}," * (2**24 // 3 - 10) + "{}]}",
        "at most 1000 items",
    ),
    Hostile(
        "seven-million-lists",
        "an item of empty lists",
        lambda: '{"items":[[' + "[]," * (2**24 // 3 - 10) + "[]]]}",
        "not an item",
    ),
    Hostile("seventeen-million-bytes", "blanks", lambda: " " * (2**24 + 1), "a bundle has at most"),
    Hostile("list", "a bundle is an object", lambda: "[]", "a bundle is an object"),
    Hostile("empty-object", "a bundle has items", lambda: "{}", "a bundle is an object"),
    Hostile("nothing", "no text", lambda: "", "not a bundle"),
    Hostile("null", "nothing", lambda: "null", "a bundle is an object"),
    Hostile("not-a-number", "NaN is read by Python's JSON", lambda: '{"items":[NaN]}', "not an item"),
    Hostile(
        "infinity",
        "Infinity is read by Python's JSON",
        lambda: '{"items":[{"id":"x","statement":Infinity,"witness":1,"certificate":1}]}',
        "not a statement",
    ),
    Hostile("half-a-bundle", "the text ends too soon", lambda: '{"items":[{"id":"x"', "not a bundle"),
    Hostile(
        "id-is-a-list",
        "an id is text",
        lambda: '{"items":[{"id":["x"],"statement":1,"witness":1,"certificate":1}]}',
        "an id is a short text",
    ),
    Hostile("integer-of-a-million-digits", "Python's own limit", lambda: f'{{"items":[{DIGITS}]}}', "not a bundle"),
    Hostile("rational-of-a-million-digits", "bounded length", lambda: claimed([["Num", DIGITS]]), "not a rational"),
    Hostile(
        "denominator-of-a-million-digits", "bounded length", lambda: claimed([["Num", "1/" + DIGITS]]), "not a rational"
    ),
    Hostile("rational-of-4001-digits", "bounded length", lambda: claimed([["Num", "9" * 4_001]]), "not a rational"),
    Hostile(
        "rational-with-exponent", "1e9999999 is no rational", lambda: claimed([["Num", "1e9999999"]]), "not a rational"
    ),
    Hostile("rational-in-other-digits", "Arabic digits", lambda: claimed([["Num", "\u0663"]]), "not a rational"),
    Hostile(
        "growing-fractions",
        "sums of fractions with long denominators",
        lambda: stepped(
            grown(
                [["Num", "1/" + str(10**3990 + 7)], ["Num", "1/" + str(10**3990 + 9)], ["Mul", 0, 1]],
                3,
                lambda n: ["Mul", n, 1],
            )
        ),
        "more digits than allowed",
    ),
    Hostile(
        "half-a-million-steps",
        "a certificate without end, in a bundle of a size that is read",
        lambda: bundle(TRIVIAL, [["prove", [], [{"t": 1}]]] * 500_000, TRIVIAL),
        "between 1 and",
        slow=True,
    ),
    Hostile(
        "million-steps",
        "a certificate without end that is not even read",
        lambda: bundle(TRIVIAL, [["prove", [], [{"t": 1}]]] * 1_000_000, TRIVIAL),
        "a bundle has at most",
        slow=True,
    ),
    Hostile(
        "long-name",
        "a name of a million letters",
        lambda: claimed([["Sym", "x" * 1_000_000, "Real"]]),
        "a name is expected",
    ),
    Hostile(
        "surrogate",
        "half a character",
        lambda: '{"items":[{"id":"\\ud800","statement":1,"witness":1,"certificate":1}]}',
        "not a statement",
    ),
]
