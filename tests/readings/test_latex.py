"""LaTeX and plain text: readable, accepted by KaTeX, and different for different terms."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs.kernel.terms import TRUE, Term, mk, num
from proofs.language import All, E, Eq, Le, Ln, Lt, Sum, Var, Vocabulary, local_index
from proofs.readings.latex import draw_names, latex, text
from tests.readings.topics import ALL, MODULES, claims, statements

KATEX = Path(__file__).parents[2] / "docs" / "assets" / "katex" / "katex.min.js"
NAMES = Vocabulary()
n, x, y, k = NAMES.size("n"), NAMES.real("x"), NAMES.real("y"), NAMES.integer("k")
f, p = NAMES.function("f"), NAMES.pmf("p", n)
X = NAMES.process("X", 3, [["s", n, "p", [], "p", []], ["a", n, "p", [], "p", []]])
j = local_index("j")
CLAIM = {c.id: c for c in ALL}


@pytest.mark.parametrize(("id", "expected"), [
    ("hw11d", r"\hat A^{(k)}_{t} = \sum_{j=0}^{k - 1} \gamma^{j}\, \delta_{t + j}"),
    ("hw23c", r"\mathbb{E}\left[\frac{q(x)}{p(x)} - 1 - \ln\left(\frac{q(x)}{p(x)}\right)\right] = D_{\mathrm{KL}}(p \,\|\, q)"),
    ("hw10a.2", r"\operatorname{Var}\left[X_{k}\right] \le \operatorname{Var}\left[X_{m}\right]"),
])  # fmt: skip
def test_a_claim_reads_as_on_paper(id: str, expected: str) -> None:
    c = CLAIM[id]
    assert latex(c.statement.claim, c.notation) == expected


@pytest.mark.parametrize(("term", "tex", "plain"), [
    (x - y, "x - y", "x - y"),
    (x - (y - 1), "x - (y - 1)", "x - (y - 1)"),
    (x + num(-1), "x + (-1)", "x + (-1)"),
    (-(x * y), r"-x\, y", "-x·y"),
    ((-x) * y, r"(-x)\, y", "(-x)·y"),
    ((x + y) ** 2, "(x + y)^{2}", "(x + y)^2"),
    (x * num("1/2"), r"x \cdot \tfrac{1}{2}", "x·(1/2)"),
    (Sum(j, 0, k + 1, f(j)), r"\sum_{j=0}^{k} f(j)", "Σ_{j=0..k} f(j)"),
    (Sum(j, 0, n, f(j)) * x, r"\left(\sum_{j=0}^{n - 1} f(j)\right)\, x", "(Σ_{j=0..n - 1} f(j))·x"),
    (Sum(j, 1, n, x, where=Lt(0, f(j))), r"\sum_{\substack{j=1\\ 0 < f(j)}}^{n - 1} x", "Σ_{j=1..n - 1, 0 < f(j)} x"),
    (All(j, 0, 3, Le(0, f(j))), r"\forall j \in \{0,\dots,2\}:\; 0 \le f(j)", "for all j in 0..2: 0 ≤ f(j)"),
    (E(X.given(f(X.s(1)), k, "s")),
     r"\mathbb{E}\left[\mathbb{E}\left[f(s_{1}) \mid \mathcal{F}_{k}^{(s)}\right]\right]", "E[E[f(s[1]) | F[k; s]]]"),
    (Var(f(X.s(k))), r"\operatorname{Var}\left[f(s_{k})\right]", "Var[f(s[k])]"),
])  # fmt: skip
def test_forms(term: Term, tex: str, plain: str) -> None:
    draws = draw_names(list(NAMES.decls.values()))
    assert latex(term, {}, draws) == tex
    assert text(term, draws) == plain


def test_a_bound_letter_is_no_free_name() -> None:
    free = mk("Sym", "j", "Int")
    assert latex(Sum(j, 0, n, f(free) + f(j))) == r"\sum_{i=0}^{n - 1} (f(j) + f(i))"
    assert latex(Sum(j, 0, n, x * f(j)), {"x": r"\hat{j}"}) == r"\sum_{i=0}^{n - 1} \hat{j}\, f(i)"


def test_range_ends_are_told_apart() -> None:
    ends = [k, k + 1, (k - 1) + 1, (k + 1) + 1, num(3), num(2) + 1, num(3) + 1, k + num(-1), (k + num(-1)) + 1, k + 2]
    assert (
        len({latex(Sum(j, 0, end, x)) for end in ends}) == len({text(Sum(j, 0, end, x)) for end in ends}) == len(ends)
    )


def test_two_paths_are_told_apart() -> None:
    inner, w = mk("Draw", "X", mk("Bound", 0), "s", num(1)), X.s(1)
    both = E(f(w) * mk("CondE", "X", X.path, num(0), 1, mk("App", "f", inner) * f(w)))
    outer = E(f(w) * mk("CondE", "X", X.path, num(0), 1, f(w)))
    one = E(f(w) * X.given(f(w), 0, "s"))
    assert r"\mathbb{E}'\left[f(s'_{1})\, f(s_{1}) \mid" in latex(both)
    assert len({latex(both), latex(outer), latex(one)}) == len({text(both), text(outer), text(one)}) == 3


def test_a_notation_must_show_every_argument() -> None:
    with pytest.raises(ValueError, match="notation of g must show each argument"):
        latex(mk("App", "g", n, k), {"g": "G_{{{0}}}"})


@pytest.mark.parametrize("module", MODULES)
def test_different_statements_of_a_topic_look_different(module: str) -> None:
    seen: dict[str, Term] = {}
    for c in claims(module):
        for _, statement in statements(c):
            for prop in [statement.claim, *[h for _, h in statement.hyps]]:
                for shown in (latex(prop, c.notation), "text " + text(prop)):
                    assert seen.setdefault(shown, prop) is prop


def test_katex_accepts_every_formula() -> None:
    pytest.importorskip("py_mini_racer")
    from proofs.runner.site.formulas import Formulas

    engine = Formulas(KATEX, Path("no-cache"))
    for c in ALL:
        for _, statement in statements(c):
            draws = draw_names(statement.raw)
            for prop in [statement.claim, *[h for _, h in statement.hyps]]:
                engine.render(latex(prop, c.notation, draws), display=True)
    rng = random.Random(1)
    for _ in range(150):
        engine.render(latex(term(rng, 4, [], [])), display=True)
    with pytest.raises(ValueError):
        engine.render(latex(x) + r"\oops", display=True)


# ------------------------------------------------------------------------------------- random terms
def index(rng: random.Random, indices: list[int], depth: int) -> Term:
    """An index without draws; `indices` are the de Bruijn numbers in scope."""
    choice = rng.randrange(4)
    if choice == 0 and indices:
        return mk("Bound", rng.choice(indices))
    if choice == 1 and depth:
        return index(rng, indices, 0) + rng.choice([num(1), -num(1), k])
    return rng.choice([n, k, num(0), num(2), mk("Sym", "j", "Int")])


def leaf(rng: random.Random, indices: list[int], paths: list[int]) -> Term:
    choice = rng.randrange(6)
    if choice == 0 and paths:
        return f(mk("Draw", "X", mk("Bound", rng.choice(paths)), rng.choice("sa"), index(rng, indices, 0)))
    if choice == 1:
        return f(index(rng, indices, 1))
    return rng.choice([x, y, num(1), num(-1), num(2), num(-2), num("1/2"), num("-1/2")])


def term(rng: random.Random, depth: int, indices: list[int], paths: list[int]) -> Term:
    if not depth or rng.random() < 0.15:
        return leaf(rng, indices, paths)
    under = [i + 1 for i in indices], [i + 1 for i in paths]
    again = lambda: term(rng, depth - 1, indices, paths)  # noqa: E731
    op = rng.choice(["Add", "Add", "Mul", "Mul", "Div", "Pow", "neg", "Sum", "E", "CondE", "Var", "Ln"])
    if op == "neg":
        return -again()
    if op in ("Add", "Mul", "Div"):
        return mk(op, again(), again())
    if op == "Pow":
        return mk(op, again(), index(rng, indices, 1))
    if op == "Ln":
        return Ln(again())
    if op == "Sum":
        body = term(rng, depth - 1, [0, *under[0]], under[1])
        where = rng.choice([TRUE, Lt(0, body)])
        return mk("Sum", index(rng, indices, 1), index(rng, indices, 1), where, body)
    body = term(rng, depth - 1, under[0], [0, *under[1]])
    if op == "CondE":
        path = mk("Bound", rng.choice(paths)) if paths else X.path
        return mk("CondE", "X", path, index(rng, indices, 0), rng.randrange(3), body)
    return mk(op, "X", body)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_different_terms_are_printed_differently(seed: int) -> None:
    rng = random.Random(seed)
    seen: dict[str, Term] = {}
    for depth in (1, 2, 2, 3) * 60:
        t = term(rng, depth, [], [])
        for shown in (latex(t), "text " + text(t)):
            assert seen.setdefault(shown, t) is t


def test_all_small_terms_are_printed_differently() -> None:
    """Every term of two operations over a few leaves."""
    leaves = [x, num(1), num(-1), num(2), num("1/2"), num("-1/2"), f(k)]
    one = [mk(op, a, b) for op in ("Add", "Mul", "Div") for a in leaves for b in leaves]
    one += [t for a in leaves for t in (-a, a**2, a**k, Ln(a), Sum(j, 0, n, a))]
    two = [mk(op, *pair) for op in ("Add", "Mul", "Div") for a in leaves for b in one for pair in ((a, b), (b, a))]
    unary = [t for a in one for t in (-a, a**2, Ln(a), Sum(j, 0, n, a), Eq(a, x))]
    seen: dict[str, Term] = {}
    for t in [*leaves, *one, *two, *unary]:
        for shown in (latex(t), "text " + text(t)):
            assert seen.setdefault(shown, t) is t
    assert len(seen) > 8_000
