"""Hostile files: ledgers, tables of ids and gaps, MDPs, bundles and entry points are data, and bad data cost a sentence.

Each bad file is read in a process of its own, which counts its processor time and the memory that the reading adds.
"""

from __future__ import annotations

import ast
import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from proofs.kernel.poly import Undecided
from proofs.kernel.terms import Malformed
from proofs.runner import bounded, ledger, schema
from proofs.runner.discovery import Broken, Catalogue, catalogue, declared, load
from proofs.runner.readings import sides
from tests.runner.tree import Tree

ROOT = Path(__file__).resolve().parents[2]
MANY = 10_000_000
HEAD = '{"schema": "rlproofs-ledger/1", '
ROW = '[[claim]]\nid = "x"\nversion = 1\nstatement = "00"\n'


# ------------------------------------------------------------------------------------- files
def filled(start: str, item: str, end: str) -> bytes:
    """Ten megabytes of one item, repeated."""
    return (start + item * ((MANY - len(start) - len(end)) // len(item)) + end).encode()


def keys(start: str, value: str, count: int, end: str) -> bytes:
    """So many different keys, and spaces up to ten megabytes: as many values as the bound lets through."""
    return (start + ",".join(f'"k{n}":{value}' for n in range(count)) + end).encode().ljust(MANY)


def signed(text: bytes) -> bytes:
    """A ledger's text with the checksum that belongs to it: whoever wants to can compute it."""
    body = text.rstrip()[:-1].decode().ljust(len(text) - 100)
    return f'{body}{ledger.CHECKSUM}{ledger._sum(body)}"\n}}\n'.encode()


LEDGERS = {
    "brackets without an end": (b"[" * 100_000, "nested too deeply"),
    "objects in objects": (signed((HEAD + '"claims":' + '{"a":' * 15_000 + "1" + "}" * 15_001).encode()), "breaks its schema"),
    "a number of 5,000 digits": ((HEAD + '"rlproofs": ' + "9" * 5_000 + "}").encode(), "4300 digits"),
    "ten megabytes of zeros": (b"\0" * MANY, "damaged"),
    "ten megabytes of no text": (b"\xff" * MANY, "damaged"),
    "ten megabytes of one text": (signed((HEAD + '"rlproofs": "' + "x" * MANY + '"}').encode()), "breaks its schema"),
    "a schema of ten megabytes": (('{"schema": "' + "x" * MANY + '"}').encode(), "must have the schema"),
    "ten megabytes of lists": (filled("[", "[],", "0]"), "it holds more than 999,999 values"),
    "ten megabytes of objects": (filled(HEAD + '"claims": [', "{},", "0]}"), "it holds more than"),
    "ten megabytes of wrong gaps": (filled(HEAD + '"gaps": [', "0,", "0]}"), "it holds more than"),
    "ten megabytes of draws": (filled(HEAD + '"budget": {"draws": [', "{},", "0]}}"), "it holds more than"),
    "half a million unknown keys": (signed(keys(HEAD, "0", 500_000, "}")), "(the head: more than 20,000 entries"),
    "wrong records": (signed(keys(HEAD + '"claims": {', "{}", 300_000, "}}")), "breaks its schema"),
    "a record of unknown keys": (signed(keys(HEAD + '"claims": {"a": {', "0", 400_000, "}}}")), "breaks its schema"),
    "wrong draws": (
        signed((HEAD + '"budget": {"draws": [' + "{}," * 400_000 + "{}]}}").encode().ljust(MANY)), "more than 20,000 entries"
    ),
    "a list": (b"[]", "must have the schema"),
    "no checksum": ((HEAD + '"budget": {}}').encode(), "has no checksum"),
    "a budget that is no number": (signed((HEAD + '"budget": {"limit": NaN}}').encode()), "breaks its schema"),
}  # fmt: skip
TABLES = {
    "ten megabytes": (b"x = 1\n" * (MANY // 6), "ids.toml is not TOML: it has more than 524,288 bytes"),
    "brackets without an end": (b"x = " + b"[" * 100_000, "ids.toml is not TOML: it is nested too deeply"),
    "as many entries as fit": (ROW.encode() * 9_000, "x has version 1 after 1; versions rise by one"),
    "no text": (b"\xff", "ids.toml is not TOML"),
    "another table": (b"[other]\nx = 1\n", "nothing but a list of entries [[claim]]; got other"),
    "a number for the list": (b"claim = 3\n", "nothing but a list of entries [[claim]]"),
    "numbers in the list": (b"claim = [1, 2]\n", "an entry [[claim]] has id, version, statement; got 1"),
    "a boolean version": (ROW.replace("= 1", "= true").encode(), "an entry [[claim]] has id, version, statement; got"),
    "a huge version": (ROW.replace("= 1", "= 0x" + "f" * 100_000).encode(), "an entry [[claim]] has"),
    "a very long id": (ROW.replace('"x"', f'"{"x" * 400_000}"').encode(), "an entry [[claim]] has"),
}
HEAD_MDP = '{"format": "rlproofs-mdp/1", "actions": ["x"], "discount": 1, "terminal": ["z"], '
ENDS = '"transition": {"a": {"x": {"z": 1}}}, "reward": {"a": {"x": 1}}}'
NUMBERS = range(4_999)


def named_states() -> str:
    return '"states": [' + ",".join(f'"s{n}"' for n in NUMBERS) + ', "z"], '


def loops() -> bytes:
    """As many states as there may be, each with itself for ever."""
    rows = ",".join(f'"s{n}": {{"x": {{"s{n}": 1}}}}' for n in NUMBERS)
    pays = ",".join(f'"s{n}": {{"x": 1}}' for n in NUMBERS)
    return (
        HEAD_MDP + named_states() + f'"start": {{"z": 1}}, "transition": {{{rows}}}, "reward": {{{pays}}}}}'
    ).encode()


def uncommon() -> bytes:
    """A law with a denominator of its own in each entry."""
    law = ",".join(f'"s{n}": "1/{10**99 + 2 * n + 1}"' for n in NUMBERS)
    row, pay = f'{{"x": {{{law}}}}}', '{"x": 1}'
    rows, pays = (",".join(f'"s{n}": {text if n == 0 else own}' for n in NUMBERS) for text, own in
                  ((row, '{"x": {"z": 1}}'), (pay, pay)))  # fmt: skip
    return (
        HEAD_MDP + named_states() + f'"start": {{"z": 1}}, "transition": {{{rows}}}, "reward": {{{pays}}}}}'
    ).encode()


MDPS = {
    "ten megabytes": (b" " * MANY, "must have at most 4194304 bytes"),
    "brackets without an end": (b"[" * 100_000, "nested too deeply"),
    "as many numbers as fit": (b'{"states": [' + b"1," * 2_000_000 + b"1]}", "an MDP must have the keys"),
    "a number of 5,000 digits": (b'{"states": ' + b"9" * 5_000 + b"}", "4300 digits"),
    "a text of a million digits": (
        (HEAD_MDP + '"states": ["a", "z"], "start": {"a": "' + "9" * 10**6 + '"}, ' + ENDS).encode(),
        'start["a"] must be a whole number, "p/q" or a decimal of at most 100 digits a part',
    ),
    "a number for the states": ((HEAD_MDP + '"states": 3, "start": 3, ' + ENDS).encode(), "states must be a list"),
    "many states": (loops(), "no terminal state can be reached from s0, s1"),
    "a law with no common denominator": (uncommon(), 'transition["s0"]["x"] must sum to 1; its denominators'),
}
READERS = {
    "ledger": ("from proofs.runner import ledger, schema; schema.json_schema()", "ledger.read_checked(path)"),
    "ids": ("from proofs.runner import ids", "ids.read_ids(path)"),
    "mdp": ("from numeric.mdp import reading", "reading.load(path)"),
}
MEASURED = """
import json, os, resource, sys, time
from pathlib import Path
sys.setrecursionlimit(20_000)
{prepare}
for name in sys.argv[1:]:
    path, (into, out) = Path(name), os.pipe()
    if os.fork() == 0:
        before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        try:
            {read}
            said = "read without a word"
        except BaseException as error:
            said = f"{{type(error).__name__}}: {{error}}"
        used = time.process_time() - start, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        os.write(out, json.dumps([said, *used]).encode()[:60_000])
        os._exit(0)
    os.close(out)
    with os.fdopen(into) as answer:
        print(answer.read(), flush=True)
    os.wait()
"""


def measured(
    reader: str, files: dict[str, tuple[bytes, str]], folder: Path, name: str
) -> Iterator[tuple[str, str, float, float]]:
    """(what it is, what was said, seconds, MiB) of each file, all read under a limit of 4 GiB."""
    paths = []
    for n, (text, _) in enumerate(files.values()):
        (folder / str(n)).mkdir()
        paths.append(folder / str(n) / name)
        paths[-1].write_bytes(text)
    prepare, read = READERS[reader]
    code = "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 32, 1 << 32))\n" + MEASURED.format(
        prepare=prepare, read=read
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, paths)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    lines = done.stdout.splitlines()
    assert len(lines) == len(files), done.stderr[-1000:]
    for what, line in zip(files, lines, strict=True):
        yield (what, *json.loads(line or '["it died", 0, 0]'))


@pytest.mark.parametrize(
    ("reader", "files", "name", "kind"),
    [
        ("ledger", LEDGERS, "ledger.json", "Trouble"),
        ("ids", TABLES, "ids.toml", "Broken"),
        ("mdp", MDPS, "mdp.json", "ValueError"),
    ],
    ids=["ledger", "ids", "mdp"],
)  # fmt: skip
def test_a_bad_file_costs_a_sentence_a_second_and_256_mebibytes_at_most(
    reader: str, files: dict[str, tuple[bytes, str]], name: str, kind: str, tmp_path: Path
) -> None:
    for what, said, seconds, more in measured(reader, files, tmp_path, name):
        assert said.startswith(f"{kind}: ") and files[what][1] in said, (what, said[:300])
        assert len(said) < 1_000 and seconds < 1 and more < 256, (what, seconds, more)


def test_a_ledger_of_many_claims_is_far_below_the_bounds(tree: Tree) -> None:
    """Its values for each byte, its entries for each record."""
    text = (tree.folder / ".rlproofs/ledger.json").read_bytes()
    assert sum(text.count(mark) for mark in (b",", b"[", b"{")) < len(text) / bounded.BYTES_A_VALUE
    most = max(bounded.entries(r, schema.DEPTH, 10**9) for r in tree.ledger()["claims"].values())
    assert 20 * most < schema.MOST_ENTRIES


def test_no_number_of_a_ledger_is_infinite_or_none_at_all(tree: Tree) -> None:
    for path, new in (
        (("budget", "limit"), float("nan")),
        (("budget", "alpha"), float("inf")),
        (("totals", "seconds"), float("nan")),
    ):
        assert schema.faults(replaced(tree.ledger(), path, new)), path
    assert schema.faults(replaced(tree.ledger(), ("claims", "two", "id"), "one")) == [
        "claims.two.id: the record of another claim, one"
    ]


# ------------------------------------------------------------------------------------- wrong types, everywhere
GONE = object()
WRONG: list[Any] = [GONE, None, [], {}, "x", -1, True, 1e308, [[]], {"a": 1}]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a record; of a list its first entry."""
    yield path
    inner = value.items() if isinstance(value, dict) else list(enumerate(value))[:1] if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    out = copy.deepcopy(value)
    at = out
    for key in path[:-1]:
        at = at[key]
    if new is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = new
    return out


def test_a_record_with_a_wrong_type_anywhere_is_refused_or_told_without_a_crash(tree: Tree) -> None:
    from proofs.runner import verdicts
    from proofs.runner.cite import cite
    from proofs.runner.run import of_device, totals

    good = tree.ledger()["claims"]["two"]
    refused = taken = 0
    for path in list(places(good))[1:]:
        for new in WRONG:
            record = replaced(good, path, new)
            if schema._faults("", schema.Record, record):
                refused += 1
                continue
            taken += 1
            verdicts.judge(record, gap=None)
            totals([record], 0.0)
            of_device(record, "cuda")
            for style in ("plain", "bibtex"):
                assert "@1" in cite(record, record, "0", style)
    assert refused > 500 and taken > 100


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("[" * 100_000, ["cite two", "show two", "list", "verify two"]),
        (signed((HEAD + '"claims": {"two": {"statement_hash": []}}}').encode()).decode(), ["cite two", "verify two"]),
    ],
    ids=["no end", "a wrong record"],
)
def test_every_command_that_reads_a_bad_ledger_says_how_to_mend_it(tree: Tree, text: str, commands: list[str]) -> None:
    tree.write(".rlproofs/ledger.json", text)
    for words in commands:
        done = tree.command(*words.split())
        assert done.returncode == 2 and "move it away" in done.stderr and "Traceback" not in done.stderr, (words, done)


# ------------------------------------------------------------------------------------- entry points
ENTRIES = {
    "nowhere.at.all:EVIDENCE": "No module named 'nowhere'",
    "json:NOTHING": "has no attribute 'NOTHING'",
    "not an entry point": "does not load",
    "bad_evidence:NUMBER": "must name Evidence, or a list of it; got int",
    "bad_evidence:MIXED": "must name Evidence, or a list of it; got a list of other things",
    "bad_syntax:EVIDENCE": "does not load: SyntaxError",
    "bad_crash:EVIDENCE": "does not load: ZeroDivisionError",
}


@pytest.mark.parametrize(("value", "said"), ENTRIES.items())
def test_an_entry_point_that_names_no_evidence_is_refused_by_name(
    value: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad_evidence.py").write_text("NUMBER = 3\nMIXED = [3]\n")
    (tmp_path / "bad_syntax.py").write_text("def f(:\n")
    (tmp_path / "bad_crash.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Broken) as caught:
        declared(EntryPoint("x", value, "rlproofs.evidence"))
    assert "the entry point rlproofs.evidence: " in str(caught.value) and said in str(caught.value)


def test_evidence_of_an_unknown_claim_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("kl", "numeric.experiments.kl:EVIDENCE", "rlproofs.evidence")
    monkeypatch.setattr("proofs.runner.discovery._entries", lambda group: [point])
    with pytest.raises(Broken, match="is of .*, which no topic holds"):
        Catalogue({}, {}).evidence  # noqa: B018


def test_a_missing_optional_package_is_no_broken_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wants_more.py").write_text("import package_that_nobody_has\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError):
        load(EntryPoint("x", "wants_more:CHANNEL", "rlproofs.channels"))


# ------------------------------------------------------------------------------------- instances and bundles
INSTANCES: list[Any] = [
    {}, {"ints": []}, {"ints": {"n": "three"}}, {"ints": {"n": -1}}, {"ints": {"n": True}},
    {"ints": {"n": 2}, "tables": {"p": "1/2, 1/2", "q": 3}}, {"ints": {"n": 2}, "tables": {"p": [["1/2"], "1/2"], "q": []}},
    {"ints": {"n": 2}, "tables": {"p": ["9" * 10**6, "0"], "q": ["1/2", "1/2"]}},
    {"ints": {"n": 2}, "tables": {"p": ["1/0", "0"], "q": ["1/2", "1/2"]}}, {"ints": {"n": 10**9}, "tables": {"p": [], "q": []}},
    {"ints": {"n": 2}, "tables": {"p": ["nan", "inf"], "q": ["1/2", "1/2"]}}, [], None, 3,
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(INSTANCES)))
def test_an_instance_of_another_form_is_refused_with_a_sentence(number: int) -> None:
    statement = catalogue().claim("hw23c").statement
    assert statement is not None
    try:
        outcome = sides(statement, INSTANCES[number])["outcome"]
    except (Malformed, Undecided) as why:
        assert str(why) and len(str(why)) < 1_000
    else:
        assert outcome == "not admissible"


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5_000, "x" * MANY, '{"items": 3}', '{"items": [3]}', "[]", ""])
def test_the_judge_refuses_what_is_no_bundle(text: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "proofs.kernel.check"], input=text, capture_output=True, text=True, timeout=60
    )
    answer = json.loads(done.stdout)
    assert done.returncode == 2 or answer["reports"][0]["verdict"] == "undecided"
    assert not done.stderr and len(done.stdout) < 1_000


# ------------------------------------------------------------------------------------- data stay data
RUNS = {"eval", "exec", "compile", "__import__"}
LOADERS = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml", "runpy"}
MAY_RUN = {  # the text of our own sources, or of a script that this project has written
    "numeric/reference.py": {"exec", "compile"},
    "proofs/runner/channels/preloaded.py": {"exec", "compile"},
    "numeric/training/folder.py": {"pickle"},  # the name of an error: checkpoints are read with weights_only
}


def dangers(text: str) -> set[str]:
    """Names in a source that turn data into code."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and node.id in RUNS:
            found.add(node.id)
        elif (
            isinstance(node, ast.Attribute)
            and node.attr in RUNS
            and isinstance(node.value, ast.Name)
            and node.value.id == "builtins"
        ):
            found.add(node.attr)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.partition(".")[0] in LOADERS}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in LOADERS:
            found.add(str(node.module))
        elif isinstance(node, ast.keyword) and node.arg in ("allow_pickle", "weights_only"):
            found |= {node.arg} if ast.unparse(node.value) != str(node.arg == "weights_only") else set()
    return found


def test_no_data_are_run_as_code() -> None:
    paths = [p for name in ("proofs", "numeric") for p in sorted((ROOT / name).rglob("*.py"))]
    found = {p.relative_to(ROOT).as_posix(): dangers(p.read_text("utf8")) for p in paths}
    assert {name: what for name, what in found.items() if what} == MAY_RUN and len(found) > 50


@pytest.mark.parametrize(
    "text",
    [
        "eval('1')", "exec(x)", "f = eval", "import pickle", "from marshal import loads", "import yaml", "__import__('os')",
        "import builtins\nbuiltins.exec(x)", "np.load(f, allow_pickle=True)", "torch.load(f, weights_only=False)",
    ],
)  # fmt: skip
def test_the_search_for_such_code_finds_it(text: str) -> None:
    assert dangers(text) and not dangers("self.engine.eval(x); re.compile('x'); torch.load(f, weights_only=True)")
