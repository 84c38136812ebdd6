"""WMS events at random: a small world, so that things meet."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from chaos.ledger import Piece
from schemas.encode_columns import encode_messages
from schemas.registry import SchemaBook
from schemas.topics import STOCK
from schemas.values import Event

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
KINDS = ("INBOUND",) * 6 + (
    "OUTBOUND",
    "SHIPPED",
    "SHIPPED",
    "RETURNED",
    "TRANSFER_OUT",
    "TRANSFER_IN",
    "ADJUSTED",
    "PICKED",
    "STOCKTAKE",
)


def a_movement(number: int, kind: str = "INBOUND", sku: str = "SKU-1", quantity: int = 10, **changes: object) -> Event:
    event: dict[str, object] = {
        "event_id": f"stock-{number}",
        "occurred_at": START + timedelta(seconds=number),
        "source": "wms",
        "trace_id": None,
        "kind": kind,
        "sku": sku,
        "warehouse_id": "W1",
        "quantity": quantity,
        **dict.fromkeys(
            ("direction", "counted_as_of", "movement_id", "other_warehouse_id", "order_id", "line_id", "shipment_id",
             "purchase_order_id", "batch_number", "expires_at", "unit_cost", "currency", "reason_code", "operator_id")
        ),
    }  # fmt: skip
    return {**event, **changes}  # type: ignore[dict-item]


def movements(count: int, *, seed: int, skus: int = 50, stocktakes: bool = True) -> list[Event]:
    """In the order of their times; every one valid."""
    dice = random.Random(seed)  # noqa: S311 - to be repeatable is the point
    kinds = KINDS if stocktakes else tuple(kind for kind in KINDS if kind != "STOCKTAKE")
    return [_random(dice, number, dice.choice(kinds), skus) for number in range(count)]


def _random(dice: random.Random, number: int, kind: str, skus: int) -> Event:
    here, there = dice.sample(("W1", "W2", "W3"), 2)
    changes: dict[str, object] = {"warehouse_id": here}
    if kind.startswith("TRANSFER"):
        changes["other_warehouse_id"] = there
    if kind == "ADJUSTED":
        changes["direction"] = dice.choice(("FOUND", "LOST"))
    if kind == "SHIPPED":
        changes |= {"order_id": f"o{dice.randrange(100)}", "line_id": "1"}
    return a_movement(number, kind, f"SKU-{dice.randrange(skus)}", dice.randrange(1, 50), **changes)


def pieces(book: SchemaBook, events: Sequence[Event]) -> Iterator[Piece]:
    """The events as records, in their order."""
    if not events:
        return
    columns = {name: [event[name] for event in events] for name in events[0]}
    values = encode_messages(book, STOCK.name, columns, len(events))
    for event, value in zip(events, values, strict=True):
        yield Piece(STOCK.name, str(event["sku"]).encode(), value, str(event["event_id"]))
