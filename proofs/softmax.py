"""The geometry of softmax policies: log-probabilities, scores, and what a step along a gradient does to a probability.

A tabular policy has a logit Theta(a, s) for each action a and state s.  Its gradient is written by directional derivatives:
d/dt at t = 0 of the policy whose logits are moved by t along a unit vector.  Actions are numbered from 0, so the first action of
the homework sheet is action 0.
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework, slides
from proofs.kernel.terms import Term
from proofs.language import (
    And,
    D,
    Eq,
    Exp,
    Ind,
    Le,
    Ln,
    Lt,
    Ne,
    Sum,
    Vocabulary,
    local_index,
    local_real,
)
from proofs.theory.exponential import concluded
from proofs.theory.softmax import divided, moved, partition, pmf, positive, softmax, unit

TOPIC = Topic("softmax", "Softmax policies")


a, b, i, j, s, u = (local_index(c) for c in "abijsu")
t = local_real("t")
NAMES = Vocabulary()
k, l = NAMES.size("k"), NAMES.size("l")  # noqa: E741
a0, s0, b0, s1 = (NAMES.integer(n) for n in ("a_0", "s_0", "b", "s_1"))
alpha, w = NAMES.real("alpha"), NAMES.real("w")
Theta, phi = NAMES.function("Theta", 2), NAMES.function("phi")
_pi = NAMES.define("pi", softmax(k, lambda a: Theta(a, s), u), u, s)


def pi(a: Any, s: Any) -> Term:
    """pi(a | s)."""
    return _pi(a, s)


def slope(f: Any) -> Term:
    """df/dt at t = 0."""
    return D(f, t, 0)


def perturbed(state: Any, b: Any, s: Any) -> Any:
    """The logits in this state of the policy whose logit Theta(b, s) is moved by t."""
    return lambda a: Theta(a, state) + t * (Ind(Eq(a, b)) * Ind(Eq(state, s)))


_score = NAMES.define("score", slope(Ln(softmax(k, perturbed(s, i, j), u))), u, s, i, j)


def score(a: Any, s: Any, b: Any, at: Any) -> Term:
    """The derivative of log pi(a | s) by the logit Theta(b, at)."""
    return _score(a, s, b, at)


NOTATION = {
    "pi": r"\pi({0} \mid {1})", "Theta": r"\Theta_{{{0},{1}}}",
    "score": r"\frac{{\partial \ln \pi({0} \mid {1})}}{{\partial \Theta_{{{2},{3}}}}}", "s_1": "s'", "s_0": "s_0", "a_0": "a_0",
}  # fmt: skip
LOGITS = [
    ["0", "ln(3/2)"],
    ["ln(2)", "ln(2/7)"],
    ["ln(3)", "ln(5)"],
]  # Theta[a][s]: the policy in state 0 is (1/6, 1/3, 1/2)


def table(a0: int = 0, s0: int = 0, rows: Any = LOGITS, alpha: str = "", **ints: int) -> Instance:
    """A table of logits, an action a0 in a state s0."""
    shape = {"k": len(rows), "l": len(rows[0]), "a_0": a0, "s_0": s0, **ints}
    return {"ints": shape, "reals": {"alpha": alpha} if alpha else {}, "tables": {"Theta": rows}}


def column(pf: Any, *states: Any) -> list[Any]:
    """The partition function of a state is positive, with its logits as they are."""
    return divided(pf, *[lambda a, s=s: Theta(a, s) for s in states])


def at_once(*given: str) -> Any:
    """A derivation in one step: the judge's normal form settles it."""
    return lambda pf, claim: concluded(pf, claim, "both sides multiplied out", [*given, *column(pf, s0)])


# ------------------------------------------------------------------------------------- the log-probability
hw08a = TOPIC.claim(
    "hw08a",
    "The log-probability of a softmax policy",
    kind="identity",
    source=homework(8, "a"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[positive],
    says=Eq(Ln(pi(a0, s0)), Theta(a0, s0) - Ln(Sum(i, 0, k, Exp(Theta(i, s0))))),
    witness=table(0, 1),
    instances={f"catalogue-{n + 1}": table(n) for n in range(3)},
)


@hw08a.proof
def _(pf: Any, claim: Term) -> None:
    known = column(pf, s0)
    (
        pf.chain(claim.args[0])
        .eq(Ln(Exp(Theta(a0, s0))) - Ln(partition(k, lambda a: Theta(a, s0))), "the logarithm of a quotient", by=known)
        .eq(claim.args[1], "the logarithm of an exponential", by=known)
        .done()
    )


hw08a.mutant("plus-log", Eq(Ln(pi(a0, s0)), Theta(a0, s0) + Ln(Sum(i, 0, k, Exp(Theta(i, s0))))), title="+log for -log")
hw08a.mutant(
    "transposed",
    Eq(Ln(pi(a0, s0)), Theta(s0, a0) - Ln(Sum(i, 0, k, Exp(Theta(i, s0))))),
    title="the table read with state and action exchanged",
)
hw08a.mutant(
    "over-states",
    Eq(Ln(pi(a0, s0)), Theta(a0, s0) - Ln(Sum(i, 0, l, Exp(Theta(a0, i))))),
    title="normalised over the states",
)
hw08a.control(
    "moved-over",
    Eq(Ln(pi(a0, s0)) + Ln(Sum(i, 0, k, Exp(Theta(i, s0)))), Theta(a0, s0)),
    derive=at_once(),
    title="the partition function on the other side",
)

# ------------------------------------------------------------------------------------- the score
hw08b = TOPIC.claim(
    "hw08b",
    "The logits of one state do not matter in another",
    kind="identity",
    source=homework(8, "b"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[positive],
    given=[Hypothesis("elsewhere", Ne(s1, s0), "the logit belongs to another state", table(0, 0, b=1, s_1=0))],
    says=Eq(score(a0, s0, b0, s1), 0),
    witness=table(2, 0, b=1, s_1=1),
    instances={"same-action": table(1, 1, b=1, s_1=0)},
)


@hw08b.proof
def _(pf: Any, claim: Term) -> None:
    known = column(pf, s0)
    pf.chain(claim.args[0]).eq(0, "the logit does not occur", by=["elsewhere", *known]).done()


def shared(a: Any) -> Term:
    """Logits with a bias for action b that all states share, moved by t."""
    return Theta(a, s0) + t * Ind(Eq(a, b0))


hw08b.mutant("same-state", without=["elsewhere"], at=table(2, 1, b=1, s_1=1), title="also in the state itself")
hw08b.mutant(
    "shared-parameters",
    Eq(slope(Ln(softmax(k, shared, a0))), 0),
    title="a parameter that all states share",
)
hw08b.control("twice", Eq(2 * score(a0, s0, b0, s1), 0), title="twice the slope")

ONE_HOT = Ind(Eq(a0, b0))
hw08c = TOPIC.claim(
    "hw08c",
    "The score of a softmax policy is one-hot minus probabilities",
    kind="identity",
    source=homework(8, "c"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[positive],
    given=[
        Hypothesis(
            "action",
            And(Le(0, b0), Lt(b0, k)),
            "b is an action",
            {**table(0, 0, b=3), "tables": {"Theta": [*LOGITS, ["1", "1"]]}},
        )
    ],
    says=Eq(score(a0, s0, b0, s0), Ind(Eq(a0, b0)) - pi(b0, s0)),
    witness=table(2, 0, b=1),
    instances={f"catalogue-{n + 1}": table(0, 0, b=n) for n in range(3)},
)


@hw08c.proof
def one_hot(pf: Any, claim: Term) -> None:
    known = column(pf, s0)
    (
        pf.chain(claim.args[0])
        .eq(
            slope(perturbed(s0, b0, s0)(a0)) - slope(Ln(partition(k, perturbed(s0, b0, s0)))),
            "the logit minus the log partition function",
            by=["action", *known],
        )
        .eq(
            ONE_HOT - Exp(Theta(b0, s0)) / partition(k, lambda a: Theta(a, s0)),
            "only the logit of b moves",
            by=["action", *known],
        )
        .eq(claim.args[1], "the policy", by=known)
        .done()
    )


hw08c.mutant("sign", Eq(score(a0, s0, b0, s0), pi(b0, s0) - ONE_HOT), title="probabilities minus one-hot")
hw08c.mutant(
    "weighted",
    Eq(score(a0, s0, b0, s0), pi(b0, s0) * (ONE_HOT - pi(b0, s0))),
    title="multiplied by the probability, as in the slope of the policy itself",
)
hw08c.mutant("one-hot-only", Eq(score(a0, s0, b0, s0), ONE_HOT), title="the partition function taken for a constant")
hw08c.mutant("squared", Eq(score(a0, s0, b0, s0), ONE_HOT - pi(b0, s0) ** 2), title="minus the squared probability")
hw08c.control(
    "moved-over",
    Eq(score(a0, s0, b0, s0) + pi(b0, s0), ONE_HOT),
    derive=at_once("action"),
    title="the probability on the other side",
)

# ------------------------------------------------------------------------------------- a head of d logits
HEAD = Vocabulary()
d, c0, e0 = HEAD.size("d"), HEAD.integer("a"), HEAD.integer("b")
c, z, g, v = HEAD.real("c"), HEAD.function("z"), HEAD.function("g"), HEAD.function("v")
mu = HEAD.define("mu", softmax(d, z, i), i)
head_score = HEAD.define("score", slope(Ln(softmax(d, moved(z, t, unit(j)), i))), i, j)
along = HEAD.define("along", slope(Ln(softmax(d, moved(z, t, g), i))), i)
jacobian = HEAD.define("jacobian", slope(softmax(d, moved(z, t, unit(j)), i)), i, j)
image = HEAD.define("image", slope(softmax(d, moved(z, t, v), i)), i)
HEAD_NOTATION = {
    "z": "z_{{{0}}}", "g": "g_{{{0}}}", "v": "v_{{{0}}}", "mu": r"\mu_{{{0}}}",
    "score": r"\frac{{\partial \ln \mu_{{{0}}}}}{{\partial z_{{{1}}}}}",
    "along": r"\frac{{d}}{{d\alpha}} \ln \mu_{{{0}}}(z + \alpha g) \Big|_{{\alpha = 0}}",
    "jacobian": r"\frac{{\partial \mu_{{{0}}}}}{{\partial z_{{{1}}}}}", "image": r"(J v)_{{{0}}}",
}  # fmt: skip


def head(z: str, **more: Any) -> Instance:
    """Logits; a direction g or v, a constant c, and actions a and b by name."""
    tables = {"z": z.split(), **{n: x.split() for n, x in more.items() if n in "gv"}}
    reals = {"c": more["c"]} if "c" in more else {}
    return {
        "ints": {"d": len(z.split()), **{n: x for n, x in more.items() if n in "ab"}},
        "reals": reals,
        "tables": tables,
    }


POLICY = "0 ln(2) ln(3)"  # probabilities (1/6, 1/3, 1/2)
hw08d_plus = TOPIC.claim(
    "hw08d+",
    "The slope of a log-probability along a direction",
    kind="identity",
    source=homework(8, "d"),
    vocabulary=HEAD,
    notation=HEAD_NOTATION,
    uses=[positive],
    says=Eq(along(c0), g(c0) - Sum(j, 0, d, mu(j) * g(j))),
    witness=head("-1/2 ln(2) 3/7", g="2 -1/3 5", a=1),
    instances={
        "catalogue": head(POLICY, g="5/12 -1/6 -1/4", a=0),
        "one-action": head("3", g="2", a=0),
        "above-average-and-falling": head("0 ln(5) ln(4)", g="3/50 13/10 -34/25", a=0),
        "negative-reward-and-rising": head("0 0 0", g="13/9 7/9 -20/9", a=1),
        "not-reinforced-and-rising": head("ln(10) 0 ln(89)", g="9/10 -1/100 -89/100", a=1),
    },
)


@hw08d_plus.proof
def _(pf: Any, claim: Term) -> None:
    known = divided(pf, z, actions=d)
    weighted = Sum(j, 0, d, Exp(z(j)) * g(j))
    (
        pf.chain(claim.args[0])
        .eq(g(c0) - slope(Ln(partition(d, moved(z, t, g)))), "the logit minus the log partition function", by=known)
        .eq(g(c0) - weighted / partition(d, z), "the slope of a logarithm", by=known)
        .eq(claim.args[1], "the mean of g under the policy", by=known)
        .done()
    )


hw08d_plus.mutant("not-centred", Eq(along(c0), g(c0)), title="the partition function taken for a constant")
hw08d_plus.mutant(
    "plain-mean", Eq(along(c0), g(c0) - Sum(j, 0, d, g(j)) / d), title="the plain mean of g for that under the policy"
)
hw08d_plus.control("centred", Eq(along(c0), Sum(j, 0, d, mu(j) * (g(c0) - g(j)))), title="the mean of the differences")

discrete = TOPIC.claim(
    "ch1-discrete-head",
    "A softmax head lies on the simplex, and its score is one-hot minus probabilities",
    kind="identity",
    source=slides("1612-1623"),
    vocabulary=HEAD,
    notation=HEAD_NOTATION,
    uses=[pmf, positive],
    given=[
        Hypothesis(
            "action",
            And(Le(0, e0), Lt(e0, d)),
            "b is an action",
            {**head("0 1", a=0, b=2), "tables": {"z": ["0", "1", "2"]}},
        )
    ],
    says=And(Eq(head_score(c0, e0), Ind(Eq(c0, e0)) - mu(e0)), Eq(Sum(j, 0, d, mu(j)), 1)),
    witness=head("-1/2 ln(2) 3/7", a=1, b=1),
    instances={"policy": head(POLICY, a=0, b=2)},
)


@discrete.proof
def _(pf: Any, claim: Term) -> None:
    known = divided(pf, z, actions=d)
    score = concluded(pf, claim.args[0], "only the logit of b moves", ["action", *known])
    pf.rule("both", [score, concluded(pf, claim.args[1], "one partition function over itself", known)])


discrete.mutant("one-hot-only", Eq(head_score(c0, e0), Ind(Eq(c0, e0))), title="the one-hot vector alone")
discrete.mutant(
    "shifted-index",
    Eq(head_score(c0, e0), Ind(Eq(c0 + 1, e0)) - mu(e0)),
    title="the sampled index shifted by one",
)
discrete.mutant("off-the-simplex", Eq(Sum(j, 1, d, mu(j)), 1), title="d - 1 of the probabilities add up to 1")
discrete.control(
    "moved-over",
    And(Eq(head_score(c0, e0) + mu(e0), Ind(Eq(c0, e0))), Eq(1, Sum(j, 0, d, mu(j)))),
    title="the probability on the other side",
)
