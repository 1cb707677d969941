"""Evidence for `proofs.kl_variance`: how much less k3 varies than k1, as the mean of one statistic, on three outcomes."""

from __future__ import annotations

from numeric.experiments.sides import sides
from proofs.claims import Evidence
from proofs.kl_variance import EVEN, increment

difference = Evidence(increment)
difference.montecarlo(EVEN, estimand=sides(increment)[0], target=sides(increment)[1])

EVIDENCE = [difference]
