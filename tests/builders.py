"""Single events for examples in tests: valid as they are, each field open to change."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from schemas.values import Event, to_ms

NOW: Final = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
"""When the events of this module happen and are published."""
NOW_MS: Final = to_ms(NOW)


def a_payment(**changes: object) -> Event:
    """A captured card payment; a field may be given any value, also a wrong one."""
    payment: dict[str, object] = {
        "event_id": "7f9c2f5e-6a37-4c47-9d0b-0f5f0c5f8c11",
        "occurred_at": NOW,
        "source": "pay",
        "kind": "CAPTURED",
        "payment_id": "p1",
        "order_id": "o1",
        "channel": "card",
        "amount": Decimal("19.99"),
        "currency": "EUR",
    }
    return {**payment, **changes}  # type: ignore[dict-item]
