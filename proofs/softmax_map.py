"""The map from logits to the simplex: what it ignores, its Jacobian, and how far it reaches."""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Topic, slides
from proofs.kernel.terms import Term, num, opened
from proofs.language import All, And, Eq, Exp, Implies, Ind, Le, Lt, Sum, local_index
from proofs.softmax import HEAD, HEAD_NOTATION, POLICY, c, d, head, image, jacobian, mu, v, z
from proofs.theory.exponential import concluded
from proofs.theory.softmax import divided, partition, positive, softmax, strict_sum

TOPIC = Topic("softmax_map", "From logits to the simplex")
i, j = local_index("i"), local_index("j")

reparam = TOPIC.claim(
    "ch1-softmax-reparam",
    "Softmax is shift invariant, and its Jacobian is diag(mu) - mu mu^T",
    kind="identity",
    source=slides("2136-2143"),
    vocabulary=HEAD,
    notation=HEAD_NOTATION,
    uses=[positive],
    says=And(
        All(i, 0, d, Eq(softmax(d, lambda a: z(a) + c, i), mu(i))),
        All(i, 0, d, All(j, 0, d, Eq(jacobian(i, j), mu(i) * Ind(Eq(i, j)) - mu(i) * mu(j)))),
    ),
    witness=head("-1/2 ln(2) 3/7", c="5/3"),
    instances={"policy": head(POLICY, c="-2"), "one-action": head("4", c="1")},
)


@reparam.proof
def _(pf: Any, claim: Term) -> None:
    known = divided(pf, z, lambda a: z(a) + c, actions=d)
    here = [Le(0, i), Lt(i, d), Le(0, j), Lt(j, d)]
    same = Eq(softmax(d, lambda a: z(a) + c, i), mu(i))
    shift = pf.every(i, 0, d, concluded(pf, same, "exp(c) cancels", known))
    entry = (
        pf.chain(jacobian(i, j), "entry i, j of the Jacobian")
        .eq(mu(i) * Ind(Eq(i, j)) - mu(i) * mu(j), "the quotient rule", by=known, under=here)
        .done()
    )
    pf.rule("both", [shift, pf.every(i, 0, d, pf.every(j, 0, d, entry))])


reparam.mutant(
    "diagonal", All(i, 0, d, All(j, 0, d, Eq(jacobian(i, j), mu(i) * Ind(Eq(i, j))))), title="the Jacobian diag(mu)"
)
reparam.mutant(
    "scaled", All(i, 0, d, Eq(softmax(d, lambda a: c * z(a), i), mu(i))), title="invariant to a scale of the logits"
)
reparam.control(
    "symmetric",
    And(
        All(i, 0, d, Eq(mu(i), softmax(d, lambda a: z(a) + c, i))),
        All(i, 0, d, All(j, 0, d, Eq(jacobian(i, j), mu(j) * (Ind(Eq(i, j)) - mu(i))))),
    ),
    derive=lambda pf, claim: symmetric(pf, claim),
    title="the Jacobian read by columns",
)


def symmetric(pf: Any, claim: Term) -> None:
    known, spot = divided(pf, z, lambda a: z(a) + c, actions=d), local_index("spot")
    here = [Le(0, i), Lt(i, d), Le(0, j), Lt(j, d)]
    shift, goal = Eq(mu(i), softmax(d, lambda a: z(a) + c, i)), Eq(jacobian(i, j), mu(j) * (Ind(Eq(i, j)) - mu(i)))

    def equal(*sides: Term) -> Any:
        swap = pf.rule("inside", [pf.prove(Eq(i, j), under=sides)], spot, Exp(z(spot)) / partition(d, z))
        return pf.prove(goal, by=[*known, swap], under=[*sides, *here])

    def apart(side: Term) -> Any:
        return pf.prove(goal, by=known, under=[side, *here])

    entry = pf.cases(i, j, lambda p: pf.cases(j, i, lambda q: equal(p, q), apart), apart)
    pf.rule(
        "both",
        [pf.every(i, 0, d, pf.prove(shift, by=known)), pf.every(i, 0, d, pf.every(j, 0, d, entry))],
    )


kernel = TOPIC.claim(
    "ch1-softmax-reparam-rank",
    "The Jacobian of softmax sends exactly the constant directions to zero, so its rank is d - 1",
    kind="iff",
    source=slides("2136-2143"),
    vocabulary=HEAD,
    notation=HEAD_NOTATION,
    uses=[positive],
    says=And(
        Implies(All(i, 0, d, Eq(image(i), 0)), All(i, 0, d, Eq(v(i), v(0)))),
        Implies(All(i, 0, d, Eq(v(i), v(0))), All(i, 0, d, Eq(image(i), 0))),
    ),
    witness=head("-1/2 ln(2) 3/7", v="4/3 4/3 4/3"),
    instances={"not-constant": head(POLICY, v="1 2 -5"), "one-action": head("4", v="1")},
)


@kernel.proof
def null_space(pf: Any, claim: Term) -> Any:
    """(J v)_i = mu_i (v_i - vbar), where vbar is the mean of v under mu."""
    known, here = divided(pf, z, actions=d), [Le(0, i), Lt(i, d)]
    total, mean = partition(d, z), Sum(j, 0, d, softmax(d, z, j) * v(j))
    flat, constant = claim.args[0].args
    shape = (
        pf.chain(image(i), "the Jacobian takes the mean off and weights by mu")
        .eq(softmax(d, z, i) * (v(i) - mean), "the quotient rule", by=known)
        .done()
    )

    def level(a: Any) -> Any:
        gap = pf.times(pf.put(shape, i, a), total * Exp(-z(a)))
        zero = pf.times(pf.at(flat, a, under=here), total * Exp(-z(a)))
        return pf.prove(Eq(v(a), mean), by=[gap, zero, *known])

    each = pf.every(i, 0, d, pf.prove(Eq(v(i), v(0)), by=[level(i), level(num(0)), *known]))
    there = pf.rule("imply", [each], flat)
    weighted = pf.times(pf.at(constant, j, under=[Le(0, j), Lt(j, d)]), softmax(d, z, j))
    middle = pf.prove(Eq(mean, v(0)), by=[pf.rule("sum_order", [pf.every(j, 0, d, weighted)]), *known])
    same = pf.prove(Eq(v(i) - mean, 0), by=[middle, pf.at(constant, i, under=here), *known])
    back = pf.every(i, 0, d, pf.prove(Eq(image(i), 0), by=[shape, pf.times(same, softmax(d, z, i)), *known]))
    back = pf.rule("imply", [back], constant)
    pf.rule("both", [there, back])
    return there, back


kernel.mutant(
    "full-rank",
    Implies(All(i, 0, d, Eq(image(i), 0)), All(i, 0, d, Eq(v(i), 0))),
    title="only the zero direction is sent to zero",
)
kernel.mutant(
    "rank-one-less",
    Implies(Eq(image(0), 0), All(i, 0, d, Eq(v(i), v(0)))),
    at=head("0 0 0", v="0 1 -1"),
    title="one vanishing slope is enough",
)
kernel.control(
    "exchanged",
    And(
        Implies(All(i, 0, d, Eq(v(i), v(0))), All(i, 0, d, Eq(image(i), 0))),
        Implies(All(i, 0, d, Eq(image(i), 0)), All(i, 0, d, Eq(v(i), v(0)))),
    ),
    derive=lambda pf, claim: exchanged(pf, claim),
    title="the two directions exchanged",
)


def exchanged(pf: Any, claim: Term) -> None:
    there, back = null_space(pf, And(*claim.args[::-1]))
    pf.rule("both", [back, there])


interior = TOPIC.claim(
    "ch1-softmax-reparam-interior",
    "A softmax policy over two or more actions never plays a pure strategy",
    kind="inequality",
    source=slides("2136-2143"),
    vocabulary=HEAD,
    notation=HEAD_NOTATION,
    uses=[positive, strict_sum],
    given=[Hypothesis("two", Le(2, d), "there are two actions", head("4"))],
    says=All(i, 0, d, And(Lt(0, mu(i)), Lt(mu(i), 1))),
    witness=head("-1/2 ln(2) 3/7"),
    instances={"far": head("0 -40"), "policy": head(POLICY)},
)


@interior.proof
def _(pf: Any, claim: Term) -> None:
    """exp(z_i) is one term of the partition function, and another term is positive."""
    known, here = divided(pf, z, actions=d), [Le(0, i), Lt(i, d)]
    total, goal = partition(d, z), opened(claim.args[2], i)
    each = pf.every(j, 0, d, pf.scale(pf.prove(Le(Ind(Eq(j, i)), 1)), pf.prove(Le(0, Exp(z(j))))))

    def other(h: int, side: Term) -> Any:
        weight = pf.prove(Lt(0, Exp(z(h))))
        strict = pf.scale(pf.prove(Lt(Ind(Eq(num(h), i)), 1), under=[side]), weight)
        sums = pf.cite(
            "sum-strict", by=["two"], n=d, h=h, f=lambda a: Exp(z(a)) * Ind(Eq(a, i)), g=lambda a: Exp(z(a)) * 1
        )
        less = (
            pf.chain(Exp(z(i)), f"some other action: {h}")
            .link("Lt", total, "its term is positive, too", by=[pf.rule("cut", [sums, each, strict])], under=here)
            .done()
        )
        return pf.prove(goal, by=[*known, pf.scale(less, pf.prove(Lt(0, 1 / total), by=known))])

    entry = pf.cases(i, 0, lambda p: other(1, p), lambda p: other(0, p))
    pf.every(i, 0, d, entry)


interior.mutant("one-action", without=["two"], at=head("4"), title="also for a single action")
interior.mutant("zero", All(i, 0, d, Le(mu(i), 0)), title="a probability that is zero")
interior.control("what-is-left", All(i, 0, d, And(Lt(0, mu(i)), Lt(0, 1 - mu(i)))), title="some is left for the others")
