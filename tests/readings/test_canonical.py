"""What changes the hash of a statement, and what does not."""

from __future__ import annotations

from proofs.kernel.statement import Statement, load
from proofs.kernel.terms import Term
from proofs.language import Eq, Gt, Le, Sum, Vocabulary, local_index
from proofs.readings.canonical import canonical, digest
from proofs.writing import statement_data
from tests.readings.topics import ALL, statements


def made(
    letter: str = "j", least: int = 1, name: str = "positive", hypothesis: bool = True, factor: int = 2
) -> Statement:
    """sum of twice(f(j)) over j < n, in variants."""
    names = Vocabulary()
    n, x, f, j = names.size("n", least), names.real("x"), names.function("f"), local_index(letter)
    twice = names.define("twice", factor * x, x)
    hyps: list[tuple[str, Term]] = [(name, Gt(x, 0))] if hypothesis else [(name, Le(0, x))]
    return Statement(list(names.decls.values()), hyps, Eq(Sum(j, 0, n, twice(f(j))), x))


def test_bound_names_do_not_enter() -> None:
    assert canonical(made("j")) == canonical(made("other"))


def test_sorts_hypotheses_and_definitions_do() -> None:
    variants = [made(), made(least=2), made(name="other"), made(hypothesis=False), made(factor=3)]
    assert len({digest(s) for s in variants}) == len({canonical(s) for s in variants}) == len(variants)


def test_titles_do_not_enter() -> None:
    for c in ALL:
        before, c_title = digest(c.statement), c.title
        try:
            c.title = "another title"
            assert digest(c.variant()) == before
        finally:
            c.title = c_title


def test_plain_data_and_back_is_the_same_statement() -> None:
    for c in ALL:
        for _, statement in statements(c):
            assert canonical(load(statement_data(statement))) == canonical(statement)


def test_the_variants_of_a_claim_differ() -> None:
    for c in ALL:
        hashes = [digest(s) for _, s in statements(c)]
        assert len(set(hashes)) == len(hashes)
