"""What a step of gradient ascent on PPO's clipped objective does to the ratio, and what one sample gains by it.

A policy with two actions and logit x, trained from equal probabilities, has the ratio r(x) = 2 / (1 + exp(-x)).
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic
from proofs.kernel.terms import Term, num, replaced
from proofs.language import And, Clip, D, Eq, Exp, Ge, Gt, Implies, Ind, Le, Ln, Lt, Max, Min, Vocabulary, local_real
from proofs.ppo_clip import NAMES, NOTATION, A, L, e, hw14a, hw14b, l, problem_set
from proofs.theory.exponential import tangent

TOPIC = Topic("ppo_clip_step", "What one step does to the ratio")


# ------------------------------------------------------------------------------------- one step
ONE_STEP = Vocabulary()
eta, gain, margin = ONE_STEP.real("eta"), ONE_STEP.real("A"), ONE_STEP.real("epsilon")
x = local_real("x")
LOGISTIC = 2 / (1 + Exp(-x))
r = ONE_STEP.define("r", LOGISTIC, x)
GREEK = {"epsilon": r"\varepsilon", "eta": r"\eta", "theta": r"\theta", "A1": "A_1", "A2": "A_2"}


def surrogate(ratio: Term, gain: Term) -> Term:
    """PPO's clipped objective of one sample."""
    return Min(ratio * gain, Clip(ratio, 1 - margin, 1 + margin) * gain)


C = ONE_STEP.define("C", surrogate(r(x), gain), x)
STEPPED = eta * D(C(x), x, 0)
AFTER = r(STEPPED)
THRESHOLD = 2 * (Ln(1 + margin) - Ln(1 - margin))


def ascent(size: str, advantage: str = "1", width: str = "1/5") -> Instance:
    return {"reals": {"eta": size, "A": advantage, "epsilon": width}}


wide = Hypothesis("width", Gt(margin, 0), "the clip interval has an inside", ascent("4", width="0"))
narrow = Hypothesis("below-one", Lt(margin, 1), "the interval lies above 0", ascent("4", width="2"))
LEAVES = Eq(Ind(Gt(AFTER, 1 + margin)), Ind(Gt(eta * gain, THRESHOLD)))
overshoot = TOPIC.claim(
    "cs4789-1b.2-overshoot",
    "One step of gradient ascent leaves the interval if it is long enough",
    kind="iff",
    source=problem_set("1b"),
    vocabulary=ONE_STEP,
    notation=GREEK,
    uses=[tangent],
    given=[wide, narrow],
    says=LEAVES,
    witness=ascent("1"),
    instances={
        "too-short": ascent("4/5"),
        "to-the-end": ascent("ln(9/4)"),
        "long": ascent("4"),
        "bad-action": ascent("4", "-1"),
    },
)


def times(pf: Any, t: Any, c: Term, by: Any) -> Any:
    """t multiplied by c, where 0 < c: a strict inequality stays one."""
    return pf.scale(t, pf.prove(Lt(0, c), by))


def divided(pf: Any, t: Any, y: Term, by: Any = ("width",)) -> Any:
    """From c (1 + y) R 2 to c R 2 / (1 + y), or both turned round; 0 < y."""
    scaled, c = times(pf, t, 1 / (1 + y), by), local_real("c")
    cancels = pf.prove(Eq(c, 1 / (1 + x) * (c * (1 + x))), under=[Gt(x, 0)])

    def factor(side: Term) -> Any:
        if side.op != "Mul":
            return pf.prove(Eq(side / (1 + y), 1 / (1 + y) * side), by)
        return pf.put(pf.put(cancels, x, y, by), c, side.args[0])

    left, right = map(factor, t.prop.args)
    return pf.rule("chain", [left, scaled, pf.prove(Eq(right.right, right.left), [*by, right])])


@overshoot.proof
def at_the_threshold(pf: Any, claim: Term) -> None:
    given, half = ["width", "below-one"], eta * gain / 2
    inverse = Exp(-half)
    beyond = half - Ln(1 + margin) + Ln(1 - margin)

    def long(h: Term) -> Any:
        more = pf.prove(Lt(1, Exp(beyond)), [*given, pf.cite("exp-tangent", x=beyond)], [h])
        less = times(pf, more, (1 + margin) * inverse, given)
        same = pf.prove(Eq((1 + margin) * inverse * Exp(beyond), 1 - margin), given)
        top = pf.prove(Lt((1 + margin) * (1 + inverse), 2), [*given, less, same])
        past = (
            pf.chain(1 + margin, "a step beyond the threshold")
            .then(divided(pf, top, inverse), "exp(u) > (1 + e) / (1 - e), as 1 + w <= exp(w)")
            .eq(AFTER, "the slope at ratio 1 is A / 2", by=given)
            .done()
        )
        return pf.prove(claim, [*given, past], [h])

    def short(h: Term) -> Any:
        more = pf.prove(Le(1, Exp(-beyond)), [*given, pf.cite("exp-tangent", x=-beyond)], [h])
        less = times(pf, more, 1 - margin, given)
        same = pf.prove(Eq((1 - margin) * Exp(-beyond), (1 + margin) * inverse), given)
        top = pf.prove(Le(2, (1 + margin) * (1 + inverse)), [*given, less, same])
        kept = (
            pf.chain(AFTER, "a step up to the threshold")
            .eq(2 / (1 + inverse), "the slope at ratio 1 is A / 2", by=given)
            .then(divided(pf, top, inverse), "exp(-u) >= (1 - e) / (1 + e)")
            .done()
        )
        return pf.prove(claim, [*given, kept], [h])

    pf.cases(eta * gain, THRESHOLD, short, long)


overshoot.mutant("never", Eq(Ind(Gt(AFTER, 1 + margin)), 0), at=ascent("1"), title="never, whatever the step")
overshoot.mutant(
    "half-the-threshold",
    Eq(Ind(Gt(AFTER, 1 + margin)), Ind(Gt(eta * gain, THRESHOLD / 2))),
    at=ascent("4/5"),
    title="a threshold half as large",
)
overshoot.mutant(
    "threshold-is-the-margin",
    Eq(Ind(Gt(AFTER, 1 + margin)), Ind(Gt(eta * gain, margin))),
    at=ascent("4/5"),
    title="as soon as the step is longer than the margin",
)


def complement(pf: Any, claim: Term) -> None:
    at_the_threshold(pf, LEAVES)
    pf.prove(claim, ["width", "below-one", pf.last()])


overshoot.control(
    "not-beyond",
    Eq(Ind(Le(AFTER, 1 + margin)), Ind(Le(eta * gain, THRESHOLD))),
    derive=complement,
    title="when it does not",
)

# ------------------------------------------------------------------------------------- the printed sentence
FREE = "the sentence is false with it"
GIVEN = [
    Hypothesis("width", Gt(margin, 0), "the clip interval has an inside", FREE),
    Hypothesis("forward", Gt(eta, 0), "the step size is positive", FREE),
    Hypothesis("good", Gt(gain, 0), "the advantage is positive", FREE),
]
DRIFT = Max(AFTER - 1, 1 - AFTER)
KL_MOVED = Ln(1 / AFTER) / 2 + Ln(1 / (2 - AFTER)) / 2
stays = TOPIC.claim(
    "cs4789-1b.2",
    "After a step of gradient ascent the ratio is still within e of 1",
    kind="false sentence",
    source=problem_set("1b"),
    vocabulary=ONE_STEP,
    notation=GREEK,
    uses=[tangent],
    given=GIVEN,
    says=Le(DRIFT, margin),
    witness=ascent("4"),
    instances={"one": ascent("1"), "short": ascent("1/2")},
    about="The clip acts on the objective: where the ratio is 1 the slope is A / 2, and a step goes as far as it is long.",
)
stays.mutant("clip-changes-nothing", Eq(Clip(AFTER, 1 - margin, 1 + margin), AFTER), title="the ratio is its own clip")
stays.mutant(
    "small-steps", Implies(Le(eta, 1), Le(AFTER, 1 + margin)), at=ascent("1"), title="for every step size up to 1"
)
stays.mutant("divergence", Le(KL_MOVED, margin), title="the divergence from the old policy is at most e")


def risen(pf: Any, claim: Term) -> None:
    """exp(-u) <= 1 for u >= 0, as 1 <= 1 + u <= exp u."""
    given, half = ["width", "forward", "good"], eta * gain / 2
    inverse = Exp(-half)
    ahead = pf.product(eta, gain, given)
    more = pf.prove(Le(1, Exp(half)), [*given, ahead, pf.cite("exp-tangent", x=half)])
    top = pf.prove(Le(num(1) * (1 + inverse), 2), [times(pf, more, inverse, given)])
    up = divided(pf, top, inverse)

    def end(h: Term) -> Any:
        return pf.prove(claim.args[1], [*given, up], [h])

    pf.rule("both", [pf.prove(claim.args[0], [*given, up]), pf.cases(AFTER, 1 + margin, end, end)])


stays.control(
    "one-sided",
    And(Le(1, AFTER), Le(Clip(AFTER, 1 - margin, 1 + margin), 1 + margin)),
    derive=risen,
    title="the ratio of a good action rises, and its clip is at most 1 + e",
)

# ------------------------------------------------------------------------------------- what is true of each sample
m = NAMES.real("m")
MOVED = replaced(L, {l: m})


def point(ratio: str, moved: str, advantage: str, width: str = "1/5") -> Instance:
    return {"reals": {"l": ratio, "m": moved, "A": advantage, "epsilon": width}}


SAMPLES = {
    "good-beyond": point("3/2", "2", "7/3"),
    "good-up-to-the-end": point("1", "2", "7/3"),
    "good-from-far-below": point("-5", "1/10", "7/3"),
    "bad-beyond": point("1/2", "1/3", "-7/3"),
    "bad-down-to-the-end": point("1", "1/3", "-7/3"),
    "bad-from-far-above": point("9", "8", "-7/3"),
}


def moving(sign: Term, *where: Term) -> Any:
    """p -> p for this sign of the advantage, where the ratio goes from l to m like this."""
    return lambda p: Implies(sign, Implies(where[0], Implies(where[1], p)))


SIDES = (
    And(
        moving(Gt(A, 0), Le(1 + e, l), Le(l, m))(Eq(MOVED, L)),
        moving(Gt(A, 0), Lt(l, 1 + e), Lt(l, m))(Lt(L, MOVED)),
    ),
    And(
        moving(Lt(A, 0), Le(l, 1 - e), Le(m, l))(Eq(MOVED, L)),
        moving(Lt(A, 0), Lt(1 - e, l), Lt(m, l))(Lt(L, MOVED)),
    ),
)
per_sample = TOPIC.claim(
    "cs4789-1b.2-flat",
    "Beyond the margin one sample gains nothing more, and before it always something",
    kind="inequality",
    source=problem_set("1b"),
    vocabulary=NAMES,
    notation={**NOTATION, "m": r"\ell'"},
    uses=[hw14a, hw14b],
    given=[Hypothesis("width", Ge(e, 0), "the clip interval is not empty", point("3/2", "2", "7/3", "-1/5"))],
    says=And(*SIDES),
    witness=SAMPLES["good-up-to-the-end"],
    instances=SAMPLES,
    about="The wall stands on one side only: there is no floor for a good action, no ceiling for a bad one, and no barrier.",
)


@per_sample.proof
def _(pf: Any, claim: Term) -> None:
    made = [
        side(pf, part, *words) for part, words in zip(claim.args, (("hw14a", 1 + e), ("hw14b", 1 - e)), strict=True)
    ]
    pf.rule("both", made)


def side(pf: Any, part: Term, closed: str, kink: Term) -> Any:
    """One sign of the advantage, by the closed form before and after the move."""
    sign = part.args[0].args[0]
    size, near, far = (A, l, m) if closed == "hw14a" else (-A, m, l)

    def shown(p: Term, under: tuple[Term, ...]) -> Any:
        if p.op == "Implies":
            return pf.rule("imply", [shown(p.args[1], (*under, p.args[0]))], p.args[0])
        forms = [pf.cite(closed, by=["width"], under=[sign], l=at) for at in (l, m)]
        if p.op == "Eq":
            return pf.prove(p, ["width", *forms], under)

        def there(distance: Term) -> Any:
            def case(h: Term) -> Any:
                ahead = times(pf, pf.prove(Lt(0, distance), under=[*under, h]), size, [sign])
                return pf.prove(p, ["width", *forms, ahead], [*under, h])

            return case

        inside = there(far - near)
        beyond = there(kink - l if closed == "hw14a" else l - kink)
        return pf.cases(m, kink, *((inside, beyond) if closed == "hw14a" else (beyond, inside)))

    return pf.rule("both", [shown(p, ()) for p in part.args])


per_sample.mutant(
    "floor-for-good-actions",
    moving(Gt(A, 0), Le(l, 1 - e), Le(m, l))(Eq(MOVED, L)),
    at=point("1/2", "1/3", "7/3"),
    title="flat below the interval for a good action",
)
per_sample.mutant(
    "still-gains",
    moving(Gt(A, 0), Le(1 + e, l), Lt(l, m))(Lt(L, MOVED)),
    at=SAMPLES["good-beyond"],
    title="more beyond the margin",
)
per_sample.mutant(
    "pushed-back",
    moving(Gt(A, 0), Le(1 + e, l), Lt(l, m))(Lt(MOVED, L)),
    at=SAMPLES["good-beyond"],
    title="less beyond the margin",
)


def exchanged(pf: Any, claim: Term) -> None:
    pf.rule("both", [side(pf, claim.args[0], "hw14b", 1 - e), side(pf, claim.args[1], "hw14a", 1 + e)])


per_sample.control("signs-exchanged", And(*SIDES[::-1]), derive=exchanged, title="signs exchanged")
