"""Sparse dynamic programming beside QuantEcon and SciPy: optimal values, and one policy's values.

Every problem has 4 actions, 8 successors a pair, discount .95, rewards in [0, 1] and epsilon 1e-6: successors anywhere ("random")
or at most 10 states away ("banded").  Random ones mix in some 20 sweeps and fill a sparse LU, which is not run there beyond
1,000 states (55 s and 700 MB at 10,000); banded ones mix slowly and fill none.  Problems are made before the clock starts, in
the form that each library keeps; what that takes, from the same tensors and with its checks, is a line-up of its own.  An error
is the largest over states against values whose own error is proved to be at most 1e-10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from numeric.algorithms.sparse_dp import Method, Solution, evaluate, solve
from numeric.algorithms.sparse_model import Model, model_of
from numeric.bench.rows import OURS, Row, missing
from numeric.bench.timing import interleaved
from numeric.envs.tabular import Table

ACTIONS, WIDTH, DISCOUNT, EPSILON, BAND = 4, 8, 0.95, 1e-6, 10
STATES = (1_000, 10_000, 100_000)
LU_LIMIT = 1_000
METHODS: tuple[Method, ...] = ("auto", "value", "modified", "policy")

Call = Callable[[], Any]


class Entry(NamedTuple):
    """Who, of which package; the call; values [S] of what it returns; whether it takes so long that three calls must do."""

    who: str
    library: str
    call: Call
    values: Callable[[Any], Tensor]
    slow: bool = False


def run(states: tuple[int, ...] = STATES) -> Iterator[Row]:
    """Every size and geometry: the optimum, one evaluation, and making the problem ready."""
    for count in states:
        for banded in (False, True):
            where = f"{count:,} states, {'banded' if banded else 'random'}"
            table = problem(count, banded=banded)
            model, process = model_of(table, DISCOUNT), None if absent() else quantecon(table)
            lu = banded or count <= LU_LIMIT
            best = solve(model, epsilon=1e-10).values
            yield from compared(f"optimum, {where}", optima(model, process, lu), best)
            policy = torch.zeros(count, dtype=torch.int64)
            worth = evaluate(model, policy, epsilon=1e-10).values
            yield from compared(f"evaluation, {where}", evaluations(model, policy, process, lu), worth)
            yield from compared(f"set-up, {where}", setups(table), None)


def compared(name: str, entries: list[Entry], exact: Tensor | None) -> Iterator[Row]:
    """A row for each, ours first; those that take seconds are called three times, after the others."""
    found = {entry.who: entry.call() for entry in entries}
    quick = {entry.who: entry.call for entry in entries if not entry.slow}
    times = interleaved(quick, seconds=0.5)
    if len(quick) < len(entries):
        times |= interleaved({entry.who: entry.call for entry in entries if entry.slow}, seconds=0.0, least=3, warm=0)
    for entry in entries:
        error = None if exact is None else (entry.values(found[entry.who]) - exact).abs().max().item()
        solution = found[entry.who]
        figures = (("proved error", solution.error),) if isinstance(solution, Solution) else ()
        yield Row(
            "dp", name, entry.who, entry.library, *times[entry.who], error=error, dtype="float64", figures=figures
        )
    if absent():
        yield Row("dp", name, "QuantEcon, SciPy", "quantecon", dtype="float64", note=absent())


def absent() -> str:
    """The sentence where a peer is not installed."""
    return missing("quantecon", "scipy")


def problem(states: int, *, banded: bool, seed: int = 0) -> Table:
    """A random table, the same for every library."""
    generator = torch.Generator().manual_seed(seed)
    shape = states, ACTIONS, WIDTH
    if banded:
        step = torch.randint(-BAND, BAND + 1, shape, generator=generator)
        successor = (torch.arange(states)[:, None, None] + step).clamp(0, states - 1)
    else:
        successor = torch.randint(states, shape, generator=generator)
    chance = torch.rand(shape, generator=generator, dtype=torch.float64)
    reward = torch.rand(states, ACTIONS, 1, generator=generator, dtype=torch.float64).expand(shape).contiguous()
    start = torch.full((states,), 1 / states, dtype=torch.float64)
    return Table(successor, chance / chance.sum(-1, keepdim=True), reward, start, torch.zeros(states, dtype=torch.bool))


# ------------------------------------------------------------------------------------- ours, and others
def optima(model: Model, process: Any, lu: bool) -> list[Entry]:
    """Ours by each method; QuantEcon's value, modified policy and policy iteration."""
    large = len(model.live) > 10_000

    def ours(method: Method) -> Call:
        return lambda: solve(model, epsilon=EPSILON, method=method)

    def theirs(method: str, **more: int) -> Call:
        return lambda: process.solve(method, epsilon=EPSILON, **more).v

    entries = [Entry(f"ours, {m}", OURS, ours(m), _solution, m == "value" and large) for m in METHODS]
    if process is None:
        return entries
    # value iteration ends after 250 sweeps by default, here at an error of 4e-5
    vi = Entry("QuantEcon, value iteration", "quantecon", theirs("vi", max_iter=10_000), _array, large)
    mpi = Entry("QuantEcon, modified policy iteration", "quantecon", theirs("mpi"), _array)
    pi = Entry("QuantEcon, policy iteration (sparse LU)", "quantecon", theirs("pi"), _array, large)
    return [*entries, mpi, vi, *([pi] if lu else [])]


def evaluations(model: Model, policy: Tensor, process: Any, lu: bool) -> list[Entry]:
    """Values of the policy that takes action 0; the policy's matrix is made in the time, by all."""
    entries = [Entry("ours, evaluate", OURS, lambda: evaluate(model, policy, epsilon=EPSILON), _solution)]
    if process is None:
        return entries
    actions = policy.numpy()

    def bicgstab() -> Any:
        from scipy.sparse import identity, linalg  # type: ignore[import-not-found, import-untyped, unused-ignore]

        reward, chance = process.RQ_sigma(actions)
        return linalg.bicgstab(identity(len(reward), format="csr") - DISCOUNT * chance, reward, rtol=1e-10)[0]

    entries += [Entry("SciPy, BiCGStab to 1e-10", "scipy", bicgstab, _array)]
    if lu:
        direct = Entry("QuantEcon, sparse LU", "quantecon", lambda: process.evaluate_policy(actions), _array)
        entries += [direct]
    return entries


def setups(table: Table) -> list[Entry]:
    """From the same tensors to what each library keeps."""
    entries = [Entry("ours, model_of", OURS, lambda: model_of(table, DISCOUNT), _nothing)]
    if not absent():
        entries += [Entry("QuantEcon, DiscreteDP", "quantecon", lambda: quantecon(table), _nothing)]
    return entries


def quantecon(table: Table) -> Any:
    """The table as QuantEcon's DiscreteDP of state-action pairs with a CSR matrix."""
    import numpy as np
    from quantecon.markov import DiscreteDP  # type: ignore[import-not-found, unused-ignore]
    from scipy.sparse import csr_matrix  # type: ignore[import-not-found, import-untyped, unused-ignore]

    states, actions, width = table.successor.shape
    ends = np.arange(0, states * actions * width + 1, width)
    entries = table.probability.numpy().ravel(), table.successor.numpy().ravel(), ends
    reward = (table.probability * table.reward).sum(-1).numpy().ravel()
    pairs = np.repeat(np.arange(states), actions), np.tile(np.arange(actions), states)
    return DiscreteDP(reward, csr_matrix(entries, (states * actions, states)), DISCOUNT, *pairs)


def _solution(found: Solution) -> Tensor:
    return found.values


def _array(found: Any) -> Tensor:
    return torch.from_numpy(found)


def _nothing(found: object) -> Tensor:
    return torch.empty(0)
