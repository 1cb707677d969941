"""Contracts: promises are checked on fresh copies, a patch may lie in what a module imports, and a crash refutes nothing."""

from __future__ import annotations

import sys
from fractions import Fraction

import pytest

torch = pytest.importorskip("torch")

from numeric.contract import rounding, run  # noqa: E402
from numeric.experiments import channel  # noqa: E402
from numeric.experiments.channel import CHANNEL  # noqa: E402
from proofs.claims import Claim, Evidence, Topic, slides  # noqa: E402
from proofs.runner.catalogue import static  # noqa: E402
from proofs.runner.discovery import catalogue  # noqa: E402
from proofs.runner.show import statement  # noqa: E402
from proofs.runner.verdicts import assemble, judge  # noqa: E402

HERE = "tests.experiments.promises"
GAE, CLIP, KL, CHECKS = (f"numeric.primitives.{name}" for name in ("gae", "ppo_clip", "kl", "checks"))


def contract(**promises: str) -> Claim:
    return Topic("t", "T").contract("alg-t", "A contract", source=slides("1-2"), promises=promises)


def evidence() -> Evidence:
    one = Evidence(contract(value="it is $1$", slope="it has one"))
    one.promise("value", f"{HERE}:one_step", of=GAE)
    one.promise("slope", f"{HERE}:through_the_clip", of=CLIP)
    one.patch("plus-value", GAE, "alpha=discount) - steps.value", "alpha=discount) + steps.value")
    return one


def patched(one: Evidence, id: str) -> dict:
    return CHANNEL.check(one, next(p for p in one.patches if p.id == id))


def test_every_promise_is_checked_row_by_row() -> None:
    found = CHANNEL.check(evidence(), "claim")
    assert found["verdict"] == "confirmed" and found["points"] == 4
    told = [(p["name"], p["verdict"], p["rows"]) for p in found["promises"]]
    assert told == [
        ("value", "confirmed", 2),
        ("slope", "confirmed", 2),
    ]
    assert found["modules"] == [GAE, CLIP] and found["functions"] == []


def test_a_patch_is_refuted_by_the_number_that_it_gets_wrong() -> None:
    found = patched(evidence(), "plus-value")
    assert found["verdict"] == "refuted" and "value: the TD error is 5.0" in found["detail"]
    assert [p["name"] for p in found["promises"]] == ["value"]  # the other one does not run this module


def unbroken(one: Evidence) -> set[str]:
    """The promises that no patch breaks."""
    left = {p["name"]: p for p in one.promised}
    for bug in one.patches:
        for name, p in list(left.items()):
            if bug.patch[0] in (p["of"], *p["also"]):
                found = run(p["check"], p["of"], also=p["also"], patch=bug.patch)
                if found["verdict"] == "refuted":
                    del left[name]
    return set(left)


@pytest.mark.parametrize("one", [e for e in catalogue().evidence.values() if e.promised], ids=lambda e: e.claim.id)
def test_every_promise_is_broken_by_some_patch(one: Evidence) -> None:
    """A check that no patch turns red could not fail; `verify` stops at the first promise that a patch breaks and cannot say."""
    assert one.patches and unbroken(one) == set()


def test_a_promise_that_nothing_breaks_is_named() -> None:
    assert unbroken(evidence()) == {"slope"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the promises that are run, in order."""
    names, real = [], channel.kept

    def noted(one: dict, *more: object) -> dict:
        names.append(one["name"])
        return real(one, *more)

    monkeypatch.setattr(channel, "kept", noted)
    return names


def of_td_error(**checks: str) -> Evidence:
    """Promises of `td_error`, and three ways to break it: two agree on `one_step` alone, the first and the last everywhere."""
    one = Evidence(contract(**dict.fromkeys(checks, "it is")))
    for name, check in checks.items():
        one.promise(name, f"{HERE}:{check}", of=GAE)
    ways = {"plus": "+ steps.value", "four-more": "- steps.value + 4.0", "plus-again": "+ 1.0 * steps.value"}
    for id, new in ways.items():
        one.patch(id, GAE, "alpha=discount) - steps.value", f"alpha=discount) {new}")
    return one


def test_a_patch_is_run_until_it_breaks_a_promise(asked: list[str]) -> None:
    found = patched(of_td_error(crash="crashes", empty="nothing", value="one_step", other="another_step"), "plus")
    assert asked == ["crash", "empty", "value"], "neither a crash nor a promise that compares nothing refutes it"
    said = [(p["name"], p["verdict"]) for p in found["promises"]]
    assert said == [("crash", "error"), ("empty", "error"), ("value", "refuted")]
    assert found["verdict"] == "refuted" and found["detail"].startswith("value: the TD error is 5.0")


def test_a_patch_that_only_crashes_or_is_compared_with_nothing_is_not_refuted(asked: list[str]) -> None:
    assert patched(of_td_error(crash="crashes", empty="nothing"), "plus")["verdict"] == "error"
    assert asked == ["crash", "empty"]


def test_patches_count_once_only_where_they_agree_to_the_end(asked: list[str]) -> None:
    one = of_td_error(value="one_step", other="another_step")
    plus, four, again = (patched(one, id)["values"] for id in ("plus", "four-more", "plus-again"))
    assert plus == again != four
    assert [patched(one, id)["values"] for id in ("four-more", "plus")] == [four, plus]
    del asked[:]
    other = of_td_error(value="one_step", other="another_step")
    assert patched(other, "plus")["values"] == plus and asked == ["value"], "nothing agrees with it yet"


def test_a_patch_in_an_imported_module_reaches_the_one_that_imports_it() -> None:
    assert run(f"{HERE}:uses_another", KL, also=[CHECKS])["verdict"] == "confirmed"
    before = sys.modules[CHECKS]
    patch = (CHECKS, "if tensor.shape != model.shape:", "if tensor.shape != tensor.shape:")
    assert run(f"{HERE}:uses_another", KL, also=[CHECKS], patch=patch)["verdict"] == "refuted"
    assert sys.modules[CHECKS] is before and run(f"{HERE}:uses_another", KL, also=[CHECKS])["verdict"] == "confirmed"


def test_a_gradient_where_there_must_be_none_refutes() -> None:
    found = run(f"{HERE}:through_the_clip", CLIP, patch=(CLIP, "advantage.detach()", "advantage"))
    assert found["verdict"] == "refuted" and "advantage must receive no gradient" in found["detail"]


@pytest.mark.parametrize(("check", "said"), [("nothing", "yields no row"), ("crashes", "no answer")])
def test_what_checks_nothing_or_crashes_is_an_error(check: str, said: str) -> None:
    found = run(f"{HERE}:{check}", GAE)
    assert found["verdict"] == "error" and said in found["detail"]


def test_a_ball_too_wide_for_its_bound_decides_nothing() -> None:
    assert run(f"{HERE}:half_known", GAE)["verdict"] == "error"


def test_a_promise_that_nothing_checks_fails_the_claim() -> None:
    one = Evidence(contract(value="it is", slope="it has one"))
    one.promise("value", f"{HERE}:one_step", of=GAE)
    with pytest.raises(ValueError, match="these are not: slope"):
        CHANNEL.check(one, "claim")


def test_a_promise_that_the_contract_does_not_make_is_refused() -> None:
    with pytest.raises(ValueError, match="left to check: value; got 'speed'"):
        Evidence(contract(value="it is")).promise("speed", f"{HERE}:one_step", of=GAE)


def test_a_patch_of_a_module_that_no_promise_names_is_refused() -> None:
    one = evidence()
    one.patch("elsewhere", KL, "a", "b")
    with pytest.raises(ValueError, match="must patch a module that the evidence of the claim names"):
        patched(one, "elsewhere")
    with pytest.raises(ValueError, match="the patch must change one of"):
        run(f"{HERE}:one_step", GAE, patch=(KL, "a", "b"))


def test_a_contract_is_confirmed_and_never_proved() -> None:
    one = evidence()
    found = {
        "claim": CHANNEL.check(one, "claim"),
        "mutants": {"plus-value": patched(one, "plus-value")},
        "controls": {},
    }
    record = static(one.claim, 1) | assemble(
        one.claim, {p.id: p for p in one.patches}, ["reference"], {"reference": found}
    )
    judged = judge(record, gap=None)
    assert (judged["verdict"], judged["expected"], judged["problems"]) == ("confirmed", "confirmed", [])
    assert judged["mutants"]["plus-value"]["refuted_by"] == ["reference"] and judged["scope"] is None


def test_a_contract_that_no_channel_looked_at_is_not_confirmed() -> None:
    one = contract(value="it is")
    judged = judge(static(one, 1) | assemble(one, {}, [], {}), gap=None)
    assert judged["verdict"] == "not run" and not judged["ok"]


def test_the_hash_is_of_the_promises_and_nothing_else() -> None:
    first, second = contract(value="it is"), contract(value="it is not")
    assert len(first.hash()) == 64 and first.hash() != second.hash()
    same = Topic("t", "T").contract("alg-t", "Another title", source=slides("1-2"), promises={"value": "it is"})
    assert same.hash() == first.hash() == static(first, 1)["statement_hash"]


def test_a_contract_without_promises_and_a_formula_with_them_are_refused() -> None:
    with pytest.raises(ValueError, match="a contract has promises"):
        contract()


def test_show_prints_the_promises() -> None:
    text = "\n".join(statement(contract(value="it is $1$", slope="it has one")))
    assert "value" in text and "it is $1$" in text and "no formal statement" not in text


def test_rounding_counts_operations_and_grows_with_them() -> None:
    assert rounding(1, 1) == Fraction(4, 2**52) and rounding(10, 2) == 20 * rounding(1, 1)
    with pytest.raises(ValueError, match="operations must be at least 1"):
        rounding(0, 1)
