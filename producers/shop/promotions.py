"""The promotion centre: two campaigns, and coupons handed to accounts."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from producers.record import Said
from producers.shop.world import CENT, CURRENCY, Account, Article, World
from schemas.topics import MEMBERS, PROMOTIONS
from schemas.values import Value

COUPON_AMOUNT: Final = Decimal("5.00")
COUPON_MINIMUM: Final = Decimal("30.00")


@dataclass(frozen=True, slots=True)
class Discount:
    """What came off one line, who pays for it, and under which title."""

    amount: Decimal
    bearer: str
    promotion_id: str | None = None
    coupon_id: str | None = None


NO_DISCOUNT: Final = Discount(Decimal("0.00"), "NONE")


def campaign_of(world: World, article: Article, at: datetime) -> tuple[str, int, str] | None:
    """(promotion, percent, bearer) that counts for an article then: every fifth article, and all on the eleventh."""
    prefix, day = world.plan.prefix, (at - world.plan.start).days
    if day == 8:
        return f"{prefix}-p-eleven", 15, "PLATFORM"
    if hash_of(article.sku) % 5 == 0 and 2 <= day < 12:
        return f"{prefix}-p-autumn", 10, "SHOP"
    return None


def hash_of(text: str) -> int:
    """The last digits: the same in every process, unlike Python's own."""
    return int(text[-4:])


def discount_on(world: World, article: Article, goods: Decimal, at: datetime) -> Discount:
    """The campaign's discount on a line worth `goods`."""
    campaign = campaign_of(world, article, at)
    if campaign is None:
        return NO_DISCOUNT
    promotion, percent, bearer = campaign
    return Discount((goods * percent / 100).quantize(CENT), bearer, promotion)


def events(world: World) -> Iterator[Said]:
    """Both campaigns start and end."""
    plan = world.plan
    for name, kind, day, percent, bearer in (
        ("welcome", "CAMPAIGN_STARTED", 0.02, None, "PLATFORM"),
        ("autumn", "CAMPAIGN_STARTED", 2, 10.0, "SHOP"),
        ("eleven", "CAMPAIGN_STARTED", 8, 15.0, "PLATFORM"),
        ("eleven", "CAMPAIGN_ENDED", 9, 15.0, "PLATFORM"),
        ("autumn", "CAMPAIGN_ENDED", 12, 10.0, "SHOP"),
    ):
        yield (
            PROMOTIONS.name,
            {
                "event_id": f"{plan.prefix}:promotion:{name}:{kind}",
                "occurred_at": plan.start + timedelta(days=day),
                "source": "promotion-centre",
                "kind": kind,
                "promotion_id": f"{plan.prefix}-p-{name}",
                "name": name,
                "discount_type": "PERCENT" if percent else "AMOUNT",
                "percent": percent,
                "amount": None if percent else COUPON_AMOUNT,
                "minimum_spend": None if percent else COUPON_MINIMUM,
                "currency": CURRENCY,
                "budget": Decimal("50000.00"),
                "bearer": bearer,
                "skus": [a.sku for a in world.articles if hash_of(a.sku) % 5 == 0] if name == "autumn" else [],
            },
        )


def coupon_issued(world: World, account: Account, coupon_id: str, at: datetime) -> list[Said]:
    """The promotion centre hands a coupon out, the member centre notes it."""
    member: dict[str, Value] = {
        "event_id": f"{coupon_id}:RECEIVED",
        "occurred_at": at,
        "source": "member-centre",
        "kind": "COUPON_RECEIVED",
        "account_id": account.account_id,
        "registered_at": account.registered_at,
        "coupon_id": coupon_id,
    }
    return [
        (PROMOTIONS.name, _coupon(world, account, coupon_id, at, kind="COUPON_ISSUED", order_id=None)),
        (MEMBERS.name, member),
    ]


def coupon_redeemed(world: World, account: Account, coupon_id: str, order_id: str, at: datetime) -> Said:
    return PROMOTIONS.name, _coupon(world, account, coupon_id, at, kind="COUPON_REDEEMED", order_id=order_id)


def wants_coupon(dice: random.Random, goods: Decimal) -> bool:
    return goods >= COUPON_MINIMUM and dice.random() < 0.08


def _coupon(
    world: World, account: Account, coupon_id: str, at: datetime, *, kind: str, order_id: str | None
) -> dict[str, Value]:
    return {
        "event_id": f"{coupon_id}:{kind}",
        "occurred_at": at,
        "source": "promotion-centre",
        "kind": kind,
        "promotion_id": f"{world.plan.prefix}-p-welcome",
        "discount_type": "AMOUNT",
        "amount": COUPON_AMOUNT,
        "currency": CURRENCY,
        "bearer": "PLATFORM",
        "coupon_id": coupon_id,
        "account_id": account.account_id,
        "order_id": order_id,
    }
