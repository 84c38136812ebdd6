"""Events for tests, valid as they stand; every argument is a field to change."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from schemas.values import Event, Value

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def a_line(number: int = 1, **changes: Value) -> dict[str, Value]:
    line: dict[str, Value] = {
        "line_id": str(number),
        "sku": f"SKU-{number:05}",
        "shop_id": "shop-1",
        "title": None,
        "quantity": 2,
        "unit_price": Decimal("9.9500"),
        "discount": Decimal("0.0000"),
        "discount_bearer": "NONE",
        "tax": Decimal("0.0000"),
        "freight": Decimal("1.5000"),
        "promotion_id": None,
        "coupon_id": None,
        "slot_id": None,
    }
    return line | changes


def an_order(number: int = 1, **changes: Value) -> Event:
    """An order of one account with two lines of different articles."""
    order: dict[str, Value] = {
        "event_id": f"order-event-{number}",
        "occurred_at": NOON + timedelta(seconds=number % 86_400),
        "source": "order-centre",
        "trace_id": None,
        "status": "PLACED",
        "order_id": f"order-{number}",
        "account_id": f"account-{number % 1000}",
        "order_type": "B2C",
        "channel": "WEB",
        "currency": "EUR",
        "lines": [a_line(number % 500), a_line(number % 77 + 500)],
        "goods_total": Decimal("39.8000"),
        "discount_total": Decimal("0.0000"),
        "tax_total": Decimal("0.0000"),
        "freight_total": Decimal("3.0000"),
        "total": Decimal("42.8000") + Decimal(number % 97) / 100,
        "payment_due_at": NOON + timedelta(minutes=30),
        "freight_template_id": None,
        "shipping_address": None,
        "billing_address": None,
        "ip": "203.0.113.7",
        "device_id": f"device-{number % 2000}",
        "user_agent": "Mozilla/5.0",
        "session_id": None,
        "email": None,
        "phone": None,
        "placed_at": NOON,
        "cancel_reason": None,
        "buyer_note": None,
    }
    return order | changes
