"""The WMS: goods come in from suppliers, are counted, moved between warehouses, picked and shipped.

Law: what is shipped was there. `Shelves` knows what may still be promised, `counted` what lies there at a moment.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from producers.record import Said, when
from producers.shop.orders import Order, Wish
from producers.shop.world import CURRENCY, Article, Warehouse, World
from schemas.topics import PURCHASES, STOCK
from schemas.values import Event, Value

LINES_PER_ORDER: Final = 1.45
UNITS_PER_LINE: Final = 1.45
B2B_UNITS_PER_LINE: Final = 22


def opening_quantity(world: World, article: Article, warehouse: Warehouse) -> int:
    """What was bought for the two weeks; of every thirtieth article too little."""
    units = B2B_UNITS_PER_LINE if article.shop.order_type == "B2B" else UNITS_PER_LINE
    wanted = article.popularity * world.plan.orders * LINES_PER_ORDER * units
    scarce = 0.6 if article.sku.endswith(("13", "43", "73")) else 1.5
    return int(wanted * scarce * warehouse.share) + 8


class Shelves:
    """Units that may still be promised, per article and warehouse."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._left: dict[tuple[str, str], int] = {
            (article.sku, house.warehouse_id): opening_quantity(world, article, house)
            for article in world.articles
            for house in world.warehouses
        }

    def promise(self, order: Order) -> Warehouse | None:
        """The warehouse that sends the whole order, the buyer's country first; None where none has it all."""
        for house in sorted(self._world.warehouses, key=lambda house: house.country != order.account.country):
            if all(self._left[wish.article.sku, house.warehouse_id] >= wish.quantity for wish in order.wishes):
                for wish in order.wishes:
                    self._left[wish.article.sku, house.warehouse_id] -= wish.quantity
                return house
        return None


def inbounds(world: World) -> Iterator[Said]:
    """Each supplier delivers to each warehouse before the first order: ordered, confirmed, received, invoiced, paid."""
    plan = world.plan
    orders: dict[tuple[int, str], list[Article]] = defaultdict(list)
    for article in world.articles:
        for house in world.warehouses:
            orders[article.supplier, house.warehouse_id].append(article)
    houses = {house.warehouse_id: house for house in world.warehouses}
    said: list[Said] = []
    for (supplier, warehouse_id), articles in orders.items():
        po = f"{plan.prefix}-po-{supplier:02}-{warehouse_id}"
        lines = [(article, opening_quantity(world, article, houses[warehouse_id])) for article in articles]
        received = plan.start + timedelta(minutes=30 + supplier)
        for kind, at in (
            ("ORDERED", plan.start - timedelta(days=20)),
            ("CONFIRMED", plan.start - timedelta(days=19)),
            ("RECEIVED", received),
            ("INVOICED", plan.start + timedelta(days=2)),
            ("PAID", plan.start + timedelta(days=10)),
        ):
            said.append(
                (PURCHASES.name, _purchase(po, kind, at, supplier=supplier, warehouse_id=warehouse_id, lines=lines))
            )
        said += [(STOCK.name, _inbound(po, article, warehouse_id, quantity, received)) for article, quantity in lines]
    yield from sorted(said, key=when)


def stocktakes(world: World) -> Iterator[Said]:
    """Every night some articles are counted in one warehouse; `quantity` is filled in by `counted`."""
    dice = world.plan.dice("stocktakes")
    for day in range(1, world.plan.days):
        at = world.plan.start + timedelta(days=day, hours=3)
        house = world.warehouses[day % len(world.warehouses)]
        for article in dice.sample(world.articles, max(2, len(world.articles) // 50)):
            event_id = f"{article.sku}:{house.warehouse_id}:STOCKTAKE:{day}"
            yield (
                STOCK.name,
                _movement(event_id, "STOCKTAKE", article.sku, house.warehouse_id, 0, at=at)
                | {
                    "counted_as_of": at,
                    "movement_id": event_id,
                    "operator_id": f"picker-{day % 5}",
                },
            )


def transfers(world: World) -> Iterator[Said]:
    """Now and then two units go from the largest warehouse to the next; they arrive a day later."""
    dice = world.plan.dice("transfers")
    source, target = world.warehouses[0].warehouse_id, world.warehouses[1].warehouse_id
    said: list[Said] = []
    for day in range(2, world.plan.days, 2):
        at = world.plan.start + timedelta(days=day, hours=5)
        for article in dice.sample(world.articles, 2):
            movement = f"{article.sku}:TRANSFER:{day}"
            for kind, here, there, moment in (
                ("TRANSFER_OUT", source, target, at),
                ("TRANSFER_IN", target, source, at + timedelta(days=1)),
            ):
                event = _movement(f"{movement}:{kind}", kind, article.sku, here, 2, at=moment)
                said.append((STOCK.name, event | {"movement_id": movement, "other_warehouse_id": there}))
    yield from sorted(said, key=when)


def leaving(order: Order, house: Warehouse, kind: str, shipment_id: str, at: datetime) -> Iterator[Said]:
    """The lines of an order are PICKED or SHIPPED."""
    for number, wish in enumerate(order.wishes, 1):
        event_id = f"{order.order_id}:{number}:{kind}"
        yield (
            STOCK.name,
            _movement(event_id, kind, wish.article.sku, house.warehouse_id, wish.quantity, at=at)
            | {
                "order_id": order.order_id,
                "line_id": str(number),
                "shipment_id": shipment_id,
            },
        )


def returned(order: Order, wish: Wish, house: Warehouse, at: datetime) -> Said:
    """The first line of an order comes back."""
    event_id = f"{order.order_id}:1:RETURNED"
    return STOCK.name, _movement(event_id, "RETURNED", wish.article.sku, house.warehouse_id, wish.quantity, at=at) | {
        "order_id": order.order_id,
        "line_id": "1",
        "reason_code": "after-sales",
    }


_SIGNS: Final = {
    "INBOUND": 1,
    "TRANSFER_IN": 1,
    "RETURNED": 1,
    "OUTBOUND": -1,
    "TRANSFER_OUT": -1,
    "SHIPPED": -1,
}


def counted(said: Iterator[Said]) -> Iterator[Said]:
    """Fill in what each stocktake counts: what lies there then, in one of eight counts a unit more or less."""
    there: dict[tuple[object, object], int] = defaultdict(int)
    takes = 0
    for topic, event in said:
        if topic != STOCK.name:
            yield topic, event
            continue
        place, quantity = (event["sku"], event["warehouse_id"]), event["quantity"]
        if event["kind"] == "STOCKTAKE":
            takes += 1
            there[place] = max(0, there[place] + ((takes // 8) % 3 - 1 if takes % 8 == 0 else 0))
            yield topic, dict(event) | {"quantity": there[place]}
            continue
        assert isinstance(quantity, int)
        there[place] += _SIGNS.get(str(event["kind"]), 0) * quantity
        yield topic, event


def _movement(
    event_id: str, kind: str, sku: str, warehouse_id: str, quantity: int, *, at: datetime
) -> dict[str, Value]:
    return {
        "event_id": event_id,
        "occurred_at": at,
        "source": "wms",
        "kind": kind,
        "sku": sku,
        "warehouse_id": warehouse_id,
        "quantity": quantity,
    }


def _inbound(po: str, article: Article, warehouse_id: str, quantity: int, at: datetime) -> Event:
    movement = _movement(f"{po}:{article.sku}:INBOUND", "INBOUND", article.sku, warehouse_id, quantity, at=at)
    return movement | {"purchase_order_id": po, "unit_cost": article.cost, "currency": CURRENCY}


def _purchase(
    po: str, kind: str, at: datetime, *, supplier: int, warehouse_id: str, lines: list[tuple[Article, int]]
) -> Event:
    received, invoiced = kind == "RECEIVED", kind in {"INVOICED", "PAID"}
    total = sum((article.cost * quantity for article, quantity in lines), Decimal(0))
    return {
        "event_id": f"{po}:{kind}",
        "occurred_at": at,
        "source": "purchasing",
        "kind": kind,
        "purchase_order_id": po,
        "supplier_id": f"supplier-{supplier:02}",
        "supplier_name": f"Supplier {supplier}",
        "warehouse_id": warehouse_id,
        "currency": CURRENCY,
        "lines": [
            {
                "line_id": str(number),
                "sku": article.sku,
                "ordered_quantity": quantity,
                "received_quantity": quantity if received else 0,
                "rejected_quantity": 0,
                "invoiced_quantity": quantity if invoiced else 0,
                "unit_price": article.cost,
            }
            for number, (article, quantity) in enumerate(lines, 1)
        ],
        "total": total,
        "receipt_id": f"{po}-receipt" if received else None,
        "invoice_id": f"{po}-invoice" if invoiced else None,
    }
