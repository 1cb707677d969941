"""What REINFORCE promises (alg-reinforce) and what problem 18 asks (hw18), on enumerated episodes against exact gradients.

Every trajectory of a small task is a column of one batch, and the loss of each column is weighted by its probability; so autograd
gives the mean of the update over all that can happen, without any sampling.  See numeric.contracts.trajectories for the oracles.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from numeric.contract import NO_GRADIENT, Row, rounding
from numeric.contracts.trajectories import (
    Batch,
    enumerated,
    generic,
    gradient,
    impossible,
    layers,
    limited_gradient,
    logits,
    scaled,
    table,
    tree2,
    weighted,
)
from numeric.envs.tabular import Tabular, table_of
from numeric.mdp.model import FiniteMDP, Policy
from numeric.mdp.paths import paths, returned
from numeric.mdp.reading import named
from numeric.mdp.solve import evaluate, visits

F = Fraction
HALF = F(1, 2)
LONGEST = 3  # steps of the longest episode of the tasks here, but for M2
LIMIT = 5  # steps after which M2 is cut


def tasks() -> list[tuple[str, Policy]]:
    """(name, policy): episodes of random length, rewards on the way and at the end, discounts of 1 and less."""
    ep, layered = named("ep"), layers()
    found = [
        ("EP", ep),
        ("EP at discount 2/3", ep.at("2/3")),
        ("TREE2 at discount 3/5", tree2(F(3, 5))),
        ("LAYERS", layered),
    ]
    return [(name, generic(mdp)) for name, mdp in found] + [("XOR", named("xor").uniform())]


def baselines(mdp: FiniteMDP) -> list[tuple[str, list[Fraction]]]:
    """Critics from no use to misleading; the value of a terminal state is never to be read."""
    states = range(len(mdp.states))
    odd = [F(7 * (s + 1) % 11, 3) - 2 for s in states]
    return [("no baseline", [F(0) for _ in states]), ("an odd one", odd), ("a huge one", [1000 * x for x in odd])]


def bound(batch: Batch, size: float | Fraction) -> Fraction:
    """For a mean over the columns of a batch: each step takes some 30 operations on numbers up to `size`, and all are added."""
    return rounding(30 * batch.reward.numel(), size)


def run(module: ModuleType, batch: Batch, policy: Tensor, critic: Tensor, **settings: Any) -> Any:
    """The losses of a batch, for a table of logits [S, A] and one of values [S]."""
    episodes = module.Episodes(batch.observation, batch.action, batch.reward, batch.terminated, batch.truncated)
    return module.losses(lambda s: policy[s], lambda s: critic[s], episodes, module.Settings(**settings))


def slopes(
    module: ModuleType, policy: Policy, values: list[Fraction], horizon: int, device: str, **settings: Any
) -> tuple[Tensor, Tensor, Batch]:
    """(g_theta, g_phi, batch): the means of both updates over all trajectories."""
    theta, phi, batch = logits(policy, device), table(values, device), enumerated(policy, horizon, device)
    found = run(module, batch, theta, phi, discount=float(policy.mdp.discount), **settings)
    (batch.probability @ found.policy).backward()
    (batch.probability @ found.value).backward()
    assert theta.grad is not None and phi.grad is not None
    return theta.grad, phi.grad, batch


# ------------------------------------------------------------------------------------- alg-reinforce
def mean(module: ModuleType, device: str) -> Iterator[Row]:
    """With discount^t the mean update is - grad J, for every critic; G_0 has the same mean."""
    for name, policy in tasks():
        exact = scaled(-1, gradient(policy))
        for kind, values in baselines(policy.mdp):
            found, _, batch = slopes(module, policy, values, LONGEST, device, discount_steps=True)
            yield Row(f"the mean of g_theta on {name} with {kind}", found, exact, bound(batch, 4000))
        found, _, batch = slopes(module, policy, values, LONGEST, device, from_start=True)
        yield Row(f"the mean of g_theta with G_0 on {name}", found, exact, bound(batch, 4000))


def plain(module: ModuleType, device: str) -> Iterator[Row]:
    """Without discount^t states count as often as they are visited: the mean is that of undiscounted visits, exactly."""
    flip = named("signflip").at(HALF).uniform()
    for name, policy in [*tasks(), ("SIGNFLIP at discount 1/2", flip)]:
        often = visits(Policy(policy.mdp.at(1), policy.rows))
        exact = scaled(-1, weighted(policy, often, evaluate(policy).q))
        for kind, values in baselines(policy.mdp):
            found, _, batch = slopes(module, policy, values, LONGEST, device)
            yield Row(f"the mean of g_theta without discount^t on {name} with {kind}", found, exact, bound(batch, 4000))


def limited(module: ModuleType, device: str) -> Iterator[Row]:
    """M2 never ends: under a time limit the mean is the gradient of the return up to it."""
    policy = generic(named("m2"))
    found, _, batch = slopes(module, policy, [F(5), F(-3)], LIMIT, device, discount_steps=True)
    exact = limited_gradient(policy, LIMIT, policy.mdp.discount)
    yield Row("the mean of g_theta on M2 under a time limit", found, scaled(-1, exact), bound(batch, 20))


def noise(module: ModuleType, device: str) -> Iterator[Row]:
    """The catalogue's variances of one shared logit: neither the reward to go nor a baseline always calms the update."""
    for name, value, (wanted, size) in (
        ("CANCEL with G_0", spread(module, named("cancel"), device, from_start=True), (F(0), 200)),
        ("CANCEL with G_t", spread(module, named("cancel"), device), (F(25), 200)),
        ("XOR with G_t", spread(module, named("xor"), device), (F(0), 2)),
        ("XOR with G_t - 1/2", spread(module, named("xor"), device, level=HALF), (F(1, 8), 2)),
        ("BASE without baseline", spread(module, named("base"), device, p=F(1, 10)), (F(9, 10000), 2)),
        ("BASE with V", spread(module, named("base"), device, p=F(1, 10), level=F(9, 10)), (F(36, 625), 2)),
        ("BASE with the best baseline", spread(module, named("base"), device, p=F(1, 10), level=F(1, 10)), (F(0), 2)),
    ):
        yield Row(f"the variance of g_theta on {name}", value, wanted, rounding(200, size))
    yield Row("the variance on XOR with Q in place of G_t", _with_q(module, device), F(1, 16), rounding(200, 2))


def spread(
    module: ModuleType, mdp: FiniteMDP, device: str, p: Fraction = HALF, level: Fraction | int = 0, **settings: Any
) -> Tensor:
    """The variance of the update of one logit that all states share, action 1 having probability p, with the baseline `level`."""
    theta, batch = _shared(mdp, p, device)
    found = run(module, batch, _rows(mdp, theta), table([F(level)] * len(mdp.states), device), **settings)
    return _variance(found.policy, theta, batch.probability)


def _with_q(module: ModuleType, device: str) -> Tensor:
    mdp = named("xor")
    theta, batch = _shared(mdp, HALF, device)
    rows, q = _rows(mdp, theta), evaluate(mdp.uniform()).q
    signal = torch.tensor([[float(x) for x in row or (0, 0)] for row in q], dtype=torch.float64, device=device)
    logp = rows.log_softmax(-1)[batch.observation, batch.action]
    live = module.steps_of_episode(batch.terminated, batch.truncated)
    signal = signal[batch.observation, batch.action]
    found = module.policy_loss(logp, signal, torch.zeros_like(signal), live, step_discount=1.0)
    return _variance(found, theta, batch.probability)


def _shared(mdp: FiniteMDP, p: Fraction, device: str) -> tuple[Tensor, Batch]:
    rows = tuple((1 - p, p) if row else () for row in mdp.rows)
    theta = torch.tensor(float(p / (1 - p)), dtype=torch.float64, device=device).log().requires_grad_()
    return theta, enumerated(Policy(mdp, rows), LONGEST, device)


def _rows(mdp: FiniteMDP, theta: Tensor) -> Tensor:
    return torch.stack([torch.zeros_like(theta), theta]).expand(len(mdp.states), 2)


def _variance(loss: Tensor, theta: Tensor, probability: Tensor) -> Tensor:
    each = torch.stack([torch.autograd.grad(x, theta, retain_graph=True)[0] for x in loss])
    return probability @ (each - probability @ each).square()


def batches(module: ModuleType, device: str) -> Iterator[Row]:
    """Two episodes of unequal length count alike: the gradient of their mean loss, step by step by hand."""
    policy = named("ep").uniform()
    theta, phi = logits(policy, device), table([1, 2, 0], device)
    batch = enumerated(policy, 2, device)
    run(module, batch, theta, phi).policy.mean().backward()
    exact = [[F(0), F(0)] for _ in policy.rows]
    for path in paths(policy, 2):
        for t, (s, a) in enumerate(zip(path.states, path.actions, strict=False)):
            for b in range(2):
                exact[s][b] -= F(1, 3) * (int(a == b) - HALF) * (returned(path, F(1), t) - (1, 2, 0)[s])
    yield Row("the gradient of the mean loss of EP's three episodes", theta.grad, exact, bound(batch, 4))


def detached(module: ModuleType, device: str) -> Iterator[Row]:
    """The policy's loss sends nothing to critic or returns; the critic's loss nothing to policy or returns."""
    batch = enumerated(generic(layers()), LONGEST, device)
    theta, phi = logits(generic(layers()), device), table(range(7), device)
    found = run(module, batch, theta, phi)
    found.policy.sum().backward()
    yield Row("the critic in the policy's loss", phi.grad, NO_GRADIENT)
    theta.grad = None
    run(module, batch, theta, phi).value.sum().backward()
    yield Row("the policy in the critic's loss", theta.grad, NO_GRADIENT)
    live = module.steps_of_episode(batch.terminated, batch.truncated)
    logp, signal, value = (torch.ones_like(batch.reward).requires_grad_() for _ in range(3))
    module.policy_loss(logp, signal, value, live, step_discount=1.0).sum().backward()
    yield Row("the returns in the policy's loss", signal.grad, NO_GRADIENT)
    yield Row("the baseline in the policy's loss", value.grad, NO_GRADIENT)
    module.value_loss(value, signal, live, coefficient=1.0).sum().backward()
    yield Row("the returns in the critic's loss", signal.grad, NO_GRADIENT)


def ends(module: ModuleType, device: str) -> Iterator[Row]:
    """What lies beyond an end is never read: NaN there, in numbers that are seen and paid, changes nothing."""
    reward = torch.tensor(
        [[1.0, 2], [4, torch.nan], [8, torch.nan], [torch.nan, 1e300]], dtype=torch.float64, device=device
    )
    over = torch.tensor([[0, 0], [0, 0], [1, 0], [0, 1]], dtype=torch.bool, device=device)
    cut = torch.tensor([[0, 1], [0, 0], [0, 0], [1, 1]], dtype=torch.bool, device=device)
    seen = torch.tensor(
        [[1.0, 2], [3, torch.nan], [5, torch.nan], [torch.nan, torch.nan]], dtype=torch.float64, device=device
    )
    live = module.steps_of_episode(over, cut)
    exact = [[1 + HALF * (4 + HALF * 8), 2], [8, 0], [8, 0], [0, 0]]
    yield Row("G_t of two episodes", module.returns(reward, live, discount=0.5), exact)
    start = [[5, 2], [5, 0], [5, 0], [0, 0]]
    yield Row("G_0 of two episodes", module.returns(reward, live, discount=0.5, from_start=True), start)
    weight = torch.zeros(2, dtype=torch.float64, device=device, requires_grad=True)
    level = torch.zeros((), dtype=torch.float64, device=device, requires_grad=True)
    episodes = module.Episodes(seen[..., None], over.long(), reward, over, cut)
    found = module.losses(
        lambda x: x * weight, lambda x: level + 0 * x[..., 0], episodes, module.Settings(discount=0.5)
    )
    found.policy.sum().backward()
    # a linear policy at weight 0: both actions have 1/2, the score of action a in the state x is x (1{b = a} - 1/2)
    slope = HALF * (1 * 5 + 3 * 8 - 5 * 8 + 2 * 2)
    yield Row("the policy's gradient beside dead steps", weight.grad, [-slope, slope], rounding(100, 40))
    found.value.sum().backward()
    yield Row("the critic's gradient beside dead steps", level.grad, -(5 + 8 + 8 + 2), rounding(100, 40))
    logp = seen.clone().requires_grad_()
    dead = module.policy_loss(logp, reward, seen, live, step_discount=0.5)
    yield Row("the policy's loss of dead log-probabilities", dead, [-(HALF * 3 + F(1, 4) * 5 * 3), 0])


def played(module: ModuleType, device: str) -> Iterator[Row]:
    """What the loop records: one whole episode a column, from a start, every step one that the task has."""
    mdp = layers(1)
    environment = Tabular(table_of(mdp), 64, max_steps=2, one_hot=True, device=device, dtype=torch.float64, seed=5)
    learner = module.learner(environment, module.Settings(num_envs=64, hidden=(4,)), seed=7)
    learner.collect()
    state, action, reward, over, cut = learner.collect()
    live, state = module.steps_of_episode(over, cut), state.argmax(-1)
    following = torch.where(
        over, len(mdp.states) - 1, state.roll(-1, 0)
    )  # where an episode is cut nobody records what follows
    found = Batch(state, action, reward, over, cut, following, reward[0])
    yield Row("the number of steps that the task does not have", impossible(mdp, found, live & (over | ~cut)), 0)
    yield Row("the number of episodes that begin elsewhere", int((state[0] > 1).sum()), 0)
    yield Row("the number of steps beyond the limit", int(live[2:].sum()), 0)
    yield Row("whether some episode is cut", bool((cut & ~over & live).any()), True)
    yield Row("whether every action is drawn", len(set(action.flatten().tolist())), 3)


# ------------------------------------------------------------------------------------- hw18
def problem(module: ModuleType, device: str) -> Iterator[Row]:
    """EP with p = q = 1/2, any V: the mean of g_theta in the two logits of action 1 is - (1/2, 1/4)."""
    policy = named("ep").uniform()
    for kind, values in [("V", list(evaluate(policy).v)), *baselines(policy.mdp)]:
        found, _, batch = slopes(module, policy, values, 2, device)
        yield Row(f"the mean of g_theta on EP with {kind}", found[:2, 1], [-HALF, -F(1, 4)], bound(batch, 4000))
    for name, policy in tasks():
        undiscounted = Policy(policy.mdp.at(1), policy.rows)
        exact = scaled(-1, gradient(undiscounted))
        for kind, values in baselines(policy.mdp):
            found, _, batch = slopes(module, undiscounted, values, LONGEST, device)
            yield Row(f"the mean of g_theta on {name}, undiscounted, with {kind}", found, exact, bound(batch, 4000))


def critic(module: ModuleType, device: str) -> Iterator[Row]:
    """g_phi is - (G_t - V) grad V in every episode, so its mean - d(s) (V^pi(s) - V_phi(s)): zero at V^pi and nowhere else."""
    for name, policy in tasks():
        policy = Policy(policy.mdp.at(1), policy.rows)
        often, right = visits(policy), evaluate(policy).v
        for kind, values in [("V^pi", list(right)), *baselines(policy.mdp)]:
            _, found, batch = slopes(module, policy, values, LONGEST, device)
            exact = [-n * (v - guess) for n, v, guess in zip(often, right, values, strict=True)]
            yield Row(f"the mean of g_phi on {name} with {kind}", found, exact, bound(batch, 4000))


def critic_samples(module: ModuleType, device: str) -> Iterator[Row]:
    """Not only on average: each episode of EP by itself."""
    policy, values = generic(named("ep")), [F(1, 3), F(-2), F(0)]
    batch = enumerated(policy, 2, device)
    for n, path in enumerate(paths(policy, 2)):
        theta, phi = logits(policy, device), table(values, device)
        run(module, batch, theta, phi).value[n].backward()
        exact = [F(0)] * 3
        for t, s in enumerate(path.states[:-1]):
            exact[s] -= returned(path, F(1), t) - values[s]
        yield Row(f"g_phi of the episode {path.states} of EP", phi.grad, exact, bound(batch, 8))
