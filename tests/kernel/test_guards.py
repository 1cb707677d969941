"""The tool that deletes guards finds them and deletes them; what it found is kept by `make guards`."""

from __future__ import annotations

import ast

import pytest

from tests.kernel.guards import KERNEL, explanations, guards, judged, verdict, without

FILES = sorted(KERNEL.glob("*.py"))


def named(file: str, text: str):
    return next(g for g in guards(KERNEL / file) if text in g.text)


def test_guards_are_found_in_every_file_that_refuses() -> None:
    assert sum(len(guards(p)) for p in FILES) > 120
    assert all(len({g.name for g in guards(p)}) == len(guards(p)) for p in FILES), "each has a name of its own"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_file_without_one_guard_is_still_python(path) -> None:
    for g in guards(path):
        ast.parse(without(path.read_text(), g))


def test_an_attack_succeeds_without_a_guard() -> None:
    assert judged(named("rules.py", "a hypothesis speaks of this one outcome")) == "needed"


def test_the_verdict_on_a_guard() -> None:
    assert verdict({"a": "ok"}) == "silent"
    assert verdict({"a": "ok", "b": "refused"}) == "noticed"
    assert verdict({"a": "refused", "b": "accepted"}) == "needed"


def test_each_explanation_names_a_guard_that_is_there() -> None:
    there = {g.name for p in FILES for g in guards(p)}
    assert [name for name in explanations() if name not in there] == []
    assert all(len(why) > 20 for why in explanations().values())
