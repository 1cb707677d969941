"""FiniteMDP and Policy: frozen tables of rationals that cannot be malformed.

`rows[s][a]` holds the outcomes of action a in state s: every next state of positive probability, with its probability and the
mean reward on the way there.  A terminal state has no rows and is worth 0.

An argument that is refused raises ValueError with its name, the state and the action, the number found and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NamedTuple

MOST_STATES = 5_000
MOST_OUTCOMES = 200_000  # of all rows together
MOST_DIGITS = 100
MOST_BITS = 13_000  # of the common denominator of a row
NUMBER = re.compile(rf"[+-]?\d{{1,{MOST_DIGITS}}}(/\d{{1,{MOST_DIGITS}}}|\.\d{{1,{MOST_DIGITS}}})?", re.ASCII)


class Outcome(NamedTuple):
    """One way in which an action may end."""

    state: int
    probability: Fraction
    reward: Fraction


Row = tuple[Outcome, ...]


@dataclass(frozen=True)
class FiniteMDP:
    """states, actions: names.  rows[s][a]: outcomes, () for a terminal state.  start[s]: the law of s_0.  discount in [0, 1].

    At discount 1 some policy must end with probability 1 from every state, else no value is finite for sure.
    Source of the conventions: a terminal state is worth 0; the reward depends on (s, a, s').
    """

    states: tuple[str, ...]
    actions: tuple[str, ...]
    rows: tuple[tuple[Row, ...], ...]
    start: tuple[Fraction, ...]
    discount: Fraction
    title: str = ""
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        _names("states", self.states)
        _names("actions", self.actions)
        _length("rows", self.rows, self.states, "states")
        _length("start", self.start, self.states, "states")
        for name, row in zip(self.states, self.rows, strict=True):
            if row:
                _length(f'transition["{name}"]', row, self.actions, "actions")
        self._check_rows()
        law = {name: p for name, p in zip(self.states, self.start, strict=True)}
        distribution("start", law)
        _rational("discount", self.discount)
        if not 0 <= self.discount <= 1:
            raise ValueError(f"discount must lie in [0, 1]; got {self.discount}")
        if self.discount == 1:
            self._check_ends()

    def _check_rows(self) -> None:
        outcomes = 0
        for name, rows in zip(self.states, self.rows, strict=True):
            for action, row in zip(self.actions, rows, strict=False):
                where = f'transition["{name}"]["{action}"]'
                for one in row:
                    self._check_outcome(where, name, action, one)
                law = {self.states[one.state]: one.probability for one in row}
                if len(law) < len(row):
                    raise ValueError(f"{where} must list each next state once; got {len(row)} outcomes for {len(law)}")
                distribution(where, law)
                outcomes += len(row)
        if outcomes > MOST_OUTCOMES:
            raise ValueError(f"transition must have at most {MOST_OUTCOMES} outcomes; got {outcomes}")

    def _check_outcome(self, where: str, state: str, action: str, one: Outcome) -> None:
        if type(one.state) is not int or not 0 <= one.state < len(self.states):
            raise ValueError(f"{where} must lead to states 0..{len(self.states) - 1}; got {one.state}")
        _rational(f'{where}["{self.states[one.state]}"]', one.probability)
        if one.probability == 0:
            raise ValueError(f'{where}["{self.states[one.state]}"] must be more than 0, or not be listed; got 0')
        _rational(f'reward["{state}"]["{action}"]["{self.states[one.state]}"]', one.reward)

    def _check_ends(self) -> None:
        reached = self.ending()
        lost = [name for n, name in enumerate(self.states) if n not in reached]
        if lost:
            raise ValueError(
                f"discount must be less than 1 where a state never ends: no terminal state can be reached from {_some(lost)}"
            )

    # --------------------------------------------------------------------------------- parts
    @property
    def live(self) -> list[int]:
        """The states that are not terminal."""
        return [s for s, row in enumerate(self.rows) if row]

    @property
    def terminal(self) -> list[str]:
        return [name for name, row in zip(self.states, self.rows, strict=True) if not row]

    def probability(self, s: int, a: int, y: int) -> Fraction:
        """P[s, a, y]; 0 out of a terminal state."""
        return next((one.probability for one in self.row(s, a) if one.state == y), Fraction(0))

    def reward(self, s: int, a: int, y: int | None = None) -> Fraction:
        """r[s, a, y]; its mean over the next state where y is None.  0 where it cannot happen."""
        if y is None:
            return sum((one.probability * one.reward for one in self.row(s, a)), Fraction(0))
        return next((one.reward for one in self.row(s, a) if one.state == y), Fraction(0))

    def row(self, s: int, a: int) -> Row:
        """The outcomes of an action; none in a terminal state."""
        return self.rows[s][a] if self.rows[s] else ()

    def at(self, discount: Fraction | int | str) -> FiniteMDP:
        """The same MDP with another discount."""
        return replace(self, discount=exact("discount", discount))

    # --------------------------------------------------------------------------------- policies
    def policy(self, table: Mapping[str, object]) -> Policy:
        """A policy from {state: action} or {state: {action: probability}}, an entry for each state that is not terminal."""
        if not isinstance(table, Mapping):
            raise ValueError(f"policy must be a table from states to actions; got {type(table).__name__}")
        lacking = [self.states[s] for s in self.live if self.states[s] not in table]
        if lacking:
            raise ValueError(f"policy must name every state that is not terminal; {_some(lacking)} has no entry")
        rows = []
        for name, live in zip(self.states, self.rows, strict=True):
            given = table.get(name, {})
            law = {given: 1} if isinstance(given, str) else given
            if not isinstance(law, Mapping):
                raise ValueError(f'policy["{name}"] must be an action or a table of probabilities; got {law!r}')
            known(f'policy["{name}"]', law, self.actions, "actions")
            made = tuple(exact(f'policy["{name}"]["{a}"]', law.get(a, 0)) for a in self.actions) if live else ()
            rows.append(made)
        known("policy", table, self.states, "states")
        return Policy(self, tuple(rows))

    def uniform(self) -> Policy:
        """Every action alike."""
        share = Fraction(1, len(self.actions))
        return Policy(self, tuple((share,) * len(self.actions) if row else () for row in self.rows))

    def greedy(self, choice: Mapping[int, int]) -> Policy:
        """The deterministic policy that takes action choice[s] in each state that is not terminal."""
        one = {True: Fraction(1), False: Fraction(0)}
        pick = [
            tuple(one[a == choice[s]] for a in range(len(self.actions))) if r else () for s, r in enumerate(self.rows)
        ]
        return Policy(self, tuple(pick))

    def ending(self, policy: Policy | None = None) -> set[int]:
        """The states from which a terminal state can be reached: by some actions, or by those that the policy takes."""
        before: list[list[int]] = [[] for _ in self.states]
        for s, rows in enumerate(self.rows):
            for a, row in enumerate(rows):
                for one in row if policy is None or policy.rows[s][a] else ():
                    before[one.state].append(s)
        reached = {s for s, rows in enumerate(self.rows) if not rows}
        todo = list(reached)
        while todo:
            new = [s for s in before[todo.pop()] if s not in reached]
            reached.update(new)
            todo += new
        return reached


@dataclass(frozen=True)
class Policy:
    """rows[s][a]: the probability of action a in state s; () for a terminal state.  Made by FiniteMDP."""

    mdp: FiniteMDP
    rows: tuple[tuple[Fraction, ...], ...]

    def __post_init__(self) -> None:
        _length("policy", self.rows, self.mdp.states, "states")
        for s in self.mdp.live:
            where = f'policy["{self.mdp.states[s]}"]'
            _length(where, self.rows[s], self.mdp.actions, "actions")
            distribution(where, dict(zip(self.mdp.actions, self.rows[s], strict=True)))


# ------------------------------------------------------------------------------------- checks
def exact(where: str, number: object) -> Fraction:
    """A number of a table: int, Fraction, "p/q" or a decimal as text.  A float is not the number that was meant, and refused."""
    if isinstance(number, bool) or not isinstance(number, int | Fraction | str):
        raise ValueError(
            f'{where} must be a whole number, "p/q" or a decimal as text; got {_short(number)} ({type(number).__name__})'
        )
    if isinstance(number, str) and not NUMBER.fullmatch(number):
        raise ValueError(f'{where} must be a whole number, "p/q" or a decimal of at most {MOST_DIGITS} digits a part; got '
                         f"{_short(number)}")  # fmt: skip
    if isinstance(number, int) and abs(number) >= 10**MOST_DIGITS:
        raise ValueError(f"{where} must have at most {MOST_DIGITS} digits; got a number of {number.bit_length()} bits")
    try:
        return Fraction(number)
    except ZeroDivisionError as error:
        raise ValueError(f"{where} must have a denominator other than 0; got {_short(number)}") from error


def distribution(where: str, law: Mapping[str, Fraction]) -> None:
    """Each entry is 0 or more, and they sum to 1."""
    for name, p in law.items():
        _rational(f'{where}["{name}"]', p)
        if p < 0:
            raise ValueError(f'{where}["{name}"] must be a probability, 0 or more; got {p}')
    total = Fraction(0)
    for p in law.values():
        total += p
        if total.denominator.bit_length() > MOST_BITS:
            raise ValueError(f"{where} must sum to 1; its denominators have no common one of {MOST_BITS} bits")
    if total != 1:
        raise ValueError(f"{where} must sum to 1; got {_cut(str(total))}")


def known(where: str, names: Iterable[object], allowed: Collection[str], kind: str) -> None:
    """Every name is one of the allowed ones."""
    odd = next((name for name in names if not isinstance(name, str) or name not in allowed), None)
    if odd is not None:
        raise ValueError(f"{where} must name {kind} among {_some(list(allowed))}; got {_short(odd)}")


def _rational(where: str, number: object) -> None:
    if type(number) is not Fraction:
        raise ValueError(f"{where} must be a Fraction; got {_short(number)} ({type(number).__name__})")


def _names(where: str, names: tuple[str, ...]) -> None:
    if not isinstance(names, tuple) or not 0 < len(names) <= MOST_STATES:
        count = len(names) if isinstance(names, tuple) else type(names).__name__
        raise ValueError(f"{where} must be between 1 and {MOST_STATES} names; got {count}")
    for name in names:
        if not isinstance(name, str) or not 0 < len(name) <= 100:
            raise ValueError(f"{where} must be names of 1 to 100 characters; got {_short(name)}")
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{where} must be named once each; got {_short(name)} twice")
        seen.add(name)


def _length(where: str, found: Sequence[object], names: Sequence[str], kind: str) -> None:
    if len(found) != len(names):
        raise ValueError(f"{where} must have one entry for each of the {len(names)} {kind}; got {len(found)}")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _short(value: object) -> str:
    text = repr(value) if not isinstance(value, int) or value.bit_length() < 400 else "a very large number"
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
