"""Scripts of small statements: definedness, kinks, hypotheses, conditional expectations; agreement with the exact values."""

from __future__ import annotations

import random
from typing import Any

import pytest

from proofs.kernel.poly import Undecided
from proofs.kernel.statement import Statement
from proofs.kernel.terms import TRUE, Term, mk, num
from proofs.kernel.value import outcome
from proofs.language import (
    All,
    And,
    Clip,
    E,
    Eq,
    Ge,
    Gt,
    Implies,
    Ind,
    Le,
    Ln,
    Lt,
    Max,
    Min,
    Ne,
    Sum,
    Var,
    Vocabulary,
    local_index,
)
from proofs.readings.sympy_script import Script, script
from tests.readings.scripts import alone, exits

NAMES = Vocabulary()
n, k = NAMES.size("n"), NAMES.integer("k")
x, y, e = NAMES.real("x"), NAMES.real("y"), NAMES.real("lambda")
f, g = NAMES.function("f"), NAMES.function("g", 2)
p, K = NAMES.pmf("p", n), NAMES.kernel("K", [n], n)
X = NAMES.process("X", 2, [["s", n, "p", [], "K", [["s", -1]]], ["b", n, "p", [], "p", []]])
D = NAMES.sample("D", "d", "p")
i, j = local_index("i"), local_index("j")
twice = NAMES.define("twice", 2 * x, x)
late = NAMES.define("late", f(X.s(k)) + x**k, X.path, k)
DATA: dict[str, Any] = {
    "ints": {"n": 2, "k": 2},
    "reals": {"x": "3/2", "y": "-2/3", "lambda": "1/5"},
    "tables": {
        "f": ["2", "-1/2", "3"],
        "g": [["1", "2"], ["3", "5"]],
        "p": ["1/3", "2/3"],
        "K": [["1/4", "3/4"], ["1", "0"]],
    },
}


def statement(claim: Term, *hyps: Term) -> Statement:
    return Statement(NAMES.needed([claim, *hyps]), [(f"h{m}", h) for m, h in enumerate(hyps)], claim)


def at(claim: Term, *hyps: Term, **reals: str) -> Script:
    """The script of a claim on the data that it needs."""
    made = statement(claim, *hyps)
    names = {d[1] for d in made.raw}
    data = {part: {m: v for m, v in entries.items() if m in names} for part, entries in DATA.items()}
    data["reals"].update(reals)
    return script("small", "a small statement", made, data)


TRUE_ONES = {
    "defined-name": Eq(twice(x + y), 2 * x + 2 * y),
    "negated-sum": Eq(-(x + y), -x - y),
    "negated-product": Eq((-x) ** 2 * -(x * y), -(x**3 * y)),
    "keyword": Eq(e + e, 2 * e),
    "quotient": Eq((x * x - y * y) / (x - y), x + y),
    "logarithm": Eq(Ln(num(6)), Ln(num(2)) + Ln(num(3))),
    "square-of-log": Eq(Ln(num(4)) ** 2, 4 * Ln(num(2)) ** 2),
    "comparison-of-logs": Lt(Ln(num(3)) * k, Ln(num(10))),
    "sum": Eq(Sum(i, 0, n, Sum(j, 0, n, g(i, j))), Sum(j, 0, n, Sum(i, 0, n, g(i, j)))),
    "guarded-division": Eq(Sum(i, 0, n + 1, f(i) / f(i), where=Ne(f(i), 0)), n + 1),
    "all": All(i, 0, n, Eq(f(i) * x, x * f(i))),
    "implies": All(i, 0, n + 1, Implies(Ne(i, 1), And(Gt(f(i), 1), Le(f(i), 3)))),
    "kinks": Eq(Min(x, y) + Max(x, y), x + y),
    "kinks-on-an-instance": Eq(Min(f(k), x) + Max(f(k), x), f(k) + x),
    "one-draw": Eq(E(f(D.d())), Sum(i, 0, n, p(i) * f(i))),
    "variance": Eq(Var(f(X.s(1))), E(f(X.s(1)) ** 2) - E(f(X.s(1))) ** 2),
    "tower": Eq(E(X.given(f(X.s(2)), 1, "s")), E(f(X.s(2)))),
    "markov": Eq(E(f(X.b(1)) * X.given(f(X.s(2)), 1, "b")), E(f(X.b(1)) * Sum(i, 0, n, K(X.s(1), i) * f(i)))),
    "definition-on-a-path": Eq(E(late(X.path, k)), E(f(X.s(2))) + x * x),
    "empty-range": Eq(Sum(i, k, 0, 1 / num(0)), 0),
    "clip": Eq(Clip(x, 1 - e, f(0)) + f(1), x + f(1)),
}
FALSE_ONES = {
    "off-by-one": Eq(Sum(i, 0, n, f(i)), Sum(i, 0, n + 1, f(i))),
    "logs": Eq(Ln(num(6)), Ln(num(2)) + Ln(num(5))),
    "close": Eq(Ln(num(2)), num("6931471805599453/10000000000000000")),
    "order-of-logs": Lt(Ln(num(10)), Ln(num(3)) * k),
    "all-but-one": All(i, 0, n + 1, Gt(f(i), 0)),
    "wrong-level": Eq(E(f(X.s(1)) * X.given(f(X.s(1)), 0, "s")), E(f(X.s(1)) ** 2)),
    "independent": Eq(E(f(X.s(1)) * f(X.s(2))), E(f(X.s(1))) * E(f(X.s(2)))),
    "kinks-off-the-instance": Eq(Clip(x, 1 - e, 1 + e), 1 + e),
    "and": And(Eq(x, x), Eq(x, y)),
    "not-equal": Ne(x + y, y + x),
}
UNDEFINED = {
    "zero-over-zero": Eq((x - x) / (x - x), 1),
    "hidden-zero": Eq(1 / ((x + 1) ** 2 - x * x - 2 * x - 1), 1),
    "cancelled": Eq(0 * (1 / (k - 2)), 0),
    "log-of-zero": Eq(0 * Ln(x - x), 0),
    "log-of-negative": Eq(Ln(y * num(1)) - Ln(y * num(1)), 0),
    "negative-power": Eq(x ** (0 - k), 1 / (x * x)),
    "empty-clip": Eq(Clip(f(0), 3, 1), Clip(f(0), 3, 1)),
    "no-such-draw": Eq(0 * E(f(X.s(k + 1))), 0),
    "no-such-level": Eq(0 * E(X.given(f(X.s(0)), k + 1, "s")), 0),
    "negative-power-in-a-definition": Eq(0 * E(mk("Def", "late", X.path, k - 3)), 0),
}


GROUPS = [(TRUE_ONES, 0, "true"), (FALSE_ONES, 3, "false"), (UNDEFINED, 3, "undefined")]


@pytest.mark.parametrize(("group", "code", "said"), GROUPS, ids=["true", "false", "undefined"])
def test_the_script_agrees_with_the_definition(group: dict[str, Term], code: int, said: str) -> None:
    for name, claim in group.items():
        assert outcome(statement(claim), DATA)[0] == ("true" if name == "kinks-off-the-instance" else said), name
    assert exits({name: at(claim).source for name, claim in group.items()}) == dict.fromkeys(group, code)


def test_entries_that_violate_a_hypothesis_refute_nothing() -> None:
    code, output = alone(at(Eq(f(0), f(1)), All(i, 0, n, Gt(f(i), 0))).source)
    assert code not in (0, 3) and "violate a hypothesis" in output


def test_a_restricted_real_keeps_its_number() -> None:
    made = at(Eq(x * y, y), Eq(x, 1), x="1")
    assert "symbols for y" in made.sizes and "x, y" not in made.sizes
    assert alone(made.source)[0] == 0


def test_a_sign_that_no_hypothesis_gives_is_not_assumed() -> None:
    """|x| = x holds where 0 <= x, and is refuted where it is not asked for."""
    size = Max(x, -x)
    assert alone(at(Eq(size, x), Ge(x, 0)).source)[0] == 0
    assert alone(at(Eq(size, x)).source)[0] == 3


def test_regions_need_their_hypothesis() -> None:
    clipped = Min(x * y, Clip(x, 1 - e, 1 + e) * y)
    made = at(Eq(clipped, Min(x, 1 + e) * y), Ge(y, 0), Ge(e, 0), y="2/3")
    assert made.symbolic and alone(made.source)[0] == 0
    wrong = at(Eq(clipped, Min(x, 1 + e) * y), Ge(e, 0))
    assert alone(wrong.source)[0] == 3


def test_a_circular_definition_refutes_nothing() -> None:
    code, output = alone(at(Eq(f(0), f(1)), All(i, 0, 2, Eq(f(i), f(1 - i) + 1))).source)
    assert code not in (0, 3) and "KeyError" in output


def random_term(rng: random.Random, depth: int, indices: list[Term]) -> Term:
    if not depth:
        at = rng.choice([num(0), num(1), num(2), *indices])
        return rng.choice([x, y, num(rng.randint(-2, 3)), num("1/2"), f(at), f(at)])
    again = lambda: random_term(rng, depth - 1, indices)  # noqa: E731
    op = rng.choice(["Add", "Add", "Mul", "Mul", "Div", "Pow", "Min", "Max", "Sum", "minus", "negated"])
    if op == "Sum":
        v = local_index(f"v{len(indices)}")
        body = random_term(rng, depth - 1, [*indices, v])
        where = rng.choice([TRUE, TRUE, Le(0, body)])
        return Sum(v, num(0), num(rng.randint(0, 3)), body, where)
    if op == "Pow":
        return again() ** rng.choice([num(0), num(1), num(2), k, k - 3])
    if op == "negated":
        return -again()
    return again() - again() if op == "minus" else mk(op, again(), again())


def test_random_statements_are_judged_alike() -> None:
    """Equal, close and unequal sides, undefined ones among them: the script's exit is the judge's outcome."""
    sources, wanted = {}, {}
    for seed in range(150):
        rng = random.Random(seed)
        a, b = random_term(rng, 3, []), random_term(rng, 2, [])
        claim = rng.choice([Eq(a, a + b - b), Eq(a + b, b + a), Eq(a, b), Le(a, b), Lt(b * b, a * a + b * b), Ne(a, b)])
        try:
            found = outcome(statement(claim), DATA)[0]
        except Undecided:
            continue
        made = statement(claim)
        sources[str(seed)] = script("random", "random", made, {**DATA, "ints": {**DATA["ints"]}}, symbolic=False).source
        wanted[str(seed)] = 0 if found == "true" else 3
    assert {0, 3} == set(wanted.values()) and len(wanted) > 120
    assert exits(sources) == wanted


def test_an_indicator_and_a_product_of_unknown_sign_are_compared_at_points() -> None:
    """SymPy's truth values are no integers, and the lesser of x y and a clipped x times y is not known for every y."""
    clipped = Clip(x, 1 - e, 1 + e) * y
    names = Statement(NAMES.needed([clipped]), [("width", Ge(e, 0))], Eq(x, x))
    at = {"ints": {}, "reals": {"x": "3/2", "y": "7/3", "lambda": "1/5"}, "tables": {}}
    cases = Ind(Ge(y, 0)) * Min(x, 1 + e) * y + Ind(Lt(y, 0)) * Max(x, 1 - e) * y
    excess = Max(y, 0) * Max(1 - e - x, 0) + Max(-y, 0) * Max(x - 1 - e, 0)
    for says, code in [
        (Eq(Min(x * y, clipped), cases), 0),
        (Eq(Min(x * y, clipped), Ind(Ge(y, 0)) * Min(x, 1 + e) * y), 3),
        (Eq(clipped - Min(x * y, clipped), excess), 0),
        (Eq(clipped - Min(x * y, clipped), 0), 3),
    ]:
        made = script("points", "points", Statement(names.raw, names.hyps, says), at)
        assert not made.symbolic and alone(made.source)[0] == code


def test_a_long_guard_is_broken_into_lines() -> None:
    given = [(f"bound-{c}", Lt(Ln(1 + e * e) - Ln(2 + e * e), x + y + c)) for c in range(5)]
    names = NAMES.needed([x, y, e])
    made = script("guard", "guard", Statement(names, given, Le(0, Max(x * x, y))), {"ints": {}, "reals": {
        "x": "3/2", "y": "7/3", "lambda": "1/5"}, "tables": {}})  # fmt: skip
    assert max(map(len, made.source.splitlines())) <= 125 and alone(made.source)[0] == 0
