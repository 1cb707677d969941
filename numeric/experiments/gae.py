"""Evidence for `proofs.gae`: code that computes one side of hw11d is compared with the other.

`k_step_advantage` adds rewards and one bootstrap; it is compared with the discounted sum of TD errors.  `gae` with
lambda = 1 adds TD errors; it is compared with the definition of the advantage over all steps that are left (one step at
lambda = 0).  At each t a trajectory of T steps has min(k, T - t) of them.
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Evidence
from proofs.gae import V, advantage, delta, gamma, hw11d, instance, k, r, t, telescoped
from proofs.kernel.terms import Term, num, replaced

MODULE = "numeric.primitives.gae"


def trajectory(T: int) -> dict[str, Any]:
    """One trajectory of T steps that ends neither terminated nor truncated."""
    return {
        "reward": [r(s) for s in range(T)],
        "value": [V(s) for s in range(T)],
        "next_value": [V(s + 1) for s in range(T)],
        "terminated": [False] * T,
        "truncated": [False] * T,
    }


def slopes(T: int, longest: int) -> dict[str, list[Term]]:
    """Slopes of the sum of all k-step advantages; the one of step s looks min(longest, T - s) steps ahead."""
    ahead = {s: min(longest, T - s) for s in range(T)}
    reward = [sum((gamma ** (s - b) for b in ahead if b <= s < b + ahead[b]), num(0)) for s in range(T)]
    bootstrap = [sum((gamma ** ahead[b] for b in ahead if b + ahead[b] == s + 1), num(0)) for s in range(T)]
    return {"reward": reward, "value": [num(-1)] * T, "next_value": bootstrap}


def gae_slopes(T: int) -> dict[str, list[Term]]:
    """Slopes of the sum of all advantages at lambda = 1: the TD error of step s stands in each that begins before it."""
    weight = [sum((gamma ** (s - b) for b in range(s + 1)), num(0)) for s in range(T)]
    return {"reward": weight, "value": [-w for w in weight], "next_value": [gamma * w for w in weight]}


steps = Evidence(hw11d)


def compare(function: str, T: int, call: dict[str, Any], value: list[Term], slope: dict[str, list[Term]]) -> None:
    """A function of the module on trajectories of T steps, at two discounts and on the boundary grid."""
    points = [instance(1, 0), {**instance(1, 0), "reals": {"gamma": "99/100"}}]
    call = {"discount": gamma, **call}
    steps.reference(
        f"{MODULE}:{function}", arguments=trajectory(T), call=call, value=value, points=points, slopes=slope
    )


for T, longest in ((1, 1), (4, 1), (4, 3), (6, 9)):
    ahead = [replaced(telescoped, {k: num(min(longest, T - s)), t: num(s)}) for s in range(T)]
    compare("k_step_advantage", T, {"k": longest}, ahead, slopes(T, longest))
for T in (1, 5):
    compare("gae", T, {"lambda_": 1}, [advantage(T - s, s) for s in range(T)], gae_slopes(T))
compare("gae", 4, {"lambda_": 0}, [advantage(1, s) for s in range(4)], slopes(4, 1))
compare("td_error", 4, {}, [delta(s) for s in range(4)], slopes(4, 1))

steps.patch("one-power-too-few-in-code", MODULE, "discount ** (j + 1) * zero_dead", "discount**j * zero_dead")
steps.patch(
    "plus-V-in-code", MODULE, "total = -steps.value", "total = steps.value.clone()", title="+V for -V in the code"
)
steps.patch("one-reward-too-many-in-code", MODULE, "if j == k - 1 else", "if j == k else", title="k + 1 rewards")
steps.patch("rewards-undiscounted", MODULE, "discount**j * zero_dead(steps.reward", "zero_dead(steps.reward")
steps.patch(
    "td-plus-V", MODULE, "discount * steps.next_value - steps.value", "discount * steps.next_value + steps.value"
)
steps.patch("td-undiscounted", MODULE, "+ discount * steps.next_value", "+ steps.next_value", title="no gamma on V(s')")
steps.patch("discount-squared", MODULE, "discount * lambda_ * zero_dead", "discount * discount * lambda_ * zero_dead")
steps.patch(
    "reads-past-a-terminal-step", MODULE, "zero_dead(next_value, live & ~terminated)", "zero_dead(next_value, live)",
    title="the value after a terminal step is read",
)  # fmt: skip

EVIDENCE = [steps]
