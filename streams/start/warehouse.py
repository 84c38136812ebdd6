"""One worker of the warehouse."""

from schemas.topics import DEAD_LETTERS, PUBLIC_TOPICS
from sinks.clickhouse.client import Address
from sinks.clickhouse.migrate import require_migrated
from sinks.clickhouse.writer import ClickHouseWriter
from streams.engine.assembly import Partition
from streams.engine.dead_letters import DeadLetterOffice
from streams.engine.fuse import Fuse, fuse_policy
from streams.engine.metrics import Metrics
from streams.engine.policy import WAREHOUSE_BATCHES
from streams.engine.settings import Settings
from streams.engine.worker import Worker
from streams.start.wiring import wire_of
from streams.warehouse.agents import Warehouse, attach


async def run(settings: Settings, metrics: Metrics) -> int:
    found = await wire_of("warehouse", settings, metrics)
    policy = WAREHOUSE_BATCHES.limited_to(settings.batch_records)
    worker = Worker("warehouse", settings, policy, found.ahead, metrics=metrics, waits=found.waits)
    address = Address(
        settings.clickhouse_url,
        settings.clickhouse_user,
        settings.clickhouse_password.get_secret_value(),
        settings.clickhouse_database,
    )
    sink = ClickHouseWriter(address, ready=require_migrated)
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
