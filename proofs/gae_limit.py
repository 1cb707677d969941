"""GAE of any length, and the mixture of k-step advantages, tend to one limit: rates, and from which n on they are within epsilon.

For TD errors that are bounded; nothing else is asked of values and rewards.
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework
from proofs.gae import V, advantage, delta, gamma, hw11d, j, r, t
from proofs.gae_mixture import (
    ALTERNATING,
    FLIPS,
    GROWING,
    NAMES,
    ONES,
    WORDS,
    D,
    at,
    gae,
    hw11e,
    i,
    lam,
    m,
    mixture,
    n,
    steady,
)
from proofs.kernel.terms import Term
from proofs.language import All, And, Eq, Le, Lt, Max, Sum, Vocabulary, local_real
from proofs.theory.limits import bernoulli, enough, vanishes
from proofs.theory.sums import telescope

TOPIC = Topic("gae_limit", "GAE of an endless trajectory")


def size(f: Term) -> Term:
    """|f|."""
    return Max(f, -f)


def errors(first: Any, end: Any, without: Instance) -> Hypothesis:
    error = r(j) + gamma * V(j + 1) - V(j)
    near = And(Le(-D, error), Le(error, D))
    return Hypothesis("errors", All(j, first, end, near), "no TD error is larger than D", without)


def not_negative(pf: Any, w: Term, by: list[Any], under: list[Term]) -> Any:
    """0 <= w for a power, or for a product of two."""
    parts = [pf.product(*w.args, by=by, under=under)] if w.op == "Mul" else []
    return pf.prove(Le(0, w), by=[*by, *parts], under=under)


def discounted(pf: Any, weight: Any, rate: Term, skip: Any, count: Any, by: list[Any]) -> list[Any]:
    """Plus and minus the sum of weight(i) delta_{t+skip+i} are at most D / (1 - rate); weight(i) is rate^i in some form."""
    total = Sum(i, 0, count, weight(i) * delta(t + skip + i))
    here = [Le(0, i), Lt(i, count)]
    near = pf.at("errors", t + skip + i, by=by, under=here)
    ends = pf.times(pf.cite("sum-telescope", by=by, a=0, b=count, f=weight), D)
    last = pf.rule("scale", [not_negative(pf, weight(count), by, []), pf.prove(Le(0, D), by=by)])
    left, each = pf.prove(Le(0, D * weight(count)), by=[*by, last]), not_negative(pf, weight(i), by, here)
    part = pf.prove(Lt(0, 1 - rate), by=by)

    def side(sign: int) -> Any:
        one = pf.rule("scale", [pf.prove(Le(sign * delta(t + skip + i), D), by=[*by, near], under=here), each])
        one = pf.prove(Le(sign * weight(i) * delta(t + skip + i), D * weight(i)), by=[one], under=here)
        sums = pf.rule("sum_order", [pf.every(i, 0, count, one)])
        whole = pf.rule("scale", [sums, pf.prove(Le(0, 1 - rate), by=[part])])
        below = pf.prove(Le((1 - rate) * (sign * total), D), by=[*by, whole, ends, left])
        divided = pf.rule("scale", [below, pf.inverse(1 - rate, by=[*by, part])])
        same = pf.prove(Eq(1 / (1 - rate) * ((1 - rate) * (sign * total)), sign * total), by=[*by, part])
        return pf.prove(Le(sign * total, D / (1 - rate)), by=[*by, part, divided, same])

    return [side(1), side(-1)]


def sides(pf: Any, t: Any, by: list[Any]) -> list[Any]:
    """f <= b and -f <= b from |f| <= b."""
    v = local_real("v")
    both = [pf.cases(0, v, *[lambda h, f=f: pf.prove(Le(f, size(v)), under=[h])] * 2) for f in (v, -v)]
    return [pf.rule("chain", [pf.put(s, v, t.left.args[0]), t]) for s in both]


def within(pf: Any, claim: Term, by: list[Any]) -> None:
    """|f| <= b, from f <= b and -f <= b among the premises."""
    gap = claim.args[0].args[0]
    pf.cases(0, gap, *[lambda h: pf.prove(claim, by=by, under=[h])] * 2)


LENGTH = "for n < 0 the powers to n have no meaning"
rate = TOPIC.claim(
    "hw11e-rate",
    "With bounded TD errors the mixture of n advantages is within lambda^n D / (1 - gamma) of GAE",
    kind="limit",
    source=homework(11, "e"),
    vocabulary=NAMES,
    notation=WORDS,
    uses=[telescope, hw11d, hw11e],
    given=[
        Hypothesis("length", Le(1, n), "at least one step", LENGTH),
        Hypothesis("gamma", And(Le(0, gamma), Lt(gamma, 1)), "gamma lies in [0, 1)", steady(FLIPS, "-9/10", n=2)),
        Hypothesis("lambda", Le(0, lam), "lambda is not negative", steady(FLIPS, lam="-4/5", n=1)),
        errors(t, t + n, steady(GROWING, n=6)),
    ],
    says=Le(size(mixture(n) - gae(n, t)), lam**n * (D / (1 - gamma))),
    witness=at(3),
    instances={"one": at(1), "lambda-0": at(4, "0"), "lambda-1": at(4, "1"), "alternating": ALTERNATING},
)


@rate.proof
def _(pf: Any, claim: Term) -> None:
    positive = pf.prove(Le(0, D), by=[pf.at("errors", t, by=["length"])])
    by = ["length", "gamma", "lambda", positive]
    exact, sums = pf.cite("hw11e", by=by), pf.times(pf.cite("hw11d", by=by, k=n), lam**n)
    sides = [pf.scale(s, lam**n, by=by) for s in discounted(pf, lambda i: gamma**i, gamma, 0, n, by)]
    within(pf, claim, [*by, exact, sums, *sides])


far = size(mixture(n) - gae(n, t))
ONE_STEP = steady(FLIPS, "0", n=1)
rate.mutant("one-power-more", Le(far, lam ** (n + 1) * (D / (1 - gamma))), at=ONE_STEP, title="lambda^(n+1)")
rate.mutant("no-horizon", Le(far, lam**n * D), at=steady(ONES, n=3), title="without 1 / (1 - gamma)")
rate.mutant(
    "unbounded", without=["errors"], at=steady(GROWING, n=6), title="for errors that grow like (gamma lambda)^-l"
)
rate.mutant("exchanged", Le(far, gamma**n * (D / (1 - lam))), at=ONE_STEP, title="gamma and lambda exchanged")
rate.control(
    "turned", Le(size(gae(n, t) - mixture(n)), lam**n * (D / (1 - gamma))), title="the difference the other way round"
)

tail = TOPIC.claim(
    "hw11e-tail",
    "With bounded TD errors GAE of n steps is within (gamma lambda)^n D / (1 - gamma lambda) of any longer one",
    kind="limit",
    source=homework(11, "e"),
    vocabulary=NAMES,
    notation=WORDS,
    uses=[telescope],
    given=[
        Hypothesis("length", Le(0, n), "n counts steps", LENGTH),
        Hypothesis("longer", Le(0, m), "the second one is not shorter", steady(ONES, D="1/10", n=3, m=-2)),
        Hypothesis("gamma", Le(0, gamma), "gamma is not negative", steady(FLIPS, "-9/10", n=1, m=2)),
        Hypothesis("lambda", Le(0, lam), "lambda is not negative", steady(FLIPS, lam="-4/5", n=1, m=2)),
        Hypothesis("product", Lt(gamma * lam, 1), "the weights decay", steady(ONES, "5/4", n=1, m=2)),
        Hypothesis("bound", Le(0, D), "D is a size", steady(ONES, D="-1", n=2, m=0)),
        errors(t + n, t + n + m, steady(GROWING, n=1, m=4)),
    ],
    says=Le(size(gae(n + m, t) - gae(n, t)), gamma**n * lam**n * (D / (1 - gamma * lam))),
    witness=at(2, m=3),
    instances={
        "same": at(2, m=0),
        "lambda-0": at(1, "0", m=3),
        "no-discount": at(1, gamma="1", m=3),
        "alternating": steady(FLIPS, n=4, m=8),
    },
)


@tail.proof
def _(pf: Any, claim: Term) -> None:
    by = ["length", "longer", "gamma", "lambda", "product", "bound"]
    weight = gamma**n * lam**n
    positive = not_negative(pf, weight, by, [])
    sides = discounted(pf, lambda i: gamma**i * lam**i, gamma * lam, n, m, by)
    sides = [pf.rule("scale", [s, positive]) for s in sides]
    parts = pf.settle(pf.rule("split", [], Sum(j, 0, n + m, gamma**j * lam**j * delta(t + j)), n), by=by)
    within(pf, claim, [*by, parts, *sides])


rest, BOUND = size(gae(n + m, t) - gae(n, t)), D / (1 - gamma * lam)
tail.mutant(
    "one-power-more",
    Le(rest, gamma ** (n + 1) * lam ** (n + 1) * BOUND),
    at=steady(FLIPS, "0", n=0, m=1),
    title="one power more",
)
tail.mutant(
    "factor-turned",
    Le(rest, gamma**n * lam**n * D * (1 - gamma * lam)),
    at=steady(ONES, n=1, m=3),
    title="times 1 - gamma lambda",
)
tail.mutant(
    "first-term",
    Le(rest, gamma**n * lam**n * D),
    at=steady(ONES, n=1, m=3),
    title="the first term left out for all of them",
)
tail.mutant(
    "unbounded", without=["errors"], at=steady(GROWING, n=1, m=4), title="for errors that grow like (gamma lambda)^-l"
)
tail.control(
    "turned", Le(size(gae(n, t) - gae(n + m, t)), gamma**n * lam**n * BOUND), title="the difference the other way round"
)

# ------------------------------------------------------------------------------------- the series itself
OWN = Vocabulary()
OWN.decls = dict(NAMES.decls)
K, eps = OWN.real("K"), OWN.real("epsilon")


def settled(data: Instance, K: str, epsilon: str) -> Instance:
    """From n = K on everything lies within epsilon."""
    return {**data, "reals": {**data["reals"], "K": K, "epsilon": epsilon}}


limit = TOPIC.claim(
    "hw11e-limit",
    "With bounded TD errors the mixture of the first n advantages and GAE of any length n + m tend to one limit",
    kind="limit",
    source=homework(11, "e"),
    vocabulary=OWN,
    notation={**WORDS, "epsilon": r"\varepsilon"},
    uses=[rate, tail, bernoulli, vanishes],
    given=[
        Hypothesis("length", Le(1, n), "at least one step", LENGTH),
        Hypothesis("longer", Le(0, m), "GAE is not shorter", settled(steady(ONES, D="0", n=3, m=-3), "3", "0")),
        Hypothesis(
            "gamma",
            And(Le(0, gamma), Lt(gamma, 1)),
            "gamma lies in [0, 1)",
            settled(steady(ONES, "5/4", n=4, m=0), "-25", "2"),
        ),
        Hypothesis(
            "lambda",
            And(Le(0, lam), Le(lam, 1)),
            "lambda lies in [0, 1]",
            settled(steady(ONES, lam="3/2", n=2, m=0), "-10", "10/3"),
        ),
        errors(t, t + n + m, settled(steady(GROWING, n=10, m=4), "10", "20/3")),
        Hypothesis("late", Le(K, n), "n is at least K", settled(steady(ONES, n=1, m=6), "100", "20/21")),
        Hypothesis("epsilon", Le(0, eps), "epsilon is not negative", settled(steady(ONES, n=1, m=0), "-10", "-20")),
        Hypothesis(
            "enough",
            enough(2 * D, eps * (1 - gamma), K, lam),
            "K is large enough",
            settled(steady(ONES, n=1, m=6), "1", "1"),
        ),
    ],
    says=Le(size(mixture(n) - gae(n + m, t)), eps),
    witness=settled(at(2, m=3), "3/2", "237/3"),
    instances={
        "same": settled(at(2, m=0), "3/2", "237/3"),
        "lambda-0": settled(at(1, "0", m=3), "1", "51"),
        "alternating": settled(steady(FLIPS, n=4, m=8), "4", "100/9"),
    },
    about="For lambda < 1 and epsilon > 0 there is such a K: its condition is linear in K, with a positive slope.",
)


def part_of(pf: Any, by: list[Any], first: Any, end: Any) -> Any:
    """The bound on the errors over a part of its range."""
    return pf.every(i, first, end, pf.at("errors", i, by=by, under=[Le(first, i), Lt(i, end)]))


def shorter_than(pf: Any, by: list[Any], part: Any, spread: Any) -> Any:
    """gamma^n lambda^n D / (1 - gamma lambda) <= lambda^n D / (1 - gamma)."""
    power = pf.prove(Le(0, gamma**n), by=by)
    falls = pf.rule("scale", [pf.product(n, 1 - gamma, by=by), power])
    below = pf.prove(Le(gamma**n, 1), by=[*by, falls, pf.cite("power-vanishes", by=by, n=n, q=gamma)])
    rest = pf.prove(Lt(0, 1 - gamma * lam), by=by)
    room = pf.scale(pf.product(gamma, 1 - lam, by=by), pf.inverse(1 - gamma * lam, by=[rest]))
    first = pf.scale(pf.prove(Le(0, 1 - gamma**n), by=[*by, below]), pf.inverse(1 - gamma * lam, by=[rest]))
    known = [*by, part, rest]
    gain = pf.rule("scale", [room, spread])
    lost = pf.scale(first, D * lam**n, by=[*by, pf.product(D, lam**n, by=by)])
    bound, middle = lam**n * (D / (1 - gamma)), lam**n * (D / (1 - gamma * lam))
    gain = pf.prove(Le(middle, bound), by=[*known, gain, pf.prove(Eq(gain.right, bound - middle), by=known)])
    return pf.prove(Le(gamma**n * lam**n * (D / (1 - gamma * lam)), bound), by=[*known, gain, lost])


@limit.proof
def _(pf: Any, claim: Term) -> None:
    """Both remainders are at most lambda^n D / (1 - gamma)."""
    by = ["length", "longer", "gamma", "lambda", pf.prove(Le(0, D), by=[pf.at("errors", t, by=["length", "longer"])])]
    product = pf.product(gamma, 1 - lam, by=by)
    by = [*by, pf.prove(Lt(gamma * lam, 1), by=[*by, product])]
    part = pf.prove(Lt(0, 1 - gamma), by=by)
    weight, share = pf.prove(Le(0, lam**n), by=by), pf.inverse(1 - gamma, by=[part])
    spread = pf.scale(pf.rule("scale", [pf.prove(Le(0, D), by=by), weight]), share)
    spread = pf.prove(Le(0, lam**n * (D / (1 - gamma))), by=[*by, part, spread])
    ranges = {"hw11e-rate": (t, t + n), "hw11e-tail": (t + n, t + n + m)}
    near, far = (pf.rule("cut", [pf.cite(name, by=by), part_of(pf, by, *ends)]) for name, ends in ranges.items())
    longer = shorter_than(pf, by, part, spread)
    values = {"n": n, "K": K, "q": lam, "C": 2 * D, "epsilon": eps * (1 - gamma)}
    wide = pf.scale(pf.prove(Le(0, 1 - gamma), by=[part]), eps, by=["epsilon"])
    small = pf.scale(pf.cite("limit-geometric", by=[*by, "late", "enough", wide], **values), share)
    known = [*by, part]
    small = pf.prove(
        Le(2 * (lam**n * (D / (1 - gamma))), eps), by=[*known, small, pf.prove(Eq(small.right, eps), by=known)]
    )
    within(pf, claim, [*known, *sides(pf, near, known), *sides(pf, far, known), longer, small])


limit.mutant(
    "no-factor",
    Le(size(Sum(j, 0, n, lam**j * advantage(j + 1, t)) - gae(n + m, t)), eps),
    at=settled(steady(ONES, n=12, m=1), "12", "100/17"),
    title="without the factor 1 - lambda",
)
limit.mutant(
    "weights-one-high",
    Le(size(mixture(n, j + 1) - gae(n + m, t)), eps),
    at=settled(steady(ONES, "1/2", "1/2", n=12, m=1), "12", "4/7"),
    title="weights lambda^k for lambda^(k-1)",
)
limit.mutant(
    "early", without=["late"], at=settled(steady(ONES, n=1, m=6), "100", "20/21"), title="from the start, not from K on"
)
limit.mutant(
    "unbounded",
    without=["errors"],
    at=settled(steady(GROWING, n=10, m=4), "10", "20/3"),
    title="for errors that grow like (gamma lambda)^-l",
)
limit.control("turned", Le(size(gae(n + m, t) - mixture(n)), eps), title="the difference the other way round")
