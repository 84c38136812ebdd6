"""One Kafka transaction for what lanes hand over (ADR 11): derived events, table changes and source offsets together or not at all.

Starting a writer with the `transactional.id` of another fences that one: what it left open is aborted, and it can commit nothing more.
Who fences whom is the business of `succession.py`.
"""

import asyncio
import zlib
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.structs import TopicPartition

from streams.engine.assembly import Partition
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


class Emit(NamedTuple):
    """One record to write. partition None: by CRC-32 of the key, librdkafka's way. value None deletes in a compacted topic."""

    topic: str
    key: bytes
    value: bytes | None
    partition: int | None = None


class Emits(NamedTuple):
    """Records to write to one topic, in this order; as so many `Emit`, without an object for each."""

    topic: str
    keys: Sequence[bytes]
    values: Sequence[bytes | None]
    partition: int | None = None

    def each(self) -> Iterator[Emit]:
        for key, value in zip(self.keys, self.values, strict=True):
            yield Emit(self.topic, key, value, self.partition)


class _Columns(NamedTuple):
    """The records of one partition."""

    keys: list[bytes]
    values: list[bytes | None]

    def extend(self, more: "_Columns") -> None:
        self.keys.extend(more.keys)
        self.values.extend(more.values)


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
        self, records: Iterable[Emit | Emits], offsets: Mapping[Partition, int]
    ) -> Mapping[Partition, int]:
        """Write all records and move the group to `offsets` (the next to read). Raises Fenced, WriterBroken: nothing happened; after
        a KafkaError whoever comes next finds out.

        Returns the offset behind the last record written to each partition: whoever reads on from there has missed nothing.
        """
        by_partition = await self._by_partition(records)
        self._forget_timers()
        async with self._one:
            if self._broken:
                raise WriterBroken
            try:
                return await self._in_one(by_partition, offsets)
            except BaseException as error:
                self._broken = True
                if isinstance(error, ProducerFenced):
                    raise Fenced(str(error)) from error
                raise

    async def _in_one(
        self, by_partition: Mapping[Partition, _Columns], offsets: Mapping[Partition, int]
    ) -> Mapping[Partition, int]:
        async with transaction(self._producer):
            sent = [
                each for at, batch in by_partition.items() for each in await send(self._producer, at, Records(*batch))
            ]
            if offsets:
                await self._producer.send_offsets_to_transaction(
                    {TopicPartition(*at): offset for at, offset in offsets.items()}, self._group
                )
            await asyncio.gather(*(each.written for each in sent))
        self._lately = frozenset(by_partition)
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
            try:
                await drop(self._producer)
            except KafkaError:
                self._broken = True  # told by the next commit

    async def _by_partition(self, records: Iterable[Emit | Emits]) -> Mapping[Partition, _Columns]:
        found: defaultdict[tuple[str, int], _Columns] = defaultdict(lambda: _Columns([], []))
        for each in records:
            count = (
                0 if each.partition is not None else self._partitions.get(each.topic) or await self._count(each.topic)
            )
            if isinstance(each, Emit):
                there = found[each.topic, zlib.crc32(each.key) % count if each.partition is None else each.partition]
                there.keys.append(each.key)
                there.values.append(each.value)
            elif each.partition is None:
                for number, columns in _by_key(each, count).items():
                    found[each.topic, number].extend(columns)
            else:
                found[each.topic, each.partition].extend(_Columns([*each.keys], [*each.values]))
        return {Partition(*at): batch for at, batch in found.items()}

    async def _count(self, topic: str) -> int:
        self._partitions[topic] = len(await self._producer.partitions_for(topic))
        return self._partitions[topic]


def _by_key(records: Emits, partitions: int) -> dict[int, _Columns]:
    """The records of each partition, in their order."""
    found = [_Columns([], []) for _ in range(partitions)]
    for key, value in zip(records.keys, records.values, strict=True):
        keys, values = found[zlib.crc32(key) % partitions]
        keys.append(key)
        values.append(value)
    return {number: columns for number, columns in enumerate(found) if columns.keys}
