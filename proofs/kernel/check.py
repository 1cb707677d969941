"""The one way to a verdict: check(bundle).  `python -m proofs.kernel.check < bundle.json > reports.json`

bundle: {"items": [{"id", "statement", "witness", "certificate"}, ...]}, plain data, hostile until replayed.  A certificate is
    {"nodes": [...], "steps": [[rule, [premises], [arguments]], ...], "defined": [steps]}    the last step is the claim
    {"counterexample": instance}                                                             refutes
A premise is the number of an earlier step.  Two steps are not in the table of rules: "given" (a named hypothesis) and
"cite" (an earlier item, by the hash of its statement, instantiated: see proofs.kernel.cite).  An item whose witness does
not satisfy its hypotheses and its claim is refused: contradictory hypotheses prove anything.
"""

from __future__ import annotations

import hashlib
import json
import resource
import signal
import sys
import time
from typing import Any

from proofs.kernel.cite import instantiated
from proofs.kernel.defined import undefined
from proofs.kernel.forms import context
from proofs.kernel.poly import Undecided, need
from proofs.kernel.rules import RULES, Thm
from proofs.kernel.statement import Statement, load
from proofs.kernel.terms import PROPS, Malformed, read, show
from proofs.kernel.value import outcome

MOST_STEPS = 5_000
SECONDS = 10
MEMORY = 1 << 30
MOST_BYTES = 1 << 24
MOST_ITEMS = 1_000
MOST_TEXT = 20_000  # characters of a reason
CRASHES = (KeyError, TypeError, ValueError, AttributeError, IndexError, ZeroDivisionError, OverflowError, RecursionError,
           MemoryError)  # fmt: skip
Earlier = dict[str, tuple[str, Statement]]


class TooLong(Exception):
    """Over the time limit.  Not Undecided: a rule that survives an undecided step must not survive the clock."""


class Replay:
    """One certificate against one statement."""

    def __init__(self, statement: Statement, certificate: dict[str, Any], earlier: Earlier) -> None:
        self.statement, self.decls, self.earlier = statement, statement.decls, earlier
        self.cert, self.nodes = certificate, read(certificate["nodes"])
        self.done: list[Thm] = []
        self.rules: dict[str, int] = {}
        self.cited: list[str] = []

    def run(self) -> list[str]:
        """Replay every step; the names of the hypotheses that are used."""
        steps = self.cert["steps"]
        fits = type(steps) is list and 0 < len(steps) <= MOST_STEPS
        need(fits, f"a certificate has between 1 and {MOST_STEPS} steps")
        for n, step in enumerate(steps):
            try:
                self.done.append(self.step(step))
            except (Undecided, Malformed) as e:
                name = step[0] if type(step) is list and step else ""
                raise Undecided(f"step {n} ({str(name)[:40]}): {e}") from e
        final = self.done[-1]
        need(final.prop is self.statement.claim, f"the last step is not the claim but: {show(final.prop)}")
        given = {h for _, h in self.statement.hyps}
        extra = sorted(show(h) for h in final.hyps - given)
        need(not extra, f"the proof rests on what is not among the hypotheses: {extra}")
        return self.used(final)

    def step(self, step: Any) -> Thm:
        need(type(step) is list and len(step) == 3 and all(type(x) is list for x in step[1:]), "not a step")
        name, premises, args = step
        fits = all(type(p) is int and 0 <= p < len(self.done) for p in premises)
        need(type(name) is str and fits, "a step is a rule's name, numbers of earlier steps, and arguments")
        self.rules[name] = self.rules.get(name, 0) + 1
        try:
            thm = self.apply(name, [self.done[p] for p in premises], [self.argument(a) for a in args])
        except CRASHES as e:
            raise Undecided(f"the rule does not apply: {type(e).__name__}: {str(e)[:200]}") from e
        for p in (thm.prop, *thm.hyps):
            self.decls.check(p, "Prop", proof=True)
        return thm

    def apply(self, name: str, premises: list[Thm], args: list[Any]) -> Thm:
        if name == "given":
            found = dict(self.statement.hyps).get(args[0])
            if found is None:
                raise Undecided(f"no such hypothesis: {str(args[0])[:40]}")
            return Thm(frozenset([found]), found)
        if name == "cite":
            need(type(args[0]) is str and args[0] in self.earlier, "not an earlier item that was proved")
            item, other = self.earlier[args[0]]
            self.cited.append(item)
            return instantiated(other, self.decls, args[1:])
        need(name in RULES, f"no such rule: {name[:40]}")
        return RULES[name](self.decls, premises, *args)

    def argument(self, a: Any, depth: int = 0) -> Any:
        """A term, a number or a name; in a citation a list of these."""
        if type(a) is list:
            need(depth == 0 and len(a) <= 4, "an argument is nested too deeply")
            return [self.argument(x, 1) for x in a]
        if type(a) is dict:
            need(set(a) == {"t"} and type(a["t"]) is int and 0 <= a["t"] < len(self.nodes), "no such node")
            t = self.nodes[a["t"]]
            if depth == 0:
                sort = "Prop" if t.op in PROPS else f"Path {t.args[0]}" if t.op == "Path" else "Real"
                self.decls.check(t, sort, proof=True)
            return t
        need(type(a) in (int, str), f"not an argument: {str(a)[:40]}")
        return a

    def used(self, final: Thm) -> list[str]:
        """The hypotheses that a step or a definedness condition uses; the claim must be defined and none idle."""
        hyps = self.statement.hyps
        extra = [self.done[n] for n in self.cert.get("defined", [])]
        given = {h for _, h in hyps}
        need(all(t.hyps <= given for t in extra), "a lemma for definedness rests on hypotheses of its own")
        bad = undefined(self.statement.claim, context(self.decls, [*given, *[t.prop for t in extra]]))
        need(bad is None, f"not known to be defined: {bad}")
        steps = final.hyps.union(*[t.hyps for t in extra])
        out = {n for n, h in hyps if h in steps}
        left = [
            (n, undefined(self.statement.claim, context(self.decls, [*(given - {h})]))) for n, h in hyps if n not in out
        ]
        out |= {n for n, bad in left if bad is not None}
        idle = [n for n, _ in hyps if n not in out]
        need(not idle, f"hypotheses that nothing uses: {idle}")
        return sorted(out)


def check_item(item: dict[str, Any], earlier: Earlier) -> tuple[dict[str, Any], Statement]:
    need(type(item["id"]) is str and len(item["id"]) <= 200, "an id is a short text")
    statement = load(item["statement"])
    out = {"id": item["id"], "statement": statement.hash()}
    cert = item["certificate"]
    need(type(cert) is dict, "not a certificate")
    if set(cert) == {"counterexample"}:
        found, why = outcome(statement, cert["counterexample"])
        need(found in ("false", "undefined"), f"no counterexample: the instance is {found}. {why}")
        return {**out, "verdict": "refuted", "reason": found, "detail": why}, statement
    need({"nodes", "steps"} <= set(cert) <= {"nodes", "steps", "defined"}, "not a certificate")
    lemmas, count = cert.get("defined", []), len(cert["steps"])
    fits = type(lemmas) is list and all(type(n) is int and 0 <= n < count for n in lemmas)
    need(fits, "no such step for definedness")
    found, why = outcome(statement, item["witness"])
    need(found == "true", f"the witness does not satisfy the statement: {found}. {why}")
    replay = Replay(statement, cert, earlier)
    used = replay.run()
    proved = {"verdict": "proved", "hypotheses": used, "rules": replay.rules}
    return {**out, **proved, "claims": sorted(set(replay.cited)), "axioms": [], "steps": count}, statement


def check(bundle: Any, seconds: float | None = None) -> dict[str, Any]:
    """One report per item: proved, refuted, or undecided with a reason.  `seconds`: of work per item (main thread only)."""
    items = bundle["items"] if type(bundle) is dict and set(bundle) == {"items"} else None
    if type(items) is not list or len(items) > MOST_ITEMS:
        return {
            "reports": [],
            "evidence": None,
            "reason": f"a bundle is an object with a list of at most {MOST_ITEMS} items",
        }
    reports: list[dict[str, Any]] = []
    earlier: Earlier = {}
    seen: set[str] = set()
    for item in items:
        start = time.perf_counter()
        name = item.get("id") if type(item) is dict else None
        name = name[:200] if type(name) is str else None
        try:
            _alarm(seconds)
            need(type(item) is dict and set(item) == {"id", "statement", "witness", "certificate"}, "not an item")
            need(name not in seen, "two items have one id")
            report, statement = check_item(item, earlier)
            seen.add(report["id"])
            if report["verdict"] == "proved":
                earlier[statement.hash()] = (report["id"], statement)
        except (Undecided, Malformed, TooLong) as e:
            report = {"id": name, "verdict": "undecided", "reason": str(e)[:MOST_TEXT]}
        except CRASHES as e:
            report = {"id": name, "verdict": "undecided", "reason": f"malformed: {type(e).__name__}: {str(e)[:200]}"}
        finally:
            _alarm(None)
        reports.append({**report, "ms": round(1000 * (time.perf_counter() - start), 1)})
    text = json.dumps(bundle, sort_keys=True, separators=(",", ":"))
    return {"reports": reports, "evidence": hashlib.sha256(text.encode()).hexdigest()}


def _alarm(seconds: float | None) -> None:
    """The clock counts this process's own work, so that a busy machine makes no proof undecided."""
    if seconds is not None:
        signal.signal(signal.SIGPROF, _too_long)
    if signal.getsignal(signal.SIGPROF) is _too_long:
        signal.setitimer(signal.ITIMER_PROF, seconds or 0)


def _too_long(*_: object) -> None:
    raise TooLong("over the time limit for one item")


def main() -> int:
    """Read a bundle from standard input, write the reports to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.setrecursionlimit(20_000)
    try:
        text = sys.stdin.read(MOST_BYTES + 1)
        need(len(text) <= MOST_BYTES, f"a bundle has at most {MOST_BYTES} bytes")
        out = check(json.loads(text), SECONDS)
    except (Undecided, TooLong, ValueError, RecursionError, MemoryError) as e:
        out = {"reports": [], "evidence": None, "reason": f"not a bundle: {type(e).__name__}: {str(e)[:200]}"}
    json.dump(out, sys.stdout)
    return 0 if out["reports"] else 2


if __name__ == "__main__":
    sys.exit(main())
