"""Expected policy gradients of a one-step problem: whose probability they raise, and why the sign of a reward says little.

An action a is drawn from the softmax policy mu(z) and pays C_a.  The first action of the homework sheet is action 0.
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework, lemma
from proofs.kernel.terms import Term, num, opened
from proofs.language import (
    All,
    And,
    D,
    E,
    Eq,
    Gt,
    Ind,
    Le,
    Lt,
    Sum,
    Vocabulary,
    local_index,
    local_real,
)
from proofs.softmax_steps import not_more
from proofs.theory.bandit import NOTATION, Bandit, bandit
from proofs.theory.exponential import concluded
from proofs.theory.softmax import divided, m, moved, positive, rises, same, softmax, unit, z

TOPIC = Topic("softmax_bandit", "Expected gradients of a softmax policy")
a, i, j = (local_index(c) for c in "aij")
t = local_real("t")

# ------------------------------------------------------------------------------------- along the expected gradient
ANY = Bandit()
n, C, mean = ANY.k, ANY.C, ANY.mean


def of_any(pi: str, C: str, alpha: str = "", **ints: int) -> Instance:
    return bandit(pi, C, alpha, k=len(pi.split()), **ints)


CATALOGUE = ("1/6 1/3 1/2", "3 0 0")


def flat(part: Term) -> Term:
    """g_i = part for every action i."""
    return All(i, 0, n, Eq(ANY.gradient(i), part))


IDENTITY = flat(ANY.mu(i) * (C(i) - mean()))
gradients = TOPIC.claim(
    "hw08f-gradient",
    "The expected gradient is the policy times the centred reward",
    kind="identity",
    source=lemma("hw08f"),
    vocabulary=ANY.names,
    notation=NOTATION,
    uses=[positive],
    says=IDENTITY,
    witness=of_any("2/9 3/9 4/9", "2 -1/3 5"),
    instances={"catalogue": of_any(*CATALOGUE), "one-action": of_any("1", "2")},
)


@gradients.proof
def centred(pf: Any, claim: Term) -> None:
    known, here = divided(pf, z, actions=n), [Le(0, i), Lt(i, n)]
    mu = softmax(n, z, i)
    each = (
        pf.chain(ANY.gradient(i), "the slope by the logit of action i")
        .eq(Sum(a, 0, n, softmax(n, z, a) * (C(a) * (Ind(Eq(a, i)) - mu))), "the score", by=known, under=here)
        .eq(opened(claim.args[2], i).args[1], "one term has the one, all have the probability", by=known, under=here)
        .done()
    )
    pf.every(i, 0, n, each)


WRONG = {  # of the identity: part for part the slips that the homework sheet warns of
    "no-probability": (C(i) - mean(), "g without the factor mu_i"),
    "not-centred": (ANY.mu(i) * C(i), "g without the mean reward"),
    "plus-mean": (ANY.mu(i) * (C(i) + mean()), "g with the mean reward added"),
}
for name, (part, title) in WRONG.items():
    gradients.mutant(name, flat(part), title=title)
gradients.control("expanded", flat(ANY.mu(i) * C(i) - ANY.mu(i) * mean()), title="the product expanded")

# ------------------------------------------------------------------------------------- one sampled action
SAMPLED = Vocabulary()
k, act = SAMPLED.size("k"), SAMPLED.integer("i")
logit, paid, pi = SAMPLED.function("z"), SAMPLED.function("C"), SAMPLED.pmf("pi", k)
A = SAMPLED.sample("A", "a", "pi")
reward = paid(A.a())
mu_i = softmax(k, logit, act)
scored = E(reward * (Ind(Eq(A.a(), act)) - mu_i))
slope = SAMPLED.define("slope", D(Sum(j, 0, k, softmax(k, moved(logit, t, unit(i)), j) * paid(j)), t, 0), i)
SAMPLE_NOTATION = NOTATION | {
    "pi": r"\pi_{{{0}}}", "a": "a", "slope": r"\frac{{\partial}}{{\partial z_{{{0}}}}} \sum_j \mu_j C_j",
}  # fmt: skip


def sampled(weights: str, C: str, i: int, z: str = "") -> Instance:
    """A policy by its probabilities (and, where the two do not fit, by its logits), rewards, an action."""
    data = bandit(weights, C, k=len(C.split()), i=i)
    return {**data, "tables": {**data["tables"], "pi": weights.split(), **({"z": z.split()} if z else {})}}


reinforce = TOPIC.claim(
    "hw08f-sampled",
    "Reward times score of one sampled action has the slope of the expected reward for its mean",
    kind="expectation",
    source=lemma("hw08f"),
    vocabulary=SAMPLED,
    notation=SAMPLE_NOTATION,
    uses=[positive],
    given=[
        Hypothesis(
            "softmax",
            All(j, 0, k, Eq(pi(j), softmax(k, logit, j))),
            "the action is drawn from the softmax policy of these logits",
            sampled(*CATALOGUE, 0, z="0 0 0"),
        ),
        Hypothesis(
            "action",
            And(Le(0, act), Lt(act, k)),
            "i is an action",
            {
                **sampled("1/2 1/2", "3 1", 2),
                "tables": {"z": ["0", "0", "0"], "C": ["3", "1", "0"], "pi": ["1/2", "1/2"]},
            },
        ),
    ],
    says=Eq(scored, slope(act)),
    witness=sampled("2/9 3/9 4/9", "2 -1/3 5", 1),
    instances={f"catalogue-{n + 1}": sampled(*CATALOGUE, n) for n in range(3)},
)


@reinforce.proof
def _(pf: Any, claim: Term) -> None:
    steps = [pf.step("action"), *divided(pf, logit, actions=k)]
    plain = Sum(j, 0, k, pi(j) * paid(j))
    mean = Sum(j, 0, k, softmax(k, logit, j) * paid(j))
    share = pf.at("softmax", j, under=[Le(0, j), Lt(j, k)])
    equal = pf.rule("sum_order", [pf.every(j, 0, k, pf.times(share, paid(j)))])
    own = pf.times(pf.at("softmax", act, by=["action"]), paid(act))
    (
        pf.chain(claim.args[0])
        .eq(
            pi(act) * paid(act) - mu_i * plain, "over the actions", by=[*steps, pf.rule("next_draws", steps, scored, 1)]
        )
        .eq(mu_i * paid(act) - mu_i * mean, "pi is that policy", by=[*steps, own, pf.times(equal, mu_i)])
        .eq(claim.args[1], "the slope of each probability: mu_j (1{j = i} - mu_i)", by=steps)
        .done()
    )


DRAWN = ("proof", "exact", "sympy", "montecarlo")
reinforce.mutant(
    "one-hot-only", Eq(E(reward * Ind(Eq(A.a(), act))), slope(act)), title="one-hot for the score", channels=DRAWN
)
reinforce.mutant(
    "sign",
    Eq(E(reward * (mu_i - Ind(Eq(A.a(), act)))), slope(act)),
    title="probabilities minus one-hot",
    channels=DRAWN,
)
reinforce.mutant("no-probability", Eq(scored, paid(act) - E(reward)), title="without the factor mu_i", channels=DRAWN)
reinforce.mutant(
    "any-policy",
    without=["softmax"],
    at=sampled(*CATALOGUE, 0, z="0 0 0"),
    title="sampled from another policy",
    channels=DRAWN,
)
reinforce.control(
    "closed",
    Eq(scored, mu_i * (paid(act) - Sum(j, 0, k, softmax(k, logit, j) * paid(j)))),
    title="the slope in closed form",
    channels=DRAWN,
)

# ------------------------------------------------------------------------------------- a step
stepped = TOPIC.claim(
    "hw08f-step",
    "A step along the expected gradient, with the gradient in closed form",
    kind="identity",
    source=lemma("hw08f"),
    vocabulary=ANY.names,
    notation=NOTATION,
    uses=[positive, same, gradients],
    given=[
        Hypothesis(
            "action",
            And(Le(0, m), Lt(m, n)),
            "m is an action",
            {**of_any("1/2 1/2", "3 1", "1", m=2), "tables": {"z": ["0", "0", "0"], "C": ["3", "1", "0"]}},
        ),
    ],
    says=Eq(ANY.after(m), ANY.centred(m)),
    witness=of_any("2/9 3/9 4/9", "2 -1/3 5", "3/4", m=1),
    instances={"catalogue": of_any(*CATALOGUE, "1", m=0)},
)


@stepped.proof
def _(pf: Any, claim: Term) -> None:
    before, after = (moved(z, ANY.alpha, g) for g in (ANY.gradient, ANY.closed))
    known = divided(pf, z, before, after, actions=n)
    logit = pf.at(pf.cite("hw08f-gradient"), j, under=[Le(0, j), Lt(j, n)])
    equal = pf.every(j, 0, n, pf.prove(Eq(before(j), after(j)), by=[*known, pf.times(logit, ANY.alpha)]))
    policies = pf.cite("softmax-congruence", by=["action"], k=n, m=m, f=before, z=after)
    why = "the logits are equal, because g_j = mu_j (C_j - mean) for every action j"
    concluded(pf, claim, why, [*known, pf.rule("cut", [policies, equal])])


stepped.mutant(
    "no-probability",
    Eq(ANY.after(m), softmax(n, moved(z, ANY.alpha, lambda a: C(a) - mean()), m)),
    title="g without the factor mu_i",
)
stepped.control("turned", Eq(ANY.centred(m), ANY.after(m)), title="turned round")

hw08f = TOPIC.claim(
    "hw08f",
    "Along the expected gradient the only action above the average gains probability",
    kind="inequality",
    source=homework(8, "f"),
    vocabulary=ANY.names,
    notation=NOTATION,
    uses=[positive, rises, gradients, stepped],
    given=[
        Hypothesis("above", Lt(mean(), C(0)), "the first reward is above the average", of_any("1", "2", "1")),
        Hypothesis(
            "below",
            All(j, 1, n, Lt(C(j), mean())),
            "every other one is below it",
            of_any("1/10 1/2 2/5", "1 3 -3", "1"),
        ),
        ANY.forward(of_any(*CATALOGUE, "-1")),
    ],
    says=And(IDENTITY, Lt(ANY.mu(0), ANY.after(0))),
    witness=of_any("2/9 3/9 4/9", "7/2 -1/3 1/5", "3/4"),
    instances={"catalogue": of_any(*CATALOGUE, "1")},
)


def at_least_two(pf: Any, known: list[Any]) -> Any:
    """k >= 2: a single action has the average reward."""
    paid, one = Sum(a, 0, n, softmax(n, z, a) * C(a)), softmax(n, z, 0)

    def alone(side: Term) -> Any:
        total = pf.prove(Eq(Sum(a, 0, n, softmax(n, z, a)), 1), by=known)
        first, whole = (pf.settle(pf.rule("split", [], x, num(1))) for x in (paid, total.left))
        certain = pf.prove(Eq(one, 1), by=[*known, whole], under=[side])
        facts = [*known, first, pf.times(certain, C(0)), "above"]
        return pf.prove(Le(2, n), by=[pf.prove(Le(1, 0), by=facts, under=[side])])

    return pf.cases(n, 1, alone, lambda side: pf.prove(Le(2, n), under=[side]))


@hw08f.proof
def _(pf: Any, claim: Term) -> None:
    g, here = ANY.closed, [Le(1, j), Lt(j, n)]
    known = divided(pf, z, moved(z, ANY.alpha, g), moved(z, ANY.alpha, ANY.gradient), actions=n)
    two = at_least_two(pf, known)
    chance = pf.prove(Gt(softmax(n, z, i), 0), by=known)
    first = pf.scale(pf.prove(Gt(C(0) - mean(), 0), by=[*known, "above"]), pf.put(chance, i, num(0)))

    def lower(where: list[Term]) -> Any:
        gap = pf.prove(Gt(mean() - C(j), 0), by=[*known, pf.at("below", j, under=where)])
        return pf.prove(Lt(g(j), g(0)), by=[*known, pf.scale(gap, pf.put(chance, i, j)), first])

    most, second = not_more(pf, g, lower, n, known), pf.put(lower(here), j, num(1), by=[two])
    up = pf.cite("softmax-rises", by=[two, "forward"], k=n, m=0, h=1, alpha=ANY.alpha, z=z, g=g)
    rise = (
        pf.chain(softmax(n, z, 0), "the first action")
        .then(pf.rule("cut", [up, most, second]), "g is positive there and negative elsewhere")
        .eq(ANY.after(0), "g is the expected gradient", by=[*known, pf.cite("hw08f-step", m=0)])
        .done()
    )
    each = pf.at(pf.cite("hw08f-gradient"), i, under=[Le(0, i), Lt(i, n)])
    identity = pf.every(i, 0, n, pf.prove(opened(claim.args[0].args[2], i), by=[*known, each]))
    pf.rule("both", [identity, pf.prove(claim.args[1], by=[*known, rise])])


RISE = Lt(ANY.mu(0), ANY.after(0))
hw08f.mutant(
    "one-condition",
    without=["below"],
    at=of_any("1/10 1/2 2/5", "1 3 -3", "1"),
    title="only the first reward above the average, whatever the others are",
)
for name, (part, title) in WRONG.items():
    hw08f.mutant(name, And(flat(part), RISE), title=title)
hw08f.control("difference", And(IDENTITY, Lt(0, ANY.after(0) - ANY.mu(0))), title="the difference is positive")
