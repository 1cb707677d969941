"""A run that survives: it is killed, stopped, refused its ledger, told the wrong time, answered with rubbish.

Fifty kills in place of five: `python tests/kill9.py`, in `make nightly`.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flint import arb

from proofs.kernel.poly import const
from proofs.runner import ledger, readings
from proofs.runner.run import account
from tests.kill9 import Trial, differing, timeless
from tests.runner.tree import Tree, claims

SITE = "sitecustomize.py"  # Python imports it first, in the run and in its workers


def said(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


def wait_for(what: Callable[[], Any], seconds: float = 60) -> Any:
    """The first true answer; fails where there is none in time."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


def records(tree: Tree) -> dict[str, Any]:
    """What a valid ledger holds by now."""
    return (ledger.read_checked(tree.folder / ".rlproofs/ledger.json") or {"claims": {}})["claims"]


# ------------------------------------------------------------------------------------- kill -9
def test_five_kills_within_one_run_lose_nothing(tmp_path: Path) -> None:
    seen = Trial(tmp_path, ("rao_blackwell", "log-tangent", "hw23d"), seed=3).go(5, span=0.4)
    assert seen.faults == [] and seen.moments.total() == 5 and seen.chains >= 1


KILLED = """
import os, pathlib, signal, sys
from proofs.runner import summary
from proofs.runner.cli import main

point, printed, real, replace = sys.argv.pop(1), [], summary.Plain.claim, os.replace

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def claim(self, record):
    real(self, record)
    printed.append(record["id"])
    if point == "printed" or (point == "edited" and len(printed) == 2):
        die()
    if point == "edited":
        with open("proofs/tiny.py", "a") as topic:
            topic.write("# another source than the one that is being verified")

def replaced(*paths):
    if point == "before the move" and printed:
        die()
    replace(*paths)
    if point == "after the move":
        die()

summary.Plain.claim, os.replace = claim, replaced
main()
"""


@pytest.mark.parametrize(
    ("point", "recorded"), [("printed", 1), ("before the move", 1), ("after the move", 1), ("edited", 1)]
)
def test_a_run_that_is_killed_at_the_worst_point(fresh: Tree, point: str, recorded: int) -> None:
    """Edited: a source changed after the first claim was recorded, and what is verified since is recorded of no claim."""
    fresh.write("killed.py", KILLED)
    command = [sys.executable, "killed.py", point, "verify"]
    done = subprocess.run(command, cwd=fresh.folder, env=fresh.environment(), text=True, capture_output=True)
    assert done.returncode == -signal.SIGKILL, said(done)
    printed = re.findall(r"^\S+ +(\S+) .* s\]", done.stdout, re.MULTILINE)
    assert len(records(fresh)) == recorded and set(printed[:1]) <= set(records(fresh))
    assert ledger.waiting(fresh.folder / ".rlproofs/ledger.json").exists() == (point == "before the move")
    wait_for(lambda: not fresh.processes(), 3)
    code, report = fresh.verify()
    again = {c["id"] for c in report["claims"] if not c["cached"]}
    assert code == 0 and len(again) == (4 if point == "edited" else 4 - recorded)
    assert sorted(os.listdir(fresh.folder / ".rlproofs")) == ["ledger.json", "ledger.lock"]


BUSY = """
four = identity("four", Eq(a + b, b + a), Eq(a + b, a), Eq(b + a, a + b))


def busy(pf, goal):
    from flint import fmpz
    fmpz(3) ** (3 * 10**9)


four.derive = busy
"""


def test_a_worker_that_is_deep_in_c_ends_with_its_run(fresh: Tree) -> None:
    """Its proof and its script both compute a power, for which the interpreter is never let go."""
    fresh.write("proofs/tiny.py", (fresh.folder / "proofs/tiny.py").read_text("utf8") + BUSY)
    run = fresh.start("verify", "one", "four", "--jobs", "3")
    try:
        wait_for(lambda: "one" in records(fresh))
        time.sleep(1)
        run.kill()
        run.communicate()
        wait_for(lambda: not fresh.processes(), 3)
    finally:
        for number in fresh.processes():
            os.kill(number, signal.SIGKILL)


# ------------------------------------------------------------------------------------- stopped
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_run_says_so_keeps_what_is_finished_and_leaves_no_worker(fresh: Tree, number: int) -> None:
    run = fresh.start("verify", FAKE="slow")
    wait_for(lambda: {"one", "three"} <= set(records(fresh)))
    while run.poll() is None:  # who presses Ctrl-C once presses it again
        run.send_signal(number)
        time.sleep(0.005)
    text, _ = run.communicate(timeout=20)
    assert run.returncode == 128 + number and "Traceback" not in text
    assert f"stopped by {signal.Signals(number).name}; what was finished is recorded" in text
    assert not fresh.processes() and {"one", "three"} <= set(records(fresh))
    code, report = fresh.verify()
    assert code == 0 and {c["id"] for c in report["claims"] if c["cached"]} >= {"one", "three"}


# ------------------------------------------------------------------------------------- no room, no right to write
def full(tree: Tree, size: int) -> dict[str, Any]:
    """The third write of the run finds the disk full."""
    tree.write(SITE, """
import errno, os
real, count = os.fsync, [0]
def fsync(handle):
    count[0] += 1
    if count[0] >= 3:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    real(handle)
os.fsync = fsync
""")  # fmt: skip
    return {}


def small(tree: Tree, size: int) -> dict[str, Any]:
    """No file of the run may be as large as its ledger in the end."""
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size * 3 // 4, size * 3 // 4))}


def emptied(tree: Tree) -> int:
    """Take the ledger away; how large it was."""
    size = (tree.folder / ".rlproofs/ledger.json").stat().st_size
    shutil.rmtree(tree.folder / ".rlproofs")
    return size


@pytest.mark.parametrize(("hinder", "why"), [(full, "No space left on device"), (small, "File too large")])
def test_a_full_disk_stops_the_run_and_spoils_nothing(
    tree: Tree, hinder: Callable[[Tree, int], dict[str, Any]], why: str
) -> None:
    options = hinder(tree, emptied(tree))
    done = started(tree, "verify", **options)
    assert done.returncode == 2 and "Traceback" not in said(done), said(done)
    assert f"cannot be written ({why}); what it held before still stands" in done.stderr
    kept = set(records(tree))
    assert kept and kept < {"one", "two", "three", "open"} and not tree.processes()
    assert not ledger.waiting(tree.folder / ".rlproofs/ledger.json").exists()
    (tree.folder / SITE).unlink(missing_ok=True)
    code, report = tree.verify()
    assert code == 0 and {c["id"] for c in report["claims"] if c["cached"]} == kept


def started(tree: Tree, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = tree.environment(PYTHONDONTWRITEBYTECODE="1", **options.pop("environment", {}))
    command = [sys.executable, "-m", "proofs.runner", *words]
    return subprocess.run(
        command, cwd=tree.folder, env=environment, text=True, capture_output=True, timeout=60, **options
    )


@pytest.mark.skipif(shutil.which("unshare") is None, reason="no file system can be mounted here")
def test_a_real_disk_that_is_full(tree: Tree) -> None:
    """A file system of its own, where the system lets us mount one: the last ledger does not fit beside the one before."""
    kib = emptied(tree) * 5 // 4 // 1024
    where = tree.folder / "disk"
    where.mkdir()
    mount = f"mount -t tmpfs -o size={kib}k disk {where} || exit 77"
    script = f"{mount}; {sys.executable} -m proofs.runner verify; s=$?; cp {where}/* .; exit $s"
    environment = tree.environment(RLPROOFS_LEDGER=f"{where}/ledger.json")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], cwd=tree.folder, env=environment, text=True, capture_output=True, timeout=60
    )  # fmt: skip
    if done.returncode in (1, 77, 127) and "rlproofs" not in said(done):
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    assert done.returncode == 2 and "No space left on device" in done.stderr and "Traceback" not in said(done), said(
        done
    )
    assert ledger.read_checked(tree.folder / "ledger.json")


def unprivileged() -> None:
    """Root writes where it likes, unless it gives up the capability to (24: PR_CAPBSET_DROP, 1: CAP_DAC_OVERRIDE)."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(24, 1)


@pytest.mark.parametrize("with_ledger", [False, True])
def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(tree: Tree, with_ledger: bool) -> None:
    place = tree.folder / ".rlproofs" if with_ledger else tree.folder / "closed"
    place.mkdir(exist_ok=True)
    place.chmod(0o555)
    try:
        done = started(
            tree,
            "verify",
            "--no-cache",
            preexec_fn=unprivileged,
            environment={"RLPROOFS_LEDGER": f"{place}/ledger.json"},
        )
    finally:
        place.chmod(0o755)
    assert (
        done.returncode == 2
        and "cannot be written (Permission denied)" in done.stderr
        and "RLPROOFS_LEDGER" in done.stderr
    )
    assert done.stdout == "" and done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [("--json", "/dev/null/out.json"), ("--json", "/dev/full")])
def test_a_report_that_cannot_be_written_is_one_line(tree: Tree, words: tuple[str, ...]) -> None:
    done = tree.command("verify", *words)
    assert done.returncode == 2 and done.stderr.startswith("rlproofs: ") and "Traceback" not in said(done)


def test_an_output_that_takes_nothing_is_one_line_and_loses_nothing(fresh: Tree) -> None:
    with open("/dev/full", "w") as full_:
        command = [sys.executable, "-m", "proofs.runner", "verify", "one"]
        done = subprocess.run(
            command, cwd=fresh.folder, env=fresh.environment(), stdout=full_, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 2 and "No space left on device" in done.stderr and "Traceback" not in done.stderr
    fresh.folder.joinpath("closed").mkdir()
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        command, cwd=fresh.folder, env=fresh.environment(), stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert done.returncode == 2 and "nobody reads on" in done.stderr and "Traceback" not in done.stderr
    assert not fresh.processes()


# ------------------------------------------------------------------------------------- ledgers of another kind
def changed(pattern: str, new: str) -> Callable[[str], bytes]:
    def change(text: str) -> bytes:
        assert re.search(pattern, text), pattern
        return re.sub(pattern, new, text, count=1).encode()

    return change


def resealed(change: Callable[[dict[str, Any]], None]) -> Callable[[str], bytes]:
    """A ledger that another program wrote, checksum and all."""

    def made(text: str) -> bytes:
        data = json.loads(text)
        del data["checksum"]
        change(data)
        return ledger.Lines().text(data).encode()

    return made


DAMAGED: dict[str, tuple[Callable[[str], bytes], str]] = {
    "cut off": (lambda text: text[: len(text) // 2].encode(), "is damaged"),
    "cut off at a line": (lambda text: text[: text.rindex(",\n")].encode() + b"\n}\n", "is damaged"),
    "empty": (lambda text: b"", "is damaged"),
    "zeros": (lambda text: bytes(len(text)), "is damaged"),
    "binary": (lambda text: bytes(range(256)) * 9, "is damaged"),
    "one byte": (lambda text: text.replace("proved", "prov\u00e9d", 1).encode("latin1"), "is damaged"),
    "a million brackets": (lambda text: b"[" * 1_000_000, "is damaged"),
    "a number of 5000 digits": (lambda text: b"9" * 5000, "is damaged"),
    "a list": (lambda text: b"[]", "must have the schema"),
    "no schema": (lambda text: b"{}", "must have the schema"),
    "a schema that is no text": (lambda text: b'{"schema": {"a": [1]}}', "must have the schema"),
    "an older one": (changed("rlproofs-ledger/1", "rlproofs-ledger/0"), "written by an older rlproofs"),
    "a newer one": (changed("rlproofs-ledger/1", "rlproofs-ledger/12"), "written by a newer rlproofs"),
    "a changed verdict": (changed('"verdict": "not run"', '"verdict": "proved"'), "its checksum is of another text"),
    "a changed figure": (changed('"alpha": 1e-09', '"alpha": 1e-08'), "its checksum is of another text"),
    "no checksum": (changed(r',\n "checksum": "[0-9a-f]*"', ""), "has no checksum"),
    "claims that are a list": (lambda text: b'{"schema": "rlproofs-ledger/1", "claims": []}', "has no checksum"),
    "another type": (resealed(lambda data: data["claims"]["one"].update(seconds="long")), "breaks its schema"),
    "a verdict of its own": (resealed(lambda data: data["claims"]["one"].update(verdict="sure")), "breaks its schema"),
    "a field more": (resealed(lambda data: data.update(extra=1)), "breaks its schema"),
    "a field less": (resealed(lambda data: data["budget"].pop("lifetime")), "breaks its schema"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_a_ledger_of_another_kind_is_never_believed(tree: Tree, name: str) -> None:
    make, why = DAMAGED[name]
    path = tree.folder / ".rlproofs/ledger.json"
    damaged = make(path.read_text("utf8"))
    path.write_bytes(damaged)
    with pytest.raises(ledger.Trouble, match="move it away") as found:
        ledger.read_checked(path)
    assert why in str(found.value) and "\n" not in str(found.value) and path.read_bytes() == damaged


@pytest.mark.parametrize("name", ["cut off", "binary", "a newer one", "another type", "a million brackets"])
def test_a_run_refuses_such_a_ledger_in_one_line_and_leaves_it(tree: Tree, name: str) -> None:
    path = tree.folder / ".rlproofs/ledger.json"
    path.write_bytes(DAMAGED[name][0](path.read_text("utf8")))
    before = path.read_bytes()
    done = tree.command("verify")
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1, said(done)
    assert "move it away" in done.stderr and path.read_bytes() == before


@pytest.mark.parametrize(
    "words", [("list",), ("show", "one"), ("cite", "one"), ("verify", "one", "--channel", "exact")]
)
def test_no_command_believes_a_changed_verdict(tree: Tree, words: tuple[str, ...]) -> None:
    path = tree.folder / ".rlproofs/ledger.json"
    path.write_bytes(DAMAGED["a changed verdict"][0](path.read_text("utf8")))
    done = tree.command(*words)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1, said(done)


def test_a_ledger_that_is_a_folder_is_one_line(tree: Tree) -> None:
    (tree.folder / "here").mkdir()
    done = tree.command("verify", RLPROOFS_LEDGER="here")
    assert done.returncode == 2 and "cannot be read (Is a directory)" in done.stderr and "Traceback" not in said(done)


# ------------------------------------------------------------------------------------- the clock
CLOCK = """
import datetime, random, time
real, dice = time.time, random.Random(5)

def jumps():
    return dice.choice([-1, 0, 1]) * 10 * 365 * 86400.0

class Jumping(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(seconds=jumps())

time.time = lambda: real() + jumps()
time.time_ns = lambda: int(1e9 * time.time())
datetime.datetime = Jumping
"""


def test_a_clock_that_jumps_changes_nothing_but_dates(tree: Tree) -> None:
    before = timeless(tree.ledger())
    tree.write(SITE, CLOCK)
    code, report = tree.verify("--no-cache")
    after = tree.ledger()
    assert code == 0 and 0 < report["totals"]["seconds"] < 60
    assert all(0 <= c["seconds"] < 60 for c in report["claims"])
    dates = {after["created"][:4], after["updated"][:4]}
    assert timeless(after) | {"checksum": ""} == before | {"checksum": ""}, differing(before, timeless(after))
    tree.write(SITE, CLOCK.replace("Random(5)", "Random(8)"))
    tree.verify("--no-cache")
    assert dates | {tree.ledger()["updated"][:4]} != {time.strftime("%Y")}, "the clock did jump"


# ------------------------------------------------------------------------------------- answers that are none
@pytest.mark.parametrize(
    "answer",
    ['{"verdict": "splendid"}', "[1]", '{"verdict": "confirmed", "n": float("nan")}', '{"detail": "no verdict"}'],
)
def test_an_answer_of_another_form_is_an_error_of_its_claim_and_no_other(fresh: Tree, answer: str) -> None:
    fresh.edit(
        "fake_engine.py",
        '        return {"verdict": "confirmed" if right',
        f'        return {answer}\n        return {{"verdict": "confirmed" if right',
    )
    code, report = fresh.verify()
    assert code == 1 and [c["id"] for c in report["claims"] if not c["ok"]] == ["two"]
    assert claims(report)["two"]["channels"]["montecarlo"]["verdict"] == "error"
    assert set(records(fresh)) == {"one", "two", "three", "open"}


# ------------------------------------------------------------------------------------- any number, any order
SHUFFLED = """
import random, sys
from proofs.runner import pool
from proofs.runner.cli import main

real, seed = pool.run_all, int(sys.argv.pop(1))

def run_all(jobs, *rest):
    jobs = list(jobs)
    random.Random(seed).shuffle(jobs)
    return real(jobs, *rest)

pool.run_all = run_all
main()
"""


def test_the_ledger_depends_neither_on_the_number_of_workers_nor_on_the_order(tree: Tree) -> None:
    def run(jobs: int, seed: int) -> Any:
        (tree.folder / ".rlproofs/ledger.json").unlink()
        command = [sys.executable, "shuffled.py", str(seed), "verify", "--jobs", str(jobs)]
        done = subprocess.run(
            command, cwd=tree.folder, env=tree.environment(PYTHONHASHSEED=str(seed)), text=True, capture_output=True
        )
        assert done.returncode == 0, said(done)
        return timeless(ledger.read_checked(tree.folder / ".rlproofs/ledger.json"))

    tree.write("shuffled.py", SHUFFLED)
    first = run(1, 1)
    for jobs, seed in ((2, 2), (3, 3)):
        other = run(jobs, seed)
        assert json.dumps(other) == json.dumps(first), differing(first, other)  # in the same order, too


def test_the_decimals_of_a_zero_are_no_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """The middle of a ball around zero depends on the order of a sum, and that on what the worker has computed before."""
    for radius, decimal in ((1e-38, "0"), (1e-40, "1e-39")):
        monkeypatch.setattr(readings, "ball", lambda p, bits, radius=radius: arb(1e-39, radius))
        assert readings.written(const(0))[1] == decimal


def test_the_account_does_not_tell_which_worker_paid_first() -> None:
    draws = [dict(claim=claim, version="1", nonce="0", check=check) for claim in "ab" for check in "xy"]
    books = [
        type("Book", (), {"record": lambda self, given=given: {"draws": given}})() for given in (draws, draws[::-1])
    ]
    assert account(books[0]) == account(books[1]) == {"draws": draws}


@pytest.mark.nightly
@pytest.mark.parametrize("jobs", [1, 3])
def test_real_claims_depend_neither_on_the_number_of_workers(tmp_path: Path, jobs: int) -> None:
    one, other = Trial(tmp_path, jobs=2), Trial(tmp_path, jobs=jobs)
    one.undisturbed()
    one.path.unlink()
    other.undisturbed()
    assert other.whole == one.whole, differing(one.whole, other.whole)
