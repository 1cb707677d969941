"""Evidence for `proofs.softmax_bandit`: the expected gradient in code, and its estimate from one sampled action: all components
of the gradient at once."""

from __future__ import annotations

from numeric.experiments.sides import as_stated
from proofs.claims import Evidence
from proofs.softmax_bandit import ANY, gradients, of_any, reinforce, sampled

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
expected.patch(
    "sign-in-code", MODULE, "probability * (reward - mean)", "probability * (mean - reward)", title="downhill",
    seen_in="rlax's all-actions policy gradient: a change that its own tests let pass",
)  # fmt: skip
expected.patch(
    "reward-not-detached", MODULE, "zero_dead(reward, mask).detach()", "zero_dead(reward, mask)",
    title="a gradient to the reward", seen_in="rlax, of the advantage: a change that its own tests let pass",
)  # fmt: skip
expected.patch(
    "dead-rewards",
    MODULE,
    "zero_dead(reward, mask).detach()",
    "reward.detach()",
    title="rewards of unavailable actions are read",
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
OTHERS = {f"i = {i}": sampled("2/9 3/9 4/9", "2 -1/3 5", i) for i in (0, 2)}
as_stated(estimate, reinforce.witness, also=OTHERS)

EVIDENCE = [expected, estimate]
