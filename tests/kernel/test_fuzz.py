"""Random terms: normal forms, signs, rules of expectation, binders, plain data, and exact values against brute force."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs.kernel.poly import value
from proofs.kernel.statement import Statement
from proofs.kernel.terms import Malformed, Term, abstract, applied, lifted, mk, num, opened, read, replaced
from proofs.kernel.value import Instance
from proofs.language import E, Eq, Sum, Var, local_index
from proofs.writing import Writer
from tests.kernel.attacks.base import PAIR, T, Z, g, h, k
from tests.kernel.fuzz import run


# ------------------------------------------------------------------------------------- normal forms and signs
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_normal_forms_and_decided_signs_agree_with_exact_values(seed: int) -> None:
    tally = run(200, seed)
    assert tally.wrong == []
    assert tally.formed > 100 and tally.compared > 400 and tally.signs > 200, "the run must compare something"


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 104))
def test_normal_forms_and_decided_signs_agree_with_exact_values_on_thousands(seed: int) -> None:
    tally = run(1_000, seed)
    assert tally.wrong == [] and tally.compared > 2_000


# ------------------------------------------------------------------------------------- terms
ATOMS = [mk("Sym", "x", "Real"), mk("Sym", "n", "Int"), mk("Path", "X", "w"), num(0), num("-3/7")]
INDEX, PATH = mk("Sym", "_v", "Int"), mk("Path", "X", "_w")


def _terms(children: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    pair = st.tuples(children, children)
    return st.one_of(
        pair.map(lambda t: mk("Add", *t)), pair.map(lambda t: mk("Div", *t)), children.map(lambda t: mk("Ln", t)),
        pair.map(lambda t: mk("App", "g", *t)), children.map(lambda t: mk("Def", "d", PATH, t)),
        pair.map(lambda t: mk("Sum", num(0), ATOMS[1], mk("Lt", num(0), abstract(t[0], INDEX)), abstract(t[1], INDEX))),
        children.map(lambda t: mk("E", "X", abstract(t, PATH))),
        children.map(lambda t: mk("CondE", "X", PATH, num(1), 0, abstract(t, PATH))),
    )  # fmt: skip


LEAVES = st.sampled_from(
    [ATOMS[0], ATOMS[1], *ATOMS[3:], INDEX, mk("Draw", "X", PATH, "s", num(1)), mk("Draw", "X", ATOMS[2], "s", num(0))]
)
TERMS = st.recursive(LEAVES, _terms, max_leaves=12)


@given(TERMS)
def test_abstract_then_opened_gives_the_term_back(t: Term) -> None:
    for atom in (INDEX, PATH):
        assert opened(abstract(t, atom), atom) is t


@given(TERMS)
def test_a_bound_name_is_forgotten(t: Term) -> None:
    """Equality up to renaming is identity, and canonical text says the same."""
    other = mk("Sym", "_fresh", "Int")
    renamed = replaced(t, {INDEX: other})
    assert abstract(t, INDEX) is abstract(renamed, other)
    assert abstract(t, INDEX).key == abstract(renamed, other).key


@given(TERMS, TERMS)
def test_canonical_text_is_equal_exactly_for_equal_terms(a: Term, b: Term) -> None:
    assert (a.key == b.key) == (a is b)


@given(TERMS, st.integers(1, 3))
def test_lifting_moves_what_is_bound_outside_and_nothing_else(t: Term, by: int) -> None:
    body = abstract(t, INDEX)
    assert lifted(t, by) is t, "a closed term has nothing to lift"
    assert lifted(body, by, 1) is body, "under its own binder neither"
    assert opened(lifted(body, by), INDEX, by) is t, "Bound(0) became Bound(by)"


@given(TERMS, TERMS)
def test_applying_a_body_is_substitution(t: Term, a: Term) -> None:
    if a.random or a.op == "Path":
        return
    try:
        direct = replaced(t, {INDEX: a})
    except Malformed:
        return
    assert applied(abstract(t, INDEX), (a,)) is direct


@given(st.lists(TERMS, min_size=1, max_size=4))
def test_written_terms_are_read_back(ts: list[Term]) -> None:
    write = Writer()
    at = [write(t) for t in ts]
    nodes = read(json.loads(json.dumps(write.nodes)))
    assert [nodes[n] for n in at] == ts


@pytest.mark.parametrize("odd", [0.5, True, 1.0, "1"])
def test_a_number_of_another_type_is_refused_whatever_was_made_before(odd: Any) -> None:
    num("1/2"), num(1), mk("Bound", 1)
    with pytest.raises(Malformed):
        mk("Num", odd)
    with pytest.raises(Malformed):
        mk("Bound", odd)


# ------------------------------------------------------------------------------------- values against brute force
LAWS = st.sampled_from([("1/3", "2/3"), ("1", "0"), ("0", "1"), ("1/7", "6/7")])
F = Fraction


@st.composite
def processes(draw: Any) -> dict[str, Any]:
    """Two draws a slot, two values each; every kernel at random."""
    last = draw(st.integers(1, 2))
    law = lambda: list(draw(LAWS))  # noqa: E731
    square = lambda: [law(), law()]  # noqa: E731
    return {
        "ints": {"S": 2, "T": last, "m": 0, "k": draw(st.integers(0, last))},
        "reals": {"x": "1/2"},
        "tables": {
            "p0": law(), "P": [[square(), square()] for _ in range(last)], "pi": [square() for _ in range(last + 1)],
            "g": [["2", "-1"], ["1/3", "5"]], "h": ["-1/2", "3"],
        },
    }  # fmt: skip


def paths(data: dict[str, Any]) -> list[tuple[Fraction, list[tuple[int, int]]]]:
    """Every outcome with its probability, straight from the definition of the process."""
    t = data["tables"]
    out = []
    for flat in product(range(2), repeat=2 * (data["ints"]["T"] + 1)):
        slots = [(flat[2 * j], flat[2 * j + 1]) for j in range(len(flat) // 2)]
        weight = F(1)
        for j, (s, a) in enumerate(slots):
            weight *= F(t["p0"][s]) if j == 0 else F(t["P"][j - 1][slots[j - 1][0]][slots[j - 1][1]][s])
            weight *= F(t["pi"][j][s][a])
        if weight:
            out.append((weight, slots))
    return out


def reward(data: dict[str, Any], slots: list[tuple[int, int]]) -> Fraction:
    """sum_j h(s_j) + g(s_T, a_0)."""
    t = data["tables"]
    return sum((F(t["h"][s]) for s, _ in slots), F(0)) + F(t["g"][slots[-1][0]][slots[0][1]])


j = local_index("j")
BODY = Sum(j, 0, T + 1, h(Z.s(j))) + g(Z.s(T), Z.a(0))
PLAIN = Statement(PAIR, [], Eq(E(BODY), E(BODY)))


@settings(max_examples=40, deadline=None)
@given(processes())
def test_mean_and_variance_are_what_enumeration_gives(data: dict[str, Any]) -> None:
    inst, all_paths = Instance(PLAIN, data), paths(data)
    mean = sum((w * reward(data, p) for w, p in all_paths), F(0))
    square = sum((w * reward(data, p) ** 2 for w, p in all_paths), F(0))
    assert sum(w for w, _ in all_paths) == 1
    assert value(inst.value(E(BODY))) == mean
    assert value(inst.value(Var(BODY))) == square - mean**2


@settings(max_examples=40, deadline=None)
@given(processes(), st.integers(0, 2))
def test_conditional_mean_is_the_mean_over_outcomes_that_agree_so_far(data: dict[str, Any], pos: int) -> None:
    """E[E[f | level]^2], by grouping the outcomes of the whole process by what the level has seen."""
    inst, all_paths, level = Instance(PLAIN, data), paths(data), data["ints"]["k"]
    seen = lambda p: tuple([*p[:level], p[level][:pos]])  # noqa: E731
    groups: dict[Any, list[Any]] = {}
    for w, p in all_paths:
        groups.setdefault(seen(p), []).append((w, reward(data, p)))
    wanted = sum((sum((w * r for w, r in rows), F(0)) ** 2 / sum(w for w, _ in rows) for rows in groups.values()), F(0))
    inner = mk("CondE", "Z", Z.path, k, pos, abstract(BODY, Z.path))
    assert value(inst.value(E(inner * inner, Z))) == wanted


@settings(max_examples=60, deadline=None)
@given(st.integers(-2, 4), st.integers(-1, 4), st.lists(st.fractions(max_denominator=5), min_size=6, max_size=6))
def test_guarded_sum_is_what_a_loop_gives(low: int, high: int, row: list[Fraction]) -> None:
    low = max(low, 0)
    statement = Statement([["Fn", "f", 1]], [], Eq(num(0), num(0)))
    f = lambda i: mk("App", "f", i)  # noqa: E731
    inst = Instance(statement, {"tables": {"f": [str(c) for c in row]}})
    t = Sum(j, low, high, f(j) ** 2 - j, where=mk("Lt", num(0), f(j)))
    assert value(inst.value(t)) == sum((row[i] ** 2 - i for i in range(low, high) if row[i] > 0), F(0))
