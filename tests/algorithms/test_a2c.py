"""A2C with discrete actions: its promises on the real code, the loop, two processes, what it refuses, and that it learns."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from numeric.algorithms.a2c import A2C, RECIPES, Settings, learner, loss, losses, n_step_returns
from numeric.algorithms.rollout import Rollout
from numeric.envs.bandit import BernoulliBandit
from numeric.envs.cartpole import CartPole

F64 = torch.float64
SMALL = Settings(num_envs=4, window=3, hidden=(8,), decay_steps=10_000)
ROOT = Path(__file__).parents[2]


def test_every_promise_is_kept() -> None:
    contract = pytest.importorskip("numeric.contract")
    pytest.importorskip("flint")
    for one in pytest.importorskip("numeric.experiments.a2c").EVIDENCE.promised:
        found = contract.run(one["check"], "numeric.algorithms.a2c")
        assert (one["name"], found["verdict"]) == (one["name"], "confirmed"), found["detail"]


def test_targets_of_one_window_by_hand() -> None:
    reward = torch.tensor([[1.0], [2.0], [4.0]], dtype=F64)
    after = torch.tensor([[10.0], [20.0], [40.0]], dtype=F64)
    no = torch.zeros(3, 1, dtype=torch.bool)
    middle = torch.tensor([[False], [True], [False]])

    def targets(over: torch.Tensor, cut: torch.Tensor) -> list[float]:
        return n_step_returns(reward, after, over, cut, discount=0.5).flatten().tolist()

    assert targets(no, no) == [1 + 0.5 * (2 + 0.5 * 24), 2 + 0.5 * 24, 24.0]
    assert targets(middle, no) == [2.0, 2.0, 24.0], "nothing follows a terminal step"
    assert targets(no, middle) == [1 + 0.5 * 12, 12.0, 24.0], "after a time limit the last state is worth 20"
    assert targets(middle, middle) == targets(middle, no), "where both are set the task is over"


def test_the_targets_are_those_of_the_k_step_advantage() -> None:
    """The same numbers by another file of this project, which adds rewards instead of recursing."""
    from numeric.primitives.gae import k_step_advantage

    generator = torch.Generator().manual_seed(1)
    reward, value, after = torch.randn(3, 9, 40, generator=generator, dtype=F64)
    over, cut = torch.rand(2, 9, 40, generator=generator) < 0.2
    found = n_step_returns(reward, after, over, cut, discount=0.9)
    other = k_step_advantage(reward, value, after, over, cut, discount=0.9, k=9) + value
    assert (found - other).abs().max() <= 1e-13


# ------------------------------------------------------------------------------------- the loop
def test_two_learners_of_one_seed_agree_and_another_seed_differs() -> None:
    runs = [[told(one.iterate()) for _ in range(3)] for one in (small(3), small(3), small(4))]
    assert runs[0] == runs[1] and runs[0] != runs[2]


def test_a_learner_goes_on_from_its_state_bit_for_bit() -> None:
    whole, half = small(1), small(1)
    for one in (whole, half):
        for _ in range(5):
            one.iterate()
    other = small(99)
    state = half.state_dict()
    half.iterate()  # what a state holds is a copy
    other.load_state_dict(state)
    half.iterate()  # and so is what was loaded
    assert other.steps == whole.steps
    for _ in range(20):
        assert told(other.iterate()) == told(whole.iterate())
    for a, b in zip(other.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_global_random_numbers_play_no_part() -> None:
    first = told(small(0).iterate())
    torch.manual_seed(5)
    assert told(small(0).iterate()) == first


def test_returns_are_reported_where_an_episode_ended() -> None:
    """One environment, one step a window: what is reported is the number of steps since the last report."""
    one = learner(CartPole(1), replace(SMALL, num_envs=1, window=1), seed=0)
    since, reports = 0, 0
    for _ in range(150):
        returned, since = one.iterate()["mean_return"], since + 1
        if not math.isnan(returned):
            assert returned == since
            since, reports = 0, reports + 1
    assert reports >= 3 and one.steps == 150


def test_the_rates_fall_to_zero_and_the_policy_stays() -> None:
    one = small(0)
    one.steps = 10_000
    before = [p.clone() for p in one.model.parameters()]
    one.iterate()
    assert all(torch.equal(a, b) for a, b in zip(before, one.model.parameters(), strict=True))


def test_a_long_gradient_is_shortened_in_each_network() -> None:
    one = learner(CartPole(4), replace(SMALL, longest_gradient=1e-3), seed=0)
    one.iterate()
    for network in (one.model.policy, one.model.critic):
        assert float(torch.cat([p.grad.flatten() for p in network.parameters()]).norm()) <= 1.001e-3


class Diverging(CartPole):
    """Pays more than float32 holds."""

    def advance(self, state, action):  # type: ignore[no-untyped-def]
        following, reward, terminated = super().advance(state, action)
        return following, reward * 3e38, terminated


def test_a_run_that_diverges_says_where() -> None:
    with pytest.raises(FloatingPointError, match="_loss must be finite; got .* at environment step 12"):
        learner(Diverging(4), SMALL, seed=0).iterate()


def test_the_best_arm_of_a_bandit_is_found() -> None:
    settings = RECIPES["bandit"]
    one = learner(BernoulliBandit(torch.tensor([0.25, 0.5, 0.75]), settings.num_envs, seed=2), settings, seed=2)
    while one.steps < 20_000:
        one.iterate()
    assert one.act(torch.ones(5, 1)).tolist() == [2] * 5


def test_it_learns_cartpole() -> None:
    """A short run: from some 20 steps an episode to far more.  The five seeds of the recipe are trained at night."""
    settings = RECIPES["CartPole-v1"]
    one = learner(CartPole(settings.num_envs, seed=0), settings, seed=0)
    while one.steps < 60_000:
        last = one.iterate()["mean_return"]
    assert last > 60


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(5))
def test_cartpole_is_solved_in_gymnasium(seed: int) -> None:
    adapters = pytest.importorskip("numeric.envs.gymnasium_adapters")
    settings = RECIPES["CartPole-v1"]
    one = learner(CartPole(settings.num_envs, seed=seed), settings, seed=seed)
    while one.steps < settings.decay_steps:
        one.iterate()
    environment = adapters.FromGymnasium("CartPole-v1", 100, seed=1000 + seed)
    observation, total, live = environment.reset(), torch.zeros(100), torch.ones(100, dtype=torch.bool)
    while bool(live.any()):
        step = environment.step(one.act(observation))
        total += step.reward * live
        live &= ~(step.terminated | step.truncated)
        observation = step.observation
    assert float(total.mean()) >= 475


def small(seed: int) -> A2C:
    return learner(CartPole(4, seed=seed), SMALL, seed=seed)


def told(figures: dict[str, float]) -> dict[str, str]:
    """As text, where NaN equals itself."""
    return {name: repr(x) for name, x in figures.items()}


# ------------------------------------------------------------------------------------- two processes
SHARE = """
import sys, torch, torch.distributed as group
sys.path.insert(0, sys.argv[1])
from tests.algorithms.test_a2c import shared
group.init_process_group("gloo")
found = shared(group.get_rank(), group.get_world_size())
if group.get_rank() == 0:
    torch.save(found, sys.argv[2])
group.destroy_process_group()
"""


def shared(rank: int, ranks: int) -> dict[str, list[torch.Tensor]]:
    """Gradient and weights after one step, from this rank's share of the environments."""
    settings = Settings(num_envs=8, window=5, hidden=(8,), policy_rate=1e-2)
    one = learner(CartPole(8, dtype=F64), settings, seed=0)
    share = Rollout(*[part.chunk(ranks, 1)[rank] for part in one.collect()[0]])
    one.update(loss(one.model.policy, one.model.value, share, settings)[0])
    parameters = list(one.model.parameters())
    return {"gradient": [p.grad for p in parameters], "weights": [p.detach() for p in parameters]}


def test_two_processes_of_torchrun_take_the_step_of_one_batch(tmp_path: Path) -> None:
    """Each has half of the environments; gradient and step are those of one process with all of them."""
    script, out = tmp_path / "share.py", tmp_path / "found.pt"
    script.write_text(SHARE)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, str(ROOT), str(out)], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    alone, two = shared(0, 1), torch.load(out)
    for name, bound in (("gradient", 1e-14), ("weights", 1e-10)):
        for a, b in zip(alone[name], two[name], strict=True):
            assert (a - b).abs().max() <= bound
    assert max(float(x.abs().max()) for x in alone["gradient"]) > 1e-3


# ------------------------------------------------------------------------------------- refusals
TWO = torch.ones(2, 1, dtype=F64)
NO = torch.zeros(2, 1, dtype=torch.bool)
LOGITS = torch.zeros(2, 1, 3, dtype=F64)
ACTION = torch.zeros(2, 1, dtype=torch.int64)
WRONG = [
    (
        lambda: n_step_returns(TWO.long(), TWO, NO, NO, discount=1.0),
        "reward must have a real floating dtype; got torch.int64",
    ),
    (lambda: n_step_returns(TWO, TWO.mT, NO, NO, discount=1.0), "next_value must have the shape of reward"),
    (lambda: n_step_returns(TWO, TWO.float(), NO, NO, discount=1.0), "next_value must have the dtype of reward"),
    (lambda: n_step_returns(TWO, TWO, TWO, NO, discount=1.0), "terminated must be a boolean tensor; got torch.float64"),
    (lambda: n_step_returns(TWO, TWO, NO, NO.mT, discount=1.0), r"truncated must have shape \(2, 1\); got \(1, 2\)"),
    (lambda: n_step_returns(TWO[:0], TWO[:0], NO[:0], NO[:0], discount=1.0), "T >= 1"),
    (lambda: n_step_returns(TWO, TWO, NO, NO, discount=1.01), r"discount must lie in \[0, 1\]; got 1.01"),
    (lambda: n_step_returns(TWO, TWO, NO, NO, discount=math.nan), r"discount must lie in \[0, 1\]; got nan"),
    (lambda: losses(LOGITS, ACTION, TWO, TWO.mT), "target must have the shape of value"),
    (lambda: losses(LOGITS.mT, ACTION, TWO, TWO), r"logits must have shape \[2, 1, A\] with A >= 1; got \(2, 3, 1\)"),
    (lambda: losses(LOGITS, ACTION.mT, TWO, TWO), r"action must have shape \(2, 1\); got \(1, 2\)"),
    (lambda: losses(LOGITS, ACTION + 3, TWO, TWO), r"action must lie in \[0, 3\); got 3"),
    (lambda: losses(LOGITS, ACTION.double(), TWO, TWO), "action must be a tensor of dtype int64; got torch.float64"),
    (lambda: Settings(window=0), "window must be an integer, 1 or more; got 0"),
    (lambda: Settings(num_envs=2.5), "num_envs must be an integer, 1 or more; got 2.5"),  # type: ignore[arg-type]
    (lambda: Settings(discount=-0.1), r"discount must lie in \[0, 1\]; got -0.1"),
    (lambda: Settings(entropy_coefficient=-1.0), "entropy_coefficient must be finite and at least 0; got -1.0"),
    (lambda: Settings(policy_rate=math.inf), "policy_rate must be finite and at least 0; got inf"),
    (lambda: Settings(decay_steps=0), "decay_steps must be an integer, 1 or more; got 0"),
    (lambda: learner(CartPole(3), SMALL, seed=0), "environment must have num_envs = 4; got 3"),
]


@pytest.mark.parametrize(("call", "says"), WRONG, ids=[says[:40] for _, says in WRONG])
def test_wrong_input_is_named(call, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=says):
        call()


# ------------------------------------------------------------------------------------- GPU
@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_cpu_and_cuda_agree(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    seen, after = torch.randn(2, 16, 50, 3, generator=generator, dtype=dtype)
    reward = torch.randn(16, 50, generator=generator, dtype=dtype)
    over, cut = torch.rand(2, 16, 50, generator=generator) < 0.1
    action = torch.randint(3, (16, 50), generator=generator)
    found = []
    for device in ("cpu", "cuda"):
        theta, phi = (torch.ones(3, dtype=dtype, device=device, requires_grad=True) for _ in range(2))
        window = Rollout(*(x.to(device) for x in (seen, action, reward, over, cut, after, action)))
        total, _ = loss(lambda x, w=theta: x * w, lambda x, w=phi: (x * w).sum(-1), window, Settings())
        total.backward()
        found.append((total.detach().cpu(), theta.grad.cpu(), phi.grad.cpu()))
    for a, b in zip(*found, strict=True):
        assert (a - b).abs().max() <= 1e4 * torch.finfo(dtype).eps * a.abs().max()
