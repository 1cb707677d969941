"""GRPO's advantage of a group's member: its reward, centred by the group's mean and divided by the group's standard deviation.

    adv_i = (r_i - mean) / (std + epsilon)        std^2 = the mean of (r_j - mean)^2 over all N members

The square root is not spelled: s stands for the number that is not negative and has the variance for its square.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework, slides
from proofs.kernel.terms import Term
from proofs.language import All, And, Eq, Gt, Le, Lt, Sum, Vocabulary, local_index, local_real

TOPIC = Topic("grpo_advantage", "Group advantages")
NAMES = Vocabulary()
N, r = NAMES.size("N"), NAMES.function("r")
s, eps, c, d = (NAMES.real(name) for name in ("s", "epsilon", "c", "d"))
up, down = NAMES.real("u"), NAMES.real("w")
i, j = local_index("i"), local_index("j")
WORDS = {"r": "r_{{{0}}}", "epsilon": r"\varepsilon"}
Reward = Callable[[Any], Term]


def mean(reward: Reward = r) -> Term:
    return Sum(j, 0, N, reward(j)) / N


def variance(reward: Reward = r) -> Term:
    """With divisor N: of the group as it is, not an estimate for others."""
    return Sum(j, 0, N, (reward(j) - mean(reward)) ** 2) / N


def advantage(member: Any, below: Any = None, reward: Reward = r) -> Term:
    return (reward(member) - mean(reward)) / (s + eps if below is None else below)


def group(rewards: str, s: str, epsilon: str = "1/10", **more: str) -> Instance:
    """The rewards, their standard deviation, epsilon."""
    return {
        "ints": {"N": len(rewards.split())},
        "reals": {"s": s, "epsilon": epsilon, **more},
        "tables": {"r": rewards.split()},
    }


def each(prop: Term) -> Term:
    """For every member."""
    return All(i, 0, N, prop)


ROOT = Hypothesis("root", Eq(s**2, variance()), "s squared is the variance", group("1 3", "1/2"))
SIGN = Hypothesis("sign", Le(0, s), "s is not negative", group("1 3", "-1", "1"))
EPSILON = Hypothesis("epsilon", Gt(eps, 0), "epsilon is positive", group("2 2", "0", "0"))
FOUR = "-17/6 31/6 19/6 1/2"  # mean 3/2, standard deviation 3

BELOW = Hypothesis("below", Gt(s + eps, 0), "s + epsilon is positive", group("2 2", "0", "0"))


def over_many(pf: Any, claim: Term) -> None:
    """Both sides in normal form."""
    pf.prove(claim, by=["below"])


# ------------------------------------------------------------------------------------- what every group has
ch1 = TOPIC.claim(
    "ch1-grpo-adv",
    "The advantages of a group sum to 0",
    kind="identity",
    source=slides("2048-2058"),
    vocabulary=NAMES,
    notation=WORDS,
    given=[BELOW],
    says=Eq(Sum(i, 0, N, advantage(i)), 0),
    witness=group(FOUR, "3", "1/7"),
    instances={"two": group("1 3", "1", "1/100"), "alone": group("2", "0"), "equal": group("5 5 5", "0")},
    about="Whatever number stands for the standard deviation.  With s = 0 and epsilon = 0 there is no advantage: 0/0.",
)
ch1.proof(over_many)
ch1.mutant("not-centred", Eq(Sum(i, 0, N, r(i) / (s + eps)), 0), title="without the mean")
ch1.mutant(
    "mean-over-N-1", Eq(Sum(i, 0, N, (r(i) - mean() * N / (N - 1)) / (s + eps)), 0), title="a mean with divisor N - 1"
)
ch1.mutant("no-epsilon", without=["below"], at=group("2 2", "0", "0"), title="s = 0 and no epsilon: 0/0")
ch1.mutant("absolute", Eq(Sum(i, 0, N, advantage(i) ** 2), 0), title="the squares sum to 0, too")
ch1.control("average", Eq(Sum(i, 0, N, advantage(i)) / N, 0), derive=over_many, title="their average")

squares = Sum(i, 0, N, advantage(i) ** 2)
spread = TOPIC.claim(
    "ch1-grpo-adv-squares",
    "The squares of a group's advantages sum to N (s / (s + epsilon))^2",
    kind="identity",
    source=slides("2048-2058"),
    vocabulary=NAMES,
    notation=WORDS,
    given=[ROOT, SIGN, EPSILON],
    says=Eq(squares, N * (s / (s + eps)) ** 2),
    witness=group(FOUR, "3", "1/7"),
    instances={"two": group("1 3", "1", "1/100"), "alone": group("2", "0"), "equal": group("5 5 5", "0")},
)


@spread.proof
def _(pf: Any, claim: Term) -> None:
    around = pf.prove(Eq(Sum(j, 0, N, (r(j) - mean()) ** 2), N * s**2), by=[pf.times(pf.step("root"), N)])
    over = pf.times(around, 1 / (s + eps) * (1 / (s + eps)))
    pf.prove(claim, by=["root", "sign", "epsilon", over])


estimate = Sum(j, 0, N, (r(j) - mean()) ** 2) / (N - 1)
spread.mutant(
    "over-the-variance",
    Eq(Sum(i, 0, N, advantage(i, s**2 + eps) ** 2), N * (s / (s + eps)) ** 2),
    title="divided by the variance",
)
spread.mutant("unit-squares", Eq(squares, N), title="a sum of N whatever epsilon is")
spread.mutant("divisor", Eq(squares, (N - 1) * (s / (s + eps)) ** 2), title="N - 1 for N, as for the other divisor")
spread.mutant("any-s", without=["root"], at=group("1 3", "1/2"), title="for any s")


def turned(pf: Any, claim: Term) -> None:
    pf.prove(claim, by=["root", "sign", "epsilon", pf.times(pf.step("root"), N / (s + eps) / (s + eps))])


spread.control("turned", Eq(N * (s / (s + eps)) ** 2, squares), derive=turned, title="the sides exchanged")

# ------------------------------------------------------------------------------------- a group that agrees
FLAT = Eq(variance(), 0)
equal = TOPIC.claim(
    "ch1-grpo-adv-equal",
    "A group whose rewards are all equal has advantages of 0, if epsilon is positive",
    kind="identity",
    source=slides("2048-2058"),
    vocabulary=NAMES,
    notation=WORDS,
    given=[
        Hypothesis("equal", each(Eq(r(i), c)), "every reward is c", group("1 3", "1", c="2")),
        Hypothesis("below", Gt(s + eps, 0), "s + epsilon is positive", group("2 2", "0", "0", c="2")),
    ],
    says=And(FLAT, each(Eq(advantage(i), 0))),
    witness=group("7/3 7/3 7/3", "0", "1/7", c="7/3"),
    instances={"alone": group("2", "0", c="2"), "failed": group("0 0 0 0", "0", c="0")},
    about="With epsilon = 0 the advantage is 0/0, and code that computes it returns NaN.",
)


def agreed(pf: Any) -> tuple[Any, Any]:
    """The variance is 0, and r_i - mean is 0 for a member i."""
    here, v = [Le(0, i), Lt(i, N)], local_real("v")
    one = pf.at("equal", i, under=here)
    square = pf.rule("inside", [one], v, v**2)
    sums = [pf.rule("sum_order", [pf.every(i, 0, N, t)]) for t in (one, square)]
    whole = pf.prove(Eq(mean(), c), by=[pf.times(sums[0], 1 / N)])
    spread = [pf.times(sums[1], 1 / N), pf.rule("inside", [whole], v, v**2)]
    return pf.prove(Eq(variance(), 0), by=spread), pf.prove(Eq(r(i) - mean(), 0), by=[one, whole])


def alike(part: Reward) -> Callable[[Any, Term], None]:
    """The claim, of the advantages or of something as simple."""

    def derive(pf: Any, claim: Term) -> None:
        flat, zero = agreed(pf)
        nothing = pf.prove(Eq(part(i), 0), by=["below", pf.times(zero, 1 / (s + eps))])
        pf.rule("both", [flat, pf.every(i, 0, N, nothing)])

    return derive


equal.proof(alike(advantage))


equal.mutant("no-epsilon", without=["below"], at=group("2 2", "0", "0", c="2"), title="with epsilon = 0: 0/0")
equal.mutant("not-centred", And(FLAT, each(Eq(r(i) / (s + eps), 0))), title="rewards that are not centred")
equal.mutant("one", And(FLAT, each(Eq(advantage(i), 1))), title="a group of equal rewards has advantages of 1")
equal.mutant("some-equal", without=["equal"], at=group("1 3", "1", c="2"), title="for rewards that differ")


equal.control(
    "negated",
    And(FLAT, each(Eq(-advantage(i), 0))),
    derive=alike(lambda i: -advantage(i)),
    title="the advantages negated",
)


# ------------------------------------------------------------------------------------- other units of reward
def other(member: Any) -> Term:
    """The reward in other units."""
    return c * r(member) + d


scaled = advantage(i, c * s + c * eps, other)
WIDER, UNSEEN = Eq(variance(other), c**2 * variance()), each(Eq(scaled, advantage(i)))
affine = TOPIC.claim(
    "ch1-grpo-adv-affine",
    "Group advantages do not see a shift of the rewards, nor a scale if epsilon is scaled with them",
    kind="identity",
    source=slides("2048-2058"),
    vocabulary=NAMES,
    notation=WORDS,
    given=[
        Hypothesis("below", Gt(s + eps, 0), "s + epsilon is positive", group("2 2", "0", "0", c="2", d="1")),
        Hypothesis("scale", Gt(c, 0), "the scale is positive", group("1 3", "1", c="0", d="1")),
    ],
    says=And(WIDER, UNSEEN),
    witness=group(FOUR, "3", "1/7", c="5/2", d="-4/3"),
    instances={
        "shift": group("1 3", "1", c="1", d="7"),
        "no-epsilon": group(FOUR, "3", "0", c="3", d="0"),
        "equal": group("2 2", "0", c="3", d="1"),
    },
    about="The variance of c r + d is c^2 times that of r, so its standard deviation is c s.",
)


def unseen(left: Term, right: Term) -> Callable[[Any, Term], None]:
    """Both parts by normal form; c s + c epsilon is positive."""

    def derive(pf: Any, claim: Term) -> None:
        wide = pf.rule("scale", [pf.step("below"), pf.step("scale")])
        wide = pf.prove(Gt(c * s + c * eps, 0), by=[wide])
        one = pf.prove(Eq(left, right), by=["below", "scale", wide], under=[Le(0, i), Lt(i, N)])
        pf.rule("both", [pf.prove(claim.args[0]), pf.every(i, 0, N, one)])
        pf.defined.append(wide.n)

    return derive


affine.proof(unseen(scaled, advantage(i)))
affine.mutant(
    "epsilon-fixed",
    And(WIDER, each(Eq(advantage(i, c * s + eps, other), advantage(i)))),
    title="scale invariance with the same epsilon",
)
affine.mutant("variance-linear", And(Eq(variance(other), c * variance()), UNSEEN), title="c for c^2 in the variance")
affine.mutant(
    "shift-counts",
    And(Eq(variance(other), c**2 * variance() + d), UNSEEN),
    title="a variance that the shift moves",
)
affine.mutant("no-scale", without=["scale"], at=group("1 3", "1", c="0", d="1"), title="a scale of 0")
affine.control(
    "turned",
    And(WIDER, each(Eq(advantage(i), scaled))),
    derive=unseen(advantage(i), scaled),
    title="the advantages exchanged",
)

# ------------------------------------------------------------------------------------- success or failure
f = mean()
closed = each(Eq(advantage(i, s), r(i) * up - (1 - r(i)) * down))


def verified(rewards: str, s: str, u: str, w: str) -> Instance:
    return group(rewards, s, u=u, w=w)


FIVE = "1 0 0 0 0"  # f = 1/5: s = 2/5, u = 2, w = 1/2
TEN = "1 0 1 1 1 1 1 1 1 1"  # f = 9/10: s = 3/10, u = 1/3, w = 3
fraction = TOPIC.claim(
    "hw19-fraction",
    "With a success fraction f a success has the advantage sqrt((1 - f) / f), a failure -sqrt(f / (1 - f))",
    kind="identity",
    source=homework(19),
    vocabulary=NAMES,
    notation=WORDS,
    given=[
        Hypothesis(
            "verified", each(Eq(r(i) ** 2, r(i))), "each reward is 0 or 1", verified("9/10 9/10", "0", "1/3", "3")
        ),
        Hypothesis("root", Eq(s**2, variance()), "s squared is the variance", verified(FIVE, "1/2", "2", "1/2")),
        Hypothesis("sign", Le(0, s), "s is not negative", verified(FIVE, "-2/5", "2", "1/2")),
        Hypothesis("win", Eq(f * up**2, 1 - f), "u^2 = (1 - f) / f", verified(FIVE, "2/5", "1", "1/2")),
        Hypothesis("win-sign", Le(0, up), "u is not negative", verified(FIVE, "2/5", "-2", "1/2")),
        Hypothesis("loss", Eq((1 - f) * down**2, f), "w^2 = f / (1 - f)", verified(FIVE, "2/5", "2", "1")),
        Hypothesis("loss-sign", Le(0, down), "w is not negative", verified(FIVE, "2/5", "2", "-1/2")),
    ],
    says=closed,
    witness=verified(TEN, "3/10", "1/3", "3"),
    instances={"one-in-five": verified(FIVE, "2/5", "2", "1/2"), "half": verified("1 0 1 0", "1/2", "1", "1")},
    about="Some succeed and some fail, or no u and w have these squares: then 0 < f < 1.",
)


@fraction.proof
def of_a_fraction(pf: Any, claim: Term) -> Any:
    """s = f u = (1 - f) w, since all three are positive and have the square f (1 - f)."""
    here = [Le(0, i), Lt(i, N)]
    squares = pf.rule("sum_order", [pf.step("verified")])
    spread = pf.prove(Eq(s**2, f * (1 - f)), by=["root", pf.times(squares, 1 / N)])
    some = positive(pf, f, pf.step("win"), between(pf, lambda i: r(i)))
    left = positive(pf, 1 - f, pf.step("loss"), between(pf, lambda i: 1 - r(i)))
    given = ["sign", "win-sign", "loss-sign", some, left]
    won = same_root(pf, f * up, [spread, pf.times(pf.step("win"), f)], given)
    lost = same_root(pf, (1 - f) * down, [spread, pf.times(pf.step("loss"), 1 - f)], given)
    size = pf.prove(Lt(0, s), by=[won, pf.rule("scale", [positive_root(pf, given), some])])
    up_s = pf.prove(Eq(s * up, 1 - f), by=["win", pf.times(won, up)])
    down_s = pf.prove(Eq(s * down, f), by=["loss", pf.times(lost, down)])
    target = r(i) * up - (1 - r(i)) * down
    parts = [pf.times(up_s, r(i)), pf.times(down_s, 1 - r(i))]
    scaled = pf.prove(Eq(r(i) - f, s * target), by=parts, under=here)
    each_one = (
        pf.chain(advantage(i, s), "a member's advantage")
        .eq(1 / s * (s * target), "s u = 1 - f and s w = f", by=[size, pf.times(scaled, 1 / s)])
        .eq(target, "s is positive", by=[size])
        .done()
    )
    pf.every(i, 0, N, each_one)
    pf.defined.append(size.n)
    return size


def positive_root(pf: Any, by: list[Any]) -> Any:
    """0 < u: else f u^2 would be 0, and f 1."""
    v = local_real("v")
    zero = pf.rule("inside", [pf.prove(Eq(up, 0), by=["win-sign"], under=[Le(up, 0)])], v, f * v**2)
    goal = Lt(0, up)
    return pf.cases(
        up, 0, lambda h: pf.prove(goal, by=["win", zero, *by], under=[h]), lambda h: pf.prove(goal, under=[h])
    )


def same_root(pf: Any, a: Term, squares: list[Any], by: list[Any]) -> Any:
    """s = a from s^2 = a^2, neither of them negative."""
    factor, root = a.args
    low = pf.prove(Le(0, a), by=[pf.product(factor, root, by=by)])

    def at_most(x: Term, y: Term) -> Any:
        """x <= y: if y < x, then y y <= x y < x x."""

        def beyond(h: Term) -> Any:
            less, known = pf.step(h), [*by, low]
            strict = pf.rule("scale", [less, pf.prove(Lt(0, x), by=known, under=[h])])
            wide = pf.scale(pf.prove(Le(y, x), under=[h]), y, by=known)
            return pf.prove(Le(x, y), by=[*squares, strict, wide, h])

        return pf.cases(x, y, lambda h: pf.prove(Le(x, y), under=[h]), beyond)

    return pf.prove(Eq(s, a), by=[at_most(s, a), at_most(a, s)])


def between(pf: Any, part: Reward) -> Any:
    """0 <= the mean of r, or of 1 - r: each is its own square."""
    here = [Le(0, i), Lt(i, N)]
    one = pf.prove(Le(0, part(i)), by=[pf.at("verified", i, under=here), pf.square(part(i))], under=here)
    total = pf.rule("sum_order", [pf.every(i, 0, N, one)])
    share = pf.rule("scale", [total, pf.prove(Lt(0, 1 / N))])
    return pf.prove(Le(0, Sum(i, 0, N, part(i)) / N), by=[share])


def positive(pf: Any, x: Term, equation: Any, low: Any) -> Any:
    """0 < x, for x y^2 = 1 - x and 0 <= x."""
    v, y2 = local_real("v"), equation.left.args[1]
    zero = pf.rule("inside", [pf.prove(Eq(x, 0), by=[low], under=[Le(x, 0)])], v, v * y2)
    goal = Lt(0, x)
    return pf.cases(x, 0, lambda h: pf.prove(goal, by=[zero, equation], under=[h]), lambda h: pf.prove(goal, under=[h]))


fraction.mutant(
    "sample-deviation",
    each(Eq(advantage(i, s) * ((N - 1) / N), r(i) * up - (1 - r(i)) * down)),
    title="another divisor: (N - 1)/N of it",
)
fraction.mutant("swapped", each(Eq(advantage(i, s), r(i) * down - (1 - r(i)) * up)), title="u and w exchanged")
fraction.mutant("not-centred", each(Eq(r(i) / s, r(i) * up - (1 - r(i)) * down)), title="rewards that are not centred")
fraction.mutant(
    "over-the-variance", each(Eq(advantage(i, s**2), r(i) * up - (1 - r(i)) * down)), title="divided by the variance"
)
fraction.mutant("plus", each(Eq(advantage(i, s), r(i) * up + (1 - r(i)) * down)), title="failures rewarded, too")


def multiplied(pf: Any, claim: Term) -> None:
    size, here = of_a_fraction(pf, closed), [Le(0, i), Lt(i, N)]
    one = pf.times(pf.at(pf.last(), i, under=here), s)
    pf.every(i, 0, N, pf.prove(Eq(r(i) - f, s * (r(i) * up - (1 - r(i)) * down)), by=[size, one], under=here))
    pf.defined.clear()


fraction.control(
    "times-s",
    each(Eq(r(i) - f, s * (r(i) * up - (1 - r(i)) * down))),
    derive=multiplied,
    title="multiplied by s",
)
