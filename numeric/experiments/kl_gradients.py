"""Evidence for `proofs.kl_gradients`: what automatic differentiation makes of the code of each estimator.

With the samples held fixed the chain rule leaves the slope in logp times the score, or that in logq times the slope of log q.
Both slopes are compared with exact values; the statements' means are finite sums and are enumerated.
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Claim, Evidence
from proofs.kernel.terms import Term, num
from proofs.kl_gradients import grad_k1, grad_k2, grad_k3, k1, k2, k3, p, point, q, ratio, x
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
    "straight-through-k1",
    MODULE,
    "log_ratio.expm1() - log_ratio",
    "(log_ratio.expm1() - log_ratio + log_ratio).detach() - log_ratio",
    title="the value of k3 with the gradient of k1",
)

EVIDENCE = [first, second, third]
