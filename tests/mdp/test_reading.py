"""A malformed MDP is refused with the argument, the row and the number; a well-formed one is read whole."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from numeric.mdp.model import FiniteMDP, Outcome, Policy
from numeric.mdp.reading import MOST_BYTES, from_data, load, named, names
from numeric.mdp.schema import MDP, json_schema

GOOD: dict[str, Any] = {
    "format": "rlproofs-mdp/1",
    "states": ["rainy", "dry", "end"],
    "actions": ["wait", "go"],
    "terminal": ["end"],
    "start": {"rainy": "2/3", "dry": "1/3"},
    "discount": "0.9",
    "transition": {
        "rainy": {"wait": {"rainy": "1/2", "dry": "1/2"}, "go": {"end": 1}},
        "dry": {"wait": {"dry": 1}, "go": {"rainy": "0.25", "end": "3/4"}},
    },
    "reward": {"rainy": {"wait": -1, "go": {"end": "-5/2"}}, "dry": {"wait": 0, "go": {"rainy": 1, "end": 2}}},
}


def test_names_numbers_and_rows_are_read_exactly() -> None:
    mdp = from_data(GOOD)
    assert (mdp.states, mdp.actions, mdp.terminal, mdp.live) == (
        ("rainy", "dry", "end"),
        ("wait", "go"),
        ["end"],
        [0, 1],
    )
    assert mdp.start == (Fraction(2, 3), Fraction(1, 3), 0) and mdp.discount == Fraction(9, 10)
    assert mdp.rows[1][1] == (Outcome(0, Fraction(1, 4), Fraction(1)), Outcome(2, Fraction(3, 4), Fraction(2)))
    assert mdp.rows[2] == () and mdp.probability(1, 1, 2) == Fraction(3, 4) and mdp.probability(2, 0, 0) == 0
    assert mdp.reward(1, 1, 2) == 2 and mdp.reward(1, 1) == Fraction(7, 4) and mdp.reward(0, 1) == Fraction(-5, 2)


def test_lists_in_the_order_of_the_names_say_the_same_as_tables() -> None:
    rows = [[["1/2", "1/2", 0], [0, 0, 1]], [[0, 1, 0], ["1/4", 0, "3/4"]], None]
    pays = [[-1, [0, 0, "-5/2"]], [0, [1, 7, 2]], None]  # the 7 is on a way that nothing takes
    assert from_data({**GOOD, "start": ["2/3", "1/3", 0], "transition": rows, "reward": pays}) == from_data(GOOD)


def test_json_and_toml_keep_decimals_exact(tmp_path: Path) -> None:
    text = json.dumps(GOOD).replace('"0.9"', "0.9")
    (tmp_path / "a.json").write_text(text)
    assert load(tmp_path / "a.json").discount == Fraction(9, 10)
    (tmp_path / "a.toml").write_text(
        'format = "rlproofs-mdp/1"\nstates = ["a", "z"]\nactions = ["x"]\nterminal = ["z"]\ndiscount = 0.1\n'
        "[start]\na = 1\n[transition.a.x]\na = 0.3\nz = 0.7\n[reward.a]\nx = 0.2\n"
    )
    found = load(tmp_path / "a.toml")
    assert found.discount == Fraction(1, 10) and found.rows[0][0][0] == (0, Fraction(3, 10), Fraction(1, 5))


# ------------------------------------------------------------------------------------- what is refused, and in which words
def put(*path: Any, value: Any) -> Callable[[], dict[str, Any]]:
    def changed() -> dict[str, Any]:
        data = copy.deepcopy(GOOD)
        at: Any = data
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value
        return data

    return changed


def drop(*path: Any) -> Callable[[], dict[str, Any]]:
    def changed() -> dict[str, Any]:
        data = put(*path, value=None)()
        at: Any = data
        for step in path[:-1]:
            at = at[step]
        del at[path[-1]]
        return data

    return changed


ROW, IN_ROW = ("transition", "rainy", "wait"), 'transition["rainy"]["wait"]'
REFUSED = [
    (put(*ROW, value={"rainy": "1/2", "dry": "2/5"}), 'transition["rainy"]["wait"] must sum to 1; got 9/10'),
    (put(*ROW, value={"rainy": "3/2", "dry": "-1/2"}), IN_ROW + '["dry"] must be a probability, 0 or more; got -1/2'),
    (put(*ROW, value={"rainy": "1/2", "wet": "1/2"}), IN_ROW + " must name states among rainy, dry, end; got 'wet'"),
    (put(*ROW, value=["1/2", "1/2"]), 'transition["rainy"]["wait"] must have one entry for each of the 3 states; got 2'),
    (put(*ROW, value={}), 'transition["rainy"]["wait"] must sum to 1; got 0'),
    (put(*ROW, value={"rainy": 0.5}), IN_ROW + '["rainy"] must be a whole number, "p/q" or a decimal as text; got 0.5 (float)'),
    (put(*ROW, value={"rainy": True}), 'transition["rainy"]["wait"]["rainy"] must be a whole number'),
    (put(*ROW, value={"rainy": "half"}), "got 'half'"),
    (put(*ROW, value={"rainy": "1/0"}), 'transition["rainy"]["wait"]["rainy"] must have a denominator other than 0'),
    (put(*ROW, value={"rainy": "1e-1"}), "got '1e-1'"),
    (put(*ROW, value={"rainy": "9" * 101}), "of at most 100 digits a part"),
    (put(*ROW, value={"rainy": 10**5000}), "must have at most 100 digits; got a number of 16610 bits"),
    (put(*ROW, value="rainy"), 'transition["rainy"]["wait"] must be a table by states; got str'),
    (put("transition", "rainy", value=3), 'transition["rainy"] must be a table by actions; got int'),
    (drop("transition", "rainy", "go"), 'transition["rainy"] must have one entry for each of the 2 actions; go has none'),
    (drop("transition", "dry"), "transition must have one entry for each of the 3 states; dry has none"),
    (put("transition", "end", value={}), 'transition["end"] must not be given: the state is terminal'),
    (put("reward", "rainy", "jump", value=1), "reward[\"rainy\"] must name actions among wait, go; got 'jump'"),
    (put("reward", "dry", "go", value={"end": 2}), '["go"] must name every next state of positive probability; rainy is missing'),
    (put("reward", "dry", "go", value={"end": None, "rainy": 1}), 'reward["dry"]["go"]["end"] must be a whole number'),
    (put("start", value={"rainy": "2/3"}), "start must sum to 1; got 2/3"),
    (put("start", value={"rainy": "4/3", "dry": "-1/3"}), 'start["dry"] must be a probability, 0 or more; got -1/3'),
    (put("discount", value="11/10"), "discount must lie in [0, 1]; got 11/10"),
    (put("discount", value=-1), "discount must lie in [0, 1]; got -1"),
    (put("discount", value=None), "discount must be a whole number"),
    (put("terminal", value=["heaven"]), "terminal must name states among rainy, dry, end; got 'heaven'"),
    (put("states", value=["rainy", "rainy", "dry", "end"]), "states must be named once each; got 'rainy' twice"),
    (put("states", value=[]), "states must be a list of 1 to 5000 names; got 0"),
    (put("actions", value=["wait", 2]), "actions must be names; got 2 (int)"),
    (put("format", value="rlproofs-mdp/9"), "format must be 'rlproofs-mdp/1'; got 'rlproofs-mdp/9'"),
    (put("rewards", value={}), "it has the unknown key 'rewards'"),
    (drop("reward"), "it lacks reward"),
    (lambda: 3, "an MDP must be a table with the keys"),
]  # fmt: skip


@pytest.mark.parametrize(("made", "said"), REFUSED, ids=[said[:40] for _, said in REFUSED])
def test_what_is_wrong_is_said_with_its_row_and_its_number(made: Callable[[], Any], said: str) -> None:
    with pytest.raises(ValueError) as caught:
        from_data(made())
    assert said in str(caught.value) and len(str(caught.value)) < 300


def test_every_row_is_looked_at_not_only_the_first() -> None:
    for state in ("rainy", "dry"):
        for action in ("wait", "go"):
            with pytest.raises(ValueError, match=rf'transition\["{state}"\]\["{action}"\] must sum to 1; got 1/2'):
                from_data(put("transition", state, action, value={"end": "1/2"})() | {"reward": pays()})


def pays() -> dict[str, Any]:
    return {s: {a: 0 for a in GOOD["actions"]} for s in ("rainy", "dry")}


def test_discount_one_needs_an_end_that_can_be_reached() -> None:
    assert from_data({**GOOD, "discount": 1}).discount == 1
    trap = {**GOOD["transition"], "dry": {"wait": {"dry": 1}, "go": {"dry": 1}}}
    with pytest.raises(ValueError, match="discount must be less than 1 .* no terminal state can be reached from dry"):
        from_data({**GOOD, "discount": 1, "transition": trap, "reward": pays()})
    assert from_data({**GOOD, "transition": trap, "reward": pays()}).discount == Fraction(9, 10)


def test_the_frozen_object_refuses_the_same_when_it_is_built_by_hand() -> None:
    f, mdp = Fraction, from_data(GOOD)
    one = (Outcome(1, f(1), f(0)),)
    with pytest.raises(ValueError, match='transition\\["a"\\]\\["x"\\] must sum to 1; got 3/4'):
        FiniteMDP(("a", "b"), ("x",), (((Outcome(1, f(3, 4), f(0)),),), ()), (f(1), f(0)), f(1, 2))
    with pytest.raises(ValueError, match='transition\\["a"\\]\\["x"\\]\\["b"\\] must be a Fraction; got 1.0'):
        FiniteMDP(("a", "b"), ("x",), (((Outcome(1, 1.0, f(0)),),), ()), (f(1), f(0)), f(1, 2))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must lead to states 0..1; got 2"):
        FiniteMDP(("a", "b"), ("x",), (((Outcome(2, f(1), f(0)),),), ()), (f(1), f(0)), f(1, 2))
    with pytest.raises(ValueError, match="start must have one entry for each of the 2 states; got 1"):
        FiniteMDP(("a", "b"), ("x",), ((one,), ()), (f(1),), f(1, 2))
    with pytest.raises(ValueError, match="must list each next state once"):
        FiniteMDP(("a", "b"), ("x",), (((Outcome(1, f(1, 2), f(0)),) * 2,), ()), (f(1), f(0)), f(1, 2))
    with pytest.raises(ValueError, match='policy\\["rainy"\\] must sum to 1; got 1/2'):
        Policy(mdp, ((f(1, 2), f(0)), (f(1), f(0)), ()))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"rainy": "go"}, "policy must name every state that is not terminal; dry has no entry"),
        ({"rainy": "go", "dry": {"wait": "1/2"}}, 'policy["dry"] must sum to 1; got 1/2'),
        ({"rainy": "go", "dry": {"wait": 2, "go": -1}}, 'policy["dry"]["go"] must be a probability, 0 or more; got -1'),
        ({"rainy": "jump", "dry": "go"}, "policy[\"rainy\"] must name actions among wait, go; got 'jump'"),
        ({"rainy": "go", "dry": "go", "wet": "go"}, "policy must name states among rainy, dry, end; got 'wet'"),
        ({"rainy": "go", "dry": 0.5}, 'policy["dry"] must be an action or a table of probabilities; got 0.5'),
        (["go", "go"], "policy must be a table from states to actions; got list"),
    ],
)
def test_a_policy_is_refused_by_state_and_number(table: Any, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        from_data(GOOD).policy(table)
    assert said in str(caught.value)


# ------------------------------------------------------------------------------------- files
@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "{", "a.json: Expecting property name"),
        ("a.json", "[" * 100_000, "a.json: the data are nested too deeply"),
        ("a.json", '{"states": NaN}', "a.json: a number must be finite; got NaN"),
        ("a.json", '{"format": 1, "format": 2}', "a.json: a key must be given once; got 'format' twice"),
        ("a.json", " " * (MOST_BYTES + 1), f"a.json must have at most {MOST_BYTES} bytes"),
        ("a.json", "1" * 5000, "a.json: "),
        ("a.toml", "x = [", "a.toml: "),
        ("a.toml", "x = " + "[" * 5000, "a.toml: "),
        ("a.pkl", "{}", "the file must be .json or .toml; got '.pkl'"),
        ("a.json", "\udcff", "a.json: "),
    ],
)
def test_a_file_that_is_no_mdp_is_refused_by_its_name(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_bytes(text.encode("utf8", "surrogateescape"))
    with pytest.raises(ValueError) as caught:
        load(tmp_path / name)
    assert said in str(caught.value) and len(str(caught.value)) < 300


# ------------------------------------------------------------------------------------- the schema and the named tables
def test_the_schema_takes_every_named_table_and_refuses_what_has_another_form() -> None:
    for name in names():
        path = Path(__file__).resolve().parents[2] / "numeric/mdps" / f"{name}.json"
        MDP.model_validate(json.loads(path.read_text("utf8")))
    MDP.model_validate(GOOD)
    for wrong in (put("discount", value=0.5), put("rewards", value={}), drop("reward"), put("states", value="abc"),
                  put(*ROW, value={"rainy": "1e-1"}), put(*ROW, value=3), put("actions", value=["wait", 2])):  # fmt: skip
        with pytest.raises(ValidationError):
            MDP.model_validate(wrong())
    published = json_schema()
    assert published["additionalProperties"] is False and set(published["required"]) == set(GOOD)
    assert tomllib.loads("a = 1") and json.loads(json.dumps(published)) == published


def test_the_tables_are_found_by_name_and_an_unknown_name_is_told_the_others() -> None:
    assert {"cliff_walk", "cliff_walk_paid", "m2", "m2_tie", "ep", "chain5", "chain19", "split", "stay"} <= set(names())
    assert all(named(name).title for name in names())
    with pytest.raises(ValueError, match="name must be one of base, .*; got 'cliff'"):
        named("cliff")
