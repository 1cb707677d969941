"""Evidence for `proofs.ppo`: the promises, run on the code, and the bugs that each must notice."""

from __future__ import annotations

from proofs.claims import Evidence
from proofs.ppo import alg_ppo_clip

MODULE, CHECKS = "numeric.algorithms.ppo", "numeric.contracts.ppo"
CLIP, KL, GAE = "numeric.primitives.ppo_clip", "numeric.primitives.kl", "numeric.primitives.gae"
ROLLOUT = "numeric.algorithms.rollout"
TORCHRL = "TorchRL's ClipPPO: a change that its own tests let pass"
SB3 = "Stable-Baselines3: a change that its own tests let pass"
EPOCHS = "    for _ in range(settings.epochs):\n"

EVIDENCE = Evidence(alg_ppo_clip)
for promise in alg_ppo_clip.promises:
    imported = (ROLLOUT,) if promise == "collected" else (CLIP, KL, GAE)
    EVIDENCE.promise(promise, f"{CHECKS}:{promise.replace('-', '_')}", of=MODULE, also=imported)


def bug(id: str, old: str, new: str, title: str, seen_in: str | None = None, module: str = MODULE) -> None:
    EVIDENCE.patch(id, module, old, new, title=title, seen_in=seen_in)


# ------------------------------------------------------------------------------------- the objective
bug("max-for-min", "torch.minimum(", "torch.maximum(", "max for min", TORCHRL, CLIP)
bug("no-clip", "clipped = ratio.clamp(1.0 - epsilon, 1.0 + epsilon)", "clipped = ratio", "no clip", TORCHRL, CLIP)
bug("clip-alone", "minimum(ratio * advantage,", "minimum(clipped * advantage,", "the clipped term alone", module=CLIP)
bug(
    "advantage-gradient",
    "if stop_gradient:",
    "if not stop_gradient:",
    "a gradient to the advantage",
    "rlax: a change that its own tests let pass",
    CLIP,
)
bug("objective-sign", "policy = -(batch", "policy = (batch", "the objective is minimised", TORCHRL)
bug(
    "ratio-upside-down",
    "(logp - batch.behaviour_logp.detach()).exp()",
    "(batch.behaviour_logp.detach() - logp).exp()",
    "the ratio upside down",
)
bug(
    "ratio-of-itself",
    "(logp - batch.behaviour_logp.detach())",
    "(logp - logp.detach())",
    "the old policy is the new one: ratio 1",
)
bug(
    "behaviour-gradient",
    "batch.behaviour_logp.detach()",
    "batch.behaviour_logp",
    "a gradient to the old log-probabilities",
)
bug("weights-dropped", "-(batch.weight.detach() * ppo_clip", "-(ppo_clip", "no gamma^t where it is asked for")
bug("weights-late", "torch.pow(settings.discount, time)", "torch.pow(settings.discount, time + 1)", "gamma^(t+1)")
# ------------------------------------------------------------------------------------- value, entropy, KL
bug(
    "entropy-sign",
    "- entropy_coefficient * spread",
    "+ entropy_coefficient * spread",
    "the entropy bonus lowers entropy",
    "Stable-Baselines3 #127, open_spiel #962; and as a change that Stable-Baselines3's tests let pass",
)
bug(
    "entropy-of-taken",
    "-(everything.exp() * everything).sum(-1).mean()",
    "-logp.mean()",
    "the entropy of the actions taken, whose gradient is another one",
)
bug("value-sign", "+ value_coefficient * error", "- value_coefficient * error", "the critic climbs")
bug("value-whole", "(value - returns).square() / 2\n", "(value - returns).square()\n", "no 1/2 in the value loss")
bug("value-clip-off", "if clip is None:", "if True:", "the value is not clipped", SB3)
bug("value-clip-min", "torch.maximum(error, moved)", "torch.minimum(error, moved)", "the smaller of both errors")
bug(
    "value-forms-mixed",
    'if form == "max"',
    'if form != "max"',
    "one form of the value clip under the other's name",
    "both are called value clipping: Stable-Baselines3, CleanRL",
)
bug(
    "value-clip-centre",
    "(old_value + (value - old_value)",
    "((value - old_value)",
    "the change alone is clipped, and not added to the old value",
    "labml's text; its code is right",
)
bug(
    "target-gradient",
    "old_value, returns = old_value.detach(), returns.detach()\n",
    "pass\n",
    "a gradient to the critic's target",
    "rlax: a change that its own tests let pass, of TD",
)
bug("kl-direction", "kl_k3(behaviour_logp, logp)", "kl_k3(logp, behaviour_logp)", "the KL in the other direction", SB3)
bug(
    "kl-may-be-negative",
    "kl_k3(behaviour_logp, logp)",
    "(behaviour_logp - logp)",
    "k1, which may be negative",
    "Stable-Baselines3 #417, Spinning Up #137",
)
bug("kl-square", "log_ratio.expm1() - log_ratio", "log_ratio.square() / 2", "k2 under the name of k3", module=KL)
bug("stop-sign", "kl > settings.target_kl", "kl < settings.target_kl", "it stops while the KL is small")
# ------------------------------------------------------------------------------------- the update
bug(
    "old-policy-each-epoch",
    EPOCHS,
    f"{EPOCHS}        now = log_probability(model.policy(batch.observation), batch.action).detach()\n"
    "        batch = batch._replace(behaviour_logp=now)\n",
    "the old policy is the one at the start of the epoch: not frozen",
)
bug(
    "advantages-each-epoch",
    EPOCHS,
    f"{EPOCHS}        batch = batch._replace(advantage=batch.returns - model.value(batch.observation).detach())\n",
    "advantages are computed anew in every epoch, with the new critic",
)
bug(
    "last-minibatch-dropped",
    "in torch.split(order, settings.minibatch):",
    "in torch.split(order, settings.minibatch)[: max(1, len(order) // settings.minibatch)]:",
    "the last, smaller minibatch is left out",
)
bug(
    "with-replacement",
    "torch.randperm(len(batch.action), generator",
    "torch.randint(len(batch.action), (len(batch.action),), generator",
    "samples are drawn with replacement",
)
bug("step-per-sample", "torch.split(order, settings.minibatch)", "torch.split(order, 1)", "a step for each sample")
bug("one-epoch", "range(settings.epochs)", "range(1)", "one epoch only")
bug("gradients-pile-up", "            optimiser.zero_grad(set_to_none=True)\n", "", "the gradient is not set to zero")
bug("cut-by-entry", "clip_grad_norm_(", "clip_grad_value_(", "each entry is cut, which turns the gradient")
bug("not-cut", "            nn.utils.clip_grad_norm_(parameters, settings.max_norm)\n", "", "the gradient is not cut")
# ------------------------------------------------------------------------------------- advantages
bug(
    "normalised-again",
    'if settings.normalise == "minibatch":',
    'if settings.normalise != "none":',
    "normalised advantages are normalised over each minibatch, too",
)
bug(
    "always-normalised",
    'if settings.normalise == "batch":',
    "if True:",
    "advantages are normalised without being asked",
)
bug(
    "mean-kept",
    "centred = advantage - mean",
    "centred = advantage",
    "divided by the deviation, the mean not subtracted",
)
bug(
    "sample-deviation",
    "centred.square().mean())",
    "centred.square().sum() / (centred.numel() - 1))",
    "divisor M - 1, and NaN for one sample",
    "Stable-Baselines3 #325, #440",
)
bug(
    "noise-normalised",
    "torch.where(deviation <= rounding, 0.0, centred / (deviation + epsilon))",
    "centred / (deviation + epsilon)",
    "equal advantages: rounding divided by epsilon",
)
TARGET, SCALED = (
    "    returns = advantage + value\n",
    '    if settings.normalise == "batch":\n        advantage = normalised(advantage)\n',
)
bug(
    "target-normalised",
    TARGET + SCALED,
    SCALED + TARGET,
    "the critic's target from normalised advantages",
    "returns built from the wrong array: CleanRL PR #337, rlhf-book PR #216",
)
bug(
    "rates-swapped",
    "discount=settings.discount, lambda_=settings.lambda_",
    "discount=settings.lambda_, lambda_=settings.discount",
    "gamma and lambda exchanged",
)
bug(
    "ends-ignored",
    "ends = rollout.terminated, rollout.truncated",
    "ends = rollout.truncated, rollout.terminated",
    "terminated and truncated exchanged: a terminal state has a value",
)
bug(
    "greedy-log-probability",
    "log_probability(logits, rollout.action)",
    "log_probability(logits, logits.argmax(-1))",
    "the log-probability of another action than the one taken",
)
# ------------------------------------------------------------------------------------- what is collected
bug(
    "reset-for-final",
    "made.truncated, made.final_observation)",
    "made.truncated, made.observation)",
    "after an end, the next episode's first state for the one that was reached",
    "TorchRL PR #3771",
    ROLLOUT,
)
bug(
    "ends-exchanged",
    "ends = (made.terminated, made.truncated,",
    "ends = (made.truncated, made.terminated,",
    "both ends exchanged",
    module=ROLLOUT,
)
bug(
    "clock-not-copied",
    "time = environment.steps.clone()",
    "time = environment.steps",
    "the clock itself, which goes on",
    module=ROLLOUT,
)
bug(
    "returns-run-on",
    "paid = totals[-1].masked_fill(ended, 0.0)",
    "paid = totals[-1]",
    "returns run on over ends",
    module=ROLLOUT,
)
