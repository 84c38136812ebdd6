"""Risk's job as plain Faust would do it, message by message, with all features and rules that Kontor has for orders.

Every feature is the cookbook's sliding window: a sorted set per entity with the last moment of each member, trimmed and counted in one
pipeline an order. Rules are code. Told as Avro: a decision with its features and the rules that held, and an alert where one held first.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import faust
import redis.asyncio as redis
from redis.asyncio.client import Pipeline

from bench import plain_faust
from bench.job import World
from bench.meter import Meter
from schemas.topics import PARTITIONS, RISK_DECISIONS

HALF_HOUR: Final = 1800  # seconds
HOUR: Final = 3600
DAY: Final = 86_400
Order = Mapping[str, Any]
Known = dict[str, float | None]


class Window(NamedTuple):
    """`member` of the order is counted for its `entity`, once; where it is not counted, the window is read all the same."""

    name: str
    seconds: int
    entity: Callable[[Order], str | None]
    member: Callable[[Order], str]
    counts: Callable[[Order], bool] = lambda order: bool(order["status"] == "PLACED")


def program(world: World, meter: Meter) -> None:
    app, read = plain_faust.app_of(world, "risk-whole"), plain_faust.reader()
    store = redis.Redis.from_url(world.redis_url)
    seen = app.Table("seen", default=bool, partitions=PARTITIONS)
    alerted = app.Table("alerted", default=int, partitions=PARTITIONS)
    decided = plain_faust.teller(app, world, RISK_DECISIONS.name)
    alerts = app.topic(f"{world.prefix}alerts", value_serializer="json", internal=True, partitions=PARTITIONS)

    @app.agent(plain_faust.source_of(app, world))
    async def orders(stream: faust.StreamT[bytes]) -> None:
        await alerts.maybe_declare()
        async for value in stream:
            order = read(value)
            meter.add(1)
            if seen[order["event_id"]]:
                continue
            seen[order["event_id"]] = True
            known = await _features(store, world.prefix, order)
            held = [rule for rule, holds in RULES.items() if holds(order, known)]
            await decided(order["order_id"], _decision(order, known, held))
            for rule in held:
                key = f"{rule}|{order['account_id']}|{int(order['occurred_at'].timestamp()) // HOUR}"
                alerted[key] += 1
                if alerted[key] == 1:
                    await alerts.send(key=key, value={"rule": rule, "order": order["order_id"], **known})

    plain_faust.run(app, meter)


async def _features(store: "redis.Redis", prefix: str, order: Order) -> Known:
    now = order["occurred_at"].timestamp()
    asked = [(window, entity) for window in WINDOWS if (entity := window.entity(order))]
    async with store.pipeline(transaction=False) as pipe:
        for window, entity in asked:
            _count(pipe, f"{prefix}{window.name}:{entity}", window, order, now)
        pipe.get(f"{prefix}registered:{order['account_id']}")
        pipe.zcard(f"{prefix}account_payments_30m:{order['account_id']}")
        *counts, registered, payments = await pipe.execute()
    known: Known = dict.fromkeys((window.name for window in WINDOWS), None)
    known |= {window.name: float(count) for (window, _), count in zip(asked, counts[3::4], strict=True)}
    known["account_age_minutes"] = (now - float(registered)) / 60 if registered else None
    known["account_payments_30m"] = float(payments)
    return known


def _count(pipe: "Pipeline", key: str, window: Window, order: Order, now: float) -> None:
    """Four commands, the last of them the answer."""
    if window.counts(order):
        pipe.zadd(key, {window.member(order): now})
    else:
        pipe.exists(key)
    pipe.zremrangebyscore(key, "-inf", now - window.seconds)
    pipe.expire(key, 2 * window.seconds)
    pipe.zcard(key)


def _decision(order: Order, known: Known, held: list[str]) -> dict[str, Any]:
    hits = [
        {"rule_id": rule, "rule_version": "1", "mode": "LIVE", "action": "REVIEW", "score": 30.0, "reason": rule}
        for rule in held
    ]
    return {
        "event_id": f"risk_decision:{order['event_id']}:0",
        "occurred_at": order["occurred_at"],
        "source": "risk",
        "kind": "DECIDED",
        "order_id": order["order_id"],
        "decision": "REVIEW" if held else "ALLOW",
        "account_id": order["account_id"],
        "shop_ids": [line["shop_id"] for line in order["lines"][:1]],
        "score": 30.0 * len(held),
        "rules_hit": hits,
        "features": [{"name": name, "value": value} for name, value in known.items()],
        "degraded": False,
        "rule_set_version": "1",
        "cause_event_id": order["event_id"],
        "cause_topic": "orders",
    }


def _account(order: Order) -> str:
    return str(order["account_id"])


def _event(order: Order) -> str:
    return str(order["event_id"])


def _ip(order: Order) -> str | None:
    return order["ip"]  # type: ignore[no-any-return]


def _device(order: Order) -> str | None:
    return order["device_id"]  # type: ignore[no-any-return]


def _address(order: Order) -> str | None:
    place = order["shipping_address"]
    if not place or not place["address_lines"]:
        return None
    words = " ".join([place["country"], place["postal_code"] or "", *place["address_lines"]])
    return "".join(letter for letter in words.lower() if letter.isalnum())


def _coupon(order: Order) -> bool:
    return order["status"] == "PLACED" and any(line["coupon_id"] for line in order["lines"])


WINDOWS: Final = (
    Window("account_orders_30m", HALF_HOUR, _account, _event),
    Window("account_cancels_30m", HALF_HOUR, _account, _event, lambda order: order["status"] == "CANCELLED"),
    Window("ip_orders_30m", HALF_HOUR, _ip, _event),
    Window("ip_accounts_1h", HOUR, _ip, _account),
    Window("device_accounts_24h", DAY, _device, _account),
    Window("device_coupon_accounts_24h", DAY, _device, _account, _coupon),
    Window("address_coupon_accounts_24h", DAY, _address, _account, _coupon),
    Window("address_accounts_24h", DAY, _address, _account),
    Window("sku_buyer_orders_24h", DAY, lambda order: f"{order['lines'][0]['sku']}|{_account(order)}", _event),
    Window("shop_buyer_orders_24h", DAY, lambda order: f"{order['lines'][0]['shop_id']}|{_account(order)}", _event),
)


def _at_least(known: Known, name: str, least: float) -> bool:
    value = known[name]
    return value is not None and value >= least


def _young(known: Known, minutes: float) -> bool:
    age = known["account_age_minutes"]
    return age is not None and age < minutes


BLACKLISTED: Final[frozenset[str]] = frozenset()
DATACENTRES: Final = "203.0.113."
RULES: Final[Mapping[str, Callable[[Order, Known], bool]]] = {
    "blacklisted_merchant": lambda order, _: any(line["shop_id"] in BLACKLISTED for line in order["lines"]),
    "brushing_same_item": lambda _, known: _at_least(known, "sku_buyer_orders_24h", 3),
    "brushing_shared_device": lambda _, known: _at_least(known, "device_accounts_24h", 3) and _young(known, 1440),
    "coupon_farm": lambda order, known: (
        _coupon(order)
        and (_at_least(known, "device_coupon_accounts_24h", 3) or _at_least(known, "address_coupon_accounts_24h", 3))
    ),
    "datacentre_order": lambda order, known: (
        (order["ip"] or "").startswith(DATACENTRES) and (known["account_age_minutes"] is None or _young(known, 10_080))
    ),
    "listed_address": lambda order, _: bool({order["ip"], order["device_id"], order["account_id"]} & BLACKLISTED),
    "many_accounts_one_ip": lambda _, known: _at_least(known, "ip_accounts_1h", 4) and _young(known, 1440),
    "order_burst": lambda _, known: _at_least(known, "account_orders_30m", 6),
    "orders_never_paid": lambda _, known: (
        _at_least(known, "account_orders_30m", 5) and not known["account_payments_30m"]
    ),
}
