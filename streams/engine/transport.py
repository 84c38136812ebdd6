"""Faust's transport with one stream event for the batches of a topic, each of one partition.

Faust keeps the group membership, the agents and their queues. Fetching, cutting, positions and commits are ours: a batch is the
unit, its bounds or its transaction decide what is committed, so Faust's acks, gaps and periodic commits (faust-streaming #606,
#316, #502) are out of the picture.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple, TypeVar, cast

import aiokafka
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, AppT, ConsumerMessage
from faust.types.transports import TransportT

from schemas.batch import Batch
from streams.engine import bounds, membership
from streams.engine.assembly import Assembler, Partition
from streams.engine.column_fetch import COLUMNS
from streams.engine.commits import Commits, PartitionLost
from streams.engine.committed import committed
from streams.engine.policy import BatchPolicy
from streams.engine.watchdog import Standing

T = TypeVar("T")
FETCH_BYTES = 4 << 20  # of one partition in one fetch, at most
FETCH_BUFFERS = 64 << 20  # aiokafka keeps one fetch of every partition beside what is held here
LEAST_FETCH_BYTES = 64 << 10
FETCH_WAIT_MS = 50
"""The broker answers as soon as there is a byte of what it was asked for; a partition that had enough out joins the next fetch."""
FETCH_RECORDS = 20_000
PACE = 0.025
PACE_OF_LITTLE = 0.1
"""Seconds between fetches while batches are out, and after one that brought little: each costs the same for little, and what comes
waits for its lane anyway."""
LITTLE = 256 << 10  # bytes
HURRIED = 2
"""Fetches without a pause before lanes are free: the first is what aiokafka asked for after the last one, the second what came since."""
SHORTEST_WAIT = 0.001
IDLE_WAIT = 1.0
BUSY_WAIT = 0.02  # seconds to wait for some partitions while others have enough here: these may be wanted any moment
MEMORY_BUDGET = 256 << 20
NO_POLL_LIMIT_MS = (1 << 31) - 1  # a destination may be away for hours; who does nothing is the watchdog's business

BeforeLeaving = Callable[[], Awaitable[None]]


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that owns aiokafka's consumer."""

    def _create_worker_consumer(self, transport: "driver.Transport") -> aiokafka.AIOKafkaConsumer:
        conf = self.app.conf
        self._assignor = RangePartitionAssignor  # equal partition numbers of all topics go to the same worker
        return aiokafka.AIOKafkaConsumer(
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id or None,
            partition_assignment_strategy=[self._assignor],
            key_deserializer=COLUMNS,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_poll_records=FETCH_RECORDS,
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_bytes=FETCH_BUFFERS,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            check_crcs=conf.broker_check_crcs,
            request_timeout_ms=_ms(conf.broker_request_timeout),
            session_timeout_ms=_ms(conf.broker_session_timeout),
            rebalance_timeout_ms=_ms(conf.broker_rebalance_timeout),
            heartbeat_interval_ms=_ms(conf.broker_heartbeat_interval),
            max_poll_interval_ms=NO_POLL_LIMIT_MS,
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
            connections_max_idle_ms=conf.consumer_connections_max_idle_ms,
        )

    async def on_thread_stop(self) -> None:
        try:
            if self._consumer is not None:
                await membership.end(self._consumer)
        finally:
            await super().on_thread_stop()

    async def run_here(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on this thread's loop. Unlike Faust's method queue nothing waits behind a fetch that is under way."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.thread_loop))

    async def commit_with_metadata(self, offsets: Mapping[Partition, tuple[int, str]]) -> None:
        await self._ensure_consumer().commit(
            {TopicPartition(*at): OffsetAndMetadata(offset, metadata) for at, (offset, metadata) in offsets.items()}
        )

    async def standings(self) -> dict[Partition, tuple[int, int, int]]:
        """Of every partition that is ours: committed offset as the broker has it, our position, and the end of the log."""
        consumer = self._ensure_consumer()
        assigned = list(consumer.assignment())
        if not assigned:
            return {}
        done_by_group = await committed(consumer._coordinator, assigned)  # noqa: SLF001 - `committed()` asks one by one
        ends = await consumer.end_offsets(assigned)
        found = {}
        for tp in assigned:
            done = done_by_group[tp].offset if tp in done_by_group else -1
            found[Partition(*tp)] = (done, await consumer.position(tp), ends[tp])
        return found

    async def seek_committed(self, assigned: Iterable[TP]) -> dict[TP, OffsetAndMetadata]:
        """Put every partition at its committed offset, or at its beginning, and tell what was committed."""
        consumer = self._ensure_consumer()
        wanted = [TopicPartition(tp.topic, tp.partition) for tp in assigned]
        found = await committed(consumer._coordinator, wanted)  # noqa: SLF001 - `committed()` drops the metadata
        for tp, om in found.items():
            consumer.seek(tp, om.offset)
        consumer._fetcher._max_partition_fetch_bytes = fetch_bytes(len(wanted))  # noqa: SLF001 - aiokafka fixes it at start
        fresh = [tp for tp in wanted if tp not in found]
        if fresh:
            await consumer.seek_to_beginning(*fresh)
        return {TP(tp.topic, tp.partition): om for tp, om in found.items()}


Records = Mapping[TP, list[Any]]


class _Fetch(NamedTuple):
    """One that is under way: what it takes counts where positions have not moved since."""

    epoch: int
    records: asyncio.Future[Records]


class BatchConsumer(driver.Consumer):
    """Delivers a sequence of `schemas.batch.Batch` as the value of a stream event."""

    policy: BatchPolicy

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        transport = cast("BatchTransport", self.transport)
        self.assembler = Assembler(transport.policy, MEMORY_BUDGET)
        self.commits = Commits(self._send_commit)
        self._before_leaving = transport.before_leaving
        self._arrived = transport.arrived
        self._freed = asyncio.Event()
        self._fetching: _Fetch | None = None
        self._taken_at = 0.0
        self._pace = PACE
        self._hurried = 0
        self._epoch = 0  # moves whenever positions are read anew or the flow stops
        self._taken_in_vain = False  # a fetch took records, and nobody will see them

    # -- fetching -------------------------------------------------------------------------------------------------

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        if not self.flow_active:
            await self.wait(self.can_resume_flow.wait())
        if self._taken_in_vain and not self.should_stop:
            await self.perform_seek()
        epoch, fetched = await self._fetch(self.assembler.due_in(monotonic(), timeout))
        if self.should_stop:
            return
        if epoch != self._epoch or not self.flow_active:
            # The positions moved under a fetch that was under way: what it took would be missing. They are read anew before the
            # next fetch, also where the flow still rests: the seek of this rebalance may have been before the fetch took.
            self._taken_in_vain = self._taken_in_vain or bool(fetched)
            return
        now = monotonic()
        for tp, records in fetched.items():
            self.assembler.add(Partition(tp.topic, tp.partition), records, now)
        due: defaultdict[str, list[Batch]] = defaultdict(list)
        for at, batch in self.assembler.ready(now):
            due[at.topic].append(batch)
        for batches in due.values():
            if epoch != self._epoch:
                return  # positions moved while Faust took the event before: these are fetched anew
            yield self._to_event(batches)

    async def _fetch(self, wait: float) -> tuple[int, Records]:
        """What a fetch brought, and the epoch in which it began. Nothing once a lane has room again, or `wait` seconds are over:
        then the fetch goes on, and is the next call's."""
        rest = self._taken_at + self._pace - monotonic() if self.assembler.busy and not self._hurried else 0.0
        if rest > 0:
            wait = min(wait, rest)
        elif self._fetching is None:
            self._fetching = self._begun()
        self._freed.clear()
        freed = asyncio.ensure_future(self._freed.wait())
        awaited: set[asyncio.Future[Any]] = {freed, self._fetching.records} if self._fetching else {freed}
        await asyncio.wait(awaited, timeout=max(wait, SHORTEST_WAIT), return_when=asyncio.FIRST_COMPLETED)
        freed.cancel()
        if self._fetching is None or not self._fetching.records.done():
            return self._epoch, {}
        fetch, self._fetching = self._fetching, None
        self._taken_at = monotonic()
        self._hurried = max(0, self._hurried - 1)
        records = fetch.records.result()
        brought = sum(int(each.sizes.sum()) for of_one in records.values() for each in of_one)
        self._pace = PACE_OF_LITTLE if brought < LITTLE else PACE
        return fetch.epoch, records

    def _begun(self) -> "_Fetch | None":
        """A fetch of all partitions that may have more; a short one where others may be wanted any moment."""
        flowing = {tp for tp in self._get_active_partitions() if not self.assembler.is_stopped(Partition(*tp))}
        wanted = {tp for tp in flowing if self.assembler.wants(Partition(*tp))}
        if not wanted:
            return None
        wait = BUSY_WAIT if wanted < flowing else IDLE_WAIT
        return _Fetch(self._epoch, asyncio.ensure_future(self._getmany(wanted, wait)))

    async def on_stop(self) -> None:
        if self._fetching is not None:
            self._fetching.records.cancel()
        await super().on_stop()

    def _to_event(self, batches: Sequence[Batch]) -> tuple[TP, ConsumerMessage]:
        """One for all batches of a topic: an event costs Faust more than a small batch is worth. It goes by the name of the first."""
        value = cast(bytes, batches)  # Faust only carries it; the agent unwraps it
        generation = self.app.consumer_generation_id
        first = batches[0]
        published, tp = first.timestamps[-1] / 1000, TP(first.span.topic, first.span.partition)
        return tp, ConsumerMessage(
            *tp, first.span.last, published, 0, [], None, value, None, 0, 0, tp, generation_id=generation
        )

    def done(self, batch: Batch) -> None:
        """The agents are through with this batch: its partition may be fetched from again."""
        self.assembler.done(Partition(batch.span.topic, batch.span.partition), batch.span.last)
        self._freed.set()

    def hurry(self) -> None:
        """Lanes will be free in a moment: what has come until then belongs into their next batches."""
        self._hurried = HURRIED
        self._freed.set()

    def stop_fetching(self, batch: Batch) -> None:
        """Leave the batch's partition alone until positions are read anew; its offsets stay where they are."""
        self.assembler.stop(Partition(batch.span.topic, batch.span.partition))

    async def standings(self) -> Mapping[Hashable, Standing]:
        """How far every partition is: behind is what has records that were not dealt with, markers at the end are none."""
        asked = await self._batch_thread.run_here(self._batch_thread.standings())
        return {
            at: Standing(committed, not self.assembler.is_stopped(at) and (position < end or self.assembler.holds(at)))
            for at, (committed, position, end) in asked.items()
        }

    @property
    def paused(self) -> int:
        """How many of our partitions are not fetched from, because enough of them is on its way."""
        return sum(1 for tp in self._get_active_partitions() if not self.assembler.wants(Partition(*tp)))

    # -- positions and commits ------------------------------------------------------------------------------------

    async def perform_seek(self) -> None:
        """Forget what was fetched, go to the committed offsets, and cut the first batch where written bounds say."""
        self._epoch += 1
        self._taken_in_vain = False  # before the seek: what is taken after it counts
        self.assembler.clear()
        assigned = self.assignment()
        positions = await self._batch_thread.run_here(self._batch_thread.seek_committed(assigned))
        for tp in assigned:
            found = positions.get(tp)
            self._read_offset[tp] = None
            written = bounds.read(found.metadata) if found else None
            if written is not None:
                self.assembler.expect(Partition(*tp), written)

    async def _send_commit(self, offsets: Mapping[Partition, tuple[int, str]]) -> None:
        try:
            await self._batch_thread.run_here(self._batch_thread.commit_with_metadata(offsets))
        except (CommitFailedError, IllegalStateError) as error:
            raise PartitionLost(str(error)) from error

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish and commit what is being worked on while the partitions are still ours, then let them go."""
        self._epoch += 1
        self.stop_flow()
        await self._before_leaving()
        self.assembler.clear()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self._arrived()
        await super().on_partitions_assigned(assigned, generation_id)

    # -- Faust's own bookkeeping, replaced by the above -----------------------------------------------------------

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:  # noqa: ARG002
        return False

    def ack(self, message: Any) -> bool:
        message.acked = True
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:  # noqa: ARG002
        return

    async def wait_empty(self) -> None:
        return

    async def verify_all_partitions_active(self) -> None:
        return

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def tasks(self) -> set[asyncio.Task[Any]]:
        """Of the thread that talks to the group."""
        return asyncio.all_tasks(self._batch_thread.thread_loop)

    @property
    def _batch_thread(self) -> BatchConsumerThread:
        return cast(BatchConsumerThread, self._thread)


class BatchTransport(driver.Transport):
    """`policy` says how batches are cut; `before_leaving` is awaited while revoked partitions are still ours, `arrived` called when others
    are dealt to us."""

    Consumer = BatchConsumer

    def __init__(
        self, app: AppT, policy: BatchPolicy, before_leaving: BeforeLeaving, arrived: Callable[[], None]
    ) -> None:
        self.policy = policy
        self.before_leaving = before_leaving
        self.arrived = arrived
        super().__init__([*app.conf.broker_consumer], app, loop=None)


def consumer_of(app: AppT) -> BatchConsumer:
    """The running consumer of an app built with BatchTransport."""
    consumer = app.consumer
    if not isinstance(consumer, BatchConsumer):
        raise TypeError("the app was not built by streams.engine.worker")
    return consumer


def use(transport: TransportT, app: Any) -> None:
    """Let the app speak through this transport. Faust offers only a class chosen by URL, so it is set here."""
    app._transport = transport  # noqa: SLF001


def fetch_bytes(partitions: int) -> int:
    """What one fetch of one partition may bring, so that the buffers of all of them together stay bounded."""
    return max(LEAST_FETCH_BYTES, min(FETCH_BYTES, FETCH_BUFFERS // max(1, partitions)))


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
