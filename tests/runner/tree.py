"""A small catalogue in a folder of its own: the real runner and kernel, three quick claims, a channel that can be made to lie."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TOPIC = '''
"""Three identities of reals."""
from proofs.claims import Hypothesis, Topic, lemma
from proofs.language import Eq, Ge, Vocabulary

TOPIC = Topic("tiny", "Tiny identities")
NAMES = Vocabulary()
a, b = NAMES.real("a"), NAMES.real("b")


def at(x, y):
    return {"reals": {"a": x, "b": y}}


def identity(id, says, wrong, other, channels=("proof", "exact", "sympy")):
    claim = TOPIC.claim(id, f"identity {id}", kind="identity", source=lemma("tests"), vocabulary=NAMES, says=says,
                        witness=at("2/3", "7/5"))
    claim.proof(lambda pf, goal: pf.prove(goal))
    claim.mutant("wrong", wrong, title="the sign turned round", channels=channels)
    claim.control("turned", other)
    return claim


left = (a + b) * (a - b)
one = identity("one", Eq(left, a * a - b * b), Eq(left, a * a + b * b), Eq(a * a - b * b, left))
two = identity("two", Eq(2 * a, a + a), Eq(2 * a, a), Eq(a + a, 2 * a), ("proof", "exact", "sympy", "montecarlo"))
three = identity("three", Eq(a * (b + 1), a * b + a), Eq(a * (b + 1), a * b), Eq(a * b + a, (b + 1) * a))
open_one = TOPIC.claim("open", "not stated yet", kind="limit", source=lemma("tests"), vocabulary=NAMES, says=None)
'''
EVIDENCE = """
from proofs.claims import Evidence
from proofs.tiny import two

EVIDENCE = Evidence(two)
EVIDENCE.montecarlo({}, estimand=two.says, target=two.says)
"""
ENGINE = '''
import os, time


class Budget:
    """The runner's budget in small: it remembers, and refuses a second time."""

    def __init__(self, earlier):
        self.draws = []

    def charge(self, claim, version, nonce, check, alpha, n):
        draw = dict(claim=claim, version=str(version), nonce=nonce, check=check, alpha=alpha, n=n)
        if draw in self.draws or len(self.draws) >= int(os.environ.get("MOST", "9")):
            raise RuntimeError("the budget is spent")
        self.draws.append(draw)

    def record(self):
        n = len(self.draws)
        return dict(limit=1e-6, alpha=1e-9, most=9, checks=n, spent=n * 1e-9, lifetime={"two": n * 1e-9}, draws=self.draws)


class Channel:
    """FAKE: honest (default), credulous (always confirmed), crash, die, slow, brief (less slow)."""

    name = "montecarlo"

    def new_budget(self, earlier):
        return Budget(earlier)

    def plan(self, evidence, *, version):
        return [{"check": "statement", "explained": "one sample"}]

    def check(self, evidence, variant, *, version, budget, nonce, device, seconds, claim_record):
        how, label = os.environ.get("FAKE", "honest"), "statement" if variant == "claim" else variant.id
        budget.charge(evidence.claim.id, version, nonce, label, 1e-9, 1)
        if how in ("slow", "brief"):
            time.sleep(60 if how == "slow" else 6)
        if how == "die":
            os._exit(9)
        if how == "crash" and variant != "claim":
            raise OverflowError("too far")
        right = variant == "claim" or how == "credulous"
        return {"verdict": "confirmed" if right else "refuted", "detail": f"nonce {nonce}", "n": 1}


CHANNEL = Channel()
'''
ENTRY_POINTS = (
    "[rlproofs.evidence]\ntiny = fake_evidence:EVIDENCE\n[rlproofs.channels]\nmontecarlo = fake_engine:CHANNEL\n"
)
GAPS = '[[gap]]\nid = "open"\nmissing = "a statement"\n'
KEPT = ("__init__.py", "claims.py", "language.py", "scope.py", "writing.py", "kernel", "readings", "tactics", "runner")


def listening() -> None:
    """Signals as a terminal's shell leaves them to a command: `nohup` and `&` let it ignore some."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Tree:
    """The folder, and the command in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "proofs").mkdir()
        for name in KEPT:
            source = ROOT / "proofs" / name
            if source.is_dir():
                shutil.copytree(source, folder / "proofs" / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder / "proofs" / name)
        self.write("proofs/tiny.py", TOPIC)
        self.write("proofs/gaps.toml", GAPS)
        self.write("fake_evidence.py", EVIDENCE)
        self.write("fake_engine.py", ENGINE)
        info = folder / "rlproofs-0.0.0.dist-info"  # found before an installed one, which it hides
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rlproofs\nVersion: 0.0.0\n")
        (info / "entry_points.txt").write_text(ENTRY_POINTS)
        self.command("ids", "--update")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, "utf8")

    def edit(self, name: str, old: str, new: str) -> None:
        """One textual change that must apply exactly once."""
        text = (self.folder / name).read_text("utf8")
        assert text.count(old) == 1, (name, old, text.count(old))
        self.write(name, text.replace(old, new))

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("RLPROOFS_LEDGER", "FAKE")}
        return {**kept, "PYTHONPATH": str(self.folder), **more}

    def command(self, *words: str, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
        """`rlproofs ...` in the folder."""
        return subprocess.run(
            [sys.executable, "-m", "proofs.runner", *words],
            cwd=self.folder, env=self.environment(**environment), capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """The same, not waited for; it listens to signals even where whoever started the tests ignores some."""
        return subprocess.Popen(
            [sys.executable, "-m", "proofs.runner", *words],
            cwd=self.folder, env=self.environment(**environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            preexec_fn=listening,
        )  # fmt: skip

    def verify(self, *words: str, **environment: str) -> tuple[int, dict[str, Any]]:
        """(exit status, what --json wrote)."""
        done = self.command("verify", *words, "--json", "out.json", **environment)
        assert (self.folder / "out.json").exists(), done.stdout + done.stderr
        return done.returncode, json.loads((self.folder / "out.json").read_text("utf8"))

    def processes(self) -> list[int]:
        """Processes that work in this folder."""
        out = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and (entry / "cwd").readlink() == self.folder:
                    out.append(int(entry.name))
            except OSError:
                continue
        return out

    def ledger(self) -> dict[str, Any]:
        out: dict[str, Any] = json.loads((self.folder / ".rlproofs/ledger.json").read_text("utf8"))
        return out


def claims(report: dict[str, Any]) -> dict[str, Any]:
    """The claims of a report by their ids."""
    return {c["id"]: c for c in report["claims"]}
