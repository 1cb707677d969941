"""The cliff walk: the catalogue's numbers, one table read two ways, and what each choice changes."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from numeric.envs.cliff_walk import MOVES, Cliff, CliffWalk

UP, RIGHT, DOWN, LEFT = range(4)
SAFE = [UP] + [RIGHT] * 11 + [DOWN]


def best(cliff: Cliff, discount: Fraction | int) -> Fraction:
    solve = pytest.importorskip("numeric.mdp.solve")
    return solve.optimum(cliff.exact(discount)).values.v[cliff.start]


@pytest.mark.parametrize(
    ("last_move_costs", "discount", "wanted"),
    [(False, 1, 88), (True, 1, 87), (False, Fraction(99, 100), 77.277), (True, Fraction(99, 100), 76.391)],
)
def test_the_catalogues_best_returns(last_move_costs: bool, discount: Fraction | int, wanted: float) -> None:
    assert float(best(Cliff(last_move_costs=last_move_costs), discount)) == pytest.approx(wanted, abs=5e-4)


def test_the_uniform_policys_value_is_the_catalogues() -> None:
    solve = pytest.importorskip("numeric.mdp.solve")
    mdp = Cliff().exact()
    value = solve.evaluate(mdp.uniform()).v[Cliff().start]
    assert value == -Fraction(72102745560557517, 658539956600711)


def test_the_same_mdp_as_the_catalogues_file() -> None:
    reading = pytest.importorskip("numeric.mdp.reading")
    assert Cliff().exact().rows == reading.named("cliff_walk").rows
    assert Cliff(last_move_costs=True).exact().rows == reading.named("cliff_walk_paid").rows


@pytest.mark.parametrize("cliff", [Cliff(), Cliff(3, 5, last_move_costs=True), Cliff(cliff_ends=False)])
def test_tensors_and_rationals_are_one_table(cliff: Cliff) -> None:
    table, mdp = cliff.table(), cliff.exact(Fraction(1, 2))
    for cell, rows in enumerate(mdp.rows):
        assert bool(table.terminal[cell]) == (not rows)
        for action, row in enumerate(rows):
            (one,) = row
            assert int(table.successor[cell, action, 0]) == one.state
            assert float(table.reward[cell, action, 0]) == float(one.reward)


def test_the_safe_way_earns_88_and_a_step_to_the_right_falls() -> None:
    env = CliffWalk(2, one_hot=False)
    env.reset()
    total, falls = 0.0, None
    for n, move in enumerate(SAFE):
        out = env.step(torch.tensor([move, RIGHT]))
        total += float(out.reward[0])
        falls = (float(out.reward[1]), bool(out.terminated[1])) if n == 0 else falls
    assert total == 88 and bool(out.terminated[0]) and falls == (-100, True)


def test_a_cliff_that_does_not_end_leads_back_to_the_start() -> None:
    env = CliffWalk(1, cliff=Cliff(cliff_ends=False), one_hot=False, max_steps=None)
    start = int(env.reset())
    out = env.step(torch.tensor([RIGHT]))
    assert not bool(out.terminated) and int(out.observation) == start == 36 and float(out.reward) == -100


@pytest.mark.parametrize(("height", "width", "says"), [(1, 12, "height"), (4, 2, "width"), (4.0, 12, "height")])
def test_a_grid_without_a_cliff_is_refused(height: int, width: int, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Cliff(height, width)


def test_moves_off_the_grid_stay() -> None:
    cliff = Cliff()
    assert cliff.walked(0, "up") == (0, -1) and cliff.walked(0, "left") == (0, -1)
    assert cliff.walked(11, "right") == (11, -1) and list(MOVES) == ["up", "right", "down", "left"]


def test_the_picture_shows_walker_cliff_and_goal() -> None:
    env = CliffWalk(1)
    picture = env.rgb(36, size=10)
    assert picture.shape == (40, 120, 3) and picture.dtype == torch.uint8
    cell = {"walker": picture[35, 5], "cliff": picture[35, 15], "goal": picture[35, 115], "floor": picture[5, 5]}
    assert len({tuple(c.tolist()) for c in cell.values()}) == 4
    with pytest.raises(ValueError, match="cell"):
        env.rgb(48)
