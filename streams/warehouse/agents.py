"""Every topic into ClickHouse, each record once: decode, park what is bad, write the bounds down, insert, go on.

The order of the steps is the guarantee. Dead letters are acknowledged before the bounds are written, bounds before the insert;
a crash anywhere repeats the batch at the same cut under the same tokens.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from time import monotonic
from typing import Final, Protocol

import stamina
import structlog

from schemas.batch import Batch
from schemas.decoders import Decoders
from schemas.topics import Topic
from sinks.base import Insert, InsertRefused, Sink, SinkBusy
from streams.engine.assembly import Partition
from streams.engine.dead_letters import DeadLetter
from streams.engine.fuse import NO_FUSE, Fuse, FuseBlown
from streams.engine.lanes import by_partition
from streams.engine.metrics import Metrics
from streams.engine.waits import Waits
from streams.engine.worker import Worker
from streams.warehouse import landing
from streams.warehouse.landing import Prepared

log = structlog.get_logger(__name__)


REPAIRS: Final = 5
PREPARED_AT_ONCE: Final = 2
"""Batches side by side while they are columns: several times the bytes they were cut by, outside of the budget of what was fetched."""
DESTINATION: Final = "clickhouse"


class Commit(Protocol):
    async def __call__(self, at: Partition, offset: int, metadata: str = "") -> None:
        """Returns when the group has it; raises PartitionLost."""


SendLetters = Callable[[Sequence[DeadLetter]], Awaitable[None]]


class Warehouse:
    """What one worker of this app does with a batch."""

    def __init__(
        self,
        topics: Sequence[Topic],
        *,
        prefix: str,
        decoders: Decoders,
        sink: Sink,
        letters: SendLetters,
        commit: Commit,
        metrics: Metrics,
        fuse: Fuse | None = None,
        waits: Waits | None = None,
    ) -> None:
        self.topics = {prefix + topic.name: topic for topic in topics}
        self._decoders = decoders
        self._sink = sink
        self._send_letters = letters
        self._commit = commit
        self._metrics = metrics
        self._fuse = fuse or Fuse(NO_FUSE)
        self._waits = waits or Waits(metrics.waiting_on)
        self._preparing = asyncio.Semaphore(PREPARED_AT_ONCE)
        self._trusted: set[Partition] = (
            set()
        )  # whose last insert was answered to this worker, since it got the partition

    def distrust(self) -> None:
        """Partitions were dealt out anew: another owner's last insert may not have been answered."""
        self._trusted.clear()
        self._metrics.stopped.clear()

    async def store(self, batch: Batch) -> None:
        """Every record of the batch into ClickHouse or the dead letters, and the way back written down before."""
        topic, at = self.topics[batch.span.topic], _at(batch)
        started = monotonic()
        prepared = await self._prepare(topic, batch)
        self._check_fuse(batch, prepared.letters)
        await self._send_letters(prepared.letters)
        bounds = landing.bounds_of(batch)
        await self._commit(at, bounds.lo, bounds.metadata())
        answered = [await self._insert(topic, insert) for insert in prepared.inserts]
        if at not in self._trusted or not all(answered):
            await self._repair(topic, batch, prepared.offsets)
            self._trusted.add(at)
        self._metrics.handled(batch, prepared.letters, monotonic() - started)

    async def close(self, batch: Batch) -> None:
        """Nothing waits behind this batch: say that it is done, so that an idle partition shows no lag."""
        await self._commit(_at(batch), batch.span.last + 1)

    def _check_fuse(self, batch: Batch, letters: Sequence[DeadLetter]) -> None:
        try:
            self._fuse.check(batch, letters)
        except FuseBlown:
            self._metrics.stopped.labels(*_at(batch)).set(1)
            raise

    async def _prepare(self, topic: Topic, batch: Batch, why: str = "") -> Prepared:
        async with self._preparing:
            return await asyncio.to_thread(landing.prepare, topic, batch, self._decoders, why=why)

    async def _insert(self, topic: Topic, insert: Insert) -> bool:
        """Until ClickHouse has it: back-pressure holds the partition, and only this one. False where an answer was missed."""
        tries = 0
        with self._waits.until_answered(DESTINATION) as failed:
            async for attempt in _until_answered():
                with attempt:
                    tries = attempt.num
                    if tries > 1:
                        failed()
                        self._metrics.waiting.labels(topic.name).inc()
                    await self._sink.insert(insert)
        return tries == 1

    async def _repair(self, topic: Topic, batch: Batch, wanted: frozenset[int]) -> None:
        """A ClickHouse that was killed in an insert may know the token and not have the rows: what is missing goes in again."""
        for turn in range(1, REPAIRS + 1):
            missing = wanted - await self._stored(topic, batch)
            if not missing:
                return
            log.warning("rows missing behind a known token, inserted again", span=str(batch.span), rows=len(missing))
            self._metrics.repaired.labels(topic.name).inc(len(missing))
            again = await self._prepare(topic, landing.only(batch, missing), f":repair{turn}")
            for insert in again.inserts:
                await self._insert(topic, insert)
        if missing := wanted - await self._stored(topic, batch):
            raise InsertRefused(f"{batch.span}: {len(missing)} rows are missing after {REPAIRS} repairs")

    async def _stored(self, topic: Topic, batch: Batch) -> frozenset[int]:
        with self._waits.until_answered(DESTINATION) as failed:
            async for attempt in _until_answered():
                with attempt:
                    if attempt.num > 1:
                        failed()
                    return await self._sink.stored(landing.raw_table_of(topic.name), batch.span)
        raise AssertionError("retried without end")


def attach(worker: Worker, warehouse: Warehouse) -> None:
    worker.attach(list(warehouse.topics), warehouse.store, warehouse.close, by_partition)
    worker.on_assigned(warehouse.distrust)


def _until_answered() -> AsyncIterator[stamina.Attempt]:
    return stamina.retry_context(on=SinkBusy, attempts=None, timeout=None, wait_max=5.0)


def _at(batch: Batch) -> Partition:
    return Partition(batch.span.topic, batch.span.partition)
