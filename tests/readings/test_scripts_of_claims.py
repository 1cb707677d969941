"""The scripts of the claims: what each exits with, and that each part of a script can refute."""

from __future__ import annotations

import pytest

from proofs.readings.sympy_script import script
from tests.readings.scripts import alone, exits
from tests.readings.topics import ALL, story

CLAIMS = {c.id: c for c in ALL}


@pytest.mark.parametrize("id", CLAIMS)
def test_the_script_of_a_claim_confirms_it_alone(id: str) -> None:
    c = CLAIMS[id]
    made = script(c.id, c.title, c.statement, c.script_at or c.witness, story(id))
    code, output = alone(made.source)
    assert code == 0, output
    assert "import sympy" in made.source and "proofs" not in made.source
    assert made.source.startswith(f"# {id}, at ") and made.sizes in made.source.splitlines()[0]
    assert max(map(len, made.source.splitlines())) <= 125
    if story(id) is not None and c.id != "log-tangent":
        assert all(line.reason in output for line in story(id).lines)


def test_controls_are_confirmed_and_mutants_refuted() -> None:
    wanted, sources = {}, {}
    for c in ALL:
        for k in c.controls.values():
            name = f"{c.id}+{k.id}"
            sources[name] = script(name, k.title, k.statement, c.script_at or c.witness).source
            wanted[name] = 0
        for m in c.mutants.values():
            if m.statement and "sympy" in m.channels:
                name = f"{c.id}!{m.id}"
                sources[name], wanted[name] = script(name, m.title, m.statement, m.at).source, 3
    assert len(wanted) > 30
    assert exits(sources) == wanted


def test_symbols_alone_confirm_claims_and_refute_mutants() -> None:
    sources, wanted, refuting = {}, {}, set()
    for c in ALL:
        made = script(c.id, c.title, c.statement, c.script_at or c.witness, story(c.id), numbers=False)
        if not made.symbolic:
            continue
        sources[c.id], wanted[c.id] = made.source, 0
        for m in c.mutants.values():
            wrong = script(m.id, m.title, m.statement, m.at, numbers=False) if m.statement else None
            if wrong is not None and wrong.symbolic:
                sources[f"{c.id}!{m.id}"], wanted[f"{c.id}!{m.id}"] = wrong.source, 3
                refuting.add(c.id)
    assert {"hw14a", "hw14b", "hw11d", "hw23c", "hw10a.2-increment", "hw10a.2"} <= refuting
    assert exits(sources) == wanted


BREAKS = {
    "hw11d": ("gamma**j * delta(t + j)", "gamma**(j + 1) * delta(t + j)"),
    "hw23c": ("sp.Add(*[p * f(w) for p, w in X])", "sp.Add(*[f(w) for p, w in X])"),
    "hw10a.2": ('pi[t, w["s", t], y]', "pi[t, 0, y]"),
    "hw14b": ("least(greatest(x, low), high)", "least(x, high)"),
}


@pytest.mark.parametrize("id", BREAKS)
def test_a_broken_script_does_not_confirm(id: str) -> None:
    c, (right, wrong) = CLAIMS[id], BREAKS[id]
    source = script(c.id, c.title, c.statement, c.witness, story(id)).source
    assert right in source
    assert alone(source.replace(right, wrong))[0] == 3


def test_a_crash_refutes_nothing() -> None:
    c = CLAIMS["hw11d"]
    short = {**c.witness, "tables": {**c.witness["tables"], "r": ["3", "-2"]}}
    code, output = alone(script(c.id, c.title, c.statement, short).source)
    assert code not in (0, 3) and "KeyError" in output
