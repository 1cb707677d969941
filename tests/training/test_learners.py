"""Every algorithm in every environment of its recipes: what it saves is all that its future depends on."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
import torch
from torch import nn

from numeric.algorithms.learner import Learner
from numeric.training import folder
from numeric.training.command import imported
from numeric.training.curves import pairs
from numeric.training.environments import task
from numeric.training.folder import Folder
from numeric.training.progress import Plain
from numeric.training.run import Plan, Run
from tests.training.conftest import same

ITERATIONS = 2  # before the checkpoint, and after it


def made(pair: str, seed: int = 1) -> Learner:
    algorithm, _, environment = pair.partition("/")
    module = imported(algorithm)
    settings = module.RECIPES[environment]
    learner: Learner = module.learner(task(environment).make(settings.num_envs, "cpu", 5), settings, seed=seed)
    return learner


def gone_on(learner: Learner) -> list[dict[str, float]]:
    return [learner.iterate() for _ in range(ITERATIONS)]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("pair", pairs())
def test_a_learner_goes_on_from_a_checkpoint_as_if_it_had_never_stopped(pair: str) -> None:
    calm, seed_of_the_other = made(pair), 2
    gone_on(calm)
    state = folder.loaded(folder.sealed({"learner": calm.state_dict()}))["learner"]
    torch.manual_seed(0)  # nothing may depend on the global generator
    wanted, end = gone_on(calm), calm.state_dict()
    other = made(pair, seed_of_the_other)
    gone_on(other)
    other.load_state_dict(state)
    torch.manual_seed(1)
    found = gone_on(other)
    assert repr(found) == repr(wanted) and other.steps == calm.steps, "repr, because NaN is not equal to itself"
    assert same(other.state_dict(), end)


@pytest.mark.parametrize("pair", pairs())
def test_an_evaluation_leaves_no_trace_in_the_training(pair: str) -> None:
    """An algorithm that draws its actions when it is evaluated draws them from a generator of their own."""
    one, other = made(pair), made(pair)
    one.iterate()
    other.iterate()
    action = one.act(task(pair.partition("/")[2]).make(9, "cpu", 3).reset())
    assert action.shape == (9,) and not action.is_floating_point()
    assert repr(one.iterate()) == repr(other.iterate())


# ------------------------------------------------------------------------------------- divergence
# Policy iteration solves equations and has no weights.
LEARNED = [pair for pair in pairs() if not pair.startswith("policy-iteration/")]


def spoil(learner: Learner) -> None:
    """NaN for all weights of every network."""
    with torch.no_grad():
        for network in [part for part in vars(learner).values() if isinstance(part, nn.Module)]:
            for weight in network.parameters():
                weight.fill_(math.nan)


@pytest.mark.parametrize("pair", LEARNED)
def test_a_run_whose_weights_are_spoilt_names_step_and_quantity_and_keeps_what_it_wrote(
    pair: str, tmp_path: Path
) -> None:
    learner, environment = made(pair), task(pair.partition("/")[2])
    begun, iterate = 0, learner.iterate

    def spoilt_later() -> dict[str, float]:
        nonlocal begun
        begun += 1
        if begun <= ITERATIONS:
            return iterate()
        spoil(learner)
        with pytest.raises(FloatingPointError) as stopped:  # here already: the run looks at losses once more
            iterate()
        raise stopped.value

    learner.iterate = spoilt_later  # type: ignore[method-assign]
    with Folder(tmp_path / "run", {"algorithm": pair}) as kept_in:
        out = Run(learner, environment, Plan(seed=3, steps=10**7, every=10**6, episodes=2), kept_in, Plain(1.0)).go()
    assert re.fullmatch(rf"\w+ must be finite; got nan at environment step {learner.steps}", out.diverged)
    lines = [json.loads(line) for line in (tmp_path / "run" / folder.METRICS).read_text().splitlines()]
    written = [line for line in lines if "iteration" in line]
    assert [line["iteration"] for line in written] == list(range(1, ITERATIONS + 1))
    assert lines[0]["evaluation"] == 0 and all(line["steps"] < learner.steps for line in written)
    (session,) = json.loads((tmp_path / "run" / folder.PROVENANCE).read_text())["sessions"]
    assert session["ended"] == out.diverged
