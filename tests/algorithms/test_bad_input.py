"""Bad input to the pure functions of the algorithms is refused by name: shapes, dtypes, numbers, policies, empty batches.

Modules in FOUND are searched, so that a new public function fails here until it has a row.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from numeric.algorithms import (
    a2c,
    grpo,
    k_step_q,
    networks,
    policy_iteration,
    ppo,
    reinforce,
    rollout,
    sparse_dp,
    sparse_model,
)
from numeric.envs.cartpole import CartPole
from numeric.envs.tabular import table_of
from numeric.mdp import reading
from tests.refusals import (
    ALONE,
    FLAG,
    REAL,
    SIZE,
    UNIT,
    Bad,
    Draw,
    Kind,
    elsewhere,
    entry,
    negative,
    no_count,
    no_index,
    no_switch,
    no_tensor,
    no_word,
    not_positive,
    nothing,
    other_float,
    other_rows,
    other_shape,
    other_table,
    out_of_range,
    refusal,
    spoilt,
)

F64 = torch.float64
NAN, INF = math.nan, math.inf
TABLE = table_of(reading.named("treasure"))  # three states, the last one terminal; two actions
MODEL = sparse_model.model_of(TABLE, 0.5)


# ------------------------------------------------------------------------------------- good arguments
def real(*shape: int) -> Tensor:
    count = math.prod(shape)
    return torch.arange(1, count + 1, dtype=F64).view(shape) / (count + 2)


def zeros(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.int64)


def true(*shape: int) -> Tensor:
    return torch.ones(shape, dtype=torch.bool)


def steps(rows: int, columns: int) -> dict[str, Any]:
    numbers = {
        "reward": real(rows, columns),
        "next_values": real(rows, columns, 3),
        "next_action": zeros(rows, columns),
    }
    flags = {"terminated": ~true(rows, columns), "cut": ~true(rows, columns)}
    return {**numbers, **flags, "discount": 0.5, "k": 2, "through": False}


def tokens(rows: int, columns: int) -> dict[str, Any]:
    logs = {name: -real(rows, columns) for name in ("logp", "behaviour_logp", "reference_logp")}
    more = {"clip": 0.2, "aggregation": "sequence", "length": 1, "kl_weight": 0.1, "count": None}
    return {**logs, "advantage": real(columns), "mask": true(rows, columns), **more}


def window(rows: int, columns: int) -> dict[str, Any]:
    flags = {"terminated": ~true(rows, columns), "truncated": ~true(rows, columns)}
    return {"reward": real(rows, columns), "next_value": real(rows, columns), **flags, "discount": 0.5}


def samples(count: int) -> dict[str, Any]:
    columns = {name: real(count) for name in ("behaviour_logp", "old_value", "advantage", "returns", "weight")}
    batch = ppo.Batch(observation=real(count, 4), action=zeros(count), **columns)
    numbers = {"epsilon": 0.2, "value_coefficient": 0.5, "entropy_coefficient": 0.01, "value_clip": 0.2}
    return {"logits": real(count, 3), "value": real(count), "batch": batch, **numbers, "value_clip_form": "max"}


def rolled(rows: int, columns: int) -> rollout.Rollout:
    flags = {"terminated": ~true(rows, columns), "truncated": ~true(rows, columns)}
    seen = {"observation": real(rows, columns, 3), "final_observation": real(rows, columns, 3)}
    more = {"action": zeros(rows, columns), "reward": real(rows, columns), "time": zeros(rows, columns)}
    return rollout.Rollout(**seen, **more, **flags)


def whole(rows: int, columns: int) -> reinforce.Episodes:
    flags = {"terminated": true(rows, columns), "truncated": true(rows, columns)}
    return reinforce.Episodes(real(rows, columns, 3), zeros(rows, columns), real(rows, columns), **flags)


NETWORKS: dict[str, Any] = {"policy": lambda seen: seen, "critic": lambda seen: seen.sum(-1)}


def uniform() -> Tensor:
    return torch.full((3, 2), 0.5, dtype=F64)


# ------------------------------------------------------------------------------------- kinds of the algorithms
def no_law(draw: Draw, good: Tensor) -> Bad:
    """A row of a live state that does not sum to 1, is negative somewhere, or is NaN."""
    row = draw(st.sampled_from([[0.5, 0.4], [1.0, 1.0], [0.0, 0.0], [1.5, -0.5], [NAN, 0.5], [INF, 0.0]]))
    copy = good.clone()
    copy[draw(st.integers(0, 1))] = torch.tensor(row, dtype=F64)
    return Bad(copy, f"got {row}")


WRONG_ENTRIES = [  # column, entry, and what is said of it; of a row that does not sum to 1 the sum is
    ("successor", 3, "got 3"), ("successor", -1, "got -1"), ("probability", 0.75, ""), ("probability", -1.0, "got -1.0"),
    ("reward", NAN, "got nan"), ("reward", INF, "got inf"),
]  # fmt: skip


def no_table(draw: Draw, good: Any) -> Bad:
    """Successors out of range, rows that do not sum to 1, rewards that are not finite."""
    field, value, got = draw(st.sampled_from(WRONG_ENTRIES))
    copy, _ = spoilt(draw, getattr(good, field)[:2], value)
    whole = torch.cat([copy, getattr(good, field)[2:]])
    return Bad(good._replace(**{field: whole}), got, names=(field,))


def no_model(draw: Draw, good: Any) -> Bad:
    return draw(st.sampled_from([Bad(None, "NoneType"), Bad(TABLE, "Table"), Bad(1.0, "float 1.0")]))


def part(**kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
    """Of a named tuple: each field in the kinds that it is refused in."""

    def of(field: str, kind: Kind) -> Kind:
        def spoil(draw: Draw, good: Any) -> Bad:
            bad = kind(draw, getattr(good, field))
            return Bad(
                good._replace(**{field: bad.value}), bad.got, bad.shared, good._fields if bad.shared else (field,)
            )

        return spoil

    return tuple(of(field, kind) for field, several in kinds.items() for kind in several)


def no_sizes(draw: Draw, good: Any) -> Bad:
    return draw(
        st.sampled_from([Bad([3], "list [3]"), Bad(3, "int 3"), Bad([3, 0], "got 0"), Bad([2.5, 3], "got 2.5")])
    )


def no_dtype(draw: Draw, good: Any) -> Bad:
    return draw(st.sampled_from([Bad("float32", "'float32'"), Bad(torch.int64, "torch.int64"), Bad(None, "None")]))


def no_axis_of_actions(draw: Draw, good: Tensor) -> Bad:
    return Bad(good[0, 0], "()")


def away_from_the_generator(draw: Draw, good: Tensor) -> Bad:
    return Bad(good.to("meta"), "got one on cpu", names=("generator",))


def no_generator(draw: Draw, good: Any) -> Bad:
    return draw(st.sampled_from([Bad(None, "NoneType"), Bad(0, "int 0")]))


def settings_with(**choices: tuple[object, ...]) -> Kind:
    """Settings that the function itself must refuse."""

    def kind(draw: Draw, good: Any) -> Bad:
        name = draw(st.sampled_from(sorted(choices)))
        value = draw(st.sampled_from(choices[name]))
        return Bad(policy_iteration.Settings(**{"discount": 0.5, name: value}), f"{value}", names=(name,))

    return kind


@dataclass(frozen=True)
class Row:
    """good(): arguments that are accepted.  bad: the kinds that each is refused in.  empty: arguments of nothing."""

    good: Callable[[], dict[str, Any]]
    bad: dict[str, tuple[Kind, ...]]
    empty: tuple[Callable[[], dict[str, Any]], ...] = ()


def sized(make: Callable[[int, int], dict[str, Any]], bad: dict[str, tuple[Kind, ...]]) -> Row:
    """Of T steps of N episodes: both must be there."""
    return Row(lambda: make(3, 2), bad, (lambda: make(0, 2), lambda: make(3, 0)))


def filled(make: Callable[[int], dict[str, Any]], bad: dict[str, tuple[Kind, ...]]) -> Row:
    """Of M samples: at least one."""
    return Row(lambda: make(3), bad, (lambda: make(0),))


POLICY = (no_tensor, nothing, other_shape, elsewhere, no_law)
SOME = (no_tensor, no_law, other_shape, elsewhere)  # None: a default
OPEN = (no_tensor, lambda draw, good: Bad(good.double(), "torch.float64"), other_shape, elsewhere)
TABLES = {"table": (no_table,), "discount": UNIT}
CHOICE = (no_tensor, nothing, no_index, out_of_range(3), other_shape, elsewhere)
VALUES = (*ALONE, other_shape, elsewhere)
ROWS_OF_VALUES = (*ALONE, other_float, other_rows, elsewhere)
WINDOW = {"reward": REAL, "next_value": REAL, "terminated": FLAG, "truncated": FLAG, "discount": UNIT}
LOGITS = (*ALONE, other_float, other_table, elsewhere)
MAYBE_SIZE = (negative, lambda draw, good: Bad("0.5", "0.5"))  # None: none
NUMBER = (no_tensor, nothing, no_index, other_shape, elsewhere, entry(-1, says="got -1"))

ROWS: dict[Callable[..., Any], Row] = {
    policy_iteration.policy_iteration: Row(
        lambda: {"table": TABLE, "settings": policy_iteration.Settings(0.5), "policy": uniform(), "available": true(3, 2)},
        {
            "table": (no_table,),
            "settings": (settings_with(discount=(1.5, -0.1, NAN), tie=(-1.0, NAN, INF), most=(0, -1, 1.5)),),
            "policy": SOME,
            "available": OPEN,
        },
    ),
    policy_iteration.evaluate: Row(
        lambda: {"table": TABLE, "policy": uniform(), "discount": 0.5}, {**TABLES, "policy": POLICY}
    ),
    policy_iteration.action_values: Row(
        lambda: {"table": TABLE, "values": real(3), "discount": 0.5}, {**TABLES, "values": VALUES}
    ),
    policy_iteration.improve: Row(
        lambda: {
            "values": real(3, 2), "policy": uniform(), "tie": 1e-9, "available": true(3, 2),
            "terminal": torch.tensor([False, False, False]),
        },
        {
            "values": (*VALUES, entry(NAN, INF, -INF)),
            "policy": (no_tensor, nothing, other_shape, elsewhere),
            "terminal": FLAG,
            "tie": SIZE,
            "available": (no_tensor, *FLAG[2:]),
        },
        (lambda: {"values": real(0, 2), "policy": real(0, 2), "terminal": true(0), "tie": 0.0},),
    ),
    sparse_dp.solve: Row(
        lambda: {"model": MODEL, "epsilon": 1e-6, "method": "auto", "sweeps": 5, "forcing": 0.03, "most": 100},
        {
            "model": (no_model,), "epsilon": SIZE, "method": (no_word,), "sweeps": (no_count,), "forcing": SIZE,
            "most": (no_count,),
        },
    ),
    sparse_dp.evaluate: Row(
        lambda: {"model": MODEL, "policy": uniform(), "epsilon": 1e-6},
        {"model": (no_model,), "policy": POLICY, "epsilon": SIZE},
    ),
    sparse_model.model_of: Row(
        lambda: {"table": TABLE, "discount": 0.5, "dtype": F64},
        {**TABLES, "dtype": (lambda draw, good: Bad(x := draw(st.sampled_from([torch.float16, torch.int64])), str(x)),)},
    ),
    sparse_model.under: Row(
        lambda: {"model": MODEL, "policy": uniform()}, {"model": (no_model,), "policy": POLICY}
    ),
    k_step_q.taken: Row(
        lambda: {"values": real(3, 2, 3), "action": zeros(3, 2)},
        {"values": (no_tensor, nothing, other_rows, elsewhere), "action": CHOICE},
        (lambda: {"values": real(3, 0), "action": zeros(3)},),
    ),
    k_step_q.k_step_target: sized(
        steps,
        {
            "reward": (no_tensor, nothing, *REAL[2:]), "next_values": ROWS_OF_VALUES, "next_action": CHOICE,
            "terminated": FLAG, "cut": FLAG, "discount": UNIT, "k": (no_count,), "through": (no_switch,),
        },
    ),
    k_step_q.beyond: sized(
        lambda *n: {"truncated": true(*n), "explored": true(*n)}, {"truncated": FLAG, "explored": FLAG}
    ),
    k_step_q.squared_error: sized(
        lambda *n: {"values": real(*n, 3), "action": zeros(*n), "target": real(*n), "weight": real(*n)},
        {"values": ROWS_OF_VALUES, "action": CHOICE, "target": REAL, "weight": (no_tensor, *REAL[2:])},
    ),
    k_step_q.one_per_pair: sized(lambda *n: {"state": zeros(*n), "action": zeros(*n)}, {"state": NUMBER, "action": NUMBER}),
    k_step_q.epsilon_greedy: Row(
        lambda: {"values": real(3, 2), "epsilon": 0.5, "generator": torch.Generator()},
        {"values": ALONE, "epsilon": UNIT, "generator": (no_generator,)},
        (lambda: {"values": real(3, 0), "epsilon": 0.5, "generator": torch.Generator()},),
    ),
    grpo.advantages: Row(
        lambda: {"reward": real(4), "settings": grpo.Settings(num_envs=4, group_size=2)},
        {"reward": (*ALONE, other_shape, entry(NAN, INF)), "settings": ()},
        (lambda: {"reward": real(0), "settings": grpo.Settings(num_envs=4, group_size=2)},),
    ),
    grpo.loss: sized(
        tokens,
        {
            "logp": REAL, "behaviour_logp": REAL, "advantage": REAL, "mask": FLAG, "clip": SIZE, "aggregation": (no_word,),
            "length": (no_count,), "kl_weight": SIZE, "reference_logp": REAL, "count": (not_positive,),
        },
    ),
    a2c.n_step_returns: sized(window, WINDOW),
    a2c.losses: sized(
        lambda *n: {"logits": real(*n, 3), "action": zeros(*n), "value": real(*n), "target": real(*n)},
        {"logits": LOGITS, "action": CHOICE, "value": REAL, "target": REAL},
    ),
    a2c.loss: sized(
        lambda *n: {**NETWORKS, "window": rolled(*n), "settings": a2c.Settings()},
        {"policy": (), "critic": (), "settings": (),
         "window": part(reward=REAL, action=CHOICE, terminated=FLAG, truncated=FLAG)},
    ),
    reinforce.losses: sized(
        lambda *n: {**NETWORKS, "episodes": whole(*n), "settings": reinforce.Settings()},
        {"policy": (), "critic": (), "settings": (),
         "episodes": part(reward=VALUES, action=CHOICE, terminated=FLAG, truncated=FLAG)},
    ),
    reinforce.returns: sized(
        lambda *n: {"reward": real(*n), "live": true(*n), "discount": 0.5, "from_start": True},
        {"reward": (*ALONE, other_shape, elsewhere), "live": FLAG, "discount": UNIT, "from_start": (no_switch,)},
    ),
    reinforce.policy_loss: sized(
        lambda *n: {"logp": real(*n), "signal": real(*n), "baseline": real(*n), "live": true(*n), "step_discount": 0.5},
        {"logp": REAL, "signal": REAL, "baseline": REAL, "live": FLAG, "step_discount": UNIT},
    ),
    reinforce.steps_of_episode: sized(
        lambda *n: {"terminated": true(*n), "truncated": true(*n)}, {"terminated": FLAG, "truncated": FLAG}
    ),
    reinforce.value_loss: sized(
        lambda *n: {"value": real(*n), "signal": real(*n), "live": true(*n), "coefficient": 0.5},
        {"value": REAL, "signal": REAL, "live": FLAG, "coefficient": SIZE},
    ),
    ppo.normalised: filled(lambda n: {"advantage": real(n), "epsilon": 1e-8}, {"advantage": ALONE, "epsilon": SIZE}),
    ppo.ppo_loss: filled(
        samples,
        {
            "logits": LOGITS, "value": REAL, "epsilon": SIZE, "value_coefficient": SIZE, "entropy_coefficient": SIZE,
            "batch": part(
                behaviour_logp=REAL, old_value=REAL, advantage=REAL, returns=REAL, weight=REAL, action=CHOICE
            ),
            "value_clip": MAYBE_SIZE, "value_clip_form": (no_word,),
        },
    ),
    ppo.value_loss: filled(
        lambda n: {"value": real(n), "old_value": real(n), "returns": real(n), "clip": 0.2, "form": "max"},
        {"value": REAL, "old_value": REAL, "returns": REAL, "clip": MAYBE_SIZE, "form": (no_word,)},
    ),
    ppo.kl_of_policies: filled(
        lambda n: {"behaviour_logp": real(n), "logp": real(n)}, {"behaviour_logp": REAL, "logp": REAL}
    ),
    networks.draw: Row(
        lambda: {"logits": real(3, 2), "generator": torch.Generator()},
        {"logits": (*ALONE, no_axis_of_actions, away_from_the_generator), "generator": (no_generator,)},
        tuple(lambda n=n: {"logits": real(*n), "generator": torch.Generator()} for n in [(3, 0), (0, 2)]),
    ),
    networks.mlp: Row(
        lambda: {
            "sizes": [3, 2], "generator": torch.Generator(), "gain_last": 1.0, "gain": 1.0, "device": "cpu", "dtype": F64,
        },
        {
            "sizes": (no_sizes,), "generator": (no_generator,), "gain_last": SIZE, "gain": SIZE, "device": (),
            "dtype": (no_dtype,),
        },
    ),
    networks.orthogonal: Row(
        lambda: {"rows": 3, "columns": 2, "generator": torch.Generator()},
        {"rows": (no_count,), "columns": (no_count,), "generator": (no_generator,)},
    ),
    rollout.episode_returns: sized(
        lambda *n: {"rollout": rolled(*n), "paid": real(n[1])},
        {"rollout": part(reward=REAL, terminated=FLAG, truncated=FLAG), "paid": REAL},
    ),
    rollout.collect: Row(
        lambda: {
            "environment": (made := CartPole(2)), "policy": lambda seen: seen[:, :2], "observation": made.reset(),
            "length": 1, "generator": torch.Generator(),
        },
        {"environment": (), "policy": (), "observation": (), "length": (no_count,), "generator": (no_generator,)},
    ),
}  # fmt: skip
FOUND = (policy_iteration, sparse_dp, sparse_model, k_step_q, grpo, ppo, a2c, reinforce, networks, rollout)
NOT_PURE = {  # they make or change learners, networks and settings, or are the parts of what has checked everything, or checks
    ppo.learner, ppo.prepared, ppo.update, ppo.require_samples, a2c.learner, reinforce.learner, networks.actor_critic,
    policy_iteration.learner, k_step_q.learner, k_step_q.network, grpo.learner, grpo.dr_grpo, grpo.rloo,
    sparse_model.follow, sparse_model.apply, sparse_model.rows_of, sparse_model.require_ends,
}  # fmt: skip


def test_every_public_function_of_the_searched_modules_has_a_row() -> None:
    members = [(module, *pair) for module in FOUND for pair in inspect.getmembers(module, inspect.isfunction)]
    found = {f for module, name, f in members if f.__module__ == module.__name__ and not name.startswith("_")}
    assert {f.__qualname__ for f in found - NOT_PURE - set(ROWS)} == set()
    for function in found & set(ROWS):
        assert set(ROWS[function].bad) == set(inspect.signature(function).parameters), function.__name__


NAMES = [f"{f.__module__.rpartition('.')[2]}.{f.__name__}" for f in ROWS]
each = pytest.mark.parametrize("function", ROWS, ids=NAMES)


@each
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_bad_input_is_refused_by_name(function: Callable[..., Any], data: st.DataObject) -> None:
    row = ROWS[function]
    good = row.good()
    function(**good)
    for name, kinds in row.bad.items():
        for kind in kinds:
            refusal(function, good, name, kind(data.draw, good[name]))


@each
def test_empty_batches_are_refused(function: Callable[..., Any]) -> None:
    for empty in ROWS[function].empty:
        with pytest.raises(ValueError, match=r"\bmust\b.*got .*0"):
            function(**empty())


def test_samples_lie_along_one_axis_and_rollouts_along_time() -> None:
    good = samples(3)
    square = ppo.Batch(*[x[:, None] for x in good["batch"]])
    with pytest.raises(ValueError, match=r"value must have shape \[M\]; got \(3, 1\)"):
        ppo.ppo_loss(**{**good, "logits": real(3, 1, 3), "value": real(3, 1), "batch": square})
    with pytest.raises(ValueError, match=r"reward must have shape \[T, ...\] with T >= 1; got \(\)"):
        rollout.episode_returns(rollout.Rollout(*[x[0, 0] for x in rolled(1, 1)]), real(1))


# ------------------------------------------------------------------------------------- policies
IMPROPER = [  # both functions that take a policy at discount 1: the policy that never ends, by the name of a state
    lambda policy: policy_iteration.evaluate(STAY, policy, 1.0),
    lambda policy: policy_iteration.policy_iteration(STAY, policy_iteration.Settings(1.0), policy),
    lambda policy: sparse_dp.evaluate(sparse_model.model_of(STAY, 1.0), policy),
]
STAY = table_of(reading.named("stay"))


@pytest.mark.parametrize("call", IMPROPER)
@pytest.mark.parametrize("share", [0.0, 1e-3])
def test_a_policy_that_never_ends_is_refused_at_discount_1_and_one_that_hardly_ever_does_is_not(
    call: Callable[[Tensor], object], share: float
) -> None:
    """Action 0 goes round for ever: a thousandth of the other one is enough to end, and none is not."""
    policy = torch.tensor([[1 - share, share], [0.5, 0.5]], dtype=F64)
    if share:
        call(policy)
        return
    with pytest.raises(ValueError, match="at discount 1.* from state 0|from state 0.* at discount 1"):
        call(policy)


def test_rows_of_terminal_states_are_not_read_by_the_evaluation() -> None:
    """Policies of rationals as arrays have zeros there."""
    blank = uniform()
    blank[2] = 0.0
    assert torch.equal(policy_iteration.evaluate(TABLE, blank, 0.5), policy_iteration.evaluate(TABLE, uniform(), 0.5))


def test_a_policy_of_single_precision_is_a_policy() -> None:
    """Three tenths and seven tenths miss 1 by a rounding of float32, not by a mistake."""
    thirds = torch.tensor([[0.3, 0.7]]).repeat(3, 1)
    wanted = policy_iteration.evaluate(TABLE, thirds.double(), 0.5)
    assert torch.equal(policy_iteration.evaluate(TABLE, thirds, 0.5), wanted)


# ------------------------------------------------------------------------------------- NaN
def test_a_nan_is_not_swallowed() -> None:
    """Where a check would wait for a GPU, a NaN in gives a NaN out; the improvement, which decides, refuses it."""
    for at in range(3):
        values = real(3)
        values[at] = NAN
        lists = (TABLE.successor == at).any(-1) & ~TABLE.terminal[:, None]
        assert torch.equal(policy_iteration.action_values(TABLE, values, 0.5).isnan(), lists)
    for name in ("reward", "next_values"):
        good = steps(3, 2)
        good[name][2, 1] = NAN
        assert k_step_q.k_step_target(**good)[:, 1].isnan().tolist() == [False, True, True]
    for name in ("logp", "behaviour_logp", "advantage", "reference_logp"):
        good = tokens(3, 2)
        good[name][..., 1] = NAN
        assert grpo.loss(**good).isnan()
    for name in ("values", "target", "weight"):
        good = {"values": real(3, 2, 3), "action": zeros(3, 2), "target": real(3, 2), "weight": real(3, 2)}
        good[name][1, 0] = NAN
        assert k_step_q.squared_error(**good).isnan()


def test_a_nan_draws_action_0_and_makes_every_loss_nan() -> None:
    """To look for one would wait for a GPU; the loss, which the loop looks at, cannot be finite then."""
    logits = real(3, 2, 3)
    wanted = networks.draw(logits, torch.Generator().manual_seed(3))
    logits[1, 0, 2] = NAN
    found = networks.draw(logits, torch.Generator().manual_seed(3))
    wanted[1, 0] = 0
    assert torch.equal(found, wanted)
    parts = a2c.losses(logits, found, real(3, 2), real(3, 2))
    assert parts.policy.isnan() and parts.entropy.isnan() and not parts.value.isnan()
    good = samples(3)
    assert all(x.isnan() for x in ppo.ppo_loss(**{**good, "logits": logits[:, 0]})[:2])
    for name in ("behaviour_logp", "old_value", "advantage", "returns", "weight"):
        spoilt_batch = good["batch"]._replace(**{name: torch.full((3,), NAN, dtype=F64)})
        assert ppo.ppo_loss(**{**good, "batch": spoilt_batch}).total.isnan()
    assert ppo.normalised(torch.tensor([1.0, NAN])).isnan().all()


def test_an_unavailable_action_may_be_worth_anything() -> None:
    """A NaN there was compared with: the state kept its row whatever the available actions were worth."""
    open_ = torch.tensor([[False, True, True]])
    worth, first = torch.tensor([[NAN, 1.0, 2.0]], dtype=F64), torch.tensor([[0.0, 1, 0]], dtype=F64)
    found, changed = policy_iteration.improve(worth, first, torch.tensor([False]), 1e-9, open_)
    assert changed and found.tolist() == [[0, 0, 1]]


# ------------------------------------------------------------------------------------- settings
@pytest.mark.parametrize(
    ("name", "value"),
    [("baseline", "median"), ("scale", "batch"), ("aggregation", "mean"), ("ddof", 2), ("epsilon", -1.0), ("epsilon", NAN),
     ("width", 0), ("layers", 1.5), ("truncated_reward", NAN)],
)  # fmt: skip
def test_settings_of_groups_are_refused_where_they_are_made(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"{name} must .*; got '?{value}"):
        grpo.Settings(num_envs=8, **{name: value})
