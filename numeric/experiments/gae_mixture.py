"""Evidence for `proofs.gae_mixture`: the backward recursion of `numeric.primitives.gae` is compared with the mixture of k-step
advantages by its definition, and at lambda = 0 and 1 with one advantage alone.

A trajectory of T steps has T - t of them left at time t.
"""

from __future__ import annotations

from typing import Any

from numeric.experiments.gae import (
    CUT,
    ERROR,
    FIRST,
    LEFT,
    MODULE,
    NEXT,
    SECOND,
    WEIGHT,
    cut,
    gae_slopes,
    joined,
    slopes,
    trajectory,
)
from proofs.claims import Evidence
from proofs.gae import advantage, gamma, t
from proofs.gae_mixture import at, ends, geometric, lam, n
from proofs.kernel.terms import Term, num, replaced

LENGTHS = (1, 4, 6)
POINTS = [at(1, lam, gamma, start=0) for lam, gamma in (("4/5", "2/3"), ("24/25", "199/200"), ("1/1000000000", "1/2"))]


def weights(T: int) -> dict[str, list[Term]]:
    """Slopes of the sum of all advantages: the TD error of step s stands in each that begins before it."""
    total = [sum(((gamma * lam) ** (s - b) for b in range(s + 1)), num(0)) for s in range(T)]
    return {"reward": total, "value": [-w for w in total], "next_value": [gamma * w for w in total]}


def mixed(T: int) -> list[Term]:
    """The mixture at each time, over the steps that are left."""
    return [of_mixture(T - s, s) for s in range(T)]


def of_mixture(left: int, s: int) -> Term:
    """The mixture at time s, over so many steps."""
    assert geometric.says is not None
    return replaced(geometric.says.args[0], {n: num(left), t: num(s)})


def compare(
    evidence: Evidence, columns: dict[str, Any], call: dict[str, Any], value: list[Term], slope: dict[str, list[Term]]
) -> None:
    """`gae` on these columns, at several discounts."""
    call = {"discount": gamma, **call}
    evidence.reference(f"{MODULE}:gae", arguments=columns, call=call, value=value, points=POINTS, slopes=slope)


recursion, two_ends = Evidence(geometric), Evidence(ends)
for T in LENGTHS:
    compare(recursion, trajectory(T), {"lambda_": lam}, mixed(T), weights(T))
    compare(two_ends, trajectory(T), {"lambda_": 0}, [advantage(1, s) for s in range(T)], slopes(T, 1))
    compare(two_ends, trajectory(T), {"lambda_": 1}, [advantage(T - s, s) for s in range(T)], gae_slopes(T))
compare(recursion, cut(), {"lambda_": lam}, [of_mixture(left, s) for s, left in zip(CUT, LEFT, strict=True)],
        joined(weights(FIRST), weights(SECOND)))  # fmt: skip

WEIGHTED = "value, next_value, weight="
SUMMED = "return delta, steps.goes_on"
recursion.patch("lambda-forgotten", MODULE, WEIGHT, f"{WEIGHTED}discount", title="gamma for gamma lambda")
recursion.patch("gamma-forgotten", MODULE, WEIGHT, f"{WEIGHTED}lambda_", title="lambda for gamma lambda")
recursion.patch("lambda-on-the-error", MODULE, SUMMED, "return lambda_ * delta, steps.goes_on")
recursion.patch(
    "power-one-high", MODULE, SUMMED, "return discount * lambda_ * delta, steps.goes_on",
    title="(gamma lambda)^(l+1) for (gamma lambda)^l",
)  # fmt: skip
recursion.patch("one-minus-lambda", MODULE, SUMMED, "return (1 - lambda_) * delta, steps.goes_on")
recursion.patch(
    "rounded-to-float32", MODULE, WEIGHT, f"{WEIGHTED}float(torch.tensor(discount * lambda_))",
    title="gamma lambda rounded to float32, whatever the inputs are", seen_in="TorchRL's loop: gamma times a mask of integers",
)  # fmt: skip
recursion.patch(
    "printed-exponent", MODULE, ERROR, f"{ERROR} * torch.where(steps.goes_on, 1.0, (discount * lambda_) ** 2)",
    title="(gamma lambda)^(T - t + 1) on the last TD error",
    seen_in="the PPO paper, eq. 11; the docstrings of rlax and of labml (their code is right)",
)  # fmt: skip
recursion.patch(
    "time-limit-as-terminal", MODULE, NEXT, "zero_dead(next_value, live & ~(terminated | truncated))",
    title="nothing is worth anything after a time limit", seen_in="CleanRL #198, #448; Stable-Baselines3 #633; skrl #449",
)  # fmt: skip
recursion.patch(
    "leaks-over-a-time-limit", MODULE, "~(terminated | truncated)", "~terminated", title="the next episode's errors are added",
    seen_in="TorchRL #4209 (V-trace); skrl #449",
)  # fmt: skip
recursion.patch(
    "dead-rewards-multiplied", MODULE, "zero_dead(reward, live), zero_dead(value", "reward * live, zero_dead(value",
    title="dead rewards times 0", seen_in="loss masks by multiplication: ROLL PR #447, TRL PR #6654",
)  # fmt: skip
two_ends.patch("ends-exchanged", MODULE, WEIGHT, f"{WEIGHTED}discount * (1 - lambda_)", title="1 - lambda")
two_ends.patch(
    "forward-in-time",
    MODULE,
    SUMMED,
    "return delta.flip(0), steps.goes_on.flip(0)",
    title="the sum the wrong way",
)

EVIDENCE = [recursion, two_ends]
