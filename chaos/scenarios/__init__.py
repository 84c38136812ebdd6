"""The scenarios by name. A new one is a file here and its line below."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chaos.scenarios.base import Scenario
from chaos.scenarios.inventory import inventory
from chaos.scenarios.warehouse import warehouse

SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType({
    each.name: each
    for each in (
        Scenario("warehouse", "warehouse workers killed around inserts", warehouse, 1_000_000, 100),
        Scenario("inventory", "inventory workers killed, paused, joining and leaving", inventory, 400_000, 100),
    )
})  # fmt: skip
