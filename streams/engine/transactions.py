"""One Kafka transaction for what lanes hand over (ADR 11): derived events, table changes and source offsets together or not at all.

Starting a writer with the `transactional.id` of another fences that one: what it left open is aborted, and it can commit nothing more.
Who fences whom is the business of `succession.py`.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import ProducerFenced
from aiokafka.structs import TopicPartition

from streams.engine.assembly import Partition
from streams.engine.emits import Emit, Emits, by_partition
from streams.engine.quick_sender import quick
from streams.engine.record_batches import BATCH_BYTES, Records, send

TRANSACTION_TIMEOUT_MS: Final = 60_000


class Fenced(Exception):
    """Another worker writes for a partition of ours now: nothing of this transaction happened, nothing of ours will."""


class WriterBroken(Exception):
    """A transaction of this writer has failed before: it writes nothing more."""


class TransactionalWriter:
    """What one worker writes, one transaction after the other in the order they were asked for."""

    def __init__(self, producer: AIOKafkaProducer, group: str) -> None:
        self._producer = producer
        self._group = group
        self._partitions: dict[str, int] = {}
        self._one = asyncio.Lock()
        self._broken = False

    @classmethod
    async def start(cls, servers: str, transactional_id: str, group: str) -> Self:
        """Fences the previous writer and ends what it left open; returns when the broker has done so."""
        producer = quick(
            AIOKafkaProducer(
                bootstrap_servers=servers,
                transactional_id=transactional_id,
                transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
                max_batch_size=BATCH_BYTES,
                linger_ms=0,
            )
        )
        await producer.start()
        return cls(producer, group)

    async def commit(
        self, records: Collection[Emit | Emits], offsets: Mapping[Partition, int]
    ) -> Mapping[Partition, int]:
        """Write all records and move the group to `offsets` (the next to read). Raises Fenced, WriterBroken: nothing happened; after
        a KafkaError whoever comes next finds out.

        Returns the offset behind the last record written to each partition: whoever reads on from there has missed nothing.
        """
        await self._count({each.topic for each in records if each.partition is None})
        async with self._one:
            if self._broken:
                raise WriterBroken
            try:
                return await self._in_one(by_partition(records, self._partitions), offsets)
            except BaseException as error:
                self._broken = True
                if isinstance(error, ProducerFenced):
                    raise Fenced(str(error)) from error
                raise

    async def _in_one(
        self, records: Mapping[Partition, Records], offsets: Mapping[Partition, int]
    ) -> Mapping[Partition, int]:
        async with self._producer.transaction():
            sent = [each for at, of_one in records.items() for each in await send(self._producer, at, of_one)]
            if offsets:
                await self._producer.send_offsets_to_transaction(
                    {TopicPartition(*at): offset for at, offset in offsets.items()}, self._group
                )
            await asyncio.gather(*(each.written for each in sent))
        return {each.at: each.written.result().offset + each.records for each in sent}  # the last batch of each is last

    async def stop(self) -> None:
        await self._producer.stop()

    async def _count(self, topics: set[str]) -> None:
        for topic in topics - self._partitions.keys():
            self._partitions[topic] = len(await self._producer.partitions_for(topic))
