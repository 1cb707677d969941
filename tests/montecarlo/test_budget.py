"""The budget cannot be overdrawn."""

from __future__ import annotations

import json

import pytest

from numeric.montecarlo.budget import Budget, BudgetExceeded


def charge(
    budget: Budget, check: str = "statement", *, claim: str = "c", nonce: str = "fixed", alpha: float = 1e-9
) -> None:
    budget.charge(claim, 1, nonce, check, alpha, 1000)


def test_a_thousand_checks_spend_exactly_the_limit_and_the_next_is_refused() -> None:
    budget = Budget()
    for number in range(1000):
        charge(budget, f"check {number}")
    assert budget.checks == 1000 and budget.spent == 1e-6
    with pytest.raises(BudgetExceeded, match="at most 1000 checks; this is number 1001"):
        charge(budget, "one more")
    assert budget.checks == 1000 and budget.spent == 1e-6


def test_the_1001st_check_is_refused_even_where_money_is_left() -> None:
    budget = Budget()
    for number in range(1000):
        charge(budget, f"check {number}", alpha=1e-12)
    with pytest.raises(BudgetExceeded, match="1001"):
        charge(budget, "one more", alpha=1e-12)


def test_the_sum_of_the_alphas_is_refused_beyond_the_limit_whatever_their_number() -> None:
    budget = Budget(limit=2.5e-9, alpha=1e-9)
    charge(budget, "one")
    charge(budget, "two")
    with pytest.raises(BudgetExceeded, match="may sum to at most 2.5e-09"):
        charge(budget, "three")
    charge(budget, "three, cheaper", alpha=5e-10)
    assert budget.spent == 2.5e-9


def test_a_check_dearer_than_the_others_is_refused() -> None:
    with pytest.raises(BudgetExceeded, match="alpha must be at most 1e-09 a check; got 1e-08"):
        charge(Budget(), alpha=1e-8)


def test_there_are_no_retries() -> None:
    budget = Budget()
    charge(budget)
    with pytest.raises(ValueError, match="There are no retries"):
        charge(budget)
    with pytest.raises(ValueError, match="There are no retries"):
        budget.charge("c", "1", "fixed", "statement", 1e-10, 5000)
    charge(budget, nonce="another")
    assert budget.checks == 2


@pytest.mark.parametrize(("alpha", "n"), [(0.0, 10), (-1e-9, 10), (float("nan"), 10), (1.0, 10), (1e-9, 0)])
def test_a_check_that_costs_nothing_or_draws_nothing_is_refused(alpha: float, n: int) -> None:
    budget = Budget()
    with pytest.raises(ValueError, match="must"):
        budget.charge("c", 1, "fixed", "statement", alpha, n)
    assert budget.checks == 0


def test_the_record_is_json_and_a_claims_life_is_carried_on() -> None:
    first = Budget()
    charge(first, claim="a")
    charge(first, claim="b")
    record = json.loads(json.dumps(first.record()))
    assert set(record) == {"limit", "alpha", "most", "checks", "spent", "lifetime", "draws"}
    assert set(record["draws"][0]) == {"claim", "version", "nonce", "check", "alpha", "n"}
    second = Budget(earlier=record)
    assert second.spent == 0 and second.checks == 0
    charge(second, claim="a", nonce="fresh")
    assert second.record()["lifetime"] == {"a": 2e-9, "b": 1e-9}


def test_the_same_draw_again_is_paid_by_the_run_but_not_by_the_claims_life() -> None:
    first = Budget()
    charge(first)
    second = Budget(earlier=first.record())
    charge(second)
    assert second.spent == 1e-9 and second.record()["lifetime"] == {"c": 1e-9}


@pytest.mark.parametrize("wrong", [{"limit": 0.0}, {"alpha": float("nan")}, {"limit": float("inf")}, {"most": 0}])
def test_a_budget_without_limits_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Budget(**wrong)  # type: ignore[arg-type]
