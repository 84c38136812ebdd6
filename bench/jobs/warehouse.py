"""Orders from Kafka into ClickHouse's typed table, to the acknowledged insert. CPU is the worker's own; ClickHouse's is not in it."""

import asyncio
from collections.abc import Sequence
from typing import Final

import faust
import numpy as np
from confluent_kafka import Consumer, TopicPartition
from prometheus_client import CollectorRegistry

from bench import plain_faust
from bench.job import Job, Side, World
from bench.meter import Meter
from schemas.batch import Batch
from schemas.columns import ColumnDecoder
from schemas.decoders import Decoders
from schemas.landing import landing_stream
from schemas.registry import SchemaBook
from schemas.topics import ORDERS
from sinks.base import Insert
from sinks.clickhouse.client import Address
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.writer import ClickHouseWriter
from streams.engine.assembly import Partition
from streams.engine.dead_letters import DeadLetter
from streams.engine.lanes import by_partition
from streams.engine.metrics import Metrics
from streams.engine.policy import WAREHOUSE_BATCHES
from streams.engine.settings import Settings
from streams.engine.worker import Worker
from streams.warehouse.agents import Warehouse

PLAIN_BATCH: Final = 1_000
CHUNK: Final = 20_000


def plain(world: World, meter: Meter) -> None:
    """Faust's `take`, and clickhouse-connect's own insert of rows. At least once: nothing keeps a repeat out."""
    client = migrated(world).connect()
    app, read = plain_faust.app_of(world, "warehouse"), plain_faust.reader()

    @app.agent(plain_faust.source_of(app, world))
    async def orders(stream: faust.StreamT[bytes]) -> None:
        async for values in stream.take(PLAIN_BATCH, within=1.0):
            rows = [read(value) for value in values]
            names = list(rows[0])
            client.insert("orders_landing", [[row[name] for name in names] for row in rows], column_names=names)
            meter.add(len(rows))

    plain_faust.run(app, meter)


def kontor(world: World, meter: Meter) -> None:
    """The app as it ships: decode, bounds written down, insert under a token."""
    worker = Worker(f"{world.prefix}warehouse", Settings(kafka=world.kafka), WAREHOUSE_BATCHES)
    sink = ClickHouseWriter(migrated(world))

    async def letters(refused: Sequence[DeadLetter]) -> None:
        if refused:
            raise RuntimeError(f"refused: {refused}")

    async def commit(at: Partition, offset: int, metadata: str = "") -> None:
        await worker.consumer.commits.put(at, offset, metadata)

    warehouse = Warehouse(
        (ORDERS,),
        prefix=world.topic.removesuffix(ORDERS.name),
        decoders=Decoders(SchemaBook.from_files()),
        sink=sink,
        letters=letters,
        commit=commit,
        metrics=Metrics(CollectorRegistry()),
    )

    async def store(batch: Batch) -> None:
        await warehouse.store(batch)
        meter.add(len(batch))

    worker.attach(list(warehouse.topics), store, warehouse.close, by_partition)
    worker.on_assigned(warehouse.distrust)
    worker.on_assigned(meter.start)
    asyncio.run(worker.run())


def insert_only(world: World, meter: Meter) -> None:
    """The raw limit: streams that were made before the clock starts, inserted four at a time."""
    sink = ClickHouseWriter(migrated(world))
    inserts = _prepared(world)

    async def run() -> None:
        waiting = iter(inserts)

        async def work() -> None:
            for insert in waiting:
                await sink.insert(insert)
                meter.add(insert.rows)

        meter.start()
        await asyncio.gather(*(work() for _ in range(4)))

    asyncio.run(run())


def _prepared(world: World) -> list[Insert]:
    consumer, decoder = (
        Consumer({"bootstrap.servers": world.kafka, "group.id": "none"}),
        ColumnDecoder(ORDERS.name, SchemaBook.from_files()),
    )
    consumer.assign(
        [TopicPartition(world.topic, n, 0) for n in range(len(consumer.list_topics().topics[world.topic].partitions))]
    )
    found: list[Insert] = []
    while sum(insert.rows for insert in found) < world.events:
        values = [value for message in consumer.consume(CHUNK, 1.0) if (value := message.value()) is not None]
        if values:
            offsets = np.arange(len(values), dtype=np.int64)
            times = np.full(len(values), 1_795_000_000_000, np.int64)
            data = landing_stream(decoder.decode(values, offsets, times).frame, 0)
            found.append(Insert("orders_landing", f"raw:{len(found)}", data, len(values)))
    consumer.close()
    return found


def migrated(world: World) -> Address:
    """A database of this side's own."""
    address = Address(world.clickhouse_url, "default", "", world.prefix.strip("-"))
    for _ in migrate(address):
        pass
    return address


JOB: Final = Job(
    "warehouse",
    "orders into ClickHouse",
    (Side("plain Faust", plain, slow=True), Side("Kontor", kontor), Side("insert only", insert_only)),
)
