"""What holds surely: on every path of positive probability, not on one, not in the mean, not off the support."""

from proofs.kernel.terms import mk, num
from proofs.language import All, Eq, Ge, Gt, Ind, Le, Lt, Ne, Surely
from tests.kernel.attacks.base import CHAIN, PAIR, P, S, W, X, Z, finish, h, i, mean, p0, s, v, wrong

ONE_OUTCOME = "speaks of this one outcome"
ZERO = Surely(Eq(h(s(0)), 0))


def sure(p, by=(), under=()):
    return lambda pf, c: pf.surely(pf.prove(p, by=list(by), under=list(under)), X)


def here(pf, trajectory=X):
    return pf.on_path("h0", trajectory)


def given(body, path, time, pos):
    return mk("CondE", "X", path, num(time), pos, mean(body).args[1])


ATTACKS = [
    wrong("one-outcome-is-not-every-outcome", "h >= 0 is assumed of one path", CHAIN, [], Surely(Ge(h(s(0)), 0)), sure(Ge(h(s(0)), 0), under=[Ge(h(s(0)), 0)]), says=ONE_OUTCOME),
    wrong("one-outcome-through-cut", "the assumption stays", CHAIN, [], Surely(Eq(s(0), s(1))), lambda pf, c: pf.surely(pf.rule("cut", [pf.step(Eq(s(0), s(1)))]), X), says=ONE_OUTCOME),
    wrong("zero-mean-is-not-zero", "E h = 0 leaves h free", CHAIN, [Eq(mean(h(s(0))), 0)], ZERO, sure(Eq(h(s(0)), 0), by=["h0"])),
    wrong("off-the-support", "h(0) may be anything where p0(0) = 0", CHAIN, [ZERO], Eq(h(0), 0), lambda pf, c: finish(pf, here(pf))),
    wrong("surely-as-a-fact", "a sure event is no fact about tables", CHAIN, [ZERO], Eq(h(0), 0)),
    wrong("surely-at-another-time", "of s_0, not of s_1", CHAIN, [ZERO], Surely(Eq(h(s(1)), 0)), lambda pf, c: pf.surely(pf.prove(Eq(h(s(1)), 0), by=[here(pf)]), X)),
    wrong("two-copies-are-not-one", "an independent copy differs", CHAIN, [], Surely(Surely(Eq(h(s(0)), h(W.s(0))), W), X), lambda pf, c: pf.surely(pf.surely(pf.prove(Eq(h(s(0)), h(s(0)))), X), W), says="not the claim"),
    wrong("another-process", "h0 is about X", PAIR, [Surely(Eq(Z.s(0), 0))], Eq(num(0), 1), lambda pf, c: pf.on_path("h0", X), at="the processes have other names", says="a Path X is expected"),
    wrong("surely-all-states", "a state of probability 0 does not occur", CHAIN, [], All(i, 0, S, Gt(p0(i), 0)), lambda pf, c: pf.every(v, 0, S, pf.prove(Gt(p0(v), 0), under=[Le(0, v), Lt(v, S)]))),
    wrong("conditional-mean-is-not-the-mean", "given s_0 the mean of s_1 depends on it", CHAIN, [], Surely(Eq(given(h(s(1)), X.path, 0, 1), mean(h(s(1)))))
          , sure(Eq(given(h(s(1)), X.path, 0, 1), mean(h(s(1)))))),
    wrong("given-another-path", "the mean given W's first state is not h of X's", CHAIN, [], Surely(Surely(Eq(given(h(s(0)), W.path, 0, 1), h(s(0))), W), X),
          lambda pf, c: pf.surely(pf.surely(pf.prove(Eq(given(h(s(0)), W.path, 0, 1), h(s(0)))), X), W)),
    wrong("mean-given-from-one-outcome", "h >= 0 on this path says nothing of its continuations", CHAIN, [], Surely(Ge(given(h(s(1)), X.path, 0, 1), 0)),
          lambda pf, c: pf.surely(pf.mean(pf.step(Ge(h(s(1)), 0)), X, X.path, num(0), 1), X), says=ONE_OUTCOME),
    wrong("almost-sure-order-is-strict", "h <= 1 gives E <= 1, not <", CHAIN, [Surely(Le(h(s(0)), 1))], Lt(mean(h(s(0))), 1), lambda pf, c: finish(pf, pf.mean(here(pf), X))),
    wrong("sure-is-not-probable", "P(s_0 = 0) > 0 is not sure", CHAIN, [Gt(mean(Ind(Eq(s(0), 0))), 0)], Surely(Eq(s(0), 0)), sure(Eq(s(0), 0), by=["h0"])),
    wrong("surely-not", "not surely p is not surely not p", CHAIN, [], Surely(Ne(s(0), 0)), sure(Ne(s(0), 0))),
    wrong("markov-chain-forgets-nothing", "s_1 depends on s_0", CHAIN, [], Surely(Eq(given(Ind(Eq(s(1), 0)), X.path, 0, 1), P(0, 0))), sure(Eq(given(Ind(Eq(s(1), 0)), X.path, 0, 1), P(0, 0)))),
]  # fmt: skip
