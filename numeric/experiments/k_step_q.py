"""Evidence for `proofs.k_step_q`: the promises, run on the code, and the bugs that each must notice."""

from __future__ import annotations

from proofs.claims import Evidence
from proofs.k_step_q import alg_kstep_q, hw17

MODULE, CHECKS, GAE = "numeric.algorithms.k_step_q", "numeric.contracts.k_step_q", "numeric.primitives.gae"
FOLLOWS, AIMED = "taken(next_values, next_action)", "discount=discount, k=k)\n    return target if"
AGAIN = "k_step_advantage(reward, nothing, nothing, terminated, cut, discount=discount, k=k"

learned, settled = Evidence(alg_kstep_q), Evidence(hw17)
for evidence in (learned, settled):
    for promise in evidence.claim.promises:
        evidence.promise(promise, f"{CHECKS}:{promise.replace('-', '_')}", of=MODULE, also=(GAE,))

# Targets: powers, sums, ends.
learned.patch(
    "one-reward-more", MODULE, AIMED, f"discount=discount, k=k) + {AGAIN} + 1) - {AGAIN})\n    return target if",
    title="the sum includes r_{t+k}, as the slides have it in one line", seen_in="chapter slides, line 988",
)  # fmt: skip
learned.patch(
    "one-step-more", MODULE, AIMED, "discount=discount, k=k + 1)\n    return target if", title="k + 1 steps for k"
)
learned.patch(
    "power-too-low",
    GAE,
    "discount ** (j + 1) * zero_dead",
    "discount**j * zero_dead",
    title="gamma^(k-1) on the bootstrap",
)
learned.patch(
    "power-too-high",
    GAE,
    "discount ** (j + 1) * zero_dead",
    "discount ** (j + 2) * zero_dead",
    title="gamma^(k+1) on it",
)
learned.patch(
    "first-power", GAE, "discount ** (j + 1) * zero_dead", "discount * zero_dead", title="gamma on it, whatever k",
    seen_in="FastTD3 #6",
)  # fmt: skip
learned.patch(
    "power-of-k", GAE, "discount ** (j + 1) * zero_dead", "discount**k * zero_dead",
    title="gamma^k on the bootstrap of a target that was cut short", seen_in="Ray #4626",
)  # fmt: skip
learned.patch(
    "reward-later", MODULE, "advantage(reward, nothing, following", "advantage(reward.roll(-1, 0), nothing, following",
    title="r_{t+1} for r_t", seen_in="Spinning Up #50",
)  # fmt: skip
learned.patch(
    "no-bootstrap-at-the-end",
    GAE,
    "goes_on[-1] = False",
    "goes_on[-1] = True",
    title="no bootstrap where the array ends",
)
learned.patch(
    "bootstraps-at-the-end", GAE, "zero_dead(next_value, live & ~terminated)", "zero_dead(next_value, live)",
    title="bootstraps after a terminal step", seen_in="Stable-Baselines3's DQN: a change that its own tests let pass",
)  # fmt: skip
learned.patch(
    "multiplied-out", GAE, "zero_dead(next_value, live & ~terminated)", "next_value * (live & ~terminated)",
    title="the value after an end times 0, which leaves a NaN", seen_in="TorchRL's functional estimators",
)  # fmt: skip
learned.patch(
    "cut-is-end", MODULE, "following, terminated, cut,", "following, terminated | cut, cut,",
    title="a time limit counts as a death", seen_in="CleanRL #198, Stable-Baselines3 #651",
)  # fmt: skip
learned.patch(
    "leaks", GAE, "~(terminated | truncated)", "~terminated", title="a target reads rewards of the next episode",
    seen_in="TorchRL #4209",
)  # fmt: skip
# The action that follows.
learned.patch(
    "largest-value", MODULE, FOLLOWS, "next_values.amax(-1)", title="max for the policy's action: Q-learning",
    seen_in="rlax's SARSA: a change that its own tests let pass",
)  # fmt: skip
learned.patch("no-last-action", MODULE, FOLLOWS, "next_values[..., 0]", title="a_{t+k} is never drawn")
learned.patch(
    "stale-action", MODULE, FOLLOWS, "taken(next_values, next_action.roll(1, 0))", title="a_{t+k-1} for a_{t+k}"
)
learned.patch(
    "exploration-ignored",
    MODULE,
    "    cut[:-1] |= explored[1:]\n",
    "",
    title="rewards of explored actions in the target",
)
learned.patch(
    "cut-too-late",
    MODULE,
    "cut[:-1] |= explored[1:]",
    "cut |= explored",
    title="the target ends behind an explored action",
)
# Gradient and weights.
learned.patch(
    "not-detached", MODULE, "target if through else target.detach()", "target", title="a gradient flows through the target",
    seen_in="rlax: a change that its own tests let pass",
)  # fmt: skip
learned.patch("twice-the-gradient", MODULE, "square()).sum() / 2", "square()).sum()", title="without 1/2")
learned.patch("sum-for-mean", MODULE, "1 / found.numel()", "1.0", title="the sum for the mean")
learned.patch(
    "state-weights",
    MODULE,
    "pair = state * (action.max() + 1) + action",
    "pair = state",
    title="weights by the state alone",
)
# The loop.
learned.patch(
    "after-reset", MODULE, "(*what, step.final_observation", "(*what, step.observation",
    title="the first state of the next episode for the last of this one", seen_in="TorchRL pull request #3771",
)  # fmt: skip
learned.patch(
    "greedy-for-itself",
    MODULE,
    "self.frozen.load_state_dict(self.q.state_dict())",
    "pass",
    title="the policy never improves",
)

settled.patch("power-too-low", GAE, "discount ** (j + 1) * zero_dead", "discount**j * zero_dead", title="gamma^(k-1) Q")
settled.patch(
    "power-too-high", GAE, "discount ** (j + 1) * zero_dead", "discount ** (j + 2) * zero_dead", title="gamma^(k+1) Q"
)
settled.patch(
    "bootstraps-at-the-end", GAE, "zero_dead(next_value, live & ~terminated)", "zero_dead(next_value, live)",
    title="bootstraps after a terminal step", seen_in="Stable-Baselines3's DQN: a change that its own tests let pass",
)  # fmt: skip
settled.patch(
    "largest-value", MODULE, FOLLOWS, "next_values.amax(-1)", title="max for a_{t+k}",
    seen_in="rlax's SARSA: a change that its own tests let pass",
)  # fmt: skip
settled.patch(
    "full-gradient", MODULE, "target if through else target.detach()", "target", title="the gradient through the target, too",
    seen_in="rlax: a change that its own tests let pass",
)  # fmt: skip
settled.patch(
    "half-gradient", MODULE, "target if through else target.detach()", "target.detach()",
    title="a residual gradient that is none",
)  # fmt: skip
settled.patch(
    "horizon", GAE, "goes_on[-1] = False", "goes_on[-1] = True", title="T - t < k is off by one: no bootstrap there"
)
settled.patch("one-reward-more", MODULE, AIMED, f"discount=discount, k=k) + {AGAIN} + 1) - {AGAIN})\n    return target if",
              title="the sum includes r_{t+k}")  # fmt: skip

EVIDENCE = [learned, settled]
