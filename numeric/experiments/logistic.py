"""Evidence for `proofs.logistic`: `numeric.primitives.logistic` is the log-probability of the policy and its gradient."""

from __future__ import annotations

from proofs.claims import Evidence, Instance
from proofs.kernel.terms import Term
from proofs.logistic import (
    LOG,
    ODDS,
    ODDS_OUT,
    RESIDUAL,
    SCORE,
    UP,
    a,
    features,
    final,
    grad,
    h,
    j,
    log,
    pi,
    weights,
    x,
)

MODULE = "numeric.primitives.logistic"
LOGITS = ("-40", "-2", "-1/7", "0", "7/10", "3", "40")


def at(logit: str, action: int) -> Instance:
    """One feature of value 1, so that the weight is the logit."""
    return weights(logit, "1", c="0", a=action)


POINTS = [ODDS, ODDS_OUT, *[at(logit, action) for logit in LOGITS for action in (0, 1)]]
logarithm = Evidence(log)
logarithm.reference(
    f"{MODULE}:bernoulli_logp",
    arguments={"logit": SCORE, "action": a},
    value=LOG,
    points=POINTS,
    slopes={"logit": a - UP, "action": None},
)
logarithm.patch(
    "sign-in-code", MODULE, "(2.0 * action - 1.0) * logit", "(1.0 - 2.0 * action) * logit", title="the other action"
)
logarithm.patch(
    "one-action-in-code", MODULE, "(2.0 * action - 1.0) * logit", "action * logit", title="-log 2 for action 0"
)
logarithm.patch(
    "epsilon-in-code", MODULE, "logsigmoid((2.0 * action - 1.0) * logit)",
    "(torch.sigmoid((2.0 * action - 1.0) * logit) + 1e-8).log()", title="log(sigmoid(h) + 10^-8)",
)  # fmt: skip
logarithm.patch(
    "action-gradient",
    MODULE,
    "zero_dead(action, mask).detach()",
    "zero_dead(action, mask)",
    title="a gradient to the action",
)
logarithm.patch("not-logarithm", MODULE, "logsigmoid((", "torch.sigmoid((", title="the probability itself")
logarithm.patch(
    "dead-logits",
    MODULE,
    "zero_dead(logit, mask), zero_dead(action, mask)",
    "logit, zero_dead(action, mask)",
    title="dead logits are read",
)


def gradient(of: Evidence, value: Term, points: list[Instance]) -> Evidence:
    of.reference(
        f"{MODULE}:bernoulli_score",
        arguments={"logit": h(0), "action": a, "feature": x(j)},
        value=value,
        points=points,
        slopes={"feature": a - pi(1, 0), "logit": -(pi(1, 0) * pi(0, 0) * x(j)), "action": None},
    )
    of.patch(
        "turned-round-in-code",
        MODULE,
        "(action - torch.sigmoid(logit))",
        "(torch.sigmoid(logit) - action)",
        title="(sigma - a) x",
    )
    of.patch("no-baseline-in-code", MODULE, "(action - torch.sigmoid(logit))", "(action - 0.0 * logit)", title="a x")
    of.patch(
        "without-feature", MODULE, "* zero_dead(feature, mask)", "+ 0.0 * zero_dead(feature, mask)", title="without x"
    )
    return of


SHEETS = [features(action, coordinate) for action in (0, 1) for coordinate in (0, 1)]
by_action = gradient(Evidence(grad), a * x(j) * pi(0, 0) + (a - 1) * x(j) * pi(1, 0), SHEETS)
in_both_forms = gradient(Evidence(final), RESIDUAL, [final.witness, *final.instances.values()])
EVIDENCE = [logarithm, by_action, in_both_forms]
