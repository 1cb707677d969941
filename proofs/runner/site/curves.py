"""The numbers behind the pictures, from the definitions; the two-state example in exact fractions.

No result of the ledger is used here and none is made: these curves explain, they confirm nothing.
"""

from __future__ import annotations

import math
from fractions import Fraction as F

EPSILON = 0.2
GAMMA = 0.99
Curve = tuple[list[float], dict[str, list[float]]]

# The two-state example: probability of state 1 after (state, action), mean reward, policy; rewards carry a fair +-1.
TO_FIRST = {(1, "a"): F(3, 4), (1, "b"): F(1, 4), (2, "a"): F(1, 2), (2, "b"): F(0)}
REWARD = {(1, "a"): F(1), (1, "b"): F(2), (2, "a"): F(0), (2, "b"): F(-1)}
POLICY = {(1, "a"): F(2, 3), (1, "b"): F(1, 3), (2, "a"): F(1, 4), (2, "b"): F(3, 4)}
DISCOUNT, START, STATES = F(1, 2), {1: F(1, 2), 2: F(1, 2)}, (1, 2)


def clip_objective(advantage: int) -> tuple[list[float], list[float]]:
    """min(l A, clip(l, 1 - eps, 1 + eps) A) for l from 0 to 2, kinks included."""
    ratios = sorted({i / 50 for i in range(101)} | {1 - EPSILON, 1 + EPSILON})
    clipped = [min(max(r, 1 - EPSILON), 1 + EPSILON) for r in ratios]
    return ratios, [min(r * advantage, c * advantage) for r, c in zip(ratios, clipped, strict=True)]


def clip_slopes(advantage: int) -> list[tuple[float, float, float]]:
    """(from, to, slope) for the three zones, measured on the objective itself at two points inside each."""
    edges = (0.0, 1 - EPSILON, 1 + EPSILON, 2.0)
    zones = []
    for left, right in zip(edges, edges[1:], strict=False):
        inner = [left + (right - left) * part for part in (0.25, 0.75)]
        low, high = (min(x * advantage, min(max(x, 1 - EPSILON), 1 + EPSILON) * advantage) for x in inner)
        zones.append((left, right, (high - low) / (inner[1] - inner[0])))
    return zones


def gae_weights(lam: float, steps: int = 20) -> tuple[list[int], list[float], list[float]]:
    """(l, weight (1 - lambda) lambda^l of the (l+1)-step advantage, weight (gamma lambda)^l of the TD error)."""
    index = list(range(steps))
    return index, [(1 - lam) * lam**i for i in index], [(GAMMA * lam) ** i for i in index]


def branches(state: int) -> list[tuple[F, F, int]]:
    """(probability, reward, next state) of everything that can happen in one step from `state`."""
    found = []
    for action in "ab":
        for noise in (F(1), F(-1)):
            for after in STATES:
                to = TO_FIRST[state, action] if after == 1 else 1 - TO_FIRST[state, action]
                found.append((POLICY[state, action] * to / 2, REWARD[state, action] + noise, after))
    return found


def solve(matrix: list[list[F]], right: list[F]) -> dict[int, F]:
    """The solution of two linear equations, by Cramer's rule."""
    (a, b), (c, d) = matrix
    det = a * d - b * c
    return {1: (right[0] * d - b * right[1]) / det, 2: (a * right[1] - right[0] * c) / det}


def fixed_point(source: dict[int, F], factor: F) -> dict[int, F]:
    """x with x(s) = source(s) + factor E[x(s') | s]."""
    to = {s: {t: sum((p for p, _, after in branches(s) if after == t), F(0)) for t in STATES} for s in STATES}
    matrix = [[(1 if s == t else 0) - factor * to[s][t] for t in STATES] for s in STATES]
    return solve(matrix, [source[s] for s in STATES])


def values() -> dict[int, F]:
    """The policy's value function, from Bellman's equation."""
    return fixed_point({s: sum((p * r for p, r, _ in branches(s)), F(0)) for s in STATES}, DISCOUNT)


def td_variances(most: int) -> tuple[list[F], F]:
    """Var TD(k) of r_0 + ... + gamma^k V(s_k) for k = 1..most, and its limit; exact.

    First and second moments of the discounted sum are carried backward from V, with no use of the claim's own identity.
    """
    mean = values()
    second = {s: mean[s] ** 2 for s in STATES}  # E of the square of the 0-step target from s
    found = []
    average = sum((START[s] * mean[s] for s in STATES), F(0))
    for _ in range(most):
        second = {s: sum((p * square(r, mean, second, t) for p, r, t in branches(s)), F(0)) for s in STATES}
        found.append(sum((START[s] * second[s] for s in STATES), F(0)) - average**2)
    rest = {s: sum((p * (r * r + 2 * DISCOUNT * r * mean[t]) for p, r, t in branches(s)), F(0)) for s in STATES}
    last = fixed_point(rest, DISCOUNT**2)
    return found, sum((START[s] * last[s] for s in STATES), F(0)) - average**2


def square(reward: F, mean: dict[int, F], second: dict[int, F], after: int) -> F:
    """E (r + gamma G)^2 for a reward and a rest G from `after` with these moments."""
    return reward**2 + 2 * DISCOUNT * reward * mean[after] + DISCOUNT**2 * second[after]


def estimators(log_ratio: float) -> dict[str, float]:
    """k1, k2, k3 of one sample with log r = log q(x) - log p(x)."""
    return {"k1": -log_ratio, "k2": log_ratio**2 / 2, "k3": math.expm1(log_ratio) - log_ratio}


def kl_curves() -> Curve:
    """The estimators over log r from -2 to 1.5."""
    logs = [-2 + 3.5 * i / 140 for i in range(141)]
    return logs, {name: [estimators(x)[name] for x in logs] for name in ("k1", "k2", "k3")}


def moments(p: list[float], q: list[float]) -> dict[str, tuple[float, float]]:
    """(mean, standard deviation) of each estimator for x ~ p, by summing over the outcomes."""
    rows = [estimators(math.log(b / a)) for a, b in zip(p, q, strict=True)]
    found = {}
    for name in ("k1", "k2", "k3"):
        mean = sum(a * row[name] for a, row in zip(p, rows, strict=True))
        spread = sum(a * (row[name] - mean) ** 2 for a, row in zip(p, rows, strict=True))
        found[name] = (mean, math.sqrt(spread))
    return found


FROM, TO = [2 / 9, 3 / 9, 4 / 9], [1 / 2, 1 / 3, 1 / 6]


def mixture(part: float) -> list[float]:
    """q on the way from p (0) to the far distribution (1)."""
    return [(1 - part) * a + part * b for a, b in zip(FROM, TO, strict=True)]


def kl_bias() -> Curve:
    """Mean of each estimator minus KL(p || q), over the distance between p and q."""
    grid = [i / 40 for i in range(41)]
    curves: dict[str, list[float]] = {"k1": [], "k2": [], "k3": []}
    for part in grid:
        q = mixture(part)
        exact = sum(a * math.log(a / b) for a, b in zip(FROM, q, strict=True))
        for name, (mean, _) in moments(FROM, q).items():
            curves[name].append(mean - exact)
    return grid, curves


def kl_spread_near() -> Curve:
    """Standard deviations over the distance between p and q, from 1/40 (at 0 all are 0)."""
    grid = [i / 40 for i in range(1, 41)]
    return grid, {name: [moments(FROM, mixture(x))[name][1] for x in grid] for name in ("k1", "k2", "k3")}


def kl_spread_rare() -> Curve:
    """Standard deviations for p = (1 - x, x), q = (1/2, 1/2), over x from 1/1000 to 1/2."""
    grid = [0.001 * 480 ** (i / 60) for i in range(61)]
    return grid, {name: [moments([1 - x, x], [0.5, 0.5])[name][1] for x in grid] for name in ("k1", "k2", "k3")}
