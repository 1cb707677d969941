"""The reference channel confirms the code, refutes every patched copy of it, and is not talked into a verdict."""

import functools

import pytest

import numeric.reference as runs
from numeric.experiments import kl, tanh_gaussian
from numeric.experiments.channel import CHANNEL, holes
from proofs.claims import Evidence, Mutant
from proofs.kernel.terms import Term, num, subterms
from proofs.kl import hw23c
from proofs.language import Lt
from proofs.ppo_clip import A, e, hw14a, hw14b, l, point
from proofs.runner.discovery import catalogue

ALL = {name: one for name, one in catalogue().evidence.items() if CHANNEL.wants(one)}
FUNCTIONS = [(name, n) for name, one in ALL.items() for n in range(len(one.references))]
PPO = "numeric.primitives.ppo_clip"


@pytest.mark.parametrize("name", ALL)
def test_the_code_is_the_term(name):
    seen = CHANNEL.check(ALL[name], "claim")
    assert seen["verdict"] == "confirmed", seen["detail"]
    if ALL[name].promised:
        assert {one["name"] for one in seen["promises"]} == set(ALL[name].claim.promises) and seen["points"] > 100
        return
    assert seen["points"] > 0 and seen["gradients"] > 0 and seen["dead"] > 0
    assert 0 < seen["worst"]["error"] <= seen["worst"]["bound"]
    assert seen["boundary"] > 0 or not moves(ALL[name])


def moves(one):
    """A real is handed over as a number, and no equation among the hypotheses (Bellman's) ties it to the tables."""
    reals = {
        x for entry in one.references for x in entry.get("call", {}).values() if isinstance(x, Term) and x.op == "Sym"
    }
    given = [subterms(h.prop) for h in one.claim.given]
    return any(not any(x in found and any(t.op == "Eq" for t in found) for found in given) for x in reals)


# Of a contract the first: `rlproofs verify`, which `make test` runs before, goes through all of them by the same code.
PATCHES = [(name, p.id) for name, one in ALL.items() for p in (one.patches[:1] if one.promised else one.patches)]


@pytest.mark.parametrize(("name", "patch"), PATCHES)
def test_every_patched_copy_is_refuted(name, patch):
    mutant = next(p for p in ALL[name].patches if p.id == patch)
    seen = CHANNEL.check(ALL[name], mutant)
    assert seen["verdict"] == "refuted", seen["detail"]


def test_components_run_along_the_last_axis_and_in_order():
    said = tanh_gaussian.in_n_dimensions.references[2]
    swapped = {**said["arguments"], "mean": said["arguments"]["mean"][::-1]}
    for arguments, verdict in [(said["arguments"], "confirmed"), (swapped, "refuted")]:
        alone = Evidence(tanh_gaussian.hw13, references=[{**said, "arguments": arguments}])
        assert CHANNEL.check(alone, "claim")["verdict"] == verdict


@pytest.mark.parametrize(("name", "n"), FUNCTIONS)
def test_zeros_are_refuted(name, n, monkeypatch):
    """Each function of each claim, with zeros of the right shape for its answer."""
    said, fresh = ALL[name].references[n], runs.fresh_copy
    function = said["function"].partition(":")[2]

    def silenced(module, patch=None):
        copy = fresh(module, patch)
        real = getattr(copy, function)

        @functools.wraps(real)
        def zeros(*args, **kwargs):
            out = real(*args, **kwargs)
            return tuple(x * 0 for x in out) if isinstance(out, tuple) else out * 0

        setattr(copy, function, zeros)
        return copy

    monkeypatch.setattr(runs, "fresh_copy", silenced)
    assert CHANNEL.check(Evidence(ALL[name].claim, references=[said]), "claim")["verdict"] == "refuted"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("hw14a", "advantage = advantage.detach()", "ratio = ratio.detach()"),  # the value is right
        ("hw14b", "clipped * advantage)", "clipped * advantage) + 1e-9"),
        (
            "hw14a",
            "torch.minimum(ratio * advantage, clipped",
            "torch.minimum(ratio.float().double() * advantage, clipped",
        ),
    ],
)
def test_small_and_hidden_faults_are_refuted(name, old, new):
    fault = Mutant("fault", "fault", ("reference",), patch=(PPO, old, new))
    assert CHANNEL.check(ALL[name], fault)["verdict"] == "refuted"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("no such text", "x"),
        ("torch.minimum(", "torch.no_such_function("),
        ("return torch.minimum(", "raise RuntimeError() or torch.minimum("),
    ],
)
def test_a_patch_that_does_not_apply_or_crashes_refutes_nothing(old, new):
    seen = CHANNEL.check(ALL["hw14a"], Mutant("m", "m", ("reference",), patch=(PPO, old, new)))
    assert seen["verdict"] == "error" and "could not be checked" in seen["detail"]


def test_a_patch_that_changes_nothing_that_is_checked_survives():
    same = Mutant("m", "m", ("reference",), patch=(PPO, "clipped * advantage)", "advantage * clipped)"))
    assert CHANNEL.check(ALL["hw14a"], same)["verdict"] == "confirmed"


def test_a_patch_of_another_module_is_refused():
    with pytest.raises(ValueError, match="must patch a module that the evidence of the claim names"):
        CHANNEL.check(ALL["hw14a"], Mutant("m", "m", ("reference",), patch=(kl.MODULE, "/ 2", "")))
    with pytest.raises(ValueError, match="must be a patch"):
        CHANNEL.check(ALL["hw14a"], hw14a.mutants["clip-alone"])


# ------------------------------------------------------------------------------------- what evidence may not say
def reference(claim=hw14a, **changes):
    said = {
        "arguments": {"ratio": l, "advantage": A},
        "call": {"epsilon": e},
        "value": hw14a.says.args[1],
        "points": [point("3/2", "7/3"), point("1", "1")],
        "slopes": {"ratio": {Lt(l, 1 + e): A, Lt(1 + e, l): num(0)}, "advantage": None},
    }
    out = Evidence(claim)
    out.reference(f"{PPO}:ppo_clip", **{**said, **changes})
    return out


def test_the_pattern_of_these_tests_is_confirmed():
    assert CHANNEL.check(reference(), "claim")["verdict"] == "confirmed"


@pytest.mark.parametrize(
    "changes",
    [
        {"value": hw14b.says.args[1]},
        {"value": hw14a.says.args[1] + num("1/1000000000")},
        {"slopes": {"ratio": A, "advantage": None}},
        {"slopes": {"ratio": {Lt(l, 1 + e): A, Lt(1 + e, l): num(0)}, "advantage": num(0)}},
    ],
)
def test_a_wrong_value_or_slope_is_refuted(changes):
    assert CHANNEL.check(reference(**changes), "claim")["verdict"] == "refuted"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"slopes": {}}, "must state slopes"),
        ({"points": [point("6/5", "1", "1/5")], "call": {"epsilon": 0.2}}, "off their kinks"),
        ({"points": [point("1", "-1")]}, "violates sign"),
        ({"points": []}, "have a point"),
    ],
)
def test_evidence_that_would_check_nothing_is_refused(changes, why):
    with pytest.raises(ValueError, match=why):
        CHANNEL.check(reference(**changes), "claim")


def test_dead_slots_are_entries_a_row_and_a_tail():
    assert holes([1, 2]) == [False, False, True, True, True, True]
    assert holes([[1], [2], [3]]) == [[False, True, False], [False, True, False], [False, True, True]]
    assert holes([[1]]) == [[False, True, False]]


def test_a_patch_has_a_name_of_its_own():
    one = Evidence(hw23c)
    one.patch("wrong", kl.MODULE, "a", "b")
    for taken in ("wrong", "plus-log"):
        with pytest.raises(ValueError, match="named"):
            one.patch(taken, kl.MODULE, "a", "b")
