"""Evidence for `proofs.gae_code`: the promises, run on the code, and the bugs that each must notice."""

from __future__ import annotations

from proofs.claims import Evidence
from proofs.gae_code import alg_gae

GAE, PPO, CHECKS = "numeric.primitives.gae", "numeric.algorithms.ppo", "numeric.contracts.gae_code"
WIDE, SUMS = "numeric.primitives.wide", "numeric.primitives.recurrence"

EVIDENCE = Evidence(alg_gae)
for promise in alg_gae.promises:
    if promise != "returns":
        EVIDENCE.promise(promise, f"{CHECKS}:{promise.replace('-', '_')}", of=GAE, also=(WIDE, SUMS))
EVIDENCE.promise("returns", f"{CHECKS}:returns", of=PPO, also=(WIDE, SUMS, GAE))


def bug(id: str, old: str, new: str, title: str, seen_in: str | None = None, module: str = GAE) -> None:
    EVIDENCE.patch(id, module, old, new, title=title, seen_in=seen_in)


# ------------------------------------------------------------------------------------- where a trajectory ends
ON, NEXT = "live & ~(terminated | truncated)", "zero_dead(next_value, live & ~terminated)"
bug("no-reset", ON, "live.clone()", "no episode ends: the sum runs on into the next one")
bug(
    "leaks-over-a-time-limit",
    ON,
    "live & ~terminated",
    "the sum runs on over a time limit",
    "TorchRL #4209 (V-trace); skrl #449",
)
bug("flags-one-step-late", ON, "live & ~(terminated | truncated).roll(1, 0)", "done of the step before", "rlevo #342")
bug("either-end", ON, "live & ~(terminated & truncated)", "an end only where both flags are set")
bug(
    "time-limit-as-terminal",
    NEXT,
    "zero_dead(next_value, live & ~(terminated | truncated))",
    "the bootstrap after a time limit is dropped",
    "CleanRL #198, #448; Stable-Baselines3 #633; skrl #449",
)
bug(
    "reads-past-a-terminal-step",
    NEXT,
    "zero_dead(next_value, live)",
    "the value after a terminal step is read",
    "TorchRL's functional GAE and tianshou's: a NaN there poisons the advantage",
)
bug(
    "terminal-multiplied",
    NEXT,
    "next_value * (live & ~terminated)",
    "a terminal value times 0, which leaves a NaN",
    "TorchRL",
)
bug(
    "no-bootstrap-at-the-end",
    NEXT,
    "zero_dead(next_value, live & ~terminated & (goes_on | truncated))",
    "the array's last step is taken for a terminal one",
    "CleanRL #16",
)
# ------------------------------------------------------------------------------------- gamma, lambda, V
WEIGHT, ERROR = (
    "in_pieces(piece, reward, value, next_value, weight=discount * lambda_)",
    "delta = _td_error(steps, discount)",
)
bug("lambda-ignored", WEIGHT, WEIGHT.replace("discount * lambda_", "discount"), "no lambda: the whole return")
bug("gamma-once", WEIGHT, WEIGHT.replace("discount * lambda_", "lambda_"), "lambda for gamma lambda")
bug("lambda-complement", WEIGHT, WEIGHT.replace("lambda_", "(1 - lambda_)"), "the ends of lambda exchanged")
bug(
    "lambda-in-the-error",
    ERROR,
    "delta = _td_error(steps, discount * lambda_)",
    "lambda on the bootstrap of the TD error, too",
)
bug(
    "bootstrap-twice",
    ERROR,
    f"{ERROR} + discount * zero_dead(steps.next_value, ~steps.goes_on)",
    "the last value is added twice",
    "rl-triton PR #4, in the test's own reference, too",
)
TARGET = "torch.add(steps.reward, steps.next_value, alpha=discount)"
bug("undiscounted", TARGET, "(steps.reward + steps.next_value)", "no gamma on V(s')", "labml's derivation of PPO")
bug("plus-value", f"{TARGET} - steps.value", f"{TARGET} + steps.value", "+V for -V")
bug(
    "reads-the-next-reset",
    TARGET,
    "torch.add(steps.reward, torch.cat([steps.value[1:], steps.next_value[-1:]]), alpha=discount)",
    "V of the array's next step, though another episode has begun",
    "TorchRL PR #3771; CleanRL and rlax cannot say it otherwise",
)
# ------------------------------------------------------------------------------------- the recursion
ROWS = "reversed(x.unbind()), reversed(goes_on.unbind()), reversed(out.unbind())"
bug("forward", ROWS, ROWS.replace("reversed", ""), "the loop runs forward in time", module=SUMS)
bug(
    "flag-of-the-next-row",
    "zeroed(after, goes), alpha",
    "zeroed(after, goes_on[0]), alpha",
    "one flag for all rows",
    module=SUMS,
)
CHUNKS = "discount * lambda_), after)"
bug("pieces-apart", CHUNKS, CHUNKS.replace("after", "None"), "what follows a piece is forgotten", module=WIDE)
WIDE_CALL = "method(reward, value, next_value, terminated, truncated,"
bug(
    "wide-runs-on",
    WIDE_CALL,
    WIDE_CALL.replace("truncated", "torch.zeros_like(truncated)"),
    "a very wide batch runs on over a time limit",
)
bug(
    "wide-terminal",
    WIDE_CALL,
    WIDE_CALL.replace("terminated", "torch.zeros_like(terminated)"),
    "in a very wide batch the value after a terminal step is read",
)
# ------------------------------------------------------------------------------------- what a learner makes of it
RETURNS, SCALED = (
    "    returns = advantage + value\n",
    '    if settings.normalise == "batch":\n        advantage = normalised(advantage)\n',
)
bug(
    "target-normalised",
    RETURNS + SCALED,
    SCALED + RETURNS,
    "the critic's target from normalised advantages",
    "returns built from the wrong array: CleanRL PR #337, rlhf-book PR #216",
    PPO,
)
bug(
    "target-without-value",
    "returns = advantage + value",
    "returns = advantage",
    "the advantage for the return",
    module=PPO,
)
bug(
    "target-with-next-value",
    "returns = advantage + value",
    "returns = advantage + model.value(rollout.final_observation)",
    "A_t + V of the next state",
    module=PPO,
)
bug(
    "learner-drops-time-limit",
    "ends = rollout.terminated, rollout.truncated",
    "ends = rollout.terminated | rollout.truncated, rollout.truncated",
    "the learner passes done for terminated",
    "CleanRL's ppo.py merges both flags; #198, #448",
    PPO,
)
bug(
    "learner-reads-the-next-reset",
    "model.value(rollout.final_observation)",
    "torch.cat([value[1:], value[-1:]])",
    "V of the array's next step",
    "TorchRL PR #3771; CleanRL",
    PPO,
)
bug(
    "target-with-gradient",
    "@torch.no_grad()\ndef prepared(",
    "def prepared(",
    "advantages and targets carry a gradient to the critic",
    "rlax: a change that its own tests let pass",
    PPO,
)
