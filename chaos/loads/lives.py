"""Lives of orders for fulfilment: some come to the door, some are denied, cancelled, out of stock, not paid."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from chaos.ledger import Piece
from producers.encoder import Encoder
from schemas.example_events import examples
from schemas.registry import SchemaBook
from schemas.topics import ORDERS, PAYMENTS, RISK_DECISIONS, SHIPMENTS, STOCK_LEVELS, STOCK_RESULTS, WAREHOUSES
from schemas.values import Event, Value, to_ms

NOON: Final = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
PUBLISHED_MS: Final = to_ms(NOON + timedelta(days=20))
SKUS: Final = 600
ENDS: Final = 8
"""Ways a life may go, equally often."""


class Said(NamedTuple):
    topic: str
    key: str
    event: Event


class Lives:
    """Valid events; `number` makes an order of its own."""

    def __init__(self, book: SchemaBook) -> None:
        placed = {each.writer: each.event for each in examples(book, ORDERS.name) if each.name == "placed"}
        self._mould = placed[book.reader(ORDERS.name)]
        self._encoder = Encoder(book)

    def before(self) -> list[Said]:
        """What must be known before the first order: a warehouse, and stock of every article."""
        house = {"warehouse_id": "W1", "name": "Berlin", "country": "DE"}
        opened = Said(WAREHOUSES.name, "W1", {**_head("warehouse-1", "OPENED"), **house})
        return [opened, *(_level(number) for number in range(SKUS))]

    def life(self, number: int, dice: random.Random) -> list[Said]:
        """Everything upstream, risk and inventory say about one order, in its natural order."""
        order = self._order(number)
        order_id, end = str(order["order_id"]), dice.randrange(ENDS)
        life = [
            Said(ORDERS.name, order_id, order),
            Said(RISK_DECISIONS.name, order_id, _verdict(number, "DENY" if end == 0 else "ALLOW")),
        ]
        if end == 0:
            return life
        lines = order["lines"]
        assert isinstance(lines, list)
        for line in lines:
            refused = end == 1 and line is lines[-1]
            result = _result(number, line, "REFUSED" if refused else "RESERVED")
            life.append(Said(STOCK_RESULTS.name, order_id, result))
        if end == 2:
            cancelled: dict[str, Value] = {"event_id": f"cancel-{number}", "status": "CANCELLED"}
            life.append(Said(ORDERS.name, order_id, {**order, **cancelled, "occurred_at": NOON + timedelta(days=1)}))
        if end > 3:
            life.append(Said(PAYMENTS.name, order_id, _capture(number, order["total"])))
        if end > 5:
            kinds = ("PICKED_UP", "IN_TRANSIT", "SIGNED")
            life += [Said(SHIPMENTS.name, order_id, _sighting(number, kind)) for kind in kinds]
        return life

    def pieces(self, said: Sequence[Said]) -> Iterator[Piece]:
        """The events as records, checked, in their order."""
        by_topic: dict[str, list[int]] = {}
        for position, each in enumerate(said):
            by_topic.setdefault(each.topic, []).append(position)
        values: dict[int, bytes] = {}
        for topic, positions in by_topic.items():
            events = [said[position].event for position in positions]
            encoded = self._encoder.many(topic, events, record_time_ms=PUBLISHED_MS)
            values.update(zip(positions, encoded, strict=True))
        for position, each in enumerate(said):
            yield Piece(each.topic, each.key.encode(), values[position], str(each.event["event_id"]))

    def _order(self, number: int) -> Event:
        lines: list[Value] = [_line("1", number % 500), _line("2", number % 77 + 500)]
        changes: dict[str, Value] = {
            "event_id": f"placed-{number}",
            "occurred_at": NOON + timedelta(seconds=number % 40_000),
            "order_id": f"order-{number}",
            "account_id": f"account-{number % 1000}",
            "lines": lines,
            "total": Decimal("42.8000") + Decimal(number % 97) / 100,
            "payment_due_at": NOON + timedelta(days=10),
        }
        return {**self._mould, **changes}


def _line(line_id: str, sku: int) -> dict[str, Value]:
    zero: dict[str, Value] = dict.fromkeys(("discount", "tax", "freight"), Decimal(0))
    price: dict[str, Value] = {"unit_price": Decimal("9.95"), "discount_bearer": "NONE"}
    return {"line_id": line_id, "sku": f"SKU-{sku:05}", "shop_id": "shop-1", "quantity": 2, **price, **zero}


def _head(event_id: str, kind: str, minutes: int = 1) -> dict[str, Value]:
    return {"event_id": event_id, "occurred_at": NOON + timedelta(minutes=minutes), "source": "chaos", "kind": kind}


def _level(number: int) -> Said:
    sku = f"SKU-{number:05}"
    shelf: dict[str, Value] = {"warehouse_id": "W1", "on_hand": 10**6, "reserved": 0, "in_transit": 0}
    counts: dict[str, Value] = {"on_hand": 10**6, "reserved": 0, "available": 10**6, "in_transit": 0, "oversold": 0}
    event = {**_head(f"level-{number}", "CHANGED"), "sku": sku, **counts, "warehouses": [shelf], "version": 1}
    return Said(STOCK_LEVELS.name, sku, event)


def _verdict(number: int, word: str) -> Event:
    return {
        **_head(f"risk-{number}", "DECIDED"), "order_id": f"order-{number}", "decision": word, "score": 0.0,
        "degraded": False, "rule_set_version": "1", "cause_event_id": f"placed-{number}",
    }  # fmt: skip


def _result(number: int, line: Value, kind: str) -> Event:
    assert isinstance(line, Mapping)
    command, quantity = f"reserve:order-{number}:{line['line_id']!s}:1", int(str(line["quantity"]))
    done = quantity if kind == "RESERVED" else 0
    return {
        **_head(f"stock_result:{command}:0", kind), "order_id": f"order-{number}", "line_id": line["line_id"],
        "command_id": command, "sku": line["sku"], "requested": quantity, "done": done,
        "shortfall": quantity - done, "lines_of_order": 2,
    }  # fmt: skip


def _capture(number: int, total: Value) -> Event:
    paid: dict[str, Value] = {"payment_id": f"p{number}", "order_id": f"order-{number}", "channel": "card"}
    return {**_head(f"payment-{number}", "CAPTURED", 2), **paid, "amount": total, "currency": "EUR"}


def _sighting(number: int, kind: str) -> Event:
    shipment = {"shipment_id": f"s{number}", "order_id": f"order-{number}", "carrier": "DHL"}
    return {**_head(f"shipment-{number}-{kind}", kind, 60), **shipment}
