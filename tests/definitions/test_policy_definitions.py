"""The definitions of policy evaluation and of conditional means have the values of brute-force twins, exactly."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from proofs import covariance, rao_blackwell, td_martingale, td_variance
from proofs.kernel.statement import Statement
from proofs.kernel.terms import num, replaced
from proofs.kernel.value import Instance, rational
from proofs.language import E, Eq, Var
from proofs.theory.given_action import at, chain
from proofs.theory.policy_evaluation import delta, target
from proofs.theory.policy_evaluation import t as clock
from tests.definitions import twins


def value(vocabulary, term, data):
    statement = Statement(vocabulary.needed([term]), [], Eq(term, term))
    return rational(Instance(statement, data).value(term))


def moments(data, number):
    """Mean and variance over all trajectories of number(states, rewards)."""
    weighted = [(p, number(ss, rs)) for p, ss, rs in twins.trajectories(data)]
    mean = sum(p * x for p, x in weighted)
    return mean, sum(p * (x - mean) ** 2 for p, x in weighted)


def bootstrap(data, t, k, states, rewards):
    """k rewards from time t on, discounted, and the value of where they end."""
    gamma, values = Fraction(data["reals"]["gamma"]), data["tables"]["V"]
    out = Fraction(values[t + k][states[t + k]])
    for j in reversed(range(k)):
        out = rewards[t + j] + gamma * out
    return out


@pytest.mark.parametrize(("t", "k"), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)])
@pytest.mark.parametrize("data", [at(), chain()], ids=["generic", "M2"])
def test_the_k_step_return_and_advantage_from_any_time(data, t, k):
    mean, variance = moments(data, lambda ss, rs: bootstrap(data, t, k, ss, rs))
    term = target(num(t), num(k))
    assert value(td_variance.NAMES, E(term), data) == mean
    assert value(td_variance.NAMES, Var(term), data) == variance
    start = data["tables"]["V"][t]
    gained = moments(data, lambda ss, rs: bootstrap(data, t, k, ss, rs) - Fraction(start[ss[t]]))
    advantage = replaced(td_martingale.advantage(num(k)), {clock: num(t)})
    assert (value(td_martingale.NAMES, E(advantage), data), value(td_martingale.NAMES, Var(advantage), data)) == gained


@pytest.mark.parametrize("t", [0, 1])
def test_the_td_error_at_any_time(t):
    data = at()
    values = data["tables"]["V"]
    twin = moments(data, lambda ss, rs: bootstrap(data, t, 1, ss, rs) - Fraction(values[t][ss[t]]))
    error = delta(num(t))
    assert (value(td_martingale.NAMES, E(error), data), value(td_martingale.NAMES, Var(error), data)) == twin


def conditional(data, numbers):
    """The mean and the variance over y of the mean over w of numbers[y][w]."""
    p, rows = ([Fraction(c) for c in data["tables"]["p"]], data["tables"]["K"])
    means = [
        sum(Fraction(q) * Fraction(x) for q, x in zip(*pair, strict=True)) for pair in zip(rows, numbers, strict=True)
    ]
    mean = sum(q * x for q, x in zip(p, means, strict=True))
    return mean, sum(q * (x - mean) ** 2 for q, x in zip(p, means, strict=True))


@pytest.mark.parametrize("data", [rao_blackwell.catalogue(), rao_blackwell.THREE, rao_blackwell.KNOWN])
def test_the_conditional_mean(data):
    best, names = rao_blackwell.best, rao_blackwell.NAMES
    assert (value(names, E(best), data), value(names, Var(best), data)) == conditional(data, data["tables"]["x"])


def test_the_catalogues_conditional_mean_is_1_and_4():
    assert conditional(rao_blackwell.catalogue(), rao_blackwell.catalogue()["tables"]["x"]) == (
        Fraction(5, 2),
        Fraction(9, 4),
    )


@pytest.mark.parametrize(("data", "d"), list(product([covariance.TREE, covariance.KNOWN], [0, 1])))
def test_the_conditional_mean_of_a_coordinate(data, d):
    numbers = [[row[d] for row in rows] for rows in data["tables"]["z"]]
    best, names = covariance.best(num(d)), covariance.NAMES
    assert (value(names, E(best), data), value(names, Var(best), data)) == conditional(data, numbers)
