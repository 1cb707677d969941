"""A variant with the same mean is a control of the mean and a mutant of the variance: one estimator, both verdicts.

k3 = r - 1 - log r and 2 (r - 1) - log r have the mean KL(p || q), since r - 1 has mean zero; their variances differ.
"""

from __future__ import annotations

from typing import Any

from numeric.experiments.kl import unbiased
from numeric.experiments.kl_variance import difference
from numeric.montecarlo.channel import CHANNEL
from proofs.claims import Control, Mutant
from proofs.kernel.terms import Term
from proofs.kl import KL, hw23c, ratio
from proofs.kl_variance import excess, increment, k1, r
from proofs.language import E, Eq, Ln, Var

MEAN: Term = Eq(E(2 * (ratio - 1) - Ln(ratio)), KL())
SPREAD: Term = Eq(excess, Var(k1) - Var(2 * (r - 1) - Ln(r)))


def record(evidence: Any, variant: Any) -> dict[str, Any]:
    budget = CHANNEL.new_budget()
    found: dict[str, Any] = CHANNEL.check(evidence, variant, version=1, budget=budget, nonce="fixed")
    return found


def test_it_is_confirmed_where_only_the_mean_is_said() -> None:
    control = Control("corrected-twice", "2 (r - 1) - log r", hw23c.variant(MEAN), ("montecarlo",))
    assert record(unbiased, control)["verdict"] == "confirmed"


def test_it_is_refuted_where_the_variance_is_said() -> None:
    mutant = Mutant("corrected-twice", "2 (r - 1) - log r", ("montecarlo",), increment.variant(SPREAD))
    found = record(difference, mutant)
    assert found["verdict"] == "refuted"
    assert abs(found["estimate"] - found["target"]) > 2 * found["delta"]


def test_as_a_mutant_of_the_mean_it_has_no_effect_and_is_not_drawn() -> None:
    """Nobody can count it as refuted there."""
    mutant = Mutant("corrected-twice", "2 (r - 1) - log r", ("montecarlo",), hw23c.variant(MEAN))
    found = record(unbiased, mutant)
    assert found["verdict"] == "error" and "at least 2 delta" in found["detail"]


def test_as_a_control_of_the_variance_it_would_fail_the_run() -> None:
    control = Control("corrected-twice", "2 (r - 1) - log r", increment.variant(SPREAD), ("montecarlo",))
    assert record(difference, control)["verdict"] == "refuted"
