"""The page of conventions is executed: each call on it exists and gives the figure beside it."""

from __future__ import annotations

import ast
import importlib
import inspect
import math
import re
import typing
from collections.abc import Callable
from dataclasses import is_dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from numeric.algorithms import ppo
from numeric.algorithms.sparse_dp import Solution, solve
from numeric.algorithms.sparse_model import Model, apply, model_of
from numeric.envs.tabular import Table
from numeric.primitives.kl import kl_k1
from numeric.primitives.softmax import log_softmax
from numeric.primitives.tanh_gaussian import tanh_gaussian_log_density
from tests.site.helpers import ROOT

PAGE = (ROOT / "docs/conventions.md").read_text("utf8")
F64 = torch.float64
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))


class Row(typing.NamedTuple):
    section: str
    library: str
    code: str  # the first call in the column `here`, or ""
    figure: str


def table_rows() -> list[Row]:
    found = []
    for section, text in SECTIONS.items():
        for line in text.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if line.startswith("| ") and cells[-1] != "figure":
                assert len(cells) == 4, f"four columns, no bar inside a cell: {line}"
                code = re.search(r"`([^`]*(?:primitives|algorithms)\.[^`]*)`", cells[2])
                found.append(Row(section, cells[0], code[1] if code else "", cells[3].replace("−", "-")))
    return found


ROWS = table_rows()


# ------------------------------------------------------------------------------------- the calls exist
def calls(text: str) -> list[ast.Call]:
    """Calls of numeric's functions in the code spans of a text."""
    spans = [span for span in re.findall(r"`([^`\n]+)`", text) if re.search(r"\b(primitives|algorithms)\.", span)]
    nodes = [node for span in spans for node in ast.walk(ast.parse(span, mode="eval"))]
    return [node for node in nodes if isinstance(node, ast.Call) and dotted(node.func)]


def dotted(node: ast.AST) -> str:
    found = ast.unparse(node)
    return found if re.fullmatch(r"(primitives|algorithms)(\.\w+)+", found) else ""


def function(name: str) -> Callable[..., Any]:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(f"numeric.{module}"), attribute)


@pytest.mark.parametrize("call", calls(PAGE), ids=lambda call: ast.unparse(call)[:70])
def test_every_argument_exists(call: ast.Call) -> None:
    target = function(dotted(call.func))
    allowed = inspect.signature(target).parameters
    hints = typing.get_type_hints(target if is_dataclass(target) else target)
    for word in call.keywords:
        assert word.arg in allowed, f"{dotted(call.func)} has no argument {word.arg}"
        if typing.get_origin(hints.get(word.arg)) is typing.Literal:
            assert ast.literal_eval(word.value) in typing.get_args(hints[word.arg])


def test_the_page_has_its_tables() -> None:
    assert len(SECTIONS) == len(FIGURES) == 9 and len(ROWS) == 42 and len(calls(PAGE)) >= 40


# ------------------------------------------------------------------------------------- the figures
def run(code: str, given: dict[str, dict[str, Any]], **names: Any) -> Any:
    """The value of a piece of the page, where `...` stands for the arguments in `given[function]` that it does not name."""

    class Fill(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:  # noqa: N802
            self.generic_visit(node)
            name = dotted(node.func)
            if name:
                assert all(isinstance(a, ast.Constant) and a.value is ... for a in node.args)
                more = {k: ast.Name(f"_{k}", ast.Load()) for k in given.get(name, {})}
                words = {k.arg: k.value for k in node.keywords}
                every = [ast.keyword(k, v) for k, v in {**more, **words}.items()]
                return ast.Call(ast.Name(name.replace(".", "_"), ast.Load()), [], every)
            return node

    tree = ast.fix_missing_locations(Fill().visit(ast.parse(code, mode="eval")))
    space = {name.replace(".", "_"): function(name) for name in map(dotted, (c.func for c in calls(f"`{code}`")))}
    space |= {f"_{k}": v for values in given.values() for k, v in values.items()} | names
    return eval(compile(tree, "<page>", "eval"), space)  # noqa: S307


def f64(*numbers: float) -> torch.Tensor:
    return torch.tensor(numbers, dtype=F64)


def truncation(row: Row) -> str:
    """Step 0 is cut by a time limit; step 1 is the first of the next episode."""
    cut = torch.tensor([True, True])
    steps = {
        "reward": f64(1, 1),
        "value": f64(100, 40),
        "next_value": f64(100, 100),
        "terminated": torch.zeros(2, dtype=torch.bool),
        "truncated": cut,
        "discount": 0.99,
        "lambda_": 0.95,
    }
    names = {**steps, "ended": cut, "last_token": cut, "following_row": f64(40, 0)}
    return f"{run(row.code, {'primitives.gae.gae': steps}, **names)[0].item():.3g}"


def value_loss(row: Row) -> str:
    value = f64(1).requires_grad_()
    given = {"value": value, "old_value": f64(5), "returns": f64(10)}
    loss = run(row.code, {"algorithms.ppo.value_loss": given}).sum()
    return f"{loss.item():.4g}, slope {torch.autograd.grad(loss, value)[0].item():.4g}"


def ratio(row: Row) -> str:
    ratio, advantage = f64(1.5).requires_grad_(), f64(2).requires_grad_()
    term = run(row.code, {"primitives.ppo_clip.ppo_clip": {"ratio": ratio, "advantage": advantage}}).sum()
    slopes = torch.autograd.grad(term, (ratio, advantage), allow_unused=True)
    shown = ["none" if slope is None else f"{slope.item():.2g}" for slope in slopes]
    return f"{term.item():.2g}, slopes {' and '.join(shown)}"


class Stop(Exception):
    """The loss has been reached."""


def normalisation(row: Row) -> str:
    advantage = torch.full((8,), 0.1)
    if not row.code:
        return f"{((advantage - advantage.mean()) / (advantage.std(correction=1) + 1e-8))[0].item():.2f}"
    if "normalised" in row.code:
        return f"{run(row.code, {'algorithms.ppo.normalised': {'advantage': advantage}})[0].item():g}"
    return f"{seen_by_the_loss(run(row.code, {})).item():.2g}"


def seen_by_the_loss(settings: ppo.Settings) -> torch.Tensor:
    """The first advantage that the loss is given, in an update on eight steps that end at once and pay 0.1."""
    flags = torch.ones(8, 1, dtype=torch.bool)
    seen = torch.zeros(8, 1, 1)
    rollout = ppo.Rollout(
        seen, torch.zeros(8, 1, dtype=torch.int64), torch.full((8, 1), 0.1), flags, ~flags, seen, seen[..., 0]
    )
    model: Any = ppo.ActorCritic(1, 2, (), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    found = []

    def spy(logits: torch.Tensor, value: torch.Tensor, batch: ppo.Batch, **_: Any) -> None:
        found.append(batch.advantage)
        raise Stop

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Stop):
        patch.setattr(ppo, "ppo_loss", spy)
        ppo.update(
            model, SimpleNamespace(), ppo.prepared(model, rollout, settings), settings, generator=torch.Generator()
        )  # type: ignore[arg-type]
    return found[0][0]


def entropy(row: Row) -> str:
    zero = torch.zeros(1, dtype=F64)
    batch = {name: zero for name in ppo.Batch._fields} | {
        "action": zero.long(),
        "behaviour_logp": -math.log(4) + zero,
        "weight": 1 + zero,
    }
    given = {
        "logits": torch.zeros(1, 4, dtype=F64),
        "value": zero,
        "batch": ppo.Batch(**batch),
        "epsilon": 0.2,
        "value_coefficient": 0.5,
    }
    return f"{run(row.code, {'algorithms.ppo.ppo_loss': given}).item():.4f}"


P, REFERENCE = f64(1 / 2, 1 / 4, 1 / 4), f64(1 / 4, 1 / 4, 1 / 2)


def estimator(row: Row) -> str:
    """Mean and mean slope by the sum over all actions; the weights are data where the estimator is a sample's."""
    logits = P.log().requires_grad_()
    logp = log_softmax(logits)
    given = {"logp": logp, "logq": REFERENCE.log()}
    terms = run(row.code, {f"primitives.kl.kl_k{i}": given for i in (1, 2, 3)}, logp=logp, p=logp.exp())
    mean = terms if terms.ndim == 0 else (P * terms).sum()
    slope = torch.autograd.grad(mean, logits)[0][0].item()
    return f"{mean.item():.4f}, slope {abs(slope) if abs(slope) < 1e-12 else slope:.4f}"


def group(row: Row) -> str:
    if "aggregation" in row.code:
        mask = torch.tensor([[True, True], [False, True], [False, True]])
        zero = torch.zeros(3, 2, dtype=F64)
        given = {"logp": zero, "behaviour_logp": zero, "advantage": f64(1, -1), "mask": mask}
        return f"{abs(run(row.code, {'algorithms.grpo.loss': given}).item()):g}"
    reward = {"reward": f64(1, 1, 1, 0, 0, 0, 0, 0)}
    return f"{run(row.code, {'primitives.group_advantage.group_advantage': reward})[0].item():.4f}"


def density(row: Row) -> str:
    return f"{squashed(8.0, row.code):.2f}"


def squashed(at: float, code: str) -> float:
    """Error of a float32 log-density at mean 0 and deviation 1 against float64."""
    u, zero = torch.tensor([at]), torch.zeros(1)
    if code:
        given = {"u": u, "mean": zero, "log_std": zero}
        found = run(code, {"primitives.tanh_gaussian.tanh_gaussian_log_density": given}, mean=zero)
    else:
        found = (-u.square() / 2 - math.log(2 * math.pi) / 2 - with_epsilon(u)).sum()
    exact = tanh_gaussian_log_density(u.double(), zero.double(), zero.double())
    return found.item() - exact.item()


def with_epsilon(u: torch.Tensor) -> torch.Tensor:
    return torch.log(1 - u.tanh().square() + 1e-6)


def random_model() -> Model:
    generator = torch.Generator().manual_seed(0)
    shape = 1000, 4, 8
    successor = torch.randint(1000, shape, generator=generator)
    chance = torch.rand(shape, generator=generator, dtype=F64)
    reward = torch.rand(shape, generator=generator, dtype=F64)
    start = torch.full((1000,), 1e-3, dtype=F64)
    return model_of(
        Table(successor, chance / chance.sum(-1, keepdim=True), reward, start, torch.zeros(1000, dtype=torch.bool)),
        0.95,
    )


def swept(model: Model, stop: Callable[[torch.Tensor], bool]) -> tuple[int, torch.Tensor]:
    """Plain value iteration from 0, until `stop` of the change."""
    values, count = torch.zeros(1000, dtype=F64), 0
    while True:
        before, count = values, count + 1
        values = apply(model.rows, model.reward, before).view(4, -1).amax(0)
        if stop(values - before):
            return count, values


STOPS: dict[str, Callable[[torch.Tensor], bool]] = {
    "QuantEcon": lambda b: b.abs().max().item() < 1e-6 * 0.05 / (2 * 0.95),
    "a solver that stops at a change of $\\varepsilon$": lambda b: b.abs().max().item() < 1e-6,
    "pymdptoolbox": lambda b: (b.max() - b.min()).item() < 1e-6 * 0.05 / 0.95,
}


def stopping(row: Row) -> str:
    model = random_model()
    exact = solve(model, epsilon=1e-10).values
    if row.code:
        found: Solution = run(row.code, {"algorithms.sparse_dp.solve": {"model": model}})
        count, values = found.backups, found.values
        assert (values - exact).abs().max() <= found.error <= 1e-6
    else:
        count, values = swept(model, STOPS[row.library])
    return f"{count} sweeps, {(values - exact).abs().max().item():.2g}"


FIGURES: dict[str, Callable[[Row], str]] = {
    "Truncation and GAE": truncation,
    "PPO: the value loss": value_loss,
    "PPO: the ratio": ratio,
    "Normalising advantages": normalisation,
    "The sign of the entropy": entropy,
    "Estimators of KL": estimator,
    "GRPO and its family": group,
    "The density of a squashed Gaussian": density,
    "When dynamic programming stops": stopping,
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.section}: {row.library}"[:80])
def test_every_figure_is_computed_by_the_call_beside_it(row: Row) -> None:
    assert plain(FIGURES[row.section](row)) == plain(row.figure)


def plain(figure: str) -> str:
    """Without the sign of zero, which rounding decides."""
    return re.sub(r"-(?=0(\.0+)?\b(?!\.))", "", figure)


def test_figures_in_the_text() -> None:
    text = {name: body.replace("−", "-") for name, body in SECTIONS.items()}
    divergence = (P * kl_k1(P.log(), REFERENCE.log())).sum().item()
    assert f"{divergence:.4f}" == "0.1733" and "0.1733" in text["Estimators of KL"]
    assert f"{math.sqrt(7 / 8):.4f}" in text["GRPO and its family"]
    assert f"{-squashed(10.0, ''):.2f}" in text["The density of a squashed Gaussian"]
    u = torch.tensor([10.0], requires_grad=True)
    (slope,) = torch.autograd.grad(-with_epsilon(u).sum(), u)
    assert slope.item() == 0 and f"{2 * math.tanh(10):.2f}" in text["The density of a squashed Gaussian"]
    assert f"{solve(random_model()).values.max().item():.2f}" in text["When dynamic programming stops"]
