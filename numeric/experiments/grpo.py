"""Evidence for `proofs.grpo`: the means of the gradients from groups, sampled; each sample is a whole group."""

from __future__ import annotations

from numeric.experiments.sides import as_stated
from proofs.claims import Evidence
from proofs.grpo import hw28_0, hw28a, hw28b, loo

mean, others, centred, independent = Evidence(hw28b), Evidence(loo), Evidence(hw28_0), Evidence(hw28a)
as_stated(mean, hw28b.witness)
as_stated(others, loo.instances["EP-second"])
as_stated(centred, hw28_0.instances["EP-on"])
as_stated(independent, hw28a.witness)

EVIDENCE = [mean, others, centred, independent]
