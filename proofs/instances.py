"""Named instances of the catalogue, as data: rationals as text, tables indexed from 0."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

from proofs.claims import Instance

# Two states, two actions, two outcomes of the reward, generic laws: no value is 0, 1 or equal to another where avoidable.
POLICY = [["2/3", "1/3"], ["1/4", "3/4"]]
REWARD_LAW = [[["1/3", "2/3"], ["2/5", "3/5"]], [["1/2", "1/2"], ["1/7", "6/7"]]]
NEXT = [
    [[["3/4", "1/4"], ["1/4", "3/4"]], [["1/5", "4/5"], ["1", "0"]]],
    [[["1/2", "1/2"], ["1/3", "2/3"]], [["0", "1"], ["5/8", "3/8"]]],
]
REWARD = [[["1", "-2"], ["3", "1/2"]], [["0", "2"], ["-1", "4"]]]
LAST_VALUE = ["2", "-5/3"]


def trajectory(k: int, m: int | None = None, *, horizon: int = 2, gamma: str = "1/2", **more: Any) -> Instance:
    """The generic two-state process; V solves Bellman's equation backward from an arbitrary V(T, .)."""
    tables = {
        "p0": ["2/5", "3/5"], "pi": [POLICY] * (horizon + 1), "W": [REWARD_LAW] * (horizon + 1),
        "P": [NEXT] * horizon, "R": [REWARD] * (horizon + 1), "V": backward(horizon, gamma),
    }  # fmt: skip
    ints = {"S": 2, "A": 2, "M": 2, "T": horizon, "k": k, **({} if m is None else {"m": m}), **more}
    return {"ints": ints, "reals": {"gamma": gamma}, "tables": tables}


def backward(horizon: int, gamma: str) -> list[list[str]]:
    """V(j, .) for j = T down to 0."""
    f = Fraction
    rows = [[f(c) for c in LAST_VALUE]]
    for _ in range(horizon):
        rows.insert(0, [
            sum((f(POLICY[s][a]) * f(REWARD_LAW[s][a][w]) * f(NEXT[s][a][w][y]) * (f(REWARD[s][a][w]) + f(gamma) * rows[0][y])
                 for a, w, y in product(range(2), repeat=3)), f(0))
            for s in range(2)
        ])  # fmt: skip
    return [[str(c) for c in row] for row in rows]


def small(k: int, m: int | None = None, *, horizon: int = 2, **more: Any) -> Instance:
    """The same with one outcome of the reward: a size at which a script can keep rewards and final values symbolic."""
    out = trajectory(k, m, horizon=horizon, **more)
    tables = dict(out["tables"])
    tables["W"] = [[[["1"], ["1"]], [["1"], ["1"]]]] * (horizon + 1)
    tables["P"] = [[[[w[:1][0]] for w in a] for a in NEXT]] * horizon
    tables["R"] = [[[w[:1] for w in a] for a in REWARD]] * (horizon + 1)
    tables["V"] = [[None, None]] * horizon + [LAST_VALUE]
    return {**out, "ints": {**out["ints"], "M": 1}, "tables": tables}


def with_values(data: Instance, rows: dict[int, list[str]], more: int = 0) -> Instance:
    """The instance with other rows of V, and with `more` rows appended that Bellman's equation does not reach."""
    values = [rows.get(n, row) for n, row in enumerate(data["tables"]["V"])] + [["1", "2"]] * more
    return {**data, "tables": {**data["tables"], "V": values}}


def m2(k: int, m: int, *, horizon: int = 2, **more: Any) -> Instance:
    """The catalogue's two-state chain M2 at gamma = 1/2 with its stationary V = (57/37, -43/37)."""
    next_state = [[[["3/4", "1/4"]] * 2, [["1/4", "3/4"]] * 2], [[["1/2", "1/2"]] * 2, [["0", "1"]] * 2]]
    tables = {
        "p0": ["1/2", "1/2"], "pi": [POLICY] * (horizon + 1), "W": [[[["1/2", "1/2"]] * 2] * 2] * (horizon + 1),
        "P": [next_state] * horizon, "R": [[[["2", "0"], ["3", "1"]], [["1", "-1"], ["0", "-2"]]]] * (horizon + 1),
        "V": [["57/37", "-43/37"]] * (horizon + 1),
    }  # fmt: skip
    return {
        "ints": {"S": 2, "A": 2, "M": 2, "T": horizon, "k": k, "m": m, **more},
        "reals": {"gamma": "1/2"},
        "tables": tables,
    }
