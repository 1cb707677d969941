"""Networks from a generator: orthogonal weights, nothing global, the same on every device; and how an action is drawn."""

from __future__ import annotations

import math

import pytest
import torch

from numeric.algorithms.networks import ActorCritic, actor_critic, draw, mlp, orthogonal
from numeric.envs.bandit import BernoulliBandit
from numeric.envs.cartpole import CartPole


def made(seed: int = 3, **more) -> torch.nn.Sequential:
    given = {"gain_last": 0.01, "generator": torch.Generator().manual_seed(seed)}
    return mlp([4, 64, 32, 2], **{**given, **more})


def test_weights_are_orthogonal_times_their_gain_and_biases_are_zero() -> None:
    layers = [layer for layer in made(dtype=torch.float64) if isinstance(layer, torch.nn.Linear)]
    for layer, gain in zip(layers, (math.sqrt(2), math.sqrt(2), 0.01), strict=True):
        rows, columns = layer.weight.shape
        short = layer.weight @ layer.weight.mT if rows <= columns else layer.weight.mT @ layer.weight
        identity = gain**2 * torch.eye(min(rows, columns), dtype=torch.float64)
        assert (short - identity).abs().max() <= 1e-14
        assert not layer.bias.any()


def test_there_is_tanh_between_layers_and_none_at_the_end() -> None:
    kinds = [type(layer).__name__ for layer in made()]
    assert kinds == ["Linear", "Tanh", "Linear", "Tanh", "Linear"]


def test_one_seed_gives_the_same_weights_whatever_ran_before_and_leaves_no_trace() -> None:
    torch.manual_seed(11)
    before = torch.get_rng_state()
    first = made()
    assert torch.equal(torch.get_rng_state(), before), "the global random state is not touched"
    torch.manual_seed(12)
    second, other = made(), made(seed=4)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not torch.equal(first[0].weight, other[0].weight)


def test_float32_weights_are_the_float64_ones_rounded() -> None:
    for single, double in zip(made().parameters(), made(dtype=torch.float64).parameters(), strict=True):
        assert torch.equal(single, double.float())


def test_orthogonal_matrices_have_no_preferred_direction() -> None:
    """The sign of each entry is fair, which a bare QR's is not; 200 matrices, 3 sigma would be 42."""
    generator = torch.Generator().manual_seed(0)
    positive = sum((orthogonal(3, 3, generator=generator) > 0).int() for _ in range(200))
    assert ((positive - 100).abs() <= 45).all()


@pytest.mark.parametrize("sizes", [[4], [], [4, 0], [4, 2.5], [4, True]])
def test_sizes_are_refused(sizes: list) -> None:
    with pytest.raises(ValueError, match="sizes"):
        mlp(sizes, generator=torch.Generator(), gain_last=1.0)


def test_a_dtype_that_is_not_floating_is_refused() -> None:
    with pytest.raises(ValueError, match="dtype must be a real floating dtype; got torch.int64"):
        made(dtype=torch.int64)


def test_policy_and_critic_share_nothing_and_fit_the_environment() -> None:
    environment, hidden = CartPole(5, dtype=torch.float64), (6,)
    model = actor_critic(environment, hidden, gain_value=1.0, generator=torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(1)
    policy = mlp([4, 6, 2], generator=generator, gain_last=0.01, dtype=torch.float64)  # its weights are drawn first
    critic = mlp([4, 6, 1], generator=generator, gain_last=1.0, dtype=torch.float64)
    seen = torch.randn(3, 5, 4, generator=generator, dtype=torch.float64)
    logits, value = model(seen)
    assert torch.equal(logits, policy(seen)) and torch.equal(value, critic(seen).squeeze(-1))
    assert torch.equal(model.act(seen), policy(seen).argmax(-1)) and torch.equal(model.value(seen), value)
    (grad,) = torch.autograd.grad(value.sum(), [next(model.policy.parameters())], allow_unused=True)
    assert grad is None
    smaller = ActorCritic(4, 2, hidden, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert (smaller.value(seen) - value / 100).abs().max() < 1e-15


def test_observations_that_are_no_vectors_are_refused() -> None:
    environment = BernoulliBandit(torch.tensor([0.5, 0.5]), 2)
    environment.observation_shape = (2, 3)
    with pytest.raises(ValueError, match=r"observations must be vectors; got shape \(2, 3\)"):
        actor_critic(environment, (), gain_value=1.0, generator=torch.Generator())


def test_actions_are_drawn_by_inverting_the_cumulative_probabilities() -> None:
    probability = torch.tensor([0.5, 0.0, 0.3, 0.2], dtype=torch.float64)
    rows = probability.log().expand(1000, 4)
    unit = torch.rand(1000, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    found = draw(rows, torch.Generator().manual_seed(5))
    wanted = torch.where(unit < 0.5, 0, torch.where(unit < 0.8, 2, 3))
    assert torch.equal(found, wanted) and found.dtype == torch.int64


def test_rows_are_drawn_each_with_its_own_law_and_no_action_lies_outside() -> None:
    certain = torch.full((3, 5, 4), -torch.inf)
    which = torch.arange(15).reshape(3, 5) % 4
    certain.scatter_(-1, which[..., None], 0.0)
    assert torch.equal(draw(certain, torch.Generator().manual_seed(1)), which)
    with pytest.raises(ValueError, match="logits must have a real floating dtype"):
        draw(torch.zeros(3, 2, dtype=torch.int64), torch.Generator())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_the_weights_on_a_gpu_are_those_of_the_processor() -> None:
    for here, there in zip(made().parameters(), made(device="cuda").parameters(), strict=True):
        assert there.device.type == "cuda" and torch.equal(here, there.cpu())
