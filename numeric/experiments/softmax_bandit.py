"""Evidence for `proofs.softmax_bandit`: the expected gradient in code, and its estimate from one sampled action."""

from __future__ import annotations

from numeric.experiments.sides import sides
from proofs.claims import Evidence
from proofs.softmax_bandit import ANY, gradients, of_any, reinforce

MODULE = "numeric.primitives.softmax"
ACTIONS = range(3)

expected = Evidence(gradients)
expected.reference(
    f"{MODULE}:expected_gradient",
    arguments={"logits": [ANY.z(a) for a in ACTIONS], "reward": [ANY.C(a) for a in ACTIONS]},
    call={"dim": 0},
    value=[ANY.mu(a) * (ANY.C(a) - ANY.mean()) for a in ACTIONS],
    points=[
        gradients.witness,
        gradients.instances["catalogue"],
        of_any("1/1000000 1/2 499999/1000000", "-1000 3 2/7"),
        of_any("1/3 1/3 1/3", "2 2 2"),
    ],
    slopes={"logits": None, "reward": None},
)
expected.patch(
    "no-probability-in-code",
    MODULE,
    "return probability * (reward - mean)",
    "return reward - mean",
    title="without the policy",
)
expected.patch(
    "not-centred-in-code",
    MODULE,
    "return probability * (reward - mean)",
    "return probability * reward",
    title="without the mean",
)
expected.patch("plus-mean-in-code", MODULE, "probability * (reward - mean)", "probability * (reward + mean)")
expected.patch(
    "plain-mean",
    MODULE,
    "(probability * reward).sum(dim, keepdim=True)",
    "reward.mean(dim, keepdim=True)",
    title="the plain mean for that under the policy",
)

estimate = Evidence(reinforce)
estimate.montecarlo(reinforce.witness, estimand=sides(reinforce)[0], target=sides(reinforce)[1])

EVIDENCE = [expected, estimate]
