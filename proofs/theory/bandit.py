"""A one-step problem: the softmax policy mu(z) draws an action a, which pays C_a.

Its expected policy gradient by the logit of action i is g_i = sum_a mu_a C_a d log mu_a / dz_i.
"""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance
from proofs.kernel.terms import Term, term
from proofs.language import D, Gt, Ln, Sum, Vocabulary, local_index, local_real
from proofs.theory.softmax import moved, softmax, unit

a, i, t = local_index("a"), local_index("i"), local_real("t")
NOTATION = {
    "z": "z_{{{0}}}", "C": "C_{{{0}}}", "mu": r"\mu_{{{0}}}", "mean": r"\bar C", "gradient": "g_{{{0}}}",
    "score": r"\frac{{\partial \ln \mu_{{{0}}}}}{{\partial z_{{{1}}}}}",
    "centred": r"\mu_{{{0}}}(z + \alpha\, \mu \cdot (C - \bar C))",
    "after": r"\mu_{{{0}}}(z + \alpha g)",
}  # fmt: skip


class Bandit:
    """The names of one such problem, with a symbolic number of actions or with a given one.

    mu(i): the policy.  mean(): the expected reward.  score(a, i): d log mu_a / dz_i.  gradient(i): g_i.  after(i): the
    probability of action i after the step alpha g; centred(i): the same with g_i = mu_i (C_i - mean) put in.
    """

    def __init__(self, actions: int | None = None) -> None:
        names = self.names = Vocabulary()
        self.k = k = names.size("k") if actions is None else term(actions)
        self.m, self.alpha = names.integer("m"), names.real("alpha")
        self.z, self.C = names.function("z"), names.function("C")
        self.mu = names.define("mu", softmax(k, self.z, i), i)
        self.mean = names.define("mean", Sum(a, 0, k, self.mu(a) * self.C(a)))
        self.score = names.define("score", D(Ln(softmax(k, moved(self.z, t, unit(i)), a)), t, 0), a, i)
        self.gradient = names.define("gradient", self.expected(i), i)
        self.centred = names.define("centred", softmax(k, moved(self.z, self.alpha, self.closed), i), i)
        self.after = names.define("after", softmax(k, moved(self.z, self.alpha, self.gradient), i), i)

    def expected(self, i: Any) -> Term:
        """sum_a mu_a C_a score_i(a)."""
        return Sum(a, 0, self.k, self.mu(a) * (self.C(a) * self.score(a, i)))

    def closed(self, i: Any) -> Term:
        """mu_i (C_i - mean): what the gradient turns out to be, with nothing abbreviated."""
        average = Sum(a, 0, self.k, softmax(self.k, self.z, a) * self.C(a))
        return softmax(self.k, self.z, i) * (self.C(i) - average)

    def forward(self, without: Instance) -> Hypothesis:
        return Hypothesis("forward", Gt(self.alpha, 0), "the step is forward", without)


def bandit(pi: str, C: str, alpha: str = "", **ints: int) -> Instance:
    """A policy by its probabilities, rewards, a step size; k and m by name."""
    logits = [f"ln({x})" for x in pi.split()]
    return {"ints": ints, "reals": {"alpha": alpha} if alpha else {}, "tables": {"z": logits, "C": C.split()}}
