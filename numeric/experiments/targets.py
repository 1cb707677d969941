"""Evidence for `proofs.targets`: the code of targets is compared with the statements' terms on every path of a process.

`td_target` is the TD(1) target.  `k_step_advantage` gives k-step targets: as it stands the advantage, with all values 0 but
the bootstraps the target itself, with those 0 too the return.  At each t it looks min(k, T - t) steps ahead.

The means given state and action are sampled from each of them on.
"""

from __future__ import annotations

from typing import Any

from numeric.experiments.sides import as_stated
from proofs.claims import Evidence, Instance
from proofs.kernel.terms import Term, num
from proofs.language import E
from proofs.targets import c, carlo, ended, one, outer, remainder, scored, steps, two, vector, weight
from proofs.theory.given_action import at, chain, exact, s_t
from proofs.theory.policy_evaluation import V, X, gamma, k, one_step, reward, solved, t, target

MODULE, GAE = "numeric.primitives.targets", "numeric.primitives.gae"
DISCOUNTS = ("0", "1/1000000000", "1/2", "99/100", "1")
T = 2


def discounted(data: Instance) -> list[Instance]:
    """The process at several discounts, with the V and Q of each."""
    rows = data["tables"]["V"]
    return [solved({**data, "reals": {**data["reals"], "gamma": g}}, rows[-1]) for g in DISCOUNTS]


def trajectory(value: Any, next_value: Any) -> dict[str, Any]:
    """The columns of one trajectory of T steps that ends neither terminated nor truncated."""
    return {
        "reward": [reward(num(j)) for j in range(T)],
        "value": [value(j) for j in range(T)],
        "next_value": [next_value(j + 1) for j in range(T)],
        "terminated": [False] * T,
        "truncated": [False] * T,
    }


def slopes(longest: int) -> dict[str, list[Term]]:
    """Slopes of the sum of all targets that look min(longest, T - t) steps ahead."""
    ahead = {j: min(longest, T - j) for j in range(T)}
    rewards = [sum((gamma ** (s - b) for b in ahead if b <= s < b + ahead[b]), num(0)) for s in range(T)]
    ends = [sum((gamma ** ahead[b] for b in ahead if b + ahead[b] == s + 1), num(0)) for s in range(T)]
    return {"reward": rewards, "value": [num(-1)] * T, "next_value": ends}


def value_at(j: int) -> Term:
    return V(num(j), X.s(num(j)))


def nothing(j: int) -> Term:
    return num(0)


def compare(
    evidence: Evidence, columns: dict[str, Any], longest: int, value: list[Term], points: list[Instance]
) -> None:
    """`k_step_advantage` on all paths at several discounts."""
    evidence.reference(
        f"{GAE}:k_step_advantage",
        arguments=columns,
        call={"discount": gamma, "k": longest},
        value=value,
        points=points,
        slopes=slopes(longest),
    )


any_steps = Evidence(steps)
for longest, points in ((1, [at()]), (2, discounted(at()))):
    ahead = [target(num(j), num(min(longest, T - j))) - value_at(j) for j in range(T)]
    compare(any_steps, trajectory(value_at, value_at), longest, ahead, points)
any_steps.patch("no-baseline-in-code", GAE, "total = -steps.value", "total = torch.zeros_like(steps.value)")
any_steps.patch("discount-of-the-bootstrap", GAE, "discount ** (j + 1) * zero_dead", "discount**j * zero_dead")

whole = Evidence(carlo)
returns = [target(num(j), num(T - j)) for j in range(T)]
compare(whole, trajectory(nothing, nothing), T, returns, discounted(ended(at())))
whole.patch("rewards-undiscounted", GAE, "discount**j * zero_dead(steps.reward", "zero_dead(steps.reward")
whole.patch(
    "first-reward-left-out",
    GAE,
    "+= rewards + bootstrap",
    "+= (rewards if j else 0) + bootstrap",
    title="rewards from r_{t+1} on",
)

twice = Evidence(two)
compare(twice, trajectory(nothing, value_at), T, returns, discounted(at()))
twice.patch(
    "gamma-on-V-in-code", GAE, "discount ** (j + 1) * zero_dead", "discount * zero_dead", title="gamma for gamma^2 on V"
)

once = Evidence(one)
once.reference(
    f"{MODULE}:td_target",
    arguments={
        "reward": [reward(num(j)) for j in range(T)],
        "next_value": [value_at(j + 1) for j in range(T)],
        "terminated": [False] * T,
    },
    call={"discount": gamma},
    value=[one_step(num(j)) for j in range(T)],
    points=discounted(at(0, 1)),
    slopes={"reward": None, "next_value": None},
)
once.patch("undiscounted-in-code", MODULE, "+ discount * following", "+ following", title="without gamma")
once.patch(
    "gamma-squared-in-code", MODULE, "+ discount * following", "+ discount**2 * following", title="gamma^2 for gamma"
)
once.patch(
    "not-detached",
    MODULE,
    ".detach()",
    "",
    title="a gradient flows through it",
    seen_in="a change of rlax that its own tests let pass",
)
once.patch(
    "terminal-read", MODULE, "zero_dead(next_value, ~terminated)", "next_value", title="the value after the end is read",
    seen_in="Stable-Baselines3's DQN: a change that its own tests let pass",
)  # fmt: skip
once.patch(
    "terminal-multiplied", MODULE, "zero_dead(next_value, ~terminated)", "next_value * ~terminated",
    title="the value after the end times 0, which leaves a NaN", seen_in="TorchRL's functional estimators",
)  # fmt: skip
once.patch(
    "flag-inverted", MODULE, "zero_dead(next_value, ~terminated)", "zero_dead(next_value, terminated)",
    title="bootstraps at the end and nowhere else",
)  # fmt: skip
once.patch(
    "target-sign", MODULE, "zero_dead(reward, mask) + discount", "zero_dead(reward, mask) - discount", title="-gamma V(s')",
    seen_in="softlearning #17, of the SAC target",
)  # fmt: skip
once.patch(
    "value-not-detached", MODULE, "(zero_dead(reward, mask) + discount * following).detach()",
    "zero_dead(reward, mask).detach() + discount * following", title="a gradient through the value that follows",
    seen_in="rlax: a change that its own tests let pass",
)  # fmt: skip

gradient = Evidence(outer)
gradient.montecarlo(scored(chain()), estimand=E(weight * (target(t, k) - c(s_t))), target=E(weight * exact))

cut_off, product = Evidence(remainder), Evidence(vector)
as_stated(any_steps, steps.witness)
as_stated(whole, carlo.witness, own=["extra-discount"])
as_stated(cut_off, remainder.witness, own=["tighter"])
for evidence in (twice, once, product):
    as_stated(evidence, evidence.claim.witness)

EVIDENCE = [any_steps, whole, twice, once, gradient, cut_off, product]
