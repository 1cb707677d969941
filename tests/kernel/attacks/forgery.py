"""Real certificates, altered; real statements with instances that refute nothing.  None may keep its verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from proofs.gae import hw11d
from proofs.kl import hw23c, hw23d
from proofs.ppo_clip import hw14a, hw14b
from proofs.writing import statement_data
from tests.kernel.bundles import Item, against, plain, proved

Bundle = dict[str, Any]


@dataclass(frozen=True)
class Forgery:
    """A bundle whose item `at` must not have this verdict; its reason must hold `says`."""

    name: str
    why: str
    bundle: Callable[[], Bundle]
    says: str
    at: int = -1
    verdict: str = "proved"


def forged(
    name: str, why: str, edit: Callable[[Item], Any], says: str, topic: str = "ppo_clip", at: int = 0
) -> Forgery:
    """A real item after an edit."""

    def bundle() -> Bundle:
        b = proved(topic)
        edit(b["items"][at])
        return b

    return Forgery(name, why, bundle, says, at)


def steps(it: Item) -> list[Any]:
    return it["certificate"]["steps"]


def node(it: Item, op: str, new: list[Any]) -> None:
    """The first node of this kind of the statement replaced."""
    nodes = it["statement"]["nodes"]
    nodes[next(n for n, x in enumerate(nodes) if x[0] == op)] = new


def statement_of(claim: Any) -> Any:
    return plain(statement_data(claim.statement))


def turned(topic: str) -> Bundle:
    b = proved(topic)
    return {"items": b["items"][::-1]}


def refuting(name: str, why: str, claim: Any, instance: Any, says: str) -> Forgery:
    return Forgery(name, why, lambda: {"items": [against("x", claim.statement, instance)]}, says, verdict="refuted")


W14, W23, W11 = hw14a.witness, hw23c.witness, hw11d.witness
GAE = "gae"
ATTACKS = [
    # ---- steps
    forged("truncated", "the last step is missing", lambda t: steps(t).pop(), "the proof rests on what is not"),
    forged("empty", "no steps", lambda t: steps(t).clear(), "between 1 and"),
    forged("reordered", "a premise is an earlier step", lambda t: steps(t).reverse(), "numbers of earlier steps"),
    forged(
        "last-two-swapped",
        "a premise is an earlier step",
        lambda t: steps(t).insert(-1, steps(t).pop()),
        "numbers of earlier steps",
    ),
    forged("unknown-rule", "there is no such rule", lambda t: steps(t)[-1].__setitem__(0, "trust_me"), "no such rule"),
    forged(
        "python-name-as-rule",
        "there is no such rule",
        lambda t: steps(t)[-1].__setitem__(0, "__class__"),
        "no such rule",
    ),
    forged("rule-is-a-list", "a rule is a name", lambda t: steps(t)[-1].__setitem__(0, ["prove"]), "a rule's name"),
    forged(
        "premise-is-itself",
        "a premise is an earlier step",
        lambda t: steps(t)[-1].__setitem__(1, [len(steps(t)) - 1]),
        "numbers of earlier steps",
    ),
    forged(
        "premise-negative",
        "steps are counted from 0",
        lambda t: steps(t)[-1].__setitem__(1, [-1, -2]),
        "numbers of earlier steps",
    ),
    forged(
        "premise-true",
        "True is no number",
        lambda t: steps(t)[-1].__setitem__(1, [True, False]),
        "numbers of earlier steps",
    ),
    forged(
        "premise-float",
        "1.0 is no number",
        lambda t: steps(t)[-1].__setitem__(1, [1.0, 2.0]),
        "numbers of earlier steps",
    ),
    forged(
        "premise-far", "there is no step 999", lambda t: steps(t)[-1].__setitem__(1, [999]), "numbers of earlier steps"
    ),
    forged("premise-missing", "the premises are needed", lambda t: steps(t)[-1].__setitem__(1, []), "takes 2 premises"),
    forged(
        "premises-exchanged",
        "the premises have an order",
        lambda t: steps(t)[-1][1].reverse(),
        "the proof rests on what is not",
    ),
    forged("steps-as-text", "steps are a list", lambda t: t["certificate"].update(steps="prove"), "between 1 and"),
    forged("step-as-text", "a step is a list", lambda t: steps(t).__setitem__(0, "prove"), "not a step"),
    forged("step-of-two", "a step has three parts", lambda t: steps(t).__setitem__(0, ["prove", []]), "not a step"),
    forged(
        "arguments-as-object", "arguments are a list", lambda t: steps(t)[-1].__setitem__(2, {"t": 0}), "not a step"
    ),
    forged("argument-float", "no float decides", lambda t: steps(t)[-1][2].__setitem__(0, 0.5), "not an argument"),
    forged("argument-true", "True is no number", lambda t: steps(t)[-1][2].__setitem__(0, True), "not an argument"),
    forged(
        "argument-null", "nothing is no argument", lambda t: steps(t)[-1][2].__setitem__(0, None), "not an argument"
    ),
    forged(
        "argument-node-far",
        "there is no such node",
        lambda t: steps(t)[-1][2].__setitem__(0, {"t": 9999}),
        "no such node",
    ),
    forged(
        "argument-node-negative",
        "nodes are counted from 0",
        lambda t: steps(t)[-1][2].__setitem__(0, {"t": -1}),
        "no such node",
    ),
    forged(
        "argument-node-true", "True is no number", lambda t: steps(t)[-1][2].__setitem__(0, {"t": True}), "no such node"
    ),
    forged(
        "argument-with-more",
        "an argument is a node",
        lambda t: steps(t)[-1][2].__setitem__(0, {"t": 0, "u": 1}),
        "no such node",
    ),
    forged(
        "argument-nested", "a list of lists", lambda t: steps(t)[-1][2].__setitem__(0, [[[0]]]), "nested too deeply"
    ),
    forged(
        "too-many-arguments", "a rule has its arguments", lambda t: steps(t)[-1][2].append(3), "the rule does not apply"
    ),
    forged(
        "too-few-arguments", "a rule has its arguments", lambda t: steps(t)[-1][2].clear(), "the rule does not apply"
    ),
    forged(
        "given-by-number",
        "a hypothesis has a name",
        lambda t: steps(t).__setitem__(0, ["given", [], [0]]),
        "no such hypothesis",
    ),
    forged(
        "given-nothing",
        "a hypothesis has a name",
        lambda t: steps(t).__setitem__(0, ["given", [], []]),
        "the rule does not apply",
    ),
    forged(
        "cite-nothing",
        "a citation has a hash",
        lambda t: steps(t).__setitem__(0, ["cite", [], []]),
        "the rule does not apply",
    ),
    forged(
        "cite-itself",
        "an item may cite earlier ones only",
        lambda t: steps(t).__setitem__(0, ["cite", [], [hw14a.statement.hash()]]),
        "not an earlier item",
    ),
    forged(
        "defined-by-later",
        "there is no step 999",
        lambda t: t["certificate"].update(defined=[999]),
        "no such step for definedness",
    ),
    forged(
        "defined-by-true",
        "True is no number",
        lambda t: t["certificate"].update(defined=[True]),
        "no such step for definedness",
    ),
    forged(
        "defined-by-text",
        "a list of numbers",
        lambda t: t["certificate"].update(defined="0"),
        "no such step for definedness",
    ),
    forged(
        "unknown-key",
        "a certificate has three parts",
        lambda t: t["certificate"].update(verdict="proved"),
        "not a certificate",
    ),
    forged(
        "counterexample-beside-steps",
        "one or the other",
        lambda t: t["certificate"].update(counterexample=W14),
        "not a certificate",
    ),
    forged(
        "certificate-as-list", "a certificate is an object", lambda t: t.update(certificate=[]), "not a certificate"
    ),
    forged(
        "certificate-without-nodes", "nodes are needed", lambda t: t["certificate"].pop("nodes"), "not a certificate"
    ),
    # ---- statements
    forged(
        "other-statement",
        "a proof of something else",
        lambda t: t.update(statement=statement_of(hw11d), witness=W11),
        "step 0",
    ),
    forged(
        "sister-statement",
        "the proof for positive advantages",
        lambda t: t.update(statement=statement_of(hw14b), witness=hw14b.witness),
        "not decided: 0 <= A",
    ),
    forged(
        "fewer-hypotheses",
        "a hypothesis is left out",
        lambda t: t["statement"].update(hyps=t["statement"]["hyps"][:1]),
        "no such hypothesis",
    ),
    forged(
        "renamed-hypothesis",
        "the name belongs to the other one",
        lambda t: t["statement"]["hyps"][0].__setitem__(0, "else"),
        "no such hypothesis",
    ),
    forged(
        "other-claim",
        "the claim is a hypothesis",
        lambda t: t["statement"].update(claim=t["statement"]["hyps"][0][1]),
        "the last step is not the claim",
    ),
    forged(
        "claim-is-a-number",
        "a claim is a proposition",
        lambda t: t["statement"].update(claim=0),
        "a proposition is expected",
    ),
    forged("float-number", "no float", lambda t: node(t, "Num", ["Num", 1.0]), "not a rational"),
    forged("expression-as-number", "no expression", lambda t: node(t, "Num", ["Num", "1/0"]), "not a rational"),
    forged("exponent-as-number", "no exponent", lambda t: node(t, "Num", ["Num", "1e3"]), "not a rational"),
    forged("number-as-integer", "a number is text", lambda t: node(t, "Num", ["Num", 1]), "not a rational"),
    forged(
        "forward-node",
        "a node refers to earlier ones",
        lambda t: t["statement"]["nodes"].__setitem__(0, ["Ln", 5]),
        "no earlier node",
    ),
    forged(
        "negative-node",
        "nodes are counted from 0",
        lambda t: t["statement"]["nodes"].__setitem__(-1, ["Ln", -1]),
        "no earlier node",
    ),
    forged(
        "own-node",
        "a node refers to earlier ones",
        lambda t: t["statement"]["nodes"].__setitem__(0, ["Ln", 0]),
        "no earlier node",
    ),
    forged(
        "true-node",
        "True is no number",
        lambda t: t["statement"]["nodes"].__setitem__(-1, ["Ln", True]),
        "no earlier node",
    ),
    forged(
        "unknown-node",
        "there is no cosine",
        lambda t: t["statement"]["nodes"].__setitem__(0, ["Cos", 0]),
        "no such node",
    ),
    forged("node-as-text", "a node is a list", lambda t: t["statement"]["nodes"].__setitem__(0, "Num"), "no such node"),
    forged(
        "node-without-kind", "a node has a kind", lambda t: t["statement"]["nodes"].__setitem__(0, []), "no such node"
    ),
    forged("nodes-as-text", "nodes are a list", lambda t: t["statement"].update(nodes="Num"), "nodes are a list"),
    forged(
        "private-name",
        "a name with # is the judge's",
        lambda t: t["statement"]["decls"].append(["Real", "#1"]),
        "begins with a letter",
    ),
    forged(
        "private-node",
        "a name with # is the judge's",
        lambda t: t["statement"]["nodes"].__setitem__(0, ["Sym", "#1", "Real"]),
        "not a name",
    ),
    forged(
        "private-node-in-the-proof",
        "a name with # is the judge's",
        lambda t: t["certificate"]["nodes"].__setitem__(0, ["Sym", "#000000001", "Real"]),
        "not a name",
    ),
    forged("declared-twice", "A is declared", lambda t: t["statement"]["decls"].append(["Int", "A"]), "declared twice"),
    forged("undeclared", "a declaration is missing", lambda t: t["statement"]["decls"].pop(), "not declared so"),
    forged(
        "unknown-declaration",
        "there is no such declaration",
        lambda t: t["statement"]["decls"].append(["Axiom", "A"]),
        "not a list of declarations",
    ),
    forged(
        "declaration-that-is-a-method",
        "names of Python are none of declarations",
        lambda t: t["statement"]["decls"].append(["_init__", "A"]),
        "not a list of declarations",
    ),
    forged(
        "declaration-with-more",
        "a declaration has its parts",
        lambda t: t["statement"]["decls"].append(["Real", "z", 1]),
        "not a list of declarations",
    ),
    forged(
        "declarations-as-text",
        "declarations are a list",
        lambda t: t["statement"].update(decls="Real"),
        "not a list of declarations",
    ),
    forged(
        "declaration-nested",
        "nested too deeply",
        lambda t: t["statement"]["decls"].append(["Def", "z", [[[[[[[[[[]]]]]]]]]], 0]),
        "nested too deeply",
    ),
    forged(
        "declaration-float",
        "no float",
        lambda t: t["statement"]["decls"].append(["Size", "z", 1.5]),
        "not a declaration",
    ),
    forged(
        "hypothesis-name-with-a-break",
        "a name is a word",
        lambda t: t["statement"]["hyps"][0].__setitem__(0, "a\nb"),
        "a name and a proposition",
    ),
    forged(
        "two-hypotheses-one-name",
        "names differ",
        lambda t: t["statement"]["hyps"].append(t["statement"]["hyps"][0]),
        "two hypotheses have one name",
    ),
    forged(
        "statement-with-more",
        "a statement has four parts",
        lambda t: t["statement"].update(axioms=[]),
        "not a statement",
    ),
    forged("statement-as-list", "a statement is an object", lambda t: t.update(statement=[]), "not a statement"),
    forged(
        "declaration-node-far",
        "there is no such node",
        lambda t: t["statement"]["decls"].append(["Def", "z", [], {"t": 9999}]),
        "no such node",
    ),
    forged(
        "declaration-node-true",
        "True is no number",
        lambda t: t["statement"]["decls"].append(["Def", "z", [], {"t": True}]),
        "no such node",
    ),
    forged(
        "declaration-with-a-key",
        "a term is a node",
        lambda t: t["statement"]["decls"].append(["Def", "z", [], {"u": 0}]),
        "not a term",
    ),
    forged("claim-far", "there is no such node", lambda t: t["statement"].update(claim=9999), "no such node"),
    forged(
        "hypotheses-as-object",
        "hypotheses are a list",
        lambda t: t["statement"].update(hyps={"a": 0}),
        "not a list of hypotheses",
    ),
    forged(
        "size-as-a-number",
        "a size is a term",
        lambda t: t["statement"]["decls"].append(["Kernel", "z", [], 3]),
        "a size is a term",
    ),
    forged(
        "sizes-as-text",
        "sizes are a list",
        lambda t: t["statement"]["decls"].append(["Kernel", "z", "ab", {"t": 0}]),
        "arguments are a list",
    ),
    forged(
        "definition-without-a-body",
        "a body is a term",
        lambda t: t["statement"]["decls"].append(["Def", "z", [], 3]),
        "has sorts and a body",
    ),
    forged(
        "definition-with-sorts-as-text",
        "sorts are a list",
        lambda t: t["statement"]["decls"].append(["Def", "z", "Int", {"t": 0}]),
        "has sorts and a body",
    ),
    forged(
        "rational-with-two-bars", "1/2/3 is no rational", lambda t: node(t, "Num", ["Num", "1/2/3"]), "not a rational"
    ),
    forged("rational-with-two-signs", "--1 is no rational", lambda t: node(t, "Num", ["Num", "--1"]), "not a rational"),
    forged("rational-without-a-number", "/ is no rational", lambda t: node(t, "Num", ["Num", "1/"]), "not a rational"),
    # ---- items, witnesses
    forged("item-with-more", "an item has four parts", lambda t: t.update(verdict="proved"), "not an item"),
    forged("witness-missing", "no witness", lambda t: t.pop("witness"), "not an item"),
    forged("witness-null", "no witness", lambda t: t.update(witness=None), "an instance has ints, reals and tables"),
    forged("witness-empty", "no witness", lambda t: t.update(witness={}), "no value for"),
    forged(
        "witness-violates-a-hypothesis",
        "the advantage is negative",
        lambda t: t.update(witness={"reals": {**W14["reals"], "A": "-1"}}),
        "not admissible",
    ),
    forged(
        "witness-float", "no float", lambda t: t.update(witness={"reals": {**W14["reals"], "A": 0.5}}), "not a rational"
    ),
    forged(
        "witness-incomplete",
        "no value for A",
        lambda t: t.update(witness={"reals": {"l": "1", "epsilon": "1"}}),
        "no value for A",
    ),
    forged("id-as-number", "an id is text", lambda t: t.update(id=7), "an id is a short text"),
    forged("id-too-long", "an id is short", lambda t: t.update(id="a" * 10_000), "an id is a short text"),
    Forgery("not-an-item", "an item is an object", lambda: {"items": ["hw14a"]}, "not an item"),
    Forgery("item-as-list", "an item is an object", lambda: {"items": [[]]}, "not an item"),
    Forgery(
        "same-id-twice",
        "an id is one item's",
        lambda: {"items": [proved("ppo_clip")["items"][0]] * 2},
        "two items have one id",
    ),
    # ---- citations
    Forgery("cite-later", "the lemma comes after", lambda: turned(GAE), "not an earlier item", 0),
    Forgery(
        "cite-missing", "the lemma is not there", lambda: {"items": proved(GAE)["items"][1:]}, "not an earlier item"
    ),
    Forgery(
        "cite-undecided",
        "the lemma's own proof fails",
        lambda: broken_lemma(lambda t: steps(t).pop()),
        "not an earlier item",
    ),
    Forgery(
        "cite-refuted",
        "the lemma is refuted by a false instance",
        lambda: broken_lemma(lambda t: t.update(certificate={"counterexample": W11})),
        "not an earlier item",
    ),
    Forgery(
        "cite-without-its-witness",
        "the lemma has no witness",
        lambda: broken_lemma(lambda t: t.update(witness=None)),
        "not an earlier item",
    ),
    forged(
        "cite-unknown",
        "no item has this hash",
        lambda t: [s.__setitem__(2, ["0" * 64, *s[2][1:]]) for s in steps(t) if s[0] == "cite"],
        "not an earlier item",
        GAE,
        1,
    ),
    forged(
        "cite-by-id",
        "an item is cited by its hash",
        lambda t: [s.__setitem__(2, ["sum-telescope", *s[2][1:]]) for s in steps(t) if s[0] == "cite"],
        "not an earlier item",
        GAE,
        1,
    ),
    forged(
        "cite-by-number",
        "an item is cited by its hash",
        lambda t: [s.__setitem__(2, [0, *s[2][1:]]) for s in steps(t) if s[0] == "cite"],
        "not an earlier item",
        GAE,
        1,
    ),
    # ---- instances that refute nothing
    refuting("counterexample-true", "the claim is true there", hw23c, W23, "the instance is true"),
    refuting(
        "counterexample-not-a-pmf",
        "the mass is 3/2",
        hw23c,
        {**W23, "tables": {**W23["tables"], "p": ["1/2", "1/2", "1/2"]}},
        "not admissible",
    ),
    refuting(
        "counterexample-negative-mass",
        "a probability is negative",
        hw23c,
        {**W23, "tables": {**W23["tables"], "p": ["3/2", "-1/2", "0"]}},
        "not admissible",
    ),
    refuting(
        "counterexample-wrong-shape",
        "two outcomes, not three",
        hw23c,
        {**W23, "tables": {**W23["tables"], "p": ["1/2", "1/2"]}},
        "not admissible",
    ),
    refuting(
        "counterexample-no-table",
        "p has no table",
        hw23c,
        {**W23, "tables": {"q": W23["tables"]["q"]}},
        "not admissible",
    ),
    refuting(
        "counterexample-table-is-a-number",
        "a pmf is a list",
        hw23c,
        {**W23, "tables": {**W23["tables"], "p": "1"}},
        "not admissible",
    ),
    refuting(
        "counterexample-breaks-hypothesis",
        "p(1) = 0 < q(1)",
        hw23c,
        {"ints": {"n": 2}, "tables": {"p": ["1", "0"], "q": ["1/2", "1/2"]}},
        "not admissible",
    ),
    refuting(
        "counterexample-size-too-small",
        "a size is at least 1",
        hw23c,
        {"ints": {"n": 0}, "tables": {"p": [], "q": []}},
        "not admissible",
    ),
    refuting(
        "counterexample-hypothesis-undefined",
        "q(i)/p(i) stands in no hypothesis; p = 0 violates one",
        hw23d,
        {"ints": {"N": 1}, "tables": {"p": ["0"], "q": ["1"]}},
        "not admissible",
    ),
    refuting("counterexample-float", "no float", hw14a, {"reals": {"l": 0.1, "A": 1, "epsilon": 1}}, "not a rational"),
    refuting(
        "counterexample-true-for-one",
        "True is no number",
        hw14a,
        {"reals": {"l": True, "A": "1", "epsilon": "1"}},
        "not a rational",
    ),
    refuting("counterexample-incomplete", "no value for A", hw14a, {"reals": {"l": "1"}}, "no value for"),
    refuting(
        "counterexample-short-table",
        "V ends too soon: the table says nothing of the claim",
        hw11d,
        {**W11, "tables": {**W11["tables"], "V": ["1"]}},
        "does not reach so far",
    ),
    refuting(
        "counterexample-odd-table",
        "a table is rectangular",
        hw11d,
        {**W11, "tables": {**W11["tables"], "V": [["1"]] * 9}},
        "another shape",
    ),
    refuting(
        "counterexample-with-more",
        "an instance has three parts",
        hw14a,
        {**W14, "verdict": "false"},
        "ints, reals and tables",
    ),
    refuting("counterexample-as-list", "an instance is an object", hw14a, [], "ints, reals and tables"),
    refuting("counterexample-ints-as-list", "ints are an object", hw14a, {"ints": []}, "are objects"),
    refuting(
        "counterexample-of-a-crash",
        "a crash is no refutation",
        hw14a,
        {"reals": {"l": [], "A": {}, "epsilon": "1"}},
        "not a rational",
    ),
    refuting(
        "counterexample-huge", "k = 10^9 rewards", hw11d, {**W11, "ints": {"k": 10**9, "t": 0}}, "longer than allowed"
    ),
    refuting(
        "counterexample-beyond-huge",
        "an integer of moderate size",
        hw11d,
        {**W11, "ints": {"k": 10**30, "t": 0}},
        "moderate size",
    ),
]


def broken_lemma(edit: Callable[[Item], Any]) -> Bundle:
    b = proved(GAE)
    edit(b["items"][0])
    return b
