"""Compacted topics read as a whole by every worker: lookups, as Kafka Streams' global tables.

Not part of any transaction and not in step with the log: whoever decides by a lookup must record the decision. Before the first
question everything that was there at the start has been read; after that it lags by a fetch.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.structs import TopicPartition

from schemas.batch import Batch, OffsetRange
from streams.engine.schema_ids import Ahead, nothing_ahead

log = structlog.get_logger(__name__)

FETCH_RECORDS: Final = 20_000

Apply = Callable[[Batch], None]


class TopicFollower:
    """`applies`: full topic name -> what is done with its batches. One owner; `start`, then `follow` as a task, then `stop`."""

    def __init__(self, servers: str, applies: Mapping[str, Apply], ahead: Ahead = nothing_ahead) -> None:
        self._servers = servers
        self._applies = applies
        self._ahead = ahead
        self._consumer: AIOKafkaConsumer | None = None

    async def start(self) -> None:
        """Returns when everything that is there now has been applied."""
        consumer = AIOKafkaConsumer(
            *self._applies,  # without a group: all partitions, from the beginning
            bootstrap_servers=self._servers,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
        )
        await consumer.start()
        self._consumer = consumer
        partitions = sorted(consumer.assignment())
        missing = set(self._applies) - {at.topic for at in partitions}
        if missing:
            raise LookupError(f"there is no topic {', '.join(sorted(missing))}: kontor topics ensure")
        ends = await consumer.end_offsets(partitions)
        records = 0
        while [at for at in partitions if await consumer.position(at) < ends[at]]:
            records += await self._fetch(consumer)
        log.info("lookups read", topics=len(self._applies), records=records)

    async def follow(self) -> None:
        """Go on until cancelled."""
        while self._consumer is not None:
            await self._fetch(self._consumer)

    async def stop(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    async def _fetch(self, consumer: AIOKafkaConsumer) -> int:
        fetched = await consumer.getmany(timeout_ms=200, max_records=FETCH_RECORDS)
        for at, records in fetched.items():
            batch = _batch(at, records)
            await self._ahead(batch)
            await asyncio.to_thread(self._applies[at.topic], batch)
        return sum(map(len, fetched.values()))


def _batch(at: TopicPartition, records: list[ConsumerRecord]) -> Batch:
    return Batch(
        OffsetRange(at.topic, at.partition, records[0].offset, records[-1].offset),
        [record.offset for record in records],
        [record.timestamp for record in records],
        [record.key for record in records],
        [record.value for record in records],
    )
