"""Bad input to every public primitive is refused by name, or, for a NaN that costs nothing to let through, seen in the result.

The public functions are found in the modules, so that a new one fails here until it has a row, and so does a new argument.
"""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import numeric.primitives
from numeric.primitives import (
    checks,
    gae,
    group_advantage,
    kl,
    logistic,
    masks,
    ppo_clip,
    recurrence,
    softmax,
    targets,
    wide,
)
from numeric.primitives import tanh_gaussian as tg
from tests.refusals import (
    ALONE,
    FLAG,
    MASK,
    REAL,
    SIZE,
    UNIT,
    Bad,
    Draw,
    Kind,
    elsewhere,
    entry,
    no_axis,
    no_count,
    no_index,
    no_switch,
    no_tensor,
    no_word,
    nothing,
    other_shape,
    out_of_range,
    refusal,
    spoilt,
)

F64 = torch.float64
EXAMPLES = 8
NAN, INF = math.nan, math.inf


# ------------------------------------------------------------------------------------- good arguments, [rows, columns]
def real(rows: int, columns: int) -> Tensor:
    """Numbers between 0 and 1, no two alike and none at an end."""
    return torch.arange(1, rows * columns + 1, dtype=F64).view(rows, columns) / (rows * columns + 2)


def live(rows: int, columns: int) -> Tensor:
    return torch.ones(rows, columns, dtype=torch.bool)


def into(rows: int, columns: int) -> dict[str, Any]:
    return {**trajectory(rows, columns), "out": torch.empty(rows, columns, dtype=F64), "lambda_": 0.5}


def trajectory(rows: int, columns: int) -> dict[str, Any]:
    flags = {"terminated": ~live(rows, columns), "truncated": ~live(rows, columns)}
    numbers = {name: real(rows, columns) for name in ("reward", "value", "next_value")}
    return {**numbers, **flags, "mask": live(rows, columns), "discount": 0.5}


def reals(*names: str, **more: Any) -> Callable[[int, int], dict[str, Any]]:
    """Tensors of these names, a mask, and more."""
    return lambda rows, columns: {**{n: real(rows, columns) for n in names}, "mask": live(rows, columns), **more}


def chosen(rows: int, columns: int) -> dict[str, Any]:
    return {**reals("logits", dim=-1)(rows, columns), "action": torch.zeros(rows, dtype=torch.int64)}


def bits(rows: int, columns: int, *names: str) -> dict[str, Any]:
    return {**reals("logit", *names)(rows, columns), "action": (real(rows, columns) < 0.5).to(F64)}


def vectors(*names: str, factor: bool = False) -> Callable[[int, int], dict[str, Any]]:
    """As reals, with a mask for rows; factor: a lower triangular one for each."""

    def good(rows: int, columns: int) -> dict[str, Any]:
        lower = {"cholesky": torch.ones(columns, columns, dtype=F64).tril().repeat(rows, 1, 1)} if factor else {}
        return {**reals(*names)(rows, columns), **lower, "mask": live(rows, 1)[:, 0]}

    return good


def noisy(rows: int, columns: int) -> dict[str, Any]:
    return {**vectors("mean", "log_std")(rows, columns), "generator": torch.Generator()}


def sums(rows: int, columns: int) -> dict[str, Any]:
    return {"x": real(rows, columns), "goes_on": live(rows, columns), "weight": 0.5, "method": None}


# ------------------------------------------------------------------------------------- rows
@dataclass(frozen=True)
class Row:
    """good(rows, columns): arguments that are accepted.  bad: the kinds that each is refused in.  empty: shapes without an entry
    that are refused.  seen: the tensor of the result in which a NaN must be found.
    """

    good: Callable[[int, int], dict[str, Any]]
    bad: dict[str, tuple[Kind, ...]]
    empty: tuple[tuple[int, int], ...] = ((0, 2), (2, 0), (0, 0))
    seen: Callable[[Any], Tensor] = field(default=lambda out: out)


INDEX = (no_tensor, nothing, no_index, out_of_range(3), other_shape, elsewhere)
LOGITS = {"logits": (*ALONE, other_shape, elsewhere), "dim": (no_axis(2),), "mask": MASK}
STEPS = {
    "reward": REAL,
    "value": REAL,
    "next_value": REAL,
    "terminated": FLAG,
    "truncated": FLAG,
    "mask": MASK,
    "discount": UNIT,
}


def no_factor(draw: Draw, good: Tensor) -> Bad:
    """Something above the diagonal, or nothing on it."""
    column, value = draw(st.sampled_from([(0, 0.0), (0, -1.5), (1, 0.5), (2, -1.0), (1, NAN)]))
    copy = good.clone()
    copy[-1, 0, column] = value
    return Bad(copy, f"{value}")


def no_generator(draw: Draw, good: torch.Generator) -> Bad:
    """None would draw from the state that everything shares."""
    return draw(st.sampled_from([Bad(None, "NoneType"), Bad(0, "int 0")]))


def strided(draw: Draw, good: Tensor) -> Bad:
    """Memory with holes."""
    value = good.repeat(1, 2)[:, ::2]
    return Bad(value, f"{value.stride()}")


def one_for_all(draw: Draw, good: Tensor) -> Bad:
    """One action for all rows, that is none."""
    wrong = draw(st.one_of(st.integers(min_value=3), st.integers(max_value=-1)))
    return Bad(wrong, f"got {wrong}")


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: x for name, x in row.items() if name not in names}


OUT = (no_tensor, *REAL[2:], strided)
DENSITY = {"mean": REAL, "log_std": REAL, "mask": MASK}
FACTOR = {"mean": REAL, "cholesky": (*REAL, no_factor), "mask": MASK}
ACTION = (*REAL, entry(1.0, -1.0, 1.5, -INF))
GROUP = {
    "reward": (*ALONE, other_shape, elsewhere, entry(NAN, INF, -INF)),
    "baseline": (no_word,),
    "scale": (no_word,),
    "ddof": (lambda draw, good: Bad(x := draw(st.sampled_from([2, -1, True, "1", None, 0.5, NAN])), f"got {x!r}"),),
    "epsilon": SIZE,
    "dim": (no_axis(2),),
    "mask": MASK,
}
KL = Row(reals("logp", "logq"), {"logp": REAL, "logq": REAL, "mask": MASK})
ROWS: dict[Callable[..., Any], Row] = {
    gae.td_error: Row(trajectory, STEPS),
    gae.k_step_advantage: Row(lambda *n: {**trajectory(*n), "k": 2}, {**STEPS, "k": (no_count,)}),
    gae.gae: Row(into, {**STEPS, "lambda_": UNIT, "out": OUT}),
    gae.lambda_returns: Row(
        lambda *n: without(into(*n), "value"), {**without(STEPS, "value"), "lambda_": UNIT, "out": OUT}
    ),
    group_advantage.group_advantage: Row(
        reals("reward", baseline="mean", scale="deviation", ddof=0, epsilon=1e-4, dim=-1), GROUP
    ),
    kl.kl_k1: KL,
    kl.kl_k2: KL,
    kl.kl_k3: KL,
    logistic.bernoulli_logp: Row(bits, {"logit": REAL, "action": (*REAL, entry(0.5, -1.0, 2.0, NAN)), "mask": MASK}),
    logistic.bernoulli_score: Row(
        lambda *n: bits(*n, "feature"),
        {"logit": REAL, "action": (*REAL, entry(0.5, -1.0, 2.0, NAN)), "feature": REAL, "mask": MASK},
    ),
    masks.zero_dead: Row(reals("tensor"), {"tensor": (no_tensor, nothing, other_shape, elsewhere), "mask": MASK}, empty=()),
    ppo_clip.ppo_clip: Row(
        reals("ratio", "advantage", epsilon=0.25, stop_gradient=True),
        {"ratio": REAL, "advantage": REAL, "epsilon": SIZE, "mask": MASK, "stop_gradient": (no_switch,)},
    ),
    recurrence.discounted_sums: Row(
        sums, {"x": (*ALONE, other_shape, elsewhere), "goes_on": FLAG, "weight": UNIT, "method": (no_word,)},
        empty=((0, 2), (0, 0)),
    ),
    softmax.log_softmax: Row(reals("logits", dim=-1), LOGITS),
    softmax.log_probability: Row(chosen, {**LOGITS, "action": INDEX}),
    softmax.score: Row(chosen, {**LOGITS, "action": (*INDEX, one_for_all)}),
    softmax.expected_gradient: Row(reals("logits", "reward", dim=-1), {**LOGITS, "logits": REAL, "reward": REAL}),
    targets.td_target: Row(
        lambda *n: without(trajectory(*n), "value", "truncated"), without(STEPS, "value", "truncated")
    ),
    tg.log_one_minus_tanh_squared: Row(reals("u"), {"u": (*ALONE, other_shape, elsewhere), "mask": MASK}),
    tg.tanh_gaussian_log_density: Row(vectors("u", "mean", "log_std"), {"u": REAL, **DENSITY}),
    tg.tanh_gaussian_log_density_of_action: Row(vectors("action", "mean", "log_std"), {"action": ACTION, **DENSITY}),
    tg.tanh_gaussian_log_density_full: Row(vectors("u", "mean", factor=True), {"u": REAL, **FACTOR}),
    tg.tanh_gaussian_log_density_full_of_action: Row(
        vectors("action", "mean", factor=True), {"action": ACTION, **FACTOR}
    ),
    tg.tanh_gaussian_sample: Row(noisy, {**DENSITY, "generator": (no_generator,)}, seen=lambda out: out.action),
}  # fmt: skip
INNER = {
    masks.followed,
    masks.zeroed,
    masks.as_integers,
    recurrence.in_pieces,
}  # what calls them has checked everything
UNCHECKED = wide.__name__  # for all of it the same holds


def public(package: Any) -> set[Callable[..., Any]]:
    """Every function that a module of the package defines under a name without an underscore."""
    found = [importlib.import_module(f"{package.__name__}.{m.name}") for m in pkgutil.iter_modules(package.__path__)]
    members = [(module, *pair) for module in found for pair in inspect.getmembers(module, inspect.isfunction)]
    return {f for module, name, f in members if f.__module__ == module.__name__ and not name.startswith("_")}


def test_every_public_primitive_has_a_row_and_every_argument_bad_input() -> None:
    refusing = {f for f in public(numeric.primitives) if f.__module__ not in (checks.__name__, UNCHECKED)}
    assert {f.__name__ for f in refusing} == {f.__name__ for f in {*ROWS, *INNER}} and refusing == {*ROWS, *INNER}
    for function, row in ROWS.items():
        arguments = set(inspect.signature(function).parameters)
        assert arguments == set(row.bad) == set(row.good(2, 3)), function.__name__


CHECKS: dict[Callable[..., Any], tuple[Any, ...]] = {  # what each refuses under the name x
    checks.floating: (None, 1.0, torch.tensor(1), torch.tensor(True), torch.tensor(1j)),
    checks.not_empty: (torch.zeros(0), torch.zeros(3, 0)),
    checks.has_time: (torch.tensor(0.5), torch.zeros(0, 2)),
    checks.unit_interval: (-1e-9, 1 + 1e-9, NAN, INF, True, "0.5", None, torch.tensor(0.5)),
    checks.at_least_zero: (-1e-9, NAN, INF, True, "0.5", None, torch.tensor(0.5)),
    checks.positive_integer: (0, -1, 1.0, True, NAN, "1", None, torch.tensor(1)),
    checks.switch: (0, 1, "no", None, torch.tensor(True)),
    checks.same_shape: (None, torch.zeros(2), torch.zeros(3, dtype=F64), torch.zeros(3, device="meta"), torch.zeros(3).int()),
    checks.flags: (None, True, torch.zeros(3), torch.zeros(2).bool(), torch.zeros(3, device="meta").bool()),
    checks.generator_on: (None, 0),
    checks.random_source: (None, 0),
    checks.one_of: (None, "c", "", 0, ("a",)),
    checks.samples: (None, torch.zeros(2), torch.zeros(3, dtype=F64), torch.zeros(3).int()),
    checks.integers: (
        None, 1, torch.zeros(3), torch.zeros(3).int(), torch.zeros(2).long(), torch.zeros(3, device="meta").long(),
        torch.tensor([0, 1, -1]), torch.tensor([0, 1, 2]),
    ),
    checks.choices: (None, 1.0, torch.zeros(3).int()),  # the rest of what it refuses is the logits' or the action's
}  # fmt: skip
BEFORE = {  # what comes before x
    checks.same_shape: ((), {"first": torch.zeros(3)}),
    checks.flags: ((torch.zeros(3),), {}),
    checks.generator_on: ((torch.device("cpu"),), {}),
    checks.one_of: ((("a", "b"),), {}),
    checks.samples: ((), {"first": torch.zeros(3)}),
    checks.integers: (((3,), torch.device("cpu")), {"below": 2}),
    checks.choices: ((torch.zeros(3, 2), torch.zeros(3).long()), {}),
}


def test_every_check_refuses_by_name_and_says_what_it_found() -> None:
    assert {f for f in public(numeric.primitives) if f.__module__ == checks.__name__} == {*CHECKS, checks.described}
    for check, wrong in CHECKS.items():
        before, more = BEFORE.get(check, ((), {}))
        for x in wrong:
            with pytest.raises(ValueError, match=r"^x must .*; got .+"):
                check(*before, **more, x=x)


each = pytest.mark.parametrize("function", ROWS, ids=[f.__name__ for f in ROWS])


@each
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_bad_input_is_refused_by_name(function: Callable[..., Any], data: st.DataObject) -> None:
    """Every argument, in every way that can be wrong, with all others good."""
    row = ROWS[function]
    good = row.good(data.draw(st.integers(1, 4)), 3)
    function(**good)
    for name, kinds in row.bad.items():
        for kind in kinds:
            refusal(function, good, name, kind(data.draw, good[name]))


@each
def test_without_a_mask_the_same_is_refused(function: Callable[..., Any]) -> None:
    """The mask is another path: a check that only it makes would be missing here."""
    row = ROWS[function]
    good = {**row.good(2, 3), **({"mask": None} if "mask" in row.bad else {})}
    found = function(**good)
    masked = function(**row.good(2, 3))
    if function is not tg.tanh_gaussian_sample:
        assert torch.equal(row.seen(found), row.seen(masked))
    together = [name for name, kinds in row.bad.items() if elsewhere in kinds and name != "mask"]
    for name in together if len(together) > 1 else []:
        refusal(function, good, name, Bad(good[name].to("meta"), "meta", shared=True))


@each
def test_empty_batches_are_refused(function: Callable[..., Any]) -> None:
    for shape in ROWS[function].empty:
        with pytest.raises(ValueError, match=r"\bmust\b.*; got") as caught:
            function(**ROWS[function].good(*shape))
        good = {n: x for n, x in ROWS[function].good(*shape).items() if isinstance(x, Tensor)}
        assert any(str(caught.value).startswith(n) for n in good) and str(shape) in str(caught.value)


@each
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_a_nan_is_seen_or_refused(function: Callable[..., Any], data: st.DataObject) -> None:
    """Never a finite number in its place.  Steps: in the last row, where every argument is read."""
    row = ROWS[function]
    good = row.good(data.draw(st.integers(1, 4)), 3)
    for name in good:
        if name != "out" and isinstance(good[name], Tensor) and good[name].is_floating_point():
            copy, at = spoilt(data.draw, good[name][-1:], NAN)
            at = (len(good[name]) - 1, *at[1:])
            bad = torch.cat([good[name][:-1], copy])
            try:
                found = row.seen(function(**{**good, name: bad}))
            except ValueError as error:
                assert name in str(error) and "got nan" in str(error)
                continue
            assert found[at[: found.ndim]].isnan(), f"{function.__name__}: a NaN in {name}{list(at)} is gone"
