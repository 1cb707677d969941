"""Policies, ratios and clipped objectives have the values of plain rational arithmetic, where the logits are logarithms."""

from __future__ import annotations

from fractions import Fraction
from math import prod

from hypothesis import given
from hypothesis import strategies as st

from proofs import logistic, ppo_clip_escape, ppo_clip_gradient, ppo_clip_step
from proofs.kernel.statement import Statement
from proofs.kernel.terms import mk
from proofs.kernel.value import Instance, rational
from proofs.language import Eq

odds = st.fractions(min_value=Fraction(1, 5), max_value=5, max_denominator=5)
reals = st.fractions(min_value=-3, max_value=3, max_denominator=7)
margins = st.fractions(min_value=0, max_value=1, max_denominator=7)


def value(vocabulary, term, data):
    statement = Statement(vocabulary.needed([term]), [], Eq(term, term))
    return rational(Instance(statement, {"ints": {}, "reals": {}, "tables": {}, **data}).value(term))


def ln(x):
    return f"ln({x})"


def objective(ratio, advantage, margin):
    """The plain term, or the one at the nearer end of the interval if that is less."""
    end = 1 + margin if ratio > 1 + margin else 1 - margin if ratio < 1 - margin else ratio
    return min(ratio * advantage, end * advantage), end * advantage


@given(st.lists(st.tuples(odds, odds, st.integers(-2, 2)), min_size=1, max_size=4), st.data(), reals, margins)
def test_policies_ratio_and_objective(rows, data, advantage, margin):
    now, before, towards = zip(*rows, strict=True)
    action, step = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(-2, 2))
    names, reached = ppo_clip_gradient, [x * Fraction(2) ** (step * v) for x, v in zip(now, towards, strict=True)]
    tables = {"z": [ln(x) for x in now], "w": [ln(x) for x in before], "v": [ln(Fraction(2) ** v) for v in towards]}
    data = {
        "ints": {"k": len(rows), "b": action},
        "reals": {"A": str(advantage), "epsilon": str(margin)},
        "tables": tables,
    }
    pi, old = (row[action] / sum(row) for row in (reached, before))
    assert value(names.POLICIES, names.pi(names.b, step), data) == pi
    assert value(names.POLICIES, names.old(names.b), data) == old
    assert value(names.POLICIES, names.ratio(step), data) == pi / old
    wanted = objective(pi / old, advantage, margin)
    assert (
        value(names.POLICIES, names.objective(step), data),
        value(names.POLICIES, names.clipped(step), data),
    ) == wanted


@given(odds, reals, reals, margins)
def test_two_actions_from_equal_probabilities(weight, first, second, margin):
    x = mk("Sym", "theta", "Real")
    data = {"reals": {"theta": ln(weight), "A1": str(first), "A2": str(second), "epsilon": str(margin)}}
    names = ppo_clip_escape

    def worth(power, advantage):
        return objective(2 * weight**power / (1 + weight**power), advantage, margin)[0]

    assert value(names.SHARED, names.r(x), data) == 2 * weight / (1 + weight)
    assert value(names.SHARED, names.J(x), data) == worth(1, first) + worth(3, second)
    assert value(names.SHARED, names.F(x), data) == worth(2, first) + worth(1, second)
    one = {"reals": {"eta": ln(weight), "A": str(first), "epsilon": str(margin)}}
    assert value(ppo_clip_step.ONE_STEP, ppo_clip_step.C(ppo_clip_step.eta), one) == worth(1, first)


@given(st.lists(st.tuples(odds, st.integers(-2, 2)), min_size=1, max_size=3), odds, st.integers(0, 1), st.data())
def test_the_bernoulli_policy(rows, constant, action, data):
    weights, features = zip(*rows, strict=True)
    moved, step = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(-2, 2))
    tables = {"theta": [ln(w) for w in weights], "x": [str(x) for x in features]}
    data = {"ints": {"d": len(rows), "j": moved}, "reals": {"c": ln(constant)}, "tables": tables}
    up = prod((w**x for w, x in rows), start=Fraction(1))
    assert value(logistic.NAMES, logistic.p(action), data) == (up if action else 1) / (1 + up)
    assert value(logistic.NAMES, logistic.UP, data) == 1 - value(logistic.NAMES, logistic.DOWN, data) == up / (1 + up)
    assert value(logistic.NAMES, logistic.pi(action, 0), data) == value(logistic.NAMES, logistic.p(action), data)
    far = value(logistic.NAMES, logistic.h(step) - logistic.h(0), data)
    assert far == step * features[moved]
