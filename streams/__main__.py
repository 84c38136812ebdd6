"""The composition root: `python -m streams warehouse` runs one worker. The only place that builds clients."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping

from prometheus_client import CollectorRegistry

from schemas.topics import CATALOGUE, DEAD_LETTERS, ORDER_FACTS, PUBLIC_TOPICS
from sinks.clickhouse.client import Address
from sinks.clickhouse.writer import ClickHouseWriter
from sinks.redis.features import RedisFeatures
from streams.engine import logs
from streams.engine.assembly import Partition
from streams.engine.background import beside
from streams.engine.dead_letters import DeadLetterOffice
from streams.engine.fuse import Fuse, fuse_policy
from streams.engine.global_table import TopicFollower
from streams.engine.metrics import Metrics
from streams.engine.policy import BOOKING_BATCHES, DECISION_BATCHES, WAREHOUSE_BATCHES
from streams.engine.rereading import Rereader
from streams.engine.settings import Settings, read
from streams.engine.wire import Wire, wire
from streams.engine.worker import Worker
from streams.fulfilment.agents import fulfilment
from streams.fulfilment.lookup_topics import lookup_topics
from streams.fulfilment.lookups import LookupTables
from streams.fulfilment.ticker import Ticker
from streams.inventory.agents import inventory
from streams.risk.agents import risk
from streams.warehouse.agents import Warehouse, attach


async def wire_of(app: str, settings: Settings, metrics: Metrics) -> Wire:
    avro = [topic for topic in CATALOGUE.values() if topic is not DEAD_LETTERS]
    return await wire(settings, metrics, read=avro, written=[topic for topic in avro if app in topic.written_by])


async def run_warehouse(settings: Settings, metrics: Metrics) -> int:
    found = await wire_of("warehouse", settings, metrics)
    policy = WAREHOUSE_BATCHES.limited_to(settings.batch_records)
    worker = Worker("warehouse", settings, policy, found.ahead, metrics=metrics, waits=found.waits)
    address = Address(
        settings.clickhouse_url,
        settings.clickhouse_user,
        settings.clickhouse_password.get_secret_value(),
        settings.clickhouse_database,
    )
    sink = ClickHouseWriter(address)
    office = DeadLetterOffice("warehouse", settings.topic_prefix + DEAD_LETTERS.name, settings.kafka)

    async def commit(at: Partition, offset: int, metadata: str = "") -> None:
        await worker.consumer.commits.put(at, offset, metadata)

    warehouse = Warehouse(
        PUBLIC_TOPICS,
        prefix=settings.topic_prefix,
        decoders=found.decoders,
        sink=sink,
        letters=office.send,
        commit=commit,
        metrics=metrics,
        fuse=Fuse(fuse_policy(settings)),
        waits=worker.waits,
    )
    attach(worker, warehouse)
    try:
        return await worker.run()
    finally:
        await office.stop()
        sink.close()
        found.close()


async def run_inventory(settings: Settings, metrics: Metrics) -> int:
    found = await wire_of("inventory", settings, metrics)
    policy = BOOKING_BATCHES.limited_to(settings.batch_records)
    worker = Worker("inventory", settings, policy, found.ahead, metrics=metrics, waits=found.waits)
    office = DeadLetterOffice("inventory", settings.topic_prefix + DEAD_LETTERS.name, settings.kafka)
    app = inventory(worker, found.decoders, office.send, metrics)
    try:
        return await worker.run()
    finally:
        await app.stop()
        await office.stop()
        found.close()


async def run_fulfilment(settings: Settings, metrics: Metrics) -> int:
    found = await wire_of("fulfilment", settings, metrics)
    policy = BOOKING_BATCHES.limited_to(settings.batch_records)
    worker = Worker("fulfilment", settings, policy, found.ahead, metrics=metrics, waits=found.waits)
    office = DeadLetterOffice("fulfilment", settings.topic_prefix + DEAD_LETTERS.name, settings.kafka)
    tables = LookupTables()
    lookups = lookup_topics(found.decoders, tables, settings.topic_prefix)
    follower = TopicFollower(settings.kafka, lookups, found.ahead)
    ticker = Ticker(settings.kafka, settings.topic_prefix + ORDER_FACTS.name)
    app = fulfilment(worker, found.decoders, office.send, metrics, tables)
    try:
        await follower.start()
        with beside(worker.fail, follower.follow(), ticker.run()):
            return await worker.run()
    finally:
        await app.stop()
        await ticker.stop()
        await follower.stop()
        await office.stop()
        found.close()


async def run_risk(settings: Settings, metrics: Metrics) -> int:
    found = await wire_of("risk", settings, metrics)
    policy = DECISION_BATCHES.limited_to(settings.batch_records)
    worker = Worker("risk", settings, policy, found.ahead, metrics=metrics, waits=found.waits)
    office = DeadLetterOffice("risk", settings.topic_prefix + DEAD_LETTERS.name, settings.kafka)
    store = RedisFeatures.connect(settings.redis_url, settings.topic_prefix)
    log = Rereader.connect(settings.kafka)
    app = risk(worker, found.decoders, store, log, office.send, metrics)
    try:
        await app.start()
        return await worker.run()
    finally:
        await app.stop()
        await office.stop()
        log.close()
        store.close()
        found.close()


APPS: Mapping[str, Callable[[Settings, Metrics], Awaitable[int]]] = {
    "fulfilment": run_fulfilment,
    "inventory": run_inventory,
    "risk": run_risk,
    "warehouse": run_warehouse,
}


def main(app: str) -> int:
    """Run one worker of an app until it is asked to stop; the exit code says how it ended."""
    settings = read()
    logs.configure(settings.log_level, settings.log_format, app)
    metrics = Metrics(CollectorRegistry())
    metrics.serve(settings.metrics_host, settings.metrics_port)

    async def run() -> int:
        return await APPS[app](settings, metrics)

    return asyncio.run(run())


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in APPS:
        sys.exit(f"usage: python -m streams {'|'.join(APPS)}")
    sys.exit(main(sys.argv[1]))
