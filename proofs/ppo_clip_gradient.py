"""The gradient of PPO's clipped objective for softmax policies: its derivative along any direction of the logits."""

from __future__ import annotations

from typing import Any

from proofs.claims import Hypothesis, Instance, Topic
from proofs.kernel.terms import Term, num
from proofs.language import (
    And,
    Clip,
    D,
    Eq,
    Ge,
    Gt,
    Ind,
    Le,
    Ln,
    Lt,
    Min,
    Ne,
    Vocabulary,
    local_index,
    local_real,
)
from proofs.ppo_clip import problem_set
from proofs.ppo_clip_slope import apart, each, prove_parts, where, zone_words
from proofs.theory.softmax import divided, softmax
from proofs.theory.softmax import positive as partition

TOPIC = Topic("ppo_clip_gradient", "The gradient of PPO's clipped objective")

POLICIES = Vocabulary()
k, b = POLICIES.size("k"), POLICIES.integer("b")
z, w, v = (POLICIES.function(name) for name in "zwv")
gain, margin = POLICIES.real("A"), POLICIES.real("epsilon")
j, step = local_index("j"), local_real("t")


def now(t: Any) -> Any:
    """The present logits, t along the direction v."""
    return lambda a: z(a) + t * v(a)


pi = POLICIES.define("pi", softmax(k, now(step), j), j, step)
old = POLICIES.define("old", softmax(k, w, j), j)
ratio = POLICIES.define("r", pi(b, step) / old(b), step)
SHOWN = {
    "epsilon": r"\varepsilon",
    "old": r"\pi_w({0})",
    "pi": r"\pi_{{z + {1} v}}({0})",
    "r": "r({0})",
    "K": "K({0})",
    "C": "C({0})",
}


def along(f: Any) -> Term:
    """The derivative of f(step) along the direction v of the logits, at the present policy."""
    return D(f(step), step, 0)


clipped = POLICIES.define("K", Clip(ratio(step), 1 - margin, 1 + margin) * gain, step)
objective = POLICIES.define("C", Min(ratio(step) * gain, clipped(step)), step)


def policies(
    now: str, before: str, advantage: str = "1", *, action: int = 1, towards: str = "0 1", epsilon: str = "1/5"
) -> Instance:
    """Logits of the present and of the old policy, and the direction in which the present ones move."""
    tables = {"z": now.split(), "w": before.split(), "v": towards.split()}
    return {
        "ints": {"k": len(tables["z"]), "b": action},
        "reals": {"A": advantage, "epsilon": epsilon},
        "tables": tables,
    }


def two_actions(odds: str, advantage: str, **more: Any) -> Instance:
    """From equal probabilities to these odds of action 1; its ratio is 2 odds / (1 + odds)."""
    return policies(f"0 ln({odds})", "0 0", advantage, **more)


GENERIC = policies("0 ln(2) ln(3/2)", "ln(3) 0 ln(5/2)", "7/3", action=2, towards="1/2 -2 3")  # ratio 13/15
SHEET = policies("0 3/10", "0 0")
ODDS = {"far-below": "1/3", "on-the-lower-kink": "2/3", "inside": "11/10", "on-the-upper-kink": "3/2", "far-above": "3"}
SIGNS = {"good": "1", "bad": "-1"}
RATIOS = {f"{zone}-{sign}": two_actions(odds, A) for zone, odds in ODDS.items() for sign, A in SIGNS.items()}


def totals(pf: Any) -> list[Any]:
    """The two sums of exponentials are positive; they are denominators."""
    return divided(pf, now(0), w)


PLAIN_SLOPE, score = along(lambda t: ratio(t) * gain), along(lambda t: Ln(pi(b, t)))
unclipped = TOPIC.claim(
    "cs4789-1a.1",
    "The gradient of the unclipped term is A r times the gradient of log pi",
    kind="identity",
    source=problem_set("1a"),
    vocabulary=POLICIES,
    notation=SHOWN,
    uses=[partition],
    says=Eq(PLAIN_SLOPE, gain * ratio(0) * score),
    witness=GENERIC,
    instances={"catalogue": SHEET, "no-direction": policies("0 3/10", "0 0", towards="0 0")},
)


@unclipped.proof
def log_slope(pf: Any, claim: Term) -> None:
    known, (start, end) = totals(pf), claim.args
    (
        pf.chain(start)
        .eq(gain * along(lambda t: pi(b, t)) / old(b), "A and the old policy are constants", by=known)
        .eq(end, "the derivative of pi is pi times that of log pi", by=known)
        .done()
    )


old_score = along(lambda t: Ln(softmax(k, lambda a: w(a) + t * v(a), b)))
unclipped.mutant("no-ratio", Eq(PLAIN_SLOPE, gain * score), title="without r")
unclipped.mutant("no-advantage", Eq(PLAIN_SLOPE, ratio(0) * score), title="without A")
unclipped.mutant(
    "old-score",
    Eq(PLAIN_SLOPE, gain * ratio(0) * old_score),
    title="the gradient of log pi at the old policy",
)
unclipped.mutant(
    "slope-of-pi", Eq(PLAIN_SLOPE, gain * ratio(0) * along(lambda t: pi(b, t))), title="the gradient of pi"
)
unclipped.control(
    "ratio-moves",
    Eq(gain * along(ratio), gain * ratio(0) * score),
    derive=lambda pf, claim: pf.prove(claim, totals(pf)),
    title="A taken out",
)

# ------------------------------------------------------------------------------------- the clipped terms
HERE = ratio(0)
GAINED, LOST = Gt(gain, 0), Lt(gain, 0)
RARER, COMMONER = Lt(HERE, 1 - margin), Gt(HERE, 1 + margin)
SIMILAR = [Gt(HERE, 1 - margin), Lt(HERE, 1 + margin)]
WORDS = zone_words(gain, HERE, margin)


def inside(at: Instance) -> Hypothesis:
    """The interval is more than a point; with a negative margin there is none, and the clip is undefined at this instance."""
    turned = {**at, "reals": {**at["reals"], "epsilon": "-1/5"}}
    return Hypothesis("width", Gt(margin, 0), "the clip interval has an inside", turned)


has_inside = inside(two_actions("3", "1"))


def flat(value: Any, slope: Any = 0) -> Term:
    """The clipped term has this value, and this slope."""
    return And(Eq(clipped(0), value), Eq(along(clipped), slope))


constant = TOPIC.claim(
    "cs4789-1a.2",
    "The clipped terms (1 - e) A and (1 + e) A have no gradient",
    kind="identity",
    source=problem_set("1a"),
    vocabulary=POLICIES,
    notation=SHOWN,
    uses=[partition],
    given=[has_inside],
    says=And(where(RARER)(flat((1 - margin) * gain)), where(COMMONER)(flat((1 + margin) * gain))),
    witness=policies("0 ln(2) ln(3/2)", "ln(3) 0 ln(5/2)", "7/3", action=1, towards="1/2 -2 3"),
    instances={**RATIOS, "generic": GENERIC},
)


@constant.proof
def by_zone(pf: Any, claim: Term) -> None:
    """Each zone by itself, once the denominators are known to be positive."""
    prove_parts(pf, claim, ["width", *totals(pf)], WORDS)


constant.mutant(
    "slope-A",
    And(where(RARER)(Eq(along(clipped), -gain)), where(COMMONER)(Eq(along(clipped), gain))),
    at=two_actions("3", "1"),
    title="the gradient A above, -A below",
)
constant.mutant(
    "kinks-included",
    And(where(Le(HERE, 1 - margin))(Eq(along(clipped), 0)), where(Ge(HERE, 1 + margin))(Eq(along(clipped), 0))),
    at=two_actions("3/2", "1"),
    title="a gradient on the kinks",
)
constant.mutant("everywhere", Eq(along(clipped), 0), at=two_actions("11/10", "1"), title="also inside the interval")
constant.control(
    "neither-side",
    And(where(COMMONER)(Eq(0, along(clipped))), where(RARER)(Eq(0, along(clipped)))),
    title="sides and zones exchanged",
)

# ------------------------------------------------------------------------------------- the objective
ACTIVE, MOVES = along(objective), Ne(along(ratio), 0)
exactly = TOPIC.claim(
    "cs4789-1b.1",
    "The gradient vanishes for a good action above the interval and a bad one below it, and nowhere else",
    kind="iff",
    source=problem_set("1b"),
    vocabulary=POLICIES,
    notation=SHOWN,
    uses=[partition],
    given=[has_inside],
    says=each(
        where(GAINED, COMMONER)(Eq(ACTIVE, 0)),
        where(LOST, RARER)(Eq(ACTIVE, 0)),
        where(MOVES, GAINED, RARER)(Ne(ACTIVE, 0)),
        where(MOVES, LOST, COMMONER)(Ne(ACTIVE, 0)),
        where(MOVES, GAINED, *SIMILAR)(Ne(ACTIVE, 0)),
        where(MOVES, LOST, *SIMILAR)(Ne(ACTIVE, 0)),
    ),
    witness=GENERIC,
    instances={**RATIOS, "no-move": two_actions("1/3", "1", towards="0 0")},
    about="Off the kinks, along any direction of the logits in which the ratio moves at all.",
)


@exactly.proof
def by_zone_and_sign(pf: Any, claim: Term) -> None:
    sums = totals(pf)
    never = [never_zero(pf, size, sign, sums) for size, sign in ((gain, GAINED), (-gain, LOST))]
    prove_parts(pf, claim, ["width", *sums, *apart(pf, gain, HERE, margin, sums), *never], WORDS)


def never_zero(pf: Any, size: Term, sign: Term, known: list[Any]) -> Any:
    """A r' is not 0 where A has this sign and r' is not 0: then r' is positive or negative."""
    slope, goal, anything = along(ratio), Ne(gain * along(ratio), 0), local_real("x")

    def product(c: Term, h: Term) -> Any:
        made = pf.rule("scale", [pf.prove(Lt(0, c), known, [h]), pf.prove(Lt(0, size), under=[sign])])
        return pf.prove(goal, [*known, made])

    def nowhere(*zero: Term) -> Any:
        mark = Ind(Eq(slope, 0))
        no, yes = pf.prove(Eq(mark, 0), [*known, MOVES]), pf.prove(Eq(mark, 1), known, zero)
        absurd = pf.prove(Eq(num(0), 1), [*known, no, yes])
        return pf.put(pf.prove(Ne(anything, 0), [absurd]), anything, goal.args[0])

    def not_above(h: Term) -> Any:
        return pf.cases(0, slope, lambda low: nowhere(h, low), lambda low: product(-slope, low))

    return pf.cases(slope, 0, not_above, lambda h: product(slope, h))


exactly.mutant(
    "rare-good-actions-too",
    where(GAINED, RARER)(Eq(ACTIVE, 0)),
    at=two_actions("1/3", "1"),
    title="0 for a good action below the interval, too",
)
exactly.mutant(
    "outside-the-interval",
    And(where(RARER)(Eq(ACTIVE, 0)), where(COMMONER)(Eq(ACTIVE, 0))),
    at=two_actions("3", "-1"),
    title="0 wherever the ratio lies outside, for both signs",
)
exactly.mutant(
    "likeliest-only",
    where(MOVES, GAINED, COMMONER, Lt(pi(b, 0), num(1) / 2))(Ne(ACTIVE, 0)),
    at=policies("ln(2) 0", "ln(5) 0"),
    title="only the likeliest action is constrained",
    seen_in="assignment 5, question 7",
)
exactly.mutant(
    "whatever-the-direction",
    where(GAINED, RARER)(Ne(ACTIVE, 0)),
    at=two_actions("1/3", "1", towards="0 0"),
    title="not 0 even in a direction in which the ratio stays",
)
exactly.control(
    "zones-exchanged",
    each(
        where(RARER, LOST)(Eq(0, ACTIVE)),
        where(COMMONER, GAINED)(Eq(0, ACTIVE)),
        where(RARER, GAINED, MOVES)(Ne(0, ACTIVE)),
        where(COMMONER, LOST, MOVES)(Ne(0, ACTIVE)),
    ),
    title="sides and conditions exchanged",
)

# ------------------------------------------------------------------------------------- without the minimum
PUSH = ACTIVE * along(ratio)
ALONE, PLAIN = Eq(along(clipped), 0), Eq(ACTIVE, gain * HERE * score)


def one_zone(id: str, title: str, sign: Hypothesis, zone: Term, end: Term, push: Term, at: Any) -> Any:
    """In this zone the clipped term alone is constant, and the minimum is the plain term; push: where it moves the ratio."""
    values = And(Eq(clipped(0), end * gain), Eq(objective(0), HERE * gain))
    claim = TOPIC.claim(
        id,
        title,
        kind="identity",
        source=problem_set("1c"),
        vocabulary=POLICIES,
        notation=SHOWN,
        uses=[partition],
        given=[inside(at), sign],
        says=where(zone)(each(values, ALONE, PLAIN, push)),
        witness=at,
        instances={name: x for name, x in RATIOS.items() if (name.endswith("good")) == (sign.name == "good")},
        about="Last: the slope of the objective times that of the ratio, which tells whether ascent raises the ratio.",
    )
    claim.proof(compared(sign.name, gain if sign is good else -gain))
    claim.mutant("alone-has-the-same", where(zone)(Eq(along(clipped), ACTIVE)), title="the same gradient in both")
    claim.mutant(
        "min-is-the-end", where(zone)(Eq(objective(0), end * gain)), title="the minimum is the end of the interval"
    )
    claim.mutant("other-push", where(zone)(Le(*push.args[::-1])), title="ascent moves the ratio the other way")
    claim.control(
        "gradients-alone", where(zone)(And(PLAIN, Eq(0, along(clipped)))), title="the two gradients, exchanged"
    )
    return claim


def compared(sign: str, size: Term) -> Any:
    """The push is A times a square."""

    def derive(pf: Any, claim: Term) -> None:
        sums = totals(pf)
        push = pf.scale(pf.square(along(ratio)), size, by=[sign])
        prove_parts(pf, claim, ["width", sign, *sums, *apart(pf, gain, HERE, margin, sums), push], WORDS)

    return derive


good = Hypothesis("good", GAINED, "the advantage is positive", two_actions("1/3", "-1"))
bad = Hypothesis("bad", LOST, "the advantage is negative", two_actions("3", "1"))
rare_and_good = one_zone(
    "cs4789-1c.1",
    "Without the minimum a good action that has become too rare gets no gradient",
    good,
    RARER,
    1 - margin,
    Le(0, PUSH),
    policies("0 ln(2) ln(3/2)", "ln(3) 0 ln(5)", "7/3", action=2, towards="1/2 -2 3"),
)
common_and_bad = one_zone(
    "cs4789-1c.2",
    "Without the minimum a bad action that has become too common gets no gradient",
    bad,
    COMMONER,
    1 + margin,
    Le(PUSH, 0),
    policies("0 ln(2) ln(3/2)", "ln(3) 0 ln(5)", "-7/3", action=1, towards="1/2 -2 3"),
)
