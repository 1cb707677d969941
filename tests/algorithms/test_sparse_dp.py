"""Sparse dynamic programming against exact rational values: the bound holds, its error is at most epsilon, nothing is dense."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from numeric.algorithms import policy_iteration as dense
from numeric.algorithms import sparse_dp, sparse_model
from numeric.algorithms.sparse_dp import evaluate, solve
from numeric.algorithms.sparse_model import Model, model_of, under
from numeric.envs.cliff_walk import Cliff
from numeric.envs.tabular import Table, table_of

exact = pytest.importorskip("numeric.mdp.solve")
reading = pytest.importorskip("numeric.mdp.reading")
FiniteMDP = pytest.importorskip("numeric.mdp.model").FiniteMDP
Outcome = pytest.importorskip("numeric.mdp.model").Outcome

F32, F64 = torch.float32, torch.float64
METHODS = ("auto", "value", "modified", "policy")


def off(values: torch.Tensor, wanted: tuple[Fraction, ...]) -> Fraction:
    """The largest error, exactly."""
    return max(abs(Fraction(found) - v) for found, v in zip(values.tolist(), wanted, strict=True))


def drawn(states: int, actions: int, width: int, seed: int, *, terminal: int = 0, bands: int = 0) -> Table:
    """A random table of dyadic numbers, so that floats and rationals are the same; the last `terminal` states end."""
    generator = torch.Generator().manual_seed(seed)
    shape = states, actions, width
    if bands:
        step = torch.randint(-bands, bands + 1, shape, generator=generator)
        successor = (torch.arange(states)[:, None, None] + step).clamp(0, states - 1)
    else:
        successor = torch.randint(states, shape, generator=generator)
    cuts = torch.randint(65, (states, actions, width - 1), generator=generator).sort(-1).values
    edges = torch.nn.functional.pad(torch.nn.functional.pad(cuts, (1, 0)), (0, 1), value=64)
    reward = torch.randint(-16, 17, shape, generator=generator).double() / 8
    ends = torch.arange(states) >= states - terminal
    start = torch.zeros(states, dtype=F64)
    start[0] = 1
    return Table(successor, edges.diff(dim=-1).double() / 64, reward, start, ends)


def rational(table: Table, discount: Fraction) -> FiniteMDP:
    """The same MDP for the oracle: successors that are listed twice are one outcome with the mean reward."""
    rows = []
    for s, ends in enumerate(table.terminal.tolist()):
        if ends:
            rows.append(())
            continue
        found = []
        for a in range(table.successor.shape[1]):
            law: dict[int, list[Fraction]] = {}
            for y, p, r in zip(*(x[s, a].tolist() for x in table[:3]), strict=True):
                mass, paid = law.get(y, [Fraction(0), Fraction(0)])
                law[y] = [mass + Fraction(p), paid + Fraction(p) * Fraction(r)]
            found.append(tuple(Outcome(y, mass, paid / mass) for y, (mass, paid) in law.items() if mass))
        rows.append(tuple(found))
    names = tuple(f"s{s}" for s in range(len(rows)))
    actions = tuple(f"a{a}" for a in range(table.successor.shape[1]))
    return FiniteMDP(names, actions, tuple(rows), tuple(Fraction(p) for p in table.start.tolist()), discount)


@cache
def named(name: str) -> tuple[FiniteMDP, tuple[Fraction, ...]]:
    """A named table at discount 9/10 and its optimal values."""
    mdp = reading.named(name).at(Fraction(9, 10))
    return mdp, exact.optimum(mdp).values.v


@cache
def optimum(terminal: int, bands: int, discount: Fraction) -> tuple[Fraction, ...]:
    return exact.optimum(rational(drawn(24, 3, 4, seed=7, terminal=terminal, bands=bands), discount)).values.v


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("epsilon", [1e-2, 1e-11])
@pytest.mark.parametrize("name", reading.names())
def test_named_tables_at_discount_nine_tenths(name: str, epsilon: float, method: str) -> None:
    mdp, wanted = named(name)
    if name == "cliff_walk_paid":
        epsilon = max(epsilon, 1e-9)  # rewards of 1000: a smaller one is refused
    found = solve(model_of(table_of(mdp), 0.9), epsilon=epsilon, method=method)
    assert off(found.values, wanted) <= Fraction(found.error) <= Fraction(epsilon)
    lost = [v - w for v, w in zip(wanted, exact.evaluate(mdp.greedy(chosen(mdp, found))).v, strict=True)]
    assert min(lost) >= 0 and max(lost) <= 2 * Fraction(found.error), "the greedy policy loses at most twice the error"


def chosen(mdp: FiniteMDP, found: sparse_dp.Solution) -> dict[int, int]:
    return {s: int(found.policy[s]) for s in mdp.live}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("discount", [Fraction(0), Fraction(1, 2), Fraction(19, 20), Fraction(199, 200)])
@pytest.mark.parametrize(("terminal", "bands"), [(0, 0), (3, 0), (0, 2), (3, 2)])
def test_random_tables(terminal: int, bands: int, discount: Fraction, method: str) -> None:
    table = drawn(24, 3, 4, seed=7, terminal=terminal, bands=bands)
    found = solve(model_of(table, float(discount)), epsilon=1e-7, method=method)
    assert off(found.values, optimum(terminal, bands, discount)) <= Fraction(found.error) <= 1e-7
    assert (found.values[24 - terminal :] == 0).all() and (found.policy[24 - terminal :] == 0).all()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_bound_holds(data: st.DataObject) -> None:
    """Any small table, method, discount, tolerance, for the optimum and for a random policy."""
    states = data.draw(st.integers(1, 6))
    sizes = states, data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3)), data.draw(st.integers(0, 10**6))
    table = drawn(*sizes, terminal=data.draw(st.integers(0, states - 1)))
    discount = data.draw(st.sampled_from([Fraction(0), Fraction(1, 4), Fraction(7, 8), Fraction(127, 128)]))
    epsilon, method = data.draw(st.sampled_from([1e-2, 1e-5, 1e-8])), data.draw(st.sampled_from(METHODS))
    mdp, model = rational(table, discount), model_of(table, float(discount))
    found = solve(model, epsilon=epsilon, method=method, sweeps=data.draw(st.integers(1, 7)))
    assert off(found.values, exact.optimum(mdp).values.v) <= Fraction(found.error) <= epsilon
    policy = torch.randint(sizes[1], (states,), generator=torch.Generator().manual_seed(sizes[3]))
    worth = exact.evaluate(mdp.greedy({s: int(policy[s]) for s in mdp.live})).v
    found = evaluate(model, policy, epsilon=epsilon)
    assert off(found.values, worth) <= Fraction(found.error) <= epsilon


@pytest.mark.parametrize("dtype", [F32, F64])
def test_probabilities_are_a_policy_too(dtype: torch.dtype) -> None:
    mdp = reading.named("m2")
    policy = torch.tensor([[2 / 3, 1 / 3], [1 / 4, 3 / 4]], dtype=F64)
    found = evaluate(model_of(table_of(mdp), 0.5, dtype=dtype), policy, epsilon=1e-4)
    assert found.values.dtype == dtype and off(found.values, (Fraction(57, 37), Fraction(-43, 37))) <= Fraction(
        found.error
    )
    table = drawn(50, 4, 5, seed=1, terminal=2)
    policy = torch.rand(50, 4, dtype=F64, generator=torch.Generator().manual_seed(0))
    policy /= policy.sum(1, keepdim=True)
    wanted = dense.evaluate(table, policy, 0.95)
    assert (evaluate(model_of(table, 0.95), policy, epsilon=1e-9).values - wanted).abs().max() <= 1e-9 + 1e-12


def test_float32_is_within_its_error_and_says_what_it_cannot_prove() -> None:
    table = drawn(24, 3, 4, seed=3)
    wanted = exact.optimum(rational(table, Fraction(19, 20))).values.v
    model = model_of(table, 0.95, dtype=F32)
    for method in METHODS:
        found = solve(model, epsilon=2e-3, method=method)
        assert off(found.values, wanted) <= Fraction(found.error) <= 2e-3
        with pytest.raises(
            ValueError, match=r"epsilon must be at least 0.00\d+ for values up to \S+ in torch.float32; got 1e-06"
        ):
            solve(model, epsilon=1e-6, method=method)


def test_discount_near_one() -> None:
    table = drawn(20, 2, 3, seed=5)
    discount = Fraction(99999, 100000)
    wanted = exact.optimum(rational(table, discount)).values.v
    found = solve(model_of(table, float(discount)), epsilon=1e-4)
    assert off(found.values, wanted) <= Fraction(found.error) <= 1e-4 and abs(wanted[0]) > 1000


@pytest.mark.parametrize("name", [n for n in reading.names() if reading.named(n).discount == 1])
def test_discount_one_ends_or_is_refused(name: str) -> None:
    """Where every policy ends the optimum is the exact one; else it is refused, but a policy that ends can be evaluated."""
    mdp = reading.named(name)
    model = model_of(table_of(mdp), 1.0)
    if mdp.ending(mdp.uniform()) == set(range(len(mdp.states))):
        found = evaluate(model, torch.full((len(mdp.states), len(mdp.actions)), 1 / len(mdp.actions), dtype=F64))
        assert off(found.values, exact.evaluate(mdp.uniform()).v) <= Fraction(found.error) <= 1e-6
    if can_go_on(mdp):
        with pytest.raises(ValueError, match=r"at discount 1 every policy must end; from state \d+ one never does"):
            solve(model)
    else:
        for method in METHODS:
            found = solve(model, method=method)
            assert off(found.values, exact.optimum(mdp).values.v) <= Fraction(found.error) <= 1e-6


def can_go_on(mdp: FiniteMDP) -> bool:
    closed = set(mdp.live)
    while closed:
        kept = {s for s in closed if any(all(o.state in closed for o in row) for row in mdp.rows[s])}
        if kept == closed:
            return True
        closed = kept
    return False


def test_both_cases_of_discount_one_occur() -> None:
    named = [reading.named(n) for n in reading.names() if reading.named(n).discount == 1]
    assert {can_go_on(mdp) for mdp in named} == {True, False}


def test_a_policy_that_never_ends_is_refused_at_discount_one() -> None:
    model = model_of(Cliff().table(), 1.0)
    with pytest.raises(ValueError, match="from state 0 one never does"):
        evaluate(model, torch.zeros(48, dtype=torch.int64))
    assert evaluate(model_of(Cliff().table(), 0.9), torch.zeros(48, dtype=torch.int64)).error <= 1e-6


def test_the_span_stops_early_and_the_shift_is_needed() -> None:
    """On random successors value iteration ends 15 times before the sup norm would let it; its V without the shift is far off."""
    table = drawn(1000, 4, 8, seed=0)
    found = solve(model_of(table, 0.95), epsilon=1e-6, method="value")
    wanted = dense.policy_iteration(table, dense.Settings(0.95)).values
    assert (found.values - wanted).abs().max() <= found.error and found.backups <= 30
    plain = model_of(table, 0.95).reward.view(4, -1).amax(0)
    for _ in range(found.backups):
        plain = dense.action_values(table, plain, 0.95).amax(1)
    assert (plain - wanted).abs().max() > 1


@pytest.mark.parametrize("mkl", [True, False])
def test_memory_is_linear_in_the_transitions(mkl: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not mkl:
        monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: False)
    table = drawn(400, 4, 8, seed=0)
    with torch.autograd.profiler.profile(profile_memory=True) as seen:
        model = model_of(table, 0.95)
        for method in METHODS:
            solve(model, epsilon=1e-3, method=method)
        evaluate(model, torch.full((400, 4), 0.25, dtype=F64))
    largest = max(event.self_cpu_memory_usage for event in seen.function_events)
    assert 400 * 4 * 8 * 8 <= largest <= 2 * 400 * 4 * 8 * 8, "bytes of one operation: at most two float64 a transition"


def test_gather_and_sum_give_what_csr_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    table = drawn(300, 4, 8, seed=2, terminal=5)
    one = {m: solve(model_of(table, 0.95), epsilon=1e-9, method=m) for m in METHODS}
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: False)
    model = model_of(table, 0.95)
    assert model.rows.matrix is None
    for method, other in one.items():
        found = solve(model, epsilon=1e-9, method=method)
        assert (found.values - other.values).abs().max() <= found.error + other.error


@pytest.mark.parametrize("wrong", ["random", "nan"])
def test_a_correction_that_goes_wrong_costs_time_only(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Convergence rests on sweeps, the error on the bound: whatever the linear solver returns, the answer is right."""
    table = drawn(24, 3, 4, seed=7, bands=2)

    def broken(rows, values, change, goal):  # noqa: ANN001, ANN202
        return torch.full_like(values, torch.nan) if wrong == "nan" else values + 10 * torch.randn_like(values), 1

    monkeypatch.setattr(sparse_dp, "_corrected", broken)
    found = solve(model_of(table, 0.5), epsilon=1e-6, method="policy")
    assert off(found.values, exact.optimum(rational(table, Fraction(1, 2))).values.v) <= Fraction(found.error) <= 1e-6


def test_policy_iteration_takes_few_improvements_and_bands_make_auto_choose_it() -> None:
    bands, mixed = (model_of(drawn(3000, 4, 8, seed=0, bands=b), 0.95) for b in (10, 0))
    assert solve(bands, method="policy", most=100).backups <= 15 < 100 < solve(bands, method="value").backups
    assert solve(bands).products > solve(bands).backups * 5 and solve(bands).backups <= 15
    assert solve(mixed)[2:] == solve(mixed, method="modified")[2:]


def test_rows_that_miss_one_by_rounding_are_bounded() -> None:
    """A row that sums to 1 - 5e-7 is the MDP that it says: the exact solution of (I - discount P) V = r, not of a nearby one."""
    table = drawn(10, 1, 3, seed=4)
    table = table._replace(probability=table.probability * (1 - 5e-7))
    found = evaluate(model_of(table, 0.999), torch.zeros(10, dtype=torch.int64), epsilon=1e-8)
    wanted = dense.evaluate(table, torch.ones(10, 1, dtype=F64), 0.999)
    assert (found.values - wanted).abs().max() <= found.error + 1e-10
    ideal = dense.evaluate(drawn(10, 1, 3, seed=4), torch.ones(10, 1, dtype=F64), 0.999)
    assert (ideal - wanted).abs().max() > 1e-6
    with pytest.raises(ValueError, match="discount times a row's sum must be below 1; got 1.0000"):
        model_of(table._replace(probability=table.probability * (1 + 1e-6)), 1 - 1e-8)


def test_rows_of_different_sums_widen_the_bound_on_both_sides() -> None:
    """Two states that pay 1 and go to the first, whose row sums to 1 - 9e-7: at discount .999 that is .9 of a value of 999."""
    leak = torch.tensor([[[1 - 9e-7]], [[1.0]]], dtype=F64)
    start, ends = torch.tensor([1.0, 0.0], dtype=F64), torch.zeros(2, dtype=torch.bool)
    for paid in (1.0, -1.0):
        table = Table(torch.zeros(2, 1, 1, dtype=torch.int64), leak, torch.full_like(leak, paid), start, ends)
        found = solve(model_of(table, 0.999), epsilon=1e-2, method="value")
        worth = Fraction(paid) / (1 - Fraction(0.999) * Fraction(1 - 9e-7))
        assert off(found.values, (worth, Fraction(paid) + Fraction(0.999) * worth)) <= Fraction(found.error) <= 1e-2
        assert found.backups > 2, "the first bound is 1e-3 wide if both sums are taken for 1"


def test_a_table_of_terminal_states_is_worth_nothing() -> None:
    model = replace_terminal(drawn(3, 2, 2, seed=0))
    assert solve(model).values.tolist() == [0, 0, 0] and solve(model, method="policy").policy.tolist() == [0, 0, 0]


def replace_terminal(table: Table) -> Model:
    """All states terminal; no table says so, because an episode must start somewhere."""
    model = model_of(table, 0.9)
    zero = model.rows.weights * 0
    rows = sparse_model.rows_of(model.rows.columns, zero, 3)
    return replace(model, rows=rows, reward=model.reward * 0, live=model.live * 0, slow=0.0, fast=0.0)


M2 = table_of(reading.named("m2"))
WRONG = [
    (lambda: model_of(M2, 1.5), r"discount must lie in \[0, 1\]; got 1.5"),
    (lambda: model_of(M2, float("nan")), r"discount must lie in \[0, 1\]; got nan"),
    (lambda: model_of(M2, 0.5, dtype=torch.float16), "dtype must be torch.float32 or torch.float64; got torch.float16"),
    (lambda: model_of(M2._replace(reward=M2.reward / 0), 0.5), "reward must be finite"),
    (lambda: model_of(M2._replace(successor=M2.successor + 1), 0.5), r"successor must lie in \[0, 2\); got 2"),
    (
        lambda: solve(model_of(M2, 0.5), method="newton"),
        "method must be one of auto, value, modified, policy; got 'newton'",
    ),
    (lambda: solve(model_of(M2, 0.5), epsilon=-1.0), "epsilon must be finite and at least 0; got -1.0"),
    (lambda: solve(model_of(M2, 0.5), epsilon=0.0), "epsilon must be at least .* in torch.float64; got 0.0"),
    (lambda: solve(model_of(M2, 0.5), sweeps=0), "sweeps must be an integer, 1 or more; got 0"),
    (lambda: solve(model_of(M2, 0.5), most=0), "most must be an integer, 1 or more; got 0"),
    (lambda: solve(model_of(M2, 0.5), forcing=float("inf")), "forcing must be finite and at least 0; got inf"),
    (lambda: under(model_of(M2, 0.5), torch.tensor([0, 2])), r"policy must lie in \[0, 2\); got 2 at \[1\]"),
    (
        lambda: under(model_of(M2, 0.5), torch.tensor([0])),
        r"policy must be integers \(2,\) or probabilities \(2, 2\); got",
    ),
    (lambda: under(model_of(M2, 0.5), torch.tensor([True, False])), "policy must be integers .* got torch.bool"),
    (
        lambda: under(model_of(M2, 0.5), torch.ones(2, 2)),
        r"policy must be a probability vector .* \[1.0, 1.0\] at \[0\]",
    ),
    (
        lambda: under(model_of(M2, 0.5), torch.full((2, 2), torch.nan)),
        "policy must be a probability vector in every state",
    ),
    (
        lambda: under(model_of(M2, 0.5), torch.zeros(2, device="meta")),
        "policy must be on the device of the model, cpu; got meta",
    ),
]


@pytest.mark.parametrize(("call", "says"), WRONG, ids=[s[:50] for _, s in WRONG])
def test_wrong_input_is_named(call, says: str) -> None:  # noqa: ANN001
    with pytest.raises(ValueError, match=says):
        call()


def test_too_few_backups_and_overflow_are_said() -> None:
    table = drawn(24, 3, 4, seed=7)
    with pytest.raises(RuntimeError, match="within 3 backups; it is"):
        solve(model_of(table, 0.95), method="value", most=3)
    huge = table._replace(reward=table.reward.abs() * 8e307)
    for method in METHODS:
        with pytest.raises(FloatingPointError, match="values must stay finite"):
            solve(model_of(huge, 0.95), method=method)


def test_ties_go_to_the_first_action() -> None:
    found = solve(model_of(table_of(reading.named("m2_tie")), 0.5), epsilon=1e-12)
    assert found.policy.tolist()[0] == 0
