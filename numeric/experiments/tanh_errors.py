"""Which digits of log(1 - tanh(u)^2) survive: the error of four forms, in three formats, by the size of u.

    primitive     -2 log(1 + (cosh u - 1)) below |u| = 1, by a series, then 2 (log 2 - |u| - log(1 + exp(-2 |u|)))
    softplus      2 (log 2 - u - softplus(-2u)), the form usually called stable
    from action   log(1 - a^2) with a = tanh(u)
    epsilon       log(1 - a^2 + 1e-6), so that a = 1 has a logarithm

Errors are against ball arithmetic of 200 bits at the very number that the format holds.  The points are fixed: the same
machine prints the same tables, and another processor's exp or tanh may change a last digit.

    python -m numeric.experiments.tanh_errors
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

import torch
from flint import arb
from flint import ctx as flint_context
from torch import Tensor
from torch.nn.functional import softplus

from numeric.primitives.tanh_gaussian import HALF_LOG_TWO_PI, log_one_minus_tanh_squared

BITS = 200
POINTS = 400  # of each sign in a band
BANDS = ((1e-6, 1e-3), (1e-3, 0.1), (0.1, 1.0), (1.0, 5.0), (5.0, 10.0), (10.0, 20.0), (20.0, 40.0))
DTYPES = (torch.float64, torch.float32, torch.bfloat16)
EPSILON = 1e-6
SHOWN = (2.0, 5.0, 8.0, 10.0)

Form = Callable[[Tensor], Tensor]
FORMS: dict[str, Form] = {
    "primitive": log_one_minus_tanh_squared,
    "softplus": lambda u: 2 * (math.log(2) - u - softplus(-2 * u)),
    "from action": lambda u: (1 - u.tanh().square()).log(),
    "epsilon": lambda u: (1 - u.tanh().square() + EPSILON).log(),
}


def exact_log(u: float) -> arb:
    """log(1 - tanh(u)^2) = -2 log cosh u, as a ball."""
    with flint_context.workprec(BITS):
        return -2 * arb(u).cosh().log()


def grid(low: float, high: float, dtype: torch.dtype) -> Tensor:
    """Numbers of the format with low <= |u| < high, of both signs, evenly spaced in log |u|."""
    sizes = torch.tensor([low * (high / low) ** (k / POINTS) for k in range(POINTS)], dtype=torch.float64)
    rounded = sizes.to(dtype)
    inside = rounded[(rounded.double() >= low) & (rounded.double() < high)].unique()
    return torch.cat([-inside, inside])


def ulps(got: float, exact: arb, dtype: torch.dtype) -> float:
    """|got - exact| in units of the last place that the format has at the exact value; infinite for inf and NaN."""
    if not math.isfinite(got):
        return math.inf
    with flint_context.workprec(BITS):
        error = float(abs(arb(got) - exact).mid())
    return error / (torch.finfo(dtype).eps * 2.0 ** (math.frexp(float(exact.mid()))[1] - 1))


def largest_error(form: Form, dtype: torch.dtype, low: float, high: float) -> float:
    """The largest error of a form on a band's grid, in ulp."""
    u = grid(low, high, dtype)
    return max(ulps(got, exact_log(x), dtype) for x, got in zip(u.tolist(), form(u).tolist(), strict=True))


def jacobian_table(dtype: torch.dtype) -> Iterator[str]:
    """Markdown: a row for each band of |u|, a column for each form, the largest error in ulp."""
    yield from head(str(dtype).removeprefix("torch."))
    for low, high in BANDS:
        band = f"{low:g} to {high:g}".replace("e-0", "e-")
        yield row([band, *(figure(largest_error(form, dtype, low, high)) for form in FORMS.values())])


def density_table() -> Iterator[str]:
    """Markdown: log pi(tanh u) in float32 for mean 0 and deviation 1, and the errors in nats."""
    yield from head("u", "log-density")
    for u in SHOWN:
        exact = -u * u / 2 - HALF_LOG_TWO_PI - float(exact_log(u).mid())
        yield row([f"{u:g}", f"{exact:.3f}", *(figure(density(form, u) - exact) for form in FORMS.values())])


def slope_table() -> Iterator[str]:
    """Markdown: the slope of -log(1 - tanh(u)^2), exact and in float32 by autograd."""
    yield from head("u", "slope")
    for u in SHOWN:
        yield row([f"{u:g}", f"{2 * math.tanh(u):.3f}", *(f"{slope(form, u):.3f}" for form in FORMS.values())])


def density(form: Form, u: float) -> float:
    """log pi(tanh u) in float32 with a form as its correction."""
    x = torch.tensor(u)
    return float(-x.square() / 2 - HALF_LOG_TWO_PI - form(x))


def slope(form: Form, u: float) -> float:
    """The slope of -form at u in float32, by autograd."""
    x = torch.tensor(u, requires_grad=True)
    return -float(torch.autograd.grad(form(x), x)[0])


def head(*first: str) -> Iterator[str]:
    """A table's first two lines: its own columns, then the forms."""
    yield row([*first, *FORMS])
    yield row(["---:"] * (len(first) + len(FORMS)))


def row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def figure(x: float) -> str:
    """Two or three digits: 2.7, 160, 1.5e12, -0.0053, or an infinity."""
    if math.isinf(x):
        return "∞" if x > 0 else "-∞"
    if 1 <= abs(x) < 1000:
        return f"{x:.1f}" if abs(x) < 100 else f"{x:.0f}"
    return re.sub(r"e([+-])0*", lambda found: "e" + found[1].strip("+"), f"{x:.2g}")


def tables() -> list[list[str]]:
    """All tables, each as its lines."""
    return [list(density_table()), list(slope_table()), *(list(jacobian_table(dtype)) for dtype in DTYPES)]


if __name__ == "__main__":
    print("\n\n".join("\n".join(lines) for lines in tables()))
