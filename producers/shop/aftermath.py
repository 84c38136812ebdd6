"""After the parcel: reviews, after-sales cases, service tickets."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from producers.record import Said
from producers.shop.names import BLAME, CLOSING, COMPLAINTS, DETAIL, PRAISE
from producers.shop.orders import Order
from producers.shop.payments import refund, stated
from producers.shop.stock import returned
from producers.shop.world import CURRENCY, Account, Article, Warehouse
from schemas.topics import AFTER_SALES, REVIEWS, SERVICE
from schemas.values import Value

REJECTED: Final = ("REQUESTED", "REJECTED")
REFUNDED: Final = ("REQUESTED", "APPROVED", "GOODS_RECEIVED", "REFUNDED", "CLOSED")


def opinion(dice: random.Random) -> tuple[int, str]:
    """(stars, words) of a buyer with an opinion of their own."""
    stars = dice.choice((5, 5, 5, 5, 4, 4, 4, 3, 2, 1))
    words = dice.choice(PRAISE if stars > 2 else BLAME)
    return stars, f"{words}, {dice.choice(DETAIL)}. {dice.choice(CLOSING)}".strip()


def review(account: Account, article: Article, order_id: str | None, at: datetime, said: tuple[int, str]) -> Said:
    """One review; without an order the review centre does not call it verified."""
    review_id = f"{order_id or account.account_id}-review-{article.sku[-4:]}"
    stars, words = said
    return (
        REVIEWS.name,
        {
            "event_id": f"{review_id}:POSTED",
            "occurred_at": at,
            "source": "review-centre",
            "kind": "POSTED",
            "review_id": review_id,
            "sku": article.sku,
            "shop_id": article.shop.shop_id,
            "order_id": order_id,
            "account_id": account.account_id,
            "rating": stars,
            "text": words,
            "language": "en",
            "image_count": 0,
            "verified_purchase": order_id is not None,
            "ip": account.ip,
            "device_id": account.device_id,
            "user_agent": account.user_agent,
        },
    )


def back_again(order: Order, house: Warehouse, dice: random.Random, signed_at: datetime) -> Iterator[Said]:
    """The first line is sent back and refunded; one request in eight is rejected."""
    case = f"{order.order_id}-case"
    wish = order.wishes[0]
    paid = order.first_line_paid
    at = signed_at + timedelta(hours=dice.randrange(5, 90))
    rejected = dice.random() < 0.125
    for status in REJECTED if rejected else REFUNDED:
        yield AFTER_SALES.name, _case(order, case, status, at)
        if status == "GOODS_RECEIVED":
            yield returned(order, wish, house, at)
        if status == "REFUNDED":
            yield refund(order, at, paid, case)
            yield stated(order, "REFUNDED", at, paid)
        at += timedelta(hours=dice.randrange(2, 40))


def ticket(order: Order, dice: random.Random, at: datetime) -> Iterator[Said]:
    """A question or a complaint, answered in hours."""
    kind = dice.choice(("CONSULTATION", "COMPLAINT", "CALL"))
    subject, due = dice.choice(COMPLAINTS), at + timedelta(hours=24)
    for step in ("OPENED", "ASSIGNED", "ANSWERED", "RESOLVED", "CLOSED"):
        event: dict[str, Value] = {
            "event_id": f"{order.order_id}-ticket:{step}",
            "occurred_at": at,
            "source": "customer-service",
            "kind": step,
            "ticket_id": f"{order.order_id}-ticket",
            "ticket_type": kind,
            "order_id": order.order_id,
            "account_id": order.account.account_id,
            "shop_id": order.wishes[0].article.shop.shop_id,
            "channel": "phone" if kind == "CALL" else "chat",
            "agent_id": None if step == "OPENED" else f"agent-{dice.randrange(9)}",
            "priority": "NORMAL",
            "subject": subject,
            "due_at": due,
            "satisfaction": dice.randrange(2, 6) if step == "CLOSED" else None,
        }
        yield SERVICE.name, event
        at += timedelta(minutes=dice.randrange(5, 400))


def _case(order: Order, case: str, status: str, at: datetime) -> dict[str, Value]:
    wish, amount = order.wishes[0], order.first_line_paid
    return {
        "event_id": f"{case}:{status}",
        "occurred_at": at,
        "source": "customer-service",
        "status": status,
        "after_sales_id": case,
        "order_id": order.order_id,
        "account_id": order.account.account_id,
        "case_type": "RETURN",
        "lines": [{"line_id": "1", "sku": wish.article.sku, "quantity": wish.quantity, "refund_amount": amount}],
        "refund_amount": amount,
        "currency": CURRENCY,
        "refund_id": f"{order.order_id}-refund" if status == "REFUNDED" else None,
        "reason_code": "changed-mind",
    }
