"""Evidence for `proofs.softmax`: `numeric.primitives.softmax` computes the terms of the statements, logits far apart included."""

from __future__ import annotations

from proofs.claims import Evidence, Instance
from proofs.kernel.terms import num
from proofs.language import Ln
from proofs.softmax import Theta, discrete, head, hw08a, hw08c, mu, pi, s0, table, z

MODULE = "numeric.primitives.softmax"
ACTIONS = range(3)


def far(*logits: str) -> Instance:
    """Logits so far apart that a naive exponential overflows."""
    return table(0, 0, rows=[[x, "0"] for x in logits], b=0)


FAR = [far("700", "-1/2", "-700"), far("0", "1/1000000", "-40"), far("-800", "-801", "-800")]
STATES = [table(0, s, b=0) for s in (0, 1)]
LOGITS = [Theta(a, s0) for a in ACTIONS]

log_probabilities = Evidence(hw08a)
log_probabilities.reference(
    f"{MODULE}:log_softmax",
    arguments={"logits": LOGITS},
    call={"dim": 0},
    value=[Ln(pi(a, s0)) for a in ACTIONS],
    points=[*STATES, *FAR],
    slopes={"logits": [1 - num(3) * pi(a, s0) for a in ACTIONS]},
)
log_probabilities.patch(
    "plus-log-in-code",
    MODULE,
    "return torch.log_softmax(logits, dim)",
    "return logits + torch.logsumexp(logits, dim, keepdim=True)",
)
log_probabilities.patch(
    "probabilities",
    MODULE,
    "return torch.log_softmax(logits, dim)",
    "return torch.softmax(logits, dim)",
    title="no logarithm",
)
log_probabilities.patch(
    "overflows",
    MODULE,
    "return torch.log_softmax(logits, dim)",
    "return logits - logits.exp().sum(dim, keepdim=True).log()",
    title="the largest logit is not taken off first",
)
log_probabilities.patch(
    "over-the-batch",
    MODULE,
    "torch.log_softmax(logits, dim)",
    "torch.log_softmax(logits, -1)",
    title="normalised over the batch, where the actions lie along another axis",
)
log_probabilities.patch(
    "dead-logits",
    MODULE,
    "logits.masked_fill(~mask, -torch.inf)",
    "(logits * mask)",
    title="masked actions count as logits of 0",
)

scores = Evidence(hw08c)
for action in ACTIONS:
    scores.reference(
        f"{MODULE}:score",
        arguments={"logits": LOGITS},
        call={"action": action, "dim": 0},
        value=[num(int(a == action)) - pi(a, s0) for a in ACTIONS],
        points=[*STATES, *FAR],
        slopes={"logits": None},
    )
scores.patch(
    "sign-in-code", MODULE, "zero_dead(one_hot - probability, mask)", "zero_dead(probability - one_hot, mask)",
    seen_in="rlax's all-actions policy gradient: a change that its own tests let pass",
)  # fmt: skip
scores.patch(
    "not-detached", MODULE, ".exp(), mask).detach()\n    shape", ".exp(), mask)\n    shape", title="a gradient flows through it",
    seen_in="rlax: a change of what is data that its own tests let pass",
)  # fmt: skip
scores.patch(
    "dead-scores", MODULE, "return zero_dead(one_hot - probability, mask)", "return one_hot - probability",
    title="1 for an action that is not available",
)  # fmt: skip
scores.patch(
    "one-hot-only-in-code",
    MODULE,
    "zero_dead(one_hot - probability, mask)",
    "zero_dead(one_hot, mask)",
    title="one-hot alone",
)
scores.patch(
    "weighted-in-code",
    MODULE,
    "zero_dead(one_hot - probability, mask)",
    "zero_dead(probability * (one_hot - probability), mask)",
    title="the slope of the probability, not of its logarithm",
)

head_scores = Evidence(discrete)
head_scores.reference(
    f"{MODULE}:score",
    arguments={"logits": [z(a) for a in ACTIONS]},
    call={"action": 1, "dim": 0},
    value=[num(int(a == 1)) - mu(a) for a in ACTIONS],
    points=[head("-1/2 ln(2) 3/7", a=1, b=1), head("40 -40 1/3", a=1, b=1)],
    slopes={"logits": None},
)
head_scores.patch(
    "shifted-index-in-code",
    MODULE,
    "return action.unsqueeze(dim)",
    "return ((action + 1) % count).unsqueeze(dim)",
    title="the sampled index shifted by one",
)

EVIDENCE = [log_probabilities, scores, head_scores]
