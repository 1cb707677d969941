"""A table's MDP: draws follow its law, ends are where it says, a table that is no MDP is refused with its row."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch

from numeric.envs.tabular import Table, Tabular, table_of

F64 = torch.float64


def three(**changes: object) -> Table:
    """State 0 starts; action 0 stays with 1/4, goes to 1 with 3/4; action 1 ends (state 2).  State 1 goes anywhere."""
    made = Table(
        successor=torch.tensor([[[0, 1, 2], [2, 0, 0]], [[0, 1, 2], [1, 2, 0]], [[2, 2, 2], [2, 2, 2]]]),
        probability=torch.tensor(
            [
                [[0.25, 0.75, 0.0], [1.0, 0.0, 0.0]],
                [[0.2, 0.3, 0.5], [0.5, 0.5, 0.0]],
                [[1.0, 0, 0], [1.0, 0, 0]],
            ],
            dtype=F64,
        ),
        reward=torch.tensor(
            [[[1.0, -2.0, 9.0], [5.0, 9, 9]], [[0.5, 3, 4], [-1, 2, 9]], [[0.0, 0, 0], [0.0, 0, 0]]], dtype=F64
        ),
        start=torch.tensor([0.4, 0.6, 0.0], dtype=F64),
        terminal=torch.tensor([False, False, True]),
    )
    return made._replace(**changes)


def far(count: int, tests: int = 100) -> float:
    """By which a frequency of `count` draws misses its probability once in 10^9 runs of this many comparisons (Hoeffding)."""
    return math.sqrt(math.log(2e9 * tests) / (2 * count))


def test_starts_and_draws_follow_the_table(device: str) -> None:
    count = 100_000
    env = Tabular(three(), count, max_steps=None, device=device)
    states = env.reset()
    found = torch.bincount(states, minlength=3).cpu() / count
    assert (found - three().start).abs().max() <= far(count)
    for state in (0, 1):
        for action in (0, 1):
            env.state = torch.full((count,), state, device=device)
            out = env.step(torch.full((count,), action, device=device))
            seen = out.final_observation.cpu()
            for k, (following, chance) in enumerate(
                zip(three().successor[state, action].tolist(), three().probability[state, action].tolist(), strict=True)
            ):
                if chance:
                    here = seen == following
                    assert abs(here.double().mean() - chance) <= far(count)
                    assert set(out.reward.cpu()[here].tolist()) == {float(three().reward[state, action, k])}
            assert torch.equal(out.terminated.cpu(), seen == 2)


def test_a_draw_at_the_end_of_the_unit_interval_finds_a_successor_of_positive_probability() -> None:
    rows = three().probability.clone()
    rows[0, 0] = torch.tensor([1 / 3, 2 / 3 - 1e-9, 0.0])  # sums to a little less than 1, as floats do
    env = Tabular(three(probability=rows), 4, max_steps=None)
    env.reset()
    env._uniform = lambda count: torch.full((count,), 1 - 2**-53, dtype=F64)  # type: ignore[method-assign]
    env.state = torch.zeros(4, dtype=torch.int64)
    assert env.step(torch.zeros(4, dtype=torch.int64)).final_observation.tolist() == [1] * 4


def test_one_hot_observations_name_the_state() -> None:
    plain, hot = (Tabular(three(), 50, max_steps=None, one_hot=h, seed=2) for h in (False, True))
    a, b = plain.reset(), hot.reset()
    assert b.shape == (50, 3) and torch.equal(b.argmax(1), a) and torch.equal(b.sum(1), torch.ones(50))


def test_the_mean_return_is_the_exact_value() -> None:
    """The uniform policy's value by the linear solve in rationals, against 40,000 episodes, by Hoeffding."""
    mdps = pytest.importorskip("numeric.mdp.solve")
    from numeric.mdp.model import FiniteMDP, Outcome

    half = Fraction(1, 2)
    mdp = FiniteMDP(
        ("here", "there", "end"),
        ("go", "stop"),
        (
            ((Outcome(1, half, Fraction(1)), Outcome(2, half, Fraction(-1))), (Outcome(2, Fraction(1), Fraction(1)),)),
            ((Outcome(0, Fraction(1), Fraction(2)),), (Outcome(2, Fraction(1), Fraction(0)),)),
            (),
        ),
        (Fraction(1), Fraction(0), Fraction(0)),
        Fraction(9, 10),
    )
    exact = float(mdps.evaluate(mdp.uniform()).v[0])
    count, horizon = 40_000, 30
    env = Tabular(table_of(mdp), count, max_steps=None, seed=1)
    env.reset()
    total, weight, live = torch.zeros(count), 1.0, torch.ones(count, dtype=torch.bool)
    generator = torch.Generator().manual_seed(0)
    for _ in range(horizon):
        out = env.step(torch.randint(2, (count,), generator=generator))
        total += weight * out.reward * live
        live &= ~out.terminated
        weight *= 0.9
    span = 2 * 2 / (1 - 0.9)  # rewards lie in [-1, 2]
    assert abs(total.mean().item() - exact) <= span * far(count) + 2 * 0.9**horizon / 0.1


WRONG = [
    ({"probability": three().probability * 1.1}, r"probability must sum to 1 at \[0, 0\]; got 1.1"),
    ({"probability": -three().probability}, r"probability must be at least 0; got -0.25 at \[0, 0, 0\]"),
    (
        {"reward": three().reward.clone().index_fill_(2, torch.tensor([1]), math.nan)},
        r"reward must be finite; got nan at",
    ),
    ({"reward": three().reward[:2]}, "reward must be floating, of successor's shape"),
    ({"successor": three().successor + 1}, r"successor must lie in \[0, 3\); got 3 at"),
    ({"successor": three().successor[0]}, "successor must have shape"),
    ({"start": torch.tensor([0.4, 0.4, 0.0])}, "start must sum to 1; got 0.8"),
    ({"start": torch.tensor([0.4, 0.0, 0.6])}, "no episode starts in a terminal state; got start 0.6"),
    ({"terminal": torch.zeros(3)}, "terminal boolean"),
]


@pytest.mark.parametrize(("changes", "says"), WRONG, ids=[s for _, s in WRONG])
def test_a_table_that_is_no_mdp_is_refused(changes: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Tabular(three(**changes), 4, max_steps=None)


def test_the_right_table_is_taken() -> None:
    assert Tabular(three(), 4, max_steps=None).num_states == 3
