"""A decision per order from what its IP, device and account did lately.

Two plain sides: the one of a tutorial with three counters and three rules as code; and one with all features and rules that Kontor's
side has for orders (`bench/plain_risk.py`).
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Final

import faust
import redis.asyncio as redis
from prometheus_client import CollectorRegistry

from bench import plain_faust, plain_risk
from bench.job import Job, Side, World
from bench.meter import Meter
from schemas.batch import Batch
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import ORDERS, PARTITIONS, RISK_CHANGELOG
from sinks.redis.features import RedisFeatures
from streams.engine.dead_letters import DeadLetter
from streams.engine.lanes import by_partition_number
from streams.engine.metrics import Metrics
from streams.engine.policy import BatchPolicy
from streams.engine.settings import Settings
from streams.engine.stateful import StatefulApp
from streams.engine.worker import Worker
from streams.risk.in_force import InForce
from streams.risk.rules import read_folder
from streams.risk.standing import Standing
from streams.risk.steps import TABLES, Judge, Memory

BATCHES: Final = BatchPolicy(max_records=8_000, max_bytes=8 << 20, linger=0.0)

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


def kontor(world: World, meter: Meter) -> None:
    """The app's own features and rules: all that are declared for orders, and a decision and its alerts in one transaction a batch."""
    worker = Worker(f"{world.prefix}risk", Settings(kafka=world.kafka), BATCHES)
    store = RedisFeatures.connect(world.redis_url, world.prefix, timeout=30)
    decoders, prefix = Decoders(SchemaBook.from_files()), world.catalogue_prefix

    async def letters(refused: Sequence[DeadLetter]) -> None:
        if refused:
            raise RuntimeError(f"refused: {refused}")

    app = StatefulApp(
        worker,
        {world.topic: Judge(ORDERS.name, decoders, store, InForce(read_folder()), Memory(), Standing(), prefix)},
        TABLES,
        changelog=prefix + RISK_CHANGELOG.name,
        letters=letters,
        metrics=Metrics(CollectorRegistry()),
    )

    async def handle(batches: Sequence[Batch]) -> None:
        await app.handle(batches)
        meter.add(sum(map(len, batches)))

    worker.attach_together([world.topic], handle, by_partition_number)
    worker.on_taking_over(app.take_over)
    worker.on_leaving(app.leave)
    worker.on_assigned(meter.start)
    asyncio.run(worker.run())


JOB: Final = Job(
    "risk",
    "a decision per order",
    (
        Side("plain Faust", plain, slow=True),
        Side("plain Faust, whole", plain_risk.program, slow=True),
        Side("Kontor", kontor),
    ),
    expected=10.0,
)
