"""Every rule has a true use that the judge accepts and a mutant of its own that it refuses, with the expected sentence."""

from __future__ import annotations

import pytest

from proofs.kernel.poly import Undecided
from proofs.kernel.rules import RULES, Thm
from proofs.kernel.statement import Statement
from proofs.kernel.terms import Malformed, Term, abstract, free_paths, mk, replaced
from proofs.kernel.value import outcome
from proofs.tactics.proof import Step
from tests.kernel.attacks.base import instances, m, u, v, x
from tests.kernel.rule_examples import EXAMPLES, LEMMA, Example

TRUE = [e for e in EXAMPLES if e.gives is not None]
FALSE = [e for e in EXAMPLES if e.gives is None]


def name(e: Example) -> str:
    return e.rule


def test_every_rule_has_a_true_and_a_false_use() -> None:
    wanted = {*RULES, "given", "cite"}
    assert {e.rule for e in TRUE} == {e.rule for e in FALSE} == wanted
    assert all(RULES[r].__doc__ for r in RULES), "a rule says what it does"


@pytest.mark.parametrize("e", TRUE, ids=name)
def test_true_use_gives_the_theorem(e: Example) -> None:
    pf, step = e.run()
    assert e.rule in [s[0] for s in pf.steps]
    assert step.prop is e.gives


@pytest.mark.parametrize("e", TRUE, ids=name)
def test_theorem_of_a_true_use_holds_on_every_instance(e: Example) -> None:
    """Its hypotheses and its proposition as a statement, the proof's own variables replaced by declared ones."""
    _, step = e.run()
    step = surely(step)
    hyps = sorted(step.thm.hyps, key=lambda h: h.key)
    statement = Statement(e.decls, [(f"h{n}", declared(h)) for n, h in enumerate(hyps)], declared(step.prop))
    found = [value(statement, data) for data in instances(e.decls)]
    assert "false" not in found and "true" in found


@pytest.mark.parametrize("e", FALSE, ids=name)
def test_false_use_is_refused_with_its_reason(e: Example) -> None:
    with pytest.raises((Undecided, Malformed)) as why:
        e.run()
    assert e.says and e.says in str(why.value)


def test_the_lemma_that_is_cited_is_true() -> None:
    assert "false" not in [value(LEMMA, data) for data in instances(LEMMA.raw)]


def surely(step: Step) -> Step:
    """A theorem about free paths, said of every path."""
    prop = step.prop
    for w in sorted(free_paths(prop), key=lambda w: w.key):
        prop = mk("Surely", w.args[0], abstract(prop, w))
    return Step(step.n, Thm(step.thm.hyps, prop))


def declared(p: Term) -> Term:
    return replaced(p, {v: m, u: x})


def value(statement: Statement, data: object) -> str:
    try:
        return outcome(statement, data)[0]
    except (Undecided, Malformed):
        return "no value"
