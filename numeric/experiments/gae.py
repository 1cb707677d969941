"""Evidence for `proofs.gae`: code that computes one side of hw11d is compared with the other.

`k_step_advantage` adds rewards and one bootstrap; it is compared with the discounted sum of TD errors.  `gae` with
lambda = 1 adds TD errors; it is compared with the definition of the advantage over all steps that are left (one step at
lambda = 0).  At each t a trajectory of T steps has min(k, T - t) of them.

All functions are also run on an array that holds two episodes, the first of which is cut by a time limit: there they must
bootstrap from the state that step really led to, and must read nothing of the second episode, which begins elsewhere.
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


FIRST, SECOND = 3, 2  # steps of the two episodes; the state after the first one's last step belongs to neither
CUT = [*range(FIRST), *range(FIRST + 1, FIRST + 1 + SECOND)]  # the times of their steps
LEFT = [*range(FIRST, 0, -1), *range(SECOND, 0, -1)]  # how many steps are left of the episode, at each of them


def cut() -> dict[str, Any]:
    """Two episodes in one array: truncated after the first, its last next_value is not the value that comes next."""
    return {
        "reward": [r(s) for s in CUT],
        "value": [V(s) for s in CUT],
        "next_value": [V(s + 1) for s in CUT],
        "terminated": [False] * len(CUT),
        "truncated": [n == FIRST - 1 for n in range(len(CUT))],
    }


def joined(first: dict[str, list[Term]], second: dict[str, list[Term]]) -> dict[str, list[Term]]:
    """Slopes of two episodes, which are those of each by itself."""
    return {name: [*first[name], *second[name]] for name in first}


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


def compare(
    function: str, columns: dict[str, Any], call: dict[str, Any], value: list[Term], slope: dict[str, list[Term]]
) -> None:
    """A function of the module on these columns, at two discounts and on the boundary grid."""
    points = [instance(1, 0), {**instance(1, 0), "reals": {"gamma": "99/100"}}]
    call = {"discount": gamma, **call}
    steps.reference(f"{MODULE}:{function}", arguments=columns, call=call, value=value, points=points, slopes=slope)


for T, longest in ((1, 1), (4, 1), (4, 3), (6, 9)):
    ahead = [replaced(telescoped, {k: num(min(longest, T - s)), t: num(s)}) for s in range(T)]
    compare("k_step_advantage", trajectory(T), {"k": longest}, ahead, slopes(T, longest))
for T in (1, 5):
    compare("gae", trajectory(T), {"lambda_": 1}, [advantage(T - s, s) for s in range(T)], gae_slopes(T))
compare("gae", trajectory(4), {"lambda_": 0}, [advantage(1, s) for s in range(4)], slopes(4, 1))
compare("td_error", trajectory(4), {}, [delta(s) for s in range(4)], slopes(4, 1))

whole = [advantage(left, s) for s, left in zip(CUT, LEFT, strict=True)]
halves = joined(gae_slopes(FIRST), gae_slopes(SECOND))
compare("gae", cut(), {"lambda_": 1}, whole, halves)
compare("k_step_advantage", cut(), {"k": 9}, [
    replaced(telescoped, {k: num(left), t: num(s)}) for s, left in zip(CUT, LEFT, strict=True)
], joined(slopes(FIRST, 9), slopes(SECOND, 9)))  # fmt: skip
compare("td_error", cut(), {}, [delta(s) for s in CUT], joined(slopes(FIRST, 1), slopes(SECOND, 1)))

steps.patch("one-power-too-few-in-code", MODULE, "discount ** (j + 1) * zero_dead", "discount**j * zero_dead")
steps.patch(
    "plus-V-in-code", MODULE, "total = -steps.value", "total = steps.value.clone()", title="+V for -V in the code"
)
steps.patch("one-reward-too-many-in-code", MODULE, "if j == k - 1 else", "if j == k else", title="k + 1 rewards")
steps.patch("rewards-undiscounted", MODULE, "discount**j * zero_dead(steps.reward", "zero_dead(steps.reward")
steps.patch("td-plus-V", MODULE, "alpha=discount) - steps.value", "alpha=discount) + steps.value")
steps.patch(
    "td-undiscounted", MODULE, "steps.next_value, alpha=discount)", "steps.next_value)", title="no gamma on V(s')",
    seen_in="labml's derivation of PPO",
)  # fmt: skip
WEIGHT = "value, next_value, weight=discount * lambda_"
steps.patch("discount-squared", MODULE, WEIGHT, "value, next_value, weight=discount * discount * lambda_")
NEXT, ERROR = "zero_dead(next_value, live & ~terminated)", "delta = _td_error(steps, discount)"
steps.patch(
    "reads-past-a-terminal-step", MODULE, NEXT, "zero_dead(next_value, live)", title="the value after a terminal step is read",
    seen_in="TorchRL's functional GAE and tianshou's: a NaN there poisons the advantage",
)  # fmt: skip
steps.patch(
    "terminal-multiplied", MODULE, NEXT, "next_value * (live & ~terminated)",
    title="a terminal value times 0, which leaves a NaN", seen_in="TorchRL",
)  # fmt: skip
steps.patch(
    "time-limit-as-terminal", MODULE, NEXT, "zero_dead(next_value, live & ~(terminated | truncated))",
    title="nothing is worth anything after a time limit", seen_in="CleanRL #198, #448; Stable-Baselines3 #633; skrl #449",
)  # fmt: skip
steps.patch(
    "leaks-over-a-time-limit", MODULE, "~(terminated | truncated)", "~terminated",
    title="the next episode's errors are added", seen_in="TorchRL #4209 (V-trace); skrl #449",
)  # fmt: skip
steps.patch(
    "reads-the-next-reset", MODULE, "steps.next_value, alpha=discount)",
    "torch.cat([steps.value[1:], steps.next_value[-1:]]), alpha=discount)",
    title="V of the array's next step, though another episode has begun",
    seen_in="TorchRL PR #3771; CleanRL and rlax cannot say it otherwise",
)  # fmt: skip
steps.patch(
    "bootstrap-twice", MODULE, ERROR, f"{ERROR} + discount * zero_dead(steps.next_value, ~steps.goes_on)",
    title="the last value is added twice", seen_in="rl-triton PR #4, in the test's own reference, too",
)  # fmt: skip
steps.patch(
    "bootstrap-at-k-only", MODULE, "else reached & ~steps.goes_on[j:]", "else reached & False",
    title="no bootstrap where fewer than k steps are left", seen_in="CleanRL #16",
)  # fmt: skip
steps.patch(
    "nominal-exponent", MODULE, "discount ** (j + 1) * zero_dead", "discount**k * zero_dead",
    title="gamma^k where fewer than k steps are left", seen_in="FastTD3 #6; Stable-Baselines3 PR #2144",
)  # fmt: skip
steps.patch(
    "flags-one-step-late", MODULE, "return delta, steps.goes_on", "return delta, steps.goes_on.roll(1, 0)",
    title="done at t for done at t + 1", seen_in="rlevo #342",
)  # fmt: skip

EVIDENCE = [steps]
