"""Evidence for `proofs.policy_iteration`: the promises, run on the code, and the bugs that each must notice."""

from __future__ import annotations

from proofs.claims import Evidence
from proofs.policy_iteration import alg_pi, hw15

MODULE, CHECKS, WALK = (
    "numeric.algorithms.policy_iteration",
    "numeric.contracts.policy_iteration",
    "numeric.envs.cliff_walk",
)
SOLVE = "torch.linalg.solve(system, torch.where(live, reward, 0.0))"
ONCE = "reward * live + discount * move @ (reward * live)"
FORWARD = "system @ torch.where(live, reward, 0.0)"

planned = Evidence(alg_pi)
for promise in alg_pi.promises:
    planned.promise(promise, f"{CHECKS}:{promise.replace('-', '_')}", of=MODULE)
planned.patch(
    "tie-counts-as-better", MODULE, "(best > current + tie)", "(best >= current - tie)",
    title="an equal action replaces the current one: it never ends",
)  # fmt: skip
planned.patch(
    "stops-on-equal-policies", MODULE, "torch.where(better[:, None], greedy, policy), bool(better.any())",
    "greedy, bool((greedy != policy).any())",
    title="it stops when the policies are equal, and ties are broken by the action's number",
)  # fmt: skip
planned.patch(
    "tie-too-wide", MODULE, "tie: float = 1e-9", "tie: float = 0.5", title="a tolerance that swallows real gains"
)
planned.patch("one-sweep", MODULE, SOLVE, ONCE, title="one sweep in place of the solve, and called exact")
planned.patch("not-inverted", MODULE, SOLVE, FORWARD, title="(I - gamma P) r for its inverse")
planned.patch(
    "transposed", MODULE, "index_put_((rows, table.successor.flatten(1))", "index_put_((table.successor.flatten(1), rows)",
    title="the transposed matrix: values flow forward in time",
)  # fmt: skip
planned.patch(
    "overwritten", MODULE, "accumulate=True", "accumulate=False",
    title="two ways into one state: the second overwrites the first",
)  # fmt: skip
planned.patch("discount-in-q", MODULE, "table.reward.double() + discount * values", "table.reward.double() + values")
planned.patch("least-action", MODULE, "-torch.inf).max(-1)", "-torch.inf).min(-1)", title="argmin for argmax")
planned.patch(
    "wrong-axis", MODULE, "-torch.inf).max(-1)", "-torch.inf).max(0)",
    title="the argmax over states: no error where there are as many states as actions",
)  # fmt: skip
planned.patch(
    "unavailable", MODULE, "values.masked_fill(~open_, -torch.inf)", "values", title="the argmax over all actions"
)
planned.patch(
    "unavailable-zero", MODULE, "values.masked_fill(~open_, -torch.inf)", "(values * open_)",
    title="unavailable actions count 0, which beats what is negative",
)  # fmt: skip
planned.patch(
    "terminal-loop",
    MODULE,
    "discount * move * live[:, None]",
    "discount * move",
    title="terminal states keep their rows",
)
planned.patch(
    "terminal-pays", MODULE, "torch.where(live, reward, 0.0)", "reward", title="terminal states keep their rewards"
)
planned.patch(
    "terminal-acts", MODULE, "found.masked_fill(table.terminal[:, None], 0.0)", "found",
    title="action values of terminal states are read from their rows",
)  # fmt: skip
planned.patch(
    "improper-solved", MODULE, "    if discount == 1:\n        _require_proper(table, policy)\n", "",
    title="a policy that never ends is evaluated",
)  # fmt: skip
planned.patch(
    "undecided-returned", MODULE, "if settings.discount == 1:\n", "if False:\n",
    title="an optimum is claimed where never to end is better",
)  # fmt: skip
planned.patch(
    "returns-too-early",
    MODULE,
    "if not changed:",
    "if not changed or len(history) == 2:",
    title="it stops after one round",
)

walked = Evidence(hw15)
for promise in hw15.promises:
    if promise != "environment":
        walked.promise(promise, f"{CHECKS}:cliff_{promise}", of=MODULE)
walked.promise("environment", f"{CHECKS}:cliff_table", of=WALK)
walked.patch("not-inverted", MODULE, SOLVE, FORWARD, title="(I - gamma P) r for its inverse")
walked.patch("least-action", MODULE, "-torch.inf).max(-1)", "-torch.inf).min(-1)", title="argmin for argmax")
walked.patch(
    "terminal-loop", MODULE, "discount * move * live[:, None]", "discount * move",
    title="terminal rows are not removed: the system is singular at discount 1",
)  # fmt: skip
walked.patch("one-sweep", MODULE, SOLVE, ONCE, title="one sweep in place of the solve")
walked.patch(
    "cliff-resets", WALK, "cliff_ends: bool = True", "cliff_ends: bool = False", title="a fall leads back to the start",
)  # fmt: skip
walked.patch(
    "last-move", WALK, "last_move_costs: bool = False", "last_move_costs: bool = True", title="the last move costs, too"
)
walked.patch(
    "improper-solved", MODULE, "    if discount == 1:\n        _require_proper(table, policy)\n", "",
    title="a policy that never ends is evaluated",
)  # fmt: skip
walked.patch(
    "walls-wrap", WALK, "min(max(cell % self.width + right, 0), self.width - 1)", "(cell % self.width + right) % self.width",
    title="the grid wraps around: left of the start is the goal",
)  # fmt: skip

EVIDENCE = [planned, walked]
