"""The carrier: one parcel from the label to the door, customs on the way where there is a border."""

import random
from datetime import datetime, timedelta
from decimal import Decimal

from producers.record import Said
from producers.shop.orders import Order
from producers.shop.world import CURRENCY, Warehouse
from schemas.topics import SHIPMENTS
from schemas.values import Value


def journey(order: Order, house: Warehouse, dice: random.Random, labelled_at: datetime) -> list[Said]:
    """Every sighting; the last one is SIGNED, or LOST for one parcel in 400."""
    country = order.account.country
    steps = ["LABELLED", "PICKED_UP", "IN_TRANSIT"]
    if "CH" in {country, house.country} and country != house.country:
        steps += ["CUSTOMS_HELD", "CUSTOMS_CLEARED"] if dice.random() < 0.4 else ["CUSTOMS_CLEARED"]
    chance = dice.random()
    if chance < 0.0025:
        steps.append("LOST")
    else:
        steps += ["EXCEPTION"] if chance < 0.01 else []
        steps += ["OUT_FOR_DELIVERY", "DELIVERED", "SIGNED"] if chance < 0.7 else ["OUT_FOR_DELIVERY", "SIGNED"]
    grams = sum(wish.article.weight_grams * wish.quantity for wish in order.wishes)
    said: list[Said] = []
    at = labelled_at
    for kind in steps:
        said.append((SHIPMENTS.name, _sighting(order, house, kind, at, grams, labelled_at)))
        at += timedelta(seconds=dice.randrange(3_600, 20 * 3_600)) if kind != "DELIVERED" else timedelta(minutes=5)
    return said


def _sighting(  # noqa: PLR0917
    order: Order, house: Warehouse, kind: str, at: datetime, grams: int, labelled_at: datetime
) -> dict[str, Value]:
    left = kind in {"LABELLED", "PICKED_UP"}
    shipment_id = shipment_of(order)
    return {
        "event_id": f"{shipment_id}:{kind}",
        "occurred_at": at,
        "source": "tms",
        "trace_id": f"tr-{order.order_id}",
        "kind": kind,
        "shipment_id": shipment_id,
        "order_id": order.order_id,
        "tracking_number": f"PA{shipment_id}",
        "carrier": "Parcelia",
        "service_level": "standard",
        "warehouse_id": house.warehouse_id,
        "location": house.city if left else None,
        "country": house.country if left else order.account.country,
        "lines": [
            {"line_id": str(number), "sku": wish.article.sku, "quantity": wish.quantity}
            for number, wish in enumerate(order.wishes, 1)
        ]
        if kind == "LABELLED"
        else [],
        "weight_grams": grams,
        "freight_charged": Decimal("4.20") if kind == "LABELLED" else None,
        "currency": CURRENCY if kind == "LABELLED" else None,
        "promised_at": labelled_at + timedelta(days=4),
        "signed_by": order.account.name if kind == "SIGNED" else None,
        "exception_code": "nobody-home" if kind == "EXCEPTION" else None,
    }


def shipment_of(order: Order) -> str:
    """Every order of the simulated shop leaves in one parcel."""
    return f"{order.order_id}-parcel"
