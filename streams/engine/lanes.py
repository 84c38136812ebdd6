"""Lanes: what happens to batches between the agent and the commit. One lane is worked off in order; lanes run side by side.

No exception leaves a lane unseen: a lost partition ends the lane quietly (its next owner repeats the batch), a stopped one stands
still until partitions are dealt out anew, anything else is fatal and stops the worker before anything further is committed.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field

import structlog

from schemas.batch import Batch
from streams.engine.commits import PartitionLost
from streams.engine.settings import CANCEL_TIMEOUT

log = structlog.get_logger(__name__)

Handler = Callable[[Batch], Awaitable[None]]
HandlerOfAll = Callable[[Sequence[Batch]], Awaitable[None]]
LaneOf = Callable[[Batch], Hashable]


class PartitionStopped(Exception):
    """Nothing after this batch may be worked on in its lane until a person has looked; the other lanes go on."""


def by_partition(batch: Batch) -> Hashable:
    """Each partition of each topic by itself: for effects that know nothing of each other."""
    return batch.span.topic, batch.span.partition


def by_partition_number(batch: Batch) -> Hashable:
    """Partition n of every topic in one order: for state that is fed by several topics."""
    return batch.span.partition


@dataclass(slots=True)
class _Lane:
    waiting: deque[Batch] = field(default_factory=deque)
    worker: asyncio.Task[None] | None = None
    busy: bool = False
    stopped: bool = False


def _nobody(_batch: Batch) -> None:
    """Who does not care which partitions stand still."""


class Lanes:
    """`put` never blocks: the transport bounds what is out. `done` is told of every batch, handled or dropped.

    `handle` is given one batch, or those that wait in the lane: of each topic one, and no more than `at_once` records together.
    `idle` is awaited whenever a lane has nothing left, so that it may write down how far it came. `stopped` is told of every
    batch that a stopped lane drops, uncommitted: its partition need not be fetched from.
    """

    def __init__(
        self,
        handle: HandlerOfAll,
        *,
        at_once: int = 0,
        lane_of: LaneOf,
        idle: Callable[[Batch], Awaitable[None]],
        done: Callable[[Batch], None],
        fatal: Callable[[BaseException], None],
        stopped: Callable[[Batch], None] = _nobody,
    ) -> None:
        self._handle = handle
        self._at_once = at_once
        self._lane_of = lane_of
        self._idle = idle
        self._done = done
        self._fatal = fatal
        self._stopped = stopped
        self._lanes: dict[Hashable, _Lane] = {}
        self._open = True

    def put(self, batch: Batch) -> None:
        if not self._open:
            self._done(batch)  # the partitions are leaving; whoever owns them next reads it again
            return
        lane = self._lanes.setdefault(self._lane_of(batch), _Lane())
        if lane.stopped:
            self._drop(batch)
            return
        lane.waiting.append(batch)
        if lane.worker is None or lane.worker.done():
            lane.worker = asyncio.create_task(self._work(lane))

    def reopen(self) -> None:
        self._open = True

    async def drain(self, timeout: float) -> None:
        """Drop what waits, finish what is being worked on; after `timeout` seconds give that up too."""
        self._open = False
        for lane in self._lanes.values():
            while lane.waiting:
                self._done(lane.waiting.popleft())
        working = [lane.worker for lane in self._lanes.values() if lane.worker and not lane.worker.done()]
        if working:
            _, late = await asyncio.wait(working, timeout=timeout)
            for worker in late:
                worker.cancel()
            if late:
                log.warning("batches given up at rebalance, their next owner repeats them", lanes=len(late))
                await asyncio.wait(late, timeout=CANCEL_TIMEOUT)
        self._lanes.clear()

    async def _work(self, lane: _Lane) -> None:
        while lane.waiting:
            batches = self._next(lane.waiting)
            try:
                await self._handle(batches)
                if not lane.waiting:
                    await self._idle(batches[-1])
            except PartitionLost as lost:
                log.info("partition lost, batches left to its next owner", spans=_spans(batches), why=str(lost))
                while lane.waiting:
                    self._done(lane.waiting.popleft())
            except PartitionStopped as stop:
                log.error("partition stopped", spans=_spans(batches), why=str(stop))  # noqa: TRY400 - its trace says nothing more
                self._stop(lane, batches)
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001 - nothing may be committed after this
                self._fatal(error)
                return
            finally:
                for batch in batches:
                    self._done(batch)

    def _next(self, waiting: deque[Batch]) -> Sequence[Batch]:
        """One batch of a topic at most: what a destination remembers of a batch, to answer a repetition alike, it remembers of the last."""
        batches = [waiting.popleft()]
        topics, records = {batches[0].span.topic}, len(batches[0])
        while waiting and waiting[0].span.topic not in topics and records + len(waiting[0]) <= self._at_once:
            batch = waiting.popleft()
            batches.append(batch)
            topics.add(batch.span.topic)
            records += len(batch)
        return batches

    def _stop(self, lane: _Lane, batches: Sequence[Batch]) -> None:
        lane.stopped = True
        for batch in batches:
            self._stopped(batch)
        while lane.waiting:
            self._drop(lane.waiting.popleft())

    def _drop(self, batch: Batch) -> None:
        self._stopped(batch)
        self._done(batch)


def _spans(batches: Sequence[Batch]) -> str:
    return ", ".join(str(batch.span) for batch in batches)
