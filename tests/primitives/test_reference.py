"""The reference channel confirms the primitives, refutes every planted mutant, and cannot be talked into a verdict."""

import json
from decimal import Decimal
from fractions import Fraction as Q
from types import SimpleNamespace

import pytest
import torch

from numeric import reference
from numeric.reference import check, dead_slots, fresh_copy, gradients
from tests.primitives.trajectories import batch, gae_at, k_step_at, table

PPO, K1, K2, K3 = (f"numeric.primitives.{n}" for n in ("ppo_clip:ppo_clip", "kl:kl_k1", "kl:kl_k2", "kl:kl_k3"))
GAE, K_STEP = "numeric.primitives.gae:gae", "numeric.primitives.gae:k_step_advantage"
POINTS = {"ratio": [Q(1, 2), 1, Q(3, 2)] * 2, "advantage": [1, 1, 1, -1, -1, -1]}  # hw14a, hw14b: printed there at 1/5
VALUES, SLOPES = [Q(1, 2), 1, Q(5, 4), Q(-3, 4), -1, Q(-3, 2)], [1, 1, 0, 0, -1, -1]
EPSILON = {"epsilon": 0.25}
LOG_RATIOS = [-2.0, -0.5, 0.25, 1.5]
LOGS = {"logp": [-0.5] * 4, "logq": [x - 0.5 for x in LOG_RATIOS]}
K3_VALUES = [(Q(Decimal(x).exp()) - 1 - Q(x), Q(1, 10**25)) for x in LOG_RATIOS]  # 28 digits
K3_SLOPES = [(Q(Decimal(x).exp()) - 1, Q(1, 10**25)) for x in LOG_RATIOS]
ROUNDING = 16 * 2.0**-53


def trajectories(masked=False):
    b = batch(masked=masked)
    names = ("reward", "value", "next_value", "terminated", "truncated")
    columns = {name: x.tolist() for name, x in zip(names, b.arguments(), strict=True)}
    return b, columns | ({"mask": b.mask.tolist()} if masked else {})


def ppo(patch=None):
    return check(PPO, POINTS, VALUES, 0, patch=patch, call=EPSILON)


def ppo_slopes(patch=None):
    return gradients(PPO, POINTS, {"ratio": SLOPES, "advantage": None}, 0, patch=patch, call=EPSILON)


def k1(patch=None):
    return check(K1, LOGS, [-Q(x) for x in LOG_RATIOS], 0, patch=patch)


def k2(patch=None):
    return check(K2, LOGS, [Q(x) ** 2 / 2 for x in LOG_RATIOS], 0, patch=patch)


def k3(patch=None):
    return check(K3, LOGS, K3_VALUES, [ROUNDING * (abs(float(v)) + 1) for v, _ in K3_VALUES], patch=patch)


def k3_slopes(patch=None):
    wanted = {"logq": K3_SLOPES, "logp": [(-middle, radius) for middle, radius in K3_SLOPES]}
    return gradients(K3, LOGS, wanted, 8 * ROUNDING, patch=patch)


def k_step(patch=None):
    b, columns = trajectories()
    return check(K_STEP, columns, table(b, k_step_at, 0.5, 3), 0, patch=patch, call={"discount": 0.5, "k": 3})


def k_step_masked(patch=None):
    b, columns = trajectories(masked=True)
    return check(K_STEP, columns, table(b, k_step_at, 0.5, 3), 0, patch=patch, call={"discount": 0.5, "k": 3})


def gae_(patch=None):
    b, columns = trajectories()
    return check(GAE, columns, table(b, gae_at, 0.5, 0.5), 0, patch=patch, call={"discount": 0.5, "lambda_": 0.5})


def padded(function, patch=None):
    b, columns = trajectories(masked=True)
    hole, call = (~b.mask).tolist(), {"discount": 0.5} | ({"k": 3} if function == K_STEP else {"lambda_": 0.5})
    dead = {"reward": hole, "value": hole, "next_value": (~b.mask | b.terminated).tolist()}
    return dead_slots(function, columns, dead, silent=hole, patch=patch, call=call)


def gae_padded(patch=None):
    return padded(GAE, patch)


def k_step_padded(patch=None):
    return padded(K_STEP, patch)


def k3_padded(patch=None):
    hole = [False, True, False, True]
    columns = LOGS | {"mask": [not x for x in hole]}
    return dead_slots(K3, columns, {"logp": hole, "logq": hole}, silent=hole, patch=patch)


ATTEMPTS = {
    f.__name__: f
    for f in (ppo, ppo_slopes, k1, k2, k3, k3_slopes, k3_padded, k_step, k_step_masked, k_step_padded, gae_, gae_padded)
}
FILLED_TOO_LATE = (
    "log_ratio = _log_ratio(logp, logq, mask)\n    return log_ratio.expm1() - log_ratio",
    "log_ratio = _log_ratio(logp, logq, None)\n    return zero_dead(log_ratio.expm1() - log_ratio, mask)",
)
WEIGHT, SUMMED = "value, next_value, weight=discount * lambda_", "return delta, steps.goes_on"
MUTANTS = {  # fmt: skip
    "max-for-min": (ppo, "torch.minimum(", "torch.maximum("),
    "never-clipped": (ppo, "clipped * advantage)", "ratio * advantage)"),
    "always-clipped": (ppo, "torch.minimum(ratio * advantage, ", "(lambda x: x)("),
    "minus-sign": (ppo, "return torch.minimum(", "return -torch.minimum("),
    "lower-edge-only": (ppo, "ratio.clamp(1.0 - epsilon, 1.0 + epsilon)", "ratio.clamp(1.0 - epsilon)"),
    "edges-of-one": (ppo, "1.0 - epsilon, 1.0 + epsilon", "1.0 - epsilon, 1.0"),
    "ratio-held-fixed": (ppo_slopes, "clipped = ratio.clamp", "ratio = ratio.detach()\n    clipped = ratio.clamp"),
    "advantage-not-held-fixed": (ppo_slopes, "advantage = advantage.detach()", "pass"),
    "k1-upside-down": (k1, "return -_log_ratio", "return _log_ratio"),
    "k2-without-half": (k2, ".square() / 2", ".square()"),
    "k3-upside-down": (k3, "zero_dead(logq - logp", "zero_dead(logp - logq"),
    "k3-plus-log": (k3, "expm1() - log_ratio", "expm1() + log_ratio"),
    "k3-forgets-minus-one": (k3, "expm1()", "exp()"),
    "k3-ratio-held-fixed": (k3_slopes, "expm1()", "detach().expm1()"),
    "bootstrap-one-power-short": (k_step, "discount ** (j + 1)", "discount**j"),
    "rewards-undiscounted": (k_step, "discount**j * zero_dead", "zero_dead"),
    "one-step-too-many": (k_step, "range(min(k, len(reward)))", "range(min(k + 1, len(reward)))"),
    "value-added": (k_step, "total = -steps.value", "total = +steps.value"),
    "k-step-leaks": (k_step, "(reached & steps.goes_on[j:])[:-1]", "reached[:-1]"),
    "no-bootstrap-at-an-early-end": (k_step, "else reached & ~steps.goes_on[j:]", "else reached & False"),
    "terminal-value-counted": (k_step, "live & ~terminated)", "live)"),
    "truncation-leaks": (gae_, "~(terminated | truncated)", "~terminated"),
    "truncation-as-termination": (gae_, "live & ~terminated)", "live & ~(terminated | truncated))"),
    "no-lambda": (gae_, WEIGHT, "value, next_value, weight=discount"),
    "no-discount-in-the-trace": (gae_, WEIGHT, "value, next_value, weight=lambda_"),
    "no-discount-in-delta": (gae_, "steps.next_value, alpha=discount)", "steps.next_value)"),
    "delta-upside-down": (gae_, "alpha=discount) - steps.value", "alpha=discount).neg() - steps.value"),
    "flags-one-step-late": (gae_, SUMMED, "return delta, steps.goes_on.roll(1, 0)"),
    "time-reversed": (gae_, SUMMED, "return delta.flip(0), steps.goes_on.flip(0)"),
    "dead-reward-read": (gae_padded, "zero_dead(reward, live)", "reward"),
    "dead-next-value-read": (k_step_padded, "zero_dead(next_value, live & ~terminated)", "next_value"),
    "dead-slot-followed": (k_step_masked, "goes_on[:-1] &= live[1:]", "pass"),
    "dead-slot-goes-on": (gae_padded, "live & ~(terminated | truncated)", "~(terminated | truncated)"),
    "dead-logs-read": (k3_padded, "zero_dead(logq - logp, mask)", "logq - logp"),
    "filled-by-a-product": (k3_padded, "zero_dead(logq - logp, mask)", "(logq - logp) * mask"),
    "filled-too-late": (k3_padded, *FILLED_TOO_LATE),
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_the_primitives_are_confirmed(attempt):
    verdict = attempt()
    assert verdict["verdict"] == "confirmed" and verdict["points"] > 0, verdict["detail"]
    json.dumps(verdict, allow_nan=False)


@pytest.mark.parametrize(("attempt", "old", "new"), MUTANTS.values(), ids=MUTANTS)
def test_every_mutant_is_refuted(attempt, old, new):
    verdict = attempt((old, new))
    assert verdict["verdict"] == "refuted", verdict["detail"]
    json.dumps(verdict, allow_nan=False)


@pytest.mark.parametrize(
    ("patch", "fault", "sentence"),
    [
        (
            ("no such text", ""),
            "does not apply",
            "must change text that occurs once in numeric.primitives.ppo_clip; got 0",
        ),
        (("ratio", "r"), "does not apply", "must change text that occurs once"),
        (("torch.minimum(", "torch.minimum("), "same code", "must change the compiled code"),
        (("torch.minimum(", "torch.minimum( "), "same code", "must change the compiled code"),
        (("The clipped surrogate", "A surrogate"), "same code", "must change the compiled code"),
        (("    clipped =", "    # clipped\n    clipped ="), "same code", "must change the compiled code"),
        (("1.0 - epsilon, 1.0", "(1.0 - epsilon), 1.0"), "same code", "must change the compiled code"),
        (("torch.minimum(", "torch.minimum(("), "not importable", "SyntaxError"),
        (("import torch\n", "import no_torch\n"), "not importable", "ModuleNotFoundError"),
        (("def ppo_clip(", "def renamed("), "not importable", "must leave the function ppo_clip"),
        (("torch.minimum(", "torch.no_such_function("), None, "AttributeError"),
    ],
)
def test_a_patch_that_is_none_says_why_and_refutes_nothing(patch, fault, sentence):
    for attempt in (ppo, ppo_slopes):
        verdict = attempt(patch)
        assert verdict["verdict"] == "error" and sentence in verdict["detail"] and verdict.get("fault") == fault


def test_a_number_or_a_default_that_changes_is_another_code():
    for old, new in [("1.0 - epsilon", "1 - epsilon"), ("stop_gradient: bool = True", "stop_gradient: bool = False")]:
        fresh_copy("numeric.primitives.ppo_clip", (old, new))


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_the_bits_of_a_verdict_are_those_that_were_computed(attempt):
    assert attempt()["bits"] == attempt()["bits"]


def test_the_bits_tell_what_computes_the_same_from_what_does_not():
    same, other = ("clipped * advantage)", "advantage * clipped)"), ("torch.minimum(", "torch.maximum(")
    for attempt in (ppo, ppo_slopes):
        assert attempt(same)["bits"] == attempt()["bits"] != attempt(other)["bits"]
    assert ppo()["bits"] != ppo_slopes()["bits"] and k3_padded()["bits"] != k3()["bits"]
    assert k3_padded(MUTANTS["filled-by-a-product"][1:])["bits"] != k3_padded()["bits"]


def test_the_worst_point_has_both_numbers_and_all_that_the_function_was_called_with(monkeypatch):
    returning(monkeypatch, lambda x, k: x * k)
    worst = check("m:f", {"x": [1, 2]}, [2, 5], 0, call={"k": 2})["worst"]
    assert worst == {"error": 1.0, "bound": 0.0, "got": 4.0, "exact": 5.0, "at": {"x": 2.0, "k": 2.0}, "index": [1]}


def test_a_patch_touches_a_fresh_copy_only():
    patched = fresh_copy("numeric.primitives.ppo_clip", ("torch.minimum(", "torch.maximum("))
    from numeric.primitives import ppo_clip as original

    two, one = torch.tensor([2.0]), torch.tensor([1.0])
    assert patched.ppo_clip(two, one, 0.25).item() == 2.0
    assert original.ppo_clip(two, one, 0.25).item() == 1.25
    assert fresh_copy("numeric.primitives.ppo_clip") is not original


def returning(monkeypatch, result):
    """Let the channel run a function that returns `result(*arguments)`."""
    monkeypatch.setattr(reference, "fresh_copy", lambda module, patch: SimpleNamespace(f=result))


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (lambda x: x * float("nan"), "is nan where the exact value is 1.0"),
        (lambda x: x * float("inf"), "is inf where"),
        (lambda x: x[:1], "must have shape (2,) and torch.float64; got (1,)"),
        (lambda x: x.reshape(1, 2), "got (1, 2)"),
        (lambda x: x.float(), "got (2,) and torch.float32"),
        (lambda x: x.tolist(), "must be a tensor; got list"),
    ],
)
def test_nan_and_wrong_shapes_and_dtypes_are_refuted_with_a_sentence(monkeypatch, result, sentence):
    returning(monkeypatch, result)
    verdict = check("m:f", {"x": [1, 2]}, [1, 2], 1e300)
    assert verdict["verdict"] == "refuted" and sentence in verdict["detail"]
    json.dumps(verdict, allow_nan=False)


def test_the_bound_is_met_exactly_and_no_more(monkeypatch):
    returning(monkeypatch, lambda x: x)
    off = Q(1) + Q(2) ** -60  # nearer to 1.0 than any other float64
    assert check("m:f", {"x": [1]}, [off], [2.0**-60])["verdict"] == "confirmed"
    assert check("m:f", {"x": [1]}, [off], [2.0**-61])["verdict"] == "refuted"
    assert check("m:f", {"x": [1, 1]}, [1, off], 0)["worst"]["index"] == [1]


def test_a_ball_decides_only_where_all_of_it_agrees(monkeypatch):
    returning(monkeypatch, lambda x: x)
    verdicts = [check("m:f", {"x": [0]}, [(Q(middle), Q(1))], 4)["verdict"] for middle in (3, 4, 5, 6)]
    assert verdicts == ["confirmed", "error", "error", "refuted"]


def test_infinities_and_slots_that_are_not_compared(monkeypatch):
    returning(monkeypatch, lambda x: x)
    inf = float("inf")
    assert check("m:f", {"x": [inf, -inf]}, [inf, -inf], 0)["verdict"] == "confirmed"
    assert check("m:f", {"x": [inf]}, [-inf], 1e300)["verdict"] == "refuted"
    found = check("m:f", {"x": [7, 1]}, [None, 1], 0)
    assert (found["verdict"], found["points"]) == ("confirmed", 1)


def test_a_gradient_of_zeros_is_a_gradient(monkeypatch):
    returning(monkeypatch, lambda x, y: x + 0 * y)
    columns = {"x": [1], "y": [2]}
    assert gradients("m:f", columns, {"x": [1], "y": None}, 0)["verdict"] == "refuted"
    assert gradients("m:f", columns, {"x": [1], "y": [0]}, 0)["verdict"] == "confirmed"
    assert gradients("m:f", columns, {"x": [3], "y": [0]}, 0, cotangent=[3])["verdict"] == "confirmed"


def test_a_nan_before_any_dead_slot_is_filled_is_refuted(monkeypatch):
    returning(monkeypatch, lambda x: x * float("nan"))
    assert dead_slots("m:f", {"x": [1, 2]}, {"x": [True, False]})["verdict"] == "refuted"


def test_a_check_that_checks_nothing_is_refused():
    with pytest.raises(ValueError, match="expected must name at least one value; got none"):
        check(PPO, POINTS, [None] * 6, 0)
    with pytest.raises(ValueError, match="bound must be finite and at least 0; got inf"):
        check(PPO, POINTS, VALUES, float("inf"))
    with pytest.raises(ValueError, match="bound must be finite and at least 0; got nan"):
        check(PPO, POINTS, VALUES, [float("nan")] * 6)
    with pytest.raises(ValueError, match=r"bound must have the shape of the expected values, \(6,\); got \(1,\)"):
        check(PPO, POINTS, VALUES, [0])
    with pytest.raises(ValueError, match=r"wanted must name every real argument, \['advantage', 'ratio'\]"):
        gradients(PPO, POINTS, {"ratio": SLOPES}, 0)
    with pytest.raises(ValueError, match="dead must mark at least one slot; got none"):
        dead_slots(K3, LOGS, {"logp": [False] * 4})
    with pytest.raises(ValueError, match="silent must leave an output alive; got none"):
        dead_slots(K3, LOGS, {"logp": [True] * 4}, silent=[True] * 4)
    with pytest.raises(ValueError, match="a column must be rectangular and not empty"):
        check(PPO, {"ratio": []}, VALUES, 0)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_without_a_gpu_a_gpu_check_is_not_run():
    assert check(PPO, POINTS, VALUES, 0, call=EPSILON, device="cuda")["verdict"] == "not run"


@pytest.mark.gpu
def test_the_channel_confirms_and_refutes_on_a_gpu():
    columns = (PPO, POINTS, VALUES, 0)
    assert check(*columns, call=EPSILON, device="cuda")["verdict"] == "confirmed"
    assert check(*columns, call={"epsilon": 0.5}, device="cuda")["verdict"] == "refuted"
