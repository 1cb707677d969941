"""The exact value of statements on instances, and what has none."""

import pytest

from tests.kernel.value_examples import EXAMPLES, Worth


@pytest.mark.parametrize("w", EXAMPLES, ids=lambda w: w.name)
def test_statement_is_worth_what_its_definition_says(w: Worth) -> None:
    assert w.found() == (w.outcome, w.found()[1])
    assert w.says in w.found()[1]
