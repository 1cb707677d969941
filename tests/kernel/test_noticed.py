"""What mechanical mutants of the judge taught: uses and attacks that single out one line each (`make mutants`)."""

from __future__ import annotations

import re
import signal
import time
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest

from proofs.kernel import check as judge
from proofs.kernel.check import check
from proofs.kernel.poly import Undecided
from proofs.kernel.rules import RULES, Thm
from proofs.kernel.statement import Statement, load
from proofs.kernel.terms import Malformed, Term, mk, num, opened, rational_text, read, show
from proofs.kernel.value import outcome
from proofs.language import All, And, E, Eq, Exp, Ge, Gt, Implies, Le, Ln, Lt, Max, Min, Ne, Sum
from proofs.tactics.proof import Proof
from proofs.writing import statement_data
from tests.kernel.attacks.base import CHAIN, PLAIN, S, T, X, f, g, h, i, j, k, m, mean, n, s, v, x, y
from tests.kernel.bundles import against, plain, proved
from tests.kernel.rule_examples import EXAMPLES, Example


def prove(claim: Term, *hyps: Term, decls: Any = PLAIN) -> Any:
    """The claim by the judge's own `prove`.  Raises Undecided."""
    pf = Proof(Statement(decls, [(f"h{a}", b) for a, b in enumerate(hyps)], claim))
    return pf.prove(claim, by=[f"h{a}" for a in range(len(hyps))])


def refused(claim: Term, *hyps: Term, says: str = "not decided", decls: Any = PLAIN) -> None:
    with pytest.raises(Undecided, match=says):
        prove(claim, *hyps, decls=decls)


# ------------------------------------------------------------------------------------- items, reports, the clock
def test_a_refuted_item_cannot_be_cited() -> None:
    false = Statement([["Real", "x"]], [], Eq(x, 0))
    pf = Proof(false, [("false", false)])
    pf.rule("cite", [], false.hash())
    cites = {"id": "cites", "statement": plain(statement_data(false)), "witness": {"reals": {"x": "0"}}}
    items = [against("false", false, {"reals": {"x": "1"}}), {**cites, "certificate": plain(pf.certificate())}]
    first, second = check({"items": items})["reports"]
    assert first["verdict"] == "refuted"
    assert second["verdict"] == "undecided" and "not an earlier item that was proved" in second["reason"]


def test_a_certificate_has_its_parts_and_no_others() -> None:
    (good, *_) = proved("gae")["items"]
    parts = good["certificate"]
    assert parts["defined"] == []
    found = {
        "all": parts,
        "none for definedness": {k: parts[k] for k in ("nodes", "steps")},
        "one more": {**parts, "more": []},
        "one more, none for definedness": {"nodes": parts["nodes"], "steps": parts["steps"], "more": []},
        "no nodes": {"steps": parts["steps"], "defined": []},
        "nothing": {},
        "a counterexample and more": {"counterexample": good["witness"], "more": []},
    }
    reports = check({"items": [{**good, "id": name, "certificate": c} for name, c in found.items()]})["reports"]
    assert [r["verdict"] for r in reports] == ["proved"] * 2 + ["undecided"] * 5
    assert all(r["reason"] == "not a certificate" for r in reports[2:])


def test_lemmas_for_definedness_are_steps_of_the_certificate() -> None:
    (good, *_) = proved("gae")["items"]
    count = len(good["certificate"]["steps"])
    wrong: list[Any] = [[count], [-1], [0, count], [True], 0]
    lists = [[count - 1], [count - 1, count - 1], *wrong]
    items = [{**good, "id": str(n), "certificate": {**good["certificate"], "defined": d}} for n, d in enumerate(lists)]
    reports = check({"items": items})["reports"]
    assert [r["verdict"] for r in reports] == ["proved"] * 2 + ["undecided"] * len(wrong)
    assert all(r["reason"] == "no such step for definedness" for r in reports[2:])


def test_a_step_has_three_parts_and_stands_on_earlier_ones() -> None:
    (good, *_) = proved("gae")["items"]
    steps = good["certificate"]["steps"]
    last = steps[-1]
    wrong: dict[str, Any] = {
        "two parts": [last[:2], "not a step"],
        "four parts": [[*last, []], "not a step"],
        "premises that are no list": [[last[0], 0, last[2]], "not a step"],
        "itself as a premise": [[last[0], [len(steps) - 1], last[2]], "numbers of earlier steps"],
        "a premise before the first": [[last[0], [-1], last[2]], "numbers of earlier steps"],
        "a premise that is true": [[last[0], [True], last[2]], "numbers of earlier steps"],
        "a rule that is a number": [[1, last[1], last[2]], "numbers of earlier steps"],
        "an argument that is a fraction": [[last[0], last[1], [0.5]], "not an argument"],
        "an argument two levels deep": [[last[0], last[1], [[[1]]]], "nested too deeply"],
        "a node that is not there": [[last[0], last[1], [{"t": len(good["certificate"]["nodes"])}]], "no such node"],
        "a node before the first": [[last[0], last[1], [{"t": -1}]], "no such node"],
        "a node with more to it": [[last[0], last[1], [{"t": 0, "u": 0}]], "no such node"],
        "a node without a number": [[last[0], last[1], [{}]], "no such node"],
        "a node with a number that is true": [[last[0], last[1], [{"t": True}]], "no such node"],
    }
    items = []
    for name, (step, _) in wrong.items():
        certificate = {**good["certificate"], "steps": [*steps[:-1], step]}
        items.append({**good, "id": name, "certificate": certificate})
    for report, (_, says) in zip(check({"items": items})["reports"], wrong.values(), strict=True):
        assert report["verdict"] == "undecided" and says in report["reason"], report


def test_a_report_counts_the_rules_the_steps_and_the_claims() -> None:
    bundle = proved("gae", "kl")
    for it, report in zip(bundle["items"], check(bundle)["reports"], strict=True):
        steps = it["certificate"]["steps"]
        assert report["verdict"] == "proved" and report["rules"] == Counter(step[0] for step in steps)
        assert report["steps"] == len(steps) and report["ms"] > 0
        assert bool(report["claims"]) == any(step[0] == "cite" for step in steps)


def test_the_clock_ends_an_item_and_only_that_item(monkeypatch: pytest.MonkeyPatch) -> None:
    items, real = proved("gae")["items"][:1], judge.check_item
    slow = [True]

    def sleepy(*args: Any) -> Any:
        start = time.process_time()
        busy = slow.pop() if slow else False
        while busy and time.process_time() < start + 5:
            pass
        return real(*args)

    monkeypatch.setattr(judge, "check_item", sleepy)
    before, start, work = signal.getsignal(signal.SIGPROF), time.perf_counter(), time.process_time()
    try:
        first, second = check({"items": [{**items[0], "id": "slow"}, items[0]]}, 0.4)["reports"]
        elapsed, work = 1000 * (time.perf_counter() - start), time.process_time() - work
        assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0), "the clock is stopped"
    finally:
        signal.signal(signal.SIGPROF, before)
    assert first["verdict"] == "undecided" and first["reason"] == "over the time limit for one item"
    assert 0.35 < work < 2 and second["verdict"] == "proved"
    assert 350 < first["ms"] < first["ms"] + second["ms"] < elapsed + 1, "time on the wall, at least that of the processor"


def test_the_clock_does_not_count_what_others_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine, as far as the judge can see it: time passes and no work is done."""
    real = judge.check_item

    def sleepy(*args: Any) -> Any:
        time.sleep(0.6)
        return real(*args)

    monkeypatch.setattr(judge, "check_item", sleepy)
    before = signal.getsignal(signal.SIGPROF)
    try:
        (report,) = check({"items": proved("gae")["items"][:1]}, 0.5)["reports"]
    finally:
        signal.signal(signal.SIGPROF, before)
    assert report["verdict"] == "proved" and report["ms"] > 600


def test_without_a_limit_no_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "setitimer", lambda *_: pytest.fail("a clock was set"))
    before = signal.getsignal(signal.SIGPROF)
    assert check({"items": proved("gae")["items"]})["reports"]
    assert signal.getsignal(signal.SIGPROF) is before


# ------------------------------------------------------------------------------------- decisions
def test_products_and_powers_of_what_is_not_zero_are_not_zero() -> None:
    apart = Ne(x, 0), Ne(y, 0)
    prove(Ne(x * y, 0), *apart)
    prove(Ne(x * x * y, 0), *apart)
    prove(Eq(x / (x * y), 1 / y), *apart)
    refused(Ne(x * y, 0), Ne(x, 0))
    refused(Ne(x + y, 0), *apart)


def test_only_comparisons_are_decided() -> None:
    for p in All(i, 0, n, Le(f(i), 1)), Implies(Le(x, 0), Le(x, 1)):
        refused(p, says=f"only comparisons are decided, not: {re.escape(show(p))}")


def test_a_quantified_fact_is_used_within_its_range_alone() -> None:
    fact = All(i, 2, n, Gt(f(i), 0))
    prove(Gt(f(2), 0), fact, Ge(n, 3))
    prove(Gt(f(k), 0), fact, Ge(k, 2), Lt(k, n))
    refused(Gt(f(1), 0), fact, Ge(n, 5))
    refused(Gt(f(k), 0), fact, Ge(k, 1), Lt(k, n))
    refused(Gt(f(n), 0), fact, Ge(n, 5))
    refused(Gt(f(k), 0), fact, Ge(k, 2), Le(k, n))
    pair = All(i, 1, n, All(j, 1, m, Eq(g(i, j), x)))
    prove(Eq(g(1, 1), x), pair, Ge(n, 2), Ge(m, 2))
    refused(Eq(g(1, 0), x), pair, Ge(n, 2), Ge(m, 2))
    refused(Eq(g(0, 1), x), pair, Ge(n, 2), Ge(m, 2))


def test_the_sign_of_monomials() -> None:
    prove(Le(0, x * x))
    prove(Le(0, x * y), Ge(x, 0), Ge(y, 0))
    prove(Lt(0, x * y), Gt(x, 0), Gt(y, 0))
    prove(Lt(0, x / y), Gt(x, 0), Gt(y, 0))
    prove(Lt(0, (1 / x) * (1 / x)), Ne(x, 0))
    prove(Le(0, x * x * y), Ge(y, 0))
    refused(Lt(0, x * x))
    refused(Lt(0, x * y), Ge(x, 0), Gt(y, 0))
    refused(Le(0, x * x * x))
    refused(Le(0, x * y), Ge(x, 0))


def test_what_has_no_sign_by_itself() -> None:
    prove(Lt(0, Exp(x)))
    prove(Lt(0, Exp(x) * Exp(y)))
    prove(Lt(0, Exp(x) / Exp(y)))
    for t in Ln(x), Min(x, y), Max(x, y), x**k, f(k), Sum(i, 0, n, f(i)), x * Exp(x), -Exp(x), Exp(x) - 1:
        refused(Lt(0, t), Gt(x, -1) if t.op != "Ln" else Gt(x, 0), Ge(k, 0))


def test_rules_that_take_one_kind_of_premise_refuse_another() -> None:
    pf = Proof(Statement(PLAIN, [("a", Eq(x, x)), ("b", And(Eq(x, x), Eq(y, y)))], Eq(x, x)))
    for name in "a", "b":
        with pytest.raises(Undecided, match="not a quantifier"):
            pf.rule("at", [name], num(0))
    single = Sum(i, 0, n, f(i))
    with pytest.raises(Undecided, match="the rule takes a double sum"):
        pf.rule("swap", [], single)
    with pytest.raises(Undecided, match="the rule takes"):
        pf.rule("split", [], x, num(0))


def test_integers_have_gaps_and_reals_have_none() -> None:
    prove(Ge(n, 1), Gt(n, 0))
    prove(Ge(n, m + 1), Gt(n, m))
    refused(Ge(x, 1), Gt(x, 0))
    prove(Eq(n, m), Lt(n, m + 1), Gt(n, m - 1))
    refused(Eq(x, y), Lt(x, y + 1), Gt(x, y - 1))


def test_smaller_and_larger_of_two() -> None:
    prove(Eq(Min(x, y), x), Le(x, y))
    prove(Eq(Max(x, y), y), Le(x, y))
    refused(Eq(Min(x, y), y), Le(x, y))
    refused(Eq(Max(x, y), x), Le(x, y))


def test_a_conditional_mean_is_known_at_its_own_level_and_not_before() -> None:
    early = mean(h(s(1)), 0, 1)
    both = [Ge(T, 1)]
    prove(Eq(E(mean(early * h(s(1)), 0, 1)), E(early * mean(h(s(1)), 0, 1))), *both, decls=CHAIN)
    late = mean(h(s(2)), 1, 1)
    refused(Eq(E(mean(late * h(s(1)), 0, 1) * h(s(0))), E(late * mean(h(s(1)), 0, 1) * h(s(0)))), Ge(T, 2), decls=CHAIN)


# ------------------------------------------------------------------------------------- instances
def test_an_instance_that_does_not_serve_says_what_it_violates() -> None:
    decls = [["Size", "n", 2], ["Real", "x"], ["Kernel", "p", [], n], ["Kernel", "K", [n], n]]
    statement = Statement(decls, [("far", Gt(1 / x, 1))], Eq(x, x))
    rows = [["1/2", "1/2"], ["0", "1"]]
    good: dict[str, Any] = {"ints": {"n": 2}, "reals": {"x": "1/2"}, "tables": {"p": ["1/3", "2/3"], "K": rows}}
    tables = good["tables"]
    wrong = {
        "n": [{**good, "ints": {"n": 1}}],
        "p": [
            {**good, "tables": {**tables, "p": p}} for p in (["1/3", "1/3"], ["-1", "2"], ["1"], ["1", "0", "0"], "1")
        ],
        "K": [
            {**good, "tables": {**tables, "K": k}}
            for k in ([rows[0], ["0", "2"]], rows[:1], [*rows, rows[0]], ["1", "0"])
        ],
        "far": [{**good, "reals": {"x": x}} for x in ("2", "1", "0")],
    }
    assert outcome(statement, good) == ("true", "")
    for name, instances in wrong.items():
        for data in instances:
            assert outcome(statement, data) == ("not admissible", f"the instance violates {name}"), data


# ------------------------------------------------------------------------------------- hypotheses
EXTRA = mk("Lt", num(3), num(4))  # what a premise rests on beside the rest; closed, so that no rule may refuse it
WITH_PREMISES = [e for e in EXAMPLES if e.gives is not None and e.rule in RULES and e.run()[0].steps[-1][1]]


@pytest.mark.parametrize("e", WITH_PREMISES, ids=lambda e: e.rule)
def test_a_rule_keeps_what_each_premise_rests_on(e: Example) -> None:
    """The rule's own steps again, one premise at a time resting on one thing more: the theorem must rest on it, too."""
    pf, _ = e.run()
    pf.replay.nodes = list(pf.write.at)
    for rule, numbers, args in pf.steps:
        for place in range(len(numbers) if rule in RULES else 0):
            premises = [pf.replay.done[p] for p in numbers]
            premises[place] = Thm(premises[place].hyps | {EXTRA}, premises[place].prop)
            thm = RULES[rule](pf.statement.decls, premises, *map(pf.replay.argument, args))
            assert EXTRA in thm.hyps, f"{rule} drops what its premise {place} rests on"


def test_an_induction_rests_on_what_its_base_rests_on() -> None:
    goal = Eq(x * v + y, x * v)
    pf = Proof(Statement(PLAIN, [("m", Ge(m, 0))], Eq(x * m + y, x * m)))
    base = pf.prove(Eq(x * 0 + y, x * 0), by=[Eq(y, 0)])
    step = pf.prove(Eq(x * (v + 1) + y, x * (v + 1)), by=[goal])
    thm = pf.put(pf.induct(v, 0, base, step), v, m, by=["m"]).thm
    assert thm.hyps == {Eq(y, 0), Ge(m, 0)}


# ------------------------------------------------------------------------------------- what messages print
SHOWN = {
    "x": x,
    "(-1/2)": num("-1/2"),
    "7": num(7),
    "f(k)": f(k),
    "g(k, 1)": g(k, 1),
    "(x + y)": x + y,
    "sum(0 <= i < n: sum(0 <= j < m: g(i, j)))": Sum(i, 0, n, Sum(j, 0, m, g(i, j))),
    "sum(1 <= i < n | 0 < f(i): g(i, i))": Sum(i, 1, n, g(i, i), where=Gt(f(i), 0)),
    "for all(0 <= i < n: for all(i <= j < m: g(i, j) <= x))": All(i, 0, n, All(j, i, m, Le(g(i, j), x))),
    "E[h(s[0])]": E(h(X.s(0))),
    "E[sum(0 <= j < S: h(s[j]))]": E(Sum(j, 0, S, h(X.s(j)))),
}


@pytest.mark.parametrize("text", SHOWN)
def test_a_term_in_a_message(text: str) -> None:
    assert show(SHOWN[text]) == text


def test_letters_of_bound_variables_begin_again_after_eight() -> None:
    t: Term = f(num(0))
    for depth in range(10):
        v = mk("Sym", f"_v{depth}", "Int")
        t = Sum(v, 0, n, t + f(v))
    text = show(t)
    assert [letter for letter in "ijklmnuv" if f"<= {letter} < n" not in text] == []
    assert text.count("<= i < n") == 2 and text.count("<= k < n") == 1


def test_a_variable_without_its_binder_is_marked() -> None:
    assert show(mk("Bound", 1)) == "?1"
    assert show(Sum(i, 0, n, f(i)).args[3]) == "f(?0)"


LONG = "z" * 300
SHORTENED: dict[str, tuple[Any, int]] = {
    "a declared name is a word that begins with a letter: ": (lambda: Statement([["Int", f"-{LONG}"]], [], Eq(x, x)), 40),
    "not a kernel: ": (
        lambda: Statement([["Size", "S", 1], ["Process", "X", S, [["s", S, LONG, [], LONG, []]]]], [], Eq(0, 0)), 40,
    ),
    "no such rule: ": (lambda: Proof(Statement(PLAIN, [], Eq(x, x))).rule(LONG), 40),
    "no such hypothesis: ": (lambda: Proof(Statement(PLAIN, [], Eq(x, x))).step(LONG), 40),
    "not a rational: ": (lambda: rational_text(LONG), 40),
    "no such node: ": (lambda: load({"nodes": [], "decls": [], "hyps": [], "claim": LONG}), 40),
    "no such node: [": (lambda: read([[LONG]]), 79),
    "no earlier node: ": (lambda: read([["Ln", LONG]]), 40),
    "an integer of moderate size is needed; got ": (
        lambda: outcome(Statement([["Int", "k"]], [], Eq(k, k)), {"ints": {"k": LONG}}), 40,
    ),
}  # fmt: skip


@pytest.mark.parametrize("opening", SHORTENED)
def test_a_message_shows_the_beginning_of_what_is_wrong(opening: str) -> None:
    run, length = SHORTENED[opening]
    with pytest.raises((Undecided, Malformed)) as why:
        run()
    found = str(why.value)
    assert opening in found and len(found.partition(opening)[2]) == length


# ------------------------------------------------------------------------------------- terms
def test_a_term_under_several_binders_is_closed_when_all_are_bound() -> None:
    inner = g(i, j) + g(j, k) + g(i, i)
    t = Sum(i, 0, n, Sum(j, 0, i, Sum(k, 0, i, inner)))
    free = [t.args[3], t.args[3].args[3], t.args[3].args[3].args[3]]
    assert t.loose == 0 and [a.loose for a in free] == [1, 2, 3]
    four = All(m, 0, 9, All(i, 0, m, All(j, 0, i, All(k, 0, i, Le(g(m, k), g(i, j))))))
    assert four.loose == 0 and opened(four.args[2], m) is All(i, 0, m, All(j, 0, i, All(k, 0, i, Le(g(m, k), g(i, j)))))


def test_size_and_depth_are_counted() -> None:
    assert (x.size, x.depth) == (1, 1)
    assert ((x + y).size, (x + y).depth) == (3, 2)
    assert (Ln(x + y * x).size, Ln(x + y * x).depth) == (6, 4)


def test_numbers_and_names_in_messages_are_short() -> None:
    with pytest.raises(Malformed) as why:
        mk("Num", Fraction(2**20_000))
    assert "a long number" in str(why.value) and len(str(why.value)) < 300
    with pytest.raises(Malformed) as why:
        mk("Sym", "a" * 1_000, "Int")
    assert len(str(why.value)) < 400
