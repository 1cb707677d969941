"""What a statement is worth on an instance: true, false, undefined, not admissible, or no value at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proofs.kernel.poly import Undecided
from proofs.kernel.statement import Statement
from proofs.kernel.terms import Malformed, Term, mk, num
from proofs.kernel.value import outcome
from proofs.language import All, Clip, D, Eq, Exp, Ge, Gt, Implies, Le, Ln, Lt, Max, Min, Ne, Sum, Var
from tests.kernel.attacks.base import CHAIN, PLAIN, T, f, g, h, i, k, m, mean, n, s, x, y

NUMBERS: dict[str, Any] = {
    "ints": {"N": 2, "n": 3, "m": -1, "k": 2},
    "reals": {"x": "0", "y": "3"},
    "tables": {"f": ["1", "-2", "4"], "g": [["1", "2"], ["3", "4"]]},
}
STATES: dict[str, Any] = {
    "ints": {"S": 2, "T": 1, "m": -1, "k": 2},
    "reals": {"x": "0", "y": "3"},
    "tables": {"h": ["1", "3"], "g": [["0", "1"], ["2", "3"]], "p0": ["1/4", "3/4"], "P": [["1/2", "1/2"], ["1", "0"]]},
}


@dataclass(frozen=True)
class Worth:
    """A claim (and hypotheses) on an instance: its outcome, or what the refusal to give one must say."""

    name: str
    claim: Term
    outcome: str
    hyps: tuple[Term, ...] = ()
    decls: tuple[Any, ...] = tuple(PLAIN)
    data: Any = None
    says: str = ""

    def found(self) -> tuple[str, str]:
        data = self.data or (NUMBERS if self.decls == tuple(PLAIN) else STATES)
        statement = Statement(list(self.decls), [(f"h{a}", b) for a, b in enumerate(self.hyps)], self.claim)
        try:
            return outcome(statement, data)
        except (Undecided, Malformed) as why:
            return "no value", str(why)

    def as_it_should(self) -> bool:
        kind, why = self.found()
        return kind == self.outcome and self.says in why


def state(name: str, claim: Term, outcome: str, says: str = "", **more: Any) -> Worth:
    return Worth(name, claim, outcome, decls=tuple(CHAIN), says=says, **more)


u, v = mk("Sym", "_u", "Real"), mk("Sym", "_v", "Real")
MEAN = num("5/2")  # E h(s0) = 1/4 + 9/4
EXAMPLES = [
    Worth("sum", Eq(Sum(i, 0, n, f(i)), 3), "true"),
    Worth("empty-sum", Eq(Sum(i, n, 1, f(i)), 0), "true"),
    Worth("guarded-sum", Eq(Sum(i, 0, n, f(i), where=Gt(f(i), 0)), 5), "true"),
    Worth("guard-saves-a-quotient", Eq(Sum(i, 0, n, 1 / (f(i) - 1), where=Gt(f(i), 1)), num("1/3")), "true"),
    Worth("strict", Lt(x, 0), "false"),
    Worth("weak", Le(x, 0), "true"),
    Worth("unequal", Ne(x, 0), "false"),
    Worth("for-all", All(i, 0, n, Ge(f(i), -1)), "false"),
    Worth("for-all-of-nothing", All(i, 3, n, Eq(f(i), 99)), "true"),
    Worth("implication-saves-a-quotient", Implies(Ne(x, 0), Eq(1 / x, 1)), "true"),
    Worth("minimum", Eq(Min(x, y), x), "true"),
    Worth("clip-below", Eq(Clip(x, 1, 2), 1), "true"),
    Worth("clip-above", Eq(Clip(y, 1, 2), 2), "true"),
    Worth("logarithms", Lt(Ln(num(8)), 3 * Ln(num(3))), "true"),
    Worth("logarithms-equal", Eq(Ln(num(8)), 3 * Ln(num(2))), "true"),
    Worth("zero-to-the-zero", Eq(x ** (n - 3), 1), "true"),
    Worth("division-by-zero", Eq(1 / x, 1 / x), "undefined", says="division by zero"),
    Worth("negative-exponent", Eq(y**m, y**m), "undefined", says="negative exponent"),
    Worth("logarithm-of-zero", Eq(Ln(x), Ln(x)), "undefined", says="logarithm of a number that is not positive"),
    Worth(
        "logarithm-of-a-negative", Eq(Ln(-y), Ln(-y)), "undefined", says="logarithm of a number that is not positive"
    ),
    Worth("clip-to-nothing", Eq(Clip(x, 2, 1), x), "undefined", says="clip to an empty interval"),
    Worth("undefined-hypothesis", Eq(x, 0), "not admissible", (Gt(1 / x, 0),), says="h0"),
    Worth("false-hypothesis", Eq(x, 0), "not admissible", (Gt(x, 0),), says="h0"),
    Worth("logarithm-of-a-logarithm", Gt(Ln(Ln(num(3))), 0), "true"),
    Worth("logarithm-of-a-logarithm-is-not-zero", Eq(Ln(Ln(num(3))), 0), "false"),
    Worth("table-too-short", Eq(f(7), 0), "no value", says="does not reach so far"),
    Worth("table-at-minus-one", Eq(f(m), 0), "no value", says="does not reach so far"),
    Worth(
        "table-too-flat",
        Eq(g(0, 0), 0),
        "no value",
        data={**NUMBERS, "tables": {"g": ["1"]}},
        says="does not reach so far",
    ),
    Worth(
        "table-too-deep", Eq(g(0, 0), 0), "no value", data={**NUMBERS, "tables": {"g": [[["1"]]]}}, says="another shape"
    ),
    Worth("no-table", Eq(f(0), 0), "no value", data={**NUMBERS, "tables": {}}, says="no table for f"),
    Worth("no-integer", Eq(x, 0), "no value", data={**NUMBERS, "ints": {"N": 1}}, says="no value for n"),
    Worth("no-real", Eq(n, 0), "no value", data={**NUMBERS, "reals": {}}, says="no value for x"),
    Worth("slope", Eq(D(v**3, v, 2), 12), "true"),
    Worth("slope-at-a-kink", Eq(D(Max(v, -v), v, 0), 0), "undefined", says="a kink or a jump"),
    Worth("slope-where-pieces-touch", Eq(D(Max(v * v, 0), v, 0), 0), "no value", says="two pieces touch"),
    Worth("slope-of-a-slope", Eq(D(D(u * v, u, 0), v, 0), 0), "no value", says="a derivative within a derivative"),
    Worth("huge-power-of-e", Gt(Exp(num(1_001)), 0), "no value", says="an exponent is larger than allowed"),
    state("mean", Eq(mean(h(s(0))), MEAN), "true"),
    state("mean-of-the-next", Eq(mean(h(s(1))), num("1/8") + num("3/8") + num("3/4")), "true"),
    state("variance", Eq(Var(h(s(0))), num("3/4")), "true"),
    state("conditional-mean", Eq(mean(mean(h(s(1)), 0, 1) * h(s(0))), num("11/4")), "true"),
    state("mean-saves-a-quotient", Eq(mean(1 / (h(s(0)) - 1)), 1), "undefined", "division by zero"),
    state("support-saves-a-quotient", Eq(mean(1 / h(s(1))), 1), "false"),
    state("early-draw", Eq(mean(h(s(m))), 0), "undefined", "no such draw"),
    state("late-draw", Eq(mean(h(s(T + 1))), 0), "undefined", "no such draw"),
    state("late-level", Eq(mean(mean(h(s(0)), T + 1)), 0), "undefined", "a level outside the time"),
    state("early-level", Eq(mean(mean(h(s(0)), m)), 0), "undefined", "a level outside the time"),
    state("late-level-of-a-constant", Eq(mean(mean(num(1), k, 0)), 1), "undefined", "a level outside the time"),
]
