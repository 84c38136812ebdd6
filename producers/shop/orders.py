"""The order centre: what a buyer puts into an order, and what it sums to.

Law: total = goods − discount + tax + freight, of the order and of its lines, to the cent.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from producers.record import Said
from producers.shop.freight import shares
from producers.shop.promotions import COUPON_AMOUNT, Discount, discount_on, wants_coupon
from producers.shop.world import CENT, CURRENCY, Account, Article, World
from schemas.topics import ORDERS
from schemas.values import Event, Value

VAT: Final = {"DE": Decimal("0.19"), "FR": Decimal("0.20"), "ES": Decimal("0.21"), "CH": Decimal("0.08")}
TO_PAY_WITHIN: Final = timedelta(minutes=30)
CHANNELS: Final = ("WEB", "WEB", "APP", "APP", "APP", "MINI_PROGRAM", "STORE", "PHONE")


@dataclass(frozen=True, slots=True)
class Wish:
    """An article, and how many of it."""

    article: Article
    quantity: int


@dataclass(frozen=True, slots=True)
class Order:
    """One order as placed; `body` is what every event of it says."""

    order_id: str
    account: Account
    wishes: tuple[Wish, ...]
    placed_at: datetime
    total: Decimal
    first_line_paid: Decimal
    """What comes back when the first line does: goods − discount + tax."""
    coupon_id: str | None
    body: dict[str, Value] = field(repr=False)

    def said(self, status: str, at: datetime, cancel_reason: str | None = None) -> Said:
        """The order centre says that the order has a status."""
        head: dict[str, Value] = {
            "event_id": f"{self.order_id}:{status}",
            "occurred_at": at,
            "status": status,
            "cancel_reason": cancel_reason,
        }
        return ORDERS.name, head | self.body


def wishes_of(world: World, dice: random.Random) -> tuple[Wish, ...]:
    """One to four different articles; of one shop, or of several that use the platform's freight."""
    first = world.some_article(dice)
    wishes = [Wish(first, _quantity(dice, first))]
    while len(wishes) < 4 and dice.random() < 0.35:
        other = world.some_article(dice)
        fits = other.shop.template is first.shop.template
        if fits and all(wish.article is not other for wish in wishes):
            wishes.append(Wish(other, _quantity(dice, other)))
    return tuple(wishes)


def place(  # noqa: PLR0917 — an order has so many sides
    world: World,
    dice: random.Random,
    order_id: str,
    account: Account,
    wishes: Sequence[Wish],
    at: datetime,
    coupon_id: str | None = None,
) -> Order:
    """Price the wishes as of `at`: campaign or coupon, tax, freight by the template."""
    country = account.country
    goods = [wish.article.price(at) * wish.quantity for wish in wishes]
    discounts = [discount_on(world, wish.article, value, at) for wish, value in zip(wishes, goods, strict=True)]
    if coupon_id is None and wants_coupon(dice, goods[0]):
        coupon_id = f"{order_id}-coupon"
    if coupon_id is not None:
        amount = min(COUPON_AMOUNT, goods[0])
        discounts[0] = Discount(amount, "PLATFORM", f"{world.plan.prefix}-p-welcome", coupon_id)
    taxes = [((g - d.amount) * VAT[country]).quantize(CENT) for g, d in zip(goods, discounts, strict=True)]
    template = wishes[0].article.shop.template
    grams = sum(wish.article.weight_grams * wish.quantity for wish in wishes)
    pieces = sum(wish.quantity for wish in wishes)
    freight = template.freight(country, goods=sum(goods, Decimal(0)), grams=grams, pieces=pieces)
    freights = shares(freight, goods)
    total = sum(goods, Decimal(0)) - sum(d.amount for d in discounts) + sum(taxes) + freight
    body: dict[str, Value] = {
        "source": "order-centre",
        "trace_id": f"tr-{order_id}",
        "order_id": order_id,
        "account_id": account.account_id,
        "order_type": wishes[0].article.shop.order_type,
        "channel": dice.choice(CHANNELS),
        "currency": CURRENCY,
        "lines": [
            _line(number, wish, discount, tax, share, at)
            for number, (wish, discount, tax, share) in enumerate(zip(wishes, discounts, taxes, freights, strict=True))
        ],
        "goods_total": sum(goods, Decimal(0)),
        "discount_total": sum((d.amount for d in discounts), Decimal(0)),
        "tax_total": sum(taxes, Decimal(0)),
        "freight_total": freight,
        "total": total,
        "payment_due_at": at + TO_PAY_WITHIN,
        "freight_template_id": template.template_id,
        "shipping_address": account.address,
        "ip": account.ip,
        "device_id": account.device_id,
        "user_agent": account.user_agent,
        "session_id": f"{order_id}-visit",
        "email": account.email,
        "phone": account.phone,
        "placed_at": at,
    }
    return Order(
        order_id, account, tuple(wishes), at, total, goods[0] - discounts[0].amount + taxes[0], coupon_id, body
    )


def _quantity(dice: random.Random, article: Article) -> int:
    if article.shop.order_type == "B2B":
        return dice.randrange(5, 40)
    return 1 if dice.random() < 0.75 else dice.randrange(2, 5)


def _line(  # noqa: PLR0917
    number: int, wish: Wish, discount: Discount, tax: Decimal, freight: Decimal, at: datetime
) -> Event:
    return {
        "line_id": str(number + 1),
        "sku": wish.article.sku,
        "shop_id": wish.article.shop.shop_id,
        "title": wish.article.title,
        "quantity": wish.quantity,
        "unit_price": wish.article.price(at),
        "discount": discount.amount,
        "discount_bearer": discount.bearer,
        "tax": tax,
        "freight": freight,
        "promotion_id": discount.promotion_id,
        "coupon_id": discount.coupon_id,
        "slot_id": f"home-{number}" if wish.article.sku.endswith("0") else None,
    }
