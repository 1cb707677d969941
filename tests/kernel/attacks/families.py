"""All families of statement attacks."""

from tests.kernel.attacks import (
    calculus,
    definedness,
    definitions,
    derivative,
    expectation,
    logic,
    order,
    ranges,
    surely,
)
from tests.kernel.attacks.base import Attack

FAMILIES: dict[str, list[Attack]] = {
    "ranges": ranges.ATTACKS,
    "definedness": definedness.ATTACKS,
    "order": order.ATTACKS,
    "calculus": calculus.ATTACKS,
    "derivative": derivative.ATTACKS,
    "expectation": expectation.ATTACKS,
    "surely": surely.ATTACKS,
    "definitions": definitions.ATTACKS,
    "logic": logic.ATTACKS,
}
