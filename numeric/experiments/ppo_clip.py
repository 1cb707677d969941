"""Evidence for `proofs.ppo_clip`: `numeric.primitives.ppo_clip` is the closed form of each sign of the advantage."""

from __future__ import annotations

from numeric.experiments.sides import sides
from proofs.claims import Claim, Evidence
from proofs.kernel.terms import Term, num
from proofs.language import Lt
from proofs.ppo_clip import A, e, hw14a, hw14b, l, point, regions

MODULE = "numeric.primitives.ppo_clip"


def evidence(claim: Claim, slope: dict[Term, Term], advantages: list[str]) -> Evidence:
    """Value and slope at a point of each region and on each kink, and far from 1, for some advantages."""
    near = [at for A in advantages for at in regions(A).values()]
    far = [point(ratio, A) for A in advantages for ratio in ("0", "1/1000000", "1000000")]
    out = Evidence(claim)
    out.reference(
        f"{MODULE}:ppo_clip",
        arguments={"ratio": l, "advantage": A},
        call={"epsilon": e},
        value=sides(claim)[1],
        points=[claim.witness, *claim.instances.values(), *near, *far],
        slopes={"ratio": slope, "advantage": None},
    )
    out.patch("max-for-min-in-code", MODULE, "torch.minimum(", "torch.maximum(", title="max for min in the code")
    out.patch(
        "clip-alone-in-code", MODULE, "minimum(ratio * advantage,", "minimum(clipped * advantage,", title="clip alone"
    )
    out.patch(
        "advantage-gradient", MODULE, "if stop_gradient:", "if not stop_gradient:", title="a gradient to the advantage"
    )
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

EVIDENCE = [positive, negative]
