"""Evidence for `proofs.group_policy`: every promise on the real code, and the bugs that are made with it, one by one."""

from __future__ import annotations

from proofs.claims import Evidence
from proofs.group_policy import alg_drgrpo, alg_grpo, alg_rloo, hw19

MODULE, ADVANTAGE = "numeric.algorithms.grpo", "numeric.primitives.group_advantage"
CLIP, KL, ANSWERS = "numeric.primitives.ppo_clip", "numeric.primitives.kl", "numeric.algorithms.answers"
WALK = "numeric.envs.cliff_walk"
UNDER = (ADVANTAGE, KL, CLIP, ANSWERS)

grpo, drgrpo, rloo, walk = Evidence(alg_grpo), Evidence(alg_drgrpo), Evidence(alg_rloo), Evidence(hw19)


def promise(evidence: Evidence, name: str, check: str, of: str = MODULE, also: tuple[str, ...] = UNDER) -> None:
    evidence.promise(name, f"numeric.contracts.{check}", of=of, also=also)


promise(grpo, "bandit", "group_policy:grpo_bandit")
promise(grpo, "two-lengths", "group_policy:grpo_two_lengths")
promise(grpo, "sign", "group_policy:grpo_sign")
promise(grpo, "advantages", "group_policy:grpo_advantages")
promise(grpo, "aggregation", "group_policy:aggregates")
promise(grpo, "parts", "group_policy:parts")
promise(grpo, "clip", "group_policy:clipped")
promise(grpo, "kl", "group_policy:kl_term")
promise(grpo, "collected", "group_policy_loop:collected")
promise(grpo, "second-epoch", "group_policy_loop:second_epoch")
promise(grpo, "gradients", "group_policy:gradients")

promise(drgrpo, "bandit", "group_policy:dr_grpo_bandit")
promise(drgrpo, "two-lengths", "group_policy:dr_grpo_two_lengths")
promise(drgrpo, "sign", "group_policy:dr_grpo_sign")
promise(drgrpo, "undivided", "group_policy:dr_grpo_undivided")
promise(drgrpo, "iteration", "group_policy_loop:iteration")
promise(drgrpo, "gradients", "group_policy:gradients")

promise(rloo, "bandit", "group_policy:rloo_bandit")
promise(rloo, "two-lengths", "group_policy:rloo_two_lengths")
promise(rloo, "others", "group_policy:rloo_others")
promise(rloo, "iteration", "group_policy_loop:iteration")
promise(rloo, "gradients", "group_policy:gradients")

promise(walk, "fraction", "group_policy_loop:fraction")
promise(walk, "flat", "group_policy_loop:flat")
promise(walk, "trap", "group_policy_loop:trap", of=WALK, also=())
promise(walk, "small-cliff", "group_policy_loop:small_cliff")
promise(walk, "collected", "group_policy_loop:collected")
promise(walk, "iteration", "group_policy_loop:iteration")

# ------------------------------------------------------------------------------------- GRPO: advantages
VIEW = "reward.view(-1, settings.group_size),"
grpo.patch(
    "across-prompts",
    MODULE,
    VIEW,
    "reward.view(1, -1),",
    title="rewards normalised over the whole batch and not within each group",
    seen_in="TRL, scale_rewards='batch', for the deviation; an option there",
)
grpo.patch(
    "groups-interleaved",
    MODULE,
    VIEW,
    "reward.view(settings.group_size, -1).T,",
    title="members taken from different prompts: the batch read in the other order",
)
grpo.patch(
    "epsilon-of-the-clip",
    MODULE,
    "epsilon=settings.epsilon,",
    "epsilon=settings.clip,",
    title="one epsilon for the clip and for the deviation",
)
grpo.patch("ddof-ignored", MODULE, "ddof=settings.ddof,", "", title="always the divisor N")
grpo.patch(
    "ddof-fixed", MODULE, "ddof=settings.ddof,", "ddof=1,", title="always the divisor N - 1", seen_in="TRL, verl"
)
DEVIATION = "centred / (variance.sqrt() + epsilon)"
grpo.patch("over-the-variance", ADVANTAGE, DEVIATION, "centred / (variance + epsilon)", title="divided by the variance")
grpo.patch(
    "epsilon-under-the-root",
    ADVANTAGE,
    DEVIATION,
    "centred / (variance + epsilon).sqrt()",
    title="epsilon under the root",
)
grpo.patch("no-epsilon", ADVANTAGE, DEVIATION, "centred / variance.sqrt()", title="epsilon forgotten")
grpo.patch(
    "not-centred",
    ADVANTAGE,
    "centred = reward - reward.sum(dim, keepdim=True) / count",
    "centred = reward",
    title="the mean not subtracted",
)
AGREE = "torch.where(_agree(reward, live, dim), torch.zeros_like(reward), centred)"
grpo.patch(
    "group-of-one-is-nan",
    ADVANTAGE,
    AGREE,
    "centred",
    title="0/0 for a group of one, or of equal rewards, without epsilon",
    seen_in="the kind of TRL PR 5773 and verl-agent issue 138",
)
grpo.patch(
    "group-of-one-is-its-reward",
    ADVANTAGE,
    AGREE,
    "torch.where(_agree(reward, live, dim), reward, centred)",
    title="a group that agrees keeps its rewards",
    seen_in="verl, for a group of one",
)

# ------------------------------------------------------------------------------------- GRPO: tokens
EXPANDED = "advantage.expand_as(logp)"
grpo.patch(
    "last-token-only",
    MODULE,
    EXPANDED,
    "torch.where(mask.cumsum(0) == mask.sum(0), advantage, 0.0)",
    title="the advantage given to the last token alone",
)
grpo.patch(
    "first-token-only",
    MODULE,
    EXPANDED,
    "torch.where(mask.cumsum(0) == 1, advantage, 0.0)",
    title="the advantage given to the first token alone",
)
SHARE = 'share = mask.sum(0).clamp(min=1) if aggregation == "sequence" else length'
grpo.patch(
    "padding-counted",
    MODULE,
    SHARE,
    'share = len(mask) if aggregation == "sequence" else length',
    title="the mean over an answer's tokens counts its padding",
    seen_in="the kind of verl PR 50; in metrics: TRL issue 6803",
)
grpo.patch(
    "padding-counted-by-token",
    MODULE,
    "int(mask.sum()) if count is None",
    "mask.numel() if count is None",
    title="the mean over all tokens counts padding",
    seen_in="the kind of TRL issue 2995",
)
grpo.patch(
    "length-omitted",
    MODULE,
    SHARE,
    "share = length",
    title="1/|o| silently left out",
)
grpo.patch(
    "length-added",
    MODULE,
    SHARE,
    "share = mask.sum(0).clamp(min=1)",
    title="1/|o| whatever was asked for",
    seen_in="the kind of TRL PR 3256",
)
grpo.patch(
    "longest-for-length",
    MODULE,
    SHARE,
    'share = mask.sum(0).clamp(min=1) if aggregation == "sequence" else len(mask)',
    title="the batch's longest answer in place of a constant",
)
grpo.patch(
    "parts-count-themselves",
    MODULE,
    "(len(advantage) if count is None else count)",
    "len(advantage)",
    title="each part of a batch divided by its own number of answers",
    seen_in="TRL issues 2175 and 3021",
)
grpo.patch(
    "padding-poisons",
    MODULE,
    "ratio = zero_dead(logp - behaviour_logp.detach(), mask).exp()",
    "ratio = (logp - behaviour_logp.detach()).exp() * mask",
    title="padding multiplied by 0 and not replaced: 0 times NaN",
)
grpo.patch("loss-sign", MODULE, "term = ppo_clip(ratio,", "term = -ppo_clip(ratio,", title="steps towards less reward")

# ------------------------------------------------------------------------------------- GRPO: clip, KL, gradients
grpo.patch(
    "no-clip", CLIP, "torch.minimum(ratio * advantage, clipped * advantage)", "ratio * advantage", title="no clip"
)
grpo.patch(
    "clip-alone",
    CLIP,
    "torch.minimum(ratio * advantage, clipped * advantage)",
    "clipped * advantage",
    title="the clipped term without the minimum",
)
grpo.patch(
    "maximum",
    CLIP,
    "torch.minimum(ratio * advantage, clipped * advantage)",
    "torch.maximum(ratio * advantage, clipped * advantage)",
    title="the larger of the two terms",
    seen_in="survives TorchRL's tests of PPO",
)
grpo.patch(
    "clip-is-epsilon",
    MODULE,
    "clip=use.clip,",
    "clip=use.epsilon,",
    title="the loop clips with the deviation's epsilon",
)
grpo.patch(
    "ratio-upside-down",
    MODULE,
    "logp - behaviour_logp.detach()",
    "behaviour_logp.detach() - logp",
    title="the old policy over the new one",
)
KLTERM = "kl_k3(logp, reference_logp.detach(), mask=mask)"
grpo.patch("kl-omitted", MODULE, "if kl_weight:", "if False:", title="the KL term silently left out")
grpo.patch("kl-rewarded", MODULE, "term = term - kl_weight", "term = term + kl_weight", title="the KL term with a plus")
grpo.patch(
    "k1",
    MODULE,
    KLTERM,
    "zero_dead(logp - reference_logp.detach(), mask)",
    title="k1 for k3: right mean, and a slope whose mean is 0",
    seen_in="TRL issue 4967, open-instruct issue 534",
)
grpo.patch(
    "k1-sign",
    MODULE,
    KLTERM,
    "zero_dead(reference_logp.detach() - logp, mask)",
    title="k1 with the wrong sign for k3",
)
grpo.patch(
    "k3-swapped",
    MODULE,
    KLTERM,
    "kl_k3(reference_logp.detach(), logp, mask=mask)",
    title="the two policies of k3 exchanged",
)
grpo.patch("k3-no-one", KL, "log_ratio.expm1() - log_ratio", "log_ratio.exp() - log_ratio", title="k3 without its -1")
grpo.patch(
    "behaviour-differentiates",
    MODULE,
    "logp - behaviour_logp.detach()",
    "logp - behaviour_logp",
    title="a gradient through the old policy",
)
grpo.patch(
    "reference-differentiates",
    MODULE,
    KLTERM,
    "kl_k3(logp, reference_logp, mask=mask)",
    title="a gradient into the reference",
)
grpo.patch(
    "advantage-differentiates",
    CLIP,
    "    if stop_gradient:\n        advantage = advantage.detach()\n",
    "",
    title="a gradient through the advantage",
    seen_in="survives rlax's tests of its policy gradients",
)
grpo.patch(
    "reward-differentiates",
    ADVANTAGE,
    "reward = zero_dead(reward, mask).detach()",
    "reward = zero_dead(reward, mask)",
    title="a gradient through the group's statistics",
)
grpo.patch(
    "log-probability-detached",
    MODULE,
    "zero_dead(logp - behaviour_logp.detach(), mask).exp()",
    "zero_dead(logp.detach() - behaviour_logp.detach(), mask).exp() + 0 * zero_dead(logp, mask)",
    title="the ratio cut off from the policy: value right, gradient 0",
)

# ------------------------------------------------------------------------------------- GRPO: answers
grpo.patch(
    "prompts-mixed",
    ANSWERS,
    "environment.state = state[..., ::group_size].repeat_interleave(group_size, -1)",
    "environment.state = state",
    title="a group whose members answer different prompts",
)
grpo.patch(
    "reward-leaks",
    ANSWERS,
    "reward = reward + torch.where(live, step.reward, 0)",
    "reward = reward + step.reward",
    title="rewards of the next episode added",
)
grpo.patch(
    "beyond-the-limit",
    ANSWERS,
    "live = live & ~(step.terminated | step.truncated)",
    "live = live & ~step.terminated",
    title="an answer goes on behind its limit, in the next episode",
)
grpo.patch(
    "log-probability-of-another",
    ANSWERS,
    "live, log_probability(logits, action[live])",
    "live, log_probability(logits, logits.argmax(-1))",
    title="the log-probability of the most likely token and not of the one written",
)

# ------------------------------------------------------------------------------------- Dr. GRPO
DRGRPO = 'baseline="mean", scale="none", aggregation="constant", length=length'
drgrpo.patch(
    "still-divides-by-deviation",
    MODULE,
    DRGRPO,
    'baseline="mean", scale="deviation", aggregation="constant", length=length',
    title="still divides by the group's deviation",
)
drgrpo.patch(
    "still-divides-by-length",
    MODULE,
    DRGRPO,
    'baseline="mean", scale="none", aggregation="sequence", length=length',
    title="still divides by the answer's length",
    seen_in="the kind of TRL PR 3256",
)
drgrpo.patch(
    "divides-by-all-tokens",
    MODULE,
    DRGRPO,
    'baseline="mean", scale="none", aggregation="token", length=length',
    title="divides by the number of tokens in the batch",
)
drgrpo.patch(
    "others",
    MODULE,
    DRGRPO,
    'baseline="others", scale="none", aggregation="constant", length=length',
    title="RLOO's baseline: N/(N - 1) too much",
)
drgrpo.patch("no-length", MODULE, DRGRPO, DRGRPO.replace("=length", "=1"), title="the length forgotten")
drgrpo.patch(
    "loss-sign", MODULE, "term = ppo_clip(ratio,", "term = -ppo_clip(ratio,", title="steps towards less reward"
)
drgrpo.patch(
    "descends",
    MODULE,
    "value.backward()",
    "(-value).backward()",
    title="the loop climbs the loss",
)
drgrpo.patch(
    "steps-of-copies",
    MODULE,
    "self.steps += len(answers.action)",
    "self.steps += answers.mask.numel()",
    title="padding counted as steps",
)

# ------------------------------------------------------------------------------------- RLOO
OTHERS = "centred * (count / (count - 1).clamp(min=1))"
rloo.patch("includes-itself", ADVANTAGE, OTHERS, "centred", title="the answer's own reward in its baseline")
rloo.patch(
    "divisor-N",
    ADVANTAGE,
    "centred = " + OTHERS,
    "centred = reward - (reward.sum(dim, keepdim=True) - reward) / count",
    title="the others' sum divided by N",
)
rloo.patch("factor-upside-down", ADVANTAGE, OTHERS, "centred * ((count - 1) / count)", title="(N - 1)/N for N/(N - 1)")
RLOO = 'baseline="others", scale="none", aggregation="constant", length=1'
rloo.patch("divides-by-deviation", MODULE, RLOO, RLOO.replace("none", "deviation"), title="divided by the deviation")
rloo.patch(
    "divides-by-length", MODULE, RLOO, RLOO.replace("constant", "sequence"), title="divided by the answer's length"
)
rloo.patch(
    "baseline-of-the-best",
    ADVANTAGE,
    "centred = " + OTHERS,
    "centred = reward - reward.amax(dim, keepdim=True)",
    title="the best of the group as the baseline",
)

# ------------------------------------------------------------------------------------- problem 19
walk.patch("over-the-variance", ADVANTAGE, DEVIATION, "centred / (variance + epsilon)", title="divided by the variance")
walk.patch(
    "not-centred",
    ADVANTAGE,
    "centred = reward - reward.sum(dim, keepdim=True) / count",
    "centred = reward",
    title="the mean not subtracted",
)
walk.patch("sample-deviation", MODULE, "ddof=settings.ddof,", "ddof=1,", title="the divisor N - 1 passed off as N")
walk.patch("nan-where-all-fall", ADVANTAGE, AGREE, "centred", title="0/0 where all fall")
walk.patch(
    "reward-where-all-fall",
    ADVANTAGE,
    AGREE,
    "torch.where(_agree(reward, live, dim), reward, centred)",
    title="-100 for every walk where all fall",
)
walk.patch(
    "cut-walks-unpaid",
    MODULE,
    "reward = answers.reward + use.truncated_reward * answers.truncated",
    "reward = answers.reward",
    title="the reward of a walk that is cut left out",
)
walk.patch(
    "falls-count-as-cut",
    ANSWERS,
    "cut = cut | (live & step.truncated & ~step.terminated)",
    "cut = cut | (live & (step.truncated | step.terminated))",
    title="every end counted as a cut",
    seen_in="the confusion of CleanRL issue 198, the other way round",
)
walk.patch(
    "fall-at-the-limit-counts-as-cut",
    ANSWERS,
    "cut = cut | (live & step.truncated & ~step.terminated)",
    "cut = cut | (live & step.truncated)",
    title="a fall on the last move counted as a cut",
)
walk.patch(
    "cliff-leads-back",
    WALK,
    "cliff_ends: bool = True",
    "cliff_ends: bool = False",
    title="a fall leads back to the start",
)
walk.patch(
    "moves-cost",
    WALK,
    "return reached, self.move",
    "return reached, -1",
    title="moves that cost 1 though they should not",
)
walk.patch(
    "edges-wrap",
    WALK,
    "column = min(max(cell % self.width + right, 0), self.width - 1)",
    "column = (cell % self.width + right) % self.width",
    title="a grid whose sides are joined: one move left leads to the goal",
)
walk.patch("gradient-descends", MODULE, "value.backward()", "(-value).backward()", title="the loop climbs the loss")

EVIDENCE = [grpo, drgrpo, rloo, walk]
