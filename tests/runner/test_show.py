"""`rlproofs show` prints a claim as a person would write it down, and where a derivation stops."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from proofs.claims import Claim, Hypothesis, Topic, lemma
from proofs.kernel.terms import num, replaced
from proofs.language import All, Eq, Le, Lt, Ne, Vocabulary, local_index
from proofs.runner.attempt import attempted
from proofs.runner.declared import instance, names
from proofs.runner.discovery import NotFound, catalogue
from proofs.runner.plain import WIDTH, formula
from proofs.runner.show import script_of, shown

FOUND = catalogue()
NAMES = Vocabulary()
n, gamma, v = NAMES.size("n"), NAMES.real("gamma"), NAMES.real("v")
V = NAMES.function("V")
t, m = local_index("t"), local_index("m")
NOW = [Le(0, m), Lt(m, n)]


def values(*entries: str) -> dict[str, Any]:
    return {"ints": {"n": len(entries) - 1}, "reals": {"gamma": "2/3", "v": "2"}, "tables": {"V": list(entries)}}


def forgotten(derive: Any = None) -> Claim:
    """V(0) - v = gamma^n (V(n) - v) for values computed backward, with this derivation."""
    topic = Topic("test", "Test")
    step = Eq(V(t) - v, gamma * (V(t + 1) - v))
    claim = topic.claim(
        "forgotten", "the guess is forgotten", kind="identity", source=lemma("tests"), vocabulary=NAMES,
        given=[Hypothesis("bellman", All(t, 0, n, step), "Bellman's equation", values("5", "3"))],
        says=Eq(V(0) - v, gamma**n * (V(n) - v)), witness=values("26/9", "10/3", "4", "5"),
    )  # fmt: skip
    if derive:
        claim.proof(derive)
    claim.mutant("any-values", without=["bellman"], at=values("5", "3"), title="for any values")
    claim.mutant("arrived", Eq(V(0), v), title="as if the guess did not matter")
    claim.control("moved-over", Eq(V(0), v + gamma**n * (V(n) - v)), title="v on the other side")
    return claim


def told(claim: Claim, record: Any = None) -> str:
    return shown(FOUND, claim, record)


def part(text: str, title: str) -> str:
    """The lines below a title."""
    found = re.search(rf"(?m)^{title}\n((?:(?:  .*)?\n)*(?:  .*)?)", text + "\n")
    assert found, f"no part {title} in\n{text}"
    return found[1]


def by_induction(pf: Any, goal: Any) -> None:
    goal = replaced(goal, {n: m})
    left, right = goal.args
    at_m = pf.at("bellman", m, under=NOW)
    step = (
        pf.chain(left, "from m to m + 1")
        .eq(right, "the induction hypothesis", by=[goal], under=NOW)
        .eq(replaced(right, {m: m + 1}), "Bellman's equation at m", by=[pf.times(at_m, gamma**m)], under=NOW)
        .done()
    )
    pf.put(pf.induct(m, 0, pf.prove(replaced(goal, {m: num(0)})), step, end=n), m, n)


# ------------------------------------------------------------------------------------- every claim there is
@pytest.mark.parametrize("claim", FOUND.claims.values(), ids=list(FOUND.claims))
def test_every_claim_is_shown_quickly_in_bounded_lines_with_all_its_parts(claim: Claim) -> None:
    start = time.process_time()
    text = shown(FOUND, claim, None)
    assert time.process_time() - start < 10, "a derivation is carried out, nothing is verified"
    assert [line for line in text.split("\n") if len(line) > WIDTH] == []
    assert text.startswith(f"{claim.id}  ") and "\n\n\n" not in text and "\u00a0" not in text
    for h in claim.given:
        assert re.search(rf"(?m)^  {re.escape(h.name)} ", part(text, "Statement"))
    for name in FOUND.mutants(claim):
        assert re.search(rf"(?m)^  {re.escape(name)}( |$)", part(text, "Wrong variants"))


# ------------------------------------------------------------------------------------- the statement
def test_the_statement_names_sizes_hypotheses_and_witness_in_words_and_formulas() -> None:
    said = part(told(forgotten()), "Statement")
    assert "  V(0) - v = γ^n·(V(n) - v)\n" in said
    assert re.search(r"n +an integer, at least 1\n", said) and re.search(r"γ, v +each a real number\n", said)
    assert re.search(r"V +a real function of an integer\n", said)
    assert re.search(
        r"bellman +for all j in 0..n - 1: V\(j\) - v = γ·\(V\(j \+ 1\) - v\)\n +Bellman's equation\n", said
    )
    assert "needed: the statement fails at the witness with n = 1; V = 5, 3" in said
    assert re.search(r"witness +n = 3, γ = 2/3, v = 2; V = 26/9, 10/3, 4, 5", said)


def test_processes_kernels_and_abbreviations_are_told() -> None:
    said = dict(names(FOUND.claims["hw10a.2"]))
    assert said["S, A, M, T"] == "each an integer, at least 1"
    assert said["P"] == "a probability mass function on {0..S - 1} for each argument in " + " × ".join(
        ["{0..T - 1}", "{0..S - 1}", "{0..A - 1}", "{0..M - 1}"]
    )
    assert said["X"].startswith("draws at each time t in {0..T}: s[t] from p0 at time 0, then from P(t - 1, s[t - 1], ")
    assert said["td(j)"].startswith("= Σ_{i=0..j - 1} γ^i·R(")
    assert dict(names(FOUND.claims["hw23c"]))["X"] == "draws x[0] from p"


def test_an_instance_is_short_whatever_it_holds() -> None:
    claim = forgotten()
    assert instance(claim, values("1", "2")) == "n = 1, γ = 2/3, v = 2; V = 1, 2"
    assert instance(claim, {"tables": {"V": [str(k) for k in range(40)]}}) == "V = 40 numbers"
    assert instance(claim, {"tables": {"V": [["1", "2"], ["3", "4"]]}}) == "V = (1, 2), (3, 4)"


# ------------------------------------------------------------------------------------- the derivation
def test_a_derivation_is_a_chain_with_reasons_rules_and_hypotheses_in_a_column() -> None:
    lines = part(told(forgotten(by_induction)), "Derivation").split("\n")
    assert lines[0] == "  from m to m + 1:" and lines[1] == "    V(0) - v"
    assert re.fullmatch(r"      = γ\^m·\(V\(m\) - v\) +the induction hypothesis", lines[2])
    assert re.fullmatch(r" +\[prove; by assuming V\(0\) - v =", lines[3])
    assert re.fullmatch(r"      = γ\^\(m \+ 1\)·\(V\(m \+ 1\) - v\) +Bellman's equation at m", lines[5])
    assert "by bellman" in lines[6] and "inside" in lines[6]
    assert any(re.fullmatch(r"  hence  V\(0\) - v = γ\^n·\(V\(n\) - v\) +\[.*induct.*", line) for line in lines)


def test_citations_are_told_by_id_and_other_chains_by_number() -> None:
    assert re.search(r"telescope\n.*\[prove, cut; by .*sum-telescope.*\]", shown(FOUND, FOUND.claims["hw11d"], None))
    kl = shown(FOUND, FOUND.claims["hw23c"], None)
    assert "(1) q has no mass outside the support of p:" in kl and "(2) the claim:" in kl and "by (1), p-in-q]" in kl


def test_a_formula_is_broken_between_its_terms_and_never_within_a_range() -> None:
    long = " + ".join(f"Σ_{{j=0..n - {k}}} f(j, {k})" for k in range(12))
    lines = formula(long, "  ", "    ")
    assert len(lines) > 2 and all(len(line) <= WIDTH for line in lines)
    assert all(line.count("{") == line.count("}") and line.count("(") == line.count(")") for line in lines)
    assert " ".join(line.strip() for line in lines) == long


# ------------------------------------------------------------------------------------- where it stops
def failing(pf: Any, goal: Any) -> None:
    right = replaced(goal.args[1], {n: m})
    (
        pf.chain(replaced(goal.args[0], {n: m}))
        .eq(right, "assumed", by=[Eq(V(0) - v, right)], under=NOW)
        .eq(replaced(right, {m: m + 1}), "without its equation", under=NOW)
    )


def test_a_failing_proof_shows_the_chain_so_far_the_goal_the_facts_and_both_sides() -> None:
    said = part(told(forgotten(failing)), "Derivation")
    assert re.match(r"  It stops after 2 steps, at test_show.py, line \d+\.\n", said)
    assert re.search(r"    V\(0\) - v\n      = γ\^m·\(V\(m\) - v\) +assumed\n", said) and "\n      ?\n" in said
    assert re.search(r"goal +γ\^m·\(V\(m\) - v\) = γ\^\(m \+ 1\)·\(V\(m \+ 1\) - v\)\n", said)
    assert re.search(r"here +0 ≤ m\n +here +m < n\n +judge +not decided\n", said)
    assert re.search(r"left becomes +\S.*\n +right becomes +\S.*\n +right - left +\S", said)


def test_a_condition_that_is_missing_is_told_in_the_judges_words() -> None:
    def divides(pf: Any, goal: Any) -> None:
        pf.prove(Eq(v / v, 1), by=["bellman"])

    said = part(told(forgotten(divides)), "Derivation")
    assert re.search(r"goal +v / v = 1\n +bellman +for all .*\n +judge +not known to be nonzero: v", said)


def test_a_rule_that_does_not_apply_is_named_with_what_it_was_to_stand_on() -> None:
    def squares(pf: Any, goal: Any) -> None:
        pf.rule("chain", [pf.prove(Eq(v, v)), pf.prove(Eq(gamma, gamma))])

    said = part(told(forgotten(squares)), "Derivation")
    assert re.search(r"rule +chain\n +step +v = v\n +step +γ = γ\n +judge +the steps do not join", said)


@pytest.mark.parametrize("hidden", [False, True])
def test_a_slip_in_the_file_is_told_with_its_line_and_no_older_goal(hidden: bool) -> None:
    def slips(pf: Any, goal: Any) -> None:
        if hidden:
            pf.settle(pf.step(Ne(v, 7)))  # tries what fails, and goes on
        pf.no_such_method()

    said = part(told(forgotten(slips)), "Derivation")
    assert re.search(r"at test_show.py, line \d+", said) and "AttributeError: " in said and "goal" not in said


def test_a_claim_without_a_derivation_or_a_statement_says_so() -> None:
    assert "none is written yet" in part(told(forgotten()), "Derivation")
    for unstated in [c for c in FOUND.claims.values() if c.says is None and not c.promises]:
        assert attempted(unstated) is None
        assert f"no formal statement yet. {unstated.about[:30]}" in shown(FOUND, unstated, None)


# ------------------------------------------------------------------------------------- what is recorded
def record(**more: Any) -> dict[str, Any]:
    found = {"verdict": "confirmed", "detail": "true on 1 instance"}
    dead = {
        "any-values": {"refuted_by": ["proof", "exact"], "outcome": "refuted"},
        "arrived": {"refuted_by": ["exact"], "outcome": "crashed"},
    }
    controls = {"moved-over": {"confirmed_by": ["exact"]}}
    out = {"verdict": "proved", "scope": "all sizes (n)", "gap": None, "channels": {"exact": found}, "problems": []}
    return {**out, "mutants": dead, "controls": controls, **more}


def test_each_wrong_variant_says_where_it_is_refuted() -> None:
    text = told(forgotten(by_induction), record())
    wrong = part(text, "Wrong variants")
    assert re.search(
        r"any-values +for any values\n +refuted by proof, exact, at the witness with n = 1; V = 5, 3", wrong
    )
    assert re.search(
        r"arrived +as if .*\n +NOT refuted: it crashed, which refutes nothing \(refuted by exact\),\s+at the\s+witness",
        wrong,
    )
    assert re.search(r"moved-over +v on the other side: confirmed by exact", part(text, "True re-wordings"))
    assert "not run, at the witness" in part(told(forgotten()), "Wrong variants")


def test_the_record_says_verdict_scope_channels_gap_and_problems_in_one_line_each() -> None:
    text = told(forgotten(), record(gap={"missing": "a step"}, problems=["the verdict is undecided: why\n  more"]))
    said = part(text, "Recorded")
    assert said.startswith("  GAP: a step\n  proved, all sizes (n)\n    exact       confirmed  true on 1 instance\n")
    assert "PROBLEM: the verdict is undecided: why" in said and "more" not in said
    assert "not run here" in part(told(forgotten()), "Recorded")


def test_a_script_is_of_the_claim_or_of_a_variant_that_has_a_statement() -> None:
    assert script_of(FOUND.claims["hw14a"], None).startswith("# hw14a")
    assert "clip-alone" in script_of(FOUND.claims["hw14a"], "clip-alone").split("\n")[0]
    with pytest.raises(NotFound, match="no mutant or control 'nonsense'"):
        script_of(FOUND.claims["hw14a"], "nonsense")
