"""The definitions of the topics once more, in plain Python on plain lists: no term, no kernel, no shared recursion."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any


def clip(x: Fraction, lo: Fraction, hi: Fraction) -> Fraction:
    """The middle one of the three numbers, for lo <= hi."""
    return sorted([x, lo, hi])[1]


def log(x: Fraction) -> Counter[int]:
    """ln x as {prime: coefficient}."""
    out: Counter[int] = Counter()
    for n, sign in ((x.numerator, 1), (x.denominator, -1)):
        for p in range(2, n + 1):
            while n % p == 0:
                n //= p
                out[p] += sign
    return out


def kl(p: list[Fraction], q: list[Fraction]) -> dict[int, Fraction]:
    """KL(p || q) as {prime: coefficient of its logarithm}."""
    out: dict[int, Fraction] = {}
    for pa, qa in zip(p, q, strict=True):
        if pa:
            for prime, count in log(pa / qa).items():
                out[prime] = out.get(prime, Fraction(0)) + pa * count
    return {prime: c for prime, c in out.items() if c}


def td_error(r: list[Fraction], v: list[Fraction], gamma: Fraction, t: int) -> Fraction:
    return r[t] + gamma * v[t + 1] - v[t]


def advantage(r: list[Fraction], v: list[Fraction], gamma: Fraction, k: int, t: int) -> Fraction:
    """Discounted rewards of k steps, then the value of where they end, minus the value of where they began; Horner's way."""
    out = v[t + k]
    for step in reversed(range(k)):
        out = r[t + step] + gamma * out
    return out - v[t]


def trajectories(data: dict[str, Any]) -> list[tuple[Fraction, list[int], list[Fraction]]]:
    """Every (probability, states, rewards) of the two-state process of td_variance, by recursion over its tables."""
    tables = {name: _numbers(table) for name, table in data["tables"].items()}
    last, sizes = data["ints"]["T"], data["ints"]

    def visit(j: int, s: int) -> list[tuple[Fraction, list[int], list[Fraction]]]:
        out = []
        for a in range(sizes["A"]):
            for w in range(sizes["M"]):
                now = tables["pi"][j][s][a] * tables["W"][j][s][a][w]
                reward = tables["R"][j][s][a][w]
                if j == last:
                    out.append((now, [s], [reward]))
                    continue
                for y in range(sizes["S"]):
                    step = now * tables["P"][j][s][a][w][y]
                    out += [(step * p, [s, *ss], [reward, *rs]) for p, ss, rs in visit(j + 1, y)] if step else []
        return out

    return [(p0 * p, ss, rs) for s, p0 in enumerate(tables["p0"]) for p, ss, rs in visit(0, s)]


def bootstrap(data: dict[str, Any], k: int, states: list[int], rewards: list[Fraction]) -> Fraction:
    """The k-step return with bootstrap on one trajectory."""
    gamma, out = Fraction(data["reals"]["gamma"]), Fraction(data["tables"]["V"][k][states[k]])
    for j in reversed(range(k)):
        out = rewards[j] + gamma * out
    return out


def variance(data: dict[str, Any], k: int) -> Fraction:
    """Var X_k as E X^2 - (E X)^2."""
    weighted = [(p, bootstrap(data, k, ss, rs)) for p, ss, rs in trajectories(data)]
    mean = sum((p * x for p, x in weighted), Fraction(0))
    return sum((p * x * x for p, x in weighted), Fraction(0)) - mean**2


def _numbers(table: Any) -> Any:
    return [_numbers(x) for x in table] if isinstance(table, list) else Fraction(table)
