"""The tool behind `make mutants`: what it draws, how it names a mutant, what it makes of an end.  No mutant is tried here.

What needs cosmic-ray is skipped without it: only `make nightly` and `make mutants` install it.
"""

from __future__ import annotations

import ast
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutation.bench import Bench, End, Stopped, by
from tests.mutation.population import ROOT, Mutant, Name, annotations, population, sample
from tests.mutation.run import explanations, summary
from tests.mutation.target import Target
from tests.mutation.targets import TARGETS, EvidenceCode, Kernel

KERNEL, EVIDENCE = TARGETS["kernel"], TARGETS["evidence"]
EACH = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
SOURCE = '''"""A stand-in for the judge."""
from __future__ import annotations


class Ctx:
    def holds(self, p: int | None) -> bool:
        if p is None or p == 3:
            return 1 + p > 2
        return p + 1 > 2


def short(x: list[int]) -> bool: return len(x) <= 5
'''


def made(folder: Path, text: str = SOURCE) -> list[Mutant]:
    """The mutants of a tree whose judge is one file."""
    pytest.importorskip("cosmic_ray")
    (folder / KERNEL.folders[0]).mkdir(parents=True, exist_ok=True)
    (folder / KERNEL.path("one.py")).write_text(text, "utf8")
    return population(KERNEL.files(folder))


# ------------------------------------------------------------------------------------- the sample
def test_the_sample_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    pytest.importorskip("cosmic_ray")
    every = population(KERNEL.files(ROOT))
    assert len(every) > 5_000 and len({m.name for m in every}) == len(every), "each mutant has a name of its own"
    first, again, other = (sample(list(ms), 300, seed) for ms, seed in ((every, 1), (reversed(every), 1), (every, 2)))
    assert first == again and len(first) == 300
    assert len(set(first) & set(other)) < 60
    assert {m.name.file for m in first} >= {"check.py", "context.py", "rules.py", "terms.py", "value.py"}
    assert set(sample(every, 20, 1)) <= set(first), "a smaller sample is part of a larger one"


def test_an_edit_elsewhere_leaves_the_sample_as_it_was(tmp_path: Path) -> None:
    before = sample(made(tmp_path), 10, 1)
    after = sample(made(tmp_path, SOURCE.replace("class Ctx", "LIMIT = None\n\n\nclass Ctx")), 10, 1)
    assert [m.name for m in before] == [m.name for m in after]
    assert [m.number + 3 for m in before] == [m.number for m in after]


def test_a_mutant_is_known_by_function_operator_and_line_and_changes_that_line(tmp_path: Path) -> None:
    every = {m.name: m for m in made(tmp_path)}
    less = every[
        Name(
            "one.py",
            "short",
            "ReplaceComparisonOperator_LtE_Lt",
            "def short(x: list[int]) -> bool: return len(x) <= 5",
            1,
        )
    ]
    assert less.number == 12 and less.change(SOURCE) == "def short(x: list[int]) -> bool: return len(x) < 5"
    plus = [n for n in every if n.operator == "NumberReplacer +1" and n.line == "return 1 + p > 2"]
    assert [(n.where, n.nth) for n in plus] == [("Ctx.holds", 1), ("Ctx.holds", 2)], "two numbers of one line"
    for mutant in every.values():
        changed = mutant.source(SOURCE)
        assert changed != SOURCE and len(changed.split("\n")) == len(SOURCE.split("\n"))


def test_annotations_and_exchanges_of_is_and_equality_are_no_mutants(tmp_path: Path) -> None:
    every = made(tmp_path)
    assert not [m for m in every if m.plugin.endswith(("Eq_Is", "Is_Eq"))]
    assert not [m for m in every if "Operator_BitOr" in m.name.operator], "int | None stands in an annotation"
    assert [
        m
        for m in made(tmp_path, SOURCE.replace("from __future__ import annotations", ""))
        if "BitOr" in m.name.operator
    ]
    assert annotations("x: int = 3") == []


# ------------------------------------------------------------------------------------- survivors
@EACH
def test_each_survivor_is_explained_once_in_a_sentence(target: Target) -> None:
    found = explanations(target.survivors)
    assert all(len(why) > 20 and why[0].isupper() and why.endswith(".") for why in found.values())


@EACH
def test_each_explained_line_still_stands_in_its_function(target: Target) -> None:
    gone = [name for name in explanations(target.survivors) if name.line not in lines_of(name, target)]
    assert gone == [], "explained, but no longer there: remove the row or mend it"


def lines_of(name: Name, target: Target) -> set[str]:
    """The lines of the function or class that a name points to, or of the whole file."""
    text = (ROOT / target.path(name.file)).read_text("utf8")
    node: ast.AST = ast.parse(text)
    for part in name.where.split(".") if name.where else []:
        inner = [n for n in ast.walk(node) if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n.name == part]
        if not inner:
            return set()
        node = inner[0]
    lines = text.split("\n")
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        lines = lines[node.lineno - 1 : node.end_lineno]
    return {line.strip() for line in lines}


@EACH
def test_each_explained_mutant_can_still_be_made(target: Target) -> None:
    pytest.importorskip("cosmic_ray")
    found = explanations(target.survivors)
    there = {m.name for m in population(f for f in target.files(ROOT) if f[0] in {name.file for name in found})}
    assert [name for name in found if name not in there] == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[survivor]]\nfile = "a.py"\n', "a survivor has"),
        ('[[survivor]]\nfile = "a.py"\noperator = "o"\nline = "l"\nchange = "c"\nwhy = " "\n', "a survivor has"),
        (2 * '[[survivor]]\nfile = "a.py"\noperator = "o"\nline = "l"\nchange = "c"\nwhy = "w"\n', "explained twice"),
    ],
)
def test_a_row_without_a_reason_or_given_twice_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "survivors.toml"
    path.write_text(text, "utf8")
    with pytest.raises(ValueError, match=says):
        explanations(path)


# ------------------------------------------------------------------------------------- ends
def ends(killed: int, alive: int, *, how: str = "killed") -> dict[Mutant, End]:
    mutants = [Mutant(Name("a.py", "f", "op", "line", n), "core/op", n, 1) for n in range(killed + alive)]
    return {m: End(how if n < killed else "survived", "", 1.0) for n, m in enumerate(mutants)}


def told(found: dict[Mutant, End], why: dict[Name, str], monkeypatch: pytest.MonkeyPatch) -> tuple[str, bool]:
    monkeypatch.setattr(Mutant, "change", lambda self, original: "changed")
    return summary(found, why, {"a.py": ""})


@pytest.mark.parametrize(
    ("killed", "explained", "well"), [(95, 5, True), (95, 4, False), (94, 6, False), (100, 0, True)]
)
def test_all_is_well_where_95_percent_are_killed_and_the_others_explained(
    killed: int, explained: int, well: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ends(killed, 100 - killed)
    alive = [m.name for m, e in found.items() if e.outcome == "survived"]
    text, good = told(found, dict.fromkeys(alive[:explained], "Why."), monkeypatch)
    left = len(alive) - explained
    closing = f"{killed} of 100 killed ({killed}.0 %), {explained} survivors explained, {left} unexplained"
    assert text.split("\n")[-1] == closing and good is well
    assert text.count("[[survivor]]") == left, "a row to fill in for each"


def test_no_mutant_at_all_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told({}, {}, monkeypatch)[1] is False


def test_import_and_clock_are_said_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ends(2, 0, how="killed by the clock")
    assert "of these 0 on import, 2 by the clock" in told(found, {}, monkeypatch)[0]


def test_an_explained_mutant_that_is_killed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ends(1, 0)
    assert "explained, though killed" in told(found, {next(iter(found)).name: "Why."}, monkeypatch)[0]


def test_what_killed_a_mutant_is_a_test_or_a_command() -> None:
    assert by("quick", 1, "...\nFAILED tests/a.py::b[c] - AssertionError\n1 failed") == "tests/a.py::b[c]"
    assert by("verify", 1, "NOT as expected\n") == "verify, exit 1: NOT as expected"


class Lines(Kernel):
    """Commands that are lines of Python."""

    def __init__(self, codes: dict[str, str]) -> None:
        super().__init__()
        self.codes = codes

    def tries(self, bench: Bench, mutant: Mutant) -> Iterator[tuple[str, list[str], float]]:
        for name, code in self.codes.items():
            yield name, [sys.executable, "-c", code], 5.0


def bench(folder: Path, *codes: str) -> Bench:
    """A bench whose commands are these lines of Python."""
    (folder / KERNEL.folders[0]).mkdir(parents=True)
    (folder / KERNEL.path("one.py")).write_text(SOURCE, "utf8")
    out = object.__new__(Bench)
    out.folder, out.target = folder, Lines(dict(zip(("import", "quick"), codes, strict=True)))
    out.process, out.stopped = None, False
    return out


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        (("", ""), "survived"),
        (("", "import sys; sys.exit(1)"), "killed"),
        (("import nonsense", ""), "killed on import"),
        (("", "while True: pass"), "killed by the clock"),
        (("", "x = []\nwhile True: x.append(bytes(2**28))"), "killed"),
        (("", f"assert open('{KERNEL.path('one.py')}').read() == {SOURCE!r}"), "killed"),
    ],
)
def test_a_mutant_is_tried_in_its_copy_which_is_put_back(tmp_path: Path, codes: tuple[str, str], outcome: str) -> None:
    pytest.importorskip("cosmic_ray")
    made_bench = bench(tmp_path, *codes)
    mutant = population(KERNEL.files(tmp_path))[0]
    assert made_bench.judged(mutant).outcome == outcome
    assert (tmp_path / KERNEL.path("one.py")).read_text("utf8") == SOURCE


def test_a_child_of_a_mutant_does_not_outlive_it(tmp_path: Path) -> None:
    """The child would leave a file; it has a second to do so after its parent has ended."""
    left = tmp_path / "left"
    child = f"import time; time.sleep(1); open({str(left)!r}, 'w')"
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}])"
    assert bench(tmp_path, "", "").ran([sys.executable, "-c", code], 30) == (0, "")
    time.sleep(2)
    assert not left.exists()


def test_what_kills_is_what_the_judge_does_and_not_how_it_is_written() -> None:
    asked = Kernel().commands(ROOT)
    for name in ("rules", "values", "limits", "noticed", "certificates", "fuzz", "attacks"):
        assert f"tests/kernel/test_{name}.py" in asked and (ROOT / f"tests/kernel/test_{name}.py").exists()
    tried = " ".join(word for command in asked.values() for word in command)
    assert "trusted_base" not in tried and "guards" not in tried
    assert tried.count(" -x ") == len(asked) - 1 and "--channel proof" in tried


def test_a_bench_that_was_told_to_stop_begins_nothing_more(tmp_path: Path) -> None:
    one = bench(tmp_path, "", "")
    one.stop()
    with pytest.raises(Stopped):
        one.ran([sys.executable, "-c", "pass"], 5)


def test_every_file_of_the_evidence_code_is_mutated_and_every_test_of_it_is_measured() -> None:
    files = [name for name, _ in EVIDENCE.files(ROOT)]
    assert {"numeric/montecarlo/bounds.py", "proofs/runner/ledger.py", "proofs/runner/channels/exact.py"} <= set(files)
    tests = {p.relative_to(ROOT).as_posix() for f in EvidenceCode.TESTS for p in (ROOT / f).glob("test_*.py")}
    asked = EvidenceCode().commands(ROOT)
    assert set(asked) == tests | {"verify"} and all(
        command[-1] == name for name, command in asked.items() if name in tests
    )
    assert "verify" in asked["verify"] and set(EvidenceCode.CLAIMS) <= set(asked["verify"])


def test_the_nearest_tests_bear_the_name_of_a_file_or_name_it() -> None:
    near = EvidenceCode().near(ROOT, "numeric/montecarlo/bounds.py")
    assert near[0] == "tests/montecarlo/test_bounds.py" and "tests/montecarlo/exactly.py" not in near and len(near) > 2


def test_a_file_is_imported_by_its_dotted_name() -> None:
    assert EvidenceCode().importing("proofs/runner/channels/__init__.py")[-1] == "import proofs.runner.channels"
    assert EvidenceCode().importing("numeric/montecarlo/plan.py")[-1] == "import numeric.montecarlo.plan"
