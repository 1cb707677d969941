"""Evidence for `proofs.td_variance`: the paired increment X_m - X_k of two bootstrapped returns, sampled on one path.

Var X_m - Var X_k = E[(X_m - X_k)^2] (hw10a.2-increment), so the ordering is confirmed by one mean of squares against the
exact difference of the two variances.  On the catalogue's chain M2 with k = 1, m = 2 it is 0.385819.
"""

from __future__ import annotations

from numeric.experiments.sides import as_stated, sides
from proofs.claims import Evidence
from proofs.instances import m2, with_values
from proofs.language import E, Var
from proofs.td_variance import delta, gamma, hw10a1, hw10a2, increment, k, m, orthogonal, td
from proofs.theory.given_action import chain, wrong_values

NOT_THE_POLICYS = with_values(m2(1, 2), {1: ["2", "-1"]})  # V(1, .) should be (57/37, -43/37)

means = Evidence(hw10a1)
means.montecarlo(
    chain(),
    estimand=sides(hw10a1)[0],
    target=sides(hw10a1)[1],
    mutants={"any-V": {"instance": wrong_values(chain())}},
)

ordering = Evidence(hw10a2)
ordering.montecarlo(
    m2(1, 2),
    estimand=E((td(m) - td(k)) ** 2),
    target=Var(td(m)) - Var(td(k)),
    by=increment,
    mutants={"weight": {"target": gamma**k * E(delta(k) ** 2)}, "any-V": {"instance": NOT_THE_POLICYS}},
)

uncorrelated, gap = Evidence(orthogonal), Evidence(increment)
as_stated(uncorrelated, orthogonal.witness)
as_stated(gap, m2(1, 2))

EVIDENCE = [means, ordering, uncorrelated, gap]
