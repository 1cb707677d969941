"""Two states that share one weight: the push of one sample takes the ratio of the other out of the interval.

A policy with two actions and logit x, trained from equal probabilities, has the ratio r(x) = 2 / (1 + exp(-x)).
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Source, Topic
from proofs.kernel.terms import Term, num
from proofs.language import And, D, Eq, Exp, Ge, Gt, Implies, Le, Ln, Lt, Max, Min, Vocabulary
from proofs.ppo_clip import hw14a, problem_set
from proofs.ppo_clip_step import FREE, GREEK, LOGISTIC, divided, surrogate, times, x
from proofs.theory.exponential import tangent

TOPIC = Topic("ppo_clip_escape", "Clipping does not confine the ratio")
SHARED = Vocabulary()
theta, first, second = SHARED.real("theta"), SHARED.real("A1"), SHARED.real("A2")
margin, r = SHARED.real("epsilon"), SHARED.define("r", LOGISTIC, x)
BEST = Ln(1 + margin) - Ln(1 - margin)  # here the first ratio is 1 + e


def weight(theta: str, advantages: str = "1 1/100", width: str = "1/5") -> Instance:
    given = advantages.split()
    return {"reals": {"theta": theta, "A1": given[0], "A2": given[1], "epsilon": width}}


REACH = (1 + margin) ** 3 / (1 + 3 * margin**2)
J = SHARED.define("J", surrogate(r(x), first) + surrogate(r(3 * x), second), x)
MARGINS = [
    Hypothesis("width", Gt(margin, 0), "the clip interval has an inside", weight("ln(3/2)", width="0")),
    Hypothesis(
        "below-one",
        Lt(margin, 1),
        "the interval lies above 0",
        "for larger e no weight is the best: no ratio reaches 1 + e",
    ),
]
BOTH_GOOD = [
    Hypothesis("first-good", Gt(first, 0), "the first advantage is positive", weight("0", "-1 1/100")),
    Hypothesis("second-good", Gt(second, 0), "the second advantage is positive", weight("0", "1/100 -1")),
]
at_least_as_good = Hypothesis(
    "best",
    Ge(J(theta), J(BEST)),
    "no weight does better: in particular not the one of ratio 1 + e",
    weight("0"),
)
ESCAPES = And(Lt(1 + margin, REACH), Le(REACH, r(3 * theta)))
escape = TOPIC.claim(
    "ch1-ppo-clip-escape",
    "Every maximiser of the clipped objective has a ratio outside the interval",
    kind="counterexample",
    source=Source("chapter slides", "line 1806; assignment 5, question 7"),
    vocabulary=SHARED,
    notation=GREEK,
    uses=[hw14a],
    given=[*MARGINS, *BOTH_GOOD, at_least_as_good],
    says=ESCAPES,
    witness=weight("ln(2)"),
    instances={"catalogue": weight("ln(3/2)"), "far": weight("5", "2 7"), "wide": weight("ln(9)", "1 3", "3/4")},
    about="Two states share one weight, with logits theta and 3 theta; at e = 1/5 the second ratio is at least 54/35.",
)


@escape.proof
def outside(pf: Any, claim: Term) -> None:
    """The first ratio is at its end or beyond; so g = exp(-theta) is small, and the second ratio large."""
    given, g = ["width", "below-one"], Exp(-theta)
    low = first_at_its_end(pf, g)
    cube = cubed(pf, (1 + margin) * g, 1 - margin, low)
    bottom = 1 / (1 + 3 * margin**2)
    scaled = times(pf, cube, bottom, given)
    same = pf.prove(Eq((1 + margin) ** 3 * bottom + (1 - margin) ** 3 * bottom, 2), given)
    top = pf.prove(Le(REACH * (1 + g**3), 2), [*given, scaled, same])
    far = (
        pf.chain(REACH, "the second ratio")
        .then(divided(pf, top, g**3), "g = exp(-theta) is at most (1 - e) / (1 + e)")
        .eq(r(3 * theta), "g^3 = exp(-3 theta)", by=given)
        .done()
    )
    pf.rule("both", [beyond_the_end(pf), far])


def beyond_the_end(pf: Any) -> Any:
    """(1 + e)^2 > 1 + 3 e^2, as 0 < e < 1."""
    given, bottom = ["width", "below-one"], 1 + 3 * margin**2
    gap = times(pf, pf.prove(Lt(0, 1 - margin), given), margin, given)
    more = times(pf, pf.prove(Lt(bottom, (1 + margin) ** 2), [*given, gap]), 1 + margin, given)
    most = times(pf, more, 1 / bottom, given)
    sides = pf.prove(Eq(1 / bottom * ((1 + margin) * bottom), 1 + margin), given)
    return pf.prove(Lt(1 + margin, REACH), [*given, most, sides])


def first_at_its_end(pf: Any, g: Term) -> Any:
    """(1 + e) g <= 1 - e: else the first sample, and so the sum, is worth less than at the weight of ratio 1 + e."""
    given = ["width", "below-one", "first-good", "second-good", *odds(pf, ["width", "below-one"])]
    best = pf.prove(Ge(J(theta), (1 + margin) * (first + second)), [*given, "best", *at_the_best(pf, given)])
    own = pf.cite("hw14a", by=given, l=r(theta), A=first)
    other = pf.cite("hw14a", by=given, l=r(3 * theta), A=second)
    cap = capped(pf, r(3 * theta), second)
    goal = Le((1 + margin) * g, 1 - margin)

    def less(h: Term) -> Any:
        missing = times(pf, pf.prove(Lt(0, 1 + margin - r(theta)), [*given], [h]), first, given)
        return pf.prove(goal, [*given, best, own, other, cap, missing], [h])

    def enough(h: Term) -> Any:
        scaled = pf.scale(pf.prove(Le(1 + margin, r(theta)), given, [h]), 1 + g, given)
        whole = pf.prove(Eq((1 + g) * r(theta), 2), given)
        return pf.prove(goal, [*given, scaled, whole])

    return pf.cases(1 + margin, r(theta), enough, less)


def capped(pf: Any, ratio: Term, gain: Term) -> Any:
    """No sample is worth more than (1 + e) times its advantage."""
    given, goal = ["width", "second-good"], Le(Min(ratio, 1 + margin) * gain, (1 + margin) * gain)

    def below(h: Term) -> Any:
        return pf.prove(goal, [*given, pf.product(1 + margin - ratio, gain, given, [h])], [h])

    return pf.cases(ratio, 1 + margin, below, lambda h: pf.prove(goal, given, [h]))


def odds(pf: Any, given: list[Any]) -> list[Any]:
    """q = (1 - e) / (1 + e), which is exp(-x) at the best weight x, is positive; so are q^2 and q^3."""
    q = (1 - margin) / (1 + margin)
    powers = [times(pf, pf.prove(Lt(0, 1 - margin), given), 1 / (1 + margin), given)]
    for _ in "23":
        powers.append(times(pf, powers[-1], q, [*given, powers[0]]))
    return powers


def at_the_best(pf: Any, given: list[Any]) -> list[Any]:
    """There the first ratio is 1 + e and the second one is beyond, so that both samples are worth all they can be."""
    here = divided(pf, pf.prove(Eq((1 + margin) * (1 + Exp(-BEST)), 2), given), Exp(-BEST), given)
    there = divided(pf, pf.prove(Eq(REACH * (1 + Exp(-3 * BEST)), 2), given), Exp(-3 * BEST), given)
    far = pf.prove(Lt(0, r(3 * BEST) - 1 - margin), [*given, beyond_the_end(pf), there])
    worth = [surrogate(r(BEST), first), surrogate(r(3 * BEST), second)]
    return [
        pf.prove(Eq(worth[0], (1 + margin) * first), [*given, here, pf.times(here, first)]),
        pf.prove(Eq(worth[1], (1 + margin) * second), [*given, far, times(pf, far, second, given)]),
    ]


def cubed(pf: Any, a: Term, b: Term, t: Any) -> Any:
    """a^3 <= b^3 from 0 <= a <= b."""
    given = ["width", "below-one"]
    parts = [pf.square(a), pf.product(a, b, given), pf.square(b)]
    gap = pf.scale(t, a * a + a * b + b * b, parts)
    return pf.prove(Le(a**3, b**3), [*given, gap])


LEFT = Max(r(3 * theta) - 1, 1 - r(3 * theta))
escape.mutant(
    "stays-within-e", Le(LEFT, margin), at=weight("ln(3/2)"), title="at a maximiser the ratio is within e of 1"
)
escape.mutant(
    "good-actions-stay",
    Implies(Gt(second, 0), Le(r(3 * theta), 1 + margin)),
    at=weight("ln(3/2)"),
    title="only a bad action can leave",
)
escape.mutant(
    "strictly-further", Lt(REACH, r(3 * theta)), at=weight("ln(3/2)"), title="strictly further than the bound"
)
escape.mutant("three-margins", Le(1 + 3 * margin, r(3 * theta)), at=weight("ln(3/2)"), title="three margins away")


def left(pf: Any, claim: Term) -> None:
    outside(pf, ESCAPES)
    pf.prove(claim, ["width", pf.last()])


escape.control("left", Lt(1 + margin, r(3 * theta)), derive=left, title="the ratio has left the interval")

confined = TOPIC.claim(
    "a5-q7-clip-claim",
    "Clipping keeps the ratio within e of 1",
    kind="false sentence",
    source=Source("assignment 5", "question 7"),
    vocabulary=SHARED,
    notation=GREEK,
    uses=[hw14a],
    given=[Hypothesis(h.name, h.prop, h.text, FREE) for h in escape.given],
    says=Le(LEFT, margin),
    witness=weight("ln(3/2)"),
    instances={"further": weight("ln(2)")},
    about="Only the clipped ratio stays in the interval. The other sample's push moves the weight that both share.",
)
confined.mutant(
    "mean-ratio", Le((r(theta) + r(3 * theta)) / 2, 1 + margin), title="on average the ratios stay below 1 + e"
)
confined.mutant(
    "likeliest-action",
    Implies(Gt(r(3 * theta) / 2, num(1) / 2), Le(r(3 * theta), 1 + margin)),
    title="the ratio of a likeliest action stays below 1 + e",
)
confined.control("left", Lt(1 + margin, r(3 * theta)), derive=left, title="the ratio has left the interval")

# ------------------------------------------------------------------------------------- and no step is too long
F = SHARED.define("F", surrogate(r(2 * x), first) + surrogate(r(x), second), x)
FLOW = D(F(x), x, theta)
PASSED = Gt(r(2 * theta), 1 + margin)
PUSHES = (Implies(Lt(r(2 * theta), 1 + margin), Gt(FLOW, 0)), Implies(PASSED, Gt(FLOW, 0)))
flow = TOPIC.claim(
    "cs4789-1b.2-flow",
    "With shared weights even the smallest steps lead a ratio out of the interval",
    kind="counterexample",
    source=problem_set("1b"),
    vocabulary=SHARED,
    notation=GREEK,
    uses=[tangent],
    given=[
        Hypothesis("first-good", Gt(first, 0), "the first advantage is positive", weight("0", "-1 1/4")),
        Hypothesis("second-good", Gt(second, 0), "the second advantage is positive", weight("ln(5/4)", "1 -1")),
        Hypothesis("started-at-zero", Ge(theta, 0), "the weight has not fallen", weight("ln(2/3)", "1 1")),
        Hypothesis("not-there", Lt(r(theta), 1 + margin), "the second ratio is still inside", weight("5", "1 1")),
    ],
    says=And(*PUSHES),
    witness=weight("ln(4/3)", "1 1"),
    instances={
        "start": weight("0", "1 1"),
        "before": weight("ln(6/5)", "1 1/9"),
        "almost-there": weight("ln(29/20)", "1 1"),
    },
    about="Logits 2 theta and theta: the second sample pushes until its own ratio is 1 + e, when the first is far beyond.",
)


@flow.proof
def uphill(pf: Any, claim: Term) -> None:
    """Both slopes are positive until the first sample is clipped, and then the second one's still is."""
    given = ["first-good", "second-good", "started-at-zero", "not-there"]
    inside = [at_least_one(pf, c * theta) for c in (1, 2)]
    width = pf.prove(Gt(margin, 0), ["not-there", inside[0]])
    gap = pf.prove(Lt(0, r(2 * theta) - 1 - margin), under=[PASSED])
    product = times(pf, gap, first, ["first-good"])
    clipped = pf.rule("imply", [product], PASSED)
    pf.defined += [step.n for step in (*inside, width, clipped)]

    def zone(part: Term) -> Any:
        h, more = part.args[0], [product] if part.args[0] is PASSED else []
        return pf.rule("imply", [pf.prove(part.args[1], [*given, *inside, width, *more], [h])], h)

    pf.rule("both", [zone(part) for part in claim.args])


def at_least_one(pf: Any, a: Term) -> Any:
    """1 <= r(a) for a >= 0, as 1 <= 1 + a <= exp a."""
    more = pf.prove(Le(1, Exp(a)), ["started-at-zero", pf.cite("exp-tangent", x=a)])
    top = pf.prove(Le(num(1) * (1 + Exp(-a)), 2), [times(pf, more, Exp(-a), [])])
    return pf.prove(Le(1, r(a)), [divided(pf, top, Exp(-a), [])])


flow.mutant("stops-there", Implies(PASSED, Eq(FLOW, 0)), title="no push once the first ratio has left")
flow.mutant("pulled-back", Implies(PASSED, Lt(FLOW, 0)), title="a push back once the first ratio has left")
flow.mutant("stays-inside", Le(r(2 * theta), 1 + margin), title="the first ratio stays inside as well")
flow.control("zones-exchanged", And(*PUSHES[::-1]), title="zones exchanged")

end = TOPIC.claim(
    "cs4789-1b.2-end",
    "How far out the first ratio is when the second one reaches the end of the interval",
    kind="counterexample",
    source=problem_set("1b"),
    vocabulary=SHARED,
    notation=GREEK,
    given=[
        Hypothesis("above", Gt(margin, -1), "1 + e is positive", weight("0", width="-2")),
        Hypothesis("below-one", Lt(margin, 1), "1 - e is positive", weight("0", width="2")),
    ],
    says=Eq(r(2 * BEST), (1 + margin) ** 2 / (1 + margin**2)),
    witness=weight("0"),
    instances={"half": weight("0", width="1/2"), "negative": weight("0", width="-1/3")},
    about="At e = 1/5 the second ratio is 6/5 and the first 18/13.",
)


@end.proof
def _(pf: Any, claim: Term) -> None:
    """With q = (1 - e) / (1 + e) the ratio is 2 / (1 + q^2)."""
    given = ["above", "below-one"]
    bounded = [*given, *odds(pf, given), pf.square(margin)]
    whole = pf.prove(Eq((1 + margin) ** 2 / (1 + margin**2) * (1 + Exp(-2 * BEST)), 2), bounded)
    found = divided(pf, whole, Exp(-2 * BEST), bounded)
    pf.defined += [step.n for step in bounded[len(given) :]]
    pf.prove(claim, [*bounded, found])


end.mutant("at-its-end", Eq(r(2 * BEST), 1 + margin), title="at the end of the interval, too")
end.mutant("two-margins", Eq(r(2 * BEST), 1 + 2 * margin), title="two margins out")
end.control(
    "written-out",
    Eq((1 + margin) ** 2 / (1 + margin**2), r(2 * Ln(1 + margin) - 2 * Ln(1 - margin))),
    title="sides exchanged",
)
