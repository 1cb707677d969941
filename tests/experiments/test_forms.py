"""What a sentence asks to be sampled: its comparisons of means, part by part, and nothing that sampling cannot decide."""

from __future__ import annotations

import pytest

from numeric.experiments.sides import as_stated
from numeric.montecarlo.cases import cases_of, sampled
from numeric.montecarlo.channel import CHANNEL
from numeric.montecarlo.forms import parts
from numeric.montecarlo.known import look
from numeric.montecarlo.statistic import averaged
from proofs import gae_mean, kl_samples, rao_blackwell, sarsa, td_variance
from proofs.claims import Control, Evidence, Mutant, Topic, homework
from proofs.kernel.terms import num
from proofs.kl import NAMES, SUPPORT, hw23c, k3, p, q, ratio, x
from proofs.language import All, And, E, Eq, Ge, Gt, Implies, Le, Ln, Lt, Ne, Sum, Surely, Var, local_index
from proofs.rao_blackwell import J, X, Y, best, f
from proofs.runner.discovery import catalogue

i = local_index("i")
mean, log = E(k3(ratio)), E(Ln(ratio))
ALL = {name: one for name, one in catalogue().evidence.items() if CHANNEL.wants(one)}


def claim_of(says, witness=None):
    return Topic("t", "t").claim(
        "c", "c", kind="expectation", source=homework(23), vocabulary=NAMES, given=SUPPORT, says=says,
        witness=witness or hw23c.witness,
    )  # fmt: skip


def found(claim, data=None):
    return parts(claim.statement, data or claim.witness)


# ------------------------------------------------------------------------------------- the parts
def test_an_equation_has_its_averaged_side_for_the_estimand():
    for says in (Eq(mean, num(1)), Eq(num(1), mean)):
        (one,) = found(claim_of(says))
        assert (one.estimand, one.target, one.name) == (mean, num(1), "")


def test_an_order_is_the_difference():
    for says, gap in ((Le(mean, num(1)), num(1) - mean), (Lt(log, mean), mean - log)):
        (one,) = found(claim_of(says))
        assert one.estimand is gap and one.target is gap and one.order


def test_every_index_every_side_and_what_follows_is_a_part():
    says = All(i, 0, 3, Implies(Gt(p(i), q(i)), And(Ge(p(i) * mean, 0), Eq(p(i) * log, p(i) * log))))
    data = hw23c.witness  # p = 2/9 3/9 4/9 and q = 1/2 1/3 1/6: p is larger at 2 alone
    assert [(one.name, one.order) for one in found(claim_of(says), data)] == [("1: 2", True), ("2: 2", False)]


def test_a_part_that_averages_nothing_must_hold():
    assert len(found(claim_of(And(Gt(p(0), 0), Gt(mean, 0))))) == 1
    with pytest.raises(ValueError, match="must hold"):
        found(claim_of(And(Gt(p(0), 1), Gt(mean, 0))))
    with pytest.raises(ValueError, match="must compare a mean"):
        found(claim_of(Gt(p(0), 0)))


def test_an_inequation_of_means_is_refused():
    with pytest.raises(ValueError, match="=, <= and <"):
        found(claim_of(Ne(mean, 0)))


def test_a_mean_given_the_past_has_a_part_for_each_past_of_positive_probability():
    assert [one.name for one in found(gae_mean.hw11b)] == ["s_0 = 0", "s_0 = 1"]
    pasts = [one.name for one in found(gae_mean.hw11a)]
    assert pasts == [f"s_0 = {s}, a_0 = {a}" for s in (0, 1) for a in (0, 1)]
    later = found(gae_mean.hw11a, gae_mean.hw11a.instances["later"])
    known = {one.env[0][:5] for one in later}
    assert len(later) == len(known) == 14  # s_0 a_0 w_0 s_1 a_1: not all of 2^5 can be reached


def test_what_it_is_compared_with_must_be_known_by_then():
    early = Surely(Eq(J.given(X, 0, "y"), X))
    with pytest.raises(ValueError, match="must be known by then"):
        parts(rao_blackwell.as_sum.variant(early), rao_blackwell.as_sum.witness)


def test_a_comparison_beside_means_given_the_past_is_refused():
    mixed = Surely(And(Eq(J.given(X, 0, "y"), best), Eq(f(Y), best)))
    with pytest.raises(ValueError, match="must average"):
        parts(rao_blackwell.split.variant(mixed), rao_blackwell.split.witness)


def test_a_sure_sentence_is_the_share_of_paths_that_break_it():
    (one,) = found(kl_samples.hw23b_only)
    assert one.share and one.target is num(0)
    wrong = kl_samples.hw23b_only.mutants["any-q"]
    evidence = ALL["hw23b-only"]
    (case,) = cases_of(evidence.claim, evidence.samples[0], wrong)
    known = look(case)
    assert known.effect == pytest.approx(1 / 10) and (known.low, known.high, known.two_valued) == (0.0, 1.0, True)
    (case,) = cases_of(evidence.claim, evidence.samples[0], "claim")
    assert (look(case).low, look(case).high, look(case).sd) == (0.0, 1.0, 0.0)


def test_the_target_of_an_order_that_fails_is_0():
    evidence = ALL["hw23+-calmer"]
    right, wrong = (
        look(cases_of(evidence.claim, evidence.samples[0], v)[0]) for v in ("claim", evidence.claim.mutants["reversed"])
    )
    assert right.target[0] > 0 and right.effect == 0  # type: ignore[index]
    assert wrong.target == 0 and wrong.effect == pytest.approx(float(right.target[0]))  # type: ignore[index]


def test_without_a_hypothesis_it_is_sampled_where_the_variant_breaks():
    evidence, wrong = ALL["hw11b"], gae_mean.hw11b.mutants["any-V"]
    assert {id(c.instance) for c in cases_of(evidence.claim, evidence.samples[0], wrong)} == {id(wrong.at)}


@pytest.mark.parametrize("name", ["hw23+", "hw23+.2"])
def test_of_a_false_sentence_its_failure_is_confirmed_and_a_variant_that_fails_too_is_refuted(name):
    evidence = ALL[name]
    found, _ = check(evidence)
    assert found["verdict"] == "confirmed" and found["target"] > 2 * found["delta"]
    assert check(evidence, evidence.claim.mutants["strict"], found)[0]["verdict"] == "refuted"
    true = Control("turned", "turned", evidence.claim.variant(Ge(*evidence.claim.says.args)), ("montecarlo",))
    assert check(evidence, true, found)[0]["verdict"] == "confirmed"


def test_a_false_equation_is_not_sampled():
    claim = Topic("t", "t").claim(
        "c", "c", kind="false sentence", source=homework(23), vocabulary=NAMES, given=SUPPORT, says=Eq(mean, log),
        witness=hw23c.witness,
    )  # fmt: skip
    evidence = Evidence(claim)
    as_stated(evidence, claim.witness)
    with pytest.raises(ValueError, match="a false sentence is sampled where"):
        check(evidence)


# ------------------------------------------------------------------------------------- a ratio
def ratio_claim(target):
    says = Eq(E(ratio * ratio) / E(1 + p(x)), target)
    claim = claim_of(says)
    claim.mutant("off", Eq(E(ratio * ratio) / E(1 + p(x)), target * 2), channels=("montecarlo",))
    evidence = Evidence(claim)
    as_stated(evidence, claim.witness)
    return evidence


SQUARES = Sum(i, 0, 3, q(i) * q(i) / p(i)) / (1 + Sum(i, 0, 3, p(i) * p(i)))


def check(evidence, variant="claim", record=None):
    budget = CHANNEL.new_budget()
    found = CHANNEL.check(evidence, variant, version=1, budget=budget, nonce="fixed", claim_record=record)
    return found, budget


def test_a_ratio_of_means_is_two_coordinates_and_its_delta_is_sound():
    evidence = ratio_claim(SQUARES)
    found, budget = check(evidence)
    assert found["verdict"] == "confirmed" and [c["name"] for c in found["coordinates"]] == ["numerator", "denominator"]
    top, bottom = found["coordinates"]
    assert found["ratio_delta"] == pytest.approx(top["delta"] / (bottom["target"] - bottom["delta"]))
    assert budget.checks == 1 and budget.spent == 1e-9 and top["alpha"] + bottom["alpha"] <= 1e-9
    wrong, _ = check(evidence, evidence.claim.mutants["off"], found)
    assert wrong["verdict"] == "refuted"


def test_a_ratio_whose_denominator_may_vanish_is_not_confirmed():
    claim = claim_of(Eq(E(ratio - 1) / E(ratio - num("999999/1000000")), 0))
    evidence = Evidence(claim)
    as_stated(evidence, claim.witness)
    assert check(evidence)[0]["verdict"] == "underpowered"


# ------------------------------------------------------------------------------------- the catalogue
def test_in_a_topic_that_is_sampled_every_claim_that_averages_is_and_has_a_mutant_that_samples_refute():
    topics = {one.claim.topic.id for one in ALL.values()}
    for name, claim in catalogue().claims.items():
        decls = claim.statement.decls if claim.statement else None
        random = decls is not None and (averaged(claim.says, decls) or "(Surely " in claim.says.key)
        if random and claim.topic.id in topics:
            assert name in ALL, f"{name} states a mean and is not sampled"
    for name, one in ALL.items():
        assert sampled(one.claim.mutants), f"{name} is sampled, and no mutant of it is"


# ------------------------------------------------------------------------------------- equal in mean, different in variance
def case(name, first, second, at):
    return pytest.param(name, first, second, at, id=name)


@pytest.mark.parametrize(
    ("name", "first", "second", "at"),
    [
        case("hw10b.1", sarsa.half, sarsa.one_step(sarsa.t), sarsa.at()),
        case("ch1-rao-blackwell-mean", X, best, rao_blackwell.catalogue()),
        case("hw10a.1", td_variance.target(td_variance.t, 1), td_variance.target(td_variance.t, 2), td_variance.at()),
        case("hw23c", k3(ratio), -Ln(ratio), hw23c.witness),
    ],
)
def test_samples_tell_equal_means_from_equal_variances(name, first, second, at):
    """The same two statistics: that their means are equal is confirmed, that their variances are is refuted."""
    claim = ALL[name].claim
    evidence = Evidence(claim)
    as_stated(evidence, at)
    record, _ = check(evidence)
    mean = Control("means", "means", claim.variant(Eq(E(first), E(second))), ("montecarlo",))
    spread = Mutant("spreads", "spreads", ("montecarlo",), claim.variant(Eq(Var(first), Var(second))), at)
    assert record["verdict"] == "confirmed"
    assert check(evidence, mean, record)[0]["verdict"] == "confirmed"
    seen = check(evidence, spread, record)[0]
    assert seen["verdict"] == "refuted", seen["detail"]
