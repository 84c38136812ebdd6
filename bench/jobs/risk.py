"""A decision per order from what its IP, device and account did in the last hour."""

import json
from typing import Final

import faust
import redis.asyncio as redis

from bench import plain_faust
from bench.job import Job, Side, World
from bench.meter import Meter
from schemas.topics import PARTITIONS

WINDOW: Final = 3600  # seconds
MANY_PER_IP: Final = 50
MANY_PER_DEVICE: Final = 10
MANY_PER_ACCOUNT: Final = 10


def plain(world: World, meter: Meter) -> None:
    """Counters in Redis, one pipeline per order, three rules as code; one message out per order."""
    app, read = plain_faust.app_of(world, "risk"), plain_faust.reader()
    store = redis.Redis.from_url(world.redis_url)
    decisions = app.topic(
        f"{world.prefix}decisions", value_type=bytes, value_serializer="raw", internal=True, partitions=PARTITIONS
    )

    @app.agent(plain_faust.source_of(app, world))
    async def orders(stream: faust.StreamT[bytes]) -> None:
        await decisions.maybe_declare()
        async for value in stream:
            order = read(value)
            hour = int(order["occurred_at"].timestamp()) // WINDOW
            async with store.pipeline(transaction=False) as pipe:
                for name in ("ip", "device_id", "account_id"):
                    key = f"{world.prefix}{name}:{order[name]}:{hour}"
                    pipe.incr(key)
                    pipe.expire(key, WINDOW)
                per_ip, _, per_device, _, per_account, _ = await pipe.execute()
            reasons = []
            if per_ip > MANY_PER_IP:
                reasons.append("ip")
            if per_device > MANY_PER_DEVICE:
                reasons.append("device")
            if per_account > MANY_PER_ACCOUNT and order["total"] > 100:
                reasons.append("account")
            verdict = {"order_id": order["order_id"], "action": "REVIEW" if reasons else "ALLOW", "reasons": reasons}
            await decisions.send(key=order["order_id"], value=json.dumps(verdict).encode())
            meter.add(1)

    plain_faust.run(app, meter)


JOB: Final = Job(
    "risk",
    "a decision per order",
    (Side("plain Faust", plain, slow=True),),
    expected=10.0,
)
