"""A failed step says where: an author mends a proof from the message alone."""

from __future__ import annotations

import pytest

from proofs.kernel.poly import Undecided
from proofs.kernel.statement import Statement
from proofs.kernel.terms import Malformed
from proofs.language import Eq, Ge, Gt, Ln, Sum, Vocabulary, local_index
from proofs.tactics.proof import Proof

NAMES = Vocabulary()
x, y, n = NAMES.real("x"), NAMES.real("y"), NAMES.size("n")
f = NAMES.function("f")
i = local_index("i")


def proof_of(claim, *hyps):
    props = [claim, *[h for _, h in hyps]]
    return Proof(Statement(NAMES.needed(props), list(hyps), claim))


def test_an_undecided_equation_shows_both_sides_and_the_first_difference():
    claim = Eq(Sum(i, 0, n, f(i) + x), Sum(i, 0, n, f(i)) + x)
    with pytest.raises(Undecided) as found:
        proof_of(claim).prove(claim)
    message = str(found.value)
    assert "left in normal form:  (sum(0 <= i < n: f(i)) + (n * x))\n" in message
    assert "right in normal form: (sum(0 <= i < n: f(i)) + x)\n" in message
    assert message.endswith("first term of right - left: ((-1 * n) * x)")


def test_a_missing_condition_is_named():
    claim = Eq(Ln(x * y), Ln(x) + Ln(y))
    with pytest.raises(Undecided, match=r"logarithm of what is not known to be positive: x"):
        proof_of(claim).prove(claim)
    with pytest.raises(Undecided, match="not known to be nonzero: x"):
        proof_of(Eq(x / x, 1)).prove(Eq(x / x, 1))


def test_the_condition_given_closes_the_step():
    claim = Eq(Ln(x * y), Ln(x) + Ln(y))
    pf = proof_of(claim, ("x", Gt(x, 0)), ("y", Gt(y, 0)))
    assert pf.prove(claim, by=["x", "y"]).prop is claim


def test_an_unknown_hypothesis_and_an_undeclared_name_are_named():
    claim = Ge(x * x, 0)
    with pytest.raises(Undecided, match="no such hypothesis: sign"):
        proof_of(claim).step("sign")
    with pytest.raises(Malformed, match="the name is not declared so: y"):
        proof_of(claim).prove(Ge(y * y, 0))


def test_a_chain_that_does_not_join_shows_both_ends():
    claim = Eq(x + 0, x)
    pf = proof_of(claim)
    first, second = pf.prove(Eq(x + 0, x)), pf.prove(Eq(x * 1, x))
    with pytest.raises(Undecided, match="the steps do not join"):
        pf.rule("chain", [first, second])


def test_a_term_has_no_truth_value_and_no_attribute_can_be_set():
    with pytest.raises(TypeError, match="no truth value"):
        bool(x)
    with pytest.raises(AttributeError):
        x.op = "Num"
