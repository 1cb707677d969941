"""Exact sides as text, and tables solved from the hypotheses that define them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from flint import arb, fmpq
from flint import ctx as flint_context

from proofs.gae import hw11d
from proofs.instances import small
from proofs.kernel.poly import Poly, Undecided, add, const, gen, scaled
from proofs.kernel.statement import Statement
from proofs.kernel.terms import mk, num
from proofs.kl import hw23c
from proofs.language import All, Eq, Vocabulary, local_index
from proofs.readings.exact import decimal_text, exact_text, sides, solve
from proofs.td_variance import WRONG, hw10a2


def ln(n: int) -> Poly:
    return gen(mk("Ln", num(n)))


def test_the_sides_of_a_true_and_of_a_false_statement() -> None:
    found = sides(hw23c.statement, hw23c.witness)
    assert found["outcome"] == "true" and found["sides"][0] == found["sides"][1]
    wrong = sides(hw11d.mutants["plus-V"].statement, hw11d.witness)
    assert wrong["outcome"] == "false" and wrong["sides"][0] != wrong["sides"][1]
    at_zero = hw23c.mutants["any-q"]
    assert sides(at_zero.statement, at_zero.at)["outcome"] == "false"


def test_an_undefined_side_says_why() -> None:
    names = Vocabulary()
    x = names.real("x")
    statement = Statement(list(names.decls.values()), [], Eq(x / x, 1))
    assert sides(statement, {"reals": {"x": "2"}}) == {"outcome": "true", "why": "", "sides": [["1", "1"], ["1", "1"]]}
    found = sides(statement, {"reals": {"x": "0"}})
    assert found["outcome"] == "undefined" and "division by zero" in found["why"] and found["sides"] == []


@pytest.mark.parametrize(("value", "exact", "decimal"), [
    ({}, "0", "0"),
    (const(Fraction(36463, 10952)), "36463/10952", "3.32934623813"),
    (const(Fraction(-1, 3)), "-1/3", "-0.333333333333"),
    (add(scaled(ln(2), Fraction(1, 3)), ln(5), -1), "1/3*ln 2 - ln 5", "-1.37838885225"),
    (add(const(2), ln(3)), "2 + ln 3", "3.09861228867"),
])  # fmt: skip
def test_text(value: Poly, exact: str, decimal: str) -> None:
    assert exact_text(value) == exact
    assert decimal_text(value) == decimal


def test_decimals_do_not_come_from_floats() -> None:
    """ln 2 against a rational that agrees with it to 25 digits: a float would show 0."""
    close = Fraction(6931471805599453094172321, 10**25)
    before, flint_context.prec = flint_context.prec, 256
    try:
        wanted = (arb(2).log() - arb(fmpq(close.numerator, close.denominator))).str(12, radius=False)
    finally:
        flint_context.prec = before
    assert decimal_text(add(ln(2), const(close), -1)) == wanted != "0"


def test_bellmans_equation_is_solved_backward() -> None:
    data = hw10a2.witness
    values = data["tables"]["V"]
    holes = {**data, "tables": {**data["tables"], "V": [values[0], [None, None], values[2]]}}
    assert solve(hw10a2.statement, holes)["tables"]["V"] == values
    assert holes["tables"]["V"][1] == [None, None]
    assert solve(hw10a2.statement, data) == data
    assert sides(hw10a2.statement, solve(hw10a2.statement, holes))["outcome"] == "true"


def test_an_entry_that_nothing_defines_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"V must have an entry at \[0, 0\]: no hypothesis defines it"):
        solve(hw10a2.statement, small(1, 2))
    without = hw10a2.variant(without=["bellman"])
    with pytest.raises(ValueError, match="no hypothesis defines it"):
        solve(without, {**hw10a2.witness, "tables": {**hw10a2.witness["tables"], "V": [[None, "1"]] * 3}})


def test_a_definition_in_a_circle_has_no_solution() -> None:
    names = Vocabulary()
    f, i = names.function("f"), local_index("i")
    statement = Statement(
        list(names.decls.values()), [("circle", All(i, 0, 2, Eq(f(i), f(1 - i) + 1)))], Eq(f(0), f(0))
    )
    with pytest.raises(Undecided):
        solve(statement, {"tables": {"f": [None, None]}})


def test_given_entries_stay_as_they_are() -> None:
    data = {**hw10a2.witness, "tables": {**hw10a2.witness["tables"], "V": [WRONG[0]] * 3}}
    assert solve(hw10a2.statement, data) == data
