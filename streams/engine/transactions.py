"""One Kafka transaction for what lanes hand over (ADR 11): derived events, table changes and source offsets together or not at all.

Starting a writer with the `transactional.id` of another fences that one: what it left open is aborted, and it can commit nothing more.
Who fences whom is the business of `succession.py`.
"""

import asyncio
from collections.abc import Collection, Container, Mapping
from contextlib import suppress
from typing import Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.structs import TopicPartition

from streams.engine.assembly import Partition
from streams.engine.emits import Emit, Emits, by_partition
from streams.engine.quick_sender import begin_ahead, drop, quick, transaction
from streams.engine.record_batches import BATCH_BYTES, Records, send

TRANSACTION_TIMEOUT_MS: Final = 60_000
SETTLES: Final = 0.01
"""Seconds for the broker to write the markers of the transaction before: until then it would only answer "not yet"."""
AHEAD_AT_MOST: Final = 20.0
"""Seconds: a transaction that is begun ahead and not wanted by then is aborted; the broker would fence who keeps one open."""


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
        self._lately: frozenset[Partition] = frozenset()
        self._ended = 0.0
        self._beginning: asyncio.TimerHandle | None = None
        self._too_long: asyncio.TimerHandle | None = None
        self._dropping: asyncio.Task[None] | None = None

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

    def begin(self, numbers: Container[int]) -> None:
        """Beside the work that makes the next commit's records: tell the broker what it probably writes to, which is what the last one
        wrote to among the partitions of these numbers."""
        loop = asyncio.get_running_loop()
        if self._beginning is not None:
            self._beginning.cancel()
        self._beginning = loop.call_at(max(loop.time(), self._ended + SETTLES), self._begin, numbers)

    async def commit(
        self, records: Collection[Emit | Emits], offsets: Mapping[Partition, int]
    ) -> Mapping[Partition, int]:
        """Write all records and move the group to `offsets` (the next to read). Raises Fenced, WriterBroken: nothing happened; after
        a KafkaError whoever comes next finds out.

        Returns the offset behind the last record written to each partition: whoever reads on from there has missed nothing.
        """
        await self._count({each.topic for each in records if each.partition is None})
        self._forget_timers()
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
        async with transaction(self._producer):
            sent = [each for at, of_one in records.items() for each in await send(self._producer, at, of_one)]
            if offsets:
                await self._producer.send_offsets_to_transaction(
                    {TopicPartition(*at): offset for at, offset in offsets.items()}, self._group
                )
            await asyncio.gather(*(each.written for each in sent))
        self._lately = frozenset(records)
        self._ended = asyncio.get_running_loop().time()
        return {each.at: each.written.result().offset + each.records for each in sent}  # the last batch of each is last

    async def stop(self) -> None:
        self._forget_timers()
        if self._dropping is not None:
            self._dropping.cancel()
        await self._producer.stop()

    def _forget_timers(self) -> None:
        for timer in (self._beginning, self._too_long):
            if timer is not None:
                timer.cancel()
        self._beginning = self._too_long = None

    def _begin(self, numbers: Container[int]) -> None:
        self._beginning = None
        if self._broken or self._one.locked():
            return
        begin_ahead(self._producer, (at for at in self._lately if at.partition in numbers), self._group)
        if self._too_long is None:
            self._too_long = asyncio.get_running_loop().call_later(AHEAD_AT_MOST, self._give_back)

    def _give_back(self) -> None:
        self._too_long = None
        self._dropping = asyncio.create_task(self._dropped())

    async def _dropped(self) -> None:
        async with self._one:
            with suppress(KafkaError):  # the producer keeps what ended it, and the next commit raises it
                await drop(self._producer)

    async def _count(self, topics: set[str]) -> None:
        for topic in topics - self._partitions.keys():
            self._partitions[topic] = len(await self._producer.partitions_for(topic))
