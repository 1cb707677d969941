"""What policy iteration promises, against all policies in rationals: alg-pi on finite MDPs, hw15 on the cliff walk.

The oracle is numeric.mdp: exact solves of one policy at a time, all |A|^|S| of them, and the largest value in each state.  No
greedy step takes part in it.  Closed forms stand where there are some, and the cliff walk's table is read from a file of its own.

A solve of n equations (I - discount P) V = r by elimination is off by at most some 3 n units of |L| |U| |V| (Higham 2002, theorem
9.4), times the norm of the inverse: the longest discounted time to the end.  |L| |U| is at most 2 n |I - discount P| where rows
are diagonally dominant (theorem 9.9), and that norm is at most 2.  `solving` is that bound.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from numeric.contract import Row, rounding
from numeric.envs.tabular import Table, table_of
from numeric.mdp import solve
from numeric.mdp.model import FiniteMDP, Outcome, Policy
from numeric.mdp.reading import named

Choice = dict[int, int]
SMALL = ("m2", "m2_tie", "ep", "treasure", "xor", "cancel", "signflip")
F = Fraction
MOST = 60  # evaluations; none of these tables needs ten


# ------------------------------------------------------------------------------------- the promises of alg-pi
def two_states(module: ModuleType, device: str) -> Iterator[Row]:
    """M2, every number of which is in the catalogue: one improvement from the given policy to (b, a)."""
    mdp = named("m2")
    given = mdp.policy({"1": {"a": F(2, 3), "b": F(1, 3)}, "2": {"a": F(1, 4), "b": F(3, 4)}})
    found = module.policy_iteration(on(device, mdp), settings(module, mdp), tensor(given, device))
    bound = solving(given)
    yield Row("V of the first policy on M2", found.history[0], [F(57, 37), F(-43, 37)], bound)
    yield Row("V* of M2", found.values, [F(8, 3), F(8, 9)], bound)
    yield Row("Q* of M2", found.action_values, [[F(19, 9), F(8, 3)], [F(8, 9), F(-5, 9)]], bound)
    yield Row("the optimal policy of M2", found.policy, [[0, 1], [1, 0]])
    yield Row("the number of evaluations on M2", len(found.history), 2)


def optimum(module: ModuleType, device: str) -> Iterator[Row]:
    """From every deterministic policy that ends: the values of the best of all policies, and a policy that has them exactly."""
    for title, mdp in (*((name, named(name)) for name in SMALL), *generic_ones()):
        yield from _optimal(module, device, title, mdp)


def evaluation(module: ModuleType, device: str) -> Iterator[Row]:
    """V of stochastic policies, by the exact solve."""
    for title, mdp in (*((name, named(name)) for name in (*SMALL, "chain19")), *generic_ones()):
        for kind, policy in (("the uniform policy", mdp.uniform()), ("a skew policy", skew(mdp))):
            got = module.evaluate(on(device, mdp), tensor(policy, device), float(mdp.discount))
            yield Row(f"V of {kind} on {title}", got, list(exact_v(policy)), solving(policy))


def monotone(module: ModuleType, device: str) -> Iterator[Row]:
    """No state's value ever falls, from the worst policy of all; and where it goes on, some state's value rises."""
    for title, mdp in generic_ones():
        worst = min(choices(mdp), key=lambda choice: sum(exact_v(mdp.greedy(choice))))
        first = mdp.greedy(worst)
        bound = 2 * slack(mdp)
        found = module.policy_iteration(on(device, mdp), settings(module, mdp), tensor(first, device))
        rises = found.history[1:] - found.history[:-1]
        yield Row(f"the first values on {title}", found.history[0], list(exact_v(first)), bound)
        yield Row(f"the falls of values on {title}", float((-rises).clamp(min=0).sum()), 0, rises.numel() * bound)
        yield Row(f"rounds on {title} in which a value rises", int((rises > float(bound)).any(1).sum()), len(rises))


def ends(module: ModuleType, device: str) -> Iterator[Row]:
    """After at most |A|^|S| improvements, with equal actions in every state and a random policy to begin with."""
    doubled = [(f"actions twice at discount {g}", twice(generic(3, g))) for g in (F(9, 10), F(1))]
    for title, mdp in (("m2_tie", named("m2_tie")), *doubled):
        most = len(mdp.actions) ** len(mdp.live) + 1
        for first in (mdp.uniform(), skew(mdp), mdp.greedy(dict.fromkeys(mdp.live, len(mdp.actions) - 1))):
            found = ended(module, device, mdp, most, first)
            yield Row(f"whether it ends within {most} evaluations on {title}", found is not None, True)
            got = torch.nan if found is None else found.values
            yield Row(f"V* on {title}", got, list(best_of(mdp).v), slack(mdp))


def ties(module: ModuleType, device: str) -> Iterator[Row]:
    """The first of two equal actions stays: either one on M2tie; on STAY the one that ends, though to stay looks as good."""
    for first in (0, 1):
        mdp = named("m2_tie")
        found = ended(module, device, mdp, MOST, mdp.greedy({0: first, 1: 0}))
        rows = found.policy if found is not None else torch.full((2, 2), torch.nan, dtype=torch.float64)
        yield Row(f"the policy on M2tie from action {first}", rows, [[1 - first, first], [1, 0]])
    mdp = named("stay")
    try:
        found = ended(module, device, mdp, MOST, mdp.greedy({0: 1}))
    except ValueError:  # of a policy that stays for ever: it has been improved from 1 to 0
        found = None
    yield Row("the value on STAY", found.values if found is not None else torch.full((2,), torch.nan), [1, 0])


def refused(module: ModuleType, device: str) -> Iterator[Row]:
    """At discount 1: a policy that never ends, and an MDP in which to go on for ever is better.  Below 1 both are solved."""
    stay, leave, up = named("stay"), named("stay_exit"), named("cliff_walk")
    for title, mdp, choice in (
        ("to stay on STAY", stay, {0: 0}),
        ("always up on the cliff walk", up, dict.fromkeys(up.live, 0)),
        ("to leave on STAY/EXIT", leave, {0: 1}),
    ):
        first = tensor(mdp.greedy(choice), device)
        yield Row(f"whether {title} is refused", refuses(module, on(device, mdp), 1.0, first, "state 0"), True)
        found = module.policy_iteration(on(device, mdp), module.Settings(0.5, most=MOST), first)
        half = mdp.at(F(1, 2))
        exact = best_of(half) if len(half.live) < 8 else solve.optimum(half).values
        yield Row(f"V* from {title} at discount 1/2", found.values, list(exact.v), slack(half, shortest(half)))


def terminal(module: ModuleType, device: str) -> Iterator[Row]:
    """Terminal states are worth 0, whatever their rows hold: they are never read."""
    for title, mdp in (("ep", named("ep").at(F(9, 10))), *generic_ones()[:1]):
        table = on(device, mdp)
        reward, successor = table.reward.clone(), table.successor.clone()
        reward[table.terminal], successor[table.terminal] = 1e3, 0
        odd = table._replace(reward=reward, successor=successor)
        found = module.policy_iteration(odd, settings(module, mdp))
        exact = best_of(mdp)
        yield Row(f"V* on {title} with odd terminal rows", found.values, list(exact.v), slack(mdp))
        wide = [list(row) or [F(0)] * len(mdp.actions) for row in exact.q]
        yield Row(f"Q* on {title} with odd terminal rows", found.action_values, wide, slack(mdp))


def available(module: ModuleType, device: str) -> Iterator[Row]:
    """The best of the policies that take available actions only, where better ones exist; also where all is cost."""
    for title, mdp in (*generic_ones(), ("a random MDP of costs", generic(4, F(9, 10), shift=-3))):
        actions = range(len(mdp.actions))
        best = best_choice(mdp)
        open_ = tuple(tuple(a for a in actions if row and a != best[s]) for s, row in enumerate(mdp.rows))
        mask = torch.tensor([[a in row for a in actions] for row in open_], device=device)
        found = ended(module, device, mdp, MOST, None, available=mask)
        got = torch.full((len(mask),), torch.nan, dtype=torch.float64) if found is None else found.values
        yield Row(f"the best values on {title} without the best actions", got, list(best_of(mdp, open_).v), slack(mdp))
        taken = torch.nan if found is None else float((found.policy * ~mask)[torch.tensor(mdp.live)].sum())
        yield Row(f"probability of unavailable actions on {title}", taken, 0)


# ------------------------------------------------------------------------------------- the promises of hw15
READINGS = (("cliff_walk", 0), ("cliff_walk_paid", -1))  # table, and what the last move costs


def cliff_values(module: ModuleType, device: str) -> Iterator[Row]:
    """V* of every cell by its closed form: d - 1 moves of -1 and the goal, d cells away."""
    for name, last in READINGS:
        for discount in (F(1), F(99, 100), F(1, 2)):
            mdp = named(name).at(discount)
            table = on(device, mdp)
            values = attempt(
                lambda t=table, g=discount: module.policy_iteration(t, module.Settings(float(g), most=MOST)).values
            )
            exact = [F(0) if not row else closed(s, discount, last) for s, row in enumerate(mdp.rows)]
            bound = slack(mdp, shortest(mdp))
            yield Row(f"V* of {name} at discount {discount}", values, exact, bound)


def cliff_uniform(module: ModuleType, device: str) -> Iterator[Row]:
    """The uniform policy's values by the linear system, -109.488794 at the start (the catalogue's fraction)."""
    mdp = named("cliff_walk")
    policy = mdp.uniform()
    start = mdp.states.index("3,0")
    exact = list(exact_v(policy))
    exact[start] = F(-72102745560557517, 658539956600711)
    got = attempt(lambda: module.evaluate(on(device, mdp), tensor(policy, device), 1.0))
    yield Row("V of the uniform policy on the cliff walk", got, exact, solving(policy))


def cliff_improves(module: ModuleType, device: str) -> Iterator[Row]:
    """From the uniform policy: no cell's value falls, and the last policy walks from the start to the goal in 13 moves."""
    mdp = named("cliff_walk")
    found = module.policy_iteration(on(device, mdp), settings(module, mdp))
    bound = 2 * slack(mdp, mdp.uniform())
    falls = (found.history[:-1] - found.history[1:]).clamp(min=0)
    yield Row("the falls of values on the cliff walk", float(falls.sum()), 0, falls.numel() * bound)
    cell, moves = mdp.states.index("3,0"), 0
    while mdp.rows[cell] and moves < 48:
        cell, moves = mdp.row(cell, int(found.policy[cell].argmax()))[0].state, moves + 1
    yield Row("the moves from the start to the goal", moves if mdp.states[cell] == "3,11" else -moves, 13)


def cliff_refused(module: ModuleType, device: str) -> Iterator[Row]:
    """At discount 1 the policy that always goes up never ends, and is refused by the name of a cell."""
    mdp = named("cliff_walk")
    up = tensor(mdp.greedy(dict.fromkeys(mdp.live, 0)), device)
    yield Row("whether `always up` is refused", refuses(module, on(device, mdp), 1.0, up, "state 0"), True)


def cliff_table(module: ModuleType, device: str) -> Iterator[Row]:
    """The environment's table, in both readings, is that of the file: the same values of the uniform policy, cell by cell."""
    from numeric.algorithms.policy_iteration import evaluate

    for name, cliff in (("cliff_walk", module.Cliff()), ("cliff_walk_paid", module.Cliff(last_move_costs=True))):
        table = cliff.table()
        policy = named(name).uniform()
        exact = list(exact_v(policy))
        found = Table(*[t.to(device) for t in table])
        yield Row(f"terminal cells of {name}", table.terminal.double(), [int(not row) for row in policy.mdp.rows])
        got = evaluate(found, torch.full((48, 4), 0.25, dtype=torch.float64, device=device), 1.0)
        yield Row(f"V of the uniform policy in the environment of {name}", got, exact, solving(policy))


# ------------------------------------------------------------------------------------- the oracle
def choices(mdp: FiniteMDP, open_: tuple[tuple[int, ...], ...] | None = None) -> Iterator[Choice]:
    """Every deterministic policy.  open_: the available actions of each state; None: all."""
    every = tuple(range(len(mdp.actions)))
    for taken in itertools.product(*(open_[s] if open_ else every for s in mdp.live)):
        yield dict(zip(mdp.live, taken, strict=True))


def proper(policy: Policy) -> bool:
    return policy.mdp.discount < 1 or len(policy.mdp.ending(policy)) == len(policy.mdp.states)


@cache
def exact_v(policy: Policy) -> solve.Vector:
    """V of a policy; kept, since every wrong variant is compared with the same ones."""
    return solve.evaluate(policy).v


@cache
def best_of(mdp: FiniteMDP, open_: tuple[tuple[int, ...], ...] | None = None) -> solve.Values:
    """The largest value of each state over all deterministic policies that end, and the Q that belongs to it."""
    found = [exact_v(p) for p in map(mdp.greedy, choices(mdp, open_)) if proper(p)]
    return solve.values_of(mdp, tuple(max(v[s] for v in found) for s in range(len(mdp.states))))


def best_choice(mdp: FiniteMDP) -> Choice:
    """A policy that is best in every state."""
    return max(choices(mdp), key=lambda choice: sum(exact_v(mdp.greedy(choice))))


def closed(cell: int, discount: Fraction, last: int) -> Fraction:
    """d - 1 moves of -1, then 100 and the cost of the last move, from a cell of the 4 x 12 grid to its lower right corner."""
    row, column = divmod(cell, 12)
    away = 13 if row == 3 else (11 - column) + (3 - row)
    return sum((-(discount**j) for j in range(away - 1)), F(0)) + discount ** (away - 1) * (100 + last)


@cache
def generic_ones() -> tuple[tuple[str, FiniteMDP], ...]:
    """Three states and an end, three actions, three outcomes each; one discounted, one at discount 1, where every policy ends."""
    return tuple((f"a random MDP at discount {g}", generic(seed, g)) for seed, g in ((1, F(9, 10)), (2, F(1))))


def generic(seed: int, discount: Fraction, size: int = 3, actions: int = 3, shift: int = 0) -> FiniteMDP:
    """shift: added to the rewards, which lie between -20/7 and 20/7."""
    draw = random.Random(seed)

    def row() -> tuple[Outcome, ...]:
        reached = sorted([*draw.sample(range(size), 2), size])
        weights = [draw.randint(1, 9) for _ in reached]
        chances = zip(reached, weights, strict=True)
        return tuple(Outcome(y, F(w, sum(weights)), F(draw.randint(-20, 20), 7) + shift) for y, w in chances)

    rows = tuple(tuple(row() for _ in range(actions)) for _ in range(size))
    names = tuple(map(str, range(size))), tuple(map(str, range(actions)))
    return FiniteMDP((*names[0], "end"), names[1], (*rows, ()), (F(1), *[F(0)] * size), discount)


def twice(mdp: FiniteMDP) -> FiniteMDP:
    """The first two actions of each state, each of them twice: ties everywhere."""
    rows = tuple((*row[:2], *row[:2]) if row else () for row in mdp.rows)
    return replace(mdp, actions=("0", "1", "0 again", "1 again"), rows=rows)


def skew(mdp: FiniteMDP) -> Policy:
    """Probabilities in the ratio 1 : 2 : 4 and so on, the other way round in every second state."""
    weight = [F(2**a, 2 ** len(mdp.actions) - 1) for a in range(len(mdp.actions))]
    return Policy(mdp, tuple(tuple(weight[:: 1 if s % 2 else -1]) if row else () for s, row in enumerate(mdp.rows)))


@cache
def shortest(mdp: FiniteMDP) -> Policy:
    return solve.optimum(mdp).policy


# ------------------------------------------------------------------------------------- bounds
@cache
def solving(policy: Policy) -> Fraction:
    """The error of one solve for V of the policy in float64; see the module's docstring."""
    mdp = policy.mdp
    ones = tuple(tuple(tuple(o._replace(reward=F(1)) for o in row) for row in rows) for rows in mdp.rows)
    time = max(solve.evaluate(Policy(replace(mdp, rows=ones), policy.rows)).v)
    size = max(F(1), *(abs(v) for v in exact_v(policy)))
    return rounding(3 * len(mdp.states) * 2 * len(mdp.states), 2 * time * size)


@cache
def slack(mdp: FiniteMDP, policy: Policy | None = None) -> Fraction:
    """The largest such error over the policies that end: of all of them where there are few, else of the one that is named."""
    found = [policy] if policy is not None else [mdp.greedy(choice) for choice in itertools.islice(choices(mdp), 100)]
    return max(solving(p) for p in found if proper(p))


# ------------------------------------------------------------------------------------- running the code
def on(device: str, mdp: FiniteMDP) -> Table:
    return Table(*[t.to(device) for t in table_of(mdp)])


def tensor(policy: Policy, device: str) -> Tensor:
    """[S, A]; terminal states take the first action."""
    width = len(policy.mdp.actions)
    rows = [[float(p) for p in row] or [1.0] + [0.0] * (width - 1) for row in policy.rows]
    return torch.tensor(rows, dtype=torch.float64, device=device)


def _optimal(module: ModuleType, device: str, title: str, mdp: FiniteMDP) -> Iterable[Row]:
    exact, bound, table = best_of(mdp), slack(mdp), on(device, mdp)
    for choice in choices(mdp):
        first = mdp.greedy(choice)
        if not proper(first):
            continue
        found = module.policy_iteration(table, settings(module, mdp), tensor(first, device))
        yield Row(f"V* on {title} from {list(choice.values())}", found.values, list(exact.v), bound)
        taken = {s: int(found.policy[s].argmax()) for s in mdp.live}
        gap = max(b - v for b, v in zip(exact.v, exact_v(mdp.greedy(taken)), strict=True))
        yield Row(f"what the policy on {title} lacks of V*", float(gap), 0)


def attempt(run: Any) -> Tensor:
    """What `run` returns; NaN where the system that it solves is singular, which is a fact about it and no crash."""
    try:
        found: Tensor = run()
    except torch.linalg.LinAlgError:
        return torch.full((48,), torch.nan, dtype=torch.float64)
    return found


def settings(module: ModuleType, mdp: FiniteMDP, most: int = MOST) -> Any:
    return module.Settings(float(mdp.discount), most=most)


def ended(module: ModuleType, device: str, mdp: FiniteMDP, most: int, first: Policy | None, **more: Any) -> Any:
    """The result, or None where it has not ended after `most` evaluations."""
    given = None if first is None else tensor(first, device)
    try:
        return module.policy_iteration(on(device, mdp), settings(module, mdp, most), given, **more)
    except RuntimeError as error:
        if "must end within" not in str(error):
            raise
        return None


def refuses(module: ModuleType, table: Table, discount: float, first: Tensor, says: str) -> bool:
    """Whether a ValueError names the state.  Another answer, and a solver that complains, is no refusal."""
    try:
        module.policy_iteration(table, module.Settings(discount, most=MOST), first)
    except ValueError as error:
        return says in str(error)
    except torch.linalg.LinAlgError:
        return False
    return False
