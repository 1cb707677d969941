"""Samples of what a statement's tree averages: paths of its process from the kernels' tables, and a term on each path.

    Sampler(statement, instance, estimand)(rng, n)      n independent samples, the mean of each being `estimand`

Each draw of a path takes one uniform number u and the outcome y with c(y-1) <= u < c(y), c being the cumulated row of
the kernel, each entry the float64 nearest to the exact sum.  An outcome of probability zero has an empty interval and
is never drawn.  The generator's u are multiples of 2^-53, so the law of a draw is known exactly; how far it is from the
kernel, summed over a path, is `distance`, a bound of the total variation: the mean of a statistic in [low, high] is off
by at most (high - low) distance.

The estimand is an expectation or a polynomial in expectations (`numeric.montecarlo.statistic`), with as many independent copies
of a path as that takes.  A body is read in float64 (`numeric.montecarlo.reading`) on every outcome of positive probability, once
for each sampler, and looked up for each sample.

Of E[f | what is known at a time] only the rest of the path is drawn: `env` holds one path, of which what is known is kept.  What
no body looks at, at the end of a path, is not drawn at all.

`spread` gives what a plan needs (range, mean, standard deviation) by enumeration of all outcomes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numeric.montecarlo.float64 import above, below, cumulated, enclosed, nearest, worst_row
from numeric.montecarlo.reading import Env, Paths, Reading
from numeric.montecarlo.statistic import MEANS, Codes, Statistic, averaged, statistic
from proofs.kernel.poly import Poly, add
from proofs.kernel.statement import Process, Statement
from proofs.kernel.terms import Term, show, subterms, want
from proofs.kernel.value import Instance

MOST_CODES = 2**20  # of the outcomes of one path, those of probability zero included: a table of 8 MiB
MOST_JOINT = 2**14  # of the outcomes of all copies, for one table of the statistic: it stays in a core's cache
MOST_TOGETHER = 2**22  # of the outcomes of all copies of a path
BLOCK = 1 << 13  # paths that are drawn at once: what they need stays in a core's cache


class Sampler(Reading):
    """Samples whose mean is `estimand` on an instance that satisfies the statement's hypotheses.

    env: values of the binders around the estimand; a path (a tuple of outcomes) where the statement speaks of every path.
    """

    def __init__(self, statement: Statement, data: dict[str, Any], estimand: Term, env: Env = ()) -> None:
        want(
            averaged(estimand, statement.decls),
            f"an estimand must average, by an expectation; got {show(estimand):.80}",
        )
        if not env:
            statement.decls.check(estimand, "Real")
        exact = Instance(statement, data)
        bad = exact.violated()
        if bad is not None:
            raise ValueError(f"instance must satisfy the sorts and hypotheses; it violates {bad}")
        super().__init__(exact, self._process(statement, estimand))
        self.statement, self.estimand, self.env = statement, estimand, env
        self.slots = (exact.index(self.process.last, ()) + 1) * len(self.process.draws)
        self.known = self._known(estimand)
        self.steps = {name: cumulated(exact.tables[name]) for name in _kernels(self.process)}
        self._tabulated: dict[tuple[Term, Env], tuple[NDArray[np.float64], float]] = {}

    @staticmethod
    def _process(statement: Statement, estimand: Term) -> Process:
        bodies = [statement.decls.defs[s.args[0]][1] for s in subterms(estimand) if s.op == "Def"]
        names = {s.args[0] for t in (estimand, *bodies) for s in subterms(t) if s.op in MEANS}
        if len(names) != 1:
            raise ValueError(f"an estimand must average over one process; got {sorted(names)}")
        return statement.decls.processes[names.pop()]

    def _known(self, estimand: Term) -> tuple[int, ...]:
        """What is known of the path, where the estimand is a mean given the past."""
        levels = {self._level(s) for s in subterms(estimand) if s.op == "CondE"}
        if len(levels) > 1:
            raise ValueError(f"all means given the past must be given the same past: {show(estimand):.80}")
        return levels.pop() if levels else ()

    def _level(self, t: Term) -> tuple[int, ...]:
        # the number of the path's binder is that inside any sums, which bind integers
        paths = [x for x in self.env if isinstance(x, tuple)]
        if len(paths) != 1 or t.args[2].loose:
            raise ValueError(f"a mean given the past is sampled on one path and at a fixed time: {show(t):.80}")
        past: tuple[int, ...] = paths[0]
        return self.exact.prefix(self.process, past, self.exact.index(t.args[2], ()), t.args[3])

    def require_known(self, t: Term, env: Env) -> None:
        """A plain mean must not stand beside one given the past: it would be drawn from another law."""
        if t.op != "CondE" and self.known:
            raise ValueError(f"a plain mean beside one given the past is not sampled: {show(t):.80}")

    # --------------------------------------------------------------------------------- draws
    def __call__(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        """n independent samples, shape [n]."""
        out = np.empty(n)
        for start in range(0, n, BLOCK):
            size = min(BLOCK, n - start)
            copies = [self.codes(self.paths(rng.random((self.drawn, size)))) for _ in range(self.statistic.copies)]
            out[start : start + size] = self.values(copies)
        return out

    def values(self, copies: Sequence[Codes]) -> NDArray[np.float64]:
        """The statistic on the outcomes of its copies: looked up where they have few outcomes together."""
        if self._joint is None:
            out: NDArray[np.float64] = self.statistic.read(copies, 0)
            return out
        code = copies[0]
        for more in copies[1:]:
            code = code * math.prod(self.sizes) + more
        return self._joint.take(code)

    @cached_property
    def _joint(self) -> NDArray[np.float64] | None:
        """The statistic on all outcomes of all copies, NaN where they have no probability."""
        size, copies = math.prod(self.sizes), self.statistic.copies
        if size**copies > MOST_JOINT:
            return None
        codes = np.unique([self.codes(self.columns[: self.needed]), self.codes(self.columns)])
        grids = np.meshgrid(*[codes] * copies, indexing="ij")
        table = np.full((size,) * copies, np.nan)
        table[tuple(grids)] = np.broadcast_to(
            self.statistic.read([g.ravel() for g in grids], 0), codes.size**copies
        ).reshape(grids[0].shape)
        return table.ravel()

    @property
    def drawn(self) -> int:
        """The draws of one path that are not known, up to the last that a body looks at."""
        return self.needed - len(self.known)

    @property
    def draws(self) -> int:
        """The draws of one sample: those of all its paths."""
        return self.drawn * self.statistic.copies

    def paths(self, uniform: NDArray[np.float64]) -> Paths:
        """Inverse-CDF paths from numbers in [0, 1), shape [draws, n], one row a draw that is not known."""
        drawn = np.empty((len(self.known) + len(uniform), uniform.shape[1]), dtype=np.intp)
        for slot, value in enumerate(self.known):
            drawn[slot] = value
        for slot, u in enumerate(uniform, start=len(self.known)):
            columns, parents, first = self.rows[slot]
            row: Any = first
            for parent, stride in parents:
                row = row + (drawn[parent] * stride if stride > 1 else drawn[parent])
            drawn[slot] = 0 if not len(columns) else u >= columns[0].take(row)
            for column in columns[1:]:
                drawn[slot] += u >= column.take(row)
        return drawn

    @cached_property
    def rows(self) -> list[tuple[NDArray[np.float64], list[tuple[int, int]], int]]:
        """Of each draw: where its outcomes end, shape [outcomes - 1, rows of the kernel]; and how to find the row: its
        parents' slots with their strides, and what the time adds."""
        width, out = len(self.process.draws), []
        for slot in range(self.slots):
            (kernel, names), time = self._rule(slot), slot // width
            steps, parents, first = self.steps[kernel], list[tuple[int, int]](), 0
            for axis, (name, shift) in enumerate(names):
                stride = math.prod(steps.shape[axis + 1 : -1])
                if name == "@":
                    first += (time + shift) * stride
                else:
                    parents.append(((time + shift) * width + self.process.position(name), stride))
            rows = math.prod(steps.shape[:-1])
            out.append((np.ascontiguousarray(steps.reshape(rows, steps.shape[-1]).T), parents, first))
        return out

    def _rule(self, slot: int) -> Any:
        time, pos = divmod(slot, len(self.process.draws))
        draw = self.process.draws[pos]
        return draw.first if time == 0 else draw.later

    @property
    def distance(self) -> Fraction:
        """A bound of the total variation between the law of all copies' paths and the process."""
        worst = {name: worst_row(self.exact.tables[name]) for name in self.steps}
        rest = range(len(self.known), self.needed)
        return sum((worst[self._rule(slot)[0]] for slot in rest), Fraction(0)) * self.statistic.copies

    # --------------------------------------------------------------------------------- outcomes and their numbers
    @cached_property
    def sizes(self) -> list[int]:
        """The number of outcomes of each draw."""
        sizes = [self.steps[self._rule(slot)[0]].shape[-1] + 1 for slot in range(self.slots)]
        if math.prod(sizes) > MOST_CODES:
            raise ValueError(f"a path must have at most {MOST_CODES:,} outcomes; got {math.prod(sizes):,}")
        return sizes

    def codes(self, paths: Paths) -> Codes:
        """The number of each path's outcome, shape [slots, n] -> [n]; that of its first draws is the number with zeros behind."""
        out: Codes = paths[0].copy()
        for size, row in zip(self.sizes[1:], paths[1:], strict=False):
            out *= size
            out += row
        out *= math.prod(self.sizes[len(paths) :])
        return out

    @cached_property
    def needed(self) -> int:
        """How many draws of a path tell all values: beyond them no table changes, and the first entry of a row is filled in."""
        assert self.statistic.copies  # its making fills the tables
        bodies = [table for table, _ in self._tabulated.values()]
        for slot in range(max(1, len(self.known)), self.slots):
            rows = [table.reshape(-1, math.prod(self.sizes[slot:])) for table in bodies]
            if all(np.array_equal(np.fmax.reduce(r, 1), np.fmin.reduce(r, 1), equal_nan=True) for r in rows):
                for r in rows:
                    r[:, 0] = np.fmax.reduce(r, 1)
                return slot
        return self.slots

    @cached_property
    def weighted(self) -> list[tuple[Fraction, tuple[int, ...]]]:
        """All paths of positive probability that go on from what is known."""
        return self.exact.continuations(self.process, self.known)

    def outcomes(self) -> list[tuple[Fraction, tuple[int, ...]]]:
        """All paths of positive probability."""
        return self.weighted

    @cached_property
    def columns(self) -> Paths:
        """The outcomes, shape [slots, outcomes]."""
        return np.array([path for _, path in self.weighted], dtype=np.intp).T

    def tabulated(self, body: Term, env: Env) -> tuple[NDArray[np.float64], float]:
        """A body by the number of the outcome, NaN where that has no probability; and its largest rounding error."""
        if (body, env) not in self._tabulated:
            table = np.full(math.prod(self.sizes), np.nan)
            got = self.on(self.columns, body, env)
            table[self.codes(self.columns)] = got
            exact = [enclosed(self.exact.number(body, (path, *env))) for _, path in self.weighted]
            errors = [abs(Fraction(g) - mid) + rad for g, (mid, rad) in zip(got.tolist(), exact, strict=True)]
            self._tabulated[body, env] = table, math.nextafter(float(max(errors)), math.inf) if any(errors) else 0.0
        return self._tabulated[body, env]

    def on(self, paths: Paths, body: Term | None = None, env: Env | None = None) -> NDArray[np.float64]:
        """A body on given paths, shape [slots, n] -> [n]; by default that of the estimand."""
        given = self.estimand.args[-1] if body is None else body, self.env if env is None else env
        return np.full(paths.shape[1], self.number(given[0], (paths, *given[1])), dtype=np.float64)

    # --------------------------------------------------------------------------------- the statistic
    @cached_property
    def statistic(self) -> Statistic:
        """What is sampled."""
        return statistic(self, self.estimand, self.env)

    def spread(self) -> Spread:
        """Range, mean and standard deviation of a sample, by enumeration."""
        mean = self.exact.number(self.estimand, self.env)
        values, weights = self._together()
        lost = self.worst_rounding()
        low, high = (float(f(values)) for f in (np.min, np.max))
        if lost:
            low, high = math.nextafter(low - lost, -math.inf), math.nextafter(high + lost, math.inf)
        if self.estimand.op in ("E", "CondE"):
            exact = [self.exact.number(self.estimand.args[-1], (path, *self.env)) for _, path in self.weighted]
            low, high = min(below(v) for v in exact), max(above(v) for v in exact)
        sd = math.sqrt(float(weights @ np.square(values - nearest(mean)))) if high > low else 0.0
        return Spread(low, high, mean, sd, len(np.unique(values)) == 2)

    def _together(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The statistic on all outcomes of its copies, and their probabilities."""
        codes, copies = self.codes(self.columns), self.statistic.copies
        if len(codes) ** copies > MOST_TOGETHER:
            raise ValueError(
                f"copies must have at most {MOST_TOGETHER:,} outcomes; got {len(codes):,} each, {copies} copies"
            )
        grids = np.meshgrid(*[codes] * copies, indexing="ij")
        weight = np.array([float(w) for w, _ in self.weighted])
        weights = np.ones(())
        for _ in range(copies):
            weights = np.multiply.outer(weights, weight)
        return self.statistic.read([g.ravel() for g in grids], 0), weights.ravel()

    def worst_rounding(self) -> float:
        """A bound of |sample - its exact value| over all outcomes."""
        return self.statistic.lost

    def gap(self, target: Poly) -> Poly:
        """The mean less the target, exactly."""
        return add(self.exact.number(self.estimand, self.env), target, -1)


@dataclass(frozen=True)
class Spread:
    """A statistic's smallest and largest value (rounded outward), its exact mean, its standard deviation; takes it just two?"""

    low: float
    high: float
    mean: Poly
    sd: float
    two_valued: bool


def _kernels(process: Process) -> set[str]:
    return {rule[0] for draw in process.draws for rule in (draw.first, draw.later)}
