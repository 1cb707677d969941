"""The loop: iterate, evaluate, save.  A run that was killed goes on from its last checkpoint, on CPU the same bit for bit.

    load the checkpoint, or evaluate the untrained policy and save
    until the steps are done, or an evaluation reaches the score that was asked for
        figures <- learner.iterate()                              one line
        where a multiple of `every` steps was passed              one line
            evaluate 100 episodes; save

When the process saves changes nothing of what it computes, and nothing that it computes depends on a clock.  The starting states
of an evaluation come from the run's seed and the step, so that an evaluation leaves no trace in the training.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from numeric.algorithms.learner import Learner
from numeric.training.environments import Task
from numeric.training.evaluate import evaluate, seed_of
from numeric.training.folder import Folder

Data = dict[str, Any]
PLANNED = "as planned"  # how a run ended that did not diverge
SECONDS = 20.0  # from one checkpoint to the next, where evaluations are further apart


@dataclass(frozen=True)
class Plan:
    """seed: of the run.  steps: environment steps after which it is over.  every: steps from one evaluation to the next.

    episodes: of one evaluation.  until: the mean return of an evaluation that ends the run at once; None: none does.
    """

    seed: int
    steps: int
    every: int
    episodes: int = 100
    until: float | None = None
    device: str = "cpu"


class Listener(Protocol):
    """Whoever shows how far a run has come."""

    def began(self, steps: int, of: int, evaluations: list[Data]) -> None: ...

    def iterated(self, steps: int, figures: dict[str, float]) -> None: ...

    def evaluated(self, line: Data) -> None: ...

    def ended(self) -> None: ...


@dataclass
class Outcome:
    """evaluations: the lines of all of them.  reached: whether `until` was, or None where nothing was asked.

    diverged: why the run could not go on, or empty.  seconds: of all processes that worked on it.
    """

    evaluations: list[Data]
    reached: bool | None
    diverged: str = ""
    seconds: float = 0.0


class Run:
    """A learner, its task, and the folder that keeps it.  session: what this process says of itself, for the provenance."""

    def __init__(
        self, learner: Learner, task: Task, plan: Plan, folder: Folder, listener: Listener, session: Data | None = None
    ) -> None:
        self.learner, self.task, self.plan, self.folder, self.listener = learner, task, plan, folder, listener
        self.session = dict(session or {})
        self.iteration, self.exhausted = 0, False
        self.evaluations = [line for line in folder.lines if "evaluation" in line]
        self.began = self.saved = time.perf_counter()

    def go(self) -> Outcome:
        """Work until the plan is done.  Raises ValueError where the checkpoint is none of this learner's."""
        self._begin()
        why = ""
        try:
            while not self._over():
                self._iterate()
                if self._due():
                    self._evaluate()
                    self._save()
                elif time.perf_counter() - self.saved > SECONDS:
                    self._save()
        except FloatingPointError as error:
            why = str(error)
        finally:
            self.listener.ended()
        return self._end(why)

    def _begin(self) -> None:
        kept = self.folder.checkpoint
        if kept is not None:
            self.learner.load_state_dict(kept["learner"])
            self.iteration, self.exhausted = kept["iteration"], kept["exhausted"]
        self.session["from"] = self.learner.steps
        self.folder.sessions.append(self.session)
        self.listener.began(self.learner.steps, self.plan.steps, self.evaluations)
        if kept is None:
            self._save()  # before any line: lines without a checkpoint are a damaged run
        if not self.evaluations:
            self._evaluate()
            self._save()

    def _over(self) -> bool:
        return self.exhausted or self.learner.steps >= self.plan.steps or self._reached()

    def _reached(self) -> bool:
        until = self.plan.until
        return until is not None and any(line["mean"] >= until for line in self.evaluations)

    def _iterate(self) -> None:
        before = self.learner.steps
        figures = self.learner.iterate()
        self.iteration, steps = self.iteration + 1, self.learner.steps
        for name, figure in figures.items():
            if math.isinf(figure) or (math.isnan(figure) and "loss" in name):
                raise FloatingPointError(f"{name} must be finite; got {figure} at environment step {steps}")
        plain = {name: None if math.isnan(figure) else float(figure) for name, figure in figures.items()}
        self.folder.write({"iteration": self.iteration, "steps": steps, **plain})
        self.exhausted = steps == before
        self.listener.iterated(steps, figures)

    def _due(self) -> bool:
        """A multiple of `every` was passed since the last evaluation, or this was the last iteration."""
        steps, last = self.learner.steps, self.evaluations[-1]["steps"]
        return steps != last and (self._over() or steps // self.plan.every > last // self.plan.every)

    def _evaluate(self) -> None:
        steps, plan = self.learner.steps, self.plan
        seed = seed_of(plan.seed, "evaluation", steps)
        found = evaluate(self.task, self.learner.act, episodes=plan.episodes, seed=seed, device=plan.device)
        line = {"evaluation": len(self.evaluations), "steps": steps, **asdict(found)}
        self.folder.write(line)
        self.evaluations.append(line)
        self.listener.evaluated(line)

    def _save(self) -> None:
        self.saved = time.perf_counter()
        self.session |= {"to": self.learner.steps, "seconds": round(self.saved - self.began, 3)}
        state = {"learner": self.learner.state_dict(), "iteration": self.iteration, "exhausted": self.exhausted}
        self.folder.save(state)

    def _end(self, why: str) -> Outcome:
        if self.session["from"] == self.learner.steps and self.folder.checkpoint is not None and not why:
            self._idle()
            return self._outcome(why)
        if self.exhausted and not why:
            self._save()
        self.session |= {"seconds": round(time.perf_counter() - self.began, 3), "ended": why or PLANNED}
        self.folder.say()
        return self._outcome(why)

    def _idle(self) -> None:
        """There was nothing to do: the process leaves no entry, but ends one that was killed after its last checkpoint."""
        *others, _ = self.folder.sessions
        if others and "ended" in others[-1]:
            self.folder.sessions = others
        elif others:
            self.folder.sessions = [*others[:-1], others[-1] | {"ended": PLANNED}]
            self.folder.say()
        else:
            self.session |= {"seconds": 0.0, "ended": PLANNED}
            self.folder.say()

    def _outcome(self, why: str) -> Outcome:
        seconds = math.fsum(one.get("seconds", 0.0) for one in self.folder.sessions)
        reached = None if self.plan.until is None else self._reached()
        return Outcome(self.evaluations, reached, why, seconds)
