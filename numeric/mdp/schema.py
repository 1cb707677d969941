"""The format `rlproofs-mdp/1` as JSON Schema: `python -m numeric.mdp.schema` prints it.

It says which shapes and numbers may be written.  What only the numbers together can break (a row that does not sum to 1, a name
that is no state, a discount of 1 with no end) is refused by numeric.mdp.reading, which says where.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from numeric.mdp.model import MOST_DIGITS, MOST_STATES

PART = f"[0-9]{{1,{MOST_DIGITS}}}"
Number = int | Annotated[str, Field(pattern=rf"^[+-]?{PART}(/{PART}|\.{PART})?$")]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Names = Annotated[list[Name], Field(max_length=MOST_STATES)]
Law = dict[Name, Number] | list[Number]
Pay = Number | Law
OfActions = dict[Name, Law] | list[Law]
PayOfActions = dict[Name, Pay] | list[Pay]


class MDP(BaseModel):
    """One finite MDP.  Tables go by name, or are lists in the order of the names (null for a terminal state)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal["rlproofs-mdp/1"]
    title: str = ""
    source: str = ""
    states: Names
    actions: Names
    terminal: Names
    start: Law
    discount: Number
    transition: dict[Name, OfActions] | list[OfActions | None]
    reward: dict[Name, PayOfActions] | list[PayOfActions | None]


def json_schema() -> dict[str, Any]:
    """The published JSON Schema."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **MDP.model_json_schema()}


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=1))
