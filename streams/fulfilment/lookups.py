"""What fulfilment asks about articles and warehouses. A Protocol, so that the conductor knows no Kafka; and its twin in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from streams.fulfilment.dispatch import Warehouse


class Lookups(Protocol):
    """Answers may change from one question to the next: whatever rests on them is recorded as a fact."""

    def locked_at_payment(self, sku: str) -> bool:
        """Whether the article is reserved when it is paid for; else, and where it is not known, when it is ordered."""
        ...

    def warehouses(self) -> Sequence[Warehouse]:
        """Those that are open."""
        ...

    def free(self, sku: str) -> Mapping[str, int]:
        """Units by warehouse that no order line is bound to."""
        ...


@dataclass(slots=True)
class LookupTables:
    """Filled by whoever reads the topics; and the whole truth in tests."""

    at_payment: set[str] = field(default_factory=set)
    houses: dict[str, Warehouse] = field(default_factory=dict)
    levels: dict[str, Mapping[str, int]] = field(default_factory=dict)

    def locked_at_payment(self, sku: str) -> bool:
        return sku in self.at_payment

    def warehouses(self) -> Sequence[Warehouse]:
        return tuple(self.houses.values())

    def free(self, sku: str) -> Mapping[str, int]:
        return self.levels.get(sku, {})
