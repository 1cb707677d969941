"""LaTeX and plain text of derivatives, exponentials, indicators and sure events: as the field writes them, and told apart."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from proofs.kernel.terms import Term, num
from proofs.language import (
    All,
    And,
    D,
    E,
    Eq,
    Exp,
    Implies,
    Ind,
    Le,
    Ln,
    Lt,
    Sum,
    Surely,
    Vocabulary,
    local_index,
    local_real,
)
from proofs.readings.latex import latex, text

KATEX = Path(__file__).parents[2] / "docs" / "assets" / "katex" / "katex.min.js"
NAMES = Vocabulary()
n, k, x, y = NAMES.size("n"), NAMES.integer("k"), NAMES.real("x"), NAMES.real("y")
f, p = NAMES.function("f"), NAMES.pmf("p", n)
X = NAMES.process("X", 1, [["s", n, "p", [], "p", []]])
i, j, t, u = local_index("i"), local_index("j"), local_real("t"), local_real("u")


@pytest.mark.parametrize(("term", "tex", "plain"), [
    (Exp(x) * Exp(-y), r"e^{x}\, e^{-y}", "exp(x)·exp(-y)"),
    (Exp(x) ** 2, r"(e^{x})^{2}", "exp(x)^2"),
    (Ind(Eq(k, 1)) - p(0), r"\mathbf{1}\{k = 1\} - p(0)", "[k = 1] - p(0)"),
    (Ind(And(Lt(0, x), Lt(x, y))), r"\mathbf{1}\{0 < x \;\text{and}\; x < y\}", "[0 < x and x < y]"),
    (D(Exp(t * x), t, 0), r"\left.\frac{d}{dt}\, e^{t\, x}\right|_{t=0}", "d/dt[exp(t·x)](t = 0)"),
    (D(t + x, t, y), r"\left.\frac{d}{dt}\, (t + x)\right|_{t=y}", "d/dt[t + x](t = y)"),
    (D(Sum(j, 0, n, Exp(t * f(j))), t, 0),
     r"\left.\frac{d}{dt}\, \sum_{j=0}^{n - 1} e^{t\, f(j)}\right|_{t=0}", "d/dt[Σ_{j=0..n - 1} exp(t·f(j))](t = 0)"),
    (Surely(Le(0, X.s(1))), r"\text{surely}:\; 0 \le s_{1}", "surely: 0 ≤ s[1]"),
])  # fmt: skip
def test_forms(term: Term, tex: str, plain: str) -> None:
    assert (latex(term), text(term)) == (tex, plain)


def test_the_letter_of_a_derivative_is_no_name_of_the_term() -> None:
    names = Vocabulary()
    free = names.real("t")
    assert latex(D(u * free, u, 0)) == r"\left.\frac{d}{du}\, u\, t\right|_{u=0}"
    nested = D(D(t * u, u, t) * x, t, y)
    assert latex(nested) == r"\left.\frac{d}{dt}\, \left.\frac{d}{du}\, t\, u\right|_{u=t}\, x\right|_{t=y}"


def test_what_is_sure_and_what_is_said_beside_it_are_told_apart() -> None:
    a, b = Lt(0, X.s(0)), Lt(0, x)
    props = [Surely(And(a, b)), And(Surely(a), b), And(b, Surely(a)), Surely(And(b, a)), Implies(Surely(a), b)]
    props += [Surely(Implies(a, b)), Implies(b, Surely(a)), Surely(Implies(b, a))]
    props += [All(j, 0, n, Surely(Lt(f(j), X.s(0)))), Surely(All(j, 0, n, Lt(f(j), X.s(0))))]
    assert len(set(map(latex, props))) == len(set(map(text, props))) == len(props)


def random_term(rng: random.Random, depth: int, reals: list[Term]) -> Term:
    if not depth:
        return rng.choice([x, y, num(1), num(-1), num("1/2"), f(k), *reals, *reals])
    again = lambda: random_term(rng, depth - 1, reals)  # noqa: E731
    op = rng.choice(["+", "*", "*", "/", "^", "-", "Exp", "Ln", "Ind", "D", "D", "Sum", "E"])
    if op == "D":
        v = local_real(f"v{len(reals)}")
        return D(random_term(rng, depth - 1, [*reals, v]), v, again())
    if op == "Ind":
        return Ind(rng.choice([Eq, Lt])(again(), again()))
    one = {"Exp": Exp, "Ln": Ln, "-": lambda a: -a, "^": lambda a: a**k, "Sum": lambda a: Sum(j, 0, n, a * f(j))}
    if op == "E":
        return E(again() * f(X.s(0)))
    if op in one:
        return one[op](again())
    a, b = again(), again()
    return a + b if op == "+" else a * b if op == "*" else a / b


def test_different_terms_are_printed_differently() -> None:
    seen: dict[str, Term] = {}
    for seed in range(6_000):
        rng = random.Random(seed)
        term = random_term(rng, rng.choice([1, 2, 2, 3]), [])
        for shown in (latex(term), "text " + text(term)):
            assert seen.setdefault(shown, term) is term


def test_katex_accepts_every_formula() -> None:
    pytest.importorskip("py_mini_racer")
    from proofs.runner.site.formulas import Formulas

    engine = Formulas(KATEX, Path("no-cache"))
    for seed in range(60):
        engine.render(latex(random_term(random.Random(seed), 3, [])), display=True)
    engine.render(latex(Surely(Implies(Lt(0, X.s(0)), Lt(0, x)))), display=True)
