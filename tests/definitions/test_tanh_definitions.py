"""The definitions of the tanh-Gaussian topics against mpmath, to thirty digits, and the catalogue's numbers for hw13."""

import mpmath as mp
import pytest

from proofs import tanh_gaussian as tg
from proofs import tanh_jacobian as tj
from proofs.kernel.statement import Statement
from proofs.kernel.value import Instance, ball
from proofs.language import Eq

DIGITS, BITS = 40, 160
INSTANCES = {"witness": tg.hw13.witness, **tg.hw13.instances}
LINES = {"witness": tg.ch1.witness, **tg.ch1.instances}
CATALOGUE = {  # of hw13 at a = (1/2, -1/2); the catalogue cuts off after six digits
    "plus": -2.872875, "no-jacobian": -2.297511, "determinant-not-halved": -1.578305, "one-minus-a": -2.009828,
}  # fmt: skip


def value(vocabulary, term, data):
    """The value of a term of these names, as a number of forty digits."""
    statement = Statement(vocabulary.needed([term]), [], Eq(term, term))
    return mp.mpf(ball(Instance(statement, data).value(term), BITS).mid().str(DIGITS, radius=False))


def number(text):
    """A number of an instance."""
    top, _, bottom = text.removeprefix("ln(").removesuffix(")").partition("/")
    ratio = mp.mpf(top) / mp.mpf(bottom or 1)
    return mp.log(ratio) if text.startswith("ln(") else ratio


def close(found, wanted):
    return abs(found - wanted) <= mp.mpf(10) ** -30 * (1 + abs(wanted))


def density(data):
    """By the book: the Gaussian from Sigma itself, the slope of artanh by a difference quotient of high order."""
    a, mu = ([number(x) for x in data["tables"][name]] for name in ("a", "mu"))
    sigma = mp.matrix([[number(x) for x in row] for row in data["tables"]["Sigma"]])
    gap = mp.matrix([mp.atanh(x) - m for x, m in zip(a, mu, strict=True)])
    square = (gap.T * mp.inverse(sigma) * gap)[0]
    normal = mp.exp(-square / 2) / mp.sqrt(number(data["reals"]["two_pi"]) ** len(a) * mp.det(sigma))
    return normal * mp.fprod(mp.diff(mp.atanh, x) for x in a)


@pytest.mark.parametrize("data", INSTANCES.values(), ids=INSTANCES)
def test_the_density_is_the_gaussian_at_artanh_times_its_slopes(data):
    with mp.workdps(DIGITS):
        assert close(value(tg.NAMES, tg.density(), data), density(data))


@pytest.mark.parametrize("data", LINES.values(), ids=LINES)
def test_the_density_on_a_line_has_standard_deviation_exp_tau(data):
    with mp.workdps(DIGITS):
        a, mu, tau, circle = (number(data["reals"][name]) for name in ("a", "mu", "tau", "two_pi"))
        z = (mp.atanh(a) - mu) / mp.exp(tau)
        wanted = mp.exp(-z * z / 2) / mp.sqrt(circle) / mp.exp(tau) / (1 - a * a)
        assert close(value(tg.LINE, tg.policy(tg.m, tg.tau), data), wanted)


def test_the_fraction_for_two_pi_agrees_to_twenty_digits():
    with mp.workdps(DIGITS):
        assert abs(number(tg.CIRCLE) / (2 * mp.pi) - 1) < mp.mpf(10) ** -19


@pytest.mark.parametrize("x", ["2/7", "-3", "0", "9/2"])
def test_tanh_artanh_and_the_stable_form(x):
    with mp.workdps(DIGITS):
        data, u = tj.at(x), number(x)
        assert close(value(tj.REALS, tj.tanh(tj.u), data), mp.tanh(u))
        assert close(value(tj.REALS, tj.stable(tj.SIZE), data), -2 * mp.log(mp.cosh(u)))
        assert close(value(tj.REALS, tj.artanh(tj.a), tj.at("-2/7", "a")), mp.atanh(number("-2/7")))


def test_the_catalogues_numbers():
    data = INSTANCES["catalogue"]
    with mp.workdps(DIGITS):
        right = value(tg.NAMES, tg.hw13.says.args[1], data)
        assert close(right, mp.log(16 * mp.sqrt(3) / (27 * number(tg.CIRCLE) / 2)) - mp.log(3) ** 2 / 2)
        assert abs(right - mp.mpf("-1.7221464")) < mp.mpf("5e-8")
        for name, wanted in CATALOGUE.items():
            wrong = value(tg.NAMES, tg.hw13.mutants[name].statement.claim.args[1], data)
            assert abs(wrong - wanted) <= 1.1e-6, name
        no_circle = value(tg.NAMES, tg.hw13.mutants["no-two-pi"].statement.claim.args[1], data)
        assert close(no_circle - right, mp.log(number(tg.CIRCLE)))
