"""Evidence for `proofs.kl`: the estimators of `numeric.primitives.kl` are the statements' terms, and k3 has the mean that
is claimed of it on two pmfs of three outcomes."""

from __future__ import annotations

from numeric.experiments.sides import sides
from proofs.claims import Evidence, Instance
from proofs.kernel.terms import Term, num
from proofs.kl import hw23c, hw23d, k3, p, pair, ps, q, qs, ratio, samples, x
from proofs.language import Ln

MODULE = "numeric.primitives.kl"
FAR = 10**9  # a ratio of probabilities this far from 1


def spread(odds: int) -> Instance:
    """Two pmfs whose probabilities differ by this factor and more: logits far apart."""
    return pair(f"1/{odds + 1} {odds}/{odds + 1}", f"{odds}/{odds + 1} 1/{odds + 1}")


def slopes(r: Term, over_r: Term) -> dict[str, Term]:
    """An estimator's slopes in logp and logq, from r times its slope in r = exp(logq - logp)."""
    return {"logp": -(r * over_r), "logq": r * over_r}


NEXT_TO_ONE = pair(f"{FAR}/{2 * FAR + 1} {FAR + 1}/{2 * FAR + 1}", "1/2 1/2")
PAIRS = [hw23c.witness, *hw23c.instances.values(), *[spread(odds) for odds in (2, 1000, FAR)], NEXT_TO_ONE]
LOGS = {"logp": Ln(p(x)), "logq": Ln(q(x))}
unbiased = Evidence(hw23c)
unbiased.reference(
    f"{MODULE}:kl_k3",
    arguments=LOGS,
    value=k3(ratio),
    points=PAIRS,
    slopes=slopes(ratio, 1 - 1 / ratio),
)
unbiased.reference(
    f"{MODULE}:kl_k1",
    arguments=LOGS,
    value=-Ln(ratio),
    points=PAIRS,
    slopes={"logp": num(1), "logq": num(-1)},
)
unbiased.reference(
    f"{MODULE}:kl_k2",
    arguments=LOGS,
    value=Ln(ratio) ** 2 / 2,
    points=PAIRS,
    slopes={"logp": -Ln(ratio), "logq": Ln(ratio)},
)
unbiased.montecarlo(hw23c.witness, estimand=sides(hw23c)[0], target=sides(hw23c)[1])
unbiased.patch(
    "ratio-upside-down-in-code", MODULE, "zero_dead(logq - logp, mask)", "zero_dead(logp - logq, mask)", title="p/q for q/p",
    seen_in="Stable-Baselines3, of PPO's approximate KL: a change that its own tests let pass",
)  # fmt: skip
unbiased.patch(
    "clamped", MODULE, "return log_ratio.expm1() - log_ratio", "return (log_ratio.expm1() - log_ratio).clamp(-10, 10)",
    title="k3 cut off at 10", seen_in="verl",
)  # fmt: skip
unbiased.patch(
    "k1-absolute", MODULE, "return -_log_ratio(logp, logq, mask)", "return _log_ratio(logp, logq, mask).abs()",
    title="|log r| for -log r", seen_in="verl's option `abs`",
)  # fmt: skip
unbiased.patch(
    "k2-for-k3", MODULE, "log_ratio.expm1() - log_ratio", "log_ratio.square() / 2", title="(log r)^2 / 2 for k3",
)  # fmt: skip
unbiased.patch("forgets-minus-one-in-code", MODULE, "log_ratio.expm1() - log_ratio", "log_ratio.exp() - log_ratio")
unbiased.patch("plus-log-in-code", MODULE, "log_ratio.expm1() - log_ratio", "log_ratio.expm1() + log_ratio")
unbiased.patch("detached", MODULE, "log_ratio.expm1()", "log_ratio.detach().expm1()", title="no gradient through r")
unbiased.patch("k1-sign", MODULE, "return -_log_ratio", "return _log_ratio", title="+log r for k1")
unbiased.patch("k2-not-halved", MODULE, ".square() / 2", ".square()", title="(log r)^2 for k2")
unbiased.patch(
    "dead-slots-multiplied", MODULE, "zero_dead(logq - logp, mask)", "((logq - logp) if mask is None else (logq - logp) * mask)",
    title="dead slots multiplied by 0, which leaves a NaN", seen_in="padding in TRL #6803 and ROLL PR #447",
)  # fmt: skip

SAMPLES = [hw23d.witness, *hw23d.instances.values(), samples("1/3 1/1000000", "1/1000000 1/3")]


def each(count: int) -> dict[str, list[Term]]:
    """The log-probabilities of that many samples."""
    return {"logp": [Ln(ps(i)) for i in range(count)], "logq": [Ln(qs(i)) for i in range(count)]}


never_negative = Evidence(hw23d)
for count in sorted({point["ints"]["N"] for point in SAMPLES}):
    ratios = [qs(i) / ps(i) for i in range(count)]
    never_negative.reference(
        f"{MODULE}:kl_k3",
        arguments=each(count),
        value=[k3(r) for r in ratios],
        points=[point for point in SAMPLES if point["ints"]["N"] == count],
        slopes={"logp": [1 - r for r in ratios], "logq": [r - 1 for r in ratios]},
    )
never_negative.patch("sign-in-code", MODULE, "log_ratio.expm1() - log_ratio", "log_ratio - log_ratio.expm1()")
never_negative.patch(
    "constant-off-in-code", MODULE, "log_ratio.expm1() -", "(log_ratio.expm1() - 1) -", title="-2 for -1"
)
never_negative.patch("squared", MODULE, "log_ratio.expm1() - log_ratio", "log_ratio.square() / 2", title="k2 for k3")

EVIDENCE = [unbiased, never_negative]
