"""Steps of a softmax policy: what moving the logits along a gradient does to the probability of an action.

The first action of the homework sheet is action 0.  mu(z) is the softmax policy with logits z.
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework, lemma
from proofs.kernel.terms import Term, num
from proofs.language import (
    All,
    And,
    Eq,
    Exp,
    Gt,
    Implies,
    Ind,
    Le,
    Ln,
    Lt,
    Ne,
    Sum,
    local_index,
    local_real,
)
from proofs.softmax import NAMES as TABULAR
from proofs.softmax import NOTATION as TABULAR_NOTATION
from proofs.softmax import Theta, a0, phi, pi, s0, score, slope, table, w
from proofs.softmax import alpha as size
from proofs.softmax import k as actions
from proofs.theory.exponential import concluded, quadratic
from proofs.theory.softmax import (
    NAMES,
    NOTATION,
    ahead,
    alpha,
    divided,
    g,
    k,
    logits,
    moved,
    mu,
    partition,
    pmf,
    positive,
    rises,
    softmax,
    z,
)

TOPIC = Topic("softmax_steps", "Steps of a softmax policy")
a, i, j = (local_index(c) for c in "aij")
t = local_real("t")
FORWARD = "the step is forward"


# ------------------------------------------------------------------------------------- along any direction
def step(g: str = "2 1 -1", alpha: str = "1", z: str = "0 0 0") -> Instance:
    return logits(z, g, alpha=alpha)


ORDER = All(j, 1, k, Lt(g(j), g(0)))
hw08d = TOPIC.claim(
    "hw08d",
    "Moving the logits along g raises the probability of the action with the largest g",
    kind="inequality",
    source=homework(8, "d"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[rises],
    given=[
        Hypothesis("two", Le(2, k), "there are two actions", step("2", z="0")),
        Hypothesis("largest", ORDER, "g is largest at the first action", step("1 5", z="0 0")),
        Hypothesis("forward", Gt(alpha, 0), FORWARD, step(alpha="-1")),
    ],
    says=Lt(mu(0), ahead(0)),
    witness=step("5/12 -1/6 -1/4", "3/2", "0 ln(2) ln(3)"),
    instances={
        "catalogue": step(),
        "negative-reward": step("17/10 27/50 -56/25", "2", "ln(5) 0 ln(4)"),
        "two-actions": step("1 1/2", "4", "-1 2"),
        "four": step("3 2 -1 5/2", "1/7", "1 2 -1/2 0"),
    },
)


def not_more(pf: Any, g: Any, below: Any, k: Any, known: Any = ()) -> Any:
    """g_j <= g_0 for all j < k, from g_j < g_0 for j >= 1."""
    spot = local_index("spot")
    goal, here = Le(g(j), g(0)), [Le(0, j), Lt(j, k)]

    def first(side: Term) -> Any:
        same = pf.prove(Eq(j, 0), under=[side, *here])
        return pf.prove(goal, by=[*known, pf.rule("inside", [same], spot, g(spot))])

    each = pf.cases(j, 0, first, lambda side: pf.prove(goal, by=[*known, below([side, *here])], under=[side, *here]))
    return pf.every(j, 0, k, each)


@hw08d.proof
def _(pf: Any, claim: Term) -> None:
    most = not_more(pf, g, lambda here: pf.at("largest", j, under=here), k)
    up = pf.cite("softmax-rises", by=["two", "forward", pf.at("largest", 1, by=["two"])], m=0, h=1)
    up = pf.rule("cut", [up, most])
    why = "no other action has as large a g, and there is another one"
    concluded(pf, claim, why, [*divided(pf, z, moved(z, alpha, g)), up])


UP = Lt(mu(0), ahead(0))
hw08d.mutant(
    "positive-g",
    Implies(Gt(g(0), 0), UP),
    without=["largest"],
    at=step("1 5", z="0 0"),
    title="whenever g is positive there",
)
hw08d.mutant(
    "above-the-mean",
    Implies(Lt(Sum(j, 0, k, g(j)) / k, g(0)), UP),
    without=["largest"],
    at=step("1 3 -4", "10"),
    title="whenever g is above its mean, for steps of any size",
)
hw08d.mutant("one-action", without=["two"], at=step("2", z="0"), title="also for a single action")
hw08d.mutant("backward", without=["forward"], at=step(alpha="-1"), title="for a step backward, too")
hw08d.mutant(
    "ties",
    Implies(All(j, 1, k, Le(g(j), g(0))), UP),
    without=["largest"],
    at=step("2 2 2"),
    title="strictly, also where all g are equal",
)
hw08d.control(
    "written-out",
    Lt(Exp(z(0)) / partition(k, z), Exp(z(0)) * Exp(alpha * g(0)) / partition(k, moved(z, alpha, g))),
    title="the probabilities written out",
)

# ------------------------------------------------------------------------------------- a small step
average = NAMES.define("average", Sum(j, 0, k, mu(j) * g(j)))
spread = NAMES.define("spread", Sum(j, 0, k, mu(j) * (g(0) - g(j)) ** 2))
small_step = TOPIC.claim(
    "hw08d-small",
    "A small enough step raises the probability of every action whose g is above the policy's average",
    kind="inequality",
    source=lemma("hw08d"),
    vocabulary=NAMES,
    notation=NOTATION | {"average": r"\bar g", "spread": r"\sum_j \mu_j (g_0 - g_j)^2"},
    uses=[positive, quadratic],
    given=[
        Hypothesis(
            "near",
            All(j, 0, k, Le(num("-1/2"), alpha * (g(0) - g(j)))),
            "no logit gains more than 1/2 on the first",
            step("0 5 -1/4", "1", "0 ln(1/500) 0"),
        ),
        Hypothesis("forward", Gt(alpha, 0), FORWARD, step("1 0 -1", "-1/10")),
        Hypothesis(
            "small",
            Lt(2 * alpha * spread(), g(0) - average()),
            "the step is small against the lead of g over its average",
            step("0 1/2 -2", "1", "0 ln(3) 0"),
        ),
    ],
    says=Lt(mu(0), ahead(0)),
    witness=step("1 5/4 -4", "1/20", "0 ln(2) ln(3)"),
    instances={"catalogue": step("1 3 -4", "1/40")},
)


@small_step.proof
def _(pf: Any, claim: Term) -> None:
    """exp(-y) <= 1 - y + 2 y^2 with y = alpha (g_0 - g_j), weighted by exp(z_j) and summed."""
    after, top, total = moved(z, alpha, g), Exp(alpha * g(0)), partition(k, z)
    known, here = divided(pf, z, after), [Le(0, j), Lt(j, k)]
    y = alpha * (g(0) - g(j))
    below = pf.cite("exp-quadratic", by=[pf.at("near", j, under=here)], under=here, y=y)
    each = pf.scale(below, pf.prove(Lt(0, Exp(z(j)) * top)))
    bound = Exp(z(j)) * (1 - y + 2 * y**2) * top
    sums = pf.rule("sum_order", [pf.every(j, 0, k, pf.prove(Le(Exp(after(j)), bound), by=[each]))])
    gain = total * (alpha * (g(0) - average()) - 2 * alpha**2 * spread())
    room = pf.scale(pf.scale(pf.step("small"), pf.step("forward")), known[0])
    less = (
        pf.chain(partition(k, after), "the partition function grows by less than the factor exp(alpha g_0)")
        .then(sums, "exp(-y) <= 1 - y + 2 y^2 with y = alpha (g_0 - g_j)")
        .eq(top * (total - gain), "sums under the policy", by=known)
        .link(
            "Lt",
            top * total,
            "2 alpha sum_j mu_j (g_0 - g_j)^2 < g_0 - mean",
            by=[*known, pf.scale(room, pf.prove(Lt(0, top)))],
        )
        .done()
    )
    weight = Exp(z(0)) / (total * partition(k, after))
    share = pf.scale(less, pf.prove(Lt(0, weight), by=[*known, pf.scale(*known)]))
    concluded(pf, claim, "exp(z_0) exp(alpha g_0) over a sum that grew by less", [*known, share])


small_step.mutant("any-step", without=["small"], at=step("0 1/2 -2", "1", "0 ln(3) 0"), title="for steps of any size")
small_step.mutant(
    "plain-average",
    Implies(Lt(Sum(j, 0, k, g(j)) / k, g(0)), UP),
    without=["small"],
    at=step("1 2 -4", "1/10", "0 ln(50) 0"),
    title="above the plain mean of g, for a small step",
)
small_step.mutant("falls", Gt(mu(0), ahead(0)), title="it falls")
small_step.control("difference", Lt(0, ahead(0) - mu(0)), title="the difference is positive")

# ------------------------------------------------------------------------------------- along the score of an action
_updated = TABULAR.define("updated", softmax(actions, lambda a: Theta(a, s0) + size * score(a0, s0, a, s0), i), i)
STEP = TABULAR_NOTATION | {"updated": r"\pi_{{\Theta + \alpha g}}({0} \mid s_0)"}
hw08e = TOPIC.claim(
    "hw08e",
    "A step along the score of an action raises its probability",
    kind="inequality",
    source=homework(8, "e"),
    vocabulary=TABULAR,
    notation=STEP,
    uses=[positive, pmf, rises],
    given=[
        Hypothesis("two", Le(2, actions), "there are two actions", table(0, 0, rows=[["3"]], alpha="1")),
        Hypothesis(
            "action",
            And(Le(0, a0), Lt(a0, actions)),
            "a_0 is an action",
            "nothing breaks: an index of no action moves by the whole step and every action by less, but it has no probability",
        ),
        Hypothesis("forward", Gt(size, 0), FORWARD, table(0, 0, alpha="-1")),
    ],
    says=Lt(pi(a0, s0), _updated(a0)),
    witness=table(1, 1, alpha="3/2"),
    instances={"catalogue": table(0, 0, alpha="1")},
)


@hw08e.proof
def rises_by_score(pf: Any, claim: Term) -> None:
    """g_a0 = 1 - pi(a0) > 0 > -pi(j) = g_j for every other action j."""
    now, spot, here = (lambda a: Theta(a, s0)), local_index("spot"), [Le(0, j), Lt(j, actions)]

    def g(a: Any) -> Term:
        return Ind(Eq(a, a0)) - softmax(actions, now, a)

    known = [*divided(pf, now, moved(now, size, g), actions=actions), pf.cite("softmax-pmf", k=actions, z=now)]

    def other(a: Any, side: Term, under: list[Term]) -> Any:
        return pf.prove(Lt(g(a), g(a0)), by=["action", "two", *known], under=[side, *under])

    def equal(p: Term, q: Term) -> Any:
        same = pf.prove(Eq(j, a0), under=[p, q])
        return pf.prove(Le(g(j), g(a0)), by=[pf.rule("inside", [same], spot, g(spot)), *known], under=[p, q])

    def weak(side: Term) -> Any:
        return pf.prove(Le(g(j), g(a0)), by=[other(j, side, here), *known])

    most = pf.every(j, 0, actions, pf.cases(j, a0, lambda p: pf.cases(a0, j, lambda q: equal(p, q), weak), weak))

    def up(h: int, side: Term) -> Any:
        risen = pf.cite("softmax-rises", by=["two", "forward"], k=actions, m=a0, h=h, alpha=size, z=now, g=g)
        return pf.rule("cut", [risen, most, other(num(h), side, [])])

    either = pf.cases(a0, 0, lambda p: up(1, p), lambda p: up(0, p))
    why = "the score is 1 - pi(a_0) > 0 at a_0 and -pi(a) < 0 at every other action"
    concluded(pf, claim, why, ["action", *known, either])


hw08e.mutant("one-action", without=["two"], at=table(0, 0, rows=[["3"]], alpha="1"), title="also for a single action")
hw08e.mutant(
    "minus",
    Lt(pi(a0, s0), softmax(actions, lambda a: Theta(a, s0) - size * score(a0, s0, a, s0), a0)),
    title="a step against the score",
)
hw08e.mutant(
    "others-fall",
    All(j, 0, actions, Implies(Ne(j, a0), Lt(_updated(j), pi(j, s0)))),
    at=table(0, 0, rows=[["ln(10)"], ["0"], ["ln(89)"]], alpha="1/10"),
    title="and lowers that of every other action",
)


def shared(size: Any) -> Any:
    """Logits w phi(a) with one weight, after a step of this size along the score of a_0."""
    return lambda a: (w + size * slope(Ln(softmax(actions, lambda a: (w + t) * phi(a), a0)))) * phi(a)


hw08e.mutant(
    "shared-weight",
    Lt(softmax(actions, shared(0), a0), softmax(actions, shared(size), a0)),
    at={
        **table(0, 0, alpha="10"),
        "reals": {"alpha": "10", "w": "0"},
        "tables": {"Theta": [["0"]] * 3, "phi": ["1", "3", "-4"]},
    },
    title="for logits that share a weight, too",
)
hw08e.control("difference", Lt(0, _updated(a0) - pi(a0, s0)), title="the difference is positive")
