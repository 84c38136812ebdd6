"""Orders from Kafka into Python values: nothing is done with them."""

import asyncio
from typing import Final

import faust
import numpy as np
from confluent_kafka import Consumer, TopicPartition

from bench import plain_faust
from bench.job import Job, Side, World
from bench.meter import Meter
from schemas.batch import Batch
from schemas.columns import ColumnDecoder
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import ORDERS
from streams.engine.assembly import Partition
from streams.engine.lanes import by_partition
from streams.engine.policy import BatchPolicy
from streams.engine.settings import Settings
from streams.engine.worker import Worker

BATCHES: Final = BatchPolicy(max_records=20_000, max_bytes=8 << 20, linger=0.1)
CHUNK: Final = 20_000


def plain(world: World, meter: Meter) -> None:
    app, read = plain_faust.app_of(world, "decode"), plain_faust.reader()

    @app.agent(plain_faust.source_of(app, world))
    async def orders(stream: faust.StreamT[bytes]) -> None:
        async for value in stream:
            read(value)
            meter.add(1)

    plain_faust.run(app, meter)


def kontor(world: World, meter: Meter) -> None:
    """The engine as the apps use it: lanes, decoding in threads, a commit for every batch."""
    worker = Worker(f"{world.prefix}decode", Settings(kafka=world.kafka), BATCHES)
    decoders = Decoders(SchemaBook.from_files())

    async def handle(batch: Batch) -> None:
        decoded = await asyncio.to_thread(decoders.decode, ORDERS.name, batch)
        if decoded.bad or decoded.frame.height != len(batch):
            raise RuntimeError(f"{batch.span}: {len(decoded.bad)} records refused")
        await worker.consumer.commits.put(Partition(batch.span.topic, batch.span.partition), batch.span.last + 1)
        meter.add(len(batch))

    async def idle(batch: Batch) -> None:
        """Committed already."""

    worker.attach([world.topic], handle, idle, by_partition)
    worker.on_assigned(meter.start)
    asyncio.run(worker.run())


def librdkafka(world: World, meter: Meter) -> None:
    """The raw limit: fetched, and looked at by nobody."""
    consumer = _consumer(world, meter)
    while True:
        meter.add(len(consumer.consume(CHUNK, 0.1)))


def librdkafka_decoded(world: World, meter: Meter) -> None:
    """The raw limit of consume and decode: one decode per chunk, no engine, no commit."""
    consumer, decoder = _consumer(world, meter), ColumnDecoder(ORDERS.name, SchemaBook.from_files())
    while True:
        messages = consumer.consume(CHUNK, 0.1)
        if messages:
            offsets = np.arange(len(messages), dtype=np.int64)
            times = np.fromiter((message.timestamp()[1] for message in messages), np.int64, len(messages))
            decoder.decode([message.value() for message in messages], offsets, times)
            meter.add(len(messages))


def _consumer(world: World, meter: Meter) -> Consumer:
    consumer = Consumer(
        {
            "bootstrap.servers": world.kafka,
            "group.id": f"{world.prefix}raw",
            "auto.offset.reset": "earliest",
            "queued.min.messages": 200_000,
            "fetch.queue.backoff.ms": 5,
        }
    )

    def assigned(_: Consumer, __: list[TopicPartition]) -> None:
        meter.start()

    consumer.subscribe([world.topic], on_assign=assigned)
    return consumer


JOB: Final = Job(
    "decode",
    "consume and decode orders",
    (
        Side("plain Faust", plain, slow=True),
        Side("Kontor", kontor),
        Side("librdkafka, decoded in columns", librdkafka_decoded),
        Side("librdkafka, not decoded", librdkafka),
    ),
    expected=30.0,
)
