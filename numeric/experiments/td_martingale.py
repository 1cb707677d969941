"""Evidence for `proofs.td_martingale`: k-step advantages given a state on the way, and their variances in pairs of paths."""

from __future__ import annotations

from numeric.experiments.sides import as_stated
from proofs.claims import Evidence
from proofs.instances import with_values
from proofs.td_martingale import martingale, ordering, total, with_m
from proofs.theory.given_action import at

NOT_THE_POLICYS = with_m(with_values(at(0, 1), {1: ["4", "-3"]}), 2)

guess, errors, longer = EVIDENCE = [Evidence(claim) for claim in (martingale, total, ordering)]
as_stated(guess, martingale.witness)
as_stated(errors, total.witness, own=["one-too-many"])
as_stated(longer, ordering.witness, mutants={"any-V": {"instance": NOT_THE_POLICYS}})
