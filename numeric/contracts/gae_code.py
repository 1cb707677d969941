"""What the code of GAE promises (alg-gae), against sums by definition over enumerated trajectories, in rationals.

The oracle averages k-step advantages, with n steps left: A = (1 - lambda) sum_{k < n} lambda^{k-1} A^(k) + lambda^{n-1} A^(n),
where A^(k) adds k rewards, one bootstrap and -V.  It has no recursion and no TD error.  Expectations are sums over all
trajectories of `layered`; what they should be comes from linear solves of numeric.mdp.

All numbers are dyadic, so that the code is given exactly what the oracle is given.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from numeric.contract import NO_GRADIENT, Row, rounding
from numeric.mdp import solve
from numeric.mdp.model import FiniteMDP, Outcome, Policy
from numeric.mdp.paths import Path, paths
from numeric.mdp.reading import from_data, named

F = Fraction
GRID = ((F(7, 8), F(5, 8)), (F(1), F(0)), (F(0), F(1)), (F(1), F(1)), (F(1e-9), F(1, 2)), (F(0.99), F(0.95)))
ENDS = ((False, False), (True, False), (False, True), (True, True))  # terminated, truncated


class Steps(NamedTuple):
    """One column of an array: exact numbers and flags."""

    reward: tuple[Fraction, ...]
    value: tuple[Fraction, ...]
    next_value: tuple[Fraction, ...]
    terminated: tuple[bool, ...]
    truncated: tuple[bool, ...]


def steps_of(**fields: Sequence[Any]) -> Steps:
    return Steps(**{name: tuple(field) for name, field in fields.items()})


# ------------------------------------------------------------------------------------- by definition
@cache
def defined(steps: Steps, discount: Fraction, lambda_: Fraction) -> list[Fraction]:
    """The advantage at each step by its definition."""
    return [_mixture(steps, t, _last(steps, t), discount, lambda_) for t in range(len(steps.reward))]


def _last(steps: Steps, t: int) -> int:
    """The step that ends the trajectory of t: the first with a flag, or the array's last."""
    return next(
        (s for s in range(t, len(steps.reward)) if steps.terminated[s] or steps.truncated[s]), len(steps.reward) - 1
    )


def _mixture(steps: Steps, t: int, last: int, discount: Fraction, lambda_: Fraction) -> Fraction:
    left = last - t + 1
    short = [lambda_ ** (k - 1) * _k_step(steps, t, k, discount) for k in range(1, left)]
    return (1 - lambda_) * sum(short, F(0)) + lambda_ ** (left - 1) * _k_step(steps, t, left, discount)


def _k_step(steps: Steps, t: int, k: int, discount: Fraction) -> Fraction:
    rewards = sum((discount**j * steps.reward[t + j] for j in range(k)), F(0))
    end = t + k - 1
    bootstrap = F(0) if steps.terminated[end] else discount**k * steps.next_value[end]
    return rewards + bootstrap - steps.value[t]


def generic(length: int, seed: int = 0) -> dict[str, list[Fraction]]:
    """Dyadic numbers without a pattern, in [-4, 4]; next_value agrees with the value of the next step, as inside an episode."""
    draw = [F((37 * n * n + 61 * n + 29 * seed) % 255 - 127, 32) for n in range(1, 2 * length + 2)]
    value = draw[length:]
    return {"reward": draw[:length], "value": value[:length], "next_value": value[1:]}


@cache
def column(flags: tuple[tuple[bool, bool], ...], seed: int = 0) -> Steps:
    """Generic numbers with these ends.  At a time limit next_value is of the state that was reached, not of the next reset."""
    numbers = generic(len(flags), seed)
    after = [x + (F(9, 4) if cut else 0) for x, (_, cut) in zip(numbers["next_value"], flags, strict=True)]
    numbers["next_value"] = after
    return steps_of(**numbers, terminated=[a for a, _ in flags], truncated=[b for _, b in flags])


def tensors(columns: Sequence[Steps], device: str) -> list[Tensor]:
    """The five arguments, [T, B]; NaN where a step terminated and nothing may be read."""
    out = []
    for field in Steps._fields:
        rows = [[getattr(one, field)[t] for one in columns] for t in range(len(columns[0].reward))]
        kind = torch.bool if field in ("terminated", "truncated") else torch.float64
        out.append(torch.tensor([[x if kind is torch.bool else float(x) for x in row] for row in rows], dtype=kind))
    out[2] = out[2].masked_fill(out[3], torch.nan)
    return [x.to(device) for x in out]


def compared(module: ModuleType, device: str, what: str, columns: list[Steps], grid: Any = GRID) -> Iterator[Row]:
    """gae of an array of columns, at each discount and lambda."""
    steps = len(columns[0].reward)
    for discount, lambda_ in grid:
        got = module.gae(*tensors(columns, device), discount=float(discount), lambda_=float(lambda_))
        exact = [defined(one, discount, lambda_) for one in columns]
        bound = rounding(8 * steps, 16 * steps)
        at = f"at gamma = {float(discount):.3g}, lambda = {float(lambda_):.3g}"
        yield Row(f"the advantage of {what} {at}", got, [list(row) for row in zip(*exact, strict=True)], bound)


# ------------------------------------------------------------------------------------- the promises
def double_sum(module: ModuleType, device: str) -> Iterator[Row]:
    """Every way in which steps can end, up to five steps: 4^T columns."""
    for length in range(1, 6):
        columns = [column(flags) for flags in itertools.product(ENDS, repeat=length)]
        grid = GRID if length < 5 else GRID[:1]
        yield from compared(module, device, f"all {len(columns)} patterns of ends in {length} steps", columns, grid)


def shapes(module: ModuleType, device: str) -> Iterator[Row]:
    """Long and wide arrays, one column and many, with scattered ends: whatever method is chosen for a shape."""
    for length, width in ((1, 1), (2, 300), (70, 1), (70, 3), (17, 40), (130, 2)):
        columns = [column(scattered(length, seed), seed) for seed in range(width)]
        yield from compared(module, device, f"[{length}, {width}]", columns, ((F(7, 8), F(5, 8)), (F(1), F(1))))
    for length, times in ((5, 2**13), (40, 2**12), (70, 2**12), (300, 1)):  # wide, larger than any cache, long
        flags = (scattered(length, 0), scattered(length, 1), every_other(length))
        yield from _tiled(module, device, [column(one, seed) for seed, one in enumerate(flags)], times)


def _tiled(module: ModuleType, device: str, columns: list[Steps], times: int) -> Iterator[Row]:
    """The columns side by side, many times over: every copy has the same advantages, and the first one's are exact."""
    discount, lambda_ = GRID[0]
    arguments = [x.repeat(1, times) for x in tensors(columns, device)]
    got = module.gae(*arguments, discount=float(discount), lambda_=float(lambda_))
    steps, what = len(columns[0].reward), f"[{len(columns[0].reward)}, {len(columns) * times}]"
    copies = got.view(steps, times, len(columns))
    exact = [defined(one, discount, lambda_) for one in columns]
    bound = rounding(8 * steps, 16 * steps)
    yield Row(f"the advantage of {what}", copies[:, 0], [list(row) for row in zip(*exact, strict=True)], bound)
    yield Row(f"how far copies in {what} differ", (copies - copies[:, :1]).abs().amax((1, 2)), [0] * steps, 2 * bound)


def every_other(length: int) -> tuple[tuple[bool, bool], ...]:
    """Each kind of end in turn, at every other step."""
    return tuple(ENDS[1 + t // 2 % 3] if t % 2 else ENDS[0] for t in range(length))


def scattered(length: int, seed: int) -> tuple[tuple[bool, bool], ...]:
    """Ends at about every tenth step, of each kind; none in every third column."""
    if seed % 3 == 2:
        return (ENDS[0],) * length
    marks = [(7 * t * t + 3 * t + 11 * seed) % 31 for t in range(length)]
    return tuple(ENDS[m] if m in (1, 2, 3) else ENDS[0] for m in marks)


def lambda_ends(module: ModuleType, device: str) -> Iterator[Row]:
    """lambda = 0 is the TD error; lambda = 1 the return minus the value, whatever the values were on the way."""
    flags = (*([ENDS[0]] * 3), ENDS[1], *([ENDS[0]] * 2), ENDS[2], ENDS[0])
    steps, discount = column(flags, 5), F(7, 8)
    arguments = tensors([steps], device)
    short = module.gae(*arguments, discount=float(discount), lambda_=0.0)
    errors = [_k_step(steps, t, 1, discount) for t in range(len(steps.reward))]
    yield Row("the advantage at lambda = 0", short[:, 0], errors, rounding(8, 16))
    full = module.gae(*arguments, discount=float(discount), lambda_=1.0)
    whole = [_k_step(steps, t, _last(steps, t) - t + 1, discount) for t in range(len(steps.reward))]
    yield Row("the advantage at lambda = 1", full[:, 0], whole, rounding(64, 64))
    inner = arguments[1].clone()
    inner[1:] += 1000.0  # V on the way, also where it is the bootstrap of the step before
    following = arguments[2].clone()
    following[:-1] += 1000.0 * (~(arguments[3] | arguments[4]))[:-1]
    other = module.gae(
        arguments[0], inner, following, arguments[3], arguments[4], discount=float(discount), lambda_=1.0
    )
    yield Row(
        "the first advantage at lambda = 1 with other values on the way", other[0, 0], whole[0], rounding(64, 4000)
    )


def boundaries(module: ModuleType, device: str) -> Iterator[Row]:
    """Two episodes in one array are two arrays: nothing of one is read in the other, whatever ends the first."""
    first, second = generic(3, 1), generic(2, 2)
    for terminated, truncated in ENDS[1:]:
        alone = steps_of(**first, terminated=[False] * 2 + [terminated], truncated=[False] * 2 + [truncated])
        for scale in (1, 1000):
            after = {name: [scale * x for x in numbers] for name, numbers in second.items()}
            joined = steps_of(
                **{name: [*first[name], *after[name]] for name in first},
                terminated=[*alone.terminated, False, False],
                truncated=[*alone.truncated, False, False],
            )
            got = module.gae(*tensors([joined], device), discount=0.875, lambda_=0.625)[:3, 0]
            what = (
                f"the first episode's advantage, terminated {terminated}, truncated {truncated}, next one times {scale}"
            )
            yield Row(what, got, defined(alone, F(7, 8), F(5, 8)), rounding(32, 64))


def slopes(module: ModuleType, device: str) -> Iterator[Row]:
    """Linear in rewards and values: each slope is the advantage of a single one."""
    discount, lambda_ = GRID[0]
    weight = [F(1), F(-3, 2), F(5, 4)]
    for flags in itertools.product(ENDS, repeat=3):
        steps = column(flags)
        arguments = tensors([steps], device)
        real = [x.clone().requires_grad_() for x in arguments[:3]]
        got = module.gae(*real, *arguments[3:], discount=float(discount), lambda_=float(lambda_))
        (got[:, 0] * torch.tensor([float(w) for w in weight], device=device)).sum().backward()
        for name, x in zip(Steps._fields[:3], real, strict=True):
            exact = [_slope(steps, name, t, weight, discount, lambda_) for t in range(3)]
            grad = torch.zeros_like(x) if x.grad is None else x.grad
            ends = ", ".join("TU"[b] if a ^ b else "both" if a else "-" for a, b in flags)
            yield Row(f"the slope in {name} where steps end as ({ends})", grad[:, 0], exact, rounding(32, 16))


def _slope(steps: Steps, name: str, at: int, weight: list[Fraction], discount: Fraction, lambda_: Fraction) -> Fraction:
    """Of sum_t weight_t sum_l (gamma lambda)^l delta_{t+l}: a value and the next value of the step before are two arguments."""
    total = F(0)
    for t in range(at + 1):
        if at <= _last(steps, t):
            inside = {"reward": F(1), "value": F(-1), "next_value": discount * (not steps.terminated[at])}
            total += weight[t] * (discount * lambda_) ** (at - t) * inside[name]
    return total


# ------------------------------------------------------------------------------------- expectations
@cache
def layered() -> tuple[FiniteMDP, Policy]:
    """Up to three steps, chance in every layer, two actions, discount 3/4; and a policy without symmetry."""
    mdp = from_data(
        {
            "format": "rlproofs-mdp/1", "title": "three layers", "states": ["s", "u", "v", "w", "end"], "actions": ["a", "b"],
            "terminal": ["end"], "start": {"s": "3/4", "u": "1/4"}, "discount": "3/4",
            "transition": {
                "s": {"a": {"u": "1/2", "v": "1/2"}, "b": {"u": "1/4", "v": "1/2", "end": "1/4"}},
                "u": {"a": {"w": 1}, "b": {"w": "1/2", "end": "1/2"}},
                "v": {"a": {"end": 1}, "b": {"w": "3/4", "end": "1/4"}},
                "w": {"a": {"end": 1}, "b": {"end": 1}},
            },
            "reward": {
                "s": {"a": {"u": 1, "v": -2}, "b": {"u": "1/2", "v": 3, "end": "-5/4"}},
                "u": {"a": -1, "b": {"w": 2, "end": "3/2"}},
                "v": {"a": "7/4", "b": {"w": "-1/2", "end": 4}},
                "w": {"a": 3, "b": "-3/4"},
            },
        }
    )  # fmt: skip
    tables = {"s": ("3/8", "5/8"), "u": ("1/4", "3/4"), "v": ("5/8", "3/8"), "w": ("1/8", "7/8")}
    return mdp, mdp.policy({s: {"a": p, "b": q} for s, (p, q) in tables.items()})


ERROR = {"s": F(5, 4), "u": F(-3, 4), "v": F(9, 8), "w": F(-5, 8), "end": F(0)}


def judged(mdp: FiniteMDP, policy: Policy, wrong: bool) -> tuple[Fraction, ...]:
    """V of the policy, or V with an error in each state."""
    v = solve.evaluate(policy).v
    return tuple(x + ERROR[name] for x, name in zip(v, mdp.states, strict=True)) if wrong else v


def along(path: Path, values: Sequence[Fraction]) -> Steps:
    """A trajectory as a column: only its last step ends it."""
    ends = [t == len(path) - 1 and path.terminated for t in range(len(path))]
    before, after = ([values[s] for s in states] for states in (path.states[:-1], path.states[1:]))
    return steps_of(reward=path.rewards, value=before, next_value=after, terminated=ends, truncated=[False] * len(path))


class Seen(NamedTuple):
    """All trajectories from a state: probability, first action, and the code's advantage at time 0."""

    weights: list[Fraction]
    actions: list[int]
    got: list[Tensor]

    def by_action(self, law: Sequence[Fraction]) -> Tensor:
        """The mean given the first action."""
        total = torch.zeros(len(law), dtype=torch.float64)
        for weight, action, value in zip(*self, strict=True):
            total[action] += float(weight / law[action]) * value.cpu()
        return total


def averaged(
    module: ModuleType, device: str, policy: Policy, values: Sequence[Fraction], state: int, lambda_: Fraction
) -> Seen:
    call = {"discount": float(policy.mdp.discount), "lambda_": float(lambda_)}
    found = list(paths(policy, 3, state=state))
    got = [module.gae(*tensors([along(p, values)], device), **call)[0, 0] for p in found]
    return Seen([p.probability for p in found], [p.actions[0] for p in found], got)


def expectation(module: ModuleType, device: str) -> Iterator[Row]:
    """With the policy's own values the mean is the advantage, at every lambda."""
    mdp, policy = layered()
    exact = solve.evaluate(policy)
    for lambda_ in (F(0), F(5, 8), F(1)):
        for s in mdp.live:
            mean = averaged(module, device, policy, judged(mdp, policy, False), s, lambda_).by_action(policy.rows[s])
            what = f"the mean advantage in {mdp.states[s]} at lambda = {lambda_}"
            yield Row(what, mean, list(exact.advantage[s]), rounding(100, 32))


def bias(module: ModuleType, device: str) -> Iterator[Row]:
    """With values wrong by e the bias is gamma (1 - lambda) P (I - gamma lambda P)^{-1} e - e(s), and it is bounded."""
    mdp, policy = layered()
    exact, error = solve.evaluate(policy), [ERROR[name] for name in mdp.states]
    largest = max(map(abs, error))
    for lambda_ in (F(0), F(5, 8), F(1)):
        drift = solve.evaluate(_of_errors(policy, error, lambda_)).q
        bound = mdp.discount * (1 - lambda_) / (1 - mdp.discount * lambda_) * largest
        for s in mdp.live:
            mean = averaged(module, device, policy, judged(mdp, policy, True), s, lambda_).by_action(policy.rows[s])
            what = f"in {mdp.states[s]} at lambda = {lambda_}"
            wanted = [a + d - error[s] for a, d in zip(exact.advantage[s], drift[s], strict=True)]
            yield Row(f"the mean advantage with wrong values {what}", mean, wanted, rounding(100, 32))
            off = [m + float(error[s]) - float(a) for m, a in zip(mean, exact.advantage[s], strict=True)]
            yield Row(f"the bias of the target {what}", torch.stack(off), [0] * len(off), bound + rounding(100, 32))
    yield from _attained(module, device)


def _of_errors(policy: Policy, error: Sequence[Fraction], lambda_: Fraction) -> Policy:
    """The MDP whose return is the bias: it pays gamma (1 - lambda) e(s') and discounts by gamma lambda."""
    mdp = policy.mdp
    pays = mdp.discount * (1 - lambda_)
    rows = tuple(
        tuple(tuple(Outcome(o.state, o.probability, pays * error[o.state]) for o in row) for row in state) for state in mdp.rows
    )  # fmt: skip
    return Policy(replace(mdp, rows=rows, discount=mdp.discount * lambda_), policy.rows)


def _attained(module: ModuleType, device: str) -> Iterator[Row]:
    """A state that never ends and values that are all off by 1: the bound is met but for (gamma lambda)^T."""
    discount, lambda_, length = F(7, 8), F(5, 8), 24
    ones, never = [F(1)] * length, [False] * length
    steps = steps_of(reward=[F(0)] * length, value=ones, next_value=ones, terminated=never, truncated=never)
    got = module.gae(*tensors([steps], device), discount=float(discount), lambda_=float(lambda_))[0, 0] + 1
    shrink = discount * lambda_
    most = discount * (1 - lambda_) / (1 - shrink)
    yield Row("the bias after 24 steps of a constant error", got, most, shrink ** (length - 1) + rounding(200, 2))


def variance(module: ModuleType, device: str) -> Iterator[Row]:
    """With the policy's values Var A = sum_l (gamma lambda)^{2 l} Var delta_l, and it grows with lambda."""
    mdp, policy = layered()
    values = judged(mdp, policy, False)
    for s in mdp.live:
        found = []
        for lambda_ in (F(0), F(3, 8), F(5, 8), F(1)):
            weights, _, got = averaged(module, device, policy, values, s, lambda_)
            second = torch.stack([float(w) * g * g for w, g in zip(weights, got, strict=True)]).sum()  # the mean is 0
            spread = sum(
                ((mdp.discount * lambda_) ** (2 * n) * x for n, x in enumerate(_variances(policy, values, s))), F(0)
            )
            what = f"the variance in {mdp.states[s]} at lambda = {lambda_}"
            yield Row(what, second, spread, rounding(200, 256))
            found.append(second)
        falls = (torch.stack(found[:-1]) - torch.stack(found[1:])).clamp(min=0).max()
        yield Row(f"the largest fall of the variance in {mdp.states[s]} as lambda grows", falls, 0, rounding(200, 256))


def _variances(policy: Policy, values: Sequence[Fraction], s: int) -> list[Fraction]:
    """Var delta_l of the TD errors from a state, each of mean 0; 0 once the episode is over."""
    out = [F(0)] * 3
    for path in paths(policy, 3, state=s):
        steps = along(path, values)
        for t in range(len(steps.reward)):
            out[t] += path.probability * _k_step(steps, t, 1, policy.mdp.discount) ** 2
    return out


def chain(module: ModuleType, device: str) -> Iterator[Row]:
    """Straight to the right end of CHAIN19 and back to the left one: closed forms at lambda 0, .999999 and 1."""
    mdp = named("chain19")
    exact = solve.evaluate(mdp.uniform()).v
    values = [F(float(x)) for x in exact]  # i / 20 is not dyadic
    for name, last in (("right", 20), ("left", 0)):
        direction = 1 if last else -1
        states = [*range(10, last + direction, direction)]
        length = len(states) - 1
        rewards = [F(int(last == 20 and t == length - 1)) for t in range(length)]
        path = Path(F(1), tuple(states), (0,) * length, tuple(rewards), True)
        for lambda_ in (F(0), F(0.999999), F(1)):
            got = module.gae(*tensors([along(path, values)], device), discount=1.0, lambda_=float(lambda_))[:, 0]
            pays = F(direction, 20)  # each TD error, the last one, too
            wanted = [pays * sum((lambda_**j for j in range(length - t)), F(0)) for t in range(length)]
            yield Row(f"the advantages on the way {name} at lambda = {float(lambda_)}", got, wanted, rounding(80, 2))


# ------------------------------------------------------------------------------------- what a learner makes of it
def returns(module: ModuleType, device: str) -> Iterator[Row]:
    """In numeric.algorithms.ppo the critic's target is A + V, A before it is normalised and V the one that A was made with."""
    steps = [column(scattered(9, seed), seed) for seed in range(4)]
    discount, lambda_ = GRID[0]
    for normalise in ("none", "batch"):
        model = Given(steps, device)
        settings = module.Settings(discount=float(discount), lambda_=float(lambda_), normalise=normalise)
        batch = module.prepared(model, _rollout(module, steps, device), settings)
        wanted = [[a + v for a, v in zip(defined(one, discount, lambda_), one.value, strict=True)] for one in steps]
        flat = [x for row in zip(*wanted, strict=True) for x in row]
        yield Row(f"the critic's target, advantages normalised: {normalise}", batch.returns, flat, rounding(100, 64))
        if normalise == "none":
            plain = [a for row in zip(*[defined(one, discount, lambda_) for one in steps], strict=True) for a in row]
            yield Row("the advantage", batch.advantage, plain, rounding(100, 64))
        for name in ("advantage", "returns", "old_value", "behaviour_logp"):
            x = getattr(batch, name)
            if x.requires_grad:
                x.sum().backward(retain_graph=True)
            yield Row(f"the critic's weight, through {name},", model.scale.grad, NO_GRADIENT)


class Given:
    """A model whose values are the given ones times a weight that is 1, so that a gradient would be seen."""

    def __init__(self, steps: Sequence[Steps], device: str) -> None:
        self.scale = torch.ones((), dtype=torch.float64, device=device, requires_grad=True)
        arguments = tensors(steps, device)
        self.values = torch.stack([arguments[1], arguments[2].nan_to_num(7.0)])

    def value(self, observation: Tensor) -> Tensor:
        """observation: [T, B, 3], which of the two values, and where."""
        which, t, b = observation.unbind(-1)
        return self.scale * self.values[which, t, b]

    def __call__(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        value = self.value(observation)
        return torch.stack([value, -value], -1), value


def _rollout(module: ModuleType, steps: Sequence[Steps], device: str) -> Any:
    """The columns as if they had been collected; an observation says where to look up its value."""
    reward, _, _, terminated, truncated = tensors(steps, device)
    length, width = reward.shape
    t, b = torch.meshgrid(torch.arange(length), torch.arange(width), indexing="ij")
    seen, led = (torch.stack([torch.full_like(t, n), t, b], -1).to(device) for n in (0, 1))
    nothing = torch.zeros_like(t).to(device)
    return module.Rollout(seen, nothing, reward, terminated, truncated, led, nothing)
