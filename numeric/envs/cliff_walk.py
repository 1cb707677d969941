"""The cliff walk (Sutton and Barto, Example 6.6) with a prize at its goal: from one end of a cliff to the other, along its edge.

A grid of `height` x `width` cells.  The walk starts in the lower left corner and ends in the lower right one, the goal; the cells
between them are the cliff.  A move off the grid stays where it is.  The homework that asks for it does not define it, so every
choice is a parameter here, and each has an effect that can be computed exactly (`exact().at(discount)`, numeric.mdp):

    default                                       best return from the start 88 at discount 1, 77.277 at 0.99
    last_move_costs: the move to the goal costs -1, too                     87                 76.391
    cliff_ends=False: a fall leads back to the start, as in the textbook, and a policy may never end

Observations are the cell's number, row by row from the top left; actions 0 up, 1 right, 2 down, 3 left.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from numeric.envs.tabular import Table, Tabular

if TYPE_CHECKING:
    from numeric.mdp.model import FiniteMDP

MOVES = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1)}


@dataclass(frozen=True)
class Cliff:
    """The choices.  height, width: cells.  goal, fall, move: rewards of arriving at the goal, of falling, of any other move.

    last_move_costs: arriving at the goal or falling also pays `move`.  cliff_ends: a fall ends the episode, else it leads back to
    the start.  Raises ValueError for a grid without a cliff: fewer than 2 rows or 3 columns.
    """

    height: int = 4
    width: int = 12
    goal: int = 100
    fall: int = -100
    move: int = -1
    last_move_costs: bool = False
    cliff_ends: bool = True

    def __post_init__(self) -> None:
        for name, number, least in (("height", self.height, 2), ("width", self.width, 3)):
            if type(number) is not int or number < least:
                raise ValueError(f"{name} must be an integer, {least} or more; got {number!r}")

    @property
    def start(self) -> int:
        """The number of the lower left cell."""
        return (self.height - 1) * self.width

    def is_goal(self, cell: int) -> bool:
        """The lower right cell."""
        return cell == self.height * self.width - 1

    def is_cliff(self, cell: int) -> bool:
        """A cell of the lowest row between start and goal."""
        return self.start < cell < self.height * self.width - 1

    def terminal(self, cell: int) -> bool:
        """An episode ends on arrival here."""
        return self.is_goal(cell) or (self.cliff_ends and self.is_cliff(cell))

    def walked(self, cell: int, move: str) -> tuple[int, int]:
        """(the next cell, the reward) of a move."""
        down, right = MOVES[move]
        row = min(max(cell // self.width + down, 0), self.height - 1)
        column = min(max(cell % self.width + right, 0), self.width - 1)
        reached = row * self.width + column
        if not self.is_goal(reached) and not self.is_cliff(reached):
            return reached, self.move
        paid = (self.goal if self.is_goal(reached) else self.fall) + self.move * self.last_move_costs
        return (self.start if self.is_cliff(reached) and not self.cliff_ends else reached), paid

    def table(self) -> Table:
        """The same as tensors, one successor for each state and action, rewards in float64."""
        cells = range(self.height * self.width)
        walked = [[(c, 0) if self.terminal(c) else self.walked(c, m) for m in MOVES] for c in cells]
        start = torch.zeros(len(cells), dtype=torch.float64)
        start[self.start] = 1
        found = torch.tensor(walked)
        return Table(
            successor=found[:, :, :1],
            probability=torch.ones(len(cells), len(MOVES), 1, dtype=torch.float64),
            reward=found[:, :, 1:].double(),
            start=start,
            terminal=torch.tensor([self.terminal(c) for c in cells]),
        )

    def exact(self, discount: Fraction | int = 1) -> FiniteMDP:
        """The same in rationals, for exact values; states are named `row,column`.  Needs python-flint to be solved."""
        from numeric.mdp.model import FiniteMDP, Outcome

        cells = range(self.height * self.width)

        def row(cell: int, move: str) -> tuple[Outcome, ...]:
            reached, paid = self.walked(cell, move)
            return (Outcome(reached, Fraction(1), Fraction(paid)),)

        return FiniteMDP(
            states=tuple(f"{c // self.width},{c % self.width}" for c in cells),
            actions=tuple(MOVES),
            rows=tuple(() if self.terminal(c) else tuple(row(c, m) for m in MOVES) for c in cells),
            start=tuple(Fraction(int(c == self.start)) for c in cells),
            discount=Fraction(discount),
            title="cliff walk",
        )


class CliffWalk(Tabular):
    """N walks.  Everything else is said in the module's docstring and in `Cliff`."""

    def __init__(
        self,
        num_envs: int,
        *,
        cliff: Cliff | None = None,
        max_steps: int | None = 500,
        one_hot: bool = True,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
        check_actions: bool | None = None,
    ) -> None:
        self.cliff = Cliff() if cliff is None else cliff
        super().__init__(
            self.cliff.table(),
            num_envs,
            max_steps=max_steps,
            one_hot=one_hot,
            device=device,
            dtype=dtype,
            seed=seed,
            check_actions=check_actions,
        )

    def rgb(self, cell: int, size: int = 24) -> Tensor:
        """A picture with the walker in a cell: uint8 [height size, width size, 3]."""
        cliff = self.cliff
        if not 0 <= cell < cliff.height * cliff.width:
            raise ValueError(f"cell must lie in [0, {cliff.height * cliff.width}); got {cell}")
        colours = {"floor": (236, 236, 232), "cliff": (70, 70, 78), "goal": (44, 138, 96), "walker": (200, 88, 30)}
        kinds = [
            "walker" if c == cell else "goal" if cliff.is_goal(c) else "cliff" if cliff.is_cliff(c) else "floor"
            for c in range(cliff.height * cliff.width)
        ]
        cells = torch.tensor([colours[k] for k in kinds], dtype=torch.uint8).view(cliff.height, cliff.width, 3)
        picture = cells.repeat_interleave(size, 0).repeat_interleave(size, 1)
        picture[::size], picture[:, ::size] = 255, 255  # the grid
        return picture
