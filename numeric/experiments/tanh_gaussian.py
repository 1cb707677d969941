"""Evidence for `proofs.tanh_gaussian`: the code's log-densities are the statements' terms, with their slopes.

The code knows 2 pi to 53 bits, a statement has a real `two_pi` in its place.  All points here set it to a fraction that agrees
with 2 pi to 20 digits, which moves a log-density by 1e-20: a millionth of the smallest bound.
The Cholesky factor that the code takes is computed by terms from the Sigma of the point, a square root as exp(log / 2).
"""

from __future__ import annotations

from proofs.claims import Evidence, Instance
from proofs.kernel.terms import Term, num
from proofs.language import Exp, Ln
from proofs.tanh_gaussian import (
    CIRCLE,
    GAP,
    ROOM,
    C,
    P,
    Sigma,
    a,
    action,
    artanh,
    c,
    ch1,
    hw13,
    log_gaussian,
    m,
    mu,
    of_line,
    on_line,
    score_part,
    tau,
)
from proofs.tanh_jacobian import LIBRARIES

MODULE = "numeric.primitives.tanh_gaussian"

# ------------------------------------------------------------------------------------- one dimension
FAR = "9999995/10000000"  # beyond where libraries clip an action before they undo tanh
EDGE = [on_line(x, two_pi=CIRCLE) for x in ("999/1000", "-999/1000", "1/1000000", "0", FAR)]
INNER = [("1/2", "3/10", "-7/10"), ("1/2", "0", "0"), ("-2/7", "-1/5", "ln(1/3)"), ("4/5", "2", "3")]
LINE = [*[on_line(*x, CIRCLE) for x in INNER], *EDGE]
Z_LINE, SCORE = of_line(c), GAP / Exp(2 * tau)
ONE = {"mean": [SCORE], "log_std": [GAP**2 / Exp(2 * tau) - 1]}
GIVEN = {"mean": [m], "log_std": [tau]}
on_a_line = Evidence(ch1)
on_a_line.reference(
    f"{MODULE}:tanh_gaussian_log_density",
    arguments={"u": [Z_LINE], **GIVEN},
    value=score_part(m, tau) + C(),
    slopes={"u": [2 * c - SCORE], **ONE},
    points=LINE,
    last=True,
)
on_a_line.reference(
    f"{MODULE}:tanh_gaussian_log_density_of_action",
    arguments={"action": [c], **GIVEN},
    value=score_part(m, tau) + C(),
    slopes={"action": [(2 * c - SCORE) / (1 - c**2)], **ONE},
    points=LINE,
    last=True,
)
JACOBIAN, SCALED = "- log_one_minus_tanh_squared(u)", "(u - mean) * (-log_std).exp()"
on_a_line.patch("no-jacobian-in-code", MODULE, JACOBIAN, "", title="the density of z")
on_a_line.patch("jacobian-sign-in-code", MODULE, JACOBIAN, "+ log_one_minus_tanh_squared(u)", title="plus log(1 - a^2)")
on_a_line.patch("variance-exp-tau-in-code", MODULE, SCALED, "(u - mean) * (-log_std / 2).exp()", title="variance e^tau")
on_a_line.patch("no-tau-in-code", MODULE, "- log_scale -", "-", title="without -tau")
on_a_line.patch(
    "mean-squashed", MODULE, SCALED, "(u - mean.tanh()) * (-log_std).exp()", title="tanh(mu) for mu", seen_in="rlax"
)
on_a_line.patch(
    "detached-deviation", MODULE, SCALED, "(u - mean) * (-log_std.detach()).exp()", title="no gradient through e^-tau"
)

on_a_line.patch(
    "epsilon-in-code",
    MODULE,
    JACOBIAN,
    "- (1 - u.tanh().square() + 1e-6).log()",
    title="1 - a^2 + 10^-6",
    seen_in=LIBRARIES,
)
on_a_line.patch(
    "jacobian-detached", MODULE, JACOBIAN, "- log_one_minus_tanh_squared(u.detach())", title="no gradient through the correction",
    seen_in="what the form with 10^-6 comes to for a saturated action: Stable-Baselines3, CleanRL",
)  # fmt: skip
on_a_line.patch(
    "action-clipped", MODULE, "return action.atanh()", "return action.clamp(-1 + 1e-6, 1 - 1e-6).atanh()",
    title="the density of a clipped action", seen_in="garage #1174; TorchRL's safe tanh, with another epsilon",
)  # fmt: skip

# ------------------------------------------------------------------------------------- n dimensions
Matrix = list[list[Term]]


def root(x: Term) -> Term:
    return Exp(Ln(x) / 2)


def cholesky(count: int) -> Matrix:
    """The lower triangular factor of Sigma, row by row (Cholesky-Banachiewicz)."""
    rows: Matrix = []
    for i in range(count):
        row: list[Term] = []
        for j in range(i + 1):
            known = sum((row[k] * (rows[j] if j < i else row)[k] for k in range(j)), num(0))
            row.append(root(Sigma(i, i) - known) if i == j else (Sigma(i, j) - known) / rows[j][j])
        rows.append(row + [num(0)] * (count - i - 1))
    return [[x if j <= i else num(0) for j, x in enumerate(row)] for i, row in enumerate(rows)]


def score(count: int) -> list[Term]:
    """P (z - mu): the slopes in mu."""
    return [sum((P(i, j) * (artanh(a(j)) - mu(j)) for j in range(count)), num(0)) for i in range(count)]


def slope_of_factor(count: int, lower: Matrix) -> Matrix:
    """w_i (L^T w)_j - [i = j] / L_ii for j <= i, where w is the score; above the diagonal the code reads nothing."""
    w = score(count)
    turned = [sum((lower[k][j] * w[k] for k in range(j, count)), num(0)) for j in range(count)]
    return [
        [w[i] * turned[j] - (1 / lower[i][i] if i == j else num(0)) if j <= i else num(0) for j in range(count)]
        for i in range(count)
    ]


def circled(*points: Instance) -> list[Instance]:
    """The same points with the true 2 pi, to twenty digits."""
    return [{**p, "reals": {**p["reals"], "two_pi": CIRCLE}} for p in points]


ALL = circled(
    hw13.witness,
    *hw13.instances.values(),
    action("999/1000", "-1/1000000"),
    action("0", "0"),
    action(
        "1/2", "-1/5", P=[["5/9", "4/9"], ["4/9", "5/9"]], Sigma=[["5", "-4"], ["-4", "5"]], reals={"logdet": "ln(1/9)"}
    ),
)
in_n_dimensions = Evidence(hw13)
for n in (1, 2, 3):
    here = range(n)
    lower, w, points = cholesky(n), score(n), [p for p in ALL if p["ints"]["n"] == n]
    given = {"mean": [mu(i) for i in here], "cholesky": lower}
    common = {"mean": w, "cholesky": slope_of_factor(n, lower)}
    in_n_dimensions.reference(
        f"{MODULE}:tanh_gaussian_log_density_full",
        arguments={"u": [artanh(a(i)) for i in here], **given},
        value=log_gaussian() - ROOM,
        slopes={"u": [2 * a(i) - w[i] for i in here], **common},
        points=points,
        last=True,
    )
    in_n_dimensions.reference(
        f"{MODULE}:tanh_gaussian_log_density_full_of_action",
        arguments={"action": [a(i) for i in here], **given},
        value=log_gaussian() - ROOM,
        slopes={"action": [(2 * a(i) - w[i]) / (1 - a(i) ** 2) for i in here], **common},
        points=points,
        last=True,
    )

DIAGONAL = circled(
    action(
        "1/2", "-1/5", P=[["4/9", "0"], ["0", "25"]], Sigma=[["9/4", "0"], ["0", "1/25"]], reals={"logdet": "ln(100/9)"}
    ),
    action(
        "-999/1000", "1/3", P=[["1/9", "0"], ["0", "2"]], Sigma=[["9", "0"], ["0", "1/2"]], reals={"logdet": "ln(2/9)"}
    ),
)
in_n_dimensions.reference(
    f"{MODULE}:tanh_gaussian_log_density",
    arguments={
        "u": [artanh(a(i)) for i in range(2)],
        "mean": [mu(i) for i in range(2)],
        "log_std": [-Ln(P(i, i)) / 2 for i in range(2)],
    },
    value=log_gaussian() - ROOM,
    slopes={
        "u": [2 * a(i) - x for i, x in enumerate(score(2))],
        "mean": score(2),
        "log_std": [x * (artanh(a(i)) - mu(i)) - 1 for i, x in enumerate(score(2))],
    },
    points=DIAGONAL,
    last=True,
)
SOLVED = "_forward_substitution(cholesky, u - mean)"
in_n_dimensions.patch(
    "plus-in-code", MODULE, JACOBIAN, "+ log_one_minus_tanh_squared(u)", title="plus the sum for minus"
)
in_n_dimensions.patch("no-jacobian-in-code", MODULE, JACOBIAN, "", title="the density of z")
in_n_dimensions.patch("determinant-not-halved-in-code", MODULE, "- log_scale -", "- 2 * log_scale -", title="log det P")
in_n_dimensions.patch("one-minus-a-in-code", MODULE, JACOBIAN, "- (1 - u.tanh()).log()", title="1 - a for 1 - a^2")
in_n_dimensions.patch("no-two-pi-in-code", MODULE, "- HALF_LOG_TWO_PI ", "", title="without (n/2) log 2 pi")
in_n_dimensions.patch(
    "covariance-for-precision-in-code",
    MODULE,
    SOLVED,
    "(cholesky.mT @ (u - mean)[..., None])[..., 0]",
    title="Sigma for its inverse",
)
in_n_dimensions.patch(
    "square-not-halved", MODULE, "-z.square() / 2", "-z.square()", title="the square without its half"
)
in_n_dimensions.patch("factor-transposed", MODULE, "lower[..., i, j] * z", "lower[..., j, i] * z", title="L^T for L")
in_n_dimensions.patch(
    "epsilon-in-code",
    MODULE,
    JACOBIAN,
    "- (1 - u.tanh().square() + 1e-6).log()",
    title="1 - a^2 + 10^-6",
    seen_in=LIBRARIES,
)
in_n_dimensions.patch(
    "mean-for-sum", MODULE, "terms.sum(-1)", "terms.mean(-1)", title="the mean over the components for their sum",
    seen_in="tianshou #312",
)  # fmt: skip
in_n_dimensions.patch(
    "dead-slots-left-in",
    MODULE,
    "    u, mean = zero_dead(u, live), zero_dead(mean, live)\n",
    "",
    title="dead slots zeroed at the end alone, with NaN in their gradients",
)

EVIDENCE = [on_a_line, in_n_dimensions]
