"""The definitions of the softmax topics against brute force: rational weights, and difference quotients with fifty digits."""

from __future__ import annotations

from decimal import Decimal, getcontext
from fractions import Fraction

from flint import ctx as flint_context
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs import softmax as topic
from proofs.kernel.statement import Statement
from proofs.kernel.terms import num
from proofs.kernel.value import Instance, ball, rational
from proofs.language import Eq, Vocabulary
from proofs.softmax_bandit import ANY

getcontext().prec = 60
STEP = Decimal(10) ** -20
weights = st.lists(st.fractions(min_value=Fraction(1, 9), max_value=9, max_denominator=9), min_size=1, max_size=4)
rewards = st.lists(st.fractions(min_value=-3, max_value=3, max_denominator=5), min_size=4, max_size=4)


def value(vocabulary: Vocabulary, term, data):
    statement = Statement(vocabulary.needed([term]), [], Eq(term, term))
    return Instance(statement, data).value(term)


def decimal(p) -> Decimal:
    """The value to forty digits."""
    with flint_context.workprec(200):
        return Decimal(ball(p, 200).str(45, radius=False))


def probabilities(logits: list[Decimal]) -> list[Decimal]:
    powers = [x.exp() for x in logits]
    return [x / sum(powers) for x in powers]


def quotient(f, logits: list[Decimal], direction: list[Decimal]) -> Decimal:
    """The symmetric difference quotient of f along the direction; its error is of the order of the squared step."""
    ahead, behind = ([z + s * STEP * g for z, g in zip(logits, direction, strict=True)] for s in (1, -1))
    return (f(ahead) - f(behind)) / (2 * STEP)


@given(weights, rewards)
@settings(max_examples=40, deadline=None)
def test_the_policy_its_mean_reward_and_its_gradient(parts, payoff):
    share = [w / sum(parts) for w in parts]
    payoff = payoff[: len(parts)]
    data = {"ints": {"k": len(parts)}, "tables": {"z": [f"ln({w})" for w in parts], "C": list(map(str, payoff))}}
    mean = sum(p * c for p, c in zip(share, payoff, strict=True))
    assert rational(value(ANY.names, ANY.mean(), data)) == mean
    for a, p in enumerate(share):
        assert rational(value(ANY.names, ANY.mu(num(a)), data)) == p
        found = decimal(value(ANY.names, ANY.gradient(num(a)), data))
        logits = [Decimal(w.numerator).ln() - Decimal(w.denominator).ln() for w in parts]
        unit = [Decimal(int(b == a)) for b in range(len(parts))]

        def paid(z):
            return sum(q * c.numerator / c.denominator for q, c in zip(probabilities(z), payoff, strict=True))

        assert abs(quotient(paid, logits, unit) - found) < Decimal(10) ** -30


@given(weights, rewards)
@settings(max_examples=40, deadline=None)
def test_scores_and_slopes_along_a_direction(parts, direction):
    direction = direction[: len(parts)]
    data = {"ints": {"d": len(parts)}, "tables": {"z": [f"ln({w})" for w in parts], "g": list(map(str, direction))}}
    logits = [Decimal(w.numerator).ln() - Decimal(w.denominator).ln() for w in parts]
    along = [Decimal(g.numerator) / g.denominator for g in direction]
    for a in range(len(parts)):

        def log_probability(z, a=a):
            return probabilities(z)[a].ln()

        found = decimal(value(topic.HEAD, topic.along(num(a)), data))
        assert abs(quotient(log_probability, logits, along) - found) < Decimal(10) ** -30
        for b in range(len(parts)):
            unit = [Decimal(int(i == b)) for i in range(len(parts))]
            score = decimal(value(topic.HEAD, topic.head_score(num(a), num(b)), data))
            entry = decimal(value(topic.HEAD, topic.jacobian(num(a), num(b)), data))
            assert abs(quotient(log_probability, logits, unit) - score) < Decimal(10) ** -30
            assert abs(quotient(lambda z, a=a: probabilities(z)[a], logits, unit) - entry) < Decimal(10) ** -30
