"""GAE as a mixture of k-step advantages, for any values and rewards, with the exact remainder at every length."""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, homework, slides
from proofs.gae import NAMES as STEPS
from proofs.gae import NOTATION, V, advantage, delta, gamma, j, t
from proofs.kernel.terms import Term, num, replaced
from proofs.language import And, Eq, Le, Sum, Vocabulary, local_index

TOPIC = Topic("gae_mixture", "GAE as a mixture")
NAMES = Vocabulary()
NAMES.decls = dict(STEPS.decls)
n, m, lam, D = NAMES.integer("n"), NAMES.integer("m"), NAMES.real("lambda"), NAMES.real("D")
gae = NAMES.define("gae", Sum(j, 0, n, gamma**j * lam**j * delta(t + j)), n, t)
i = local_index("i")
WORDS = {**NOTATION, "gae": r"\mathrm{{GAE}}_{{{0},{1}}}", "lambda": r"\lambda"}


def at(n: int, lam: str = "4/5", gamma: str = "2/3", start: int = 1, **more: Any) -> Instance:
    """n steps from a time on; generic rewards and values, all TD errors within 17."""
    rewards, values = ["3", "-2", "5", "7/2", "-4", "1", "2/7"], ["1/2", "4", "-3", "2", "9/4", "6", "-5/3"]
    reals = {"gamma": gamma, "lambda": lam, "D": "17"}
    return {"ints": {"n": n, "t": start, **more}, "reals": reals, "tables": {"r": rewards, "V": values}}


def steady(rewards: list[str], gamma: str = "9/10", lam: str = "4/5", D: str = "1", **ints: int) -> Instance:
    """Values of 0, so that the TD errors are the rewards."""
    reals = {"gamma": gamma, "lambda": lam, "D": D}
    return {"ints": {"t": 0, **ints}, "reals": reals, "tables": {"r": rewards, "V": ["0"] * (len(rewards) + 1)}}


FLIPS, ONES = ["1", "-1"] * 7, ["1"] * 14
GROWING = [f"{25**power}/{18**power}" for power in range(14)]  # (gamma lambda)^(-l): the terms of the series stay 1
ALTERNATING = steady(FLIPS, n=12, m=0)  # the whole series has the sum 1 / (1 + 18/25) = 0.581395


def mixture(count: Any, power: Term = j) -> Term:
    """(1 - lambda) times the sum of lambda^(k-1) A^(k) over the first lengths k; power: in the place of k - 1."""
    return (1 - lam) * Sum(j, 0, count, lam**power * advantage(j + 1, t))


SIZE = Hypothesis("length", Le(0, n), "n counts steps", "for n < 0 the power lambda^n has no meaning")


def at_lambda(value: int, count: Any = n) -> Term:
    """GAE of that many steps with a number for lambda."""
    return Sum(j, 0, count, gamma**j * num(value) ** j * delta(t + j))


SERIES = Eq(mixture(n), gae(n, t) - lam**n * advantage(n, t))
hw11e = TOPIC.claim(
    "hw11e",
    "The geometric average of the first n advantages is GAE, less lambda^n times the n-step advantage",
    kind="identity",
    source=homework(11, "e"),
    vocabulary=NAMES,
    notation=WORDS,
    given=[SIZE],
    says=SERIES,
    witness=at(3),
    instances={
        "none": at(0),
        "one": at(1),
        "lambda-0": at(4, "0"),
        "lambda-1": at(4, "1"),
        "alternating": steady(FLIPS * 6, n=80),
    },
)


@hw11e.proof
def by_induction(pf: Any, claim: Term) -> None:
    """On n: the new advantage is the old one and gamma^n delta_{t+n}."""
    under = [Le(0, i)]
    goal = replaced(claim, {n: i})
    left, right = goal.args
    gain = (1 - lam) * lam**i * advantage(i + 1, t)
    known = longer(pf, under)
    step = (
        pf.chain(replaced(left, {i: i + 1}), "from n to n + 1")
        .eq(left + gain, "the last term split off", under=under)
        .eq(right + gain, "the induction hypothesis", by=[goal], under=under)
        .eq(replaced(right, {i: i + 1}), "one TD error more", by=[pf.times(known, lam**i)], under=under)
        .done()
    )
    pf.put(pf.induct(i, 0, pf.prove(replaced(goal, {i: num(0)})), step), i, n, by=["length"])


def longer(pf: Any, under: list[Term]) -> Any:
    """A^(i+1) = A^(i) + gamma^i delta_{t+i}."""
    return pf.prove(Eq(advantage(i + 1, t), advantage(i, t) + gamma**i * delta(t + i)), under=under)


hw11e.mutant(
    "no-factor",
    Eq(Sum(j, 0, n, lam**j * advantage(j + 1, t)), gae(n, t) - lam**n * advantage(n, t)),
    title="without the factor 1 - lambda",
)
hw11e.mutant(
    "weights-one-high",
    Eq(mixture(n, j + 1), gae(n, t) - lam**n * advantage(n, t)),
    title="weights lambda^k for lambda^(k-1)",
)
hw11e.mutant(
    "errors-one-high",
    Eq(mixture(n), Sum(j, 0, n, (gamma * lam) ** (j + 1) * delta(t + j)) - lam**n * advantage(n, t)),
    title="(gamma lambda)^(l+1) for (gamma lambda)^l",
)
hw11e.mutant(
    "lambda-alone",
    Eq(mixture(n), Sum(j, 0, n, lam**j * delta(t + j)) - lam**n * advantage(n, t)),
    title="lambda^l alone on the errors",
)
hw11e.mutant("no-remainder", Eq(mixture(n), gae(n, t)), title="a finite length without the remainder")


def moved_over(pf: Any, claim: Term) -> None:
    by_induction(pf, SERIES)
    pf.prove(claim, by=["length", pf.last()])


hw11e.control(
    "moved-over",
    Eq(mixture(n) + lam**n * advantage(n, t), gae(n, t)),
    derive=moved_over,
    title="the remainder on the left",
)

# ------------------------------------------------------------------------------------- on a finite horizon
geometric = TOPIC.claim(
    "ch1-gae-geometric",
    "With the weight lambda^(n-1) on the longest advantage the mixture of n advantages is GAE",
    kind="identity",
    source=slides("1894-1898"),
    vocabulary=NAMES,
    notation=WORDS,
    uses=[hw11e],
    given=[Hypothesis("length", Le(1, n), "at least one step", "for n < 1 the power lambda^(n-1) has no meaning")],
    says=Eq(mixture(n - 1) + lam ** (n - 1) * advantage(n, t), gae(n, t)),
    witness=at(3),
    instances={"one": at(1), "six": at(6, start=0), "lambda-0": at(4, "0"), "lambda-1": at(4, "1")},
)


@geometric.proof
def _(pf: Any, claim: Term) -> None:
    under = [Le(0, i)]
    whole = pf.cite("hw11e", under=under, n=i + 1)
    more = pf.prove(replaced(claim, {n: i + 1}), by=[whole], under=under)
    pf.prove(claim, by=["length", pf.put(more, i, n - 1, by=["length"])])


geometric.mutant(
    "weights-one-high",
    Eq(mixture(n - 1, j + 1) + lam ** (n - 1) * advantage(n, t), gae(n, t)),
    title="weights lambda^k for lambda^(k-1)",
)
geometric.mutant("no-tail", Eq(mixture(n), gae(n, t)), title="no weight for the tail")
geometric.mutant(
    "tail-one-high", Eq(mixture(n - 1) + lam**n * advantage(n, t), gae(n, t)), title="the tail with lambda^n"
)
geometric.mutant(
    "at-1-by-formula",
    Eq(replaced(mixture(n), {lam: num(1)}), gae(n, t)),
    at=at(3, "1"),
    title="the mixture alone at lambda = 1",
)
geometric.control(
    "whole", Eq(mixture(n) + lam**n * advantage(n, t), gae(n, t)), title="one advantage more in the mixture"
)


# ------------------------------------------------------------------------------------- the two ends
ends = TOPIC.claim(
    "ch1-gae-endpoints",
    "GAE is the one-step advantage at lambda = 0 and the n-step advantage at lambda = 1",
    kind="identity",
    source=slides("1900-1908"),
    vocabulary=NAMES,
    notation=WORDS,
    given=[Hypothesis("length", Le(1, n), "at least one step", at(0))],
    says=And(Eq(at_lambda(0), advantage(1, t)), Eq(at_lambda(1), advantage(n, t))),
    witness=at(3),
    instances={"one": at(1), "six": at(6, start=0), "gamma-1": at(4, gamma="1")},
)


@ends.proof
def both_ends(pf: Any, claim: Term) -> None:
    nothing = pf.put(pf.prove(Eq(num(0) ** (i + 1), 0), under=[Le(0, i)]), i, i - 1, under=[Le(1, i)])
    nothing = pf.prove(Eq(num(0) ** i, 0), by=[nothing], under=[Le(1, i)])
    all_one = Eq(num(1) ** i, 1)
    all_one = pf.induct(
        i, 0, pf.prove(Eq(num(1) ** 0, 1)), pf.prove(Eq(num(1) ** (i + 1), 1), by=[all_one], under=[Le(0, i)])
    )
    powers = [nothing, pf.settle(all_one, under=[Le(1, i)])]
    pf.rule("both", [one_end(pf, c, p) for c, p in zip(claim.args, powers, strict=True)])


def one_end(pf: Any, claim: Term, power: Any) -> Any:
    """One of the two equations, by induction on n, with what is known of lambda^i for i >= 1."""
    goal, under = replaced(claim, {n: i}), [Le(1, i)]
    known = [goal, pf.times(power, gamma**i * delta(t + i))]
    step = pf.prove(replaced(goal, {i: i + 1}), by=known, under=under)
    return pf.put(pf.induct(i, 1, pf.prove(replaced(goal, {i: num(1)})), step), i, n, by=["length"])


ends.mutant(
    "exchanged", And(Eq(at_lambda(1), advantage(1, t)), Eq(at_lambda(0), advantage(n, t))), title="the ends exchanged"
)
ends.mutant(
    "at-1-by-formula",
    And(Eq(at_lambda(0), advantage(1, t)), Eq((num(1) - 1) * Sum(j, 0, n, advantage(j + 1, t)), advantage(n, t))),
    title="lambda = 1 put into the formula of the mixture: 0",
)
ends.mutant(
    "zero-to-the-zero",
    And(Eq(Sum(j, 1, n, gamma**j * num(0) ** j * delta(t + j)), advantage(1, t)), Eq(at_lambda(1), advantage(n, t))),
    title="0^0 = 0",
)
ends.mutant(
    "no-bootstrap",
    And(Eq(at_lambda(0), advantage(1, t)), Eq(at_lambda(1), advantage(n, t) - gamma**n * V(t + n))),
    title="no value after the last step",
)
ends.control(
    "turned", And(Eq(advantage(1, t), at_lambda(0)), Eq(advantage(n, t), at_lambda(1))), title="sides exchanged"
)
