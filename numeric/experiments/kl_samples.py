"""Evidence for `proofs.kl_samples`: the average of k1 over samples has the mean that is claimed, and the code is its term.

How often the average is negative is sampled, too: the share of negative ones, and of those that break a sentence that knows no
exception.
"""

from __future__ import annotations

from numeric.experiments.sides import as_stated, sides
from proofs.claims import Evidence
from proofs.kernel.terms import num
from proofs.kl_samples import COIN, X, hw23a, hw23b, hw23b_only, k1, p, q, samples
from proofs.language import Ln

MODULE = "numeric.primitives.kl"
FAR = samples("1/1001 1000/1001", "1000/1001 1/1001", 2)
PAIRS = [hw23a.witness, FAR, samples(*COIN, 2), samples("1/3 2/3", "1/3 2/3", 2)]

unbiased = Evidence(hw23a)
unbiased.reference(
    f"{MODULE}:kl_k1",
    arguments={"logp": [Ln(p(X.x(num(j)))) for j in range(2)], "logq": [Ln(q(X.x(num(j)))) for j in range(2)]},
    value=[k1(num(j)) for j in range(2)],
    points=PAIRS,
    slopes={"logp": [num(1)] * 2, "logq": [num(-1)] * 2},
)
unbiased.montecarlo(samples(*COIN, 1), estimand=sides(hw23a)[0], target=sides(hw23a)[1])
unbiased.patch("sign-in-code", MODULE, "return -_log_ratio", "return _log_ratio", title="+log r for k1")

negative, never = Evidence(hw23b), Evidence(hw23b_only)
as_stated(negative, hw23b.witness, own=["every-pair", "same-pmf"])
as_stated(never, hw23b_only.witness)

EVIDENCE = [unbiased, negative, never]
