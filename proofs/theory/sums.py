"""Finite sums over symbolic ranges."""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic, lemma
from proofs.kernel.terms import Term, replaced
from proofs.language import Eq, Le, Sum, Vocabulary, local_index

TOPIC = Topic("theory_sums", "Finite sums")
NAMES = Vocabulary()
a, b, f = NAMES.integer("a"), NAMES.integer("b"), NAMES.function("f")
j = local_index("j")
differences = Sum(j, a, b, f(j + 1) - f(j))


def instance(a: int, b: int) -> Instance:
    return {"ints": {"a": a, "b": b}, "tables": {"f": ["3", "-2", "5", "7/2", "-4"]}}


telescope = TOPIC.claim(
    "sum-telescope",
    "A sum of differences telescopes",
    kind="identity",
    source=lemma("hw11d"),
    vocabulary=NAMES,
    notation={"f": "f({0})"},
    given=[Hypothesis("order", Le(a, b), "the range is not reversed", instance(3, 1))],
    says=Eq(differences, f(b) - f(a)),
    witness=instance(1, 4),
    instances={"empty": instance(2, 2), "one": instance(0, 1)},
)


n = local_index("n")


def by_induction(last: Term) -> Any:
    """On the upper end of the range, from n to n + 1; `last` is the term that is added."""

    def derive(pf: Any, claim: Term) -> None:
        goal = replaced(claim, {b: n})
        left, right = goal.args
        base = pf.prove(replaced(goal, {n: a}))
        step = (
            pf.chain(replaced(left, {n: n + 1}), "from n to n + 1; for n = a both sides are 0")
            .eq(left + last, "the last term split off", under=[Le(a, n)])
            .eq(right + last, "the induction hypothesis", by=[goal])
            .eq(replaced(right, {n: n + 1}), "f(n) cancels")
            .done()
        )
        pf.put(pf.induct(n, a, base, step), n, b)

    return derive


telescope.proof(by_induction(f(n + 1) - f(n)))
telescope.mutant("last-too-early", Eq(differences, f(b - 1) - f(a)), title="the last term one too early")
telescope.mutant("first-too-late", Eq(differences, f(b) - f(a + 1)), title="the first term one too late")
telescope.mutant("sign", Eq(differences, f(a) - f(b)), title="the sign turned round")
telescope.control(
    "both-signs",
    Eq(Sum(j, a, b, f(j) - f(j + 1)), f(a) - f(b)),
    derive=by_induction(f(n) - f(n + 1)),
    title="both signs turned",
)
