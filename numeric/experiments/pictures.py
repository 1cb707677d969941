"""The numbers of the site's pictures that show code: what the primitives themselves return, and their slopes by autograd.

Everything is float64 unless a picture is about another format, and no random number is drawn.  Lists in, lists out, so
that what draws them needs no torch.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import torch
from flint import arb
from torch import Tensor

from numeric.envs.cliff_walk import MOVES, Cliff
from numeric.experiments.tanh_errors import FORMS, exact_log, slope
from numeric.mdp.solve import optimum
from numeric.primitives.gae import gae
from numeric.primitives.kl import kl_k1, kl_k2, kl_k3
from numeric.primitives.ppo_clip import ppo_clip
from numeric.primitives.softmax import expected_gradient, log_softmax, score

Numbers = list[float]
ESTIMATORS = {"k1": kl_k1, "k2": kl_k2, "k3": kl_k3}
FORMATS = {"float64": torch.float64, "float32": torch.float32, "bfloat16": torch.bfloat16}


def tensor(values: Numbers) -> Tensor:
    """Numbers as a float64 leaf that remembers what is done with it."""
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def clip(ratios: Numbers, advantage: float, epsilon: float) -> tuple[Numbers, Numbers]:
    """(objective, slope in the ratio) of `ppo_clip` at each ratio."""
    ratio = tensor(ratios)
    objective = ppo_clip(ratio, torch.full_like(ratio, advantage), epsilon)
    (slopes,) = torch.autograd.grad(objective.sum(), ratio)
    return objective.tolist(), slopes.tolist()


def gae_on_errors(discount: float, lambda_: float, steps: int) -> Numbers:
    """The weight of the TD error l steps ahead in the first advantage: the slope of `gae` in the reward of step l."""
    reward = tensor([0.0] * steps)
    none, never = torch.zeros(steps, dtype=torch.float64), torch.zeros(steps, dtype=torch.bool)
    advantage = gae(reward, none, none, terminated=never, truncated=never, discount=discount, lambda_=lambda_)
    (weights,) = torch.autograd.grad(advantage[0], reward)
    return [float(w) for w in weights]


def estimators(log_ratios: Numbers) -> dict[str, Numbers]:
    """k1, k2, k3 of one sample each, over log r = log q - log p."""
    logq = tensor(log_ratios)
    return {name: k(torch.zeros_like(logq), logq).tolist() for name, k in ESTIMATORS.items()}


def kl_slopes(logits: list[Numbers], along: Numbers, q: Numbers) -> dict[str, Numbers]:
    """Slopes along a direction of softmax logits: the mean one of each estimator, as autograd gives it for samples of p
    that are data, and those of KL(p || q) and KL(q || p)."""
    found: dict[str, Numbers] = {name: [] for name in (*ESTIMATORS, "KL(p || q)", "KL(q || p)")}
    for row in logits:
        for name in found:
            found[name].append(kl_slope(name, row, along, q))
    return found


def kl_slope(name: str, logits: Numbers, along: Numbers, q: Numbers) -> float:
    """One of these slopes; outcomes are enumerated, so that the mean is exact."""
    t = torch.zeros((), dtype=torch.float64, requires_grad=True)
    logp = log_softmax(tensor(logits).detach() + t * tensor(along).detach())
    logq = tensor(q).detach().log()
    if name in ESTIMATORS:
        mean = (logp.detach().exp() * ESTIMATORS[name](logp, logq)).sum()
    else:
        mean = (logp.exp() * (logp - logq)).sum() if name == "KL(p || q)" else (logq.exp() * (logq - logp)).sum()
    return float(torch.autograd.grad(mean, t)[0])


def policy_along(logits: Numbers, along: Numbers, steps: Numbers) -> list[Numbers]:
    """The probabilities of all actions after z + step g, for each step."""
    z, g = tensor(logits).detach(), tensor(along).detach()
    return [log_softmax(z + step * g).exp().tolist() for step in steps]


def score_of(logits: Numbers, action: int) -> Numbers:
    """The gradient of log pi(action) by the logits."""
    return score(tensor(logits).detach(), action).tolist()


def reward_gradient(logits: Numbers, reward: Numbers) -> Numbers:
    """The gradient of the expected reward by the logits."""
    return expected_gradient(tensor(logits).detach(), tensor(reward).detach()).tolist()


def tanh_errors(name: str, at: Numbers) -> dict[str, Numbers]:
    """|error| in nats of each form of log(1 - tanh(u)^2) in a format, over u; infinite where the form is not finite."""
    u = torch.tensor(at, dtype=FORMATS[name])
    exact = [exact_log(x) for x in u.tolist()]
    return {form: [apart(*both) for both in zip(f(u).tolist(), exact, strict=True)] for form, f in FORMS.items()}


def apart(got: float, exact: arb) -> float:
    """|got - exact|, infinite where got is not finite."""
    return abs(float((got - exact).mid())) if math.isfinite(got) else math.inf


def tanh_slopes(at: Numbers) -> dict[str, Numbers]:
    """The slope of -log(1 - tanh(u)^2) in float32 by autograd, for each form."""
    return {form: [slope(f, u) for u in at] for form, f in FORMS.items()}


def cliff(discount: str) -> dict[str, Any]:
    """The cliff walk's optimal values and best moves, cell by cell from the top left, by exact policy iteration.

    discount: a rational as text.  A cell is {"kind": "start", "goal", "cliff" or "cell", "value", "moves"}; the value is None
    where the walk ends.
    """
    walk = Cliff()
    found = optimum(walk.exact(Fraction(discount)))
    kinds = {True: "goal", False: "cell"}

    def cell(number: int) -> dict[str, Any]:
        kind = "start" if number == walk.start else "cliff" if walk.is_cliff(number) else kinds[walk.is_goal(number)]
        value = None if walk.terminal(number) else float(found.values.v[number])
        return {"kind": kind, "value": value, "moves": [list(MOVES)[a] for a in found.actions[number]]}

    return {"width": walk.width, "height": walk.height, "cells": [cell(n) for n in range(walk.width * walk.height)]}
