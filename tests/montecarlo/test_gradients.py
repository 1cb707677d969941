"""Gradients by sampling: the slope of an estimator on each outcome is exact, and several directions are one check."""

from __future__ import annotations

import math
from fractions import Fraction as F

import numpy as np
import pytest

from numeric.experiments import kl_gradients, softmax_bandit
from numeric.montecarlo.cases import cases_of, sampled
from numeric.montecarlo.channel import CHANNEL
from numeric.montecarlo.known import look
from proofs.claims import Evidence

ALL = {one.claim.id: one for one in (*kl_gradients.EVIDENCE, softmax_bandit.estimate)}
VARIANTS = [
    (name, variant.id)
    for name, one in ALL.items()
    for variant in [*sampled(one.claim.mutants), *sampled(one.claim.controls)]
]


def check(evidence: Evidence, variant: object = "claim", record: object = None) -> dict[str, object]:
    settings = {"version": 1, "budget": CHANNEL.new_budget(), "nonce": "fixed", "claim_record": record}
    return CHANNEL.check(evidence, variant, **settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def records() -> dict[str, dict[str, object]]:
    return {name: check(one) for name, one in ALL.items()}


@pytest.mark.parametrize("name", ALL)
def test_the_mean_gradient_is_confirmed_in_all_directions_at_once(records, name: str) -> None:  # noqa: ANN001
    found = records[name]
    assert found["verdict"] == "confirmed", found["detail"]
    assert found["count"] == (3 if name == "hw08f-sampled" else 2) and found["alpha"] == 1e-9
    assert {part["verdict"] for part in found["coordinates"]} == {"confirmed"}


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_wrong_gradients_are_refuted_and_true_rewordings_confirmed(records, name: str, variant: str) -> None:  # noqa: ANN001
    claim = ALL[name].claim
    wrong = claim.mutants.get(variant)
    found = check(ALL[name], wrong or claim.controls[variant], records[name])
    assert found["verdict"] == ("refuted" if wrong else "confirmed"), found["detail"]


@pytest.mark.parametrize("name", ["kl-grad-k3", "hw08f-sampled"])
def test_a_variant_is_judged_the_same_with_and_without_the_claims_record(records, name: str) -> None:  # noqa: ANN001
    """At the claim's delta in each coordinate; the record holds what the plans were made from."""
    mutant = next(m for m in sampled(ALL[name].claim.mutants) if not m.at or m.at == ALL[name].claim.witness)
    with_record, anew = check(ALL[name], mutant, records[name]), check(ALL[name], mutant)
    keys = ("verdict", "coordinate", "n", "delta", "interval")
    assert [with_record[k] for k in keys] == [anew[k] for k in keys]
    claims = {part["name"]: part["delta"] for part in records[name]["coordinates"]}  # type: ignore[attr-defined]
    assert with_record["delta"] == claims[with_record["coordinate"]]  # type: ignore[index]


def test_the_two_velocities_span_all_that_keep_the_mass() -> None:
    rows = []
    for data in (kl_gradients.grad_k1.witness, kl_gradients.OTHER_WAY):
        c, e = (F(data["reals"][k]) for k in "ce")
        rows.append([c * F(m) + e * F(p) for m, p in zip(data["tables"]["m"], data["tables"]["p"], strict=True)])
    (a, b, _), (x, y, _) = rows
    assert all(sum(row) == 0 for row in rows) and a * y != b * x


SLOPES = {  # by hand, with v the velocity: of k(q / (p + t v)), and of k((q + t v) / p), in t at 0
    "kl-grad-k1": lambda p, q, v: v / p,
    "kl-grad-k2": lambda p, q, v: -math.log(q / p) * v / p,
    "kl-grad-k3": lambda p, q, v: (1 - q / p) * v / p,
    "kl-grad-ratio": lambda p, q, v: -math.log(q / p) * v / p,  # the ratio's slope, and k3's, add up to that of k2
    "kl-grad-k1-q": lambda p, q, v: -v / q,
    "kl-grad-k2-q": lambda p, q, v: math.log(q / p) * v / q,
    "kl-grad-k3-q": lambda p, q, v: v / p - v / q,
}


@pytest.mark.parametrize("name", SLOPES)
def test_the_slope_on_each_outcome_is_that_by_hand(name: str) -> None:
    one = ALL[name]
    for case in cases_of(one.claim, one.samples[0], "claim"):
        sampler = look(case).sampler
        table, lost = sampler.tabulated(sampler.estimand.args[1], ())
        tables, reals = case.instance["tables"], case.instance["reals"]
        moving = "q" if name.endswith("-q") else "p"
        for x, (p, q, m, f) in enumerate(zip(*[map(F, tables[k]) for k in ("p", "q", "m", moving)], strict=True)):
            v = F(reals["c"]) * m + F(reals["e"]) * f
            assert table[x] == pytest.approx(SLOPES[name](float(p), float(q), float(v)), rel=1e-13, abs=1e-15)
        assert lost <= 2**-50


def test_a_samples_slope_is_looked_up_and_not_differentiated_again() -> None:
    one = ALL["kl-grad-k3"]
    sampler = look(cases_of(one.claim, one.samples[0], "claim")[0]).sampler
    sampler(np.random.default_rng(0), 10)
    sampler.exact.number = None  # type: ignore[assignment, method-assign]  # nothing exact is asked for from here on
    assert set(sampler(np.random.default_rng(0), 1000)) <= set(sampler.tabulated(sampler.estimand.args[1], ())[0])
