"""Evidence for `proofs.td_limit`: how much variance is left beyond k steps, sampled in pairs of paths of fair coins."""

from __future__ import annotations

from numeric.experiments.sides import as_stated
from proofs.claims import Evidence
from proofs.td_limit import limit, tail

little, settled = EVIDENCE = [Evidence(tail), Evidence(limit)]
as_stated(little, tail.instances["tight"])
as_stated(settled, limit.instances["coin"], own=["squared"])
