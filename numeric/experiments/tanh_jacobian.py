"""Evidence for `proofs.tanh_jacobian`: the code's log(1 - tanh(u)^2) and its slope, in each of the forms that are claimed.

Both are compared to an absolute error of some 1e-14 and more; that no digit is lost near 0, where they vanish, is a test in
tests/primitives/test_tanh_gaussian.py.
"""

from __future__ import annotations

from proofs.claims import Claim, Evidence
from proofs.kernel.terms import Term
from proofs.tanh_jacobian import LIBRARIES, SIZE, at, even_form, push, stable, stable_form, tanh, u

MODULE = "numeric.primitives.tanh_gaussian"
SIZES = ("1/1000000", "1/1000", "1/10", "1/2", "999/1000", "1", "3/2", "2", "5", "10", "20", "40")
POINTS = [at("0"), *[at(sign + x) for x in SIZES for sign in ("", "-")]]


def correction(claim: Claim, value: Term) -> Evidence:
    """The code and its slope, against one way to write the logarithm."""
    made, function = Evidence(claim), f"{MODULE}:log_one_minus_tanh_squared"
    made.reference(function, arguments={"u": u}, value=value, slopes={"u": -2 * tanh(u)}, points=POINTS)
    return made


FORM = "-2.0 * torch.where(size < 1.0, _cosh_minus_one(u).log1p(), far)"
by_softplus = correction(stable_form, stable(u))
by_softplus.patch(
    "epsilon-in-code",
    MODULE,
    FORM,
    "(1 - u.tanh().square() + 1e-6).log()",
    title="1 - tanh^2 + 10^-6",
    seen_in=LIBRARIES,
)
by_softplus.patch("not-doubled-in-code", MODULE, "return -2.0 * torch", "return -torch", title="without the factor 2")
by_softplus.patch("exponent-sign-in-code", MODULE, "(-2.0 * size).exp()", "(2.0 * size).exp()", title="softplus(2u)")
by_softplus.patch("series-for-all", MODULE, "size < 1.0", "size < 41.0", title="the series far from 0")

by_size = correction(even_form, stable(SIZE))
by_size.patch("no-size", MODULE, "size = u.abs()", "size = u", title="u for |u|")
by_size.patch("odd-in-code", MODULE, "(size - LOG_TWO)", "(u - LOG_TWO)", title="u for |u| outside the exponential")

slope = correction(push, stable(SIZE))
slope.patch("one-tanh-in-code", MODULE, "return -2.0 * u.tanh()", "return -u.tanh()", title="without the factor 2")
slope.patch("sign-in-code", MODULE, "return -2.0 * u.tanh()", "return 2.0 * u.tanh()", title="the other sign")
slope.patch(
    "epsilon-in-code",
    MODULE,
    "return -2.0 * u.tanh()",
    "return -2.0 * u.tanh() * (1 - u.tanh().square()) / (1 - u.tanh().square() + 1e-6)",
    title="the slope of log(1 - tanh^2 + 10^-6)",
    seen_in=LIBRARIES,
)

EVIDENCE = [by_softplus, by_size, slope]
