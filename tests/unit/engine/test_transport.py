"""Fetching while positions move: whatever a fetch took and nobody saw is fetched again, or it would be lost."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pytest
from faust.types import TP

from schemas.batch import Batch
from streams.engine import transport
from streams.engine.assembly import Assembler, Partition
from streams.engine.policy import BatchPolicy
from streams.engine.record_columns import RECORD_OVERHEAD, Columns, columns_of
from streams.engine.transport import BUSY_WAIT, IDLE_WAIT, LITTLE, PACE, PACE_OF_LITTLE, BatchConsumer

AT = TP("moves", 0)
OTHER = TP("orders", 1)
ONE_BY_ONE = BatchPolicy(max_records=1, max_bytes=1 << 20, linger=0.0, in_flight=10)


@dataclass
class Record:
    offset: int
    timestamp: int = 0
    key: bytes | None = None
    value: bytes | None = b"v"
    headers: tuple[tuple[str, bytes], ...] = ()


class Log(BatchConsumer):
    """A consumer whose broker is a list: `at` moves with what a fetch takes, a seek puts it back to what was committed."""

    should_stop = False

    def __init__(self, records: int) -> None:
        self.records = [Record(offset) for offset in range(records)]
        self.at = self.committed = self.seeks = 0
        self.flow_active = True
        self.can_resume_flow = asyncio.Event()
        self.assembler = Assembler(ONE_BY_ONE, 1 << 20)
        self.during_fetch: list[str] = []
        self._epoch = 0
        self._taken_in_vain = False

    async def wait(self, *_: object, **__: object) -> None:  # type: ignore[override]
        await self.can_resume_flow.wait()

    async def perform_seek(self) -> None:
        self._epoch += 1
        self._taken_in_vain = False
        self.assembler.clear()
        self.at, self.seeks = self.committed, self.seeks + 1

    async def _fetch(self, wait: float) -> tuple[int, dict[TP, list[Columns]]]:
        epoch = self._epoch
        for step in self.during_fetch:
            await self.rebalance(step)
        self.during_fetch = []
        taken, self.at = self.records[self.at :], len(self.records)
        return epoch, ({AT: [columns_of(taken)]} if taken else {})

    async def rebalance(self, step: str) -> None:
        """As Faust does it: the flow stops, positions are read, the flow goes on."""
        if step == "revoked":
            self._epoch += 1
            self.flow_active = False
            self.can_resume_flow.clear()
        elif step == "seek":
            await self.perform_seek()
        else:
            self.flow_active = True
            self.can_resume_flow.set()

    def _to_event(self, batches: Sequence[Batch]) -> tuple[TP, Sequence[Batch]]:  # type: ignore[override]
        return AT, batches


def offsets_of(batches: Sequence[Batch]) -> list[int]:
    return [offset for batch in batches for offset in batch.offsets]


async def offsets(consumer: Log, calls: int = 1) -> list[int]:
    found: list[int] = []
    for _ in range(calls):
        async for _, batches in consumer.getmany(0.0):
            found += offsets_of(batches)
    return found


@pytest.mark.parametrize(
    "during",
    [
        ["revoked"],
        ["revoked", "seek"],  # the seek of the rebalance is over, the flow not yet resumed
        ["revoked", "seek", "resumed"],
        ["seek"],
    ],
)
def test_what_a_fetch_took_in_vain_is_fetched_again(during: Iterable[str]) -> None:
    async def play() -> list[int]:
        consumer = Log(3)
        consumer.during_fetch = list(during)
        assert await offsets(consumer) == []
        await consumer.rebalance("resumed")
        return await offsets(consumer)

    assert asyncio.run(play()) == [0, 1, 2]


def test_what_was_cut_before_positions_moved_is_not_handed_over() -> None:
    async def play() -> tuple[list[int], list[int]]:
        consumer = Log(3)
        consumer.assembler.add(Partition(*OTHER), [columns_of([Record(7)])], 0.0)  # an event for each topic
        before: list[int] = []
        async for _, batches in consumer.getmany(0.0):
            before += offsets_of(batches)
            for step in ("revoked", "seek", "resumed"):
                await consumer.rebalance(step)
        return before, await offsets(consumer)

    assert asyncio.run(play()) == ([7], [0, 1, 2])


def test_an_undisturbed_fetch_does_not_seek() -> None:
    async def play() -> tuple[list[int], int]:
        consumer = Log(3)
        return await offsets(consumer, calls=2), consumer.seeks

    assert asyncio.run(play()) == ([0, 1, 2], 0)


class Busy(BatchConsumer):
    """Two partitions; notes which are asked for and how long. A fetch comes back when it is told to."""

    def __init__(self) -> None:
        self.assembler = Assembler(replace(ONE_BY_ONE, in_flight=1, max_bytes=1), 1 << 20)
        self.asked: list[tuple[int, float]] = []
        self.back = asyncio.Event()
        self.brings = 1
        self._freed = asyncio.Event()
        self._fetching = None
        self._taken_at = 0.0
        self._pace = PACE
        self._hurried = 0
        self._epoch = 0

    def _get_active_partitions(self) -> set[TP]:
        return {AT, OTHER}

    async def _getmany(self, wanted: set[TP], timeout: float) -> dict[TP, list[Columns]]:  # type: ignore[override]
        self.asked.append((len(wanted), timeout))
        await self.back.wait()
        return {AT: [columns_of([Record(7 + n) for n in range(self.brings)])]}


def test_while_a_partition_has_enough_nobody_waits_long_for_the_others() -> None:
    """What comes for it meanwhile lies in the client; a wait of a second for the others would be its latency."""

    async def play() -> list[tuple[int, float]]:
        consumer = Busy()
        consumer.back.set()
        await consumer._fetch(1.0)
        consumer.assembler.add(Partition(*AT), [columns_of([Record(0)])], 0.0)
        await consumer._fetch(1.0)
        consumer.assembler.stop(Partition(*AT))
        await consumer._fetch(1.0)
        return consumer.asked

    assert asyncio.run(play()) == [(2, IDLE_WAIT), (1, BUSY_WAIT), (1, IDLE_WAIT)], "who stands still is not waited for"


def test_a_fetch_outlives_the_call_that_began_it_and_keeps_its_epoch() -> None:
    """A lane that has room again is not kept waiting for the broker; what the fetch takes is judged by when it began."""

    async def play() -> None:
        consumer = Busy()
        waiting = asyncio.create_task(consumer._fetch(10.0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        consumer._freed.set()
        async with asyncio.timeout(5):
            assert await waiting == (0, {})
        assert await consumer._fetch(0.0) == (0, {})
        consumer._epoch = 1
        consumer.back.set()
        async with asyncio.timeout(5):
            epoch, taken = await consumer._fetch(10.0)
        assert (epoch, list(taken)) == (0, [AT])
        assert len(consumer.asked) == 1

    asyncio.run(play())


@pytest.mark.parametrize(("brings", "pace"), [(1, PACE_OF_LITTLE), (LITTLE // RECORD_OVERHEAD + 1, PACE)])
def test_while_batches_are_out_a_fetch_of_little_is_followed_later(
    monkeypatch: pytest.MonkeyPatch, brings: int, pace: float
) -> None:
    async def asked_after(seconds: float) -> int:
        now = 100.0
        monkeypatch.setattr(transport, "monotonic", lambda: now)
        consumer = Busy()
        consumer.back.set()
        consumer.brings = brings
        consumer.assembler = Assembler(ONE_BY_ONE, 1 << 20)
        consumer.assembler.add(Partition(*OTHER), [columns_of([Record(0)])], 0.0)
        assert len(list(consumer.assembler.ready(0.0))) == 1
        await consumer._fetch(1.0)
        now += seconds
        await consumer._fetch(0.0)
        return len(consumer.asked)

    assert asyncio.run(asked_after(0.9 * pace)) == 1
    assert asyncio.run(asked_after(1.1 * pace)) == 2
