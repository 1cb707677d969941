"""A derivation as a person would write it: a chain, the reasons in a column, under each reason what it stands on."""

from __future__ import annotations

from collections.abc import Iterator

from proofs.claims import Claim
from proofs.kernel.forms import context
from proofs.kernel.poly import Undecided, add, back
from proofs.kernel.terms import Term
from proofs.runner.attempt import Attempt, Refusal
from proofs.runner.plain import WIDTH, beside, entries, formula, paragraph, room
from proofs.runner.readings import text
from proofs.tactics.proof import Line, Story

RELATIONS = {"Eq": "=", "Le": "≤", "Lt": "<", "Ne": "≠"}
REASONS = 62  # where the column of reasons begins
MOST_ASSUMED = 40  # characters of an assumption, such as the induction hypothesis, that is written out
MOST_SHOWN = 600  # characters of one side in normal form
SILENT = ("given", "cite", "assume")  # told as what they bring in, not as rules


def derivation(claim: Claim, proof: Attempt) -> list[str]:
    """Every chain, numbered where there are several; what is concluded from them; or the goal at which it stops."""
    many = len(proof.stories) > 1
    out: list[str] = []
    for n, story in enumerate(proof.stories, 1):
        number = f"({n})" if many else ""
        out += [*chain(claim, proof, story, number), ""]
    if proof.error is not None:
        return [*out, *goal(claim, proof)]
    return [*out, *conclusion(claim, proof, many)]


# ------------------------------------------------------------------------------------- chains
def chain(claim: Claim, proof: Attempt, story: Story, number: str = "") -> list[str]:
    title = story.title or ("the claim" if number else "")
    out = paragraph(f"{number} {title}:".strip(), "  ") if title else []
    out += formula(text(claim, story.start), "    ", "      ")
    for n, line in enumerate(story.lines):
        left = formula(f"{RELATIONS[line.relation]} {text(claim, line.term)}", "      ", "        ", _left(claim, line))
        right = [line.reason] if line.reason else []
        right = [
            w for words in [*right, because(claim, proof, story, n)] for w in paragraph(words, width=WIDTH - REASONS)
        ]
        out += beside(left, [r for r in right if r], REASONS)
    return out


def _left(claim: Claim, line: Line) -> int:
    """A formula that fits beside its reason in three lines stays there; a longer one has the whole width."""
    narrow = REASONS - 2
    return narrow if len(text(claim, line.term)) <= 3 * (narrow - 10) else WIDTH


def because(claim: Claim, proof: Attempt, story: Story, n: int) -> str:
    """`[prove; by bellman, (1)]`: the rules of one line, and what they rest on."""
    steps = sorted(behind(proof, story.lines[n].steps[-1]), key=lambda step: step[1])
    rules = list(dict.fromkeys(r for r, _ in steps if r not in SILENT and not r.startswith("(")))
    return f"[{'; '.join(filter(None, (', '.join(rules), _rests(claim, proof, steps))))}]"


def _rests(claim: Claim, proof: Attempt, steps: list[tuple[str, int]]) -> str:
    found = []
    for rule, n in steps:
        if rule == "given":
            found.append(str(proof.steps[n][2][0]))
        elif rule == "cite":
            found.append(cited(proof, n))
        elif rule == "assume":
            assumed = text(claim, proof.replay.done[n].prop)
            found.append(f"assuming {assumed}" if len(assumed) <= MOST_ASSUMED else "the assumption")
        elif rule.startswith("("):
            found.append(rule)
    return f"by {', '.join(dict.fromkeys(found))}" if found else ""


def cited(proof: Attempt, n: int) -> str:
    """The id of the claim that a step cites."""
    return {s.hash(): name for name, s in proof.named.items()}.get(proof.steps[n][2][0], "an earlier claim")


def behind(proof: Attempt, last: int) -> Iterator[tuple[str, int]]:
    """(rule, step) of a step and of what it stands on, back to the ends of other chains, which are told by number."""
    ends, seen, todo = results(proof), set[int](), [last]
    while todo:
        n = todo.pop()
        if n in seen:
            continue
        seen.add(n)
        if n != last and n in ends:
            yield ends[n], n
            continue
        rule, premises, _ = proof.steps[n]
        yield rule, n
        todo += reversed(premises)


def results(proof: Attempt) -> dict[int, str]:
    """The steps in which a chain ends, with its number; the lines of a chain stand for themselves."""
    out: dict[int, str] = {}
    for number, story in enumerate(proof.stories, 1):
        links = [line.steps[-1] for line in story.lines]
        whole = next((n for n, s in enumerate(proof.steps) if s[0] == "chain" and s[1] == links), None)
        out[links[-1] if whole is None else whole] = f"({number})"
    return out


def conclusion(claim: Claim, proof: Attempt, many: bool) -> list[str]:
    """The claim itself, where it is not the last line of a chain: the rules that lead to it from the chains."""
    last = len(proof.steps) - 1
    if last < 0 or last in results(proof) and proof.stories and _ends(proof) == proof.statement.claim.args[:2]:
        return []
    steps = sorted(behind(proof, last), key=lambda step: step[1])
    rules = list(dict.fromkeys(r for r, _ in steps if r not in SILENT and not r.startswith("(")))
    rests = _rests(claim, proof, [(r, n) for r, n in steps if r != "assume"])
    rests = rests if many else rests.replace("(1)", "this chain")
    how = f"[{'; '.join(filter(None, (', '.join(rules), rests)))}]"
    left = formula(f"hence  {text(claim, proof.replay.done[last].prop)}", "  ", "         ", REASONS - 2)
    return [*beside(left, paragraph(how, width=WIDTH - REASONS), REASONS), ""]


def _ends(proof: Attempt) -> tuple[Term, ...]:
    story = proof.stories[-1]
    return (story.start, story.lines[-1].term)


# ------------------------------------------------------------------------------------- the goal
def goal(claim: Claim, proof: Attempt) -> list[str]:
    """Where a derivation stops: the chain so far, what was to be shown, from what, and how far the two sides differ."""
    count = f"{len(proof.steps)} step{'' if len(proof.steps) == 1 else 's'}"
    out = [f"  It stops after {count}, at {proof.place}.", ""]
    if proof.unfinished is not None:
        out += [*chain(claim, proof, proof.unfinished.story), "      ?", ""]
    asked = proof.goal
    if asked is None:
        return [*out, *paragraph(f"{type(proof.error).__name__}: {proof.error}", "  ", "    ")]
    rows = [*facts(claim, proof, asked), ("judge", asked.said)]
    if asked.rule == "prove":
        rows[-1] = ("judge", "not decided" if asked.said.startswith("not decided") else asked.said)
        rows = [("goal", text(claim, asked.args[0])), *rows, *sides(claim, asked)]
    at = room([name for name, _ in rows])
    return [*out, *entries([(name, formula(words, width=WIDTH - at)) for name, words in rows])]


def facts(claim: Claim, proof: Attempt, asked: Refusal) -> list[tuple[str, str]]:
    """What the step was to stand on: hypotheses by name, citations by id, other steps, and what is assumed here alone."""
    out = [("", "")] if asked.rule == "prove" else [("rule", asked.rule)]
    for p in asked.premises:
        rule, _, args = proof.steps[p.n]
        name = (
            str(args[0])
            if rule == "given"
            else cited(proof, p.n)
            if rule == "cite"
            else "assumed"
            if rule == "assume"
            else "step"
        )
        out.append((name, text(claim, p.prop)))
    local = [a for a in asked.args[1:] if isinstance(a, Term)] if asked.rule == "prove" else []
    return [row for row in [*out, *[("here", text(claim, h)) for h in local]] if row[1]]


def sides(claim: Claim, asked: Refusal) -> list[tuple[str, str]]:
    """Both sides of a comparison in the judge's normal form, and the terms by which they differ."""
    wanted = asked.args[0]
    if wanted.op not in RELATIONS:
        return []
    known = [p.prop for p in asked.premises] + [a for a in asked.args[1:] if isinstance(a, Term)]
    try:
        ctx = context(asked.decls, known)
        left, right = (ctx.nf(a) for a in wanted.args)
    except Undecided:
        return []
    gap = text(claim, back(add(right, left, -1)))
    rows = [
        ("left becomes", text(claim, back(left))),
        ("right becomes", text(claim, back(right))),
        ("right - left", gap),
    ]
    return [(name, words if len(words) <= MOST_SHOWN else f"{words[:MOST_SHOWN]} ...") for name, words in rows]
