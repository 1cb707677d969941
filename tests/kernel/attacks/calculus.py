"""The derivative and the tangent rule: kinks, poles, moving points, parts of the line."""

from proofs.kernel.terms import Term, num
from proofs.language import Eq, Ge, Gt, Le, Ln, Lt, Min, Sum
from tests.kernel.attacks.base import PLAIN, Derive, f, finish, i, m, n, slope, u, wrong, x

ONE = num(1)


def rise(fun: Term, at: Term) -> Term:
    """The derivative condition of the rule."""
    return Le(0, slope(fun, u) * (u - at))


def tangent(fun: Term, sign, at: Term = ONE, value: Term = x, given=("h0",)) -> Derive:
    """The claim from the tangent of fun at a point, its condition obtained by `sign`."""

    def derive(pf, claim):
        bound = pf.rule("tangent", [sign(pf)], fun, u, at)
        return finish(pf, *given, pf.settle(pf.put(bound, u, value, by=list(given)), by=list(given)))

    return derive


def assumed(fun: Term, at: Term = ONE):
    return lambda pf: pf.step(rise(fun, at))


HERE = (Gt(u, 0),)


def shown(fun: Term, at: Term = ONE, under=HERE):
    """The condition proved, under these assumptions."""
    return lambda pf: pf.prove(rise(fun, at), under=list(under))


POSITIVE = [Gt(x, 0)]
CONVEX = (u - 3) * (u - 3)
ATTACKS = [
    wrong(
        "tangent-of-another",
        "u - 1 + ln u is negative below 1",
        PLAIN,
        POSITIVE,
        Ge(x - 1 + Ln(x), 0),
        tangent(u - 1 + Ln(u), lambda pf: pf.square(u)),
        says="not the derivative condition",
    ),
    wrong(
        "tangent-assumed",
        "the derivative condition is not proved",
        PLAIN,
        POSITIVE,
        Ge(x - 1 + Ln(x), 0),
        tangent(u - 1 + Ln(u), assumed(u - 1 + Ln(u))),
        says="another hypothesis",
    ),
    wrong(
        "tangent-at-a-pole",
        "1/(u - 2) is not defined at 2",
        PLAIN,
        POSITIVE,
        Le(-1, 1 / (x - 2)),
        tangent(1 / (u - 2), assumed(1 / (u - 2))),
        says="another hypothesis",
    ),
    wrong(
        "tangent-over-a-pole",
        "the condition holds on both sides of the pole, the bound does not",
        PLAIN,
        POSITIVE,
        Le(num("-1/2"), 1 / (x - 3)),
        tangent(1 / (u - 3), lambda pf: pf.rule("cut", [pf.step(rise(1 / (u - 3), num(1)))])),
        says="another hypothesis",
    ),
    wrong(
        "tangent-through-a-kink",
        "min(u, 2) has no slope at 2",
        PLAIN,
        POSITIVE,
        Ge(Min(x, 2), 1),
        tangent(Min(u, 2), shown(Min(u, 2))),
        says="a kink or a jump",
    ),
    wrong(
        "tangent-of-a-power",
        "the rule for powers is for n >= 1: the slope of u^0 is not 0 u^-1",
        PLAIN,
        [Gt(x, 0), Ge(m, 0)],
        Ge(x**m, 1),
        tangent(u**m, shown(u**m, under=(Gt(u, 0), Ge(m, 0)))),
        says="exponent not known to be a natural number",
    ),
    wrong(
        "tangent-of-a-sum-over-its-variable",
        "the sum is u, and rises on both sides of 1",
        PLAIN,
        POSITIVE,
        Ge(Sum(i, 0, 2, x * i), 1),
        tangent(Sum(i, 0, 2, u * i), shown(Sum(i, 0, 2, u * i))),
    ),
    wrong(
        "tangent-at-a-negative",
        "-1 is not in the domain",
        PLAIN,
        POSITIVE,
        Ge(x, 5),
        tangent(u, shown(u, num(-1)), num(-1)),
    ),
    wrong(
        "tangent-in-a-corner",
        "the condition is shown for u >= 1 only",
        PLAIN,
        POSITIVE,
        Ge(x, 1),
        tangent(u, shown(u, under=(Gt(u, 0), Ge(u, 1)))),
        says="another hypothesis",
    ),
    wrong(
        "tangent-on-a-part",
        "the condition is shown for u >= 3 only",
        PLAIN,
        [],
        Eq(num(0), 1),
        tangent(
            CONVEX,
            lambda pf: pf.prove(rise(CONVEX, num(1)), by=[pf.product(u - 3, u - 1, under=[Ge(u, 3)])]),
            num(1),
            num(3),
            (),
        ),
        says="another hypothesis",
    ),
    wrong(
        "tangent-at-a-moving-point",
        "the point depends on the variable",
        PLAIN,
        [],
        Eq(num(0), 1),
        tangent(
            (u - 1) * (u - 1),
            lambda pf: pf.prove(rise((u - 1) * (u - 1), 11 - 10 * u), by=[pf.square(u - 1)]),
            11 - 10 * u,
            num("1/2"),
            (),
        ),
        says="moves with",
    ),
    wrong(
        "tangent-at-itself",
        "the point is the variable",
        PLAIN,
        POSITIVE,
        Ge(x, 5),
        tangent(u, shown(u, u), u),
        says="moves with",
    ),
    wrong(
        "tangent-by-an-index",
        "an index has no derivative",
        PLAIN,
        [Gt(m, 0)],
        Ge(m, 5),
        lambda pf, c: pf.rule("tangent", [pf.prove(Le(0, num(0) * (m - 1)))], num(0), m, num(1)),
        says="not a free real",
    ),
    wrong(
        "tangent-by-a-value",
        "f(0) is no variable",
        PLAIN,
        [Gt(f(0), 0)],
        Ge(f(0), 5),
        lambda pf, c: pf.rule("tangent", [pf.prove(Le(0, num(1) * (f(0) - f(0))))], f(0), f(0), num(1)),
        says="not a free real",
    ),
    wrong(
        "tangent-keeps-its-sides",
        "the bound holds for positive values only",
        PLAIN,
        [],
        Ge(x - 1, 0 * Ln(num(2))),
        lambda pf, c: pf.rule("cut", [pf.rule("tangent", [pf.prove(rise(num(0), num(1)))], num(0), u, num(1))]),
        says="not the claim",
    ),
    wrong(
        "tangent-where-undefined",
        "ln(u - 1) is not defined for all u > 0",
        PLAIN,
        POSITIVE,
        Ge(Ln(x + 1) * 0 + x, 5),
        lambda pf, c: pf.rule(
            "tangent",
            [pf.rule("cut", [pf.prove(rise(num(0) * Ln(u - 1), num(2)), under=[Gt(u, 1)])])],
            num(0) * Ln(u - 1),
            u,
            num(2),
        ),
        says="another hypothesis",
    ),
    wrong(
        "stationary-is-minimal",
        "the slope of -(u - 1)^2 vanishes at 1, a maximum",
        PLAIN,
        POSITIVE,
        Ge(-(x - 1) * (x - 1), 0),
        tangent(-(u - 1) * (u - 1), lambda pf: pf.prove(rise(-(u - 1) * (u - 1), num(1)), under=[Gt(u, 0)])),
    ),
    wrong(
        "log-has-slope-one",
        "the slope of ln u is 1/u",
        PLAIN,
        POSITIVE,
        Le(Ln(x), 0),
        tangent(-Ln(u), shown(-Ln(u))),
    ),
    wrong(
        "tangent-from-the-wrong-side",
        "0 < u alone, not u <= 0",
        PLAIN,
        [Lt(x, 0)],
        Ge(x, 1),
        tangent(u, shown(u, num(0)), num(0)),
        says="rests on what is not",
    ),
    wrong(
        "tangent-without-room",
        "the point must be positive: ln is undefined at 0",
        PLAIN,
        [Ge(n, 0)],
        Le(n, 0),
        tangent(u, shown(u, num(0)), num(0), n),
    ),
]
