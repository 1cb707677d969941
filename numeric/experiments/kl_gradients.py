"""Evidence for `proofs.kl_gradients`: what automatic differentiation makes of the code of each estimator.

With the samples held fixed the chain rule leaves the slope in logp times the score, or that in logq times the slope of log q.
Both slopes are compared with exact values.  The means are sampled: the slope on each outcome is exact, the outcomes are drawn,
along two velocities that between them span all that keep the mass of three outcomes.
"""

from __future__ import annotations

from typing import Any

from numeric.experiments.sides import as_stated
from proofs.claims import Claim, Evidence
from proofs.kernel.terms import Term, num
from proofs.kl_gradients import (
    grad_k1,
    grad_k1_q,
    grad_k2,
    grad_k2_q,
    grad_k3,
    grad_k3_q,
    k1,
    k2,
    k3,
    p,
    point,
    q,
    ratio,
    ratio_k3,
    x,
)
from proofs.language import Ln

MODULE = "numeric.primitives.kl"
FAR = point("1/1001 1000/1001", "1000/1001 1/1001", "1/3 2/3")


def differentiated(claim: Claim, function: str, k: Any, slope: Term) -> Evidence:
    """The code of an estimator, its value and both slopes; `slope` is that in logp."""
    evidence = Evidence(claim)
    evidence.reference(
        f"{MODULE}:{function}",
        arguments={"logp": Ln(p(x)), "logq": Ln(q(x))},
        value=k(ratio),
        points=[claim.witness, *claim.instances.values(), FAR],
        slopes={"logp": slope, "logq": -slope},
    )
    return evidence


first = differentiated(grad_k1, "kl_k1", k1, num(1))
second = differentiated(grad_k2, "kl_k2", k2, -Ln(ratio))
third = differentiated(grad_k3, "kl_k3", k3, 1 - ratio)
first.patch("sign-in-code", MODULE, "return -_log_ratio", "return _log_ratio", title="+log r for k1")
second.patch("not-halved-in-code", MODULE, ".square() / 2", ".square()", title="(log r)^2 for k2")
second.patch(
    "detached-log",
    MODULE,
    "_log_ratio(logp, logq, mask).square() / 2",
    "_log_ratio(logp, logq, mask) * _log_ratio(logp, logq, mask).detach() / 2",
    title="one factor held fixed",
)
third.patch("detached-ratio", MODULE, "log_ratio.expm1()", "log_ratio.detach().expm1()", title="no gradient through r")
third.patch(
    "straight-through-k2",
    MODULE,
    "log_ratio.expm1() - log_ratio",
    "(log_ratio.expm1() - log_ratio - log_ratio.square() / 2).detach() + log_ratio.square() / 2",
    title="the value of k3 with the gradient of k2",
    seen_in="verl's `k3+`, where it is meant: another gradient than this claim's",
)
third.patch(
    "straight-through-k1",
    MODULE,
    "log_ratio.expm1() - log_ratio",
    "(log_ratio.expm1() - log_ratio + log_ratio).detach() - log_ratio",
    title="the value of k3 with the gradient of k1",
)

weighted, first_q, second_q, third_q = (Evidence(claim) for claim in (ratio_k3, grad_k1_q, grad_k2_q, grad_k3_q))
EVIDENCE = [first, second, third, weighted, first_q, second_q, third_q]
OTHER_WAY = point("1/2 1/3 1/6", "1/5 2/5 2/5", "2/3 1/4 1/12")
for one in EVIDENCE:
    as_stated(one, one.claim.witness, also={"another velocity": OTHER_WAY})
