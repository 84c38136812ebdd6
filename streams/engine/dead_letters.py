"""Where a record goes that cannot be used: its bytes and headers untouched, with the reason, acknowledged before anything follows.

Headers are Kafka Connect's names (`__connect.errors.*`, DeadLetterQueueReporter) and ours (`dlq.*`). The key is
`topic/partition/offset` of the source, so a letter that is sent again after a crash is the same letter.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from aiokafka import AIOKafkaProducer

from schemas.batch import Headers
from schemas.letters import APP, KEY, MESSAGE, OFFSET, PARTITION, REASON, STAGE, TIMESTAMP, TOPIC
from streams.engine.assembly import Partition
from streams.engine.record_batches import BATCH_BYTES, Records, send

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One record that was refused. reason: a code of the closed list; message: what a person reads; timestamp: ms."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    reason: str
    message: str
    stage: str

    @property
    def coordinates(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    def all_headers(self, app: str) -> list[tuple[str, bytes]]:
        """The record's own headers first, then why and where from. The key travels as a header: ours is the source."""
        ours = {
            TOPIC: self.topic,
            PARTITION: str(self.partition),
            OFFSET: str(self.offset),
            STAGE: self.stage,
            MESSAGE: self.message[:2_000],
            REASON: self.reason,
            APP: app,
            TIMESTAMP: str(self.timestamp),
        }
        headers = [*self.headers, *((name, text.encode()) for name, text in ours.items())]
        if self.key is not None:
            headers.append((KEY, self.key))
        return headers


class DeadLetterOffice:
    """Sends letters to one topic. `send` returns when the broker has them all; it raises where it does not.

    Letters are packed and know no limit of ours: the broker weighs what was packed, so a record of many equal bytes may be far larger
    than its limits say, and would stop its worker for ever if its letter were held to them unpacked.
    """

    def __init__(self, app: str, topic: str, servers: str) -> None:
        self._app = app
        self._topic = topic
        self._servers = servers
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        if not letters:
            return
        producer = await self._started()
        partitions = len(await producer.partitions_for(self._topic))
        by_partition: defaultdict[int, list[DeadLetter]] = defaultdict(list)
        for letter in letters:
            by_partition[letter.partition % partitions].append(letter)
        sent = [
            each
            for number, found in by_partition.items()
            for each in await send(producer, Partition(self._topic, number), self._records(found))
        ]
        await asyncio.gather(*(each.written for each in sent))

    async def stop(self) -> None:
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    def _records(self, letters: Sequence[DeadLetter]) -> Records:
        return Records(
            [letter.coordinates.encode() for letter in letters],
            [letter.value for letter in letters],
            [letter.all_headers(self._app) for letter in letters],
        )

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._servers,
                    enable_idempotence=True,
                    acks="all",
                    max_batch_size=BATCH_BYTES,
                    compression_type="zstd",
                )
                await producer.start()
                self._producer = producer
        return self._producer
