"""The scenarios there are: a new one is a file of its own and a line here."""

from collections.abc import Callable
from typing import Final

from producers.fraud import (
    account_farm,
    blacklisted_merchant,
    brushing_ring,
    card_testing,
    coupon_abuse,
    review_bombing,
)
from producers.fraud.labels import Scenario
from producers.shop.world import World

SCENARIOS: Final[tuple[Callable[[World], Scenario], ...]] = (
    brushing_ring.scenario_of,
    review_bombing.scenario_of,
    card_testing.scenario_of,
    account_farm.scenario_of,
    coupon_abuse.scenario_of,
    blacklisted_merchant.scenario_of,
)


def scenarios(world: World) -> list[Scenario]:
    """All of them, in this world."""
    return [make(world) for make in SCENARIOS]
