"""Each definition that a topic uses has the value of its brute-force twin, exactly, on random rational instances."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from proofs import gae, kl, td_variance
from proofs.instances import m2, trajectory
from proofs.kernel.poly import ONE
from proofs.kernel.statement import Statement
from proofs.kernel.terms import num
from proofs.kernel.value import Instance, rational
from proofs.language import Clip, Eq, Var, Vocabulary
from tests.definitions import twins

fractions = st.fractions(min_value=-3, max_value=3, max_denominator=7)


def value(vocabulary, term, data):
    statement = Statement(vocabulary.needed([term]), [], Eq(term, term))
    return Instance(statement, data).value(term)


@given(fractions, fractions, st.fractions(min_value=0, max_value=3, max_denominator=7))
def test_clip_is_the_middle_of_three(x, lo, width):
    names = Vocabulary()
    a, b, c = (names.real(n) for n in "abc")
    data = {"reals": {"a": str(x), "b": str(lo), "c": str(lo + width)}}
    assert rational(value(names, Clip(a, b, c), data)) == twins.clip(x, lo, lo + width)


weights = st.lists(st.integers(0, 6), min_size=1, max_size=4).filter(any)


@given(weights, st.data())
def test_kl_is_the_sum_over_the_support(p_weights, data):
    q_weights = data.draw(st.lists(st.integers(1, 6), min_size=len(p_weights), max_size=len(p_weights)))
    p = [Fraction(w, sum(p_weights)) for w in p_weights]
    q = [Fraction(w, sum(q_weights)) for w in q_weights]
    found = value(
        kl.NAMES, kl.KL(), {"ints": {"n": len(p)}, "tables": {"p": list(map(str, p)), "q": list(map(str, q))}}
    )
    assert {int(next(iter(m))[0].args[0].args[0]): c for m, c in found.items() if m != ONE} == twins.kl(p, q)
    assert ONE not in found


rows = st.lists(fractions, min_size=7, max_size=7)


@given(rows, rows, fractions, st.integers(0, 4), st.integers(0, 2))
def test_td_error_and_k_step_advantage(r, v, gamma, k, t):
    data = {
        "ints": {"k": k, "t": t},
        "reals": {"gamma": str(gamma)},
        "tables": {"r": list(map(str, r)), "V": list(map(str, v))},
    }
    assert rational(value(gae.NAMES, gae.delta(gae.t), data)) == twins.td_error(r, v, gamma, t)
    assert rational(value(gae.NAMES, gae.advantage(gae.k, gae.t), data)) == twins.advantage(r, v, gamma, k, t)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2), st.sampled_from(["1/2", "2/3", "-1/5"]))
def test_variance_of_the_bootstrapped_return(k, gamma):
    for data in (trajectory(k, 2, gamma=gamma), m2(k, 2)):
        found = rational(value(td_variance.NAMES, Var(td_variance.td(num(k))), data))
        assert found == twins.variance(data, k)


def test_the_two_state_chain_has_the_catalogue_values():
    """Row hw10a.2: the variances of X_1, X_2 and X_3, and their first increment .385819."""
    found = [twins.variance(m2(1, 2, horizon=3), k) for k in (1, 2, 3)]
    assert found == [Fraction(36463, 10952), Fraction(3906095, 1051392), Fraction(384836533, 100933632)]
    assert round(float(found[1] - found[0]), 6) == 0.385819
