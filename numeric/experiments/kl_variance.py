"""Evidence for `proofs.kl_variance`: how much less k3 varies than k1, as the mean of one statistic, on three outcomes; and that
neither order is a theorem, on the counterexample of each."""

from __future__ import annotations

from numeric.experiments.sides import as_stated, sides
from proofs.claims import Evidence
from proofs.kl_variance import COIN, EVEN, calmer, increment, never_less, never_more

difference = Evidence(increment)
difference.montecarlo(EVEN, estimand=sides(increment)[0], target=sides(increment)[1])

less = Evidence(calmer)
as_stated(less, EVEN, own=["a-tenth"])

more_on_a_coin, less_when_even = Evidence(never_more), Evidence(never_less)
as_stated(more_on_a_coin, COIN)
as_stated(less_when_even, EVEN)

EVIDENCE = [difference, less, more_on_a_coin, less_when_even]
