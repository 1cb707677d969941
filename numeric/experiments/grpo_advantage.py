"""Evidence for `proofs.grpo_advantage`: the code's group advantages are the statements' terms."""

from __future__ import annotations

from proofs.claims import Evidence, Instance
from proofs.grpo_advantage import FOUR, advantage, ch1, fraction, group, r, s, spread
from proofs.kernel.terms import Term, num

MODULE = "numeric.primitives.group_advantage"
FUNCTION = f"{MODULE}:group_advantage"
EPSILON = 0.125  # exact in every dtype


def members(count: int) -> list[Term]:
    """The rewards of a group of that size, in a column."""
    return [r(num(j)) for j in range(count)]


def at(rewards: str, s: str, epsilon: str = "1/8", **more: str) -> Instance:
    return group(rewards, s, epsilon, **more)


def compare(evidence: Evidence, points: list[Instance], count: int, epsilon: float = EPSILON) -> None:
    """The code on groups of this size, against reward - mean over s + epsilon, s the group's deviation."""
    below = None if epsilon else s
    value = [advantage(num(j), below) for j in range(count)]
    call = {"epsilon": epsilon, "dim": 0}
    data = {"reward": None}  # rewards receive no gradient
    evidence.reference(
        FUNCTION, arguments={"reward": members(count)}, call=call, value=value, points=points, slopes=data
    )


sums, scaled, verified = Evidence(ch1), Evidence(spread), Evidence(fraction)
FOURS = [at(FOUR, "3"), at("1 3 1 3", "1"), at("-1 5 5 -1", "3"), at("5 5 5 5", "0")]
compare(scaled, FOURS, 4)
compare(sums, FOURS, 4)
compare(verified, [at("1 0 0 0 0", "2/5", "0", u="2", w="1/2"), at("1 1 1 1 0", "2/5", "0", u="1/2", w="2")], 5, 0.0)

MEAN, DEVIATION = "centred = reward - reward.sum(dim, keepdim=True) / count", "centred / (variance.sqrt() + epsilon)"
sums.patch("not-centred-in-code", MODULE, MEAN, "centred = reward", title="rewards that are not centred")
scaled.patch(
    "over-the-variance-in-code", MODULE, DEVIATION, "centred / (variance + epsilon)", title="divided by the variance"
)
scaled.patch(
    "epsilon-in-the-root",
    MODULE,
    DEVIATION,
    "centred / (variance + epsilon).sqrt()",
    title="epsilon under the root",
)
scaled.patch("no-epsilon-in-code", MODULE, DEVIATION, "centred / variance.sqrt()", title="epsilon forgotten")
scaled.patch(
    "sample-deviation-in-code",
    MODULE,
    "(count - ddof).clamp(min=1)",
    "(count - 1).clamp(min=1)",
    title="the divisor N - 1, whatever was asked for",
)
sums.patch(
    "not-data",
    MODULE,
    "zero_dead(reward, mask).detach()",
    "zero_dead(reward, mask)",
    title="a gradient through the advantage",
)
scaled.patch(
    "one-group",
    MODULE,
    "torch.where(_agree(reward, live, dim), torch.zeros_like(reward), centred)",
    "torch.where(_agree(reward, live, dim), reward, centred)",
    title="a group that agrees gets its rewards",
    seen_in="verl, for a group of one",
)
verified.patch(
    "all-groups-together",
    MODULE,
    MEAN,
    "centred = reward - reward.mean()",
    title="one mean over all groups",
)

EVIDENCE = [sums, scaled, verified]
