"""Evidence for `proofs.rao_blackwell`: the catalogue's joint law of four outcomes, sampled.

Risks and variances are compared by the mean square that lies between them (hw07-split, ch1-rao-blackwell-gap).
"""

from __future__ import annotations

from numeric.experiments.sides import as_stated, sides
from proofs.claims import Evidence
from proofs.language import E, Var
from proofs.rao_blackwell import X, Y, as_sum, best, blackwell, catalogue, f, gap, hw07, risk, split, unbiased, unique

prediction = Evidence(hw07)
prediction.montecarlo(
    catalogue(f="1 5", h="1 5"), estimand=E((f(Y) - best) ** 2), target=risk(f(Y)) - risk(best), by=split
)

mean = Evidence(unbiased)
mean.montecarlo(unbiased.witness, estimand=sides(unbiased)[0], target=sides(unbiased)[1])

less = Evidence(blackwell)
less.montecarlo(blackwell.witness, estimand=risk(best), target=Var(X) - Var(best), by=gap)

given, parts, only, variances = (Evidence(claim) for claim in (as_sum, split, unique, gap))
as_stated(given, as_sum.witness)
as_stated(parts, split.witness)
as_stated(only, unique.witness, own=["any-f", "nearly"])
as_stated(variances, gap.witness)

EVIDENCE = [prediction, mean, less, given, parts, only, variances]
