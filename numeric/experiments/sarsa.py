"""Evidence for `proofs.sarsa`: the code of the SARSA target on every path, and what the sampled action costs, by sampling.

Var TD(1.5) - Var TD(1) = E[(TD(1.5) - TD(1))^2] (hw10b.2-gap), so the ordering is confirmed by one mean of squares on one path,
against the exact difference of the variances.
"""

from __future__ import annotations

from numeric.experiments.sides import as_stated, sides
from numeric.experiments.targets import discounted
from proofs.claims import Evidence
from proofs.instances import with_values
from proofs.kernel.terms import num, replaced
from proofs.language import E, Var
from proofs.sarsa import equal, half, hw10b2, hw10b2_next, longer, next_spread, sarsa, spread, weighted
from proofs.theory.given_action import at, chain, wrong_values
from proofs.theory.policy_evaluation import Q, X, gamma, one_step, reward, t

MODULE = "numeric.primitives.targets"
NOW, NEXT = num(0), num(1)
NOT_THE_POLICYS = with_values(chain(), {1: ["2", "-1"]})  # V(1, .) should be (57/37, -43/37)
target = Evidence(sarsa)
target.reference(
    f"{MODULE}:td_target",
    arguments={"reward": [reward(NOW)], "next_value": [Q(NEXT, X.s(NEXT), X.a(NEXT))], "terminated": [False]},
    call={"discount": gamma},
    value=[replaced(half, {t: NOW})],
    points=discounted(at()),
    slopes={"reward": None, "next_value": None},
)
target.patch("undiscounted-in-code", MODULE, "+ discount * following", "+ following", title="without gamma")
target.patch("not-detached", MODULE, ".detach()", "", title="a gradient flows through the target")

means = Evidence(equal)
means.montecarlo(
    chain(),
    estimand=sides(equal)[0],
    target=sides(equal)[1],
    mutants={"any-V": {"instance": wrong_values(chain())}},
)

ordering = Evidence(hw10b2)
ordering.montecarlo(
    chain(),
    estimand=E((half - one_step(t)) ** 2),
    target=Var(half) - Var(one_step(t)),
    by=spread,
    mutants={"any-V": {"instance": NOT_THE_POLICYS}},
)

next_ordering = Evidence(hw10b2_next)
next_ordering.montecarlo(chain(), estimand=E((longer - half) ** 2), target=Var(longer) - Var(half), by=next_spread)

scored, gap, next_gap = (Evidence(claim) for claim in (weighted, spread, next_spread))
as_stated(target, sarsa.witness)
for one in (scored, gap, next_gap):
    as_stated(one, one.claim.witness)

EVIDENCE = [target, means, ordering, next_ordering, scored, gap, next_gap]
