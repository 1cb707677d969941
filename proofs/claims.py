"""Claims: what a topic file declares, and all that is known of a claim before anything is run.

Nothing here evaluates a term or imports SymPy or torch, so that listing and citing stay quick.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proofs.kernel.statement import Statement
from proofs.kernel.terms import Term, replaced
from proofs.language import Vocabulary

Instance = dict[str, Any]
Derivation = Callable[[Any, Term], Any]  # (proofs.tactics.proof.Proof, the claim's proposition)

EXPECTED = {  # kind -> the verdict that a claim of this kind must have
    **dict.fromkeys(
        ("identity", "inequality", "iff", "argmin", "expectation", "variance ordering", "limit", "count"), "proved"
    ),
    **dict.fromkeys(("existence", "counterexample"), "proved"),
    "false sentence": "refuted",
    "contract": "confirmed",
    "qualitative": "demonstrated",
}
CHANNELS = ("proof", "sympy", "exact", "montecarlo", "reference")
STATEMENT_CHANNELS = ("proof", "exact", "sympy")


@dataclass(frozen=True)
class Source:
    """Where a statement comes from: a document, and the problem or line in it."""

    document: str
    place: str

    def __str__(self) -> str:
        return f"{self.document}, {self.place}"


def homework(problem: int, part: str = "") -> Source:
    """A problem of the homework sheet, and its part."""
    return Source("homework", f"problem {problem}{f' ({part})' if part else ''}")


def slides(lines: str) -> Source:
    """Lines of the chapter slides, such as "1247-1267"."""
    return Source("chapter slides", f"lines {lines}")


def lemma(of: str) -> Source:
    """A step that a claim needs, made a claim of its own."""
    return Source("this project", f"lemma for {of}")


@dataclass(frozen=True)
class Hypothesis:
    """A named part of a statement.  without: an instance that violates only this one and breaks the statement, or a line
    that says why there is none."""

    name: str
    prop: Term
    text: str
    without: Instance | str


@dataclass(frozen=True)
class Mutant:
    """A wrong variant.  statement: an edited statement, refuted at `at`; or a patch of real source, refuted by running it."""

    id: str
    title: str
    channels: tuple[str, ...]
    statement: Statement | None = None
    at: Instance | None = None
    patch: tuple[str, str, str] | None = None  # dotted module, old text, new text
    seen_in: str | None = None


@dataclass(frozen=True)
class Control:
    """A true re-wording that the same code must still confirm; one that names `proof` is derived by `derive`."""

    id: str
    title: str
    statement: Statement
    channels: tuple[str, ...]
    derive: Derivation | None = None


@dataclass
class Claim:
    """One checkable fact.  Made by `Topic.claim`."""

    id: str
    title: str
    kind: str
    topic: Topic
    source: Source
    vocabulary: Vocabulary
    given: list[Hypothesis]
    says: Term | None
    witness: Instance
    instances: dict[str, Instance]
    uses: list[Claim]
    aliases: tuple[str, ...] = ()
    notation: Mapping[str, str] = field(default_factory=dict)
    promises: Mapping[str, str] = field(default_factory=dict)  # of a contract: name -> sentence, formulas as TeX
    script_at: Instance | None = None  # a smaller instance, at which the SymPy script keeps more symbols
    about: str = ""
    derive: Derivation | None = None
    mutants: dict[str, Mutant] = field(default_factory=dict)
    controls: dict[str, Control] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in EXPECTED:
            raise ValueError(f"kind must be one of {sorted(EXPECTED)}; got {self.kind!r}")
        if (self.kind == "contract") != bool(self.promises) or (self.promises and self.says is not None):
            raise ValueError(
                f"{self.id}: a contract has promises and no formula, everything else none; got {self.kind}"
            )
        self.statement = None if self.says is None else self._statement(self.says, self.given)

    def hash(self) -> str:
        """Of the statement's canonical bytes, of a contract's promises; "" while there is neither."""
        if self.promises:
            text = json.dumps({"contract": dict(self.promises)}, sort_keys=True, ensure_ascii=False)
            return hashlib.sha256(text.encode()).hexdigest()
        return self.statement.hash() if self.statement else ""

    @property
    def expected(self) -> str:
        """The verdict that a claim of this kind must have."""
        return EXPECTED[self.kind]

    @property
    def slug(self) -> str:
        """The id as it stands in addresses and keys: `hw08d+` is `hw08d-plus`."""
        return self.id.replace("+", "-plus")

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that look at the statement itself; evidence adds montecarlo and reference."""
        return STATEMENT_CHANNELS if self.statement else ()

    def _statement(self, says: Term, given: Sequence[Hypothesis], more: Sequence[Term] = ()) -> Statement:
        decls = self.vocabulary.needed([says, *[h.prop for h in given], *more])
        return Statement(decls, [(h.name, h.prop) for h in given], says)

    def variant(self, says: Term | None = None, without: Sequence[str] = ()) -> Statement:
        """The statement with another conclusion, or with hypotheses left out; the declarations stay."""
        if self.says is None:
            raise ValueError(f"{self.id} has no formal statement yet")
        given = [h for h in self.given if h.name not in without]
        return self._statement(self.says if says is None else says, given, [self.says, *[h.prop for h in self.given]])

    # --------------------------------------------------------------------------------- what a topic file adds
    def proof(self, derive: Derivation) -> Derivation:
        """The derivation, a function of the proof in the making and of the proposition to reach."""
        self.derive = derive
        return derive

    def mutant(
        self,
        id: str,
        says: Term | None = None,
        *,
        replace: Mapping[Term, Term] | None = None,
        without: Sequence[str] = (),
        at: Instance | None = None,
        title: str = "",
        channels: Sequence[str] = STATEMENT_CHANNELS,
        seen_in: str | None = None,
    ) -> None:
        """A wrong variant: another conclusion, terms replaced in it, or hypotheses left out; refuted at `at` or the witness."""
        self._fresh(id)
        if replace is not None and self.says is not None:
            says = replaced(self.says, dict(replace))
            if says is self.says:
                raise ValueError(f"{self.id}: the mutant {id} replaces nothing")
        edited = self.variant(says, without)
        if self.statement and edited.hash() == self.statement.hash():
            raise ValueError(f"{self.id}: the mutant {id} is the claim itself")
        self.mutants[id] = Mutant(
            id, title or id.replace("-", " "), tuple(channels), edited, at or self.witness, None, seen_in
        )

    def patch(self, id: str, module: str, old: str, new: str, *, title: str = "", seen_in: str | None = None) -> None:
        """A wrong variant of the code: one textual change of a module's real source."""
        self._fresh(id)
        self.mutants[id] = Mutant(
            id, title or id.replace("-", " "), ("reference",), patch=(module, old, new), seen_in=seen_in
        )

    def control(
        self,
        id: str,
        says: Term,
        *,
        derive: Derivation | None = None,
        title: str = "",
        channels: Sequence[str] = STATEMENT_CHANNELS,
    ) -> None:
        """A true re-wording, proved by the claim's own derivation unless it has one of its own."""
        self._fresh(id)
        self.controls[id] = Control(
            id, title or id.replace("-", " "), self.variant(says), tuple(channels), derive or self.derive
        )

    def _fresh(self, id: str) -> None:
        if id in self.mutants or id in self.controls:
            raise ValueError(f"{self.id} has a mutant or control named {id} already")


@dataclass
class Topic:
    """A file of claims; the same name in proofs/, numeric/experiments/ and docs/topics/."""

    id: str
    title: str
    claims: list[Claim] = field(default_factory=list)

    def claim(
        self,
        id: str,
        title: str,
        *,
        kind: str,
        source: Source,
        vocabulary: Vocabulary,
        says: Term | None,
        witness: Instance | None = None,
        given: Sequence[Hypothesis] = (),
        instances: Mapping[str, Instance] | None = None,
        uses: Sequence[Claim] = (),
        **more: Any,
    ) -> Claim:
        """A new claim of this topic.  says=None: no formal statement yet (a gap).

        witness: an instance that meets all hypotheses and the statement; of a false sentence, its counterexample.
        """
        made = Claim(
            id,
            title,
            kind,
            self,
            source,
            vocabulary,
            list(given),
            says,
            witness or {},
            dict(instances or {}),
            list(uses),
            **more,
        )
        self.claims.append(made)
        return made

    def contract(
        self,
        id: str,
        title: str,
        *,
        source: Source,
        promises: Mapping[str, str],
        uses: Sequence[Claim] = (),
        **more: Any,
    ) -> Claim:
        """What an algorithm promises: a named sentence each, checked on its code (`Evidence.promise`); never `proved`."""
        kept: dict[str, Any] = {
            "kind": "contract",
            "says": None,
            "vocabulary": Vocabulary(),
            "promises": dict(promises),
        }
        return self.claim(id, title, source=source, uses=uses, **kept, **more)


@dataclass
class Evidence:
    """What code and samples say of a claim.  Declared in numeric/experiments; nothing is imported until it runs."""

    claim: Claim
    references: list[dict[str, Any]] = field(default_factory=list)
    samples: list[dict[str, Any]] = field(default_factory=list)
    promised: list[dict[str, Any]] = field(default_factory=list)
    patches: list[Mutant] = field(default_factory=list)

    def reference(
        self, function: str, *, arguments: Mapping[str, Any], value: Any, points: Sequence[Instance], **more: Any
    ) -> None:
        """The code `module:function` at these arguments is the statement's term `value`, at every point.

        An argument, and the value, is a term (one entry for each point) or a list of terms (a column along time).
        more: call, slopes, boundary, last; see numeric.experiments.channel and points.
        """
        self.references.append(
            {"function": function, "arguments": dict(arguments), "value": value, "points": list(points), **more}
        )

    def promise(self, name: str, check: str, *, of: str, also: Sequence[str] = ()) -> None:
        """A promise of the contract, checked by `module:function` on the module `of` (numeric.contract says how).

        also: modules that `of` imports and that patches may change, those that others import first.
        """
        if name not in self.claim.promises or any(one["name"] == name for one in self.promised):
            left = [n for n in self.claim.promises if all(one["name"] != n for one in self.promised)]
            raise ValueError(
                f"{self.claim.id} has these promises left to check: {', '.join(left) or 'none'}; got {name!r}"
            )
        self.promised.append({"name": name, "check": check, "of": of, "also": tuple(also)})

    def patch(self, id: str, module: str, old: str, new: str, *, title: str = "", seen_in: str | None = None) -> None:
        """A wrong variant of the code: one textual change of a module's real source, refuted by running it."""
        self.claim._fresh(id)
        if any(p.id == id for p in self.patches):
            raise ValueError(f"the evidence for {self.claim.id} has a patch named {id} already")
        channels, title = ("reference",), title or id.replace("-", " ")
        self.patches.append(Mutant(id, title, channels, patch=(module, old, new), seen_in=seen_in))

    def montecarlo(self, instance: Instance, *, estimand: Term, target: Term, **more: Any) -> None:
        """The mean of the body of `estimand` (an expectation) on the instance is the exact value of `target`."""
        self.samples.append({"instance": instance, "estimand": estimand, "target": target, **more})


def bundle_order(claims: Sequence[Claim]) -> list[Claim]:
    """The claims and all that they use, each after what it cites."""
    out: list[Claim] = []

    def visit(c: Claim, above: tuple[str, ...]) -> None:
        if c.id in above:
            raise ValueError(f"claims cite each other in a circle: {' -> '.join((*above, c.id))}")
        for u in c.uses:
            visit(u, (*above, c.id))
        if c not in out:
            out.append(c)

    for c in claims:
        visit(c, ())
    return out
