"""Draws by torch: the very outcomes of the processor for the same uniform numbers, and numbers that are exactly uniform."""

from __future__ import annotations

import numpy as np
import pytest

from numeric.experiments import gae_mean, td_variance
from numeric.montecarlo.cases import cases_of
from numeric.montecarlo.channel import CHANNEL
from numeric.montecarlo.device import OnDevice, available
from numeric.montecarlo.float64 import GRID
from numeric.montecarlo.known import look
from numeric.montecarlo.sampler import Sampler

torch = pytest.importorskip("torch")
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def sampler(evidence: object) -> Sampler:
    return look(cases_of(evidence.claim, evidence.samples[0], "claim")[-1]).sampler  # type: ignore[attr-defined]


SAMPLERS = {"whole paths": td_variance.ordering, "in pairs": td_variance.gap, "given the past": gae_mean.one}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", SAMPLERS)
def test_the_same_uniform_numbers_give_the_same_outcomes(name: str, device: str) -> None:
    one = sampler(SAMPLERS[name])
    ends = np.concatenate([steps.ravel() for steps in one.steps.values()])
    near = np.concatenate([ends, np.nextafter(ends, 0), np.nextafter(ends, 1), [0.0, 1 - 1 / GRID]])
    rng = np.random.default_rng(1)
    uniform = np.where(
        rng.random((one.drawn, 4000)) < 0.5, rng.choice(near, (one.drawn, 4000)), rng.random((one.drawn, 4000))
    )
    uniform = np.clip(uniform, 0, 1 - 1 / GRID)
    moved = OnDevice(one, device).codes(torch.from_numpy(uniform).to(device))
    assert np.array_equal(moved, one.codes(one.paths(uniform)))


@pytest.mark.parametrize("device", DEVICES)
def test_uniform_numbers_are_multiples_of_the_grid_and_reach_both_ends(device: str) -> None:
    one = OnDevice(sampler(td_variance.ordering), device)
    generator = torch.Generator(device)
    generator.manual_seed(7)
    u = one.uniform(generator, 100_000)
    whole = u * GRID
    assert u.dtype == torch.float64 and bool((whole == whole.round()).all())
    assert float(u.min()) < 1e-4 and 1 - 1e-4 < float(u.max()) < 1
    assert {int(bit) for bit in (whole.long() & 1).unique()} == {0, 1}  # the last bit is drawn, too
    assert abs(float(u.mean()) - 0.5) < 0.01 and abs(float((u < 0.3).double().mean()) - 0.3) < 0.01


@pytest.mark.parametrize("device", DEVICES)
def test_samples_follow_from_the_chunks_generator_alone(device: str) -> None:
    one = OnDevice(sampler(td_variance.gap), device)
    first, again, other = (one(np.random.default_rng(seed), 1000) for seed in (3, 3, 4))
    assert first.dtype == np.float64 and first.shape == (1000,)
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_where_there_is_no_gpu_the_processor_draws_and_says_so() -> None:
    if available("cuda"):
        pytest.skip("there is one")
    budget = CHANNEL.new_budget()
    found = CHANNEL.check(gae_mean.one, "claim", version=1, budget=budget, nonce="fixed", device="cuda")
    assert (found["device"], found["verdict"]) == ("cpu", "confirmed")


@pytest.mark.gpu
def test_the_gpu_confirms_and_refutes_as_the_processor_does() -> None:
    for evidence in (gae_mean.one, td_variance.ordering):
        seen, budget = {}, CHANNEL.new_budget()
        for variant in ("claim", *evidence.claim.mutants.values()):
            if variant == "claim" or "montecarlo" in variant.channels:  # type: ignore[union-attr]
                seen[variant] = CHANNEL.check(
                    evidence,
                    variant,
                    version=1,
                    budget=budget,
                    nonce="fixed",
                    device="cuda",
                    claim_record=seen.get("claim"),
                )
        assert seen.pop("claim")["verdict"] == "confirmed"
        assert {one["verdict"] for one in seen.values()} == {"refuted"}
        assert {one["device"] for one in seen.values()} == {"cuda"}
