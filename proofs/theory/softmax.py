"""The softmax policy mu_i(z) = exp(z_i) / sum_j exp(z_j) over k actions with logits z.

What topics need of it: the partition function is positive, so that mu is a pmf; and moving the logits along g raises the
probability of an action whose g is largest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, lemma
from proofs.kernel.terms import Term, num
from proofs.language import All, And, Eq, Exp, Gt, Ind, Le, Lt, Sum, Vocabulary, local_index, local_real
from proofs.theory.exponential import concluded, increasing, strictly

TOPIC = Topic("theory_softmax", "Softmax")
Logits = Callable[[Any], Term]
_action, i, j = local_index("action"), local_index("i"), local_index("j")


def partition(k: Any, z: Logits) -> Term:
    """Z(z) = sum_j exp(z_j) over k actions."""
    return Sum(_action, 0, k, Exp(z(_action)))


def softmax(k: Any, z: Logits, a: Any) -> Term:
    """mu_a(z)."""
    return Exp(z(a)) / partition(k, z)


def unit(b: Any) -> Logits:
    """The unit vector of action b."""
    return lambda a: Ind(Eq(a, b))


def moved(z: Logits, step: Any, g: Logits) -> Logits:
    """The logits z + step g."""
    return lambda a: z(a) + step * g(a)


# ------------------------------------------------------------------------------------- softmax is a pmf
NAMES = Vocabulary()
k, m, h = NAMES.size("k"), NAMES.integer("m"), NAMES.integer("h")
alpha, z, g = NAMES.real("alpha"), NAMES.function("z"), NAMES.function("g")
f = NAMES.function("f")
mu = NAMES.define("mu", softmax(k, z, i), i)
Z = NAMES.define("Z", partition(k, z))
ahead = NAMES.define("ahead", softmax(k, moved(z, alpha, g), i), i)
NOTATION = {
    "z": "z_{{{0}}}", "g": "g_{{{0}}}", "f": "f_{{{0}}}", "mu": r"\mu_{{{0}}}(z)", "Z": "Z(z)",
    "ahead": r"\mu_{{{0}}}(z + \alpha g)",
}  # fmt: skip


def logits(z: str, g: str = "", **more: Any) -> Instance:
    """Logits and a direction; alpha, m and h by name."""
    reals, ints = (
        {n: str(v) for n, v in more.items() if n == "alpha"},
        {n: v for n, v in more.items() if n != "alpha"},
    )
    tables = {"z": z.split(), **({"g": g.split()} if g else {})}
    return {"ints": {"k": len(z.split()), **ints}, "reals": reals, "tables": tables}


positive = TOPIC.claim(
    "softmax-partition",
    "The partition function is positive",
    kind="inequality",
    source=lemma("hw08a"),
    vocabulary=NAMES,
    notation=NOTATION,
    says=Gt(Z(), 0),
    witness=logits("0 ln(2) -3/5"),
    instances={"one-action": logits("-4")},
)


@positive.proof
def above_zero(pf: Any, claim: Term) -> None:
    parts = pf.settle(pf.rule("split", [], partition(k, z), num(1)))
    rest = pf.rule("sum_order", [pf.every(i, 1, k, pf.prove(Le(0, Exp(z(i)))))])
    (
        pf.chain(claim.args[0])
        .link("Lt", Exp(z(0)), "an exponential is positive")
        .le(claim.args[1], "and so are the other terms", by=[parts, rest])
        .done()
    )


def reciprocal(pf: Any, claim: Term) -> None:
    above_zero(pf, Gt(Z(), 0))
    pf.defined.append(pf.last().n)
    pf.prove(claim, by=[pf.last()])


positive.mutant("above-one", Gt(Z(), 1), at=logits("-4 -3"), title="at least one logit is not negative")
positive.mutant("of-logits", Gt(Sum(j, 0, k, z(j)), 0), at=logits("-4 1"), title="the sum of the logits themselves")
positive.control("reciprocal", Gt(1 / Z(), 0), derive=reciprocal, title="its reciprocal")


def divided(pf: Any, *choices: Logits, actions: Any = k) -> list[Any]:
    """Z > 0 for these logits, which defines the quotients by Z."""
    known = [pf.cite("softmax-partition", z=z, k=actions) for z in choices]
    pf.defined += [t.n for t in known]
    return known


BETWEEN = And(All(i, 0, k, Lt(0, mu(i))), All(i, 0, k, Le(mu(i), 1)))
pmf = TOPIC.claim(
    "softmax-pmf",
    "Softmax is a pmf that gives each action a positive probability",
    kind="identity",
    source=lemma("ch1-discrete-head"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[positive],
    says=And(Eq(Sum(i, 0, k, mu(i)), 1), BETWEEN),
    witness=logits("0 ln(2) -3/5"),
    instances={"one-action": logits("-4"), "equal": logits("2 2")},
)


@pmf.proof
def _(pf: Any, claim: Term) -> None:
    known = divided(pf, z)
    total = concluded(pf, claim.args[0], "one partition function over itself", known)
    here = [Le(0, i), Lt(i, k)]
    below = pf.rule("sum_order", [pf.every(j, 0, k, pf.scale(pf.prove(Le(Ind(Eq(j, i)), 1)), Exp(z(j))))])
    whole = partition(k, z)
    share = pf.scale(pf.prove(Le(Exp(z(i)), whole), by=[below], under=here), 1 / whole, by=known)
    above = pf.prove(Lt(0, mu(i)), by=known)
    most = (
        pf.chain(mu(i), "no probability is more than 1")
        .le(whole / whole, "exp(z_i) is one term of the partition function", by=[*known, share])
        .eq(1, "", by=known)
        .done()
    )
    pf.rule("both", [total, pf.rule("both", [pf.every(i, 0, k, above), pf.every(i, 0, k, most)])])


pmf.mutant("strictly-below-one", All(i, 0, k, Lt(mu(i), 1)), at=logits("-4"), title="also for one action")
pmf.mutant("no-exponential", Eq(Sum(i, 0, k, z(i) / Z()), 1), title="logits divided by the partition function")
pmf.mutant("off-by-one", Eq(Sum(i, 1, k, mu(i)), 1), title="the sum without the first action")
pmf.control(
    "one-first",
    And(Eq(1, Sum(i, 0, k, mu(i))), BETWEEN),
    title="the equation turned round",
)

# ------------------------------------------------------------------------------------- a sum that is strictly larger
SUMS = Vocabulary()
n, place = SUMS.size("n"), SUMS.integer("h")
low, high = SUMS.function("f"), SUMS.function("g")


def rows(f: str, g: str, h: int) -> Instance:
    return {"ints": {"n": len(f.split()), "h": h}, "tables": {"f": f.split(), "g": g.split()}}


strict_sum = TOPIC.claim(
    "sum-strict",
    "Sums of terms in order, one of them strictly",
    kind="inequality",
    source=lemma("hw08d"),
    vocabulary=SUMS,
    notation={"f": "f_{{{0}}}", "g": "g_{{{0}}}"},
    given=[
        Hypothesis("order", All(j, 0, n, Le(low(j), high(j))), "each term is at most the other sum's", rows("2 1", "1 3/2", 1)),
        Hypothesis("range", And(Le(0, place), Lt(place, n)), "h is an index of the sums", {
            "ints": {"n": 1, "h": 1}, "tables": {"f": ["1", "1"], "g": ["1", "2"]}}),
        Hypothesis("strict", Lt(low(place), high(place)), "there the terms differ", rows("1 2", "1 2", 1)),
    ],
    says=Lt(Sum(j, 0, n, low(j)), Sum(j, 0, n, high(j))),
    witness=rows("1 -2/3 4", "1 1/2 5", 1),
    instances={"one-term": rows("1", "2", 0)},
)  # fmt: skip


@strict_sum.proof
def _(pf: Any, claim: Term) -> None:
    """f_j + [j = h] (g_h - f_h) <= g_j for each j, and the left sides add up to the sum of f plus g_h - f_h."""
    here, spot = [Le(0, j), Lt(j, n)], local_index("spot")
    goal = Le(low(j) + Ind(Eq(j, place)) * (high(place) - low(place)), high(j))

    def elsewhere(side: Term) -> Any:
        return pf.prove(goal, by=[pf.at("order", j, under=here)], under=[side, *here])

    def at_place(*sides: Term) -> Any:
        same = pf.prove(Eq(j, place), under=sides)
        return pf.prove(goal, by=[pf.rule("inside", [same], spot, side(spot)) for side in (low, high)], under=sides)

    each = pf.cases(j, place, lambda p: pf.cases(place, j, lambda q: at_place(p, q), elsewhere), elsewhere)
    total = pf.rule("sum_order", [pf.every(j, 0, n, each)])
    why = "f_j + 1{j = h} (g_h - f_h) <= g_j for every j; the left sides add up to the sum of f and g_h - f_h > 0"
    concluded(pf, claim, why, [total, "range", "strict"])


strict_sum.mutant(
    "none-strict",
    without=["strict"],
    at=rows("1 2", "1 2", 1),
    title="without a term that is strictly smaller",
)
strict_sum.mutant("reversed", Gt(Sum(j, 0, n, low(j)), Sum(j, 0, n, high(j))), title="the order turned round")
strict_sum.mutant(
    "squares",
    Lt(Sum(j, 0, n, low(j) ** 2), Sum(j, 0, n, high(j) ** 2)),
    at=rows("-3", "1", 0),
    title="the sums of squares, too",
)
strict_sum.control("difference", Lt(0, Sum(j, 0, n, high(j)) - Sum(j, 0, n, low(j))), title="the difference")

# ------------------------------------------------------------------------------------- equal logits, equal policies
same = TOPIC.claim(
    "softmax-congruence",
    "Equal logits give equal probabilities",
    kind="identity",
    source=lemma("hw08f"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[positive],
    given=[
        Hypothesis("equal", All(j, 0, k, Eq(f(j), z(j))), "the logits of each action are equal", {
            "ints": {"k": 2, "m": 0}, "tables": {"z": ["1", "2"], "f": ["1", "3"]}}),
        Hypothesis("range", And(Le(0, m), Lt(m, k)), "m is an action", {
            "ints": {"k": 1, "m": 1}, "tables": {"z": ["1", "2"], "f": ["1", "3"]}}),
    ],
    says=Eq(softmax(k, f, m), mu(m)),
    witness={"ints": {"k": 3, "m": 1}, "tables": {"z": ["2/3", "ln(2)", "-1"], "f": ["2/3", "ln(2)", "-1"]}},
)  # fmt: skip


@same.proof
def _(pf: Any, claim: Term) -> None:
    known = divided(pf, z, f)
    spot, here = local_real("spot"), [Le(0, j), Lt(j, k)]
    powers = pf.rule("inside", [pf.at("equal", j, under=here)], spot, Exp(spot))
    sums = pf.rule("sum_order", [pf.every(j, 0, k, powers)])
    top = pf.put(powers, j, m, by=["range"])
    share = pf.rule("inside", [sums], spot, Exp(f(m)) / spot)
    (
        pf.chain(claim.args[0])
        .then(share, "equal partition functions")
        .eq(claim.args[1], "equal exponentials", by=[pf.times(top, 1 / partition(k, z)), *known])
        .done()
    )


same.mutant("elsewhere", Eq(softmax(k, f, m), mu(m - 1)), title="of another action")
same.mutant("order", without=["equal"], at=same.given[0].without, title="of any logits")  # type: ignore[arg-type]
same.control(
    "difference", Eq(mu(m), softmax(k, f, m)), derive=lambda pf, claim: turned(pf, claim), title="turned round"
)


def turned(pf: Any, claim: Term) -> None:
    same.derive(pf, Eq(*claim.args[::-1]))  # type: ignore[misc]
    pf.prove(claim, by=[pf.last(), *divided(pf, z, f)])


# ------------------------------------------------------------------------------------- along a direction
FORWARD = "the step is forward"
BACK = {"z": "0 ln(2) ln(3)", "g": "5/12 -1/6 -1/4"}  # a generic policy, (1/6, 1/3, 1/2)


def largest(m: int = 0, h: int = 1, alpha: str = "3/2", z: str = BACK["z"], g: str = BACK["g"]) -> Instance:
    return logits(z, g, m=m, h=h, alpha=alpha)


MOST = [
    Hypothesis(
        "largest", All(j, 0, k, Le(g(j), g(m))), "no action has a larger g than m", largest(g="2 -1 5", alpha="2")
    ),
    Hypothesis("range", And(Le(0, h), Lt(h, k)), "h is an action", logits("0", "2 1", m=0, h=1, alpha=1)),
    Hypothesis("strict", Lt(g(h), g(m)), "action h has a smaller g than m", largest(g="2 2 2")),
    Hypothesis("forward", Gt(alpha, 0), FORWARD, largest(alpha="-1")),
]
rises = TOPIC.claim(
    "softmax-rises",
    "Moving the logits along g raises the probability of an action whose g is largest",
    kind="inequality",
    source=lemma("hw08d"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[increasing, strictly, positive, strict_sum],
    given=MOST,
    says=Lt(mu(m), ahead(m)),
    witness=largest(),
    instances={"tie": largest(m=1, h=2, g="2 2 -1"), "two-actions": largest(m=1, h=0, z="-1/2 3", g="1 4/3")},
)


@rises.proof
def climbs(pf: Any, claim: Term) -> None:
    """Each exp(alpha g_j) is at most exp(alpha g_m), that of h is less: so the partition function grows by less."""
    after, top = moved(z, alpha, g), Exp(alpha * g(m))
    known = divided(pf, z, after)

    def less(a: Term, lemma: str, order: Any) -> Any:
        power = pf.cite(
            lemma, by=[pf.scale(order, pf.prove(Lt(0, alpha), by=["forward"]))], x=alpha * g(a), y=alpha * g(m)
        )
        scaled = pf.scale(power, pf.prove(Lt(0, Exp(z(a)))))
        return pf.prove(type_of(scaled)(Exp(after(a)), Exp(z(a)) * top), by=[scaled])

    each = pf.every(j, 0, k, less(j, "exp-monotone", pf.at("largest", j, under=[Le(0, j), Lt(j, k)])))
    one = less(h, "exp-strict", pf.step("strict"))
    sums = pf.cite("sum-strict", by=["range"], n=k, h=h, f=lambda a: Exp(after(a)), g=lambda a: Exp(z(a)) * top)
    sums = pf.rule("cut", [sums, each, one, pf.step("range")])
    pf.chain(sums.left, "the partition function grows by less than the factor exp(alpha g_m)").then(
        sums, "exp(alpha g_j) <= exp(alpha g_m), and strictly for j = h"
    ).eq(top * partition(k, z), "the factor taken out").done()
    weight = Exp(z(m)) / (partition(k, z) * partition(k, after))
    product = pf.scale(known[0], known[1])
    shares = pf.scale(sums, pf.prove(Lt(0, weight), by=[*known, product]))
    concluded(pf, claim, "exp(z_m) exp(alpha g_m) over a sum that grew by less", [*known, shares])


def type_of(t: Any) -> Callable[[Any, Any], Term]:
    return Lt if t.prop.op == "Lt" else Le


rises.mutant("falls", Gt(mu(m), ahead(m)), title="it falls")
rises.mutant(
    "not-the-largest", without=["largest"], at=largest(g="2 -1 5", alpha="2"), title="g above that of one action only"
)
rises.mutant("backward", without=["forward"], at=largest(alpha="-1"), title="for a step of any sign")
rises.mutant("tie", without=["strict"], at=largest(g="2 2 2"), title="strictly, also where all g are equal")


rises.control("difference", Lt(0, ahead(m) - mu(m)), title="the difference is positive")

falls = TOPIC.claim(
    "softmax-falls",
    "Moving the logits along g lowers the probability of an action whose g is least",
    kind="inequality",
    source=lemma("hw08g"),
    vocabulary=NAMES,
    notation=NOTATION,
    uses=[rises],
    given=[
        Hypothesis(
            "least", All(j, 0, k, Le(g(m), g(j))), "no action has a smaller g than m", largest(g="-2 -1 -50", alpha="1/2")
        ),
        Hypothesis("range", And(Le(0, h), Lt(h, k)), "h is an action", logits("0", "1 2", m=0, h=1, alpha=1)),
        Hypothesis("strict", Lt(g(m), g(h)), "action h has a larger g than m", largest(g="2 2 2")),
        Hypothesis("forward", Gt(alpha, 0), FORWARD, largest(g="-5/12 1/6 1/4", alpha="-1")),
    ],
    says=Lt(ahead(m), mu(m)),
    witness=largest(g="-5/12 1/6 1/4"),
    instances={"tie": largest(m=1, h=2, g="-2 -2 1")},
)  # fmt: skip


@falls.proof
def _(pf: Any, claim: Term) -> None:
    """From z + alpha g along -g back to z."""
    divided_by = [pf.cite("softmax-partition", z=choice) for choice in (z, moved(z, alpha, g))]
    pf.defined += [t.n for t in divided_by]
    back = pf.cite("softmax-rises", by=["range", "strict", "forward"], z=moved(z, alpha, g), g=lambda a: -g(a))
    here = [Le(0, j), Lt(j, k)]
    order = pf.every(j, 0, k, pf.prove(Le(-g(j), -g(m)), by=[pf.at("least", j, under=here)], under=here))
    why = "from z + alpha g back to z along -g, where -g is largest at m"
    concluded(pf, claim, why, [*divided_by, pf.rule("cut", [back, order])])


falls.mutant("rises", Lt(mu(m), ahead(m)), title="it rises")
falls.mutant(
    "not-the-least", without=["least"], at=largest(g="-2 -1 -50", alpha="1/2"), title="g below that of one action only"
)
falls.mutant("tie", without=["strict"], at=largest(g="2 2 2"), title="strictly, also where all g are equal")
falls.control("difference", Gt(mu(m) - ahead(m), 0), title="the difference is positive")
