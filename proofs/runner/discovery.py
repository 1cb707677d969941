"""What there is: topics, claims, evidence and channel engines, found and never listed.

A topic is a module of `proofs` or `proofs.theory` with an object TOPIC; a file without the line `TOPIC = Topic(` is not imported.
Evidence comes from the entry-point group `rlproofs.evidence`, engines from `rlproofs.channels`.  Nothing here imports SymPy or
torch: evidence names code by dotted text.
"""

from __future__ import annotations

import difflib
import importlib
import re
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import proofs
from proofs.claims import CHANNELS, Claim, Evidence, Mutant, Topic

PACKAGES = ("proofs", "proofs.theory")
DECLARES = re.compile(r"^TOPIC\b.*= Topic\(", re.MULTILINE)


class NotFound(ValueError):
    """An id, topic or source that the catalogue does not hold; the message names the nearest ones.  word: what was asked for."""

    def __init__(self, message: str, word: str = "") -> None:
        super().__init__(message)
        self.word = word


class Broken(Exception):
    """The catalogue cannot be read: an entry point that does not load, an id given twice."""


@dataclass(frozen=True)
class Catalogue:
    """Every topic with its module, in the order of their names; lemmas first."""

    topics: dict[str, Topic]
    modules: dict[str, str]  # topic id -> dotted module

    @cached_property
    def claims(self) -> dict[str, Claim]:
        out: dict[str, Claim] = {}
        for claim in (c for topic in self.topics.values() for c in topic.claims):
            if claim.id in out:
                raise Broken(f"two claims have the id {claim.id}")
            out[claim.id] = claim
        return out

    @cached_property
    def names(self) -> dict[str, str]:
        """Every way to name a claim: its id, its slug, its aliases."""
        ways = [(way, c.id) for c in self.claims.values() for way in (*c.aliases, c.slug)]
        return {**dict(ways), **{name: name for name in self.claims}}

    @cached_property
    def evidence(self) -> dict[str, Evidence]:
        """What code and samples say, by the claim's id; several objects of one claim are put together."""
        return {name: found for name, (found, _) in self._evidence.items()}

    def evidence_entries(self, claim: Claim) -> list[EntryPoint]:
        """The entry points that name the evidence of a claim."""
        return self._evidence[claim.id][1] if claim.id in self._evidence else []

    @cached_property
    def _evidence(self) -> dict[str, tuple[Evidence, list[EntryPoint]]]:
        out: dict[str, tuple[Evidence, list[EntryPoint]]] = {}
        for entry in _entries("rlproofs.evidence"):
            for one in declared(entry):
                if one.claim.id not in self.claims:
                    raise Broken(f"the evidence {entry.value} is of {one.claim.id}, which no topic holds")
                kept, named = out.setdefault(one.claim.id, (Evidence(one.claim), []))
                named.append(entry)
                kept.references.extend(one.references)
                kept.samples.extend(one.samples)
                kept.promised.extend(one.promised)
                kept.patches.extend(one.patches)
        return out

    @cached_property
    def engines(self) -> dict[str, EntryPoint]:
        """Channel engines by their word; loaded by `load` where one is needed."""
        found = {entry.name: entry for entry in _entries("rlproofs.channels")}
        odd = sorted(set(found) - set(CHANNELS))
        if odd:
            raise Broken(f"an entry point of rlproofs.channels must be named one of {CHANNELS}; got {odd}")
        return found

    def channels(self, claim: Claim) -> tuple[str, ...]:
        """The channels that speak of a claim: those of its statement, and those that its evidence asks for."""
        one = self.evidence.get(claim.id)
        asked = [("montecarlo", one.samples), ("reference", one.references or one.promised)] if one else []
        return (*claim.channels, *[name for name, parts in asked if parts])

    def mutants(self, claim: Claim) -> dict[str, Mutant]:
        """Every wrong variant of a claim: edited statements and patched code."""
        one = self.evidence.get(claim.id)
        return {**claim.mutants, **{m.id: m for m in (one.patches if one else [])}}

    # --------------------------------------------------------------------------------- by name
    def claim(self, name: str) -> Claim:
        """The claim of an id, alias, slug or id@version.  Raises NotFound."""
        plain = name.rpartition("@")[0] if re.search(r"@\d+$", name) else name
        if plain not in self.names:
            raise NotFound(f"unknown claim {name!r}{self._nearest(plain, list(self.names))}", plain)
        return self.claims[self.names[plain]]

    def select(self, words: Sequence[str]) -> list[Claim]:
        """The claims that ids, topics or sources name, each once, in the catalogue's order; all for no word."""
        if not words:
            return list(self.claims.values())
        wanted = {c.id for word in words for c in self._named(word)}
        return [c for c in self.claims.values() if c.id in wanted]

    def _named(self, word: str) -> list[Claim]:
        if word in self.topics:
            return self.topics[word].claims
        plain = word.rpartition("@")[0] or word
        if plain not in self.names:
            found = [c for c in self.claims.values() if of_source(c, word)]
            if found:
                return found
            known = [*self.names, *self.topics, *{c.source.document for c in self.claims.values()}]
            raise NotFound(f"unknown id, topic or source {word!r}{self._nearest(plain, known)}", plain)
        return [self.claim(word)]

    @staticmethod
    def _nearest(word: str, known: list[str]) -> str:
        near = list(dict.fromkeys(difflib.get_close_matches(word, known, n=3, cutoff=0.5)))
        return f"; the nearest: {', '.join(near)}" if near else "; `rlproofs list` names them all"


def catalogue() -> Catalogue:
    """Import every topic.  Raises Broken where one does not import or two share an id."""
    topics: dict[str, Topic] = {}
    modules: dict[str, str] = {}
    for name in topic_modules():
        try:
            topic = importlib.import_module(name).TOPIC
        except Exception as error:  # whatever an author's slip raises: one line with its place
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}, line {place.lineno}"
            raise Broken(f"{name} does not import: {type(error).__name__}: {error} ({where})") from error
        if topic.id in topics:
            raise Broken(f"two topics have the id {topic.id}: {modules[topic.id]} and {name}")
        topics[topic.id], modules[topic.id] = topic, name
    return Catalogue(topics, modules)


def topic_modules() -> Iterator[str]:
    """Dotted names of the files that declare a topic, lemmas first."""
    for package in reversed(PACKAGES):
        for folder in _folders(package):
            for path in sorted(folder.glob("*.py")):
                if DECLARES.search(path.read_text("utf8")):
                    yield f"{package}.{path.stem}"


def topic_file(module: str) -> Path:
    """The source of a topic."""
    return Path(str(importlib.import_module(module).__file__)).resolve()


def _folders(package: str) -> list[Path]:
    inner = package.removeprefix("proofs").replace(".", "/").lstrip("/")
    return [Path(root) / inner for root in proofs.__path__]


def _entries(group: str) -> list[EntryPoint]:
    """Entry points in the order of their names; one that is installed twice counts once."""
    found = {(entry.name, entry.value): entry for entry in entry_points(group=group)}
    return [found[key] for key in sorted(found)]


def load(entry: EntryPoint) -> Any:
    """What an entry point names.  Raises Broken with the reason; ImportError of a missing optional package passes."""
    try:
        return entry.load()
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("numeric", "proofs", *top_packages(entry)):
            raise
        raise Broken(f"the entry point {entry.group}: {entry.value} does not load: {error}") from error
    except Exception as error:  # whatever a module raises when it is imported: one line with its name
        why = str(error) if isinstance(error, AttributeError) else f"{type(error).__name__}: {error}"
        raise Broken(f"the entry point {entry.group}: {entry.value} does not load: {why[:300]}") from error


def top_packages(entry: EntryPoint) -> list[str]:
    """The package that an entry point names itself."""
    return re.findall(r"^\w+", entry.value)


def declared(entry: EntryPoint) -> list[Evidence]:
    """The evidence that an entry point names: one object, or a list of them.  Raises Broken."""
    found = load(entry)
    listed = [found] if isinstance(found, Evidence) else found
    if not isinstance(listed, list | tuple) or not all(isinstance(one, Evidence) for one in listed):
        kind = type(listed).__name__ if not isinstance(listed, list | tuple) else "a list of other things"
        raise Broken(f"the entry point {entry.group}: {entry.value} must name Evidence, or a list of it; got {kind}")
    return list(listed)


def of_source(claim: Claim, text: str) -> bool:
    """Does `homework`, `homework 23` or `homework, problem 23 (c)` name the claim's source?"""
    words, document = (set(re.findall(r"\w+", s.casefold())) for s in (text, claim.source.document))
    return document <= words <= set(re.findall(r"\w+", str(claim.source).casefold()))
