"""What PPO promises (alg-ppo-clip), against exact numbers.

The oracle: gradients as sums over all trajectories of a finite MDP whose values and visits come from linear solves in rationals
(numeric.mdp), and the definition of the clipped loss sample by sample.  Policies are softmax policies whose logits are logarithms
of rationals, so that probabilities, ratios and gradients are rational; where a logarithm stays (entropy, KL) it is known to 50
digits.

`Table` stands in for the networks: one logit for each state and action and one value for each state, so that the gradient by each
is a statement about one state.  `Script` stands in for the optimiser: it writes down the gradient of each step, and then puts the
parameters where the check wants them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from numeric.contract import NO_GRADIENT, Row, rounding
from numeric.contracts.gae_code import judged, layered
from numeric.envs.tabular import Tabular, table_of
from numeric.mdp import solve
from numeric.mdp.model import FiniteMDP, Policy
from numeric.mdp.paths import Path, k_step_target, paths
from numeric.mdp.reading import from_data

F = Fraction
Rows = Sequence[Sequence[Fraction]]
Case = tuple[Fraction, Fraction, int, Fraction]
EPSILON = F(1, 4)  # a float; 1/5 is none


class Table(nn.Module):
    """Logits [S, A] and values [S], looked up by the state's number."""

    def __init__(self, policy: Rows, values: Sequence[Fraction], device: str) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits_of(policy, device))
        self.values = nn.Parameter(torch.tensor([float(v) for v in values], dtype=torch.float64, device=device))

    def policy(self, state: Tensor) -> Tensor:
        return self.logits[state]

    def value(self, state: Tensor) -> Tensor:
        return self.values[state]

    def forward(self, state: Tensor) -> tuple[Tensor, Tensor]:
        return self.policy(state), self.value(state)


class Script:
    """An optimiser that notes gradients; after its step number n it puts `policies[n]` (and its values, if given) in place."""

    def __init__(self, model: Table, policies: dict[int, Rows] | None = None, values: Sequence[Fraction] | None = None):
        self.model, self.policies, self.next_values = model, policies or {}, values
        self.seen: list[tuple[Tensor, Tensor]] = []

    def zero_grad(self, set_to_none: bool = True) -> None:
        for one in self.model.parameters():
            one.grad = None

    def step(self) -> None:
        noted = [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in self.model.parameters()]
        self.seen.append((noted[0], noted[1]))
        if len(self.seen) in self.policies:
            device = str(self.model.logits.device)
            self.model.logits.data.copy_(logits_of(self.policies[len(self.seen)], device))
            if self.next_values is not None:
                self.model.values.data.copy_(torch.tensor([float(v) for v in self.next_values]))


def logits_of(policy: Rows, device: str) -> Tensor:
    """Logarithms of the probabilities; of a terminal state's row, which is empty, zeros."""
    most = max(map(len, policy))
    rows = [[math.log(p) for p in row] or [0.0] * most for row in policy]
    return torch.tensor(rows, dtype=torch.float64, device=device)


def plain(module: ModuleType, **more: Any) -> Any:
    """Settings with every convention off but the ones asked for."""
    given = {
        "epsilon": float(EPSILON), "normalise": "none", "entropy_coefficient": 0.0, "value_coefficient": 0.5, "max_norm": 1e30,
        "epochs": 1, "minibatch": 10_000,
    }  # fmt: skip
    return module.Settings(**{**given, **more})


# ------------------------------------------------------------------------------------- the first step
def first_step(module: ModuleType, device: str) -> Iterator[Row]:
    """Over all trajectories the first gradient of `update` is the exact one: with exact V and any lambda, or at lambda = 1."""
    mdp, policy = layered()
    exact = gradient(policy, mdp.discount)
    cases = [(f"exact values, lambda = {x}", judged(mdp, policy, False), x) for x in (F(0), F(5, 8), F(1))]
    nothing = tuple(F(0) for _ in mdp.states)
    for what, values, lambda_ in (*cases, ("no values, lambda = 1", nothing, F(1))):
        got = expected(module, device, policy, values, lambda_, discounted=True)
        yield Row(f"minus the expected first gradient with {what}", -got, exact, rounding(4000, 64))


def undiscounted(module: ModuleType, device: str) -> Iterator[Row]:
    """Without gamma^t, as it is used: sum_t P(s_t = s) pi A, which is the gradient of no discounted return."""
    mdp, policy = layered()
    got = expected(module, device, policy, judged(mdp, policy, False), F(5, 8), discounted=False)
    yield Row("minus the expected first gradient without gamma^t", -got, gradient(policy, F(1)), rounding(4000, 64))


def wrong_values(module: ModuleType, device: str) -> Iterator[Row]:
    """With wrong values and lambda < 1 the gradient is biased, by what the lambda-targets of those values say."""
    mdp, policy = layered()
    values = judged(mdp, policy, True)
    for lambda_ in (F(0), F(5, 8), F(1)):
        got = expected(module, device, policy, values, lambda_, discounted=True)
        wanted = by_targets(policy, values, lambda_)
        yield Row(f"minus the first gradient with wrong values, lambda = {lambda_}", -got, wanted, rounding(4000, 64))


def critic(module: ModuleType, device: str) -> Iterator[Row]:
    """At lambda = 1 the critic's gradient is c_V sum_t P(s_t = s) (V_phi(s) - V(s)): it fits the returns of the policy."""
    mdp, policy = layered()
    values, exact = judged(mdp, policy, True), solve.evaluate(policy).v
    often = solve.visits(Policy(mdp.at(1), policy.rows))
    model = Table(policy.rows, spiked(mdp, values), device)
    settings = plain(module, discount=float(mdp.discount), lambda_=1.0)
    total = torch.zeros_like(model.values)
    for path in paths(policy, 3):
        batch, script = module.prepared(model, rollout(module, [path], device), settings), Script(model)
        module.update(model, script, batch, settings, generator=torch.Generator(device))
        total += float(path.probability) * len(path) * script.seen[0][1]
    wanted = [n * (v - e) / 2 for n, v, e in zip(often, values, exact, strict=True)]
    yield Row("the critic's expected first gradient", total.detach(), wanted, rounding(4000, 64))


def expected(
    module: ModuleType, device: str, policy: Policy, values: Sequence[Fraction], lambda_: Fraction, *, discounted: bool
) -> Tensor:
    """The sum over trajectories of probability times the sum over steps of the first gradient by the logits.

    Trajectories of one length stand side by side, and their probabilities go into the samples' weights.
    """
    model = Table(policy.rows, spiked(policy.mdp, values), device)
    settings = plain(module, discount=float(policy.mdp.discount), lambda_=float(lambda_), discounted=discounted)
    total = torch.zeros_like(model.logits)
    for group in by_length(policy):
        batch, script = module.prepared(model, rollout(module, group, device), settings), Script(model)
        chance = torch.tensor([[float(p.probability) for p in group]], dtype=torch.float64, device=device)
        spread = chance.expand(len(group[0]), -1).flatten()
        weighted = batch._replace(weight=batch.weight * spread)
        module.update(model, script, weighted, settings, generator=torch.Generator(device))
        total += len(spread) * script.seen[0][0]  # the loss is a mean over the samples
    return total.detach()


def spiked(mdp: FiniteMDP, values: Sequence[Fraction]) -> list[Fraction]:
    """The same values, and 5 where an episode is over: a network says something there, too, which nothing may read."""
    return [v if row else F(5) for v, row in zip(values, mdp.rows, strict=True)]


@cache
def by_length(policy: Policy) -> list[list[Path]]:
    found = list(paths(policy, 3))
    return [[p for p in found if len(p) == length] for length in sorted({len(p) for p in found})]


def rollout(module: ModuleType, group: Sequence[Path], device: str) -> Any:
    """Trajectories of one length as they would be collected, [T, N]."""
    length = len(group[0])

    def tensor(rows: Sequence[Sequence[Any]], kind: torch.dtype) -> Tensor:
        columns = [[float(x) if kind is torch.float64 else x for x in row] for row in rows]
        return torch.tensor(columns, dtype=kind, device=device).mT.contiguous()

    ends = [[t == length - 1 and p.terminated for t in range(length)] for p in group]
    return module.Rollout(
        observation=tensor([p.states[:-1] for p in group], torch.int64),
        action=tensor([p.actions for p in group], torch.int64),
        reward=tensor([p.rewards for p in group], torch.float64),
        terminated=tensor(ends, torch.bool),
        truncated=tensor([[False] * length] * len(group), torch.bool),
        final_observation=tensor([p.states[1:] for p in group], torch.int64),
        time=tensor([range(length)] * len(group), torch.int64),
    )


def gradient(policy: Policy, discount: Fraction) -> list[list[Fraction]]:
    """d(s) pi(a | s) A(s, a), visits discounted by `discount`, advantages by the MDP's own."""
    mdp = policy.mdp
    often, advantage = solve.visits(Policy(mdp.at(discount), policy.rows)), solve.evaluate(policy).advantage
    return [
        [n * p * x for p, x in zip(policy.rows[s], advantage[s], strict=True)] or [F(0)] * len(mdp.actions)
        for s, n in enumerate(often)
    ]


def by_targets(policy: Policy, values: Sequence[Fraction], lambda_: Fraction) -> list[list[Fraction]]:
    """sum_t gamma^t E[(one-hot(a_t) - pi(s_t)) (lambda-target - V(s_t))], trajectory by trajectory, by definition."""
    mdp = policy.mdp
    out = [[F(0)] * len(mdp.actions) for _ in mdp.states]
    for path in paths(policy, 3):
        for t, (s, a) in enumerate(zip(path.states, path.actions, strict=False)):
            rest = Path(F(1), path.states[t:], path.actions[t:], path.rewards[t:], path.terminated)
            k_step = [k_step_target(rest, mdp, values, k) for k in range(1, len(rest) + 1)]
            mixed = sum(((1 - lambda_) * lambda_**n * x for n, x in enumerate(k_step[:-1])), F(0))
            credit = mixed + lambda_ ** (len(rest) - 1) * k_step[-1] - values[s]
            for b, p in enumerate(policy.rows[s]):
                out[s][b] += path.probability * mdp.discount**t * (int(a == b) - p) * credit
    return out


# ------------------------------------------------------------------------------------- the loss
ADVANTAGES = (F(-3), F(-1, 2), F(0), F(3, 4), F(2))


@cache
def cases() -> list[Case]:
    """(new probability of action 0, old one, action, advantage): ratios from 1/7 to 7 off the kinks, with every advantage."""
    return [
        (p, q, action, advantage)
        for p in (F(1, 8), F(1, 2), F(7, 8), F(9, 16), F(5, 8))
        for q in (F(1, 8), F(1, 2), F(7, 8))
        for action in (0, 1)
        for advantage in ADVANTAGES
        if abs(taken(p, action) / taken(q, action) - 1) != EPSILON
    ]


def taken(p: Fraction, action: int) -> Fraction:
    return p if action == 0 else 1 - p


def clipped(ratio: Fraction, advantage: Fraction, epsilon: Fraction) -> tuple[Fraction, bool]:
    """C by cases, and whether its slope in the ratio is 0."""
    if advantage >= 0:
        return min(ratio, 1 + epsilon) * advantage, ratio > 1 + epsilon or advantage == 0
    return max(ratio, 1 - epsilon) * advantage, ratio < 1 - epsilon


def samples(module: ModuleType, device: str, given: Sequence[Case], **more: Any) -> Any:
    """A batch of the cases, the observation their number; and the model that has the new policies and values 0."""
    model = Table([(p, 1 - p) for p, *_ in given], [F(0)] * len(given), device)
    real: dict[str, Any] = {"dtype": torch.float64, "device": device}
    count = len(given)
    batch = {
        "observation": torch.arange(count, device=device),
        "action": torch.tensor([a for _, _, a, _ in given], device=device),
        "behaviour_logp": torch.tensor([math.log(taken(q, a)) for _, q, a, _ in given], **real),
        "old_value": torch.zeros(count, **real),
        "advantage": torch.tensor([float(x) for *_, x in given], **real),
        "returns": torch.zeros(count, **real),
        "weight": torch.ones(count, **real),
    }
    return model, module.Batch(**{**batch, **more})


def loss_of(module: ModuleType, model: Table, batch: Any, **more: Any) -> Any:
    given = {"epsilon": float(EPSILON), "value_coefficient": 0.5, "entropy_coefficient": 0.0}
    return module.ppo_loss(*model(batch.observation), batch, **{**given, **more})


def regions(module: ModuleType, device: str) -> Iterator[Row]:
    """Value and slope of the objective on a grid of ratios and advantages; the slope is 0 exactly where it should be."""
    given = cases()
    count, ratios = len(given), [taken(p, a) / taken(q, a) for p, q, a, _ in given]
    for advantage in ADVANTAGES:
        some = [(case, r) for case, r in zip(given, ratios, strict=True) if case[3] == advantage]
        weight = [F((7 * n) % 11 + 1, 8) for n in range(len(some))]
        model, batch = samples(module, device, [case for case, _ in some], weight=tensor(weight, device))
        wanted = sum(
            (w * clipped(r, advantage, EPSILON)[0] for w, (_, r) in zip(weight, some, strict=True)), F(0)
        ) / len(some)
        got = loss_of(module, model, batch).policy
        yield Row(f"the weighted policy loss of all ratios at A = {advantage}", got, -wanted, rounding(100, 64))
    model, batch = samples(module, device, given)
    loss_of(module, model, batch).total.backward()
    slopes, silent = [], []
    for (p, _, action, advantage), ratio in zip(given, ratios, strict=True):
        flat = clipped(ratio, advantage, EPSILON)[1]
        push = F(0) if flat else advantage * ratio / count
        slopes.append([-push * (int(b == action) - taken(p, b)) for b in (0, 1)])
        silent.append(flat)
    grad = model.logits.grad
    yield Row("the slope of the loss in the logits", grad, slopes, rounding(60, 64))
    assert grad is not None
    at = torch.tensor(silent, device=device)
    yield Row("the largest slope where the objective is flat", float(grad[at].abs().max()), 0)
    yield Row("the places where the slope is 0", int((grad == 0).all(-1).sum()), sum(silent))


def no_gradient(module: ModuleType, device: str) -> Iterator[Row]:
    """Data receive no gradient; the policy loss reaches no value, and the value loss no logit."""
    names = ("behaviour_logp", "old_value", "advantage", "returns", "weight")
    for clip in (None, 0.5):
        model, batch = samples(module, device, cases())
        data = {name: getattr(batch, name).clone().requires_grad_() for name in names}
        data["returns"] = (batch.returns + 1.0).requires_grad_()
        loss = loss_of(module, model, batch._replace(**data), value_clip=clip)
        loss.total.backward(retain_graph=True)
        for name in names:
            yield Row(name, data[name].grad, NO_GRADIENT)
        parts = {"policy": model.values, "entropy": model.values, "value": model.logits}
        for name, other in parts.items():
            part = getattr(loss, name)
            (grad,) = torch.autograd.grad(part, [other], retain_graph=True, allow_unused=True)
            what = "values" if other is model.values else "logits"
            yield Row(f"the {what}, from the {name} loss,", grad, NO_GRADIENT)


VALUE_CASES = tuple((F(a), F(b), F(c)) for a, b, c in (
    (1, 5, 10), (1, 10, 5), (5, 1, 10), (5, 10, 1), (10, 1, 5), (10, 5, 1), (5, 4, 10), (4, 5, 1), (7, 7, 3),
))  # fmt: skip


def values(module: ModuleType, device: str) -> Iterator[Row]:
    """The value loss of each form at every order of V, old V and return, and its slope in V."""
    width = F(1, 4)
    for clip, form in ((None, "max"), (width, "max"), (width, "clipped_only")):
        wanted, slopes = [], []
        for value, old, target in VALUE_CASES:
            moved = old + max(-width, min(width, value - old))
            free = clip is None or (form == "max" and abs(value - target) > abs(moved - target))
            wanted.append(((value if free else moved) - target) ** 2 / 2)
            slopes.append(value - target if free or moved == value else F(0))
        now, before, to = [tensor(column, device).requires_grad_() for column in zip(*VALUE_CASES, strict=True)]
        got = module.value_loss(now, before, to, clip=None if clip is None else float(clip), form=form)
        got.sum().backward()
        what = "the value loss without clip" if clip is None else f"the value loss, form {form}"
        yield Row(what, got, wanted, rounding(8, 64))
        yield Row(f"the slope of {what}", now.grad, slopes, rounding(8, 16))
        yield Row(f"old_value, from {what},", before.grad, NO_GRADIENT)
        yield Row(f"returns, from {what},", to.grad, NO_GRADIENT)


# ------------------------------------------------------------------------------------- entropy and KL
OLD, NEW = (F(1, 2), F(1, 4), F(1, 4)), (F(1, 8), F(1, 2), F(3, 8))


@cache
def ln(x: Fraction) -> Fraction:
    """To 50 digits."""
    with localcontext() as context:
        context.prec = 60
        return F(Decimal(x.numerator).ln()) - F(Decimal(x.denominator).ln())


def entropy_sign(module: ModuleType, device: str) -> Iterator[Row]:
    """Where nothing else pulls, the loss falls as entropy rises: its slope is c_H p (ln p + H), and H itself is exact."""
    for p in (OLD, NEW):
        model = Table([p], [F(0)], device)
        _, batch = samples(module, device, [(F(1, 2), F(1, 2), 0, F(0))])
        loss = loss_of(module, model, batch, entropy_coefficient=0.5, value_coefficient=0.0)
        loss.total.backward()
        spread = -sum((x * ln(x) for x in p), F(0))
        wanted = [x * (ln(x) + spread) / 2 for x in p]
        yield Row("the entropy", loss.entropy, spread, rounding(40, 4))
        yield Row("the total loss", loss.total, -spread / 2, rounding(40, 4))
        yield Row("the slope of the loss in the logits", model.logits.grad, [wanted], rounding(40, 4))
        grad = model.logits.grad
        assert grad is not None
        model.logits.data -= 0.125 * grad
        after = loss_of(module, model, batch).entropy
        yield Row("by how much a step lowers the entropy", float((loss.entropy - after).detach().clamp(min=0)), 0)


def kl_direction(module: ModuleType, device: str) -> Iterator[Row]:
    """On actions as frequent as the old policy takes them, the estimate is KL(old, new) exactly; and never negative."""
    actions = [0, 0, 1, 2]  # 1/2, 1/4, 1/4
    old, new = (torch.tensor([math.log(p[a]) for a in actions], dtype=torch.float64, device=device) for p in (OLD, NEW))
    exact = sum((p * (ln(p) - ln(q)) for p, q in zip(OLD, NEW, strict=True)), F(0))
    yield Row("the estimated KL divergence", module.kl_of_policies(old, new), exact, rounding(40, 8))
    for a in range(3):
        at = torch.tensor([math.log(OLD[a])], dtype=torch.float64, device=device)
        to = torch.tensor([math.log(NEW[a])], dtype=torch.float64, device=device)
        ratio = NEW[a] / OLD[a]
        wanted = ratio - 1 - ln(ratio)
        yield Row(
            f"the estimate from one action of ratio {ratio}", module.kl_of_policies(at, to), wanted, rounding(40, 8)
        )


# ------------------------------------------------------------------------------------- the update
STATES = 3
FIRST = ((F(1, 2), F(1, 2)), (F(1, 4), F(3, 4)), (F(3, 8), F(5, 8)))
SECOND = (
    (F(3, 4), F(1, 4)),
    (F(1, 4), F(3, 4)),
    (F(1, 8), F(7, 8)),
)  # ratios 3/2, 1/2, 1, 1, 1/3, 7/5: clipped, and not
SEEN = tuple((s, a, x) for s in range(STATES) for a, x in ((0, F(2)), (1, F(-3, 2)), (0, F(-1)), (1, F(5, 4))))
V_OLD, V_NEW = (F(1), F(-1, 2), F(3, 4)), (F(2), F(1, 4), F(-1))


def recorded(module: ModuleType, device: str) -> Any:
    """Twelve samples of the first policy."""
    real: dict[str, Any] = {"dtype": torch.float64, "device": device}
    old = [float(V_OLD[s]) for s, _, _ in SEEN]
    advantage = [float(x) for *_, x in SEEN]
    return module.Batch(
        observation=torch.tensor([s for s, _, _ in SEEN], device=device),
        action=torch.tensor([a for _, a, _ in SEEN], device=device),
        behaviour_logp=torch.tensor([math.log(FIRST[s][a]) for s, a, _ in SEEN], **real),
        old_value=torch.tensor(old, **real),
        advantage=torch.tensor(advantage, **real),
        returns=torch.tensor([v + x for v, x in zip(old, advantage, strict=True)], **real),
        weight=torch.ones(len(SEEN), **real),
    )


def summed(policy: Rows, values_now: Sequence[Fraction]) -> tuple[list[list[Fraction]], list[Fraction]]:
    """The sum over the samples of both gradients of the loss, at a policy and values, by definition."""
    by_logit, by_value = [[F(0)] * 2 for _ in range(STATES)], [F(0)] * STATES
    for s, a, x in SEEN:
        ratio = policy[s][a] / FIRST[s][a]
        push = F(0) if clipped(ratio, x, EPSILON)[1] else x * ratio
        for b in (0, 1):
            by_logit[s][b] -= push * (int(a == b) - policy[s][b])
        by_value[s] += (values_now[s] - (V_OLD[s] + x)) / 2
    return by_logit, by_value


def steps(module: ModuleType, device: str) -> Iterator[Row]:
    """epochs * ceil(M / minibatch) steps, each sample once an epoch: the minibatches' gradients add up to the whole one."""
    batch = recorded(module, device)
    for minibatch, epochs in ((12, 1), (5, 2), (4, 3), (1, 1), (100, 2)):
        model = Table(FIRST, V_OLD, device)
        script = Script(model)
        settings = plain(module, minibatch=minibatch, epochs=epochs)
        module.update(model, script, batch, settings, generator=torch.Generator(device).manual_seed(7))
        sizes = [min(minibatch, 12 - n) for n in range(0, 12, minibatch)]
        yield Row(f"steps in {epochs} epochs of {minibatch}", len(script.seen), epochs * len(sizes))
        by_logit, by_value = summed(FIRST, V_OLD)
        for epoch in range(len(script.seen) // len(sizes)):
            part = list(zip(sizes, script.seen[epoch * len(sizes) :], strict=False))
            what = f"over epoch {epoch + 1} in minibatches of {minibatch}"
            yield Row(f"the policy's gradient {what}", _total(part, 0), by_logit, rounding(200, 32))
            yield Row(f"the critic's gradient {what}", _total(part, 1), by_value, rounding(200, 32))


def _total(part: list[tuple[int, tuple[Tensor, Tensor]]], which: int) -> Tensor:
    return torch.stack([size * grads[which] for size, grads in part]).sum(0)


def frozen(module: ModuleType, device: str) -> Iterator[Row]:
    """In the second epoch, after the weights have moved: ratios to the policy that acted, advantages and targets as they were."""
    model = Table(FIRST, V_OLD, device)
    script = Script(model, {1: SECOND}, V_NEW)
    module.update(
        model,
        script,
        recorded(module, device),
        plain(module, epochs=2, minibatch=12),
        generator=torch.Generator(device),
    )
    for epoch, (policy, now) in enumerate(((FIRST, V_OLD), (SECOND, V_NEW))):
        by_logit, by_value = summed(policy, now)
        got = script.seen[epoch] if epoch < len(script.seen) else (torch.zeros(STATES, 2), torch.zeros(STATES))
        yield Row(f"the policy's gradient of epoch {epoch + 1}", 12 * got[0], by_logit, rounding(200, 32))
        yield Row(f"the critic's gradient of epoch {epoch + 1}", 12 * got[1], by_value, rounding(200, 32))


def early_stop(module: ModuleType, device: str) -> Iterator[Row]:
    """It stops after the epoch in which the KL exceeds target_kl, not before and not where it is below."""
    ratios = [SECOND[s][a] / FIRST[s][a] for s, a, _ in SEEN]
    kl = sum((r - 1 - ln(r) for r in ratios), F(0)) / len(ratios)
    for factor, epochs in ((F(7, 8), 2), (F(9, 8), 5)):
        model = Table(FIRST, V_OLD, device)
        script = Script(model, {2: SECOND})
        settings = plain(module, epochs=5, minibatch=12, target_kl=float(kl * factor))
        figures = module.update(model, script, recorded(module, device), settings, generator=torch.Generator(device))
        yield Row(f"steps where the limit is {factor} of the KL after the second", len(script.seen), epochs)
        yield Row("the KL that is told", figures["kl"], kl, rounding(200, 8))


def cut(module: ModuleType, device: str) -> Iterator[Row]:
    """The gradient of both networks together is cut to max_norm, its direction kept."""
    by_logit, by_value = summed(FIRST, V_OLD)
    flat = [x / 12 for row in by_logit for x in row] + [x / 12 for x in by_value]
    square = sum((x * x for x in flat), F(0))
    for share in (F(1, 8), F(1, 2), F(2)):
        model, limit = Table(FIRST, V_OLD, device), float(share) * math.sqrt(square)
        script = Script(model)
        module.update(
            model,
            script,
            recorded(module, device),
            plain(module, minibatch=12, max_norm=limit),
            generator=torch.Generator(device),
        )
        got = torch.cat([grad.flatten() for grad in script.seen[0]])
        factor = min(share, F(1))
        yield Row(
            f"the gradient cut to {share} of its norm", got, [factor * x for x in flat], F(1, 10**5)
        )  # torch adds 1e-6


# ------------------------------------------------------------------------------------- advantages
def normalised(module: ModuleType, device: str) -> Iterator[Row]:
    """Over the whole update, once: mean 0, mean square 1 (divisor M), whatever the minibatches; equal ones become 0."""
    given = [F(x) for x in (3, -1, 4, 1, -5, 9, 2, -6)]
    mean = sum(given) / 8
    variance = sum(((x - mean) ** 2 for x in given), F(0)) / 8
    got = module.normalised(tensor(given, device))
    yield Row(
        "the squares of normalised advantages", got.square(), [(x - mean) ** 2 / variance for x in given], F(1, 10**7)
    )
    yield Row("the signs of normalised advantages", got.sign(), [1 if x > mean else -1 for x in given])
    scaled = module.normalised(tensor([1000 * x + 64 for x in given], device))
    yield Row("normalised advantages on another scale, less those", scaled - got, [0] * 8, F(1, 10**7))
    for count in (1, 2, 8):
        same = torch.full((count,), 0.1, dtype=torch.float32, device=device)
        yield Row(f"{count} equal advantages, normalised", module.normalised(same).double(), [0] * count)
    yield from _once(module, device, given)


def _once(module: ModuleType, device: str, given: list[Fraction]) -> Iterator[Row]:
    """prepared normalises what `update` then cuts into minibatches, which stay as they are."""
    model = Table([(F(1, 2), F(1, 2))] * 8, [F(0)] * 8, device)
    real = [x / 8 for x in given]
    never = torch.zeros(8, 1, dtype=torch.bool, device=device)
    states, nothing = torch.arange(8, device=device)[:, None], torch.zeros(8, 1, dtype=torch.int64, device=device)
    made = module.Rollout(states, nothing, tensor(real, device)[:, None], ~never, never, states, nothing)
    settings = plain(module, normalise="batch", minibatch=3, value_coefficient=0.0)
    batch, script = module.prepared(model, made, settings), Script(model)
    module.update(model, script, batch, settings, generator=torch.Generator(device).manual_seed(3))
    got = torch.stack([size * grads[0] for size, grads in zip((3, 3, 2), script.seen, strict=True)]).sum(0)
    mean = sum(real) / 8
    variance = sum(((x - mean) ** 2 for x in real), F(0)) / 8
    yield Row(
        "the squares of the pushes", got[:, 0].square(), [(x - mean) ** 2 / variance / 4 for x in real], F(1, 10**6)
    )
    yield Row("the critic's targets", batch.returns, real, rounding(8, 4))


def tensor(numbers: Sequence[Fraction], device: str) -> Tensor:
    return torch.tensor([float(x) for x in numbers], dtype=torch.float64, device=device)


# ------------------------------------------------------------------------------------- what clipping does not do
def escape(module: ModuleType, device: str) -> Iterator[Row]:
    """Logits theta and 3 theta, A = 1 and 1/100, epsilon = 1/5: climbing ends where the second ratio is 54/35 or more."""
    theta = torch.zeros((), dtype=torch.float64, device=device, requires_grad=True)
    _, batch = samples(module, device, [(F(1, 2), F(1, 2), 0, F(1)), (F(1, 2), F(1, 2), 0, F(1, 100))])

    def slope() -> float:
        logits = torch.stack([torch.stack([c * theta, 0 * theta]) for c in (1, 3)])
        loss = module.ppo_loss(
            logits, batch.old_value, batch, epsilon=0.2, value_coefficient=0.0, entropy_coefficient=0.0
        )
        (grad,) = torch.autograd.grad(loss.policy, [theta])
        return -2 * grad.item()  # the sum over both samples

    for g, wanted in ((F(4, 5), (2 * F(4, 5) / F(9, 5) ** 2, F(3, 100) * 2 * F(64, 125) / (1 + F(64, 125)) ** 2)),
                      (F(3, 4), (F(24, 49), F(0))), (F(5, 8), (F(0), F(0)))):  # fmt: skip
        theta.data.fill_(-math.log(g))
        second = 2 / (1 + g**3)
        exact = wanted[0] + (wanted[1] if second < F(6, 5) else F(0))
        yield Row(
            f"the push at theta = -ln {g}, where the second ratio is {float(second):.3f}",
            slope(),
            exact,
            rounding(60, 4),
        )
    theta.data.zero_()
    for _ in range(200):
        push = slope()
        if push == 0:
            break
        theta.data += 0.25 * push
    ratios = [2 / (1 + math.exp(-c * theta.item())) for c in (1, 3)]
    yield Row("the push where the climb ends", push, 0)
    yield Row("what the first ratio there lacks to 6/5", max(0.0, 1.2 - ratios[0]), 0, rounding(20, 2))
    yield Row("what the second ratio there lacks to 54/35", max(0.0, 54 / 35 - ratios[1]), 0, rounding(20, 2))


# ------------------------------------------------------------------------------------- what is collected
def collected(module: ModuleType, device: str) -> Iterator[Row]:
    """Two steps to the end, or a time limit after one: states, rewards, both ends, where each step led, and its time."""
    mdp = _corridor()
    for limit in (5, 2):
        environment = Tabular(
            table_of(mdp), 2, max_steps=limit, one_hot=True, device=device, dtype=torch.float64, seed=0
        )
        made = module.learner(environment, plain(module, num_envs=2, horizon=5, hidden=(4,)), seed=1)
        found, returns = made.collect()
        length = min(3, limit)
        at = [t % length for t in range(5)]
        one_hot = [[int(s == x) for s in range(4)] for x in range(4)]
        ends = [x == length - 1 for x in at]
        wanted: dict[str, list[Any]] = {
            "observation": [one_hot[x] for x in at], "reward": [(1, 2, 4)[x] for x in at], "time": at,
            "terminated": [e and limit > 2 for e in ends], "truncated": [e and limit == 2 for e in ends],
            "final_observation": [one_hot[x + 1] for x in at],
        }  # fmt: skip
        for name, rows in wanted.items():
            got = getattr(found, name)
            yield Row(f"{name} where the limit is {limit}", got, [[row, row] for row in rows])
        yield Row(f"returns where the limit is {limit}", returns, [7 if limit > 2 else 3] * (2 * sum(ends)))


def _corridor() -> FiniteMDP:
    """0, 1, 2, end, whatever the action; it pays 1, 2, 4."""
    names = ["0", "1", "2", "end"]
    return from_data(
        {
            "format": "rlproofs-mdp/1", "title": "corridor", "states": names, "actions": ["a", "b"], "terminal": ["end"],
            "start": {"0": 1}, "discount": 1,
            "transition": {s: {a: {y: 1} for a in "ab"} for s, y in zip(names, names[1:], strict=False)},
            "reward": {s: {"a": r, "b": r} for s, r in zip(names, (1, 2, 4), strict=False)},
        }
    )  # fmt: skip
