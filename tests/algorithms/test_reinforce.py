"""REINFORCE: its promises on the real code, the loop, what it refuses, and that it learns."""

from __future__ import annotations

import math

import pytest
import torch

from numeric.algorithms import reinforce
from numeric.algorithms.reinforce import (
    RECIPES,
    Episodes,
    Settings,
    learner,
    losses,
    policy_loss,
    returns,
    steps_of_episode,
    value_loss,
)
from numeric.envs.base import BatchedEnv
from numeric.envs.cartpole import CartPole
from numeric.envs.cliff_walk import CliffWalk

F64 = torch.float64
SMALL = Settings(num_envs=4, discount=0.9, hidden=(8,), value_updates=2, decay_steps=10_000)


def evidence() -> list[tuple[str, str, str]]:
    found = pytest.importorskip("numeric.experiments.reinforce").EVIDENCE
    return [(e.claim.id, one["name"], one["check"]) for e in found for one in e.promised]


def test_every_promise_is_kept() -> None:
    contract = pytest.importorskip("numeric.contract")
    pytest.importorskip("flint")
    for _, name, check in evidence():
        found = contract.run(check, "numeric.algorithms.reinforce")
        assert (name, found["verdict"]) == (name, "confirmed"), found["detail"]


def test_the_returns_of_one_episode_by_hand() -> None:
    reward = torch.tensor([[1.0], [2.0], [4.0], [9.0]], dtype=F64)
    live = torch.tensor([[True], [True], [True], [False]])
    assert returns(reward, live, discount=0.5).flatten().tolist() == [3.0, 4.0, 4.0, 0.0]
    assert returns(reward, live, discount=0.5, from_start=True).flatten().tolist() == [3.0, 3.0, 3.0, 0.0]
    assert returns(reward, live, discount=0.0).flatten().tolist() == [1.0, 2.0, 4.0, 0.0]
    assert returns(reward[:1], live[:1], discount=1.0).tolist() == [[1.0]]


def test_an_episode_lasts_to_its_first_end() -> None:
    over = torch.tensor([[False, True], [False, False], [False, True]])
    cut = torch.tensor([[False, False], [True, False], [True, False]])
    assert steps_of_episode(over, cut).tolist() == [[True, True], [True, False], [False, False]]


def test_the_losses_of_two_steps_by_hand() -> None:
    logp, signal, value = (torch.tensor([[a], [b]], dtype=F64) for a, b in ((-1, -2), (5, 3), (1, 4)))
    live = torch.ones(2, 1, dtype=torch.bool)
    assert policy_loss(logp, signal, value, live, step_discount=0.5).tolist() == [4 - 1]
    assert value_loss(value, signal, live, coefficient=0.5).tolist() == [0.5 * (16 + 1)]


# ------------------------------------------------------------------------------------- the loop
def test_two_learners_of_one_seed_agree_and_another_seed_differs() -> None:
    runs = [[one.iterate() for _ in range(2)] for one in (small(3), small(3), small(4))]
    assert runs[0] == runs[1] and runs[0] != runs[2]


def test_a_learner_goes_on_from_its_state_bit_for_bit() -> None:
    whole, half = small(1), small(1)
    for one in (whole, half):
        one.iterate()
    other = small(99)
    state = half.state_dict()
    half.iterate()  # what a state holds is a copy
    other.load_state_dict(state)
    half.iterate()  # and so is what was loaded
    assert other.steps == whole.steps
    for _ in range(2):
        assert other.iterate() == whole.iterate()
    for a, b in zip(other.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_global_random_numbers_play_no_part() -> None:
    first = small(0).iterate()
    torch.manual_seed(5)
    assert small(0).iterate() == first


def test_steps_count_what_belongs_to_episodes() -> None:
    one = small(2)
    figures = one.iterate()
    assert one.steps == round(4 * figures["mean_return"]), "a step of CartPole pays 1"


def test_the_rates_fall_to_zero_and_the_policy_stays() -> None:
    one = small(0)
    one.steps = 10_000
    before = [p.clone() for p in one.model.parameters()]
    one.iterate()
    assert all(torch.equal(a, b) for a, b in zip(before, one.model.parameters(), strict=True))


class Diverging(CartPole):
    """Pays more than float32 holds."""

    def advance(self, state, action):  # type: ignore[no-untyped-def]
        following, reward, terminated = super().advance(state, action)
        return following, reward * 3e38, terminated


def test_a_run_that_diverges_says_where() -> None:
    with pytest.raises(FloatingPointError, match=r"_loss must be finite; got .* at environment step \d+"):
        learner(Diverging(4), SMALL, seed=0).iterate()


def test_the_most_probable_action_is_played_at_evaluation() -> None:
    one = small(0)
    seen = torch.randn(20, 4)
    assert torch.equal(one.act(seen), one.model.policy(seen).argmax(-1)) and not one.act(seen).requires_grad


def test_it_learns_cartpole() -> None:
    """A short run: from some 20 steps to far more.  The five seeds of the recipe are trained at night."""
    settings = RECIPES["CartPole-v1"]
    one = learner(CartPole(settings.num_envs, seed=0), settings, seed=0)
    first = one.iterate()["mean_return"]
    returned = [one.iterate()["mean_return"] for _ in range(7)]
    assert first < 40 and max(returned) > 2 * first


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(5))
def test_cartpole_is_solved_in_gymnasium(seed: int) -> None:
    """Some evaluation on the way has a mean return of 475 or more in 100 episodes; there is one every 10,000 steps."""
    adapters = pytest.importorskip("numeric.envs.gymnasium_adapters")
    settings = RECIPES["CartPole-v1"]
    one, best, following = learner(CartPole(settings.num_envs, seed=seed), settings, seed=seed), 0.0, 10_000
    while best < 475 and one.steps < settings.decay_steps:
        one.iterate()
        if one.steps >= following:
            best = max(best, played(adapters.FromGymnasium("CartPole-v1", 100, seed=1000 + seed), one))
            following += 10_000
    assert best >= 475


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(3))
def test_the_cliff_walk_is_walked(seed: int) -> None:
    """Problem 18: the goal is reached by a path at most six moves longer than the best, which is worth 88."""
    settings = RECIPES["cliff-walk"]
    one = learner(CliffWalk(settings.num_envs, seed=seed), settings, seed=seed)
    while one.steps < settings.decay_steps:
        one.iterate()
    assert played(CliffWalk(1), one) >= 82


def played(environment, one) -> float:  # type: ignore[no-untyped-def]
    """The mean return of one episode in each copy, by the policy as it is evaluated."""
    observation = environment.reset()
    total, live = torch.zeros(environment.num_envs), torch.ones(environment.num_envs, dtype=torch.bool)
    while bool(live.any()):
        step = environment.step(one.act(observation))
        total += step.reward * live
        live &= ~(step.terminated | step.truncated)
        observation = step.observation
    return float(total.mean())


def small(seed: int) -> reinforce.Reinforce:
    environment: BatchedEnv = CartPole(4, seed=seed)
    return learner(environment, SMALL, seed=seed)


# ------------------------------------------------------------------------------------- refusals
TWO = torch.ones(2, 1, dtype=F64)
LIVE = torch.ones(2, 1, dtype=torch.bool)
WRONG = [
    (lambda: returns(TWO.long(), LIVE, discount=1.0), "reward must have a real floating dtype; got torch.int64"),
    (lambda: returns(TWO, LIVE.double(), discount=1.0), "live must be a boolean tensor; got torch.float64"),
    (lambda: returns(TWO, LIVE, discount=1.5), r"discount must lie in \[0, 1\]; got 1.5"),
    (lambda: returns(TWO, LIVE, discount=math.nan), r"discount must lie in \[0, 1\]; got nan"),
    (lambda: returns(TWO[:0], LIVE[:0], discount=1.0), "T >= 1"),
    (lambda: returns(TWO.flatten(), LIVE.flatten(), discount=1.0), r"reward must have shape \[T, N\]; got \(2,\)"),
    (lambda: policy_loss(TWO, TWO, TWO.mT, LIVE, step_discount=1.0), "baseline must have the shape of logp"),
    (lambda: policy_loss(TWO, TWO, TWO.float(), LIVE, step_discount=1.0), "baseline must have the dtype of logp"),
    (lambda: policy_loss(TWO, TWO, TWO, LIVE, step_discount=-1.0), r"step_discount must lie in \[0, 1\]; got -1.0"),
    (lambda: value_loss(TWO, TWO.mT, LIVE, coefficient=1.0), "signal must have the shape of value"),
    (lambda: steps_of_episode(LIVE, ~LIVE.mT), r"truncated must have shape \(2, 1\); got \(1, 2\)"),
    (lambda: steps_of_episode(~LIVE, ~LIVE), "every episode must end, terminated or truncated; the one in column 0"),
    (
        lambda: steps_of_episode(LIVE[:, :0], LIVE[:, :0]),
        r"must have shape \[T, N\] with each at least 1; got \(2, 0\)",
    ),
    (lambda: Settings(num_envs=0), "num_envs must be an integer, 1 or more; got 0"),
    (lambda: Settings(discount=2.0), r"discount must lie in \[0, 1\]; got 2.0"),
    (lambda: Settings(policy_rate=-1.0), "policy_rate must be finite and at least 0; got -1.0"),
    (lambda: Settings(decay_steps=0), "decay_steps must be an integer, 1 or more; got 0"),
    (lambda: Settings(discount_steps=True, from_start=True), "discount_steps must be False with from_start"),
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
    T, N, A = 20, 50, 3
    over = torch.zeros(T, N, dtype=torch.bool)
    over[torch.randint(T, (N,), generator=generator), torch.arange(N)] = True
    seen, reward = (
        torch.randn(T, N, A, generator=generator, dtype=dtype),
        torch.randn(T, N, generator=generator, dtype=dtype),
    )
    action = torch.randint(A, (T, N), generator=generator)
    found = []
    for device in ("cpu", "cuda"):
        theta = torch.ones(A, dtype=dtype, device=device, requires_grad=True)
        episodes = Episodes(*(x.to(device) for x in (seen, action, reward, over, ~over & False)))
        one = losses(lambda x, w=theta: x * w, lambda x, w=theta: (x * w).sum(-1), episodes, Settings(discount=0.9))
        (one.policy.mean() + one.value.mean()).backward()
        found.append((one.policy.detach().cpu(), one.value.detach().cpu(), theta.grad.cpu()))
    for a, b in zip(*found, strict=True):
        assert (a - b).abs().max() <= 1e4 * torch.finfo(dtype).eps * a.abs().max()
