"""GAE, its mixture, masked advantages and averages of k1 have the values of plain arithmetic; and the catalogue's numbers."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import log

from hypothesis import given
from hypothesis import strategies as st

from proofs import gae, gae_mean, gae_mixture, kl_positivity, kl_samples, kl_variance
from proofs.kernel.statement import Statement
from proofs.kernel.terms import num
from proofs.kernel.value import Instance, ball, rational
from proofs.language import Eq, Var
from proofs.theory.given_action import chain

fractions = st.fractions(min_value=-3, max_value=3, max_denominator=7)
rows = st.lists(fractions, min_size=9, max_size=9)
flags = st.lists(st.booleans(), min_size=9, max_size=9)


def value(vocabulary, term, data):
    statement = Statement(vocabulary.needed([term]), [], Eq(term, term))
    return Instance(statement, data).value(term)


def real(vocabulary, term, data):
    return float(ball(value(vocabulary, term, data), 128).mid())


def text(row):
    return [str(x) for x in row]


def recursion(errors, decay):
    """GAE backward in time."""
    total = Fraction(0)
    for error in reversed(errors):
        total = error + decay * total
    return total


def advantages(r, v, gamma, t, n):
    """The k-step advantages of k = 1, ..., n at time t, each written out."""
    return [
        sum((gamma**j * r[t + j] for j in range(k)), Fraction(0)) + gamma**k * v[t + k] - v[t] for k in range(1, n + 1)
    ]


@given(rows, rows, fractions, fractions, st.integers(0, 4), st.integers(0, 3))
def test_gae_is_the_backward_recursion_and_the_mixture_its_sum(r, v, gamma, lam, n, t):
    data = {
        "ints": {"n": n, "t": t},
        "reals": {"gamma": str(gamma), "lambda": str(lam)},
        "tables": {"r": text(r), "V": text(v)},
    }
    names, errors = gae_mixture.NAMES, [r[s] + gamma * v[s + 1] - v[s] for s in range(t, t + n)]
    assert rational(value(names, gae_mixture.gae(gae_mixture.n, gae.t), data)) == recursion(errors, gamma * lam)
    found = rational(value(names, gae_mixture.mixture(gae_mixture.n), data))
    assert found == (1 - lam) * sum(lam**k * a for k, a in enumerate(advantages(r, v, gamma, t, n)))


@given(rows, rows, flags, fractions, st.integers(0, 5))
def test_a_masked_advantage_stops_at_the_first_terminal_step(r, v, terminal, gamma, k):
    t, live = 1, [True, True]
    for d in terminal[1:]:
        live.append(live[-1] and not d)
    tables = {"r": text(r), "V": text(v), "d": text(map(int, terminal)), "live": text(map(int, live))}
    total, weight = -v[t], Fraction(1)
    for j in range(k):
        total, weight = total + weight * r[t + j], weight * gamma
        if terminal[t + j]:
            break
    else:
        total += weight * v[t + k]
    data = {"ints": {"k": k, "t": t}, "reals": {"gamma": str(gamma)}, "tables": tables}
    assert rational(value(gae.NAMES, gae.masked_advantage, data)) == total


COIN = [0.9, 0.1], [0.5, 0.5]


def moments(f, p, q):
    values = [f(b / a) for a, b in zip(p, q, strict=True)]
    mean = sum(a * x for a, x in zip(p, values, strict=True))
    return mean, sum(a * (x - mean) ** 2 for a, x in zip(p, values, strict=True))


def test_the_catalogue_values_of_problem_23():
    """Rows hw23-0, hw23a, hw23b and hw23+."""
    found = [real(kl_positivity.NAMES, kl_positivity.KL(), kl_positivity.pair(*x)) for x in (
        ("9/10 1/10", "1/2 1/2"), ("1/2 1/2", "9/10 1/10"))]  # fmt: skip
    assert [round(x, 6) for x in found] == [0.368064, 0.510826]
    assert abs(found[0] - moments(lambda r: -log(r), *COIN)[0]) < 1e-12
    for data, k1, k3 in (
        (kl_variance.COIN, 0.4345, 0.4545),
        (kl_variance.RARE, 0.2090, 19.958),
        (kl_variance.EVEN, 0.330311, 0.012164),
    ):
        both = [real(kl_variance.NAMES, Var(k), data) for k in (kl_variance.k1, kl_variance.k3)]
        assert abs(both[0] - k1) < 6e-5 and abs(both[1] - k3) < 5e-4
        p, q = ([float(Fraction(x)) for x in data["tables"][name]] for name in "pq")
        assert abs(both[1] - moments(lambda r: r - 1 - log(r), p, q)[1]) < 1e-9
    data = kl_samples.samples("9/10 1/10", "1/2 1/2", 1)
    assert rational(value(kl_samples.NAMES, kl_samples.chance, data)) == Fraction(1, 10)


def test_a_negative_average_is_as_likely_as_enumeration_says():
    p, q = [0.9, 0.1], [0.5, 0.5]
    negative = sum(
        p[a] * p[b] * p[c] for a, b, c in product(range(2), repeat=3) if sum(log(p[x] / q[x]) for x in (a, b, c)) < 0
    )
    found = rational(value(kl_samples.NAMES, kl_samples.chance, kl_samples.samples("9/10 1/10", "1/2 1/2", 3)))
    assert abs(float(found) - negative) < 1e-12


def test_the_catalogue_values_of_problem_11():
    """Row hw11a: the advantages of M2; row hw11e: the sum of the series with alternating errors."""
    tables = chain()["tables"]
    found = [Fraction(tables["Q"][0][s][a]) - Fraction(tables["V"][0][s]) for s in range(2) for a in range(2)]
    assert found == [Fraction(-4, 37), Fraction(8, 37), Fraction(93, 74), Fraction(-31, 74)]
    assert gae_mean.hw11a.instances["M2"]["tables"]["Q"] == tables["Q"]
    data = gae_mixture.hw11e.instances["alternating"]
    assert (
        round(float(rational(value(gae_mixture.NAMES, gae_mixture.gae(data["ints"]["n"], num(0)), data))), 6)
        == 0.581395
    )
