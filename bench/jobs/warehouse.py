"""Events from Kafka into ClickHouse's typed table, to the acknowledged insert. CPU is the worker's own; ClickHouse's is not in it.

Orders are the widest rows of all, some sixty leaf columns with lists; payments are as most topics are.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
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
from schemas.topics import ORDERS, PAYMENTS, Topic
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
from streams.warehouse.landing import table_of

PLAIN_BATCH: Final = 1_000
CHUNK: Final = 20_000


def plain(topic: Topic, world: World, meter: Meter) -> None:
    """Faust's `take`, and clickhouse-connect's own insert of rows. At least once: nothing keeps a repeat out."""
    client = migrated(world).connect()
    app, read = plain_faust.app_of(world, "warehouse"), plain_faust.reader(topic.name)

    @app.agent(plain_faust.source_of(app, world))
    async def events(stream: faust.StreamT[bytes]) -> None:
        async for values in stream.take(PLAIN_BATCH, within=1.0):
            rows = [read(value) for value in values]
            names = list(rows[0])
            client.insert(table_of(topic.name), [[row[name] for name in names] for row in rows], column_names=names)
            meter.add(len(rows))

    plain_faust.run(app, meter)


def kontor(topic: Topic, world: World, meter: Meter) -> None:
    """The app as it ships: decode, bounds written down, insert under a token."""
    worker = Worker(f"{world.prefix}warehouse", Settings(kafka=world.kafka), WAREHOUSE_BATCHES)
    sink = ClickHouseWriter(migrated(world))

    async def letters(refused: Sequence[DeadLetter]) -> None:
        if refused:
            raise RuntimeError(f"refused: {refused}")

    async def commit(at: Partition, offset: int, metadata: str = "") -> None:
        await worker.consumer.commits.put(at, offset, metadata)

    warehouse = Warehouse(
        (topic,),
        prefix=world.topic.removesuffix(topic.name),
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


def insert_only(topic: Topic, world: World, meter: Meter) -> None:
    """The raw limit: streams that were made before the clock starts, inserted four at a time."""
    sink = ClickHouseWriter(migrated(world))
    inserts = _prepared(topic, world)

    async def run() -> None:
        waiting = iter(inserts)

        async def work() -> None:
            for insert in waiting:
                await sink.insert(insert)
                meter.add(insert.rows)

        meter.start()
        await asyncio.gather(*(work() for _ in range(4)))

    asyncio.run(run())


def _prepared(topic: Topic, world: World) -> list[Insert]:
    consumer, decoder = (
        Consumer({"bootstrap.servers": world.kafka, "group.id": "none"}),
        ColumnDecoder(topic.name, SchemaBook.from_files()),
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
            found.append(Insert(table_of(topic.name), f"raw:{len(found)}", data, len(values)))
    consumer.close()
    return found


def migrated(world: World) -> Address:
    """A database of this side's own."""
    address = Address(world.clickhouse_url, "default", "", world.prefix.strip("-"))
    for _ in migrate(address):
        pass
    return address


def _job(name: str, topic: Topic) -> Job:
    sides = ("plain Faust", plain, True), ("Kontor", kontor, False), ("insert only", insert_only, False)
    return Job(
        name,
        f"{topic.name} into ClickHouse",
        tuple(Side(title, partial(program, topic), slow=slow) for title, program, slow in sides),
        topic,
    )


JOBS: Final = (_job("warehouse", ORDERS), _job("payments", PAYMENTS))
