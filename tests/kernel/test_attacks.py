"""No false statement, forged bundle or hostile input comes out proved; each fails for the reason it is meant to fail."""

from __future__ import annotations

import json
import resource
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from proofs.kernel.check import Replay, check
from proofs.kernel.poly import Undecided
from proofs.kernel.terms import Malformed
from proofs.kernel.value import outcome
from proofs.writing import statement_data
from tests.kernel.attacks import citation, hostile
from tests.kernel.attacks.base import Attack, instances
from tests.kernel.attacks.families import FAMILIES
from tests.kernel.attempts import Attempt, all_attempts
from tests.kernel.bundles import judge, plain

EVERY = list(all_attempts())
STATEMENTS = [(family, a) for family, attacks in FAMILIES.items() for a in attacks]
STATEMENTS += [("citation", c.top) for c in citation.ATTACKS]
_instances: dict[int, list[Any]] = {}


def names(rows: list[Any]) -> list[str]:
    return [f"{r[0]}-{r[1] if isinstance(r[1], str) else r[1].name}" for r in rows]


@pytest.mark.parametrize("row", EVERY, ids=names(EVERY))
def test_attack_is_refused_for_its_reason(row: tuple[str, str, str, Callable[[], Attempt]]) -> None:
    _, _, says, run = row
    ended = run()
    assert ended.verdict == "refused", f"{ended.verdict}: {ended.message}"
    assert says and says in ended.message


@pytest.mark.parametrize("row", STATEMENTS, ids=names(STATEMENTS))
def test_statement_is_well_formed_and_an_instance_shows_it_false(row: tuple[str, Attack]) -> None:
    """An attack that is no statement, or a true one, would be refused for nothing."""
    a = row[1]
    statement = a.statement()
    assert statement.hash() == _loaded(statement_data(statement)).hash()
    if isinstance(a.at, str):
        assert a.at, "say why no instance shows it"
        return
    found: Counter[str] = Counter()
    for instance in [a.at] if a.at else _cached(a.decls):
        found[_outcome(statement, instance)] += 1
        if found["false"] + found["undefined"]:
            return
    pytest.fail(f"no instance shows it false: {dict(found)}")


def _loaded(data: Any) -> Any:
    from proofs.kernel.statement import load

    return load(plain(data))


def _cached(decls: list[Any]) -> list[Any]:
    return _instances.setdefault(id(decls), instances(decls))


def _outcome(statement: Any, instance: Any) -> str:
    try:
        return outcome(statement, instance)[0]
    except (Undecided, Malformed):
        return "no value"


@pytest.mark.parametrize("c", citation.ATTACKS, ids=lambda c: c.name)
def test_cited_lemma_itself_is_proved(c: citation.Citation) -> None:
    """A citation is an attack only if the lemma could be cited."""
    assert Replay(c.lemma, c.base().certificate(), {}).run() is not None


def test_names_of_attacks_differ_within_a_family() -> None:
    assert [n for n, k in Counter(names(EVERY)).items() if k > 1] == []


def spent() -> float:
    """Processor seconds of all processes that have been waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize(
    "h", [pytest.param(h, marks=[pytest.mark.nightly] if h.slow else [], id=h.name) for h in hostile.ATTACKS]
)
def test_hostile_input_ends_with_a_sentence(h: hostile.Hostile) -> None:
    """In a fresh process, within 10 s for the item and 1 GiB, without a traceback; a busy machine takes none of its seconds."""
    before = spent()
    done = judge(h.text())
    assert spent() - before < 10 + 8, "processor seconds; 8 for start, reading and hashing on a slow machine"
    assert done.stderr == ""
    answer = json.loads(done.stdout)
    said = answer.get("reason", "") + "".join(r.get("reason", "") for r in answer["reports"])
    assert h.says in said and said
    assert all(r["verdict"] in ("undecided", "refuted") for r in answer["reports"])


@pytest.mark.nightly
def test_the_judge_limits_its_own_memory() -> None:
    """A text of 46 MiB would need more than 1 GiB as Python objects: refused before it is read, not swapped."""
    done = judge("[" + "[]," * 16_000_000 + "[]]")
    assert json.loads(done.stdout)["reports"] == [] and done.returncode == 2
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1.2 * (1 << 20)


def test_a_hundred_bad_items_do_not_spoil_a_good_one() -> None:
    from tests.kernel.bundles import proved

    good = proved("ppo_clip")["items"]
    bad = [{"id": f"bad{n}", "statement": n, "witness": None, "certificate": {}} for n in range(100)]
    verdicts = [r["verdict"] for r in check({"items": [*bad, *good]})["reports"]]
    assert verdicts == ["undecided"] * 100 + ["proved"] * len(good)
