"""GRPO and its switches: the oracle of the contract, what the loss refuses, and that it learns, resumes and stops."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
import torch

from numeric.algorithms.answers import collect, policy_for
from numeric.algorithms.grpo import RECIPES, Settings, advantages, dr_grpo, learner, loss, rloo
from numeric.envs.bandit import BernoulliBandit
from numeric.envs.cliff_walk import Cliff, CliffWalk
from numeric.envs.tokens import DigitSum

F64 = torch.float64
SMALL = Cliff(height=2, width=3, move=0)


def tokens(
    lengths: list[int], dtype: torch.dtype = F64, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """log pi, log pi_old and the mask of answers of these lengths."""
    generator = torch.Generator().manual_seed(seed)
    mask = torch.arange(max(lengths))[:, None] < torch.tensor(lengths)
    old = -torch.rand(mask.shape, generator=generator, dtype=dtype) - 0.5
    logp = (old + 0.02 * torch.randn(mask.shape, generator=generator, dtype=dtype)).requires_grad_()
    return logp, old, mask


def slopes(value: torch.Tensor, logp: torch.Tensor) -> torch.Tensor:
    return torch.autograd.grad(value, logp)[0]


# ------------------------------------------------------------------------------------- the oracle of the contract
def test_the_oracles_gradient_is_that_of_a_linear_solve() -> None:
    """E[r X], enumerated, against visits times pi times advantage, solved."""
    pytest.importorskip("flint")
    from numeric.contracts import group_policy_oracle as oracle
    from numeric.mdp import solve
    from numeric.mdp.reading import named

    p, q = Fraction(1, 3), Fraction(3, 5)
    policy = named("ep").policy({"s0": {"0": 1 - p, "1": p}, "s1": {"0": 1 - q, "1": q}})
    often, worth = solve.visits(policy), solve.evaluate(policy).advantage
    wanted = [[often[s] * pi * a for pi, a in zip(policy.rows[s], worth[s], strict=True)] for s in (0, 1)]
    found = oracle.gradient(oracle.two_lengths(p, q))
    assert found[:2] == wanted
    assert [row[1] for row in found[:2]] == [p * (1 - p) * (1 + 2 * q), 2 * p * q * (1 - q)]


def test_the_oracles_mean_step_is_the_sum_over_all_groups() -> None:
    """By independence, against every group written out."""
    pytest.importorskip("flint")
    from numeric.contracts import group_policy_oracle as oracle

    task = oracle.two_lengths(Fraction(1, 3), Fraction(3, 5))
    of = oracle.judge(deviation=True, epsilon=Fraction(1, 7))
    wanted = [Fraction(0), Fraction(0)]
    for group in product(task.outcomes, repeat=3):
        chance = math.prod(one.probability for one in group)
        for a, one in zip(of([x.reward for x in group]), group, strict=True):
            for s, chosen in zip(one.states, one.actions, strict=True):
                wanted[s] += chance * a / 3 / len(one.actions) * (chosen - task.rows[s][1])
    found = oracle.mean_step(task, 3, of, oracle.per_token)
    assert [row[1] for row in found[:2]] == wanted


def test_the_catalogues_figures_have_epsilon_in_them() -> None:
    """0.40392 is (3 + 2 sqrt 3)/16 times about 1 - 2e-4: with epsilon = 0 the figure would be 0.40401."""
    half = (3 + 2 * math.sqrt(3)) / 16
    assert round(half, 5) == 0.40401
    spread = [(math.comb(4, k) / 16, math.sqrt(k * (4 - k)) / 4) for k in range(5)]
    assert sum(c * s for c, s in spread) == pytest.approx(half, rel=1e-15)
    assert round(sum(c * s * s / (s + 1e-4) for c, s in spread if s), 5) == 0.40392


# ------------------------------------------------------------------------------------- the loss
def test_a_loss_of_zero_still_has_a_gradient() -> None:
    """The most asked question about GRPO: on fresh answers the ratios are 1, and a group's advantages sum to 0."""
    logp, _, mask = tokens([3, 3, 3, 3])
    advantage = advantages(torch.tensor([1.0, 0, 0, 1], dtype=F64), Settings(num_envs=4, group_size=4))
    value = loss(logp, logp.detach(), advantage, mask)
    assert abs(value.item()) <= 1e-16 and slopes(value, logp).abs().min() > 0.05


@pytest.mark.parametrize("aggregation", ["sequence", "token", "constant"])
@pytest.mark.parametrize("hole", [torch.nan, torch.inf, -torch.inf, 1e300])
def test_padding_changes_no_bit(aggregation: str, hole: float) -> None:
    logp, old, mask = tokens([3, 1, 2, 3])
    advantage = torch.tensor([1.0, -0.5, 2, -2], dtype=F64)
    more = {"aggregation": aggregation, "length": 3, "kl_weight": 0.25}
    before = slopes(loss(logp, old, advantage, mask, reference_logp=old, **more), logp)
    filled, behaviour, reference = (torch.where(mask, x.detach(), hole) for x in (logp, old, old))
    filled.requires_grad_()
    after = slopes(loss(filled, behaviour, advantage, mask, reference_logp=reference, **more), filled)
    assert torch.equal(before, after) and not after[~mask].any()


def test_an_answer_without_tokens_adds_nothing_and_counts() -> None:
    logp, old, mask = tokens([2, 2])
    advantage = torch.tensor([1.0, -1], dtype=F64)
    mask[:, 1] = False
    value = loss(logp, old, advantage, mask)
    alone = loss(logp[:, :1], old[:, :1], advantage[:1], mask[:, :1], count=2)
    assert torch.equal(value, alone) and value.isfinite()
    found = slopes(value, logp)
    assert torch.equal(found, slopes(alone, logp)) and found[:, 0].all() and not found[:, 1].any()


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_device_and_dtype_follow_the_inputs(dtype: torch.dtype) -> None:
    logp, old, mask = tokens([2, 1], dtype)
    value = loss(logp, old, torch.ones(2, dtype=dtype), mask)
    assert value.dtype == dtype and value.shape == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"logp": torch.zeros(2, 3, dtype=F64)}, r"behaviour_logp must have the shape of logp, \(2, 3\); got \(2, 2\)"),
        ({"behaviour_logp": torch.zeros(2, 2)}, "behaviour_logp must have the dtype of logp"),
        ({"logp": torch.zeros(2, 2, dtype=torch.int64)}, "logp must have a real floating dtype; got torch.int64"),
        ({"advantage": torch.zeros(3, dtype=F64)}, r"advantage shape \[B\]; got \(2, 2\) and \(3,\)"),
        ({"advantage": torch.zeros(2, 2, dtype=F64)}, r"advantage shape \[B\]"),
        ({"advantage": torch.zeros(2, dtype=torch.int64)}, "advantage must have a real floating dtype"),
        ({"mask": torch.ones(2, 2)}, "mask must be a boolean tensor; got torch.float32"),
        ({"mask": torch.ones(1, 2, dtype=torch.bool)}, r"mask must have shape \(2, 2\); got \(1, 2\)"),
        ({"mask": torch.zeros(2, 2, dtype=torch.bool)}, r"mask must be True for some token; got \(2, 2\), all False"),
        ({"aggregation": "mean"}, "aggregation must be one of sequence, token, constant; got 'mean'"),
        ({"length": 0}, "length must be an integer, 1 or more; got 0"),
        ({"clip": -0.1}, "clip must be finite and at least 0; got -0.1"),
        ({"kl_weight": 0.1}, "reference_logp must be given where kl_weight is positive; got None"),
    ],
)
def test_a_loss_that_is_refused(change: dict, message: str) -> None:
    good = {
        "logp": torch.zeros(2, 2, dtype=F64),
        "behaviour_logp": torch.zeros(2, 2, dtype=F64),
        "advantage": torch.zeros(2, dtype=F64),
        "mask": torch.ones(2, 2, dtype=torch.bool),
    }
    loss(**good)
    with pytest.raises(ValueError, match=message):
        loss(**good | change)


def test_rewards_that_are_refused() -> None:
    settings = Settings(num_envs=4, group_size=2)
    for reward, message in (
        (torch.zeros(3), r"reward must have shape \[B\], B a multiple of 2; got \(3,\)"),
        (torch.zeros(0), r"got \(0,\)"),
        (torch.zeros(2, 2), r"got \(2, 2\)"),
        (torch.zeros(4, dtype=torch.int64), "reward must have a real floating dtype; got torch.int64"),
        (torch.tensor([0.0, 1, torch.nan, 0]), "reward must be finite; got nan"),
    ):
        with pytest.raises(ValueError, match=message):
            advantages(reward, settings)
    with pytest.raises(ValueError, match="2 members or more for the baseline of the others; got a group of 1"):
        advantages(torch.zeros(4), rloo(replace(settings, group_size=1)))


def test_settings_that_are_refused() -> None:
    for change, message in (
        ({"num_envs": 9}, "num_envs must be a multiple of group_size, 8; got 9"),
        ({"num_envs": 0}, "num_envs must be an integer, 1 or more; got 0"),
        ({"num_envs": 8, "epochs": 0}, "epochs must be an integer, 1 or more; got 0"),
        ({"num_envs": 8, "clip": -1.0}, "clip must be finite and at least 0; got -1.0"),
        ({"num_envs": 8, "learning_rate": math.nan}, "learning_rate must be finite and at least 0; got nan"),
        ({"num_envs": 8, "temperature": -1.0}, "temperature must be finite and at least 0; got -1.0"),
        ({"num_envs": 8, "optimizer": "lion"}, "optimizer must be 'adam' or 'sgd'; got 'lion'"),
    ):
        with pytest.raises(ValueError, match=message):
            Settings(**change)
    with pytest.raises(ValueError, match="environment must have num_envs = 8; got 4"):
        learner(BernoulliBandit(torch.tensor([0.5]), 4), Settings(num_envs=8), seed=0)
    with pytest.raises(
        ValueError, match="environment must have a time limit, since an answer must end; got max_steps = None"
    ):
        learner(CliffWalk(8, max_steps=None), Settings(num_envs=8), seed=0)


def test_the_switches() -> None:
    base = Settings(num_envs=8, epsilon=0.5, ddof=1, aggregation="token", baseline="others")
    doctor, leave = dr_grpo(base, 9), rloo(base)
    assert (doctor.baseline, doctor.scale, doctor.aggregation, doctor.length) == ("mean", "none", "constant", 9)
    assert (leave.baseline, leave.scale, leave.aggregation, leave.length) == ("others", "none", "constant", 1)


# ------------------------------------------------------------------------------------- the loop
def environments() -> dict:
    return {
        "bandit": lambda: BernoulliBandit(torch.tensor([0.25, 0.75]), 8, seed=3),
        "digit-sum": lambda: DigitSum(8, length=2, seed=3),
        "cliff": lambda: CliffWalk(8, cliff=SMALL, max_steps=6, seed=3),
        "numbers": lambda: CliffWalk(8, cliff=SMALL, max_steps=6, one_hot=False, seed=3),
    }


@pytest.mark.parametrize("name", environments())
@pytest.mark.parametrize("hidden", [(), (5,)])
def test_a_run_that_is_taken_up_again_goes_on_bit_for_bit(name: str, hidden: tuple[int, ...]) -> None:
    settings = Settings(num_envs=8, group_size=4, hidden=hidden, width=4, epochs=2, kl_weight=0.1, learning_rate=0.1)
    whole, first, second = (learner(environments()[name](), settings, seed=5) for _ in range(3))
    state = torch.get_rng_state()
    wanted = [whole.iterate() for _ in range(4)]
    found = [first.iterate() for _ in range(2)]
    kept = first.state_dict()
    first.iterate()
    second.load_state_dict(kept)
    found += [second.iterate() for _ in range(2)]
    assert found == wanted and second.steps == whole.steps
    for one, other in zip(whole.policy.parameters(), second.policy.parameters(), strict=True):
        assert torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), state), "no number comes from the global generator"


def test_seeds_differ() -> None:
    runs = [learner(environments()["cliff"](), Settings(num_envs=8), seed=s) for s in (0, 1, 1)]
    found = [run.iterate() for run in runs]
    assert found[0] != found[1] == found[2]


def test_a_run_that_diverges_says_where_and_what() -> None:
    run = learner(environments()["bandit"](), Settings(num_envs=8), seed=0)
    run.iterate()
    with torch.no_grad():
        run.policy.logits[0, 1] = torch.nan
    with pytest.raises(FloatingPointError, match="loss must be finite; got nan at environment step 16"):
        run.iterate()


def test_where_every_walk_falls_nothing_moves() -> None:
    """The trap: with plain steps a policy that always falls stays as it is, bit for bit."""
    run = learner(environments()["cliff"](), Settings(num_envs=8, learning_rate=1e3, optimizer="sgd"), seed=0)
    with torch.no_grad():
        run.policy.logits[3, 1] = 100.0
    before = run.policy.logits.detach().clone()
    for _ in range(3):
        figures = run.iterate()
        assert figures["flat_groups"] == 1 and figures["gradient_norm"] == 0 and figures["mean_return"] == -100
    assert torch.equal(run.policy.logits, before)


def test_with_adam_it_moves_on_all_the_same() -> None:
    """Momentum: a batch that teaches nothing is no pause."""
    run = learner(environments()["bandit"](), Settings(num_envs=8, learning_rate=0.1), seed=0)
    while run.iterate()["flat_groups"] == 1:
        pass
    run.environment.chance.zero_()
    before = run.policy.logits.detach().clone()
    assert run.iterate()["flat_groups"] == 1 and not torch.equal(run.policy.logits, before)


def test_the_bandits_policy_follows_the_exact_gradient() -> None:
    """One step of RLOO from many answers, against softmax times (chance - mean): within 6 standard errors."""
    chance, many = torch.tensor([0.2, 0.5, 0.8], dtype=F64), 40_000
    settings = rloo(Settings(num_envs=many, learning_rate=1.0, optimizer="sgd"))
    run = learner(BernoulliBandit(chance, many, dtype=F64, seed=1), settings, seed=2)
    run.iterate()
    wanted = (chance - chance.mean()) / 3
    assert (run.policy.logits[0] - wanted).abs().max() <= 6 / math.sqrt(
        many
    )  # a score is at most 1, an advantage about 1


def test_it_learns_the_bandit() -> None:
    settings = RECIPES["bandit"]
    run = learner(BernoulliBandit(torch.tensor([0.25, 0.5, 0.75]), settings.num_envs), settings, seed=0)
    for _ in range(60):
        run.iterate()
    assert run.policy.logits.softmax(-1)[0, 2] > 0.9
    assert run.act(torch.ones(3, 1)).tolist() == [2, 2, 2]


@pytest.mark.parametrize("switch", [lambda s: s, rloo])
def test_the_transformer_learns_to_answer(switch) -> None:
    """Answers of one digit: write the number that is asked for."""
    settings = switch(Settings(num_envs=128, group_size=16, width=16, layers=1, learning_rate=0.02))
    run = learner(DigitSum(128, length=1, seed=1), settings, seed=0)
    for _ in range(120):
        run.iterate()
    asked = torch.arange(10)
    answers = run.act(torch.stack([asked, torch.full_like(asked, -1)], 1))
    assert (answers == asked).sum() >= 9


def test_the_groups_of_a_batch_differ_and_their_members_do_not() -> None:
    environment = DigitSum(12, length=2, seed=0)
    found = collect(environment, policy_for(environment, (), 4, 1, torch.Generator()), torch.Generator(), 4)
    asked = found.observation[:12, 0].view(3, 4)
    assert (asked == asked[:, :1]).all() and asked[:, 0].unique().numel() > 1


# ------------------------------------------------------------------------------------- on a GPU
@pytest.mark.gpu
@pytest.mark.parametrize("aggregation", ["sequence", "token", "constant"])
def test_cuda_has_the_same_slopes(aggregation: str) -> None:
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    logp, old, mask = tokens([3, 1, 2, 3])
    reward = torch.tensor([1.0, -0.5, 2, -2], dtype=F64)
    settings = Settings(num_envs=4, group_size=2)
    found = []
    for device in ("cpu", "cuda"):
        here = logp.detach().to(device).requires_grad_()
        judged = advantages(reward.to(device), settings)
        value = loss(
            here,
            old.to(device),
            judged,
            mask.to(device),
            aggregation=aggregation,
            kl_weight=0.5,
            reference_logp=old.to(device),
        )
        found.append(slopes(value, here).cpu())
    assert (found[0] - found[1]).abs().max() <= 1e-14


@pytest.mark.gpu
@pytest.mark.parametrize("kind", ["bandit", "digit-sum", "cliff"])
def test_it_runs_on_cuda(kind: str) -> None:
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    made = {
        "bandit": lambda: BernoulliBandit(torch.tensor([0.25, 0.75]), 64, device="cuda"),
        "digit-sum": lambda: DigitSum(64, length=2, device="cuda"),
        "cliff": lambda: CliffWalk(64, cliff=SMALL, max_steps=6, device="cuda"),
    }
    run = learner(made[kind](), Settings(num_envs=64, epochs=2, kl_weight=0.1), seed=0)
    for _ in range(3):
        assert all(math.isfinite(x) for x in run.iterate().values())


# ------------------------------------------------------------------------------------- the cliff walk of problem 19
def arrives(run, steps: int) -> tuple[float, float]:
    """(P(goal), P(still walking)) of the policy within that many moves, by the environment's table."""
    table, pi = run.environment.table, run.policy.logits.detach().double().softmax(-1)
    law = table.start.clone()
    for _ in range(steps):
        following = torch.zeros_like(law)
        for action in range(4):
            following.index_add_(0, table.successor[:, action, 0], law * pi[:, action])
        law = following
    return law[-1].item(), law[~table.terminal].sum().item()


def walks(settings: Settings, seed: int, max_steps: int = 500):
    environment = CliffWalk(settings.num_envs, cliff=Cliff(move=0), max_steps=max_steps, seed=seed)
    return learner(environment, settings, seed=seed)


def moves_until(settings: Settings, seed: int, most: int) -> int:
    """Moves until the policy arrives with probability 0.95; looked at after every 512 walks, or when most walks arrive."""
    run, iteration = walks(settings, seed), 0
    while run.steps < most:
        figures, iteration = run.iterate(), iteration + 1
        if (iteration % max(1, 512 // settings.num_envs) == 0 or figures["mean_return"] > 80) and arrives(run, 500)[
            0
        ] > 0.95:
            return run.steps
    return most


SPARSE = Settings(num_envs=256, learning_rate=0.1, truncated_reward=-100.0)
PLAIN = replace(SPARSE, optimizer="sgd", learning_rate=100.0)
PRINTED = {  # docs/homework/hw19.md: moves until the policy arrives with probability 0.95, the median of three seeds
    "8 walks": (replace(SPARSE, num_envs=8), 16_339),
    "64 walks": (replace(SPARSE, num_envs=64), 57_907),
    "256 walks": (SPARSE, 170_500),
    "groups of 64": (replace(SPARSE, group_size=64), 163_296),
    "RLOO": (rloo(replace(PLAIN, learning_rate=0.1)), 81_640),
    "plain steps": (PLAIN, 375_709),
}


@pytest.mark.nightly
@pytest.mark.parametrize("name", PRINTED)
def test_the_cliff_walk_is_learnt_in_the_moves_that_the_page_prints(name: str) -> None:
    """Other versions of torch draw other numbers or round in another way: within a factor of 1.5."""
    settings, printed = PRINTED[name]
    found = sorted(moves_until(settings, seed, 2 * printed) for seed in range(3))[1]
    assert printed / 1.5 <= found <= printed * 1.5


@pytest.mark.nightly
def test_short_plain_steps_stay_in_the_trap() -> None:
    """1.2 million moves, and the policy arrives with a probability below 0.01."""
    run = walks(replace(PLAIN, num_envs=1024, learning_rate=10.0), seed=0)
    while run.steps < 1_200_000:
        run.iterate()
    assert arrives(run, 500)[0] < 0.01


def test_the_page_prints_these_figures() -> None:
    page = (Path(__file__).parents[2] / "docs/homework/hw19.md").read_text("utf8")
    assert all(f"{printed:,}" in page for _, printed in PRINTED.values())


def test_the_recipe_learns_the_cliff_walk() -> None:
    """And is evaluated by sampling: the most probable moves alone may go in circles, since nothing hurries."""
    run = walks(RECIPES["cliff-walk-sparse"], seed=0)
    while run.steps < 120_000 and arrives(run, 500)[0] < 0.95:
        run.iterate()
    assert arrives(run, 500)[0] >= 0.95
    before, cells = run.generator.get_state(), torch.full((200,), 36)
    table = run.environment.table
    for _ in range(500):
        action = run.act(torch.nn.functional.one_hot(cells, 48).float())
        cells = torch.where(table.terminal[cells], cells, table.successor[cells, action, 0])
    assert (cells == 47).float().mean() >= 0.9
    assert torch.equal(run.generator.get_state(), before), "looking changes nothing"


@pytest.mark.parametrize(("paid", "goal", "walking"), [(0.0, 0.01, 0.95), (-100.0, 0.9, 0.05)])
def test_a_cut_walk_that_is_paid_more_than_a_fall_teaches_to_dawdle(paid: float, goal: float, walking: float) -> None:
    """The second trap: a limit of 50 moves and 0 for a walk that it cuts."""
    run = walks(replace(SPARSE, truncated_reward=paid), seed=0, max_steps=50)
    for _ in range(30):
        run.iterate()
    found = arrives(run, 50)
    assert found[0] <= goal and found[1] >= walking if paid == 0 else found[0] >= goal and found[1] <= walking
