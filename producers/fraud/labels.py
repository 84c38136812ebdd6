"""What is known about a simulated fraud beforehand, to compare alerts with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from producers.record import Said, when
from producers.shop.orders import Order
from schemas.topics import ORDERS


@dataclass(frozen=True, slots=True)
class Label:
    """One entity and the fraud it takes part in. `entity_type`: order, account, shop, ip, device, card, sku, review."""

    entity_type: str
    entity_id: str
    scenario: str
    event_ids: tuple[str, ...]
    """The events that show it."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fraud: what is said, in the order of time, and who is behind it."""

    name: str
    said: tuple[Said, ...] = field(repr=False)
    labels: tuple[Label, ...]


def scenario(name: str, said: Iterable[Said], labels: Iterable[Label]) -> Scenario:
    return Scenario(name, tuple(sorted(said, key=when)), tuple(labels))


def order_labels(name: str, orders: Sequence[Order]) -> list[Label]:
    """Each order, and each account that placed one."""
    placed = {order.order_id: f"{order.order_id}:PLACED" for order in orders}
    accounts: dict[str, list[str]] = {}
    for order in orders:
        accounts.setdefault(order.account.account_id, []).append(placed[order.order_id])
    return [
        *(Label("order", order_id, name, (event_id,)) for order_id, event_id in placed.items()),
        *(Label("account", account_id, name, tuple(event_ids)) for account_id, event_ids in accounts.items()),
    ]


def said_of(said: Iterable[Said], topic: str = ORDERS.name) -> tuple[str, ...]:
    """The ids of a topic's events."""
    return tuple(str(event["event_id"]) for name, event in said if name == topic)
