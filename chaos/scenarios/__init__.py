"""The scenarios by name. A new one is a file here and its line below."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chaos.scenarios.base import Scenario
from chaos.scenarios.disk import disk
from chaos.scenarios.evolution import evolution
from chaos.scenarios.fulfilment import fulfilment
from chaos.scenarios.inventory import inventory
from chaos.scenarios.outages import outages
from chaos.scenarios.poison import poison
from chaos.scenarios.warehouse import warehouse

SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType({
    each.name: each
    for each in (
        Scenario("warehouse", "warehouse workers killed around inserts", warehouse, 1_000_000, 100),
        Scenario("inventory", "inventory workers killed, paused, joining and leaving", inventory, 400_000, 100),
        Scenario("fulfilment", "fulfilment workers killed, paused, joining and leaving", fulfilment, 200_000, 100),
        Scenario("poison", "one per cent poison of every kind", poison, 1_000_000, 1),
        Scenario("outages", "ClickHouse, Redis and the broker gone", outages, 0, 5),
        Scenario("disk", "full disks under ClickHouse and Kafka", disk, 0, 2),
        Scenario("evolution", "schemas that move while workers are killed, clocks an hour off", evolution, 200_000, 20),
    )
})  # fmt: skip
