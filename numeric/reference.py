"""The reference channel: a torch function against exact numbers, in its value, its gradient and its dead slots.

    check(...)       each output lies within a stated bound of the exact value
    gradients(...)   so does each slope that autograd gives in float64, and what must receive no gradient receives none
    dead_slots(...)  whatever a dead slot holds, live outputs and gradients are the same bits, and its gradient is 0

Each runs a fresh copy of the function's module.  A mutant is a patch (old, new) of that module's source, which must
occur exactly once; nothing else is changed, and the module that everybody imports is not touched.

Columns.  An argument is a list of exact points: int, Fraction, float (taken at its exact value) or bool; a list of
lists is a tensor of two axes, and so on.  Numbers become float64 by one rounding, booleans a boolean tensor.  The
expected value belongs to the exact point: where a point is not a float64, its bound has to cover the rounding of the
point, too.  An expected entry is a number, a ball (mid, rad) whose middle is within rad of the truth, or None for a
slot that is not compared.  A bound is a number for all entries or a column of its own.

Verdicts.  `confirmed`: every error, with the ball's radius added, is at most its bound.  `refuted`: some error exceeds
its bound by more than the radius, or an entry is NaN, or the shape or dtype is wrong.  `error`: a patch that is none, a
crash, a ball too wide to decide; it refutes nothing.  `not run`: there is no CUDA device.  Errors and bounds are compared
as rationals.  A call that checks nothing, or asks for something meaningless, raises ValueError.

A verdict has `bits`, a hash of every output and gradient that was looked at: two runs at the same points with the same
`bits` computed the same.  A patch that is none has a `fault`, too: `does not apply` (its text does not occur exactly once),
`same code` (the compiled code stays as it was) or `not importable` (the module does not run, or has lost the function).
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import torch
from torch import Tensor

Verdict = dict[str, Any]
Column = Sequence[Any]
Patch = tuple[str, str]
_Differentiated = tuple[Tensor, dict[str, Tensor | None]]  # an output, and gradients; None where no path leads
Seen = list[Any]  # outputs and gradients, as they come

BOUNDARY = (Fraction(0), Fraction(1e-9), Fraction(1, 2), Fraction(1))  # for discount and lambda_, in every check
POISONS = (math.nan, math.inf, -math.inf, 1e300)  # what a dead slot may hold
DOES_NOT_APPLY, SAME_CODE, NOT_IMPORTABLE = "does not apply", "same code", "not importable"


class PatchFault(ValueError):
    """A patch that cannot be run as a wrong variant.  fault: why, in two or three words."""

    def __init__(self, fault: str, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = fault


def check(
    function: str,
    arguments: Mapping[str, Column],
    expected: Column,
    bound: float | Column,
    *,
    patch: Patch | None = None,
    call: Mapping[str, Any] | None = None,
    device: str = "cpu",
) -> Verdict:
    """Compare `function(**arguments, **call)` with the exact values.

    function: "module:name".  call: what is passed as it is (discount, k, ...).
    Returns {"verdict", "points", "worst": {"error", "bound", "got", "exact", "at", "index"} or None, "detail", "bits"}
    and, of a patch that is none, "fault".
    """
    points, exact = _tensors(arguments), targets(expected, bound)

    def attempt(seen: Seen) -> list[Finding]:
        got = _load(function, patch)(**_moved(points, device), **(call or {}))
        seen.append(got)
        return [compare(_name(function), got, exact, points, call)]

    return attempted(function, attempt, device)


def gradients(
    function: str,
    arguments: Mapping[str, Column],
    wanted: Mapping[str, Column | None],
    bound: float | Mapping[str, float | Column],
    *,
    cotangent: Column | None = None,
    patch: Patch | None = None,
    call: Mapping[str, Any] | None = None,
    device: str = "cpu",
) -> Verdict:
    """Compare the slopes of the outputs' sum, weighted by `cotangent` (all ones if None), with the exact ones.

    wanted: for every real argument its slopes, or None where it must receive no gradient at all (autograd reaches it by
    no path; a gradient of zeros is not enough).  bound: for all slopes, or by argument.  Returns what `check` returns.
    """
    points = _tensors(arguments)
    _named_fully(points, wanted)
    limits = bound if isinstance(bound, Mapping) else dict.fromkeys(wanted, bound)
    weight = None if cotangent is None else _tensor("cotangent", cotangent)
    exact = {name: None if slopes is None else targets(slopes, limits[name]) for name, slopes in wanted.items()}

    def attempt(seen: Seen) -> list[Finding]:
        _, slopes = _differentiate(_load(function, patch), _moved(points, device), call, weight)
        seen.append(slopes)
        return [
            no_gradient(name, slopes[name])
            if target is None
            else compare(f"the slope of {_name(function)} in {name}", slopes[name], target, points, call)
            for name, target in exact.items()
        ]

    return attempted(function, attempt, device)


def dead_slots(
    function: str,
    arguments: Mapping[str, Column],
    dead: Mapping[str, Column],
    *,
    silent: Column | None = None,
    patch: Patch | None = None,
    call: Mapping[str, Any] | None = None,
    device: str = "cpu",
) -> Verdict:
    """Fill the dead slots of each real argument with NaN, infinities and a huge number; nothing live may change a bit.

    dead: for some real arguments a column of booleans, True in dead slots.  (How the function is told, by `mask` or by
    `terminated`, is among the arguments.)  silent: True at outputs that are dead and must be 0; None if all are live.
    The gradient is that of the sum of the outputs.  Returns what `check` returns; points counts the comparisons.
    """
    points, holes = _tensors(arguments), _tensors(dead)
    quiet = None if silent is None else _tensor("silent", silent)
    if not any(bool(hole.any()) for hole in holes.values()):
        raise ValueError("dead must mark at least one slot; got none")
    if quiet is not None and bool(quiet.all()):
        raise ValueError("silent must leave an output alive; got none")

    def attempt(seen: Seen) -> list[Finding]:
        run = _load(function, patch)
        before = _differentiate(run, _moved(points, device), call, None)
        seen.append(before)
        findings = [_before_filling(*before, quiet, holes)]
        for poison in POISONS:
            filled = {n: x.masked_fill(holes[n], poison) if n in holes else x for n, x in points.items()}
            after = _differentiate(run, _moved(filled, device), call, None)
            seen.append(after)
            findings += _same_bits(poison, before, after, quiet, holes)
        return findings

    return attempted(function, attempt, device)


def fresh_copy(
    module: str, patch: Patch | None = None, *, install: Callable[[str, ModuleType], None] | None = None
) -> ModuleType:
    """A new module object from the source of `module`, with `old` replaced by `new` where it occurs.

    install: is given the name and the object before its code runs, to put it where others will import it from.

    Raises PatchFault unless `old` occurs exactly once, the compiled code changes and the module still runs; ValueError if
    there is no such source.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ValueError(f"module must be a module with a source file; got {module!r}")
    source = Path(spec.origin).read_text(encoding="utf-8")
    changed = source if patch is None else _patched(module, source, patch)
    copy = ModuleType(module)
    copy.__file__, copy.__package__ = spec.origin, module.rpartition(".")[0]
    if install is not None:
        install(module, copy)
    try:
        exec(_compiled(module, changed), copy.__dict__)
    except Exception as error:
        if patch is None:
            raise
        raise PatchFault(NOT_IMPORTABLE, f"patch must leave {module} importable; got {_said(error)}") from error
    return copy


@cache
def _compiled(module: str, source: str) -> CodeType:
    return compile(source, f"<{module}, fresh copy>", "exec")


@cache
def _patched(module: str, source: str, patch: Patch) -> str:
    """The source with the patch applied; compiled once, though a check loads it many times."""
    old, new = patch
    if source.count(old) != 1:
        sentence = f"patch must change text that occurs once in {module}; got {source.count(old)} of {old!r}"
        raise PatchFault(DOES_NOT_APPLY, sentence)
    changed = source.replace(old, new)
    try:
        same = _code(source) == _code(changed)
    except (SyntaxError, ValueError) as error:
        raise PatchFault(NOT_IMPORTABLE, f"patch must leave {module} importable; got {_said(error)}") from error
    if same:
        raise PatchFault(
            SAME_CODE, f"patch must change the compiled code of {module}; got the same for {old!r} and {new!r}"
        )
    return changed


def _code(source: str) -> CodeType:
    """What a source compiles to, less its docstrings and the places in the file."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    for node in ast.walk(tree):
        if "lineno" in node._attributes:
            ast.copy_location(node, _FIRST)
    return compile(tree, "<source>", "exec")


_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_FIRST = ast.Pass(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


# --- exact numbers and tensors ---


@dataclass(frozen=True)
class _Target:
    """An exact entry within `radius` of `middle` (an infinity stands for itself), and the error that is allowed."""

    middle: Fraction | float
    radius: Fraction
    bound: Fraction


@dataclass(frozen=True)
class _Targets:
    shape: tuple[int, ...]
    entries: list[_Target | None]


def _flat(column: Any) -> tuple[tuple[int, ...], list[Any]]:
    """Shape and entries of nested lists; anything that is not a list is an entry."""
    if not isinstance(column, list):
        return (), [column]
    parts = [_flat(part) for part in column]
    if len({shape for shape, _ in parts}) != 1:
        raise ValueError(f"a column must be rectangular and not empty; got rows of shapes {[s for s, _ in parts]}")
    return (len(column), *parts[0][0]), [entry for _, entries in parts for entry in entries]


def _tensor(name: str, column: Column) -> Tensor:
    shape, entries = _flat(list(column))
    flags = [isinstance(entry, bool) for entry in entries]
    if any(flags) != all(flags):
        raise ValueError(f"{name} must hold booleans or numbers; got both")
    if all(flags):
        return torch.tensor(entries, dtype=torch.bool).reshape(shape)
    return torch.tensor([float(x) for x in entries], dtype=torch.float64).reshape(shape)


def _tensors(arguments: Mapping[str, Column]) -> dict[str, Tensor]:
    return {name: _tensor(name, column) for name, column in arguments.items()}


def _moved(tensors: dict[str, Tensor], device: str) -> dict[str, Tensor]:
    return {name: tensor.to(device) for name, tensor in tensors.items()}


def _exact(number: Any) -> Fraction | float:
    """The number as a rational; an infinity as itself."""
    return number if isinstance(number, float) and math.isinf(number) else Fraction(number)


def targets(expected: Column, bound: float | Fraction | Column) -> _Targets:
    shape, entries = _flat(list(expected))
    limits = [bound] * len(entries)
    if not isinstance(bound, (int, float, Fraction)):
        limit_shape, limits = _flat(list(bound))
        if limit_shape != shape:
            raise ValueError(f"bound must have the shape of the expected values, {shape}; got {limit_shape}")
    return _Targets(shape, list(_checked(entries, limits)))


def _checked(entries: list[Any], limits: list[Any]) -> Iterator[_Target | None]:
    if all(entry is None for entry in entries):
        raise ValueError("expected must name at least one value; got none")
    for entry, limit in zip(entries, limits, strict=True):
        if entry is None:
            yield None
            continue
        if not 0 <= limit < math.inf:
            raise ValueError(f"bound must be finite and at least 0; got {limit}")
        middle, radius = entry if isinstance(entry, tuple) else (entry, 0)
        if not radius >= 0:
            raise ValueError(f"the radius of a ball must be at least 0; got {radius}")
        yield _Target(_exact(middle), Fraction(radius), Fraction(limit))


def _named_fully(points: dict[str, Tensor], wanted: Mapping[str, Any]) -> None:
    """A gradient that nobody asked about is one that may leak."""
    real = {name for name, tensor in points.items() if tensor.is_floating_point()}
    if real != set(wanted):
        raise ValueError(f"wanted must name every real argument, {sorted(real)}; got {sorted(wanted)}")


# --- running ---


def _name(function: str) -> str:
    return function.rpartition(":")[2]


def _load(function: str, patch: Patch | None) -> Callable[..., Any]:
    module, _, name = function.partition(":")
    copy = fresh_copy(module, patch)
    if patch is not None and not callable(getattr(copy, name, None)):
        raise PatchFault(NOT_IMPORTABLE, f"patch must leave the function {name} in {module}; it is gone")
    found: Callable[..., Any] = getattr(copy, name)
    return found


def _differentiate(
    run: Callable[..., Any], points: dict[str, Tensor], call: Mapping[str, Any] | None, weight: Tensor | None
) -> _Differentiated:
    """The output, and the gradient of its weighted sum in every real argument; both on the processor."""
    leaves = {n: x.detach().clone().requires_grad_() if x.is_floating_point() else x for n, x in points.items()}
    real = {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
    output = run(**leaves, **(call or {}))
    if not output.requires_grad:
        return output.cpu(), dict.fromkeys(real)
    weight = torch.ones_like(output) if weight is None else weight.to(output.device)
    slopes = torch.autograd.grad(output, list(real.values()), weight, allow_unused=True)
    return output.detach().cpu(), {n: None if x is None else x.cpu() for n, x in zip(real, slopes, strict=True)}


# --- findings ---


@dataclass(frozen=True)
class Finding:
    """One comparison, or many of one kind: how it went, how many, the worst of them, and a sentence."""

    verdict: str
    points: int
    detail: str
    worst: dict[str, Any] | None = None
    share: float = 0.0  # of the bound that the worst error takes


def attempted(function: str, attempt: Callable[[Seen], list[Finding]], device: str) -> Verdict:
    """Run an attempt; what it raises is an `error`, since a crash refutes nothing."""
    if torch.device(device).type == "cuda" and not torch.cuda.is_available():
        return {"verdict": "not run", "points": 0, "worst": None, "detail": "there is no CUDA device"}
    seen: Seen = []
    try:
        findings = attempt(seen)
    except Exception as error:
        detail = f"{function} could not be checked: {_said(error)}"
        fault = {"fault": error.fault} if isinstance(error, PatchFault) else {}
        return {"verdict": "error", "points": 0, "worst": None, "detail": detail, "bits": _bits(seen, detail), **fault}
    worst = max(findings, key=lambda found: (("confirmed", "error", "refuted").index(found.verdict), found.share))
    points = sum(found.points for found in findings)
    detail = worst.detail if worst.verdict != "confirmed" else "; ".join(dict.fromkeys(f.detail for f in findings))
    out = {"verdict": worst.verdict, "points": points, "worst": worst.worst, "detail": detail}
    return {**out, "bits": _bits(seen, "")}


def _bits(seen: Seen, last: str) -> str:
    """A hash of tensors, bit by bit, with their shapes and dtypes, and of how it ended."""
    out = hashlib.sha256(last.encode())

    def take(x: Any) -> None:
        if isinstance(x, Tensor):
            flat = x.detach().cpu().contiguous()
            out.update(f"{flat.dtype}{tuple(flat.shape)}".encode())
            out.update(flat.reshape(-1).view(torch.uint8).numpy().tobytes())
        elif isinstance(x, dict):
            for name, y in x.items():
                out.update(str(name).encode())
                take(y)
        elif isinstance(x, (list, tuple)):
            for y in x:
                take(y)
        else:
            out.update(repr(x).encode())

    take(seen)
    return out.hexdigest()


def compare(
    what: str, got: Any, targets: _Targets, points: dict[str, Tensor], call: Mapping[str, Any] | None = None
) -> Finding:
    """Every compared entry of `got` against its target."""
    if not isinstance(got, Tensor):
        return Finding("refuted", 0, f"{what} must be a tensor; got {type(got).__name__}")
    if tuple(got.shape) != targets.shape or got.dtype != torch.float64:
        found = f"{tuple(got.shape)} and {got.dtype}"
        return Finding("refuted", 0, f"{what} must have shape {targets.shape} and torch.float64; got {found}")
    judged = [
        (*_judge(entry, target), place, entry, target)
        for place, (entry, target) in enumerate(zip(got.detach().flatten().tolist(), targets.entries, strict=True))
        if target is not None
    ]
    rank, share, error, place, entry, target = max(judged, key=lambda row: row[:2])
    verdict = ("confirmed", "error", "refuted")[rank]
    worst = {
        "error": _written(error),
        "bound": _written(target.bound),
        "got": _written(entry),
        "exact": _written(target.middle),
        **_where(place, targets.shape, points, call),
    }
    figures = f"error {_float(error):.3g}, allowed {_float(target.bound):.3g}"
    if verdict == "confirmed":
        detail = f"{what} is the exact value at {len(judged)} points (worst {figures})"
    else:
        known = "the exact value" if verdict == "refuted" else f"the exact value, known to {_float(target.radius):.3g},"
        where = ", ".join(f"{name} = {value}" for name, value in worst["at"].items())
        values = f"{entry!r} where {known} is {_float(target.middle)!r}"
        detail = f"{what} is {values} ({figures}) at {where or worst['index']}"
    return Finding(verdict, len(judged), detail, worst, share)


def _judge(entry: float, target: _Target) -> tuple[int, float, Fraction | float]:
    """(0 within the bound, 1 undecided, 2 outside; the share of the bound; the error)."""
    if math.isfinite(entry) and isinstance(target.middle, Fraction):
        error: Fraction | float = abs(Fraction(entry) - target.middle)
    else:
        error = 0.0 if entry == target.middle else math.inf
    rank = 2 if error > target.bound + target.radius else int(error > target.bound - target.radius)
    share = _float(error / target.bound) if target.bound else (math.inf if error else 0.0)
    return rank, share, error


def _where(
    place: int, shape: tuple[int, ...], points: dict[str, Tensor], call: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The index of an entry, the arguments of that shape there, and the numbers that the function was called with."""
    index: list[int] = []
    for size in reversed(shape):  # torch.unravel_index would load SymPy for this
        place, rest = divmod(place, size)
        index.insert(0, rest)
    at = {name: _written(x[tuple(index)].item()) for name, x in points.items() if tuple(x.shape) == shape}
    at |= {name: _written(x) for name, x in (call or {}).items() if isinstance(x, (bool, int, float))}
    return {"at": at, "index": index}


def _float(number: Fraction | float) -> float:
    """The nearest float; infinite where there is none."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _written(number: Fraction | float) -> Any:
    """As JSON can hold it: a boolean or a finite float, else its name."""
    if isinstance(number, bool) or math.isfinite(_float(number)):
        return number if isinstance(number, bool) else _float(number)
    return str(_float(number))


def no_gradient(name: str, slope: Tensor | None) -> Finding:
    if slope is None:
        return Finding("confirmed", 1, f"{name} receives no gradient")
    return Finding("refuted", 1, f"{name} must receive no gradient; got one of size {slope.abs().max().item():.3g}")


def _before_filling(
    output: Tensor, slopes: dict[str, Tensor | None], quiet: Tensor | None, holes: dict[str, Tensor]
) -> Finding:
    """Before anything is filled there is no NaN (its bits would never change) and dead slots are 0."""
    if any(bool(x.isnan().any()) for x in (output, *slopes.values()) if x is not None):
        return Finding("refuted", 1, "there is a NaN in the output or a gradient before any dead slot is filled")
    loud = {n: x for n, x in slopes.items() if x is not None and n in holes and bool(x[holes[n]].any())}
    if loud or (quiet is not None and bool(output[quiet].any())):
        return Finding("refuted", 1, f"dead slots must be 0 in {', '.join(loud) or 'the output'}")
    return Finding("confirmed", 1, "dead outputs and gradients are 0")


def _same_bits(
    poison: float,
    before: _Differentiated,
    after: _Differentiated,
    quiet: Tensor | None,
    holes: dict[str, Tensor],
) -> Iterator[Finding]:
    """Outputs and gradients before and after the dead slots were filled: live ones bit by bit, dead ones 0."""
    rows = [("the output", before[0], after[0], quiet)]
    for name, slope in before[1].items():
        filled = after[1][name]
        if slope is not None and filled is not None:
            rows.append((f"the gradient of {name}", slope, filled, holes.get(name)))
        elif slope is not filled:
            yield Finding("refuted", 1, f"{name} loses or gains its gradient with {poison} in dead slots")
    for what, old, new, hole in rows:
        alive = torch.ones_like(old, dtype=torch.bool) if hole is None else ~hole
        changed = int((old[alive].view(torch.int64) != new[alive].view(torch.int64)).sum())
        if changed:
            detail = f"{what} changes in {changed} live slots with {poison} in dead slots"
            yield Finding("refuted", old.numel(), detail)
        elif not bool((new[~alive] == 0).all()):
            yield Finding("refuted", old.numel(), f"{what} is not 0 in a dead slot that holds {poison}")
        else:
            yield Finding("confirmed", old.numel(), "live slots keep their bits whatever dead slots hold")
