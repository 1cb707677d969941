"""An MDP from plain data, JSON or TOML, in the format `rlproofs-mdp/1` (numeric.mdp.schema).

    {"format": "rlproofs-mdp/1", "title": "...", "source": "...",
     "states": ["rainy", "dry", "end"], "actions": ["wait", "go"], "terminal": ["end"],
     "start": {"rainy": "2/3", "dry": "1/3"}, "discount": "9/10",
     "transition": {"rainy": {"wait": {"rainy": "1/2", "dry": "1/2"}, "go": {"end": 1}}, "dry": {...}},
     "reward": {"rainy": {"wait": -1, "go": {"end": "-5/2"}}, "dry": {...}}}

A table is a mapping by name or a list in the order of the names.  A row of probabilities may leave out what has probability 0
if it is a mapping; a list is complete.  The reward of a state and an action is a number, or one for each next state of
positive probability.  A terminal state has no rows (null in a list).  Numbers are whole, "p/q" or decimals: exact, never floats.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

from numeric.mdp.model import MOST_STATES, FiniteMDP, Outcome, Row, exact, known

FORMAT = "rlproofs-mdp/1"
NEEDED = ("format", "states", "actions", "terminal", "start", "discount", "transition", "reward")
ALLOWED = (*NEEDED, "title", "source")
MOST_BYTES = 4 << 20
TABLES = "mdps"  # the folder of numeric that holds the named tables


def load(path: Path | str) -> FiniteMDP:
    """The MDP of a .json or .toml file.  Raises ValueError with the file's name, and what is wrong where."""
    path = Path(path)
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"{path.name} must have at most {MOST_BYTES} bytes; it has more")
    try:
        return from_data(parsed(data, path.suffix))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def named(name: str) -> FiniteMDP:
    """A table of the catalogue: `named("cliff_walk")`.  Raises ValueError with the names that there are."""
    if name not in names():
        raise ValueError(f"name must be one of {', '.join(names())}; got {name!r}")
    return load(Path(str(files("numeric").joinpath(TABLES, f"{name}.json"))))


def names() -> list[str]:
    """The names of the tables."""
    return sorted(p.name.removesuffix(".json") for p in files("numeric").joinpath(TABLES).iterdir())


def parsed(data: bytes, suffix: str) -> Any:
    """JSON or TOML as plain data; a decimal stays the text that it is.  Raises ValueError with the reason."""
    if suffix not in (".json", ".toml"):
        raise ValueError(f"the file must be .json or .toml; got {suffix!r}")
    try:
        text = data.decode("utf8")
        if suffix == ".toml":
            return tomllib.loads(text, parse_float=str)
        return json.loads(text, parse_float=str, parse_constant=_refused, object_pairs_hook=_once)
    except RecursionError as error:
        raise ValueError("the data are nested too deeply") from error


def from_data(data: Any) -> FiniteMDP:
    """The MDP of plain data.  Raises ValueError with the argument, the row and the number that is refused."""
    if not isinstance(data, Mapping):
        raise ValueError(f"an MDP must be a table with the keys {', '.join(NEEDED)}; got {type(data).__name__}")
    lacking, odd = [k for k in NEEDED if k not in data], [k for k in data if k not in ALLOWED]
    if lacking or odd:
        wrong = f"lacks {', '.join(lacking)}" if lacking else f"has the unknown key {str(odd[0])[:80]!r}"
        raise ValueError(f"an MDP must have the keys {', '.join(NEEDED)}; it {wrong}")
    if data["format"] != FORMAT:
        raise ValueError(f"format must be {FORMAT!r}; got {str(data['format'])[:80]!r}")
    return _Reader(data).mdp()


class _Reader:
    """Names first, then rows by them."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.states, self.actions = self._listed("states"), self._listed("actions")
        ends = self._listed("terminal", least=0)
        known("terminal", ends, dict.fromkeys(self.states), "states")
        self.ends = frozenset(ends)
        self.number = {name: n for n, name in enumerate(self.states)}

    def mdp(self) -> FiniteMDP:
        transition = self._by_name("transition", self.data["transition"], self.states, "states", self.ends)
        reward = self._by_name("reward", self.data["reward"], self.states, "states", self.ends)
        rows = [self._rows(s, transition[s], reward[s]) if s not in self.ends else () for s in self.states]
        start = self._law("start", self.data["start"])
        discount = exact("discount", self.data["discount"])
        said = {key: str(self.data.get(key, ""))[:1000] for key in ("title", "source")}
        law = tuple(start.get(s, Fraction(0)) for s in self.states)
        return FiniteMDP(tuple(self.states), tuple(self.actions), tuple(rows), law, discount, **said)

    def _rows(self, state: str, transition: Any, reward: Any) -> tuple[Row, ...]:
        moves = self._by_name(f'transition["{state}"]', transition, self.actions, "actions")
        pays = self._by_name(f'reward["{state}"]', reward, self.actions, "actions")
        return tuple(self._row(f'["{state}"]["{a}"]', moves[a], pays[a]) for a in self.actions)

    def _row(self, where: str, moves: Any, pays: Any) -> Row:
        law = self._law(f"transition{where}", moves)
        positive = [y for y, p in law.items() if p]
        paid = self._paid(f"reward{where}", pays, positive)
        # an entry that is 0 is dropped; a negative one is kept, for the model to refuse by name
        return tuple(Outcome(self.number[y], law[y], paid[y]) for y in sorted(positive, key=self.number.__getitem__))

    def _law(self, where: str, given: Any) -> dict[str, Fraction]:
        """Probabilities by state; what a mapping leaves out has probability 0."""
        if isinstance(given, Mapping):
            known(where, given, self.number, "states")
            return {y: exact(f'{where}["{y}"]', p) for y, p in given.items()}
        found = self._by_name(where, given, self.states, "states")
        return {y: exact(f'{where}["{y}"]', p) for y, p in found.items()}

    def _paid(self, where: str, given: Any, needed: Sequence[str]) -> dict[str, Fraction]:
        """The reward at each next state that can happen."""
        if not isinstance(given, Mapping | list | tuple):
            return dict.fromkeys(needed, exact(where, given))
        if isinstance(given, Mapping):
            known(where, given, self.number, "states")
            lacking = [y for y in needed if y not in given]
            if lacking:
                raise ValueError(f"{where} must name every next state of positive probability; {lacking[0]} is missing")
            return {y: exact(f'{where}["{y}"]', r) for y, r in given.items()}
        found = self._by_name(where, given, self.states, "states")
        return {y: exact(f'{where}["{y}"]', r) for y, r in found.items()}

    def _listed(self, key: str, least: int = 1) -> list[str]:
        given = self.data[key]
        if not isinstance(given, list | tuple) or not least <= len(given) <= MOST_STATES:
            found = len(given) if isinstance(given, list | tuple) else type(given).__name__
            raise ValueError(f"{key} must be a list of {least} to {MOST_STATES} names; got {found}")
        odd = [name for name in given if not isinstance(name, str)]
        if odd:
            raise ValueError(f"{key} must be names; got {str(odd[0])[:80]} ({type(odd[0]).__name__})")
        return list(given)

    def _by_name(
        self, where: str, given: Any, names: Sequence[str], kind: str, without: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        """A table by name.  without: names that have no row."""
        if isinstance(given, list | tuple):
            if len(given) != len(names):
                raise ValueError(f"{where} must have one entry for each of the {len(names)} {kind}; got {len(given)}")
            given = {
                name: row for name, row in zip(names, given, strict=True) if name not in without or row is not None
            }
        if not isinstance(given, Mapping):
            raise ValueError(f"{where} must be a table by {kind}; got {type(given).__name__}")
        known(where, given, self.number if names is self.states else names, kind)
        lacking = [name for name in names if name not in given and name not in without]
        if lacking:
            raise ValueError(f"{where} must have one entry for each of the {len(names)} {kind}; {lacking[0]} has none")
        extra = [name for name in given if name in without]
        if extra:
            raise ValueError(f'{where}["{extra[0]}"] must not be given: the state is terminal, and is worth 0')
        return dict(given)


def _refused(text: str) -> Any:
    raise ValueError(f"a number must be finite; got {text}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key that is given twice would silently hide a row."""
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise ValueError(f"a key must be given once; got {key[:80]!r} twice")
        out[key] = value
    return out
