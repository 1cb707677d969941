"""The benchmarks' page shows what was recorded, and says so where nothing was."""

import json

import pytest

from proofs.runner.site import bench
from proofs.runner.site.pages import environment, fill

MACHINE = {
    "processor": "Some Processor", "cores": 2, "held to one core": True, "memory_gib": 8.0, "gpu": None, "system": "Linux 6",
    "python": "3.11.7", "versions": {"torch": "2.13.0"}, "load_before": [0.1, 0.2, 0.3], "load_after": [1.0, 0.5, 0.4],
    "date": "2026-01-02", "commit": "0123456789abcdef+",
}  # fmt: skip


def row(who, library, median, **more):
    base = {"bench": "gae", "problem": "512 x 1", "who": who, "library": library, "version": "1.0", "median": median}
    base |= {"least": median, "most": median, "n": 20, "error": 1.5e-6, "dtype": "float32", "device": "cpu"}
    return base | {"figures": {"share of copy bandwidth": 0.5}, "note": ""} | more


@pytest.fixture
def root(tmp_path):
    rows = [
        row("ours", "rlproofs", 1e-4), row("slow one", "numpy", 3e-4), row("quick one", "jax", 5e-5, error=None),
        row("absent", "gone", None, version=None, n=0, error=None, figures={}, note="not run: gone not installed"),
        row("ours", "rlproofs", 2.0, problem="big"),
    ]  # fmt: skip
    path = tmp_path / bench.RECORD
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"gae": {"machine": MACHINE, "seconds": 12.0, "rows": rows}}))
    return tmp_path


def printed(name, root):
    template, values = bench.part_bench({}, name, root)
    return environment().get_template(template).render(data={}, root="", **values)


def test_ratios_are_of_the_recorded_medians(root):
    _, values = bench.part_bench({}, "gae", root)
    (first, rows), (second, _) = values["groups"]
    assert (first, second) == ("512 x 1", "big")
    assert [one["ratio"] for one in rows] == ["1", "3", "0.5", ""]
    assert [one["median"] for one in rows] == ["100 µs", "300 µs", "50 µs", "not run"]
    assert rows[3]["range"] == "" and rows[3]["note"] == "not run: gone not installed"


def test_the_page_tells_machine_load_and_that_a_figure_was_not_run(root):
    text = printed("gae", root)
    for part in ("Some Processor", "one thread", "torch 2.13.0", "0.1, 0.2, 0.3", "0123456789 with changes", "no GPU",
                 "not run: gone not installed", "1.5e-06", "slow one", "rowspan=\"4\""):  # fmt: skip
        assert part in text, part


def test_without_a_record_the_page_says_not_run(root, tmp_path):
    assert "Not run" in printed("ppo", root) and "rlproofs bench ppo --json" in printed("ppo", root)
    assert "Not run" in printed("gae", tmp_path / "nowhere")


def test_what_is_no_record_is_refused(root):
    path = root / bench.RECORD
    for content, message in [
        ("{", "no record of benches"),
        ('{"gae": 3}', "must have machine, seconds and rows"),
        (json.dumps({"gae": {"machine": MACHINE, "seconds": 1.0, "rows": [{}]}}), "a row of 'gae' lacks problem"),
    ]:
        path.write_text(content)
        with pytest.raises(ValueError, match=message):
            bench.part_bench({}, "gae", root)
    with pytest.raises(ValueError, match="bench must be one of gae, returns, cartpole, dp, ppo, processes, compile; got 'speed'"):
        bench.part_bench({}, "speed", root)


def test_every_bench_of_the_command_has_its_place_on_the_page():
    from numeric.bench.command import BENCHES

    page = (bench.ROOT / "docs/benchmarks.md").read_text("utf8")
    assert tuple(BENCHES) == bench.NAMES
    for name in BENCHES:
        assert f"<!-- bench: {name} -->" in page


def test_the_placeholder_is_known():
    filled = fill("<!-- bench: gae -->", {"fixture": False}, "benchmarks.md")
    assert "<!--" not in filled and ("rl-bench" in filled or "Not run" in filled)
