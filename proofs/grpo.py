"""Policy gradients from a group of N answers, as in GRPO: what the group's mean reward does to the gradient.

A group holds N independent outcomes x_0 .. x_{N-1} of one law p: whole answers, or whole episodes from one start.  Outcome a pays
r(a).  A policy's parameter moves the law along p + t v, and the score is d log p / dt at t = 0; the gradient of the expected
reward J is dJ/dt there.  Any smooth family has these first-order terms, coordinate by coordinate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework
from proofs.kernel.terms import Term, abstract, mk, num, replaced
from proofs.language import All, D, E, Eq, Gt, Le, Ln, Lt, Sum, Vocabulary, local_index, local_real

TOPIC = Topic("grpo", "Group baselines")
SAMPLED = ("proof", "exact", "sympy", "montecarlo")
NAMES = Vocabulary()
n, N, k = NAMES.size("n"), NAMES.size("N"), NAMES.integer("k")
p, r, v = NAMES.pmf("p", n), NAMES.function("r"), NAMES.function("v")
f, visited = NAMES.function("f"), NAMES.function("g")
X = NAMES.process("X", N + num(-1), [["x", n, "p", [], "p", []]])
a, i, j, m, t = *(local_index(c) for c in "aijm"), local_real("t")
J = Sum(a, 0, n, p(a) * r(a))  # the expected reward
WORDS = {"r": "r_{{{0}}}", "v": "v_{{{0}}}", "f": "f_{{{0}}}", "g": "g_{{{0}}}"}
HERE = [Le(0, m), Lt(m, N)]
G = D(Sum(a, 0, n, (p(a) + t * v(a)) * r(a)), t, 0)  # the gradient of J


def score(member: Any) -> Term:
    """d log p / dt at the outcome of one member."""
    return D(Ln(p(X.x(member)) + t * v(X.x(member))), t, 0)


def reward(member: Any) -> Term:
    return r(X.x(member))


def total(count: Any, f: Callable[[Any], Term]) -> Term:
    """The sum of f over the first members."""
    return Sum(j, 0, count, f(j))


def group_mean() -> Term:
    return total(N, reward) / N


def gradient(baseline: Callable[[Any], Term]) -> Term:
    """The mean over the members of score times (reward - baseline)."""
    return E(Sum(i, 0, N, score(i) * (reward(i) - baseline(i))) / N)


def group(p: str, r: str, v: str, N: int, **more: Any) -> Instance:
    """The law of one outcome, what outcomes pay, the velocity of the law, how many members."""
    tables = {"p": p.split(), "r": r.split(), "v": v.split()} | {c: more.pop(c).split() for c in "fg" if c in more}
    return {"ints": {"n": len(p.split()), "N": N, **more}, "tables": tables}


# The catalogue's two-step episode EP at p = q = 1/2: stop at once (pays 0), or go on and stop (1) or go on again (3); the
# velocities of the two logits are (-1/4, 1/8, 1/8) and (0, -1/8, 1/8).
EP = "1/2 1/4 1/4", "0 1 3"
FIRST, SECOND = "-1/4 1/8 1/8", "0 -1/8 1/8"
GENERIC = "2/9 3/9 4/9", "2 -1/3 5", "1/5 -1/2 3/10"
POSITIVE = Hypothesis(
    "p-positive",
    All(a, 0, n, Gt(p(a), 0)),
    "every outcome is possible",
    group("1/2 1/2 0", "2 -1/3 5", "1/5 -1/2 3/10", 2),
)
MASS = Hypothesis("mass", Eq(Sum(a, 0, n, v(a)), 0), "the law keeps its mass", group("1/3 2/3", "1 2", "1 1", 2))
COIN = "1/2 1/2", "1 0", "1/4 -1/4"
INSTANCES = {
    "EP-first": group(*EP, FIRST, 2),
    "EP-second": group(*EP, SECOND, 3),
    "bandit": group(*COIN, 4),
    "rare": group("1/10 9/10", "1 0", "9/100 -9/100", 3),
}


# ------------------------------------------------------------------------------------- means over the members
class Means:
    """What a derivation needs of the members: means of one, and of products of sums.  given: names of hypotheses."""

    def __init__(self, pf: Any, given: Sequence[str]) -> None:
        self.pf, self.given = pf, list(given)

    def member(self, f: Term, value: Term) -> Any:
        """E[f | all members before m] = value for a function f of member m alone."""
        before = mk("CondE", "X", X.path, m, 0, abstract(f, X.path))
        drawn = self.pf.rule("next_draws", self.given, before, 1, *HERE)
        if "p-positive" not in self.given:
            return self.pf.chain(before).then(drawn).eq(value, by=self.given, under=HERE).done()
        whole = self.pf.everywhere(drawn.right, by=self.given)
        chain = self.pf.chain(before).then(drawn).then(whole, "every outcome is possible")
        return chain.eq(value, by=self.given, under=HERE).done()

    def times_past(self, past: Term, f: Term, law: Any, *more: Term) -> Any:
        """E[past f] = E[past] E[f] for a function f of member m and one of the members before it; law: from `member`."""
        under = [*HERE, *more]
        return (
            self.pf.chain(E(past * f, X))
            .eq(E(past * law.left, X), "tower: before member m is drawn", by=self.given, under=under)
            .then(self.pf.mean(self.pf.times(law, past), X), "members are independent")
            .done()
        )

    def sums(self, f: Callable[[Any], Term], law: Any, value: Term) -> Any:
        """E[sum over the first m members of f] = m value, for 0 <= m <= N."""
        goal = Eq(E(total(m, f), X), m * value)
        base = self.pf.prove(replaced(goal, {m: num(0)}), by=self.given)
        one = self.times_past(num(1), f(m), law)
        step = self.pf.prove(replaced(goal, {m: m + 1}), by=[*self.given, goal, one], under=HERE)
        return self.pf.induct(m, 0, base, step, end=N)


def scores_and_rewards(pf: Any) -> tuple[Any, Any]:
    """E[sum S R] = N G, and E[(sum S)(sum R)] = N G: what two different members contribute has mean zero."""
    mean = Means(pf, ["p-positive", "mass"])
    flat, paid = mean.member(score(m), num(0)), mean.member(reward(m), J)
    both = mean.member(score(m) * reward(m), G)
    own = mean.sums(lambda i: score(i) * reward(i), both, G)
    zero = mean.sums(score, flat, num(0))
    goal = Eq(E(total(m, score) * total(m, reward), X), m * G)
    parts = [
        mean.times_past(total(m, score), reward(m), paid),
        mean.times_past(total(m, reward), score(m), flat),
        mean.times_past(num(1), score(m) * reward(m), both),
        pf.settle(pf.times(zero, J), under=HERE),
    ]
    base = pf.prove(replaced(goal, {m: num(0)}), by=mean.given)
    step = pf.prove(replaced(goal, {m: m + 1}), by=[*mean.given, goal, *parts], under=HERE)
    crossed = pf.induct(m, 0, base, step, end=N)
    return pf.put(own, m, N), pf.put(crossed, m, N)


# ------------------------------------------------------------------------------------- the group's mean as a baseline
hw28b = TOPIC.claim(
    "hw28b",
    "With the group's mean reward as its baseline the gradient has (N - 1)/N of the true one for its mean",
    kind="expectation",
    source=homework(28, "b"),
    vocabulary=NAMES,
    notation=WORDS,
    given=[POSITIVE, MASS],
    says=Eq(gradient(lambda _: group_mean()), (N - 1) / N * G),
    witness=group(*GENERIC, 2),
    instances={**INSTANCES, "alone": group(*GENERIC, 1)},
)


@hw28b.proof
def _(pf: Any, claim: Term) -> None:
    own, crossed = scores_and_rewards(pf)
    given = ["p-positive", "mass"]
    parts = [pf.times(own, 1 / N), pf.times(crossed, 1 / N**2)]
    split = E(total(N, lambda i: score(i) * reward(i))) / N - E(total(N, score) * total(N, reward)) / N**2
    (
        pf.chain(claim.args[0])
        .eq(split, "linearity", by=given)
        .eq(claim.args[1], "only a member's own score sees its reward", by=[*given, *parts])
        .done()
    )


def others(member: Any) -> Term:
    """The mean reward of the N - 1 other members."""
    return (total(N, reward) - reward(member)) / (N - 1)


hw28b.mutant("unbiased", Eq(gradient(lambda _: group_mean()), G), title="equal to the gradient", channels=SAMPLED)
hw28b.mutant(
    "turned", Eq((N - 1) / N * gradient(lambda _: group_mean()), G), at=group(*GENERIC, 2), title="N / (N - 1)"
)
hw28b.mutant(
    "plus-mean",
    Eq(gradient(lambda _: -group_mean()), (N - 1) / N * G),
    title="the mean added, not subtracted",
    channels=SAMPLED,
)
hw28b.mutant("twice", Eq(gradient(lambda _: 2 * group_mean()), (N - 1) / N * G), title="twice the mean subtracted")
hw28b.mutant(
    "any-velocity", without=["mass"], at=group("1/3 2/3", "1 2", "1 1", 2), title="a law that does not keep its mass"
)
hw28b.control(
    "one-sum",
    Eq(E(total(N, lambda i: score(i) * (N * reward(i) - total(N, reward))) / N**2), (N - 1) / N * G),
    title="over the common denominator N^2",
)

# ------------------------------------------------------------------------------------- the mean of the others as a baseline
loo = TOPIC.claim(
    "hw28b-loo",
    "With the mean reward of the other members as its baseline the gradient has the true one for its mean",
    kind="expectation",
    source=homework(28, "b"),
    vocabulary=NAMES,
    notation=WORDS,
    given=[
        POSITIVE,
        MASS,
        Hypothesis("group", Le(2, N), "there are other members", group(*GENERIC, 1)),
    ],
    says=Eq(gradient(others), G),
    witness=group(*GENERIC, 2),
    instances=INSTANCES,
)


@loo.proof
def by_pairs(pf: Any, claim: Term) -> None:
    own, crossed = scores_and_rewards(pf)
    given = ["p-positive", "mass", "group"]
    every, both = E(total(N, lambda i: score(i) * reward(i))), E(total(N, score) * total(N, reward))
    pairs = 1 / N / (N - 1)
    parts = [pf.times(own, 1 / N), pf.times(own, pairs), pf.times(crossed, pairs)]
    (
        pf.chain(claim.args[0])
        .eq(every / N - (both - every) / N / (N - 1), "linearity", by=given)
        .eq(claim.args[1], "only a member's own score sees its reward", by=[*given, *parts])
        .done()
    )


loo.mutant(
    "includes-itself", Eq(gradient(lambda _: group_mean()), G), title="the mean of all members", channels=SAMPLED
)
loo.mutant("scaled", Eq(gradient(others), (N - 1) / N * G), title="(N - 1) / N of the gradient", channels=SAMPLED)
loo.mutant("alone", without=["group"], at=group(*GENERIC, 1), title="a group of one")
loo.mutant("plus", Eq(gradient(lambda i: -others(i) * reward(i)), G), title="the mean of the others as a factor")


loo.control(
    "all-but-N-times-own",
    Eq(E(total(N, lambda i: score(i) * (N * reward(i) - total(N, reward)))) / N / (N - 1), G),
    derive=by_pairs,
    title="N times one's own reward less the sum of all",
)

# ------------------------------------------------------------------------------------- no advantage, even for its mean
MEMBER = Hypothesis("member", Le(0, k), "k is a member", group(*GENERIC, 2, k=-1, f="1 0 0", g="1 1 0"))
LAST = Hypothesis("of-the-group", Lt(k, N), "of the group", group(*GENERIC, 2, k=2, f="1 0 0", g="1 1 0"))


def weighed(baseline: Term) -> Term:
    """The mean of f times (reward - baseline) at one outcome."""
    return Sum(a, 0, n, p(a) * f(a) * (r(a) - baseline))


AT_ONE = E(f(X.x(k)) * (reward(k) - group_mean()))
hw28_0 = TOPIC.claim(
    "hw28-0",
    "The reward less the group's mean is, for its mean, (N - 1)/N of the reward less J: no advantage",
    kind="expectation",
    source=homework(28),
    vocabulary=NAMES,
    notation=WORDS,
    given=[MEMBER, LAST],
    says=Eq(AT_ONE, (N - 1) / N * weighed(J)),
    witness=group(*GENERIC, 3, k=1, f="3/2 -1 4/7", g="1 1 0"),
    instances={
        # f picks the outcomes that go on from s_1 by action 1 (then by 0), g those that visit s_1, where V is 2
        "EP-on": group(*EP, FIRST, 3, k=0, f="0 0 1", g="0 1 1"),
        "EP-stop": group(*EP, FIRST, 3, k=2, f="0 1 0", g="0 1 1"),
        "alone": group(*GENERIC, 1, k=0, f="1 2 3", g="1 1 0"),
    },
    about="With f = 1 for the outcomes whose step t is (s, a), divided by their probability, the left side is the conditional "
    "mean given (s, a), and the right side (N - 1)/N (Q(s, a) - J).  "
    "The advantage is Q(s, a) - V(s): EP has 4/3 for 1 and 0 for -1 at N = 3.",
)


@hw28_0.proof
def _(pf: Any, claim: Term) -> None:
    """E[f(x_k) (r_0 + ... + r_{m-1})] for m > k, by induction on m: member k's own reward, and m - 1 independent ones."""
    mean, own, here = Means(pf, []), f(X.x(k)), [Le(0, k), Lt(k, N)]
    F, own_reward = Sum(a, 0, n, p(a) * f(a)), Sum(a, 0, n, p(a) * f(a) * r(a))
    paid, chosen = mean.member(reward(m), J), mean.member(f(X.x(m)), F)
    both = mean.member(f(X.x(m)) * reward(m), own_reward)
    sums = mean.sums(reward, paid, J)

    def at_k(step: Any) -> Any:
        return pf.settle(pf.put(step, m, k), under=here)

    single = at_k(mean.times_past(num(1), f(X.x(m)), chosen))
    pair = at_k(mean.times_past(num(1), f(X.x(m)) * reward(m), both))
    before = at_k(mean.times_past(total(m, reward), f(X.x(m)), chosen))
    sum_k = pf.times(pf.settle(pf.put(sums, m, k), under=here), F)
    goal = Eq(E(own * total(m, reward), X), own_reward + (m - 1) * J * F)
    base = pf.prove(replaced(goal, {m: k + 1}), by=[single, pair, before, sum_k], under=here)
    later = [Le(k + 1, m), Lt(m, N), *here]
    after = pf.settle(mean.times_past(own, reward(m), paid, *later), under=later)
    step = pf.prove(replaced(goal, {m: m + 1}), by=[goal, after, pf.times(single, J)], under=later)
    crossed = pf.times(pf.settle(pf.put(pf.induct(m, k + 1, base, step, end=N), m, N), under=here), 1 / N)
    given = ["member", "of-the-group"]
    split = E(own * reward(k), X) - E(own * total(N, reward), X) / N
    (
        pf.chain(claim.args[0])
        .eq(split, "linearity", by=given)
        .eq(claim.args[1], "member k's own reward, and N - 1 independent ones", by=[*given, pair, crossed])
        .done()
    )


V = Sum(a, 0, n, p(a) * visited(a) * r(a)) / Sum(a, 0, n, p(a) * visited(a))
hw28_0.mutant("advantage", Eq(AT_ONE, weighed(V)), at=hw28_0.instances["EP-on"], title="equal to the advantage")
hw28_0.mutant(
    "scaled-advantage",
    Eq(AT_ONE, (N - 1) / N * weighed(V)),
    at=hw28_0.instances["EP-on"],
    title="(N - 1)/N of the advantage",
)
hw28_0.mutant("centred-by-J", Eq(AT_ONE, weighed(J)), title="without the factor", channels=SAMPLED)
hw28_0.mutant(
    "no-mean", Eq(E(f(X.x(k)) * reward(k)), (N - 1) / N * weighed(J)), title="the reward not centred", channels=SAMPLED
)
hw28_0.control(
    "expanded",
    Eq(E(f(X.x(k)) * reward(k)) - E(f(X.x(k)) * group_mean()), (N - 1) / N * weighed(J)),
    title="two expectations",
)

# ------------------------------------------------------------------------------------- a baseline that is independent
OWN = Vocabulary()
S, A, Y = OWN.size("S"), OWN.size("A"), OWN.size("Y")
p0, pi, K = OWN.pmf("p0", S), OWN.kernel("pi", [S], A), OWN.kernel("K", [S], Y)
speed, b = OWN.function("v", 2), OWN.function("b", 2)
Z = OWN.process("Z", 0, [["s", S, "p0", [], "p0", []], ["a", A, "pi", [["s", 0]], "pi", [["s", 0]]],
                         ["y", Y, "K", [["s", 0]], "K", [["s", 0]]]])  # fmt: skip
s, y = local_index("s"), local_index("y")
SCORE = D(Ln(pi(Z.s(), Z.a()) + t * speed(Z.s(), Z.a())), t, 0)


def two_states(pi: str = "2/3 1/3, 1/4 3/4", v: str = "1/5 -1/5, -2/7 2/7", b: str = "3 -1, 1/2 4") -> Instance:
    """Two states, two actions, two values of y."""
    rows = {name: [row.split() for row in text.split(",")] for name, text in (("pi", pi), ("v", v), ("b", b))}
    return {
        "ints": {"S": 2, "A": 2, "Y": 2},
        "tables": {"p0": ["2/5", "3/5"], "K": [["1/3", "2/3"], ["4/7", "3/7"]], **rows},
    }


NOTHING = Eq(E(SCORE * b(Z.s(), Z.y())), 0)
hw28a = TOPIC.claim(
    "hw28a",
    "A baseline that is independent of the action, given the state, adds nothing to the mean of the gradient",
    kind="expectation",
    source=homework(28, "a"),
    vocabulary=OWN,
    notation={
        "pi": r"\pi({1} \mid {0})",
        "K": "K({1} \\mid {0})",
        "v": "v_{{{0},{1}}}",
        "b": "b({0}, {1})",
        "p0": "p_0",
    },
    given=[
        Hypothesis(
            "positive",
            All(s, 0, S, All(a, 0, A, Gt(pi(s, a), 0))),
            "every action is possible in every state",
            two_states(pi="1 0, 1/4 3/4"),
        ),
        Hypothesis(
            "mass",
            All(s, 0, S, Eq(Sum(a, 0, A, speed(s, a)), 0)),
            "the policy keeps its mass",
            two_states(v="1/5 1/5, -2/7 2/7"),
        ),
    ],
    says=NOTHING,
    witness=two_states(),
    instances={"sure": two_states(b="1 1, 0 0"), "flat": two_states(v="0 0, 0 0")},
    about="b may hold the factor [t < T] of a random length, which is known with the state.",
)


@hw28a.proof
def independent(pf: Any, claim: Term) -> None:
    inner, given = Z.given(SCORE * b(Z.s(), Z.y()), 0, "s"), ["positive", "mass"]
    drawn = pf.rule("next_draws", given, inner, 2)
    flat = pf.times(pf.at("mass", Z.s()), Sum(j, 0, Y, K(Z.s(), j) * b(Z.s(), j)))
    each = (
        pf.chain(inner, "given the state")
        .then(drawn, "the mean over action and y")
        .then(pf.everywhere(drawn.right, by=given), "every action is possible")
        .eq(0, "the velocities of the actions sum to 0", by=[*given, flat])
        .done()
    )
    pf.chain(claim.args[0]).eq(E(inner), "tower", by=given).then(pf.mean(each, Z)).eq(0, "the mean of 0").done()


DEPENDENT = SCORE * b(Z.s(), Z.a())
PROBABILITY = D(pi(Z.s(), Z.a()) + t * speed(Z.s(), Z.a()), t, 0)
hw28a.mutant("own-reward", Eq(E(DEPENDENT), 0), title="a baseline that depends on the action", channels=SAMPLED)
hw28a.mutant("no-log", Eq(E(PROBABILITY * b(Z.s(), Z.y())), 0), title="the gradient of pi for that of log pi")
hw28a.mutant(
    "any-velocity", without=["mass"], at=two_states(v="1/5 1/5, -2/7 2/7"), title="a policy that does not keep its mass"
)
hw28a.mutant("its-mean", Eq(E(SCORE * b(Z.s(), Z.y())), E(b(Z.s(), Z.y()))), title="the mean of the baseline")


def subtracted(pf: Any, claim: Term) -> None:
    independent(pf, NOTHING)
    pf.prove(claim, by=["positive", pf.times(pf.last(), -1)])


hw28a.control(
    "minus", Eq(E(-b(Z.s(), Z.y()) * SCORE), 0), derive=subtracted, title="with a minus sign, as it is subtracted"
)
