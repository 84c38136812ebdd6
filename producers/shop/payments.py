"""The payment centre and its channels: authorised, captured, failed, refunded, and the channel's statement of it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from producers.record import Said
from producers.shop.orders import Order
from producers.shop.world import CENT, CURRENCY, Account
from schemas.topics import PAYMENTS, STATEMENTS
from schemas.values import Value

CARD: Final = "card"
FEE_RATE: Final = Decimal("0.014")
FEE_FIXED: Final = Decimal("0.25")
BINS: Final = ("411111", "550000", "371449")


def channel_of(order: Order) -> str:
    """Accounts keep to their channel."""
    return (CARD, CARD, CARD, "wallet", "bank_transfer")[len(order.account.email) % 5]


def fee(amount: Decimal) -> Decimal:
    return (amount * FEE_RATE).quantize(CENT) + FEE_FIXED


def step(order: Order, kind: str, at: datetime, amount: Decimal, *, attempt: int = 1, card: str | None = None) -> Said:
    """One step of the payment of an order. `attempt` counts payments of the order, `card` stands in for the account's."""
    account: Account = order.account
    channel = channel_of(order) if card is None else CARD
    payment_id = f"{order.order_id}-pay-{attempt}"
    paid_by = card or account.card
    event: dict[str, Value] = {
        "event_id": f"{payment_id}:{kind}",
        "occurred_at": at,
        "source": "payment-centre",
        "trace_id": f"tr-{order.order_id}",
        "kind": kind,
        "payment_id": payment_id,
        "order_id": order.order_id,
        "account_id": account.account_id,
        "channel": channel,
        "channel_transaction_id": transaction(payment_id, kind),
        "amount": amount,
        "currency": CURRENCY,
        "fee": fee(amount) if kind == "CAPTURED" else None,
        "ip": account.ip,
        "device_id": account.device_id,
    }
    if channel == CARD:
        event |= {
            "card_fingerprint": paid_by,
            "card_bin": BINS[int(paid_by[-1], 16) % 3],
            "card_country": account.country,
            "card_brand": "Visa",
            "payer_name": account.name,
        }
    if kind == "FAILED":
        event["decline_reason"] = "insufficient funds" if card is None else "invalid security code"
    return PAYMENTS.name, event


def refund(order: Order, at: datetime, amount: Decimal, after_sales_id: str | None) -> Said:
    """Money goes back."""
    topic, event = step(order, "REFUNDED", at, amount)
    return topic, dict(event) | {"refund_id": f"{order.order_id}-refund", "after_sales_id": after_sales_id}


def stated(order: Order, kind: str, at: datetime, amount: Decimal, attempt: int = 1) -> Said:
    """The line of the channel's statement, booked the next morning."""
    channel = channel_of(order)
    captured = kind == "CAPTURED"
    payment_id = f"{order.order_id}-pay-{attempt}"
    booked = at.replace(hour=4, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (
        STATEMENTS.name,
        {
            "event_id": f"statement:{payment_id}:{kind}",
            "occurred_at": booked,
            "source": channel,
            "kind": "CAPTURE" if captured else "REFUND",
            "statement_id": f"{channel}-{booked:%Y-%m-%d}",
            "line_id": f"{payment_id}-{kind.lower()}",
            "provider": channel,
            "order_id": order.order_id,
            "channel_transaction_id": transaction(payment_id, kind),
            "amount": amount if captured else -amount,
            "fee": fee(amount) if captured else None,
            "currency": CURRENCY,
            "booked_at": booked,
            "value_date": booked + timedelta(days=2),
        },
    )


def transaction(payment_id: str, kind: str) -> str:
    """The channel's id of a step."""
    return f"tx-{payment_id}-{kind.lower()}"
