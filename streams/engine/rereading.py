"""Reads a stretch of a partition again, outside the group and beside the lanes: for a destination that has lost it.

Committed records only. For one thread, and not the event loop's: every call may wait.
"""

import asyncio
from dataclasses import replace
from time import monotonic
from typing import Final, Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.batch import Batch, OffsetRange
from streams.engine.log_offsets import LATEST, asked
from streams.engine.schema_ids import Ahead

POLL: Final = 0.2  # seconds; a fetch that finds records answers at once
SETTLED_WITHIN: Final = 5.0  # seconds


class LogAway(Exception):
    """Kafka did not answer; ask again."""


class Rereader:
    """A place in one partition at a time; going on from there costs nothing, going elsewhere a fetch."""

    def __init__(self, consumer: Consumer, timeout: float) -> None:
        self._consumer = consumer
        self._timeout = timeout
        self._next: TopicPartition | None = None

    @classmethod
    def connect(cls, servers: str, timeout: float = 5.0) -> Self:
        """`timeout` in seconds without any answer. Nothing is contacted before the first call."""
        consumer = Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": "kontor-reread",  # a name librdkafka wants; nothing is committed under it
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",  # of a span whose beginning the log has lost, the rest
                "queued.max.messages.kbytes": 16_384,
                "fetch.queue.backoff.ms": 5,
                "fetch.wait.max.ms": 20,  # the next partition's fetch waits behind one that found nothing
            }
        )
        return cls(consumer, timeout)

    def since(self, topic: str, partition: int, time_ms: int) -> int:
        """The first offset of a record published at that time or later; the log's end where there is none. Raises LogAway."""
        try:
            at = topic, partition
            offset = asked(self._consumer, [at], max(time_ms, 0), self._timeout)[at]
            return offset if offset >= 0 else asked(self._consumer, [at], LATEST, self._timeout)[at]
        except KafkaException as error:
            raise LogAway(str(error)) from error

    def read(self, span: OffsetRange, most: int) -> Batch | None:
        """The first records of the span that the log still has, `most` at most; None where it has none. Raises LogAway."""
        self._go_to(span)
        most = min(most, span.last - span.first + 1)  # librdkafka waits for as many as it is asked for
        found: list[Message] = []
        ended = False
        deadline = monotonic() + self._timeout
        while not found and not ended:
            for message in self._consumer.consume(most, POLL):
                ended = ended or self._is_end(message) or _offset(message) > span.last
                if not ended:
                    found.append(message)
            if not found and not ended and monotonic() > deadline:
                raise LogAway(f"{span}: nothing came for {self._timeout:.0f} s")
        if found and not ended:
            self._next = TopicPartition(span.topic, span.partition, _offset(found[-1]) + 1)
        return _batch(span, found) if found else None

    def close(self) -> None:
        self._consumer.close()

    def _go_to(self, span: OffsetRange) -> None:
        wanted = TopicPartition(span.topic, span.partition, span.first)
        if self._next is None or (self._next, self._next.offset) != (wanted, wanted.offset):
            self._consumer.assign([wanted])
        self._next = None  # known again when this call has gone well

    def _is_end(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return False
        if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's name for it
            raise LogAway(str(error))
        return True


class Decodable:
    """A rereader whose batches a decoder can read: their schema ids are settled as those of the lanes are, on the worker's loop."""

    def __init__(self, log: Rereader, ahead: Ahead, loop: asyncio.AbstractEventLoop) -> None:
        self._log = log
        self._ahead = ahead
        self._loop = loop

    def since(self, topic: str, partition: int, time_ms: int) -> int:
        """As Rereader's."""
        return self._log.since(topic, partition, time_ms)

    def read(self, span: OffsetRange, most: int) -> Batch | None:
        """As Rereader's; LogAway also where the registry does not answer."""
        batch = self._log.read(span, most)
        if batch is not None:
            settling = asyncio.run_coroutine_threadsafe(self._settle(batch), self._loop)
            try:
                settling.result(SETTLED_WITHIN)
            except TimeoutError as error:
                settling.cancel()
                raise LogAway(f"{span}: the registry does not answer") from error
        return batch

    async def _settle(self, batch: Batch) -> None:
        await self._ahead(batch)


def _offset(message: Message) -> int:
    offset = message.offset()
    assert offset is not None
    return offset


def _batch(span: OffsetRange, found: list[Message]) -> Batch:
    offsets = [_offset(message) for message in found]
    return Batch(
        replace(span, first=offsets[0], last=offsets[-1]),
        offsets,
        [message.timestamp()[1] for message in found],
        [message.key() for message in found],
        [message.value() for message in found],
    )
