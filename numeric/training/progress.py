"""How far a run has come: a bar that moves on a terminal, one line an evaluation where the output goes elsewhere."""

from __future__ import annotations

import math
import sys
import time
from typing import Any

Data = dict[str, Any]


class Plain:
    """Lines for a pipe or a file.  goal: the mean return that counts as solved; until: the one that was asked for, or None."""

    def __init__(self, goal: float, until: float | None = None) -> None:
        self.goal, self.until, self.start = goal, until, time.perf_counter()

    def began(self, steps: int, of: int, evaluations: list[Data]) -> None:
        if evaluations:
            last = evaluations[-1]
            head = f"going on from step {steps} of {of}" if steps < of else f"step {steps} was reached before"
            say(f"{head}; the last evaluation, at {last['steps']}, had mean {last['mean']:.4g}")
        else:
            say(f"{'steps':>10}   mean return of an evaluation")

    def iterated(self, steps: int, figures: dict[str, float]) -> None: ...

    def evaluated(self, line: Data) -> None:
        self.said(self.line(line))

    def said(self, text: str) -> None:
        say(text)

    def line(self, line: Data) -> str:
        """One evaluation."""
        enough = self.goal if self.until is None else self.until
        mark = "  reached" if line["mean"] >= enough else ""
        spread = f"{line['least']:.4g} .. {line['most']:.4g}"
        took = time.perf_counter() - self.start
        return f"{line['steps']:>10,}   {line['mean']:<9.4g} ({spread} in {line['episodes']} episodes){mark:<9} [{took:.1f} s]"

    def ended(self) -> None: ...


class Terminal(Plain):
    """The same lines above a bar with the figures of the last iteration."""

    def __init__(self, goal: float, until: float | None = None) -> None:
        super().__init__(goal, until)
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        parts = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self.bar = Progress(*parts, transient=True)
        self.task = self.bar.add_task("training", total=None)

    def began(self, steps: int, of: int, evaluations: list[Data]) -> None:
        super().began(steps, of, evaluations)
        self.bar.update(self.task, total=of, completed=min(steps, of))
        self.bar.start()

    def iterated(self, steps: int, figures: dict[str, float]) -> None:
        shown = [f"{name} {figure:.3g}" for name, figure in figures.items() if not math.isnan(figure)][:3]
        self.bar.update(self.task, completed=steps, description=", ".join(shown) or "training")

    def said(self, text: str) -> None:
        self.bar.console.print(text, markup=False, highlight=False)

    def ended(self) -> None:
        self.bar.stop()


def watching(goal: float, until: float | None = None) -> Plain:
    """A bar on a terminal, plain lines elsewhere."""
    return Terminal(goal, until) if sys.stdout.isatty() else Plain(goal, until)


def say(text: str) -> None:
    print(text, flush=True)
