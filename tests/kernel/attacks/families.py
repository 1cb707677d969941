"""All families of statement attacks."""

from tests.kernel.attacks import calculus, definedness, definitions, expectation, logic, order, ranges
from tests.kernel.attacks.base import Attack

FAMILIES: dict[str, list[Attack]] = {
    "ranges": ranges.ATTACKS,
    "definedness": definedness.ATTACKS,
    "order": order.ATTACKS,
    "calculus": calculus.ATTACKS,
    "expectation": expectation.ATTACKS,
    "definitions": definitions.ATTACKS,
    "logic": logic.ATTACKS,
}
