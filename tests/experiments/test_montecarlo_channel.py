"""The Monte Carlo channel confirms its claims, refutes each of their mutants, and pays for every check."""

import subprocess
import sys

import pytest

from numeric.experiments.kl import unbiased
from numeric.experiments.sarsa import ordering as sarsa
from numeric.experiments.td_variance import NOT_THE_POLICYS, ordering
from numeric.montecarlo.cases import cases_of, sampled
from numeric.montecarlo.channel import CHANNEL
from numeric.montecarlo.known import claims_plans, look
from proofs.claims import Control, Evidence, Mutant, Topic, homework
from proofs.instances import m2
from proofs.kernel.terms import num
from proofs.kl import KL, NAMES, SUPPORT, a, hw23c, k3, p, q, ratio, x
from proofs.language import E, Eq, Ge, Gt, Ln, Sum, Var
from proofs.sarsa import hw10b2
from proofs.td_variance import hw10a2, increment, k, m, orthogonal, td

SAMPLES = {one.claim.id: one for one in (unbiased, ordering)}


def run(evidence, variant="claim", record=None, budget=None):
    budget = budget or CHANNEL.new_budget()
    return CHANNEL.check(evidence, variant, version=1, budget=budget, nonce="fixed", claim_record=record)


@pytest.fixture(scope="module")
def records():
    budget = CHANNEL.new_budget()
    return {name: run(one, budget=budget) for name, one in SAMPLES.items()}, budget


def test_a_sample_confirms_each_claim(records):
    found, _ = records
    for name in SAMPLES:
        record = found[name]
        assert record["verdict"] == "confirmed", record["detail"]
        low, high = record["interval"]
        assert abs(record["target"] - low) <= record["delta"] and abs(high - record["target"]) <= record["delta"]
        assert record["alpha"] == 1e-9 and record["power"] == 0.999 and record["nonce"] == "fixed"
        assert record["chunk"] == 65536 and record["bias"] < 1e-14
        assert all(effect >= 2 * record["delta"] for effect in record["effects"].values())
        assert record["delta"] <= 0.02 * record["sd"]


def test_the_increment_on_m2_is_the_catalogues_number(records):
    assert records[0]["hw10a.2"]["target"] == pytest.approx(0.385819, abs=1e-6)
    assert records[0]["hw23c"]["target_exact"] == "(((16/9) * ln(2)) + ((-8/9) * ln(3)))"


@pytest.mark.parametrize(
    ("name", "mutant"), [(name, mu.id) for name, one in SAMPLES.items() for mu in sampled(one.claim.mutants)]
)
def test_every_mutant_that_names_the_channel_is_refuted(records, name, mutant):
    found, budget = records
    before = budget.spent
    seen = run(SAMPLES[name], SAMPLES[name].claim.mutants[mutant], found[name], budget)
    assert seen["verdict"] == "refuted", seen["detail"]
    assert seen["delta"] == found[name]["delta"]
    assert budget.spent == pytest.approx(before + 1e-9)


def test_no_mutant_is_missed():
    assert {name: [mu.id for mu in sampled(one.claim.mutants)] for name, one in SAMPLES.items()} == {
        "hw23c": ["ratio-upside-down", "forgets-minus-one", "plus-log", "other-direction"],
        "hw10a.2": ["reversed", "weight", "any-V"],
    }


def test_a_mutant_is_judged_the_same_with_and_without_the_claims_record(records):
    mutant = hw23c.mutants["other-direction"]
    assert run(unbiased, mutant)["interval"] == run(unbiased, mutant, records[0]["hw23c"])["interval"]


def test_every_check_is_paid_once_and_never_again(records):
    found, budget = records
    assert budget.checks >= 2 and budget.spent == pytest.approx(budget.checks * 1e-9)
    with pytest.raises(ValueError, match="no retries"):
        run(unbiased, budget=budget)


def test_a_budget_that_is_spent_draws_nothing():
    from numeric.montecarlo.budget import Budget, BudgetExceeded

    with pytest.raises(BudgetExceeded):
        run(unbiased, budget=Budget(limit=5e-10))


def test_a_true_rewording_is_confirmed(records):
    says = Eq(E(ratio - Ln(ratio) - 1), KL() + 0)
    control = Control("terms-exchanged", "terms exchanged", hw23c.variant(says), ("montecarlo",))
    assert run(unbiased, control, records[0]["hw23c"])["verdict"] == "confirmed"
    says = Ge(Var(td(m)) - Var(td(k)), 0)
    control = Control("difference", "the difference", hw10a2.variant(says), ("montecarlo",))
    assert run(ordering, control, records[0]["hw10a.2"])["verdict"] == "confirmed"


# ------------------------------------------------------------------------------------- false claims
def false_claim(says, mutants=()):
    claim = Topic("t", "t").claim(
        "false", "false", kind="expectation", source=homework(23), vocabulary=NAMES, given=SUPPORT, says=says,
        witness=hw23c.witness,
    )  # fmt: skip
    for name, wrong in mutants:
        claim.mutant(name, wrong, channels=("montecarlo",))
    evidence = Evidence(claim)
    evidence.montecarlo(hw23c.witness, estimand=says.args[0], target=says.args[1])
    return evidence


@pytest.mark.parametrize("shift", ["1/100", "-1/100"])
def test_a_target_off_by_three_deltas_is_refuted(records, shift):
    seen = run(false_claim(Eq(E(k3(ratio)), KL() + num(shift))))
    assert 0.01 / seen["delta"] < 3 and seen["verdict"] == "refuted"


def test_a_target_off_by_a_delta_and_a_half_is_not_confirmed(records):
    seen = run(false_claim(Eq(E(k3(ratio)), KL() + num("55/10000"))))
    assert 1.4 < 0.0055 / seen["delta"] < 1.6 and seen["verdict"] != "confirmed"


def test_the_planned_delta_shrinks_with_the_smallest_mutant():
    small = false_claim(Eq(E(k3(ratio)), KL()), [("off", Eq(E(k3(ratio)), KL() + num("1/300")))])
    planned = claims_plans(small)[""]
    assert planned.delta == pytest.approx(1 / 600) and "off" in planned.delta_from
    record = run(small)
    assert record["verdict"] == "confirmed"
    assert run(small, small.claim.mutants["off"], record)["verdict"] == "refuted"


def test_a_mutant_without_effect_on_the_instance_is_an_error_and_not_refuted(records):
    plus_nothing = Mutant(
        "plus-nothing", "adds zero", ("montecarlo",), hw23c.variant(Eq(E(k3(ratio)), KL() + KL() - KL()))
    )
    seen = run(unbiased, plus_nothing, records[0]["hw23c"])
    assert seen["verdict"] == "error" and "at least 2 delta" in seen["detail"]


def test_an_effect_too_small_to_be_drawn_for_is_an_error_that_names_the_mutant():
    seen = run(false_claim(Eq(E(k3(ratio)), KL()), [("off", Eq(E(k3(ratio)), KL() + num("1/20000")))]))
    assert seen["verdict"] == "error" and "half the effect of mutant off" in seen["detail"]
    with pytest.raises(ValueError, match="delta must be reachable"):
        run(false_claim(Eq(E(k3(ratio)), KL()), [("off", Eq(E(k3(ratio)), KL() + num("1/10000000")))]))


# ------------------------------------------------------------------------------------- evidence that is not the claim's
def test_the_estimand_and_target_are_those_of_the_statement():
    other = Evidence(hw23c)
    other.montecarlo(hw23c.witness, estimand=E(k3(p(x) / q(x))), target=KL())
    with pytest.raises(ValueError, match="must be those of the statement"):
        run(other)
    other = Evidence(hw23c)
    other.montecarlo(hw23c.witness, estimand=hw23c.says.args[0], target=Sum(a, 0, 2, p(a)))
    with pytest.raises(ValueError, match="must be those of the statement"):
        run(other)


@pytest.mark.parametrize("by", [None, orthogonal])
def test_an_ordering_needs_a_cited_claim_that_says_what_the_increment_is(by):
    loose = Evidence(hw10a2)
    loose.montecarlo(m2(1, 2), estimand=E((td(m) - td(k)) ** 2), target=Var(td(m)) - Var(td(k)), by=by)
    with pytest.raises(ValueError, match="must be a claim that it uses"):
        run(loose)


def test_the_increment_is_the_cited_claim_and_no_other():
    loose = Evidence(hw10a2)
    loose.montecarlo(m2(1, 2), estimand=E((td(m) - td(k)) ** 4), target=Var(td(m)) - Var(td(k)), by=increment)
    with pytest.raises(ValueError, match="must be a claim that it uses"):
        run(loose)


def test_an_instance_that_violates_a_hypothesis_is_refused():
    loose = Evidence(hw10a2)
    loose.montecarlo(NOT_THE_POLICYS, estimand=E((td(m) - td(k)) ** 2), target=Var(td(m)) - Var(td(k)), by=increment)
    with pytest.raises(ValueError, match="violates bellman"):
        look(*cases_of(hw10a2, loose.samples[0], "claim"))


def test_a_form_that_says_nothing_of_its_own_is_sampled_as_stated(records):
    mutant = Mutant("bare", "bare", ("montecarlo",), hw23c.variant(Gt(E(k3(ratio)), 1)))
    seen = run(unbiased, mutant, records[0]["hw23c"])
    assert seen["verdict"] == "refuted" and seen["target"] == 0 and seen["estimate"] < 0
    control = Control("bare", "bare", hw23c.variant(Gt(E(k3(ratio)), num("1/10"))), ("montecarlo",))
    assert run(unbiased, control, records[0]["hw23c"])["verdict"] == "confirmed"


def test_another_statistic_than_the_claims_has_a_delta_of_its_own():
    """That two variances are equal is sampled in pairs of paths; the claim's own statistic varies a hundred times less."""
    equal, record = hw10b2.mutants["equal"], run(sarsa)
    seen = run(sarsa, equal, record)
    assert seen["verdict"] == "refuted" and seen["copies"] == 2
    assert seen["effects"].keys() == {"equal"} and seen["delta"] > 10 * record["delta"]
    assert record["effects"].keys() == {"reversed", "any-V"}


def test_what_is_no_polynomial_in_means_is_refused():
    bare = Mutant("bare", "bare", ("montecarlo",), hw23c.variant(Eq(Ln(E(k3(ratio))), 0)))
    with pytest.raises(ValueError, match="polynomial in expectations"):
        run(unbiased, bare)


def test_there_is_one_sample_to_a_claim():
    with pytest.raises(ValueError, match="one sample"):
        run(Evidence(hw23c))


# ------------------------------------------------------------------------------------- plan, and what listing costs
def test_a_plan_charges_nothing_and_says_what_the_check_draws(records):
    for name, one in SAMPLES.items():
        claim, *mutants = CHANNEL.plan(one, version=1)
        drawn = records[0][name]
        assert [claim[x] for x in ("n", "delta", "low", "high")] == [drawn[x] for x in ("n", "delta", "low", "high")]
        assert len(mutants) == len(drawn["effects"]) + len(sampled(one.claim.controls))
        assert all(m["problem"] is None for m in mutants)


def test_declaring_evidence_imports_neither_torch_nor_numpy():
    code = (
        "import sys; from numeric.experiments import gae, kl, ppo_clip, td_variance;"
        "from numeric.montecarlo.channel import CHANNEL as a; from numeric.experiments.channel import CHANNEL as b;"
        "assert [a.wants(e) for e in kl.EVIDENCE] == [True, False] and all(map(b.wants, kl.EVIDENCE));"
        "print([m for m in ('torch', 'numpy', 'sympy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
