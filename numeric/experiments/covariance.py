"""Evidence for `proofs.covariance`: covariances sampled along several directions, with two independent copies of (Y, W).

The covariance of two coordinates is the mean of Z_i Z_j - Z_i Z_j' over two copies.  The order of the matrices is one in every
direction: a check takes five of them, and its alpha covers all five.
"""

from __future__ import annotations

from numeric.experiments.sides import as_stated
from proofs.claims import Evidence, Instance
from proofs.covariance import TREE, mean_of_sum, quadratic, trace, vector


def along(u: str) -> Instance:
    """The catalogue's episode, along another direction."""
    return {**TREE, "tables": {**TREE["tables"], "u": u.split()}}


DIRECTIONS = {f"u = ({u.replace(' ', ', ')})": along(u) for u in ("1 0", "0 1", "1 1", "2 -1")}
means, variance, order, total = (Evidence(claim) for claim in (mean_of_sum, quadratic, vector, trace))
as_stated(means, mean_of_sum.witness)
as_stated(variance, TREE, also=DIRECTIONS)
as_stated(order, TREE, also=DIRECTIONS)
as_stated(total, TREE)

EVIDENCE = [means, variance, order, total]
