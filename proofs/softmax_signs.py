"""The sign of a reward decides nothing: what counts is whether an action pays more than the policy earns on average.

A one-step problem as in `proofs.softmax_bandit`, with two or three actions.
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework
from proofs.kernel.terms import Term, num
from proofs.language import (
    All,
    And,
    D,
    Eq,
    Exp,
    Gt,
    Implies,
    Le,
    Ln,
    Lt,
    Sum,
    local_index,
    local_real,
)
from proofs.softmax_bandit import stepped
from proofs.theory.bandit import NOTATION, Bandit, bandit
from proofs.theory.exponential import balance
from proofs.theory.softmax import divided, falls, moved, partition, positive, same, softmax, unit, z

TOPIC = Topic("softmax_signs", "The sign of a reward decides nothing")
a, i, j = (local_index(c) for c in "aij")
t = local_real("t")

PAIR = Bandit(2)
FALL = Lt(PAIR.after(0), PAIR.mu(0))
BOTH_POSITIVE = And(Gt(PAIR.C(0), 0), Gt(PAIR.C(1), 0))
hw08g = TOPIC.claim(
    "hw08g",
    "An action with a positive reward can lose probability: two actions, and it pays less than the other one",
    kind="counterexample",
    source=homework(8, "g"),
    vocabulary=PAIR.names,
    notation=NOTATION,
    uses=[positive, falls, stepped],
    given=[
        Hypothesis("positive", Gt(PAIR.C(0), 0), "the first reward is positive", bandit("1/3 2/3", "-1 2", "1")),
        Hypothesis("lower", Lt(PAIR.C(0), PAIR.C(1)), "the second reward is larger", bandit("1/3 2/3", "2 1", "1")),
        PAIR.forward(bandit("1/3 2/3", "1 2", "-1")),
    ],
    says=And(BOTH_POSITIVE, FALL),
    witness=bandit("1/3 2/3", "3/2 7/3", "5/4"),
    instances={"catalogue": bandit("1/2 1/2", "1 2", "2")},
)


@hw08g.proof
def _(pf: Any, claim: Term) -> None:
    g, C, alpha, spot = PAIR.closed, PAIR.C, PAIR.alpha, local_index("spot")
    known = divided(pf, z, moved(z, alpha, g), moved(z, alpha, PAIR.gradient), actions=2)
    high = softmax(2, z, 0) * softmax(2, z, 1) * (C(1) - C(0))
    ends = [pf.prove(Eq(g(0), -high), by=known), pf.prove(Eq(g(1), high), by=known)]
    chances = [pf.prove(Gt(softmax(2, z, a), 0), by=known) for a in (0, 1)]
    gap = pf.scale(pf.scale(pf.prove(Gt(C(1) - C(0), 0), by=["lower"]), chances[0]), chances[1])
    more, goal = pf.prove(Lt(g(0), g(1)), by=[*known, gap, *ends]), Le(g(0), g(j))

    def at_zero(side: Term) -> Any:
        same = pf.prove(Eq(j, 0), under=[side, Le(0, j)])
        return pf.prove(goal, by=[*known, pf.rule("inside", [same], spot, g(spot))])

    def at_one(side: Term) -> Any:
        same = pf.prove(Eq(j, 1), under=[side, Lt(j, 2)])
        return pf.prove(goal, by=[*known, more, pf.rule("inside", [same], spot, g(spot))])

    least = pf.every(j, 0, 2, pf.cases(j, 0, at_zero, at_one))
    down = pf.cite("softmax-falls", by=["forward"], k=2, m=0, h=1, alpha=alpha, z=z, g=g)
    fall = (
        pf.chain(PAIR.after(0), "the first action")
        .eq(
            softmax(2, moved(z, alpha, g), 0),
            "g is the expected gradient",
            by=[*known, pf.cite("hw08f-step", k=2, m=0)],
        )
        .then(pf.rule("cut", [down, least, more]), "g_0 = -mu_0 mu_1 (C_1 - C_0) = -g_1")
        .done()
    )
    signs = pf.prove(claim.args[0], by=["positive", "lower"])
    pf.rule("both", [signs, pf.prove(claim.args[1], by=[*known, fall])])


hw08g.mutant("every-positive", without=["lower"], at=bandit("1/3 2/3", "2 1", "1"), title="whenever both are positive")
hw08g.mutant(
    "equal-rewards",
    Implies(Le(PAIR.C(0), PAIR.C(1)), FALL),
    without=["lower"],
    at=bandit("1/3 2/3", "1 1", "1"),
    title="also for equal rewards",
)
hw08g.mutant("both-fall", And(FALL, Lt(PAIR.after(1), PAIR.mu(1))), title="both probabilities fall")
hw08g.control("difference", And(BOTH_POSITIVE, Gt(PAIR.mu(0) - PAIR.after(0), 0)), title="the difference is positive")

THREE = Bandit(3)
C3, alpha3 = THREE.C, THREE.alpha
LEAD, LOSS = C3(0) - C3(1), C3(1) - C3(2)
GAIN = Lt(THREE.mu(1), THREE.after(1))
SIGNS = And(And(Gt(C3(0), 0), Lt(C3(1), 0)), Lt(C3(2), 0))


def three(C: str, alpha: str, pi: str = "2 2 2") -> Instance:
    return bandit(pi, C, alpha)


hw08h = TOPIC.claim(
    "hw08h",
    "An action with a negative reward can gain probability: three equally likely actions, and one pays still less",
    kind="counterexample",
    source=homework(8, "h"),
    vocabulary=THREE.names,
    notation=NOTATION,
    uses=[positive, balance, same, stepped],
    given=[
        Hypothesis(
            "uniform",
            All(i, 0, 3, Eq(z(0), z(i))),
            "all actions are equally likely",
            three("1 -1 -10", "1/4", "4/5 1/10 1/10"),
        ),
        Hypothesis(
            "signs",
            And(Gt(C3(0), 0), Lt(C3(1), 0)),
            "the first reward is positive, the second negative",
            three("3 1 -8", "1/4"),
        ),
        Hypothesis("below", Lt(C3(2), C3(1)), "the third reward is lower still", three("1 -1 5", "2")),
        THREE.forward(three("1 -1 -10", "-1")),
        Hypothesis(
            "small",
            Lt(2 * alpha3 * LEAD * LOSS, 3 * (LOSS - LEAD)),
            "the step is small, and the third reward further from the second than the first is",
            three("1 -1 -10", "21/20"),
        ),
    ],
    says=And(SIGNS, GAIN),
    witness=three("3/2 -2/3 -7", "1/5", "3/5 3/5 3/5"),
    instances={"catalogue": three("1 -1 -10", "1/4"), "nearly-the-bound": three("1 -1 -10", "4/7")},
)


def shift(pf: Any, g: Any, by: Term) -> Any:
    """softmax(3, g + by) = softmax(3, g) at the second action."""
    c = local_real("c")
    known = divided(pf, g, lambda a: g(a) + c, actions=3)
    return pf.put(pf.prove(Eq(softmax(3, lambda a: g(a) + c, 1), softmax(3, g, 1)), by=known), c, by)


@hw08h.proof
def _(pf: Any, claim: Term) -> None:
    """mu is uniform, so g_i is C_i / 3 up to a constant, and exp(alpha (g_0 - g_1)) + exp(alpha (g_2 - g_1)) < 2."""
    mean, here = Sum(a, 0, 3, softmax(3, z, a) * C3(a)), [Le(0, j), Lt(j, 3)]
    rest = z(0) - alpha3 * mean / 3

    def level(a: Any) -> Term:
        return z(0)

    def third(a: Any) -> Term:
        return alpha3 * C3(a) / 3

    before, now = moved(z, alpha3, THREE.closed), moved(z, alpha3, THREE.gradient)
    known = divided(pf, z, level, before, now, third, actions=3)
    flat = pf.every(j, 0, 3, pf.prove(Eq(z(j), level(j)), by=[pf.at("uniform", j, under=here)]))
    equal = pf.settle(pf.rule("cut", [pf.cite("softmax-congruence", k=3, m=j, f=z, z=level), flat]), under=here)
    share = pf.prove(Eq(softmax(3, z, j), num("1/3")), by=[*known, equal], under=here)
    parts = [pf.at("uniform", j, under=here), *[pf.times(share, alpha3 * f) for f in (C3(j), mean)]]
    logit = pf.prove(Eq(before(j), third(j) + rest), by=[*known, *parts], under=here)
    same = pf.cite("softmax-congruence", k=3, m=1, f=before, z=lambda a: third(a) + rest)
    same = pf.rule("cut", [same, pf.every(j, 0, 3, logit)])
    constant = shift(pf, third, rest)
    gain = outweighs(pf, third)
    rise = (
        pf.chain(softmax(3, z, 1), "the second action")
        .eq(num("1/3"), "a uniform policy", by=[*known, pf.put(share, j, num(1))])
        .then(gain, "exp(alpha (g_0 - g_1)) + exp(alpha (g_2 - g_1)) < 2")
        .eq(softmax(3, lambda a: third(a) + rest, 1), "a constant changes nothing", by=[*known, constant])
        .eq(softmax(3, before, 1), "mu is uniform, so g_i is C_i / 3 and a constant", by=[*known, same])
        .eq(THREE.after(1), "g is the expected gradient", by=[*known, pf.cite("hw08f-step", k=3, m=1)])
        .done()
    )
    signs = pf.prove(claim.args[0], by=["signs", "below"])
    pf.rule("both", [signs, pf.prove(claim.args[1], by=[*known, rise])])


def outweighs(pf: Any, third: Any) -> Any:
    """1/3 < softmax(3, third) at the second action: what the first gains on it is less than what the third loses."""
    forward, (known,) = pf.step("forward"), divided(pf, third, actions=3)
    facts = [pf.scale(pf.prove(Gt(LOSS, 0), by=["below"]), forward), pf.scale(pf.step("small"), forward)]
    short = pf.cite("exp-balance", by=facts, x=alpha3 * LEAD / 3, y=alpha3 * LOSS / 3)
    top, total = Exp(third(1)), partition(3, third)
    less = pf.prove(Lt(total, 3 * top), by=[pf.scale(short, pf.prove(Lt(0, top)))])
    share = pf.scale(less, pf.prove(Lt(0, 1 / total), by=[known]))
    whole = pf.prove(Eq(total * (1 / total), 1), by=[known])
    return pf.prove(Lt(num("1/3"), softmax(3, third, 1)), by=[known, whole, share])


hw08h.mutant("any-step", without=["small"], at=three("1 -1 -10", "21/20"), title="for steps of any size")
hw08h.mutant("third-action", Lt(THREE.mu(2), THREE.after(2)), title="the third action gains, too")


def of_two(i: Any) -> Term:
    """The expected gradient of a problem with the first two of the actions."""
    score = D(Ln(softmax(2, moved(z, t, unit(i)), a)), t, 0)
    return Sum(a, 0, 2, softmax(2, z, a) * (C3(a) * score))


hw08h.mutant(
    "two-actions", Lt(softmax(2, z, 1), softmax(2, moved(z, alpha3, of_two), 1)), title="already with two actions"
)
hw08h.control("difference", And(SIGNS, Lt(0, THREE.after(1) - THREE.mu(1))), title="the difference is positive")
