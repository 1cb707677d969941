"""Exact solutions against the catalogue's numbers, against enumeration and against brute force in plain Python."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from numeric.mdp.model import FiniteMDP, Policy
from numeric.mdp.paths import expected_return
from numeric.mdp.reading import from_data, named
from numeric.mdp.solve import arrivals, evaluate, optimum, visits

F = Fraction
M2_POLICY = {"1": {"a": "2/3", "b": "1/3"}, "2": {"a": "1/4", "b": "3/4"}}


def value_at(mdp: FiniteMDP, state: str) -> Fraction:
    return optimum(mdp).values.v[mdp.states.index(state)]


def deterministic(mdp: FiniteMDP) -> list[Policy]:
    """Every deterministic policy."""
    live = mdp.live
    return [
        mdp.greedy(dict(zip(live, pick, strict=True))) for pick in product(range(len(mdp.actions)), repeat=len(live))
    ]


# ------------------------------------------------------------------------------------- the cliff walk
def test_the_cliff_walk_starts_at_88_or_87_by_what_the_last_move_costs() -> None:
    assert value_at(named("cliff_walk"), "3,0") == 88 and value_at(named("cliff_walk_paid"), "3,0") == 87


def test_the_cliff_walk_at_discount_99_hundredths() -> None:
    """Thirteen moves: up, eleven to the right, down."""
    g = F(99, 100)
    moves = sum((-(g**t) for t in range(12)), F(0))
    found = [value_at(named(name).at(g), "3,0") for name in ("cliff_walk", "cliff_walk_paid")]
    assert found == [moves + 100 * g**12, moves + 99 * g**12]
    assert [round(float(v), 3) for v in found] == [77.277, 76.391]


def test_the_uniform_policy_on_the_cliff_walk() -> None:
    mdp = named("cliff_walk")
    start, goal = mdp.states.index("3,0"), mdp.states.index("3,11")
    assert evaluate(mdp.uniform()).v[start] == F(-72102745560557517, 658539956600711)
    reached = arrivals(mdp.uniform())
    assert reached[goal] == F(1104614417995, 658539956600711) and sum(reached) == 1


def test_the_cliff_walk_is_the_grid_that_it_says() -> None:
    """The grid written a second time: the table's 148 rows."""
    for name, last in (("cliff_walk", 0), ("cliff_walk_paid", -1)):
        mdp, seen = named(name), 0
        for cell in product(range(4), range(12)):
            ends = cell[0] == 3 and cell[1] > 0
            assert (f"{cell[0]},{cell[1]}" in mdp.terminal) == ends
            for a, (down, right) in enumerate([(-1, 0), (0, 1), (1, 0), (0, -1)] if not ends else []):
                to = (cell[0] + down, cell[1] + right)
                to = to if 0 <= to[0] < 4 and 0 <= to[1] < 12 else cell
                reward = (100 if to[1] == 11 else -100) + last if to[0] == 3 and to[1] > 0 else -1
                one = mdp.rows[mdp.states.index(f"{cell[0]},{cell[1]}")][a]
                assert one == ((mdp.states.index(f"{to[0]},{to[1]}"), 1, reward),)
                seen += 1
        assert (
            seen == 148 and mdp.actions == ("up", "right", "down", "left") and mdp.start[mdp.states.index("3,0")] == 1
        )


def test_always_up_never_ends_and_is_refused_at_discount_one() -> None:
    mdp = named("cliff_walk")
    up = mdp.greedy(dict.fromkeys(mdp.live, 0))
    with pytest.raises(
        ValueError, match="policy must end with probability 1 at discount 1; it goes on for ever from 0,0"
    ):
        evaluate(up)
    less = mdp.at("9/10")
    assert evaluate(less.greedy(dict.fromkeys(mdp.live, 0))).v[0] == -10  # -1 for ever: 1 / (1 - 9/10)


# ------------------------------------------------------------------------------------- the small instances
def test_the_two_state_chain_has_the_values_of_the_catalogue() -> None:
    found = evaluate(named("m2").policy(M2_POLICY))
    assert found.v == (F(57, 37), F(-43, 37))
    assert found.q == ((F(53, 37), F(65, 37)), (F(7, 74), F(-117, 74)))
    assert found.advantage == ((F(-4, 37), F(8, 37)), (F(93, 74), F(-31, 74)))
    best = optimum(named("m2"))
    assert best.values.v == (F(8, 3), F(8, 9)) and best.values.q == ((F(19, 9), F(8, 3)), (F(8, 9), F(-5, 9)))
    assert best.actions == ((1,), (0,)) and best.improvements == 1
    others = {("a", "a"): (F(12, 7), F(4, 7)), ("a", "b"): (F(6, 5), F(-2)), ("b", "b"): (F(10, 7), F(-2))}
    for (one, two), v in others.items():
        assert evaluate(named("m2").policy({"1": one, "2": two})).v == v


def test_a_tie_is_kept_and_ends_the_iteration() -> None:
    best = optimum(named("m2_tie"))
    assert best.values.v == (F(8, 3), F(8, 9)) and best.actions == ((0, 1), (0,)) and best.values.q[0] == (F(8, 3),) * 2


def test_episodes_and_random_walks_have_their_closed_forms() -> None:
    p, q = F(2, 7), F(3, 5)
    mdp = named("ep")
    policy = mdp.policy({"s0": {"1": p, "0": 1 - p}, "s1": {"1": q, "0": 1 - q}})
    assert evaluate(policy).v[0] == p * (1 + 2 * q)
    for n in (5, 19):
        walk = named(f"chain{n}")
        assert evaluate(walk.uniform()).v == tuple(F(i, n + 1) for i in range(n + 1)) + (0,)
        middle = (n + 1) // 2
        assert sum(visits(walk.uniform())) == middle * (n + 1 - middle)  # E T from the middle
    assert evaluate(named("split").uniform()).v == (F(1, 2), 1, 0, 0) and value_at(named("treasure"), "s0") == 10
    assert evaluate(named("cancel").uniform()).v[0] == 0 and evaluate(named("xor").uniform()).v[0] == F(1, 2)
    assert value_at(named("signflip"), "s0") == 4 and value_at(named("base"), "s") == 1


@pytest.mark.parametrize("name", ["stay", "stay_exit"])
def test_where_staying_for_ever_is_free_no_optimum_is_claimed(name: str) -> None:
    with pytest.raises(ValueError, match="at discount 1 going on for ever must be worse than ending; from here"):
        optimum(named(name))
    assert optimum(named(name).at("1/2")).values.v[0] == (1 if name == "stay" else 0)


def test_a_loop_that_pays_is_refused_at_discount_one() -> None:
    data = {
        "format": "rlproofs-mdp/1", "states": ["s", "end"], "actions": ["loop", "leave"], "terminal": ["end"], "start": {"s": 1},
        "discount": 1, "transition": {"s": {"loop": {"s": 1}, "leave": {"end": 1}}}, "reward": {"s": {"loop": 1, "leave": 0}},
    }  # fmt: skip
    with pytest.raises(ValueError, match="it goes on for ever from s"):
        optimum(from_data(data))


# ------------------------------------------------------------------------------------- against brute force
def table(seed: int, *, discount: str = "3/4") -> FiniteMDP:
    """Three live states and an end, two actions, generic numbers from a linear congruence."""
    state = seed

    def number(most: int) -> int:
        nonlocal state
        state = (1103515245 * state + 12345) % 2**31
        return (state >> 8) % most + 1

    names = ["x", "y", "z", "end"]
    transition: dict[str, object] = {}
    reward: dict[str, object] = {}
    for s in names[:3]:
        transition[s], reward[s] = {}, {}
        for a in ("0", "1"):
            weights = [number(9) for _ in names]
            transition[s][a] = {y: f"{w}/{sum(weights)}" for y, w in zip(names, weights, strict=True)}  # type: ignore[index]
            reward[s][a] = {y: f"{number(19) - 10}/{number(7)}" for y in names}  # type: ignore[index]
    return from_data({
        "format": "rlproofs-mdp/1", "states": names, "actions": ["0", "1"], "terminal": ["end"],
        "start": {"x": "1/7", "y": "2/7", "z": "4/7"}, "discount": discount, "transition": transition, "reward": reward,
    })  # fmt: skip


def mixed(mdp: FiniteMDP) -> Policy:
    shares = [F(1, 3), F(2, 5), F(3, 4)]
    return mdp.policy({s: {"0": p, "1": 1 - p} for s, p in zip(mdp.states, shares, strict=False)})


def step(policy: Policy, v: list[Fraction]) -> list[Fraction]:
    """One application of the policy's Bellman operator, written out."""
    mdp, size = policy.mdp, len(policy.mdp.states)
    return [
        sum((policy.rows[s][a] * mdp.probability(s, a, y) * (mdp.reward(s, a, y) + mdp.discount * v[y])
             for a in range(len(mdp.actions)) for y in range(size)), F(0)) if mdp.rows[s] else F(0)
        for s in range(size)
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("discount", ["3/4", "1", "0"])
def test_values_are_the_fixed_point_and_what_sweeps_come_near(seed: int, discount: str) -> None:
    policy = mixed(table(seed, discount=discount))
    found = evaluate(policy)
    assert tuple(step(policy, list(found.v))) == found.v
    swept = [0.0] * 4
    for _ in range(400):
        swept = [float(x) for x in step(policy, [F(x) for x in swept])]
    assert all(abs(a - float(b)) < 1e-9 for a, b in zip(swept, found.v, strict=True))
    for s in policy.mdp.live:
        assert sum(p * q for p, q in zip(policy.rows[s], found.q[s], strict=True)) == found.v[s]
        assert sum(p * a for p, a in zip(policy.rows[s], found.advantage[s], strict=True)) == 0


@pytest.mark.parametrize("seed", range(5))
def test_visits_weigh_rewards_to_the_start_value_and_satisfy_their_flow(seed: int) -> None:
    policy = mixed(table(seed))
    mdp, often = policy.mdp, visits(policy)
    v = evaluate(policy).v
    earned = sum((often[s] * policy.rows[s][a] * mdp.reward(s, a) for s in mdp.live for a in range(2)), F(0))
    assert earned == sum(p * x for p, x in zip(mdp.start, v, strict=True))
    for y in mdp.live:
        inward = sum(
            (often[s] * policy.rows[s][a] * mdp.probability(s, a, y) for s in mdp.live for a in range(2)), F(0)
        )
        assert often[y] == mdp.start[y] + mdp.discount * inward
    assert sum(arrivals(mixed(table(seed, discount="1")))) == 1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("discount", ["3/4", "1"])
def test_the_optimum_is_the_best_of_all_deterministic_policies(seed: int, discount: str) -> None:
    mdp = table(seed, discount=discount)
    best, every = optimum(mdp), [evaluate(policy) for policy in deterministic(mdp)]
    assert best.values.v == tuple(max(one.v[s] for one in every) for s in range(4)) and len(every) == 8
    attained = [p for p, one in zip(deterministic(mdp), every, strict=True) if one.v == best.values.v]
    assert {tuple(row.index(1) for row in p.rows if row) for p in attained} == set(
        product(*[a for a in best.actions if a])
    )


def test_the_return_to_a_horizon_comes_near_the_value() -> None:
    policy = mixed(table(1))
    v, reached = evaluate(policy).v[0], [expected_return(policy, t, state=0) for t in (0, 1, 4)]
    bound = [F(3, 4) ** t * max(abs(x) for x in evaluate(policy).v) for t in (0, 1, 4)]
    assert reached[0] == 0 and all(abs(v - r) <= b for r, b in zip(reached, bound, strict=True))
