"""PPO's clipped objective for one sample, min(l A, clip(l, 1 - e, 1 + e) A), for every ratio l, advantage A and e >= 0."""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework
from proofs.kernel.terms import Term
from proofs.language import Clip, Eq, Ge, Lt, Max, Min, Vocabulary

TOPIC = Topic("ppo_clip", "PPO's clipped objective")
NAMES = Vocabulary()
l, A, e = NAMES.real("l"), NAMES.real("A"), NAMES.real("epsilon")  # noqa: E741
NOTATION = {"l": r"\ell", "epsilon": r"\varepsilon"}
L = Min(l * A, Clip(l, 1 - e, 1 + e) * A)


def point(ratio: str, advantage: str, width: str = "1/5") -> Instance:
    return {"reals": {"l": ratio, "A": advantage, "epsilon": width}}


def regions(advantage: str) -> dict[str, Instance]:
    """A point in each region and on each kink."""
    where = {"below": "1/3", "lower-kink": "4/5", "inside": "1", "upper-kink": "6/5", "above": "3/2"}
    return {name: point(ratio, advantage) for name, ratio in where.items()}


width = Hypothesis("width", Ge(e, 0), "the clip interval is not empty", point("3/2", "7/3", "-1/5"))
hw14a = TOPIC.claim(
    "hw14a",
    "For A >= 0 the clipped objective is min(l, 1 + e) A",
    kind="identity",
    source=homework(14, "a"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=[Hypothesis("sign", Ge(A, 0), "the advantage is not negative", point("3/2", "-7/3")), width],
    says=Eq(L, Min(l, 1 + e) * A),
    witness=point("3/2", "7/3"),
    instances={**regions("7/3"), "catalogue": point("1/2", "1"), "no-advantage": point("3/2", "0")},
)
hw14b = TOPIC.claim(
    "hw14b",
    "For A < 0 the clipped objective is max(l, 1 - e) A",
    kind="identity",
    source=homework(14, "b"),
    vocabulary=NAMES,
    notation=NOTATION,
    given=[
        Hypothesis("sign", Lt(A, 0), "the advantage is negative", point("2/3", "7/3")),
        Hypothesis("width", Ge(e, 0), "the clip interval is not empty", point("2/3", "-7/3", "-1/5")),
    ],
    says=Eq(L, Max(l, 1 - e) * A),
    witness=point("2/3", "-7/3"),
    instances={**regions("-7/3"), "catalogue": point("1/2", "-1")},
)


def by_region(size: Term, below: Term, above: Term) -> Any:
    """Ratio below, inside or above the interval; outside it the sign of A decides which of the two terms is smaller.

    size: |A|.  below, above: the objective in the outer regions.
    """

    def derive(pf: Any, claim: Term) -> None:
        start, end = claim.args
        given = ["sign", "width"]

        def region(title: str, clipped: Term, value: Term, distance: Term | None, *where: Term) -> Any:
            """One region: what the clip is there, which term is smaller, and that the closed form says the same."""
            known = {"by": given, "under": where}
            wider = [] if distance is None else [pf.product(distance, size, **known)]
            return (
                pf.chain(start, title)
                .eq(Min(l * A, clipped * A), "the clip on this region", **known)
                .eq(value, "the smaller of the two", by=[*given, *wider], under=where)
                .eq(end, "the closed form on this region", **known)
                .done()
            )

        def not_below(low: Term) -> Any:
            return pf.cases(
                l,
                1 + e,
                lambda high: region("inside the interval", l, l * A, None, low, high),
                lambda high: region("above the interval", 1 + e, above, l - 1 - e, low, high),
            )

        pf.cases(l, 1 - e, lambda low: region("below the interval", 1 - e, below, 1 - e - l, low), not_below)

    return derive


hw14a.proof(by_region(A, below=l * A, above=(1 + e) * A))
hw14b.proof(by_region(-A, below=(1 - e) * A, above=l * A))

LIBRARY = "a sign or side slip that the tests of several RL libraries let through"
hw14a.mutant(
    "clip-alone",
    Eq(Clip(l, 1 - e, 1 + e) * A, Min(l, 1 + e) * A),
    at=point("1/2", "1"),
    title="the outer min forgotten",
)
hw14a.mutant(
    "three-terms", Eq(Min(L, (1 - e) * A), Min(l, 1 + e) * A), at=point("1", "1"), title="the least of all three terms"
)
hw14a.mutant("lower-side", Eq(L, Max(l, 1 - e) * A), title="the formula for negative advantages", seen_in=LIBRARY)
hw14a.mutant("outer-max", Eq(Max(l * A, Clip(l, 1 - e, 1 + e) * A), Min(l, 1 + e) * A), title="max for the outer min")
hw14a.control(
    "in-or-out", Eq(Min(Clip(l, 1 - e, 1 + e) * A, A * l), A * Min(1 + e, l)), title="factors and terms exchanged"
)

hw14b.mutant(
    "upper-side",
    Eq(L, Min(l, 1 + e) * A),
    at=point("1/2", "-1"),
    title="the formula for positive advantages",
    seen_in=LIBRARY,
)
hw14b.mutant(
    "clip-alone",
    Eq(Clip(l, 1 - e, 1 + e) * A, Max(l, 1 - e) * A),
    at=point("3/2", "-1"),
    title="the outer min forgotten",
)
hw14b.mutant("min-for-max", Eq(L, Min(l, 1 - e) * A), at=point("1", "-1"), title="min for max")
hw14b.mutant("size-of-A", Eq(L, Max(l, 1 - e) * Max(A, -A)), title="|A| for A")
hw14b.control(
    "in-or-out", Eq(Min(Clip(l, 1 - e, 1 + e) * A, A * l), A * Max(1 - e, l)), title="factors and terms exchanged"
)
