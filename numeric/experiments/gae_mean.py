"""Evidence for `proofs.gae_mean`: TD errors and their weighted sum, drawn on from each state (and action) that may be given.

A mean given the past is a coordinate for each past of positive probability; what follows it is drawn, and one alpha covers all.
"""

from __future__ import annotations

from numeric.experiments.sides import as_stated
from proofs.claims import Evidence
from proofs.gae_mean import average, hw11a, hw11b, hw11c
from proofs.instances import with_values
from proofs.theory.given_action import at

NOT_THE_POLICYS = {1: ["2", "-1"]}  # of V(1, .): far from it, a check would have to see small errors in a wide range

one, given_the_state, later, weighted = EVIDENCE = [Evidence(claim) for claim in (hw11a, hw11b, hw11c, average)]
as_stated(one, hw11a.instances["M2"])
as_stated(given_the_state, hw11b.instances["M2"])
as_stated(later, hw11c.witness, mutants={"any-V": {"instance": with_values(at(0, 1), NOT_THE_POLICYS)}})
as_stated(weighted, average.witness)
