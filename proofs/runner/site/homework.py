"""Homework pages: the claims of one problem, gathered so that they read as a solution. Templates print; nothing is typed twice.

A page in docs/homework is written by hand. Under its heading `## Solution` each `###` heading is a part of the problem; the
claims that answer it stand below as placeholders. Of a part without one the page says so, and of an id that the ledger lacks.

    solution: ID    the claim: statement, verdict, what it assumes, its checked derivation
    sheet:          the page's verdicts in one line, and the button that prints it
    letters:        what the letters of all these claims mean, and their long assumptions, each once
    wrong:          their wrong variants, each with its smallest counterexample
    rerun:          the command that checks them again       citation:   ids, versions and hashes
    sheets:         (on the index) every problem with its parts
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from proofs.runner.site.data import CHANNELS, mutant_counts
from proofs.runner.site.pages import PLACEHOLDER, environment

Data = dict[str, Any]
FOLDER = "homework"
SOURCES = {"hw": "Homework sheet", "epfl": "Exam revision", "cs4789": "Problem set"}
LONG = 70  # characters of TeX: a longer assumption is displayed once, among the letters, and cited by its number
LINE = 140  # characters of TeX: a longer statement that says several things has a line for each
SHORT = 14  # characters of an exact value that is shown as it is; a longer one in decimals
SIGNS = {  # signs of the project's own, explained where they occur
    r"\text{surely}": (r"\text{surely}", "for every outcome that has positive probability"),
    r"\mathcal{F}": (
        r"\mathcal{F}_{j}^{(s, a)}",
        "what is known: all that was drawn before time j, and at time j what stands above, here s and a",
    ),
}
AND = r"\;\text{and}\;"
PAIRS = ((r"\left(", r"\right)"), ("(", ")"))
OPENING, CLOSING = "({[", ")}]"
TOKENS = re.compile(r"\\(?:left|right)\\?[^a-zA-Z]|[(){}\[\]]|\\;\\text\{and\}\\;|\\Rightarrow|:\\;")
BOUND = re.compile(r"\\sum_\{(?:\\substack\{)?([a-z])=")
TITLE = re.compile(r"^title: *(.+)$", re.M)
SOLUTION = re.compile(r"^<!-- solution: (\S+) -->$", re.M)
NUMBER = re.compile(r"(\d+)")


def homework_data(data: Data, folder: Path) -> Data:
    """{page's name: its sheet} in reading order, for every page of `folder` but the index."""
    pages = [path for path in folder.glob("*.md") if path.stem != "index"]
    return {path.stem: sheet(data, path.stem, path.read_text("utf8")) for path in sorted(pages, key=reading_order)}


def reading_order(path: Path) -> tuple[int, list[Any]]:
    """By source, then by number: hw9 before hw10."""
    pieces = NUMBER.split(path.stem)
    return list(SOURCES).index(source(path.stem)), [int(p) if p.isdigit() else p for p in pieces]


def source(name: str) -> str:
    """The source that a page's name begins with. Raises ValueError for another beginning."""
    found = next((key for key in SOURCES if name.startswith(key)), None)
    if found is None:
        raise ValueError(f"a homework page's name must begin with one of {list(SOURCES)}; got {name!r}")
    return found


def sheet(data: Data, name: str, text: str) -> Data:
    """All that the page `name` shows of its claims."""
    found = parts(text)
    ids = list(dict.fromkeys(key for part in found for key in part["claims"]))
    claims = [data["claims"][key] for key in ids if key in data["claims"]]
    numbered = assumptions(claims)
    title = TITLE.search(text)
    return {
        "name": name,
        "title": title[1].strip("\"' ") if title else name,
        "source": SOURCES[source(name)],
        "page": f"{FOLDER}/{name}.html",
        "parts": found,
        "claims": {claim["id"]: step(claim, ids, data, numbered) for claim in claims},
        "missing": [key for key in ids if key not in data["claims"]],
        "open": [part["title"] for part in found if not part["claims"]],
        "verdicts": counts(claim["verdict"] for claim in claims),
        "false": sum(claim["expected"] == "refuted" for claim in claims),
        "gaps": [claim["id"] for claim in claims if claim["gap"]],
        "letters": letters(claims),
        "signs": signs(claims),
        "assumptions": list(numbered.values()),
        "wrong": [row for claim in claims for row in wrong(claim)],
        "in_code": sum(mutant_counts({"mutants": m})["planted"] for claim in claims for m in [of_code(claim)]),
        "seconds": sum(claim["seconds"] for claim in claims),
        "rerun": "rlproofs verify " + " ".join(claim["id"] for claim in claims),
        "bibtex": bibtex(name, title[1] if title else name, claims, data["version"]),
    }


def parts(text: str) -> list[Data]:
    """The parts of a problem: each `###` heading under `## Solution` with the ids below it; without headings one part."""
    inside = re.split(r"^## ", text, flags=re.M)
    solution = next((piece.partition("\n")[2] for piece in inside if piece.startswith("Solution")), "")
    first, *rest = re.split(r"^### (.+)$", solution, flags=re.M)
    found = [
        {"title": title, "claims": SOLUTION.findall(body)} for title, body in zip(rest[::2], rest[1::2], strict=True)
    ]
    before = SOLUTION.findall(first)
    return [{"title": "", "claims": before}, *found] if before or not found else found


def counts(words: Iterable[str]) -> dict[str, int]:
    """How often each word occurs, in the order of their first appearance."""
    out: dict[str, int] = {}
    for word in words:
        out[word] = out.get(word, 0) + 1
    return out


def step(claim: Data, ids: list[str], data: Data, numbered: dict[tuple[str, str], Data]) -> Data:
    """A claim as a step of the solution: what its block prints beside the claim itself."""
    given = [
        {"text": h["text"], "latex": h.get("latex") or "", "number": numbered.get(key(h), {}).get("number")}
        for h in claim["hypotheses"]
    ]
    lemmas = [{"id": name, "here": name in ids, "claim": data["claims"].get(name)} for name in claim["uses"]]
    exact, latex = claim["channels"]["exact"] or {}, claim["latex"] or ""
    return {
        "claim": claim,
        "says": conjuncts(latex) if len(latex) > LINE else [latex] if latex else [],
        "given": given,
        "lemmas": lemmas,
        "whole": whole((claim["channels"]["proof"] or {}).get("derivation") or []),
        "sides": first_sides(exact.get("instances") or []),
    }


def conjuncts(latex: str) -> list[str]:
    """`A and (B and C)` as [A, B, C], so that each has a line; what stands under a quantifier or an implication is left whole."""
    depth, start, pieces = 0, 0, []
    for token in TOKENS.finditer(latex):
        if token[0] in OPENING or token[0].startswith(r"\left"):
            depth += 1
        elif token[0] in CLOSING or token[0].startswith(r"\right"):
            depth -= 1
        elif depth == 0 and token[0] != AND:
            return [latex]
        elif depth == 0:
            pieces.append(latex[start : token.start()])
            start = token.end()
    if depth or not pieces:
        return [latex]
    return [inner for piece in (*pieces, latex[start:]) for inner in conjuncts(unwrapped(piece.strip()))]


def unwrapped(latex: str) -> str:
    """A formula without the pair of brackets around the whole of it."""
    depth = 0
    for token in TOKENS.finditer(latex):
        opens = token[0] in OPENING or token[0].startswith(r"\left")
        depth += opens - (token[0] in CLOSING or token[0].startswith(r"\right"))
        if depth == 0:
            pair = next(((a, b) for a, b in PAIRS if latex.startswith(a) and token[0] == b), None)
            return latex[len(pair[0]) : -len(pair[1])] if pair and token.end() == len(latex) else latex
    return latex


def whole(derivation: list[Data]) -> bool:
    """Whether one of the chains has no title of its own: then it is the statement's."""
    return any(line["relation"] in ("start", "") and not line.get("title") for line in derivation)


def first_sides(instances: list[Data]) -> list[str]:
    """Both sides at the first instance, which is the witness, or the counterexample of a false sentence."""
    return [shown(side) for side in instances[0]["sides"]] if instances else []


def shown(side: list[str]) -> str:
    """An exact value where it is short, else its decimals."""
    exact, decimal = side
    return exact if len(exact) <= SHORT or not decimal else decimal


# ------------------------------------------------------------------------------------- letters and assumptions
def key(hypothesis: Data) -> tuple[str, str]:
    return hypothesis["text"], hypothesis.get("latex") or ""


def assumptions(claims: list[Data]) -> dict[tuple[str, str], Data]:
    """The hypotheses whose formula is long, numbered, each once."""
    found = dict.fromkeys(key(h) for claim in claims for h in claim["hypotheses"] if len(h.get("latex") or "") > LONG)
    return {(text, latex): {"number": n, "text": text, "latex": latex} for n, (text, latex) in enumerate(found, 1)}


def letters(claims: list[Data]) -> list[Data]:
    """The rows of the claims' symbols, each once; a letter that two claims use for two things names its claims."""
    seen: dict[tuple[str, str], Data] = {}
    for claim in claims:
        for row in claim["symbols"]:
            for latex in row["latex"]:
                name, meaning = (
                    canonical(latex) if row["defines"] else (latex.partition("(")[0], row["words"] + row["tail"])
                )
                one = seen.setdefault((name, meaning), {**row, "latex": [latex], "name": name, "claims": []})
                one["claims"].append(claim["id"])
    uses = counts(name for name, _ in seen)
    rows: dict[tuple[Any, ...], Data] = {}
    for one in sorted(seen.values(), key=lambda row: (row["defines"], r"\sim" in row["latex"][0])):
        only = one["claims"] if uses[one["name"]] > 1 else []
        alike = one["latex"][0] if one["defines"] else (one["words"], one["tail"], *only)
        rows.setdefault((one["defines"], alike), {**one, "latex": [], "only": only})["latex"] += one["latex"]
    return list(rows.values())


def canonical(latex: str) -> tuple[str, str]:
    """A definition, and its left side, with numbers for the letters that stand for arguments and for sums' indices."""
    left = latex.split(" = ")[0]
    arguments = re.findall(r"(?<![\\a-zA-Z])[a-z](?![a-zA-Z])", left)
    numbers = {letter: f"#{n}" for n, letter in enumerate(dict.fromkeys([*arguments, *BOUND.findall(latex)]))}

    def renamed(text: str) -> str:
        return re.sub(r"(?<![\\a-zA-Z])[a-z](?![a-zA-Z])", lambda found: numbers.get(found[0], found[0]), text)

    return renamed(left), renamed(latex)


def signs(claims: list[Data]) -> list[Data]:
    """The signs of SIGNS that the claims' statements and derivations use."""
    lines = [line for claim in claims for line in (claim["channels"]["proof"] or {}).get("derivation") or []]
    shown = " ".join(one["latex"] or "" for one in (*claims, *lines))
    return [{"latex": latex, "words": words} for mark, (latex, words) in SIGNS.items() if mark in shown]


# ------------------------------------------------------------------------------------- wrong variants
def of_code(claim: Data) -> Data:
    """The wrong variants of a claim that change code, not the statement; of a contract none, since code is all it speaks of."""
    if claim["promises"]:
        return {}
    return {name: m for name, m in claim["mutants"].items() if m["channels"] and set(m["channels"]) <= {"reference"}}


def wrong(claim: Data) -> list[Data]:
    """The wrong variants of the statement, with what refutes each; those that are equal on every instance once."""
    code = of_code(claim)
    return [
        {
            "claim": claim["id"],
            "slug": claim["slug"],
            **{k: row[k] for k in ("id", "title", "outcome", "fate")},
            **against(row),
        }
        for row in claim["kill"]["rows"]
        if row["id"] not in code and not row["alike"]
    ]


def against(mutant: Data) -> Data:
    """The smallest counterexample on record: both sides and the instance, or else what a channel says in words."""
    exact = mutant["evidence"].get("exact") or {}
    if exact.get("verdict") == "refuted" and exact.get("instance"):
        sides = both(exact["sides"])
        why = f"{exact['outcome']}: {exact['why']}" if exact.get("why") else exact["outcome"]
        where = exact.get("where") or ""
        return {"at": exact["instance"], "told": sides or why, "where": where if len(where) <= SHORT else ""}
    return {"at": None, "told": next(iter(details(mutant["evidence"])), ""), "where": ""}


def both(sides: list[list[str]]) -> str:
    """Left side against right side."""
    texts = [shown(side) for side in sides]
    hidden = len(set(texts)) < len({exact for exact, _ in sides})
    return " against ".join(texts) + (" (they differ beyond these digits)" if hidden else "")


def details(evidence: Data) -> Iterator[str]:
    """What the channels that refute a variant say, those with a concrete point first."""
    found = [evidence[c] for c in ("exact", *CHANNELS) if evidence.get(c, {}).get("verdict") == "refuted"]
    for one in sorted(found, key=lambda record: "no sides" in record["detail"]):
        yield re.sub(r"^exit \d+: REFUTED: |: no sides$", "", one["detail"])


# ------------------------------------------------------------------------------------- citation
def bibtex(name: str, title: str, claims: list[Data], version: str) -> str:
    """One entry for the whole sheet, with every claim's id and version."""
    cited = ", ".join(claim["cite"]["name"] for claim in claims)
    lines = (
        f"@misc{{rlproofs-{name},",
        f"  title = {{{title.strip(chr(34))}}},",
        f"  howpublished = {{rlproofs {version}}},",
        textwrap.fill(
            f"note = {{claims {cited}}}", 90, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
        ),
        "}",
    )
    return "\n".join(lines)


# ------------------------------------------------------------------------------------- filling a page
def fill_sheet(markdown: str, data: Data, page: str) -> str:
    """`markdown` of a homework page with its own placeholders filled; any other page, and any other placeholder, as it is."""
    if not page.startswith(f"{FOLDER}/"):
        return markdown
    env = environment()
    one = data["homework"].get(Path(page).stem)
    if one is None:
        words: Data = {"sheets": {"sheets": data["homework"]}}
    else:
        words = dict.fromkeys(("sheet", "letters", "wrong", "rerun", "citation"), {"sheet": one})
        markdown = said_plainly(markdown, one)

    def filled(found: re.Match[str]) -> str:
        word, argument = found[1], found[2]
        if one is not None and word == "solution":
            values = {"sheet": one, "id": argument, "step": one["claims"].get(argument)}
        elif word in words and not argument:
            values = words[word]
        else:
            return found[0]
        return env.get_template(f"sheet_{word}.md.j2").render(data=data, root="../", **values)

    return PLACEHOLDER.sub(filled, markdown)


def said_plainly(markdown: str, one: Data) -> str:
    """The page with a sentence under the heading of each part that no claim answers."""
    for title in one["open"]:
        heading = f"### {title}\n" if title else "## Solution\n"
        markdown = markdown.replace(
            heading, f'{heading}\n<p class="rl-gap"><strong>No claim yet</strong> for this part.</p>\n', 1
        )
    return markdown
