"""Evidence for `proofs.ppo_clip` and the topics beside it: `numeric.primitives.ppo_clip` is the term of each statement, and its
slope in the ratio is the one that is claimed, for samples given by their ratios and for those of two softmax policies."""

from __future__ import annotations

from numeric.experiments.sides import sides
from proofs.claims import Claim, Evidence, Instance
from proofs.kernel.terms import Term, num
from proofs.language import And, Gt, Lt
from proofs.ppo_clip import A, L, bound, e, equal, hw14a, hw14b, l, point, regions, table
from proofs.ppo_clip_gradient import (
    GENERIC,
    HERE,
    RATIOS,
    common_and_bad,
    exactly,
    gain,
    margin,
    objective,
    rare_and_good,
)
from proofs.ppo_clip_slope import vanishing, zones

MODULE = "numeric.primitives.ppo_clip"
TORCHRL = "TorchRL's ClipPPO: a change that its own tests let pass"


def evidence(claim: Claim, slope: dict[Term, Term], advantages: list[str], value: Term | None = None) -> Evidence:
    """Value and slope at a point of each region and on each kink, and far from 1, for some advantages."""
    near = [at for A in advantages for at in regions(A).values()]
    far = [point(ratio, A) for A in advantages for ratio in ("0", "1/1000000", "1000000")]
    out = Evidence(claim)
    out.reference(
        f"{MODULE}:ppo_clip",
        arguments={"ratio": l, "advantage": A},
        call={"epsilon": e},
        value=sides(claim)[1] if value is None else value,
        points=[claim.witness, *claim.instances.values(), *near, *far],
        slopes={"ratio": slope, "advantage": None},
    )
    out.patch(
        "max-for-min-in-code",
        MODULE,
        "torch.minimum(",
        "torch.maximum(",
        title="max for min in the code",
        seen_in=TORCHRL,
    )
    out.patch(
        "objective-sign", MODULE, "return torch.minimum(", "return -torch.minimum(", title="-C for C", seen_in=TORCHRL
    )
    out.patch(
        "clip-alone-in-code", MODULE, "minimum(ratio * advantage,", "minimum(clipped * advantage,", title="clip alone"
    )
    out.patch(
        "advantage-gradient", MODULE, "if stop_gradient:", "if not stop_gradient:", title="a gradient to the advantage",
        seen_in="rlax: a change that its own tests let pass",
    )  # fmt: skip
    out.patch(
        "ratio-held-fixed", MODULE, "clipped = ratio.clamp", "ratio = ratio.detach()\n    clipped = ratio.clamp",
        title="the value of C with no gradient", seen_in="rlax: a change that its own tests let pass, of policy gradients",
    )  # fmt: skip
    out.patch(
        "dead-advantages", MODULE, "zero_dead(advantage, mask)\n", "advantage\n",
        title="dead advantages are read, and 0 times a NaN is a NaN", seen_in="ROLL PR #447; TRL PR #6654",
    )  # fmt: skip
    out.patch("dead-ratios", MODULE, "zero_dead(ratio, mask), ", "ratio, ", title="dead ratios are read")
    return out


positive = evidence(hw14a, {Lt(l, 1 + e): A, Lt(1 + e, l): num(0)}, ["1", "7/3", "1000000"])
positive.patch(
    "no-upper-clip", MODULE, "clamp(1.0 - epsilon, 1.0 + epsilon)", "clamp(1.0 - epsilon)", title="no upper clip"
)
positive.patch("upper-sign", MODULE, "clamp(1.0 - epsilon, 1.0 + epsilon)", "clamp(1.0 - epsilon, 1.0 - epsilon)")

negative = evidence(hw14b, {Lt(l, 1 - e): num(0), Lt(1 - e, l): A}, ["-1", "-7/3", "-1000000"])
negative.patch(
    "no-lower-clip", MODULE, "clamp(1.0 - epsilon, 1.0 + epsilon)", "clamp(max=1.0 + epsilon)", title="no lower clip"
)
negative.patch("lower-sign", MODULE, "clamp(1.0 - epsilon, 1.0 + epsilon)", "clamp(1.0 + epsilon, 1.0 + epsilon)")
negative.patch(
    "no-min", MODULE, "return torch.minimum(ratio * advantage, clipped * advantage)", "return ratio * advantage"
)


def zone_slopes(ratio: Term, advantage: Term, epsilon: Term) -> dict[Term, Term]:
    """The slope in the ratio off the kinks of the objective."""
    good, bad = Gt(advantage, 0), Lt(advantage, 0)
    return {
        And(good, Lt(ratio, 1 + epsilon)): advantage,
        And(good, Gt(ratio, 1 + epsilon)): num(0),
        And(bad, Lt(ratio, 1 - epsilon)): num(0),
        And(bad, Gt(ratio, 1 - epsilon)): advantage,
    }


EITHER = ["1", "-1", "7/3", "-7/3"]
whole = [
    evidence(equal, zone_slopes(l, A, e), EITHER),
    evidence(table, zone_slopes(l, A, e), EITHER),
    *[evidence(claim, zone_slopes(l, A, e), EITHER, L) for claim in (bound, zones, vanishing)],
]


for one in whole:
    one.patch(
        "never-clipped",
        MODULE,
        "clipped * advantage)",
        "ratio * advantage)",
        title="ratio A, never clipped",
        seen_in=TORCHRL,
    )


def sampled(claim: Claim, value: Term, slope: dict[Term, Term] | Term, points: list[Instance]) -> Evidence:
    """One sample of two softmax policies."""
    out = Evidence(claim)
    out.reference(
        f"{MODULE}:ppo_clip",
        arguments={"ratio": HERE, "advantage": gain},
        call={"epsilon": margin},
        value=value,
        points=points,
        slopes={"ratio": slope, "advantage": None},
    )
    out.patch(
        "clip-alone-in-code", MODULE, "minimum(ratio * advantage,", "minimum(clipped * advantage,", title="clip alone"
    )
    out.patch("max-for-min-in-code", MODULE, "torch.minimum(", "torch.maximum(", title="max for min in the code")
    return out


policies = [
    sampled(exactly, objective(0), zone_slopes(HERE, gain, margin), [GENERIC, *RATIOS.values()]),
    sampled(rare_and_good, HERE * gain, gain, [rare_and_good.witness, RATIOS["far-below-good"]]),
    sampled(common_and_bad, HERE * gain, gain, [common_and_bad.witness, RATIOS["far-above-bad"]]),
]
EVIDENCE = [positive, negative, *whole, *policies]
