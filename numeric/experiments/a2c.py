"""Evidence for `proofs.a2c`: every promise on enumerated windows, and the ways in which code breaks them."""

from __future__ import annotations

from proofs.a2c import alg_a2c
from proofs.claims import Evidence

MODULE, CHECKS, SOFTMAX = "numeric.algorithms.a2c", "numeric.contracts.a2c", "numeric.primitives.softmax"
ROLLOUT = "numeric.algorithms.rollout"

EVIDENCE = Evidence(alg_a2c)
for name in alg_a2c.promises:
    EVIDENCE.promise(name, f"{CHECKS}:{name}", of=MODULE, also=(SOFTMAX, ROLLOUT) if name == "played" else (SOFTMAX,))

LIVE, BREAK = "zero_dead(next_value, ~terminated)", "torch.where(terminated[t] | truncated[t], bootstrap[t], following)"
STEP, ADVANTAGE, ASKED = (
    "reward[t] + discount * following",
    "(target - value).detach()",
    "critic(window.final_observation)",
)
TOTAL = "settings.value_coefficient * parts.value - settings.entropy_coefficient * parts.entropy"


def patch(id: str, old: str, new: str, title: str, seen_in: str | None = None, module: str = MODULE) -> None:
    EVIDENCE.patch(id, module, old, new, title=title, seen_in=seen_in)


patch(
    "bootstrap-at-done", LIVE, "next_value * 1.0", "V of a terminal state is read",
    "TorchRL's functional GAE and tianshou's, where a NaN there spoils the result",
)  # fmt: skip
patch(
    "truncated-as-done", LIVE, "zero_dead(next_value, ~(terminated | truncated))", "nothing is worth anything after a time limit",
    "CleanRL #198 and #448; Stable-Baselines3 #633, mended by #651; skrl #449",
)  # fmt: skip
patch(
    "leaks-over-a-time-limit", BREAK, "torch.where(terminated[t], bootstrap[t], following)",
    "the next episode's rewards are added after a time limit", "TorchRL #4209; skrl #449",
)  # fmt: skip
patch(
    "leaks-over-a-termination", BREAK, "torch.where(truncated[t], bootstrap[t], following)",
    "the next episode's rewards are added after a termination", "CleanRL #16",
)  # fmt: skip
patch(
    "done-one-step-late", BREAK, "torch.where((terminated | truncated).roll(-1, 0)[t], bootstrap[t], following)",
    "the flag of step t + 1 for that of step t", "rlevo #342",
)  # fmt: skip
patch(
    "reads-the-next-reset", ASKED, "critic(window.observation.roll(-1, 0))",
    "V of the array's next row, though another episode has begun", "TorchRL PR #3771; CleanRL and rlax cannot say it otherwise",
)  # fmt: skip
patch("no-bootstrap", "following, found = bootstrap[-1], []", "following, found = 0 * bootstrap[-1], []",
      "the window ends as if the episode did")  # fmt: skip
patch("undiscounted", STEP, "reward[t] + following", "Q_t without its discounts")
patch("one-power-too-many", STEP, "discount * (reward[t] + following)", "discount^(j+1) r_{t+j}",
      "Spinning Up #50 (rewards shifted by one)")  # fmt: skip
patch("exponent-of-the-bootstrap", "bootstrap = zero", "bootstrap = discount * zero", "discount^(m+1) V(s_{t+m})",
      "the n-step exponent of FastTD3 #6 and Ray #4626")  # fmt: skip
patch("advantage-not-detached", ADVANTAGE, "target.detach() - value", "the policy's loss trains the critic",
      "rlax: a variant that passed its tests")  # fmt: skip
patch("target-not-detached", "(target.detach() - value)", "(target - value)", "the critic's loss moves its own target")
patch("plus-sign", "Losses(-(logp", "Losses((logp", "ascent for descent")
patch("sum-for-mean", "advantage).mean()", "advantage).sum()", "a sum over the window for the mean")
patch(
    "advantage-normalised", ADVANTAGE, f"{ADVANTAGE}\n    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)",
    "advantages are normalised over the batch, and nothing says so",
)  # fmt: skip
patch("no-baseline", ADVANTAGE, "(target + 0 * value).detach()", "Q_t for the advantage: the same mean")
patch(
    "no-value-coefficient",
    TOTAL,
    TOTAL.replace("settings.value_coefficient * ", ""),
    "the critic's loss at full weight",
)
patch("half-twice", "square().mean(), entropy", "square().mean() / 2, entropy", "the 1/2 is in the loss, too")
patch(
    "entropy-sign", TOTAL, TOTAL.replace("- settings.entropy", "+ settings.entropy"), "the entropy is descended",
    "Stable-Baselines3 #127, #129; OpenSpiel #962",
)  # fmt: skip
patch(
    "entropy-of-the-taken-action", "-(everything.exp() * everything).sum(-1)", "-logp", "- log pi(a_t) for the entropy",
    "issues of several libraries: its gradient has mean 0",
)  # fmt: skip
patch(
    "log-of-softmax", "return torch.log_softmax(logits, dim)", "return torch.softmax(logits, dim).log()",
    "log(softmax(z)), which underflows", module=SOFTMAX,
)  # fmt: skip
patch(
    "records-the-next-observation", "Rollout(observation, action", "Rollout(made.observation, action",
    "the observation after the step is recorded beside its action", module=ROLLOUT,
)  # fmt: skip
patch(
    "records-another-action", "Rollout(observation, action", "Rollout(observation, policy(observation).argmax(-1)",
    "the greedy action is recorded, another one was taken", module=ROLLOUT,
)  # fmt: skip
patch(
    "final-observation-lost", "made.truncated, made.final_observation", "made.truncated, made.observation",
    "at an end the first observation of the next episode for the last of this one", "TorchRL PR #3771", ROLLOUT,
)  # fmt: skip
patch(
    "stays-behind", "observation = made.observation", "observation = made.final_observation",
    "actions are chosen from the last state of an episode that has ended", module=ROLLOUT,
)  # fmt: skip
