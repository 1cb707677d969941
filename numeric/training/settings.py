"""Settings from the command line: `--set learning_rate=1e-3` replaces one field of an algorithm's recipe."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from numeric.algorithms.learner import named

S = TypeVar("S")


def recipe(recipes: Mapping[str, S], algorithm: str, environment: str) -> S:
    """The settings of an algorithm in an environment.  Raises ValueError where there are none, naming those that there are."""
    if environment not in recipes:
        raise ValueError(f"{algorithm} has no recipe for {environment}; it has {', '.join(recipes) or 'none'}")
    return recipes[environment]


def changed(settings: S, words: Sequence[str]) -> S:
    """The settings with each NAME=VALUE of `words` in place.  Raises ValueError for unknown names and values of another kind."""
    fields: dict[str, Any] = {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings)}  # type: ignore[arg-type]
    new = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"--set must be NAME=VALUE; got {word!r}")
        new[name] = parsed(name, value, named("setting", name, fields))
    return dataclasses.replace(settings, **new)  # type: ignore[type-var]


def parsed(name: str, value: str, current: Any) -> Any:
    """`value` as the kind that `current` has: numbers, true and false, null, lists as in JSON; anything else is a text."""
    try:
        found = json.loads(value)
    except ValueError:
        found = value
    if isinstance(current, bool) != isinstance(found, bool) and current is not None and found is not None:
        raise ValueError(f"{name} must be {kind(current)}; got {value!r}")
    if isinstance(current, float) and isinstance(found, int):
        return float(found)
    if isinstance(current, tuple) and isinstance(found, list):
        return tuple(found)
    if current is not None and found is not None and type(found) is not type(current):
        raise ValueError(f"{name} must be {kind(current)}; got {value!r}")
    return found


def kind(value: Any) -> str:
    """What a person calls it."""
    words = {
        bool: "true or false",
        int: "an integer",
        float: "a number",
        str: "a text",
        tuple: "a list such as [64, 64]",
    }
    return words.get(type(value), type(value).__name__)
