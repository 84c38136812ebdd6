"""The centres that say little and say it first: shops, articles, warehouses, pages, exchange rates.

Law: each generator yields in the order of event time.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from producers.record import Said
from producers.shop.world import CURRENCY, Article, World
from schemas.topics import FX_RATES, PAGES, PRODUCTS, SHOPS, WAREHOUSES
from schemas.values import Event


def shops(world: World) -> Iterator[Said]:
    """Opened, staffed; one is suspended for two days."""
    plan = world.plan
    for number, shop in enumerate(world.shops):
        yield (
            SHOPS.name,
            {
                "event_id": f"{shop.shop_id}:OPENED",
                "occurred_at": plan.start - timedelta(days=90) + timedelta(hours=number),
                "source": "shop-centre",
                "kind": "OPENED",
                "shop_id": shop.shop_id,
                "merchant_id": f"{plan.prefix}-m{number:02}",
                "name": shop.name,
                "order_type": shop.order_type,
                "country": shop.country,
                "commission_percent": 7.5,
                "contact_email": f"shop{number}@example.org",
            },
        )
    suspended = world.shops[-1].shop_id
    for kind, day in (("STAFF_JOINED", 1), ("PERMISSION_GRANTED", 2), ("SUSPENDED", 9), ("RESUMED", 11)):
        yield (
            SHOPS.name,
            {
                "event_id": f"{suspended}:{kind}",
                "occurred_at": plan.start + timedelta(days=day, hours=10),
                "source": "shop-centre",
                "kind": kind,
                "shop_id": suspended,
                "staff_account_id": f"{plan.prefix}-staff-1",
                "permission": "prices" if kind == "PERMISSION_GRANTED" else None,
                "acted_by": "ops-3",
                "reason": "documents missing" if kind == "SUSPENDED" else None,
            },
        )


def products(world: World) -> Iterator[Said]:
    """Every article listed; those whose price moves say so when it does."""
    listed = world.plan.start + timedelta(minutes=10)
    for article in world.articles:
        yield PRODUCTS.name, _product(article, "LISTED", listed, article.first_price)
    moved = (article for article in world.articles if article.second_price != article.first_price)
    for article in sorted(moved, key=lambda article: article.repriced_at):
        yield PRODUCTS.name, _product(article, "PRICE_CHANGED", article.repriced_at, article.second_price)


def _product(article: Article, kind: str, at: datetime, price: Decimal) -> Event:
    return {
        "event_id": f"{article.sku}:{kind}",
        "occurred_at": at,
        "source": "product-centre",
        "kind": kind,
        "sku": article.sku,
        "spu_id": article.spu_id,
        "shop_id": article.shop.shop_id,
        "title": article.title,
        "brand": article.brand,
        "lock_rule": article.lock_rule,
        "price": price,
        "currency": CURRENCY,
        "cost": article.cost,
        "front_categories": ["Home", article.category],
        "back_categories": [article.category],
        "attributes": [{"name": "brand", "value": article.brand}],
        "weight_grams": article.weight_grams,
        "freight_template_id": article.shop.template.template_id,
        "supplier_id": f"supplier-{article.supplier:02}",
        "reorder_point": 20,
        "reorder_quantity": 200,
    }


def warehouses(world: World) -> Iterator[Said]:
    for number, house in enumerate(world.warehouses):
        yield (
            WAREHOUSES.name,
            {
                "event_id": f"{world.plan.prefix}:{house.warehouse_id}:OPENED",
                "occurred_at": world.plan.start + timedelta(minutes=2),
                "source": "wms",
                "kind": "OPENED",
                "warehouse_id": house.warehouse_id,
                "name": f"Warehouse {house.city}",
                "country": house.country,
                "city": house.city,
                "postal_code": house.postal_code,
                "latitude": house.latitude,
                "longitude": house.longitude,
                "carriers": [
                    {"carrier": "Parcelia", "service_level": "standard", "cost_per_parcel": Decimal("4.20") + number},
                    {"carrier": "SwiftWay", "service_level": "express", "cost_per_parcel": Decimal("7.90") + number},
                ],
                "currency": CURRENCY,
                "daily_capacity": int(20_000 * house.share),
                "priority": number + 1,
            },
        )


def pages(world: World) -> Iterator[Said]:
    """The home page, configured and published anew each Monday, withdrawn at the end."""
    plan = world.plan
    steps = [(0, "CONFIGURED", 1), (0, "PUBLISHED", 1), (7, "CONFIGURED", 2), (7, "PUBLISHED", 2), (13, "WITHDRAWN", 2)]
    for step, (day, kind, version) in enumerate(steps):
        yield (
            PAGES.name,
            {
                "event_id": f"{plan.prefix}:page:home:{version}:{kind}",
                "occurred_at": plan.start + timedelta(days=day, minutes=20 + step),
                "source": "cms",
                "kind": kind,
                "page_id": f"{plan.prefix}-home",
                "version": version,
                "name": "Home",
                "channel": "WEB",
                "slots": [
                    {"slot_id": f"home-{slot}", "position": slot, "sku": world.articles[slot * version].sku}
                    for slot in range(6)
                ],
                "edited_by": "editor-1",
            },
        )


def fx_rates(world: World) -> Iterator[Said]:
    """Two pairs a day."""
    dice = world.plan.dice("fx")
    rates = {"EUR/USD": Decimal("1.0850"), "EUR/CNY": Decimal("7.8200")}
    for day in range(world.plan.days):
        at = world.plan.start + timedelta(days=day, hours=6)
        for pair, before in rates.items():
            rate = (before * Decimal(dice.randrange(9_960, 10_041)) / 10_000).quantize(Decimal("0.0001"))
            rates[pair] = rate
            yield (
                FX_RATES.name,
                {
                    "event_id": f"{world.plan.prefix}:fx:{pair}:{day}",
                    "occurred_at": at,
                    "source": "treasury",
                    "kind": "FIXED",
                    "pair": pair,
                    "base": pair[:3],
                    "quote": pair[4:],
                    "rate": rate,
                    "valid_from": at,
                    "valid_until": at + timedelta(days=1),
                },
            )
