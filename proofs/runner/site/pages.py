"""Writes the generated pages and fills the placeholders of hand-written ones. Templates print; nothing is computed.

A placeholder is a comment alone on its line, `<!-- word: argument -->`:

    claims: TOPIC    the claims of a topic        live: ID     one claim with its verdict
    figure: NAME     a picture with its caption   status:      the run in figures, gaps first
    trusted:         size of the trusted base     rules:       the judge's rules, a line each
    landing:         the run in large figures     cited: ID    the command that runs one claim again
    map:             which claim uses which       used:        the same in words
    table:           all claims, with filters     errata:      refuted sentences of the sources
    cite: ID         how a claim is cited         api: PAGE    public names, or the commands
    quote: ID        the same in a sentence       again: ID    the commands back to its hashes
    nightly:         the last record of each long check
    bench: NAME      one benchmark of the recorded run
    curves: ALG ENV  recorded learning curves
    code: FILE:NAME  a function or class of the tree, with its place
    kill: ID         the kill matrix of one claim
    algorithms:      all algorithms with their evidence
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from proofs.runner.site import learning
from proofs.runner.site.bench import part_bench
from proofs.runner.site.figures import FIGURES, write_figures
from proofs.runner.site.landing import tiles
from proofs.runner.site.listing import source
from proofs.runner.site.marks import mark
from proofs.runner.site.symbols import heads
from proofs.runner.site.urls import lasting

Data = dict[str, Any]
ROOT = Path(__file__).resolve().parents[3]
LONG, SHORT = 160, 20  # characters of an instance that is folded, and of an entry that stays in sight
PLACEHOLDER = re.compile(r"^<!-- (\w+): ?(\S*(?: \S+)*) -->$", re.M)
SIGNS = {
    "start": "",
    "": "",
    "=": "=",
    "<=": r"\le",
    ">=": r"\ge",
    "<": "<",
    ">": ">",
    "!=": r"\ne",
    "iff": r"\iff",
    "implies": r"\implies",
}


def build_pages(data: Data, docs_dir: Path) -> list[Path]:
    """Write the claims' pages, a redirect for each alias, and figures/*.svg under `docs_dir`; returns the files written."""
    env = environment()
    pages = {"claims/index.md": env.get_template("claims.md.j2").render(data=data, root="../")}
    template = env.get_template("claim.md.j2")
    for claim in data["claims"].values():
        pages[f"claims/{claim['slug']}.md"] = template.render(data=data, claim=claim)
    pages |= lasting(data, env)
    written = [write(docs_dir / name, text) for name, text in pages.items()]
    return written + write_figures(data, docs_dir / "figures") + learning.write_figures(docs_dir / "figures")


def write(path: Path, text: str) -> Path:
    """Write `text`, leaving a file that already holds it untouched; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text("utf8") != text:
        path.write_text(text, "utf8")
    return path


def fill(markdown: str, data: Data, page: str) -> str:
    """`markdown` of the page with source address `page`, placeholders filled.

    Raises ValueError for an unknown word, topic, claim or figure, and for a topic's claim that its page leaves out.
    """
    env, root = environment(), "../" * page.count("/")

    def one(found: re.Match[str]) -> str:
        word, argument = found[1], found[2]
        if word not in PARTS:
            raise ValueError(f"a placeholder must be one of {sorted(PARTS)}; got {word!r}")
        template, values = PARTS[word](data, argument)
        return env.get_template(template).render(data=data, root=root, **values)

    filled = PLACEHOLDER.sub(one, markdown)
    return banner(env, data) + filled


def banner(env: Environment, data: Data) -> str:
    """A warning on pages made from a test's fixture, else nothing."""
    return env.get_template("fixture.md.j2").render() if data["fixture"] and env else ""


def lookup(table: Data, kind: str, name: str) -> Any:
    """table[name]. Raises ValueError naming what there is."""
    if name not in table:
        raise ValueError(f"{kind} must be one of {sorted(table)}; got {name!r}")
    return table[name]


def part_claims(data: Data, topic: str) -> tuple[str, Data]:
    """The claims of a topic, in reading order."""
    names = lookup(data["topics"], "topic", topic)["claims"]
    return "part_claims.md.j2", {"claims": [data["claims"][name] for name in names]}


def part_figure(data: Data, name: str) -> tuple[str, Data]:
    """A picture in its two themes, with caption and description."""
    return "part_figure.md.j2", {"figure": lookup(FIGURES, "figure", name), "name": name}


def of_claim(template: str) -> Callable[[Data, str], tuple[str, Data]]:
    """A part about the claim that it names."""
    return lambda data, name: (template, {"claim": lookup(data["claims"], "claim", name)})


def part_api(data: Data, name: str) -> tuple[str, Data]:
    """Public names with signature and docstring, or the commands."""
    page = lookup(data["api"], "reference page", name)
    return "part_command.md.j2" if "commands" in page else "part_api.md.j2", {"page": page}


def part_landing(data: Data, argument: str) -> tuple[str, Data]:
    """The last run in figures."""
    return plain("part_landing.md.j2")(data, argument)[0], {"tiles": tiles(data)}


def part_code(data: Data, name: str) -> tuple[str, Data]:
    """The source of `path/file.py:name`, or of the whole file."""
    return "part_code.md.j2", {"f": source(ROOT, name)}


def plain(template: str) -> Callable[[Data, str], tuple[str, Data]]:
    """A part that takes no argument."""

    def part(data: Data, argument: str) -> tuple[str, Data]:
        if argument:
            raise ValueError(f"{template} takes no argument; got {argument!r}")
        return template, {}

    return part


PARTS: dict[str, Callable[[Data, str], tuple[str, Data]]] = {
    "claims": part_claims,
    "figure": part_figure,
    "live": of_claim("part_live.md.j2"),
    "kill": of_claim("part_kill.md.j2"),
    "code": part_code,
    "api": part_api,
    "cite": of_claim("part_cite.md.j2"),
    "cited": of_claim("part_cited.md.j2"),
    "landing": part_landing,
    "quote": of_claim("part_quote.md.j2"),
    "again": of_claim("part_again.md.j2"),
    "bench": part_bench,
    "curves": learning.part_curves,
    "status": plain("part_status.md.j2"),
    "trusted": plain("part_trusted.md.j2"),
    "rules": plain("part_rules.md.j2"),
    "nightly": plain("part_nightly.md.j2"),
    "algorithms": plain("part_algorithms.md.j2"),
    "map": plain("part_map.md.j2"),
    "used": plain("part_used.md.j2"),
    "table": plain("part_table.md.j2"),
    "errata": plain("part_errata.md.j2"),
}


def navigation(nav: list[Any], data: Data) -> list[Any]:
    """`nav` of mkdocs.yml with the claims' pages, by topic, under the entry `Claims`."""
    by_topic = [
        {topic["title"]: [f"claims/{data['claims'][name]['slug']}.md" for name in topic["claims"]]}
        for topic in data["topics"].values()
    ]
    if data["withdrawn"]:
        by_topic.append({"Withdrawn": [f"claims/{row['slug']}.md" for row in data["withdrawn"]]})
    return [{"Claims": ["claims/index.md", *by_topic]} if "Claims" in entry else entry for entry in nav]


def environment() -> Environment:
    """Templates and what they print with. An unknown name in a template is an error."""
    env = Environment(
        loader=PackageLoader("proofs.runner.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        linked=linked,
        tex=tex,
        display=display,
        marked=marked,
        code=code,
        quoted=quoted,
        instance=instance,
        sign=sign,
        number=number,
        words=words,
        prose=prose,
    )
    return env


def tex(source: str) -> Markup:
    """A formula within a line."""
    return Markup('<span class="arithmatex">\\({}\\)</span>').format(source)


def prose(text: str) -> Markup:
    """A sentence in which formulas stand between dollars, and code between backticks."""
    parts = re.split(r"(\$[^$]+\$|`[^`]+`)", text)
    shown = (
        tex(p[1:-1]) if p[:1] == "$" else Markup("<code>{}</code>").format(p[1:-1]) if p[:1] == "`" else escape(p)
        for p in parts
    )
    return Markup("").join(shown)


def display(source: str) -> Markup:
    """A formula on a line of its own."""
    return Markup('<div class="arithmatex">\\[{}\\]</div>').format(source)


def marked(source: str, rows: list[Data]) -> str:
    """TeX whose letters are tied to the page's list of symbols."""
    return mark(source, heads(rows))


def sign(relation: str) -> str:
    """TeX of a chain's relation. Raises ValueError for one that the page has no sign for."""
    return str(lookup(SIGNS, "relation", relation))


def code(text: str, language: str = "text", title: str = "") -> Markup:
    """A fenced block whose fence is longer than any run of backticks in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    head = f' title="{title}"' if title else ""
    return Markup(f"{fence}{{ .{language}{head} }}\n{text.rstrip()}\n{fence}")


def linked(text: str, claims: Data, root: str) -> Markup:
    """Plain text of a docstring: what stands in backticks as code, ids of claims as links."""
    ids = "|".join(re.escape(name) for name in sorted(claims, key=len, reverse=True))
    parts = re.split(rf"(`[^`]+`|(?<![\w.-])(?:{ids})(?![\w+-]))", text) if ids else [text]
    shown = [
        Markup("<code>{}</code>").format(part[1:-1])
        if part.startswith("`") and part.endswith("`") and len(part) > 2
        else Markup('<a href="{}claims/{}.html">{}</a>').format(root, claims[part]["slug"], part)
        if part in claims
        else escape(part)
        for part in parts
    ]
    return Markup("").join(shown)


def quoted(text: str) -> Markup:
    """A string as YAML and JSON write it, for a page's front matter."""
    return Markup(json.dumps(text))


def instance(values: Any, end: str = "") -> Markup:
    """An instance on one line: `n = 3`, `p = (2/9, 3/9, 4/9)`; the groups that an instance may have are left out.

    One that is too long to read is folded under its short entries.  end: the full stop behind it; a fold needs none.
    """
    if not isinstance(values, dict):
        return Markup("<code>{}</code>{}").format(flat(values), end)
    groups = [value.items() if isinstance(value, dict) else [(key, value)] for key, value in values.items()]
    texts = [f"{key} = {flat(value)}" for group in groups for key, value in group]
    shown = Markup(" ").join(Markup("<code>{}</code>").format(text) for text in texts)
    if sum(map(len, texts)) <= LONG:
        return shown + end
    summary = ", ".join(text for text in texts if len(text) <= SHORT)
    return Markup('<details class="rl-instance"><summary>{}, …</summary>{}</details>').format(summary, shown)


def flat(value: Any) -> str:
    """A value of an instance as text, lists in brackets."""
    if isinstance(value, dict):
        return "; ".join(f"{key} = {flat(item)}" for key, item in value.items())
    return f"({', '.join(map(flat, value))})" if isinstance(value, list | tuple) else str(value)


def number(value: Any) -> str:
    """A figure as a person writes it: whole numbers grouped by spaces, others to six digits."""
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f")
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def words(names: list[str]) -> Markup:
    """Names as code, with commas."""
    return Markup(", ").join(Markup("<code>{}</code>").format(escape(name)) for name in names)
