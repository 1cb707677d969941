"""Addresses that last: a claim's page by its slug, a redirect from each alias, a page for a withdrawn id, and an anchor
for every displayed formula, which stays the same for as long as the formula does."""

from __future__ import annotations

import hashlib
import html
import re
from typing import Any

from jinja2 import Environment

from proofs.runner.site.marks import unmark

Data = dict[str, Any]

DISPLAYED = re.compile(r'<div class="arithmatex"[^>]*>\s*\\\[(.*?)\\\]\s*</div>', re.S)
DIGITS = 8  # of the hash in an anchor: among 10,000 formulas of one page two would meet once in a hundred sites


def addresses(claims: dict[str, Data], withdrawn: list[Data]) -> dict[str, str]:
    """slug of an alias -> slug of its claim.  Raises ValueError where two ids, aliases or withdrawn ids share an address."""
    owner: dict[str, str] = {}
    own = [(claim["slug"], name) for name, claim in claims.items()] + [(row["slug"], row["id"]) for row in withdrawn]
    other = [(page, name) for name, claim in claims.items() for page in claim["alias_slugs"]]
    for page, name in own + other:
        if owner.setdefault(page, name) != name:
            raise ValueError(
                f"claims/{page}.html must be the address of one id; it is that of {owner[page]} and {name}"
            )
    return {page: claims[name]["slug"] for page, name in other if page != claims[name]["slug"]}


def lasting(data: Data, env: Environment) -> dict[str, str]:
    """address -> text of the redirects and of the withdrawn ids' pages."""
    gone, away = env.get_template("withdrawn.md.j2"), env.get_template("alias.html.j2")
    claims = {claim["slug"]: claim for claim in data["claims"].values()}
    pages = {f"claims/{row['slug']}.md": gone.render(data=data, row=row) for row in data["withdrawn"]}
    return pages | {
        f"claims/{alias}.html": away.render(alias=alias, claim=claims[name]) for alias, name in data["aliases"].items()
    }


def anchor(tex: str) -> str:
    """The anchor of a formula: from its TeX, blanks and marks aside, not from its place on the page."""
    return "f-" + hashlib.sha256(" ".join(tex.split()).encode()).hexdigest()[:DIGITS]


def anchored(output: str) -> str:
    """A built page with an anchor and a link to it beside each displayed formula; the second of two equal ones ends in -2."""
    seen: dict[str, int] = {}

    def one(found: re.Match[str]) -> str:
        name = anchor(unmark(html.unescape(found[1])))
        seen[name] = seen.get(name, 0) + 1
        here = name if seen[name] == 1 else f"{name}-{seen[name]}"
        link = f'<a class="rl-anchor" href="#{here}" title="address of this formula" aria-label="address of this formula">#</a>'
        return f'<div class="rl-formula" id="{here}">{found[0]}<span class="rl-tools">{link}</span></div>'

    return DISPLAYED.sub(one, output)
