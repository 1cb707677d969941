"""Evidence for `proofs.reinforce`: every promise on enumerated episodes, and the ways in which code breaks them."""

from __future__ import annotations

from proofs.claims import Evidence
from proofs.reinforce import alg_reinforce, hw18

MODULE, CHECKS = "numeric.algorithms.reinforce", "numeric.contracts.reinforce"
SOFTMAX = "numeric.primitives.softmax"

gradients, problem = Evidence(alg_reinforce), Evidence(hw18)
for name in ("mean", "plain", "limited", "noise", "batches", "detached", "ends", "played"):
    gradients.promise(name, f"{CHECKS}:{name}", of=MODULE, also=(SOFTMAX,))
for name, check in (("policy", "problem"), ("critic", "critic"), ("critic-samples", "critic_samples")):
    problem.promise(name, f"{CHECKS}:{check}", of=MODULE, also=(SOFTMAX,))

WEIGHT = "step_discount ** time[:, None] * zero_dead(logp, live) * advantage"
ACTION, VALUE, GOES = "episodes.action)", "value = critic(observation)", "total = reward[t] + discount * total"
ADVANTAGE = "zero_dead(signal - baseline, live).detach()"

gradients.patch(
    "no-discount-of-the-step", MODULE, "discount if settings.discount_steps else 1.0", "1.0",
    title="discount^t is left out where it was asked for", seen_in="the usual implementations, which say nothing of it",
)  # fmt: skip
gradients.patch(
    "discount-of-the-step-anyway", MODULE, "discount if settings.discount_steps else 1.0", "discount",
    title="discount^t where it was not asked for",
)  # fmt: skip
gradients.patch(
    "discount-off-by-one-step", MODULE, "step_discount ** time[:, None]", "step_discount ** (time[:, None] + 1)",
    title="discount^(t+1)",
)  # fmt: skip
gradients.patch(
    "action-drawn-again", MODULE, ACTION, "draw(policy(observation), torch.Generator().manual_seed(0)))",
    title="the log-probability of an action that was drawn anew",
)  # fmt: skip
gradients.patch(
    "greedy-action", MODULE, ACTION, "policy(observation).argmax(-1))", title="the log-probability of the greedy action"
)  # fmt: skip
gradients.patch(
    "mean-over-time", MODULE, f"-({WEIGHT}).sum(0)", f"-({WEIGHT}).mean(0)", title="a mean over time for the sum"
)  # fmt: skip
gradients.patch(
    "mean-over-live-steps", MODULE, f"-({WEIGHT}).sum(0)", f"-({WEIGHT}).sum(0) / live.sum(0)",
    title="each episode divided by its length", seen_in="the length normalisation of GRPO, which Dr. GRPO takes out",
)  # fmt: skip
gradients.patch(
    "baseline-knows-the-action", MODULE, VALUE, f"{VALUE} + episodes.action", title="a baseline that depends on a_t"
)  # fmt: skip
gradients.patch(
    "baseline-of-the-next-state", MODULE, VALUE, "value = critic(observation.roll(-1, 0))", title="V(s_{t+1}) for V(s_t)"
)  # fmt: skip
gradients.patch("ascent-for-descent", MODULE, f"return -({WEIGHT}", f"return ({WEIGHT}", title="+ sign")
gradients.patch(
    "next-episode-leaks", MODULE, "reward = zero_dead(reward, live)", "reward = reward * 1.0",
    title="G_t goes on after the end of the episode", seen_in="CleanRL #16 and PR #337 (returns over boundaries)",
)  # fmt: skip
gradients.patch(
    "dead-steps-counted", MODULE, "zero_dead(logp, live) * advantage", "logp * advantage",
    title="log-probabilities beyond the end go through",
)  # fmt: skip
gradients.patch(
    "end-one-step-early", MODULE, "ended - (terminated | truncated).long() == 0", "ended == 0",
    title="the step that ends an episode is left out", seen_in="rlevo #342 (done at t + 1 instead of t)",
)  # fmt: skip
gradients.patch(
    "time-limit-ignored", MODULE, "ended = (terminated | truncated).long()", "ended = terminated.long()",
    title="an episode goes on after its time limit",
)  # fmt: skip
gradients.patch(
    "reward-shifted", MODULE, GOES, "total = discount * (reward[t] + total)", title="G_t begins with discount r_t",
    seen_in="Spinning Up #50 (rewards shifted by one)",
)  # fmt: skip
gradients.patch(
    "last-reward-lost", MODULE, "reversed(range(len(reward)))", "reversed(range(len(reward) - 1))",
    title="the sum stops before the last row",
)  # fmt: skip
gradients.patch("undiscounted-returns", MODULE, GOES, "total = reward[t] + total", title="G_t without its discounts")
gradients.patch(
    "from-start-undone", MODULE, "if from_start else found", "if not from_start else found", title="G_0 and G_t exchanged"
)  # fmt: skip
gradients.patch(
    "baseline-not-detached", MODULE, ADVANTAGE, "zero_dead(signal - baseline, live)",
    title="the policy's loss trains the critic, upward", seen_in="rlax: a variant that passed its tests",
)  # fmt: skip
gradients.patch(
    "value-target-not-detached", MODULE, "zero_dead(signal.detach() - value, live)", "zero_dead(signal - value, live)",
    title="a gradient into the returns",
)  # fmt: skip
gradients.patch(
    "records-the-next-observation", MODULE, "rows.append((observation, action", "rows.append((step.observation, action",
    title="the observation after the step is recorded beside its action",
)  # fmt: skip
gradients.patch(
    "records-another-action", MODULE, "rows.append((observation, action", "rows.append((observation, self.act(observation)",
    title="the greedy action is recorded, another one was taken",
)  # fmt: skip
gradients.patch(
    "greedy-play", MODULE, "draw(self.model.policy(observation), self.generator)", "self.act(observation)",
    title="the most probable action is taken, not a drawn one",
)  # fmt: skip

problem.patch("plus-sign", MODULE, f"return -({WEIGHT}", f"return ({WEIGHT}", title="ascent along g_theta's opposite")
problem.patch(
    "baseline-is-q", MODULE, ADVANTAGE, "zero_dead(0 * signal, live).detach()",
    title="Q(s, a) as baseline: nothing is left on average",
)  # fmt: skip
problem.patch("baseline-one-state-late", MODULE, VALUE, "value = critic(observation.roll(-1, 0))", title="V(s_{t+1})")
problem.patch(
    "r-off-by-one", MODULE, "found[t] = total", "found[t] = total - reward[t]", title="the sum begins with r_{t+1}"
)  # fmt: skip
problem.patch("r-T-off-by-one", MODULE, "reversed(range(len(reward)))", "reversed(range(len(reward) - 1))")
problem.patch(
    "no-half", MODULE, "value_coefficient: float = 0.5", "value_coefficient: float = 1.0", title="(Q - V)^2 without 1/2",
    seen_in="Spinning Up, SB3 and CleanRL differ by this factor",
)  # fmt: skip
problem.patch(
    "critic-of-the-start-only", MODULE, "zero_dead(signal.detach() - value, live).square().sum(0)",
    "zero_dead(signal.detach() - value, live)[:1].square().sum(0)", title="the critic sees s_0 alone",
)  # fmt: skip
problem.patch(
    "critic-ascends", MODULE, "return coefficient * zero_dead(signal", "return -coefficient * zero_dead(signal"
)  # fmt: skip

EVIDENCE = [gradients, problem]
