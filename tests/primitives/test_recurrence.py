"""Every method of numeric.primitives.recurrence and .wide gives what its definition gives, whatever lies beyond an end."""

import math
from fractions import Fraction

import pytest
import torch

from numeric.primitives import recurrence, wide
from numeric.primitives.gae import gae, lambda_returns
from numeric.primitives.recurrence import METHODS, discounted_sums

DISCOUNT, LAMBDA = 0.99, 0.95
SHAPES = [(1, 1), (2, 3), (7, 1), (16, 2), (17, 1), (64, 3), (65, 5), (130, 2), (150, 1), (40,), (33, 2, 3), (5, 0)]


def problem(shape, dtype=torch.float64, seed=0, nan=True):
    """Numbers with ends of both kinds; NaN where nothing may be read."""
    generator = torch.Generator().manual_seed(seed)
    reward, value, after = torch.randn((3, *shape), generator=generator, dtype=torch.float64).to(dtype)
    terminated, truncated = torch.rand((2, *shape), generator=generator) < 0.08
    return reward, value, after.masked_fill(terminated, math.nan) if nan else after, terminated, truncated


def by_definition(x, goes_on, weight):
    """The sum over the steps of a trajectory, step by step in float64."""
    steps, y = len(x), torch.zeros_like(x, dtype=torch.float64)
    for t in range(steps):
        reached, power = torch.ones_like(goes_on[t]), 1.0
        for s in range(t, steps):
            y[t] += torch.where(reached, power * x[s].double(), 0.0)
            reached, power = reached & goes_on[s], power * weight
    return y


@pytest.mark.parametrize("method", [None, *METHODS])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_method_is_the_sum(device, method, shape):
    x, _, _, stops, _ = problem(shape)
    got = discounted_sums(x.to(device), ~stops.to(device), weight=0.9, method=method).cpu()
    assert got.shape == x.shape and torch.allclose(got, by_definition(x, ~stops, 0.9), rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_halves_and_eighths_are_exact(device, method):
    generator = torch.Generator().manual_seed(1)
    x = torch.randint(-16, 17, (40, 3), generator=generator).double().to(device) / 8
    stops = (torch.rand(40, 3, generator=generator) < 0.1).to(device)
    got = discounted_sums(x, ~stops, weight=0.5, method=method)
    for column in range(3):
        following = Fraction(0)
        for t in reversed(range(40)):
            following = Fraction(x[t, column].item()) + (0 if stops[t, column] else following / 2)
            assert Fraction(got[t, column].item()) == following


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e308])
@pytest.mark.parametrize("method", [None, *METHODS])
def test_nothing_passes_an_end(device, method, bad):
    x = torch.ones(200, 2, dtype=torch.float64, device=device)
    goes_on = torch.ones_like(x, dtype=torch.bool)
    goes_on[99, 0] = False
    spoilt = x.clone()
    spoilt[100:, 0] = bad
    clean, got = (discounted_sums(y, goes_on, weight=1.0, method=method) for y in (x, spoilt))
    assert torch.equal(got[:100], clean[:100]) and torch.equal(got[:, 1], clean[:, 1])


@pytest.mark.parametrize("method", METHODS)
def test_the_argument_is_left_as_it_was(device, method):
    x, _, _, stops, _ = problem((70, 2))
    x, goes_on = x.to(device), ~stops.to(device)
    before = x.clone(), goes_on.clone()
    discounted_sums(x, goes_on, weight=0.5, method=method)
    assert torch.equal(x, before[0]) and torch.equal(goes_on, before[1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_pieces_of_any_size_give_the_same(device, monkeypatch, dtype):
    """Small pieces, so that many meet; with a mask, so that what is live reaches over their edges."""
    arguments = [x.to(device) for x in problem((90, 4), dtype)]
    mask = torch.rand(90, 4, generator=torch.Generator().manual_seed(5)).to(device) < 0.8
    call = {"discount": DISCOUNT, "lambda_": LAMBDA, "mask": mask}
    whole = [gae(*arguments, **call), lambda_returns(arguments[0], *arguments[2:], **call)]
    for piece in (4, 20, 100):
        monkeypatch.setattr(recurrence, "PIECE", piece)
        parts = [gae(*arguments, **call), lambda_returns(arguments[0], *arguments[2:], **call)]
        for a, b in zip(whole, parts, strict=True):
            assert b.dtype == dtype and not b[~mask].any()
            assert (a.double() - b.double()).abs().max() <= 64 * torch.finfo(dtype).eps


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(1, 5), (30, 5), (12, 2, 3), (9,)], ids=str)
@pytest.mark.parametrize("seldom", [0, 1000])
def test_wide_rows_are_the_loop(device, monkeypatch, dtype, shape, seldom):
    monkeypatch.setattr(wide, "SELDOM", seldom)
    arguments = [x.to(device) for x in problem(shape, dtype)]
    followed = [x.clone().requires_grad_() if x.is_floating_point() else x for x in arguments]
    call = {"discount": DISCOUNT, "lambda_": LAMBDA}
    loop = gae(*followed, **call), lambda_returns(followed[0], *followed[2:], **call)
    monkeypatch.setattr(wide, "WIDTH", 1)
    assert device != "cpu" or wide.is_wide(arguments[0])
    got = gae(*arguments, **call), lambda_returns(arguments[0], *arguments[2:], **call)
    for a, b in zip(loop, got, strict=True):
        assert b.isfinite().all() and (a - b).abs().max() <= 64 * torch.finfo(dtype).eps


def test_what_lies_beyond_an_end_of_a_wide_row_is_not_read(device, monkeypatch):
    monkeypatch.setattr(wide, "WIDTH", 1)
    reward, value, after, terminated, truncated = (x.to(device) for x in problem((40, 6)))
    terminated[20, :3], truncated[20, 3:] = True, True
    after = after.masked_fill(terminated, math.nan)
    spoilt = [x.clone() for x in (reward, value, after)]
    for x in spoilt:
        x[21:] = math.nan
    for function, given, dirty in (
        (gae, (reward, value, after), spoilt),
        (lambda_returns, (reward, after), (spoilt[0], spoilt[2])),
    ):
        clean, got = (function(*x, terminated, truncated, discount=0.9, lambda_=0.8) for x in (given, dirty))
        assert torch.equal(clean[:21], got[:21]) and clean.isfinite().all()


def test_large_results_may_be_written_to_and_kept(device):
    """Memory from numpy is like any other."""
    arguments = [x.to(device) for x in problem((20, 2**16), torch.float32)]
    got = gae(*arguments, discount=DISCOUNT, lambda_=LAMBDA)
    again = gae(*arguments, discount=DISCOUNT, lambda_=LAMBDA)
    assert got.dtype == torch.float32 and torch.equal(got, again) and got.data_ptr() != again.data_ptr()
    got.zero_()
    assert again.any() and got.is_contiguous()


@pytest.mark.parametrize("shape", [(6, 2), (40, 2)], ids=str)
def test_the_lambda_return_is_the_advantage_plus_the_value(device, shape):
    reward, value, after, terminated, truncated = (x.to(device) for x in problem(shape, nan=False))
    inside = ~(terminated | truncated)[:-1]
    after[:-1] = torch.where(inside, value[1:], after[:-1])
    call = {"discount": DISCOUNT, "lambda_": LAMBDA}
    advantage = gae(reward, value, after, terminated, truncated, **call)
    got = lambda_returns(reward, after, terminated, truncated, **call)
    assert torch.allclose(got, advantage + value, rtol=0, atol=1e-12)
    one_step = lambda_returns(reward, after, terminated, truncated, discount=DISCOUNT, lambda_=0.0)
    assert torch.allclose(one_step, reward + DISCOUNT * after * ~terminated, rtol=0, atol=1e-14)


def test_autograd_and_transforms_see_every_method(device):
    """Where something follows the numbers they take the loop: no tangent or gradient is lost, at shapes of every method."""
    for shape in [(6, 2), (70, 2), (3, wide.WIDTH)]:
        reward, value, after, terminated, truncated = (x.to(device) for x in problem(shape))
        both = (terminated, truncated)
        direction = torch.ones_like(reward)

        def advantage(r, value=value, after=after, both=both):
            return gae(r, value, after, *both, discount=0.9, lambda_=0.5)

        tangent = torch.func.jvp(advantage, (reward,), (direction,))[1]
        exact = discounted_sums(direction, ~(terminated | truncated), weight=0.45, method="rows")
        assert torch.allclose(tangent, exact, rtol=0, atol=1e-12)
        with torch.autograd.forward_ad.dual_level():
            dual = torch.autograd.forward_ad.make_dual(reward, direction)
            seen = torch.autograd.forward_ad.unpack_dual(advantage(dual)).tangent
        assert seen is not None and torch.allclose(seen, exact, rtol=0, atol=1e-12)
        slope = torch.func.grad(lambda r, f=advantage: f(r).sum())(reward)
        follows = reward.clone().requires_grad_()
        advantage(follows).sum().backward()
        assert torch.allclose(slope, follows.grad, rtol=0, atol=1e-12)


def test_vmap_sees_the_loop(device):
    reward, value, after, terminated, truncated = (x.to(device) for x in problem((20, 3)))
    got = torch.func.vmap(
        lambda *x: gae(*x, discount=0.9, lambda_=0.5), in_dims=1, out_dims=1
    )(reward, value, after, terminated, truncated)  # fmt: skip
    assert torch.allclose(got, gae(reward, value, after, terminated, truncated, discount=0.9, lambda_=0.5), atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": torch.zeros(3, 2).int()}, "x must have a real floating dtype; got torch.int32"),
        ({"x": torch.zeros(0, 2)}, r"x must have shape \[T, ...\] with T >= 1; got \(0, 2\)"),
        ({"goes_on": torch.zeros(3, 2)}, "goes_on must be a boolean tensor"),
        ({"goes_on": torch.zeros(3, dtype=torch.bool)}, r"goes_on must have shape \(3, 2\); got \(3,\)"),
        ({"weight": 1.5}, r"weight must lie in \[0, 1\]; got 1.5"),
        ({"method": "best"}, "method must be None or one of loop, rows, blocks; got 'best'"),
    ],
)
def test_wrong_arguments_are_named(change, message):
    good = {"x": torch.zeros(3, 2), "goes_on": torch.zeros(3, 2, dtype=torch.bool), "weight": 0.5} | change
    with pytest.raises(ValueError, match=message):
        discounted_sums(good["x"], good["goes_on"], weight=good["weight"], method=good.get("method"))


def test_wrong_arguments_of_lambda_returns_are_named():
    flag = torch.zeros(3, 2, dtype=torch.bool)
    good = {"reward": torch.zeros(3, 2), "next_value": torch.zeros(3, 2), "terminated": flag, "truncated": flag}
    for change, message in [
        ({"next_value": torch.zeros(2)}, r"next_value must have the shape of reward, \(3, 2\); got \(2,\)"),
        ({"truncated": torch.zeros(3, 2)}, "truncated must be a boolean tensor"),
        ({"lambda_": 2.0}, r"lambda_ must lie in \[0, 1\]; got 2.0"),
        ({"discount": math.nan}, r"discount must lie in \[0, 1\]; got nan"),
    ]:
        with pytest.raises(ValueError, match=message):
            lambda_returns(**(good | {"discount": 0.5, "lambda_": 0.5} | change))


# ------------------------------------------------------------------------------------- chunks of rows, and memory for the result
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(1, 5), (30, 5), (12, 2, 3), (9,)], ids=str)
@pytest.mark.parametrize("chunk", [1, 12, 10_000])
def test_chunks_are_the_loop(device, monkeypatch, dtype, shape, chunk):
    """Chunks of one row, of a few, and of all; NaN after terminal steps and views of a larger array."""
    arguments = [x.to(device) for x in problem(shape, dtype)]
    followed = [x.clone().requires_grad_() if x.is_floating_point() else x for x in arguments]
    call = {"discount": DISCOUNT, "lambda_": LAMBDA}
    loop = gae(*followed, **call), lambda_returns(followed[0], *followed[2:], **call)
    for name, number in (("CHUNK_WIDTH", 1), ("CHUNK", chunk)):
        monkeypatch.setattr(wide, name, number)
    assert device != "cpu" or wide.is_chunked(arguments[0])
    swapped = [x.movedim(0, -1).contiguous().movedim(-1, 0) for x in arguments]
    for given in (arguments, swapped):
        got = gae(*given, **call), lambda_returns(given[0], *given[2:], **call)
        for a, b in zip(loop, got, strict=True):
            assert b.isfinite().all() and (a - b).abs().max() <= 64 * torch.finfo(dtype).eps


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e308])
@pytest.mark.parametrize("kind", ["terminated", "truncated"])
def test_what_lies_beyond_an_end_of_a_chunk_does_not_pass(monkeypatch, kind, bad):
    """0 times NaN is NaN: the method sees it in the first row and leaves the answer to another."""
    for name in ("CHUNK_WIDTH", "CHUNK"):
        monkeypatch.setattr(wide, name, 8)
    reward, value, after, terminated, truncated = problem((40, 8), nan=False)
    (terminated if kind == "terminated" else truncated)[20] = True
    spoilt = [x.clone() for x in (reward, value, after)]
    for x in spoilt:
        x[21:, :3] = bad
    call = {"discount": 1.0, "lambda_": 1.0}
    assert wide.in_chunks(*spoilt, terminated, truncated, **call) is None
    for function, given, dirty in (
        (gae, (reward, value, after), spoilt),
        (lambda_returns, (reward, after), (spoilt[0], spoilt[2])),
    ):
        clean, got = (function(*x, terminated, truncated, **call) for x in (given, dirty))
        assert torch.allclose(clean[:21], got[:21], rtol=0, atol=1e-12) and clean.isfinite().all()


@pytest.mark.parametrize("shape", [(20, 3), (20, 600), (3, wide.WIDTH)], ids=str)
def test_a_result_may_be_written_into_memory_that_is_there(device, shape):
    arguments = [x.to(device) for x in problem(shape)]
    call = {"discount": DISCOUNT, "lambda_": LAMBDA}
    for function, given in ((gae, arguments), (lambda_returns, [arguments[0], *arguments[2:]])):
        before, out = [x.clone() for x in given], torch.full_like(arguments[0], math.nan)
        assert function(*given, **call, out=out) is out and torch.equal(out, function(*given, **call))
        assert all(torch.equal(x.nan_to_num(), y.nan_to_num()) for x, y in zip(given, before, strict=True))


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (lambda r: torch.zeros(4, 6), r"out must have the shape of reward, \(6, 4\); got \(4, 6\)"),
        (lambda r: torch.zeros(6, 4).float(), "out must have the dtype of reward"),
        (lambda r: torch.zeros(4, 6, dtype=r.dtype).mT, "out must be contiguous"),
        (lambda r: r, "out must share no memory with the arguments"),
        (lambda r: torch.zeros_like(r).requires_grad_(), "out must be None where autograd"),
    ],
)
def test_memory_that_does_not_fit_is_refused(out, message):
    arguments = problem((6, 4))
    with pytest.raises(ValueError, match=message):
        gae(*arguments, discount=0.9, lambda_=0.5, out=out(arguments[0]))
    reward = arguments[0].clone().requires_grad_()
    with pytest.raises(ValueError, match="out must be None where autograd"):
        gae(reward, *arguments[1:], discount=0.9, lambda_=0.5, out=torch.zeros_like(arguments[0]))
