"""The protocol of the benchmarks: what is called, in what order, how often; what a row says; what the definition is."""

import json
import os
import sys
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch
import typer
from typer.testing import CliRunner

from numeric.bench import cartpole, command, compiled, gae, ppo, processes, returns
from numeric.bench.rows import OURS, Row, missing, ratios, size
from numeric.bench.timing import LEAST, MOST, WARM, Times, interleaved, one_core
from numeric.bench.trajectories import DISCOUNT, LAMBDA, SHAPES, advantages, error, problem


def cli():
    app = typer.Typer()
    app.command()(command.main)
    return app


def test_all_are_called_in_turn_at_least_twenty_times():
    calls = []
    times = interleaved({name: lambda name=name: calls.append(name) for name in "abc"}, seconds=0.0)
    assert [found.n for found in times.values()] == [LEAST] * 3
    rounds = calls[3 * WARM :]
    assert calls[: 3 * WARM] == sorted(calls[: 3 * WARM]), "warm-up first"
    assert all(set(rounds[i : i + 3]) == set("abc") for i in range(0, len(rounds), 3))
    firsts = rounds[::3]
    assert all(x != y for x, y in pairwise(firsts)), "the order moves on"


def test_quick_ones_are_called_more_often_and_never_without_end():
    times = interleaved({"quick": lambda: None}, seconds=1e9)
    assert times["quick"].n == MOST
    found = times["quick"]
    assert found.least <= found.median <= found.most


def test_one_core_and_one_thread_end_with_it():
    before = os.environ.get("OMP_NUM_THREADS"), os.sched_getaffinity(0)
    with one_core() as core:
        assert os.sched_getaffinity(0) == {core} and os.environ["OMP_NUM_THREADS"] == "1"
    assert (os.environ.get("OMP_NUM_THREADS"), os.sched_getaffinity(0)) == before


def test_a_ratio_is_of_the_same_problem_and_of_what_ran():
    rows = [
        Row("gae", "a", "ours", OURS, median=2.0),
        Row("gae", "a", "peer", "numpy", median=6.0),
        Row("gae", "a", "gone", "nowhere", note="not run: nowhere not installed"),
        Row("gae", "b", "peer", "numpy", median=5.0),
        Row("dp", "a", "peer", "numpy", median=5.0),
    ]
    found = ratios([row.as_dict() for row in rows])
    assert found == {("gae", "a", "ours"): 1.0, ("gae", "a", "peer"): 3.0}


def test_a_library_that_is_not_installed_has_no_number(monkeypatch):
    assert missing("no-such-library") == "not run: no-such-library not installed" and missing("torch") == ""
    monkeypatch.setitem(gae.PEERS, "gone", ("no-such-library", lambda p: 1 / 0))
    rows = list(gae.compared("gae", {k: gae.PEERS[k] for k in ("ours", "gone")}, advantages, [(4, 2)]))
    gone = next(row for row in rows if row.who == "gone")
    assert gone.median is None and gone.n == 0 and gone.note == "not run: no-such-library not installed"


@pytest.mark.parametrize("bench", [gae, returns])
def test_every_installed_peer_solves_the_problem(bench):
    for who, (library, make) in bench.PEERS.items():
        if missing(library):
            continue
        for shape in [(5, 3), (40, 2)]:
            p = problem(shape, seed=3)
            p.done[1, 0] = True  # an end that is sure to be there
            call, read = make(p)
            exact = advantages(p) if bench is gae else returns.returns(p)
            assert error(read(call()), exact) < 1e-5, who


def test_the_definition_is_a_sum_over_the_trajectory():
    p = problem((30, 4), seed=1)
    exact = advantages(p)
    for b in range(4):
        for t in range(30):
            total, weight = 0.0, 1.0
            for s in range(t, 30):
                after = 0.0 if p.done[s, b] else DISCOUNT * float(p.value[s + 1, b])
                total += weight * (float(p.reward[s, b]) + after - float(p.value[s, b]))
                weight *= DISCOUNT * LAMBDA
                if p.done[s, b]:
                    break
            assert exact[t, b] == pytest.approx(total, rel=1e-12, abs=1e-12)


def test_an_error_would_be_seen():
    p = problem((30, 4))
    wrong = advantages(p)
    wrong[3, 2] += 0.5
    assert error(wrong, advantages(p)) == 0.5


def test_the_shapes_are_those_of_the_aims():
    assert [size(shape) for shape in SHAPES] == ["512 x 1", "512 x 32", "128 x 1024", "128 x 65536", "16384 x 8"]
    assert cartpole.COUNTS == (1, 64, 4096, 65536)


def test_cartpole_rows_name_the_speed_and_the_error():
    pytest.importorskip("gymnasium")
    rows = list(cartpole.run((2,)))
    assert [row.who for row in rows] == list(cartpole.PEERS)
    assert rows[0].error is not None and 0 < rows[0].error < 1e-6
    for row in rows:
        assert row.median is not None and dict(row.figures)[cartpole.FIGURE] == 2 / row.median and row.n >= LEAST
    assert cartpole.too_many("Gymnasium, SyncVectorEnv", 65536) and not cartpole.too_many("ours", 65536)


def test_a_seed_that_never_passes_is_told_and_later_failures_count():
    good, bad = ppo.Trained(2048, 1.5, 10, 9), ppo.Trained(None, None, 0, 0)
    row = ppo.row("ours", OURS, [good, bad, good._replace(seconds=2.5, again=10)])
    figures = dict(row.figures)
    assert (row.median, row.least, row.most, row.n) == (2.0, 1.5, 2.5, 3)
    assert figures["seeds that reached it"] == 2 and figures["share of them that reach it"] == 19 / 20
    assert ppo.row("ours", OURS, [bad]).median is None


def test_the_clock_of_training_stands_still_while_it_evaluates(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(ppo.time, "perf_counter", lambda: now[0])
    scores = iter([100.0, 480.0, 470.0, 490.0])

    def slow(act, seed):
        now[0] += 1000.0
        return next(scores)

    monkeypatch.setattr(ppo, "score", slow)
    watch = ppo.Watch(0)
    for steps in (1000, 2048, 4100, 6150, 8200):
        now[0] += 1.0
        watch.see(steps, None)
    assert watch.found() == ppo.Trained(4100, 3.0, 2, 1)


def test_gymnasium_evaluates_one_whole_episode_of_each(monkeypatch):
    np = pytest.importorskip("numpy")
    pytest.importorskip("gymnasium")
    monkeypatch.setattr(ppo, "EPISODES", 5)
    short = ppo.score(lambda seen: np.zeros(len(seen), int), 1)
    good = ppo.score(lambda seen: (seen[:, 2] + 0.5 * seen[:, 3] > 0).astype(int), 1)
    assert 8 <= short <= 11 and good > 100


def test_the_command_records_and_keeps_other_benches(tmp_path, monkeypatch):
    monkeypatch.setattr(torch, "set_num_threads", lambda n: None)
    fake = SimpleNamespace(run=lambda: [Row("gae", "a", "ours", OURS, 1.0, 1.0, 1.0, 20, 1e-7)])
    monkeypatch.setitem(sys.modules, "a_fake_bench", fake)
    monkeypatch.setitem(command.BENCHES, "gae", "a_fake_bench")
    path = tmp_path / "bench.json"
    path.write_text(json.dumps({"dp": {"kept": 1}, "gae": {"old": 1}}))
    done = CliRunner().invoke(cli(), ["gae", "--json", str(path)])
    assert done.exit_code == 0, done.output
    found = json.loads(path.read_text())
    assert found["dp"] == {"kept": 1} and found["gae"]["rows"][0]["median"] == 1.0
    assert found["gae"]["machine"]["versions"]["torch"] and len(found["gae"]["machine"]["load_before"]) in (0, 3)
    assert "a" in done.output and "ours" in done.output


def test_an_unknown_bench_is_named():
    done = CliRunner().invoke(cli(), ["gea"])
    assert (
        done.exit_code == 2
        and "a bench must be one of gae, returns, cartpole, dp, ppo, processes, compile; got gea" in done.output
    )


def test_processes_are_started_in_turn_and_compared_by_medians(monkeypatch):
    """Nothing is started here: the seconds of two starts of each are taken together."""
    seen = []

    def start(count, samples):
        seen.append(count)
        return {"PPO, 8 samples": [6.0, 9.0] if count == 1 else [3.0, 3.0, 8.0]}

    monkeypatch.setattr(processes, "started", start)
    monkeypatch.setattr(processes, "why", lambda: "")
    one, two = processes.run((8,), rounds=2)
    assert seen == [1, 2, 1, 2] and (one.n, two.n) == (4, 6)
    assert (one.median, one.least, one.most) == (7.5, 6.0, 9.0) and two.median == 3.0
    assert dict(two.figures)[processes.FIGURE] == 2.5 and not one.figures


def test_two_processes_want_two_cores(monkeypatch):
    monkeypatch.setattr(processes, "cores", lambda: [0])
    monkeypatch.setattr(processes, "started", lambda *x: 1 / 0)
    (row,) = processes.run((8,))
    assert row.median is None and row.note == "not run: two processes want two cores"


def test_finding_the_cores_leaves_the_process_where_it_was():
    with one_core() as core:
        assert core in processes.cores()
        assert core is None or os.sched_getaffinity(0) == {core}


@pytest.mark.parametrize("name", processes.STEPS)
def test_a_step_that_is_timed_is_a_step(name, monkeypatch):
    """It moves the weights, and sends one message where there are processes to send to."""
    moved = []
    step = torch.optim.Adam.step
    monkeypatch.setattr(torch.optim.Adam, "step", lambda self: (moved.append(1), step(self)))
    call = processes.STEPS[name](32)
    call()
    call()
    assert len(moved) == 2


def test_processes_that_fail_say_why(monkeypatch):
    failed = SimpleNamespace(returncode=1, stdout="", stderr="no such thing")
    monkeypatch.setattr(processes.subprocess, "run", lambda *a, **k: failed)
    with pytest.raises(RuntimeError, match="2 processes must end well; they ended with 1: no such thing"):
        processes.started(2, (8,))


def test_what_earlier_runs_have_compiled_is_not_found(monkeypatch):
    """Else the seconds to compile would be those of reading a file."""
    for before in (None, "/somewhere"):
        monkeypatch.setenv(compiled.CACHE, before) if before else monkeypatch.delenv(compiled.CACHE, raising=False)
        with compiled.nothing_kept():
            assert os.listdir(os.environ[compiled.CACHE]) == []
        assert os.environ.get(compiled.CACHE) == before


def test_compiled_stands_beside_what_it_is_compiled_from(monkeypatch):
    monkeypatch.setattr(compiled, "interleaved", lambda calls, seconds: {k: Times(1.0, 1.0, 1.0, 20) for k in calls})
    monkeypatch.setattr(torch, "compile", lambda function, dynamic: lambda x: function(x) + 0.25)
    first, second = compiled.compared("doubling", lambda x: 2 * x, (torch.ones(3),), "")
    assert (first.who, second.who) == ("ours, as it is", "ours, compiled") and second.error == 0.25
    assert set(dict(second.figures)) == {"seconds to compile"}, "it saves nothing, so it never pays"
    _, absent = compiled.compared("doubling", lambda x: 2 * x, (torch.ones(3),), "not run: no C++ compiler")
    assert absent.median is None and absent.note == "not run: no C++ compiler"


def test_what_is_compiled_runs_as_it_is():
    for what, make in compiled.FUNCTIONS.items():
        function, arguments = make()
        assert torch.isfinite(function(*arguments)).all(), what
