"""What a transaction costs: the same step, tables and outputs with one transaction per batch, and without any.

Without: an idempotent producer, then the offsets, so that a crash between them doubles what was sent. Batches of two sizes, because
the cost is per batch. Both sides write to the same topics' partitions with the same code, apart from the commit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

import polars as pl
from aiokafka import AIOKafkaProducer

from bench.job import Job, Side, World
from bench.meter import Meter
from schemas.batch import Batch
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import INVENTORY_CHANGELOG, ORDERS, STOCK_LEVELS
from streams.engine.assembly import Partition
from streams.engine.emits import Emit
from streams.engine.lanes import by_partition_number
from streams.engine.policy import BatchPolicy
from streams.engine.record_batches import BATCH_BYTES
from streams.engine.settings import Settings
from streams.engine.state import State, TableSpec
from streams.engine.transactions import TransactionalWriter
from streams.engine.worker import Worker

RESERVED: Final[TableSpec[int]] = TableSpec("reserved", lambda units: b"%d" % units, int)
SMALL, LARGE = 500, 4_000  # records in a batch

Commit = Callable[[Sequence[Emit], Partition, int], Awaitable[object]]
Start = Callable[[Worker, int], Awaitable[Commit]]


def program(start: Start, records: int, world: World, meter: Meter) -> None:
    """Units reserved per sku: a row changed and a level told for every sku of a batch."""
    worker = Worker(f"{world.prefix}reserved", Settings(kafka=world.kafka), BatchPolicy(records, 8 << 20, linger=0.0))
    decoders = Decoders(SchemaBook.from_files())
    states: dict[int, State] = {}
    commits: dict[int, Commit] = {}

    def step(state: State, batch: Batch) -> list[Emit]:
        lines = decoders.decode(ORDERS.name, batch).frame.select("lines").explode("lines").unnest("lines")
        reserved = state.table(RESERVED)
        number = batch.span.partition
        for sku, units in lines.group_by("sku").agg(pl.col("quantity").sum()).iter_rows():
            reserved[sku] = reserved.get(sku, 0) + units
        changes = state.changes()
        levels = [Emit(world.catalogue_prefix + STOCK_LEVELS.name, key, row, number) for key, row in changes]
        return levels + [
            Emit(world.catalogue_prefix + INVENTORY_CHANGELOG.name, key, row, number) for key, row in changes
        ]

    async def handle(batch: Batch) -> None:
        number = batch.span.partition
        emits = await asyncio.to_thread(step, states[number], batch)
        await commits[number](emits, Partition(batch.span.topic, number), batch.span.last + 1)
        meter.add(len(batch))

    async def idle(batch: Batch) -> None:
        """Committed already."""

    async def take_over(numbers: frozenset[int]) -> None:
        for number in numbers:
            states[number], commits[number] = State([RESERVED]), await start(worker, number)

    worker.attach([world.topic], handle, idle, by_partition_number)
    worker.on_taking_over(take_over)
    worker.on_assigned(meter.start)
    asyncio.run(worker.run())


async def with_transactions(worker: Worker, number: int) -> Commit:
    writer = await TransactionalWriter.start(worker.settings.kafka, f"{worker.name}-{number}", worker.name)

    async def commit(emits: Sequence[Emit], source: Partition, offset: int) -> None:
        await writer.commit(emits, {source: offset})

    return commit


async def without(worker: Worker, _number: int) -> Commit:
    producer = AIOKafkaProducer(
        bootstrap_servers=worker.settings.kafka, enable_idempotence=True, max_batch_size=BATCH_BYTES, linger_ms=0
    )
    await producer.start()

    async def commit(emits: Sequence[Emit], source: Partition, offset: int) -> None:
        by_topic: dict[str, list[Emit]] = {}
        for emit in emits:
            by_topic.setdefault(emit.topic, []).append(emit)
        sent = []
        for topic, records in by_topic.items():
            batch = producer.create_batch()
            for record in records:
                batch.append(key=record.key, value=record.value, timestamp=None)
            batch.close()
            sent.append(await producer.send_batch(batch, topic, partition=source.partition))
        await asyncio.gather(*sent)
        await worker.consumer.commits.put(source, offset)

    return commit


JOB: Final = Job(
    "transactions",
    "the cost of a transaction per batch, by records in a batch",
    (
        Side(f"{LARGE:,} without", partial(program, without, LARGE)),
        Side(f"{LARGE:,} with", partial(program, with_transactions, LARGE)),
        Side(f"{SMALL:,} without", partial(program, without, SMALL)),
        Side(f"{SMALL:,} with", partial(program, with_transactions, SMALL)),
    ),
)
